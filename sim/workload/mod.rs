//! What the site earns by: mining, training, inference; and heat loads, which earn nothing.
//!
//! A workload knows only its own racks. The facility tells it what the plant offers each of
//! them ([`RackOffer`]) and reads back what each would draw ([`Demand`](crate::plant::Demand))
//! and does draw.

pub mod cpu;
pub mod gpu;
pub mod heat_load;
pub mod inference;
pub mod mining;
pub mod training;

mod rack;
mod smoothing;

pub use rack::RackOffer;
pub use smoothing::{BurnDesign, SmoothingDesign, SmoothingSpec};
