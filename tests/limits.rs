//! Base points, congestion and hours of a tariff by the import meter.

use loadbank::facility::{Subject, SubjectKind};

use super::control::{YARD, at_prices};
use super::support::{Bench, Told, column, load_errors, simulate, simulate_file};

fn programme<'t>(told: &'t Told, name: &str) -> &'t Subject {
    let found = told.outcome.of(SubjectKind::Programme).find(|subject| subject.name == name);
    found.unwrap_or_else(|| panic!("no programme {name}"))
}

/// The yard without a policy of its own, since its hashes are worth more than all prices, with `programmes`.
fn yard(programmes: &str) -> String {
    format!("{}programmes:\n{programmes}", YARD.replace("28.7 $/PH/day", "100 $/PH/day"))
}

/// The mean import of each hour, MW: whole machines of 3.5 kW.
fn hours(told: &Told) -> Vec<f64> {
    column(told, "import_mw").chunks(60).map(|hour| hour.iter().sum::<f64>() / 60.0).collect()
}

fn about(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 0.05, "{found}, expected {expected}");
    }
}

const SCED: &str = "  sced: {kind: ercot-clr-sced, leave: 10 MW, bids: [{power: 100 MW, price: 30 $/MWh}, {power: 60 MW, price: 80 $/MWh}]}\n";

/// A bid of 100 MW up to 30 $/MWh, of 60 up to 80, of 10 above, under prices that each hold for an hour.
#[test]
fn a_site_imports_its_base_point() {
    let told = at_prices(&yard(SCED), &[20.0, 50.0, 100.0, 20.0]);
    about(&hours(&told), &[100.0, 60.0, 10.0, 100.0]);
    let most_mw = column(&told, "import_max_mw");
    assert!(most_mw[60..120].iter().all(|mw| *mw <= 60.0 + 1e-9), "{most_mw:?}");
    assert!(most_mw[120..180].iter().all(|mw| *mw <= 10.0 + 1e-9), "{most_mw:?}");
    let sced = programme(&told, "sced");
    assert_eq!((sced.count("calls"), sced.count("missed")), (1, 0));
    assert!((sced.real("asked_mwh") - (40.0 + 90.0)).abs() < 1e-9);
    assert!((sced.real("score") - 1.0).abs() < 1e-9);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
}

/// A market that dispatches a load leaves it what its award of a reserve needs, where the order of policies
/// has awards before prices.
#[test]
fn a_base_point_spares_awards_where_the_order_says_so() {
    let reserve = "  ecrs: {kind: dispatch, award: 30 MW, calls: {at: []}}\n";
    let both = yard(&format!("{SCED}{reserve}"));
    let prices = [20.0, 50.0, 100.0, 20.0];
    about(&hours(&at_prices(&both, &prices)), &[100.0, 60.0, 10.0, 100.0]);
    let order = "control: {order: [emergency, reserve, peaks, price]}\n";
    about(&hours(&at_prices(&format!("{both}{order}"), &prices)), &[100.0, 60.0, 30.0, 100.0]);
}

/// A line of 400 MW that others load with 300 to 395 MW and the site with half of what it draws is never
/// loaded beyond that.
#[test]
fn a_constraint_is_kept() {
    let flows = [300.0, 380.0, 395.0, 300.0];
    let bench = Bench::new();
    let rows = flows.iter().enumerate();
    let rows = rows.map(|(hour, mw)| format!("2026-07-01T{hour:02}:00:00Z,{mw}\n"));
    bench.file("flow.csv", format!("time,mw\n{}", rows.collect::<String>()));
    let pclr = "  pclr: {kind: ercot-pclr, maximum: 100 MW, leave: 0 MW, limit: 400 MW, shift_factor: 50 %, flow: {csv: flow.csv, column: mw, unit: MW}}\n";
    let text =
        yard(pclr).replace("{csv: prices.csv, column: price, unit: $/MWh}", "{fixed: 30 $/MWh}");
    let told = simulate_file(&bench.file("yard.yaml", text), &[]);
    about(&hours(&told), &[100.0, 40.0, 10.0, 100.0]);
    for (minute, most_mw) in column(&told, "import_max_mw").iter().enumerate() {
        let line_mw = flows[minute / 60] + 0.5 * most_mw;
        assert!(line_mw <= 400.0 + 1e-6, "{line_mw} MW in minute {minute}");
    }
    assert!((programme(&told, "pclr").real("score") - 1.0).abs() < 1e-9);
}

#[test]
fn a_site_stays_away_from_the_hours_of_a_tariff() {
    let dear =
        "  dear: {kind: ethiopia-time-of-use, leave: 10 MW, window: {hours: ['01:00-02:00']}}\n";
    let text =
        yard(dear).replace("{csv: prices.csv, column: price, unit: $/MWh}", "{fixed: 60 $/MWh}");
    let told = simulate(&text, &[]);
    about(&hours(&told), &[100.0, 10.0, 100.0, 100.0]);
    assert_eq!(load_errors(&text), Vec::<String>::new());
}

/// A line that others load fully for five minutes, and then for two hours with a little more or less each
/// minute: what the dip has cut comes back after `control.readmit_after`, and is not held back by each rise.
#[test]
fn a_limit_that_wiggles_holds_nothing_back() {
    let bench = Bench::new();
    let flow = |minute: usize| match minute {
        0..60 => 30.0,
        60..65 => 39.6,
        _ => 32.0 + 0.2 * (minute % 2) as f64,
    };
    let at = |minute: usize| format!("2026-07-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
    let rows: String =
        (0..180).map(|minute| format!("{},{}\n", at(minute), flow(minute))).collect();
    bench.file("flow.csv", format!("time,mw\n{rows}"));
    let site = |maximum: &str, control: &str| {
        format!(
            "name: wiggles\nstart: 2026-07-01T00:00:00Z\nduration: 3 h\noutput: {{interval: 5 min}}\n\
             weather: {{climate: nordic}}\nprice: {{fixed: 40 $/MWh}}\n\
             power:\n  utility: {{kind: feed, capacity: 20 MW, outages: none}}\n\
             cooling:\n  dry: {{kind: dry-cooler, design_heat: 12 MW, fed_by: utility, buffer: 400000 L}}\n\
             racks:\n  hall: {{kind: heat-load, power: 9 MW, trip_inlet: 68 degC, fed_by: utility, \
             cooled_by: dry}}\n{control}\
             programmes:\n  pclr: {{kind: ercot-pclr, maximum: {maximum}, leave: 0 MW, limit: 40 MW, \
             flow: {{csv: flow.csv, column: mw, unit: MW, hold: 1 h}}}}\n"
        )
    };
    let told = simulate_file(&bench.file("site.yaml", site("10 MW", "")), &[]);
    let import_mw = column(&told, "import_mw");
    assert!(import_mw[12] < 0.5 && import_mw[13] < 0.5, "{import_mw:?}");
    assert!(import_mw[15..].iter().all(|mw| *mw > 7.7 && *mw <= 8.0 + 1e-9), "{import_mw:?}");
    // Outside calls nothing keeps a site to the most that it is said to import.
    let warned = |maximum: &str, control: &str| {
        bench.file("site.yaml", site(maximum, control));
        let output = bench.loadbank("check site.yaml").output().unwrap();
        let all = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let of_programme = all.lines().filter(|line| line.contains("programmes.pclr:"));
        of_programme.collect::<String>()
    };
    assert_eq!(warned("10 MW", ""), "");
    assert!(warned("8 MW", "").contains("nothing keeps the site to 8 MW outside calls"));
    assert_eq!(warned("8 MW", "control: {import_limit: {power: 8 MW}}\n"), "");
    assert!(warned("100 MW", "").contains("against 100 MW where the racks draw"));
}
