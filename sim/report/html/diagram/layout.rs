//! Where boxes stand: ranks are known, so that what is left is their order within a rank and their
//! places, both linear in the edges. (A general layouter took seconds for what this does in
//! milliseconds.)

use super::super::graph::{Edge, Graph};

/// Size of a box, and the least room between two, px.
pub(super) const BOX: (f64, f64) = (138.0, 52.0);
const APART: f64 = 18.0;
const GAP: f64 = 30.0;
const LANE: f64 = 6.0;
const MARGIN: f64 = 26.0;

/// Sweeps that order the boxes of a rank.
const SWEEPS: usize = 24;
/// What a standby feeder weighs beside a normal one.
const STANDBY: f64 = 0.3;

/// A diagram laid out.
#[derive(Debug)]
pub(super) struct Layout {
    /// The middle of the upper side of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    /// The corners of each edge, in the order of the graph.
    pub(super) edges: Vec<Vec<(f64, f64)>>,
    pub(super) size: (f64, f64),
}

/// Lays out `graph`.
pub(super) fn layout(graph: &Graph) -> Layout {
    let ranks = graph.ranks();
    let depth = ranks.iter().copied().max().unwrap_or(0) + 1;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (node, &rank) in ranks.iter().enumerate() {
        rows[rank].push(node);
    }
    rows.retain(|row| !row.is_empty());
    let mut row_of = vec![0; graph.nodes.len()];
    for (row, nodes) in rows.iter().enumerate() {
        nodes.iter().for_each(|&node| row_of[node] = row);
    }
    let neighbours = neighbours(graph);
    order(&mut rows, &row_of, &neighbours);
    let x = places(&rows, &row_of, &neighbours);
    route(graph, &rows, &row_of, &x)
}

/// Of each node, what it is connected with, and how strongly.
type Neighbours = Vec<Vec<(usize, f64)>>;

fn neighbours(graph: &Graph) -> Neighbours {
    let mut all = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        let weight = if graph.is_standby(edge) { STANDBY } else { 1.0 };
        all[edge.from].push((edge.to, weight));
        all[edge.to].push((edge.from, weight));
    }
    all
}

/// Orders the nodes of each row by the mean place of their neighbours above and below in turn.
fn order(rows: &mut [Vec<usize>], row_of: &[usize], neighbours: &Neighbours) {
    let mut place = vec![0.0; row_of.len()];
    let number = |row: &[usize], place: &mut [f64]| {
        for (index, &node) in row.iter().enumerate() {
            // From 0 to 1, so that rows of different lengths compare.
            place[node] = (index as f64 + 0.5) / row.len() as f64;
        }
    };
    rows.iter().for_each(|row| number(row, &mut place));
    let count = rows.len();
    for sweep in 0..SWEEPS {
        for step in 0..count {
            let index = if sweep % 2 == 0 { step } else { count - 1 - step };
            let row = &mut rows[index];
            let mut wanted: Vec<(f64, usize)> = row
                .iter()
                .map(|&node| {
                    let (mut sum, mut weight) = (0.0, 0.0);
                    for &(other, w) in &neighbours[node] {
                        let above = row_of[other] < index;
                        if row_of[other] != index && above == (sweep % 2 == 0) {
                            (sum, weight) = (sum + w * place[other], weight + w);
                        }
                    }
                    (if weight > 0.0 { sum / weight } else { place[node] }, node)
                })
                .collect();
            wanted.sort_by(|one, other| one.0.total_cmp(&other.0));
            *row = wanted.into_iter().map(|(_, node)| node).collect();
            number(row, &mut place);
        }
    }
}

/// The middle of each box: near the mean of its neighbours, in order and apart.
fn places(rows: &[Vec<usize>], row_of: &[usize], neighbours: &Neighbours) -> Vec<f64> {
    let pitch = BOX.0 + APART;
    let widest = rows.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let mut x = vec![0.0; row_of.len()];
    for row in rows {
        for (index, &node) in row.iter().enumerate() {
            x[node] = (index as f64 + (widest - row.len() as f64) / 2.0) * pitch;
        }
    }
    for sweep in 0..SWEEPS {
        for step in 0..rows.len() {
            let index = if sweep % 2 == 0 { step } else { rows.len() - 1 - step };
            let row = &rows[index];
            let wanted: Vec<f64> = row
                .iter()
                .map(|&node| {
                    let (mut sum, mut weight) = (0.0, 0.0);
                    for &(other, w) in neighbours[node].iter().filter(|n| row_of[n.0] != index) {
                        (sum, weight) = (sum + w * x[other], weight + w);
                    }
                    if weight > 0.0 { sum / weight } else { x[node] }
                })
                .collect();
            for (&node, place) in row.iter().zip(apart(&wanted, pitch)) {
                x[node] = place;
            }
        }
    }
    let least = x.iter().copied().fold(f64::INFINITY, f64::min);
    x.iter().map(|x| x - least + BOX.0 / 2.0 + MARGIN).collect()
}

/// The places nearest to `wanted` (least squares) that keep their order and `pitch` apart: blocks
/// that overlap are pooled.
fn apart(wanted: &[f64], pitch: f64) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (index, want) in wanted.iter().enumerate() {
        blocks.push((want - index as f64 * pitch, 1));
        while let [.., before, last] = blocks.as_slice()
            && before.0 > last.0
        {
            let count = before.1 + last.1;
            let mean = (before.0 * before.1 as f64 + last.0 * last.1 as f64) / count as f64;
            blocks.pop();
            let merged = blocks.last_mut().expect("there were two blocks");
            *merged = (mean, count);
        }
    }
    let flat = blocks.iter().flat_map(|&(place, count)| std::iter::repeat_n(place, count));
    flat.enumerate().map(|(index, place)| place + index as f64 * pitch).collect()
}

/// Draws edges at right angles: down from the source, along its lane, down to the target; a long
/// one goes down in the gutter left of its target.
fn route(graph: &Graph, rows: &[Vec<usize>], row_of: &[usize], x: &[f64]) -> Layout {
    // A lane for each node that sends edges out of a row, and for each that long edges come to.
    let mut lanes: Vec<Vec<(f64, usize, bool)>> = vec![Vec::new(); rows.len() + 1];
    let is_long = |edge: &Edge| row_of[edge.to] != row_of[edge.from] + 1;
    for edge in &graph.edges {
        lanes[row_of[edge.from]].push((x[edge.from], edge.from, false));
        if is_long(edge) && row_of[edge.to] > 0 {
            lanes[row_of[edge.to] - 1].push((x[edge.to], edge.to, true));
        }
    }
    for lane in &mut lanes {
        lane.sort_by(|one, other| {
            one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)).then(one.2.cmp(&other.2))
        });
        lane.dedup_by(|one, other| (one.1, one.2) == (other.1, other.2));
    }
    // What enters a box stands side by side, in the order of where it comes from.
    let mut entries: Vec<Vec<(f64, usize)>> = vec![Vec::new(); graph.nodes.len()];
    for (index, edge) in graph.edges.iter().enumerate() {
        entries[edge.to].push((x[edge.from], index));
    }
    let mut enters = vec![0.0; graph.edges.len()];
    for (node, entries) in entries.iter_mut().enumerate() {
        entries.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let step = (BOX.0 - 30.0) / entries.len().max(1) as f64;
        let step = step.min(12.0);
        for (place, &(_, edge)) in entries.iter().enumerate() {
            enters[edge] = x[node] + (place as f64 - (entries.len() - 1) as f64 / 2.0) * step;
        }
    }
    let mut top = vec![MARGIN];
    for lane in &lanes[..rows.len()] {
        let room = GAP.max(LANE * (lane.len() as f64 + 3.0));
        top.push(top[top.len() - 1] + BOX.1 + room);
    }
    let y = |row: usize, node: usize, arrives: bool| {
        let lane = lanes[row].iter().position(|l| l.1 == node && l.2 == arrives).unwrap_or(0);
        let room = top[row + 1] - top[row] - BOX.1;
        top[row] + BOX.1 + room / 2.0 + (lane as f64 - (lanes[row].len() - 1) as f64 / 2.0) * LANE
    };
    let mut gutters = vec![0_usize; graph.nodes.len()];
    let edges = graph
        .edges
        .iter()
        .enumerate()
        .map(|(index, edge)| {
            let (from, to) = (row_of[edge.from], row_of[edge.to]);
            let start = (x[edge.from], top[from] + BOX.1);
            let end = (enters[index], top[to]);
            let lane = y(from, edge.from, false);
            if !is_long(edge) || to == 0 {
                return vec![start, (start.0, lane), (end.0, lane), end];
            }
            let gutter = x[edge.to] - BOX.0 / 2.0 - 6.0 - 4.0 * gutters[edge.to] as f64;
            gutters[edge.to] = (gutters[edge.to] + 1) % 3;
            let last = y(to - 1, edge.to, true);
            vec![start, (start.0, lane), (gutter, lane), (gutter, last), (end.0, last), end]
        })
        .collect();
    let right = x.iter().copied().fold(0.0, f64::max) + BOX.0 / 2.0 + MARGIN;
    let bottom = top[rows.len() - 1] + BOX.1 + MARGIN;
    let boxes = (0..x.len()).map(|node| (x[node], top[row_of[node]])).collect();
    Layout { boxes, edges, size: (right, bottom) }
}

#[cfg(test)]
mod tests {
    use super::super::super::graph::{Component, Flow};
    use super::*;

    #[test]
    fn places_keep_order_and_distance() {
        let placed = apart(&[0.0, 0.0, 0.0, 500.0, 490.0], 100.0);
        assert_eq!(placed, [-100.0, 0.0, 100.0, 445.0, 545.0]);
    }

    /// A tree of PDUs on two sides below `width` boards each, unfolded.
    fn wide(width: usize) -> Graph {
        let component = |name: String| Component { name, units: 1, ..Component::default() };
        let mut graph = Graph::default();
        graph.nodes.push(component("grid".to_owned()));
        for side in 0..2 {
            graph.nodes.push(component(format!("board-{side}")));
            graph.edges.push(Edge { from: 0, to: 1 + side, flow: Flow::Power, preference: 0 });
        }
        for unit in 0..width {
            for side in 0..2 {
                let to = graph.nodes.len();
                graph.nodes.push(component(format!("pdu-{side}-{unit}")));
                let flow = Flow::Power;
                graph.edges.push(Edge { from: 1 + side, to, flow, preference: 0 });
                graph.edges.push(Edge { from: 2 - side, to, flow, preference: 1 });
            }
        }
        graph
    }

    #[test]
    fn boxes_do_not_overlap_and_sides_part() {
        let graph = wide(8);
        let layout = layout(&graph);
        for (index, one) in layout.boxes.iter().enumerate() {
            for other in &layout.boxes[index + 1..] {
                let apart = (one.0 - other.0).abs() >= BOX.0 || (one.1 - other.1).abs() >= BOX.1;
                assert!(apart, "{one:?} {other:?}");
            }
        }
        let mean =
            |side: usize| (0..8).map(|unit| layout.boxes[3 + 2 * unit + side].0).sum::<f64>() / 8.0;
        assert!((mean(0) - mean(1)).abs() > 4.0 * BOX.0, "A and B stand apart");
        for path in &layout.edges {
            assert!(path.windows(2).all(|p| p[0].0 == p[1].0 || p[0].1 == p[1].1));
        }
    }

    #[test]
    fn two_thousand_boxes_take_no_time_to_speak_of() {
        let begun = std::time::Instant::now();
        let layout = layout(&wide(1000));
        assert_eq!(layout.boxes.len(), 2003);
        assert!(begun.elapsed().as_secs_f64() < 5.0, "{:?}", begun.elapsed());
    }
}
