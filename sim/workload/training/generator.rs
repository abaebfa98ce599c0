//! Jobs that arrive at random.

use super::spec::{ClassDesign, DurationLaw};
use crate::kernel::{Span, Stream, Streams};

/// What a new job asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Request {
    /// Nodes.
    pub(super) nodes: usize,
    /// Work at full speed, s; infinite for a job that never ends.
    pub(super) work_s: f64,
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
        Request { nodes: class.nodes, work_s: work_s.max(1e-9) }
    }
}
