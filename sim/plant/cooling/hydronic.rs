//! A pumped loop: coolant between racks and a device that gives their heat to the weather.

use super::basin::BasinHeater;
use super::circuit::{CircuitDesign, Stream};
use super::device::{Asked, Rejected};
use super::dry_cooler::DryCoolerDesign;
use super::exchange::RackExchanger;
use super::fluid_cooler::FluidCoolerDesign;
use super::hybrid::HybridDesign;
use super::pumps::Pumping;
use super::staging::{Control, FanControl};
use super::state::{Drive, LoopState, still};
use super::tower::TowerDesign;
use crate::fluids::MoistAir;

/// A pumped loop and the device at its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HydronicDesign {
    /// Heat of the racks that the loop is meant for, W.
    pub design_heat_w: f64,
    /// Pumps, coolant and the exchanger to the racks.
    pub circuit: CircuitDesign,
    /// What the heat leaves by.
    pub device: DeviceDesign,
    /// How the fans are run.
    pub fan_control: FanControl,
    /// Wanted supply temperature, degrees Celsius.
    pub setpoint_c: f64,
    /// Least supply temperature, held by a bypass against frost, degrees Celsius.
    pub minimum_supply_c: f64,
    /// Least speed of a running fan as a share of full speed.
    pub minimum_fan_speed: f64,
    /// The heater in the basins of its device, if any.
    pub basin: Option<BasinHeater>,
}

/// The heat-rejection device of a pumped loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeviceDesign {
    /// Open cooling tower.
    Tower(TowerDesign),
    /// Dry cooler.
    DryCooler(DryCoolerDesign),
    /// Evaporative fluid cooler.
    FluidCooler(FluidCoolerDesign),
    /// Dry cooler ahead of an open tower.
    Hybrid(HybridDesign),
}

impl HydronicDesign {
    /// The most that fans, spray pumps and basin heaters draw, W.
    pub(super) fn max_fan_w(&self) -> f64 {
        self.device.max_fan_w() + self.basin.map_or(0.0, |basin| basin.max_w())
    }

    /// The steady state at `heat_w`: as the device runs to hold the setpoint, or as near as it can.
    pub(super) fn solve(
        &self,
        heat_w: f64,
        air: &MoistAir,
        drive: &Drive,
        racks: &RackExchanger,
    ) -> LoopState {
        let circuit = &self.circuit;
        let pumping = circuit.run(drive.pumps, heat_w / self.design_heat_w);
        let Pumping { flow, power } = pumping;
        let fans = drive.fans.clamp(0.0, 1.0);
        // What the heater of a basin without running water draws. It has power with the fans, and
        // is off where water is short: the basin may be empty.
        let standing_w = match self.basin {
            Some(basin) if drive.may_evaporate => fans * basin.power_w(air),
            _ => 0.0,
        };
        let pump_w = power * circuit.pump_w;
        let Some(asked) = self.asked(heat_w, pumping, air, drive) else {
            let (fan_w, heater_w) = (standing_w, standing_w);
            return LoopState { fan_w, heater_w, pump_w, flow, ..still(air) };
        };
        let total_w = asked.heat_w;
        let Rejected { staged, fan_w, spray_w, wet, dry_w, vapour, air_ratio, water } =
            match &self.device {
                DeviceDesign::Tower(tower) => tower.run(&asked),
                DeviceDesign::DryCooler(cooler) => cooler.run(&asked),
                DeviceDesign::FluidCooler(cooler) => cooler.run(&asked),
                DeviceDesign::Hybrid(hybrid) => hybrid.run(&asked),
            };
        let range_k = asked.range_k();
        let heater_w = if wet { 0.0 } else { standing_w };
        LoopState {
            supply_c: staged.leaving_c,
            return_c: staged.leaving_c + range_k,
            rack_inlet_c: racks.inlet_c(staged.leaving_c, heat_w, flow),
            device_c: staged.leaving_c,
            fan_w: fan_w + heater_w,
            pump_w,
            flow,
            spray_w,
            heater_w,
            fan_speed: staged.speed(),
            air_ratio,
            water,
            heat_rejected_w: total_w,
            dry_w,
            air_w: vapour.air_w,
            saturated: staged.saturated,
            flowing: true,
            ..still(air)
        }
    }

    /// The supply of the steady state at `heat_w`, degrees Celsius, at less cost; none where the loop
    /// stands.
    pub(super) fn supply_c(&self, heat_w: f64, air: &MoistAir, drive: &Drive) -> Option<f64> {
        let pumping = self.circuit.run(drive.pumps, heat_w / self.design_heat_w);
        let asked = self.asked(heat_w, pumping, air, drive)?;
        let settled = match &self.device {
            DeviceDesign::Tower(tower) => tower.settle(&asked),
            DeviceDesign::DryCooler(cooler) => cooler.settle(&asked),
            DeviceDesign::FluidCooler(cooler) => cooler.settle(&asked),
            DeviceDesign::Hybrid(hybrid) => hybrid.settle(&asked),
        };
        Some(settled.leaving_c)
    }

    /// What is asked of the device with `heat_w` of racks and the pumps running as they do; none
    /// where no coolant goes round or a tower has no water.
    fn asked<'a>(
        &self,
        heat_w: f64,
        Pumping { flow, power }: Pumping,
        air: &'a MoistAir,
        drive: &Drive,
    ) -> Option<Asked<'a>> {
        let circuit = &self.circuit;
        let dry_tower = !drive.may_evaporate && matches!(self.device, DeviceDesign::Tower(_));
        if flow == 0.0 || dry_tower {
            return None;
        }
        let coolant_kg_s = flow * circuit.flow_kg_s;
        let control = Control {
            fans: self.fan_control,
            setpoint_c: self.setpoint_c,
            minimum_c: self.minimum_supply_c,
            minimum_speed: self.minimum_fan_speed,
            fixed_speed: drive.fan_speed,
            by_return: matches!(self.device, DeviceDesign::Tower(_)),
        };
        Some(Asked {
            heat_w: heat_w + circuit.pump_heat * (power * circuit.pump_w),
            coolant: Stream { kg_s: coolant_kg_s, w_k: coolant_kg_s * circuit.specific_heat_j_kgk },
            air,
            fans: drive.fans.clamp(0.0, 1.0),
            control,
            may_evaporate: drive.may_evaporate,
        })
    }
}

impl DeviceDesign {
    /// The most that its fans and spray pumps draw, W.
    fn max_fan_w(&self) -> f64 {
        match self {
            Self::Tower(t) => t.fan_w,
            Self::DryCooler(d) => d.fan_w,
            Self::FluidCooler(f) => f.dry.fan_w + f.spray.pump_w,
            Self::Hybrid(h) => h.dry.fan_w + h.tower.fan_w,
        }
    }

    /// Number of cells or units, which fail one at a time.
    pub(super) fn units(&self) -> u32 {
        match self {
            Self::Tower(t) => t.cells,
            Self::DryCooler(d) => d.units,
            Self::FluidCooler(f) => f.dry.units,
            Self::Hybrid(h) => h.tower.cells,
        }
    }
}
