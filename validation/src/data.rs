//! Reading the data beside the project, and a few statistics of it.

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

/// The names of the columns of a table.
pub(crate) fn header_of(path: &Path) -> Result<Vec<String>, String> {
    let text = String::from_utf8(read(path)?).map_err(|e| e.to_string())?;
    Ok(text.lines().next().unwrap_or_default().split(',').map(str::to_owned).collect())
}

/// The rows of a table of numbers, its columns by name.
pub(crate) fn table_of(path: &Path, columns: &[&str]) -> Result<Vec<Vec<f64>>, String> {
    let text = String::from_utf8(read(path)?).map_err(|e| e.to_string())?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut places = Vec::new();
    for column in columns {
        let place = header.iter().position(|name| name == column);
        places.push(place.ok_or_else(|| format!("{}: no column {column}", path.display()))?);
    }
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |&place: &usize| cells.get(place).and_then(|cell| cell.parse().ok());
        let row: Option<Vec<f64>> = places.iter().map(cell).collect();
        row.ok_or_else(|| format!("{}: odd line `{line}`", path.display()))
    };
    lines.map(row).collect()
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
