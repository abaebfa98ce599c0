//! Air-side economisers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::outside_air::OutsideAirDesign;
use super::PadSpec;
use super::check::Check;
use crate::kernel::Span;
use crate::units::{Duration, Pressure, Temperature};

/// Outdoor air through an air handler while the weather allows, alone or ahead of the coil.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideAirSpec {
    /// The class of equipment, whose warmest air and dew points are the limits (default
    /// `a1-recommended`).
    pub class: Option<AirClass>,
    /// The warmest air that the racks may get, in place of the class's. The coil holds it where
    /// the outdoor air is warmer but still colder than the exhaust.
    pub warmest: Option<Temperature>,
    /// Least dew point of air that is let in, in place of the class's.
    pub least_dew_point: Option<Temperature>,
    /// Greatest dew point of air that is let in, in place of the class's.
    pub greatest_dew_point: Option<Temperature>,
    /// Adiabatic pads in the way of the outdoor air, wetted from its warmest on and only while
    /// the air behind them is dry enough (default: none).
    pub pads: Option<PadSpec>,
    /// Whether water is evaporated into air that is drier than its least dew point, in place of
    /// shutting it out (default false).
    pub humidifier: Option<bool>,
    /// Cycles of concentration of the humidifier's water (default 4).
    pub cycles_of_concentration: Option<f64>,
    /// Pressure that louvres, filters and relief of the outdoor air add for the fans at full
    /// flow (default 125 Pa: an assumption).
    pub pressure: Option<Pressure>,
    /// Least time in a mode (default 20 min, as for a waterside economiser).
    pub least_run_time: Option<Duration>,
}

/// Classes of equipment by the air that they may get, after ASHRAE TC 9.9 (2021).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AirClass {
    /// Recommended for A1 to A4: up to 27 degC, dew points from -9 to 15 degC.
    A1Recommended,
    /// Allowable for A1: up to 32 degC, dew points from -12 to 17 degC.
    A1,
    /// Allowable for A2: up to 35 degC, dew points from -12 to 21 degC.
    A2,
    /// Allowable for A3: up to 40 degC, dew points from -12 to 24 degC.
    A3,
    /// Allowable for A4: up to 45 degC, dew points from -12 to 24 degC.
    A4,
    /// Allowable for H1, dense air-cooled machines: up to 25 degC, dew points from -12 to 17 degC.
    H1,
}

impl AirClass {
    /// The warmest air, and the least and the greatest dew point, degrees Celsius.
    fn limits_c(self) -> (f64, (f64, f64)) {
        match self {
            Self::A1Recommended => (27.0, (-9.0, 15.0)),
            Self::A1 => (32.0, (-12.0, 17.0)),
            Self::A2 => (35.0, (-12.0, 21.0)),
            Self::A3 => (40.0, (-12.0, 24.0)),
            Self::A4 => (45.0, (-12.0, 24.0)),
            Self::H1 => (25.0, (-12.0, 17.0)),
        }
    }
}

impl OutsideAirSpec {
    /// The economiser of an air handler that holds `supply_c` and whose fans spend
    /// `w_pa` watts a pascal.
    pub(super) fn resolve(
        &self,
        check: &mut Check<'_>,
        (supply_c, w_pa): (f64, f64),
    ) -> OutsideAirDesign {
        const FIELD: &str = "outside_air";
        let (warmest_c, (least_c, greatest_c)) =
            self.class.unwrap_or(AirClass::A1Recommended).limits_c();
        let warmest_c = self.warmest.map_or(warmest_c, |t| t.0);
        if warmest_c < supply_c {
            check.error(
                FIELD,
                format!(
                    "the warmest air, {warmest_c:.1} degC, is colder than the `supply` of \
                     {supply_c:.1} degC"
                ),
            );
        }
        let least_c = self.least_dew_point.map_or(least_c, |t| t.0);
        let greatest_c = self.greatest_dew_point.map_or(greatest_c, |t| t.0);
        if least_c >= greatest_c {
            check.error(
                FIELD,
                format!(
                    "no air has a dew point above {least_c:.1} degC and below {greatest_c:.1} degC"
                ),
            );
        }
        let pressure_pa = self.pressure.map_or(125.0, |p| p.0);
        if !(0.0..=2000.0).contains(&pressure_pa) {
            check.error(FIELD, format!("a pressure of fans is 0 to 2000 Pa, got {pressure_pa} Pa"));
        }
        let mut cycles = self.cycles_of_concentration.unwrap_or(4.0);
        if !(cycles.is_finite() && cycles > 1.0) {
            let message = format!("`cycles_of_concentration` must be above 1, got `{cycles}`");
            check.error(FIELD, message);
            cycles = 4.0;
        }
        OutsideAirDesign {
            supply_c,
            warmest_c: warmest_c.max(supply_c),
            least_dew_point_c: least_c,
            greatest_dew_point_c: greatest_c,
            pads: check.pads(self.pads.as_ref(), warmest_c),
            humidifier: self.humidifier.unwrap_or(false),
            cycles,
            fan_w: w_pa * pressure_pa.clamp(0.0, 2000.0),
            least_time: self.least_run_time.map_or(Span::from_secs(20 * 60), Span::from),
        }
    }
}
