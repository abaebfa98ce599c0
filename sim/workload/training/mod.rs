//! GPU training: gang-scheduled jobs on nodes that fail, with checkpoints between.
//!
//! [`TrainingSpec`] is what a user writes, [`TrainingDesign`] the same resolved, and
//! [`Training`] the model that the facility drives. Equations, defaults and their sources
//! are in `docs/models/training.md`.

mod account;
pub mod checkpoint;
mod fleet;
mod generator;
mod job;
mod log;
mod model;
mod placement;
mod power;
mod replay;
mod schedule;
mod spec;

#[cfg(test)]
mod tests;

pub use account::{
    CauseCount, CheckpointTimes, CurtailmentCounts, GpuHours, Interruptions, JobCounts, JobRecord,
    QueueWait, SegmentCounts, TrainingSummary,
};
pub use generator::Request;
pub use job::Vacate;
pub use log::{
    DrawColumn, DrawKind, Draws, DrawsReader, JobEnd, JobTable, LogFormat, LogJob, LogMachine,
    LogReader, LogReport, NodePower, Rows, RunTime, SwfHeader, Width,
};
pub use model::Training;
pub use placement::{Placement, Sharing};
pub use power::{PowerDesign, RunCurve};
pub use replay::{Replay, Started, replay};
pub use schedule::{
    Decisions, FavouredSize, Granted, Policy, Preempted, Preemption, Priority, Room, Rules,
    Scheduler, Waiting,
};
pub use spec::{
    AccountSpec, CauseDesign, CauseSpec, CheckpointSpec, ConstantSpec, DetectionSpec, DomainDesign,
    DomainSpec, DurationSpec, ExponentialLawSpec, ExponentialSpec, FailureDesign, HeatFailure,
    HeatFailureSpec, IntervalSpec, JobClassSpec, JobDrawSpec, JobGapsSpec, JobRows, JobTableSpec,
    JobsSpec, Law, LawSpec, LemonSpec, MaintenanceSpec, NodeFailureSpec, PowerSharesSpec,
    PreemptionSpec, PriceSpec, PrioritySpec, QueueSpec, RandomSpec, Recovery, Relapse, RelapseSpec,
    ResidentSpec, Response, ScheduledSpec, SegmentSpec, SpreadSpec, StorageSpec, StreamSpec,
    SwfSpec, TierResponseSpec, TierSpec, TrainingDesign, TrainingSpec, WeibullSpec, WhenSpec,
    WorkloadCurtailmentSpec,
};
