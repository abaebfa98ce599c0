//! A cell: some replicas behind one router, with arrivals of their own.
//!
//! A cell is an island. It knows no other cell and no rack; between two changes from outside
//! it advances alone. One simulated cell stands for `multiplicity` alike ones, and each of its
//! requests for as many as the cell stood for when the request arrived.

use std::collections::VecDeque;
use std::sync::Arc;

use super::design::LostRequests;
use super::load::{Arrivals, Clients, Sent};
use super::notes::{Chooser, Fate, Noting};
use super::prefix::{Chains, Piece};
use super::records::Records;
use super::replica::{Replica, Work};
use super::request::{Request, Sink};
use super::router::Router;
use super::scaling::{Phase, Scaling};
use super::serving::{CellDesign, Link, Luck};
use super::step::{Pace, StepTable};
use super::ticks::{NEVER, Ticks};
use crate::kernel::Streams;

mod skip;
mod split;

pub(super) use skip::Halt;

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
#[derive(Debug, Clone)]
pub(super) struct Cell {
    design: Arc<CellDesign>,
    multiplicity: u32,
    replicas: Vec<Replica>,
    paces: Vec<Pace>,
    /// Sends requests to the replicas of the first stage: all, or those that prefill.
    router: Router,
    /// What comes after them, where they only prefill.
    decoding: Option<Decoding>,
    /// None while the cell drains.
    arrivals: Option<Arrivals>,
    /// Clients that wait for their answers, where there are any and the cell does not drain.
    clients: Option<Clients>,
    /// What each class has under way and at its gate, where it is bounded.
    gates: Vec<Option<Gate>>,
    /// Requests that have left, where somebody waits for that.
    left: Vec<Left>,
    notes: Chooser,
    /// Which replicas are awake, where their number follows the load.
    scaling: Option<Scaling>,
    /// Steps of each replica at its pace; none when down.
    tables: Vec<Option<Arc<StepTable>>>,
    luck: Luck,
    /// What the prompts of the requests inside share with others.
    chains: Chains,
    /// When whoever was sent to a replica gives up if it still waits there, by rising time.
    deadlines: VecDeque<(Ticks, usize)>,
    /// Requests of clients that try again, by rising time.
    returns: VecDeque<(Ticks, Request)>,
    /// How far it has advanced, on its own clock.
    now: Ticks,
    /// What its clock lags behind that of the run: the time that it was not simulated.
    lag: Ticks,
    /// Requests that it has received, each counted once, skipped ones included.
    received: u64,
    /// Those that were skipped and not told of yet, by class.
    skipped: Vec<u64>,
}

/// The second stage of a cell: a link that brings KV memory to the replicas that decode.
///
/// Transfers take the link one after the other, in order of the first tokens.
#[derive(Debug, Clone)]
struct Decoding {
    link: Link,
    router: Router,
    /// When each link is free.
    free: Vec<Ticks>,
    /// What replicas have handed over since the link was last looked at.
    handed: Vec<(Ticks, Request)>,
    /// Requests on the link, by rising time of arrival.
    transfers: VecDeque<(Ticks, Request)>,
}

/// The requests of a class of which only so many may be under way.
#[derive(Debug, Clone)]
struct Gate {
    most: u32,
    inside: u32,
    /// By rising time of arrival.
    waiting: VecDeque<Request>,
}

/// A request that has left.
#[derive(Debug, Clone, Copy)]
struct Left {
    at: Ticks,
    class: u16,
    client: u32,
    answered: bool,
}

/// What became of a request that was sent to a replica.
enum Door {
    In,
    /// The chosen replica has too many that wait.
    Full,
    /// No replica takes requests.
    Dark,
}

/// Tells the records, takes what is handed over, and knows what prompts share.
struct Floor<'a> {
    records: &'a mut Records,
    chains: &'a mut Chains,
    handed: Option<&'a mut Vec<(Ticks, Request)>>,
    /// Where somebody waits for those that leave.
    left: Option<&'a mut Vec<Left>>,
}

impl Floor<'_> {
    /// A request leaves without having been served.
    fn lost(&mut self, request: &Request, at: Ticks, fate: Fate) {
        self.records.lost(request, at, fate);
        self.chains.forget(request.prefix);
        self.leaves(request, at, false);
    }

    #[inline]
    fn leaves(&mut self, request: &Request, at: Ticks, answered: bool) {
        if let Some(left) = &mut self.left {
            let Request { class, client, .. } = *request;
            left.push(Left { at, class, client, answered });
        }
    }
}

impl Sink for Floor<'_> {
    #[inline]
    fn chain(&self, number: u32) -> &[Piece] {
        self.chains.of(number)
    }

    #[inline]
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        self.records.gaps(first, growth, k, class, weight);
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        self.records.finished(request, at);
        self.chains.forget(request.prefix);
        self.leaves(request, at, true);
    }

    fn handed_over(&mut self, request: &Request, at: Ticks) {
        let handed = self.handed.as_mut().expect("only cells with a second stage hand over");
        handed.push((at, *request));
    }
}

/// The sink of a cell's replicas, without a hold on the rest of the cell.
macro_rules! floor {
    ($cell:expr, $records:expr) => {
        Floor {
            records: $records,
            chains: &mut $cell.chains,
            handed: $cell.decoding.as_mut().map(|d| &mut d.handed),
            left: $cell.design.is_watched.then_some(&mut $cell.left),
        }
    };
}

fn is_asleep(scaling: &Option<Scaling>, index: usize) -> bool {
    scaling.as_ref().is_some_and(|scaling| scaling.phases[index] == Phase::Asleep)
}

fn is_draining(scaling: &Option<Scaling>, index: usize) -> bool {
    scaling.as_ref().is_some_and(|scaling| scaling.phases[index] == Phase::Draining)
}

/// Arrivals are drawn this many at a time, which bounds memory however long the interval.
const BATCH: usize = 4096;

impl Cell {
    /// A cell of empty replicas, those of each pool at one of `tables`, that draws from the streams
    /// of `entity`.
    pub(super) fn new(
        (entity, streams): (&str, &Streams),
        multiplicity: u32,
        design: &Arc<CellDesign>,
        tables: &[Arc<StepTable>],
        now: Ticks,
    ) -> Self {
        let first = design.first_stage();
        let router = |replicas, purpose| {
            Router::new(design.routing, replicas, streams.stream(purpose, entity))
        };
        Self {
            multiplicity,
            replicas: (0..design.replicas).map(|i| design.replica(i, tables, now)).collect(),
            paces: vec![Pace::FULL; design.replicas],
            router: router(first, "routing"),
            decoding: design.link.map(|link| Decoding {
                link,
                router: router(design.replicas - first, "decode routing"),
                free: vec![now; link.links],
                handed: Vec::new(),
                transfers: VecDeque::new(),
            }),
            arrivals: Some(Arrivals::new(&design.load, (entity, streams), now)),
            clients: design.load.clients((entity, streams), now),
            gates: design
                .in_flight
                .iter()
                .map(|most| most.map(|most| Gate { most, inside: 0, waiting: VecDeque::new() }))
                .collect(),
            left: Vec::new(),
            scaling: design.scaling.map(|scaling| Scaling::new(&scaling, design.replicas)),
            tables: design.pools.iter().map(|&pool| Some(Arc::clone(&tables[pool]))).collect(),
            luck: Luck::new((entity, streams)),
            chains: Chains::new(&design.prefixes),
            notes: Chooser::new(Noting::None, (entity, streams)),
            deadlines: VecDeque::new(),
            returns: VecDeque::new(),
            skipped: vec![0; design.in_flight.len()],
            design: Arc::clone(design),
            now,
            lag: 0,
            received: 0,
        }
    }

    /// Handles everything before `limit`.
    pub(super) fn advance(&mut self, limit: Ticks, records: &mut Records) {
        records.stand(self.lag);
        let limit = self.own(limit);
        let first = self.design.first_stage();
        loop {
            let window = self.admit(limit, records);
            let mut sink = floor!(self, records);
            for (index, replica) in self.replicas[..first].iter_mut().enumerate() {
                if self.paces[index] != Pace::Down && !is_asleep(&self.scaling, index) {
                    replica.advance(window, &mut sink);
                }
            }
            self.decode(window, records);
            if window == limit {
                break;
            }
        }
        self.now = self.now.max(limit - 1);
    }

    /// Sends what arrives and comes back before `limit` to replicas, and lets go who gives up.
    /// Returns the instant before which all of that is done.
    fn admit(&mut self, limit: Ticks, records: &mut Records) -> Ticks {
        // Where nothing depends on the state of replicas, requests are dealt out ahead of it.
        let is_blind = self.router.is_blind()
            && self.design.patience.is_none()
            && self.design.max_waiting.is_none()
            && !self.design.is_watched;
        let mut ahead = 0;
        loop {
            // Whoever waits for what leaves must know of all that has left before the next event.
            let limit = match self.design.is_watched {
                true => {
                    self.answer();
                    limit.min(self.next_leave().saturating_add(1))
                }
                false => limit,
            };
            let arrival = self.arrivals.as_ref().map_or(NEVER, Arrivals::next);
            let arrival = self.own(arrival);
            let back = self.returns.front().map_or(NEVER, |&(at, _)| at);
            let deadline = self.deadlines.front().map_or(NEVER, |&(at, _)| at);
            let due = self.clients.as_ref().map_or(NEVER, Clients::next);
            let at = arrival.min(back).min(deadline).min(due);
            if at >= limit || ahead >= BATCH {
                return at.min(limit);
            }
            if deadline == at {
                self.give_up(records);
            } else if back == at {
                let (_, mut request) = self.returns.pop_front().expect("somebody comes back");
                self.try_to_send(at, &mut request, records);
            } else if due == at {
                let clients = self.clients.as_mut().expect("a client is due");
                let sent = clients.take().into();
                self.receive(sent, records);
            } else {
                let arrivals = self.arrivals.as_mut().expect("there is a next arrival");
                let mut sent = arrivals.take();
                sent.at = at;
                self.receive(sent, records);
            }
            ahead += usize::from(is_blind);
        }
    }

    /// An instant before which nothing leaves.
    fn next_leave(&self) -> Ticks {
        let replicas = self.replicas.iter().map(Replica::next_leave).min().unwrap_or(NEVER);
        let transfer = self.decoding.as_ref().and_then(|d| d.transfers.front());
        replicas.min(transfer.map_or(NEVER, |&(ready, _)| ready))
    }

    /// Tells clients and gates of what has left.
    fn answer(&mut self) {
        // In an order that does not depend on how replicas keep their batches.
        self.left.sort_unstable_by_key(|left| (left.at, left.class, left.client));
        for Left { at, class, client, answered } in self.left.drain(..) {
            if let Some(clients) = self.clients.as_mut().filter(|_| client > 0) {
                clients.left(at, client, answered);
            }
            if let Some(gate) = &mut self.gates[usize::from(class)] {
                gate.inside -= 1;
                if let Some(request) = gate.waiting.pop_front() {
                    gate.inside += 1;
                    let place = self.returns.partition_point(|&(other, _)| other <= at + 1);
                    self.returns.insert(place, (at + 1, request));
                }
            }
        }
    }

    /// Takes what was sent.
    fn receive(&mut self, sent: Sent, records: &mut Records) {
        let (at, class) = (sent.at, sent.class);
        let mut request =
            self.luck.request(&self.design, sent, self.multiplicity, &mut self.chains);
        request.noted = self.notes.next();
        let tally = records.of(class);
        tally.arrived += u64::from(request.weight);
        tally.simulated += 1;
        self.received += 1;
        if self.design.fits(&request) {
            if let Some(gate) = &mut self.gates[usize::from(class)] {
                if gate.inside >= gate.most {
                    gate.waiting.push_back(request);
                    return;
                }
                gate.inside += 1;
            }
            self.try_to_send(at, &mut request, records);
        } else {
            // It leaves without having passed the gate.
            if let Some(gate) = &mut self.gates[usize::from(class)] {
                gate.inside += 1;
            }
            floor!(self, records).lost(&request, at, Fate::Rejected);
        }
    }

    /// Lets go those who wait where the next deadline says and have waited for too long.
    fn give_up(&mut self, records: &mut Records) {
        let (at, index) = self.deadlines.pop_front().expect("there is a next deadline");
        let patience = self.design.patience.expect("only patience ends");
        if self.paces[index] == Pace::Down || is_asleep(&self.scaling, index) {
            return;
        }
        let first = self.design.first_stage();
        let mut sink = floor!(self, records);
        self.replicas[index].advance(at, &mut sink);
        let gone = self.replicas[index].give_up(at, patience);
        if gone.is_empty() {
            return;
        }
        self.router.recheck(index, at, &mut self.replicas[..first], &mut sink);
        for request in gone {
            let weight = u64::from(request.weight);
            if request.attempts < self.design.retries {
                records.of(request.class).retried += weight;
                let again = Request { attempts: request.attempts + 1, ..request };
                self.returns.push_back((at + self.design.backoff, again));
            } else {
                floor!(self, records).lost(&request, at, Fate::Failed);
                records.of(request.class).timed_out += weight;
            }
        }
    }

    /// Sends `request` to a replica at `at`, or counts it as rejected or failed. Returns
    /// whether it is in.
    fn try_to_send(&mut self, at: Ticks, request: &mut Request, records: &mut Records) -> bool {
        let fate = match self.dispatch(at, request, records) {
            Door::In => return true,
            Door::Full => Fate::Rejected,
            Door::Dark => Fate::Failed,
        };
        floor!(self, records).lost(request, at, fate);
        false
    }

    #[inline]
    fn dispatch(&mut self, at: Ticks, request: &mut Request, records: &mut Records) -> Door {
        let replicas = &mut self.replicas[..self.design.first_stage()];
        let mut sink = floor!(self, records);
        let Some(chosen) = self.router.choose(at, request, replicas, &mut sink) else {
            return Door::Dark;
        };
        if let Some(most) = self.design.max_waiting {
            replicas[chosen].advance(at, &mut sink);
            if replicas[chosen].waiting() >= most {
                return Door::Full;
            }
        }
        request.sent = at;
        let overhead = self.design.overhead[self.design.pools[chosen]];
        replicas[chosen].send(at + overhead, request);
        self.router.sent(chosen, at, replicas, &mut sink);
        if self.design.is_watched {
            // What may leave next is known of replicas that stand at what they were sent last.
            replicas[chosen].advance(at, &mut sink);
        }
        if let Some(patience) = self.design.patience {
            self.deadlines.push_back((at + patience, chosen));
        }
        Door::In
    }

    /// Brings what was handed over to the replicas that decode, and those to `window`.
    fn decode(&mut self, window: Ticks, records: &mut Records) {
        let Some(decoding) = &mut self.decoding else { return };
        let Decoding { link, router, free, handed, transfers } = decoding;
        handed.sort_by_key(|(at, request)| (*at, request.arrival));
        for (at, request) in handed.drain(..) {
            // The link that is free first.
            let free = free.iter_mut().min().expect("a cell has a link");
            *free = link.carries(&request, at, *free);
            let ready = *free + link.latency;
            let place = transfers.partition_point(|&(other, _)| other <= ready);
            transfers.insert(place, (ready, request));
        }
        let (replicas, paces) = (&mut self.replicas[link.prefill..], &self.paces[link.prefill..]);
        let left = self.design.is_watched.then_some(&mut self.left);
        let mut floor = Floor { records, chains: &mut self.chains, handed: None, left };
        while let Some(&(ready, request)) = transfers.front()
            && ready < window
        {
            transfers.pop_front();
            match router.choose(ready, &request, replicas, &mut floor) {
                Some(chosen) => {
                    replicas[chosen].send(ready, &request);
                    router.sent(chosen, ready, replicas, &mut floor);
                }
                None => floor.lost(&request, ready, Fate::Failed),
            }
        }
        for (replica, pace) in replicas.iter_mut().zip(paces) {
            if *pace != Pace::Down {
                replica.advance(window, &mut floor);
            }
        }
    }

    /// An instant of the run on its own clock.
    #[inline]
    fn own(&self, at: Ticks) -> Ticks {
        if at == NEVER { NEVER } else { at.saturating_sub(self.lag) }
    }

    /// Tells of all iterations up to the instant that the cell stands at.
    pub(super) fn walk_to(&mut self, at: Ticks, records: &mut Records) {
        records.stand(self.lag);
        let at = self.own(at);
        let mut sink = floor!(self, records);
        for replica in &mut self.replicas {
            replica.walk_to(at, &mut sink);
        }
    }

    /// Brings every replica into the state ordered at the instant the cell stands at.
    pub(super) fn obey(&mut self, at: Ticks, orders: &[Order], records: &mut Records) {
        records.stand(self.lag);
        let at = self.own(at);
        let mut lost = Vec::new();
        for (i, order) in orders.iter().enumerate() {
            let before = std::mem::replace(&mut self.paces[i], order.pace);
            self.tables[i].clone_from(&order.table);
            if is_asleep(&self.scaling, i) {
                continue;
            }
            let mut sink = floor!(self, records);
            let replica = &mut self.replicas[i];
            match (&order.table, before) {
                (None, Pace::Down) => {}
                (None, Pace::At(_)) => {
                    lost.extend(replica.evict(at, &mut sink));
                    self.set_up(i, NEVER);
                }
                (Some(table), Pace::Down) => {
                    replica.revive(at, table);
                    if !is_draining(&self.scaling, i) {
                        self.set_up(i, self.own(order.up));
                    }
                }
                (Some(_), _) if before == order.pace => {}
                (Some(table), Pace::At(_)) => replica.change(at, table),
            }
        }
        let (first, second) = self.replicas.split_at_mut(self.design.first_stage());
        self.router.review(at, first, &mut floor!(self, records));
        if let Some(decoding) = &mut self.decoding {
            let left = self.design.is_watched.then_some(&mut self.left);
            let mut floor = Floor { records, chains: &mut self.chains, handed: None, left };
            decoding.router.review(at, second, &mut floor);
        }
        lost.sort_by_key(|request| request.arrival);
        for request in lost {
            let (weight, class) = (u64::from(request.weight), request.class);
            let mut request = match self.design.lost_requests {
                LostRequests::Fail => {
                    floor!(self, records).lost(&request, at, Fate::Failed);
                    continue;
                }
                LostRequests::Retry => request.afresh(),
                LostRequests::Resume => request,
            };
            if self.try_to_send(at, &mut request, records) {
                records.of(class).retried += weight;
            }
        }
    }

    /// Wakes replicas or lets some sleep at the instant that the cell stands at.
    pub(super) fn rescale(&mut self, at: Ticks, records: &mut Records) {
        let Some(mut scaling) = self.scaling.take() else { return };
        records.stand(self.lag);
        let at = self.own(at);
        let inside = self.replicas.iter().map(Replica::requests).sum::<u64>();
        let wanted = scaling.wanted(at, inside);
        let mut changed = false;
        for index in 0..self.replicas.len() {
            let Some(table) = &self.tables[index] else { continue };
            if scaling.awake() < wanted && scaling.phases[index] != Phase::Awake {
                let up = match scaling.phases[index] {
                    Phase::Asleep => {
                        self.replicas[index].revive(at, table);
                        at + scaling.start()
                    }
                    _ => at,
                };
                scaling.phases[index] = Phase::Awake;
                self.router.set_up(index, up);
                changed = true;
            }
        }
        for index in (0..self.replicas.len()).rev() {
            if scaling.awake() > wanted && scaling.phases[index] == Phase::Awake {
                scaling.phases[index] = Phase::Draining;
                self.router.set_up(index, NEVER);
                changed = true;
            }
            if scaling.phases[index] == Phase::Draining && self.replicas[index].is_empty() {
                scaling.phases[index] = Phase::Asleep;
                if self.paces[index] != Pace::Down {
                    let nobody = self.replicas[index].evict(at, &mut floor!(self, records));
                    assert!(nobody.is_empty(), "an empty replica goes to sleep");
                }
            }
        }
        self.scaling = Some(scaling);
        if changed {
            self.router.review(at, &mut self.replicas, &mut floor!(self, records));
        }
    }

    /// Replica `index` takes requests from `up` on.
    fn set_up(&mut self, index: usize, up: Ticks) {
        match (&mut self.decoding, index.checked_sub(self.design.first_stage())) {
            (Some(decoding), Some(index)) => decoding.router.set_up(index, up),
            _ => self.router.set_up(index, up),
        }
    }

    /// Notes what becomes of some of the requests that arrive from now on.
    pub(super) fn note(&mut self, noting: Noting, names: (&str, &Streams)) {
        self.notes = Chooser::new(noting, names);
    }

    /// Nothing is inside.
    pub(super) fn is_empty(&self) -> bool {
        let on_link = self.decoding.as_ref().map_or(0, |d| d.transfers.len());
        let at_gates = self.gates.iter().flatten().all(|gate| gate.waiting.is_empty());
        self.replicas.iter().all(Replica::is_empty)
            && self.returns.is_empty()
            && on_link == 0
            && at_gates
    }

    pub(super) fn multiplicity(&self) -> u32 {
        self.multiplicity
    }

    pub(super) fn paces(&self) -> &[Pace] {
        &self.paces
    }

    /// Every replica serves at full speed.
    pub(super) fn is_whole(&self, at: Ticks) -> bool {
        let at = self.own(at);
        let up = match (&self.scaling, &self.decoding) {
            // What is asleep is whole too; what starts is no sign of harm.
            (Some(_), _) => true,
            (_, Some(decoding)) => self.router.all_up(at) && decoding.router.all_up(at),
            _ => self.router.all_up(at),
        };
        up && self.paces.iter().all(|&pace| pace == Pace::FULL)
    }

    /// Takes the energy of each replica up to `at`, in joules above idle GPUs, into `out`.
    pub(super) fn take_energy_j(&mut self, at: Ticks, out: &mut Vec<f64>) {
        let at = self.own(at);
        out.clear();
        out.extend(self.replicas.iter_mut().map(|r| r.take_energy_j(at)));
    }

    /// Adds the part of each class in the energy that was taken last to `out`, J.
    pub(super) fn take_shares_j(&mut self, out: &mut [f64]) {
        self.replicas.iter_mut().for_each(|replica| replica.take_shares_j(out));
    }

    /// Requests inside, by what they stand for.
    pub(super) fn in_flight(&self) -> u64 {
        let on_link = self.decoding.iter().flat_map(|decoding| &decoding.transfers);
        let outside = on_link.chain(&self.returns).map(|(_, r)| u64::from(r.weight)).sum::<u64>();
        let at_gates = self.gates.iter().flatten().flat_map(|gate| &gate.waiting);
        let at_gates = at_gates.map(|r| u64::from(r.weight)).sum::<u64>();
        self.replicas.iter().map(Replica::in_flight).sum::<u64>() + outside + at_gates
    }

    pub(super) fn work(&self) -> Work {
        self.replicas.iter().map(Replica::work).fold(Work::default(), Work::plus)
    }
}
