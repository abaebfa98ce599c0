//! Uninterruptible power supplies.

use schemars::JsonSchema;
use serde::Deserialize;

use super::battery::{BatterySpec, BypassSpec, InputSpec, Mode, OverloadSpec, PassingSpec};
use super::common::{Kind, PowerPart, failures, law, loss, positive};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::{MachineDesign, UpsDesign};
use crate::spec::{Check, Fault, Names};
use crate::units::{Fraction, Power};

/// A UPS, which converts twice where its `mode` says nothing else. Without a `battery` it is down when nothing feeds it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsSpec {
    /// Rated output.
    pub rating: Power,
    /// What feeds it, in order of preference: the first live one does.
    pub fed_by: Names,
    /// Loss at no load, as a share of the rating; default 0.955 %.
    pub no_load_loss: Option<Fraction>,
    /// Loss in proportion to load, at full load and as a share of the rating; default 1.19 %.
    pub proportional_loss: Option<Fraction>,
    /// Loss with the square of load, at full load and as a share of the rating; default 1.913 %.
    /// The three defaults together are 94.8, 96.1, 96.2 and 96.1 % efficient at 25, 50, 75 and
    /// 100 % load (assumption: the curve of a current transformerless unit).
    pub square_loss: Option<Fraction>,
    /// Its battery; default: none.
    pub battery: Option<BatterySpec>,
    /// What it takes at its input; only with a `battery`.
    pub input: Option<InputSpec>,
    /// What carries its load when it is broken or its battery is empty; only with a `battery`.
    /// Default: nothing does.
    pub bypass: Option<BypassSpec>,
    /// How it carries its load while its input is good; only with a `battery`. Default: `online`.
    pub mode: Option<Mode>,
    /// How it passes its input on in another mode than `online`.
    pub passing: Option<PassingSpec>,
    /// How long it stands more than its rating, as a dose; only with a `battery`. Default: its rating
    /// cuts at once.
    pub overload: Option<OverloadSpec>,
    /// How often it fails, and for how long; default once in 250,000 h and 8 h, a module (Callou et
    /// al., Energies 2014, 7, 238).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for UpsSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let rating_w = positive(self.rating.0, "rating", faults);
        let curve = [
            loss("no_load_loss", self.no_load_loss, 0.009_55, faults),
            loss("proportional_loss", self.proportional_loss, 0.0119, faults),
            loss("square_loss", self.square_loss, 0.019_13, faults),
        ];
        for (field, written) in [
            ("input", self.input.is_some()),
            ("bypass", self.bypass.is_some()),
            ("overload", self.overload.is_some()),
            ("mode", self.mode.is_some()),
            ("passing", self.passing.is_some()),
        ] {
            if written && self.battery.is_none() {
                faults.push(
                    Fault::error(field, "acts only where there is a battery")
                        .help("add `battery: {runtime: 5 min}`, or leave this out"),
                );
            }
        }
        if let (None, Some(input)) = (&self.battery, &self.input) {
            // Its own faults are told beside that.
            input.resolve(&mut Check { faults });
        }
        let machine = self.battery.as_ref().map_or(MachineDesign::None, |battery| {
            let input = self.input.clone().unwrap_or_default();
            let bypass = BypassSpec::is_present(&self.bypass);
            let mut check = Check { faults };
            let design = battery.resolve(rating_w, &input, bypass, &mut check);
            let overload = self.overload.as_ref().map(|it| it.resolve(rating_w, &mut check));
            let passing = PassingSpec::resolve(&self.passing, self.mode, &mut check);
            MachineDesign::Ups(UpsDesign { overload, passing, ..design })
        });
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Ups,
            // Rectifiers take power one way.
            reverse_w: 0.0,
            rating_w,
            loss: LossCurve::per_unit(rating_w, curve),
            failures: failures(&self.failures, law(8760.0 / 250_000.0, 8.0), faults),
            machine,
        })
    }
}
