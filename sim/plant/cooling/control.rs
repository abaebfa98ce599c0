//! What the operator of a chiller plant decides: how many chillers run, and in which mode the
//! economiser is.
//!
//! [`CoolingLoop::solve`] answers for a plant that is run at its best at every instant. A
//! [`PlantControl`] has a memory: machines start after a delay, run and rest for a least time,
//! and modes change by dead bands. It decides only when it is asked, and says when it wants to
//! be asked next, so that no time step is needed.

mod bank;

use self::bank::{Bank, Load};
use super::loops::{CoolingLoop, LoopDesign};
use super::pool::UnitState;
use super::state::{CHILLERS_ON_K, CoolingMode, Drive, ECONOMISER_ON_K, LoopState, Regime};
use crate::fluids::MoistAir;
use crate::kernel::{Span, Time};

/// Dead bands of the economiser's modes, K, and the least time in each: those of the examples
/// of the Modelica Buildings library, whose controller follows Stein (2009).
const ECONOMISER_OFF_K: f64 = 0.5;
const CHILLERS_OFF_K: f64 = 0.5;
/// Chilled water this much too warm means that the chillers fall short, K.
const SHORT_K: f64 = 0.05;

/// The memory of a chiller plant's operator.
#[derive(Debug, Clone)]
pub struct PlantControl {
    bank: Bank,
    /// Least time in a mode.
    least_time: Span,
    mode: CoolingMode,
    mode_since: Time,
}

impl PlantControl {
    /// The operator of `plant`, or `None` for plants without chillers. It takes over a plant
    /// that has long been run as it is at its best with `heat_w` in `air`.
    pub fn new(plant: &CoolingLoop, heat_w: f64, air: &MoistAir, now: Time) -> Option<Self> {
        let chillers = plant.design().chillers()?;
        let state = plant.solve(heat_w, air, Drive::FULL);
        let evaporator_w = heat_w + chilled_pump_w(plant.design(), heat_w, true);
        let mode = if state.chiller_w == 0.0 && state.economiser_w > 0.0 {
            CoolingMode::Free
        } else if state.economiser_w > 0.0 || plant.design().trim().is_some() {
            CoolingMode::Partial
        } else {
            CoolingMode::Mechanical
        };
        let load_w = evaporator_w - state.economiser_w;
        let running = match mode {
            CoolingMode::Free => 0.0,
            _ if state.saturated => f64::from(chillers.units),
            _ => chillers.running(load_w, f64::from(chillers.units)),
        };
        let staging = chillers.staging;
        Some(Self {
            bank: Bank::new(staging, chillers.units, running as u32, now),
            least_time: staging.least_time,
            mode,
            mode_since: Time::ZERO,
        })
    }

    /// How the plant is run now.
    pub fn regime(&self) -> Regime {
        Regime { running: self.bank.running(), mode: self.mode }
    }

    /// What each chiller is doing.
    pub fn units(&self) -> &[UnitState] {
        self.bank.units()
    }

    /// Carries out at `now` what has been decided before, and decides nothing: the control is
    /// frozen. When to ask again.
    pub fn hold(&mut self, now: Time, powered: bool) -> Time {
        let before = self.regime();
        let next = self.bank.hold(now, powered);
        if self.regime() == before { next } else { now }
    }

    /// Breaks a chiller, takes it out for maintenance, or puts it back into standby.
    pub fn set_unit(&mut self, unit: usize, state: UnitState) {
        self.bank.set(unit, state);
    }

    /// The chillers that run or start trip on the pressure in their condensers. How many do.
    pub fn trip(&mut self, now: Time) -> u32 {
        self.bank.trip(now)
    }

    /// Those that have tripped are reset, for what enters their condensers is cool again: they may
    /// start once they have rested. How many are.
    pub fn reset(&mut self) -> u32 {
        self.bank.reset()
    }

    /// Looks at the plant as it has settled at `state` with `heat_w` in `air`, and decides.
    /// `powered` says whether the chillers have power.
    ///
    /// The [`regime`](Self::regime) may then be another; the instant returned is when to ask
    /// again if nothing changes before: `now` itself where the plant must first settle anew,
    /// [`Time::MAX`] for never.
    pub fn advance(
        &mut self,
        now: Time,
        plant: &CoolingLoop,
        (heat_w, air): (f64, &MoistAir),
        state: &LoopState,
        powered: bool,
    ) -> Time {
        let before = self.regime();
        let Some(chillers) = plant.design().chillers() else { return Time::MAX };
        let next_mode = self.change_mode(now, plant, (heat_w, air), state);
        let evaporator_w = heat_w + chilled_pump_w(plant.design(), heat_w, state.pump_w > 0.0);
        let set_c = setpoint_c(plant.design());
        let load_w = match self.mode {
            CoolingMode::Free => 0.0,
            CoolingMode::Partial if state.supply_c <= set_c + SHORT_K => {
                evaporator_w - state.economiser_w
            }
            CoolingMode::Partial => {
                // Warm water gives the economiser more than it will have once chillers hold
                // the setpoint.
                let regime = Some(Regime { running: chillers.units, ..self.regime() });
                let held = plant.solve(heat_w, air, Drive { regime, ..Drive::FULL });
                evaporator_w - held.economiser_w
            }
            CoolingMode::Mechanical => evaporator_w,
        };
        let load = Load {
            units: load_w / chillers.capacity_w,
            warm: self.mode != CoolingMode::Free && state.supply_c > set_c + SHORT_K,
            short: self.mode != CoolingMode::Free
                && state.flowing
                && state.supply_c > set_c + SHORT_K,
            powered,
        };
        let next = self.bank.advance(now, &load).min(next_mode);
        if self.regime() == before { next } else { now }
    }

    /// Changes the economiser's mode if it is time. When it may be.
    fn change_mode(
        &mut self,
        now: Time,
        plant: &CoolingLoop,
        (heat_w, air): (f64, &MoistAir),
        state: &LoopState,
    ) -> Time {
        let design = plant.design();
        // A trim can do what a tower without water no longer does.
        let device_stands = design.trim().is_some() && state.flow > 0.0 && !state.flowing;
        if !design.has_modes() || (!state.flowing && !device_stands) {
            return Time::MAX;
        }
        let due = self.mode_since + self.least_time;
        if due > now {
            return due;
        }
        let set_c = setpoint_c(design);
        // Chillers rest again at the same part of any dead band.
        let of_trim = |band_k: f64| (band_k, band_k * (CHILLERS_OFF_K / CHILLERS_ON_K));
        let usual = (CHILLERS_ON_K, CHILLERS_OFF_K);
        let (on_k, off_k) = design.trim().map_or(usual, |trim| of_trim(trim.dead_band_k));
        // Chilled water behind the economiser, with the plant in a mode.
        let behind = |state: &LoopState| {
            let range_k = state.return_c - state.supply_c;
            let evaporator_w = heat_w + chilled_pump_w(plant.design(), heat_w, true);
            state.return_c - range_k * state.economiser_w / evaporator_w
        };
        let wanted = match self.mode {
            _ if device_stands => CoolingMode::Partial,
            CoolingMode::Free if state.supply_c > set_c + on_k => CoolingMode::Partial,
            CoolingMode::Partial if behind(state) <= set_c + off_k => CoolingMode::Free,
            // Behind a device that is of no use a trim goes on with its coolant led past it.
            CoolingMode::Partial
                if design.trim().is_none() && behind(state) > state.return_c - ECONOMISER_OFF_K =>
            {
                CoolingMode::Mechanical
            }
            CoolingMode::Mechanical => {
                let regime = Regime { mode: CoolingMode::Partial, ..self.regime() };
                let tried = plant.solve(heat_w, air, Drive { regime: Some(regime), ..Drive::FULL });
                if tried.return_c > behind(&tried) + ECONOMISER_ON_K {
                    CoolingMode::Partial
                } else {
                    CoolingMode::Mechanical
                }
            }
            same => same,
        };
        if wanted == self.mode {
            return Time::MAX;
        }
        self.mode = wanted;
        self.mode_since = now;
        now
    }
}

/// What the pumps of chilled water put into it, all of them `running`, W.
fn chilled_pump_w(design: &LoopDesign, heat_w: f64, running: bool) -> f64 {
    let (circuit, load) = match design {
        LoopDesign::ChillerPlant(plant) => (&plant.circuit, heat_w / plant.design_heat_w),
        LoopDesign::AirCooledChiller(plant) => (&plant.circuit, heat_w / plant.design_heat_w),
        LoopDesign::Hydronic(plant) => (&plant.circuit, heat_w / plant.design_heat_w),
        LoopDesign::Ventilation(_) => return 0.0,
    };
    let share = if running { 1.0 } else { 0.0 };
    circuit.pump_law.run(share, load).power * circuit.pump_heat_w()
}

fn setpoint_c(design: &LoopDesign) -> f64 {
    match design {
        LoopDesign::ChillerPlant(plant) => plant.setpoint_c,
        LoopDesign::AirCooledChiller(plant) => plant.setpoint_c,
        LoopDesign::Hydronic(plant) => plant.setpoint_c.max(plant.minimum_supply_c),
        LoopDesign::Ventilation(_) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests;
