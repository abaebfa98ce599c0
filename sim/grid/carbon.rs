//! Carbon intensity of the grid's electricity.

use std::sync::Arc;

use super::series::{Playback, Series};
use crate::kernel::Time;

/// The carbon intensity of one run, in grams of CO2-equivalent a kilowatt-hour.
#[derive(Debug, Clone)]
pub struct Carbon(Playback<f64>);

impl Carbon {
    /// The intensities of `design`.
    pub fn new(design: &Arc<Series<f64>>) -> Self {
        Self(Playback::new(design.clone()))
    }

    /// The intensity now, g/kWh.
    pub fn current(&self) -> f64 {
        *self.0.current()
    }

    /// When it changes next.
    pub fn next_at(&self) -> Time {
        self.0.next_at()
    }

    /// Goes to the intensity at `now`.
    pub fn advance(&mut self, now: Time) {
        self.0.advance(now);
    }
}
