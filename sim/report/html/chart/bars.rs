//! Bars: amounts side by side, and a fall from a whole to what is left.

use super::super::axis::{Scale, label, ticks};
use super::super::svg::{Hold, Svg};
use super::frame::{self, Room};
use super::time::clipped;

/// A bar from `from` to `to`.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct Bar {
    pub(in crate::report::html) label: String,
    pub(in crate::report::html) from: f64,
    pub(in crate::report::html) to: f64,
    pub(in crate::report::html) colour: &'static str,
    /// What is written beside it.
    pub(in crate::report::html) text: String,
}

/// Bars below each other, on one scale from the least to the greatest end.
pub(in crate::report::html) fn bars(title: &str, bars: &[Bar], width: f64) -> String {
    let row = 25.0;
    let narrow = width < 500.0;
    let left = if narrow { 96.0 } else { 190.0 };
    let right = if narrow { 116.0 } else { 160.0 };
    let mut svg = Svg::new(width, row * bars.len() as f64 + 6.0);
    let ends = bars.iter().flat_map(|bar| [bar.from, bar.to]);
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    let high = if high > low { high } else { low + 1.0 };
    let x = Scale::linear((low, high), (left, width - right));
    for (index, bar) in bars.iter().enumerate() {
        let y = index as f64 * row + 4.0;
        let (a, b) = (x.at(bar.from.min(bar.to)), x.at(bar.from.max(bar.to)));
        svg.rect(&format!("f-{}", bar.colour), (a, y), ((b - a).max(0.8), 15.0));
        svg.text(
            "name",
            (left - 8.0, y + 12.0),
            Hold::End,
            &clipped(&bar.label, if narrow { 14 } else { 28 }),
        );
        svg.text("label", (b.max(a + 0.8) + 6.0, y + 12.0), Hold::Start, &bar.text);
        if let Some(next) = bars.get(index + 1) {
            // A fall goes on where the bar before ended.
            let joint = [bar.from, bar.to]
                .into_iter()
                .find(|end| [next.from, next.to].contains(end) && *end != 0.0);
            if let Some(joint) = joint {
                svg.line("grid", (x.at(joint), y + 15.0), (x.at(joint), y + row));
            }
        }
    }
    svg.finish(title)
}

/// A pair of values for each of `names`, each on a scale of its own: bars from `from` on the left
/// scale, from zero on the right one.
pub(in crate::report::html) fn pairs(
    title: &str,
    names: &[String],
    (left_name, left_from, left): (&str, f64, &[Option<f64>]),
    (right_name, right): (&str, &[Option<f64>]),
    width: f64,
) -> String {
    let height = 230.0;
    let has_right = right.iter().any(|value| value.is_some_and(|value| value > 0.0));
    let room =
        Room { left: 46.0, right: if has_right { 46.0 } else { 12.0 }, top: 24.0, bottom: 26.0 };
    let most =
        |values: &[Option<f64>], from: f64| values.iter().flatten().copied().fold(from, f64::max);
    let mut svg = Svg::new(width, height);
    let high = most(left, left_from);
    let high = if high > left_from { high } else { left_from + 0.1 };
    let y = frame::vertical(&mut svg, (left_from, high), (width, height), room, left_name);
    let (values, decimals) = ticks(0.0, most(right, 0.0).max(1e-9), 6);
    let other =
        Scale::linear((values[0], values[values.len() - 1]), (height - room.bottom, room.top));
    if has_right {
        for value in values {
            let at = (width - room.right + 6.0, other.at(value) + 4.0);
            svg.text("tick", at, Hold::Start, &label(value, decimals));
        }
        svg.text("tick", (width - room.right, room.top - 8.0), Hold::End, right_name);
    }
    let step = (width - room.left - room.right) / names.len().max(1) as f64;
    let bar = (step * 0.36).min(42.0);
    let bottom = height - room.bottom;
    for (index, name) in names.iter().enumerate() {
        let middle = room.left + (index as f64 + 0.5) * step;
        if let Some(value) = left[index] {
            let top = y.at(value);
            let x = if has_right { middle - bar - 1.0 } else { middle - bar / 2.0 };
            svg.rect("f-import", (x, top), (bar, (y.at(left_from) - top).max(0.0)));
        }
        if let Some(value) = right[index].filter(|_| has_right) {
            let top = other.at(value);
            svg.rect("f-cooling", (middle + 1.0, top), (bar, (bottom - top).max(0.0)));
        }
        if step > 24.0 || index.is_multiple_of(2) {
            svg.text("tick", (middle, bottom + 17.0), Hold::Middle, name);
        }
    }
    svg.finish(title)
}
