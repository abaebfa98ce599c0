//! A cell that is told apart from those that it stood for, and takes them back later.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::load::Arrivals;
use super::super::request::Request;
use super::super::serving::Luck;
use super::super::ticks::Ticks;
use super::{Cell, Decoding, Gate};
use crate::kernel::Streams;

impl Cell {
    /// Splits off a cell that stands for `members` of those this one stands for, with streams
    /// of its own from now on. Its requests take their share of the weight.
    ///
    /// # Panics
    ///
    /// When nothing would be left.
    pub(in super::super) fn split(&mut self, members: u32, names: (&str, &Streams)) -> Cell {
        assert!(members < self.multiplicity, "a cell that is struck whole is not split");
        self.multiplicity -= members;
        let (entity, streams) = names;
        let share = |weight: u32| weight.min(members);
        let part = |requests: &mut VecDeque<(Ticks, Request)>| -> VecDeque<(Ticks, Request)> {
            requests.iter_mut().map(|(at, request)| (*at, request.split(share))).collect()
        };
        Cell {
            design: Arc::clone(&self.design),
            multiplicity: members,
            replicas: self.replicas.iter_mut().map(|r| r.split(share)).collect(),
            paces: self.paces.clone(),
            router: self.router.with_stream(streams.stream("routing", entity)),
            decoding: self.decoding.as_mut().map(|decoding| Decoding {
                link: decoding.link,
                router: decoding.router.with_stream(streams.stream("decode routing", entity)),
                free: decoding.free.clone(),
                handed: Vec::new(),
                transfers: part(&mut decoding.transfers),
            }),
            arrivals: self
                .arrivals
                .as_ref()
                .map(|_| Arrivals::new(&self.design.load, names, self.now + self.lag + 1)),
            clients: self.clients.as_ref().map(|clients| clients.split(names)),
            gates: self
                .gates
                .iter_mut()
                .map(|gate| gate.as_mut().map(|g| g.split(share)))
                .collect(),
            left: self.left.clone(),
            scaling: self.scaling.clone(),
            tables: self.tables.clone(),
            luck: Luck::new(names),
            chains: self.chains.clone(),
            notes: self.notes.split(names),
            deadlines: self.deadlines.clone(),
            returns: part(&mut self.returns),
            now: self.now,
            lag: self.lag,
            received: 0,
            skipped: vec![0; self.skipped.len()],
        }
    }

    /// Lets the cell stand for `members` more.
    pub(in super::super) fn adopt(&mut self, members: u32) {
        self.multiplicity += members;
    }

    /// Stops arrivals; what is inside is served.
    pub(in super::super) fn drain(&mut self) {
        self.arrivals = None;
        self.clients = None;
    }
}

impl Gate {
    /// The gate of a cell that is split off: of every request that waits, `share` of its weight goes
    /// along.
    fn split(&mut self, share: impl Fn(u32) -> u32) -> Gate {
        let waiting = self.waiting.iter_mut().map(|request| request.split(&share));
        Gate { waiting: waiting.collect(), ..*self }
    }
}
