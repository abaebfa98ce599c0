//! Timelines of one event each. The instants and battery energies are those of an independent
//! reference in another language (rules of the state machines written twice); the first of them
//! were checked by hand.

use super::designs::{KWH, bus, genset, s, transfer, ups};
use crate::kernel::{FailureLaw, Span, Streams, Time};
use crate::plant::power::sequence::*;
use crate::plant::power::*;

fn at(seconds: f64) -> Time {
    Time::ZERO + s(seconds)
}

/// A chain under construction.
#[derive(Default)]
struct Chain {
    design: PowerDesign,
}

impl Chain {
    fn node(
        &mut self,
        name: &str,
        kind: ComponentKind,
        rating_w: f64,
        machine: MachineDesign,
        fed_by: &[PowerNode],
    ) -> PowerNode {
        let loss = LossCurve::NONE;
        let component = ComponentDesign {
            kind,
            rating_w,
            reverse_w: f64::INFINITY,
            loss,
            failures: FailureLaw::NEVER,
            machine,
        };
        self.design.nodes.push(NodeDesign {
            name: name.to_owned(),
            component,
            fed_by: fed_by.to_vec(),
            blocks: Vec::new(),
        });
        PowerNode(self.design.nodes.len() as u32 - 1)
    }

    fn load(&mut self, name: &str, ride: Ride, cords: &[PowerNode]) -> PowerLoad {
        self.design.loads.push(LoadDesign {
            name: name.to_owned(),
            cords: cords.to_vec(),
            sharing: Sharing::Even,
            ride,
        });
        PowerLoad(self.design.loads.len() as u32 - 1)
    }

    fn run(&self) -> Sequences {
        Sequences::new(&self.design, &Streams::new(1, 0))
    }

    fn name(&self, subject: Subject) -> &str {
        match subject {
            Subject::Node(node) => &self.design.nodes[node.0 as usize].name,
            Subject::Load(load) => &self.design.loads[load.0 as usize].name,
        }
    }
}

/// Runs `sequences` to `end`, each timer at its own instant, and writes down what they do; a UPS
/// with the energy of its battery, kWh. Whoever looks at flows looks at these instants and at the end.
fn follow(chain: &Chain, sequences: &mut Sequences, end: f64, lines: &mut Vec<String>) {
    loop {
        sequences.drain(|when, subject, state| {
            lines.push(format!("{:.3} {} {state}", when.as_secs_f64(), chain.name(subject)));
        });
        let next = sequences.next_at();
        sequences.look_until(sequences.now(), next.min(at(end)));
        if next > at(end) {
            return;
        }
        sequences.advance(next);
        // No network is short of what recharges a battery.
        for node in (0..chain.design.nodes.len() as u32).map(PowerNode) {
            let charge_w = sequences.supply(node).charge_w;
            sequences.set_charger(next, node, charge_w);
        }
    }
}

fn energy_kwh(sequences: &Sequences, ups: PowerNode, seconds: f64) -> f64 {
    sequences.battery(ups, at(seconds)).expect("a UPS").energy_j / KWH
}

fn close(got: f64, wanted: f64) {
    assert!((got - wanted).abs() < 6e-5, "{got} for {wanted}");
}

#[test]
fn an_outage_of_eight_minutes_behind_one_ups_and_one_generator() {
    let mut chain = Chain::default();
    let plain = MachineDesign::None;
    let utility = chain.node("utility", ComponentKind::Feed, 2e6, plain, &[]);
    let set = MachineDesign::Genset(genset());
    let set = chain.node("genset", ComponentKind::Genset, 2e6, set, &[]);
    let ats = MachineDesign::Transfer(transfer(0.5));
    let ats = chain.node("ats", ComponentKind::Transfer, 2e6, ats, &[utility, set]);
    let machine = MachineDesign::Ups(ups(1000.0 / 0.95 * 300.0 / 3600.0, 120e3));
    let ups = chain.node("ups", ComponentKind::Ups, 1.2e6, machine, &[ats]);
    chain.load("drives", Ride::DRIVE, &[ats]);
    let mut run = chain.run();
    run.set_load(Time::ZERO, ups, 1e6);
    let mut lines = Vec::new();
    run.set_up(Time::ZERO, utility, false);
    for (seconds, kwh) in [(21.6, 81.4035), (36.6, 79.2105), (1390.1, 76.2573), (1405.1, 74.0643)] {
        if seconds > 480.0 && !lines.iter().any(|line: &String| line.starts_with("480")) {
            follow(&chain, &mut run, 480.0, &mut lines);
            lines.push("480.000 utility back".to_owned());
            run.set_up(at(480.0), utility, true);
        }
        follow(&chain, &mut run, seconds, &mut lines);
        close(energy_kwh(&run, ups, seconds), kwh);
    }
    follow(&chain, &mut run, 40_000.0, &mut lines);
    let wanted = [
        "0.000 ups battery",
        "0.000 drives holding",
        "0.500 drives lost",
        "1.000 ats loss-confirmed",
        "1.000 genset crank-1",
        "4.000 genset run-up",
        "11.000 genset available",
        "11.500 ats open",
        "11.600 ats on-emergency",
        "11.600 drives served",
        "21.600 ups walk-in",
        "36.600 ups online",
        "480.000 utility back",
        "1380.000 ats open",
        "1380.000 ups battery",
        "1380.000 drives holding",
        "1380.100 ats on-normal",
        "1380.100 genset cooldown",
        "1380.100 drives served",
        "1390.100 ups walk-in",
        "1405.100 ups online",
        "1405.100 ups recharge",
        "1680.100 genset standby",
        "1836.310 ups full",
    ];
    assert_eq!(lines, wanted);
    let battery = run.battery(ups, at(2000.0)).expect("a UPS");
    assert!((battery.energy_j / battery.full_j - 1.0).abs() < 1e-9);
    let set = run.genset(set, at(2000.0)).expect("a set");
    assert_eq!((set.starts, set.failures_to_start), (1, 0));
    // From available to the end of the cooldown.
    assert!((set.run_s - (1680.1 - 11.0)).abs() < 1e-6, "{}", set.run_s);
}

#[test]
fn three_generators_of_which_one_fires_late_and_one_never() {
    let mut chain = Chain::default();
    let plain = MachineDesign::None;
    let utility = chain.node("utility", ComponentKind::Feed, 6e6, plain, &[]);
    let sets: Vec<PowerNode> = ["set1", "set2", "set3"]
        .map(|name| {
            chain.node(name, ComponentKind::Genset, 2e6, MachineDesign::Genset(genset()), &[])
        })
        .into();
    let bus = MachineDesign::GeneratorBus(bus());
    let bus = chain.node("gen-bus", ComponentKind::GeneratorBus, f64::INFINITY, bus, &sets);
    let board = MachineDesign::Transfer(transfer(0.0));
    let board = chain.node("board", ComponentKind::Transfer, 6e6, board, &[utility, bus]);
    let cdu = chain.node("cdu", ComponentKind::Switchgear, 1e6, plain, &[board]);
    let machine = MachineDesign::Ups(ups(2880.0 / 0.95 * 300.0 / 3600.0, 400e3));
    let ups = chain.node("ups", ComponentKind::Ups, 4e6, machine, &[board]);
    let chillers = chain.node("chillers", ComponentKind::Switchgear, 1e6, plain, &[board]);
    chain.load("pumps", Ride::DRIVE, &[cdu]);
    chain.load("compressors", Ride::DRIVE, &[chillers]);
    chain.design.nodes[board.0 as usize].blocks = vec![vec![cdu], vec![ups], vec![chillers]];
    let mut run = chain.run();
    run.set_load(Time::ZERO, ups, 2.88e6);
    for (number, kw) in [(0, 200.0), (1, 3000.0), (2, 400.0)] {
        run.set_block(Time::ZERO, board, number, kw * 1e3);
    }
    run.inject_firing(sets[0], Some(1));
    run.inject_firing(sets[1], Some(2));
    run.inject_firing(sets[2], None);
    let mut lines = Vec::new();
    run.set_up(Time::ZERO, utility, false);
    follow(&chain, &mut run, 55.1, &mut lines);
    close(energy_kwh(&run, ups, 55.1), 206.2316);
    follow(&chain, &mut run, 70.1, &mut lines);
    close(energy_kwh(&run, ups, 70.1), 199.9158);
    follow(&chain, &mut run, 480.0, &mut lines);
    run.set_up(at(480.0), utility, true);
    follow(&chain, &mut run, 1390.1, &mut lines);
    close(energy_kwh(&run, ups, 1390.1), 191.4105);
    follow(&chain, &mut run, 2100.0, &mut lines);
    lines.retain(|line| !line.contains("set3 rest") && !line.contains("holding"));
    let wanted = [
        "0.000 ups battery",
        "0.500 pumps lost",
        "0.500 compressors lost",
        "1.000 board loss-confirmed",
        "1.000 set1 crank-1",
        "1.000 set2 crank-1",
        "1.000 set3 crank-1",
        "4.000 set1 run-up",
        "11.000 set1 available",
        "11.000 set1 on-bus",
        "11.100 gen-bus block-closed-1",
        "11.100 pumps served",
        "16.000 set2 rest",
        "31.000 set2 crank-2",
        "31.000 set3 crank-2",
        "34.000 set2 run-up",
        "41.000 set2 available",
        "45.000 set2 on-bus",
        "45.100 gen-bus block-closed-2",
        "50.100 gen-bus block-closed-3",
        "50.100 compressors served",
        "55.100 ups walk-in",
        "61.000 set3 crank-3",
        "70.100 ups online",
        "76.000 set3 failed-to-start",
        "1380.000 board open",
        "1380.000 ups battery",
        "1380.100 board on-normal",
        "1380.100 set1 cooldown",
        "1380.100 set2 cooldown",
        "1380.100 pumps served",
        "1380.100 compressors served",
        "1390.100 ups walk-in",
        "1405.100 ups online",
        "1405.100 ups recharge",
        "1680.100 set1 standby",
        "1680.100 set2 standby",
        "2044.923 ups full",
    ];
    assert_eq!(lines, wanted);
}

/// The six sags of 2024-07-10 (NERC incident review of 2025-01-08): from, and for how long, s.
const SAGS: [(f64, f64); 6] = [
    (0.000, 0.042),
    (0.532, 0.066),
    (15.860, 0.058),
    (21.279, 0.050),
    (76.249, 0.066),
    (81.665, 0.059),
];

/// A UPS of 960 kW behind a feed that sags: what it does, the import at `probes`, kW, and its battery
/// at each sag and at the end, kWh.
fn six_sags(design: UpsDesign, probes: &[f64]) -> (Vec<String>, Vec<f64>, Vec<f64>) {
    let mut chain = Chain::default();
    let utility = chain.node("utility", ComponentKind::Feed, 2e6, MachineDesign::None, &[]);
    let machine = MachineDesign::Ups(design);
    let ups = chain.node("ups", ComponentKind::Ups, 1.2e6, machine, &[utility]);
    let mut run = chain.run();
    run.activate();
    run.set_load(Time::ZERO, ups, 960e3);
    let mut lines = Vec::new();
    let mut instants: Vec<(f64, Option<f64>)> = SAGS.iter().map(|&(at, d)| (at, Some(d))).collect();
    instants.extend(probes.iter().map(|&at| (at, None)));
    instants.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut import, mut kwh) = (Vec::new(), Vec::new());
    for (seconds, sag) in instants {
        follow(&chain, &mut run, seconds, &mut lines);
        match sag {
            Some(lasts) => {
                run.sag(at(seconds), utility, 0.30, s(lasts));
                kwh.push(energy_kwh(&run, ups, seconds));
            }
            None => {
                run.advance(at(seconds));
                import.push(1000.0 * run.share(ups));
            }
        }
    }
    follow(&chain, &mut run, 130.0, &mut lines);
    lines.retain(|line| line.contains(" ups "));
    kwh.push(energy_kwh(&run, ups, 130.0));
    (lines, import, kwh)
}

/// Energy is counted as the reference counts it: 1000 kW of battery for 960 kW of output.
fn sagging() -> UpsDesign {
    UpsDesign { battery_efficiency: 0.95, battery_j: 1000.0 * 300.0 * 1e3, ..ups(0.0, 0.0) }
}

#[test]
fn six_sags_with_a_counter_latch_at_the_third() {
    let strikes = Strikes { count: 3, window: s(60.0), merge: Span::ZERO, reset: None };
    let design = UpsDesign { strikes: Some(strikes), ..sagging() };
    let (lines, import, kwh) = six_sags(design, &[12.0, 15.8, 15.9, 60.0]);
    close(kwh[2], 79.1405);
    assert_eq!(lines, ["0.000 ups battery", "10.598 ups walk-in", "15.860 ups latched"]);
    in_steps_too(design, &lines, &kwh);
    for (got, wanted) in import.iter().zip([93.467, 346.8, 0.0, 0.0]) {
        assert!((got - wanted).abs() < 5e-4, "{import:?}");
    }
}

#[test]
fn six_sags_with_a_counter_that_merges_latch_at_the_fourth() {
    let strikes = Strikes { count: 3, window: s(60.0), merge: s(1.0), reset: None };
    let design = UpsDesign { strikes: Some(strikes), ..sagging() };
    let (lines, _, kwh) = six_sags(design, &[]);
    close(kwh[3], 77.6194);
    in_steps_too(design, &lines, &kwh);
    let wanted =
        ["0.000 ups battery", "10.598 ups walk-in", "15.860 ups battery", "21.279 ups latched"];
    assert_eq!(lines, wanted);
}

#[test]
fn six_sags_are_ridden_through_with_a_quick_return() {
    let design = UpsDesign { requalify: s(0.1), walk_in: s(1.0), ..sagging() };
    let (lines, import, kwh) = six_sags(design, &[0.3]);
    let online: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_suffix(" ups online")).collect();
    assert_eq!(online, ["1.698", "17.018", "22.429", "77.415", "82.824"]);
    assert!((import[0] - 158.0).abs() < 1e-6, "{import:?}");
    close(kwh[6], 82.2793);
    in_steps_too(design, &lines, &kwh);
}

/// Flows that are looked at in steps give and take what the straight line does up to any instant, in the
/// middle of a step too.
fn in_steps_too(design: UpsDesign, lines: &[String], kwh: &[f64]) {
    for walk_in_steps in [1, 7, 60] {
        let (in_steps, _, energies) = six_sags(UpsDesign { walk_in_steps, ..design }, &[]);
        assert_eq!(in_steps, lines, "{walk_in_steps} steps");
        for (got, wanted) in energies.iter().zip(kwh) {
            assert!((got - wanted).abs() < 1e-9, "{walk_in_steps} steps: {energies:?} {kwh:?}");
        }
    }
}

#[test]
fn a_static_switch_saves_what_an_open_transfer_loses() {
    let design = StaticSwitchDesign {
        sense: s(0.002),
        transfer: s(0.004),
        retransfer: s(10.0),
        window: (0.85, 1.10),
        fails: 0.0,
        by_hand: s(1800.0),
        first_come: true,
    };
    let mut chain = Chain::default();
    let plain = MachineDesign::None;
    let blocks: Vec<PowerNode> = ["block1", "block2", "reserve"]
        .map(|name| chain.node(name, ComponentKind::Feed, 2e6, plain, &[]))
        .into();
    let switches: Vec<PowerNode> = [("sts1", 0), ("sts2", 1)]
        .map(|(name, block)| {
            let machine = MachineDesign::StaticSwitch(design);
            let from = [blocks[block], blocks[2]];
            chain.node(name, ComponentKind::StaticSwitch, 2e6, machine, &from)
        })
        .into();
    chain.load("rack1", Ride::RACK, &[switches[0]]);
    chain.load("rack2", Ride::RACK, &[switches[1]]);
    let mut run = chain.run();
    let mut lines = Vec::new();
    run.set_up(Time::ZERO, blocks[0], false);
    follow(&chain, &mut run, 1.0, &mut lines);
    run.set_up(at(1.0), blocks[1], false);
    follow(&chain, &mut run, 5.0, &mut lines);
    run.set_up(at(5.0), blocks[0], true);
    follow(&chain, &mut run, 20.0, &mut lines);
    let wanted = [
        "0.000 rack1 holding",
        "0.006 sts1 on-emergency",
        "0.006 rack1 served",
        "1.000 rack2 holding",
        "1.002 sts2 refused",
        "1.020 rack2 lost",
        "15.000 sts1 on-normal",
        // The reserve is free: the second has it 6 ms later.
        "15.006 sts2 on-emergency",
        "15.006 rack2 served",
    ];
    assert_eq!(lines, wanted);
}

/// The same racks behind a transfer switch whose other source is alive: the gap of 0.1 s is five times
/// what their power supplies hold.
#[test]
fn racks_do_not_ride_through_an_open_transfer() {
    let design = TransferDesign { loss_confirm: Span::ZERO, ..transfer(0.0) };
    let mut chain = Chain::default();
    let plain = MachineDesign::None;
    let [a, b] = ["a", "b"].map(|name| chain.node(name, ComponentKind::Feed, 2e6, plain, &[]));
    let machine = MachineDesign::Transfer(design);
    let ats = chain.node("ats", ComponentKind::Transfer, 2e6, machine, &[a, b]);
    chain.load("rack", Ride::RACK, &[ats]);
    let mut run = chain.run();
    let mut lines = Vec::new();
    run.set_up(Time::ZERO, a, false);
    follow(&chain, &mut run, 5.0, &mut lines);
    let wanted = [
        "0.000 rack holding",
        "0.000 ats loss-confirmed",
        "0.000 ats open",
        "0.020 rack lost",
        "0.100 ats on-emergency",
        "0.100 rack served",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn the_iti_curve_says_who_survives() {
    let mut chain = Chain::default();
    let utility = chain.node("utility", ComponentKind::Feed, 2e6, MachineDesign::None, &[]);
    let rack = chain.load("rack", Ride::RACK, &[utility]);
    for (voltage, lasts, survives) in [
        (0.85, 5.0, true),
        (0.85, 11.0, false),
        (0.75, 0.4, true),
        (0.75, 0.6, false),
        (0.69, 0.021, false),
        (0.30, 0.042, false),
        (0.30, 0.019, true),
        (0.0, 0.020, true),
        (0.0, 0.0201, false),
    ] {
        let mut run = chain.run();
        run.activate();
        run.sag(Time::ZERO, utility, voltage, s(lasts));
        let mut lost = false;
        while run.next_at() < Time::MAX {
            run.advance(run.next_at());
            lost |= run.load_state(rack) == State::Lost;
        }
        assert_eq!(!lost, survives, "{voltage} for {lasts} s");
    }
    // Who holds for long without voltage holds as long with some of it.
    let long = Ride::Rack { hold_up: s(0.9) };
    let stands_s = |percent: u32| long.stands(f64::from(percent) / 100.0).map(Span::as_secs_f64);
    let shorter = |pair: &[Option<f64>]| pair[0].unwrap_or(f64::MAX) > pair[1].unwrap_or(f64::MAX);
    let all: Vec<Option<f64>> = (0..=100).map(stands_s).collect();
    assert!(!all.windows(2).any(shorter), "{all:?}");
    for (voltage, lasts_ms, survives) in [(1.15, 400, true), (1.25, 2, true), (1.25, 4, false)] {
        let stands = Ride::RACK.stands(voltage).expect("not for good");
        assert_eq!(Span::from_nanos(lasts_ms * 1_000_000) <= stands, survives, "{voltage}");
    }
}

/// When a UPS with a megawatt and five minutes of `design`, full, is empty that carries loads of kW from
/// seconds on.
fn empty_after(design: UpsDesign, loads: &[(f64, f64)]) -> f64 {
    let mut chain = Chain::default();
    let feed = chain.node("feed", ComponentKind::Feed, 9e6, MachineDesign::None, &[]);
    let ups = chain.node("ups", ComponentKind::Ups, 1e6, MachineDesign::Ups(design), &[feed]);
    let mut run = chain.run();
    run.set_load(Time::ZERO, ups, 1e3 * loads[0].1);
    run.set_up(Time::ZERO, feed, false);
    for (seconds, kw) in loads {
        run.set_load(at(*seconds), ups, 1e3 * kw);
    }
    let mut lines = Vec::new();
    follow(&chain, &mut run, 1e5, &mut lines);
    let off = lines.iter().find(|line| line.ends_with("ups off")).expect("it is empty at last");
    off.split(' ').next().expect("a time").parse().expect("seconds")
}

/// Lead acid with an exponent of 1.15: the time of rated power at a half, two fifths and a quarter of it, and
/// the parts of several powers as a dose. Aged to 80 % it lasts for 80 % of the time.
#[test]
fn lead_acid_lasts_longer_at_less_power() {
    let kwh = 1e3 / 0.95 * 300.0 / 3600.0;
    let vrla = UpsDesign { peukert: 1.15, ..ups(kwh, 0.0) };
    for (loads, seconds) in [
        (&[(0.0, 1000.0)][..], 300.0),
        (&[(0.0, 500.0)], 665.741_683),
        (&[(0.0, 400.0)], 860.502_754),
        (&[(0.0, 250.0)], 1_477.373_3),
        (&[(0.0, 1000.0), (100.0, 400.0)], 673.668_503),
        (&[(0.0, 1000.0), (60.0, 700.0), (180.0, 300.0)], 820.397_951),
    ] {
        let found = empty_after(vrla, loads);
        assert!((found - seconds).abs() < 6e-4, "{loads:?}: {found} s, expected {seconds} s");
    }
    let aged = UpsDesign { battery_j: 0.8 * kwh * KWH, ..vrla };
    assert!((empty_after(aged, &[(0.0, 500.0)]) - 532.593_347).abs() < 6e-4);
    // Lithium ion holds the same energy at any power.
    assert!((empty_after(ups(kwh, 0.0), &[(0.0, 500.0)]) - 600.0).abs() < 6e-4);
}

/// Lithium ion of 87.719 kWh, empty, is full after 0.769468 h at 120 kW of which 95 % are stored.
#[test]
fn a_battery_is_recharged_at_constant_power() {
    let kwh = 1e3 / 0.95 * 300.0 / 3600.0;
    let mut chain = Chain::default();
    let feed = chain.node("feed", ComponentKind::Feed, 9e6, MachineDesign::None, &[]);
    let machine = MachineDesign::Ups(ups(kwh, 120e3));
    let ups = chain.node("ups", ComponentKind::Ups, 1e6, machine, &[feed]);
    let mut run = chain.run();
    run.set_load(Time::ZERO, ups, 1e6);
    run.set_up(Time::ZERO, feed, false);
    let mut lines = Vec::new();
    follow(&chain, &mut run, 1000.0, &mut lines);
    run.set_up(at(1000.0), feed, true);
    follow(&chain, &mut run, 1e5, &mut lines);
    let when = |what: &str| -> f64 {
        let line = lines.iter().find(|line| line.ends_with(what)).expect("it comes to that");
        line.split(' ').next().expect("a time").parse().expect("seconds")
    };
    let hours = (when("ups full") - when("ups recharge")) / 3600.0;
    assert!((hours - 0.769_468).abs() < 1e-6, "{hours} h: {lines:?}");
}

/// A load that changes within the last instants of a charge ends it no sooner: who feeds the charger hears
/// that the battery is full.
#[test]
fn a_charge_ends_when_it_is_told_to_be_full() {
    let mut chain = Chain::default();
    let feed = chain.node("feed", ComponentKind::Feed, 9e6, MachineDesign::None, &[]);
    let machine = MachineDesign::Ups(ups(2.0, 120e3));
    let ups = chain.node("ups", ComponentKind::Ups, 1e6, machine, &[feed]);
    let mut run = chain.run();
    run.set_load(Time::ZERO, ups, 100e3);
    run.set_up(Time::ZERO, feed, false);
    let mut lines = Vec::new();
    run.set_up(at(10.0), feed, true);
    follow(&chain, &mut run, 36.0, &mut lines);
    let full = run.next_at();
    let nearly = at(full.as_secs_f64() - 2e-5);
    run.advance(nearly);
    run.set_load(nearly, ups, 120e3);
    assert_eq!(run.supply(ups).charge_w, 120e3);
    follow(&chain, &mut run, 1e5, &mut lines);
    assert_eq!(run.supply(ups).charge_w, 0.0);
    let last = format!("{:.3} ups full", full.as_secs_f64());
    assert_eq!(lines.last(), Some(&last), "{lines:?}");
}

/// Parts of several levels add up to one dose: 115 % for 240 s of 600, 105 % for 1200 s of 3600,
/// then 130 % for the rest of 60 s.
#[test]
fn an_overload_is_a_dose() {
    let levels = [(1.10, s(3600.0)), (1.25, s(600.0)), (1.50, s(60.0)), (1.50, s(60.0))];
    let overload = OverloadDesign { rating_w: 1e6, levels, reset: s(1800.0) };
    let run = |bypass: bool, after: &[(f64, f64)], end: f64| {
        let mut chain = Chain::default();
        let feed = chain.node("feed", ComponentKind::Feed, 9e6, MachineDesign::None, &[]);
        let design = UpsDesign { overload: Some(overload), bypass, ..ups(87.719, 0.0) };
        let ups = chain.node("ups", ComponentKind::Ups, 1e6, MachineDesign::Ups(design), &[feed]);
        let mut sequences = chain.run();
        let mut lines = Vec::new();
        for &(seconds, w) in [(0.0, 1.15e6), (240.0, 1.05e6), (1440.0, 1.30e6)].iter().chain(after)
        {
            follow(&chain, &mut sequences, seconds, &mut lines);
            sequences.set_load(at(seconds), ups, w);
        }
        follow(&chain, &mut sequences, end, &mut lines);
        lines
    };
    let back = [(1500.0, 0.9e6)];
    let lines = run(true, &back, 4000.0);
    let told = ["1456.000 ups overloaded", "1456.000 ups bypass", "3300.000 ups online"];
    assert_eq!(lines, told, "on its bypass until half an hour at less than its rating");
    let lines = run(false, &back, 4000.0);
    let told = ["1456.000 ups overloaded", "1456.200 ups off", "3300.000 ups online"];
    assert_eq!(lines, told, "without a bypass its inverter limits the current for 200 ms");
    // Half an hour at its rating makes it forget.
    let lines = run(true, &[(1450.0, 1.0e6), (3250.0, 1.30e6)], 3320.0);
    assert_eq!(lines, ["3310.000 ups overloaded", "3310.000 ups bypass"]);
}

/// A UPS that passes its input on to a rack, and what both do while the input sags to 30 % at each of
/// `sags`: from, and for how long, s.
fn passing(transfer: f64, back: Option<f64>, sags: &[(f64, f64)], end: f64) -> Vec<String> {
    let mut chain = Chain::default();
    let utility = chain.node("utility", ComponentKind::Feed, 2e6, MachineDesign::None, &[]);
    let passing = PassingDesign { loss: 0.015, transfer: s(transfer), back: back.map(s) };
    let design = UpsDesign { passing: Some(passing), ..sagging() };
    let ups = chain.node("ups", ComponentKind::Ups, 1.2e6, MachineDesign::Ups(design), &[utility]);
    chain.load("rack", Ride::RACK, &[ups]);
    let mut run = chain.run();
    run.activate();
    run.set_load(Time::ZERO, ups, 960e3);
    let mut lines = Vec::new();
    for &(from, lasts) in sags {
        follow(&chain, &mut run, from, &mut lines);
        run.advance(at(from));
        run.sag(at(from), utility, 0.30, s(lasts));
    }
    follow(&chain, &mut run, end, &mut lines);
    lines.retain(|line| !line.contains(" utility "));
    lines
}

/// What is behind a UPS in eco mode sees the sag until the inverter carries it; the UPS converts twice
/// for five minutes after the walk-in, and then passes on again.
#[test]
fn eco_mode_leaves_a_gap_and_returns() {
    let told = passing(0.004, Some(300.0), &[(0.0, 0.1)], 1000.0);
    let wanted = [
        "0.000 rack holding",
        "0.004 ups battery",
        "0.004 rack served",
        "10.100 ups walk-in",
        "25.100 ups online",
        "325.100 ups eco",
    ];
    assert_eq!(told, wanted);
    // A sag that is over before the inverter has taken the load changes nothing.
    let told = passing(0.004, Some(300.0), &[(0.0, 0.003)], 1000.0);
    assert_eq!(told, ["0.000 rack holding", "0.003 rack served"]);
}

/// After three returns within an hour it stays online, which then sees no gap.
#[test]
fn eco_mode_is_given_up_after_three_returns() {
    let sags = [0.0, 400.0, 800.0, 1200.0, 1600.0].map(|from| (from, 0.1));
    let told = passing(0.004, Some(300.0), &sags, 3000.0);
    let when = |what: &str| -> Vec<&str> {
        told.iter().filter_map(|line| line.strip_suffix(what)).collect()
    };
    assert_eq!(when(" ups eco"), ["325.100", "725.100", "1125.100"]);
    assert_eq!(when(" rack holding"), ["0.000", "400.000", "800.000", "1200.000"]);
    assert_eq!(when(" ups battery").last(), Some(&"1600.000"), "at once");
}

/// A line-interactive UPS goes back to its input without a walk-in. Racks hold for 20 ms: they stand
/// a transfer of 10 ms, not one of 25 ms.
#[test]
fn a_line_interactive_ups_must_be_quicker_than_the_hold_up() {
    let told = passing(0.010, None, &[(0.0, 0.1)], 1000.0);
    let wanted =
        ["0.000 rack holding", "0.010 ups battery", "0.010 rack served", "10.100 ups line"];
    assert_eq!(told, wanted);
    let told = passing(0.025, None, &[(0.0, 0.1)], 1000.0);
    let wanted = [
        "0.000 rack holding",
        "0.020 rack lost",
        "0.025 ups battery",
        "0.025 rack served",
        "10.100 ups line",
    ];
    assert_eq!(told, wanted);
}

/// A set that always runs burns a tank of 1 m3 in 100 s, and after each repair as well.
#[test]
fn a_repaired_set_runs_on_a_full_tank() {
    let mut chain = Chain::default();
    let fuel = FuelDesign { tank_m3: 1.0, idle_m3_per_s: 0.01, slope_m3_per_j: 0.0 };
    let set = GensetDesign { prime: true, fuel: Some(fuel), ..genset() };
    chain.node("set", ComponentKind::Genset, 1e6, MachineDesign::Genset(set), &[]);
    let (mut run, mut since, mut emptied) = (chain.run(), Time::ZERO, 0);
    while emptied < 3 {
        run.advance(run.next_at());
        run.drain(|when, _, state| match state {
            State::Available => since = when,
            State::OutOfFuel => {
                assert_eq!(when, since + s(100.0));
                emptied += 1;
            }
            _ => {}
        });
    }
}
