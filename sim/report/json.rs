//! An outcome as JSON: `summary.json`.
//!
//! Objects by name and no lists to search, so that every figure has one place, which is its
//! address: `halls.gpu-hall.availability`.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::text::{Sensitivity, Swing};
use crate::facility::{BookOutcome, Design, Outcome, Subject, levelised_cost};
use crate::measure::{Figure, Side};
use crate::money::{Bill, Forecast, Settlement};
use crate::site::SinglePoint;
use crate::units::Currency;

/// The outcome as JSON, as in `summary.json`.
///
/// # Panics
///
/// Never: an outcome is plain figures.
pub fn summary(outcome: &Outcome) -> String {
    let mut text = serde_json::to_string_pretty(&tree(outcome)).expect("plain figures");
    text.push('\n');
    text
}

/// The same, with the folder of the run's files: what `run --format json` prints.
///
/// # Panics
///
/// Never: an outcome is plain figures.
pub fn printed(outcome: &Outcome, folder: &Path) -> String {
    let mut tree = tree(outcome);
    let root = tree.as_object_mut().expect("the root is an object");
    put(root, &["folder"], json!(folder.to_string_lossy()));
    let mut text = serde_json::to_string_pretty(&tree).expect("plain figures");
    text.push('\n');
    text
}

/// The single points of failure of `design`, an object on a line each: what `check --format json`
/// prints after its findings.
pub fn single_points(design: &Design) -> String {
    let line = |point: &SinglePoint| {
        let site = &design.site;
        let object = json!({
            "severity": "info",
            "code": "single-point-of-failure",
            "message": site.describe(point),
            "components": site.names_of(point),
            "medium": point.medium.name(),
            "group": site.group_name(point.group),
            "racks": point.racks,
            "of": point.of,
        });
        format!("{object}\n")
    };
    design.site.single_points_of_failure().iter().map(line).collect()
}

/// What was `found` in the files of a scenario, an object on a line each: what `check --format json`
/// prints after its findings. Each line of `found` begins with the name of its file in backticks.
pub fn files(found: &[String]) -> String {
    let line = |line: &String| {
        let named = line.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
        let (file, message) = named.unwrap_or(("", line));
        let object = json!({"severity": "info", "code": "file", "file": file, "message": message});
        format!("{object}\n")
    };
    found.iter().map(line).collect()
}

/// What contracts and the years around a run come to as JSON, in the units of `summary.json`, whose
/// money is in `currency`.
///
/// # Panics
///
/// Never: these are plain figures.
pub fn settlement(
    settlement: &Settlement,
    sensitivity: &Sensitivity,
    currency: Currency,
) -> String {
    let mut root = Map::new();
    put(&mut root, &["money", "revenue_usd"], json!(settlement.revenue_usd));
    if let Some(bill) = &settlement.bill {
        put_bill(&mut root, bill, settlement.revenue_usd);
    }
    if let Some(forecast) = &settlement.forecast {
        put_forecast(&mut root, forecast);
    }
    for Swing { path, low, high } in &sensitivity.swings {
        let at = |(value, usd): &(String, f64)| json!({"value": value, "left_usd": usd});
        put(&mut root, &["vary", path], json!([at(low), at(high)]));
    }
    for (path, value) in &sensitivity.zeros {
        put(&mut root, &["breakeven", path], json!(value));
    }
    let root = told(Json::Object(root), currency);
    let mut text = serde_json::to_string_pretty(&root).expect("plain figures");
    text.push('\n');
    text
}

/// `root` with the names of its figures and its units in `currency`.
pub(super) fn told(root: Json, currency: Currency) -> Json {
    match currency {
        Currency::USD => root,
        _ => swap(root, 0, &|key| currency.key(key), &|unit| currency.tell(unit)),
    }
}

/// A summary as it is before its money is named, and its currency.
pub(super) fn plain(summary: Json) -> (Json, Currency) {
    let named = summary["currency"].as_str().and_then(Currency::parse);
    match named {
        None | Some(Currency::USD) => (summary, Currency::USD),
        Some(currency) => {
            (swap(summary, 0, &|key| currency.plain(key), &|unit| unit.into()), currency)
        }
    }
}

type Renamed<'f> = &'f dyn for<'t> Fn(&'t str) -> Cow<'t, str>;

/// `json`, `depth` below a summary, with other names of figures and units. Below the top, what holds
/// others has a name that the scenario gave it.
fn swap(json: Json, depth: usize, key: Renamed<'_>, unit: Renamed<'_>) -> Json {
    match json {
        Json::Object(map) => {
            let renamed = map.into_iter().map(|(name, value)| match value {
                Json::String(text) if name == "unit" => (name, json!(unit(&text))),
                value => {
                    let keeps = depth > 0 && value.is_object();
                    let name = if keeps { name } else { key(&name).into_owned() };
                    (name, swap(value, depth + 1, key, unit))
                }
            });
            Json::Object(renamed.collect())
        }
        Json::Array(items) => {
            let swapped = items.into_iter().map(|item| swap(item, depth + 1, key, unit));
            Json::Array(swapped.collect())
        }
        json => json,
    }
}

fn put_forecast(root: &mut Map<String, Json>, forecast: &Forecast) {
    let merit = &forecast.merit;
    for (key, value) in [
        ("capital_usd", Some(forecast.capital_usd)),
        ("first_month_usd", Some(forecast.first_month_usd)),
        ("npv_usd", Some(merit.npv_usd)),
        ("irr", merit.irr()),
        ("payback_years", merit.payback_years),
        ("trough_usd", Some(merit.trough_usd)),
    ] {
        put(root, &["money", key], json!(value));
    }
    put(root, &["money", "rates_of_return"], json!(merit.rates.len()));
    for (name, product, cost) in &forecast.unit_costs {
        let key = levelised_cost(*product).key();
        put(root, &["workloads", name, &key], json!(cost));
    }
    for (name, usd) in &forecast.worth {
        put(root, &["worth_usd", name], json!(usd));
    }
    put(root, &["cash_flows_usd"], json!(forecast.flows));
}

fn put_bill(root: &mut Map<String, Json>, bill: &Bill, revenue_usd: f64) {
    let cost_usd = bill.cost().usd();
    put(root, &["money", "contracts_usd"], json!(cost_usd));
    put(root, &["money", "net_usd"], json!(revenue_usd - cost_usd));
    for contract in &bill.contracts {
        let name = contract.name.as_str();
        put(root, &["contracts", name, "cost_usd"], json!(contract.cost().usd()));
        for item in contract.items() {
            let (sum, item) = (contract.cost_of(item).usd(), format!("{}_usd", item.name()));
            put(root, &["contracts", name, "items", &item], json!(sum));
        }
        for entry in &contract.entries {
            let item = format!("{}_usd", entry.item.name());
            let month = ["months", &bill.months[entry.month], "contracts", name, &item];
            put(root, &month, json!(entry.cost.usd()));
        }
    }
}

pub(super) fn tree(outcome: &Outcome) -> Json {
    let mut root = Map::new();
    let mut head = |key: &str, value: Json| put(&mut root, &[key], value);
    head("scenario", json!(outcome.scenario));
    head("start", json!(outcome.start));
    head("planned_days", json!(outcome.planned_days));
    head("simulated_days", json!(outcome.simulated_days));
    if outcome.warm_up_days > 0.0 {
        head("warm_up_days", json!(outcome.warm_up_days));
    }
    head("partial", json!(outcome.partial));
    if outcome.currency != Currency::USD {
        head("currency", json!(outcome.currency.code()));
    }
    head("seed", json!(outcome.seed));
    head("replication", json!(outcome.replication));
    put(&mut root, &["what_to_know"], Json::Object(Map::new()));
    for note in &outcome.notes {
        let subject = if note.subject.is_empty() { "site" } else { &note.subject };
        let said = json!({"value": note.value, "unit": note.unit, "text": note.text});
        put(&mut root, &["what_to_know", note.code, subject], said);
    }
    for subject in &outcome.subjects {
        add(&mut root, &[], subject);
    }
    for month in &outcome.months {
        let place = ["months", &month.name];
        put(&mut root, &["months", &month.name, "start"], json!(month.start));
        put(&mut root, &["months", &month.name, "days"], json!(month.days));
        for subject in &month.subjects {
            add(&mut root, &place, subject);
        }
    }
    for book in &outcome.books {
        put(&mut root, &["books", book.ledger.amount()], self::book(book));
    }
    put(&mut root, &["site_events"], json!(outcome.site_events));
    put(&mut root, &["trace"], json!(outcome.trace));
    told(Json::Object(root), outcome.currency)
}

/// Puts a subject with its figures at its place below `place`.
fn add(root: &mut Map<String, Json>, place: &[&str], subject: &Subject) {
    let path: Vec<&str> = subject.path.iter().map(String::as_str).collect();
    let mut put = |key: &str, value: Json| {
        let key: Vec<&str> = key.split('.').collect();
        self::put(root, &[place, &path, &key].concat(), value);
    };
    for (key, fact) in &subject.facts {
        put(key, json!(fact));
    }
    for value in &subject.values {
        put(&value.figure.key(), number(value.figure, value.value));
    }
}

fn number(figure: &Figure, value: Option<f64>) -> Json {
    match value {
        None => Json::Null,
        Some(value) if figure.scale.whole => json!(value as i64),
        Some(value) => json!(value),
    }
}

fn book(book: &BookOutcome) -> Json {
    let side = |side: Side| {
        let entries = book.ledger.entries().iter().filter(|entry| entry.side == side);
        let amounts = entries.map(|entry| (entry.name.clone(), json!(entry.sum.value())));
        Json::Object(amounts.collect())
    };
    json!({
        "unit": book.ledger.unit(),
        "inflow": side(Side::Inflow),
        "outflow": side(Side::Outflow),
        "stored": side(Side::Stored),
        "residual": book.residual,
        "tolerance": book.tolerance,
        "balanced": book.balanced,
    })
}

/// Puts `value` at `place`.
///
/// # Panics
///
/// Where something is there already: two figures would share an address.
fn put(object: &mut Map<String, Json>, place: &[&str], value: Json) {
    let (last, way) = place.split_last().expect("a place has a name");
    let mut object = object;
    for part in way {
        let entry = object.entry(*part).or_insert_with(|| Json::Object(Map::new()));
        object = entry.as_object_mut().expect("a figure holds no others");
    }
    let before = object.insert((*last).to_owned(), value);
    assert!(before.is_none(), "two figures at {}", place.join("."));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_made_on_the_way() {
        let mut root = Map::new();
        put(&mut root, &["halls", "a.b", "racks"], json!(2));
        put(&mut root, &["halls", "a.b", "availability"], json!(1.0));
        assert_eq!(
            Json::Object(root),
            json!({"halls": {"a.b": {"racks": 2, "availability": 1.0}}})
        );
    }

    #[test]
    #[should_panic(expected = "two figures at energy.import")]
    fn a_place_is_taken_once() {
        let mut root = Map::new();
        put(&mut root, &["energy", "import"], json!(2));
        put(&mut root, &["energy", "import"], json!(2));
    }
}
