//! What a user writes under `power:`, and the defaults behind it.
//!
//! Rates and repair times marked *gold book* are consistent with IEEE 493-2007 chapter 10; each
//! reproduces the inherent availability printed beside it to the last digit. What has no
//! published source says *assumption*.

use schemars::JsonSchema;
use serde::Deserialize;

use super::design::{ComponentDesign, ComponentKind, FailureLaw, LossCurve, RepairLaw};
use crate::spec::{Check, Fault, Names, kinds};
use crate::units::{ApparentPower, Duration, Fraction, Length, Power, Rate};

kinds! {
    /// A part of the power chain.
    pub enum PowerSpec {
        /// Where the utility delivers.
        Feed(FeedSpec) = "feed",
        /// A transformer.
        Transformer(TransformerSpec) = "transformer",
        /// Switchgear, a bus, a breaker or a fuse.
        Switchgear(SwitchgearSpec) = "switchgear",
        /// A cable or an overhead line.
        Cable(CableSpec) = "cable",
        /// An uninterruptible power supply.
        Ups(UpsSpec) = "ups",
        /// A power distribution unit.
        Pdu(PduSpec) = "pdu",
        /// Lighting, offices and other constant load.
        HouseLoad(HouseLoadSpec) = "house-load",
    }
}

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
    /// In conduit: 0.00201 failures a year and 1000 ft, 11.22 h (gold book, up to 600 V).
    Conduit,
    /// Overhead: 0.04717 failures a year and mile, 1.82 h (gold book, up to 15 kV).
    Aerial,
}

/// A double-conversion UPS; its battery is not modelled yet, so that it is down when nothing
/// feeds it.
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
    /// How often it fails, and for how long; default once in 250,000 h and 8 h, a module (Callou et
    /// al., Energies 2014, 7, 238).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

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

/// How a component fails and comes back. What is absent keeps the default of its kind.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureSpec {
    /// Failures a unit of time in service, exponential; `0 /year` for never.
    pub rate: Option<Rate>,
    /// Mean time to repair.
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential where
    /// absent.
    pub repair_sigma: Option<f64>,
}

/// What a [`PowerSpec`] becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PowerPart {
    /// A component that passes power on.
    Supply(ComponentDesign),
    /// A constant load, of [`Rank::Idle`](crate::plant::Rank::Idle), that takes everything from its
    /// first live feeder ([`Sharing::Preferred`](super::Sharing::Preferred)).
    House {
        /// What it draws.
        power_w: f64,
    },
}

impl PowerSpec {
    /// What feeds it, in order of preference; `None` for a feed.
    pub fn fed_by(&self) -> Option<&Names> {
        match self {
            Self::Feed(_) => None,
            Self::Transformer(spec) => Some(&spec.fed_by),
            Self::Switchgear(spec) => Some(&spec.fed_by),
            Self::Cable(spec) => Some(&spec.fed_by),
            Self::Ups(spec) => Some(&spec.fed_by),
            Self::Pdu(spec) => Some(&spec.fed_by),
            Self::HouseLoad(spec) => Some(&spec.fed_by),
        }
    }

    /// Fills in defaults and checks ranges. Names stay for the caller to look up.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        if self.fed_by().is_some_and(|names| names.0.is_empty()) {
            faults.push(Fault::error("fed_by", "needs at least one name"));
        }
        PowerPart::Supply(match self {
            Self::Feed(spec) => spec.resolve(faults),
            Self::Transformer(spec) => spec.resolve(faults),
            Self::Switchgear(spec) => spec.resolve(faults),
            Self::Cable(spec) => spec.resolve(faults),
            Self::Ups(spec) => spec.resolve(faults),
            Self::Pdu(spec) => spec.resolve(faults),
            Self::HouseLoad(spec) => {
                return PowerPart::House { power_w: spec.power.0.max(0.0) };
            }
        })
    }
}

impl FeedSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
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
        ComponentDesign {
            kind: ComponentKind::Feed,
            rating_w: positive(self.capacity.0, "capacity", faults),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, published, faults),
        }
    }
}

impl TransformerSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
        let rating_va = positive(self.rating.0, "rating", faults);
        let published = if rating_va <= 3e6 { law(0.00111, 5.0) } else { law(0.01, 200.0) };
        let rating_w = rating_va * power_factor(self.power_factor, faults);
        // Losses are shares of the apparent rating, load is relative to it at any power factor.
        let no_load_w = loss("no_load_loss", self.no_load_loss, 0.0010, faults) * rating_va;
        let load_w = loss("load_loss", self.load_loss, 0.0060, faults) * rating_va;
        ComponentDesign {
            kind: ComponentKind::Transformer,
            rating_w,
            loss: LossCurve {
                fixed_w: no_load_w,
                linear: 0.0,
                quadratic_per_w: load_w / (rating_w * rating_w),
            },
            failures: failures(&self.failures, published, faults),
        }
    }
}

impl SwitchgearSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
        let power_factor = power_factor(self.power_factor, faults);
        let rating_w = self.rating.map(|va| positive(va.0, "rating", faults) * power_factor);
        ComponentDesign {
            kind: ComponentKind::Switchgear,
            rating_w: rating_w.unwrap_or(f64::INFINITY),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, law(0.0017, 2.4), faults),
        }
    }
}

impl CableSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
        let rating_va = positive(self.rating.0, "rating", faults);
        let rating_w = rating_va * power_factor(self.power_factor, faults);
        let length_m =
            Check { faults }.between("length", Some(self.length.0), 1.0, (0.1, 1e6), "m");
        let published = match self.laid.unwrap_or(Laid::Conduit) {
            Laid::Conduit => law(0.00201 * length_m / 304.8, 11.22),
            Laid::Aerial => law(0.04717 * length_m / 1609.344, 1.82),
        };
        let loss_w = loss("loss", self.loss, 0.004, faults) * rating_va;
        ComponentDesign {
            kind: ComponentKind::Cable,
            rating_w,
            loss: LossCurve {
                fixed_w: 0.0,
                linear: 0.0,
                quadratic_per_w: loss_w / (rating_w * rating_w),
            },
            failures: failures(&self.failures, published, faults),
        }
    }
}

impl UpsSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
        let rating_w = positive(self.rating.0, "rating", faults);
        let curve = [
            loss("no_load_loss", self.no_load_loss, 0.009_55, faults),
            loss("proportional_loss", self.proportional_loss, 0.0119, faults),
            loss("square_loss", self.square_loss, 0.019_13, faults),
        ];
        ComponentDesign {
            kind: ComponentKind::Ups,
            rating_w,
            loss: LossCurve::per_unit(rating_w, curve),
            failures: failures(&self.failures, law(8760.0 / 250_000.0, 8.0), faults),
        }
    }
}

impl PduSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> ComponentDesign {
        let efficiency = self.efficiency.map(|share| share.0);
        let efficiency = Check { faults }.between("efficiency", efficiency, 0.9925, (0.1, 1.0), "");
        let rating_va = positive(self.rating.0, "rating", faults);
        ComponentDesign {
            kind: ComponentKind::Pdu,
            rating_w: rating_va * power_factor(self.power_factor, faults),
            loss: LossCurve { linear: 1.0 / efficiency - 1.0, ..LossCurve::NONE },
            failures: failures(&self.failures, law(0.005, 6.0), faults),
        }
    }
}

/// An exponential law from the units of the published tables, a year being 8760 h.
fn law(per_year: f64, repair_h: f64) -> FailureLaw {
    FailureLaw {
        rate_per_s: per_year / (8760.0 * 3600.0),
        repair: RepairLaw::Exponential { mean_s: repair_h * 3600.0 },
    }
}

/// `default` with what the user wrote laid over it.
fn failures(
    spec: &Option<FailureSpec>,
    default: FailureLaw,
    faults: &mut Vec<Fault>,
) -> FailureLaw {
    let Some(spec) = spec else { return default };
    Check { faults }.within("failures", |check| spec.resolve(default, check))
}

impl FailureSpec {
    fn resolve(&self, default: FailureLaw, check: &mut Check<'_>) -> FailureLaw {
        let rate_per_s =
            self.rate.map_or(default.rate_per_s, |rate| check.failure_rate("rate", rate.0));
        let mean_s = match (self.repair_mean, default.repair) {
            (Some(mean), _) => mean.as_secs_f64(),
            (None, RepairLaw::Exponential { mean_s } | RepairLaw::Lognormal { mean_s, .. }) => {
                mean_s
            }
        };
        if mean_s == 0.0 {
            check.error("repair_mean", "must be longer than zero".to_owned());
        }
        let repair = match check.repair_sigma("repair_sigma", self.repair_sigma) {
            None => RepairLaw::Exponential { mean_s },
            Some(sigma) => RepairLaw::Lognormal { mean_s, sigma },
        };
        FailureLaw { rate_per_s, repair }
    }
}

/// A loss as a share of the rating. What loses more than half of it is no power equipment.
fn loss(
    field: &'static str,
    value: Option<Fraction>,
    default: f64,
    faults: &mut Vec<Fault>,
) -> f64 {
    Check { faults }.between(field, value.map(|share| share.0), default, (0.0, 0.5), "")
}

fn power_factor(value: Option<Fraction>, faults: &mut Vec<Fault>) -> f64 {
    let value = value.map(|share| share.0);
    Check { faults }.between("power_factor", value, 0.98, (0.1, 1.0), "")
}

/// `value`, or 1 with a fault, so that what is computed from it stays finite.
fn positive(value: f64, field: &'static str, faults: &mut Vec<Fault>) -> f64 {
    if value > 0.0 {
        return value;
    }
    faults.push(Fault::error(field, "must be above zero"));
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one component the way the scenario does: `kind` selects, the rest is its content.
    fn read(value: serde_yaml::Value) -> PowerSpec {
        let serde_yaml::Value::Mapping(mut fields) = value else { panic!("needs a mapping") };
        let kind = fields.remove("kind").expect("a component has a kind");
        let mut outer = serde_yaml::Mapping::new();
        outer.insert(kind, serde_yaml::Value::Mapping(fields));
        // An externally tagged enum is a map of one entry in JSON, but a tag in YAML.
        let json = serde_json::to_value(&outer).expect("a mapping is JSON");
        serde_json::from_value(json).unwrap_or_else(|error| panic!("{error}"))
    }

    fn supply(text: &str) -> (ComponentDesign, Vec<Fault>) {
        let spec = read(serde_yaml::from_str(text).expect("well-formed YAML"));
        let mut faults = Vec::new();
        match spec.resolve(&mut faults) {
            PowerPart::Supply(component) => (component, faults),
            PowerPart::House { .. } => panic!("a house load is no supply"),
        }
    }

    fn efficiency(component: &ComponentDesign, load: f64) -> f64 {
        let out = load * component.rating_w;
        out / (out + component.loss.loss_w(out))
    }

    /// T28: 90.1, 94.8, 96.1, 96.2 and 96.1 % at 10, 25, 50, 75 and 100 % load.
    #[test]
    fn efficiency_of_a_ups() {
        let (ups, faults) = supply("{kind: ups, rating: 2 MW, fed_by: [bus]}");
        assert!(faults.is_empty());
        for (load, percent) in [(0.1, 90.1), (0.25, 94.8), (0.5, 96.1), (0.75, 96.2), (1.0, 96.1)] {
            let ours = 100.0 * efficiency(&ups, load);
            assert!((ours - percent).abs() <= 0.05, "{ours} % at {load}, published {percent} %");
        }
    }

    /// T28: 99.5 % at half load, best where both losses are equal, at 41 %.
    #[test]
    fn efficiency_of_a_transformer() {
        let (transformer, _) =
            supply("{kind: transformer, rating: 75 MVA, fed_by: [u], power_factor: 100 %}");
        assert_eq!(transformer.rating_w, 75e6);
        assert!((efficiency(&transformer, 0.5) - 1.0 / 1.005).abs() < 1e-12);
        let best = (1..=100)
            .max_by(|&a, &b| {
                let at = |percent: i32| efficiency(&transformer, f64::from(percent) / 100.0);
                at(a).total_cmp(&at(b))
            })
            .expect("a hundred loads");
        assert_eq!(best, 41);
    }

    #[test]
    fn losses_at_a_power_factor_below_one_are_those_of_the_current() {
        let (unity, _) =
            supply("{kind: transformer, rating: 1 MVA, fed_by: [u], power_factor: 100 %}");
        let (half, _) =
            supply("{kind: transformer, rating: 1 MVA, fed_by: [u], power_factor: 50 %}");
        assert_eq!(half.rating_w, 0.5e6);
        // Half the real power at half the power factor is the same current.
        assert!((half.loss.loss_w(0.25e6) - unity.loss.loss_w(0.5e6)).abs() < 1e-9);
    }

    #[test]
    fn cables_fail_by_length() {
        let (mile, _) =
            supply("{kind: cable, rating: 10 MVA, length: 1 mile, laid: aerial, fed_by: [u]}");
        assert!((mile.failures.rate_per_s * 8760.0 * 3600.0 - 0.04717).abs() < 1e-12);
        let (feet, _) = supply("{kind: cable, rating: 1 MVA, length: 2000 ft, fed_by: [u]}");
        assert!((feet.failures.rate_per_s * 8760.0 * 3600.0 - 0.00402).abs() < 1e-12);
    }

    #[test]
    fn own_failures_lie_over_the_defaults() {
        let (ups, faults) =
            supply("{kind: ups, rating: 1 MW, fed_by: [u], failures: {repair_sigma: 0.5}}");
        assert!(faults.is_empty());
        assert_eq!(ups.failures.repair, RepairLaw::Lognormal { mean_s: 28_800.0, sigma: 0.5 });
        assert!((ups.failures.rate_per_s * 3600.0 * 250_000.0 - 1.0).abs() < 1e-12);
        let (feed, faults) = supply("{kind: feed, capacity: 1 MW, outages: none}");
        assert!(faults.is_empty());
        assert_eq!(feed.failures, FailureLaw::NEVER);
    }

    #[test]
    fn what_makes_no_sense_is_refused_at_its_field() {
        let fields = |text: &str| -> Vec<String> {
            supply(text).1.iter().map(|fault| fault.field.to_string()).collect()
        };
        assert_eq!(fields("{kind: feed, capacity: 0 MW}"), ["capacity"]);
        let both = "{kind: feed, capacity: 1 MW, outages: none, failures: {rate: 1 /year}}";
        assert!(fields(both).contains(&"outages".to_owned()));
        assert_eq!(fields("{kind: ups, rating: 0 MW, fed_by: []}"), ["fed_by", "rating"]);
        let wrong = "{kind: pdu, rating: 1 MVA, fed_by: [u], efficiency: 0 %, power_factor: 0 %,
            failures: {rate: 2 /s, repair_mean: 0 s, repair_sigma: 9}}";
        let failures = ["failures.rate", "failures.repair_mean", "failures.repair_sigma"];
        assert_eq!(fields(wrong)[..2], ["efficiency", "power_factor"]);
        assert_eq!(fields(wrong)[2..], failures);
    }

    /// Every entry of the catalogue is complete but for its place, sourced, and without fault.
    #[test]
    fn catalogue_entries_resolve() {
        let text = include_str!("../../../scenarios/presets/power.yaml");
        let catalogue: serde_yaml::Mapping = serde_yaml::from_str(text).expect("YAML");
        assert!(catalogue.len() >= 10, "{} entries", catalogue.len());
        for (name, entry) in catalogue {
            let serde_yaml::Value::Mapping(mut entry) = entry else { panic!("{name:?}") };
            assert!(entry.contains_key("source"), "{name:?} has no source");
            let kind = entry.get("kind").and_then(|kind| kind.as_str()).expect("a kind").to_owned();
            let mut place = |field: &str, value: &str| {
                entry.entry(field.into()).or_insert(value.into());
            };
            match kind.as_str() {
                "feed" => place("capacity", "1 MW"),
                "cable" => place("length", "1 km"),
                _ => {}
            }
            if kind != "feed" {
                entry.insert("fed_by".into(), serde_yaml::Value::Sequence(vec!["u".into()]));
            }
            let spec = read(serde_yaml::Value::Mapping(entry));
            let mut faults = Vec::new();
            spec.resolve(&mut faults);
            assert!(faults.is_empty(), "{name:?}: {faults:?}");
        }
    }
}
