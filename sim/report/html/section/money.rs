//! What is earned, and what is left.

use super::super::chart::bars::{Bar, bars};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape, told};
use super::super::parts::{Page, Section};
use super::super::run::Run;

pub(super) fn money(page: &Page<'_>) -> Option<Section> {
    let run = page.run;
    let revenue = run.real(&["money", "revenue_usd"])?;
    let energy = run.real(&["money", "energy_cost_usd"]).unwrap_or(0.0);
    if revenue == 0.0 && energy == 0.0 && run.names(&["contracts"]).is_empty() {
        return None;
    }
    let has_contracts = run.real(&["money", "net_usd"]).is_some();
    let question = match has_contracts {
        true => "What is earned, less the contracts? No capital, staff or tax is in it.",
        false => {
            "What is earned, less the energy at its price? No capital, staff, demand charge or \
             water is in it."
        }
    };
    Some(Section {
        id: "money".to_owned(),
        heading: "Money".to_owned(),
        question: question.to_owned(),
        body: fall(run, has_contracts),
    })
}

/// An item: its name, its place in `summary.json`, its sign.
type Item<'a> = (String, Vec<&'a str>, f64);

fn fall(run: &Run, has_contracts: bool) -> String {
    let mut items: Vec<Item<'_>> = Vec::new();
    for work in run.names(&["workloads"]) {
        if run.real(&["workloads", work, "revenue_usd"]).is_some_and(|usd| usd != 0.0) {
            items.push((work.to_owned(), vec!["workloads", work, "revenue_usd"], 1.0));
        }
    }
    if has_contracts {
        for contract in run.names(&["contracts"]) {
            items.push((contract.to_owned(), vec!["contracts", contract, "cost_usd"], -1.0));
        }
    } else {
        items.push(("energy".to_owned(), vec!["money", "energy_cost_usd"], -1.0));
    }
    let last = if has_contracts { "net_usd" } else { "margin_usd" };
    let mut drawn = Vec::new();
    let mut rows = Vec::new();
    let mut sum = 0.0;
    for (name, path, sign) in &items {
        let usd = sign * run.real(path).unwrap_or(0.0);
        let from = sum;
        sum += usd;
        drawn.push(Bar {
            label: name.clone(),
            from,
            to: sum,
            colour: if usd >= 0.0 { "cooling" } else { "mining" },
            text: told(usd, Form::Usd).0 + " $",
        });
        let what = if *sign > 0.0 { "revenue" } else { "cost" };
        rows.push(vec![format!("{}, {what}", escape(name)), run.figure(path, Form::Usd)]);
    }
    let left = run.real(&["money", last]).unwrap_or(0.0);
    drawn.push(Bar {
        label: "what is left".to_owned(),
        from: 0.0,
        to: left,
        colour: "import",
        text: told(left, Form::Usd).0 + " $",
    });
    rows.push(vec!["<b>what is left</b>".to_owned(), run.figure(&["money", last], Form::Usd)]);
    let mean = ["money", "cost_of_energy_usd_per_mwh"];
    if run.real(&mean).is_some() {
        rows.push(vec![
            "mean cost of energy at its price".to_owned(),
            run.figure(&mean, Form::Amount("$/MWh")),
        ]);
    }
    if run.real(&["money", "carbon_t"]).is_some_and(|t| t > 0.0) {
        rows.push(vec![
            "emissions of the import".to_owned(),
            run.figure(&["money", "carbon_t"], Form::Amount("t")),
        ]);
    }
    let table = folded_table("Figures as a table", &["item", "amount"], &rows);
    let caption = Caption { title: "From revenue to what is left", reading: "" };
    figure(&caption, Layout::Full, None, &table, |width| {
        bars("From revenue to what is left", &drawn, width)
    })
}
