//! Cables and overhead lines.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, loss, positive, power_factor};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::spec::{Check, Fault, Names};
use crate::units::{ApparentPower, Fraction, Length};

/// A cable or an overhead line: loses and fails by what it is and how long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CableSpec {
    /// Rating.
    pub rating: ApparentPower,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Length; its failure rate is in proportion.
    pub length: Length,
    /// How it is laid; default `conduit`.
    pub laid: Option<Laid>,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies and drives).
    pub power_factor: Option<Fraction>,
    /// Loss of the whole length at full load, as a share of the rating; falls with the square of
    /// load. Default 0.4 % (assumption: the middle of 0.3 to 0.5 % at medium voltage).
    pub loss: Option<Fraction>,
    /// How often it fails, and for how long, in place of the figures for its length.
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// How a cable is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Laid {
    /// In conduit: 0.00201 failures per year and 1000 ft, 11.22 h (gold book, up to 600 V).
    Conduit,
    /// Overhead: 0.04717 failures per year and mile, 1.82 h (gold book, up to 15 kV).
    Aerial,
}

impl Kind for CableSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let rating_va = positive(self.rating.0, "rating", faults);
        let rating_w = rating_va * power_factor(self.power_factor, faults);
        let length_m =
            Check { faults }.between("length", Some(self.length.0), 1.0, (0.1, 1e6), "m");
        let published = match self.laid.unwrap_or(Laid::Conduit) {
            Laid::Conduit => law(0.00201 * length_m / 304.8, 11.22),
            Laid::Aerial => law(0.04717 * length_m / 1609.344, 1.82),
        };
        let loss_w = loss("loss", self.loss, 0.004, faults) * rating_va;
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Cable,
            reverse_w: f64::INFINITY,
            rating_w,
            loss: LossCurve {
                fixed_w: 0.0,
                linear: 0.0,
                quadratic_per_w: loss_w / (rating_w * rating_w),
            },
            failures: failures(&self.failures, published, faults),
            machine: MachineDesign::None,
        })
    }
}
