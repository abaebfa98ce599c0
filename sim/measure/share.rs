//! The one rule of denominators.
//!
//! A share says how much of what was wanted came about. What was refused, lost, starved or given
//! up was wanted, and is a miss: nothing leaves a denominator because it went wrong. Only what is
//! still under way, about which nothing is decided, is set aside. A share of time is of all
//! time, and one of machines of all machines.
//!
//! A distribution holds only those of which something was measured, so whoever shows one says
//! which share it [leaves out](left_out).

/// `part` of `whole`; none where nothing was wanted.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The share of what was decided that a distribution over `measured` of them leaves out, when
/// `missed` were decided without a measurement; zero where nothing was decided.
pub fn left_out(measured: u64, missed: u64) -> f64 {
    share(missed as f64, (measured + missed) as f64).unwrap_or(0.0)
}

/// Things that were wanted and are decided: how many came about as they were meant to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// As they were meant to.
    pub kept: u64,
    /// In any other way, or not at all.
    pub missed: u64,
}

impl Kept {
    /// Decides `n` alike things.
    pub fn decide(&mut self, is_kept: bool, n: u64) {
        *(if is_kept { &mut self.kept } else { &mut self.missed }) += n;
    }

    /// How many are decided.
    pub fn decided(self) -> u64 {
        self.kept + self.missed
    }

    /// The share that was kept; none where nothing is decided.
    pub fn share(self) -> Option<f64> {
        share(self.kept as f64, self.decided() as f64)
    }

    /// What was decided after `before` was copied.
    #[must_use]
    pub fn since(self, before: Kept) -> Kept {
        Kept { kept: self.kept - before.kept, missed: self.missed - before.missed }
    }

    /// Adds what `other` has decided.
    pub fn merge(&mut self, other: Kept) {
        self.kept += other.kept;
        self.missed += other.missed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_stays_in_the_denominator() {
        let mut kept = Kept::default();
        assert_eq!(kept.share(), None);
        kept.decide(true, 3);
        kept.decide(false, 1);
        assert_eq!((kept.decided(), kept.share()), (4, Some(0.75)));
        kept.merge(Kept { kept: 1, missed: 3 });
        assert_eq!(kept.share(), Some(0.5));
    }

    #[test]
    fn a_distribution_says_what_it_leaves_out() {
        assert_eq!((left_out(0, 0), left_out(7, 0), left_out(0, 7)), (0.0, 0.0, 1.0));
        assert_eq!(left_out(3, 1), 0.25);
    }
}
