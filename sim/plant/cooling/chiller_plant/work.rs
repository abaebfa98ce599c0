//! A chiller plant whose chilled and condenser water are not where they settle.

use super::{ChillerPlantDesign, Lifted, Load, Pumped, Question};
use crate::plant::cooling::circuit::Stream;
use crate::plant::cooling::head::Head;
use crate::plant::cooling::inertia::{CondenserRejection, Rejection};
use crate::plant::cooling::root;
use crate::plant::cooling::staging::{FanControl, Operation, Staged};
use crate::plant::cooling::state::{CoolingMode, LoopState};
use crate::plant::cooling::work::{HELD_K, Moment, SECANT_K, Work};

impl ChillerPlantDesign {
    /// How the plant works at a moment: the chillers between the two waters as they are, and the
    /// tower on its own as it is.
    pub(in crate::plant::cooling) fn work(&self, moment: &Moment<'_>) -> Work {
        let Moment { heat_w, air, drive, .. } = *moment;
        let pumping = self.circuit.run(drive.pumps, heat_w / self.design_heat_w);
        let asked_w = heat_w + pumping.power * self.circuit.pump_heat_w();
        match self.question(air, &drive, pumping, asked_w) {
            Ok(question) => question.work(moment),
            Err(state) => {
                let (rejection, held_c) = (Rejection::Off, moment.condenser_c);
                let stands = CondenserRejection { heat_w: 0.0, rejection, held_c };
                Work { state, rejection: Rejection::Off, condenser: Some(stands) }
            }
        }
    }
}

/// How the tower works, with which heat, and what that makes of its water.
struct Cooled {
    tower: Staged,
    heat_w: f64,
    rejection: Rejection,
    held_c: f64,
}

impl Question<'_> {
    fn work(&self, moment: &Moment<'_>) -> Work {
        let (lifted, rejection) = self.lift_at(moment);
        let pumped = self.pumped_for(&lifted);
        let Cooled { tower, heat_w: tower_w, rejection: cooled, held_c } =
            self.cool(moment, &lifted, &pumped);
        let carried_w = lifted.economiser_w + lifted.chilled_w;
        let answer = super::Answer {
            supply_c: moment.supply_c,
            pumped,
            tower,
            tower_w,
            carried_w,
            economiser_w: lifted.economiser_w,
            chiller_w: lifted.chiller_w,
            head: lifted.head,
            flows: true,
        };
        let flowing = self.available > 0.0 || self.economiser_w_k.is_some();
        let saturated =
            rejection != Rejection::Off && !matches!(rejection, Rejection::Regulated(_));
        let condenser = CondenserRejection {
            heat_w: self.condensed_w(&lifted, &pumped) - carried_w,
            rejection: cooled,
            held_c,
        };
        Work {
            state: LoopState { saturated, flowing, ..self.state(&answer) },
            rejection,
            condenser: Some(condenser),
        }
    }

    /// The mode that the plant is in.
    fn mode_at(&self, rest: &LoopState) -> CoolingMode {
        self.mode.unwrap_or(match (rest.economiser_w > 0.0, rest.chiller_w > 0.0) {
            (true, true) => CoolingMode::Partial,
            (true, false) => CoolingMode::Free,
            (false, _) => CoolingMode::Mechanical,
        })
    }

    /// What is lifted between the two waters, and by which law as the chilled water changes.
    fn lift_at(&self, moment: &Moment<'_>) -> (Lifted, Rejection) {
        let set_c = self.plant.setpoint_c;
        let (supply_c, tower_c) = (moment.supply_c, moment.condenser_c);
        let mode = self.mode_at(moment.rest);
        let running = if mode == CoolingMode::Free { 0.0 } else { self.available };
        // Without a chiller that runs, what there is has to do.
        let beside = mode != CoolingMode::Mechanical || running == 0.0;
        let economiser = self.economiser_w_k.filter(|_| beside);
        let lift = |x, load| self.lift(running, (x, tower_c), economiser, load);
        let idle = Lifted {
            economiser_w: 0.0,
            chilled_w: 0.0,
            short_w: self.asked_w,
            chiller_w: 0.0,
            head: Head::Free,
            entering_c: tower_c,
        };
        if (running == 0.0 && economiser.is_none()) || supply_c < set_c - HELD_K {
            return (idle, Rejection::Off);
        }
        let most = lift(supply_c, Load::Most);
        let carried_w = |lifted: &Lifted| lifted.economiser_w + lifted.chilled_w;
        let able_w = carried_w(&most);
        let held = supply_c <= set_c + HELD_K;
        if held && self.asked_w <= able_w {
            let asked = lift(set_c, Load::Asked);
            // A pressure that would let them carry less than more holds nothing back.
            let head = if most.head == Head::Trips { Head::Trips } else { Head::Free };
            return (Lifted { head, ..asked }, Rejection::Regulated(set_c));
        }
        let rejection = if most.head != Head::Free {
            let entering = self.entering(most.entering_c);
            let less_w_k = self.plant.chillers.unloading_w_k(running, entering);
            Rejection::Unloaded { heat_w: able_w, less_w_k, at_c: tower_c }
        } else if let (Some(w_k), true) = (economiser, running == 0.0) {
            Rejection::Linked(self.linked_w_k(w_k))
        } else {
            let rising = held || self.asked_w > able_w;
            let to_c = match rising || supply_c - set_c < 0.05 {
                true => supply_c + SECANT_K,
                false => set_c,
            };
            let w_k = (carried_w(&lift(to_c, Load::Most)) - able_w) / (to_c - supply_c);
            let w_k = w_k.max(1.0);
            Rejection::Limited(w_k, supply_c - able_w / w_k)
        };
        (most, rejection)
    }

    /// What the tower does with the water that it has.
    fn cool(&self, moment: &Moment<'_>, lifted: &Lifted, pumped: &Pumped) -> Cooled {
        let plant = self.plant;
        let tower_c = moment.condenser_c;
        let comes_w = self.condensed_w(lifted, pumped);
        let stream = pumped.stream;
        let forced = match self.fan_speed {
            Some(0.0) => Operation::Free,
            speed if self.fans > 0.0 => {
                Operation::Forced { share: self.fans, speed: speed.unwrap_or(1.0).min(1.0) }
            }
            _ => Operation::Free,
        };
        // Each is a root: found once in an instant.
        let able_w = |c: f64, operation| {
            let asked = (c, stream.kg_s, operation);
            moment.capacities.of_tower(asked, || self.tower_able_w(c, operation, stream))
        };
        let (forced_w, free_w) = (able_w(tower_c, forced), able_w(tower_c, Operation::Free));
        let here_w = |operation| if operation == forced { forced_w } else { free_w };
        // Water squeezed through the few cells with power may be cooled less than by all at rest.
        let squeezed = forced_w < free_w;
        let strongest = match squeezed && self.fan_speed.is_none() {
            true => Operation::Free,
            false => forced,
        };
        let rest_c = moment.rest.device_c;
        let (wanted_c, control) = match self.mode_at(moment.rest) {
            CoolingMode::Mechanical => (self.wanted_c(), plant.fan_control),
            CoolingMode::Partial => (f64::NEG_INFINITY, FanControl::AlwaysOn),
            CoolingMode::Free => {
                let conductance = self.economiser_w_k.unwrap_or(self.chilled_w_k);
                let lift_k = self.asked_w / conductance - self.range_k();
                (plant.setpoint_c - lift_k, plant.fan_control)
            }
        };
        let holds = control != FanControl::AlwaysOn && self.fan_speed.is_none();
        // Where the fans settle they may hold it somewhat below what is wanted.
        let target_c = if rest_c <= wanted_c + HELD_K { rest_c } else { wanted_c };
        let least_c = plant.minimum_basin_c;
        let held_c = match holds {
            true => target_c.max(least_c),
            false => least_c,
        };
        let by = |operation| {
            let heat_w = here_w(operation);
            let step_k = if comes_w > heat_w { SECANT_K } else { -SECANT_K };
            let w_k = ((able_w(tower_c + step_k, operation) - heat_w) / step_k).max(1.0);
            let rejection = Rejection::Limited(w_k, tower_c - heat_w / w_k);
            Cooled { tower: Staged::steady(tower_c, operation), heat_w, rejection, held_c }
        };
        if (tower_c - held_c).abs() <= HELD_K && comes_w <= here_w(strongest) {
            let bypassed = held_c <= least_c + HELD_K;
            if bypassed || comes_w >= free_w {
                let tower = self.tower(comes_w, wanted_c, control, stream);
                let rejection = Rejection::Regulated(held_c);
                return Cooled { tower, heat_w: comes_w, rejection, held_c };
            }
        }
        if tower_c < held_c {
            // The fans rest until it is warm enough; against frost the bypass opens.
            return if tower_c < least_c {
                let tower = Staged::steady(tower_c, Operation::Free);
                Cooled { tower, heat_w: 0.0, rejection: Rejection::Off, held_c }
            } else {
                by(Operation::Free)
            };
        }
        by(strongest)
    }

    /// The most heat that the tower takes from water that leaves it at `c`, W: one bracketed root.
    fn tower_able_w(&self, c: f64, operation: Operation, stream: Stream) -> f64 {
        let tower = &self.plant.tower;
        let excess = |w: f64| tower.leaving_c(&self.sink, w, stream, operation) - c;
        let least = self.sink.wet_bulb_c - c;
        if least >= 0.0 {
            return 0.0;
        }
        let mut most_w = 8.0 * stream.w_k;
        let mut most = excess(most_w);
        for _ in 0..8 {
            if most >= 0.0 {
                return root::bracketed(excess, (0.0, least), (most_w, most), 1e-9 * most_w, 1e-7);
            }
            most_w *= 2.0;
            most = excess(most_w);
        }
        most_w
    }
}
