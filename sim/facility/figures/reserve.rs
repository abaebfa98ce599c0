//! How loaded components of the power chain were, and what batteries, generators and switches did.

use super::{Subject, count};
use crate::measure::{Figure, Row, Scale};
use crate::plant::power::sequence::{BatteryTally, GensetTally, SwitchTally};

/// How loaded a declared component was over the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::facility) struct LoadEnd {
    pub(in crate::facility) mean_w: f64,
    pub(in crate::facility) peak_w: f64,
    /// The largest share of its rating that one instance carried; none where nothing limits it.
    pub(in crate::facility) peak_share: Option<f64>,
    /// Time above 80 % of the rating, and at it, summed over the instances, s.
    pub(in crate::facility) high_s: f64,
    pub(in crate::facility) full_s: f64,
}

/// What batteries and generators have done.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct Reserve {
    pub(in crate::facility) batteries: Option<BatteryTally>,
    pub(in crate::facility) sets: Option<GensetTally>,
    pub(in crate::facility) switches: Option<SwitchTally>,
}

/// How loaded a component of the power chain was.
pub(super) static LOADING: &[Row<LoadEnd>] = &[
    Row::new(
        Figure::new("load.mean", Scale::MW, "Its mean output, all instances together."),
        |load| Some(load.mean_w * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new("load.peak", Scale::MW, "The largest value of the same that held for any time.")
            .lower(),
        |load| Some(load.peak_w * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new(
            "load.peak_share",
            Scale::SHARE,
            "The largest share of its rating that one instance put out; none where nothing limits it.",
        )
        .lower(),
        |load| load.peak_share,
    ),
    Row::new(
        Figure::new(
            "load.above_80",
            Scale::HOURS,
            "Time above 80 % of the rating, the usual limit of continuous load, summed over the instances.",
        )
        .lower()
        .adding(),
        |load| Some(load.high_s * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new(
            "load.at_rating",
            Scale::HOURS,
            "Time at the rating, summed over the instances: what is behind it was short.",
        )
        .lower()
        .adding(),
        |load| Some(load.full_s * Scale::HOURS.per_base),
    ),
];

/// What batteries have done.
static BATTERIES: &[Row<BatteryTally>] = &[
    Row::new(
        Figure::new(
            "reserve.battery",
            Scale::HOURS,
            "Time on battery, in whole or in part, summed over the batteries.",
        )
        .adding(),
        |battery| Some(battery.gave_s * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new("reserve.discharged", Scale::MWH, "Given by batteries.").adding(),
        |battery| Some(battery.given_j * Scale::MWH.per_base),
    ),
];

/// What generators have done.
static SETS: &[Row<GensetTally>] = &[
    Row::new(
        Figure::new("reserve.run", Scale::HOURS, "Time of running, summed over the generators.")
            .adding(),
        |set| Some(set.run_s * Scale::HOURS.per_base),
    ),
    Row::new(count("reserve.starts", "Calls that generators answered.").adding(), |set| {
        Some(set.starts as f64)
    }),
    Row::new(
        count("reserve.failed_starts", "Calls that generators did not answer.").lower().adding(),
        |set| Some(set.failures_to_start as f64),
    ),
    Row::new(
        count("reserve.breakdowns", "Breakdowns of generators while they ran.").lower().adding(),
        |set| Some(set.failures as f64),
    ),
    Row::new(
        Figure::new("reserve.generated", Scale::MWH, "Given by generators.").adding(),
        |set| Some(set.given_j * Scale::MWH.per_base),
    ),
    Row::new(
        Figure::new("reserve.fuel", Scale::M3, "Fuel burnt by generators that have a tank.")
            .lower()
            .adding(),
        |set| Some(set.fuel_m3),
    ),
];

/// What transfer and static switches have done.
static SWITCHES: &[Row<SwitchTally>] = &[
    Row::new(count("reserve.transfers", "Movements of switches.").adding(), |switch| {
        Some(switch.transfers as f64)
    }),
    Row::new(
        count("reserve.failed_transfers", "Movements that switches owed.").lower().adding(),
        |switch| Some(switch.failures as f64),
    ),
];

impl Reserve {
    /// Adds its figures to those of `subject`.
    pub(super) fn tell(&self, subject: &mut Subject) {
        if let Some(batteries) = &self.batteries {
            subject.read(BATTERIES, batteries);
        }
        if let Some(sets) = &self.sets {
            subject.read(SETS, sets);
        }
        if let Some(switches) = &self.switches {
            subject.read(SWITCHES, switches);
        }
    }
}

/// The figures of reserve, for the documentation.
pub(super) fn reserve_figures() -> impl Iterator<Item = &'static Figure> {
    let batteries = BATTERIES.iter().map(|row| &row.figure);
    let sets = SETS.iter().map(|row| &row.figure);
    batteries.chain(sets).chain(SWITCHES.iter().map(|row| &row.figure))
}
