//! Latencies of all requests of several replications: their histograms, added bin by bin.
//!
//! Bins are the same in every replication, so that the sum is exact and does not depend on order.
//! A percentile of the sum is one of all requests; the mean of the percentiles of the replications
//! is another number.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

use crate::measure::Latency;

/// Requests by latency, by the name of the histogram: `chat/ttft`, `chat/batch/ttft`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pools(BTreeMap<String, Pool>);

/// Requests by latency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pool {
    replications: usize,
    /// By the shortest latency of each bin, in microseconds.
    bins: BTreeMap<u64, u64>,
}

impl Pools {
    /// Adds a histogram of a replication, as [`encode`] has written it; one that cannot be read is
    /// not of ours.
    pub(super) fn add(&mut self, name: &str, encoded: &str) {
        let Some(histogram) = decoded(encoded) else { return };
        let pool = self.0.entry(name.to_owned()).or_default();
        pool.replications += 1;
        for bin in histogram.iter_recorded() {
            let lowest = histogram.lowest_equivalent(bin.value_iterated_to());
            *pool.bins.entry(lowest).or_default() += bin.count_at_value();
        }
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Pool)> {
        self.0.iter().map(|(name, pool)| (name.as_str(), pool))
    }

    /// The percentile that the figure `name` of `subject` is in a replication, of all requests, in
    /// seconds: `ttft-p99` of `chat`. None where it is no percentile of a latency.
    pub fn figure_s(&self, subject: &str, name: &str) -> Option<f64> {
        let (kind, nines) = name.split_once("-p")?;
        let share = format!("0.{nines}").parse().ok()?;
        self.0.get(&format!("{subject}/{kind}"))?.quantile_s(share)
    }
}

impl Pool {
    /// Replications that it is of.
    pub fn replications(&self) -> usize {
        self.replications
    }

    /// Requests, or gaps between tokens, in it.
    pub fn count(&self) -> u64 {
        self.bins.values().sum()
    }

    /// The latency that the share `share` of them does not exceed, in seconds, to 0.1 %; none of
    /// none.
    pub fn quantile_s(&self, share: f64) -> Option<f64> {
        let histogram = self.histogram();
        (!histogram.is_empty()).then(|| histogram.value_at_quantile(share) as f64 * 1e-6)
    }

    /// It as a line of an interval log: its name as the tag, over so many seconds.
    pub fn log_line(&self, name: &str, seconds: f64) -> String {
        let histogram = self.histogram();
        // A tag may hold no comma, space or line break.
        let tag = name.replace([',', ' ', '\r', '\n'], "_");
        let most_ms = if histogram.is_empty() { 0.0 } else { histogram.max() as f64 / 1000.0 };
        format!("Tag={tag},0.000,{seconds:.3},{most_ms:.3},{}\n", encode(&histogram))
    }

    /// The histogram, in microseconds.
    pub fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Latency::new().histogram();
        for (&lowest, &count) in &self.bins {
            histogram.record_n(lowest, count).expect("no bin lies beyond the longest latency");
        }
        histogram
    }
}

/// A histogram as text: V2 of the HdrHistogram tools, compressed, in base 64.
pub(super) fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.expect("a histogram fits into memory");
    STANDARD.encode(bytes)
}

/// A histogram that was written so; none where `text` is not one.
pub fn decoded(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two replications whose 99th percentiles are 99 and 990 (rank `ceil(p n)`): 980 of all of
    /// their requests, and 544.5 in the mean.
    #[test]
    fn a_percentile_of_all_requests_is_no_mean_of_percentiles() {
        let mut pools = Pools::default();
        for step in [1, 10] {
            let mut histogram = Latency::new().histogram();
            (1..=100).for_each(|i| histogram.record(step * i).unwrap());
            pools.add("chat/ttft", &encode(&histogram));
        }
        let (_, pool) = pools.iter().next().unwrap();
        assert_eq!((pool.replications(), pool.count()), (2, 200));
        let micros = |share| (pool.quantile_s(share).unwrap() * 1e6).round();
        assert_eq!(micros(0.99), 980.0);
        assert_eq!(pools.figure_s("chat", "ttft-p99"), pool.quantile_s(0.99));
        assert_eq!(pools.figure_s("chat", "ttft-mean"), None);
        assert_eq!(pools.figure_s("chat", "tpot-p99"), None);
    }
}
