//! Who feeds whom right now.
//!
//! The design allows several feeders for a component; at any instant each component takes
//! from the first that is live, so what is energised is a forest. It is held in preorder, so that
//! the part behind a component is one slice.
//!
//! After a switch it is found anew for what has changed and for what that feeds, and weighed anew on
//! the way from there to the roots. What comes is the same as if all of it were found anew.

use super::component::{ComponentKind, LossCurve, NetworkPart};
use super::design::Sharing;
use super::sequence::{Drive, Supply};
use super::waiting::Waiting;
use super::wiring::Wiring;

/// No node: the parent of a root and of everything dead.
pub(super) const NONE: u32 = u32::MAX;

/// By how much, relative to a limit, a flow may exceed it: far above rounding, far below
/// what any meter shows.
pub(super) const TOLERANCE: f64 = 1e-9;

/// What rounding leaves of flows that cancel, as what arrays give and loads take does, W.
pub(super) const ROUNDING_W: f64 = 1e-6;

/// Whether a component puts out more than it may.
#[inline]
pub(super) fn is_over(out_w: f64, limit_w: f64) -> bool {
    out_w > most_w(limit_w)
}

/// The most that counts as no more than `limit_w`, W.
pub(super) fn most_w(limit_w: f64) -> f64 {
    limit_w * (1.0 + TOLERANCE) + ROUNDING_W
}

/// What is energised, and through whom.
#[derive(Debug, Clone)]
pub(super) struct Forest {
    up: Vec<bool>,
    /// From where it takes what it puts out.
    drive: Vec<Drive>,
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
    held_by: Vec<u32>,
    /// Edges and cords that are open: blocks that generators have not taken yet.
    edge_open: Vec<bool>,
    cord_open: Vec<bool>,
    /// Loads that have lost what they held, although a cord may be live.
    pub(super) lost: Vec<bool>,
    /// Who fed what is plugged in when that was last found.
    fed: Vec<bool>,
    /// Nodes that may feed it no longer, or again, and loads that lean on other cords for a reason of
    /// their own: these must be divided anew.
    turned: Vec<u32>,
    unplugged: Vec<u32>,
    /// Energised at its input.
    pub(super) live: Vec<bool>,
    /// Cannot even carry the idle losses behind it, and therefore feeds nobody.
    choked: Vec<bool>,
    all_choked: Vec<u32>,
    /// Nodes for which it must be found anew who feeds them.
    altered: Waiting,
    /// Nodes behind which something has changed.
    unweighed: Waiting,
    /// The order must be laid out anew.
    reshaped: bool,
    /// Nodes that may put out something else than before, though nobody draws anything else.
    stale: Vec<u32>,
    /// Who feeds it; [`NONE`] for roots and the dead.
    pub(super) parent: Vec<u32>,
    /// Live nodes in preorder.
    pub(super) order: Vec<u32>,
    /// Where each live node stands in `order`, and one past the last node behind it.
    pub(super) position: Vec<u32>,
    pub(super) end: Vec<u32>,
    /// By place in `order`: where its feeder stands there; [`NONE`] for a root.
    pub(super) feeder: Vec<u32>,
    /// Part of its load's draw that each cord carries.
    pub(super) share: Vec<f64>,
    /// Loads with a live cord.
    pub(super) load_live: Vec<bool>,
    /// Output of each node with every load at zero, in watts: idle losses behind it.
    standing_w: Vec<f64>,
    /// How many live nodes are behind each, itself included.
    size: Vec<u32>,
    /// What a change of flow meets on its way to the root, node by node.
    pub(super) hops: Vec<Hop>,
}

/// A component as a change of what it puts out meets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub(super) loss: LossCurve,
    pub(super) kind: ComponentKind,
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
            turned: Vec::new(),
            unplugged: (0..wiring.loads() as u32).collect(),
            live: vec![false; nodes],
            choked: vec![false; nodes],
            all_choked: Vec::new(),
            altered: Waiting::all(wiring),
            unweighed: Waiting::none(wiring),
            reshaped: true,
            stale: Vec::new(),
            parent: vec![NONE; nodes],
            order: Vec::with_capacity(nodes),
            position: vec![0; nodes],
            end: vec![0; nodes],
            feeder: vec![NONE; nodes],
            share: vec![0.0; wiring.cord_node.len()],
            load_live: vec![false; wiring.loads()],
            standing_w: vec![0.0; nodes],
            size: vec![0; nodes],
            hops: (0..nodes)
                .map(|n| Hop {
                    loss: wiring.loss[n],
                    kind: wiring.kind[n],
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
    #[inline]
    pub(super) fn input_w(&self, n: usize, out_w: f64) -> f64 {
        self.carry[n] * out_w + self.up_loss[n].loss_w(out_w)
    }

    /// What that grows by when the output grows.
    #[inline]
    pub(super) fn input_growth_w(&self, n: usize, from_w: f64, to_w: f64) -> f64 {
        self.carry[n] * (to_w - from_w) + self.up_loss[n].growth_w(from_w, to_w)
    }

    /// Watts more taken for a watt more put out.
    #[inline]
    pub(super) fn input_slope(&self, n: usize, out_w: f64) -> f64 {
        self.carry[n] + self.up_loss[n].slope(out_w)
    }

    /// Component `n` is up from now on, or down; whether it was not.
    pub(super) fn set_up(&mut self, wiring: &Wiring, n: usize, up: bool) -> bool {
        let changes = std::mem::replace(&mut self.up[n], up) != up;
        if changes {
            self.altered.insert(wiring, n);
        }
        changes
    }

    /// What limits component `n` has changed.
    pub(super) fn limit_changed(&mut self, wiring: &Wiring, n: usize) {
        self.altered.insert(wiring, n);
    }

    /// Component `n` is supplied so from now on.
    ///
    /// Of its output a part comes from its feeder, with that part of its loss; the rest comes from
    /// its battery, at the efficiency of that.
    pub(super) fn set_supply(&mut self, wiring: &Wiring, n: usize, supply: &Supply) {
        let Supply { share, battery_efficiency, .. } = *supply;
        let plain = match supply.passes {
            Some(linear) => LossCurve { linear, ..LossCurve::NONE },
            None => wiring.loss[n],
        };
        let rest = 1.0 - share;
        let (fixed_w, quadratic_per_w) = (share * plain.fixed_w, share * plain.quadratic_per_w);
        let up_loss = LossCurve { fixed_w, linear: share * plain.linear, quadratic_per_w };
        let linear = share * plain.linear + rest * (1.0 / battery_efficiency - 1.0);
        let loss = LossCurve { fixed_w, linear, quadratic_per_w };
        let battery_per_w = rest / battery_efficiency;
        let was = (self.drive[n], self.carry[n], self.up_loss[n], self.loss[n]);
        if was == (supply.drive, share, up_loss, loss) && self.battery_per_w[n] == battery_per_w {
            return;
        }
        self.drive[n] = supply.drive;
        self.carry[n] = share;
        self.up_loss[n] = up_loss;
        self.loss[n] = loss;
        self.battery_per_w[n] = battery_per_w;
        self.lay_hop(n);
        self.altered.insert(wiring, n);
    }

    /// The battery system `by` holds the bus `n` up by itself from now on; [`NONE`]: none does.
    pub(super) fn set_held_by(&mut self, wiring: &Wiring, n: usize, by: u32) {
        if std::mem::replace(&mut self.held_by[n], by) != by {
            self.altered.insert(wiring, n);
        }
    }

    /// The battery system that holds the bus `n` up by itself; [`NONE`] where none does.
    pub(super) fn held_by(&self, n: usize) -> u32 {
        self.held_by[n]
    }

    /// A load has lost what it held, or has not.
    pub(super) fn set_lost(&mut self, load: usize, lost: bool) {
        if std::mem::replace(&mut self.lost[load], lost) != lost {
            self.unplugged.push(load as u32);
        }
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
        self.altered.insert(wiring, n);
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
        for n in 0..wiring.nodes() {
            for at in wiring.edges_of(n) {
                let opens = edge(at);
                if std::mem::replace(&mut self.edge_open[at], opens) != opens {
                    self.altered.insert(wiring, n);
                }
            }
        }
        let own = self.cord_open.len() - wiring.charger_cords();
        for at in 0..own {
            self.set_cord_open(wiring, at, cord(at));
        }
        for charger in &wiring.chargers {
            let edges = wiring.edges_of(charger.ups as usize);
            for (cord, edge) in wiring.cords(charger.load as usize).zip(edges) {
                self.set_cord_open(wiring, cord, self.edge_open[edge]);
            }
        }
    }

    fn set_cord_open(&mut self, wiring: &Wiring, cord: usize, opens: bool) {
        if std::mem::replace(&mut self.cord_open[cord], opens) != opens {
            self.unplugged.push(wiring.cord_load[cord]);
        }
    }

    /// Whether a new limit of `node` can change who feeds whom.
    pub(super) fn limit_switches(&self, node: usize, limit_w: f64) -> bool {
        !self.all_choked.is_empty() || is_over(self.standing_w[node], limit_w)
    }

    /// Whether `node` can feed what is behind it.
    pub(super) fn feeds(&self, node: u32) -> bool {
        self.live[node as usize] && !self.choked[node as usize]
    }

    /// Brings up to date who feeds whom: first live feeder wins. Calls `stale` with each node that may
    /// put out something else than before, though nobody draws anything else.
    ///
    /// Costs what has changed, with the paths from there to the roots and all that is plugged in there; and
    /// a pass over all nodes where the forest has another shape.
    ///
    /// A component whose limit is below the idle losses behind it cannot be helped by shedding.
    /// It opens, and what it fed transfers to the next live feeder or goes dark: so every
    /// remaining component can be brought within its limit.
    pub(super) fn energise(
        &mut self,
        wiring: &Wiring,
        limit_w: &[f64],
        mut stale: impl FnMut(usize),
    ) {
        while let Some(node) = self.all_choked.pop() {
            let n = node as usize;
            self.choked[n] = false;
            self.altered.insert(wiring, n);
            self.turn(wiring, n);
        }
        loop {
            self.orient(wiring);
            if !self.weigh(wiring, limit_w) {
                break;
            }
        }
        if std::mem::take(&mut self.reshaped) {
            self.lay_out(wiring);
        }
        self.plug_in(wiring);
        self.stale.drain(..).for_each(|node| stale(node as usize));
    }

    /// `n` may feed others no longer, or again.
    fn turn(&mut self, wiring: &Wiring, n: usize) {
        self.turned.push(n as u32);
        wiring.fed(n).iter().for_each(|&fed| self.altered.insert(wiring, fed as usize));
    }

    fn orient(&mut self, wiring: &Wiring) {
        while let Some(n) = self.altered.first(wiring) {
            let (live, parent) = self.source(wiring, n);
            self.unweighed.insert(wiring, n);
            let before = std::mem::replace(&mut self.parent[n], parent);
            if before != parent {
                self.reshaped = true;
                self.lay_hop(n);
                if before != NONE {
                    self.unweighed.insert(wiring, before as usize);
                }
            }
            if std::mem::replace(&mut self.live[n], live) != live {
                self.reshaped = true;
                self.turn(wiring, n);
            }
        }
    }

    /// Whether `n` is live, and through whom.
    fn source(&self, wiring: &Wiring, n: usize) -> (bool, u32) {
        if self.held_by[n] != NONE && self.up[n] {
            return (true, NONE);
        }
        let edges = wiring.edges_of(n);
        let edges = match self.drive[n] {
            Drive::Follow if self.up[n] => edges,
            Drive::From(k) => edges.start + k as usize..edges.start + k as usize + 1,
            _ => 0..0,
        };
        let mut edges = edges.filter(|&edge| !self.edge_open[edge]);
        if let Some(edge) = edges.find(|&edge| self.feeds(wiring.feeder(edge))) {
            return (true, wiring.feeder(edge));
        }
        let by_itself = match self.drive[n] {
            Drive::Own => true,
            Drive::Follow => self.up[n] && wiring.part[n].is_root(),
            Drive::From(_) | Drive::Dead => false,
        };
        (by_itself, NONE)
    }

    /// Weighs what has changed, leaves first, and opens what cannot carry the idle losses behind it;
    /// whether anything was opened.
    fn weigh(&mut self, wiring: &Wiring, limit_w: &[f64]) -> bool {
        let opened = self.all_choked.len();
        while let Some(n) = self.unweighed.last(wiring) {
            self.stale.push(n as u32);
            let (mut standing_w, mut size) = (0.0, u32::from(self.live[n]));
            for fed in self.hanging_on(wiring, n) {
                // What batteries take gives way.
                let takes_w = self.terminal_w[fed];
                standing_w += self.input_w(fed, self.standing_w[fed]) - takes_w;
                size += self.size[fed];
            }
            if is_over(standing_w, limit_w[n]) {
                self.choked[n] = true;
                self.all_choked.push(n as u32);
                self.turn(wiring, n);
                standing_w = 0.0;
            }
            self.standing_w[n] = standing_w;
            self.size[n] = size;
            if self.parent[n] != NONE {
                self.unweighed.insert(wiring, self.parent[n] as usize);
            }
        }
        self.all_choked.len() > opened
    }

    /// What `n` feeds, from the last in topological order to the first: in this order sums are summed.
    pub(super) fn hanging_on(&self, wiring: &Wiring, n: usize) -> impl Iterator<Item = usize> {
        let fed = wiring.fed(n).iter().rev().map(|&fed| fed as usize);
        fed.filter(move |&fed| self.parent[fed] == n as u32)
    }

    /// Lays the live nodes out in preorder.
    fn lay_out(&mut self, wiring: &Wiring) {
        self.order.resize(wiring.nodes(), 0);
        let mut roots = 0;
        for &node in &wiring.topological {
            let n = node as usize;
            if !self.live[n] {
                continue;
            }
            // Until all that it feeds is placed, `end` is the next place that is free behind a node.
            let (next, feeder) = match self.parent[n] {
                NONE => (&mut roots, NONE),
                parent => (&mut self.end[parent as usize], self.position[parent as usize]),
            };
            let place = *next;
            self.feeder[place as usize] = feeder;
            *next += self.size[n];
            self.position[n] = place;
            self.end[n] = place + 1;
            self.order[place as usize] = node;
        }
        self.order.truncate(roots as usize);
    }

    /// Divides the loads whose live cords may have changed.
    fn plug_in(&mut self, wiring: &Wiring) {
        while let Some(node) = self.turned.pop() {
            let feeds = self.feeds(node);
            if std::mem::replace(&mut self.fed[node as usize], feeds) != feeds {
                for &cord in wiring.sockets(node as usize) {
                    self.divide(wiring, wiring.cord_load[cord as usize] as usize);
                }
            }
        }
        while let Some(load) = self.unplugged.pop() {
            self.divide(wiring, load as usize);
        }
    }

    /// Divides a load over its live cords.
    fn divide(&mut self, wiring: &Wiring, load: usize) {
        let carries = |forest: &Self, cord: usize| {
            let feeds = forest.feeds(wiring.cord_node[cord]);
            feeds & !forest.cord_open[cord] & !forest.lost[load]
        };
        let live = wiring.cords(load).filter(|&cord| carries(self, cord)).count() as u32;
        self.load_live[load] = live > 0;
        let (part, mut takers) = match wiring.sharing[load] {
            Sharing::Preferred => (1.0, live.min(1)),
            Sharing::Even => (1.0 / f64::from(live.max(1)), live),
        };
        for cord in wiring.cords(load) {
            let takes = takers > 0 && carries(self, cord);
            takers -= u32::from(takes);
            let share = if takes { part } else { 0.0 };
            if std::mem::replace(&mut self.share[cord], share) != share {
                self.stale.push(wiring.cord_node[cord]);
            }
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
