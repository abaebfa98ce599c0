//! How units fail and when they are out, as users write it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use crate::kernel::Span;
use crate::plant::cooling::breakdowns::BreakdownLaw;
use crate::plant::cooling::makeup::Outage;
use crate::units::{Duration, Rate};

/// How alike units fail and come back, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFailuresSpec {
    /// Failures of one unit per unit of time in service, exponential.
    pub rate: Rate,
    /// Mean time to repair (default 24 h: an assumption).
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential
    /// where absent.
    pub repair_sigma: Option<f64>,
}

/// A time at which something is out of service, as planned.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageSpec {
    /// When it begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
}

impl UnitFailuresSpec {
    /// The law, or none where the rate is zero.
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> Option<BreakdownLaw> {
        let repair_mean_s = self.repair_mean.map_or(86_400.0, Duration::as_secs_f64);
        let rate_per_s = check.failure_rate("rate", self.rate.0);
        if repair_mean_s <= 0.0 {
            check.error("repair_mean", "a repair takes time".to_owned());
        }
        let repair_sigma = check.repair_sigma("repair_sigma", self.repair_sigma);
        (rate_per_s > 0.0).then_some(BreakdownLaw { rate_per_s, repair_mean_s, repair_sigma })
    }
}

impl OutageSpec {
    pub(super) fn resolve(self, check: &mut Check<'_>) -> Outage {
        let duration = Span::from(self.duration);
        if duration == Span::ZERO {
            check.error("duration", "an outage lasts some time".to_owned());
        }
        Outage { start: self.start, duration }
    }
}
