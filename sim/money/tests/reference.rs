//! Figures of numpy-financial and NREL-PySAM, which `validation/money/reference.py` makes.

use super::super::{
    Lease, Merit, Term, Termination, annuity, internal_rates, levelised, net_present_value,
    rate_of_period,
};
use super::leases::{flows, lease, retrofit};
use super::{contracts, near};

#[test]
fn figures_are_those_of_other_programs() {
    let five = [-100.0, 30.0, 40.0, 50.0, 20.0];
    let per_mwh = |usd: f64, years: f64| annuity(usd, 0.1, years) / 8760.0;
    let deal = |rent: f64, growth: f64| {
        let months = flows(&lease(168.0, rent, 0.175, growth), 121);
        let years = months[2..].chunks(12).map(|year| year.iter().sum());
        let flows: Vec<f64> = std::iter::once(-1.68e9).chain(years).collect();
        internal_rates(&flows, 1.0)[0]
    };
    let gain = |mine: f64, rent: f64, years: usize| {
        Merit::of(&retrofit(mine, rent, 24 + 12 * years).1, 0.12)
    };
    let leased = |prepaid: f64, termination: Option<Termination>| {
        let plain = lease(200.0, 808.33, 0.0, 0.0);
        let term = Term { months: Some(60), termination, ..Term::default() };
        let flows = flows(&Lease { prepaid, term, ..plain }, 61);
        net_present_value(rate_of_period(0.1, 12.0), &flows)
    };
    let may_end = Termination { after: 36, probability: 0.25, fee_usd: 100e6 };
    let energy = |capital: f64| levelised(capital, 21_000.0, 2_039_242.9).unwrap();
    let ours = [
        ("five-npv", net_present_value(0.1, &five)),
        ("five-irr", internal_rates(&five, 1.0)[0]),
        ("annuity-asics", per_mwh(1.1e6, 4.0)),
        ("annuity-hall", per_mwh(11e6, 15.0)),
        ("annuity-gpus", per_mwh(28e6, 5.0)),
        ("deal-irr-flat", deal(148.81, 0.0)),
        ("deal-irr-growing", deal(129.807, 0.03)),
        ("retrofit-npv", gain(45.0, 130.0, 10).npv_usd),
        ("retrofit-irr-dear", gain(15.0, 130.0, 10).irr().unwrap()),
        ("retrofit-irr-long", gain(15.0, 130.0, 20).irr().unwrap()),
        ("retrofit-irr-high", gain(15.0, 170.0, 10).irr().unwrap()),
        ("lease-npv", leased(0.0, None)),
        ("lease-npv-prepaid", leased(0.2, None)),
        ("lease-npv-may-end", leased(0.2, Some(may_end))),
        ("demand", contracts::demand_of_a_year(None)),
        ("demand-ratchet", contracts::demand_of_a_year(Some(0.8))),
        ("lcoe-fixed", energy(0.0817 * 1.1e6)),
        ("lcoe-annuity", energy(annuity(1.1e6, 0.1, 25.0))),
    ];
    let text = include_str!("../../../validation/money/reference.txt");
    assert_eq!(text.lines().count(), ours.len());
    for (line, (name, ours)) in text.lines().zip(ours) {
        let (known, value) = line.split_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        assert_eq!(known, name);
        // Bills are whole cents in each of twelve months; all else agrees to eight digits.
        let tolerance = if name.starts_with("demand") { 0.06 } else { 1e-8 * value.abs() };
        near(ours, value, tolerance);
    }
}
