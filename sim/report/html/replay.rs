//! States of components over time, and what they carried, as the tables `states` and `loads` have
//! them.

use serde_json::{Value as Json, json};

use super::super::table::Columns;
use super::graph::Graph;

/// The states that components may be in, mild ones first: of several, the last is told.
pub(super) const STATES: [&str; 14] = [
    "ok",
    "standby",
    "bypass",
    "starting",
    "reduced",
    "slow",
    "battery",
    "sag",
    "starved",
    "dry",
    "tripped",
    "no-power",
    "out-for-maintenance",
    "failed",
];
/// Rows that are embedded at most; of more, the first are.
const MOST_ROWS: usize = 100_000;

/// The log of states in columns: seconds since the start, node of the diagram, first and last
/// unit, state. Nodes that stand for several components number their units one after another.
pub(super) fn states(table: &Columns, graph: &Graph) -> Json {
    let at = table.reals("at_us").unwrap_or_default();
    let [low, high] = ["unit_lo", "unit_hi"].map(|name| table.reals(name).unwrap_or_default());
    let (components, names) = (table.texts("component"), table.texts("state"));
    let (mut seconds, mut nodes, mut first, mut last, mut state) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..table.rows().min(MOST_ROWS) {
        let Some((node, before)) = graph.find(&components[row]) else { continue };
        let Some(index) = STATES.iter().position(|known| *known == names[row]) else { continue };
        seconds.push(at[row] / 1e6);
        nodes.push(node);
        first.push(low[row] as usize + before);
        last.push(high[row] as usize + before);
        state.push(index);
    }
    json!({
        "names": STATES, "at": seconds, "node": nodes, "first": first, "last": last, "state": state,
        "left_out": table.rows().saturating_sub(MOST_ROWS),
    })
}

/// What a node of the diagram carried.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Load {
    /// In the mean, MW.
    pub(super) mean_mw: f64,
    /// Most that its fullest unit carried of its rating; none where nothing limits it.
    pub(super) utilisation: Option<f64>,
    /// The share of it that came over its first feeder; none where it has one or none.
    pub(super) first_feeder: Option<f64>,
    /// What it lost in the mean, MW.
    pub(super) loss_mw: f64,
}

/// The loads of the nodes of `graph`: means over intervals, which are of one length but for those
/// in which the run begins and ends.
pub(super) fn loads(table: &Columns, graph: &Graph) -> Vec<Option<Load>> {
    let column = |name: &str| table.reals(name).unwrap_or_default();
    let (power, most, share) =
        (column("power_mw"), column("utilisation_max"), column("feeder_share"));
    let losses = column("loss_mw");
    let mut lost = vec![0.0; graph.nodes.len()];
    let starts = table.times("start_utc");
    let Some(intervals) = distinct(starts) else { return vec![None; graph.nodes.len()] };
    let mut sums = vec![(0.0, None::<f64>, 0.0, 0.0, false); graph.nodes.len()];
    // Rows of an interval follow each other, a row for each part, always in the same order.
    let parts = table.rows() / intervals;
    let nodes: Vec<Option<usize>> = table
        .texts("group")
        .iter()
        .take(parts)
        .map(|group| graph.find(group).map(|(node, _)| node))
        .collect();
    for row in 0..table.rows() {
        let Some(node) = nodes[row % parts] else { continue };
        lost[node] += losses.get(row).copied().filter(|mw| mw.is_finite()).unwrap_or(0.0);
        let sum = &mut sums[node];
        sum.4 = true;
        let mw = power[row];
        if mw.is_finite() {
            sum.0 += mw;
            if share.get(row).is_some_and(|share| share.is_finite()) {
                (sum.2, sum.3) = (sum.2 + mw * share[row], sum.3 + mw);
            }
        }
        if let Some(&full) = most.get(row).filter(|full| full.is_finite()) {
            sum.1 = Some(sum.1.map_or(full, |known| known.max(full)));
        }
    }
    sums.into_iter()
        .zip(lost)
        .map(|((mw, utilisation, first, of, seen), lost)| {
            seen.then(|| Load {
                mean_mw: mw / intervals as f64,
                utilisation,
                first_feeder: (of > 0.0).then(|| first / of),
                loss_mw: lost / intervals as f64,
            })
        })
        .collect()
}

/// How many distinct values stand in `starts`, which do not fall; none where there are none.
fn distinct(starts: &[i64]) -> Option<usize> {
    let changes = starts.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (!starts.is_empty()).then_some(changes + 1)
}
