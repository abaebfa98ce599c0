//! Failures of nodes, their detection and their repair, as a user writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Duration, Fraction, Rate};

/// Failures of nodes: exponential, whether or not a job runs, and their repair.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureSpec {
    /// Failures of one node that is on. Default: 3.8e-3 /day (Llama 3: 419 unexpected
    /// interruptions of 2,048 nodes in 54 days, arXiv:2407.21783). Others: 6.5e-3 and
    /// 2.34e-3 /day (Meta RSC-1 and RSC-2, arXiv:2410.21680).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Share of failures that a reboot mends. Default: 70 % (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_share: Option<Fraction>,
    /// Time to reboot and check a node. Default: 20 min (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_repair: Option<Duration>,
    /// Mean time to repair a node that a reboot does not mend. Default: 24 h (assumption,
    /// consistent with the 99.3 % availability of Delta, arXiv:2503.11901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<Duration>,
    /// Standard deviation of the logarithm of that time, which is lognormal (Schroeder and
    /// Gibson, DSN 2006). Default: 1.2 (assumption).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair_sigma: Option<f64>,
    /// How many nodes can be under such a repair at once: the others wait for a crew, in the
    /// order of their failures. A reboot needs none. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crews: Option<u32>,
}

/// How long a failed job stands before its failure is noticed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectionSpec {
    /// After a failure that reports itself. Default: 30 s (MegaScale, arXiv:2402.15627, and
    /// ByteRobust, arXiv:2509.16293, range from 2 s to minutes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explicit: Option<Duration>,
    /// After a silent hang, until a collective times out. Default: 10 min.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hang: Option<Duration>,
    /// Share of failures that are silent hangs. Default: 12 % (ByteRobust: 5,948 implicit
    /// against 43,264 explicit failures).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hang_share: Option<Fraction>,
}
