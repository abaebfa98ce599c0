//! Who bears the luck of finding blocks: the pool, its members together, or the miner alone.

use super::income::Income;
use super::network::{BLOCK_S, HASHES_PER_DIFFICULTY};
use super::spec::{Luck, PoolDesign};
use crate::kernel::{Span, Stream, Time};

/// Blocks that are found by chance, and what they pay.
///
/// A block comes at the rate of the whole pool, or of the miner's full fleet. That of a fleet in part is
/// thinned, which is exact because hashes do not remember the ones before.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    design: PoolDesign,
    luck: Stream,
    /// Hashes a second of the full fleet, and now.
    full_rate: f64,
    own: Hashes,
}

impl Pool {
    pub(super) fn new(design: PoolDesign, luck: Stream, full_rate: f64) -> Self {
        Self { design, luck, full_rate, own: Hashes::default() }
    }

    /// Whether hashes are paid as they are done.
    pub(super) fn pays_by_hash(&self) -> bool {
        self.design.luck == Luck::Pool
    }

    /// The fleet hashes at `rate` from `now` on.
    pub(super) fn set_rate(&mut self, now: Time, rate: f64) {
        if !self.pays_by_hash() {
            self.own.set(now, rate, self.window());
        }
    }

    /// When a block that may be paid is found next, while a hash earns `income`.
    pub(super) fn next_block(&mut self, now: Time, income: &Income) -> Option<Time> {
        let per_s = match self.design.luck {
            Luck::Pool => return None,
            Luck::Members { network_share, .. } => network_share / BLOCK_S,
            Luck::Miner => self.full_rate / block_hashes(income)?,
        };
        Some(now + Span::from_secs_f64(self.luck.exponential(1.0 / per_s)))
    }

    /// What the block that is found at `now` pays, $ and BTC, before the pool's fee.
    pub(super) fn payment(&mut self, now: Time, income: &Income) -> Option<(f64, f64)> {
        let network = income.network?;
        let share = match self.design.luck {
            Luck::Pool => return None,
            Luck::Miner => f64::from(self.luck.chance(self.own.rate / self.full_rate)),
            Luck::Members { network_share, .. } => {
                let window = self.window();
                let pool_rate =
                    network_share * network.difficulty * HASHES_PER_DIFFICULTY / BLOCK_S;
                self.own.within(now, window) / (pool_rate * window.as_secs_f64())
            }
        };
        let btc = share * (network.subsidy_btc + network.fees_btc);
        Some((btc * network.price_usd, btc))
    }

    /// How long the shares count for which a block is paid.
    fn window(&self) -> Span {
        match self.design.luck {
            Luck::Members { network_share, window } => {
                Span::from_secs_f64(window * BLOCK_S / network_share)
            }
            Luck::Pool | Luck::Miner => Span::ZERO,
        }
    }
}

/// Hashes that a block takes in the mean.
fn block_hashes(income: &Income) -> Option<f64> {
    Some(income.network?.difficulty * HASHES_PER_DIFFICULTY)
}

/// The hashes of a fleet up to each of the instants at which its rate changed lately.
///
/// Before the run it hashed at its first rate: a window that reaches back is full.
#[derive(Debug, Clone, Default)]
struct Hashes {
    rate: f64,
    changes: Vec<(Time, f64, f64)>,
}

impl Hashes {
    fn set(&mut self, now: Time, rate: f64, window: Span) {
        let sum = self.until(now);
        self.rate = rate;
        match self.changes.last_mut() {
            Some(last) if last.0 == now => last.2 = rate,
            _ => self.changes.push((now, sum, rate)),
        }
        // The last change before the window is still needed; dropped in bulk, so that each costs
        // constant time.
        if self.changes.len() >= 64 {
            let first = now.as_nanos().saturating_sub(window.as_nanos());
            let keep = self.changes.partition_point(|change| change.0.as_nanos() <= first);
            if 2 * keep > self.changes.len() {
                self.changes.drain(..keep - 1);
            }
        }
    }

    /// Hashes up to `at`, from some origin on.
    fn until(&self, at: Time) -> f64 {
        let index = self.changes.partition_point(|change| change.0 <= at);
        match index.checked_sub(1).map(|last| self.changes[last]) {
            Some((from, sum, rate)) => sum + rate * at.since(from).as_secs_f64(),
            None => 0.0,
        }
    }

    /// Hashes of the last `window`.
    fn within(&self, now: Time, window: Span) -> f64 {
        let before_s = window.as_secs_f64() - now.as_secs_f64();
        if before_s > 0.0 {
            let first = self.changes.first().map_or(0.0, |change| change.2);
            return self.until(now) + first * before_s;
        }
        let from = Time::from_nanos(now.as_nanos() - window.as_nanos());
        self.until(now) - self.until(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn a_window_holds_the_hashes_of_its_time() {
        let window = Span::from_secs(100);
        let mut own = Hashes::default();
        own.set(at(0), 2.0, window);
        assert_eq!(own.within(at(0), window), 200.0, "as before the run");
        own.set(at(50), 0.0, window);
        assert_eq!(own.within(at(80), window), 100.0 + 40.0);
        assert_eq!(own.within(at(150), window), 0.0);
        for second in 200..1000 {
            own.set(at(second), (second % 2) as f64, window);
        }
        assert!(own.changes.len() < 300, "{}", own.changes.len());
        assert_eq!(own.within(at(1000), window), 50.0);
    }
}
