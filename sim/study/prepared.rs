//! A scenario as the replications of a study share it: read once, with the figures that it has.

use std::sync::Arc;

use super::sheet::{self, Sheet};
use crate::facility::{Design, Facility};
use crate::kernel::Span;
use crate::scenario::Loaded;

/// A scenario that was read, and the figures that it has.
#[derive(Debug)]
pub struct Prepared {
    pub(super) loaded: Loaded,
    pub(super) sheet: Sheet,
}

impl Prepared {
    /// Finds the figures of what was read.
    pub(super) fn new(loaded: Loaded) -> Self {
        let (figures, _) = sheet::of(&Facility::new(&loaded.design, 0).outcome());
        Self { loaded, sheet: figures.into_iter().map(Arc::new).collect() }
    }
}

/// The end of the interval of the time series of `design` in which `warm_up` ends; none where the
/// run has ended by then.
pub fn whole_warm_up(design: &Design, warm_up: Span) -> Option<Span> {
    let mut end = design.clock.first_step(design.interval);
    if warm_up > end {
        let (beyond, step) = (warm_up.as_nanos() - end.as_nanos(), design.interval.as_nanos());
        end = Span::from_nanos(end.as_nanos() + beyond.div_ceil(step) * step);
    }
    (end < design.duration).then_some(end)
}
