//! The power chain of a 100 MW site: what a change of load and a switch cost.
//!
//! 603 components, 1200 racks on two cords each: one feed, two main transformers, and behind each
//! ten halls of a switchgear, unit transformers, UPSs, switchboards and PDUs. What a switch costs is
//! shown on 19,983 components and 39,960 racks too, in 333 halls.

use divan::{Bencher, black_box};
use loadbank::kernel::FailureLaw;
use loadbank::plant::power::sequence::{MachineDesign, Ride};
use loadbank::plant::power::{
    ComponentDesign, ComponentKind, LoadDesign, LossCurve, Network, NodeDesign, PowerDesign,
    PowerLoad, PowerNode, Sharing,
};
use loadbank::plant::{Demand, Rank};

fn main() {
    divan::main();
}

const FEED: PowerNode = PowerNode(0);
const HALLS: u32 = 10;
const MANY_HALLS: u32 = 333;
const RACKS: u32 = racks(HALLS);

/// Twelve on the PDUs of each pair.
const fn racks(halls: u32) -> u32 {
    120 * halls
}

/// A site of so many halls on each side.
fn site(halls: u32) -> PowerDesign {
    let main_w = 15e6 * f64::from(halls);
    let mut nodes: Vec<NodeDesign> = Vec::new();
    let mut add = |kind, rating_w: f64, curve, fed_by: Option<u32>| {
        let loss = LossCurve::per_unit(rating_w, curve);
        let component = ComponentDesign {
            reverse_w: f64::INFINITY,
            kind,
            rating_w,
            loss,
            failures: FailureLaw::NEVER,
            machine: MachineDesign::None,
        };
        let fed_by = fed_by.into_iter().map(PowerNode).collect();
        nodes.push(NodeDesign { name: String::new(), component, fed_by, blocks: Vec::new() });
        nodes.len() as u32 - 1
    };
    const TRANSFORMER: [f64; 3] = [0.001, 0.0, 0.006];
    const UPS: [f64; 3] = [0.009_55, 0.0119, 0.019_13];
    let feed = add(ComponentKind::Feed, main_w, [0.0; 3], None);
    let mut sides = [Vec::new(), Vec::new()];
    for side in &mut sides {
        let main = add(ComponentKind::Transformer, main_w, TRANSFORMER, Some(feed));
        for _ in 0..halls {
            let hall = add(ComponentKind::Switchgear, 20e6, [0.0; 3], Some(main));
            for _ in 0..5 {
                let unit = add(ComponentKind::Transformer, 3e6, TRANSFORMER, Some(hall));
                let ups = add(ComponentKind::Ups, 3e6, UPS, Some(unit));
                let board = add(ComponentKind::Switchgear, 3e6, [0.0; 3], Some(ups));
                for _ in 0..2 {
                    let pdu = add(ComponentKind::Pdu, 1.5e6, [0.0, 0.0075, 0.0], Some(board));
                    side.push(pdu);
                }
            }
            // For pumps and fans, which rest here.
            for _ in 0..4 {
                add(ComponentKind::Pdu, 1e6, [0.0, 0.0075, 0.0], Some(hall));
            }
        }
    }
    let loads = (0..racks(halls) as usize)
        .map(|rack| LoadDesign {
            name: String::new(),
            cords: sides.iter().map(|pdus| PowerNode(pdus[rack % pdus.len()])).collect(),
            sharing: Sharing::Even,
            ride: Ride::RACK,
        })
        .collect();
    PowerDesign { nodes, loads }
}

fn demand(mining_w: f64) -> Demand {
    let mut demand = Demand::default();
    demand.0[Rank::Mining as usize] = mining_w;
    demand.0[Rank::Idle as usize] = 10e3;
    demand
}

fn loaded(import_limit_w: Option<f64>) -> Network {
    loaded_with(HALLS, import_limit_w)
}

fn loaded_with(halls: u32, import_limit_w: Option<f64>) -> Network {
    let mut network = Network::new(&site(halls));
    network.set_limit(FEED, import_limit_w);
    for rack in 0..racks(halls) {
        network.set_demand(PowerLoad(rack), demand(70e3));
    }
    network.allocate();
    for rack in 0..racks(halls) {
        let draw = network.cap_w(PowerLoad(rack)).min(80e3);
        network.set_draw(PowerLoad(rack), draw);
    }
    network.drain_changed_loads(|_| ());
    network
}

/// A rack changes its draw: two walks of seven hops.
#[divan::bench]
fn draw_changes(bencher: Bencher<'_, '_>) {
    let mut network = loaded(None);
    let mut i = 0;
    bencher.bench_local(|| {
        i += 1;
        network.set_draw(PowerLoad(i * 7 % RACKS), f64::from(70_000 + i % 97));
        black_box(network.total_import_w())
    });
}

/// A rack changes its demand and its draw, nothing is short.
#[divan::bench]
fn demand_changes(bencher: Bencher<'_, '_>) {
    let mut network = loaded(None);
    let mut i = 0;
    bencher.bench_local(|| {
        i += 1;
        let (rack, w) = (PowerLoad(i * 7 % RACKS), f64::from(50_000 + i % 97));
        network.set_demand(rack, demand(w));
        network.allocate();
        network.set_draw(rack, w);
        black_box(network.total_import_w())
    });
}

/// A rack changes its demand while an import limit cuts all of them.
#[divan::bench]
fn demand_changes_while_short(bencher: Bencher<'_, '_>) {
    let mut network = loaded(Some(80e6));
    let mut i = 0;
    bencher.bench_local(|| {
        i += 1;
        network.set_demand(PowerLoad(i * 7 % RACKS), demand(f64::from(60_000 + i % 97)));
        network.allocate();
        black_box(network.total_import_w())
    });
}

/// A UPS fails or comes back: who feeds whom, and what would flow.
#[divan::bench(args = [HALLS, MANY_HALLS])]
fn energises(bencher: Bencher<'_, '_>, halls: u32) {
    let mut network = loaded_with(halls, None);
    let mut up = true;
    bencher.bench_local(|| {
        up = !up;
        network.set_up(PowerNode(4), up);
        network.energise();
        black_box(network.total_import_w())
    });
}

/// A UPS fails or comes back: its racks lean on their other cord.
#[divan::bench(args = [HALLS, MANY_HALLS])]
fn ups_switches(bencher: Bencher<'_, '_>, halls: u32) {
    let mut network = loaded_with(halls, None);
    let mut up = true;
    bencher.bench_local(|| {
        up = !up;
        network.set_up(PowerNode(4), up);
        network.allocate();
        black_box(network.total_import_w())
    });
}
