//! Generators that start or do not, and stand by behind batteries.

use loadbank::reliability::{Standby, YEAR_H, binomial};

use super::Rows;

/// Availability, failure to start, and mean time to failure of a set, h (REopt, backup reliability).
const SET: (f64, f64, f64) = (0.995, 0.0094, 1100.0);

/// Chance that fewer than `k` of `n` carry, each with chance `p`.
fn fewer(k: usize, n: usize, p: f64) -> f64 {
    (0..k).map(|up| binomial(n, up, p)).sum()
}

/// T12 to T15 and P7: starts of groups of sets.
pub(super) fn starts(rows: &mut Rows) {
    // Two sets of one type and one of another: availability times starts.
    let (first, second) = (0.99 * (1.0 - 0.05), 0.95 * (1.0 - 0.1));
    let six = [0.000513336, 0.0162283, 0.128258, 0.00302691, 0.0956912, 0.756282];
    for (place, expected) in six.into_iter().enumerate() {
        let (a, b) = (place % 3, place / 3);
        let ours = binomial(2, a, first) * binomial(1, b, second);
        rows.exact("T12", &format!("REopt: {a} and {b} sets start"), expected, ours, 1e-5);
    }
    for (place, expected) in [0.0025, 0.045, 0.2025, 0.0075, 0.135, 0.6075].into_iter().enumerate()
    {
        let (a, b) = (place % 3, place / 3);
        let ours = binomial(2, a, 0.9) * binomial(1, b, 0.75);
        rows.exact("T13", &format!("REopt: {a} and {b} sets after a step"), expected, ours, 1e-9);
    }
    // Two sets, each lost with 0.2 in a step; loads of two, two and one.
    let ours = 0.8_f64.powi(4) * (1.0 - fewer(1, 2, 0.8));
    rows.exact("T14", "REopt: three steps without a battery", 0.393216, ours, 1e-9);
    let (available, fails, mean_h) = SET;
    let two_hours = available * (1.0 - fails) * (-2.0 / mean_h).exp();
    for (k, n, expected) in [
        (1, 1, 0.0161435),
        (1, 2, 2.60611e-4),
        (2, 3, 7.73419e-4),
        (4, 5, 2.52298e-3),
        (4, 6, 8.1126e-5),
    ] {
        let what = format!("{k} of {n} sets fail in an outage of 2 h");
        rows.exact("T15", &what, expected, fewer(k, n, two_hours), 1e-5);
    }
    let fails = 1.0 - available * (1.0 - fails);
    for (beta, expected) in [(0.05, 0.0012699514210277644), (0.0, 6.12112143870025e-4)] {
        let alone = fewer(2, 3, 1.0 - (1.0 - beta) * fails);
        let ours = beta * fails + (1.0 - beta * fails) * alone;
        let what = format!("2 of 3 sets do not start, beta {} %", beta * 100.0);
        rows.exact("P7", &what, expected, ours, 1e-6);
    }
}

/// P1 to P3 and T16: sets behind batteries.
pub(super) fn standby(rows: &mut Rows) {
    let (available, fails, mean_h) = SET;
    let of = |sets, needed, crews| Standby {
        source: (1.956 / YEAR_H, 1.32),
        sets,
        needed,
        fails_to_start: 1.0 - available * (1.0 - fails),
        run_rate_per_h: 1.0 / mean_h,
        repair_h: 18.28,
        crews,
        battery_h: 300.0 / 3600.0,
    };
    for (id, sets, needed, crews, losses, hours) in [
        ("P2", 1, 1, 1, 0.02849679307301364, 0.035082460109953126),
        ("P3a", 3, 2, 1, 0.0013182073243880696, 0.0016234392191208128),
        ("P3b", 3, 2, 3, 0.0013097457494335182, 0.001511638524595004),
        ("P3c", 5, 4, 1, 0.004303400885427954, 0.0053037037422418954),
    ] {
        let found = of(sets, needed, crews).figures();
        let what = format!("{needed} of {sets} sets, {crews} crews");
        let per_year = format!("{what}: losses per year");
        rows.exact(id, &per_year, losses, found.losses_per_year, 1e-6);
        rows.exact(id, &format!("{what}: hours per year"), hours, found.hours_per_year, 1e-6);
    }
    let found = of(1, 1, 1).figures();
    rows.exact(
        "P2",
        "hours per year on the battery",
        0.00245695,
        found.battery_hours_per_year,
        1e-5,
    );
    // Published by simulation of 4e5 years.
    rows.exact("T16", "one set, losses per year", 0.02847, found.losses_per_year, 0.03);
    rows.exact(
        "T16",
        "four of five, losses per year",
        0.00423,
        of(5, 4, 1).figures().losses_per_year,
        0.06,
    );
}
