//! The physical plant: power and cooling, pure models that know no workload.

pub mod cooling;
pub mod power;

mod demand;

pub use demand::{Demand, Ladder, Rank};
