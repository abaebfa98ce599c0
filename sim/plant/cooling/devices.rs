//! What a pumped loop gives its heat to.

use super::device::{Asked, Rejected};
use super::dry_cooler::DryCoolerDesign;
use super::fluid_cooler::FluidCoolerDesign;
use super::hybrid::HybridDesign;
use super::staging::Settled;
use super::tower::TowerDesign;

/// The heat-rejection device of a pumped loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeviceDesign {
    /// Open cooling tower.
    Tower(TowerDesign),
    /// Dry cooler.
    DryCooler(DryCoolerDesign),
    /// Evaporative fluid cooler.
    FluidCooler(FluidCoolerDesign),
    /// Dry cooler ahead of an open tower.
    Hybrid(HybridDesign),
}

impl DeviceDesign {
    /// How the device carries what is asked of it.
    pub(super) fn run(&self, asked: &Asked<'_>) -> Rejected {
        match self {
            Self::Tower(tower) => tower.run(asked),
            Self::DryCooler(cooler) => cooler.run(asked),
            Self::FluidCooler(cooler) => cooler.run(asked),
            Self::Hybrid(hybrid) => hybrid.run(asked),
        }
    }

    /// How it would run, at less cost.
    pub(super) fn settle(&self, asked: &Asked<'_>) -> Settled {
        match self {
            Self::Tower(tower) => tower.settle(asked),
            Self::DryCooler(cooler) => cooler.settle(asked),
            Self::FluidCooler(cooler) => cooler.settle(asked),
            Self::Hybrid(hybrid) => hybrid.settle(asked),
        }
    }

    /// The supply that it settles at, degrees Celsius, to ask whether that is warmer than `c`, no
    /// colder than what is wanted. Nothing else of it need be true.
    pub(super) fn supply_about_c(&self, c: f64, asked: &Asked<'_>) -> f64 {
        match self {
            Self::Hybrid(hybrid) => hybrid.supply_about_c(c, asked),
            _ => self.settle(asked).leaving_c,
        }
    }

    /// The most that its fans and spray pumps draw, W.
    pub(super) fn max_fan_w(&self) -> f64 {
        match self {
            Self::Tower(t) => t.fan_w,
            Self::DryCooler(d) => d.fan_w,
            Self::FluidCooler(f) => f.dry.fan_w + f.spray.pump_w,
            Self::Hybrid(h) => h.dry.fan_w + h.tower.fan_w,
        }
    }

    /// Number of cells or units, which fail one at a time.
    pub(super) fn units(&self) -> u32 {
        match self {
            Self::Tower(t) => t.cells,
            Self::DryCooler(d) => d.units,
            Self::FluidCooler(f) => f.dry.units,
            Self::Hybrid(h) => h.tower.cells,
        }
    }
}
