//! Ventilated halls as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::loops::LoopDesign;
use super::super::ventilation::VentilationDesign;
use super::check::Check;
use super::{
    ControlFaultsSpec, MaintenanceSpec, MakeUpSpec, PadSpec, RestartSpec, StandbySpec,
    UnitsFailuresSpec,
};
use crate::spec::{Fault, Names};
use crate::units::{Fraction, Power, Temperature, TemperatureDelta, VolumeFlow};

/// Outdoor air drawn through a hall or containers of air-cooled machines.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VentilationSpec {
    /// Heat of the machines that the air is meant for.
    pub design_heat: Power,
    /// What feeds the exhaust fans; not needed where `fan_power` is zero.
    pub fed_by: Option<Names>,
    /// Air through the hall at full fan speed (default 52.6 L/s a kilowatt: an S19 Pro takes
    /// 370 cfm for 3,320 W).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all exhaust fans at full speed (default 3.47 % of `design_heat`: 25 kW of
    /// auxiliaries in a 720 kW container). The fans inside the machines are part of the
    /// machines' power. Zero where these do all the work.
    pub fan_power: Option<Power>,
    /// Number of exhaust fans, which fail one at a time (default 1).
    pub fans: Option<u32>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_fan_speed: Option<Fraction>,
    /// Air that the machines' own fans push through resting exhaust fans, as a share of full
    /// (default 10 %: an assumption).
    pub free_convection: Option<Fraction>,
    /// How much warmer than the weather the intake is with everything running (default 0 K;
    /// 0 to 3 K is usual).
    pub recirculation: Option<TemperatureDelta>,
    /// Intake temperature that dampers hold in the cold by mixing in exhaust (default
    /// 0 degC, the makers' lower limit).
    pub minimum_inlet: Option<Temperature>,
    /// Adiabatic pads ahead of the intake (default: none).
    pub pads: Option<PadSpec>,
    /// Its make-up water: the basin, and what limits it (default: the main brings whatever is
    /// lost).
    pub water: Option<MakeUpSpec>,
    /// Units beyond those that its design heat takes, which stand by (default: none).
    pub standby: Option<StandbySpec>,
    /// How its machines fail, one unit at a time (default: they do not).
    pub failures: Option<UnitsFailuresSpec>,
    /// When its machines are taken out of service (default: never).
    pub maintenance: Option<MaintenanceSpec>,
    /// When its controls have failed, to ask what would come of it (default: never).
    pub control_faults: Option<ControlFaultsSpec>,
    /// How long its machines take to start after their bus was dead.
    pub restart: Option<RestartSpec>,
    /// Where the figures of this entry come from.
    pub source: Option<String>,
}

impl VentilationSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> LoopDesign {
        let mut check = Check { faults };
        let heat_w = check.heat(self.design_heat);
        let fan_w = check.fan_power(self.fan_power, heat_w * (25.0 / 720.0), heat_w);
        if fan_w > 0.0 {
            check.fed("fans", self.fed_by.as_ref());
        }
        let (minimum_speed, free_share) =
            check.fan_speeds(self.minimum_fan_speed, self.free_convection);
        let air_flow_m3_s =
            check.positive("air_flow", self.air_flow.map(|a| a.0), 52.6e-6 * heat_w, "an air flow");
        let minimum_inlet_c = check.between(
            "minimum_inlet",
            self.minimum_inlet.map(|t| t.0),
            0.0,
            (-40.0, 40.0),
            "degC",
        );
        LoopDesign::Ventilation(VentilationDesign {
            design_heat_w: heat_w,
            air_flow_m3_s,
            fan_w,
            fan_at_sea_level: self.fan_power.is_none(),
            minimum_speed,
            free_share,
            recirculation_k: check.recirculation(self.recirculation),
            minimum_inlet_c,
            pads: check.pads(self.pads.as_ref(), 28.0),
            fans: check.count("fans", self.fans),
        })
    }
}
