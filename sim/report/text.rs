//! The summary of a run as a text that an architect can read.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::sheet::{Sheet, amount, percent};
use crate::facility::{
    BookOutcome, Design, InferenceOutcome, Outcome, Percentiles, RequestsOutcome, Summary,
    WorkloadOutcome,
};
use crate::measure::Side;
use crate::workload::heat_load::HeatLoadSummary;
use crate::workload::mining::MiningSummary;
use crate::workload::training::TrainingSummary;

/// Losses of power, curtailments and failures below this many MWh are left out of the text.
const NOTHING_MWH: f64 = 0.05;
const NOTHING_M3: f64 = 0.05;

/// A share that a distribution leaves out is told from here on.
const WORTH_SAYING: f64 = 0.001;

/// The outcome of a run whose files are in `folder` and which took `wall`.
pub fn summary(outcome: &Outcome, folder: &Path, wall: Duration) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {} days from {}, seed {}{}",
        outcome.scenario,
        amount(outcome.simulated_days),
        outcome.start,
        outcome.seed,
        if outcome.partial { " (interrupted: partial)" } else { "" },
    );
    energy(&mut text, outcome);
    cooling(&mut text, outcome);
    halls(&mut text, outcome);
    for work in &outcome.workloads {
        workload(&mut text, work);
    }
    failures(&mut text, outcome);
    money(&mut text, outcome);
    books(&mut text, outcome);
    let _ =
        writeln!(text, "\nsimulated in {:.1} s; files in {}", wall.as_secs_f64(), folder.display());
    text
}

/// The outcome as JSON, as in `summary.json`.
///
/// # Panics
///
/// Never: an outcome is plain figures.
pub fn json(outcome: &Outcome) -> String {
    let mut text = serde_json::to_string_pretty(outcome).expect("an outcome is plain figures");
    text.push('\n');
    text
}

/// One of the books in a line, with its residual.
pub fn book(book: &BookOutcome) -> String {
    let total = |side| book.ledger.total(side);
    format!(
        "{}: in {:e}, out {:e}, stored {:e}, residual {:e} (allowed: {:e} of the turnover)",
        book.ledger.amount(),
        total(Side::Inflow),
        total(Side::Outflow),
        total(Side::Stored),
        book.residual,
        book.tolerance,
    )
}

/// What `check` says of a scenario that can be run.
pub fn check(design: &Design) -> String {
    let mut text = String::new();
    let racks = design.racks.len();
    let _ = writeln!(
        text,
        "{}: sound. {} power components, {} cooling loops, {racks} racks, {} workloads",
        design.name,
        design.power.nodes.len(),
        design.loops.len(),
        design.works.len(),
    );
    let points = design.site.single_points_of_failure();
    if points.is_empty() {
        text.push_str("no single point of failure\n");
        return text;
    }
    text.push_str("single points of failure:\n");
    for point in &points {
        let _ = writeln!(text, "  {}", design.site.describe(point));
    }
    text
}

fn energy(text: &mut String, outcome: &Outcome) {
    let energy = &outcome.energy;
    let share = |mwh: f64| if energy.import_mwh > 0.0 { mwh / energy.import_mwh } else { 0.0 };
    let mut sheet = Sheet::new("Energy", &["MWh", "of import"]);
    for used in &energy.uses {
        sheet.row(&used.name, [amount(used.mwh), percent(share(used.mwh))]);
    }
    for lost in &energy.losses {
        sheet.row(&format!("loss: {}", lost.name), [amount(lost.mwh), percent(share(lost.mwh))]);
    }
    sheet.row("import", [amount(energy.import_mwh), percent(1.0)]);
    sheet.write(text);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<26} {value}");
    };
    line(
        "import power",
        format!(
            "mean {:.2} MW, peak {:.2} MW, peak interval mean {:.2} MW",
            energy.mean_import_mw, energy.peak_import_mw, energy.peak_demand_mw
        ),
    );
    if energy.shed_mwh > NOTHING_MWH {
        line("wanted, not granted", format!("{} MWh", amount(energy.shed_mwh)));
    }
    let ratios = &outcome.effectiveness;
    let ratio = |value: Option<f64>, unit: &str| match value {
        Some(value) => format!("{value:.3}{unit}"),
        None => "none: no IT load".to_owned(),
    };
    line("PUE", ratio(ratios.pue, ""));
    let water = &outcome.water;
    line("WUE (withdrawal)", ratio(ratios.wue_l_per_kwh, " L/kWh"));
    line(
        "water",
        format!(
            "{} m3 withdrawn: {} evaporated, {} drift, {} blowdown",
            amount(water.withdrawal_m3),
            amount(water.evaporation_m3),
            amount(water.drift_m3),
            amount(water.blowdown_m3)
        ),
    );
    if water.basins_m3.abs() > NOTHING_M3 {
        let (amount, ended) = (amount(water.basins_m3.abs()), water.basins_m3 < 0.0);
        let how = if ended { "lower" } else { "higher" };
        line("basins", format!("end {amount} m3 {how} than they began"));
    }
    let dry = outcome.cooling.iter().filter(|cooling| cooling.without_water_h > 0.0);
    let dry: Vec<String> =
        dry.map(|cooling| format!("{} {:.1} h", cooling.name, cooling.without_water_h)).collect();
    if !dry.is_empty() {
        line("without water", dry.join(", "));
    }
    if outcome.money.carbon_t > 0.0 {
        line(
            "carbon",
            format!(
                "{} t, {}",
                amount(outcome.money.carbon_t),
                ratio(ratios.cue_kg_per_kwh, " kg/kWh of IT")
            ),
        );
    }
}

fn cooling(text: &mut String, outcome: &Outcome) {
    let columns = [
        "heat MWh",
        "fans MWh",
        "pumps MWh",
        "chillers MWh",
        "inlet mean",
        "inlet max",
        "water m3",
    ];
    let mut sheet = Sheet::new("Cooling", &columns);
    for cooling in &outcome.cooling {
        sheet.row(
            &cooling.name,
            [
                amount(cooling.heat_mwh),
                amount(cooling.fans_mwh),
                amount(cooling.pumps_mwh),
                amount(cooling.chillers_mwh),
                format!("{:.1} degC", cooling.mean_inlet_c),
                format!("{:.1} degC", cooling.max_inlet_c),
                amount(cooling.water.withdrawal_m3),
            ],
        );
    }
    sheet.write(text);
    let columns = ["heat MWh", "free h", "partial h", "mechanical h"];
    let mut sheet = Sheet::new("Economisers", &columns);
    let mut any = false;
    for cooling in &outcome.cooling {
        let Some(modes) = cooling.modes else { continue };
        any = true;
        let hours = [modes.free_h, modes.partial_h, modes.mechanical_h].map(|h| format!("{h:.1}"));
        let [free, partial, mechanical] = hours;
        sheet.row(&cooling.name, [amount(cooling.economiser_mwh), free, partial, mechanical]);
    }
    if any {
        sheet.write(text);
    }
}

fn halls(text: &mut String, outcome: &Outcome) {
    let mut sheet = Sheet::new("Halls", &["racks", "available", "power lost", "heat trips"]);
    for hall in &outcome.halls {
        sheet.row(
            &hall.name,
            [
                hall.racks.to_string(),
                format!("{:.4} %", 100.0 * hall.availability),
                hall.power_losses.to_string(),
                hall.heat_trips.to_string(),
            ],
        );
    }
    sheet.write(text);
    if !outcome.halls.is_empty() {
        text.push_str("  power lost and heat trips count racks\n");
    }
}

fn workload(text: &mut String, work: &WorkloadOutcome) {
    match &work.summary {
        Summary::Mining(mining) => self::mining(text, work, mining),
        Summary::Training(training) => self::training(text, work, training),
        Summary::Inference(inference) => self::inference(text, work, inference),
        Summary::HeatLoad(load) => heat_load(text, work, load),
    }
}

fn mining(text: &mut String, work: &WorkloadOutcome, mining: &MiningSummary) {
    let _ = writeln!(
        text,
        "\nMining: {} ({} ASICs, {:.1} MW)",
        work.name,
        amount(mining.machines as f64),
        mining.rated_mw
    );
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<26} {value}");
    };
    line(
        "uptime",
        format!(
            "{} of machine-hours, {:.3} EH/s mean",
            percent(mining.uptime),
            mining.mean_hash_rate_eh_s
        ),
    );
    line("energy", format!("{} MWh", amount(mining.energy_mwh)));
    let curtailed = &mining.curtailed_mwh;
    let causes: Vec<String> = curtailed
        .causes()
        .into_iter()
        .filter(|(_, mwh)| *mwh > NOTHING_MWH)
        .map(|(cause, mwh)| format!("{cause} {}", amount(mwh)))
        .collect();
    line("curtailed", format!("{} MWh: {}", amount(curtailed.total()), causes.join(", ")));
    line("price stops a machine", format!("{:.1}", mining.price_stops));
    line("income", format!("{} $ after the pool's fee", amount(mining.income_usd)));
}

fn training(text: &mut String, work: &WorkloadOutcome, training: &TrainingSummary) {
    let _ = writeln!(text, "\nTraining: {} ({} GPUs)", work.name, amount(training.gpus as f64));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<26} {value}");
    };
    line(
        "goodput",
        format!(
            "{} of {} GPU-hours; ETTR {:.4}, utilisation {}",
            percent(training.goodput_share),
            amount(training.gpu_hours.total()),
            training.ettr,
            percent(training.utilisation)
        ),
    );
    let total = training.gpu_hours.total();
    let rest: Vec<String> = training
        .gpu_hours
        .kinds()
        .into_iter()
        .filter(|(kind, hours)| *kind != "useful" && *hours > 0.0005 * total)
        .map(|(kind, hours)| format!("{kind} {}", percent(hours / total)))
        .collect();
    line("the rest went to", rest.join(", "));
    let jobs = &training.jobs;
    line(
        "jobs",
        format!(
            "{} submitted: {} completed, {} running, {} queued; mean wait {:.0} s{}",
            jobs.submitted,
            jobs.completed,
            jobs.running,
            jobs.queued,
            training.queue_wait.mean_s(),
            still_waiting(training)
        ),
    );
    line(
        "interruptions of jobs",
        format!(
            "{} by node failures, {} by lost racks{}",
            training.interruptions.node_failures,
            training.interruptions.rack_losses,
            rarer_interruptions(training)
        ),
    );
    if let Some(counts) = &training.curtailment {
        line(
            "curtailment",
            format!(
                "{} cuts, {:.1} h, {} kWh called for; {} missed",
                counts.cuts,
                counts.hours,
                amount(counts.called_kwh),
                counts.missed
            ),
        );
    }
    let swing = &work.swing;
    line(
        "swings of the draw",
        format!(
            "+{:.2} -{:.2} MW in a second, +{:.2} -{:.2} MW in a minute",
            swing.second_rise_mw, swing.second_fall_mw, swing.minute_rise_mw, swing.minute_fall_mw
        ),
    );
    line("revenue", format!("{} $", amount(training.revenue_usd)));
}

/// Which jobs the mean wait leaves out, where they are worth a word.
fn still_waiting(training: &TrainingSummary) -> String {
    let left_out = training.queue_wait.left_out;
    if left_out <= WORTH_SAYING {
        return String::new();
    }
    format!(" without the {} that have not started", percent(left_out))
}

/// Interruptions of the kinds that few workloads have, where there were any.
fn rarer_interruptions(training: &TrainingSummary) -> String {
    let interruptions = &training.interruptions;
    let counts = [
        (interruptions.curtailments, "curtailment"),
        (interruptions.preemptions, "preemption"),
        (interruptions.maintenance, "maintenance"),
        (interruptions.time_limits, "time limits"),
        (interruptions.growths, "growth"),
    ];
    let seen = counts.into_iter().filter(|(count, _)| *count > 0);
    seen.map(|(count, by)| format!(", {count} by {by}")).collect()
}

fn inference(text: &mut String, work: &WorkloadOutcome, inference: &InferenceOutcome) {
    let _ = writeln!(text, "\nInference: {}", work.name);
    let requests = &inference.requests;
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<26} {value}");
    };
    line(
        "requests",
        format!(
            "{} arrived: {} served, {} failed, {} rejected, {} in flight",
            amount(requests.arrived as f64),
            amount(requests.served as f64),
            amount(requests.failed as f64),
            amount(requests.rejected as f64),
            amount(inference.in_flight as f64)
        ),
    );
    line(
        "simulated one by one",
        format!(
            "{} requests, each for {:.1} on average",
            amount(requests.simulated as f64),
            inference.weight()
        ),
    );
    let found = match requests.cached_tokens {
        0 => String::new(),
        found => format!(" ({} of them found in memory)", amount(found as f64)),
    };
    line(
        "tokens",
        format!(
            "{} prompt{found}, {} generated",
            amount(requests.prompt_tokens as f64),
            amount(requests.output_tokens as f64),
        ),
    );
    if let Some(joules) = inference.joules_per_output_token {
        line("energy", format!("{joules:.3} J a generated token"));
    }
    if let Some(within) = within_targets(requests) {
        line("within targets", within);
    }
    if let Some(fit) = &inference.fit {
        line("step times", fit.clone());
    }
    line("revenue", format!("{} $", amount(inference.revenue_usd)));
    latencies(text, "  latency, ms", requests);
    for class in &inference.classes {
        let requests = &class.requests;
        let _ = writeln!(
            text,
            "\n  class {}: {} arrived, {} served{}",
            class.name,
            amount(requests.arrived as f64),
            amount(requests.served as f64),
            within_targets(requests)
                .map_or(String::new(), |within| format!(", {within} within targets")),
        );
        if let Some(joules) = class.joules_per_output_token {
            let _ = writeln!(text, "    {:<24} {joules:.3} J a generated token", "energy");
        }
        latencies(text, "    latency, ms", requests);
    }
}

/// Share and rate of the requests that were served within their targets, where there are any.
fn within_targets(requests: &RequestsOutcome) -> Option<String> {
    let (attained, goodput) = (requests.slo_attainment?, requests.goodput_per_s?);
    Some(format!("{}, {goodput:.3} /s", percent(attained)))
}

fn latencies(text: &mut String, title: &str, requests: &RequestsOutcome) {
    let mut sheet = Sheet::new(title, &["mean", "p50", "p90", "p99", "p99.9", "max"]);
    let indent = &title[..title.len() - title.trim_start().len()];
    for (name, latency) in [
        ("TTFT", &requests.ttft_s),
        ("TPOT", &requests.tpot_s),
        ("TBT", &requests.tbt_s),
        ("E2E", &requests.e2e_s),
        ("queue", &requests.queue_s),
    ] {
        if let Some(latency) = latency {
            sheet.row(&format!("{indent}{name}"), milliseconds(latency));
        }
    }
    sheet.write(text);
    if requests.left_out > WORTH_SAYING {
        let left_out = percent(requests.left_out);
        let _ = writeln!(text, "{indent}these leave out {left_out} of requests: not served");
    }
}

fn heat_load(text: &mut String, work: &WorkloadOutcome, load: &HeatLoadSummary) {
    let _ = writeln!(text, "\nHeat load: {}", work.name);
    let source = if load.electric { "as IT load" } else { "not electric, no IT load" };
    let heat = format!(
        "{} MWh of {} MWh wanted, {source}",
        amount(work.energy_mwh),
        amount(load.wanted_mwh)
    );
    let _ = writeln!(text, "  {:<26} {heat}", "heat");
}

fn milliseconds(latency: &Percentiles) -> [String; 6] {
    [latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max]
        .map(|seconds| format!("{:.1}", 1000.0 * seconds))
}

fn failures(text: &mut String, outcome: &Outcome) {
    let mut sheet = Sheet::new("Failures", &["units", "failures", "down h"]);
    for component in outcome.components.iter().filter(|component| component.failures > 0) {
        sheet.row(
            &component.name,
            [
                component.units.to_string(),
                component.failures.to_string(),
                format!("{:.1}", component.down_h),
            ],
        );
    }
    sheet.write(text);
}

fn money(text: &mut String, outcome: &Outcome) {
    let money = &outcome.money;
    if money.revenue_usd == 0.0 && money.energy_cost_usd == 0.0 {
        return;
    }
    let mut sheet = Sheet::new("Money", &["$"]);
    for work in &outcome.workloads {
        sheet.row(&format!("revenue: {}", work.name), [amount(work.revenue_usd)]);
    }
    sheet.row("energy cost", [amount(-money.energy_cost_usd)]);
    sheet.row("revenue less energy", [amount(money.margin_usd)]);
    sheet.write(text);
    if let Some(price) = money.mean_price_usd_per_mwh {
        let _ = writeln!(text, "  {:<26} {price:.2} $/MWh of import", "mean cost of energy");
    }
}

fn books(text: &mut String, outcome: &Outcome) {
    let closed: Vec<&str> = outcome
        .books
        .iter()
        .filter(|book| book.balanced)
        .map(|book| book.ledger.amount())
        .collect();
    let _ = writeln!(text, "\nbalanced: {}", closed.join(", "));
}
