//! Transformers whose hot spots are followed, on a site.

use loadbank::facility::{Subject, SubjectKind};

use super::support::{Bench, Told, column, simulate_file};

/// Two transformers of a megawatt, the second of which fails for four hours: the first then carries
/// 1.3 of its rating in place of 0.8.
const SITE: &str = "
name: transformers
start: 2026-07-01T00:00:00Z
duration: 6 h
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 15 min}
power:
  utility: {kind: feed, capacity: 5 MW, outages: none}
  tx-1:
    kind: transformer
    rating: 1 MVA
    power_factor: 100 %
    fed_by: utility
    failures: {rate: 0 /year}
    thermal: {paper: normal, alarm: 110 degC, overload: {most: 150 %, shed_at: 200 degC}}
  tx-2: {kind: transformer, rating: 1 MVA, fed_by: utility, failures: {rate: 0 /year}}
  always: {kind: house-load, power: 800 kW, fed_by: tx-1}
  either: {kind: house-load, power: 500 kW, fed_by: [tx-2, tx-1]}
events:
  - {at: 1 h, tx-2: {fail: 4 h}}
";

fn simulate(sets: &[&str]) -> Told {
    simulate_text(SITE, sets)
}

fn simulate_text(text: &str, sets: &[&str]) -> Told {
    let bench = Bench::new();
    bench.file("air.csv", "time,t,rh\n2026-07-01T00:00:00Z,30,40\n2026-07-02T00:00:00Z,30,40\n");
    bench.file("site.yaml", text);
    simulate_file(&bench.path().join("site.yaml"), sets)
}

fn transformer(told: &Told) -> &Subject {
    told.outcome.of(SubjectKind::Transformer).next().expect("one is followed")
}

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, expected {expected}");
}

/// Minutes of the event `what` after the failure.
fn minutes(told: &Told, what: &str) -> Vec<f64> {
    let of = |line: &&String| line.contains(&format!("{what} tx-1"));
    let ns = |line: &String| line.split(' ').next().unwrap().parse::<f64>().unwrap();
    told.events.iter().filter(of).map(|line| ns(line) * 1e-9 / 60.0 - 60.0).collect()
}

/// The step of the published case: 110 degC after 10.361 min, 146.96 degC after four hours, and what that
/// costs of normal paper.
#[test]
fn a_lost_neighbour_warms_a_transformer_as_published() {
    let told = simulate(&[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let tx = transformer(&told);
    close(tx.real("hot_spot.max_c"), 146.961_796, 1e-6);
    close(minutes(&told, "hot-spot")[0], 10.361_067, 1e-6);
    assert_eq!(minutes(&told, "hot-spot-over").len(), 1);
    let column = column(&told, "tx-1_hot_spot_c");
    close(column[0], 91.198_318, 1e-6);
    // An hour at 0.8, four at 1.3, and the first of the twenty that follow.
    let before_h = 10.938_543_743 / 24.0;
    let after_h = tx.real("life_used_h") - before_h - 628.944_127;
    assert!((10.0..33.930_433).contains(&after_h), "{after_h} h of life in the last hour");
    let mean: f64 = column.iter().sum::<f64>() / column.len() as f64;
    close(tx.real("hot_spot.mean_c"), mean, 1e-9);
    let ageing: f64 = super::support::column(&told, "tx-1_ageing").iter().map(|x| x * 0.25).sum();
    close(ageing, tx.real("life_used_h"), 1e-6);
    close(tx.real("overload.held_h"), 0.0, 0.0);
}

/// Held to its rating from 120 degC on, it sheds until it is down at 115 degC, and again.
#[test]
fn a_hot_transformer_is_held_to_its_rating() {
    let told = simulate(&[
        "power.tx-1.thermal.overload.shed_at=120 degC",
        "power.tx-1.thermal.overload.back_at=115 degC",
    ]);
    let tx = transformer(&told);
    close(tx.real("hot_spot.max_c"), 120.0, 1e-6);
    let (ends, back) = (minutes(&told, "overload-ends"), minutes(&told, "overload-allowed"));
    close(ends[0], 20.220_834, 1e-6);
    assert!(ends.len() > 1 && !back.is_empty(), "{ends:?} {back:?}");
    // The last spell ends with the run where nothing ends it before.
    let end_min = told.outcome.simulated_days * 1440.0;
    let until = back.iter().chain([&end_min]);
    let held_min: f64 = ends.iter().zip(until).map(|(from, to)| to - from).sum();
    close(tx.real("overload.held_h"), held_min / 60.0, 1e-6);
    let carried = told.outcome.of(SubjectKind::Component).find(|it| it.name == "tx-1").unwrap();
    close(carried.real("load.peak_share"), 1.3, 1e-9);
}

/// A run that begins overloaded begins with windings as warm as the rating makes them: 30 + 60 + 22.1 degC.
/// More than that lasts for a while only, and no transformer was ever as warm as if it had lasted.
#[test]
fn a_run_that_begins_overloaded_begins_as_warm_as_its_rating() {
    let told = simulate(&[
        "power.always.power=1.4 MW",
        "power.tx-1.thermal.overload.shed_at=140 degC",
        "events=[]",
    ]);
    close(column(&told, "tx-1_hot_spot_c")[0].min(112.1), 112.1, 1e-9);
    close(transformer(&told).real("hot_spot.max_c"), 140.0, 1e-6);
    let ends = minutes(&told, "overload-ends")[0] + 60.0;
    assert!(ends > 5.0, "it is allowed for a while, not for {ends} min");
}

/// Without `overload` the rating cuts at once, and nothing but what is measured differs.
#[test]
fn measuring_changes_nothing() {
    let overload = ", overload: {most: 150 %, shed_at: 200 degC}";
    let measured = simulate_text(&SITE.replace(overload, ""), &[]);
    let thermal = format!("    thermal: {{paper: normal, alarm: 110 degC{overload}}}\n");
    assert!(SITE.contains(&thermal));
    let bare = simulate_text(&SITE.replace(&thermal, ""), &[]);
    assert_eq!(bare.outcome.of(SubjectKind::Transformer).count(), 0);
    let import = |told: &Told| told.outcome.real("energy.import_mwh");
    assert_eq!(import(&measured), import(&bare));
    // At its rating it would come to 30 + 60 + 22.1 degC.
    let warmest_c = transformer(&measured).real("hot_spot.max_c");
    assert!((100.0..112.1).contains(&warmest_c), "{warmest_c}");
}

#[test]
fn a_hot_spot_that_is_never_back_is_refused() {
    let bench = Bench::new();
    bench.file("air.csv", "time,t,rh\n2026-07-01T00:00:00Z,30,40\n2026-07-02T00:00:00Z,30,40\n");
    let path = bench.file(
        "site.yaml",
        SITE.replace("shed_at: 200 degC", "shed_at: 100 degC, back_at: 100 degC"),
    );
    let reading = loadbank::scenario::read_scenario(&path, &[]);
    let said = reading.diagnostics.render(&reading.files, false);
    assert!(reading.loaded.is_none() && said.contains("back_at"), "{said}");
}
