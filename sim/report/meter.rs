//! `meter.csv`: what the meters of a run billed, a row for each interval of the time series, so that
//! a finished run can be priced anew. Always CSV, whatever the format of the other tables: numbers are
//! written so that reading gives the same ones back to the bit.

use std::path::Path;

use super::lapses;
use super::table::{Cell, Column, Kind};
use crate::facility::Design;
use crate::money::{Books, Interval, Producer};
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

/// What follows them for each plant whose energy is metered by itself: an array of the site, and the
/// plant of a contract.
const PRODUCED: [(&str, Make); 2] =
    [("power", Producer::Array), ("contracts", Producer::Elsewhere)];
/// Makes a producer of its name.
type Make = fn(String) -> Producer;
/// The end of the name of such a column, `power.pv.produced_mwh`.
const PRODUCED_MWH: &str = "produced_mwh";

fn produced(producer: &Producer) -> String {
    match producer {
        Producer::Array(name) => format!("{}.{name}.{PRODUCED_MWH}", PRODUCED[0].0),
        Producer::Elsewhere(name) => format!("{}.{name}.{PRODUCED_MWH}", PRODUCED[1].0),
    }
}

fn producer(column: &str) -> Option<Producer> {
    let (section, rest) = column.split_once('.')?;
    let name = rest.strip_suffix(PRODUCED_MWH)?.strip_suffix('.')?;
    PRODUCED.iter().find(|(of, _)| *of == section).map(|(_, make)| make(name.to_owned()))
}

/// What follows these for each programme that follows peaks of a system: `programmes.4cp.peak`, 1 where a
/// peak begins in the interval.
const PEAK: (&str, &str) = ("programmes.", ".peak");

fn peaking(column: &str) -> Option<String> {
    column.strip_prefix(PEAK.0)?.strip_suffix(PEAK.1).map(str::to_owned)
}

/// The columns for a run of `design`, with `decimals` in their times.
pub(super) fn columns(decimals: u8, design: &Design) -> Vec<Column> {
    let names = COLUMNS.iter().map(|(name, ..)| design.currency.key(name).into_owned());
    let produced = design.producers().map(|(of, _)| produced(&of));
    let peaks = design.system_peaks().map(|(name, _)| format!("{}{name}{}", PEAK.0, PEAK.1));
    let numbers = names.chain(produced).chain(peaks).map(|name| Column::new(name, Kind::Real));
    std::iter::once(Column::new("start_utc", Kind::Time(decimals))).chain(numbers).collect()
}

pub(super) fn row(interval: &Interval) -> Vec<Cell> {
    let Interval { seconds, import_mwh, export_mwh, price_usd_mwh, .. } = *interval;
    let Interval { emissions_t, withdrawal_m3, sewage_m3, .. } = *interval;
    let numbers =
        [seconds, import_mwh, export_mwh, price_usd_mwh, emissions_t, withdrawal_m3, sewage_m3];
    let peaks = interval.peaks.iter().map(|peaks| f64::from(u8::from(*peaks)));
    let numbers = numbers.into_iter().chain(interval.produced_mwh.iter().copied()).chain(peaks);
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
    let more = match written.split_at_checked(header.len()) {
        Some((first, more)) if first == header => {
            let of_plants = more.iter().take_while(|it| producer(it).is_some()).count();
            let (plants, systems) = more.split_at(of_plants);
            let systems = systems.iter().map(|it| peaking(it)).collect::<Option<Vec<String>>>();
            systems.map(|it| (plants.iter().filter_map(|it| producer(it)).collect::<Vec<_>>(), it))
        }
        _ => None,
    };
    let Some((producers, systems)) = more else {
        return Err(format!("line 1: the header is not `{}`", header.join(",")));
    };
    let numbers = COLUMNS.len() + producers.len() + systems.len();
    let intervals = lines.map(|(index, line)| {
        read_row(line, producers.len(), systems.len())
            .ok_or_else(|| format!("line {}: not a row of {numbers} numbers", index + 1))
    });
    let intervals = intervals.collect::<Result<Vec<Interval>, String>>()?;
    if let Some(at) = intervals.windows(2).position(|pair| pair[0].start >= pair[1].start) {
        return Err(format!("line {}: does not follow the row before it", at + 3));
    }
    Ok(Books { intervals, producers, peaking: systems, ..Books::default() })
}

fn read_row(line: &str, producers: usize, systems: usize) -> Option<Interval> {
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
        produced_mwh: (0..producers).map(|_| number()).collect::<Option<Vec<f64>>>()?,
        peaks: (0..systems).map(|_| number().map(|it| it == 1.0)).collect::<Option<Vec<bool>>>()?,
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
        assert_eq!(books.producers, [Producer::Array(array), Producer::Elsewhere(elsewhere)]);
        assert_eq!(books.intervals[1].produced_mwh, [3.0, 4.0]);
        let peaks = good.replace("sewage_m3", "sewage_m3,programmes.4cp.peak");
        let books = parse(&peaks.replace(",0\n", ",0,1\n").replace("0.25", "0.25,0")).unwrap();
        let flags: Vec<bool> = books.intervals.iter().map(|it| it.peaks[0]).collect();
        assert_eq!((&*books.peaking[0], flags), ("4cp", vec![false, true]));
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
