//! Base points, congestion and hours of a tariff: calls that leave the site an import.

use proptest::prelude::*;

use super::super::base_point::BasePointSpec;
use super::super::congestion::CongestionSpec;
use super::super::{Asked, CallsDesign, ProgrammeSpec, Signal, Signs, Target, asks};
use super::targets::unpacked;
use super::{clock, data, resolve, spec};
use crate::kernel::{Span, Streams, Time};
use crate::spec::Fault;

const START: &str = "2026-01-01T00:00:00-06:00";
const BIDS: &str =
    "{leave: 10 MW, bids: [{power: 90 MW, price: 30 $/MWh}, {power: 50 MW, price: 80 $/MWh}]}";

fn second(s: u64) -> Time {
    Time::ZERO + Span::from_secs(s)
}

/// The base points of `yaml` in a run of `hours` under `prices`.
fn base_points(yaml: &str, hours: u64, prices: &[(Time, f64)]) -> Vec<Asked> {
    let mut faults = Vec::new();
    let (_, law) = spec::<BasePointSpec>(yaml).resolve(&mut faults).expect("no faults");
    assert_eq!(faults, []);
    let mut stream = Streams::new(1, 0).stream("programme calls", "any");
    let run = (&clock(START), Time::ZERO + Span::from_hours(hours));
    CallsDesign::Bids(law).of_run(&Target::Leave(None), run, &mut stream, || prices.to_vec())
}

/// What calls ask for at these times, s.
fn shares(calls: &[Asked], at: impl IntoIterator<Item = u64>) -> Vec<f64> {
    let asks = asks(calls, Span::ZERO);
    at.into_iter().map(|s| asks.at(second(s)).share).collect()
}

/// The bid of a load of 100 MW that is worth 86 $/MWh and keeps 0.7 MW on, dispatched by the real-time prices of
/// two years: what it makes free is what a block of 100 MW resells under the policy off above 86 $/MWh.
#[test]
fn a_bid_makes_free_what_its_price_says() {
    let Some(table) = data("grid/ercot_hubavg_rt15_2024_2025.csv.gz") else { return };
    let table = String::from_utf8(unpacked(&table)).expect("UTF-8");
    let prices = table.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok());
    let at = (0..).map(|quarter| Time::ZERO + Span::from_secs(900 * quarter));
    let prices: Vec<(Time, f64)> = at.zip(prices).collect();
    assert_eq!(prices.len(), 67_200);
    let bid = "{leave: 0.7 MW, bids: [{power: 100 MW, price: 86 $/MWh}]}";
    let calls = base_points(bid, 24 * 700, &prices);
    let hours: f64 = calls.iter().map(|it| (it.call.until - it.call.from).as_hours_f64()).sum();
    let mwh = 99.3 * hours;
    assert!((mwh - 49_476.22).abs() < 0.01, "{mwh}");
}

/// Half of what can go above the first bid, all of it above the second; at the price of a bid it is worth
/// that yet.
#[test]
fn a_base_point_is_the_largest_bid_that_pays() {
    let prices = [30.0, 30.01, 80.0, 80.01, -5.0];
    let prices: Vec<(Time, f64)> = (0..).map(|n| second(3600 * n)).zip(prices).collect();
    let calls = base_points(BIDS, 5, &prices);
    assert_eq!(shares(&calls, (0..5).map(|n| 3600 * n)), [0.0, 0.5, 0.5, 1.0, 0.0]);
    assert_eq!(calls.len(), 1, "one call, as long as something is asked");
}

/// A constraint of 400 MW on which the site counts by half, and which others load: the site is left what
/// makes the constraint full, between what it keeps and what it wants.
#[test]
fn a_site_makes_room_for_what_flows() {
    let flows = [340.0, 360.0, 380.0, 398.0, 340.0];
    let rows = flows.iter().enumerate();
    let rows = rows.map(|(hour, mw)| format!("2026-01-01T{:02}:00:00-06:00,{mw}\n", hour));
    let table = format!("time,mw\n{}2026-01-02T00:00:00-06:00,0\n", rows.collect::<String>());
    let yaml = "{maximum: 100 MW, leave: 10 MW, limit: 400 MW, shift_factor: 50 %,
        flow: {csv: flow.csv, column: mw, unit: MW, hold: 24 h}}";
    let (calls, faults) = congested(yaml, &table);
    assert_eq!(faults, []);
    let calls = calls.expect("no faults");
    for (share, flow) in shares(&calls, (0..5).map(|n| 3600 * n)).into_iter().zip(flows) {
        let import = 100.0 - 90.0 * share;
        let room: f64 = (400.0 - flow) / 0.5;
        assert!((import - room.clamp(10.0, 100.0)).abs() < 1e-9, "{import} beside {flow}");
    }
    // Once the connection is firm, nothing is asked.
    let firm = yaml.replace("limit:", "firm_from: 2026-01-01T02:30:00-06:00, limit:");
    let calls = congested(&firm, &table).0.expect("no faults");
    let spans: Vec<_> = calls.iter().map(|it| (it.call.from, it.call.until)).collect();
    assert_eq!(spans, [(second(3600), second(9000))]);
    // A price of congestion asks for all or nothing.
    let spread = "{maximum: 100 MW, leave: 10 MW, above: 380 $/MWh,
        spread: {csv: spread.csv, column: mw, unit: $/MWh, hold: 24 h}}";
    let calls = congested(spread, &table).0.expect("no faults");
    assert_eq!(shares(&calls, (0..5).map(|n| 3600 * n)), [0.0, 0.0, 1.0, 1.0, 0.0]);
}

fn congested(yaml: &str, table: &str) -> (Option<Vec<Asked>>, Vec<Fault>) {
    resolve(START, 1, table.as_bytes(), |run, faults| {
        spec::<CongestionSpec>(yaml).resolve(run, faults)
    })
}

/// The evening of Ethiopia's tariff: four hours of each of ten days, on the clock of the site.
#[test]
fn a_tariff_is_dear_in_its_window() {
    let yaml = "!tariff-window {leave: 1 MW, window: {hours: ['18:00-22:00']}}";
    let (design, faults) = resolve(START, 10, b"", |run, faults| {
        spec::<ProgrammeSpec>(yaml).resolve("dear", (run, &Signs::default()), faults)
    });
    assert_eq!(faults, []);
    let Signal::Calls(CallsDesign::Listed(calls)) = design.expect("no faults").signal else {
        panic!("a list")
    };
    assert_eq!(calls.len(), 10);
    for (day, call) in (0..).zip(&calls) {
        let hour = |hour: u64| second(3600 * (24 * day + hour));
        assert_eq!((call.from, call.until), (hour(18), hour(22)));
    }
}

#[test]
fn what_leaves_no_import_is_refused_at_its_field() {
    let bids = |yaml: &str| {
        let mut faults = Vec::new();
        assert!(spec::<BasePointSpec>(yaml).resolve(&mut faults).is_none(), "{yaml}");
        faults
    };
    let one = "{power: 90 MW, price: 30 $/MWh}";
    let found = |faults: Vec<Fault>| faults.into_iter().map(|it| it.field).collect::<Vec<_>>();
    for (yaml, fields) in [
        ("{leave: 0 MW, bids: []}".to_owned(), &["bids"][..]),
        (format!("{{leave: 90 MW, bids: [{one}]}}"), &["leave"]),
        (format!("{{leave: 0 MW, every: 0 s, bids: [{one}]}}"), &["every"]),
        (format!("{{leave: 0 MW, bids: [{one}, {one}]}}"), &["bids[1].power", "bids[1].price"]),
    ] {
        assert_eq!(found(bids(&yaml)), fields, "{yaml}");
    }
    let table = "time,mw\n2026-01-01T00:00:00-06:00,5\n2026-01-02T00:00:00-06:00,5\n";
    let flow = "flow: {csv: flow.csv, column: mw, unit: MW, hold: 24 h}";
    for (yaml, fields) in [
        ("{maximum: 9 MW, leave: 9 MW}".to_owned(), &["leave", ""][..]),
        (format!("{{maximum: 9 MW, leave: 1 MW, {flow}}}"), &["flow"]),
        (
            format!("{{maximum: 9 MW, leave: 1 MW, {flow}, limit: 3 MW, above: 1 $/MWh}}"),
            &["above"],
        ),
        (
            format!("{{maximum: 9 MW, leave: 1 MW, {flow}, limit: 3 MW, shift_factor: 0 %}}"),
            &["shift_factor"],
        ),
        // Room for all that the site wants: a warning.
        (format!("{{maximum: 9 MW, leave: 1 MW, {flow}, limit: 14 MW}}"), &["flow"]),
    ] {
        assert_eq!(found(congested(&yaml, table).1), fields, "{yaml}");
    }
    let (_, faults) = resolve(START, 1, b"", |run, faults| {
        let programme = format!("!base-point {BIDS}");
        spec::<ProgrammeSpec>(&programme).resolve("sced", (run, &Signs::default()), faults)
    });
    assert_eq!(found(faults), ["bids"], "no price of energy");
}

proptest! {
    /// What is asked at a second is what the bid says of the price at the last look, looked for second by
    /// second.
    #[test]
    fn a_base_point_holds_until_the_next_look(
        steps in prop::collection::vec((1u64..900, -20.0f64..120.0), 1..20),
        every in prop::sample::select(vec![60u64, 300, 900]),
    ) {
        let mut at = 0;
        let mut prices = Vec::new();
        for &(length, price) in &steps {
            prices.push((second(at), price));
            at += length;
        }
        let yaml = BIDS.replace("{leave", &format!("{{every: {every} s, leave"));
        let calls = base_points(&yaml, 6, &prices);
        let asked = asks(&calls, Span::ZERO);
        let price_at = |s: u64| prices.iter().rev().find(|(from, _)| *from <= second(s)).unwrap().1;
        for s in 0..at + 1000 {
            let price = price_at(s - s % every);
            let import = if price <= 30.0 { 90.0 } else if price <= 80.0 { 50.0 } else { 10.0 };
            let asked = 90.0 - 80.0 * asked.at(second(s)).share;
            prop_assert!((import - asked).abs() < 1e-9, "{} s: {} for {}", s, asked, import);
        }
    }
}
