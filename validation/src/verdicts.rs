//! The verdict of every row of every table, held against what was expected when it was committed.
//!
//! A row that is missed for a stated reason stays missed; a row that flips either way is news.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::data::print;

/// Ends the process where a verdict is another one.
const FLIPPED: u8 = 7;

/// The tables that are held.
const SUBJECTS: [&str; 10] = [
    "study",
    "training",
    "inference",
    "sampled",
    "catalogue",
    "claims",
    "cooling",
    "energyplus",
    "failures",
    "measured",
];

/// Runs the tables of some subjects, or all of them, and compares their verdicts with
/// `validation/verdicts.txt`, or writes them there.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<ExitCode, String> {
    let (mut update, mut subjects) = (false, Vec::new());
    for argument in arguments {
        match SUBJECTS.iter().find(|subject| **subject == argument) {
            Some(subject) => subjects.push(*subject),
            None if argument == "--update" => update = true,
            None => {
                let subjects = SUBJECTS.join("|");
                let usage = "usage: validation verdicts [--update]";
                return Err(format!("{usage} [{subjects}]..., not {argument}"));
            }
        }
    }
    if subjects.is_empty() {
        subjects = SUBJECTS.to_vec();
    }
    let mut found = BTreeMap::new();
    for subject in &subjects {
        for (row, verdict) in verdicts(&table(subject)?) {
            found.insert(format!("{subject}: {row}"), verdict);
        }
    }
    let path = file();
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let text = match fs::read_to_string(&path) {
        Err(error) if update && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(failed)?,
    };
    let expected: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(v, row)| (row, v)).collect();
    let asked = |row: &str| subjects.contains(&row.split(": ").next().unwrap_or_default());
    if update {
        let others = expected.iter().filter(|(row, _)| !asked(row));
        let others = others.map(|(row, verdict)| ((*row).to_owned(), *verdict));
        let all: BTreeMap<String, &str> = found.into_iter().chain(others).collect();
        let lines = all.iter().map(|(row, verdict)| format!("{verdict}  {row}\n"));
        fs::write(&path, lines.collect::<String>()).map_err(failed)?;
        print(&format!("{} verdicts written", all.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut flipped = 0;
    for (row, verdict) in &found {
        let was = expected.get(row.as_str()).copied().unwrap_or("not there");
        if was != *verdict {
            flipped += 1;
            print(&format!("{row}: {verdict}, was {was}"));
        }
    }
    // A row that is gone where its subject has any has been taken out; one without data has none.
    let subject_of = |row: &str| row.split(": ").next().unwrap_or_default().to_owned();
    let looked_at: BTreeSet<String> = found.keys().map(|row| subject_of(row)).collect();
    for subject in subjects.iter().filter(|subject| !looked_at.contains(**subject)) {
        print(&format!("{subject}: skipped: no data"));
    }
    for row in expected.keys() {
        if looked_at.contains(&subject_of(row)) && !found.contains_key(*row) {
            flipped += 1;
            print(&format!("{row}: gone"));
        }
    }
    let missed = found.values().filter(|verdict| **verdict == "MISSED").count();
    print(&format!(
        "{} rows, {} met, {missed} missed as expected or above, {flipped} flipped",
        found.len(),
        found.len() - missed
    ));
    Ok(if flipped == 0 { ExitCode::SUCCESS } else { ExitCode::from(FLIPPED) })
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("verdicts.txt")
}

/// What this program prints of `subject`; its own exit code says only that rows are missed.
fn table(subject: &str) -> Result<String, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(own).arg(subject).output().map_err(|error| error.to_string())?;
    // Rows that are missed end it with 1. One that was ended otherwise has not printed all of them.
    if !matches!(output.status.code(), Some(0 | 1)) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{subject}` broke off ({}): {said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// The rows of a table that end in a verdict: their names, made of what stands before their
/// figures, and the verdicts. Rows of one name are numbered.
fn verdicts(table: &str) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(String, &'static str)> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in table.lines() {
        let line = line.trim();
        let ends = [(" met", "met"), (" MISSED", "MISSED")];
        let Some((rest, verdict)) =
            ends.iter().find_map(|(end, verdict)| Some((line.strip_suffix(end)?, *verdict)))
        else {
            continue;
        };
        let name = name_of(rest);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        rows.push((name, verdict));
    }
    rows
}

/// The cells of a row up to its first figure.
fn name_of(row: &str) -> String {
    let cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let is_figure = |cell: &str| {
        let first = cell.trim_start_matches(['+', '-', '<', '>', '=', '~', ' ']);
        first.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut name: Vec<&str> = Vec::new();
    for cell in cells {
        if !name.is_empty() && is_figure(cell) {
            break;
        }
        name.push(cell);
    }
    name.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_by_what_stands_before_their_figures() {
        let table = "head\nT4  mean time, h    1.5   1.51  met\n  p99 of x  3 K  MISSED\nT4  mean time, h  2  met\n";
        let expected =
            [("T4 mean time, h", "met"), ("p99 of x", "MISSED"), ("T4 mean time, h (2)", "met")];
        let rows = verdicts(table);
        let rows: Vec<(&str, &str)> =
            rows.iter().map(|(row, verdict)| (row.as_str(), *verdict)).collect();
        assert_eq!(rows, expected);
    }
}
