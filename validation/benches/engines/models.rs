//! The models that every engine runs, and what they ask of it.

use std::collections::VecDeque;

use loadbank::kernel::{Span, Stream, Streams};
use serde::{Deserialize, Serialize};

/// Everything that can happen in the models, in one small type as a simulator has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Event {
    Fire(u32),
    Arrive,
    Leave,
    Answer(u32),
    GiveUp(u32),
}

/// What the handlers ask of an engine. Delays in ns, at least 1.
pub(crate) trait Engine {
    type Key;
    fn now(&self) -> u64;
    fn push(&mut self, delay: u64, event: Event);
    fn schedule(&mut self, delay: u64, event: Event) -> Self::Key;
    fn cancel(&mut self, key: Self::Key);
}

/// A model in the form of an event handler.
pub(crate) trait Model<K>: Send + 'static {
    fn start(&mut self, engine: &mut impl Engine<Key = K>);
    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>);
    fn tally(&self) -> Tally;
    fn horizon(&self) -> Horizon;
}

/// The part of a run that is not measured, and its end, ns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    pub(crate) warm: u64,
    pub(crate) end: u64,
}

impl Horizon {
    pub(crate) fn new(end_s: f64) -> Self {
        let end = (end_s * 1e9) as u64;
        Self { warm: end / 4, end }
    }
}

/// What happened, up to the horizon: engines that overshoot it are not told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) checksum: u64,
}

impl Tally {
    pub(crate) fn note(&mut self, now: u64, horizon: Horizon) {
        if now <= horizon.end {
            self.events += 1;
            self.checksum = self.checksum.rotate_left(5) ^ now;
        }
    }
}

/// Entities that each wait an exponential second, touch their state and wait again.
pub(crate) struct Hold {
    pub(crate) tally: Tally,
    pub(crate) horizon: Horizon,
    delays: Stream,
    pub(crate) entities: Vec<[u64; 8]>,
}

impl Hold {
    pub(crate) fn new(entities: u32, horizon_s: f64) -> Self {
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(horizon_s),
            delays: Streams::new(1, 0).stream("delay", "hold"),
            entities: vec![[0; 8]; entities as usize],
        }
    }

    pub(crate) fn delay(&mut self) -> u64 {
        draw(&mut self.delays, 1.0)
    }

    /// The event of an entity: returns when it has its next.
    pub(crate) fn fire(&mut self, now: u64, entity: u32) -> u64 {
        let state = &mut self.entities[entity as usize];
        state[0] += 1;
        state[7] ^= now;
        self.tally.note(now, self.horizon);
        self.delay()
    }
}

impl<K> Model<K> for Hold {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        for entity in 0..self.entities.len() as u32 {
            engine.push(self.delay(), Event::Fire(entity));
        }
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        if let Event::Fire(entity) = event {
            engine.push(self.fire(engine.now(), entity), event);
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// Customers before identical servers, first come first served, at 80 % of capacity.
pub(crate) struct Line {
    pub(crate) tally: Tally,
    pub(crate) horizon: Horizon,
    gaps: Stream,
    services: Stream,
    pub(crate) servers: u32,
    free: u32,
    waiting: VecDeque<u64>,
}

impl Line {
    pub(crate) fn new(servers: u32, customers: f64) -> Self {
        let streams = Streams::new(1, 0);
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(customers / (0.8 * f64::from(servers))),
            gaps: streams.stream("gap", "line"),
            services: streams.stream("service", "line"),
            servers,
            free: servers,
            waiting: VecDeque::new(),
        }
    }

    pub(crate) fn gap(&mut self) -> u64 {
        draw(&mut self.gaps, 1.0 / (0.8 * f64::from(self.servers)))
    }

    pub(crate) fn service(&mut self) -> u64 {
        draw(&mut self.services, 1.0)
    }
}

impl<K> Model<K> for Line {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        engine.push(self.gap(), Event::Arrive);
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        let now = engine.now();
        if let Event::Arrive = event {
            self.waiting.push_back(now);
            engine.push(self.gap(), Event::Arrive);
        } else {
            self.tally.note(now, self.horizon);
            self.free += 1;
        }
        if self.free > 0 && self.waiting.pop_front().is_some() {
            self.free -= 1;
            engine.push(self.service(), Event::Leave);
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// Entities that each wait for an answer but give up after a while. Nine of ten are answered.
pub(crate) struct Patience<K> {
    pub(crate) tally: Tally,
    pub(crate) horizon: Horizon,
    delays: Stream,
    pub(crate) pending: Vec<Option<[K; 2]>>,
}

impl<K> Patience<K> {
    pub(crate) fn new(entities: u32, horizon_s: f64) -> Self {
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(horizon_s),
            delays: Streams::new(1, 0).stream("delay", "patience"),
            pending: (0..entities).map(|_| None).collect(),
        }
    }

    /// Delays until the answer and until patience ends.
    pub(crate) fn plan(&mut self) -> [u64; 2] {
        [draw(&mut self.delays, 1.0), draw(&mut self.delays, 9.0)]
    }

    fn ask(&mut self, entity: u32, engine: &mut impl Engine<Key = K>) {
        let [answer, patience] = self.plan();
        let keys = [
            engine.schedule(answer, Event::Answer(entity)),
            engine.schedule(patience, Event::GiveUp(entity)),
        ];
        self.pending[entity as usize] = Some(keys);
    }
}

impl<K: Send + 'static> Model<K> for Patience<K> {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        for entity in 0..self.pending.len() as u32 {
            self.ask(entity, engine);
        }
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        let (Event::Answer(entity) | Event::GiveUp(entity)) = event else { return };
        self.tally.note(engine.now(), self.horizon);
        if let Some([answer, patience]) = self.pending[entity as usize].take() {
            engine.cancel(if let Event::Answer(_) = event { patience } else { answer });
        }
        self.ask(entity, engine);
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// An exponential delay in ns; never zero, which nexosim does not accept.
fn draw(stream: &mut Stream, mean_s: f64) -> u64 {
    1 + Span::from_secs_f64(stream.exponential(mean_s)).as_nanos()
}
