//! Grid programmes in the summary.

use super::super::sheet::{Sheet, amount};
use super::Text;
use crate::facility::{Outcome, Subject, SubjectKind};

impl Text {
    /// What grid programmes asked, what they got, what they paid.
    pub(super) fn programmes(&mut self, outcome: &Outcome) {
        let headings = ["calls", "hours", "asked MWh", "got MWh", "slowest s", "score"];
        let mut sheet = Sheet::new("Grid programmes", &headings);
        for programme in outcome.of(SubjectKind::Programme) {
            let or_none = |key: &str, decimals: usize| {
                let none = || "-".to_owned();
                programme.get(key).map_or_else(none, |value| format!("{value:.decimals$}"))
            };
            sheet.row(
                &programme.name,
                [
                    programme.count("calls").to_string(),
                    format!("{:.1}", programme.real("called_h")),
                    format!("{:.2}", programme.real("asked_mwh")),
                    format!("{:.2}", programme.real("delivered_mwh")),
                    or_none("slowest_response_s", 1),
                    or_none("score", 3),
                ],
            );
        }
        self.sheet(&sheet);
        for programme in outcome.of(SubjectKind::Programme) {
            let says: Vec<String> = [awards(programme), lost(programme), peaks(programme)]
                .into_iter()
                .flatten()
                .collect();
            if !says.is_empty() {
                self.line(&programme.name, &says.join("; "));
            }
        }
    }
}

fn awards(programme: &Subject) -> Option<String> {
    let (award, shortfall) = (programme.get("award_mw_h")?, programme.real("shortfall_mw_h"));
    let mut text = format!("{} MW-h awarded", amount(award));
    if shortfall > 0.0 {
        text += &format!(", {} of them without the load for it", amount(shortfall));
    }
    Some(text)
}

fn lost(programme: &Subject) -> Option<String> {
    let curtailed = programme.get("curtailed_mwh").filter(|mwh| *mwh > 0.0)?;
    let income = amount(programme.real("lost_income_usd"));
    Some(format!(
        "miners went without {} MWh, which would have earned {income} $",
        amount(curtailed)
    ))
}

fn peaks(programme: &Subject) -> Option<String> {
    programme.get("peaks.count").filter(|count| *count > 0.0)?;
    Some(format!(
        "{} of {} peaks in alerts, mean import at peaks {:.2} MW",
        programme.count("peaks.in_alert"),
        programme.count("peaks.count"),
        programme.real("peaks.mean_demand_mw")
    ))
}
