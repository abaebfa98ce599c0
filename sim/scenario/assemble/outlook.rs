//! What the weather of the run will make of the loops: set points that it does not allow, water
//! that freezes, water that will be short.

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::plant::Plant;
use super::work::Halls;
use crate::facility::ExchangerSite;
use crate::fluids::MoistAir;
use crate::grid::{Weather, WeatherDesign};
use crate::kernel::{Streams, Time};
use crate::plant::cooling::{CoolingLoop, Drive, LoopDesign, MainDesign};
use crate::spec::Mark;

/// A supply this much above what is wanted is worth a warning, K.
const TOO_WARM_K: f64 = 1.0;
/// Water kept at least this warm does not freeze, degrees Celsius.
const FROST_FREE_C: f64 = 1.0;

/// The extremes of the weather of a run.
struct Extremes {
    hottest: MoistAir,
    most_humid: MoistAir,
    most_humid_wet_bulb_c: f64,
    coldest_c: f64,
}

impl Extremes {
    /// Those of `design` up to `horizon`, as the run itself will see them. About a
    /// microsecond an hour.
    fn of(design: &WeatherDesign, seed: u64, horizon: Time) -> Self {
        let mut weather = Weather::new(design, &Streams::new(seed, 0));
        let first = weather.current().air();
        let mut found = Self {
            hottest: first,
            most_humid: first,
            most_humid_wet_bulb_c: first.wet_bulb_c(),
            coldest_c: first.dry_bulb_c,
        };
        loop {
            let next = weather.next_at();
            if next >= horizon {
                return found;
            }
            weather.advance(next);
            let air = weather.current().air();
            if air.dry_bulb_c > found.hottest.dry_bulb_c {
                found.hottest = air;
            }
            found.coldest_c = found.coldest_c.min(air.dry_bulb_c);
            // Air no warmer than the highest wet bulb cannot have a higher one.
            if air.dry_bulb_c > found.most_humid_wet_bulb_c {
                let wet_bulb_c = air.wet_bulb_c();
                if wet_bulb_c > found.most_humid_wet_bulb_c {
                    (found.most_humid, found.most_humid_wet_bulb_c) = (air, wet_bulb_c);
                }
            }
        }
    }
}

/// Warns of each declared loop that cannot hold its set point in the weather of the run, whose
/// water may freeze in it or be short, and of water that is never short although the main is.
pub(super) fn check(
    plant: &Plant,
    weather: &WeatherDesign,
    main: (&MainDesign, Option<Mark>),
    (seed, horizon): (u64, Time),
    sink: &mut Diagnostics,
) {
    if plant.loops.is_empty() || sink.has_errors() {
        return;
    }
    let extremes = Extremes::of(weather, seed, horizon);
    let mut said: Vec<Mark> = Vec::new();
    for (index, site) in plant.loops.iter().enumerate() {
        let mark = plant.loop_mark(index);
        if said.contains(&mark) {
            continue;
        }
        said.push(mark);
        let mut warn = |(message, help): (String, &str)| {
            let message = format!("`{}` {message}", site.name);
            sink.push(Diagnostic::warning(mark, message).code("doubtful").help(help));
        };
        too_warm(&site.design, &extremes).into_iter().for_each(&mut warn);
        freezes(&site.design, &extremes).into_iter().for_each(&mut warn);
        let needs_kg_s = most_water_kg_s(&site.design, &extremes);
        if !site.design.works_dry() {
            let limit = short_of(&site.operation.make_up.main, needs_kg_s);
            let limit = limit.map(|limit| (format!("{limit}, and cannot run dry"), STOPS));
            limit.into_iter().for_each(&mut warn);
        }
    }
    let (main, mark) = main;
    let cannot_run_dry = plant.loops.iter().filter(|site| !site.design.works_dry());
    let needs_kg_s = cannot_run_dry.map(|site| most_water_kg_s(&site.design, &extremes)).sum();
    if let (Some(limit), Some(mark)) = (short_of(main, needs_kg_s), mark) {
        let message = format!("what cannot run dry {limit}");
        sink.push(Diagnostic::warning(mark, message).code("doubtful").help(STOPS));
    }
    if !main.is_unlimited() {
        never_short(plant, sink);
    }
}

/// Coolant this much warmer than the racks are rated for is worth a warning, K: what temperatures
/// are printed to.
const ABOVE_RATED_K: f64 = 0.1;
/// Less flow than this share of the rating is worth a warning.
const RATED_FLOW: f64 = 0.99;

/// Warns of racks whose coolant is warmer, in the weather of the run and with all racks at their
/// rated power, or flows less, than they are rated for.
pub(super) fn check_coolant(
    plant: &Plant,
    halls: &Halls<'_>,
    weather: &WeatherDesign,
    (seed, horizon): (u64, Time),
    sink: &mut Diagnostics,
) {
    let rated = halls.rated();
    if rated.is_empty() || plant.broken || sink.has_errors() {
        return;
    }
    let extremes = Extremes::of(weather, seed, horizon);
    let heat_w = |cooler: usize| halls.heat_w.get(cooler).copied().unwrap_or(0.0);
    let mut said: Vec<(Mark, bool)> = Vec::new();
    for (mark, cooler, rating, rack_w) in rated {
        let site = &plant.exchangers[cooler];
        let cooling = &plant.loops[site.cooled_by];
        let behind = plant.exchangers.iter().enumerate();
        let behind = behind.filter(|(_, other)| other.cooled_by == site.cooled_by);
        let loop_w: f64 = behind.map(|(index, _)| heat_w(index)).sum();
        let model = CoolingLoop::new(&cooling.design);
        let inlet_c = |air: &MoistAir| {
            let supply_c = model.solve(loop_w, air, Drive::FULL).supply_c;
            let behind = |cooler: usize, taken_at_c: f64, heat_w: f64| {
                plant.exchangers[cooler].design.map_or(taken_at_c, |design| {
                    design.inlet_c(taken_at_c, &design.solve(heat_w, 1.0, 1.0))
                })
            };
            // The air of its hall has the heat of all that stand in it.
            let taken_at_c = site.behind.map_or(supply_c, |hall| {
                let others = plant.exchangers.iter().enumerate();
                let others = others.filter(|(_, other)| other.behind == Some(hall));
                let gives_w = |(index, other): (usize, &ExchangerSite)| {
                    other.design.map_or(0.0, |own| own.solve(heat_w(index), 1.0, 1.0).to_loop_w)
                };
                let others_w: f64 = others.map(gives_w).sum();
                behind(hall, supply_c, heat_w(hall) + others_w)
            });
            behind(cooler, taken_at_c, heat_w(cooler))
        };
        let inlet_c = inlet_c(&extremes.hottest).max(inlet_c(&extremes.most_humid));
        if let Some(rated_c) = rating.supply_c
            && inlet_c > rated_c + ABOVE_RATED_K
            && !said.contains(&(mark, true))
        {
            said.push((mark, true));
            let message = format!(
                "`{}` sends coolant of {inlet_c:.1} degC to racks that are rated for {rated_c:.1} \
                 degC, in the worst hour of this weather ({:.1} degC)",
                site.name, extremes.hottest.dry_bulb_c,
            );
            let help = "ask the plant for a colder `supply`, or size it for that hour";
            sink.push(Diagnostic::warning(mark, message).code("doubtful").help(help));
        }
        // A loop that racks hang on directly has the flow that its own design says.
        if let (Some(flow_m3_s), Some(design)) = (rating.flow_m3_s, site.design)
            && !design.blows()
        {
            let racks = heat_w(cooler) / rack_w;
            let per_rack_m3_s = design.pg25_m3_s() / racks;
            if per_rack_m3_s < RATED_FLOW * flow_m3_s && !said.contains(&(mark, false)) {
                said.push((mark, false));
                let l_min = |m3_s: f64| m3_s * 60e3;
                let message = format!(
                    "`{}` moves {:.0} L/min of PG25 through each rack, which is rated for {:.0} L/min",
                    site.name,
                    l_min(per_rack_m3_s),
                    l_min(flow_m3_s),
                );
                let help = "give it more `flow` or `design_heat`, or fewer racks";
                sink.push(Diagnostic::warning(mark, message).code("doubtful").help(help));
            }
        }
    }
}

/// Warns of each declared air handler that wets outdoor air: the site's main, which is not
/// unlimited, does not reach its water.
fn never_short(plant: &Plant, sink: &mut Diagnostics) {
    let mut said: Vec<Mark> = Vec::new();
    for (index, site) in plant.exchangers.iter().enumerate() {
        let outside = site.design.and_then(|design| design.outside_air);
        let wets = outside.is_some_and(|outside| outside.humidifier || outside.pads.is_some());
        let mark = plant.exchanger_mark(index);
        if wets && !said.contains(&mark) {
            said.push(mark);
            let message = format!(
                "`{}` wets outdoor air with water that counts, but is never short: neither the \
                 limits nor the failures of `water` reach it",
                site.name
            );
            let help = "leave out its `pads` and `humidifier` to see the site without that water";
            sink.push(Diagnostic::warning(mark, message).code("doubtful").help(help));
        }
    }
}

const STOPS: &str = "an open tower without water rejects nothing; a basin bridges hours, not days";

/// Make-up of a loop at design heat in the thirstier of the extreme hours, kg/s.
fn most_water_kg_s(design: &LoopDesign, extremes: &Extremes) -> f64 {
    let model = CoolingLoop::new(design);
    let of = |air| model.solve(design.design_heat_w(), air, Drive::FULL).water.makeup_kg_s;
    of(&extremes.hottest).max(of(&extremes.most_humid))
}

/// What of a main falls short of `needs_kg_s`, with figures. A day of the hottest hour is a hard
/// one, so that a daily limit is held against the half of it.
fn short_of(main: &MainDesign, needs_kg_s: f64) -> Option<String> {
    let m3_h = |kg_s: f64| kg_s * 3.6;
    let needs = format!("takes up to {:.2} m3/h at design heat", m3_h(needs_kg_s));
    let half_day_kg = 0.5 * 86_400.0 * needs_kg_s;
    match (main.peak_kg_s, main.daily_kg) {
        (Some(most), _) if most < needs_kg_s => {
            Some(format!("{needs}, more than the `peak_flow` of {:.2} m3/h", m3_h(most)))
        }
        (_, Some(most)) if most < half_day_kg => Some(format!(
            "{needs}, which the `daily_limit` covers for {:.1} h",
            most / needs_kg_s / 3600.0
        )),
        _ => None,
    }
}

fn too_warm(design: &LoopDesign, extremes: &Extremes) -> Option<(String, &'static str)> {
    let held_c = design.held_c()?;
    let model = CoolingLoop::new(design);
    let supply_c = |air| model.solve(design.design_heat_w(), air, Drive::FULL).supply_c;
    let (hot_c, humid_c) = (supply_c(&extremes.hottest), supply_c(&extremes.most_humid));
    let (reached_c, air) =
        if hot_c > humid_c { (hot_c, &extremes.hottest) } else { (humid_c, &extremes.most_humid) };
    (reached_c > held_c + TOO_WARM_K).then(|| {
        let message = format!(
            "is to hold {held_c:.1} degC and reaches {reached_c:.1} degC at design heat in the \
             worst hour of this weather ({:.1} degC, wet bulb {:.1} degC)",
            air.dry_bulb_c,
            air.wet_bulb_c(),
        );
        (message, "size it for that hour, or ask for a warmer `supply`")
    })
}

fn freezes(design: &LoopDesign, extremes: &Extremes) -> Option<(String, &'static str)> {
    let water_c = design.coldest_water_c()?;
    (water_c < FROST_FREE_C && extremes.coldest_c < 0.0).then(|| {
        let message = format!(
            "lets its water go down to {water_c:.1} degC in weather of {:.1} degC: it freezes",
            extremes.coldest_c
        );
        (message, "5 to 7 degC are usual as the least; glycol stands more")
    })
}
