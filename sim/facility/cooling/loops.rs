//! A cooling loop while the site runs: its machines, its masses and its heat book.

use std::cell::Cell;

use super::chillers::Operator;
use super::exchangers::{ExchangerPlant, Group, air_of_hall_j_k, groups_of, part};
use super::hunt::Hunt;
use super::machines::Machines;
use crate::facility::condition::Condition;
use crate::facility::design::{Design, ExchangerSite, LoopSite};
use crate::fluids::MoistAir;
use crate::kernel::{Alarm, Span, Time};
use crate::measure::Sum;
use crate::plant::cooling::{
    Branch, Capacities, CondenserRejection, CoolingLoop, Drive, HELD_K, LoopState, Masses, Moment,
    PerMachine, Pool, Rejection, Transient, Work,
};
use crate::plant::power::Network;

/// A cooling loop while the site runs.
#[derive(Debug)]
pub(in crate::facility) struct LoopPlant {
    pub(in crate::facility) model: CoolingLoop,
    pub(in crate::facility) machines: PerMachine<Machines>,
    pub(in crate::facility) exchangers: Vec<u32>,
    /// Places of exchangers whose heat goes to the air of a hall, and of the air handlers of these halls.
    pub(super) in_halls: Vec<(usize, usize)>,
    /// Heat that racks and exchangers give it, W.
    pub(in crate::facility) heat_w: f64,
    /// Heat of its racks and exchangers that outdoor air takes before, W: all of it, and by
    /// exchanger.
    pub(super) outside_w: f64,
    pub(super) outdoors_w: Vec<f64>,
    /// How it works, with the temperatures that its masses have.
    pub(in crate::facility) state: LoopState,
    pub(in crate::facility) operator: Operator,
    /// Whether what evaporates water has any.
    pub(super) wet: bool,
    /// Speed at which the fans turn while their control has failed.
    pub(super) fan_fault: Fault,
    /// Whether it has chillers, which somebody operates.
    pub(super) chilled: bool,
    /// Whether air and not water is its coolant: its own mass is next to nothing.
    pub(super) airy: bool,
    pub(super) masses: Masses,
    /// Temperatures of the masses at `since`, and what becomes of them where the loop is out of
    /// balance.
    pub(super) held_c: Vec<f64>,
    pub(super) since: Time,
    pub(super) transient: Option<Transient>,
    pub(super) hunt: Hunt,
    /// Heat that goes to the weather beside what the transient knows of, W.
    pub(super) beside_w: f64,
    /// Heat of motors that goes into its coolant, into its condenser water, and that warms the
    /// room, W.
    pub(super) coolant_w: f64,
    pub(super) condenser_w: f64,
    pub(super) room_w: f64,
    /// When to look again.
    pub(super) next: Alarm,
    solved: Solved,
    /// What was found last of the time since it was reached, in seconds: an instant asks several times.
    flowed: Cell<(f64, Amounts)>,
    pub(super) now: Instant,
    pub(in crate::facility) books: HeatBooks,
}

/// Answers that were found before: while power and heat settle the same is asked again and again,
/// and where racks and weather stay as they are, from one instant to the next.
#[derive(Debug, Default)]
struct Solved {
    /// The air of all of them.
    air: Option<MoistAir>,
    /// By heat and drive: where the loop settles, in any instant.
    states: Vec<(f64, Drive, LoopState)>,
    /// By heat of its racks, heat that comes, and drive: how it works out of balance, in this instant.
    works: Vec<((f64, f64), Drive, Work)>,
}

impl Solved {
    /// So many are kept.
    const MOST: usize = 4;
}

/// What is found while an instant settles.
#[derive(Debug)]
pub(super) struct Instant {
    /// Whether the instant has been reached.
    pub(super) reached: bool,
    /// Temperatures of the masses.
    pub(super) now_c: Vec<f64>,
    /// Temperatures at which they would settle; not finite where nothing carries the heat off.
    pub(super) rest_c: Vec<f64>,
    pub(super) out_of_balance: bool,
    /// Whether it was taken for out of balance in this pass.
    pub(super) moving: bool,
    pub(super) drive: Drive,
    /// How it works, and the law by which heat leaves it while it is out of balance.
    pub(super) work: Work,
    capacities: Capacities,
    /// Whether the device is at its limit where the loop settles.
    pub(super) saturated: bool,
    /// Flow of the loop, as a share of design; zero where it stands.
    pub(super) flow: f64,
    /// Whether anything carries the heat of racks off.
    pub(super) rejecting: bool,
}

/// A control that has failed, for as many reasons as it has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fault {
    reasons: u32,
    /// Where it stands since the first of them.
    pub(super) at: Option<f64>,
}

impl Fault {
    /// One reason more, which leaves it at `position` if it is the first; or one fewer.
    pub(super) fn set(&mut self, position: Option<f64>) {
        match position {
            Some(position) => {
                self.reasons += 1;
                self.at.get_or_insert(position);
            }
            None => {
                self.reasons -= 1;
                self.at = self.at.filter(|_| self.reasons > 0);
            }
        }
    }
}

/// What has become of the heat of a loop since the start, up to the instant that it was reached.
#[derive(Debug, Default)]
pub(in crate::facility) struct HeatBooks {
    pub(super) started: bool,
    pub(super) start_c: Vec<f64>,
    /// Given to the weather by its device, J: what of it without spending water, and what of the
    /// racks' and pumps' past chillers.
    pub(in crate::facility) rejected_j: Sum,
    dry_j: Sum,
    economiser_j: Sum,
    /// Lifted by chillers into condenser water or taken by a trim, of that what went to a bought main,
    /// and put into the coolant by motors, J.
    lifted_j: Sum,
    pub(in crate::facility) bought_j: Sum,
    pub(in crate::facility) pumped_j: Sum,
    /// Water that evaporated for it, kg, and what of its heat warmed air and vapour beside the heat
    /// of evaporation at 0 degC, J.
    evaporated_kg: Sum,
    pub(in crate::facility) air_j: Sum,
    /// Gone with the outdoor air of each hall behind it, J.
    outdoors_j: Vec<Sum>,
    /// Boiled away, J.
    pub(in crate::facility) boiled_j: Sum,
    /// Given by motors to the room, J.
    pub(in crate::facility) room_j: Sum,
    /// Taken from the masses by the weather at once, as the loop took on another state, J: from
    /// all of them, and from its condenser water.
    pub(in crate::facility) at_once_j: Sum,
    pub(super) condenser_at_once_j: Sum,
    /// Given by racks and exchangers, but for what has gone with outdoor air, J.
    heat_j: Sum,
    /// Temperatures times seconds.
    supply_ks: Sum,
    return_ks: Sum,
    device_ks: Sum,
}

impl HeatBooks {
    /// Amounts up to the instant that the loop was reached.
    pub(in crate::facility) fn amounts(&self) -> Amounts {
        Amounts {
            heat_j: self.heat_j.value(),
            rejected_j: self.rejected_j.value(),
            dry_j: self.dry_j.value(),
            economiser_j: self.economiser_j.value(),
            lifted_j: self.lifted_j.value(),
            bought_j: self.bought_j.value(),
            evaporated_kg: self.evaporated_kg.value(),
            air_j: self.air_j.value(),
            supply_ks: self.supply_ks.value(),
            return_ks: self.return_ks.value(),
            device_ks: self.device_ks.value(),
        }
    }

    /// Taken from the coolant and what hangs on it by the weather at once, J.
    pub(in crate::facility) fn coolant_at_once_j(&self) -> f64 {
        self.at_once_j.value() - self.condenser_at_once_j.value()
    }

    /// Gone with the outdoor air of halls, J.
    pub(in crate::facility) fn outdoors_j(&self) -> f64 {
        self.outdoors_j.iter().map(Sum::value).sum()
    }
}

/// Amounts since the start, up to an instant.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct Amounts {
    /// J.
    pub(in crate::facility) heat_j: f64,
    pub(in crate::facility) rejected_j: f64,
    pub(in crate::facility) dry_j: f64,
    pub(in crate::facility) economiser_j: f64,
    pub(in crate::facility) lifted_j: f64,
    pub(in crate::facility) bought_j: f64,
    /// Of the heat for which water evaporated: what warmed air and vapour.
    pub(in crate::facility) air_j: f64,
    /// kg.
    pub(in crate::facility) evaporated_kg: f64,
    /// Temperatures times seconds.
    pub(in crate::facility) supply_ks: f64,
    pub(in crate::facility) return_ks: f64,
    pub(in crate::facility) device_ks: f64,
}

impl LoopPlant {
    /// What its machines and its water are doing: the worst of them.
    pub(in crate::facility) fn condition(&self, power: &Network) -> Condition {
        let PerMachine { fans, pumps, chillers } =
            self.machines.each_ref().map(|machines| machines.condition(power));
        let dry = !self.wet && self.model.design().evaporates();
        let water = if dry { Condition::Dry } else { Condition::Ok };
        fans.max(pumps).max(chillers).max(water)
    }

    /// The loop without heat, in `air`.
    pub(in crate::facility) fn new(index: usize, design: &Design, air: &MoistAir) -> Self {
        let site: &LoopSite = &design.loops[index];
        let model = CoolingLoop::new(&site.design);
        let state = model.solve(0.0, air, Drive::FULL);
        let of_loop = |site: &&ExchangerSite| site.cooled_by == index;
        let mut exchangers: Vec<u32> = (0..design.exchangers.len() as u32)
            .filter(|&x| of_loop(&&design.exchangers[x as usize]))
            .collect();
        // Heat goes from those behind others to these.
        exchangers.sort_by_key(|&x| design.exchangers[x as usize].behind.is_none());
        let place_of = |other: usize| exchangers.iter().position(|&x| x as usize == other);
        let in_halls: Vec<(usize, usize)> = exchangers
            .iter()
            .enumerate()
            .filter_map(|(place, &x)| {
                let other = design.exchangers[x as usize].behind?;
                Some((place, place_of(other).expect("an air handler is on the same loop")))
            })
            .collect();
        let airy = site.design.is_ventilation();
        let branches = exchangers.iter().enumerate().map(|(place, &x)| {
            let site = &design.exchangers[x as usize];
            let groups = groups_of(x as usize, design);
            let of_group = |group: &Group| {
                part(&design.halls[group.hall as usize], group, groups.len(), model.design(), site)
            };
            let stream_j_k = match &site.design {
                Some(exchanger) => {
                    let heated = in_halls.iter().any(|&(_, hall)| hall == place);
                    // The racks of units in its hall stand in its air.
                    let bare = heated && groups.is_empty();
                    let air_j_k = if bare { air_of_hall_j_k(exchanger) } else { 0.0 };
                    Some(exchanger.mass_j_k + air_j_k)
                }
                // Where no racks hang on the loop itself, nothing is behind its approach.
                None if groups.is_empty() => None,
                None => model.behind_approach_j_k(),
            };
            let behind = site.behind.and_then(place_of);
            Branch { stream_j_k, behind, parts: groups.iter().map(of_group).collect() }
        });
        let condenser_j_k = model.condenser_j_k();
        let masses = Masses::new(site.operation.coolant_j_k, condenser_j_k, branches.collect());
        let mut held_c = vec![state.supply_c; masses.len()];
        if let Some(node) = masses.condenser() {
            held_c[node] = state.device_c;
        }
        let outdoors_j = vec![Sum::ZERO; masses.branches().len()];
        let books = HeatBooks { outdoors_j, ..HeatBooks::default() };
        let (restart, standby, units) =
            (site.operation.restart, site.operation.standby, model.units());
        let pools = PerMachine {
            fans: Pool::new(units.fans, standby.fans, restart.fans),
            pumps: Pool::new(units.pumps, standby.pumps, restart.pumps),
            // Which chillers run, and how long they take, is their operator's business.
            chillers: Pool::new(0, 0, Span::ZERO),
        };
        Self {
            machines: PerMachine {
                fans: Machines::new(site.fans, model.max_fan_w(), pools.fans, restart.fans),
                pumps: Machines::new(site.pumps, model.max_pump_w(), pools.pumps, restart.pumps),
                chillers: Machines::new(
                    site.chillers,
                    model.max_chiller_w(),
                    pools.chillers,
                    restart.chillers,
                ),
            },
            state,
            model,
            exchangers,
            in_halls,
            heat_w: 0.0,
            outside_w: 0.0,
            outdoors_w: vec![0.0; masses.branches().len()],
            operator: Operator::default(),
            wet: true,
            fan_fault: Fault::default(),
            chilled: units.chillers > 0,
            airy,
            now: Instant {
                reached: false,
                now_c: held_c.clone(),
                rest_c: held_c.clone(),
                out_of_balance: false,
                moving: false,
                drive: Drive::FULL,
                work: Work { state, rejection: Rejection::Off, condenser: None },
                capacities: Capacities::default(),
                saturated: false,
                flow: 1.0,
                rejecting: true,
            },
            masses,
            held_c,
            since: Time::ZERO,
            transient: None,
            hunt: Hunt::default(),
            beside_w: 0.0,
            coolant_w: 0.0,
            condenser_w: 0.0,
            room_w: 0.0,
            next: Alarm::default(),
            solved: Solved::default(),
            flowed: Cell::default(),
            books,
        }
    }

    /// The warmest of what enters racks behind the loop, degrees Celsius.
    pub(in crate::facility) fn inlet_c(&self, exchangers: &[ExchangerPlant]) -> f64 {
        let served = self.exchangers.iter().map(|&index| &exchangers[index as usize]);
        let inlets = served.filter(|plant| !plant.groups.is_empty()).map(|plant| plant.inlet_c);
        let warmest = inlets.fold(f64::NEG_INFINITY, f64::max);
        if warmest.is_finite() { warmest } else { self.state.supply_c }
    }

    /// Heat that the masses hold beyond what they held at the start, J.
    pub(in crate::facility) fn stored_j(&self) -> f64 {
        self.masses.stored_j(&self.books.start_c, &self.held_c)
    }

    /// The same without its condenser water.
    pub(in crate::facility) fn coolant_stored_j(&self) -> f64 {
        self.stored_j() - self.condenser_stored_j(&self.books.start_c, &self.held_c)
    }

    /// Heat that separates two states of its condenser water, where there is any, J.
    pub(super) fn condenser_stored_j(&self, from_c: &[f64], to_c: &[f64]) -> f64 {
        let of = |node: usize| self.masses.capacity_j_k(node) * (to_c[node] - from_c[node]);
        self.masses.condenser().map_or(0.0, of)
    }

    /// Brings the masses to `now`, and books the heat since the last instant.
    pub(super) fn reach(&mut self, now: Time) {
        self.now.reached = true;
        let elapsed_s = (now - self.since).as_secs_f64();
        let amounts = self.since_reached(elapsed_s);
        for branch in 0..self.masses.branches().len() {
            let outdoors_j = self.outdoors_since(branch, elapsed_s);
            self.books.outdoors_j[branch].add(outdoors_j);
        }
        let books = &mut self.books;
        for (sum, amount) in [
            (&mut books.heat_j, amounts.heat_j),
            (&mut books.rejected_j, amounts.rejected_j),
            (&mut books.dry_j, amounts.dry_j),
            (&mut books.economiser_j, amounts.economiser_j),
            (&mut books.lifted_j, amounts.lifted_j),
            (&mut books.bought_j, amounts.bought_j),
            (&mut books.pumped_j, self.coolant_w * elapsed_s),
            (&mut books.evaporated_kg, amounts.evaporated_kg),
            (&mut books.air_j, amounts.air_j),
            (&mut books.supply_ks, amounts.supply_ks),
            (&mut books.return_ks, amounts.return_ks),
            (&mut books.device_ks, amounts.device_ks),
            (&mut books.room_j, self.room_w * elapsed_s),
        ] {
            sum.add(amount);
        }
        self.now.now_c.clone_from(&self.held_c);
        if let Some(transient) = &self.transient {
            books.boiled_j.add(transient.given(elapsed_s).boiled_j);
            self.now.now_c = transient.at(elapsed_s);
            self.hunt.comes_to(now, &self.now.now_c);
        } else {
            self.hunt.ends();
        }
        self.since = now;
        self.forget_flowed();
        self.now.capacities.clear();
        self.solved.works.clear();
        self.now.out_of_balance = false;
        self.now.moving = self.transient.is_some();
    }

    /// It works otherwise since it was reached.
    pub(super) fn forget_flowed(&mut self) {
        self.flowed = Cell::default();
    }

    /// Amounts since the start, up to `now`, which nothing has reached yet.
    pub(in crate::facility) fn amounts(&self, now: Time) -> Amounts {
        let booked = self.books.amounts();
        let open = self.since_reached((now - self.since).as_secs_f64());
        Amounts {
            heat_j: booked.heat_j + open.heat_j,
            rejected_j: booked.rejected_j + open.rejected_j,
            dry_j: booked.dry_j + open.dry_j,
            economiser_j: booked.economiser_j + open.economiser_j,
            lifted_j: booked.lifted_j + open.lifted_j,
            bought_j: booked.bought_j + open.bought_j,
            evaporated_kg: booked.evaporated_kg + open.evaporated_kg,
            air_j: booked.air_j + open.air_j,
            supply_ks: booked.supply_ks + open.supply_ks,
            return_ks: booked.return_ks + open.return_ks,
            device_ks: booked.device_ks + open.device_ks,
        }
    }

    /// Heat that has gone with the outdoor air of the hall behind `exchanger` up to `now`, J.
    pub(in crate::facility) fn outdoors_j(&self, exchanger: usize, now: Time) -> f64 {
        let branch = self.exchangers.iter().position(|&x| x as usize == exchanger);
        let branch = branch.expect("an exchanger is on its loop");
        let booked_j = self.books.outdoors_j[branch].value();
        booked_j + self.outdoors_since(branch, (now - self.since).as_secs_f64())
    }

    fn outdoors_since(&self, branch: usize, seconds: f64) -> f64 {
        match &self.transient {
            Some(transient) => transient.outdoors_j(branch, seconds),
            None => self.outdoors_w[branch] * seconds,
        }
    }

    /// Whether its masses are on their way to where they settle.
    pub(super) fn is_out_of_balance(&self) -> bool {
        self.transient.is_some()
    }

    /// When more than `kg_s` of water begins to evaporate with the heat of a loop out of balance, or
    /// where more does, no longer does, in seconds since it was reached.
    pub(super) fn evaporates_more_s(&self, kg_s: f64) -> Option<f64> {
        let transient = self.transient.as_ref()?;
        let LoopState { water, heat_rejected_w, bought_w, .. } = self.state;
        let by_heat = self.model.design().evaporates_by_heat();
        if !by_heat || water.evaporation_kg_s <= 0.0 || heat_rejected_w <= 0.0 {
            return None;
        }
        let rejected_w = kg_s * (heat_rejected_w + bought_w) / water.evaporation_kg_s;
        transient.takes_more_s(rejected_w - self.beside_w)
    }

    /// Whether what flows in it is other than its state says: it is out of balance, or its machines
    /// draw otherwise than they were solved for.
    pub(in crate::facility) fn moves(&self) -> bool {
        let LoopState { heat_rejected_w, bought_w, water, .. } = self.state;
        let leaves_w = heat_rejected_w + bought_w;
        let differs = (self.beside_w - leaves_w).abs() > 1e-12 * leaves_w.abs();
        let spends_none = heat_rejected_w <= 0.0 && water.evaporation_kg_s > 0.0;
        self.transient.is_some() || differs || spends_none
    }

    /// What `seconds` since the loop was reached come to.
    ///
    /// What its device does was found at that instant. While the loop is out of balance the heat
    /// that it takes moves on from there, and all that follows from that heat goes with it.
    fn since_reached(&self, seconds: f64) -> Amounts {
        if seconds == 0.0 {
            return Amounts::default();
        }
        let (of_s, known) = self.flowed.get();
        if of_s == seconds {
            return known;
        }
        let amounts = self.flowing(seconds);
        self.flowed.set((seconds, amounts));
        amounts
    }

    fn flowing(&self, seconds: f64) -> Amounts {
        let state = &self.state;
        let leaves_j = match &self.transient {
            Some(transient) => transient.given(seconds).rejected_j + self.beside_w * seconds,
            None => self.beside_w * seconds,
        };
        // Each by its own part: the difference of the two others would round by what is no part of it.
        let part_j = |w: f64| leaves_j * w / (state.heat_rejected_w + state.bought_w);
        let (rejected_j, bought_j) = match state.bought_w > 0.0 {
            true => (part_j(state.heat_rejected_w), part_j(state.bought_w)),
            false => (leaves_j, 0.0),
        };
        let spends_water =
            state.water.evaporation_kg_s > 0.0 || state.dry_w < state.heat_rejected_w;
        let whole_s =
            if state.heat_rejected_w > 0.0 { rejected_j / state.heat_rejected_w } else { 0.0 };
        let dry_j = if spends_water { state.dry_w * whole_s } else { rejected_j };
        let (mut evaporated_kg, mut air_j) = (state.water.evaporation_kg_s * seconds, 0.0);
        if self.model.design().evaporates_by_heat() {
            evaporated_kg = state.water.evaporation_kg_s * whole_s;
            air_j = state.air_w * whole_s;
            if evaporated_kg <= 0.0 {
                // Water that the air warms: nothing evaporates. What would condense is left out
                // (assumption).
                (evaporated_kg, air_j) = (0.0, rejected_j - dry_j);
            }
        }
        let mean_c = |node: Option<usize>, still_c: f64| match (&self.transient, node) {
            (Some(transient), Some(node)) => transient.mean_c(node, seconds),
            _ => still_c,
        };
        let supply_c = mean_c(Some(0), state.supply_c);
        let device_c = match self.masses.condenser() {
            None => supply_c + (state.device_c - state.supply_c),
            node => mean_c(node, state.device_c),
        };
        let branches = 0..self.masses.branches().len();
        let outdoors_j: f64 = branches.map(|branch| self.outdoors_since(branch, seconds)).sum();
        let (economiser_j, lifted_j) = self.left_chilled_j(leaves_j, seconds);
        Amounts {
            heat_j: (self.heat_w + self.outside_w) * seconds - outdoors_j,
            rejected_j,
            dry_j,
            economiser_j,
            lifted_j,
            bought_j,
            evaporated_kg,
            air_j,
            supply_ks: supply_c * seconds,
            return_ks: (supply_c + (state.return_c - state.supply_c)) * seconds,
            device_ks: device_c * seconds,
        }
    }

    /// Heat that leaves the coolant in `seconds` in which `leaves_j` goes to the weather or a bought
    /// main, J: past the chillers or a trim, and by them. At rest all that comes leaves; out of balance
    /// what has gone and neither motors gave to it behind the coolant nor condenser water had held. The
    /// two keep their parts.
    fn left_chilled_j(&self, leaves_j: f64, seconds: f64) -> (f64, f64) {
        let LoopState { economiser_w, lifted_w, .. } = self.state;
        let node = self.masses.condenser();
        if node.is_none() && self.model.design().trim().is_none() {
            return (0.0, 0.0);
        }
        let left_j = match &self.transient {
            Some(transient) => {
                let held_j = node.map_or(0.0, |node| {
                    let warmed_k = transient.at(seconds)[node] - self.held_c[node];
                    self.masses.capacity_j_k(node) * warmed_k
                });
                leaves_j + held_j - self.condenser_w * seconds
            }
            None => (self.heat_w + self.coolant_w) * seconds,
        };
        if economiser_w + lifted_w == 0.0 {
            return (0.0, left_j);
        }
        let part_j = |w: f64| left_j * w / (economiser_w + lifted_w);
        (part_j(economiser_w), part_j(lifted_w))
    }

    /// The state that it would settle at in `air` with `drive`.
    pub(super) fn at_rest(&mut self, air: &MoistAir, drive: Drive) -> LoopState {
        let solved = &mut self.solved;
        if solved.air != Some(*air) {
            solved.air = Some(*air);
            solved.states.clear();
        }
        let known = solved.states.iter().find(|it| it.0 == self.heat_w && it.1 == drive);
        if let Some((.., state)) = known {
            return *state;
        }
        let state = self.model.solve(self.heat_w, air, drive);
        if solved.states.len() == Solved::MOST {
            solved.states.remove(0);
        }
        solved.states.push((self.heat_w, drive, state));
        state
    }

    /// How the loop works in `air` with `drive`, which would settle at `rest`, while `comes_w` come into
    /// its coolant.
    pub(super) fn work(
        &mut self,
        rest: &LoopState,
        comes_w: f64,
        air: &MoistAir,
        drive: Drive,
    ) -> Work {
        if !self.now.moving {
            return Work { state: *rest, rejection: Rejection::Off, condenser: None };
        }
        let of_w = (self.heat_w, comes_w);
        let known = self.solved.works.iter().find(|it| it.0 == of_w && it.1 == drive);
        if let Some((.., work)) = known {
            return *work;
        }
        let work = self.find_work(rest, comes_w, air, drive);
        if self.solved.works.len() < Solved::MOST {
            self.solved.works.push((of_w, drive, work));
        }
        work
    }

    fn find_work(&self, rest: &LoopState, comes_w: f64, air: &MoistAir, drive: Drive) -> Work {
        let now_c = &self.now.now_c;
        self.model.work(&Moment {
            comes_w,
            supply_c: now_c[0],
            condenser_c: self.masses.condenser().map_or(rest.device_c, |node| now_c[node]),
            heat_w: self.heat_w,
            rest,
            air,
            drive,
            capacities: &self.now.capacities,
        })
    }

    /// Heat of its motors: what chilled-water or loop pumps put into its coolant, what condenser
    /// pumps and compressors put into what cools their condensers, and what warms the room, W.
    pub(super) fn motors_w(&self) -> (f64, f64, f64) {
        let (pump_w, chiller_w) = (self.machines.pumps.draw_w, self.machines.chillers.draw_w);
        let (pump_share, chiller_share) = self.model.heat_shares();
        let state = &self.state;
        let condenser_share =
            if state.pump_w > 0.0 { state.condenser_pump_w / state.pump_w } else { 0.0 };
        let coolant_w = pump_share * (1.0 - condenser_share) * pump_w;
        let condenser_w = pump_share * condenser_share * pump_w + chiller_share * chiller_w;
        (coolant_w, condenser_w, pump_w + chiller_w - coolant_w - condenser_w)
    }

    /// What meets the weather is shut off from it, which brings no heat to what is colder.
    pub(super) fn shut(&mut self) {
        let work = &mut self.now.work;
        match &mut work.condenser {
            Some(condenser) => condenser.rejection = Rejection::Off,
            None => work.rejection = Rejection::Off,
        }
        self.state = self.state.without_weather();
        if self.masses.condenser().is_none() {
            self.state.return_c = self.state.supply_c;
        }
    }

    /// Its coolant is led past what cools it with condenser water, which brings no heat to it.
    pub(super) fn bypass(&mut self) {
        self.now.work.rejection = Rejection::Off;
        self.state.economiser_w = 0.0;
        self.state.lifted_w = 0.0;
    }

    /// Whether its coolant is colder than condenser water that could cool it again without chillers.
    pub(super) fn is_bypassed(&self) -> bool {
        let condenser = self.masses.condenser().filter(|_| self.state.flow > 0.0);
        let colder = |node: usize| self.held_c[0] < self.held_c[node] + HELD_K;
        self.now.work.rejection == Rejection::Off
            && self.model.design().has_modes()
            && condenser.is_some_and(colder)
    }

    /// What becomes of its condenser water, with what its machines really draw.
    pub(super) fn condenser(&self, condenser_w: f64) -> Option<CondenserRejection> {
        let condenser = self.now.work.condenser?;
        Some(CondenserRejection { heat_w: condenser_w, ..condenser })
    }
}
