//! Exchangers between racks and loops as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::exchange::{Sides, WaterExchanger};
use super::super::exchanger::{ExchangerDesign, ExchangerKind};
use super::super::loops::LoopDesign;
use super::super::outside_air::OutsideAirDesign;
use super::super::pumps::{self, PumpControl, PumpLaw};
use super::check::Check;
use super::operation::UnitFailuresSpec;
use super::upkeep::{ControlFailuresSpec, ControlFaultSpec, ServiceSpec};
use super::{Coolant, OutsideAirSpec};
use crate::spec::{Fault, Names};
use crate::units::{
    Conductance, Duration, Fraction, Power, Pressure, Temperature, TemperatureDelta, Volume,
    VolumeFlow,
};

/// A coolant distribution unit: a plate exchanger between a loop and the treated coolant of
/// cold plates, with pumps of its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CduSpec {
    /// Heat of the racks that the unit is built for.
    pub design_heat: Power,
    /// The loop that takes its heat.
    pub cooled_by: Names,
    /// What feeds its pumps, in order of preference.
    pub fed_by: Option<Names>,
    /// How far above the loop's supply its own supply is at design heat and flows (default
    /// 4 K, of 3 to 5 K usual).
    pub approach: Option<TemperatureDelta>,
    /// Conductance of the plates at design flows, in place of an `approach`.
    pub ua: Option<Conductance>,
    /// What the racks' side is filled with: `water` or `pg25` (default `pg25`).
    pub coolant: Option<Coolant>,
    /// Coolant to the racks (default 1.5 L/min a kilowatt, as the Open Compute Project asks for;
    /// 1.0 to 1.5 is usual).
    pub flow: Option<VolumeFlow>,
    /// Number of pumps in parallel, which fail one at a time (default 2).
    pub pumps: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    pub pump_power: Option<Power>,
    /// Head of the pumps (default 150 kPa: an assumption within the usual 50 to 300 kPa).
    pub pump_head: Option<Pressure>,
    /// Efficiency of pump and motor (default 70 %).
    pub pump_efficiency: Option<Fraction>,
    /// How its pumps are run: `constant` speed, or `variable-speed`, at which the stream warms by
    /// its design range whatever the heat (default `constant`).
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    pub pump_head_at_duty: Option<Fraction>,
    /// Least temperature of its supply, held by the valve on the loop's side (default: only
    /// the dew point limits it).
    pub supply: Option<Temperature>,
    /// Dew point of the hall's air, above which the supply is held by 2 K (default 15 degC,
    /// the most that ASHRAE recommends for a hall).
    pub dew_point: Option<Temperature>,
    /// Coolant on the racks' side (default 0.5 L a kilowatt of design heat).
    pub volume: Option<Volume>,
    /// How many pumps stand by, beyond those that its design heat takes: one starts, within
    /// `restart`, when one that runs is lost (default 0).
    pub standby: Option<u32>,
    /// When its pumps are taken out of service (default: never).
    pub maintenance: Option<Vec<ServiceSpec>>,
    /// How its pumps fail, one at a time (default: they do not).
    pub failures: Option<UnitFailuresSpec>,
    /// How the valve on the loop's side fails (default: it does not). `full` is wide open: the
    /// dew point is no longer kept.
    pub valve_failures: Option<ControlFailuresSpec>,
    /// When it has failed, to ask what would come of it (default: never).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valve_faults: Vec<ControlFaultSpec>,
    /// How long its pumps take to start after their bus was dead (default 20 s).
    pub restart: Option<Duration>,
    /// Where the figures of this entry come from.
    pub source: Option<String>,
}

/// An air handler of a hall (CRAH or fan wall): fans that blow the hall's air past a water coil.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AirHandlerSpec {
    /// Heat of the racks that it is built for.
    pub design_heat: Power,
    /// The loop that takes its heat.
    pub cooled_by: Names,
    /// What feeds its fans, in order of preference.
    pub fed_by: Option<Names>,
    /// How far above the loop's supply the supply of air is at design heat and flows (default
    /// 5 K: an assumption).
    pub approach: Option<TemperatureDelta>,
    /// Air at full fan speed (default 75 L/s a kilowatt, which machines warm by 11 K).
    pub air_flow: Option<VolumeFlow>,
    /// Number of fans, which fail one at a time (default 4).
    pub fans: Option<u32>,
    /// Power of all fans at full speed, in place of pressure and efficiency.
    pub fan_power: Option<Power>,
    /// Pressure that the fans raise at full speed (default 400 Pa, of 300 to 500 Pa usual).
    pub fan_pressure: Option<Pressure>,
    /// Efficiency of fan and motor (default 60 %).
    pub fan_efficiency: Option<Fraction>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_fan_speed: Option<Fraction>,
    /// Least temperature of the supply of air, held by the valve of the coil (default 18 degC,
    /// the least that ASHRAE recommends).
    pub supply: Option<Temperature>,
    /// Outdoor air in place of the hall's own while the weather allows: an air-side economiser
    /// (default: none).
    pub outside_air: Option<OutsideAirSpec>,
    /// How many fans stand by, beyond those that its design heat takes: one starts, within
    /// `restart`, when one that runs is lost (default 0).
    pub standby: Option<u32>,
    /// When its fans are taken out of service (default: never).
    pub maintenance: Option<Vec<ServiceSpec>>,
    /// How its fans fail, one at a time (default: they do not).
    pub failures: Option<UnitFailuresSpec>,
    /// How long its fans take to start after their bus was dead (default 20 s).
    pub restart: Option<Duration>,
    /// Where the figures of this entry come from.
    pub source: Option<String>,
}

/// An immersion tank (or a row of them): machines in a bath of dielectric, which is pumped past a
/// plate exchanger. What the machines feel is the bath.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImmersionTankSpec {
    /// Heat of the machines that it is built for.
    pub design_heat: Power,
    /// The loop that takes its heat.
    pub cooled_by: Names,
    /// What feeds its pumps, in order of preference.
    pub fed_by: Option<Names>,
    /// How far above the loop's supply the dielectric returns to the bath at design heat and
    /// flows (default 4 K, as a distribution unit).
    pub approach: Option<TemperatureDelta>,
    /// How much colder the dielectric returns than the bath is (default 6 K: an assumption).
    pub range: Option<TemperatureDelta>,
    /// Number of pumps in parallel, which fail one at a time (default 2).
    pub pumps: Option<u32>,
    /// Power of all pumps, in place of head and efficiency.
    pub pump_power: Option<Power>,
    /// Head of the pumps (default 60 kPa: an assumption; a tank is open).
    pub pump_head: Option<Pressure>,
    /// Efficiency of pump and motor (default 60 %: an assumption).
    pub pump_efficiency: Option<Fraction>,
    /// How its pumps are run: `constant` speed, or `variable-speed`, at which the stream warms by
    /// its design range whatever the heat (default `constant`).
    pub pump_control: Option<PumpControl>,
    /// Least speed of a pump of variable speed (default 30 %: an assumption).
    pub minimum_pump_speed: Option<Fraction>,
    /// Head of the pumps over their head at no flow: how flat their curve is, and so how much flow
    /// is left when some of them are lost (default 75 %: 2 of 3 still give 87 %).
    pub pump_head_at_duty: Option<Fraction>,
    /// Least temperature of the bath, held by the valve on the loop's side (default 20 degC: an
    /// assumption, dielectrics get thick below).
    pub bath: Option<Temperature>,
    /// Dielectric in the bath (default 5 L a kilowatt of design heat).
    pub volume: Option<Volume>,
    /// How many pumps stand by, beyond those that its design heat takes: one starts, within
    /// `restart`, when one that runs is lost (default 0).
    pub standby: Option<u32>,
    /// When its pumps are taken out of service (default: never).
    pub maintenance: Option<Vec<ServiceSpec>>,
    /// How its pumps fail, one at a time (default: they do not).
    pub failures: Option<UnitFailuresSpec>,
    /// How long its pumps take to start after their bus was dead (default 20 s).
    pub restart: Option<Duration>,
    /// Where the figures of this entry come from.
    pub source: Option<String>,
}

/// A single-phase dielectric: 0.8 kg/L and 2.1 kJ/(kg K), a synthetic hydrocarbon.
const DIELECTRIC_J_M3K: f64 = 800.0 * 2100.0;
/// Air of a hall at 20 degC and sea level.
const AIR_J_M3K: f64 = 1.2 * 1006.0;
/// A supply of coolant is held this far above the dew point of the hall, K.
const DEW_POINT_MARGIN_K: f64 = 2.0;
/// Secondary coolant, m3 a watt of design heat: 0.5 L a kilowatt.
const COOLANT_M3_W: f64 = 0.5e-6;
/// Dielectric, m3 a watt of design heat: 5 L a kilowatt.
const BATH_M3_W: f64 = 5e-6;

/// An exchanger with its defaults filled in, but for the loop's side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnsizedExchanger {
    kind: ExchangerKind,
    design_heat_w: f64,
    /// Capacity rate of the secondary stream, W/K.
    hot_w_k: f64,
    size: Size,
    mover_w: f64,
    movers: u32,
    minimum_speed: f64,
    pump_law: PumpLaw,
    least_supply_c: f64,
    /// Whether the user wants that supply, rather than the hall's dew point.
    wanted: bool,
    mass_j_k: f64,
    outside_air: Option<OutsideAirDesign>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    Approach(f64),
    Ua(f64),
}

impl UnsizedExchanger {
    /// The exchanger on `cooled_by`, or what is wrong with the two together.
    pub fn behind(&self, cooled_by: &LoopDesign, faults: &mut Vec<Fault>) -> ExchangerDesign {
        let mut check = Check { faults };
        let circuit = match cooled_by {
            LoopDesign::Hydronic(h) => Some((h.design_heat_w, h.circuit, h.setpoint_c)),
            LoopDesign::ChillerPlant(c) => Some((c.design_heat_w, c.circuit, c.setpoint_c)),
            LoopDesign::AirCooledChiller(c) => Some((c.design_heat_w, c.circuit, c.setpoint_c)),
            LoopDesign::Ventilation(_) => None,
        };
        let (cold_w_k, setpoint_c) = match circuit {
            Some((heat_w, circuit, setpoint_c)) => {
                let loop_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
                (loop_w_k * self.design_heat_w / heat_w, setpoint_c)
            }
            None => {
                let message = "outdoor air through a hall cools no exchanger".to_owned();
                check.error("cooled_by", message);
                (self.hot_w_k, 0.0)
            }
        };
        let rates = Sides { hot: self.hot_w_k, cold: cold_w_k };
        let surface = match self.size {
            Size::Ua(ua_w_k) => WaterExchanger { ua_w_k, design_w_k: rates },
            Size::Approach(approach_k) => {
                WaterExchanger::sized(self.design_heat_w, rates, approach_k).unwrap_or_else(|| {
                    let (hot_k, cold_k) =
                        (self.design_heat_w / self.hot_w_k, self.design_heat_w / cold_w_k);
                    check.error(
                        "approach",
                        format!(
                            "no exchanger brings streams that change by {hot_k:.1} K and \
                             {cold_k:.1} K to {approach_k:.1} K"
                        ),
                    );
                    WaterExchanger { ua_w_k: self.design_heat_w / 4.0, design_w_k: rates }
                })
            }
        };
        let design = ExchangerDesign {
            kind: self.kind,
            design_heat_w: self.design_heat_w,
            surface,
            mover_w: self.mover_w,
            movers: self.movers,
            minimum_speed: self.minimum_speed,
            pump_law: self.pump_law,
            least_supply_c: self.least_supply_c,
            mass_j_k: self.mass_j_k,
            outside_air: self.outside_air,
        };
        let at_best_c = setpoint_c + design.solve(self.design_heat_w, 1.0, 1.0).approach_k;
        if self.wanted && circuit.is_some() && at_best_c > self.least_supply_c + 0.05 {
            let field = if self.kind == ExchangerKind::Tank { "bath" } else { "supply" };
            check.warning(
                field,
                format!(
                    "{:.1} degC is not reached at design heat: the loop's {setpoint_c:.1} degC \
                     gives {at_best_c:.1} degC",
                    self.least_supply_c
                ),
            );
        }
        design
    }
}

impl CduSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> UnsizedExchanger {
        let mut check = Check { faults };
        let design_heat_w = check.heat(self.design_heat);
        check.fed("pumps", self.fed_by.as_ref());
        let default_m3_s = 1.5e-3 / 60.0 * design_heat_w / 1e3;
        let flow_m3_s =
            check.positive("flow", self.flow.map(|f| f.0), default_m3_s, "a flow of coolant");
        let per_kw = flow_m3_s * 60e3 / (design_heat_w / 1e3);
        if !(0.5..=3.0).contains(&per_kw) {
            check.warning("flow", format!("{per_kw:.2} L/min a kilowatt; 1.0 to 1.5 is usual"));
        }
        let j_m3k = self.coolant.unwrap_or(Coolant::Pg25).j_m3k();
        let size = match (self.ua, self.approach) {
            (Some(ua), approach) => {
                if approach.is_some() {
                    check.error("ua", "`ua` and `approach` both size the exchanger".to_owned());
                }
                Size::Ua(check.positive("ua", Some(ua.0), 1.0, "a conductance"))
            }
            (None, approach) => Size::Approach(approach_k(&mut check, approach, 4.0)),
        };
        let dew_point_c =
            check.between("dew_point", self.dew_point.map(|t| t.0), 15.0, (-20.0, 30.0), "degC");
        let guard_c = dew_point_c + DEW_POINT_MARGIN_K;
        if let Some(supply) = self.supply
            && supply.0 < guard_c
        {
            check.warning(
                "supply",
                format!(
                    "the supply is held at {guard_c:.1} degC, {DEW_POINT_MARGIN_K} K above the \
                     dew point, not at {:.1} degC",
                    supply.0
                ),
            );
        }
        UnsizedExchanger {
            kind: ExchangerKind::Cdu,
            design_heat_w,
            hot_w_k: flow_m3_s * j_m3k,
            size,
            mover_w: pump_w(
                &mut check,
                flow_m3_s,
                self.pump_power,
                (self.pump_head, 150e3),
                (self.pump_efficiency, 0.7),
            ),
            movers: check.count("pumps", Some(self.pumps.unwrap_or(2))),
            minimum_speed: 1.0,
            pump_law: check.pump_law((
                self.pump_control,
                self.minimum_pump_speed,
                self.pump_head_at_duty,
            )),
            least_supply_c: self.supply.map_or(guard_c, |t| t.0.max(guard_c)),
            wanted: self.supply.is_some_and(|supply| supply.0 >= guard_c),
            mass_j_k: j_m3k * volume_m3(&mut check, self.volume, COOLANT_M3_W * design_heat_w),
            outside_air: None,
        }
    }
}

impl AirHandlerSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> UnsizedExchanger {
        let mut check = Check { faults };
        let design_heat_w = check.heat(self.design_heat);
        check.fed("fans", self.fed_by.as_ref());
        let air_m3_s = check.positive(
            "air_flow",
            self.air_flow.map(|f| f.0),
            75e-6 * design_heat_w,
            "an air flow",
        );
        let pressure_pa = check.positive(
            "fan_pressure",
            self.fan_pressure.map(|p| p.0),
            400.0,
            "the pressure of fans",
        );
        let efficiency = efficiency(&mut check, "fan_efficiency", self.fan_efficiency, 0.6);
        let derived_w = air_m3_s * pressure_pa / efficiency;
        let (minimum_speed, _) = check.fan_speeds(self.minimum_fan_speed, Some(Fraction(0.005)));
        let least_supply_c =
            check.between("supply", self.supply.map(|t| t.0), 18.0, (5.0, 45.0), "degC");
        let outside_air = self
            .outside_air
            .as_ref()
            .map(|spec| spec.resolve(&mut check, (least_supply_c, air_m3_s / efficiency)));
        UnsizedExchanger {
            kind: ExchangerKind::AirHandler,
            design_heat_w,
            hot_w_k: air_m3_s * AIR_J_M3K,
            size: Size::Approach(approach_k(&mut check, self.approach, 5.0)),
            mover_w: check.fan_power(self.fan_power, derived_w, design_heat_w),
            movers: check.count("fans", Some(self.fans.unwrap_or(4))),
            minimum_speed,
            pump_law: PumpLaw::CONSTANT,
            least_supply_c,
            wanted: self.supply.is_some(),
            // The air that is held back in the hall belongs to the racks.
            mass_j_k: 0.0,
            outside_air,
        }
    }
}

impl ImmersionTankSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> UnsizedExchanger {
        let mut check = Check { faults };
        let design_heat_w = check.heat(self.design_heat);
        check.fed("pumps", self.fed_by.as_ref());
        let range_k = check.between("range", self.range.map(|r| r.0), 6.0, (1.0, 30.0), "K");
        let hot_w_k = design_heat_w / range_k;
        UnsizedExchanger {
            kind: ExchangerKind::Tank,
            design_heat_w,
            hot_w_k,
            size: Size::Approach(approach_k(&mut check, self.approach, 4.0)),
            mover_w: pump_w(
                &mut check,
                hot_w_k / DIELECTRIC_J_M3K,
                self.pump_power,
                (self.pump_head, 60e3),
                (self.pump_efficiency, 0.6),
            ),
            movers: check.count("pumps", Some(self.pumps.unwrap_or(2))),
            minimum_speed: 1.0,
            pump_law: check.pump_law((
                self.pump_control,
                self.minimum_pump_speed,
                self.pump_head_at_duty,
            )),
            least_supply_c: check.between(
                "bath",
                self.bath.map(|t| t.0),
                20.0,
                (0.0, 70.0),
                "degC",
            ),
            wanted: self.bath.is_some(),
            mass_j_k: DIELECTRIC_J_M3K
                * volume_m3(&mut check, self.volume, BATH_M3_W * design_heat_w),
            outside_air: None,
        }
    }
}

fn volume_m3(check: &mut Check<'_>, volume: Option<Volume>, default_m3: f64) -> f64 {
    check.positive("volume", volume.map(|v| v.0), default_m3, "a volume")
}

fn approach_k(check: &mut Check<'_>, approach: Option<TemperatureDelta>, default_k: f64) -> f64 {
    check.between("approach", approach.map(|a| a.0), default_k, (0.1, 30.0), "K")
}

fn efficiency(
    check: &mut Check<'_>,
    field: &'static str,
    value: Option<Fraction>,
    default: f64,
) -> f64 {
    match value {
        Some(value) if value.0 < 0.05 => {
            check.error(field, "must be at least 5 %".to_owned());
            default
        }
        value => value.map_or(default, |value| value.0),
    }
}

fn pump_w(
    check: &mut Check<'_>,
    flow_m3_s: f64,
    power: Option<Power>,
    (head, default_head_pa): (Option<Pressure>, f64),
    (share, default_share): (Option<Fraction>, f64),
) -> f64 {
    let efficiency = efficiency(check, "pump_efficiency", share, default_share);
    let head_pa =
        check.positive("pump_head", head.map(|h| h.0), default_head_pa, "the head of pumps");
    let derived_w = pumps::power_w(flow_m3_s, head_pa, efficiency);
    match power {
        Some(power) if power.0 < 0.0 => {
            check.error("pump_power", "must not be negative".to_owned());
            derived_w
        }
        power => power.map_or(derived_w, |power| power.0),
    }
}
