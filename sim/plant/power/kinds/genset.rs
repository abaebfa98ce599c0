//! Generators, and the bus on which several work together.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive, span};
use crate::kernel::{FailureLaw, FailureSpec, Span};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::{BusDesign, FuelDesign, GensetDesign, MachineDesign};
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction, Power, Rate, Volume, VolumeFlow};

/// A generator: stands ready and starts when a transfer switch calls, or always runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GensetSpec {
    /// Rated output.
    pub rating: Power,
    /// Whether it stands ready or always runs; default `standby`.
    pub duty: Option<Duty>,
    /// How it starts.
    #[serde(default)]
    pub start: StartSpec,
    /// How long it runs on without load before it stops; default 5 min (makers' settings: 0 to
    /// 10 min).
    pub cooldown: Option<Duration>,
    /// How often it breaks while it runs, and for how long; default once in 1100 h of running (REopt,
    /// backup reliability) and 18.28 h (gold book, packaged diesel of 1.5 MW).
    pub runs: Option<FailureSpec>,
    /// How it fails while it stands.
    pub standby: Option<StandbySpec>,
    /// Its tank; default: it never runs dry.
    pub fuel: Option<FuelSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// When a generator runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Stands ready until it is called.
    Standby,
    /// Always runs.
    Prime,
}

/// How a generator starts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSpec {
    /// From the beginning of the crank that fires to rated speed and voltage; default 10 s (type 10
    /// of NFPA 110).
    pub time: Option<Duration>,
    /// How many cranks it has; default 3 (practice of NFPA 110, from memory).
    pub cranks: Option<u32>,
    /// How long a crank in vain lasts; default 15 s (as `cranks`).
    pub crank: Option<Duration>,
    /// The rest between two cranks; default 15 s (as `cranks`; makers: 7 s and more).
    pub rest: Option<Duration>,
    /// Chance that it does not answer a call at all; default 0.94 % (REopt, backup reliability).
    pub fails: Option<Fraction>,
    /// Chance that a crank of a set that answers fires; default 100 %.
    pub crank_fires: Option<Fraction>,
}

/// How a generator fails while it stands: in silence, until a test or a call finds it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandbySpec {
    /// How often; default `0 /year`, as `start.fails` counts what a call finds.
    pub rate: Option<Rate>,
    /// How often it is tested; default 30 days (assumption: monthly tests).
    pub test_every: Option<Duration>,
}

/// The tank of a generator. It is filled while the set stands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FuelSpec {
    /// How much it holds.
    pub tank: Volume,
    /// Burnt without load.
    pub at_idle: VolumeFlow,
    /// Burnt at rated load; between the two it rises linearly.
    pub at_rating: VolumeFlow,
}

impl Kind for GensetSpec {
    fn fed_by(&self) -> Option<&Names> {
        None
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let rating_w = positive(self.rating.0, "rating", faults);
        // Once in 1100 h of running.
        let runs = failures_of_running(&self.runs, faults);
        let mut check = Check { faults };
        let prime = self.duty == Some(Duty::Prime);
        let start = check.within("start", |check| self.start.resolve(check));
        let (latent_rate_per_s, test_every) = match &self.standby {
            None => (0.0, Span::MAX),
            Some(standby) => check.within("standby", |check| {
                let rate = standby.rate.map_or(0.0, |rate| check.failure_rate("rate", rate.0));
                let every = check.lasting("test_every", standby.test_every);
                (rate, every.map_or(Span::from_hours(720), Span::from))
            }),
        };
        let fuel = self.fuel.as_ref().map(|fuel| {
            check.within("fuel", |check| {
                let (idle, full) = (fuel.at_idle.0, fuel.at_rating.0);
                if !(full >= idle && idle >= 0.0) {
                    check.error("at_rating", "must not be below `at_idle`".to_owned());
                }
                if fuel.tank.0 <= 0.0 {
                    check.error("tank", "must be above zero".to_owned());
                }
                FuelDesign {
                    tank_m3: fuel.tank.0,
                    idle_m3_per_s: idle,
                    slope_m3_per_j: (full - idle) / rating_w,
                }
            })
        });
        let machine = GensetDesign {
            prime,
            cooldown: span(self.cooldown, 300.0),
            run_rate_per_s: runs.rate_per_s,
            latent_rate_per_s,
            test_every,
            repair: runs.repair,
            fuel,
            ..start
        };
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Genset,
            reverse_w: 0.0,
            rating_w,
            loss: LossCurve::NONE,
            // It fails by what it does, not by the calendar.
            failures: FailureLaw::NEVER,
            machine: MachineDesign::Genset(machine),
        })
    }
}

fn failures_of_running(spec: &Option<FailureSpec>, faults: &mut Vec<Fault>) -> FailureLaw {
    let default = law(8760.0 / 1100.0, 18.28);
    let Some(spec) = spec else { return default };
    if spec.wear.is_some() {
        let fault = Fault::error("runs.wear", "wear goes by the calendar, not by running");
        faults.push(fault.help("leave it out"));
    }
    Check { faults }.within("runs", |check| spec.resolve(default, check))
}

impl StartSpec {
    fn resolve(&self, check: &mut Check<'_>) -> GensetDesign {
        let start = span(self.time, 10.0);
        let crank = span(self.crank, 15.0);
        // It fires 3 s into the crank (assumption), or at half the time of a quick start.
        let fires = Span::from_nanos(3_000_000_000.min(start.as_nanos() / 2));
        let cranks = check.whole("cranks", u64::from(self.cranks.unwrap_or(3)), (1, 20));
        let share = |value: Option<Fraction>| value.map(|share| share.0);
        let fails = check.between("fails", share(self.fails), 0.0094, (0.0, 1.0), "");
        let crank_fires =
            check.between("crank_fires", share(self.crank_fires), 1.0, (0.01, 1.0), "");
        GensetDesign {
            prime: false,
            start,
            fires,
            crank,
            rest: span(self.rest, 15.0),
            cranks: cranks as u8,
            fails,
            crank_fires,
            cooldown: Span::ZERO,
            run_rate_per_s: 0.0,
            latent_rate_per_s: 0.0,
            test_every: Span::MAX,
            repair: crate::kernel::RepairLaw::Exponential { mean_s: 18.28 * 3600.0 },
            fuel: None,
        }
    }
}

/// The bus on which generators work together: what it may put out is the sum of the ratings on it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratorBusSpec {
    /// The generators on it.
    pub sets: Names,
    /// How long a set synchronises before it closes on the live bus; default 4 s (assumption).
    pub sync: Option<Duration>,
    /// Least time between two blocks of load; default 5 s (ISO 8528-5: frequency is back in 5 s).
    pub step: Option<Duration>,
    /// How long a block takes to close once it may; default 100 ms (as a transfer).
    pub close: Option<Duration>,
    /// How long it stands an overload before it sheds its last block; default 200 ms (assumption).
    pub shed_after: Option<Duration>,
    /// The largest block that it takes at once, as a share of the ratings on it; default 100 %. Gas
    /// engines take 10 to 55 % (makers' figures).
    pub step_load: Option<Fraction>,
    /// How often the bus itself fails, and for how long; default 0.0017 /year and 2.4 h (gold book,
    /// insulated bus).
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

impl Kind for GeneratorBusSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.sets)
    }

    fn feeders_field(&self) -> &'static str {
        "sets"
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let share = self.step_load.map(|share| share.0);
        let step_load = Check { faults }.between("step_load", share, 1.0, (0.01, 1.0), "");
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::GeneratorBus,
            reverse_w: 0.0,
            // What is on it limits it.
            rating_w: f64::INFINITY,
            loss: LossCurve::NONE,
            failures: failures(&self.failures, law(0.0017, 2.4), faults),
            machine: MachineDesign::GeneratorBus(BusDesign {
                sync: span(self.sync, 4.0),
                step: span(self.step, 5.0),
                close: span(self.close, 0.1),
                shed_after: span(self.shed_after, 0.2),
                allowance: 1.0,
                step_load,
            }),
        })
    }
}
