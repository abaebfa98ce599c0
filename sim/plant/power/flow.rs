//! Who feeds whom right now, and the power that flows there.
//!
//! The design allows several feeders for a component; at any instant each component takes
//! from the first that is live, so what is energised is a forest whose roots are feeds.
//! [`Forest`] holds it in preorder, so that the part behind a component is one slice.
//! [`Flows`] holds the output of every component under one set of draws and follows a change
//! of draw up its path to the feed.

use super::design::{ComponentKind, LossCurve, PowerDesign, Sharing};

/// No node: the parent of a feed and of everything dead.
pub(super) const NONE: u32 = u32::MAX;

/// By how much, relative to a limit, a flow may exceed it: far above rounding, far below
/// what any meter shows.
pub(super) const TOLERANCE: f64 = 1e-9;

/// A flow is re-summed from scratch after this many changes. Each change rounds once a hop,
/// so drift stays below 4096 ulp, about 1e-12 of the flow.
const CHANGES_UNTIL_RESUM: u32 = 4096;

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
    sharing: Vec<Sharing>,
    /// Cords plugged into node `n`: `sockets[socket_start[n]..socket_start[n + 1]]`.
    socket_start: Vec<u32>,
    sockets: Vec<u32>,
    /// Nodes, each after all of its candidate feeders.
    topological: Vec<u32>,
    pub(super) is_feed: Vec<bool>,
    pub(super) kind: Vec<ComponentKind>,
    pub(super) loss: Vec<LossCurve>,
}

impl Wiring {
    pub(super) fn new(design: &PowerDesign) -> Self {
        let nodes = design.nodes.len();
        let mut feeder_start = vec![0];
        let mut feeders = Vec::new();
        for node in &design.nodes {
            assert_eq!(
                node.fed_by.is_empty(),
                node.component.kind == ComponentKind::Feed,
                "`{}`: feeds, and only feeds, have no feeder",
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
        for &node in feeders.iter().chain(&cord_node) {
            assert!((node as usize) < nodes, "component {node} of {nodes} does not exist");
        }
        let (socket_start, sockets) = invert(nodes, &cord_node);
        let topological = topological_order(nodes, &feeder_start, &feeders);
        Self {
            feeder_start,
            feeders,
            cord_start,
            cord_node,
            cord_load,
            sharing: design.loads.iter().map(|load| load.sharing).collect(),
            socket_start,
            sockets,
            topological,
            is_feed: design.nodes.iter().map(|node| node.fed_by.is_empty()).collect(),
            kind: design.nodes.iter().map(|node| node.component.kind).collect(),
            loss: design.nodes.iter().map(|node| node.component.loss).collect(),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.is_feed.len()
    }

    pub(super) fn loads(&self) -> usize {
        self.sharing.len()
    }

    pub(super) fn cords(&self, load: usize) -> std::ops::Range<usize> {
        self.cord_start[load] as usize..self.cord_start[load + 1] as usize
    }

    pub(super) fn sockets(&self, node: usize) -> &[u32] {
        &self.sockets[self.socket_start[node] as usize..self.socket_start[node + 1] as usize]
    }

    fn feeders(&self, node: usize) -> &[u32] {
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

/// What is energised, and through whom.
#[derive(Debug, Clone)]
pub(super) struct Forest {
    pub(super) up: Vec<bool>,
    /// Energised at its input.
    pub(super) live: Vec<bool>,
    /// Cannot even carry the idle losses behind it, and therefore feeds nobody.
    choked: Vec<bool>,
    any_choked: bool,
    /// Who feeds it; [`NONE`] for feeds and the dead.
    pub(super) parent: Vec<u32>,
    /// Live nodes in preorder.
    pub(super) order: Vec<u32>,
    /// Where each live node stands in `order`, and one past the last node behind it.
    pub(super) position: Vec<u32>,
    pub(super) end: Vec<u32>,
    /// Part of its load's draw that each cord carries.
    pub(super) share: Vec<f64>,
    /// Loads with a live cord.
    pub(super) load_live: Vec<bool>,
    /// Output of each node with every load at zero, in watts: idle losses behind it.
    standing_w: Vec<f64>,
}

impl Forest {
    pub(super) fn new(wiring: &Wiring) -> Self {
        let nodes = wiring.nodes();
        Self {
            up: vec![true; nodes],
            live: vec![false; nodes],
            choked: vec![false; nodes],
            any_choked: false,
            parent: vec![NONE; nodes],
            order: Vec::with_capacity(nodes),
            position: vec![0; nodes],
            end: vec![0; nodes],
            share: vec![0.0; wiring.cord_node.len()],
            load_live: vec![false; wiring.loads()],
            standing_w: vec![0.0; nodes],
        }
    }

    /// Whether a new limit of `node` can change who feeds whom.
    pub(super) fn limit_switches(&self, node: usize, limit_w: f64) -> bool {
        self.any_choked || self.standing_w[node] > limit_w * (1.0 + TOLERANCE)
    }

    /// Whether `node` can feed what is behind it.
    fn feeds(&self, node: u32) -> bool {
        self.live[node as usize] && !self.choked[node as usize]
    }

    /// Energises everything anew from the feeds: first live feeder wins.
    ///
    /// One pass over nodes and cords. A pass over the touched component alone would save
    /// nothing on sites behind one substation, where that is everything.
    ///
    /// A component whose limit is below the idle losses behind it cannot be helped by shedding.
    /// It opens, and what it fed transfers to the next live feeder or goes dark: so every
    /// remaining component can be brought within its limit.
    pub(super) fn energise(&mut self, wiring: &Wiring, limit_w: &[f64]) {
        self.choked.fill(false);
        self.any_choked = false;
        loop {
            self.orient(wiring);
            if !self.choke(wiring, limit_w) {
                break;
            }
        }
        self.lay_out(wiring);
        self.plug_in(wiring);
    }

    fn orient(&mut self, wiring: &Wiring) {
        for &node in &wiring.topological {
            let n = node as usize;
            self.parent[n] = NONE;
            self.live[n] = self.up[n] && wiring.is_feed[n];
            if self.up[n] {
                let feeder = wiring.feeders(n).iter().copied().find(|&f| self.feeds(f));
                if let Some(feeder) = feeder {
                    self.parent[n] = feeder;
                    self.live[n] = true;
                }
            }
        }
    }

    /// Opens what cannot carry the idle losses behind it; whether anything was opened.
    fn choke(&mut self, wiring: &Wiring, limit_w: &[f64]) -> bool {
        self.standing_w.fill(0.0);
        let mut found = false;
        for &node in wiring.topological.iter().rev() {
            let n = node as usize;
            if !self.live[n] {
                continue;
            }
            if self.standing_w[n] > limit_w[n] * (1.0 + TOLERANCE) {
                self.choked[n] = true;
                found = true;
                self.standing_w[n] = 0.0;
            }
            if self.parent[n] != NONE {
                let out = self.standing_w[n];
                self.standing_w[self.parent[n] as usize] += out + wiring.loss[n].loss_w(out);
            }
        }
        self.any_choked |= found;
        found
    }

    /// Lays the live nodes out in preorder: sizes upwards, then places downwards.
    fn lay_out(&mut self, wiring: &Wiring) {
        // `end` holds subtree sizes first, then the next free place, then the end.
        self.end.fill(0);
        for &node in wiring.topological.iter().rev() {
            let n = node as usize;
            if self.live[n] {
                self.end[n] += 1;
                if self.parent[n] != NONE {
                    self.end[self.parent[n] as usize] += self.end[n];
                }
            }
        }
        let mut roots = 0;
        for &node in &wiring.topological {
            let n = node as usize;
            if !self.live[n] {
                continue;
            }
            let size = self.end[n];
            let place = match self.parent[n] {
                NONE => &mut roots,
                parent => &mut self.end[parent as usize],
            };
            self.position[n] = *place;
            *place += size;
            self.end[n] = self.position[n] + 1;
        }
        self.order.clear();
        self.order.resize(roots as usize, 0);
        for &node in &wiring.topological {
            if self.live[node as usize] {
                self.order[self.position[node as usize] as usize] = node;
            }
        }
    }

    /// Divides each load over its live cords.
    fn plug_in(&mut self, wiring: &Wiring) {
        for load in 0..wiring.loads() {
            let cords = wiring.cords(load);
            let live = cords.clone().filter(|&c| self.feeds(wiring.cord_node[c])).count();
            self.load_live[load] = live > 0;
            let mut first = true;
            for cord in cords {
                let carries = self.feeds(wiring.cord_node[cord])
                    && (wiring.sharing[load] == Sharing::Even || first);
                first &= !carries;
                self.share[cord] = match (carries, wiring.sharing[load]) {
                    (false, _) => 0.0,
                    (true, Sharing::Even) => 1.0 / live as f64,
                    (true, Sharing::Preferred) => 1.0,
                };
            }
        }
    }
}

/// The output of every component, given what each load takes.
#[derive(Debug, Clone)]
pub(super) struct Flows {
    /// What each load takes, in watts, when it has a live cord.
    pub(super) load_w: Vec<f64>,
    /// Output of each node, in watts; zero where dead.
    pub(super) out_w: Vec<f64>,
    /// Loss of all components by kind, in watts.
    pub(super) loss_w: [f64; ComponentKind::COUNT],
    /// Output of all feeds plus their loss, in watts.
    pub(super) import_w: f64,
    changes: u32,
}

impl Flows {
    pub(super) fn new(wiring: &Wiring) -> Self {
        Self {
            load_w: vec![0.0; wiring.loads()],
            out_w: vec![0.0; wiring.nodes()],
            loss_w: [0.0; ComponentKind::COUNT],
            import_w: 0.0,
            changes: 0,
        }
    }

    /// Sums everything anew: one pass over nodes and cords.
    pub(super) fn sum(&mut self, wiring: &Wiring, forest: &Forest) {
        self.changes = 0;
        self.out_w.fill(0.0);
        self.loss_w = [0.0; ComponentKind::COUNT];
        self.import_w = 0.0;
        for &node in forest.order.iter().rev() {
            let n = node as usize;
            let mut out = self.out_w[n];
            for &cord in wiring.sockets(n) {
                let cord = cord as usize;
                out += forest.share[cord] * self.load_w[wiring.cord_load[cord] as usize];
            }
            self.out_w[n] = out;
            let loss = wiring.loss[n].loss_w(out);
            self.loss_w[wiring.kind[n] as usize] += loss;
            match forest.parent[n] {
                NONE => self.import_w += out + loss,
                parent => self.out_w[parent as usize] += out + loss,
            }
        }
    }

    /// Lets load `load` take `w` watts and follows the change up to the feeds: a few
    /// nanoseconds a hop. Calls `passed(node, before, after)` with the output of each component
    /// on the way. Returns whether it is time to sum anew.
    #[must_use]
    pub(super) fn take(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        load: usize,
        w: f64,
        mut passed: impl FnMut(usize, f64, f64),
    ) -> bool {
        let change = w - self.load_w[load];
        self.load_w[load] = w;
        for cord in wiring.cords(load) {
            let share = forest.share[cord];
            if share == 0.0 {
                continue;
            }
            let mut change = share * change;
            let mut node = wiring.cord_node[cord];
            while node != NONE {
                let n = node as usize;
                let before = self.out_w[n];
                let after = before + change;
                self.out_w[n] = after;
                passed(n, before, after);
                let loss = wiring.loss[n].growth_w(before, after);
                self.loss_w[wiring.kind[n] as usize] += loss;
                change += loss;
                node = forest.parent[n];
            }
            self.import_w += change;
        }
        self.changes += 1;
        self.changes >= CHANGES_UNTIL_RESUM
    }
}
