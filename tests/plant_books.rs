//! Plants of any kind in any weather, breaking all the time: their books balance.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::support::{Bench, column, simulate_file};

/// Stands for what fails, whose rate is drawn later.
const FAILURES: &str = "failures: UNIT";
const FAILING: &str = "upkeep: {failures: UNIT}";

/// A loop as a user would write it, all but its name.
fn plant() -> impl Strategy<Value = String> {
    let fans = prop_oneof![Just("variable-speed"), Just("cycling"), Just("always-on")];
    let tower = (fans.clone(), 12.0f64..30.0, 1u32..4, any::<bool>()).prop_map(
        |(fans, supply, cells, corrected)| {
            format!(
                "kind: tower, design_heat: 1 MW, supply: {supply:.1} degC, \
                 tower: {{wet_bulb_correction: {corrected}}}, \
                 fans: {{control: {fans}, count: {cells}, {FAILING}}}, \
                 pumps: {{count: 2, {FAILING}}}"
            )
        },
    );
    let pads = prop_oneof![Just(""), Just(", pads: {enable_above: 20 degC}")];
    let dry = (fans.clone(), 20.0f64..45.0, 1u32..4, pads).prop_map(|(fans, supply, units, pads)| {
        format!(
            "kind: dry-cooler, design_heat: 1 MW, supply: {supply:.1} degC, coolant: pg25{pads}, \
             fans: {{control: {fans}, count: {units}, {FAILING}}}, \
             pumps: {{count: 3, {FAILING}}}"
        )
    });
    let economiser = prop_oneof![Just(""), Just(", economiser: {approach: 2 K}")];
    let chilled = (fans, 6.0f64..18.0, 1u32..4, economiser, 0u64..15).prop_map(
        |(fans, supply, chillers, economiser, delay)| {
            format!(
                "kind: chiller-plant, design_heat: 1 MW, supply: {supply:.1} degC{economiser}, \
                 chillers: {{count: {chillers}, upkeep: {{restart: {delay} min, {FAILURES}}}}}, \
                 fans: {{control: {fans}, {FAILING}}}, pumps: {{count: 2, {FAILING}}}"
            )
        },
    );
    let air_cooled = (6.0f64..15.0, 1u32..4).prop_map(|(supply, chillers)| {
        format!(
            "kind: air-cooled-chiller, design_heat: 1 MW, supply: {supply:.1} degC, \
             chillers: {{count: {chillers}, {FAILING}}}, pumps: {{{FAILING}}}"
        )
    });
    let hall = Just(format!("kind: ventilation, design_heat: 1 MW, fans: {{{FAILING}}}"));
    let wet = |kind: &'static str| {
        (20.0f64..32.0).prop_map(move |supply| {
            format!(
                "kind: {kind}, design_heat: 1 MW, supply: {supply:.1} degC, \
                 fans: {{{FAILING}}}, pumps: {{{FAILING}}}"
            )
        })
    };
    let trim = prop_oneof![
        Just("main: {capacity: 300 kW}".to_owned()),
        (1u32..4, prop_oneof![Just(""), Just(", tower: {}")], 0u64..15).prop_map(
            |(chillers, tower, delay)| {
                format!(
                    "supply: 8 degC{tower}, \
                     chillers: {{count: {chillers}, upkeep: {{restart: {delay} min, {FAILURES}}}}}"
                )
            },
        ),
    ];
    let device = prop_oneof![Just("tower"), Just("dry-cooler")];
    let trimmed = (device, 12.0f64..30.0, trim).prop_map(|(device, supply, trim)| {
        format!(
            "kind: {device}, design_heat: 1 MW, supply: {supply:.1} degC, trim: {{{trim}}}, \
             fans: {{count: 2, {FAILING}}}, pumps: {{count: 2, {FAILING}}}"
        )
    });
    prop_oneof![
        tower,
        dry,
        trimmed,
        chilled,
        air_cooled,
        hall,
        wet("fluid-cooler"),
        wet("hybrid-cooler")
    ]
}

/// What stands between the loop and the heat, if anything.
fn exchanger() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        Just(None),
        Just(Some("cdu")),
        Just(Some("air-handler")),
        Just(Some("immersion-tank"))
    ]
}

/// Three days of hours: a walk of the dry bulb, and the humidity.
fn weather() -> impl Strategy<Value = String> {
    let hours = proptest::collection::vec((-4.0f64..4.0, 0.05f64..1.0), 72);
    (-30.0f64..48.0, hours).prop_map(|(start_c, hours)| {
        let mut table = "at,t,rh\n".to_owned();
        let mut dry_bulb_c = start_c;
        for (hour, (step_k, humidity)) in hours.into_iter().enumerate() {
            dry_bulb_c = (dry_bulb_c + step_k).clamp(-35.0, 50.0);
            let (day, hour) = (1 + hour / 24, hour % 24);
            writeln!(
                table,
                "2026-07-{day:02}T{hour:02}:00Z,{dry_bulb_c:.2},{:.1}",
                100.0 * humidity
            )
            .unwrap();
        }
        table
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 10, ..ProptestConfig::default() })]

    /// Heat that came in against heat that went out and what the masses hold, and water that was
    /// drawn against where it went: `balanced` holds both to a billionth.
    #[test]
    fn a_plant_that_breaks_all_the_time_balances_its_books(
        plant in plant(),
        between in exchanger(),
        table in weather(),
        shares in proptest::collection::vec(prop_oneof![Just(0.0f64), 0.0f64..1.0, Just(1.0)], 24),
        (rate_per_day, altitude_m, seed) in (0.0f64..12.0, 0.0f64..4300.0, 1u64..1000),
        limits in prop_oneof![Just(""), Just(", throttle_inlet: 50 degC, trip_inlet: 70 degC")],
    ) {
        let bench = Bench::new();
        bench.file("weather.csv", table);
        let air = plant.contains("ventilation");
        let exchanger = between.filter(|_| !air).map_or(String::new(), |kind| {
            format!("  mid: {{kind: {kind}, design_heat: 1 MW, cooled_by: plant, fed_by: breaker}}\n")
        });
        let cooled_by = if exchanger.is_empty() { "plant" } else { "mid" };
        let unit = format!("{{rate: {rate_per_day:.2} /day, repair_mean: 2 h}}");
        let plant = plant.replace("UNIT", &unit);
        let shares: Vec<String> = shares.iter().map(|share| format!("{share:.3}")).collect();
        let path = bench.file(
            "plant.yaml",
            format!(
                "name: plant\nstart: 2026-07-01T00:00:00Z\nduration: 3 days\nseed: {seed}\n\
                 site: {{altitude: {altitude_m:.0} m}}\n\
                 weather: {{csv: weather.csv, columns: {{dry_bulb: {{column: t, unit: degC}}, \
                 relative_humidity: {{column: rh, unit: '%'}}}}}}\noutput: {{interval: 1 h}}\n\
                 power:\n  bus: {{kind: feed, capacity: 5 MW}}\n  breaker: {{kind: switchgear, \
                 fed_by: bus, failures: {{rate: {rate_per_day:.2} /day, repair_mean: 20 min}}}}\n\
                 cooling:\n  plant: {{{plant}, fed_by: breaker}}\n{exchanger}\
                 racks:\n  hall: {{kind: heat-load, power: 1 MW, fed_by: bus, \
                 cooled_by: {cooled_by}, daily_profile: [{}]{limits}}}\n",
                shares.join(", "),
            ),
        );
        let told = simulate_file(&path, &[]);
        prop_assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        for (place, name) in told.columns.iter().enumerate() {
            if name.ends_with("_mw") || name.ends_with("_m3_per_h") {
                let finite = told.rows.iter().all(|row| row[place].is_finite());
                prop_assert!(finite, "{} is no number", name);
            }
        }
    }
}

/// A standing loop behind running fans: the air of the hall warms at the rate of its cabinets, and
/// nothing warms it beyond 100 degC.
#[test]
fn heat_without_water_warms_the_hall() {
    let bench = Bench::new();
    let path = bench.file(
        "plant.yaml",
        "name: plant\nstart: 2026-07-01T00:00:00Z\nduration: 1 h\nweather: {climate: nordic}\n\
         output: {interval: 1 min}\npower:\n  bus: {kind: feed, capacity: 5 MW}\n\
         \x20 breaker: {kind: switchgear, fed_by: bus, failures: {rate: 60 /h, repair_mean: 900 days}}\n\
         cooling:\n  plant: {kind: air-cooled-chiller, design_heat: 1 MW, fed_by: breaker}\n\
         \x20 mid: {kind: air-handler, design_heat: 1 MW, cooled_by: plant, fed_by: bus}\n\
         racks:\n  hall: {kind: heat-load, power: 1 MW, fed_by: bus, cooled_by: mid}\n",
    );
    let told = simulate_file(&path, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let failed = told.events.iter().find(|line| line.contains("failed breaker")).unwrap();
    let failed_s = failed.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9;
    // A megawatt and 50 kW of fans on 100 cabinets, in small steps: 1.2 MJ/K of air and 6 MJ/K of
    // metal over 15 kW/K, from the 10.67 degC that the chillers' 6.67 and the coil's approach leave.
    let inlets = column(&told, "mid_inlet_c");
    let (mut air_c, mut metal_c) = (inlets[0], inlets[0]);
    let mut full_s = None;
    for step in 0..3_600_000 {
        let now_s = failed_s + f64::from(step) * 1e-3;
        let conducted_w = 15e3 * (air_c - metal_c);
        air_c += 1e-3 * (1.05e6 - conducted_w) / 1.2e6;
        metal_c += 1e-3 * conducted_w / 6e6;
        if air_c >= 100.0 {
            full_s = Some(now_s);
            break;
        }
    }
    let full_s = full_s.unwrap();
    assert!((240.0..420.0).contains(&full_s), "{full_s}");
    // The rows read the inlet at the instants at which it has moved by a tenth of its way.
    let minute = (full_s / 60.0) as usize;
    assert!(inlets[minute - 2] < 97.0, "{inlets:?}");
    let after = &inlets[minute + 2..];
    assert!(after.iter().all(|c| (c - 100.0).abs() < 1e-3), "{after:?}");
    let live = column(&told, "hall_live_racks");
    assert!(live.iter().all(|racks| *racks == 1.0));
}
