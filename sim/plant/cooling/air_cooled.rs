//! Chilled water from chillers whose condensers are cooled by outdoor air.

use super::chiller::{ChillerDesign, Entering, overloaded_c};
use super::circuit::CircuitDesign;
use super::exchange::RackExchanger;
use super::head::Head;
use super::pumps::Pumping;
use super::state::{BOILING_C, Drive, LoopState, still};
use crate::fluids::MoistAir;

/// Chilled water from chillers whose condensers are cooled by outdoor air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AirCooledChillerDesign {
    /// Heat of the racks that the plant is meant for, W.
    pub design_heat_w: f64,
    /// The chilled water: pumps and the exchanger to the racks.
    pub circuit: CircuitDesign,
    /// Wanted temperature of the chilled water, degrees Celsius.
    pub setpoint_c: f64,
    /// The chillers, the fans of their condensers included.
    pub chillers: ChillerDesign,
    /// How much warmer than the weather the air enters the condensers, K.
    pub recirculation_k: f64,
}

impl AirCooledChillerDesign {
    /// The steady state at `heat_w`, in closed form.
    pub(super) fn solve(
        &self,
        heat_w: f64,
        air: &MoistAir,
        drive: &Drive,
        racks: &RackExchanger,
    ) -> LoopState {
        let pumping = self.circuit.run(drive.pumps, heat_w / self.design_heat_w);
        let evaporator_w = heat_w + pumping.power * self.circuit.pump_heat_w();
        self.chill(air, drive, pumping, |available, entering| {
            let most_w = |running, x| self.chillers.most(running, x, entering).heat_w;
            let excess = |x| evaporator_w - most_w(available, x);
            let overloaded = excess(self.setpoint_c) > 0.0;
            let supply_c = match overloaded {
                true => overloaded_c(self.setpoint_c, self.chillers.most_supply_c(), false, excess),
                false => self.setpoint_c,
            };
            let mut running = match drive.regime {
                Some(_) => available,
                None => self.chillers.running(evaporator_w, available),
            };
            while running < available && most_w(running, supply_c) < evaporator_w {
                running = (running + 1.0).min(available);
            }
            let carried_w = if supply_c < BOILING_C {
                evaporator_w
            } else {
                evaporator_w.min(most_w(running, supply_c))
            };
            let state = LoopState {
                rack_inlet_c: racks.inlet_c(supply_c, heat_w, pumping.flow),
                left_w: evaporator_w - carried_w,
                saturated: overloaded,
                ..still(air)
            };
            (Chilled { running, supply_c, carried_w }, state)
        })
    }

    /// The state with the chillers at their most and their water leaving at `supply_c`.
    pub(super) fn at_most(&self, supply_c: f64, air: &MoistAir, drive: &Drive) -> LoopState {
        let pumping = self.circuit.run(drive.pumps, f64::INFINITY);
        self.chill(air, drive, pumping, |running, entering| {
            let carried_w = self.chillers.most(running, supply_c, entering).heat_w;
            let state = LoopState { rack_inlet_c: supply_c, saturated: true, ..still(air) };
            (Chilled { running, supply_c, carried_w }, state)
        })
    }

    /// The state of chillers that are run as `how` says of those available: with what of it the
    /// chillers know nothing of.
    fn chill(
        &self,
        air: &MoistAir,
        drive: &Drive,
        Pumping { flow, power }: Pumping,
        how: impl FnOnce(f64, Entering) -> (Chilled, LoopState),
    ) -> LoopState {
        let pump_w = power * self.circuit.pump_w;
        let available = self.chillers.available(drive);
        let entering = Entering { c: air.dry_bulb_c + self.recirculation_k, flow: 1.0 };
        let head = match available > 0.0 {
            true => self.chillers.most(available, self.setpoint_c, entering).head,
            false => Head::Free,
        };
        if flow == 0.0 || available == 0.0 || head == Head::Trips {
            return LoopState { pump_w, flow, head, ..still(air) };
        }
        let (Chilled { running, supply_c, carried_w }, state) = how(available, entering);
        let chiller_w = self.chillers.power_w(running, carried_w, supply_c, entering.c);
        let rejected_w = carried_w + self.chillers.compressor_heat * chiller_w;
        LoopState {
            supply_c,
            return_c: supply_c + carried_w / self.circuit.capacity_w_k(flow),
            device_c: supply_c,
            pump_w,
            flow,
            chiller_w,
            heat_rejected_w: rejected_w,
            dry_w: rejected_w,
            head: if state.saturated { head } else { Head::Free },
            flowing: true,
            ..state
        }
    }
}

/// How chillers run: how many, at which temperature of their water, with how much heat.
struct Chilled {
    running: f64,
    supply_c: f64,
    carried_w: f64,
}
