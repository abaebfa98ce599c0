//! What can happen at a site, and who sees to it.

use super::observer::{Observer, Record, What};
use super::{Facility, loads};
use crate::control::Margin;
use crate::kernel::{Class, Time};
use crate::plant::power::Turn;

/// What can happen at the site. Small and `Copy`: the agenda holds it by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Event {
    /// The outdoor air changes.
    Weather,
    /// The sun is looked at anew within a long row of weather.
    Sun,
    /// The price of energy changes.
    Price,
    /// The carbon intensity of energy changes.
    Carbon,
    /// A component of the power chain fails or is repaired.
    Component,
    /// A machine of the power chain comes to another state.
    Sequence,
    /// Something that the scenario makes happen begins, or ends.
    Injected { index: u32, begins: bool },
    /// A transformer comes to a limit of its hot spot.
    Winding(u32),
    /// A workload has something to do.
    Work(u32),
    /// Racks that heat has tripped are let back.
    HeatRestart,
    /// Offers that are held low are raised.
    Raise,
    /// The hunt of a hall may be over.
    Calm(u32),
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
    /// A grid programme has something to do.
    Programme(u32),
    /// What an emergency has cut comes back, a rung of the ladder.
    Readmit,
    /// The next batch of machines is told to sleep, or to wake.
    Orders,
    /// What all but miners draw is looked at.
    Others,
}

impl Event {
    /// What the trace remembers of an event.
    fn words(self) -> [u64; 2] {
        match self {
            Event::Weather => [0, 0],
            Event::Sun => [40, 0],
            Event::Readmit => [42, 0],
            Event::Winding(index) => [41, index.into()],
            Event::Price => [1, 0],
            Event::Carbon => [2, 0],
            Event::Component => [4, 0],
            Event::Work(work) => [5, work.into()],
            Event::HeatRestart => [6, 0],
            Event::Interval => [7, 0],
            Event::Raise => [8, 0],
            Event::Heat(plant) => [9, plant.into()],
            Event::Started(plant) => [10, plant.into()],
            Event::Unit => [11, 0],
            Event::Chillers(index) => [12, index.into()],
            Event::Curtailment { index, begins } => [13, 2 * u64::from(index) + u64::from(begins)],
            Event::Planned { index, begins } => [14, 2 * u64::from(index) + u64::from(begins)],
            Event::Water => [15, 0],
            Event::Calm(hall) => [16, hall.into()],
            Event::Sequence => [17, 0],
            Event::Programme(index) => [19, index.into()],
            Event::Orders => [20, 0],
            Event::Others => [21, 0],
            Event::Injected { index, begins } => [18, 2 * u64::from(index) + u64::from(begins)],
        }
    }
}

impl Facility<'_> {
    /// Schedules the first event of everything.
    pub(super) fn start(&mut self) {
        self.agenda.push(self.weather.next_at(), Class::Plant, Event::Weather);
        self.agenda.push(self.price.next_at(), Class::Plant, Event::Price);
        self.agenda.push(self.failures.next_at(), Class::Plant, Event::Component);
        self.agenda.push(self.breakdowns.next_at(), Class::Plant, Event::Unit);
        self.start_sequences();
        self.look_at_sun(Time::ZERO);
        let first = self.design.clock.first_step(self.design.interval);
        self.agenda.push(Time::ZERO + first, Class::Settle, Event::Interval);
        if let Some(carbon) = &self.carbon {
            self.agenda.push(carbon.next_at(), Class::Plant, Event::Carbon);
        }
        for (index, curtailment) in (0..).zip(&self.design.control.curtailments) {
            for (at, begins) in [(curtailment.from, true), (curtailment.until, false)] {
                self.agenda.push(at, Class::Plant, Event::Curtailment { index, begins });
            }
        }
        if let Some((_, margin)) = self.design.control.import.limit {
            self.limit_site(Time::ZERO);
            if let Margin::Sigmas(_, interval) = margin {
                self.agenda.push(Time::ZERO + interval, Class::Control, Event::Others);
            }
        }
        self.start_programmes();
        self.schedule_planned();
        for house in &self.design.house {
            self.power.set_demand(house.load, loads::house_demand(house));
        }
        let price = self.price.current();
        for work in &mut self.works {
            // What is there from the start on is there before the price is heeded.
            work.advance(Time::ZERO);
            work.set_price(Time::ZERO, price);
        }
    }

    /// Handles one event. What it changes is only noted; `settle` carries it through.
    pub(super) fn handle(&mut self, now: Time, event: Event, observer: &mut dyn Observer) {
        self.trace.record(now, &event.words());
        match event {
            Event::Weather => {
                self.weather.advance(now);
                self.air = self.weather.current().air();
                self.wet_bulb_c = self.air.wet_bulb_c();
                self.changed.all_loops();
                self.agenda.push(self.weather.next_at(), Class::Plant, Event::Weather);
                self.look_at_sun(now);
            }
            Event::Sun => self.look_at_sun(now),
            Event::Winding(index) => self.turn_winding(now, index, observer),
            Event::Price => {
                self.price.advance(now);
                let price = self.price.current();
                for (index, work) in self.works.iter_mut().enumerate() {
                    if work.heeds_price() {
                        self.wake_ups[index].advanced = now;
                        // It decides when the instant is settled.
                        self.changed.work(index);
                        work.advance(now);
                        work.set_price(now, price);
                    }
                }
                self.agenda.push(self.price.next_at(), Class::Plant, Event::Price);
            }
            Event::Carbon => {
                let carbon = self.carbon.as_mut().expect("only a counted intensity changes");
                carbon.advance(now);
                self.agenda.push(carbon.next_at(), Class::Plant, Event::Carbon);
            }
            Event::Component => {
                let changes: Vec<_> = self.failures.advance(now).collect();
                for Turn { node, begins, planned } in changes {
                    self.take_out(now, node, planned, begins, observer);
                }
                self.agenda.push(self.failures.next_at(), Class::Plant, Event::Component);
            }
            Event::Sequence => self.run_sequences(now, observer),
            Event::Injected { index, begins } => self.inject(now, index, begins, observer),
            Event::Unit => self.break_units(now, observer),
            Event::Planned { index, begins } => self.carry_out(now, index, begins, observer),
            Event::Water => self.turn_water(),
            Event::Work(index) => {
                let wake_up = &mut self.wake_ups[index as usize];
                wake_up.due = true;
                wake_up.next.ring();
            }
            Event::HeatRestart => self.let_back(now),
            Event::Raise => self.raise(),
            Event::Calm(hall) => self.end_hunt(now, hall as usize, observer),
            Event::Heat(plant) | Event::Started(plant) | Event::Chillers(plant) => {
                self.changed.cooling(plant)
            }
            Event::Curtailment { index, begins } => self.curtail(now, index, begins, observer),
            Event::Programme(index) => self.run_programme(now, index, observer),
            Event::Readmit => self.readmit(now),
            Event::Orders => self.tell_batch(now),
            Event::Others => self.look_at_others(now),
            Event::Interval => {
                self.close_interval(now, observer);
                self.agenda.push(now + self.design.interval, Class::Settle, Event::Interval);
            }
        }
    }

    /// Begins or ends a curtailment: every feed may carry its part of the limit.
    fn curtail(&mut self, now: Time, index: u32, begins: bool, observer: &mut dyn Observer) {
        let import_w = self.design.control.curtailments[index as usize].import_w;
        self.curtailed_w = begins.then_some(import_w);
        self.limit_site(now);
        let what = if begins { What::Curtailed } else { What::Uncurtailed };
        self.watch.cause(begins);
        let feeds: Vec<usize> =
            self.power.feeds().map(|feed| self.states.units.node(feed)).collect();
        let name = format!("curtailment {}", index + 1);
        if begins {
            self.begin_incident(now, &name, "curtailed", "planned", feeds);
        } else {
            self.end_incident(now, &name, "curtailed");
        }
        for feed in self.power.feeds() {
            let subject = &self.design.power.nodes[feed.0 as usize].name;
            observer.record(&Record { at: now, what, subject, count: 1 });
        }
    }
}
