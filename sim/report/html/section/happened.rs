//! What broke, what followed, what it cost.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::chart::time::Band;
use super::super::figure::folded_table;
use super::super::incidents::{Cost, Family, Incident, Link, families};
use super::super::number::{Form, duration, escape, told};
use super::super::parts::{Page, Section};
use super::super::run::Run;
use super::common::notes_of;

/// Families that are told with their chains; the others are rows of a table.
const MOST_FAMILIES: usize = 24;
/// Moments of a family that are listed.
const MOST_MOMENTS: usize = 200;
/// Bands of something that failed and no rack felt.
const MOST_BANDS: usize = 500;

/// Spans in which racks of some hall were not live, and before them spans in which something had
/// failed.
pub(in crate::report::html) fn bands(run: &Run) -> Vec<Band> {
    let end = run.span().1;
    let failed = run.incidents.iter().flatten().filter_map(|incident| band_of(incident, end));
    let mut bands: Vec<Band> = failed.take(MOST_BANDS).collect();
    bands.extend(dark_bands(run, 0..run.starts().len()));
    bands
}

/// The span of an incident that began with a failure, in a run that ends at `end`.
pub(in crate::report::html) fn band_of(incident: &Incident, end: i64) -> Option<Band> {
    let failed = incident.links[0].what == "failed";
    failed.then(|| Band { from: incident.at(), to: incident.until(end), hard: false })
}

/// Spans in which racks of some hall were not live, in the intervals numbered `of`.
pub(in crate::report::html) fn dark_bands(run: &Run, of: Range<usize>) -> Vec<Band> {
    let starts = run.starts();
    let end = run.span().1;
    let mut dark = vec![false; of.len()];
    for hall in run.names(&["halls"]) {
        let racks = run.real(&["halls", hall, "racks"]).unwrap_or(0.0);
        let live = run.series.reals(&format!("{hall}_live_racks")).unwrap_or_default();
        for (dark, live) in dark.iter_mut().zip(live.get(of.clone()).unwrap_or_default()) {
            *dark |= *live < racks - 1e-6;
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for index in of.zip(dark).filter_map(|(index, dark)| dark.then_some(index)) {
        let (from, to) = (starts[index], starts.get(index + 1).copied().unwrap_or(end));
        match bands.last_mut() {
            Some(band) if band.to == from => band.to = to,
            _ => bands.push(Band { from, to, hard: true }),
        }
    }
    bands
}

pub(super) fn happened(page: &Page<'_>) -> Option<Section> {
    let run = page.run;
    let halls = run.names(&["halls"]);
    let mut body = notes_of(run, |subject| halls.contains(&subject));
    let log = log(run);
    match &run.incidents {
        Some(incidents) if !incidents.is_empty() => body += &chains(run, incidents),
        Some(_) => body += "<p>Nothing failed, and nothing was cut.</p>\n",
        None if log.is_empty() => return None,
        None => {}
    }
    body += &log;
    Some(Section {
        id: "happened".to_owned(),
        heading: "What happened".to_owned(),
        question: "What broke, what followed, and what did it cost?".to_owned(),
        body,
    })
}

fn chains(run: &Run, incidents: &[Incident]) -> String {
    let end = run.span().1;
    let all = families(incidents, end);
    let mut anchors = BTreeSet::new();
    let shown: String = all
        .iter()
        .take(MOST_FAMILIES)
        .map(|family| chain(run, family, end, &mut anchors))
        .collect();
    let lead = match all.len() == incidents.len() {
        true => "Each row is a chain from cause to effect, in order of time.".to_owned(),
        false => format!(
            "{} chains from cause to effect in {} kinds; of each kind the longest is told, the \
             longest kind first.",
            told(incidents.len() as f64, Form::Count).0,
            told(all.len() as f64, Form::Count).0
        ),
    };
    let rest: Vec<Vec<String>> = all
        .iter()
        .skip(MOST_FAMILIES)
        .map(|family| {
            let first = &family.longest.links[0];
            vec![
                format!("{} {}", escape(&first.subject), escape(&words(&first.what))),
                told(family.all.len() as f64, Form::Count).0,
                duration((family.longest.until(end) - family.longest.at()) as f64 / 1e6),
            ]
        })
        .collect();
    let rest = folded_table("Other kinds", &["cause", "times", "longest"], &rest);
    format!("<p>{lead}</p>\n<ul class=\"chain\">{shown}</ul>\n{rest}")
}

fn chain(run: &Run, family: &Family<'_>, end: i64, anchors: &mut BTreeSet<i64>) -> String {
    let incident = family.longest;
    let begun = incident.at();
    let length = |incident: &Incident| duration((incident.until(end) - incident.at()) as f64 / 1e6);
    let times = match family.all.len() {
        1 => length(incident),
        many => {
            let sum: i64 = family.all.iter().map(|i| i.until(end) - i.at()).sum();
            format!(
                "{many} times, {} in all; the longest {}",
                duration(sum as f64 / 1e6),
                length(incident)
            )
        }
    };
    let links: String = incident.links.iter().map(|link| link_html(link, begun)).collect();
    let more = match family.all.len() {
        1 => String::new(),
        many => {
            let listed: Vec<String> = family
                .all
                .iter()
                .take(MOST_MOMENTS)
                .map(|incident| {
                    format!("{} ({})", link(run, incident.at(), anchors), length(incident))
                })
                .collect();
            let left = match many > MOST_MOMENTS {
                true => format!(" and {} more in the table `incidents`", many - MOST_MOMENTS),
                false => String::new(),
            };
            format!(
                "<details><summary>all {many} times</summary><p>{}{left}</p></details>",
                listed.join(", ")
            )
        }
    };
    let cost =
        family.all.iter().map(|incident| incident.cost()).fold(Cost::default(), |sum, one| Cost {
            energy_mwh: sum.energy_mwh + one.energy_mwh,
            gpu_h: sum.gpu_h + one.gpu_h,
            requests: sum.requests + one.requests,
            jobs: sum.jobs + one.jobs,
        });
    format!(
        "<li><div class=\"when\">{}<span>{times}</span></div><div><ol>{links}</ol>{more}</div>\
         <div class=\"cost\">{}</div></li>\n",
        link(run, begun, anchors),
        cost_html(&cost)
    )
}

fn link_html(link: &Link, begun: i64) -> String {
    let after = match link.at - begun {
        0 => String::new(),
        micros => format!("{} later: ", duration(micros as f64 / 1e6)),
    };
    let units = match link.count {
        count if count > 1.0 => format!(", {} units,", told(count, Form::Count).0),
        _ => String::new(),
    };
    let length = match link.until {
        Some(until) if until > link.at => {
            format!(" for {}", duration((until - link.at) as f64 / 1e6))
        }
        Some(_) => String::new(),
        None => ", still so at the end".to_owned(),
    };
    let cause = match link.cause.as_str() {
        "" | "upstream" => String::new(),
        cause => format!(" ({})", escape(cause)),
    };
    format!(
        "<li>{after}<b><bdi>{}</bdi></b>{units} {}{cause}{length}</li>",
        escape(&link.subject),
        escape(&words(&link.what))
    )
}

/// What happened, as people say it.
fn words(what: &str) -> String {
    match what {
        "no-power" => "lost power".to_owned(),
        "starved" => "starved: pumps or fans without power".to_owned(),
        "slow" => "slowed down by heat".to_owned(),
        "tripped" => "tripped by heat".to_owned(),
        "capped" => "capped: held below demand".to_owned(),
        "at-limit" => "at its limit".to_owned(),
        "dry" => "without water".to_owned(),
        "battery" => "on battery".to_owned(),
        "stopped-by-price" => "stopped by price".to_owned(),
        other => other.replace('-', " "),
    }
}

fn cost_html(cost: &Cost) -> String {
    let mut all = Vec::new();
    if cost.energy_mwh > 0.0 {
        let (number, unit) = told(cost.energy_mwh, Form::Energy);
        all.push(format!("{number}&nbsp;{unit} not drawn"));
    }
    for (amount, unit) in [(cost.gpu_h, "GPU-h"), (cost.requests, "requests"), (cost.jobs, "jobs")]
    {
        if amount > 0.0 {
            all.push(format!("{}&nbsp;{unit}", told(amount, Form::Amount("")).0));
        }
    }
    if all.is_empty() { "no cost is known".to_owned() } else { all.join("<br>") }
}

/// The log of events by what happened to whom.
fn log(run: &Run) -> String {
    let (times, whats) = (run.events.times("at_utc"), run.events.texts("event"));
    let subjects = run.events.texts("subject");
    let mut kinds: Vec<(&str, &str, usize, i64, i64)> = Vec::new();
    for ((what, subject), &at) in whats.iter().zip(subjects.iter()).zip(times) {
        match kinds.iter_mut().find(|kind| kind.0 == what && kind.1 == subject) {
            Some(kind) => (kind.2, kind.4) = (kind.2 + 1, at),
            None => kinds.push((what, subject, 1, at, at)),
        }
    }
    let rows: Vec<Vec<String>> = kinds
        .iter()
        .take(MOST_MOMENTS)
        .map(|&(what, subject, count, first, last)| {
            vec![
                format!("<b>{}</b> {}", escape(subject), escape(what)),
                told(count as f64, Form::Count).0,
                run.moment(first),
                run.moment(last),
            ]
        })
        .collect();
    folded_table("The log of events by kind", &["what", "times", "first", "last"], &rows)
}

/// A moment that charts and diagram go to; without a script, its own place.
fn link(run: &Run, at: i64, anchors: &mut BTreeSet<i64>) -> String {
    let seconds = at.div_euclid(1_000_000);
    let id = match anchors.insert(seconds) {
        true => format!(" id=\"t={seconds}\""),
        false => String::new(),
    };
    format!("<a{id} href=\"#t={seconds}\">{}</a>", run.moment(at))
}
