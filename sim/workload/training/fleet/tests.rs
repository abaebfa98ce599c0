//! Nodes that fail, are taken and given back.

use super::super::spec::{
    DetectionSpec, LawSpec, LemonSpec, NodeFailureSpec, RelapseSpec, WeibullSpec,
};
use super::*;
use crate::units::{Duration, Fraction, Rate};

fn failures(spec: &NodeFailureSpec) -> FailureDesign {
    let mut faults = Vec::new();
    let design = spec.resolve(&DetectionSpec::default(), 4, &mut faults);
    assert_eq!(faults, []);
    design
}

fn fleet(racks: &[&str]) -> Fleet {
    let racks: Vec<String> = racks.iter().map(|&r| r.to_owned()).collect();
    let design =
        failures(&NodeFailureSpec { rate: Some(Rate(1e-6)), ..NodeFailureSpec::default() });
    Fleet::new(&racks, (4, 1), &design, &Streams::new(7, 0))
}

/// Failures of `racks` racks of 8 nodes in `days`, each mended at once, and how many of them
/// were of lemons.
fn count(spec: &NodeFailureSpec, racks: usize, days: f64) -> (u64, u64) {
    let names: Vec<String> = (0..racks).map(|i| format!("rack-{i}")).collect();
    let mut fleet = Fleet::new(&names, (8, 1), &failures(spec), &Streams::new(7, 0));
    let (mut all, mut lemons) = (0, 0);
    for rack in 0..racks {
        // The account of time without jobs is of no interest here.
        fleet.since = Time::ZERO;
        let mut now = 0.0;
        loop {
            now += fleet.time_to_failure_s(rack);
            if now > days * 86_400.0 {
                break;
            }
            let at = Time::from_secs_f64(now);
            let node = fleet.fail(at, rack, |_| 0).node;
            fleet.repair(at, node);
            all += 1;
            lemons += u64::from(fleet.nodes[node as usize].weight > 1.0);
        }
    }
    (all, lemons)
}

/// T31: a new fleet under Weibull 0.7 fails 0.398 times a node in its first 30 days, twice as
/// often as the 0.195 of an old one, which are those of the rate.
#[test]
fn a_new_fleet_burns_in() {
    let spec = |new_fleet| NodeFailureSpec {
        rate: Some(Rate(1.0 / (153.8 * 86_400.0))),
        law: Some(LawSpec::Weibull(WeibullSpec { shape: 0.7, new_fleet: Some(new_fleet) })),
        ..NodeFailureSpec::default()
    };
    let nodes = 16_000.0;
    for (new_fleet, expected) in [(true, 0.3978), (false, 30.0 / 153.8)] {
        let failures = count(&spec(new_fleet), 2000, 30.0).0 as f64 / nodes;
        // Counts of a renewal process of shape 0.7 scatter at most twice as a Poisson's.
        let error = libm::sqrt(2.0 * expected / nodes);
        assert!((failures - expected).abs() < 3.0 * error, "{failures} is not {expected}");
    }
}

/// Lemons take their part of the failures and leave the rate of the fleet as it is.
#[test]
fn lemons_fail_for_the_others() {
    let spec = NodeFailureSpec {
        rate: Some(Rate(6.5e-3 / 86_400.0)),
        lemons: Some(LemonSpec { share: Fraction(0.012), factor: 200.0 }),
        ..NodeFailureSpec::default()
    };
    let (all, lemons) = count(&spec, 2000, 365.0);
    // The number of lemons, about 192, is itself drawn.
    let expected = 16_000.0 * 365.0 * 6.5e-3;
    assert!((all as f64 / expected - 1.0).abs() < 3.0 * 0.71 / libm::sqrt(192.0));
    let part = 0.012 * 200.0 / (0.988 + 0.012 * 200.0);
    assert!((lemons as f64 / all as f64 - part).abs() < 0.05, "{lemons} of {all}");
}

/// Where a part `p` of repairs is in vain, failures come in clusters of a geometric number: the rate is that
/// of all, a part `p` of them follows the last after the given time, and the variance of the counts of nodes is
/// `(1 + p) / (1 - p)` times their mean.
#[test]
fn repairs_in_vain_cluster_the_failures_of_nodes_that_are_alike() {
    const RACKS: usize = 1000;
    let (share, hour, days) = (0.4, 3600.0, 1000.0);
    let median = Duration(3_600_000_000_000);
    let spec = NodeFailureSpec {
        rate: Some(Rate(4e-3 / 86_400.0)),
        relapse: Some(RelapseSpec { share: Fraction(share), median, sigma: 0.0 }),
        ..NodeFailureSpec::default()
    };
    let names: Vec<String> = (0..RACKS).map(|i| format!("rack-{i}")).collect();
    let mut fleet = Fleet::new(&names, (8, 1), &failures(&spec), &Streams::new(7, 0));
    let (mut counts, mut soon) = (vec![0.0; 8 * RACKS], 0.0);
    for rack in 0..RACKS {
        fleet.since = Time::ZERO;
        let (mut now, mut last) = (0.0, vec![f64::NEG_INFINITY; 8]);
        loop {
            now += fleet.time_to_failure_s(rack);
            if now > days * 86_400.0 {
                break;
            }
            let at = Time::from_secs_f64(now);
            let failure = fleet.fail(at, rack, |_| 1);
            let since = &mut last[failure.node as usize % 8];
            // A relapse that was pending at the start has a cause of before.
            let is_first = *since == f64::NEG_INFINITY;
            let again = "a node fails again of what it had failed of";
            assert!(failure.cause == 1 || is_first, "{again}");
            fleet.repair(at, failure.node);
            soon += f64::from((now - *since - hour).abs() < 1e-3);
            *since = now;
            counts[failure.node as usize] += 1.0;
        }
    }
    let nodes = counts.len() as f64;
    let all: f64 = counts.iter().sum();
    let mean = all / nodes;
    let dispersion = (1.0 + share) / (1.0 - share);
    let error = libm::sqrt(dispersion * mean / nodes);
    assert!((mean - 4.0).abs() < 3.0 * error, "{mean} failures a node");
    assert!((soon / all - share).abs() < 3.0 * libm::sqrt(share * (1.0 - share) / all), "{soon}");
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / nodes;
    // The relative error of a variance over so many nodes is near sqrt(2 / n), more with their skew.
    let most = 5.0 * libm::sqrt(2.0 / nodes);
    assert!((variance / mean / dispersion - 1.0).abs() < most, "{}", variance / mean);
}

/// Runs that are short beside the times to a relapse have the rate of all failures from their first day on,
/// and repairs in vain that chance overtakes cost it none.
#[test]
fn repairs_in_vain_leave_the_rate_as_it_is_from_the_start() {
    let lemons = LemonSpec { share: Fraction(0.05), factor: 20.0 };
    let rate = 4.3e-3;
    for (median_h, sigma, lemons) in
        [(12, 3.0, None), (720, 0.5, None), (720, 3.0, None), (12, 3.0, Some(lemons))]
    {
        let share = 0.4;
        let spec = NodeFailureSpec {
            rate: Some(Rate(rate / 86_400.0)),
            relapse: Some(RelapseSpec {
                share: Fraction(share),
                median: Duration(median_h * 3_600_000_000_000),
                sigma,
            }),
            lemons,
            ..NodeFailureSpec::default()
        };
        for days in [10.0, 30.0, 120.0] {
            let failures = count(&spec, 4000, days).0 as f64;
            let expected = 32_000.0 * days * rate;
            // Clusters of a geometric number scatter most where they are over at once; the number of lemons,
            // 5 % of 32,000 with half of the failures, is itself drawn.
            let clusters = (1.0 + share) / (1.0 - share) / expected;
            let kinds = lemons.map_or(0.0, |_| 0.25 / 1600.0);
            let error = libm::sqrt(clusters + kinds);
            let ratio = failures / expected;
            assert!((ratio - 1.0).abs() < 3.5 * error, "{median_h} h, {days} days: {ratio}");
        }
    }
}

/// A node that will fail again does so after the time that it is on, and a failure by chance before has the
/// repair of that decide anew.
#[test]
fn a_node_that_was_not_mended_ages_only_while_it_is_on() {
    let design = failures(&NodeFailureSpec {
        rate: Some(Rate(1e-9)),
        relapse: Some(RelapseSpec {
            share: Fraction(0.95),
            median: Duration(3_600_000_000_000),
            sigma: 0.0,
        }),
        ..NodeFailureSpec::default()
    });
    let seconds = |s: f64| Time::from_secs_f64(s);
    let mut fleet = Fleet::new(&["a".to_owned()], (4, 1), &design, &Streams::new(7, 0));
    let first = fleet.time_to_failure_s(0);
    assert!(first > 1e6);
    let mut now = first;
    let node = fleet.fail(seconds(now), 0, |_| 0).node;
    fleet.repair(seconds(now), node);
    assert!((fleet.time_to_failure_s(0) - 3600.0).abs() < 1e-6, "this seed's repair is in vain");
    now += 1000.0;
    fleet.set_power(seconds(now), 0, RackPower::Off, |_, _| {});
    assert_eq!(fleet.time_to_failure_s(0), f64::INFINITY);
    now += 50_000.0;
    fleet.set_power(seconds(now), 0, RackPower::On, |_, _| {});
    assert!((fleet.time_to_failure_s(0) - 2600.0).abs() < 1e-6);
    now += 2600.0;
    assert_eq!(fleet.fail(seconds(now), 0, |_| 0).node, node);
}

#[test]
fn nodes_are_taken_as_neighbours_where_they_fit() {
    let mut fleet = fleet(&["a", "b", "c"]);
    let mut nodes = Vec::new();
    fleet.take(Time::ZERO, 3, 0, &mut nodes);
    fleet.take(Time::ZERO, 3, 1, &mut nodes);
    assert_eq!(nodes, [0, 1, 2, 3, 4, 5]);
    for node in [0, 1, 2] {
        fleet.release(Time::ZERO, node);
    }
    nodes.clear();
    fleet.take(Time::ZERO, 4, 2, &mut nodes);
    assert_eq!(nodes, [6, 7, 8, 9], "four neighbours lie behind the hole");
    nodes.clear();
    fleet.take(Time::ZERO, 5, 3, &mut nodes);
    assert_eq!(nodes, [0, 1, 2, 10, 11], "else the first that are free");
    assert_eq!(fleet.free(), 0);
}

#[test]
fn nodes_are_taken_as_the_placement_has_it() {
    let take = |placement, counts: [usize; 2]| {
        let mut fleet = fleet(&["a", "b", "c"]).with_placement(placement, None);
        let mut nodes = Vec::new();
        fleet.take(Time::ZERO, counts[0], 0, &mut nodes);
        nodes.clear();
        fleet.take(Time::ZERO, counts[1], 1, &mut nodes);
        nodes
    };
    assert_eq!(take(Placement::Contiguous, [3, 5]), [3, 4, 5, 6, 7]);
    assert_eq!(take(Placement::Packed, [3, 5]), [3, 4, 5, 6, 7]);
    assert_eq!(take(Placement::Packed, [3, 4]), [4, 5, 6, 7]);
    assert_eq!(take(Placement::Spread, [3, 5]), [1, 2, 5, 6, 9]);
}

#[test]
fn closed_racks_are_left_alone() {
    for placement in [Placement::Contiguous, Placement::Packed, Placement::Spread] {
        let mut fleet = fleet(&["a", "b", "c"]).with_placement(placement, None);
        fleet.set_closed(1, true);
        assert_eq!(fleet.free(), 8);
        let mut nodes = Vec::new();
        fleet.take(Time::ZERO, 8, 0, &mut nodes);
        assert_eq!(nodes, [0, 1, 2, 3, 8, 9, 10, 11]);
        assert_eq!(fleet.free(), 0);
        fleet.set_closed(1, false);
        assert_eq!(fleet.free(), 4);
    }
}

#[test]
fn a_rack_more_moves_no_other_racks_luck() {
    let failures = |racks: &[&str]| {
        let mut fleet = fleet(racks);
        let mut seen = Vec::new();
        for rack in 0..2 {
            for _ in 0..20 {
                let at = fleet.clocks[rack].since
                    + crate::kernel::Span::from_secs_f64(fleet.time_to_failure_s(rack));
                let now = at.max(fleet.since);
                let Failure { node, draws, .. } = fleet.fail(now, rack, |_| 0);
                seen.push((at, node, draws.soft, draws.repair, draws.hang));
                fleet.repair(now, node);
            }
        }
        seen
    };
    assert_eq!(failures(&["a", "b"]), failures(&["a", "b", "c"]));
}

/// A node that is down or without power does not age: the hazard left stays.
#[test]
fn the_clock_stands_while_nothing_can_fail() {
    let mut fleet = fleet(&["a"]);
    let first = fleet.time_to_failure_s(0);
    let hour = |n: u64| Time::ZERO + crate::kernel::Span::from_hours(n);
    fleet.set_power(hour(1), 0, RackPower::Off, |_, _| {});
    assert_eq!(fleet.time_to_failure_s(0), f64::INFINITY);
    fleet.set_power(hour(500), 0, RackPower::On, |_, _| {});
    assert!((fleet.time_to_failure_s(0) - (first - 3600.0)).abs() < 1e-6);
}

#[test]
fn time_without_a_job_is_idle_down_or_dark() {
    let mut fleet = fleet(&["a", "b"]);
    let hour = |n: u64| Time::ZERO + crate::kernel::Span::from_hours(n);
    let Failure { node, held, .. } = fleet.fail(hour(1), 0, |_| 0);
    assert_eq!(held, []);
    fleet.set_power(hour(2), 0, RackPower::Off, |_, _| {});
    fleet.repair(hour(3), node);
    fleet.set_power(hour(4), 0, RackPower::Booting, |_, _| {});
    fleet.set_power(hour(5), 0, RackPower::On, |_, _| {});
    let account = fleet.unheld(hour(6));
    let hours = |seconds: f64| seconds / 3600.0;
    assert_eq!(hours(account.down), 2.0);
    assert_eq!(hours(account.dark), 3.0 + 4.0 + 4.0);
    assert_eq!(hours(account.idle), 48.0 - 2.0 - 11.0);
}
