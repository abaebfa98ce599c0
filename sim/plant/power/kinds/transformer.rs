//! Transformers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, loss, positive, power_factor};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::spec::{Fault, Names};
use crate::units::{ApparentPower, Fraction};

/// A transformer: losses at no load and with the square of load.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformerSpec {
    /// Nameplate rating.
    pub rating: ApparentPower,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Power factor of what it carries; default 98 % (assumption: corrected supplies and drives).
    pub power_factor: Option<Fraction>,
    /// Loss at no load, as a share of the rating; default 0.10 %.
    pub no_load_loss: Option<Fraction>,
    /// Additional loss at full load, as a share of the rating; default 0.60 %.
    pub load_loss: Option<Fraction>,
    /// How often it fails, and for how long. Default up to 3 MVA: 0.00111 /year and 5 h (gold
    /// book, spare on the shelf); above: 0.01 /year (middle of the 0.005 to 0.015 published for
    /// 10 to 100 MVA) and 200 h (assumption: a spare on site).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for TransformerSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let rating_va = positive(self.rating.0, "rating", faults);
        let published = if rating_va <= 3e6 { law(0.00111, 5.0) } else { law(0.01, 200.0) };
        let rating_w = rating_va * power_factor(self.power_factor, faults);
        // Losses are shares of the apparent rating, load is relative to it at any power factor.
        let no_load_w = loss("no_load_loss", self.no_load_loss, 0.0010, faults) * rating_va;
        let load_w = loss("load_loss", self.load_loss, 0.0060, faults) * rating_va;
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Transformer,
            reverse_w: f64::INFINITY,
            rating_w,
            loss: LossCurve {
                fixed_w: no_load_w,
                linear: 0.0,
                quadratic_per_w: load_w / (rating_w * rating_w),
            },
            failures: failures(&self.failures, published, faults),
            machine: MachineDesign::None,
        })
    }
}
