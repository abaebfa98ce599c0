//! What clients send: when, how long, and of which class.
//!
//! A class of requests is what its clients send, drawn one by one. A cell merges what all
//! clients of all classes send into one stream in order of time, and holds one request of
//! each client at a time.

mod gaps;
mod lengths;
mod rate;

use std::sync::Arc;

pub use gaps::GapLaw;
pub use lengths::LengthLaw;
pub use rate::{NoiseDesign, RateDesign};

use super::ticks::{NEVER, Ticks};
use super::tournament::Tournament;
use crate::kernel::{Span, Stream, Streams};
use gaps::Gaps;
use lengths::Lengths;
use rate::{RateTable, Walk};

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
    /// How the rates of its clients vary together.
    pub rate: RateDesign,
    /// Who sends its requests.
    pub clients: Vec<ClientDesign>,
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
                rate: RateDesign::constant(),
                clients: vec![client],
            }],
        }
    }

    /// Mean arrivals a second of all classes.
    pub fn rate_per_s(&self) -> f64 {
        self.classes.iter().map(ClassDesign::rate_per_s).sum()
    }
}

impl ClassDesign {
    /// Mean arrivals a second of its clients.
    pub fn rate_per_s(&self) -> f64 {
        self.clients.iter().map(|client| client.rate_per_s).sum()
    }
}

/// A request as its client sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// When.
    pub(super) at: Ticks,
    /// Index of its class.
    pub(super) class: u16,
    pub(super) prompt: u32,
    pub(super) output: u32,
}

/// A load made ready to draw from; shared by all cells of a service.
#[derive(Debug)]
pub(super) struct Load {
    clients: Vec<Client>,
}

/// Tables of one client.
#[derive(Debug)]
struct Client {
    class: u16,
    /// Ends the names of its streams, so that another class or client moves none of its draws.
    suffix: String,
    /// Names the noise, which all clients of a class share.
    noise: String,
    rate: RateTable,
    gaps: Gaps,
    prompt: Lengths,
    output: Lengths,
}

impl Load {
    /// Compiles `design` for a service of name `service`.
    pub(super) fn new(design: &LoadDesign, service: &str) -> Arc<Load> {
        let mut clients = Vec::new();
        for (index, class) in design.classes.iter().enumerate() {
            let of_class =
                if class.name.is_empty() { String::new() } else { format!(":{}", class.name) };
            for (number, client) in class.clients.iter().enumerate() {
                let of_client = if number == 0 { String::new() } else { format!("#{number}") };
                clients.push(Client {
                    class: index as u16,
                    suffix: format!("{of_class}{of_client}"),
                    noise: format!("{service}{of_class}"),
                    rate: RateTable::new(&class.rate, client.rate_per_s),
                    gaps: Gaps::new(&client.gaps),
                    prompt: Lengths::new(&client.prompt),
                    output: Lengths::new(&client.output),
                });
            }
        }
        Arc::new(Load { clients })
    }
}

/// What one cell receives, in order of time; clients that send at the same tick in their order.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    load: Arc<Load>,
    sources: Vec<Source>,
    /// The next arrival of each source, where there are several.
    order: Tournament,
}

/// A client and its next request.
#[derive(Debug, Clone)]
struct Source {
    next: Ticks,
    walk: Walk,
    arrivals: Stream,
    lengths: Stream,
}

impl Arrivals {
    /// Arrivals after `now`, drawn from the streams of `entity`.
    pub(super) fn new(load: &Arc<Load>, names: (&str, &Streams), now: Ticks) -> Self {
        let source = |client| Source::new(client, names, now);
        let sources: Vec<Source> = load.clients.iter().map(source).collect();
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
        let (client, source) = (&self.load.clients[index], &mut self.sources[index]);
        let at = source.next;
        assert!(at < NEVER, "there is a next arrival");
        let prompt = client.prompt.draw(&mut source.lengths);
        let output = client.output.draw(&mut source.lengths);
        source.step(client);
        if self.sources.len() > 1 {
            self.order.set(index, self.sources[index].next);
        }
        Sent { at, class: client.class, prompt, output }
    }
}

impl Source {
    fn new(client: &Client, (entity, streams): (&str, &Streams), now: Ticks) -> Self {
        let walk = Walk::new(&client.rate, streams.stream("rate", &client.noise), now);
        let entity = format!("{entity}{}", client.suffix);
        let arrivals = streams.stream("arrivals", &entity);
        let lengths = streams.stream("lengths", &entity);
        let mut source = Self { next: now, walk, arrivals, lengths };
        source.step(client);
        source
    }

    /// Moves on to the next arrival.
    fn step(&mut self, client: &Client) {
        let due = client.gaps.draw(&mut self.arrivals);
        self.next = self.walk.after(&client.rate, self.next, due);
    }
}

#[cfg(test)]
mod tests;
