//! Plants over a year of weather, each a scenario from its text to its time series.

use std::path::Path;

use loadbank::fluids::MoistAir;
use loadbank::plant::cooling::{CoolingLoop, Drive};

use super::table::{Band, Table};
use super::year::{Year, load, simulate};
use crate::data::table_of;

/// A place with a file of typical weather.
#[derive(Debug, Clone, Copy)]
struct City {
    name: &'static str,
    file: &'static str,
    offset: &'static str,
}

const PHOENIX: City = City {
    name: "Phoenix",
    file: "USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw.gz",
    offset: "-07:00",
};
const STERLING: City = City {
    name: "Sterling",
    file: "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw.gz",
    offset: "-05:00",
};
const MIAMI: City =
    City { name: "Miami", file: "USA_FL_Miami.Intl.AP.722020_TMY3.epw.gz", offset: "-05:00" };
const GOLDEN: City =
    City { name: "Golden", file: "USA_CO_Golden-NREL.724666_TMY3.epw.gz", offset: "-07:00" };

/// A year of `city` with the component `plant` under a constant heat load.
fn year(data: &Path, city: City, plant: &str, heat: &str) -> Result<Year, String> {
    simulate(&format!(
        "name: plant\nstart: 2021-01-01T00:00:00{}\nduration: 365 days\n\
         weather: {{epw: {}}}\noutput: {{interval: 1 h}}\ncooling:\n  plant: {plant}\n\
         racks:\n  hall: {{kind: heat-load, power: {heat}, cooled_by: plant}}\n",
        city.offset,
        data.join("weather").join(city.file).display(),
    ))
}

/// The loop that `plant`, a component as users write it, resolves to.
pub(super) fn one_loop(plant: &str) -> CoolingLoop {
    let loaded = load(&format!(
        "name: plant\nstart: 2021-01-01T00:00:00Z\nduration: 1 day\nweather: {{climate: nordic}}\n\
         cooling:\n  plant: {plant}\n\
         racks:\n  hall: {{kind: heat-load, power: 1 W, cooled_by: plant}}\n"
    ))
    .unwrap_or_else(|said| panic!("{said}"));
    CoolingLoop::new(&loaded.design.loops[0].design)
}

/// Targets 6 and 15: EnergyPlus 25.2 years, hour by hour.
pub(super) fn energyplus(table: &mut Table, data: &Path) -> Result<(), String> {
    let cases = [
        (
            "6",
            "F Merkel tower",
            "F_merkel_full_const__phoenix.csv.gz",
            "{kind: tower, design_heat: 1 MW, tower: {ua: 57831.25 W/K, \
             wet_bulb_correction: false}, water_flow: 43.49274 kg/s, fans: {air_flow: 25 m3/s, \
             power: 10.5 kW, control: always-on}, pumps: {power: 11153.12 W}, \
             minimum_supply: 0 degC}",
        ),
        (
            "15",
            "G dry cooler",
            "G_dry_full_const__phoenix.csv.gz",
            "{kind: dry-cooler, design_heat: 1 MW, cooler: {ua: 200 kW/K}, \
             water_flow: 23.921 kg/s, fans: {air_flow: 110 m3/s, power: 44 kW, \
             control: always-on}, pumps: {power: 6815.796 W}, minimum_supply: 0 degC}",
        ),
    ];
    for (id, name, file, plant) in cases {
        let ours = year(data, PHOENIX, plant, "1 MW")?;
        let path = data.join("cooling").join(file);
        let theirs = table_of(&path, &["rej_t_out_C", "rej_fan_W"])?;
        let outlet = ours.column("plant_device_c")?;
        let pairs = outlet.iter().zip(&theirs);
        let rms = crate::data::mean(pairs.map(|(ours, row)| (ours - row[0]).powi(2))).sqrt();
        table.row(id, &format!("{name}: outlet of 8,760 h, rms, K"), 0.0, rms, Band::Most(0.05));
        let mean = crate::data::mean(theirs.iter().map(|row| row[0]));
        let ours_mean = crate::data::mean(outlet.iter().copied());
        table.row(id, &format!("{name}: mean outlet, degC"), mean, ours_mean, Band::Absolute(0.05));
        let fans = crate::data::mean(theirs.iter().map(|row| row[1])) / 1e6;
        let what = format!("{name}: fans, mean MW");
        table.row(id, &what, fans, ours.mean("plant_fans_mw")?, Band::Relative(0.01));
        if id == "6" {
            let evaporation = table_of(&path, &["evap_m3s"])?;
            let theirs = 3600.0 * crate::data::mean(evaporation.iter().map(|row| row[0]));
            let band = Band::Range(0.995 * theirs, 1.04 * theirs);
            let what = format!("{name}: evaporation, mean m3/h");
            table.row(id, &what, theirs, ours.mean("plant_evaporation_m3_per_h")?, band);
        }
    }
    Ok(())
}

/// A power chain of a megawatt: transformer, UPS, distribution.
const CHAIN: &str = "power:\n  grid: {kind: feed, capacity: 3 MW}\n\
                     \x20 tx: {kind: unit-transformer-2500kva, fed_by: grid, failures: null}\n\
                     \x20 ups: {kind: ups, rating: 2 MW, fed_by: tx}\n\
                     \x20 pdu-{1..4}: {kind: pdu, rating: 500 kVA, fed_by: ups}\n";

/// Why figures of a plant that is described in a line miss by more than the models differ.
const UNDESCRIBED: &str =
    "flows, set points and fan control of the case are not published; defaults stand in";

/// Why figures of case H miss.
const SEARCHED: &str = "the case's inputs are not published; these were searched in EnergyPlus \
                        (validation/energyplus), whose hourly step does not conserve heat and raises \
                        its chillers' power by up to 0.5 %; sizes of fans and pumps are unknown";

/// Targets 9, 10, 12 and 14: a York YT chiller on a tower, EnergyPlus, three cities. The inputs are
/// those of `validation/energyplus/yaml/case-h.yaml`, which give EnergyPlus the published chiller
/// powers to 0.13 %.
pub(super) fn case_h(table: &mut Table, data: &Path) -> Result<(), String> {
    let cases = [
        (PHOENIX, 1.395, 2.141, 130.01, 1.167),
        (STERLING, 1.017, 1.557, 127.73, 1.164),
        (MIAMI, 1.182, 1.844, 148.22, 1.186),
    ];
    for (city, evaporation, wue, chiller_kw, pue) in cases {
        let plant = "{kind: chiller-plant, design_heat: 1 MW, supply: 7 degC, \
         water_flow: 43.59555 kg/s, pumps: {power: 11153.12 W, heat: 90 %}, \
         chillers: {curves: york-yt-1055kw, capacity: 1.5 MW, beyond_curves: hold}, \
         condenser: {water_flow: 49.58869 kg/s, pump_power: 12738 W, supply: 17 degC, \
         minimum: 0 degC, minimum_basin: 1 degC}, tower: {ua: 105 kW/K, \
         wet_bulb_correction: false, flow_corrections: false}, fans: {air_flow: 30 m3/s, \
         power: 12100 W, control: cycling}}";
        let ours = year(data, city, plant, "1 MW")?;
        let named = |what: &str| format!("H chiller and tower, {}: {what}", city.name);
        let mut row = |id, what: &str, published, ours, band| {
            table.row_or(id, &named(what), (published, ours), band, SEARCHED);
        };
        let band = Band::Range(0.995 * evaporation, 1.04 * evaporation);
        row("9", "evaporation, L/kWh rejected", evaporation, ours.evaporation()?, band);
        row("10", "WUE, L/kWh", wue, ours.wue(), Band::Relative(0.04));
        let kw = 1000.0 * ours.mean("plant_chillers_mw")?;
        row("12", "chiller, mean kW", chiller_kw, kw, Band::Relative(0.003));
        row("14", "PUE - 1", pue - 1.0, ours.pue() - 1.0, Band::Relative(0.005));
    }
    Ok(())
}

/// Targets 9, 14 and 22: the same plant in several climates.
pub(super) fn climates(table: &mut Table, data: &Path) -> Result<(), String> {
    for (city, least, most) in
        [(PHOENIX, 1.32, 1.40), (STERLING, 1.02, 1.04), (GOLDEN, 1.11, 1.11), (MIAMI, 1.18, 1.18)]
    {
        let ours = year(data, city, "{kind: open-tower, design_heat: 1 MW}", "1 MW")?;
        let what = format!("tower in {}: evaporation, L/kWh rejected", city.name);
        let band = Band::Range(0.96 * least, 1.04 * most);
        table.row_or("9", &what, (0.5 * (least + most), ours.evaporation()?), band, UNDESCRIBED);
    }
    let plants = [
        (
            "warm-water tower",
            "{kind: warm-water-tower, design_heat: 1 MW}",
            [1.0195, 1.0188, 1.0236],
        ),
        (
            "dry cooler",
            "{kind: bac-dry-cooler, design_heat: 1 MW, range: 10 K, supply: 32 degC}",
            [1.033, 1.019, 1.038],
        ),
        (
            "air-cooled chiller",
            "{kind: air-cooled-chiller-30rb, design_heat: 1 MW}",
            [1.293, 1.281, 1.281],
        ),
    ];
    for (name, plant, published) in plants {
        for (city, published) in [PHOENIX, STERLING, MIAMI].into_iter().zip(published) {
            let ours = year(data, city, plant, "1 MW")?;
            let what = format!("{name} in {}: PUE - 1", city.name);
            let figures = (published - 1.0, ours.pue() - 1.0);
            table.row_or("14", &what, figures, Band::Relative(0.005), UNDESCRIBED);
        }
    }
    let mut wue = Vec::new();
    for (city, zone, published) in [
        (PHOENIX, "2B", 0.20),
        (STERLING, "4A", 0.15),
        (MIAMI, "1A", 0.0),
        (GOLDEN, "5B", f64::NAN),
    ] {
        // Wetted from the design dry bulb on, beyond which the fins alone no longer do.
        let plant =
            "{kind: adiabatic-dry-cooler, design_heat: 1 MW, pads: {enable_above: 35 degC}}";
        let ours = year(data, city, plant, "1 MW")?.wue();
        if published.is_finite() {
            let what =
                format!("Lei 2025 case 16_2, liquid on adiabatic coolers, {zone}: WUE, L/kWh");
            let reason = "how its coolers are sized and when they are wetted is not published; ours from 35 degC on";
            table.row_or("22", &what, (published, ours), Band::Absolute(0.05), reason);
        }
        wue.push(ours);
    }
    let [phoenix, sterling, miami, _] = wue[..] else { return Err("four cities".into()) };
    let holds = f64::from(u8::from(phoenix > sterling && sterling > miami));
    table.row_or(
        "22",
        "the order of its zones: 2B above 4A above 1A (1 for yes)",
        (1.0, holds),
        Band::Absolute(0.0),
        "as above",
    );
    Ok(())
}

/// Target 17, ESIF in Golden: 24 degC supply without chillers, 12.8 cycles. The towers' approach is
/// an assumption. With heat reuse the load is what is left of it; with the dry cooler ahead, water
/// returns at 35 degC, the size of the dry cooler is the preset's, and neither is published.
fn esif(table: &mut Table, data: &Path) -> Result<(), String> {
    const REUSED: f64 = 0.105;
    let built = "design_heat: 888 kW, water: {cycles_of_concentration: 12.8}, \
                 tower: {design_wet_bulb: 19 degC, design_supply: 24 degC}";
    let towers = format!("{{kind: tower, {built}}}");
    let ours = year(data, GOLDEN, &towers, "888 kW")?;
    table.row("17", "ESIF, towers alone: WUE, L/kWh", 1.42, ours.wue(), Band::Relative(0.15));
    let what = "ESIF: PUE (ours of the plant alone)";
    let reason = "ours is the plant alone: what else its 3.4 % hold is not published";
    table.row_or("17", what, (1.034, ours.pue()), Band::Absolute(0.01), reason);

    let left = format!("{} kW", 888.0 * (1.0 - REUSED));
    let ours = (1.0 - REUSED) * year(data, GOLDEN, &towers, &left)?.wue();
    let what = "ESIF, towers and heat reuse (10.5 %): WUE, L/kWh";
    table.row("17", what, 1.27, ours, Band::Relative(0.15));
    let warm = format!("{built}, range: 11 K");
    let wet = year(data, GOLDEN, &format!("{{kind: tower, {warm}}}"), &left)?;
    let hybrid = format!("{{kind: dry-cooler-ahead-of-tower, {warm}}}");
    let hybrid = year(data, GOLDEN, &hybrid, &left)?;
    let dry = hybrid.mean("plant_dry_mw")? / hybrid.mean("plant_rejected_mw")?;
    let reason = "size, air and control of its dry cooler are not published; ours is the preset's";
    let figures = (0.425, (1.0 - REUSED) * dry);
    let what = "ESIF, dry cooler ahead of the towers: share of the heat that it takes";
    table.row_or("17", what, figures, Band::Relative(0.15), reason);
    let figures = (0.70, (1.0 - REUSED) * hybrid.wue());
    let what = "the same: WUE, L/kWh";
    table.row_or("17", what, figures, Band::Relative(0.15), reason);
    let figures = (1.0 - dry, hybrid.wue() / wet.wue());
    let what = "the same: WUE over that of its towers alone, against their share";
    let reason = "the towers are left the warm hours, in which a kilowatt-hour takes more water";
    table.row_or("17", what, figures, Band::Relative(0.03), reason);
    Ok(())
}

/// Targets 18 and 21: sites that were measured or surveyed.
pub(super) fn sites(table: &mut Table, data: &Path) -> Result<(), String> {
    esif(table, data)?;

    // Summit: five samples of 2021-01-25, 22:30 UTC, and two of 2020-01-31, 21:15 UTC.
    let columns = ["tower_tons", "t_db_F", "t_wb_F", "makeup_gpm", "plant_kW_per_ton", "pue"];
    let samples = table_of(&data.join("cooling/summit_points.csv"), &columns)?;
    let (towers, chillers): (Vec<_>, Vec<_>) = samples.into_iter().partition(|row| row[0] > 0.0);
    let mean = |rows: &[Vec<f64>], i: usize| crate::data::mean(rows.iter().map(|row| row[i]));
    let celsius = |f: f64| (f - 32.0) / 1.8;
    let heat_w = mean(&towers, 0) * 3516.85;
    let air = |rows: &[Vec<f64>]| {
        MoistAir::from_wet_bulb(celsius(mean(rows, 1)), celsius(mean(rows, 2)), 98_400.0)
    };
    let tower = one_loop(
        "{kind: tower, design_heat: 12 MW, range: 9.1 K, supply: 19 degC, \
         fans: {count: 8}}",
    );
    let state = tower.solve(heat_w, &air(&towers), Drive::FULL);
    // Make-up of 39.3 gpm over 7.91 MW.
    let published = mean(&towers, 3) * 3.785_41 * 60.0 / (heat_w / 1e3);
    let ours = state.water.makeup_kg_s * 3600.0 / (heat_w / 1e3);
    table.row("18", "Summit on its towers: make-up, L/kWh", published, ours, Band::Relative(0.2));
    let pue = 1.0 + (state.fan_w + state.pump_w) / heat_w;
    let what = "Summit on its towers: PUE (ours of the plant alone)";
    table.row("18", what, mean(&towers, 5), pue, Band::Absolute(0.02));
    let chilled = one_loop(
        "{kind: chiller-plant, design_heat: 10 MW, chillers: {count: 5}, \
     fans: {count: 8}}",
    );
    let heat_w = 7.66e6;
    let state = chilled.solve(heat_w, &air(&chillers), Drive::FULL);
    let ours = (state.fan_w + state.pump_w + state.chiller_w) / heat_w * 3.516_85;
    let published = mean(&chillers, 4);
    table.row_or(
        "18",
        "Summit on chillers alone: plant, kW/ton",
        (published, ours),
        Band::Relative(0.2),
        "its chilled and condenser water temperatures are not in the samples",
    );

    // LBNL 2024, medians of its large and liquid-cooled types, over four climates.
    let air_side =
        "  hall-air: {kind: air-handler, design_heat: 1 MW, cooled_by: plant, fed_by: tx}\n";
    let plants = [
        (
            "air, chillers and economiser",
            "{kind: chiller-with-economiser, design_heat: 1.05 MW, chillers: {count: 2}, \
             fed_by: tx}",
            true,
            (1.118, 2.18),
        ),
        (
            "liquid, tower",
            "{kind: warm-water-tower, design_heat: 1 MW, fed_by: tx}",
            false,
            (1.133, 1.96),
        ),
        (
            "liquid, adiabatic cooler",
            "{kind: adiabatic-dry-cooler, design_heat: 1 MW, fed_by: tx}",
            false,
            (1.093, 0.13),
        ),
        (
            "liquid, dry cooler",
            "{kind: bac-dry-cooler, design_heat: 1 MW, range: 10 K, fed_by: tx}",
            false,
            (1.093, 0.0),
        ),
    ];
    for (name, plant, by_air, (pue, wue)) in plants {
        let (mut pues, mut wues) = (Vec::new(), Vec::new());
        for city in [PHOENIX, STERLING, MIAMI, GOLDEN] {
            let (air, cooled_by) = if by_air { (air_side, "hall-air") } else { ("", "plant") };
            let year = simulate(&format!(
                "name: plant\nstart: 2021-01-01T00:00:00{}\nduration: 365 days\n\
                 weather: {{epw: {}}}\noutput: {{interval: 1 h}}\n{CHAIN}cooling:\n\
                 \x20 plant: {plant}\n{air}racks:\n  hall: {{kind: heat-load, count: 4, \
                 power: 250 kW, fed_by: 'pdu-{{1..4}}', cooled_by: {cooled_by}}}\n",
                city.offset,
                data.join("weather").join(city.file).display(),
            ))?;
            pues.push(year.pue());
            wues.push(year.wue());
        }
        let what = format!("LBNL 2024 median, {name}: PUE, mean of 4 climates");
        let reason = "its mix of climates, loads and losses is not ours: a comparison, no test";
        let figures = (pue, crate::data::mean(pues));
        table.row_or("21", &what, figures, Band::Absolute(0.04), reason);
        let what = format!("LBNL 2024 median, {name}: WUE, L/kWh");
        let ours = crate::data::mean(wues);
        // Its towers' water is an upper comparator: cycles of 3 to 15 and windage up to 0.5 %.
        let band = match wue {
            high if high > 1.0 => Band::Range(0.65 * high, high),
            low => Band::Absolute(0.05 + 0.5 * low),
        };
        table.row_or("21", &what, (wue, ours), band, reason);
    }
    Ok(())
}

/// Targets 21 and 23: halls on outdoor air with pads and a humidifier, chillers behind.
pub(super) fn outside_air(table: &mut Table, data: &Path) -> Result<(), String> {
    const COMPARED: &str =
        "its mix of climates, loads and losses is not ours: a comparison, no test";
    let hall = |city: City, plant: &str| {
        simulate(&format!(
            "name: plant\nstart: 2021-01-01T00:00:00{}\nduration: 365 days\n\
             weather: {{epw: {}}}\noutput: {{interval: 1 h}}\n{CHAIN}cooling:\n\
             \x20 plant: {plant}\n\
             \x20 hall-air: {{kind: air-handler, design_heat: 1 MW, cooled_by: plant, fed_by: tx, \
             outside_air: {{pads: {{}}, humidifier: true}}}}\nracks:\n  hall: {{kind: heat-load, \
             count: 4, power: 250 kW, fed_by: 'pdu-{{1..4}}', cooled_by: hall-air}}\n",
            city.offset,
            data.join("weather").join(city.file).display(),
        ))
    };
    let plants = [
        (
            "water-cooled chillers",
            "{kind: water-cooled-chiller, design_heat: 1.05 MW, chillers: {count: 2}, \
             supply: 15 degC, fed_by: tx}",
            (1.143, 0.42),
        ),
        (
            "air-cooled chillers",
            "{kind: air-cooled-chiller-30rb, design_heat: 1.05 MW, chillers: {count: 2}, \
             supply: 15 degC, fed_by: tx}",
            (1.169, 0.02),
        ),
    ];
    let cities = [(PHOENIX, "2B"), (STERLING, "4A"), (MIAMI, "1A"), (GOLDEN, "5B")];
    let mut by_zone = Vec::new();
    for (name, plant, (pue, wue)) in plants {
        let (mut pues, mut wues) = (Vec::new(), Vec::new());
        for (city, _) in cities {
            let year = hall(city, plant)?;
            pues.push(year.pue());
            wues.push(year.wue());
        }
        let what = format!("LBNL 2024 median, outside air and {name}: PUE, mean of 4 climates");
        let ours = crate::data::mean(pues);
        table.row_or("21", &what, (pue, ours), Band::Absolute(0.04), COMPARED);
        let what = format!("LBNL 2024 median, outside air and {name}: WUE, L/kWh");
        let ours = crate::data::mean(wues.iter().copied());
        table.row_or("21", &what, (wue, ours), Band::Absolute(0.05 + 0.5 * wue), COMPARED);
        if by_zone.is_empty() {
            by_zone = wues;
        }
    }
    let path = data.join("cooling/lei2025_pue_wue_quantiles_by_zone.csv");
    let text = String::from_utf8(crate::data::read(&path)?).map_err(|e| e.to_string())?;
    let median = |zone: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("1,{zone},")));
        let cell = line.and_then(|line| line.split(',').rev().nth(4)).and_then(|c| c.parse().ok());
        cell.ok_or_else(|| format!("{}: no case 1 in {zone}", path.display()))
    };
    let mut published: Vec<f64> = Vec::new();
    for ((_, zone), ours) in cities.into_iter().zip(&by_zone) {
        let theirs = median(zone)?;
        let what =
            format!("Lei 2025 case 1, outside air and chillers on towers, {zone}: WUE, L/kWh");
        let reason = "set points, sizes and cycles of its plants are samples, ours one plant";
        table.row_or("23", &what, (theirs, *ours), Band::Relative(0.5), reason);
        published.push(theirs);
    }
    let order = |wue: &[f64]| {
        let mut zones = vec![0, 1, 2, 3];
        zones.sort_by(|&a, &b| wue[b].total_cmp(&wue[a]));
        zones
    };
    let same = f64::from(u8::from(order(&published) == order(&by_zone)));
    table.row_or(
        "23",
        "the same order of its zones (1 for yes)",
        (1.0, same),
        Band::Absolute(0.0),
        COMPARED,
    );
    Ok(())
}
