//! Range checks of cooling specs beside the ones that all specs share.

use super::super::circuit::CircuitDesign;
use super::super::dry_cooler::CATALOGUE;
use super::super::fans::FanLaw;
use super::super::hydronic::HydronicDesign;
use super::super::loops::{CoolingLoop, LoopDesign};
use super::super::pumps::{self, PumpControl, PumpLaw};
use super::super::staging::FanControl;
use super::super::state::Drive;
use super::super::tower::{TowerDesign, TowerPoint};
use super::{Coolant, FanCurve};
use crate::fluids::{MoistAir, water};
pub(super) use crate::spec::Check;
use crate::spec::{Fault, Names};
use crate::units::{
    Conductance, Fraction, MassFlow, Power, Temperature, TemperatureDelta, VolumeFlow,
};

/// What the pumped side of a loop is resolved from.
pub(super) struct CircuitInput {
    pub(super) heat_w: f64,
    pub(super) range_k: f64,
    /// Name and value of the field that gives the flow in place of a range, and whether a range
    /// is written as well.
    pub(super) flow: (&'static str, Option<MassFlow>, bool),
    pub(super) coolant: Coolant,
    pub(super) pumps: Option<u32>,
    pub(super) power: Option<Power>,
    /// Share of the power that warms the coolant.
    pub(super) heat: Option<Fraction>,
    pub(super) head_pa: f64,
    pub(super) efficiency: f64,
    pub(super) law: PumpInput,
    pub(super) approach: Option<TemperatureDelta>,
}

/// How pumps are run, their least speed, and their head at duty over that at no flow.
pub(super) type PumpInput = (Option<PumpControl>, Option<Fraction>, Option<Fraction>);

/// What an open tower is resolved from.
pub(super) struct TowerInput {
    /// Design heat of the tower, W: racks, pumps and compressors.
    pub(super) rejected_w: f64,
    pub(super) water_kg_s: f64,
    pub(super) design_wet_bulb: Option<Temperature>,
    /// Name, value and default of the field that gives the leaving water of the design point.
    pub(super) leaving: (&'static str, Option<Temperature>, f64),
    pub(super) ua: Option<Conductance>,
    pub(super) air_flow: Option<VolumeFlow>,
    pub(super) fan_power: Option<Power>,
    pub(super) fan_curve: (Option<FanCurve>, Option<[f64; 4]>),
    /// Air at rest as a share of full, UA at rest, and the least speed, below which both are.
    pub(super) free: (f64, Option<Fraction>, f64),
    pub(super) wet_bulb_correction: Option<bool>,
    pub(super) flow_corrections: Option<bool>,
    pub(super) evaporation_loss: Option<Fraction>,
    /// As a share of the water and as a flow.
    pub(super) drift: (Option<Fraction>, Option<VolumeFlow>),
    pub(super) cycles_of_concentration: Option<f64>,
    pub(super) cells: Option<u32>,
}

impl Check<'_> {
    pub(super) fn heat(&mut self, heat: Power) -> f64 {
        if heat.0 > 0.0 {
            return heat.0;
        }
        self.error("design_heat", format!("must be above zero, got `{heat}`"));
        1e6
    }

    pub(super) fn fed(&mut self, what: &str, names: Option<&Names>) {
        if names.is_none_or(|names| names.0.is_empty()) {
            self.faults.push(
                Fault::error("", format!("nothing feeds the {what} of this loop"))
                    .help("add `fed_by:` with the name of a power component"),
            );
        }
    }

    pub(super) fn fan_power(&mut self, power: Option<Power>, default_w: f64, heat_w: f64) -> f64 {
        self.fan_power_of("fan_power", power, default_w, heat_w)
    }

    /// The power of fans that the field `field` gives.
    pub(super) fn fan_power_of(
        &mut self,
        field: &'static str,
        power: Option<Power>,
        default_w: f64,
        heat_w: f64,
    ) -> f64 {
        let fan_w = power.map_or(default_w, |p| p.0);
        if fan_w < 0.0 {
            self.error(field, "must not be negative".to_owned());
            return default_w;
        }
        if fan_w > 0.15 * heat_w {
            self.warning(
                field,
                format!(
                    "fans of {} for {} of heat are {:.0} %; 1 to 5 % is usual",
                    Power(fan_w),
                    Power(heat_w),
                    100.0 * fan_w / heat_w
                ),
            );
        }
        fan_w
    }

    /// Least speed of a running fan and the share of air or capacity at rest.
    pub(super) fn fan_speeds(
        &mut self,
        minimum: Option<Fraction>,
        free: Option<Fraction>,
    ) -> (f64, f64) {
        let (minimum, free) = (minimum.map_or(0.2, |f| f.0), free.map_or(0.1, |f| f.0));
        if !(0.01..1.0).contains(&minimum) {
            self.error("minimum_fan_speed", "must be at least 1 % and below 100 %".to_owned());
            return (0.2, 0.1);
        }
        if !(0.001..minimum).contains(&free) {
            self.error(
                "free_convection",
                format!(
                    "must be at least 0.1 % and below `minimum_fan_speed` of {:.0} %, got {:.1} %",
                    100.0 * minimum,
                    100.0 * free
                ),
            );
            return (minimum, 0.5 * minimum);
        }
        (minimum, free)
    }

    /// Conductance of a tower with its fans at rest, as a share of full.
    fn free_ua(&mut self, (air, ua, minimum): (f64, Option<Fraction>, f64)) -> f64 {
        let Some(Fraction(ua)) = ua else { return air };
        if (0.001..minimum).contains(&ua) {
            return ua;
        }
        self.error(
            "free_convection_ua",
            format!(
                "must be at least 0.1 % and below `minimum_fan_speed` of {:.0} %, got {:.1} %",
                100.0 * minimum,
                100.0 * ua
            ),
        );
        air
    }

    /// How fan power falls with speed.
    pub(super) fn fan_law(
        &mut self,
        (named, own): (Option<FanCurve>, Option<[f64; 4]>),
        default: FanCurve,
    ) -> FanLaw {
        let Some(c) = own else {
            return match named.unwrap_or(default) {
                FanCurve::Cube => FanLaw::Cube,
                FanCurve::Tower => FanLaw::Tower,
            };
        };
        if named.is_some() {
            self.error("own_fan_curve", "`fan_curve` names a curve already".to_owned());
        }
        let full: f64 = c.iter().sum();
        if !c.iter().all(|c| c.is_finite()) || (full - 1.0).abs() > 0.1 {
            self.error(
                "own_fan_curve",
                format!("comes to {full} of full power at full speed, which must be about 1"),
            );
            return FanLaw::Cube;
        }
        FanLaw::Cubic(c)
    }

    pub(super) fn recirculation(&mut self, recirculation: Option<TemperatureDelta>) -> f64 {
        self.between("recirculation", recirculation.map(|r| r.0), 0.0, (0.0, 20.0), "K")
    }

    pub(super) fn circuit(&mut self, input: &CircuitInput) -> CircuitDesign {
        let (specific_heat_j_kgk, density) = match input.coolant {
            Coolant::Water => (water::CP_WATER, water::DENSITY_WATER),
            Coolant::Pg25 => (water::CP_PG25, water::DENSITY_PG25),
        };
        let by_range = input.heat_w / (specific_heat_j_kgk * input.range_k);
        let (field, flow, has_range) = input.flow;
        if flow.is_some() && has_range {
            self.error(field, format!("`{field}` and a range both give the flow"));
        }
        let flow_kg_s = self.positive(field, flow.map(|f| f.0), by_range, "a flow");
        let (mut head_pa, mut efficiency) = (input.head_pa, input.efficiency);
        if head_pa < 0.0 {
            self.error("pump_head", "must not be negative".to_owned());
            head_pa = 0.0;
        }
        if efficiency < 0.05 {
            self.error("pump_efficiency", "must be at least 5 %".to_owned());
            efficiency = 0.7;
        }
        let derived_w = pumps::power_w(flow_kg_s / density, head_pa, efficiency);
        let mut pump_w = input.power.map_or(derived_w, |p| p.0);
        if pump_w < 0.0 {
            self.error("pump_power", "must not be negative".to_owned());
            pump_w = derived_w;
        }
        CircuitDesign {
            flow_kg_s,
            specific_heat_j_kgk,
            pump_w,
            pump_heat: input.heat.map_or(1.0, |h| h.0),
            pumps: self.count("pumps", input.pumps),
            pump_law: self.pump_law(input.law),
            approach_k: self.between(
                "approach",
                input.approach.map(|a| a.0),
                4.0,
                (0.0, 30.0),
                "K",
            ),
        }
    }

    /// How pumps are run, and what they lift.
    pub(super) fn pump_law(&mut self, (control, least, head): PumpInput) -> PumpLaw {
        let control = control.unwrap_or(PumpControl::Constant);
        let minimum_speed = least.map_or(0.3, |f| f.0);
        if !(0.05..=1.0).contains(&minimum_speed) {
            self.error("minimum_pump_speed", "must be at least 5 %".to_owned());
        }
        if least.is_some() && control == PumpControl::Constant {
            let message = "only pumps of `pump_control: variable-speed` have a least speed";
            self.error("minimum_pump_speed", message.to_owned());
        }
        let head_at_duty = head.map_or(PumpLaw::CONSTANT.head_at_duty, |f| f.0);
        if !(0.2..=0.98).contains(&head_at_duty) {
            self.error(
                "pump_head_at_duty",
                format!(
                    "a pump at duty lifts 20 to 98 % of what it lifts at no flow, got {:.0} %",
                    100.0 * head_at_duty
                ),
            );
            return PumpLaw::CONSTANT;
        }
        PumpLaw { control, minimum_speed: minimum_speed.clamp(0.05, 1.0), head_at_duty }
    }

    /// The tower of a loop and the design point that stands behind it.
    pub(super) fn tower(&mut self, input: &TowerInput) -> (TowerDesign, TowerPoint) {
        let wet_bulb_c = self.between(
            "design_wet_bulb",
            input.design_wet_bulb.map(|t| t.0),
            25.6,
            (-20.0, 40.0),
            "degC",
        );
        let air_flow_m3_s = self.positive(
            "air_flow",
            input.air_flow.map(|a| a.0),
            25e-6 * input.rejected_w,
            "an air flow",
        );
        let fan_w = self.fan_power(input.fan_power, 10.5e-3 * input.rejected_w, input.rejected_w);
        let (_, leaving, default_c) = input.leaving;
        let point = TowerPoint {
            heat_w: input.rejected_w,
            leaving_c: leaving.map_or(default_c, |t| t.0),
            range_k: input.rejected_w / (input.water_kg_s * water::CP_WATER),
            air: design_air(wet_bulb_c),
            air_flow_m3_s,
        };
        let drift = match input.drift {
            (share, Some(flow)) => {
                if share.is_some() {
                    self.error("drift_flow", "`drift` gives it as a share already".to_owned());
                }
                flow.0 * water::DENSITY_WATER / input.water_kg_s
            }
            (share, None) => share.map_or(2e-5, |d| d.0),
        };
        if drift > 0.005 {
            self.warning(
                "drift",
                format!(
                    "drift of {:.2} % of the circulating water is above the 0.5 % of the worst \
                     old towers",
                    100.0 * drift
                ),
            );
        }
        let cycles = self.cycles(input.cycles_of_concentration);
        let tower = TowerDesign {
            ua_w_k: self.evaporative_ua(
                "tower",
                input.ua,
                (input.leaving.0, input.leaving.1.is_some()),
                &point,
            ),
            air_flow_m3_s,
            water_kg_s: input.water_kg_s,
            fan_w,
            fan_at_sea_level: input.fan_power.is_none(),
            fan_law: self.fan_law(input.fan_curve, FanCurve::Tower),
            free_convection: input.free.0,
            free_ua: self.free_ua(input.free),
            flow_corrections: input.flow_corrections.unwrap_or(true),
            correction_wet_bulb_c: input.wet_bulb_correction.unwrap_or(true).then_some(wet_bulb_c),
            evaporation_per_k: input.evaporation_loss.map(|f| f.0),
            drift,
            cycles,
            cells: self.count("cells", input.cells),
        };
        (tower, point)
    }

    /// UA of a tower or of a sprayed coil, `what` it is: as given, or as `point` needs. `leaving`
    /// is the field that gives the temperature of the point, and whether it was written.
    pub(super) fn evaporative_ua(
        &mut self,
        what: &str,
        ua: Option<Conductance>,
        (field, is_written): (&'static str, bool),
        point: &TowerPoint,
    ) -> f64 {
        // About what the usual rating point needs; stands in where an error is reported.
        let usual = 0.06 * point.heat_w;
        if let Some(ua) = ua {
            if is_written {
                self.error("ua", format!("`ua` and `{field}` both size the {what}"));
            }
            return self.positive("ua", Some(ua.0), usual, "a conductance");
        }
        point.ua_w_k().unwrap_or_else(|| {
            self.faults.push(
                Fault::error(
                    field,
                    format!(
                        "no {what} with {} of air cools {} to {:.1} degC at a wet bulb of {:.1} degC",
                        VolumeFlow(point.air_flow_m3_s),
                        Power(point.heat_w),
                        point.leaving_c,
                        point.air.wet_bulb_c()
                    ),
                )
                .help(format!("raise `air_flow` or `{field}`")),
            );
            usual
        })
    }

    /// Cycles of concentration.
    pub(super) fn cycles(&mut self, cycles: Option<f64>) -> f64 {
        let cycles = cycles.unwrap_or(4.0);
        if cycles.is_finite() && cycles > 1.0 {
            return cycles;
        }
        self.error("cycles_of_concentration", format!("must be above 1, got `{cycles}`"));
        4.0
    }

    pub(super) fn catalogue_count(
        &mut self,
        (heat_w, water_w_k): (f64, f64),
        (dry_bulb_c, supply_c): (f64, f64),
    ) -> f64 {
        CATALOGUE.count(heat_w, water_w_k, supply_c - dry_bulb_c).unwrap_or_else(|| {
            self.faults.push(
                Fault::error(
                    "design_supply",
                    format!(
                        "no dry cooler of a sensible size cools {} to {supply_c:.1} degC with air \
                         of {dry_bulb_c:.1} degC",
                        Power(heat_w)
                    ),
                )
                .help("a supply 5 K or more above `design_dry_bulb` is usual"),
            );
            heat_w / CATALOGUE.heat_w
        })
    }

    /// Warns where the loop does not hold its setpoint at its own design point.
    pub(super) fn setpoint(
        &mut self,
        design: &HydronicDesign,
        air: &MoistAir,
        wanted: bool,
        weather: &str,
    ) {
        if design.setpoint_c < design.minimum_supply_c {
            self.warning(
                "supply",
                format!(
                    "the bypass holds the supply at {:.1} degC or more, above the wanted {:.1} degC",
                    design.minimum_supply_c, design.setpoint_c
                ),
            );
        }
        if !wanted || design.fan_control == FanControl::AlwaysOn {
            return;
        }
        let state = CoolingLoop::new(&LoopDesign::Hydronic(*design)).solve(
            design.design_heat_w,
            air,
            Drive::FULL,
        );
        if state.saturated && state.supply_c > design.setpoint_c + 0.05 {
            self.faults.push(
                Fault::warning(
                    "supply",
                    format!(
                        "{:.1} degC is not held at design heat and a {weather}: the loop reaches {:.1} degC",
                        design.setpoint_c, state.supply_c
                    ),
                )
                .help("on hotter days and at altitude it is warmer still"),
            );
        }
    }
}

/// Air of a tower's design point: at sea level, with the dry bulb of its usual rating.
pub(super) fn design_air(wet_bulb_c: f64) -> MoistAir {
    MoistAir::from_wet_bulb(wet_bulb_c.max(35.0), wet_bulb_c, 101_325.0)
}
