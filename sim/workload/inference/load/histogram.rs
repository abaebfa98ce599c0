//! Lengths as they were counted.

/// How often each length was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Tokens, rising, and their weight; some weight is above zero.
    bins: Vec<(u32, f64)>,
}

impl Histogram {
    /// Lengths in tokens and how often each was seen, in any unit.
    ///
    /// # Panics
    ///
    /// When lengths do not rise, or nothing was seen.
    pub fn new(bins: Vec<(u32, f64)>) -> Self {
        assert!(bins.windows(2).all(|pair| pair[0].0 < pair[1].0), "lengths rise from bin to bin");
        let histogram = Self { bins };
        assert!(histogram.weight() > 0.0, "a histogram counts something");
        histogram
    }

    /// Its lengths, rising, and how often each was seen.
    pub fn bins(&self) -> &[(u32, f64)] {
        &self.bins
    }

    /// How often any was seen.
    pub fn weight(&self) -> f64 {
        self.bins.iter().map(|bin| bin.1).sum()
    }

    /// Mean length, tokens.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.bins.iter().map(|&(tokens, weight)| f64::from(tokens) * weight).sum();
        sum / self.weight()
    }

    /// The longest that was seen, tokens.
    pub fn most(&self) -> u32 {
        self.bins.iter().rfind(|bin| bin.1 > 0.0).map_or(0, |bin| bin.0)
    }

    /// The probability that a length of this law and one of `other` do not fit together, where nothing
    /// that is longer fits if the shorter does not. It asks once for each bin of the two at most.
    pub fn share_beyond(&self, other: &Self, fits: impl Fn(u32, u32) -> bool) -> f64 {
        // The longer ours is, the fewer of the others fit: those that left never come back.
        let (mut fitting, mut left, mut beyond) = (other.bins.as_slice(), 0.0, 0.0);
        for &(ours, weight) in &self.bins {
            while let [shorter @ .., (longest, its_weight)] = fitting
                && !fits(ours, *longest)
            {
                left += its_weight;
                fitting = shorter;
            }
            beyond += weight * left;
        }
        beyond / (self.weight() * other.weight())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_that_are_never_seen_count_for_nothing() {
        // The mean of the first n numbers is (n + 1) / 2.
        let even = (1..=99).map(|tokens| (tokens, 0.25)).chain([(5000, 0.0)]).collect();
        let even = Histogram::new(even);
        assert!((even.mean() - 50.0).abs() < 1e-12, "{}", even.mean());
        assert_eq!(even.most(), 99);
    }

    fn counted() -> impl Strategy<Value = Histogram> {
        let bins = prop::collection::btree_map(1_u32..300, 0_u32..4, 1..30);
        bins.prop_filter_map("nothing was seen", |bins| {
            let is_seen = bins.values().any(|&count| count > 0);
            let bins = bins.into_iter().map(|(tokens, count)| (tokens, f64::from(count)));
            is_seen.then(|| Histogram::new(bins.collect()))
        })
    }

    proptest! {
        /// Every pair of lengths, one by one, against one walk over both laws.
        #[test]
        fn the_share_beyond_is_that_of_all_pairs(a in counted(), b in counted(), most in 0_u32..600) {
            let mut beyond = 0.0;
            for (ours, weight) in a.bins() {
                for (others, its_weight) in b.bins() {
                    beyond += if ours + others > most { weight * its_weight } else { 0.0 };
                }
            }
            let asked = Cell::new(0);
            let fits = |ours, others| {
                asked.set(asked.get() + 1);
                ours + others <= most
            };
            let share = a.share_beyond(&b, fits);
            prop_assert!((share - beyond / (a.weight() * b.weight())).abs() < 1e-12, "{share}");
            prop_assert!(asked.get() <= a.bins().len() + b.bins().len(), "asked {} times", asked.get());
        }
    }
}
