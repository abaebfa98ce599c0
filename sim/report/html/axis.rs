//! Where ticks stand, and how they are labelled.

use super::number::grouped;
use super::run::Run;

/// A linear or logarithmic scale from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    first: f64,
    last: f64,
    log: bool,
}

impl Scale {
    /// `from..to` onto the pixels `first..last`.
    pub(super) fn linear((from, to): (f64, f64), (first, last): (f64, f64)) -> Self {
        Self { from, to, first, last, log: false }
    }

    /// The same by the logarithm of values, all above zero.
    pub(super) fn log((from, to): (f64, f64), (first, last): (f64, f64)) -> Self {
        Self { from, to, first, last, log: true }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(self.from) / self.from).log10() / (self.to / self.from).log10()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.first + part * (self.last - self.first)
    }
}

/// Round values from about `low` to about `high`, at most `most` of them, and their decimals. The
/// first lies at or below `low`, the last at or above `high`.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> (Vec<f64>, usize) {
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
    let rough = (high - low) / (most.max(2) - 1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0];
    let count = |step: f64| ((high / step).ceil() - (low / step).floor()) as usize + 1;
    let step = steps.map(|step| step * power).into_iter().find(|&step| count(step) <= most);
    let step = step.unwrap_or(50.0 * power);
    let first = (low / step).floor();
    let values = (0..count(step)).map(|i| (first + i as f64) * step).collect();
    let decimals = (0..9).find(|&d| {
        let scaled = step * 10_f64.powi(d);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    });
    (values, decimals.unwrap_or(9) as usize)
}

/// A label of a tick.
pub(super) fn label(value: f64, decimals: usize) -> String {
    grouped(value, decimals)
}

/// Ticks of a time axis by the clock of the site, at most `most` of them: where, and the label.
pub(super) fn time_ticks(run: &Run, from: i64, to: i64, most: usize) -> Vec<(i64, String)> {
    /// Steps in hours up to a day, then in days.
    const HOURS: [i64; 5] = [1, 3, 6, 12, 24];
    const DAYS: [i64; 7] = [1, 2, 4, 7, 14, 28, 56];
    let hours = (to - from) as f64 / 3600e6;
    let step_h = HOURS.into_iter().find(|&step| hours / step as f64 <= most as f64);
    let mut found = Vec::new();
    let mut day = run.local(from).date();
    let at = |date: jiff::civil::Date, hour: i64| {
        let time = date.at(hour as i8, 0, 0, 0);
        let zoned = run.zone.to_zoned(time).ok()?;
        Some(zoned.timestamp().as_microsecond()).filter(|at| (from..=to).contains(at))
    };
    if let Some(step_h) = step_h.filter(|&step| step < 24) {
        while run.local(to).date() >= day {
            for hour in (0..24).step_by(step_h as usize) {
                if let Some(at) = at(day, hour) {
                    let label = match hour {
                        0 => day.strftime("%-d %b").to_string(),
                        _ => format!("{hour:02}:00"),
                    };
                    found.push((at, label));
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        return found;
    }
    let days = hours / 24.0;
    if let Some(step) = DAYS.into_iter().find(|&step| days / step as f64 <= most as f64)
        && step < 28
    {
        while run.local(to).date() >= day {
            if let Some(at) = at(day, 0) {
                found.push((at, day.strftime("%-d %b").to_string()));
            }
            let Ok(next) = day.checked_add(jiff::Span::new().days(step)) else { break };
            day = next;
        }
        return found;
    }
    let months = (days / 30.4 / most as f64).ceil().max(1.0) as i64;
    let mut month = day.first_of_month();
    while run.local(to).date() >= month {
        if let Some(at) = at(month, 0) {
            let form = if month.month() == 1 || found.is_empty() { "%b %Y" } else { "%b" };
            found.push((at, month.strftime(form).to_string()));
        }
        let Ok(next) = month.checked_add(jiff::Span::new().months(months)) else { break };
        month = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_range() {
        for (low, high) in [(0.0, 91.9), (12.5, 46.1), (0.0, 1.06), (-3.0, 260.0), (5.0, 5.0)] {
            let (values, decimals) = ticks(low, high, 6);
            assert!(values.len() <= 6 && values.len() >= 2, "{low} {high}: {values:?}");
            assert!(values[0] <= low && *values.last().unwrap() >= high, "{values:?}");
            for value in values {
                let scaled = value * 10_f64.powi(decimals as i32);
                assert!((scaled - scaled.round()).abs() < 1e-6, "{value} with {decimals}");
            }
        }
    }
}
