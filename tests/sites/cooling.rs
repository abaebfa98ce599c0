//! The cooling of a random site. All that is known of the names of its fields stands here.

use super::fields::{Fields, number};
use super::work::{Hall, HallKind};
use super::{Draw, Period, breakdowns, water_limit};

/// A cooling plant.
#[derive(Debug)]
pub(crate) struct Plant {
    pub(crate) parts: Vec<(String, Fields)>,
    /// What cools each hall.
    pub(crate) coolers: Vec<String>,
    /// What its machines would draw at design heat, kW.
    pub(crate) need_kw: f64,
}

/// The kinds of loop, with about what their machines draw for a kilowatt of design heat.
const LOOPS: [(&str, f64); 7] = [
    ("tower", 0.025),
    ("dry-cooler", 0.05),
    ("fluid-cooler", 0.05),
    ("hybrid-cooler", 0.06),
    ("chiller-plant", 0.25),
    ("air-cooled-chiller", 0.45),
    ("ventilation", 0.02),
];
/// The same of the chillers of a trim.
const TRIM: f64 = 0.35;
/// What can stand between racks and a loop, with the same.
const EXCHANGERS: [(&str, f64); 4] =
    [("cdu", 0.01), ("air-handler", 0.05), ("immersion-tank", 0.015), ("air-cdu", 0.15)];

/// The plant that cools `halls`, on the bus `mech`.
pub(crate) fn plant(draw: &mut Draw, period: &Period, halls: &[Hall]) -> Plant {
    let mut plant = Plant { parts: Vec::new(), coolers: Vec::new(), need_kw: 0.0 };
    // The loop that the hall before this one is on, and its heat.
    let mut shared: Option<(String, bool)> = None;
    for (n, hall) in halls.iter().enumerate() {
        let (loop_name, airy) = match &shared {
            Some(known) if draw.chance(0.3) => known.clone(),
            _ => {
                let name = format!("loop-{n}");
                let (kind, share) = draw.pick(&LOOPS);
                let heat_kw = hall.need_kw * draw.log(0.3, 2.0);
                let fields = self::cooling_loop(draw, period, kind, heat_kw);
                let trims = fields.has("trim.chillers");
                plant.parts.push((name.clone(), fields));
                plant.need_kw += (share + if trims { TRIM } else { 0.0 }) * heat_kw;
                (name, kind == "ventilation")
            }
        };
        let bare = if hall.kind == HallKind::Gpus { 0.2 } else { 0.5 };
        if airy || draw.chance(bare) {
            plant.coolers.push(loop_name.clone());
        } else {
            let name = format!("exchanger-{n}");
            let (kind, share) = draw.pick(&EXCHANGERS);
            let heat_kw = hall.need_kw * draw.log(0.3, 2.0);
            let cooled_by = match kind {
                "air-cdu" => {
                    let hall = format!("air-{n}");
                    let air_kw = heat_kw * draw.log(0.5, 2.0);
                    // Units give their heat to halls without outdoor air.
                    let fields = exchanger(draw, period, SHUT_HALL, &loop_name, air_kw);
                    plant.parts.push((hall.clone(), fields));
                    hall
                }
                _ => loop_name.clone(),
            };
            let fields = exchanger(draw, period, kind, &cooled_by, heat_kw);
            plant.parts.push((name.clone(), fields));
            plant.need_kw += share * heat_kw;
            plant.coolers.push(name);
        }
        shared = Some((loop_name, airy));
    }
    plant
}

fn cooling_loop(draw: &mut Draw, period: &Period, kind: &str, heat_kw: f64) -> Fields {
    let mut fields = Fields::default();
    fields.set("kind", kind);
    fields.set("design_heat", format!("{} kW", number(heat_kw)));
    fields.set("fed_by", "mech");
    let (airy, chilled) = (kind == "ventilation", kind.contains("chiller"));
    let sprays = matches!(kind, "tower" | "fluid-cooler" | "hybrid-cooler" | "chiller-plant");
    if !airy && draw.chance(0.5) {
        let (low, high) = if chilled { (6.0, 18.0) } else { (18.0, 40.0) };
        fields.set("supply", format!("{} degC", number(draw.between(low, high))));
    }
    let has_fans = kind != "air-cooled-chiller";
    if has_fans && !airy && draw.chance(0.5) {
        fields.set("fans.control", draw.pick(&["variable-speed", "cycling", "always-on"]));
    }
    if !airy {
        pumps(draw, &mut fields);
    }
    match kind {
        "tower" | "hybrid-cooler" | "chiller-plant" => fields.set("fans.count", draw.whole(1, 4)),
        "dry-cooler" | "fluid-cooler" => fields.set("fans.count", draw.whole(1, 4)),
        "ventilation" => fields.set("fans.count", draw.whole(1, 6)),
        _ => {}
    }
    if chilled {
        fields.set("chillers.count", draw.whole(1, 4));
        if draw.chance(0.4) {
            fields
                .set("chillers.upkeep.restart", format!("{} s", number(draw.between(0.0, 900.0))));
        }
        if kind == "chiller-plant" && draw.chance(0.5) {
            fields.set("economiser.approach", format!("{} K", number(draw.between(1.0, 5.0))));
        }
    }
    let pads = matches!(kind, "dry-cooler" | "ventilation") && draw.chance(0.4);
    if pads {
        fields.set("pads.enable_above", format!("{} degC", number(draw.between(8.0, 32.0))));
    }
    let trims = matches!(kind, "tower" | "dry-cooler") && draw.chance(0.4);
    let banked = trims && trim(draw, &mut fields, (kind, pads, heat_kw));
    if !airy && draw.chance(0.3) {
        fields.set("buffer", format!("{} L", number(draw.log(10.0, 1e5))));
    }
    if (sprays || pads) && draw.chance(0.4) {
        let has_basin = !pads && draw.chance(0.6);
        if has_basin {
            fields.set("water.basin", format!("{} L", number(draw.log(1.0, 1e5))));
        }
        water_limit(draw, &mut fields, "water.main");
        if draw.chance(0.3) {
            fields.set("water.main.outages", period.times(draw, 2, |_, _| ()));
        }
    }
    let mut kinds = Vec::new();
    if has_fans {
        kinds.push("fans");
    }
    if !airy {
        kinds.push("pumps");
    }
    if chilled {
        kinds.push("chillers");
    }
    if banked {
        kinds.push("trim.chillers");
    }
    for kind in kinds {
        if draw.chance(0.2) {
            fields.set(&format!("{kind}.upkeep.failures"), breakdowns(draw));
        }
        if draw.chance(0.15) {
            fields.set(&format!("{kind}.upkeep.standby"), draw.whole(1, 2));
        }
        if draw.chance(0.15) {
            let times = period.times(draw, 2, |_, _| ());
            fields.set(&format!("{kind}.upkeep.maintenance"), times);
        }
    }
    if has_fans && draw.chance(0.1) {
        let times = period.times(draw, 2, |draw, fault| {
            fault.set("mode", draw.pick(&["stuck", "full", "shut"]));
        });
        fields.set("fans.control_upkeep.faults", times);
    }
    if (chilled || banked) && draw.chance(0.1) {
        let path = if chilled { "chillers" } else { "trim.chillers" };
        let times = period.times(draw, 2, |_, _| ());
        fields.set(&format!("{path}.control_upkeep.faults"), times);
    }
    if draw.chance(0.3) {
        if !airy {
            fields.set("pumps.upkeep.restart", format!("{} s", number(draw.between(0.0, 120.0))));
        }
        if has_fans {
            fields.set("fans.upkeep.restart", format!("{} s", number(draw.between(0.0, 120.0))));
        }
    }
    fields
}

/// What cools the coolant on behind the device of a loop. Whether it is chillers.
fn trim(draw: &mut Draw, fields: &mut Fields, (kind, pads, heat_kw): (&str, bool, f64)) -> bool {
    // Fans that always run hold no supply.
    fields.set("fans.control", draw.pick(&["variable-speed", "cycling"]));
    if draw.chance(0.2) {
        let capacity_kw = heat_kw * draw.log(0.05, 2.0);
        fields.set("trim.main.capacity", format!("{} kW", number(capacity_kw)));
        return false;
    }
    fields.set("supply", format!("{} degC", number(draw.between(16.0, 35.0))));
    fields.set("trim.chillers.count", draw.whole(1, 4));
    if draw.chance(0.6) {
        fields.set("trim.supply", format!("{} degC", number(draw.between(5.0, 15.0))));
    }
    if draw.chance(0.6) {
        let design_kw = heat_kw * draw.log(0.1, 2.0);
        fields.set("trim.design_heat", format!("{} kW", number(design_kw)));
    }
    if draw.chance(0.4) {
        let restart_s = draw.between(0.0, 900.0);
        fields.set("trim.chillers.upkeep.restart", format!("{} s", number(restart_s)));
    }
    if !(kind == "dry-cooler" && pads) && draw.chance(0.5) {
        let design_c = draw.between(20.0, 28.0);
        fields.set("trim.tower.design_wet_bulb", format!("{} degC", number(design_c)));
    }
    true
}

/// An air handler that lets no outdoor air in.
const SHUT_HALL: &str = "air-handler of a shut hall";

fn exchanger(
    draw: &mut Draw,
    period: &Period,
    kind: &str,
    cooled_by: &str,
    heat_kw: f64,
) -> Fields {
    let mut fields = Fields::default();
    let blows = matches!(kind, "air-handler" | SHUT_HALL);
    fields.set("kind", if blows { "air-handler" } else { kind });
    fields.set("design_heat", format!("{} kW", number(heat_kw)));
    fields.set("cooled_by", cooled_by);
    fields.set("fed_by", "mech");
    if blows {
        fields.set("fans.count", draw.whole(1, 6));
        if kind != SHUT_HALL && draw.chance(0.6) {
            let classes = ["a1-recommended", "a1", "a2", "a3", "a4"];
            fields.set("outside_air.class", draw.pick(&classes));
            if draw.chance(0.3) {
                let above_c = draw.between(10.0, 35.0);
                let path = "outside_air.pads.enable_above";
                fields.set(path, format!("{} degC", number(above_c)));
            }
            if draw.chance(0.3) {
                fields.set("outside_air.humidifier", "true");
            }
            if draw.chance(0.5) {
                let least_s = draw.pick(&[0.0, 1.0, 60.0, 1200.0, 7200.0]);
                fields.set("outside_air.least_run_time", format!("{least_s} s"));
            }
        }
    } else {
        pumps(draw, &mut fields);
    }
    let movers = if blows { "fans" } else { "pumps" };
    if kind == "cdu" && draw.chance(0.2) {
        let times = period.times(draw, 2, |draw, fault| {
            fault.set("mode", draw.pick(&["stuck", "full", "shut"]));
        });
        fields.set("valve.faults", times);
    }
    if draw.chance(0.2) {
        fields.set(&format!("{movers}.upkeep.failures"), breakdowns(draw));
    }
    if draw.chance(0.15) {
        fields.set(&format!("{movers}.upkeep.standby"), draw.whole(1, 2));
    }
    if draw.chance(0.15) {
        fields.set(&format!("{movers}.upkeep.maintenance"), period.times(draw, 2, |_, _| ()));
    }
    if draw.chance(0.2) {
        fields.set(
            &format!("{movers}.upkeep.restart"),
            format!("{} s", number(draw.between(0.0, 120.0))),
        );
    }
    fields
}

/// The pumps of a loop or of an exchanger.
fn pumps(draw: &mut Draw, fields: &mut Fields) {
    fields.set("pumps.count", draw.whole(1, 4));
    if draw.chance(0.4) {
        fields.set("pumps.control", "variable-speed");
        if draw.chance(0.4) {
            fields.set("pumps.minimum_speed", format!("{} %", number(draw.between(5.0, 100.0))));
        }
    }
}
