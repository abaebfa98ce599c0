//! What a part of the cooling does when something goes wrong: how much heat it can hold, how its
//! machines fail, are taken out and start again.

use super::CoolingSpec;
use super::bounds;
use super::check::{Check, Coolant};
use super::upkeep::{ControlDesign, RESTART, Service, Upkeep, UpkeepSpec};
use crate::kernel::Span;
use crate::plant::cooling::breakdowns::BreakdownLaw;
use crate::plant::cooling::loops::{CoolingLoop, LoopDesign};
use crate::plant::cooling::makeup::MakeUpDesign;
use crate::plant::cooling::per_machine::PerMachine;
use crate::spec::Fault;

/// What a loop does when something goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopOperation {
    /// Heat that its coolant and buffer tank take up per kelvin, J/K.
    pub coolant_j_k: f64,
    /// How long machines take to start after their bus was dead; chillers have a start delay of
    /// their own.
    pub restart: PerMachine<Span>,
    /// Machines beyond those that its design heat takes.
    pub standby: PerMachine<u32>,
    /// How each of them fails.
    pub failures: PerMachine<Option<BreakdownLaw>>,
    /// When each of them is taken out.
    pub services: PerMachine<Vec<Service>>,
    /// How the control of the fans fails.
    pub fan_control: ControlDesign,
    /// How the control that stages chillers and economiser fails.
    pub staging: ControlDesign,
    /// Its water.
    pub make_up: MakeUpDesign,
}

/// What an exchanger does when something goes wrong.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExchangerOperation {
    /// How long its pumps or fans take to start after their bus was dead.
    pub restart: Span,
    /// How many of them there are beyond those that its design heat takes.
    pub standby: u32,
    /// How one of them fails.
    pub failures: Option<BreakdownLaw>,
    /// When they are taken out.
    pub services: Vec<Service>,
    /// How the valve on the loop's side fails.
    pub valve: ControlDesign,
}

/// Coolant of a loop, m3 per watt of design heat: 2.9 L per kilowatt, as much as two minutes of
/// flow at a range of 10 K hold.
const COOLANT_M3_W: f64 = 2.9e-6;

impl CoolingSpec {
    /// How the loop `design`, which this became, behaves when something goes wrong.
    pub fn operation(&self, design: &LoopDesign, faults: &mut Vec<Fault>) -> LoopOperation {
        let parts = self.parts();
        let check = &mut Check { faults };
        let usual_m3 = COOLANT_M3_W * design.design_heat_w();
        let volume_m3 = check.bounded("volume", parts.volume(), usual_m3, &bounds::VOLUME);
        let volume_m3 = volume_m3 + check.bounded("buffer", parts.buffer(), 0.0, &bounds::VOLUME);
        let j_m3k = parts.coolant().unwrap_or(Coolant::Water).j_m3k();
        let coolant_j_k = if design.is_ventilation() { 0.0 } else { volume_m3 * j_m3k };

        let units = CoolingLoop::new(design).units();
        let (fans, pumps, chillers) = (parts.fans(), parts.pumps(), parts.all_chillers());
        let (chillers_upkeep, staged_by) = match parts.chillers() {
            Some(_) => ("chillers.upkeep", "chillers.control_upkeep"),
            None => ("trim.chillers.upkeep", "trim.chillers.control_upkeep"),
        };
        let mut upkeep = |field, part: Option<&UpkeepSpec>, units, restart| {
            check.within(field, |check| {
                part.map_or_else(Upkeep::default, |spec| spec.resolve(check, units, restart))
            })
        };
        let machines = PerMachine {
            fans: upkeep("fans.upkeep", fans.map(|part| &part.upkeep), units.fans, RESTART),
            pumps: upkeep("pumps.upkeep", pumps.map(|part| &part.upkeep), units.pumps, RESTART),
            chillers: Upkeep {
                restart: Span::ZERO,
                ..upkeep(
                    chillers_upkeep,
                    chillers.map(|part| &part.upkeep),
                    units.chillers,
                    Span::ZERO,
                )
            },
        };
        let fan_control = fans.map_or_else(ControlDesign::default, |part| {
            check.within("fans.control_upkeep", |check| part.control_upkeep.resolve(check))
        });
        let staging = chillers.map_or_else(ControlDesign::default, |part| {
            let control = &part.control_upkeep;
            check.within(staged_by, |check| control.resolve_stuck(check))
        });
        let make_up = match parts.water() {
            Some(water) => water.resolve(design.evaporates(), check.faults),
            None => MakeUpDesign::default(),
        };
        LoopOperation {
            coolant_j_k,
            restart: machines.each_ref().map(|machine| machine.restart),
            standby: machines.each_ref().map(|machine| machine.standby),
            failures: machines.each_ref().map(|machine| machine.failures),
            services: machines.map(|machine| machine.services),
            fan_control,
            staging,
            make_up,
        }
    }

    /// How an exchanger with `movers` pumps or fans behaves when something goes wrong.
    pub fn exchanger_operation(&self, movers: u32, faults: &mut Vec<Fault>) -> ExchangerOperation {
        let parts = self.parts();
        let check = &mut Check { faults };
        let (field, upkeep) = match (parts.pumps(), parts.fans()) {
            (Some(pumps), _) => ("pumps.upkeep", &pumps.upkeep),
            (None, Some(fans)) => ("fans.upkeep", &fans.upkeep),
            (None, None) => return ExchangerOperation::default(),
        };
        let upkeep = check.within(field, |check| upkeep.resolve(check, movers, RESTART));
        let valve = parts.valve().map_or_else(ControlDesign::default, |valve| {
            check.within("valve", |check| valve.resolve(check))
        });
        ExchangerOperation {
            restart: upkeep.restart,
            standby: upkeep.standby,
            failures: upkeep.failures,
            services: upkeep.services,
            valve,
        }
    }
}
