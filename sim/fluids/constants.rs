//! Constants of air and water vapour as ideal gases (ASHRAE Handbook of Fundamentals 2017,
//! chapter 1).

/// Specific heat of dry air in J/(kg K).
pub const CP_DRY_AIR: f64 = 1006.0;
/// Specific heat of water vapour in J/(kg K).
pub const CP_VAPOUR: f64 = 1860.0;
/// Enthalpy of water vapour at 0 degC in J/kg.
pub const HEAT_OF_VAPORISATION: f64 = 2.501e6;
/// Molar mass of water over that of dry air.
pub(super) const MASS_RATIO: f64 = 0.621_945;
/// Gas constant of dry air in J/(kg K).
pub(super) const R_DRY_AIR: f64 = 287.042;
