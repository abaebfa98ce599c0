//! Calls by the frequency of the grid.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::calls_spec::CallsSpec;
use super::super::{Ask, Asked, Call, CallAccount, CallsDesign, Sign, Signs, Target, asks};
use super::{resolve, spec};
use crate::grid::FrequencySpec;
use crate::kernel::{Span, Streams, Time};
use crate::spec::{Fault, Severity};
use crate::tables::{Series, WindowSpec};

const START: &str = "2026-01-01T00:00:00-06:00";
const DROOP: &str = "{droop: {from: 49.9 Hz, full: 49.5 Hz}}";

fn second(s: u64) -> Time {
    Time::ZERO + Span::from_secs(s)
}

/// What `calls` come to under frequencies from these seconds on.
fn under(calls: &str, hz: &[(u64, f64)]) -> (Option<CallsDesign>, Vec<Fault>) {
    let frequency = Arc::new(Series::new(hz.iter().map(|&(s, hz)| (second(s), hz))));
    let signs = Signs { frequency: Sign::Known(frequency), ..Signs::default() };
    resolve(START, 1, b"", |run, faults| spec::<CallsSpec>(calls).resolve((run, &signs), faults))
}

/// The calls of a day under these frequencies.
fn calls(yaml: &str, hz: &[(u64, f64)]) -> Vec<Asked> {
    calls_for(&Target::Leave(None), yaml, hz)
}

/// Those for `target`.
fn calls_for(target: &Target, yaml: &str, hz: &[(u64, f64)]) -> Vec<Asked> {
    let (design, faults) = under(yaml, hz);
    assert!(faults.iter().all(|fault| fault.severity != Severity::Error), "{faults:?}");
    let design = design.expect("no errors");
    let mut stream = Streams::new(1, 0).stream("programme calls", "any");
    let horizon = second(86_400);
    design.of_run(target, (&super::clock(START), horizon), &mut stream, Vec::new)
}

/// From when to when they last.
fn spans(calls: &[Asked]) -> Vec<(Time, Time)> {
    calls.iter().map(|asked| (asked.call.from, asked.call.until)).collect()
}

/// FCR-D upwards of the Nordic grid: 10 MW, asked in proportion from 49.9 to 49.5 Hz.
#[test]
fn a_droop_asks_in_proportion() {
    for (hz, mw) in [(49.85, 1.25), (49.70, 5.00), (49.45, 10.00)] {
        let calls = calls(DROOP, &[(0, 50.0), (60, hz), (120, 49.91)]);
        assert_eq!(spans(&calls), [(second(60), second(120))]);
        let asks = asks(&calls, Span::ZERO);
        for (at, mw) in [(59, 0.0), (60, mw), (119, mw), (120, 0.0)] {
            assert!((10.0 * asks.at(second(at)).share - mw).abs() < 1e-9, "{hz} Hz at {at} s");
        }
    }
}

/// An award of 08:10 to 20:00, held by whole quarters of an hour from 08:15 on, of which a droop asks in these
/// hours alone: those of a call that a night of low frequency would make.
#[test]
fn a_droop_asks_in_the_hours_of_the_award() {
    let hours = Some(vec!["08:10-20:00".to_owned()]);
    let window = WindowSpec { hours, ..Default::default() }.resolve(&mut Vec::new());
    let award = Target::Award(1e6, window);
    let (first, last) = (8 * 3600 + 900, 20 * 3600);
    let spells = |hz: &[(u64, f64)]| spans(&calls_for(&award, DROOP, hz));
    assert_eq!(spells(&[(0, 49.7)]), [(second(first), second(last))]);
    // Dips before the award, over its beginning, in it, and over its end.
    let at = [(600, 50), (first - 120, 180), (first + 600, 60), (last - 7, 3600)];
    let hz: Vec<(u64, f64)> = std::iter::once((0, 50.0))
        .chain(at.iter().flat_map(|&(from, length)| [(from, 49.6), (from + length, 50.0)]))
        .collect();
    let expected = [(first, first + 60), (first + 600, first + 660), (last - 7, last)];
    assert_eq!(spells(&hz), expected.map(|(from, until)| (second(from), second(until))));
}

/// Down to 49.8 Hz, further to 49.6, up to 49.7: a rise is due 10 s later, a fall at once.
#[test]
fn what_a_droop_asks_is_due_once_the_response_has_passed() {
    let calls = calls(DROOP, &[(0, 50.0), (100, 49.8), (115, 49.6), (130, 49.7), (140, 50.0)]);
    let asks = asks(&calls, Span::from_secs(10));
    let at = |s: u64| asks.at(second(s));
    for (s, share, owed) in [
        (99, 0.0, 0.0),
        (100, 0.25, 0.0),
        (110, 0.25, 0.25),
        (115, 0.75, 0.25),
        (125, 0.75, 0.75),
        (130, 0.5, 0.5),
        (140, 0.0, 0.0),
    ] {
        let Ask { share: asked, owed: due } = at(s);
        assert!((asked - share).abs() < 1e-9 && (due - owed).abs() < 1e-9, "{s} s: {:?}", at(s));
    }
}

/// Frequencies from these seconds on, to which a site gives `given` of its award, all due 10 s after it is
/// asked: the account of the call.
fn followed(hz: &[(u64, f64)], given: f64) -> CallAccount {
    let calls = calls(DROOP, hz);
    let asks = asks(&calls, Span::from_secs(10));
    let mut account = CallAccount::new(calls[0].call, (100.0, 50.0, 0.0));
    let mut import_w = 100.0;
    for (at, ask) in asks.steps().skip(1) {
        account.ask(at, ask, import_w);
        import_w = 100.0 - 50.0 * given.min(ask.share);
        account.read(at, import_w);
        let next = asks.steps().map(|step| step.0).find(|next| *next > at);
        account.over(at, next.unwrap_or(calls[0].call.until), import_w);
    }
    account
}

/// What counts is when most was due: neither a first step that everybody can give, nor one that is over
/// before anything is due.
#[test]
fn a_droop_is_missed_where_most_was_due() {
    let deep = [(0, 50.0), (100, 49.89), (101, 49.5), (701, 50.0)];
    assert!(followed(&deep, 0.03).is_missed());
    let met = followed(&deep, 1.0);
    assert!(!met.is_missed());
    assert_eq!(met.slowest(), Some(Span::ZERO));
    let brief = followed(&[(0, 50.0), (100, 49.5), (105, 50.0)], 0.0);
    assert_eq!((brief.is_missed(), brief.score(), brief.slowest()), (false, None, None));
    // All of it for 5 s, of which nothing is due, then a quarter.
    let spike = followed(&[(0, 50.0), (100, 49.5), (105, 49.8), (165, 50.0)], 0.5);
    assert!(!spike.is_missed());
    assert_eq!(spike.slowest(), Some(Span::from_secs(5)));
}

/// A relay at 59.7 Hz trips 2 s into a dip, not in one of 1 s; not again before it is armed; and, still
/// low when armed, at once.
#[test]
fn a_relay_trips_where_the_frequency_stays_low() {
    let yaml = "{relay: {at: 59.7 Hz, after: 2 s}, length: !constant {value: 30 min}, gap: 10 min}";
    let dips = [
        (0, 60.0),
        (100, 59.65),
        (101, 59.8),
        (200, 59.7),
        (260, 60.0),
        (1000, 59.0),
        (1010, 60.0),
        (2500, 59.6),
        (2700, 60.0),
    ];
    let spans = spans(&calls(yaml, &dips));
    // The second dip at 202 s, until 2002 s, armed from 2602 s, when it is low again.
    assert_eq!(spans, [(second(202), second(2002)), (second(2604), second(4404))]);
}

/// An award held from 08:15 to 20:00: a relay is armed then. It trips nothing before and after, and is ready
/// all the same; still low as it is armed, it trips at once; what it trips as the award ends stays off.
#[test]
fn a_relay_is_armed_in_the_hours_of_its_award() {
    let yaml = "{relay: {at: 59.7 Hz, after: 2 s}, length: !constant {value: 30 min}, gap: 10 min}";
    let hours = Some(vec!["08:15-20:00".to_owned()]);
    let window = WindowSpec { hours, ..Default::default() }.resolve(&mut Vec::new());
    let (first, last) = (8 * 3600 + 900, 20 * 3600);
    // Before the award, over its beginning, while the relay is not ready, as it is again, as the award
    // ends, and after it.
    let ready = first + 2 + 1800 + 600;
    let lows = [(600, 60), (first - 300, 600), (ready - 60, 30), (ready, 30), (last - 10, 5)];
    let lows = lows.into_iter().chain([(last + 3600, 600)]);
    let hz: Vec<(u64, f64)> = std::iter::once((0, 60.0))
        .chain(lows.flat_map(|(from, length)| [(from, 59.6), (from + length, 60.0)]))
        .collect();
    let calls = calls_for(&Target::Award(1e6, window), yaml, &hz);
    let trips = [first + 2, ready + 2, last - 8];
    assert_eq!(spans(&calls), trips.map(|s| (second(s), second(s + 1800))));
}

#[test]
fn what_follows_no_frequency_is_refused() {
    for (yaml, field) in [
        ("{droop: {from: 49.5 Hz, full: 49.9 Hz}}", "droop.full"),
        ("{droop: {from: 49.9 Hz, full: 49.5 Hz}, gap: 1 h}", "gap"),
        ("{relay: {at: 59.7 Hz}}", "relay"),
        ("{relay: {at: 59.7 Hz}, at: []}", "relay"),
        (
            "{relay: {at: 59.7 Hz}, length: !constant {value: 1 h}, busy: [{window: {}, times: 2}]}",
            "busy",
        ),
        // Never as low as that: a warning.
        ("{relay: {at: 49.3 Hz}, length: !constant {value: 1 h}}", "relay"),
        ("{droop: {from: 49.3 Hz, full: 49 Hz}}", "droop"),
    ] {
        let (_, faults) = under(yaml, &[(0, 50.0), (60, 49.4)]);
        let fields: Vec<&str> = faults.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, [field], "{yaml}");
    }
    // Where the frequency itself is refused, that is all there is to say.
    for (frequency, fields) in [(Sign::Absent, &["droop"][..]), (Sign::Refused, &[])] {
        let signs = Signs { frequency, ..Signs::default() };
        let (calls, faults) = resolve(START, 1, b"", |run, faults| {
            spec::<CallsSpec>(DROOP).resolve((run, &signs), faults)
        });
        assert!(calls.is_none());
        assert_eq!(faults.iter().map(|fault| &*fault.field).collect::<Vec<_>>(), fields);
    }
}

#[test]
fn a_frequency_is_a_constant_steps_or_a_column() {
    let read = |yaml: &str, file: &str| {
        resolve(START, 1, file.as_bytes(), |run, faults| {
            spec::<FrequencySpec>(yaml).resolve(run, faults)
        })
    };
    let steps = "{steps: [{at: 2025-12-31T00:00:00Z, value: 50.02 Hz}, {at: 2026-01-01T00:00:00-06:00, value: 49.98 Hz},
        {at: 2026-01-01T00:01:00-06:00, value: 49400 mHz}]}";
    let deviations = "{csv: f.csv, column: df, unit: mHz, deviation_from: 50 Hz}";
    let rows = "time,df\n2026-01-01T06:00:00Z,-20\n2026-01-01T06:01:00Z,-600\n";
    let day = format!("{rows}2026-01-02T06:00:00Z,0\n");
    for (yaml, file) in [
        (steps, String::new()),
        ("{csv: f.csv, column: df, unit: mHz, deviation_from: 50 Hz, hold: 24 h}", day.clone()),
    ] {
        let (series, faults) = read(yaml, &file);
        assert_eq!(faults, []);
        let series = series.expect("no faults");
        for (s, hz) in [(0, 49.98), (59, 49.98), (60, 49.4)] {
            assert!((series.at(second(s)) - hz).abs() < 1e-9, "{yaml} at {s} s");
        }
    }
    for (yaml, file, field) in [
        ("{}", "", ""),
        ("{fixed: 5 Hz}", "", "fixed"),
        ("{fixed: 50 Hz, deviation_from: 50 Hz}", "", "deviation_from"),
        ("{steps: []}", "", "steps"),
        ("{steps: [{at: 2026-01-01T07:00:00Z, value: 50 Hz}]}", "", "steps"),
        (
            "{steps: [{at: 2026-01-01T06:00:00Z, value: 50 Hz}, {at: 2026-01-01T06:00:00Z, value: 49 Hz}]}",
            "",
            "steps[1].at",
        ),
        ("{csv: f.csv, column: df, unit: mHz, hold: 24 h}", &day, "csv"),
        (deviations, rows, "csv"),
    ] {
        let (_, faults) = read(yaml, file);
        let fields: Vec<&str> = faults.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, [field], "{yaml}");
    }
}

proptest! {
    /// What is due is the least that was asked over the time of response, looked for second by second.
    #[test]
    fn the_least_asked_is_due(
        shares in prop::collection::vec((1u64..9, 0.0f64..1.0), 1..20),
        response in 0u64..15,
    ) {
        let mut at = 5;
        let mut steps = Vec::new();
        for &(length, share) in &shares {
            steps.push((second(at), share));
            at += length;
        }
        let call = Call { from: second(5), until: second(at) };
        let found = asks(&[Asked { call, shares: steps.clone() }], Span::from_secs(response));
        let share_at = |s: u64| {
            let held = steps.iter().rev().find(|(from, _)| *from <= second(s));
            if (5..at).contains(&s) { held.map_or(0.0, |(_, share)| *share) } else { 0.0 }
        };
        for s in 0..at + 20 {
            let owed = (s.saturating_sub(response)..=s).map(share_at).fold(1.0, f64::min);
            // Before the beginning nothing was asked, and the clock has no seconds below zero.
            let owed = if s < response { 0.0 } else { owed };
            prop_assert_eq!(found.at(second(s)), Ask { share: share_at(s), owed }, "{} s", s);
        }
    }
}
