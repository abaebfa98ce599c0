//! The price of energy at the site's settlement point.

pub mod ercot;
pub mod hub;
mod spec;

use std::sync::Arc;

use crate::kernel::{Streams, Time};
use crate::tables::{Playback, Series};

pub use hub::{Hub, HubDesign};
pub use spec::PriceSpec;

/// Where a run's prices come from, resolved.
#[derive(Debug, Clone)]
pub enum PriceDesign {
    /// Drawn from the model of a market hub.
    Hub(HubDesign),
    /// Recorded (or fixed), laid over the run, $/MWh.
    Recorded(Arc<Series<f64>>),
}

/// The prices of one run.
#[derive(Debug, Clone)]
pub struct Price(Source);

#[derive(Debug, Clone)]
enum Source {
    Hub(Box<Hub>),
    Recorded(Playback<f64>),
}

impl Price {
    /// The prices of `design`; a model draws them from the stream (`price`, `grid`).
    pub fn new(design: &PriceDesign, streams: &Streams) -> Self {
        Self(match design {
            PriceDesign::Hub(hub) => Source::Hub(Box::new(Hub::new(hub, streams))),
            PriceDesign::Recorded(series) => Source::Recorded(Playback::new(series.clone())),
        })
    }

    /// The price now, $/MWh; negative where the market pays for taking energy.
    pub fn current(&self) -> f64 {
        match &self.0 {
            Source::Hub(hub) => hub.current(),
            Source::Recorded(playback) => *playback.current(),
        }
    }

    /// When it changes next.
    pub fn next_at(&self) -> Time {
        match &self.0 {
            Source::Hub(hub) => hub.next_at(),
            Source::Recorded(playback) => playback.next_at(),
        }
    }

    /// Goes to the price at `now`, which is not before the current interval.
    pub fn advance(&mut self, now: Time) {
        match &mut self.0 {
            Source::Hub(hub) => hub.advance(now),
            Source::Recorded(playback) => playback.advance(now),
        }
    }
}
