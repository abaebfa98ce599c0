//! Interruptions, what is left of the time under them, and the nodes that they need.

use loadbank::kernel::{Span, Streams, Time};
use loadbank::units::Fraction;
use loadbank::workload::RackOffer;
use loadbank::workload::training::checkpoint::{Renewal, ettr};
use loadbank::workload::training::{
    JobsSpec, LawSpec, NodeFailureSpec, ResidentSpec, TrainingSpec, WeibullSpec,
};

use super::closed_forms::{erlang_b, poisson_at_most};
use super::site::{DAY, MINUTE, checkpointed, days, model, repaired, resident, simulate};
use super::table::{Table, Target};

const LLAMA_3: f64 = 419.0 / 54.0 / 2048.0;

/// T1 to T4: how often jobs are interrupted, and T18: lost racks beside.
pub(super) fn interruptions(table: &mut Table) {
    for (id, nodes, length, published, expected) in
        [("T1", 2048, 60.0, "1.8", 1.8029), ("T2", 16_384, 5.0, "0.23", 0.2254)]
    {
        let spec = resident(nodes, 6.5e-3);
        let what = format!("h between interruptions, {} GPUs at 6.5e-3", nodes * 8);
        let target = Target { id, what: &what, published, expected };
        table.simulated(target, 0.02 * expected, |replication| {
            length * 24.0 / simulate(&spec, length, replication).interruptions.total() as f64
        });
    }
    let spec = resident(2048, LLAMA_3);
    let what = "Llama 3: interruptions in 54 d";
    let target = Target { id: "T3", what, published: "419", expected: 419.0 };
    table.simulated(target, 10.0, |replication| {
        simulate(&spec, 54.0, replication).interruptions.total() as f64
    });
    let what = "Llama 3: h between them";
    let target = Target { id: "T4", what, published: "3.09", expected: 54.0 * 24.0 / 419.0 };
    table.simulated(target, 0.1, |replication| {
        54.0 * 24.0 / simulate(&spec, 54.0, replication).interruptions.total() as f64
    });
    // 1,024 nodes in racks of 32, each of which trips once a year.
    let expected = 1024.0 * 3.79e-3 + 32.0 / 365.0;
    let target = Target::formula("T18", "interruptions a day, one for each trip of 32", expected);
    table.simulated(target, 0.04, rack_trips);
}

/// Interruptions a day of a job of 1,024 nodes whose racks trip for a second.
fn rack_trips(replication: u64) -> f64 {
    let mut training = model(&resident(1024, 3.79e-3), 32, 32, replication);
    let mut trips = Streams::new(1, replication).stream("trip", "rack");
    let length = 600.0;
    let mut now = Time::ZERO;
    let mut made = 0;
    loop {
        now += Span::from_secs_f64(trips.exponential(365.0 * DAY / 32.0));
        if now > days(length) {
            break;
        }
        let rack = trips.below(32) as usize;
        for offer in [RackOffer { live: false, ..RackOffer::FULL }, RackOffer::FULL] {
            training.advance(now);
            training.offer(now, rack, offer);
            training.settle(now);
            now += Span::from_secs(1);
        }
        made += 1;
    }
    training.advance(days(length));
    let interruptions = training.summary(days(length)).interruptions;
    // A trip that meets a job which already waits for a node is no interruption.
    let seen = interruptions.rack_losses;
    if seen > made || seen + 2 < made { f64::NAN } else { interruptions.total() as f64 / length }
}

/// T5 to T10: the effective training time by the exact renewal form.
pub(super) fn training_time(table: &mut Table) {
    for (id, what, published, nodes, rate, [interval, write, restart, detect], length) in [
        ("T5", "ETTR, 16,000 GPUs, 60 min", "0.70", 2000, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 100.0),
        ("T6", "ETTR, 16,000 GPUs, 5 min", "0.93", 2000, 6.5e-3, [5.0, 0.0, 5.0, 0.0], 100.0),
        ("T7", "ETTR, 8,000 GPUs, 30 min", "0.90", 1000, 6.5e-3, [30.0, 0.0, 5.0, 1.0], 100.0),
        ("T8", "ETTR, 2,048 GPUs, 60 min", ">0.9", 256, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 200.0),
        ("T8", "ETTR, 4,096 GPUs, 60 min", ">0.9", 512, 6.5e-3, [60.0, 0.0, 5.0, 0.0], 200.0),
        ("T9", "ETTR, 131,072 GPUs, 2 min", "0.9", 16_384, 2.34e-3, [2.0, 0.0, 2.0, 1.0], 10.0),
        ("T10", "ETTR of Llama 3", ">0.90", 2048, LLAMA_3, [15.0, 1.0 / 3.0, 5.0, 2.0], 54.0),
    ] {
        let [interval_s, write_s, restart_s, detect_s] =
            [interval, write, restart, detect].map(|minutes| minutes * MINUTE);
        let mean_s = DAY / (f64::from(nodes) * rate);
        let renewal = Renewal { mean_s, interval_s, write_s, restart_s, detect_s, flush_s: 0.0 };
        let spec = checkpointed(resident(nodes, rate), renewal);
        let target = Target { id, what, published, expected: ettr(renewal) };
        table.simulated(target, 0.004, |replication| {
            simulate(&spec, length, replication).ettr.expect("jobs ran")
        });
    }
}

/// T15 to T17: how many nodes stand by, and are whole.
pub(super) fn standby(table: &mut Table) {
    // Nodes that fail only while they work; two spares, held by the job or by nobody.
    let (rate, nodes, spares) = (3.79e-3, 256, 2);
    let expected = erlang_b(spares + 1, f64::from(nodes) * rate);
    for (held, sigma, what) in [
        (spares, 1.2, "share of time a job of 256 + 2 lacks a node, 24 h, lognormal"),
        (0, 1.2, "the same with 2 spares for all, lognormal"),
        (spares, 0.0, "the same with its own, always 24 h"),
        (0, 0.0, "the same with 2 for all, always 24 h"),
    ] {
        let at_rest = Some(Fraction(0.0));
        let spec = TrainingSpec {
            failures: Some(NodeFailureSpec { at_rest, ..repaired(rate, 1.0, sigma) }),
            jobs: JobsSpec::Resident(ResidentSpec {
                nodes: Some(nodes),
                spares: Some(held),
                min_nodes: None,
            }),
            spares: Some(spares - held),
            ..resident(nodes, rate)
        };
        table.simulated(Target::formula("T15", what, expected), 0.004, |replication| {
            let mut training = model(&spec, 43, 6, replication);
            training.advance(days(2000.0));
            // Without checkpoints, restart and detection, all that is not stalled is worked.
            let hours = training.summary(days(2000.0)).gpu_hours;
            1.0 - (hours.useful + hours.lost) / (256.0 * 2000.0 * 24.0)
        });
    }
    let load = 2048.0 * 3.79e-3 * 0.5;
    for (spares, expected) in [(4, 0.1884), (8, 0.0114)] {
        let what = format!("P(a job of 2,048 nodes lacks one), {spares} spares, 12 h");
        let target = Target::formula("T15", &what, expected);
        table.computed(target, erlang_b(spares + 1, load), 5e-5);
    }
    for (sigma, what) in [
        (1.2, "availability at 6.5e-3 and 24 h to repair, lognormal"),
        (0.0, "the same, always 24 h"),
    ] {
        let spec =
            TrainingSpec { failures: Some(repaired(6.5e-3, 1.0, sigma)), ..resident(1, 0.0) };
        let expected = 1.0 / (1.0 + 6.5e-3);
        let target = Target { id: "T16", what, published: "0.993", expected };
        table.simulated(target, 3e-4, |replication| {
            let mut training = model(&spec, 64, 4, replication);
            // The first days, in which no node has had time to be repaired, do not count.
            training.advance(days(40.0));
            let early = training.summary(days(40.0)).gpu_hours.down;
            training.advance(days(440.0));
            let down = training.summary(days(440.0)).gpu_hours.down - early;
            1.0 - down / (256.0 * 400.0 * 24.0)
        });
    }
    let what = "P(at most 4 of 1,024 down), 1.28 in the mean";
    table.computed(Target::formula("T17", what, 0.990), poisson_at_most(4, 1.28), 5e-4);
}

/// T31: how a fleet fails that is new.
pub(super) fn burn_in(table: &mut Table) {
    for (new_fleet, what, expected) in [
        (true, "failures of a new node in 30 d, Weibull 0.7", 0.3978),
        (false, "the same in an old fleet", 30.0 / 153.8),
    ] {
        let mut spec = resident(1, 1.0 / 153.8);
        if let Some(failures) = &mut spec.failures {
            let new_fleet = Some(new_fleet);
            failures.law = Some(LawSpec::Weibull(WeibullSpec { shape: 0.7, new_fleet }));
        }
        table.simulated(Target::formula("T31", what, expected), 0.01, |replication| {
            let mut training = model(&spec, 64, 32, replication);
            training.advance(days(30.0));
            training.summary(days(30.0)).node_failures as f64 / 2048.0
        });
    }
}
