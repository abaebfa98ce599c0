//! When requests arrive: drawn under a rate, or sent by clients that wait for their answers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::laws::{LengthSpec, RequestGapsSpec};
use super::servegen::ServeGenSpec;
use crate::kernel::{LocalWeek, Span};
use crate::spec::{Check, DurationSpec, Fault, Lognormal};
use crate::units::{Duration, Rate};
use crate::workload::inference::load::{NoiseDesign, RateDesign, ThinkLaw};

/// Arrivals: a renewal process under a rate that follows the hours of the week and swings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// Requests that each replica receives, as the mean of a week. This, `clients` or `servegen`; beside
    /// `servegen` the mean of the record, where it is not to be the record's own.
    pub rate_per_replica: Option<Rate>,
    /// How many clients of each cell wait for an answer before they send again: a closed loop, whose
    /// rate the run finds. 1 to 1,000,000. This, `rate_per_replica` or `servegen`.
    pub clients: Option<u32>,
    /// Clients whose rates, gaps and lengths were recorded window by window, in place of lengths and
    /// clients. Each cell receives the requests of all of them. This, `rate_per_replica` or `clients`.
    pub servegen: Option<ServeGenSpec>,
    /// How long a client waits from the last token of an answer to its next request, and from the
    /// start to its first; after a request that was not answered at least 1 s (assumption). Default:
    /// not at all.
    pub think: Option<DurationSpec>,
    /// How many turns a session of a client has, in each of which the prompt is the conversation so
    /// far and what `lengths` adds. With `prefix_memory` or `prefix_caching` a replica keeps what it
    /// has of a session, answers included. Default: every request is for itself.
    pub turns: Option<LengthSpec>,
    /// A turn that would have more tokens than this in prompt and answer begins a new session.
    /// Default: 1,048,576.
    pub session_tokens: Option<u32>,
    /// Most requests of the class that are under way in a cell; those beyond wait before the router,
    /// in order of arrival, and their times count from their arrival. Default: any number.
    pub max_in_flight: Option<u32>,
    /// Law of the gaps between requests, each over the mean gap of its moment. Default:
    /// exponential, which makes a Poisson process.
    pub gaps: Option<RequestGapsSpec>,
    /// Arrivals in each of the 24 hours of the local day, in any unit: only their ratios
    /// count. Default: all alike.
    pub daily_profile: Option<Vec<f64>>,
    /// Arrivals on each of the seven local days from Monday on, in any unit. Default: all alike.
    pub weekly_profile: Option<Vec<f64>>,
    /// Swings of the rate that no calendar explains. Default: none.
    pub noise: Option<NoiseSpec>,
}

/// A lognormal factor of mean one on the rate, constant within each interval and shared by all
/// cells.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseSpec {
    /// Standard deviation of the factor.
    pub variation: f64,
    /// How long a factor holds. Default: 10 min, the windows of ServeGen (arXiv:2505.09999).
    pub interval: Option<Duration>,
    /// Time in which the correlation of the factor's logarithm falls to 1/e. Default: none,
    /// each interval for itself.
    pub correlation: Option<Duration>,
}

/// Requests per second that a replica may be sent: a thousand times what any serves.
const MOST_ARRIVALS: f64 = 1e6;

impl ArrivalsSpec {
    /// Requests that each replica receives, where that is written.
    pub(super) fn rate(&self, faults: &mut Vec<Fault>) -> Option<Rate> {
        let written = self.rate_per_replica?;
        Some(Rate(Check { faults }.within("arrivals", |check| {
            check.between("rate_per_replica", Some(written.0), 0.0, (0.0, MOST_ARRIVALS), "/s")
        })))
    }

    pub(super) fn resolve_rate(&self, week: &LocalWeek, check: &mut Check<'_>) -> RateDesign {
        let hours: [f64; 24] = check.shape("daily_profile", self.daily_profile.as_deref());
        let days: [f64; 7] = check.shape("weekly_profile", self.weekly_profile.as_deref());
        let weekly = days.iter().flat_map(|day| hours.map(|hour| day * hour)).collect();
        let noise = self.noise.map(|noise| check.within("noise", |check| noise.resolve(check)));
        RateDesign { weekly, week: week.clone(), noise }
    }
}

impl NoiseSpec {
    fn resolve(&self, check: &mut Check<'_>) -> NoiseDesign {
        let mut interval = self.interval.map_or(Span::from_secs(600), Span::from);
        if interval < Span::from_secs(1) {
            check.error("interval", "must be at least a second".to_owned());
            interval = Span::from_secs(1);
        }
        NoiseDesign {
            variation: check.between("variation", Some(self.variation), 0.0, (0.0, 10.0), ""),
            interval,
            correlation: self.correlation.map_or(Span::ZERO, Span::from),
        }
    }
}

/// How long a client thinks.
pub(super) fn think_law(spec: &DurationSpec, check: &mut Check<'_>) -> ThinkLaw {
    let mut seconds = |field, written: Duration| {
        let seconds = check.lasting(field, Some(written)).map_or(1.0, Duration::as_secs_f64);
        check.between(field, Some(seconds), 1.0, (0.0, LONGEST_S), "s")
    };
    match spec {
        DurationSpec::Constant(law) => ThinkLaw::Fixed(seconds("value", law.value)),
        DurationSpec::Exponential(law) => ThinkLaw::Exponential(seconds("mean", law.mean)),
        DurationSpec::Lognormal(law) => {
            let most_s = law.max.map_or(f64::INFINITY, |max| seconds("max", max));
            match law.resolve(Duration::as_secs_f64, check.faults) {
                Some(Lognormal { mean, sigma, .. }) => ThinkLaw::Lognormal(mean, sigma, most_s),
                None => ThinkLaw::Fixed(1.0),
            }
        }
    }
}

/// The longest time to think, s.
const LONGEST_S: f64 = 86_400.0;

/// Most clients that wait for their answers, and most requests under way at a gate.
pub(super) const MOST_WAITING: u64 = 1_000_000;
