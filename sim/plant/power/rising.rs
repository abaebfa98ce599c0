//! What rises while UPSs walk in: when it comes to a limit, and how fast the import grows.

use super::attached::Flowing;
use super::component::NetworkPart;
use super::design::PowerNode;
use super::forest::{NONE, ROUNDING_W, TOLERANCE, most_w};
use super::network::Network;

/// The shares of components that come from their feeders rise by so much in a second, their outputs being as
/// they are: a straight line from the present flows.
type Shares<'a> = &'a [(PowerNode, f64)];

impl Network {
    /// How long until a component is beyond its limit, s, where `shares` rise; infinite where none ever is.
    /// What is beyond it already comes to none, nor does what is within `least_s`. Losses with the square of a
    /// flow make it reach a limit no later.
    pub fn until_over_s(&self, shares: Shares<'_>, least_s: f64) -> f64 {
        let flows = self.flows(Flowing::Wanted);
        let rises = self.rises(Flowing::Wanted, shares, |_| true);
        let rising = rises.iter().enumerate().filter(|(_, w_per_s)| **w_per_s > 0.0);
        rising
            .map(|(n, w_per_s)| (most_w(self.limit_w[n]) - flows.out_w[n]) / w_per_s)
            .filter(|left_s| *left_s >= least_s)
            .fold(f64::INFINITY, f64::min)
    }

    /// By how much the import grows in a second where `shares` rise, W: through what has come to its limit it
    /// does not.
    pub fn import_w_per_s(&self, shares: Shares<'_>) -> f64 {
        let flows = self.flows(Flowing::Drawn);
        let has_room = |n: usize| flows.out_w[n] < self.limit_w[n] * (1.0 - TOLERANCE) - ROUNDING_W;
        let rises = self.rises(Flowing::Drawn, shares, has_room);
        let roots = rises.iter().enumerate().filter(|(n, _)| {
            self.forest.parent[*n] == NONE && self.wiring.part[*n] == NetworkPart::Import
        });
        roots.map(|(n, w_per_s)| w_per_s * self.forest.input_slope(n, flows.out_w[n])).sum()
    }

    /// By how much the output of each component rises in a second, W, where only those with `has_room` let
    /// anything rise.
    fn rises(
        &self,
        flowing: Flowing,
        shares: Shares<'_>,
        has_room: impl Fn(usize) -> bool,
    ) -> Vec<f64> {
        let (wiring, forest, flows) = (&self.wiring, &self.forest, self.flows(flowing));
        let mut w_per_s = vec![0.0; wiring.nodes()];
        for &(node, share_per_s) in shares {
            let n = node.0 as usize;
            let out_w = flows.out_w[n];
            let mut more = share_per_s * (out_w + wiring.loss[n].loss_w(out_w));
            let mut next = forest.parent[n];
            while next != NONE && has_room(next as usize) {
                let n = next as usize;
                w_per_s[n] += more;
                more *= forest.input_slope(n, flows.out_w[n]);
                next = forest.parent[n];
            }
        }
        w_per_s
    }
}
