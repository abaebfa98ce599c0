//! Orders to machines of mining workloads: batches that go to sleep under a call, and come back.

use super::Facility;
use super::events::Event;
use super::work::Work;
use crate::control::{FleetDesign, Group};
use crate::kernel::{Alarm, Class, Time};
use crate::workload::mining::RackState;

/// Orders that are under way.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// When the next batch may be told at the earliest.
    next_batch: Time,
    /// When machines were last told to sleep; none while none is told to.
    since: Option<Time>,
    /// When the next batch is told.
    next: Alarm,
}

/// What is to be done.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// Machines go to sleep so that this much goes, W.
    Cut(f64),
    /// Machines come back, as many as this much allows, W.
    Restore(f64),
}

/// A rounding of the import is no reason for an order, W.
const ROUNDING_W: f64 = 1.0;
/// What a watt of machines that come back draws at the meter at most, with cooling and losses: an
/// assumption that keeps them from being sent to sleep again at once.
const LOSSES: f64 = 1.15;

impl Facility<'_> {
    /// Enters the next batch in the calendar where the settled instant asks for one.
    pub(super) fn watch_orders(&mut self, now: Time) {
        let Some(fleet) = self.design.control.fleet else { return };
        let Some(at) = self.due_order(&fleet).map(|due| self.order_at(now, due, &fleet)) else {
            return;
        };
        if self.orders.next.at().is_none_or(|next| at < next) {
            self.orders.next.set(&mut self.agenda, at, Class::Control, Event::Orders);
        }
    }

    /// When `due` may be ordered.
    fn order_at(&self, now: Time, due: Due, fleet: &FleetDesign) -> Time {
        let at = self.orders.next_batch.max(now);
        match (due, self.orders.since) {
            (Due::Restore(_), Some(since)) => at.max(since + fleet.min_curtailed),
            _ => at,
        }
    }

    /// Tells the next batch.
    pub(super) fn tell_batch(&mut self, now: Time) {
        self.orders.next.ring();
        let Some(fleet) = self.design.control.fleet else { return };
        let Some(due) = self.due_order(&fleet) else { return };
        if self.order_at(now, due, &fleet) > now {
            return;
        }
        let states: Vec<_> = self.rack_states().collect();
        let group = |machines: u32, state: &RackState| Group {
            machines,
            hashing_w: state.hashing_w,
            saves_w: state.saves_w,
            joules_per_hash: state.joules_per_hash,
        };
        let (asleep, interval): (Vec<u32>, _) = match due {
            Due::Cut(power_w) => {
                self.orders.since = Some(now);
                let groups = states.iter().map(|(_, _, state)| group(state.working, state));
                let groups: Vec<Group> = groups.collect();
                let (most, interval) = fleet.down;
                let counts = fleet.strategy.cut(&groups, power_w, fleet.tolerance_w, most);
                let ordered = states.iter().zip(counts).map(|((.., state), n)| state.ordered + n);
                (ordered.collect(), interval)
            }
            Due::Restore(power_w) => {
                let groups = states.iter().map(|(_, _, state)| group(state.ordered, state));
                let groups: Vec<Group> = groups.collect();
                let (most, interval) = fleet.up;
                let counts = fleet.strategy.restore(&groups, power_w, most);
                let ordered = states.iter().zip(counts).map(|((.., state), n)| state.ordered - n);
                (ordered.collect(), interval)
            }
        };
        self.orders.next_batch = now + interval;
        if asleep.iter().all(|&machines| machines == 0) {
            self.orders.since = None;
        }
        for (&(work, own, state), machines) in states.iter().zip(asleep) {
            if machines == state.ordered {
                continue;
            }
            let Work::Mining(mining) = &mut self.works[work] else { unreachable!("it has states") };
            self.wake_ups[work].advanced = now;
            self.changed.work(work);
            mining.advance(now);
            mining.order(now, own, machines);
        }
    }

    /// What orders have left to do: the import, when all that is under way has come to rest, against
    /// its limit.
    fn due_order(&self, fleet: &FleetDesign) -> Option<Due> {
        let limit_w = self.limit_w();
        if limit_w.is_none() && self.orders.since.is_none() {
            return None;
        }
        let (mut coming_w, mut working, mut ordered) = (0.0, 0, 0);
        let mut least_w = f64::INFINITY;
        for (_, _, state) in self.rack_states() {
            coming_w += state.coming_w;
            working += state.working;
            ordered += state.ordered;
            if state.ordered > 0 {
                least_w = least_w.min(state.saves_w);
            }
        }
        let over_w = self.power.total_import_w() + coming_w - limit_w.unwrap_or(f64::INFINITY);
        if over_w > fleet.tolerance_w + ROUNDING_W && working > 0 {
            return Some(Due::Cut(over_w));
        }
        let room_w = -over_w / LOSSES;
        (ordered > 0 && room_w >= least_w).then_some(Due::Restore(room_w))
    }

    /// The racks of mining workloads: the workload, the number of the rack in it, its state.
    fn rack_states(&self) -> impl Iterator<Item = (usize, usize, RackState)> + '_ {
        let mining = self.works.iter().enumerate().filter_map(|(work, model)| match model {
            Work::Mining(mining) => Some((work, mining)),
            _ => None,
        });
        mining.flat_map(|(work, mining)| {
            (0..self.work_racks[work].len()).map(move |own| (work, own, mining.rack_state(own)))
        })
    }
}
