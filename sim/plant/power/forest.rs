//! Who feeds whom right now.
//!
//! The design allows several feeders for a component; at any instant each component takes
//! from the first that is live, so what is energised is a forest. It is held in preorder, so that
//! the part behind a component is one slice.

use super::design::Sharing;
use super::wiring::Wiring;

/// No node: the parent of a root and of everything dead.
pub(super) const NONE: u32 = u32::MAX;

/// By how much, relative to a limit, a flow may exceed it: far above rounding, far below
/// what any meter shows.
pub(super) const TOLERANCE: f64 = 1e-9;

/// What is energised, and through whom.
#[derive(Debug, Clone)]
pub(super) struct Forest {
    pub(super) up: Vec<bool>,
    /// Energised at its input.
    pub(super) live: Vec<bool>,
    /// Cannot even carry the idle losses behind it, and therefore feeds nobody.
    choked: Vec<bool>,
    any_choked: bool,
    /// Who feeds it; [`NONE`] for roots and the dead.
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

    /// Energises everything anew from the roots: first live feeder wins.
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
            self.live[n] = self.up[n] && wiring.part[n].is_root();
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
