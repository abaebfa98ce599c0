//! Adiabatic pads as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::pads::{PadDesign, celdek};
use super::check::Check;
use crate::units::{Fraction, Length, Speed, Temperature};

/// Adiabatic pads in the air's way, wetted on hot days (CelDek by EnergyPlus' fit).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PadSpec {
    /// Depth of the pads (default 0.2 m).
    pub depth: Option<Length>,
    /// Speed of the air through their face with the fans at full speed (default 2 m/s). At
    /// less speed they do somewhat better, which is not credited.
    pub face_velocity: Option<Speed>,
    /// Share of the wet-bulb depression by which they cool the air, in place of depth and
    /// speed.
    pub effectiveness: Option<Fraction>,
    /// Dry bulb from which they are wetted, 5 degC at least (default 25 degC for dry coolers,
    /// 28 degC for halls).
    pub enable_above: Option<Temperature>,
    /// Cycles of concentration of their water (default 4).
    pub cycles_of_concentration: Option<f64>,
}

impl Check<'_> {
    pub(super) fn pads(&mut self, spec: Option<&PadSpec>, default_c: f64) -> Option<PadDesign> {
        let spec = spec?;
        let depth_m = spec.depth.map_or(0.2, |d| d.0);
        let velocity_m_s = spec.face_velocity.map_or(2.0, |v| v.0);
        if !((0.05..=0.6).contains(&depth_m) && (0.5..=4.0).contains(&velocity_m_s)) {
            self.error(
                "pads",
                format!(
                    "CelDek is known from 0.05 to 0.6 m and from 0.5 to 4 m/s, got {depth_m} m and \
                     {velocity_m_s} m/s"
                ),
            );
        }
        if spec.effectiveness.is_some() && (spec.depth.is_some() || spec.face_velocity.is_some()) {
            self.error(
                "pads",
                "`effectiveness` stands in place of `depth` and `face_velocity`".to_owned(),
            );
        }
        let enable_above_c = spec.enable_above.map_or(default_c, |t| t.0);
        if enable_above_c < 5.0 {
            self.error(
                "pads",
                format!("pads wetted from {enable_above_c:.1} degC freeze: 5 degC at least"),
            );
        }
        let cycles = spec.cycles_of_concentration.unwrap_or(4.0);
        let sound = cycles.is_finite() && cycles > 1.0;
        if !sound {
            self.error(
                "pads",
                format!("`cycles_of_concentration` must be above 1, got `{cycles}`"),
            );
        }
        Some(PadDesign {
            effectiveness: spec
                .effectiveness
                .map_or_else(|| celdek(depth_m, velocity_m_s), |e| e.0),
            enable_above_c,
            cycles: if sound { cycles } else { 4.0 },
        })
    }
}
