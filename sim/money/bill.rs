//! What contracts come to.

use super::Cents;

/// What all contracts come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bill {
    /// Calendar months of the site, `2026-06`, in order.
    pub months: Vec<String>,
    /// By contract, in the order of the scenario.
    pub contracts: Vec<ContractBill>,
}

/// What one contract comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractBill {
    /// Its name in the scenario.
    pub name: String,
    /// The items of all months, in order of months.
    pub entries: Vec<Entry>,
}

/// An item of a contract in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Index into [`Bill::months`].
    pub month: usize,
    /// What for.
    pub item: Item,
    /// What it costs; income is negative.
    pub cost: Cents,
}

/// What a contract charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// Energy at a price of the market or of a tariff, with its adder.
    Energy,
    /// Energy of fixed blocks.
    Blocks,
    /// What of blocks was resold: an income.
    Resale,
    /// Energy of somebody else's plant, as produced.
    Produced,
    /// What that energy brings at the market: an income.
    Settled,
    /// Energy that is given to the grid: an income.
    Export,
    /// Demand, as billed.
    Demand,
    /// Coincident peaks, accrued.
    Peaks,
    /// Water taken from the main.
    Water,
    /// Water returned to the sewer.
    Sewage,
    /// Emissions.
    Carbon,
    /// Rent of a tenant: an income.
    Rent,
    /// What a tenant pays for the energy of its racks: an income.
    Fee,
    /// The owner's share of what a tenant earns: an income.
    Profit,
    /// What other contracts cost for a tenant, which pays it: an income.
    PassedOn,
    /// What the owner spends on a hall that is let.
    Expenses,
    /// What tenants are credited for lapses of power and cooling.
    Credit,
}

impl Item {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Item::Energy => "energy",
            Item::Blocks => "blocks",
            Item::Resale => "resale",
            Item::Produced => "produced",
            Item::Settled => "settled",
            Item::Export => "export",
            Item::Demand => "demand",
            Item::Peaks => "peaks",
            Item::Water => "water",
            Item::Sewage => "sewage",
            Item::Carbon => "carbon",
            Item::Rent => "rent",
            Item::Fee => "fee",
            Item::Profit => "profit",
            Item::PassedOn => "passed_on",
            Item::Expenses => "expenses",
            Item::Credit => "credit",
        }
    }
}

impl ContractBill {
    /// What it charges for, each once.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for entry in &self.entries {
            if !items.contains(&entry.item) {
                items.push(entry.item);
            }
        }
        items
    }

    /// Its cost over the run.
    pub fn cost(&self) -> Cents {
        self.entries.iter().map(|entry| entry.cost).sum()
    }

    /// Its cost in a month.
    pub fn cost_in(&self, month: usize) -> Cents {
        self.entries.iter().filter(|entry| entry.month == month).map(|entry| entry.cost).sum()
    }

    /// The part of it that is for `item`.
    pub fn cost_of(&self, item: Item) -> Cents {
        self.entries.iter().filter(|entry| entry.item == item).map(|entry| entry.cost).sum()
    }
}

impl Bill {
    /// The cost of all contracts over the run.
    pub fn cost(&self) -> Cents {
        self.contracts.iter().map(ContractBill::cost).sum()
    }

    /// The cost of all contracts in a month.
    pub fn cost_in(&self, month: usize) -> Cents {
        self.contracts.iter().map(|contract| contract.cost_in(month)).sum()
    }
}
