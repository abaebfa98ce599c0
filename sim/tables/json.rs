//! Tables in JSON, whose columns are lists.

use serde_json::Value;

use super::error::LineError;

/// The table in the JSON of Open-Meteo, as the text of a table of the layout `open-meteo`: place
/// and offset, then `hourly` with its units in the header.
///
/// # Errors
///
/// A text that is no such JSON.
pub(super) fn open_meteo(bytes: &[u8]) -> Result<Vec<u8>, LineError> {
    let wrong = |message: String| LineError::new(0, message);
    let whole: Value = serde_json::from_slice(bytes)
        .map_err(|error| LineError::new(error.line() as u64, "not readable as JSON"))?;
    // Of several places the first.
    let whole = whole.get(0).unwrap_or(&whole);
    let Some(hourly) = whole.get("hourly").and_then(Value::as_object) else {
        return Err(wrong("has no list `hourly`, as Open-Meteo writes it".to_owned()));
    };
    let unit = |name: &str| whole.get("hourly_units").and_then(|units| units.get(name));
    let plain = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let rows = hourly.get("time").and_then(Value::as_array).map_or(0, Vec::len);
    let mut columns = vec![("time".to_owned(), "time")];
    for (name, values) in hourly {
        if name == "time" || values.as_array().is_none_or(|values| values.len() != rows) {
            continue;
        }
        let unit = plain(unit(name));
        let header = if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
        columns.push((header, name));
    }
    let mut text = String::from("latitude,longitude,elevation,utc_offset_seconds\n");
    let head = ["latitude", "longitude", "elevation", "utc_offset_seconds"]
        .map(|name| plain(whole.get(name)));
    text.push_str(&head.join(","));
    text.push_str("\n\n");
    let header: Vec<&str> = columns.iter().map(|(header, _)| header.as_str()).collect();
    text.push_str(&header.join(","));
    text.push('\n');
    for row in 0..rows {
        let cells: Vec<String> =
            columns.iter().map(|(_, name)| plain(hourly[*name].get(row))).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    Ok(text.into_bytes())
}
