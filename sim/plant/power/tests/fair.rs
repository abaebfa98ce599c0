//! Loads on two cords, short on both: shared fairly, whatever the order of declaration.

use proptest::prelude::*;

use super::{BUS, FEED, component, load, node, served_w};
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

/// Four systems of `rating_w` and a group of `group_w` on each pair of them: 4N/3.
fn distributed(order: &[usize], rating_w: f64) -> PowerDesign {
    const PAIRS: [[u32; 2]; 6] = [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]];
    let mut nodes = vec![node(component(FEED, f64::INFINITY), &[])];
    nodes.extend((0..4).map(|_| node(component(BUS, rating_w), &[0])));
    let loads = order.iter().map(|&pair| load(&PAIRS[pair])).collect();
    PowerDesign { nodes, loads }
}

fn served(design: &PowerDesign, down: &[u32], demand: &[Demand]) -> Vec<f64> {
    let mut network = Network::new(design);
    for (l, demand) in demand.iter().enumerate() {
        network.set_demand(PowerLoad(l as u32), *demand);
    }
    for &n in down {
        network.set_up(PowerNode(n), false);
    }
    network.allocate();
    (0..demand.len()).map(|l| served_w(&network, demand, l)).collect()
}

#[test]
fn four_to_make_three_with_two_lost_serves_four_fifths_of_each_group() {
    // Groups of 500 kW. Systems 1 and 2 lost: group 12 is dark. Each survivor carries two groups
    // whose other cord is dead and half of the one on both: (500 + 500 + 250) f kW, which fills its
    // 1,000 kW at f = 0.8, so that all of 2 MW is served.
    let demand = [Demand::of(Rank::Inference, 500.0); 6];
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 5, 0, 4, 1, 3]] {
        let groups = served(&distributed(&order, 1000.0), &[1, 2], &demand);
        for (group, pair) in groups.iter().zip(order) {
            let expected = if pair == 0 { 0.0 } else { 400.0 };
            assert!((group - expected).abs() < 1e-6, "{order:?}: {groups:?}");
        }
    }
    // One lost: 3 MW on three systems, each group whole.
    let groups = served(&distributed(&[0, 1, 2, 3, 4, 5], 1000.0), &[1], &demand);
    assert!(groups.iter().all(|group| (group - 500.0).abs() < 1e-6), "{groups:?}");
}

#[test]
fn a_lower_rank_gives_way_on_both_cords_first() {
    let mut demand = [Demand::of(Rank::Inference, 300.0); 6];
    for demand in &mut demand {
        demand.0[Rank::Mining as usize] = 200.0;
    }
    let groups = served(&distributed(&[0, 1, 2, 3, 4, 5], 1000.0), &[1, 2], &demand);
    // 5 x 300 kW of inference fit; of mining 500 kW are left for five groups.
    for group in &groups[1..] {
        assert!((group - 400.0).abs() < 1e-6, "{groups:?}");
    }
}

proptest! {
    /// What each load is served does not depend on the order in which loads are declared, and
    /// nobody could be served more without taking from somebody who has no more.
    #[test]
    fn shares_are_max_min_and_know_no_order(
        asks in prop::array::uniform6(1.0..900.0f64),
        rating in 200.0..1500.0f64,
        down in prop::collection::vec(1u32..5, 0..3),
    ) {
        let forward = distributed(&[0, 1, 2, 3, 4, 5], rating);
        let backward = distributed(&[5, 4, 3, 2, 1, 0], rating);
        let demand: Vec<Demand> =
            asks.iter().map(|w| Demand::of(Rank::TrainingCap, *w)).collect();
        let reversed: Vec<Demand> = demand.iter().rev().copied().collect();
        let one = served(&forward, &down, &demand);
        let mut other = served(&backward, &down, &reversed);
        other.reverse();
        let mut network = Network::new(&forward);
        for (l, demand) in demand.iter().enumerate() {
            network.set_demand(PowerLoad(l as u32), *demand);
        }
        down.iter().for_each(|&n| network.set_up(PowerNode(n), false));
        network.allocate();
        for (l, &w) in one.iter().enumerate() {
            network.set_draw(PowerLoad(l as u32), w);
        }
        let full = |n: u32| network.flow_w(PowerNode(n)) >= rating * (1.0 - 1e-6);
        for (l, (&a, &b)) in one.iter().zip(&other).enumerate() {
            prop_assert!((a - b).abs() <= 1e-6 * asks[l], "load {l}: {a} or {b}");
            if a < asks[l] * (1.0 - 1e-6) && network.energised(PowerLoad(l as u32)) {
                // It is behind a full system, and no load there has a larger share of its wish.
                let share = a / asks[l];
                let bottleneck = forward.loads[l].cords.iter().any(|cord| {
                    network.live(*cord)
                        && full(cord.0)
                        && forward.loads.iter().zip(&one).zip(&asks).all(|((load, w), ask)| {
                            !load.cords.contains(cord) || w / ask <= share + 1e-6
                        })
                });
                prop_assert!(bottleneck, "load {l} at {share} has no bottleneck: {one:?}");
            }
        }
    }
}
