//! What contracts and the years around a run come to, as a text.

use std::fmt::Write as _;

use crate::facility::levelised_cost;
use crate::money::{Cents, Forecast, Merit, RATES, Settlement, Terms};

use super::super::sheet::{Sheet, amount};

/// What `terms` come to for the run of `scenario`.
pub fn settlement(scenario: &str, terms: &Terms, settlement: &Settlement) -> String {
    let mut out = format!("{scenario}: priced from its meters, not simulated again\n");
    if let Some(bill) = &settlement.bill {
        let revenue_usd = settlement.revenue_usd;
        // As cash of the owner, like the summary of a run: what is paid stands below zero.
        let cash = |cost: Cents| Cents(-cost.0).to_string();
        let mut sheet = Sheet::new("Contracts", &["$"]);
        for contract in &bill.contracts {
            sheet.row(&contract.name, [cash(contract.cost())]);
            let items = contract.items();
            // A contract of one item is told by its cost.
            for item in items.into_iter().skip_while(|_| contract.items().len() < 2) {
                sheet.row(&format!("  {}", item.name()), [cash(contract.cost_of(item))]);
            }
        }
        sheet.row("all contracts", [cash(bill.cost())]);
        sheet.row("own revenue", [format!("{revenue_usd:.2}")]);
        sheet
            .row("own revenue less contracts", [format!("{:.2}", revenue_usd - bill.cost().usd())]);
        sheet.write(&mut out);
        let mut months = Sheet::new("Contracts by month", &["$"]);
        for (month, name) in bill.months.iter().enumerate() {
            months.row(name, [cash(bill.cost_in(month))]);
        }
        months.write(&mut out);
    }
    if let (Some(forecast), Some(project)) = (&settlement.forecast, &terms.project) {
        let months = project.months;
        let title = format!(
            "Worth at the start of {months} months at {} % a year",
            trimmed(100.0 * project.discount)
        );
        let mut sheet = Sheet::new(&title, &["$"]);
        for (name, usd) in &forecast.worth {
            sheet.row(name, [amount(*usd)]);
        }
        sheet.write(&mut out);
        for part in &project.parts {
            let _ = writeln!(out, "  source of {}: {}", part.name, part.source);
        }
        merits(&mut out, forecast);
    }
    out
}

/// What is left with one parameter at two values.
#[derive(Debug, Clone, PartialEq)]
pub struct Swing {
    /// Its path.
    pub path: String,
    /// Its lower value as written, and what is left, $.
    pub low: (String, f64),
    /// Its upper one.
    pub high: (String, f64),
}

/// How what is left depends on parameters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sensitivity {
    /// By parameter.
    pub swings: Vec<Swing>,
    /// By path: the value at which nothing is left, where there is one in its range.
    pub zeros: Vec<(String, Option<String>)>,
}

/// How what is left of `settlement` depends on parameters, the strongest first.
pub fn sensitivity(settlement: &Settlement, of: &Sensitivity) -> String {
    let mut out = String::new();
    if !of.swings.is_empty() {
        let mut swings: Vec<&Swing> = of.swings.iter().collect();
        let span = |swing: &Swing| (swing.high.1 - swing.low.1).abs();
        swings.sort_by(|a, b| span(b).total_cmp(&span(a)));
        let title = format!(
            "What is left, {} $, with one parameter changed",
            amount(settlement.worth_usd())
        );
        let mut sheet = Sheet::new(&title, &["$", "$"]);
        for Swing { path, low, high } in swings {
            let name = format!("{path}: {}, {}", low.0, high.0);
            sheet.row(&name, [amount(low.1), amount(high.1)]);
        }
        sheet.write(&mut out);
    }
    zeros(&mut out, "Nothing is left at", &of.zeros);
    out
}

/// The values of parameters, by path, under a title that says for what; nothing where there are none.
pub(super) fn zeros(out: &mut String, title: &str, zeros: &[(String, Option<String>)]) {
    if zeros.is_empty() {
        return;
    }
    let mut sheet = Sheet::new(title, &[""]);
    for (path, value) in zeros {
        let value = value.clone().unwrap_or_else(|| "no value in the range".to_owned());
        sheet.row(path, [value]);
    }
    sheet.write(out);
}

/// The figures of merit of `forecast`.
fn merits(out: &mut String, forecast: &Forecast) {
    let Merit { npv_usd, payback_years, trough_usd, .. } = &forecast.merit;
    let mut sheet = Sheet::new("Project", &[""]);
    sheet.row("parts before the operation, $", [amount(forecast.capital_usd)]);
    sheet.row("first month of the operation, $", [amount(forecast.first_month_usd)]);
    sheet.row("net present value, $", [amount(*npv_usd)]);
    sheet.row("internal rate of return", [rate_of_return(&forecast.merit)]);
    let payback = payback_years.map_or("never".to_owned(), |years| format!("{years:.2}"));
    sheet.row("payback, years", [payback]);
    sheet.row("trough, $", [amount(*trough_usd)]);
    for (name, product, cost) in &forecast.unit_costs {
        let unit = levelised_cost(*product).scale.symbol;
        let cost = cost.map_or("-".to_owned(), |usd| format!("{usd:.4}"));
        sheet.row(&format!("levelised cost of {name}, {unit}"), [cost]);
    }
    sheet.write(out);
}

/// The rate of return in words that say where there is none or more than one.
pub(super) fn rate_of_return(merit: &Merit) -> String {
    let percent = |rate: &f64| format!("{:.2} %", 100.0 * rate);
    let (least, most) = (100.0 * RATES.0, 100.0 * RATES.1);
    match &merit.rates[..] {
        [] if !merit.invests => "none: nothing is invested first".to_owned(),
        [] => format!("none from {least:.0} % to {most:.0} %"),
        [rate] => percent(rate),
        rates => format!("not one: {}", rates.iter().map(percent).collect::<Vec<_>>().join(", ")),
    }
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
