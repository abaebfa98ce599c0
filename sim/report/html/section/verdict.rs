//! What a reader learns first: sentences that say what decides, and the figures behind them.

use super::super::number::{Form, duration, escape, percent, rating, told};
use super::super::parts::Page;
use super::super::run::Run;
use super::common::{note_html, notes};
use super::training::processors;
use crate::report::processors::Processors;

/// At this share of the limit and above, the import stands at it.
const AT_LIMIT: f64 = 0.995;
/// Figures of the box.
const MOST_FACTS: usize = 10;

pub(in crate::report::html) fn verdict(page: &Page<'_>) -> String {
    let run = page.run;
    let name = run.summary["scenario"].as_str().unwrap_or_default();
    let title = match run.title.as_str() {
        "" => String::new(),
        title => format!("<p class=\"lead title\" dir=\"auto\">{}</p>\n", escape(title)),
    };
    let (from, to) = run.span();
    let day = |at: i64| run.local(at).strftime("%-d %B %Y %H:%M").to_string();
    let lead = format!(
        "<p class=\"lead\">{} to {} ({}&nbsp;days, times in {}) \u{b7} seed {}, replication {}</p>\n",
        day(from),
        day(to),
        run.figure(&["simulated_days"], Form::Amount("")),
        escape(&run.zone_name),
        run.summary["seed"],
        run.summary["replication"],
    );
    let all = notes(run);
    let known: String = all.iter().map(|note| format!("<li>{}</li>", note_html(*note))).collect();
    let known = match known.as_str() {
        "" => String::new(),
        list => format!("<ul class=\"notes\" aria-label=\"What to know\">{list}</ul>\n"),
    };
    format!(
        "<header>\n<h1 dir=\"auto\">{}</h1>\n{}{title}{lead}</header>\n\
         <p class=\"verdict\">{}{}</p>\n{}{known}<dl class=\"facts\">{}</dl>\n",
        escape(name),
        status(run),
        if run.is_running() { "So far: " } else { "" },
        sentences(run).join(" "),
        chips(run, all.len()),
        facts(run),
    )
}

/// The end of the run, where it forbids use of the figures: the first thing after the title.
fn status(run: &Run) -> String {
    let bad = match run.manifest["status"].as_str() {
        Some("partial") => "Partial: the run was interrupted. Do not use these figures.",
        Some("running") => {
            let days = |key| run.figure(&[key], Form::Amount(""));
            let warming = match run.running_warm_up() {
                true => ", all of them in the warm-up that no final figure counts",
                false => "",
            };
            return format!(
                "<ul class=\"chips\"><li class=\"bad\">Running: figures are so far, after {} of {} \
                 days{warming}</li></ul>\n",
                days("simulated_days"),
                days("planned_days"),
            );
        }
        Some("unbalanced") => "A book does not balance. Do not use these figures.",
        _ => return String::new(),
    };
    format!("<ul class=\"chips\"><li class=\"bad\">{bad}</li></ul>\n")
}

fn sentences(run: &Run) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(of_import(run));
    all.extend(of_halls(run));
    all.extend(of_jobs(run));
    all.extend(of_requests(run));
    all
}

/// The share of the time in which the mean of an interval stood at the limit.
pub(super) fn share_at_limit(run: &Run) -> Option<f64> {
    let (limit, import) = (run.limit_mw?, run.series.reals("import_mw")?);
    let counted = run.counted_from();
    let mut hours = run.hours();
    hours.iter_mut().zip(run.starts()).filter(|(_, at)| **at < counted).for_each(|(h, _)| *h = 0.0);
    let total: f64 = hours.iter().sum();
    let at = import.iter().zip(&hours).filter(|(mw, _)| **mw >= AT_LIMIT * limit);
    (total > 0.0).then(|| at.map(|(_, hours)| hours).sum::<f64>() / total)
}

fn of_import(run: &Run) -> Option<String> {
    let peak = run.real(&["energy", "peak_import_mw"]).filter(|peak| *peak > 0.0)?;
    let told_peak = run.figure(&["energy", "peak_import_mw"], Form::Power);
    let shed_mwh = run.real(&["energy", "shed_mwh"]).unwrap_or(0.0);
    let import_mwh = run.real(&["energy", "import_mwh"]).unwrap_or(0.0);
    let shed = match shed_mwh > 1e-6 * import_mwh {
        true => format!(
            " {} that loads wanted were not granted.",
            run.figure(&["energy", "shed_mwh"], Form::Energy)
        ),
        false => String::new(),
    };
    let Some(limit) = run.limit_mw else {
        return Some(format!("The import peaked at {told_peak}; no feed has a limit.{shed}"));
    };
    let feed = rating(limit).replace(' ', "&nbsp;");
    let share = share_at_limit(run).unwrap_or(0.0);
    Some(match share > 0.0 {
        true => format!(
            "The import peaked at {told_peak} of the {feed} that the feed carries and stood at \
             that limit, within 0.5&nbsp;%, for {}&nbsp;% of the time.{shed}",
            percent(share, 1)
        ),
        false => format!(
            "The import peaked at {told_peak}, {}&nbsp;% of the {feed} that the feed carries.{shed}",
            percent(peak / limit, 1)
        ),
    })
}

/// The hall whose racks were available least.
fn worst_hall(run: &Run) -> Option<&str> {
    let availability = |hall: &&str| run.real(&["halls", hall, "availability"]).unwrap_or(2.0);
    let halls = run.names(&["halls"]);
    halls.into_iter().min_by(|one, other| availability(one).total_cmp(&availability(other)))
}

fn of_halls(run: &Run) -> Option<String> {
    let halls = run.names(&["halls"]);
    let sum = |key: &str| -> f64 {
        halls.iter().filter_map(|hall| run.real(&["halls", hall, key])).sum()
    };
    let worst = worst_hall(run)?;
    let availability = run.real(&["halls", worst, "availability"])?;
    if availability >= 1.0 {
        return Some("No rack lost its power and none was tripped by heat.".to_owned());
    }
    let outages = run.real(&["halls", worst, "outages"]).unwrap_or(0.0);
    let longest_h = run.real(&["halls", worst, "outage_longest_h"]);
    let longest = longest_h.map_or(String::new(), |hours| {
        format!("; the longest lasted {}", duration(3600.0 * hours))
    });
    let times = if outages == 1.0 { "outage" } else { "outages" };
    Some(format!(
        "Racks of {} were live for {} of their time, in {} {times}{longest}. In all halls, racks lost \
         power {} times and were tripped by heat {} times.",
        escape(worst),
        run.figure(&["halls", worst, "availability"], Form::Availability),
        run.figure(&["halls", worst, "outages"], Form::Count),
        told(sum("power_losses"), Form::Count).0,
        told(sum("heat_trips"), Form::Count).0,
    ))
}

fn of_jobs(run: &Run) -> Option<String> {
    let works = run.works("training");
    let told: Vec<String> = works
        .iter()
        .filter(|work| run.real(&["workloads", work, "goodput"]).is_some())
        .map(|work| {
            format!(
                "Of the {}-hours of {}, {} became useful work.",
                processors(run, work).name,
                escape(work),
                run.figure(&["workloads", work, "goodput"], Form::Share),
            )
        })
        .collect();
    (!told.is_empty()).then(|| told.join(" "))
}

fn of_requests(run: &Run) -> Option<String> {
    let works = run.works("inference");
    let told: Vec<String> = works
        .iter()
        .filter_map(|work| {
            let value = |key| run.real(&["workloads", work, key]).unwrap_or(0.0);
            let arrived = value("arrived");
            let lost = value("failed") + value("rejected") + value("timed_out");
            if arrived == 0.0 {
                return None;
            }
            let within = match run.real(&["workloads", work, "slo_attainment"]) {
                Some(_) => format!(
                    "{} were served within their targets and ",
                    run.figure(&["workloads", work, "slo_attainment"], Form::Share)
                ),
                None => String::new(),
            };
            let lost = match lost > 0.0 {
                true => format!("{}&nbsp;% were lost", percent(lost / arrived, 2)),
                false => "none was lost".to_owned(),
            };
            Some(format!("Of the requests to {}, {within}{lost}.", escape(work)))
        })
        .collect();
    (!told.is_empty()).then(|| told.join(" "))
}

fn chips(run: &Run, notes: usize) -> String {
    let mut all = Vec::new();
    let books = run.names(&["books"]);
    let is_closed = |book: &&str| {
        run.at(&["books", book, "balanced"]).and_then(|it| it.as_bool()) == Some(true)
    };
    let open: Vec<&str> = books.iter().filter(|book| !is_closed(book)).copied().collect();
    all.push(match open.is_empty() {
        true if run.is_running() => "<li>Books are closed when the run ends</li>".to_owned(),
        true => format!("<li>All books balance: {}</li>", escape(&books.join(", "))),
        false => {
            format!("<li class=\"warn\">Not balanced: {}</li>", escape(&open.join(", ")))
        }
    });
    let counted = run.counted_from();
    if counted > run.span().0 {
        all.push(format!(
            "<li>Figures count from {} on; charts, incidents and the replay show the whole run</li>",
            run.moment(counted)
        ));
    }
    if notes > 0 {
        let thing = if notes == 1 { "thing" } else { "things" };
        all.push(format!("<li class=\"warn\">{notes} {thing} to know before use</li>"));
    }
    let assumed = run.sources.iter().filter(|(source, _)| source.contains("assumption")).count();
    if assumed > 0 {
        let are = if assumed == 1 { "source says" } else { "sources say" };
        all.push(format!(
            "<li class=\"warn\"><a href=\"#sources\">{assumed} {are} \u{201c}assumption\u{201d}</a></li>"
        ));
    }
    format!("<ul class=\"chips\">{}</ul>\n", all.join(""))
}

/// A figure of the box: its name, its value, what it is measured by, whether it is a loss.
struct FactBox {
    name: String,
    value: (String, &'static str),
    beside: String,
    bad: bool,
}

fn facts(run: &Run) -> String {
    let mut all = of_site(run);
    for kind in ["mining", "training", "inference"] {
        for work in run.works(kind) {
            of_work(run, kind, work, &mut all);
        }
    }
    all.truncate(MOST_FACTS);
    let so_far = if run.is_running() { ", so far" } else { "" };
    all.iter()
        .map(|fact| {
            let FactBox { name, value: (number, unit), beside, bad } = fact;
            let class = if *bad { " class=\"bad\"" } else { "" };
            format!(
                "<div{class}><dt>{}{so_far}</dt><dd class=\"value\">{number} {unit}</dd><dd>{beside}</dd></div>",
                escape(name)
            )
        })
        .collect()
}

fn of_site(run: &Run) -> Vec<FactBox> {
    let mut all = Vec::new();
    let mut push = |name: &str, path: &[&str], form: Form, beside: String, bad: bool| {
        if run.real(path).is_some() {
            let value = run.parts(path, form);
            all.push(FactBox { name: name.to_owned(), value, beside, bad });
        }
    };
    let peak = run.real(&["energy", "peak_import_mw"]).unwrap_or(0.0);
    let of_limit = run.limit_mw.map_or("no limit".to_owned(), |limit| {
        let feed = rating(limit).replace(' ', "&nbsp;");
        format!("of {feed}: {}&nbsp;%", percent(peak / limit, 1))
    });
    push("Peak import", &["energy", "peak_import_mw"], Form::Power, of_limit, false);
    let mean = format!("mean {}", run.figure(&["energy", "mean_import_mw"], Form::Power));
    push("Energy imported", &["energy", "import_mwh"], Form::Energy, mean, false);
    push("PUE", &["effectiveness", "pue"], Form::Ratio, "import over IT energy".to_owned(), false);
    let wue = run.figure(&["effectiveness", "wue_l_per_kwh"], Form::Amount("L/kWh"));
    push("Water withdrawn", &["water", "withdrawal_m3"], Form::Amount("m\u{b3}"), wue, false);
    if let Some(hall) = worst_hall(run) {
        let path = ["halls", hall, "availability"];
        let bad = run.real(&path).is_some_and(|share| share < 1.0);
        push("Least available hall", &path, Form::Availability, escape(hall), bad);
    }
    if run.real(&["money", "revenue_usd"]).is_some_and(|usd| usd > 0.0) {
        let net = ["money", "net_usd"];
        let (path, name) = match run.real(&net) {
            Some(_) => (net, "Revenue less contracts"),
            None => (["money", "margin_usd"], "Revenue less energy"),
        };
        push(name, &path, Form::Usd, "nothing else is in it".to_owned(), false);
    }
    all
}

fn of_work(run: &Run, kind: &str, work: &str, all: &mut Vec<FactBox>) {
    let mut push = |name: &str, key: &[&str], form: Form, beside: String, bad: bool| {
        let path = [&["workloads", work], key].concat();
        if run.real(&path).is_some() {
            let value = run.parts(&path, form);
            all.push(FactBox { name: format!("{name}: {work}"), value, beside, bad });
        }
    };
    let figure = |key: &[&str], form: Form| run.figure(&[&["workloads", work], key].concat(), form);
    let real = |key: &[&str]| run.real(&[&["workloads", work], key].concat()).unwrap_or(0.0);
    match kind {
        "mining" => {
            let below = figure(&["curtailed_energy_mwh"], Form::Energy) + " below rating";
            push("Uptime", &["uptime"], Form::Share, below, false);
        }
        "training" => {
            let Processors { key, hours, .. } = processors(run, work);
            let total = figure(&[&format!("{key}_hours"), "total"], Form::Amount(hours));
            let of = format!("of {total}");
            push("Goodput", &["goodput"], Form::Share, of, false);
            let lost = real(&["interruptions", "rack_losses"]) > 0.0;
            let nodes = figure(&["interruptions", "node_failures"], Form::Count);
            let path = ["interruptions", "rack_losses"];
            push("Jobs cut by lost racks", &path, Form::Count, nodes + " by node failures", lost);
        }
        _ => {
            let within = match run.real(&["workloads", work, "slo_attainment"]) {
                Some(_) => figure(&["slo_attainment"], Form::Share) + " within targets",
                None => "no target is set".to_owned(),
            };
            push("p99 first token", &["ttft_p99_s"], Form::Quick, within, false);
            let arrived = figure(&["arrived"], Form::Count);
            let lost = real(&["failed"]) > 0.0;
            push("Requests failed", &["failed"], Form::Count, format!("of {arrived}"), lost);
        }
    }
}
