//! The heater that keeps the basin of an idle tower or fluid cooler from freezing.

use crate::fluids::MoistAir;

/// An electric heater in the basins of a tower or a fluid cooler, as EnergyPlus has it: while no
/// water runs over fill or coil, it draws in proportion to how much colder the air is than its
/// setpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BasinHeater {
    /// Power a kelvin between setpoint and dry bulb, all basins, W/K.
    pub w_k: f64,
    /// Below this dry bulb it heats, degrees Celsius.
    pub setpoint_c: f64,
}

/// A heater is sized for this much below its setpoint, K: an assumption.
const SIZED_FOR_K: f64 = 40.0;

impl BasinHeater {
    /// The most that it ever draws, W.
    pub(super) fn max_w(&self) -> f64 {
        self.w_k * SIZED_FOR_K
    }

    /// What it draws over a basin that stands still in `air`, W.
    pub(super) fn power_w(&self, air: &MoistAir) -> f64 {
        self.w_k * (self.setpoint_c - air.dry_bulb_c).clamp(0.0, SIZED_FOR_K)
    }
}
