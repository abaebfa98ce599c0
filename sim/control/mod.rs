//! Who gets power, as far as it is a decision and not physics.
//!
//! What gives way to what stands in [`plant::Ladder`](crate::plant::Ladder) and the price policy of miners
//! in their workload. What is left for the site as a whole is here: when racks that heat has tripped
//! are let back, when offers that were cut are raised again, how much the site may import and how
//! fast that may change, and which policy comes before which.

mod battery;
mod fleet;
mod import;

#[cfg(test)]
mod battery_tests;
#[cfg(test)]
mod fleet_tests;
#[cfg(test)]
mod import_tests;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{Span, Time};
use crate::plant::Ladder;
use crate::spec::{Check, Fault, within};
use crate::units::{Duration, Power};

pub use fleet::{FleetDesign, FleetSpec, Group, Strategy};
pub use import::{
    Changes, Holds, ImportDesign, ImportLimitSpec, Margin, Ramp, RampSpec, Rung, STEP, SitePolicy,
    smoothing,
};

pub use battery::{
    ArbitrageSpec, AwardSpec, BatteryOrder, BatteryState, BatteryUse, BatteryUseSpec, BatteryUses,
    BatteryView, PeakShaveSpec,
};

/// Site-wide decisions, as written in `control:`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
    /// How long racks that heat has tripped stay off once what cools them can carry them again.
    /// Default: 15 min (assumption: an operator looks before switching on again).
    pub restart_after_heat: Option<Duration>,
    /// Times at which the site may import less, as a grid operator or a contract asks. They do
    /// not overlap. Default: none.
    pub curtailments: Option<Vec<CurtailmentSpec>>,
    /// What battery systems on the buses of `power` are used for. Default: nothing but to hold up
    /// their bus, where they can.
    pub battery: Option<BatteryUseSpec>,
    /// How machines are sent to sleep when a programme calls, and come back. Default: they are cut by
    /// protection at the instant of the call, and come back at the pace of their `restart`.
    pub curtailment: Option<FleetSpec>,
    /// What the site draws that no award of a programme may count on, as loads that are dispatched
    /// tell their operator (low power consumption). Default: 0 W.
    pub low_power_consumption: Option<Power>,
    /// Which policy comes before which; those that are not named follow in the order of the default.
    /// Default: `[emergency, peaks, price, reserve]`: what awards lack is booked as their shortfall.
    pub order: Option<Vec<SitePolicy>>,
    /// In which order loads give way where power is short: all five rungs, the first goes first. Idle
    /// servers, the house and cooling come after them; a battery with the use `relief` gives before, and
    /// recharging the batteries of UPSs waits for all but `mining`, where that goes first.
    /// Default: `[mining, training-cap, training-pause, batch-inference, inference]`.
    pub ladder: Option<Vec<Rung>>,
    /// How long there must have been room before what `curtailments` and `emergency` programmes have cut of
    /// training, inference and heat loads comes back: the rung that went last first, each other one that
    /// long after the one before. Miners do not wait. Default: 5 min (assumption).
    pub readmit_after: Option<Duration>,
    /// A limit of the import, and how far below it miners are kept so that others find room. Default: what
    /// feeds can carry, and miners give way at once.
    pub import_limit: Option<ImportLimitSpec>,
    /// How fast the import may change. Default: without limit.
    pub ramp: Option<RampSpec>,
}

/// A time at which the site may import less. What is over the limit gives way in the order of
/// shedding.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurtailmentSpec {
    /// When it begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
    /// Most that may be imported, over all feeds; each has a part in proportion to its capacity.
    pub import: Power,
}

/// How long after a cut that was needed to come to rest at all racks are offered more again
/// (assumption: node managers give back in steps of tens of seconds to minutes).
pub const RAISE_AFTER: Span = Span::from_secs(60);

/// How long there must have been room before a rung comes back that an emergency has cut (assumption: an
/// operator waits that long to see whether the limit stays lifted).
const READMIT_AFTER: Span = Span::from_secs(300);

/// Site-wide decisions, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlDesign {
    /// How long racks stay off after a heat trip, once their cooling can carry them.
    pub restart_after_heat: Span,
    /// Times of less import, in order.
    pub curtailments: Vec<Curtailment>,
    /// What battery systems are used for.
    pub battery: BatteryUses,
    /// How machines are sent to sleep; none where they are cut by protection.
    pub fleet: Option<FleetDesign>,
    /// What no award may count on, W.
    pub low_w: f64,
    /// What the site may import and keeps up.
    pub import: ImportDesign,
    /// In which order loads give way.
    pub ladder: Ladder,
    /// How long there must have been room before a rung comes back that an emergency has cut.
    pub readmit_after: Span,
}

/// A time of less import.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curtailment {
    /// First instant.
    pub from: Time,
    /// First instant after it.
    pub until: Time,
    /// Most that may be imported, W.
    pub import_w: f64,
}

impl ControlDesign {
    /// How machines are told to sleep and to come back, where anything tells them to.
    pub fn orders(&self) -> Option<FleetDesign> {
        let (up, _) = self.import.ramp;
        let by_default = || FleetDesign {
            up: (u32::MAX, STEP),
            ..FleetSpec::default().resolve(&mut Vec::new())
        };
        let default = (self.import.limit.is_some() || up.is_some()).then(by_default);
        self.fleet.or(default)
    }
}

impl ControlSpec {
    /// Fills in the defaults and checks the values, for a run that begins at `start`.
    pub fn resolve(&self, start: Timestamp, faults: &mut Vec<Fault>) -> ControlDesign {
        let restart = self.restart_after_heat.map_or(Span::from_secs(15 * 60), Span::from);
        if restart < Span::from_secs(1) {
            faults.push(
                Fault::error("restart_after_heat", "racks stay off for at least a second")
                    .help("what heat has tripped would trip again in the same instant"),
            );
        }
        let mut curtailments = Vec::new();
        for (index, spec) in self.curtailments.iter().flatten().enumerate() {
            if spec.duration == Duration(0) {
                let field = format!("curtailments[{index}].duration");
                faults.push(Fault::error(field, "must be longer than zero"));
            }
            // What lies before the run is cut off, and what lies beyond its clock never comes.
            let from_ns = spec.start.duration_since(start).as_nanos();
            let until_ns = from_ns + i128::from(spec.duration.0);
            let [from, until] = [from_ns, until_ns].map(|ns| {
                let ns = ns.clamp(0, i128::from(Time::MAX.as_nanos()));
                Time::from_nanos(u64::try_from(ns).expect("clamped to the clock"))
            });
            if from < until {
                let cut = Curtailment { from, until, import_w: spec.import.0.max(0.0) };
                curtailments.push((index, cut));
            }
        }
        curtailments.sort_by_key(|(_, curtailment)| curtailment.from);
        if let Some(pair) = curtailments.windows(2).find(|pair| pair[1].1.from < pair[0].1.until) {
            let [(first, _), (second, _)] = [pair[0], pair[1]];
            let field = format!("curtailments[{second}].start");
            let message = format!("begins before curtailment {} has ended", first + 1);
            faults.push(Fault::error(field, message));
            curtailments.clear();
        }
        let curtailments = curtailments.into_iter().map(|(_, curtailment)| curtailment).collect();
        let battery = self.battery.as_ref().map_or_else(BatteryUses::default, |battery| {
            Check { faults }.within("battery", |check| battery.resolve(check.faults))
        });
        let fleet = self
            .curtailment
            .map(|spec| within("curtailment", faults, |faults| spec.resolve(faults)));
        let low_w = self.low_power_consumption.map_or(0.0, |power| power.0);
        let holds = import::holds(self.order.as_deref(), faults);
        let limit = self
            .import_limit
            .map(|spec| within("import_limit", faults, |faults| spec.resolve(faults)));
        let ramp = self
            .ramp
            .map(|spec| within("ramp", faults, |faults| spec.resolve(faults)))
            .unwrap_or_default();
        ControlDesign {
            restart_after_heat: restart,
            curtailments,
            battery,
            fleet,
            low_w,
            import: ImportDesign { holds, limit, ramp },
            ladder: import::ladder(self.ladder.as_deref(), faults),
            readmit_after: self.readmit_after.map_or(READMIT_AFTER, Span::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    fn resolve(curtailments: &[(&str, u64, f64)]) -> (ControlDesign, Vec<Fault>) {
        let curtailments = curtailments
            .iter()
            .map(|&(start, hours, import)| CurtailmentSpec {
                start: start.parse().unwrap(),
                duration: Duration(hours * HOUR),
                import: Power(import),
            })
            .collect();
        let spec = ControlSpec { curtailments: Some(curtailments), ..ControlSpec::default() };
        let mut faults = Vec::new();
        let start = "2026-08-01T00:00:00Z".parse().unwrap();
        (spec.resolve(start, &mut faults), faults)
    }

    #[test]
    fn curtailments_are_put_in_order_and_cut_at_the_start() {
        let (design, faults) = resolve(&[
            ("2026-08-02T00:00:00-06:00", 3, 5.0),
            ("2026-07-31T23:00:00Z", 3, 7.0),
            ("2026-07-01T00:00:00Z", 3, 9.0),
        ]);
        assert_eq!(faults, []);
        let hours = |time: Time| time.as_nanos() / HOUR;
        let got = design.curtailments.iter().map(|c| (hours(c.from), hours(c.until), c.import_w));
        assert_eq!(got.collect::<Vec<_>>(), [(0, 2, 7.0), (30, 33, 5.0)]);
    }

    #[test]
    fn curtailments_that_make_no_sense_are_refused() {
        let at = "2026-08-02T00:00:00Z";
        for (wrong, field) in [
            (&[(at, 0, 1.0)][..], "curtailments[0].duration"),
            (&[(at, 3, 1.0), ("2026-08-02T02:59:59Z", 1, 1.0)], "curtailments[1].start"),
        ] {
            let (_, faults) = resolve(wrong);
            assert_eq!(faults.iter().map(|f| f.field.clone()).collect::<Vec<_>>(), [field]);
        }
        let (_, faults) = resolve(&[(at, 3, 1.0), ("2026-08-02T03:00:00Z", 1, 1.0)]);
        assert_eq!(faults, []);
        // Beyond the 146 years of a run's clock: it never comes.
        let (design, faults) = resolve(&[("2200-01-01T00:00:00Z", 1, 1.0)]);
        assert_eq!((design.curtailments, faults), (vec![], vec![]));
    }
}
