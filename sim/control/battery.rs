//! What batteries are used for, in which order, and what each use may draw from them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Check, Fault};
use crate::units::{Duration, EnergyPrice, Fraction, Power};

/// What the battery systems of the site are used for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatteryUseSpec {
    /// The uses, the first that asks for something deciding. Whatever decides, no use charges where a
    /// limit of the power chain or the import of `peak_shave` would be passed.
    pub uses: Vec<BatteryUse>,
    /// For `peak-shave`.
    pub peak_shave: Option<PeakShaveSpec>,
    /// For `arbitrage`.
    pub arbitrage: Option<ArbitrageSpec>,
    /// The share of its energy that a battery keeps for the times in which it holds up its bus; no
    /// use draws it. Default 0.
    pub reserve: Option<Fraction>,
    /// Reserve products that stand behind it: the power and the energy of all of them together are kept
    /// free of every use. Default: none.
    pub awards: Option<Vec<AwardSpec>>,
}

/// A use of batteries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatteryUse {
    /// Gives before any load gives way to a limit of the power chain, such as a curtailment.
    Relief,
    /// Holds the import of the site at or below `peak_shave.import`, and charges below it as far as
    /// `peak_shave.keep` says.
    PeakShave,
    /// Takes what the site would export and gives it back before the site imports.
    SelfConsume,
    /// Charges at low prices of energy and gives at high ones.
    Arbitrage,
}

/// Below which import of the site a battery stays.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeakShaveSpec {
    /// Import of the site, over all feeds, that is not to be passed.
    pub import: Power,
    /// The part of its energy that is charged for this use, and that other uses leave for it; default
    /// 100 %, which leaves others nothing.
    pub keep: Option<Fraction>,
}

/// At which prices a battery charges and gives.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArbitrageSpec {
    /// It charges at this price and below.
    pub charge_below: EnergyPrice,
    /// It gives at this price and above.
    pub discharge_above: EnergyPrice,
}

/// A reserve product that a battery stands behind.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardSpec {
    /// The power that is awarded.
    pub power: Power,
    /// How long a call of it lasts.
    pub sustain: Duration,
}

/// What batteries are used for, resolved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatteryUses {
    /// In their order.
    pub uses: Vec<BatteryUse>,
    /// Import that peak shaving holds, W, and the share of energy that it charges to.
    pub peak: Option<(f64, f64)>,
    /// $/MWh at and below which it charges, and at and above which it gives.
    pub prices: Option<(f64, f64)>,
    /// Share of its energy that no use draws.
    pub reserve: f64,
    /// Power and energy at the terminals that awards keep free, W and J.
    pub awarded: (f64, f64),
}

impl BatteryUseSpec {
    /// Checks the values.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> BatteryUses {
        let mut check = Check { faults };
        for (at, of) in self.uses.iter().enumerate() {
            if self.uses[..at].contains(of) {
                check.faults.push(Fault::error(format!("uses[{at}]"), "is named twice"));
            }
        }
        for (of, field, name, written) in [
            (BatteryUse::PeakShave, "peak_shave", "peak-shave", self.peak_shave.is_some()),
            (BatteryUse::Arbitrage, "arbitrage", "arbitrage", self.arbitrage.is_some()),
        ] {
            let used = self.uses.contains(&of);
            if used != written {
                let (field, message) = if used {
                    ("uses", format!("`{name}` needs `{field}`"))
                } else {
                    (field, format!("acts only where `uses` names `{name}`"))
                };
                check.faults.push(Fault::error(field, message).help("write both, or neither"));
            }
        }
        let share = |value: Option<Fraction>| value.map(|share| share.0);
        let peak = self.peak_shave.map(|peak| {
            check.within("peak_shave", |check| {
                let import = check.between("import", Some(peak.import.0), 0.0, (0.0, 1e12), "W");
                (import, check.between("keep", share(peak.keep), 1.0, (0.0, 1.0), ""))
            })
        });
        let prices = self.arbitrage.map(|it| (it.charge_below.0, it.discharge_above.0));
        if prices.is_some_and(|(low, high)| low >= high) {
            check.faults.push(
                Fault::error("arbitrage.discharge_above", "is no higher than `charge_below`")
                    .help("a battery that charges and gives at one price only loses energy"),
            );
        }
        let mut awarded = (0.0, 0.0);
        for (at, award) in self.awards.iter().flatten().enumerate() {
            check.within(&format!("awards[{at}]"), |check| {
                let w = check.between("power", Some(award.power.0), 0.0, (0.0, 1e12), "W");
                let s = check.lasting("sustain", Some(award.sustain));
                awarded.0 += w;
                awarded.1 += w * s.map_or(0.0, Duration::as_secs_f64);
            });
        }
        let reserve = check.between("reserve", share(self.reserve), 0.0, (0.0, 1.0), "");
        BatteryUses { uses: self.uses.clone(), peak, prices, reserve, awarded }
    }
}

/// What a battery is, for the uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatteryState {
    /// Most that it takes and gives at its terminals, W.
    pub power_w: f64,
    /// What its cells hold, and what they hold at least and at most, J.
    pub energy_j: f64,
    /// Down to which energy a use has emptied it, and at which it gives for it again, J; none where it
    /// holds that.
    pub refill_j: Option<(f64, f64)>,
    /// See `energy_j`.
    pub least_j: f64,
    /// See `energy_j`.
    pub most_j: f64,
    /// Energy of the full battery, J.
    pub full_j: f64,
    /// Given at the terminals over what the cells give.
    pub one_way: f64,
    /// Its part in what awards keep of all batteries.
    pub part: f64,
}

/// What a battery sees of the site; powers are what it would take at its terminals, W, below zero
/// where it would give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatteryView {
    /// Price of energy, $/MWh.
    pub price: f64,
    /// The least and the most that the power chain lets it take.
    pub room_w: (f64, f64),
    /// At which the site imports what peak shaving holds; infinite without.
    pub at_peak_w: f64,
    /// At which the site imports nothing.
    pub at_zero_w: f64,
}

/// What a battery is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatteryOrder {
    /// What it takes at its terminals, W; below zero where it gives.
    pub terminal_w: f64,
    /// Down to which energy it gives, and up to which it takes, J.
    pub bounds_j: (f64, f64),
}

/// Energy within this of a bound is at it, as a share of the full battery: the rounding of instants.
const AT_BOUND: f64 = 1e-9;

impl BatteryUses {
    /// Energy that no use draws from a battery, J: what it is to hold at least, its reserve, and its
    /// part of what awards need at their terminals.
    pub fn floor_j(&self, of: &BatteryState) -> f64 {
        of.least_j.max(self.reserve * of.full_j) + of.part * self.awarded.1 / of.one_way
    }

    /// What a battery is to do.
    pub fn decide(&self, of: &BatteryState, view: &BatteryView) -> BatteryOrder {
        let floor_j = self.floor_j(of);
        let tolerance_j = AT_BOUND * of.full_j + 1.0;
        let power_w = (of.power_w - of.part * self.awarded.0).max(0.0);
        let (least_w, most_w) = (view.room_w.0.max(-power_w), view.room_w.1.min(of.power_w));
        // Nothing charges into a limit, or into the peak that is to be shaved.
        let most_w = most_w.min(view.at_peak_w);
        let keeps_j = self.peak.map_or(0.0, |(_, keep)| keep) * of.full_j;
        let order = |wanted_w: f64, bounds_j: (f64, f64)| {
            let terminal_w = if wanted_w < 0.0 {
                let empty = match of.refill_j {
                    Some((emptied_j, refilled_j)) if bounds_j.0 >= emptied_j - tolerance_j => {
                        of.energy_j < bounds_j.0 + (refilled_j - emptied_j) - tolerance_j
                    }
                    _ => of.energy_j <= bounds_j.0 + tolerance_j,
                };
                if empty { 0.0 } else { wanted_w.max(least_w).min(0.0) }
            } else {
                let full = of.energy_j >= bounds_j.1 - tolerance_j;
                if full { 0.0 } else { wanted_w.min(most_w).max(0.0) }
            };
            (terminal_w != 0.0).then_some(BatteryOrder { terminal_w, bounds_j })
        };
        let own = (floor_j, of.most_j);
        let others = (floor_j.max(keeps_j), of.most_j);
        let mut orders = self.uses.iter().filter_map(|use_of| match use_of {
            BatteryUse::Relief if view.room_w.1 < 0.0 => order(view.room_w.1, own),
            BatteryUse::Relief => None,
            BatteryUse::PeakShave => order(view.at_peak_w, (floor_j, keeps_j.min(of.most_j))),
            BatteryUse::SelfConsume => order(view.at_zero_w, others),
            BatteryUse::Arbitrage => {
                let (low, high) = self.prices?;
                if view.price <= low {
                    order(power_w, others)
                } else if view.price >= high {
                    order(-power_w, others)
                } else {
                    None
                }
            }
        });
        orders.next().unwrap_or(BatteryOrder { terminal_w: 0.0, bounds_j: own })
    }
}
