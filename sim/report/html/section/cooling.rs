//! How hot, why, how much water.

use super::super::chart::time::{Line, TimeChart};
use super::super::chart::{bars, density};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::notes_of;

/// Colours of inlets, one after another.
const INLETS: [&str; 4] = ["cooling", "inference", "mining", "training"];
/// Most inlets in one chart.
const MOST: usize = 12;

pub(super) fn cooling(page: &Page<'_>) -> Option<Section> {
    let run = page.run;
    let names = run.names(&["cooling"]);
    if names.is_empty() {
        return None;
    }
    let mut body = notes_of(run, |subject| names.contains(&subject));
    body += &temperatures(page, &names);
    body += &format!("<div class=\"pair\">{}{}</div>\n", by_month(run), against_wet_bulb(run));
    body += &loops(run, &names);
    Some(Section {
        id: "cooling".to_owned(),
        heading: "Cooling and water".to_owned(),
        question:
            "How hot did it get, what had the weather to do with it, and what did it cost in \
                   water?"
                .to_owned(),
        body,
    })
}

fn temperatures(page: &Page<'_>, names: &[&str]) -> String {
    let run = page.run;
    let mut lines: Vec<Line> = Vec::new();
    for (index, name) in names.iter().take(MOST).enumerate() {
        let Some(values) = run.series.reals(&format!("{name}_inlet_c")) else { continue };
        lines.push(Line {
            label: (*name).to_owned(),
            colour: INLETS[index % INLETS.len()],
            dash: index / INLETS.len(),
            values: values.to_vec(),
        });
    }
    for (column, label, colour) in
        [("dry_bulb_c", "dry bulb", "other"), ("wet_bulb_c", "wet bulb", "import")]
    {
        if let Some(values) = run.series.reals(column) {
            let values = values.to_vec();
            lines.push(Line { label: label.to_owned(), colour, dash: 0, values });
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let more = match names.len() > MOST {
        true => format!(" The first {MOST} of {} are drawn.", names.len()),
        false => String::new(),
    };
    let chart = TimeChart {
        title: "Temperatures".to_owned(),
        lines,
        limit: None,
        unit: "\u{b0}C",
        from_zero: false,
    };
    let reading = "Warmest rack inlet of each group of loops and exchangers as interval means, and \
                   the weather.";
    page.time_figure(chart, &format!("{reading}{more}"))
}

fn by_month(run: &Run) -> String {
    let months = run.names(&["months"]);
    let of = |path: [&str; 2]| -> Vec<Option<f64>> {
        months.iter().map(|month| run.real(&["months", month, path[0], path[1]])).collect()
    };
    let pue = of(["effectiveness", "pue"]);
    let wue = of(["effectiveness", "wue_l_per_kwh"]);
    if pue.iter().all(Option::is_none) {
        return String::new();
    }
    let names: Vec<String> = months.iter().map(|month| short_month(month)).collect();
    let rows: Vec<Vec<String>> = months
        .iter()
        .map(|month| {
            let at = |group, key, form| run.figure(&["months", month, group, key], form);
            vec![
                escape(month),
                at("effectiveness", "pue", Form::Ratio),
                at("effectiveness", "wue_l_per_kwh", Form::Amount("L/kWh")),
                at("water", "withdrawal_m3", Form::Amount("m\u{b3}")),
            ]
        })
        .collect();
    let table = folded_table("Figures as a table", &["month", "PUE", "WUE", "water"], &rows);
    let caption = Caption {
        title: "PUE (left bar, from 1) and WUE (right bar)",
        reading: "By month; WUE counts withdrawal.",
    };
    figure(&caption, Layout::Half, None, &table, |width| {
        bars::pairs("PUE and WUE by month", &names, ("PUE", 1.0, &pue), ("WUE, L/kWh", &wue), width)
    })
}

/// `Jun` of `2026-06`.
fn short_month(name: &str) -> String {
    let date: Option<jiff::civil::Date> = format!("{name}-01").parse().ok();
    date.map_or(name.to_owned(), |date| date.strftime("%b").to_string())
}

fn against_wet_bulb(run: &Run) -> String {
    let (Some(pue), Some(wet)) = (run.series.reals("pue"), run.series.reals("wet_bulb_c")) else {
        return String::new();
    };
    if !wet.windows(2).any(|pair| pair[0] != pair[1]) || pue.iter().all(|pue| !pue.is_finite()) {
        return String::new();
    }
    let caption = Caption { title: "PUE against wet bulb", reading: "Each cell: how often." };
    figure(&caption, Layout::Half, None, "", |width| {
        density::density("PUE against wet bulb", ("wet bulb, \u{b0}C", "PUE"), wet, pue, width)
    })
}

fn loops(run: &Run, names: &[&str]) -> String {
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let at = |key: &str, form| match run.real(&["cooling", name, key]) {
                Some(_) => run.figure(&["cooling", name, key], form),
                None => "\u{2013}".to_owned(),
            };
            let water = match run.real(&["cooling", name, "water", "withdrawal_m3"]) {
                Some(_) => {
                    let path = ["cooling", name, "water", "withdrawal_m3"];
                    run.figure(&path, Form::Amount("m\u{b3}"))
                }
                None => "\u{2013}".to_owned(),
            };
            vec![
                escape(name),
                at("heat_mwh", Form::Energy),
                at("fans_mwh", Form::Energy),
                at("pumps_mwh", Form::Energy),
                at("chillers_mwh", Form::Energy),
                at("mean_inlet_c", Form::Amount("\u{b0}C")),
                at("max_inlet_c", Form::Amount("\u{b0}C")),
                water,
            ]
        })
        .collect();
    let headings =
        ["loop", "heat", "fans", "pumps", "chillers", "mean inlet", "highest inlet", "water"];
    folded_table("Loops as a table", &headings, &rows)
}
