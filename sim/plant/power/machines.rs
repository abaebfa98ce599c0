//! The network and the machines of the chain: how each is supplied, what each carries, and what recharges
//! its battery. A charger is a load of the network's own, at whatever feeds the UPS, so that it is cut in
//! its turn where power is short.

use super::component::ComponentKind;
use super::design::{PowerLoad, PowerNode};
use super::forest::NONE;
use super::network::Network;
use super::sequence::{Sequences, State};
use super::wiring::Charger;
use crate::kernel::Time;
use crate::plant::{Demand, Rank};

impl Network {
    /// Follows the machines of the chain: how each is supplied, which blocks are open, and which
    /// loads have lost what they hold. Acts at the next [`allocate`](Self::allocate).
    pub fn follow(&mut self, sequences: &Sequences) {
        self.rides = sequences.is_active();
        self.switched = true;
        for n in 0..self.wiring.nodes() {
            let node = PowerNode(n as u32);
            if !sequences.has_machine(node) {
                continue;
            }
            let supply = sequences.supply(node);
            self.forest.set_supply(&self.wiring, n, &supply);
            if let Some(limit_w) = supply.limit_w {
                self.put_limit(n, limit_w);
            }
        }
        for (battery, bus, most_w) in sequences.holders() {
            let (battery, bus) = (battery.0, bus.0 as usize);
            let by = if most_w.is_some() { battery } else { NONE };
            self.forest.set_held_by(&self.wiring, bus, by);
            self.put_limit(bus, self.rating_w[bus].min(most_w.unwrap_or(f64::INFINITY)));
            if most_w.is_some() {
                // What it gives is what the bus takes.
                self.forest.set_terminal(&self.wiring, battery as usize, 0.0);
            }
        }
        self.follow_chargers(sequences);
        self.forest.set_open(
            &self.wiring,
            |at| sequences.is_edge_open(at),
            |at| sequences.is_cord_open(at),
        );
        for load in 0..self.wiring.own_loads {
            let is_lost = sequences.load_state(PowerLoad(load as u32)) == State::Lost;
            self.forest.set_lost(load, is_lost);
        }
    }

    /// Node `n`, which is energised anew, may put out so much from now on.
    fn put_limit(&mut self, n: usize, limit_w: f64) {
        if std::mem::replace(&mut self.limit_w[n], limit_w) != limit_w {
            self.forest.limit_changed(&self.wiring, n);
        }
    }

    /// Tells the machines of `nodes`, and the blocks that generators take, what each carries from `now` on,
    /// and what recharges its battery.
    pub fn tell(
        &self,
        now: Time,
        sequences: &mut Sequences,
        nodes: impl Iterator<Item = PowerNode>,
    ) {
        for node in nodes {
            if sequences.has_machine(node) {
                let w = if self.live(node) { self.flow_w(node) } else { 0.0 };
                sequences.set_load(now, node, w.max(0.0));
                sequences.set_charger(now, node, self.recharge_w(node));
            }
        }
        let full_input_w = |member: &u32| self.full_input_w(PowerNode(*member));
        let blocks: Vec<(PowerNode, u8, f64)> = sequences
            .blocks()
            .map(|(switch, number, members)| {
                (switch, number, members.iter().map(full_input_w).sum())
            })
            .collect();
        for (switch, number, w) in blocks {
            // What is dead takes again what it took before.
            if w > 0.0 {
                sequences.set_block(now, switch, number, w);
            }
        }
    }

    /// The chargers want what the machines of the chain say.
    fn follow_chargers(&mut self, sequences: &Sequences) {
        for charger in &self.wiring.chargers {
            let (ups, load) = (PowerNode(charger.ups), charger.load as usize);
            self.demand[load] = Demand::of(Rank::Recharge, sequences.supply(ups).charge_w);
            let asked_w = self.allowed(load).total_w();
            self.want.put(&self.wiring, load, asked_w);
        }
    }

    /// Every charger draws what it is granted, where power may be `short`; whether any draws something else.
    pub(super) fn grant_chargers(&mut self, short: bool) -> bool {
        let mut changed = false;
        for charger in &self.wiring.chargers {
            let load = charger.load as usize;
            let w = match (self.forest.load_live[load], short) {
                (false, _) => 0.0,
                (true, true) => self.shed.granted(load).total_w(),
                (true, false) => self.demand[load].total_w(),
            };
            changed |= self.draw.put(&self.wiring, load, w);
        }
        changed
    }

    /// What recharging the battery of a UPS draws beside what that takes to carry its load, in watts; zero
    /// for other components.
    pub fn recharge_w(&self, node: PowerNode) -> f64 {
        self.charger(node).map_or(0.0, |charger| self.draw.load_w(charger.load as usize))
    }

    /// What of that is lost, in watts.
    pub(super) fn recharge_loss_w(&self, node: PowerNode) -> f64 {
        self.charger(node).map_or(0.0, |charger| self.draw.charger_loss_w(charger))
    }

    /// What recharging all of them draws, in watts.
    pub fn total_recharge_w(&self) -> f64 {
        self.wiring.chargers.iter().map(|it| self.draw.load_w(it.load as usize)).sum()
    }

    /// What the batteries of all UPSs keep of it, in watts.
    pub(super) fn total_recharged_w(&self) -> f64 {
        let drawn_w = |charger: &Charger| self.draw.load_w(charger.load as usize);
        self.wiring.chargers.iter().map(|it| drawn_w(it) * it.efficiency).sum()
    }

    fn charger(&self, node: PowerNode) -> Option<&Charger> {
        if self.wiring.kind[node.0 as usize] != ComponentKind::Ups {
            return None;
        }
        let chargers = &self.wiring.chargers;
        chargers.binary_search_by_key(&node.0, |it| it.ups).ok().map(|at| &chargers[at])
    }
}
