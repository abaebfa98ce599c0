//! Series over time: interval means as steps, every minimum and maximum kept, gaps as gaps.

use std::fmt::Write as _;

use super::super::axis::{ticks, time_ticks};
use super::super::run::Run;
use super::super::svg::{Hold, Svg, px};
use super::frame::{self, Room};

/// A series.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct Line {
    pub(in crate::report::html) label: String,
    /// Its colour, as the style sheet names it: `import`.
    pub(in crate::report::html) colour: &'static str,
    /// Which dash tells it from others of its colour, from 0.
    pub(in crate::report::html) dash: usize,
    /// A value for each interval, NaN where there is none.
    pub(in crate::report::html) values: Vec<f64>,
}

impl Line {
    pub(in crate::report::html) fn class(&self) -> String {
        format!("line s-{} d{}", self.colour, self.dash % 4)
    }
}

/// A span of time that is marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report::html) struct Band {
    pub(in crate::report::html) from: i64,
    pub(in crate::report::html) to: i64,
    /// Whether racks were down, rather than something that no rack felt.
    pub(in crate::report::html) hard: bool,
}

/// A chart of series over the run.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct TimeChart {
    pub(in crate::report::html) title: String,
    pub(in crate::report::html) lines: Vec<Line>,
    pub(in crate::report::html) limit: Option<(f64, String)>,
    pub(in crate::report::html) unit: &'static str,
    pub(in crate::report::html) from_zero: bool,
}

impl TimeChart {
    /// The range of values that both the picture and the interactive chart show.
    pub(in crate::report::html) fn range(&self) -> (f64, f64) {
        let values = self.lines.iter().flat_map(|line| &line.values).copied();
        let limit = self.limit.iter().map(|(value, _)| *value);
        let all = values.chain(limit).filter(|value| value.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if !low.is_finite() {
            return (0.0, 1.0);
        }
        let low = if self.from_zero { low.min(0.0) } else { low };
        let (values, _) = ticks(low, high, 6);
        (values[0], values[values.len() - 1])
    }

    pub(in crate::report::html) fn draw(&self, run: &Run, bands: &[Band], width: f64) -> String {
        let height = if width < 400.0 { 170.0 } else { 200.0 };
        let labels = width > 400.0;
        let right = if labels { 100.0 } else { 8.0 };
        let room = Room { left: 46.0, right, top: 22.0, bottom: 24.0 };
        let mut svg = Svg::new(width, height);
        let (from, to) = run.span();
        let plot = (room.left, width - room.right);
        let x = |at: i64| {
            let part = (at - from) as f64 / (to - from).max(1) as f64;
            plot.0 + part.clamp(0.0, 1.0) * (plot.1 - plot.0)
        };
        let bottom = height - room.bottom;
        for band in bands {
            let class = if band.hard { "band hard" } else { "band" };
            let (left, right) = (x(band.from), x(band.to));
            svg.rect(class, (left, room.top), ((right - left).max(1.0), bottom - room.top));
        }
        let y = frame::vertical(&mut svg, self.range(), (width, height), room, self.unit);
        let mut last = f64::NEG_INFINITY;
        for (at, label) in time_ticks(run, from, to, if labels { 14 } else { 5 }) {
            let x = x(at);
            svg.line("grid", (x, room.top), (x, bottom));
            // The last label may not reach beyond the plot, nor over the one before.
            let half = 3.2 * label.chars().count() as f64;
            if x - half > last + 8.0 && x + half < width {
                svg.text("tick", (x, bottom + 17.0), Hold::Middle, &label);
                last = x + half;
            }
        }
        if let Some((value, text)) = &self.limit {
            frame::limit(&mut svg, y.at(*value), plot, text);
        }
        let mut ends = Vec::new();
        for line in &self.lines {
            let d = step_path(run.starts(), to, &line.values, &x, &|value| y.at(value));
            svg.path(&line.class(), &d);
            let last = line.values.iter().rev().find(|value| value.is_finite());
            ends.push(last.map_or(bottom, |&value| y.at(value)));
        }
        if labels {
            let places = frame::pushed_apart(&ends, 14.0, (room.top, bottom));
            for (line, place) in self.lines.iter().zip(places) {
                let text = clipped(&line.label, 12);
                svg.line(&line.class(), (plot.1 + 3.0, place), (plot.1 + 15.0, place));
                svg.text("label", (plot.1 + 18.0, place + 4.0), Hold::Start, &text);
            }
        }
        svg.finish(&self.title)
    }
}

/// `text` cut to `most` characters.
pub(in crate::report::html) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['\u{2026}']).collect()
}

/// The steps of `values` over the intervals that begin at `starts`, the last of which ends at
/// `end`. Where several intervals share a pixel, their first, least, greatest and last value are
/// drawn; where one of them has no value, the line breaks.
fn step_path(
    starts: &[i64],
    end: i64,
    values: &[f64],
    x: &dyn Fn(i64) -> f64,
    y: &dyn Fn(f64) -> f64,
) -> String {
    let mut d = String::new();
    let mut pen = None;
    let count = values.len().min(starts.len());
    let mut index = 0;
    while index < count {
        let left = x(starts[index]).floor();
        let mut next = index + 1;
        while next < count && x(starts[next]) < left + 1.0 {
            next += 1;
        }
        let right = x(starts.get(next).copied().unwrap_or(end));
        let inside = &values[index..next];
        if next == index + 1 {
            let value = inside[0];
            if value.is_finite() {
                go(&mut d, &mut pen, x(starts[index]), &[y(value)]);
                let _ = write!(d, "H{}", px(right));
            } else {
                pen = None;
            }
        } else {
            let seen: Vec<f64> = inside.iter().copied().filter(|value| value.is_finite()).collect();
            if let (Some(first), Some(last)) = (seen.first(), seen.last()) {
                let low = seen.iter().copied().fold(f64::INFINITY, f64::min);
                let high = seen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                go(&mut d, &mut pen, left, &[*first, low, high, *last].map(y));
                let _ = write!(d, "H{}", px(right));
            }
            if seen.len() < inside.len() {
                pen = None;
            }
        }
        index = next;
    }
    d
}

/// Draws to the heights `ys` one after another at `x`, from where the pen is down.
fn go(d: &mut String, pen: &mut Option<String>, x: f64, ys: &[f64]) {
    for &y in ys {
        let y = px(y);
        match pen {
            None => {
                let _ = write!(d, "M{} {y}", px(x));
            }
            Some(at) if *at == y => continue,
            Some(_) => {
                let _ = write!(d, "V{y}");
            }
        }
        *pen = Some(y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a path of `M`, `H` and `V` reaches, by height.
    fn heights(d: &str) -> Vec<f64> {
        let ends = |c: char| "MHV".contains(c);
        let mut found = Vec::new();
        for part in d.split_inclusive(|c: char| ends(c)).collect::<Vec<_>>().windows(2) {
            let kind = part[0].chars().last().unwrap();
            let text = part[1].trim_end_matches(ends);
            match kind {
                'M' => found.push(text.split(' ').nth(1).unwrap().parse().unwrap()),
                'V' => found.push(text.parse().unwrap()),
                _ => {}
            }
        }
        found
    }

    #[test]
    fn extremes_are_kept_and_gaps_break_the_line() {
        let starts: Vec<i64> = (0..1000).collect();
        let mut values: Vec<f64> = (0..1000).map(|i| f64::from(i % 7)).collect();
        (values[503], values[701]) = (93.2, -5.0);
        // Ten intervals share a pixel.
        let x = |at: i64| at as f64 / 10.0;
        let path = |values: &[f64]| step_path(&starts, 1000, values, &x, &|value| value);
        let reached = heights(&path(&values));
        assert!(reached.contains(&93.2) && reached.contains(&-5.0));
        assert_eq!(path(&values).matches('M').count(), 1);
        values[250] = f64::NAN;
        assert_eq!(path(&values).matches('M').count(), 2, "a gap shorter than a pixel is seen");
        values[300..400].fill(f64::NAN);
        assert_eq!(path(&values).matches('M').count(), 3);
        assert_eq!(path(&[f64::NAN; 1000]), "");
    }
}
