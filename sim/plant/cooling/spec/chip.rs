//! Chips as what limits a rack, as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plant::cooling::protection::ThermalLimits;
use crate::spec::Fault;
use crate::units::{Temperature, TemperatureDelta};

/// Chips as what limits a rack, rather than what enters it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChipSpec {
    /// How much warmer than the entering coolant chips are at rated power (default 25 K: 5 K of
    /// coolant and 20 K of cold plate).
    pub rise: Option<TemperatureDelta>,
    /// Above this the clock falls (default 87 degC; NVIDIA's cards report 85 to 88 as the most
    /// they work at).
    pub throttle: Option<Temperature>,
    /// At this the rack shuts down (default 95 degC; NVIDIA's cards report 95 to 96).
    pub trip: Option<Temperature>,
}

impl ChipSpec {
    /// Default rise of chips at rated power, K.
    pub const RISE_K: f64 = 25.0;

    /// Limits, with `floor` as the speed just below the trip, and the rise at rated power, K.
    pub fn resolve(&self, floor: f64, faults: &mut Vec<Fault>) -> (ThermalLimits, f64) {
        let throttle_c = self.throttle.map_or(87.0, |t| t.0);
        let trip_c = self.trip.map_or(95.0, |t| t.0);
        if trip_c <= throttle_c {
            let message = format!("chips trip above {throttle_c} degC, where they throttle");
            faults.push(Fault::error("trip", message));
        }
        let rise_k = self.rise.map_or(Self::RISE_K, |rise| rise.0);
        if !(1.0..=80.0).contains(&rise_k) {
            let message = format!("a rise is between 1 and 80 K, got {rise_k} K");
            faults.push(Fault::error("rise", message));
        }
        let limits = ThermalLimits { throttle_c, trip_c, restart_c: throttle_c, floor };
        (limits, rise_k.clamp(1.0, 80.0))
    }
}
