//! A finished run priced anew: the same cents as the run itself found, and what its meters say.

use serde_json::Value as Json;

use super::support::{Bench, SMALL};

/// Contracts of every kind for the small site.
const CONTRACTS: &str = "\
contracts:
  energy:
    kind: blocks
    blocks: [{power: 500 kW, price: 35 $/MWh, resale: {fee: 0.5 $/MWh}}]
    adder: 1.2 $/MWh
    losses: 2 %
  delivery:
    kind: demand
    rate: 5 $/kW-month
    interval: 1 h
    window: {hours: [11:00-21:00]}
    ratchet: {share: 80 %, months: 11, before: [1.2 MW]}
    minimum: 300 kW
  wires:
    kind: coincident-peak
    rate: 62 $/kW-year
    interval: 1 h
    peaks:
      - 2026-06-20T17:00:00Z
      - 2026-07-03T22:30:00Z
      - 2026-08-12T22:00:00Z
      - 2026-09-02T22:00:00Z
  riders:
    kind: tariff
    periods: [{price: 6 $/MWh, window: {weekdays: [1, 2, 3, 4, 5]}}, {price: 4 $/MWh}]
    steps: [{above: 300 MWh, add: -1 $/MWh}]
  water: {kind: water, price: 1.5 $/m3, sewer: 2 $/m3}
  carbon: {kind: carbon, price: 60 $/t}
";

fn json(bench: &Bench, command: &str) -> Json {
    let output = bench.loadbank(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_finished_run_is_priced_as_it_priced_itself() {
    let bench = Bench::new();
    bench.file("small.yaml", format!("{SMALL}{CONTRACTS}"));
    // Begins and ends within intervals, the first ending in one month and the rest in the next.
    let summary = json(
        &bench,
        "run small.yaml --format json --set start=2026-06-28T00:20:00Z --set duration=100h",
    );
    let folder = bench.the_run();
    let again = json(&bench, &format!("money {} --format json", folder.display()));
    assert_eq!(again["money"]["contracts_usd"], summary["money"]["contracts_usd"]);
    assert_eq!(again["money"]["net_usd"], summary["money"]["net_usd"]);
    let contracts = summary["contracts"].as_object().unwrap();
    assert_eq!(contracts.len(), 6);
    for (name, contract) in contracts {
        assert_eq!(again["contracts"][name]["cost_usd"], contract["cost_usd"], "{name}");
        for (item, cost) in contract["items"].as_object().unwrap() {
            let priced = &again["contracts"][name]["items"][item];
            assert_eq!(priced, cost, "{name} {item}");
        }
    }
    // By hand from the figures of the run: emissions, and water that was taken and returned.
    let near = |got: &Json, wanted: f64| {
        let got = got.as_f64().unwrap();
        assert!((got - wanted).abs() < 0.02, "{got} for {wanted}");
    };
    let real = |path: [&str; 2]| summary[path[0]][path[1]].as_f64().unwrap();
    near(&contracts["carbon"]["cost_usd"], 60.0 * real(["money", "carbon_t"]));
    near(
        &contracts["water"]["cost_usd"],
        1.5 * real(["water", "withdrawal_m3"]) + 2.0 * real(["water", "blowdown_m3"]),
    );
    let month = |name: &str| -> f64 {
        let months = again["months"][name]["contracts"].as_object().unwrap();
        let items = months.values().flat_map(|contract| contract.as_object().unwrap().values());
        items.map(|cost| cost.as_f64().unwrap()).sum()
    };
    near(&again["money"]["contracts_usd"], month("2026-06") + month("2026-07"));
}

#[test]
fn another_contract_changes_what_it_charges_for() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let summary = json(&bench, "run small.yaml --format json");
    assert!(summary.get("contracts").is_none() && summary["money"].get("net_usd").is_none());
    let folder = bench.the_run();
    let price = |contracts: &str| {
        let command = bench.loadbank(&format!("money {} --format json", folder.display()));
        let output = command.arg("--set").arg(format!("contracts={contracts}")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        let bill: Json = serde_json::from_slice(&output.stdout).unwrap();
        bill["money"]["contracts_usd"].as_f64().unwrap()
    };
    // The market's price is that of each quarter of an hour, the meter's of each hour: the two costs
    // differ by what load and price have to do with each other within hours.
    let index = price("{e: {kind: index}}");
    let spot = summary["money"]["energy_cost_usd"].as_f64().unwrap();
    assert!((index / spot - 1.0).abs() < 0.01, "{index} for {spot}");
    let import_mwh = summary["energy"]["import_mwh"].as_f64().unwrap();
    let dearer = price("{e: {kind: index, adder: 10 $/MWh}}");
    assert!((dearer - index - 10.0 * import_mwh).abs() < 0.011);
    let fixed = price("{e: {kind: index, collar: {floor: 50 $/MWh, cap: 50 $/MWh}}}");
    assert!((fixed - 50.0 * import_mwh).abs() < 0.011);
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    json(&bench, "run small.yaml --format json --set duration=1h");
    let folder = bench.the_run();
    let refused = |command: &str, code: i32, wanted: &str| {
        let output = bench.loadbank(command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    };
    let money = |sets: &str| format!("money {} {sets}", folder.display());
    refused(&money(""), 3, "has no contracts");
    refused(&money("--set seed=2"), 2, "cannot change a run that has ended");
    refused(&money("--set contracts.e.kind=index"), 3, "has no `contracts`");
    refused("money elsewhere", 3, "meter.csv");
}

/// What `check` finds in the small site with these contracts.
fn findings(contracts: &str) -> Vec<(String, String)> {
    let bench = Bench::new();
    bench.file("site.yaml", format!("{SMALL}contracts:\n{contracts}"));
    let output = bench.loadbank("check site.yaml --format json").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let finding = |line: &str| {
        let finding: Json = serde_json::from_str(line).unwrap();
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        (text("severity"), text("message"))
    };
    out.lines().map(finding).collect()
}

#[test]
fn contracts_that_cannot_be_meant_are_refused_at_their_field() {
    let cases = [
        (
            "  e: {kind: blocks, blocks: [{power: 1 MW, price: 35 $/MWh, until: 2026-07-03T00:00:00Z}]}\n",
            "error",
            "contracts.e.blocks[0].until: the block ends within the run and no block follows it",
        ),
        ("  e: {kind: blocks, blocks: []}\n", "error", "contracts.e.blocks: there is no block"),
        (
            "  e: {kind: index, collar: {floor: 60 $/MWh, cap: 20 $/MWh}}\n",
            "error",
            "contracts.e.collar.floor: the floor of 6 c/kWh is above the cap of 2 c/kWh, so that no price fits",
        ),
        (
            "  d: {kind: demand, rate: 5 $/kW-month}\n",
            "error",
            "contracts.d.interval: demand over 15m cannot be read from a time series of 1h",
        ),
        (
            "  d: {kind: demand, rate: 5 $/kW-month, interval: 1 h, window: {hours: [21-11]}}\n",
            "error",
            "contracts.d.window.hours[0]: needs a span of the day, got `21-11`",
        ),
        (
            "  d: {kind: demand, rate: 5 $/kW-month, interval: 1 h, ratchet: {share: 80 %, months: 0}}\n",
            "error",
            "contracts.d.ratchet.months: must be between 1 and 120, got 0",
        ),
        (
            "  t: {kind: tariff, periods: [{price: 40 $/MWh, window: {months: [13]}}]}\n",
            "error",
            "contracts.t.periods[0].window: the last price needs no window",
        ),
        (
            "  w: {kind: coincident-peak, rate: 62 $/kW-year, interval: 1 h, peaks: [2025-07-03T22:00:00Z]}\n",
            "warning",
            "contracts.w.peaks: no peak lies within the run, so that nothing is accrued",
        ),
    ];
    for (contracts, severity, message) in cases {
        let found = findings(contracts);
        let wanted = (severity.to_owned(), message.to_owned());
        assert!(found.contains(&wanted), "no {wanted:?} in {found:?}");
    }
}
