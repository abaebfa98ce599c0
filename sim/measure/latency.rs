//! Distributions of delays in bounded memory.

use hdrhistogram::Histogram;

use crate::kernel::Span;

/// The distribution of a delay: an HDR histogram in microseconds at three significant digits.
///
/// Every record stands for `n` alike events. Memory grows with the longest delay seen, in
/// steps of 8 KiB for every doubling beyond 2 ms, and never beyond 300 KiB: delays above
/// [`LONGEST`](Latency::LONGEST) are counted as that long (and show in
/// [`saturated`](Latency::saturated)). Count, mean, minimum and maximum are exact integers of
/// nanoseconds; quantiles are within 0.1 % of the delay or 1 µs. Merging is exact and does not
/// depend on order. A record costs 10 to 30 ns, the more the wider delays spread over memory.
#[derive(Debug, Clone)]
pub struct Latency {
    micros: Histogram<u64>,
    nanos: u128,
    count: u64,
    min: Span,
    max: Span,
    saturated: u64,
}

impl Latency {
    /// The longest delay that is told apart from longer ones: 30 days.
    pub const LONGEST: Span = Span::from_hours(30 * 24);

    /// An empty distribution.
    pub fn new() -> Self {
        let mut micros = Histogram::new_with_bounds(1, 2, 3).expect("three digits from 1 µs on");
        micros.auto(true);
        Self { micros, nanos: 0, count: 0, min: Span::MAX, max: Span::ZERO, saturated: 0 }
    }

    /// Counts one delay.
    pub fn record(&mut self, delay: Span) {
        self.record_n(delay, 1);
    }

    /// Counts a delay that `n` alike events had.
    pub fn record_n(&mut self, delay: Span, n: u64) {
        if n == 0 {
            return;
        }
        let shown = delay.min(Self::LONGEST);
        if shown < delay {
            self.saturated += n;
        }
        let micros = (shown.as_nanos() + 500) / 1000;
        self.micros.record_n(micros, n).expect("the histogram grows up to the longest delay");
        self.nanos += u128::from(delay.as_nanos()) * u128::from(n);
        self.count += n;
        self.min = self.min.min(delay);
        self.max = self.max.max(delay);
    }

    /// Counts `n` delays from `shortest` to `longest`, `nanos` nanoseconds in all, that round to
    /// microseconds of one bin of the histogram: exactly what recording them one by one does.
    pub fn record_alike(&mut self, (shortest, longest): (Span, Span), n: u64, nanos: u128) {
        debug_assert!(
            self.micros
                .equivalent((shortest.as_nanos() + 500) / 1000, (longest.as_nanos() + 500) / 1000),
            "delays of one bin"
        );
        self.record_n(shortest, n);
        self.nanos += nanos - u128::from(shortest.as_nanos()) * u128::from(n);
        if n > 0 {
            self.max = self.max.max(longest);
        }
    }

    /// Adds all records of `other`.
    pub fn merge(&mut self, other: &Latency) {
        self.micros.add(&other.micros).expect("the histogram grows up to the longest delay");
        self.nanos += other.nanos;
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.saturated += other.saturated;
    }

    /// How many events were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many of them exceeded [`LONGEST`](Latency::LONGEST).
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// Exact mean in seconds; none without records.
    pub fn mean_s(&self) -> Option<f64> {
        // Whole and remaining nanoseconds apart: a u128 does not fit an f64.
        (self.count > 0).then(|| {
            let n = u128::from(self.count);
            ((self.nanos / n) as f64 + (self.nanos % n) as f64 / n as f64) * 1e-9
        })
    }

    /// Exact minimum in seconds; none without records.
    pub fn min_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.min.as_secs_f64())
    }

    /// Exact maximum in seconds; none without records.
    pub fn max_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.max.as_secs_f64())
    }

    /// The delay in seconds that a share `q` (0 to 1) of the events did not exceed; none
    /// without records.
    pub fn quantile_s(&self, q: f64) -> Option<f64> {
        (self.count > 0).then(|| {
            let upper = self.micros.value_at_quantile(q) as f64 * 1e-6;
            // A bucket's upper edge may lie beyond what was recorded.
            upper.min(self.max.as_secs_f64())
        })
    }

    /// The histogram in microseconds, for writers of its standard formats.
    ///
    /// A copy over the full range: the formats write the range into their header, and that of
    /// the growing original depends on the order of its records.
    pub fn histogram(&self) -> Histogram<u64> {
        let longest = Self::LONGEST.as_nanos() / 1000;
        let mut full = Histogram::new_with_bounds(1, longest, 3).expect("bounds in order");
        full.add(&self.micros).expect("no record lies beyond the longest delay");
        full
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros(n: u64) -> Span {
        Span::from_nanos(n * 1000)
    }

    #[test]
    fn an_empty_distribution_has_no_figures() {
        let none = Latency::new();
        assert_eq!(none.count(), 0);
        assert_eq!(
            (none.mean_s(), none.min_s(), none.max_s(), none.quantile_s(0.5)),
            (None, None, None, None)
        );
    }

    #[test]
    fn quantiles_of_a_known_distribution() {
        let mut latency = Latency::new();
        for i in 1..=10_000 {
            latency.record_n(micros(i), 3);
        }
        assert_eq!(latency.count(), 30_000);
        assert!((latency.mean_s().unwrap() - 5000.5e-6).abs() < 1e-15);
        for (q, exact) in [(0.5, 5000e-6), (0.99, 9900e-6), (0.999, 9990e-6), (1.0, 10_000e-6)] {
            let found = latency.quantile_s(q).unwrap();
            assert!((found / exact - 1.0).abs() <= 1e-3, "{q}: {found}");
        }
    }

    #[test]
    fn the_longest_delays_saturate_and_memory_is_bounded() {
        let mut latency = Latency::new();
        latency.record(Span::ZERO);
        latency.record_n(Span::from_hours(24 * 365), 5);
        assert_eq!((latency.count(), latency.saturated()), (6, 5));
        assert!(latency.micros.distinct_values() * 8 <= 300 * 1024);
        assert!((latency.max_s().unwrap() / (365.0 * 86_400.0) - 1.0).abs() < 1e-15);
        let shown = latency.quantile_s(0.9).unwrap();
        assert!((shown / Latency::LONGEST.as_secs_f64() - 1.0).abs() <= 1e-3);
        assert_eq!(latency.quantile_s(0.1), Some(0.0));
    }

    fn figures(latency: &Latency) -> impl PartialEq + std::fmt::Debug + use<> {
        let histogram = latency.histogram();
        let bars = histogram.iter_recorded();
        let bars: Vec<_> = bars.map(|v| (v.value_iterated_to(), v.count_at_value())).collect();
        (latency.count(), latency.mean_s(), latency.min_s(), latency.max_s(), bars)
    }

    proptest! {
        #[test]
        fn merging_does_not_depend_on_order(
            records in prop::collection::vec((0u64..4_000_000_000_000_000, 0u64..1000, 0usize..3), 0..100),
        ) {
            let mut parts = [Latency::new(), Latency::new(), Latency::new()];
            let mut whole = Latency::new();
            for (nanos, n, part) in records {
                parts[part].record_n(Span::from_nanos(nanos), n);
                whole.record_n(Span::from_nanos(nanos), n);
            }
            for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
                let mut merged = Latency::new();
                for part in order {
                    merged.merge(&parts[part]);
                }
                prop_assert_eq!(figures(&merged), figures(&whole));
            }
        }
    }
}
