//! How long users wait, how rare the worst waits are, when they come.

use super::super::chart::heat::Hours;
use super::super::chart::ranked::{Curve, percentiles};
use super::super::chart::time::{Line, TimeChart};
use super::super::figure::{Caption, Layout, figure, folded_table, table};
use super::super::number::{Form, duration, escape, told};
use super::super::parts::{Page, Section};
use super::super::run::{Run, Stretch};
use super::common::{anchor, notes_of};

/// What latencies are told of: key, name, colour, dash.
const LATENCIES: [(&str, &str, &str, usize); 5] = [
    ("ttft", "TTFT", "training", 0),
    ("tpot", "TPOT", "mining", 0),
    ("tbt", "TBT", "inference", 0),
    ("e2e", "E2E", "import", 0),
    ("queue", "queue", "other", 0),
];
/// Hours and incidents that are listed, the worst ones.
const MOST_HOURS: usize = 24;
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
    body += &by_hour(run, work);
    body += &during_incidents(run, work);
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
        if run.real(&["workloads", work, &format!("{key}_mean_se_s")]).is_some() {
            let errors = PERCENTILES.map(|of| cell(&format!("{of}_se")));
            rows.push([format!("{name}, standard error")].into_iter().chain(errors).collect());
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

/// The 99th percentile of each hour, from the requests of that hour.
fn by_hour(run: &Run, work: &str) -> String {
    let name = format!("{work}/ttft");
    let hours: Vec<&Stretch> = run
        .stretches
        .iter()
        .filter(|stretch| stretch.incident.is_none() && stretch.name == name)
        .collect();
    // A value for each interval: that of the hour in which it starts.
    let mut values = vec![f64::NAN; run.starts().len()];
    let mut next = 0;
    for (value, &start) in values.iter_mut().zip(run.starts()) {
        while next + 1 < hours.len() && hours[next + 1].from <= start {
            next += 1;
        }
        let Some(hour) = hours.get(next) else { break };
        if (hour.from..hour.from + (1e6 * hour.length_s).round() as i64).contains(&start)
            && hour.requests > 0
        {
            *value = 1000.0 * hour.quantiles_s[1];
        }
    }
    if hours.len() < 48 {
        return String::new();
    }
    let Some(map) = Hours::new(run, &values) else { return String::new() };
    let mut worst: Vec<&&Stretch> = hours.iter().filter(|hour| hour.requests > 0).collect();
    worst.sort_by(|one, other| other.quantiles_s[1].total_cmp(&one.quantiles_s[1]));
    let rows: Vec<Vec<String>> = worst
        .into_iter()
        .take(MOST_HOURS)
        .map(|hour| {
            let cells = hour.quantiles_s.map(milliseconds);
            let count = told(hour.requests as f64, Form::Count).0;
            [run.moment(hour.from)].into_iter().chain(cells).chain([count]).collect()
        })
        .collect();
    let headings = ["hour from", "p50", "p99", "p99.9", "requests"];
    let table = folded_table("The worst hours as a table", &headings, &rows);
    let title = "99th percentile of the time to first token, hour by hour";
    let caption = Caption {
        title,
        reading: "Days are columns, hours rows; the scale runs from low to high. Each cell is the \
                  percentile of the requests of that hour, from the interval log.",
    };
    figure(&caption, Layout::Full, None, &table, |width| map.draw(title, "ms", width))
}

fn milliseconds(seconds: f64) -> String {
    let (number, unit) = told(seconds, Form::Quick);
    format!("{number}&nbsp;{unit}")
}

/// Latencies while the plant was out of order, beside those of the whole run.
fn during_incidents(run: &Run, work: &str) -> String {
    let name = format!("{work}/ttft");
    let mut all: Vec<&Stretch> = run
        .stretches
        .iter()
        .filter(|stretch| stretch.incident.is_some() && stretch.name == name)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let count = all.len();
    all.sort_by(|one, other| other.quantiles_s[2].total_cmp(&one.quantiles_s[2]));
    all.truncate(MOST_HOURS);
    let mut rows: Vec<Vec<String>> = all
        .into_iter()
        .map(|stretch| {
            let from = run.moment(stretch.from);
            let hash = stretch.from / 1_000_000;
            let first = format!("<a href=\"#t={hash}\">{from}</a>, {}", duration(stretch.length_s));
            let cells = match stretch.requests {
                0 => ["\u{2013}"; 3].map(str::to_owned),
                _ => stretch.quantiles_s.map(milliseconds),
            };
            let served = told(stretch.requests as f64, Form::Count).0;
            [first].into_iter().chain(cells).chain([served]).collect()
        })
        .collect();
    let whole = ["p50", "p99", "p999"].map(|of| {
        let key = format!("ttft_{of}_s");
        run.figure(&["workloads", work, &key], Form::Quick)
    });
    let served = run.figure(&["workloads", work, "served"], Form::Count);
    rows.insert(0, ["the whole run".to_owned()].into_iter().chain(whole).chain([served]).collect());
    let headings = ["time to first token", "p50", "p99", "p99.9", "requests"];
    let more = match count > MOST_HOURS {
        true => format!(" The worst {MOST_HOURS} of {count} are listed."),
        false => String::new(),
    };
    format!(
        "<h3>While the plant was out of order</h3>\n<p class=\"question\">Requests of the intervals in \
         which racks were down or slowed, or the site was curtailed.{more}</p>\n{}",
        table("Latencies during incidents", &headings, &rows)
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
        ("share of the time simulated", "sampled.share", Form::Share),
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
