//! Latency histograms in the two formats of the HdrHistogram tools.
//!
//! `.hlog` is the interval log (V2, compressed) with one interval for each histogram. The first of
//! them has no tag, because the standard log processor reads untagged intervals unless it is told
//! a tag, and fails where there are none; a comment tells its name. All others are tagged by
//! theirs. No histogram is written twice. `.hgrm` is the percentile table that the standard
//! plotter reads; every file uses one fixed grid of percentiles, because the plotter aligns
//! files by row.

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use jiff::Timestamp;

/// Recorded values are microseconds; these formats are read in milliseconds.
const MICROS_PER_MILLI: f64 = 1000.0;

/// A histogram and the name it goes by in the log.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// For example `chat/ttft`.
    pub name: &'a str,
    /// Values in microseconds.
    pub histogram: &'a Histogram<u64>,
}

/// Writes all of `histograms` as one interval log over `start` and `length`.
///
/// # Errors
///
/// When a histogram cannot be serialised.
pub fn interval_log(
    start: Timestamp,
    length: Duration,
    histograms: &[Named<'_>],
) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let Some(first) = histograms.first() else {
        return Ok(out);
    };
    let start = UNIX_EPOCH + Duration::from_secs(start.as_second().max(0).unsigned_abs());
    let mut serializer = V2DeflateSerializer::new();
    let failed = |error: &dyn std::fmt::Debug| io::Error::other(format!("{error:?}"));
    let untagged =
        format!("the interval without a tag is {}", first.name.replace(['\r', '\n'], "_"));
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("values in microseconds")
        .add_comment(&untagged)
        .with_start_time(start)
        .with_base_time(start)
        .with_max_value_divisor(MICROS_PER_MILLI)
        .begin_log_with(&mut out, &mut serializer)?;
    log.write_histogram(first.histogram, Duration::ZERO, length, None).map_err(|e| failed(&e))?;
    for named in &histograms[1..] {
        // A tag may hold no comma, space or line break.
        let tag: String =
            named.name.chars().map(|c| if ", \r\n".contains(c) { '_' } else { c }).collect();
        let tag = Tag::new(&tag).expect("the tag was cleaned");
        log.write_histogram(named.histogram, Duration::ZERO, length, Some(tag))
            .map_err(|e| failed(&e))?;
    }
    Ok(out)
}

/// The percentile table of one histogram, in milliseconds.
pub fn percentile_table(histogram: &Histogram<u64>) -> String {
    let mut out = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let total = histogram.len();
    for quantile in grid() {
        let value = histogram.value_at_quantile(quantile);
        let below = histogram.count_between(0, value);
        let _ = write!(out, "{:12.3} {quantile:2.12} {below:10}", value as f64 / MICROS_PER_MILLI);
        if quantile < 1.0 {
            let _ = write!(out, " {:14.2}", 1.0 / (1.0 - quantile));
        }
        out.push('\n');
    }
    let milli = |value: f64| value / MICROS_PER_MILLI;
    let _ = writeln!(
        out,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
        milli(histogram.mean()),
        milli(histogram.stdev())
    );
    let _ = writeln!(
        out,
        "#[Max     = {:12.3}, Total count    = {total:12}]",
        milli(histogram.max() as f64)
    );
    let _ = writeln!(
        out,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        histogram.buckets(),
        histogram.distinct_values()
    );
    out
}

/// Ten steps in each halving of the distance to one, down to one in a million: 0, 0.05 ...
/// 0.5, 0.525 ... 0.75 and so on, then 1.
fn grid() -> impl Iterator<Item = f64> {
    const HALVINGS: i32 = 20;
    (0..HALVINGS)
        .flat_map(|halving| {
            let rest = 0.5_f64.powi(halving);
            (0..10).map(move |step| 1.0 - rest * (1.0 - f64::from(step) / 20.0))
        })
        .chain(std::iter::once(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_rises_and_is_the_same_for_all() {
        let grid: Vec<f64> = grid().collect();
        assert!(grid.windows(2).all(|w| w[0] < w[1]));
        assert_eq!((grid[0], grid[10], *grid.last().unwrap()), (0.0, 0.5, 1.0));
        assert!(grid[grid.len() - 2] > 0.999_998);
        let rows = |values: &[u64]| {
            let mut h = Histogram::new_with_bounds(1, 1_000_000_000, 3).unwrap();
            values.iter().for_each(|v| h.record(*v).unwrap());
            percentile_table(&h).lines().count()
        };
        assert_eq!(rows(&[5]), rows(&[1, 10, 100_000, 3_000_000]));
    }

    /// The crate's own reader of the format: each histogram is there once, and the intervals sum
    /// to all that was recorded.
    #[test]
    fn a_log_reads_back_with_an_untagged_interval_first() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use hdrhistogram::serialization::Deserializer;
        use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
        let recorded = [("chat, ttft", 250_000, 7), ("chat/tbt", 30_000, 5), ("b", 1, 11)];
        let histograms = recorded.map(|(_, value, n)| {
            let mut h: Histogram<u64> = Histogram::new_with_bounds(1, 1_000_000_000, 3).unwrap();
            h.record_n(value, n).unwrap();
            h
        });
        let named: Vec<Named<'_>> = recorded
            .iter()
            .zip(&histograms)
            .map(|((name, ..), histogram)| Named { name, histogram })
            .collect();
        let start = "2026-06-01T00:00:00Z".parse().unwrap();
        let log = interval_log(start, Duration::from_secs(3600), &named).unwrap();
        let mut found = Vec::new();
        for entry in IntervalLogIterator::new(&log) {
            if let LogEntry::Interval(interval) = entry.unwrap() {
                let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
                let back: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                let tag = interval.tag().map(|tag| tag.as_str().to_owned());
                found.push((tag, back.len(), back.max()));
            }
        }
        let max = histograms.each_ref().map(Histogram::max);
        let tag = |tag: &str| Some(tag.to_owned());
        assert_eq!(
            found,
            [(None, 7, max[0]), (tag("chat/tbt"), 5, max[1]), (tag("b"), 11, max[2])]
        );
        let text = String::from_utf8(log).unwrap();
        assert!(text.contains("#the interval without a tag is chat, ttft\n"), "{text}");
    }
}
