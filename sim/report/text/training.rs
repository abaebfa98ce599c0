//! Training of the summary.

use super::{Text, WORTH_SAYING};
use crate::facility::{Outcome, Subject, SubjectKind};
use crate::report::processors::Processors;
use crate::report::sheet::{amount, percent, time, whole};

/// Kinds of GPU-hours beside useful ones, in the order of reports.
const REST: [&str; 12] = [
    "lost",
    "checkpoint",
    "restart",
    "hung",
    "stalled",
    "throttled",
    "paused",
    "curtailed",
    "spare",
    "idle",
    "down",
    "dark",
];
/// What failures cost, in the order of reports.
const COSTS: [&str; 5] = ["down", "lost", "hung", "stalled", "restart"];
/// Shares of GPU-hours below this are left out.
const HARDLY_ANY: f64 = 0.0005;
/// Interruptions of the kinds that few workloads have.
const RARER: [(&str, &str); 5] = [
    ("interruptions.curtailments", "curtailment"),
    ("interruptions.preemptions", "preemption"),
    ("interruptions.maintenance", "maintenance"),
    ("interruptions.time_limits", "time limits"),
    ("interruptions.growths", "growth"),
];

/// So many things.
fn several(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", whole(count), if count == 1 { "" } else { "s" })
}

impl Text {
    /// A workload on these processors.
    pub(super) fn training(&mut self, work: &Subject, processors: Processors, outcome: &Outcome) {
        let Processors { key, name, .. } = processors;
        let all = whole(work.count(&format!("{key}s")));
        self.heading(&format!("Training: {} ({all} {name}s)", work.name));
        let total = work.real(&format!("{key}_hours.total"));
        let share = |key: &str| work.get(key).map_or("-".to_owned(), percent);
        self.line(
            "goodput",
            &format!(
                "{} of {} {name}-hours; ETTR {}, utilisation {}",
                share("goodput"),
                amount(total),
                work.get("ettr").map_or("none".to_owned(), |ettr| format!("{ettr:.4}")),
                share("utilisation")
            ),
        );
        let rest: Vec<String> = REST
            .iter()
            .map(|kind| (kind, work.real(&format!("{key}_hours.{kind}"))))
            .filter(|(_, hours)| *hours > HARDLY_ANY * total)
            .map(|(kind, hours)| format!("{kind} {}", percent(hours / total)))
            .collect();
        self.line("the rest went to", &rest.join(", "));
        let count = |key: &str| whole(work.count(key));
        let mut jobs = format!(
            "{} submitted: {} completed, {} running, {} queued",
            count("jobs.submitted"),
            count("jobs.completed"),
            count("jobs.running"),
            count("jobs.queued"),
        );
        if let Some(wait_s) = work.get("queue_wait.wait_mean_s") {
            let p95_s = work.real("queue_wait.wait_p95_s");
            jobs += &format!("; mean wait {}, 95th percentile {}", time(wait_s), time(p95_s));
            let left_out = work.real("queue_wait.left_out");
            if left_out > WORTH_SAYING {
                jobs += &format!(" without the {} that have not started", percent(left_out));
            }
        }
        self.line("jobs", &jobs);
        if let Some(mean_s) = work.get("checkpoint.interval_mean_s") {
            let [least_s, most_s, write_s] = ["interval_least_s", "interval_most_s", "write_s"]
                .map(|key| work.real(&format!("checkpoint.{key}")));
            let spread = match most_s - least_s > 0.01 * mean_s {
                true => format!(" ({} to {})", time(least_s), time(most_s)),
                false => String::new(),
            };
            self.line(
                "checkpoints",
                &format!("every {}{spread}, {} each", time(mean_s), time(write_s)),
            );
        }
        let mut interruptions = format!(
            "{} by node failures, {} by lost racks",
            count("interruptions.node_failures"),
            count("interruptions.rack_losses"),
        );
        for (key, by) in RARER {
            if work.real(key) > 0.0 {
                interruptions += &format!(", {} by {by}", count(key));
            }
        }
        self.line("interruptions of jobs", &interruptions);
        self.costs(work, [key, name], outcome);
        if work.get("segments.swaps").is_some() {
            let words = format!(
                "{} replaced within their rack; {} moved to another rack",
                several(work.count("segments.swaps"), "node"),
                several(work.count("segments.moves"), "segment"),
            );
            self.line("segments", &words);
        }
        if work.get("curtailment.cuts").is_some() {
            self.line(
                "curtailment",
                &format!(
                    "{} cuts, {:.1} h, {} kWh called for; {} missed",
                    count("curtailment.cuts"),
                    work.real("curtailment.under_cut_h"),
                    amount(work.real("curtailment.called_kwh")),
                    count("curtailment.missed")
                ),
            );
        }
        let power = self.power;
        let swing = |key: &str| power.fixed(work.real(key));
        self.line(
            "swings of the draw",
            &format!(
                "+{} -{} {unit} in a second, +{} -{} {unit} in a minute",
                swing("swing.second_rise_mw"),
                swing("swing.second_fall_mw"),
                swing("swing.minute_rise_mw"),
                swing("swing.minute_fall_mw"),
                unit = power.symbol
            ),
        );
        self.line("revenue", &format!("{} $", amount(work.real("revenue_usd"))));
    }

    /// What failures cost, where nodes have domains: those of single nodes together, and those of
    /// each part that several share.
    fn costs(&mut self, work: &Subject, [key, name]: [&str; 2], outcome: &Outcome) {
        let mine = outcome.of(SubjectKind::Cause).filter(|it| it.path.starts_with(&work.path));
        let (domains, single): (Vec<&Subject>, Vec<&Subject>) =
            mine.partition(|cause| cause.facts.iter().any(|(fact, _)| *fact == "domain"));
        if domains.is_empty() {
            return;
        }
        let mut tell = |what: &str, causes: &[&Subject]| {
            let sum = |key: &str| causes.iter().map(|cause| cause.real(key)).sum::<f64>();
            let kinds = COSTS.map(|kind| (kind, sum(&format!("{key}_hours.{kind}"))));
            let all: f64 = kinds.iter().map(|(_, hours)| hours).sum();
            let told = kinds.iter().filter(|(_, hours)| *hours > HARDLY_ANY * all);
            let told: Vec<String> =
                told.map(|(kind, hours)| format!("{kind} {}", amount(*hours))).collect();
            let (failures, stopped) = (sum("failures") as u64, sum("interruptions") as u64);
            let words = format!(
                "{}, of which {} stopped a job; {} {name}-hours{}{}",
                several(failures, "failure"),
                whole(stopped),
                amount(all),
                if told.is_empty() { "" } else { ": " },
                told.join(", ")
            );
            self.line(what, &words);
        };
        tell("lost to single nodes", &single);
        for domain in &domains {
            let part = domain.path.last().expect("a domain has a name");
            tell(&format!("lost to {part}"), &[domain]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_several() {
        let said = [0, 1, 2, 12_345].map(|count| several(count, "failure"));
        assert_eq!(said, ["0 failures", "1 failure", "2 failures", "12,345 failures"]);
    }
}
