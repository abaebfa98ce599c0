//! Who gets power, as far as it is a decision and not physics.
//!
//! The order in which loads give way stands in [`plant::Rank`](crate::plant::Rank) and the
//! price policy of miners in their workload. What is left for the site as a whole is here: when
//! racks that heat has tripped are let back, and when offers that were cut are raised again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::Duration;

/// Site-wide decisions, as written in `control:`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
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
    /// How long racks stay off after a heat trip.
    pub restart_after_heat: Span,
}

impl ControlSpec {
    /// Fills in the defaults and checks the values.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> ControlDesign {
        let restart = self.restart_after_heat.map_or(Span::from_secs(15 * 60), Span::from);
        if restart < Span::from_secs(1) {
            faults.push(
                Fault::error("restart_after_heat", "racks stay off for at least a second")
                    .help("what heat has tripped would trip again in the same instant"),
            );
        }
        ControlDesign { restart_after_heat: restart }
    }
}
