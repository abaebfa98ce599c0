//! The racks of a service: which replica stands where, and what each rack draws.

use std::ops::Range;

use crate::kernel::Time;
use crate::measure::Sum;
use crate::plant::{Demand, Rank};
use crate::workload::RackOffer;
use crate::workload::gpu::GpuRackDesign;

use super::step::Pace;

/// Where replicas stand: cells in index order, their replicas in index order, racks filled
/// one after the other. A replica that fits into a rack never spans two; a larger one takes
/// racks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Racks of the service.
    pub racks: usize,
    /// GPUs in each.
    pub gpus_per_rack: usize,
    /// Cells.
    pub cells: usize,
    /// Replicas in each.
    pub replicas: usize,
    /// GPUs of each replica.
    pub gpus: usize,
}

impl Layout {
    /// How many racks the replicas need.
    pub fn needed(&self) -> usize {
        let replicas = self.cells * self.replicas;
        match self.gpus_per_rack / self.gpus {
            0 => replicas * self.span(),
            in_rack => replicas.div_ceil(in_rack),
        }
    }

    /// The racks on which replica `replica` of cell `cell` stands.
    pub fn racks_of(&self, cell: usize, replica: usize) -> Range<usize> {
        let index = cell * self.replicas + replica;
        match self.gpus_per_rack / self.gpus {
            0 => index * self.span()..(index + 1) * self.span(),
            in_rack => index / in_rack..index / in_rack + 1,
        }
    }

    /// The cells with a replica on rack `rack`.
    pub fn cells_on(&self, rack: usize) -> Range<usize> {
        let (first, end) = match self.gpus_per_rack / self.gpus {
            0 => (rack / self.span(), rack / self.span() + 1),
            in_rack => (rack * in_rack, (rack + 1) * in_rack),
        };
        let end = end.min(self.cells * self.replicas);
        (first / self.replicas).min(self.cells)..end.div_ceil(self.replicas)
    }

    /// Racks of a replica that is larger than one.
    fn span(&self) -> usize {
        self.gpus.div_ceil(self.gpus_per_rack)
    }
}

/// Where the replicas of all pools of a service stand: in each cell, and on the racks, those of a
/// pool come after those of the pools before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FloorPlan {
    layouts: Vec<Layout>,
    /// The first replica of a cell and the first rack of each pool.
    firsts: Vec<(usize, usize)>,
    /// The racks of each replica of each cell.
    places: Vec<Range<usize>>,
    /// Replicas in each cell.
    replicas: usize,
}

impl FloorPlan {
    pub(super) fn new(layouts: impl IntoIterator<Item = Layout>) -> Self {
        let layouts: Vec<Layout> = layouts.into_iter().collect();
        let mut next = (0, 0);
        let firsts = layouts.iter().map(|layout| {
            let first = next;
            next = (next.0 + layout.replicas, next.1 + layout.racks);
            first
        });
        let firsts = firsts.collect();
        let replicas = layouts.iter().map(|layout| layout.replicas).sum();
        let mut plan = Self { firsts, layouts, places: Vec::new(), replicas };
        let cells = plan.layouts.iter().map(|layout| layout.cells).min().unwrap_or(0);
        let places = (0..cells).flat_map(|cell| (0..replicas).map(move |replica| (cell, replica)));
        plan.places = places.map(|(cell, replica)| plan.find_racks_of(cell, replica)).collect();
        plan
    }

    /// Replicas in each cell.
    pub(super) fn replicas(&self) -> usize {
        self.replicas
    }

    /// The pool of replica `replica` of a cell.
    pub(super) fn pool_of(&self, replica: usize) -> usize {
        self.firsts.partition_point(|first| first.0 <= replica) - 1
    }

    /// The pool of each rack.
    pub(super) fn pools_of_racks(&self) -> impl Iterator<Item = usize> {
        let layouts = self.layouts.iter().enumerate();
        layouts.flat_map(|(pool, layout)| std::iter::repeat_n(pool, layout.racks))
    }

    /// The racks on which replica `replica` of cell `cell` stands.
    pub(super) fn racks_of(&self, cell: usize, replica: usize) -> Range<usize> {
        self.places[cell * self.replicas() + replica].clone()
    }

    fn find_racks_of(&self, cell: usize, replica: usize) -> Range<usize> {
        let pool = self.pool_of(replica);
        let (first_replica, first_rack) = self.firsts[pool];
        let racks = self.layouts[pool].racks_of(cell, replica - first_replica);
        first_rack + racks.start..first_rack + racks.end
    }

    /// The racks of each replica of cell `cell`.
    pub(super) fn racks_of_cell(&self, cell: usize) -> &[Range<usize>] {
        &self.places[cell * self.replicas..(cell + 1) * self.replicas]
    }

    /// The cells with a replica on rack `rack`.
    pub(super) fn cells_on(&self, rack: usize) -> Range<usize> {
        let pool = self.firsts.partition_point(|first| first.1 <= rack) - 1;
        self.layouts[pool].cells_on(rack - self.firsts[pool].1)
    }
}

/// One rack as the service sees it.
///
/// The plant is told a constant draw per control interval; replicas draw what they draw. The
/// difference is owed: `stock` is what the replicas have drawn and the plant has not yet
/// delivered, and the next interval's draw is that stock spread over it. In undisturbed
/// operation this is the mean draw of the interval before; after a cap, a loss or a clamp the
/// difference follows as soon as the bounds allow. Energy is therefore exact over time, with a
/// lag of one interval.
#[derive(Debug, Clone)]
pub(super) struct Rack {
    /// The pool that it belongs to.
    pub(super) pool: usize,
    pub(super) offer: RackOffer,
    pub(super) pace: Pace,
    /// Powered, not tripped, and offered at least its idle draw.
    pub(super) live: bool,
    /// Since when.
    pub(super) lit: Time,
    pub(super) touched: bool,
    /// What the plant is told, what it would be told without a cap or loss now, and what the
    /// rack would draw if it had not been capped or lost before, W.
    draw_w: f64,
    level_w: f64,
    want_w: f64,
    idle_w: f64,
    full_w: f64,
    /// When what it draws above idle is shed.
    rank: Rank,
    since: Time,
    stock_j: f64,
    /// What was added of either source since mean draws were last learned, J, and these above idle, W.
    whole_j: f64,
    sampled_j: f64,
    whole_w: f64,
    sampled_w: f64,
    /// All that the rack has drawn in truth, and all that the plant has been told, J.
    actual: Sum,
    told: Sum,
}

/// Where what replicas drew comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// From cells that are simulated whole.
    Whole,
    /// From cells that are sampled in time, in a stretch that stands for `times` its length.
    Sampled { times: f64 },
}

impl Source {
    /// What a joule of it stands for.
    pub(super) fn times(self) -> f64 {
        match self {
            Source::Whole => 1.0,
            Source::Sampled { times } => times,
        }
    }
}

/// How racks are told a level from what was drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Telling {
    /// What was drawn, over an interval of so many seconds.
    Drawn(f64),
    /// The mean so far, and beside it what is owed beyond `lag_s` of it over `over_s`: windows tell
    /// of what was drawn with an error that a short interval would raise.
    Estimated { lag_s: f64, over_s: f64 },
}

impl Rack {
    pub(super) fn new(design: &GpuRackDesign, pool: usize, rank: Rank) -> Self {
        let (idle_w, full_w) = (design.idle_w(), design.full_w());
        Self {
            pool,
            offer: RackOffer::FULL,
            pace: Pace::FULL,
            live: true,
            lit: Time::ZERO,
            touched: false,
            draw_w: idle_w,
            level_w: idle_w,
            want_w: idle_w,
            idle_w,
            full_w,
            rank,
            since: Time::ZERO,
            stock_j: 0.0,
            whole_j: 0.0,
            sampled_j: 0.0,
            whole_w: 0.0,
            sampled_w: 0.0,
            actual: Sum::default(),
            told: Sum::default(),
        }
    }

    /// Whether the rack is live under its offer, and its pace.
    pub(super) fn judge(&self, design: &GpuRackDesign) -> (bool, Pace) {
        let live = self.offer.live && self.offer.cap_w >= self.idle_w;
        if !live {
            return (false, Pace::Down);
        }
        // A cap that leaves room for the mean draw is no shortage: the plant knows means only.
        let cap_w = if self.is_capped() { self.offer.cap_w } else { f64::INFINITY };
        (true, Pace::of(design, cap_w, self.offer.speed))
    }

    /// Acts on what [`Rack::judge`] found at `now`.
    pub(super) fn obey(&mut self, now: Time, (live, pace): (bool, Pace)) {
        self.charge(now);
        if live && !self.live {
            self.lit = now;
            self.level_w = self.idle_w;
        }
        (self.live, self.pace) = (live, pace);
        self.set_draw();
    }

    /// Adds what replicas on the rack drew above idle, one after the other.
    #[inline]
    pub(super) fn add(&mut self, joules: &[f64], source: Source) {
        let seen_j = match source {
            Source::Whole => &mut self.whole_j,
            Source::Sampled { .. } => &mut self.sampled_j,
        };
        // In registers: each sum would else be stored and loaded again between two replicas.
        let (mut stock_j, mut actual, mut all_j) = (self.stock_j, self.actual, *seen_j);
        for &joules in joules {
            let drawn_j = source.times() * joules;
            stock_j += drawn_j;
            actual.add(drawn_j);
            all_j += joules;
        }
        (self.stock_j, self.actual, *seen_j) = (stock_j, actual, all_j);
    }

    /// Takes what was added since the last call for what it draws in the mean: what is simulated whole
    /// drew for `whole_s`, and what is sampled was simulated for `sampled_s` of that. A source that was
    /// not simulated draws as it did.
    pub(super) fn learn(&mut self, whole_s: f64, sampled_s: f64) {
        for (joules, seconds, watts) in [
            (&mut self.whole_j, whole_s, &mut self.whole_w),
            (&mut self.sampled_j, sampled_s, &mut self.sampled_w),
        ] {
            if seconds > 0.0 {
                *watts = std::mem::take(joules) / seconds;
            }
        }
    }

    /// Starts a control interval at `now`. Returns whether the draw changes.
    pub(super) fn start_interval(&mut self, now: Time, telling: Telling) -> bool {
        self.charge(now);
        let before = (self.draw_w, self.want_w);
        if self.live {
            let level_w = match telling {
                Telling::Drawn(seconds) => self.stock_j / seconds,
                Telling::Estimated { lag_s, over_s } => {
                    let mean_w = self.idle_w + self.whole_w + self.sampled_w;
                    mean_w + (self.stock_j - lag_s * mean_w) / over_s
                }
            };
            self.level_w = level_w.clamp(self.idle_w, self.full_w);
            // A capped rack draws less than it would like to, so its wish is kept.
            let held = if self.is_capped() { self.want_w } else { 0.0 };
            self.want_w = self.level_w.max(held);
        }
        self.set_draw();
        before != (self.draw_w, self.want_w)
    }

    pub(super) fn draw_w(&self) -> f64 {
        self.draw_w
    }

    /// What the rack would draw if nothing were short; of a dark rack, what it drew before.
    pub(super) fn demand(&self) -> Demand {
        let mut demand = Demand::default();
        demand.0[Rank::Idle as usize] = self.idle_w;
        demand.0[self.rank as usize] = self.want_w - self.idle_w;
        demand
    }

    /// Energy drawn up to `now`, J: idle draw up to `now`, the rest as of the last collection.
    pub(super) fn actual_j(&self, now: Time) -> f64 {
        self.actual.value() + self.idle_since(now)
    }

    /// Energy that the plant was told up to `now`, J.
    pub(super) fn told_j(&self, now: Time) -> f64 {
        self.told.value() + self.draw_w * now.since(self.since).as_secs_f64()
    }

    fn is_capped(&self) -> bool {
        self.offer.cap_w < self.want_w
    }

    fn set_draw(&mut self) {
        self.draw_w = if self.live { self.level_w.min(self.offer.cap_w) } else { 0.0 };
    }

    fn idle_since(&self, now: Time) -> f64 {
        if self.live { self.idle_w * now.since(self.since).as_secs_f64() } else { 0.0 }
    }

    fn charge(&mut self, now: Time) {
        let idle = self.idle_since(now);
        let told = self.draw_w * now.since(self.since).as_secs_f64();
        self.actual.add(idle);
        self.told.add(told);
        self.stock_j += idle - told;
        self.since = now;
    }
}
