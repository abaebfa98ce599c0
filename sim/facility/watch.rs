//! What is watched beside the meters, so that [`notes`](super::notes) can say what a reader of the
//! figures should know.

use super::design::{Design, WorkDesign};
use crate::kernel::{Span, Time};
use crate::measure::{Meter, Spells};
use crate::plant::power::{Moved, Network, PowerNode};
use crate::workload::gpu::Processor;

/// Parts into which a run is cut to see what grows or has yet to settle: an assumption.
pub(super) const PARTS: usize = 30;
/// A component that carries this share of its limit is at it, because loads are cut in steps: an
/// assumption.
pub(super) const AT_LIMIT: f64 = 0.99;

/// Racks that are lost so soon after their feed were carried by nothing but the hold-up of their own
/// supplies, which is 10 to 20 ms and counts on no more (an assumption).
const HOLD_UP: Span = Span::from_secs(1);

/// All that is watched.
#[derive(Debug)]
pub(super) struct Watch {
    /// What has failed, is taken out as planned or curtails the site at present.
    causes: u32,
    pub(super) halls: Vec<HallWatch>,
    /// The supply of each loop that is held at a setpoint.
    pub(super) supplies: Vec<Option<Warmth>>,
    pub(super) limits: Vec<LimitWatch>,
    /// The entry of `limits` of each node of the power chain.
    limit_of: Vec<usize>,
    /// Whether each node is at its limit, and how many nodes of each entry of `limits` are.
    is_at_limit: Vec<bool>,
    at_limit: Vec<u32>,
    was_capped: bool,
    /// When a feed failed last, until racks lost their power by it.
    feed_failed: Option<Time>,
    /// How often racks lost their power as soon as a feed failed.
    pub(super) unbridged: u64,
    pub(super) trends: Vec<Trend>,
}

/// A hall of racks.
#[derive(Debug)]
pub(super) struct HallWatch {
    /// Share of its racks that are not live while there is no cause for it.
    pub(super) dark: Spells,
    /// One while any of its racks is held below what it wants.
    pub(super) capped: Meter,
    /// How warm its coolant is, where its racks are rated for some.
    pub(super) coolant: Option<CoolantWatch>,
}

/// Coolant above what racks are rated for.
#[derive(Debug)]
pub(super) struct CoolantWatch {
    /// What brings it.
    exchangers: Vec<usize>,
    pub(super) warmth: Warmth,
}

/// A temperature that should not rise above a limit.
#[derive(Debug)]
pub(super) struct Warmth {
    pub(super) limit_c: f64,
    /// No further above the limit than by this it is at its limit, K.
    slack_k: f64,
    since: Time,
    /// What it is since then; below any temperature where it is that of nothing.
    now_c: f64,
    /// How long it was further above, and the warmest.
    above_s: f64,
    warmest_c: f64,
}

/// Coolant warmer than rated by no more than this is as rated, K: what control leaves, an
/// assumption.
const AS_RATED_K: f64 = 0.5;
/// A supply warmer than its setpoint by no more than this is at it, K: an assumption, the band about
/// a setpoint in which a loop is taken for at rest.
const AS_SET_K: f64 = 2.0;

impl Warmth {
    fn new(limit_c: f64, slack_k: f64) -> Self {
        let nothing = f64::NEG_INFINITY;
        let (since, now_c, warmest_c) = (Time::ZERO, nothing, nothing);
        Self { limit_c, slack_k, since, now_c, above_s: 0.0, warmest_c }
    }

    /// It is `c` from `now` on.
    fn set(&mut self, now: Time, c: f64) {
        self.above_s = self.above_to_s(now);
        self.warmest_c = self.warmest_to_c(now);
        (self.since, self.now_c) = (now, c);
    }

    fn is_above(&self) -> bool {
        self.now_c > self.limit_c + self.slack_k
    }

    /// How long it was above up to `now`, s.
    pub(super) fn above_to_s(&self, now: Time) -> f64 {
        let lasted_s = if self.is_above() { now.since(self.since).as_secs_f64() } else { 0.0 };
        self.above_s + lasted_s
    }

    /// The warmest that it was above its limit for any time up to `now`.
    pub(super) fn warmest_to_c(&self, now: Time) -> f64 {
        match self.is_above() && now > self.since {
            true => self.warmest_c.max(self.now_c),
            false => self.warmest_c,
        }
    }
}

/// A declared component of the power chain: one while an instance of it is at its limit and racks
/// are held below what they want.
#[derive(Debug)]
pub(super) struct LimitWatch {
    pub(super) name: String,
    pub(super) at_limit: Meter,
}

/// The mean of a column over each part of the run.
#[derive(Debug)]
pub(super) struct Trend {
    /// Index of the workload, and what the column says of it.
    pub(super) work: usize,
    pub(super) of: Quantity,
    column: usize,
    sums: [(f64, f64); PARTS],
}

/// What a trend is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// What waits: requests under way, or jobs in the queue.
    Waiting,
    /// GPUs that jobs hold.
    Busy,
}

impl Watch {
    /// Watches `design`, whose time series has `columns`.
    pub(super) fn new(design: &Design, columns: &[String]) -> Self {
        let hall = |index: usize| HallWatch {
            dark: Spells::new(Time::ZERO),
            capped: Meter::new(Time::ZERO, 0.0),
            coolant: design.halls[index].rated_supply_c.map(|rated_c| {
                let of_hall = design.racks.iter().filter(|rack| rack.hall == index);
                let mut exchangers: Vec<usize> =
                    of_hall.filter_map(|rack| rack.cooled_by).collect();
                exchangers.sort_unstable();
                exchangers.dedup();
                CoolantWatch { exchangers, warmth: Warmth::new(rated_c, AS_RATED_K) }
            }),
        };
        let supplies = design.loops.iter().map(|site| {
            let set_c = site.design.held_supply_c();
            set_c.map(|set_c| Warmth::new(set_c, AS_SET_K))
        });
        let mut limits: Vec<LimitWatch> = Vec::new();
        let mut limit_of = Vec::new();
        for name in &design.power_groups {
            let known = limits.iter().position(|limit| limit.name == *name);
            limit_of.push(known.unwrap_or(limits.len()));
            if known.is_none() {
                let at_limit = Meter::new(Time::ZERO, 0.0);
                limits.push(LimitWatch { name: name.clone(), at_limit });
            }
        }
        let mut trends = Vec::new();
        for (work, site) in design.works.iter().enumerate() {
            let watched: &[(Quantity, &str)] = match &site.design {
                WorkDesign::Training { rack, .. } => match rack.processor {
                    Processor::Gpu => {
                        &[(Quantity::Waiting, "queued_jobs"), (Quantity::Busy, "busy_gpus")]
                    }
                    Processor::Core => {
                        &[(Quantity::Waiting, "queued_jobs"), (Quantity::Busy, "busy_cores")]
                    }
                },
                WorkDesign::Inference { .. } => &[(Quantity::Waiting, "requests_in_flight")],
                WorkDesign::Mining(_) | WorkDesign::HeatLoad(_) => &[],
            };
            for &(of, column) in watched {
                let name = format!("{}_{column}", site.name);
                let column = columns.iter().position(|it| *it == name).expect("it is measured");
                trends.push(Trend { work, of, column, sums: [(0.0, 0.0); PARTS] });
            }
        }
        Self {
            causes: 0,
            halls: (0..design.halls.len()).map(hall).collect(),
            supplies: supplies.collect(),
            at_limit: vec![0; limits.len()],
            is_at_limit: vec![false; limit_of.len()],
            limits,
            limit_of,
            was_capped: false,
            feed_failed: None,
            unbridged: 0,
            trends,
        }
    }

    /// Something begins, or ends, that may darken racks.
    pub(super) fn cause(&mut self, begins: bool) {
        self.causes = if begins { self.causes + 1 } else { self.causes.saturating_sub(1) };
    }

    /// The share of the racks of each hall that is not live, and whether any of them is held below
    /// what it wants, from the settled instant `now` on.
    pub(super) fn read(
        &mut self,
        now: Time,
        halls: impl Iterator<Item = (f64, bool)>,
        (power, moved): (&Network, &Moved),
    ) {
        for node in moved.nodes() {
            let (n, limit_w) = (node.0 as usize, power.limit_w(node));
            // What is not on, such as generators that nobody has called, gives nothing and limits nothing.
            let is_on = power.live(node) && limit_w.is_finite();
            let is = is_on && power.flow_w(node) >= AT_LIMIT * limit_w;
            let was = std::mem::replace(&mut self.is_at_limit[n], is);
            let at_limit = &mut self.at_limit[self.limit_of[n]];
            *at_limit = *at_limit + u32::from(is) - u32::from(was);
        }
        let mut capped = false;
        for (hall, (dark, is_capped)) in self.halls.iter_mut().zip(halls) {
            hall.dark.set(now, if self.causes == 0 { dark } else { 0.0 });
            hall.capped.set(now, f64::from(u8::from(is_capped)));
            capped |= is_capped;
        }
        if !(capped || self.was_capped) {
            return;
        }
        self.was_capped = capped;
        for (limit, &at_limit) in self.limits.iter_mut().zip(&self.at_limit) {
            limit.at_limit.set(now, f64::from(u8::from(capped && at_limit > 0)));
        }
    }

    /// The coolant of each hall that is rated for some, at the settled instant `now`; `inlet_c` says
    /// what enters the running racks of a hall from an exchanger.
    pub(super) fn read_coolant(
        &mut self,
        now: Time,
        inlet_c: impl Fn(usize, usize) -> Option<f64>,
    ) {
        for (hall, watch) in self.halls.iter_mut().enumerate() {
            if let Some(coolant) = &mut watch.coolant {
                let warm = coolant.exchangers.iter().filter_map(|&index| inlet_c(index, hall));
                let warmest_c = warm.fold(f64::NEG_INFINITY, f64::max);
                coolant.warmth.set(now, warmest_c);
            }
        }
    }

    /// The supply of the loops at the settled instant `now`: of those that carry heat.
    pub(super) fn read_supplies(&mut self, now: Time, supply_c: impl Fn(usize) -> Option<f64>) {
        for (index, supply) in self.supplies.iter_mut().enumerate() {
            if let Some(supply) = supply {
                supply.set(now, supply_c(index).unwrap_or(f64::NEG_INFINITY));
            }
        }
    }

    /// Whether a component is at its limit.
    pub(super) fn is_at_limit(&self, node: PowerNode) -> bool {
        self.is_at_limit[node.0 as usize]
    }

    /// A feed has failed.
    pub(super) fn feed_fails(&mut self, now: Time) {
        self.feed_failed = Some(now);
    }

    /// The instant `now` has settled; `lost` says whether racks lost their power in it.
    pub(super) fn settled(&mut self, now: Time, lost: bool) {
        let by_feed = |failed: &mut Time| now.since(*failed) <= HOLD_UP;
        if lost && self.feed_failed.take_if(by_feed).is_some() {
            self.unbridged += 1;
        }
    }

    /// The interval from `start` to `now` has ended, of a run of `duration`, with `row`.
    pub(super) fn row(&mut self, start: Time, now: Time, duration: Span, row: &[f64]) {
        let seconds = (now - start).as_secs_f64();
        let middle = start.as_secs_f64() + 0.5 * seconds;
        let part = (PARTS as f64 * middle / duration.as_secs_f64()) as usize;
        for trend in &mut self.trends {
            let (sum, time) = &mut trend.sums[part.min(PARTS - 1)];
            *sum += seconds * row[trend.column];
            *time += seconds;
        }
    }
}

impl Trend {
    /// The mean over the parts of the run in `parts`; none where none of them was simulated.
    pub(super) fn mean(&self, parts: std::ops::Range<usize>) -> Option<f64> {
        let sums = &self.sums[parts];
        let (sum, time) = sums.iter().fold((0.0, 0.0), |all, it| (all.0 + it.0, all.1 + it.1));
        (time > 0.0).then(|| sum / time)
    }
}
