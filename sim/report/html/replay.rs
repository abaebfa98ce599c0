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

/// The log of states from row `after` on, in columns: seconds since the start, node of the diagram,
/// first and last unit, state. Nodes that stand for several components number their units one after
/// another.
pub(super) fn states(table: &Columns, graph: &Graph, after: usize) -> Json {
    let at = table.reals("at_us").unwrap_or_default();
    let [low, high] = ["unit_lo", "unit_hi"].map(|name| table.reals(name).unwrap_or_default());
    let (components, names) = (table.texts("component"), table.texts("state"));
    let (mut seconds, mut nodes, mut first, mut last, mut state) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in after..table.rows().min(MOST_ROWS) {
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

/// The loads of the nodes of a graph, summed over intervals, which are of one length but for those
/// in which the run begins and ends.
#[derive(Debug, Clone)]
pub(super) struct Loads {
    sums: Vec<Sum>,
    intervals: usize,
}

/// What a node carried, summed over intervals.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    /// Whether anything is told of it.
    seen: bool,
    mw: f64,
    most: Option<f64>,
    /// What came over its first feeder, of what is known to have come over any.
    first_mw: f64,
    known_mw: f64,
    lost_mw: f64,
}

impl Loads {
    /// Of `graph`, without an interval yet.
    pub(super) fn new(graph: &Graph) -> Self {
        Self { sums: vec![Sum::default(); graph.nodes.len()], intervals: 0 }
    }

    /// Adds the whole intervals of `table`.
    pub(super) fn add(&mut self, table: &Columns, graph: &Graph) {
        let column = |name: &str| table.reals(name).unwrap_or_default();
        let (power, most, share, losses) = (
            column("power_mw"),
            column("utilisation_max"),
            column("feeder_share"),
            column("loss_mw"),
        );
        let Some(intervals) = distinct(table.times("start_utc")) else { return };
        self.intervals += intervals;
        // Rows of an interval follow each other, a row for each part, always in the same order.
        let parts = table.rows() / intervals;
        let groups = table.texts("group").iter().take(parts);
        let nodes: Vec<Option<usize>> =
            groups.map(|group| graph.find(group).map(|(node, _)| node)).collect();
        let finite =
            |values: &[f64], row: usize| values.get(row).copied().filter(|value| value.is_finite());
        for row in 0..table.rows() {
            let Some(node) = nodes[row % parts] else { continue };
            let sum = &mut self.sums[node];
            sum.seen = true;
            sum.lost_mw += finite(losses, row).unwrap_or(0.0);
            if let Some(mw) = finite(power, row) {
                sum.mw += mw;
                if let Some(share) = finite(share, row) {
                    sum.first_mw += mw * share;
                    sum.known_mw += mw;
                }
            }
            if let Some(full) = finite(most, row) {
                sum.most = Some(sum.most.map_or(full, |known| known.max(full)));
            }
        }
    }

    /// Means and maxima by node; none of a node of which nothing is told.
    pub(super) fn by_node(&self) -> Vec<Option<Load>> {
        let intervals = self.intervals as f64;
        let load = |sum: &Sum| {
            sum.seen.then(|| Load {
                mean_mw: sum.mw / intervals,
                utilisation: sum.most,
                first_feeder: (sum.known_mw > 0.0).then(|| sum.first_mw / sum.known_mw),
                loss_mw: sum.lost_mw / intervals,
            })
        };
        self.sums.iter().map(load).collect()
    }
}

/// How many distinct values stand in `starts`, which do not fall; none where there are none.
fn distinct(starts: &[i64]) -> Option<usize> {
    let changes = starts.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (!starts.is_empty()).then_some(changes + 1)
}
