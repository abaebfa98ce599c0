//! What the site as a whole may import, and what it keeps up: the order of policies, a limit with a margin
//! that miners leave to all others, ramps at the connection, and the ladder of shedding.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{Span, Time};
use crate::plant::{Ladder, Rank};
use crate::spec::Fault;
use crate::units::{Duration, Power, PowerRamp};

/// A policy that has a say in what the site draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SitePolicy {
    /// Calls of `emergency` and `congestion` programmes, and `curtailments`: always first.
    Emergency,
    /// Awards of `dispatch` programmes: load that must be there to go. Where it stands before `price` or
    /// `peaks`, miners are kept on for it.
    Reserve,
    /// Alerts of `peak-forecast` programmes.
    Peaks,
    /// The price policy of miners, `base-point` and `tariff-window` programmes.
    Price,
}

/// A limit of the import that miners keep away from.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportLimitSpec {
    /// The most that the site imports, over all feeds; each has a part in proportion to its capacity. What
    /// is over it gives way at once, in the order of `ladder`.
    pub power: Power,
    /// How far below it miners are kept by commands to their firmware, so that others find room: fixed.
    /// Default: 0 W.
    pub margin: Option<Power>,
    /// In place of `margin`: so many times the root mean square of how what all but miners draw
    /// changed from one `interval` to the next over the last day.
    pub sigmas: Option<f64>,
    /// With `sigmas`: how often it is looked at. Default: 5 min (assumption).
    pub interval: Option<Duration>,
}

/// How fast the import may change, as the operator of the connection asks.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RampSpec {
    /// How fast it may rise. What AI and cooling want comes first; miners come back in what is left of it.
    /// Default: without limit.
    pub up: Option<PowerRamp>,
    /// How fast it may fall where miners stop for the price. Calls, limits and what AI does are not
    /// held up. Default: without limit.
    pub down: Option<PowerRamp>,
}

/// What gives way in the ladder of shedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// Miners, down to sleep.
    Mining,
    /// Training, down to the lowest power cap of its GPUs.
    TrainingCap,
    /// Training, down to GPUs that only hold their job.
    TrainingPause,
    /// Services that nobody waits for (`interactive: false`).
    BatchInference,
    /// Services that somebody waits for, and heat loads.
    Inference,
}

/// What the site may import and keeps up, resolved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportDesign {
    /// Awards are kept up against the price, and against alerts of peaks.
    pub holds: Holds,
    /// The limit, and how far below it miners are kept.
    pub limit: Option<(f64, Margin)>,
    /// How fast the import may rise and fall, W/s.
    pub ramp: (Option<f64>, Option<f64>),
}

/// Against what awards are kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holds {
    /// Miners are kept on when the price would have them sleep.
    pub price: bool,
    /// An alert leaves as much as awards need.
    pub peaks: bool,
}

/// How far below a limit miners are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// So many watts.
    Fixed(f64),
    /// So many times the root mean square of changes from one interval to the next.
    Sigmas(f64, Span),
}

/// The order that holds where none is written.
const ORDER: [SitePolicy; 4] =
    [SitePolicy::Emergency, SitePolicy::Peaks, SitePolicy::Price, SitePolicy::Reserve];

/// The order of `written`, followed by those that it does not name as in [`ORDER`].
pub(super) fn holds(written: Option<&[SitePolicy]>, faults: &mut Vec<Fault>) -> Holds {
    let written = written.unwrap_or_default();
    for (at, policy) in written.iter().enumerate() {
        if written[..at].contains(policy) {
            faults.push(Fault::error(format!("order[{at}]"), "is named twice"));
        }
        if *policy == SitePolicy::Emergency && at > 0 {
            let fault = Fault::error(format!("order[{at}]"), "`emergency` comes before all others");
            faults.push(fault.help("write it first, or leave it out"));
        }
    }
    let unnamed = ORDER.iter().filter(|policy| !written.contains(policy));
    let order: Vec<SitePolicy> = written.iter().chain(unnamed).copied().collect();
    let place = |policy| order.iter().position(|it| *it == policy);
    Holds {
        price: place(SitePolicy::Reserve) < place(SitePolicy::Price),
        peaks: place(SitePolicy::Reserve) < place(SitePolicy::Peaks),
    }
}

impl ImportLimitSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> (f64, Margin) {
        if self.power.0 <= 0.0 {
            faults.push(Fault::error("power", "must be above zero"));
        }
        if self.margin.is_some() && self.sigmas.is_some() {
            faults.push(Fault::error("sigmas", "excludes `margin`"));
        }
        if self.margin.is_some_and(|margin| margin.0 >= self.power.0) {
            faults.push(Fault::error("margin", "leaves miners nothing of the limit"));
        }
        if self.sigmas.is_some_and(|sigmas| !(0.0..=10.0).contains(&sigmas)) {
            faults.push(Fault::error("sigmas", "must be between 0 and 10"));
        }
        let interval = self.interval.map_or(Span::from_secs(300), Span::from);
        if interval < Span::from_secs(1) {
            faults.push(Fault::error("interval", "must be at least a second"));
        }
        if self.interval.is_some() && self.sigmas.is_none() {
            faults.push(Fault::error("interval", "acts only with `sigmas`"));
        }
        let margin = match self.sigmas {
            Some(sigmas) => Margin::Sigmas(sigmas, interval.max(Span::from_secs(1))),
            None => Margin::Fixed(self.margin.map_or(0.0, |margin| margin.0)),
        };
        (self.power.0, margin)
    }
}

impl RampSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> (Option<f64>, Option<f64>) {
        for (field, ramp) in [("up", self.up), ("down", self.down)] {
            if ramp.is_some_and(|ramp| ramp.0 <= 0.0) {
                faults.push(Fault::error(field, "must be above zero"));
            }
        }
        (self.up.map(|ramp| ramp.0), self.down.map(|ramp| ramp.0))
    }
}

/// The ladder of `rungs`, with what is never shed for others behind them.
pub(super) fn ladder(rungs: Option<&[Rung]>, faults: &mut Vec<Fault>) -> Ladder {
    let Some(rungs) = rungs else { return Ladder::default() };
    let rank = |rung: &Rung| match rung {
        Rung::Mining => Rank::Mining,
        Rung::TrainingCap => Rank::TrainingCap,
        Rung::TrainingPause => Rank::TrainingPause,
        Rung::BatchInference => Rank::BatchInference,
        Rung::Inference => Rank::Inference,
    };
    let place = |rung: Rung| rungs.iter().position(|it| *it == rung);
    if let Some(at) = (0..rungs.len()).find(|&at| rungs[..at].contains(&rungs[at])) {
        faults.push(Fault::error(format!("ladder[{at}]"), "is named twice"));
        return Ladder::default();
    }
    let mut ranks: Vec<Rank> = rungs.iter().map(rank).chain([Rank::Idle, Rank::Cooling]).collect();
    // Recharging waits for whatever work but mining, where that goes first.
    ranks.insert(usize::from(ranks[0] == Rank::Mining), Rank::Recharge);
    let Ok(ranks): Result<[Rank; Rank::COUNT], _> = ranks.try_into() else {
        let message = "names each of `mining`, `training-cap`, `training-pause`, `batch-inference` and `inference`";
        faults.push(Fault::error("ladder", message));
        return Ladder::default();
    };
    if place(Rung::TrainingPause) < place(Rung::TrainingCap) {
        let at = place(Rung::TrainingPause).unwrap_or_default();
        let fault = Fault::error(format!("ladder[{at}]"), "stands before `training-cap`");
        faults.push(fault.help("a job is capped before it is paused"));
    }
    Ladder(ranks)
}

/// The highest and the lowest import that ramps allow: lines that begin at the import and go on at the rate
/// of the ramp for as long as the import would pass them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ramp {
    at: Time,
    high_w: f64,
    low_w: f64,
    /// To where the lines go on since then, W.
    wanted_w: f64,
    left_w: f64,
    started: bool,
}

/// Ramps go in steps, and each step goes to what the line comes to in its middle.
pub const STEP: Span = Span::from_secs(1);

impl Ramp {
    /// The import settles at `import_w` at `now`, and would come to `wanted_w` without the ramp up, to
    /// `left_w` without the ramp down. At the start of a run there is no ramp.
    pub fn settle(
        &mut self,
        now: Time,
        (up, down): (Option<f64>, Option<f64>),
        (import_w, wanted_w, left_w): (f64, f64, f64),
    ) {
        let seconds = now.since(self.at).as_secs_f64();
        let (wanted_w, left_w) = (wanted_w.max(import_w), left_w.min(import_w));
        let (mut high_w, mut low_w) = (import_w, import_w);
        if self.started {
            let rise_w = up.unwrap_or(0.0) * seconds;
            let fall_w = down.unwrap_or(0.0) * seconds;
            high_w = (self.high_w + rise_w).min(self.wanted_w).min(wanted_w);
            low_w = (self.low_w - fall_w).max(self.left_w).max(left_w);
        }
        *self = Self { at: now, high_w, low_w, wanted_w, left_w, started: true };
    }

    /// To what the import may rise in the step that begins at the last settlement, W.
    pub fn most_w(&self, up: f64) -> f64 {
        self.high_w + 0.5 * up * STEP.as_secs_f64()
    }

    /// To what it may fall in that step, W.
    pub fn least_w(&self, down: f64) -> f64 {
        (self.low_w - 0.5 * down * STEP.as_secs_f64()).max(0.0)
    }
}

/// What a battery must be able to do to turn a step of `step_w` into a ramp of `ramp_w_s`: the energy that
/// it gives or takes, J, and for how long, s.
pub fn smoothing(step_w: f64, ramp_w_s: f64) -> (f64, f64) {
    (step_w * step_w / (2.0 * ramp_w_s), step_w.abs() / ramp_w_s)
}

/// How what all but miners draw changes from one interval to the next.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    last_w: Option<f64>,
    squares: std::collections::VecDeque<f64>,
}

impl Changes {
    /// Looks at `other_w`; keeps as many changes as a day has intervals.
    pub fn look(&mut self, other_w: f64, interval: Span) {
        if let Some(last_w) = self.last_w.replace(other_w) {
            self.squares.push_back((other_w - last_w).powi(2));
        }
        let most = (86_400.0 / interval.as_secs_f64()).ceil() as usize;
        while self.squares.len() > most.max(1) {
            self.squares.pop_front();
        }
    }

    /// Their root mean square, W; zero before there are any.
    pub fn rms_w(&self) -> f64 {
        let n = self.squares.len().max(1) as f64;
        (self.squares.iter().sum::<f64>() / n).sqrt()
    }
}
