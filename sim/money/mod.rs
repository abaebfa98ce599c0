//! What a run costs under contracts: a pure fold over the intervals that its meters billed.
//!
//! ```text
//! contracts: (spec)  -> Terms  (units gone, names kept) --+
//!                                                         +-> price(terms, books) -> Bill
//! meters of a run    -> Books  (one Interval for each  ---+
//!                       interval of the time series)
//! ```
//!
//! [`ContractSpec`] is what a user writes, [`Terms`] what it comes to. [`Books`] are all that a price
//! may depend on: `facility/` fills them while a run goes on, and `meter.csv` of the run folder holds
//! the same numbers, so that a finished run is priced anew without simulating it. [`price`] knows no
//! kernel, file or clock but the calendar of the site, and gives the same [`Bill`] for the same books,
//! to the cent.
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

mod bill;
mod books;
mod cents;
mod contract;
mod spec;
mod window;

pub use bill::{Bill, ContractBill, Entry, Item};
pub use books::{Books, Interval};
pub use cents::Cents;
pub use contract::{Contract, Law, price};
pub use spec::{ContractSpec, Outside};
pub use window::{Window, WindowSpec};

use jiff::tz::TimeZone;

/// The contracts of a site, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The clock by which months, windows and metering intervals are counted.
    pub zone: TimeZone,
    /// The contracts in the order of the scenario.
    pub contracts: Vec<Contract>,
}

impl Terms {
    /// No contracts.
    pub fn none() -> Self {
        Self { zone: TimeZone::UTC, contracts: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
