//! What recharges the batteries of UPSs, as loads of a rank between mining and all other work: fair
//! shares of what is left, at whatever feeds the UPS.

use super::{BUS, FEED, component, load, node};
use crate::kernel::{FailureLaw, RepairLaw, Span, Streams, Time};
use crate::plant::power::sequence::tests::designs::{self, bus, genset, s, transfer};
use crate::plant::power::sequence::*;
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

const WORK: Rank = Rank::Inference;

/// A UPS without loss that takes its input back at once and recharges at so many watts.
fn ups(recharge_w: f64, on_generator_w: f64, fed_by: &[u32]) -> NodeDesign {
    let machine = MachineDesign::Ups(UpsDesign {
        battery_j: 1e9,
        end_of_life_j: 1e9,
        battery_rated_w: 1e6,
        battery_efficiency: 1.0,
        recharge_on_generator_w: on_generator_w,
        charge_efficiency: 1.0,
        requalify: Span::ZERO,
        walk_in: Span::ZERO,
        ..designs::ups(0.0, recharge_w)
    });
    let component = component(ComponentKind::Ups, 1e6);
    node(ComponentDesign { machine, ..component }, fed_by)
}

/// A chain at work.
struct Site {
    network: Network,
    sequences: Sequences,
    nodes: u32,
}

impl Site {
    /// Each load asks for so much of a rank.
    fn new(design: &PowerDesign, asks: &[(Rank, f64)]) -> Self {
        let mut network = Network::new(design);
        for (load, &(rank, w)) in (0..).zip(asks) {
            network.set_demand(PowerLoad(load), Demand::of(rank, w));
        }
        let sequences = Sequences::new(design, &Streams::new(1, 0));
        let mut site = Self { network, sequences, nodes: design.nodes.len() as u32 };
        site.settle(Time::ZERO);
        site
    }

    fn settle(&mut self, now: Time) {
        self.network.follow(&self.sequences);
        self.network.allocate_and_draw();
        self.network.tell(now, &mut self.sequences, (0..self.nodes).map(PowerNode));
    }

    /// At `at_s` a component goes down or comes back.
    fn turn(&mut self, at_s: f64, node: u32, up: bool) {
        self.run_until(at_s);
        let now = Time::ZERO + s(at_s);
        if !self.sequences.has_machine(PowerNode(node)) {
            self.network.set_up(PowerNode(node), up);
        }
        self.sequences.set_up(now, PowerNode(node), up);
        self.run_until(at_s);
        self.settle(now);
    }

    fn run_until(&mut self, at_s: f64) {
        let until = Time::ZERO + s(at_s);
        while self.sequences.next_at() <= until {
            let now = self.sequences.next_at();
            self.sequences.advance(now);
            self.settle(now);
        }
    }

    #[track_caller]
    fn is_near(&self, what: f64, expected_w: f64) {
        assert!((what - expected_w).abs() < 1e-3, "{what} W in place of {expected_w} W");
    }

    fn recharge_w(&self, node: u32) -> f64 {
        self.network.recharge_w(PowerNode(node))
    }

    fn flow_w(&self, node: u32) -> f64 {
        self.network.flow_w(PowerNode(node))
    }
}

/// 100 kW of work behind two UPSs leave 90 kW of 190 to chargers that ask for 120 and 60 kW: half of
/// what each asks for.
#[test]
fn two_chargers_behind_one_limit_get_the_same_part_of_what_they_ask() {
    let nodes =
        vec![node(component(FEED, 190e3), &[]), ups(120e3, 0.0, &[0]), ups(60e3, 0.0, &[0])];
    let design = PowerDesign { nodes, loads: vec![load(&[1]), load(&[2])] };
    let mut site = Site::new(&design, &[(WORK, 70e3), (WORK, 30e3)]);
    site.turn(10.0, 0, false);
    site.turn(70.0, 0, true);
    site.is_near(site.recharge_w(1), 60e3);
    site.is_near(site.recharge_w(2), 30e3);
    site.is_near(site.flow_w(0), 190e3);
    // The battery that gave less, 30 kW for 60 s, is full first: the other takes what is left.
    site.run_until(70.0 + 30e3 * 60.0 / 30e3 + 0.001);
    site.is_near(site.recharge_w(2), 0.0);
    site.is_near(site.recharge_w(1), 90e3);
    let missing_j = 70e3 * 60.0 - 60e3 * 60.0;
    site.run_until(130.0 + missing_j / 90e3 + 0.001);
    site.is_near(site.recharge_w(1), 0.0);
}

/// A limit a ten-thousandth of a milliwatt above what the work takes leaves the charger a crumb, which charges
/// nothing: it draws nothing and waits.
#[test]
fn a_charger_is_given_no_crumb() {
    let limited = component(FEED, 70e3 * (1.0 - 1e-9));
    let design = PowerDesign {
        nodes: vec![node(limited, &[]), ups(120e3, 0.0, &[0])],
        loads: vec![load(&[1])],
    };
    for spare_w in [0.0, 1e-7, 5e-7] {
        let mut site = Site::new(&design, &[(WORK, 10e3)]);
        site.turn(10.0, 0, false);
        site.network.set_demand(PowerLoad(0), Demand::of(WORK, 70e3 * (1.0 - 1e-9) - spare_w));
        site.turn(70.0, 0, true);
        assert_eq!(site.recharge_w(1), 0.0, "{spare_w} W to spare");
    }
}

/// A charger is where the input of its UPS is: at the second of two feeders while the first is dead, and at
/// the first when that is back.
#[test]
fn a_charger_goes_with_its_ups_from_feeder_to_feeder() {
    let nodes = vec![
        node(component(FEED, 1e6), &[]),
        node(component(FEED, 80e3), &[]),
        node(component(BUS, 1e6), &[0]),
        node(component(BUS, 1e6), &[1]),
        ups(120e3, 0.0, &[2, 3]),
    ];
    let design = PowerDesign { nodes, loads: vec![load(&[4])] };
    let mut site = Site::new(&design, &[(WORK, 50e3)]);
    site.turn(1.0, 1, false);
    site.turn(10.0, 0, false);
    site.turn(70.0, 1, true);
    // The second feeder leaves 30 kW beside the load.
    site.is_near(site.recharge_w(4), 30e3);
    site.is_near(site.flow_w(2), 0.0);
    site.is_near(site.flow_w(3), 80e3);
    site.turn(71.0, 0, true);
    site.is_near(site.recharge_w(4), 120e3);
    site.is_near(site.flow_w(2), 170e3);
    site.is_near(site.flow_w(3), 0.0);
}

/// A rack of 150 kW on two UPSs, each behind a board; board A is rated at 100 kW. Work comes before
/// recharging, which takes the 25 kW that are left at A; mining gives way to it on both cords.
#[test]
fn racks_on_two_cords_share_with_chargers_by_rank() {
    let nodes = || {
        vec![
            node(component(FEED, 1e6), &[]),
            node(component(BUS, 100e3), &[0]),
            node(component(BUS, 1e6), &[0]),
            ups(60e3, 0.0, &[1]),
            ups(60e3, 0.0, &[2]),
        ]
    };
    let after_an_outage = |rank| {
        let design = PowerDesign { nodes: nodes(), loads: vec![load(&[3, 4])] };
        let mut site = Site::new(&design, &[(rank, 150e3)]);
        site.turn(10.0, 0, false);
        site.turn(70.0, 0, true);
        site
    };
    let site = after_an_outage(WORK);
    site.is_near(site.network.draw_w(PowerLoad(0)), 150e3);
    site.is_near(site.recharge_w(3), 25e3);
    site.is_near(site.recharge_w(4), 60e3);
    let site = after_an_outage(Rank::Mining);
    site.is_near(site.network.draw_w(PowerLoad(0)), 80e3);
    site.is_near(site.recharge_w(3), 60e3);
    site.is_near(site.recharge_w(4), 60e3);
    site.is_near(site.flow_w(1), 100e3);
    site.is_near(site.flow_w(2), 100e3);
}

/// A set of 100 kW takes a block of 80 kW whose charger asks for 60 kW: it gets 20, the set is not
/// overloaded, and no block is shed.
#[test]
fn a_charger_sheds_no_block_of_a_generator() {
    let set = MachineDesign::Genset(GensetDesign {
        start: s(9.0),
        cooldown: s(120.0),
        repair: RepairLaw::Exponential { mean_s: 3600.0 },
        ..genset()
    });
    let bus = MachineDesign::GeneratorBus(bus());
    let ats = MachineDesign::Transfer(TransferDesign { return_delay: s(300.0), ..transfer(0.0) });
    let machine = |kind, rating_w, machine, fed_by: &[u32]| {
        let failures = FailureLaw::NEVER;
        node(ComponentDesign { machine, failures, ..component(kind, rating_w) }, fed_by)
    };
    let mut board = machine(ComponentKind::Transfer, 1e6, ats, &[0, 2]);
    board.blocks = vec![vec![PowerNode(4)]];
    let nodes = vec![
        node(component(FEED, 1e6), &[]),
        machine(ComponentKind::Genset, 100e3, set, &[]),
        machine(ComponentKind::GeneratorBus, 100e3, bus, &[1]),
        board,
        ups(120e3, 60e3, &[3]),
    ];
    let design = PowerDesign { nodes, loads: vec![load(&[4])] };
    let mut site = Site::new(&design, &[(WORK, 80e3)]);
    site.turn(10.0, 0, false);
    // The block closes at 20.1 s; 808 kJ are missing by then.
    site.run_until(60.0);
    site.is_near(site.recharge_w(4), 20e3);
    site.is_near(site.flow_w(2), 100e3);
    site.run_until(61.0);
    site.is_near(site.recharge_w(4), 0.0);
    let mut states = Vec::new();
    site.sequences.drain(|_, _, state| states.push(state));
    assert!(states.contains(&State::BlockClosed(1)), "{states:?}");
    assert!(!states.iter().any(|state| matches!(state, State::BlockShed(_))), "{states:?}");
    assert_eq!(site.sequences.state(PowerNode(4)), Some(State::Online));
}
