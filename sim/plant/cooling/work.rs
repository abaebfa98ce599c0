//! How a loop works while its masses are not where they settle.
//!
//! [`CoolingLoop::solve`] asks at which temperatures a loop settles with its heat. Here the
//! temperatures are given, and what its machines do at them is asked: one state, from which
//! everything that is told of the moment comes, and the law by which heat leaves the masses until
//! the loop is looked at again.

use std::cell::RefCell;

use super::inertia::{CondenserRejection, Rejection};
use super::loops::{CoolingLoop, LoopDesign};
use super::staging::Operation;
use super::state::{Drive, LoopState};
use crate::fluids::MoistAir;

/// A temperature this near to the one that is held is held, K.
pub const HELD_K: f64 = 1e-3;
/// What machines at their limit carry is taken as linear over this, K.
pub(super) const SECANT_K: f64 = 1.0;

/// What one loop carries away at its most in the same air, at some temperatures of its supply, as found
/// before: an instant asks again and again while power and heat settle. Neither loop nor air is part of
/// the key.
#[derive(Debug, Clone, Default)]
pub struct Capacities {
    known: RefCell<Vec<(f64, Drive, f64)>>,
    /// The same of a tower: at a temperature of its water, with a flow of it in kg/s.
    towers: RefCell<Vec<(f64, f64, Operation, f64)>>,
}

impl Capacities {
    /// Another instant begins.
    pub fn clear(&mut self) {
        self.known.get_mut().clear();
        self.towers.get_mut().clear();
    }

    /// What a tower takes from `kg_s` of water that leave it at `c`, W, which `find` finds.
    pub(super) fn of_tower(
        &self,
        (c, kg_s, operation): (f64, f64, Operation),
        find: impl FnOnce() -> f64,
    ) -> f64 {
        let mut towers = self.towers.borrow_mut();
        let known = towers.iter().find(|known| (known.0, known.1, known.2) == (c, kg_s, operation));
        if let Some((.., able_w)) = known {
            return *able_w;
        }
        let able_w = find();
        towers.push((c, kg_s, operation, able_w));
        able_w
    }

    fn of(&self, plant: &CoolingLoop, supply_c: f64, air: &MoistAir, drive: Drive) -> f64 {
        let mut known = self.known.borrow_mut();
        let found = known.iter().find(|(c, with, _)| *c == supply_c && *with == drive);
        if let Some((.., capacity_w)) = found {
            return *capacity_w;
        }
        let capacity_w = plant.capacity_w(supply_c, air, drive);
        known.push((supply_c, drive, capacity_w));
        capacity_w
    }
}

/// What a loop out of balance is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Temperature of its coolant, degrees Celsius.
    pub supply_c: f64,
    /// Temperature of its condenser water, degrees Celsius, where there is any.
    pub condenser_c: f64,
    /// Heat that its racks give, W: what the coolant gets once all behind it has settled.
    pub heat_w: f64,
    /// Heat that comes into its coolant now, W.
    pub comes_w: f64,
    /// The state that it would settle at.
    pub rest: &'a LoopState,
    /// The air outside.
    pub air: &'a MoistAir,
    /// What can run.
    pub drive: Drive,
    /// What it carries, as far as it has been asked.
    pub capacities: &'a Capacities,
}

/// How a loop works at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// Its machines, temperatures, heat and water.
    pub state: LoopState,
    /// What leaves its coolant: into its condenser water where there is any, else to the weather.
    pub rejection: Rejection,
    /// What becomes of its condenser water.
    pub condenser: Option<CondenserRejection>,
}

impl CoolingLoop {
    /// How the loop works at a moment. A few bracketed roots, some 50 microseconds at most.
    pub fn work(&self, moment: &Moment<'_>) -> Work {
        let Work { state, rejection, condenser } = match self.design() {
            LoopDesign::ChillerPlant(plant) => plant.work(moment),
            _ => self.work_alone(moment),
        };
        // Temperatures are those of the masses; what the racks give sets them apart.
        let supply_c = moment.supply_c;
        let return_c = match self.design() {
            LoopDesign::Ventilation(_) => state.return_c,
            _ => self.returns_c(supply_c, self.range_k(moment.heat_w, &state)),
        };
        let device_c = match self.design() {
            LoopDesign::ChillerPlant(_) => moment.condenser_c,
            LoopDesign::Ventilation(_) => state.device_c,
            design if design.trim().is_some() => {
                self.returns_c(supply_c, state.device_c - state.supply_c)
            }
            _ => supply_c,
        };
        let rack_inlet_c = self.inlet_c(supply_c, moment.heat_w, state.flow);
        let state = LoopState { supply_c, return_c, rack_inlet_c, device_c, ..state };
        Work { state, rejection, condenser }
    }

    /// Of a loop whose device meets the weather itself.
    fn work_alone(&self, moment: &Moment<'_>) -> Work {
        let Moment { supply_c, heat_w, comes_w, rest, air, drive, capacities, .. } = *moment;
        let work = |state, rejection| Work { state, rejection, condenser: None };
        if !rest.flowing {
            return work(*rest, Rejection::Off);
        }
        let (rest_c, wanted_c) = (rest.supply_c, self.setpoint_c());
        let floats = self.floats(rest, &drive);
        // More than it carries is given, but less may come: a hall without its fans keeps its heat until
        // it boils.
        let comes_short = rest.saturated
            && !floats
            && supply_c <= wanted_c + HELD_K
            && comes_w <= capacities.of(self, wanted_c, air, drive);
        let saturated = floats || (rest.saturated && !comes_short);
        if !saturated && (supply_c - rest_c).abs() <= HELD_K {
            return work(*rest, Rejection::Regulated(rest_c));
        }
        // Brought down to what is wanted, on the way to a rest below it, while warm masses still bring
        // more than its machines carry at rest: they hold it until these do not. Without this they
        // would turn on and off for as long as that takes.
        let falls = comes_short || (!saturated && rest_c < wanted_c - HELD_K);
        if falls && (supply_c - wanted_c).abs() <= HELD_K {
            let resting = Drive { fans: 0.0, chillers: 0.0, ..drive };
            if comes_w > capacities.of(self, wanted_c, air, resting) {
                let state = self.solve(comes_w, air, drive);
                if state.flowing && !state.saturated {
                    return work(state, Rejection::Regulated(wanted_c));
                }
            }
        }
        if !saturated && supply_c < rest_c.max(wanted_c) + HELD_K {
            // Colder than wanted: the machines rest until it is not, and what they carry at rest
            // goes with the temperature.
            let drive = Drive { fans: 0.0, chillers: 0.0, ..drive };
            let carried_w = |c| capacities.of(self, c, air, drive);
            let now_w = carried_w(supply_c);
            let state = self.solve(now_w, air, drive);
            if !state.flowing {
                return work(state, Rejection::Off);
            }
            let steep_w_k = || ((carried_w(supply_c + SECANT_K) - now_w) / SECANT_K).max(1.0);
            // To where it floats below what is wanted, from what is carried now: less than all heat
            // may come, and nothing then carries it off below the air.
            let (w_k, sink_c) = match rest_c < wanted_c - HELD_K {
                true if (supply_c - rest_c).abs() > 0.05 => {
                    let w_k = ((now_w - heat_w) / (supply_c - rest_c)).max(1.0);
                    (w_k, supply_c - now_w / w_k)
                }
                true => {
                    let w_k = steep_w_k();
                    (w_k, rest_c - heat_w / w_k)
                }
                false => {
                    let w_k = steep_w_k();
                    (w_k, supply_c - now_w / w_k)
                }
            };
            // The weather brings no heat to what is colder: valves and dampers are shut.
            if supply_c <= sink_c {
                let shut = LoopState { return_c: state.supply_c, ..state.without_weather() };
                return work(shut, Rejection::Off);
            }
            return work(state, Rejection::Limited(w_k, sink_c));
        }
        // At its limit, or bringing the supply back to what is wanted with all it has: along the
        // secant between what it carries now and where that ends.
        let capacity_w = |c| capacities.of(self, c, air, drive);
        let now_w = capacity_w(supply_c);
        let (to_c, to_w) = if saturated {
            (rest_c, heat_w - rest.left_w)
        } else {
            let to_c = rest_c.max(wanted_c);
            (to_c, capacity_w(to_c))
        };
        let (from_c, from_w) = match (supply_c - to_c).abs() > 0.05 {
            true => (supply_c, now_w),
            false => (to_c + SECANT_K, capacity_w(to_c + SECANT_K)),
        };
        let w_k = ((from_w - to_w) / (from_c - to_c)).max(1.0);
        let state = match self.design() {
            LoopDesign::AirCooledChiller(plant) => plant.at_most(supply_c, air, &drive),
            _ => self.solve(now_w, air, drive),
        };
        work(state, Rejection::Limited(w_k, to_c - to_w / w_k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::cooling::{CoolingPart, CoolingSpec};

    /// A dry cooler at its setpoint of 30 degC in air of 10 degC, with so little heat of racks that it
    /// will float below: while warm masses bring more than its coils carry without fans, the fans hold
    /// the setpoint and take just that; once they bring less, the fans rest.
    #[test]
    fn a_setpoint_is_held_while_warm_masses_bring_more_than_fans_at_rest_carry() {
        let spec =
            r#"{"dry-cooler": {"design_heat": "1 MW", "supply": "30 degC", "fed_by": ["a"]}}"#;
        let spec: CoolingSpec = serde_json::from_str(spec).expect("a spec");
        let CoolingPart::Loop(design) = spec.resolve(&mut Vec::new()) else { panic!("a loop") };
        let plant = CoolingLoop::new(&design);
        let air = MoistAir::from_relative_humidity(10.0, 0.5, 101_325.0);
        let heat_w = 20e3;
        let rest = plant.solve(heat_w, &air, Drive::FULL);
        assert!(rest.supply_c < 29.0 && rest.fan_w == 0.0, "{rest:?}");
        let resting = Drive { fans: 0.0, ..Drive::FULL };
        let free_w = plant.capacity_w(30.0, &air, resting);
        let at = |comes_w: f64| {
            let capacities = Capacities::default();
            plant.work(&Moment {
                supply_c: 30.0,
                condenser_c: 30.0,
                heat_w,
                comes_w,
                rest: &rest,
                air: &air,
                drive: Drive::FULL,
                capacities: &capacities,
            })
        };
        let held = at(free_w + 50e3);
        assert_eq!(held.rejection, Rejection::Regulated(30.0));
        assert!(held.state.fan_w > 0.0, "{held:?}");
        let pumped_w = plant.heat_shares().0 * held.state.pump_w;
        let taken_w = held.state.heat_rejected_w - pumped_w;
        assert!((taken_w - free_w - 50e3).abs() < 1e-6, "{taken_w}");
        let rests = at(free_w - 1e3);
        assert!(matches!(rests.rejection, Rejection::Limited(..)), "{rests:?}");
        assert_eq!(rests.state.fan_w, 0.0);
        // More than all of its fans carry is nothing that they hold.
        let able_w = plant.capacity_w(30.0, &air, Drive::FULL);
        assert_ne!(at(2.0 * able_w).rejection, Rejection::Regulated(30.0));
    }
}
