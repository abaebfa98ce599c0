//! Maintenance of racks, each in its turn.

use super::{Event, Training};
use crate::kernel::{Class, Span, Time};
use crate::workload::training::account::Cause;
use crate::workload::training::fleet::{RackPower, Slot};

impl Training {
    pub(super) fn expect_maintenance(&mut self, now: Time) {
        if let Some(maintenance) = self.design.maintenance {
            self.push_in(now, maintenance.every, Class::Plant, Event::Maintenance);
        }
    }

    /// The next rack is due: its jobs prepare.
    pub(super) fn announce_service(&mut self, now: Time) {
        let maintenance = self.design.maintenance.expect("only planned maintenance is announced");
        self.expect_maintenance(now);
        let rack = self.next_service;
        self.next_service = (rack + 1) % self.racks.len() as u32;
        let by = now + maintenance.notice;
        for slot in self.jobs_on(rack as usize) {
            if self.works_on(slot, rack as usize) {
                self.prepare(now, slot, by);
            }
        }
        self.push_in(now, maintenance.notice, Class::Plant, Event::ServiceStart(rack));
    }

    /// Takes a rack out of service. One that is off or starts is not maintained this time.
    pub(super) fn start_service(&mut self, now: Time, rack: usize) {
        if self.fleet.power(rack) != RackPower::On {
            return;
        }
        let maintenance = self.design.maintenance.expect("only planned maintenance begins");
        let jobs = self.jobs_on(rack);
        for &slot in &jobs {
            self.jobs[slot as usize].pass_time(now);
            if self.works_on(slot, rack) {
                self.save_drained(slot);
            }
        }
        self.fleet.set_power(now, rack, RackPower::Service, |_, _| {});
        self.reclock(now, rack);
        self.mark_stale(rack);
        for slot in jobs {
            // Nothing has to be found out.
            self.strike(now, slot, Cause::Maintenance, Span::ZERO);
        }
        self.pass_due = true;
        self.push_in(now, maintenance.duration, Class::Plant, Event::ServiceEnd(rack as u32));
    }

    pub(super) fn end_service(&mut self, now: Time, rack: usize) {
        // It may have lost its power in the meantime, and starts or will.
        if self.fleet.power(rack) != RackPower::Service {
            return;
        }
        self.fleet.set_power(now, rack, RackPower::On, |_, _| {});
        self.reclock(now, rack);
        self.mark_stale(rack);
        self.pass_due = true;
    }

    /// Whether a job runs on nodes of `rack`.
    fn works_on(&self, slot: Slot, rack: usize) -> bool {
        self.jobs[slot as usize].racks.binary_search(&(rack as u32)).is_ok()
    }

    /// The jobs that hold nodes of `rack`, as spares or not, each once.
    fn jobs_on(&self, rack: usize) -> Vec<Slot> {
        let mut jobs = Vec::new();
        self.fleet.holders(rack, |slot| jobs.push(slot));
        jobs.sort_unstable();
        jobs.dedup();
        jobs
    }
}
