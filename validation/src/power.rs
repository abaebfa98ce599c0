//! Published results and closed forms of power chains, by `reliability`: T of the published and closed
//! forms of distribution and standby, P and R of sequences and redundancy.
//!
//! *Exact* rows agree to a relative tolerance. *Simulated* rows lie within three standard errors of
//! the expected value, and one of these is at most the precision that the row states: else the
//! comparison would say nothing.

mod distribution;
mod scenarios;
mod sets;
mod structures;

use std::path::Path;

use crate::data::print;

/// Prints the table; fails where a target is missed.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let mut rows = Rows::default();
    rows.head();
    structures::components(&mut rows);
    structures::patterns(&mut rows);
    structures::worn(&mut rows);
    structures::biased(&mut rows);
    sets::starts(&mut rows);
    sets::standby(&mut rows);
    scenarios::simulated(&mut rows)?;
    if let Err(why) = distribution::bus_two(folder, &mut rows) {
        print(&format!("RBTS bus 2 skipped: {why}"));
    }
    match rows.missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

/// Prints rows and counts those that are missed.
#[derive(Debug, Default)]
pub(super) struct Rows {
    missed: usize,
}

impl Rows {
    fn head(&self) {
        print(&format!(
            "{:<5} {:<58}  {:>12}  {:>12}  {:>9}  verdict",
            "", "target", "expected", "ours", "+-"
        ));
    }

    /// A figure without chance, to a relative tolerance.
    pub(super) fn exact(&mut self, id: &str, what: &str, expected: f64, ours: f64, tolerance: f64) {
        self.row(id, what, expected, ours, tolerance * expected.abs(), true);
    }

    /// A figure with the relative standard error `error`, at most `precision`.
    pub(super) fn simulated(
        &mut self,
        id: &str,
        what: &str,
        expected: f64,
        (ours, error): (f64, f64),
        precision: f64,
    ) {
        self.row(id, what, expected, ours, 3.0 * error * expected, error <= precision);
    }

    fn row(&mut self, id: &str, what: &str, expected: f64, ours: f64, within: f64, says: bool) {
        let is_met = says && (ours - expected).abs() <= within;
        let verdict = if is_met { "met" } else { "MISSED" };
        let (expected, ours) = (figure(expected), figure(ours));
        let within = format!("{within:.1e}");
        print(&format!("{id:<5} {what:<58}  {expected:>12}  {ours:>12}  {within:>9}  {verdict}"));
        self.missed += usize::from(!is_met);
    }
}

fn figure(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.5e}") } else { format!("{value:.6}") }
}
