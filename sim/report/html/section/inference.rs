//! How long users wait, how rare the worst waits are, when they come.

use super::super::chart::ranked::{Curve, percentiles};
use super::super::chart::time::{Line, TimeChart};
use super::super::figure::{Caption, Layout, figure, folded_table};
use super::super::number::{Form, escape};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::{anchor, notes_of};

/// What latencies are told of: key, name, colour, dash.
const LATENCIES: [(&str, &str, &str, usize); 5] = [
    ("ttft", "TTFT", "training", 0),
    ("tpot", "TPOT", "mining", 0),
    ("tbt", "TBT", "inference", 0),
    ("e2e", "E2E", "import", 0),
    ("queue", "queue", "other", 0),
];
const PERCENTILES: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p999", "max"];

pub(super) fn inference(page: &Page<'_>) -> Vec<Section> {
    let works = page.run.works("inference");
    works.iter().enumerate().map(|(index, work)| of(page, index, work)).collect()
}

fn of(page: &Page<'_>, index: usize, work: &str) -> Section {
    let run = page.run;
    let below = format!("{work}/");
    let mut body = notes_of(run, |subject| subject == work || subject.starts_with(&below));
    body += &by_percentile(run, work);
    body += &over_time(page, work);
    body += &requests(run, work);
    Section {
        id: anchor("inference", index),
        heading: format!("Inference: {work}"),
        question: "How long do users wait, how rare are the worst waits, and when do they come?"
            .to_owned(),
        body,
    }
}

fn by_percentile(run: &Run, work: &str) -> String {
    let curves: Vec<Curve> = LATENCIES
        .iter()
        .filter_map(|&(key, name, colour, dash)| {
            let file = format!("{}-{key}", work.replace('/', "-"));
            let (_, points) = run.latencies.iter().find(|(name, _)| *name == file)?;
            Some(Curve { label: name.to_owned(), colour, dash, points: points.clone() })
        })
        .collect();
    let mut rows = Vec::new();
    for (key, name, ..) in LATENCIES {
        let cell = |of: &str| {
            let key = format!("{key}_{of}_s");
            run.figure(&["workloads", work, &key], Form::Quick)
        };
        if run.real(&["workloads", work, &format!("{key}_p50_s")]).is_some() {
            rows.push([name.to_owned()].into_iter().chain(PERCENTILES.map(cell)).collect());
        }
    }
    if curves.is_empty() {
        return String::new();
    }
    let headings = ["latency", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    let table = folded_table("Figures as a table", &headings, &rows);
    let targets: Vec<(f64, String)> = run
        .targets
        .iter()
        .filter(|(of, ..)| of == work)
        .map(|(_, key, ms, text)| (*ms, format!("target {key} {text}")))
        .collect();
    let caption = Caption {
        title: "Latency by percentile",
        reading: "From the HdrHistogram files. The axis stretches the tail: 99.9 % means that one \
                  request in a thousand waits longer. Requests that were not served are in no curve.",
    };
    figure(&caption, Layout::Full, None, &table, |width| {
        percentiles("Latency by percentile", &curves, &targets, width)
    })
}

fn over_time(page: &Page<'_>, work: &str) -> String {
    let line = |of: &str, label: &str, colour| {
        let values = page.run.series.reals(&format!("{work}_ttft_{of}_s"))?;
        let values = values.iter().map(|s| 1000.0 * s).collect();
        Some(Line { label: label.to_owned(), colour, dash: 0, values })
    };
    let lines: Vec<Line> = [line("p99", "p99", "training"), line("p50", "p50", "inference")]
        .into_iter()
        .flatten()
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let chart = TimeChart {
        title: "Time to first token over time".to_owned(),
        lines,
        limit: None,
        unit: "ms",
        from_zero: true,
    };
    page.time_figure(
        chart,
        "Percentiles of the requests of each interval, a gap where none was served. Bands: racks \
         were down.",
    )
}

fn requests(run: &Run, work: &str) -> String {
    let mut rows = Vec::new();
    for (name, key, form) in [
        ("arrived", "arrived", Form::Count),
        ("served", "served", Form::Count),
        ("failed", "failed", Form::Count),
        ("rejected", "rejected", Form::Count),
        ("given up", "timed_out", Form::Count),
        ("in flight at the end", "in_flight", Form::Count),
        ("simulated one by one", "simulated", Form::Count),
        ("each stands for", "stands_for", Form::Amount("")),
        ("within targets", "slo_attainment", Form::Share),
        ("energy of a generated token", "j_per_output_token", Form::Amount("J")),
        ("generated tokens", "output_tokens", Form::Count),
        ("revenue", "revenue_usd", Form::Usd),
    ] {
        if run.real(&["workloads", work, key]).is_some() {
            rows.push(vec![escape(name), run.figure(&["workloads", work, key], form)]);
        }
    }
    folded_table("Requests as a table", &["figure", "value"], &rows)
}
