//! A running hash of what happened: one number that freezes a whole trajectory.

use std::fmt;

use super::time::Time;

/// 128 bits that depend on every event of a run, its instant and its place in the order.
///
/// Two runs of the same scenario and seed must end with the same hash, on any machine and with
/// any number of threads; where a change of the code moves a golden hash, it changed a result.
/// A hash is no proof against an adversary, only against a mistake. About 3 ns a word.
///
/// ```
/// use loadbank::kernel::{Time, TraceHash};
///
/// let mut trace = TraceHash::new();
/// trace.record(Time::from_nanos(5), &[1, 42]);
/// trace.record_f64(0.5);
/// assert_eq!(trace.events(), 1);
/// assert_eq!(trace.to_string().len(), 32);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceHash {
    lanes: [u64; 2],
    events: u64,
}

/// Odd constants from the fractional parts of the golden ratio and of the square root of 3.
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];

impl TraceHash {
    /// The hash of a run in which nothing has happened.
    pub const fn new() -> Self {
        Self { lanes: FACTORS, events: 0 }
    }

    /// Adds an event: its instant, and the words that tell which it was and to whom it happened.
    pub fn record(&mut self, at: Time, event: &[u64]) {
        self.events += 1;
        self.absorb(at.as_nanos());
        // The length keeps [1] then [2, 3] apart from [1, 2] then [3].
        self.absorb(event.len() as u64);
        for &word in event {
            self.absorb(word);
        }
    }

    /// Adds a quantity by its bits. Positive and negative zero are the same quantity.
    ///
    /// # Panics
    ///
    /// When `value` is not a number, which no quantity of a run may be.
    pub fn record_f64(&mut self, value: f64) {
        assert!(!value.is_nan(), "a quantity of the trace is not a number");
        self.absorb((value + 0.0).to_bits());
    }

    /// Adds the trace of a part of the model that ran on its own.
    pub fn merge(&mut self, part: TraceHash) {
        self.events += part.events;
        self.absorb(part.lanes[0]);
        self.absorb(part.lanes[1]);
    }

    /// How many events were recorded.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The hash so far.
    pub fn finish(&self) -> u128 {
        let [high, low] = self.lanes.map(|lane| mix(lane ^ self.events));
        u128::from(high) << 64 | u128::from(low)
    }

    /// Each lane is a bijection of its state for a given word and of the word for a given state,
    /// so a single difference can never cancel itself.
    fn absorb(&mut self, word: u64) {
        for (lane, factor) in self.lanes.iter_mut().zip(FACTORS) {
            let mixed = (lane.rotate_left(23) ^ word).wrapping_mul(factor);
            *lane = mixed ^ mixed >> 32;
        }
    }
}

impl Default for TraceHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TraceHash {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.finish())
    }
}

/// A bijection that spreads every bit over the word.
const fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ z >> 32).wrapping_mul(FACTORS[0]);
    z = (z ^ z >> 29).wrapping_mul(FACTORS[1]);
    z ^ z >> 32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn hash(events: &[(u64, &[u64])]) -> u128 {
        let mut trace = TraceHash::new();
        for &(at, event) in events {
            trace.record(Time::from_nanos(at), event);
        }
        trace.finish()
    }

    #[test]
    fn order_instant_and_content_count() {
        let all = [
            hash(&[]),
            hash(&[(0, &[])]),
            hash(&[(0, &[]), (0, &[])]),
            hash(&[(0, &[0])]),
            hash(&[(1, &[2]), (3, &[4])]),
            hash(&[(3, &[4]), (1, &[2])]),
            hash(&[(1, &[2, 3]), (4, &[])]),
            hash(&[(1, &[2]), (3, &[5])]),
            hash(&[(1, &[2]), (4, &[4])]),
        ];
        assert_eq!(BTreeSet::from(all).len(), all.len());
        assert_eq!(all[4], hash(&[(1, &[2]), (3, &[4])]));
    }

    #[test]
    fn a_single_bit_moves_half_of_the_hash() {
        let mut moved = 0;
        for bit in 0..62 {
            let base = hash(&[(1 << 40, &[7, 9]), (1 << 41, &[8])]);
            let other = hash(&[(1 << 40 ^ 1 << bit, &[7, 9]), (1 << 41, &[8])]);
            moved += (base ^ other).count_ones();
        }
        // 62 x 128 fair coins: mean 3968, standard deviation 44.5. Five of them.
        assert!((3746..=4190).contains(&moved), "{moved} of {} bits", 62 * 128);
    }

    #[test]
    fn quantities_count_by_their_bits() {
        let of = |value: f64| {
            let mut trace = TraceHash::new();
            trace.record_f64(value);
            trace
        };
        assert_eq!(of(0.0), of(-0.0));
        assert_ne!(of(1.0), of(1.0_f64.next_up()));
    }

    #[test]
    fn parts_merge_in_order() {
        let part = |words: &[u64]| {
            let mut trace = TraceHash::new();
            trace.record(Time::ZERO, words);
            trace
        };
        let (a, b) = (part(&[1]), part(&[2]));
        let merged = |parts: [TraceHash; 2]| {
            let mut whole = TraceHash::new();
            for part in parts {
                whole.merge(part);
            }
            whole
        };
        assert_eq!(merged([a, b]).events(), 2);
        assert_eq!(merged([a, b]), merged([a, b]));
        assert_ne!(merged([a, b]), merged([b, a]));
    }

    #[test]
    #[should_panic(expected = "not a number")]
    fn a_nan_is_refused() {
        TraceHash::new().record_f64(f64::NAN);
    }
}
