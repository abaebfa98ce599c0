//! A pumped loop: coolant between racks and a device that gives their heat to the weather.

use super::basin::BasinHeater;
use super::circuit::{CircuitDesign, Stream};
use super::device::{Asked, Rejected};
use super::devices::DeviceDesign;
use super::exchange::RackExchanger;
use super::head::Head;
use super::pumps::Pumping;
use super::staging::{Control, FanControl};
use super::state::{Drive, LoopState, still};
use super::trim::{self, AtMost, TrimDesign, Worked};
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
    /// What cools the coolant on behind the device, if anything does.
    pub trim: Option<TrimDesign>,
}

impl HydronicDesign {
    /// The most that fans, spray pumps and basin heaters draw, W.
    pub(super) fn max_fan_w(&self) -> f64 {
        let of_trim_w =
            self.trim.as_ref().and_then(TrimDesign::tower).map_or(0.0, |c| c.tower.fan_w);
        self.device.max_fan_w() + self.basin.map_or(0.0, |basin| basin.max_w()) + of_trim_w
    }

    /// The most that pumps of the loop and of its trim's condensers draw, W.
    pub(super) fn max_pump_w(&self) -> f64 {
        let trim = self.trim.as_ref().and_then(TrimDesign::tower);
        self.circuit.pump_w + trim.map_or(0.0, |plant| plant.condenser_pump_w)
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
        let device = self.device_with(drive);
        let head = match self.trim.as_ref().map(|trim| trim.behind(device, &asked, drive)) {
            Some(Ok(worked)) => {
                let state = LoopState { pump_w, flow, ..trimmed(&worked, &asked, standing_w) };
                let rack_inlet_c = racks.inlet_c(state.supply_c, heat_w, flow);
                let pump_w = pump_w + state.condenser_pump_w;
                return LoopState { rack_inlet_c, pump_w, ..state };
            }
            Some(Err(head)) => head,
            None => Head::Free,
        };
        if device.is_none() {
            let (fan_w, heater_w) = (standing_w, standing_w);
            return LoopState { fan_w, heater_w, pump_w, flow, head, ..still(air) };
        }
        let Rejected { staged, fan_w, spray_w, wet, dry_w, vapour, air_ratio, water } =
            self.device.run(&asked);
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
            economiser_w: if self.trim.is_some() { total_w } else { 0.0 },
            head,
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
        let device = self.device_with(drive);
        let trimmed = self.trim.as_ref().map(|trim| trim.behind(device, &asked, drive));
        match (trimmed, device) {
            (Some(Ok(worked)), _) => Some(worked.supply_c),
            (_, device) => Some(device?.settle(&asked).leaving_c),
        }
    }

    /// The supply of the steady state by heat of racks in W, degrees Celsius, to ask again and again
    /// whether it is warmer than `c`; none where the loop stands. Where two machines share the heat
    /// nothing else of it is true: what one takes is that which it takes from coolant at `c`, and is
    /// not searched for.
    pub(super) fn supply_about<'a>(
        &'a self,
        c: f64,
        air: &'a MoistAir,
        drive: &'a Drive,
    ) -> impl Fn(f64) -> Option<f64> + 'a {
        let device = self.device_with(drive);
        // Below the setpoint the device cools alone.
        let held = c >= self.setpoint_c.max(self.minimum_supply_c);
        let trim = self.trim.as_ref().filter(|_| held);
        let trim = trim.map_or(AtMost::Rests, |trim| trim.at_most(c, air, drive));
        move |heat_w| {
            if trim == AtMost::Trips {
                return self.supply_c(heat_w, air, drive);
            }
            let pumping = self.circuit.run(drive.pumps, heat_w / self.design_heat_w);
            let asked = self.asked(heat_w, pumping, air, drive)?;
            match trim {
                AtMost::Takes(most_w) => Some(c + trim::excess_k(device, &asked, c, most_w)),
                _ if held => Some(device?.supply_about_c(c, &asked)),
                _ => Some(device?.settle(&asked).leaving_c),
            }
        }
    }

    /// The device, unless it is a tower without water.
    fn device_with(&self, drive: &Drive) -> Option<&DeviceDesign> {
        let dry_tower = !drive.may_evaporate && matches!(self.device, DeviceDesign::Tower(_));
        (!dry_tower).then_some(&self.device)
    }

    /// What is asked of the device with `heat_w` of racks and the pumps running as they do; none
    /// where no coolant goes round, or a tower has no water and nothing is behind it.
    fn asked<'a>(
        &self,
        heat_w: f64,
        Pumping { flow, power }: Pumping,
        air: &'a MoistAir,
        drive: &Drive,
    ) -> Option<Asked<'a>> {
        let circuit = &self.circuit;
        if flow == 0.0 || (self.device_with(drive).is_none() && self.trim.is_none()) {
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

/// The state of a loop whose trim works, but for its own pumps and its racks; basin heaters of a device
/// without water draw `standing_w`.
fn trimmed(worked: &Worked, asked: &Asked<'_>, standing_w: f64) -> LoopState {
    let Worked { supply_c, device_c, device_w, device, trim, left_w, saturated } = *worked;
    let wet = device.is_some_and(|device| device.wet);
    let heater_w = if wet { 0.0 } else { standing_w };
    let mut state = LoopState {
        supply_c,
        return_c: supply_c + (asked.heat_w - left_w) / asked.coolant.w_k,
        device_c,
        fan_w: trim.fan_w + heater_w,
        heater_w,
        condenser_pump_w: trim.condenser_pump_w,
        chiller_w: trim.chiller_w,
        water: trim.water,
        heat_rejected_w: trim.heat_rejected_w + device_w,
        dry_w: trim.dry_w,
        air_w: trim.air_w,
        economiser_w: device_w,
        lifted_w: trim.lifted_w,
        bought_w: trim.bought_w,
        left_w,
        head: trim.head,
        saturated,
        flowing: true,
        ..still(asked.air)
    };
    if let Some(device) = device {
        state.fan_w += device.fan_w;
        state.spray_w = device.spray_w;
        state.fan_speed = device.staged.speed();
        state.air_ratio = device.air_ratio;
        state.water = state.water.beside(device.water);
        state.dry_w += device.dry_w;
        state.air_w += device.vapour.air_w;
    }
    state
}
