//! What a summary says aloud before its figures, and that it says nothing where there is nothing.

use loadbank::facility::{Note, Outcome, RULES, Rule};
use loadbank::report::{json, text};

use super::exchangers::simulate_in;
use super::services::OVERLOADED;
use super::support::{Bench, SMALL, simulate, simulate_file};

fn codes(outcome: &Outcome) -> Vec<(&str, &str)> {
    outcome.notes.iter().map(|note| (note.code, note.subject.as_str())).collect()
}

fn note<'a>(outcome: &'a Outcome, code: &str, subject: &str) -> &'a Note {
    let found = outcome.notes.iter().find(|note| (note.code, &*note.subject) == (code, subject));
    found.unwrap_or_else(|| panic!("{code} of `{subject}` is not in {:?}", outcome.notes))
}

/// A megawatt of heat and a dry cooler that carries it.
const SOUND: &str = "\
name: sound
start: 2026-01-01T00:00:00Z
duration: 5 days
weather: {climate: nordic}
cooling:
  dry: {kind: dry-cooler, design_heat: 1 MW}
racks:
  hall: {kind: heat-load, power: 900 kW, cooled_by: dry}
";

#[test]
fn a_sound_site_has_nothing_to_know() {
    let outcome = simulate(SOUND, &[]).outcome;
    assert_eq!(codes(&outcome), []);
    let said = text::summary(&outcome, "runs".as_ref(), std::time::Duration::ZERO);
    assert!(!said.contains("What to know"), "{said}");
    assert!(json::summary(&outcome).contains("\"what_to_know\": {},"));
}

#[test]
fn a_service_that_cannot_keep_up_is_named() {
    // A sixth of what arrives is served; with room for one that waits the rest is turned away.
    let refusing = simulate(OVERLOADED, &["workloads.chat.max_waiting=1"]).outcome;
    let overloaded = note(&refusing, "service-overloaded", "chat");
    let left_out = note(&refusing, "left-out", "chat");
    assert!((0.7..0.9).contains(&overloaded.value) && left_out.value >= overloaded.value);
    assert!(!codes(&refusing).iter().any(|(code, _)| *code == "queue-growing"));
    // Without a bound the queue takes what arrives in excess: of 20 a second some 3 are served.
    let growing = simulate(OVERLOADED, &[]).outcome;
    let waiting = note(&growing, "queue-growing", "chat").value;
    assert!((6_000.0..10_000.0).contains(&waiting), "{waiting} of 17 a second for 510 s");
    assert!(!codes(&growing).iter().any(|(code, _)| *code == "service-overloaded"));
    // Half of the load is no overload.
    let light = simulate(OVERLOADED, &["workloads.chat.arrivals.rate_per_replica=1 /s"]).outcome;
    assert_eq!(codes(&light), []);
    let said = text::summary(&refusing, "runs".as_ref(), std::time::Duration::ZERO);
    let (block, energy) = (said.find("What to know").unwrap(), said.find("Energy").unwrap());
    assert!(block < energy, "it stands first");
    let json: serde_json::Value = serde_json::from_str(&json::summary(&refusing)).unwrap();
    assert_eq!(json["what_to_know"]["service-overloaded"]["chat"]["unit"], "share");
}

/// An import limit holds racks below their wish for two of seven days, through the feed.
#[test]
fn a_cap_is_told_with_what_it_comes_through() {
    let two_days = "control={curtailments: [{start: 2026-07-02T00:00:00Z, duration: 2 days, \
                    import: 600 kW}]}";
    let told = simulate(SMALL, &[two_days]);
    let capped = note(&told.outcome, "capped", "mine-hall");
    assert!((capped.value - 2.0 / 7.0).abs() < 0.03, "{}", capped.value);
    assert!(capped.text.contains("utility 2"), "{}", capped.text);
    // The hall that no limit reaches is not told of.
    assert!(!codes(&told.outcome).contains(&("capped", "chat-hall")));
}

#[test]
fn outages_that_nothing_carries_are_told() {
    let feed = "power.utility.failures={rate: 1 /day, repair_mean: 3 h}";
    let outcome = simulate(SMALL, &[feed]).outcome;
    let failures = outcome.real("failures(utility)");
    assert_eq!(note(&outcome, "no-ride-through", "").value, failures);
    // The hold-up of racks, which counts where the chain has machines, carries nothing.
    let bess = "power.bess={kind: battery, power: 100 kW, energy: 100 kWh, fed_by: utility}";
    let held = simulate(SMALL, &[feed, bess]).outcome;
    assert_eq!(note(&held, "no-ride-through", "").value, failures);
    // Hours in the dark have a cause.
    assert!(!codes(&outcome).iter().any(|(code, _)| *code == "hall-dark"));
}

/// Twice the heat that the cooler was built for, in the desert, with nothing broken: racks trip, and
/// stay dark or are tripped again and again.
#[test]
fn a_plant_that_cannot_carry_its_heat_is_told() {
    let hot = [
        "racks.hall.trip_inlet=45 degC",
        "racks.hall.count=4",
        "racks.hall.power=500 kW",
        "weather={climate: phoenix}",
        "start=2026-07-01T07:00:00Z",
    ];
    let told = simulate(SOUND, &hot);
    let outcome = &told.outcome;
    let [trips, again] =
        ["heat_trips(hall)", "heat_trips_again(hall)"].map(|figure| outcome.real(figure));
    let dark_h = outcome.real("outage_longest_h(hall)");
    assert!(trips > 0.0, "it was never too hot");
    let found = |code: &str| outcome.notes.iter().find(|note| note.code == code);
    let hunting = found("hunting").map(|note| note.value);
    assert_eq!(hunting, (again >= 5.0 && again > 0.5 * trips).then_some(again), "of {trips}");
    assert!(hunting.is_some() || dark_h > 1.0, "{again} of {trips} trips, {dark_h} h in the dark");
    match found("hall-dark") {
        Some(note) => assert!((note.value - dark_h).abs() < 1e-9, "{} of {dark_h} h", note.value),
        None => assert!(dark_h <= 1.0, "{dark_h} h in the dark"),
    }
}

#[test]
fn a_trace_that_ends_early_is_told() {
    let bench = Bench::new();
    let line =
        |ms: u64| format!("{{\"timestamp\": {ms}, \"input_length\": 50, \"output_length\": 5}}\n");
    bench.file("trace.jsonl", (0..=60).map(|i| line(60_000 * i)).collect::<String>());
    let drawn = "arrivals: {rate_per_replica: 0.05 /s}";
    let played = "trace: {kind: mooncake, file: trace.jsonl}";
    assert!(SMALL.contains(drawn));
    let path = bench.file("small.yaml", SMALL.replace(drawn, played));
    let outcome = simulate_file(&path, &["duration=1 day"]).outcome;
    assert!((note(&outcome, "trace-ended", "chat").value - 1.0).abs() < 1e-9);
    let outcome = simulate_file(&path, &["duration=61 min"]).outcome;
    assert!(!codes(&outcome).iter().any(|(code, _)| *code == "trace-ended"));
}

/// Dry coolers sized for 57 degC in a Phoenix July, behind a CDU with 1 L/min per kilowatt: racks
/// rated for 45 degC and 1.2 L/min per kilowatt run, warmer and with less than that.
const HOT_WATER: &str = "\
name: hot
start: 2026-07-01T00:00:00Z
duration: 6 h
site: {time_zone: UTC}
weather: {climate: phoenix}
cooling:
  out: {kind: dry-cooler, design_heat: 600 kW, supply: 52 degC, range: 8 K, cooler: {design_dry_bulb: 45 degC, design_supply: 52 degC}}
  cdu: {kind: cdu, design_heat: 480 kW, flow: 480 L/min, cooled_by: out}
racks:
  hall:
    kind: gb200-nvl72
    coolant: {supply: 45 degC, flow: 144 L/min}
    count: 4
    cooled_by: cdu
workloads:
  job: {kind: llama-3-pretraining, racks: hall}
price: {fixed: 50 $/MWh}
";

#[test]
fn coolant_beyond_the_rating_of_racks_is_told_by_check_and_run() {
    let bench = Bench::new();
    let said = |text: &str| {
        bench.file("hot.yaml", text);
        let output = bench.loadbank("check hot.yaml").output().unwrap();
        let all = [output.stdout, output.stderr].concat();
        String::from_utf8(all).unwrap()
    };
    let told = said(HOT_WATER);
    assert!(told.contains("to racks that are rated for 45.0 degC"), "{told}");
    // 480 L/min for four racks, of PG25 as rated.
    assert!(told.contains("moves 120 L/min of PG25 through each rack"), "{told}");
    let outcome = simulate(HOT_WATER, &[]).outcome;
    let warm = note(&outcome, "warm-coolant", "hall");
    assert!((5.5..=6.0).contains(&warm.value), "{} of 6 h", warm.value);
    let warmest = outcome.real("max_inlet_c(cdu)");
    assert!(warm.text.contains(&format!("up to {warmest:.1} degC")), "{}", warm.text);
    // A loop of 36 degC and enough flow: nothing to tell.
    let cool = HOT_WATER
        .replace("52 degC", "47 degC")
        .replace("supply: 45 degC, flow", "supply: 60 degC, flow")
        .replace("480 L/min", "720 L/min");
    assert!(told.contains("hot: can be run, with 3 warnings."), "{told}");
    assert!(!said(&cool).contains("rated"), "{}", said(&cool));
    assert_eq!(codes(&simulate(&cool, &[]).outcome), []);
}

/// The rating says how much of the heat the liquid takes, and what is written goes before it.
#[test]
fn the_rated_share_of_the_liquid_is_the_default() {
    let site =
        HOT_WATER.replace("    cooled_by: cdu\n", "    cooled_by: cdu\n    air_cooled_by: air\n");
    let site = site.replace(
        "racks:\n",
        "  air: {kind: air-handler, design_heat: 100 kW, cooled_by: out}\nracks:\n",
    );
    let share = |text: &str| {
        let bench = Bench::new();
        let path = bench.file("site.yaml", text);
        super::support::load(&path, &[]).design.halls[0].air_share
    };
    // That of the catalogue, 115 of 132 kW, unless something else is written.
    assert!((share(&site) - 0.13).abs() < 1e-12);
    assert!((share(&site.replace("flow: 144", "share: 60 %, flow: 144")) - 0.4).abs() < 1e-12);
    let written = site.replace("    count: 4", "    liquid_capture: 70 %\n    count: 4");
    assert!((share(&written) - 0.3).abs() < 1e-12);
}

/// A dry cooler at full speed leaves its coolant as far above the air as at its design point,
/// whatever the air has.
#[test]
fn a_supply_that_is_not_held_is_told() {
    let site = "\
name: warm
start: 2026-07-01T00:00:00Z
duration: 1 day
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
cooling:
  dry: {kind: dry-cooler, design_heat: 1 MW, supply: 40 degC, cooler: {design_dry_bulb: 30 degC, design_supply: 40 degC}}
racks:
  hall: {kind: heat-load, power: 1 MW, cooled_by: dry, trip_inlet: 70 degC}
";
    let held = simulate_in(31.0, site, &[]).outcome;
    assert!(!codes(&held).iter().any(|(code, _)| *code == "warm-supply"), "a kelvin is no news");
    let warm = simulate_in(35.0, site, &[]).outcome;
    let warm = note(&warm, "warm-supply", "dry");
    // But for the minutes in which the coolant warms.
    assert!((0.98..=1.0).contains(&warm.value), "{}", warm.value);
    assert!(warm.text.contains("up to 45.0 degC"), "{}", warm.text);
    // Fans that always run hold nothing.
    let floats = "cooling.dry.fans={control: always-on}";
    let floats = simulate_in(35.0, site, &[floats]).outcome;
    assert!(!codes(&floats).iter().any(|(code, _)| *code == "warm-supply"));
}

#[test]
fn rules_have_one_code_each() {
    for (index, Rule { code, when, .. }) in RULES.iter().enumerate() {
        assert!(RULES[..index].iter().all(|other| other.code != *code), "{code}");
        assert!(when.contains(" The value is "), "{code}: {when}");
    }
}

/// Generators that nobody calls are no reason why racks are held below their demand; the feed is.
#[test]
fn a_part_that_is_not_on_limits_nothing() {
    let site = "\
name: standby
start: 2026-01-01T00:00:00Z
duration: 1 day
weather: {climate: nordic}
price: {fixed: 30 $/MWh}
power:
  utility: {kind: feed, capacity: 500 kW, outages: none}
  set: {kind: genset, rating: 1 MW, standby: {rate: 0 /year}}
  bus: {kind: generator-bus, sets: [set]}
  main: {kind: transfer, fed_by: utility, emergency: bus}
cooling:
  air: {kind: asic-hall, design_heat: 720 kW, fed_by: main}
racks:
  mine-hall: {kind: s21-container, fed_by: main, cooled_by: air}
workloads:
  mine: {kind: mining, racks: mine-hall, income: {hash_price: 53 $/PH/day}}
";
    let outcome = simulate(site, &[]).outcome;
    let note = note(&outcome, "capped", "mine-hall");
    assert!(note.value > 0.99, "{note:?}");
    assert!(note.text.contains("at their limits then: utility 100.0 %"), "{}", note.text);
    assert!(!note.text.contains("bus") && !note.text.contains("set"), "{}", note.text);
}
