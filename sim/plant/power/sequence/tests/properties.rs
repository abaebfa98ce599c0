//! Random outages, failures and sags of a chain with every kind of machine: books close, nothing is
//! served by a dead source, no timer is lost, and the order of declaration does not matter.

use proptest::prelude::*;

use super::designs::{bus, genset, s, transfer, ups};
use crate::kernel::{FailureLaw, RepairLaw, Span, Streams, Time};
use crate::plant::power::sequence::*;
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

/// Something that happens to a node, by its place in [`Plan::nodes`].
#[derive(Debug, Clone, Copy)]
enum Blow {
    Out { node: usize, lasts_s: u32 },
    Sag { node: usize, residual: f64, lasts_ms: u32 },
}

/// What may be out, and what may sag.
const BREAKS: [usize; 7] = [FEED_A, FEED_B, UPS_A, UPS_B, STS, PDU_A, PDU_B];
const FEEDS: [usize; 2] = [FEED_A, FEED_B];

const FEED_A: usize = 0;
const FEED_B: usize = 1;
const SET_A: usize = 2;
const SET_B: usize = 3;
const BUS: usize = 4;
const ATS: usize = 5;
const UPS_A: usize = 6;
const UPS_B: usize = 7;
const STS: usize = 8;
const PDU_A: usize = 9;
const PDU_B: usize = 10;

/// A chain of two systems: one behind an ATS with two generators, one on a feed of its own, and a
/// static switch between them.
#[derive(Debug, Clone)]
struct Plan {
    runtime_s: f64,
    bypass: bool,
    steps: u32,
    /// What recharging draws while generators feed it, W.
    on_generator_w: f64,
    /// What the transfer switch and the feed of the other system may put out, W: more than the loads
    /// behind them ever draw, less than these and two chargers.
    limits_w: (f64, f64),
    /// The order in which nodes are declared.
    order: Vec<usize>,
}

impl Plan {
    /// The chain, and where each node of the plan is in it.
    fn design(&self) -> (PowerDesign, Vec<PowerNode>) {
        let set = |start: f64| {
            MachineDesign::Genset(GensetDesign {
                start: s(start),
                cooldown: s(120.0),
                repair: RepairLaw::Exponential { mean_s: 3600.0 },
                ..genset()
            })
        };
        let ups = MachineDesign::Ups(UpsDesign {
            battery_j: self.runtime_s * 1e6 / 0.95,
            end_of_life_j: self.runtime_s * 1e6 / 0.95,
            peukert: if self.steps == 0 { 1.2 } else { 1.0 },
            recharge_on_generator_w: self.on_generator_w,
            charge_efficiency: 0.9,
            walk_in_steps: self.steps,
            bypass: self.bypass,
            ..ups(0.0, 2e5)
        });
        let bus = MachineDesign::GeneratorBus(BusDesign { allowance: 1.1, ..bus() });
        let ats =
            MachineDesign::Transfer(TransferDesign { return_delay: s(300.0), ..transfer(0.5) });
        let sts = MachineDesign::StaticSwitch(StaticSwitchDesign {
            sense: s(0.002),
            transfer: s(0.004),
            retransfer: s(10.0),
            window: (0.85, 1.10),
            fails: 0.0,
            by_hand: s(1800.0),
            first_come: true,
        });
        let none = MachineDesign::None;
        use ComponentKind::*;
        let nodes: [(&str, ComponentKind, MachineDesign, &[usize]); 11] = [
            ("feed-a", Feed, none, &[]),
            ("feed-b", Feed, none, &[]),
            ("set-a", Genset, set(9.0), &[]),
            ("set-b", Genset, set(11.0), &[]),
            ("bus", GeneratorBus, bus, &[SET_A, SET_B]),
            ("ats", Transfer, ats, &[FEED_A, BUS]),
            ("ups-a", Ups, ups, &[ATS]),
            ("ups-b", Ups, ups, &[FEED_B]),
            ("sts", StaticSwitch, sts, &[UPS_A, UPS_B]),
            ("pdu-a", Pdu, none, &[STS]),
            ("pdu-b", Pdu, none, &[UPS_B]),
        ];
        let mut places = vec![PowerNode(0); nodes.len()];
        for (place, &node) in (0..).zip(&self.order) {
            places[node] = PowerNode(place);
        }
        let mut design = PowerDesign::default();
        for &node in &self.order {
            let (name, kind, machine, fed_by) = nodes[node];
            let loss = match kind {
                Ups => LossCurve::per_unit(1e6, [0.01, 0.01, 0.02]),
                Pdu => LossCurve::per_unit(1e6, [0.002, 0.0, 0.01]),
                _ => LossCurve::NONE,
            };
            let failures = FailureLaw::NEVER;
            let rating_w = match node {
                ATS => self.limits_w.0,
                FEED_B => self.limits_w.1,
                _ => 2e6,
            };
            let component = ComponentDesign {
                kind,
                rating_w,
                reverse_w: f64::INFINITY,
                loss,
                failures,
                machine,
            };
            let fed_by = fed_by.iter().map(|&by| places[by]).collect();
            design.nodes.push(NodeDesign {
                name: name.to_owned(),
                component,
                fed_by,
                blocks: Vec::new(),
            });
        }
        let loads: [(&str, Ride, &[usize]); 4] = [
            ("a", Ride::RACK, &[PDU_A]),
            ("ab", Ride::RACK, &[PDU_A, PDU_B]),
            ("b", Ride::RACK, &[PDU_B]),
            ("drive", Ride::DRIVE, &[ATS]),
        ];
        for (name, ride, cords) in loads {
            design.loads.push(LoadDesign {
                name: name.to_owned(),
                cords: cords.iter().map(|&cord| places[cord]).collect(),
                sharing: Sharing::Even,
                ride,
            });
        }
        (design, places)
    }
}

/// What each load asks for, W.
const ASKED_W: [f64; 4] = [3e5, 2e5, 2.5e5, 5e4];

/// When something happens to a node: a sag of this residual and length, or whether it is up.
type Instant = (Time, usize, Option<(f64, Span)>, bool);

/// The blows as instants: what begins and ends when.
fn instants(blows: &[(u32, Blow)]) -> Vec<Instant> {
    let mut all = Vec::new();
    let at = |s: u32| Time::ZERO + Span::from_secs(u64::from(s));
    for &(from_s, blow) in blows {
        match blow {
            Blow::Out { node, lasts_s } => {
                all.push((at(from_s), node, None, false));
                all.push((at(from_s + lasts_s), node, None, true));
            }
            Blow::Sag { node, residual, lasts_ms } => {
                let lasts = Span::from_nanos(u64::from(lasts_ms) * 1_000_000);
                all.push((at(from_s), node, Some((residual, lasts)), false));
            }
        }
    }
    all.sort_by_key(|(at, node, ..)| (*at, *node));
    all
}

/// Runs a chain through `blows` until nothing more happens; what its machines did, by time and name.
fn run(plan: &Plan, blows: &[(u32, Blow)]) -> Result<Vec<String>, TestCaseError> {
    let (design, places) = plan.design();
    let mut sequences = Sequences::new(&design, &Streams::new(1, 0));
    let mut network = Network::new(&design);
    let loads = || (0..ASKED_W.len() as u32).map(PowerLoad);
    for load in loads() {
        network.set_demand(load, Demand::of(Rank::Inference, ASKED_W[load.0 as usize]));
    }
    let mut blows = instants(blows).into_iter().peekable();
    let mut outs = vec![0; places.len()];
    let mut lines = Vec::new();
    let (mut now, mut joules, mut told) = (Time::ZERO, 0.0, 0.0);
    let (mut charged_j, mut taken_j) = (0.0, 0.0);
    loop {
        network.follow(&sequences);
        network.allocate();
        for load in loads() {
            let live = network.energised(load);
            let w = if live { ASKED_W[load.0 as usize].min(network.cap_w(load)) } else { 0.0 };
            network.set_draw(load, w);
        }
        let nodes = (0..design.nodes.len() as u32).map(PowerNode);
        network.tell(now, &mut sequences, nodes);
        check(&design, &network, &sequences)?;
        let next = sequences.next_at().min(blows.peek().map_or(Time::MAX, |blow| blow.0));
        prop_assert!(next >= now, "a timer was passed over");
        if next == Time::MAX {
            break;
        }
        // Each instant but the present one is followed with the flows that hold until then.
        joules += network.total_discharged_w() * (next - now).as_secs_f64();
        charged_j += network.total_charged_w() * (next - now).as_secs_f64();
        now = next;
        if blows.peek().is_some_and(|blow| blow.0 == now) {
            let (_, node, sag, up) = blows.next().expect("it was seen");
            let place = places[node];
            match sag {
                Some((residual, lasts)) => sequences.sag(now, place, residual, lasts),
                None => {
                    outs[node] = if up { outs[node] - 1 } else { outs[node] + 1 };
                    if !sequences.has_machine(place) {
                        network.set_up(place, outs[node] == 0);
                    }
                    sequences.set_up(now, place, outs[node] == 0);
                }
            }
        } else {
            sequences.advance(now);
        }
        sequences.drain(|at, subject, state| {
            let name = match subject {
                Subject::Node(node) => design.nodes[node.0 as usize].name.as_str(),
                Subject::Load(load) => design.loads[load.0 as usize].name.as_str(),
            };
            lines.push(format!("{:018} {name} {state}", at.as_nanos()));
        });
    }
    for ups in [UPS_A, UPS_B] {
        let battery = sequences.battery(places[ups], now).expect("a UPS has one");
        told += battery.given_j;
        taken_j += battery.taken_j;
        prop_assert_eq!(sequences.state(places[ups]), Some(State::Online));
        prop_assert!((battery.energy_j - battery.full_j).abs() <= 2e-6 * battery.full_j);
        let kept = battery.full_j + battery.taken_j + battery.beyond_j
            - battery.given_j
            - battery.energy_j;
        prop_assert!(kept.abs() <= 1e-9 * (battery.full_j + battery.given_j), "{kept} J");
    }
    let apart_j: f64 = charged_j - taken_j;
    prop_assert!(apart_j.abs() <= 1e-9 * (1.0 + taken_j), "{charged_j} J against {taken_j} J");
    if plan.steps > 0 {
        prop_assert!((joules - told).abs() <= 1e-9 * (1.0 + told), "{joules} J against {told} J");
    }
    for (node, state) in [
        (SET_A, State::Standby),
        (SET_B, State::Standby),
        (BUS, State::Off),
        (ATS, State::OnNormal),
        (STS, State::OnNormal),
    ] {
        prop_assert_eq!(sequences.state(places[node]), Some(state));
    }
    for load in loads() {
        prop_assert_eq!(sequences.load_state(load), State::Served);
        prop_assert_eq!(network.draw_w(load), ASKED_W[load.0 as usize]);
    }
    lines.sort();
    Ok(lines)
}

/// What holds at every instant.
fn check(
    design: &PowerDesign,
    network: &Network,
    sequences: &Sequences,
) -> Result<(), TestCaseError> {
    let loads: Vec<PowerLoad> = (0..design.loads.len() as u32).map(PowerLoad).collect();
    let drawn: f64 = loads.iter().map(|&load| network.draw_w(load)).sum();
    let lost: f64 = ComponentKind::ALL.iter().map(|&kind| network.total_loss_w(kind)).sum();
    let given = network.total_import_w()
        + network.total_generated_w()
        + network.total_discharged_w()
        + network.total_held_w();
    let taken = drawn + lost + network.total_charged_w();
    prop_assert!((given - taken).abs() <= 1e-9 * (1.0 + taken), "{given} W for {taken} W");
    for &load in &loads {
        let cords = &design.loads[load.0 as usize].cords;
        let shares = network.cord_shares(load);
        // Recharging gives way to every load here.
        let asked_w = ASKED_W[load.0 as usize];
        prop_assert!(!network.energised(load) || network.cap_w(load) >= asked_w * (1.0 - 1e-9));
        for (&cord, &share) in cords.iter().zip(shares) {
            let volts = sequences.voltage(cord);
            prop_assert!(share == 0.0 || volts > 0.0, "load {load:?} is served by a dead cord");
        }
        let fed = shares.iter().any(|share| *share > 0.0);
        match sequences.load_state(load) {
            State::Served => prop_assert!(fed, "load {load:?} is served by nothing"),
            State::Lost => prop_assert!(network.draw_w(load) == 0.0),
            _ => {}
        }
    }
    Ok(())
}

fn blows() -> impl Strategy<Value = Vec<(u32, Blow)>> {
    let out = (prop::sample::select(&BREAKS[..]), 1u32..2000)
        .prop_map(|(node, lasts_s)| Blow::Out { node, lasts_s });
    let sag = (prop::sample::select(&FEEDS[..]), 0.0f64..0.84, 1u32..3000)
        .prop_map(|(node, residual, lasts_ms)| Blow::Sag { node, residual, lasts_ms });
    prop::collection::vec((1u32..4000, prop_oneof![3 => out, 1 => sag]), 0..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn chains_come_through_whatever_strikes_them(
        blows in blows(),
        runtime_s in 5.0f64..600.0,
        bypass in any::<bool>(),
        on_generator_w in prop_oneof![Just(0.0), 5e4..2e5],
        limits_w in (6.3e5f64..1e6, 8.8e5f64..1.3e6),
        order in Just((0..11).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let plan = Plan { runtime_s, bypass, steps: 12, on_generator_w, limits_w, order };
        let told = run(&plan, &blows)?;
        let in_order = Plan { order: (0..11).collect(), ..plan };
        prop_assert_eq!(told, run(&in_order, &blows)?, "the order of declaration matters");
    }
}
