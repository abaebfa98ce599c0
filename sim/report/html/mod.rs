//! `report.html`: what a run found, as one page that needs nothing else: no network, no script for
//! what it shows, and the same bytes whether it is made at the end of the run or later from its
//! folder.

mod axis;
mod chart;
mod compare;
mod diagram;
mod figure;
mod graph;
mod hlog;
mod incidents;
#[cfg(feature = "live")]
pub(in crate::report) mod live;
mod number;
mod page;
mod parts;
mod replay;
mod run;
mod script;
mod section;
mod style;
mod svg;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

pub use diagram::{diagram_dot, diagram_svg};

/// Its name in the folder of a run.
pub const REPORT: &str = "report.html";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder is not that of a run, or cannot be read.
    #[error("{0}")]
    Read(io::Error),
    /// The page cannot be written.
    #[error("{0}")]
    Write(io::Error),
}

/// The page of the run or study in `folder`.
///
/// # Errors
///
/// Where the folder is not that of a run or study, or cannot be read.
pub fn report_page(folder: &Path) -> io::Result<String> {
    let path = folder.join("summary.json");
    let named = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| named(error.to_string()))?;
    let summary: Json = serde_json::from_str(&text).map_err(|error| named(error.to_string()))?;
    if summary["study"].is_string() {
        return Ok(compare::study_page(&compare::StudyFolder::read(folder, &summary)?));
    }
    let (summary, currency) = super::json::plain(summary);
    Ok(page::page(&run::Run::read(folder, summary, currency)?))
}

/// Writes the page of the run or study in `folder` into it, aside first; returns where it is.
///
/// # Errors
///
/// Where the folder is not that of a run, cannot be read, or the page cannot be written.
pub fn write_report(folder: &Path) -> Result<PathBuf, ReportError> {
    let page = report_page(folder).map_err(ReportError::Read)?;
    let path = folder.join(REPORT);
    let aside = folder.join(format!(".{REPORT}.{}", std::process::id()));
    let written = fs::write(&aside, page).and_then(|()| fs::rename(&aside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written.map(|()| path).map_err(ReportError::Write)
}
