//! A cell: some replicas behind one router, with arrivals of their own.
//!
//! A cell is an island. It knows no other cell and no rack; between two changes from outside
//! it advances alone. One simulated cell stands for `multiplicity` alike ones, and each of its
//! requests for as many as the cell stood for when the request arrived.

use std::sync::Arc;

use super::load::{Arrivals, Load, Sent};
use super::notes::{Chooser, Fate, Noting};
use super::records::Records;
use super::replica::{Limits, Replica, Stride, Work};
use super::request::Request;
use super::router::{Router, Routing};
use super::step::{Pace, StepTable};
use super::ticks::{NEVER, Ticks};
use crate::kernel::Streams;

/// What becomes of the requests inside a replica that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostRequests {
    /// Sent to another replica of the cell from the beginning, as a client would.
    Retry,
    /// Sent to another replica with the tokens they have got, as a gateway that keeps them.
    Resume,
    /// Failed.
    Fail,
}

/// What a cell is told about one of its replicas.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    pub(super) pace: Pace,
    /// Steps at that pace; none when down.
    pub(super) table: Option<Arc<StepTable>>,
    /// When it takes requests, if it was down before.
    pub(super) up: Ticks,
}

/// One simulated cell.
#[derive(Debug)]
pub(super) struct Cell {
    multiplicity: u32,
    limits: Limits,
    replicas: Vec<Replica>,
    paces: Vec<Pace>,
    router: Router,
    load: Arc<Load>,
    /// None while the cell drains.
    arrivals: Option<Arrivals>,
    notes: Chooser,
    /// How far it has advanced.
    now: Ticks,
}

/// Arrivals are drawn this many at a time, which bounds memory however long the interval.
const BATCH: usize = 4096;

impl Cell {
    /// A cell of `replicas` empty replicas that draws from the streams of `entity`.
    pub(super) fn new(
        (entity, streams): (&str, &Streams),
        multiplicity: u32,
        (replicas, routing): (usize, Routing),
        (stride, limits): (Stride, &Limits),
        load: &Arc<Load>,
        table: &Arc<StepTable>,
        now: Ticks,
    ) -> Self {
        let replica = Replica::new(stride, limits, Arc::clone(table), now);
        Self {
            multiplicity,
            limits: *limits,
            replicas: vec![replica; replicas],
            paces: vec![Pace::FULL; replicas],
            router: Router::new(routing, replicas, streams.stream("routing", entity)),
            load: Arc::clone(load),
            arrivals: Some(Arrivals::new(load, (entity, streams), now)),
            notes: Chooser::new(Noting::None, (entity, streams)),
            now,
        }
    }

    /// Handles everything before `limit`.
    pub(super) fn advance(&mut self, limit: Ticks, records: &mut Records) {
        loop {
            let window = self.admit(limit, records);
            for (replica, pace) in self.replicas.iter_mut().zip(&self.paces) {
                if *pace != Pace::Down {
                    replica.advance(window, records);
                }
            }
            if window == limit {
                break;
            }
        }
        self.now = self.now.max(limit - 1);
    }

    /// Draws arrivals before `limit` and sends them to replicas. Returns the instant before
    /// which all arrivals are out.
    fn admit(&mut self, limit: Ticks, records: &mut Records) -> Ticks {
        let Some(mut arrivals) = self.arrivals.take() else { return limit };
        let weight = u64::from(self.multiplicity);
        let mut ahead = 0;
        while arrivals.next() < limit && ahead < BATCH {
            let Sent { at, class, prompt, output } = arrivals.take();
            let tally = records.of(class);
            tally.arrived += weight;
            tally.simulated += 1;
            let noted = self.notes.next();
            let request = Request::new(at, prompt, output, self.multiplicity);
            let request = Request { class, noted, ..request };
            if !self.limits.fits(&request) {
                records.lost(&request, at, Fate::Rejected);
            } else if !self.dispatch(at, request, records) {
                records.lost(&request, at, Fate::Failed);
            }
            // A router that looks at its replicas takes them along.
            ahead += usize::from(self.router.is_blind());
        }
        let window = arrivals.next().min(limit);
        self.arrivals = Some(arrivals);
        window
    }

    /// Sends `request` to a replica at `at`; false when none takes requests.
    fn dispatch(&mut self, at: Ticks, request: Request, records: &mut Records) -> bool {
        let Some(replica) = self.router.choose(at, &mut self.replicas, records) else {
            return false;
        };
        self.replicas[replica].send(at, request);
        self.router.sent(replica, at, &mut self.replicas, records);
        true
    }

    /// Tells of all iterations up to the instant that the cell stands at.
    pub(super) fn walk_to(&mut self, at: Ticks, records: &mut Records) {
        for replica in &mut self.replicas {
            replica.walk_to(at, records);
        }
    }

    /// Brings every replica into the state ordered at the instant the cell stands at.
    pub(super) fn obey(
        &mut self,
        at: Ticks,
        orders: &[Order],
        policy: LostRequests,
        records: &mut Records,
    ) {
        let mut lost = Vec::new();
        for (i, order) in orders.iter().enumerate() {
            let before = std::mem::replace(&mut self.paces[i], order.pace);
            let replica = &mut self.replicas[i];
            match (&order.table, before) {
                (None, Pace::Down) => {}
                (None, Pace::At(_)) => {
                    lost.extend(replica.evict(at, records));
                    self.router.set_up(i, NEVER);
                }
                (Some(table), Pace::Down) => {
                    replica.revive(at, table);
                    self.router.set_up(i, order.up);
                }
                (Some(_), _) if before == order.pace => {}
                (Some(table), Pace::At(_)) => replica.change(at, table),
            }
        }
        self.router.review(at, &mut self.replicas, records);
        lost.sort_by_key(|request| request.arrival);
        for request in lost {
            let weight = u64::from(request.weight);
            let request = match policy {
                LostRequests::Fail => {
                    records.lost(&request, at, Fate::Failed);
                    continue;
                }
                LostRequests::Retry => request.afresh(),
                LostRequests::Resume => request,
            };
            if self.dispatch(at, request, records) {
                records.of(request.class).retried += weight;
            } else {
                records.lost(&request, at, Fate::Failed);
            }
        }
    }

    /// Splits off a cell that stands for `members` of those this one stands for, with streams
    /// of its own from now on. Its requests take their share of the weight.
    ///
    /// # Panics
    ///
    /// When nothing would be left.
    pub(super) fn split(&mut self, members: u32, (entity, streams): (&str, &Streams)) -> Cell {
        assert!(members < self.multiplicity, "a cell that is struck whole is not split");
        self.multiplicity -= members;
        Cell {
            multiplicity: members,
            limits: self.limits,
            replicas: self.replicas.iter_mut().map(|r| r.split(|w| w.min(members))).collect(),
            paces: self.paces.clone(),
            router: self.router.with_stream(streams.stream("routing", entity)),
            load: Arc::clone(&self.load),
            arrivals: self
                .arrivals
                .as_ref()
                .map(|_| Arrivals::new(&self.load, (entity, streams), self.now + 1)),
            notes: self.notes.split((entity, streams)),
            now: self.now,
        }
    }

    /// Notes what becomes of some of the requests that arrive from now on.
    pub(super) fn note(&mut self, noting: Noting, names: (&str, &Streams)) {
        self.notes = Chooser::new(noting, names);
    }

    /// Lets the cell stand for `members` more.
    pub(super) fn adopt(&mut self, members: u32) {
        self.multiplicity += members;
    }

    /// Stops arrivals; what is inside is served.
    pub(super) fn drain(&mut self) {
        self.arrivals = None;
    }

    /// Nothing is inside.
    pub(super) fn is_empty(&self) -> bool {
        self.replicas.iter().all(Replica::is_empty)
    }

    pub(super) fn multiplicity(&self) -> u32 {
        self.multiplicity
    }

    pub(super) fn paces(&self) -> &[Pace] {
        &self.paces
    }

    /// Every replica serves at full speed.
    pub(super) fn is_whole(&self, at: Ticks) -> bool {
        self.paces.iter().all(|&p| p == Pace::FULL) && self.router.all_up(at)
    }

    /// Takes the energy of each replica up to `at`, in joules above idle GPUs, into `out`.
    pub(super) fn take_energy_j(&mut self, at: Ticks, out: &mut Vec<f64>) {
        out.clear();
        out.extend(self.replicas.iter_mut().map(|r| r.take_energy_j(at)));
    }

    /// Requests inside, by what they stand for.
    pub(super) fn in_flight(&self) -> u64 {
        self.replicas.iter().map(Replica::in_flight).sum()
    }

    pub(super) fn work(&self) -> Work {
        self.replicas.iter().map(Replica::work).fold(Work::default(), Work::plus)
    }
}
