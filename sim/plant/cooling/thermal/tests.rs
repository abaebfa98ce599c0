//! Held against the ride-through reference, a brute-force integrator and conservation.

use proptest::prelude::*;

use super::super::tests::{table, text_column};
use super::*;

/// A megawatt through chips, technology loop and facility loop, at rest at 63, 38 and 32 degC
/// over a sink of 25 degC: 0.5 kJ/K, 0.5 L of PG25 and 2.9 L of water a kilowatt.
const CAPACITIES: [f64; 3] = [0.5e6, 500.0 * 1.03 * 3900.0, 2900.0 * 4180.0];
const START: [f64; 3] = [63.0, 38.0, 32.0];
const CHIP_TO_TCS: f64 = 1e6 / 25.0;
const TCS_TO_FWS: f64 = 1e6 / 6.0;
const REJECTION: f64 = 1e6 / 7.0;

/// The conductances of each case of the reference.
const CASES: [(&str, [f64; 3]); 4] = [
    ("A_rejection_lost", [CHIP_TO_TCS, TCS_TO_FWS, 0.0]),
    ("B_facility_pump_lost", [CHIP_TO_TCS, 0.0, REJECTION]),
    ("C_TCS_pump_lost_5pct_natural", [0.05 * CHIP_TO_TCS, 0.0, REJECTION]),
    ("D_half_rejection_N-1_of_2", [CHIP_TO_TCS, TCS_TO_FWS, 0.5 * REJECTION]),
];

fn ride_through([chip, cdu, rejection]: [f64; 3]) -> (Trajectory, [ThermalNode; 3]) {
    let mut network = ThermalNetwork::new();
    let nodes = CAPACITIES.map(|capacity| network.node(capacity));
    network.heat(nodes[0], 1e6);
    network.connect(nodes[0], nodes[1], chip);
    network.connect(nodes[1], nodes[2], cdu);
    network.sink(nodes[2], rejection, 25.0);
    (network.trajectory(&START), nodes)
}

#[test]
fn the_ride_through_cases_are_met_to_their_printed_digits() {
    let path = "cooling/ridethrough_3node.csv";
    let (Some(names), Some(rows)) =
        (text_column(path, "scenario"), table(path, &["t_s", "T_chip", "T_tcs", "T_fws"]))
    else {
        return;
    };
    assert_eq!(rows.len(), 916);
    for (name, row) in names.iter().zip(&rows) {
        let (_, conductances) = CASES.iter().find(|(case, _)| case == name).unwrap();
        let (trajectory, nodes) = ride_through(*conductances);
        for (node, &theirs) in nodes.iter().zip(&row[1..]) {
            let ours = trajectory.at(*node, row[0]);
            // Six significant digits are printed.
            let digit = 10f64.powi(theirs.log10().floor() as i32 - 5);
            assert!((ours - theirs).abs() <= 0.51 * digit, "{name} at {}: {ours} {theirs}", row[0]);
        }
    }
}

#[test]
fn the_ride_through_instants_are_met() {
    let path = "cooling/ridethrough_events.csv";
    let (Some(cases), Some(events), Some(times)) =
        (text_column(path, "scenario"), text_column(path, "event"), text_column(path, "t_s"))
    else {
        return;
    };
    assert_eq!(events.len(), 16);
    for ((case, event), time) in cases.iter().zip(&events).zip(&times) {
        let (_, conductances) = CASES.iter().find(|(name, _)| name == case).unwrap();
        let (trajectory, [chip, tcs, fws]) = ride_through(*conductances);
        let (node, threshold) = match &event[..8] {
            "chip>=87" => (chip, 87.0),
            "chip>=95" => (chip, 95.0),
            "tcs>=45C" => (tcs, 45.0),
            _ => (fws, 40.0),
        };
        let ours = trajectory.first_crossing(node, threshold, Crossing::Rising, 900.0);
        match (ours, time.parse::<f64>()) {
            (Some(ours), Ok(theirs)) => {
                assert!((ours - theirs).abs() <= 0.01, "{case} {event}: {ours} {theirs}");
            }
            (None, Err(_)) => {}
            (ours, _) => panic!("{case} {event}: {ours:?} against {time:?}"),
        }
    }
    let settled = ride_through(CASES[3].1).0.settled().unwrap();
    for (settled, known) in settled.iter().zip([70.0, 45.0, 39.0]) {
        assert!((settled - known).abs() < 1e-9);
    }
    assert_eq!(ride_through(CASES[0].1).0.settled(), None);
}

/// The initial rates of the reference: a stopped cold plate 2 K/s, a rack without flow
/// 0.87 K/s, technology and facility loop together 3.9 K/min, beside 10 m3 a megawatt
/// 1.05 K/min.
#[test]
fn initial_rates_are_those_of_the_reference() {
    let rate = |capacity_j_k: f64| {
        let mut network = ThermalNetwork::new();
        let node = network.node(capacity_j_k);
        network.heat(node, 1e6);
        network.trajectory(&[20.0]).slope(node, 0.0)
    };
    assert!((rate(CAPACITIES[0]) - 2.0).abs() < 1e-9);
    assert!((rate(CAPACITIES[0] + 0.17e3 * 3900.0) - 0.87).abs() < 0.02);
    let loops = CAPACITIES[0] + CAPACITIES[1] + CAPACITIES[2];
    assert!((60.0 * rate(loops) - 3.9).abs() < 0.25);
    assert!((60.0 * rate(loops + 1e4 * 4186.0) - 1.05).abs() < 0.02);
}

/// Two nodes that a published air-cooled cabinet is fitted by: 12 and 60 kJ/K with 0.15 kW/K
/// between them; 35 K take about 190 s at 5 kW and under a minute at 10 kW.
#[test]
fn a_cabinet_without_cooling_lasts_as_long_as_measured() {
    let last = |power_w: f64| {
        let mut network = ThermalNetwork::new();
        let (air, mass) = (network.node(12e3), network.node(60e3));
        network.connect(air, mass, 150.0);
        network.heat(air, power_w);
        let trajectory = network.trajectory(&[22.0, 22.0]);
        trajectory.first_crossing(air, 57.0, Crossing::Rising, 3600.0).unwrap()
    };
    assert!((last(5e3) / 189.0 - 1.0).abs() < 0.2, "{}", last(5e3));
    assert!(last(10e3) < 60.0, "{}", last(10e3));
}

#[test]
fn a_single_node_follows_the_textbook() {
    let mut network = ThermalNetwork::new();
    let node = network.node(2e6);
    network.heat(node, 1e5);
    network.sink(node, 4e3, 20.0);
    let trajectory = network.trajectory(&[30.0]);
    let tau = 2e6 / 4e3;
    let known = |t: f64| 45.0 - 15.0 * (-t / tau).exp();
    assert!((trajectory.at(node, 700.0) - known(700.0)).abs() < 1e-9);
    let crossing = trajectory.first_crossing(node, 40.0, Crossing::Rising, 1e6).unwrap();
    assert!((crossing - tau * (15.0f64 / 5.0).ln()).abs() < 1e-5);
    assert_eq!(trajectory.first_crossing(node, 45.1, Crossing::Rising, 1e6), None);
    assert_eq!(trajectory.first_crossing(node, 25.0, Crossing::Falling, 1e6), None);
    // It starts at 30: to fall below that it would have to rise first.
    assert_eq!(trajectory.first_crossing(node, 30.0, Crossing::Rising, 1e6), None);
}

#[test]
fn leakage_that_outgrows_its_sink_runs_away() {
    let mut network = ThermalNetwork::new();
    let node = network.node(1e6);
    network.heat_with_leakage(node, 1e6, 0.01, 60.0);
    network.sink(node, 8e3, 25.0);
    let trajectory = network.trajectory(&[60.0]);
    // C dT/dt = 1e6 + 1e4 (T - 60) - 8e3 (T - 25): an unstable rest at -300 degC.
    let known = |t: f64| 360.0 * (2e-3 * t).exp() - 300.0;
    assert!((trajectory.at(node, 100.0) - known(100.0)).abs() < 1e-9);
    assert_eq!(trajectory.settled(), None);
    // A horizon beyond which no number holds the temperature does no harm.
    let hot = trajectory.first_crossing(node, 95.0, Crossing::Rising, 1e9).unwrap();
    assert!((trajectory.at(node, hot) - 95.0).abs() < 1e-4);
}

/// A chip that is cooled harder for a while than its hot loop can bear: it dips below the
/// threshold and comes back, and both crossings are found.
#[test]
fn a_dip_and_its_return_are_both_found() {
    let mut network = ThermalNetwork::new();
    let (chip, cold, hot) = (network.node(1e4), network.node(1e5), network.node(1e7));
    network.connect(chip, cold, 1e3);
    network.connect(cold, hot, 1e3);
    let trajectory = network.trajectory(&[60.0, 20.0, 80.0]);
    let down = trajectory.first_crossing(chip, 50.0, Crossing::Falling, 1e5).unwrap();
    let up = trajectory.first_crossing(chip, 50.0, Crossing::Rising, 1e5).unwrap();
    assert!(down < up && (trajectory.at(chip, up) - 50.0).abs() < 1e-4, "{down} {up}");
    // From above the dip, the way back up is the first rise.
    assert!(trajectory.slope(chip, down) < 0.0 && trajectory.slope(chip, up) > 0.0);
}

#[test]
#[should_panic(expected = "a node without mass conducts heat")]
fn a_junction_that_leads_nowhere_is_a_bug() {
    let mut network = ThermalNetwork::new();
    network.node(0.0);
    network.trajectory(&[20.0]);
}

/// A random network as numbers, so that tests may build it again in another order.
#[derive(Debug, Clone)]
struct Plan {
    /// Capacity, start, power, leakage per kelvin, sink conductance, sink, whether regulated.
    nodes: Vec<(f64, f64, f64, f64, f64, f64, bool)>,
    links: Vec<(usize, usize, f64)>,
}

impl Plan {
    fn build(&self, order: &[usize]) -> (Trajectory, Vec<ThermalNode>) {
        let mut network = ThermalNetwork::new();
        let mut places = vec![None; self.nodes.len()];
        let mut start = Vec::new();
        for &i in order {
            let (capacity, at, power, leakage, w_k, sink, held) = self.nodes[i];
            let node = network.node(capacity);
            network.heat_with_leakage(node, power, leakage, at);
            network.sink(node, w_k, sink);
            if held {
                network.regulate(node, at);
            }
            start.push(at);
            places[i] = Some(node);
        }
        for &(a, b, w_k) in &self.links {
            network.connect(places[a].unwrap(), places[b].unwrap(), w_k);
        }
        (network.trajectory(&start), places.into_iter().flatten().collect())
    }

    /// Slopes of the massive nodes by the definition; massless nodes by relaxation.
    fn slopes(&self, temperatures: &mut [f64]) -> Vec<f64> {
        let flow = |i: usize, t: &[f64]| {
            let (_, at, power, leakage, w_k, sink, _) = self.nodes[i];
            let mut w = power * (1.0 + leakage * (t[i] - at)) + w_k * (sink - t[i]);
            let mut k = w_k - power * leakage;
            for &(a, b, w_k) in &self.links {
                for (from, to) in [(a, b), (b, a)] {
                    if from == i {
                        w += w_k * (t[to] - t[i]);
                        k += w_k;
                    }
                }
            }
            (w, k)
        };
        // Nodes without mass are found by turns, until none moves any more.
        for _ in 0..20_000 {
            let mut most_k = 0.0_f64;
            for i in 0..self.nodes.len() {
                if self.nodes[i].0 == 0.0 && !self.nodes[i].6 {
                    let (w, k) = flow(i, temperatures);
                    temperatures[i] += w / k;
                    most_k = most_k.max((w / k).abs());
                }
            }
            if most_k < 1e-12 {
                break;
            }
        }
        (0..self.nodes.len())
            .map(|i| match self.nodes[i] {
                (capacity, .., false) if capacity > 0.0 => flow(i, temperatures).0 / capacity,
                _ => 0.0,
            })
            .collect()
    }
}

prop_compose! {
    fn plans()(
        nodes in proptest::collection::vec((
            prop_oneof![3 => 1e4f64..1e6, 1 => Just(0.0)], 10.0f64..70.0, 0.0f64..2e5,
            prop_oneof![Just(0.0), 0.0f64..2e-3], prop_oneof![Just(0.0), 1e3f64..2e4],
            0.0f64..40.0, proptest::bool::weighted(0.15),
        ), 1..7),
        conductances in proptest::collection::vec(1e3f64..4e4, 12),
        ends in proptest::collection::vec((0usize..64, 0usize..64), 12),
        extra in 0usize..6,
    ) -> Plan {
        let n = nodes.len();
        // A chain, so that everything conducts, and some links across it; the last node has
        // mass, so that something can be asked.
        let mut links: Vec<_> = (1..n).map(|i| (i - 1, i, conductances[i])).collect();
        links.extend((0..extra).filter_map(|e| {
            let (a, b) = (ends[e].0 % n, ends[e].1 % n);
            (a != b).then_some((a, b, conductances[6 + e]))
        }));
        let mut plan = Plan { nodes, links };
        plan.nodes[n - 1].0 = plan.nodes[n - 1].0.max(2e4);
        plan
    }
}

fn in_order(count: usize) -> Vec<usize> {
    (0..count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The closed form is what Runge and Kutta's fourth-order steps come to.
    #[test]
    fn a_brute_force_integrator_agrees(plan in plans()) {
        let (trajectory, nodes) = plan.build(&in_order(plan.nodes.len()));
        let mut t: Vec<f64> = plan.nodes.iter().map(|n| n.1).collect();
        let (step, steps) = (0.05, 600);
        let moved = |t: &[f64], slopes: &[f64], by: f64| -> Vec<f64> {
            t.iter().zip(slopes).map(|(t, s)| t + by * s).collect()
        };
        for _ in 0..steps {
            let k1 = plan.slopes(&mut t);
            let k2 = plan.slopes(&mut moved(&t, &k1, 0.5 * step));
            let k3 = plan.slopes(&mut moved(&t, &k2, 0.5 * step));
            let k4 = plan.slopes(&mut moved(&t, &k3, step));
            for i in 0..t.len() {
                t[i] += step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
            }
        }
        plan.slopes(&mut t);
        let end = step * f64::from(steps);
        for (node, brute) in nodes.iter().zip(&t) {
            let ours = trajectory.at(*node, end);
            prop_assert!((ours - brute).abs() < 1e-6, "{} against {}", ours, brute);
        }
    }

    /// Sources, sinks and regulators account for every joule, in any two pieces of time.
    #[test]
    fn the_books_close(plan in plans(), from in 0.0f64..500.0, length in 0.0f64..2e3) {
        let (trajectory, nodes) = plan.build(&in_order(plan.nodes.len()));
        let to = from + length;
        let sum = |of: &dyn Fn(ThermalNode) -> f64| nodes.iter().map(|&n| of(n)).sum::<f64>();
        let source = sum(&|n| trajectory.source_j(n, from, to));
        let rejected = sum(&|n| trajectory.rejected_j(n, from, to));
        let stored = trajectory.stored_j(from, to);
        let scale = sum(&|n| {
            trajectory.source_j(n, from, to).abs() + trajectory.rejected_j(n, from, to).abs()
        }) + stored.abs() + 1.0;
        prop_assert!((source - rejected - stored).abs() <= 1e-9 * scale);
        let middle = from + 0.3 * length;
        let in_two = trajectory.stored_j(from, middle) + trajectory.stored_j(middle, to);
        prop_assert!((in_two - stored).abs() <= 1e-9 * scale);
        for &n in &nodes {
            let parts = trajectory.source_j(n, from, middle) + trajectory.source_j(n, middle, to);
            prop_assert!((parts - trajectory.source_j(n, from, to)).abs() <= 1e-9 * scale);
        }
    }

    /// A trajectory taken up again on its way goes on as before, and ends where it says.
    #[test]
    fn a_trajectory_goes_on_and_comes_to_rest(plan in plans(), at in 0.0f64..500.0) {
        let (trajectory, nodes) = plan.build(&in_order(plan.nodes.len()));
        let again = trajectory.network.trajectory(&trajectory.all_at(at));
        for &n in &nodes {
            prop_assert!((again.at(n, 100.0) - trajectory.at(n, at + 100.0)).abs() < 1e-6);
        }
        if let Some(settled) = trajectory.settled() {
            let slowest = trajectory.modes.iter().map(|m| m.rate).fold(f64::INFINITY, f64::min);
            for (&n, rest) in nodes.iter().zip(&settled) {
                let ours = trajectory.at(n, 40.0 / slowest);
                prop_assert!((ours - rest).abs() <= 1e-6 * rest.abs().max(1.0), "{} {}", ours, rest);
            }
        }
    }

    #[test]
    fn the_order_of_nodes_does_not_matter(plan in plans(), turn in 0usize..7) {
        let n = plan.nodes.len();
        let mut order = in_order(n);
        order.rotate_left(turn % n);
        order.reverse();
        let (one, nodes) = plan.build(&in_order(n));
        let (other, places) = plan.build(&order);
        for (&a, &b) in nodes.iter().zip(&places) {
            for t in [0.0, 3.0, 200.0] {
                prop_assert!((one.at(a, t) - other.at(b, t)).abs() < 1e-8);
            }
        }
    }

    /// The first crossing is the one that a fine comb finds, whichever way it goes, and there
    /// is none where the comb finds none.
    #[test]
    fn the_first_crossing_is_the_first(
        plan in plans(), threshold in 0.0f64..100.0, rising in proptest::bool::ANY,
    ) {
        let (trajectory, nodes) = plan.build(&in_order(plan.nodes.len()));
        let node = *nodes.last().unwrap();
        let crossing = if rising { Crossing::Rising } else { Crossing::Falling };
        let sign = if rising { 1.0 } else { -1.0 };
        let horizon = 400.0;
        let excess = |t: f64| sign * (trajectory.at(node, t) - threshold);
        let comb = (1..=4000).map(|i| f64::from(i) * horizon / 4000.0);
        let found = trajectory.first_crossing(node, threshold, crossing, horizon);
        let mut before = excess(0.0);
        let mut theirs = None;
        for t in comb {
            let now = excess(t);
            if before < 0.0 && now >= 0.0 {
                theirs = Some(t);
                break;
            }
            before = now;
        }
        match (found, theirs) {
            (Some(ours), Some(theirs)) => {
                // A tooth of the comb may step over a short excursion, never under one.
                prop_assert!(ours <= theirs + 1e-5, "{} {}", ours, theirs);
                prop_assert!(excess(ours) >= 0.0 && excess(ours) < 1e-3, "{}", excess(ours));
                prop_assert!(ours == 0.0 || excess(ours - 2e-5) < 0.0);
            }
            (Some(ours), None) => {
                prop_assert!(excess(ours) >= 0.0 && excess(ours - 2e-5) < 0.0, "{}", ours);
            }
            (None, theirs) => prop_assert_eq!(theirs, None),
        }
    }
}

/// A valve passes on what comes to the stream that it holds: against Euler's steps, with every
/// joule accounted for, and also where chips and loop relax at one rate.
#[test]
fn what_a_valve_takes_from_its_stream_reaches_the_loop() {
    const STEP_S: f64 = 1e-3;
    for chip_w_k in [CHIP_TO_TCS, REJECTION * CAPACITIES[0] / CAPACITIES[2]] {
        let mut network = ThermalNetwork::new();
        let nodes = CAPACITIES.map(|capacity| network.node(capacity));
        network.heat(nodes[0], 1e6);
        network.heat(nodes[1], 2e4);
        network.connect(nodes[0], nodes[1], chip_w_k);
        network.regulate_into(nodes[1], 38.0, nodes[2]);
        network.sink(nodes[2], REJECTION, 25.0);
        let trajectory = network.trajectory(&START);
        let (mut chip_c, mut loop_c) = (START[0], START[2]);
        for _ in 0..200_000 {
            let through_w = chip_w_k * (chip_c - 38.0);
            chip_c += STEP_S * (1e6 - through_w) / CAPACITIES[0];
            loop_c += STEP_S * (through_w + 2e4 - REJECTION * (loop_c - 25.0)) / CAPACITIES[2];
        }
        let [chip, stream, water] = nodes.map(|node| trajectory.at(node, 200.0));
        assert!((chip - chip_c).abs() < 1e-3 && (water - loop_c).abs() < 1e-3, "{chip} {water}");
        assert_eq!(stream, 38.0);
        let gone = trajectory.rejected_j(nodes[2], 0.0, 200.0);
        let put_in = 1.02e6 * 200.0;
        let held = trajectory.stored_j(0.0, 200.0);
        assert!((put_in - gone - held).abs() < 1e-8 * put_in, "{put_in} {gone} {held}");
    }
}

/// Chips behind a valve, chilled water and the water of a tower: what the valve passes on and what
/// chillers lift goes two links down the chain. Against small steps, and in the books; also where
/// two rates coincide.
#[test]
fn what_chillers_lift_reaches_the_water_of_the_tower() {
    let capacity = [5e5, 2e6, 1.2e7, 5e7];
    for (lift_w_k, less_w_k, tower_w_k) in
        [(4e4, 0.0, 9e4), (0.0, 3e5, 9e4), (4e4, 0.0, 4e4 * 5e7 / 1.2e7), (0.0, 1e5, 0.0)]
    {
        let mut network = ThermalNetwork::new();
        let [chips, stream, chilled, tower] = capacity.map(|capacity| network.node(capacity));
        network.heat(chips, 1e6);
        network.connect(chips, stream, 4e4);
        network.regulate_into(stream, 38.0, chilled);
        network.heat(stream, 1e4);
        if lift_w_k > 0.0 {
            network.pass(chilled, tower, lift_w_k, -10.0);
        } else {
            network.heat(chilled, -9e5);
            network.heat(tower, 9e5);
            network.pass(tower, chilled, less_w_k, 40.0);
        }
        network.heat(tower, 2e5);
        network.sink(tower, tower_w_k, 25.0);
        let start = [60.0, 38.0, 12.0, 39.0];
        let trajectory = network.trajectory(&start);
        let (mut now, mut gone, step) = (start, 0.0, 0.05);
        let slopes = |c: &[f64; 4]| {
            let from_chips = 4e4 * (c[0] - 38.0);
            let lifted = match lift_w_k > 0.0 {
                true => lift_w_k * (c[2] + 10.0),
                false => 9e5 - less_w_k * (c[3] - 40.0),
            };
            let out = tower_w_k * (c[3] - 25.0);
            let heat = [1e6 - from_chips, 0.0, from_chips + 1e4 - lifted, lifted + 2e5 - out];
            (std::array::from_fn::<f64, 4, _>(|i| heat[i] / capacity[i]), out)
        };
        let horizon_s = 300.0;
        for _ in 0..(horizon_s / step) as usize {
            let (first, out) = slopes(&now);
            let middle = std::array::from_fn(|i| now[i] + 0.5 * step * first[i]);
            let (second, out_then) = slopes(&middle);
            now = std::array::from_fn(|i| now[i] + step * second[i]);
            gone += step * out_then;
            let _ = out;
        }
        for (node, expected) in [chips, stream, chilled, tower].into_iter().zip(now) {
            let ours = trajectory.at(node, horizon_s);
            assert!((ours - expected).abs() < 1e-3, "{lift_w_k} {less_w_k}: {ours} {expected}");
        }
        let rejected = trajectory.rejected_j(tower, 0.0, horizon_s);
        assert!((rejected - gone).abs() < 1e-4 * 1e6 * horizon_s, "{rejected} {gone}");
        let given = 1.21e6 * horizon_s;
        let held = trajectory.stored_j(0.0, horizon_s);
        let exact = if (tower_w_k - 4e4 * 5e7 / 1.2e7).abs() < 1.0 { 1e-5 } else { 1e-9 };
        assert!((given - held - rejected).abs() < exact * given, "{given} {held} {rejected}");
    }
}

/// A coolant that is held gives what it lifts to a coolant that is held: all of it goes to the weather.
#[test]
fn two_waters_that_are_held_pass_all_heat_on() {
    let mut network = ThermalNetwork::new();
    let [stream, chilled, tower] = [2e6, 1.2e7, 5e7].map(|capacity| network.node(capacity));
    network.heat(stream, 1e6);
    network.connect(stream, chilled, 1e5);
    network.regulate_into(chilled, 10.0, tower);
    network.heat(chilled, 3e4);
    network.heat(tower, 2e5);
    network.regulate(tower, 21.1);
    let trajectory = network.trajectory(&[15.0, 10.0, 21.1]);
    let (rejected, held) =
        (trajectory.rejected_j(tower, 0.0, 60.0), trajectory.stored_j(0.0, 60.0));
    assert!((1.23e6 * 60.0 - rejected - held).abs() < 1e-9 * 1e8, "{rejected} {held}");
}

/// Two alike masses joined by `K`, the colder of them heated by `P`: their difference follows
/// `d(t) = (d + P / 2K) exp(-2 K t / C) - P / 2K`, and the flow between them turns at its zero.
#[test]
fn a_flow_turns_when_the_cold_side_has_become_the_warm_one() {
    let (capacity, w_k, power_w, apart_k) = (4e6, 900.0, 2e3, 5.0);
    let mut network = ThermalNetwork::new();
    let (warm, cold) = (network.node(capacity), network.node(capacity));
    network.connect(warm, cold, w_k);
    network.heat(cold, power_w);
    let trajectory = network.trajectory(&[20.0 + apart_k, 20.0]);
    let settles_k = power_w / (2.0 * w_k);
    let tau_s = capacity / (2.0 * w_k);
    let turns_s = tau_s * (1.0 + apart_k / settles_k).ln();
    let found = trajectory.flows_back_s((warm, cold), 86_400.0).unwrap();
    assert!((found - turns_s).abs() < 1e-5, "{found} {turns_s}");
    // From two kelvins apart to one, and from there on never more than one again.
    let one_s = tau_s * ((apart_k + settles_k) / (1.0 + settles_k)).ln();
    let found = trajectory.apart_s((warm, cold), 1.0, 86_400.0).unwrap();
    assert!((found - one_s).abs() < 1e-5, "{found} {one_s}");
    // Once turned it has turned from the start, and the heated side comes to be ahead by 0.5 K.
    let later = network.trajectory(&[20.0, 20.1]);
    assert_eq!(later.flows_back_s((warm, cold), 86_400.0), Some(0.0));
    let half_s = tau_s * ((settles_k - 0.1) / (settles_k - 0.5)).ln();
    let found = later.apart_s((cold, warm), 0.5, 86_400.0).unwrap();
    assert!((found - half_s).abs() < 1e-5, "{found} {half_s}");
}

/// What a valve passes on turns when what warms the held node has become colder than it.
#[test]
fn a_regulator_is_seen_to_pass_on_less_than_nothing() {
    let mut network = ThermalNetwork::new();
    let (held, to, hot) = (network.node(1e6), network.node(1e6), network.node(1e6));
    network.regulate_into(held, 10.0, to);
    network.connect(hot, held, 500.0);
    network.sink(hot, 500.0, 4.0);
    // The hot side falls from 20 degC to the 7 degC between the two: T = 7 + 13 exp(-t / 1000).
    let trajectory = network.trajectory(&[10.0, 20.0, 20.0]);
    let found = trajectory.flows_back_s((held, to), 86_400.0).unwrap();
    assert!((found - 1000.0 * (13.0f64 / 3.0).ln()).abs() < 1e-5, "{found}");
}

/// What a sink takes, `30 kW exp(-t / 1000 s)` or what is left to 30 kW of it, passes 10 kW.
#[test]
fn a_flow_is_seen_to_pass_a_threshold_both_ways() {
    let with = |heat_w: f64, start_c: f64| {
        let mut network = ThermalNetwork::new();
        let node = network.node(1e6);
        network.heat(node, heat_w);
        network.sink(node, 1000.0, 10.0);
        network.trajectory(&[start_c]).leaves_more_s(node, 10e3, 86_400.0)
    };
    let falls_s = with(0.0, 40.0).unwrap();
    assert!((falls_s - 1000.0 * 3.0f64.ln()).abs() < 1e-4, "{falls_s}");
    let rises_s = with(30e3, 10.0).unwrap();
    assert!((rises_s - 1000.0 * 1.5f64.ln()).abs() < 5e-3, "{rises_s}");
    // What settles at the threshold never passes it, wherever it comes from.
    assert_eq!((with(10e3, 10.0), with(10e3, 20.0)), (None, None));
}
