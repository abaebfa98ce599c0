//! Where the utility delivers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive};
use crate::kernel::{FailureLaw, FailureSpec};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::spec::{Fault, Names};
use crate::units::Power;

/// A utility delivery point.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedSpec {
    /// Most that may be imported here.
    pub capacity: Power,
    /// Published outage figures to use; default `gold-book`.
    pub outages: Option<Outages>,
    /// Outage figures of your own, in place of published ones.
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// Published outage figures of a utility feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outages {
    /// A single circuit: 1.956 outages a year of 1.32 h in the mean (gold book).
    GoldBook,
    /// The feed never fails.
    None,
}

impl Kind for FeedSpec {
    fn fed_by(&self) -> Option<&Names> {
        None
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let published = match self.outages.unwrap_or(Outages::GoldBook) {
            Outages::GoldBook => law(1.956, 1.32),
            Outages::None => FailureLaw::NEVER,
        };
        if self.outages == Some(Outages::None) && self.failures.is_some() {
            faults.push(
                Fault::error("outages", "`none` contradicts `failures`")
                    .help("leave out one of the two"),
            );
        }
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Feed,
            rating_w: positive(self.capacity.0, "capacity", faults),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, published, faults),
        })
    }
}
