//! The kinds of cooling, one file each.

mod air_cdu;
mod air_cooled;
mod air_handler;
mod cdu;
mod chiller_plant;
mod dry_cooler;
mod fluid_cooler;
mod hybrid;
mod tank;
mod tower;
mod ventilation;

pub(super) use air_cdu::AirCduSpec;
pub(super) use air_cooled::AirCooledChillerSpec;
pub(super) use air_handler::AirHandlerSpec;
pub(super) use cdu::CduSpec;
pub(super) use chiller_plant::ChillerPlantSpec;
pub(super) use dry_cooler::DryCoolerSpec;
pub(super) use fluid_cooler::FluidCoolerSpec;
pub(super) use hybrid::HybridCoolerSpec;
pub(super) use tank::ImmersionTankSpec;
pub(super) use tower::TowerLoopSpec;
pub(super) use ventilation::VentilationSpec;
