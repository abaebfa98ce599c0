//! Sites in trouble: whatever happens to a plant, its books balance and it never gets stuck.

use super::support::{SMALL, Told, simulate};

/// Runs SMALL with `sets` and checks what holds for every site.
#[track_caller]
fn check(sets: &[&str]) -> Told {
    let told = simulate(SMALL, sets);
    let outcome = &told.outcome;
    for book in &outcome.books {
        assert!(book.balanced, "{sets:?}: {}", loadbank::report::text::book(book));
    }
    for hall in &outcome.halls {
        let availability = hall.availability;
        assert!((0.0..=1.0 + 1e-12).contains(&availability), "{sets:?}: {availability}");
    }
    let energy = &outcome.energy;
    let parts = [energy.import_mwh, energy.shed_mwh, energy.mean_import_mw];
    assert!(parts.iter().all(|w| w.is_finite() && *w >= 0.0), "{sets:?}: {parts:?}");
    assert!(energy.mean_import_mw <= energy.peak_demand_mw * (1.0 + 1e-9), "{sets:?}");
    assert!(energy.peak_demand_mw <= energy.peak_import_mw * (1.0 + 1e-9), "{sets:?}");
    for (column, index) in told.columns.iter().zip(0..) {
        let power = column.ends_with("_mw") || column.ends_with("_m3_per_h");
        let least = told.rows.iter().map(|row| row[index]).fold(f64::INFINITY, f64::min);
        assert!(!power || least >= 0.0, "{sets:?}: {column} falls to {least}");
    }
    told
}

const FEED_FAILS: &str = "power.utility.failures={rate: 50 /day, repair_mean: 5 min}";

#[test]
fn a_quiet_week() {
    let told = check(&["power.utility.outages=none"]);
    assert!(told.outcome.halls.iter().all(|hall| hall.availability > 0.99));
}

#[test]
fn a_feed_that_fails_every_half_hour() {
    let told = check(&[FEED_FAILS]);
    let failed = told.events.iter().filter(|event| event.contains("failed utility")).count();
    // 350 are expected of a Poisson process: six deviations to either side.
    assert!((240..460).contains(&failed), "{failed} failures");
    assert!(told.outcome.halls.iter().all(|hall| hall.power_losses > 200));
}

#[test]
fn no_work_at_all() {
    let told = check(&["workloads={}"]);
    assert_eq!(told.outcome.effectiveness.it_mwh, 0.0);
    assert!(told.outcome.energy.import_mwh > 0.0, "losses, fans and the house remain");
}
