//! What a service remembers of its requests: counts and distributions, in bounded memory.

use super::request::{Request, Sink};
use super::ticks::{self, Ticks};
use crate::kernel::Span;
use crate::measure::Latency;

/// Counts and latencies of requests, each weighted by what the request stands for.
///
/// Sums of integers: merging is exact and does not depend on order, so that cells may record
/// wherever they happen to run.
#[derive(Debug, Clone, Default)]
pub struct Records {
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
    /// Served requests that met the targets.
    pub within_slo: u64,
    /// Arrivals simulated, each counted once.
    pub simulated: u64,
    /// The targets: time to first token, and mean time between tokens.
    slo: (Ticks, Ticks),
}

impl Records {
    /// Empty records under targets for time to first token and time per output token.
    pub(super) fn new(ttft: Option<Span>, tpot: Option<Span>) -> Self {
        let bound = |span: Option<Span>| {
            span.map_or(Ticks::MAX, |s| ticks::from_time(crate::kernel::Time::ZERO + s))
        };
        Self { slo: (bound(ttft), bound(tpot)), ..Self::default() }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Records) {
        self.ttft.merge(&other.ttft);
        self.tpot.merge(&other.tpot);
        self.tbt.merge(&other.tbt);
        self.e2e.merge(&other.e2e);
        self.queue.merge(&other.queue);
        self.arrived += other.arrived;
        self.served += other.served;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.retried += other.retried;
        self.prompt_tokens += other.prompt_tokens;
        self.output_tokens += other.output_tokens;
        self.within_slo += other.within_slo;
        self.simulated += other.simulated;
    }
}

impl Sink for Records {
    /// Gaps that share a bin of the histogram are recorded together: counts, sums and the bin
    /// of each are those of gaps recorded one by one.
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, weight: u64) {
        if weight == 0 {
            return;
        }
        let (mut gap, mut left) = (first, k);
        while left > 0 {
            let top = top_of_bin(gap);
            let last = gap + growth * (left - 1);
            let n = if last <= top { left } else { (top - gap) / growth + 1 };
            let longest = gap + growth * (n - 1);
            let nanos = sum_of_nanos(gap, growth, n) * u128::from(weight);
            self.tbt.record_alike((span(gap), span(longest)), n * weight, nanos);
            gap += growth * n;
            left -= n;
        }
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        let n = u64::from(request.weight);
        if n == 0 {
            return;
        }
        let ttft = request.first - request.arrival;
        self.ttft.record_n(span(ttft), n);
        self.e2e.record_n(span(at - request.arrival), n);
        self.queue.record_n(span(request.admitted - request.arrival), n);
        let mut within = ttft <= self.slo.0;
        if request.output > 1 {
            let tpot = (at - request.first) / u64::from(request.output - 1);
            self.tpot.record_n(span(tpot), n);
            within &= tpot <= self.slo.1;
        }
        self.served += n;
        self.prompt_tokens += n * u64::from(request.prompt);
        self.output_tokens += n * u64::from(request.output);
        self.within_slo += n * u64::from(within);
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
            let (mut leap, mut loops) = (Records::default(), Records::default());
            leap.gaps(first, growth, k, 3);
            for j in 0..k {
                loops.gaps(first + j * growth, 0, 1, 3);
            }
            assert_eq!(leap.tbt.histogram(), loops.tbt.histogram());
            let figures = |r: &Records| (r.tbt.mean_s(), r.tbt.min_s(), r.tbt.max_s());
            assert_eq!(figures(&leap), figures(&loops), "{first} + j {growth}");
        }
    }

    #[test]
    fn targets_count_requests_that_meet_both() {
        let ms = |n: u64| Span::from_nanos(n * 1_000_000);
        let mut records = Records::new(Some(ms(500)), Some(ms(20)));
        let at = |n: u64| ticks::from_time(crate::kernel::Time::ZERO + ms(n));
        for (first, end) in [(400, 590), (400, 610), (600, 700)] {
            let mut request = Request::new(0, 10, 11, 2);
            (request.admitted, request.first) = (at(100), at(first));
            records.finished(&request, at(end));
        }
        assert_eq!((records.served, records.within_slo), (6, 2));
        assert!((records.ttft.max_s().unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(records.output_tokens, 66);
    }
}
