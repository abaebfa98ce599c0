//! Arrivals, the pass that gives out nodes, starts and ends of jobs.

use super::{Event, Training, energy_kwh};
use crate::kernel::{Class, Span, Time};
use crate::workload::RackOffer;
use crate::workload::training::account::{Cause, JobRecord};
use crate::workload::training::fleet::Slot;
use crate::workload::training::job::{Job, Phase, Vacate};
use crate::workload::training::log::JobEnd;
use crate::workload::training::placement::{Places, Sharing};
use crate::workload::training::power::ROUNDING;
use crate::workload::training::schedule::{
    Granted, Preempted, Rules, Scheduler, SharedNodes, Waiting,
};

/// The queue, by what is given out: nodes that are all alike, or nodes that jobs share by a rule.
#[derive(Debug)]
pub(super) enum Schedule {
    Counted(Scheduler),
    Shared(Scheduler<SharedNodes>, Sharing),
}

impl Schedule {
    pub(super) fn new(rules: Rules, sharing: Option<Sharing>) -> Self {
        match sharing {
            None => Self::Counted(Scheduler::new(rules)),
            Some(rule) => Self::Shared(Scheduler::new(rules), rule),
        }
    }

    pub(super) fn submit(&mut self, job: Waiting) {
        match self {
            Self::Counted(scheduler) => scheduler.submit(job),
            Self::Shared(scheduler, _) => scheduler.submit(job),
        }
    }

    pub(super) fn end(&mut self, now: Time, job: Granted) {
        match self {
            Self::Counted(scheduler) => scheduler.end(now, job),
            Self::Shared(scheduler, _) => scheduler.end(now, job),
        }
    }

    pub(super) fn queued(&self) -> usize {
        match self {
            Self::Counted(scheduler) => scheduler.queued(),
            Self::Shared(scheduler, _) => scheduler.queued(),
        }
    }

    pub(super) fn wake_at(&self) -> Time {
        match self {
            Self::Counted(scheduler) => scheduler.wake_at(),
            Self::Shared(scheduler, _) => scheduler.wake_at(),
        }
    }
}

impl Training {
    pub(super) fn arrive(&mut self, now: Time) {
        let request = self.source.request();
        self.expect_arrival(now);
        let id = self.totals.submitted;
        self.totals.submitted += 1;
        let cycle = self.design.cycle(request.nodes, 0.0);
        let restart_s = self.design.restart.as_secs_f64();
        let idle_w = self.design.power(request.power).idle_w;
        let mut job = Job::new(id, now, request, cycle, restart_s, idle_w);
        job.measured = request.load.map(|load| {
            let (idle_w, full_w) = (self.rack.gpu_idle_w, self.rack.gpu_tdp_w);
            let draw_w = idle_w + load * (full_w - idle_w);
            Box::new(self.design.uncapped.drawing(draw_w, self.design.gpu_cap_w))
        });
        let slot = match self.free_slots.pop() {
            Some(slot) => {
                // The facility may not have looked since the last job here changed.
                job.is_changed = self.jobs[slot as usize].is_changed;
                self.jobs[slot as usize] = job;
                slot
            }
            None => {
                self.jobs.push(job);
                (self.jobs.len() - 1) as Slot
            }
        };
        self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
        self.pass_due = true;
    }

    pub(super) fn expect_arrival(&mut self, now: Time) {
        match self.source.gap() {
            Some(gap) => self.push_in(now, gap, Class::Work, Event::Arrival),
            None if self.source.is_log() => self.log_ended = Some(now),
            None => {}
        }
    }

    /// Gives nodes to the jobs that wait for them: first to those that lost some and stand, then to
    /// those that run and lack some, then to the queue by its scheduler.
    pub(super) fn pass(&mut self, now: Time) {
        if !std::mem::take(&mut self.pass_due) {
            return;
        }
        self.serve_waiting(now);
        self.fill_up(now);
        if self.is_curtailed() {
            // The queue waits for the end of it.
            return;
        }
        let usable = self.design.usable();
        // What waiting jobs still miss is committed but not free, so both limits hold.
        let left = (usable * self.design.grain.per_node).saturating_sub(self.committed);
        let mut decisions = std::mem::take(&mut self.decisions);
        let Self { fleet, jobs, scheduler, .. } = self;
        match scheduler {
            Schedule::Counted(scheduler) => {
                scheduler.pass(now, fleet.free().min(left), &mut decisions);
            }
            Schedule::Shared(scheduler, rule) => {
                if scheduler.queued() > 0 {
                    scheduler.look_at_running(|token| {
                        let job = &jobs[token as usize];
                        fleet.by_node(job.nodes.iter().chain(&job.spares))
                    });
                }
                let (rule, per_node) = (*rule, self.design.grain.per_node);
                let nodes = SharedNodes { rule, per_node, free: fleet.free_by_node(), left };
                scheduler.pass(now, nodes, &mut decisions);
            }
        }
        for &Preempted { job, by } in &decisions.preempted {
            self.vacate(now, job.token, by, self.design.preempted, Cause::Preemption);
            if by == now {
                // Its nodes are given out in this pass.
                self.stop_at_once(now, job.token);
            }
        }
        for (at, &grant) in decisions.granted.iter().enumerate() {
            let (slot, nodes) = (grant.token, grant.nodes as usize);
            let places = decisions.places.get(at);
            let has_room = match places {
                Some(places) => self.fleet.have_free(places),
                None => self.fleet.free() >= nodes,
            };
            if !has_room {
                // A job that was preempted at once has lost nodes before, or stood on a rack
                // that takes no jobs: the scheduler counted more than there is.
                self.scheduler.end(now, grant);
                self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
                self.pass_due = true;
                continue;
            }
            self.committed += nodes;
            let job = &mut self.jobs[slot as usize];
            job.pass_time(now);
            job.grant = Some(grant);
            self.holding.insert(slot);
            match (places, self.design.grain.segment) {
                (Some(places), _) => self.take_places(now, slot, places),
                (None, Some(segment)) => {
                    self.take_segments(now, slot, segment, nodes / segment.held());
                }
                (None, None) => self.take_nodes(now, slot, nodes),
            }
            if let Some(length) = self.design.max_length {
                self.vacate(now, slot, now + length, Vacate::Requeue, Cause::TimeLimit);
            }
            self.start(now, slot);
        }
        self.decisions = decisions;
        let wake_at = self.scheduler.wake_at();
        self.promise.set(&mut self.agenda, wake_at, Class::Work, Event::Promise);
    }

    /// Gives free nodes to jobs that stand without some of theirs, in the order of submission, until
    /// one cannot be served. One in segments holds up no other: it has taken what was free on its
    /// racks, and no other rack has room for one of its segments.
    fn serve_waiting(&mut self, now: Time) {
        let mut next = 0;
        while let Some((&id, &slot)) = self.waiting.range(next..).next() {
            next = id + 1;
            let job = &self.jobs[slot as usize];
            let missing = job.width - job.nodes.len();
            match self.design.grain.segment {
                Some(segment) => self.mend_segments(now, slot, segment),
                None => self.take_nodes(now, slot, self.fleet.fitting(missing)),
            }
            let job = &self.jobs[slot as usize];
            if job.nodes.len() >= job.fewest {
                self.waiting.remove(&id);
                self.start(now, slot);
            } else if self.design.grain.segment.is_none() {
                break;
            }
        }
    }

    /// Gives free nodes to jobs that go on without some of theirs, in the order of submission:
    /// spares to those that have used theirs, and nodes to elastic ones that run on fewer.
    fn fill_up(&mut self, now: Time) {
        let mut next = 0;
        while let Some((&id, &slot)) = self.lacking.range(next..).next() {
            next = id + 1;
            let job = &self.jobs[slot as usize];
            if matches!(job.phase, Phase::Detecting | Phase::Waiting) {
                // It does not know yet, or waits for what it needs to go on.
                continue;
            }
            if let Some(segment) = self.design.grain.segment {
                if self.fill_segments(now, slot, segment) {
                    self.lacking.remove(&id);
                }
                continue;
            }
            let lacks = job.lacks();
            let count = self.fleet.fitting(lacks);
            self.take_nodes(now, slot, count);
            self.grow(now, slot);
            if count < lacks {
                break;
            }
            self.lacking.remove(&id);
        }
    }

    /// Lets an elastic job that runs on fewer nodes than it wants take in those that it now holds
    /// besides: it writes a checkpoint and starts anew with them.
    pub(super) fn grow(&mut self, now: Time, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        let can = job.nodes.len() < job.width && !job.spares.is_empty();
        if can && job.phase == Phase::Running && !job.grows {
            job.grows = true;
            // One that is about to write a checkpoint grows after that.
            if job.drain.is_none() {
                let write = Span::from_secs_f64(job.cycle.forced_s());
                self.prepare(now, slot, now + write);
            }
        }
    }

    /// Lets a rack take jobs if it is offered all that its nodes need for full speed, where
    /// that is asked.
    pub(super) fn open_or_close(&mut self, rack: usize) {
        if !self.design.power_aware {
            return;
        }
        let RackOffer { cap_w, speed, .. } = self.racks[rack].offer;
        let gpus = (self.rack.nodes * self.rack.gpus_per_node) as f64;
        let places = self.rack.nodes * self.design.grain.per_node;
        let full_w = self.base_w(places, 0) + gpus * self.design.power.run.full_w();
        let full_w = full_w.min(self.design.rack_cap_w);
        let closed = cap_w < full_w * (1.0 - ROUNDING) || speed < 1.0;
        self.fleet.set_closed(rack, closed);
        self.pass_due |= !closed;
    }

    /// A job that stands goes on, if its spares make up for what it has lost or it can do with
    /// fewer nodes. Whether it does.
    pub(super) fn go_on(&mut self, now: Time, slot: Slot) -> bool {
        self.call_spares(now, slot);
        let job = &self.jobs[slot as usize];
        let can = job.nodes.len() >= job.fewest;
        if can {
            self.start(now, slot);
        }
        can
    }

    /// The job has the nodes that it needs.
    pub(super) fn start(&mut self, now: Time, slot: Slot) {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.phase = Phase::Starting;
        job.grows = false;
        // What a segment gave up again as it moved is among these no more.
        self.totals.segments.swaps += job.replacing.drain(..).len() as u64;
        if job.lacks() > 0 {
            self.lacking.insert(job.id, slot);
            self.pass_due = true;
        }
        let job = &mut self.jobs[slot as usize];
        let resumes = std::mem::take(&mut job.suspended);
        job.starting_s = if resumes { 0.0 } else { self.design.restart.as_secs_f64() };
        job.attempts += 1;
        if job.start.is_none() {
            job.start = Some(now);
            self.totals.wait.add((now - job.submit).as_secs_f64());
            self.totals.waits.record(now - job.submit);
        }
        if self.design.checkpoint.is_shared() && !resumes {
            self.share_storage(slot);
        }
        let job = &self.jobs[slot as usize];
        self.totals.checkpoints.add(&job.cycle);
        // The checkpoint before a stop may have been made for another one, or missed.
        if let Some(stop) = job.stop
            && job.drain.is_none()
        {
            self.prepare(now, slot, stop.at);
        }
    }

    /// Fits the checkpoints of a job that starts to the storage that the other jobs leave it.
    /// Theirs stay until they start again. Costs a look at each job that holds nodes.
    fn share_storage(&mut self, slot: Slot) {
        let others = self.holding.iter().filter(|&&other| other != slot);
        let shares = others.map(|&other| self.jobs[other as usize].cycle.writing_share());
        let others: f64 = shares.sum();
        let job = &mut self.jobs[slot as usize];
        job.cycle = self.design.cycle(job.width, others);
    }

    pub(super) fn finish(&mut self, now: Time, slot: Slot) {
        self.release_nodes(now, slot);
        self.blame(slot, None);
        let per_node_second = self.gpu_hours_per_node_second();
        let job = &mut self.jobs[slot as usize];
        job.phase = Phase::Gone;
        self.totals.completed += 1;
        self.totals.account.add(&job.account);
        self.totals.present_s += job.present_s;
        self.totals.gpu_energy_j += job.gpu_energy_j;
        self.totals.failed += u64::from(job.end == JobEnd::Failed);
        self.totals.cancelled += u64::from(job.end == JobEnd::Cancelled);
        let record = JobRecord {
            id: job.number.unwrap_or(job.id),
            submit: job.submit,
            start: job.start.expect("a job that ends has started"),
            end: now,
            nodes: job.width.div_ceil(self.design.grain.per_node),
            tier: job.tier,
            work_s: job.work_s,
            reason: job.end,
            attempts: job.attempts,
            interruptions: job.interruptions,
            gpu_hours: job.account.scaled(per_node_second),
            energy_kwh: energy_kwh(self.design.grain, job.gpu_energy_j, job.account.held()),
            checkpoint_interval_s: job.cycle.interval_s,
        };
        self.totals.bounded_slowdown += record.bounded_slowdown();
        self.finished.push(record);
        self.free_slots.push(slot);
        self.pass_due = true;
    }

    /// Gives `count` free nodes to a job. One that runs keeps them as spares; one that does not
    /// uses as many as it needs, and keeps the others.
    pub(super) fn take_nodes(&mut self, now: Time, slot: Slot, count: usize) {
        if count == 0 {
            return;
        }
        let mut taken = std::mem::take(&mut self.taken);
        self.fleet.take(now, count, slot, &mut taken);
        let used = self.uses(slot, count);
        self.hand_over(now, slot, taken, used);
    }

    /// Gives a job places of shared nodes.
    fn take_places(&mut self, now: Time, slot: Slot, places: &Places) {
        let mut taken = std::mem::take(&mut self.taken);
        self.fleet.take_places(now, places, slot, &mut taken);
        let used = self.uses(slot, taken.len());
        self.hand_over(now, slot, taken, used);
    }

    /// How many of `count` nodes that it is given a job runs on: one that runs on none.
    fn uses(&self, slot: Slot, count: usize) -> usize {
        let job = &self.jobs[slot as usize];
        let stands = matches!(job.phase, Phase::Queued | Phase::Waiting);
        if stands { count.min(job.width - job.nodes.len()) } else { 0 }
    }

    /// A job has been given the nodes `taken`, of which it runs on the first `used`.
    pub(super) fn hand_over(&mut self, now: Time, slot: Slot, mut taken: Vec<u32>, used: usize) {
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.add_nodes(&taken[..used], |node| self.fleet.rack_of(node) as u32);
        job.spares.extend(&taken[used..]);
        job.spares.sort_unstable();
        for &node in &taken[used..] {
            self.fleet.set_spare(node, true);
        }
        for &node in &taken {
            self.mark_stale(self.fleet.rack_of(node));
        }
        taken.clear();
        self.taken = taken;
        self.touch(slot);
    }

    /// Lets a job's spares replace nodes that it has lost.
    pub(super) fn call_spares(&mut self, now: Time, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        if job.spares.is_empty() || job.nodes.len() == job.width {
            return;
        }
        job.pass_time(now);
        let rack_of = |node| self.fleet.rack_of(node) as u32;
        let called = match self.design.grain.segment {
            Some(segment) => job.call_spares_on_racks(segment.used, rack_of),
            None => job.call_spares(rack_of),
        };
        for node in called {
            self.fleet.set_spare(node, false);
            self.mark_stale(self.fleet.rack_of(node));
        }
        self.touch(slot);
    }

    pub(super) fn release_nodes(&mut self, now: Time, slot: Slot) {
        let nodes = std::mem::take(&mut self.jobs[slot as usize].nodes);
        let spares = std::mem::take(&mut self.jobs[slot as usize].spares);
        for &node in nodes.iter().chain(&spares) {
            self.fleet.release(now, node);
        }
        for i in 0..self.jobs[slot as usize].racks.len() {
            self.mark_stale(self.jobs[slot as usize].racks[i] as usize);
        }
        for &node in &spares {
            self.mark_stale(self.fleet.rack_of(node));
        }
        if self.fleet.rest_matters() {
            self.reclock_all(now, nodes.iter().chain(&spares));
        }
        let job = &mut self.jobs[slot as usize];
        self.lacking.remove(&job.id);
        job.racks.clear();
        (job.nodes, job.spares) = (nodes, spares);
        job.nodes.clear();
        job.spares.clear();
        job.segments.clear();
        job.replacing.clear();
        job.grows = false;
        job.limit = 1.0;
        for ticket in [job.stop.take().map(|stop| stop.ticket), job.drain.take().map(|d| d.1)] {
            ticket.map(|ticket| self.agenda.cancel(ticket));
        }
        self.committed -= job.footprint();
        let grant = job.grant.take().expect("a job that holds nodes was given them");
        self.holding.remove(&slot);
        self.scheduler.end(now, grant);
    }
}
