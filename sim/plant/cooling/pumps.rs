//! Pumps in parallel on one circuit.

use schemars::JsonSchema;
use serde::Deserialize;

/// How pumps are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PumpControl {
    /// All at full speed.
    Constant,
    /// All at the one speed at which the coolant warms by its design range, down to a least.
    VariableSpeed,
}

/// Alike pumps in parallel and the circuit that they work on.
///
/// A pump of full speed lifts `H = Hs - a q^2`, the circuit takes `H = k Q^2`. By the laws of
/// affinity a pump at the speed `s` lifts `s^2 Hs - a q^2`, so that on this circuit flow goes with
/// `s` and power with its cube.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PumpLaw {
    /// How they are run.
    pub control: PumpControl,
    /// Least speed of a pump that runs, as a share of full.
    pub minimum_speed: f64,
    /// Head at duty over the head at no flow, with all of them at full speed: below 1.
    pub head_at_duty: f64,
}

/// What pumps do at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pumping {
    /// Flow, as a share of that of all pumps at full speed.
    pub(super) flow: f64,
    /// Power, as a share of the same.
    pub(super) power: f64,
}

impl PumpLaw {
    /// Pumps at full speed whose head at duty is 75 % of the head at no flow: 2 of 3 then still
    /// give 87 % of the flow, 1 of 2 gives 76 %.
    pub const CONSTANT: Self =
        Self { control: PumpControl::Constant, minimum_speed: 1.0, head_at_duty: 0.75 };

    /// Flow with a share `running` of the pumps at full speed, as a share of that of all.
    ///
    /// From `Hs - a (Q / n)^2 = k Q^2` for `n` and for all pumps. Each pump left running moves
    /// further out on its curve.
    pub fn full_flow(&self, running: f64) -> f64 {
        let n = running.clamp(0.0, 1.0);
        if n == 0.0 {
            return 0.0;
        }
        1.0 / ((1.0 - self.head_at_duty) / (n * n) + self.head_at_duty).sqrt()
    }

    /// What a share `running` of the pumps does for `load`, the heat over that of design.
    ///
    /// A pump of full speed near its duty draws about its rating: as the flow of those left rises,
    /// their head and their efficiency fall.
    pub(super) fn run(&self, running: f64, load: f64) -> Pumping {
        let running = running.clamp(0.0, 1.0);
        let full = self.full_flow(running);
        let speed = match self.control {
            PumpControl::Constant => 1.0,
            PumpControl::VariableSpeed if full > 0.0 => {
                (load / full).clamp(self.minimum_speed, 1.0)
            }
            PumpControl::VariableSpeed => 0.0,
        };
        Pumping { flow: speed * full, power: running * speed * speed * speed }
    }
}

/// Speed of pumps by the temperature at which their stream leaves what it cools: in a condenser the
/// one that stands for the pressure of its refrigerant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeavingControl {
    /// At and below this they run at their least speed, degrees Celsius.
    pub slowest_c: f64,
    /// From this on they run at full speed, degrees Celsius; above `slowest_c`.
    pub fastest_c: f64,
    /// Least speed, as a share of full.
    pub minimum_speed: f64,
}

impl LeavingControl {
    /// The speed at which pumps settle whose stream enters at `entering_c` and takes up `heat_w`;
    /// `full_w_k` is its capacity rate at full speed.
    ///
    /// Speed rises in a straight line with what leaves, `entering + heat / (speed full_w_k)`, which
    /// falls with speed: the one solution is the positive root of a square.
    pub(super) fn speed(&self, entering_c: f64, heat_w: f64, full_w_k: f64) -> f64 {
        let least = self.minimum_speed;
        let per_k = (1.0 - least) / (self.fastest_c - self.slowest_c);
        let unwarmed = least + per_k * (entering_c - self.slowest_c);
        let warmed = per_k * heat_w.max(0.0) / full_w_k;
        let root = 0.5 * (unwarmed + (unwarmed * unwarmed + 4.0 * warmed).sqrt());
        root.clamp(least, 1.0)
    }
}

/// Electric power of a pump, W: `V dp / eta`.
pub(super) fn power_w(flow_m3_s: f64, head_pa: f64, efficiency: f64) -> f64 {
    flow_m3_s * head_pa / efficiency
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pumps_left_running_move_out_on_their_curve() {
        let flow = |running| PumpLaw::CONSTANT.full_flow(running);
        assert_eq!(flow(1.0), 1.0);
        assert_eq!(flow(0.0), 0.0);
        assert!((flow(2.0 / 3.0) - 0.87).abs() < 0.005);
        assert!((flow(0.5) - 0.76).abs() < 0.005);
        assert!((0..100).all(|i| flow(f64::from(i) / 100.0) < flow(f64::from(i + 1) / 100.0)));
    }

    #[test]
    fn pump_power_per_kilowatt_of_heat_is_that_of_the_reference() {
        // 10 K and 200 kPa at 70 %: 6.8 W/kW; 5.5 K and 180 kPa: 11 W/kW.
        let per_kw = |rise: f64, head: f64| power_w(1e3 / (4186.0 * rise * 998.2), head, 0.7);
        assert!((per_kw(10.0, 200e3) - 6.8).abs() < 0.05);
        assert!((per_kw(5.5, 180e3) - 11.2).abs() < 0.1);
    }

    #[test]
    fn pumps_of_variable_speed_move_what_the_heat_takes_for_its_cube() {
        let law = PumpLaw {
            control: PumpControl::VariableSpeed,
            minimum_speed: 0.3,
            ..PumpLaw::CONSTANT
        };
        assert_eq!(law.run(1.0, 1.0), Pumping { flow: 1.0, power: 1.0 });
        assert_eq!(law.run(1.0, 0.5), Pumping { flow: 0.5, power: 0.125 });
        assert_eq!(law.run(1.0, 0.1).flow, 0.3, "not below their least speed");
        // One of two turns faster for the same flow, as long as it can.
        let one = law.run(0.5, 0.5);
        assert!((one.flow - 0.5).abs() < 1e-12);
        let speed = 0.5 / law.full_flow(0.5);
        assert!((one.power - 0.5 * speed.powi(3)).abs() < 1e-12);
        assert_eq!(law.run(0.5, 1.0).flow, law.full_flow(0.5));
        assert_eq!(law.run(0.0, 1.0), Pumping { flow: 0.0, power: 0.0 });
    }

    proptest! {
        /// Against halving for the speed that asks for itself.
        #[test]
        fn pumps_settle_at_the_speed_that_what_leaves_asks_for(
            slowest_c in 15.0..30.0f64,
            span_k in 1.0..15.0f64,
            minimum_speed in 0.1..0.9f64,
            entering_c in 5.0..40.0f64,
            range_k in 0.0..12.0f64,
        ) {
            let law = LeavingControl { slowest_c, fastest_c: slowest_c + span_k, minimum_speed };
            let asked = |speed: f64| {
                let leaving_c = entering_c + range_k / speed;
                let share = ((leaving_c - slowest_c) / span_k).clamp(0.0, 1.0);
                minimum_speed + (1.0 - minimum_speed) * share
            };
            let (mut low, mut high) = (0.01, 1.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if asked(middle) > middle { low = middle } else { high = middle }
            }
            prop_assert!((law.speed(entering_c, 1e3 * range_k, 1e3) - high).abs() < 1e-9);
        }

        /// Against the two curves, head by head: halving finds the flow at which they meet.
        #[test]
        fn the_flow_is_where_the_curves_of_pumps_and_circuit_meet(
            pumps in 1u32..9,
            lost in 0u32..9,
            speed in 0.2..1.0f64,
            head_at_duty in 0.3..0.95f64,
        ) {
            let (all, running) = (f64::from(pumps), f64::from(pumps.saturating_sub(lost)));
            let law = PumpLaw {
                control: PumpControl::VariableSpeed,
                minimum_speed: speed,
                head_at_duty,
            };
            // At duty all pumps together move 1 at a head of 1.
            let shut_off = 1.0 / head_at_duty;
            let a = (shut_off - 1.0) * all * all;
            let lifted = |flow: f64| speed * speed * shut_off - a * (flow / running).powi(2);
            let (mut low, mut high) = (0.0, 2.0);
            for _ in 0..80 {
                let middle = 0.5 * (low + high);
                if running > 0.0 && lifted(middle) > middle * middle {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            prop_assert!((law.run(running / all, 0.0).flow - low).abs() < 1e-9);
        }
    }
}
