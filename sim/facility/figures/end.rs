//! What a run leaves beside its meters.

use super::components::ComponentEnd;
use super::group::Group;
use super::halls::HallEnd;
use super::site::SiteEnd;
use super::works;
use crate::facility::programmes::ProgrammeEnd;
use crate::kernel::Time;
use crate::workload::heat_load::HeatLoadSummary;
use crate::workload::inference::InferenceSummary;
use crate::workload::mining::MiningSummary;
use crate::workload::training::TrainingSummary;

/// What a run leaves beside its meters, up to some instant.
#[derive(Debug)]
pub(in crate::facility) struct End {
    pub(in crate::facility) now: Time,
    /// How long it took, s.
    pub(in crate::facility) seconds: f64,
    pub(in crate::facility) site: SiteEnd,
    /// By hall and by workload of the design.
    pub(in crate::facility) halls: Vec<HallEnd>,
    pub(in crate::facility) works: Vec<(works::WorkEnd, Summary)>,
    /// By declared component that can fail.
    pub(in crate::facility) components: Vec<(String, ComponentEnd)>,
    /// By programme of the design.
    pub(in crate::facility) programmes: Vec<ProgrammeEnd>,
}

/// The meters and what was left beside them at the instant from which figures count. The extremes
/// were forgotten there, and outages and swings begun anew.
#[derive(Debug)]
pub(in crate::facility) struct Before {
    pub(in crate::facility) groups: Vec<Group>,
    pub(in crate::facility) end: End,
}

/// What a workload leaves, by kind.
#[derive(Debug)]
pub(in crate::facility) enum Summary {
    Mining(MiningSummary),
    Training(Box<TrainingSummary>),
    Inference { summary: Box<InferenceSummary>, fit: Option<String> },
    HeatLoad(HeatLoadSummary),
}
