//! The battery and the input of a UPS.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::span;
use crate::kernel::Span;
use crate::plant::power::sequence::{LEVELS, OverloadDesign, PassingDesign, Strikes, UpsDesign};
use crate::spec::{Check, Fault};
use crate::units::{CalendarSpan, Duration, Fraction, Multiple, Temperature};

/// How often the flows of a UPS that takes over from its battery are looked at, at least: what reacts to power
/// in other ways than by a limit or the return of the import, which have instants of their own, reacts then.
/// Energies are those of the straight line, up to any instant.
const WALK_IN_STEPS: u32 = 60;

/// The battery of a UPS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatterySpec {
    /// What its cells are; default `lithium`.
    pub chemistry: Option<Chemistry>,
    /// How long it carries the rated output when new; default 5 min (5 to 20 min are usual).
    pub runtime: Option<Duration>,
    /// What recharging draws at the input, as a share of the rating; default 10 % (from memory: 5
    /// to 25 %).
    pub recharge: Option<Fraction>,
    /// The same while generators feed it; default 0 (assumption).
    pub recharge_on_generator: Option<Fraction>,
    /// Output over what the battery gives; default 95 % (assumption).
    pub efficiency: Option<Fraction>,
    /// Energy stored over energy drawn for it; default 95 % (assumption).
    pub charge_efficiency: Option<Fraction>,
    /// With `vrla`: the exponent by which it is empty sooner at more power, `runtime (rated/P)^n`; default
    /// 1.15 (1.1 to 1.3; assumption).
    pub peukert: Option<f64>,
    /// How old it is when the run begins: its energy falls in a straight line to 80 % at the end of its
    /// `life` (assumption; at 80 % batteries are replaced), and is that of the beginning for the whole
    /// run. Default: new.
    pub age: Option<CalendarSpan>,
    /// When it is down at 80 %, at 25 degC; default 10 years of `lithium` (10 to 15 years, 1.5 to 2 % a
    /// year), 5 years of `vrla`.
    pub life: Option<CalendarSpan>,
    /// How warm it stands: 10 K more than 25 degC halve its life, and 10 K less double it (8 to 10 K of
    /// `vrla`; of `lithium` an assumption). Default 25 degC.
    pub temperature: Option<Temperature>,
}

/// What the cells of a battery are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Chemistry {
    /// Lithium ion: the same energy at any power.
    Lithium,
    /// Lead acid, valve-regulated: the less energy the faster it is drawn.
    Vrla,
}

/// What a battery has left when it is replaced.
const END_OF_LIFE: f64 = 0.8;

/// What a UPS takes at its input, and how it comes back to it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Lowest voltage that it takes; default 85 % (assumption).
    pub low: Option<Fraction>,
    /// Highest voltage that it takes; default 110 % (assumption).
    pub high: Option<Multiple>,
    /// How long the input must be good before it is taken again; default 10 s (from memory).
    pub requalify: Option<Duration>,
    /// How long it takes over from its battery; default 15 s (from memory: 5 to 30 s).
    pub walk_in: Option<Duration>,
    /// A counter that keeps it on its battery; default: none.
    pub strikes: Option<StrikesSpec>,
}

/// Disturbances that take a UPS off its input until someone returns it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrikesSpec {
    /// How many are too many.
    pub count: u32,
    /// Within how long; default 1 min.
    pub window: Option<Duration>,
    /// A disturbance this soon after the last one ended belongs to it; default 0.
    pub merge: Option<Duration>,
    /// How long until someone returns it; default 30 min (assumption).
    pub reset: Option<Duration>,
}

/// What carries the load of a UPS that is broken, or whose battery is empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BypassSpec {
    /// Whether it has one; default true.
    pub present: Option<bool>,
}

impl BatterySpec {
    pub(super) fn resolve(
        &self,
        rating_w: f64,
        input: &InputSpec,
        bypass: bool,
        check: &mut Check<'_>,
    ) -> UpsDesign {
        let mut battery = (0.0, 0.0, 0.0, 0.0, 0.0);
        check.within("battery", |check| {
            let runtime = check.lasting("runtime", self.runtime);
            battery = (
                runtime.map_or(300.0, Duration::as_secs_f64),
                check.between("recharge", share(self.recharge), 0.1, (0.0, 1.0), ""),
                check.between(
                    "recharge_on_generator",
                    share(self.recharge_on_generator),
                    0.0,
                    (0.0, 1.0),
                    "",
                ),
                check.between("efficiency", share(self.efficiency), 0.95, (0.5, 1.0), ""),
                check.between(
                    "charge_efficiency",
                    share(self.charge_efficiency),
                    0.95,
                    (0.5, 1.0),
                    "",
                ),
            );
        });
        let (runtime_s, recharge, on_generator, efficiency, charge_efficiency) = battery;
        let (peukert, left, least) = self.cells(check);
        let (window, strikes) = input.resolve(check);
        UpsDesign {
            battery_j: rating_w / efficiency * runtime_s * left,
            end_of_life_j: rating_w / efficiency * runtime_s * least,
            battery_rated_w: rating_w / efficiency,
            peukert,
            battery_efficiency: efficiency,
            recharge_w: recharge * rating_w,
            recharge_on_generator_w: on_generator * rating_w,
            charge_efficiency,
            window,
            requalify: span(input.requalify, 10.0),
            walk_in: span(input.walk_in, 15.0),
            walk_in_steps: WALK_IN_STEPS,
            strikes,
            bypass,
            overload: None,
            passing: None,
        }
    }
}

impl BatterySpec {
    /// The exponent of its cells, and the share of its energy that they have left and that they have at
    /// the end of their life, where anything says how they age.
    fn cells(&self, check: &mut Check<'_>) -> (f64, f64, f64) {
        let is_vrla = self.chemistry == Some(Chemistry::Vrla);
        let ages = self.age.is_some() || self.life.is_some() || self.temperature.is_some();
        check.within("battery", |check| {
            if self.peukert.is_some() && !is_vrla {
                let fault = Fault::error("peukert", "acts only with `chemistry: vrla`");
                check.faults.push(fault.help("add it, or leave this out"));
            }
            let usual = if is_vrla { 1.15 } else { 1.0 };
            let peukert = check.between("peukert", self.peukert, usual, (1.0, 1.5), "");
            let usual_months = if is_vrla { 60.0 } else { 120.0 };
            let months = |value: Option<CalendarSpan>| value.map(|span| span.0);
            let life =
                check.between("life", months(self.life), usual_months, (1.0, 600.0), "months");
            let celsius = self.temperature.map(|t| t.0);
            let celsius = check.between("temperature", celsius, 25.0, (-20.0, 60.0), "degC");
            let life = life * libm::exp2((25.0 - celsius) / 10.0);
            // Who keeps it for twice its life has 60 % left.
            let age = check.between("age", months(self.age), 0.0, (0.0, 2.0 * life), "months");
            let left = 1.0 - (1.0 - END_OF_LIFE) * age / life;
            (peukert, left, if ages { left.min(END_OF_LIFE) } else { left })
        })
    }
}

/// A share as a number.
fn share(value: Option<Fraction>) -> Option<f64> {
    value.map(|share| share.0)
}

impl InputSpec {
    /// The window of its voltage, and what it makes of repeated losses.
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> ((f64, f64), Option<Strikes>) {
        check.within("input", |check| {
            let low = check.between("low", share(self.low), 0.85, (0.3, 0.99), "");
            let high = check.between("high", self.high.map(|share| share.0), 1.10, (1.01, 1.5), "");
            let strikes = self.strikes.as_ref().map(|strikes| {
                check.within("strikes", |check| Strikes {
                    count: check.whole("count", u64::from(strikes.count), (1, 1000)) as u32,
                    window: span(strikes.window, 60.0),
                    merge: span(strikes.merge, 0.0),
                    reset: Some(span(strikes.reset, 1800.0)),
                })
            });
            ((low, high), strikes)
        })
    }
}

impl BypassSpec {
    pub(super) fn is_present(spec: &Option<Self>) -> bool {
        spec.as_ref().is_some_and(|spec| spec.present.unwrap_or(true))
    }
}

/// How long a UPS stands more than its rating.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverloadSpec {
    /// Levels of output over rating and how long each is stood, rising; at most four. Default: 110 %
    /// for 60 min, 125 % for 10 min, 150 % for 1 min (large three-phase units, from memory).
    pub levels: Option<Vec<OverloadLevelSpec>>,
    /// How long at its rating or less makes it forget; it then also returns from its bypass, or from
    /// off. Default 30 min (assumption).
    pub reset: Option<Duration>,
}

/// A level of overload.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverloadLevelSpec {
    /// Output, as a share of the rating.
    pub load: Multiple,
    /// How long it stands up to that; parts of several levels add up to one dose.
    pub lasts: Duration,
}

impl OverloadSpec {
    pub(super) fn resolve(&self, rating_w: f64, check: &mut Check<'_>) -> OverloadDesign {
        let usual = [(1.10, 3600.0), (1.25, 600.0), (1.50, 60.0)];
        let mut levels: Vec<(f64, Span)> = Vec::new();
        check.within("overload", |check| match &self.levels {
            None => levels.extend(usual.map(|(load, s)| (load, Span::from_secs_f64(s)))),
            Some(written) => {
                if written.is_empty() || written.len() > LEVELS {
                    let message = format!("needs 1 to {LEVELS} levels, got {}", written.len());
                    check.faults.push(Fault::error("levels", message));
                }
                for (at, level) in written.iter().take(LEVELS).enumerate() {
                    let (load, lasts) = check.within(&format!("levels[{at}]"), |check| {
                        let load =
                            check.between("load", Some(level.load.0), 1.1, (1.001, 10.0), "");
                        let lasts = check.lasting("lasts", Some(level.lasts));
                        (load, lasts.map_or(Span::from_secs(1), Span::from))
                    });
                    if let Some((last, held)) = levels.last()
                        && (load <= *last || lasts >= *held)
                    {
                        let field = format!("levels[{at}]");
                        let fault = Fault::error(
                            field,
                            "is no more than the level before it, or no shorter",
                        );
                        check.faults.push(fault.help("write levels rising, each for less time"));
                    }
                    levels.push((load, lasts));
                }
            }
        });
        let last = levels.last().copied().unwrap_or((1.1, Span::from_secs(1)));
        OverloadDesign {
            rating_w,
            levels: std::array::from_fn(|at| levels.get(at).copied().unwrap_or(last)),
            reset: span(self.reset, 1800.0),
        }
    }
}

/// How a UPS carries its load while its input is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Through rectifier and inverter: what is behind it never notices its input.
    Online,
    /// Past them until the input is bad; afterwards for a while through them.
    Eco,
    /// Past them until the input is bad, and again as soon as it has requalified, without a walk-in.
    LineInteractive,
}

/// How a UPS passes its input on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassingSpec {
    /// What it loses meanwhile, as a share of its output, in place of its loss curve; default 1.5 %
    /// (makers say 98 to 99 % of efficiency).
    pub loss: Option<Fraction>,
    /// From a bad input until the inverter carries the load; racks hold for 20 ms. Default 4 ms in eco
    /// mode (2 to 4 ms), 10 ms line-interactive (2 to 10 ms).
    pub transfer: Option<Duration>,
    /// How long it converts twice after an event before it is in eco mode again; default 5 min (5 to
    /// 30 min). After three returns within an hour it stays online (assumption). Only in eco mode.
    pub back_after: Option<Duration>,
}

impl PassingSpec {
    pub(super) fn resolve(
        spec: &Option<Self>,
        mode: Option<Mode>,
        check: &mut Check<'_>,
    ) -> Option<PassingDesign> {
        let written = spec.clone().unwrap_or_default();
        let mode = mode.unwrap_or(Mode::Online);
        if spec.is_some() && mode == Mode::Online {
            let fault = Fault::error("passing", "acts only in another mode than `online`");
            check.faults.push(fault.help("add `mode: eco` or `mode: line-interactive`"));
        }
        check.within("passing", |check| {
            if written.back_after.is_some() && mode == Mode::LineInteractive {
                let message =
                    "a line-interactive UPS passes on as soon as its input has requalified";
                let help = "leave it out, or write `mode: eco`";
                check.faults.push(Fault::error("back_after", message).help(help));
            }
            let usual_s = if mode == Mode::Eco { 0.004 } else { 0.010 };
            let transfer_s = written.transfer.map(Duration::as_secs_f64);
            let transfer_s = check.between("transfer", transfer_s, usual_s, (0.0, 1.0), "s");
            let design = PassingDesign {
                loss: check.between("loss", share(written.loss), 0.015, (0.0, 0.5), ""),
                transfer: Span::from_secs_f64(transfer_s),
                back: (mode == Mode::Eco).then(|| span(written.back_after, 300.0)),
            };
            (mode != Mode::Online).then_some(design)
        })
    }
}
