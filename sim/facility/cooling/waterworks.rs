//! Water on its way from the main of the site through basins to what evaporates it.
//!
//! Flows are constant between two instants at which something changes, so that levels and
//! allowances are straight lines, and the next instant at which a basin is dry or an allowance is
//! used up is known. Looked at after an instant has settled; a loop that has run dry, or has
//! water again, is told by an event of its own at the same time.

use crate::facility::design::Design;
use crate::facility::observer::{Observer, Record, What};
use crate::facility::{Event, Facility};
use crate::kernel::{Class, Clock, Span, Ticket, Time};
use crate::plant::cooling::{Balance, Basin, Drive, Main, MainDesign, WaterFlows};

/// A loop without a basin that its main was too weak for asks again after this: an assumption,
/// as a cooler's own controls wait before they wet its pads again.
const RETRY: Span = Span::from_secs(15 * 60);
/// A flow short by less than this share is not short.
const SLACK: f64 = 1e-9;

/// The water of the site while it runs.
#[derive(Debug)]
pub(in crate::facility) struct Waterworks {
    main: Main,
    /// By loop.
    loops: Vec<LoopWater>,
    /// The loops that evaporate water: those first that cannot run dry.
    order: Vec<u32>,
    /// The instant to which levels and allowances are booked.
    booked: Time,
    /// When the allowances of another day begin; never where nothing is counted by the day.
    midnight: Time,
    /// Something has changed since anybody looked.
    news: bool,
    /// Loops that have run dry or have water again, and have not been told.
    turned: Vec<u32>,
    next: Option<(Time, Ticket)>,
}

/// The water of a loop while the site runs.
#[derive(Debug)]
pub(in crate::facility) struct LoopWater {
    main: Main,
    basin: Basin,
    has_basin: bool,
    balance: Balance,
    /// What the main grants now, kg/s.
    granted_kg_s: f64,
    /// Whether its device has water.
    wet: bool,
    /// It does not try again before.
    retry: Time,
}

impl Waterworks {
    pub(in crate::facility) fn new(design: &Design) -> Self {
        let of_loop = |site: &crate::facility::LoopSite| LoopWater {
            main: Main::new(&site.operation.make_up.main),
            basin: Basin::new(site.operation.make_up.basin),
            has_basin: site.operation.make_up.basin.volume_kg > 0.0,
            balance: Balance::default(),
            granted_kg_s: 0.0,
            wet: true,
            retry: Time::ZERO,
        };
        let evaporating = |works_dry: bool| {
            (0..).zip(&design.loops).filter_map(move |(index, site)| {
                let own = &site.design;
                (own.evaporates() && own.works_dry() == works_dry).then_some(index)
            })
        };
        let mains =
            || design.loops.iter().map(|site| &site.operation.make_up.main).chain([&design.water]);
        let by_day = mains().any(|main: &MainDesign| main.daily_kg.is_some());
        Self {
            main: Main::new(&design.water),
            loops: design.loops.iter().map(of_loop).collect(),
            order: evaporating(false).chain(evaporating(true)).collect(),
            booked: Time::ZERO,
            midnight: if by_day { design.clock.next_midnight(Time::ZERO) } else { Time::MAX },
            news: true,
            turned: Vec::new(),
            next: None,
        }
    }

    /// Something has changed.
    pub(super) fn tell(&mut self) {
        self.news = true;
    }

    /// The main of a loop, or of the site, brings water or does not.
    pub(super) fn set_open(&mut self, of: Option<u32>, open: bool) {
        let main = match of {
            Some(index) => &mut self.loops[index as usize].main,
            None => &mut self.main,
        };
        main.set_open(open);
        self.news = true;
    }

    /// The water of loop `index`.
    pub(in crate::facility) fn of(&self, index: usize) -> &LoopWater {
        &self.loops[index]
    }

    /// Books what has flowed up to `now`.
    fn book(&mut self, now: Time, clock: &Clock) {
        let seconds = (now - self.booked).as_secs_f64();
        self.booked = now;
        for &index in &self.order {
            let own = &mut self.loops[index as usize];
            let taken_kg = own.balance.flows.makeup_kg_s * seconds;
            own.basin.advance(&own.balance, seconds);
            own.main.take(taken_kg);
            self.main.take(taken_kg);
        }
        if self.midnight <= now {
            self.main.begin_day();
            self.loops.iter_mut().for_each(|own| own.main.begin_day());
            self.midnight = clock.next_midnight(now);
        }
    }

    /// When anything comes of the present flows.
    fn next_at(&self, now: Time) -> Time {
        let mut next = self.midnight;
        let mut within = |seconds: Option<f64>| {
            // What lies further ahead than any run is never.
            if let Some(seconds) = seconds.filter(|&seconds| seconds < 1e9) {
                let span = Span::from_nanos((seconds * 1e9).ceil().max(1.0) as u64);
                next = next.min(now + span);
            }
        };
        let mut total_kg_s = 0.0;
        for &index in &self.order {
            let own = &self.loops[index as usize];
            let makeup_kg_s = own.balance.flows.makeup_kg_s;
            total_kg_s += makeup_kg_s;
            within(own.main.spent_in_s(makeup_kg_s));
            within(own.basin.next_s(&own.balance, !own.wet));
            if !own.wet && !own.has_basin && own.retry > now {
                within(Some((own.retry - now).as_secs_f64()));
            }
        }
        within(self.main.spent_in_s(total_kg_s));
        if self.turned.is_empty() { next } else { now }
    }
}

impl LoopWater {
    /// Water of its device and basin at the moment.
    pub(in crate::facility) fn balance(&self) -> &Balance {
        &self.balance
    }

    /// What its basin holds beyond what it held at the start, kg.
    pub(in crate::facility) fn gained_kg(&self) -> f64 {
        self.basin.stored_kg()
    }

    /// Whether its device has no water.
    pub(in crate::facility) fn is_dry(&self) -> bool {
        !self.wet
    }

    /// Whether a wet device that would lose `lost` runs dry where `most_kg_s` can come.
    fn runs_dry(&self, lost: &WaterFlows, most_kg_s: f64) -> bool {
        let needed_kg_s = match most_kg_s > 0.0 {
            true => lost.makeup_kg_s,
            false => lost.evaporation_kg_s + lost.drift_kg_s,
        };
        self.basin.is_empty() && needed_kg_s > most_kg_s * (1.0 + SLACK)
    }
}

impl Facility<'_> {
    /// Sees to the water of the instant that has settled: who gets what, who runs dry, who has
    /// water again. What turns is felt in the next instant, at the same time.
    pub(in crate::facility) fn watch_water(&mut self, now: Time, observer: &mut dyn Observer) {
        let works = &mut self.water;
        let due = works.next.is_some_and(|(at, _)| at <= now);
        if !(std::mem::take(&mut works.news) || due) {
            return;
        }
        works.book(now, &self.design.clock);
        self.share_water(now, observer);
        let works = &mut self.water;
        let next = works.next_at(now);
        if works.next.is_some_and(|(at, _)| at == next && at > now) {
            return;
        }
        if let Some((_, ticket)) = works.next.take() {
            self.agenda.cancel(ticket);
        }
        if next < Time::MAX {
            works.next = Some((next, self.agenda.schedule(next, Class::Control, Event::Water)));
        }
    }

    /// Gives first what is lost, then what basins take to fill.
    fn share_water(&mut self, now: Time, observer: &mut dyn Observer) {
        let works = &mut self.water;
        let mut left_kg_s = works.main.most_kg_s();
        for &index in &works.order {
            let (plant, own) = (&self.loops[index as usize], &mut works.loops[index as usize]);
            let lost = plant.state.water;
            let most_kg_s = own.main.most_kg_s().min(left_kg_s);
            let turns = if own.wet {
                own.runs_dry(&lost, most_kg_s)
            } else if own.has_basin {
                own.basin.is_ready()
            } else if most_kg_s.is_infinite() {
                true
            } else {
                // Only what it would lose with water tells whether there is enough.
                most_kg_s > 0.0 && now >= own.retry && {
                    let drive = Drive { may_evaporate: true, ..plant.now.drive };
                    let wet = plant.model.solve(plant.heat_w, &self.air, drive);
                    wet.water.makeup_kg_s <= most_kg_s
                }
            };
            if turns {
                own.wet = !own.wet;
                own.retry = now + RETRY;
                works.turned.push(index);
                self.watch.cause(!own.wet);
                let what = if own.wet { What::WaterBack } else { What::RanDry };
                let subject = &self.design.loops[index as usize].name;
                observer.record(&Record { at: now, what, subject, count: 1 });
            }
            own.granted_kg_s = lost.makeup_kg_s.min(most_kg_s);
            left_kg_s -= own.granted_kg_s;
        }
        for &index in &works.order {
            let own = &mut works.loops[index as usize];
            let rest_kg_s = (own.main.most_kg_s() - own.granted_kg_s).min(left_kg_s);
            let filling_kg_s = own.basin.wants_kg_s().min(rest_kg_s).max(0.0);
            own.granted_kg_s += filling_kg_s;
            left_kg_s -= filling_kg_s;
            own.balance =
                own.basin.balance(self.loops[index as usize].state.water, own.granted_kg_s);
            self.audit.water(now, index, own.balance.flows);
        }
    }

    /// Tells the loops that have turned.
    pub(in crate::facility) fn turn_water(&mut self) {
        self.water.news = true;
        for index in self.water.turned.drain(..) {
            self.loops[index as usize].wet = self.water.loops[index as usize].wet;
            self.changed.cooling(index);
        }
    }
}
