//! Calls as a user writes them.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::calls::{CallLaw, Coupled, weights};
use super::frequency::{RelayLaw, droop};
use super::{Asked, Call, CallsDesign, Signs};
use crate::grid::emergency::check_level;
use crate::kernel::{DurationLaw, Span, Time};
use crate::spec::{Alternatives, Check, DurationSpec, Fault, Name, within};
use crate::tables::{Run, Series, Window, WindowSpec, read_spells};
use crate::units::{Duration, Fraction, Frequency, Rate};

/// When a site is called: exactly one of `rate`, `csv`, `at`, `relay`, `droop` and `level`. `relay` and `droop`
/// follow the `frequency` of the scenario, `level` its `emergency_level`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallsSpec {
    /// How many calls there are in the mean of a year, drawn at random: `30 /year`.
    pub rate: Option<Rate>,
    /// With `rate` or `relay`: how long a call lasts.
    pub length: Option<DurationSpec>,
    /// With `rate`: when there are more, or fewer, calls. By default they come at any time alike.
    #[serde(default)]
    pub busy: Vec<BusySpec>,
    /// With `rate` or `relay`: time from a recall to the next call, at least. By default 1 h
    /// (assumption).
    pub gap: Option<Duration>,
    /// With `rate`: calls that come while energy is dear. By default none do.
    pub coupled: Option<CoupledSpec>,
    /// A table with the columns `start` and `end`, times with their offsets.
    pub csv: Option<Name>,
    /// The calls themselves.
    pub at: Option<Vec<CallSpec>>,
    /// A relay that trips the whole award where the frequency is low. Its operator lets it back after
    /// `length`, and it is armed again `gap` later.
    pub relay: Option<RelaySpec>,
    /// A part of the award that grows as the frequency falls.
    pub droop: Option<DroopSpec>,
    /// From which level of an emergency of the grid on the operator calls, 1 to 3, until it is lower again.
    pub level: Option<u8>,
}

/// A relay that trips load where the frequency is low.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelaySpec {
    /// The frequency at which it trips, or below: 59.7 Hz for ERCOT's responsive reserve.
    pub at: Frequency,
    /// How long the frequency must have stayed there. Default: 0 s.
    pub after: Option<Duration>,
}

/// A part of an award that grows as the frequency falls: none of it at `from`, all of it at `full`, a
/// straight line between them.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DroopSpec {
    /// At which frequency, and above, nothing is asked: 49.9 Hz for the Nordic FCR-D.
    pub from: Frequency,
    /// At which frequency, and below, all of it is: 49.5 Hz for the Nordic FCR-D.
    pub full: Frequency,
}

/// When there are more, or fewer, calls.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusySpec {
    /// When.
    pub window: WindowSpec,
    /// How many times as many, 0 to 1000. Where windows overlap, all of them count.
    pub times: f64,
}

/// Calls that come while energy is dear.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoupledSpec {
    /// The share of the time of a month, that with its highest prices, in which they come.
    pub dearest: Fraction,
    /// Their share of all calls.
    pub share: Fraction,
}

/// A call.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSpec {
    /// When it comes, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
}

/// Calls a second, where they are most frequent, at most.
const MOST_PER_S: f64 = 1.0 / 60.0;

/// Between a recall and the next call.
const GAP: Duration = Duration(3_600_000_000_000);

/// A run, and what the grid shows over it.
pub(super) type Grid<'r, 'f> = (&'r mut Run<'f>, &'r Signs);

/// The window that is written, or always.
pub(super) fn window(spec: Option<&WindowSpec>, faults: &mut Vec<Fault>) -> Window {
    let resolve = |spec: &WindowSpec| within("window", faults, |faults| spec.resolve(faults));
    spec.map(resolve).unwrap_or_default()
}

impl CallsSpec {
    /// Who calls, and what is said of calls by some of them alone.
    pub(super) const ALTERNATIVES: Alternatives = Alternatives {
        of: &["rate", "csv", "at", "relay", "droop", "level"],
        with: &[(&["rate"], &["busy", "coupled"]), (&["rate", "relay"], &["length", "gap"])],
    };

    /// The section of the scenario that they follow.
    pub(super) fn follow(&self) -> Option<&'static str> {
        if self.relay.is_some() || self.droop.is_some() {
            return Some("frequency");
        }
        self.level.map(|_| "emergency_level")
    }

    /// The calls of a run, with what is wrong placed in `calls`.
    pub(super) fn within(
        &self,
        grid: Grid<'_, '_>,
        faults: &mut Vec<Fault>,
    ) -> Option<CallsDesign> {
        within("calls", faults, |faults| self.resolve(grid, faults))
    }

    /// The calls of a run.
    pub(super) fn resolve(
        &self,
        (run, signs): Grid<'_, '_>,
        faults: &mut Vec<Fault>,
    ) -> Option<CallsDesign> {
        let written = [
            ("rate", self.rate.is_some()),
            ("csv", self.csv.is_some()),
            ("at", self.at.is_some()),
            ("relay", self.relay.is_some()),
            ("droop", self.droop.is_some()),
            ("level", self.level.is_some()),
            ("busy", !self.busy.is_empty()),
            ("coupled", self.coupled.is_some()),
            ("length", self.length.is_some()),
            ("gap", self.gap.is_some()),
        ];
        Self::ALTERNATIVES.one(&written, faults)?;
        if let Some(rate) = self.rate {
            return self.law(rate, faults).map(CallsDesign::Drawn);
        }
        if let Some(relay) = &self.relay {
            let law =
                self.relay(relay, signs.frequency.followed("relay", "frequency", faults), faults)?;
            warn_of_rest("relay", law.trips(run.horizon), relay.at, faults);
            return Some(CallsDesign::Relay(law));
        }
        if let Some(droop) = &self.droop {
            let frequency = signs.frequency.followed("droop", "frequency", faults);
            let calls =
                within("droop", faults, |faults| droop.resolve((frequency, run.horizon), faults))?;
            warn_of_rest("droop", !calls.is_empty(), droop.from, faults);
            return Some(CallsDesign::Followed(calls));
        }
        if let Some(level) = self.level {
            let before = faults.len();
            check_level("level", level, faults);
            if faults.len() > before {
                return None;
            }
            let levels = signs.level.followed("level", "emergency_level", faults)?;
            let is_called = |reached: f64| f64::from(reached >= f64::from(level));
            let calls = Asked::following(&levels, run.horizon, is_called);
            if calls.is_empty() {
                let message = format!("no emergency of the run reaches level {level}");
                faults.push(Fault::warning("level", message));
            }
            return Some(CallsDesign::Followed(calls));
        }
        let calls = match (&self.csv, &self.at) {
            (Some(csv), _) => read_calls(csv, run, faults)?,
            (None, at) => listed(at.as_deref().unwrap_or_default(), run, faults)?,
        };
        Some(CallsDesign::Listed(calls))
    }

    fn relay(
        &self,
        relay: &RelaySpec,
        frequency: Option<Arc<Series<f64>>>,
        faults: &mut Vec<Fault>,
    ) -> Option<RelayLaw> {
        Some(RelayLaw {
            length: self.length("relay", faults)?,
            frequency: frequency?,
            at_hz: relay.at.0,
            after: relay.after.map_or(Span::ZERO, Span::from),
            gap: Span::from(self.gap.unwrap_or(GAP)),
        })
    }

    /// How long calls of `source` last.
    fn length(&self, source: &'static str, faults: &mut Vec<Fault>) -> Option<DurationLaw> {
        let Some(length) = &self.length else {
            let fault = Fault::error(source, format!("`{source}` needs the `length` of calls"));
            faults.push(fault.help("write `length: {kind: lognormal, median: 1 h, sigma: 0.82}`"));
            return None;
        };
        Some(within("length", faults, |faults| length.resolve(&mut Check { faults })))
    }

    fn law(&self, rate: Rate, faults: &mut Vec<Fault>) -> Option<CallLaw> {
        let before = faults.len();
        const MOST_PER_YEAR: f64 = 8760.0;
        if !(0.0..=MOST_PER_YEAR / 8760.0 / 3600.0).contains(&rate.0) {
            faults.push(Fault::error("rate", "must be between 0 and 8760 /year"));
        }
        let length = self.length("rate", faults);
        let mut busy = Vec::new();
        for (index, spec) in self.busy.iter().enumerate() {
            within(&format!("busy[{index}]"), faults, |faults| {
                if !(0.0..=1000.0).contains(&spec.times) {
                    faults.push(Fault::error("times", "must be between 0 and 1000"));
                }
                busy.push((window(Some(&spec.window), faults), spec.times));
            });
        }
        if let Some(coupled) = self.coupled
            && coupled.dearest.0 <= 0.0
        {
            faults.push(Fault::error("coupled.dearest", "must be above zero"));
        }
        let law = CallLaw {
            per_s: rate.0,
            weights: weights(&busy),
            busy,
            length: length?,
            gap: Span::from(self.gap.unwrap_or(GAP)),
            coupled: self
                .coupled
                .map(|spec| Coupled { dearest: spec.dearest.0, share: spec.share.0 }),
        };
        if faults.len() == before && law.weights.0 <= 0.0 {
            faults.push(Fault::error("busy", "leaves no time at which a call may come"));
        } else if faults.len() == before && law.busiest_per_s() > MOST_PER_S {
            let fault = Fault::error("rate", "comes to more than a call a minute at times");
            faults.push(fault.help("lower it, or the `times` of what is `busy`"));
        }
        (faults.len() == before).then_some(law)
    }
}

impl DroopSpec {
    fn resolve(
        &self,
        (frequency, horizon): (Option<Arc<Series<f64>>>, Time),
        faults: &mut Vec<Fault>,
    ) -> Option<Vec<Asked>> {
        if self.full >= self.from {
            let message = format!("must be below the {} from which it is asked", self.from);
            let help =
                "less load helps a frequency that is low; a step at one frequency is a `relay`";
            faults.push(Fault::error("full", message).help(help));
            return None;
        }
        let share = |hz| droop(hz, (self.full.0, self.from.0));
        Some(Asked::following(&*frequency?, horizon, share))
    }
}

/// Warns where nothing `is_called` in the run, as the frequency is never as low as `at`.
fn warn_of_rest(field: &'static str, is_called: bool, at: Frequency, faults: &mut Vec<Fault>) {
    if !is_called {
        let message = format!("the frequency is never as low as {at}, so that nothing is called");
        faults.push(Fault::warning(field, message));
    }
}

/// The calls of `specs`; what lies outside the run is left out.
fn listed(specs: &[CallSpec], run: &Run<'_>, faults: &mut Vec<Fault>) -> Option<Vec<Call>> {
    let before = faults.len();
    let mut calls = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        if spec.duration == Duration(0) {
            faults.push(Fault::error(format!("at[{index}].duration"), "must be longer than zero"));
        }
        let call = run.clock.times(spec.start, Span::from(spec.duration));
        let call = call.filter(|(from, _)| *from < run.horizon);
        calls.extend(call.map(|(from, until)| (index, Call { from, until })));
    }
    calls.sort_by_key(|(_, call)| call.from);
    if let Some(pair) = calls.windows(2).find(|pair| pair[1].1.from < pair[0].1.until) {
        let (first, second) = (pair[0].0, pair[1].0);
        let message = format!("begins before call {} is over", first + 1);
        faults.push(Fault::error(format!("at[{second}].start"), message));
    }
    (faults.len() == before).then(|| calls.into_iter().map(|(_, call)| call).collect())
}

/// Reads a table of calls; what lies outside the run is left out.
fn read_calls(csv: &Name, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Vec<Call>> {
    let (rows, spells) = read_spells(csv, None, run, faults)?;
    if let Some(pair) = spells.windows(2).find(|pair| pair[1].from < pair[0].until) {
        let (line, before) = (pair[1].line, pair[0].line);
        let message = format!("`{csv}`: line {line}: begins before that of line {before} is over");
        faults.push(Fault::error("csv", message).at(csv.mark));
        return None;
    }
    run.found.push(format!("`{csv}`: {rows} calls, {} of them in the run", spells.len()));
    Some(spells.iter().map(|spell| Call { from: spell.from, until: spell.until }).collect())
}
