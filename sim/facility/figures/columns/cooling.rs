//! Of cooling loops, and of what stands between racks and a loop.

use crate::facility::cooling::ExchangerPlant;
use crate::facility::design::Design;
use crate::facility::figures::{Column, Total, View, m3, mwh};
use crate::measure::Join::{Mean, Sum, Warmest};
use crate::measure::{Figure, Scale};
use crate::plant::cooling::{CoolingMode, ExchangerKind, WaterFlows};

/// Of a cooling loop, all instances that a component declares together.
pub(super) static LOOP: &[Column] = &[
    Column::new(
        "heat",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].heat_w,
        "Heat of its racks and exchangers, less what outdoor air takes: below zero while that cools a hall itself.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].0.heat_j)
    .totals(&[Total::integral(mwh("heat", "Heat carried away."))]),
    Column::new(
        "fans",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].machines.fans.draw_w,
        "Its fans, with spray pumps and basin heaters.",
    )
    .totals(&[Total::integral(
        mwh("fans", "Electricity of fans, spray pumps and basin heaters.").lower(),
    )]),
    Column::new("pumps", Scale::MW, Sum, |v, i| v.loops[i].machines.pumps.draw_w, "Its pumps.")
        .totals(&[Total::integral(mwh("pumps", "Electricity of pumps.").lower())]),
    Column::new(
        "chillers",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].machines.chillers.draw_w,
        "Its chillers.",
    )
    .totals(&[Total::integral(mwh("chillers", "Electricity of chillers.").lower())]),
    Column::new(
        "spray",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.spray_w,
        "Spray pumps of a fluid cooler, part of its fans: zero while the coil is dry.",
    ),
    Column::new(
        "economiser",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.economiser_w,
        "Heat to the weather past chillers or a bought main, by an economiser or the device before a trim: all of it while the trim rests.",
    )
    // Coolant that is colder than the air takes heat from it.
    .amount_either_way(|v, i, _| v.flowed[i].0.economiser_j)
    .totals(&[Total::integral(mwh(
        "economiser",
        "Heat that an economiser, or the device before a trim, carried past chillers or a bought main.",
    ))]),
    Column::new(
        "trim",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.lifted_w,
        "Heat of the coolant that its trim takes: trim chillers, whose power is in `chillers`, or a bought main.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].0.lifted_j)
    .only(|design, i| design.loops[i].design.trim().is_some())
    .totals(&[Total::integral(mwh("trim", "Heat that a trim took behind its device.").lower())]),
    Column::new(
        "bought",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.bought_w,
        "Heat that goes to a bought main of chilled water.",
    )
    .amount(|v, i, _| v.flowed[i].0.bought_j)
    .only(|design, i| design.loops[i].design.buys_cold())
    .totals(&[Total::integral(
        mwh(
            "bought",
            "Heat that went to a bought main of chilled water: cold that is bought, which no PUE counts.",
        )
        .lower(),
    )]),
    Column::new(
        "rejected",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.heat_rejected_w,
        "Heat to the weather, with that of pumps and compressors.",
    )
    .amount(|v, i, _| v.flowed[i].0.rejected_j),
    Column::new(
        "dry",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].state.dry_w,
        "The part of the rejected heat that leaves without water being spent.",
    )
    .amount(|v, i, _| v.flowed[i].0.dry_j),
    Column::new(
        "supply",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].state.supply_c,
        "Coolant to the racks.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].0.supply_ks),
    Column::new(
        "return",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].state.return_c,
        "Coolant from the racks.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].0.return_ks),
    Column::new(
        "device",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].state.device_c,
        "Coolant from the tower or cooler: the condenser water of a chiller plant, the exhaust of a hall.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].0.device_ks),
    Column::new(
        "inlet",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].inlet_c(v.exchangers),
        "Coolant or air at the inlet of its racks.",
    )
    .totals(INLET),
    Column::new(
        "fan_speed",
        Scale::SHARE,
        Mean,
        |v, i| v.loops[i].state.fan_speed,
        "Speed of its fans, of full speed.",
    ),
    Column::new(
        "air_ratio",
        Scale::SHARE,
        Mean,
        |v, i| v.loops[i].state.air_ratio,
        "Air through its device, of full, with what moves by itself.",
    ),
    Column::new(
        "evaporation",
        Scale::M3_PER_H,
        Sum,
        |v, i| flows(v, i).evaporation_kg_s,
        "Water lost as vapour.",
    )
    .amount(|v, i, _| v.flowed[i].1.evaporation_kg)
    .totals(EVAPORATED),
    Column::new(
        "drift",
        Scale::M3_PER_H,
        Sum,
        |v, i| flows(v, i).drift_kg_s,
        "Water lost as droplets.",
    )
    .amount(|v, i, _| v.flowed[i].1.drift_kg)
    .totals(&[Total::integral(m3("water.drift", "Water lost as droplets."))]),
    Column::new(
        "blowdown",
        Scale::M3_PER_H,
        Sum,
        |v, i| flows(v, i).blowdown_kg_s,
        "Water to the sewer.",
    )
    .amount(|v, i, _| v.flowed[i].1.blowdown_kg)
    .totals(DRAINED),
    Column::new(
        "makeup",
        Scale::M3_PER_H,
        Sum,
        |v, i| flows(v, i).makeup_kg_s,
        "Water taken from the main.",
    )
    .amount(|v, i, _| v.flowed[i].1.makeup_kg)
    .totals(WITHDRAWN),
    Column::new(
        "basin",
        Scale::M3_PER_H,
        Sum,
        |v, i| v.water.of(i).balance().filling_kg_s,
        "Water into its basin; negative while that gives.",
    )
    .amount_either_way(|v, i, _| v.flowed[i].1.filled_kg)
    .only(|design, i| design.loops[i].operation.make_up.basin.volume_kg > 0.0)
    .totals(&[Total::integral(m3(
        "water.basins",
        "What basins hold at the end beyond what they held at the start.",
    ))]),
    Column::new(
        "without_water",
        Scale::NUMBER,
        Sum,
        |v, i| f64::from(u8::from(v.water.of(i).is_dry())),
        "Instances of which what evaporates water has none.",
    )
    .only(|design, i| design.may_run_dry(i))
    .totals(&[Total::integral(
        Figure::new(
            "without_water",
            Scale::HOURS,
            "Time in which what evaporates water had none; the sum of its instances.",
        )
        .lower(),
    )]),
    Column::new("free", Scale::SHARE, Mean, |v, i| loop_mode(v, i, CoolingMode::Free), FREE)
        .only(|design, i| design.loops[i].design.has_modes())
        .totals(FREE_TIME),
    Column::new(
        "partial",
        Scale::SHARE,
        Mean,
        |v, i| loop_mode(v, i, CoolingMode::Partial),
        PARTIAL,
    )
    .only(|design, i| design.loops[i].design.has_modes())
    .totals(PARTIAL_TIME),
    Column::new(
        "mechanical",
        Scale::SHARE,
        Mean,
        |v, i| loop_mode(v, i, CoolingMode::Mechanical),
        MECHANICAL,
    )
    .only(|design, i| design.loops[i].design.has_modes())
    .totals(MECHANICAL_TIME),
];

/// Of what stands between racks and a loop, all instances that a component declares together.
pub(super) static EXCHANGER: &[Column] = &[
    Column::new(
        "heat",
        Scale::MW,
        Sum,
        |v, i| v.exchangers[i].taken_w(),
        "Heat of its racks, and what liquid-to-air units in its hall give its air.",
    )
    .totals(&[Total::integral(mwh("heat", "Heat carried away."))]),
    Column::new("fans", Scale::MW, Sum, |v, i| v.exchangers[i].movers.draw_w, "Its fans.")
        .only(blows)
        .totals(&[Total::integral(mwh("fans", "Electricity of fans.").lower())]),
    Column::new(
        "pumps",
        Scale::MW,
        Sum,
        |v, i| v.exchangers[i].movers.draw_w,
        "Its pumps, and with them the fans of a liquid-to-air unit.",
    )
    .only(|design, i| !blows(design, i))
    .totals(&[Total::integral(mwh("pumps", "Electricity of pumps.").lower())]),
    Column::new(
        "inlet",
        Scale::DEGC,
        Warmest,
        |v, i| v.exchangers[i].inlet_c,
        "Coolant or air at the inlet of its racks.",
    )
    .totals(INLET),
    Column::new(
        "outside",
        Scale::MW,
        Sum,
        |v, i| v.exchangers[i].outside_w,
        "Heat that outdoor air takes: below zero while it warms the hall.",
    )
    .amount_either_way(|v, i, now| v.loops[v.exchangers[i].cooled_by as usize].outdoors_j(i, now))
    .only(breathes)
    .totals(&[Total::integral(mwh("economiser", "Heat that outdoor air carried past the loop."))]),
    Column::new("free", Scale::SHARE, Mean, |v, i| air_mode(v, i, CoolingMode::Free), FREE)
        .only(breathes)
        .totals(FREE_TIME),
    Column::new(
        "partial",
        Scale::SHARE,
        Mean,
        |v, i| air_mode(v, i, CoolingMode::Partial),
        PARTIAL,
    )
    .only(breathes)
    .totals(PARTIAL_TIME),
    Column::new(
        "mechanical",
        Scale::SHARE,
        Mean,
        |v, i| air_mode(v, i, CoolingMode::Mechanical),
        MECHANICAL,
    )
    .only(breathes)
    .totals(MECHANICAL_TIME),
    Column::new(
        "evaporation",
        Scale::M3_PER_H,
        Sum,
        |v, i| air_water(v, i).evaporation_kg_s,
        "Water of its pads and humidifier that evaporates.",
    )
    .only(breathes)
    .totals(EVAPORATED),
    Column::new(
        "blowdown",
        Scale::M3_PER_H,
        Sum,
        |v, i| air_water(v, i).blowdown_kg_s,
        "Water to the sewer.",
    )
    .only(breathes)
    .totals(DRAINED),
    Column::new(
        "makeup",
        Scale::M3_PER_H,
        Sum,
        |v, i| air_water(v, i).makeup_kg_s,
        "Water taken from the main.",
    )
    .only(breathes)
    .totals(WITHDRAWN),
];

// Both kinds of cooling have these.
const INLET: &[Total] = &[
    Total::mean(
        Figure::new("mean_inlet", Scale::DEGC, "Mean over time of the warmest rack inlet.").lower(),
    ),
    Total::max(
        Figure::new("max_inlet", Scale::DEGC, "Warmest rack inlet that held for any time.").lower(),
    ),
];
const EVAPORATED: &[Total] = &[Total::integral(m3("water.evaporation", "Water lost as vapour."))];
const DRAINED: &[Total] = &[Total::integral(m3("water.blowdown", "Water returned to the sewer."))];
const WITHDRAWN: &[Total] =
    &[Total::integral(m3("water.withdrawal", "Make-up water taken from the main.").lower())];
const FREE: &str = "Time in which its economiser cools alone.";
const PARTIAL: &str = "Time in which chillers or a coil work behind its economiser.";
const MECHANICAL: &str = "Time in which chillers or a coil cool alone.";
const FREE_TIME: &[Total] = &[Total::integral(Figure::new("modes.free", Scale::HOURS, FREE))];
const PARTIAL_TIME: &[Total] =
    &[Total::integral(Figure::new("modes.partial", Scale::HOURS, PARTIAL))];
const MECHANICAL_TIME: &[Total] =
    &[Total::integral(Figure::new("modes.mechanical", Scale::HOURS, MECHANICAL))];

fn flows(view: &View<'_>, index: usize) -> WaterFlows {
    view.water.of(index).balance().flows
}

fn loop_mode(view: &View<'_>, index: usize, mode: CoolingMode) -> f64 {
    let now = view.loops[index].operator.regime().map(|regime| regime.mode);
    f64::from(u8::from(now == Some(mode)))
}

fn air_mode(view: &View<'_>, index: usize, mode: CoolingMode) -> f64 {
    f64::from(u8::from(ExchangerPlant::mode(&view.exchangers[index]) == Some(mode)))
}

fn air_water(view: &View<'_>, index: usize) -> WaterFlows {
    view.exchangers[index].outside.map_or_else(WaterFlows::default, |air| air.water)
}

/// Whether an exchanger blows air, rather than pumping a liquid.
fn blows(design: &Design, index: usize) -> bool {
    let exchanger = design.exchangers[index].design.as_ref();
    exchanger.is_some_and(|exchanger| exchanger.kind == ExchangerKind::AirHandler)
}

/// Whether an exchanger has an air-side economiser.
fn breathes(design: &Design, index: usize) -> bool {
    design.exchangers[index].design.as_ref().is_some_and(|it| it.outside_air.is_some())
}
