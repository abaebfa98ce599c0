//! What a site that changes over the years comes to, as a text and as JSON.

use std::fmt::Write as _;

use serde_json::json;

use super::super::sheet::{Sheet, amount};
use super::bill::{rate_of_return, zeros};
use crate::money::{Forecast, Merit};
use crate::study::statistics::{LEVEL, Mean};
use crate::study::{Phases, PhasesFound, mean_worth};

/// What phases bring with one parameter at two values.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasesSwing {
    /// Its path.
    pub path: String,
    /// Its lower value as written, and what the phases bring in each replication, $.
    pub low: (String, Vec<f64>),
    /// Its upper one.
    pub high: (String, Vec<f64>),
}

/// How what phases bring depends on parameters of money.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PhasesSensitivity {
    /// By parameter.
    pub swings: Vec<PhasesSwing>,
    /// By path: the value at which they bring nothing, where there is one in its range.
    pub zeros: Vec<(String, Option<String>)>,
}

/// As a text.
pub fn phases(phases: &Phases, found: &PhasesFound, sensitivity: &PhasesSensitivity) -> String {
    let n = phases.replications;
    let mut out = format!(
        "{}: {} months from {}, each phase simulated in {n} replication{}\n",
        phases.name,
        phases.project.months,
        phases.start,
        if n == 1 { "" } else { "s" },
    );
    let mut sheet = Sheet::new("Phases", &["from month", "months", "$ in the first"]);
    for (((from, until), arm), usd) in phases.stages.iter().zip(&found.stages_usd) {
        let months = [(from + 1).to_string(), (until - from).to_string(), amount(*usd)];
        sheet.row(&arm.name, months);
    }
    sheet.write(&mut out);
    let title = format!("Worth at {:.2} % a year, mean", 100.0 * phases.project.discount);
    let mut sheet = Sheet::new(&title, &["phases, $", "kept, $"]);
    let [phased, kept] = [&found.phased, &found.kept].map(|forecasts| mean_worth(forecasts));
    let of = |all: &[(&str, f64)], name: &str| {
        let found = all.iter().find(|(other, _)| *other == name);
        found.map_or("-".to_owned(), |(_, usd)| amount(*usd))
    };
    let only_kept = kept.iter().filter(|(name, _)| phased.iter().all(|(other, _)| other != name));
    for (name, _) in phased.iter().chain(only_kept) {
        sheet.row(name, [of(&phased, name), of(&kept, name)]);
    }
    sheet.row("net present value", [told(&npvs(&found.phased)), told(&npvs(&found.kept))]);
    sheet.write(&mut out);
    let Merit { payback_years, trough_usd, .. } = &found.more;
    let mut sheet = Sheet::new("Phases less kept", &[""]);
    sheet.row("net present value, $", [told(&found.more_usd())]);
    sheet.row("internal rate of return", [rate_of_return(&found.more)]);
    let payback = payback_years.map_or("never".to_owned(), |years| format!("{years:.2}"));
    sheet.row("payback, years", [payback]);
    sheet.row("trough, $", [amount(*trough_usd)]);
    sheet.write(&mut out);
    let mut swings: Vec<&PhasesSwing> = sensitivity.swings.iter().collect();
    let mean = |usd: &[f64]| Mean::of(usd).map_or(0.0, |it| it.mean);
    let span = |swing: &PhasesSwing| (mean(&swing.high.1) - mean(&swing.low.1)).abs();
    swings.sort_by(|a, b| span(b).total_cmp(&span(a)));
    if !swings.is_empty() {
        let mut sheet = Sheet::new("Phases less kept, one parameter changed", &["$", "$"]);
        for PhasesSwing { path, low, high } in swings {
            sheet.row(&format!("{path}: {}, {}", low.0, high.0), [told(&low.1), told(&high.1)]);
        }
        sheet.write(&mut out);
    }
    zeros(&mut out, "Phases bring nothing at", &sensitivity.zeros);
    if n > 1 {
        let _ = writeln!(
            out,
            "\n±: half of the 95 % interval of the mean; phases and kept share their luck"
        );
    }
    phases.currency.tell(&out).into_owned()
}

/// As JSON.
///
/// # Panics
///
/// Never: these are plain figures.
pub fn phases_json(
    phases: &Phases,
    found: &PhasesFound,
    sensitivity: &PhasesSensitivity,
) -> String {
    let stages = phases.stages.iter().zip(&found.stages_usd).map(|(((from, until), arm), usd)| {
        json!({"name": arm.name, "from_month": from + 1, "to_month": until, "first_month_usd": usd})
    });
    let summary = |values: &[f64]| {
        let mean = Mean::of(values).expect("there is a replication");
        json!({"mean": mean.mean, "half_width": mean.half_width(LEVEL), "replications": values})
    };
    let merit = &found.more;
    let flows = |forecasts: &[Forecast]| -> Vec<Vec<f64>> {
        forecasts.iter().map(|it| it.flows.clone()).collect()
    };
    let worth = |forecasts: &[Forecast]| {
        let names = mean_worth(forecasts).into_iter();
        let names = names.map(|(name, usd)| (name.to_owned(), json!(usd)));
        serde_json::Value::Object(names.collect())
    };
    let swing = |swing: &PhasesSwing| {
        let at = |(value, usd): &(String, Vec<f64>)| json!({"value": value, "difference_usd": summary(usd)});
        (swing.path.clone(), json!([at(&swing.low), at(&swing.high)]))
    };
    let mut object = json!({
        "name": phases.name,
        "start": phases.start.to_string(),
        "months": phases.project.months,
        "phases": stages.collect::<Vec<_>>(),
        "npv_usd": {
            "phases": summary(&npvs(&found.phased)),
            "kept": summary(&npvs(&found.kept)),
            "difference": summary(&found.more_usd()),
        },
        "difference": {
            "irr": merit.irr(),
            "rates_of_return": merit.rates.len(),
            "payback_years": merit.payback_years,
            "trough_usd": merit.trough_usd,
        },
        "worth_usd": {"phases": worth(&found.phased), "kept": worth(&found.kept)},
        "cash_flows_usd": {"phases": flows(&found.phased), "kept": flows(&found.kept)},
    });
    if !sensitivity.swings.is_empty() {
        object["vary"] = serde_json::Value::Object(sensitivity.swings.iter().map(swing).collect());
    }
    if !sensitivity.zeros.is_empty() {
        let zeros = sensitivity.zeros.iter().map(|(path, value)| (path.clone(), json!(value)));
        object["breakeven"] = serde_json::Value::Object(zeros.collect());
    }
    let object = super::super::json::told(object, phases.currency);
    let mut text = serde_json::to_string_pretty(&object).expect("plain figures");
    text.push('\n');
    text
}

fn npvs(forecasts: &[Forecast]) -> Vec<f64> {
    forecasts.iter().map(|it| it.merit.npv_usd).collect()
}

/// The mean of `values`, and half of its interval where there are several.
fn told(values: &[f64]) -> String {
    let mean = Mean::of(values).expect("there is a replication");
    match mean.half_width(LEVEL) {
        Some(half) => format!("{} ± {}", amount(mean.mean), amount(half)),
        None => amount(mean.mean),
    }
}
