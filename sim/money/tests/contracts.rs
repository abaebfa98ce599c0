//! The laws of contracts against sums that were made outside of this program.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::contract::{Block, Demand, Market, Ratchet, Tariff};
use super::super::peaks::{CoincidentPeak, Peaks};
use super::super::{
    Account, Basis, Bill, Books, Cents, Contract, Extra, Interval, Item, Law, Terms, price,
};
use crate::tables::{Window, WindowSpec};

const QUARTER_S: f64 = 900.0;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Intervals of `seconds` from `start` on with these (load MW, price $/MWh).
fn books(start: &str, seconds: f64, rows: impl IntoIterator<Item = (f64, f64)>) -> Books {
    let mut start = at(start);
    let mut intervals = Vec::new();
    for (load_mw, price_usd_mwh) in rows {
        let import_mwh = load_mw * seconds / 3600.0;
        intervals.push(Interval {
            start,
            seconds,
            import_mwh,
            price_usd_mwh,
            emissions_t: 0.4 * import_mwh,
            withdrawal_m3: 2.0,
            sewage_m3: 0.5,
            ..Interval::default()
        });
        start += jiff::SignedDuration::from_secs(seconds as i64);
    }
    Books { intervals, ..Books::default() }
}

fn bill(law: Law, zone: &str, books: &Books) -> Bill {
    let zone = TimeZone::get(zone).unwrap();
    price(
        &Terms { zone, contracts: vec![Contract { name: "it".to_owned(), law }], project: None },
        books,
        &Account::default(),
    )
}

fn market(blocks: Vec<Block>) -> Market {
    let collar = (f64::NEG_INFINITY, f64::INFINITY);
    Market { blocks, basis: Basis::Constant(0.0), collar, adder: 0.0, losses: 0.0 }
}

fn block(power_mw: f64, price: f64) -> Block {
    let (from, until) = (Timestamp::MIN, Timestamp::MAX);
    Block { power_mw, price, from, until, resale_fee: Some(0.0) }
}

/// Real-time prices of 700 days of ERCOT's hub average; none where there is no data.
fn hub_prices() -> Option<Vec<f64>> {
    let folder = std::env::var_os("LOADBANK_DATA")
        .map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let file = std::fs::File::open(folder.join("grid/ercot_hubavg_rt15_2024_2025.csv.gz"));
    let Ok(file) = file else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("skipped: no data");
        }
        return None;
    };
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    let price = |line: &str| line.split(',').nth(1).unwrap().parse().unwrap();
    Some(text.lines().skip(1).map(price).collect())
}

#[test]
fn blocks_with_resale_cost_what_numpy_says_on_hub_prices() {
    let Some(prices) = hub_prices() else { return };
    assert_eq!(prices.len(), 67_200);
    let rows = |load: fn(f64) -> f64| prices.iter().map(move |&price| (load(price), price));
    let steered = rows(|price| if price > 86.0 { 0.7 } else { 100.0 });
    let steered = books("2024-01-01T00:00:00Z", QUARTER_S, steered);
    let flat = books("2024-01-01T00:00:00Z", QUARTER_S, rows(|_| 100.0));
    // Targets G4, G4b and G5: sums by numpy over the same file, to the dollar.
    let near = |got: Cents, wanted_usd: f64| {
        assert!((got.usd() - wanted_usd).abs() < 1.0, "{got} for {wanted_usd}");
    };
    let of = |power_mw| bill(Law::Market(market(vec![block(power_mw, 35.0)])), "UTC", &steered);
    let whole = of(100.0);
    near(whole.contracts[0].cost_of(Item::Blocks), 58_800_000.0);
    near(-whole.contracts[0].cost_of(Item::Resale), 9_502_303.98);
    near(whole.cost(), 49_297_696.02);
    let part = of(60.0);
    near(part.contracts[0].cost_of(Item::Energy), 15_928_173.70);
    near(-part.contracts[0].cost_of(Item::Resale), 5_674_588.38);
    near(part.cost(), 45_533_585.32);
    near(bill(Law::Market(market(Vec::new())), "UTC", &steered).cost(), 39_887_419.27);
    near(bill(Law::Market(market(Vec::new())), "UTC", &flat).cost(), 49_389_723.25);
    // Target G6: the mean of the price within a collar of 20 to 60.
    let collared = Market { collar: (20.0, 60.0), ..market(Vec::new()) };
    let cost = bill(Law::Market(collared), "UTC", &flat).cost().usd();
    assert!((cost / (100.0 * 16_800.0) - 28.154_292).abs() < 1e-6);
}

fn demand(ratchet: Option<Ratchet>) -> Law {
    let window = Window::default();
    Law::Demand(Demand {
        rate: 5.0,
        interval_s: 900,
        window,
        ratchet,
        minimum_mw: 0.0,
        set_mw: 0.0,
    })
}

fn ratchet(share: f64, months: usize) -> Ratchet {
    Ratchet { share, months, window: Window::default(), before_mw: Vec::new() }
}

/// A year whose demand swings with the season and the hour.
fn swinging(seconds: f64) -> Books {
    let count = (365.0 * 86_400.0 / seconds) as usize;
    let rows = (0..count).map(|index| {
        use std::f64::consts::TAU;
        let hours = index as f64 * seconds / 3600.0;
        let (day, hour) = ((hours / 24.0).floor(), hours % 24.0);
        let season = libm::sin(TAU * (day - 80.0) / 365.0);
        (80.0 + 15.0 * season + 5.0 * libm::sin(TAU * hour / 24.0), 30.0)
    });
    books("2025-01-01T00:00:00Z", seconds, rows)
}

/// What the demand of that year costs by the hour, with a ratchet of so much over 11 months, $.
pub(super) fn demand_of_a_year(share: Option<f64>) -> f64 {
    let ratchet = share.map(|share| ratchet(share, 11));
    let Law::Demand(quarters) = demand(ratchet) else { unreachable!("it is made so") };
    let hourly = Law::Demand(Demand { interval_s: 3600, ..quarters });
    bill(hourly, "UTC", &swinging(3600.0)).cost().usd()
}

#[test]
fn demand_and_its_ratchet_cost_what_pysam_says() {
    // Target G7; the first two are those of PySAM's Utilityrate5 on the hourly series as well.
    let year = swinging(QUARTER_S);
    let cases = [
        (None, 5_241_278.58),
        (Some(ratchet(0.8, 11)), 5_311_121.28),
        (Some(ratchet(1.0, 11)), 5_668_657.32),
    ];
    for (ratchet, wanted_usd) in cases {
        let cost = bill(demand(ratchet), "UTC", &year).cost();
        assert!((cost.usd() - wanted_usd).abs() < 0.05, "{cost} for {wanted_usd}");
    }
}

#[test]
fn a_year_of_days_in_hours_peaks_as_one_in_quarters() {
    // At full hours both take the sine at its top, six o'clock.
    let hourly = Law::Demand(Demand {
        rate: 5.0,
        interval_s: 3600,
        window: Window::default(),
        ratchet: None,
        minimum_mw: 0.0,
        set_mw: 0.0,
    });
    let cost = bill(hourly, "UTC", &swinging(3600.0)).cost();
    assert_eq!(cost, bill(demand(None), "UTC", &swinging(QUARTER_S)).cost());
}

#[test]
fn demand_of_a_torn_interval_counts_only_what_was_metered() {
    // Three hours of 20 MW from 00:05 on: the first ten minutes of a quarter have 20 * 10 / 15 MW,
    // the last five have 20 * 5 / 15. Three hours of the 720 of June are billed.
    let torn = books("2026-06-01T00:05:00Z", 300.0, vec![(20.0, 0.0); 36]);
    let cost = bill(demand(None), "UTC", &torn).cost().usd();
    assert!((cost - 20_000.0 * 5.0 * 3.0 / 720.0).abs() < 0.01);
    let short = books("2026-06-01T00:05:00Z", 300.0, vec![(20.0, 0.0)]);
    let cost = bill(demand(None), "UTC", &short).cost().usd();
    assert!((cost - 20_000.0 / 3.0 * 5.0 / (720.0 * 12.0)).abs() < 0.01, "a third of 20 MW");
}

#[test]
fn windows_minimum_and_what_was_set_before_decide_what_is_billed() {
    // A day of June in Chicago: 40 MW, of which 90 MW at noon and 70 MW at 20:00.
    let load = |quarter: usize| match quarter {
        48 => 90.0,
        80 => 70.0,
        _ => 40.0,
    };
    let day = books("2026-06-01T05:00:00Z", QUARTER_S, (0..96).map(|q| (load(q), 0.0)));
    let mut faults = Vec::new();
    let evening =
        WindowSpec { hours: Some(vec!["19:00-07:00".to_owned()]), ..WindowSpec::default() };
    let evening = evening.resolve(&mut faults);
    assert!(faults.is_empty());
    let billed_mw = |demand: Demand| {
        let cost = bill(Law::Demand(demand), "America/Chicago", &day).cost().usd();
        (cost * 30.0 / 5000.0 * 1000.0).round() / 1000.0
    };
    let plain = Demand {
        rate: 5.0,
        interval_s: 900,
        window: Window::default(),
        ratchet: None,
        minimum_mw: 0.0,
        set_mw: 0.0,
    };
    assert_eq!(billed_mw(plain.clone()), 90.0);
    assert_eq!(billed_mw(Demand { interval_s: 3600, ..plain.clone() }), 52.5);
    let evening = Demand { window: evening, ..plain };
    assert_eq!(billed_mw(evening.clone()), 70.0);
    assert_eq!(billed_mw(Demand { minimum_mw: 75.0, ..evening.clone() }), 75.0);
    assert_eq!(billed_mw(Demand { set_mw: 80.0, ..evening.clone() }), 80.0);
    let before = Ratchet { before_mw: vec![200.0, 100.0], ..ratchet(0.9, 1) };
    assert_eq!(billed_mw(Demand { ratchet: Some(before), ..evening }), 90.0);
}

#[test]
fn coincident_peaks_accrue_as_they_occur() {
    // Target G3: 100 MW and 5 MW at the four peaks of 2024 at 62 $/kW-year accrue 310,000 $.
    let peaks: Vec<Timestamp> = [
        "2024-06-27T16:00:00-05:00",
        "2024-07-02T16:00:00-05:00",
        "2024-08-19T16:10:00-05:00",
        "2024-09-19T16:00:00-05:00",
    ]
    .map(at)
    .into();
    let hour = |peak: &Timestamp| peak.as_second().div_euclid(3600);
    let start = at("2024-06-01T05:00:00Z");
    let rows = (0..122 * 24).map(|index| {
        let now = start.as_second().div_euclid(3600) + index;
        (if peaks.iter().any(|peak| hour(peak) == now) { 5.0 } else { 100.0 }, 0.0)
    });
    let summer = books("2024-06-01T05:00:00Z", 3600.0, rows);
    let charge = |minimum_mw| {
        let peaks = Peaks::Listed(peaks.clone());
        let law = CoincidentPeak { rate: 62.0, interval_s: 3600, peaks, minimum_mw };
        bill(Law::CoincidentPeak(law), "America/Chicago", &summer)
    };
    let months = |bill: &Bill| (0..4).map(|month| bill.cost_in(month).0).collect::<Vec<_>>();
    let plain = charge(0.0);
    assert_eq!(plain.months, ["2024-06", "2024-07", "2024-08", "2024-09"]);
    assert_eq!(months(&plain), [7_750_000; 4]);
    assert_eq!(plain.cost().to_string(), "310000.00");
    // Half of 100 MW is billed at least: ten times as much, as each peak accrues its part.
    assert_eq!(months(&charge(50.0)), [77_500_000; 4]);
}

/// Peaks of a programme over two summers, of which the second year misses one: 10, 10, 10, 90 MW in the first
/// have a mean of 30, above the 20 that are billed at least; 0, 0, 0, 40 in the second one of 10, below them.
#[test]
fn the_peaks_of_a_programme_are_charged_year_by_year() {
    let demands = [[10.0, 10.0, 10.0, 90.0], [0.0, 0.0, 0.0, 40.0]];
    let start = at("2024-01-01T06:00:00Z");
    let mut all = books("2024-01-01T06:00:00Z", 3600.0, (0..731 * 24).map(|_| (100.0, 0.0)));
    all.extras = ["other", "system"].map(|it| Extra::Peak(it.to_owned())).to_vec();
    for interval in &mut all.intervals {
        interval.extras = vec![1.0, 0.0];
    }
    for (year, demands) in (2024..).zip(demands) {
        for (month, mw) in (6..).zip(demands) {
            let peak = at(&format!("{year}-{month:02}-15T17:00:00-05:00"));
            let hour = (peak.as_second() - start.as_second()) / 3600;
            let interval = &mut all.intervals[hour as usize];
            (interval.import_mwh, interval.extras[1]) = (mw, 1.0);
        }
    }
    let law = |minimum_mw| {
        let peaks = Peaks::Of("system".to_owned(), 4);
        let law = CoincidentPeak { rate: 50.0, interval_s: 3600, peaks, minimum_mw };
        bill(Law::CoincidentPeak(law), "America/Chicago", &all)
    };
    let years = |bill: &Bill| {
        let of = |year: &str| {
            let months = (0..bill.months.len()).filter(|at| bill.months[*at].starts_with(year));
            months.map(|month| bill.cost_in(month).0).sum::<i64>()
        };
        ["2024", "2025"].map(of)
    };
    // 50 $/kW-year of 30 and of 10 MW; of 30 and of 20.
    assert_eq!(years(&law(0.0)), [150_000_000, 50_000_000]);
    assert_eq!(years(&law(20.0)), [150_000_000, 100_000_000]);
}

#[test]
fn a_tariff_counts_windows_and_steps() {
    // Ethiopia's of 2025-12: 4 c/kWh, 6 c from 18 to 22 h. June of 10 MW, 7,200 MWh: 1,200 of them in
    // the evening, and 10 $/MWh less above 5,000 MWh.
    let mut faults = Vec::new();
    let evening =
        WindowSpec { hours: Some(vec!["18:00-22:00".to_owned()]), ..WindowSpec::default() };
    let evening = evening.resolve(&mut faults);
    let tariff = Tariff {
        periods: vec![(evening, 60.0), (Window::default(), 40.0)],
        steps: vec![(5000.0, -10.0)],
        losses: 0.0,
    };
    let june = books("2026-05-31T21:00:00Z", 3600.0, vec![(10.0, 0.0); 720]);
    let cost = bill(Law::Tariff(tariff), "Africa/Addis_Ababa", &june).cost();
    assert_eq!(cost.to_string(), "290000.00");
}

#[test]
fn water_and_carbon_are_paid_by_amount() {
    let day = books("2026-06-01T00:00:00Z", 3600.0, vec![(10.0, 30.0); 24]);
    let water = bill(Law::Water { price: 1.5, sewer: 2.0 }, "UTC", &day);
    assert_eq!(water.contracts[0].cost_of(Item::Water).to_string(), "72.00");
    assert_eq!(water.contracts[0].cost_of(Item::Sewage).to_string(), "24.00");
    assert_eq!(bill(Law::Carbon(60.0), "UTC", &day).cost().to_string(), "5760.00");
}

#[test]
fn unused_energy_of_a_block_without_resale_is_lost() {
    let day = books("2026-06-01T00:00:00Z", 3600.0, vec![(10.0, 100.0); 24]);
    let lost = Block { resale_fee: None, ..block(25.0, 40.0) };
    assert_eq!(bill(Law::Market(market(vec![lost])), "UTC", &day).cost().to_string(), "24000.00");
    let sold = Block { resale_fee: Some(2.0), ..block(25.0, 40.0) };
    // 15 MW for 24 h at 98 $/MWh back.
    assert_eq!(bill(Law::Market(market(vec![sold])), "UTC", &day).cost().to_string(), "-11280.00");
    // Ends at noon, and begins with load that the market serves.
    let half = Block { until: at("2026-06-01T12:00:00Z"), resale_fee: None, ..block(5.0, 40.0) };
    let cost = bill(Law::Market(market(vec![half])), "UTC", &day).cost();
    assert_eq!(cost.to_string(), "20400.00");
}

#[test]
fn cents_round_half_to_even_and_print_as_money() {
    assert_eq!([0.125, 0.375, -0.125].map(|usd| Cents::of(usd).0), [12, 38, -12]);
    assert_eq!(
        [Cents(-5), Cents(123_456), Cents(0)].map(|it| it.to_string()),
        ["-0.05", "1234.56", "0.00"]
    );
}

proptest! {
    /// Without fees, blocks are a hedge: load at the market's price, and for each block the
    /// difference of its price, whatever is used.
    #[test]
    fn blocks_hedge(
        rows in prop::collection::vec((0.0..150.0_f64, -50.0..500.0_f64), 1..300),
        powers in prop::collection::vec((0.0..100.0_f64, -10.0..100.0_f64), 0..4),
    ) {
        let books = books("2026-06-30T12:00:00Z", QUARTER_S, rows.clone());
        let blocks = powers.iter().map(|&(power, price)| block(power, price)).collect();
        let cost = bill(Law::Market(market(blocks)), "America/Chicago", &books).cost().usd();
        let hedged = rows.iter().map(|&(load, spot)| {
            let blocks: f64 = powers.iter().map(|&(power, price)| power * (price - spot)).sum();
            (load * spot + blocks) * 0.25
        });
        // Each of three items in each of at most two months is rounded once.
        prop_assert!((cost - hedged.sum::<f64>()).abs() < 0.031);
    }

    /// What contracts come to does not depend on which others there are, nor on their order.
    #[test]
    fn bills_add_up(rows in prop::collection::vec((0.0..150.0_f64, -50.0..500.0_f64), 1..200)) {
        let books = books("2026-06-30T12:00:00Z", QUARTER_S, rows);
        let laws = [
            Law::Market(market(vec![block(60.0, 35.0)])),
            demand(Some(ratchet(0.8, 11))),
            Law::Carbon(60.0),
        ];
        let alone: Cents = laws.iter().map(|law| bill(law.clone(), "UTC", &books).cost()).sum();
        let contracts = laws.into_iter().rev().map(|law| Contract { name: "it".to_owned(), law });
        let terms = Terms { zone: TimeZone::UTC, contracts: contracts.collect(), project: None };
        let together = price(&terms, &books, &Account::default());
        prop_assert_eq!(together.cost(), alone);
        let months: Cents = (0..together.months.len()).map(|month| together.cost_in(month)).sum();
        prop_assert_eq!(months, alone);
    }
}
