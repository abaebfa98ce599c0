//! What the summary of a finished run tells money.

use std::path::Path;

use serde_json::Value as Json;

use super::json::plain;
use crate::money::Account;
use crate::units::Currency;

/// The name of the scenario, the account of the run of `hours` whose folder is `folder`, and what its
/// money is in.
///
/// # Errors
///
/// Where there is no summary of a run.
pub fn read(folder: &Path, hours: f64) -> Result<(String, Account, Currency), String> {
    let path = folder.join("summary.json");
    let bad = |message: String| format!("cannot read `{}`: {message}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
    let summary: Json = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    let (summary, currency) = plain(summary);
    let name = summary["scenario"].as_str().filter(|_| summary["money"].is_object());
    let name = name.ok_or_else(|| bad("it is not the summary of a run".to_owned()))?;
    let names = |section: &str| {
        let section = summary[section].as_object();
        section.into_iter().flat_map(|it| it.keys().cloned()).collect::<Vec<String>>()
    };
    let figure = |section: &str, name: &str, key: &str| {
        let of = &summary[section];
        let of = if name.is_empty() { of } else { &of[name] };
        key.split('.').fold(of, |at, step| &at[step]).as_f64()
    };
    let account = Account::read(hours, &names("workloads"), &names("halls"), &figure);
    Ok((name.to_owned(), account, currency))
}
