//! Cooling loops as users write them, and how they become designs.

mod bounds;
mod check;
mod shared;

mod kinds;

mod basin;
mod chillers;
mod chip;
mod condenser;
mod fans;
mod outside_air;
mod pads;
mod pumps;
mod tower;
mod trim;
mod water;

mod exchanger;
mod failures;
mod moved;
mod operation;
mod upkeep;

use self::kinds::{
    AirCduSpec, AirCooledChillerSpec, AirHandlerSpec, CduSpec, ChillerPlantSpec, DryCoolerSpec,
    FluidCoolerSpec, HybridCoolerSpec, ImmersionTankSpec, TowerLoopSpec, VentilationSpec,
};
use self::shared::Parts;
use super::loops::LoopDesign;
use super::per_machine::Machine;
use crate::spec::{Check, Fault, Names, kinds};

pub use self::chip::ChipSpec;
pub use self::exchanger::UnsizedExchanger;
pub use self::failures::{OutageSpec, UnitFailuresSpec};
pub use self::moved::{COUNTS, MOVED};
pub use self::operation::{ExchangerOperation, LoopOperation};
pub use self::outside_air::AirClass;
pub use self::upkeep::{ControlDesign, Service};
pub use self::water::WaterMainSpec;

kinds! {
    /// A part of the way of heat from racks to the weather: a loop, or an exchanger on one.
    pub enum CoolingSpec {
        /// Pumped water to an open cooling tower.
        Tower(TowerLoopSpec) = "tower",
        /// Pumped coolant to a dry cooler.
        DryCooler(DryCoolerSpec) = "dry-cooler",
        /// Pumped coolant to an evaporative fluid cooler.
        FluidCooler(FluidCoolerSpec) = "fluid-cooler",
        /// Pumped water to a dry cooler and an open tower behind it.
        HybridCooler(HybridCoolerSpec) = "hybrid-cooler",
        /// Chilled water, chillers and an open tower.
        ChillerPlant(ChillerPlantSpec) = "chiller-plant",
        /// Chilled water from air-cooled chillers.
        AirCooledChiller(AirCooledChillerSpec) = "air-cooled-chiller",
        /// Outdoor air straight through the hall.
        Ventilation(VentilationSpec) = "ventilation",
        /// A coolant distribution unit between a loop and cold plates.
        Cdu(CduSpec) = "cdu",
        /// A distribution unit between the air of a hall and cold plates.
        AirCdu(AirCduSpec) = "air-cdu",
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

impl From<LoopDesign> for CoolingPart {
    fn from(design: LoopDesign) -> Self {
        Self::Loop(design)
    }
}

impl From<UnsizedExchanger> for CoolingPart {
    fn from(exchanger: UnsizedExchanger) -> Self {
        Self::Exchanger(exchanger)
    }
}

/// The same of the spec, whatever its kind.
macro_rules! of_any_kind {
    ($any:expr, $spec:ident => $result:expr) => {
        match $any {
            Self::Tower($spec) => $result,
            Self::DryCooler($spec) => $result,
            Self::FluidCooler($spec) => $result,
            Self::HybridCooler($spec) => $result,
            Self::ChillerPlant($spec) => $result,
            Self::AirCooledChiller($spec) => $result,
            Self::Ventilation($spec) => $result,
            Self::Cdu($spec) => $result,
            Self::AirCdu($spec) => $result,
            Self::AirHandler($spec) => $result,
            Self::ImmersionTank($spec) => $result,
        }
    };
}

impl CoolingSpec {
    /// The part as plain numbers, with every default filled in.
    ///
    /// Faults name the field at hand; a design comes back in any case, to be used only where
    /// no fault is an error.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> CoolingPart {
        let check = &mut Check { faults };
        let part: CoolingPart = of_any_kind!(self, spec => spec.resolve(check).into());
        for machine in Machine::ALL {
            // The machines of a hall may do all of the work.
            let idle = matches!(&part, CoolingPart::Loop(LoopDesign::Ventilation(hall)) if hall.fan_w == 0.0);
            if self.has(machine) && self.fed_by(machine).is_none() && !idle {
                let message = format!("nothing feeds its {}s", machine.name());
                let help = "add `fed_by:` with the name of a power component";
                check.faults.push(Fault::error("", message).help(help));
            }
        }
        part
    }

    /// The fields that it shares with other kinds.
    fn parts(&self) -> &dyn Parts {
        of_any_kind!(self, spec => spec)
    }

    fn parts_mut(&mut self) -> &mut dyn Parts {
        of_any_kind!(self, spec => spec)
    }

    /// What takes the heat of an exchanger; `None` for a loop.
    pub fn cooled_by(&self) -> Option<&Names> {
        self.parts().cooled_by()
    }

    /// Lets `names` feed whatever the user said nothing of.
    pub fn feed_by(&mut self, names: &Names) {
        self.parts_mut().fed_by_mut().get_or_insert_with(|| names.clone());
    }

    /// Whether it has machines of this kind.
    pub fn has(&self, machine: Machine) -> bool {
        let parts = self.parts();
        match machine {
            Machine::Fan => parts.fans().is_some(),
            Machine::Pump => parts.pumps().is_some(),
            Machine::Chiller => parts.all_chillers().is_some(),
        }
    }

    /// What feeds its machines of this kind, and the field that says so; `None` where there are no
    /// such machines or nothing is written.
    pub fn fed_by(&self, machine: Machine) -> Option<(&Names, &'static str)> {
        let parts = self.parts();
        let (own, field) = match machine {
            Machine::Fan => (&parts.fans()?.fed_by, "fans.fed_by"),
            Machine::Pump => (&parts.pumps()?.fed_by, "pumps.fed_by"),
            Machine::Chiller => match (parts.chillers(), parts.all_chillers()?) {
                (Some(_), chillers) => (&chillers.fed_by, "chillers.fed_by"),
                (None, chillers) => (&chillers.fed_by, "trim.chillers.fed_by"),
            },
        };
        let named = |names: &&Names| !names.0.is_empty();
        let of_whole = || parts.fed_by().filter(named).map(|names| (names, "fed_by"));
        own.as_ref().filter(named).map(|names| (names, field)).or_else(of_whole)
    }
}
