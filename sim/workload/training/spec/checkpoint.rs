//! When checkpoints are written, as a user writes it.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::spec::Fault;
use crate::units::Duration;

/// When checkpoints are written and how long a job stands for each.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// Productive time between checkpoints: a duration; `auto` for the interval that loses
    /// least given the job's size, the failure rate and the write time; `young` or `daly` for
    /// the published approximations of it; `never`. Default: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalSpec>,
    /// Time for which the job stands while a checkpoint is written. Default: 20 s (blocking;
    /// asynchronous writes block about 0.5 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Duration>,
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
    pub(super) fn check(self, write_s: f64, faults: &mut Vec<Fault>) {
        if self == IntervalSpec::Every(Duration(0)) {
            faults.push(Fault::error("checkpoint", "`interval` must be longer than zero"));
        }
        let is_computed =
            matches!(self, IntervalSpec::Auto | IntervalSpec::Young | IntervalSpec::Daly);
        if is_computed && write_s == 0.0 {
            faults.push(
                Fault::error(
                    "checkpoint",
                    format!("`interval: {self}` needs a write time above zero"),
                )
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

impl Serialize for IntervalSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
