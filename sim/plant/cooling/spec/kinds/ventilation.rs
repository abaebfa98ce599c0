//! Ventilated halls as users write them.

use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::Check;
use crate::plant::cooling::spec::fans::UsualPower;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::plant::cooling::ventilation::VentilationDesign;
use crate::units::Temperature;

cooling_spec! {
    /// Outdoor air drawn through a hall or containers of air-cooled machines by exhaust fans.
    pub struct VentilationSpec has [fans, recirculation, pads, water] {
        /// Intake temperature that dampers hold in the cold by mixing in exhaust (default
        /// 0 degC, the makers' lower limit).
        pub minimum_inlet: Option<Temperature>,
    }
}

/// Air of a hall, m3/s per watt: 370 cfm for the 3,320 W of an S19 Pro.
const AIR_M3_S_W: f64 = 52.6e-6;
/// Exhaust fans, W per watt: 25 kW of auxiliaries in a container of 720 kW.
const FAN_W_W: f64 = 25.0 / 720.0;
/// Pads of halls are wetted from this dry bulb on, degrees Celsius.
const WETTED_FROM_C: f64 = 28.0;

impl VentilationSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        self.fans.refuse_control(check);
        let speeds = self.fans.speeds(check);
        let air_flow_m3_s = self.fans.air_m3_s(check, AIR_M3_S_W * heat_w);
        let usual = UsualPower::Watts(heat_w * FAN_W_W);
        let power = self.fans.power(check, air_flow_m3_s, usual, heat_w);
        LoopDesign::Ventilation(VentilationDesign {
            design_heat_w: heat_w,
            air_flow_m3_s,
            fan_w: power.full_w,
            fan_at_sea_level: power.at_sea_level,
            fan_law: self.fans.law(check, FanLaw::Cube),
            minimum_speed: speeds.minimum,
            free_share: speeds.free,
            recirculation_k: check.recirculation(self.recirculation),
            minimum_inlet_c: check.bounded(
                "minimum_inlet",
                self.minimum_inlet,
                0.0,
                &bounds::AIR_INLET,
            ),
            pads: check.pads(self.pads.as_ref(), WETTED_FROM_C, self.water.as_ref()),
            fans: self.fans.count(check, 1),
        })
    }
}
