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

impl Piece {
    /// The instant at which `due` more arrivals are expected than at `at`, where that lies within it.
    #[inline]
    pub(super) fn after(self, at: Ticks, due: f64) -> Option<Ticks> {
        let is_within = at < self.until && due < self.left(at);
        is_within.then(|| at + (due / self.rate) as Ticks)
    }

    /// Arrivals that are expected from `at`, within it, to its end.
    #[inline]
    pub(super) fn left(self, at: Ticks) -> f64 {
        self.rate * (self.until - at) as f64
    }
}

/// Which of the laws of a client hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Laws {
    /// Index of that of gaps.
    pub(super) gaps: u32,
    /// Index of those of lengths.
    pub(super) lengths: u32,
}
