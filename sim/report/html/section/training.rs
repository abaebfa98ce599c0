//! Where GPU-hours went, and whether jobs waited.

use super::super::chart::bars::{Bar, bars};
use super::super::chart::time::{Line, TimeChart};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, duration, escape, told};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::{anchor, notes_of};
use crate::report::processors::Processors;

pub(super) fn training(page: &Page<'_>) -> Vec<Section> {
    let works = page.run.works("training");
    works.iter().enumerate().map(|(index, work)| of(page, index, work)).collect()
}

/// What the processors of a workload are called.
pub(super) fn processors(run: &Run, work: &str) -> Processors {
    match run.real(&["workloads", work, "cores"]) {
        Some(_) => Processors::CORES,
        None => Processors::GPUS,
    }
}

fn of(page: &Page<'_>, index: usize, work: &str) -> Section {
    let run = page.run;
    let Processors { name, .. } = processors(run, work);
    let mut body = notes_of(run, |subject| subject == work);
    body += &fall(run, work);
    body += &held(page, work);
    body += &queue(page, work);
    body += &jobs(run, work);
    Section {
        id: anchor("training", index),
        heading: format!("Training: {work}"),
        question: format!("Where did the {name}-hours go, and did jobs wait?"),
        body,
    }
}

/// From all GPU-hours to useful ones.
fn fall(run: &Run, work: &str) -> String {
    let Processors { key, name, hours: unit, .. } = processors(run, work);
    let key = format!("{key}_hours");
    let hours = |kind: &str| run.real(&["workloads", work, &key, kind]);
    let (Some(total), Some(useful)) = (hours("total"), hours("useful")) else {
        return String::new();
    };
    // `held` is a sum of others.
    let kinds = run.names(&["workloads", work, &key]);
    let mut lost: Vec<(&str, f64)> = kinds
        .into_iter()
        .filter(|kind| !["total", "useful", "held"].contains(kind))
        .filter_map(|kind| Some((kind, hours(kind)?)))
        .filter(|(_, hours)| *hours > 0.0)
        .collect();
    lost.sort_by(|one, other| other.1.total_cmp(&one.1));
    let text = |hours: f64| format!("{} {unit}", told(hours, Form::Amount(unit)).0);
    let mut drawn = vec![Bar {
        label: format!("all {name}-hours"),
        from: 0.0,
        to: total,
        colour: "import",
        text: text(total),
    }];
    let mut left = total;
    for (kind, hours) in &lost {
        let from = left;
        left -= hours;
        drawn.push(Bar {
            label: (*kind).to_owned(),
            from,
            to: left,
            colour: "mining",
            text: text(-hours),
        });
    }
    drawn.push(Bar {
        label: "useful".to_owned(),
        from: 0.0,
        to: useful,
        colour: "import",
        text: text(useful),
    });
    let names = ["total"].into_iter().chain(lost.iter().map(|(kind, _)| *kind)).chain(["useful"]);
    let rows: Vec<Vec<String>> = names
        .map(|kind| {
            let path = ["workloads", work, &key, kind];
            vec![escape(kind), run.figure(&path, Form::Amount(unit))]
        })
        .collect();
    let table = folded_table("Figures as a table", &[&*format!("{name}-hours"), "amount"], &rows);
    let title = &*format!("From all {name}-hours to useful ones");
    let caption = Caption { title, reading: "Each bar takes up where the one above it ended." };
    figure(&caption, Layout::Full, None, &table, |width| bars(title, &drawn, width))
}

/// GPUs by state over time.
fn held(page: &Page<'_>, work: &str) -> String {
    const STATES: [(&str, &str, &str, usize); 4] = [
        ("busy", "held by jobs", "training", 0),
        ("idle", "idle", "other", 2),
        ("down", "out of service", "mining", 1),
        ("dark", "without power", "abnormal", 0),
    ];
    let run = page.run;
    let Processors { key, plural, .. } = processors(run, work);
    let lines: Vec<Line> = STATES
        .iter()
        .filter_map(|&(state, label, colour, dash)| {
            let values = run.series.reals(&format!("{work}_{state}_{key}s"))?;
            let there = state == "busy" || values.iter().any(|gpus| *gpus > 0.0);
            let label = label.to_owned();
            there.then(|| Line { label, colour, dash, values: values.to_vec() })
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let limit = run.real(&["workloads", work, &format!("{key}s")]);
    let limit = limit.map(|gpus| (gpus, format!("{} {plural}", told(gpus, Form::Count).0)));
    let chart = TimeChart {
        title: format!("States of {plural}"),
        lines,
        limit,
        unit: plural,
        from_zero: true,
    };
    let reading = format!(
        "Means of intervals; the states together are all {plural}. Without power: also {plural} that \
         start after it. Bands: racks were down."
    );
    page.time_figure(chart, &reading)
}

fn queue(page: &Page<'_>, work: &str) -> String {
    let Some(values) = page.run.series.reals(&format!("{work}_queued_jobs")) else {
        return String::new();
    };
    if values.iter().all(|jobs| *jobs == 0.0) {
        return String::new();
    }
    let chart = TimeChart {
        title: "Jobs in the queue".to_owned(),
        lines: vec![Line {
            label: "queued".to_owned(),
            colour: "training",
            dash: 0,
            values: values.to_vec(),
        }],
        limit: None,
        unit: "jobs",
        from_zero: true,
    };
    page.time_figure(chart, "Means of intervals.")
}

fn jobs(run: &Run, work: &str) -> String {
    let mut rows = Vec::new();
    for group in ["jobs", "interruptions"] {
        for key in run.names(&["workloads", work, group]) {
            let path = ["workloads", work, group, key];
            if run.real(&path).is_some() {
                let name = format!("{group}: {}", key.replace('_', " "));
                rows.push(vec![escape(&name), run.figure(&path, Form::Count)]);
            }
        }
    }
    for (name, key) in [("wait, mean", "wait_mean_s"), ("wait, 95th percentile", "wait_p95_s")] {
        let path = ["workloads", work, "queue_wait", key];
        if let Some(seconds) = run.real(&path) {
            let text = run.figure(&path, Form::Amount("s"));
            rows.push(vec![name.to_owned(), format!("{text} ({})", duration(seconds))]);
        }
    }
    for (name, key, form) in [
        ("goodput", "goodput", Form::Share),
        ("ETTR", "ettr", Form::Share),
        ("utilisation", "utilisation", Form::Share),
        ("revenue", "revenue_usd", Form::Usd),
    ] {
        rows.push(vec![name.to_owned(), run.figure(&["workloads", work, key], form)]);
    }
    folded_table("Jobs as a table", &["figure", "value"], &rows)
}
