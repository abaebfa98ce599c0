//! When heat turns back: laws that are linear in the temperatures, watched along a trajectory.

use std::borrow::Cow;

use super::modes::Mode;
use super::{ThermalNode, Trajectory};

impl Trajectory {
    /// When more than `beside_w` begins to come to the network at a node, where otherwise heat leaves
    /// it, up to `horizon` seconds after the start: its neighbours have become colder than it, or its
    /// sink warmer. Zero where that is so at the start. None where it does not come.
    pub fn takes_back_s(&self, node: ThermalNode, beside_w: f64, horizon: f64) -> Option<f64> {
        self.reverses_s(|at_c| self.network.leaves_j(node.0, at_c, 1.0) + beside_w, horizon)
    }

    /// The same of the heat that a node gives to `to`: what its regulator passes on to it where it has
    /// one, else what they conduct.
    pub fn flows_back_s(
        &self,
        (node, to): (ThermalNode, ThermalNode),
        horizon: f64,
    ) -> Option<f64> {
        let w_k = self.network.link_w_k(node, to);
        self.reverses_s(
            |at_c| match self.network.nodes[node.0].gives_to {
                Some(_) => self.network.comes_j(node.0, at_c, 1.0),
                None => w_k * (at_c[node.0] - at_c[to.0]),
            },
            horizon,
        )
    }

    /// When more than `threshold_w` begins to leave at a node; or where more does now, no longer
    /// does. Within a few millionths of the threshold it is not more.
    pub fn leaves_more_s(&self, node: ThermalNode, threshold_w: f64, horizon: f64) -> Option<f64> {
        let law = |at_c: &[f64]| self.network.leaves_j(node.0, at_c, 1.0);
        let now_w = self.blend(law, (1.0, 0.0)).at(&self.modes, 0.0);
        let more_w = threshold_w + 1e-6 * threshold_w.abs();
        // Beyond the band it returns through its lower edge, so that rounding crosses neither.
        let edge =
            if now_w > more_w { (-1.0, threshold_w) } else { (1.0, more_w + 1e-6 * now_w.abs()) };
        self.first_rise(&self.blend(law, edge), horizon)
    }

    /// When a heat flow that is a linear law of the temperatures falls below zero. Zero where it is
    /// there at the start.
    fn reverses_s(&self, law_w: impl Fn(&[f64]) -> f64, horizon: f64) -> Option<f64> {
        /// Less heat than this is none, and less than this below none is rounding, W.
        const NOTHING_W: f64 = 1e-3;
        const ROUNDING_W: f64 = 1e-6;
        let leaves = self.blend(law_w, (-1.0, 0.0));
        let modes = || self.modes.iter().zip(&*leaves.shape);
        let now_w = leaves.at(&self.modes, 0.0);
        let falls = || modes().map(|(mode, s)| s * mode.slope(0.0)).sum::<f64>() < 0.0;
        if now_w < -ROUNDING_W || (now_w <= NOTHING_W && falls()) {
            return Some(0.0);
        }
        self.first_rise(&leaves, horizon)
    }

    /// A linear law of the temperatures along the trajectory, to be watched for a threshold: what it
    /// makes of nothing, and of a kelvin of each node, is all of it.
    fn blend(&self, law: impl Fn(&[f64]) -> f64, (sign, threshold): (f64, f64)) -> Blend<'_> {
        let mut at_c = vec![0.0; self.rest.len()];
        let constant = law(&at_c);
        let mut rest = constant;
        let mut shape = vec![0.0; self.modes.len()];
        for (i, (of_rest, of_shape)) in self.rest.iter().zip(&self.shape).enumerate() {
            at_c[i] = 1.0;
            let weight = law(&at_c) - constant;
            at_c[i] = 0.0;
            rest += weight * of_rest;
            shape.iter_mut().zip(of_shape).for_each(|(to, s)| *to += weight * s);
        }
        Blend { sign, rest, shape: shape.into(), threshold }
    }

    /// The first instant after the start, up to `horizon`, at which one node comes to be warmer than
    /// another by `by_k`; or where that is less than now, no warmer than by that.
    pub fn apart_s(
        &self,
        (warm, cold): (ThermalNode, ThermalNode),
        by_k: f64,
        horizon: f64,
    ) -> Option<f64> {
        let apart_k = self.at(warm, 0.0) - self.at(cold, 0.0);
        let sign = if apart_k < by_k { 1.0 } else { -1.0 };
        self.first_rise(&self.blend(|at_c| at_c[warm.0] - at_c[cold.0], (sign, by_k)), horizon)
    }
}

/// A quantity that follows the temperatures of a network, `rest` and a share of each mode, and a
/// threshold of it that is crossed rising or, with a sign of -1, falling.
#[derive(Debug)]
pub(super) struct Blend<'a> {
    pub(super) sign: f64,
    pub(super) rest: f64,
    pub(super) shape: Cow<'a, [f64]>,
    pub(super) threshold: f64,
}

impl Blend<'_> {
    /// What it is after `t` seconds.
    pub(super) fn at(&self, modes: &[Mode], t: f64) -> f64 {
        self.rest + modes.iter().zip(&*self.shape).map(|(mode, s)| s * mode.at(t)).sum::<f64>()
    }
}
