//! Base points: the operator of a market says every few minutes what a load is to draw, by its bid and the
//! price of energy.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Asked;
use crate::kernel::{Clock, Span, Time};
use crate::spec::Fault;
use crate::tables::Series;
use crate::units::{Duration, EnergyPrice, Power};

/// A load that the operator of a market dispatches: what it is to import, by its bid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasePointSpec {
    /// What the site would import up to which price of energy. The first bid is for the most; each that
    /// follows is for less, up to a higher price.
    pub bids: Vec<BidSpec>,
    /// What it goes on importing at any price: its low power consumption.
    pub leave: Power,
    /// How often the operator looks at the price, by the clock of the site. Default: 5 min (as ERCOT
    /// dispatches).
    pub every: Option<Duration>,
    /// Time from a base point until the import must be as low. Default: 5 min (that of ERCOT's
    /// dispatch).
    pub response: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// What the site would import up to a price.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BidSpec {
    /// The import.
    pub power: Power,
    /// The highest price of energy at which it is worth that.
    pub price: EnergyPrice,
}

/// A bid, and how often it is met with the price.
#[derive(Debug, Clone, PartialEq)]
pub struct BidLaw {
    every: Span,
    /// Up to which price, $/MWh, which share of what can go is asked; above all of them all of it is.
    bids: Vec<(f64, f64)>,
}

impl BasePointSpec {
    /// The most that the site would import, W, and the law of its base points.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> Option<(f64, BidLaw)> {
        let before = faults.len();
        let every = self.every.map_or(Span::from_secs(300), Span::from);
        if every < Span::from_secs(1) {
            faults.push(Fault::error("every", "must be at least a second"));
        }
        let Some(first) = self.bids.first() else {
            let fault = Fault::error("bids", "is empty, so that nothing is worth any price");
            faults.push(fault.help("write for example `bids: [{power: 90 MW, price: 86 $/MWh}]`"));
            return None;
        };
        for (index, pair) in self.bids.windows(2).enumerate() {
            let at = index + 1;
            if pair[1].power.0 >= pair[0].power.0 {
                let message = "must be less than that of the bid before";
                faults.push(Fault::error(format!("bids[{at}].power"), message));
            }
            if pair[1].price.0 <= pair[0].price.0 {
                let message = "must be above that of the bid before";
                faults.push(Fault::error(format!("bids[{at}].price"), message));
            }
        }
        let last = self.bids.last().unwrap_or(first);
        if self.leave.0 < 0.0 || self.leave.0 >= last.power.0 {
            let message = format!("must be from 0 W up to less than the least bid, {}", last.power);
            faults.push(Fault::error("leave", message));
        }
        let most_w = first.power.0;
        let share = |power: Power| (most_w - power.0) / (most_w - self.leave.0);
        let bids = self.bids.iter().map(|bid| (bid.price.0, share(bid.power))).collect();
        (faults.len() == before).then_some((most_w, BidLaw { every, bids }))
    }
}

impl BidLaw {
    /// The calls of a run of `clock` until `horizon` under `prices`, $/MWh, each from its instant on, of
    /// which the first is the start: as long as a base point asks for less than the most.
    pub(super) fn calls(
        &self,
        (clock, horizon): (&Clock, Time),
        prices: &[(Time, f64)],
    ) -> Vec<Asked> {
        // Of several prices between two looks the last one is seen.
        let seen = prices.iter().map(|&(at, price)| (self.looked_at(clock, at), price));
        Asked::following(&Series::of_changes(seen), horizon, |price| self.share(price))
    }

    /// When a price is seen that holds from `at` on.
    fn looked_at(&self, clock: &Clock, at: Time) -> Time {
        let Some(before) = at.as_nanos().checked_sub(1).map(Time::from_nanos) else { return at };
        before + clock.until_step(before, self.every)
    }

    /// The share of what can go that is asked at `price`.
    fn share(&self, price: f64) -> f64 {
        let worth = self.bids.iter().find(|(highest, _)| price <= *highest);
        worth.map_or(1.0, |(_, share)| *share)
    }
}
