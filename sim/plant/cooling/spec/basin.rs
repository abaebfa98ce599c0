//! Basin heaters as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::basin::BasinHeater;
use super::check::Check;
use crate::units::{Conductance, Temperature};

/// An electric heater in the basins, on while no water runs over fill or coil and it is cold. It
/// draws with the fans.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasinHeaterSpec {
    /// Power of the heater for each kelvin that the dry bulb is below the setpoint, up to 40 K (an
    /// assumption).
    pub capacity: Conductance,
    /// Below this dry bulb it heats (default 2 degC, as EnergyPlus).
    pub setpoint: Option<Temperature>,
}

impl Check<'_> {
    pub(super) fn basin_heater(&mut self, spec: Option<BasinHeaterSpec>) -> Option<BasinHeater> {
        let spec = spec?;
        let setpoint_c = spec.setpoint.map_or(2.0, |t| t.0);
        if spec.capacity.0 < 0.0 || !(0.0..=20.0).contains(&setpoint_c) {
            self.error(
                "basin_heater",
                format!(
                    "needs a `capacity` that is not negative and a `setpoint` of 0 to 20 degC, got \
                     {setpoint_c:.1} degC"
                ),
            );
            return None;
        }
        Some(BasinHeater { w_k: spec.capacity.0, setpoint_c })
    }
}
