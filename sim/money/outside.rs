//! What of a scenario contracts must fit.

use jiff::Timestamp;

use crate::spec::Fault;
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
    /// Those of them whose racks have no GPUs.
    pub without_gpus: Vec<String>,
    /// Workloads, each with the halls that it stands on.
    pub works: Vec<(String, Vec<String>)>,
    /// `peak-forecast` programmes.
    pub peaks: Vec<SystemPeaks>,
}

/// The peaks of a system that a programme follows.
#[derive(Debug, Clone)]
pub struct SystemPeaks {
    /// The programme.
    pub name: String,
    /// How many a year has: one in each month of its window.
    pub per_year: usize,
    /// Whether the run has one of these months.
    pub in_run: bool,
    /// Length of metering intervals.
    pub interval: Duration,
}

impl Outside {
    /// The length of metering intervals, s: a whole number of them in an hour or hours in a day, and of
    /// intervals of the time series in it.
    pub(super) fn metering_s(&self, interval: Option<Duration>, faults: &mut Vec<Fault>) -> i64 {
        const DEFAULT: Duration = Duration(900_000_000_000);
        const DAY_NS: u64 = 86_400_000_000_000;
        let length = interval.unwrap_or(DEFAULT);
        if length.0 == 0
            || !DAY_NS.is_multiple_of(length.0)
            || !length.0.is_multiple_of(1_000_000_000)
        {
            let message = format!("a day is no whole number of {length}");
            faults.push(Fault::error("interval", message));
            return 900;
        }
        if !length.0.is_multiple_of(self.interval.0) {
            let message = format!(
                "demand over {length} cannot be read from a time series of {}",
                self.interval
            );
            let help = "choose an `output.interval` of which a whole number fits";
            faults.push(Fault::error("interval", message).help(help));
        }
        (length.0 / 1_000_000_000) as i64
    }
}
