//! What a service remembers of its requests: counts and distributions, in bounded memory.

use super::load::Targets;
use super::request::{Request, Sink};
use super::ticks::{self, Ticks};
use crate::kernel::{Span, Time};
use crate::measure::Latency;

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
    /// Requests that no replica has memory for.
    pub rejected: u64,
    /// Losses after which a request was sent to another replica.
    pub retried: u64,
    /// Prompt tokens of served requests.
    pub prompt_tokens: u64,
    /// Generated tokens of served requests.
    pub output_tokens: u64,
    /// Served requests that had targets to meet.
    pub judged: u64,
    /// Those of them that met all of their targets.
    pub within_slo: u64,
    /// Arrivals simulated, each counted once.
    pub simulated: u64,
}

impl Tally {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Tally) {
        for (mine, theirs) in [
            (&mut self.ttft, &other.ttft),
            (&mut self.tpot, &other.tpot),
            (&mut self.tbt, &other.tbt),
            (&mut self.e2e, &other.e2e),
            (&mut self.queue, &other.queue),
        ] {
            mine.merge(theirs);
        }
        self.arrived += other.arrived;
        self.served += other.served;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.retried += other.retried;
        self.prompt_tokens += other.prompt_tokens;
        self.output_tokens += other.output_tokens;
        self.judged += other.judged;
        self.within_slo += other.within_slo;
        self.simulated += other.simulated;
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

    /// Share of served requests that met their targets; none where none had any.
    pub fn slo_attainment(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.within_slo as f64 / self.judged as f64)
    }
}

/// What becomes of the requests of each class.
#[derive(Debug, Clone)]
pub struct Records {
    classes: Vec<Class>,
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
        Self { classes: classes.collect() }
    }

    /// Empty records of one class without targets.
    #[cfg(test)]
    pub(super) fn of_one_class() -> Self {
        Self::new([Targets::default()])
    }

    /// The records of class `class`.
    pub(super) fn of(&mut self, class: u16) -> &mut Tally {
        &mut self.classes[usize::from(class)].tally
    }

    /// The records of each class.
    pub(super) fn classes(&self) -> impl Iterator<Item = &Tally> {
        self.classes.iter().map(|class| &class.tally)
    }

    /// All classes together.
    pub(super) fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.classes().for_each(|tally| total.merge(tally));
        total
    }

    /// Adds all of `other`, which has the same classes.
    pub(super) fn merge(&mut self, other: &Records) {
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            mine.tally.merge(&theirs.tally);
        }
    }
}

impl Sink for Records {
    /// Gaps that share a bin of the histogram are recorded together: counts, sums and the bin
    /// of each are those of gaps recorded one by one.
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        if weight == 0 {
            return;
        }
        let tbt = &mut self.of(class).tbt;
        let (mut gap, mut left) = (first, k);
        while left > 0 {
            let top = top_of_bin(gap);
            let last = gap + growth * (left - 1);
            let n = if last <= top { left } else { (top - gap) / growth + 1 };
            let longest = gap + growth * (n - 1);
            let nanos = sum_of_nanos(gap, growth, n) * u128::from(weight);
            tbt.record_alike((span(gap), span(longest)), n * weight, nanos);
            gap += growth * n;
            left -= n;
        }
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        let n = u64::from(request.weight);
        if n == 0 {
            return;
        }
        let Class { tally, is_judged, targets } = &mut self.classes[usize::from(request.class)];
        let ttft = request.first - request.arrival;
        tally.ttft.record_n(span(ttft), n);
        tally.e2e.record_n(span(at - request.arrival), n);
        tally.queue.record_n(span(request.admitted - request.arrival), n);
        let mut within = ttft <= targets.0;
        if request.output > 1 {
            let tpot = (at - request.first) / u64::from(request.output - 1);
            tally.tpot.record_n(span(tpot), n);
            within &= tpot <= targets.1;
        }
        tally.served += n;
        tally.prompt_tokens += n * u64::from(request.prompt);
        tally.output_tokens += n * u64::from(request.output);
        tally.judged += n * u64::from(*is_judged);
        tally.within_slo += n * u64::from(*is_judged && within);
    }
}

fn span(ticks: Ticks) -> Span {
    Span::from_nanos(ticks::to_nanos(ticks))
}

/// Whole nanoseconds of each of `n` lengths in arithmetic progression, summed.
fn sum_of_nanos(first: Ticks, growth: Ticks, n: u64) -> u128 {
    const SIXTEEN: u64 = 16;
    let [a, b, count] = [first, growth, n].map(u128::from);
    let sum = count * a + b * (count * (count - 1) / 2);
    // What rounding down leaves out repeats after sixteen lengths, which pass through all
    // remainders that `growth` can reach.
    let stride = 1 << growth.trailing_zeros().min(SIXTEEN.trailing_zeros());
    let round = SIXTEEN * (first % stride) + SIXTEEN / 2 * (SIXTEEN - stride);
    let rest: u64 = (0..n % SIXTEEN).map(|j| first.wrapping_add(j * growth) % SIXTEEN).sum();
    (sum - u128::from(round) * u128::from(n / SIXTEEN) - u128::from(rest)) / u128::from(SIXTEEN)
}

/// The longest delay that [`Latency`] does not tell apart from `ticks`: it rounds to whole
/// microseconds and keeps their eleven leading bits.
fn top_of_bin(ticks: Ticks) -> Ticks {
    let micros = (ticks::to_nanos(ticks) + 500) / 1000;
    let spare = (64 - micros.leading_zeros()).saturating_sub(11);
    let top = micros | ((1 << spare) - 1);
    (top * 1000 + 499) * 16 + 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_a_leap_fall_into_the_bins_of_its_iterations() {
        for (first, growth, k) in [
            (1, 0, 5),
            (480_000_000, 9_000, 900),
            (16_000, 16_000, 5_000),
            (16_003, 12, 777),
            (7, 3, 100_000),
        ] {
            let (mut leap, mut loops) = (Records::of_one_class(), Records::of_one_class());
            leap.gaps(first, growth, k, 0, 3);
            for j in 0..k {
                loops.gaps(first + j * growth, 0, 1, 0, 3);
            }
            let [leap, loops] = [leap.total().tbt, loops.total().tbt];
            assert_eq!(leap.histogram(), loops.histogram());
            let figures = |tbt: &Latency| (tbt.mean_s(), tbt.min_s(), tbt.max_s());
            assert_eq!(figures(&leap), figures(&loops), "{first} + j {growth}");
        }
    }

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
        assert_eq!((free.served, free.judged, free.slo_attainment()), (6, 0, None));
        assert_eq!((bound.served, bound.judged, bound.within_slo), (6, 6, 2));
        assert!((bound.ttft.max_s().unwrap() - 0.6).abs() < 1e-12);
        let total = records.total();
        assert_eq!((total.output_tokens, total.slo_attainment()), (132, Some(2.0 / 6.0)));
    }
}
