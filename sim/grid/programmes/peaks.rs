//! Peaks of a system load, and alerts from its forecast.

use super::Call;
use super::call::add_hours;
use crate::kernel::{Clock, Span, Time};
use crate::tables::{Series, Window};

/// The peaks that a site stays away from, which are the same in every replication of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct PeaksDesign {
    /// The alerts of the run, in order.
    pub alerts: Vec<Call>,
    /// The peaks of the run, in order: one in each month of the window.
    pub peaks: Vec<Peak>,
}

/// When a system peaks, and when its operator warns of it.
#[derive(Debug)]
pub(super) struct PeakLaw {
    /// The forecast of the load of the system, W.
    pub(super) forecast: Series<f64>,
    /// The load as it came, W; none where it came as forecast.
    pub(super) load: Option<Series<f64>>,
    /// Its months have a peak each; alerts are in its hours.
    pub(super) window: Window,
    /// How long the demand at a peak is metered.
    pub(super) interval: Span,
    /// An alert is given where the highest forecast of a day is this share of the highest of the
    /// earlier days of its month, or more.
    pub(super) alert_at: f64,
}

/// A peak of a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// First instant of the interval in which demand is metered.
    pub from: Time,
    /// First instant after it.
    pub until: Time,
    /// Load of the system, W.
    pub load_w: f64,
}

impl PeakLaw {
    /// What it comes to in a run of `clock` until `horizon`. Linear in the steps of the load.
    pub(super) fn of_run(&self, clock: &Clock, horizon: Time) -> PeaksDesign {
        PeaksDesign { alerts: self.alerts(clock, horizon), peaks: self.peaks(clock, horizon) }
    }

    /// The alerts of a run of `clock` until `horizon`, by the running maximum of the month. The first
    /// day of a month, or of the run in it, always has one.
    fn alerts(&self, clock: &Clock, horizon: Time) -> Vec<Call> {
        let mut alerts: Vec<Call> = Vec::new();
        let mut month = None;
        let mut most_w = 0.0_f64;
        let mut day = Time::ZERO;
        while day < horizon {
            let next = clock.next_midnight(day).min(horizon);
            let reading = clock.read(day);
            if month.replace((reading.year, reading.month)) != Some((reading.year, reading.month)) {
                most_w = 0.0;
            }
            let expected_w = highest(&self.forecast, day, next);
            if expected_w >= self.alert_at * most_w {
                add_hours(&self.window, clock, (day, next), &mut alerts);
            }
            most_w = most_w.max(expected_w);
            day = next;
        }
        alerts
    }

    /// The peaks of a run of `clock` until `horizon`: the highest load of each month of the window,
    /// of what the run sees of it. Of equal loads the first counts. One whose demand is not metered to
    /// its end is none.
    fn peaks(&self, clock: &Clock, horizon: Time) -> Vec<Peak> {
        let load = self.load.as_ref().unwrap_or(&self.forecast);
        let of_window = |start: &Time| self.window.has_month(clock.read(*start).month);
        let highest = |start: Time| {
            let end = clock.next_month(start).min(horizon);
            let mut peak: Option<(Time, f64)> = None;
            for (at, load_w) in steps(load, start, end) {
                if peak.is_none_or(|(_, most_w)| load_w > most_w) {
                    peak = Some((at, load_w));
                }
            }
            peak.map(|(from, load_w)| Peak { from, until: from + self.interval, load_w })
        };
        let peaks = clock.months(horizon).filter(of_window).filter_map(highest);
        peaks.filter(|peak| peak.until <= horizon).collect()
    }
}

/// The steps of `series` in `from..until`, with that which holds at `from`.
fn steps(series: &Series<f64>, from: Time, until: Time) -> impl Iterator<Item = (Time, f64)> + '_ {
    let first = std::iter::once((from, series.at(from)));
    first.chain(series.between(from, until))
}

fn highest(series: &Series<f64>, from: Time, until: Time) -> f64 {
    steps(series, from, until).fold(0.0, |most, (_, value)| most.max(value))
}
