//! `events:`: what a scenario makes happen, and what it refuses.

use loadbank::facility::{Subject, SubjectKind};

use super::support::{Bench, Told, simulate, simulate_file};

/// A hall of two racks behind a UPS with a battery, an ATS and a generator.
const SITE: &str = "
name: reserve
start: 2026-07-01T00:00:00Z
duration: 2 days
seed: 1
weather: {climate: west-texas}
price: {fixed: 40 $/MWh}
output: {interval: 15 min}
power:
  utility: {kind: feed, capacity: 1 MW, outages: none}
  set: {kind: genset, rating: 500 kW}
  ats: {kind: transfer, fed_by: utility, emergency: set}
  ups: {kind: ups, rating: 200 kW, fed_by: ats, battery: {runtime: 5 min}, failures: {rate: 0 /year}}
racks:
  hall: {kind: dgx-h100, count: 2, fed_by: ups}
workloads:
  train: {kind: training, racks: hall, price: 2 $/h, jobs: {kind: resident}}
";

/// The site with these events.
fn with(events: &str) -> String {
    format!("{SITE}events:\n{events}")
}

/// An outage of eight minutes is carried: by the battery while the generator starts, then by the
/// generator until the utility has been back for a quarter of an hour.
#[test]
fn an_injected_outage_is_carried_as_the_sequence_says() {
    let bench = Bench::new();
    bench.file("site.yaml", with("  - {at: 6 h, utility: {outage: 8 min}}\n"));
    let told = simulate_file(&bench.path().join("site.yaml"), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(told.outcome.count("power_losses"), 0);
    let site = told.outcome.site();
    // As TL1: out at 0, on the generator at 11.6 s, back on the utility at 1380.1 s, cooled down
    // 300 s later; the set runs from 11 s on.
    let run_h = (1380.1 - 11.0 + 300.0) / 3600.0;
    assert!((site.real("reserve.run_h") - run_h).abs() < 1e-9, "{}", site.real("reserve.run_h"));
    assert_eq!(site.real("reserve.starts"), 1.0);
    assert_eq!(site.real("reserve.transfers"), 2.0);
    // On battery until 11.6 s + 10 s + 15 s of walk-in, and as long from the return.
    let battery_h = (36.6 + 25.1) / 3600.0;
    assert!((site.real("reserve.battery_h") - battery_h).abs() < 1e-9);
}

/// The generator does not answer: the battery ends after its minutes, and racks with it.
#[test]
fn a_generator_that_never_fires_leaves_the_battery_alone() {
    let bench = Bench::new();
    let events = "  - {at: 5 h, set: {fires_at: never}}\n  - {at: 6 h, utility: {outage: 1 h}}\n";
    bench.file("site.yaml", with(events));
    let told = simulate_file(&bench.path().join("site.yaml"), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(told.outcome.count("power_losses"), 2);
    let site = told.outcome.site();
    assert_eq!(site.real("reserve.failed_starts"), 1.0);
    let ups = component(&told, "ups");
    // Five minutes at the rating of 200 kW; the racks draw less.
    let mwh = 0.2 * 5.0 / 60.0 / 0.95;
    assert!((ups.real("reserve.discharged_mwh") - mwh).abs() < 1e-6 * mwh);
}

/// The same with lead acid: at less than its rated power it lasts longer than in proportion, and gives more
/// than its energy as rated, which the book of batteries knows.
#[test]
fn lead_acid_gives_more_at_less_power() {
    let bench = Bench::new();
    let events = "  - {at: 5 h, set: {fires_at: never}}\n  - {at: 6 h, utility: {outage: 2 h}}\n";
    let text =
        with(events).replace("runtime: 5 min", "runtime: 5 min, chemistry: vrla, recharge: 0 %");
    bench.file("site.yaml", text);
    let told = simulate_file(&bench.path().join("site.yaml"), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let ups = component(&told, "ups");
    let (given_mwh, hours) = (ups.real("reserve.discharged_mwh"), ups.real("reserve.battery_h"));
    let rated_mw = 0.2 / 0.95;
    assert!(given_mwh > 1.1 * rated_mw * 5.0 / 60.0, "{given_mwh} MWh");
    let expected_h = 5.0 / 60.0 * (rated_mw / (given_mwh / hours)).powf(1.15);
    assert!((hours / expected_h - 1.0).abs() < 1e-3, "{hours} h, by its law {expected_h} h");
}

/// A broken UPS takes its racks down, unless they are passed by it; maintained, likewise.
#[test]
fn a_ups_that_is_out_loses_its_racks_but_for_a_bypass() {
    for (what, bypass, lost) in
        [("fail", false, 2), ("fail", true, 0), ("maintain", false, 2), ("maintain", true, 0)]
    {
        let bench = Bench::new();
        bench.file("site.yaml", with(&format!("  - {{at: 6 h, ups: {{{what}: 2 h}}}}\n")));
        let set: &[&str] = if bypass { &["power.ups.bypass={}"] } else { &[] };
        let told = simulate_file(&bench.path().join("site.yaml"), set);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        assert_eq!(told.outcome.count("power_losses"), lost, "{what} {bypass}");
        let live = told.outcome.named("hall").unwrap().real("availability");
        // Racks hold for 20 ms before they are lost.
        let expected = if bypass { 1.0 } else { 1.0 - (2.0 - 0.02 / 3600.0) / 48.0 };
        assert!((live - expected).abs() < 1e-9, "{what} {bypass}: {live}");
        let held = told.outcome.site().real("energy.held_mwh");
        assert!(held < 1e-3, "racks hold for 20 ms, got {held} MWh");
    }
}

/// An event moves nobody's luck: what fails at random fails when it would without it.
#[test]
fn an_event_takes_no_draw() {
    let failures = ["power.ups.failures={rate: 3 /day, repair_mean: 10 min}"];
    let times = |events: &str| {
        let told = simulate(&with(events), &failures);
        let of_ups =
            |line: &&String| line.ends_with(" failed ups 1") || line.ends_with(" repaired ups 1");
        told.events.iter().filter(of_ups).cloned().collect::<Vec<String>>()
    };
    let plain = times("  []\n");
    assert!(plain.len() > 4);
    assert_eq!(plain, times("  - {at: 6 h, utility: {outage: 8 min}}\n"));
    assert_eq!(plain, times("  - {at: 6 h, utility: {sags: nerc-2024-07-10}}\n"));
}

/// The hottest day of the weather of the run, at a time of day of the site.
#[test]
fn an_event_finds_the_hottest_day() {
    let events = "  - {at: {hottest: dry-bulb, clock: \"15:04\"}, utility: {outage: 8 min}}\n";
    let told = simulate(&with(events), &["duration=20 days"]);
    let mut out = told.events.iter().filter_map(|line| line.strip_suffix(" injected utility 1"));
    let nanos: u64 = out.next().unwrap().parse().unwrap();
    assert_eq!(out.next(), None);
    assert_eq!(nanos / 1_000_000_000 % 86_400, 15 * 3600 + 240, "the site keeps UTC");
    let rows = super::support::column(&told, "dry_bulb_c");
    let hottest = (0..rows.len()).max_by(|a, b| rows[*a].total_cmp(&rows[*b])).unwrap();
    assert_eq!(hottest / 96, (nanos / 1_000_000_000 / 86_400) as usize, "on its day");
}

#[test]
fn what_makes_no_sense_is_refused_at_its_place() {
    let bench = Bench::new();
    for (events, says) in [
        ("  - {at: 3 days, utility: {outage: 8 min}}\n", "past the end of the run"),
        ("  - {at: 2026-06-30T00:00:00Z, utility: {outage: 8 min}}\n", "before the start"),
        ("  - {at: 1 h, utilty: {outage: 8 min}}\n", "is not the name of a part of `power`"),
        ("  - {at: 1 h, ups: {outage: 8 min}}\n", "happens to a feed only"),
        ("  - {at: 1 h, utility: {fires_at: 2}}\n", "happens to a genset only"),
        ("  - {at: 1 h, set: {fires_at: 4}}\n", "it has 3 cranks"),
        ("  - {at: 1 h, utility: {}}\n", "nothing happens to it"),
        ("  - {at: 1 h, utility: {outage: 8 min, fail: 1 h}}\n", "an event is one thing"),
        ("  - {at: 1 h, utility: {outage: 0 s}}\n", "outage"),
        ("  - {at: 1 h, utility: {depth: 30 %, outage: 1 s}}\n", "belongs to `sags`"),
        ("  - {at: 1 h}\n", "to what does it happen?"),
        ("  - {utility: {outage: 8 min}}\n", "when does it happen?"),
        ("  - {at: soon, utility: {outage: 8 min}}\n", "is no time"),
        (
            "  - {at: 1 h, utility: {outage: 8 min}}\n  - {at: 60 min, utility: {fail: 1 h}}\n",
            "another event strikes `utility` at this instant",
        ),
        (
            "  - {at: {hottest: dry-bulb, clock: noon}, utility: {outage: 8 min}}\n",
            "no time of day",
        ),
        ("  - {at: 1 h, ups: {fail: 1 h}, set: {fail: 1 h}}\n", "events strike one part each"),
    ] {
        bench.file("site.yaml", with(events));
        let output = bench.loadbank("check site.yaml").output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{events}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(says), "{events}{text}");
        let line = SITE.lines().count() + 2;
        let last = line + events.lines().count() - 1;
        let places = [line, last].map(|line| format!("site.yaml:{line}:"));
        assert!(places.iter().any(|place| text.contains(place)), "{events}{text}");
    }
}

/// Six groups of 500 kW on the pairs of four UPSs of 1 MW, two of which are lost: each survivor
/// carries 0.5 f + 0.5 f + 0.25 f of a megawatt, so that f = 0.8 fits both exactly, 2.000 MW in all,
/// whatever was declared first.
#[test]
fn two_of_four_systems_lost_leave_four_fifths_to_each_group() {
    let site = |order: [u32; 4]| {
        let systems = order.map(|n| {
            format!(
                "  ups-{n}: {{kind: ups, rating: 1 MW, fed_by: u, failures: {{rate: 0 /year}}}}\n"
            )
        });
        let pairs = [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)];
        let groups = pairs.map(|(a, b)| {
            format!(
                "  g{a}{b}: {{kind: heat-load, power: 500 kW, cooled_by: t, fed_by: [ups-{a}, ups-{b}]}}\n"
            )
        });
        format!(
            "name: pairs\nstart: 2026-07-01T00:00:00Z\nduration: 24 h\nseed: 1\n\
             site: {{altitude: 0 m}}\nweather: {{climate: phoenix}}\nprice: {{fixed: 40 $/MWh}}\n\
             power:\n  u: {{kind: feed, capacity: 10 MW, outages: none}}\n{}\
             \x20 m: {{kind: switchgear, fed_by: u, failures: {{rate: 0 /year}}}}\n\
             cooling:\n  t: {{kind: tower, design_heat: 3.2 MW, fed_by: m}}\nracks:\n{}\
             events:\n  - {{at: 0 s, \"ups-{{1..2}}\": {{fail: 2 days}}}}\n",
            systems.concat(),
            groups.concat()
        )
    };
    for order in [[1, 2, 3, 4], [1, 2, 4, 3], [4, 3, 2, 1]] {
        let told = simulate(&site(order), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        for group in ["g13", "g14", "g23", "g24", "g34"] {
            let mwh = energy_mwh(&told, group);
            assert!((mwh - 9.6).abs() < 1e-5, "{order:?}: {group} {mwh}");
        }
        assert_eq!(energy_mwh(&told, "g12"), 0.0);
        let ups = component(&told, "ups-3");
        assert!((ups.real("load.peak_share") - 1.0).abs() < 1e-6);
        assert!((ups.real("load.at_rating_h") - 24.0).abs() < 1e-6);
    }
}

fn component<'t>(told: &'t Told, name: &str) -> &'t Subject {
    let mut all = told.outcome.of(SubjectKind::Component);
    all.find(|subject| subject.name == name).unwrap_or_else(|| panic!("no component {name}"))
}

fn energy_mwh(told: &Told, workload: &str) -> f64 {
    let found = told.outcome.workloads().find(|subject| subject.name == workload);
    found.unwrap_or_else(|| panic!("no workload {workload}")).real("energy_mwh")
}

/// A hall that one loop of two pumps and a distribution unit cool.
fn cooled(events: &str) -> String {
    format!(
        "name: cooled\nstart: 2026-07-01T00:00:00Z\nduration: 1 day\nseed: 1\n\
         site: {{altitude: 0 m}}\nweather: {{climate: phoenix}}\nprice: {{fixed: 40 $/MWh}}\n\
         power:\n  u: {{kind: feed, capacity: 10 MW, outages: none}}\n\
         cooling:\n  t: {{kind: tower, design_heat: 600 kW, fed_by: u, \
         pumps: {{count: 2, upkeep: {{failures: {{rate: 6 /day, repair_mean: 10 min}}}}}}}}\n\
         \x20 cdu: {{kind: cdu, design_heat: 600 kW, cooled_by: t, fed_by: u}}\n\
         racks:\n  g: {{kind: asic, machines: 100, hash_rate: 200 TH/s, power: 5 kW, fed_by: u, \
         cooled_by: cdu, throttled_speed: 100 %, \
         chip: {{rise: 25 K, throttle: 87 degC, trip: 95 degC}}}}\n\
         workloads:\n  mine: {{kind: mining, racks: g, income: {{hash_price: 53 $/PH/day}}}}\n\
         events:\n{events}"
    )
}

/// Machines of the cooling fail and are maintained as written, and nobody's luck moves.
#[test]
fn machines_of_the_cooling_are_struck_by_name() {
    let lines = |told: &Told, of: &str| {
        told.events.iter().filter(|line| line.contains(of)).cloned().collect::<Vec<String>>()
    };
    let plain = simulate(&cooled("  []\n"), &[]);
    let events = "  - {at: 6 h, cdu: {fail: 1 h}}\n  - {at: 12 h, \"t/fan-1\": {maintain: 2 h}}\n";
    let told = simulate(&cooled(events), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let at = |hours: u64| hours * 3_600_000_000_000;
    assert_eq!(
        lines(&told, " cdu/pump-1 1"),
        [(6, "injected"), (6, "failed"), (7, "repaired")]
            .map(|(hours, what)| format!("{} {what} cdu/pump-1 1", at(hours)))
    );
    assert_eq!(
        lines(&told, " t/fan-1 1"),
        [(12, "injected"), (12, "taken-out"), (14, "put-back")]
            .map(|(hours, what)| format!("{} {what} t/fan-1 1", at(hours)))
    );
    assert!(lines(&plain, " t/pump-").len() > 4);
    assert_eq!(lines(&plain, " t/pump-"), lines(&told, " t/pump-"), "luck has moved");
    // Without flow in its distribution unit the hall is soon too hot.
    let hot = |told: &Told| lines(told, "heat-trip g").len();
    assert!(hot(&told) > hot(&plain), "{:?}", told.events);
}

#[test]
fn machines_of_the_cooling_are_checked_like_names() {
    for (event, says) in [
        ("\"t/pump-3\": {fail: 1 h}", "nor of a machine of `cooling`"),
        ("\"t/pump-1\": {outage: 1 h}", "happens to a feed only, got a pump"),
        ("\"t/pump-{1..2}\": {sag: {depth: 50 %, duration: 1 s}}", "happens to a feed only"),
        ("cdu: {fires_at: never}", "happens to a genset only"),
    ] {
        let errors = super::support::load_errors(&cooled(&format!("  - {{at: 6 h, {event}}}\n")));
        assert!(errors.iter().any(|error| error.contains(says)), "{event}: {errors:?}");
    }
    let twice = "  - {at: 6 h, t: {fail: 1 h}}\n  - {at: 6 h, \"t/pump-1\": {maintain: 1 h}}\n";
    let errors = super::support::load_errors(&cooled(twice));
    assert!(errors.iter().any(|error| error.contains("strikes `t/pump-1`")), "{errors:?}");
}
