//! What heat does while a plant is out of balance: lumped masses, solved in closed form.
//!
//! A [`ThermalNetwork`] holds nodes (chips, the coolant of a loop, a buffer tank), what
//! conducts heat between them, what puts heat in and where it ends. As long as none of that
//! changes, the temperatures are sums of exponentials: a [`Trajectory`] knows them at any
//! instant, when one of them first crosses a threshold, and where every joule went. There is
//! no time step; whoever changes the plant asks for a new trajectory.

mod modes;
mod reversals;

use std::borrow::Cow;
use std::cell::RefCell;

use modes::{Mode, Reach, positive_solve, symmetric_modes};
use reversals::Blend;

use super::root;

/// A node of a [`ThermalNetwork`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThermalNode(usize);

/// Nodes with heat capacities and the heat that moves between them.
///
/// ```text
/// C dT/dt = P + L (T - T_L) + sum of K (T_other - T) + sum of K (T_sink - T)
/// ```
///
/// A node of no capacity balances at every instant. A regulated node holds its temperature,
/// whatever heat that takes or gives. A machine may move heat from one node to another by the
/// temperature of the one alone.
#[derive(Debug, Clone, Default)]
pub struct ThermalNetwork {
    nodes: Vec<Node>,
    links: Vec<Link>,
    passes: Vec<Pass>,
}

#[derive(Debug, Clone)]
struct Node {
    capacity_j_k: f64,
    held_c: Option<f64>,
    /// The node that gets what holding the temperature takes out of this one.
    gives_to: Option<usize>,
    /// Heat put in is `source_w + leak_w_k * T`.
    source_w: f64,
    leak_w_k: f64,
    /// Heat given to sinks is `sink_w_k * T - sink_w`.
    sink_w_k: f64,
    sink_w: f64,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    a: usize,
    b: usize,
    w_k: f64,
}

/// Heat `w_k (T_from - at_c)` that a machine moves from one node to another.
#[derive(Debug, Clone, Copy)]
struct Pass {
    from: usize,
    to: usize,
    w_k: f64,
    at_c: f64,
}

impl Pass {
    /// Heat that it moves where the node that it takes from is at `from_c`, W.
    fn moved_w(&self, from_c: f64) -> f64 {
        self.w_k * (from_c - self.at_c)
    }
}

/// Which way a temperature crosses a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// From below to at or above it.
    Rising,
    /// From above to at or below it.
    Falling,
}

/// The temperatures of a network from one change of the plant to the next.
///
/// Times are seconds since the start, at or after it.
#[derive(Debug, Clone)]
pub struct Trajectory {
    network: ThermalNetwork,
    modes: Vec<Mode>,
    /// Temperature of node `i` is `rest[i] + sum over k of shape[i][k] u_k`.
    rest: Vec<f64>,
    shape: Vec<Vec<f64>>,
    /// What each mode does up to the horizon that was looked to last.
    ahead: RefCell<Ahead>,
}

/// What each mode does from the start to a horizon: the same for whatever is watched.
#[derive(Debug, Clone, Default)]
struct Ahead {
    horizon: f64,
    modes: Vec<Reach>,
}

/// Rates whose difference is a smaller share of the greater of them are taken as the same, and so
/// are rates that differ by less than the rounding of the fastest.
const RESONANT: f64 = 1e-7;
const ROUNDING: f64 = 1e-13;
/// By what share conductances are changed then, ten times as much at each further attempt.
const DETUNED: f64 = 1e-6;
const ATTEMPTS: i32 = 4;
/// The most times that heat is passed on: by a valve into a loop, by chillers into their condenser
/// water.
const LONGEST_CHAIN: usize = 3;

impl ThermalNetwork {
    /// A network without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node of `capacity_j_k` (zero for a junction without mass), in J/K.
    pub fn node(&mut self, capacity_j_k: f64) -> ThermalNode {
        assert!(capacity_j_k >= 0.0 && capacity_j_k.is_finite(), "a capacity: {capacity_j_k} J/K");
        self.nodes.push(Node {
            capacity_j_k,
            held_c: None,
            gives_to: None,
            source_w: 0.0,
            leak_w_k: 0.0,
            sink_w_k: 0.0,
            sink_w: 0.0,
        });
        ThermalNode(self.nodes.len() - 1)
    }

    /// Conducts `w_k` watts a kelvin between two nodes, beside what conducts already.
    pub fn connect(&mut self, a: ThermalNode, b: ThermalNode, w_k: f64) {
        assert!(w_k >= 0.0 && w_k.is_finite() && a != b, "a conductance: {w_k} W/K");
        self.links.push(Link { a: a.0, b: b.0, w_k });
    }

    /// Puts `power_w` into a node, beside what is put in already.
    pub fn heat(&mut self, node: ThermalNode, power_w: f64) {
        self.nodes[node.0].source_w += power_w;
    }

    /// Puts `power_w (1 + per_k (T - at_c))` into a node: the power of chips, whose leakage
    /// current rises as they warm.
    pub fn heat_with_leakage(&mut self, node: ThermalNode, power_w: f64, per_k: f64, at_c: f64) {
        let node = &mut self.nodes[node.0];
        node.source_w += power_w * (1.0 - per_k * at_c);
        node.leak_w_k += power_w * per_k;
    }

    /// Conducts `w_k` from a node to a sink at `sink_c`, which nothing warms.
    pub fn sink(&mut self, node: ThermalNode, w_k: f64, sink_c: f64) {
        assert!(w_k >= 0.0 && w_k.is_finite(), "a conductance: {w_k} W/K");
        let node = &mut self.nodes[node.0];
        node.sink_w_k += w_k;
        node.sink_w += w_k * sink_c;
    }

    /// Holds a node at `temperature_c`.
    pub fn regulate(&mut self, node: ThermalNode, temperature_c: f64) {
        self.nodes[node.0].held_c = Some(temperature_c);
    }

    /// Holds a node at `temperature_c` by giving all heat that comes to it to the node `to`: a
    /// valve. What warms `to` then depends on the neighbours of `node`, but not they on it.
    pub fn regulate_into(&mut self, node: ThermalNode, temperature_c: f64, to: ThermalNode) {
        self.nodes[node.0].held_c = Some(temperature_c);
        self.nodes[node.0].gives_to = Some(to.0);
    }

    /// Moves `w_k (T - at_c)` from the node `from`, whose temperature is `T`, to the node `to`,
    /// whatever the temperature of that is: a machine. What passes heat on must not get any, be it
    /// by others, from what it passes heat to.
    pub fn pass(&mut self, from: ThermalNode, to: ThermalNode, w_k: f64, at_c: f64) {
        assert!(w_k >= 0.0 && w_k.is_finite() && from != to, "a machine's law: {w_k} W/K");
        self.passes.push(Pass { from: from.0, to: to.0, w_k, at_c });
    }

    /// Heat that depends on a node and goes to another which it does not depend on, by machines
    /// and by regulated nodes: from which node, to which, W/K.
    fn passed_on(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let free = |node: usize| self.nodes[node].held_c.is_none();
        let passes = self.passes.iter().map(|pass| (pass.from, pass.to, pass.w_k));
        let passes = passes.filter(move |&(from, to, w_k)| w_k > 0.0 && free(from) && free(to));
        passes.chain(self.passed_by_regulators())
    }

    fn passed_by_regulators(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let ends = self.links.iter().flat_map(|l| [(l.a, l.b, l.w_k), (l.b, l.a, l.w_k)]);
        ends.filter_map(|(from, via, w_k)| {
            let to = self.nodes[via].gives_to?;
            (self.nodes[from].held_c.is_none() && self.nodes[to].held_c.is_none())
                .then_some((from, to, w_k))
        })
    }

    /// The temperatures from `start_c` on, one for each node in the order of adding. Those of
    /// regulated and of massless nodes are not asked: they follow from the others.
    ///
    /// Costs about `10 n^3` multiplications for `n` nodes of a capacity: 2 microseconds for
    /// three.
    ///
    /// # Panics
    ///
    /// If a node without mass conducts no heat, or less than its leakage adds a kelvin: it
    /// then has no temperature. If a node without mass stands beside one that is regulated into
    /// another.
    pub fn trajectory(&self, start_c: &[f64]) -> Trajectory {
        self.attempt(start_c, 0)
    }

    fn attempt(&self, start_c: &[f64], attempt: i32) -> Trajectory {
        let count = self.nodes.len();
        assert_eq!(start_c.len(), count, "a temperature for each node");
        let free = |massive: bool| -> Vec<usize> {
            let of_kind = |&i: &usize| (self.nodes[i].capacity_j_k > 0.0) == massive;
            (0..count).filter(|&i| self.nodes[i].held_c.is_none()).filter(of_kind).collect()
        };
        let (massive, massless) = (free(true), free(false));
        let (conductance, drive_w) = self.balance();

        // Massless nodes follow the massive ones: T = offset + follow T_massive.
        let block: Vec<Vec<f64>> = massless
            .iter()
            .map(|&i| massless.iter().map(|&j| conductance[i][j]).collect())
            .collect();
        let solve = |right: Vec<f64>| {
            positive_solve(&block, right).expect("a node without mass conducts heat")
        };
        let offset = solve(massless.iter().map(|&i| drive_w[i]).collect());
        let follow: Vec<Vec<f64>> = massive
            .iter()
            .map(|&j| solve(massless.iter().map(|&i| -conductance[i][j]).collect()))
            .collect();

        // What is left, symmetrised by the roots of the capacities: u = C^(1/2) T.
        let root: Vec<f64> = massive.iter().map(|&i| self.nodes[i].capacity_j_k.sqrt()).collect();
        let n = massive.len();
        let mut matrix = vec![vec![0.0; n]; n];
        let mut drive = vec![0.0; n];
        for (a, &i) in massive.iter().enumerate() {
            let through = |b: usize| -> f64 {
                massless.iter().zip(&follow[b]).map(|(&m, f)| conductance[i][m] * f).sum()
            };
            for (b, &j) in massive.iter().enumerate() {
                matrix[a][b] = (conductance[i][j] + through(b)) / (root[a] * root[b]);
            }
            let shifted: f64 =
                massless.iter().zip(&offset).map(|(&m, o)| conductance[i][m] * o).sum();
            drive[a] = (drive_w[i] - shifted) / root[a];
        }
        let (rates, mut vectors) = symmetric_modes(matrix);

        // Heat that is passed on couples modes one way: u_j' = ... + sum of g_jk u_k. With
        // x_jk = (g_jk + sum of g_jm x_mk) / (rate_j - rate_k) the modes v of u = v + X v are free
        // again. What is passed on goes only down a chain, so that X is exact after as many
        // rounds as the chain has links.
        let place = |node: usize| massive.iter().position(|&i| i == node);
        let mut coupling = vec![vec![0.0; n]; n];
        for (from, to, w_k) in self.passed_on() {
            let (Some(from), Some(to)) = (place(from), place(to)) else {
                panic!("heat is passed on between nodes of a capacity");
            };
            for j in 0..n {
                for k in 0..n {
                    let share = vectors[to][j] * vectors[from][k];
                    coupling[j][k] += share * w_k / (root[from] * root[to]);
                }
            }
        }
        let fastest = rates.iter().fold(0.0, |most: f64, rate| most.max(rate.abs()));
        let least_apart = |j: usize, k: usize| {
            (RESONANT * rates[j].abs().max(rates[k].abs())).max(ROUNDING * fastest)
        };
        let couples = |j: usize, k: usize| coupling[j][k] != 0.0;
        let resonant = (0..n).any(|j| {
            (0..n).any(|k| couples(j, k) && (rates[j] - rates[k]).abs() <= least_apart(j, k))
        });
        if resonant && attempt < ATTEMPTS {
            return self.detuned(attempt).attempt(start_c, attempt + 1);
        }
        let fed_modes: Vec<usize> = (0..n).filter(|&j| (0..n).any(|k| couples(j, k))).collect();
        let mut mixed = vec![vec![0.0; n]; n];
        for _ in 0..if fed_modes.is_empty() { 0 } else { LONGEST_CHAIN } {
            let before = mixed.clone();
            for &j in &fed_modes {
                for k in 0..n {
                    let fed: f64 = fed_modes.iter().map(|&m| coupling[j][m] * before[m][k]).sum();
                    let comes = coupling[j][k] + fed;
                    mixed[j][k] = if comes == 0.0 {
                        0.0
                    } else {
                        let apart = rates[j] - rates[k];
                        comes / apart.abs().max(least_apart(j, k)).copysign(apart)
                    };
                }
            }
            if mixed == before {
                break;
            }
        }

        // The modes v of a state and of a drive, from u by the same chain.
        let unmixed = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let u: Vec<f64> = (0..n).map(|k| (0..n).map(|a| vectors[a][k] * of(a)).sum()).collect();
            if fed_modes.is_empty() {
                return u;
            }
            let mut v = u.clone();
            for _ in 0..LONGEST_CHAIN {
                let before = v.clone();
                for &j in &fed_modes {
                    let fed: f64 = (0..n).map(|k| mixed[j][k] * before[k]).sum();
                    v[j] = u[j] - fed;
                }
            }
            v
        };
        let starts = unmixed(&|a| root[a] * start_c[massive[a]]);
        let drives = unmixed(&|a| drive[a]);
        let modes =
            (0..n).map(|k| Mode { rate: rates[k], start: starts[k], drive: drives[k] }).collect();
        for row in vectors.iter_mut().filter(|_| !fed_modes.is_empty()) {
            let fed: Vec<f64> =
                (0..n).map(|k| fed_modes.iter().map(|&j| row[j] * mixed[j][k]).sum()).collect();
            row.iter_mut().zip(fed).for_each(|(v, fed)| *v += fed);
        }
        let mut rest = vec![0.0; count];
        let mut shape = vec![vec![0.0; n]; count];
        for (a, &i) in massive.iter().enumerate() {
            for k in 0..n {
                shape[i][k] = vectors[a][k] / root[a];
            }
        }
        for (m, &i) in massless.iter().enumerate() {
            rest[i] = offset[m];
            for (a, &j) in massive.iter().enumerate() {
                let source = shape[j].clone();
                for (to, from) in shape[i].iter_mut().zip(&source) {
                    *to += follow[a][m] * from;
                }
            }
        }
        for (i, node) in self.nodes.iter().enumerate() {
            rest[i] = node.held_c.unwrap_or(rest[i]);
        }
        Trajectory { network: self.clone(), modes, rest, shape, ahead: RefCell::default() }
    }

    /// The same with rates that differ: where two coincide their modes have no closed form of
    /// this kind.
    fn detuned(&self, attempt: i32) -> Self {
        let factor = 1.0 + DETUNED * 10f64.powi(attempt);
        let mut other = self.clone();
        for link in &mut other.links {
            let passes = |node: usize| self.nodes[node].gives_to.is_some();
            if passes(link.a) || passes(link.b) {
                link.w_k *= factor;
            }
        }
        for pass in &mut other.passes {
            pass.w_k *= factor;
        }
        other
    }

    /// `C dT/dt = drive - conductance T` over the nodes that are not regulated; rows and
    /// columns of regulated ones are zero.
    fn balance(&self) -> (Vec<Vec<f64>>, Vec<f64>) {
        let count = self.nodes.len();
        let mut conductance = vec![vec![0.0; count]; count];
        let mut drive_w = vec![0.0; count];
        for (i, node) in self.nodes.iter().enumerate() {
            if node.held_c.is_none() {
                conductance[i][i] = node.sink_w_k - node.leak_w_k;
                drive_w[i] = node.source_w + node.sink_w;
            }
        }
        for node in &self.nodes {
            if let Some(to) = node.gives_to.filter(|&to| self.nodes[to].held_c.is_none()) {
                drive_w[to] += node.source_w;
            }
        }
        for pass in &self.passes {
            let (from, to) = (&self.nodes[pass.from], &self.nodes[pass.to]);
            if from.held_c.is_none() {
                conductance[pass.from][pass.from] += pass.w_k;
                drive_w[pass.from] += pass.w_k * pass.at_c;
            }
            if to.held_c.is_none() {
                // What depends on a free node comes by the modes.
                drive_w[pass.to] += pass.moved_w(from.held_c.unwrap_or(0.0));
            }
        }
        for link in &self.links {
            for (from, via) in [(link.a, link.b), (link.b, link.a)] {
                let Node { gives_to, held_c: Some(held_c), .. } = self.nodes[via] else { continue };
                if let Some(to) = gives_to.filter(|&to| self.nodes[to].held_c.is_none()) {
                    // What depends on a free node comes by the modes.
                    let from_c = self.nodes[from].held_c.unwrap_or(0.0);
                    drive_w[to] += link.w_k * (from_c - held_c);
                }
            }
            for (i, j) in [(link.a, link.b), (link.b, link.a)] {
                match (self.nodes[i].held_c, self.nodes[j].held_c) {
                    (Some(_), _) => {}
                    (None, Some(held_c)) => {
                        conductance[i][i] += link.w_k;
                        drive_w[i] += link.w_k * held_c;
                    }
                    (None, None) => {
                        conductance[i][i] += link.w_k;
                        conductance[i][j] -= link.w_k;
                    }
                }
            }
        }
        (conductance, drive_w)
    }
}

impl ThermalNetwork {
    /// Heat that leaves at a node in `seconds` in which the nodes are at `mean_c`, J: to its sinks
    /// and, where it is regulated, to what holds its temperature.
    fn leaves_j(&self, node: usize, mean_c: &[f64], seconds: f64) -> f64 {
        let Node { held_c, gives_to, sink_w_k, sink_w, .. } = self.nodes[node];
        if gives_to.is_some() {
            return 0.0;
        }
        if held_c.is_none() {
            return (sink_w_k * mean_c[node] - sink_w) * seconds;
        }
        // All that comes in goes out again, whether to a sink or to the regulator.
        let giving = (0..self.nodes.len()).filter(|&i| self.nodes[i].gives_to == Some(node));
        let passed_on: f64 = giving.map(|i| self.comes_j(i, mean_c, seconds)).sum();
        self.comes_j(node, mean_c, seconds) + passed_on
    }

    /// Heat that sources and neighbours bring to a node, J.
    fn comes_j(&self, node: usize, mean_c: &[f64], seconds: f64) -> f64 {
        let of_link = |link: &Link| {
            let other = match (link.a == node, link.b == node) {
                (true, _) => link.b,
                (_, true) => link.a,
                _ => return 0.0,
            };
            link.w_k * (mean_c[other] - mean_c[node])
        };
        let conducted_w: f64 = self.links.iter().map(of_link).sum();
        let of_pass = |pass: &Pass| match node {
            this if this == pass.to => pass.moved_w(mean_c[pass.from]),
            this if this == pass.from => -pass.moved_w(mean_c[pass.from]),
            _ => 0.0,
        };
        let passed_w: f64 = self.passes.iter().map(of_pass).sum();
        self.source_j(node, mean_c, seconds) + (conducted_w + passed_w) * seconds
    }

    /// What conducts between two nodes, W/K.
    fn link_w_k(&self, a: ThermalNode, b: ThermalNode) -> f64 {
        let between =
            |link: &&Link| (link.a, link.b) == (a.0, b.0) || (link.b, link.a) == (a.0, b.0);
        self.links.iter().filter(between).map(|link| link.w_k).sum()
    }

    /// Heat that sources put into a node, leakage included, J.
    fn source_j(&self, node: usize, mean_c: &[f64], seconds: f64) -> f64 {
        let Node { source_w, leak_w_k, .. } = self.nodes[node];
        (source_w + leak_w_k * mean_c[node]) * seconds
    }
}

impl Trajectory {
    /// Temperature of a node at `t`, degrees Celsius.
    pub fn at(&self, node: ThermalNode, t: f64) -> f64 {
        let shape = &self.shape[node.0];
        let swing: f64 = self.modes.iter().zip(shape).map(|(mode, s)| s * mode.at(t)).sum();
        self.rest[node.0] + swing
    }

    /// Temperatures of all nodes at `t`, in the order of adding: what a new trajectory of a
    /// changed network starts from.
    pub fn all_at(&self, t: f64) -> Vec<f64> {
        let modes: Vec<f64> = self.modes.iter().map(|mode| mode.at(t)).collect();
        self.blended(&modes).collect()
    }

    /// What each node has of `modes`, its rest included.
    fn blended<'a>(&'a self, modes: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let of = |shape: &Vec<f64>| modes.iter().zip(shape).map(|(u, s)| s * u).sum::<f64>();
        self.rest.iter().zip(&self.shape).map(move |(rest, shape)| rest + of(shape))
    }

    /// How fast a node warms at `t`, K/s.
    pub fn slope(&self, node: ThermalNode, t: f64) -> f64 {
        let shape = &self.shape[node.0];
        self.modes.iter().zip(shape).map(|(mode, s)| s * mode.slope(t)).sum()
    }

    /// Mean temperature of a node over `from..to`, degrees Celsius.
    pub fn mean(&self, node: ThermalNode, from: f64, to: f64) -> f64 {
        if to <= from {
            return self.at(node, from);
        }
        let shape = &self.shape[node.0];
        let swing: f64 =
            self.modes.iter().zip(shape).map(|(mode, s)| s * mode.integral(from, to)).sum();
        self.rest[node.0] + swing / (to - from)
    }

    /// Where the temperatures go if nothing changes, or `None` where they never settle: heat
    /// without a sink, or leakage that runs away.
    pub fn settled(&self) -> Option<Vec<f64>> {
        let fastest = self.modes.iter().fold(0.0, |most: f64, mode| most.max(mode.rate));
        let ends: Option<Vec<f64>> = self.modes.iter().map(|mode| mode.end(fastest)).collect();
        let ends = ends?;
        Some(self.blended(&ends).collect())
    }

    /// Heat that the nodes hold at `to` beyond what they held at `from`, J.
    pub fn stored_j(&self, from: f64, to: f64) -> f64 {
        let stored = |(i, node): (usize, &Node)| {
            let gained = |(mode, s): (&Mode, &f64)| s * mode.gain(from, to);
            let rise_k: f64 = self.modes.iter().zip(&self.shape[i]).map(gained).sum();
            node.capacity_j_k * rise_k
        };
        self.network.nodes.iter().enumerate().map(stored).sum()
    }

    /// Heat that sources put into a node over `from..to`, leakage included, J.
    pub fn source_j(&self, node: ThermalNode, from: f64, to: f64) -> f64 {
        self.network.source_j(node.0, &self.means(from, to), to - from)
    }

    /// Heat that leaves the network at a node over `from..to`, J: to its sinks and, where the
    /// node is regulated, to what holds its temperature. What sources put in and this take
    /// out, over all nodes, is what is [stored](Self::stored_j).
    pub fn rejected_j(&self, node: ThermalNode, from: f64, to: f64) -> f64 {
        let Node { held_c, gives_to, sink_w_k, sink_w, .. } = self.network.nodes[node.0];
        if held_c.is_none() && gives_to.is_none() {
            return (sink_w_k * self.mean(node, from, to) - sink_w) * (to - from);
        }
        self.network.leaves_j(node.0, &self.means(from, to), to - from)
    }

    fn means(&self, from: f64, to: f64) -> Vec<f64> {
        if to <= from {
            return self.all_at(from);
        }
        let modes: Vec<f64> = self.modes.iter().map(|mode| mode.integral(from, to)).collect();
        let of = |shape: &Vec<f64>| modes.iter().zip(shape).map(|(u, s)| s * u).sum::<f64>();
        let nodes = self.rest.iter().zip(&self.shape);
        nodes.map(|(rest, shape)| rest + of(shape) / (to - from)).collect()
    }

    /// Heat conducted from one node to another over `from..to`, J.
    pub fn conducted_j(&self, (a, b): (ThermalNode, ThermalNode), from: f64, to: f64) -> f64 {
        let w_k = self.network.link_w_k(a, b);
        w_k * (self.mean(a, from, to) - self.mean(b, from, to)) * (to - from)
    }

    /// The first instant after the start, up to `horizon`, at which a node crosses
    /// `threshold_c`, or `None`. Good to a microsecond or to the precision of the
    /// temperatures.
    ///
    /// A node that starts at or beyond the threshold must come back before it can cross
    /// again. Nothing is missed between two looks: parts of the time are passed over only
    /// where bounds on each exponential prove that nothing happens in them. A curve that touches the threshold to within some 1e-9 K may count either way.
    ///
    /// # Panics
    ///
    /// If the horizon is not a finite time.
    pub fn first_crossing(
        &self,
        node: ThermalNode,
        threshold_c: f64,
        crossing: Crossing,
        horizon: f64,
    ) -> Option<f64> {
        let sign = match crossing {
            Crossing::Rising => 1.0,
            Crossing::Falling => -1.0,
        };
        let (rest, shape) = (self.rest[node.0], Cow::Borrowed(&self.shape[node.0][..]));
        self.first_rise(&Blend { sign, rest, shape, threshold: threshold_c }, horizon)
    }

    /// The first instant after the start, up to `horizon`, at which `blend` comes to be beyond its
    /// threshold.
    fn first_rise(&self, blend: &Blend<'_>, horizon: f64) -> Option<f64> {
        assert!(horizon.is_finite(), "a horizon of {horizon} s");
        let Blend { sign, rest, ref shape, threshold } = *blend;
        let shape = &**shape;
        // Above zero is beyond the threshold.
        let excess = |t: f64| sign * (blend.at(&self.modes, t) - threshold);
        // Between two instants every mode moves one way, so these hold for the whole interval:
        // how far all modes may have moved down and up, and the least and the greatest slope.
        let moves = |reach: &[Reach]| {
            reach.iter().zip(shape).fold((0.0, 0.0), |(down, up), (reach, s)| {
                let gain: f64 = sign * s * reach.gain;
                (down + gain.min(0.0), up + gain.max(0.0))
            })
        };
        let slopes = |reach: &[Reach]| {
            reach.iter().zip(shape).fold((0.0, 0.0), |(least, most), (reach, s)| {
                let s = sign * s;
                let (a, b): (f64, f64) = (s * reach.slopes.0, s * reach.slopes.1);
                (least + a.min(b), most + a.max(b))
            })
        };
        let end = |reach: &[Reach]| {
            let swing: f64 = reach.iter().zip(shape).map(|(reach, s)| s * reach.at).sum();
            sign * (rest + swing - threshold)
        };

        // What runs away passes every threshold long before it passes what a number can hold.
        let growth = self.modes.iter().fold(0.0, |most: f64, mode| most.max(-mode.rate));
        let horizon = if growth > 0.0 { horizon.min(600.0 / growth) } else { horizon };
        let mut ahead = self.ahead.borrow_mut();
        if ahead.horizon != horizon {
            ahead.horizon = horizon;
            ahead.modes.clear();
            ahead.modes.extend(self.modes.iter().map(|mode| mode.reach(0.0, horizon)));
        }

        // Depth first, from the left: the first crossing found is the first there is.
        let mut low = excess(0.0);
        let mut beyond = low >= 0.0;
        let (mut from, mut to) = (0.0, horizon);
        let mut part: Vec<Reach> = Vec::new();
        let mut later: Vec<f64> = Vec::new();
        loop {
            let reach = if part.is_empty() { &ahead.modes } else { &part };
            let (down, up) = moves(reach);
            let still = if beyond { low + down >= 0.0 } else { low + up < 0.0 };
            if !still {
                let (least, most) = slopes(reach);
                if least < 0.0 && most > 0.0 && to - from > FINEST_S {
                    later.push(to);
                    to = 0.5 * (from + to);
                    part.clear();
                    part.extend(self.modes.iter().map(|mode| mode.reach(from, to)));
                    continue;
                }
                let high = end(reach);
                if !beyond && high >= 0.0 {
                    return Some(reached(excess, (from, low), (to, high)));
                }
                beyond = high >= 0.0;
            }
            let Some(next) = later.pop() else { break };
            (from, to) = (to, next);
            low = excess(from);
            part.clear();
            part.extend(self.modes.iter().map(|mode| mode.reach(from, to)));
        }
        None
    }
}

/// Where a rising `excess` has become zero or more, between `from` where it has not and `to`
/// where it has.
fn reached(excess: impl Fn(f64) -> f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    if from.1 >= 0.0 {
        return from.0;
    }
    let mut t = root::bracketed(&excess, from, to, FINEST_S, 0.0);
    let mut step = FINEST_S;
    while excess(t) < 0.0 && t < to.0 {
        t = (t + step).min(to.0);
        step *= 2.0;
    }
    t
}

/// Instants closer than this are not told apart, s.
const FINEST_S: f64 = 1e-6;

#[cfg(test)]
mod tests;
