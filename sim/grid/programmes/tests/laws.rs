//! The laws of calls, alerts and scores.

use proptest::prelude::*;

use super::super::calls::CallLaw;
use super::super::calls_spec::CallsSpec;
use super::super::peaks::PeakLaw;
use super::super::{
    Ask, Call, CallAccount, CallsDesign, PeaksDesign, ProgrammeSpec, Signs, Target,
};
use super::{clock, hourly, resolve, spec};
use crate::kernel::{DurationLaw, Span, Streams, Time};
use crate::tables::WindowSpec;

const START: &str = "2026-01-01T00:00:00-06:00";

fn minutes(minutes: u64) -> Time {
    Time::ZERO + Span::from_secs(60 * minutes)
}

fn law(yaml: &str) -> CallLaw {
    let (calls, faults) = resolve(START, 365, b"", |run, faults| {
        spec::<CallsSpec>(yaml).resolve((run, &Signs::default()), faults)
    });
    assert_eq!(faults, []);
    match calls {
        Some(CallsDesign::Drawn(law)) => law,
        other => panic!("no law: {other:?}"),
    }
}

/// Calls of `years` years under as many seeds, with prices that are dear in the last hour of a day.
fn drawn(law: &CallLaw, years: u64) -> Vec<Call> {
    let (clock, horizon) = (clock(START), Time::ZERO + Span::from_hours(8760));
    let prices = || {
        let hours = (0..8760u64).map(|hour| {
            let at = Time::ZERO + Span::from_hours(hour);
            (at, if hour % 24 == 23 { 100.0 } else { 10.0 })
        });
        hours.collect::<Vec<_>>()
    };
    let calls = |replication| {
        let mut stream = Streams::new(1, replication).stream("programme calls", "ecrs");
        CallsDesign::Drawn(law.clone()).of_run(
            &Target::Leave(None),
            (&clock, horizon),
            &mut stream,
            prices,
        )
    };
    (0..years).flat_map(calls).map(|asked| asked.call).collect()
}

/// Of 30 calls a year with weights 4 : 1 for six hours of the day, 24/42 lie in them; of 3 : 1 for
/// June to September, 122 days, 366/609.
#[test]
fn calls_come_when_there_are_more_of_them() {
    let law = law(
        "{rate: 30 /year, length: !constant {value: 10 min}, gap: 0 s, busy: [
        {window: {hours: ['16:00-22:00']}, times: 4}, {window: {months: [6, 7, 8, 9]}, times: 3}]}",
    );
    let years = 400;
    let calls = drawn(&law, years);
    let n = calls.len() as f64;
    let mean = n / years as f64;
    // A Poisson mean of 400 years at 30 has a standard error of 0.27.
    assert!((mean - 30.0).abs() < 0.9, "{mean} calls a year");
    let clock = clock(START);
    let share = |of: fn(u8, f64) -> bool| {
        let reading = |call: &&Call| {
            let reading = clock.read(call.from);
            of(reading.month, reading.hour)
        };
        calls.iter().filter(reading).count() as f64 / n
    };
    let evening = share(|_, hour| (16.0..22.0).contains(&hour));
    let summer = share(|month, _| (6..=9).contains(&month));
    assert!((evening - 24.0 / 42.0).abs() < 0.015, "{evening}");
    assert!((summer - 366.0 / 609.0).abs() < 0.015, "{summer}");
}

/// A lognormal of 1 h and 0.82: 80.1029 % last 2 h at most, the mean is 1.399620 h, and 1.312738 h
/// where none lasts longer than 4 h. The tolerances are three standard errors of 48,000 draws.
#[test]
fn calls_last_as_long_as_their_law_says() {
    let hours = |yaml: &str| {
        let law = law(yaml);
        let mut stream = Streams::new(3, 0).stream("programme calls", "length");
        let draws = (0..48_000).map(|_| law.length.draw_s(&mut stream) / 3600.0);
        draws.collect::<Vec<f64>>()
    };
    let mean = |hours: &[f64]| hours.iter().sum::<f64>() / hours.len() as f64;
    let free = hours("{rate: 30 /year, length: !lognormal {median: 1 h, sigma: 0.82}}");
    let short = free.iter().filter(|h| **h <= 2.0).count() as f64 / free.len() as f64;
    assert!((short - 0.801_029).abs() < 0.0055, "{short}");
    assert!((mean(&free) - 1.399_620).abs() < 0.0187, "{}", mean(&free));
    let capped = hours("{rate: 30 /year, length: !lognormal {median: 1 h, sigma: 0.82, max: 4 h}}");
    assert!((mean(&capped) - 1.312_738).abs() < 0.0136, "{}", mean(&capped));
}

/// 80 % of the calls are put into the dearest 1/24 of a month, where 1/24 of the others lie too.
#[test]
fn coupled_calls_come_while_energy_is_dear() {
    let law = law("{rate: 50 /year, length: !exponential {mean: 5 min}, gap: 0 s,
        coupled: {dearest: 4.1 %, share: 80 %}}");
    let calls = drawn(&law, 60);
    let hour = |call: &&Call| call.from.as_nanos() / 3_600_000_000_000 % 24;
    let dear = calls.iter().filter(|call| hour(call) == 23).count();
    let share = dear as f64 / calls.len() as f64;
    assert!((share - (0.8 + 0.2 / 24.0)).abs() < 0.025, "{share}");
}

#[test]
fn what_no_call_can_be_drawn_from_is_refused() {
    for (yaml, field) in [
        ("{}", ""),
        ("{rate: 3 /year}", "rate"),
        ("{rate: 3 /s, length: !constant {value: 1 h}}", "rate"),
        ("{rate: 3 /year, length: !constant {value: 0 s}}", "length.value"),
        ("{rate: 3 /year, length: !constant {value: 1 h}, busy: [{window: {}, times: 0}]}", "busy"),
        ("{at: [], gap: 1 h}", "gap"),
        ("{at: [{start: 2026-02-01T00:00:00Z, duration: 0 s}]}", "at[0].duration"),
        (
            "{at: [{start: 2026-02-01T00:00:00Z, duration: 2 h},
            {start: 2026-02-01T01:00:00Z, duration: 2 h}]}",
            "at[1].start",
        ),
    ] {
        let (_, faults) = resolve(START, 365, b"", |run, faults| {
            spec::<CallsSpec>(yaml).resolve((run, &Signs::default()), faults)
        });
        let fields: Vec<&str> = faults.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, [field], "{yaml}");
    }
}

#[test]
fn a_table_of_calls_says_where_it_is_wrong() {
    let read = |text: &str| {
        resolve(START, 365, text.as_bytes(), |run, faults| {
            spec::<CallsSpec>("{csv: calls.csv}").resolve((run, &Signs::default()), faults)
        })
    };
    let table = "start,end,reason\n\
        2026-02-01T00:00:00-06:00,2026-02-01T02:30:00-06:00,test\n\
        2025-02-01T00:00:00-06:00,2025-02-01T02:30:00-06:00,before the run\n";
    let (calls, faults) = read(table);
    assert_eq!(faults, []);
    let from = Time::ZERO + Span::from_hours(31 * 24);
    let call = Call { from, until: from + Span::from_secs(9000) };
    assert_eq!(calls, Some(CallsDesign::Listed(vec![call])));
    for (rows, says) in [
        ("2026-02-01T00:00:00,2026-02-01T02:30:00", "line 2: needs"),
        ("2026-02-01T02:00:00Z,2026-02-01T01:30:00Z", "line 2: does not end after"),
        (
            "2026-02-01T02:00:00Z,2026-02-01T04:00:00Z\n2026-02-01T03:00:00Z,2026-02-01T05:00:00Z",
            "line 3: begins before that of line 2",
        ),
    ] {
        let (calls, faults) = read(&format!("start,end\n{rows}\n"));
        assert_eq!(calls, None);
        assert!(faults[0].message.contains(says), "{}", faults[0].message);
    }
}

/// Days of highest forecasts 10, 9, 9.9, 12, 10: at 98 % of the highest so far there are alerts on
/// the first, third and fourth. The peak is that of the fourth.
#[test]
fn alerts_follow_the_running_maximum() {
    let days = [10.0, 9.0, 9.9, 12.0, 10.0];
    let forecast = hourly(
        days.iter().flat_map(|most| (0..24).map(move |h| if h == 16 { *most } else { 5.0 })),
    );
    let window = WindowSpec { hours: Some(vec!["15:00-18:00".to_owned()]), ..Default::default() };
    let law = PeakLaw {
        load: None,
        forecast: std::sync::Arc::unwrap_or_clone(forecast),
        window: window.resolve(&mut Vec::new()),
        interval: Span::from_secs(900),
        alert_at: 0.98,
    };
    let horizon = Time::ZERO + Span::from_hours(120);
    let PeaksDesign { alerts, peaks } = law.of_run(&clock(START), horizon);
    let hours: Vec<(u64, u64)> = alerts
        .iter()
        .map(|alert| [alert.from, alert.until].map(|at| at.as_nanos() / 3_600_000_000_000).into())
        .collect();
    assert_eq!(hours, [(15, 18), (48 + 15, 48 + 18), (72 + 15, 72 + 18)]);
    assert_eq!(peaks.len(), 1);
    assert_eq!(peaks[0].from, Time::ZERO + Span::from_hours(72 + 16));
}

#[test]
fn hourly_loads_do_not_tell_where_in_the_hour_a_peak_is() {
    let rows =
        (0..24 * 40).map(|hour| format!("2026-01-{:02}T{:02}:00Z,5\n", hour / 24 + 1, hour % 24));
    let table = format!("time,mw\n{}", rows.take(31 * 24).collect::<String>());
    let programme = "!peak-forecast {leave: 1 MW, interval: 30 min,
        forecast: {csv: load.csv, column: mw, unit: MW, repeat: true}}";
    let (design, faults) = resolve(START, 20, table.as_bytes(), |run, faults| {
        spec::<ProgrammeSpec>(programme).resolve("peaks", (run, &Signs::default()), faults)
    });
    assert!(design.is_none() == faults.iter().any(|f| f.severity == crate::spec::Severity::Error));
    assert_eq!(faults.iter().map(|fault| &*fault.field).collect::<Vec<_>>(), ["interval"]);
}

proptest! {
    /// Calls never overlap, keep their gap, and all begin within the run.
    #[test]
    fn calls_stand_apart(seed in 0u64..1000, rate in 1.0f64..4000.0, hours in 0.1f64..30.0) {
        let law = CallLaw {
            per_s: rate / 8760.0 / 3600.0,
            busy: Vec::new(),
            weights: (1.0, 1.0),
            length: DurationLaw::Exponential { mean_s: hours * 3600.0 },
            gap: Span::from_secs(3600),
            coupled: None,
        };
        let mut stream = Streams::new(seed, 0).stream("programme calls", "any");
        let horizon = Time::ZERO + Span::from_hours(24 * 30);
        let calls = CallsDesign::Drawn(law).of_run(&Target::Leave(None), (&clock(START), horizon), &mut stream, Vec::new);
        let calls: Vec<Call> = calls.iter().map(|asked| asked.call).collect();
        for pair in calls.windows(2) {
            prop_assert!(pair[1].from >= pair[0].until + Span::from_secs(3600));
        }
        prop_assert!(calls.iter().all(|call| call.from < horizon && call.from < call.until));
    }

    /// A score lies between 0 and 1, whatever the import does, and is 1 where it is always as low as
    /// asked from full response on.
    #[test]
    fn scores_are_shares(steps in proptest::collection::vec((1u64..60, 0.0f64..200.0), 1..40)) {
        let until = minutes(steps.iter().map(|(length, _)| length).sum());
        let call = Call { from: Time::ZERO, until };
        let response = Span::from_secs(600);
        let new = || CallAccount::new(call, (100.0, 40.0, 0.0));
        let (mut any, mut good, mut at) = (new(), new(), Time::ZERO);
        for (length, import_w) in steps {
            let next = at + Span::from_secs(60 * length);
            let owed = if at >= Time::ZERO + response { 1.0 } else { 0.0 };
            for account in [&mut any, &mut good] {
                account.ask(at, Ask { share: 1.0, owed }, import_w);
            }
            any.over(at, next, import_w);
            good.over(at, next, import_w.min(60.0));
            at = next;
        }
        if let Some(score) = any.score() {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&score));
            prop_assert!((good.score().unwrap() - 1.0).abs() < 1e-12);
        }
    }
}
