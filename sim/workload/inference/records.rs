//! What a service remembers of its requests: counts and distributions, in bounded memory.

use super::load::Targets;
use super::notes::{Fate, Note};
use super::prefix::Piece;
use super::request::{Request, Sink};
use super::ticks::{self, Ticks};
use crate::kernel::{Span, Time};
use crate::measure::{Kept, Latency, left_out};

/// Counts and latencies of requests, each weighted by what the request stands for.
///
/// Sums of integers: merging is exact and does not depend on order, so that cells may record
/// wherever they happen to run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// From arrival to first token.
    pub ttft: Latency,
    /// Mean time between the tokens of one request, over requests of two tokens or more.
    pub tpot: Latency,
    /// Time between two tokens of a request, over all such gaps.
    pub tbt: Latency,
    /// From arrival to last token.
    pub e2e: Latency,
    /// From arrival to the first iteration that works on the request.
    pub queue: Latency,
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests that got their last token.
    pub served: u64,
    /// Requests that found no live replica or were lost with theirs.
    pub failed: u64,
    /// Those of them whose clients had given up waiting for the last time.
    pub timed_out: u64,
    /// Requests that no replica has memory for, or that were sent to one with a full queue.
    pub rejected: u64,
    /// Losses after which a request was sent to another replica, and times that a client tried
    /// again.
    pub retried: u64,
    /// Prompt tokens of served requests that were found in memory.
    pub cached_tokens: u64,
    /// Those of them that came from host memory.
    pub host_tokens: u64,
    /// Prompt tokens of served requests.
    pub prompt_tokens: u64,
    /// Generated tokens of served requests.
    pub output_tokens: u64,
    /// Requests with targets that have left, however they did: those that met all of their
    /// targets, and the others. One that was not served has met none.
    pub slo: Kept,
    /// Arrivals simulated, each counted once.
    pub simulated: u64,
}

impl Tally {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Tally) {
        self.merge_window(other, 1);
    }

    /// Adds `other`, which was counted in a window that stands for `n` times its length. Arrivals
    /// are counted once: those that the window stands for are drawn too.
    pub(super) fn merge_window(&mut self, other: &Tally, n: u64) {
        for (mine, theirs) in [
            (&mut self.ttft, &other.ttft),
            (&mut self.tpot, &other.tpot),
            (&mut self.tbt, &other.tbt),
            (&mut self.e2e, &other.e2e),
            (&mut self.queue, &other.queue),
        ] {
            match n {
                1 => mine.merge(theirs),
                _ => mine.merge_times(theirs, n),
            }
        }
        self.arrived += other.arrived;
        self.served += n * other.served;
        self.failed += n * other.failed;
        self.timed_out += n * other.timed_out;
        self.cached_tokens += n * other.cached_tokens;
        self.host_tokens += n * other.host_tokens;
        self.rejected += n * other.rejected;
        self.retried += n * other.retried;
        self.prompt_tokens += n * other.prompt_tokens;
        self.output_tokens += n * other.output_tokens;
        self.slo.merge(Kept { kept: n * other.slo.kept, missed: n * other.slo.missed });
        self.simulated += other.simulated;
    }

    /// What was counted after `before` was copied, where the extremes of the latencies were
    /// forgotten.
    #[must_use]
    pub fn since(&self, before: &Tally) -> Tally {
        Tally {
            ttft: self.ttft.since(&before.ttft),
            tpot: self.tpot.since(&before.tpot),
            tbt: self.tbt.since(&before.tbt),
            e2e: self.e2e.since(&before.e2e),
            queue: self.queue.since(&before.queue),
            arrived: self.arrived - before.arrived,
            served: self.served - before.served,
            failed: self.failed - before.failed,
            timed_out: self.timed_out - before.timed_out,
            rejected: self.rejected - before.rejected,
            retried: self.retried - before.retried,
            cached_tokens: self.cached_tokens - before.cached_tokens,
            host_tokens: self.host_tokens - before.host_tokens,
            prompt_tokens: self.prompt_tokens - before.prompt_tokens,
            output_tokens: self.output_tokens - before.output_tokens,
            slo: self.slo.since(before.slo),
            simulated: self.simulated - before.simulated,
        }
    }

    /// Forgets all of it and keeps the memory.
    pub(super) fn clear(&mut self) {
        let Self { mut ttft, mut tpot, mut tbt, mut e2e, mut queue, .. } = std::mem::take(self);
        [&mut ttft, &mut tpot, &mut tbt, &mut e2e, &mut queue].into_iter().for_each(Latency::clear);
        *self = Self { ttft, tpot, tbt, e2e, queue, ..Self::default() };
    }

    /// The five distributions with their short names.
    pub fn latencies(&self) -> [(&'static str, &Latency); 5] {
        [
            ("ttft", &self.ttft),
            ("tpot", &self.tpot),
            ("tbt", &self.tbt),
            ("e2e", &self.e2e),
            ("queue", &self.queue),
        ]
    }

    /// Share of the requests that have left that met their targets; none where none had any.
    pub fn slo_attainment(&self) -> Option<f64> {
        self.slo.share()
    }

    /// Share of the requests that have left that the distributions leave out, because they were
    /// not served.
    pub fn left_out(&self) -> f64 {
        left_out(self.served, self.failed + self.rejected)
    }
}

/// What becomes of the requests of each class.
#[derive(Debug, Clone)]
pub struct Records {
    classes: Vec<Class>,
    /// What became of noted requests since they were last taken.
    notes: Vec<Note>,
    /// What the clock of the cell that records lags behind that of the run.
    lag: Ticks,
}

#[derive(Debug, Clone)]
struct Class {
    tally: Tally,
    /// Whether there are targets.
    is_judged: bool,
    /// The targets: time to first token, and mean time between tokens.
    targets: (Ticks, Ticks),
}

impl Records {
    /// Empty records of classes with these targets.
    pub(super) fn new(targets: impl IntoIterator<Item = Targets>) -> Self {
        let bound = |span: Option<Span>| {
            span.map_or(Ticks::MAX, |span| ticks::from_time(Time::ZERO + span))
        };
        let classes = targets.into_iter().map(|targets| Class {
            tally: Tally::default(),
            is_judged: targets != Targets::default(),
            targets: (bound(targets.ttft), bound(targets.tpot)),
        });
        Self { classes: classes.collect(), notes: Vec::new(), lag: 0 }
    }

    /// Empty records of one class without targets.
    #[cfg(test)]
    pub(super) fn of_one_class() -> Self {
        Self::new([Targets::default()])
    }

    /// Requests of all classes that have failed.
    pub(super) fn failed(&self) -> u64 {
        self.classes.iter().map(|class| class.tally.failed).sum()
    }

    /// Requests of all classes that have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.classes().map(|tally| tally.arrived).sum()
    }

    /// The records of class `class`.
    pub(super) fn of(&mut self, class: u16) -> &mut Tally {
        &mut self.classes[usize::from(class)].tally
    }

    /// Counts a request that leaves without having been served.
    pub(super) fn lost(&mut self, request: &Request, at: Ticks, fate: Fate) {
        let Class { tally, is_judged, .. } = &mut self.classes[usize::from(request.class)];
        let n = u64::from(request.weight);
        if *is_judged {
            tally.slo.decide(false, n);
        }
        match fate {
            Fate::Served => unreachable!("a request that is served finishes"),
            Fate::Failed => tally.failed += n,
            Fate::Rejected => tally.rejected += n,
        }
        self.note(request, at, fate);
    }

    /// A cell whose clock lags `lag` behind that of the run records from here on.
    pub(super) fn stand(&mut self, lag: Ticks) {
        self.lag = lag;
    }

    fn note(&mut self, request: &Request, end: Ticks, fate: Fate) {
        if request.noted && request.weight > 0 {
            let request = request.later(self.lag);
            self.notes.push(Note { request, end: end + self.lag, fate });
        }
    }

    /// Takes the notes away.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// Takes `notes` over from others.
    pub(super) fn add_notes(&mut self, notes: Vec<Note>) {
        self.notes.extend(notes);
    }

    /// Forgets all counts and latencies, but not the notes.
    pub(super) fn clear(&mut self) {
        self.classes.iter_mut().for_each(|class| class.tally.clear());
    }

    /// Forgets the shortest and the longest latencies so far.
    pub(super) fn forget_extremes(&mut self) {
        for Class { tally, .. } in &mut self.classes {
            let Tally { ttft, tpot, tbt, e2e, queue, .. } = tally;
            [ttft, tpot, tbt, e2e, queue].into_iter().for_each(Latency::forget_extremes);
        }
    }

    /// The records of each class.
    pub(super) fn classes(&self) -> impl Iterator<Item = &Tally> {
        self.classes.iter().map(|class| &class.tally)
    }

    /// All classes together.
    pub(super) fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.total_into(&mut total);
        total
    }

    /// Puts all classes together into `total`, in place of what it holds.
    pub(super) fn total_into(&self, total: &mut Tally) {
        total.clear();
        self.classes().for_each(|tally| total.merge(tally));
    }

    /// All classes together: of one class, what it holds; of several, summed in `memory`.
    pub(super) fn total_in<'a>(&'a self, memory: &'a mut Tally) -> &'a Tally {
        match self.classes.as_slice() {
            [only] => &only.tally,
            _ => {
                self.total_into(memory);
                memory
            }
        }
    }

    /// Puts all classes together into `total`, in place of what it holds, and need not keep its own.
    pub(super) fn give_total(&mut self, total: &mut Tally) {
        match self.classes.as_mut_slice() {
            [only] => std::mem::swap(&mut only.tally, total),
            _ => self.total_into(total),
        }
    }

    /// Adds all of `other`, which was recorded in a window that stands for `n` times its length, and
    /// takes its notes.
    pub(super) fn take_window(&mut self, other: &mut Records, n: u32) {
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            mine.tally.merge_window(&theirs.tally, n.into());
        }
        self.notes.extend(other.take_notes().into_iter().map(|mut note| {
            note.request.weight *= n;
            note
        }));
        other.clear();
    }

    /// Swaps counts and latencies, but not the notes, with `other`, which has the same classes.
    pub(super) fn swap(&mut self, other: &mut Records) {
        for (mine, theirs) in self.classes.iter_mut().zip(&mut other.classes) {
            std::mem::swap(&mut mine.tally, &mut theirs.tally);
        }
    }

    /// Adds all of `other`, which has the same classes.
    pub(super) fn merge(&mut self, other: &Records) {
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            mine.tally.merge(&theirs.tally);
        }
    }
}

impl Sink for Records {
    fn chain(&self, _: u32) -> &[Piece] {
        unreachable!("a cell knows what the prompts in its replicas share");
    }

    fn handed_over(&mut self, _: &Request, _: Ticks) {
        unreachable!("a cell takes what its prefill replicas hand over");
    }

    #[inline]
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        self.of(class).tbt.record_progression(first, growth, k, weight);
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        let n = u64::from(request.weight);
        if n == 0 {
            return;
        }
        let Class { tally, is_judged, targets } = &mut self.classes[usize::from(request.class)];
        let ttft = request.first - request.arrival;
        tally.ttft.record_sixteenths(ttft, n);
        tally.e2e.record_sixteenths(at - request.arrival, n);
        tally.queue.record_sixteenths(request.admitted - request.arrival, n);
        let mut within = ttft <= targets.0;
        if request.output > 1 {
            let tpot = (at - request.first) / u64::from(request.output - 1);
            tally.tpot.record_sixteenths(tpot, n);
            within &= tpot <= targets.1;
        }
        tally.served += n;
        tally.prompt_tokens += n * u64::from(request.prompt);
        tally.cached_tokens += n * u64::from(request.cached);
        tally.host_tokens += n * u64::from(request.fetched);
        tally.output_tokens += n * u64::from(request.output);
        if *is_judged {
            tally.slo.decide(within, n);
        }
        self.note(request, at, Fate::Served);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_count_requests_that_meet_both() {
        let ms = |n: u64| Span::from_nanos(n * 1_000_000);
        let targets = Targets { ttft: Some(ms(500)), tpot: Some(ms(20)) };
        let mut records = Records::new([Targets::default(), targets]);
        let at = |n: u64| ticks::from_time(Time::ZERO + ms(n));
        for class in [0, 1] {
            for (first, end) in [(400, 590), (400, 610), (600, 700)] {
                let mut request = Request::new(0, 10, 11, 2).of_class(class);
                (request.admitted, request.first) = (at(100), at(first));
                records.finished(&request, at(end));
            }
        }
        let [free, bound] = [0, 1].map(|class| records.of(class).clone());
        assert_eq!((free.served, free.slo.decided(), free.slo_attainment()), (6, 0, None));
        assert_eq!((bound.served, bound.slo), (6, Kept { kept: 2, missed: 4 }));
        assert!((bound.ttft.max_s().unwrap() - 0.6).abs() < 1e-12);
        let total = records.total();
        assert_eq!((total.output_tokens, total.slo_attainment()), (132, Some(2.0 / 6.0)));
        assert_eq!(total.left_out(), 0.0);
        // Whoever is turned away, lost or given up has missed its targets.
        for fate in [Fate::Failed, Fate::Rejected, Fate::Rejected] {
            records.lost(&Request::new(0, 10, 11, 2).of_class(1), at(1), fate);
        }
        let total = records.total();
        assert_eq!((total.served, total.ttft.count()), (12, 12));
        assert_eq!(total.slo_attainment(), Some(2.0 / 12.0));
        assert_eq!(total.left_out(), 6.0 / 18.0);
    }
}
