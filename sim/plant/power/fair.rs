//! Fair sharing where loads on two cords are short.
//!
//! Cutting behind one component after the other is fair on a forest, but a load on two cords is
//! cut by the component that comes first: a symmetric plant is served unsymmetrically, and less
//! than fits. Here the loads of a rank are filled together. Their common factor rises until a
//! component binds; the loads behind it keep that factor, the others rise on (progressive filling;
//! Bertsekas and Gallager, Data Networks, 2nd ed., 6.5.2). What comes is max-min fair within the
//! rank and does not depend on the order of declaration. Ranks are filled from the last to be cut
//! to the first.

use super::forest::{Forest, NONE, ROUNDING_W, TOLERANCE};
use super::wiring::Wiring;
use crate::plant::{Demand, Ladder};

/// Most Newton steps for a factor: each at least halves the distance, and few are taken.
const STEPS: usize = 100;

/// The working memory of a filling.
#[derive(Debug, Clone)]
pub(super) struct Filling {
    /// What each load keeps: ranks before, and this rank once its factor stands.
    kept_w: Vec<f64>,
    /// What each load asks for in this rank; zero once its factor stands.
    asked_w: Vec<f64>,
    /// By node: output and its derivative by the factor.
    out_w: Vec<f64>,
    slope: Vec<f64>,
    /// By node: whether it, or something that feeds it, binds.
    bound: Vec<bool>,
}

impl Filling {
    pub(super) fn new(wiring: &Wiring) -> Self {
        Self {
            kept_w: vec![0.0; wiring.loads()],
            asked_w: vec![0.0; wiring.loads()],
            out_w: vec![0.0; wiring.nodes()],
            slope: vec![0.0; wiring.nodes()],
            bound: vec![false; wiring.nodes()],
        }
    }

    /// Fills `granted` of all live loads for `demand`. Costs a few passes over all nodes and cords
    /// for each component that binds.
    pub(super) fn run(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        limit_w: &[f64],
        (demand, ladder): (&[Demand], &Ladder),
        granted: &mut [Demand],
    ) {
        self.kept_w.fill(0.0);
        for rank in ladder.0.map(|rank| rank as usize).into_iter().rev() {
            for (load, demand) in demand.iter().enumerate() {
                let live = forest.load_live[load];
                self.asked_w[load] = if live { demand.0[rank] } else { 0.0 };
                granted[load].0[rank] = 0.0;
            }
            let mut least = 0.0;
            while self.asked_w.iter().any(|asked| *asked > 0.0) {
                let factor = self.highest(wiring, forest, limit_w, least);
                self.freeze(wiring, forest, limit_w, rank, factor, granted);
                least = factor;
            }
        }
    }

    /// The highest factor from `least` to 1 at which every component fits. Output is convex in
    /// the factor, so Newton's method from above closes in without overshoot.
    fn highest(&mut self, wiring: &Wiring, forest: &Forest, limit_w: &[f64], least: f64) -> f64 {
        let mut factor: f64 = 1.0;
        for _ in 0..STEPS {
            self.flow_at(wiring, forest, factor);
            let mut next = factor;
            for &node in &forest.order {
                let n = node as usize;
                let over = self.out_w[n] - limit_w[n];
                if over > 1e-3 * (limit_w[n] * TOLERANCE + ROUNDING_W) && self.slope[n] > 0.0 {
                    next = next.min(factor - over / self.slope[n]);
                }
            }
            if next >= factor || factor <= least {
                return factor.max(least);
            }
            factor = next.max(least);
        }
        factor
    }

    /// Outputs, and their derivatives, with the loads whose factor does not stand at `factor`.
    fn flow_at(&mut self, wiring: &Wiring, forest: &Forest, factor: f64) {
        self.out_w.fill(0.0);
        self.slope.fill(0.0);
        for &node in forest.order.iter().rev() {
            let n = node as usize;
            for &cord in wiring.sockets(n) {
                let share = forest.share[cord as usize];
                let load = wiring.cord_load[cord as usize] as usize;
                self.out_w[n] += share * (self.kept_w[load] + factor * self.asked_w[load]);
                self.slope[n] += share * self.asked_w[load];
            }
            let (out, slope) = (self.out_w[n], self.slope[n]);
            if forest.parent[n] != NONE {
                let feeder = forest.parent[n] as usize;
                self.out_w[feeder] += forest.input_w(n, out);
                self.slope[feeder] += slope * forest.input_slope(n, out);
            }
        }
    }

    /// Lets `factor` stand for the loads behind components that bind at it; for all where none
    /// does, or where the factor is 1.
    fn freeze(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        limit_w: &[f64],
        rank: usize,
        factor: f64,
        granted: &mut [Demand],
    ) {
        self.flow_at(wiring, forest, factor);
        let mut any = false;
        // Feeders stand before what they feed.
        for &node in &forest.order {
            let n = node as usize;
            let fits_w = limit_w[n] * (1.0 - TOLERANCE) - ROUNDING_W;
            let binds = self.slope[n] > 0.0 && self.out_w[n] >= fits_w;
            let above = forest.parent[n] != NONE && self.bound[forest.parent[n] as usize];
            self.bound[n] = binds || above;
            any |= binds;
        }
        let all = factor >= 1.0 || !any;
        for (load, granted) in granted.iter_mut().enumerate() {
            let asked = self.asked_w[load];
            if asked <= 0.0 {
                continue;
            }
            let behind = wiring.cords(load).any(|cord| {
                forest.share[cord] > 0.0 && self.bound[wiring.cord_node[cord] as usize]
            });
            if all || behind {
                granted.0[rank] = factor * asked;
                self.kept_w[load] += factor * asked;
                self.asked_w[load] = 0.0;
            }
        }
    }
}
