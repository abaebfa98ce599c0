//! Who feeds whom right now.
//!
//! The design allows several feeders for a component; at any instant each component takes
//! from the first that is live, so what is energised is a forest. It is held in preorder, so that
//! the part behind a component is one slice.

use super::component::{LossCurve, NetworkPart};
use super::design::Sharing;
use super::sequence::{Drive, Supply};
use super::wiring::Wiring;

/// No node: the parent of a root and of everything dead.
pub(super) const NONE: u32 = u32::MAX;

/// By how much, relative to a limit, a flow may exceed it: far above rounding, far below
/// what any meter shows.
pub(super) const TOLERANCE: f64 = 1e-9;

/// What rounding leaves of flows that cancel, as what arrays give and loads take does, W.
pub(super) const ROUNDING_W: f64 = 1e-6;

/// Whether a component puts out more than it may.
pub(super) fn is_over(out_w: f64, limit_w: f64) -> bool {
    out_w > limit_w * (1.0 + TOLERANCE) + ROUNDING_W
}

/// What is energised, and through whom.
#[derive(Debug, Clone)]
pub(super) struct Forest {
    pub(super) up: Vec<bool>,
    /// From where it takes what it puts out.
    pub(super) drive: Vec<Drive>,
    /// The part of its output that comes from its feeder, and what that takes on the way.
    pub(super) carry: Vec<f64>,
    pub(super) up_loss: Vec<LossCurve>,
    /// What it loses in all.
    pub(super) loss: Vec<LossCurve>,
    /// What its battery gives for a watt of output, and is given, W.
    pub(super) battery_per_w: Vec<f64>,
    pub(super) charged_w: Vec<f64>,
    /// What each node that hangs on a bus takes from it, W; below zero where it gives.
    pub(super) terminal_w: Vec<f64>,
    /// The battery system that holds a bus up by itself.
    pub(super) held_by: Vec<u32>,
    /// Edges and cords that are open: blocks that generators have not taken yet.
    edge_open: Vec<bool>,
    cord_open: Vec<bool>,
    /// Loads that have lost what they held, although a cord may be live.
    pub(super) lost: Vec<bool>,
    /// Who fed what is plugged in when that was last found.
    fed: Vec<bool>,
    /// It must be found anew for all: the first time, or since cords have opened or loads are lost.
    plugs_anew: bool,
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
    /// What a change of flow meets on its way to the root, node by node.
    pub(super) hops: Vec<Hop>,
}

/// A component as a change of what it puts out meets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub(super) loss: LossCurve,
    pub(super) kind: u8,
    /// It takes all of its output, with all that it loses, from its feeder.
    pub(super) plain: bool,
    pub(super) parent: u32,
}

impl Forest {
    pub(super) fn new(wiring: &Wiring) -> Self {
        let nodes = wiring.nodes();
        Self {
            up: vec![true; nodes],
            drive: wiring.part.iter().map(|part| own_drive(*part)).collect(),
            carry: vec![1.0; nodes],
            up_loss: wiring.loss.clone(),
            loss: wiring.loss.clone(),
            battery_per_w: vec![0.0; nodes],
            charged_w: vec![0.0; nodes],
            terminal_w: vec![0.0; nodes],
            held_by: vec![NONE; nodes],
            edge_open: vec![false; wiring.edges()],
            cord_open: vec![false; wiring.cord_node.len()],
            lost: vec![false; wiring.loads()],
            fed: vec![false; nodes],
            plugs_anew: true,
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
            hops: (0..nodes)
                .map(|n| Hop {
                    loss: wiring.loss[n],
                    kind: wiring.kind[n] as u8,
                    plain: true,
                    parent: NONE,
                })
                .collect(),
        }
    }

    fn lay_hop(&mut self, n: usize) {
        let (loss, parent) = (self.loss[n], self.parent[n]);
        let plain = self.carry[n] == 1.0 && self.battery_per_w[n] == 0.0 && self.up_loss[n] == loss;
        self.hops[n] = Hop { loss, plain, parent, ..self.hops[n] };
    }

    /// What a component takes from its feeder at an output of `out_w`.
    pub(super) fn input_w(&self, n: usize, out_w: f64) -> f64 {
        self.carry[n] * out_w + self.up_loss[n].loss_w(out_w)
    }

    /// What that grows by when the output grows.
    pub(super) fn input_growth_w(&self, n: usize, from_w: f64, to_w: f64) -> f64 {
        self.carry[n] * (to_w - from_w) + self.up_loss[n].growth_w(from_w, to_w)
    }

    /// Watts more taken for a watt more put out.
    pub(super) fn input_slope(&self, n: usize, out_w: f64) -> f64 {
        self.carry[n] + self.up_loss[n].slope(out_w)
    }

    /// Component `n`, which loses `plain` by itself, is supplied so from now on.
    ///
    /// Of its output a part comes from its feeder, with that part of its loss; the rest comes from
    /// its battery, at the efficiency of that.
    pub(super) fn set_supply(&mut self, n: usize, plain: LossCurve, supply: &Supply) {
        let Supply { share, battery_efficiency, .. } = *supply;
        let plain = match supply.passes {
            Some(linear) => LossCurve { linear, ..LossCurve::NONE },
            None => plain,
        };
        let rest = 1.0 - share;
        self.drive[n] = supply.drive;
        self.carry[n] = share;
        let (idle_w, quadratic_per_w) = (share * plain.fixed_w, share * plain.quadratic_per_w);
        self.up_loss[n] =
            LossCurve { fixed_w: idle_w, linear: share * plain.linear, quadratic_per_w };
        let linear = share * plain.linear + rest * (1.0 / battery_efficiency - 1.0);
        self.loss[n] = LossCurve { fixed_w: idle_w, linear, quadratic_per_w };
        self.battery_per_w[n] = rest / battery_efficiency;
        self.lay_hop(n);
    }

    /// A load has lost what it held, or has not.
    pub(super) fn set_lost(&mut self, load: usize, lost: bool) {
        self.plugs_anew |= std::mem::replace(&mut self.lost[load], lost) != lost;
    }

    /// Component `n` takes `w` from its bus from now on, or gives it; both cost its conversion.
    pub(super) fn set_terminal(&mut self, wiring: &Wiring, n: usize, w: f64) {
        let (one_way, standby) = (wiring.one_way[n], wiring.loss[n].fixed_w);
        let cells_w = if w < 0.0 { w / one_way } else { w * one_way };
        self.terminal_w[n] = w;
        self.up_loss[n].fixed_w = standby + w;
        self.loss[n].fixed_w = standby + w - cells_w;
        self.charged_w[n] = cells_w.max(0.0);
        self.lay_hop(n);
    }

    /// What the cells of component `n` give for what it gives to its bus, W.
    pub(super) fn cells_give_w(&self, wiring: &Wiring, n: usize) -> f64 {
        (-self.terminal_w[n]).max(0.0) / wiring.one_way[n]
    }

    /// Which edges and cords are open; a charger is connected as its UPS is.
    pub(super) fn set_open(
        &mut self,
        wiring: &Wiring,
        edge: impl Fn(usize) -> bool,
        cord: impl Fn(usize) -> bool,
    ) {
        (0..).zip(&mut self.edge_open).for_each(|(at, open)| *open = edge(at));
        let own = self.cord_open.len() - wiring.charger_cords();
        for at in 0..own {
            let opens = cord(at);
            self.plugs_anew |= std::mem::replace(&mut self.cord_open[at], opens) != opens;
        }
        for charger in &wiring.chargers {
            let edges = wiring.edges_of(charger.ups as usize);
            for (cord, edge) in wiring.cords(charger.load as usize).zip(edges) {
                let opens = self.edge_open[edge];
                self.plugs_anew |= std::mem::replace(&mut self.cord_open[cord], opens) != opens;
            }
        }
    }

    /// Whether a new limit of `node` can change who feeds whom.
    pub(super) fn limit_switches(&self, node: usize, limit_w: f64) -> bool {
        self.any_choked || is_over(self.standing_w[node], limit_w)
    }

    /// Whether `node` can feed what is behind it.
    pub(super) fn feeds(&self, node: u32) -> bool {
        self.live[node as usize] && !self.choked[node as usize]
    }

    /// Energises everything anew from the roots: first live feeder wins.
    ///
    /// One pass over nodes, and over what is plugged in where somebody feeds that did not, or no longer
    /// does. A pass over the nodes of the touched component alone would save nothing on sites behind one
    /// substation, where that is everything.
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
        for n in 0..self.hops.len() {
            if self.hops[n].parent != self.parent[n] {
                self.lay_hop(n);
            }
        }
    }

    fn orient(&mut self, wiring: &Wiring) {
        for &node in &wiring.topological {
            let n = node as usize;
            self.parent[n] = NONE;
            self.live[n] = match self.drive[n] {
                Drive::Own => true,
                Drive::Follow => self.up[n] && wiring.part[n].is_root(),
                Drive::From(_) | Drive::Dead => false,
            };
            if self.held_by[n] != NONE && self.up[n] {
                self.live[n] = true;
                continue;
            }
            let edges = wiring.edges_of(n);
            let edges = match self.drive[n] {
                Drive::Follow if self.up[n] => edges,
                Drive::From(k) => edges.start + k as usize..edges.start + k as usize + 1,
                _ => 0..0,
            };
            let mut edges = edges.filter(|&edge| !self.edge_open[edge]);
            let feeder = edges.find(|&edge| self.feeds(wiring.feeder(edge)));
            if let Some(edge) = feeder {
                self.parent[n] = wiring.feeder(edge);
                self.live[n] = true;
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
            if is_over(self.standing_w[n], limit_w[n]) {
                self.choked[n] = true;
                found = true;
                self.standing_w[n] = 0.0;
            }
            if self.parent[n] != NONE {
                let out = self.standing_w[n];
                // What batteries take gives way.
                let takes_w = self.terminal_w[n];
                self.standing_w[self.parent[n] as usize] += self.input_w(n, out) - takes_w;
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

    /// Divides each load over its live cords, where these have changed.
    fn plug_in(&mut self, wiring: &Wiring) {
        let all = std::mem::take(&mut self.plugs_anew);
        for node in 0..self.fed.len() {
            let feeds = self.feeds(node as u32);
            if std::mem::replace(&mut self.fed[node], feeds) != feeds && !all {
                for &cord in wiring.sockets(node) {
                    self.divide(wiring, wiring.cord_load[cord as usize] as usize);
                }
            }
        }
        if all {
            (0..wiring.loads()).for_each(|load| self.divide(wiring, load));
        }
    }

    /// Divides a load over its live cords.
    fn divide(&mut self, wiring: &Wiring, load: usize) {
        let cords = wiring.cords(load);
        let preferred = wiring.sharing[load] == Sharing::Preferred;
        let mut live: u32 = 0;
        for cord in cords.clone() {
            let feeds = self.feeds(wiring.cord_node[cord]);
            let carries = feeds & !self.cord_open[cord] & !self.lost[load];
            let carries = carries & !(preferred & (live > 0));
            live += u32::from(carries);
            self.share[cord] = f64::from(u8::from(carries));
        }
        self.load_live[load] = live > 0;
        if live > 1 {
            let part = 1.0 / f64::from(live);
            self.share[cords].iter_mut().for_each(|share| *share *= part);
        }
    }
}

/// What a component takes from before any machine says otherwise: generators stand.
fn own_drive(part: NetworkPart) -> Drive {
    match part {
        NetworkPart::Generator | NetworkPart::Bus => Drive::Dead,
        NetworkPart::Import | NetworkPart::Path | NetworkPart::Attached => Drive::Follow,
    }
}
