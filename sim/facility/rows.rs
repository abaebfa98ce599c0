//! Rows of the tables of loads, states, incidents and disturbances, as an observer is told of them.

use crate::kernel::{Span, Time};

/// What a declared part of the site carried in an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadRow<'a> {
    /// The component of the scenario that declared it, groups unexpanded.
    pub group: &'a str,
    /// Its mean power, all instances together, W: the output of what passes power on, the draw of
    /// what uses it.
    pub power_w: f64,
    /// The largest value of the same.
    pub max_w: f64,
    /// The largest share of its rating that one of its instances carried; none where nothing limits
    /// it.
    pub utilisation_max: Option<f64>,
    /// What it lost, W.
    pub loss_w: f64,
    /// The part of the power that came over the feeder, or cord, that it prefers; none for a source,
    /// and where there was no power.
    pub feeder_share: Option<f64>,
}

/// Units of a component that came to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateRow<'a> {
    /// When.
    pub at: Time,
    /// The component of the scenario, groups unexpanded.
    pub component: &'a str,
    /// The first and the last of them, counted from 0.
    pub units: (u32, u32),
    /// Where to.
    pub state: &'static str,
    /// Which of its `fed_by` feeds it, counted from 0; none where nothing does, or where a rack draws
    /// on all of its cords.
    pub feeder: Option<u32>,
}

/// A row of an incident that is over, or that the end of the run cuts off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncidentRow<'a> {
    /// Number of the incident, in the order of the beginnings.
    pub incident: u64,
    /// Number of the row in it.
    pub seq: u32,
    /// The row that it follows from.
    pub parent_seq: Option<u32>,
    /// When it began.
    pub at: Time,
    /// When it ended; none where the run ended first.
    pub until: Option<Time>,
    /// The component of the scenario, groups unexpanded, or what failed of it.
    pub subject: &'a str,
    /// The first of its units that it struck, counted from 0.
    pub unit: Option<u32>,
    /// What happened to it.
    pub what: &'static str,
    /// Why.
    pub cause: &'static str,
    /// How many of its units at a time, at most.
    pub count: u32,
    /// Energy that its racks did not get, J.
    pub energy_j: f64,
    /// Time of their GPUs, s.
    pub gpu_s: f64,
    /// Requests that failed as it began.
    pub requests: u64,
    /// Training jobs that were interrupted as it began.
    pub jobs: u64,
}

/// A sag or an outage of a feed that is over, with what the site did: a row of the feed, then one of
/// each component that noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DisturbanceRow<'a> {
    /// Number of the disturbance, in the order of the beginnings.
    pub disturbance: u64,
    /// The component of the scenario, groups unexpanded.
    pub component: &'a str,
    /// When the voltage left 90 to 110 %.
    pub at: Time,
    /// When it was back; none where the run ended first.
    pub until: Option<Time>,
    /// Units that went to a battery or held by themselves, or were lost.
    pub units: u32,
    /// How many of them were lost.
    pub lost: u32,
    /// What the site did, in the row of the feed.
    pub ride: Option<RideRow<'a>>,
}

/// What a site did through a disturbance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RideRow<'a> {
    /// The lowest voltage, pu.
    pub residual: f64,
    /// How long it was bad.
    pub lasted: Span,
    /// `random`, `injected` or `planned`.
    pub cause: &'a str,
    /// The incident of the feed.
    pub incident: Option<u64>,
    /// Whether power supplies that keep the ITI curve stand it.
    pub iti: bool,
    /// What the operator of the feed demands.
    pub duty: Option<&'a str>,
    /// Whether the site must ride through it by that.
    pub must_stay: Option<bool>,
    /// Whether it was back in time, where it must; none where the next disturbance, or the end of the
    /// run, came before that could be said.
    pub met: Option<bool>,
    /// What ended the watch.
    pub ended: Ended,
    /// Import before, W.
    pub before_w: f64,
    /// The import that was lost at most, W.
    pub lost_w: f64,
    /// From the end of the disturbance until 90 % of the import were back.
    pub back: Option<Span>,
    /// The largest change of the import within 5 s, and the largest rises within 15 s, a minute and
    /// ten minutes, W.
    pub swings_w: [f64; 4],
}

/// What ended the watch over a disturbance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// 90 % of the import were back.
    Back,
    /// The next disturbance began.
    Next,
    /// The run ended.
    Run,
}

impl Ended {
    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Back => "back",
            Self::Next => "next",
            Self::Run => "run",
        }
    }
}
