//! Who may feed whom, and what never changes beside.

use super::component::{ComponentDesign, ComponentKind, LossCurve, NetworkPart};
use super::design::{PowerDesign, Sharing};
use super::sequence::MachineDesign;

/// What never changes: adjacency as flat arrays, and the loss curves.
#[derive(Debug, Clone)]
pub(super) struct Wiring {
    /// Candidate feeders of node `n`: `feeders[feeder_start[n]..feeder_start[n + 1]]`.
    feeder_start: Vec<u32>,
    feeders: Vec<u32>,
    /// Cords of load `l`: `cord_start[l]..cord_start[l + 1]`.
    cord_start: Vec<u32>,
    /// Where each cord is plugged in.
    pub(super) cord_node: Vec<u32>,
    /// Whose cord it is.
    pub(super) cord_load: Vec<u32>,
    pub(super) sharing: Vec<Sharing>,
    /// Cords plugged into node `n`: `sockets[socket_start[n]..socket_start[n + 1]]`.
    socket_start: Vec<u32>,
    sockets: Vec<u32>,
    /// Nodes, each after all of its candidate feeders, and where each stands there.
    pub(super) topological: Vec<u32>,
    pub(super) place: Vec<u32>,
    /// Nodes that node `n` is a candidate feeder of, in that order: `fed[fed_start[n]..fed_start[n + 1]]`.
    fed_start: Vec<u32>,
    fed: Vec<u32>,
    pub(super) part: Vec<NetworkPart>,
    pub(super) kind: Vec<ComponentKind>,
    pub(super) loss: Vec<LossCurve>,
    /// Most that may flow back through each node, W.
    pub(super) reverse_w: Vec<f64>,
    /// What hangs on a bus, and of what it takes the part that it keeps, of what it holds the part
    /// that it gives.
    pub(super) attached: Vec<u32>,
    pub(super) one_way: Vec<f64>,
    /// How many loads the design has; the chargers come after them.
    pub(super) own_loads: usize,
    pub(super) chargers: Vec<Charger>,
}

/// What recharges the battery of a UPS: a load at whatever feeds that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charger {
    pub(super) ups: u32,
    pub(super) load: u32,
    /// Energy stored over energy drawn.
    pub(super) efficiency: f64,
}

impl Wiring {
    pub(super) fn new(design: &PowerDesign) -> Self {
        let nodes = design.nodes.len();
        let mut feeder_start = vec![0];
        let mut feeders = Vec::new();
        for node in &design.nodes {
            assert_eq!(
                node.fed_by.is_empty(),
                node.component.kind.part().is_root(),
                "`{}`: roots, and only roots, have no feeder",
                node.name
            );
            feeders.extend(node.fed_by.iter().map(|feeder| feeder.0));
            feeder_start.push(feeders.len() as u32);
        }
        let mut cord_start = vec![0];
        let mut cord_node = Vec::new();
        let mut cord_load = Vec::new();
        for (index, load) in design.loads.iter().enumerate() {
            assert!(!load.cords.is_empty(), "load `{}` has no cord", load.name);
            cord_node.extend(load.cords.iter().map(|node| node.0));
            cord_load.resize(cord_node.len(), index as u32);
            cord_start.push(cord_node.len() as u32);
        }
        let mut sharing: Vec<Sharing> = design.loads.iter().map(|load| load.sharing).collect();
        let mut chargers = Vec::new();
        for (ups, node) in (0..).zip(&design.nodes) {
            let MachineDesign::Ups(battery) = &node.component.machine else { continue };
            let load = sharing.len() as u32;
            chargers.push(Charger { ups, load, efficiency: battery.charge_efficiency });
            cord_node.extend(node.fed_by.iter().map(|feeder| feeder.0));
            cord_load.resize(cord_node.len(), load);
            cord_start.push(cord_node.len() as u32);
            sharing.push(Sharing::Preferred);
        }
        for &node in feeders.iter().chain(&cord_node) {
            assert!((node as usize) < nodes, "component {node} of {nodes} does not exist");
        }
        let (socket_start, sockets) = invert(nodes, &cord_node);
        let those = |are: fn(&ComponentDesign) -> bool| -> Vec<u32> {
            let all = (0..).zip(&design.nodes);
            all.filter(|(_, node)| are(&node.component)).map(|(n, _)| n).collect()
        };
        let topological = topological_order(nodes, &feeder_start, &feeders);
        let mut place = vec![0; nodes];
        (0..).zip(&topological).for_each(|(at, &node)| place[node as usize] = at);
        let edges = (0..nodes).flat_map(|n| {
            let own = &feeders[feeder_start[n] as usize..feeder_start[n + 1] as usize];
            own.iter().map(move |&feeder| (feeder, n))
        });
        let mut by_feeder: Vec<(u32, u32)> = edges.map(|(of, n)| (of, place[n])).collect();
        by_feeder.sort_unstable();
        by_feeder.dedup();
        let feeding: Vec<u32> = by_feeder.iter().map(|&(feeder, _)| feeder).collect();
        let (fed_start, _) = invert(nodes, &feeding);
        let fed = by_feeder.iter().map(|&(_, at)| topological[at as usize]).collect();
        Self {
            feeder_start,
            feeders,
            cord_start,
            cord_node,
            cord_load,
            sharing,
            socket_start,
            sockets,
            topological,
            place,
            fed_start,
            fed,
            part: design.nodes.iter().map(|node| node.component.kind.part()).collect(),
            kind: design.nodes.iter().map(|node| node.component.kind).collect(),
            loss: design.nodes.iter().map(|node| node.component.loss).collect(),
            reverse_w: design.nodes.iter().map(|node| node.component.reverse_w).collect(),
            attached: those(|component| component.kind.part() == NetworkPart::Attached),
            own_loads: design.loads.len(),
            chargers,
            one_way: design.nodes.iter().map(|node| node.component.machine.one_way()).collect(),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.part.len()
    }

    pub(super) fn loads(&self) -> usize {
        self.sharing.len()
    }

    #[inline]
    pub(super) fn cords(&self, load: usize) -> std::ops::Range<usize> {
        self.cord_start[load] as usize..self.cord_start[load + 1] as usize
    }

    /// How many cords are those of chargers; they come last.
    pub(super) fn charger_cords(&self) -> usize {
        self.cord_node.len() - self.cord_start[self.own_loads] as usize
    }

    #[inline]
    pub(super) fn sockets(&self, node: usize) -> &[u32] {
        &self.sockets[self.socket_start[node] as usize..self.socket_start[node + 1] as usize]
    }

    /// How many candidate feeders there are in all.
    pub(super) fn edges(&self) -> usize {
        self.feeders.len()
    }

    /// The places of the candidate feeders of a node among all.
    pub(super) fn edges_of(&self, node: usize) -> std::ops::Range<usize> {
        self.feeder_start[node] as usize..self.feeder_start[node + 1] as usize
    }

    /// The candidate feeder at place `edge`.
    pub(super) fn feeder(&self, edge: usize) -> u32 {
        self.feeders[edge]
    }

    /// The nodes that `node` is a candidate feeder of, each once, in topological order.
    pub(super) fn fed(&self, node: usize) -> &[u32] {
        &self.fed[self.fed_start[node] as usize..self.fed_start[node + 1] as usize]
    }

    pub(super) fn feeders(&self, node: usize) -> &[u32] {
        &self.feeders[self.feeder_start[node] as usize..self.feeder_start[node + 1] as usize]
    }
}

/// The indices at which each value of `of` stands, as flat lists in index order.
fn invert(values: usize, of: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0u32; values + 1];
    for &value in of {
        start[value as usize + 1] += 1;
    }
    for i in 0..values {
        start[i + 1] += start[i];
    }
    let mut next = start.clone();
    let mut lists = vec![0; of.len()];
    for (index, &value) in of.iter().enumerate() {
        lists[next[value as usize] as usize] = index as u32;
        next[value as usize] += 1;
    }
    (start, lists)
}

/// Kahn's order, lowest index first among the ready.
fn topological_order(nodes: usize, feeder_start: &[u32], feeders: &[u32]) -> Vec<u32> {
    // `edge_of[fed]` lists positions in `feeders`; the fed node is found by its range.
    let (fed_start, edges) = invert(nodes, feeders);
    let mut waiting: Vec<u32> = feeder_start.windows(2).map(|w| w[1] - w[0]).collect();
    let mut fed_of_edge = vec![0u32; feeders.len()];
    for node in 0..nodes {
        fed_of_edge[feeder_start[node] as usize..feeder_start[node + 1] as usize].fill(node as u32);
    }
    let mut order: Vec<u32> = (0..nodes as u32).filter(|&n| waiting[n as usize] == 0).collect();
    let mut done = 0;
    while done < order.len() {
        let node = order[done] as usize;
        done += 1;
        for &edge in &edges[fed_start[node] as usize..fed_start[node + 1] as usize] {
            let fed = fed_of_edge[edge as usize];
            waiting[fed as usize] -= 1;
            if waiting[fed as usize] == 0 {
                order.push(fed);
            }
        }
    }
    assert_eq!(order.len(), nodes, "the power chain of a design has no cycle");
    order
}
