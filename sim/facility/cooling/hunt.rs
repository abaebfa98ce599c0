//! A plant that cannot make up its mind.

use crate::plant::cooling::HELD_K;

/// After so many turns more the loop is looked at after moves twice as wide.
const TURNS: u32 = 16;
/// How often that doubles.
const DOUBLINGS: u32 = 3;

/// How often the coolants of a loop out of balance have turned round.
///
/// Where machines share a supply that does not suffice, what pumps and fans take from each other may
/// have no state at rest: a hall cools while the loop's fans starve, so that they are called for, so
/// that the hall's own starve. Nothing here has a mass that would slow that down, and the air of a
/// hall goes there and back within a second, for hours. Its controls would not follow in reality. So
/// the moves after which a loop is looked at grow with the turns that it takes: a loop on its way to
/// anywhere takes none.
#[derive(Debug, Default)]
pub(super) struct Hunt {
    /// What each coolant moved by last, K.
    moved_k: Vec<f64>,
    turns: u32,
}

impl Hunt {
    /// The coolants went from one set of temperatures to another, with the loop out of balance.
    pub(super) fn moved(&mut self, from_c: &[f64], to_c: &[f64]) {
        self.moved_k.resize(from_c.len(), 0.0);
        let mut turned = false;
        for ((before_k, from_c), to_c) in self.moved_k.iter_mut().zip(from_c).zip(to_c) {
            let moved_k = to_c - from_c;
            if moved_k.abs() > HELD_K {
                turned |= moved_k * *before_k < 0.0;
                *before_k = moved_k;
            }
        }
        let most = TURNS * (DOUBLINGS + 1);
        self.turns = if turned { (self.turns + 1).min(most) } else { self.turns.saturating_sub(1) };
    }

    /// The loop is at rest.
    pub(super) fn ends(&mut self) {
        self.turns = 0;
        self.moved_k.clear();
    }

    /// How many times as wide moves are as those of a loop that is on its way.
    pub(super) fn widening(&self) -> f64 {
        f64::from(1u32 << (self.turns / TURNS).min(DOUBLINGS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_turns_widen() {
        let mut hunt = Hunt::default();
        for step in 0..200 {
            hunt.moved(&[f64::from(step), 20.0], &[f64::from(step + 1), 20.0]);
            assert_eq!(hunt.widening(), 1.0);
        }
        for step in 0..200 {
            let (low, high) = ([200.0, 20.0], [201.0, 20.0]);
            let (from, to) = if step % 2 == 0 { (high, low) } else { (low, high) };
            hunt.moved(&from, &to);
        }
        assert_eq!(hunt.widening(), 8.0);
        hunt.ends();
        assert_eq!(hunt.widening(), 1.0);
    }
}
