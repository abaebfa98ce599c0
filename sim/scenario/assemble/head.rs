//! What is checked of a scenario's head: its name, its span, what it writes.

use super::super::diagnostics::Diagnostics;
use super::super::load::Document;
use super::super::spec::{RequestsSpec, ScenarioSpec};
use crate::kernel::Span;
use crate::spec::Fault;
use crate::workload::inference::Noting;

/// Shortest interval of the time series; a shorter one would only fill disks.
const SHORTEST_INTERVAL: Span = Span::from_secs(1);

/// Whether `name` can name a folder anywhere.
pub(crate) fn is_folder_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 100 && name.chars().all(is_plain) && !name.starts_with('.')
}

/// Reports what is wrong with `head`.
pub(super) fn check(head: &ScenarioSpec, document: &Document, sink: &mut Diagnostics) {
    let mut fault = |fault| document.place().fault(fault, sink);
    if !is_folder_name(&head.name) {
        fault(
            Fault::error("name", format!("`{}` cannot name a folder", head.name))
                .help("use letters, digits, `-`, `_` and `.`, and no `.` at the start"),
        );
    }
    if Span::from(head.duration) == Span::ZERO {
        fault(Fault::error("duration", "there is nothing to simulate in no time"));
    }
    if head
        .start
        .checked_add(jiff::SignedDuration::from_nanos_i128(head.duration.0.into()))
        .is_err()
    {
        fault(Fault::error("duration", "the run ends after the year 9999"));
    }
    if let Some(RequestsSpec { first, share }) = head.output.requests
        && (first.is_some() == share.is_some()
            || share.is_some_and(|share| !(0.0..=1.0).contains(&share.0)))
    {
        fault(
            Fault::error("output.requests", "which requests are to be written down?")
                .help("give `first: 1000` or `share: 1 %`"),
        );
    }
    let interval = head.output.interval.map_or(SHORTEST_INTERVAL, Span::from);
    if interval < SHORTEST_INTERVAL {
        fault(
            Fault::error("output.interval", "an interval lasts at least a second")
                .help("events between two rows are in `events`, with their instants"),
        );
    }
}

/// Which requests are written down.
pub(super) fn noting(spec: Option<RequestsSpec>) -> Noting {
    match spec {
        Some(RequestsSpec { first: Some(first), .. }) => Noting::First(first),
        Some(RequestsSpec { share: Some(share), .. }) => Noting::Share(share.0),
        _ => Noting::None,
    }
}
