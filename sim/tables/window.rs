//! Hours of the week and months of the year in which something counts: a charge, an award.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::clock::Reading;
use crate::spec::Fault;

/// When it counts, on the clock of the site. What is not written does not restrict it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// Months of the year, from 1: `[6, 7, 8, 9]`.
    pub months: Option<Vec<u8>>,
    /// Days of the week, from 1 for Monday: `[1, 2, 3, 4, 5]`.
    pub weekdays: Option<Vec<u8>>,
    /// Spans of the day: `[11:00-21:00]`. One that ends before it begins runs over midnight.
    pub hours: Option<Vec<String>>,
}

/// When something counts, resolved. An interval belongs to a window where it begins in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    months: Option<Vec<u8>>,
    weekdays: Option<Vec<u8>>,
    /// Seconds since midnight.
    hours: Option<Vec<(i32, i32)>>,
}

impl WindowSpec {
    /// Checks the window; what is wrong is reported.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> Window {
        for (field, list, most) in [("months", &self.months, 12), ("weekdays", &self.weekdays, 7)] {
            let Some(list) = list else { continue };
            if list.is_empty() {
                faults.push(Fault::error(field, "is empty, so that nothing ever counts"));
            }
            if let Some(wrong) = list.iter().find(|one| !(1..=most).contains(*one)) {
                let message = format!("must be between 1 and {most}, got {wrong}");
                faults.push(Fault::error(field, message));
            }
        }
        let hours = self.hours.as_ref().map(|spans| {
            if spans.is_empty() {
                faults.push(Fault::error("hours", "is empty, so that nothing ever counts"));
            }
            let mut read = Vec::new();
            for (index, span) in spans.iter().enumerate() {
                match parse(span) {
                    Some(span) => read.push(span),
                    None => {
                        let message = format!("needs a span of the day, got `{span}`");
                        let fault = Fault::error(format!("hours[{index}]"), message);
                        faults.push(fault.help("write for example `11:00-21:00`"));
                    }
                }
            }
            read
        });
        Window { months: self.months.clone(), weekdays: self.weekdays.clone(), hours }
    }
}

/// Reads `11:00-21:00`.
fn parse(span: &str) -> Option<(i32, i32)> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let plain = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        if !(plain(hour) && plain(minute)) {
            return None;
        }
        let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
        let second = hour * 3600 + minute * 60;
        (minute < 60 && second <= 86_400).then_some(second)
    };
    let (from, until) = span.split_once('-')?;
    let (from, until) = (time(from)?, time(until)?);
    (from != until && from < 86_400).then_some((from, until))
}

/// Every month, day of the week, and second after midnight in steps of `step` of them, as
/// [`Window::holds`] takes them. Windows change at whole minutes.
pub fn moments(step: i32) -> impl Iterator<Item = (u8, u8, i32)> {
    let days = (1..=12).flat_map(|month| (0..7).map(move |weekday| (month, weekday)));
    days.flat_map(move |(month, weekday)| {
        (0..86_400 / step).map(move |index| (month, weekday, index * step))
    })
}

impl Window {
    /// Whether it holds at some time of the month, from 1.
    pub fn has_month(&self, month: u8) -> bool {
        self.months.as_ref().is_none_or(|months| months.contains(&month))
    }

    /// Whether what begins at `reading` counts.
    pub fn holds_at(&self, reading: &Reading) -> bool {
        self.holds(reading.month, reading.weekday, (reading.hour * 3600.0) as i32)
    }

    /// Whether what begins in this month, from 1, on this day of the week, from 0 for Monday, and
    /// `at` seconds after midnight counts.
    pub fn holds(&self, month: u8, weekday: u8, at: i32) -> bool {
        let day = self.weekdays.as_ref().is_none_or(|it| it.contains(&(weekday + 1)));
        let hour = self.hours.as_ref().is_none_or(|spans| {
            spans.iter().any(|&(from, until)| {
                if from < until { (from..until).contains(&at) } else { at >= from || at < until }
            })
        });
        self.has_month(month) && day && hour
    }
}
