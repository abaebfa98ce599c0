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
  let: {kind: lease, racks: train-hall, structure: triple-net, rent: 150 $/kW-month, expenses: 10 %, prepayment: 20 %,
        term: {length: 3 years, free: 1 months, escalator: 2 %/year, termination: {after: 2 years, probability: 30 %, fee: 100 k$}}}
  host: {kind: hosting, racks: mine-hall, price: 60 $/MWh, profit_share: 20 %}
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
    assert_eq!(contracts.len(), 8);
    for (name, contract) in contracts {
        assert_eq!(again["contracts"][name]["cost_usd"], contract["cost_usd"], "{name}");
        for (item, cost) in contract["items"].as_object().unwrap() {
            let priced = &again["contracts"][name]["items"][item];
            assert_eq!(priced, cost, "{name} {item}");
        }
    }
    // The owner has what the chat earns; the tenants earn the rest and pay.
    let own = summary["workloads"]["chat"]["revenue_usd"].as_f64().unwrap();
    let all = summary["money"]["contracts_usd"].as_f64().unwrap();
    let net = summary["money"]["net_usd"].as_f64().unwrap();
    assert!((net - (own - all)).abs() < 1e-6, "{net} for {own} less {all}");
    let item = |contract: &str, item: &str| {
        contracts[contract]["items"][item].as_f64().unwrap_or_default()
    };
    assert!(item("let", "rent_usd") < 0.0 && item("let", "passed_on_usd") < 0.0);
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

/// Peaks of a programme are charged for by contracts of the catalogue as by a list of them, in the run and
/// after it, and by a contract that the run did not have.
#[test]
fn peaks_of_a_programme_are_kept_with_the_run() {
    let bench = Bench::new();
    // The load of the system peaks in July at 21:15 of the 2nd, in August at 20:30 of the 1st.
    let rows = (0..33 * 96).map(|quarter| {
        let at = jiff::Timestamp::from_second(1_782_864_000 + 900 * quarter).unwrap();
        let mw = match at.to_string().as_str() {
            "2026-07-02T21:15:00Z" | "2026-08-01T20:30:00Z" => 80_000,
            _ => 50_000,
        };
        format!("{at},{mw}\n")
    });
    bench.file("load.csv", format!("time,mw\n{}", rows.collect::<String>()));
    let site = format!(
        "{SMALL}programmes:
  peaks: {{kind: ercot-12cp, leave: 1 GW, forecast: {{csv: load.csv, column: mw, unit: MW}}}}
contracts:
  energy: {{kind: index}}
  wires: {{kind: ercot-12cp, rate: 60 $/kW-year, programme: peaks}}
  least: {{kind: ercot-12cp, rate: 60 $/kW-year, programme: peaks, minimum: 50 %, contracted: 100 MW}}
  listed:
    kind: coincident-peak
    rate: 10 $/kW-year
    interval: 30 min
    peaks: [2026-07-02T21:15:00Z, 2026-08-01T20:30:00Z]
"
    );
    bench.file("small.yaml", site);
    let sets = "--set start=2026-07-01T00:00:00Z --set duration=32d --set output.interval=15min";
    let summary = json(&bench, &format!("run small.yaml --format json {sets}"));
    let folder = bench.the_run();
    let again = json(&bench, &format!("money {} --format json", folder.display()));
    for contract in ["energy", "wires", "least", "listed"] {
        let cost = |of: &Json| of["contracts"][contract]["cost_usd"].clone();
        assert_eq!(cost(&again), cost(&summary), "{contract}");
    }
    let month = |name: &str, contract: &str| {
        again["months"][name]["contracts"][contract]["peaks_usd"].as_f64().unwrap()
    };
    // July is whole. A twelfth of 60 $/kW-year is half of 10.
    let near = |got: f64, wanted: f64| assert!((got - wanted).abs() < 0.011, "{got} for {wanted}");
    near(month("2026-07", "wires"), month("2026-07", "listed"));
    // A day of August, 1/31 of it; half of 100 MW is far above what the site draws.
    near(month("2026-08", "wires"), month("2026-08", "listed") / 31.0);
    near(month("2026-07", "least"), 60.0 * 50_000.0 / 12.0);
    let other = "--set contracts.other={kind:ercot-12cp,rate:$60/kW-year}";
    let command = bench.loadbank(&format!("money {} {other}", folder.display())).output().unwrap();
    assert_ne!(command.status.code(), Some(0), "it names no peaks");
    for (set, doubt) in [
        (
            "contracts.least.interval=15min",
            "contracts.least.interval: bills the demand over 15m at peaks that `peaks` meters over 30m",
        ),
        (
            "programmes.peaks.window.months=[9]",
            "contracts.wires.programme: no peak lies within the run, so that nothing is accrued",
        ),
    ] {
        let check = bench.loadbank(&format!("check small.yaml --format json {sets} --set {set}"));
        let said = String::from_utf8(check.output().unwrap().stdout).unwrap();
        assert!(said.contains(doubt), "no {doubt} in {said}");
    }
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
    refused(&money("--set seed=2"), 2, "cannot change in a run that has ended");
    refused(&money("--set contracts.e.kind=index"), 3, "has no `contracts`");
    refused("money elsewhere", 3, "meter.csv");
}

/// 20 MW under somebody else's array, with a part of a wind farm; two days of June.
const SOLAR: &str = "\
name: solar
start: 2026-06-21T00:20:00-05:00
duration: 2 days
output: {interval: 1 h}
site: {latitude: 35.2 deg, longitude: -101.9 deg}
weather: {climate: west-texas}
price: {model: ercot-hub}
power:
  utility: {kind: feed, capacity: 200 MW, outages: none, export: 200 MW}
  board: {kind: switchgear, fed_by: utility, failures: {rate: 0 /year}}
  pv: {kind: pv, dc: 60 MW, ac: 50 MW, fed_into: board, clearness: 65 %}
  house: {kind: house-load, power: 20 MW, fed_by: board}
contracts:
  energy: {kind: index}
  sun: {kind: ppa, of: pv, price: 28 $/MWh}
  wind: {kind: ppa, profile: {csv: wind.csv, column: mw, unit: MW}, price: 24 $/MWh, surplus_fee: 1 $/MWh}
  sold: {kind: export, less: 2 $/MWh}
";

#[test]
fn plants_of_others_are_paid_for_what_they_gave() {
    let bench = Bench::new();
    bench.file("solar.yaml", SOLAR);
    let wind = bench.file("wind.csv", "at,mw\n2026-06-21T00:00:00Z,30\n2026-06-22T06:00:00Z,0\n");
    let summary = json(&bench, "run solar.yaml --format json");
    // A finished run has what the farm gave in its books.
    std::fs::remove_file(wind).unwrap();
    let folder = bench.the_run();
    let money =
        |sets: &str| json(&bench, &format!("money {} {sets} --format json", folder.display()));
    let again = money("");
    for name in ["energy", "sun", "wind", "sold"] {
        let [told, priced] = [&summary, &again].map(|of| &of["contracts"][name]["cost_usd"]);
        assert_eq!(told, priced, "{name}");
    }
    let item = |of: &Json, contract: &str, item: &str| {
        of["contracts"][contract]["items"][item].as_f64().unwrap()
    };
    let near = |got: f64, wanted: f64| assert!((got - wanted).abs() < 0.02, "{got} for {wanted}");
    let energy = |name: &str| summary["energy"][name].as_f64().unwrap();
    near(item(&again, "sun", "produced_usd"), 28.0 * energy("solar_mwh"));
    // 24 h 40 min of 30 MW.
    near(item(&again, "wind", "produced_usd"), 24.0 * 30.0 * (24.0 + 2.0 / 3.0));
    let fixed = money("--set contracts.sold.less=null --set contracts.sold.price=15$/MWh");
    near(-item(&fixed, "sold", "export_usd"), 15.0 * energy("export_mwh"));
    assert!(energy("export_mwh") > 100.0);
    // What a contract pays for is not earned at the price of the moment as well.
    let net = |of: &Json| of["money"]["net_usd"].as_f64().unwrap();
    near(net(&again), -again["money"]["contracts_usd"].as_f64().unwrap());
}

#[test]
fn supply_that_cannot_be_is_refused_at_its_place() {
    let bench = Bench::new();
    bench.file("wind.csv", "at,mw\n2026-06-21T00:00:00Z,30\n2026-06-22T06:00:00Z,-1\n");
    for (old, new, wanted) in [
        ("of: pv", "of: vp", "`vp` is no array of the site"),
        ("of: pv", "of: house", "`house` is no array of the site"),
        ("of: pv, ", "", "needs one of `of`, `profile`"),
        ("of: pv, ", "of: pv, surplus_fee: 1 $/MWh, ", "`surplus_fee` goes with `profile`"),
        ("csv: wind.csv, ", "", "needs one of `csv`"),
        ("less: 2", "price: 15 $/MWh, less: 2", "is kept back of the price in the books only"),
        (", export: 200 MW", "", "nothing is given to the grid"),
        ("of: pv", "of: pv", "a plant gives nothing below zero"),
    ] {
        bench.file("solar.yaml", SOLAR.replacen(old, new, 1));
        let output = bench.loadbank("check solar.yaml").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(wanted), "no `{wanted}` in {said}");
    }
}

/// The small site whose supply fails, is maintained and is cut by the grid, and whose tenants are
/// promised power.
#[test]
fn credits_of_a_finished_run_are_those_it_gave() {
    let bench = Bench::new();
    let site = SMALL.replacen(
        "power:\n",
        "\
control:
  curtailments: [{start: 2026-07-03T06:00:00Z, duration: 5 h, import: 0 kW}]
events:
  - {at: 12 h, ups: {maintain: 2 h}}
  - {at: 30 h, ups: {fail: 3 h}}
contracts:
  energy: {kind: index}
  let:
    kind: lease
    racks: train-hall
    structure: modified-gross
    rent: 150 $/kW-month
    service:
      power: [{over: 5 min, credit: 1 %}, {over: 60 min, each: 1 h, credit: 1 %}]
power:
",
        1,
    );
    bench.file("small.yaml", site);
    let summary = json(&bench, "run small.yaml --format json");
    let folder = bench.the_run();
    let credit = |sets: &str| {
        let bill = json(&bench, &format!("money {} --format json {sets}", folder.display()));
        bill["contracts"]["let"]["items"]["credit_usd"].as_f64().unwrap()
    };
    let inside = summary["contracts"]["let"]["items"]["credit_usd"].as_f64().unwrap();
    assert_eq!(credit(""), inside);
    // Three hours of a failure are 1 + 2 steps, five of curtailment 1 + 4, two of maintenance 1 + 1: of
    // 4 racks of 30.4 kW at 150 $/kW-month, but for the moments in which racks start again.
    let month = 4.0 * 30.4 * 150.0;
    let near = |got: f64, steps: f64| {
        let wanted = 0.01 * steps * month;
        assert!((got - wanted).abs() < 0.006, "{got} for {wanted}");
    };
    near(inside, 8.0);
    near(credit("--set contracts.let.service.planned_maintenance=counted"), 10.0);
    // As much of a year as the run has of 520 h: ten hours.
    near(credit("--set contracts.let.service.curtailment=520h"), 3.0);
    near(credit("--set contracts.let.service.cap=2%"), 2.0 * 7.0 / 31.0);
    let lapses = std::fs::read_to_string(folder.join("lapses.csv")).unwrap();
    let train = lapses.lines().filter(|line| line.contains("train-hall,power"));
    let causes: Vec<&str> = train.map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(causes, ["maintenance", "fault", "curtailment"], "{lapses}");
}

/// What `check` finds in the small site with this `section`.
fn findings(section: &str) -> Vec<(String, String)> {
    findings_of(&format!("{SMALL}{section}"))
}

/// What `check` finds in `site`.
fn findings_of(site: &str) -> Vec<(String, String)> {
    let bench = Bench::new();
    bench.file("site.yaml", site);
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
            "  l: {kind: lease, racks: no-hall, structure: triple-net, rent: 100 $/kW-month}\n",
            "error",
            "contracts.l.racks: no hall of racks is named `no-hall`",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net}\n",
            "error",
            "contracts.l: needs one of `rent`, `gpu_rent`",
        ),
        (
            "  l: {kind: hosting, racks: mine-hall, price: 60 $/MWh}\n  m: {kind: hosting, racks: mine-hall, price: 50 $/MWh}\n",
            "error",
            "contracts.m.racks: `mine-hall` is let by `l` already",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, term: {options: [{length: 5 years, probability: 50 %}]}}\n",
            "error",
            "contracts.l.term.options: extend a lease that has no end",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, service: {cap: 50 %}}\n",
            "error",
            "contracts.l.service: promises nothing, so that nothing is credited",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, service: {power: [{over: 5 min, credit: 1 %, each: 0 s}]}}\n",
            "error",
            "contracts.l.service.power[0].each: must be longer than zero",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, service: {cooling: [{over: 5 min, credit: 0 %}]}}\n",
            "error",
            "contracts.l.service.cooling[0].credit: is nothing, so that the step has no effect",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, prepayment: 20 %}\n",
            "error",
            "contracts.l.prepayment: is a share of the rent of a term that has no end",
        ),
        (
            "  l: {kind: lease, racks: mine-hall, structure: triple-net, rent: 90 $/kW-month, term: {length: 2 years, termination: {after: 2 years, probability: 10 %, fee: 1 M$}}}\n",
            "error",
            "contracts.l.term.termination.after: is no earlier than the end, after 2 years",
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
        let found = findings(&format!("contracts:\n{contracts}"));
        let wanted = (severity.to_owned(), message.to_owned());
        assert!(found.contains(&wanted), "no {wanted:?} in {found:?}");
    }
}

/// Zero GPUs at any rent are 0 $, which no lease means.
#[test]
fn a_rent_by_gpu_needs_gpus() {
    let cores = "racks:\n  cores: {kind: cpu, nodes: 1, cores_per_node: 4, power: 300 W, \
        idle_power: 100 W, fed_by: main-tx}\n";
    let site = SMALL.replace("racks:\n", cores);
    for (racks, is_refused) in [("cores", true), ("mine-hall", true), ("train-hall", false)] {
        let lease =
            format!("{{kind: lease, racks: {racks}, structure: triple-net, gpu_rent: 2 $/h}}");
        let found = findings_of(&format!("{site}contracts: {{let: {lease}}}\n"));
        let message =
            format!("contracts.let.gpu_rent: `{racks}` has no GPUs, so that no rent is paid");
        let refused = found.contains(&("error".to_owned(), message));
        assert_eq!(refused, is_refused, "{racks}: {found:?}");
    }
}

#[test]
fn what_other_years_will_not_have_as_the_run_had_it_is_doubted() {
    for (contract, message) in [
        (
            "e: {kind: blocks, blocks: [
                {power: 1 MW, price: 35 $/MWh, until: 2027-01-01T00:00:00Z},
                {power: 0 MW, price: 0 $/MWh, from: 2027-01-01T00:00:00Z}]}",
            "money.horizon: a block of `e` ends on 2027-01-01, before the project does",
        ),
        (
            "w: {kind: coincident-peak, rate: 62 $/kW-year, interval: 1 h, peaks: [2026-07-03T22:00:00Z]}",
            "money.horizon: the run covers 0.02 years, so that the share of the peaks of `w` within \
             it is not that of its months",
        ),
    ] {
        let money = "money: {horizon: 5 years, discount: 10 %}";
        let found = findings(&format!("contracts:\n  {contract}\n{money}\n"));
        let wanted = ("warning".to_owned(), message.to_owned());
        assert!(found.contains(&wanted), "no {wanted:?} in {found:?}");
    }
}

/// The years around a week of the small site.
const MONEY: &str = "\
money:
  horizon: 5 years
  discount: 10 %
  tax: 21 %
  capital:
    asics: {rack_cost: 600 k$, racks: mine-hall, life: 4 years, residual: 5 %, depreciation: macrs-5, serves: mine, source: assumption, year: 2025, inflation: 3 %/year}
    gpus: {power_cost: 29 M$/MW, racks: train-hall, life: 5 years, depreciation: macrs-5, bonus: 50 %, serves: train, source: assumption}
    shell: {cost: 2 M$, life: 15 years, spend: {over: 6 months, curve: s-curve}, source: assumption}
  upkeep:
    staff: {cost: 200 k$/year, escalator: 3 %/year, source: assumption}
    parts: {power_cost: 20 $/kW-year, racks: mine-hall, source: assumption}
  drift: {chat: -10 %/year}
  drift_floor: {chat: 70 %}
  escalate: {delivery: 2 %/year}
  factors: {let: 1.5}
";

#[test]
fn the_years_around_a_finished_run_are_those_it_foresaw() {
    let bench = Bench::new();
    bench.file("small.yaml", format!("{SMALL}{CONTRACTS}{MONEY}"));
    let summary = json(&bench, "run small.yaml --format json");
    let folder = bench.the_run();
    let price =
        |sets: &str| json(&bench, &format!("money {} --format json {sets}", folder.display()));
    let again = price("");
    let figures = summary["money"].as_object().unwrap();
    for key in ["capital_usd", "first_month_usd", "npv_usd", "rates_of_return", "trough_usd"] {
        assert!(figures[key].is_number(), "no {key}");
        assert_eq!(again["money"][key], figures[key], "{key}");
    }
    for (work, key) in [
        ("mine", "levelised_cost_usd_per_ph_day"),
        ("train", "levelised_cost_usd_per_gpu_h"),
        ("chat", "levelised_cost_usd_per_mtoken"),
    ] {
        assert!(summary["workloads"][work][key].as_f64().unwrap() > 0.0, "{work}");
        assert_eq!(again["workloads"][work][key], summary["workloads"][work][key], "{work}");
    }
    // Racks of 30.4 kW and a container, at the prices of the year after that of their source.
    let capital = 600e3 * 1.03 + 29e6 * 4.0 * 0.0304 + 2e6;
    let got = figures["capital_usd"].as_f64().unwrap();
    assert!((got / capital - 1.0).abs() < 1e-9, "{got} for {capital}");
    // What is worth something apart is worth it together.
    let worth = again["worth_usd"].as_object().unwrap();
    let sum: f64 = worth.values().map(|usd| usd.as_f64().unwrap()).sum();
    let npv = |of: &Json| of["money"]["npv_usd"].as_f64().unwrap();
    assert!((sum - npv(&again)).abs() < 0.01, "{sum}");
    assert_eq!(again["cash_flows_usd"].as_array().unwrap().len(), 61);
    // Without discount nothing is worth less for being late.
    let flows = price("--set money.discount=0%");
    let sum: f64 =
        flows["cash_flows_usd"].as_array().unwrap().iter().map(|usd| usd.as_f64().unwrap()).sum();
    assert!((sum - npv(&flows)).abs() < 0.01, "{sum}");
}

#[test]
fn plans_that_cannot_be_meant_are_refused_at_their_field() {
    let capital = |field: &str| {
        format!("money: {{horizon: 5 years, discount: 10 %, capital: {{hall: {field}}}}}\n")
    };
    let let_out = |field: &str| {
        let lease =
            "{kind: lease, racks: train-hall, structure: modified-gross, rent: 100 $/kW-month}";
        format!(
            "contracts: {{let: {lease}}}\nmoney: {{horizon: 5 years, discount: 10 %, {field}}}\n"
        )
    };
    let cases = [
        (
            capital("{cost: 1 M$, life: -4 years, source: a}"),
            "money.capital.hall.life: must not be negative, got `-4 years`",
        ),
        (
            capital("{cost: 1 M$, life: 4.1 months, source: a}"),
            "money.capital.hall.life: needs whole months, got 4.1 months",
        ),
        (
            capital("{power_cost: 1 M$/MW, racks: no-hall, life: 4 years, source: a}"),
            "money.capital.hall.racks: no hall of racks is named `no-hall`",
        ),
        (
            capital("{power_cost: 1 M$/MW, life: 4 years, source: a}"),
            "money.capital.hall.power_cost: needs the power that it is for: `racks` or `power`",
        ),
        (
            capital("{cost: 1 M$, life: 4 years, source: a, spend: {over: 5 years}}"),
            "money.horizon: the works take 60 months of 60, so that nothing is ever earned",
        ),
        (
            "money: {horizon: 5 years, discount: 10 %, drift: {miner: 2 %/year}}\n".to_owned(),
            "money.drift.miner: no workload or contract is named `miner`",
        ),
        (
            "money: {horizon: 5 years, discount: 10 %, drift_floor: {chat: 40 %}}\n".to_owned(),
            "money.drift_floor.chat: has no effect on a price that does not drift",
        ),
        (
            "money: {horizon: 5 years, discount: 10 %, drift: {chat: 2 %/year}, drift_floor: {chat: 40 %}}\n"
                .to_owned(),
            "money.drift_floor.chat: has no effect on a price that does not fall",
        ),
        // What has no line of its own in the years around a run cannot change by its name.
        (
            let_out("drift: {let: 2 %/year}"),
            "money.drift.let: `let` lets racks, and changes by a term of its own",
        ),
        (
            let_out("escalate: {let: 2 %/year}"),
            "money.escalate.let: `let` lets racks, and changes by a term of its own",
        ),
        (
            let_out("drift: {train: 2 %/year}"),
            "money.drift.train: what `train` earns is its tenant's, so that nothing changes by it",
        ),
        (
            let_out("factors: {train: 1.1}"),
            "money.factors.train: what `train` earns is its tenant's, so that nothing changes by it",
        ),
        (
            let_out("drift: {export: 2 %/year}"),
            "money.drift.export: no workload or contract is named `export`",
        ),
        (
            let_out("factors: {let: 1.1}"),
            "contracts: no contract buys energy, so that the site has it for nothing",
        ),
        (
            "money: {horizon: 5 years, discount: -10 %}\n".to_owned(),
            "money.discount: fraction outside 0 to 1: `-10 %`",
        ),
        (
            "money: {horizon: 5 years, discount: 10 %}\n".to_owned(),
            "money: nothing is spent on the site, so that there is no rate of return",
        ),
    ];
    for (section, message) in cases {
        let found = findings(&section);
        let has = found.iter().any(|(_, said)| said == message);
        assert!(has, "no {message:?} in {found:?}");
    }
}

#[test]
fn what_is_left_depends_on_parameters_as_it_is_asked() {
    let bench = Bench::new();
    bench.file("small.yaml", format!("{SMALL}{CONTRACTS}{MONEY}"));
    json(&bench, "run small.yaml --format json --set duration=1day");
    let folder = bench.the_run();
    let command = |arguments: &[&str]| {
        let command = bench.loadbank(&format!("money {}", folder.display()));
        let output = command.args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let priced = |arguments: &[&str]| -> Json {
        let (code, out, said) = command(&[&["--format", "json"], arguments].concat());
        assert_eq!(code, 0, "{said}");
        serde_json::from_str(&out).unwrap()
    };
    let npv = |of: &Json| of["money"]["npv_usd"].as_f64().unwrap();
    let found = priced(&[
        "--vary",
        "money.discount=8 %..16 %",
        "--breakeven",
        "contracts.energy.adder=-100000 $/MWh..100000 $/MWh",
        "--breakeven",
        "money.factors.chat=0..0.001",
    ]);
    let low = npv(&priced(&["--set", "money.discount=8 %"]));
    assert_eq!(found["vary"]["money.discount"][0]["left_usd"].as_f64(), Some(low));
    let adder = found["breakeven"]["contracts.energy.adder"].as_str().unwrap();
    let at_zero = npv(&priced(&["--set", &format!("contracts.energy.adder={adder}")]));
    let here = npv(&priced(&[]));
    assert!(at_zero.abs() < 1e-5 * here.abs(), "{at_zero} at {adder}, {here} here");
    assert!(found["breakeven"]["money.factors.chat"].is_null());
    let (_, text, _) =
        command(&["--vary", "money.discount=8 %..16 %", "--vary", "money.tax=20.99 %..21 %"]);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    assert!(at("money.discount: 8 %, 16 %") < at("money.tax: 20.99 %, 21 %"), "{text}");
    for (arguments, code, message) in [
        (["--vary", "seed=1..2"], 2, "cannot change in a run that has ended"),
        (["--vary", "money.discount"], 2, "needs `PATH=LOW..HIGH`"),
        (["--vary", "money.discount=8 %..160 %"], 3, "fraction outside 0 to 1"),
        (["--breakeven", "money.discount=8 %..0.1"], 2, "are not one unit"),
    ] {
        let (got, _, said) = command(&arguments);
        assert_eq!(got, code, "{arguments:?}: {said}");
        assert!(said.contains(message), "no `{message}` in {said}");
    }
}
