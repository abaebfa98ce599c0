//! Heat of a given power in place of racks, so that a cooling plant can be studied alone.
//!
//! A heat load does no work and earns nothing: it draws what it was told to, constant, by the
//! hour of the day or from a table, of powers or of how much machines of a known power were used,
//! and gives all of it off as heat. It is a load bank in the plain sense of the word.

mod spec;

pub use spec::HeatLoadSpec;

use std::sync::Arc;

use serde::Serialize;

use super::RackOffer;
use crate::kernel::Time;
use crate::measure::{JOULES_PER_MWH, Meter};
use crate::plant::{Demand, Rank};
use crate::tables::{Playback, Series};

/// A heat load, resolved.
#[derive(Debug, Clone)]
pub struct HeatLoadDesign {
    /// What each of its parts gives off, in watts.
    pub power_w: Arc<Series<f64>>,
    /// Whether it draws that from the power chain. Otherwise the heat comes from elsewhere: the
    /// site cools it and does not pay for it.
    pub electric: bool,
    /// How many alike parts it has.
    pub parts: usize,
}

/// What a heat load did.
#[derive(Debug, Clone, Serialize)]
pub struct HeatLoadSummary {
    /// Whether its heat is electricity of the site.
    pub electric: bool,
    /// What it would have given off with power and cooling all the time.
    pub wanted_mwh: f64,
}

/// A heat load while the site runs.
#[derive(Debug)]
pub struct HeatLoad {
    electric: bool,
    power_w: Playback<f64>,
    offers: Vec<RackOffer>,
    wanted_w: Meter,
    /// Some part wants something else than it was last asked for.
    changed: bool,
}

impl HeatLoad {
    /// The load at the start of a run.
    pub fn new(design: &HeatLoadDesign) -> Self {
        let power_w = Playback::new(design.power_w.clone());
        let wanted_w = *power_w.current() * design.parts as f64;
        Self {
            electric: design.electric,
            offers: vec![RackOffer::FULL; design.parts],
            wanted_w: Meter::new(Time::ZERO, wanted_w),
            power_w,
            changed: true,
        }
    }

    /// When it next gives off another power.
    pub fn next_at(&self) -> Time {
        self.power_w.next_at()
    }

    /// Goes to the power that holds at `now`.
    pub fn advance(&mut self, now: Time) {
        let before = *self.power_w.current();
        self.power_w.advance(now);
        let power_w = *self.power_w.current();
        self.wanted_w.set(now, power_w * self.offers.len() as f64);
        self.changed |= power_w != before;
    }

    /// The plant offers its part `part` something else.
    pub fn offer(&mut self, part: usize, offer: RackOffer) {
        self.changed |= self.offers[part].speed != offer.speed;
        self.offers[part] = offer;
    }

    /// What a part draws if nothing is short. It is shed late, as what it stands for would be.
    pub fn demand(&self, part: usize) -> Demand {
        Demand::of(Rank::Inference, *self.power_w.current() * self.offers[part].speed)
    }

    /// What a part draws, and gives off, in watts.
    pub fn draw_w(&self, part: usize) -> f64 {
        let offer = &self.offers[part];
        if offer.live { (*self.power_w.current() * offer.speed).min(offer.cap_w) } else { 0.0 }
    }

    /// What a part would give off with power and cooling, in watts.
    pub fn part_w(&self) -> f64 {
        *self.power_w.current()
    }

    /// What all its parts would give off with power and cooling, in watts.
    pub fn wanted_w(&self) -> f64 {
        self.wanted_w.value()
    }

    /// Hands over the parts whose demand or draw has changed on its own account.
    pub fn drain_changed(&mut self, changed: impl FnMut(usize)) {
        if std::mem::take(&mut self.changed) {
            (0..self.offers.len()).for_each(changed);
        }
    }

    /// What it did up to `now`.
    pub fn summary(&self, now: Time) -> HeatLoadSummary {
        HeatLoadSummary {
            electric: self.electric,
            wanted_mwh: self.wanted_w.integral_at(now) / JOULES_PER_MWH,
        }
    }
}
