//! A study as users write it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::spec::{FilePath, Name};
use crate::units::{Duration, Fraction};

/// Designs to compare, what to vary, how often to replicate, and what to find out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StudySpec {
    /// Short name: letters, digits, `-`, `_` and `.`. Names the folder of results.
    pub(super) name: String,
    /// What the study is about, in a line.
    #[expect(dead_code, reason = "for people")]
    title: Option<String>,
    /// The designs by name: a scenario file each, or a file with changes.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "BTreeMap<String, DesignSpec>")]
    designs: IgnoredAny,
    /// The design that the others are compared with. Default: the first.
    pub(super) baseline: Option<Name>,
    /// Paths that are varied, by the name of their column.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<BTreeMap<String, VarySpec>>")]
    vary: Option<IgnoredAny>,
    /// Which points of what is varied are taken. Default: every combination.
    pub(super) sample: Option<SampleSpec>,
    /// How many replications: a number, or a rule. Default: 30.
    #[expect(dead_code, reason = "a number or a mapping")]
    #[schemars(with = "Option<ReplicationsSpec>")]
    replications: Option<IgnoredAny>,
    /// Figures to show, such as `availability(gpu-hall)`. Default: the main ones.
    pub(super) figures: Option<Vec<String>>,
    /// What each design must meet, by figure.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<BTreeMap<String, RequireSpec>>")]
    require: Option<IgnoredAny>,
    /// A search for the largest value that still meets its requirement, in place of `vary`.
    pub(super) find: Option<FindSpec>,
    /// The choice of the best case by one figure, in place of equal replications of all.
    pub(super) select: Option<SelectSpec>,
    /// Changes to every design, by path.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    set: Option<IgnoredAny>,
    /// Duration of every run, in place of the scenarios'.
    pub(super) duration: Option<Duration>,
    /// Time at the start of every run that no figure counts, while queues fill and masses warm;
    /// to the end of the interval of the time series in which it ends. Default: none.
    pub(super) warm_up: Option<Duration>,
    /// Seed of every run, in place of the scenarios'.
    pub(super) seed: Option<u64>,
}

/// A scenario with changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DesignSpec {
    /// The scenario.
    pub(super) file: FilePath,
    /// Changes, by path: `{racks.gpu-hall.count: 200, workloads.chat: null}`; `null` takes out.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    set: Option<IgnoredAny>,
}

/// A path and the values that it takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VarySpec {
    /// The path: `power.utility.capacity`.
    pub(super) path: Name,
    /// The values, each as the scenario would write it.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    values: Option<IgnoredAny>,
    /// Names of the values in tables.
    pub(super) labels: Option<Vec<String>>,
    /// First value, in place of `values`: `80 MW`.
    pub(super) from: Option<String>,
    /// Last value.
    pub(super) to: Option<String>,
    /// Step from value to value. Without it a Latin hypercube or a Sobol sequence takes any.
    pub(super) step: Option<String>,
    /// The designs that have this path. Default: all.
    pub(super) only: Option<Vec<Name>>,
}

/// Which points are taken.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleSpec {
    /// How.
    pub(super) kind: SampleKind,
    /// Points of a Latin hypercube, rows of a Sobol sequence.
    pub(super) points: Option<usize>,
    /// Of the draws of a Latin hypercube. Default: 1.
    pub(super) seed: Option<u64>,
}

/// A way to take points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SampleKind {
    /// Every combination of all values.
    Grid,
    /// A Latin hypercube: each stratum of each parameter once.
    LatinHypercube,
    /// Rows of the Sobol sequence, for shares of variance: `points * (parameters + 2)` points.
    Sobol,
    /// Each parameter at its first and last value, the others as the designs have them.
    OneAtATime,
}

/// How many replications.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplicationsSpec {
    /// At least so many; 10 or more with `until`. Default: 30.
    pub(super) at_least: Option<usize>,
    /// At most so many. Needed with `until`.
    pub(super) at_most: Option<usize>,
    /// Half-widths at which to stop, by figure: `{margin: 1 %, availability(hall): 0.01 points}`.
    /// `%` is relative to the mean; a share has `points`, any other figure its unit.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    until: Option<IgnoredAny>,
}

/// What a figure must meet.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequireSpec {
    /// The least value: `99.95 %`.
    pub(super) at_least: Option<String>,
    /// The largest value.
    pub(super) at_most: Option<String>,
    /// In which share of the replications: `90 % of replications`. Default: the mean must meet it.
    #[serde(rename = "in")]
    pub(super) share: Option<String>,
    /// Confidence. Default: 95 %.
    pub(super) confidence: Option<Fraction>,
}

/// The choice of the best of many cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SelectSpec {
    /// By which figure: `margin`. Its better direction decides.
    pub(super) figure: String,
    /// The smallest difference worth finding: `50000 $`.
    pub(super) difference: Option<String>,
    /// Probability that the choice is within that difference of the best. Default: 95 %.
    pub(super) confidence: Option<Fraction>,
    /// Replications in all, in place of `difference`: they go where the doubt is.
    pub(super) budget: Option<usize>,
    /// Replications of every case before the first look. Default: 10.
    pub(super) at_least: Option<usize>,
    /// Most replications of a case. Default: 1000.
    pub(super) at_most: Option<usize>,
}

/// A search along a path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindSpec {
    /// The path and its range, values ordered from the least to the most demanding.
    pub(super) largest: LargestSpec,
    /// What must hold in a share of the replications, by figure: one figure.
    #[expect(dead_code, reason = "read one by one")]
    #[schemars(with = "BTreeMap<String, RequireSpec>")]
    require: IgnoredAny,
    /// Probability that the answer is right. Default: 95 %.
    pub(super) confidence: Option<Fraction>,
    /// Replications at the first and the last look at a value. Default: 32 and 2048.
    pub(super) replications: Option<LooksSpec>,
}

/// A range to search.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LargestSpec {
    /// The path: `racks.gpu-hall.count`.
    pub(super) path: Name,
    /// First value.
    pub(super) from: String,
    /// Last value.
    pub(super) to: String,
    /// Step from value to value.
    pub(super) step: String,
}

/// Replications of a search at a value.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LooksSpec {
    /// At the first look. Default: 32.
    pub(super) at_least: Option<u64>,
    /// At the last; each look doubles. Default: 2048.
    pub(super) at_most: Option<u64>,
}

/// The JSON Schema of study files, as `loadbank schema --study` prints it.
///
/// # Panics
///
/// Never: a schema is plain JSON.
pub fn study_schema() -> String {
    let schema = crate::scenario::schema_of::<StudySpec>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}
