//! What contracts come to, as a text.

use crate::money::Bill;

use super::super::sheet::Sheet;

/// A bill, with the `revenue_usd` of the run that it is set against.
pub fn bill(scenario: &str, bill: &Bill, revenue_usd: f64) -> String {
    let mut out = format!("{scenario}: priced from its meters, not simulated again\n");
    let mut sheet = Sheet::new("Contracts", &["$"]);
    for contract in &bill.contracts {
        sheet.row(&contract.name, [contract.cost().to_string()]);
        let items = contract.items();
        // A contract of one item is told by its cost.
        for item in items.into_iter().skip_while(|_| contract.items().len() < 2) {
            sheet.row(&format!("  {}", item.name()), [contract.cost_of(item).to_string()]);
        }
    }
    sheet.row("all contracts", [bill.cost().to_string()]);
    sheet.row("revenue", [format!("{revenue_usd:.2}")]);
    sheet.row("revenue less contracts", [format!("{:.2}", revenue_usd - bill.cost().usd())]);
    sheet.write(&mut out);
    let mut months = Sheet::new("By month", &["$"]);
    for (month, name) in bill.months.iter().enumerate() {
        months.row(name, [bill.cost_in(month).to_string()]);
    }
    months.write(&mut out);
    out
}
