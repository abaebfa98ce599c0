//! What a part of the cooling does when something goes wrong, as users write it: how much heat
//! it can hold, how long its machines take to start again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::breakdowns::BreakdownLaw;
use super::super::loops::{CoolingLoop, LoopDesign};
use super::super::makeup::MakeUpDesign;
use super::super::per_machine::{Machine, PerMachine};
use super::super::state::ControlFault;
use super::upkeep::{
    ControlDesign, ControlFailuresSpec, ControlFaultsSpec, MaintenanceSpec, Service, StandbySpec,
};
use super::{Coolant, CoolingSpec};
use crate::fluids::water::{CP_WATER, DENSITY_WATER};
use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::{Duration, Rate, Volume};

/// How long the machines of a loop take to start after their bus was dead. (Chillers have their
/// `start_delay`.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartSpec {
    /// Pumps (default 20 s, of 10 to 30 s usual).
    pub pumps: Option<Duration>,
    /// Fans (default 20 s: an assumption, as pumps).
    pub fans: Option<Duration>,
}

/// How alike units fail and come back, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFailuresSpec {
    /// Failures of one unit a unit of time in service, exponential.
    pub rate: Rate,
    /// Mean time to repair (default 24 h: an assumption).
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential
    /// where absent.
    pub repair_sigma: Option<f64>,
}

/// How the machines of a loop fail and come back. What is absent never fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitsFailuresSpec {
    /// Fans: cells of a tower, units of a dry cooler, exhaust fans of a hall.
    pub fans: Option<UnitFailuresSpec>,
    /// Pumps; those of chilled and of condenser water in pairs.
    pub pumps: Option<UnitFailuresSpec>,
    /// Chillers.
    pub chillers: Option<UnitFailuresSpec>,
    /// The control of the fans' speed, all of them together.
    pub fan_control: Option<ControlFailuresSpec>,
    /// The control that starts and stops chillers and changes the economiser's mode: while it has
    /// failed, nothing is started, stopped or changed.
    pub staging: Option<UnitFailuresSpec>,
}

impl UnitFailuresSpec {
    /// The law, or none where the rate is zero.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> Option<BreakdownLaw> {
        let repair_mean_s = self.repair_mean.map_or(86_400.0, Duration::as_secs_f64);
        let mut wrong = |message: &str| faults.push(Fault::error("failures", message));
        if self.rate.0 < 0.0 {
            wrong("a rate of failures is not negative");
        }
        if repair_mean_s <= 0.0 {
            wrong("a repair takes time");
        }
        if self.repair_sigma.is_some_and(|sigma| !(0.0..=5.0).contains(&sigma)) {
            wrong("`repair_sigma` lies between 0 and 5");
        }
        (self.rate.0 > 0.0).then_some(BreakdownLaw {
            rate_per_s: self.rate.0,
            repair_mean_s,
            repair_sigma: self.repair_sigma,
        })
    }
}

/// What a loop does when something goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopOperation {
    /// Heat that its coolant and buffer tank take up by a kelvin, J/K.
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

/// Pumps and fans start within this after their bus was dead.
const RESTART: Span = Span::from_secs(20);
/// Coolant of a loop, m3 a watt of design heat: 2.9 L a kilowatt, which is what two minutes of
/// flow at a range of 10 K hold.
const COOLANT_M3_W: f64 = 2.9e-6;

impl CoolingSpec {
    /// How the loop `design`, which this became, behaves when something goes wrong.
    pub fn operation(&self, design: &LoopDesign, faults: &mut Vec<Fault>) -> LoopOperation {
        let (volume, buffer, restart) = match self {
            Self::Tower(s) => (s.volume, s.buffer, s.restart),
            Self::DryCooler(s) => (s.volume, s.buffer, s.restart),
            Self::FluidCooler(s) => (s.volume, s.buffer, s.restart),
            Self::HybridCooler(s) => (s.volume, s.buffer, s.restart),
            Self::ChillerPlant(s) => (s.volume, s.buffer, s.restart),
            Self::AirCooledChiller(s) => (s.volume, s.buffer, s.restart),
            Self::Ventilation(s) => (None, None, s.restart),
            Self::Cdu(_) | Self::AirHandler(_) | Self::ImmersionTank(_) => (None, None, None),
        };
        let mut positive = |field, volume: Option<Volume>, default: f64| match volume {
            Some(volume) if volume.0 < 0.0 => {
                faults.push(Fault::error(field, "a volume is not negative"));
                default
            }
            volume => volume.map_or(default, |volume| volume.0),
        };
        let volume_m3 = positive("volume", volume, COOLANT_M3_W * design.design_heat_w());
        let volume_m3 = volume_m3 + positive("buffer", buffer, 0.0);
        let j_m3k = match self {
            Self::DryCooler(s) => s.coolant.unwrap_or(Coolant::Water).j_m3k(),
            Self::FluidCooler(s) => s.coolant.unwrap_or(Coolant::Water).j_m3k(),
            _ => Coolant::Water.j_m3k(),
        };
        let coolant_j_k = if design.is_ventilation() { 0.0 } else { volume_m3 * j_m3k };
        let RestartSpec { pumps, fans } = restart.unwrap_or_default();
        let span = |value: Option<Duration>, default| value.map_or(default, Span::from);
        let restart = PerMachine {
            fans: span(fans, RESTART),
            pumps: span(pumps, RESTART),
            chillers: Span::ZERO,
        };
        let upkeep = match self {
            Self::Tower(s) => Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults),
            Self::DryCooler(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::FluidCooler(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::HybridCooler(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::ChillerPlant(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::AirCooledChiller(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::Ventilation(s) => {
                Upkeep::of(s.standby, s.failures, &s.maintenance, &s.control_faults)
            }
            Self::Cdu(_) | Self::AirHandler(_) | Self::ImmersionTank(_) => Upkeep::default(),
        };
        let UnitsFailuresSpec { fans, pumps, chillers, fan_control, staging } = upkeep.failures;
        let units = CoolingLoop::new(design).units();
        let StandbySpec { fans: spare_fans, pumps: spare_pumps, chillers: spare_chillers } =
            upkeep.standby;
        let standby = PerMachine { fans: spare_fans, pumps: spare_pumps, chillers: spare_chillers }
            .map(Option::unwrap_or_default);
        let mut lacks = |given: bool, field: &'static str, machine: Machine| {
            if given && units[machine] == 0 {
                let message = format!("there are no {}s in this loop", machine.name());
                faults.push(Fault::error(field, message));
            }
        };
        let maintenance = PerMachine {
            fans: upkeep.maintenance.fans,
            pumps: upkeep.maintenance.pumps,
            chillers: upkeep.maintenance.chillers,
        };
        let failing = PerMachine { fans, pumps, chillers };
        for machine in Machine::ALL {
            lacks(standby[machine] > 0, "standby", machine);
            lacks(failing[machine].is_some(), "failures", machine);
            lacks(maintenance[machine].is_some(), "maintenance", machine);
        }
        let fan_faults = upkeep.control_faults.fans.iter().flatten();
        let staging_faults = upkeep.control_faults.staging.iter().flatten();
        lacks(fan_control.is_some(), "failures", Machine::Fan);
        lacks(staging.is_some(), "failures", Machine::Chiller);
        lacks(fan_faults.clone().count() > 0, "control_faults", Machine::Fan);
        lacks(staging_faults.clone().count() > 0, "control_faults", Machine::Chiller);
        if staging_faults.clone().any(|fault| fault.mode.is_some_and(|m| m != ControlFault::Stuck))
        {
            let message = "the control of chillers and economiser can only be `stuck`";
            faults.push(Fault::error("control_faults", message));
        }
        let failures = failing.map(|spec| spec.and_then(|spec| spec.resolve(faults)));
        let failures = failures.zip(units).map(|(law, units)| law.filter(|_| units > 0));
        let services = maintenance.zip(units.zip(standby)).map(|(services, (units, standby))| {
            let services = services.into_iter().flatten();
            services.map(|spec| spec.resolve(units + standby, faults)).collect()
        });
        let fan_control = ControlDesign {
            failures: fan_control.and_then(|spec| spec.resolve(faults)),
            faults: fan_faults.map(|spec| spec.resolve("control_faults", faults)).collect(),
        };
        let staging = staging.and_then(|spec| spec.resolve(faults));
        let staging = ControlDesign {
            failures: staging.map(|law| (law, ControlFault::Stuck)),
            faults: staging_faults.map(|spec| spec.resolve("control_faults", faults)).collect(),
        };
        let make_up = self.make_up(design, faults);
        LoopOperation {
            coolant_j_k,
            restart,
            standby,
            failures,
            services,
            fan_control,
            staging,
            make_up,
        }
    }

    /// How an exchanger with `movers` pumps or fans behaves when something goes wrong.
    pub fn exchanger_operation(&self, movers: u32, faults: &mut Vec<Fault>) -> ExchangerOperation {
        let (restart, standby, failures, maintenance) = match self {
            Self::Cdu(s) => (s.restart, s.standby, s.failures, &s.maintenance),
            Self::AirHandler(s) => (s.restart, s.standby, s.failures, &s.maintenance),
            Self::ImmersionTank(s) => (s.restart, s.standby, s.failures, &s.maintenance),
            _ => return ExchangerOperation::default(),
        };
        let (valve_failures, valve_faults) = match self {
            Self::Cdu(s) => (s.valve_failures, s.valve_faults.as_slice()),
            _ => (None, &[][..]),
        };
        let standby = standby.unwrap_or(0);
        let services = maintenance.iter().flatten();
        ExchangerOperation {
            restart: restart.map_or(RESTART, Span::from),
            standby,
            failures: failures.and_then(|spec| spec.resolve(faults)),
            services: services.map(|spec| spec.resolve(movers + standby, faults)).collect(),
            valve: ControlDesign {
                failures: valve_failures.and_then(|spec| spec.resolve(faults)),
                faults: valve_faults
                    .iter()
                    .map(|spec| spec.resolve("valve_faults", faults))
                    .collect(),
            },
        }
    }
}

/// What the loops' specs say alike, whatever their kind.
#[derive(Debug, Default)]
struct Upkeep {
    standby: StandbySpec,
    failures: UnitsFailuresSpec,
    maintenance: MaintenanceSpec,
    control_faults: ControlFaultsSpec,
}

impl Upkeep {
    fn of(
        standby: Option<StandbySpec>,
        failures: Option<UnitsFailuresSpec>,
        maintenance: &Option<MaintenanceSpec>,
        control_faults: &Option<ControlFaultsSpec>,
    ) -> Self {
        Self {
            standby: standby.unwrap_or_default(),
            failures: failures.unwrap_or_default(),
            maintenance: maintenance.clone().unwrap_or_default(),
            control_faults: control_faults.clone().unwrap_or_default(),
        }
    }
}

impl Coolant {
    /// Heat that a cubic metre takes up by a kelvin, J/(m3 K).
    pub(super) fn j_m3k(self) -> f64 {
        use crate::fluids::water::{CP_PG25, DENSITY_PG25};
        match self {
            Self::Water => CP_WATER * DENSITY_WATER,
            Self::Pg25 => CP_PG25 * DENSITY_PG25,
        }
    }
}
