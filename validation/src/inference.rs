//! LLM inference against measurements, queueing theory, and a published trace.

mod fits;
mod profile;
mod queues;
mod trace;
mod twin;

use std::path::Path;

use crate::data::print;

/// Prints fits, queues and the trace; fails where a target is missed.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let mut missed = fits::run(folder)?;
    missed += queues::run()?;
    missed += trace::run(folder)?;
    match missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

/// Prints a heading.
fn head(text: &str) {
    print(&format!("\n{text}"));
}

/// `met`, or `MISSED`, which is counted.
fn verdict(is_met: bool, missed: &mut u32) -> &'static str {
    *missed += u32::from(!is_met);
    if is_met { "met" } else { "MISSED" }
}
