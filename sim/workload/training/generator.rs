//! Where jobs come from: one that is always there, chance, or a log.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::log::{JobEnd, LogJob};
use super::spec::{
    ClassDesign, GapLaw, Groups, JobsDesign, LogDesign, ResidentDesign, StreamDesign,
    TrainingDesign,
};
use crate::kernel::{DurationLaw, LocalWeek, Span, Stream, Streams, Time};

/// What a new job asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Nodes that it runs on at full speed; where nodes are shared, their GPUs or cores, of one
    /// node or of whole ones. So are the next two.
    pub nodes: usize,
    /// The fewest nodes that it runs on.
    pub fewest: usize,
    /// Nodes that it holds besides, to replace those that it may lose.
    pub spares: usize,
    /// Which power its GPUs draw, of the kinds of the workload.
    pub power: u16,
    /// Work at full speed, s; infinite for a job that never ends.
    pub work_s: f64,
    /// The work that it says it has, s; at least what it has.
    pub asked_s: f64,
    /// How it will end.
    pub end: JobEnd,
    /// Its tier: higher ones have higher numbers.
    pub tier: u16,
    /// Whose it is.
    pub account: u32,
    /// Its number in its log, where it has one.
    pub number: Option<u64>,
    /// What its nodes draw, where its log tells: a share of the way from an idle node to a full one.
    pub load: Option<f64>,
}

impl TrainingDesign {
    /// The jobs of the workload `name` as they arrive, in order: what the model runs, without
    /// the model. Without end where jobs come by chance.
    pub fn arrivals(
        &self,
        name: &str,
        streams: &Streams,
    ) -> impl Iterator<Item = (Time, Request)> + use<> {
        let mut source =
            Source::new(&self.jobs, (&self.groups, self.grain.per_node), streams, name);
        let mut now = Time::ZERO;
        std::iter::from_fn(move || {
            now += source.gap()?;
            Some((now, source.request()))
        })
    }
}

/// The jobs of a workload, one after the other.
#[derive(Debug)]
pub(super) enum Source {
    /// One job that never ends, until it has been handed out.
    Resident(Option<ResidentDesign>),
    /// Chance.
    Random(Generator),
    /// A log, and how far it has been read.
    Log(Log),
}

impl Source {
    /// The jobs of `design`, of which nodes have `per_node` places.
    pub(super) fn new(
        design: &JobsDesign,
        (groups, per_node): (&Groups, usize),
        streams: &Streams,
        name: &str,
    ) -> Self {
        match design {
            JobsDesign::Resident(resident) => Source::Resident(Some(*resident)),
            JobsDesign::Stream(stream) => {
                Source::Random(Generator::new(stream.clone(), streams, name))
            }
            JobsDesign::Log(log) => Source::Log(Log::new(log, per_node, groups)),
        }
    }

    /// Time from the last arrival, or the start of the run, to the next; none after the last.
    pub(super) fn gap(&mut self) -> Option<Span> {
        match self {
            Source::Resident(job) => job.map(|_| Span::ZERO),
            Source::Random(generator) => Some(generator.gap()),
            Source::Log(log) => log.gap(),
        }
    }

    /// Whether it is a log.
    pub(super) fn is_log(&self) -> bool {
        matches!(self, Source::Log(_))
    }

    /// The job that arrives.
    pub(super) fn request(&mut self) -> Request {
        match self {
            Source::Resident(job) => {
                let ResidentDesign { nodes, fewest, spares } =
                    job.take().expect("the resident job arrives once");
                Request {
                    nodes,
                    fewest,
                    spares,
                    power: 0,
                    work_s: f64::INFINITY,
                    asked_s: f64::INFINITY,
                    end: JobEnd::Completed,
                    tier: 0,
                    account: 0,
                    number: None,
                    load: None,
                }
            }
            Source::Random(generator) => generator.request(),
            Source::Log(log) => log.request(),
        }
    }
}

/// A log that is being played.
pub(super) struct Log {
    jobs: Box<dyn Iterator<Item = LogJob> + Send>,
    /// When the job before was submitted, and the one that is due.
    last: Option<Time>,
    next: Option<LogJob>,
    /// Processors of a node in the log, and places of a node here.
    processors_per_node: u32,
    per_node: u32,
    /// Tier by queue.
    queues: Arc<[u16]>,
    accounts: Accounts,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Log {
    fn new(log: &LogDesign, per_node: usize, groups: &Groups) -> Self {
        Self {
            jobs: log.rows.play(),
            last: None,
            next: None,
            processors_per_node: log.machine.per_node,
            per_node: per_node as u32,
            queues: Arc::clone(&log.queues),
            accounts: Accounts::new(groups),
        }
    }

    fn gap(&mut self) -> Option<Span> {
        let job = self.jobs.next()?;
        self.next = Some(job);
        // The first job arrives as the run starts, whatever the clock of the log.
        let last = self.last.replace(job.submit);
        Some(last.map_or(Span::ZERO, |last| job.submit - last))
    }

    fn request(&mut self) -> Request {
        let job = self.next.take().expect("a job arrives after its gap");
        let queue = job.queue.and_then(|queue| self.queues.get(queue as usize));
        let nodes = self.places(&job);
        Request {
            nodes,
            fewest: nodes,
            spares: 0,
            power: 0,
            work_s: job.run.as_secs_f64(),
            asked_s: job.requested.as_secs_f64(),
            end: job.end,
            tier: queue.copied().unwrap_or(0),
            account: self.accounts.of(job.user),
            number: Some(job.number),
            load: job.load,
        }
    }

    /// Places that a job needs: whole nodes or, where it shares one, as much of it as it has of a
    /// node in its log.
    fn places(&self, job: &LogJob) -> usize {
        let (per_node, of_log) = (self.per_node, self.processors_per_node);
        let places = if per_node > 1 && !job.exclusive && job.processors < of_log {
            (u64::from(job.processors) * u64::from(per_node)).div_ceil(u64::from(of_log))
        } else {
            u64::from(job.processors.div_ceil(of_log)) * u64::from(per_node)
        };
        places as usize
    }
}

/// Numbers of accounts by the users of a log: those that the scenario names first, then the
/// others as they come.
#[derive(Debug, Clone)]
struct Accounts {
    of_user: BTreeMap<Option<u32>, u32>,
    count: u32,
}

impl Accounts {
    fn new(groups: &Groups) -> Self {
        let named = (0..).zip(&groups.accounts);
        let of_user =
            named.filter_map(|(index, name)| Some((Some(name.text.parse().ok()?), index)));
        Self { of_user: of_user.collect(), count: groups.accounts.len() as u32 }
    }

    fn of(&mut self, user: Option<u32>) -> u32 {
        *self.of_user.entry(user).or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

/// Jobs by chance. Gaps, classes, durations and ends have streams of their own, so that two
/// designs that change one of them share the luck of the others.
///
/// Arrivals are a renewal process in operational time, which runs at the rate of the hour of
/// the week: a gap of the law, whose mean is one expected arrival, ends when so many are
/// expected since the last. An exponential law makes it the Poisson process of that rate.
#[derive(Debug, Clone)]
pub(super) struct Generator {
    design: StreamDesign,
    /// Arrivals expected in a week.
    per_week: f64,
    is_even: bool,
    /// Seconds since Monday's midnight, on the clock of the site, at the last arrival.
    in_week_s: f64,
    /// The changes of that clock that are still to come.
    changes: VecDeque<Change>,
    /// Seconds until the first of them; infinite where there is none.
    change_in_s: f64,
    gaps: Stream,
    choices: Stream,
    durations: Stream,
    ends: Stream,
}

/// The clock of the site is set anew.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// Seconds since the one before, or the start of the run.
    after_s: f64,
    /// Seconds since Monday's midnight that it is set to.
    in_week_s: f64,
}

/// The changes of the clock in `week`.
fn changes(week: &LocalWeek) -> VecDeque<Change> {
    let mut changes = VecDeque::new();
    let mut last = Time::ZERO;
    loop {
        let at = week.set_after(last);
        if at == Time::MAX {
            return changes;
        }
        let (after_s, in_week_s) = ((at - last).as_secs_f64(), week.into_week(at).as_secs_f64());
        changes.push_back(Change { after_s, in_week_s });
        last = at;
    }
}

const HOUR_S: f64 = 3600.0;
const WEEK_S: f64 = 7.0 * 24.0 * HOUR_S;

impl Generator {
    fn new(design: StreamDesign, streams: &Streams, name: &str) -> Self {
        assert!(!design.classes.is_empty(), "a stream of jobs has at least one class");
        let per_s = &design.per_s;
        let changes = changes(&design.week);
        Self {
            per_week: per_s.iter().map(|rate| rate * HOUR_S).sum(),
            is_even: per_s.iter().all(|&rate| rate == per_s[0]),
            in_week_s: design.week.into_week(Time::ZERO).as_secs_f64(),
            change_in_s: changes.front().map_or(f64::INFINITY, |change| change.after_s),
            changes,
            gaps: streams.stream("training-arrival", name),
            choices: streams.stream("training-class", name),
            durations: streams.stream("training-duration", name),
            ends: streams.stream("training-end", name),
            design,
        }
    }

    /// Time to the next arrival.
    fn gap(&mut self) -> Span {
        let expected = match self.design.gaps {
            GapLaw::Exponential => self.gaps.exponential(1.0),
            GapLaw::Hyperexponential { short } => {
                let part = if self.gaps.chance(short) { short } else { 1.0 - short };
                self.gaps.exponential(0.5 / part)
            }
            GapLaw::Lognormal { sigma } => self.gaps.lognormal(-0.5 * sigma * sigma, sigma),
        };
        if self.is_even {
            return Span::from_secs_f64(1.0 / self.design.per_s[0] * expected);
        }
        self.wait_for(expected)
    }

    /// Lets time pass until `expected` arrivals were expected. Costs a look at each hour of at
    /// most a week after the last change of the clock, and at each hour before that.
    fn wait_for(&mut self, expected: f64) -> Span {
        let (mut left, mut gap_s) = (expected, 0.0);
        loop {
            if self.changes.is_empty() {
                let weeks = (left / self.per_week).floor();
                left -= weeks * self.per_week;
                gap_s += weeks * WEEK_S;
            }
            let hour = (self.in_week_s / HOUR_S) as usize % self.design.per_s.len();
            let rest_s = (hour + 1) as f64 * HOUR_S - self.in_week_s;
            let is_set = self.change_in_s <= rest_s;
            let rest_s = rest_s.min(self.change_in_s);
            let rate = self.design.per_s[hour];
            if left < rate * rest_s {
                let step_s = left / rate;
                self.in_week_s += step_s;
                self.change_in_s -= step_s;
                return Span::from_secs_f64(gap_s + step_s);
            }
            left -= rate * rest_s;
            gap_s += rest_s;
            self.change_in_s -= rest_s;
            self.in_week_s = (hour + 1) as f64 * HOUR_S % WEEK_S;
            if is_set {
                self.set_clock();
            }
        }
    }

    /// The first change of the clock has come.
    fn set_clock(&mut self) {
        let change = self.changes.pop_front().expect("a change that was waited for");
        self.in_week_s = change.in_week_s;
        self.change_in_s = self.changes.front().map_or(f64::INFINITY, |next| next.after_s);
    }

    /// The job that arrives.
    fn request(&mut self) -> Request {
        let choice = self.choices.uniform();
        let classes = &self.design.classes;
        let class: &ClassDesign = classes
            .iter()
            .find(|class| choice < class.cumulative)
            .unwrap_or(&classes[classes.len() - 1]);
        // One uniform a job whatever the law, so that the streams stay in step.
        if matches!(class.duration, DurationLaw::Constant { .. }) {
            self.durations.bits();
        }
        let work_s = class.duration.draw_s(&mut self.durations);
        // The clock's resolution is the shortest work.
        let work_s = work_s.max(1e-9);
        let end = match self.ends.uniform() {
            u if u < class.failed => JobEnd::Failed,
            u if u < class.failed + class.cancelled => JobEnd::Cancelled,
            _ => JobEnd::Completed,
        };
        Request {
            nodes: class.nodes,
            fewest: class.fewest,
            spares: class.spares,
            power: class.power,
            work_s,
            asked_s: work_s * class.request,
            end,
            tier: class.tier,
            account: class.account,
            number: None,
            load: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Clock;
    use crate::units::{Duration, Fraction, Rate};
    use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};
    use crate::workload::training::spec::*;

    fn rack() -> GpuRackDesign {
        let rack: GpuRackSpec = serde_yaml::from_str(
            "{fed_by: [pdu], nodes: 4, gpus_per_node: 8, gpu_power: 700 W, node_overhead: 0 W}",
        )
        .unwrap();
        let mut faults = Vec::new();
        let rack = rack.resolve(&mut faults);
        assert_eq!(faults, []);
        rack
    }

    fn hour() -> DurationSpec {
        DurationSpec::Constant(ConstantSpec { value: Duration(3_600_000_000_000) })
    }

    fn design(stream: StreamSpec) -> TrainingDesign {
        let mut faults = Vec::new();
        let design = TrainingSpec::of(JobsSpec::Stream(stream)).resolve(&rack(), 4, &mut faults);
        assert_eq!(faults, []);
        design
    }

    fn arrivals(stream: StreamSpec, start_h: u64, count: usize) -> Vec<(Time, Request)> {
        over(stream, LocalWeek::fixed(Span::from_hours(start_h)), count)
    }

    fn over(stream: StreamSpec, week: LocalWeek, count: usize) -> Vec<(Time, Request)> {
        let mut design = design(stream);
        design.follow(&week);
        design.arrivals("jobs", &Streams::new(3, 0)).take(count).collect()
    }

    /// Mean and coefficient of variation of the gaps, s.
    fn gaps(arrivals: &[(Time, Request)]) -> (f64, f64) {
        let gaps: Vec<f64> = arrivals.windows(2).map(|w| (w[1].0 - w[0].0).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let square = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        (mean, square.sqrt() / mean)
    }

    /// Each law has the mean of the rate and its own coefficient of variation. Tolerances are
    /// four standard errors, with the fourth moments of the laws.
    #[test]
    fn gaps_have_the_mean_and_the_spread_of_their_law() {
        let of = |law| {
            let stream = StreamSpec {
                gaps: law,
                ..StreamSpec::of(Rate(0.01), vec![JobClassSpec::of(1, hour())])
            };
            gaps(&arrivals(stream, 0, 200_000))
        };
        for (law, cv, sigmas) in [
            (None, 1.0, 0.01),
            (Some(JobGapsSpec::Hyperexponential(SpreadSpec { cv: 4.0 })), 4.0, 0.2),
            (Some(JobGapsSpec::Lognormal(SpreadSpec { cv: 2.0 })), 2.0, 0.15),
        ] {
            let (mean, spread) = of(law);
            let tolerance = 4.0 * cv / 200_000_f64.sqrt();
            assert!((mean / 100.0 - 1.0).abs() < tolerance, "mean gap {mean} s at {cv}");
            assert!((spread - cv).abs() < sigmas, "{spread} is not {cv}");
        }
    }

    /// Arrivals follow the shape of the day and the week; nothing comes when nothing is expected.
    #[test]
    fn arrivals_follow_the_hours_and_the_days() {
        let mut hours = vec![1.0; 24];
        (hours[3], hours[9]) = (0.0, 4.0);
        let weekdays = vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0];
        let stream = StreamSpec {
            hours: Some(hours.clone()),
            weekdays: Some(weekdays.clone()),
            ..StreamSpec::of(Rate(0.01), vec![JobClassSpec::of(1, hour())])
        };
        // From Wednesday, six in the evening.
        let start_h = 2 * 24 + 18;
        let arrivals = arrivals(stream, start_h, 100_000);
        let weeks = (arrivals[99_999].0.as_secs_f64() / WEEK_S).floor();
        let mut by_hour = [0.0; 24];
        let mut by_day = [0.0; 7];
        for (at, _) in &arrivals {
            let hours = at.as_secs_f64() / HOUR_S + start_h as f64;
            if at.as_secs_f64() < weeks * WEEK_S {
                by_hour[hours as usize % 24] += 1.0;
                by_day[(hours / 24.0) as usize % 7] += 1.0;
            }
        }
        let total: f64 = by_day.iter().sum();
        // The mean rate is that of the week.
        assert!((total / (weeks * WEEK_S * 0.01) - 1.0).abs() < 0.02);
        for (shape, counts) in [(&hours, &by_hour[..]), (&weekdays, &by_day[..])] {
            let sum: f64 = shape.iter().sum();
            for (&part, &count) in shape.iter().zip(counts) {
                let expected = total * part / sum;
                assert!((count - expected).abs() <= 4.0 * expected.sqrt(), "{count}, {expected}");
            }
        }
    }

    /// Nine in the morning on site is nine in the morning, before and after the clock is set: in
    /// the spring of 2026 forward, in the autumn back.
    #[test]
    fn hours_follow_the_clock_on_the_wall() {
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
        let clock = Clock::new("2026-01-01T06:00:00Z".parse().unwrap(), zone);
        let mut hours = vec![0.0; 24];
        hours[9] = 1.0;
        let mut at_weekdays = vec![0.0; 7];
        (at_weekdays[0], at_weekdays[6]) = (1.0, 1.0);
        let stream = StreamSpec {
            hours: Some(hours),
            weekdays: Some(at_weekdays),
            ..StreamSpec::of(Rate(0.001), vec![JobClassSpec::of(1, hour())])
        };
        let week = clock.week(Time::ZERO + Span::from_hours(366 * 24));
        let jobs = over(stream, week, 33_000);
        let mut by_month = [0; 13];
        for &(at, _) in &jobs {
            let local = clock.read(at);
            assert_eq!(local.hour as u32, 9, "{local:?}");
            assert!([0, 6].contains(&local.weekday), "{local:?}");
            by_month[usize::from(local.month)] += usize::from(local.year == 2026);
        }
        // 604.8 a week on two days: eight to ten days a month; five standard deviations.
        assert!(by_month[1..].iter().all(|&n| (2170..3280).contains(&n)), "{by_month:?}");
    }

    /// Closed form: the gap of an exponential law at a rate next to zero, found without walking
    /// the weeks before it one by one, also where the clock is set on the way.
    #[test]
    fn a_rate_next_to_zero_ends() {
        let mut hours = vec![1.0; 24];
        hours[3] = 0.0;
        let stream = StreamSpec {
            hours: Some(hours),
            ..StreamSpec::of(Rate(1e-12), vec![JobClassSpec::of(1, hour())])
        };
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
        let clock = Clock::new("2026-01-01T06:00:00Z".parse().unwrap(), zone);
        let week = clock.week(Time::ZERO + Span::from_hours(366 * 24));
        let [(first, _)] = over(stream, week, 1)[..] else { panic!("a job") };
        let gap = Streams::new(3, 0).stream("training-arrival", "jobs").exponential(1e12);
        let most = Time::MAX.as_secs_f64();
        assert!((first.as_secs_f64() - gap.min(most)).abs() < 2.0 * WEEK_S, "{first}");
    }

    #[test]
    fn classes_ends_and_sizes_are_drawn_by_their_shares() {
        let mut small = JobClassSpec::of(1, hour());
        (small.nodes, small.gpus, small.weight) = (None, Some(9), 3.0);
        (small.failed, small.cancelled) = (Some(Fraction(0.4)), Some(Fraction(0.1)));
        let large = JobClassSpec::of(8, hour());
        let jobs = arrivals(StreamSpec::of(Rate(1.0), vec![small, large]), 0, 100_000);
        let share = |holds: &dyn Fn(&Request) -> bool| {
            jobs.iter().filter(|(_, request)| holds(request)).count() as f64 / 1e5
        };
        // Nine GPUs are two nodes of eight.
        assert!((share(&|r| r.nodes == 2) - 0.75).abs() < 0.006);
        assert!((share(&|r| r.end == JobEnd::Failed) - 0.3).abs() < 0.006);
        assert!((share(&|r| r.end == JobEnd::Cancelled) - 0.075).abs() < 0.004);
        assert!(jobs.iter().all(|(_, r)| r.nodes == 2 || r.end == JobEnd::Completed));
    }
}
