//! Calls by the level of an emergency of the grid.

use super::super::calls_spec::CallsSpec;
use super::super::{Sign, Signs, Target};
use super::{clock, resolve, spec};
use crate::grid::EmergencyLevelSpec;
use crate::kernel::{Span, Streams, Time};
use crate::tables::WindowSpec;

const START: &str = "2026-08-12T00:00:00-05:00";
/// Declared at 13 h, raised at 15 h to the third level, down to the second at 16 h, over at 18 h; a second
/// one at 20 h.
const DAY: &str = "start,end,level\n\
    2026-08-12T13:00:00-05:00,2026-08-12T18:00:00-05:00,1\n\
    2026-08-12T15:00:00-05:00,2026-08-12T16:00:00-05:00,3\n\
    2026-08-12T14:00:00-05:00,2026-08-12T17:00:00-05:00,2\n\
    2026-08-12T20:00:00-05:00,2026-08-12T21:00:00-05:00,1\n";

fn signs() -> Signs {
    let (level, faults) = resolve(START, 1, DAY.as_bytes(), |run, faults| {
        spec::<EmergencyLevelSpec>("{csv: eea.csv}").resolve(run, faults)
    });
    assert_eq!(faults, []);
    Signs { level: Sign::of(Some(level)), ..Signs::default() }
}

/// From when to when `calls` call for `target`, h.
fn hours(calls: &str, target: &Target) -> Vec<(f64, f64)> {
    let (design, faults) = resolve(START, 1, b"", |run, faults| {
        spec::<CallsSpec>(calls).resolve((run, &signs()), faults)
    });
    assert_eq!(faults, []);
    let mut stream = Streams::new(1, 0).stream("programme calls", "any");
    let run = (&clock(START), Time::ZERO + Span::from_hours(24));
    let calls = design.expect("no faults").of_run(target, run, &mut stream, Vec::new);
    // Of quarters of an hour, exact.
    let hours = |at: Time| (at.as_nanos() / 900_000_000_000) as f64 / 4.0;
    calls.iter().map(|it| (hours(it.call.from), hours(it.call.until))).collect()
}

/// A call lasts as long as the level is reached, whatever it rises to meanwhile.
#[test]
fn a_level_is_called_as_long_as_it_is_reached() {
    let leave = Target::Leave(None);
    assert_eq!(hours("{level: 1}", &leave), [(13.0, 18.0), (20.0, 21.0)]);
    assert_eq!(hours("{level: 2}", &leave), [(14.0, 17.0)]);
    assert_eq!(hours("{level: 3}", &leave), [(15.0, 16.0)]);
    // An award is called in its own hours.
    let hours_held = Some(vec!["16:00-20:30".to_owned()]);
    let window = WindowSpec { hours: hours_held, ..Default::default() }.resolve(&mut Vec::new());
    assert_eq!(hours("{level: 1}", &Target::Award(1e6, window)), [(16.0, 18.0), (20.0, 20.5)]);
}

/// The same emergencies written in place of a table.
#[test]
fn emergencies_are_a_list_or_a_table() {
    let at = "{at: [{start: 2026-08-12T13:00:00-05:00, duration: 5 h, level: 1},
        {start: 2026-08-12T14:00:00-05:00, duration: 3 h, level: 2},
        {start: 2026-08-12T15:00:00-05:00, duration: 1 h, level: 3},
        {start: 2026-08-12T20:00:00-05:00, duration: 1 h, level: 1}]}";
    let (level, faults) =
        resolve(START, 1, b"", |run, faults| spec::<EmergencyLevelSpec>(at).resolve(run, faults));
    assert_eq!(faults, []);
    let (Sign::Known(table), Some(list)) = (signs().level, level) else { panic!("no levels") };
    assert_eq!(table, list);
    for (yaml, file, field) in [
        ("{}", "", ""),
        ("{at: [{start: 2026-08-12T13:00:00Z, duration: 0 h, level: 1}]}", "", "at[0].duration"),
        ("{at: [{start: 2026-08-12T13:00:00Z, duration: 1 h, level: 4}]}", "", "at[0].level"),
        ("{csv: eea.csv}", &DAY.replace(",3\n", ",EEA3\n"), "csv"),
        ("{csv: eea.csv}", &DAY.replace(",level", ""), "csv"),
    ] {
        let (_, faults) = resolve(START, 1, file.as_bytes(), |run, faults| {
            spec::<EmergencyLevelSpec>(yaml).resolve(run, faults)
        });
        let fields: Vec<&str> = faults.iter().map(|fault| &*fault.field).collect();
        assert_eq!(fields, [field], "{yaml}");
    }
}

#[test]
fn a_level_that_no_emergency_has_is_refused_or_doubted() {
    let low = Signs { level: Sign::of(Some(Some(super::hourly([0.0, 2.0])))), ..Signs::default() };
    for (yaml, signs, says) in [
        ("{level: 4}", &low, "must be between 1 and 3"),
        ("{level: 3}", &low, "no emergency of the run reaches level 3"),
        ("{level: 3}", &Signs::default(), "there is no emergency level to follow"),
        ("{level: 3, gap: 1 h}", &low, "rate"),
    ] {
        let (_, faults) = resolve(START, 1, b"", |run, faults| {
            spec::<CallsSpec>(yaml).resolve((run, signs), faults)
        });
        assert!(faults.iter().any(|it| it.message.contains(says)), "{yaml}: {faults:?}");
    }
}
