//! When checkpoints are written, as a user writes it.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer};

use crate::spec::{Check, Fault};
use crate::units::{Bandwidth, Duration};
use crate::workload::training::checkpoint::{
    Cycle, daly_interval_s, optimal_interval_s, young_interval_s,
};

/// When checkpoints are written and how long a job stands for each.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// Productive time between checkpoints: a duration; `auto` for the interval that loses
    /// least given the job's size, the failure rate and the write time; `young` or `daly` for
    /// the published approximations of it; `never`. Default: `auto`.
    pub interval: Option<IntervalSpec>,
    /// Time for which the job stands while a checkpoint is written. Default: 20 s (assumption);
    /// 0.5 s where `background` or an asynchronous `storage` says that the rest is written
    /// while it trains on (DCP on 512 H100: 50 s became less than 0.5 s).
    pub write: Option<Duration>,
    /// For asynchronous writes: time from then until the data are safe, in which the job trains
    /// on. A failure before falls back to the checkpoint before. Default: none, the write
    /// blocks to its end.
    pub background: Option<Duration>,
    /// Writes whose time follows from the size of the model and the storage, in place of
    /// `background` and, where they block, of `write`.
    pub storage: Option<StorageSpec>,
}

/// What checkpoints are written to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StorageSpec {
    /// Parameters of the model that each job trains.
    pub parameters: f64,
    /// State of each parameter, in bytes. Default: 14 (weights and optimizer; 12 to 18).
    pub bytes_per_parameter: Option<f64>,
    /// What the storage takes in all. Jobs that write at once share it.
    pub bandwidth: Bandwidth,
    /// Whether jobs train on while the state is written. Default: `false`.
    pub asynchronous: Option<bool>,
}

/// Checkpoints, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::workload::training) struct CheckpointDesign {
    interval: IntervalSpec,
    /// Time for which a job stands, s.
    write_s: f64,
    /// Time from then until the data are safe, s.
    flush_s: f64,
    /// Which of the two is shared with other jobs that write at once.
    shared: Shared,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shared {
    Nothing,
    Write,
    Flush,
}

impl CheckpointSpec {
    /// Fills defaults and checks ranges.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> CheckpointDesign {
        let interval = self.interval.unwrap_or(IntervalSpec::Auto);
        let seconds = |d: Option<Duration>| d.map(Duration::as_secs_f64);
        let (write, background) = (seconds(self.write), seconds(self.background));
        let (write_s, flush_s, shared) = match &self.storage {
            None => {
                let default = if background.is_some() { STALL_S } else { 20.0 };
                (write.unwrap_or(default), background.unwrap_or(0.0), Shared::Nothing)
            }
            Some(storage) => {
                let whole_s = Check { faults }.within("storage", |check| storage.write_s(check));
                let is_async = storage.asynchronous == Some(true);
                if background.is_some() || (write.is_some() && !is_async) {
                    let message = "the time of a write follows from `storage`";
                    let help = "remove `background`; `write` is the stall of asynchronous writes";
                    let field = if background.is_some() { "background" } else { "write" };
                    faults.push(Fault::error(field, message).help(help));
                }
                match is_async {
                    true => (write.unwrap_or(STALL_S), whole_s, Shared::Flush),
                    false => (whole_s, 0.0, Shared::Write),
                }
            }
        };
        interval.check(write_s, faults);
        if let IntervalSpec::Every(every) = interval
            && every.as_secs_f64() < flush_s
        {
            let message =
                format!("a write of {flush_s:.0} s in the background outlasts the interval");
            faults.push(Fault::error("interval", message).help("the next would overtake it"));
        }
        CheckpointDesign { interval, write_s, flush_s, shared }
    }
}

/// For how long an asynchronous write stands a job, s.
const STALL_S: f64 = 0.5;

impl StorageSpec {
    /// Time of a write that has the storage for itself, s.
    fn write_s(&self, check: &mut Check<'_>) -> f64 {
        let parameters = check.between("parameters", Some(self.parameters), 1e9, (1.0, 1e18), "");
        let each =
            check.between("bytes_per_parameter", self.bytes_per_parameter, 14.0, (0.01, 1e4), "");
        let bandwidth = check.between("bandwidth", Some(self.bandwidth.0), 1e9, (1.0, 1e18), "B/s");
        parameters * each / bandwidth
    }
}

impl CheckpointDesign {
    /// Whether the time of a write depends on what other jobs do.
    pub(in crate::workload::training) fn is_shared(&self) -> bool {
        self.shared != Shared::Nothing
    }

    /// The checkpoints of a job with the mean time `mean_s` between failures, beside jobs of
    /// which `others` write at a time, on the average.
    ///
    /// A write among `others` takes `1 + others` times as long: its bandwidth is shared evenly
    /// and their number is taken at its mean, which is exact to first order in their share.
    pub(in crate::workload::training) fn cycle(&self, mean_s: f64, others: f64) -> Cycle {
        let stretch = |what: Shared| if self.shared == what { 1.0 + others } else { 1.0 };
        let write_s = self.write_s * stretch(Shared::Write);
        let flush_s = self.flush_s * stretch(Shared::Flush);
        let interval_s = self.interval_s(write_s, mean_s);
        // A write begins only when the one before it is safe.
        Cycle { interval_s: interval_s.max(flush_s), write_s, flush_s }
    }

    /// The interval of a job with the mean time `mean_s` between failures and the time of a write in
    /// the background, s, where that is longer: checkpoints are then as far apart as writes last. For
    /// a job that has the storage to itself.
    pub(in crate::workload::training) fn outlasted(&self, mean_s: f64) -> Option<(f64, f64)> {
        let interval_s = self.interval_s(self.write_s, mean_s);
        (interval_s < self.flush_s).then_some((interval_s, self.flush_s))
    }

    fn interval_s(&self, write_s: f64, mean_s: f64) -> f64 {
        match self.interval {
            IntervalSpec::Never => f64::INFINITY,
            IntervalSpec::Every(interval) => interval.as_secs_f64(),
            IntervalSpec::Auto => optimal_interval_s(write_s, mean_s),
            IntervalSpec::Young => young_interval_s(write_s, mean_s),
            IntervalSpec::Daly => daly_interval_s(write_s, mean_s),
        }
    }
}

/// The `interval` of checkpoints: `auto`, `young`, `daly`, `never`, or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalSpec {
    /// The interval that loses least.
    Auto,
    /// Young's approximation of it (1974).
    Young,
    /// Daly's approximation of it, of higher order (2006).
    Daly,
    /// No checkpoints.
    Never,
    /// As given.
    Every(Duration),
}

impl IntervalSpec {
    fn check(self, write_s: f64, faults: &mut Vec<Fault>) {
        if self == IntervalSpec::Every(Duration(0)) {
            faults.push(Fault::error("interval", "must be longer than zero"));
        }
        let is_computed =
            matches!(self, IntervalSpec::Auto | IntervalSpec::Young | IntervalSpec::Daly);
        if is_computed && write_s == 0.0 {
            faults.push(
                Fault::error("write", format!("`interval: {self}` needs a time above zero"))
                    .help("writes that take no time could be made without end"),
            );
        }
    }
}

impl fmt::Display for IntervalSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Young => f.pad("young"),
            Self::Daly => f.pad("daly"),
            Self::Never => f.pad("never"),
            Self::Every(duration) => duration.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for IntervalSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = IntervalSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `young`, `daly`, `never` or a duration such as `30 min`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntervalSpec, E> {
                match text.trim() {
                    "auto" => Ok(IntervalSpec::Auto),
                    "young" => Ok(IntervalSpec::Young),
                    "daly" => Ok(IntervalSpec::Daly),
                    "never" => Ok(IntervalSpec::Never),
                    other => Duration::parse(other).map(IntervalSpec::Every).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for IntervalSpec {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let duration = generator.subschema_for::<Duration>();
        schemars::json_schema!({
            "description": "`auto`, `young`, `daly`, `never` or a duration such as `30 min`",
            "anyOf": [{"enum": ["auto", "young", "daly", "never"]}, duration],
        })
    }
}
