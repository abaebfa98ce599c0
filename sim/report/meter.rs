//! `meter.csv`: what the meters of a run billed, a row for each interval of the time series, so that
//! a finished run can be priced anew. Always CSV, whatever the format of the other tables: numbers are
//! written so that reading gives the same ones back to the bit.

use std::path::Path;

use super::lapses;
use super::table::{Cell, Column, Kind};
use crate::facility::Design;
use crate::money::{Books, Extra, Interval};
use crate::units::Currency;

/// Its name in the run folder, without extension.
pub const STEM: &str = "meter";

/// Name, unit and meaning of each number behind `start_utc`.
pub(super) const COLUMNS: [(&str, &str, &str); 7] = [
    ("seconds", "s", "Length of the interval; that in which a run begins or ends may be shorter."),
    ("import_mwh", "MWh", "Energy drawn from the grid."),
    ("export_mwh", "MWh", "Energy given to the grid."),
    ("price_usd_per_mwh", "$/MWh", "Mean price of energy over time: its settlement price."),
    ("emissions_t", "t", "Emissions of the import."),
    ("withdrawal_m3", "m3", "Water taken from the main."),
    ("sewage_m3", "m3", "Water returned to the sewer."),
];

/// What makes each kind of what follows them, where a contract may be priced by it, of its name.
const EXTRAS: [fn(String) -> Extra; 4] =
    [Extra::Array, Extra::Elsewhere, Extra::Basis, Extra::Peak];

/// The first part, the name within and the last part of the name of a column: `power.pv.produced_mwh`.
fn parts(extra: &Extra) -> (&'static str, &str, &'static str) {
    match extra {
        Extra::Array(name) => ("power", name, "produced_mwh"),
        Extra::Elsewhere(name) => ("contracts", name, "produced_mwh"),
        Extra::Basis(name) => ("contracts", name, "basis_usd_per_mwh"),
        Extra::Peak(name) => ("programmes", name, "peak"),
    }
}

/// The name of the column of `extra`, with money in `currency`.
fn column(extra: &Extra, currency: Currency) -> String {
    let (first, name, last) = parts(extra);
    format!("{first}.{name}.{}", currency.key(last))
}

/// What [`column`] was made of.
fn extra(column: &str, currency: Currency) -> Option<Extra> {
    let (section, rest) = column.split_once('.')?;
    EXTRAS.iter().find_map(|make| {
        let unnamed = make(String::new());
        let (first, _, last) = parts(&unnamed);
        let name = rest.strip_suffix(&*currency.key(last))?.strip_suffix('.')?;
        (first == section).then(|| make(name.to_owned()))
    })
}

/// The columns for a run of `design`, with `decimals` in their times.
pub(super) fn columns(decimals: u8, design: &Design) -> Vec<Column> {
    let names = COLUMNS.iter().map(|(name, ..)| design.currency.key(name).into_owned());
    let extras = design.extras().map(|(extra, _)| column(&extra, design.currency));
    let numbers = names.chain(extras).map(|name| Column::new(name, Kind::Real));
    std::iter::once(Column::new("start_utc", Kind::Time(decimals))).chain(numbers).collect()
}

pub(super) fn row(interval: &Interval) -> Vec<Cell> {
    let Interval { seconds, import_mwh, export_mwh, price_usd_mwh, .. } = *interval;
    let Interval { emissions_t, withdrawal_m3, sewage_m3, .. } = *interval;
    let numbers =
        [seconds, import_mwh, export_mwh, price_usd_mwh, emissions_t, withdrawal_m3, sewage_m3];
    let numbers = numbers.into_iter().chain(interval.extras.iter().copied());
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
    let books = parse(&text).map_err(bad)?;
    Ok(Books { lapses: lapses::read(folder)?, ..books })
}

/// Reads intervals from the text of `meter.csv`.
fn parse(text: &str) -> Result<Books, String> {
    let mut lines = text.lines().enumerate();
    // Its currency is that of its scenario.
    let named = text.lines().next().unwrap_or_default().split(',').find_map(Currency::in_key);
    let currency = named.unwrap_or_default();
    let header = COLUMNS.iter().map(|(name, ..)| currency.key(name).into_owned());
    let header: Vec<String> = std::iter::once("start_utc".to_owned()).chain(header).collect();
    let written: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').collect());
    let extras = match written.split_at_checked(header.len()) {
        Some((first, more)) if first == header => {
            more.iter().map(|it| extra(it, currency)).collect::<Option<Vec<Extra>>>()
        }
        _ => None,
    };
    let Some(extras) = extras else {
        return Err(format!("line 1: the header is not `{}`", header.join(",")));
    };
    let numbers = COLUMNS.len() + extras.len();
    let intervals = lines.map(|(index, line)| {
        read_row(line, extras.len())
            .ok_or_else(|| format!("line {}: not a row of {numbers} numbers", index + 1))
    });
    let intervals = intervals.collect::<Result<Vec<Interval>, String>>()?;
    if let Some(at) = intervals.windows(2).position(|pair| pair[0].start >= pair[1].start) {
        return Err(format!("line {}: does not follow the row before it", at + 3));
    }
    Ok(Books { intervals, extras, ..Books::default() })
}

fn read_row(line: &str, extras: usize) -> Option<Interval> {
    let mut cells = line.split(',');
    let start = cells.next()?.parse().ok()?;
    let mut number =
        || -> Option<f64> { cells.next()?.parse().ok().filter(|value: &f64| value.is_finite()) };
    let interval = Interval {
        start,
        seconds: number()?,
        import_mwh: number()?,
        export_mwh: number()?,
        price_usd_mwh: number()?,
        emissions_t: number()?,
        withdrawal_m3: number()?,
        sewage_m3: number()?,
        extras: (0..extras).map(|_| number()).collect::<Option<Vec<f64>>>()?,
    };
    cells.next().is_none().then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_table_of_meters_is_refused_with_its_line() {
        let head = "start_utc,seconds,import_mwh,export_mwh,price_usd_per_mwh,emissions_t,\
                    withdrawal_m3,sewage_m3";
        let row = |minute: u8, tail: &str| {
            format!("2026-06-01T00:{minute:02}:00Z,900,1.5,0,30,0,0{tail}")
        };
        let text = |rows: &[String]| format!("{head}\n{}\n", rows.join("\n"));
        let good = text(&[row(0, ",0.25"), row(15, ",0")]);
        let intervals = parse(&good).unwrap().intervals;
        assert_eq!((intervals.len(), intervals[0].sewage_m3), (2, 0.25));
        let more =
            good.replace("sewage_m3", "sewage_m3,power.pv.produced_mwh,contracts.a.produced_mwh");
        let books = parse(&more.replace("0.25", "0.25,1,2").replace(",0\n", ",0,3,4\n")).unwrap();
        let [array, elsewhere] = ["pv", "a"].map(str::to_owned);
        assert_eq!(books.extras, [Extra::Array(array), Extra::Elsewhere(elsewhere)]);
        assert_eq!(books.intervals[1].extras, [3.0, 4.0]);
        let named = |extra: Extra| {
            let names = [Currency::USD, Currency::parse("EUR").unwrap()]
                .map(|currency| (column(&extra, currency), currency));
            for (name, currency) in &names {
                assert_eq!(super::extra(name, *currency).as_ref(), Some(&extra));
            }
            names.map(|(name, _)| name)
        };
        let basis = named(Extra::Basis("a.b".to_owned()));
        assert_eq!(basis, ["contracts.a.b.basis_usd_per_mwh", "contracts.a.b.basis_eur_per_mwh"]);
        named(Extra::Peak("4cp".to_owned()));
        let peaks = good.replace("sewage_m3", "sewage_m3,programmes.4cp.peak");
        let books = parse(&peaks.replace(",0\n", ",0,1\n").replace("0.25", "0.25,0")).unwrap();
        let flags: Vec<f64> = books.intervals.iter().map(|it| it.extras[0]).collect();
        assert_eq!((&books.extras[0], flags), (&Extra::Peak("4cp".to_owned()), vec![0.0, 1.0]));
        let refused = |text: &str| parse(text).unwrap_err();
        assert!(refused(&more).starts_with("line 2"));
        assert!(refused(&good.replace("sewage_m3", "sewage_m3,pv")).starts_with("line 1"));
        assert!(refused("a,b\n").starts_with("line 1"));
        assert!(refused(&text(&[row(0, ",0"), row(15, "")])).starts_with("line 3"));
        assert!(refused(&text(&[row(0, ",NaN")])).starts_with("line 2"));
        assert!(refused(&text(&[row(0, ",0,0")])).starts_with("line 2"));
        assert!(refused(&text(&[row(15, ",0"), row(0, ",0")])).starts_with("line 3"));
    }
}
