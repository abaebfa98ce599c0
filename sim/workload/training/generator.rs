//! Where jobs come from: one that is always there, chance, or a log.

use std::sync::Arc;

use super::spec::{ClassDesign, DurationLaw, JobsDesign};
use super::swf::{JobEnd, LogJob};
use crate::kernel::{Span, Stream, Streams};

/// What a new job asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Request {
    /// Nodes.
    pub(super) nodes: usize,
    /// Work at full speed, s; infinite for a job that never ends.
    pub(super) work_s: f64,
    /// The work that it says it has, s; at least what it has.
    pub(super) asked_s: f64,
    /// How it will end.
    pub(super) end: JobEnd,
}

/// The jobs of a workload, one after the other.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// One job that never ends, until it has been handed out.
    Resident(Option<usize>),
    /// A Poisson stream.
    Random(Generator),
    /// A log, and how far it has been read.
    Log { jobs: Arc<[LogJob]>, next: usize, processors_per_node: u32 },
}

impl Source {
    pub(super) fn new(design: &JobsDesign, streams: &Streams, name: &str) -> Self {
        match design {
            JobsDesign::Resident { nodes } => Source::Resident(Some(*nodes)),
            JobsDesign::Stream { gap_s, classes } => {
                Source::Random(Generator::new(*gap_s, classes, streams, name))
            }
            JobsDesign::Log { jobs, processors_per_node, .. } => Source::Log {
                jobs: Arc::clone(jobs),
                next: 0,
                processors_per_node: *processors_per_node,
            },
        }
    }

    /// Time from the last arrival, or the start of the run, to the next; none after the last.
    pub(super) fn gap(&mut self) -> Option<Span> {
        match self {
            Source::Resident(job) => job.map(|_| Span::ZERO),
            Source::Random(generator) => Some(generator.gap()),
            Source::Log { jobs, next, .. } => {
                let job = jobs.get(*next)?;
                // The first job arrives as the run starts, whatever the clock of the log.
                Some(next.checked_sub(1).map_or(Span::ZERO, |last| job.submit - jobs[last].submit))
            }
        }
    }

    /// The job that arrives.
    pub(super) fn request(&mut self) -> Request {
        match self {
            Source::Resident(job) => Request {
                nodes: job.take().expect("the resident job arrives once"),
                work_s: f64::INFINITY,
                asked_s: f64::INFINITY,
                end: JobEnd::Completed,
            },
            Source::Random(generator) => generator.request(),
            Source::Log { jobs, next, processors_per_node } => {
                let job = jobs[*next];
                *next += 1;
                Request {
                    nodes: job.processors.div_ceil(*processors_per_node) as usize,
                    work_s: job.run.as_secs_f64(),
                    asked_s: job.requested.as_secs_f64(),
                    end: job.end,
                }
            }
        }
    }
}

/// A Poisson stream of jobs. Gaps, classes and durations have streams of their own, so that
/// two designs that change one of them share the luck of the others.
#[derive(Debug, Clone)]
pub(super) struct Generator {
    gap_s: f64,
    classes: Vec<ClassDesign>,
    gaps: Stream,
    choices: Stream,
    durations: Stream,
}

impl Generator {
    pub(super) fn new(gap_s: f64, classes: &[ClassDesign], streams: &Streams, name: &str) -> Self {
        assert!(!classes.is_empty(), "a stream of jobs has at least one class");
        Self {
            gap_s,
            classes: classes.to_vec(),
            gaps: streams.stream("training-arrival", name),
            choices: streams.stream("training-class", name),
            durations: streams.stream("training-duration", name),
        }
    }

    /// Time to the next arrival.
    pub(super) fn gap(&mut self) -> Span {
        Span::from_secs_f64(self.gaps.exponential(self.gap_s))
    }

    /// The job that arrives.
    pub(super) fn request(&mut self) -> Request {
        let choice = self.choices.uniform();
        let class = self
            .classes
            .iter()
            .find(|class| choice < class.cumulative)
            .unwrap_or(&self.classes[self.classes.len() - 1]);
        // One uniform a job whatever the law, so that the streams stay in step.
        let work_s = match class.duration {
            DurationLaw::Lognormal { mu, sigma } => self.durations.lognormal(mu, sigma),
            DurationLaw::Exponential { mean_s } => self.durations.exponential(mean_s),
            DurationLaw::Constant { value_s } => {
                self.durations.bits();
                value_s
            }
        };
        // The clock's resolution is the shortest work.
        let work_s = work_s.max(1e-9);
        Request {
            nodes: class.nodes,
            work_s,
            asked_s: work_s * class.request,
            end: JobEnd::Completed,
        }
    }
}
