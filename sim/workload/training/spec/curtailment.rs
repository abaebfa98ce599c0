//! Interruptions that are planned or called for: curtailment and maintenance, as a user writes
//! them, and the same resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use super::queue::Groups;
use crate::kernel::Span;
use crate::spec::{Fault, Name, kinds, within};
use crate::units::{Duration, EnergyPrice, Fraction, Rate};

/// When the workload must draw less, by how much, and how its jobs do so.
///
/// From the notice to the end no job starts from the queue. Jobs that may be capped are capped;
/// where that does not suffice, those that may be stopped are, the lowest tier and the latest
/// submission first, until it does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadCurtailmentSpec {
    /// When it is called for.
    pub when: WhenSpec,
    /// Time from the call to the cut. Jobs that will be stopped write a checkpoint if it is long
    /// enough. Default: none.
    pub notice: Option<Duration>,
    /// Part of the workload's draw at the call that must go. Default: 100 %, everything stops
    /// that may.
    pub reduce: Option<Fraction>,
    /// What jobs do whose tier is not listed. Default: `hold` where everything is to stop, else
    /// `cap`.
    pub response: Option<Response>,
    /// What the jobs of a tier do.
    pub tiers: Option<Vec<TierResponseSpec>>,
}

/// What the jobs of a tier do under curtailment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierResponseSpec {
    /// The tier.
    pub tier: Name,
    /// What its jobs do.
    pub response: Response,
    /// For `cap`: the most of their speed that they may lose. Capped jobs all lose the same part
    /// of what they may. Default: 100 %, down to the lowest cap of the GPU.
    pub most_loss: Option<Fraction>,
}

/// What a job does under curtailment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It goes on.
    Ignore,
    /// It runs slower.
    Cap,
    /// It stands, keeps its nodes and stays in the memory of their GPUs.
    Pause,
    /// It writes a checkpoint if there is time, stops and keeps its nodes.
    Hold,
    /// It writes a checkpoint if there is time, gives up its nodes and queues again.
    Release,
}

kinds! {
    /// When curtailment is called for.
    pub enum WhenSpec {
        /// At known times.
        Scheduled(ScheduledSpec) = "scheduled",
        /// By chance.
        Random(RandomSpec) = "random",
        /// While energy is dear.
        Price(PriceSpec) = "price",
    }
}

/// Cuts at known times.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledSpec {
    /// From the start of the run to the first cut.
    pub first: Duration,
    /// From one cut to the next. Default: there is one.
    pub every: Option<Duration>,
    /// How long each lasts.
    pub duration: Duration,
}

/// Cuts by chance: the time from the end of one to the call for the next is exponential.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomSpec {
    /// How often, while there is none.
    pub rate: Rate,
    /// How long each lasts.
    pub duration: Duration,
}

/// A cut from when the price rises above a threshold, after the notice, until it falls to it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSpec {
    /// The energy price above which the workload is curtailed.
    pub above: EnergyPrice,
}

/// Maintenance of racks, one after the other, each in its turn. The jobs on a rack are
/// interrupted and go on elsewhere, or with `hold` wait for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSpec {
    /// From one to the next. Llama 3 was interrupted at least once a day (arXiv:2407.21783).
    pub every: Duration,
    /// How long each takes. Default: 1 h (assumption).
    pub duration: Option<Duration>,
    /// Time in which jobs write a checkpoint before. Default: 10 min (assumption).
    pub notice: Option<Duration>,
}

/// Curtailment, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::workload::training) struct CurtailmentDesign {
    pub(in crate::workload::training) when: When,
    pub(in crate::workload::training) notice: Span,
    /// Part of the draw that must go.
    pub(in crate::workload::training) reduce: f64,
    /// By tier; the last is for all others.
    responses: Vec<(u16, TierResponse)>,
    others: TierResponse,
}

/// What the jobs of a tier do, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) struct TierResponse {
    pub(in crate::workload::training) response: Response,
    /// Most of its speed that a capped job loses.
    pub(in crate::workload::training) most_loss: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) enum When {
    Scheduled { first: Span, every: Option<Span>, duration: Span },
    Random { gap_s: f64, duration: Span },
    Price { above_usd_mwh: f64 },
}

/// Maintenance, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) struct MaintenanceDesign {
    pub(in crate::workload::training) every: Span,
    pub(in crate::workload::training) duration: Span,
    pub(in crate::workload::training) notice: Span,
}

/// What comes more rarely than this, once in thirty million years, is not meant to come.
const MOST_RARE_PER_S: f64 = 1e-15;

impl WorkloadCurtailmentSpec {
    /// Fills defaults and checks ranges.
    pub(super) fn resolve(&self, groups: &Groups, faults: &mut Vec<Fault>) -> CurtailmentDesign {
        let reduce = self.reduce.map_or(1.0, |f| f.0);
        let notice = self.notice.map_or(Span::ZERO, Span::from);
        let default = if reduce < 1.0 { Response::Cap } else { Response::Hold };
        let mut refuse =
            |field: &'static str, message: &str| faults.push(Fault::error(field, message));
        if reduce == 0.0 {
            refuse("reduce", "must be above zero");
        }
        let when = match &self.when {
            WhenSpec::Scheduled(spec) => {
                let (first, duration) = (Span::from(spec.first), Span::from(spec.duration));
                let every = spec.every.map(Span::from);
                if duration == Span::ZERO {
                    refuse("when.duration", "must be longer than zero");
                }
                if first < notice {
                    refuse("when.first", "comes before its `notice` could");
                }
                if every.is_some_and(|every| every <= duration + notice) {
                    let message = "must be longer than `duration` and `notice` together";
                    refuse("when.every", message);
                }
                When::Scheduled { first, every, duration }
            }
            WhenSpec::Random(spec) => {
                // One curtailment per minute is more than any grid asks for.
                let per_s = spec.rate.0;
                if !(MOST_RARE_PER_S..=1.0 / 60.0).contains(&per_s) {
                    refuse("when.rate", "must be above zero and at most 1 /min");
                }
                if spec.duration.0 == 0 {
                    refuse("when.duration", "must be longer than zero");
                }
                When::Random { gap_s: 1.0 / per_s, duration: Span::from(spec.duration) }
            }
            WhenSpec::Price(spec) => When::Price { above_usd_mwh: spec.above.0 },
        };
        let responses = self.tiers.iter().flatten().enumerate().map(|(index, tier)| {
            within(&format!("tiers[{index}]"), faults, |faults| {
                if tier.most_loss.is_some() && tier.response != Response::Cap {
                    faults.push(Fault::error("most_loss", "is for `response: cap`"));
                }
                let most_loss = tier.most_loss.map_or(1.0, |f| f.0);
                let index = groups.tier(Some(&tier.tier), faults);
                (index, TierResponse { response: tier.response, most_loss })
            })
        });
        CurtailmentDesign {
            when,
            notice,
            reduce,
            responses: responses.collect(),
            others: TierResponse { response: self.response.unwrap_or(default), most_loss: 1.0 },
        }
    }
}

impl CurtailmentDesign {
    /// What the jobs of `tier` do.
    pub(in crate::workload::training) fn of(&self, tier: u16) -> TierResponse {
        self.responses.iter().find(|(own, _)| *own == tier).map_or(self.others, |(_, does)| *does)
    }
}

impl MaintenanceSpec {
    /// Fills defaults and checks ranges, for `racks` racks.
    pub(super) fn resolve(&self, racks: usize, faults: &mut Vec<Fault>) -> MaintenanceDesign {
        let design = MaintenanceDesign {
            every: Span::from(self.every),
            duration: self.duration.map_or(Span::from_hours(1), Span::from),
            notice: self.notice.map_or(Span::from_secs(600), Span::from),
        };
        let turn_s = design.every.as_secs_f64() * racks as f64;
        if turn_s <= (design.duration + design.notice).as_secs_f64() {
            let message =
                "a rack would be due again before its `notice` and `duration` have passed";
            faults.push(Fault::error("every", message).help("make it longer"));
        }
        design
    }
}
