//! What holds at the first instant of a run acts from the first instant on, on every rack.

use loadbank::facility::Subject;

use super::support::{Bench, Told, simulate, simulate_file};

/// A yard of 200 PH/s that nothing cools or feeds: it is offered the same all the time.
const YARD: &str = "\
name: yard
start: 2024-12-01T00:00:00Z
duration: 3 days
weather: {climate: nordic}
price: {fixed: 200 $/MWh}
racks:
  yard: {kind: asic, machines: 1000, hash_rate: 200 TH/s, power: 3.5 kW}
workloads:
  mine:
    kind: mining
    racks: yard
    pool: {kind: fpps, fee: 0}
    income: {hash_price: 50 $/PH/day}
    failures: {rate: 0 /year}
";

fn mining(told: &Told) -> &Subject {
    told.outcome.named("mine").expect("it mines")
}

/// A hash earns 119 $/MWh, power costs 200: nobody ever hashes.
#[test]
fn machines_sleep_from_the_start_where_power_is_dear() {
    let told = simulate(YARD, &[]);
    assert!(told.outcome.balanced());
    let found = mining(&told);
    assert_eq!((found.real("hashing_machine_h"), found.real("revenue_usd")), (0.0, 0.0));
    assert_eq!(found.real("price_stops"), 1.0);
    // Just below what a hash earns everybody hashes all the time.
    let cheap = simulate(YARD, &["price={fixed: 119 $/MWh}"]);
    assert_eq!(mining(&cheap).real("uptime"), 1.0);
}

/// Closed form: the protocol's expected income of each day of a daily record.
#[test]
fn every_day_of_a_record_earns_its_hash_price() {
    let bench = Bench::new();
    let days = [(97_000.0, 1.03e14), (95_500.0, 1.04e14), (96_200.0, 1.05e14)];
    let mut csv = "date,price,difficulty\n".to_owned();
    for (day, (price, difficulty)) in (1..).zip(days) {
        csv += &format!("2024-12-0{day},{price},{difficulty}\n");
    }
    bench.file("btc.csv", csv);
    let income = YARD.replace("{hash_price: 50 $/PH/day}", "{csv: btc.csv, fees: 0.1 BTC}");
    let path = bench.file("yard.yaml", income);
    let told = simulate_file(&path, &["workloads.mine.policy={kind: always}"]);
    assert!(told.outcome.balanced());
    let btc = |(_, difficulty): (f64, f64)| {
        200e15 * 86_400.0 / (difficulty * 2_f64.powi(32)) * (3.125 + 0.1)
    };
    let usd: f64 = days.map(|day| btc(day) * day.0).iter().sum();
    let found = mining(&told);
    let earned = found.real("revenue_usd");
    assert!((earned / usd - 1.0).abs() < 1e-9, "{earned} $ of {usd} $");
    let mined: f64 = days.map(btc).iter().sum();
    assert!((found.real("mined_btc") / mined - 1.0).abs() < 1e-9);
    let book = told.outcome.books.iter().find(|book| book.ledger.amount() == "income");
    assert!(book.unwrap().balanced);
}

/// A machine that has slept out its shortest time wakes then, though nothing else happens then.
#[test]
fn machines_wake_when_their_shortest_sleep_ends() {
    let bench = Bench::new();
    let row = |hour: u32| {
        let usd = if hour == 0 { 200 } else { 10 };
        format!("2024-12-0{}T{:02}:00:00Z,{usd}\n", 1 + hour / 24, hour % 24)
    };
    let rows: String = (0..72).map(row).collect();
    bench.file("price.csv", format!("time,price\n{rows}"));
    let price = "{csv: price.csv, column: price, unit: $/MWh}";
    let path = bench.file("yard.yaml", YARD.replace("{fixed: 200 $/MWh}", price));
    let told = simulate_file(
        &path,
        &[
            "workloads.mine.policy={kind: breakeven, min_off: 90 min}",
            "workloads.mine.restart={ramp: 1000 /s, failure: 0 %}",
        ],
    );
    // From an hour and a half on, and ten seconds to wake.
    let hours = mining(&told).real("hashing_machine_h") / 1000.0;
    assert!((hours - (72.0 - 1.5 - 10.0 / 3600.0)).abs() < 1e-9, "{hours} h");
}
