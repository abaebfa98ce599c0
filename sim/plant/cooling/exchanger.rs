//! What stands between racks and a loop: coolant distribution units, air handlers, tanks; and between
//! racks and the air of a hall, behind an air handler.
//!
//! An exchanger has pumps or fans of its own that move a secondary stream (treated coolant,
//! air of the hall, dielectric) past the racks, and a surface across which that stream gives
//! its heat to the loop. Everything its movers draw ends as heat in the secondary stream.

use super::exchange::{Sides, WaterExchanger};
use super::fans::FanLaw;
use super::outside_air::{Handler, Outdoors, OutsideAir, OutsideAirDesign};
use super::pumps::{PumpLaw, Pumping};
use super::state::ControlFault;
use crate::fluids::water::{CP_PG25, DENSITY_PG25};

/// A coolant distribution unit, air handler or immersion tank, sized on its loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExchangerDesign {
    /// What it is.
    pub kind: ExchangerKind,
    /// Heat of the racks that it is meant for, W.
    pub design_heat_w: f64,
    /// Its surface, with the capacity rates of the secondary and of the loop's side at design.
    pub surface: WaterExchanger,
    /// Electric power of all pumps or fans at full speed, W.
    pub mover_w: f64,
    /// That of fans which turn with its pumps, W: only where its coolant is cooled by air.
    pub fan_w: f64,
    /// How many of them there are, which fail one at a time.
    pub movers: u32,
    /// Least speed of a running fan as a share of full speed.
    pub minimum_speed: f64,
    /// How fan power falls with speed.
    pub fan_law: FanLaw,
    /// How pumps are run, and what they lift.
    pub pump_law: PumpLaw,
    /// The valve on the loop's side lets the supply become no colder than this, degrees
    /// Celsius: its setpoint, or the dew point of the hall and a margin.
    pub least_supply_c: f64,
    /// Heat that the secondary stream takes up by a kelvin, J/K.
    pub mass_j_k: f64,
    /// The economiser of an air handler, where there is one.
    pub outside_air: Option<OutsideAirDesign>,
}

/// An inlet this near to the least is held there by the valve, K.
const HELD_K: f64 = 1e-2;

/// The kinds of exchanger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangerKind {
    /// A plate exchanger and pumps that send treated coolant through cold plates.
    Cdu,
    /// A water coil and fans that blow the air of a hall past it; the air follows the heat.
    AirHandler,
    /// A bath of dielectric around the machines, mixed well, pumped past a plate exchanger.
    Tank,
    /// Pumps that send treated coolant through cold plates, and a coil past which fans of its own blow the
    /// air of a hall, as much as goes with the heat.
    AirCdu,
}

/// How an exchanger works at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExchangerState {
    /// Secondary stream, as a share of its design flow.
    pub flow: f64,
    /// Electric power of the pumps or fans, W.
    pub mover_w: f64,
    /// How far above the loop's supply the racks' inlet is, K, with the valve open; infinite
    /// where no heat passes, minus infinite where outdoor air leaves none to pass.
    pub approach_k: f64,
    /// The same as a conductance between the two, W/K.
    pub conductance_w_k: f64,
    /// Heat that goes on to the loop, W: the racks' and the movers', less what outdoor air takes.
    pub to_loop_w: f64,
    /// What outdoor air does, while any is let in.
    pub outside: Option<OutsideAir>,
}

impl ExchangerDesign {
    /// Whether its stream is the air of a hall.
    pub fn blows(&self) -> bool {
        self.kind == ExchangerKind::AirHandler
    }

    /// The most that its pumps or fans draw, W, with what outdoor air adds.
    pub fn max_mover_w(&self) -> f64 {
        self.mover_w + self.fan_w + self.outside_air.map_or(0.0, |outside| outside.fan_w)
    }

    /// The flow of PG25 that takes as much heat by a kelvin as its design flow, m3/s.
    pub fn pg25_m3_s(&self) -> f64 {
        self.surface.design_w_k.hot / (CP_PG25 * DENSITY_PG25)
    }

    /// What its outdoor air is told of it.
    pub fn handler(&self) -> Handler {
        Handler {
            air_w_k: self.surface.design_w_k.hot,
            rise_k: self.rise_k(),
            max_fan_w: self.max_mover_w(),
        }
    }

    /// How much the racks warm its stream at design heat, K.
    fn rise_k(&self) -> f64 {
        self.design_heat_w / self.surface.design_w_k.hot
    }

    /// How the exchanger works with `heat_w` from its racks, a share `movers` of its pumps or
    /// fans, and a share `facility` of the loop's design flow. Closed form.
    ///
    /// Draws at most `movers * max_mover_w()`.
    pub fn solve(&self, heat_w: f64, movers: f64, facility: f64) -> ExchangerState {
        self.solve_in(heat_w, movers, facility, None)
    }

    /// The same where outdoor air may take part of the heat.
    pub fn solve_in(
        &self,
        heat_w: f64,
        movers: f64,
        facility: f64,
        outdoors: Option<Outdoors<'_>>,
    ) -> ExchangerState {
        let movers = movers.clamp(0.0, 1.0);
        // As many fans as can, all at the speed that moves what the machines take.
        let blown = || match movers {
            0.0 => (0.0, 0.0),
            _ => {
                let speed = (self.wanted_speed(heat_w) / movers).min(1.0);
                (speed * movers, movers * self.fan_law.power(speed))
            }
        };
        let pumped = || self.pump_law.run(movers, heat_w / self.design_heat_w);
        let (flow, mover_w, facility) = match self.kind {
            ExchangerKind::Cdu | ExchangerKind::Tank => {
                let Pumping { flow, power } = pumped();
                (flow, self.mover_w * power, facility)
            }
            ExchangerKind::AirHandler => {
                let (flow, power) = blown();
                (flow, self.mover_w * power, facility)
            }
            ExchangerKind::AirCdu => {
                let (Pumping { flow, power }, (air, fan_power)) = (pumped(), blown());
                (flow, self.mover_w * power + self.fan_w * fan_power, air)
            }
        };
        let outside = self.outside_air.zip(outdoors).and_then(|(outside, outdoors)| {
            // What its way adds to the fans warms the air, too: found for the heat without it.
            let first = outside.work(self.handler(), (heat_w, mover_w, flow), &outdoors)?;
            let found =
                outside.work(self.handler(), (heat_w, mover_w + first.fan_w, flow), &outdoors)?;
            Some(OutsideAir { fan_w: first.fan_w, ..found })
        });
        let mover_w = mover_w + outside.map_or(0.0, |outside| outside.fan_w);
        let total_w = heat_w + mover_w;
        let to_loop_w = total_w - outside.map_or(0.0, |outside| outside.heat_w);
        let (approach_k, conductance_w_k) = match &outside {
            // Nothing is left for the coil, whatever becomes of the loop.
            Some(_) if to_loop_w <= 1e-9 * total_w => (f64::NEG_INFINITY, 0.0),
            _ if flow == 0.0 || facility == 0.0 => (f64::INFINITY, 0.0),
            Some(_) => {
                // Outdoor air past the coil, which takes what is too much, and past the fans.
                let hot_w_k = flow * self.surface.design_w_k.hot;
                let coil_k_per_w = self.whole_k_per_w(flow, facility) - 1.0 / hot_w_k;
                (to_loop_w * coil_k_per_w + mover_w / hot_w_k, 1.0 / coil_k_per_w)
            }
            None => {
                let k_per_w = self.approach_k_per_w(total_w, flow, facility);
                (total_w * k_per_w, 1.0 / k_per_w)
            }
        };
        let outside = outside
            .map(|air| OutsideAir { round_again_k: self.round_again_k(heat_w, flow), ..air });
        ExchangerState { flow, mover_w, approach_k, conductance_w_k, to_loop_w, outside }
    }

    /// `state` with no more than `most_w_k` between the loop and the racks' inlet: a valve on the
    /// loop's side that has failed.
    pub fn throttled(
        &self,
        state: ExchangerState,
        heat_w: f64,
        most_w_k: Option<f64>,
    ) -> ExchangerState {
        match most_w_k {
            Some(most_w_k) if most_w_k < state.conductance_w_k => {
                let total_w = heat_w + state.mover_w;
                let approach_k = if most_w_k > 0.0 { total_w / most_w_k } else { f64::INFINITY };
                ExchangerState { approach_k, conductance_w_k: most_w_k, ..state }
            }
            _ => state,
        }
    }

    /// What a valve lets through, W/K, that has failed while `state` was with the loop at
    /// `supply_c` and the racks' inlet at `inlet_c`.
    pub fn failed_valve_w_k(
        &self,
        fault: ControlFault,
        total_w: f64,
        (supply_c, inlet_c): (f64, f64),
    ) -> f64 {
        match fault {
            ControlFault::Full => f64::INFINITY,
            ControlFault::Shut => 0.0,
            // Open further than it needs to be when it holds nothing.
            ControlFault::Stuck if inlet_c > self.least_supply_c + HELD_K => f64::INFINITY,
            ControlFault::Stuck if inlet_c > supply_c => total_w / (inlet_c - supply_c),
            ControlFault::Stuck => f64::INFINITY,
        }
    }

    /// Temperature of what enters the racks, degrees Celsius, behind a loop at `supply_c`.
    pub fn inlet_c(&self, supply_c: f64, state: &ExchangerState) -> f64 {
        match &state.outside {
            None => (supply_c + state.approach_k).max(self.least_supply_c),
            // Where the coil has nothing to do the loop does not matter, not even a dead one.
            Some(air) if state.approach_k == f64::NEG_INFINITY => air.supply_c + air.round_again_k,
            Some(air) => (supply_c + state.approach_k).max(air.supply_c) + air.round_again_k,
        }
    }

    /// How much warmer than their supply the machines' air is by exhaust that comes round again
    /// because the fans move less than the machines take, K.
    fn round_again_k(&self, heat_w: f64, flow: f64) -> f64 {
        (heat_w / (flow * self.surface.design_w_k.hot) - self.rise_k()).max(0.0)
    }

    /// Speed of all fans that moves the air which the machines take for `heat_w`.
    fn wanted_speed(&self, heat_w: f64) -> f64 {
        (heat_w / self.design_heat_w).clamp(self.minimum_speed, 1.0)
    }

    /// Kelvins between the loop's supply and the secondary's return for each watt between them.
    fn whole_k_per_w(&self, flow: f64, facility: f64) -> f64 {
        let Sides { hot: hot_w_k, cold: cold_w_k } = self.surface.design_w_k;
        1.0 / self.surface.conductance_w_k(flow * hot_w_k, facility * cold_w_k)
    }

    /// Kelvins between the loop's supply and the racks' inlet for each watt of `total_w`.
    fn approach_k_per_w(&self, total_w: f64, flow: f64, facility: f64) -> f64 {
        /// However large its surface, its streams come no nearer than this share of a kelvin for
        /// each by which the secondary stream changes.
        const NEAREST: f64 = 1e-6;
        let hot_w_k = flow * self.surface.design_w_k.hot;
        let whole = self.whole_k_per_w(flow, facility);
        let k_per_w = match self.kind {
            ExchangerKind::Cdu | ExchangerKind::AirCdu => whole - 1.0 / hot_w_k,
            // Machines stand in the mixed bath: what leaves it is what they feel.
            ExchangerKind::Tank => whole,
            // Machines take air for their own rise. What the fans do not bring comes round
            // again as exhaust, what they bring in excess goes past.
            ExchangerKind::AirHandler => {
                let taken = if total_w > 0.0 { self.rise_k() / total_w } else { f64::INFINITY };
                whole - (1.0 / hot_w_k).min(taken)
            }
        };
        k_per_w.max(NEAREST / hot_w_k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A megawatt, 10 K on either side, 4 K of approach.
    fn design(kind: ExchangerKind) -> ExchangerDesign {
        ExchangerDesign {
            kind,
            design_heat_w: 1e6,
            surface: WaterExchanger::sized(1e6, Sides { hot: 1e5, cold: 1e5 }, 4.0).unwrap(),
            mover_w: 0.0,
            fan_w: 0.0,
            movers: 2,
            minimum_speed: 0.2,
            fan_law: FanLaw::Cube,
            pump_law: PumpLaw::CONSTANT,
            least_supply_c: 17.0,
            mass_j_k: 2e6,
            outside_air: None,
        }
    }

    /// Balanced counterflow has the same difference everywhere: Q = UA * approach.
    #[test]
    fn the_approach_is_that_of_the_design_and_goes_with_the_heat() {
        let cdu = design(ExchangerKind::Cdu);
        assert!((cdu.solve(1e6, 1.0, 1.0).approach_k - 4.0).abs() < 1e-9);
        assert!((cdu.solve(5e5, 1.0, 1.0).approach_k - 2.0).abs() < 1e-9);
        // The bath is as warm as the secondary's return, 10 K above its supply.
        let tank = design(ExchangerKind::Tank);
        assert!((tank.solve(1e6, 1.0, 1.0).approach_k - 14.0).abs() < 1e-9);
    }

    /// Films that fall with flow^0.8, written out: one of two pumps gives 75.6 % of the flow.
    #[test]
    fn a_lost_pump_changes_the_approach_by_the_film_and_the_flow() {
        let flow = 1.0 / (0.25 / 0.25 + 0.75f64).sqrt();
        let ua = 2.5e5 * 2.0 / (1.0 + flow.powf(-0.8));
        let (hot, cold) = (flow * 1e5, 1e5);
        let c = hot / cold;
        let ntu = ua / hot;
        let e = (-ntu * (1.0 - c)).exp();
        let eps = (1.0 - e) / (1.0 - c * e);
        let expected = 1e6 / (eps * hot) - 1e6 / hot;
        let state = design(ExchangerKind::Cdu).solve(1e6, 0.5, 1.0);
        assert!((state.approach_k - expected).abs() < 1e-9, "{} {expected}", state.approach_k);
        // Slow coolant leaves the plates colder, and the racks warmer.
        assert!(state.approach_k < 4.0 && state.approach_k + 1e6 / hot > 14.0);
    }

    /// With half of the fans, half of the air comes round again: it enters the machines 1 rise
    /// above what leaves the coil.
    #[test]
    fn air_that_the_fans_do_not_bring_comes_round_again() {
        let handler = design(ExchangerKind::AirHandler);
        let full = handler.solve(1e6, 1.0, 1.0);
        assert_eq!(full.flow, 1.0);
        assert!((full.approach_k - 4.0).abs() < 1e-9);
        let half = handler.solve(1e6, 0.5, 1.0);
        let coil = 1e6 / handler.surface.conductance_w_k(5e4, 1e5) - 1e6 / 5e4;
        assert!((half.approach_k - (coil + 10.0)).abs() < 1e-9);
        // At half heat the fans turn at half speed, for an eighth of their power.
        let fans = ExchangerDesign { mover_w: 40e3, ..handler };
        assert!((fans.solve(5e5, 1.0, 1.0).mover_w - 5e3).abs() < 1e-9);
        // Half of the fans turn twice as fast for it.
        assert!((fans.solve(5e5, 0.5, 1.0).mover_w - 20e3).abs() < 1e-9);
    }

    #[test]
    fn nothing_passes_without_either_stream() {
        let cdu = design(ExchangerKind::Cdu);
        for (movers, facility) in [(0.0, 1.0), (1.0, 0.0)] {
            assert_eq!(cdu.solve(1e6, movers, facility).approach_k, f64::INFINITY);
        }
        assert_eq!(cdu.inlet_c(10.0, &cdu.solve(1e6, 1.0, 1.0)), 17.0, "the valve holds it");
    }
}
