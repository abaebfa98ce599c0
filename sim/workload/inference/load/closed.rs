//! Clients that wait for their answers before they send again: closed loops.
//!
//! Each client has one request under way at most. When its answer is complete it thinks for a
//! while and sends the next one. A client with sessions sends the whole conversation so far
//! before each new prompt, so that prompts grow turn by turn.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::super::prefix::Piece;
use super::super::ticks::{NEVER, Ticks, coefficient};
use super::lengths::{LengthLaw, Lengths};
use crate::kernel::{Stream, Streams};

/// Clients of a class that wait for their answers, in each cell.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedDesign {
    /// How many there are.
    pub clients: u32,
    /// From the last token of an answer to the next request, and from the start to the first.
    pub think: ThinkLaw,
    /// Prompt tokens of a request; with sessions those that a turn adds.
    pub prompt: LengthLaw,
    /// Generated tokens.
    pub output: LengthLaw,
    /// Whether requests are turns of a session.
    pub session: Option<SessionDesign>,
}

/// Turns that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionDesign {
    /// How many a session has.
    pub turns: LengthLaw,
    /// A turn that would have more tokens than this in prompt and answer begins a new session.
    pub most_tokens: u32,
}

/// Law of the time that a client thinks, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThinkLaw {
    /// Always the same.
    Fixed(f64),
    /// Exponential, of this mean.
    Exponential(f64),
    /// Lognormal, of this mean and deviation of the logarithm, and no longer than the last.
    Lognormal(f64, f64, f64),
}

/// How long a client waits at least after a request that was not answered, s: it would otherwise
/// come back at once, and for ever, where nobody serves (assumption).
const AFTER_FAILURE_S: f64 = 1.0;

/// No draw is longer, s: of a lognormal law only, whose mean a spec bounds.
const LONGEST_S: f64 = 86_400.0;

/// Tables of the clients of a class.
#[derive(Debug)]
pub(in crate::workload::inference) struct Waiting {
    design: ClosedDesign,
    class: u16,
    /// Ends the names of its streams.
    suffix: String,
    prompt: Lengths,
    output: Lengths,
    turns: Option<Lengths>,
}

impl Waiting {
    pub(super) fn new(design: &ClosedDesign, class: u16, suffix: String) -> Self {
        Self {
            class,
            suffix,
            prompt: Lengths::new(&design.prompt),
            output: Lengths::new(&design.output),
            turns: design.session.as_ref().map(|session| Lengths::new(&session.turns)),
            design: design.clone(),
        }
    }
}

/// The waiting clients of a cell.
#[derive(Debug, Clone)]
pub(in crate::workload::inference) struct Clients {
    sources: Arc<[Waiting]>,
    all: Vec<State>,
    /// When those that think send, and their indices.
    due: BinaryHeap<Reverse<(Ticks, u32)>>,
}

/// A request of a waiting client.
#[derive(Debug)]
pub(in crate::workload::inference) struct Turn {
    pub(super) at: Ticks,
    pub(super) class: u16,
    pub(super) prompt: u32,
    pub(super) output: u32,
    /// What its session consists of, with this turn; none without sessions.
    pub(super) session: Option<Box<[Piece]>>,
    /// The client, counted from 1.
    pub(super) client: u32,
}

#[derive(Debug, Clone)]
struct State {
    /// Index into the sources.
    source: usize,
    lengths: Stream,
    think: Stream,
    turns_left: u32,
    /// Tokens of the session so far, and what it consists of.
    context: u32,
    pieces: Vec<Piece>,
    session: u64,
}

impl Clients {
    /// The clients of `sources` from `from` on, which draw from the streams of `entity`; none where
    /// nobody waits.
    pub(in crate::workload::inference) fn new(
        sources: &Arc<[Waiting]>,
        names: (&str, &Streams),
        from: Ticks,
    ) -> Option<Self> {
        if sources.is_empty() {
            return None;
        }
        let mut clients =
            Self { sources: Arc::clone(sources), all: Vec::new(), due: BinaryHeap::new() };
        for (source, waiting) in sources.iter().enumerate() {
            for number in 0..waiting.design.clients {
                let [lengths, think] = streams(waiting, number, names);
                let pieces = Vec::new();
                let (turns_left, context, session) = (0, 0, 0);
                let state = State { source, lengths, think, turns_left, context, pieces, session };
                clients.all.push(state);
                let index = clients.all.len() - 1;
                let after = clients.all[index].thinks(waiting);
                clients.due.push(Reverse((from + after, index as u32)));
            }
        }
        Some(clients)
    }

    /// The same clients as they stand, with draws of their own from now on.
    pub(in crate::workload::inference) fn split(&self, names: (&str, &Streams)) -> Self {
        let mut all = self.all.clone();
        let mut numbers = vec![0; self.sources.len()];
        for state in &mut all {
            let number: &mut u32 = &mut numbers[state.source];
            [state.lengths, state.think] = streams(&self.sources[state.source], *number, names);
            *number += 1;
        }
        Self { sources: Arc::clone(&self.sources), all, due: self.due.clone() }
    }

    /// When the next one sends; [`NEVER`] while all wait.
    pub(in crate::workload::inference) fn next(&self) -> Ticks {
        self.due.peek().map_or(NEVER, |&Reverse((at, _))| at)
    }

    /// Takes the next request.
    ///
    /// # Panics
    ///
    /// When all wait.
    pub(in crate::workload::inference) fn take(&mut self) -> Turn {
        let Reverse((at, index)) = self.due.pop().expect("a client is due");
        let state = &mut self.all[index as usize];
        let waiting = &self.sources[state.source];
        let mut prompt = waiting.prompt.draw(&mut state.lengths);
        let output = waiting.output.draw(&mut state.lengths);
        let mut session = None;
        if let (Some(turns), Some(design)) = (&waiting.turns, &waiting.design.session) {
            let adds = prompt.saturating_add(output);
            let is_full = state.context.saturating_add(adds) > design.most_tokens;
            if state.turns_left == 0 || is_full {
                state.turns_left = turns.draw(&mut state.lengths);
                state.session += 1;
                state.context = 0;
                state.pieces.clear();
            }
            let turn = state.pieces.len() as u64;
            // Sessions and turns of a client are counted in 24 and 16 bits of the rest.
            let id = u64::from(index) << 40 | (state.session & 0xff_ffff) << 16 | (turn & 0xffff);
            state.pieces.push(Piece { family: u32::from(waiting.class) + 1, id, tokens: adds });
            session = Some(state.pieces.clone().into());
            prompt = prompt.saturating_add(state.context);
            state.context = state.context.saturating_add(adds);
            state.turns_left -= 1;
        }
        let (class, client) = (waiting.class, index + 1);
        Turn { at, class, prompt, output, session, client }
    }

    /// The request of `client` left at `at`, answered or not.
    pub(in crate::workload::inference) fn left(&mut self, at: Ticks, client: u32, answered: bool) {
        let index = client - 1;
        let state = &mut self.all[index as usize];
        let mut after = state.thinks(&self.sources[state.source]);
        if !answered {
            after = after.max(coefficient(AFTER_FAILURE_S) as Ticks);
            // What came of the session is lost with it.
            state.turns_left = 0;
        }
        // An answer ends with an iteration, and what comes for it comes after that.
        self.due.push(Reverse((at + after.max(1), index)));
    }
}

impl State {
    fn thinks(&mut self, waiting: &Waiting) -> Ticks {
        let seconds = match waiting.design.think {
            ThinkLaw::Fixed(seconds) => seconds,
            ThinkLaw::Exponential(mean) => self.think.exponential(mean),
            ThinkLaw::Lognormal(mean, sigma, most) => {
                self.think.lognormal_mean(mean, sigma).min(most)
            }
        };
        coefficient(seconds.clamp(0.0, LONGEST_S)) as Ticks
    }
}

fn streams(waiting: &Waiting, number: u32, (entity, streams): (&str, &Streams)) -> [Stream; 2] {
    let entity = format!("{entity}{}@{number}", waiting.suffix);
    ["lengths", "think"].map(|purpose| streams.stream(purpose, &entity))
}
