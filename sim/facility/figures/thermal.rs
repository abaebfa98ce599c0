//! Of transformers whose hot spots are followed.

use crate::facility::figures::{Column, Total, View};
use crate::facility::windings::{ThermalEnd, Winding};
use crate::kernel::Time;
use crate::measure::Join::Mean;
use crate::measure::{Figure, Row, Scale};
use crate::plant::power::PowerNode;

const fn hours(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::HOURS, doc).lower().adding()
}

pub(super) static THERMAL: &[Row<ThermalEnd>] = &[
    Row::new(
        Figure::new("hot_spot.max", Scale::DEGC, "The warmest hot spot of any instance.").lower(),
        |end| end.warmest_c.is_finite().then_some(end.warmest_c),
    ),
    Row::new(
        hours(
            "hot_spot.above_alarm",
            "Time from each alarm to its end, summed over the instances.",
        ),
        |end| Some(end.above_s * Scale::HOURS.per_base),
    ),
    Row::new(
        hours(
            "overload.held",
            "Time too warm for more than the rating, summed over the instances.",
        ),
        |end| Some(end.held_s * Scale::HOURS.per_base),
    ),
    Row::new(
        hours(
            "life_used",
            "Time of normal ageing that the insulation has used up, summed over the instances.",
        ),
        |end| Some(end.life_s * Scale::HOURS.per_base),
    ),
];

/// Of a transformer, all instances that a component declares together.
pub(super) static TRANSFORMER: &[Column] = &[
    Column::new(
        "hot_spot",
        Scale::DEGC,
        Mean,
        |v, i| of(v, i, |winding| winding.hot_spot_c(v.now)),
        "The hottest place of its windings.",
    )
    .amount_either_way(|v, i, now: Time| of(v, i, |winding| winding.integral_to(now)))
    .totals(&[Total::mean(Figure::new(
        "hot_spot.mean",
        Scale::DEGC,
        "Time-weighted mean of the hottest place of its windings.",
    ))]),
    Column::new(
        "ageing",
        Scale::RATIO,
        Mean,
        |v, i| of(v, i, |winding| winding.ageing(v.now)),
        "How many times as fast as normal its insulation ages.",
    )
    .amount(|v, i, now: Time| of(v, i, |winding| winding.end(now).life_s)),
];

/// What `read` says of the transformer `i`; nothing of one that is not followed.
fn of(v: &View<'_>, i: usize, read: impl Fn(&Winding) -> f64) -> f64 {
    let node = PowerNode(i as u32);
    v.windings.iter().find(|winding| winding.is_at(node)).map_or(0.0, read)
}
