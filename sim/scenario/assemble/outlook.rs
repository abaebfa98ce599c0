//! What the weather of the run will make of the loops: set points that it does not allow, water
//! that freezes.

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::plant::Plant;
use crate::fluids::MoistAir;
use crate::grid::{Weather, WeatherDesign};
use crate::kernel::{Streams, Time};
use crate::plant::cooling::{CoolingLoop, Drive, LoopDesign};
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

/// Warns of each declared loop that cannot hold its set point in the weather of the run, or whose
/// water may freeze in it.
pub(super) fn check(
    plant: &Plant,
    weather: &WeatherDesign,
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
