//! Inference of the summary.

use super::{Text, WORTH_SAYING};
use crate::facility::{Fact, Outcome, Subject, SubjectKind};
use crate::report::sheet::{Sheet, amount, energy, percent, whole};

/// What latencies are told of, and the ends of their keys.
const LATENCIES: [(&str, &str); 5] =
    [("TTFT", "ttft"), ("TPOT", "tpot"), ("TBT", "tbt"), ("E2E", "e2e"), ("queue", "queue")];
const PERCENTILES: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p999", "max"];
/// A latency from which on they are told in seconds, s.
const LONG_S: f64 = 100.0;

impl Text {
    pub(super) fn inference(&mut self, work: &Subject, outcome: &Outcome) {
        self.heading(&format!("Inference: {}", work.name));
        let count = |key: &str| whole(work.count(key));
        // Arrivals are drawn in full; what became of them is estimated where time is sampled.
        let estimated = if is_sampled(work) { "estimated " } else { "" };
        let error =
            work.get("served_se").map_or(String::new(), |se| format!(" (SE {})", whole(se as u64)));
        self.line(
            "requests",
            &format!(
                "{} arrived: {estimated}{} served{error}, {} failed, {} rejected, {} in flight",
                count("arrived"),
                count("served"),
                count("failed"),
                count("rejected"),
                count("in_flight")
            ),
        );
        let stands_for = work.get("stands_for").unwrap_or(1.0);
        self.line(
            "simulated one by one",
            &format!("{} requests, each representing {stands_for:.1}", count("simulated")),
        );
        let cached = match work.count("cached_tokens") {
            0 => String::new(),
            _ if work.count("host_tokens") > 0 => format!(
                " ({} of them found in memory, {} of these in that of the host)",
                count("cached_tokens"),
                count("host_tokens")
            ),
            _ => format!(" ({} of them found in memory)", count("cached_tokens")),
        };
        self.line(
            "tokens",
            &format!(
                "{} prompt{cached}, {} generated",
                count("prompt_tokens"),
                count("output_tokens"),
            ),
        );
        if let Some(joules) = work.get("j_per_output_token") {
            self.line("energy", &format!("{} per generated token", energy(joules)));
        }
        if let Some(within) = within_targets(work) {
            self.line("within targets", &within);
        }
        for (_, fact) in work.facts.iter().filter(|(key, _)| *key == "fit") {
            if let Fact::Text(fit) = fact {
                self.line("step times", fit);
            }
        }
        self.line("revenue", &format!("{} $", amount(work.real("revenue_usd"))));
        self.latencies("  latency", work);
        let mine =
            outcome.of(SubjectKind::Class).filter(|class| class.path.starts_with(&work.path));
        for class in mine {
            let name = class.path.last().expect("a class has a name");
            let within = within_targets(class)
                .map_or(String::new(), |within| format!(", {within} within targets"));
            let count = |key: &str| whole(class.count(key));
            self.heading(&format!(
                "  class {name}: {} arrived, {estimated}{} served{within}",
                count("arrived"),
                count("served")
            ));
            if let Some(joules) = class.get("j_per_output_token") {
                self.line("  energy", &format!("{} per generated token", energy(joules)));
            }
            self.latencies("    latency", class);
        }
    }

    fn latencies(&mut self, title: &str, requests: &Subject) {
        let value = |latency: &str, of: &str| requests.get(&format!("{latency}_{of}_s"));
        let longest = LATENCIES.iter().filter_map(|(_, latency)| value(latency, "max"));
        let (unit, per_s) =
            if longest.fold(0.0, f64::max) < LONG_S { ("ms", 1000.0) } else { ("s", 1.0) };
        let indent = &title[..title.len() - title.trim_start().len()];
        let title = format!("{title}, {unit}");
        let mut sheet = Sheet::new(&title, &["mean", "p50", "p90", "p95", "p99", "p99.9", "max"]);
        for (name, latency) in LATENCIES {
            if value(latency, "mean").is_some() {
                // A step of a decode takes milliseconds, also where requests wait for minutes.
                let is_short = per_s == 1.0 && value(latency, "max") < Some(LONG_S);
                let decimals = if is_short { 3 } else { 1 };
                let cell = |s: f64| format!("{:.decimals$}", per_s * s);
                let cells = PERCENTILES.map(|of| value(latency, of).map_or("-".to_owned(), cell));
                sheet.row(&format!("{indent}{name}"), cells);
                if is_sampled(requests) {
                    let errors = PERCENTILES.map(|of| {
                        let error = value(latency, &format!("{of}_se"));
                        error.map_or("-".to_owned(), |s| format!("{:.1$}", per_s * s, decimals + 1))
                    });
                    sheet.row(&format!("{indent}  SE"), errors);
                }
            }
        }
        self.sheet(&sheet);
        let left_out = requests.real("left_out");
        if left_out > WORTH_SAYING {
            let left_out = percent(left_out);
            self.remark(indent, &format!("these leave out {left_out} of requests: not served"));
        }
    }
}

/// Whether its figures are estimates with standard errors.
fn is_sampled(requests: &Subject) -> bool {
    requests.entries().any(|entry| entry.figure.key() == "served_se")
}

/// Share and rate of the requests that were served within their targets, where there are any.
fn within_targets(requests: &Subject) -> Option<String> {
    let (attained, goodput) = (requests.get("slo_attainment")?, requests.get("goodput_per_s")?);
    Some(format!("{}, {goodput:.3} /s", percent(attained)))
}
