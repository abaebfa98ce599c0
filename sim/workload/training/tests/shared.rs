//! Jobs that share nodes, held against a loop that knows nothing but seconds and nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::kernel::{Span, Streams, Time};
use crate::spec::Name;
use crate::units::{Duration, Power, Rate};
use crate::workload::RackOffer;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};
use crate::workload::training::log::LogJob;
use crate::workload::training::spec::*;
use crate::workload::training::{LogReader, Policy, Sharing, Training};

/// Nodes of four GPUs, two in each of three racks.
const PER_NODE: u32 = 4;
const NODES: usize = 6;

/// Weights of a job's priority, and the age at which it grows no more.
const AGE: f64 = 1000.0;
const SIZE: f64 = 700.0;
const MAX_AGE_S: u64 = 20;

fn rack() -> GpuRackDesign {
    let mut faults = Vec::new();
    let rack = GpuRackSpec::of(2, PER_NODE, Power(700.0), Power(1000.0)).resolve(&mut faults);
    assert_eq!(faults, []);
    rack
}

fn model(jobs: Vec<LogJob>, policy: Policy, rule: Sharing, rate: f64) -> Training {
    let spec = TrainingSpec {
        scheduler: Some(policy),
        queue: Some(Box::new(QueueSpec {
            sharing: Some(rule),
            priority: (policy == Policy::Priority).then(|| PrioritySpec {
                age: Some(AGE),
                size: Some(SIZE),
                max_age: Some(Duration(MAX_AGE_S * 1_000_000_000)),
                ..PrioritySpec::default()
            }),
            ..QueueSpec::default()
        })),
        failures: Some(NodeFailureSpec { rate: Some(Rate(rate)), ..NodeFailureSpec::default() }),
        checkpoint: Some(CheckpointSpec {
            interval: Some(IntervalSpec::Never),
            ..CheckpointSpec::default()
        }),
        restart: Some(Duration(0)),
        spares: Some(0),
        ..TrainingSpec::of(JobsSpec::Swf(SwfSpec::of(Name::unplaced("log.swf"))))
    };
    let rack = rack();
    let mut faults = Vec::new();
    let mut design = spec.resolve(&rack, 3, &mut faults);
    let mut reader = LogReader::new(24);
    reader.read(b"1 0 -1 60 1 -1 -1 1 60 -1 1 1 1 1 1 1 -1 -1").expect("a job");
    design.take_log(Arc::new(Arc::from(jobs)), &reader, &mut faults);
    assert_eq!(faults, []);
    let names = ["a", "b", "c"].map(str::to_owned);
    Training::new(design, rack, &names, "jobs", &Streams::new(1, 0))
}

/// (gap, run, more that it asks for, GPUs, whether it wants its nodes to itself), in seconds.
type Row = (u64, u64, u64, u32, bool);

fn logs() -> impl Strategy<Value = Vec<Row>> {
    let width = prop_oneof![4 => 1..=3u32, 1 => 4..=24u32];
    prop::collection::vec((0..4u64, 1..20u64, 0..12u64, width, prop::bool::weighted(0.2)), 1..40)
}

fn jobs(rows: &[Row]) -> Vec<LogJob> {
    let mut submit = Time::ZERO;
    let job = |(number, &(gap, run, more, processors, exclusive)): (u64, &Row)| {
        submit += Span::from_secs(gap);
        let requested = Span::from_secs(run + more);
        LogJob {
            requested,
            exclusive,
            ..LogJob::new(number, submit, Span::from_secs(run), processors)
        }
    };
    (0..).zip(rows).map(job).collect()
}

/// A job of the loop: how many GPUs of how many nodes.
#[derive(Debug, Clone)]
struct Twin {
    submit: u64,
    run: u64,
    asked: u64,
    nodes: usize,
    each: u32,
}

/// Every way to choose `count` of the nodes with `each` free, the first in lexical order first.
fn ways(free: &[u32], count: usize, each: u32) -> Vec<Vec<usize>> {
    let usable: Vec<usize> = (0..free.len()).filter(|&node| free[node] >= each).collect();
    (0_u32..1 << usable.len())
        .filter(|set| set.count_ones() as usize == count)
        .map(|set| (0..usable.len()).filter(|at| set >> at & 1 == 1).map(|at| usable[at]).collect())
        .collect()
}

/// The nodes of a job by the rule as its documentation has it, or none.
fn choose(rule: Sharing, free: &[u32], job: &Twin) -> Option<Vec<usize>> {
    let ways = ways(free, job.nodes, job.each);
    match rule {
        // Whole nodes are all as free as each other: the first.
        Sharing::LeastLoaded => ways.into_iter().min_by_key(|way| {
            (std::cmp::Reverse(way.iter().map(|&node| free[node]).sum::<u32>()), way.clone())
        }),
        Sharing::BestFit => {
            ways.first()?;
            // Runs of neighbours with room, each with what is free in it.
            let mut runs: Vec<(Vec<usize>, u32)> = Vec::new();
            for node in 0..free.len() {
                let joins = node > 0 && free[node - 1] >= job.each;
                match runs.last_mut() {
                    _ if free[node] < job.each => {}
                    Some((run, sum)) if joins => {
                        run.push(node);
                        *sum += free[node];
                    }
                    _ => runs.push((vec![node], free[node])),
                }
            }
            let mut chosen: Vec<usize> = Vec::new();
            while chosen.len() < job.nodes {
                let left = job.nodes - chosen.len();
                let tightest = runs.iter().filter(|(run, _)| run.len() >= left).map(|(_, s)| *s);
                let at = match tightest.min() {
                    Some(sum) => runs.iter().position(|(run, s)| run.len() >= left && *s == sum),
                    None => {
                        let most = runs.iter().map(|(_, sum)| *sum).max();
                        runs.iter().position(|(_, sum)| Some(*sum) == most)
                    }
                };
                let (run, _) = runs.remove(at.expect("there is a way"));
                if left == 1 {
                    let least = run.iter().map(|&node| free[node]).min();
                    chosen.extend(run.iter().find(|&&node| Some(free[node]) == least));
                } else {
                    chosen.extend(run.iter().take(left));
                }
            }
            Some(chosen)
        }
    }
}

/// What is free, second by second from the first of the log on, as far as anybody knows.
#[derive(Debug)]
struct Plan(Vec<Vec<u32>>);

impl Plan {
    /// What is free of each node from `from` to `until`.
    fn least(&self, from: u64, until: u64) -> Vec<u32> {
        let mut least = vec![PER_NODE; NODES];
        for at in from..until {
            let Some(free) = self.0.get(at as usize) else { break };
            least.iter_mut().zip(free).for_each(|(least, free)| *least = (*least).min(*free));
        }
        least
    }

    fn change(&mut self, (from, until): (u64, u64), nodes: &[usize], each: i64) {
        let until = until as usize;
        self.0.resize(self.0.len().max(until), vec![PER_NODE; NODES]);
        self.0[from as usize..until].iter_mut().for_each(|free| change(free, nodes, each));
    }

    /// The first second from `now` on from which a job has room for as long as it asks for.
    fn reserve(&mut self, rule: Sharing, now: u64, job: &Twin) -> (u64, Vec<usize>) {
        let found = (now..).find_map(|at| {
            let least = self.least(at, at + job.asked);
            choose(rule, &least, job).map(|nodes| (at, nodes))
        });
        let (at, nodes) = found.expect("everything ends");
        self.change((at, at + job.asked), &nodes, -i64::from(job.each));
        (at, nodes)
    }
}

fn change(free: &mut [u32], nodes: &[usize], each: i64) {
    for &node in nodes {
        free[node] = u32::try_from(i64::from(free[node]) + each).expect("no node is overfull");
    }
}

/// The jobs that wait at `now`, in the order in which they are served.
fn order(jobs: &[Twin], starts: &[Option<u64>], policy: Policy, now: u64) -> Vec<usize> {
    let waits = |&job: &usize| starts[job].is_none() && jobs[job].submit <= now;
    let mut queue: Vec<usize> = (0..jobs.len()).filter(waits).collect();
    let priority = |job: &Twin| {
        let age = ((now - job.submit) as f64 / MAX_AGE_S as f64).min(1.0);
        let size = job.nodes as f64 * f64::from(job.each) / (NODES as f64 * f64::from(PER_NODE));
        (AGE * age + SIZE * size).round() as u64
    };
    match policy {
        Policy::ShortestFirst => queue.sort_by_key(|&job| jobs[job].asked),
        Policy::LongestFirst => queue.sort_by_key(|&job| std::cmp::Reverse(jobs[job].asked)),
        Policy::Priority => queue.sort_by_key(|&job| std::cmp::Reverse(priority(&jobs[job]))),
        _ => {}
    }
    queue
}

/// Second by second: when each job starts.
fn play(jobs: &[Twin], policy: Policy, rule: Sharing) -> Vec<u64> {
    let mut free = vec![PER_NODE; NODES];
    let mut starts: Vec<Option<u64>> = vec![None; jobs.len()];
    // By job: its nodes.
    let mut running: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    // Where all have reservations: these, and what they leave.
    let mut promised: BTreeMap<usize, (u64, Vec<usize>)> = BTreeMap::new();
    let mut plan = Plan(Vec::new());
    let mut now = 0;
    while starts.contains(&None) || !running.is_empty() {
        let done: Vec<usize> = running
            .keys()
            .copied()
            .filter(|&job| starts[job].expect("it runs") + jobs[job].run == now)
            .collect();
        let mut happened = !done.is_empty() || jobs.iter().any(|job| job.submit == now);
        let mut ended_early = false;
        for job in done {
            let nodes = running.remove(&job).expect("it runs");
            let Twin { each, run, asked, .. } = jobs[job];
            change(&mut free, &nodes, i64::from(each));
            if policy == Policy::Conservative && asked > run {
                plan.change((now, now + asked - run), &nodes, i64::from(each));
                ended_early = true;
            }
        }
        let mut queue = order(jobs, &starts, policy, now);
        if policy == Policy::Conservative {
            happened |= promised.values().any(|&(at, _)| at == now);
            for &job in queue.iter().filter(|_| happened) {
                let twin = &jobs[job];
                match promised.remove(&job) {
                    Some((at, nodes)) if ended_early => {
                        plan.change((at, at + twin.asked), &nodes, i64::from(twin.each));
                    }
                    Some(promise) => {
                        promised.insert(job, promise);
                        continue;
                    }
                    None => {}
                }
                promised.insert(job, plan.reserve(rule, now, twin));
            }
            for (job, (_, nodes)) in promised.extract_if(.., |_, (at, _)| *at == now) {
                change(&mut free, &nodes, -i64::from(jobs[job].each));
                running.insert(job, nodes);
                starts[job] = Some(now);
            }
            now += 1;
            continue;
        }
        // By priority the order changes with every second, and nobody looks unless something happens.
        while happened
            && let Some(&head) = queue.first()
            && let Some(nodes) = choose(rule, &free, &jobs[head])
        {
            change(&mut free, &nodes, -i64::from(jobs[head].each));
            running.insert(head, nodes);
            starts[head] = Some(now);
            queue.remove(0);
        }
        let overtakes = matches!(policy, Policy::Easy | Policy::Priority);
        if happened && overtakes && !queue.is_empty() {
            let head = &jobs[queue[0]];
            // The first second in which the first has room, if all end as they ask to.
            let mut then = free.clone();
            let mut at = now;
            let reserved = loop {
                at += 1;
                for (&job, nodes) in &running {
                    if starts[job].expect("it runs") + jobs[job].asked == at {
                        change(&mut then, nodes, i64::from(jobs[job].each));
                    }
                }
                if let Some(nodes) = choose(rule, &then, head) {
                    break nodes;
                }
            };
            change(&mut then, &reserved, -i64::from(head.each));
            for &job in &queue[1..] {
                let short = now + jobs[job].asked <= at;
                let least: Vec<u32> = free.iter().zip(&then).map(|(a, b)| *a.min(b)).collect();
                let room = if short { &free } else { &least };
                let Some(nodes) = choose(rule, room, &jobs[job]) else { continue };
                let each = -i64::from(jobs[job].each);
                change(&mut free, &nodes, each);
                if !short {
                    change(&mut then, &nodes, each);
                }
                running.insert(job, nodes);
                starts[job] = Some(now);
            }
        }
        now += 1;
    }
    starts.into_iter().map(|start| start.expect("every job starts")).collect()
}

fn twins(log: &[LogJob]) -> Vec<Twin> {
    let seconds = |span: Span| span.as_nanos() / 1_000_000_000;
    let first = log[0].submit;
    let twin = |job: &LogJob| {
        let part = job.processors < PER_NODE && !job.exclusive;
        Twin {
            submit: seconds(job.submit - first),
            run: seconds(job.run),
            asked: seconds(job.requested),
            nodes: job.processors.div_ceil(PER_NODE) as usize,
            each: if part { job.processors } else { PER_NODE },
        }
    };
    log.iter().map(twin).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Job by job, to the second.
    #[test]
    fn jobs_start_when_the_loop_starts_them(
        rows in logs(),
        policy in prop_oneof![
            Just(Policy::Fcfs),
            Just(Policy::Easy),
            Just(Policy::ShortestFirst),
            Just(Policy::LongestFirst),
            Just(Policy::Conservative),
            Just(Policy::Priority),
        ],
        rule in prop_oneof![Just(Sharing::BestFit), Just(Sharing::LeastLoaded)],
    ) {
        let log = jobs(&rows);
        let expected = play(&twins(&log), policy, rule);
        let mut training = model(log, policy, rule, 0.0);
        while training.next_at() < Time::MAX {
            training.advance(training.next_at());
        }
        let mut starts = vec![u64::MAX; rows.len()];
        training.drain_finished(|record| {
            starts[record.id as usize] = record.start.as_nanos() / 1_000_000_000;
        });
        prop_assert_eq!(starts, expected);
    }
}

/// Three jobs on one node: a failure fells all of them, once each, and they start again when it or
/// another has room; what the rack draws is its nodes' overhead, and GPUs at work and at rest.
#[test]
fn a_node_that_fails_takes_all_of_its_jobs() {
    // All on the first node, which is the tightest fit.
    let rows =
        vec![(0, 100_000, 0, 1, false), (0, 100_000, 0, 1, false), (0, 100_000, 0, 2, false)];
    let mut training = model(jobs(&rows), Policy::Fcfs, Sharing::BestFit, 1e-5);
    training.advance(Time::ZERO);
    training.settle(Time::ZERO);
    assert_eq!(training.busy_gpus(), 4);
    let full_w = 0.8 * 630.0 + 0.2 * 350.0;
    let expected = 2.0 * 1000.0 + 4.0 * full_w + 4.0 * 70.0;
    assert!((training.draw_w(0) - expected).abs() < 1e-9, "{} W", training.draw_w(0));
    assert!((training.demand(0).total_w() - expected).abs() < 1e-9);
    assert!((training.draw_w(1) - (2.0 * 1000.0 + 8.0 * 70.0)).abs() < 1e-9);
    let struck = loop {
        let at = training.next_at();
        training.advance(at);
        let summary = training.summary(at);
        if summary.interruptions.node_failures > 0 {
            break summary;
        }
        assert!(summary.node_failures < 50, "no failure has struck the first node");
    };
    assert_eq!(struck.interruptions.node_failures, 3);
    let of_causes: u64 = struck.failure_causes.iter().map(|cause| cause.interruptions).sum();
    assert_eq!(of_causes, 1, "one failure, however many jobs it interrupts");
}

/// A rack that loses its power takes the jobs on all of its nodes; the rest run on.
#[test]
fn a_rack_that_goes_off_takes_the_jobs_of_its_nodes() {
    let rows = vec![(0, 1000, 0, 3, false), (0, 1000, 0, 3, false), (0, 1000, 0, 3, false)];
    let mut training = model(jobs(&rows), Policy::Fcfs, Sharing::BestFit, 0.0);
    training.advance(Time::ZERO);
    training.offer(Time::ZERO, 0, RackOffer { live: false, ..RackOffer::FULL });
    training.settle(Time::ZERO);
    assert_eq!(training.busy_gpus(), 3);
    assert_eq!(training.draw_w(0), 0.0);
    assert_eq!(training.summary(Time::ZERO).interruptions.rack_losses, 2);
}
