//! What rises while a UPS walks in, against the flows that then come.

use super::{A, BUS, FEED, component, load, node};
use crate::plant::power::sequence::Supply;
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

/// A UPS of 1 kW without loss behind a transformer that loses with the square of what it carries, on a feed of
/// `limit_w`.
fn walking(quadratic_per_w: f64, limit_w: f64, share: f64) -> Network {
    let mut transformer = component(BUS, 5000.0);
    transformer.loss.quadratic_per_w = quadratic_per_w;
    let mut network = Network::new(&PowerDesign {
        nodes: vec![
            node(component(FEED, limit_w), &[]),
            node(transformer, &[0]),
            node(component(ComponentKind::Ups, 2000.0), &[1]),
        ],
        loads: vec![load(&[2])],
    });
    network.set_demand(A, Demand::of(Rank::Idle, 1000.0));
    let supply = Supply { share, battery_efficiency: 0.95, ..Supply::PLAIN };
    network.forest.set_supply(&network.wiring, 2, &supply);
    network.allocate_and_draw();
    network
}

/// From half of a kilowatt on, by a tenth a second: 703 W are reached after 2.03 s.
#[test]
fn a_limit_is_reached_when_the_line_reaches_it() {
    let rising = |limit_w, share| {
        walking(0.0, limit_w, share).rising(Flowing::Wanted, &[(PowerNode(2), 0.1)])
    };
    // A billionth more is no more than it may.
    assert!((rising(703.0, 0.5).until_over_s - 2.03).abs() < 1e-7);
    assert_eq!(rising(703.0, 0.5).import_w_per_s, 100.0);
    // What is beyond it already comes to none: the transformer of 5 kW is next.
    assert!((rising(703.0, 0.8).until_over_s - 42.0).abs() < 1e-6);
    assert!((rising(f64::INFINITY, 0.5).until_over_s - 45.0).abs() < 1e-6);
}

/// The rise is the derivative of the import, and losses with the square of the flow reach the limit no later.
#[test]
fn losses_rise_with_the_flow() {
    let (loss, limit_w, share) = (1e-4, 800.0, 0.5);
    let import_w = |share: f64| walking(loss, 1e6, share).total_import_w();
    let rising = walking(loss, limit_w, share).rising(Flowing::Drawn, &[(PowerNode(2), 0.1)]);
    let by_difference = (import_w(0.5001) - import_w(0.4999)) / 0.0002 * 0.1;
    assert!((rising.import_w_per_s / by_difference - 1.0).abs() < 1e-6, "{rising:?}");
    let (then, before) = (rising.until_over_s, 0.95 * rising.until_over_s);
    assert!(import_w(share + 0.1 * then) >= limit_w, "{rising:?}");
    assert!(import_w(share + 0.1 * before) < limit_w, "{rising:?}");
}
