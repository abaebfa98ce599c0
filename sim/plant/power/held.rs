//! Ranks that are held: what a limit has cut of them stays cut when the limit is gone, until they are
//! released.

use super::design::PowerLoad;
use super::network::Network;
use crate::plant::{Demand, Rank};

/// A part of a demand that is a rounding of flows.
const ROUNDING: f64 = 1e-6;

impl Network {
    /// Holds those of `ranks` of which some live load is not granted all of its demand: each live load is
    /// granted no more of them than it is now, until they are [released](Self::release). Gives them back in
    /// the order of `ranks`. Acts at the next [`allocate`](Self::allocate); a pass over all loads.
    pub fn hold(&mut self, ranks: &[Rank]) -> Vec<Rank> {
        let grants: Vec<Option<Demand>> = (0..self.demand.len())
            .map(|l| self.live[l].then(|| self.granted(PowerLoad(l as u32))))
            .collect();
        let is_cut = |rank: &&Rank| {
            let rank = **rank as usize;
            let mut both = grants.iter().zip(&self.demand);
            both.any(|(granted, demand)| {
                granted.is_some_and(|it| it.0[rank] < demand.0[rank] * (1.0 - ROUNDING))
            })
        };
        let cut: Vec<Rank> = ranks.iter().filter(is_cut).copied().collect();
        if cut.is_empty() {
            return cut;
        }
        if self.ceiling.is_empty() {
            self.ceiling = vec![Demand([f64::INFINITY; Rank::COUNT]); self.demand.len()];
        }
        for (ceiling, granted) in self.ceiling.iter_mut().zip(grants) {
            let Some(granted) = granted else { continue };
            for &rank in &cut {
                ceiling.0[rank as usize] = granted.0[rank as usize];
            }
        }
        self.ask_anew();
        cut
    }

    /// Releases `rank` where it is held. Acts at the next [`allocate`](Self::allocate).
    pub fn release(&mut self, rank: Rank) {
        for ceiling in &mut self.ceiling {
            ceiling.0[rank as usize] = f64::INFINITY;
        }
        let is_free = |ceiling: &Demand| ceiling.0.iter().all(|w| *w == f64::INFINITY);
        if self.ceiling.iter().all(is_free) {
            self.ceiling.clear();
        }
        self.ask_anew();
    }

    /// What of its demand a load may ask for.
    #[inline]
    pub(super) fn allowed(&self, load: usize) -> Demand {
        let demand = self.demand[load];
        let Some(ceiling) = self.ceiling.get(load) else { return demand };
        Demand(std::array::from_fn(|rank| demand.0[rank].min(ceiling.0[rank])))
    }

    /// Sums anew what all loads may ask for.
    fn ask_anew(&mut self) {
        for load in 0..self.demand.len() {
            self.want.put(&self.wiring, load, self.allowed(load).total_w());
        }
        self.shed.forget_all();
        self.touched = true;
        self.unserved = None;
        if !self.switched {
            self.sum_wants();
        }
    }
}
