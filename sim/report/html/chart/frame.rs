//! The frame of a chart: its plot, its axes, its limits.

use super::super::axis::{Scale, label, ticks};
use super::super::svg::{Hold, Svg};

/// About the width of a digit of a label, px.
const GLYPH: f64 = 7.0;

/// Room around a plot, px.
#[derive(Debug, Clone, Copy)]
pub(in crate::report::html) struct Room {
    pub(in crate::report::html) left: f64,
    pub(in crate::report::html) right: f64,
    pub(in crate::report::html) top: f64,
    pub(in crate::report::html) bottom: f64,
}

/// A vertical scale over `low..high` with its grid and labels, drawn into `svg`.
pub(in crate::report::html) fn vertical(
    svg: &mut Svg,
    (low, high): (f64, f64),
    (width, height): (f64, f64),
    room: Room,
    unit: &str,
) -> Scale {
    let (values, decimals) = ticks(low, high, 6);
    let range = (values[0], values[values.len() - 1]);
    let scale = Scale::linear(range, (height - room.bottom, room.top));
    for value in values {
        let y = scale.at(value);
        svg.line("grid", (room.left, y), (width - room.right, y));
        svg.text("tick", (room.left - 6.0, y + 4.0), Hold::End, &label(value, decimals));
    }
    if !unit.is_empty() {
        svg.text("tick", (room.left, room.top - 8.0), Hold::Start, unit);
    }
    scale
}

/// The same for a horizontal scale, with `title` below.
pub(in crate::report::html) fn horizontal(
    svg: &mut Svg,
    (low, high): (f64, f64),
    (width, height): (f64, f64),
    room: Room,
    title: &str,
) -> Scale {
    let (values, decimals) = ticks(low, high, if width < 400.0 { 5 } else { 7 });
    let range = (values[0], values[values.len() - 1]);
    let scale = Scale::linear(range, (room.left, width - room.right));
    let labels: Vec<String> = values.iter().map(|value| label(*value, decimals)).collect();
    let widest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(1);
    let pitch = (width - room.right - room.left) / (values.len() - 1).max(1) as f64;
    // Labels that would touch give way to every second one, or third.
    let every = ((GLYPH * widest as f64 + 8.0) / pitch).ceil().max(1.0) as usize;
    for (index, (value, label)) in values.iter().zip(&labels).enumerate() {
        let x = scale.at(*value);
        svg.line("grid", (x, room.top), (x, height - room.bottom));
        if index.is_multiple_of(every) {
            let half = GLYPH / 2.0 * label.chars().count() as f64;
            let at = (x.min(width - half), height - room.bottom + 16.0);
            svg.text("tick", at, Hold::Middle, label);
        }
    }
    let middle = (room.left + width - room.right) / 2.0;
    svg.text("tick", (middle, height - room.bottom + 33.0), Hold::Middle, title);
    scale
}

/// A dashed limit at `y` with its label at the right end.
pub(in crate::report::html) fn limit(svg: &mut Svg, y: f64, (x0, x1): (f64, f64), text: &str) {
    svg.line("limit", (x0, y), (x1, y));
    svg.text("label halo", (x1 - 2.0, y - 5.0), Hold::End, text);
}

/// Places for labels near `wanted`, apart by `apart` and within `low..high`, in the order given.
pub(in crate::report::html) fn pushed_apart(
    wanted: &[f64],
    apart: f64,
    (low, high): (f64, f64),
) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut places = vec![0.0; wanted.len()];
    let mut least = low;
    for &index in &order {
        places[index] = wanted[index].max(least);
        least = places[index] + apart;
    }
    let mut most = high;
    for &index in order.iter().rev() {
        places[index] = places[index].min(most);
        most = places[index] - apart;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::pushed_apart;

    #[test]
    fn labels_keep_apart_and_in_order() {
        let places = pushed_apart(&[50.0, 52.0, 10.0, 99.0, 98.0], 14.0, (0.0, 100.0));
        let mut sorted = places.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 14.0 - 1e-9), "{places:?}");
        assert!(places[0] < places[1] && places[4] < places[3] && sorted[4] <= 100.0);
    }
}
