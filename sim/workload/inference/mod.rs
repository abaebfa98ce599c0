//! LLM inference: every request, exactly, at request cost.

pub mod ticks;

pub mod service;
pub mod spec;

mod cell;
pub mod load;
pub mod racks;
pub mod records;
pub mod replica;
pub mod request;
pub mod step;

pub use cell::LostRequests;
pub use service::{InferenceSummary, Service, ServiceDesign};
pub use spec::InferenceSpec;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_support;
