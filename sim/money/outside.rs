//! What of a scenario contracts must fit.

use jiff::Timestamp;

use crate::units::Duration;

/// What contracts must fit.
#[derive(Debug, Clone)]
pub struct Outside {
    /// First instant of the run.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
    /// Length of the intervals of the time series.
    pub interval: Duration,
    /// Whether the scenario counts emissions.
    pub counts_carbon: bool,
    /// Arrays of the site.
    pub arrays: Vec<String>,
    /// Whether a feed lets power out.
    pub may_export: bool,
    /// Halls of racks.
    pub halls: Vec<String>,
    /// Workloads, each with the halls that it stands on.
    pub works: Vec<(String, Vec<String>)>,
}
