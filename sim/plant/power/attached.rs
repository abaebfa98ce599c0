//! What hangs on a bus and gives or takes as it is told: battery systems and arrays.
//!
//! The facility reads how far each may go, [`room`](Network::room), and at which power the import
//! would be what it wants, [`at_import`](Network::at_import); both look at the flows that there are,
//! or at those that there would be if every demand were met. What it then tells,
//! [`set_terminal`](Network::set_terminal), is followed up the path to the root like any draw.

use super::component::{ComponentKind, NetworkPart};
use super::design::PowerNode;
use super::flow::{Flows, above_rounding_w};
use super::forest::{NONE, is_over};
use super::network::Network;

/// Which flows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flowing {
    /// Those if every demand were met.
    Wanted,
    /// Those that there are.
    Drawn,
}

impl Network {
    /// Finds anew who feeds whom where that has changed, so that flows can be read.
    pub fn energise(&mut self) {
        if std::mem::take(&mut self.switched) {
            let Self { wiring, forest, limit_w, want, draw, .. } = self;
            forest.energise(wiring, limit_w, |n| {
                want.outdate(wiring, n);
                draw.outdate(wiring, n);
            });
            self.shed.forget_all();
            self.switches += 1;
            self.energised = true;
            self.sum_wants();
        }
    }

    /// Whether a component hangs on a bus that a feed supplies: only then it follows it.
    pub fn follows_a_feed(&self, node: PowerNode) -> bool {
        let mut n = node.0 as usize;
        if !self.forest.live[n] {
            return false;
        }
        while self.forest.parent[n] != NONE {
            n = self.forest.parent[n] as usize;
        }
        self.wiring.part[n] == NetworkPart::Import
    }

    /// Import of the site less its export, in watts.
    pub fn net_import_w(&self, flowing: Flowing) -> f64 {
        let flows = self.flows(flowing);
        flows.import_w - flows.export_w
    }

    /// What a component that hangs on a bus takes from it, in watts; below zero where it gives.
    pub fn terminal_w(&self, node: PowerNode) -> f64 {
        self.forest.terminal_w[node.0 as usize]
    }

    /// How much less, and how much more, a component may take from its bus, in watts, for every
    /// component on its path to carry no more than it may, in either direction: an order to import
    /// less holds back no export. Both are below zero where something on the path is overloaded.
    pub fn room(&self, node: PowerNode, flowing: Flowing) -> (f64, f64) {
        let flows = self.flows(flowing);
        let (mut less, mut more) = (f64::NEG_INFINITY, f64::INFINITY);
        for n in self.path(node) {
            (less, more) = (self.passed_on(flows, n, less), self.passed_on(flows, n, more));
            let out = flows.out_w[n];
            less = less.max(-self.wiring.reverse_w[n].min(self.rating_w[n]) - out);
            more = more.min(self.limit_w[n] - out);
        }
        (less, more)
    }

    /// How much more a component would have to take from its bus for the import of the site to grow
    /// by `more_w` watts.
    pub fn at_import(&self, node: PowerNode, flowing: Flowing, more_w: f64) -> f64 {
        let flows = self.flows(flowing);
        self.path(node).fold(more_w, |more, n| self.passed_on(flows, n, more))
    }

    /// What the output of `n` grows by when what it takes grows by `more`.
    fn passed_on(&self, flows: &Flows, n: usize, more: f64) -> f64 {
        if self.forest.parent[n] == NONE || !more.is_finite() {
            return more;
        }
        let out = flows.out_w[n];
        let (input, curve) = (self.forest.input_w(n, out), &self.forest.up_loss[n]);
        curve.output_w(input + more) - out
    }

    /// From the root to the bus that a component hangs on.
    fn path(&self, node: PowerNode) -> impl Iterator<Item = usize> + use<> {
        let mut path = Vec::new();
        let mut next = self.forest.parent[node.0 as usize];
        while next != NONE {
            path.push(next as usize);
            next = self.forest.parent[next as usize];
        }
        path.into_iter().rev()
    }

    pub(super) fn flows(&self, flowing: Flowing) -> &Flows {
        match flowing {
            Flowing::Wanted => &self.want,
            Flowing::Drawn => &self.draw,
        }
    }

    /// A component that hangs on a bus takes `w` watts from it from now on, or gives them where below
    /// zero. Acts on caps at the next [`allocate`](Self::allocate).
    pub fn set_terminal(&mut self, node: PowerNode, w: f64) {
        let n = node.0 as usize;
        let (before_w, before_lost) = (self.forest.terminal_w[n], self.forest.loss[n].fixed_w);
        if w == before_w {
            return;
        }
        self.touched = true;
        self.forest.set_terminal(&self.wiring, n, w);
        let bus = self.forest.parent[n];
        if self.switched || !self.forest.live[n] || bus == NONE {
            return;
        }
        self.moved.mark_node(n);
        let lost = self.forest.loss[n].fixed_w - before_lost;
        let kind = self.wiring.kind[n] as usize;
        let Self { wiring, forest, limit_w, overloaded, want, draw, moved, .. } = self;
        want.loss_w[kind] += lost;
        let resum = want.shift(wiring, forest, bus, w - before_w, |n, before, after| {
            *overloaded -= usize::from(is_over(before, limit_w[n]));
            *overloaded += usize::from(is_over(after, limit_w[n]));
        });
        // What was energised anew is summed anew beside that.
        let sums_draws = if self.energised {
            draw.outdate(wiring, bus as usize);
            false
        } else {
            draw.loss_w[kind] += lost;
            draw.shift(wiring, forest, bus, w - before_w, |n, _, _| moved.mark_node(n))
        };
        if resum {
            self.sum_wants();
        }
        if sums_draws {
            self.sum_draws();
        }
    }

    /// What the cells of a battery give and what they take, in watts.
    pub fn cells_w(&self, node: PowerNode) -> (f64, f64) {
        let n = node.0 as usize;
        if !self.forest.live[n] {
            return (0.0, 0.0);
        }
        match self.held_bus(n) {
            Some(bus) => {
                let held_w = self.input_w(PowerNode(bus));
                ((held_w / self.wiring.one_way[n]).max(0.0), 0.0)
            }
            None => (self.forest.cells_give_w(&self.wiring, n), self.forest.charged_w[n]),
        }
    }

    /// The bus that the battery `n` holds up by itself.
    pub(super) fn held_bus(&self, n: usize) -> Option<u32> {
        let bus = self.forest.parent[n];
        (bus != NONE && self.forest.held_by(bus as usize) == n as u32).then_some(bus)
    }

    /// Export through all feeds, in watts.
    pub fn total_export_w(&self) -> f64 {
        above_rounding_w(self.draw.export_w)
    }

    /// What arrays give, in watts.
    pub fn total_solar_w(&self) -> f64 {
        self.give_w(ComponentKind::Pv)
    }

    /// What all components of `kind` that follow a bus give, in watts.
    pub(super) fn give_w(&self, kind: ComponentKind) -> f64 {
        let attached = self.wiring.attached.iter().map(|&n| n as usize);
        let live = attached.filter(|&n| self.forest.live[n] && self.wiring.kind[n] == kind);
        live.map(|n| self.forest.cells_give_w(&self.wiring, n)).sum()
    }
}
