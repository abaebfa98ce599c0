//! Credits for lapses against sums by hand and a schedule that was worked out outside of this program.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::{
    Account, Books, Cause, Contract, HallAccount, Interval, Item, Lacks, Lapse, Law, Lease,
    Service, Step, Term, Terms, price,
};

/// 20 MW at 130 $/kW-month: 2.6 M$ a month, of which a step is a thirtieth.
const RENT_USD: f64 = 2.6e6;
const STEP: f64 = 1.0 / 30.0;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Nothing for five minutes, a step beyond, and another for each hour that is begun beyond the first; at
/// most half of the rent.
fn service() -> Service {
    let step = |over_min: f64, each_s| Step { over_s: 60.0 * over_min, credit: STEP, each_s };
    Service {
        power: vec![step(5.0, None), step(60.0, Some(3600.0))],
        cooling: vec![step(10.0, None)],
        cap: 0.5,
        counts_maintenance: false,
        curtailment_h: 0.0,
    }
}

/// A lapse of power of `racks` from `begin` on.
fn lapse(begin: &str, minutes: i64, racks: u32, cause: Cause) -> Lapse {
    let begin = at(begin);
    let end = begin + jiff::SignedDuration::from_mins(minutes);
    Lapse { hall: "hall".to_owned(), lacks: Lacks::Power, cause, begin, end, racks }
}

/// What is credited, $, in each month of June and July for a hall of 100 racks.
fn credits(service: Service, lapses: Vec<Lapse>) -> Vec<f64> {
    let lease = Lease {
        hall: "hall".to_owned(),
        tenants: Vec::new(),
        power_mw: Some(20.0),
        rent_mw_month: 130e3,
        rent_gpu_hour: 0.0,
        fee_mwh: 0.0,
        profit_share: 0.0,
        expenses: 0.0,
        prepaid: 0.0,
        passes_costs: false,
        service: Some(service),
        term: Term::default(),
    };
    let start = at("2026-06-01T00:00:00Z");
    let interval = |hour: i64| Interval {
        start: start + jiff::SignedDuration::from_hours(hour),
        seconds: 3600.0,
        import_mwh: 20.0,
        price_usd_mwh: 30.0,
        ..Interval::default()
    };
    let books =
        Books { intervals: (0..61 * 24).map(interval).collect(), lapses, ..Books::default() };
    let hall = HallAccount { name: "hall".to_owned(), racks: 100.0, rated_mw: 20.0, gpus: 0.0 };
    let account = Account { hours: 61.0 * 24.0, halls: vec![hall], ..Account::default() };
    let law = Law::Lease(Box::new(lease));
    let contracts = vec![Contract { name: "let".to_owned(), law }];
    let bill = price(&Terms { zone: TimeZone::UTC, contracts, project: None }, &books, &account);
    let entries = &bill.contracts[0].entries;
    let of = |month: usize| -> f64 {
        let those = entries.iter().filter(|it| it.month == month && it.item == Item::Credit);
        those.map(|it| it.cost.usd()).sum()
    };
    (0..2).map(of).collect()
}

#[track_caller]
fn near(got: &[f64], wanted: [f64; 2]) {
    let apart = got.iter().zip(wanted).map(|(got, wanted)| (got - wanted).abs());
    assert!(apart.fold(0.0, f64::max) < 0.011, "{got:?} for {wanted:?}");
}

/// 3, 40 and 300 minutes are 6 steps; a day is 24, of which half of the rent is credited.
#[test]
fn a_schedule_of_credits_comes_to_what_it_says() {
    let events = |minutes: &[i64]| {
        let day = |(day, minutes): (usize, &i64)| {
            lapse(&format!("2026-06-{:02}T10:00:00Z", day + 1), *minutes, 100, Cause::Fault)
        };
        credits(service(), minutes.iter().enumerate().map(day).collect())
    };
    near(&events(&[3, 40, 300]), [520_000.0, 0.0]);
    near(&events(&[1440]), [1_300_000.0, 0.0]);
}

#[test]
fn a_lapse_counts_for_its_racks_in_the_month_in_which_it_begins() {
    let quarter = lapse("2026-06-30T23:30:00Z", 60, 25, Cause::Fault);
    near(&credits(service(), vec![quarter.clone()]), [0.25 * STEP * RENT_USD, 0.0]);
    // Another hall's, one of cooling, and one that began before the books: 40 minutes of it are in them.
    let other = Lapse { hall: "other".to_owned(), ..quarter.clone() };
    let warm = Lapse { lacks: Lacks::Cooling, begin: at("2026-07-01T00:19:00Z"), ..quarter };
    let early = lapse("2026-05-31T23:00:00Z", 100, 100, Cause::Fault);
    let of = credits(service(), vec![early, other, warm]);
    near(&of, [STEP * RENT_USD, 0.25 * STEP * RENT_USD]);
}

#[test]
fn what_a_lease_allows_is_not_credited() {
    let all = |cause| vec![lapse("2026-06-03T10:00:00Z", 240, 100, cause)];
    // A step, and three more for the hours beyond the first.
    let whole = 4.0 * STEP * RENT_USD;
    near(&credits(service(), all(Cause::Fault)), [whole, 0.0]);
    near(&credits(service(), all(Cause::Maintenance)), [0.0, 0.0]);
    let counted = Service { counts_maintenance: true, ..service() };
    near(&credits(counted, all(Cause::Maintenance)), [whole, 0.0]);
    near(&credits(service(), all(Cause::Curtailment)), [whole, 0.0]);
    // Two of 61 days' share of a year: 3.342 h of 20 h. The rest of four hours is 39.5 min, one step.
    let allowed = Service { curtailment_h: 20.0, ..service() };
    near(&credits(allowed, all(Cause::Curtailment)), [STEP * RENT_USD, 0.0]);
    let enough = Service { curtailment_h: 24.0, ..service() };
    near(&credits(enough, all(Cause::Curtailment)), [0.0, 0.0]);
}
