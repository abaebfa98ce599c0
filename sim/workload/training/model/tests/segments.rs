//! Segments of racks: against the binomial law, a twin written plainly, and by hand.

use super::super::*;
use crate::kernel::Stream;
use crate::units::{Fraction, Rate};
use crate::workload::training::spec::*;
use crate::workload::training::tests::*;
use crate::workload::training::{Placement, Policy};

fn hour(h: f64) -> Time {
    Time::from_secs_f64(h * HOUR)
}

/// A job of `segments` segments of `used` nodes of racks of six, whose nodes are away for `repair_h`
/// after a failure and whose racks are drained for 3 h.
fn segmented(
    (segments, used): (u32, u32),
    (per_node_day, repair_h): (f64, f64),
    per_rack_day: f64,
) -> TrainingSpec {
    let switch = DomainSpec {
        name: "switch".to_owned(),
        nodes: None,
        rate: Rate(per_rack_day / DAY),
        repair: Some(seconds(3.0 * HOUR)),
    };
    let mut spec = resident(segments * used, 0.0);
    spec.segment = Some(SegmentSpec { nodes: used, spares: None });
    spec.spares = None;
    spec.failures = Some(NodeFailureSpec {
        rate: Some(Rate(per_node_day / DAY)),
        soft_share: Some(Fraction(0.0)),
        repair: Some(seconds(repair_h * HOUR)),
        repair_sigma: Some(0.0),
        domains: Some(vec![switch]),
        ..NodeFailureSpec::default()
    });
    spec
}

/// `used` of the six nodes of each of three racks are whole in the stationary state of birth and
/// death of six nodes, which is binomial whatever the law of the repair; with them the switch of each
/// rack. A rack that has too few holds the job up, however many spares the others have.
#[test]
fn a_job_runs_while_each_rack_has_its_segment() {
    for used in [4, 5] {
        let (rate, repair_h, drains) = (0.1, 24.0, 0.1);
        let up = 1.0 / (1.0 + rate * repair_h / 24.0);
        let enough: f64 = (used..=6)
            .map(|whole| {
                let ways = [15.0, 6.0, 1.0][whole as usize - 4];
                ways * libm::pow(up, f64::from(whole)) * libm::pow(1.0 - up, f64::from(6 - whole))
            })
            .sum();
        let expected = libm::pow(enough / (1.0 + drains * 3.0 / 24.0), 3.0);
        let spec = segmented((3, used), (rate, repair_h), drains);
        check("share of time with all segments", expected, 0.006, 10, |replication| {
            let mut training = model(&spec, 6, 3, replication);
            run_to(&mut training, hour(1000.0 * 24.0));
            let summary = training.summary(hour(1000.0 * 24.0));
            assert_eq!(summary.segments.map(|segments| segments.moves), Some(0));
            let hours = summary.gpu_hours;
            (hours.useful + hours.lost) / (f64::from(3 * used) * 1000.0 * 24.0)
        });
    }
}

/// A loop over failures and repairs of single nodes and switches: share of the time in which the work
/// of a job of segments of `used` of six nodes counts. Failures come from one clock of all rates; the
/// job detects for `detect`, waits while a rack has too few whole nodes, starts for `restart` and
/// keeps its work once an `interval`. All in hours.
struct Twin {
    racks: usize,
    used: usize,
    /// Of a node, and of a switch.
    rates: (f64, f64),
    repairs: (f64, f64),
    detect: f64,
    restart: f64,
    interval: f64,
}

/// When the nodes of a rack and its switch are whole again, and which nodes the job uses.
struct TwinRack {
    back: [f64; 6],
    drained: f64,
    in_use: Vec<usize>,
}

impl TwinRack {
    fn whole_at(&self, node: usize) -> f64 {
        self.back[node].max(self.drained)
    }

    /// When `used` nodes are whole.
    fn ready(&self, used: usize) -> f64 {
        let mut whole: Vec<f64> = (0..6).map(|node| self.whole_at(node)).collect();
        whole.sort_by(f64::total_cmp);
        whole[used - 1]
    }

    /// Uses `used` nodes that are whole at `now`, those first that it uses already.
    fn choose(&mut self, used: usize, now: f64) {
        let whole = (0..6).filter(|&node| self.whole_at(node) <= now);
        let (mut kept, others): (Vec<usize>, Vec<usize>) =
            whole.partition(|node| self.in_use.contains(node));
        kept.extend(others);
        kept.truncate(used);
        self.in_use = kept;
    }

    /// A node, or the switch, fails; whether the job feels it. What is under repair does not fail.
    fn strike(&mut self, node: Option<usize>, now: f64, repairs: (f64, f64)) -> bool {
        match node {
            Some(node) if self.back[node] <= now => {
                let felt = self.drained <= now && self.in_use.contains(&node);
                self.back[node] = now + repairs.0;
                felt
            }
            None if self.drained <= now => {
                self.drained = now + repairs.1;
                true
            }
            _ => false,
        }
    }
}

impl Twin {
    fn useful_share(&self, end: f64, luck: &mut Stream) -> f64 {
        let rack = || TwinRack { back: [0.0; 6], drained: 0.0, in_use: (0..self.used).collect() };
        let mut racks: Vec<TwinRack> = (0..self.racks).map(|_| rack()).collect();
        let of_rack = 6.0 * self.rates.0 + self.rates.1;
        let mut useful = 0.0;
        // From when on it works, or else from when on it would go on.
        let (mut works_from, mut waits_from) = (Some(self.restart), 0.0);
        let mut now = 0.0;
        loop {
            now += luck.exponential(1.0 / (of_rack * self.racks as f64));
            if works_from.is_none() {
                let ready = racks.iter().map(|rack| rack.ready(self.used));
                let ready = ready.fold(waits_from, f64::max);
                if ready < now.min(end) {
                    racks.iter_mut().for_each(|rack| rack.choose(self.used, ready));
                    works_from = Some(ready + self.restart);
                }
            }
            let worked = works_from.map_or(0.0, |from| (now.min(end) - from).max(0.0));
            if now >= end {
                return (useful + worked) / end;
            }
            let rack = (luck.uniform() * self.racks as f64) as usize;
            let pick = luck.uniform() * of_rack;
            let node = (pick < 6.0 * self.rates.0).then(|| ((pick / self.rates.0) as usize).min(5));
            if racks[rack].strike(node, now, self.repairs) && works_from.is_some() {
                useful += (worked / self.interval).floor() * self.interval;
                (works_from, waits_from) = (None, now + self.detect);
            }
        }
    }
}

/// The model against the loop, with checkpoints, detection and restarts: means of ten runs each agree
/// within three standard errors.
#[test]
fn goodput_is_that_of_a_plain_loop() {
    let (days, replications) = (400.0, 10_u64);
    let used = 4;
    let mut spec = segmented((3, used), (0.1, 24.0), 0.1);
    spec = checkpointed(spec, HOUR, 0.0, 900.0, 600.0);
    spec.segment = Some(SegmentSpec { nodes: used, spares: Some(2) });
    let ours = |replication| {
        let mut training = model(&spec, 6, 3, replication);
        run_to(&mut training, hour(days * 24.0));
        training.summary(hour(days * 24.0)).gpu_hours.useful / (f64::from(3 * used) * days * 24.0)
    };
    let twin = Twin {
        racks: 3,
        used: used as usize,
        rates: (0.1 / 24.0, 0.1 / 24.0),
        repairs: (24.0, 3.0),
        detect: 1.0 / 6.0,
        restart: 0.25,
        interval: 1.0,
    };
    let theirs = |replication| {
        let mut luck = Streams::new(7, replication).stream("a-loop-of-a-test", "job");
        twin.useful_share(days * 24.0, &mut luck)
    };
    let of = |runs: Vec<f64>| {
        let mean = runs.iter().sum::<f64>() / runs.len() as f64;
        let square = runs.iter().map(|run| (run - mean) * (run - mean)).sum::<f64>();
        (mean, square / (runs.len() * (runs.len() - 1)) as f64)
    };
    let (a, a_var) = of((0..replications).map(ours).collect());
    let (b, b_var) = of((0..replications).map(theirs).collect());
    let error = libm::sqrt(a_var + b_var);
    assert!(error < 0.01, "an error of {error} says too little");
    assert!((a - b).abs() < 3.0 * error, "{a} is not {b}, +- {error}");
}

/// Three racks of six, segments of four and two spares, a job on two of them and one that stands by.
#[test]
fn a_node_is_replaced_in_its_rack_and_a_segment_moves() {
    let mut spec = segmented((2, 4), (0.0, 50.0), 0.0);
    spec = checkpointed(spec, HOUR, 0.0, 600.0, 60.0);
    spec.spares = Some(6);
    let mut training = model(&spec, 6, 3, 0);
    run_to(&mut training, hour(5.0));
    let holds =
        |training: &Training| (training.jobs[0].nodes.clone(), training.jobs[0].spares.clone());
    assert_eq!(holds(&training), (vec![0, 1, 2, 3, 6, 7, 8, 9], vec![4, 5, 10, 11]));
    // The second rack loses one of the four: a spare there takes its place, no other rack's does.
    let (_, lost) = fail(&mut training, hour(5.0), 1);
    run_to(&mut training, hour(6.0));
    let (nodes, spares) = holds(&training);
    let replaces: Vec<u32> = if lost < 10 { vec![10] } else { vec![] };
    assert!(nodes.iter().filter(|&&node| node > 5).count() == 4);
    assert!(replaces.iter().all(|node| nodes.contains(node)));
    assert!(spares.iter().filter(|&&node| node < 6).count() == 2 && spares.len() == 3);
    // Two more: three are left, too few. The segment moves to the rack that stands by.
    fail(&mut training, hour(6.0), 1);
    fail(&mut training, hour(6.0), 1);
    run_to(&mut training, hour(7.0));
    assert_eq!(training.jobs[0].phase, Phase::Running);
    assert_eq!(holds(&training), (vec![0, 1, 2, 3, 12, 13, 14, 15], vec![4, 5, 16, 17]));
    let summary = training.summary(hour(7.0));
    let swaps = u64::from(lost < 10);
    assert_eq!(summary.segments, Some(SegmentCounts { swaps, moves: 1 }));
    // The first rack is left with three as well: the job waits until one has four again, which is the
    // second.
    for _ in 0..3 {
        fail(&mut training, hour(8.0), 0);
    }
    run_to(&mut training, hour(54.0));
    assert_eq!(training.jobs[0].phase, Phase::Waiting);
    run_to(&mut training, hour(57.0));
    let (nodes, _) = holds(&training);
    assert_eq!(training.jobs[0].phase, Phase::Running);
    assert!(nodes.iter().all(|&node| node >= 6) && nodes.len() == 8);
    let segments = training.summary(hour(57.0)).segments;
    assert_eq!(segments, Some(SegmentCounts { swaps, moves: 2 }), "its spares went with it");
    let total = training.summary(hour(57.0)).gpu_hours.total();
    assert!((total - 18.0 * 57.0).abs() < 1e-9);
}

/// Two segments of two on a rack of six that loses three nodes: one segment moves to the rack that stands
/// by. What the other has kept of the four that worked, up to its two, nothing has replaced.
#[test]
fn what_a_segment_gives_up_as_it_moves_was_no_swap() {
    let mut seen = [false; 2];
    for seed in 0..20 {
        let mut spec = segmented((2, 2), (0.0, 50.0), 0.0);
        spec = checkpointed(spec, HOUR, 0.0, 600.0, 60.0);
        spec.segment = Some(SegmentSpec { nodes: 2, spares: Some(0) });
        spec.spares = Some(6);
        let mut training = model(&spec, 6, 2, seed);
        run_to(&mut training, hour(5.0));
        assert_eq!(training.jobs[0].nodes, [0, 1, 2, 3]);
        let lost = (0..3).map(|_| fail(&mut training, hour(5.0), 0).1);
        let swaps = lost.filter(|&node| node < 4).count().saturating_sub(2) as u64;
        run_to(&mut training, hour(6.0));
        assert_eq!(training.jobs[0].segments, [(0, 1), (1, 1)]);
        let segments = training.summary(hour(6.0)).segments;
        assert_eq!(segments, Some(SegmentCounts { swaps, moves: 1 }));
        seen[swaps as usize] = true;
    }
    assert_eq!(seen, [true; 2]);
}

/// Two racks of six, a job of four nodes on each, and both lose three. The later job's nodes come back
/// first: it goes on then, although the earlier one still waits.
#[test]
fn a_job_that_waits_for_its_rack_holds_up_no_other() {
    let mut spec = segmented((1, 4), (0.0, 50.0), 0.0);
    let length = DurationSpec::Constant(ConstantSpec { value: seconds(1000.0 * HOUR) });
    spec.jobs =
        JobsSpec::Stream(StreamSpec::of(Rate(1.0 / HOUR), vec![JobClassSpec::of(4, length)]));
    let mut training = model(&spec, 6, 2, 0);
    run_to(&mut training, hour(48.0));
    assert!(training.jobs.len() >= 2 && training.holding.iter().eq(&[0, 1]));
    assert_eq!((training.jobs[0].nodes[0], training.jobs[1].nodes[0]), (0, 6));
    for (at, rack) in [(50.0, 1), (60.0, 0)] {
        for _ in 0..3 {
            fail(&mut training, hour(at), rack);
        }
    }
    let phases = |training: &mut Training, at: f64| {
        run_to(training, hour(at));
        (training.jobs[0].phase, training.jobs[1].phase)
    };
    assert_eq!(phases(&mut training, 99.0), (Phase::Waiting, Phase::Waiting));
    assert_eq!(phases(&mut training, 101.0), (Phase::Waiting, Phase::Running));
    assert_eq!(phases(&mut training, 111.0), (Phase::Running, Phase::Running));
}

/// A node of `rack` fails; the failures so far, and which it was.
fn fail(training: &mut Training, at: Time, rack: usize) -> (u64, u32) {
    let before: Vec<u32> = training.fleet.whole_on(rack);
    training.node_fails(at, rack);
    training.settle(at);
    let after = training.fleet.whole_on(rack);
    let lost = before.iter().find(|node| !after.contains(node)).expect("one has failed");
    (training.fleet.failures(), *lost)
}

/// Under failures, drained racks and a queue: a job that runs has whole segments, each on one rack,
/// and no rack gives out more nodes than it has.
#[test]
fn jobs_that_run_have_whole_segments() {
    for seed in 0..6 {
        let mut spec = segmented((1, 2), (1.0, 5.0), 0.5);
        spec.segment = Some(SegmentSpec { nodes: 2, spares: Some(1) });
        let length = DurationSpec::Exponential(ExponentialSpec { mean: seconds(6.0 * HOUR) });
        let classes = [2, 4, 6].map(|nodes| JobClassSpec::of(nodes, length.clone()));
        spec.jobs = JobsSpec::Stream(StreamSpec::of(Rate(1.5 / HOUR), classes.to_vec()));
        spec.recovery = Some(if seed % 2 == 0 { Recovery::Hold } else { Recovery::Requeue });
        spec.scheduler = Some(if seed % 3 == 0 { Policy::Easy } else { Policy::Fcfs });
        let placement = [Placement::Contiguous, Placement::Packed, Placement::Spread];
        spec.queue = Some(Box::new(QueueSpec {
            placement: Some(placement[seed as usize % 3]),
            ..QueueSpec::default()
        }));
        let mut training = model(&spec, 6, 4, seed);
        let mut ran = 0;
        while training.next_at() < hour(30.0 * 24.0) {
            let now = training.next_at();
            training.advance(now);
            for job in training.jobs.iter().filter(|job| job.phase == Phase::Running) {
                ran += 1;
                assert_eq!(job.nodes.len(), job.width);
                let segments: u32 = job.segments.iter().map(|segment| segment.1).sum();
                assert_eq!(segments as usize * 2, job.width);
                for &(rack, count) in &job.segments {
                    let on = |nodes: &[u32]| nodes.iter().filter(|&&n| n / 6 == rack).count();
                    assert_eq!(on(&job.nodes), count as usize * 2);
                    assert!(on(&job.spares) <= count as usize);
                }
            }
        }
        let end = hour(30.0 * 24.0);
        training.advance(end);
        let summary = training.summary(end);
        let segments = summary.segments.expect("nodes come in segments");
        assert!(ran > 1000 && segments.swaps > 10, "{segments:?}");
        assert!((summary.gpu_hours.total() - 24.0 * 30.0 * 24.0).abs() < 1e-6);
    }
}

#[test]
fn impossible_segments_are_refused() {
    let refused = |change: &dyn Fn(&mut TrainingSpec)| {
        let mut spec = segmented((2, 4), (0.0, 1.0), 0.0);
        change(&mut spec);
        let mut faults = Vec::new();
        spec.resolve(&rack(6), 2, &mut faults);
        faults.iter().map(|fault| fault.field.to_string()).collect::<Vec<_>>()
    };
    let job = |nodes, spares, min_nodes| {
        JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), spares, min_nodes })
    };
    assert_eq!(refused(&|_| ()), [""; 0]);
    let segment = |nodes, spares| Some(SegmentSpec { nodes, spares });
    assert_eq!(refused(&|spec| spec.segment = segment(7, None)), ["segment.nodes"]);
    assert_eq!(refused(&|spec| spec.segment = segment(0, None)), ["segment.nodes"]);
    assert_eq!(refused(&|spec| spec.segment = segment(4, Some(3))), ["segment.spares"]);
    assert_eq!(refused(&|spec| spec.jobs = job(6, None, None)), ["jobs.nodes"]);
    assert_eq!(refused(&|spec| spec.jobs = job(12, None, None)), ["jobs.nodes"]);
    assert_eq!(refused(&|spec| spec.jobs = job(8, Some(1), None)), ["jobs.spares"]);
    assert_eq!(refused(&|spec| spec.jobs = job(8, None, Some(4))), ["jobs.min_nodes"]);
    assert_eq!(refused(&|spec| spec.spares = Some(2)), ["spares"]);
}

/// A job that is too wide for its segments is told how many there is room for, and one with spares of its
/// own to leave them out, however wide both make it.
#[test]
fn a_refused_job_hears_of_segments() {
    let help = |nodes, spares| {
        let mut spec = segmented((2, 4), (0.0, 1.0), 0.0);
        spec.jobs =
            JobsSpec::Resident(ResidentSpec { nodes: Some(nodes), spares, min_nodes: None });
        let mut faults = Vec::new();
        spec.resolve(&rack(6), 2, &mut faults);
        let [fault] = faults.as_slice() else { panic!("one fault: {faults:?}") };
        (fault.field.to_string(), fault.help.clone().expect("a fix"))
    };
    let room = "the racks have room for 2 segments of 4 nodes";
    assert_eq!(help(12, None), ("jobs.nodes".to_owned(), room.to_owned()));
    assert_eq!(help(0, None), ("jobs.nodes".to_owned(), room.to_owned()));
    let (field, fix) = help(8, Some(4));
    assert_eq!(field, "jobs.spares");
    assert!(fix.starts_with("leave it out"), "{fix}");
}

/// Against a count of the domains of the nodes that the fleet gives a job: failures of domains that
/// interrupt it are those of as many.
#[test]
fn checkpoints_count_the_domains_that_a_job_lies_in() {
    for (used, spares, size, segments) in [
        (5, 1, 6, 3),
        (5, 1, 3, 3),
        (4, 2, 2, 3),
        (2, 1, 3, 3),
        (2, 0, 3, 5),
        (2, 0, 2, 4),
        (1, 2, 2, 5),
    ] {
        let mut spec = segmented((segments, used), (0.1, 24.0), 0.0);
        spec.segment = Some(SegmentSpec { nodes: used, spares: Some(spares) });
        let failures = spec.failures.as_mut().expect("nodes fail");
        let per_day = 0.3;
        let domain = DomainSpec {
            name: "part".to_owned(),
            nodes: Some(size),
            rate: Rate(per_day / DAY),
            repair: None,
        };
        failures.domains = Some(vec![domain]);
        spec.checkpoint = Some(CheckpointSpec {
            interval: Some(IntervalSpec::Auto),
            write: Some(seconds(10.0)),
            ..CheckpointSpec::default()
        });
        let mut training = model(&spec, 6, 3, 0);
        run_to(&mut training, Time::ZERO);
        let job = &training.jobs[0];
        let mut domains: Vec<u32> = job.nodes.iter().map(|node| node / size).collect();
        domains.dedup();
        let rate_per_s = (job.nodes.len() as f64 * 0.1 + domains.len() as f64 * per_day) / DAY;
        let expected = training.design.checkpoint.cycle(1.0 / rate_per_s, 0.0);
        let (ours, expected) = (job.cycle.interval_s, expected.interval_s);
        assert!((ours - expected).abs() < 1e-9 * expected, "{used} of {size}: {ours}, {expected}");
    }
}
