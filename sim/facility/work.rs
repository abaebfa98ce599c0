//! One face for all kinds of workload, and when each is woken.

use rayon::prelude::*;

use crate::kernel::{Alarm, Class, Streams, Time};
use crate::plant::Demand;
use crate::workload::RackOffer;
use crate::workload::heat_load::HeatLoad;
use crate::workload::inference::{Noting, Runners, Service};
use crate::workload::mining::{Cause, Mining};
use crate::workload::training::Training;

use super::Facility;
use super::design::{HallDesign, WorkDesign, WorkSite};
use super::events::Event;

/// A running workload.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a site has a handful
pub(super) enum Work {
    Mining(Mining),
    Training(Training),
    Inference(Service),
    HeatLoad(HeatLoad),
}

/// Calls the method of the same name of whichever workload it is.
macro_rules! each {
    ($self:expr, $work:ident => $call:expr) => {
        match $self {
            Work::Mining($work) => $call,
            Work::Training($work) => $call,
            Work::Inference($work) => $call,
            Work::HeatLoad($work) => $call,
        }
    };
}

impl Work {
    /// The workload at the start of a run.
    pub(super) fn new(site: &WorkSite, noting: Noting, streams: &Streams) -> Self {
        match &site.design {
            WorkDesign::Mining(design) => Work::Mining(Mining::new(design, streams)),
            WorkDesign::Training { design, rack, racks } => {
                let (design, rack) = (design.clone(), rack.clone());
                Work::Training(Training::new(design, rack, racks, &site.name, streams))
            }
            WorkDesign::Inference { design, .. } => {
                let mut service = Service::new(design, streams);
                service.note(noting);
                Work::Inference(service)
            }
            WorkDesign::HeatLoad(design) => Work::HeatLoad(HeatLoad::new(design)),
        }
    }

    /// The next instant at which it has something to do; [`Time::MAX`] for never.
    pub(super) fn next_at(&self) -> Time {
        each!(self, work => work.next_at())
    }

    /// Lets it handle all of its own up to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        each!(self, work => work.advance(now));
    }

    /// Whether it does anything else at another price of energy.
    pub(super) fn heeds_price(&self) -> bool {
        matches!(self, Work::Mining(_) | Work::Training(_))
    }

    /// The price of energy is `usd_mwh` from `now` on, to which it has been advanced.
    pub(super) fn set_price(&mut self, now: Time, usd_mwh: f64) {
        match self {
            Work::Mining(mining) => mining.set_price(now, usd_mwh),
            Work::Training(training) => training.set_price(now, usd_mwh),
            Work::Inference(_) | Work::HeatLoad(_) => {}
        }
    }

    /// Forgets the extremes of what it measures so far.
    pub(super) fn forget_extremes(&mut self) {
        match self {
            Work::Training(training) => training.forget_extremes(),
            Work::Inference(service) => service.forget_extremes(),
            Work::Mining(_) | Work::HeatLoad(_) => {}
        }
    }

    /// The plant offers its rack `rack` something else from `now` on.
    pub(super) fn offer(&mut self, now: Time, rack: usize, offer: RackOffer) {
        match self {
            Work::Mining(mining) => mining.offer(now, rack, offer),
            Work::Training(training) => training.offer(now, rack, offer),
            Work::Inference(service) => service.offer(now, rack, offer),
            Work::HeatLoad(load) => load.offer(rack, offer),
        }
    }

    /// All offers of this pass are made: react.
    pub(super) fn settle(&mut self, now: Time) {
        match self {
            Work::Mining(mining) => mining.settle(now),
            Work::Training(training) => training.settle(now),
            Work::Inference(service) => service.settle(now),
            // It has nothing to decide.
            Work::HeatLoad(_) => {}
        }
    }

    /// What its rack `rack` would draw if nothing were short.
    pub(super) fn demand(&self, rack: usize) -> Demand {
        each!(self, work => work.demand(rack))
    }

    /// What a busy rack of `hall` gives off at a thermal speed of `speed`, in watts.
    pub(super) fn heat_w(&self, hall: &HallDesign, speed: f64) -> f64 {
        match self {
            Work::HeatLoad(load) => load.part_w() * speed,
            _ => hall.rack_w * hall.share_at(speed),
        }
    }

    /// What its rack `rack` draws, in watts.
    pub(super) fn draw_w(&self, rack: usize) -> f64 {
        each!(self, work => work.draw_w(rack))
    }

    /// Hashes a second, GPUs held by jobs, requests in flight, or watts that are wanted.
    pub(super) fn activity(&self) -> f64 {
        match self {
            Work::Mining(mining) => mining.hash_rate(),
            Work::Training(training) => training.busy_gpus() as f64,
            Work::Inference(service) => service.in_flight() as f64,
            Work::HeatLoad(load) => load.wanted_w(),
        }
    }

    /// Jobs in its queue.
    pub(super) fn queued_jobs(&self) -> f64 {
        match self {
            Work::Training(training) => training.queued_jobs() as f64,
            Work::Mining(_) | Work::Inference(_) | Work::HeatLoad(_) => 0.0,
        }
    }

    /// What its machines do not draw for `cause`, W; of a mining fleet.
    pub(super) fn curtailed_w(&self, cause: Cause) -> f64 {
        match self {
            Work::Mining(mining) => mining.curtailed_w(cause),
            Work::Training(_) | Work::Inference(_) | Work::HeatLoad(_) => 0.0,
        }
    }

    /// What machines that limits of power keep idle would earn, $/s; of a mining fleet.
    pub(super) fn capped_usd_per_s(&self) -> f64 {
        match self {
            Work::Mining(mining) => mining.capped_usd_per_s(),
            Work::Training(_) | Work::Inference(_) | Work::HeatLoad(_) => 0.0,
        }
    }

    /// What its racks burn to smooth what they draw, W; of a training cluster.
    pub(super) fn burn_w(&self) -> f64 {
        match self {
            Work::Training(training) => training.burn_w(),
            Work::Mining(_) | Work::Inference(_) | Work::HeatLoad(_) => 0.0,
        }
    }

    /// GPUs that no job holds: idle, out of service, without power; of a training cluster.
    pub(super) fn gpus_without_jobs(&self) -> [f64; 3] {
        match self {
            Work::Training(training) => training.gpus_without_jobs().map(|gpus| gpus as f64),
            Work::Mining(_) | Work::Inference(_) | Work::HeatLoad(_) => [0.0; 3],
        }
    }

    /// Hands over the racks whose demand or draw has changed, in index order.
    pub(super) fn drain_changed(&mut self, changed: impl FnMut(usize)) {
        each!(self, work => work.drain_changed(changed));
    }
}

/// When a workload is woken.
#[derive(Debug, Clone, Copy)]
pub(super) struct WakeUp {
    /// Whether its instant has come.
    pub(super) due: bool,
    /// The instant that it was last brought to.
    pub(super) advanced: Time,
    /// When it is woken next.
    pub(super) next: Alarm,
}

impl WakeUp {
    /// Every workload is looked at when a run begins.
    pub(super) fn at_start() -> Self {
        Self { due: true, advanced: Time::ZERO, next: Alarm::default() }
    }
}

impl Facility<'_> {
    /// Lets so many `threads` of their own take cells of services ahead of the plant. Who runs several
    /// facilities at once has better use for them. Results do not depend on it.
    #[must_use]
    pub fn lend(mut self, threads: usize) -> Self {
        let end = Time::ZERO + self.design.duration;
        let services = self.works.iter_mut().filter_map(|work| match work {
            Work::Inference(service) => Some(service),
            _ => None,
        });
        let mut services = services.peekable();
        if services.peek().is_some()
            && let Some(runners) = Runners::new(threads, end)
        {
            services.for_each(|service| service.run_with(&runners));
        }
        self
    }

    /// Lets every workload that is due handle all of its own up to `now`.
    ///
    /// Workloads share nothing, so those that are due together run in parallel; what they
    /// changed is then read in index order, which makes the result independent of threads.
    pub(super) fn advance_due(&mut self, now: Time) {
        let mut due = 0;
        for (index, _) in self.wake_ups.iter().enumerate().filter(|(_, wake_up)| wake_up.due) {
            due += 1;
            // It may have something to decide, which it does when the instant is settled.
            self.changed.work(index);
        }
        if due == 0 {
            return;
        }
        let advance = |(work, wake_up): (&mut Work, &mut WakeUp)| {
            if std::mem::take(&mut wake_up.due) {
                wake_up.advanced = now;
                work.advance(now);
            }
        };
        if due > 1 {
            self.works.par_iter_mut().zip(self.wake_ups.par_iter_mut()).for_each(advance);
        } else {
            self.works.iter_mut().zip(self.wake_ups.iter_mut()).for_each(advance);
        }
    }

    /// Re-schedules the wake-up of every workload whose next instant has moved.
    pub(super) fn schedule_wake_ups(&mut self) {
        for (index, (work, wake_up)) in self.works.iter().zip(&mut self.wake_ups).enumerate() {
            let event = Event::Work(index as u32);
            wake_up.next.set(&mut self.agenda, work.next_at(), Class::Work, event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Silent;
    use super::*;
    use crate::scenario::read_scenario;

    /// Studies run a site on each thread of a pool.
    #[test]
    fn only_threads_that_are_lent_run_ahead() {
        let sets = ["duration=5 min".to_owned()];
        let reading = read_scenario("scenarios/chat-64-replicas.yaml".as_ref(), &sets);
        let scenario = reading.loaded.expect("the scenario is sound");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        for lent in [0, 2] {
            let mut facility = Facility::new(&scenario.design, 0).lend(lent);
            pool.install(|| facility.run(&mut Silent));
            let [Work::Inference(service)] = &facility.works[..] else {
                panic!("a site with one service")
            };
            assert_eq!(service.has_runners(), lent > 0);
        }
    }
}
