//! What holds in a piece of time for one client.

use super::super::ticks::Ticks;

/// A time in which the rate of a client is constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    /// Arrivals a tick.
    pub(super) rate: f64,
    /// Its end.
    pub(super) until: Ticks,
    /// The laws that hold in it; none where nothing arrives.
    pub(super) laws: Option<Laws>,
}

/// Which of the laws of a client hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Laws {
    /// Index of that of gaps.
    pub(super) gaps: u32,
    /// Index of those of lengths.
    pub(super) lengths: u32,
}
