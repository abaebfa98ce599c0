//! Figures of the years around a run, made of the forecast that `money/` folds from it.

use super::{Subject, contracts, usd};
use crate::measure::{Figure, Scale};
use crate::money::{Account, Forecast, Product, Settlement};

/// Of a site whose years are planned.
pub(super) static SITE: &[Figure] = &[
    usd("money.capital", "What its parts cost until the operation begins.").lower(),
    usd(
        "money.first_month",
        "Cash of the first month of the operation, before tax and without what is paid once: of 730 h like the run.",
    )
    .higher(),
    usd("money.npv", "Net present value of all flows of the project.").higher(),
    Figure::new(
        "money.irr",
        Scale::SHARE,
        "Internal rate of return a year; not defined where none or several make the flows worth nothing, or nothing is spent before money comes in.",
    )
    .higher(),
    Figure::new(
        "money.rates_of_return",
        Scale::COUNT,
        "How many rates from -90 % to 1000 % a year make the flows worth nothing; none where nothing is spent before money comes in.",
    ),
    Figure::new(
        "money.payback",
        Scale::YEARS,
        "Until the sum of the flows is above zero and stays there; not defined where it never is.",
    )
    .lower(),
    usd("money.trough", "Least sum of the flows on the way: what must be financed.").higher(),
];

const COST: &str = "Levelised cost: capital as yearly payments over the lives of parts, contracts or energy, and upkeep; what does not serve it alone is shared by energy.";

/// Of a workload that makes GPU-hours.
pub(super) static GPU_HOUR: Figure =
    Figure::new("levelised_cost", Scale::USD_PER_GPU_HOUR, COST).lower();
/// Of a workload that makes tokens.
pub(super) static MEGATOKEN: Figure =
    Figure::new("levelised_cost", Scale::USD_PER_MTOKEN, COST).lower();
/// Of a workload that hashes.
pub(super) static PH_DAY: Figure =
    Figure::new("levelised_cost", Scale::USD_PER_PH_DAY, COST).lower();

/// What a run of `hours` with these `subjects` leaves for money.
pub(in crate::facility) fn account(subjects: &[Subject], hours: f64) -> Account {
    let works = subjects.iter().filter(|subject| subject.kind.is_workload());
    let works: Vec<String> = works.map(|work| work.name.clone()).collect();
    let halls = subjects.iter().filter(|subject| subject.kind == super::SubjectKind::Hall);
    let halls: Vec<String> = halls.map(|hall| hall.name.clone()).collect();
    Account::read(hours, &works, &halls, &|section, name, key| {
        if name.is_empty() {
            return subjects[0].get(&format!("{section}.{key}"));
        }
        let of = subjects.iter().find(|subject| subject.path == [section, name]);
        of?.get(key)
    })
}

/// Tells the site, its workloads, and a subject for each contract, what they come to.
pub(in crate::facility) fn tell_settlement(subjects: &mut Vec<Subject>, settlement: &Settlement) {
    if let Some(bill) = &settlement.bill {
        contracts::tell_bill(subjects, bill, settlement.revenue_usd);
    }
    if let Some(forecast) = &settlement.forecast {
        tell_forecast(subjects, forecast);
    }
}

fn tell_forecast(subjects: &mut [Subject], forecast: &Forecast) {
    let merit = &forecast.merit;
    let values = [
        Some(forecast.capital_usd),
        Some(forecast.first_month_usd),
        Some(merit.npv_usd),
        merit.irr(),
        Some(merit.rates.len() as f64),
        merit.payback_years,
        Some(merit.trough_usd),
    ];
    for (figure, value) in SITE.iter().zip(values) {
        subjects[0].push(figure, value);
    }
    for (name, product, cost) in &forecast.unit_costs {
        let is_it = |subject: &&mut Subject| subject.path == ["workloads", name];
        subjects
            .iter_mut()
            .find(is_it)
            .expect("the account is of these")
            .push(levelised_cost(*product), *cost);
    }
}

/// The figure of what a unit of a product costs.
pub(crate) fn levelised_cost(product: Product) -> &'static Figure {
    match product {
        Product::GpuHours => &GPU_HOUR,
        Product::Megatokens => &MEGATOKEN,
        Product::PhDays => &PH_DAY,
    }
}
