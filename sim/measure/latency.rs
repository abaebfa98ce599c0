//! Distributions of delays in bounded memory.

use std::ops::Range;

use hdrhistogram::Histogram;

use crate::kernel::Span;

/// The distribution of a delay: an HDR histogram in microseconds at three significant digits.
///
/// Every record stands for `n` alike events. Memory grows with the longest delay seen, in
/// steps of 8 KiB for every doubling beyond 2 ms, and never beyond 300 KiB: delays above
/// [`LONGEST`](Latency::LONGEST) are counted as that long (and show in
/// [`saturated`](Latency::saturated)). Count, mean, minimum and maximum are exact; quantiles
/// are within 0.1 % of the delay or 1 µs. Merging is exact and does not depend on order. A
/// record costs 3 to 15 ns, the more the wider delays spread over memory.
///
/// The bins are those of [`Histogram`], which is what leaves here; its own way to record
/// checks and keeps more than is needed a thousand million times.
#[derive(Debug, Clone)]
pub struct Latency {
    /// Events by bin.
    bins: Vec<u64>,
    /// Sum of all delays, in sixteenths of a nanosecond.
    sum: u128,
    count: u64,
    /// In sixteenths of a nanosecond.
    min: u64,
    max: u64,
    saturated: u64,
    /// The shortest and the longest were forgotten, and say no longer which bins are empty.
    forgot: bool,
}

/// Sixteenths of a nanosecond, in which delays are summed, in a nanosecond.
const PER_NANO: u64 = 16;
/// And in a microsecond, in which they are binned.
const PER_MICRO: u64 = 1000 * PER_NANO;

/// Bins between two powers of two, beyond the first two thousand microseconds.
const HALF: usize = 1024;

/// Bins in a group, where fewer steps are enough.
const GROUP: usize = 32;

impl Latency {
    /// The longest delay that is told apart from longer ones: 30 days.
    pub const LONGEST: Span = Span::from_hours(30 * 24);

    /// The same in sixteenths of a nanosecond.
    const LONGEST_SIXTEENTHS: u64 = Self::LONGEST.as_nanos() * PER_NANO;

    /// An empty distribution.
    pub fn new() -> Self {
        Self {
            bins: Vec::new(),
            sum: 0,
            count: 0,
            min: u64::MAX,
            max: 0,
            saturated: 0,
            forgot: false,
        }
    }

    /// Counts one delay.
    pub fn record(&mut self, delay: Span) {
        self.record_n(delay, 1);
    }

    /// Counts a delay that `n` alike events had.
    pub fn record_n(&mut self, delay: Span, n: u64) {
        self.record_sixteenths(delay.as_nanos().saturating_mul(PER_NANO), n);
    }

    /// Counts a delay in sixteenths of a nanosecond that `n` alike events had.
    #[inline]
    pub fn record_sixteenths(&mut self, delay: u64, n: u64) {
        if n == 0 {
            return;
        }
        self.sum += u128::from(delay) * u128::from(n);
        self.count += n;
        self.min = self.min.min(delay);
        self.max = self.max.max(delay);
        if delay > Self::LONGEST_SIXTEENTHS {
            self.saturated += n;
        }
        let (bin, _) = bin_and_end(to_micros(delay.min(Self::LONGEST_SIXTEENTHS)));
        *self.bin(bin) += n;
    }

    /// Counts `k` delays in arithmetic progression, the first of them `first` sixteenths of a
    /// nanosecond and each next one `growth` more, each of which `n` alike events had: exactly
    /// what recording them one by one does, at the cost of a record for each bin that they
    /// reach.
    #[inline]
    pub fn record_progression(&mut self, first: u64, growth: u64, k: u64, n: u64) {
        if k == 0 || n == 0 {
            return;
        }
        let last = first + growth * (k - 1);
        self.sum += u128::from(k * first + growth * (k * (k - 1) / 2)) * u128::from(n);
        self.count += k * n;
        self.min = self.min.min(first);
        self.max = self.max.max(last);
        // Nearly all reach one bin only.
        let (bin, end) = bin_and_end(to_micros(first));
        if last < end && last <= Self::LONGEST_SIXTEENTHS {
            *self.bin(bin) += k * n;
        } else {
            self.spread_progression(first, growth, k, n);
        }
    }

    /// Counts the delays of a progression in the bins that they reach.
    fn spread_progression(&mut self, first: u64, growth: u64, k: u64, n: u64) {
        let last = first + growth * (k - 1);
        let within = if last <= Self::LONGEST_SIXTEENTHS {
            k
        } else if first > Self::LONGEST_SIXTEENTHS {
            0
        } else {
            (Self::LONGEST_SIXTEENTHS - first) / growth + 1
        };
        if within < k {
            self.saturated += (k - within) * n;
            let longest = bin_of(to_micros(Self::LONGEST_SIXTEENTHS));
            *self.bin(longest) += (k - within) * n;
        }
        let (mut delay, mut left) = (first, within);
        while left > 0 {
            let (bin, end) = bin_and_end(to_micros(delay));
            let alike = if delay + growth * (left - 1) < end {
                left
            } else {
                (end - 1 - delay) / growth + 1
            };
            *self.bin(bin) += alike * n;
            delay += growth * alike;
            left -= alike;
        }
    }

    /// Adds all records of `other`, at the cost of the bins that those reach.
    pub fn merge(&mut self, other: &Latency) {
        self.add_times(other, 1);
    }

    /// Adds all records of `other`, each of which stands for `n` alike ones.
    pub fn merge_times(&mut self, other: &Latency, n: u64) {
        self.add_times(other, n);
    }

    // A factor of one that is known when this is compiled costs nothing.
    #[inline(always)]
    fn add_times(&mut self, other: &Latency, n: u64) {
        let reached = other.reached();
        if self.bins.len() < reached.end {
            self.bins.resize(other.bins.len(), 0);
        }
        let mine = self.bins[reached.clone()].iter_mut();
        mine.zip(&other.bins[reached]).for_each(|(mine, theirs)| *mine += n * theirs);
        self.forgot |= other.forgot;
        self.sum += u128::from(n) * other.sum;
        self.count += n * other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.saturated += n * other.saturated;
    }

    /// Adds how often each of the [groups of bins](Self::group_of) was reached to `counts`, which
    /// grows to hold the last of them.
    pub fn add_groups(&self, counts: &mut Vec<u64>) {
        let reached = self.reached();
        if counts.len() < reached.end.div_ceil(GROUP) {
            counts.resize(reached.end.div_ceil(GROUP), 0);
        }
        // Bins come in whole groups, and those outside of what was reached hold nothing.
        let first = reached.start / GROUP;
        let groups = self.bins[first * GROUP..].chunks_exact(GROUP);
        for (count, group) in counts[first..reached.end.div_ceil(GROUP)].iter_mut().zip(groups) {
            *count += group.iter().sum::<u64>();
        }
    }

    /// The group of bins in which a delay of `seconds` is counted. Groups are 32 in a doubling, by
    /// rising delay.
    pub fn group_of(seconds: f64) -> usize {
        bin_of_secs(seconds) / GROUP
    }

    /// The sum of all delays in seconds.
    pub fn sum_s(&self) -> f64 {
        self.mean_s().unwrap_or(0.0) * self.count as f64
    }

    /// The share of delays in the groups of bins up to `group`; zero without records.
    pub fn share_up_to_group(&self, group: usize) -> f64 {
        self.share_before((group + 1) * GROUP)
    }

    /// Forgets the shortest and the longest delay so far; counts stay.
    pub fn forget_extremes(&mut self) {
        self.forgot = true;
        (self.min, self.max) = (u64::MAX, 0);
    }

    /// What was recorded after `before` was copied, where the extremes were
    /// [forgotten](Self::forget_extremes).
    #[must_use]
    pub fn since(&self, before: &Latency) -> Latency {
        let mut gained = self.clone();
        for (mine, theirs) in gained.bins.iter_mut().zip(&before.bins) {
            *mine -= theirs;
        }
        gained.sum -= before.sum;
        gained.count -= before.count;
        gained.saturated -= before.saturated;
        // What was before it was forgotten may lie anywhere.
        gained.forgot = true;
        gained
    }

    /// Forgets all records and keeps the memory, at the cost of the bins that they reach.
    pub fn clear(&mut self) {
        let reached = self.reached();
        self.bins[reached].fill(0);
        (self.sum, self.count, self.saturated) = (0, 0, 0);
        (self.min, self.max) = (u64::MAX, 0);
        self.forgot = false;
    }

    /// The bins outside of which there is nothing.
    fn reached(&self) -> Range<usize> {
        if self.forgot {
            return 0..self.bins.len();
        }
        if self.count == 0 {
            return 0..0;
        }
        let bin = |delay: u64| bin_of(to_micros(delay.min(Self::LONGEST_SIXTEENTHS)));
        bin(self.min)..bin(self.max) + 1
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
        // Whole and remaining sixteenths apart: a u128 does not fit an f64.
        (self.count > 0).then(|| {
            let n = u128::from(self.count);
            let mean = (self.sum / n) as f64 + (self.sum % n) as f64 / n as f64;
            mean / (PER_NANO as f64 * 1e9)
        })
    }

    /// Minimum in seconds, to the nanosecond below; none without records.
    pub fn min_s(&self) -> Option<f64> {
        (self.count > 0).then(|| Span::from_nanos(self.min / PER_NANO).to_secs())
    }

    /// Maximum in seconds, to the nanosecond below; none without records.
    pub fn max_s(&self) -> Option<f64> {
        (self.count > 0).then(|| Span::from_nanos(self.max / PER_NANO).to_secs())
    }

    /// The delay in seconds that a share `q` (0 to 1) of the events did not exceed; none
    /// without records.
    pub fn quantile_s(&self, q: f64) -> Option<f64> {
        let rank = (q.min(1.0) * self.count as f64).ceil().max(1.0) as u64;
        let reached = self.reached();
        let (mut seen, mut first) = (0, reached.start);
        // Bins are many and most hold nothing: by blocks to the one in which it lies.
        for block in self.bins[reached.clone()].chunks(64) {
            let more: u64 = block.iter().sum();
            if seen + more >= rank {
                break;
            }
            (seen, first) = (seen + more, first + block.len());
        }
        let bin = (first..reached.end).find(|&bin| {
            seen += self.bins[bin];
            seen >= rank
        })?;
        let micros = if q <= 0.0 { bottom_micros(bin) } else { top_micros(bin) };
        // A bin's upper edge may lie beyond what was recorded.
        Some((micros as f64 / 1e6).min(self.max_s()?))
    }

    /// The share of delays in the bins up to that of `seconds`; zero without records.
    pub fn share_up_to(&self, seconds: f64) -> f64 {
        self.share_before(bin_of_secs(seconds) + 1)
    }

    /// The width of the bin of a delay of `seconds`, s.
    pub fn resolution_s(seconds: f64) -> f64 {
        let bin = bin_of_secs(seconds);
        (bottom_micros(bin + 1) - bottom_micros(bin)) as f64 * 1e-6
    }

    fn share_before(&self, end: usize) -> f64 {
        let reached = self.reached();
        let counted: u64 = (reached.start..end.min(reached.end)).map(|bin| self.bins[bin]).sum();
        if self.count == 0 { 0.0 } else { counted as f64 / self.count as f64 }
    }

    /// The histogram in microseconds over the full range, for writers of its standard formats.
    pub fn histogram(&self) -> Histogram<u64> {
        let longest = Self::LONGEST.as_nanos() / 1000;
        let mut full = Histogram::new_with_bounds(1, longest, 3).expect("bounds in order");
        for (bin, n) in self.bins() {
            full.record_n(bottom_micros(bin), n).expect("no bin lies beyond the longest delay");
        }
        full
    }

    /// The bins that hold something, as [`Histogram`] numbers them, with how many events each holds.
    pub fn bins(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let reached = self.reached();
        let bins = reached.clone().zip(self.bins[reached].iter().copied());
        bins.filter(|&(_, n)| n > 0)
    }

    /// The longest delay of the last bin that holds something, in microseconds; zero without records.
    pub fn longest_micros(&self) -> u64 {
        let reached = self.reached();
        let last = self.bins[reached.clone()].iter().rposition(|&n| n > 0);
        last.map_or(0, |at| top_micros(reached.start + at))
    }

    #[inline]
    fn bin(&mut self, bin: usize) -> &mut u64 {
        if bin >= self.bins.len() {
            self.grow(bin);
        }
        &mut self.bins[bin]
    }

    #[cold]
    fn grow(&mut self, bin: usize) {
        self.bins.resize((bin / HALF + 1) * HALF, 0);
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

/// The nearest microsecond, as binned.
#[inline]
fn to_micros(sixteenths: u64) -> u64 {
    (sixteenths + PER_MICRO / 2) / PER_MICRO
}

/// The bin of a delay. One bin holds the delays that share their eleven leading bits.
fn bin_of(micros: u64) -> usize {
    bin_and_end(micros).0
}

/// The bin of a delay in microseconds, and the first delay in sixteenths of a nanosecond that is beyond
/// it.
#[inline]
fn bin_and_end(micros: u64) -> (usize, u64) {
    let spare = 53 - (micros | 2047).leading_zeros() as usize;
    let leading = micros >> spare;
    (spare * HALF + leading as usize, ((leading + 1) << spare) * PER_MICRO - PER_MICRO / 2)
}

/// The bin of a delay in seconds.
fn bin_of_secs(seconds: f64) -> usize {
    let micros = (seconds * 1e6).round() as u64;
    bin_of(micros.min(Latency::LONGEST.as_nanos() / 1000))
}

/// The shortest delay of a bin.
fn bottom_micros(bin: usize) -> u64 {
    let spare = (bin / HALF).saturating_sub(1);
    ((bin - spare * HALF) as u64) << spare
}

/// The longest delay of a bin.
fn top_micros(bin: usize) -> u64 {
    bottom_micros(bin + 1) - 1
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
    fn groups_and_shares_are_those_of_the_delays_one_by_one() {
        let delays: Vec<u64> = (0..2000).map(|i| 1 + i * i * 37 % 5_000_000).collect();
        let (mut once, mut thrice) = (Latency::new(), Latency::new());
        for &delay in &delays {
            once.record(micros(delay));
            thrice.record_n(micros(delay), 3);
        }
        let mut merged = Latency::new();
        merged.merge_times(&once, 3);
        assert_eq!(merged.histogram(), thrice.histogram());
        assert_eq!((merged.mean_s(), merged.max_s()), (thrice.mean_s(), thrice.max_s()));
        let mut groups = Vec::new();
        once.add_groups(&mut groups);
        for (group, &count) in groups.iter().enumerate() {
            let of = |delay: &&u64| Latency::group_of(**delay as f64 * 1e-6) == group;
            assert_eq!(count, delays.iter().filter(of).count() as u64, "{group}");
            let up_to = |delay: &&u64| Latency::group_of(**delay as f64 * 1e-6) <= group;
            let share = delays.iter().filter(up_to).count() as f64 / delays.len() as f64;
            assert!((once.share_up_to_group(group) - share).abs() < 1e-12, "{group}");
        }
        for at in [100, 3000, 70_000, 4_000_000] {
            let share = delays.iter().filter(|&&delay| delay <= at).count() as f64 / 2000.0;
            // A bin is a thousandth of a delay.
            let near = delays.iter().filter(|&&d| d.abs_diff(at) <= at / 1000).count() as f64;
            let off = once.share_up_to(at as f64 * 1e-6) - share;
            assert!(off.abs() <= near / 2000.0 + 1e-12, "{at}: {off}");
        }
    }

    #[test]
    fn the_longest_delays_saturate_and_memory_is_bounded() {
        let mut latency = Latency::new();
        latency.record(Span::ZERO);
        latency.record_n(Span::from_hours(24 * 365), 5);
        assert_eq!((latency.count(), latency.saturated()), (6, 5));
        assert!(latency.bins.len() * 8 <= 300 * 1024);
        assert!((latency.max_s().unwrap() / (365.0 * 86_400.0) - 1.0).abs() < 1e-15);
        let shown = latency.quantile_s(0.9).unwrap();
        assert!((shown / Latency::LONGEST.as_secs_f64() - 1.0).abs() <= 1e-3);
        assert_eq!(latency.quantile_s(0.1), Some(0.0));
    }

    /// Bins that were reached before the extremes were forgotten are merged and cleared too.
    #[test]
    fn nothing_is_left_where_extremes_were_forgotten() {
        let mut latency = Latency::new();
        [3, 5_000, 70_000_000].into_iter().for_each(|n| latency.record(micros(n)));
        latency.forget_extremes();
        latency.record(micros(6_000));
        let mut merged = Latency::new();
        merged.merge(&latency);
        assert_eq!(figures(&merged).4.len(), 4);
        for mut latency in [latency, merged] {
            latency.clear();
            assert!(latency.bins.iter().all(|&n| n == 0));
            latency.record(micros(9));
            assert_eq!((latency.count(), figures(&latency).4), (1, vec![(9, 1)]));
        }
    }

    type Figures = (u64, Option<f64>, Option<f64>, Option<f64>, Vec<(u64, u64)>);

    fn figures(latency: &Latency) -> Figures {
        let histogram = latency.histogram();
        let bars = histogram.iter_recorded();
        let bars: Vec<_> = bars.map(|v| (v.value_iterated_to(), v.count_at_value())).collect();
        (latency.count(), latency.mean_s(), latency.min_s(), latency.max_s(), bars)
    }

    /// Bins, quantiles and all are those of the histogram crate.
    #[test]
    fn bins_are_those_of_the_histogram() {
        let all = Latency::new().histogram();
        for bin in 0..33 * HALF {
            let (bottom, top) = (bottom_micros(bin), top_micros(bin));
            assert!(bin_of(bottom) == bin && bin_of(top) == bin && bin_of(top + 1) == bin + 1);
            assert_eq!(all.lowest_equivalent(bottom), bottom);
            assert_eq!(all.highest_equivalent(bottom), top);
        }
    }

    #[test]
    fn a_progression_is_what_its_delays_are_one_by_one() {
        for (first, growth, k) in [
            (1, 0, 5),
            (480_000_000, 9_000, 900),
            (16_000, 16_000, 5_000),
            (16_003, 12, 777),
            (7, 3, 100_000),
            (Latency::LONGEST_SIXTEENTHS - 1000, 100, 20),
            (Latency::LONGEST_SIXTEENTHS + 1, 1 << 40, 3),
        ] {
            let (mut at_once, mut one_by_one) = (Latency::new(), Latency::new());
            at_once.record_progression(first, growth, k, 3);
            for j in 0..k {
                one_by_one.record_sixteenths(first + j * growth, 3);
            }
            assert_eq!(figures(&at_once), figures(&one_by_one), "{first} + j {growth}");
            assert_eq!(at_once.saturated(), one_by_one.saturated());
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_histogram(
            records in prop::collection::vec((0_u64..1 << 50, 1_u64..9), 1..60),
            q in 0.0..1.0,
        ) {
            let mut latency = Latency::new();
            for (nanos, n) in records {
                latency.record_n(Span::from_nanos(nanos), n);
            }
            for q in [0.0, q, 1.0] {
                let theirs = latency.histogram().value_at_quantile(q) as f64 * 1e-6;
                let ours = latency.quantile_s(q).unwrap();
                let theirs = theirs.min(latency.max_s().unwrap());
                // Both are whole microseconds, scaled once.
                prop_assert!((ours - theirs).abs() <= 1e-12 * theirs, "{ours} and {theirs}");
            }
        }

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
