//! Lighting, offices and other constant load.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart};
use crate::spec::{Fault, Names};
use crate::units::Power;

/// A load that never changes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseLoadSpec {
    /// What it draws.
    pub power: Power,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for HouseLoadSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, _: &mut Vec<Fault>) -> PowerPart {
        PowerPart::House { power_w: self.power.0.max(0.0) }
    }
}
