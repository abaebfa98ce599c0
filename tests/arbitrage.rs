//! What no policy can beat: the income of a battery lies below the best that perfect foresight could make of
//! the same prices, and dearer energy never makes a price taker richer.

use loadbank::facility::SubjectKind;
use proptest::prelude::*;

use super::support::{Bench, Told, hub_prices, price_table, simulate_file};

/// A battery that a linear programme may use: MW, MWh, given over taken either way, MWh at the start, what a
/// megawatt-hour given wears it by, $.
#[derive(Debug, Clone, Copy)]
struct Battery {
    mw: f64,
    mwh: f64,
    one_way: f64,
    start_mwh: f64,
    wear_usd_mwh: f64,
}

/// The most that it could earn at these prices of a quarter of an hour each, without charging and giving at
/// once: the linear programme by dynamic programming. What it may still earn is concave in what it holds, so
/// that each interval merges the slopes of two concave functions.
fn bound_usd(battery: Battery, prices: &[f64]) -> f64 {
    const HOURS: f64 = 0.25;
    let Battery { mw, mwh, one_way, start_mwh, wear_usd_mwh } = battery;
    let (in_mwh, out_mwh) = (one_way * mw * HOURS, mw * HOURS / one_way);
    // Worth of an empty battery, and the slopes of its worth by the energy that it holds, falling.
    let (mut empty_usd, mut slopes) = (0.0, vec![(0.0, mwh)]);
    for price in prices.iter().rev() {
        // From a full charge to full output: what a megawatt-hour from the cells earns.
        let (spares, gives) = (price / one_way, (price - wear_usd_mwh) * one_way);
        let earns = if spares >= gives {
            vec![(spares, in_mwh), (gives, out_mwh)]
        } else {
            // Taking and giving in turns burns energy that is paid for.
            let both = (2.0 * price - wear_usd_mwh) / (one_way + 1.0 / one_way);
            vec![(both, in_mwh + out_mwh)]
        };
        let mut merged = slopes;
        merged.extend(earns);
        merged.sort_by(|a: &(f64, f64), b| b.0.total_cmp(&a.0));
        empty_usd -= price * mw * HOURS;
        let mut skip = in_mwh;
        let mut left = mwh;
        slopes = Vec::new();
        for (slope, length) in merged {
            let skipped = length.min(skip);
            skip -= skipped;
            empty_usd += slope * skipped;
            let kept = (length - skipped).min(left);
            left -= kept;
            if kept > 0.0 {
                slopes.push((slope, kept));
            }
        }
    }
    let mut held = start_mwh;
    let worth = slopes.iter().map(|(slope, length)| {
        let part = length.min(held);
        held -= part;
        slope * part
    });
    empty_usd + worth.sum::<f64>()
}

/// The oracle against HiGHS: a week of ERCOT's real-time prices from 2024-08-19 on, UTC, and the whole year,
/// without and with what it wears by.
#[test]
fn the_bound_is_that_of_a_linear_programme() {
    let Some(all) = hub_prices() else { return };
    let week = &all[231 * 96..238 * 96];
    let battery =
        Battery { mw: 1.0, mwh: 2.0, one_way: f64::sqrt(0.85), start_mwh: 0.0, wear_usd_mwh: 0.0 };
    for (mwh, usd) in [(1.0, 5_204.667_7), (2.0, 6_606.534_2), (4.0, 7_111.277_7)] {
        let bound = bound_usd(Battery { mwh, ..battery }, week);
        assert!((bound - usd).abs() < 1e-3, "{bound} $ with {mwh} MWh, HiGHS {usd} $");
    }
    for (wear_usd_mwh, usd) in [(0.0, 68_673.00), (20.0, 50_035.61)] {
        let bound = bound_usd(Battery { wear_usd_mwh, ..battery }, &all[..366 * 96]);
        assert!((bound - usd).abs() < 0.01, "{bound} $ a year, HiGHS {usd} $");
    }
}

/// Runs `text`, which has a head put before it, at these prices.
fn simulate(text: &str, prices: &[f64], minutes: i64) -> Told {
    let bench = Bench::new();
    bench.file("prices.csv", price_table(prices, minutes));
    let head = "name: prices\nstart: 2024-01-01T00:00:00Z\nduration: 1 day\noutput: {interval: 1 h}\n\
                weather: {climate: nordic}\nprice: {csv: prices.csv, column: usd, unit: $/MWh}\n";
    simulate_file(&bench.file("site.yaml", format!("{head}{text}")), &[])
}

/// A yard of 100 MW of miners that start and stop at once.
const YARD: &str = "\
power:
  utility: {kind: feed, capacity: 130 MW, outages: none}
racks:
  hall: {kind: asic, machines: 28571, power: 3500 W, sleep_power: 20 W, hash_rate: 200 TH/s, fed_by: utility}
workloads:
  mine:
    kind: mining
    racks: hall
    income: {hash_price: 28.7 $/PH/day}
    failures: {rate: 0 /year}
    restart: {failure: 0 %, wake_time: 0 s, sleep_time: 0 s, ramp: 1000 /s}
";

fn price() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0f64..120.0, 1 => -40.0f64..0.0, 1 => 120.0f64..2000.0]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_use_of_a_battery_beats_perfect_foresight(
        prices in prop::collection::vec(price(), 96),
        (mw, hours, round_trip, start) in (0.2f64..4.0, 0.3f64..6.0, 0.5f64..1.0, 0.0f64..1.0),
        (low, spread, import_mw) in (-20.0f64..80.0, 1.0f64..200.0, 3.0f64..8.0),
        uses in prop::sample::subsequence(vec!["peak-shave", "self-consume", "arbitrage"], 1..=3),
    ) {
        let mut control = format!("control:\n  battery:\n    uses: [{}]\n", uses.join(", "));
        if uses.contains(&"arbitrage") {
            let high = low + spread;
            control += &format!(
                "    arbitrage: {{charge_below: {low:.3} $/MWh, discharge_above: {high:.3} $/MWh}}\n"
            );
        }
        if uses.contains(&"peak-shave") {
            control += &format!("    peak_shave: {{import: {import_mw:.3} MW, keep: 50 %}}\n");
        }
        let mwh = mw * hours;
        let text = format!(
            "power:\n  utility: {{kind: feed, capacity: 20 MW, export: 10 MW, outages: none}}\n  \
             board: {{kind: switchgear, fed_by: utility, failures: {{rate: 0 /year}}}}\n  \
             bess: {{kind: battery, fed_by: board, standby: 0 %, power: {mw:.6} MW, \
             energy: {mwh:.6} MWh, round_trip: {round_trip:.6}, charge: {{start: {start:.6}}}}}\n  \
             house: {{kind: house-load, power: 5 MW, fed_by: board}}\n{control}"
        );
        let told = simulate(&text, &prices, 15);
        prop_assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let storage = told.outcome.of(SubjectKind::Storage).next().expect("a battery");
        let (one_way, start_mwh) = (round_trip.sqrt(), start * mwh);
        let battery = Battery { mw, mwh, one_way, start_mwh, wear_usd_mwh: 0.0 };
        let bound = bound_usd(battery, &prices);
        let earned = storage.real("value_usd");
        // Rounding of what is written.
        let slack = 1e-4 * (1.0 + bound.abs() + 2000.0 * mw);
        prop_assert!(earned <= bound + slack, "{earned} $ of {bound} $ at most");
        prop_assert!(bound >= 0.0);
    }

    #[test]
    fn dearer_energy_makes_no_price_taker_richer(
        prices in prop::collection::vec(price(), 24),
        raises in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..30.0, 0.0f64..500.0], 24),
    ) {
        let raised: Vec<f64> = prices.iter().zip(&raises).map(|(price, more)| price + more).collect();
        let earned = |prices: &[f64]| {
            let told = simulate(YARD, prices, 60);
            told.outcome.real("workloads.mine.revenue_usd") - told.outcome.real("energy_cost")
        };
        let (before, after) = (earned(&prices), earned(&raised));
        prop_assert!(after <= before + 1e-6 * before.abs().max(1.0), "{after} $ after {before} $");
    }
}
