//! Figures of halls.

use super::{Derived, count, ratio};
use crate::measure::{Figure, Row, Scale, SpellTotals};

/// What a hall leaves at the end.
#[derive(Debug)]
pub(in crate::facility) struct HallEnd {
    pub(in crate::facility) racks: usize,
    /// Rated power of all of them, W.
    pub(in crate::facility) rated_w: f64,
    pub(in crate::facility) gpus: usize,
    /// How long the run is, s.
    pub(in crate::facility) seconds: f64,
    pub(in crate::facility) power_losses: u64,
    pub(in crate::facility) heat_trips: u64,
    /// Trips of racks that had come back not long before.
    pub(in crate::facility) heat_trips_again: u64,
    /// Time of racks that waited for a plant that worked but was too weak, s.
    pub(in crate::facility) heat_waiting_s: f64,
    /// Time of racks at reduced speed for heat, s, in how many spells and hunts.
    pub(in crate::facility) heat_slow_s: f64,
    pub(in crate::facility) heat_slow_spells: u64,
    pub(in crate::facility) heat_hunts: u64,
    /// Spells of the share of its racks that are not live.
    pub(in crate::facility) outages: SpellTotals,
    /// Time of racks that were on one cord although they have several, s.
    pub(in crate::facility) one_cord_s: f64,
}

pub(super) static HALL: &[Row<HallEnd>] = &[
    Row::new(count("racks", "Racks of the hall."), |hall| Some(hall.racks as f64)),
    Row::new(Figure::new("rated", Scale::MW, "Rated power of all of its racks."), |hall| {
        Some(hall.rated_w * Scale::MW.per_base)
    }),
    Row::new(count("gpus", "GPUs in its racks."), |hall| Some(hall.gpus as f64)),
    Row::new(
        Figure::new("installed", Scale::RACK_HOURS, "Racks times the hours of the run.").adding(),
        |hall| Some(hall.racks as f64 * hall.seconds * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        count("power_losses", "Racks that lost their power, each time that they did.")
            .lower()
            .adding(),
        |hall| Some(hall.power_losses as f64),
    ),
    Row::new(
        count("heat_trips", "Racks that were tripped by heat, each time that they were.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_trips as f64),
    ),
    Row::new(
        count("heat_trips_again", "The part of them within an hour of the rack's return.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_trips_again as f64),
    ),
    Row::new(
        Figure::new(
            "heat_waiting",
            Scale::RACK_HOURS,
            "Time of tripped racks that a plant which worked was too weak to take back.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.heat_waiting_s * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        Figure::new("heat_slow", Scale::RACK_HOURS, "Time of racks that heat slowed down.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_slow_s * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        count("heat_slow_spells", "Times that heat slowed racks of the hall where none was slow.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_slow_spells as f64),
    ),
    Row::new(
        count(
            "heat_hunts",
            "Series of such spells, each less than ten minutes after the one before.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.heat_hunts as f64),
    ),
    Row::new(
        count(
            "outages",
            "Outages of the hall: one begins when the first of its racks is no longer live and ends when all are live again, whatever the causes and however many racks it strikes.",
        )
        .lower(),
        |hall| Some(hall.outages.count as f64),
    ),
    Row::new(
        Figure::new(
            "outage_sum",
            Scale::HOURS,
            "Sum of the sizes of its outages: the size of one is its rack-hours without a live rack over the racks of the hall.",
        )
        .lower(),
        |hall| Some(hall.outages.sum * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new("outage_sum_of_squares", Scale::HOURS_SQUARED, "Sum of the squares of these sizes.")
            .lower(),
        |hall| Some(hall.outages.sum_of_squares * Scale::HOURS_SQUARED.per_base),
    ),
    Row::new(
        Figure::new("outage_largest", Scale::HOURS, "The largest of these sizes.").lower(),
        |hall| Some(hall.outages.largest * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new("outage_longest", Scale::HOURS, "Time from the beginning to the end of the longest outage.")
            .lower(),
        |hall| Some(hall.outages.longest_s * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new(
            "one_cord",
            Scale::RACK_HOURS,
            "Time of racks with several cords of which only one was live.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.one_cord_s * Scale::RACK_HOURS.per_base),
    ),
];

pub(super) static HALL_DERIVED: &[Derived] = &[Derived::new(
    Figure::new(
        "availability",
        Scale::SHARE,
        "Time of racks that had power and were not tripped by heat, of that of all.",
    )
    .higher(),
    |of| ratio(of("live_rack_h"), of("installed_rack_h")),
)];
