//! Tables that are written row by row: Parquet where the feature is on, else CSV.
//!
//! Rows are buffered in blocks and written a block at a time, so memory does not grow with
//! the length of a run. Every table has a fixed schema with the unit in the column name. Times in
//! CSV have the same number of decimals in every row, for readers that take the form of the first
//! row for that of all.

mod read;

pub use read::{Columns, NEVER, read};

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A UTC instant: in Parquet to the microsecond, in CSV with so many decimals of a second.
    Time(u8),
    /// The same, possibly missing.
    MaybeTime(u8),
    /// Text.
    Text,
    /// A number, possibly missing.
    Real,
    /// A count.
    Count,
    /// The same, possibly missing.
    MaybeCount,
}

/// Decimals of a second that any instant of a run can be written with.
pub const NANOSECONDS: u8 = 9;

/// A column: its name, unit included, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// For example `import_mw`.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// A column of `kind`.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// A column of text.
pub(super) fn text(name: &str) -> Column {
    Column::new(name, Kind::Text)
}

/// A column of numbers.
pub(super) fn real(name: &str) -> Column {
    Column::new(name, Kind::Real)
}

/// A column of counts.
pub(super) fn count(name: &str) -> Column {
    Column::new(name, Kind::Count)
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A UTC instant.
    Time(Timestamp),
    /// Text.
    Text(String),
    /// A number.
    Real(f64),
    /// A count.
    Count(u64),
    /// No number.
    Missing,
}

/// The file format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Apache Parquet, compressed with Snappy.
    #[cfg(feature = "parquet")]
    Parquet,
    /// Comma-separated values with a header line.
    Csv,
}

impl Format {
    /// Parquet where it was built in, else CSV.
    pub const fn best() -> Self {
        #[cfg(feature = "parquet")]
        return Format::Parquet;
        #[cfg(not(feature = "parquet"))]
        return Format::Csv;
    }
}

/// What a table says of itself: keys and values that stand in the file beside its rows, where the
/// format has a place for them.
pub type Origin = Vec<(&'static str, String)>;

/// Where the tables of one result are made, how, and from what they come.
#[derive(Debug, Clone)]
pub struct Tables<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The formats.
    pub formats: &'a [Format],
    /// Where the rows come from.
    pub origin: Origin,
}

impl Tables<'_> {
    /// Creates `<stem>.parquet`, `<stem>.csv` or both, as the formats say.
    ///
    /// # Errors
    ///
    /// When a file cannot be created.
    pub fn create(&self, stem: &str, columns: Vec<Column>) -> io::Result<Table> {
        let mut sinks = Vec::new();
        for (i, format) in self.formats.iter().enumerate() {
            // Repeated formats are ignored.
            if !self.formats[..i].contains(format) {
                sinks.push(Sink::create(self, stem, &columns, *format)?);
            }
        }
        Ok(Table { columns, sinks })
    }
}

/// A table being written, in one format or several.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    sinks: Vec<Sink>,
}

enum Sink {
    /// In memory, for who draws what is written.
    Kept(Columns),
    /// The writer, and memory for one cell.
    Csv(Box<csv::Writer<BufWriter<File>>>, String),
    #[cfg(feature = "parquet")]
    Parquet(Box<columnar::ParquetTable>),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Sink::Kept(_) => "Kept",
            Sink::Csv(..) => "Csv",
            #[cfg(feature = "parquet")]
            Sink::Parquet(_) => "Parquet",
        })
    }
}

impl Table {
    /// The same, which keeps its rows in memory as well.
    pub fn keeping(mut self) -> Self {
        self.sinks.push(Sink::Kept(Columns::new(&self.columns)));
        self
    }

    /// The rows that were kept since the last call; none of a table that keeps none.
    pub fn take_kept(&mut self) -> Columns {
        let fresh = || Columns::new(&self.columns);
        let kept = self.sinks.iter_mut().find_map(|sink| match sink {
            Sink::Kept(rows) => Some(std::mem::replace(rows, fresh())),
            _ => None,
        });
        kept.unwrap_or_default()
    }

    /// Appends a row.
    ///
    /// # Errors
    ///
    /// When a full block cannot be written.
    ///
    /// # Panics
    ///
    /// When the row does not fit the columns.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        assert_eq!(row.len(), self.columns.len(), "a row has one cell for each column");
        self.sinks.iter_mut().try_for_each(|sink| sink.push(&self.columns, row))
    }

    /// Writes what is buffered and closes the files, synced to disk.
    ///
    /// # Errors
    ///
    /// When the rest cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.sinks.into_iter().try_for_each(Sink::finish)
    }
}

impl Sink {
    fn create(
        tables: &Tables<'_>,
        stem: &str,
        columns: &[Column],
        format: Format,
    ) -> io::Result<Self> {
        let file =
            |extension: &str| File::create(tables.folder.join(format!("{stem}.{extension}")));
        Ok(match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(BufWriter::new(file("csv")?));
                writer.write_record(columns.iter().map(|c| c.name.as_str()))?;
                Sink::Csv(Box::new(writer), String::new())
            }
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let file = file("parquet")?;
                Sink::Parquet(Box::new(columnar::ParquetTable::create(
                    file,
                    columns,
                    &tables.origin,
                )?))
            }
        })
    }

    fn push(&mut self, columns: &[Column], row: &[Cell]) -> io::Result<()> {
        match self {
            Sink::Kept(rows) => {
                rows.push(row);
                Ok(())
            }
            Sink::Csv(writer, text) => {
                for (column, cell) in columns.iter().zip(row) {
                    text.clear();
                    let told = match (cell, column.kind) {
                        (Cell::Time(at), Kind::Time(decimals) | Kind::MaybeTime(decimals)) => {
                            write!(text, "{at:.0$}", usize::from(decimals))
                        }
                        (Cell::Time(at), _) => write!(text, "{at}"),
                        (Cell::Text(own), _) => text.write_str(own),
                        (Cell::Real(value), _) => write!(text, "{value}"),
                        (Cell::Count(count), _) => write!(text, "{count}"),
                        (Cell::Missing, _) => Ok(()),
                    };
                    told.expect("a text takes what is written");
                    writer.write_field(&*text)?;
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
            #[cfg(feature = "parquet")]
            Sink::Parquet(table) => table.push(row),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Sink::Kept(_) => Ok(()),
            Sink::Csv(writer, _) => {
                let mut file = writer.into_inner().map_err(|e| io::Error::other(e.to_string()))?;
                file.flush()?;
                file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
            }
            #[cfg(feature = "parquet")]
            Sink::Parquet(table) => table.finish(),
        }
    }
}

#[cfg(feature = "parquet")]
mod columnar {
    //! Parquet through its low-level column writers, which need no Arrow.

    use std::fs::File;
    use std::io;
    use std::sync::Arc;

    use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::{ColumnPath, Type, TypePtr};

    use super::{Cell, Column, Kind, Origin};
    use crate::measure::unit_of;

    /// Rows held before a block is written.
    const BLOCK_ROWS: usize = 4096;
    /// Different texts of a column that are kept once.
    const KNOWN_TEXTS: usize = 16;

    pub(super) struct ParquetTable {
        writer: SerializedFileWriter<File>,
        blocks: Vec<Block>,
        rows: usize,
    }

    /// The buffered values of one column.
    enum Block {
        Time(Vec<i64>),
        /// Values, and those of them that were seen first: most tables have few different ones.
        Text(Vec<ByteArray>, Vec<ByteArray>),
        /// Present values, and for every row whether there is one.
        Real(Vec<f64>, Vec<i16>),
        Count(Vec<i64>),
        /// Present instants or counts, and for every row whether there is one.
        Maybe(Vec<i64>, Vec<i16>),
    }

    impl ParquetTable {
        pub(super) fn create(file: File, columns: &[Column], origin: &Origin) -> io::Result<Self> {
            let fields =
                columns.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(failed)?;
            let schema = Type::group_type_builder("table")
                .with_fields(fields)
                .build()
                .map(TypePtr::new)
                .map_err(failed)?;
            let told = |key: &str, value: String| KeyValue::new(format!("loadbank.{key}"), value);
            let mut about = vec![told("version", env!("CARGO_PKG_VERSION").to_owned())];
            about.extend(origin.iter().map(|(key, value)| told(key, value.clone())));
            about.push(told("units", units(columns)));
            let properties = WriterProperties::builder()
                .set_key_value_metadata(Some(about))
                // Hardly a number comes twice: looking each up costs more than it saves.
                .set_dictionary_enabled(false);
            let texts = columns.iter().filter(|column| column.kind == Kind::Text);
            let properties = texts
                .map(|column| ColumnPath::from(column.name.as_str()))
                .fold(properties, |all, text| all.set_column_dictionary_enabled(text, true))
                .set_compression(Compression::SNAPPY)
                .set_created_by(format!("loadbank {}", env!("CARGO_PKG_VERSION")))
                .build();
            let writer = SerializedFileWriter::new(file, schema, Arc::new(properties));
            let blocks = columns.iter().map(|c| Block::empty(c.kind)).collect();
            Ok(Self { writer: writer.map_err(failed)?, blocks, rows: 0 })
        }

        pub(super) fn push(&mut self, row: &[Cell]) -> io::Result<()> {
            for (block, cell) in self.blocks.iter_mut().zip(row) {
                block.push(cell);
            }
            self.rows += 1;
            if self.rows == BLOCK_ROWS { self.flush() } else { Ok(()) }
        }

        pub(super) fn finish(mut self) -> io::Result<()> {
            self.flush()?;
            self.writer.finish().map_err(failed)?;
            self.writer.inner().sync_all()
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.rows == 0 {
                return Ok(());
            }
            let mut group = self.writer.next_row_group().map_err(failed)?;
            for block in &mut self.blocks {
                let mut column = group
                    .next_column()
                    .map_err(failed)?
                    .expect("the schema has a column for every block");
                match block {
                    Block::Time(values) | Block::Count(values) => {
                        column.typed::<Int64Type>().write_batch(values, None, None)
                    }
                    Block::Maybe(values, present) => {
                        column.typed::<Int64Type>().write_batch(values, Some(present), None)
                    }
                    Block::Text(values, _) => {
                        column.typed::<ByteArrayType>().write_batch(values, None, None)
                    }
                    Block::Real(values, present) => {
                        column.typed::<DoubleType>().write_batch(values, Some(present), None)
                    }
                }
                .map_err(failed)?;
                column.close().map_err(failed)?;
                block.clear();
            }
            group.close().map_err(failed)?;
            self.rows = 0;
            Ok(())
        }
    }

    impl Block {
        fn empty(kind: Kind) -> Self {
            match kind {
                Kind::Time(_) => Block::Time(Vec::new()),
                Kind::Text => Block::Text(Vec::new(), Vec::new()),
                Kind::Real => Block::Real(Vec::new(), Vec::new()),
                Kind::Count => Block::Count(Vec::new()),
                Kind::MaybeTime(_) | Kind::MaybeCount => Block::Maybe(Vec::new(), Vec::new()),
            }
        }

        fn push(&mut self, cell: &Cell) {
            match (self, cell) {
                (Block::Time(values), Cell::Time(at)) => values.push(at.as_microsecond()),
                (Block::Text(values, known), Cell::Text(text)) => {
                    let found = known.iter().find(|known| known.data() == text.as_bytes());
                    let value = found.cloned().unwrap_or_else(|| {
                        let value = ByteArray::from(text.as_str());
                        if known.len() < KNOWN_TEXTS {
                            known.push(value.clone());
                        }
                        value
                    });
                    values.push(value);
                }
                (Block::Count(values), Cell::Count(count)) => {
                    values.push(i64::try_from(*count).expect("a count fits 63 bits"));
                }
                (Block::Real(values, present), Cell::Real(value)) => {
                    values.push(*value);
                    present.push(1);
                }
                (Block::Maybe(values, present), Cell::Time(at)) => {
                    values.push(at.as_microsecond());
                    present.push(1);
                }
                (Block::Maybe(values, present), Cell::Count(count)) => {
                    values.push(i64::try_from(*count).expect("a count fits 63 bits"));
                    present.push(1);
                }
                (Block::Real(_, present) | Block::Maybe(_, present), Cell::Missing) => {
                    present.push(0);
                }
                (_, cell) => panic!("the cell {cell:?} does not fit its column"),
            }
        }

        fn clear(&mut self) {
            match self {
                Block::Time(values) | Block::Count(values) => values.clear(),
                Block::Text(values, _) => values.clear(),
                Block::Real(values, present) => {
                    values.clear();
                    present.clear();
                }
                Block::Maybe(values, present) => {
                    values.clear();
                    present.clear();
                }
            }
        }
    }

    /// The units of the columns that have one, as a JSON object by name.
    fn units(columns: &[Column]) -> String {
        let units =
            columns.iter().filter(|column| column.kind == Kind::Real).filter_map(|column| {
                unit_of(&column.name).map(|unit| (column.name.clone(), unit.into_owned().into()))
            });
        serde_json::Value::Object(units.collect()).to_string()
    }

    fn field(column: &Column) -> Result<TypePtr, parquet::errors::ParquetError> {
        let (physical, logical, repetition) = match column.kind {
            Kind::Time(_) => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
                Repetition::REQUIRED,
            ),
            Kind::MaybeTime(_) => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
                Repetition::OPTIONAL,
            ),
            Kind::MaybeCount => (Physical::INT64, None, Repetition::OPTIONAL),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
            Kind::Real => (Physical::DOUBLE, None, Repetition::OPTIONAL),
            Kind::Count => (Physical::INT64, None, Repetition::REQUIRED),
        };
        Type::primitive_type_builder(&column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    }

    fn failed(error: parquet::errors::ParquetError) -> io::Error {
        match error {
            parquet::errors::ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(io) => *io,
                Err(other) => io::Error::other(other),
            },
            other => io::Error::other(other),
        }
    }
}
