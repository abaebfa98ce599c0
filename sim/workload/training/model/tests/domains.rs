//! Parts that nodes share: by closed forms and by hand.

use super::super::*;
use crate::units::{Fraction, Rate};
use crate::workload::training::spec::*;
use crate::workload::training::tests::*;

fn hour(h: f64) -> Time {
    Time::from_secs_f64(h * HOUR)
}

fn domain(name: &str, nodes: Option<u32>, per_day: f64, repair_h: f64) -> DomainSpec {
    DomainSpec {
        name: name.to_owned(),
        nodes,
        rate: Rate(per_day / DAY),
        repair: Some(seconds(repair_h * HOUR)),
    }
}

/// Nodes that fail at `per_node_day` and are away for `repair_h`, in `domains`.
fn failures(
    (per_node_day, repair_h, sigma): (f64, f64, f64),
    domains: Vec<DomainSpec>,
) -> NodeFailureSpec {
    NodeFailureSpec {
        rate: Some(Rate(per_node_day / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(repair_h * HOUR)),
        repair_sigma: Some(sigma),
        domains: Some(domains),
        ..NodeFailureSpec::default()
    }
}

/// A job that needs all nodes of three racks of six has them while every node, every pair's chassis
/// and every rack's switch is whole: these come and go apart from each other, so the share of time
/// is the product of what each is up, `1 / (1 + r D)`, whatever the law of the repair.
#[test]
fn a_job_runs_while_nodes_and_domains_are_whole() {
    let up = |per_day: f64, repair_h: f64| 1.0 / (1.0 + per_day * repair_h / 24.0);
    let (node, chassis, switch) = (up(0.02, 24.0), up(0.05, 6.0), up(0.1, 3.0));
    let expected = libm::pow(node, 18.0) * libm::pow(chassis, 9.0) * libm::pow(switch, 3.0);
    for sigma in [0.0, 1.0] {
        let mut spec = resident(18, 0.0);
        let domains = vec![domain("chassis", Some(2), 0.05, 6.0), domain("switch", None, 0.1, 3.0)];
        spec.failures = Some(failures((0.02, 24.0, sigma), domains));
        check("share of time with all nodes", expected, 0.006, 10, |replication| {
            let mut training = model(&spec, 6, 3, replication);
            run_to(&mut training, hour(2000.0 * 24.0));
            // Without checkpoints, restart and detection, all that is not stalled is worked.
            let hours = training.summary(hour(2000.0 * 24.0)).gpu_hours;
            (hours.useful + hours.lost) / (18.0 * 2000.0 * 24.0)
        });
    }
}

/// T18 for domains: a part that several nodes share interrupts a job once, however many of them the
/// job has, so rates add up: `N r + R g`. Repairs of seconds leave it all but never standing.
#[test]
fn a_domain_interrupts_once() {
    let (per_node, per_rack) = (0.1, 0.5);
    let mut spec = resident(64, 0.0);
    let second = 1.0 / 3600.0;
    let switch = domain("switch", None, per_rack, second);
    spec.failures = Some(failures((per_node, second, 0.0), vec![switch]));
    check("interruptions a day", 64.0 * per_node + 4.0 * per_rack, 0.15, 10, |replication| {
        let mut training = model(&spec, 16, 4, replication);
        run_to(&mut training, hour(100.0 * 24.0));
        let summary = training.summary(hour(100.0 * 24.0));
        let counted: u64 = summary.failure_causes.iter().map(|cause| cause.interruptions).sum();
        assert_eq!(counted, summary.interruptions.node_failures);
        summary.interruptions.total() as f64 / 100.0
    });
}

/// Two racks of four, a job on the first. Its switch fails at 10 h: a minute later the job knows, and
/// starts anew on the other rack. The nodes of the first stand by for 3 h, at idle. One of them fails
/// in that time: for its own repair it is out for itself, not with its rack.
#[test]
fn what_a_drained_rack_costs() {
    let mut spec = checkpointed(resident(4, 0.0), 2.0 * HOUR, 0.0, 600.0, 60.0);
    let switch = domain("switch", None, 0.0, 3.0);
    spec.failures = Some(failures((0.0, 5.0, 0.0), vec![switch]));
    let mut training = model(&spec, 4, 2, 0);
    run_to(&mut training, hour(10.0));
    training.domain_fails(hour(10.0), 0);
    training.settle(hour(10.0));
    assert_eq!(training.jobs[0].phase, Phase::Detecting);
    assert!((training.draw_w(0) - 4.0 * (250.0 + 70.0)).abs() < 1e-9, "whole nodes stay on");
    run_to(&mut training, hour(11.0));
    assert_eq!(training.jobs[0].nodes, [4, 5, 6, 7]);
    training.node_fails(hour(11.0), 0);
    training.settle(hour(11.0));
    assert!((training.draw_w(0) - 3.0 * (250.0 + 70.0)).abs() < 1e-9);
    run_to(&mut training, hour(13.0));
    assert_eq!(training.fleet.free(), 0);
    training.domain_returns(hour(13.0), 0);
    training.settle(hour(13.0));
    assert_eq!(training.fleet.free(), 3);
    run_to(&mut training, hour(20.0));
    assert_eq!(training.fleet.free(), 4);
    let summary = training.summary(hour(20.0));
    let [.., switch] = summary.failure_causes.as_slice() else { panic!("there are causes") };
    assert_eq!((switch.cause.as_str(), switch.failures, switch.interruptions), ("switch", 1, 1));
    let cost = switch.cost.expect("costs are told where there are domains");
    let close = |ours: f64, expected: f64| assert!((ours - expected).abs() < 1e-9, "{cost:?}");
    close(cost.down, 3.0 * 3.0 + 1.0);
    // Ten minutes to start, then four checkpoints each 2 h.
    close(cost.lost, 4.0 * (10.0 - 1.0 / 6.0 - 8.0));
    // Nothing is left that could hang.
    close(cost.hung, 0.0);
    close(cost.restart, 4.0 / 6.0);
    close(cost.stalled, 0.0);
    let of_node: f64 =
        summary.failure_causes.iter().rev().skip(1).filter_map(|c| c.cost).map(|c| c.down).sum();
    close(of_node, 5.0);
    close(summary.gpu_hours.down, cost.down + of_node);
    close(summary.gpu_hours.total(), 8.0 * 20.0);
    assert_eq!(summary.node_failures, 1);
}

/// Two racks of two, an elastic job on both. It loses one with its switch, goes on with the other and
/// starts anew when the first is back: the first start after the failure is the switch's, the second is
/// put down to growth.
#[test]
fn a_failure_is_not_blamed_for_growth() {
    let mut spec = checkpointed(resident(4, 0.0), 2.0 * HOUR, 0.0, 600.0, 0.0);
    spec.jobs =
        JobsSpec::Resident(ResidentSpec { nodes: Some(4), spares: None, min_nodes: Some(2) });
    spec.failures = Some(failures((0.0, 5.0, 0.0), vec![domain("switch", None, 0.0, 3.0)]));
    let mut training = model(&spec, 2, 2, 0);
    run_to(&mut training, hour(10.0));
    training.domain_fails(hour(10.0), 0);
    training.settle(hour(10.0));
    run_to(&mut training, hour(13.0));
    assert_eq!(training.jobs[0].nodes.len(), 2);
    training.domain_returns(hour(13.0), 0);
    training.settle(hour(13.0));
    run_to(&mut training, hour(20.0));
    let summary = training.summary(hour(20.0));
    assert_eq!((training.jobs[0].nodes.len(), summary.interruptions.growths), (4, 1));
    let cost = summary.failure_causes.last().and_then(|cause| cause.cost).expect("costs are told");
    assert!((cost.restart - 2.0 / 6.0).abs() < 1e-9, "{cost:?}");
    assert!((summary.gpu_hours.restart - (4.0 + 2.0 + 4.0) / 6.0).abs() < 1e-9);
}

/// A rack that is drained may lose its power: what is whole is free when the part is repaired and the
/// rack is on, whichever comes first.
#[test]
fn a_drained_rack_goes_off_and_comes_back() {
    for repaired_first in [true, false] {
        let mut spec = resident(4, 0.0);
        let domains = vec![domain("switch", None, 0.0, 3.0), domain("pair", Some(2), 0.0, 3.0)];
        spec.failures = Some(failures((0.0, 5.0, 0.0), domains));
        let mut training = model(&spec, 4, 2, 0);
        run_to(&mut training, hour(1.0));
        // By rack: the switch, then its two pairs.
        training.domain_fails(hour(1.0), 3);
        training.domain_fails(hour(1.0), 4);
        training.settle(hour(1.0));
        assert_eq!(training.fleet.free(), 0);
        let off = RackOffer { live: false, ..RackOffer::FULL };
        training.offer(hour(2.0), 1, off);
        training.settle(hour(2.0));
        training.domain_returns(hour(3.0), 3);
        if repaired_first {
            training.domain_returns(hour(3.0), 4);
        }
        training.settle(hour(3.0));
        assert_eq!(training.fleet.free(), 0);
        training.offer(hour(4.0), 1, RackOffer::FULL);
        training.settle(hour(4.0));
        run_to(&mut training, hour(5.0));
        assert_eq!(training.fleet.free(), if repaired_first { 4 } else { 2 });
        if !repaired_first {
            training.domain_returns(hour(5.0), 4);
        }
        assert_eq!(training.fleet.free(), 4);
        let summary = training.summary(hour(5.0));
        let out: f64 = summary.failure_causes.iter().filter_map(|c| c.cost).map(|c| c.down).sum();
        assert!((out - summary.gpu_hours.down).abs() < 1e-9);
        assert!((summary.gpu_hours.total() - 40.0).abs() < 1e-9);
    }
}

/// Domains that never fail change nobody's luck.
#[test]
fn a_domain_has_luck_of_its_own() {
    let mut spec = checkpointed(resident(30, 0.0), HOUR, 30.0, 300.0, 60.0);
    spec.failures = Some(failures((0.2, 3.0, 1.0), Vec::new()));
    let end = hour(100.0 * 24.0);
    let mut bare = model(&spec, 8, 4, 0);
    run_to(&mut bare, end);
    spec.failures = Some(failures((0.2, 3.0, 1.0), vec![domain("switch", None, 0.0, 3.0)]));
    let mut with = model(&spec, 8, 4, 0);
    run_to(&mut with, end);
    let (bare, with) = (bare.summary(end), with.summary(end));
    assert_eq!((bare.gpu_hours, bare.interruptions), (with.gpu_hours, with.interruptions));
    assert!(bare.node_failures > 300 && bare.failure_causes.iter().all(|c| c.cost.is_none()));
    // Nothing else interrupts, so all is put down to some failure, but for the first start.
    let mut sum = GpuHours::default();
    with.failure_causes.iter().filter_map(|cause| cause.cost).for_each(|cost| sum.add(&cost));
    let GpuHours { lost, hung, stalled, restart, down, .. } = with.gpu_hours;
    let pairs = [(sum.lost, lost), (sum.hung, hung), (sum.stalled, stalled), (sum.down, down)];
    for (of_causes, all) in pairs {
        assert!((of_causes - all).abs() < 1e-9 * (1.0 + all), "{of_causes} of {all}");
    }
    assert!((sum.restart + 30.0 / 12.0 - restart).abs() < 1e-9 * restart);
}

#[test]
fn impossible_domains_are_refused() {
    let refused = |domains: Vec<DomainSpec>| {
        let mut spec = resident(8, 0.0);
        spec.failures = Some(failures((0.0, 1.0, 0.0), domains));
        let mut faults = Vec::new();
        spec.resolve(&rack(8), 1, &mut faults);
        faults.iter().map(|fault| fault.field.to_string()).collect::<Vec<_>>()
    };
    let good = domain("switch", Some(4), 1.0, 1.0);
    assert_eq!(refused(vec![good.clone()]), [""; 0]);
    let field = |name: &str| vec![format!("failures.domains[0].{name}")];
    assert_eq!(refused(vec![domain("switch", Some(3), 1.0, 1.0)]), field("nodes"));
    assert_eq!(refused(vec![domain("switch", Some(0), 1.0, 1.0)]), field("nodes"));
    assert_eq!(refused(vec![domain("switch", None, -1.0, 1.0)]), field("rate"));
    assert_eq!(refused(vec![domain("switch", None, 1.0, 0.0)]), field("repair"));
    assert_eq!(refused(vec![domain("NIC", None, 1.0, 1.0)]), field("name"));
    assert_eq!(refused(vec![good.clone(), good.clone()]), ["failures.domains[1].name"]);
    assert_eq!(
        refused(vec![good; 33]).last().map(String::as_str),
        Some("failures.domains[31].name")
    );
}
