//! What a user makes happen to a component of the power chain, in place of luck.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::component::{ComponentDesign, ComponentKind};
use super::sequence::MachineDesign;
use crate::kernel::Span;
use crate::spec::{Check, Fault};
use crate::units::{Duration, Fraction};

/// What happens to a part of `power` or `cooling`. Exactly one of these is written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionSpec {
    /// A feed delivers nothing for so long.
    pub outage: Option<Duration>,
    /// Any component, or machine of the cooling, fails and is repaired after so long.
    pub fail: Option<Duration>,
    /// The same is taken out of service for so long, as planned. A UPS with a `bypass` carries
    /// its load on that meanwhile.
    pub maintain: Option<Duration>,
    /// The voltage of a feed sags once.
    pub sag: Option<OneSagSpec>,
    /// The voltage of a feed sags as it once did.
    pub sags: Option<SagRecord>,
    /// The voltage that remains in `sags`, as a share of nominal; default 30 %.
    pub depth: Option<Fraction>,
    /// The crank by which a generator answers its next call, or `never`.
    pub fires_at: Option<FiresAt>,
}

/// One sag.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneSagSpec {
    /// The voltage that remains, as a share of nominal.
    pub depth: Fraction,
    /// How long it lasts.
    pub duration: Duration,
}

/// A published series of sags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SagRecord {
    /// Six sags within 82 s, a 230 kV fault with reclosing (NERC, Incident Review of 2025-01-08);
    /// the residual voltage was 25 to 40 %.
    #[serde(rename = "nerc-2024-07-10")]
    Nerc20240710,
}

impl SagRecord {
    /// When each begins and how long it lasts, ms.
    const fn sags_ms(self) -> &'static [(u64, u64)] {
        match self {
            Self::Nerc20240710 => {
                &[(0, 42), (532, 66), (15_860, 58), (21_279, 50), (76_249, 66), (81_665, 59)]
            }
        }
    }
}

/// The crank by which a generator fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiresAt {
    /// This one, from 1.
    Crank(u8),
    /// None.
    Never,
}

impl<'de> Deserialize<'de> for FiresAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (text.as_str(), text.parse()) {
            ("never", _) => Ok(Self::Never),
            (_, Ok(crank)) if crank > 0 => Ok(Self::Crank(crank)),
            _ => Err(de::Error::custom(format!(
                "needs the number of a crank, from 1, or `never`, got `{text}`"
            ))),
        }
    }
}

impl JsonSchema for FiresAt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FiresAt".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "the number of a crank, from 1, or `never`",
            "anyOf": [{"type": "integer", "minimum": 1}, {"const": "never"}],
        })
    }
}

/// What happens to a component, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// It is out of service for so long.
    Out {
        /// As planned, not failed.
        planned: bool,
        /// How long.
        lasts: Span,
    },
    /// The voltage of a feed falls.
    Sag {
        /// To this, pu.
        residual: f64,
        /// For so long.
        lasts: Span,
    },
    /// The next call of a generator is answered by this crank, or by none.
    Fires(Option<u8>),
}

/// What an event strikes.
#[derive(Debug, Clone, Copy)]
pub enum Struck<'d> {
    /// A component of the power chain.
    Power(&'d ComponentDesign),
    /// A machine of the cooling of this kind.
    Cooling(&'static str),
}

impl ActionSpec {
    /// What happens to what is `struck`, and how long after the event.
    pub fn resolve(&self, struck: Struck<'_>, faults: &mut Vec<Fault>) -> Vec<(Span, Action)> {
        let written = [
            ("outage", self.outage.is_some()),
            ("fail", self.fail.is_some()),
            ("maintain", self.maintain.is_some()),
            ("sag", self.sag.is_some()),
            ("sags", self.sags.is_some()),
            ("fires_at", self.fires_at.is_some()),
        ];
        let mut all = written.iter().filter(|(_, written)| *written).map(|(name, _)| *name);
        let Some(name) = all.next() else {
            let fault = Fault::error("", "nothing happens to it");
            faults.push(
                fault.help("write one of `outage`, `fail`, `maintain`, `sag`, `sags`, `fires_at`"),
            );
            return Vec::new();
        };
        if let Some(other) = all.next() {
            let message = format!("`{name}` is written beside it: an event is one thing");
            faults.push(Fault::error(other, message).help("write two events"));
            return Vec::new();
        }
        if self.depth.is_some() && self.sags.is_none() {
            faults.push(
                Fault::error("depth", "belongs to `sags`")
                    .help("a single sag is `sag: {depth: 30 %, duration: 80 ms}`"),
            );
        }
        let (kind, kind_name) = match struck {
            Struck::Power(design) => (Some(design.kind), design.kind.name()),
            Struck::Cooling(kind) => (None, kind),
        };
        let only = match name {
            "outage" | "sag" | "sags" => Some(ComponentKind::Feed),
            "fires_at" => Some(ComponentKind::Genset),
            _ => None,
        };
        if let Some(only) = only.filter(|only| Some(*only) != kind) {
            let message = format!("happens to a {} only, got a {}", only.name(), kind_name);
            let help = "what fails is `fail: 8 h`, what is maintained `maintain: 8 h`";
            faults.push(Fault::error(name, message).help(help));
            return Vec::new();
        }
        let mut check = Check { faults };
        let mut out = |field, planned, value| {
            let lasts = check.lasting(field, value).map_or(Span::ZERO, Span::from);
            vec![(Span::ZERO, Action::Out { planned, lasts })]
        };
        match name {
            "outage" => out(name, false, self.outage),
            "fail" => out(name, false, self.fail),
            "maintain" => out(name, true, self.maintain),
            "sag" => {
                let sag = self.sag.expect("it is written");
                check.within("sag", |check| {
                    let residual = check.between("depth", Some(sag.depth.0), 0.5, (0.0, 0.9), "");
                    let lasts = check.lasting("duration", Some(sag.duration));
                    let lasts = lasts.map_or(Span::ZERO, Span::from);
                    vec![(Span::ZERO, Action::Sag { residual, lasts })]
                })
            }
            "sags" => {
                let depth = self.depth.map(|depth| depth.0);
                let residual = check.between("depth", depth, 0.3, (0.0, 0.9), "");
                let ms = |ms: u64| Span::from_nanos(ms * 1_000_000);
                let sags = self.sags.expect("it is written").sags_ms().iter();
                sags.map(|&(at, lasts)| (ms(at), Action::Sag { residual, lasts: ms(lasts) }))
                    .collect()
            }
            _ => {
                let cranks = match struck {
                    Struck::Power(ComponentDesign {
                        machine: MachineDesign::Genset(set), ..
                    }) => set.cranks,
                    _ => u8::MAX,
                };
                let fires = match self.fires_at.expect("it is written") {
                    FiresAt::Never => None,
                    FiresAt::Crank(crank) => Some(crank),
                };
                if fires.is_some_and(|crank| crank > cranks) {
                    let message = format!("it has {cranks} cranks");
                    let fault = Fault::error("fires_at", message).help("or write `never`");
                    check.faults.push(fault);
                }
                vec![(Span::ZERO, Action::Fires(fires))]
            }
        }
    }
}
