//! Stops that are ordered: what a job does before, and what becomes of it.

use super::{Event, Training};
use crate::kernel::{Class, Span, Time};
use crate::workload::training::account::Cause;
use crate::workload::training::fleet::Slot;
use crate::workload::training::job::{Phase, Stop, Vacate};
use crate::workload::training::log::JobEnd;

impl Training {
    /// The job in `slot`, which holds nodes, is to give them up at `by`, for `cause`.
    ///
    /// It trains on for as long as a checkpoint of everything will still be safe by then, and
    /// stands to write that. Where time does not suffice it trains to the end and loses what no
    /// checkpoint holds. Of several orders the first to come due holds.
    pub(super) fn vacate(&mut self, now: Time, slot: Slot, by: Time, then: Vacate, cause: Cause) {
        let job = &mut self.jobs[slot as usize];
        if job.stop.is_some_and(|stop| stop.at <= by) {
            return;
        }
        if let Some(stop) = job.stop.take() {
            self.agenda.cancel(stop.ticket);
        }
        let ticket = self.agenda.schedule(by, Class::Work, Event::Stop(slot));
        job.stop = Some(Stop { at: by, then, cause, ticket });
        // What is suspended needs no checkpoint, and what is cancelled none any more.
        if then == Vacate::Requeue {
            self.prepare(now, slot, by);
        }
    }

    /// Lets the job write a checkpoint that is safe at `by`, if it has the time.
    pub(super) fn prepare(&mut self, now: Time, slot: Slot, by: Time) {
        let job = &mut self.jobs[slot as usize];
        if job.drain.is_some_and(|(at, _)| at <= by) {
            return;
        }
        let write = Span::from_secs_f64(job.cycle.forced_s());
        if by - now < write {
            return;
        }
        if let Some((_, ticket)) = job.drain.take() {
            self.agenda.cancel(ticket);
        }
        let ticket =
            self.agenda.schedule(now + (by - now - write), Class::Work, Event::Drain(slot));
        job.drain = Some((by, ticket));
    }

    /// A job that runs begins the checkpoint that it prepared. If what it is for does not come, as
    /// the job holds no node any more of a rack that is maintained, it trains on afterwards.
    pub(super) fn drain(&mut self, now: Time, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        let (by, _) = job.drain.take().expect("a job that drains has prepared");
        if job.phase != Phase::Running {
            return;
        }
        job.pass_time(now);
        job.phase = Phase::Draining;
        job.pace = 0.0;
        if let Some(ticket) = job.ticket.take() {
            self.agenda.cancel(ticket);
        }
        // Of what happens at that instant, stops were scheduled before this.
        let ticket = self.agenda.schedule(by, Class::Work, Event::Phase(slot));
        self.jobs[slot as usize].ticket = Some(ticket);
        self.touch(slot);
    }

    /// What a job prepared for does not come: it breaks off its checkpoint and trains on, unless
    /// another stop is due.
    pub(super) fn unprepare(&mut self, now: Time, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        if job.stop.is_some() || job.grows {
            return;
        }
        if let Some((_, ticket)) = job.drain.take() {
            self.agenda.cancel(ticket);
        }
        if job.phase == Phase::Draining {
            job.pass_time(now);
            job.phase = Phase::Running;
            if let Some(ticket) = job.ticket.take() {
                self.agenda.cancel(ticket);
            }
            self.touch(slot);
        }
    }

    /// The checkpoint that a job has stood for is safe; it trains on, or starts anew with more nodes.
    pub(super) fn drained(&mut self, now: Time, slot: Slot) {
        self.save_drained(slot);
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        if job.grows {
            job.interruptions.count(Cause::Growth);
            self.totals.interruptions.count(Cause::Growth);
            self.blame(slot, Cause::Growth.of_failure());
            self.call_spares(now, slot);
            self.start(now, slot);
        }
    }

    /// What a job wrote while it drained is safe. Its account is up to date.
    pub(super) fn save_drained(&mut self, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        if job.phase == Phase::Draining {
            job.progress.save();
            job.phase = Phase::Running;
        }
    }

    /// A job that was told to give up its nodes does so now.
    pub(super) fn stop_at_once(&mut self, now: Time, slot: Slot) {
        let stop = self.jobs[slot as usize].stop.expect("a job that stops was told to");
        self.agenda.cancel(stop.ticket);
        self.stop(now, slot);
    }

    /// A job gives up its nodes, whatever it is doing.
    pub(super) fn stop(&mut self, now: Time, slot: Slot) {
        self.jobs[slot as usize].pass_time(now);
        self.save_drained(slot);
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        let Stop { then, cause, .. } = job.stop.take().expect("a job that stops was told to");
        let runs = job.phase == Phase::Running;
        // One that stands already has been interrupted before.
        if runs || job.phase == Phase::Starting {
            job.interruptions.count(cause);
            self.totals.interruptions.count(cause);
        }
        self.blame(slot, None);
        let job = &mut self.jobs[slot as usize];
        job.suspended = runs && then == Vacate::Suspend;
        if !job.suspended {
            job.fall_back(&mut self.totals.lost_before);
        }
        job.pace = 0.0;
        if let Some(ticket) = job.ticket.take() {
            self.agenda.cancel(ticket);
        }
        self.waiting.remove(&job.id);
        match then {
            Vacate::Cancel => {
                job.end = JobEnd::Cancelled;
                self.finish(now, slot);
            }
            Vacate::Requeue | Vacate::Suspend => {
                job.phase = Phase::Queued;
                self.release_nodes(now, slot);
                self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
                self.pass_due = true;
            }
        }
    }
}
