//! Books that must balance at the end of a run.

use std::fmt;

use serde::Serialize;

use super::Sum;

/// The books of one conserved amount: what came in is what went out plus what stayed.
///
/// Used for energy, water, jobs and requests. Counts are exact up to 2^53 and balance at a
/// tolerance of zero; amounts that were integrated over time balance at a relative one.
/// Entries keep the order in which they were first named.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    amount: &'static str,
    unit: &'static str,
    entries: Vec<Entry>,
}

/// One line of a [`Ledger`].
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// What it is: `utility feed`, `cooling tower evaporation`.
    pub name: String,
    /// Which side it stands on.
    pub side: Side,
    /// How much, in the unit of the ledger.
    pub sum: Sum,
}

/// The side of the books that an [`Entry`] stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Came into the system.
    Inflow,
    /// Left the system.
    Outflow,
    /// Is in the system at the end, less what was in it at the start; may be negative.
    Stored,
}

impl Ledger {
    /// Empty books of `amount` ("energy", "requests") in `unit` ("J", "").
    pub fn new(amount: &'static str, unit: &'static str) -> Self {
        Self { amount, unit, entries: Vec::new() }
    }

    /// What is conserved.
    pub fn amount(&self) -> &'static str {
        self.amount
    }

    /// What it is counted in; empty for things.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// Books what came in under `name`; repeated bookings add up.
    pub fn inflow(&mut self, name: &str, amount: f64) {
        self.book(name, Side::Inflow, amount);
    }

    /// Books what left under `name`; repeated bookings add up.
    pub fn outflow(&mut self, name: &str, amount: f64) {
        self.book(name, Side::Outflow, amount);
    }

    /// Books by how much the content of the store `name` grew over the run.
    pub fn stored(&mut self, name: &str, growth: f64) {
        self.book(name, Side::Stored, growth);
    }

    /// All lines, in the order in which they were first booked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The sum of one side.
    pub fn total(&self, side: Side) -> f64 {
        let mut sum = Sum::ZERO;
        for entry in self.entries.iter().filter(|entry| entry.side == side) {
            sum.merge(entry.sum);
        }
        sum.value()
    }

    /// What is missing: inflow less outflow less growth of the stores.
    pub fn residual(&self) -> f64 {
        let mut sum = Sum::ZERO;
        for entry in &self.entries {
            let sign = if entry.side == Side::Inflow { 1.0 } else { -1.0 };
            sum.add(sign * entry.sum.value());
        }
        sum.value()
    }

    /// Checks that the residual is at most `tolerance` of the larger side's turnover.
    ///
    /// # Errors
    ///
    /// The books with their residual when they do not balance, also when an entry is not a
    /// number.
    pub fn check(&self, tolerance: f64) -> Result<(), Imbalance> {
        let turnover = |inflow: bool| -> f64 {
            let side = self.entries.iter().filter(|e| (e.side == Side::Inflow) == inflow);
            side.map(|entry| entry.sum.value().abs()).sum()
        };
        let allowed = tolerance * turnover(true).max(turnover(false));
        let residual = self.residual();
        // Written so that a residual that is not a number fails too.
        if residual.abs() <= allowed {
            Ok(())
        } else {
            Err(Imbalance { ledger: self.clone(), residual, allowed })
        }
    }

    fn book(&mut self, name: &str, side: Side, amount: f64) {
        let known = self.entries.iter_mut().find(|e| e.side == side && e.name == name);
        let entry = match known {
            Some(entry) => entry,
            None => {
                self.entries.push(Entry { name: name.to_owned(), side, sum: Sum::ZERO });
                self.entries.last_mut().expect("an entry was just pushed")
            }
        };
        entry.sum.add(amount);
    }
}

/// Books that do not balance; displays every line.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Imbalance {
    /// The books.
    pub ledger: Ledger,
    /// Inflow less outflow less growth of the stores.
    pub residual: f64,
    /// The largest residual that would have been accepted.
    pub allowed: f64,
}

impl fmt::Display for Imbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ledger { amount, unit, entries } = &self.ledger;
        let with_unit = |value: f64| {
            let gap = if unit.is_empty() { "" } else { " " };
            format!("{value}{gap}{unit}")
        };
        write!(
            f,
            "{amount} does not balance: {} more came in than went out or stayed, {} would be accepted",
            with_unit(self.residual),
            with_unit(self.allowed),
        )?;
        for entry in entries {
            let verb = match entry.side {
                Side::Inflow => "in",
                Side::Outflow => "out",
                Side::Stored => "stored",
            };
            write!(f, "\n  {verb:<6} {} {}", with_unit(entry.sum.value()), entry.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_imbalance_says_what_is_missing() {
        let mut energy = Ledger::new("energy", "J");
        energy.inflow("utility", 1000.0);
        energy.outflow("racks", 700.0);
        energy.outflow("losses", 150.0);
        energy.outflow("losses", 50.0);
        energy.stored("battery", 90.0);
        let text = energy.check(1e-9).unwrap_err().to_string();
        assert!(text.starts_with("energy does not balance: 10 J more came in"), "{text}");
        assert!(text.contains("out    200 J losses"), "{text}");
        assert!(text.contains("stored 90 J battery"), "{text}");
        assert!(energy.check(0.011).is_ok());
        assert_eq!(energy.total(Side::Outflow), 900.0);
    }

    #[test]
    fn counts_balance_exactly_or_not_at_all() {
        let mut requests = Ledger::new("requests", "");
        requests.inflow("arrived", 9_000_000_000_000_001.0);
        requests.outflow("served", 9_000_000_000_000_000.0);
        assert!(requests.check(0.0).is_err());
        requests.stored("in flight", 1.0);
        assert!(requests.check(0.0).is_ok());
    }

    #[test]
    fn what_is_not_a_number_does_not_balance() {
        let mut water = Ledger::new("water", "kg");
        water.inflow("make-up", f64::NAN);
        water.outflow("evaporation", f64::NAN);
        assert!(water.check(1e-9).is_err());
        assert!(Ledger::new("water", "kg").check(0.0).is_ok());
    }

    proptest! {
        #[test]
        fn books_of_transfers_balance_and_one_lost_transfer_is_found(
            transfers in prop::collection::vec((0usize..4, 1u64..1_000_000_000), 1..300),
        ) {
            // A store that is filled and emptied by integers balances with no tolerance.
            let mut ledger = Ledger::new("jobs", "");
            let mut level = 0.0;
            for &(kind, n) in &transfers {
                let n = n as f64;
                if kind % 2 == 0 {
                    ledger.inflow(["day", "night"][kind / 2], n);
                    level += n;
                } else {
                    ledger.outflow(["done", "lost"][kind / 2], n);
                    level -= n;
                }
            }
            ledger.stored("queue", level);
            prop_assert!(ledger.check(0.0).is_ok());
            ledger.outflow("done", 1.0);
            prop_assert!(ledger.check(0.0).is_err());
        }
    }
}
