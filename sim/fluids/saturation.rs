//! The saturation curve of water over ice and liquid, and air saturated with it.

use super::constants::{CP_DRY_AIR, CP_VAPOUR, HEAT_OF_VAPORISATION, MASS_RATIO};

/// Pressure of water vapour in equilibrium with ice or liquid water, in pascals.
///
/// ASHRAE 2017 chapter 1, equation 5 (ice, at or below the triple point of 0.01 degC) and
/// 6 (liquid). Published for -100 to 200 degC; outside, the temperature is held at the end
/// of that range so that the answer stays finite and monotone. About 20 ns.
pub fn saturation_pressure_pa(temperature_c: f64) -> f64 {
    libm::exp(ln_pressure(temperature_c).ln)
}

/// Temperature at which water vapour of `pressure_pa` is saturated, in degrees Celsius:
/// the inverse of [`saturation_pressure_pa`], to 1e-9 K.
///
/// Pressures outside the published range give its ends, -100 and 200 degC. About 100 ns.
pub fn saturation_temperature_c(pressure_pa: f64) -> f64 {
    let (mut low, mut high) = (COLDEST_C, HOTTEST_C);
    if pressure_pa <= saturation_pressure_pa(low) {
        return low;
    }
    if pressure_pa >= saturation_pressure_pa(high) {
        return high;
    }
    let target = libm::log(pressure_pa);
    // Magnus' formula starts the search within a kelvin at ordinary temperatures.
    let magnus = target - libm::log(610.94);
    let mut t = (243.04 * magnus / (17.625 - magnus)).clamp(low, high);
    if t.is_nan() {
        t = 0.0;
    }
    for _ in 0..60 {
        let Logarithm { ln, slope, .. } = ln_pressure(t);
        if ln > target {
            high = t
        } else {
            low = t
        }
        let next = t - (ln - target) / slope;
        if (next - t).abs() < NEWTON_ENDS {
            return next;
        }
        t = if (low..=high).contains(&next) { next } else { 0.5 * (low + high) };
    }
    t
}

/// Humidity ratio of air saturated with water at a temperature and pressure, in kg/kg of
/// dry air (ASHRAE 2017 chapter 1, equation 20 with 0.621945).
///
/// Infinite where the vapour pressure reaches the total pressure: the water boils.
pub fn saturation_humidity_ratio(temperature_c: f64, pressure_pa: f64) -> f64 {
    let vapour = saturation_pressure_pa(temperature_c);
    if vapour >= pressure_pa {
        return f64::INFINITY;
    }
    MASS_RATIO * vapour / (pressure_pa - vapour)
}

/// Enthalpy of saturated air in J/kg of dry air; infinite where the water boils.
pub fn saturated_enthalpy_j_kg(temperature_c: f64, pressure_pa: f64) -> f64 {
    SaturatedAir::at(temperature_c, pressure_pa).enthalpy_j_kg
}

/// Temperature of saturated air of a given enthalpy, in degrees Celsius, to 1e-9 K.
///
/// Air leaving a wet surface is found with it. The enthalpy is clamped to that of -100 degC
/// from below; from above the answer nears the boiling point. Two to four evaluations of
/// the saturation curve, about 100 ns.
pub fn saturated_air_temperature_c(enthalpy_j_kg: f64, pressure_pa: f64) -> f64 {
    // Dry air of that enthalpy is warmer: a start from the right, where steps on a convex
    // curve only ever come back.
    let start = (enthalpy_j_kg / CP_DRY_AIR).clamp(COLDEST_C, 40.0);
    saturated_air_temperature_from(enthalpy_j_kg, pressure_pa, start)
}

/// As [`saturated_air_temperature_c`], with a first guess (which only decides the cost).
pub(crate) fn saturated_air_temperature_from(
    enthalpy_j_kg: f64,
    pressure_pa: f64,
    guess_c: f64,
) -> f64 {
    let (mut low, mut high) = (COLDEST_C, HOTTEST_C);
    let mut t = guess_c.clamp(low, high);
    for _ in 0..100 {
        let here = SaturatedAir::at(t, pressure_pa);
        let error = here.enthalpy_j_kg - enthalpy_j_kg;
        if error > 0.0 {
            high = t
        } else {
            low = t
        }
        // Halley's step: the curve is known to its second derivative at no more exponentials.
        let newton_k = error / here.enthalpy_slope;
        // Far off, where the second derivative misleads, its share is held.
        let next = t - newton_k / (1.0 - 0.5 * newton_k * here.enthalpy_bend).max(0.6);
        if (next - t).abs() < HALLEY_ENDS {
            return next;
        }
        // The comparison also catches the NaN of a guess beyond boiling.
        t = if next > low && next < high { next } else { 0.5 * (low + high) };
        if high - low < 1e-9 {
            return t;
        }
    }
    t
}

/// Saturated air at a temperature, with the slope that root finders need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SaturatedAir {
    /// kg/kg of dry air.
    pub(crate) humidity_ratio: f64,
    /// Change of the humidity ratio in 1/K.
    pub(crate) humidity_ratio_slope: f64,
    /// J/kg of dry air.
    pub(crate) enthalpy_j_kg: f64,
    /// Change of the enthalpy in J/(kg K).
    pub(crate) enthalpy_slope: f64,
    /// Change of that change over itself, in 1/K.
    pub(crate) enthalpy_bend: f64,
}

impl SaturatedAir {
    /// Saturated air at `t` degrees Celsius; infinite where the water boils. About 25 ns.
    pub(crate) fn at(t: f64, pressure_pa: f64) -> Self {
        let Logarithm { ln, slope: ln_slope, bend } = ln_pressure(t);
        let vapour = libm::exp(ln);
        if vapour >= pressure_pa {
            return Self {
                humidity_ratio: f64::INFINITY,
                humidity_ratio_slope: f64::INFINITY,
                enthalpy_j_kg: f64::INFINITY,
                enthalpy_slope: f64::INFINITY,
                enthalpy_bend: 0.0,
            };
        }
        let dry = pressure_pa - vapour;
        let w = MASS_RATIO * vapour / dry;
        let w_slope = w * ln_slope * pressure_pa / dry;
        let vapour_enthalpy = HEAT_OF_VAPORISATION + CP_VAPOUR * t;
        let w_bend = ln_slope + bend / ln_slope + 2.0 * vapour * ln_slope / dry;
        let enthalpy_slope = CP_DRY_AIR + w * CP_VAPOUR + w_slope * vapour_enthalpy;
        Self {
            humidity_ratio: w,
            humidity_ratio_slope: w_slope,
            enthalpy_j_kg: CP_DRY_AIR * t + w * vapour_enthalpy,
            enthalpy_slope,
            enthalpy_bend: w_slope * (2.0 * CP_VAPOUR + w_bend * vapour_enthalpy) / enthalpy_slope,
        }
    }
}

/// A Newton step this small, in kelvins, leaves an error of its square times about 0.03 /K.
pub(super) const NEWTON_ENDS: f64 = 1e-5;
/// One of Halley's leaves an error of its cube times less than 0.01 /K2.
const HALLEY_ENDS: f64 = 3e-4;

const COLDEST_C: f64 = -100.0;
const HOTTEST_C: f64 = 200.0;
const TRIPLE_POINT_C: f64 = 0.01;

/// Natural logarithm of the saturation pressure, its slope in 1/K and the slope of that.
struct Logarithm {
    ln: f64,
    slope: f64,
    bend: f64,
}

fn ln_pressure(temperature_c: f64) -> Logarithm {
    let t = temperature_c.clamp(COLDEST_C, HOTTEST_C) + 273.15;
    let ln_t = libm::log(t);
    if temperature_c <= TRIPLE_POINT_C {
        let ln = -5.674_535_9e3 / t
            + 6.392_524_7
            + t * (-9.677_843e-3 + t * (6.221_570_1e-7 + t * (2.074_782_5e-9 - t * 9.484_024e-13)))
            + 4.163_501_9 * ln_t;
        let slope = 5.674_535_9e3 / (t * t) - 9.677_843e-3
            + t * (2.0 * 6.221_570_1e-7 + t * (3.0 * 2.074_782_5e-9 - t * (4.0 * 9.484_024e-13)))
            + 4.163_501_9 / t;
        let bend = -2.0 * 5.674_535_9e3 / (t * t * t)
            + 2.0 * 6.221_570_1e-7
            + t * (6.0 * 2.074_782_5e-9 - t * (12.0 * 9.484_024e-13))
            - 4.163_501_9 / (t * t);
        Logarithm { ln, slope, bend }
    } else {
        let ln = -5.800_220_6e3 / t
            + 1.391_499_3
            + t * (-4.864_023_9e-2 + t * (4.176_476_8e-5 - t * 1.445_209_3e-8))
            + 6.545_967_3 * ln_t;
        let slope = 5.800_220_6e3 / (t * t) - 4.864_023_9e-2
            + t * (2.0 * 4.176_476_8e-5 - t * (3.0 * 1.445_209_3e-8))
            + 6.545_967_3 / t;
        let bend = -2.0 * 5.800_220_6e3 / (t * t * t) + 2.0 * 4.176_476_8e-5
            - t * (6.0 * 1.445_209_3e-8)
            - 6.545_967_3 / (t * t);
        Logarithm { ln, slope, bend }
    }
}
