//! Liquid coolants.

/// Specific heat of water in J/(kg K).
///
/// Constant: between 5 and 60 degC water varies by 0.5 %, and the reference runs this model
/// is held against agree with the constant to millikelvins.
pub const CP_WATER: f64 = 4186.0;

/// Density of water in kg/m3, for turning the volume flow of pumps and meters into mass
/// (998.2 at 20 degC).
pub const DENSITY_WATER: f64 = 998.2;

/// Specific heat of a 25 % propylene glycol mixture (PG25) in J/(kg K).
pub const CP_PG25: f64 = 3900.0;

/// Density of a 25 % propylene glycol mixture (PG25) in kg/m3.
pub const DENSITY_PG25: f64 = 1030.0;
