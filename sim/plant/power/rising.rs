//! What rises while UPSs walk in: when it comes to a limit.

use super::attached::Flowing;
use super::component::NetworkPart;
use super::design::PowerNode;
use super::forest::{NONE, most_w};
use super::network::Network;

/// How flows rise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rising {
    /// How long until a component is beyond its limit, s; infinite where none ever is. What is beyond it
    /// already comes to none.
    pub until_over_s: f64,
    /// By how much the import grows in a second, W.
    pub import_w_per_s: f64,
}

impl Network {
    /// What rises where the shares of these components that come from their feeders rise by so much in a
    /// second, their outputs being as they are: a straight line from the present flows. Losses with the
    /// square of a flow make it reach a limit no later.
    pub fn rising(&self, flowing: Flowing, shares: &[(PowerNode, f64)]) -> Rising {
        let (wiring, forest, flows) = (&self.wiring, &self.forest, self.flows(flowing));
        let mut import_w_per_s = 0.0;
        let mut w_per_s = vec![0.0; wiring.nodes()];
        for &(node, share_per_s) in shares {
            let n = node.0 as usize;
            let out_w = flows.out_w[n];
            let mut more = share_per_s * (out_w + wiring.loss[n].loss_w(out_w));
            let mut next = forest.parent[n];
            while next != NONE {
                let n = next as usize;
                w_per_s[n] += more;
                more *= forest.input_slope(n, flows.out_w[n]);
                next = forest.parent[n];
                if next == NONE && wiring.part[n] == NetworkPart::Import {
                    import_w_per_s += more;
                }
            }
        }
        let rising = w_per_s.iter().enumerate().filter(|(_, w_per_s)| **w_per_s > 0.0);
        let until_over_s = rising
            .map(|(n, w_per_s)| (most_w(self.limit_w[n]) - flows.out_w[n]) / w_per_s)
            .filter(|left_s| *left_s >= 0.0)
            .fold(f64::INFINITY, f64::min);
        Rising { until_over_s, import_w_per_s }
    }
}
