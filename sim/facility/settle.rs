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

use super::changed::Changed;
use super::loads::Owner;
use super::observer::Observer;
use super::{Event, Facility};
use crate::control::RAISE_AFTER;
use crate::kernel::{Class, Time};
use crate::plant::Demand;
use crate::workload::RackOffer;

/// Passes after which an instant must have settled.
const MOST_PASSES: usize = 64;
/// Passes after which offers only fall.
const FALLING_PASSES: usize = 16;
/// Passes after which caps fall by more than they need to, so that they fall no longer.
const MARGIN_PASSES: usize = 32;
/// Passes after which the speed of racks moves only half of its way.
pub(super) const FREE_PASSES: usize = 3;

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
                    if self.changed.held.is_empty() {
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
            self.changed.halls[rack.hall as usize].offered(&rack.offer, &offer);
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
