//! Figures that count after a warm-up, held against runs that end with it.

use loadbank::facility::{Facility, Outcome, Silent};
use loadbank::kernel::Span;
use loadbank::scenario::Loaded;

use super::super::support::{Bench, SMALL, load};
use super::{folder, rows, stderr, stdout};

const DAYS: f64 = 4.0;
const WARM_UP_DAYS: f64 = 1.0;

/// Latencies by histogram: counts by value.
type Latencies = Vec<(String, Vec<(u64, u64)>)>;

fn run(loaded: &Loaded, warm_up: Span) -> (Outcome, Latencies) {
    let mut facility = Facility::new(&loaded.design, 3).after(warm_up);
    facility.run(&mut Silent);
    let outcome = facility.outcome();
    assert!(outcome.balanced(), "books are those of the whole run");
    let latencies = facility.latencies().into_iter().map(|(name, histogram)| {
        let bins = histogram.iter_recorded();
        (name, bins.map(|bin| (bin.value_iterated_to(), bin.count_at_value())).collect())
    });
    (outcome, latencies.collect())
}

/// What counts after the warm-up and what a run to its end counts make up what the whole run
/// counts: sums add, means weigh by time, the larger extreme is that of the whole, and histograms
/// add bin by bin.
#[test]
fn a_warm_up_and_what_comes_after_it_make_up_the_run() {
    let bench = Bench::new();
    let file = bench.file("small.yaml", SMALL);
    let failures = "power.utility.failures={rate: 200 /year, repair_mean: 90 min}";
    let of = |days: f64| load(&file, &[&format!("duration={days} days"), failures]);
    let whole = of(DAYS);
    let (all, all_latencies) = run(&whole, Span::ZERO);
    let (first, first_latencies) = run(&of(WARM_UP_DAYS), Span::ZERO);
    // It ends with the interval in which it ends.
    let (after, after_latencies) = run(&whole, Span::from_secs(23 * 3600 + 1));
    assert_eq!(after.trace, all.trace);

    let mut added = 0;
    for ((whole, first), after) in all.figures().zip(first.figures()).zip(after.figures()) {
        let address = whole.address();
        assert_eq!((after.address(), first.address()), (address.clone(), address.clone()));
        let Some((w, f)) = whole.value.zip(first.value) else { continue };
        let a = after.value.unwrap_or_else(|| panic!("{address} is not defined"));
        let near = |expected: f64| {
            assert!(
                (a - expected).abs() <= 1e-9 * w.abs() + 1e-9,
                "{address}: {a}, not {expected}"
            );
        };
        let name = whole.figure.name;
        if whole.figure.adds {
            near(w - f);
            added += 1;
        } else if name.contains("mean_hash_rate") || name == "price" {
            near((w * DAYS - f * WARM_UP_DAYS) / (DAYS - WARM_UP_DAYS));
            added += 1;
        } else if name.ends_with("_max") || name.contains("peak") || name == "outage_longest" {
            assert_eq!(w, f.max(a), "{address}");
            added += 1;
        } else if ["racks", "machines", "gpus", "in_flight", "jobs.running"].contains(&name) {
            assert_eq!(w, a, "{address}");
        }
    }
    assert!(added > 100, "{added} figures compared");
    assert!(!all_latencies.is_empty());
    for ((whole, first), after) in all_latencies.iter().zip(&first_latencies).zip(&after_latencies)
    {
        let mut bins = std::collections::BTreeMap::new();
        for &(value, count) in first.1.iter().chain(&after.1) {
            *bins.entry(value).or_insert(0) += count;
        }
        assert_eq!(whole.1, bins.into_iter().collect::<Vec<_>>(), "{}", whole.0);
    }
}

#[test]
fn a_comparison_leaves_the_warm_up_out() {
    let bench = super::bench();
    let import = |arguments: &str, output: &str| -> f64 {
        let text = stdout(
            &bench,
            &format!("compare site.yaml -n 3 --tables csv -o {output} {arguments}"),
            0,
        );
        assert_eq!(text.contains(", figures from day 2 on (seed"), arguments.contains("warm-up"));
        let means = rows(&folder(&bench, output).join("means.csv"));
        means.iter().find(|row| row["figure"] == "import").unwrap()["mean"].parse().unwrap()
    };
    let after = import("--warm-up 2days", "after");
    let (whole, first) = (import("", "whole"), import("--set duration=2days", "first"));
    assert!((after - (whole - first)).abs() <= 1e-9 * whole, "{after}, {whole}, {first}");
    let said = stderr(&bench, "compare site.yaml --warm-up 10days", 3);
    assert!(said.contains("leave nothing of the 10 days of `site`"), "{said}");
}
