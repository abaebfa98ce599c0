//! Air-side economisers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::pads::PadSpec;
use super::water::CYCLES;
use crate::kernel::Span;
use crate::plant::cooling::outside_air::OutsideAirDesign;
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
    /// Cycles of concentration of the water of pads and humidifier (default 4).
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

/// Limits of the air that equipment may get, degrees Celsius.
struct AirLimits {
    warmest: f64,
    least_dew_point: f64,
    greatest_dew_point: f64,
}

impl AirClass {
    fn limits_c(self) -> AirLimits {
        let (warmest, least_dew_point, greatest_dew_point) = match self {
            Self::A1Recommended => (27.0, -9.0, 15.0),
            Self::A1 => (32.0, -12.0, 17.0),
            Self::A2 => (35.0, -12.0, 21.0),
            Self::A3 => (40.0, -12.0, 24.0),
            Self::A4 => (45.0, -12.0, 24.0),
            Self::H1 => (25.0, -12.0, 17.0),
        };
        AirLimits { warmest, least_dew_point, greatest_dew_point }
    }
}

impl OutsideAirSpec {
    /// The economiser of an air handler that holds `supply_c` and whose fans spend
    /// `w_pa` watts per pascal.
    pub(super) fn resolve(
        &self,
        check: &mut Check<'_>,
        supply_c: f64,
        w_pa: f64,
    ) -> OutsideAirDesign {
        check.within("outside_air", |check| {
            let limits = self.class.unwrap_or(AirClass::A1Recommended).limits_c();
            let warmest_c =
                check.bounded("warmest", self.warmest, limits.warmest, &bounds::WARMEST_AIR);
            if warmest_c < supply_c {
                check.error(
                    if self.warmest.is_some() { "warmest" } else { "class" },
                    format!(
                        "the warmest air, {warmest_c:.1} degC, is colder than the `supply` of \
                         {supply_c:.1} degC"
                    ),
                );
            }
            let (least, greatest) = (self.least_dew_point, self.greatest_dew_point);
            let least_c =
                check.bounded("least_dew_point", least, limits.least_dew_point, &bounds::DEW_POINT);
            let greatest_c = check.bounded(
                "greatest_dew_point",
                greatest,
                limits.greatest_dew_point,
                &bounds::DEW_POINT,
            );
            if least_c >= greatest_c {
                check.error(
                    if least.is_some() { "least_dew_point" } else { "greatest_dew_point" },
                    format!(
                        "no air has a dew point above {least_c:.1} degC and below {greatest_c:.1} \
                         degC"
                    ),
                );
            }
            let pressure_pa =
                check.bounded("pressure", self.pressure, 125.0, &bounds::FAN_PRESSURE);
            let written = self.cycles_of_concentration;
            let cycles = check.bounded("cycles_of_concentration", written, CYCLES, &bounds::CYCLES);
            OutsideAirDesign {
                supply_c,
                warmest_c: warmest_c.max(supply_c),
                least_dew_point_c: least_c,
                greatest_dew_point_c: greatest_c,
                pads: self.pads.map(|pads| pads.resolve(check, warmest_c, cycles)),
                humidifier: self.humidifier.unwrap_or(false),
                cycles,
                fan_w: w_pa * pressure_pa,
                least_time: self.least_run_time.map_or(Span::from_secs(20 * 60), Span::from),
            }
        })
    }
}
