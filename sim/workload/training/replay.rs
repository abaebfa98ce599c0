//! A log played on a bare machine: processors, a queue and nothing else.
//!
//! No failures, no power, no checkpoints: each job runs as long as its log says. What other
//! schedulers make of a log can be held against this job by job.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::log::LogJob;
use super::schedule::{Decisions, Granted, Rules, Scheduler, Waiting};
use crate::kernel::{Span, Time};

/// A job of a log that has started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Started {
    /// The job.
    pub job: LogJob,
    /// When it started, on the clock of the log.
    pub start: Time,
}

impl Started {
    /// How long it waited.
    pub fn wait(&self) -> Span {
        self.start - self.job.submit
    }
}

/// Plays the jobs of `log`, in the order of their submission, on `processors` processors and
/// yields each as it starts: those of an instant in the order in which they get processors.
///
/// Memory grows with the jobs that wait and run, not with the log.
///
/// # Panics
///
/// When a job needs more processors than there are, or the log runs backwards;
/// [`LogReader`](super::LogReader) yields no such jobs.
pub fn replay<I: IntoIterator<Item = LogJob>>(
    log: I,
    processors: u32,
    rules: impl Into<Rules>,
) -> Replay<I::IntoIter> {
    let mut log = log.into_iter();
    Replay {
        next: log.next(),
        log,
        scheduler: Scheduler::new(rules),
        processors,
        free: processors as usize,
        submitted: 0,
        jobs: Vec::new(),
        spare: Vec::new(),
        ends: BinaryHeap::new(),
        decisions: Decisions::default(),
        started: VecDeque::new(),
    }
}

/// The jobs of a log as they start; made by [`replay`].
#[derive(Debug, Clone)]
pub struct Replay<I> {
    log: I,
    next: Option<LogJob>,
    scheduler: Scheduler,
    processors: u32,
    free: usize,
    submitted: u64,
    /// Jobs that wait, by token.
    jobs: Vec<LogJob>,
    /// Tokens that are free.
    spare: Vec<u32>,
    ends: BinaryHeap<Reverse<End>>,
    decisions: Decisions,
    started: VecDeque<Started>,
}

/// The end of a running job, by time, then number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    at: Time,
    id: u64,
    until: Time,
    nodes: u32,
}

impl<I: Iterator<Item = LogJob>> Replay<I> {
    /// Plays the next instant; whether there was one.
    fn step(&mut self) -> bool {
        let arrival = self.next.map(|job| job.submit);
        let end = self.ends.peek().map(|end| end.0.at);
        let promise = Some(self.scheduler.wake_at()).filter(|&at| at < Time::MAX);
        let Some(now) = [arrival, end, promise].into_iter().flatten().min() else {
            return false;
        };
        while let Some(Reverse(end)) = self.ends.peek().copied().filter(|end| end.0.at == now) {
            self.ends.pop();
            let End { id, until, nodes, .. } = end;
            self.free += nodes as usize;
            self.scheduler.end(now, Granted { id, token: 0, nodes, until });
        }
        while let Some(job) = self.next.filter(|job| job.submit == now) {
            self.submit(job);
            self.next = self.log.next();
        }
        assert!(self.next.is_none_or(|job| job.submit > now), "a log does not run backwards");
        self.scheduler.pass(now, self.free, &mut self.decisions);
        for &Granted { id, token, nodes, until } in &self.decisions.granted {
            let job = self.jobs[token as usize];
            self.spare.push(token);
            self.free -= nodes as usize;
            self.ends.push(Reverse(End { at: now + job.run, id, until, nodes }));
            self.started.push_back(Started { job, start: now });
        }
        true
    }

    fn submit(&mut self, job: LogJob) {
        assert!(job.processors <= self.processors, "a job fits the site");
        let token = match self.spare.pop() {
            Some(token) => {
                self.jobs[token as usize] = job;
                token
            }
            None => {
                self.jobs.push(job);
                (self.jobs.len() - 1) as u32
            }
        };
        let LogJob { processors: nodes, requested, .. } = job;
        self.scheduler.submit(Waiting {
            id: self.submitted,
            token,
            nodes,
            requested,
            submitted: job.submit,
            tier: 0,
            account: 0,
        });
        self.submitted += 1;
    }
}

impl<I: Iterator<Item = LogJob>> Iterator for Replay<I> {
    type Item = Started;

    fn next(&mut self) -> Option<Started> {
        while self.started.is_empty() {
            if !self.step() {
                return None;
            }
        }
        self.started.pop_front()
    }
}
