//! Failures by chance and after repairs in vain, of a fleet that has run for long.
//!
//! The times that a node is on between its failures are independent and of one law: with the share `p` of
//! repairs in vain the lesser of an exponential and a lognormal time `R`, else the exponential one. Where chance
//! strikes at the rate `c`, a relapse comes before it with the probability `L(c)`, the mean of `exp(-c R)`,
//! and the mean of those times is `(1 - p L) / c`.

use crate::kernel::Stream;
use crate::workload::training::spec::Relapse;

/// Half the width of the standard normal law over which means are taken, and the steps to a unit of it: the
/// sum of an analytic function over the whole line, exact to 12 digits.
const WIDTH: i32 = 8;
const STEPS: i32 = 16;

/// Halvings of a bracket that is at most 20 times as wide as its lower end.
const HALVINGS: usize = 60;

impl Relapse {
    /// The rate of failures by chance of a sound node at which nodes of two `kinds`, the share of each and
    /// its rate over that of a sound node, fail `rate_per_s` times in the mean, relapses included.
    pub(super) fn chance_per_s(&self, rate_per_s: f64, kinds: [(f64, f64); 2]) -> f64 {
        let all = |chance_per_s: f64| -> f64 {
            let of_kind = |(share, weight): (f64, f64)| {
                let own = weight * chance_per_s;
                share * own / (1.0 - self.share * self.before_chance(own))
            };
            kinds.map(of_kind).iter().sum()
        };
        let weight: f64 = kinds.map(|(share, weight)| share * weight).iter().sum();
        // No relapse comes before chance, or each does.
        let (mut high, mut low) = (rate_per_s / weight, rate_per_s / weight * (1.0 - self.share));
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if all(middle) < rate_per_s { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// The part of relapses that come before chance, which strikes at `chance_per_s`.
    fn before_chance(&self, chance_per_s: f64) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for step in -WIDTH * STEPS..=WIDTH * STEPS {
            let z = f64::from(step) / f64::from(STEPS);
            let weight = libm::exp(-0.5 * z * z);
            weights += weight;
            sum += weight * libm::exp(-chance_per_s * libm::exp(self.mu + self.sigma * z));
        }
        sum / weights
    }
}

/// What is pending of the relapses of nodes that are on, met at a random moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    relapse: Relapse,
    chance_per_s: f64,
    /// The part of nodes that will relapse unless chance strikes before.
    share: f64,
}

impl Pending {
    /// Of nodes that chance strikes at `chance_per_s`.
    pub(super) fn of(relapse: Relapse, chance_per_s: f64) -> Self {
        let before = relapse.before_chance(chance_per_s);
        let share = relapse.share * (1.0 - before) / (1.0 - relapse.share * before);
        Self { relapse, chance_per_s, share }
    }

    /// The time that one of them will be on before it relapses, s; infinite where none is pending.
    pub(super) fn draw_s(&self, stream: &mut Stream) -> f64 {
        if !stream.chance(self.share) {
            return f64::INFINITY;
        }
        let whole_s = self.met_s(stream);
        // Its age is that of a time that chance would have ended at a constant rate.
        let ended = libm::expm1(-self.chance_per_s * whole_s);
        let age_s = -libm::log1p(stream.uniform() * ended) / self.chance_per_s;
        (whole_s - age_s).max(0.0)
    }

    /// The whole time to a relapse that is met pending: one is met in proportion to the time until
    /// it or chance ends it, `(1 - exp(-c R)) / c`.
    ///
    /// That is at most `R` and at most `1 / c`. Whichever bound is the less in the mean is drawn from, and
    /// thinned.
    fn met_s(&self, stream: &mut Stream) -> f64 {
        let Relapse { mu, sigma, .. } = self.relapse;
        let mean_s = libm::exp(mu + 0.5 * sigma * sigma);
        let is_short = self.chance_per_s * mean_s < 1.0;
        loop {
            // A lognormal law weighted by its variate is one of a higher mean of the logarithm.
            let raised = if is_short { mu + sigma * sigma } else { mu };
            let time_s = stream.lognormal(raised, sigma);
            let hazard = self.chance_per_s * time_s;
            let ended = -libm::expm1(-hazard);
            if stream.chance(if is_short { ended / hazard } else { ended }) {
                return time_s;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Streams;

    const HOUR: f64 = 3600.0;

    fn relapse(share: f64, median_s: f64, sigma: f64) -> Relapse {
        Relapse { share, mu: libm::log(median_s), sigma }
    }

    /// After a constant time the part that chance does not overtake has a closed form.
    #[test]
    fn chance_leaves_the_rate_of_all_failures_as_it_is() {
        let (share, after_s, chance) = (0.4, 200.0 * HOUR, 1e-6);
        let all = |chance: f64| chance / (1.0 - share * libm::exp(-chance * after_s));
        let mixed = 0.9 * all(chance) + 0.1 * all(5.0 * chance);
        let found = relapse(share, after_s, 0.0).chance_per_s(mixed, [(0.9, 1.0), (0.1, 5.0)]);
        assert!((found / chance - 1.0).abs() < 1e-12, "{found}");
    }

    /// Nodes that are met late in a life of many failures have as much pending as those drawn.
    #[test]
    fn what_is_pending_is_what_a_long_run_has() {
        const NODES: usize = 20_000;
        for (median_s, sigma, chance) in [(12.0 * HOUR, 3.0, 3e-8), (720.0 * HOUR, 1.0, 1e-6)] {
            let relapse = relapse(0.4, median_s, sigma);
            let mut stream = Streams::new(7, 0).stream("test", "life");
            let mut left_after_life = |until_s: f64| {
                let mut now = 0.0;
                loop {
                    let after = if stream.chance(relapse.share) {
                        stream.lognormal(relapse.mu, relapse.sigma)
                    } else {
                        f64::INFINITY
                    };
                    let end = now + stream.exponential(1.0 / chance).min(after);
                    if end > until_s {
                        return now + after - until_s;
                    }
                    now = end;
                }
            };
            let lived: Vec<f64> = (0..NODES).map(|_| left_after_life(30.0 / chance)).collect();
            let pending = Pending::of(relapse, chance);
            let mut stream = Streams::new(7, 0).stream("test", "start");
            let drawn: Vec<f64> = (0..NODES).map(|_| pending.draw_s(&mut stream)).collect();
            for within in [0.1 * median_s, median_s, 10.0 * median_s, 1e300] {
                let part = |lefts: &[f64]| {
                    lefts.iter().filter(|&&left| left < within).count() as f64 / NODES as f64
                };
                let (lived, drawn) = (part(&lived), part(&drawn));
                let error = libm::sqrt(2.0 * lived * (1.0 - lived) / NODES as f64);
                assert!(lived > 0.0 && (drawn - lived).abs() < 4.0 * error, "{drawn}, {lived}");
            }
        }
    }
}
