//! The network against first principles, on small sites.

use super::{A, B, BUS, FEED, component, load, node};
use crate::plant::power::*;
use crate::plant::{Demand, Ladder, Rank};

/// Two feeds, a PDU on each, a rack on both PDUs and one on the first alone.
fn two_sides() -> PowerDesign {
    PowerDesign {
        nodes: vec![
            node(component(FEED, 1000.0), &[]),
            node(component(FEED, 1000.0), &[]),
            node(component(BUS, 400.0), &[0]),
            node(component(BUS, 400.0), &[1]),
        ],
        loads: vec![load(&[2, 3]), load(&[2])],
    }
}

#[test]
fn dual_cords_share_evenly_and_the_survivor_takes_all() {
    let mut network = Network::new(&two_sides());
    network.set_demand(A, Demand::of(Rank::Inference, 300.0));
    network.allocate();
    network.set_draw(A, 300.0);
    assert_eq!(network.flow_w(PowerNode(2)), 150.0);
    assert_eq!(network.flow_w(PowerNode(3)), 150.0);
    network.set_up(PowerNode(0), false);
    network.allocate();
    assert!(network.energised(A) && !network.energised(B));
    assert!(!network.live(PowerNode(2)));
    assert_eq!(network.flow_w(PowerNode(3)), 300.0);
    assert_eq!(network.input_w(PowerNode(1)), 300.0);
    assert_eq!(network.total_import_w(), 300.0);
    let mut changed = Vec::new();
    network.drain_changed_loads(|l| changed.push(l.0));
    assert_eq!(changed, [0, 1], "both were new, then one died");
    assert_eq!(network.unserved(), Demand::default(), "the dead load asked for nothing");
}

#[test]
fn a_survivor_too_small_sheds_the_lower_rank_first() {
    let mut network = Network::new(&two_sides());
    let mut demand = Demand::of(Rank::Inference, 350.0);
    demand.0[Rank::Idle as usize] = 250.0;
    network.set_demand(A, demand);
    network.allocate();
    assert_eq!(network.cap_w(A), f64::INFINITY);
    network.set_draw(A, 600.0);
    network.set_up(PowerNode(1), false);
    network.allocate();
    assert!((network.cap_w(A) - 400.0).abs() < 1e-6);
    assert!((network.draw_w(A) - 400.0).abs() < 1e-6, "the draw is cut with the cap");
    let unserved = network.unserved();
    assert!((unserved.0[Rank::Inference as usize] - 200.0).abs() < 1e-6);
    assert_eq!(unserved.0[Rank::Idle as usize], 0.0);
}

/// Rack A asks for 300 W of inference and 100 W of idle, B for 200 W of training, behind a feed that is limited
/// to 350 W and then is not: training goes and the inference is cut to 250 W. What is held stays so, and
/// comes back as it is released.
#[test]
fn what_is_held_comes_back_when_it_is_released() {
    let mut network = Network::new(&PowerDesign {
        nodes: vec![node(component(FEED, 1000.0), &[])],
        loads: vec![load(&[0]), load(&[0])],
    });
    let mut demand = Demand::of(Rank::Inference, 300.0);
    demand.0[Rank::Idle as usize] = 100.0;
    network.set_demand(A, demand);
    network.set_demand(B, Demand::of(Rank::TrainingPause, 200.0));
    let caps = |network: &mut Network| {
        network.allocate();
        [A, B].map(|load| network.cap_w(load))
    };
    let all = [Rank::TrainingCap, Rank::TrainingPause, Rank::BatchInference, Rank::Inference];
    let free = [f64::INFINITY, f64::INFINITY];
    assert_eq!(caps(&mut network), free);
    assert_eq!(network.hold(&all), [], "nothing is cut");
    network.limit_import(Some(350.0));
    let [a, b] = caps(&mut network);
    assert!((a - 350.0).abs() < 1e-6 && b == 0.0, "{a} W and {b} W");
    assert_eq!(network.hold(&all), [Rank::TrainingPause, Rank::Inference]);
    network.limit_import(None);
    let [a, b] = caps(&mut network);
    assert!((a - 350.0).abs() < 1e-6 && b == 0.0, "{a} W and {b} W");
    // It asks for less, and for more again: what is refused is told.
    network.set_demand(A, Demand::of(Rank::Inference, 200.0));
    assert_eq!(caps(&mut network)[0], f64::INFINITY);
    network.set_demand(A, demand);
    assert!((caps(&mut network)[0] - 350.0).abs() < 1e-6);
    let unserved = network.unserved();
    assert!((unserved.0[Rank::Inference as usize] - 50.0).abs() < 1e-6);
    assert!((unserved.0[Rank::TrainingPause as usize] - 200.0).abs() < 1e-6);
    network.release(Rank::Inference);
    assert_eq!(caps(&mut network), [f64::INFINITY, 0.0]);
    // What is held does not keep a shortage from cutting deeper.
    network.limit_import(Some(250.0));
    assert!((caps(&mut network)[0] - 250.0).abs() < 1e-6);
    network.limit_import(None);
    network.release(Rank::TrainingPause);
    assert_eq!(caps(&mut network), free);
    assert_eq!(network.unserved(), Demand::default());
}

/// To shed in another order is to call the ranks by other names.
#[test]
fn a_ladder_renames_the_ranks() {
    let by_name = |name: [usize; Rank::COUNT]| {
        let mut network = Network::new(&two_sides());
        // What is shed at a place of the ladder is of this rank in place of that of the default.
        let mut ladder = Rank::ALL;
        for (place, rank) in name.into_iter().enumerate() {
            ladder[place] = Rank::ALL[rank];
        }
        network.set_ladder(Ladder(ladder));
        for (load, first) in [(A, 10.0), (B, 25.0)] {
            let mut demand = Demand::default();
            for (place, rank) in name.into_iter().enumerate() {
                demand.0[rank] = first + 15.0 * place as f64;
            }
            network.set_demand(load, demand);
        }
        network.set_up(PowerNode(1), false);
        network.allocate();
        [A, B].map(|load| {
            let granted = network.granted(load);
            name.map(|rank| granted.0[rank])
        })
    };
    let default = by_name([0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((default[0][0], default[1][0]), (0.0, 0.0), "the first goes first");
    assert!(default[0][7] == 115.0 && default[1][7] == 130.0, "the last goes last");
    for name in [[4, 0, 7, 1, 2, 3, 5, 6], [3, 4, 2, 1, 7, 0, 5, 6], [7, 6, 5, 4, 3, 2, 1, 0]] {
        assert_eq!(by_name(name), default, "{name:?}");
    }
}

#[test]
fn the_first_live_feeder_wins_and_wins_back() {
    let design = PowerDesign {
        nodes: vec![
            node(component(FEED, 1e3), &[]),
            node(component(FEED, 1e3), &[]),
            node(component(BUS, 1e3), &[1, 0]),
        ],
        loads: vec![load(&[2])],
    };
    let mut network = Network::new(&design);
    for (up, feeder) in [(true, 1), (false, 0), (true, 1)] {
        network.set_up(PowerNode(1), up);
        network.allocate();
        assert_eq!(network.fed_by(PowerNode(2)), Some(PowerNode(feeder)));
        assert!(network.energised(A));
    }
}

#[test]
fn a_limit_below_the_idle_losses_takes_everything_out_until_it_is_lifted() {
    let mut transformer = component(ComponentKind::Transformer, 1000.0);
    transformer.loss.fixed_w = 5.0;
    let design = PowerDesign {
        nodes: vec![node(component(FEED, 1e3), &[]), node(transformer, &[0])],
        loads: vec![load(&[1])],
    };
    let mut network = Network::new(&design);
    network.set_demand(A, Demand::of(Rank::Mining, 100.0));
    network.allocate();
    network.set_limit(PowerNode(0), Some(4.0));
    network.allocate();
    assert!(!network.energised(A));
    assert_eq!(network.total_import_w(), 0.0);
    network.set_limit(PowerNode(0), Some(25.0));
    network.allocate();
    assert!((network.cap_w(A) - 20.0).abs() < 1e-6, "25 W less the idle loss of 5 W");
    network.set_limit(PowerNode(0), None);
    network.allocate();
    assert_eq!(network.cap_w(A), f64::INFINITY);
}

#[test]
fn a_rank_is_cut_in_proportion_across_the_loads_behind() {
    let design = PowerDesign {
        nodes: vec![node(component(FEED, 250.0), &[])],
        loads: vec![load(&[0]), load(&[0]), load(&[0])],
    };
    let mut network = Network::new(&design);
    network.set_demand(A, Demand::of(Rank::Mining, 100.0));
    network.set_demand(B, Demand::of(Rank::Mining, 200.0));
    network.set_demand(PowerLoad(2), Demand::of(Rank::Cooling, 100.0));
    network.allocate();
    assert!((network.cap_w(A) - 50.0).abs() < 1e-6);
    assert!((network.cap_w(B) - 100.0).abs() < 1e-6);
    assert_eq!(network.cap_w(PowerLoad(2)), f64::INFINITY);
}

#[test]
fn a_preferred_cord_carries_everything() {
    let mut design = two_sides();
    design.loads[0].sharing = Sharing::Preferred;
    let mut network = Network::new(&design);
    network.set_demand(A, Demand::of(Rank::Cooling, 300.0));
    network.allocate();
    network.set_draw(A, 300.0);
    assert_eq!((network.flow_w(PowerNode(2)), network.flow_w(PowerNode(3))), (300.0, 0.0));
}

#[test]
#[should_panic(expected = "has no cycle")]
fn a_cycle_is_a_bug_by_now() {
    let design = PowerDesign {
        nodes: vec![node(component(BUS, 1.0), &[1]), node(component(BUS, 1.0), &[0])],
        loads: vec![],
    };
    Network::new(&design);
}

#[test]
fn an_import_limit_is_shared_by_the_capacity_of_the_feeds() {
    let mut design = two_sides();
    design.nodes[1].component.rating_w = 3000.0;
    let mut network = Network::new(&design);
    assert_eq!(network.feeds().collect::<Vec<_>>(), [PowerNode(0), PowerNode(1)]);
    network.limit_import(Some(400.0));
    network.allocate();
    let limits = |network: &Network| [0, 1, 2].map(|n| network.limit_w(PowerNode(n)));
    assert_eq!(limits(&network), [100.0, 300.0, 400.0]);
    network.limit_import(None);
    network.allocate();
    assert_eq!(limits(&network), [1000.0, 3000.0, 400.0]);
}
