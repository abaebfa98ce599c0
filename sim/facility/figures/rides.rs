//! Figures of how the site rides through bad voltages of its feeds.

use super::{Subject, count};
use crate::measure::{Figure, Row, Scale};

/// What disturbances of the feeds have come to.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct RideEnd {
    pub(in crate::facility) disturbances: u64,
    /// Those in which racks, machines of the cooling or UPSs were lost.
    pub(in crate::facility) dropped: u64,
    /// Those in which a duty was broken, where there is one.
    pub(in crate::facility) broken: Option<u64>,
    pub(in crate::facility) lost_w: f64,
    /// The longest time in which the import was not back; none where it never had to come back.
    pub(in crate::facility) back_s: Option<f64>,
    /// The largest change of the import within 5 s, and rises within 15 s, a minute and ten, W.
    pub(in crate::facility) swings_w: [f64; 4],
}

static RIDES: &[Row<RideEnd>] = &[
    Row::new(
        count("ride_through.disturbances", "Sags and outages of feeds that are over.").adding(),
        |end| Some(end.disturbances as f64),
    ),
    Row::new(
        count(
            "ride_through.dropped",
            "Those in which racks, machines of the cooling or UPSs lost their power.",
        )
        .lower()
        .adding(),
        |end| Some(end.dropped as f64),
    ),
    Row::new(
        Figure::new(
            "ride_through.import_lost",
            Scale::MW,
            "The most that the import fell by in one of them.",
        )
        .lower(),
        |end| Some(end.lost_w * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new(
            "ride_through.back",
            Scale::SECONDS,
            "The longest time after one of them in which the site imported less than 90 % of what it did before: until it was back, or the next one or the end of the run came.",
        )
        .lower(),
        |end| end.back_s,
    ),
    Row::new(
        Figure::new(
            "ride_through.swing_5s",
            Scale::MW,
            "The largest change of the import within 5 s in the run.",
        )
        .lower(),
        |end| Some(end.swings_w[0] * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new(
            "ride_through.rise_15s",
            Scale::MW,
            "The largest rise of the import within 15 s in the run.",
        )
        .lower(),
        |end| Some(end.swings_w[1] * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new(
            "ride_through.rise_1min",
            Scale::MW,
            "The largest rise of the import within a minute in the run.",
        )
        .lower(),
        |end| Some(end.swings_w[2] * Scale::MW.per_base),
    ),
    Row::new(
        Figure::new(
            "ride_through.rise_10min",
            Scale::MW,
            "The largest rise of the import within ten minutes in the run.",
        )
        .lower(),
        |end| Some(end.swings_w[3] * Scale::MW.per_base),
    ),
];

/// Where a feed has a duty to ride through.
static DUTY: &[Row<RideEnd>] = &[Row::new(
    count(
        "ride_through.duty_broken",
        "Disturbances that the site must ride through by the duty of its feed, after which it was not back in time.",
    )
    .lower()
    .adding(),
    |end| Some(end.broken? as f64),
)];

impl RideEnd {
    /// Adds its figures to those of `site`.
    pub(super) fn tell(&self, site: &mut Subject) {
        site.read(RIDES, self);
        if self.broken.is_some() {
            site.read(DUTY, self);
        }
    }

    /// What came after `before`, whose extremes have been forgotten.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            disturbances: self.disturbances - before.disturbances,
            dropped: self.dropped - before.dropped,
            broken: self.broken.zip(before.broken).map(|(now, before)| now - before),
            ..self
        }
    }
}

/// The figures of it, for the documentation.
pub(super) fn ride_figures() -> impl Iterator<Item = &'static Figure> {
    RIDES.iter().chain(DUTY).map(|row| &row.figure)
}
