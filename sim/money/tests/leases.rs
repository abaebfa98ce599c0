//! Leases against deals as they were made public, and a retrofit in three phases, month by month.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::{
    Account, Amount, Basis, Books, Change, Contract, Curve, Depreciation, Export, HallAccount,
    Interval, Item, Law, Lease, Line, Merit, Part, Product, Project, Spend, Term, Termination,
    Terms, WorkAccount, internal_rates, month_of, price,
};
use super::near;

pub(super) fn lease(power_mw: f64, rent_kw_month: f64, expenses: f64, escalator: f64) -> Lease {
    Lease {
        hall: "hall".to_owned(),
        tenants: Vec::new(),
        power_mw: Some(power_mw),
        rent_mw_month: 1e3 * rent_kw_month,
        rent_gpu_hour: 0.0,
        fee_mwh: 0.0,
        profit_share: 0.0,
        expenses,
        prepaid: 0.0,
        passes_costs: false,
        service: None,
        term: Term { escalator, ..Term::default() },
    }
}

/// A run of 365 days in which a tenant and the owner draw 300 and 100 MWh and earn 9,000 and 500 $.
fn account() -> Account {
    let work = |name: &str, revenue_usd: f64, energy_mwh: f64| WorkAccount {
        name: name.to_owned(),
        revenue_usd,
        energy_mwh,
        made: None,
    };
    let hall = HallAccount { name: "hall".to_owned(), racks: 10.0, rated_mw: 2.0, gpus: 80.0 };
    Account {
        hours: 8760.0,
        energy_usd: 4000.0,
        programmes_usd: 0.0,
        export_usd: 0.0,
        works: vec![work("theirs", 9000.0, 300.0), work("ours", 500.0, 100.0)],
        halls: vec![hall],
    }
}

/// Its books: a month each of 1 MWh an hour at 10 $/MWh.
fn books() -> Books {
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let interval = |hour: i64| Interval {
        start: start + jiff::SignedDuration::from_hours(hour),
        seconds: 3600.0,
        import_mwh: 1.0,
        price_usd_mwh: 10.0,
        ..Interval::default()
    };
    Books { intervals: (0..8760).map(interval).collect(), ..Books::default() }
}

fn terms(contracts: Vec<(&str, Law)>) -> Terms {
    let contract = |(name, law): (&str, Law)| Contract { name: name.to_owned(), law };
    let contracts = contracts.into_iter().map(contract).collect();
    Terms { zone: TimeZone::UTC, contracts, project: None }
}

/// Energy at the price in the books, and an adder.
fn index(adder: f64) -> Law {
    Law::Market(super::super::contract::Market {
        blocks: Vec::new(),
        basis: Basis::Constant(0.0),
        collar: (f64::NEG_INFINITY, f64::INFINITY),
        adder,
        losses: 0.0,
    })
}

#[test]
fn a_deal_of_ten_years_returns_what_it_says() {
    // 168 MW at 10 M$/MW and 3.0 G$ in ten years, of which 82.5 % are left: flat, and growing by 3 %.
    for (rent, escalator, yield_on_cost, irr) in
        [(148.81, 0.0, 0.14732, 0.077452), (129.807, 0.03, 0.12851, 0.073668)]
    {
        let lines = lease(168.0, rent, 0.175, escalator).lines(
            "it",
            &account(),
            (&[], 0.0),
            ((0, None), (0, 120)),
        );
        let mut months = vec![0.0; 121];
        lines.iter().for_each(|line| line.add_to(&mut months));
        let years = months[1..].chunks(12).map(|year| year.iter().sum());
        let flows: Vec<f64> = std::iter::once(-1.68e9).chain(years).collect();
        near(flows[1] / 1.68e9, yield_on_cost, 6e-6);
        near(flows[1..].iter().sum::<f64>() / 0.825, 3.0e9, 3e4);
        near(internal_rates(&flows, 1.0)[0], irr, 2e-6);
    }
}

#[test]
fn rent_is_of_the_power_made_ready() {
    let mut let_out = lease(2.0, 100.0, 0.15, 0.0);
    let_out.power_mw = None;
    let bill = price(&terms(vec![("it", Law::Lease(Box::new(let_out)))]), &books(), &account());
    near(bill.contracts[0].cost_of(Item::Rent).usd(), -12.0 * 2000.0 * 100.0, 0.01);
    near(bill.contracts[0].cost_of(Item::Expenses).usd(), 0.15 * 12.0 * 2000.0 * 100.0, 0.01);
    let mut cloud = lease(2.0, 0.0, 0.0, 0.0);
    cloud.rent_gpu_hour = 2.1;
    let bill = price(&terms(vec![("it", Law::Lease(Box::new(cloud)))]), &books(), &account());
    near(bill.cost().usd(), -2.1 * 80.0 * 8760.0, 0.06);
}

#[test]
fn tenants_pay_by_their_energy() {
    let mut hosted = lease(0.0, 0.0, 0.0, 0.0);
    (hosted.tenants, hosted.passes_costs) = (vec!["theirs".to_owned()], true);
    (hosted.fee_mwh, hosted.profit_share) = (5.0, 0.3);
    let law = Law::Lease(Box::new(hosted));
    let terms = terms(vec![("it", law), ("energy", index(0.0))]);
    let bill = price(&terms, &books(), &account());
    let of = |item: Item| bill.contracts[0].cost_of(item).usd();
    // Three quarters of the energy: of 87,600 $; no profit is left to share.
    near(of(Item::PassedOn), -65_700.0, 0.06);
    // Rounded once in each of twelve months.
    near(of(Item::Fee), -1500.0, 0.06);
    near(of(Item::Profit), 0.0, 0.0);
    // What they earn is theirs.
    near(terms.revenue_usd(&account()), 500.0, 0.0);
    let mut shared = lease(0.0, 0.0, 0.0, 0.0);
    (shared.tenants, shared.fee_mwh) = (vec!["theirs".to_owned()], 20.0);
    shared.profit_share = 0.3;
    let bill = price(
        &super::leases::terms(vec![("it", Law::Lease(Box::new(shared)))]),
        &books(),
        &account(),
    );
    near(bill.contracts[0].cost_of(Item::Profit).usd(), -0.3 * (9000.0 - 6000.0), 0.06);
}

/// A contract that pays for exports what the moment pays is the owner's income as before: no tenant has
/// a share of it, and nothing that is made gets cheaper.
#[test]
fn an_export_contract_at_the_price_of_the_moment_changes_nothing() {
    let mut books = books();
    books.intervals.iter_mut().for_each(|interval| interval.export_mwh = 0.5);
    let mut account = Account { export_usd: 43_800.0, ..account() };
    account.works[1].made = Some((Product::PhDays, 100.0));
    let project = Project {
        months: 120,
        discount: 0.1,
        tax: 0.0,
        parts: Vec::new(),
        upkeep: Vec::new(),
        changes: Vec::new(),
        factors: Vec::new(),
    };
    let settled = |export: Option<Law>| {
        let mut hosted = lease(0.0, 0.0, 0.0, 0.0);
        (hosted.tenants, hosted.passes_costs) = (vec!["theirs".to_owned()], true);
        let host = ("host", Law::Lease(Box::new(hosted)));
        let sold = export.map(|law| ("sold", law));
        let contracts = [host, ("energy", index(0.0))].into_iter().chain(sold).collect();
        let terms = Terms { project: Some(project.clone()), ..terms(contracts) };
        let settled = terms.settle(&books, &account);
        let (bill, forecast) = (settled.bill.unwrap(), settled.forecast.unwrap());
        let cost = forecast.unit_costs.iter().find(|it| it.0 == "ours").unwrap().2.unwrap();
        let passed = bill.contracts[0].cost_of(Item::PassedOn).usd();
        [settled.revenue_usd - bill.cost().usd(), passed, forecast.merit.npv_usd, cost]
    };
    let (without, with) =
        (settled(None), settled(Some(Law::Export(Export { price: None, less: 0.0 }))));
    for (one, other) in without.iter().zip(with) {
        near(other, *one, 0.2);
    }
    near(without[1], -65_700.0, 0.06);
}

#[test]
fn a_lease_is_paid_from_its_free_months_to_its_options() {
    let mut it = lease(1.0, 1.0, 0.0, 0.1);
    it.term = Term {
        free: 2,
        escalator: 0.1,
        months: Some(12),
        options: vec![(6, 0.5), (6, 0.5)],
        ..Term::default()
    };
    let mut flows = vec![0.0; 31];
    for line in it.lines("it", &account(), (&[], 0.0), ((1, None), (1, 30))) {
        line.add_to(&mut flows);
    }
    let wanted = |month: usize| match month {
        0..3 => 0.0,
        3..15 => 1000.0,
        15..21 => 0.5 * 1100.0,
        21..27 => 0.25 * 1100.0,
        _ => 0.0,
    };
    for month in 0..30 {
        near(flows[month + 1], wanted(month), 1e-9);
    }
}

/// What `it` pays in each month from its begin after one month on.
pub(super) fn flows(it: &Lease, months: usize) -> Vec<f64> {
    let mut flows = vec![0.0; months + 1];
    for line in it.lines("it", &account(), (&[], 0.0), ((1, None), (1, months))) {
        line.add_to(&mut flows);
    }
    flows
}

#[test]
fn what_is_prepaid_lowers_the_rent_by_as_much() {
    // 200 MW at 808.33 $/kW-month, five years of which a fifth is prepaid: 9,700 M$ in all, 1,940 of them with
    // the first month, 129.3328 in each.
    let mut it = lease(200.0, 808.33, 0.0, 0.0);
    it.term = Term { months: Some(60), ..Term::default() };
    let plain = flows(&it, 80);
    it.prepaid = 0.2;
    let paid = flows(&it, 80);
    near(paid[2], 0.2 * 60.0 * 161_666_000.0 + 129_332_800.0, 0.01);
    near(paid[3], 129_332_800.0, 0.01);
    near(paid.iter().sum(), 9_699_960_000.0, 0.01);
    near(paid.iter().sum(), plain.iter().sum(), 0.01);
    // Two free months, 10 % more in the second year: a tenth of (12 + 12 * 1.1) * 1,000 $ with the first.
    let mut it = lease(1.0, 1.0, 0.3, 0.1);
    it.term = Term { free: 2, escalator: 0.1, months: Some(24), ..Term::default() };
    it.prepaid = 0.1;
    let paid = flows(&it, 40);
    near(paid[2], 2520.0, 1e-9);
    assert_eq!(paid[3], 0.0);
    // The owner spends three tenths of the rent, whenever that is paid.
    near(paid[4], 1000.0 * (0.9 - 0.3), 1e-9);
    near(paid[27], 1100.0 * (0.9 - 0.3), 1e-9);
    assert_eq!(paid[28], 0.0);
}

/// A hall that grows after a year pays a rent of which what was prepaid is taken as it was prepaid, so that
/// both stages together pay what both rents come to.
#[test]
fn what_was_prepaid_is_taken_off_later_rents_as_it_was_paid() {
    let of = |mw: f64, prepaid: f64, months: (usize, usize)| {
        let mut it = lease(mw, 1.0, 0.0, 0.0);
        it.term = Term { months: Some(24), ..Term::default() };
        it.prepaid = prepaid;
        let mut flows = vec![0.0; 40];
        let begin = (0, Some(1000.0));
        let lines = it.lines("it", &account(), (&[], 0.0), (begin, months));
        lines.iter().for_each(|line| line.add_to(&mut flows));
        (flows.iter().sum::<f64>(), month_of(&lines, months.0))
    };
    let [(first, month), (second, later)] = [of(1.0, 0.5, (0, 12)), of(3.0, 0.5, (12, 24))];
    near(first, 12_000.0 + 12.0 * 500.0, 1e-9);
    near(second, 12.0 * (3000.0 - 500.0), 1e-9);
    near(first + second, 12.0 * 1000.0 + 12.0 * 3000.0, 1e-9);
    // An ordinary month has no prepayment in it.
    near(month, 500.0, 1e-9);
    near(later, 2500.0, 1e-9);
}

#[test]
fn a_tenant_that_may_leave_pays_a_fee_and_no_rent_after() {
    let mut it = lease(1.0, 1.0, 0.0, 0.0);
    let termination = Some(Termination { after: 12, probability: 0.25, fee_usd: 6000.0 });
    it.term = Term { months: Some(24), options: vec![(12, 0.5)], termination, ..Term::default() };
    let wanted = |month: usize| match month {
        1..12 => 1000.0,
        12 => 1000.0 + 0.25 * 6000.0,
        13..25 => 0.75 * 1000.0,
        25..37 => 0.75 * 0.5 * 1000.0,
        _ => 0.0,
    };
    for (month, paid) in flows(&it, 60).iter().enumerate().skip(1) {
        near(*paid, wanted(month - 1), 1e-9);
    }
    // Half of all rent prepaid: of the second year a quarter is paid back, as probable as that is.
    it.prepaid = 0.5;
    let paid = flows(&it, 60);
    near(paid[2], 12_000.0 + 500.0, 1e-9);
    near(paid[13], 500.0 + 0.25 * (6000.0 - 6000.0), 1e-9);
    near(paid[14], 0.75 * 500.0, 1e-9);
    // Nothing is prepaid of the third year, which is an extension.
    near(paid[26], 0.75 * 0.5 * 1000.0, 1e-9);
    // What all come to is what was agreed: two years, or one and the fee, and the extension.
    let agreed = 0.75 * (24_000.0 + 0.5 * 12_000.0) + 0.25 * (12_000.0 + 6000.0);
    near(flows(&it, 60).iter().sum(), agreed, 1e-6);
}

/// 100 MW of miners that become 30, 30 and 40 MW of halls: works from months 0, 6 and 12 over 9, 12 and
/// 12; 11 M$/MW of critical power at a PUE of 1.25; rent that grows by 2 % a year, of which 85 % are left;
/// miners lose a tenth in the last three months of works.
pub(super) fn retrofit(mine_usd_mwh: f64, rent: f64, months: usize) -> (Vec<f64>, Vec<f64>) {
    const PHASES: [(usize, usize, f64); 3] = [(0, 9, 30.0), (6, 12, 30.0), (12, 12, 40.0)];
    let parts = PHASES.map(|(from, over, mw)| Part {
        name: format!("hall-{from}"),
        source: "test".to_owned(),
        amount: Amount::OfPower(11e6, mw / 1.25),
        spend: Spend { from, over, curve: Curve::Even },
        life: 1200,
        augmentation: 0.0,
        replacement: 1.0,
        residual: 0.0,
        inflation: (0.0, 0.0),
        depreciation: (Depreciation::StraightLine, 0.0),
        serves: None,
    });
    let project = Project {
        months,
        discount: 0.12,
        tax: 0.0,
        parts: parts.to_vec(),
        upkeep: Vec::new(),
        changes: Vec::new(),
        factors: Vec::new(),
    };
    let mut lines = Vec::new();
    for month in 0..months {
        let taken: f64 = PHASES.iter().filter(|it| month >= it.0).map(|it| it.2).sum();
        let is_cut = |it: &(usize, usize, f64)| (it.0 + it.1 - 3..it.0 + it.1).contains(&month);
        let share = if PHASES.iter().any(is_cut) { 0.9 } else { 1.0 };
        lines.push(Line {
            name: "mine".to_owned(),
            month_usd: share * (100.0 - taken) * 730.0 * mine_usd_mwh,
            change: Change::Steps(0.0),
            since: 0,
            months: (month, month + 1),
            once: false,
        });
    }
    for (from, over, mw) in PHASES {
        let let_out = lease(mw / 1.25, rent, 0.15, 0.02);
        lines.extend(let_out.lines(
            "let",
            &account(),
            (&[], 0.0),
            ((from + over, None), (from + over, months)),
        ));
    }
    let site = project.fold(&lines, 24, &account()).flows;
    let mine = 100.0 * 730.0 * mine_usd_mwh;
    let more = site.iter().enumerate().map(|(month, usd)| usd - if month > 0 { mine } else { 0.0 });
    (site.clone(), more.collect())
}

#[test]
fn a_retrofit_is_worth_what_its_months_say() {
    let (site, more) = retrofit(45.0, 130.0, 144);
    let merit = Merit::of(&more, 0.12);
    near(merit.npv_usd, -425_422_896.84, 0.01);
    near(merit.irr().unwrap(), -0.01926026, 5e-9);
    near(merit.trough_usd, -881_702_080.0, 0.01);
    assert_eq!(merit.payback_years, None);
    near(Merit::of(&site, 0.12).npv_usd, -168_085_389.69, 0.01);
    for (month, usd) in [(1, -27_033_833.33), (13, -48_681_333.33), (25, 8_893_040.0)] {
        near(site[month], usd, 0.01);
    }
}

#[test]
fn margin_options_and_rent_decide_a_retrofit() {
    for (margin, rent, months, npv, irr, payback) in [
        (15.0, 130.0, 144, -267_326_569.54, 0.03559168, 124.0),
        (15.0, 130.0, 264, -72_700_425.2, 0.10642208, 124.0),
        (15.0, 170.0, 144, -84_533_093.71, 0.0949906, 98.0),
    ] {
        let merit = Merit::of(&retrofit(margin, rent, months).1, 0.12);
        near(merit.npv_usd, npv, 0.01);
        near(merit.irr().unwrap(), irr, 5e-9);
        assert_eq!((12.0 * merit.payback_years.unwrap()).ceil(), payback);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn dearer_energy_never_helps_who_takes_the_price(adder in 0.0_f64..100.0, more in 0.0_f64..50.0) {
        let left = |adder: f64| {
            let mut hosted = lease(1.0, 90.0, 0.1, 0.0);
            (hosted.tenants, hosted.passes_costs) = (vec!["theirs".to_owned()], true);
            let law = Law::Lease(Box::new(hosted));
            -price(&terms(vec![("it", law), ("energy", index(adder))]), &books(), &account()).cost().usd()
        };
        prop_assert!(left(adder + more) <= left(adder) + 0.05);
    }

    #[test]
    fn what_contracts_are_worth_adds_up(adder in 0.0_f64..100.0, rent in 0.0_f64..200.0) {
        let project = Project {
            months: 60,
            discount: 0.1,
            tax: 0.0,
            parts: Vec::new(),
            upkeep: Vec::new(),
            changes: vec![("energy".to_owned(), Change::Drift { growth: 0.03, floor: 0.0 })],
            factors: Vec::new(),
        };
        let worth = |contracts: Vec<(&str, Law)>| {
            let mut terms = terms(contracts);
            terms.project = Some(project.clone());
            let settlement = terms.settle(&books(), &Account { works: Vec::new(), ..account() });
            settlement.forecast.unwrap().merit.npv_usd
        };
        let it = || Law::Lease(Box::new(lease(1.0, rent, 0.1, 0.02)));
        let together = worth(vec![("it", it()), ("energy", index(adder))]);
        let apart = worth(vec![("it", it())]) + worth(vec![("energy", index(adder))]);
        prop_assert!((together - apart).abs() < 0.01, "{together} for {apart}");
    }
}
