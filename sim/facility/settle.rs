//! Carrying what an instant changed through power, workloads and cooling until nothing moves.
//!
//! One pass goes round in a fixed order: demands to the power chain, allocation, offers to
//! racks, draws, heat to the loops, supply temperatures back to the racks. A pass touches
//! only what the one before it changed. The loop closes because each coupling is weaker than
//! one: less power makes less heat, cooler water never makes a rack slower, and a rack that has
//! tripped stays off beyond the instant. Where a site is built otherwise, [`passes`](super::passes)
//! says how it comes to rest all the same.

use super::Facility;
use super::changed::Changed;
use super::loads::Owner;
use super::observer::Observer;
use super::passes::Pass;
use crate::kernel::Time;
use crate::plant::Demand;
use crate::plant::power::Flowing;
use crate::workload::RackOffer;

impl Facility<'_> {
    /// Carries all that the instant `now` has changed through the site, then reads the meters.
    ///
    /// # Panics
    ///
    /// When the site does not settle, which is a bug of a model: any site does.
    pub(super) fn settle(&mut self, now: Time, observer: &mut dyn Observer) {
        self.advance_due(now);
        let mut pass = Pass::FIRST;
        loop {
            self.carry_demands();
            self.command_storage(now, Flowing::Wanted);
            self.power.allocate();
            self.carry_allocation();
            self.carry_offers(now, pass);
            self.carry_draws(now);
            self.carry_heat(now, pass);
            if self.changed.settled() {
                break;
            }
            pass = pass.next(std::mem::take(&mut self.changed.fell));
        }
        // What draws less than it wants needs less of a battery.
        self.command_storage(now, Flowing::Drawn);
        self.mark_states_of_loops();
        self.release_heat(now);
        self.power.take_moved(&mut self.moved);
        self.tell_sequences(now, observer);
        self.follow_windings(now);
        self.record_halls(now, observer);
        self.schedule_wake_ups();
        self.watch_returns(now);
        self.watch_chillers(now, observer);
        self.watch_water(now, observer);
        self.programmes.read(now, self.power.total_import_w(), &self.works);
        self.watch_orders(now);
        self.read_meters(now, observer);
        self.read_states(now, observer);
        self.follow_rides(now, observer);
        self.follow_lapses(now, observer);
        self.read_loading(now);
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
        let returns = &mut self.returns;
        for (work, own_racks) in self.works.iter_mut().zip(&self.work_racks) {
            work.drain_changed(|own| {
                let rack = own_racks[own];
                demands.mark(rack);
                draws.mark(rack);
                // Its plant may carry what it would give off now.
                if self.racks[rack as usize].tripped {
                    returns.tell_of_rack(rack);
                }
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
    fn carry_offers(&mut self, now: Time, pass: Pass) {
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
            if rack.held || pass.falls() {
                let lower = pass.lower(rack.offer, offer);
                if lower != offer && !rack.held {
                    rack.held = true;
                    self.changed.hold(now, &mut self.agenda);
                    self.changed.held.mark(index);
                }
                self.changed.fell |= lower != rack.offer;
                offer = lower;
            }
            if offer == rack.offer {
                continue;
            }
            if rack.tripped {
                self.returns.tell_of_rack(index);
            }
            self.changed.halls[rack.hall as usize].offered(&rack.offer, &offer);
            self.meters.count_live(rack.hall as usize, rack.offer.live, offer.live);
            rack.offer = offer;
            if rack.has_turned() {
                self.changed.turned.mark(index);
            }
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
            self.meters.mark_work(work as usize);
        }
        self.changed.works.reuse(works);
    }

    /// Workloads to power and loops: what each rack draws, which is also its heat.
    fn carry_draws(&mut self, now: Time) {
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
                if let Some((work, _)) = rack.work {
                    self.meters.mark_draw(work as usize);
                }
                self.audit.rack(now, index, draw_w);
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
