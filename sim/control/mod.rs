//! Who gets power, as far as it is a decision and not physics.
//!
//! The order in which loads give way stands in [`plant::Rank`](crate::plant::Rank) and the
//! price policy of miners in their workload. What is left for the site as a whole is here:
//! the import limit, and when racks that heat has tripped are let back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::{Duration, Power};

/// Site-wide decisions, as written in `control:`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
    /// The most that the site may draw from all feeds together, for example a contracted
    /// demand. Loads give way in the order of the shedding ladder. Default: the capacity of
    /// the feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_limit: Option<Power>,

    /// How long racks stay off after heat has tripped them. Default: 15 min (assumption: an
    /// operator looks before switching on again).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_after_heat: Option<Duration>,
}

/// How long after a cut that was needed to come to rest at all racks are offered more again
/// (assumption: node managers give back in steps of tens of seconds to minutes).
pub const RAISE_AFTER: Span = Span::from_secs(60);

/// Site-wide decisions, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlDesign {
    /// The most that all feeds together may deliver, in watts; infinite where unlimited.
    pub import_limit_w: f64,
    /// How long racks stay off after a heat trip.
    pub restart_after_heat: Span,
}

impl ControlSpec {
    /// Fills in the defaults and checks the values.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> ControlDesign {
        let import_limit_w = self.import_limit.map_or(f64::INFINITY, |limit| limit.0);
        if import_limit_w <= 0.0 {
            faults.push(
                Fault::error("import_limit", "an import limit of nothing switches the site off")
                    .help("leave `import_limit` out for no limit beyond the feeds"),
            );
        }
        let restart = self.restart_after_heat.map_or(Span::from_secs(15 * 60), Span::from);
        if restart < Span::from_secs(1) {
            faults.push(
                Fault::error("restart_after_heat", "racks stay off for at least a second")
                    .help("what heat has tripped would trip again in the same instant"),
            );
        }
        ControlDesign { import_limit_w, restart_after_heat: restart }
    }
}
