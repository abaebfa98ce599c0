//! What stands between racks and a loop while the site runs, and the racks behind it.

use super::loops::Fault;
use super::machines::Machines;
use super::slope::Search;
use super::{SAME_K, STRIDE_K, SiteAgenda};
use crate::facility::Event;
use crate::facility::condition::Condition;
use crate::facility::design::{Design, ExchangerSite, HallDesign};
use crate::fluids::MoistAir;
use crate::kernel::{Class, Time};
use crate::plant::cooling::{
    ControlFault, CoolingLoop, CoolingMode, ExchangerDesign, ExchangerKind, ExchangerOperation,
    LoopDesign, Outdoors, OutsideAir, OutsideAirControl, Part, Pool, ThermalLimits,
};
use crate::plant::power::Network;

/// Racks on their throttle slope get a new speed when they have moved by this share of it.
const SLOPE_STRIDES: f64 = 16.0;

/// An exchanger while the site runs.
#[derive(Debug)]
pub(in crate::facility) struct ExchangerPlant {
    /// The loop that takes its heat.
    pub(in crate::facility) cooled_by: u32,
    /// None where racks hang on the loop itself.
    pub(super) design: Option<ExchangerDesign>,
    pub(in crate::facility) movers: Machines,
    pub(super) groups: Vec<Group>,
    /// Heat of its racks, W.
    pub(in crate::facility) heat_w: f64,
    /// Heat that those in its hall give its air, W: of their racks and of their own machines.
    pub(super) from_others_w: f64,
    /// What enters its racks, degrees Celsius.
    pub(in crate::facility) inlet_c: f64,
    /// Between its stream and the loop with the valve open, W/K.
    pub(super) conductance_w_k: f64,
    /// The most that passes between them, W/K, while its valve has failed.
    pub(super) valve_fault: Fault,
    /// Flow of its stream, as a share of design.
    pub(super) flow: f64,
    /// Its air-side economiser, once it has seen the weather, and when that looks again.
    control: Option<OutsideAirControl>,
    look: Time,
    /// What outdoor air does for its hall, and the heat that it takes, W.
    pub(in crate::facility) outside: Option<OutsideAir>,
    pub(in crate::facility) outside_w: f64,
}

/// The racks of a hall behind one exchanger.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) hall: u32,
    /// Which of the racks' sides it is.
    pub(super) side: u8,
    pub(super) racks: Vec<u32>,
    /// What limits them, and whether that is their chips rather than what enters them.
    pub(super) limits: ThermalLimits,
    pub(super) by_chips: bool,
    pub(super) heat_w: f64,
    /// Temperature of what limits them, as they have been told, and what the instant has found of
    /// it.
    pub(super) told_c: f64,
    pub(super) search: Search,
    /// Air takes all of their heat, in two streams.
    only_air: bool,
}

/// Where the stream of an exchanger would settle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    /// What would enter its racks, degrees Celsius; not finite where nothing carries heat off.
    pub(super) inlet_c: f64,
    /// Between its stream and the loop with the valve open, W/K.
    pub(super) conductance_w_k: f64,
    /// Flow of its stream, as a share of design.
    pub(super) flow: f64,
    /// What outdoor air does for its hall.
    pub(super) outside: Option<OutsideAir>,
}

impl ExchangerPlant {
    /// What its machines are doing.
    pub(in crate::facility) fn condition(&self, power: &Network) -> Condition {
        self.movers.condition(power)
    }

    pub(in crate::facility) fn new(index: usize, design: &Design) -> Self {
        let site = &design.exchangers[index];
        let (most_w, movers) = site.design.map_or((0.0, 0), |x| (x.max_mover_w(), x.movers));
        let ExchangerOperation { restart, standby, .. } = site.operation;
        let pool = Pool::new(movers, standby, restart);
        Self {
            cooled_by: site.cooled_by as u32,
            design: site.design,
            movers: Machines::new(site.movers, most_w, pool, restart),
            groups: groups_of(index, design),
            heat_w: 0.0,
            from_others_w: 0.0,
            inlet_c: f64::NAN,
            conductance_w_k: 0.0,
            valve_fault: Fault::default(),
            flow: 1.0,
            control: None,
            look: Time::ZERO,
            outside: None,
            outside_w: 0.0,
        }
    }

    /// An instant begins that touches its loop.
    pub(super) fn begin(&mut self) {
        self.movers.begin();
        self.groups.iter_mut().for_each(|group| group.search = Search::NEW);
    }

    /// Where its stream would settle with `heat_w` from its racks and from others in its hall, on the
    /// loop `model`: what takes its heat supplies a share `flow` of its design flow at `supply_c` and
    /// has `now_c`.
    pub(super) fn settles(
        &self,
        model: &CoolingLoop,
        heat_w: f64,
        (supply_c, now_c, flow): (f64, f64, f64),
        air: &MoistAir,
    ) -> Settled {
        if let Some(design) = &self.design {
            let share = self.movers.last_share();
            let own = design.solve_in(heat_w, share, flow, self.outdoors(air));
            let failed = self.valve_fault.at;
            let own = design.throttled(own, heat_w, failed);
            let inlet_c = match failed {
                None => design.inlet_c(supply_c, &own),
                Some(_) => supply_c + own.approach_k,
            };
            let conductance_w_k = if own.outside.is_some() {
                // What the coil takes beside the outdoor air, along its secant.
                let from_c = if supply_c.is_finite() { supply_c } else { now_c };
                let w_k = own.to_loop_w / (design.inlet_c(from_c, &own) - from_c);
                if w_k.is_finite() { w_k.max(0.0) } else { 0.0 }
            } else {
                own.conductance_w_k
            };
            // Machines in a bath are cooled by its own convection.
            let stirs = design.kind == ExchangerKind::Tank;
            let flow = if stirs { 1.0 } else { own.flow };
            return Settled { inlet_c, conductance_w_k, flow, outside: own.outside };
        }
        if model.behind_approach_j_k().is_none() {
            return Settled { inlet_c: supply_c, conductance_w_k: 0.0, flow, outside: None };
        }
        // Its pumps are no part of the scenario: they always run.
        let conductance_w_k = model.behind_approach_w_k(flow);
        let moves = heat_w == 0.0 || conductance_w_k > 0.0;
        let apart_k = if heat_w > 0.0 { heat_w / conductance_w_k } else { 0.0 };
        let inlet_c = if moves { supply_c + apart_k } else { f64::INFINITY };
        Settled { inlet_c, conductance_w_k, flow: 1.0, outside: None }
    }

    /// Heat that it takes from its racks and from others in its hall, W.
    pub(in crate::facility) fn taken_w(&self) -> f64 {
        self.heat_w + self.from_others_w
    }

    /// What it gives on of `heat_w` from its racks and from others in its hall, W: its movers' heat
    /// beside that, less what outdoor air takes.
    pub(super) fn gives_w(&self, heat_w: f64, air: &MoistAir) -> f64 {
        let Some(design) = &self.design else { return heat_w };
        let own = design.solve_in(heat_w, self.movers.last_share(), 1.0, self.outdoors(air));
        let total_w = heat_w + own.mover_w;
        total_w - own.outside.map_or(0.0, |air| air.heat_w).min(total_w)
    }

    /// How many racks of `hall` behind it run, and what enters them, degrees Celsius.
    pub(in crate::facility) fn running(&self, hall: usize) -> Option<(usize, f64)> {
        let mut groups = self.groups.iter();
        let group = groups.find(|group| group.hall as usize == hall && group.heat_w > 0.0)?;
        Some((group.racks.len(), self.inlet_c))
    }

    /// Its valve fails, with the loop at `supply_c`, or is mended.
    pub(super) fn fail_valve(&mut self, fault: Option<ControlFault>, supply_c: f64) {
        let Some(design) = &self.design else { return };
        let total_w = self.taken_w() + self.movers.draw_w;
        self.valve_fault.set(
            fault.map(|fault| design.failed_valve_w_k(fault, total_w, (supply_c, self.inlet_c))),
        );
    }

    /// Lets the air-side economiser, if there is one, look at the weather, and sees to its being
    /// asked again.
    pub(super) fn look_outside(
        &mut self,
        now: Time,
        air: &MoistAir,
        (agenda, event): (&mut SiteAgenda, Event),
    ) {
        let Some(design) = &self.design else { return };
        let Some(outside) = &design.outside_air else { return };
        let handler = design.handler();
        let control = self
            .control
            .get_or_insert_with(|| OutsideAirControl::new(outside, handler, air, MAY_EVAPORATE));
        let next = control.advance(now, (outside, handler), air, MAY_EVAPORATE);
        if next < Time::MAX && next != self.look {
            self.look = next;
            agenda.push(next, Class::Control, event);
        }
    }

    /// Whether its stream is the air of a hall.
    pub(in crate::facility) fn blows(&self) -> bool {
        self.design.is_some_and(|design| design.blows())
    }

    /// The mode of its air-side economiser, where there is one.
    pub(in crate::facility) fn mode(&self) -> Option<CoolingMode> {
        self.control.map(|control| control.mode())
    }

    /// What its air-side economiser sees of the weather.
    pub(super) fn outdoors<'a>(&self, air: &'a MoistAir) -> Option<Outdoors<'a>> {
        self.mode().map(|mode| Outdoors { air, mode, may_evaporate: MAY_EVAPORATE })
    }
}

/// Pads and humidifiers of outdoor air are never short of water.
const MAY_EVAPORATE: bool = true;

/// The racks behind the exchanger `index`, hall by hall.
pub(super) fn groups_of(index: usize, design: &Design) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (rack, site) in design.racks.iter().enumerate() {
        let sides = [site.cooled_by, site.air_cooled_by.map(|(air, _)| air)];
        for (side, _) in sides.iter().enumerate().filter(|(_, cooler)| **cooler == Some(index)) {
            let (hall, side) = (site.hall as u32, side as u8);
            let known = groups.iter_mut().find(|group| (group.hall, group.side) == (hall, side));
            if let Some(group) = known {
                group.racks.push(rack as u32);
                continue;
            }
            let hall = &design.halls[site.hall];
            let by_chips = side == 0 && hall.chip_limits.is_some();
            let limits = match (side, hall.chip_limits) {
                (0, Some(limits)) => limits,
                (0, None) => hall.limits,
                _ => hall.air_limits,
            };
            let of_air = |exchanger: usize| {
                let exchanger = &design.exchangers[exchanger];
                design.loops[exchanger.cooled_by].design.is_ventilation()
                    || exchanger.design.is_some_and(|exchanger| exchanger.blows())
            };
            let only_air = site.air_cooled_by.is_some() && site.cooled_by.is_some_and(of_air);
            groups.push(Group {
                hall: site.hall as u32,
                side,
                racks: vec![rack as u32],
                limits,
                by_chips,
                heat_w: 0.0,
                told_c: f64::NAN,
                search: Search::NEW,
                only_air,
            });
        }
    }
    groups
}

impl Group {
    /// Share of the heat of its racks that it stands for.
    fn share(&self, hall: &HallDesign) -> f64 {
        if self.side == 1 { hall.air_share } else { 1.0 - hall.air_share }
    }

    /// How much a new state may differ from the old one on the throttle slope, K.
    pub(super) fn stride_k(&self) -> f64 {
        let slope_k = self.limits.trip_c - self.limits.throttle_c;
        // Heat loads may stop without slowing down, or do neither.
        if slope_k > 0.0 && slope_k.is_finite() { slope_k / SLOPE_STRIDES } else { STRIDE_K }
    }

    /// What the racks are told of a loop out of balance, where the limiting temperature is
    /// `now_c` and would settle at `rest_c`: on the slope, the middle of the way to where they
    /// will be told again.
    pub(super) fn ahead_c(&self, now_c: f64, rest_c: f64) -> f64 {
        if now_c < self.limits.throttle_c - SAME_K {
            return now_c;
        }
        let (stride_k, to_rest_k) = (self.stride_k(), rest_c - now_c);
        if to_rest_k.abs() <= stride_k {
            rest_c
        } else {
            now_c + (0.5 * stride_k).copysign(to_rest_k)
        }
    }
}

/// Air of the cabinets that the air handler of a hall is built for, J/K.
pub(super) fn air_of_hall_j_k(handler: &ExchangerDesign) -> f64 {
    handler.design_heat_w / CABINET_W * CABINET_AIR_J_K
}

/// The mass of `group`, one of `groups` behind the exchanger `site` of a loop of `design`.
pub(super) fn part(
    hall: &HallDesign,
    group: &Group,
    groups: usize,
    design: &LoopDesign,
    site: &ExchangerSite,
) -> Part {
    // What moves the air of the hall, if that is its stream, and the heat that it is built for.
    let air_w = match &site.design {
        Some(exchanger) => exchanger.blows().then_some(exchanger.design_heat_w),
        None => design.is_ventilation().then(|| design.design_heat_w()),
    };
    if hall.rack_w == 0.0 {
        // Nothing but heat: it arises in the stream. Where that is the air of a hall, the hall has
        // the cabinets that its air flow is built for.
        let cabinets = air_w.unwrap_or(0.0) / CABINET_W / groups as f64;
        return Part {
            chips: false,
            mass_j_k: cabinets * CABINET_METAL_J_K,
            conductance_w_k: (cabinets * CABINET_W_K).max(1.0),
            air_j_k: cabinets * CABINET_AIR_J_K,
        };
    }
    if air_w.is_some() || group.side == 1 {
        // A rack has its air and metal once, however little of its heat goes there.
        let share = if group.only_air { group.share(hall) } else { 1.0 };
        let cabinets = share * group.racks.len() as f64 * hall.cabinets;
        return Part {
            chips: false,
            mass_j_k: cabinets * CABINET_METAL_J_K,
            conductance_w_k: cabinets * CABINET_W_K,
            air_j_k: cabinets * CABINET_AIR_J_K,
        };
    }
    let rated_w = group.share(hall) * group.racks.len() as f64 * hall.rack_w;
    Part {
        chips: true,
        mass_j_k: CHIP_J_K_W * rated_w,
        conductance_w_k: rated_w / hall.chip_rise_k,
        air_j_k: 0.0,
    }
}

/// Chips and cold plates, J/K a watt of rated power: 0.5 kJ/K a kilowatt.
const CHIP_J_K_W: f64 = 0.5;
/// Heat of a cabinet where only heat is known, W: as for miners, an assumption.
const CABINET_W: f64 = 10e3;
/// Air, metal and the conductance between them of a cabinet, fitted to measured shutdowns of
/// cabinets of 5 and 10 kW.
const CABINET_AIR_J_K: f64 = 12e3;
const CABINET_METAL_J_K: f64 = 60e3;
const CABINET_W_K: f64 = 150.0;
