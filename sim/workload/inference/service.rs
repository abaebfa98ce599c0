//! A service: many alike cells on racks, few of them simulated.
//!
//! Cells that nothing has told apart are represented by a few simulated ones. The moment an
//! event strikes some cells of those that one stands for, they are split off as a cell of
//! their own, which takes its share of the requests under way and draws from streams of its
//! own. When it has been whole again for a while, its arrivals go back to the representative
//! and it drains.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::ahead::{Ahead, Runners};
use super::cell::{Cell, Order};
use super::design::{PoolDesign, ServiceDesign};
use super::notes::{Note, Noting};
use super::outcome::{ClassSummary, InferenceInterval, InferenceSummary, parts};
use super::racks::{FloorPlan, Rack, Source};
use super::records::Records;
use super::replica::Work;
use super::sampling::RequestErrors;
use super::serving::CellDesign;
use super::step::{Pace, StepTable};
use super::ticks::{self, Ticks};
use crate::kernel::{Span, Streams, Time};
use crate::plant::Demand;
use crate::workload::RackOffer;

mod ahead;
mod sampled;

use sampled::Sampling;

/// A service under simulation.
#[derive(Debug)]
pub struct Service {
    design: ServiceDesign,
    streams: Streams,
    cells: Arc<CellDesign>,
    plan: FloorPlan,
    /// By pool and pace.
    tables: BTreeMap<(usize, Pace), Arc<StepTable>>,
    /// Simulated cells; the first `represent` are the representatives, which always stay.
    groups: Vec<Option<Group>>,
    /// The group that each cell of the service is in.
    home: Vec<usize>,
    racks: Vec<Rack>,
    changed: Vec<bool>,
    /// Whether any of them has.
    is_changed: bool,
    /// One for each part of the groups that may run at the same time; part 0 takes the rest.
    records: Vec<Records>,
    /// What was recorded up to the end of the last interval.
    closed: Records,
    /// Memory for what was recorded in an interval: asking for it anew costs more than to count.
    fresh: Records,
    interval: InferenceInterval,
    /// Energy of all racks up to there, and that by class in `active_j`, J.
    closed_j: f64,
    closed_active_j: Vec<f64>,
    /// Energy above idle that was drawn for each class so far, J.
    active_j: Vec<f64>,
    /// Memory for the energies of the replicas of each group.
    energies: Vec<Vec<f64>>,
    /// Work of cells that are gone.
    past: Work,
    splits: u64,
    /// Where only windows of its time are simulated.
    sampling: Option<Box<Sampling>>,
    /// While representatives run ahead. Then groups are as they were at the start of a stage.
    ahead: Option<Ahead>,
    /// Who takes them; nobody where there are no threads to spare.
    runners: Option<Arc<Runners>>,
    /// Something has struck a cell since a row ended.
    is_struck: bool,
    /// Simulated up to here.
    now: Time,
    /// Energy brought to the racks up to here.
    collected: Time,
    next: Time,
}

/// A simulated cell and whom it stands for.
#[derive(Debug)]
struct Group {
    cell: Cell,
    /// The representative to rejoin.
    origin: usize,
    whole_since: Time,
    /// The cells it stood for, while it drains.
    draining: Vec<usize>,
}

/// The pace of each replica of a cell, and when it takes requests if that is still to come.
type State = Vec<(Pace, Ticks)>;

impl ServiceDesign {
    /// Empty records of its classes.
    fn records(&self) -> Records {
        Records::new(self.load.classes.iter().map(|class| class.targets))
    }
}

/// Below this many expected events the start of threads costs more than they save.
const WORTH_THREADS: f64 = 500.0;

/// Steps of the engine a request, for that estimate.
const STEPS_PER_REQUEST: f64 = 5.0;

impl Service {
    /// The service at the start of the run, all racks under full power.
    ///
    /// # Panics
    ///
    /// When the replicas do not fit the racks, or there is no cell to represent.
    pub fn new(design: &ServiceDesign, streams: &Streams) -> Self {
        let cells = design.cells();
        for PoolDesign { layout, .. } in &design.pools {
            assert!(layout.needed() <= layout.racks, "replicas fit their racks");
            assert!(
                layout.cells == cells && layout.replicas > 0,
                "every cell has replicas in every pool"
            );
        }
        assert!(
            (1..=cells).contains(&design.represent),
            "a service has cells, and some of them are represented"
        );
        let plan = FloorPlan::new(design.pools.iter().map(|pool| pool.layout));
        let racks: Vec<Rack> = plan
            .pools_of_racks()
            .map(|pool| Rack::new(&design.pools[pool].rack, pool, design.rank()))
            .collect();
        let mut service = Self {
            streams: *streams,
            cells: CellDesign::new(design),
            tables: BTreeMap::new(),
            groups: Vec::new(),
            home: (0..cells).map(|cell| cell % design.represent).collect(),
            changed: vec![true; racks.len()],
            is_changed: true,
            racks,
            plan,
            records: vec![design.records()],
            closed: design.records(),
            fresh: design.records(),
            interval: InferenceInterval::of(design),
            closed_j: 0.0,
            closed_active_j: vec![0.0; design.load.classes.len()],
            active_j: vec![0.0; design.load.classes.len()],
            energies: Vec::new(),
            past: Work::default(),
            splits: 0,
            sampling: Sampling::new(design, streams),
            ahead: None,
            runners: None,
            is_struck: false,
            now: Time::ZERO,
            collected: Time::ZERO,
            next: Time::ZERO + design.control_interval,
            design: design.clone(),
        };
        let tables: Vec<_> =
            (0..design.pools.len()).map(|pool| service.table(pool, Pace::FULL)).collect();
        for origin in 0..design.represent {
            let members = service.home.iter().filter(|&&home| home == origin).count();
            let entity = format!("{}/{origin}", design.name);
            let cell = Cell::new((&entity, streams), members as u32, &service.cells, &tables, 0);
            let whole_since = Time::ZERO;
            service.groups.push(Some(Group { cell, origin, whole_since, draining: Vec::new() }));
        }
        service
    }

    /// The next control boundary.
    pub fn next_at(&self) -> Time {
        self.next
    }

    /// Passes the control boundaries up to `now`: simulates the interval that ends at each
    /// and tells the plant a new draw. Cells advance in parallel; results do not depend on
    /// the number of threads.
    pub fn advance(&mut self, now: Time) {
        while self.next <= now {
            let boundary = self.next;
            self.bring(boundary);
            if self.ahead.is_none() {
                self.rescale(boundary);
            }
            let (next, telling) = self.turn(boundary);
            for (rack, changed) in self.racks.iter_mut().zip(&mut self.changed) {
                *changed |= rack.start_interval(boundary, telling);
                self.is_changed |= *changed;
                // The wish may have crossed a standing cap.
                rack.touched |= rack.offer.cap_w.is_finite();
            }
            self.next = next;
            self.rejoin(boundary);
            self.settle(boundary);
        }
    }

    /// The plant offers `offer` to rack `rack` from `now` on; [`settle`](Service::settle)
    /// acts on it.
    pub fn offer(&mut self, now: Time, rack: usize, offer: RackOffer) {
        debug_assert!(now < self.next, "the service was advanced to now");
        let rack = &mut self.racks[rack];
        rack.touched |= rack.offer != offer;
        rack.offer = offer;
    }

    /// Acts on all offers of an instant together: replicas stop, restart or change their
    /// pace; cells that are no longer alike are told apart.
    pub fn settle(&mut self, now: Time) {
        let mut cells = Vec::new();
        for index in 0..self.racks.len() {
            if !std::mem::take(&mut self.racks[index].touched) {
                continue;
            }
            let rack = &self.racks[index];
            let verdict = rack.judge(&self.design.pools[rack.pool].rack);
            let (before, draw) = ((rack.live, rack.pace), rack.draw_w());
            self.racks[index].obey(now, verdict);
            self.changed[index] |= self.racks[index].draw_w() != draw;
            self.is_changed |= self.changed[index];
            if before != verdict {
                cells.extend(self.plan.cells_on(index));
            }
        }
        cells.dedup();
        if cells.is_empty() {
            return;
        }
        // Cells with the same new state that one simulated cell stands for stay together.
        let mut struck: BTreeMap<(usize, State), Vec<usize>> = BTreeMap::new();
        for cell in cells {
            let (home, state) = (self.home[cell], self.state_of(now, cell));
            let paces = self.group(home).cell.paces();
            if state.iter().zip(paces).any(|(new, &old)| new.0 != old) {
                struck.entry((home, state)).or_default().push(cell);
            }
        }
        if struck.is_empty() {
            return;
        }
        self.is_struck = true;
        self.recall();
        self.bring(now);
        // A representative is struck with the last of the cells that it stands for, in whatever states
        // those are.
        let is_struck = |representative: usize| {
            let of = struck.iter().filter(|((home, _), _)| *home == representative);
            let cells: usize = of.map(|(_, members)| members.len()).sum();
            cells as u32 == self.group(representative).cell.multiplicity()
        };
        if (0..self.design.represent).any(is_struck) {
            self.disturb(now);
        }
        for ((home, state), members) in struck {
            self.strike(now, home, &state, &members);
        }
    }

    /// What rack `rack` would draw if nothing were short: its idle draw, and above it what
    /// requests cause.
    pub fn demand(&self, rack: usize) -> Demand {
        self.racks[rack].demand()
    }

    /// What rack `rack` draws until it is reported to have changed, W; at most its cap.
    pub fn draw_w(&self, rack: usize) -> f64 {
        self.racks[rack].draw_w()
    }

    /// Calls `f` for every rack whose draw or demand changed since the last call, by index.
    pub fn drain_changed(&mut self, mut f: impl FnMut(usize)) {
        if !std::mem::take(&mut self.is_changed) {
            return;
        }
        for (rack, changed) in self.changed.iter_mut().enumerate() {
            if std::mem::take(changed) {
                f(rack);
            }
        }
    }

    /// How many racks the service has.
    pub fn racks(&self) -> usize {
        self.racks.len()
    }

    /// How many cells are simulated now, draining ones included.
    pub fn simulated_cells(&self) -> usize {
        self.groups.iter().flatten().count()
    }

    /// How many cells each simulated one stands for; none for those that drain.
    #[cfg(test)]
    pub(super) fn multiplicities(&self) -> Vec<u32> {
        let takes_arrivals = |g: &&Group| g.draining.is_empty();
        self.groups.iter().flatten().filter(takes_arrivals).map(|g| g.cell.multiplicity()).collect()
    }

    /// Requests under way, each weighted by what it stands for.
    pub fn in_flight(&self) -> u64 {
        if let Some(ahead) = &self.ahead {
            return ahead.in_flight();
        }
        self.groups.iter().flatten().map(|group| group.cell.in_flight()).sum()
    }

    /// Notes what becomes of some of the requests that arrive from now on; at the start.
    pub fn note(&mut self, noting: Noting) {
        let Self { groups, streams, design, .. } = self;
        for (index, group) in groups.iter_mut().enumerate() {
            let Some(group) = group else { continue };
            group.cell.note(noting, (&format!("{}/{index}", design.name), streams));
        }
    }

    /// Hands over what became of noted requests since the last call, by their ends. Complete up
    /// to the control boundary that was passed last.
    pub fn drain_notes(&mut self, mut f: impl FnMut(&str, &Note)) {
        let mut notes: Vec<Note> = self.records.iter_mut().flat_map(Records::take_notes).collect();
        notes.sort_unstable_by_key(Note::order);
        for note in &notes {
            f(&self.design.load.classes[usize::from(note.request.class)].name, note);
        }
    }

    /// What happened since the last call, up to `now`, which must not lie beyond the next
    /// control boundary, where such rows are `row` long. Costs a pass over what the histograms hold of
    /// it.
    pub fn take_interval(&mut self, now: Time, row: Span) -> &mut InferenceInterval {
        self.bring_to(now);
        self.run_ahead(now, row);
        self.fresh.clear();
        let (first, others) = self.records.split_first_mut().expect("there is one at least");
        self.fresh.swap(first);
        for part in others {
            self.fresh.merge(part);
            part.clear();
        }
        self.closed.merge(&self.fresh);
        let energy_j = self.racks.iter().map(|r| r.actual_j(now)).sum::<f64>();
        let energy_j = energy_j - std::mem::replace(&mut self.closed_j, energy_j);
        let closed = std::mem::replace(&mut self.closed_active_j, self.active_j.clone());
        let active_j: Vec<f64> = self.active_j.iter().zip(closed).map(|(a, b)| a - b).collect();
        let part = parts(energy_j, &active_j);
        self.interval.energy_j = energy_j;
        self.interval.simulated = self.sampling.as_mut().map(|sampling| sampling.end_interval());
        let named = self.design.load.classes.iter().zip(self.fresh.classes()).zip(&active_j);
        let named = named.filter(|((class, _), _)| !class.name.is_empty());
        for (summary, ((_, records), &active_j)) in self.interval.classes.iter_mut().zip(named) {
            summary.records.clear();
            summary.records.merge(records);
            (summary.active_j, summary.energy_j) = (active_j, part(active_j));
        }
        self.fresh.give_total(&mut self.interval.records);
        &mut self.interval
    }

    /// Forgets the shortest and the longest latencies of what has been collected so far.
    pub fn forget_extremes(&mut self) {
        self.closed.forget_extremes();
        self.records.iter_mut().for_each(Records::forget_extremes);
        if let Some(sampling) = &mut self.sampling {
            sampling.begin(&self.closed);
        }
    }

    /// Requests that have failed, as far as it has been advanced.
    pub fn failed(&self) -> u64 {
        let parts = self.records.iter().chain([&self.closed]);
        let ahead = self.ahead.as_ref().map_or(0, Ahead::failed);
        parts.map(Records::failed).sum::<u64>() + ahead
    }

    /// The result up to `now`, which must not lie beyond the next control boundary.
    pub fn summary(&mut self, now: Time) -> InferenceSummary {
        self.bring_to(now);
        let mut records = self.closed.clone();
        for part in &self.records {
            records.merge(part);
        }
        let total = records.total();
        let (sampled, errors) = match &self.sampling {
            Some(sampling) => {
                let (sampled, errors) = sampling.summary(&records);
                (Some(sampled), errors)
            }
            None => (None, Vec::new()),
        };
        let groups = || self.groups.iter().flatten();
        let energy_j = self.racks.iter().map(|r| r.actual_j(now)).sum::<f64>();
        let told_j = self.racks.iter().map(|r| r.told_j(now)).sum::<f64>();
        InferenceSummary {
            in_flight: self.in_flight(),
            work: groups().map(|g| g.cell.work()).fold(self.past, Work::plus),
            splits: self.splits,
            energy_j,
            owed_j: energy_j - told_j,
            revenue: (total.prompt_tokens as f64 * self.design.prompt_price
                + total.output_tokens as f64 * self.design.output_price)
                * 1e-6,
            classes: self.by_class(&records, &errors, energy_j),
            records: total,
            sampled,
        }
    }

    /// Simulates up to `now` and accounts for all that was done by then.
    fn bring_to(&mut self, now: Time) {
        self.bring(now);
        self.recall_within_stage();
        for group in self.groups.iter_mut().flatten() {
            group.cell.walk_to(ticks::from_time(now), &mut self.records[0]);
        }
    }

    /// The tallies of `records` by class with their `errors`, and the parts of classes in the energy
    /// of all.
    fn by_class(
        &self,
        records: &Records,
        errors: &[RequestErrors],
        energy_j: f64,
    ) -> Vec<ClassSummary> {
        let part = parts(energy_j, &self.active_j);
        let classes = self.design.load.classes.iter().zip(records.classes()).zip(&self.active_j);
        classes
            .enumerate()
            .filter(|(_, ((class, _), _))| !class.name.is_empty())
            .map(|(index, ((class, records), &active_j))| ClassSummary {
                name: class.name.clone(),
                records: records.clone(),
                active_j,
                energy_j: part(active_j),
                errors: errors.get(index).copied(),
            })
            .collect()
    }

    /// Simulates up to `now` and collects what was drawn.
    fn bring(&mut self, now: Time) {
        if now > self.now && self.take_legs(now) {
            return;
        }
        // Else what they drew since the stage began would be collected once more.
        self.recall_within_stage();
        self.simulate(now);
        self.collect(now);
    }

    /// Advances every simulated cell to `now`.
    fn simulate(&mut self, now: Time) {
        if now <= self.now {
            return;
        }
        let from = std::mem::replace(&mut self.now, now);
        let Some(mut sampling) = self.sampling.take() else {
            return self.advance_groups(0..self.groups.len(), from, now);
        };
        self.advance_groups(self.design.represent..self.groups.len(), from, now);
        self.simulate_sampled(&mut sampling, from, now);
        self.sampling = Some(sampling);
    }

    /// Advances the cells of `range` from `from` to `now`.
    fn advance_groups(&mut self, range: Range<usize>, from: Time, now: Time) {
        let limit = ticks::from_time(now) + 1;
        let seconds = (now - from).as_secs_f64();
        let groups = &mut self.groups[range];
        let cells = groups.iter().flatten().count();
        let events = cells as f64 * self.design.load.rate_per_s() * seconds * STEPS_PER_REQUEST;
        let threads = rayon::current_num_threads().min(cells);
        if threads < 2 || events < WORTH_THREADS {
            for group in groups.iter_mut().flatten() {
                group.cell.advance(limit, &mut self.records[0]);
            }
            return;
        }
        if self.records.len() < threads {
            self.records.resize(threads, self.design.records());
        }
        let part = groups.len().div_ceil(threads);
        groups.par_chunks_mut(part).zip(&mut self.records).for_each(|(groups, records)| {
            for group in groups.iter_mut().flatten() {
                group.cell.advance(limit, records);
            }
        });
    }

    /// Lets the cells that take arrivals choose how many of their replicas are awake.
    fn rescale(&mut self, now: Time) {
        let at = ticks::from_time(now);
        for group in self.groups.iter_mut().flatten().filter(|g| g.draining.is_empty()) {
            group.cell.rescale(at, &mut self.records[0]);
        }
    }

    /// Brings the energy of the simulated cells up to `now` to the racks of all cells that
    /// they stand for.
    fn collect(&mut self, now: Time) {
        let sampled = if self.sampling.is_some() { self.design.represent } else { 0 };
        self.collect_from(0..sampled, Source::Sampled { times: 1.0 }, now);
        self.collect_from(sampled..self.groups.len(), Source::Whole, now);
        self.collected = now;
    }

    /// The same of the groups of `range`.
    fn collect_from(&mut self, range: Range<usize>, source: Source, now: Time) {
        if range.is_empty() {
            return;
        }
        let at = ticks::from_time(now);
        // What a loaded replica draws is drawn once: by the cell that took over the arrivals.
        let seconds = now.since(self.collected).as_secs_f64();
        let mut resident_j = Vec::new();
        if self.groups[range.clone()].iter().flatten().any(|group| !group.draining.is_empty()) {
            resident_j.extend((0..self.plan.replicas()).map(|replica| {
                self.table(self.plan.pool_of(replica), Pace::FULL).resident_w * seconds
            }));
        }
        let mut energies = std::mem::take(&mut self.energies);
        energies.resize(self.groups.len(), Vec::new());
        energies.iter_mut().for_each(Vec::clear);
        let mut shares_j = vec![0.0; self.active_j.len()];
        for (group, out) in self.groups[range.clone()].iter_mut().zip(&mut energies[range]) {
            let Some(group) = group else { continue };
            group.cell.take_energy_j(at, out);
            shares_j.fill(0.0);
            group.cell.take_shares_j(&mut shares_j);
            let mut cells = source.times() * f64::from(group.cell.multiplicity());
            if !group.draining.is_empty() {
                let all = out.iter().sum::<f64>();
                for (joules, resident_j) in out.iter_mut().zip(&resident_j) {
                    *joules = (*joules - resident_j).max(0.0);
                }
                let kept = if all > 0.0 { out.iter().sum::<f64>() / all } else { 0.0 };
                cells = group.draining.len() as f64 * kept;
            }
            for (active_j, share_j) in self.active_j.iter_mut().zip(&shares_j) {
                *active_j += cells * share_j;
            }
            for &cell in &group.draining {
                share(&mut self.racks, &self.plan, cell, out, source);
            }
        }
        self.energies = energies;
        // Who has stood still, as in the gaps between windows, has drawn nothing.
        if self.energies.iter().flatten().any(|joules| *joules != 0.0) {
            self.spread(source);
        }
    }

    /// Brings the energies of the replicas of each group to the racks of the cells at home in it.
    fn spread(&mut self, source: Source) {
        for (cell, &home) in self.home.iter().enumerate() {
            share(&mut self.racks, &self.plan, cell, &self.energies[home], source);
        }
    }

    /// Puts `members` of group `home` into `state`.
    fn strike(&mut self, now: Time, home: usize, state: &[(Pace, Ticks)], members: &[usize]) {
        let orders: Vec<Order> = state
            .iter()
            .enumerate()
            .map(|(replica, &(pace, up))| {
                let pool = self.plan.pool_of(replica);
                let table = (pace != Pace::Down).then(|| self.table(pool, pace));
                Order { pace, table, up }
            })
            .collect();
        let count = members.len() as u32;
        let mut index = home;
        let group = self.groups[home].as_mut().expect("a cell is at home in a group");
        if group.cell.multiplicity() > count {
            self.splits += 1;
            let entity = format!("{}/{}#{}", self.design.name, members[0], self.splits);
            // What was done together is told of once.
            group.cell.walk_to(ticks::from_time(now), &mut self.records[0]);
            let cell = group.cell.split(count, (&entity, &self.streams));
            let origin = group.origin;
            let split = Group { cell, origin, whole_since: now, draining: Vec::new() };
            index = self.place(split);
            for &member in members {
                self.home[member] = index;
            }
        }
        let group = self.groups[index].as_mut().expect("just placed");
        let at = ticks::from_time(now);
        group.cell.obey(at, &orders, &mut self.records[0]);
        let up = state.iter().map(|&(_, up)| up).max().unwrap_or(at).max(at);
        group.whole_since = ticks::to_time(up);
    }

    /// Gives the arrivals of groups that have been whole for long enough back to their
    /// representatives, and forgets groups that have drained.
    fn rejoin(&mut self, now: Time) {
        let at = ticks::from_time(now);
        let rested = |group: &Group| {
            group.cell.is_whole(at) && now.since(group.whole_since) >= self.design.rejoin_after
        };
        for index in self.design.represent..self.groups.len() {
            let Some(group) = &self.groups[index] else { continue };
            if !group.draining.is_empty() {
                if group.cell.is_empty() {
                    self.past = self.past.plus(group.cell.work());
                    self.groups[index] = None;
                }
                continue;
            }
            let origin = group.origin;
            if !rested(group) || !rested(self.group(origin)) {
                continue;
            }
            let members: Vec<usize> =
                (0..self.home.len()).filter(|&cell| self.home[cell] == index).collect();
            for &member in &members {
                self.home[member] = origin;
            }
            let representative = self.groups[origin].as_mut().expect("representatives stay");
            representative.cell.adopt(members.len() as u32);
            let group = self.groups[index].as_mut().expect("looked at above");
            group.cell.drain();
            group.draining = members;
        }
        while self.groups.last().is_some_and(Option::is_none) {
            self.groups.pop();
        }
    }

    /// The state into which its racks put `cell`.
    fn state_of(&self, now: Time, cell: usize) -> State {
        (0..self.plan.replicas())
            .map(|replica| {
                let racks = &self.racks[self.plan.racks_of(cell, replica)];
                let startup = self.design.pools[self.plan.pool_of(replica)].startup;
                let pace = racks.iter().map(|r| r.pace).fold(Pace::FULL, Pace::min);
                let lit = racks.iter().map(|r| r.lit).max().unwrap_or(Time::ZERO);
                // Racks that were lit all along have loaded replicas.
                let up = if lit == Time::ZERO { lit } else { lit + startup };
                (pace, if up <= now { 0 } else { ticks::from_time(up) })
            })
            .collect()
    }

    fn table(&mut self, pool: usize, pace: Pace) -> Arc<StepTable> {
        let Self { tables, design, .. } = self;
        let table = tables.entry((pool, pace)).or_insert_with(|| design.pools[pool].table(pace));
        Arc::clone(table)
    }

    fn group(&self, index: usize) -> &Group {
        self.groups[index].as_ref().expect("a cell is at home in a group")
    }

    fn place(&mut self, group: Group) -> usize {
        match self.groups.iter().position(Option::is_none) {
            Some(index) => {
                self.groups[index] = Some(group);
                index
            }
            None => {
                self.groups.push(Some(group));
                self.groups.len() - 1
            }
        }
    }
}

/// Adds the energies of a simulated cell's replicas to the racks of `cell`.
fn share(racks: &mut [Rack], plan: &FloorPlan, cell: usize, energies: &[f64], source: Source) {
    if energies.is_empty() {
        // Its group is not collected now.
        return;
    }
    let mut rest = energies;
    for places in plan.racks_of_cell(cell).chunk_by(|place, next| place == next) {
        let here = rest.split_off(..places.len()).expect("each replica has an energy");
        match &mut racks[places[0].clone()] {
            [rack] => rack.add(here, source),
            racks => {
                for joules in here {
                    let part = [joules / racks.len() as f64];
                    racks.iter_mut().for_each(|rack| rack.add(&part, source));
                }
            }
        }
    }
}
