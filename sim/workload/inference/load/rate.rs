//! How the rate of arrivals varies: by the hour of the week and at random, or from window to window of
//! a record.

use super::super::ticks::{NEVER, PER_SECOND, Ticks, from_time, to_time};
use super::piece::{Laws, Piece};
use super::recorded::Windows;
use crate::kernel::{LocalWeek, Span, Stream, Time};

const WEEK: usize = LocalWeek::HOURS;

/// The shape of a rate around its mean.
#[derive(Debug, Clone, PartialEq)]
pub struct RateDesign {
    /// Arrivals in each hour of the week, from Monday midnight, over the mean; means one.
    pub weekly: Vec<f64>,
    /// The week of the site over the run.
    pub week: LocalWeek,
    /// Swings that no calendar explains.
    pub noise: Option<NoiseDesign>,
}

/// A factor on the rate that is constant within each interval and lognormal with mean one.
/// Its logarithm is an autoregression of first order from one interval to the next.
///
/// All cells of a service share it: demand that swings swings for all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseDesign {
    /// Standard deviation of the factor.
    pub variation: f64,
    /// How long it stays the same.
    pub interval: Span,
    /// Time in which the correlation of its logarithm falls to 1/e; zero for none.
    pub correlation: Span,
}

impl RateDesign {
    /// A rate that does not vary.
    pub fn constant() -> Self {
        Self { weekly: vec![1.0; WEEK], week: LocalWeek::fixed(Span::ZERO), noise: None }
    }

    /// A rate that follows 24 hourly factors of mean one and nothing else, in a run that starts
    /// at midnight.
    pub fn daily(hours: &[f64; 24]) -> Self {
        let weekly = hours.iter().copied().cycle().take(WEEK).collect();
        Self { weekly, ..Self::constant() }
    }
}

/// Where a walk ends in a run without an end, a year before the ticks do.
const LONGEST: Ticks = NEVER - 366 * 86_400 * PER_SECOND as Ticks;

/// The rate of one client, ready to walk.
#[derive(Debug)]
pub(super) struct RateTable {
    pieces: Pieces,
    /// Whether nothing arrives at any time.
    is_zero: bool,
    /// The end of the run: what would come later never does.
    last: Ticks,
    noise: Option<Noise>,
}

/// Where the rate of a client is constant.
#[derive(Debug)]
enum Pieces {
    /// Arrivals a tick in each hour of the week.
    Hours { rates: Vec<f64>, week: LocalWeek },
    /// In each window of a record.
    Windows(Windows),
}

#[derive(Debug, Clone, Copy)]
struct Noise {
    /// Standard deviation of the logarithm.
    sigma: f64,
    interval: Ticks,
    /// Correlation of the logarithm with that of the interval before.
    correlation: f64,
}

impl RateTable {
    pub(super) fn new(design: &RateDesign, rate_per_s: f64) -> Self {
        assert_eq!(design.weekly.len(), WEEK, "a factor for each hour of the week");
        let rates: Vec<f64> =
            design.weekly.iter().map(|factor| factor * rate_per_s / PER_SECOND).collect();
        Self {
            is_zero: rates.iter().all(|&rate| rate <= 0.0),
            pieces: Pieces::Hours { rates, week: design.week.clone() },
            last: from_time(design.week.horizon()).min(LONGEST),
            noise: design.noise.map(|noise| Noise {
                sigma: libm::sqrt(libm::log1p(noise.variation * noise.variation)),
                interval: from_time(Time::ZERO + noise.interval),
                correlation: if noise.correlation == Span::ZERO {
                    0.0
                } else {
                    let steps = noise.interval.as_secs_f64() / noise.correlation.as_secs_f64();
                    libm::exp(-steps)
                },
            }),
        }
    }

    /// That of a record, in a run that ends at `end`.
    pub(super) fn recorded(windows: Windows, end: Time) -> Self {
        let last = from_time(end).min(LONGEST);
        let is_zero = windows.is_zero();
        Self { pieces: Pieces::Windows(windows), is_zero, last, noise: None }
    }

    /// Whether its client begins in the middle of a gap, as one that was recorded does.
    pub(super) fn begins_within(&self) -> bool {
        matches!(self.pieces, Pieces::Windows(_))
    }

    fn piece(&self, at: Ticks) -> Piece {
        match &self.pieces {
            Pieces::Hours { rates, week } => {
                let (hour, until) = week.hour_at(to_time(at));
                let laws = Some(Laws::default());
                Piece { rate: rates[hour], until: from_time(until), laws }
            }
            Pieces::Windows(windows) => windows.piece(at),
        }
    }
}

/// Where a walk comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// The instant at which as many arrivals are expected as are due; [`NEVER`] where there is none.
    Due(Ticks),
    /// Another law of gaps begins before that.
    Law(Ticks),
}

/// A walk along a rate: where it stands among its pieces.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// Where it stands: the rate is that with the noise, and where nothing arrives the laws before stand;
    /// none before the first.
    piece: Piece,
    factor: f64,
    /// The noise holds until here; never without noise.
    noise_until: Ticks,
    /// The logarithm of the noise in standard deviations.
    state: f64,
    stream: Stream,
}

impl Walk {
    /// A walk from `now` on. `stream` is that of the noise, whose path from the start of the
    /// run is the same whenever a walk begins.
    pub(super) fn new(table: &RateTable, mut stream: Stream, now: Ticks) -> Self {
        let (state, factor, noise_until) = match table.noise {
            None => (0.0, 1.0, NEVER),
            Some(noise) => {
                let state = stream.normal();
                (state, noise.factor(state), noise.interval)
            }
        };
        let piece = Piece { rate: 0.0, until: 0, laws: None };
        let mut walk = Self { piece, factor, noise_until, state, stream };
        walk.enter(table, now);
        walk
    }

    /// The instant at which `due` more arrivals are expected than at `at`, [`NEVER`] when the
    /// rate is zero at all times or that instant lies beyond the run; or where the law of gaps changes,
    /// if that is before it.
    ///
    /// Walks through the pieces of constant rate: exact for such rates. Costs a look at each
    /// piece, of which a run has as many as hours and intervals of the noise.
    pub(super) fn after(&mut self, table: &RateTable, mut at: Ticks, mut due: f64) -> Reached {
        if table.is_zero || at == NEVER {
            return Reached::Due(NEVER);
        }
        loop {
            let piece = self.piece;
            if let Some(at) = piece.after(at, due) {
                return Reached::Due(at);
            }
            if at < piece.until {
                due -= piece.left(at);
                at = piece.until;
            }
            let border = at.max(piece.until);
            if border > table.last {
                return Reached::Due(NEVER);
            }
            let law = self.gaps();
            self.enter(table, border);
            if self.gaps() != law {
                return Reached::Law(border);
            }
        }
    }

    /// The piece that it stands in, at the rate with the noise.
    pub(super) fn piece(&self) -> Piece {
        self.piece
    }

    /// Which law of gaps holds; none before the first.
    pub(super) fn gaps(&self) -> Option<usize> {
        self.piece.laws.map(|laws| laws.gaps as usize)
    }

    /// Which laws of lengths hold.
    pub(super) fn lengths(&self) -> usize {
        self.piece.laws.map_or(0, |laws| laws.lengths as usize)
    }

    /// Expected arrivals a second where it stands.
    pub(super) fn rate_per_s(&self) -> f64 {
        self.piece.rate * PER_SECOND
    }

    /// The same without its swings.
    pub(super) fn calm_rate_per_s(&self) -> f64 {
        self.rate_per_s() / self.factor
    }

    /// Enters the piece that begins at or holds `at`, which lies no earlier than where the walk
    /// stands.
    fn enter(&mut self, table: &RateTable, at: Ticks) {
        if let Some(noise) = table.noise {
            while self.noise_until <= at {
                let fresh = libm::sqrt(1.0 - noise.correlation * noise.correlation);
                self.state = noise.correlation * self.state + fresh * self.stream.normal();
                self.factor = noise.factor(self.state);
                self.noise_until += noise.interval;
            }
        }
        let Piece { rate, until, laws } = table.piece(at);
        self.piece = Piece {
            rate: rate * self.factor,
            until: until.min(self.noise_until),
            laws: laws.or(self.piece.laws),
        };
    }
}

impl Noise {
    fn factor(&self, state: f64) -> f64 {
        libm::exp(self.sigma * state - 0.5 * self.sigma * self.sigma)
    }
}
