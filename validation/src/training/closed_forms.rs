//! Closed forms that the model is held to, beside those of checkpoints in the model itself.

/// A long job that is stopped again and again, by an exponential clock that runs while it does.
/// All times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stops {
    /// Mean time on the clock from one stop to the next.
    pub(super) mean_s: f64,
    /// For how long it is stopped.
    pub(super) off_s: f64,
    /// Time to restart, in which it may be stopped again.
    pub(super) restart_s: f64,
}

/// Useful share of time of a job that writes a checkpoint in `write_s` before each stop:
/// `exp(-nu u) / nu / (1/nu + L + w)`, with `nu` the rate of stops.
pub(super) fn stopped_with_notice(stops: Stops, write_s: f64) -> f64 {
    let Stops { mean_s, off_s, restart_s } = stops;
    (-restart_s / mean_s).exp() * mean_s / (mean_s + off_s + write_s)
}

/// The same without notice, with checkpoints every `interval_s` that take no time:
/// `exp(-nu u) tau / (exp(nu tau) - 1) / (1/nu + L)`.
pub(super) fn stopped_without_notice(stops: Stops, interval_s: f64) -> f64 {
    let Stops { mean_s, off_s, restart_s } = stops;
    (-restart_s / mean_s).exp() * interval_s / (interval_s / mean_s).exp_m1() / (mean_s + off_s)
}

/// Erlang's loss formula: the share of time in which all of `servers` are taken at an offered
/// load of `load`. Whatever the law of service, it is the probability that a job with
/// `servers - 1` spares lacks a node, if nodes fail only while it runs, at `load` failures in a
/// mean time to repair.
pub(super) fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| {
        let offered = load * blocked;
        offered / (f64::from(n) + offered)
    })
}

/// The probability of at most `count` by Poisson's law of the given mean.
pub(super) fn poisson_at_most(count: u32, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut sum = term;
    for n in 1..=count {
        term *= mean / f64::from(n);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T15 and T17 by their formulas: how many spares 2,048 nodes need.
    #[test]
    fn spares_by_erlang_and_poisson() {
        let load = |per_day: f64, hours: f64| 2048.0 * per_day * hours / 24.0;
        assert!((erlang_b(5, load(3.79e-3, 12.0)) - 0.1884).abs() < 5e-5);
        assert!((erlang_b(9, load(3.79e-3, 12.0)) - 0.0114).abs() < 5e-5);
        for (per_day, hours, spares) in
            [(3.79e-3, 12.0, 11), (3.79e-3, 24.0, 17), (6.5e-3, 24.0, 25)]
        {
            let short = |spares: u32| erlang_b(spares + 1, load(per_day, hours));
            assert!(short(spares) <= 1e-3 && short(spares - 1) > 1e-3, "{spares} spares");
        }
        // ByteRobust: four standby machines are the 99th percentile of 1.28 down at once.
        assert!((poisson_at_most(4, 1.28) - 0.990).abs() < 5e-4);
    }
}
