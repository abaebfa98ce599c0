//! Laws of the gaps between the arrivals of one client.

use crate::kernel::Stream;

/// Gaps of a renewal process, over their mean. Where the rate varies they are gaps in expected
/// arrivals, so that a burst stays a burst at any rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GapLaw {
    /// Exponential: a Poisson process.
    Exponential,
    /// Gamma.
    Gamma {
        /// Standard deviation over mean; above one for bursts.
        variation: f64,
    },
    /// Weibull.
    Weibull {
        /// Standard deviation over mean; above one for bursts.
        variation: f64,
    },
}

/// A law ready to draw from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gaps {
    Exponential,
    Gamma { shape: f64 },
    Weibull { shape: f64, scale: f64 },
}

impl Gaps {
    pub(super) fn new(law: &GapLaw) -> Self {
        match *law {
            GapLaw::Exponential => Self::Exponential,
            GapLaw::Gamma { variation } => Self::Gamma { shape: 1.0 / (variation * variation) },
            GapLaw::Weibull { variation } => {
                let shape = weibull_shape(variation);
                Self::Weibull { shape, scale: 1.0 / libm::tgamma(1.0 + 1.0 / shape) }
            }
        }
    }

    /// A gap of mean one.
    #[inline]
    pub(super) fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Self::Exponential => stream.exponential(1.0),
            Self::Gamma { shape } => stream.gamma(1.0 / shape, shape),
            Self::Weibull { shape, scale } => stream.weibull(scale, shape),
        }
    }

    /// Draws gaps one after the other, as long as `goes_on` says so of the last.
    pub(super) fn draw_while(&self, stream: &mut Stream, mut goes_on: impl FnMut(f64) -> bool) {
        match self {
            // By itself: with nothing but sums in it, it takes a third of the time.
            Self::Exponential => while goes_on(stream.exponential(1.0)) {},
            law => while goes_on(law.draw(stream)) {},
        }
    }

    /// What is left of a gap that is met at a random moment, of mean `(1 + variation^2) / 2`: with it
    /// for the first, a process expects as many arrivals in each time as its rate says.
    ///
    /// Long gaps are met more often, in proportion to their length, and each at an even place.
    pub(super) fn left(&self, stream: &mut Stream) -> f64 {
        match *self {
            Self::Exponential => stream.exponential(1.0),
            Self::Gamma { shape } => stream.gamma(1.0 / shape, shape + 1.0) * stream.uniform(),
            Self::Weibull { shape, scale } => stream.weibull_left(scale, shape),
        }
    }
}

/// The shape of a Weibull law with the given coefficient of variation:
/// `variation^2 = G(1 + 2/k) / G(1 + 1/k)^2 - 1`, which falls as `k` rises.
fn weibull_shape(variation: f64) -> f64 {
    let excess = |k: f64| {
        let ratio = libm::lgamma(1.0 + 2.0 / k) - 2.0 * libm::lgamma(1.0 + 1.0 / k);
        ratio - libm::log1p(variation * variation)
    };
    let (mut low, mut high) = (0.05_f64, 200.0_f64);
    // Each round halves the interval; 60 leave nothing of it.
    for _ in 0..60 {
        let middle = libm::sqrt(low * high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    libm::sqrt(low * high)
}
