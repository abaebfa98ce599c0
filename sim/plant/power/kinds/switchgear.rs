//! Switchgear, buses, breakers and fuses.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive, power_factor};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::spec::{Fault, Names, only_with};
use crate::units::{ApparentPower, Fraction};

/// Anything in line that passes power on without noticeable loss.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchgearSpec {
    /// Rating; unlimited where absent.
    pub rating: Option<ApparentPower>,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies and drives).
    pub power_factor: Option<Fraction>,
    /// How often it fails, and for how long; default 0.0017 /year and 2.4 h (gold book, insulated
    /// bus).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for SwitchgearSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        only_with(
            "rating",
            self.rating.is_some(),
            &[("power_factor", self.power_factor.is_some())],
            faults,
        );
        let power_factor = power_factor(self.power_factor, faults);
        let rating_w = self.rating.map(|va| positive(va.0, "rating", faults) * power_factor);
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Switchgear,
            reverse_w: f64::INFINITY,
            rating_w: rating_w.unwrap_or(f64::INFINITY),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, law(0.0017, 2.4), faults),
            machine: MachineDesign::None,
        })
    }
}
