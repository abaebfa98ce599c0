mod emergency;
mod frequency;
mod laws;
mod like_days;
mod limits;
mod targets;

use std::path::PathBuf;
use std::sync::Arc;

use crate::kernel::{Clock, Span, Time};
use crate::spec::{Fault, Name};
use crate::tables::{Run, Series};

/// The text of a file of the reference data; says that a test was skipped where it is not at hand.
#[allow(clippy::print_stderr)] // a test that is skipped says so
fn data(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("LOADBANK_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let bytes = std::fs::read(root.join(path)).ok();
    if bytes.is_none() {
        eprintln!("skipped: no data");
    }
    bytes
}

fn clock(start: &str) -> Clock {
    let zone = jiff::tz::TimeZone::get("America/Chicago").expect("a zone");
    Clock::new(start.parse().expect("an instant"), zone)
}

/// What `yaml` reads as.
fn spec<T: serde::de::DeserializeOwned>(yaml: &str) -> T {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

/// Resolves in a run of `days` from `start`, whose only file holds `file`.
fn resolve<T>(
    start: &str,
    days: u64,
    file: &[u8],
    resolve: impl FnOnce(&mut Run<'_>, &mut Vec<Fault>) -> T,
) -> (T, Vec<Fault>) {
    let clock = clock(start);
    let mut read = |_: &Name, out: &mut dyn FnMut(&[u8])| {
        out(file);
        Ok(())
    };
    let mut run = Run::new(&clock, Time::ZERO + Span::from_hours(24 * days), &mut read);
    let mut faults = Vec::new();
    let resolved = resolve(&mut run, &mut faults);
    (resolved, faults)
}

/// A series of hourly values.
fn hourly(values: impl IntoIterator<Item = f64>) -> Arc<Series<f64>> {
    let hours = (0..).map(|hour| Time::ZERO + Span::from_hours(hour));
    Arc::new(Series::new(hours.zip(values)))
}
