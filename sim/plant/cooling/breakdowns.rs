//! Failure and repair of the units that cool: fans and cells, pumps, chillers.

use crate::kernel::{FailureLaw, Renewals, RepairLaw, Streams, Time};

/// How a unit fails and comes back: exponential times to failure, counted while it is up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakdownLaw {
    /// Failures a second of being up, above zero.
    pub rate_per_s: f64,
    /// Mean time to repair, s.
    pub repair_mean_s: f64,
    /// Deviation of the logarithm of that time, which is then lognormal; exponential without.
    pub repair_sigma: Option<f64>,
}

impl From<BreakdownLaw> for FailureLaw {
    fn from(law: BreakdownLaw) -> Self {
        let mean_s = law.repair_mean_s;
        let repair = match law.repair_sigma {
            None => RepairLaw::Exponential { mean_s },
            Some(sigma) => RepairLaw::Lognormal { mean_s, sigma },
        };
        Self { rate_per_s: law.rate_per_s, wear: None, repair }
    }
}

/// The clock of a site's cooling: which unit fails or is repaired, and when.
#[derive(Debug, Clone)]
pub struct Breakdowns(Renewals);

impl Breakdowns {
    /// Every unit up at the start; each draws from the stream (`cooling-failure`, its name).
    pub fn new<'n>(
        units: impl Iterator<Item = (&'n str, BreakdownLaw)>,
        streams: &Streams,
    ) -> Self {
        let laws = units.map(|(name, law)| (name, law.into()));
        Self(Renewals::new("cooling-failure", laws, streams))
    }

    /// The instant of the next failure or repair; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.0.next_at()
    }

    /// The failures (`false`) and repairs (`true`) up to and including `now`, by number of the
    /// unit, in the order of time, then of number.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (usize, bool)> {
        self.0.advance(now)
    }
}
