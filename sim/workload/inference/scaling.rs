//! How many replicas of a cell are awake.
//!
//! At each control boundary a cell counts the requests inside and wants as many replicas as
//! keep to a target of requests for each. More are woken at once and take requests when they
//! have started. Fewer are kept only after a calm while in which no boundary wanted more: as
//! many as the busiest of them wanted; the others get no more requests, and sleep when empty.

use super::ticks::{self, Ticks};
use crate::kernel::{Span, Time};

/// Between how many replicas a cell may choose, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingDesign {
    /// Replicas that never sleep; at least one.
    pub min: usize,
    /// Requests inside, waiting ones included, that each replica is meant to have.
    pub target: f64,
    /// From waking to taking requests.
    pub start: Span,
    /// How long fewer must be wanted before replicas go to sleep.
    pub calm: Span,
}

/// What a replica of a scaled cell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Takes requests, now or when it has started.
    Awake,
    /// Serves what is inside, and takes no more.
    Draining,
    /// Draws what idle GPUs do.
    Asleep,
}

/// The scaling of one cell.
#[derive(Debug, Clone)]
pub(super) struct Scaling {
    design: ScalingDesign,
    pub(super) phases: Vec<Phase>,
    /// Since when fewer have been wanted than are awake, and the most wanted since.
    calm: Option<(Ticks, usize)>,
}

impl Scaling {
    /// All of `replicas` are awake.
    pub(super) fn new(design: &ScalingDesign, replicas: usize) -> Self {
        Self { design: *design, phases: vec![Phase::Awake; replicas], calm: None }
    }

    /// From waking to taking requests.
    pub(super) fn start(&self) -> Ticks {
        ticks::from_time(Time::ZERO + self.design.start)
    }

    pub(super) fn awake(&self) -> usize {
        self.phases.iter().filter(|&&phase| phase == Phase::Awake).count()
    }

    /// How many replicas should be awake from `at` on, with `requests` inside.
    pub(super) fn wanted(&mut self, at: Ticks, requests: u64) -> usize {
        let most = self.phases.len();
        let wanted = libm::ceil(requests as f64 / self.design.target) as usize;
        let wanted = wanted.clamp(self.design.min.min(most), most);
        let awake = self.awake();
        if wanted >= awake {
            self.calm = None;
            return wanted;
        }
        let (since, peak) = self.calm.unwrap_or((at, 0));
        let peak = peak.max(wanted);
        if at - since < ticks::from_time(Time::ZERO + self.design.calm) {
            self.calm = Some((since, peak));
            return awake;
        }
        self.calm = None;
        peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_woken_at_once_and_fewer_kept_after_a_calm() {
        let design = ScalingDesign {
            min: 2,
            target: 10.0,
            start: Span::from_secs(120),
            calm: Span::from_secs(300),
        };
        let mut scaling = Scaling::new(&design, 8);
        let at = |seconds: u64| ticks::from_time(Time::ZERO + Span::from_secs(seconds));
        let mut step = |seconds, requests| {
            let wanted = scaling.wanted(at(seconds), requests);
            for (i, phase) in scaling.phases.iter_mut().enumerate() {
                *phase = if i < wanted { Phase::Awake } else { Phase::Asleep };
            }
            wanted
        };
        assert_eq!(step(0, 75), 8);
        assert_eq!([step(60, 5), step(120, 41), step(300, 0)], [8, 8, 8]);
        // Five minutes after fewer were first wanted, as many as were wanted at most since.
        assert_eq!(step(360, 12), 5);
        assert_eq!(step(420, 0), 5);
        assert_eq!(step(480, 300), 8);
        assert_eq!([step(540, 0), step(780, 0), step(840, 0)], [8, 8, 2]);
    }
}
