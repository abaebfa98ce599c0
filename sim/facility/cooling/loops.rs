//! A cooling loop while the site runs: its machines, its masses and its heat book.

use super::chillers::Operator;
use super::exchangers::{ExchangerPlant, Group, groups_of, part};
use super::machines::Machines;
use super::{HELD_K, STRIDE_K};
use crate::facility::design::{Design, ExchangerSite, LoopSite};
use crate::fluids::MoistAir;
use crate::kernel::{Span, Ticket, Time};
use crate::measure::Sum;
use crate::plant::cooling::{
    Branch, CoolingLoop, Drive, LoopState, Masses, PerMachine, Pool, Rejection, Transient,
};

/// A cooling loop while the site runs.
#[derive(Debug)]
pub(in crate::facility) struct LoopPlant {
    pub(in crate::facility) model: CoolingLoop,
    pub(in crate::facility) machines: PerMachine<Machines>,
    pub(in crate::facility) exchangers: Vec<u32>,
    /// Heat that racks and exchangers give it, W.
    pub(in crate::facility) heat_w: f64,
    /// Heat of its racks and exchangers that outdoor air takes before, W.
    pub(super) outside_w: f64,
    /// How it works, with the temperatures that its masses have.
    pub(in crate::facility) state: LoopState,
    pub(in crate::facility) operator: Operator,
    /// Whether what evaporates water has any.
    pub(super) wet: bool,
    /// Speed at which the fans turn while their control has failed.
    pub(super) fan_fault: Fault,
    /// Whether air and not water is its coolant: its own mass is next to nothing.
    pub(super) airy: bool,
    pub(super) masses: Masses,
    /// Temperatures of the masses at `since`, and what becomes of them where the loop is out of
    /// balance.
    pub(super) held_c: Vec<f64>,
    pub(super) since: Time,
    pub(super) transient: Option<Transient>,
    /// Heat that goes to the weather beside what the transient knows of, W.
    pub(super) beside_w: f64,
    /// When to look again.
    pub(super) next: Option<(Time, Ticket)>,
    pub(super) now: Instant,
    pub(super) books: HeatBooks,
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
    /// Heat that the machines carry at their most while they bring the supply back, W.
    pub(super) pulling_w: Option<f64>,
    pub(super) drive: Drive,
    /// Whether the device is at its limit.
    pub(super) saturated: bool,
    /// Flow of the loop, as a share of design; zero where it stands.
    pub(super) flow: f64,
    /// Whether the weather takes heat.
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

/// Heat of a loop since the start.
#[derive(Debug, Default)]
pub(super) struct HeatBooks {
    pub(super) started: bool,
    pub(super) start_c: Vec<f64>,
    /// Given to the weather, J.
    pub(super) rejected_j: Sum,
}

impl LoopPlant {
    /// The loop without heat, in `air`.
    pub(in crate::facility) fn new(index: usize, design: &Design, air: &MoistAir) -> Self {
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
            let of_group = |group: &Group| {
                part(&design.halls[group.hall as usize], group, groups.len(), airy, site)
            };
            let stream_j_k = match &site.design {
                Some(exchanger) => Some(exchanger.mass_j_k),
                // Where no racks hang on the loop itself, nothing is behind its approach.
                None if groups.is_empty() => None,
                None => model.behind_approach_j_k(),
            };
            Branch { stream_j_k, parts: groups.iter().map(of_group).collect() }
        });
        let masses = Masses::new(site.operation.coolant_j_k, branches.collect());
        let held_c = vec![state.supply_c; masses.len()];
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
            heat_w: 0.0,
            outside_w: 0.0,
            operator: Operator::default(),
            wet: true,
            fan_fault: Fault::default(),
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
    pub(in crate::facility) fn inlet_c(&self, exchangers: &[ExchangerPlant]) -> f64 {
        let served = self.exchangers.iter().map(|&index| &exchangers[index as usize]);
        let inlets = served.filter(|plant| !plant.groups.is_empty()).map(|plant| plant.inlet_c);
        let warmest = inlets.fold(f64::NEG_INFINITY, f64::max);
        if warmest.is_finite() { warmest } else { self.state.supply_c }
    }

    /// Heat given to the weather since the start, J.
    pub(in crate::facility) fn rejected_j(&self) -> f64 {
        self.books.rejected_j.value()
    }

    /// Heat that the masses hold beyond what they held at the start, J.
    pub(in crate::facility) fn stored_j(&self) -> f64 {
        self.masses.stored_j(&self.books.start_c, &self.held_c)
    }

    /// Brings the masses to `now`, and books the heat since the last instant.
    pub(super) fn reach(&mut self, now: Time) {
        self.now.reached = true;
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
    pub(super) fn at_work(&mut self, rest: LoopState, air: &MoistAir, drive: Drive) -> LoopState {
        let supply_c = self.now.now_c[0];
        let wanted_c = self.model.setpoint_c().max(rest.supply_c);
        let returning = self.transient.is_some() && !self.airy && supply_c > wanted_c + HELD_K;
        if !returning || rest.saturated || !rest.flowing || drive.fan_speed.is_some() {
            return rest;
        }
        let at_most = Drive { may_evaporate: drive.may_evaporate, ..Drive::FULL };
        let midway_c = 0.5 * (supply_c + wanted_c);
        let pulling_w = *self
            .now
            .pulling_w
            .get_or_insert_with(|| self.model.capacity_w(midway_c, air, at_most));
        self.model.solve(pulling_w.max(self.heat_w), air, drive)
    }

    /// What the weather takes from the masses.
    pub(super) fn rejection(&self, air: &MoistAir) -> Rejection {
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
