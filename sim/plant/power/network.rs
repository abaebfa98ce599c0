//! The power chain at work: what is live, what may be drawn, what is drawn, what is lost.
//!
//! The facility drives a [`Network`] in three steps. It reports what changed
//! ([`set_up`](Network::set_up), [`set_limit`](Network::set_limit),
//! [`set_demand`](Network::set_demand)), calls [`allocate`](Network::allocate) and offers each
//! load that changed its new cap, and reports what the loads then draw
//! ([`set_draw`](Network::set_draw)). Flows, losses and imports always follow the draws.
//!
//! All power here is real power. Ratings in volt-amperes become watts at a stated power factor
//! when a spec is resolved; reactive flow is not modelled.

use super::component::{ComponentKind, NetworkPart};
use super::design::{PowerDesign, PowerLoad, PowerNode};
use super::flow::{Flows, above_rounding_w};
use super::forest::{Forest, NONE, TOLERANCE, is_over};
use super::moved::Moved;
use super::shed::Shed;
use super::waiting::Places;
use super::wiring::Wiring;
use crate::plant::{Demand, Ladder};

/// The state of a power chain.
#[derive(Debug, Clone)]
pub struct Network {
    pub(super) wiring: Wiring,
    pub(super) forest: Forest,
    /// The most that each may put out while nothing else limits it.
    pub(super) rating_w: Vec<f64>,
    pub(super) limit_w: Vec<f64>,
    pub(super) demand: Vec<Demand>,
    /// The most of it that loads may ask for, by load and rank, W; empty where nothing is held.
    pub(super) ceiling: Vec<Demand>,
    /// The flows if every demand were met, as far as it may be asked for.
    pub(super) want: Flows,
    /// The flows that are.
    pub(super) draw: Flows,
    /// Live components that would put out more than they may if every demand were met.
    pub(super) overloaded: usize,
    /// Who feeds whom must be found anew.
    pub(super) switched: bool,
    /// It was, and caps do not know it yet.
    pub(super) energised: bool,
    /// Some live load may have been cut by the last allocation.
    short: bool,
    /// A demand or a limit changed since the last allocation.
    pub(super) touched: bool,
    pub(super) shed: Shed,
    cap_w: Vec<f64>,
    /// Those with a cap, dark ones included, in index order.
    limited: Vec<u32>,
    /// Room to put some in order.
    due: Places,
    pub(super) live: Vec<bool>,
    /// How many loads are not.
    dark: usize,
    /// Demand that is not granted, where it is known.
    pub(super) unserved: Option<Demand>,
    /// Loads hold what they have for a while when their cords are dead.
    pub(super) rides: bool,
    /// Those that do so now.
    holding: Vec<u32>,
    changed: Changes,
    /// Loads whose demand or cap has changed since that was last read.
    asked: Changes,
    /// Flows that have changed since they were last read.
    pub(super) moved: Moved,
    /// How often it was found anew who feeds whom.
    pub(super) switches: u64,
}

impl Network {
    /// A network with every component up, no demand and no draw. Call
    /// [`allocate`](Self::allocate) before anything is read.
    ///
    /// # Panics
    ///
    /// When the design has a cycle, a component that is not there, or a load without a cord.
    pub fn new(design: &PowerDesign) -> Self {
        let wiring = Wiring::new(design);
        let rating_w: Vec<f64> = design.nodes.iter().map(|n| n.component.most_w()).collect();
        Self {
            forest: Forest::new(&wiring),
            limit_w: rating_w.clone(),
            rating_w,
            demand: vec![Demand::default(); wiring.loads()],
            ceiling: Vec::new(),
            want: Flows::new(&wiring),
            draw: Flows::new(&wiring),
            overloaded: 0,
            switched: true,
            energised: false,
            short: false,
            touched: false,
            shed: Shed::new(&wiring),
            cap_w: vec![0.0; wiring.loads()],
            limited: (0..wiring.own_loads as u32).collect(),
            due: Places::none(wiring.own_loads),
            live: vec![false; wiring.loads()],
            dark: wiring.own_loads,
            unserved: None,
            rides: false,
            holding: Vec::new(),
            changed: Changes::new(wiring.loads()),
            asked: Changes::new(wiring.loads()),
            moved: Moved::everything(design),
            switches: 0,
            wiring,
        }
    }

    /// Sheds in this order where power is short. Acts at the next [`allocate`](Self::allocate).
    pub fn set_ladder(&mut self, ladder: Ladder) {
        self.touched |= self.shed.ladder != ladder;
        self.shed.ladder = ladder;
    }

    /// Takes a component out of service or puts it back. Acts at the next
    /// [`allocate`](Self::allocate).
    pub fn set_up(&mut self, node: PowerNode, up: bool) {
        let n = node.0 as usize;
        self.switched |= self.forest.set_up(&self.wiring, n, up);
    }

    /// Limits the output of a component below its rating, as an import limit does on a feed;
    /// `None` lifts the limit. Acts at the next [`allocate`](Self::allocate).
    ///
    /// A limit below the idle losses behind the component takes all of it out: shedding
    /// cannot help there.
    pub fn set_limit(&mut self, node: PowerNode, limit_w: Option<f64>) {
        let n = node.0 as usize;
        let new = limit_w.map_or(self.rating_w[n], |w| w.max(0.0).min(self.rating_w[n]));
        let old = std::mem::replace(&mut self.limit_w[n], new);
        if new == old {
            return;
        }
        self.touched = true;
        self.moved.mark_node(n);
        if self.switched || self.forest.limit_switches(n, new) {
            self.switched = true;
            self.forest.limit_changed(&self.wiring, n);
        } else if self.forest.live[n] {
            let out = self.want.out_w[n];
            self.overloaded -= usize::from(is_over(out, old));
            self.overloaded += usize::from(is_over(out, new));
        }
    }

    /// Limits the import of the site as a whole, each feed having a part in proportion to its
    /// rating; `None` lifts the limit. Acts at the next [`allocate`](Self::allocate).
    pub fn limit_import(&mut self, limit_w: Option<f64>) {
        let total_w: f64 = self.feeds().map(|feed| self.rating_w[feed.0 as usize]).sum();
        let feeds: Vec<PowerNode> = self.feeds().collect();
        for feed in feeds {
            let part = self.rating_w[feed.0 as usize] / total_w;
            self.set_limit(feed, limit_w.map(|limit_w| limit_w * part));
        }
    }

    /// Where import enters, in index order.
    pub fn feeds(&self) -> impl Iterator<Item = PowerNode> {
        let parts = (0..).zip(&self.wiring.part);
        parts.filter(|(_, part)| **part == NetworkPart::Import).map(|(n, _)| PowerNode(n))
    }

    /// What a load would draw if nothing were short. Costs a walk to the roots; acts on caps at
    /// the next [`allocate`](Self::allocate).
    ///
    /// # Panics
    ///
    /// When a part of the demand is negative or not finite.
    pub fn set_demand(&mut self, load: PowerLoad, demand: Demand) {
        let l = load.0 as usize;
        if self.demand[l] == demand {
            return;
        }
        assert!(
            demand.is_sound(),
            "load {l} asks for a power that is negative or not finite: {demand:?}"
        );
        self.demand[l] = demand;
        self.shed.forget(&self.wiring, l);
        self.asked.add(l);
        self.unserved = None;
        self.touched = true;
        let asked_w = self.allowed(l).total_w();
        if self.switched {
            self.want.put(&self.wiring, l, asked_w);
            return;
        }
        let Self { wiring, forest, limit_w, overloaded, want, .. } = self;
        let resum = want.take(wiring, forest, l, asked_w, |n, before, after| {
            let limit_w = limit_w[n];
            // Nearly always neither is near it.
            if before.max(after) > limit_w {
                *overloaded -= usize::from(is_over(before, limit_w));
                *overloaded += usize::from(is_over(after, limit_w));
            }
        });
        if resum {
            self.sum_wants();
        }
    }

    /// What a load draws. Costs a walk to the roots, about 5 ns a hop.
    ///
    /// # Panics
    ///
    /// When the draw is negative or exceeds the load's cap.
    pub fn set_draw(&mut self, load: PowerLoad, w: f64) {
        let l = load.0 as usize;
        assert!(
            w >= 0.0 && w <= self.cap_w[l] * (1.0 + TOLERANCE),
            "load {l} draws {w} W where its cap is {} W",
            self.cap_w[l]
        );
        if self.draw.load_w(l) != w {
            self.take_draw(l, w);
        }
    }

    /// Brings what is energised, and every cap, up to date with what was set since the last
    /// call. A draw that exceeds its new cap is cut to it, so that the flows fit at once.
    ///
    /// Costs nothing when nothing changed, or only demands did and nothing is or was short; a pass over all
    /// loads and components after a switch; and while something is short, in addition a few
    /// passes over what lies behind each overloaded component.
    pub fn allocate(&mut self) {
        if self.grant() {
            self.sum_draws();
        }
    }

    /// The same, with every load then drawing all that it is granted. What flows follows from what was
    /// set alone, to the bit, and not from what flowed before.
    pub fn allocate_and_draw(&mut self) {
        self.grant();
        for load in 0..self.wiring.own_loads {
            let granted_w = self.granted(PowerLoad(load as u32)).total_w();
            self.draw.put(&self.wiring, load, granted_w.min(self.cap_w[load]));
        }
        self.sum_draws();
    }

    /// Brings caps up to date; whether draws are to be summed anew.
    fn grant(&mut self) -> bool {
        self.energise();
        let switched = std::mem::take(&mut self.energised);
        if !std::mem::take(&mut self.touched) && !switched {
            return false;
        }
        let (overloaded, holds) = (self.overloaded > 0, !self.ceiling.is_empty());
        let short = overloaded || holds;
        if short {
            let allowed: Vec<Demand>;
            let demand = match holds {
                false => &self.demand,
                true => {
                    allowed = (0..self.demand.len()).map(|load| self.allowed(load)).collect();
                    &allowed
                }
            };
            if holds {
                self.shed.forget_grants();
            }
            if overloaded {
                self.shed.run(&self.wiring, &self.forest, &self.limit_w, demand, &self.want);
            } else {
                self.shed.grant_all(&self.wiring, demand, self.want.loads_w());
            }
        }
        if !short && !self.short && !switched {
            return false;
        }
        self.short = short;
        self.unserved = None;
        let mut moved_draws = false;
        let mut looked_at = std::mem::take(&mut self.limited);
        match if short { self.shed.cut() } else { Some(&[][..]) } {
            Some(cut) if !(switched || holds) => {
                // No other was cut, or is now.
                let own_loads = self.wiring.own_loads as u32;
                looked_at.drain(..).for_each(|load| self.due.insert(load as usize));
                let cut = cut.iter().filter(|load| **load < own_loads);
                cut.for_each(|load| self.due.insert(*load as usize));
                looked_at.extend(std::iter::from_fn(|| self.due.first()).map(|load| load as u32));
            }
            _ => {
                looked_at.clear();
                looked_at.extend(0..self.wiring.own_loads as u32);
            }
        }
        for load in looked_at.iter().map(|load| *load as usize) {
            let fed = self.forest.load_live[load];
            let live = fed || (self.rides && !self.forest.lost[load]);
            let cap = if !fed && live {
                f64::INFINITY
            } else if !live {
                0.0
            } else if short && self.shed.is_cut(load, &self.demand[load]) {
                self.shed.granted(load).total_w()
            } else {
                f64::INFINITY
            };
            if live != self.live[load] || cap != self.cap_w[load] {
                self.dark = self.dark + usize::from(self.live[load]) - usize::from(live);
                self.live[load] = live;
                self.cap_w[load] = cap;
                self.changed.add(load);
                self.asked.add(load);
            }
            if self.draw.load_w(load) > cap {
                moved_draws |= self.draw.put(&self.wiring, load, cap);
            }
        }
        looked_at.retain(|load| self.cap_w[*load as usize] < f64::INFINITY);
        self.limited = looked_at;
        moved_draws |= self.grant_chargers(short);
        // A shortage cuts many loads by a little: one sum costs less than many walks.
        if switched {
            let loads = 0..self.live.len();
            let holds = |load: &usize| self.live[*load] && !self.forest.load_live[*load];
            self.holding = loads.filter(holds).map(|load| load as u32).collect();
        }
        switched || moved_draws
    }

    /// Sums all flows anew from the demands and draws, which rids them of rounding drift. They
    /// do so by themselves every few thousand changes.
    #[cfg(test)]
    pub(super) fn recompute(&mut self) {
        if !self.switched {
            self.sum_wants();
            self.sum_draws();
        }
    }

    /// Calls `f` with each load whose cap or energisation changed since the last drain, in index
    /// order.
    pub fn drain_changed_loads(&mut self, f: impl FnMut(PowerLoad)) {
        self.changed.drain(f);
    }

    /// Calls `f` with each load whose demand, cap or energisation changed since the last drain, and
    /// with what it wants and may not draw, W, in index order.
    pub fn drain_refusals(&mut self, mut f: impl FnMut(PowerLoad, f64)) {
        let Self { asked, demand, cap_w, .. } = self;
        asked.drain(|load| {
            let l = load.0 as usize;
            f(load, (demand[l].total_w() - cap_w[l]).max(0.0));
        });
    }

    /// Puts into `moved` which flows may have changed since the last call.
    pub fn take_moved(&mut self, moved: &mut Moved) {
        // Known until something changes again.
        self.unserved = Some(self.unserved());
        moved.clear();
        std::mem::swap(&mut self.moved, moved);
    }

    /// The part of a component's output that comes over its feeder; the rest is from its battery.
    pub fn fed_share(&self, node: PowerNode) -> f64 {
        self.forest.carry[node.0 as usize]
    }

    /// How often it was found anew who feeds whom.
    pub fn switches(&self) -> u64 {
        self.switches
    }

    /// Whether a load with several cords has just one that is live.
    pub fn is_on_one_cord(&self, load: PowerLoad) -> bool {
        let cords = self.wiring.cords(load.0 as usize);
        let live = |cord: &usize| self.forest.feeds(self.wiring.cord_node[*cord]);
        cords.len() > 1 && cords.filter(live).count() == 1
    }

    /// The part of a load's draw that each of its cords carries.
    pub fn cord_shares(&self, load: PowerLoad) -> &[f64] {
        &self.forest.share[self.wiring.cords(load.0 as usize)]
    }

    /// Whether a load has a live cord.
    pub fn energised(&self, load: PowerLoad) -> bool {
        self.live[load.0 as usize]
    }

    /// The most that a load may draw, in watts: infinite where it was not cut, zero where dead.
    /// The flows fit as long as no load draws more than its cap or its demand.
    pub fn cap_w(&self, load: PowerLoad) -> f64 {
        self.cap_w[load.0 as usize]
    }

    /// What a load draws, in watts.
    pub fn draw_w(&self, load: PowerLoad) -> f64 {
        self.draw.load_w(load.0 as usize)
    }

    /// What of a load's demand it is granted, by rank.
    pub fn granted(&self, load: PowerLoad) -> Demand {
        let l = load.0 as usize;
        match (self.live[l], self.short) {
            (false, _) => Demand::default(),
            (true, true) if self.forest.load_live[l] => self.shed.granted(l),
            (true, _) => self.demand[l],
        }
    }

    /// Demand of all loads that is not granted, by rank, in watts: cut or dead. Where some are and a
    /// demand has changed since the last [`take_moved`](Self::take_moved), a pass over those, or over all
    /// where [`allocate`](Self::allocate) is due.
    pub fn unserved(&self) -> Demand {
        if !self.short && self.dark == 0 {
            return Demand::default();
        }
        self.unserved.unwrap_or_else(|| self.sum_unserved())
    }

    fn sum_unserved(&self) -> Demand {
        let mut unserved = Demand::default();
        let mut add = |load: usize| {
            let (demand, granted) = (self.demand[load], self.granted(PowerLoad(load as u32)));
            for ((sum, asked), got) in unserved.0.iter_mut().zip(demand.0).zip(granted.0) {
                *sum += asked - got;
            }
        };
        if self.touched || !self.ceiling.is_empty() {
            (0..self.wiring.own_loads).for_each(add);
        } else {
            // Up to date, all others are granted what they ask for.
            self.limited.iter().for_each(|load| add(*load as usize));
        }
        unserved
    }

    /// Whether a component is energised.
    pub fn live(&self, node: PowerNode) -> bool {
        self.forest.live[node.0 as usize]
    }

    /// Who feeds a component now; `None` for roots and the dead.
    pub fn fed_by(&self, node: PowerNode) -> Option<PowerNode> {
        let parent = self.forest.parent[node.0 as usize];
        (parent != NONE).then_some(PowerNode(parent))
    }

    /// Output of a component in watts.
    pub fn flow_w(&self, node: PowerNode) -> f64 {
        self.draw.out_w[node.0 as usize]
    }

    /// Loss of a component in watts; zero where it is dead.
    pub fn loss_w(&self, node: PowerNode) -> f64 {
        let n = node.0 as usize;
        if !self.forest.live[n] {
            return 0.0;
        }
        let lost_w = self.forest.loss[n].loss_w(self.draw.out_w[n]) + self.recharge_loss_w(node);
        match self.held_bus(n) {
            Some(bus) => {
                let held_w = self.input_w(PowerNode(bus));
                lost_w + (held_w / self.wiring.one_way[n] - held_w)
            }
            None => lost_w,
        }
    }

    /// What enters a component, its loss included, in watts: for a feed, its import.
    pub fn input_w(&self, node: PowerNode) -> f64 {
        self.flow_w(node) + self.loss_w(node)
    }

    /// Import through all feeds, in watts.
    pub fn total_import_w(&self) -> f64 {
        above_rounding_w(self.draw.import_w)
    }

    /// Output of all generators, in watts.
    pub fn total_generated_w(&self) -> f64 {
        above_rounding_w(self.draw.generated_w)
    }

    /// What batteries give, in watts.
    pub fn total_discharged_w(&self) -> f64 {
        above_rounding_w(self.draw.discharged_w) + self.give_w(ComponentKind::Battery)
    }

    /// What batteries are given, in watts.
    pub fn total_charged_w(&self) -> f64 {
        let live = self.forest.order.iter();
        let attached_w: f64 = live.map(|&n| self.forest.charged_w[n as usize]).sum();
        attached_w + self.total_recharged_w()
    }

    /// What loads draw from what they hold, their cords being dead, in watts.
    pub fn total_held_w(&self) -> f64 {
        self.holding.iter().map(|&load| self.draw.load_w(load as usize)).sum()
    }

    /// What a component would take from its feeder if all of its output came from there, in
    /// watts.
    pub fn full_input_w(&self, node: PowerNode) -> f64 {
        let n = node.0 as usize;
        let out_w = self.draw.out_w[n];
        if self.forest.live[n] { out_w + self.wiring.loss[n].loss_w(out_w) } else { 0.0 }
    }

    /// Loss of all components of a kind, in watts.
    pub fn total_loss_w(&self, kind: ComponentKind) -> f64 {
        above_rounding_w(self.draw.loss_w[kind as usize])
    }

    /// Output that a component may reach at most now, in watts.
    pub fn limit_w(&self, node: PowerNode) -> f64 {
        self.limit_w[node.0 as usize]
    }

    fn take_draw(&mut self, load: usize, w: f64) {
        self.moved.mark_load(load);
        if self.switched {
            self.draw.put(&self.wiring, load, w);
            return;
        }
        let Self { wiring, forest, draw, moved, .. } = self;
        if draw.take(wiring, forest, load, w, |n, _, _| moved.mark_node(n)) {
            self.sum_draws();
        }
    }

    pub(super) fn sum_draws(&mut self) {
        self.moved.mark_all();
        self.draw.sum(&self.wiring, &self.forest);
    }

    pub(super) fn sum_wants(&mut self) {
        self.want.sum(&self.wiring, &self.forest);
        // What is dead puts out nothing.
        let flows = self.want.out_w.iter().zip(&self.limit_w);
        self.overloaded = flows.filter(|(out_w, limit_w)| is_over(**out_w, **limit_w)).count();
    }
}

/// Loads to report, each once.
#[derive(Debug, Clone)]
struct Changes {
    listed: Vec<bool>,
    list: Vec<u32>,
}

impl Changes {
    fn new(loads: usize) -> Self {
        Self { listed: vec![false; loads], list: Vec::new() }
    }

    fn add(&mut self, load: usize) {
        if !std::mem::replace(&mut self.listed[load], true) {
            self.list.push(load as u32);
        }
    }

    fn drain(&mut self, mut f: impl FnMut(PowerLoad)) {
        self.list.sort_unstable();
        for load in self.list.drain(..) {
            self.listed[load as usize] = false;
            f(PowerLoad(load));
        }
    }
}
