//! `meter.csv`: what the meters of a run billed, a row for each interval of the time series, so that
//! a finished run can be priced anew. Always CSV, whatever the format of the other tables: numbers are
//! written so that reading gives the same ones back to the bit.

use std::path::Path;

use super::lapses;
use super::table::{Cell, Column, Kind};
use crate::money::{Books, Interval};
use crate::units::Currency;

/// Its name in the run folder, without extension.
pub const STEM: &str = "meter";

/// Name, unit and meaning of each number behind `start_utc`.
pub(super) const COLUMNS: [(&str, &str, &str); 6] = [
    ("seconds", "s", "Length of the interval; that in which a run begins or ends may be shorter."),
    ("import_mwh", "MWh", "Energy drawn from the grid."),
    ("price_usd_per_mwh", "$/MWh", "Mean price of energy over time: its settlement price."),
    ("emissions_t", "t", "Emissions of the import."),
    ("withdrawal_m3", "m3", "Water taken from the main."),
    ("sewage_m3", "m3", "Water returned to the sewer."),
];

/// The columns, with `decimals` in their times and money in `currency`.
pub(super) fn columns(decimals: u8, currency: Currency) -> Vec<Column> {
    let numbers = COLUMNS.iter().map(|(name, ..)| Column::new(&*currency.key(name), Kind::Real));
    std::iter::once(Column::new("start_utc", Kind::Time(decimals))).chain(numbers).collect()
}

pub(super) fn row(interval: &Interval) -> Vec<Cell> {
    let Interval { seconds, import_mwh, price_usd_mwh, .. } = *interval;
    let Interval { emissions_t, withdrawal_m3, sewage_m3, .. } = *interval;
    let numbers = [seconds, import_mwh, price_usd_mwh, emissions_t, withdrawal_m3, sewage_m3];
    std::iter::once(Cell::Time(interval.start)).chain(numbers.map(Cell::Real)).collect()
}

/// Reads the books of the run in `folder`.
///
/// # Errors
///
/// Where there are none, or they are not as loadbank writes them: with the line.
pub fn read(folder: &Path) -> Result<Books, String> {
    let path = folder.join(STEM).with_extension("csv");
    let bad = |message: String| format!("cannot read `{}`: {message}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
    let intervals = parse(&text).map_err(bad)?;
    Ok(Books { intervals, lapses: lapses::read(folder)? })
}

/// Reads intervals from the text of `meter.csv`.
fn parse(text: &str) -> Result<Vec<Interval>, String> {
    let mut lines = text.lines().enumerate();
    // Its currency is that of its scenario.
    let named = text.lines().next().unwrap_or_default().split(',').find_map(Currency::in_key);
    let currency = named.unwrap_or_default();
    let header = COLUMNS.iter().map(|(name, ..)| currency.key(name).into_owned());
    let header: Vec<String> = std::iter::once("start_utc".to_owned()).chain(header).collect();
    if lines.next().map(|(_, line)| line) != Some(header.join(",").as_str()) {
        return Err(format!("line 1: the header is not `{}`", header.join(",")));
    }
    let intervals = lines.map(|(index, line)| {
        read_row(line)
            .ok_or_else(|| format!("line {}: not a row of {} numbers", index + 1, COLUMNS.len()))
    });
    let intervals = intervals.collect::<Result<Vec<Interval>, String>>()?;
    if let Some(at) = intervals.windows(2).position(|pair| pair[0].start >= pair[1].start) {
        return Err(format!("line {}: does not follow the row before it", at + 3));
    }
    Ok(intervals)
}

fn read_row(line: &str) -> Option<Interval> {
    let mut cells = line.split(',');
    let start = cells.next()?.parse().ok()?;
    let mut number =
        || -> Option<f64> { cells.next()?.parse().ok().filter(|value: &f64| value.is_finite()) };
    let interval = Interval {
        start,
        seconds: number()?,
        import_mwh: number()?,
        price_usd_mwh: number()?,
        emissions_t: number()?,
        withdrawal_m3: number()?,
        sewage_m3: number()?,
    };
    cells.next().is_none().then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_table_of_meters_is_refused_with_its_line() {
        let head =
            "start_utc,seconds,import_mwh,price_usd_per_mwh,emissions_t,withdrawal_m3,sewage_m3";
        let row =
            |minute: u8, tail: &str| format!("2026-06-01T00:{minute:02}:00Z,900,1.5,30,0,0{tail}");
        let text = |rows: &[String]| format!("{head}\n{}\n", rows.join("\n"));
        let good = text(&[row(0, ",0.25"), row(15, ",0")]);
        let intervals = parse(&good).unwrap();
        assert_eq!((intervals.len(), intervals[0].sewage_m3), (2, 0.25));
        let refused = |text: &str| parse(text).unwrap_err();
        assert!(refused("a,b\n").starts_with("line 1"));
        assert!(refused(&text(&[row(0, ",0"), row(15, "")])).starts_with("line 3"));
        assert!(refused(&text(&[row(0, ",NaN")])).starts_with("line 2"));
        assert!(refused(&text(&[row(0, ",0,0")])).starts_with("line 2"));
        assert!(refused(&text(&[row(15, ",0"), row(0, ",0")])).starts_with("line 3"));
    }
}
