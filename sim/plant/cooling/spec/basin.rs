//! Basin heaters as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use crate::plant::cooling::basin::BasinHeater;
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
        self.within("basin_heater", |check| {
            let capacity = Some(spec.capacity);
            Some(BasinHeater {
                w_k: check.bounded("capacity", capacity, 0.0, &bounds::HEATER),
                setpoint_c: check.bounded("setpoint", spec.setpoint, 2.0, &bounds::HEATED_BELOW),
            })
        })
    }
}
