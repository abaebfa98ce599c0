//! Iterations in arithmetic progression: how long the first of them last, and how many last so long.

use super::super::ticks::Ticks;

/// The iterations under way: `k` of them, from `Leap::now` on; none while idle.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Step {
    pub(in super::super) k: u64,
    pub(in super::super) first: Ticks,
    pub(in super::super) growth: Ticks,
    pub(in super::super) end: Ticks,
    /// A request that arrives may join the batch at the next boundary.
    pub(in super::super) open: bool,
    /// Prompt tokens in each iteration.
    pub(in super::super) tokens: u64,
    /// Those of them that belong to the partly prefilled prompt.
    pub(in super::super) part_tokens: u64,
    /// The decoding sequences get their tokens in each iteration.
    pub(in super::super) decodes: bool,
}

impl Step {
    /// Iterations of decodes alone that are still to be filled in.
    pub(in super::super) const DECODING: Step = Step {
        k: 0,
        first: 0,
        growth: 0,
        end: 0,
        open: false,
        tokens: 0,
        part_tokens: 0,
        decodes: true,
    };

    /// The first `done` iterations are over: how long they lasted.
    #[inline]
    pub(in super::super) fn pass(&mut self, done: u64) -> Ticks {
        let lasted = self.lasts(done);
        self.first += self.growth * done;
        self.k -= done;
        lasted
    }

    /// Ends at the first boundary at or after `at`, where that is sooner; whether it is. The iterations
    /// began at `now`.
    #[inline]
    pub(in super::super) fn cut(&mut self, now: Ticks, at: Ticks) -> bool {
        let k = self.fewest(at - now);
        let is_sooner = k < self.k;
        if is_sooner {
            self.k = k;
            self.end = now + self.lasts(k);
        }
        is_sooner
    }

    /// Duration of the first `k` iterations.
    #[inline]
    pub(in super::super) fn lasts(&self, k: u64) -> Ticks {
        k * self.first + self.growth * (k * k.wrapping_sub(1) / 2)
    }

    /// The fewest iterations that last at least `elapsed`.
    pub(in super::super) fn fewest(&self, elapsed: Ticks) -> u64 {
        if elapsed <= self.first {
            return 1;
        }
        if self.growth == 0 {
            return elapsed.div_ceil(self.first);
        }
        // The root of the quadratic without cancellation, then corrected in integers. Signed ones are
        // turned into floating numbers and back at a third of the price.
        let (x, growth) = (elapsed as i64 as f64, self.growth as i64 as f64);
        let slope = self.first as i64 as f64 - 0.5 * growth;
        let root = 2.0 * x / (slope + (slope * slope + 2.0 * growth * x).sqrt());
        let k = root.max(0.0) as i64 as u64 + 1;
        if self.lasts(k - 1) < elapsed && elapsed <= self.lasts(k) {
            k
        } else {
            self.fewest_near(k, elapsed)
        }
    }

    /// The same, which is about `k`.
    #[cold]
    fn fewest_near(&self, mut k: u64, elapsed: Ticks) -> u64 {
        while self.lasts(k) < elapsed {
            k += 1;
        }
        while k > 1 && self.lasts(k - 1) >= elapsed {
            k -= 1;
        }
        k
    }
}
