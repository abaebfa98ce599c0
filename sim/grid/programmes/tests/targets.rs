//! Figures that were made outside of this program, on the series that they were made on.

use std::io::Read;

use super::super::calls_spec::CallsSpec;
use super::super::{
    Ask, Call, CallAccount, CallsDesign, PeaksDesign, ProgrammeSpec, Signal, Signs,
};
use super::{clock, data, resolve, spec};
use crate::kernel::{Span, Time};
use crate::units::{Quantity, ReservePrice};

const START: &str = "2024-01-01T00:00:00-06:00";
const DAYS: u64 = 699;
const FORECAST: &str = "grid/ercot_hubavg_da60_loadfc_2024_2025.csv.gz";

pub(super) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
    text
}

/// The peaks programme with this window and share, on the forecast of ERCOT's load.
fn peaks(table: &[u8], window: &str, alert_at: &str) -> PeaksDesign {
    let programme = format!(
        "!peak-forecast {{leave: 5 MW, alert_at: {alert_at}, window: {window}, interval: 1 h,
          forecast: {{csv: load.csv.gz, column: da_demand_forecast_mw, unit: MW}}}}"
    );
    let (design, faults) = resolve(START, DAYS, table, |run, faults| {
        spec::<ProgrammeSpec>(&programme).resolve("peaks", (run, &Signs::default()), faults)
    });
    assert_eq!(faults, []);
    match design.expect("no faults").signal {
        Signal::Peaks(peaks) => peaks,
        Signal::Calls(_) => unreachable!("it is a forecast"),
    }
}

/// Alert days, their hours, and the peaks in them, of a year.
fn caught(design: &PeaksDesign, year: i16) -> (usize, u64, usize) {
    let clock = clock(START);
    let alerts: &[Call] = &design.alerts;
    let of_year: Vec<&Call> = alerts.iter().filter(|it| clock.read(it.from).year == year).collect();
    let mut days: Vec<u16> = of_year.iter().map(|it| clock.read(it.from).day_of_year).collect();
    days.dedup();
    let seconds: f64 = of_year.iter().map(|it| (it.until - it.from).as_secs_f64()).sum();
    let hits = design.peaks.iter().filter(|peak| {
        let is_in = |alert: &&Call| alert.from <= peak.from && peak.from < alert.until;
        clock.read(peak.from).year == year && alerts.iter().any(|alert| is_in(&alert))
    });
    (days.len(), (seconds / 3600.0).round() as u64, hits.count())
}

#[test]
fn the_four_peaks_of_two_summers() {
    let Some(table) = data(FORECAST).map(|bytes| unpacked(&bytes)) else { return };
    let design = peaks(&table, "{months: [6, 7, 8, 9], hours: ['15:00-18:00']}", "98 %");
    let clock = clock(START);
    let found: Vec<(i16, u8, u8, f64, f64)> = design
        .peaks
        .iter()
        .map(|peak| {
            let at = clock.read(peak.from);
            (at.year, at.month, at.day, at.hour, (peak.load_w * 1e-5).round() / 10.0)
        })
        .collect();
    let expected = [
        (2024, 6, 27, 16.0, 82_086.2),
        (2024, 7, 2, 16.0, 83_121.7),
        (2024, 8, 19, 16.0, 86_594.2),
        (2024, 9, 19, 16.0, 80_414.3),
        (2025, 6, 8, 16.0, 80_329.0),
        (2025, 7, 30, 16.0, 84_593.5),
        (2025, 8, 8, 16.0, 85_282.2),
        (2025, 9, 4, 17.0, 83_848.1),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_running_maximum_catches_summer_peaks() {
    let Some(table) = data(FORECAST).map(|bytes| unpacked(&bytes)) else { return };
    let window = "{months: [6, 7, 8, 9], hours: ['15:00-18:00']}";
    for (share, expected) in
        [("100 %", [(22, 66, 4), (22, 66, 4)]), ("98 %", [(37, 111, 4), (39, 117, 4)])]
    {
        let design = peaks(&table, window, share);
        assert_eq!([2024, 2025].map(|year| caught(&design, year)), expected, "at {share}");
    }
}

/// The old habit misses the two winter mornings of 2025; with the morning hours it catches all.
#[test]
fn twelve_peaks_need_the_morning() {
    let Some(table) = data(FORECAST).map(|bytes| unpacked(&bytes)) else { return };
    let months = "months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    for (hours, expected) in
        [("['15:00-18:00']", (102, 306, 8)), ("['06:00-09:00', '15:00-19:00']", (102, 714, 10))]
    {
        let design = peaks(&table, &format!("{{{months}, hours: {hours}}}"), "97 %");
        assert_eq!(caught(&design, 2025), expected, "{hours}");
    }
}

#[test]
fn an_award_costs_the_prices_above_breakeven() {
    let Some(table) = data("grid/ercot_hubavg_rt15_2024_2025.csv.gz") else { return };
    let table = String::from_utf8(unpacked(&table)).expect("UTF-8");
    let prices: Vec<f64> =
        table.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect();
    assert_eq!(prices.len(), 67_200);
    for (breakeven, expected) in [(60.0, 4.366_027), (86.0, 3.145_440), (126.0, 2.389_965)] {
        let sum: f64 = prices.iter().map(|price| (price - breakeven).max(0.0)).sum();
        let mean = sum / prices.len() as f64;
        assert!((mean - expected).abs() < 5e-7, "{mean} at {breakeven}");
    }
}

/// What a call of two hours for 20 MW delivers where the load falls linearly within `minutes`.
fn ramped(minutes: u64) -> CallAccount {
    let second = |s: u64| Time::ZERO + Span::from_secs(s);
    let call = Call { from: second(0), until: second(7200) };
    let mut account = CallAccount::new(call, (100e6, 20e6, 0.0));
    account.ask(second(0), Ask { share: 1.0, owed: 0.0 }, 100e6);
    for s in 0..7200 {
        if s == 600 {
            account.ask(second(s), Ask { share: 1.0, owed: 1.0 }, 80e6);
        }
        // The mean over the second of what falls linearly.
        let part = ((s as f64 + 0.5) / (60.0 * minutes as f64)).min(1.0);
        account.over(second(s), second(s + 1), 100e6 - 20e6 * part);
    }
    account
}

/// 20 MW x 24 h at 9.62 $/MW-h are 4,617.60 $; on time the call of two hours delivers 115/3 MWh.
#[test]
fn a_reserve_is_settled_by_what_it_delivers() {
    let on_time = ramped(10);
    assert!((on_time.delivered_j() / 3.6e9 - 115.0 / 3.0).abs() < 1e-6);
    assert!((on_time.score().unwrap() - 1.0).abs() < 1e-12);
    let late = ramped(25);
    let score = late.score().unwrap();
    assert!((score - 0.959_091).abs() < 1e-6, "{score}");
    let clawback_usd = 20.0 * 9.62 * 2.0 * (1.0 - score);
    assert!((clawback_usd - 15.7418).abs() < 1e-4, "{clawback_usd}");
}

#[test]
fn capacity_prices_are_of_a_megawatt_and_hour() {
    for (price, year_usd) in [("269.92 $/MW-day", 98_520.80), ("329.17 $/MW-day", 120_147.05)] {
        let price: ReservePrice = price.parse().unwrap();
        assert!((price.base() * 8760.0 - year_usd).abs() < 1e-6);
    }
    let last: ReservePrice = "333.44 $/MW-day".parse().unwrap();
    assert!((last.base() * 8784.0 - 122_039.04).abs() < 1e-6);
}

/// The deployment of ERCOT's emergency response service on 2022-07-13.
#[test]
fn recorded_calls_have_their_lengths() {
    let Some(bytes) = data("grid/calls_real.csv") else { return };
    let text = String::from_utf8(bytes).expect("UTF-8");
    for (programme, hours) in [("ercot_ers_tp3", 3.758_333), ("ercot_ers_tp4", 2.630_000)] {
        let rows = text.lines().filter(|line| line.starts_with(programme));
        let rows = rows.map(|line| line.split(',').skip(1).take(2).collect::<Vec<_>>().join(","));
        let table = format!("start,end\n{}\n", rows.collect::<Vec<_>>().join("\n"));
        let (calls, faults) =
            resolve("2022-01-01T00:00:00-06:00", 365, table.as_bytes(), |run, faults| {
                spec::<CallsSpec>("{csv: calls.csv}").resolve((run, &Signs::default()), faults)
            });
        assert_eq!(faults, []);
        let Some(CallsDesign::Listed(calls)) = calls else { panic!("a list") };
        let length = (calls[0].until - calls[0].from).as_hours_f64();
        assert!((length - hours).abs() < 5e-7, "{length}");
    }
}
