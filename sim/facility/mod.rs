//! Couples the rooms into one site.
//!
//! Rooms do not know each other; they meet here in plain quantities. The facility owns the
//! agenda of the site, one closed `Event` enum and one `match`. Whatever an event changes is
//! only noted; after the last event of an instant `settle` carries it
//! through power, workloads and cooling until nothing moves any more, and then the meters
//! are read. Workloads keep agendas of their own: the facility wakes each at its next
//! instant, and several that are due at once advance in parallel, for they share nothing.
//!
//! ```text
//! demand of racks -> power: who gets how much -> offers to racks -> draw
//!       ^                                                            |
//!       +--- speed, trips <- supply temperature <- cooling <- heat --+
//! ```

mod cooling;
mod design;
mod gauges;
mod meters;
mod observer;
mod outcome;
mod services;
mod settle;
mod work;

use hdrhistogram::Histogram;
use rayon::prelude::*;

pub use design::{
    Design, ExchangerSite, HallDesign, HouseLoad, LoopSite, RackSite, WorkDesign, WorkSite,
};
pub use observer::{Observer, Record, Silent, What};
pub use outcome::*;

use crate::fluids::MoistAir;
use crate::grid::{Carbon, Playback, Price, Weather};
use crate::kernel::{Agenda, Class, Span, Streams, Ticket, Time, TraceHash};
use crate::plant::cooling::Breakdowns;
use crate::plant::power::{ComponentKind, Failures, Network, PowerNode};
use crate::workload::inference::Tally;
use crate::workload::mining::Mining;

use cooling::{ExchangerPlant, LoopPlant, Planned, Unit, Waterworks};
use meters::Meters;
use settle::{Owner, Rack};
use work::Work;

/// What can happen at the site. Small and `Copy`: the agenda holds it by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    /// The outdoor air changes.
    Weather,
    /// The price of energy changes.
    Price,
    /// The carbon intensity of energy changes.
    Carbon,
    /// What a hash earns changes for a workload.
    HashPrice(u32),
    /// A component of the power chain fails or is repaired.
    Component,
    /// A workload has something to do.
    Work(u32),
    /// A rack that heat has tripped is let back.
    HeatRestart(u32),
    /// Offers that are held low are raised.
    Raise,
    /// The chillers of a loop are looked after.
    Chillers(u32),
    /// The masses of a loop come to something.
    Heat(u32),
    /// Machines of a loop or of its exchangers have started.
    Started(u32),
    /// A unit of the cooling fails or is repaired.
    Unit,
    /// Something of the cooling is taken out of service as planned, or put back.
    Planned { index: u32, begins: bool },
    /// A basin runs dry or is full, an allowance of water is used up or renewed.
    Water,
    /// An interval of the time series ends.
    Interval,
    /// A curtailment begins, or ends.
    Curtailment { index: u32, begins: bool },
}

impl Event {
    /// What the trace remembers of an event.
    fn words(self) -> [u64; 2] {
        match self {
            Event::Weather => [0, 0],
            Event::Price => [1, 0],
            Event::Carbon => [2, 0],
            Event::HashPrice(work) => [3, work.into()],
            Event::Component => [4, 0],
            Event::Work(work) => [5, work.into()],
            Event::HeatRestart(rack) => [6, rack.into()],
            Event::Interval => [7, 0],
            Event::Raise => [8, 0],
            Event::Heat(plant) => [9, plant.into()],
            Event::Started(plant) => [10, plant.into()],
            Event::Unit => [11, 0],
            Event::Chillers(index) => [12, index.into()],
            Event::Curtailment { index, begins } => [13, 2 * u64::from(index) + u64::from(begins)],
            Event::Planned { index, begins } => [14, 2 * u64::from(index) + u64::from(begins)],
            Event::Water => [15, 0],
        }
    }
}

/// A site while it runs.
#[derive(Debug)]
pub struct Facility<'d> {
    design: &'d Design,
    replication: u64,
    agenda: Agenda<Event>,
    trace: TraceHash,

    weather: Weather,
    price: Price,
    /// Carbon intensity, where it is counted.
    carbon: Option<Carbon>,
    /// Hash price of each workload whose income varies by day.
    hash_prices: Vec<Option<Playback<f64>>>,
    air: MoistAir,
    wet_bulb_c: f64,

    power: Network,
    failures: Failures,
    breakdowns: Breakdowns,
    /// The units of the cooling that can fail, by their number in `breakdowns`.
    units: Vec<Unit>,
    /// What of the cooling is out of service at some time, as planned.
    planned: Vec<Planned>,
    loops: Vec<LoopPlant>,
    exchangers: Vec<ExchangerPlant>,
    water: Waterworks,
    racks: Vec<Rack>,
    /// Who is behind each electrical load.
    owners: Vec<Owner>,

    works: Vec<Work>,
    /// Rack numbers of the site by rack number of the workload.
    work_racks: Vec<Vec<u32>>,
    wake_ups: Vec<WakeUp>,

    changed: settle::Changed,
    meters: Meters,
    interval_start: Time,
    row: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct WakeUp {
    /// Whether its instant has come.
    due: bool,
    /// The instant that it was last brought to.
    advanced: Time,
    /// When it is woken next, and the ticket of that.
    next: Option<(Time, Ticket)>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the end of its duration.
    Complete,
    /// The observer broke off.
    Interrupted,
}

impl<'d> Facility<'d> {
    /// The site at the start of replication `replication`.
    pub fn new(design: &'d Design, replication: u64) -> Self {
        let streams = Streams::new(design.seed, replication);
        let weather = Weather::new(&design.weather, &streams);
        let air = weather.current().air();
        let works: Vec<Work> =
            design.works.iter().map(|site| Work::new(site, design.noting, &streams)).collect();
        let mut work_racks = vec![Vec::new(); works.len()];
        for (rack, site) in design.racks.iter().enumerate() {
            if let Some((work, index)) = site.work {
                let racks: &mut Vec<u32> = &mut work_racks[work];
                racks.resize(racks.len().max(index + 1), u32::MAX);
                racks[index] = rack as u32;
            }
        }
        let loops = (0..design.loops.len()).map(|index| LoopPlant::new(index, design, &air));
        let loops = loops.collect();
        let exchangers = (0..design.exchangers.len()).map(|x| ExchangerPlant::new(x, design));
        let exchangers = exchangers.collect();
        let units = cooling::units(design);
        let hash_price = |site: &WorkSite| match &site.design {
            WorkDesign::Mining { hash_price, .. } => hash_price.clone().map(Playback::new),
            _ => None,
        };
        let mut facility = Self {
            replication,
            agenda: Agenda::new(),
            trace: TraceHash::new(),
            price: Price::new(&design.price, &streams),
            carbon: design.carbon.as_ref().map(Carbon::new),
            hash_prices: design.works.iter().map(hash_price).collect(),
            wet_bulb_c: air.wet_bulb_c(),
            air,
            weather,
            power: Network::new(&design.power),
            failures: Failures::new(&design.power, &streams),
            breakdowns: Breakdowns::new(units.iter().map(Unit::law), &streams),
            units,
            planned: cooling::planned(design),
            loops,
            exchangers,
            water: Waterworks::new(design),
            racks: design.racks.iter().map(Rack::new).collect(),
            owners: settle::owners(design),
            wake_ups: vec![WakeUp { due: true, advanced: Time::ZERO, next: None }; works.len()],
            works,
            work_racks,
            changed: settle::Changed::all(design),
            meters: Meters::new(design),
            interval_start: Time::ZERO,
            row: Vec::new(),
            design,
        };
        facility.start();
        facility
    }

    /// The columns of the time series, with units.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = self.meters.columns();
        columns.extend(services::columns(self.design));
        columns
    }

    /// Runs to the end of the scenario, or until the observer breaks off.
    pub fn run(&mut self, observer: &mut dyn Observer) -> End {
        let end = Time::ZERO + self.design.duration;
        // The start of the run is an instant like any other: settle it first.
        self.settle(Time::ZERO, observer);
        while let Some((now, event)) = self.agenda.pop_until(end) {
            self.handle(now, event, observer);
            while let Some((_, event)) = self.agenda.pop_until(now) {
                self.handle(now, event, observer);
            }
            self.settle(now, observer);
            if observer.proceed(now).is_break() {
                self.close(now, observer);
                return End::Interrupted;
            }
        }
        self.close(end, observer);
        End::Complete
    }

    /// The latencies of every service and of its classes, in microseconds, by name:
    /// `chat/ttft`, `chat/batch/ttft`.
    pub fn latencies(&mut self) -> Vec<(String, Histogram<u64>)> {
        let now = self.agenda.now();
        let mut all = Vec::new();
        for (work, site) in self.works.iter_mut().zip(&self.design.works) {
            let Work::Inference(service) = work else { continue };
            let summary = service.summary(now);
            let mut add = |of: &str, tally: &Tally| {
                for (kind, latency) in tally.latencies() {
                    all.push((format!("{of}/{kind}"), latency.histogram()));
                }
            };
            add(&site.name, &summary.records);
            for class in &summary.classes {
                add(&format!("{}/{}", site.name, class.name), &class.records);
            }
        }
        all
    }

    /// Schedules the first event of everything.
    fn start(&mut self) {
        self.agenda.push(self.weather.next_at(), Class::Plant, Event::Weather);
        self.agenda.push(self.price.next_at(), Class::Plant, Event::Price);
        self.agenda.push(self.failures.next_at(), Class::Plant, Event::Component);
        self.agenda.push(self.breakdowns.next_at(), Class::Plant, Event::Unit);
        self.agenda.push(Time::ZERO + self.design.interval, Class::Settle, Event::Interval);
        if let Some(carbon) = &self.carbon {
            self.agenda.push(carbon.next_at(), Class::Plant, Event::Carbon);
        }
        for (index, curtailment) in (0..).zip(&self.design.control.curtailments) {
            for (at, begins) in [(curtailment.from, true), (curtailment.until, false)] {
                self.agenda.push(at, Class::Plant, Event::Curtailment { index, begins });
            }
        }
        self.schedule_planned();
        for house in &self.design.house {
            self.power.set_demand(house.load, settle::house_demand(house));
        }
        let price = self.price.current();
        for (index, work) in self.works.iter_mut().enumerate() {
            if let Work::Training(training) = work {
                training.set_price(Time::ZERO, price);
            }
            let Work::Mining(mining) = work else { continue };
            mining.set_price(Time::ZERO, price);
            if let Some(hash_price) = &self.hash_prices[index] {
                mining.set_hash_price(Time::ZERO, *hash_price.current());
                let event = Event::HashPrice(index as u32);
                self.agenda.push(hash_price.next_at(), Class::Plant, event);
            }
        }
    }

    /// Handles one event. What it changes is only noted; `settle` carries it through.
    fn handle(&mut self, now: Time, event: Event, observer: &mut dyn Observer) {
        self.trace.record(now, &event.words());
        match event {
            Event::Weather => {
                self.weather.advance(now);
                self.air = self.weather.current().air();
                self.wet_bulb_c = self.air.wet_bulb_c();
                self.changed.all_loops();
                self.agenda.push(self.weather.next_at(), Class::Plant, Event::Weather);
            }
            Event::Price => {
                self.price.advance(now);
                let price = self.price.current();
                for index in 0..self.works.len() {
                    if let Some(mining) = self.mining_at(now, index) {
                        mining.set_price(now, price);
                    } else if let Work::Training(training) = &mut self.works[index] {
                        self.wake_ups[index].advanced = now;
                        self.changed.work(index);
                        training.advance(now);
                        training.set_price(now, price);
                    }
                }
                self.agenda.push(self.price.next_at(), Class::Plant, Event::Price);
            }
            Event::Carbon => {
                let carbon = self.carbon.as_mut().expect("only a counted intensity changes");
                carbon.advance(now);
                self.agenda.push(carbon.next_at(), Class::Plant, Event::Carbon);
            }
            Event::HashPrice(index) => {
                let hash_price = self.hash_prices[index as usize]
                    .as_mut()
                    .expect("only a varying hash price changes");
                hash_price.advance(now);
                let (value, next) = (*hash_price.current(), hash_price.next_at());
                let mining = self.mining_at(now, index as usize).expect("only miners hash");
                mining.set_hash_price(now, value);
                self.agenda.push(next, Class::Plant, event);
            }
            Event::Component => {
                for (node, up) in self.failures.advance(now) {
                    self.power.set_up(node, up);
                    self.meters.count_component(now, node, up);
                    let what = if up { What::Repaired } else { What::Failed };
                    let subject = &self.design.power.nodes[node.0 as usize].name;
                    tracing::debug!(%now, subject, event = what.name());
                    observer.record(&Record { at: now, what, subject, count: 1 });
                }
                self.agenda.push(self.failures.next_at(), Class::Plant, Event::Component);
            }
            Event::Unit => self.break_units(now, observer),
            Event::Planned { index, begins } => self.carry_out(now, index, begins, observer),
            Event::Water => self.turn_water(),
            Event::Work(index) => {
                let wake_up = &mut self.wake_ups[index as usize];
                wake_up.due = true;
                wake_up.next = None;
            }
            Event::HeatRestart(rack) => self.heat_restart(now, rack),
            Event::Raise => self.raise(),
            Event::Heat(plant) | Event::Started(plant) | Event::Chillers(plant) => {
                self.changed.cooling(plant)
            }
            Event::Curtailment { index, begins } => self.curtail(now, index, begins, observer),
            Event::Interval => {
                self.close_interval(now, observer);
                self.agenda.push(now + self.design.interval, Class::Settle, Event::Interval);
            }
        }
    }

    /// Begins or ends a curtailment: every feed may carry its part of the limit.
    fn curtail(&mut self, now: Time, index: u32, begins: bool, observer: &mut dyn Observer) {
        let import_w = self.design.control.curtailments[index as usize].import_w;
        let nodes = || {
            let feeds = self.design.power.nodes.iter().enumerate();
            feeds.filter(|(_, node)| node.component.kind == ComponentKind::Feed)
        };
        let total_w: f64 = nodes().map(|(_, node)| node.component.rating_w).sum();
        let what = if begins { What::Curtailed } else { What::Uncurtailed };
        for (n, node) in nodes() {
            let part = node.component.rating_w / total_w;
            let limit_w = begins.then_some(import_w * part);
            self.power.set_limit(PowerNode(n as u32), limit_w);
            observer.record(&Record { at: now, what, subject: &node.name, count: 1 });
        }
    }

    /// The workload `index` brought to `now`, if it mines.
    fn mining_at(&mut self, now: Time, index: usize) -> Option<&mut Mining> {
        let Work::Mining(mining) = &mut self.works[index] else { return None };
        self.wake_ups[index].advanced = now;
        // Its policy decides when the instant is settled.
        self.changed.work(index);
        mining.advance(now);
        Some(mining)
    }

    /// Lets every workload that is due handle all of its own up to `now`.
    ///
    /// Workloads share nothing, so those that are due together run in parallel; what they
    /// changed is then read in index order, which makes the result independent of threads.
    fn advance_due(&mut self, now: Time) {
        let due = self.wake_ups.iter().filter(|wake_up| wake_up.due).count();
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
    fn schedule_wake_ups(&mut self) {
        for (index, (work, wake_up)) in self.works.iter().zip(&mut self.wake_ups).enumerate() {
            let next = work.next_at();
            if wake_up.next.is_some_and(|(at, _)| at == next) {
                continue;
            }
            if let Some((_, ticket)) = wake_up.next.take() {
                self.agenda.cancel(ticket);
            }
            if next < Time::MAX {
                let ticket = self.agenda.schedule(next, Class::Work, Event::Work(index as u32));
                wake_up.next = Some((next, ticket));
            }
        }
    }

    /// Ends an interval of the time series at `now`.
    fn close_interval(&mut self, now: Time, observer: &mut dyn Observer) {
        if now == self.interval_start {
            return;
        }
        self.row.clear();
        self.meters.row(self.interval_start, now, &mut self.row);
        let seconds = (now - self.interval_start).as_secs_f64();
        for work in &mut self.works {
            let Work::Inference(service) = work else { continue };
            services::row(&service.take_interval(now), seconds, &mut self.row);
        }
        observer.interval(self.interval_start, &self.row);
        self.interval_start = now;
    }

    /// Ends the run at `now`.
    fn close(&mut self, now: Time, observer: &mut dyn Observer) {
        for wake_up in &mut self.wake_ups {
            wake_up.due = true;
        }
        self.advance_due(now);
        self.changed.all_loops();
        self.settle(now, observer);
        self.close_interval(now, observer);
        self.tell_requests(observer);
        self.meters.advance(now);
    }

    /// Tells of the noted requests that have left their services since the last call.
    fn tell_requests(&mut self, observer: &mut dyn Observer) {
        for (work, site) in self.works.iter_mut().zip(&self.design.works) {
            if let Work::Inference(service) = work {
                service.drain_notes(|class, note| observer.request(&site.name, class, note));
            }
        }
    }

    /// How long the run has been.
    fn elapsed(&self) -> Span {
        self.agenda.now().since(Time::ZERO)
    }
}
