//! The heat that a loop and what hangs on it can hold, and what becomes of it while nothing
//! changes.
//!
//! ```text
//! chips --- coolant or air of an exchanger --- coolant of the loop --- weather
//! ```
//!
//! [`Masses`] knows the nodes of one loop and their capacities; [`Masses::transient`] joins
//! them for the conditions of a moment into a [`ThermalNetwork`] and solves it. Where a device
//! regulates, it holds its node; where it is at its limit, it is a sink along the secant of its
//! capacity; where it is off, heat stays.

use super::loops::CoolingLoop;
use super::root;
use super::state::Drive;
use super::thermal::{Crossing, ThermalNetwork, ThermalNode, Trajectory};
use crate::fluids::MoistAir;

/// Least capacity of a node, J/K: a gram of water, so that every node has a temperature.
const LEAST_J_K: f64 = 4.2;
/// Share of the heat that finds its way from chips to a coolant that stands: natural
/// circulation.
pub const NATURAL: f64 = 0.05;
/// Share of a chip's rise above its coolant that is the coolant's own warming, half of it, and
/// goes with the inverse of its flow: 5 of 25 K at 1.5 L/min a kilowatt.
const COOLANT_SHARE: f64 = 0.2;

/// The nodes of a loop, of its exchangers and of the parts behind them.
#[derive(Debug, Clone)]
pub struct Masses {
    branches: Vec<Branch>,
    /// Capacity of each node, J/K: the loop, then each branch with its parts.
    capacity_j_k: Vec<f64>,
}

/// An exchanger on a loop, and the racks behind it.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    /// Heat that its stream holds by a kelvin, J/K; none where racks are in the loop's own.
    pub stream_j_k: Option<f64>,
    /// The racks of a hall, each hall a part.
    pub parts: Vec<Part>,
}

/// Alike racks behind one exchanger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Where their heat arises: in chips behind a conductance, or in the stream itself, with
    /// the metal beside it.
    pub chips: bool,
    /// Heat that chips, or the metal of cabinets, hold by a kelvin, J/K.
    pub mass_j_k: f64,
    /// Between these and the stream at full flow, W/K.
    pub conductance_w_k: f64,
    /// Heat that the part adds to what the stream holds by a kelvin, J/K: air of cabinets.
    pub air_j_k: f64,
}

/// What moves heat at a moment.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// What the weather takes.
    pub rejection: Rejection,
    /// Heat put into the loop's coolant itself, W.
    pub loop_w: f64,
    /// By branch.
    pub branches: Vec<BranchConditions>,
}

/// What takes the heat of a loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rejection {
    /// Nothing.
    Off,
    /// A device that holds this temperature, degrees Celsius.
    Regulated(f64),
    /// A device at its limit: so many watts a kelvin above that temperature.
    Limited(f64, f64),
}

/// What moves heat in a branch at a moment.
#[derive(Debug, Clone)]
pub struct BranchConditions {
    /// Between its stream and the loop, W/K.
    pub conductance_w_k: f64,
    /// What a valve holds the stream at, degrees Celsius, by letting just as much through.
    pub held_c: Option<f64>,
    /// Flow of its stream, as a share of design: what carries heat off chips.
    pub flow: f64,
    /// Outdoor air that takes heat from the stream: a conductance, W/K, and a temperature,
    /// degrees Celsius.
    pub outdoors: Option<(f64, f64)>,
    /// Heat of its pumps or fans, W.
    pub mover_w: f64,
    /// Heat of each part, W.
    pub parts_w: Vec<f64>,
}

impl Part {
    /// Conductance between chips or metal and the stream at a share `flow` of its design flow.
    pub fn conductance_at(&self, flow: f64) -> f64 {
        if !self.chips {
            return self.conductance_w_k;
        }
        let of_flow = 1.0 / (1.0 - COOLANT_SHARE + COOLANT_SHARE / flow.max(1e-9));
        self.conductance_w_k * of_flow.max(NATURAL)
    }
}

impl Masses {
    /// The masses of a loop whose coolant holds `coolant_j_k`.
    pub fn new(coolant_j_k: f64, branches: Vec<Branch>) -> Self {
        let mut capacity_j_k = vec![coolant_j_k];
        for branch in &branches {
            let air: f64 = branch.parts.iter().map(|part| part.air_j_k).sum();
            match branch.stream_j_k {
                Some(stream) => capacity_j_k.push(stream + air),
                None => capacity_j_k[0] += air,
            }
            capacity_j_k.extend(branch.parts.iter().map(|part| part.mass_j_k));
        }
        capacity_j_k.iter_mut().for_each(|capacity| *capacity = capacity.max(LEAST_J_K));
        Self { branches, capacity_j_k }
    }

    /// How many nodes there are. The first is the loop's coolant.
    pub fn len(&self) -> usize {
        self.capacity_j_k.len()
    }

    /// Whether nothing hangs on the loop.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// The branches in their order.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The node of the stream of branch `index`, and of its first part: the others follow.
    pub fn nodes_of(&self, index: usize) -> (usize, usize) {
        let mut node = 1;
        for branch in &self.branches[..index] {
            node += usize::from(branch.stream_j_k.is_some()) + branch.parts.len();
        }
        if self.branches[index].stream_j_k.is_some() { (node, node + 1) } else { (0, node) }
    }

    /// Heat that separates two states, J: what the nodes hold at `to_c` beyond `from_c`.
    pub fn stored_j(&self, from_c: &[f64], to_c: &[f64]) -> f64 {
        let nodes = self.capacity_j_k.iter().zip(from_c.iter().zip(to_c));
        nodes.map(|(capacity, (from, to))| capacity * (to - from)).sum()
    }

    /// What becomes of the temperatures `start_c` while `conditions` last.
    pub fn transient(&self, conditions: &Conditions, start_c: &[f64]) -> Transient {
        let mut network = ThermalNetwork::new();
        let nodes: Vec<ThermalNode> =
            self.capacity_j_k.iter().map(|&capacity| network.node(capacity)).collect();
        network.heat(nodes[0], conditions.loop_w);
        match conditions.rejection {
            Rejection::Off => {}
            Rejection::Regulated(held_c) => network.regulate(nodes[0], held_c),
            Rejection::Limited(w_k, sink_c) => network.sink(nodes[0], w_k, sink_c),
        }
        let mut open = Vec::new();
        for (index, branch) in self.branches.iter().enumerate() {
            let (stream, first) = self.nodes_of(index);
            let now = &conditions.branches[index];
            if let Some(held_c) = now.held_c {
                network.regulate_into(nodes[stream], held_c, nodes[0]);
            } else if stream != 0 {
                network.connect(nodes[stream], nodes[0], now.conductance_w_k);
            }
            if let Some((w_k, sink_c)) = now.outdoors.filter(|_| stream != 0) {
                network.sink(nodes[stream], w_k, sink_c);
                open.push(nodes[stream]);
            }
            network.heat(nodes[stream], now.mover_w);
            for ((part, &heat_w), node) in branch.parts.iter().zip(&now.parts_w).zip(first..) {
                network.connect(nodes[node], nodes[stream], part.conductance_at(now.flow));
                network.heat(nodes[if part.chips { node } else { stream }], heat_w);
            }
        }
        Transient { trajectory: network.trajectory(start_c), nodes, open }
    }
}

/// The temperatures of a loop's masses from one change of its conditions to the next.
#[derive(Debug, Clone)]
pub struct Transient {
    trajectory: Trajectory,
    nodes: Vec<ThermalNode>,
    /// Streams that outdoor air takes heat from.
    open: Vec<ThermalNode>,
}

impl Transient {
    /// All temperatures `t` seconds after the start.
    pub fn at(&self, t: f64) -> Vec<f64> {
        self.trajectory.all_at(t)
    }

    /// Heat that the weather has taken from the coolant of the loop, and outdoor air from halls,
    /// in `t` seconds, J.
    pub fn rejected_j(&self, t: f64) -> f64 {
        let open: f64 =
            self.open.iter().map(|&node| self.trajectory.rejected_j(node, 0.0, t)).sum();
        self.trajectory.rejected_j(self.nodes[0], 0.0, t) + open
    }

    /// When all nodes have come to within `near_k` of where they settle, seconds after the start;
    /// none where they are there, or never will be.
    pub fn near_rest_s(&self, near_k: f64) -> Option<f64> {
        let settled = self.trajectory.settled()?;
        let mut latest = None;
        for (node, (&start_c, end_c)) in self.at(0.0).iter().zip(settled).enumerate() {
            let reached = if start_c > end_c + near_k {
                self.crossing_s(node, end_c + near_k, Crossing::Falling)
            } else if start_c < end_c - near_k {
                self.crossing_s(node, end_c - near_k, Crossing::Rising)
            } else {
                continue;
            };
            latest = Some(latest.unwrap_or(0.0_f64).max(reached?));
        }
        latest
    }

    /// When a node first crosses `threshold_c`, seconds after the start.
    pub fn crossing_s(&self, node: usize, threshold_c: f64, crossing: Crossing) -> Option<f64> {
        /// Further ahead nothing is foretold: the weather will have changed.
        const HORIZON_S: f64 = 86_400.0;
        self.trajectory.first_crossing(self.nodes[node], threshold_c, crossing, HORIZON_S)
    }
}

impl CoolingLoop {
    /// The most heat of racks, W, at which the loop's supply settles at `supply_c` or below: what
    /// its machines carry away at that temperature. A bracketed root of some ten solves.
    pub fn capacity_w(&self, supply_c: f64, air: &MoistAir, drive: Drive) -> f64 {
        /// The supply may be this much above, so that a loop at its setpoint carries all it can.
        const SLACK_K: f64 = 1e-4;
        let excess = |heat_w: f64| self.solve(heat_w, air, drive).supply_c - supply_c - SLACK_K;
        let least = excess(0.0);
        if least >= 0.0 || !self.solve(0.0, air, drive).flowing {
            return 0.0;
        }
        // Where the supply is absurdly warm, no machine is asked for more than this.
        let limit_w = 8.0 * self.design().design_heat_w();
        let mut most_w = self.design().design_heat_w();
        let mut most = excess(most_w);
        while most < 0.0 {
            if most_w >= limit_w {
                return limit_w;
            }
            most_w *= 2.0;
            most = excess(most_w);
        }
        root::bracketed(excess, (0.0, least), (most_w, most), 1e-6 * most_w, 1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference chain of a megawatt: chips 25 K above their coolant, that 6 K above the
    /// loop, the loop 7 K above a sink of 25 degC.
    fn reference() -> Masses {
        let part = Part { chips: true, mass_j_k: 500e3, conductance_w_k: 1e6 / 25.0, air_j_k: 0.0 };
        // 0.5 L of PG25 and 2.9 L of water a kilowatt.
        let branch = Branch { stream_j_k: Some(0.5 * 1.03 * 3.9e6), parts: vec![part] };
        Masses::new(2.9 * 4.18e6, vec![branch])
    }

    fn conditions(rejection: Rejection, conductance_w_k: f64, flow: f64) -> Conditions {
        let branch = BranchConditions {
            conductance_w_k,
            held_c: None,
            outdoors: None,
            flow,
            mover_w: 0.0,
            parts_w: vec![1e6],
        };
        Conditions { rejection, loop_w: 0.0, branches: vec![branch] }
    }

    const REST_C: [f64; 3] = [32.0, 38.0, 63.0];

    /// The four published cases, to 0.01 s.
    #[test]
    fn the_reference_cases_of_lost_cooling() {
        let masses = reference();
        let sink = |share: f64| Rejection::Limited(share * 1e6 / 7.0, 25.0);
        let cases = [
            (Rejection::Off, 1e6 / 6.0, 1.0, [Some(375.675), Some(492.719), Some(114.445)]),
            (sink(1.0), 0.0, 1.0, [Some(70.2035), Some(90.2793), Some(15.5926)]),
            (sink(1.0), 0.0, 0.0, [Some(12.9559), Some(17.4243), Some(78.3395)]),
            (sink(0.5), 1e6 / 6.0, 1.0, [None, None, None]),
        ];
        for (rejection, conductance, flow, expected) in cases {
            let transient = masses.transient(&conditions(rejection, conductance, flow), &REST_C);
            let found = [(2, 87.0), (2, 95.0), (1, 45.0)]
                .map(|(node, c)| transient.crossing_s(node, c, Crossing::Rising));
            for (found, expected) in found.into_iter().zip(expected) {
                match (found, expected) {
                    (Some(t), Some(e)) => assert!((t - e).abs() < 0.01, "{t} {e}"),
                    (found, expected) => assert_eq!(found, expected, "{rejection:?}"),
                }
            }
        }
    }

    /// What racks give is in the masses or has gone to the weather.
    #[test]
    fn heat_is_held_or_rejected() {
        let masses = reference();
        let limited = conditions(Rejection::Limited(50e3, 25.0), 1e6 / 6.0, 1.0);
        let transient = masses.transient(&limited, &REST_C);
        for t in [1.0, 60.0, 3600.0] {
            let held = masses.stored_j(&REST_C, &transient.at(t));
            let gone = transient.rejected_j(t);
            assert!((1e6 * t - held - gone).abs() < 1e-9 * 1e6 * t, "{held} {gone}");
        }
    }

    /// Measured: 189 s at 5 kW a cabinet, less than a minute from 10 kW on, for 35 K.
    #[test]
    fn air_cooled_cabinets_without_cooling() {
        let shutdown_s = |heat_w: f64| {
            let part = Part { chips: false, mass_j_k: 60e3, conductance_w_k: 150.0, air_j_k: 12e3 };
            let masses = Masses::new(0.0, vec![Branch { stream_j_k: None, parts: vec![part] }]);
            let branch = BranchConditions {
                conductance_w_k: 0.0,
                held_c: None,
                outdoors: None,
                flow: 0.0,
                mover_w: 0.0,
                parts_w: vec![heat_w],
            };
            let off = Conditions { rejection: Rejection::Off, loop_w: 0.0, branches: vec![branch] };
            let transient = masses.transient(&off, &[20.0, 20.0]);
            transient.crossing_s(0, 55.0, Crossing::Rising).unwrap()
        };
        assert!((shutdown_s(5e3) / 189.0 - 1.0).abs() < 0.2, "{}", shutdown_s(5e3));
        assert!(shutdown_s(10e3) < 60.0 && shutdown_s(20e3) < 60.0, "{}", shutdown_s(10e3));
    }
}
