//! Designs compared: many replications of several designs over varied values, on one machine or
//! on many.
//!
//! ```text
//! read.rs        a study file, or the files of `compare` -> Study (designs, parameters, points)
//! designs.rs     the files of the designs, each read
//! prepared.rs    a design, read once for all of its replications
//! plan.rs        Study -> cases: a design at a point, each with a key that names its content
//! run.rs         cases x replications -> samples, in parallel, each replication on one thread
//! store.rs       samples -> a folder that survives a kill at any moment, and back
//! latency.rs     histograms of replications -> the latencies of all requests
//! conduct.rs     the course of it: replicate, look, replicate further
//! decide.rs      samples -> enough replications? the largest value that holds?
//! judge.rs       samples -> requirements met?
//! phases.rs      a site that changes over the years: its phases simulated and carried over months
//! contrast.rs    samples -> means, intervals and paired differences of every figure
//! statistics/    the mathematics of it, over plain numbers
//! ```
//!
//! Replication `r` of a scenario is its seed and `r` and nothing else, so a sample is the same
//! whoever computes it, and studies on several machines agree to the bit.

pub mod statistics;

mod conduct;
mod contrast;
mod decide;
mod designs;
mod judge;
mod latency;
mod phases;
mod plan;
mod points;
mod prepared;
mod read;
mod run;
mod sheet;
mod spec;
mod store;

pub use conduct::{Reached, Selected, find, reached, replicate, select, waits_for};
pub use contrast::{CaseFigure, Contrast, Method, contrast, outage_rate};
pub use decide::{Found, Requirement, RequirementResult, Rule, Until};
pub use judge::{Judged, judge_requirements};
pub use latency::{Pool, Pools, decoded};
pub use phases::{
    Phases, PhasesFound, PhasesReading, Stretches, mean_worth, read_phases, simulate_phases,
};
pub use plan::{Arm, Case, Search, Selection, SelectionRule, Study};
pub use points::{Parameter, Point, Sampling, Setting};
pub use prepared::{Prepared, whole_warm_up};
pub use read::{StudyReading, compare_files, read_study};
pub use run::{Ended, Limits, Runner, estimate};
pub use sheet::{Declared, Sheet};
pub use spec::study_schema;
pub use store::{Sample, Shard, Status, Store, StoreError, write_aside, write_aside_with};
