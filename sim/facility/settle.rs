//! Carrying what an instant changed through power, workloads and cooling until nothing moves.
//!
//! One pass goes round in a fixed order: demands to the power chain, allocation, offers to
//! racks, draws, heat to the loops, supply temperatures back to the racks. A pass touches
//! only what the one before it changed, so the usual instant (one workload, a few racks)
//! costs a few microseconds whatever the size of the site. The loop closes because each
//! coupling is weaker than one: less power makes less heat, cooler water never makes a rack
//! slower, and a rack that has tripped stays off beyond the instant. From the fourth pass on
//! the speed of racks moves only half of its way, which damps a plant that sits exactly on
//! its throttle slope.
//!
//! A site can be built so that no state of it is at rest: fans starve when racks run, so racks
//! are cut, so fans have power, so racks run. A real plant hunts there, as fast as its relays
//! let it. Here, from pass [`FALLING_PASSES`] on, what racks are offered only falls, and comes
//! back [`RAISE_AFTER`](crate::control::RAISE_AFTER) later, as power managers cut at once and
//! give back slowly. At [`MOST_PASSES`] the engine stops with a panic, because an instant that
//! does not settle is a bug.

use super::design::{Design, HouseLoad, RackSite};
use super::observer::{Observer, Record, What};
use super::{Event, Facility};
use crate::control::RAISE_AFTER;
use crate::kernel::{Class, Time};
use crate::plant::power::PowerLoad;
use crate::plant::{Demand, Rank};
use crate::workload::RackOffer;

/// Passes after which an instant must have settled.
const MOST_PASSES: usize = 64;
/// Passes after which offers only fall.
const FALLING_PASSES: usize = 16;
/// Passes after which caps fall by more than they need to, so that they fall no longer.
const MARGIN_PASSES: usize = 32;

/// Who draws from an electrical load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Rack(u32),
    Loop(u32),
    Exchanger(u32),
    House(u32),
}

/// A rack while the site runs.
#[derive(Debug)]
pub(super) struct Rack {
    pub(super) hall: u32,
    /// None where its heat comes from outside the site.
    load: Option<PowerLoad>,
    /// What takes its heat: liquid, or all of it, and the air beside that.
    pub(super) sides: [Option<HeatSide>; 2],
    work: Option<(u32, u32)>,
    /// Off since heat has tripped it.
    pub(super) tripped: bool,
    /// Speed factor and inlet temperature that its cooling allows.
    pub(super) speed: f64,
    pub(super) inlet_c: f64,
    pub(super) offer: RackOffer,
    /// Its offer is held below what the plant could give, until the site raises offers again.
    held: bool,
    /// Whether it had power when the last instant was settled.
    was_powered: bool,
    pub(super) draw_w: f64,
}

/// One of the streams that take the heat of a rack.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeatSide {
    /// Index into [`Design::exchangers`].
    pub(super) exchanger: u32,
    /// Share of the rack's heat.
    pub(super) share: f64,
    /// Temperature at which it enters the rack.
    pub(super) inlet_c: f64,
    /// Speed factor that it allows.
    pub(super) speed: f64,
}

/// What has changed and is still to be carried on.
#[derive(Debug)]
pub(super) struct Changed {
    /// Racks that want another power.
    pub(super) demands: Marks,
    /// Racks that the plant offers something else.
    pub(super) offers: Marks,
    /// Racks that draw another power.
    pub(super) draws: Marks,
    /// Loops with another heat, air or supply of power.
    pub(super) loops: Marks,
    /// Loops that have been looked at in this instant.
    pub(super) touched: Marks,
    /// Workloads that have been offered something in this pass.
    works: Marks,
    /// Racks that have been offered something in this instant.
    offered: Marks,
    /// Racks whose offers are held.
    held: Marks,
    /// What happened to the racks of each hall within the instant.
    pub(super) halls: Vec<HallEvents>,
}

/// Changes of the racks of a hall within an instant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HallEvents {
    lost: u32,
    restored: u32,
    pub(super) tripped: u32,
    pub(super) restarted: u32,
    /// Racks held below what they want, now and when the last record was made.
    capped: u32,
    capped_told: bool,
    /// The same for racks slowed by heat.
    slowed: u32,
    slowed_told: bool,
}

/// A set of indices, drained in the order of marking.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marked: Vec<bool>,
    list: Vec<u32>,
}

impl Marks {
    fn all(count: usize) -> Self {
        Self { marked: vec![true; count], list: (0..count as u32).collect() }
    }

    fn none(count: usize) -> Self {
        Self { marked: vec![false; count], list: Vec::new() }
    }

    pub(super) fn mark(&mut self, index: u32) {
        if !std::mem::replace(&mut self.marked[index as usize], true) {
            self.list.push(index);
        }
    }

    /// Takes the marked indices; give the list back with [`reuse`](Self::reuse).
    pub(super) fn take(&mut self) -> Vec<u32> {
        for &index in &self.list {
            self.marked[index as usize] = false;
        }
        std::mem::take(&mut self.list)
    }

    /// Keeps the memory of a taken list for the next instant.
    pub(super) fn reuse(&mut self, mut list: Vec<u32>) {
        if self.list.is_empty() {
            list.clear();
            self.list = list;
        }
    }
}

impl Changed {
    /// At the start of a run everything has changed.
    pub(super) fn all(design: &Design) -> Self {
        let racks = design.racks.len();
        Self {
            demands: Marks::all(racks),
            offers: Marks::all(racks),
            draws: Marks::all(racks),
            loops: Marks::all(design.loops.len()),
            touched: Marks::none(design.loops.len()),
            works: Marks::none(design.works.len()),
            offered: Marks::none(racks),
            held: Marks::none(racks),
            halls: vec![HallEvents::default(); design.halls.len()],
        }
    }

    /// A workload has been told something and decides when the instant is settled.
    pub(super) fn work(&mut self, index: usize) {
        self.works.mark(index as u32);
    }

    /// Something has changed for a loop or what hangs on it.
    pub(super) fn cooling(&mut self, index: u32) {
        self.loops.mark(index);
    }

    /// The air has changed for every loop.
    pub(super) fn all_loops(&mut self) {
        for index in 0..self.loops.marked.len() {
            self.loops.mark(index as u32);
        }
    }

    fn settled(&self) -> bool {
        [&self.demands, &self.offers, &self.draws, &self.loops]
            .iter()
            .all(|marks| marks.list.is_empty())
    }
}

impl Rack {
    pub(super) fn new(site: &RackSite) -> Self {
        let air = site.air_cooled_by.map_or(0.0, |(_, share)| share);
        Self {
            hall: site.hall as u32,
            load: site.load,
            sides: [site.cooled_by.map(|index| (index, 1.0 - air)), site.air_cooled_by].map(
                |side| {
                    side.map(|(exchanger, share)| HeatSide {
                        exchanger: exchanger as u32,
                        share,
                        inlet_c: RackOffer::FULL.inlet_c,
                        speed: 1.0,
                    })
                },
            ),
            work: site.work.map(|(work, index)| (work as u32, index as u32)),
            tripped: false,
            speed: 1.0,
            inlet_c: RackOffer::FULL.inlet_c,
            offer: RackOffer::FULL,
            held: false,
            was_powered: true,
            draw_w: 0.0,
        }
    }
}

impl Rack {
    /// Heat that it gives to one of its sides, in watts.
    pub(super) fn heat_w(&self, side: u8) -> f64 {
        self.sides[usize::from(side)].map_or(0.0, |side| side.share * self.draw_w)
    }
}

/// Who is behind each electrical load of `design`.
pub(super) fn owners(design: &Design) -> Vec<Owner> {
    let mut owners = vec![None; design.power.loads.len()];
    let mut own = |load: PowerLoad, owner: Owner| {
        let before = owners[load.0 as usize].replace(owner);
        assert!(before.is_none(), "an electrical load has one owner");
    };
    for (index, rack) in design.racks.iter().enumerate() {
        if let Some(load) = rack.load {
            own(load, Owner::Rack(index as u32));
        }
    }
    for (index, site) in design.loops.iter().enumerate() {
        for machine in [site.fans, site.pumps, site.chillers].into_iter().flatten() {
            own(machine, Owner::Loop(index as u32));
        }
    }
    for (index, site) in design.exchangers.iter().enumerate() {
        if let Some(movers) = site.movers {
            own(movers, Owner::Exchanger(index as u32));
        }
    }
    for (index, house) in design.house.iter().enumerate() {
        own(house.load, Owner::House(index as u32));
    }
    owners.into_iter().map(|owner| owner.expect("every electrical load has an owner")).collect()
}

/// The demand of a constant house load.
pub(super) fn house_demand(house: &HouseLoad) -> Demand {
    single(Rank::Idle, house.power_w)
}

/// The lower of two offers in every respect, where `new` follows `old` in pass `pass`.
///
/// Late passes lower a cap by up to a half more than needed. The steps double, so that a
/// sequence of falling caps ends within a few passes.
fn lower(old: RackOffer, new: RackOffer, pass: usize) -> RackOffer {
    let doublings = pass.saturating_sub(MARGIN_PASSES) as i32;
    let margin = if doublings > 0 { 1e-6 * libm::ldexp(1.0, doublings) } else { 0.0 };
    let fallen_w = new.cap_w * (1.0 - margin.min(0.5));
    RackOffer {
        live: old.live && new.live,
        cap_w: if new.cap_w < old.cap_w { fallen_w } else { old.cap_w },
        speed: old.speed.min(new.speed),
        inlet_c: old.inlet_c.max(new.inlet_c),
    }
}

pub(super) fn single(rank: Rank, power_w: f64) -> Demand {
    let mut demand = Demand::default();
    demand.0[rank as usize] = power_w;
    demand
}

impl Facility<'_> {
    /// Carries all that the instant `now` has changed through the site, then reads the meters.
    ///
    /// # Panics
    ///
    /// When the site does not settle, which is a bug of a model.
    pub(super) fn settle(&mut self, now: Time, observer: &mut dyn Observer) {
        self.advance_due(now);
        for pass in 0.. {
            assert!(pass < MOST_PASSES, "the site does not settle at {now}: {:?}", self.changed);
            self.carry_demands();
            self.power.allocate();
            self.carry_allocation();
            self.carry_offers(now, pass);
            self.carry_draws();
            self.carry_heat(now, pass);
            if self.changed.settled() {
                break;
            }
        }
        self.release_heat(now);
        self.record_halls(now, observer);
        self.schedule_wake_ups();
        self.watch_chillers(now);
        self.watch_water(now, observer);
        self.read_meters(now, observer);
        self.tell_requests(observer);
    }

    /// Workloads to power: what each rack wants.
    fn carry_demands(&mut self) {
        self.drain_works();
        let racks = self.changed.demands.take();
        for &index in &racks {
            let rack = &self.racks[index as usize];
            let Some(load) = rack.load else { continue };
            let demand = match rack.work {
                Some((work, own)) if !rack.tripped => {
                    self.works[work as usize].demand(own as usize)
                }
                _ => Demand::default(),
            };
            self.power.set_demand(load, demand);
        }
        self.changed.demands.reuse(racks);
    }

    /// Notes the racks whose workload wants or draws something else.
    fn drain_works(&mut self) {
        let Changed { demands, draws, .. } = &mut self.changed;
        for (work, racks) in self.works.iter_mut().zip(&self.work_racks) {
            work.drain_changed(|own| {
                demands.mark(racks[own]);
                draws.mark(racks[own]);
            });
        }
    }

    /// Power to racks and loops: whose supply has changed.
    fn carry_allocation(&mut self) {
        let Changed { offers, loops, .. } = &mut self.changed;
        let mut houses = Vec::new();
        self.power.drain_changed_loads(|load| match self.owners[load.0 as usize] {
            Owner::Rack(index) => offers.mark(index),
            Owner::Loop(index) => loops.mark(index),
            Owner::Exchanger(index) => loops.mark(self.exchangers[index as usize].cooled_by),
            Owner::House(index) => houses.push(index),
        });
        for index in houses {
            let house = &self.design.house[index as usize];
            let draw_w = house.power_w.min(self.power.cap_w(house.load));
            self.power.set_draw(house.load, draw_w);
        }
    }

    /// Racks to workloads: what the plant offers now.
    fn carry_offers(&mut self, now: Time, pass: usize) {
        let racks = self.changed.offers.take();
        for &index in &racks {
            let rack = &mut self.racks[index as usize];
            let cap_w = rack.load.map_or(f64::INFINITY, |load| self.power.cap_w(load));
            let energised = rack.load.is_none_or(|load| self.power.energised(load));
            let powered = cap_w > 0.0 && energised;
            let mut offer = RackOffer {
                live: powered && !rack.tripped,
                cap_w: if powered { cap_w } else { 0.0 },
                speed: rack.speed,
                inlet_c: rack.inlet_c,
            };
            if rack.held || pass >= FALLING_PASSES {
                let lower = lower(rack.offer, offer, pass);
                if lower != offer && !rack.held {
                    rack.held = true;
                    if self.changed.held.list.is_empty() {
                        self.agenda.push(now + RAISE_AFTER, Class::Control, Event::Raise);
                    }
                    self.changed.held.mark(index);
                }
                offer = lower;
            }
            if offer == rack.offer {
                continue;
            }
            self.changed.offered.mark(index);
            let hall = &mut self.changed.halls[rack.hall as usize];
            let capped = |offer: &RackOffer| offer.live && offer.cap_w.is_finite();
            hall.capped += u32::from(capped(&offer));
            hall.capped -= u32::from(capped(&rack.offer));
            let slowed = |offer: &RackOffer| offer.live && offer.speed < 1.0;
            hall.slowed += u32::from(slowed(&offer));
            hall.slowed -= u32::from(slowed(&rack.offer));
            self.meters.count_live(rack.hall as usize, rack.offer.live, offer.live);
            rack.offer = offer;
            if let Some((work, own)) = rack.work {
                self.changed.works.mark(work);
                let model = &mut self.works[work as usize];
                let advanced = &mut self.wake_ups[work as usize].advanced;
                if *advanced < now {
                    *advanced = now;
                    model.advance(now);
                }
                model.offer(now, own as usize, offer);
            }
            self.changed.draws.mark(index);
        }
        self.changed.offers.reuse(racks);
        let works = self.changed.works.take();
        for &work in &works {
            self.works[work as usize].settle(now);
        }
        self.changed.works.reuse(works);
    }

    /// Workloads to power and loops: what each rack draws, which is also its heat.
    fn carry_draws(&mut self) {
        self.drain_works();
        let racks = self.changed.draws.take();
        for &index in &racks {
            let rack = &mut self.racks[index as usize];
            let draw_w = match rack.work {
                Some((work, own)) if rack.offer.live => {
                    self.works[work as usize].draw_w(own as usize)
                }
                _ => 0.0,
            };
            if draw_w != rack.draw_w {
                rack.draw_w = draw_w;
                if let Some(load) = rack.load {
                    self.power.set_draw(load, draw_w);
                }
                for side in rack.sides.iter().flatten() {
                    let exchanger = &self.exchangers[side.exchanger as usize];
                    self.changed.loops.mark(exchanger.cooled_by);
                }
            }
        }
        self.changed.draws.reuse(racks);
    }

    /// Offers every rack again all that the plant has for it.
    pub(super) fn raise(&mut self) {
        let racks = self.changed.held.take();
        for &index in &racks {
            self.racks[index as usize].held = false;
            self.changed.offers.mark(index);
        }
        self.changed.held.reuse(racks);
    }

    /// Writes what happened to the racks of each hall into the log of events.
    fn record_halls(&mut self, at: Time, observer: &mut dyn Observer) {
        // What came and went while the instant settled has not happened.
        let racks = self.changed.offered.take();
        for &index in &racks {
            let rack = &mut self.racks[index as usize];
            let is_powered = rack.offer.cap_w > 0.0;
            let hall = &mut self.changed.halls[rack.hall as usize];
            match (std::mem::replace(&mut rack.was_powered, is_powered), is_powered) {
                (true, false) => hall.lost += 1,
                (false, true) => hall.restored += 1,
                _ => {}
            }
        }
        self.changed.offered.reuse(racks);
        let halls = self.changed.halls.iter_mut().zip(&self.design.halls).enumerate();
        for (index, (hall, design)) in halls {
            self.meters.count_hall(index, u64::from(hall.lost), u64::from(hall.tripped));
            let tripped = hall.tripped > 0;
            let mut record = |count: &mut u32, what: What| {
                if *count > 0 {
                    let count = std::mem::take(count);
                    observer.record(&Record { at, what, subject: &design.name, count });
                }
            };
            record(&mut hall.lost, What::PowerLost);
            record(&mut hall.restored, What::PowerRestored);
            record(&mut hall.tripped, What::HeatTrip);
            record(&mut hall.restarted, What::HeatRestart);
            if (hall.slowed > 0) != hall.slowed_told {
                hall.slowed_told = hall.slowed > 0;
                let what = if hall.slowed_told { What::HeatSlow } else { What::HeatFull };
                let mut racks = hall.slowed.max(1);
                // Racks that trip are not at full speed.
                if hall.slowed_told || !tripped {
                    record(&mut racks, what);
                }
            }
            if (hall.capped > 0) != hall.capped_told {
                hall.capped_told = hall.capped > 0;
                let what = if hall.capped_told { What::Capped } else { What::Uncapped };
                let mut racks = hall.capped.max(1);
                record(&mut racks, what);
            }
        }
    }
}
