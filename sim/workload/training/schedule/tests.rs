//! The scheduler against twins that look at everything, on small random logs.

mod real_logs;

use proptest::prelude::*;

use super::*;
use crate::workload::training::log::LogJob;
use crate::workload::training::{Started, replay};

const PROCESSORS: u32 = 8;

/// (gap before it, run, request over run, processors), times in seconds.
fn logs() -> impl Strategy<Value = Vec<LogJob>> {
    let job = (0..5u64, 1..16u64, 0..12u64, 1..=PROCESSORS);
    prop::collection::vec(job, 1..50).prop_map(|rows| {
        let mut submit = Time::ZERO;
        let job = |(number, (gap, run, more, processors))| {
            submit += Span::from_secs(gap);
            let (run, requested) = (Span::from_secs(run), Span::from_secs(run + more));
            LogJob { requested, ..LogJob::new(number, submit, run, processors) }
        };
        (0..).zip(rows).map(job).collect()
    })
}

fn exact(mut log: Vec<LogJob>) -> Vec<LogJob> {
    for job in &mut log {
        job.requested = job.run;
    }
    log
}

/// Start of each job in seconds, in the order of the log.
fn starts(log: &[LogJob], rules: impl Into<Rules>) -> Vec<u64> {
    let mut started: Vec<Started> = replay(log.iter().copied(), PROCESSORS, rules).collect();
    started.sort_by_key(|s| s.job.number);
    assert_eq!(started.len(), log.len(), "every job starts once");
    started.iter().map(|s| seconds(s.start - Time::ZERO)).collect()
}

fn seconds(span: Span) -> u64 {
    span.as_nanos() / 1_000_000_000
}

/// A job in a twin, all in seconds.
#[derive(Debug, Clone, Copy)]
struct Twin {
    submit: u64,
    run: u64,
    requested: u64,
    nodes: usize,
    start: Option<u64>,
}

impl Twin {
    fn holds(&self, at: u64) -> bool {
        self.start.is_some_and(|start| start <= at && at < start + self.run)
    }

    fn asks_for(&self, at: u64) -> bool {
        self.start.is_some_and(|start| start <= at && at < start + self.requested)
    }
}

/// Plays a log second by second; `choose` says who starts at a second, given all jobs.
fn play(log: &[LogJob], mut choose: impl FnMut(u64, &mut Vec<Twin>)) -> Vec<u64> {
    let twin = |job: &LogJob| Twin {
        submit: seconds(job.submit - Time::ZERO),
        run: seconds(job.run),
        requested: seconds(job.requested),
        nodes: job.processors as usize,
        start: None,
    };
    let mut jobs: Vec<Twin> = log.iter().map(twin).collect();
    for now in 0.. {
        if jobs.iter().all(|job| job.start.is_some()) {
            break;
        }
        choose(now, &mut jobs);
        let used: usize = jobs.iter().filter(|job| job.holds(now)).map(|job| job.nodes).sum();
        assert!(used <= PROCESSORS as usize, "the twin itself keeps within the site");
    }
    jobs.iter().map(|job| job.start.unwrap()).collect()
}

fn free(now: u64, jobs: &[Twin]) -> usize {
    let used: usize = jobs.iter().filter(|job| job.holds(now)).map(|job| job.nodes).sum();
    PROCESSORS as usize - used
}

/// Waiting jobs by `key`, then by arrival.
fn waiting(now: u64, jobs: &[Twin], key: impl Fn(&Twin) -> u64) -> Vec<usize> {
    let waits = |&i: &usize| jobs[i].start.is_none() && jobs[i].submit <= now;
    let mut all: Vec<usize> = (0..jobs.len()).filter(waits).collect();
    all.sort_by_key(|&i| (key(&jobs[i]), i));
    all
}

fn in_order(log: &[LogJob], key: impl Fn(&Twin) -> u64) -> Vec<u64> {
    play(log, |now, jobs| {
        for i in waiting(now, jobs, &key) {
            if jobs[i].nodes > free(now, jobs) {
                break;
            }
            jobs[i].start = Some(now);
        }
    })
}

fn easy(log: &[LogJob]) -> Vec<u64> {
    play(log, |now, jobs| {
        let mut queue = waiting(now, jobs, |_| 0);
        while let Some(&i) = queue.first().filter(|&&i| jobs[i].nodes <= free(now, jobs)) {
            jobs[i].start = Some(now);
            queue.remove(0);
        }
        let Some(&head) = queue.first() else { return };
        // Free at a later second if what runs ends when it asked to.
        let free_at = |at: u64, jobs: &[Twin]| {
            let asked: usize =
                jobs.iter().filter(|j| j.holds(now) && j.asks_for(at)).map(|j| j.nodes).sum();
            PROCESSORS as usize - asked
        };
        let shadow = (now..).find(|&at| free_at(at, jobs) >= jobs[head].nodes).unwrap();
        for &i in &queue[1..] {
            if jobs[i].nodes > free(now, jobs) {
                continue;
            }
            jobs[i].start = Some(now);
            // It must not take from the first what that needs at its reserved start.
            if free_at(shadow, jobs) < jobs[head].nodes {
                jobs[i].start = None;
            }
        }
    })
}

fn conservative(log: &[LogJob], depth: usize) -> Vec<u64> {
    // Promised starts by job.
    let mut promised: Vec<Option<u64>> = vec![None; log.len()];
    let fits = |from: u64, i: usize, now: u64, jobs: &[Twin], promised: &[Option<u64>]| {
        (from..from + jobs[i].requested).all(|at| {
            let taken = |j: usize| match promised[j] {
                Some(start) => start <= at && at < start + jobs[j].requested,
                None => jobs[j].holds(now) && jobs[j].asks_for(at),
            };
            let used: usize =
                (0..jobs.len()).filter(|&j| j != i && taken(j)).map(|j| jobs[j].nodes).sum();
            used + jobs[i].nodes <= PROCESSORS as usize
        })
    };
    play(log, |now, jobs| {
        let mut ended_early =
            jobs.iter().any(|j| j.start.is_some_and(|s| s + j.run == now && j.run < j.requested));
        loop {
            let first: Vec<usize> = waiting(now, jobs, |_| 0).into_iter().take(depth).collect();
            for &i in &first {
                if promised[i].is_none() || ended_early {
                    promised[i] = None;
                    promised[i] = (now..).find(|&from| fits(from, i, now, jobs, &promised));
                }
            }
            ended_early = false;
            let due: Vec<usize> = first.into_iter().filter(|&i| promised[i] == Some(now)).collect();
            for &i in &due {
                jobs[i].start = Some(now);
                promised[i] = None;
            }
            // Others take the places of those that start.
            if due.is_empty() {
                break;
            }
        }
    })
}

proptest! {
    #[test]
    fn orders_without_backfilling_equal_their_twins(log in logs()) {
        prop_assert_eq!(starts(&log, Policy::Fcfs), in_order(&log, |_| 0));
        prop_assert_eq!(starts(&log, Policy::ShortestFirst), in_order(&log, |job| job.requested));
        let longest = in_order(&log, |job| u64::MAX - job.requested);
        prop_assert_eq!(starts(&log, Policy::LongestFirst), longest);
    }

    #[test]
    fn easy_equals_its_twin(log in logs()) {
        prop_assert_eq!(starts(&log, Policy::Easy), easy(&log));
        let log = exact(log);
        prop_assert_eq!(starts(&log, Policy::Easy), easy(&log));
    }

    #[test]
    fn conservative_equals_its_twin(log in logs()) {
        prop_assert_eq!(starts(&log, Policy::Conservative), conservative(&log, usize::MAX));
    }

    #[test]
    fn reservations_for_the_first_equal_their_twin(log in logs(), depth in 1..6usize) {
        let rules = Rules { depth, ..Rules::from(Policy::Conservative) };
        prop_assert_eq!(starts(&log, rules), conservative(&log, depth));
        let log = exact(log);
        let rules = Rules { depth: 1, ..Rules::from(Policy::Conservative) };
        // A place for the first only: nobody overtakes.
        prop_assert_eq!(starts(&log, rules), in_order(&log, |_| 0));
    }

    /// With exact requests no promise is ever broken, so no job starts later than under FCFS.
    #[test]
    fn conservative_delays_nobody(log in logs()) {
        let log = exact(log);
        let fcfs = starts(&log, Policy::Fcfs);
        for (mine, theirs) in starts(&log, Policy::Conservative).into_iter().zip(fcfs) {
            prop_assert!(mine <= theirs);
        }
    }

    /// Where nodes come and go and jobs outlive their requests, no pass gives more than is
    /// free, and all start once the site is whole again.
    #[test]
    fn a_site_in_trouble_is_never_overcommitted(
        steps in prop::collection::vec((1..5u64, 0..4usize, 1..=PROCESSORS, 1..9u64, 0..6usize), 1..60),
        policy in prop_oneof![Just(Policy::Fcfs), Just(Policy::Easy), Just(Policy::Conservative)],
    ) {
        let mut scheduler = Scheduler::new(policy);
        let mut running: Vec<Granted> = Vec::new();
        let mut decisions = Decisions::default();
        let mut now = Time::ZERO;
        for (id, (gap, ending, nodes, requested, down)) in (0..).zip(steps) {
            now += Span::from_secs(gap);
            for _ in 0..ending.min(running.len()) {
                let job = running.remove(ending % running.len());
                scheduler.end(now, job);
            }
            let requested = Span::from_secs(requested);
            scheduler.submit(Waiting {
                id,
                token: 0,
                nodes,
                requested,
                submitted: now,
                tier: 0,
                account: 0,
            });
            let used: u32 = running.iter().map(|job| job.nodes).sum();
            let free = ((PROCESSORS - used) as usize).saturating_sub(down);
            scheduler.pass(now, free, &mut decisions);
            let granted = &decisions.granted;
            prop_assert!(granted.iter().map(|job| job.nodes as usize).sum::<usize>() <= free);
            running.append(&mut decisions.granted);
        }
        for _ in 0..10_000 {
            now += Span::from_secs(1);
            for job in running.drain(..) {
                scheduler.end(now, job);
            }
            scheduler.pass(now, PROCESSORS as usize, &mut decisions);
            running.append(&mut decisions.granted);
        }
        prop_assert_eq!(scheduler.queued(), 0);
    }
}

/// The textbook case: a short job overtakes, and so does a long one on nodes that the first in
/// the queue leaves over; a long one that would delay it does not.
#[test]
fn easy_backfills_before_the_shadow_or_beside_the_head() {
    let rows = [(10, 6), (10, 7), (10, 1), (40, 1), (40, 1)];
    let job = |(number, (run, processors))| {
        LogJob::new(number, Time::ZERO, Span::from_secs(run), processors)
    };
    let log: Vec<LogJob> = (0..).zip(rows).map(job).collect();
    // The second job needs 7 of 8 from second 10 on: one node is left over.
    assert_eq!(starts(&log, Policy::Easy), [0, 10, 0, 0, 20]);
    assert_eq!(starts(&log, Policy::Fcfs), [0, 10, 10, 20, 20]);
}
