//! Checkpoints in closed form.
//!
//! A job computes for an interval `tau` of productive time, then writes a checkpoint for
//! `w`, in which it does not compute, and so on. Nothing happens between its start and its
//! end or interruption that could not be computed afterwards, so no checkpoint is an event:
//! `Progress` advances over any stretch of time at constant speed in a few operations.
//!
//! The interval that loses least under exponential failures is known exactly
//! ([`optimal_interval_s`]); [`young_interval_s`] and [`daly_interval_s`] are its published
//! approximations, kept for comparison. All times are in seconds.

/// The interval of productive time between checkpoints with the highest efficiency, for
/// writes of `write_s` and exponential failures with mean time `mean_s` between them.
///
/// `tau* = M (1 + W0(-exp(-1 - w/M)))`, the root of the derivative of [`ettr`]; it does not
/// depend on the time to detect or restart. Infinite when failures never come.
pub fn optimal_interval_s(write_s: f64, mean_s: f64) -> f64 {
    if mean_s.is_infinite() {
        return f64::INFINITY;
    }
    // x = 1 + W0(-exp(-1 - a)) solves x + ln(1 - x) + a = 0.
    let a = write_s / mean_s;
    if a >= 1.0 {
        // 1 - x = exp(-1 - a) exp(1 - x) contracts at least sixfold a step.
        let mut rest = 0.0;
        for _ in 0..30 {
            rest = libm::exp(rest - 1.0 - a);
        }
        return mean_s * (1.0 - rest);
    }
    // The series of W0 round its branch point starts Newton's method, and replaces it where
    // x + ln(1 - x) cancels.
    let p = libm::sqrt(-2.0 * libm::expm1(-a));
    let mut x = p
        * (1.0
            + p * (-1.0 / 3.0 + p * (11.0 / 72.0 + p * (-43.0 / 540.0 + p * (769.0 / 17_280.0)))));
    if p > 0.01 {
        for _ in 0..8 {
            x += (x + libm::log1p(-x) + a) * (1.0 - x) / x;
        }
    }
    mean_s * x
}

/// Young's interval, `sqrt(2 w M)` (Young 1974): good while `w` is far below `M`.
pub fn young_interval_s(write_s: f64, mean_s: f64) -> f64 {
    libm::sqrt(2.0 * write_s * mean_s)
}

/// Daly's interval of higher order (Daly 2006):
/// `sqrt(2 w M) (1 + sqrt(w / 2M) / 3 + (w / 2M) / 9) - w` for `w < 2 M`, else `M`.
pub fn daly_interval_s(write_s: f64, mean_s: f64) -> f64 {
    let half = write_s / (2.0 * mean_s);
    if half >= 1.0 {
        return mean_s;
    }
    young_interval_s(write_s, mean_s) * (1.0 + libm::sqrt(half) / 3.0 + half / 9.0) - write_s
}

/// What a long job meets between two checkpoints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Renewal {
    /// Mean time between the failures that interrupt the job, s.
    pub mean_s: f64,
    /// Productive time between checkpoints, s.
    pub interval_s: f64,
    /// Time of a write, in which the job stands, s.
    pub write_s: f64,
    /// Time to restart, in which the job may fail again, s.
    pub restart_s: f64,
    /// Time to detect a failure and to find nodes, in which it cannot fail, s.
    pub detect_s: f64,
    /// Time from the end of a write to that at which its data are safe, s; at most the
    /// interval. Zero for blocking writes.
    pub flush_s: f64,
}

/// Productive share of the time of a long job: the effective training time ratio.
///
/// Renewal theory with exponential failures, exact:
/// `tau exp(-lam b) / ((1/lam + D) exp(lam u) (exp(lam (tau + w)) - 1))`, with `lam = 1/M`: the
/// k-th checkpoint counts if the job lives for `u + k (tau + w) + b`. The flush `b` is a factor
/// and moves no optimum.
pub fn ettr(r: Renewal) -> f64 {
    let rate = 1.0 / r.mean_s;
    r.interval_s
        / ((r.mean_s + r.detect_s)
            * libm::exp(rate * (r.restart_s + r.flush_s))
            * libm::expm1(rate * (r.interval_s + r.write_s)))
}

/// Checkpointing of one job: how often, and how long it stands for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cycle {
    /// Productive time between writes, s at full speed; infinite for none.
    pub(super) interval_s: f64,
    /// Time for which the job stands for a write, s of wall time whatever the speed.
    pub(super) write_s: f64,
    /// Time from then until the data are safe, s of wall time; at most the interval.
    pub(super) flush_s: f64,
}

impl Cycle {
    /// Time of a checkpoint for which the job stands until its data are safe, s.
    pub(super) fn forced_s(&self) -> f64 {
        self.write_s + self.flush_s
    }

    /// Share of time in which storage is written to.
    pub(super) fn writing_share(&self) -> f64 {
        if self.interval_s.is_infinite() {
            return 0.0;
        }
        let writing = if self.flush_s > 0.0 { self.flush_s } else { self.write_s };
        writing / (self.interval_s + self.write_s)
    }
}

/// How far a job has come: full-speed seconds of work that are safe, that are not yet, and
/// the position within a write.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Progress {
    /// Work in the last checkpoint that the job has stood for, s.
    pub(super) saved_s: f64,
    /// Work since then, s: what an interruption loses. Equals the interval during a write.
    pub(super) fresh_s: f64,
    /// Time spent in the write under way, s.
    writing_s: f64,
    /// The part of `saved_s` that is still on its way to storage, s, and how long it will be.
    in_flight_s: f64,
    flush_left_s: f64,
}

impl Progress {
    /// Lets `wall_s` pass at `speed` above zero. Returns the part of it spent in writes.
    /// Costs the same however many checkpoints lie in it.
    pub(super) fn advance(&mut self, cycle: Cycle, wall_s: f64, speed: f64) -> f64 {
        let Cycle { interval_s, write_s, .. } = cycle;
        let mut left = wall_s;
        let mut written = 0.0;
        if self.fresh_s < interval_s {
            let compute = (interval_s - self.fresh_s) / speed;
            if left < compute {
                self.fresh_s += left * speed;
                self.flush(wall_s);
                return 0.0;
            }
            left -= compute;
            self.fresh_s = interval_s;
        }
        let write = write_s - self.writing_s;
        if left < write {
            self.writing_s += left;
            self.flush(wall_s);
            return left;
        }
        left -= write;
        written += write;
        let period = interval_s / speed + write_s;
        let whole = (left / period).floor();
        left = (left - whole * period).max(0.0);
        written += whole * write_s;
        self.saved_s += (1.0 + whole) * interval_s;
        self.writing_s = 0.0;
        // A flush ends before the next write does, so only the last can be under way.
        (self.in_flight_s, self.flush_left_s) = (interval_s, cycle.flush_s);
        self.flush(left);
        self.fresh_s = left * speed;
        if self.fresh_s >= interval_s {
            self.fresh_s = interval_s;
            self.writing_s = (left - interval_s / speed).clamp(0.0, write_s);
            written += self.writing_s;
        }
        written
    }

    /// Wall time to the end of `work_s` in all, at constant `speed` above zero, with the
    /// writes that lie before it. A write that would begin at the very end is not made.
    pub(super) fn time_to(&self, cycle: Cycle, work_s: f64, speed: f64) -> f64 {
        let rest_s = (work_s - self.saved_s - self.fresh_s).max(0.0);
        if rest_s.is_infinite() {
            return f64::INFINITY;
        }
        let ahead = ((self.fresh_s + rest_s) / cycle.interval_s).ceil() - 1.0;
        // An infinite interval has no writes.
        let writes = if ahead > 0.0 { ahead * cycle.write_s - self.writing_s } else { 0.0 };
        rest_s / speed + writes
    }

    /// Lets `wall_s` pass in which storage takes what is on its way to it.
    pub(super) fn flush(&mut self, wall_s: f64) {
        self.flush_left_s = (self.flush_left_s - wall_s).max(0.0);
        if self.flush_left_s == 0.0 {
            self.in_flight_s = 0.0;
        }
    }

    /// All work so far, and the part of it that a checkpoint holds safely, s.
    pub(super) fn done_and_safe_s(&self) -> (f64, f64) {
        (self.saved_s + self.fresh_s, self.saved_s - self.in_flight_s)
    }

    /// Forgets what no checkpoint holds safely and returns it, s.
    pub(super) fn fall_back(&mut self) -> f64 {
        let lost = self.fresh_s + self.in_flight_s;
        *self = Self { saved_s: self.saved_s - self.in_flight_s, ..Self::default() };
        lost
    }

    /// A checkpoint of everything is complete and safe.
    pub(super) fn save(&mut self) {
        *self = Self { saved_s: self.saved_s + self.fresh_s, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;

    /// Targets T11 to T13: the exact optimum, Young's and Daly's at three severities.
    #[test]
    fn intervals_match_the_published_formulas() {
        for (write, mean, exact, young, daly) in [
            (60.0, 1.8 * HOUR, 14.038, 14.697, 14.038),
            (600.0, 1.8 * HOUR, 40.062, 46.476, 40.048),
        ] {
            assert!((optimal_interval_s(write, mean) / MINUTE - exact).abs() < 5e-4);
            assert!((young_interval_s(write, mean) / MINUTE - young).abs() < 5e-4);
            assert!((daly_interval_s(write, mean) / MINUTE - daly).abs() < 5e-4);
        }
        let (write, mean) = (600.0, 0.23 * HOUR);
        assert!((optimal_interval_s(write, mean) / MINUTE - 10.727).abs() < 5e-4);
        assert!((young_interval_s(write, mean) / MINUTE - 16.613).abs() < 5e-4);
        let efficiency = |interval_s| {
            ettr(Renewal {
                mean_s: mean,
                interval_s,
                write_s: write,
                restart_s: 0.0,
                detect_s: 0.0,
                flush_s: 0.0,
            })
        };
        assert!((efficiency(optimal_interval_s(write, mean)) - 0.2227).abs() < 5e-5);
        assert!((efficiency(young_interval_s(write, mean)) - 0.2048).abs() < 5e-5);
    }

    /// The renewal formula at the published conditions of T5 to T10.
    #[test]
    fn the_renewal_formula_gives_the_reference_values() {
        let day = 24.0 * HOUR;
        for (nodes, rate, tau, w, u, d, expected) in [
            (2000.0, 6.5e-3, 60.0, 0.0, 5.0, 0.0, 0.7202),
            (2000.0, 6.5e-3, 5.0, 0.0, 5.0, 0.0, 0.9345),
            (1000.0, 6.5e-3, 30.0, 0.0, 5.0, 1.0, 0.9089),
            (256.0, 6.5e-3, 60.0, 0.0, 5.0, 0.0, 0.9602),
            (512.0, 6.5e-3, 60.0, 0.0, 5.0, 0.0, 0.9216),
            (16_384.0, 2.34e-3, 2.0, 0.0, 2.0, 1.0, 0.8992),
            (1.0, 419.0 / 54.0, 15.0, 1.0 / 3.0, 5.0, 2.0, 0.9037),
        ] {
            let value = ettr(Renewal {
                mean_s: day / (nodes * rate),
                interval_s: tau * MINUTE,
                write_s: w * MINUTE,
                restart_s: u * MINUTE,
                detect_s: d * MINUTE,
                flush_s: 0.0,
            });
            assert!((value - expected).abs() < 6e-5, "{value} is not {expected}");
        }
    }

    proptest! {
        /// Neither neighbour of the optimum does better, over twelve decades of severity.
        #[test]
        fn the_optimum_is_an_optimum(exponent in -9.0..3.0f64) {
            let (mean_s, write_s) = (1e4, 1e4 * libm::pow(10.0, exponent));
            let best = optimal_interval_s(write_s, mean_s);
            prop_assert!(best > 0.0 && best <= mean_s);
            // A flat top: a step of 0.1 % changes the efficiency by 1e-6 of its curvature.
            let cost = |interval_s: f64| {
                // Time for each unit of work, less one; free of cancellation.
                libm::log(libm::expm1((interval_s + write_s) / mean_s) / interval_s)
            };
            prop_assert!(cost(best) <= cost(best * 1.01) + 1e-12);
            prop_assert!(cost(best) <= cost(best * 0.99) + 1e-12);
        }

        /// One long stretch equals the same time cut into pieces, and the time to the end is
        /// the time at which the work is done.
        #[test]
        fn progress_does_not_depend_on_how_it_is_cut(
            cuts in prop::collection::vec(0.1..500.0f64, 1..40),
            interval_s in 20.0..200.0f64,
            write_s in 0.0..30.0f64,
            speed in 0.2..1.0f64,
            flush in 0.0..1.0f64,
        ) {
            let cycle = Cycle { interval_s, write_s, flush_s: flush * interval_s };
            let mut whole = Progress::default();
            let mut pieces = Progress::default();
            let total: f64 = cuts.iter().sum();
            let written = whole.advance(cycle, total, speed);
            let in_pieces: f64 = cuts.iter().map(|&dt| pieces.advance(cycle, dt, speed)).sum();
            let work = |p: &Progress| p.saved_s + p.fresh_s;
            prop_assert!((written - in_pieces).abs() < 1e-7);
            prop_assert!((work(&whole) - work(&pieces)).abs() < 1e-7);
            prop_assert!((work(&whole) - (total - written) * speed).abs() < 1e-7);

            // So does what an interruption would lose: all since the last write that had time to
            // reach storage. Where a moment decides, rounding may.
            let (mut a, mut b) = (whole, pieces);
            let period = interval_s / speed + write_s;
            let safe = ((total - cycle.flush_s) / period).floor().max(0.0);
            let on_edge = ((total - cycle.flush_s) / period).fract();
            let ends = total / period;
            if (1e-6..1.0 - 1e-6).contains(&on_edge.abs()) && (ends - ends.round()).abs() > 1e-6 {
                prop_assert!((a.fall_back() - b.fall_back()).abs() < 1e-6);
                prop_assert!((a.saved_s - safe * interval_s).abs() < 1e-6, "{} saved", a.saved_s);
            }

            let goal = work(&whole) + 777.0;
            let left = pieces.time_to(cycle, goal, speed);
            let write_time = pieces.advance(cycle, left, speed);
            prop_assert!((work(&pieces) - goal).abs() < 1e-6);
            prop_assert!(((left - write_time) * speed - 777.0).abs() < 1e-6);
        }
    }
}
