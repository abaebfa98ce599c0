//! Cooling loops as users write them, and how they become designs.

mod basin;
mod check;
mod chiller;
mod chip;
mod dry_cooler;
mod exchanger;
mod fluid_cooler;
mod hybrid;
mod operation;
mod outside_air;
mod pads;
mod tower;
mod upkeep;
mod ventilation;
mod water;

use schemars::JsonSchema;
use serde::Deserialize;

use super::loops::LoopDesign;
use crate::spec::{Fault, Names, kinds};

pub use basin::BasinHeaterSpec;
pub use chiller::{
    AirCooledChillerSpec, ChillerCurvesSpec, ChillerPlantSpec, CondenserResetSpec, EconomiserSpec,
};
pub use chip::ChipSpec;
pub use dry_cooler::DryCoolerSpec;
pub use exchanger::{AirHandlerSpec, CduSpec, ImmersionTankSpec, UnsizedExchanger};
pub use fluid_cooler::{EvaporationMethod, FluidCoolerSpec};
pub use hybrid::HybridCoolerSpec;
pub use operation::{
    ExchangerOperation, LoopOperation, RestartSpec, UnitFailuresSpec, UnitsFailuresSpec,
};
pub use outside_air::{AirClass, OutsideAirSpec};
pub use pads::PadSpec;
pub use tower::TowerSpec;
pub use upkeep::{
    ControlDesign, ControlFailuresSpec, ControlFaultSpec, ControlFaultsSpec, MaintenanceSpec,
    Service, ServiceSpec, StandbySpec,
};
pub use ventilation::VentilationSpec;
pub use water::{MakeUpSpec, OutageSpec, WaterMainSpec};

kinds! {
    /// A part of the way of heat from racks to the weather: a loop, or an exchanger on one.
    pub enum CoolingSpec {
        /// Pumped water to an open cooling tower.
        Tower(TowerSpec) = "tower",
        /// Pumped coolant to a dry cooler.
        DryCooler(DryCoolerSpec) = "dry-cooler",
        /// Pumped coolant to an evaporative fluid cooler.
        FluidCooler(Box<FluidCoolerSpec>) = "fluid-cooler",
        /// Pumped water to a dry cooler and an open tower behind it.
        HybridCooler(Box<HybridCoolerSpec>) = "hybrid-cooler",
        /// Chilled water, chillers and an open tower.
        ChillerPlant(Box<ChillerPlantSpec>) = "chiller-plant",
        /// Chilled water from air-cooled chillers.
        AirCooledChiller(AirCooledChillerSpec) = "air-cooled-chiller",
        /// Outdoor air straight through the hall.
        Ventilation(VentilationSpec) = "ventilation",
        /// A coolant distribution unit between a loop and cold plates.
        Cdu(CduSpec) = "cdu",
        /// Fans and water coils between a loop and the air of a hall.
        AirHandler(AirHandlerSpec) = "air-handler",
        /// A bath of dielectric between a loop and the machines in it.
        ImmersionTank(ImmersionTankSpec) = "immersion-tank",
    }
}

/// What a [`CoolingSpec`] becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::large_enum_variant)] // taken apart at once
pub enum CoolingPart {
    /// A loop that gives heat to the weather.
    Loop(LoopDesign),
    /// An exchanger, to be sized on the loop that it names.
    Exchanger(UnsizedExchanger),
}

/// How fan power falls with speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FanCurve {
    /// The ideal cube of the speed.
    Cube,
    /// A variable-speed tower fan with the losses of its drive and motor.
    Tower,
}

/// Which liquid a dry cooler's loop holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coolant {
    /// Water, 4186 J/(kg K).
    Water,
    /// 25 % propylene glycol, 3900 J/(kg K), 1030 kg/m3.
    Pg25,
}

impl CoolingSpec {
    /// The part as plain numbers, with every default filled in.
    ///
    /// Faults name the field at hand; a design comes back in any case, to be used only where
    /// no fault is an error.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> CoolingPart {
        CoolingPart::Loop(match self {
            Self::Tower(spec) => spec.resolve(faults),
            Self::DryCooler(spec) => spec.resolve(faults),
            Self::FluidCooler(spec) => spec.resolve(faults),
            Self::HybridCooler(spec) => spec.resolve(faults),
            Self::ChillerPlant(spec) => spec.resolve(faults),
            Self::AirCooledChiller(spec) => spec.resolve(faults),
            Self::Ventilation(spec) => spec.resolve(faults),
            Self::Cdu(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
            Self::AirHandler(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
            Self::ImmersionTank(spec) => return CoolingPart::Exchanger(spec.resolve(faults)),
        })
    }

    /// What takes the heat of an exchanger; `None` for a loop.
    pub fn cooled_by(&self) -> Option<&Names> {
        match self {
            Self::Cdu(s) => Some(&s.cooled_by),
            Self::AirHandler(s) => Some(&s.cooled_by),
            Self::ImmersionTank(s) => Some(&s.cooled_by),
            _ => None,
        }
    }

    /// Lets `names` feed whatever the user said nothing of.
    pub fn feed_by(&mut self, names: &Names) {
        let fed_by = match self {
            Self::Tower(s) => &mut s.fed_by,
            Self::DryCooler(s) => &mut s.fed_by,
            Self::FluidCooler(s) => &mut s.fed_by,
            Self::HybridCooler(s) => &mut s.fed_by,
            Self::ChillerPlant(s) => &mut s.fed_by,
            Self::AirCooledChiller(s) => &mut s.fed_by,
            Self::Ventilation(s) => &mut s.fed_by,
            Self::Cdu(s) => &mut s.fed_by,
            Self::AirHandler(s) => &mut s.fed_by,
            Self::ImmersionTank(s) => &mut s.fed_by,
        };
        fed_by.get_or_insert_with(|| names.clone());
    }

    /// What feeds the fans, where the user said.
    pub fn fans_fed_by(&self) -> Option<&Names> {
        match self {
            Self::Tower(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::DryCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::FluidCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::HybridCooler(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::ChillerPlant(s) => s.fans_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::Ventilation(s) => s.fed_by.as_ref(),
            Self::AirHandler(s) => s.fed_by.as_ref(),
            Self::AirCooledChiller(_) | Self::Cdu(_) | Self::ImmersionTank(_) => None,
        }
    }

    /// What feeds the pumps, where there are any and the user said.
    pub fn pumps_fed_by(&self) -> Option<&Names> {
        match self {
            Self::Tower(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::DryCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::FluidCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::HybridCooler(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::ChillerPlant(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::AirCooledChiller(s) => s.pumps_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::Cdu(s) => s.fed_by.as_ref(),
            Self::ImmersionTank(s) => s.fed_by.as_ref(),
            Self::Ventilation(_) | Self::AirHandler(_) => None,
        }
    }

    /// What feeds the chillers, where there are any and the user said.
    pub fn chillers_fed_by(&self) -> Option<&Names> {
        match self {
            Self::ChillerPlant(s) => s.chillers_fed_by.as_ref().or(s.fed_by.as_ref()),
            Self::AirCooledChiller(s) => s.chillers_fed_by.as_ref().or(s.fed_by.as_ref()),
            _ => None,
        }
    }
}
