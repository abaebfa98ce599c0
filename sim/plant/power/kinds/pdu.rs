//! Power distribution units.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive, power_factor};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::spec::{Check, Fault, Names};
use crate::units::{ApparentPower, Fraction};

/// A power distribution unit: loses in proportion to what it passes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PduSpec {
    /// Rating.
    pub rating: ApparentPower,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies and drives).
    pub power_factor: Option<Fraction>,
    /// Output over input; default 99.25 % (assumption: the middle of 99.0 to 99.5 %).
    pub efficiency: Option<Fraction>,
    /// How often it fails, and for how long; default 0.005 /year and 6 h (assumption: within 0.001
    /// to 0.01 /year and 4 to 8 h).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for PduSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let efficiency = self.efficiency.map(|share| share.0);
        let efficiency = Check { faults }.between("efficiency", efficiency, 0.9925, (0.1, 1.0), "");
        let rating_va = positive(self.rating.0, "rating", faults);
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Pdu,
            reverse_w: f64::INFINITY,
            rating_w: rating_va * power_factor(self.power_factor, faults),
            loss: LossCurve { linear: 1.0 / efficiency - 1.0, ..LossCurve::NONE },
            failures: failures(&self.failures, law(0.005, 6.0), faults),
            machine: MachineDesign::None,
        })
    }
}
