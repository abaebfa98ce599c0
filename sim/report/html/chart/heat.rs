//! Heat maps: the hours of each day, and the days of each week.

use std::fmt::Write as _;

use super::super::number::significant;
use super::super::run::Run;
use super::super::svg::{Hold, Svg, px};

/// Days that a map shows: more would be narrower than a pixel.
const MOST_DAYS: usize = 800;
/// Colour classes, as the style sheet has them.
const CLASSES: usize = 7;

/// A value for each hour of each local day: the mean over what of it was simulated.
#[derive(Debug)]
pub(in crate::report::html) struct Hours {
    pub(in crate::report::html) first: jiff::civil::Date,
    /// By day, then hour; NaN where nothing was simulated.
    pub(in crate::report::html) days: Vec<[f64; 24]>,
}

impl Hours {
    /// Of `values`, one for each interval of the run.
    pub(in crate::report::html) fn new(run: &Run, values: &[f64]) -> Option<Self> {
        let starts = run.starts();
        let first = run.local(*starts.first()?).date();
        let mut sums: Vec<[(f64, f64); 24]> = Vec::new();
        // Local time costs little by the hour and much by the interval.
        let (mut hour_of, mut cell) = (i64::MIN, (0, 0));
        for ((&start, &value), hours) in starts.iter().zip(values).zip(run.hours()) {
            let hour = start.div_euclid(900_000_000);
            if hour != hour_of {
                let local = run.local(start);
                let days = local.date().since(first).map_or(0, |span| span.get_days());
                (hour_of, cell) = (hour, (days.max(0) as usize, local.hour() as usize));
            }
            if sums.len() <= cell.0 {
                sums.resize(cell.0 + 1, [(0.0, 0.0); 24]);
            }
            if value.is_finite() {
                let sum = &mut sums[cell.0][cell.1];
                *sum = (sum.0 + value * hours, sum.1 + hours);
            }
        }
        if sums.len() > MOST_DAYS {
            return None;
        }
        let days = sums.iter().map(|day| day.map(|(sum, hours)| sum / hours)).collect();
        Some(Self { first, days })
    }

    /// The range that colours are spread over: what lies far below the rest is left out.
    fn spread(&self) -> Option<(f64, f64)> {
        let mut all: Vec<f64> =
            self.days.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        let low = *all.get(all.len() / 50)?;
        Some((low, *all.last()?))
    }

    /// The map: days to the right, hours of the day downwards.
    pub(in crate::report::html) fn draw(&self, title: &str, unit: &str, width: f64) -> String {
        let (left, top, cell_h) = (46.0, 8.0, 7.0);
        let cell_w = ((width - left - 8.0) / self.days.len().max(1) as f64).min(40.0);
        let mut svg = Svg::new(width, top + 24.0 * cell_h + 46.0);
        let (low, high) = self.spread().unwrap_or((0.0, 1.0));
        let width_of = (high - low).max(1e-12);
        let class = |value: f64| {
            let part = ((value - low) / width_of * CLASSES as f64).floor();
            (part.max(0.0) as usize).min(CLASSES - 1)
        };
        let mut paths = vec![String::new(); CLASSES];
        let mut far = String::new();
        for (day, hours) in self.days.iter().enumerate() {
            let x = left + day as f64 * cell_w;
            let mut hour = 0;
            while hour < 24 {
                if !hours[hour].is_finite() {
                    hour += 1;
                    continue;
                }
                let mine = class(hours[hour]);
                let begin = hour;
                while hour < 24 && hours[hour].is_finite() && class(hours[hour]) == mine {
                    hour += 1;
                }
                let (y, h) = (top + begin as f64 * cell_h, (hour - begin) as f64 * cell_h);
                let (x, w) = (px(x), px(cell_w + 0.2));
                let _ = write!(paths[mine], "M{x} {}h{w}v{h}h-{w}z", px(y));
            }
            for (hour, _) in hours.iter().enumerate().filter(|(_, value)| {
                // A fifth of the spread below its foot is no hour like others.
                **value < low - 0.2 * width_of
            }) {
                let (y, h) = (top + hour as f64 * cell_h, px(cell_h));
                let w = px(cell_w);
                let _ = write!(far, "M{} {}h{w}v{h}h-{w}z", px(x), px(y));
            }
        }
        for (class, d) in paths.iter().enumerate() {
            svg.path(&format!("q{class}"), d);
        }
        svg.path("framed", &far);
        for hour in [0, 6, 12, 18, 24] {
            let y = top + f64::from(hour) * cell_h + 4.0;
            svg.text("tick", (left - 6.0, y), Hold::End, &format!("{hour:02}:00"));
        }
        let below = top + 24.0 * cell_h + 15.0;
        let mut day = self.first;
        let mut free = f64::NEG_INFINITY;
        for index in 0..self.days.len() {
            let x = left + index as f64 * cell_w;
            let many = self.days.len() > 45;
            if (day.day() == 1 || index == 0 || (!many && index % 7 == 0)) && x > free {
                let label = day.strftime(if many { "%b" } else { "%-d %b" }).to_string();
                svg.text("tick", (x, below), Hold::Start, &label);
                free = x + 7.0 * label.len() as f64 + 6.0;
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        scale_bar(&mut svg, (left, below + 8.0), (low, high), unit);
        if !far.is_empty() {
            svg.path("framed", &format!("M{} {}h14v10h-14z", px(left + 320.0), px(below + 8.0)));
            svg.text("tick", (left + 340.0, below + 17.0), Hold::Start, "far below");
        }
        svg.finish(title)
    }
}

/// The scale of colours from `low` to `high`.
pub(super) fn scale_bar(svg: &mut Svg, at: (f64, f64), (low, high): (f64, f64), unit: &str) {
    for class in 0..CLASSES {
        svg.rect(&format!("q{class}"), (at.0 + 22.0 * class as f64, at.1), (22.0, 10.0));
    }
    let text = format!("{} to {} {unit}", significant(low, 3), significant(high, 3));
    svg.text("tick", (at.0 + 22.0 * CLASSES as f64 + 6.0, at.1 + 9.0), Hold::Start, &text);
}

/// A calendar with weeks as columns: `days` from `first` on.
pub(in crate::report::html) fn calendar(
    title: &str,
    first: jiff::civil::Date,
    days: &[f64],
    unit: &str,
    width: f64,
) -> String {
    let (left, top) = (34.0, 22.0);
    let lead = first.weekday().to_monday_zero_offset() as usize;
    let weeks = (lead + days.len()).div_ceil(7);
    let cell = ((width - left) / weeks.max(1) as f64).min(26.0);
    let high = days.iter().copied().filter(|day| day.is_finite()).fold(0.0, f64::max);
    let mut svg = Svg::new(width, top + 7.0 * cell.max(14.0) + 30.0);
    let row = cell.max(14.0);
    for (index, name) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().enumerate() {
        let y = top + index as f64 * row + row / 2.0 + 4.0;
        svg.text("tick", (left - 6.0, y), Hold::End, name);
    }
    let mut date = first;
    let mut free = f64::NEG_INFINITY;
    let mut paths = vec![String::new(); CLASSES];
    let mut numbers = Vec::new();
    for (index, &day) in days.iter().enumerate() {
        let (week, weekday) = ((lead + index) / 7, (lead + index) % 7);
        let (x, y) = (left + week as f64 * cell, top + weekday as f64 * row);
        if day.is_finite() {
            let part = if high > 0.0 { day / high } else { 0.0 };
            let class = ((part * CLASSES as f64) as usize).min(CLASSES - 1);
            let (w, h) = (px((cell - 1.0).max(0.8)), px(row - 1.0));
            let _ = write!(paths[class], "M{} {}h{w}v{h}h-{w}z", px(x), px(y));
            if class >= 4 && cell >= 24.0 {
                numbers.push((x + cell / 2.0, y + row / 2.0 + 4.0, significant(day, 3)));
            }
        }
        if (date.day() == 1 || index == 0) && x >= free {
            let label = date.strftime("%b").to_string();
            svg.text("tick", (x, top - 8.0), Hold::Start, &label);
            free = x + 34.0;
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    for (class, d) in paths.iter().enumerate() {
        svg.path(&format!("q{class}"), d);
    }
    for (x, y, number) in numbers {
        svg.text("tick over", (x, y), Hold::Middle, &number);
    }
    scale_bar(&mut svg, (left, top + 7.0 * row + 10.0), (0.0, high), unit);
    svg.finish(title)
}
