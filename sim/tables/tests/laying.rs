//! Tables as they are read and laid over runs.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::*;
use crate::kernel::{Clock, Span, Time};

fn price() -> Column {
    Column::plain("price")
}

fn read(text: &str, zone: &str) -> Result<Recording, String> {
    let zone = TimeZone::get(zone).expect("a known zone");
    read_csv(text.as_bytes(), None, &[price()], &zone).map_err(|error| error.to_string())
}

fn clock(start: &str) -> Clock {
    Clock::new(start.parse().expect("a timestamp"), TimeZone::UTC)
}

fn hours(n: u64) -> Time {
    Time::ZERO + Span::from_hours(n)
}

const STRICT: Layout = Layout { hold_ns: None, repeat: false, interpolate_ns: None };
const REPEAT: Layout = Layout { repeat: true, ..STRICT };

/// `days` of hourly rows from 2024-01-01, each holding its number.
fn hourly(days: u64) -> Recording {
    let first: Timestamp = "2024-01-01T00:00Z".parse().expect("a timestamp");
    let rows = 0..days as i64 * 24;
    Recording {
        starts: rows.clone().map(|i| first + jiff::SignedDuration::from_hours(i)).collect(),
        lines: rows.clone().map(|i| i as u64 + 2).collect(),
        columns: vec![rows.map(|i| i as f64).collect()],
        whole: None,
        step_ns: None,
    }
}

#[test]
fn columns_are_found_by_name_and_turned_into_base_units() {
    let text = "when, note, price\n# a comment\n2026-06-01 00:00, x, 2.5\n2026-06-01T01:00Z,,-1\n";
    let column = Column { factor: 10.0, offset: 1.0, ..price() };
    let table = read_csv(text.as_bytes(), Some("when"), &[column], &TimeZone::UTC).unwrap();
    assert_eq!(table.columns, [[26.0, -9.0]]);
    assert_eq!(table.lines, [3, 4]);
    assert_eq!(table.starts[1].to_string(), "2026-06-01T01:00:00Z");
}

#[test]
fn what_cannot_be_read_is_named_by_its_line() {
    let head = "time,price\n2026-06-01T00:00Z,1\n";
    for (text, message) in [
        (format!("{head}2026-06-01T01:00Z,abc\n"), "line 3: `price` needs a number, got `abc`"),
        (format!("{head}2026-06-01T01:00Z,NaN\n"), "line 3: `price` needs a number, got `NaN`"),
        (format!("{head}2026-06-01T01:00Z\n"), "line 3: 1 fields, the header has 2"),
        (format!("{head}\n\nyesterday,2\n"), "line 5: needs a time such as"),
        (format!("{head}2026-06-01T00:00Z,2\n"), "line 3: 2026-06-01T00:00:00Z does not follow"),
        (format!("{head}2026-05-31T23:00Z,2\n"), "line 3: 2026-05-31T23:00:00Z does not follow"),
        ("time,cost\n".to_owned(), "line 1: no column `price`; columns: `time`, `cost`"),
        ("time,price\n".to_owned(), "no rows"),
    ] {
        let error = read(&text, "UTC").unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
    let latin = [b"time,price\n2026-06-01T00:00Z,".as_slice(), &[0xe9], b"\n"].concat();
    let error = read_csv(&latin, None, &[price()], &TimeZone::UTC).unwrap_err();
    assert_eq!(error.to_string(), "line 2: not UTF-8 text");
}

#[test]
fn local_timestamps_follow_summer_time_both_ways() {
    // Chicago repeats 01:00 to 02:00 on 2026-11-01 and skips 02:00 to 03:00 on 2026-03-08.
    let autumn = "time,price\n2026-11-01 00:30,1\n2026-11-01 01:30,2\n2026-11-01 01:30,3\n\
                  2026-11-01 02:30,4\n";
    let table = read(autumn, "America/Chicago").unwrap();
    let instants: Vec<String> = table.starts.iter().map(ToString::to_string).collect();
    assert_eq!(
        instants,
        [
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-01T07:30:00Z",
            "2026-11-01T08:30:00Z"
        ]
    );
    let spring = "time,price\n2026-03-08 01:30,1\n2026-03-08 02:30,2\n";
    let error = read(spring, "America/Chicago").unwrap_err();
    assert_eq!(error, "line 3: the clock of America/Chicago skips `2026-03-08 02:30`");
}

#[test]
fn a_run_sees_the_rows_of_its_own_time() {
    let rows = hourly(2).lay(&clock("2024-01-01T05:20:00Z"), hours(2), STRICT).unwrap();
    let minutes = |n: u64| Time::ZERO + Span::from_secs(60 * n);
    assert_eq!(rows, [(Time::ZERO, 5), (minutes(40), 6), (minutes(100), 7)]);
}

#[test]
fn a_run_outside_the_file_is_refused_unless_it_repeats() {
    let late = clock("2024-01-02T12:00:00Z");
    let error = hourly(2).lay(&late, hours(13), STRICT).unwrap_err().to_string();
    assert_eq!(
        error,
        "the file covers 2024-01-01T00:00:00Z to 2024-01-03T00:00:00Z, the run needs \
         2024-01-02T12:00:00Z to 2024-01-03T01:00:00Z"
    );
    assert_eq!(hourly(2).lay(&late, hours(12), STRICT).unwrap().len(), 12);
    // Two days repeat whole: after hour 47 comes hour 0.
    let rows: Vec<usize> =
        hourly(2).lay(&late, hours(50), REPEAT).unwrap().iter().map(|r| r.1).collect();
    assert_eq!(rows, (36..86).map(|hour| hour % 48).collect::<Vec<usize>>());
    // A run before the file, too.
    let rows = hourly(2).lay(&clock("2023-12-31T22:00:00Z"), hours(4), REPEAT).unwrap();
    assert_eq!(rows.iter().map(|r| r.1).collect::<Vec<_>>(), [46, 47, 0, 1]);
    // Ten days repeat by their one whole week, which keeps the weekday.
    let rows = hourly(10).lay(&clock("2024-01-11T00:00:00Z"), hours(1), REPEAT).unwrap();
    assert_eq!(rows[0].1, 3 * 24);
}

#[test]
fn years_repeat_by_52_weeks_of_the_latest_season() {
    let record = hourly(700); // to 2025-12-01
    let rows = record.lay(&clock("2026-06-01T07:00:00Z"), hours(24 * 300), REPEAT).unwrap();
    // 2026-06-01 is a Monday, as is 2025-06-02, 364 days before: day 518 of the record.
    assert_eq!(rows[0].1, 518 * 24 + 7);
    // The record ends on 2025-12-01; 364 days on, 2026-11-30 shows 2024-12-02, day 336.
    let (start, row) = rows[rows.iter().position(|r| r.1 == 336 * 24).unwrap()];
    assert_eq!((start, row), (hours(182 * 24 - 7), 336 * 24));
    assert_eq!(rows.len(), 24 * 300);
}

#[test]
fn a_lost_row_is_a_gap_and_hold_bridges_it() {
    let mut record = hourly(1);
    for lost in [7, 8] {
        record.starts.remove(lost);
        record.lines.remove(lost);
        record.columns[0].remove(lost);
    }
    // Rows 7 and 9 are gone: 06:00 would have to hold for two hours.
    let start = clock("2024-01-01T00:00:00Z");
    let error = record.lay(&start, hours(24), STRICT).unwrap_err().to_string();
    assert_eq!(error, "line 8: no value from 2024-01-01T07:30:00Z to 2024-01-01T08:00:00Z");
    let bridged = Layout { hold_ns: Some(3 * 3_600_000_000_000), ..STRICT };
    assert_eq!(record.lay(&start, hours(24), bridged).unwrap().len(), 22);
    // A run that does not meet the gap does not mind it.
    assert_eq!(record.lay(&start, hours(8), STRICT).unwrap_err().line, 8);
    assert_eq!(record.lay(&start, hours(7), STRICT).unwrap().len(), 7);
    assert_eq!(record.lay(&start, hours(6), STRICT).unwrap().len(), 6);
}
