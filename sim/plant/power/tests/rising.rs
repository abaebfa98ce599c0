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
    let until_over_s =
        |limit_w, share| walking(0.0, limit_w, share).until_over_s(&[(PowerNode(2), 0.1)], 1e-3);
    // A billionth more is no more than it may.
    assert!((until_over_s(703.0, 0.5) - 2.03).abs() < 1e-7);
    // What is beyond it already comes to none, nor does what is there but for rounding: the transformer of
    // 5 kW is next.
    assert!((until_over_s(703.0, 0.8) - 42.0).abs() < 1e-6);
    assert!((until_over_s(703.0, 0.703 - 1e-5) - 42.97).abs() < 1e-3);
    assert!((until_over_s(f64::INFINITY, 0.5) - 45.0).abs() < 1e-6);
}

/// A kilowatt that comes to the input by a tenth a second is 100 W in one, and nothing where a limit cuts it.
#[test]
fn what_is_at_its_limit_lets_nothing_rise() {
    let rises = |limit_w| walking(0.0, limit_w, 0.5).import_w_per_s(&[(PowerNode(2), 0.1)]);
    assert_eq!(rises(500.1), 100.0);
    assert_eq!((rises(500.0), rises(499.9), rises(300.0)), (0.0, 0.0, 0.0));
}

/// The rise is the derivative of the import, and losses with the square of the flow reach the limit no later.
#[test]
fn losses_rise_with_the_flow() {
    let (loss, limit_w, share) = (1e-4, 800.0, 0.5);
    let import_w = |share: f64| walking(loss, 1e6, share).total_import_w();
    let network = walking(loss, limit_w, share);
    let rises = [(PowerNode(2), 0.1)];
    let (then, w_per_s) = (network.until_over_s(&rises, 0.0), network.import_w_per_s(&rises));
    let by_difference = (import_w(0.5001) - import_w(0.4999)) / 0.0002 * 0.1;
    assert!((w_per_s / by_difference - 1.0).abs() < 1e-6, "{w_per_s} W/s");
    assert!(import_w(share + 0.1 * then) >= limit_w, "{then} s");
    assert!(import_w(share + 0.1 * 0.95 * then) < limit_w, "{then} s");
}
