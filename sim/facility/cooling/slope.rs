//! The temperature that racks on their throttle slope settle at.
//!
//! What racks are told decides their speed, that their heat, and that the temperature which
//! comes back. Where a plant at its limit warms by much for little heat the answer moves further
//! than what was told, and taking it as the next to tell swings ever wider. A [`Search`] keeps
//! what is too cold and what is too warm apart and closes in between.

/// What an instant has found so far of the temperature at which told and answered are the same.
///
/// The answer must not rise with what is told: warmer racks are slower and give less heat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Search {
    /// Told, and answered warmer.
    least_c: f64,
    /// Told, and answered colder.
    most_c: f64,
    /// The last that was told, and where all would rest then.
    last: Option<(f64, f64)>,
}

impl Search {
    /// Nothing is known.
    pub(super) const NEW: Self =
        Self { least_c: f64::NEG_INFINITY, most_c: f64::INFINITY, last: None };

    /// What to tell next, where `answer_c` has come back for `told_c`, on the way to a rest at
    /// `rest_c`: by the secant through the last two rests where it stays between what is too cold
    /// and too warm, else the middle.
    pub(super) fn next(&mut self, told_c: f64, rest_c: f64, answer_c: f64) -> f64 {
        if told_c.is_nan() {
            return answer_c;
        }
        if answer_c > told_c {
            self.least_c = self.least_c.max(told_c);
        } else {
            self.most_c = self.most_c.min(told_c);
        }
        let last = self.last.replace((told_c, rest_c));
        let half_c = 0.5 * (told_c + answer_c);
        if self.least_c >= self.most_c {
            // What the answer depends on has become another.
            *self = Self { last: self.last, ..Self::NEW };
            return half_c;
        }
        let slope = last.map_or(f64::NAN, |(told, rest)| (rest_c - rest) / (told_c - told));
        let next_c = if slope <= 0.0 && slope.is_finite() {
            told_c + (rest_c - told_c) / (1.0 - slope)
        } else {
            half_c
        };
        if next_c > self.least_c && next_c < self.most_c {
            return next_c;
        }
        let middle_c = 0.5 * (self.least_c + self.most_c);
        if middle_c.is_finite() { middle_c } else { half_c }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many answers it takes to come within 0.1 mK of the root of `answer(told) = told`.
    fn steps(answer: impl Fn(f64) -> f64, start_c: f64) -> usize {
        let (mut search, mut told_c) = (Search::NEW, start_c);
        for step in 0..60 {
            let answer_c = answer(told_c);
            if (answer_c - told_c).abs() < 1e-4 {
                return step;
            }
            told_c = search.next(told_c, answer_c, answer_c);
        }
        panic!("not found from {start_c}");
    }

    /// Couplings from nothing to a hundred times as strong as what repeated telling would stand.
    #[test]
    fn a_straight_answer_is_found_at_once() {
        for gain in [0.0, 0.3, 1.0, 7.7, 100.0] {
            for start_c in [10.0, 27.0, 40.0] {
                assert!(steps(|told_c| 28.0 - gain * (told_c - 28.0), start_c) <= 3, "{gain}");
            }
        }
    }

    /// Racks at their throttle temperature on a loop that goes from far too cold to far too warm
    /// within a hundredth of their slope: what they are told ahead moves by half a stride at most.
    #[test]
    fn a_rest_far_away_is_found_in_strides() {
        let (now_c, stride_k) = (45.0_f64, 0.625_f64);
        for gain in [5.0, 20.0, 500.0] {
            let rest = |told_c: f64| 45.2 - gain * (told_c - 45.2);
            let (mut search, mut told_c, mut steps) = (Search::NEW, 45.3125, 0);
            loop {
                let rest_c: f64 = rest(told_c);
                let away_k: f64 = rest_c - now_c;
                let ahead_c = now_c + (0.5 * stride_k).copysign(away_k);
                let answer_c = if away_k.abs() <= stride_k { rest_c } else { ahead_c };
                if (answer_c - told_c).abs() < 1e-3 {
                    break;
                }
                told_c = search.next(told_c, rest_c, answer_c);
                steps += 1;
                assert!(steps < 6, "{gain}");
            }
            assert!((told_c - 45.2).abs() < 1e-2, "{gain}: {told_c}");
        }
    }

    #[test]
    fn a_bent_or_broken_answer_is_found_too() {
        let bent =
            |told_c: f64| if told_c < 30.0 { 90.0 - told_c } else { 60.0 - 9.0 * (told_c - 30.0) };
        let broken = |told_c: f64| {
            let answer_c: f64 = 30.0 - 20.0 * (told_c - 27.3);
            if answer_c > 27.8 { 27.4 } else { answer_c }
        };
        for start_c in [20.0, 29.0, 31.0, 45.0] {
            assert!(steps(bent, start_c) < 14, "bent from {start_c}");
            assert!(steps(broken, start_c) < 20, "broken from {start_c}");
        }
    }
}
