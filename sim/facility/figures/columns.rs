//! The tables of columns: what is read after each instant of the site, its halls, its cooling and
//! its workloads.

use super::Shown::{MeanAndMax, Never};
use super::{Column, SubjectKind, Total, View};
use crate::facility::cooling::ExchangerPlant;
use crate::facility::design::Design;
use crate::kernel::Time;
use crate::measure::Join::{Mean, Sum, Warmest};
use crate::measure::{Figure, Scale};
use crate::plant::cooling::{CoolingMode, ExchangerKind, WaterFlows};
use crate::plant::power::sequence::BatteryTally;
use crate::plant::power::{ComponentKind, PowerNode};
use crate::workload::mining::Cause;

const JOULES_PER_MWH: f64 = 3.6e9;
const JOULES_PER_KWH: f64 = 3.6e6;

/// The columns of the instances of a declared thing of `kind`.
pub(super) fn group_columns(kind: SubjectKind) -> Vec<&'static Column> {
    let tables: &[&'static [Column]] = match kind {
        SubjectKind::Site => &[SITE],
        SubjectKind::Losses => &[LOSSES],
        SubjectKind::Loop => &[LOOP],
        SubjectKind::Exchanger => &[EXCHANGER],
        SubjectKind::Hall => &[HALL],
        SubjectKind::Storage => &[STORAGE],
        SubjectKind::Array => &[ARRAY],
        SubjectKind::Mining => &[WORK, MINING],
        SubjectKind::Training => &[WORK, TRAINING],
        SubjectKind::Inference => &[WORK, INFERENCE],
        SubjectKind::HeatLoad => &[WORK, HEAT_LOAD],
        SubjectKind::Programme => &[super::programmes::COLUMNS],
        SubjectKind::Class
        | SubjectKind::Cause
        | SubjectKind::Component
        | SubjectKind::Contract => &[],
    };
    tables.iter().flat_map(|table| table.iter()).collect()
}

const fn mwh(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MWH, doc)
}

const fn m3(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::M3, doc)
}

static SITE: &[Column] = &[
    Column::new("import", Scale::MW, Sum, |v, _| v.power.total_import_w(), "Drawn from the grid.")
        .shown(MeanAndMax)
        .totals(&[
            Total::integral(mwh("energy.import", "Drawn from the grid.").lower()),
            Total::mean(Figure::new(
                "energy.mean_import",
                Scale::MW,
                "Time-weighted mean of the import.",
            )),
            Total::max(
                Figure::new(
                    "energy.peak_import",
                    Scale::MW,
                    "Largest import that held for any time.",
                )
                .lower(),
            ),
        ]),
    Column::new("export", Scale::MW, Sum, |v, _| v.power.total_export_w(), "Given to the grid.")
        .only(|design, _| design.may_export())
        .totals(&[Total::integral(mwh("energy.export", "Given to the grid."))]),
    Column::new(
        "it",
        Scale::MW,
        Sum,
        |v, _| it_w(v),
        "Racks of all workloads, and heat loads that are electric.",
    )
    .totals(&[Total::integral(mwh(
        "effectiveness.it",
        "IT energy: racks of all workloads, and heat loads that are electric.",
    ))]),
    Column::new(
        "fans",
        Scale::MW,
        Sum,
        |v, _| v.cooling_w.fans,
        "Fans of all cooling, with spray pumps and basin heaters.",
    )
    .totals(&[Total::integral(mwh(
        "energy.fans",
        "Fans of all cooling, with spray pumps and basin heaters.",
    ))]),
    Column::new("pumps", Scale::MW, Sum, |v, _| v.cooling_w.pumps, "Pumps of all cooling.")
        .totals(&[Total::integral(mwh("energy.pumps", "Pumps of all cooling."))]),
    Column::new(
        "chillers",
        Scale::MW,
        Sum,
        |v, _| v.cooling_w.chillers,
        "Chillers of all cooling.",
    )
    .totals(&[Total::integral(mwh("energy.chillers", "Chillers of all cooling."))]),
    Column::new("house", Scale::MW, Sum, |v, _| house_w(v), "Constant loads of the site itself.")
        .totals(&[Total::integral(mwh("energy.house", "Constant loads of the site itself."))]),
    Column::new(
        "generated",
        Scale::MW,
        Sum,
        |v, _| v.power.total_generated_w(),
        "Output of generators.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh("energy.generated", "Output of generators."))]),
    Column::new("solar", Scale::MW, Sum, |v, _| v.power.total_solar_w(), "Given by arrays.")
        .only(|design, _| design.has_arrays())
        .totals(&[Total::integral(mwh("energy.solar", "Given by arrays."))]),
    Column::new(
        "discharged",
        Scale::MW,
        Sum,
        |v, _| v.power.total_discharged_w(),
        "Given by batteries.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh("energy.discharged", "Given by batteries."))]),
    Column::new(
        "charged",
        Scale::MW,
        Sum,
        |v, _| v.power.total_charged_w(),
        "Stored in batteries, without what charging loses.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh(
        "energy.charged",
        "Stored in batteries, without what charging loses.",
    ))]),
    Column::new(
        "held",
        Scale::MW,
        Sum,
        |v, _| v.power.total_held_w(),
        "Drawn by racks and drives from what they hold, while their cords are dead.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh(
        "energy.held",
        "Drawn by racks and drives from what they hold, while their cords are dead.",
    ))]),
    Column::new(
        "shed",
        Scale::MW,
        Sum,
        |v, _| v.power.unserved().total_w(),
        "Wanted by live loads and not granted.",
    )
    .totals(&[Total::integral(
        mwh("energy.shed", "Wanted and not granted, because power was short or lost.").lower(),
    )]),
    Column::new("price", Scale::USD_PER_MWH, Mean, |v, _| v.price, "Price of energy."),
    Column::new(
        "energy_cost",
        Scale::USD,
        Sum,
        |v, _| v.power.total_import_w() * v.price / JOULES_PER_MWH,
        "Import at the price of the moment.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.energy_cost", Scale::USD, "Import at the price of the moment.").lower(),
    )]),
    Column::new(
        "export_income",
        Scale::USD,
        Sum,
        |v, _| v.power.total_export_w() * v.price / JOULES_PER_MWH,
        "Export at the price of the moment.",
    )
    .only(|design, _| design.may_export())
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.export_income", Scale::USD, "Export at the price of the moment.")
            .higher(),
    )]),
    Column::new(
        "carbon",
        Scale::G_PER_KWH,
        Mean,
        |v, _| v.carbon_g_per_kwh,
        "Carbon intensity of energy.",
    ),
    Column::new(
        "emissions",
        Scale::TONNES,
        Sum,
        |v, _| v.power.total_import_w() * v.carbon_g_per_kwh / JOULES_PER_KWH,
        "Import times the carbon intensity of the moment.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.carbon", Scale::TONNES, "Emissions of the import.").lower(),
    )]),
    Column::new("dry_bulb", Scale::DEGC, Mean, |v, _| v.air.dry_bulb_c, "Outdoor dry bulb."),
    Column::new("wet_bulb", Scale::DEGC, Mean, |v, _| v.wet_bulb_c, "Outdoor wet bulb."),
];

/// Of what the power chain loses, by kind of component.
static LOSSES: &[Column] = &[Column::new(
    "",
    Scale::MW,
    Sum,
    |v, kind| v.power.total_loss_w(ComponentKind::ALL[kind]),
    "Lost in the power chain in components of this kind.",
)
.totals(&[Total::integral(mwh("energy", "Lost in components of this kind.").lower())])];

/// Of a battery system, all instances that a component declares together.
static STORAGE: &[Column] = &[
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
static ARRAY: &[Column] = &[
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

/// Of a cooling loop, all instances that a component declares together.
static LOOP: &[Column] = &[
    Column::new(
        "heat",
        Scale::MW,
        Sum,
        |v, i| v.loops[i].heat_w,
        "Heat of its racks and exchangers, less what outdoor air takes: below zero while that cools a hall itself.",
    )
    .amount(|v, i, _| v.flowed[i].0.heat_j)
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
        "Heat past the chillers: zero where the economiser idles.",
    )
    .amount(|v, i, _| v.flowed[i].0.economiser_j)
    .totals(&[Total::integral(mwh(
        "economiser",
        "Heat that an economiser carried past the chillers.",
    ))]),
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
    .amount(|v, i, _| v.flowed[i].0.supply_ks),
    Column::new(
        "return",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].state.return_c,
        "Coolant from the racks.",
    )
    .amount(|v, i, _| v.flowed[i].0.return_ks),
    Column::new(
        "device",
        Scale::DEGC,
        Warmest,
        |v, i| v.loops[i].state.device_c,
        "Coolant from the tower or cooler: the condenser water of a chiller plant, the exhaust of a hall.",
    )
    .amount(|v, i, _| v.flowed[i].0.device_ks),
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
    .amount(|v, i, _| v.flowed[i].1.filled_kg)
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
        .only(|design, i| design.loops[i].design.has_economiser())
        .totals(FREE_TIME),
    Column::new(
        "partial",
        Scale::SHARE,
        Mean,
        |v, i| loop_mode(v, i, CoolingMode::Partial),
        PARTIAL,
    )
    .only(|design, i| design.loops[i].design.has_economiser())
    .totals(PARTIAL_TIME),
    Column::new(
        "mechanical",
        Scale::SHARE,
        Mean,
        |v, i| loop_mode(v, i, CoolingMode::Mechanical),
        MECHANICAL,
    )
    .only(|design, i| design.loops[i].design.has_economiser())
    .totals(MECHANICAL_TIME),
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

/// Of what stands between racks and a loop, all instances that a component declares together.
static EXCHANGER: &[Column] = &[
    Column::new("heat", Scale::MW, Sum, |v, i| v.exchangers[i].heat_w, "Heat of its racks.")
        .totals(&[Total::integral(mwh("heat", "Heat carried away."))]),
    Column::new("fans", Scale::MW, Sum, |v, i| v.exchangers[i].movers.draw_w, "Its fans.")
        .only(blows)
        .totals(&[Total::integral(mwh("fans", "Electricity of fans.").lower())]),
    Column::new("pumps", Scale::MW, Sum, |v, i| v.exchangers[i].movers.draw_w, "Its pumps.")
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
    .amount(|v, i, now| v.loops[v.exchangers[i].cooled_by as usize].outdoors_j(i, now))
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

static HALL: &[Column] = &[
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

/// Of any workload.
static WORK: &[Column] = &[Column::new(
    "",
    Scale::MW,
    Sum,
    |v, i| v.works_w[i],
    "What its racks draw; of a heat load that is not electric, its heat.",
)
.totals(&[Total::integral(mwh(
    "energy",
    "What its racks drew; of a heat load that is not electric, its heat.",
))])];

/// What a fleet does not draw for one cause; its integral is the figure `curtailed.CAUSE`.
const fn curtailed(
    name: &'static str,
    read: fn(&View<'_>, usize) -> f64,
    doc: &'static str,
) -> Column {
    Column::new(name, Scale::MW, Sum, read, doc)
}

static MINING: &[Column] = &[
    Column::new("hash_rate", Scale::PH_PER_S, Sum, |v, i| v.works[i].activity(), "Hash rate."),
    curtailed(
        "curtailed_price",
        |v, i| v.works[i].curtailed_w(Cause::Price),
        "Not drawn because power is dear.",
    ),
    curtailed(
        "curtailed_cap",
        |v, i| v.works[i].curtailed_w(Cause::Cap),
        "Not drawn because a limit leaves nothing for it.",
    ),
    curtailed(
        "curtailed_heat",
        |v, i| v.works[i].curtailed_w(Cause::Heat),
        "Not drawn because it is too warm.",
    ),
    curtailed(
        "curtailed_outage",
        |v, i| v.works[i].curtailed_w(Cause::Outage),
        "Not drawn because the bus is dead.",
    ),
    curtailed(
        "curtailed_restart",
        |v, i| v.works[i].curtailed_w(Cause::Restart),
        "Not drawn while booting or waking.",
    ),
    curtailed(
        "curtailed_failure",
        |v, i| v.works[i].curtailed_w(Cause::Failure),
        "Not drawn because broken.",
    ),
];

static TRAINING: &[Column] = &[
    Column::new(
        "busy_gpus",
        Scale::NUMBER,
        Sum,
        |v, i| v.works[i].activity(),
        "GPUs that jobs hold.",
    ),
    Column::new(
        "idle_gpus",
        Scale::NUMBER,
        Sum,
        |v, i| v.works[i].gpus_without_jobs()[0],
        "GPUs that are on and that no job holds.",
    ),
    Column::new(
        "down_gpus",
        Scale::NUMBER,
        Sum,
        |v, i| v.works[i].gpus_without_jobs()[1],
        "GPUs under repair.",
    ),
    Column::new(
        "dark_gpus",
        Scale::NUMBER,
        Sum,
        |v, i| v.works[i].gpus_without_jobs()[2],
        "GPUs without power, or starting after it has come back.",
    ),
    Column::new(
        "queued_jobs",
        Scale::NUMBER,
        Sum,
        |v, i| v.works[i].queued_jobs(),
        "Jobs in the queue.",
    ),
];

static INFERENCE: &[Column] = &[Column::new(
    "requests_in_flight",
    Scale::NUMBER,
    Sum,
    |v, i| v.works[i].activity(),
    "Requests under way.",
)];

static HEAT_LOAD: &[Column] = &[Column::new(
    "wanted",
    Scale::MW,
    Sum,
    |v, i| v.works[i].activity(),
    "What it would give off with power and cooling.",
)];

fn it_w(view: &View<'_>) -> f64 {
    let works = view.design.works.iter().zip(view.works_w);
    works.filter(|(site, _)| site.design.is_electric()).map(|(_, w)| w).sum()
}

fn house_w(view: &View<'_>) -> f64 {
    view.design.house.iter().map(|house| view.power.draw_w(house.load)).sum()
}

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

/// How many racks of the hall `hall` run with more at their inlet than any equipment bears, and by
/// how many kelvins at most.
fn overheated(view: &View<'_>, hall: usize) -> (f64, f64) {
    /// The warmest inlet at which a rack of the catalogue trips: a GB200 NVL72's.
    const EQUIPMENT_C: f64 = 70.0;
    let (mut racks, mut by_k) = (0, 0.0_f64);
    for (count, inlet_c) in view.exchangers.iter().filter_map(|x| x.running(hall)) {
        if inlet_c > EQUIPMENT_C {
            racks += count;
            by_k = by_k.max(inlet_c - EQUIPMENT_C);
        }
    }
    (racks as f64, by_k)
}

/// Whether an exchanger has an air-side economiser.
fn breathes(design: &Design, index: usize) -> bool {
    design.exchangers[index].design.as_ref().is_some_and(|it| it.outside_air.is_some())
}

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
