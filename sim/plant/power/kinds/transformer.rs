//! Transformers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, loss, positive, power_factor};
use crate::kernel::FailureSpec;
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::thermal::{Paper, ThermalDesign, ThermalOverload};
use crate::spec::{Check, Fault, Names};
use crate::units::{ApparentPower, Duration, Fraction, Multiple, Temperature, TemperatureDelta};

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
    /// How warm it gets, outdoors in the air of the weather, and what that costs of its insulation.
    /// Default: nobody follows it.
    pub thermal: Option<ThermalSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// How warm a transformer gets: the exponential form of IEC 60076-7 for medium and large power
/// transformers. The ratio of its losses is that of `load_loss` and `no_load_loss`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThermalSpec {
    /// How its oil is cooled; default `onaf`.
    pub cooling: Option<OilCooling>,
    /// Top oil above the air at rated load; default 60 K (52 to 60 K; alliander
    /// transformer-thermal-model 0.6.0).
    pub top_oil_rise: Option<TemperatureDelta>,
    /// The hottest place of the windings above the top oil at rated load; default 22.1 K (ibid.).
    pub hot_spot_rise: Option<TemperatureDelta>,
    /// Time constant of the oil; default 150 min (`onaf`) or 210 min (`onan`; IEC 60076-7,
    /// medium and large units, from memory).
    pub oil_time: Option<Duration>,
    /// Time constant of the windings; default 7 min (`onaf`) or 10 min (`onan`; ibid.).
    pub winding_time: Option<Duration>,
    /// Its insulation, by which its life is counted; default `upgraded` (assumption: a recent unit).
    pub paper: Option<PaperSpec>,
    /// A hot spot that `events` tells of; default 120 degC (IEC 60076-7: the limit of normal cyclic
    /// loading, from memory).
    pub alarm: Option<Temperature>,
    /// How it carries more than its rating. Default: its rating cuts at once.
    pub overload: Option<ThermalOverloadSpec>,
}

/// How the oil of a transformer is cooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OilCooling {
    /// By itself, in still air.
    Onan,
    /// By itself, in the air of fans.
    Onaf,
}

/// The insulation of a transformer's windings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaperSpec {
    /// Ages at its normal rate at 98 degC.
    Normal,
    /// Thermally upgraded: ages at its normal rate at 110 degC.
    Upgraded,
}

/// How a transformer carries more than its rating: for as long as its hot spot allows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThermalOverloadSpec {
    /// The most that it puts out, as a share of its rating; default 130 % (IEC 60076-7: cyclic loading of
    /// large units, from memory).
    pub most: Option<Multiple>,
    /// From this hot spot on it puts out no more than its rating; default 130 degC (assumption, 10 K
    /// below the 140 degC at which bubbles are expected).
    pub shed_at: Option<Temperature>,
    /// Until its hot spot is down here; default 110 degC, or 10 K below `shed_at` where that is lower
    /// (assumption).
    pub back_at: Option<Temperature>,
}

impl ThermalSpec {
    fn resolve(&self, losses: (f64, f64), check: &mut Check<'_>) -> ThermalDesign {
        let (oil_min, winding_min) = match self.cooling.unwrap_or(OilCooling::Onaf) {
            OilCooling::Onan => (210.0, 10.0),
            OilCooling::Onaf => (150.0, 7.0),
        };
        check.within("thermal", |check| {
            let mut delta = |field, value: Option<TemperatureDelta>, default, most| {
                check.between(field, value.map(|k| k.0), default, (0.0, most), "K")
            };
            let top_oil_k = delta("top_oil_rise", self.top_oil_rise, 60.0, 100.0);
            let hot_spot_k = delta("hot_spot_rise", self.hot_spot_rise, 22.1, 100.0);
            let mut time = |field, value: Option<Duration>, minutes: f64| {
                let seconds = value.map(Duration::as_secs_f64);
                check.between(field, seconds, 60.0 * minutes, (10.0, 1e6), "s")
            };
            let oil_s = time("oil_time", self.oil_time, oil_min);
            let winding_s = time("winding_time", self.winding_time, winding_min);
            let alarm = self.alarm.map(|t| t.0);
            ThermalDesign {
                top_oil_k,
                hot_spot_k,
                losses,
                oil_s,
                winding_s,
                paper: match self.paper {
                    Some(PaperSpec::Normal) => Paper::Normal,
                    Some(PaperSpec::Upgraded) | None => Paper::Upgraded,
                },
                alarm_c: check.between("alarm", alarm, 120.0, (50.0, 250.0), "degC"),
                overload: self.overload.as_ref().map(|it| it.resolve(check)),
            }
        })
    }
}

impl ThermalOverloadSpec {
    fn resolve(&self, check: &mut Check<'_>) -> ThermalOverload {
        check.within("overload", |check| {
            let most = self.most.map(|share| share.0);
            let shed_at = self.shed_at.map(|t| t.0);
            let shed_at_c = check.between("shed_at", shed_at, 130.0, (60.0, 250.0), "degC");
            let back_at = self.back_at.map(|t| t.0);
            let usual_c = 110.0_f64.min(shed_at_c - 10.0);
            let most_c = shed_at_c - 1.0;
            ThermalOverload {
                most: check.between("most", most, 1.3, (1.0, 2.0), ""),
                shed_at_c,
                back_at_c: check.between("back_at", back_at, usual_c, (0.0, most_c), "degC"),
            }
        })
    }
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
            machine: self.thermal.as_ref().map_or(MachineDesign::None, |thermal| {
                let losses = (no_load_w, load_w);
                MachineDesign::Transformer(thermal.resolve(losses, &mut Check { faults }))
            }),
        })
    }
}
