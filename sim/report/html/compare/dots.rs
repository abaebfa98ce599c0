//! Means with their intervals, and what they are made of.

use super::super::chart::frame::{Room, horizontal};
use super::super::chart::time::clipped;
use super::super::number::significant;
use super::super::svg::{Hold, Svg};

/// A design: a mean, its interval, the replications behind it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) mean: f64,
    pub(super) ends: (f64, f64),
    pub(super) dots: Vec<f64>,
    pub(super) class: &'static str,
}

/// A row for each design: mean and whisker above, a dot for each replication below. `zero` is a line
/// to be seen, `bounds` what no value can lie beyond.
pub(super) fn dots(
    title: &str,
    rows: &[Row],
    axis: &str,
    zero: Option<f64>,
    bounds: Option<(f64, f64)>,
    width: f64,
) -> String {
    let row = 30.0;
    let room = Room { left: 132.0, right: 14.0, top: 8.0, bottom: 40.0 };
    let height = room.top + row * rows.len() as f64 + room.bottom;
    let mut svg = Svg::new(width, height);
    let all = rows
        .iter()
        .flat_map(|row| row.dots.iter().copied().chain([row.mean, row.ends.0, row.ends.1]));
    let range = within(extent(all.chain(zero)), bounds);
    let x = horizontal(&mut svg, range, (width, height), room, axis);
    let at = |value: f64| x.at(bounds.map_or(value, |(low, high)| value.clamp(low, high)));
    if let Some(zero) = zero {
        svg.line("zero", (x.at(zero), room.top), (x.at(zero), height - room.bottom));
    }
    for (index, one) in rows.iter().enumerate() {
        let y = room.top + index as f64 * row + 10.0;
        svg.text("name", (room.left - 8.0, y + 5.0), Hold::End, &clipped(&one.label, 19));
        for dot in drawn(&one.dots) {
            svg.circle("dot", (at(dot), y + 12.0), 1.6);
        }
        whisker(&mut svg, (at(one.ends.0), at(one.ends.1)), y);
        svg.circle(one.class, (at(one.mean), y), 4.5);
    }
    svg.finish(title)
}

/// The most dots of a row: more of them are not told apart, and only make the page long.
pub(super) const MOST_DOTS: usize = 200;

/// Those of `dots` that are drawn: all, or so many of them evenly by rank, with the least and the
/// largest.
fn drawn(dots: &[f64]) -> Vec<f64> {
    let mut dots: Vec<f64> = dots.iter().copied().filter(|dot| dot.is_finite()).collect();
    if dots.len() <= MOST_DOTS {
        return dots;
    }
    dots.sort_by(f64::total_cmp);
    let last = dots.len() - 1;
    (0..MOST_DOTS).map(|place| dots[place * last / (MOST_DOTS - 1)]).collect()
}

/// A bar for each change from zero, its whisker, its number at the right.
pub(super) fn tornado(title: &str, rows: &[Row], axis: &str, width: f64) -> String {
    let row = 28.0;
    let left = if width < 400.0 { 120.0 } else { 200.0 };
    let room = Room { left, right: 70.0, top: 8.0, bottom: 40.0 };
    let height = room.top + row * rows.len() as f64 + room.bottom;
    let mut svg = Svg::new(width, height);
    let ends = rows.iter().flat_map(|row| [row.mean, row.ends.0, row.ends.1]);
    let range = extent(ends.chain([0.0]));
    let x = horizontal(&mut svg, range, (width, height), room, axis);
    for (index, one) in rows.iter().enumerate() {
        let y = room.top + index as f64 * row + 6.0;
        let (a, b) = (x.at(one.mean.min(0.0)), x.at(one.mean.max(0.0)));
        svg.rect(one.class, (a, y), ((b - a).max(0.8), 16.0));
        whisker(&mut svg, (x.at(one.ends.0), x.at(one.ends.1)), y + 8.0);
        let most = if width < 400.0 { 18 } else { 30 };
        svg.text("name", (left - 8.0, y + 12.0), Hold::End, &clipped(&one.label, most));
        let number = significant(one.mean, 3);
        svg.text("label", (width - 4.0, y + 12.0), Hold::End, &number);
    }
    svg.line("zero", (x.at(0.0), room.top), (x.at(0.0), height - room.bottom));
    svg.finish(title)
}

fn whisker(svg: &mut Svg, (from, to): (f64, f64), y: f64) {
    svg.line("whisker", (from, y), (to, y));
    svg.line("whisker", (from, y - 4.0), (from, y + 4.0));
    svg.line("whisker", (to, y - 4.0), (to, y + 4.0));
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// `range`, cut to `bounds` and widened where it is a single value at one of them.
fn within((low, high): (f64, f64), bounds: Option<(f64, f64)>) -> (f64, f64) {
    let Some((least, most)) = bounds else { return (low, high) };
    let (low, high) = (low.max(least), high.min(most));
    match high > low {
        true => (low, high),
        false => ((low - 1.0).max(least), (high + 1.0).min(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_dots_some_are_drawn_evenly_by_rank() {
        let many: Vec<f64> = (0..10_000).rev().map(f64::from).collect();
        let some = drawn(&many);
        assert_eq!((some.len(), some[0], some[MOST_DOTS - 1]), (MOST_DOTS, 0.0, 9999.0));
        assert!(some.windows(2).all(|pair| (50.0..=51.0).contains(&(pair[1] - pair[0]))));
        assert_eq!(drawn(&[3.0, f64::NAN, 1.0]), [3.0, 1.0]);
    }
}
