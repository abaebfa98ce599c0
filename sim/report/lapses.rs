//! `lapses.csv`: what racks lacked, and why, so that a finished run can be priced anew with the credits
//! of its leases. Always CSV, as the meters are.

use std::path::Path;

use super::table::{Cell, Column, Kind, NANOSECONDS};
use crate::money::{Cause, Lacks, Lapse};

/// Its name in the run folder, without extension.
pub(super) const STEM: &str = "lapses";

/// Name and meaning of each column.
pub(super) const COLUMNS: [(&str, &str); 6] = [
    ("begin_utc", "First instant."),
    ("end_utc", "First instant after it; the end of the run where that came first."),
    ("hall", "The hall of racks."),
    (
        "lacks",
        "`power`: all cords dead, or held below what the rack wants; `cooling`: slowed down or tripped by heat.",
    ),
    (
        "cause",
        "`fault`: something failed or is too small; `maintenance`: as planned, without any failure; `curtailment`: the grid wanted it, as planned or by a programme, and nothing failed. That of its beginning; where a failure takes over from planned work, or the other way round, another lapse begins.",
    ),
    ("racks", "How many racks, from the same instant to the same instant and for the same cause."),
];

pub(super) fn columns() -> Vec<Column> {
    let kinds =
        [Kind::Time(NANOSECONDS), Kind::Time(NANOSECONDS), Kind::Text, Kind::Text, Kind::Text];
    let kinds = kinds.into_iter().chain([Kind::Count]);
    COLUMNS.iter().zip(kinds).map(|((name, _), kind)| Column::new(*name, kind)).collect()
}

pub(super) fn row(lapse: &Lapse) -> Vec<Cell> {
    vec![
        Cell::Time(lapse.begin),
        Cell::Time(lapse.end),
        Cell::Text(lapse.hall.clone()),
        Cell::Text(lapse.lacks.name().to_owned()),
        Cell::Text(lapse.cause.name().to_owned()),
        Cell::Count(u64::from(lapse.racks)),
    ]
}

/// Reads the lapses of the run in `folder`.
///
/// # Errors
///
/// Where there are none, or they are not as loadbank writes them: with the line.
pub(super) fn read(folder: &Path) -> Result<Vec<Lapse>, String> {
    let path = folder.join(STEM).with_extension("csv");
    let bad = |message: String| format!("cannot read `{}`: {message}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
    parse(&text).map_err(bad)
}

fn parse(text: &str) -> Result<Vec<Lapse>, String> {
    let header = COLUMNS.map(|(name, _)| name).join(",");
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line) != Some(header.as_str()) {
        return Err(format!("line 1: the header is not `{header}`"));
    }
    let lapses = lines.map(|(index, line)| {
        read_row(line).ok_or_else(|| format!("line {}: not a lapse", index + 1))
    });
    lapses.collect()
}

fn read_row(line: &str) -> Option<Lapse> {
    let cells: Vec<&str> = line.split(',').collect();
    let [begin, end, hall, lacks, cause, racks] = cells[..] else { return None };
    let lapse = Lapse {
        begin: begin.parse().ok()?,
        end: end.parse().ok()?,
        hall: hall.to_owned(),
        lacks: Lacks::ALL.into_iter().find(|it| it.name() == lacks)?,
        cause: Cause::ALL.into_iter().find(|it| it.name() == cause)?,
        racks: racks.parse().ok()?,
    };
    (lapse.begin < lapse.end && lapse.racks > 0).then_some(lapse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_of_lapses_is_refused_with_its_line() {
        let head = "begin_utc,end_utc,hall,lacks,cause,racks";
        let row = "2026-06-01T00:00:00.5Z,2026-06-01T01:00:00Z,gpu-hall,power,fault,3";
        let lapses = parse(&format!("{head}\n{row}\n")).unwrap();
        assert_eq!((lapses.len(), lapses[0].racks, lapses[0].lacks), (1, 3, Lacks::Power));
        let refused = |text: String| parse(&text).unwrap_err();
        assert!(refused("a,b\n".to_owned()).starts_with("line 1"));
        for (old, new) in [("power", "water"), ("01T01", "01T00"), (",3", ",0"), (",3", ",3,4")] {
            let text = format!("{head}\n{row}\n{}\n", row.replace(old, new).replace(".5Z", "Z"));
            assert!(refused(text).starts_with("line 3"), "{new}");
        }
    }
}
