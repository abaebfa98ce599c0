//! Cooling loops and their water.
//!
//! A [`CoolingLoop`] carries the heat of racks to the weather through one device: an open
//! tower, a dry cooler, or outdoor air blown straight through the hall. Heat is given, and
//! temperatures follow from the sink: at each change of heat, weather or power the loop is
//! balanced anew ([`CoolingLoop::solve`]), as if its water had no inertia. Fans and pumps
//! are loads of the power graph; what power they get comes back as a [`Drive`].
//!
//! Equations, sources and reached accuracy are in `docs/models/cooling.md`.

mod loops;
mod spec;

mod dry_cooler;
mod tower;
mod ventilation;

mod exchange;
mod fans;
mod pumps;
mod root;
mod staging;
mod water;

mod protection;

pub use dry_cooler::DryCoolerDesign;
pub use fans::FanLaw;
pub use loops::{
    CircuitDesign, CoolingLoop, DeviceDesign, Drive, FanControl, HydronicDesign, LoopDesign,
    LoopState,
};
pub use protection::{ThermalGuard, ThermalLimits};
pub use pumps::parallel_flow;
pub use spec::{CoolingSpec, DryCoolerSpec, TowerSpec, VentilationSpec};
pub use tower::TowerDesign;
pub use ventilation::VentilationDesign;
pub use water::WaterFlows;

#[cfg(test)]
mod tests;
