//! The price of a node less that of the market, read from a table: in the run, after it, and against sums
//! by hand.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::support::Bench;

/// 20 MW at 30 $/MWh, and 30 MW of a wind farm elsewhere; two days of June that begin and end within
/// intervals.
const NODE: &str = "\
name: node
start: 2026-06-21T05:20:00Z
duration: 2 days
output: {interval: 1 h}
weather: {climate: west-texas}
price: {fixed: 30 $/MWh}
power:
  utility: {kind: feed, capacity: 60 MW, outages: none}
  house: {kind: house-load, power: 20 MW, fed_by: utility}
contracts:
  energy: {kind: index, basis_series: {csv: node.csv, column: spread, unit: $/MWh}}
  wind:
    kind: ppa
    profile: {csv: wind.csv, column: mw, unit: MW}
    basis_series: {csv: node.csv, column: spread, unit: $/MWh}
    price: 24 $/MWh
";

/// A new difference each twelve hours, in the middle of an interval.
const SPREAD: &str = "\
at,spread
2026-06-21T00:30:00Z,3
2026-06-21T12:30:00Z,-5.25
2026-06-22T00:30:00Z,12.5
2026-06-22T12:30:00Z,0
2026-06-23T00:30:00Z,4
";

fn bench(site: &str, spread: &str) -> Bench {
    let bench = Bench::new();
    bench.file("node.yaml", site);
    bench.file("node.csv", spread);
    bench.file("wind.csv", "at,mw\n2026-06-21T00:00:00Z,30\n2026-06-22T12:00:00Z,30\n");
    bench
}

fn json(bench: &Bench, command: &str) -> Json {
    let output = bench.loadbank(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn cost(of: &Json, contract: &str) -> f64 {
    of["contracts"][contract]["cost_usd"].as_f64().unwrap()
}

#[test]
fn a_node_is_paid_for_at_its_own_price() {
    let bench = bench(NODE, SPREAD);
    let summary = json(&bench, "run node.yaml --format json");
    // 7 h 10 min at 3, 12 h each at -5.25, 12.5 and 0, 4 h 50 min at 4 $/MWh.
    let spread = 3.0 * (7.0 + 1.0 / 6.0) + 12.0 * (12.5 - 5.25) + 4.0 * (4.0 + 5.0 / 6.0);
    let cents = |usd: f64| (usd * 100.0).round() / 100.0;
    assert_eq!(cost(&summary, "energy"), cents(20.0 * (30.0 * 48.0 + spread)));
    assert_eq!(cost(&summary, "wind"), cents(30.0 * ((24.0 - 30.0) * 48.0 - spread)));
    // A finished run needs no table: its books have what that said.
    let folder = bench.the_run();
    std::fs::remove_file(bench.file("node.csv", "")).unwrap();
    let price =
        |sets: &str| json(&bench, &format!("money {} --format json {sets}", folder.display()));
    let again = price("");
    for contract in ["energy", "wind"] {
        assert_eq!(cost(&again, contract), cost(&summary, contract), "{contract}");
    }
    let constant =
        price("--set contracts.energy.basis_series=null --set contracts.energy.basis=2$/MWh");
    assert_eq!(cost(&constant, "energy"), 20.0 * 32.0 * 48.0);
    let capped = price(
        "--set contracts.energy.collar.floor=0$/MWh --set contracts.energy.collar.cap=0$/MWh",
    );
    assert_eq!(cost(&capped, "energy"), 0.0);
    for (set, wanted) in [
        (
            "contracts.energy.basis_series.column=other",
            "contracts.energy.basis_series: the books of a finished run have what its own table said",
        ),
        (
            "contracts.wind.profile={csv: other.csv, column: mw, unit: MW}",
            "contracts.wind.profile: the books of a finished run have what its own table said",
        ),
        (
            "contracts.new={kind: index, basis_series: {csv: node.csv, column: spread, unit: $/MWh}}",
            "the meters of this run have not what `new` bills",
        ),
    ] {
        let command = bench.loadbank(&format!("money {}", folder.display()));
        let output = command.arg("--set").arg(set).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

#[test]
fn a_table_that_cannot_be_meant_is_refused_at_its_place() {
    for (site, spread, wanted) in [
        (
            ("", ""),
            ("2026-06-22T00:30:00Z,12.5\n2026-06-22T12:30:00Z,0\n", ""),
            "energy.basis_series.csv: `node.csv`: line 3: no value from 2026-06-22T06:30:00Z to",
        ),
        (
            ("", ""),
            ("2026-06-23T00:30:00Z,4\n", ""),
            "energy.basis_series.csv: `node.csv`: the file covers 2026-06-21T00:30:00Z to 2026-06-23T00:30:00Z, the run needs",
        ),
        (
            ("", ""),
            ("2026-06-21T00:30:00Z,3\n", ""),
            "energy.basis_series.csv: `node.csv`: the file covers 2026-06-21T12:30:00Z to",
        ),
        (
            ("", ""),
            (",-5.25", ",dear"),
            "energy.basis_series.csv: `node.csv`: line 3: `spread` needs a number, got `dear`",
        ),
        (("unit: $/MWh", "unit: MW"), ("", ""), "energy.basis_series.unit: unknown unit `MW`"),
        (
            ("unit: $/MWh", "unit: EUR/MWh"),
            ("", ""),
            "basis_series.unit: `EUR/MWh` is money of EUR, that of this scenario is USD",
        ),
        (("column: spread", "column: sprawl"), ("", ""), "node.csv`: line 1: no column `sprawl`"),
        (("csv: node.csv, ", ""), ("", ""), "energy.basis_series: needs one of `csv`"),
        (
            ("basis_series", "basis: 2 $/MWh, basis_series"),
            ("", ""),
            "`basis` and `basis_series` exclude each other",
        ),
    ] {
        let bench =
            bench(&NODE.replacen(site.0, site.1, 1), &SPREAD.replacen(spread.0, spread.1, 1));
        let output = bench.loadbank("check node.yaml").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the series and the intervals, a finished run costs the cents that it cost itself, and those
    /// are the sum over the pieces of the series, where load and price of the market stand still.
    #[test]
    fn a_series_costs_the_same_in_a_run_and_after_it(
        spreads in prop::collection::vec(-80.0..120.0_f64, 50),
        from_s in 0..3600_i64,
        interval_min in prop::sample::select(vec![5, 15, 60]),
    ) {
        let start = jiff::Timestamp::from_second(1_782_864_000 + from_s).unwrap();
        let rows = (0..).zip(&spreads).map(|(hour, spread)| {
            let at = jiff::Timestamp::from_second(1_782_864_000 + 3600 * hour).unwrap();
            format!("{at},{spread}\n")
        });
        let bench = bench(NODE, &format!("at,spread\n{}", rows.collect::<String>()));
        bench.file("wind.csv", "at,mw\n2026-07-01T00:00:00Z,30\n2026-07-02T12:00:00Z,30\n");
        let sets = format!("--set start={start} --set output.interval={interval_min}min");
        let summary = json(&bench, &format!("run node.yaml --format json {sets}"));
        let again = json(&bench, &format!("money {} --format json", bench.the_run().display()));
        let into_h = from_s as f64 / 3600.0;
        let whole: f64 = spreads[1..48].iter().sum();
        let spread = (1.0 - into_h) * spreads[0] + whole + into_h * spreads[48];
        for (contract, wanted) in [
            ("energy", 20.0 * (30.0 * 48.0 + spread)),
            ("wind", 30.0 * ((24.0 - 30.0) * 48.0 - spread)),
        ] {
            prop_assert_eq!(cost(&again, contract), cost(&summary, contract));
            // Two items of the plant are rounded.
            let by = cost(&again, contract) - wanted;
            prop_assert!(by.abs() < 0.0101, "{contract} is {by} $ off {wanted}");
        }
    }
}
