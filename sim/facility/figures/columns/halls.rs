//! Of halls.

use crate::facility::figures::Shown::Never;
use crate::facility::figures::{Column, Total, View};
use crate::measure::Join::{Sum, Warmest};
use crate::measure::{Figure, Scale};

pub(super) static HALL: &[Column] = &[
    Column::new(
        "live_racks",
        Scale::NUMBER,
        Sum,
        |v, i| f64::from(v.live_racks[i]),
        "Racks that have power and are not tripped by heat.",
    )
    .totals(&[Total::integral(Figure::new(
        "live",
        Scale::RACK_HOURS,
        "Time of racks that had power and were not tripped by heat.",
    ))]),
    Column::new(
        "overheated_racks",
        Scale::NUMBER,
        Sum,
        |v, i| overheated(v, i).0,
        "Racks that run with more than 70 degC at their inlet.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new(
            "overheated",
            Scale::RACK_HOURS,
            "Time of racks that ran with more than 70 degC at their inlet, where any equipment \
             has tripped: only a heat load without a trip does.",
        )
        .lower(),
    )]),
    Column::new(
        "overheated_by",
        Scale::KELVIN,
        Warmest,
        |v, i| overheated(v, i).1,
        "How far beyond 70 degC the inlet of running racks is.",
    )
    .shown(Never)
    .totals(&[Total::max(
        Figure::new(
            "overheated_by",
            Scale::KELVIN,
            "How far beyond 70 degC the inlet of running racks was at most.",
        )
        .lower(),
    )]),
];

/// How many racks of the hall `hall` run with more at their inlet than any equipment bears, and by
/// how many kelvins at most.
fn overheated(view: &View<'_>, hall: usize) -> (f64, f64) {
    /// The warmest inlet at which a rack of the catalogue trips: a GB200 NVL72's.
    const EQUIPMENT_C: f64 = 70.0;
    let (mut racks, mut by_k) = (0, 0.0_f64);
    // Hardly ever one.
    let hot = view.exchangers.iter().filter(|exchanger| exchanger.inlet_c > EQUIPMENT_C);
    for (count, inlet_c) in hot.filter_map(|exchanger| exchanger.running(hall)) {
        racks += count;
        by_k = by_k.max(inlet_c - EQUIPMENT_C);
    }
    (racks as f64, by_k)
}
