//! What clients send: when, how long, and of which class.
//!
//! A class of requests is what its clients send, drawn one by one. A cell merges what all
//! clients of all classes send into one stream in order of time, and holds one request of
//! each client at a time.

mod closed;
mod format;
mod gaps;
mod histogram;
mod lengths;
mod piece;
mod rate;
mod recorded;
mod row;
mod servegen;
mod trace;

use std::sync::Arc;

pub(super) use closed::Clients;
pub use closed::{ClosedDesign, SessionDesign, ThinkLaw};
pub use format::{AnswerColumns, BURST_GPT, BlockLines, JsonRows, TableRows, TraceFormat};
pub use gaps::GapLaw;
pub use histogram::Histogram;
pub use lengths::LengthLaw;
pub use rate::{NoiseDesign, RateDesign};
pub use recorded::{Record, RecordedClient, RecordedDesign, RecordedWindow};
pub use row::TraceRow;
pub use servegen::{Chunk, LengthWindow, RateWindow, RateWindows, gather, read_lengths};
pub(super) use trace::told_span;
pub use trace::{Rows, TraceDesign, TraceReader, TraceReport, TraceRows};

use super::prefix::Piece;
use super::ticks::{NEVER, Ticks};
use super::tournament::Tournament;
use crate::kernel::{Span, Stream, Streams};
use closed::{Turn, Waiting};
use gaps::Gaps;
use lengths::Lengths;
use rate::{RateTable, Reached, Walk};
use recorded::Windows;
use trace::Player;

/// Most clients of a class.
pub const MOST_CLIENTS: usize = 4096;

/// The requests that one cell receives.
#[derive(Debug, Clone)]
pub struct LoadDesign {
    /// Classes of requests; at least one.
    pub classes: Vec<ClassDesign>,
}

/// Requests that are counted together and share their targets.
#[derive(Debug, Clone)]
pub struct ClassDesign {
    /// Its name; empty for the only class of a service that names none.
    pub name: String,
    /// What its requests are meant to keep to.
    pub targets: Targets,
    /// Requests of classes with a lower number are admitted first.
    pub priority: u8,
    /// Prefixes that its prompts begin with, beside the tokens that are drawn.
    pub prefixes: Option<SharedPrefixes>,
    /// Most of its requests that are under way in a cell; those beyond wait at its gate.
    pub in_flight: Option<u32>,
    /// Where its requests come from.
    pub source: SourceDesign,
}

/// Prefixes that the requests of a class share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedPrefixes {
    /// How many there are.
    pub count: u32,
    /// Tokens of each.
    pub tokens: u32,
    /// The `i`th most popular one is chosen with a probability proportional to `i^-skew`.
    pub skew: f64,
}

/// Where the requests of a class come from.
#[derive(Debug, Clone)]
pub enum SourceDesign {
    /// They are drawn.
    Drawn {
        /// How the rates of the clients vary together.
        rate: RateDesign,
        /// Who sends them.
        clients: Vec<ClientDesign>,
    },
    /// They are drawn as a record tells of its clients, window by window. Every cell receives all of
    /// them, with luck of its own.
    Recorded(RecordedDesign),
    /// They were recorded. Every cell plays the whole trace.
    Trace(TraceDesign),
    /// Clients that wait for their answers send them.
    Closed(ClosedDesign),
}

/// Bounds that a request is meant to keep to. They are measured, and decide nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Targets {
    /// For the time to the first token.
    pub ttft: Option<Span>,
    /// For the mean time between the tokens of a request.
    pub tpot: Option<Span>,
}

/// One source of alike requests.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientDesign {
    /// Mean arrivals a second.
    pub rate_per_s: f64,
    /// Law of the gaps between arrivals.
    pub gaps: GapLaw,
    /// Prompt tokens.
    pub prompt: LengthLaw,
    /// Generated tokens.
    pub output: LengthLaw,
}

impl LoadDesign {
    /// One class without a name from one client: Poisson arrivals at a constant rate.
    pub fn poisson(rate_per_s: f64, prompt: LengthLaw, output: LengthLaw) -> Self {
        let client = ClientDesign { rate_per_s, gaps: GapLaw::Exponential, prompt, output };
        Self {
            classes: vec![ClassDesign {
                name: String::new(),
                targets: Targets::default(),
                priority: 0,
                prefixes: None,
                in_flight: None,
                source: SourceDesign::Drawn { rate: RateDesign::constant(), clients: vec![client] },
            }],
        }
    }

    /// Mean arrivals a second of all classes.
    pub fn rate_per_s(&self) -> f64 {
        self.classes.iter().map(ClassDesign::rate_per_s).sum()
    }
}

impl ClassDesign {
    /// A class without a name or targets that plays `trace`.
    pub fn played(trace: TraceDesign) -> Self {
        let source = SourceDesign::Trace(trace);
        Self {
            name: String::new(),
            targets: Targets::default(),
            priority: 0,
            prefixes: None,
            in_flight: None,
            source,
        }
    }

    /// Mean arrivals a second; zero of clients that wait for their answers, whose rate the run finds.
    pub fn rate_per_s(&self) -> f64 {
        match &self.source {
            SourceDesign::Drawn { clients, .. } => clients.iter().map(|c| c.rate_per_s).sum(),
            SourceDesign::Recorded(recorded) => recorded.rate_per_s(),
            SourceDesign::Trace(trace) => trace.rate_per_s(),
            SourceDesign::Closed(_) => 0.0,
        }
    }

    /// What its requests come from and when that ends, s after the start of the run; none where it
    /// does not.
    pub fn ends(&self) -> Option<(&'static str, f64)> {
        match &self.source {
            SourceDesign::Trace(trace) => Some(("trace", trace.length_s()?)),
            SourceDesign::Recorded(recorded) => Some(("record", recorded.length_s()?)),
            SourceDesign::Drawn { .. } | SourceDesign::Closed(_) => None,
        }
    }
}

/// A request as its client sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// When.
    pub(super) at: Ticks,
    /// Index of its class.
    pub(super) class: u16,
    pub(super) prompt: u32,
    pub(super) output: u32,
    /// The client that waits for it, counted from 1; 0 where none does.
    pub(super) client: u32,
    pub(super) shares: Shares,
}

/// What a prompt has in common with others, as its source tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shares {
    Nothing,
    /// The identities of its blocks, of so many tokens each.
    Blocks(Vec<u64>, u32),
    /// What it, and then its answer, adds to a session and finds of it.
    Session(Box<[Piece]>),
}

impl From<Turn> for Sent {
    fn from(turn: Turn) -> Sent {
        let Turn { at, class, prompt, output, session, client } = turn;
        let shares = session.map_or(Shares::Nothing, Shares::Session);
        Sent { at, class, prompt, output, client, shares }
    }
}

/// A load made ready to draw from; shared by all cells of a service.
#[derive(Debug)]
pub(super) struct Load {
    sources: Vec<SourceOf>,
    /// Clients that wait for their answers.
    closed: Arc<[Waiting]>,
}

/// One source of requests and the class that they are of.
#[derive(Debug)]
struct SourceOf {
    class: u16,
    source: Ready,
}

#[derive(Debug)]
enum Ready {
    Client(Box<Client>),
    Trace(TraceDesign),
}

/// Tables of one client.
#[derive(Debug)]
struct Client {
    /// Ends the names of its streams, so that another class or client moves none of its draws.
    suffix: String,
    /// Names the noise, which all clients of a class share.
    noise: String,
    rate: RateTable,
    /// Laws of gaps, for the pieces of its rate to choose from.
    gaps: Vec<Gaps>,
    /// Laws of prompt and generated tokens, likewise.
    lengths: Vec<[Lengths; 2]>,
}

impl Load {
    /// Compiles `design` for a service of name `service`.
    pub(super) fn new(design: &LoadDesign, service: &str) -> Arc<Load> {
        let (mut sources, mut closed) = (Vec::new(), Vec::new());
        for (index, class) in design.classes.iter().enumerate() {
            let of_class =
                if class.name.is_empty() { String::new() } else { format!(":{}", class.name) };
            let mut add = |source| sources.push(SourceOf { class: index as u16, source });
            let (rate, clients) = match &class.source {
                SourceDesign::Drawn { rate, clients } => (rate, clients),
                SourceDesign::Recorded(design) => {
                    let edges = recorded::edges(&design.record);
                    let compiled = |(prompt, output): &(Histogram, Histogram)| {
                        [prompt, output].map(Lengths::counted)
                    };
                    for client in &design.record.clients {
                        let (windows, gaps) = Windows::new(design, client, &edges);
                        add(Ready::Client(Box::new(Client {
                            suffix: format!("{of_class}#{}", client.number),
                            noise: format!("{service}{of_class}"),
                            rate: RateTable::recorded(windows, design.end),
                            gaps,
                            lengths: client.lengths.iter().map(compiled).collect(),
                        })));
                    }
                    continue;
                }
                SourceDesign::Trace(trace) => {
                    add(Ready::Trace(trace.clone()));
                    continue;
                }
                SourceDesign::Closed(design) => {
                    closed.push(Waiting::new(design, index as u16, of_class));
                    continue;
                }
            };
            for (number, client) in clients.iter().enumerate() {
                let of_client = if number == 0 { String::new() } else { format!("#{number}") };
                add(Ready::Client(Box::new(Client {
                    suffix: format!("{of_class}{of_client}"),
                    noise: format!("{service}{of_class}"),
                    rate: RateTable::new(rate, client.rate_per_s),
                    gaps: vec![Gaps::new(&client.gaps)],
                    lengths: vec![[&client.prompt, &client.output].map(Lengths::new)],
                })));
            }
        }
        Arc::new(Load { sources, closed: closed.into() })
    }

    /// Its clients that wait for their answers, from `from` on; none where there are none.
    pub(super) fn clients(&self, names: (&str, &Streams), from: Ticks) -> Option<Clients> {
        Clients::new(&self.closed, names, from)
    }
}

/// What one cell receives, in order of time; sources that send at the same tick in their order.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    load: Arc<Load>,
    sources: Vec<Source>,
    /// The next arrival of each source, where there are several.
    order: Tournament,
}

/// A source and when its next request comes.
#[derive(Debug, Clone)]
struct Source {
    next: Ticks,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Drawing(Drawing),
    Playing(Player),
}

#[derive(Debug, Clone)]
struct Drawing {
    walk: Walk,
    arrivals: Stream,
    lengths: Stream,
}

impl Arrivals {
    /// Arrivals from `from` on; what is drawn comes from the streams of `entity`.
    pub(super) fn new(load: &Arc<Load>, names: (&str, &Streams), from: Ticks) -> Self {
        let sources: Vec<Source> =
            load.sources.iter().map(|of| Source::new(&of.source, names, from)).collect();
        let mut order = Tournament::new(sources.len());
        for (index, source) in sources.iter().enumerate() {
            order.set(index, source.next);
        }
        Self { load: Arc::clone(load), sources, order }
    }

    /// The next arrival; [`NEVER`] when none will come.
    pub(super) fn next(&self) -> Ticks {
        match self.sources.as_slice() {
            [only] => only.next,
            [] => NEVER,
            _ => self.order.least(),
        }
    }

    /// Takes the next arrival away.
    ///
    /// # Panics
    ///
    /// When none will come.
    pub(super) fn take(&mut self) -> Sent {
        let index = if self.sources.len() == 1 { 0 } else { self.order.winner() };
        let SourceOf { class, source } = &self.load.sources[index];
        let Source { next, state } = &mut self.sources[index];
        let at = *next;
        assert!(at < NEVER, "there is a next arrival");
        let (prompt, output);
        let mut shares = Shares::Nothing;
        match (state, source) {
            (State::Drawing(drawing), Ready::Client(client)) => {
                let [of_prompt, of_output] = &client.lengths[drawing.walk.lengths()];
                prompt = of_prompt.draw(&mut drawing.lengths);
                output = of_output.draw(&mut drawing.lengths);
                *next = drawing.next(client, at);
            }
            (State::Playing(player), _) => {
                (prompt, output) = (player.row.prompt, player.row.output);
                if !player.row.blocks.is_empty() {
                    let blocks = std::mem::take(&mut player.row.blocks);
                    shares = Shares::Blocks(blocks, player.row.block_tokens);
                }
                *next = player.advance();
            }
            (State::Drawing(_), Ready::Trace(_)) => unreachable!("a trace is not drawn"),
        }
        if self.sources.len() > 1 {
            self.order.set(index, self.sources[index].next);
        }
        Sent { at, class: *class, prompt, output, client: 0, shares }
    }
}

/// Where drawn arrivals stand, so that they can be drawn anew from there.
#[derive(Debug)]
pub(super) struct Mark(Vec<(Ticks, Drawing)>);

/// Arrivals that can be passed over and drawn again: those of clients, not those of a trace.
impl Arrivals {
    /// Passes over what comes before `limit`: nobody asks how long it is. Tells `passed` of each class
    /// how many there are, in no order and in parts.
    ///
    /// # Panics
    ///
    /// When a trace is played.
    pub(super) fn pass(&mut self, limit: Ticks, mut passed: impl FnMut(u16, u64)) {
        while self.next() < limit {
            let index = if self.sources.len() == 1 { 0 } else { self.order.winner() };
            let SourceOf { class, source } = &self.load.sources[index];
            let Source { next, state } = &mut self.sources[index];
            let (State::Drawing(drawing), Ready::Client(client)) = (state, source) else {
                unreachable!("a service that plays a trace is simulated whole")
            };
            // Sources share nothing: each is passed over by itself.
            passed(*class, drawing.pass(client, next, limit));
            if self.sources.len() > 1 {
                self.order.set(index, self.sources[index].next);
            }
        }
    }

    /// Where they stand.
    ///
    /// # Panics
    ///
    /// When a trace is played.
    pub(super) fn mark(&self) -> Mark {
        let drawing = |source: &Source| match &source.state {
            State::Drawing(drawing) => (source.next, drawing.clone()),
            State::Playing(_) => unreachable!("a service that plays a trace is simulated whole"),
        };
        Mark(self.sources.iter().map(drawing).collect())
    }

    /// Goes back to where they stood.
    pub(super) fn rewind(&mut self, mark: Mark) {
        for (index, (next, drawing)) in mark.0.into_iter().enumerate() {
            self.sources[index] = Source { next, state: State::Drawing(drawing) };
            self.order.set(index, next);
        }
    }

    /// Expected arrivals a second where they stand.
    pub(super) fn rate_per_s(&self) -> f64 {
        self.walks().map(Walk::rate_per_s).sum()
    }

    /// The same without their swings: as the hour of the week has it.
    pub(super) fn calm_rate_per_s(&self) -> f64 {
        self.walks().map(Walk::calm_rate_per_s).sum()
    }

    fn walks(&self) -> impl Iterator<Item = &Walk> {
        self.sources.iter().filter_map(|source| match &source.state {
            State::Drawing(drawing) => Some(&drawing.walk),
            State::Playing(_) => None,
        })
    }
}

impl Source {
    fn new(source: &Ready, (entity, streams): (&str, &Streams), from: Ticks) -> Self {
        match source {
            Ready::Client(client) => {
                let entity = format!("{entity}{}", client.suffix);
                let noise = streams.stream("rate", &client.noise);
                let mut drawing = Drawing {
                    walk: Walk::new(&client.rate, noise, from),
                    arrivals: streams.stream("arrivals", &entity),
                    lengths: streams.stream("lengths", &entity),
                };
                let next = match client.rate.begins_within() {
                    true => drawing.begin(client, from),
                    false => drawing.next(client, from),
                };
                Self { next, state: State::Drawing(drawing) }
            }
            Ready::Trace(trace) => {
                let (player, next) = Player::new(trace, from);
                Self { next, state: State::Playing(player) }
            }
        }
    }
}

impl Drawing {
    /// The arrival after `at`.
    fn next(&mut self, client: &Client, at: Ticks) -> Ticks {
        let law = self.walk.gaps().expect("an arrival has a law of gaps");
        let due = client.gaps[law].draw(&mut self.arrivals);
        self.arrival(client, at, due)
    }

    /// Draws the arrivals from the one at `next` on that come before `limit`, of which there is one at
    /// least, and nothing of them but that they are there; returns how many. `next` is the one after.
    fn pass(&mut self, client: &Client, next: &mut Ticks, limit: Ticks) -> u64 {
        let mut passed = 0;
        while *next < limit {
            // What holds for long is looked up once, and the draws of its arrivals run on alone.
            let gaps = &client.gaps[self.walk.gaps().expect("an arrival has a law of gaps")];
            let piece = self.walk.piece();
            let (mut drawn, mut due) = (0, 0.0);
            gaps.draw_while(&mut self.arrivals, |gap| {
                (drawn, due) = (drawn + 1, gap);
                let after = piece.after(*next, gap).filter(|at| *at < limit);
                *next = after.unwrap_or(*next);
                after.is_some()
            });
            // A prompt and an answer of each.
            Lengths::pass(&mut self.lengths, 2 * drawn);
            passed += drawn;
            *next = self.arrival(client, *next, due);
        }
        passed
    }

    /// The first arrival of a process that goes on at `at`, in the middle of a gap.
    fn begin(&mut self, client: &Client, at: Ticks) -> Ticks {
        let due = self.left(client);
        self.arrival(client, at, due)
    }

    /// The first arrival after `at`, where `due` are expected before it under the law that holds there.
    /// Where another law of gaps begins before, the process goes on there in the middle of a gap.
    fn arrival(&mut self, client: &Client, mut at: Ticks, mut due: f64) -> Ticks {
        loop {
            match self.walk.after(&client.rate, at, due) {
                Reached::Due(at) => return at,
                Reached::Law(border) => (at, due) = (border, self.left(client)),
            }
        }
    }

    /// What is left of a gap in whose middle the process is. Before the first law the rate is zero,
    /// whatever is due.
    fn left(&mut self, client: &Client) -> f64 {
        let law = self.walk.gaps().map(|law| &client.gaps[law]);
        law.map_or(0.0, |law| law.left(&mut self.arrivals))
    }
}

#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;
