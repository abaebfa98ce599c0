//! Figures of components that can fail.

use super::count;
use super::reserve::{LoadEnd, Reserve};
use crate::facility::windings::ThermalEnd;
use crate::measure::{Figure, Row, Scale};

/// What a component that can fail leaves at the end.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct ComponentEnd {
    pub(in crate::facility) units: u64,
    pub(in crate::facility) failures: u64,
    pub(in crate::facility) down_s: f64,
    /// How loaded it was, of a component of the power chain.
    pub(in crate::facility) load: Option<LoadEnd>,
    pub(in crate::facility) reserve: Reserve,
    /// How warm it was, of a transformer whose hot spot is followed.
    pub(in crate::facility) thermal: Option<ThermalEnd>,
}

pub(super) static COMPONENT: &[Row<ComponentEnd>] = &[
    Row::new(count("units", "Instances, or units of a cooling component."), |component| {
        Some(component.units as f64)
    }),
    Row::new(count("failures", "Failures of all of them.").lower().adding(), |component| {
        Some(component.failures as f64)
    }),
    Row::new(
        Figure::new("down", Scale::HOURS, "Time under repair, summed over them.").lower().adding(),
        |component| Some(component.down_s * Scale::HOURS.per_base),
    ),
];
