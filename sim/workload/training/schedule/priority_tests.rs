//! Priority, preemption and draining against a twin that plays second by second, computes all
//! usage from the history of the jobs, and looks at every node.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::workload::training::placement::Sharing;

const MACHINE: u32 = 8;
const ACCOUNTS: u32 = 3;

/// A job of a log, in seconds.
#[derive(Debug, Clone, Copy)]
struct Row {
    submit: u64,
    run: u64,
    requested: u64,
    nodes: u32,
    tier: u16,
    account: u32,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..6u64, 1..20u64, 0..15u64, 1..=MACHINE, 0..3u16, 0..ACCOUNTS);
    prop::collection::vec(row, 1..40).prop_map(|rows| {
        let mut submit = 0;
        let row = |(gap, run, more, nodes, tier, account)| {
            submit += gap;
            Row { submit, run, requested: run + more, nodes, tier, account }
        };
        rows.into_iter().map(row).collect()
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let weights = prop::array::uniform4(prop_oneof![Just(0.0), Just(10.0), Just(1000.0)]);
    let preemption = prop::option::of((0..8u64, 0..5u64));
    let sizes = prop_oneof![Just(FavouredSize::Large), Just(FavouredSize::Small)];
    (weights, preemption, sizes, any::<bool>(), 1..=10usize).prop_map(
        |([age, size, class, fair_share], preemption, favours, backfill, drain_at)| Rules {
            policy: Policy::Priority,
            priority: Priority {
                age,
                size,
                class,
                fair_share,
                max_age: Span::from_secs(20),
                half_life: Span::from_secs(30),
                favours,
                machine: MACHINE as usize,
                tiers: vec![0.0, 0.25, 1.0],
                shares: vec![1.0, 2.0, 1.0],
                backfill,
            },
            preemption: preemption.map(|(min_runtime, grace)| Preemption {
                min_runtime: Span::from_secs(min_runtime),
                grace: Span::from_secs(grace),
            }),
            drain_at,
            depth: usize::MAX,
        },
    )
}

fn at(second: u64) -> Time {
    Time::ZERO + Span::from_secs(second)
}

fn second(at: Time) -> u64 {
    at.as_nanos() / 1_000_000_000
}

/// Every start of each job on a machine of nodes that are counted. A preempted job queues again
/// and begins anew.
fn starts(rows: &[Row], rules: &Rules) -> Vec<Vec<u64>> {
    starts_in(MACHINE as usize, rows, rules, |grant, _| grant.nodes as usize)
}

/// The same on nodes that are looked at one by one.
fn starts_on_nodes(rows: &[Row], rules: &Rules) -> Vec<Vec<u64>> {
    let free = vec![1; MACHINE as usize];
    let room = SharedNodes { rule: Sharing::BestFit, per_node: 1, left: free.len(), free };
    starts_in(room, rows, rules, |_, places| places.expect("nodes are chosen").clone())
}

/// The same in `room`, of which a job gets what `taken` says of its grant and its nodes.
fn starts_in<R: Room>(
    mut room: R,
    rows: &[Row],
    rules: &Rules,
    taken: impl Fn(&Granted, Option<&Places>) -> R::Taken,
) -> Vec<Vec<u64>> {
    let mut scheduler = Scheduler::<R>::new(rules.clone());
    let mut starts = vec![Vec::new(); rows.len()];
    // By job: its grant, what it has, its end, and when it must have gone.
    let mut running: BTreeMap<usize, (Granted, R::Taken, Time, Time)> = BTreeMap::new();
    let mut next = 0;
    let mut decisions = Decisions::default();
    let waiting = |i: usize| Waiting {
        id: i as u64,
        token: i as u32,
        nodes: rows[i].nodes,
        requested: Span::from_secs(rows[i].requested),
        submitted: at(rows[i].submit),
        tier: rows[i].tier,
        account: rows[i].account,
    };
    loop {
        let ends = running.values().map(|&(_, _, end, by)| end.min(by)).min();
        let submit = rows.get(next).map(|row| at(row.submit));
        let wake = Some(scheduler.wake_at()).filter(|&at| at < Time::MAX);
        let Some(now) = [ends, submit, wake].into_iter().flatten().min() else { break };
        let done = running.extract_if(.., |_, &mut (_, _, end, by)| end.min(by) == now);
        for (i, (grant, has, end, _)) in done.collect::<Vec<_>>() {
            scheduler.end(now, grant);
            room.give(&has);
            if end > now {
                scheduler.submit(waiting(i));
            }
        }
        while rows.get(next).is_some_and(|row| at(row.submit) == now) {
            scheduler.submit(waiting(next));
            next += 1;
        }
        scheduler.pass(now, room.clone(), &mut decisions);
        for &Preempted { job, by } in &decisions.preempted {
            let i = job.token as usize;
            if by == now {
                let (_, has, ..) = running.remove(&i).expect("a job that is preempted runs");
                scheduler.end(now, job);
                scheduler.submit(waiting(i));
                room.give(&has);
            } else {
                running.get_mut(&i).expect("a job that is preempted runs").3 = by;
            }
        }
        for (order, grant) in decisions.granted.iter().enumerate() {
            let i = grant.token as usize;
            let has = taken(grant, decisions.places.get(order));
            room.take(&has);
            starts[i].push(second(now));
            running.insert(i, (*grant, has, now + Span::from_secs(rows[i].run), Time::MAX));
        }
    }
    assert_eq!(scheduler.queued(), 0, "nobody is left behind");
    starts
}

/// A job in the twin.
#[derive(Debug, Clone, Default)]
struct Twin {
    waits: bool,
    /// Since when it runs, and when it must have gone.
    runs: Option<(u64, Option<u64>)>,
    /// Past stays on the machine.
    past: Vec<(u64, u64)>,
    starts: Vec<u64>,
}

struct Play<'a> {
    rows: &'a [Row],
    rules: &'a Rules,
    jobs: Vec<Twin>,
    now: u64,
    wake: Option<u64>,
}

impl Play<'_> {
    fn free(&self) -> usize {
        let used = |i: usize| if self.jobs[i].runs.is_some() { self.rows[i].nodes } else { 0 };
        (MACHINE - (0..self.rows.len()).map(used).sum::<u32>()) as usize
    }

    /// Node-seconds of an account, forgotten by half in 30 s.
    fn usage(&self, account: u32) -> f64 {
        let weight = |at: u64| libm::exp2(-((self.now - at) as f64) / 30.0);
        let stay = |row: &Row, (from, until): (u64, u64)| {
            f64::from(row.nodes) * 30.0 / std::f64::consts::LN_2 * (weight(until) - weight(from))
        };
        let of = |(row, job): (&Row, &Twin)| {
            let present = job.runs.map(|(since, _)| (since, self.now));
            job.past.iter().copied().chain(present).map(|s| stay(row, s)).sum::<f64>()
        };
        self.rows.iter().zip(&self.jobs).filter(|(row, _)| row.account == account).map(of).sum()
    }

    fn priority(&self, i: usize) -> i64 {
        let (row, p) = (&self.rows[i], &self.rules.priority);
        let total: f64 = (0..ACCOUNTS).map(|account| self.usage(account)).sum();
        let part = if total > 0.0 { self.usage(row.account) / total } else { 0.0 };
        let share = [0.25, 0.5, 0.25][row.account as usize];
        let width = f64::from(row.nodes) / f64::from(MACHINE);
        let size = if p.favours == FavouredSize::Large { width } else { 1.0 - width };
        let age = ((self.now - row.submit) as f64 / 20.0).min(1.0);
        let class = [0.0, 0.25, 1.0][usize::from(row.tier)];
        let fair = libm::exp2(-part / share);
        (p.age * age + p.size * size + p.class * class + p.fair_share * fair).round() as i64
    }

    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.len()).filter(|&i| self.jobs[i].waits).collect();
        order.sort_by_key(|&i| {
            let tier = if self.rules.preemption.is_some() { self.rows[i].tier } else { 0 };
            (-i64::from(tier), -self.priority(i), i)
        });
        order
    }

    fn start(&mut self, i: usize) {
        self.jobs[i].waits = false;
        self.jobs[i].runs = Some((self.now, None));
        self.jobs[i].starts.push(self.now);
    }

    fn stop(&mut self, i: usize) {
        let (since, _) = self.jobs[i].runs.take().unwrap();
        self.jobs[i].past.push((since, self.now));
    }

    /// Jobs of lower tiers that may be preempted, the first to go first.
    fn candidates(&self, tier: u16, min_runtime: u64) -> Vec<usize> {
        let is_one = |&i: &usize| {
            let old = matches!(self.jobs[i].runs, Some((s, None)) if self.now - s >= min_runtime);
            old && self.rows[i].tier < tier
        };
        let mut all: Vec<usize> = (0..self.rows.len()).filter(is_one).collect();
        let since = |i: usize| self.jobs[i].runs.unwrap().0 as i64;
        all.sort_by_key(|&i| (self.rows[i].tier, -since(i), -(i as i64)));
        all
    }

    fn choose(&mut self) {
        self.wake = None;
        let rule = self.rules.preemption.map(|p| (p.min_runtime, p.grace));
        let rule = rule.map(|(a, b)| (a.as_nanos() / 1_000_000_000, b.as_nanos() / 1_000_000_000));
        // One entry for each node.
        let mut vacating: Vec<u64> = Vec::new();
        let mut ends: Vec<u64> = Vec::new();
        for (row, job) in self.rows.iter().zip(&self.jobs) {
            if let Some((since, by)) = job.runs {
                let list = if by.is_some() { &mut vacating } else { &mut ends };
                let end = by.unwrap_or(since + row.requested);
                list.extend(std::iter::repeat_n(end, row.nodes as usize));
            }
        }
        vacating.sort_unstable();
        let mut free = self.free();
        let order = self.order();
        let mut again = Vec::new();
        let mut head = None;
        for (rank, &i) in order.iter().enumerate() {
            let row = self.rows[i];
            let nodes = row.nodes as usize;
            if nodes > free {
                let Some((min_runtime, grace)) = rule else {
                    head = Some(rank);
                    break;
                };
                let reachable = free + vacating.len();
                let mut chosen = Vec::new();
                let sum = |chosen: &[usize]| -> usize {
                    chosen.iter().map(|&v| self.rows[v].nodes as usize).sum()
                };
                let mut candidates = self.candidates(row.tier, min_runtime).into_iter();
                while reachable + sum(&chosen) < nodes
                    && let Some(victim) = candidates.next()
                {
                    chosen.push(victim);
                }
                if reachable + sum(&chosen) < nodes {
                    head = Some(rank);
                    break;
                }
                for victim in chosen.clone().into_iter().rev() {
                    let without: Vec<usize> =
                        chosen.iter().copied().filter(|&v| v != victim).collect();
                    if reachable + sum(&without) >= nodes {
                        chosen = without;
                    }
                }
                for victim in chosen {
                    let width = self.rows[victim].nodes as usize;
                    let (since, _) = self.jobs[victim].runs.unwrap();
                    for _ in 0..width {
                        let asked = since + self.rows[victim].requested;
                        let place = ends.iter().position(|&end| end == asked).unwrap();
                        ends.remove(place);
                    }
                    if grace == 0 {
                        self.stop(victim);
                        again.push(victim);
                        free += width;
                    } else {
                        self.jobs[victim].runs = Some((since, Some(self.now + grace)));
                        vacating.extend(std::iter::repeat_n(self.now + grace, width));
                        vacating.sort_unstable();
                    }
                }
                if grace > 0 {
                    let claimed = vacating.len().min(nodes);
                    let start = vacating.drain(..claimed).max().unwrap();
                    free -= nodes - claimed;
                    ends.extend(std::iter::repeat_n(start + row.requested, nodes));
                    continue;
                }
            }
            free -= nodes;
            ends.extend(std::iter::repeat_n(self.now + row.requested, nodes));
            self.start(i);
        }
        if let Some(rank) = head {
            let row = self.rows[order[rank]];
            if let Some((min_runtime, _)) = rule {
                let young = (0..self.rows.len()).filter(|&i| self.rows[i].tier < row.tier);
                let due = young.filter_map(|i| match self.jobs[i].runs {
                    Some((since, None)) => Some(since + min_runtime),
                    _ => None,
                });
                self.wake = due.filter(|&due| due > self.now).min();
            }
            let nodes = row.nodes as usize;
            if self.rules.priority.backfill && nodes < self.rules.drain_at {
                ends.extend(vacating);
                let free_at = |at: u64, free: usize, ends: &[u64]| {
                    free + ends.iter().filter(|&&e| e <= at).count()
                };
                let shadow = (self.now..).find(|&at| free_at(at, free, &ends) >= nodes).unwrap();
                for &i in &order[rank + 1..] {
                    let row = self.rows[i];
                    let width = row.nodes as usize;
                    if width > free {
                        continue;
                    }
                    // It must leave the first what that needs at its reserved start.
                    let left = free - width;
                    let mut then = ends.clone();
                    then.extend(std::iter::repeat_n(self.now + row.requested, width));
                    if free_at(shadow, left, &then) >= nodes {
                        (free, ends) = (left, then);
                        self.start(i);
                    }
                }
            }
        }
        for i in again {
            self.jobs[i].waits = true;
        }
    }

    fn second(&mut self) {
        let now = self.now;
        let mut happened = self.wake == Some(now);
        for i in 0..self.rows.len() {
            let row = self.rows[i];
            if let Some((since, by)) = self.jobs[i].runs {
                let done = since + row.run == now;
                if done || by == Some(now) {
                    self.stop(i);
                    self.jobs[i].waits = !done;
                    happened = true;
                }
            }
            if row.submit == now {
                self.jobs[i].waits = true;
                happened = true;
            }
        }
        if happened {
            self.choose();
        }
    }
}

fn twin(rows: &[Row], rules: &Rules) -> Vec<Vec<u64>> {
    let jobs = vec![Twin::default(); rows.len()];
    let mut play = Play { rows, rules, jobs, now: 0, wake: None };
    while play.now <= rows[rows.len() - 1].submit
        || play.jobs.iter().any(|job| job.waits || job.runs.is_some())
    {
        play.second();
        play.now += 1;
    }
    play.jobs.into_iter().map(|job| job.starts).collect()
}

proptest! {
    #[test]
    fn priority_equals_its_twin(rows in rows(), rules in rules()) {
        prop_assert_eq!(starts(&rows, &rules), twin(&rows, &rules));
    }

    /// Without weights the order is that of arrival, and so the policy is EASY or FCFS.
    #[test]
    fn no_weights_are_first_come_first_served(rows in rows(), backfill in any::<bool>()) {
        let mut rules = Rules::from(Policy::Priority);
        rules.priority.backfill = backfill;
        let plain = Rules::from(if backfill { Policy::Easy } else { Policy::Fcfs });
        prop_assert_eq!(starts(&rows, &rules), starts(&rows, &plain));
    }

    /// A machine that drains for every job lets nobody overtake.
    #[test]
    fn easy_that_drains_for_everybody_is_fcfs(rows in rows()) {
        let rules = Rules { drain_at: 1, ..Policy::Easy.into() };
        prop_assert_eq!(starts(&rows, &rules), starts(&rows, &Policy::Fcfs.into()));
    }
}

fn row(submit: u64, run: u64, nodes: u32, tier: u16) -> Row {
    Row { submit, run, requested: run, nodes, tier, account: 0 }
}

/// The case of the documentation: two hours of grace less a minute do not protect.
#[test]
fn a_higher_tier_waits_for_the_minimum_run_time_and_the_grace() {
    let rules = Rules {
        preemption: Some(Preemption {
            min_runtime: Span::from_secs(10),
            grace: Span::from_secs(3),
        }),
        ..Policy::Priority.into()
    };
    // The low job holds all; the high one comes at 4, may preempt at 10 and starts at 13. The
    // low one begins anew when that has ended.
    let rows = [row(0, 100, 8, 0), row(4, 20, 5, 1)];
    assert_eq!(starts(&rows, &rules), [vec![0, 33], vec![13]]);
    // What ends by itself in the meantime is not preempted.
    let rows = [row(0, 12, 8, 0), row(4, 20, 5, 1)];
    assert_eq!(starts(&rows, &rules), [vec![0], vec![12]]);
}

#[test]
fn the_lowest_tier_and_the_latest_start_go_first_and_nobody_in_vain() {
    let rules = Rules {
        preemption: Some(Preemption { min_runtime: Span::ZERO, grace: Span::ZERO }),
        ..Policy::Priority.into()
    };
    // 4 of tier 1, then 2, 1 and 1 of tier 0. Three nodes: of tier 0 the last two come first,
    // then the 2, after which one of the single ones suffices.
    let mut rows = vec![row(0, 50, 4, 1), row(1, 50, 2, 0), row(2, 50, 1, 0), row(3, 50, 1, 0)];
    rows.push(row(10, 5, 3, 2));
    let starts = starts(&rows, &rules);
    assert_eq!(starts, [vec![0], vec![1, 15], vec![2], vec![3, 15], vec![10]]);
}

/// Nodes of four places, of which `free` are free.
fn nodes(free: &[usize]) -> SharedNodes {
    let left = free.iter().sum();
    SharedNodes { rule: Sharing::BestFit, per_node: 4, free: free.to_vec(), left }
}

fn part(id: u64, tier: u16, places: u32) -> Waiting {
    Waiting {
        id,
        token: id as u32,
        nodes: places,
        requested: Span::from_secs(50),
        submitted: at(id),
        tier,
        account: 0,
    }
}

/// On shared nodes those make room who do so on one node: of jobs of 2 and 2 on the first, and of 3 on the
/// second, the last start goes first; one place of the first node that nobody needs does not save a job of
/// a whole node.
#[test]
fn room_is_made_on_a_node_and_not_on_several() {
    let mut rules = Rules::from(Policy::Priority);
    rules.preemption = Some(Preemption { min_runtime: Span::ZERO, grace: Span::ZERO });
    let mut scheduler = Scheduler::<SharedNodes>::new(rules.clone());
    let mut out = Decisions::default();
    let ids = |out: &Decisions| -> Vec<u64> { out.preempted.iter().map(|p| p.job.id).collect() };
    for (id, places, free) in [(0, 2, [4, 4]), (1, 2, [2, 4]), (2, 3, [0, 4])] {
        scheduler.submit(part(id, 0, places));
        scheduler.pass(at(id), nodes(&free), &mut out);
        assert_eq!(out.granted.len(), 1);
    }
    // Two places: one is free on the second node. The last start, of 3 places there, suffices.
    let mut small = scheduler.clone();
    small.submit(part(3, 1, 2));
    small.pass(at(3), nodes(&[0, 1]), &mut out);
    assert_eq!(ids(&out), [2]);
    assert_eq!(out.places, [vec![(1, 2)]]);
    // A whole node: the last start makes the second one whole. With one place of it out of service,
    // both jobs of the first have to go, and the last start is spared.
    let mut whole = scheduler.clone();
    whole.submit(part(3, 1, 4));
    whole.pass(at(3), nodes(&[0, 1]), &mut out);
    assert_eq!((ids(&out), out.places.clone()), (vec![2], vec![vec![(1, 4)]]));
    let mut broken = scheduler.clone();
    broken.submit(part(3, 1, 4));
    broken.pass(at(3), nodes(&[0, 0]), &mut out);
    assert_eq!((ids(&out), out.places.clone()), (vec![1, 0], vec![vec![(0, 4)]]));
    // With a grace nobody starts yet, and what is being vacated is not taken from others again.
    rules.preemption = Some(Preemption { min_runtime: Span::ZERO, grace: Span::from_secs(5) });
    let mut graceful = Scheduler::<SharedNodes>::new(rules);
    for (id, places, free) in [(0, 2, [4, 4]), (1, 2, [2, 4]), (2, 3, [0, 4])] {
        graceful.submit(part(id, 0, places));
        graceful.pass(at(id), nodes(&free), &mut out);
    }
    graceful.submit(part(3, 1, 2));
    graceful.submit(part(4, 1, 2));
    graceful.pass(at(4), nodes(&[0, 1]), &mut out);
    assert_eq!((ids(&out), out.granted.len()), (vec![2], 0), "its node has room for both");
}

proptest! {
    /// Where all jobs are of one place and all nodes too, it does not matter which node is whose: what looks at
    /// nodes preempts, sets aside and starts as what counts them.
    #[test]
    fn nodes_of_one_place_are_counted(
        jobs in prop::collection::vec((0..5u64, 1..20u64, 0..3u16), 1..40),
        grace in prop::option::of(0..5u64),
    ) {
        let mut submit = 0;
        let rows: Vec<Row> = jobs
            .into_iter()
            .map(|(gap, run, tier)| {
                submit += gap;
                Row { submit, run, requested: run, nodes: 1, tier, account: 0 }
            })
            .collect();
        let mut rules = Rules::from(Policy::Priority);
        rules.preemption = grace.map(|grace| Preemption {
            min_runtime: Span::from_secs(3),
            grace: Span::from_secs(grace),
        });
        prop_assert_eq!(starts_on_nodes(&rows, &rules), starts(&rows, &rules));
    }
}
