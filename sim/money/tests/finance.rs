//! Figures of merit against closed forms and against numpy-financial 1.0 and NREL-PySAM 7.1 (`Lcoefcr`).

use proptest::prelude::*;

use super::super::{
    Change, Curve, Depreciation, Merit, Spend, annuity, drifted, drifted_to, internal_rates,
    levelised, net_present_value, payback, rate_of_period, trough,
};
use super::near;

#[test]
fn five_flows_are_worth_what_numpy_financial_says() {
    let flows = [-100.0, 30.0, 40.0, 50.0, 20.0];
    near(net_present_value(0.1, &flows), 11.556588, 5e-7);
    let rates = internal_rates(&flows, 1.0);
    assert_eq!(rates.len(), 1);
    near(rates[0], 0.15322138, 5e-9);
    near(payback(&flows).unwrap(), 2.6, 1e-12);
    assert_eq!(trough(&flows), -100.0);
}

#[test]
fn annuities_are_those_of_numpy_financial() {
    for (value, years, usd_per_mwh) in
        [(1.1e6, 4.0, 39.6139), (11e6, 15.0, 165.0926), (28e6, 5.0, 843.1883)]
    {
        near(annuity(value, 0.1, years) / 8760.0, usd_per_mwh, 5e-5);
    }
    assert_eq!(annuity(100.0, 0.0, 4.0), 25.0);
}

#[test]
fn levelised_costs_are_those_of_lcoefcr() {
    let kwh = 2_039_242.9;
    near(levelised(0.0817 * 1.1e6, 21_000.0, kwh).unwrap(), 0.05436822, 5e-9);
    let recovered = annuity(1.1e6, 0.1, 25.0);
    near(levelised(recovered, 21_000.0, kwh).unwrap(), 0.06972435, 5e-9);
    assert_eq!(levelised(1.0, 1.0, 0.0), None);
}

#[test]
fn what_is_written_off_has_the_worth_of_the_tables() {
    let worth = |law: Depreciation, bonus: f64| {
        let flows = std::iter::once(0.0).chain(law.shares(bonus, 39));
        net_present_value(0.08, &flows.collect::<Vec<f64>>())
    };
    near(worth(Depreciation::Macrs5, 0.0), 0.81132579, 5e-9);
    near(worth(Depreciation::Macrs15, 0.0), 0.57966874, 5e-9);
    near(worth(Depreciation::Macrs5, 1.0), 0.92592593, 5e-9);
    // Forty years of a fortieth each, by the formula of the annuity.
    near(worth(Depreciation::StraightLine, 0.0), 1.0 / annuity(39.0, 0.08, 39.0), 1e-12);
    let all = [Depreciation::Macrs5, Depreciation::Macrs7, Depreciation::Macrs15];
    for law in all {
        near(law.shares(0.3, 0).iter().sum(), 1.0, 1e-9);
    }
}

#[test]
fn a_price_that_falls_earns_its_integral() {
    // An H100 at 2.5 $/h, 70 % of the time, 25 % less a year, five years of 8,766 h.
    let year_usd = 8766.0 * 0.7 * 2.5;
    near(year_usd * drifted(-0.25, 0.0, 5.0), 40_670.339_1, 5e-5);
    // The same discounted at every instant at 10 % a year.
    near(year_usd * drifted(0.75 / 1.1 - 1.0, 0.0, 5.0), 34_152.427_3, 5e-5);
    // Month by month it earns the same.
    let months =
        (0..60).map(|month| Change::Drift { growth: -0.25, floor: 0.0 }.factor(month, 0) / 12.0);
    near(year_usd * months.sum::<f64>(), 40_670.339_1, 5e-5);
    assert_eq!(drifted(0.0, 1.0, 3.0), 2.0);
}

#[test]
fn a_price_falls_to_its_floor_and_stays_there() {
    // From 2.5 to 1 $/h at 25 % less a year: after ln 0.4 / ln 0.75 = 3.185 years, of five.
    let there = 0.4_f64.ln() / 0.75_f64.ln();
    let wanted = (0.4 - 1.0) / 0.75_f64.ln() + 0.4 * (5.0 - there);
    near(drifted_to(-0.25, 0.4, 0.0, 5.0), wanted, 1e-12);
    let year_usd = 8766.0 * 0.7 * 2.5;
    let drift = Change::Drift { growth: -0.25, floor: 0.4 };
    let months: f64 = (0..60).map(|month| drift.factor(month, 0) / 12.0).sum();
    near(year_usd * months, year_usd * wanted, 0.005);
    // As a sum over short steps has it.
    let step = 5.0 / 1e6;
    let sum = (0..1_000_000).map(|i| 0.75_f64.powf((f64::from(i) + 0.5) * step).max(0.4) * step);
    near(sum.sum(), wanted, 1e-9);
    // A floor that is never reached, and one that is there at once.
    assert_eq!(drifted_to(-0.25, 0.1, 0.0, 5.0), drifted(-0.25, 0.0, 5.0));
    assert_eq!(drifted_to(-0.25, 1.0, 1.0, 5.0), 4.0);
    assert_eq!(drifted_to(0.25, 0.4, 0.0, 5.0), drifted(0.25, 0.0, 5.0));
}

#[test]
fn a_rate_of_return_may_be_none_or_several() {
    assert!(internal_rates(&[100.0, 30.0], 1.0).is_empty());
    assert!(internal_rates(&[0.0, 0.0], 1.0).is_empty());
    assert!(internal_rates(&[-100.0, 10.0, -20.0], 1.0).is_empty());
    // 1 - 2.3 x + 1.32 x² has its zeros at x = 1 / 1.1 and 1 / 1.2.
    let rates = internal_rates(&[-100.0, 230.0, -132.0], 1.0);
    assert_eq!(rates.len(), 2);
    near(rates[0], 0.1, 1e-9);
    near(rates[1], 0.2, 1e-9);
    assert_eq!(Merit::of(&[-100.0, 230.0, -132.0], 0.1).irr(), None);
}

#[test]
fn money_comes_back_when_it_stays() {
    // Above zero after one period, below again, and back in the middle of the fourth.
    near(payback(&[-10.0, 20.0, -20.0, 5.0, 10.0]).unwrap(), 3.5, 1e-12);
    assert_eq!(payback(&[-10.0, 5.0]), None);
    assert_eq!(payback(&[10.0, 5.0]), Some(0.0));
    assert_eq!(trough(&[5.0, 5.0]), 0.0);
}

#[test]
fn spending_is_spread_as_its_curve_says() {
    let spread = |from, over, curve| Spend { from, over, curve }.shares().collect::<Vec<_>>();
    assert_eq!(spread(3, 0, Curve::Even), [(3, 1.0)]);
    assert_eq!(spread(1, 2, Curve::Even), [(2, 0.5), (3, 0.5)]);
    let curve = spread(0, 4, Curve::SCurve);
    assert_eq!(curve, [(1, 0.15625), (2, 0.34375), (3, 0.34375), (4, 0.15625)]);
}

/// A mine that runs at a profit first and at a loss later has no investment that returns anything,
/// although a rate makes its flows worth nothing.
#[test]
fn nothing_is_returned_where_nothing_is_invested() {
    let flows = [0.0, 60.0, 40.0, -30.0, -80.0];
    assert!(!internal_rates(&flows, 12.0).is_empty());
    let merit = Merit::of(&flows, 0.1);
    assert_eq!((merit.invests, merit.irr()), (false, None));
    let turned = Merit::of(&flows.map(|flow| -flow), 0.1);
    assert!(turned.invests && turned.irr().is_some());
}

proptest! {
    #[test]
    fn worth_is_linear(
        one in prop::collection::vec(-1e6_f64..1e6, 24),
        other in prop::collection::vec(-1e6_f64..1e6, 24),
        rate in 0.0_f64..0.5,
    ) {
        let sum: Vec<f64> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        let apart = net_present_value(rate, &one) + net_present_value(rate, &other);
        let together = net_present_value(rate, &sum);
        prop_assert!((together - apart).abs() < 1e-6, "{together} for {apart}");
    }

    #[test]
    fn at_a_rate_of_return_flows_are_worth_nothing(
        spent in 1.0_f64..1e6,
        got in prop::collection::vec(0.0_f64..1e5, 1..60),
    ) {
        let flows: Vec<f64> = std::iter::once(-spent).chain(got).collect();
        // One change of sign: there is at most one.
        let rates = internal_rates(&flows, 12.0);
        prop_assert!(rates.len() <= 1);
        for rate in rates {
            let left = net_present_value(rate_of_period(rate, 12.0), &flows);
            prop_assert!(left.abs() < 1e-6 * spent, "{left} of {spent} at {rate}");
        }
    }
}
