//! LLM inference: every request, exactly, at request cost.
//!
//! A [`Service`] is what the facility drives: it has racks, reports their draws, and takes the
//! plant's offers. Inside it are cells, each an island with arrivals of its own; few are
//! simulated, the others are represented until an event tells them apart. A cell deals its
//! requests out to replicas, and a [`replica`] advances by leaps over many iterations of its
//! engine at once, equal bit for bit to the loop over all of them that `leap: off` runs.
//!
//! The model, its proof and its assumptions: `docs/models/inference.md`.

mod ahead;
mod cell;
mod design;
mod engine;
mod kv_blocks;
mod kv_pool;
mod leap;
pub mod load;
mod notes;
mod outcome;
mod plain;
pub mod prefix;
pub mod racks;
mod ranks;
pub mod records;
pub mod replica;
pub mod request;
mod router;
mod sampling;
pub mod scaling;
pub mod service;
pub mod serving;
pub mod spec;
pub mod step;
pub mod ticks;
mod tournament;

pub use ahead::Runners;
pub use design::{
    Ask, LostRequests, PoolDesign, PrefixCachingDesign, SamplingDesign, ServiceDesign,
    ServingDesign,
};
pub use notes::{Fate, Note, Noting};
pub use outcome::{ClassSummary, InferenceInterval, InferenceSummary, SampledSummary};
pub use records::Tally;
pub use router::Routing;
pub use sampling::{LatencyErrors, RequestErrors, SampledTime};
pub use service::Service;
pub use spec::InferenceSpec;

#[cfg(test)]
mod caching_tests;
#[cfg(test)]
mod closed_tests;
#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod ranks_tests;
#[cfg(test)]
mod representation_tests;
#[cfg(test)]
mod router_tests;
#[cfg(test)]
mod sampling_tests;
#[cfg(test)]
mod serving_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_support;
