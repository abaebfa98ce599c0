//! Battery systems on a bus.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, positive, span};
use crate::kernel::{FailureLaw, FailureSpec};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::{MachineDesign, StorageDesign};
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Energy, Fraction, Power};

/// A battery system that hangs on a bus and takes from it or gives to it as `control.battery` says.
/// Written as `fed_by: board`; nothing is fed by it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatterySystemSpec {
    /// Most that it takes or gives at its terminals.
    pub power: Power,
    /// What its cells hold when full.
    pub energy: Energy,
    /// The bus that it hangs on; not behind a UPS, whose rectifier takes power one way.
    pub fed_by: Names,
    /// Given over taken at its terminals, half of the loss either way; default 85 % (NREL, Annual
    /// Technology Baseline: utility-scale batteries; from memory).
    pub round_trip: Option<Fraction>,
    /// What controls and air conditioning take whenever its bus is live, as a share of `power`; default
    /// 0.5 % (assumption).
    pub standby: Option<Fraction>,
    /// How much it is to hold.
    #[serde(default)]
    pub charge: ChargeSpec,
    /// Whether it holds its bus up, without a gap, when nothing else does; `fed_by` then names one
    /// `switchgear`. Default false.
    pub forms_grid: Option<bool>,
    /// How long a supply must be good before the bus goes back to it; default 5 min (IEEE 1547, from
    /// memory).
    pub reconnect: Option<Duration>,
    /// How often it fails, and for how long. Default: it never does, for want of a published rate.
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// How much a battery system is to hold, as shares of its energy.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeSpec {
    /// Least that it is to hold; default 0.
    pub least: Option<Fraction>,
    /// Most that it is to hold; default 100 %.
    pub most: Option<Fraction>,
    /// What it holds at the start of the run; default 50 % (assumption).
    pub start: Option<Fraction>,
}

impl Kind for BatterySystemSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_by)
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let power_w = positive(self.power.0, "power", faults);
        let energy_j = positive(self.energy.0, "energy", faults);
        let mut check = Check { faults };
        let share = |value: Option<Fraction>| value.map(|share| share.0);
        let round_trip = check.between("round_trip", share(self.round_trip), 0.85, (0.2, 1.0), "");
        let standby = check.between("standby", share(self.standby), 0.005, (0.0, 0.2), "");
        let (least, most, start) = check.within("charge", |check| {
            let charge = &self.charge;
            let least = check.between("least", share(charge.least), 0.0, (0.0, 0.99), "");
            let most = check.between("most", share(charge.most), 1.0, (least + 0.01, 1.0), "");
            let middle = 0.5_f64.clamp(least, most);
            (least, most, check.between("start", share(charge.start), middle, (least, most), ""))
        });
        let forms_grid = self.forms_grid.unwrap_or(false);
        if self.reconnect.is_some() && !forms_grid {
            check.faults.push(
                Fault::error("reconnect", "acts only with `forms_grid: true`")
                    .help("add `forms_grid: true`, or leave this out"),
            );
        }
        if forms_grid && self.fed_by.0.len() > 1 {
            check.faults.push(
                Fault::error("fed_by", "a battery that forms the grid hangs on one bus")
                    .help("name one switchgear"),
            );
        }
        let machine = StorageDesign {
            power_w,
            energy_j,
            least_j: least * energy_j,
            most_j: most * energy_j,
            start_j: start * energy_j,
            one_way: libm::sqrt(round_trip),
            standby_w: standby * power_w,
            forms_grid,
            reconnect: span(self.reconnect, 300.0),
        };
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Battery,
            rating_w: power_w,
            reverse_w: 0.0,
            loss: LossCurve { fixed_w: machine.standby_w, ..LossCurve::NONE },
            failures: failures(&self.failures, FailureLaw::NEVER, check.faults),
            machine: MachineDesign::Battery(machine),
        })
    }
}
