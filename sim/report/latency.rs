//! Latency histograms as the percentile tables (`.hgrm`) that the standard plotter of the
//! HdrHistogram tools reads. Every file uses one fixed grid of percentiles, because the plotter
//! aligns files by row.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

/// Recorded values are microseconds; these formats are read in milliseconds.
pub(super) const MICROS_PER_MILLI: f64 = 1000.0;

/// The percentile table of one histogram, in milliseconds.
pub(super) fn percentile_table(histogram: &Histogram<u64>) -> String {
    let mut out = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let total = histogram.len();
    let (mut below, mut next) = (0, 0);
    for (quantile, value) in grid().zip(histogram.value_at_quantiles(grid())) {
        if value >= next {
            below += histogram.count_between(next, value);
            next = histogram.highest_equivalent(value) + 1;
        }
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

/// The percentiles of one histogram: quantile and milliseconds. Beyond one in as many as there are
/// values, all percentiles are the longest: it stands there once.
pub(super) fn points_ms(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let finest = 1.0 - 1.0 / histogram.len() as f64;
    let within = grid().take_while(|quantile| *quantile < finest);
    let points = within.chain([finest]).map(|quantile| {
        (quantile, histogram.value_at_quantile(quantile) as f64 / MICROS_PER_MILLI)
    });
    points.collect()
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

    /// A thousand values show nothing rarer than one in a thousand.
    #[test]
    fn points_end_where_values_do() {
        let mut h = Histogram::new_with_bounds(1, 1_000_000_000, 3).unwrap();
        (1..=1000).for_each(|v| h.record(1000 * v).unwrap());
        let points = points_ms(&h);
        assert!(points.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1));
        let (quantile, ms) = *points.last().unwrap();
        assert!((quantile - 0.999).abs() < 1e-12 && (ms - 999.0).abs() < 1.0, "{quantile} {ms}");
        let (_, median) = points.iter().find(|point| point.0 == 0.5).unwrap();
        assert!((median - 500.0).abs() < 0.5);
        assert!(points_ms(&Histogram::new(3).unwrap()).is_empty());
    }

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

    /// Value by value and count by count what the histogram says of each line by itself.
    #[test]
    fn every_line_counts_all_below_it() {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000_000, 3).unwrap();
        for step in 1..=400_u64 {
            histogram.record_n(step * step * step, 1 + step % 7).unwrap();
        }
        let table = percentile_table(&histogram);
        let lines = table.lines().skip(2).filter(|line| !line.starts_with('#'));
        for (line, quantile) in lines.zip(grid()) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let value = histogram.value_at_quantile(quantile);
            assert_eq!(cells[0], format!("{:.3}", value as f64 / MICROS_PER_MILLI));
            assert_eq!(cells[2], histogram.count_between(0, value).to_string(), "{line}");
        }
    }
}
