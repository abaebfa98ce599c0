//! The baseline of ten days, against a table of days and hours that is summed anew for each call.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::Call;
use super::super::like_days::LikeDays;
use crate::kernel::{Clock, Span, Time};

/// 1 June 2026, a Monday.
const MONDAY: &str = "2026-06-01T00:00:00Z";

fn hours(hours: usize) -> Time {
    Time::ZERO + Span::from_hours(hours as u64)
}

/// What an hour of a day imports, W: no two are alike.
fn import_w(day: usize, hour: usize) -> f64 {
    1e6 + 1e4 * ((day * 7919 + hour * 104_729) % 97) as f64
}

/// The days before a call at `hour` of `day`, booked in halves of an hour.
fn booked(day: usize, hour: usize, called: &[usize]) -> LikeDays {
    let mut days = LikeDays::new(&Clock::new(MONDAY.parse().unwrap(), TimeZone::UTC));
    let half = Span::from_secs(1800);
    for at in 0..24 * day + hour {
        let (day, hour) = (at / 24, at % 24);
        let (from, w) = (hours(at), import_w(day, hour));
        days.book(from, from + half, 0.5 * w, called.contains(&day));
        days.book(from + half, hours(at + 1), 1.5 * w, false);
    }
    days
}

proptest! {
    #[test]
    fn it_is_that_of_a_table_of_days(
        day in 0..70_usize,
        hour in 0..24_usize,
        length in 1..30_usize,
        called in prop::collection::vec(0..70_usize, 0..30),
    ) {
        let weekend = |day: usize| day % 7 >= 5;
        let like: Vec<usize> = (day.saturating_sub(45)..day)
            .rev()
            .filter(|past| weekend(*past) == weekend(day) && !called.contains(past))
            .take(if weekend(day) { 4 } else { 10 })
            .collect();
        let mean = |hour: usize| {
            let sum: f64 = like.iter().map(|past| import_w(*past, hour)).sum();
            (!like.is_empty()).then(|| sum / like.len() as f64)
        };
        let before: Vec<usize> = (2..=4).filter_map(|back| hour.checked_sub(back)).collect();
        // Where the day itself is one of `called`, somebody called in each of its hours.
        let before: Vec<usize> = if called.contains(&day) { Vec::new() } else { before };
        let today: f64 = before.iter().map(|hour| import_w(day, *hour)).sum();
        let usual: f64 = before.iter().filter_map(|hour| mean(*hour)).sum();
        let times = if usual > 0.0 { (today / usual).clamp(0.8, 1.2) } else { 1.0 };

        let from = 24 * day + hour;
        let half = Span::from_secs(1800);
        let call = Call { from: hours(from), until: hours(from + length - 1) + half };
        let found = booked(day, hour, &called).of(call);
        prop_assert_eq!(found.is_short, like.len() < if weekend(day) { 4 } else { 5 });
        let series = found.series(-1.0);
        prop_assert_eq!(series.len(), length);
        for n in 0..length {
            let expected_w = mean((hour + n) % 24).map_or(-1.0, |w| times * w);
            let found_w = series.at(hours(from + n));
            prop_assert!((found_w / expected_w - 1.0).abs() < 1e-9, "{} W, {} expected", found_w, expected_w);
        }
    }
}

/// A load that never changes has itself as its baseline, on days of 23 and 25 hours as well.
#[test]
fn a_flat_load_is_its_own_baseline_through_summer_time() {
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    for start in ["2026-03-01T08:00:00Z", "2026-10-24T07:00:00Z"] {
        let mut days = LikeDays::new(&Clock::new(start.parse().unwrap(), zone.clone()));
        days.book(Time::ZERO, hours(24 * 20), 3e6, false);
        let call = Call { from: hours(24 * 20), until: hours(24 * 21) };
        let found = days.of(call).series(0.0);
        assert!(found.steps().all(|(_, w)| (w - 3e6).abs() < 1e-6), "{found:?}");
    }
}

/// A run that begins in the afternoon of a Monday knows four whole weekdays on the next one, and a call of no
/// length, as at the end of a run, has a baseline.
#[test]
fn a_day_that_the_run_has_not_seen_whole_does_not_count() {
    let zone = TimeZone::UTC;
    let mut days = LikeDays::new(&Clock::new("2026-06-01T16:30:00Z".parse().unwrap(), zone));
    let monday = Time::ZERO + Span::from_secs(167 * 3600 - 1800);
    days.book(Time::ZERO, monday, 2e6, false);
    let found = days.of(Call { from: monday, until: monday });
    assert!(found.is_short);
    assert_eq!(found.series(0.0).at(monday), 2e6);
    let tuesday = monday + Span::from_hours(24);
    days.book(monday, tuesday, 2e6, false);
    assert!(!days.of(Call { from: tuesday, until: tuesday }).is_short);
}
