//! Heat on its way from racks through exchangers and loops to the weather, and what comes back:
//! draws of machines, supply temperatures, slow and tripped racks.
//!
//! A loop is *at rest* or *out of balance*. At rest it takes on the state that heat, weather and
//! power settle at, as if its water had no inertia, which costs one solve for each change. When
//! the new state is far from the old one, or lies where racks would slow down or trip, it is
//! out of balance instead: its masses follow a closed form, and the instants at which something
//! comes of that are events. Whatever touches the loop meanwhile ends one form and begins the
//! next. Back near the state at which everything settles, the loop is at rest again.

use super::chillers::Operator;
use super::design::{Design, ExchangerSite, HallDesign, LoopSite};
use super::machines::Machines;
use super::{Event, Facility};
use crate::fluids::MoistAir;
use crate::kernel::{Agenda, Class, Span, Ticket, Time};
use crate::measure::Sum;
use crate::plant::cooling::{
    Branch, BranchConditions, BreakdownLaw, Conditions, CoolingLoop, Crossing, Drive,
    ExchangerDesign, ExchangerKind, LoopState, Masses, Part, Rejection, ThermalLimits, Transient,
    parallel_flow,
};

/// Passes after which speeds are damped.
const FREE_PASSES: usize = 3;
/// Smaller changes of a supply temperature are not carried to the racks, in kelvin. The
/// balances do not depend on it: meters read what was carried.
const SUPPLY_STEP_K: f64 = 1e-3;
/// Smaller steps of a damped speed are taken whole.
const SPEED_STEP: f64 = 1e-4;
/// A change of a coolant by less than this is taken at once, in kelvin: an assumption, about the
/// dead band of controls.
const AT_ONCE_K: f64 = 2.0;
/// A loop whose coolants are this near to where they settle is at rest again, in kelvin.
const NEAR_K: f64 = 0.1;
/// The state of a loop out of balance is looked at again when a coolant has moved by this much,
/// in kelvin: what meters may be off by, and what devices at their limit are taken as linear over.
const STRIDE_K: f64 = 1.0;
/// Racks on their throttle slope get a new speed when they have moved by this share of it.
const SLOPE_STRIDES: f64 = 16.0;
/// Temperatures nearer than this are the same, in kelvin.
const SAME_K: f64 = 1e-6;
/// A device holds its setpoint when it is this near, in kelvin.
const HELD_K: f64 = 1e-3;
/// Never look again sooner than this, in seconds.
const SOONEST_S: f64 = 1e-6;

/// A cooling loop while the site runs.
#[derive(Debug)]
pub(super) struct LoopPlant {
    pub(super) model: CoolingLoop,
    /// Its fans, its pumps and its chillers.
    pub(super) machines: [Machines; 3],
    exchangers: Vec<u32>,
    pub(super) heat_w: f64,
    /// How it works, with the temperatures that its masses have.
    pub(super) state: LoopState,
    pub(super) operator: Operator,
    /// Whether air and not water is its coolant: its own mass is next to nothing.
    airy: bool,
    masses: Masses,
    /// Temperatures of the masses at `since`, and what becomes of them where the loop is out of
    /// balance.
    held_c: Vec<f64>,
    since: Time,
    transient: Option<Transient>,
    /// Heat that goes to the weather beside what the transient knows of, W.
    beside_w: f64,
    /// When to look again.
    next: Option<(Time, Ticket)>,
    now: Instant,
    books: HeatBooks,
}

/// What is found while an instant settles.
#[derive(Debug)]
struct Instant {
    /// Whether the instant has been reached.
    reached: bool,
    /// Temperatures of the masses.
    now_c: Vec<f64>,
    /// Temperatures at which they would settle; not finite where nothing carries the heat off.
    rest_c: Vec<f64>,
    out_of_balance: bool,
    /// Heat that the machines carry at their most while they bring the supply back, W.
    pulling_w: Option<f64>,
    drive: Drive,
    /// Whether the device is at its limit.
    saturated: bool,
    /// Flow of the loop, as a share of design; zero where it stands.
    flow: f64,
    /// Whether the weather takes heat.
    rejecting: bool,
}

/// Heat of a loop since the start.
#[derive(Debug, Default)]
pub(super) struct HeatBooks {
    started: bool,
    start_c: Vec<f64>,
    /// Given to the weather, J.
    pub(super) rejected_j: Sum,
}

/// An exchanger while the site runs.
#[derive(Debug)]
pub(super) struct ExchangerPlant {
    /// The loop that takes its heat.
    pub(super) cooled_by: u32,
    /// None where racks hang on the loop itself.
    design: Option<ExchangerDesign>,
    pub(super) movers: Machines,
    groups: Vec<Group>,
    /// Heat of its racks, W.
    pub(super) heat_w: f64,
    /// What enters its racks, degrees Celsius.
    pub(super) inlet_c: f64,
    /// Something carries the heat off.
    flowing: bool,
    /// Between its stream and the loop with the valve open, W/K.
    conductance_w_k: f64,
    /// Flow of its stream, as a share of design.
    flow: f64,
}

/// The racks of a hall behind one exchanger.
#[derive(Debug)]
struct Group {
    hall: u32,
    /// Which of the racks' sides it is.
    side: u8,
    racks: Vec<u32>,
    /// What limits them, and whether that is their chips rather than what enters them.
    limits: ThermalLimits,
    by_chips: bool,
    heat_w: f64,
    /// Temperature of what limits them.
    limiting_c: f64,
    /// The same as the racks have been told.
    told_c: f64,
}

impl LoopPlant {
    /// The loop without heat, in `air`.
    pub(super) fn new(index: usize, design: &Design, air: &MoistAir) -> Self {
        let site: &LoopSite = &design.loops[index];
        let model = CoolingLoop::new(&site.design);
        let state = model.solve(0.0, air, Drive::FULL);
        let of_loop = |site: &&ExchangerSite| site.cooled_by == index;
        let exchangers: Vec<u32> = (0..design.exchangers.len() as u32)
            .filter(|&x| of_loop(&&design.exchangers[x as usize]))
            .collect();
        let airy = site.design.is_ventilation();
        let branches = exchangers.iter().map(|&x| {
            let site = &design.exchangers[x as usize];
            let groups = groups_of(x as usize, design);
            let of_group =
                |group: &Group| part(&design.halls[group.hall as usize], group, airy, site);
            let stream_j_k = match &site.design {
                Some(exchanger) => Some(exchanger.mass_j_k),
                // Where no racks hang on the loop itself, nothing is behind its approach.
                None if groups.is_empty() => None,
                None => model.behind_approach_j_k(),
            };
            Branch { stream_j_k, parts: groups.iter().map(of_group).collect() }
        });
        let masses = Masses::new(site.coolant_j_k, branches.collect());
        let held_c = vec![state.supply_c; masses.len()];
        let [fans, pumps] = site.restart;
        let units = model.units();
        Self {
            machines: [
                Machines::new(site.fans, model.max_fan_w(), units.0, fans),
                Machines::new(site.pumps, model.max_pump_w(), units.1, pumps),
                // How long chillers take is their operator's business.
                Machines::new(site.chillers, model.max_chiller_w(), units.2, Span::ZERO),
            ],
            state,
            model,
            exchangers,
            heat_w: 0.0,
            operator: Operator::default(),
            airy,
            now: Instant {
                reached: false,
                now_c: held_c.clone(),
                rest_c: held_c.clone(),
                out_of_balance: false,
                pulling_w: None,
                drive: Drive::FULL,
                saturated: false,
                flow: 1.0,
                rejecting: true,
            },
            masses,
            held_c,
            since: Time::ZERO,
            transient: None,
            beside_w: 0.0,
            next: None,
            books: HeatBooks::default(),
        }
    }

    /// The warmest of what enters racks behind the loop, degrees Celsius.
    pub(super) fn inlet_c(&self, exchangers: &[ExchangerPlant]) -> f64 {
        let served = self.exchangers.iter().map(|&index| &exchangers[index as usize]);
        let inlets = served.filter(|plant| !plant.groups.is_empty()).map(|plant| plant.inlet_c);
        let warmest = inlets.fold(f64::NEG_INFINITY, f64::max);
        if warmest.is_finite() { warmest } else { self.state.supply_c }
    }

    /// Heat given to the weather since the start, J.
    pub(super) fn rejected_j(&self) -> f64 {
        self.books.rejected_j.value()
    }

    /// Heat that the masses hold beyond what they held at the start, J.
    pub(super) fn stored_j(&self) -> f64 {
        self.masses.stored_j(&self.books.start_c, &self.held_c)
    }

    /// Brings the masses to `now`, once an instant, and books the heat since the last.
    fn reach(&mut self, now: Time) {
        if std::mem::replace(&mut self.now.reached, true) {
            return;
        }
        let elapsed_s = (now - self.since).as_secs_f64();
        self.now.now_c = match &self.transient {
            Some(transient) => {
                self.books.rejected_j.add(transient.rejected_j(elapsed_s));
                transient.at(elapsed_s)
            }
            None => self.held_c.clone(),
        };
        self.books.rejected_j.add(self.beside_w * elapsed_s);
        self.since = now;
        self.now.out_of_balance = false;
        self.now.pulling_w = None;
    }

    /// How the machines must work for `rest`, the state that the present heat settles at: at
    /// their most, where the supply has to be brought back to it.
    fn at_work(&mut self, rest: LoopState, air: &MoistAir, drive: Drive) -> LoopState {
        let supply_c = self.now.now_c[0];
        let wanted_c = self.model.setpoint_c().max(rest.supply_c);
        let returning = self.transient.is_some() && !self.airy && supply_c > wanted_c + HELD_K;
        if !returning || rest.saturated || !rest.flowing {
            return rest;
        }
        let midway_c = 0.5 * (supply_c + wanted_c);
        let pulling_w = *self
            .now
            .pulling_w
            .get_or_insert_with(|| self.model.capacity_w(midway_c, air, Drive::FULL));
        self.model.solve(pulling_w.max(self.heat_w), air, drive)
    }

    /// What the weather takes from the masses.
    fn rejection(&self, air: &MoistAir) -> Rejection {
        let Instant { drive, saturated, rejecting, .. } = self.now;
        let (now_c, rest_c) = (self.now.now_c[0], self.now.rest_c[0]);
        if !rejecting {
            return Rejection::Off;
        }
        if !saturated && (now_c - rest_c).abs() <= HELD_K {
            return Rejection::Regulated(rest_c);
        }
        let set_c = self.model.setpoint_c();
        if !saturated && now_c < rest_c.max(set_c) + HELD_K {
            // Colder than wanted: the machines rest until it is not, and what they carry at rest
            // goes with the temperature.
            let at_rest = Drive { fans: 0.0, chillers: 0.0, ..drive };
            let carried_w = |c| self.model.capacity_w(c, air, at_rest);
            let w_k = ((carried_w(now_c + STRIDE_K) - carried_w(now_c)) / STRIDE_K).max(1.0);
            return if rest_c < set_c - HELD_K {
                Rejection::Limited(w_k, rest_c - self.heat_w / w_k)
            } else {
                Rejection::Limited(w_k, now_c - carried_w(now_c) / w_k)
            };
        }
        let capacity_w = |c| self.model.capacity_w(c, air, drive);
        let (to_c, to_w) = if saturated {
            (rest_c, self.heat_w)
        } else {
            let to_c = rest_c.max(set_c);
            (to_c, capacity_w(to_c))
        };
        let from_c = if (now_c - to_c).abs() > 0.05 { now_c } else { to_c + STRIDE_K };
        let w_k = ((capacity_w(from_c) - to_w) / (from_c - to_c)).max(1.0);
        Rejection::Limited(w_k, to_c - to_w / w_k)
    }
}

/// The mass of `group`, behind the exchanger `site`.
fn part(hall: &HallDesign, group: &Group, airy: bool, site: &ExchangerSite) -> Part {
    let share = group.share(hall);
    let racks = share * group.racks.len() as f64;
    if hall.rack_w == 0.0 {
        // Nothing but heat: it arises in the stream.
        return Part { chips: false, mass_j_k: 0.0, conductance_w_k: 1.0, air_j_k: 0.0 };
    }
    let by_air = airy || group.side == 1 || site.design.as_ref().is_some_and(|x| x.blows());
    if by_air {
        let cabinets = racks * hall.cabinets;
        return Part {
            chips: false,
            mass_j_k: cabinets * CABINET_METAL_J_K,
            conductance_w_k: cabinets * CABINET_W_K,
            air_j_k: cabinets * CABINET_AIR_J_K,
        };
    }
    let rated_w = racks * hall.rack_w;
    Part {
        chips: true,
        mass_j_k: CHIP_J_K_W * rated_w,
        conductance_w_k: rated_w / hall.chip_rise_k,
        air_j_k: 0.0,
    }
}

/// Chips and cold plates, J/K a watt of rated power: 0.5 kJ/K a kilowatt.
const CHIP_J_K_W: f64 = 0.5;
/// Air, metal and the conductance between them of a cabinet, fitted to measured shutdowns of
/// cabinets of 5 and 10 kW.
const CABINET_AIR_J_K: f64 = 12e3;
const CABINET_METAL_J_K: f64 = 60e3;
const CABINET_W_K: f64 = 150.0;

/// The racks behind the exchanger `index`, hall by hall.
fn groups_of(index: usize, design: &Design) -> Vec<Group> {
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
            let design = &design.halls[site.hall];
            let by_chips = side == 0 && design.chip_limits.is_some();
            let limits = match (side, design.chip_limits) {
                (0, Some(limits)) => limits,
                (0, None) => design.limits,
                _ => design.air_limits,
            };
            groups.push(Group {
                hall,
                side,
                racks: vec![rack as u32],
                limits,
                by_chips,
                heat_w: 0.0,
                limiting_c: f64::NAN,
                told_c: f64::NAN,
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
    fn stride_k(&self) -> f64 {
        let slope_k = self.limits.trip_c - self.limits.throttle_c;
        // Heat loads may stop without slowing down, or do neither.
        if slope_k > 0.0 && slope_k.is_finite() { slope_k / SLOPE_STRIDES } else { STRIDE_K }
    }

    /// What the racks are told of a loop out of balance, where the limiting temperature is
    /// `now_c` and would settle at `rest_c`: on the slope, the middle of the way to where they
    /// will be told again.
    fn ahead_c(&self, now_c: f64, rest_c: f64) -> f64 {
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

impl ExchangerPlant {
    pub(super) fn new(index: usize, design: &Design) -> Self {
        let site = &design.exchangers[index];
        let (most_w, movers) = site.design.map_or((0.0, 0), |x| (x.mover_w, x.movers));
        Self {
            cooled_by: site.cooled_by as u32,
            design: site.design,
            movers: Machines::new(site.movers, most_w, movers, site.restart),
            groups: groups_of(index, design),
            heat_w: 0.0,
            inlet_c: f64::NAN,
            flowing: true,
            conductance_w_k: 0.0,
            flow: 1.0,
        }
    }
}

/// A fan, a pump or a chiller that can fail.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    /// The declared component and its machines, for the report.
    pub(super) group_name: String,
    pub(super) place: Place,
    /// The loop that feels it.
    pub(super) on_loop: u32,
    law: BreakdownLaw,
}

/// Where a unit stands: among the fans, pumps or chillers of a loop, or in an exchanger.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Loop(u32, u8),
    Exchanger(u32),
}

impl Unit {
    pub(super) fn law(&self) -> (&str, BreakdownLaw) {
        (&self.name, self.law)
    }
}

/// Every unit of the cooling of `design` that can fail.
pub(super) fn units(design: &Design) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |(name, group_name): (&str, &str), what: &str, count, law, place, on_loop| {
        units.extend((1..=count).map(|number| Unit {
            name: format!("{name}/{what}-{number}"),
            group_name: format!("{group_name} {what}s"),
            place,
            on_loop,
            law,
        }));
    };
    for (index, site) in design.loops.iter().enumerate() {
        let count = CoolingLoop::new(&site.design).units();
        let counts = [("fan", count.0), ("pump", count.1), ("chiller", count.2)];
        for (kind, ((what, count), law)) in counts.into_iter().zip(site.failures).enumerate() {
            let Some(law) = law else { continue };
            let place = Place::Loop(index as u32, kind as u8);
            add((&site.name, &site.group_name), what, count, law, place, index as u32);
        }
    }
    for (index, site) in design.exchangers.iter().enumerate() {
        let (Some(exchanger), Some(law)) = (&site.design, site.failures) else { continue };
        let what = if exchanger.blows() { "fan" } else { "pump" };
        let (place, on_loop) = (Place::Exchanger(index as u32), site.cooled_by as u32);
        add((&site.name, &site.group_name), what, exchanger.movers, law, place, on_loop);
    }
    units
}

impl Facility<'_> {
    /// Loops to power and racks: what their machines draw, how warm the supply is.
    pub(super) fn carry_heat(&mut self, now: Time, pass: usize) {
        let loops = self.changed.loops.take();
        for &index in &loops {
            self.changed.touched.mark(index);
            self.loops[index as usize].reach(now);
            let mut asking = self.gather_heat(now, index);
            let plant = &mut self.loops[index as usize];

            let [fans, pumps, chillers] = [0, 1, 2].map(|kind: usize| plant.machines[kind].whole());
            let regime = plant.operator.regime();
            let whole = Drive { fans, pumps, chillers, regime };
            let at_rest = plant.model.solve(plant.heat_w, &self.air, whole);
            let wanted = plant.at_work(at_rest, &self.air, whole);
            let wanted_w = [wanted.fan_w, wanted.pump_w, wanted.chiller_w];
            let mut share = [1.0; 3];
            for (kind, (machines, share)) in plant.machines.iter_mut().zip(&mut share).enumerate() {
                let restart = Event::Started(index);
                let ready = machines.ready(now, &self.power, &mut self.agenda, restart);
                let wanted_w = if ready { wanted_w[kind] } else { 0.0 };
                asking |= machines.ask(&mut self.power, wanted_w);
                *share = if ready { machines.share(&self.power, wanted_w) } else { 0.0 };
            }
            let [fans, pumps, chillers] = share;
            let drive = Drive { fans, pumps, chillers, regime };
            let (at_rest, state) = if drive == whole {
                (at_rest, wanted)
            } else {
                let at_rest = plant.model.solve(plant.heat_w, &self.air, drive);
                (at_rest, plant.at_work(at_rest, &self.air, drive))
            };
            // Water still goes round where only what cools it is missing.
            let circulates = plant.machines[1].exist() && pumps > 0.0;
            let pump_w =
                if state.flowing { state.pump_w } else { pumps * plant.machines[1].most_w() };
            let draws_w = [state.fan_w, pump_w, state.chiller_w];
            for (machines, draw_w) in plant.machines.iter_mut().zip(draws_w) {
                machines.draw(&mut self.power, draw_w);
            }
            plant.state = state;
            plant.operator.sees(chillers > 0.0);
            let flow = if state.flowing || circulates { parallel_flow(pumps) } else { 0.0 };
            plant.now.drive = drive;
            plant.now.saturated = at_rest.saturated;
            plant.now.flow = flow;
            plant.now.rejecting = at_rest.flowing;
            plant.now.rest_c[0] = if at_rest.flowing { at_rest.supply_c } else { f64::INFINITY };
            if asking {
                // Nothing must trip on what fans and pumps had before they asked: what they
                // get is known in the next pass.
                self.changed.loops.mark(index);
                continue;
            }
            self.find_rest(now, index);
            for place in 0..self.loops[index as usize].exchangers.len() {
                self.serve(now, index, place, pass);
            }
        }
        self.changed.loops.reuse(loops);
    }

    /// Sums the heat that the racks and the movers of its exchangers give to the loop `index`.
    /// Whether movers ask for another power.
    fn gather_heat(&mut self, now: Time, index: u32) -> bool {
        let plant = &mut self.loops[index as usize];
        let mut asking = false;
        plant.heat_w = 0.0;
        for &exchanger in &plant.exchangers {
            let exchanger = &mut self.exchangers[exchanger as usize];
            exchanger.heat_w = 0.0;
            for group in &mut exchanger.groups {
                let racks = group.racks.iter();
                group.heat_w = racks.map(|&r| self.racks[r as usize].heat_w(group.side)).sum();
                exchanger.heat_w += group.heat_w;
            }
            plant.heat_w += exchanger.heat_w;
            if let Some(design) = &exchanger.design {
                let restart = Event::Started(index);
                let movers = &mut exchanger.movers;
                let ready = movers.ready(now, &self.power, &mut self.agenda, restart);
                let working = design.solve(exchanger.heat_w, movers.whole(), 1.0);
                let wanted_w = if ready { working.mover_w } else { 0.0 };
                asking |= movers.ask(&mut self.power, wanted_w);
                let share = if ready { movers.share(&self.power, wanted_w) } else { 0.0 };
                movers.set_share(share);
                let state = design.solve(exchanger.heat_w, share, 1.0);
                movers.draw(&mut self.power, state.mover_w);
                plant.heat_w += movers.draw_w;
            }
        }
        asking
    }

    /// Where everything on the loop `index` would settle, and whether it is near enough to
    /// be there at once.
    fn find_rest(&mut self, now: Time, index: u32) {
        let plant = &mut self.loops[index as usize];
        let supply_c = plant.now.rest_c[0];
        for (place, &exchanger) in plant.exchangers.iter().enumerate() {
            let exchanger = &mut self.exchangers[exchanger as usize];
            let (stream, first) = plant.masses.nodes_of(place);
            let stream_c = match &exchanger.design {
                Some(design) => {
                    let share = exchanger.movers.last_share();
                    let own = design.solve(exchanger.heat_w, share, plant.now.flow);
                    exchanger.conductance_w_k = own.conductance_w_k;
                    // Machines in a bath are cooled by its own convection.
                    let stirs = design.kind == ExchangerKind::Tank;
                    exchanger.flow = if stirs { 1.0 } else { own.flow };
                    design.inlet_c(supply_c, &own)
                }
                None if stream == 0 => {
                    exchanger.flow = plant.now.flow;
                    supply_c
                }
                None => {
                    // Its pumps are no part of the scenario: they always run.
                    exchanger.conductance_w_k = plant.model.behind_approach_w_k(plant.now.flow);
                    let moves = exchanger.heat_w == 0.0 || exchanger.conductance_w_k > 0.0;
                    let apart_k = if exchanger.heat_w > 0.0 {
                        exchanger.heat_w / exchanger.conductance_w_k
                    } else {
                        0.0
                    };
                    if moves { supply_c + apart_k } else { f64::INFINITY }
                }
            };
            exchanger.flowing = stream_c.is_finite();
            plant.now.rest_c[stream] = stream_c;
            let parts = plant.masses.branches()[place].parts.iter();
            for ((part, group), node) in parts.zip(&exchanger.groups).zip(first..) {
                let rise_k = group.heat_w / part.conductance_at(exchanger.flow);
                plant.now.rest_c[node] = stream_c + if part.chips { rise_k } else { 0.0 };
            }
        }
        // At the start of a run everything has settled long ago, if it can.
        let starting = now == Time::ZERO && plant.now.rest_c.iter().all(|c| c.is_finite());
        plant.now.out_of_balance |= !starting && !near_rest(plant, &self.exchangers);
    }

    /// A loop to the racks behind one of its exchangers: slower where it is too warm, off
    /// where it is hot.
    fn serve(&mut self, now: Time, index: u32, place: usize, pass: usize) {
        let plant = &self.loops[index as usize];
        let exchanger_index = plant.exchangers[place];
        let exchanger = &mut self.exchangers[exchanger_index as usize];
        let (stream, first) = plant.masses.nodes_of(place);
        let moving = plant.now.out_of_balance;
        let seen_c = if moving { &plant.now.now_c } else { &plant.now.rest_c };
        exchanger.inlet_c = seen_c[stream];
        let mut carried = true;
        for (group, node) in exchanger.groups.iter_mut().zip(first..) {
            let limiting = if group.by_chips { node } else { stream };
            group.limiting_c = seen_c[limiting];
            let told_c = if moving {
                group.ahead_c(plant.now.now_c[limiting], plant.now.rest_c[limiting])
            } else {
                group.limiting_c
            };
            let hot = group.limiting_c >= group.limits.trip_c - SAME_K;
            let told = (told_c - group.told_c).abs() <= SUPPLY_STEP_K;
            if told && !hot {
                continue;
            }
            group.told_c = told_c;
            let limits = group.limits;
            for &rack_index in &group.racks {
                let rack = &mut self.racks[rack_index as usize];
                let own = rack.sides[usize::from(group.side)].as_mut();
                let own = own.expect("a rack has its sides");
                own.inlet_c = exchanger.inlet_c;
                own.speed = limits.speed(told_c);
                if hot && !rack.tripped && rack.offer.live {
                    rack.tripped = true;
                    self.changed.halls[rack.hall as usize].tripped += 1;
                    self.changed.demands.mark(rack_index);
                    self.changed.draws.mark(rack_index);
                    let back = now + self.design.control.restart_after_heat;
                    self.agenda.push(back, Class::Control, Event::HeatRestart(rack_index));
                }
                let sides = || rack.sides.iter().flatten();
                let speed = sides().fold(1.0, |speed: f64, side| speed.min(side.speed));
                let inlet_c = sides().next().map_or(rack.inlet_c, |side| side.inlet_c);
                if pass < FREE_PASSES || (speed - rack.speed).abs() <= SPEED_STEP {
                    rack.speed = speed;
                } else {
                    rack.speed = 0.5 * (rack.speed + speed);
                    carried = false;
                    group.told_c = f64::NAN;
                }
                rack.inlet_c = inlet_c;
                self.changed.offers.mark(rack_index);
            }
        }
        if !carried {
            self.changed.loops.mark(index);
        }
    }

    /// After the instant has settled: the masses of every loop that it touched take their
    /// state from here on, and what comes of it is scheduled.
    pub(super) fn release_heat(&mut self, now: Time) {
        let loops = self.changed.touched.take();
        for &index in &loops {
            let plant = &mut self.loops[index as usize];
            plant.now.reached = false;
            if let Some((_, ticket)) = plant.next.take() {
                self.agenda.cancel(ticket);
            }
            let own_w = plant.machines[1].draw_w + plant.machines[2].draw_w;
            let Instant { out_of_balance, rejecting, .. } = plant.now;
            let mut held_c;
            if out_of_balance {
                held_c = plant.now.now_c.clone();
                let rejection = plant.rejection(&self.air);
                if let Rejection::Regulated(supply_c) = rejection {
                    held_c[0] = supply_c;
                }
                let conditions = conditions(plant, &self.exchangers, rejection, own_w);
                for (place, branch) in conditions.branches.iter().enumerate() {
                    if let Some(stream_c) = branch.held_c {
                        held_c[plant.masses.nodes_of(place).0] = stream_c;
                    }
                }
                plant.transient = Some(plant.masses.transient(&conditions, &held_c));
                plant.beside_w = if rejecting { own_w } else { 0.0 };
            } else {
                held_c = plant.now.rest_c.clone();
                plant.transient = None;
                plant.beside_w = plant.heat_w + own_w;
            }
            // What was taken at once has come from the weather or gone there at once.
            if plant.books.started {
                let jump_j = plant.masses.stored_j(&plant.now.now_c, &held_c);
                plant.books.rejected_j.add(-jump_j);
            } else {
                plant.books.started = true;
                plant.books.start_c.clone_from(&held_c);
            }
            plant.state.supply_c = held_c[0];
            plant.held_c = held_c;
            if let Some(seconds) = look_again_s(plant, &self.exchangers) {
                let nanos = (seconds.max(SOONEST_S) * 1e9).ceil() as u64;
                let at = now + Span::from_nanos(nanos);
                let ticket = self.agenda.schedule(at, Class::Plant, Event::Heat(index));
                plant.next = Some((at, ticket));
            }
        }
        self.changed.touched.reuse(loops);
    }

    /// Lets a rack that heat has tripped back, if what cools it is cool again; else waits as
    /// long again.
    pub(super) fn heat_restart(&mut self, now: Time, index: u32) {
        let rack = &mut self.racks[index as usize];
        let cool = rack.sides.iter().enumerate().all(|(number, side)| {
            let Some(side) = side else { return true };
            let plant = &self.exchangers[side.exchanger as usize];
            let mine =
                |group: &&Group| (group.hall, usize::from(group.side)) == (rack.hall, number);
            let group = plant.groups.iter().find(mine).expect("a rack is in a group");
            plant.flowing && group.limiting_c <= group.limits.restart_c
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

/// Whether the loop may take on at once the state that it would settle at.
fn near_rest(plant: &LoopPlant, exchangers: &[ExchangerPlant]) -> bool {
    let Instant { now_c, rest_c, out_of_balance, .. } = &plant.now;
    if *out_of_balance || rest_c.iter().any(|c| !c.is_finite()) {
        return false;
    }
    let was_moving = plant.transient.is_some();
    let at_once_k = if was_moving { 2.0 * NEAR_K } else { AT_ONCE_K };
    let near = |node: usize, k: f64| (now_c[node] - rest_c[node]).abs() <= k;
    if !plant.airy && !near(0, at_once_k) {
        return false;
    }
    plant.exchangers.iter().enumerate().all(|(place, &exchanger)| {
        let (stream, first) = plant.masses.nodes_of(place);
        let liquid = stream != 0 && plant.masses.branches()[place].stream_j_k > Some(0.0);
        let groups = &exchangers[exchanger as usize].groups;
        (!liquid || near(stream, at_once_k))
            && groups.iter().zip(first..).all(|(group, node)| {
                let node = if group.by_chips { node } else { stream };
                let warmest_c = now_c[node].max(rest_c[node]);
                let stride_k = if was_moving { 0.5 } else { 1.0 } * group.stride_k();
                let cool = warmest_c <= group.limits.throttle_c;
                cool || (near(node, stride_k) && rest_c[node] < group.limits.trip_c)
            })
    })
}

/// Where the valve of an exchanger stands.
enum Valve {
    Open,
    Shut,
    /// Where it has to, at every moment, for its stream to stay at this temperature.
    Holds(f64),
}

/// The valve of the exchanger at `place`: open while its stream is too warm or it can not pass
/// what heat comes, shut while it is too cold.
fn valve(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> Valve {
    let (stream, first) = plant.masses.nodes_of(place);
    let Some(design) = exchanger.design.filter(|_| stream != 0) else { return Valve::Open };
    let (now_c, least_c) = (&plant.now.now_c, design.least_supply_c);
    if now_c[stream] > least_c + HELD_K {
        return Valve::Open;
    }
    if now_c[stream] < least_c - HELD_K {
        return Valve::Shut;
    }
    let parts = plant.masses.branches()[place].parts.iter();
    let from_parts_w: f64 = parts
        .zip(&exchanger.groups)
        .zip(first..)
        .map(|((part, group), node)| {
            let own_w = if part.chips { 0.0 } else { group.heat_w };
            own_w + part.conductance_at(exchanger.flow) * (now_c[node] - least_c)
        })
        .sum();
    let comes_w = exchanger.movers.draw_w + from_parts_w;
    if comes_w > exchanger.conductance_w_k * (least_c - now_c[0]) {
        Valve::Open
    } else if comes_w < 0.0 {
        Valve::Shut
    } else {
        Valve::Holds(least_c)
    }
}

/// What moves heat on the loop from now on; `own_w` is the draw of its pumps and chillers.
fn conditions(
    plant: &LoopPlant,
    exchangers: &[ExchangerPlant],
    rejection: Rejection,
    own_w: f64,
) -> Conditions {
    let branches = plant.exchangers.iter().enumerate().map(|(place, &index)| {
        let exchanger = &exchangers[index as usize];
        let mover_w = exchanger.movers.draw_w;
        let (conductance_w_k, held_c) = match valve(plant, exchanger, place) {
            Valve::Open => (exchanger.conductance_w_k, None),
            Valve::Shut => (0.0, None),
            Valve::Holds(stream_c) => (0.0, Some(stream_c)),
        };
        BranchConditions {
            conductance_w_k,
            held_c,
            flow: exchanger.flow,
            mover_w,
            parts_w: exchanger.groups.iter().map(|group| group.heat_w).collect(),
        }
    });
    let loop_w = if plant.now.rejecting { 0.0 } else { own_w };
    Conditions { rejection, loop_w, branches: branches.collect() }
}

/// When a loop out of balance must be looked at again, in seconds from now.
fn look_again_s(plant: &LoopPlant, exchangers: &[ExchangerPlant]) -> Option<f64> {
    let transient = plant.transient.as_ref()?;
    let held_c = &plant.held_c;
    let mut soonest: Option<f64> = None;
    let mut watch = |node: usize, threshold_c: f64, crossing: Crossing| {
        if let Some(t) = transient.crossing_s(node, threshold_c, crossing) {
            soonest = Some(soonest.map_or(t, |soonest| soonest.min(t)));
        }
    };
    let mut stride = |node: usize, down_k: f64, up_k: f64| {
        watch(node, held_c[node] - down_k, Crossing::Falling);
        watch(node, held_c[node] + up_k, Crossing::Rising);
    };
    // The setpoint regained, from above or from below.
    let (rest_c, set_c) = (plant.now.rest_c[0], plant.model.setpoint_c());
    let to_rest_k = if held_c[0] > set_c { rest_c.max(set_c) } else { rest_c } - held_c[0];
    let regains = plant.now.rejecting && !plant.now.saturated && to_rest_k.abs() > HELD_K;
    let (down_k, up_k) = match regains {
        true if to_rest_k > 0.0 => (STRIDE_K, to_rest_k.min(STRIDE_K)),
        true => ((-to_rest_k).min(STRIDE_K), STRIDE_K),
        false => (STRIDE_K, STRIDE_K),
    };
    stride(0, down_k, up_k);
    for (place, &index) in plant.exchangers.iter().enumerate() {
        let (stream, first) = plant.masses.nodes_of(place);
        if stream != 0 {
            stride(stream, STRIDE_K, STRIDE_K);
        }
        let exchanger = &exchangers[index as usize];
        if let Some(design) = exchanger.design.filter(|_| stream != 0) {
            // Its valve begins to hold, or is open and can no longer.
            let (now_c, least_c) = (held_c[stream], design.least_supply_c);
            if now_c > least_c + HELD_K {
                stride(stream, now_c - least_c, f64::INFINITY);
            } else if now_c < least_c - HELD_K {
                stride(stream, f64::INFINITY, least_c - now_c);
            } else if exchanger.conductance_w_k > 0.0 {
                let total_w = exchanger.heat_w + exchanger.movers.draw_w;
                let limit_c = least_c - total_w / exchanger.conductance_w_k;
                stride(0, f64::INFINITY, limit_c - held_c[0]);
            }
        }
        for (group, node) in exchangers[index as usize].groups.iter().zip(first..) {
            let node = if group.by_chips { node } else { stream };
            let (limits, now_c) = (&group.limits, held_c[node]);
            if group.heat_w == 0.0 || now_c >= limits.trip_c - SAME_K {
                // Nothing of it runs.
            } else if now_c < limits.throttle_c - SAME_K {
                stride(node, f64::INFINITY, limits.throttle_c - now_c);
            } else {
                let step_k = group.stride_k();
                stride(node, step_k, step_k.min(limits.trip_c - now_c));
            }
        }
    }
    soonest.or_else(|| transient.near_rest_s(NEAR_K))
}

/// The agenda as cooling machines use it.
pub(super) type SiteAgenda = Agenda<Event>;
