//! When flexible load gave way, and why.

use super::super::chart::bars::{Bar, bars};
use super::super::chart::heat::{Hours, calendar};
use super::super::chart::time::{Line, TimeChart};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape, percent, told};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::{anchor, notes_of};

const CAUSES: [&str; 6] = ["price", "cap", "heat", "outage", "restart", "failure"];

pub(super) fn curtailment(page: &Page<'_>) -> Vec<Section> {
    let run = page.run;
    let works = run.works("mining");
    works.iter().enumerate().map(|(index, work)| of(page, index, work)).collect()
}

fn of(page: &Page<'_>, index: usize, work: &str) -> Section {
    let run = page.run;
    let mut body = notes_of(run, |subject| subject == work);
    let path = |key| ["workloads", work, key];
    let facts = [
        ("uptime, of machine-hours", run.figure(&path("uptime"), Form::Share)),
        (
            "hash rate in the mean",
            run.figure(&path("mean_hash_rate_eh_per_s"), Form::Amount("EH/s")),
        ),
        ("energy", run.figure(&path("energy_mwh"), Form::Energy)),
        ("energy below rating", run.figure(&path("curtailed_energy_mwh"), Form::Energy)),
        ("price stops per machine", run.figure(&path("price_stops"), Form::Amount(""))),
        ("income after the pool's fee", run.figure(&path("revenue_usd"), Form::Usd)),
    ];
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let mut pair = below_rating(run, work).unwrap_or_default();
    pair += &by_cause(run, work);
    body += &format!("<div class=\"pair\">{pair}</div>\n");
    body += &over_time(page, work);
    body += &folded_table("Figures as a table", &["figure", "value"], &rows);
    Section {
        id: anchor("mining", index),
        heading: format!("Mining: {work}"),
        question: "When did flexible load give way, and why?".to_owned(),
        body,
    }
}

/// What was not drawn, cause by cause, over time.
fn over_time(page: &Page<'_>, work: &str) -> String {
    /// Colours and dashes that tell six causes apart.
    const LOOKS: [(&str, usize); 6] = [
        ("mining", 0),
        ("import", 0),
        ("abnormal", 0),
        ("abnormal", 1),
        ("training", 1),
        ("other", 2),
    ];
    let mut lines: Vec<Line> = CAUSES
        .iter()
        .zip(LOOKS)
        .filter_map(|(cause, (colour, dash))| {
            let values = page.run.series.reals(&format!("{work}_curtailed_{cause}_mw"))?;
            let label = (*cause).to_owned();
            let line = Line { label, colour, dash, values: values.to_vec() };
            values.iter().any(|mw| *mw > 0.0).then_some(line)
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let most = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max);
    let (factor, unit) = if most < 1.0 { (1e3, "kW") } else { (1.0, "MW") };
    lines.iter_mut().flat_map(|line| &mut line.values).for_each(|value| *value *= factor);
    let chart = TimeChart {
        title: format!("Power below rating by cause: {work}"),
        lines,
        limit: None,
        unit,
        from_zero: true,
    };
    page.time_figure(chart, "Means of intervals. Bands: racks were down.")
}

/// Energy below rating by day, from the interval means of the draw.
fn below_rating(run: &Run, work: &str) -> Option<String> {
    let rated = run.real(&["workloads", work, "rated_mw"])?;
    let draw = run.series.reals(&format!("{work}_mw"))?;
    let below: Vec<f64> = draw.iter().map(|mw| rated - mw).collect();
    let hours = Hours::new(run, &below)?;
    let days: Vec<f64> = hours
        .days
        .iter()
        .map(|day| {
            let there = day.iter().filter(|value| value.is_finite());
            let sum = there.fold((0.0, 0), |(sum, count), value| (sum + value.max(0.0), count + 1));
            if sum.1 == 0 { f64::NAN } else { sum.0 }
        })
        .collect();
    if days.len() < 3 {
        return None;
    }
    let most = days.iter().copied().fold(0.0, f64::max);
    let (factor, unit) = if most < 1.0 { (1e3, "kWh") } else { (1.0, "MWh") };
    let days: Vec<f64> = days.into_iter().map(|mwh| factor * mwh).collect();
    let caption = Caption {
        title: "Energy below rating, by day",
        reading: "Weeks are columns. From interval means.",
    };
    Some(figure(&caption, Layout::Half, None, "", |width| {
        calendar("Energy below rating, by day", hours.first, &days, unit, width)
    }))
}

fn by_cause(run: &Run, work: &str) -> String {
    let total = run.real(&["workloads", work, "curtailed_energy_mwh"]).unwrap_or(0.0);
    let mut causes: Vec<(&str, f64)> = CAUSES
        .iter()
        .filter_map(|cause| {
            let key = format!("{cause}_mwh");
            Some((*cause, run.real(&["workloads", work, "curtailed", &key])?))
        })
        .filter(|(_, mwh)| *mwh > 0.0)
        .collect();
    causes.sort_by(|one, other| other.1.total_cmp(&one.1));
    if causes.is_empty() {
        return String::new();
    }
    let drawn: Vec<Bar> = causes
        .iter()
        .map(|&(cause, mwh)| {
            let (number, unit) = told(mwh, Form::Energy);
            Bar {
                label: cause.to_owned(),
                from: 0.0,
                to: mwh,
                colour: "mining",
                text: format!("{number} {unit} {} %", percent(mwh / total, 1)),
            }
        })
        .collect();
    let rows: Vec<Vec<String>> = causes
        .iter()
        .map(|(cause, _)| {
            let key = format!("{cause}_mwh");
            let path = ["workloads", work, "curtailed", &key];
            vec![escape(cause), run.figure(&path, Form::Energy)]
        })
        .collect();
    let table = folded_table("Causes as a table", &["cause", "energy below rating"], &rows);
    let caption = Caption { title: "By cause", reading: "Energy below rating over the run." };
    figure(&caption, Layout::Half, None, &table, |width| bars("By cause", &drawn, width))
}
