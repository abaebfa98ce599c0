//! Energy of other people's plants, and energy for the grid, by hand.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::contract::Market;
use super::super::{
    Account, Basis, Bill, Books, Contract, Export, Extra, Interval, Item, Law, Ppa, Terms, price,
};

/// Hours with these (import, export, produced MWh, price $/MWh).
fn books(extra: Extra, rows: &[(f64, f64, f64, f64)]) -> Books {
    let start: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let interval = |(hour, &(import_mwh, export_mwh, produced, price)): (usize, &_)| Interval {
        start: start + jiff::SignedDuration::from_hours(hour as i64),
        seconds: 3600.0,
        import_mwh,
        export_mwh,
        price_usd_mwh: price,
        extras: vec![produced],
        ..Interval::default()
    };
    Books {
        intervals: rows.iter().enumerate().map(interval).collect(),
        extras: vec![extra],
        ..Books::default()
    }
}

fn bill(laws: Vec<(&str, Law)>, books: &Books) -> Bill {
    let contract = |(name, law): (&str, Law)| Contract { name: name.to_owned(), law };
    let contracts = laws.into_iter().map(contract).collect();
    let terms = Terms { zone: TimeZone::UTC, contracts, project: None };
    price(&terms, books, &Account::default())
}

fn elsewhere(price: f64, surplus_fee: f64) -> Law {
    Law::Ppa(Ppa { array: None, profile: None, price, basis: Basis::Constant(0.0), surplus_fee })
}

fn index() -> Law {
    let collar = (f64::NEG_INFINITY, f64::INFINITY);
    Law::Market(Market {
        blocks: Vec::new(),
        basis: Basis::Constant(0.0),
        collar,
        adder: 0.0,
        losses: 0.0,
    })
}

const ROWS: [(f64, f64, f64, f64); 3] =
    [(10.0, 0.0, 4.0, 50.0), (10.0, 0.0, 25.0, 20.0), (0.0, 6.0, 30.0, -10.0)];

#[test]
fn a_plant_elsewhere_is_paid_the_difference_to_the_market() {
    let books = books(Extra::Elsewhere("wind".to_owned()), &ROWS);
    let told = bill(vec![("wind", elsewhere(28.0, 0.0))], &books);
    // 59 MWh at 28 $; the market gives 4 x 50 + 25 x 20 - 30 x 10.
    assert_eq!(told.contracts[0].cost_of(Item::Produced).to_string(), "1652.00");
    assert_eq!(told.contracts[0].cost_of(Item::Settled).to_string(), "-400.00");
    // Sleeved: 15 and 30 MWh are beyond the import, 2 $ of each are kept back.
    let sleeved = bill(vec![("wind", elsewhere(28.0, 2.0))], &books);
    assert_eq!(sleeved.contracts[0].cost_of(Item::Settled).to_string(), "-310.00");
    // Under another name there is no plant that could be paid.
    let terms = |name: &str| {
        let contract = Contract { name: name.to_owned(), law: elsewhere(28.0, 2.0) };
        Terms { contracts: vec![contract], ..Terms::none() }
    };
    assert_eq!(terms("wind").unmetered(&books), None);
    assert_eq!(terms("solar").unmetered(&books), Some("solar"));
}

#[test]
fn an_array_of_the_site_is_paid_for_what_it_gives() {
    let books = books(Extra::Array("pv".to_owned()), &ROWS);
    let array = Some("pv".to_owned());
    let ppa =
        Ppa { array, profile: None, price: 28.0, basis: Basis::Constant(0.0), surplus_fee: 0.0 };
    let told = bill(vec![("solar", Law::Ppa(ppa))], &books);
    assert_eq!(told.cost().to_string(), "1652.00");
    assert_eq!(told.contracts[0].items(), [Item::Produced]);
}

/// Three hours at 50, 20 and -10 $/MWh with a node 5 below, 8 above and 30 below: 45, 28 and -40 there.
#[test]
fn a_series_is_the_basis_of_its_own_contract_alone() {
    let mut books = books(Extra::Elsewhere("wind".to_owned()), &ROWS);
    books.extras.extend(["energy", "wind"].map(|name| Extra::Basis(name.to_owned())));
    for (interval, spread) in books.intervals.iter_mut().zip([-5.0, 8.0, -30.0]) {
        interval.extras.extend([spread, 1.0]);
    }
    let series = || Basis::Series(None);
    let market = |collar| {
        Law::Market(Market { blocks: Vec::new(), basis: series(), collar, adder: 0.0, losses: 0.0 })
    };
    let ppa = Ppa { array: None, profile: None, price: 28.0, basis: series(), surplus_fee: 0.0 };
    let open = market((f64::NEG_INFINITY, f64::INFINITY));
    let told = bill(vec![("energy", open), ("wind", Law::Ppa(ppa))], &books);
    // 10 MWh at 45 and 28 $, none at -40; 4, 25 and 30 MWh at 51, 21 and -9 $.
    assert_eq!(told.contracts[0].cost().to_string(), "730.00");
    assert_eq!(told.contracts[1].cost_of(Item::Settled).to_string(), "-459.00");
    // The collar bounds the price at the node.
    let held = bill(vec![("energy", market((30.0, 40.0)))], &books);
    assert_eq!(held.cost().to_string(), "700.00");
    let unmetered = |name: &str| {
        let law = market((0.0, 1.0));
        let terms =
            Terms { contracts: vec![Contract { name: name.to_owned(), law }], ..Terms::none() };
        terms.unmetered(&books).map(str::to_owned)
    };
    assert_eq!(unmetered("energy"), None);
    assert_eq!(unmetered("other"), Some("other".to_owned()));
}

#[test]
fn exports_earn_what_their_contract_pays() {
    let books = books(Extra::Array("pv".to_owned()), &ROWS);
    let paid = |price: Option<f64>, less: f64| {
        bill(vec![("sold", Law::Export(Export { price, less }))], &books).cost().to_string()
    };
    assert_eq!(paid(None, 0.0), "60.00");
    assert_eq!(paid(None, 2.0), "72.00");
    assert_eq!(paid(Some(15.0), 0.0), "-90.00");
}

proptest! {
    /// With an index for the load, a sleeved plant costs what it produces at its price, what is open at
    /// the market's, less what is left over at the market's less the fee.
    #[test]
    fn a_sleeved_plant_and_an_index_are_one_supply(
        rows in prop::collection::vec(
            (0.0..150.0_f64, Just(0.0), 0.0..150.0_f64, -50.0..500.0_f64), 1..100),
        strike in -10.0..100.0_f64,
        fee in 0.0..10.0_f64,
    ) {
        let books = books(Extra::Elsewhere("wind".to_owned()), &rows);
        let laws = vec![("energy", index()), ("wind", elsewhere(strike, fee))];
        let wanted = rows.iter().map(|&(load, _, made, spot)| {
            made * strike + (load - made).max(0.0) * spot - (made - load).max(0.0) * (spot - fee)
        });
        let cost = bill(laws, &books).cost().usd();
        prop_assert!((cost - wanted.sum::<f64>()).abs() < 0.031, "{cost}");
    }
}
