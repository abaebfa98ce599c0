//! Reading the data beside the project, and a few statistics of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of the data: `LOADBANK_DATA`, or `../shared/data` beside the repository.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("LOADBANK_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    )
}

/// The bytes of a file, decompressed where its name ends in `.gz`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(failed)?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).map_err(failed)?;
    Ok(plain)
}

/// A table with a header, of which no cell holds a comma.
#[derive(Debug)]
pub(crate) struct Csv {
    path: String,
    columns: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'t> {
    table: &'t Csv,
    cells: &'t [String],
}

impl Csv {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = String::from_utf8(read(path)?).map_err(|e| e.to_string())?;
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default().split(',');
        let columns = header.enumerate().map(|(i, name)| (name.to_owned(), i)).collect();
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        let path = path.display().to_string();
        Ok(Self { path, columns, rows: lines.map(cells).collect() })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The numbers of some columns, row by row.
    pub(crate) fn numbers(&self, columns: &[&str]) -> Result<Vec<Vec<f64>>, String> {
        columns.iter().try_for_each(|column| self.place(column).map(drop))?;
        let numbers = |row: Row<'_>| columns.iter().map(|column| row.number(column)).collect();
        self.rows().map(numbers).collect()
    }

    fn place(&self, column: &str) -> Result<usize, String> {
        let place = self.columns.get(column).copied();
        place.ok_or_else(|| format!("{}: no column {column}", self.path))
    }
}

impl<'t> Row<'t> {
    pub(crate) fn text(&self, column: &str) -> Result<&'t str, String> {
        let cell = self.cells.get(self.table.place(column)?);
        let odd = || format!("{}: a row ends before `{column}`", self.table.path);
        cell.map(String::as_str).ok_or_else(odd)
    }

    pub(crate) fn number(&self, column: &str) -> Result<f64, String> {
        let text = self.text(column)?;
        let odd = |_| format!("{}: `{text}` in column `{column}` is no number", self.table.path);
        text.parse().map_err(odd)
    }
}

/// The rows of a table of numbers, its columns by name.
pub(crate) fn table_of(path: &Path, columns: &[&str]) -> Result<Vec<Vec<f64>>, String> {
    Csv::read(path)?.numbers(columns)
}

/// Prints `text` on standard output.
#[allow(clippy::print_stdout)] // this program's output is its printing
pub(crate) fn print(text: &str) {
    println!("{text}");
}

/// Arithmetic mean.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Standard deviation over all values.
pub(crate) fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - middle).powi(2))).sqrt()
}

/// Correlation of `a` with the value of `b` that comes `lag` steps later.
pub(crate) fn correlation(a: &[f64], b: &[f64], lag: usize) -> f64 {
    let (mean_a, mean_b) = (mean(a.iter().copied()), mean(b.iter().copied()));
    let pairs = a.iter().zip(&b[lag..]);
    mean(pairs.map(|(x, y)| (x - mean_a) * (y - mean_b))) / (deviation(a) * deviation(b))
}

/// Quantile `p` of sorted values, by the line between neighbours.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = p * (sorted.len() - 1) as f64;
    let index = (position as usize).min(sorted.len() - 2);
    sorted[index] + (position - index as f64) * (sorted[index + 1] - sorted[index])
}
