//! Arrivals, the pass that gives out nodes, starts and ends of jobs.

use super::{Event, Training, energy_kwh};
use crate::kernel::{Class, Time};
use crate::workload::RackOffer;
use crate::workload::training::account::{Cause, JobRecord};
use crate::workload::training::fleet::Slot;
use crate::workload::training::job::{Job, Phase, Vacate};
use crate::workload::training::power::ROUNDING;
use crate::workload::training::schedule::Preempted;
use crate::workload::training::swf::JobEnd;

impl Training {
    pub(super) fn arrive(&mut self, now: Time) {
        let request = self.source.request();
        self.expect_arrival(now);
        let id = self.totals.submitted;
        self.totals.submitted += 1;
        let cycle = self.design.cycle(request.nodes, 0.0);
        let job = Job::new(id, now, request, cycle, self.design.restart.as_secs_f64());
        let slot = match self.free_slots.pop() {
            Some(slot) => {
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
        if let Some(gap) = self.source.gap() {
            self.push_in(now, gap, Class::Work, Event::Arrival);
        }
    }

    /// Gives nodes to the jobs that wait for them: first to those that lost some, in the order
    /// of submission until one cannot be served, then to the queue by its scheduler.
    pub(super) fn pass(&mut self, now: Time) {
        if !std::mem::take(&mut self.pass_due) {
            return;
        }
        while let Some((&id, &slot)) = self.waiting.first_key_value() {
            let job = &self.jobs[slot as usize];
            let missing = job.width - job.nodes.len();
            let count = missing.min(self.fleet.free());
            self.take_nodes(now, slot, count);
            if count < missing {
                break;
            }
            self.waiting.remove(&id);
            self.start(now, slot);
        }
        if self.is_curtailed() {
            // The queue waits for the end of it.
            return;
        }
        let usable = (self.design.nodes - self.design.spares).min(self.design.most_busy);
        // What waiting jobs still miss is committed but not free, so both limits hold.
        let free = self.fleet.free().min(usable.saturating_sub(self.committed));
        let mut decisions = std::mem::take(&mut self.decisions);
        self.scheduler.pass(now, free, &mut decisions);
        for &Preempted { job, by } in &decisions.preempted {
            self.vacate(now, job.token, by, self.design.preempted, Cause::Preemption);
            if by == now {
                // Its nodes are given out in this pass.
                self.stop_at_once(now, job.token);
            }
        }
        for &grant in &decisions.granted {
            let (slot, width) = (grant.token, grant.nodes as usize);
            if self.fleet.free() < width {
                // A job that was preempted at once has lost nodes before, or stood on a rack
                // that takes no jobs: the scheduler counted more than there is.
                self.scheduler.end(now, grant);
                self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
                self.pass_due = true;
                continue;
            }
            self.committed += width;
            let job = &mut self.jobs[slot as usize];
            job.pass_time(now);
            job.grant = Some(grant);
            self.take_nodes(now, slot, width);
            if let Some(length) = self.design.max_length {
                self.vacate(now, slot, now + length, Vacate::Requeue, Cause::TimeLimit);
            }
            self.start(now, slot);
        }
        self.decisions = decisions;
        let wake_at = self.scheduler.wake_at();
        if self.promise.is_none_or(|(at, _)| at != wake_at) {
            if let Some((_, ticket)) = self.promise.take() {
                self.agenda.cancel(ticket);
            }
            if wake_at < Time::MAX {
                let ticket = self.agenda.schedule(wake_at, Class::Work, Event::Promise);
                self.promise = Some((wake_at, ticket));
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
        let full_w = self.base_w(self.rack.nodes, 0) + gpus * self.design.power.run.full_w();
        let closed = cap_w < full_w * (1.0 - ROUNDING) || speed < 1.0;
        self.fleet.set_closed(rack, closed);
        self.pass_due |= !closed;
    }

    /// The job has all its nodes.
    pub(super) fn start(&mut self, now: Time, slot: Slot) {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.phase = Phase::Starting;
        let resumes = std::mem::take(&mut job.suspended);
        job.starting_s = if resumes { 0.0 } else { self.design.restart.as_secs_f64() };
        job.attempts += 1;
        if job.start.is_none() {
            job.start = Some(now);
            self.totals.wait.add((now - job.submit).as_secs_f64());
        }
        if self.design.checkpoint.is_shared() && !resumes {
            self.share_storage(slot);
        }
        let job = &self.jobs[slot as usize];
        // The checkpoint before a stop may have been made for another one, or missed.
        if let Some(stop) = job.stop
            && job.drain.is_none()
        {
            self.prepare(now, slot, stop.at);
        }
    }

    /// Fits the checkpoints of a job that starts to the storage that the other jobs leave it.
    /// Theirs stay until they start again. Costs a look at each job.
    fn share_storage(&mut self, slot: Slot) {
        let shares = self.jobs.iter().enumerate().filter(|(i, job)| {
            *i != slot as usize && !matches!(job.phase, Phase::Queued | Phase::Gone)
        });
        let others: f64 = shares.map(|(_, job)| job.cycle.writing_share()).sum();
        let job = &mut self.jobs[slot as usize];
        job.cycle = self.design.cycle(job.width, others);
    }

    pub(super) fn finish(&mut self, now: Time, slot: Slot) {
        self.release_nodes(now, slot);
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
            id: job.id,
            submit: job.submit,
            start: job.start.expect("a job that ends has started"),
            end: now,
            nodes: job.width,
            tier: job.tier,
            work_s: job.work_s,
            reason: job.end,
            attempts: job.attempts,
            interruptions: job.interruptions,
            gpu_hours: job.account.scaled(per_node_second),
            energy_kwh: energy_kwh(&self.rack, job.gpu_energy_j, job.account.held()),
        };
        self.totals.bounded_slowdown += record.bounded_slowdown();
        self.finished.push(record);
        self.free_slots.push(slot);
        self.pass_due = true;
    }

    pub(super) fn take_nodes(&mut self, now: Time, slot: Slot, count: usize) {
        if count == 0 {
            return;
        }
        let mut taken = std::mem::take(&mut self.taken);
        self.fleet.take(now, count, slot, &mut taken);
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.add_nodes(&taken, |node| self.fleet.rack_of(node) as u32);
        for &node in &taken {
            self.mark_stale(self.fleet.rack_of(node));
        }
        taken.clear();
        self.taken = taken;
        self.touch(slot);
    }

    pub(super) fn release_nodes(&mut self, now: Time, slot: Slot) {
        let nodes = std::mem::take(&mut self.jobs[slot as usize].nodes);
        for &node in &nodes {
            self.fleet.release(now, node);
        }
        for i in 0..self.jobs[slot as usize].racks.len() {
            self.mark_stale(self.jobs[slot as usize].racks[i] as usize);
        }
        let job = &mut self.jobs[slot as usize];
        job.racks.clear();
        job.nodes = nodes;
        job.nodes.clear();
        job.limit = 1.0;
        for ticket in [job.stop.take().map(|stop| stop.ticket), job.drain.take().map(|d| d.1)] {
            ticket.map(|ticket| self.agenda.cancel(ticket));
        }
        self.committed -= job.width;
        let grant = job.grant.take().expect("a job that holds nodes was given them");
        self.scheduler.end(now, grant);
    }
}
