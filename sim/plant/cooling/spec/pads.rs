//! Adiabatic pads as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::water::{MakeUpSpec, cycles};
use crate::plant::cooling::pads::{PadDesign, celdek};
use crate::units::{Fraction, Length, Speed, Temperature};

/// Adiabatic pads in the air's way, wetted on hot days (CelDek by EnergyPlus' fit).
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
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
    /// 28 degC for halls, the warmest air that the racks may get for outdoor air).
    pub enable_above: Option<Temperature>,
}

impl PadSpec {
    /// Pads that are wetted from `usual_c` on by default, with water of `cycles`.
    pub(super) fn resolve(&self, check: &mut Check<'_>, usual_c: f64, cycles: f64) -> PadDesign {
        check.within("pads", |check| {
            let depth_m = check.bounded("depth", self.depth, 0.2, &bounds::PAD_DEPTH);
            let velocity_m_s =
                check.bounded("face_velocity", self.face_velocity, 2.0, &bounds::FACE_VELOCITY);
            if self.effectiveness.is_some()
                && (self.depth.is_some() || self.face_velocity.is_some())
            {
                check.error(
                    "effectiveness",
                    "`effectiveness` stands in place of `depth` and `face_velocity`".to_owned(),
                );
            }
            PadDesign {
                effectiveness: self
                    .effectiveness
                    .map_or_else(|| celdek(depth_m, velocity_m_s), |share| share.0),
                enable_above_c: check.bounded(
                    "enable_above",
                    self.enable_above,
                    usual_c,
                    &bounds::WETTED_FROM,
                ),
                cycles,
            }
        })
    }
}

impl Check<'_> {
    /// The pads of a loop, with the `water` of that.
    pub(super) fn pads(
        &mut self,
        spec: Option<&PadSpec>,
        usual_c: f64,
        water: Option<&MakeUpSpec>,
    ) -> Option<PadDesign> {
        let cycles = cycles(self, water);
        spec.map(|spec| spec.resolve(self, usual_c, cycles))
    }
}
