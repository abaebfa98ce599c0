//! Reading the tables of a folder back, from Parquet where it is there, else from CSV.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Index;
use std::path::Path;

use jiff::Timestamp;

use super::{Cell, Column, Kind};

/// A table that was written by [`Table`](super::Table), by columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    columns: Vec<(String, Values)>,
    rows: usize,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// UTC instants, microseconds since 1970.
    Times(Vec<i64>),
    Texts(TextColumn),
    /// NaN where there is none.
    Reals(Vec<f64>),
}

/// A column of texts, each held once: tables repeat them row by row.
#[derive(Debug, Clone, Default, PartialEq)]
struct TextColumn {
    known: Vec<String>,
    places: HashMap<String, u32>,
    /// By row, the place among those known.
    rows: Vec<u32>,
}

impl TextColumn {
    fn push(&mut self, text: &str) {
        let place = match self.places.get(text) {
            Some(&place) => place,
            None => {
                let place = self.known.len() as u32;
                self.known.push(text.to_owned());
                self.places.insert(text.to_owned(), place);
                place
            }
        };
        self.rows.push(place);
    }
}

/// The texts of a column by row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    known: &'a [String],
    rows: &'a [u32],
}

impl<'a> Texts<'a> {
    /// The text of a row; none beyond the last.
    pub fn get(&self, row: usize) -> Option<&'a String> {
        self.rows.get(row).map(|&place| &self.known[place as usize])
    }

    /// The texts of all rows.
    pub fn iter(&self) -> impl Iterator<Item = &'a String> + use<'a> {
        let known = self.known;
        self.rows.iter().map(move |&place| &known[place as usize])
    }
}

impl Index<usize> for Texts<'_> {
    type Output = String;

    fn index(&self, row: usize) -> &String {
        &self.known[self.rows[row] as usize]
    }
}

impl Columns {
    /// No rows yet of a table of `columns`.
    pub(super) fn new(columns: &[Column]) -> Self {
        let empty = |kind| match kind {
            Kind::Time(_) | Kind::MaybeTime(_) => Values::Times(Vec::new()),
            Kind::Text => Values::Texts(TextColumn::default()),
            Kind::Real | Kind::Count | Kind::MaybeCount => Values::Reals(Vec::new()),
        };
        let columns = columns.iter().map(|column| (column.name.clone(), empty(column.kind)));
        Self { columns: columns.collect(), rows: 0 }
    }

    /// Appends a row as it is written.
    pub(super) fn push(&mut self, row: &[Cell]) {
        self.rows += 1;
        for ((_, values), cell) in self.columns.iter_mut().zip(row) {
            match (values, cell) {
                (Values::Times(times), Cell::Time(at)) => times.push(at.as_microsecond()),
                (Values::Times(times), _) => times.push(NEVER),
                (Values::Texts(texts), Cell::Text(text)) => texts.push(text),
                (Values::Texts(texts), _) => texts.push(""),
                (Values::Reals(reals), Cell::Real(value)) => reals.push(*value),
                (Values::Reals(reals), Cell::Count(count)) => reals.push(*count as f64),
                (Values::Reals(reals), _) => reals.push(f64::NAN),
            }
        }
    }

    /// Appends the rows of `other`, a table of the same columns; what has none yet becomes it.
    ///
    /// # Panics
    ///
    /// Where the columns are others.
    pub fn append(&mut self, other: Self) {
        if self.columns.is_empty() {
            *self = other;
            return;
        }
        assert!(self.names().eq(other.names()), "tables of the same columns are put together");
        self.rows += other.rows;
        for ((_, values), (_, more)) in self.columns.iter_mut().zip(other.columns) {
            match (values, more) {
                (Values::Times(times), Values::Times(more)) => times.extend(more),
                (Values::Reals(reals), Values::Reals(more)) => reals.extend(more),
                (Values::Texts(texts), Values::Texts(more)) => {
                    more.rows.iter().for_each(|&place| texts.push(&more.known[place as usize]));
                }
                _ => unreachable!("columns of one name are of one kind"),
            }
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of its columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// UTC instants in microseconds since 1970; nothing where it has no such column.
    pub fn times(&self, name: &str) -> &[i64] {
        match self.get(name) {
            Some(Values::Times(times)) => times,
            _ => &[],
        }
    }

    /// Texts; nothing where it has no such column.
    pub fn texts(&self, name: &str) -> Texts<'_> {
        match self.get(name) {
            Some(Values::Texts(texts)) => Texts { known: &texts.known, rows: &texts.rows },
            _ => Texts::default(),
        }
    }

    /// Numbers, NaN where there is none; nothing where it has no such column.
    pub fn reals(&self, name: &str) -> Option<&[f64]> {
        match self.get(name) {
            Some(Values::Reals(reals)) => Some(reals),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Values> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, values)| values)
    }
}

/// Reads the table `stem` of `folder`; none where there is none. CSV does not say which columns
/// are texts: `texts` does. Columns whose names end in `_utc` are instants.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(folder: &Path, stem: &str, texts: &[&str]) -> io::Result<Option<Columns>> {
    #[cfg(feature = "parquet")]
    if let Some(file) = open(&folder.join(format!("{stem}.parquet")))? {
        return columnar::read(file).map(Some);
    }
    let Some(file) = open(&folder.join(format!("{stem}.csv")))? else { return Ok(None) };
    read_csv(file, texts).map(Some)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_csv(file: File, texts: &[&str]) -> io::Result<Columns> {
    let mut reader = csv::Reader::from_reader(io::BufReader::new(file));
    let mut columns: Vec<(String, Values)> = reader
        .headers()?
        .iter()
        .map(|name| {
            let values = match name {
                name if name.ends_with("_utc") => Values::Times(Vec::new()),
                name if texts.contains(&name) => Values::Texts(TextColumn::default()),
                _ => Values::Reals(Vec::new()),
            };
            (name.to_owned(), values)
        })
        .collect();
    let mut rows = 0;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        rows += 1;
        for ((_, values), cell) in columns.iter_mut().zip(record.iter()) {
            match values {
                // An end that has not come yet is empty.
                Values::Times(times) if cell.is_empty() => times.push(NEVER),
                Values::Times(times) => times
                    .push(cell.parse::<Timestamp>().map_err(io::Error::other)?.as_microsecond()),
                Values::Texts(texts) => texts.push(cell),
                Values::Reals(reals) => reals.push(cell.parse().unwrap_or(f64::NAN)),
            }
        }
    }
    Ok(Columns { columns, rows })
}

/// The instant that stands for none.
pub const NEVER: i64 = i64::MAX;

#[cfg(feature = "parquet")]
mod columnar {
    use std::fs::File;
    use std::io;

    use parquet::basic::LogicalType;
    use parquet::column::reader::ColumnReader;
    use parquet::data_type::{ByteArray, DataType};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::{Columns, NEVER, TextColumn, Values};

    pub(super) fn read(file: File) -> io::Result<Columns> {
        let reader = SerializedFileReader::new(file).map_err(io::Error::other)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let mut columns = Vec::new();
        let mut rows = 0;
        for index in 0..schema.num_columns() {
            let column = schema.column(index);
            let is_time = matches!(column.logical_type_ref(), Some(LogicalType::Timestamp(..)));
            let is_optional = column.max_def_level() > 0;
            let mut values = None;
            for group in 0..reader.num_row_groups() {
                let group = reader.get_row_group(group).map_err(io::Error::other)?;
                let count = group.metadata().num_rows() as usize;
                let reader = group.get_column_reader(index).map_err(io::Error::other)?;
                append(&mut values, reader, (is_time, is_optional), count)?;
            }
            let values = values.unwrap_or_else(|| {
                let physical = column.physical_type();
                match physical {
                    parquet::basic::Type::BYTE_ARRAY => Values::Texts(TextColumn::default()),
                    _ if is_time => Values::Times(Vec::new()),
                    _ => Values::Reals(Vec::new()),
                }
            });
            rows = match &values {
                Values::Times(times) => times.len(),
                Values::Texts(texts) => texts.rows.len(),
                Values::Reals(reals) => reals.len(),
            };
            columns.push((column.name().to_owned(), values));
        }
        Ok(Columns { columns, rows })
    }

    fn append(
        values: &mut Option<Values>,
        reader: ColumnReader,
        (is_time, is_optional): (bool, bool),
        rows: usize,
    ) -> io::Result<()> {
        match reader {
            ColumnReader::Int64ColumnReader(reader) if is_time => {
                let into = values.get_or_insert_with(|| Values::Times(Vec::new()));
                let Values::Times(times) = into else { return Ok(()) };
                times.reserve(rows);
                each(reader, is_optional, rows, |value| times.push(value.copied().unwrap_or(NEVER)))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                let into = values.get_or_insert_with(|| Values::Reals(Vec::new()));
                let Values::Reals(reals) = into else { return Ok(()) };
                reals.reserve(rows);
                each(reader, is_optional, rows, |value| {
                    reals.push(value.map_or(f64::NAN, |&value| value as f64));
                })
            }
            ColumnReader::DoubleColumnReader(reader) => {
                let into = values.get_or_insert_with(|| Values::Reals(Vec::new()));
                let Values::Reals(reals) = into else { return Ok(()) };
                reals.reserve(rows);
                each(reader, is_optional, rows, |value| {
                    reals.push(value.copied().unwrap_or(f64::NAN));
                })
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                let into = values.get_or_insert_with(|| Values::Texts(TextColumn::default()));
                let Values::Texts(texts) = into else { return Ok(()) };
                texts.rows.reserve(rows);
                // Most tables tell the same texts in turn: what followed a text the last time is looked at
                // before all others.
                let (mut follows, mut before) = (Vec::new(), None::<usize>);
                each(reader, is_optional, rows, |value: Option<&ByteArray>| {
                    let bytes = value.map_or(&[][..], ByteArray::data);
                    let is = |place: &&u32| texts.known[**place as usize].as_bytes() == bytes;
                    match before.and_then(|before| follows.get(before)).filter(is) {
                        Some(&place) => texts.rows.push(place),
                        None => texts.push(&String::from_utf8_lossy(bytes)),
                    }
                    let place = *texts.rows.last().expect("one was pushed");
                    if let Some(before) = before.replace(place as usize) {
                        follows.resize(texts.known.len(), place);
                        follows[before] = place;
                    }
                })
            }
            _ => Err(io::Error::other("a column of a type that loadbank does not write")),
        }
    }

    /// Calls `take` with the values of a row group, in the order of its rows. They come by small
    /// blocks, so that a long column needs no memory beside its own.
    fn each<T: DataType>(
        mut reader: parquet::column::reader::ColumnReaderImpl<T>,
        is_optional: bool,
        rows: usize,
        mut take: impl FnMut(Option<&T::T>),
    ) -> io::Result<()> {
        const BLOCK: usize = 1024;
        let (mut present, mut values) = (Vec::new(), Vec::new());
        let mut left = rows;
        while left > 0 {
            present.clear();
            values.clear();
            let levels = is_optional.then_some(&mut present);
            let (read, ..) = reader
                .read_records(left.min(BLOCK), levels, None, &mut values)
                .map_err(io::Error::other)?;
            if read == 0 {
                return Err(io::Error::other("a row group ends early"));
            }
            left -= read;
            let mut some = values.iter();
            match is_optional {
                true => present.iter().for_each(|&level| {
                    take(if level > 0 { some.next() } else { None });
                }),
                false => some.for_each(|value| take(Some(value))),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Column, Format, Kind, Tables};
    use super::*;

    /// More rows than a row group holds.
    const ROWS: i64 = 10_000;

    /// Equal, where what is not there equals itself.
    fn same(one: &Columns, other: &Columns) -> bool {
        let bits = |of: &Columns, name: &str| -> Option<Vec<u64>> {
            Some(of.reals(name)?.iter().map(|value| value.to_bits()).collect())
        };
        let column = |name: &str| {
            one.times(name) == other.times(name)
                && one.texts(name).iter().eq(other.texts(name).iter())
                && bits(one, name) == bits(other, name)
        };
        one.rows() == other.rows() && one.names().eq(other.names()) && one.names().all(column)
    }

    #[test]
    fn what_is_written_is_read_in_any_format() {
        let folder = tempfile::tempdir().unwrap();
        let columns = || {
            vec![
                Column::new("at_utc", Kind::Time(9)),
                Column::new("event", Kind::Text),
                Column::new("power_mw", Kind::Real),
                Column::new("count", Kind::Count),
            ]
        };
        let at = |row: i64| Timestamp::from_microsecond(1_780_000_000_000_000 + row).unwrap();
        let power = |row: i64| if row % 3 == 0 { None } else { Some(row as f64 / 7.0) };
        let mut formats = vec![("csv", Format::Csv)];
        if cfg!(feature = "parquet") {
            formats.push(("best", Format::best()));
        }
        for (stem, format) in formats {
            let tables = Tables { folder: folder.path(), formats: &[format], origin: Vec::new() };
            let mut table = tables.create(stem, columns()).unwrap().keeping();
            let mut first = Columns::default();
            for row in 0..ROWS {
                if row == 1234 {
                    first = table.take_kept();
                    assert_eq!(first.rows(), 1234);
                }
                let cells = [
                    Cell::Time(at(row)),
                    Cell::Text(format!("e, {row}")),
                    power(row).map_or(Cell::Missing, Cell::Real),
                    Cell::Count(row as u64),
                ];
                table.push(&cells).unwrap();
            }
            let second = table.take_kept();
            table.finish().unwrap();
            let read = read(folder.path(), stem, &["event"]).unwrap().unwrap();
            assert_eq!(read.rows(), ROWS as usize);
            let mut kept = first.clone();
            kept.append(second);
            assert!(same(&read, &kept), "what was kept is not what was written");
            assert_eq!(read.names().collect::<Vec<_>>(), ["at_utc", "event", "power_mw", "count"]);
            let reals = read.reals("power_mw").unwrap();
            for row in [0, 1, 2, 4096, 8195, ROWS - 1] {
                let index = row as usize;
                assert_eq!(read.times("at_utc")[index], at(row).as_microsecond());
                assert_eq!(read.texts("event")[index], format!("e, {row}"));
                assert_eq!(power(row), Some(reals[index]).filter(|value| !value.is_nan()));
                assert_eq!(read.reals("count").unwrap()[index], row as f64);
            }
        }
        assert_eq!(read(folder.path(), "absent", &[]).unwrap(), None);
    }
}
