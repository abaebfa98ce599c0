//! Clients that a record tells of window by window: how many requests each sent, in what gaps, and how
//! long they were. The requests themselves are drawn.
//!
//! In a window a client is a stationary renewal process: a first gap that is met at a random moment,
//! then whole ones. So each window expects exactly as many requests as its rate says, whatever its law.
//! Whole gaps from each border would bring `(variation^2 - 1) / 2` requests too many into every
//! window, and a gap carried over a border would take from the next window what a bursty one was
//! given. Windows in a row that have one law of gaps are one process in expected arrivals.

use std::sync::Arc;

use super::super::ticks::{NEVER, PER_SECOND, Ticks, from_time};
use super::gaps::{GapLaw, Gaps};
use super::histogram::Histogram;
use super::piece::{Laws, Piece};
use super::trace::told_span;
use crate::kernel::Time;

/// What clients did in a recorded time, and how it is drawn anew.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedDesign {
    /// The record.
    pub record: Arc<Record>,
    /// Factor on all of its rates.
    pub rate_scale: f64,
    /// Whether it starts again where it ends.
    pub repeat: bool,
    /// The end of the run: nothing is drawn beyond.
    pub end: Time,
}

/// What clients did, window by window.
#[derive(Debug, PartialEq)]
pub struct Record {
    /// Where windows begin, and where the last ends: ns after the beginning of the first.
    pub edges_ns: Vec<u64>,
    /// Who sent requests.
    pub clients: Vec<RecordedClient>,
}

/// One client of a record.
#[derive(Debug, PartialEq)]
pub struct RecordedClient {
    /// Its number in the record, which names its random streams.
    pub number: u32,
    /// What it did in each window; none where it sent nothing.
    pub windows: Vec<Option<RecordedWindow>>,
    /// Laws of prompt and generated tokens, for windows to choose from.
    pub lengths: Vec<(Histogram, Histogram)>,
}

/// What a client did in a window in which it sent requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedWindow {
    /// Mean requests a second.
    pub rate_per_s: f64,
    /// Law of the gaps between them.
    pub gaps: GapLaw,
    /// Index of their laws of lengths.
    pub lengths: u32,
}

/// Divided, as a factor of 1e-9 makes 60.00000000000001 s of a minute.
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

impl Record {
    /// How long it is, s.
    pub fn length_s(&self) -> f64 {
        seconds(self.length_ns())
    }

    fn length_ns(&self) -> u64 {
        self.edges_ns.last().copied().unwrap_or(0)
    }

    /// Length of each window, s.
    pub fn windows_s(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.edges_ns.windows(2).map(|edges| seconds(edges[1] - edges[0]))
    }

    /// Requests of all clients, as expected over the whole of it.
    pub fn requests(&self) -> f64 {
        let of = |client: &RecordedClient| -> f64 { client.requests(self).map(|(n, _)| n).sum() };
        self.clients.iter().map(of).sum()
    }

    /// Mean requests a second.
    pub fn rate_per_s(&self) -> f64 {
        if self.length_ns() == 0 { 0.0 } else { self.requests() / self.length_s() }
    }

    /// The share of its requests whose prompt and answer do not fit, where nothing that is longer fits
    /// if the shorter does not.
    pub fn share_beyond(&self, fits: impl Fn(u32, u32) -> bool) -> f64 {
        let (mut beyond, mut requests) = (0.0, 0.0);
        for client in &self.clients {
            let of_laws =
                |(prompt, output): &(Histogram, Histogram)| prompt.share_beyond(output, &fits);
            let shares: Vec<f64> = client.lengths.iter().map(of_laws).collect();
            for (expected, window) in client.requests(self) {
                requests += expected;
                beyond += expected * shares[window.lengths as usize];
            }
        }
        if requests > 0.0 { beyond / requests } else { 0.0 }
    }

    /// What is in it, in a line.
    pub fn found(&self) -> String {
        let windows = self.windows_s();
        let (shortest, longest) = windows
            .clone()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), s| (low.min(s), high.max(s)));
        let each = match [shortest, longest].map(told_span) {
            [shortest, longest] if shortest == longest => longest,
            [shortest, longest] => format!("{shortest} to {longest}"),
        };
        let count = windows.count();
        let mut in_window = vec![0.0; count];
        let (mut requests, mut tokens, mut most) = (0.0, [0.0; 2], [0_u32; 2]);
        for client in &self.clients {
            let told = |law: &Histogram| (law.mean(), law.most());
            let laws: Vec<[(f64, u32); 2]> =
                client.lengths.iter().map(|(prompt, output)| [prompt, output].map(told)).collect();
            for (expected, window) in client.requests(self) {
                requests += expected;
                for (side, (mean, longest)) in laws[window.lengths as usize].iter().enumerate() {
                    tokens[side] += expected * mean;
                    most[side] = most[side].max(*longest);
                }
            }
            for (sum, window) in in_window.iter_mut().zip(&client.windows) {
                *sum += window.as_ref().map_or(0.0, |window| window.rate_per_s);
            }
        }
        let idle = in_window.iter().filter(|rate| **rate == 0.0).count();
        let busiest = in_window.iter().copied().fold(0.0, f64::max);
        let [prompt, output] = tokens.map(|sum| sum / requests.max(f64::MIN_POSITIVE));
        let mut text = format!(
            "{} clients in {count} windows of {each} over {}; {requests:.0} requests expected, \
             {:.3} /s in the mean, {busiest:.3} in the busiest window; prompt tokens {prompt:.0} in the \
             mean, {} at most; generated {output:.0} in the mean, {} at most",
            self.clients.len(),
            told_span(self.length_s()),
            self.rate_per_s(),
            most[0],
            most[1],
        );
        if idle > 0 {
            text += &format!("; nobody sends in {idle} windows");
        }
        text
    }
}

impl RecordedClient {
    /// Requests expected in each window of `record` with requests, and what it did in it.
    pub fn requests<'r>(
        &'r self,
        record: &'r Record,
    ) -> impl Iterator<Item = (f64, &'r RecordedWindow)> {
        let windows = self.windows.iter().zip(record.windows_s());
        windows.filter_map(|(window, s)| window.as_ref().map(|w| (w.rate_per_s * s, w)))
    }
}

impl RecordedDesign {
    /// Mean requests a second while it is played.
    pub fn rate_per_s(&self) -> f64 {
        self.record.rate_per_s() * self.rate_scale
    }

    /// When it ends, s after the start of the run; none where it repeats.
    pub fn length_s(&self) -> Option<f64> {
        (!self.repeat).then(|| self.record.length_s())
    }
}

/// The windows of one client, ready to look up.
#[derive(Debug)]
pub(super) struct Windows {
    /// Where windows begin, and where the last ends.
    edges: Arc<[Ticks]>,
    repeat: bool,
    /// Arrivals a tick and laws in each window.
    pieces: Vec<(f64, Option<Laws>)>,
}

/// The edges of a record in ticks.
pub(super) fn edges(record: &Record) -> Arc<[Ticks]> {
    record.edges_ns.iter().map(|&ns| from_time(Time::from_nanos(ns))).collect()
}

impl Windows {
    /// Those of `client`, and the laws of gaps that they choose from.
    pub(super) fn new(
        design: &RecordedDesign,
        client: &RecordedClient,
        edges: &Arc<[Ticks]>,
    ) -> (Self, Vec<Gaps>) {
        let mut laws: Vec<GapLaw> = Vec::new();
        let piece = |window: &Option<RecordedWindow>| {
            let Some(window) = window else { return (0.0, None) };
            if laws.last() != Some(&window.gaps) {
                laws.push(window.gaps);
            }
            let now = Laws { gaps: laws.len() as u32 - 1, lengths: window.lengths };
            (window.rate_per_s * design.rate_scale / PER_SECOND, Some(now))
        };
        let pieces = client.windows.iter().map(piece).collect();
        let windows = Self { edges: Arc::clone(edges), repeat: design.repeat, pieces };
        (windows, laws.iter().map(Gaps::new).collect())
    }

    pub(super) fn is_zero(&self) -> bool {
        self.pieces.iter().all(|piece| piece.0 <= 0.0)
    }

    /// The window that holds `at`.
    pub(super) fn piece(&self, at: Ticks) -> Piece {
        let length = self.edges.last().copied().unwrap_or(0);
        let passed = match at < length {
            true => 0,
            false if self.repeat => at / length * length,
            false => return Piece { rate: 0.0, until: NEVER, laws: None },
        };
        let index = self.edges.partition_point(|&edge| edge <= at - passed) - 1;
        let (rate, laws) = self.pieces[index];
        Piece { rate, until: passed.saturating_add(self.edges[index + 1]), laws }
    }
}
