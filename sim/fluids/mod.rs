//! Properties of moist air, water and light: the ground that weather and plant share.
//!
//! Psychrometrics after the ASHRAE Handbook of Fundamentals 2017, chapter 1 (SI), as ideal
//! gases with the saturation curve of Hyland and Wexler. Temperatures are in degrees
//! Celsius, pressures in pascals, humidity ratios in kilograms of water a kilogram of dry
//! air, enthalpies in joules a kilogram of dry air above dry air at 0 degC and liquid
//! water at 0 degC.
//!
//! Against the real-gas properties of CoolProp at 105 states (three pressures, -10 to
//! 45 degC): wet bulb within 0.024 K, humidity ratio within 0.6 %, volume within 0.07 %.
//! Every transcendental function is `libm`'s, so results are the same bits on every machine.

mod constants;
mod light;
mod moist_air;
mod saturation;
pub mod water;

pub use constants::{CP_DRY_AIR, CP_VAPOUR, HEAT_OF_VAPORISATION};
pub use light::Irradiance;
pub use moist_air::{MoistAir, standard_pressure_pa};
pub(crate) use saturation::{SaturatedAir, saturated_air_temperature_from};
pub use saturation::{
    saturated_air_temperature_c, saturated_enthalpy_j_kg, saturation_humidity_ratio,
    saturation_pressure_pa, saturation_temperature_c,
};

#[cfg(test)]
mod tests;
