//! Random sites, most of them too small somewhere: they run, and their books close.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::sites::{Verdict, judge, scenario};
use super::support::{Bench, simulate_file};

/// How many; `cargo run --release -p validation -- random-sites` runs thousands.
const SITES: u64 = 200;
/// The longest, in hours.
const MOST_HOURS: f64 = 12.0;
/// Far more than any of them takes, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn random_sites_run_and_say_nothing_that_contradicts_itself() {
    let bench = Bench::new();
    let next = AtomicU64::new(1);
    let run = || {
        let mut found = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > SITES {
                return found;
            }
            let path = bench.file(&format!("site-{seed}.yaml"), scenario(seed, MOST_HOURS));
            match judge(&path, LIMIT) {
                Verdict::Refused(said) => found.push(format!("seed {seed} is refused:\n{said}")),
                Verdict::Ran(findings) => {
                    found.extend(findings.iter().map(|finding| format!("seed {seed}: {finding}")));
                }
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Sites that `validation random-sites` has found at fault: books that did not close, racks that ran on a crumb of
/// rounding, water and hours that ran backwards by one, and instants that went on for ever.
#[test]
fn sites_that_were_at_fault_run() {
    let bench = Bench::new();
    let seeds = [
        144_912, 200_015, 200_516, 202_865, 204_891, 301_334, 301_444, 301_492, 403_364, 403_909,
        404_909, 707_456, 709_498,
    ];
    for seed in seeds {
        let path = bench.file(&format!("site-{seed}.yaml"), scenario(seed, 96.0));
        let Verdict::Ran(findings) = judge(&path, LIMIT) else { panic!("seed {seed} is refused") };
        assert!(findings.is_empty(), "seed {seed}: {findings:?}");
    }
}

/// A programme that is taken out moves no call of the others, whatever else the site decides.
#[test]
fn a_programme_moves_no_calls_of_another() {
    let bench = Bench::new();
    let mut compared = 0;
    for seed in 1..=80 {
        let text = scenario(seed, 6.0);
        if !text.contains("\n  programme-1: {kind") {
            continue;
        }
        let path = bench.file(&format!("site-{seed}.yaml"), text);
        let calls = |sets: &[&str]| -> Vec<String> {
            let told = simulate_file(&path, sets);
            let events = told.events.into_iter();
            events.filter(|it| it.contains("called programme-0")).collect()
        };
        let alone = calls(&["programmes.programme-1=null"]);
        assert_eq!(calls(&[]), alone, "seed {seed}");
        compared += usize::from(!alone.is_empty());
    }
    assert!(compared >= 5, "only {compared} sites have calls to compare");
}

/// The seed is the site.
#[test]
fn a_seed_writes_the_same_site_again() {
    assert_eq!(scenario(7, 24.0), scenario(7, 24.0));
    assert_ne!(scenario(7, 24.0), scenario(8, 24.0));
}
