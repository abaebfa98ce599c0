//! Nodes that are out of service: under repair, or with a domain that they are in.

use std::ops::Range;

use super::{Fleet, Lost, NO_JOB, Node, RackPower};
use crate::kernel::Time;
use crate::workload::training::spec::FailureDesign;

/// Places that are out of service, by what took them out. Told only where there are domains: it
/// costs a look at each cause whenever time has passed.
#[derive(Debug, Clone)]
pub(super) struct Outages {
    /// Number of the first domain: those before are causes of failures of nodes.
    first_domain: u16,
    places: Vec<usize>,
    seconds: Vec<f64>,
}

impl Outages {
    pub(super) fn new(failures: &FailureDesign) -> Self {
        let told = if failures.domains.is_empty() { 0 } else { failures.names().count() };
        Self {
            first_domain: failures.causes.len() as u16,
            places: vec![0; told],
            seconds: vec![0.0; told],
        }
    }

    /// Lets `dt` seconds pass.
    pub(super) fn pass(&mut self, dt: f64) {
        for (seconds, &places) in self.seconds.iter_mut().zip(&self.places) {
            *seconds += places as f64 * dt;
        }
    }

    /// What a place is out of service for. One that has failed itself is not told to be out with
    /// its domains as well; of domains the first counts.
    fn of(&self, node: &Node) -> Option<u16> {
        match node.drained {
            _ if node.down => Some(node.cause),
            0 => None,
            domains => Some(self.first_domain + domains.trailing_zeros() as u16),
        }
    }

    fn change(&mut self, before: Option<u16>, after: Option<u16>) {
        if self.places.is_empty() || before == after {
            return;
        }
        if let Some(cause) = before {
            self.places[usize::from(cause)] -= 1;
        }
        if let Some(cause) = after {
            self.places[usize::from(cause)] += 1;
        }
    }
}

impl Fleet {
    /// The nodes `places` go out of service with the domain `kind` that they are in. Returns those
    /// that jobs held.
    pub(in crate::workload::training) fn drain(
        &mut self,
        now: Time,
        places: Range<usize>,
        kind: u16,
    ) -> Vec<Lost> {
        self.account(now);
        self.settle_hazard(now, places.start / self.nodes_per_rack);
        self.take_out(places, |node| node.drained |= 1 << kind)
    }

    /// The part that the nodes `places` share is repaired.
    pub(in crate::workload::training) fn undrain(
        &mut self,
        now: Time,
        places: Range<usize>,
        kind: u16,
    ) {
        self.account(now);
        self.put_back(places, |node| node.drained &= !(1 << kind));
    }

    /// Place-seconds out of service up to `now`, by the number of what took them out; empty without
    /// domains.
    pub(in crate::workload::training) fn out_s(&self, now: Time) -> Vec<f64> {
        let mut outages = self.outages.clone();
        outages.pass((now - self.since).as_secs_f64());
        outages.seconds
    }

    /// Takes `places` of one rack out of service as `change` says. Returns those that jobs held.
    pub(super) fn take_out(
        &mut self,
        places: Range<usize>,
        change: impl Fn(&mut Node),
    ) -> Vec<Lost> {
        let rack = places.start / self.nodes_per_rack;
        let mut held = Vec::new();
        for place in places {
            let Node { job, spare, .. } = self.nodes[place];
            if job != NO_JOB {
                self.drop_from_job(place as u32);
                held.push((place as u32, job, spare));
            } else if self.racks[rack] == RackPower::On && self.nodes[place].is_whole() {
                self.count_out(place);
            }
            self.change_outage(place, &change);
        }
        held
    }

    /// Changes what keeps `places` of one rack out of service; what is whole then is free where its
    /// rack is on.
    pub(super) fn put_back(&mut self, places: Range<usize>, change: impl Fn(&mut Node)) {
        let rack = places.start / self.nodes_per_rack;
        for place in places {
            self.change_outage(place, &change);
            if self.racks[rack] == RackPower::On && self.nodes[place].is_whole() {
                self.count_in(place);
            }
        }
    }

    fn change_outage(&mut self, place: usize, change: impl Fn(&mut Node)) {
        let (before, was_whole) =
            (self.outages.of(&self.nodes[place]), self.nodes[place].is_whole());
        change(self.node_mut(place));
        let node = &self.nodes[place];
        self.outages.change(before, self.outages.of(node));
        self.down = self.down + usize::from(was_whole) - usize::from(node.is_whole());
    }
}
