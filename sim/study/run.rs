//! Replications in parallel, each on one thread.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::latency::encode;
use super::plan::{Arm, Case};
use super::prepared::{Prepared, whole_warm_up};
use super::sheet::{self, Sheet};
use super::store::{Latencies, Sample, Shard, Status, Store, StoreError};
use crate::facility::{End, Facility, Observer, Outcome, Record};
use crate::kernel::{Span, Time};
use crate::scenario::read_scenario;
use crate::workload::training::JobRecord;

/// What bounds the work of a process.
pub struct Limits<'a> {
    /// Threads.
    pub threads: usize,
    /// Which replications it makes.
    pub shard: Shard,
    /// When to begin no further replication.
    pub deadline: Option<Instant>,
    /// Whether somebody wants it to stop at once.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// How a batch of replications ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything that this process is to make is there.
    Complete,
    /// It was asked to stop.
    Interrupted,
    /// Its time was up.
    OutOfTime,
}

/// Makes the replications that a store lacks.
#[derive(Debug)]
pub struct Runner<'a> {
    arms: &'a [Arm],
    limits: Limits<'a>,
}

/// A replication to make.
#[derive(Debug, Clone, Copy)]
struct Task {
    case: usize,
    replication: u64,
}

/// The scenarios of the cases that are in work, each read once.
#[derive(Debug)]
struct Designs<'a> {
    cases: &'a [Case],
    arms: &'a [Arm],
    loaded: Vec<Mutex<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    design: Option<Arc<Prepared>>,
    /// Tasks that still need it.
    left: usize,
}

/// A replication that was made: its figures, what they are, and the latencies of its requests.
type Made = (Sheet, Sample, Latencies);

impl<'a> Runner<'a> {
    /// A runner for the designs `arms`.
    pub fn new(arms: &'a [Arm], limits: Limits<'a>) -> Self {
        Self { arms, limits }
    }

    /// Makes replications `0..n` of each of `wanted`, as far as they are missing and this
    /// process's to make. `progress` hears how many of how many are done.
    ///
    /// # Errors
    ///
    /// Where a sample cannot be written.
    pub fn ensure(
        &self,
        store: &mut Store,
        cases: &[Case],
        wanted: &[(usize, usize)],
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Ended, StoreError> {
        let tasks = self.tasks(store, cases, wanted);
        if tasks.is_empty() {
            return Ok(Ended::Complete);
        }
        let designs = Designs::new(cases, self.arms, &tasks);
        let next = AtomicUsize::new(0);
        let out_of_time = AtomicBool::new(false);
        // A full disk ends the work; the threads learn it here.
        let broken = AtomicBool::new(false);
        let (sender, receiver) = mpsc::sync_channel::<(Task, Made)>(64);
        let mut failure = None;
        std::thread::scope(|scope| {
            for _ in 0..self.limits.threads.min(tasks.len()) {
                let sender = sender.clone();
                let (designs, tasks, next) = (&designs, &tasks, &next);
                let (out_of_time, broken) = (&out_of_time, &broken);
                scope.spawn(move || {
                    // What a run parallelises stays on this thread.
                    let pool =
                        rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
                    let _pool = pool.expect("a thread that is there can be used");
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if self.limits.deadline.is_some_and(|end| Instant::now() >= end) {
                            out_of_time.store(true, Ordering::Relaxed);
                            break;
                        }
                        let stop = || (self.limits.stop)() || broken.load(Ordering::Relaxed);
                        if stop() {
                            break;
                        }
                        let Some(made) = designs.make(*task, &stop) else { break };
                        if sender.send((*task, made)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut done = 0;
            for (task, (sheet, sample, latencies)) in receiver {
                done += 1;
                if failure.is_none() {
                    let key = &cases[task.case].key;
                    let made = (sample, latencies);
                    failure = store.add(key, task.replication, &sheet, made).err();
                    broken.store(failure.is_some(), Ordering::Relaxed);
                }
                progress(done, tasks.len());
            }
        });
        match failure {
            Some(error) => Err(error),
            None if (self.limits.stop)() => Ok(Ended::Interrupted),
            None if out_of_time.load(Ordering::Relaxed) => Ok(Ended::OutOfTime),
            None => Ok(Ended::Complete),
        }
    }

    /// What is missing: replications in order, all cases of one before the next, so that
    /// whatever ends the study leaves pairs. Cases that say the same are made once.
    fn tasks(&self, store: &Store, cases: &[Case], wanted: &[(usize, usize)]) -> Vec<Task> {
        /// Above so many cases, case by case, so that few designs are in memory at once.
        const MANY: usize = 64;
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let mut tasks = Vec::new();
        for &(case, n) in wanted {
            let key = cases[case].key.as_str();
            let is_first = *first.entry(key).or_insert(case) == case;
            if is_first {
                let missing = (0..n as u64)
                    .filter(|&r| self.limits.shard.makes(r) && store.sample(key, r).is_none());
                tasks.extend(missing.map(|replication| Task { case, replication }));
            }
        }
        if first.len() <= MANY {
            tasks.sort_by_key(|task| (task.replication, task.case));
        }
        tasks
    }
}

impl<'a> Designs<'a> {
    fn new(cases: &'a [Case], arms: &'a [Arm], tasks: &[Task]) -> Self {
        let mut left = vec![0; cases.len()];
        for task in tasks {
            left[task.case] += 1;
        }
        let slot = |left| Mutex::new(Slot { design: None, left });
        Self { cases, arms, loaded: left.into_iter().map(slot).collect() }
    }

    /// Makes a replication; none where it was stopped.
    fn make(&self, task: Task, stop: &dyn Fn() -> bool) -> Option<Made> {
        let failed = |sheet: Sheet, message: String| {
            let sample = Sample {
                status: Status::Failed,
                values: Vec::new(),
                message: Some(message),
                seconds: 0.0,
            };
            Some((sheet, sample, Latencies::new()))
        };
        let prepared = match self.design(task.case) {
            Ok(prepared) => prepared,
            Err(message) => return failed(Arc::from([]), message),
        };
        let started = Instant::now();
        let warm_up = self.cases[task.case].warm_up;
        let run = simulate(&prepared, (task.replication, warm_up), stop);
        self.done(task.case);
        let (outcome, latencies) = match run {
            Ok(run) => run?,
            Err(message) => return failed(Arc::clone(&prepared.sheet), message),
        };
        let status = if outcome.balanced() { Status::Ok } else { Status::Unbalanced };
        let seconds = started.elapsed().as_secs_f64();
        let values = sheet::values(&outcome);
        let message = (status == Status::Unbalanced).then(|| "a book does not balance".to_owned());
        let sample = Sample { status, values, message, seconds };
        let latencies = latencies.iter().map(|(name, of)| (name.clone(), encode(of)));
        Some((Arc::clone(&prepared.sheet), sample, latencies.collect()))
    }

    /// The design of a case, read where it is not yet.
    fn design(&self, case: usize) -> Result<Arc<Prepared>, String> {
        let mut slot = self.loaded[case].lock().expect("no holder of the lock panics");
        if let Some(design) = &slot.design {
            return Ok(Arc::clone(design));
        }
        let Case { arm, sets, warm_up, .. } = &self.cases[case];
        let arm = &self.arms[*arm];
        if *sets == arm.sets {
            return Ok(Arc::clone(&arm.prepared));
        }
        let reading = read_scenario(&arm.file, sets);
        let loaded = reading.loaded.ok_or_else(|| {
            reading.diagnostics.render(&reading.files, false).trim_end().to_owned()
        })?;
        if *warm_up > Span::ZERO && whole_warm_up(&loaded.design, *warm_up).is_none() {
            let days = loaded.design.duration.as_secs_f64() / 86_400.0;
            return Err(format!("the warm-up leaves nothing of {days} days"));
        }
        let prepared = Arc::new(Prepared::new(loaded));
        slot.design = Some(Arc::clone(&prepared));
        Ok(prepared)
    }

    /// One task of a case is done; its design is dropped with the last.
    fn done(&self, case: usize) {
        let mut slot = self.loaded[case].lock().expect("no holder of the lock panics");
        slot.left = slot.left.saturating_sub(1);
        if slot.left == 0 {
            slot.design = None;
        }
    }
}

/// The latencies of the services of a run, by name.
type Histograms = Vec<(String, Histogram<u64>)>;

/// A replication, the `warm_up` of which is left out, and the latencies of its services; none where
/// `stop` asked for an end.
///
/// # Errors
///
/// Where it panics, or a file that it plays cannot be read to its end.
pub(super) fn simulate(
    prepared: &Prepared,
    (replication, warm_up): (u64, Span),
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Outcome, Histograms)>, String> {
    let run = catch_unwind(AssertUnwindSafe(|| {
        let mut facility = Facility::new(&prepared.loaded.design, replication).after(warm_up);
        let ended = facility.run(&mut Quiet { stop });
        (ended, facility.outcome(), facility.latencies())
    }));
    let (ended, outcome, latencies) = run.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("a bug in loadbank: {}", text.unwrap_or("a panic"))
    })?;
    if ended == End::Interrupted {
        return Ok(None);
    }
    for file in &prepared.loaded.played {
        if let Some(error) = file.take_failure() {
            return Err(format!("cannot read `{}` to its end: {error}", file.path().display()));
        }
    }
    Ok(Some((outcome, latencies)))
}

/// Hears nothing but whether to stop.
struct Quiet<'a> {
    stop: &'a dyn Fn() -> bool,
}

impl Observer for Quiet<'_> {
    fn interval(&mut self, _: Time, _: &[f64]) {}

    fn record(&mut self, _: &Record<'_>) {}

    fn job(&mut self, _: &str, _: &JobRecord) {}

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Wall time of so many `runs` of `seconds` in the mean on `threads` threads.
pub fn estimate(seconds: f64, runs: usize, threads: usize) -> Duration {
    let total = seconds * runs as f64 / threads.max(1) as f64;
    Duration::try_from_secs_f64(total).unwrap_or(Duration::MAX)
}
