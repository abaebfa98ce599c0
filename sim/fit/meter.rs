//! Readings of a meter in the intervals of a run.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::rows::FitError;
use crate::tables::stamp::{TimeColumns, TimeForm};
use crate::tables::{Column, Recording, TableLayout, TableReader, Wanted};

/// How the times of a meter are written.
#[derive(Debug, Clone, Default)]
pub struct MeterLayout {
    /// The column of times; by default the first.
    pub time: Option<String>,
    /// How they are written, as `time_format` of a scenario; by default ISO 8601.
    pub time_format: Option<String>,
    /// The clock of times without an offset; by default UTC.
    pub zone: Option<TimeZone>,
}

/// How far a run is from what was measured. An error is the run less the reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Intervals.
    pub intervals: usize,
    /// Mean of the errors: the run is too high where it is positive.
    pub mean: f64,
    /// Root of the mean of their squares.
    pub rmse: f64,
    /// The errors as shares of the readings; none where these do not add up to more than zero, or
    /// where zero is one of a scale, as of temperatures.
    pub shares: Option<ErrorShares>,
}

/// Errors as shares of what was read. NMBE and CVRMSE are after ASHRAE's Guideline 14, which takes
/// the reading less the model and divides by the intervals less the number of parameters: here
/// NMBE is positive where the run is too high, and both divide by the number of intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorShares {
    /// Mean of the absolute error over the reading, over the intervals whose reading is not zero.
    pub mape: f64,
    /// Mean of the errors over the mean reading.
    pub nmbe: f64,
    /// Root mean square of the errors over the mean reading.
    pub cvrmse: f64,
}

impl Errors {
    /// The errors of `model` against `measured`, of a quantity that `has_zero` or not; none without
    /// intervals.
    pub fn of(model: &[f64], measured: &[f64], has_zero: bool) -> Option<Self> {
        let intervals = measured.len();
        if intervals == 0 {
            return None;
        }
        let pairs = || model.iter().zip(measured);
        let (mut relative, mut count) = (0.0, 0.0);
        for (model, measured) in pairs().filter(|(_, measured)| **measured != 0.0) {
            relative += ((model - measured) / measured).abs();
            count += 1.0;
        }
        let reading = measured.iter().sum::<f64>() / intervals as f64;
        let error: f64 = pairs().map(|(model, measured)| model - measured).sum();
        let squares: f64 = pairs().map(|(model, measured)| (model - measured).powi(2)).sum();
        let (mean, rmse) = (error / intervals as f64, (squares / intervals as f64).sqrt());
        let shares = (has_zero && reading > 0.0).then(|| ErrorShares {
            mape: relative / f64::max(count, 1.0),
            nmbe: mean / reading,
            cvrmse: rmse / reading,
        });
        Some(Self { intervals, mean, rmse, shares })
    }
}

/// A meter's columns, in base units.
#[derive(Debug)]
pub(super) struct Meter {
    recording: Recording,
    step_ns: i128,
}

impl Meter {
    /// Reads `columns` of a CSV table.
    pub(super) fn read(
        text: &[u8],
        columns: Vec<Column>,
        layout: &MeterLayout,
    ) -> Result<Self, FitError> {
        let mut table = TableLayout::default();
        if let Some(time) = &layout.time {
            table.text.time = vec![TimeColumns::Joined(vec![time.clone()])];
        }
        if let Some(form) = &layout.time_format {
            table.text.form =
                TimeForm::parse(form).map_err(|message| FitError::new(message, None))?;
        }
        if let Some(zone) = &layout.zone {
            table.zone = zone.clone();
        }
        let wanted = columns.into_iter().map(Wanted::from).collect();
        let mut reader = TableReader::new(table, wanted, None);
        let read = reader.push(text).and_then(|()| reader.finish());
        let (recording, survey) = read.map_err(|error| {
            let place =
                if error.line > 0 { format!("line {}: ", error.line) } else { String::new() };
            FitError::new(format!("{place}{}", error.message), error.help)
        })?;
        let Some(step_ns) = survey.step_ns() else {
            return Err(FitError::new("one reading is no series", None));
        };
        Ok(Self { recording, step_ns: i128::from(step_ns) })
    }

    /// The mean of the sum of `columns` over each interval of `length_ns` from `starts` on that
    /// readings cover without a gap.
    ///
    /// # Errors
    ///
    /// Where intervals are no whole number of readings.
    pub(super) fn means(
        &self,
        columns: Range<usize>,
        starts: &[Timestamp],
        length_ns: u64,
    ) -> Result<Vec<Option<f64>>, FitError> {
        let length = i128::from(length_ns);
        if length % self.step_ns != 0 {
            let seconds = |ns: i128| format!("{} s", ns as f64 / 1e9);
            let message = format!(
                "the meter is read every {}, the run tells of every {}",
                seconds(self.step_ns),
                seconds(length)
            );
            let help = "set `output.interval` of the scenario to a whole number of readings";
            return Err(FitError::new(message, help.to_owned()));
        }
        let wanted = usize::try_from(length / self.step_ns).unwrap_or(usize::MAX);
        let (times, columns) = (&self.recording.starts, &self.recording.columns[columns]);
        let mean = |start: &Timestamp| {
            let from = start.as_nanosecond();
            let first = times.partition_point(|time| time.as_nanosecond() < from);
            let rows = first..times.partition_point(|time| time.as_nanosecond() < from + length);
            if rows.len() != wanted {
                return None;
            }
            let sum: f64 =
                columns.iter().map(|column| column[rows.clone()].iter().sum::<f64>()).sum();
            // A cell that is missing is not a number, and neither is a sum with it.
            (!sum.is_nan()).then(|| sum / wanted as f64)
        };
        Ok(starts.iter().map(mean).collect())
    }
}
