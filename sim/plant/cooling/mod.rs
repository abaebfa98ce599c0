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

mod chiller;
mod chiller_plant;
mod curves;
mod dry_cooler;
mod fluid_cooler;
mod hybrid;
mod tower;
mod ventilation;

mod exchange;
mod exchanger;
mod fans;
mod outside_air;
mod pads;
mod pumps;
mod root;
mod setpoint;
mod staging;
mod water;

mod basin;
mod breakdowns;
mod control;
mod inertia;
mod makeup;
mod pool;
mod protection;
mod thermal;

pub use basin::BasinHeater;
pub use breakdowns::{BreakdownLaw, Breakdowns};
pub use chiller::{Beyond, ChillerDesign};
pub use chiller_plant::{AirCooledChillerDesign, ChillerPlantDesign};
pub use control::{ControlFault, CoolingMode, PlantControl, Regime, StagingDesign, UnitState};
pub use curves::{ChillerCurves, Condenser, CurveSet};
pub use dry_cooler::DryCoolerDesign;
pub use exchange::WaterExchanger;
pub use exchanger::{ExchangerDesign, ExchangerKind, ExchangerState};
pub use fans::FanLaw;
pub use fluid_cooler::{EvaporationLaw, FluidCoolerDesign, SprayControl, SprayDesign};
pub use hybrid::HybridDesign;
pub use inertia::{
    Branch, BranchConditions, Conditions, Masses, NATURAL, Part, Rejection, Transient,
};
pub use loops::{
    CircuitDesign, CoolingLoop, DeviceDesign, Drive, FanControl, HydronicDesign, LoopDesign,
    LoopState,
};
pub use makeup::{Balance, Basin, BasinDesign, Main, MainDesign, MakeUpDesign, Outage};
pub use outside_air::{Outdoors, OutsideAir, OutsideAirControl, OutsideAirDesign};
pub use pads::PadDesign;
pub use pool::Pool;
pub use protection::ThermalLimits;
pub use pumps::{PumpControl, PumpLaw};
pub use setpoint::Setpoint;
pub use spec::{
    AirClass, AirCooledChillerSpec, AirHandlerSpec, BasinHeaterSpec, CduSpec, ChillerCurvesSpec,
    ChillerPlantSpec, ChipSpec, CondenserResetSpec, ControlDesign, ControlFailuresSpec,
    ControlFaultSpec, ControlFaultsSpec, CoolingPart, CoolingSpec, DryCoolerSpec, EconomiserSpec,
    EvaporationMethod, ExchangerOperation, FanCurve, FluidCoolerSpec, HybridCoolerSpec,
    ImmersionTankSpec, LoopOperation, MaintenanceSpec, MakeUpSpec, OutageSpec, OutsideAirSpec,
    PadSpec, RestartSpec, Service, ServiceSpec, StandbySpec, TowerSpec, UnitFailuresSpec,
    UnitsFailuresSpec, UnsizedExchanger, VentilationSpec, WaterMainSpec,
};
pub use thermal::{Crossing, ThermalNetwork, ThermalNode, Trajectory};
pub use tower::TowerDesign;
pub use ventilation::VentilationDesign;
pub use water::WaterFlows;

#[cfg(test)]
mod tests;
