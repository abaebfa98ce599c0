//! Failure and repair of named things: how it is written, its law, and one clock for all of them.
//!
//! Each thing alternates between up and down on a stream of its own, named after it: time to
//! failure, time to repair, time to failure and so on. To the outside this is one clock: the
//! earliest of all next changes, kept in a small heap here, so that a site of ten thousand
//! components costs the calendar a single entry.
//!
//! The textbook form of a superposed clock (one exponential time with the sum of all rates, then
//! a thing picked by weight) has the same law, because the minimum of independent exponentials is
//! exponential with the summed rate. But there every draw depends on who else is in the sum: one
//! rack group more would change the luck of every transformer, and a comparison of two designs
//! would compare luck. Here the history of a thing depends on the seed, the replication and its
//! name alone.
//!
//! Failures are independent of load and of whether the thing runs, as published rates count
//! calendar time in service. What wears has a life of Weibull's law, and may be replaced at an age.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::random::{Stream, Streams, weibull_scale};
use super::time::{Span, Time};
use crate::spec::{Check, Fault};
use crate::units::{CalendarSpan, Duration, Rate};

/// A twelfth of the year that rates count by, s.
const MONTH_S: f64 = 730.0 * 3600.0;

/// How a thing fails and comes back. What is absent keeps the default of its kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureSpec {
    /// Failures a unit of time in service, exponential; `0 /year` for never. With `wear`: the reciprocal of
    /// the mean life that it would have if it were never replaced, above zero.
    pub rate: Option<Rate>,
    /// Mean time to repair.
    pub repair_mean: Option<Duration>,
    /// Deviation of the logarithm of the time to repair, which is then lognormal; exponential where
    /// absent.
    pub repair_sigma: Option<f64>,
    /// How it wears. Default: it does not, and fails at the same rate at any age.
    pub wear: Option<WearSpec>,
}

/// How a thing wears out: its life is of Weibull's law, and it is as new once it was repaired or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WearSpec {
    /// Shape of the law: 1 is no wear, 3.5 that of lead-acid strings (from memory). 0.2 to 10.
    pub shape: f64,
    /// Age at which it is replaced, from 1 % of its mean life on; a month is a twelfth of 8760 h.
    /// Default: it is not. `maintenance` with `renews` replaces the components of a power chain by turns
    /// instead.
    pub replace_at: Option<CalendarSpan>,
    /// How long it is out while it is replaced. Default: 4 h (assumption).
    pub replacing: Option<Duration>,
    /// Whether it is new at the start. Default: `false`, of an age met at a random moment of long service.
    pub new: Option<bool>,
}

/// How a thing fails and comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureLaw {
    /// Failures a second of being up, exponential; of what wears, one over the mean life; zero for a
    /// thing that never fails.
    pub rate_per_s: f64,
    /// How it wears, where it does.
    pub wear: Option<Wear>,
    /// How long it is down.
    pub repair: RepairLaw,
}

/// Wear: lives of Weibull's law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wear {
    /// Shape of the law.
    pub shape: f64,
    /// At which age it is replaced, and how long that takes, s; infinite and zero for never.
    pub replaced: (f64, f64),
    /// Whether it is new at the start.
    pub new: bool,
}

/// What ends the time for which a thing is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Failed,
    Replaced,
}

/// The law of a time to repair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RepairLaw {
    /// Exponential: all that a published mean alone supports.
    Exponential {
        /// Mean in seconds.
        mean_s: f64,
    },
    /// Lognormal, as repair times usually are where they were recorded one by one.
    Lognormal {
        /// Arithmetic mean in seconds.
        mean_s: f64,
        /// Deviation of the logarithm.
        sigma: f64,
    },
}

/// The clock of all failures and repairs of a room.
#[derive(Debug, Clone)]
pub struct Renewals {
    /// The next change of each thing that ever fails.
    next: BinaryHeap<Reverse<(Time, u32)>>,
    histories: Vec<History>,
}

/// Up and down of one thing.
#[derive(Debug, Clone)]
struct History {
    law: FailureLaw,
    stream: Stream,
    up: bool,
    /// What ends the time for which it is up.
    ends: Ends,
}

impl FailureSpec {
    /// The law as written, with what is absent taken from `default`, whose rate is zero where a
    /// kind has no rate of its own: then the user writes one.
    pub(crate) fn resolve(&self, default: FailureLaw, check: &mut Check<'_>) -> FailureLaw {
        let rate_per_s =
            self.rate.map_or(default.rate_per_s, |rate| check.failure_rate("rate", rate.0));
        if self.rate.is_none() && default.rate_per_s == 0.0 {
            check.error("", "needs `rate`, such as `0.5 /year`".to_owned());
        }
        let mean_s = self.repair_mean.map_or(default.repair.mean_s(), Duration::as_secs_f64);
        if mean_s <= 0.0 {
            check.error("repair_mean", "must be longer than zero".to_owned());
        }
        let repair = match check.repair_sigma("repair_sigma", self.repair_sigma) {
            None => RepairLaw::Exponential { mean_s },
            Some(sigma) => RepairLaw::Lognormal { mean_s, sigma },
        };
        if self.wear.is_some() && self.rate.is_some_and(|rate| rate.0 == 0.0) {
            let fault = Fault::error("wear", "does nothing to what never fails: `rate` is zero");
            let help =
                "write one over the mean life, such as `rate: 0.16 /year`, or leave `wear` out";
            check.faults.push(fault.help(help));
        }
        let wear = self.wear.filter(|_| rate_per_s > 0.0);
        let wear =
            wear.map(|wear| check.within("wear", |check| wear.resolve(1.0 / rate_per_s, check)));
        FailureLaw { rate_per_s, wear, repair }
    }
}

impl WearSpec {
    fn resolve(self, mean_s: f64, check: &mut Check<'_>) -> Wear {
        let shape = check.between("shape", Some(self.shape), 1.0, (0.2, 10.0), "");
        let at_s = self.replace_at.map_or(f64::INFINITY, |CalendarSpan(months)| months * MONTH_S);
        if at_s < 0.01 * mean_s {
            let months = mean_s / MONTH_S;
            let message = format!("is less than 1 % of its mean life of {months:.1} months");
            check.error("replace_at", message);
        }
        if self.replacing.is_some() && self.replace_at.is_none() {
            let fault = Fault::error("replacing", "acts only with `replace_at`");
            check.faults.push(fault.help("add `replace_at: 5 years`, or leave this out"));
        }
        let lasts_s = match self.replace_at {
            Some(_) => self.replacing.map_or(4.0 * 3600.0, Duration::as_secs_f64),
            None => 0.0,
        };
        Wear { shape, replaced: (at_s, lasts_s), new: self.new == Some(true) }
    }
}

impl FailureLaw {
    /// Never fails.
    pub const NEVER: Self =
        Self { rate_per_s: 0.0, wear: None, repair: RepairLaw::Exponential { mean_s: 0.0 } };

    /// Fails at a constant rate, and is repaired in an exponential time.
    pub const fn exponential(rate_per_s: f64, repair_mean_s: f64) -> Self {
        let repair = RepairLaw::Exponential { mean_s: repair_mean_s };
        Self { rate_per_s, wear: None, repair }
    }

    /// How long it is up after a repair or a replacement, s, and what ends that: one uniform.
    pub(super) fn draw_up_s(self, stream: &mut Stream) -> (f64, Ends) {
        match self.wear {
            None => (stream.exponential(1.0 / self.rate_per_s), Ends::Failed),
            Some(wear) => self.draw_worn_s(wear, 0.0, stream),
        }
    }

    /// The same at the start of a run: what wears has an age then. That is of the law of the time that
    /// is left of a life, as always in a renewal process that has gone on for long, and below the age
    /// at which it is replaced.
    pub(super) fn draw_first_up_s(self, stream: &mut Stream) -> (f64, Ends) {
        let Some(wear) = self.wear.filter(|wear| !wear.new) else { return self.draw_up_s(stream) };
        let scale_s = weibull_scale(self.rate_per_s, wear.shape);
        loop {
            let age_s = stream.weibull_left(scale_s, wear.shape);
            if age_s < wear.replaced.0 {
                return self.draw_worn_s(wear, age_s, stream);
            }
        }
    }

    /// Whether it is new at the start of a run, though it wears.
    pub(super) fn begins_new(self) -> bool {
        self.wear.is_some_and(|wear| wear.new)
    }

    /// How long it is up from now on, s, where it was new `since_s` seconds ago and again after each failure
    /// since; repairs count as no time.
    pub(super) fn draw_up_since_s(self, since_s: f64, stream: &mut Stream) -> (f64, Ends) {
        let mut at_s = 0.0;
        loop {
            let (up_s, ends) = self.draw_up_s(stream);
            at_s += up_s;
            if at_s > since_s {
                return (at_s - since_s, ends);
            }
        }
    }

    fn draw_worn_s(self, wear: Wear, age_s: f64, stream: &mut Stream) -> (f64, Ends) {
        let scale_s = weibull_scale(self.rate_per_s, wear.shape);
        let worn = libm::pow(age_s / scale_s, wear.shape) + stream.exponential(1.0);
        let life_s = scale_s * libm::pow(worn, 1.0 / wear.shape);
        let (at_s, _) = wear.replaced;
        if life_s < at_s {
            ((life_s - age_s).max(0.0), Ends::Failed)
        } else {
            (at_s - age_s, Ends::Replaced)
        }
    }

    /// How long its replacement takes.
    pub(super) fn replacing(self) -> Span {
        Span::from_secs_f64(self.wear.map_or(0.0, |wear| wear.replaced.1))
    }
}

impl RepairLaw {
    /// Mean in seconds.
    pub fn mean_s(self) -> f64 {
        match self {
            Self::Exponential { mean_s } | Self::Lognormal { mean_s, .. } => mean_s,
        }
    }

    /// Draws a time to repair in seconds: one uniform of `stream`.
    pub(crate) fn draw_s(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Exponential { mean_s } => stream.exponential(mean_s),
            Self::Lognormal { mean_s, sigma } => stream.lognormal_mean(mean_s, sigma),
        }
    }
}

impl Renewals {
    /// All `things` (name and law) up at the start, each with its first failure drawn from the
    /// stream (`purpose`, name). They are numbered as they come.
    pub fn new<'n>(
        purpose: &str,
        things: impl IntoIterator<Item = (&'n str, FailureLaw)>,
        streams: &Streams,
    ) -> Self {
        let mut all = Self { next: BinaryHeap::new(), histories: Vec::new() };
        for (number, (name, law)) in (0..).zip(things) {
            let mut stream = streams.stream(purpose, name);
            let mut ends = Ends::Failed;
            if law.rate_per_s > 0.0 {
                let up_s;
                (up_s, ends) = law.draw_first_up_s(&mut stream);
                all.next.push(Reverse((Time::ZERO + Span::from_secs_f64(up_s), number)));
            }
            all.histories.push(History { law, stream, up: true, ends });
        }
        all
    }

    /// The instant of the next failure or repair; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.next.peek().map_or(Time::MAX, |Reverse((at, _))| *at)
    }

    /// The failures (`false`) and repairs (`true`) up to and including `now`, by number, in the
    /// order of time, then of number. About 100 ns each. What is not taken from the iterator
    /// stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (usize, bool)> {
        std::iter::from_fn(move || {
            let mut top = self.next.peek_mut()?;
            let Reverse((at, number)) = *top;
            if at > now || at == Time::MAX {
                return None;
            }
            let history = &mut self.histories[number as usize];
            history.up = !history.up;
            *top = Reverse((at + history.draw(), number));
            Some((number as usize, history.up))
        })
    }
}

impl History {
    /// How long the present state lasts: one uniform.
    fn draw(&mut self) -> Span {
        if self.up {
            let up_s;
            (up_s, self.ends) = self.law.draw_up_s(&mut self.stream);
            return Span::from_secs_f64(up_s);
        }
        match self.ends {
            Ends::Failed => Span::from_secs_f64(self.law.repair.draw_s(&mut self.stream)),
            Ends::Replaced => self.law.replacing(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up for a day and down for six hours on average: down a fifth of the time.
    #[test]
    fn things_are_down_for_their_share_of_the_time() {
        let law = FailureLaw::exponential(1.0 / 86_400.0, 21_600.0);
        let names: Vec<String> = (0..20).map(|i| format!("pump-{i}")).collect();
        let things = || names.iter().map(|name| (name.as_str(), law));
        let end = Time::ZERO + Span::from_secs(86_400 * 1000);
        let streams = Streams::new(7, 0);
        let mut clock = Renewals::new("failure", things(), &streams);
        let mut since = vec![None; names.len()];
        let (mut down_s, mut failures) = (0.0, 0);
        while clock.next_at() < end {
            let now = clock.next_at();
            let changes: Vec<_> = clock.advance(now).collect();
            for (thing, up) in changes {
                match (up, since[thing].take()) {
                    (false, None) => {
                        since[thing] = Some(now);
                        failures += 1;
                    }
                    (true, Some(at)) => down_s += (now - at).as_secs_f64(),
                    (up, since) => panic!("thing {thing} was {since:?} and is up: {up}"),
                }
            }
        }
        // 16,000 failures are expected of 20 things in 1,000 days; four deviations are 3 %.
        assert!((f64::from(failures) / 16_000.0 - 1.0).abs() < 0.03, "{failures}");
        let share = down_s / (20.0 * 86_400.0 * 1000.0);
        assert!((share - 0.2).abs() < 0.008, "{share}");
    }

    #[test]
    fn another_thing_changes_nobodys_luck() {
        let repair = RepairLaw::Lognormal { mean_s: 60.0, sigma: 1.0 };
        let law = FailureLaw { rate_per_s: 1e-4, wear: None, repair };
        let streams = Streams::new(7, 0);
        let first = |names: &[&'static str]| {
            Renewals::new("failure", names.iter().map(|&name| (name, law)), &streams).next
        };
        let alone = first(&["a"]).into_sorted_vec();
        assert!(first(&["a", "b"]).into_vec().contains(&alone[0]));
    }

    #[test]
    fn one_rule_for_what_users_write() {
        let with = |spec: FailureSpec, default: FailureLaw| {
            let mut faults = Vec::new();
            let law = spec.resolve(default, &mut Check { faults: &mut faults });
            (law, faults.into_iter().map(|f| f.field.to_string()).collect::<Vec<_>>())
        };
        let yearly = FailureLaw { rate_per_s: 1.0 / 31_536_000.0, ..FailureLaw::NEVER };
        let day = Some(Duration(86_400_000_000_000));
        let spec = FailureSpec { repair_mean: day, ..FailureSpec::default() };
        let (law, faults) = with(FailureSpec { repair_sigma: Some(3.0), ..spec }, yearly);
        assert_eq!(law.repair, RepairLaw::Lognormal { mean_s: 86_400.0, sigma: 3.0 });
        assert_eq!((law.rate_per_s, faults.len()), (yearly.rate_per_s, 0));
        for sigma in [-1.0, 3.1, 4.0, f64::NAN] {
            let (_, faults) = with(FailureSpec { repair_sigma: Some(sigma), ..spec }, yearly);
            assert_eq!(faults, ["repair_sigma"], "{sigma}");
        }
        assert_eq!(with(FailureSpec::default(), yearly).1, ["repair_mean"]);
        assert_eq!(with(spec, FailureLaw::NEVER).1, [""]);
        assert_eq!(with(FailureSpec { rate: Some(Rate(-1.0)), ..spec }, yearly).1, ["rate"]);
        let wear = WearSpec { shape: 3.0, replace_at: None, replacing: None, new: None };
        let worn = FailureSpec { wear: Some(wear), ..spec };
        assert!(with(worn, yearly).1.is_empty());
        // One fault for one mistake.
        assert_eq!(with(FailureSpec { rate: Some(Rate(0.0)), ..worn }, yearly).1, ["wear"]);
        assert_eq!(with(worn, FailureLaw::NEVER).1, [""]);
    }
}
