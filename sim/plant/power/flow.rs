//! The output of every component under one set of draws: a change of draw is followed up its path
//! to the root.

use super::component::{ComponentKind, NetworkPart};
use super::forest::{Forest, NONE};
use super::waiting::Waiting;
use super::wiring::{Charger, Wiring};

/// A flow is re-summed from scratch after this many changes. Each change rounds once a hop,
/// so drift stays below 4096 ulp, about 1e-12 of the flow.
const CHANGES_UNTIL_RESUM: u32 = 4096;

/// The output of every component, given what each load takes.
#[derive(Debug, Clone)]
pub(super) struct Flows {
    /// What each load takes, in watts, when it has a live cord.
    load_w: Vec<f64>,
    /// Output of each node, in watts; zero where dead.
    pub(super) out_w: Vec<f64>,
    /// Loss of all components by kind, in watts.
    pub(super) loss_w: [f64; ComponentKind::COUNT],
    /// Output of all feeds plus their loss, in watts.
    pub(super) import_w: f64,
    /// Output of all generators, in watts.
    pub(super) generated_w: f64,
    /// What batteries behind and in components give, in watts, without those that follow a bus.
    pub(super) discharged_w: f64,
    /// What flows back through all feeds, in watts.
    pub(super) export_w: f64,
    changes: u32,
    /// Nodes whose output is no longer, to the bit, the sum of what they feed and of what is plugged in;
    /// what they are fed by is not among them.
    stale: Waiting,
}

/// `total_w`, W, which follows changes: gone back to nothing it may be left a rounding below.
pub(super) fn above_rounding_w(total_w: f64) -> f64 {
    debug_assert!(total_w > -1.0, "{total_w} W are no rounding");
    total_w.max(0.0)
}

impl Flows {
    pub(super) fn new(wiring: &Wiring) -> Self {
        Self {
            load_w: vec![0.0; wiring.loads()],
            out_w: vec![0.0; wiring.nodes()],
            loss_w: [0.0; ComponentKind::COUNT],
            import_w: 0.0,
            generated_w: 0.0,
            discharged_w: 0.0,
            export_w: 0.0,
            changes: 0,
            stale: Waiting::all(wiring),
        }
    }

    /// What a load takes, in watts, when it has a live cord.
    pub(super) fn load_w(&self, load: usize) -> f64 {
        self.load_w[load]
    }

    /// The same of each.
    pub(super) fn loads_w(&self) -> &[f64] {
        &self.load_w
    }

    /// Lets load `load` take `w` watts from the next sum on; whether it took something else.
    pub(super) fn put(&mut self, wiring: &Wiring, load: usize, w: f64) -> bool {
        let changes = std::mem::replace(&mut self.load_w[load], w) != w;
        if changes {
            let cords = wiring.cords(load);
            cords.for_each(|cord| self.stale.insert(wiring, wiring.cord_node[cord] as usize));
        }
        changes
    }

    /// What node `n` puts out changes with the next sum, though no load takes anything else.
    pub(super) fn outdate(&mut self, wiring: &Wiring, n: usize) {
        self.stale.insert(wiring, n);
    }

    /// Sums everything anew, as if nothing were known: outputs where anything has changed and on the way from
    /// there to the roots, and totals in one pass over live nodes.
    pub(super) fn sum(&mut self, wiring: &Wiring, forest: &Forest) {
        self.changes = 0;
        while let Some(n) = self.stale.last(wiring) {
            self.out_w[n] = self.output_w(wiring, forest, n);
            if forest.parent[n] != NONE {
                self.stale.insert(wiring, forest.parent[n] as usize);
            }
        }
        self.loss_w = [0.0; ComponentKind::COUNT];
        self.import_w = 0.0;
        self.generated_w = 0.0;
        self.discharged_w = 0.0;
        self.export_w = 0.0;
        for &node in forest.order.iter().rev() {
            let n = node as usize;
            let (out, hop) = (self.out_w[n], &forest.hops[n]);
            let loss = hop.loss.loss_w(out);
            self.loss_w[hop.kind as usize] += loss;
            if !hop.plain {
                self.discharged_w += forest.battery_per_w[n] * out;
            }
            if hop.parent != NONE {
                continue;
            }
            match wiring.part[n] {
                NetworkPart::Import if out < 0.0 && !wiring.attached.is_empty() => {
                    self.export_w -= out + loss;
                }
                NetworkPart::Import => self.import_w += out + loss,
                NetworkPart::Generator | NetworkPart::Bus => self.generated_w += out + loss,
                NetworkPart::Path | NetworkPart::Attached => {
                    self.hold(wiring, forest, n, out + loss);
                }
            }
        }
        for charger in &wiring.chargers {
            self.loss_w[ComponentKind::Ups as usize] += self.charger_loss_w(charger);
        }
    }

    /// What node `n` puts out, in watts: what it feeds and what is plugged in.
    fn output_w(&self, wiring: &Wiring, forest: &Forest, n: usize) -> f64 {
        if !forest.live[n] {
            return 0.0;
        }
        let fed = forest.hanging_on(wiring, n);
        let mut out = fed.fold(0.0, |sum, fed| sum + forest.input_w(fed, self.out_w[fed]));
        for &cord in wiring.sockets(n) {
            let cord = cord as usize;
            out += forest.share[cord] * self.load_w[wiring.cord_load[cord] as usize];
        }
        out
    }

    /// What is lost of what recharges a battery, in watts.
    pub(super) fn charger_loss_w(&self, charger: &Charger) -> f64 {
        self.load_w[charger.load as usize] * (1.0 - charger.efficiency)
    }

    /// A battery that holds the bus `n` up gives `w` watts more to it.
    fn hold(&mut self, wiring: &Wiring, forest: &Forest, n: usize, w: f64) {
        let by = forest.held_by(n);
        if by != NONE {
            let cells_w = w / wiring.one_way[by as usize];
            self.discharged_w += cells_w;
            self.loss_w[wiring.kind[by as usize] as usize] += cells_w - w;
        }
    }

    /// Lets load `load` take `w` watts and follows the change up to the root: a few
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
            if share != 0.0 {
                let node = wiring.cord_node[cord];
                self.climb(wiring, forest, node, share * change, &mut passed);
            }
        }
        self.changes += 1;
        self.changes >= CHANGES_UNTIL_RESUM
    }

    /// What hangs on the bus `node` takes `change` watts more from it: as [`take`](Self::take).
    #[must_use]
    pub(super) fn shift(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        node: u32,
        change: f64,
        mut passed: impl FnMut(usize, f64, f64),
    ) -> bool {
        self.climb(wiring, forest, node, change, &mut passed);
        self.changes += 1;
        self.changes >= CHANGES_UNTIL_RESUM
    }

    /// The output of `node` grows by `change` watts: up its path to the root.
    #[inline]
    fn climb(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        mut node: u32,
        mut change: f64,
        passed: &mut impl FnMut(usize, f64, f64),
    ) {
        if node == NONE {
            return;
        }
        self.stale.insert(wiring, node as usize);
        let mut root = node;
        while node != NONE {
            let n = node as usize;
            let hop = &forest.hops[n];
            root = node;
            let before = self.out_w[n];
            let after = before + change;
            self.out_w[n] = after;
            passed(n, before, after);
            let grown_w = hop.loss.growth_w(before, after);
            self.loss_w[hop.kind as usize] += grown_w;
            change = if hop.plain {
                change + grown_w
            } else {
                self.discharged_w += forest.battery_per_w[n] * change;
                forest.carry[n] * change + forest.up_loss[n].growth_w(before, after)
            };
            node = hop.parent;
        }
        let n = root as usize;
        match wiring.part[n] {
            NetworkPart::Import if wiring.attached.is_empty() => self.import_w += change,
            NetworkPart::Import => {
                // A feed loses nothing: what is below zero flows back.
                let after = self.out_w[n];
                let before = after - change;
                let more = (-after).max(0.0) - (-before).max(0.0);
                self.export_w += more;
                self.import_w += change + more;
            }
            NetworkPart::Generator | NetworkPart::Bus => self.generated_w += change,
            NetworkPart::Path | NetworkPart::Attached => self.hold(wiring, forest, n, change),
        }
    }
}
