//! Of what the power chain loses, of battery systems and of arrays.

use crate::facility::figures::Shown::Never;
use crate::facility::figures::{Column, Total, View, mwh};
use crate::kernel::Time;
use crate::measure::Join::Sum;
use crate::measure::{Figure, JOULES_PER_MWH, Scale};
use crate::plant::power::sequence::BatteryTally;
use crate::plant::power::{ComponentKind, PowerNode};

/// Of what the power chain loses, by kind of component.
pub(super) static LOSSES: &[Column] = &[Column::new(
    "",
    Scale::MW,
    Sum,
    |v, kind| v.power.total_loss_w(ComponentKind::ALL[kind]),
    "Lost in the power chain in components of this kind.",
)
.totals(&[Total::integral(mwh("energy", "Lost in components of this kind.").lower())])];

/// Of a battery system, all instances that a component declares together.
pub(super) static STORAGE: &[Column] = &[
    Column::new(
        "charge",
        Scale::MW,
        Sum,
        |v, i| v.power.terminal_w(PowerNode(i as u32)).max(0.0),
        "Taken from its bus, without what it takes for itself.",
    )
    .totals(&[Total::integral(mwh(
        "charge",
        "Taken from its bus, without what it takes for itself.",
    ))]),
    Column::new("discharge", Scale::MW, Sum, given_w, "Given to its bus.")
        .totals(&[Total::integral(mwh("discharge", "Given to its bus."))]),
    Column::new("stored", Scale::MWH, Sum, |v, i| stored(v, i).energy_j, "In its cells.")
        .amount(held)
        .totals(&[Total::mean(Figure::new(
            "stored.mean",
            Scale::MWH,
            "Time-weighted mean in its cells.",
        ))]),
    Column::new(
        "value",
        Scale::USD,
        Sum,
        |v, i| {
            let takes_w = v.power.terminal_w(PowerNode(i as u32)).max(0.0);
            (given_w(v, i) - takes_w) * v.price / JOULES_PER_MWH
        },
        "What it gave less what it took, at the price of the moment.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new(
            "value",
            Scale::USD,
            "What it gave less what it took, at the price of the moment.",
        )
        .higher(),
    )]),
    Column::new(
        "cycling",
        Scale::NUMBER,
        Sum,
        |v, i| {
            let (given_w, _) = v.power.cells_w(PowerNode(i as u32));
            given_w / v.design.power.nodes[i].component.machine.full_j()
        },
        "What its cells give, over their energy.",
    )
    .shown(Never)
    .totals(&[Total::integral(Figure::new(
        "cycles",
        Scale::NUMBER,
        "Equivalent full cycles: what the cells gave over their energy, summed over the instances.",
    ))]),
];

/// Of an array, all instances that a component declares together.
pub(super) static ARRAY: &[Column] = &[
    Column::new("output", Scale::MW, Sum, array_w, "Given to its bus.")
        .totals(&[Total::integral(mwh("output", "Given to its bus."))]),
    Column::new(
        "curtailed",
        Scale::MW,
        Sum,
        |v, i| {
            let of = v.arrays.iter().find(|array| array.node.0 as usize == i);
            (of.map_or(0.0, |array| array.available_w) - array_w(v, i)).max(0.0)
        },
        "What the sun would have let it give beside that.",
    )
    .totals(&[Total::integral(
        mwh("curtailed", "What the sun would have let it give beside that.").lower(),
    )]),
];

/// What the array `i` gives to its bus, W.
fn array_w(v: &View<'_>, i: usize) -> f64 {
    let node = PowerNode(i as u32);
    if v.power.live(node) { -v.power.terminal_w(node) } else { 0.0 }
}

/// What the battery system `i` gives to its bus, W.
fn given_w(v: &View<'_>, i: usize) -> f64 {
    let node = PowerNode(i as u32);
    let one_way = v.design.power.nodes[i].component.machine.one_way();
    v.power.cells_w(node).0 * one_way
}

fn stored(v: &View<'_>, i: usize) -> BatteryTally {
    v.sequences.battery(PowerNode(i as u32), v.now).expect("it is a battery")
}

/// What its cells held up to `now`, integrated, J s.
fn held(v: &View<'_>, i: usize, now: Time) -> f64 {
    v.sequences.battery(PowerNode(i as u32), now).expect("it is a battery").held_js
}
