//! A scenario whose money is not in dollars: the same site, told in its own currency.

use serde_json::Value as Json;

use super::support::{Bench, SMALL, load_errors};

/// The small site at prices in its own currency.
fn small() -> String {
    SMALL.replace("{model: ercot-hub}", "{model: ercot-hub, mean: 40 $/MWh}")
}

/// What a refused `command` says.
fn refused(bench: &Bench, command: &str) -> String {
    let output = bench.loadbank(command).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    said
}

const MONEY: &str = "\
contracts:
  energy: {kind: index, adder: 1.2 $/MWh}
  delivery: {kind: demand, rate: 5 $/kW-month, interval: 1 h}
  water: {kind: water, price: 1.5 $/m3, sewer: 2 $/m3}
";

fn json(bench: &Bench, command: &str) -> Json {
    let output = bench.loadbank(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bench: &Bench, command: &str) -> String {
    let output = bench.loadbank(command).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The same site in dollars and in euros: each amount has the same number. All figures agree to the
/// bit, and each name and unit of money says in what it is.
#[test]
fn a_site_in_euros_is_its_twin_in_dollars() {
    let dollars = small() + MONEY;
    let euros = format!("currency: EUR\n{}", dollars.replace('$', "EUR"));
    let [mine, twin] = [euros, dollars].map(|scenario| {
        let bench = Bench::new();
        bench.file("small.yaml", scenario);
        let run = "run small.yaml --format json --set duration=30h --tables csv";
        let mut summary = json(&bench, run);
        for own in ["folder", "currency"] {
            summary.as_object_mut().unwrap().shift_remove(own);
        }
        let folder = bench.the_run();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let tables = ["timeseries.csv", "meter.csv", "months.csv", "events.csv"].map(read);
        let again = json(&bench, &format!("money {} --format json", folder.display()));
        let name = if summary["money"]["margin_eur"].is_null() { "cost_usd" } else { "cost_eur" };
        let cost = |of: &Json| of["contracts"]["energy"][name].as_f64();
        assert!(cost(&again).is_some_and(|cost| cost > 0.0), "{again}");
        assert_eq!(cost(&again), cost(&summary));
        let priced = text(&bench, &format!("money {}", folder.display()));
        let page = read("report.html");
        let made_later = text(&bench, &format!("report {}", folder.display()));
        assert!(made_later.contains("report.html") && read("report.html") == page);
        // Beyond it sources and defaults are quoted as they are written.
        let shown = page.split("<section id=\"sources\"").next().unwrap().to_owned();
        let texts = [serde_json::to_string(&summary).unwrap(), priced, shown];
        (texts, tables)
    });
    let ([summary, priced, page], tables) = mine;
    assert!(summary.contains("\"margin_eur\"") && summary.contains("\"unit\":\"EUR\""));
    assert!(page.contains("EUR/MWh") && priced.contains("EUR"));
    for text in tables.iter().chain([&summary, &priced, &page]) {
        assert!(!text.contains('$') && !text.contains("usd"), "{text}");
    }
    let in_dollars = |text: &str| text.replace("_eur", "_usd").replace("EUR", "$");
    assert_eq!(in_dollars(&summary), twin.0[0]);
    for (mine, twin) in tables.iter().zip(&twin.1) {
        assert_eq!(&in_dollars(mine), twin);
    }
}

#[test]
fn money_of_another_currency_is_refused_where_it_stands() {
    let site = |head: &str, price: &str, more: &str| {
        format!(
            "name: a\nstart: 2024-07-01T00:00:00Z\nduration: 1 h\n{head}price: {price}\n\
             weather: {{climate: nordic}}\ncooling: {{dry: {{kind: dry-cooler, design_heat: 400 kW}}}}\n\
             racks: {{h: {{kind: heat-load, power: 100 kW, cooled_by: dry, trip_inlet: 60 degC}}}}\n{more}"
        )
    };
    let eur = "currency: EUR\n";
    assert_eq!(load_errors(&site(eur, "{fixed: 30 EUR/MWh}", "")), [""; 0]);
    assert_eq!(load_errors(&site(eur, "{model: ercot-hub, mean: 60 EUR/MWh}", "")), [""; 0]);
    let curtail = "contracts: {e: {kind: index, adder: 5 SEK/MWh}}\n";
    for (head, price, more, said) in [
        (eur, "{fixed: 30 $/MWh}", "", "price.fixed: `30 $/MWh` is money of USD"),
        (eur, "{fixed: 30 £/MWh}", "", "price.fixed: `30 £/MWh` is money of GBP"),
        ("", "{fixed: 30 EUR/MWh}", "", "write `currency: EUR` at the top"),
        (eur, "{model: ercot-hub}", "", "prices of `ercot-hub` are money of USD"),
        (eur, "{fixed: 30 EUR/MWh}", curtail, "`5 SEK/MWh` is money of SEK"),
        ("currency: eur\n", "{fixed: 30 $/MWh}", "", "did you mean `EUR`?"),
        ("currency: BTC\n", "{fixed: 30 $/MWh}", "", "`BTC` is no currency"),
    ] {
        let bench = Bench::new();
        bench.file("a.yaml", site(head, price, more));
        let printed = refused(&bench, "check a.yaml");
        assert!(printed.contains(said), "{said} in {printed}");
    }
}

/// Prices of a preset are in dollars: they are refused beside the `kind` that brings them in, unless
/// the scenario gives its own.
#[test]
fn prices_of_the_catalogue_are_in_dollars() {
    let bench = Bench::new();
    let programme = |more: &str| {
        let small = small().replace('$', "EUR");
        format!(
            "currency: EUR\n{small}programmes:\n  reserve: {{kind: ercot-ers-10, award: 100 kW{more}}}\n"
        )
    };
    bench.file("a.yaml", programme(""));
    let said = refused(&bench, "check a.yaml");
    assert!(said.contains("is money of USD, that of this scenario is EUR"), "{said}");
    assert!(said.contains("beside the `kind`, in EUR"), "{said}");
    bench.file("a.yaml", programme(", price: {fixed: 7 EUR/MW-h}"));
    text(&bench, "check a.yaml");
}

/// A record of prices in euros: read in a scenario of euros, by its layout and by its unit.
#[test]
fn records_of_prices_are_of_the_currency_of_the_scenario() {
    let bench = Bench::new();
    bench.file(
        "da.csv",
        "MTU (CET/CEST),Day-ahead Price (EUR/MWh)\n\
         03/11/2024 01:00 - 03/11/2024 02:00,41.5\n03/11/2024 02:00 - 03/11/2024 03:00,-2.25\n",
    );
    let site = |head: &str, price: &str| {
        format!(
            "name: a\nstart: 2024-11-03T00:00:00Z\nduration: 2 h\n{head}\
             price: {{csv: da.csv, {price}}}\nweather: {{climate: nordic}}\n\
             cooling: {{dry: {{kind: dry-cooler, design_heat: 400 kW}}}}\n\
             racks: {{h: {{kind: heat-load, power: 100 kW, cooled_by: dry, trip_inlet: 60 degC}}}}\n"
        )
    };
    let of_unit = "time: MTU (CET/CEST), time_format: '%d/%m/%Y %H:%M', time_zone: Europe/Brussels, \
                   column: Day-ahead Price (EUR/MWh), unit: EUR/MWh";
    for price in ["format: entsoe", of_unit] {
        bench.file("a.yaml", site("currency: EUR\n", price));
        let told = text(&bench, "check a.yaml");
        assert!(told.contains("-2.25 to 41.5 EUR/MWh"), "{told}");
        bench.file("a.yaml", site("", price));
        let said = refused(&bench, "check a.yaml");
        assert!(said.contains("write `currency: EUR` at the top"), "{said}");
    }
}

/// Designs of two currencies cannot be compared.
#[test]
fn a_comparison_is_of_one_currency() {
    let bench = Bench::new();
    bench.file("a.yaml", small());
    bench.file("b.yaml", format!("currency: EUR\n{}", small().replace('$', "EUR")));
    let said = refused(&bench, "compare a.yaml b.yaml --replications 2");
    assert!(said.contains("the money of `a` is USD, that of `b` is EUR"), "{said}");
}
