//! Where two quantities met how often.

use std::fmt::Write as _;

use super::super::svg::{Svg, px};
use super::frame::{self, Room};

/// How many cells lie side by side, and above each other.
const CELLS: (usize, usize) = (48, 32);
const CLASSES: usize = 7;

/// How often `x` and `y` were together: a cell is stronger, the more often; the scale of colours
/// is logarithmic.
pub(in crate::report::html) fn density(
    title: &str,
    (x_title, y_unit): (&str, &str),
    x: &[f64],
    y: &[f64],
    width: f64,
) -> String {
    let height = 230.0;
    let room = Room { left: 46.0, right: 14.0, top: 22.0, bottom: 42.0 };
    let pairs: Vec<(f64, f64)> = x
        .iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let xs = range(&mut pairs.iter().map(|pair| pair.0));
    let ys = range(&mut pairs.iter().map(|pair| pair.1));
    let (xs, ys) = if pairs.is_empty() { ((0.0, 1.0), (0.0, 1.0)) } else { (xs, ys) };
    let mut svg = Svg::new(width, height);
    let across = frame::horizontal(&mut svg, xs, (width, height), room, x_title);
    let up = frame::vertical(&mut svg, ys, (width, height), room, y_unit);
    let part = |value: f64, (from, to): (f64, f64), cells: usize| {
        (((value - from) / (to - from) * cells as f64) as usize).min(cells - 1)
    };
    let mut counts = vec![0_u32; CELLS.0 * CELLS.1];
    let (wide, high) = ((across.from, across.to), (up.from, up.to));
    for (x, y) in &pairs {
        counts[part(*y, high, CELLS.1) * CELLS.0 + part(*x, wide, CELLS.0)] += 1;
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
    let mut paths = vec![String::new(); CLASSES];
    let w = (width - room.left - room.right) / CELLS.0 as f64;
    let h = (height - room.top - room.bottom) / CELLS.1 as f64;
    for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (row, column) = (index / CELLS.0, index % CELLS.0);
        let strength = (f64::from(count) + 1.0).ln() / (most + 1.0).ln();
        // The lowest class is that of nothing: what was there once is seen.
        let class = ((strength * CLASSES as f64) as usize).clamp(1, CLASSES - 1);
        let x = room.left + column as f64 * w;
        let y = height - room.bottom - (row + 1) as f64 * h;
        let (w, h) = (px(w), px(h));
        let _ = write!(paths[class], "M{} {}h{w}v{h}h-{w}z", px(x), px(y));
    }
    for (class, d) in paths.iter().enumerate() {
        svg.path(&format!("q{class}"), d);
    }
    svg.finish(title)
}
