//! Failures and repairs of nodes, racks that go off and on, and what becomes of the jobs there.

use super::{Event, Training};
use crate::kernel::{Class, Span, Time};
use crate::workload::training::account::{Cause, CauseCount};
use crate::workload::training::fleet::{Failure, Lost, RackPower, Slot};
use crate::workload::training::job::Phase;
use crate::workload::training::power::ROUNDING;
use crate::workload::training::spec::Recovery;

impl Training {
    pub(super) fn node_fails(&mut self, now: Time, rack: usize) {
        let failures = &self.design.failures;
        let Failure { node, held, cause: number, draws } =
            self.fleet.fail(now, rack, |draw| failures.cause_of(draw));
        self.reclock(now, rack);
        self.mark_stale(rack);
        let failures = &self.design.failures;
        let cause = &failures.causes[usize::from(number)];
        let detect = match cause.detection {
            Some(detection) => detection,
            None if draws.hang < cause.hang_share => failures.detect_hang,
            None => failures.detect_explicit,
        };
        if draws.soft < cause.soft_share {
            self.push_in(now, failures.soft_repair, Class::Plant, Event::Rebooted(node));
        } else {
            let sigma = failures.repair_sigma;
            let mean_one = libm::exp(sigma * (draws.repair - 0.5 * sigma));
            let repair = Span::from_secs_f64(cause.repair_mean_s * mean_one);
            self.broken.push_back((node, repair));
            self.send_crews(now);
        }
        self.lose(now, held, number, detect);
    }

    /// Jobs lose the places `held` to a failure of the cause of this `number`, which they notice after
    /// `detect`.
    pub(super) fn lose(&mut self, now: Time, held: Vec<Lost>, number: u16, detect: Span) {
        let mut interrupts = false;
        for (node, slot, spare) in held {
            self.jobs[slot as usize].pass_time(now);
            if spare {
                let job = &mut self.jobs[slot as usize];
                job.spares.retain(|&other| other != node);
                self.lacking.insert(job.id, slot);
                self.pass_due = true;
                continue;
            }
            interrupts |= self.interrupt(now, slot, Cause::NodeFailure(number), detect);
            self.jobs[slot as usize].remove_node(node, |node| self.fleet.rack_of(node) as u32);
        }
        let counts = &mut self.totals.causes[usize::from(number)];
        counts.0 += 1;
        counts.1 += u64::from(interrupts);
    }

    /// Sends crews that are free to the nodes that wait for one.
    pub(super) fn send_crews(&mut self, now: Time) {
        while self.crews > 0
            && let Some((node, repair)) = self.broken.pop_front()
        {
            self.crews -= 1;
            self.push_in(now, repair, Class::Plant, Event::Repaired(node));
        }
    }

    /// A node is whole again.
    pub(super) fn mend(&mut self, now: Time, node: u32) {
        let rack = self.fleet.rack_of(node);
        self.fleet.repair(now, node);
        self.reclock(now, rack);
        self.mark_stale(rack);
        self.pass_due = true;
    }

    /// Stops a job that starts or runs; one that already stands is not interrupted again. The
    /// job's account is up to date and it still lists all its nodes. Returns whether it was stopped.
    pub(super) fn interrupt(&mut self, now: Time, slot: Slot, cause: Cause, detect: Span) -> bool {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        if !matches!(job.phase, Phase::Starting | Phase::Running | Phase::Draining) {
            return false;
        }
        job.interruptions.count(cause);
        self.totals.interruptions.count(cause);
        self.blame(slot, cause.of_failure());
        let job = &mut self.jobs[slot as usize];
        job.fall_back(&mut self.totals.lost_before);
        job.phase = Phase::Detecting;
        job.pace = 0.0;
        if let Some(ticket) = job.ticket.take() {
            self.agenda.cancel(ticket);
        }
        let end = self.agenda.schedule(now + detect, Class::Work, Event::Phase(slot));
        self.jobs[slot as usize].ticket = Some(end);
        true
    }

    /// A job loses all its nodes on racks that are not on any more. Spares alone interrupt nothing.
    pub(super) fn strike(&mut self, now: Time, slot: Slot, cause: Cause, detect: Span) {
        self.jobs[slot as usize].pass_time(now);
        let (fleet, job) = (&self.fleet, &self.jobs[slot as usize]);
        let is_on = |rack: u32| fleet.power(rack as usize) == RackPower::On;
        if !job.racks.iter().all(|&rack| is_on(rack)) {
            self.interrupt(now, slot, cause, detect);
        }
        let (fleet, job) = (&self.fleet, &mut self.jobs[slot as usize]);
        let is_on = |rack: u32| fleet.power(rack as usize) == RackPower::On;
        job.nodes.retain(|&node| is_on(fleet.rack_of(node) as u32));
        job.racks.retain(|&rack| is_on(rack));
        job.replacing.retain(|&node| is_on(fleet.rack_of(node) as u32));
        let spares = job.spares.len();
        job.spares.retain(|&node| is_on(fleet.rack_of(node) as u32));
        if job.spares.len() < spares {
            self.lacking.insert(job.id, slot);
            self.pass_due = true;
        }
    }

    /// The failure has been noticed.
    pub(super) fn recover(&mut self, now: Time, slot: Slot) {
        self.touch(slot);
        self.pass_due = true;
        if self.go_on(now, slot) {
            return;
        }
        let job = &mut self.jobs[slot as usize];
        match self.design.recovery {
            Recovery::Hold => {
                job.phase = Phase::Waiting;
                self.waiting.insert(job.id, slot);
            }
            Recovery::Requeue => {
                job.phase = Phase::Queued;
                self.release_nodes(now, slot);
                self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
            }
        }
    }

    /// Reschedules the next failure of `rack` after the number of its nodes that can fail
    /// changed.
    pub(super) fn reclock(&mut self, now: Time, rack: usize) {
        if let Some(ticket) = self.fleet.take_ticket(rack) {
            self.agenda.cancel(ticket);
        }
        let left = self.fleet.time_to_failure_s(rack);
        if left.is_finite() {
            let at = now + Span::from_secs_f64(left);
            let ticket = self.agenda.schedule(at, Class::Plant, Event::Failure(rack as u32));
            self.fleet.keep_ticket(rack, ticket);
        }
    }

    /// The same for the racks of `nodes`, which are in rising order but for a few.
    pub(super) fn reclock_all<'n>(&mut self, now: Time, nodes: impl Iterator<Item = &'n u32>) {
        let mut last = usize::MAX;
        for &node in nodes {
            let rack = self.fleet.rack_of(node);
            if rack != last {
                self.reclock(now, rack);
                last = rack;
            }
        }
    }

    /// How heat makes the nodes of `rack` fail, by what enters it.
    pub(super) fn stress(&mut self, now: Time, rack: usize) {
        let Some(heat) = self.design.failures.heat else { return };
        let stress = heat.factor(self.racks[rack].offer.inlet_c);
        if self.fleet.set_stress(now, rack, stress) {
            self.reclock(now, rack);
        }
    }

    /// Says which nodes of a job work, where that matters to their failures.
    pub(super) fn note_work(&mut self, now: Time, slot: Slot) {
        if !self.fleet.rest_matters() {
            return;
        }
        let job = &self.jobs[slot as usize];
        let works = matches!(job.phase, Phase::Starting | Phase::Running | Phase::Draining);
        let mut racks = Vec::new();
        for (nodes, works) in [(&job.nodes, works), (&job.spares, false)] {
            for &node in nodes {
                let rack = self.fleet.rack_of(node);
                if self.fleet.set_works(now, node, works) && racks.last() != Some(&rack) {
                    racks.push(rack);
                }
            }
        }
        for rack in racks {
            self.reclock(now, rack);
        }
    }

    /// Turns a rack on or off by its offer. A cap below its idle draw turns it off.
    pub(super) fn switch(&mut self, now: Time, rack: usize, struck: &mut Vec<Slot>) {
        let offer = self.racks[rack].offer;
        let (healthy, _) = self.fleet.occupancy(rack, |_, _| {});
        let idle_w = self.base_w(healthy, healthy);
        let powered = offer.live && offer.cap_w >= idle_w * (1.0 - ROUNDING);
        match (self.fleet.power(rack), powered) {
            (RackPower::Off, true) => {
                self.fleet.set_power(now, rack, RackPower::Booting, |_, _| {});
                let wait = self.rack.power_on + self.design.failures.inspection;
                let at = self.ramped(now, self.rack.full_w()) + wait;
                let ticket = self.agenda.schedule(at, Class::Plant, Event::PoweredOn(rack as u32));
                self.racks[rack].ticket = Some(ticket);
            }
            (RackPower::On | RackPower::Booting | RackPower::Service, false) => {
                if let Some(ticket) = self.racks[rack].ticket.take() {
                    self.agenda.cancel(ticket);
                }
                self.fleet.set_power(now, rack, RackPower::Off, |slot, _| struck.push(slot));
                self.reclock(now, rack);
                self.pass_due = true;
            }
            (RackPower::Off, false)
            | (RackPower::On | RackPower::Booting | RackPower::Service, true) => {}
        }
    }

    /// From now on it is for the failure of this number that a job stands, or for none.
    pub(super) fn blame(&mut self, slot: Slot, number: Option<u16>) {
        if self.totals.costs.is_empty() {
            return;
        }
        if let Some((number, cost)) = self.jobs[slot as usize].blame(number) {
            self.totals.costs[usize::from(number)].add(&cost);
        }
    }

    /// What came of each cause of failures, and of each domain, up to `now`.
    pub(super) fn failure_causes(&self, now: Time) -> Vec<CauseCount> {
        let mut costs = self.totals.costs.clone();
        if !costs.is_empty() {
            // Without domains nothing is blamed.
            for job in self.jobs.iter().filter(|job| job.phase != Phase::Gone) {
                if let Some((number, cost)) = job.at(now).blame(None) {
                    costs[usize::from(number)].add(&cost);
                }
            }
        }
        for (cost, out_s) in costs.iter_mut().zip(self.fleet.out_s(now)) {
            cost.down = out_s;
        }
        let hours = self.gpu_hours_per_node_second();
        let counts = self.design.failures.names().zip(&self.totals.causes).enumerate();
        let count = |(index, (name, &(failures, interruptions))): (usize, (&str, &(u64, u64)))| {
            let cost = costs.get(index).map(|cost| cost.scaled(hours));
            let domain = index >= self.design.failures.causes.len();
            CauseCount { cause: name.to_owned(), domain, failures, interruptions, cost }
        };
        counts.map(count).collect()
    }

    /// When something that will draw `power_w` may come back: after all that came before it has
    /// risen at the permitted ramp.
    pub(super) fn ramped(&mut self, now: Time, power_w: f64) -> Time {
        let ramp = self.design.restart_ramp_w_per_s;
        if ramp.is_infinite() {
            return now;
        }
        let at = self.ramp_free.max(now);
        self.ramp_free = at + Span::from_secs_f64(power_w / ramp);
        at
    }
}
