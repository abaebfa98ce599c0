use super::super::{YEAR_H, bias};
use super::{Written, close, four_to_make_three, two_chains};
use crate::kernel::RepairLaw;

/// R1, R2, R4 and P10b: the stated interval holds the exact figure.
#[test]
fn rare_losses_are_found_at_their_rates() {
    // R1: 2.57648e-4 per cycle. R2: four of eight down, rates per hour.
    let r2 = Written::k_of_n(5, 8, 1e-3 * YEAR_H, 10.0);
    for (structure, per_cycle, per_year) in [
        (Written::k_of_n(1, 2, 0.1235, 18.28), Some(2.57648e-4), None),
        (r2, Some(3.4408122938584775e-5), None),
        (two_chains(), Some(2.639382030914604e-4), Some(2.7325930050731257e-5)),
        (four_to_make_three(), None, Some(1.345363785170278e-5)),
    ] {
        let found = bias(&structure, 0, "load", 40_000, 12).unwrap();
        for (target, (value, interval)) in
            [(per_cycle, found.per_cycle), (per_year, found.losses_per_year)]
        {
            let Some(target) = target else { continue };
            let off = (value - target).abs() / interval.half_width();
            assert!(off < 1.6, "{value:e} +- {:e}, not {target:e}", interval.half_width());
            assert!(interval.half_width() < 0.05 * value, "{:e}", interval.half_width() / value);
        }
    }
}

/// The interval of 95 % covers in 90 to 99 of 100 seeds, on R4 and on P10b, and 5 % take less than
/// a hundredth of the plain years.
#[test]
fn intervals_cover_as_often_as_they_say() {
    for (structure, per_year, unserved) in [
        (two_chains(), 2.7325930050731257e-5, 6.976964663548171e-8),
        (four_to_make_three(), 1.345363785170278e-5, 2.0478252481706885e-9),
    ] {
        let (mut rates, mut shares) = (0, 0);
        for seed in 0..100 {
            let found = bias(&structure, 0, "load", 10_000, seed).unwrap();
            rates += u32::from(found.losses_per_year.1.contains(per_year));
            shares += u32::from(found.unserved.1.contains(unserved));
            let half = found.losses_per_year.1.half_width() / per_year;
            // Cycles for 5 %, as years, against the years of 1537 losses (5 % at 95 %).
            let first_failures: f64 =
                structure.units.iter().map(|u| u.failures_per_h() * YEAR_H).sum();
            let years = found.cycles as f64 / first_failures * (half / 0.05).powi(2);
            assert!(years < 0.01 * 1537.0 / per_year, "{years} years");
        }
        assert!((90..=99).contains(&rates), "{rates} of 100 cover the rate");
        assert!((90..=99).contains(&shares), "{shares} of 100 cover the share");
    }
}

/// Weights are those of exponential repairs, so others are refused, by name.
#[test]
fn other_repairs_are_refused() {
    let mut structure = Written::k_of_n(1, 2, 1.0, 10.0);
    structure.units[1].law.repair = RepairLaw::Lognormal { mean_s: 36_000.0, sigma: 1.0 };
    assert_eq!(bias(&structure, 0, "load", 10, 1).unwrap_err().name, "unit-1");
    structure.units.truncate(1);
    close(bias(&structure, 0, "load", 10, 1).unwrap().per_cycle.0, 1.0, 1e-12);
}
