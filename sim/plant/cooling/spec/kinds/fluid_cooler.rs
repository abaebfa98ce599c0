//! Evaporative fluid coolers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::fluids::water;
use crate::plant::cooling::devices::DeviceDesign;
use crate::plant::cooling::dry_cooler::DryCoolerDesign;
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::fluid_cooler::{
    EvaporationLaw, FluidCoolerDesign, FluidCoolerPoint, SprayControl, SprayDesign,
};
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::pumps;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant, design_air};
use crate::plant::cooling::spec::fans::UsualPower;
use crate::plant::cooling::spec::pumps::LOOP_PUMPS;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::plant::cooling::spec::tower::{
    DriftSpec, drift, evaporation_loss, evaporative_ua, wet_bulb_c, wet_supply_c,
};
use crate::plant::cooling::spec::water::cycles;
use crate::plant::cooling::tower::TowerPoint;
use crate::spec::Fault;
use crate::units::{Conductance, Fraction, MassFlow, Power, Pressure, Temperature, VolumeFlow};

cooling_spec! {
    /// A pumped loop with an evaporative (closed-circuit) fluid cooler at its end: the coolant
    /// stays in a coil, over which water is sprayed. In the cold the spray is off and the coil
    /// dry.
    ///
    /// Defaults are the usual rating point of 35 to 29.5 degC at a wet bulb of 25.6 degC, with
    /// air, fans and spray of EnergyPlus' example of such a cooler (3.02 m3/s, 2.25 kW and
    /// 2.208 L/s for 87.9 kW).
    pub struct FluidCoolerSpec has [
        circuit, coolant, minimum_supply, fans, basin_heater, water
    ] {
        /// The coil.
        #[serde(default)]
        pub coil: CoilSpec,
        /// The water over the coil. Each unit has its own spray pump, which has power and fails
        /// with the unit's fan.
        #[serde(default)]
        pub spray: SpraySpec,
    }
}

/// The coil of a fluid cooler: sprayed it is sized by a design point (`design_supply` at
/// `design_wet_bulb`) or by its `ua`, dry by its `dry_switchover` or `dry_ua`.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoilSpec {
    /// Wet bulb of the design point (default 25.6 degC).
    pub design_wet_bulb: Option<Temperature>,
    /// Supply temperature that the sprayed cooler reaches at design heat and `design_wet_bulb`,
    /// at sea level (default 29.5 degC).
    pub design_supply: Option<Temperature>,
    /// Conductance of the sprayed cooler at design flows, per specific heat of moist air as
    /// EnergyPlus has it, in place of a `design_supply`.
    pub ua: Option<Conductance>,
    /// Share of the resistance of the sprayed coil at its design point that lies between coolant
    /// and spray, in film and wall, rather than between spray and air (default 0 %, as
    /// EnergyPlus has it).
    pub resistance: Option<Fraction>,
    /// Dry bulb at which the dry coil, fans at full speed, carries the design heat at
    /// `design_supply` (default 7.2 degC: a maker's figure for coils with fins at the usual
    /// rating point; up to 18.3 degC for coils with more of them).
    pub dry_switchover: Option<Temperature>,
    /// Conductance of the dry coil at design flows, in place of a `dry_switchover`.
    pub dry_ua: Option<Conductance>,
}

/// The spray over the coil of a fluid cooler.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpraySpec {
    /// When it is on: `always`, or `when-needed` (only while the dry coil with its fans at full
    /// speed does not hold `supply`). Default: `always`.
    pub control: Option<SprayControl>,
    /// Dry bulb below which it is off, so that it does not freeze, 0 degC at least (default
    /// 5 degC).
    pub dry_below: Option<Temperature>,
    /// Water over the coils (default 25.1 kg/s per megawatt rejected).
    pub flow: Option<MassFlow>,
    /// Power of all spray pumps, which is counted with that of the fans, in place of a `head` and
    /// 60 % of efficiency (an assumption).
    pub power: Option<Power>,
    /// Head of the spray pumps, lift and nozzles (default 60 kPa: an assumption).
    pub head: Option<Pressure>,
    /// How evaporation is counted: `saturated-exit` (a balance of air that leaves saturated) or
    /// `qureshi-zubair` (their fit of humidity and dry bulb). Default: `saturated-exit`.
    pub evaporation: Option<EvaporationMethod>,
    /// Share of the coolant's flow that evaporates for each kelvin that it is cooled, in place
    /// of an `evaporation` (0.15 to 0.27 % is usual; EnergyPlus' loss factor is 0.2 %).
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow: a share of the spray, or a flow (default 0.002 %).
    pub drift: Option<DriftSpec>,
}

/// How the evaporation of a sprayed cooler is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvaporationMethod {
    /// The air leaves saturated.
    SaturatedExit,
    /// The fit of Qureshi and Zubair over dry bulb and relative humidity.
    QureshiZubair,
}

/// EnergyPlus' example of an evaporative fluid cooler: its heat, and what it comes with.
const EXAMPLE_W: f64 = 87_921.0;
const EXAMPLE_AIR_M3_S: f64 = 3.02;
const EXAMPLE_FAN_W: f64 = 2_250.0;
const EXAMPLE_SPRAY_KG_S: f64 = 2.208;
/// Efficiency of spray pumps and their motors.
const SPRAY_EFFICIENCY: f64 = 0.6;

impl FluidCoolerSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let coolant = self.coolant.unwrap_or(Coolant::Water);
        let circuit = self.circuit(coolant).resolve(check, heat_w, 5.5, (&self.pumps, &LOOP_PUMPS));
        let rejected_w = heat_w + circuit.pump_heat_w();
        let like_example = rejected_w / EXAMPLE_W;
        let speeds = self.fans.speeds(check);
        let air_flow_m3_s = self.fans.air_m3_s(check, EXAMPLE_AIR_M3_S * like_example);
        let usual = UsualPower::Watts(EXAMPLE_FAN_W * like_example);
        let power = self.fans.power(check, air_flow_m3_s, usual, rejected_w);
        let sized = self.coil.resolve(
            check,
            &CoilDuty {
                heat_w: rejected_w,
                range_k: rejected_w / (circuit.flow_kg_s * circuit.specific_heat_j_kgk),
                air_flow_m3_s,
            },
        );
        let dry = DryCoolerDesign {
            ua_w_k: sized.dry_w_k,
            air_flow_m3_s,
            water_kg_s: circuit.flow_kg_s,
            fan_w: power.full_w,
            fan_at_sea_level: power.at_sea_level,
            fan_law: self.fans.law(check, FanLaw::Tower),
            free_convection: speeds.free,
            recirculation_k: 0.0,
            pads: None,
            units: self.fans.count(check, 1),
        };
        let spray = self.spray.resolve(check, EXAMPLE_SPRAY_KG_S * like_example, rejected_w);
        let device = FluidCoolerDesign {
            ua_w_k: sized.surface_w_k,
            coil_w_k: sized.coil_w_k,
            dry,
            spray: spray.design,
            evaporation: spray.evaporation,
            drift: spray.drift,
            cycles: cycles(check, self.water.as_ref()),
        };
        let coldest_c = if coolant == Coolant::Water { 7.0 } else { 2.0 };
        let point = sized.point;
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::FluidCooler(device),
            fan_control: self.fans.control(),
            setpoint_c: check.bounded("supply", self.supply, point.leaving_c, &bounds::SUPPLY),
            minimum_supply_c: check.minimum_supply(self.minimum_supply, coldest_c),
            minimum_fan_speed: speeds.minimum,
            basin: check.basin_heater(self.basin_heater),
            trim: None,
        };
        let weather = format!("wet bulb of {:.1} degC", sized.wet_bulb_c);
        check.setpoint(&design, &point.air, self.supply.is_some(), &weather);
        LoopDesign::Hydronic(design)
    }
}

/// What a coil has to do at design, with what air.
struct CoilDuty {
    heat_w: f64,
    range_k: f64,
    air_flow_m3_s: f64,
}

/// A coil with its conductances, W/K: of the wetted surface, of film and wall, and of the dry coil.
struct SizedCoil {
    point: TowerPoint,
    wet_bulb_c: f64,
    surface_w_k: f64,
    coil_w_k: f64,
    dry_w_k: f64,
}

impl CoilSpec {
    /// The coil that meets `duty` at its design point.
    fn resolve(&self, check: &mut Check<'_>, duty: &CoilDuty) -> SizedCoil {
        check.within("coil", |check| {
            let wet_bulb_c = wet_bulb_c(check, self.design_wet_bulb);
            let CoilDuty { heat_w, range_k, air_flow_m3_s } = *duty;
            let point = FluidCoolerPoint {
                tower: TowerPoint {
                    heat_w,
                    leaving_c: wet_supply_c(check, self.design_supply),
                    range_k,
                    air: design_air(wet_bulb_c),
                    air_flow_m3_s,
                },
                coil_share: check.bounded(
                    "resistance",
                    self.resistance,
                    0.0,
                    &bounds::COIL_RESISTANCE,
                ),
            };
            let sizes = (self.ua, self.design_supply);
            let ua_w_k = evaporative_ua(check, "fluid cooler", sizes, &point.tower);
            let (surface_w_k, coil_w_k) = point.conductances_w_k(ua_w_k);
            let dry_w_k = self.dry_w_k(check, &point);
            SizedCoil { point: point.tower, wet_bulb_c, surface_w_k, coil_w_k, dry_w_k }
        })
    }

    fn dry_w_k(&self, check: &mut Check<'_>, point: &FluidCoolerPoint) -> f64 {
        let usual = 0.09 * point.tower.heat_w;
        if self.dry_ua.is_some() {
            if self.dry_switchover.is_some() {
                let message = "`dry_ua` and `dry_switchover` both size the dry coil".to_owned();
                check.error("dry_ua", message);
            }
            return check.bounded("dry_ua", self.dry_ua, usual, &bounds::ua(point.tower.heat_w));
        }
        let switchover_c =
            check.bounded("dry_switchover", self.dry_switchover, 7.2, &bounds::SWITCHOVER);
        point.dry_ua_w_k(switchover_c).unwrap_or_else(|| {
            let tower = &point.tower;
            check.faults.push(
                Fault::error(
                    "dry_switchover",
                    format!(
                        "no dry coil with {} of air of {switchover_c:.1} degC cools {} to {:.1} degC",
                        VolumeFlow(tower.air_flow_m3_s),
                        Power(tower.heat_w),
                        tower.leaving_c,
                    ),
                )
                .help("lower `dry_switchover`, raise `fans.air_flow`, or give a `dry_ua`"),
            );
            usual
        })
    }
}

/// The spray, what evaporates of it, and the share that is carried off as droplets.
struct ResolvedSpray {
    design: SprayDesign,
    evaporation: EvaporationLaw,
    drift: f64,
}

impl SpraySpec {
    fn resolve(&self, check: &mut Check<'_>, usual_kg_s: f64, heat_w: f64) -> ResolvedSpray {
        check.within("spray", |check| {
            let flow_kg_s = check.bounded("flow", self.flow, usual_kg_s, &bounds::flow(usual_kg_s));
            if self.power.is_some() && self.head.is_some() {
                check.error("power", "`power` stands in place of a `head`".to_owned());
            }
            let head_pa = check.bounded("head", self.head, 60e3, &bounds::PUMP_HEAD);
            let derived_w =
                pumps::power_w(flow_kg_s / water::DENSITY_WATER, head_pa, SPRAY_EFFICIENCY);
            let design = SprayDesign {
                flow_kg_s,
                pump_w: check.bounded(
                    "power",
                    self.power,
                    derived_w,
                    &bounds::machine_power(heat_w),
                ),
                off_below_c: check.bounded("dry_below", self.dry_below, 5.0, &bounds::SPRAYED_FROM),
                control: self.control.unwrap_or(SprayControl::Always),
            };
            let evaporation = self.evaporation(check);
            ResolvedSpray { design, evaporation, drift: drift(check, self.drift, flow_kg_s) }
        })
    }

    fn evaporation(&self, check: &mut Check<'_>) -> EvaporationLaw {
        if self.evaporation.is_some() && self.evaporation_loss.is_some() {
            let message = "`evaporation_loss` stands in place of an `evaporation`".to_owned();
            check.error("evaporation_loss", message);
        }
        match (evaporation_loss(check, self.evaporation_loss), self.evaporation) {
            (Some(share), _) => EvaporationLaw::PerKelvin(share),
            (None, Some(EvaporationMethod::QureshiZubair)) => EvaporationLaw::QureshiZubair,
            (None, _) => EvaporationLaw::SaturatedExit,
        }
    }
}
