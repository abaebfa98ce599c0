//! Failure and repair of the components of a power chain.
//!
//! Each component alternates between up and down on a stream of its own, named after it: time
//! to failure, time to repair, time to failure and so on. To the outside this is one clock:
//! the earliest of all next changes, kept in a small heap here, so that a site of ten thousand
//! components costs the calendar a single entry.
//!
//! The textbook form of a superposed clock (one exponential time with the sum of all rates,
//! then a component picked by weight) has the same law, because the minimum of independent
//! exponentials is exponential with the summed rate. But there every draw depends on who else
//! is in the sum: one rack group more would change the luck of every transformer, and a
//! comparison of two designs would compare luck. Here a component's history depends on the
//! seed, the replication and its name alone.
//!
//! Failures are independent of load and of whether the component is energised, as the
//! published rates count calendar time in service.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::design::{FailureLaw, PowerDesign, PowerNode};
use crate::kernel::{Span, Stream, Streams, Time};

/// The clock of all failures and repairs of a power chain.
#[derive(Debug, Clone)]
pub struct Failures {
    /// The next change of each component that ever fails.
    next: BinaryHeap<Reverse<(Time, u32)>>,
    /// By node.
    histories: Vec<History>,
}

/// Up and down of one component.
#[derive(Debug, Clone)]
struct History {
    law: FailureLaw,
    stream: Stream,
    up: bool,
}

impl Failures {
    /// Every component up at the start, with its first failure drawn.
    pub fn new(design: &PowerDesign, streams: &Streams) -> Self {
        let mut next = BinaryHeap::with_capacity(design.nodes.len());
        let mut histories = Vec::with_capacity(design.nodes.len());
        for (n, node) in design.nodes.iter().enumerate() {
            let law = node.component.failures;
            let mut history =
                History { law, stream: streams.stream("power-failure", &node.name), up: true };
            if law.rate_per_s > 0.0 {
                next.push(Reverse((Time::ZERO + history.draw(), n as u32)));
            }
            histories.push(history);
        }
        Self { next, histories }
    }

    /// The instant of the next failure or repair; [`Time::MAX`] when nothing ever fails.
    pub fn next_at(&self) -> Time {
        self.next.peek().map_or(Time::MAX, |Reverse((at, _))| *at)
    }

    /// The failures (`false`) and repairs (`true`) up to and including `now`, in the order of
    /// time, then of index. About 100 ns each. What is not taken from the iterator stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (PowerNode, bool)> {
        std::iter::from_fn(move || {
            let mut top = self.next.peek_mut()?;
            let Reverse((at, n)) = *top;
            if at > now || at == Time::MAX {
                return None;
            }
            let history = &mut self.histories[n as usize];
            history.up = !history.up;
            *top = Reverse((at + history.draw(), n));
            Some((PowerNode(n), history.up))
        })
    }
}

impl History {
    /// How long the present state lasts: one uniform.
    fn draw(&mut self) -> Span {
        Span::from_secs_f64(if self.up {
            self.stream.exponential(1.0 / self.law.rate_per_s)
        } else {
            self.law.repair.draw_s(&mut self.stream)
        })
    }
}
