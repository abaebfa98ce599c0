//! What a run costs under contracts: a pure fold over the intervals that its meters billed.
//!
//! ```text
//! contracts: (spec)  -> Terms  (units gone, names kept) --+
//!                                                         +-> price(terms, books) -> Bill
//! meters of a run    -> Books  (one Interval for each  ---+
//!                       interval of the time series,
//!                       one Lapse for each spell in
//!                       which racks lacked something)
//! ```
//!
//! [`ContractSpec`] is what a user writes, [`Terms`] what it comes to. [`Books`] are all that a price
//! may depend on: `facility/` fills them while a run goes on, and `meter.csv` and `lapses.csv` of the run
//! folder hold the same, so that a finished run is priced anew without simulating it. [`price`] knows no
//! kernel, file or clock but the calendar of the site, and gives the same [`Bill`] for the same books,
//! to the cent.
//!
//! [`MoneySpec`] is what a user writes of the years around a run, [`Project`] what it comes to: it
//! carries the cash of the run over its months ([`Line`]), adds what is spent on parts ([`Part`]) and
//! makes figures of merit of the flows ([`Merit`]; the formulas are pure functions over flows). What
//! workloads and halls leave comes in as an [`Account`], read by the same keys from a run that ends and
//! from the summary of one that has ended.
//!
//! **Money is whole cents.** An item of a contract in a month is summed as `f64`, whose error is some
//! 1e-9 $ for a year of intervals, and is rounded once, half to even. From there on all sums are of integers: the
//! months of a contract, and the contracts of a bill, add up exactly and in any order, as on an
//! invoice.
//!
//! **A month that is simulated in part is billed in part.** What a contract charges per month is
//! multiplied by the simulated share of that month. Demand is the energy of a whole metering interval on
//! the clock over its length: an interval that the run tears counts only the energy that was
//! metered in it.

mod account;
mod basis;
mod bill;
mod books;
mod capital;
mod cents;
mod contract;
mod finance;
mod lapse;
mod lease;
mod lease_spec;
mod money_spec;
mod outside;
mod peaks;
mod project;
mod service;
mod spec;
mod supply;

pub use account::{Account, HallAccount, Product, WorkAccount};
pub use basis::{Basis, BasisSeriesSpec};
pub use bill::{Bill, ContractBill, Entry, Item};
pub use books::{Books, Extra, Interval};
pub use capital::{Amount, Curve, Depreciation, Part, Spend};
pub use cents::Cents;
pub use contract::{Contract, Law, Market, price};
pub use finance::{
    RATES, annuity, drifted, drifted_to, internal_rates, levelised, net_present_value, payback,
    rate_of_period, trough,
};
pub use lapse::{Cause, Lacks, Lapse};
pub use lease::{Lease, Term, Termination};
pub use lease_spec::{
    CreditSpec, HostingSpec, LeaseSpec, MaintenanceRule, OptionSpec, PromiseSpec, Structure,
    TermSpec, TerminationSpec,
};
pub use money_spec::{Around, CapitalSpec, MoneySpec, SpendSpec, YearlySpec};
pub(crate) use money_spec::{MOST_MONTHS, whole_months};
pub use outside::{Outside, SystemPeaks};
pub use peaks::{CoincidentPeak, CoincidentPeakSpec, Peaks};
pub use project::{Begun, Change, Forecast, Line, MONTH_H, Merit, Project, Upkeep, month_of};
pub use service::{Service, Step};
pub use spec::ContractSpec;
pub use supply::{Export, Ppa};

use jiff::tz::TimeZone;

/// The contracts of a site, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The clock by which months, windows and metering intervals are counted.
    pub zone: TimeZone,
    /// The contracts in the order of the scenario.
    pub contracts: Vec<Contract>,
    /// The years around the run, where they are planned.
    pub project: Option<Project>,
}

impl Terms {
    /// No contracts.
    pub fn none() -> Self {
        Self { zone: TimeZone::UTC, contracts: Vec::new(), project: None }
    }

    /// Whether anything is priced.
    pub fn is_none(&self) -> bool {
        self.contracts.is_empty() && self.project.is_none()
    }

    /// What they come to for a run that left `books` and `account`.
    pub fn settle(&self, books: &Books, account: &Account) -> Settlement {
        let bill = (!self.contracts.is_empty()).then(|| price(self, books, account));
        let forecast = self.project.as_ref();
        let forecast = forecast.map(|project| project.forecast(self, account, bill.as_ref()));
        Settlement { bill, forecast, revenue_usd: self.revenue_usd(account) }
    }

    /// What is earned beside contracts, $: by workloads that are not a tenant's, by grid programmes, and
    /// by energy for the grid that no contract pays for.
    pub fn revenue_usd(&self, account: &Account) -> f64 {
        let own: f64 = self.own_works(account).map(|work| work.revenue_usd).sum();
        let others: f64 = self.other_incomes(account).map(|(_, usd)| usd).sum();
        own + others
    }

    /// The workloads that are not a tenant's.
    pub(crate) fn own_works<'a>(
        &self,
        account: &'a Account,
    ) -> impl Iterator<Item = &'a WorkAccount> {
        let tenants = self.tenants();
        account.works.iter().filter(move |work| !tenants.contains(&work.name.as_str()))
    }

    /// The incomes that neither a workload nor a contract makes, by name, $.
    pub(crate) fn other_incomes(
        &self,
        account: &Account,
    ) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let sold = self.contracts.iter().any(|it| matches!(it.law, Law::Export(_)));
        let export = (!sold).then_some(("export", account.export_usd));
        std::iter::once(("programmes", account.programmes_usd)).chain(export)
    }

    /// The leases, by name.
    pub fn leases(&self) -> impl Iterator<Item = (&str, &Lease)> {
        self.contracts.iter().filter_map(|contract| match &contract.law {
            Law::Lease(lease) => Some((contract.name.as_str(), &**lease)),
            _ => None,
        })
    }

    /// What `bill` has for contracts that the site buys under.
    pub fn bought<'a>(&'a self, bill: &'a Bill) -> impl Iterator<Item = &'a ContractBill> {
        self.of(bill, Law::is_bought)
    }

    /// What `bill` has for contracts under which the site sells energy.
    pub(crate) fn sold<'a>(&'a self, bill: &'a Bill) -> impl Iterator<Item = &'a ContractBill> {
        self.of(bill, |law| matches!(law, Law::Export(_)))
    }

    fn of<'a>(
        &'a self,
        bill: &'a Bill,
        is: fn(&Law) -> bool,
    ) -> impl Iterator<Item = &'a ContractBill> {
        let law = |name: &str| self.contracts.iter().find(|it| it.name == name).map(|it| &it.law);
        bill.contracts.iter().filter(move |it| law(&it.name).is_some_and(is))
    }

    /// A contract for the energy of a plant, by the series of a basis or for the peaks of a programme that
    /// `books` do not have: of a finished run that was simulated without it.
    pub fn unmetered(&self, books: &Books) -> Option<&str> {
        let lacks = |it: &&Contract| match &it.law {
            Law::Market(market) => !market.basis.is_metered(&it.name, books),
            Law::Ppa(ppa) => {
                ppa.place(&it.name, books).is_none() || !ppa.basis.is_metered(&it.name, books)
            }
            Law::CoincidentPeak(charge) => !charge.is_metered(books),
            _ => false,
        };
        self.contracts.iter().find(lacks).map(|it| it.name.as_str())
    }

    /// The workloads of tenants.
    pub fn tenants(&self) -> Vec<&str> {
        self.leases().flat_map(|(_, lease)| &lease.tenants).map(String::as_str).collect()
    }
}

impl Settlement {
    /// What is left, $: the net present value of the years around the run where they are planned, else
    /// the revenue of the run less what its contracts come to.
    pub fn worth_usd(&self) -> f64 {
        match (&self.forecast, &self.bill) {
            (Some(forecast), _) => forecast.merit.npv_usd,
            (None, Some(bill)) => self.revenue_usd - bill.cost().usd(),
            (None, None) => self.revenue_usd,
        }
    }
}

/// What the contracts and the years around a run come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Of the contracts, where there are any.
    pub bill: Option<Bill>,
    /// Of the years around the run, where they are planned.
    pub forecast: Option<Forecast>,
    /// See [`Terms::revenue_usd`].
    pub revenue_usd: f64,
}

#[cfg(test)]
mod tests;
