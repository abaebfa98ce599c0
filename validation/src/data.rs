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
