//! Sums that do not lose small terms.

use serde::{Serialize, Serializer};

/// A compensated sum (Neumaier 1974): the error stays at a few units in the last place of the
/// result, however many terms were added.
///
/// A plain `f64` sum of `n` terms may be off by `n` units in the last place; a year of
/// one-second steps would then no longer balance to 1e-9. Integers sum exactly up to 2^53.
/// Adding costs about a nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// The empty sum.
    pub const ZERO: Sum = Sum { total: 0.0, lost: 0.0 };

    /// Adds one term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let total = self.total + term;
        // What the rounded total has lost, exactly (Knuth's two-sum), without asking which of the
        // two is smaller.
        let of_term = total - self.total;
        self.lost += (self.total - (total - of_term)) + (term - of_term);
        self.total = total;
    }

    /// Adds another sum with its compensation.
    pub fn merge(&mut self, other: Sum) {
        self.add(other.total);
        // Adding zero changes no bit, and most sums that are merged have lost nothing.
        if other.lost != 0.0 {
            self.add(other.lost);
        }
    }

    /// The sum so far.
    pub fn value(&self) -> f64 {
        self.total + self.lost
    }
}

impl Extend<f64> for Sum {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, terms: T) {
        for term in terms {
            self.add(term);
        }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<T: IntoIterator<Item = f64>>(terms: T) -> Self {
        let mut sum = Sum::ZERO;
        sum.extend(terms);
        sum
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

/// What a figure gained that was `before` and is `now`: nothing, where the two differ by what the same terms
/// summed in another order do.
pub fn gained(now: f64, before: f64) -> f64 {
    const ROUNDING: f64 = 1e-14;
    let gained = now - before;
    if gained.abs() > ROUNDING * now.abs().max(before.abs()) { gained } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_beside_large_ones() {
        let sum: Sum = [1.0, 1e100, 1.0, -1e100].into_iter().collect();
        assert_eq!(sum.value(), 2.0);

        // A tenth is not a binary fraction: the naive sum of ten million of them is off by
        // about 1e-10 of its value, the compensated one only by rounding of the terms.
        let mut naive = 0.0;
        let mut sum = Sum::ZERO;
        for _ in 0..10_000_000 {
            naive += 0.1;
            sum.add(0.1);
        }
        assert!((sum.value() - 1e6).abs() <= 1e-9);
        assert!((naive - 1e6_f64).abs() > 1e-5);
    }

    #[test]
    fn merged_sums_keep_their_compensation() {
        let mut left: Sum = [1e16, 1.0].into_iter().collect();
        let right: Sum = [1.0, -1e16].into_iter().collect();
        left.merge(right);
        assert_eq!(left.value(), 2.0);
    }
}
