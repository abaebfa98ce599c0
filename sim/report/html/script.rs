//! What a script adds: zoom, read-outs and a cursor in step. Nothing that the page shows needs it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::chart::time::{Band, TimeChart};
use super::replay::states;
use super::run::Run;

/// uPlot 1.6.32, under the MIT licence beside it.
pub(super) const VENDOR: &str = include_str!("vendor/uPlot.iife.min.js");
pub(super) const VENDOR_STYLE: &str = include_str!("vendor/uPlot.min.css");
/// Of the line above a page that grows. Its report has the same style, and so the same policy, when it
/// takes the place of the page.
pub(super) const LIVE_STYLE: &str = include_str!("live.css");
/// The script of the page of a run.
pub(super) const OWN: &str = include_str!("script.js");
/// What the page of a run that goes on has beside it.
#[cfg(feature = "live")]
pub(super) const LIVE: &str = include_str!("live.js");
/// The script of a page without series: the choice of a theme.
pub(super) const THEME: &str = include_str!("theme.js");

/// Values are told as parts of the range of their series in so many steps.
const STEPS: f64 = 65_000.0;
/// Stands for no value.
const NONE: u16 = u16::MAX;
/// Series that are embedded at most; what is beyond stays a picture.
const MOST_SERIES: usize = 24;

/// Values that are embedded at most, in all series together.
const MOST_VALUES: usize = 600_000;
/// Intervals that are embedded one by one; of a longer run, the least and the greatest value of
/// several.
const MOST_POINTS: usize = 40_000;

/// What the script reads, as JSON that may stand in an element. `place` says how far a run that goes
/// on is told: where what is sent later goes on.
pub(super) fn data(run: &Run, charts: &[TimeChart], bands: &[Band], place: Option<&str>) -> String {
    let group = group(run);
    let starts = &run.starts()[..whole_groups(run)];
    let charts: Vec<Json> = embedded(run, charts)
        .map(|(id, chart)| {
            let lines: Vec<Json> = chart
                .lines
                .iter()
                .map(|line| {
                    let values = &line.values[..starts.len().min(line.values.len())];
                    let (from, to, coded) = coded(&thinned(values, group));
                    json!({
                        "label": line.label, "colour": line.colour, "dash": line.dash % 4,
                        "from": from, "to": to, "values": coded,
                    })
                })
                .collect();
            json!({
                "id": id, "unit": chart.unit, "range": chart.range(), "limit": chart.limit,
                "lines": lines,
            })
        })
        .collect();
    let (from, to) = run.span();
    let incidents: Vec<f64> = run.incidents.iter().flatten().map(|i| seconds(i.at())).collect();
    let nodes = || run.graph.iter().flat_map(|graph| &graph.nodes);
    let names: Vec<Json> = nodes().map(|node| json!([node.name, node.units])).collect();
    let keys: Vec<Vec<&str>> =
        nodes().map(|node| node.keys.iter().map(|(key, _)| key.as_str()).collect()).collect();
    let mut data = json!({
        "from": seconds(from), "to": seconds(to), "starts": steps(&thinned_starts(starts, group)),
        "zone": zone(run, from, to), "charts": charts, "bands": bands_json(bands),
        "incidents": incidents, "states": states_json(run, 0), "nodes": names, "keys": keys,
    });
    if let Some(place) = place {
        data["place"] = json!(place);
    }
    // Within an element no tag may begin.
    data.to_string().replace('<', "\\u003c")
}

/// Of the charts of a page, those that a script may take over, with their ids.
pub(super) fn embedded<'c>(
    run: &Run,
    charts: &'c [TimeChart],
) -> impl Iterator<Item = (String, &'c TimeChart)> {
    let points = run.intervals().div_ceil(group(run));
    let mut left = MOST_SERIES.min(MOST_VALUES / points.max(1));
    charts.iter().enumerate().filter_map(move |(index, chart)| {
        let fits = chart.lines.len() <= left;
        left -= if fits { chart.lines.len() } else { 0 };
        fits.then(|| (format!("chart-{index}"), chart))
    })
}

/// How many intervals stand behind a value that is embedded.
pub(super) fn group(run: &Run) -> usize {
    run.intervals().div_ceil(MOST_POINTS).max(1)
}

/// How many intervals can be told: of a run that goes on, those whose values no later one changes.
pub(super) fn whole_groups(run: &Run) -> usize {
    let (have, pair) = (run.starts().len(), 2 * group(run));
    match run.is_running() && pair > 2 {
        true => have / pair * pair,
        false => have,
    }
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

pub(super) fn bands_json(bands: &[Band]) -> Vec<Json> {
    let told = bands.iter();
    told.map(|band| json!([seconds(band.from), seconds(band.to), u8::from(band.hard)])).collect()
}

/// The log of states from row `after` on.
pub(super) fn states_json(run: &Run, after: usize) -> Json {
    match (&run.states, &run.graph) {
        (Some(table), Some(graph)) => states(table, graph, after),
        _ => Json::Null,
    }
}

/// Two starts for each `group` of intervals: its first, and that in its middle.
pub(super) fn thinned_starts(starts: &[i64], group: usize) -> Vec<i64> {
    if group <= 1 {
        return starts.to_vec();
    }
    starts.chunks(2 * group).flat_map(|part| [part[0], part[part.len() / 2]]).collect()
}

/// The least and the greatest value of each pair of groups, in the order in which they came; none
/// where one of them has none.
pub(super) fn thinned(values: &[f64], group: usize) -> Vec<f64> {
    if group <= 1 {
        return values.to_vec();
    }
    let ends = |part: &[f64]| {
        if part.iter().any(|value| !value.is_finite()) {
            return [f64::NAN; 2];
        }
        let place = |better: fn(f64, f64) -> bool| {
            (1..part.len()).fold(0, |best, i| if better(part[i], part[best]) { i } else { best })
        };
        let (low, high) = (place(|a, b| a < b), place(|a, b| a > b));
        if low <= high { [part[low], part[high]] } else { [part[high], part[low]] }
    };
    values.chunks(2 * group).flat_map(ends).collect()
}

/// Starts of intervals as runs of equal steps: first start, step and count, in seconds.
fn steps(starts: &[i64]) -> Vec<(f64, f64, usize)> {
    let mut runs: Vec<(i64, i64, usize)> = Vec::new();
    for &start in starts {
        match runs.last_mut() {
            Some((first, step, count)) if *count == 1 => (*step, *count) = (start - *first, 2),
            Some((first, step, count)) if *first + *step * *count as i64 == start => *count += 1,
            _ => runs.push((start, 0, 1)),
        }
    }
    runs.into_iter()
        .map(|(first, step, count)| (first as f64 / 1e6, step as f64 / 1e6, count))
        .collect()
}

/// What the clock of the site is ahead of UTC, s, from which instant on.
fn zone(run: &Run, from: i64, to: i64) -> Vec<(f64, i32)> {
    let Ok(start) = Timestamp::from_microsecond(from) else { return Vec::new() };
    let mut all = vec![(from as f64 / 1e6, run.zone.to_offset(start).seconds())];
    for change in run.zone.following(start) {
        let at = change.timestamp().as_microsecond();
        if at > to {
            break;
        }
        all.push((at as f64 / 1e6, change.offset().seconds()));
    }
    all
}

/// Values as sixteen bits each, in base64, with the range that they are parts of.
fn coded(values: &[f64]) -> (f64, f64, String) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 0.0) };
    let width = if high > low { high - low } else { 1.0 };
    let mut bytes = Vec::with_capacity(2 * values.len());
    for value in values {
        let part = match value.is_finite() {
            true => ((value - low) / width * STEPS).round() as u16,
            false => NONE,
        };
        bytes.extend(part.to_le_bytes());
    }
    (low, low + width, STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_told_in_few_numbers() {
        let regular: Vec<i64> = (0..100).map(|i| 1_000_000 * (5 + 900 * i)).collect();
        assert_eq!(steps(&regular), [(5.0, 900.0, 100)]);
        let mut odd = regular.clone();
        odd[0] = 0;
        let told = steps(&odd);
        let back: Vec<f64> = told
            .iter()
            .flat_map(|&(first, step, count)| (0..count).map(move |i| first + step * i as f64))
            .collect();
        assert_eq!(back, odd.iter().map(|&at| at as f64 / 1e6).collect::<Vec<_>>());
        assert!(told.len() <= 3);
    }

    #[test]
    fn long_runs_keep_their_extremes() {
        let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
        (values[333], values[700]) = (-5.0, 5000.0);
        let thin = thinned(&values, 10);
        let starts: Vec<i64> = (0..1000).collect();
        assert_eq!((thin.len(), thinned_starts(&starts, 10).len()), (100, 100));
        assert!(thin.contains(&-5.0) && thin.contains(&5000.0));
        assert_eq!((thin[0], thin[1]), (0.0, 19.0));
        values[500] = f64::NAN;
        assert!(thinned(&values, 10)[50].is_nan());
        assert_eq!(thinned(&values, 1).len(), 1000);
    }

    #[test]
    fn extremes_are_coded_exactly_and_gaps_stay_gaps() {
        let values = [3.0, f64::NAN, -1.5, 93.25, 7.0];
        let (low, high, text) = coded(&values);
        let bytes = STANDARD.decode(text).unwrap();
        let back: Vec<f64> = bytes
            .chunks(2)
            .map(|pair| match u16::from_le_bytes([pair[0], pair[1]]) {
                NONE => f64::NAN,
                part => low + f64::from(part) / STEPS * (high - low),
            })
            .collect();
        assert_eq!((back[2], back[3]), (-1.5, 93.25));
        assert!(back[1].is_nan());
        for (value, back) in values.iter().zip(&back).filter(|(value, _)| value.is_finite()) {
            assert!((value - back).abs() <= 0.5 * (high - low) / STEPS + 1e-12);
        }
    }
}
