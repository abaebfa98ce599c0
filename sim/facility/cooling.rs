//! Heat on its way from racks through exchangers and loops to the weather, and what comes back:
//! draws of machines, supply temperatures, slow and tripped racks.

use super::chillers::Operator;
use super::design::{ExchangerSite, LoopSite, RackSite};
use super::settle::single;
use super::{Event, Facility};
use crate::fluids::MoistAir;
use crate::kernel::{Class, Time};
use crate::plant::Rank;
use crate::plant::cooling::{
    CoolingLoop, Drive, ExchangerDesign, ExchangerState, LoopState, parallel_flow,
};
use crate::plant::power::{Network, PowerLoad};

/// Passes after which speeds are damped.
const FREE_PASSES: usize = 3;
/// Smaller changes of a supply temperature are not carried to the racks, in kelvin. The
/// balances do not depend on it: meters read what was carried.
const SUPPLY_STEP_K: f64 = 1e-3;
/// Smaller steps of a damped speed are taken whole.
const SPEED_STEP: f64 = 1e-4;
/// Smaller changes of what a machine wants are not carried to the power chain, in watts.
const DEMAND_STEP_W: f64 = 0.1;

/// The fans, the pumps or the chillers of a loop, or the movers of an exchanger: one
/// electrical load.
#[derive(Debug)]
pub(super) struct Machines {
    load: Option<PowerLoad>,
    /// The most that they ever draw, in watts.
    most_w: f64,
    /// What they have asked of the power chain, in watts.
    asked_w: f64,
    /// What they draw, in watts.
    pub(super) draw_w: f64,
}

impl Machines {
    fn new(load: Option<PowerLoad>, most_w: f64) -> Self {
        Self { load, most_w, asked_w: 0.0, draw_w: 0.0 }
    }

    /// Asks for `wanted_w`. Whether that is news, so that what they get is known only in the
    /// next pass.
    fn ask(&mut self, power: &mut Network, wanted_w: f64) -> bool {
        let Some(load) = self.load else { return false };
        if (wanted_w - self.asked_w).abs() <= DEMAND_STEP_W {
            return false;
        }
        self.asked_w = wanted_w;
        power.set_demand(load, single(Rank::Cooling, wanted_w));
        true
    }

    /// The share of them that can run, where all together want `wanted_w`.
    fn share(&self, power: &Network, wanted_w: f64) -> f64 {
        let Some(load) = self.load else { return 1.0 };
        let cap_w = power.cap_w(load);
        if cap_w < wanted_w {
            cap_w / self.most_w
        } else if !power.energised(load) {
            0.0
        } else {
            1.0
        }
    }

    /// Draws `wanted_w`, but no more than was asked: the power chain has checked that much.
    fn draw(&mut self, power: &mut Network, wanted_w: f64) {
        let Some(load) = self.load else { return };
        self.draw_w = wanted_w.min(power.cap_w(load)).min(self.asked_w);
        power.set_draw(load, self.draw_w);
    }
}

/// A cooling loop while the site runs.
#[derive(Debug)]
pub(super) struct LoopPlant {
    pub(super) model: CoolingLoop,
    /// Its fans, its pumps and its chillers.
    pub(super) machines: [Machines; 3],
    exchangers: Vec<u32>,
    pub(super) heat_w: f64,
    pub(super) state: LoopState,
    pub(super) operator: Operator,
}

impl LoopPlant {
    /// The loop without heat, in `air`.
    pub(super) fn new(
        index: usize,
        site: &LoopSite,
        exchangers: &[ExchangerSite],
        air: &MoistAir,
    ) -> Self {
        let mine = exchangers.iter().enumerate().filter(|(_, site)| site.cooled_by == index);
        let model = CoolingLoop::new(&site.design);
        Self {
            state: model.solve(0.0, air, Drive::FULL),
            machines: [
                Machines::new(site.fans, model.max_fan_w()),
                Machines::new(site.pumps, model.max_pump_w()),
                Machines::new(site.chillers, model.max_chiller_w()),
            ],
            model,
            exchangers: mine.map(|(index, _)| index as u32).collect(),
            heat_w: 0.0,
            operator: Operator::default(),
        }
    }
}

impl LoopPlant {
    /// The warmest of what enters racks behind the loop, degrees Celsius.
    pub(super) fn inlet_c(&self, exchangers: &[ExchangerPlant]) -> f64 {
        let inlets = self.exchangers.iter().map(|&index| exchangers[index as usize].inlet_c);
        let warmest = inlets.fold(f64::NEG_INFINITY, f64::max);
        if warmest.is_finite() { warmest } else { self.state.rack_inlet_c }
    }
}

/// An exchanger while the site runs.
#[derive(Debug)]
pub(super) struct ExchangerPlant {
    /// The loop that takes its heat.
    pub(super) cooled_by: u32,
    /// None where racks hang on the loop itself.
    design: Option<ExchangerDesign>,
    pub(super) movers: Machines,
    /// The racks that it takes heat from, and the side of them that it is.
    racks: Vec<(u32, u8)>,
    /// Heat of its racks, W.
    pub(super) heat_w: f64,
    state: Option<ExchangerState>,
    /// What enters its racks, degrees Celsius.
    pub(super) inlet_c: f64,
    /// Something carries the heat off.
    flowing: bool,
    /// Inlet temperature that the racks have been told.
    told_c: f64,
}

impl ExchangerPlant {
    pub(super) fn new(index: usize, site: &ExchangerSite, racks: &[RackSite]) -> Self {
        let mut mine = Vec::new();
        for (rack, site) in racks.iter().enumerate() {
            if site.cooled_by == Some(index) {
                mine.push((rack as u32, 0));
            }
            if site.air_cooled_by.is_some_and(|(air, _)| air == index) {
                mine.push((rack as u32, 1));
            }
        }
        let most_w = site.design.map_or(0.0, |design| design.mover_w);
        Self {
            cooled_by: site.cooled_by as u32,
            design: site.design,
            movers: Machines::new(site.movers, most_w),
            racks: mine,
            heat_w: 0.0,
            state: None,
            inlet_c: f64::NAN,
            flowing: true,
            told_c: f64::NAN,
        }
    }
}

impl Facility<'_> {
    /// Loops to power and racks: what their machines draw, how warm the supply is.
    pub(super) fn carry_heat(&mut self, now: Time, pass: usize) {
        let loops = self.changed.loops.take();
        for &index in &loops {
            let mut asking = self.gather_heat(index);
            let plant = &mut self.loops[index as usize];

            let full = Drive { regime: plant.operator.regime(), ..Drive::FULL };
            let wanted = plant.model.solve(plant.heat_w, &self.air, full);
            let wanted_w = [wanted.fan_w, wanted.pump_w, wanted.chiller_w];
            let mut share = [1.0; 3];
            for ((machines, share), wanted_w) in
                plant.machines.iter_mut().zip(&mut share).zip(wanted_w)
            {
                asking |= machines.ask(&mut self.power, wanted_w);
                *share = machines.share(&self.power, wanted_w);
            }
            let state = if share == [1.0; 3] {
                wanted
            } else {
                let [fans, pumps, chillers] = share;
                let drive = Drive { fans, pumps, chillers, ..full };
                plant.model.solve(plant.heat_w, &self.air, drive)
            };
            let draws_w = [state.fan_w, state.pump_w, state.chiller_w];
            for (machines, draw_w) in plant.machines.iter_mut().zip(draws_w) {
                machines.draw(&mut self.power, draw_w);
            }
            plant.state = state;
            plant.operator.sees(share[2] > 0.0);
            let flow = if state.flowing { parallel_flow(share[1]) } else { 0.0 };
            if asking {
                // Nothing must trip on what fans and pumps had before they asked: what they
                // get is known in the next pass.
                self.changed.loops.mark(index);
                continue;
            }
            for place in 0..self.loops[index as usize].exchangers.len() {
                let exchanger = self.loops[index as usize].exchangers[place];
                self.serve(now, exchanger, (&state, flow), pass);
            }
        }
        self.changed.loops.reuse(loops);
    }

    /// Sums the heat that the racks and the movers of its exchangers give to the loop `index`.
    /// Whether movers ask for another power.
    fn gather_heat(&mut self, index: u32) -> bool {
        let plant = &mut self.loops[index as usize];
        let mut asking = false;
        plant.heat_w = 0.0;
        for &exchanger in &plant.exchangers {
            let exchanger = &mut self.exchangers[exchanger as usize];
            let racks = exchanger.racks.iter();
            exchanger.heat_w = racks.map(|&(r, s)| self.racks[r as usize].heat_w(s)).sum();
            plant.heat_w += exchanger.heat_w;
            if let Some(design) = &exchanger.design {
                let wanted_w = design.wanted_w(exchanger.heat_w);
                asking |= exchanger.movers.ask(&mut self.power, wanted_w);
                let share = exchanger.movers.share(&self.power, wanted_w);
                let state = design.solve(exchanger.heat_w, share, 1.0);
                exchanger.movers.draw(&mut self.power, state.mover_w);
                plant.heat_w += exchanger.movers.draw_w;
            }
        }
        asking
    }

    /// A loop at `state`, with a share `flow` of its design flow, to the racks behind one of
    /// its exchangers.
    fn serve(&mut self, now: Time, index: u32, (state, flow): (&LoopState, f64), pass: usize) {
        let plant = &mut self.exchangers[index as usize];
        (plant.inlet_c, plant.flowing) = match &plant.design {
            None => (state.rack_inlet_c, state.flowing),
            Some(design) => {
                let wanted_w = design.wanted_w(plant.heat_w);
                let share = plant.movers.share(&self.power, wanted_w);
                let own = design.solve(plant.heat_w, share, flow);
                plant.state = Some(own);
                let flowing = own.approach_k.is_finite();
                let inlet_c =
                    if flowing { design.inlet_c(state.supply_c, &own) } else { state.supply_c };
                (inlet_c, flowing)
            }
        };
        // Never steady after a standstill, whose temperature says nothing.
        let steady = (plant.inlet_c - plant.told_c).abs() <= SUPPLY_STEP_K;
        if !steady || !plant.flowing {
            let carried = self.carry_supply(now, index, pass);
            let plant = &mut self.exchangers[index as usize];
            plant.told_c = if carried && plant.flowing { plant.inlet_c } else { f64::NAN };
            if !carried {
                self.changed.loops.mark(plant.cooled_by);
            }
        }
    }

    /// An exchanger to its racks: slower where the supply is too warm, off where it is hot or
    /// still. Whether every rack has got the speed that the supply allows.
    fn carry_supply(&mut self, now: Time, index: u32, pass: usize) -> bool {
        let plant = &self.exchangers[index as usize];
        let mut carried = true;
        for &(rack_index, side) in &plant.racks {
            let rack = &mut self.racks[rack_index as usize];
            let hall = &self.design.halls[rack.hall as usize];
            let limits = [&hall.limits, &hall.air_limits];
            // Without flow racks are at their limit within seconds, whatever the weather.
            let trip_c = limits[usize::from(side)].trip_c;
            let still_c = if plant.flowing { f64::NEG_INFINITY } else { trip_c };
            let own = rack.sides[usize::from(side)].as_mut().expect("a rack has its sides");
            own.inlet_c = plant.inlet_c.max(still_c);
            let hot = own.inlet_c >= trip_c;
            if hot && !rack.tripped && rack.offer.live {
                rack.tripped = true;
                self.changed.halls[rack.hall as usize].tripped += 1;
                self.changed.demands.mark(rack_index);
                self.changed.draws.mark(rack_index);
                let back = now + self.design.control.restart_after_heat;
                self.agenda.push(back, Class::Control, Event::HeatRestart(rack_index));
            }
            let speeds =
                rack.sides.iter().zip(limits).map(|(side, limits)| {
                    side.as_ref().map_or(1.0, |side| limits.speed(side.inlet_c))
                });
            let speed = speeds.fold(1.0, f64::min);
            if pass < FREE_PASSES || (speed - rack.speed).abs() <= SPEED_STEP {
                rack.speed = speed;
            } else {
                rack.speed = 0.5 * (rack.speed + speed);
                carried = false;
            }
            let first = rack.sides.iter().flatten().next();
            rack.inlet_c = first.map_or(rack.inlet_c, |side| side.inlet_c);
            self.changed.offers.mark(rack_index);
        }
        carried
    }

    /// Lets a rack that heat has tripped back, if what cools it is cool again; else waits as
    /// long again.
    pub(super) fn heat_restart(&mut self, now: Time, index: u32) {
        let rack = &mut self.racks[index as usize];
        let hall = &self.design.halls[rack.hall as usize];
        let cool = rack.sides.iter().zip([&hall.limits, &hall.air_limits]).all(|(side, limits)| {
            side.as_ref().is_none_or(|side| {
                let plant = &self.exchangers[side.exchanger as usize];
                plant.flowing && plant.inlet_c <= limits.restart_c
            })
        });
        if !cool {
            let again = now + self.design.control.restart_after_heat;
            self.agenda.push(again, Class::Control, Event::HeatRestart(index));
            return;
        }
        rack.tripped = false;
        self.changed.halls[rack.hall as usize].restarted += 1;
        self.changed.demands.mark(index);
        self.changed.offers.mark(index);
    }
}
