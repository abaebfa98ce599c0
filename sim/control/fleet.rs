//! Orders to a fleet of machines: which go to sleep, in batches, and which come back.
//!
//! The names are those of fleet managers in production (`fixed-kw` with a tolerance,
//! `least-efficient-first`, batches and their intervals). Machines of a rack are alike, so that orders
//! are counts: a fleet of many thousands costs what its racks cost.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Span;
use crate::spec::Fault;
use crate::units::{Duration, Power};

/// How machines are sent to sleep when the site is called, and come back: commands to their
/// firmware, before the limit of a call binds by protection.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// Which machines go first; those that come back first are the others. Default:
    /// `least-efficient-first`.
    pub strategy: Option<Strategy>,
    /// Machines that are sent to sleep at a time, up to 10,000,000. Default: 500 (assumption).
    pub batch: Option<u32>,
    /// Time from one such batch to the next. Default: 10 s (assumption).
    pub batch_interval: Option<Duration>,
    /// Machines that are woken at a time. Default: as `batch`.
    pub restore_batch: Option<u32>,
    /// Time from one such batch to the next. Default: as `batch_interval`.
    pub restore_interval: Option<Duration>,
    /// How long machines sleep at least once they have been sent to: none comes back sooner after the
    /// last batch. Default: 0 s.
    pub min_curtailed: Option<Duration>,
    /// The import may be above its limit by this much until the call is due. Default: 0 W.
    pub tolerance: Option<Power>,
}

/// Which machines go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Those that need most energy for a hash.
    #[default]
    LeastEfficientFirst,
    /// Those that draw most.
    MostPowerFirst,
}

/// How orders are given, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetDesign {
    /// Which machines go first.
    pub strategy: Strategy,
    /// Machines at a time, and time from one batch to the next, down and up.
    pub down: (u32, Span),
    /// See `down`.
    pub up: (u32, Span),
    /// How long machines sleep at least.
    pub min_curtailed: Span,
    /// How far the import may be above its limit, W.
    pub tolerance_w: f64,
}

/// Batches follow each other no faster.
const SHORTEST: Duration = Duration(100_000_000);

/// Machines of a batch at most: more than the largest fleet has.
const MOST: u32 = 10_000_000;

impl FleetSpec {
    /// Fills in the defaults and checks the values.
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> FleetDesign {
        for (field, batch) in [("batch", self.batch), ("restore_batch", self.restore_batch)] {
            if batch.is_some_and(|batch| !(1..=MOST).contains(&batch)) {
                faults.push(Fault::error(field, "must be 1 to 10,000,000 machines"));
            }
        }
        let intervals =
            [("batch_interval", self.batch_interval), ("restore_interval", self.restore_interval)];
        for (field, interval) in intervals {
            if interval.is_some_and(|interval| interval < SHORTEST) {
                faults.push(Fault::error(field, "must be at least 0.1 s"));
            }
        }
        let batch = self.batch.unwrap_or(500).max(1);
        let interval = self.batch_interval.unwrap_or(Duration(10_000_000_000));
        let restore = self.restore_interval.unwrap_or(interval);
        FleetDesign {
            strategy: self.strategy.unwrap_or_default(),
            down: (batch, Span::from(interval)),
            up: (self.restore_batch.unwrap_or(batch).max(1), Span::from(restore)),
            min_curtailed: self.min_curtailed.map_or(Span::ZERO, Span::from),
            tolerance_w: self.tolerance.map_or(0.0, |power| power.0),
        }
    }
}

/// Alike machines that an order may be for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// How many.
    pub machines: u32,
    /// What one draws when it hashes, W.
    pub hashing_w: f64,
    /// What it draws less when it sleeps, W.
    pub saves_w: f64,
    /// Energy for a hash, J.
    pub joules_per_hash: f64,
}

impl Strategy {
    /// The order in which groups go to sleep; equal ones in the order in which they stand.
    fn order(self, groups: &[Group]) -> Vec<usize> {
        let key = |group: &Group| match self {
            Self::LeastEfficientFirst => group.joules_per_hash,
            Self::MostPowerFirst => group.hashing_w,
        };
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by(|&a, &b| key(&groups[b]).total_cmp(&key(&groups[a])));
        order
    }

    /// How many machines of each group go so that at least `power_w` less `tolerance_w` does: as few
    /// as can be in the order of the strategy, and `most` at most.
    pub fn cut(self, groups: &[Group], power_w: f64, tolerance_w: f64, most: u32) -> Vec<u32> {
        take(groups, self.order(groups), power_w - tolerance_w, most)
    }

    /// How many machines of each group are kept on so that at least `power_w` of them stays: as few as can
    /// be, the last of the order first.
    pub fn keep(self, groups: &[Group], power_w: f64) -> Vec<u32> {
        let order = self.order(groups).into_iter().rev().collect();
        take(groups, order, power_w, u32::MAX)
    }

    /// How many machines of each group come back so that no more than `power_w` does: in the order
    /// opposite to the strategy, and `most` at most.
    pub fn restore(self, groups: &[Group], power_w: f64, most: u32) -> Vec<u32> {
        let mut counts = vec![0; groups.len()];
        let (mut left_w, mut left) = (power_w, most);
        for place in self.order(groups).into_iter().rev() {
            let group = &groups[place];
            let fits =
                if group.saves_w > 0.0 { (left_w / group.saves_w).floor() } else { f64::MAX };
            let count = fits.clamp(0.0, f64::from(group.machines.min(left))) as u32;
            counts[place] = count;
            left -= count;
            left_w -= f64::from(count) * group.saves_w;
        }
        counts
    }
}

/// How many machines of each group draw at least `power_w`: as few as can be in `order`, and `most` at most.
fn take(groups: &[Group], order: Vec<usize>, power_w: f64, most: u32) -> Vec<u32> {
    let mut counts = vec![0; groups.len()];
    let (mut left_w, mut left) = (power_w, most);
    for place in order {
        let group = &groups[place];
        if !(left_w > 0.0 && group.saves_w > 0.0) {
            continue;
        }
        // A sum may fall a rounding short of a whole machine.
        let needed = (left_w / group.saves_w - 1e-9).ceil();
        let count = needed.min(f64::from(group.machines.min(left))) as u32;
        counts[place] = count;
        left -= count;
        left_w -= f64::from(count) * group.saves_w;
    }
    counts
}
