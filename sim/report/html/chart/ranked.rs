//! Curves over ranks: how long a load was at or above a level, how rare a latency is.

use std::fmt::Write as _;

use super::super::axis::Scale;
use super::super::number::significant;
use super::super::svg::{Hold, Svg, px, tenths};
use super::frame::{self, Room};
use super::time::clipped;

/// The load duration curve of `values`, each of which held for `hours`.
pub(in crate::report::html) fn duration_curve(
    title: &str,
    values: &[f64],
    hours: &[f64],
    limit: Option<(f64, &str)>,
    unit: &str,
    width: f64,
) -> String {
    let height = 230.0;
    let room = Room { left: 46.0, right: 12.0, top: 22.0, bottom: 42.0 };
    let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(hours.iter().copied()).collect();
    pairs.retain(|(value, _)| value.is_finite());
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0));
    let total: f64 = pairs.iter().map(|(_, hours)| hours).sum();
    let most = pairs.first().map_or(1.0, |(value, _)| *value);
    let high = limit.map_or(most, |(value, _)| value.max(most));
    let low = pairs.last().map_or(0.0, |(value, _)| value.min(0.0));
    let mut svg = Svg::new(width, height);
    let y = frame::vertical(&mut svg, (low, high), (width, height), room, unit);
    let x = Scale::linear((0.0, 1.0), (room.left, width - room.right));
    let bottom = height - room.bottom;
    let mut line = String::new();
    let (mut passed, mut last) = (0.0, None);
    for (value, hours) in &pairs {
        let (left, height) = (x.at(passed / total), y.at(*value));
        let place = (tenths(left), tenths(height));
        if last != Some(place) {
            let step = if last.is_none() { 'M' } else { 'L' };
            let _ = write!(line, "{step}{} {}", px(left), px(height));
        }
        last = Some(place);
        passed += hours;
    }
    let _ = write!(line, "H{}", px(x.at(1.0)));
    let area = format!("{line}V{b}H{}Z", px(room.left), b = px(y.at(0.0)));
    svg.path("area f-import", &area);
    svg.path("line s-import d0", &line);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let hold = match share {
            0.0 => Hold::Start,
            1.0 => Hold::End,
            _ => Hold::Middle,
        };
        let text = format!("{} %", 100.0 * share);
        svg.text("tick", (x.at(share), bottom + 16.0), hold, &text);
    }
    let middle = (room.left + width - room.right) / 2.0;
    let what = "share of the time at or above";
    svg.text("tick", (middle, bottom + 33.0), Hold::Middle, what);
    if let Some((value, text)) = limit {
        frame::limit(&mut svg, y.at(value), (room.left, width - room.right), text);
    }
    svg.finish(title)
}

/// A curve of percentiles: quantile and value.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct Curve {
    pub(in crate::report::html) label: String,
    pub(in crate::report::html) colour: &'static str,
    pub(in crate::report::html) dash: usize,
    pub(in crate::report::html) points: Vec<(f64, f64)>,
}

/// Latencies by percentile: every step to the right is ten times rarer; both axes logarithmic.
pub(in crate::report::html) fn percentiles(
    title: &str,
    curves: &[Curve],
    limits: &[(f64, String)],
    width: f64,
) -> String {
    let height = if width < 400.0 { 280.0 } else { 320.0 };
    let room = Room {
        left: 56.0,
        right: if width < 400.0 { 62.0 } else { 96.0 },
        top: 22.0,
        bottom: 42.0,
    };
    let values = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let values = values.chain(limits.iter().map(|limit| limit.0)).filter(|value| *value > 0.0);
    let (low, high) =
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if low.is_finite() { (low.max(high / 1e6), high) } else { (1.0, 10.0) };
    let floor = 10_f64.powf(low.log10().floor());
    let mut svg = Svg::new(width, height);
    let bottom = height - room.bottom;
    let y = Scale::log((low, 1.1 * high), (bottom, room.top));
    let mut decade = floor;
    // Within a decade few labels would be left.
    let steps: &[f64] = match high / low < 5.0 {
        true => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
        false => &[1.0, 2.0, 5.0],
    };
    while decade <= high {
        for step in steps.iter().copied() {
            let value = step * decade;
            if (low..=1.1 * high).contains(&value) {
                svg.line("grid", (room.left, y.at(value)), (width - room.right, y.at(value)));
                if step == 1.0 || (bottom - room.top) / (high / low).log10() > 44.0 {
                    let at = (room.left - 6.0, y.at(value) + 4.0);
                    svg.text(
                        "tick",
                        at,
                        Hold::End,
                        &significant(value, if steps.len() > 3 { 2 } else { 1 }),
                    );
                }
            }
        }
        decade *= 10.0;
    }
    svg.text("tick", (room.left, room.top - 8.0), Hold::Start, "ms");
    let x = Scale::linear((0.0, 6.0), (room.left, width - room.right));
    let marks =
        [(0.0, "0"), (1.0, "90 %"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99"), (5.0, "99.999")];
    let half = 0.5_f64.log10().abs();
    svg.line("grid", (x.at(half), room.top), (x.at(half), bottom));
    let is_wide = width > 500.0;
    for (nines, label) in marks {
        svg.line("grid", (x.at(nines), room.top), (x.at(nines), bottom));
        if nines == 0.0 && !is_wide {
            continue;
        }
        svg.text("tick", (x.at(nines), bottom + 16.0), Hold::Middle, label);
    }
    svg.text("tick", (x.at(half), bottom + 16.0), Hold::Middle, "50");
    let what = match is_wide {
        false => "share at least as fast, %",
        true => "share of requests at least as fast, % (each step is ten times rarer)",
    };
    svg.text("tick", ((room.left + width - room.right) / 2.0, bottom + 33.0), Hold::Middle, what);
    for (value, text) in limits {
        frame::limit(&mut svg, y.at(*value), (room.left, width - room.right), text);
    }
    let mut ends = Vec::new();
    for curve in curves {
        let mut d = String::new();
        let mut end = bottom;
        for &(quantile, value) in &curve.points {
            let nines = if quantile < 1.0 { -(1.0 - quantile).log10() } else { 6.0 };
            if nines <= 6.0 {
                let letter = if d.is_empty() { 'M' } else { 'L' };
                end = y.at(value);
                let _ = write!(d, "{letter}{} {}", px(x.at(nines)), px(end));
            }
        }
        svg.path(&format!("line s-{} d{}", curve.colour, curve.dash % 4), &d);
        ends.push(end);
    }
    for (curve, place) in curves.iter().zip(frame::pushed_apart(&ends, 14.0, (room.top, bottom))) {
        let right = width - room.right;
        let class = format!("line s-{} d{}", curve.colour, curve.dash % 4);
        svg.line(&class, (right + 3.0, place), (right + 15.0, place));
        let text = clipped(&curve.label, 10);
        svg.text("label", (right + 18.0, place + 4.0), Hold::Start, &text);
    }
    svg.finish(title)
}
