//! Figures of contracts, made of the bill that `money/` folds from the intervals of the run.

use super::{Subject, SubjectKind, usd};
use crate::measure::{Figure, Row};
use crate::money::{Bill, ContractBill, Item};

macro_rules! items {
    ($($item:ident: $name:literal, $doc:literal);+ $(;)?) => {
        /// Of a contract. An item that it does not charge for is not defined.
        pub(super) static CONTRACT: &[Row<ContractBill>] = &[
            Row::new(usd("cost", "What it comes to, rounded to cents by month and item.").lower(),
                |contract: &ContractBill| Some(contract.cost().usd())),
            $(Row::new(usd($name, $doc).lower(), |contract: &ContractBill| {
                let has = contract.entries.iter().any(|entry| entry.item == Item::$item);
                has.then(|| contract.cost_of(Item::$item).usd())
            })),+
        ];

        /// No item is left out.
        const _: fn(Item) = |item| match item {
            $(Item::$item => (),)+
        };
    };
}

items! {
    Energy: "items.energy", "The part of it for energy at a price of the market or a tariff.";
    Blocks: "items.blocks", "The part of it for fixed blocks.";
    Resale: "items.resale", "The part of it for resold energy: an income where negative.";
    Produced: "items.produced", "The part of it for energy of somebody else's plant, as produced.";
    Settled: "items.settled", "The part of it that this energy brings at the market: an income where negative.";
    Export: "items.export", "The part of it for energy given to the grid: an income where negative.";
    Demand: "items.demand", "The part of it for the highest demand of months.";
    Peaks: "items.peaks", "The part of it accrued for coincident peaks.";
    Water: "items.water", "The part of it for water taken.";
    Sewage: "items.sewage", "The part of it for water returned to the sewer.";
    Carbon: "items.carbon", "The part of it for emissions.";
    Rent: "items.rent", "The part of it that is rent: an income, negative.";
    Fee: "items.fee", "The part of it that a tenant pays for the energy of its racks: an income, negative.";
    Profit: "items.profit", "The part of it that is a share of what a tenant earns: an income, negative.";
    PassedOn: "items.passed_on", "The part of it that other contracts cost for a tenant, which pays it: an income, negative.";
    Expenses: "items.expenses", "The part of it that the owner spends on a hall that is let.";
    Credit: "items.credit", "The part of it that tenants are credited for lapses of power and cooling.";
}

/// Of a site that has contracts.
pub(super) static SITE: &[Figure] = &[
    usd(
        "money.contracts",
        "What all contracts come to, rents as incomes; they take the place of the cost of energy.",
    )
    .lower(),
    usd(
        "money.net",
        "Revenue, with the income of grid programmes and of export that no contract pays for, less what all contracts come to; without what tenants earn, whose rent is among the contracts.",
    )
    .higher(),
];

/// Tells the site, and a subject for each contract, what they come to.
pub(super) fn tell_bill(subjects: &mut Vec<Subject>, bill: &Bill, revenue: f64) {
    let site = &mut subjects[0];
    let cost = bill.cost().usd();
    let [contracts, net] = SITE else { unreachable!("there are two") };
    site.push(contracts, Some(cost));
    site.push(net, Some(revenue - cost));
    for contract in &bill.contracts {
        let path = vec!["contracts".to_owned(), contract.name.clone()];
        let mut subject = Subject::new(SubjectKind::Contract, path, contract.name.clone());
        subject.read(CONTRACT, contract);
        subjects.push(subject);
    }
}
