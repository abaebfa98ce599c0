//! Grid programmes: who calls the site for less power, when, and what comes of it.
//!
//! A programme is data with one life cycle: an *award* is held in its hours and is an *obligation*
//! to have so much load that can go; a *call* asks for it; the site *responds*, *sustains* it until
//! the *recall* and *restores* its load; then the call is *scored* against a baseline and *settled*.
//!
//! - [`ProgrammeSpec`]: what a user writes. Its kinds differ in their signal.
//! - [`CallsDesign`]: calls that a law draws, a list holds, or a sign of the grid or of the market makes. Each
//!   programme draws from a stream of its own, so that adding one moves the calls of no other.
//! - [`Asked`]: a call with the shares of an award that it asks for over time; [`Ask`]: what it asks at a time,
//!   and what of that is due.
//! - [`PeaksDesign`]: peaks of a system load, and alerts from its forecast.
//! - [`CallAccount`]: one call, its baseline and its score; [`LikeDays`]: the baseline of earlier days.
//!
//! Invariants: nothing here knows the plant or decides anything; the facility carries calls out and
//! meters them. All that happens in a run is drawn before it begins and is told to nobody before its
//! time.

mod account;
mod base_point;
mod call;
mod calls;
mod calls_spec;
mod congestion;
mod frequency;
mod like_days;
mod peaks;
mod signs;
mod spec;
mod system;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::kernel::{Clock, Span, Time};
use crate::tables::{Series, Window};
use call::{add_hours, held_until};

pub use account::CallAccount;
pub use call::{Ask, Asked, Call, asks};
pub use calls::CallsDesign;
pub use like_days::LikeDays;
pub use peaks::{Peak, PeaksDesign};
pub use signs::{Sign, Signs};
pub use spec::{Excluded, PeakForecastSpec, ProgrammeSpec};

/// A programme, resolved.
#[derive(Debug, Clone)]
pub struct ProgrammeDesign {
    /// Its name in the scenario.
    pub name: String,
    /// When it asks for less.
    pub signal: Signal,
    /// What it asks for.
    pub target: Target,
    /// Where it stands among the policies of the site.
    pub standing: Standing,
    /// Against what it is measured.
    pub baseline: Baseline,
    /// How long after a call the site must have responded in full.
    pub response: Span,
    /// What it pays.
    pub pay: Pay,
}

impl ProgrammeDesign {
    /// Whether it holds awards.
    pub fn has_award(&self) -> bool {
        matches!(self.target, Target::Award(..))
    }
}

/// When a programme asks for less.
#[derive(Debug, Clone)]
pub enum Signal {
    /// When its operator, or a sign of the grid or of the market, calls.
    Calls(CallsDesign),
    /// When the site expects a peak of the system.
    Peaks(PeaksDesign),
}

/// Where a programme stands among the policies of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Before all others: an emergency, the terms of a connection.
    Emergency,
    /// It holds awards.
    Award,
    /// It keeps away from peaks of the system.
    Peaks,
    /// It answers what energy costs.
    Price,
}

impl Standing {
    /// Whether a day with one of its calls is left out of baselines of like days: an operator's call makes a day
    /// unusual. What the site does for a price or a peak by itself is as usual as anything, and counts.
    pub fn marks_days(self) -> bool {
        match self {
            Self::Emergency | Self::Award => true,
            Self::Peaks | Self::Price => false,
        }
    }
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// An award: so much less than the baseline, W, in the hours in which it is held.
    Award(f64, Window),
    /// At most this import, W; none for as little as the site can without darkening what is idle and
    /// what cools.
    Leave(Option<f64>),
}

impl Target {
    /// What of an award is held at `now`, W, and when that may change. It is held for a whole quarter of
    /// an hour where its window holds as that begins, or as the run does.
    pub fn award(&self, clock: &Clock, now: Time) -> (f64, Time) {
        match self {
            Self::Award(award_w, window) => {
                let (is_held, next) = held_until(window, clock, now);
                (if is_held { *award_w } else { 0.0 }, next)
            }
            Self::Leave(_) => (0.0, Time::MAX),
        }
    }

    /// The parts of `call` in which an award is held; all of it where there is none to hold.
    fn held_in(&self, clock: &Clock, call: Call) -> Vec<Call> {
        let Self::Award(_, window) = self else { return vec![call] };
        let mut parts = Vec::new();
        add_hours(window, clock, (call.from, call.until), &mut parts);
        parts
    }
}

/// The import that a call is measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline {
    /// Its mean over the last five minutes before the call.
    Telemetered,
    /// Its mean over the last whole quarter of an hour before the call.
    MeterBefore,
    /// Agreed in advance, W.
    Reference(f64),
    /// That of each hour on days like that of the call, on which nobody called.
    LikeDays,
}

/// What a programme pays.
#[derive(Debug, Clone)]
pub struct Pay {
    /// For each megawatt that is kept ready for an hour, $.
    pub capacity: Arc<Series<f64>>,
    /// Share of the award that is paid for.
    pub accreditation: f64,
    /// For each megawatt-hour below the baseline during calls, $.
    pub energy_usd_mwh: f64,
    /// How many times the pay of a call's time is taken back where nothing was delivered in it.
    pub clawback: f64,
}
