//! Cooling loops and their water.
//!
//! A [`CoolingLoop`] carries the heat of racks to the weather: by an open tower or a dry
//! cooler, by chillers on a tower or on outdoor air, or by outdoor air blown straight through
//! the hall. Heat is given, and temperatures follow from the sink: at each change of heat,
//! weather or power the loop is balanced anew ([`CoolingLoop::solve`]), as if its water had
//! no inertia. Fans, pumps and chillers are loads of the power graph; what power they get
//! comes back as a [`Drive`].
//!
//! Equations, sources and reached accuracy are in `docs/models/cooling.md`.

mod loops;
mod spec;

mod air_cooled;
mod chiller_plant;
mod hydronic;
mod ventilation;

mod devices;
mod trim;

mod chiller;
mod dry_cooler;
mod fluid_cooler;
mod hybrid;
mod tower;

mod device;
mod state;

mod basin;
mod circuit;
mod curves;
mod exchange;
mod fans;
mod head;
mod pads;
mod pumps;
mod root;
mod setpoint;
mod staging;
mod water;

mod exchanger;
mod outside_air;

mod breakdowns;
mod control;
mod inertia;
mod makeup;
mod per_machine;
mod pool;
mod protection;
mod thermal;
mod work;

pub use air_cooled::AirCooledChillerDesign;
pub use basin::BasinHeater;
pub use breakdowns::{BreakdownLaw, Breakdowns};
pub use chiller::{Beyond, ChillerDesign, StagingDesign};
pub use chiller_plant::ChillerPlantDesign;
pub use circuit::CircuitDesign;
pub use control::PlantControl;
pub use curves::{ChillerCurves, Condenser, CurveSet};
pub use devices::DeviceDesign;
pub use dry_cooler::DryCoolerDesign;
pub use exchange::{Sides, WaterExchanger};
pub use exchanger::{ExchangerDesign, ExchangerKind, ExchangerState};
pub use fans::FanLaw;
pub use fluid_cooler::{EvaporationLaw, FluidCoolerDesign, SprayControl, SprayDesign};
pub use head::{Head, HeadLimit};
pub use hybrid::HybridDesign;
pub use hydronic::HydronicDesign;
pub use inertia::{
    Branch, BranchConditions, CondenserRejection, Conditions, Given, Masses, NATURAL, Part,
    Rejection, Transient,
};
pub use loops::{CoolingLoop, LoopDesign};
pub use makeup::{Balance, Basin, BasinDesign, Main, MainDesign, MakeUpDesign, Outage};
pub use outside_air::{Handler, Outdoors, OutsideAir, OutsideAirControl, OutsideAirDesign};
pub use pads::PadDesign;
pub use per_machine::{Machine, PerMachine};
pub use pool::{Pool, UnitState};
pub use protection::ThermalLimits;
pub use pumps::{PumpControl, PumpLaw};
pub use setpoint::Setpoint;
pub use spec::{
    AirClass, COUNTS, ChipSpec, ControlDesign, CoolingPart, CoolingSpec, ExchangerOperation,
    LoopOperation, MOVED, OutageSpec, Service, UnitFailuresSpec, UnsizedExchanger, WaterMainSpec,
};
pub use staging::FanControl;
pub use state::{BOILING_C, ControlFault, CoolingMode, Drive, LoopState, Regime};
pub use thermal::{Crossing, ThermalNetwork, ThermalNode, Trajectory};
pub use tower::TowerDesign;
pub use trim::{TrimDesign, TrimSource};
pub use ventilation::VentilationDesign;
pub use water::WaterFlows;
pub use work::{Capacities, HELD_K, Moment, Work};

#[cfg(test)]
mod tests;
