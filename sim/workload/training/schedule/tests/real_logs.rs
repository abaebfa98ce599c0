//! Whole logs of real machines against the definitions of the policies, job by job.
//!
//! What stands here is written straight from the definitions in `docs/models/training.md`,
//! shares nothing with the scheduler but the log, and looks at every job at every instant.

use crate::kernel::{Span, Time};
use crate::workload::training::log::{LogJob, LogReader};
use crate::workload::training::schedule::Policy;
use crate::workload::training::{Started, replay};

/// The log `training/<name>.swf.gz` of the reference data, if that is there.
#[allow(clippy::print_stderr)] // the one way to say that a test was skipped
fn log(name: &str, processors: usize) -> Option<Vec<LogJob>> {
    let folder = std::env::var_os("LOADBANK_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        Into::into,
    );
    let Ok(bytes) = std::fs::read(folder.join(format!("training/{name}.swf.gz"))) else {
        eprintln!("skipped: no data");
        return None;
    };
    let mut plain = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut plain).unwrap();
    let mut reader = LogReader::new(processors as u64);
    let log: Vec<LogJob> =
        plain.split(|&byte| byte == b'\n').filter_map(|line| reader.read(line)).collect();
    assert_eq!(reader.report().dropped(), 0, "{name}");
    Some(log)
}

/// The start of each job, in the order of the log.
fn played(log: &[LogJob], processors: usize, policy: Policy) -> Vec<Time> {
    let mut started: Vec<Started> =
        replay(log.iter().copied(), processors as u32, policy).collect();
    // The numbers of a log rise.
    started.sort_by_key(|s| s.job.number);
    assert_eq!(started.len(), log.len(), "every job starts once");
    started.iter().map(|s| s.start).collect()
}

/// Nobody starts before his submission, and never are more processors used than there are.
fn check_within_the_site(log: &[LogJob], starts: &[Time], processors: usize) {
    assert!(log.iter().zip(starts).all(|(job, &start)| start >= job.submit));
    // Ends before starts at the same instant.
    let edges = log.iter().zip(starts).flat_map(|(job, &start)| {
        let width = i64::from(job.processors);
        [(start, 1, width), (start + job.run, 0, -width)]
    });
    let mut edges: Vec<(Time, u8, i64)> = edges.collect();
    edges.sort_unstable();
    let mut used = 0;
    for (_, _, change) in edges {
        used += change;
        assert!(used <= processors as i64);
    }
}

/// A job that runs, in a definition.
#[derive(Debug, Clone, Copy)]
struct Runs {
    ends: Time,
    asked: Time,
    width: usize,
}

/// Lets the clock jump from end or submission to the next; after all of an instant,
/// `choose(now, waiting, running, starts)` says who starts.
fn by_instants(
    log: &[LogJob],
    mut choose: impl FnMut(Time, &mut Vec<usize>, &mut Vec<Runs>, &mut [Time]),
) -> Vec<Time> {
    let mut starts = vec![Time::MAX; log.len()];
    let (mut waiting, mut running) = (Vec::new(), Vec::<Runs>::new());
    let mut next = 0;
    loop {
        let end = running.iter().map(|r| r.ends).min();
        let submit = log.get(next).map(|job| job.submit);
        let Some(now) = end.into_iter().chain(submit).min() else { return starts };
        running.retain(|r| r.ends > now);
        while next < log.len() && log[next].submit == now {
            waiting.push(next);
            next += 1;
        }
        choose(now, &mut waiting, &mut running, &mut starts);
    }
}

fn run(now: Time, job: &LogJob) -> Runs {
    let width = job.processors as usize;
    Runs { ends: now + job.run, asked: now + job.requested, width }
}

fn free(processors: usize, running: &[Runs]) -> usize {
    processors - running.iter().map(|r| r.width).sum::<usize>()
}

/// First come, first served.
fn fcfs(log: &[LogJob], processors: usize) -> Vec<Time> {
    by_instants(log, |now, waiting, running, starts| {
        while let Some(&first) = waiting.first() {
            if log[first].processors as usize > free(processors, running) {
                break;
            }
            starts[first] = now;
            running.push(run(now, &log[first]));
            waiting.remove(0);
        }
    })
}

/// EASY: one reservation, by the requested ends, and the nodes that it leaves over.
fn easy(log: &[LogJob], processors: usize) -> Vec<Time> {
    by_instants(log, |now, waiting, running, starts| {
        while let Some(&first) = waiting.first() {
            if log[first].processors as usize > free(processors, running) {
                break;
            }
            starts[first] = now;
            running.push(run(now, &log[first]));
            waiting.remove(0);
        }
        let Some(&head) = waiting.first() else { return };
        let need = log[head].processors as usize;
        // Every requested end is a candidate, the earliest first.
        let mut ends: Vec<Time> = running.iter().map(|r| r.asked).collect();
        ends.sort_unstable();
        let free_at = |at: Time, running: &[Runs]| {
            let asked: Vec<Runs> = running.iter().copied().filter(|r| r.asked > at).collect();
            free(processors, &asked)
        };
        let shadow = ends.into_iter().find(|&at| free_at(at, running) >= need).unwrap();
        let mut extra = free_at(shadow, running) - need;
        waiting.retain(|&i| {
            let (job, width) = (&log[i], log[i].processors as usize);
            let ends_in_time = now + job.requested <= shadow;
            let overtakes =
                i != head && width <= free(processors, running) && (ends_in_time || width <= extra);
            if overtakes {
                extra -= if ends_in_time { 0 } else { width };
                starts[i] = now;
                running.push(run(now, job));
            }
            !overtakes
        });
    })
}

/// Conservative backfilling of jobs that run as long as they asked to: each starts at the
/// first instant from which it fits beside all that came before.
fn conservative(log: &[LogJob], processors: usize) -> Vec<Time> {
    let mut starts: Vec<Time> = Vec::new();
    // What has ended by the submission of a job is no matter of any later one.
    let mut first = 0;
    for (i, job) in log.iter().enumerate() {
        assert_eq!(job.run, job.requested, "nobody ends early in this log");
        let end = |j: usize| starts[j] + log[j].run;
        while first < i && end(first) <= job.submit {
            first += 1;
        }
        let before: Vec<(Time, Time, usize)> = (first..i)
            .filter(|&j| end(j) > job.submit)
            .map(|j| (starts[j], end(j), log[j].processors as usize))
            .collect();
        let mut candidates: Vec<Time> = before.iter().map(|b| b.1).collect();
        candidates.push(job.submit);
        candidates.sort_unstable();
        candidates.dedup();
        let fits = |&from: &Time| {
            let until = from + job.run;
            // The most is used where something begins.
            let begins = before.iter().map(|b| b.0).filter(|&at| from < at && at < until);
            std::iter::once(from).chain(begins).all(|at| {
                let used: usize =
                    before.iter().filter(|b| b.0 <= at && at < b.1).map(|b| b.2).sum();
                used + job.processors as usize <= processors
            })
        };
        starts.push(candidates.into_iter().find(fits).unwrap());
    }
    starts
}

fn mean_wait_s(log: &[LogJob], starts: &[Time]) -> f64 {
    let wait = |(job, &start): (&LogJob, &Time)| (start - job.submit).as_secs_f64();
    log.iter().zip(starts).map(wait).sum::<f64>() / log.len() as f64
}

fn check(name: &str, processors: usize, policy: Policy) {
    let Some(log) = log(name, processors) else { return };
    let starts = played(&log, processors, policy);
    check_within_the_site(&log, &starts, processors);
    let expected = match policy {
        Policy::Fcfs => fcfs(&log, processors),
        Policy::Easy => easy(&log, processors),
        Policy::Conservative => conservative(&log, processors),
        other => unreachable!("no definition of {other:?} here"),
    };
    let differing = (0..log.len()).find(|&i| starts[i] != expected[i]);
    if let Some(i) = differing {
        let (job, ours, theirs) = (log[i], starts[i], expected[i]);
        panic!("{name}: {job:?} starts at {ours}, by the definition at {theirs}");
    }
}

#[test]
fn philly_starts_by_the_definition_of_fcfs() {
    check("philly704_est", 704, Policy::Fcfs);
}

#[test]
fn philly_starts_by_the_definition_of_easy() {
    check("philly704_est", 704, Policy::Easy);
}

#[test]
fn wagap_starts_by_the_definition_of_conservative() {
    check("wx14200", 1408, Policy::Conservative);
}

/// Real requests, a median of fourteen times the run time: plans are made anew all the time.
#[test]
fn wagap_with_its_requests_is_played_within_the_site() {
    let Some(log) = log("wagap1408", 1408) else { return };
    let bare = mean_wait_s(&log, &played(&log, 1408, Policy::Fcfs));
    for policy in [Policy::Easy, Policy::Conservative] {
        let starts = played(&log, 1408, policy);
        check_within_the_site(&log, &starts, 1408);
        assert!(mean_wait_s(&log, &starts) < bare, "overtaking shortens waits: {policy:?}");
    }
}

/// Lublin's model asks for no time: requests are the run times.
#[test]
fn lublins_jobs_are_played_within_the_site() {
    let Some(log) = log("lublin_256", 256) else { return };
    assert!(log.iter().all(|job| job.requested == job.run && job.run > Span::ZERO));
    for policy in [Policy::Fcfs, Policy::Easy, Policy::Conservative, Policy::LongestFirst] {
        check_within_the_site(&log, &played(&log, 256, policy), 256);
    }
    let expected = conservative(&log, 256);
    assert_eq!(played(&log, 256, Policy::Conservative), expected);
}
