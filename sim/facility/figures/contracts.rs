//! Figures of contracts, made of the bill that `money/` folds from the intervals of the run.

use super::{Subject, SubjectKind};
use crate::measure::{Figure, Row, Scale};
use crate::money::{Bill, ContractBill, Item};

const fn usd(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::USD, doc)
}

macro_rules! items {
    ($($item:ident: $name:literal, $doc:literal);+ $(;)?) => {
        &[
            Row::new(usd("cost", "What it comes to, rounded to cents by month and item.").lower(),
                |contract: &ContractBill| Some(contract.cost().usd())),
            $(Row::new(usd($name, $doc).lower(), |contract: &ContractBill| {
                let has = contract.entries.iter().any(|entry| entry.item == Item::$item);
                has.then(|| contract.cost_of(Item::$item).usd())
            })),+
        ]
    };
}

/// Of a contract. An item that it does not charge for is not defined.
pub(super) static CONTRACT: &[Row<ContractBill>] = items! {
    Energy: "items.energy", "The part of it for energy at a price of the market or a tariff.";
    Blocks: "items.blocks", "The part of it for fixed blocks.";
    Resale: "items.resale", "The part of it for resold energy: an income where negative.";
    Demand: "items.demand", "The part of it for the highest demand of months.";
    Peaks: "items.peaks", "The part of it accrued for coincident peaks.";
    Water: "items.water", "The part of it for water taken.";
    Sewage: "items.sewage", "The part of it for water returned to the sewer.";
    Carbon: "items.carbon", "The part of it for emissions.";
};

/// Of a site that has contracts.
pub(super) static SITE: &[Figure] = &[
    usd(
        "money.contracts",
        "What all contracts come to; they take the place of the cost of energy.",
    )
    .lower(),
    usd(
        "money.net",
        "Revenue, with the income of grid programmes, less what all contracts come to.",
    )
    .higher(),
];

/// Tells the site, and a subject for each contract, what they come to.
pub(super) fn tell_bill(subjects: &mut Vec<Subject>, bill: &Bill) {
    let site = &mut subjects[0];
    let (revenue, cost) = (site.get("money.revenue_usd"), bill.cost().usd());
    let revenue = revenue.map(|usd| usd + site.get("money.programmes_usd").unwrap_or(0.0));
    let [contracts, net] = SITE else { unreachable!("there are two") };
    site.push(contracts, Some(cost));
    site.push(net, revenue.map(|revenue| revenue - cost));
    for contract in &bill.contracts {
        let path = vec!["contracts".to_owned(), contract.name.clone()];
        let mut subject = Subject::new(SubjectKind::Contract, path, contract.name.clone());
        subject.read(CONTRACT, contract);
        subjects.push(subject);
    }
}
