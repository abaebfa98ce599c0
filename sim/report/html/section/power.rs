//! Where energy goes, how near the limit, when.

use super::super::chart::heat::Hours;
use super::super::chart::sankey::{Leaf, Stage, sankey};
use super::super::chart::time::{Line, TimeChart};
use super::super::chart::{density, ranked};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape, percent, rating};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::{colour_of, notes_of};

pub(super) fn power(page: &Page<'_>) -> Option<Section> {
    let run = page.run;
    let import = run.series.reals("import_mw")?;
    if import.iter().all(|mw| *mw == 0.0) {
        return None;
    }
    let feeds = run.names(&["components"]);
    let mut body = notes_of(run, |subject| subject == "site" || feeds.contains(&subject));
    body += &flow(run);
    body += &over_time(page);
    body += &hours(run, import);
    body += &pair(run, import);
    Some(Section {
        id: "power".to_owned(),
        heading: "Power".to_owned(),
        question: "Where does the energy go, how near is the site to its limit, and when?"
            .to_owned(),
        body,
    })
}

/// In which power is told: kilowatts for a site of less than a megawatt.
pub(super) fn power_unit(most_mw: f64) -> (f64, &'static str) {
    if most_mw >= 1.0 { (1.0, "MW") } else { (1000.0, "kW") }
}

fn energy_unit(most_mwh: f64) -> (f64, &'static str) {
    if most_mwh >= 10.0 { (1.0, "MWh") } else { (1000.0, "kWh") }
}

/// A use of energy: its name, its place in `summary.json`, its colour.
type Use = (String, Vec<String>, &'static str);

fn flow(run: &Run) -> String {
    let owned = |path: &[&str]| path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let is_electric = |work: &&str| {
        run.at(&["workloads", work, "electric"]).and_then(|it| it.as_bool()) != Some(false)
    };
    let works = run.names(&["workloads"]);
    let racks: Vec<Use> = works
        .iter()
        .filter(|work| is_electric(work))
        .map(|work| {
            let kind = run.at(&["workloads", work, "kind"]).and_then(|kind| kind.as_str());
            let path = owned(&["workloads", work, "energy_mwh"]);
            ((*work).to_owned(), path, colour_of(kind.unwrap_or_default()))
        })
        .collect();
    let machines = ["fans", "pumps", "chillers", "house"].map(|name| {
        let key = format!("{name}_mwh");
        (
            name.to_owned(),
            owned(&["energy", &key]),
            if name == "house" { "other" } else { "cooling" },
        )
    });
    let losses: Vec<Use> = run
        .names(&["losses"])
        .iter()
        .map(|kind| ((*kind).to_owned(), owned(&["losses", kind, "energy_mwh"]), "other"))
        .collect();
    let charged: Vec<Use> = vec![
        ("batteries".to_owned(), owned(&["energy", "charged_mwh"]), "import"),
        ("export".to_owned(), owned(&["energy", "export_mwh"]), "mining"),
    ];
    let read = |path: &[String]| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        run.real(&path).unwrap_or(0.0)
    };
    let source = |name: &str, key: &str, colour| {
        let amount = run.real(&["energy", key]).unwrap_or(0.0);
        (amount > 0.0).then(|| Leaf { name: name.to_owned(), amount, colour })
    };
    let sources: Vec<Leaf> = [
        source("import", "import_mwh", "import"),
        source("generated", "generated_mwh", "mining"),
        source("from arrays", "solar_mwh", "training"),
        source("from batteries", "discharged_mwh", "cooling"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let total: f64 = sources.iter().map(|source| source.amount).sum();
    let (factor, unit) = energy_unit(total);
    let scaled = |leaf: &Leaf| Leaf { amount: leaf.amount * factor, ..leaf.clone() };
    let mut rows = Vec::new();
    let mut stages = Vec::new();
    for (name, colour, uses) in [
        ("racks", "import", racks),
        ("cooling and house", "cooling", machines.into()),
        ("lost on the way", "other", losses),
        ("stored and exported", "import", charged),
    ] {
        let leaves: Vec<Leaf> = uses
            .iter()
            .map(|(name, path, colour)| Leaf { name: name.clone(), amount: read(path), colour })
            .filter(|leaf| leaf.amount > 0.0)
            .map(|leaf| scaled(&leaf))
            .collect();
        for (name, path, _) in uses.iter().filter(|(_, path, _)| read(path) > 0.0) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let share = percent(read_share(run, &path, total), 2);
            rows.push(vec![
                escape(name),
                run.figure(&path, Form::Energy),
                format!("{share}&nbsp;%"),
            ]);
        }
        if !leaves.is_empty() {
            stages.push(Stage { name: name.to_owned(), colour, leaves });
        }
    }
    for (name, key) in [
        ("import", "import_mwh"),
        ("generated", "generated_mwh"),
        ("from arrays", "solar_mwh"),
        ("from batteries", "discharged_mwh"),
    ] {
        if run.real(&["energy", key]).is_some_and(|mwh| mwh > 0.0) {
            let figure = run.figure(&["energy", key], Form::Energy);
            let share = percent(read_share(run, &["energy", key], total), 2);
            rows.push(vec![format!("<b>{name}</b>"), figure, format!("{share}&nbsp;%")]);
        }
    }
    let sources: Vec<Leaf> = sources.iter().map(scaled).collect();
    let table =
        folded_table("Figures as a table", &["use", "energy", "share of what comes in"], &rows);
    let caption = Caption {
        title: "Energy from feed to load",
        reading: "Width is energy; every loss is drawn.",
    };
    figure(&caption, Layout::Full, None, &table, |width| {
        sankey("Energy from feed to load", &sources, &stages, unit, width)
    })
}

fn read_share(run: &Run, path: &[&str], total: f64) -> f64 {
    run.real(path).unwrap_or(0.0) / total.max(1e-300)
}

fn over_time(page: &Page<'_>) -> String {
    let run = page.run;
    let most = run.real(&["energy", "peak_import_mw"]).unwrap_or(0.0);
    let (factor, unit) = power_unit(most);
    let line = |name: &str, label: &str, colour, dash| {
        let values = run.series.reals(name)?;
        let values = values.iter().map(|mw| mw * factor).collect();
        Some(Line { label: label.to_owned(), colour, dash, values })
    };
    let mut lines: Vec<Line> = line("import_mw", "import", "import", 0).into_iter().collect();
    let mut seen: Vec<&str> = Vec::new();
    for work in run.names(&["workloads"]) {
        let kind = run.at(&["workloads", work, "kind"]).and_then(|kind| kind.as_str());
        let colour = colour_of(kind.unwrap_or_default());
        let dash = seen.iter().filter(|known| **known == colour).count();
        seen.push(colour);
        lines.extend(line(&format!("{work}_mw"), work, colour, dash));
    }
    lines.extend(line("generated_mw", "generators", "abnormal", 0));
    let limit = run.limit_mw.map(|limit| (limit * factor, format!("feed {}", rating(limit))));
    // A feed that carries ten times as much would press the chart flat.
    let limit = limit.filter(|(limit, _)| *limit < 3.0 * most * factor);
    let chart =
        TimeChart { title: "Power over time".to_owned(), lines, limit, unit, from_zero: true };
    page.time_figure(
        chart,
        "Means of intervals; every minimum and maximum of them is kept. Bands: racks were down.",
    )
}

fn hours(run: &Run, import: &[f64]) -> String {
    let Some(hours) = Hours::new(run, import) else { return String::new() };
    if hours.days.len() < 3 {
        return String::new();
    }
    let caption = Caption {
        title: "Import by hour and day",
        reading: "Local time; the scale below runs from low to high. A band across the days is a \
                  daily habit, an upright band a hard day.",
    };
    figure(&caption, Layout::Scrolled, None, "", |width| {
        hours.draw("Import by hour and day", "MW", width)
    })
}

fn pair(run: &Run, import: &[f64]) -> String {
    let most = run.real(&["energy", "peak_import_mw"]).unwrap_or(0.0);
    let (factor, unit) = power_unit(most);
    let scaled: Vec<f64> = import.iter().map(|mw| mw * factor).collect();
    let limit = run
        .limit_mw
        .filter(|limit| *limit < 3.0 * most)
        .map(|limit| (limit * factor, format!("feed {}", rating(limit))));
    let caption =
        Caption { title: "Load duration", reading: "How long the import was at or above a level." };
    let rows = vec![
        vec!["mean".to_owned(), run.figure(&["energy", "mean_import_mw"], Form::Power)],
        vec![
            "largest mean of an interval".to_owned(),
            run.figure(&["energy", "peak_demand_mw"], Form::Power),
        ],
        vec!["peak".to_owned(), run.figure(&["energy", "peak_import_mw"], Form::Power)],
    ];
    let table = folded_table("Figures as a table", &["import", "power"], &rows);
    let hours = run.hours();
    let curve = figure(&caption, Layout::Half, None, &table, |width| {
        let limit = limit.as_ref().map(|(value, text)| (*value, text.as_str()));
        ranked::duration_curve("Load duration", &scaled, &hours, limit, unit, width)
    });
    let price = run.series.reals(&run.currency.key("price_usd_per_mwh")).unwrap_or_default();
    let varies = price.windows(2).any(|pair| pair[0] != pair[1]);
    let against = if varies {
        let caption = Caption {
            title: "Import against price",
            reading: "Each cell: how often. A step to the left at high prices means that the site \
                      yields.",
        };
        let axis = format!("import, {unit}");
        figure(&caption, Layout::Half, None, "", |width| {
            density::density("Import against price", (&axis, "$/MWh"), &scaled, price, width)
        })
    } else {
        String::new()
    };
    format!("<div class=\"pair\">{curve}{against}</div>\n")
}
