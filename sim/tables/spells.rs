//! Tables of spells: rows that say from when to when something held.

use jiff::Timestamp;

use super::fields::{bad_file, fetch};
use super::rows::{RowReader, TextLayout};
use super::run::Run;
use super::stamp::TimeColumns;
use crate::kernel::{Span, Time};
use crate::spec::{Fault, Name};

/// A row of a table of spells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spell {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    /// First instant.
    pub(crate) from: Time,
    /// First instant after it.
    pub(crate) until: Time,
    /// What stands in its column of values; empty where the table is read without one.
    pub(crate) value: String,
}

/// Reads `csv` with the columns `start` and `end`, times with their offsets, and `value` where one is asked
/// for: how many rows it has, and those in the run by their beginning. None after a report.
pub(crate) fn read_spells(
    csv: &Name,
    value: Option<&str>,
    run: &mut Run<'_>,
    faults: &mut Vec<Fault>,
) -> Option<(usize, Vec<Spell>)> {
    let bytes = fetch(run, csv, faults)?;
    let time = vec![TimeColumns::Joined(vec!["start".to_owned()])];
    let layout = TextLayout { time, ..TextLayout::default() };
    let texts = ["start", "end"].into_iter().chain(value).map(str::to_owned).collect();
    let mut reader = RowReader::new(layout, Vec::new(), texts);
    let mut spells = Vec::new();
    let mut rows = 0;
    let mut refuse = |line: u64, message: &str| {
        let message = format!("`{csv}`: line {line}: {message}");
        faults.push(Fault::error("csv", message).at(csv.mark));
    };
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        match reader.read(line, text.strip_suffix(b"\r").unwrap_or(text)) {
            Ok(false) => continue,
            Ok(true) => rows += 1,
            Err(error) => {
                faults.push(bad_file("csv", csv, &error));
                return None;
            }
        }
        let times = [0, 1].map(|index| reader.text(index).trim().parse::<Timestamp>());
        let [Ok(start), Ok(end)] = times else {
            refuse(line, "needs `start` and `end` with their offsets");
            return None;
        };
        if end <= start {
            refuse(line, "does not end after it begins");
            return None;
        }
        let length = end.duration_since(start).as_nanos();
        let length = Span::from_nanos(u64::try_from(length).unwrap_or(u64::MAX));
        let value = value.map(|_| reader.text(2).trim().to_owned()).unwrap_or_default();
        let spell = run.clock.times(start, length);
        spells.extend(spell.map(|(from, until)| Spell { line, from, until, value }));
    }
    if let Err(error) = reader.finish() {
        faults.push(bad_file("csv", csv, &error));
        return None;
    }
    spells.retain(|spell| spell.from < run.horizon);
    spells.sort_by_key(|spell| spell.from);
    Some((rows, spells))
}
