//! The three methods against closed forms and enumerations made elsewhere (`power-sequences` targets
//! P10, P12, R1, R2, R4; `power-and-mining` T8, T9, T11, T29), and against each other.

mod biased;
mod exact;
mod simulated;
mod standby;

use std::sync::Arc;

use super::{Structure, Unit, YEAR_H};
use crate::kernel::FailureLaw;

/// The share that is not served, by who is up.
type Unserved = dyn Fn(&[bool]) -> f64 + Send + Sync;

/// A structure of one subject, written down as a function of who is up.
#[derive(Clone)]
pub(super) struct Written {
    units: Vec<Unit>,
    unserved: Arc<Unserved>,
}

impl Written {
    /// Units by failures a year and mean hours to repair.
    pub(super) fn new(
        units: &[(&str, f64, f64)],
        unserved: impl Fn(&[bool]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let unit = |&(name, per_year, repair_h): &(&str, f64, f64)| {
            let law = FailureLaw::exponential(per_year / YEAR_H / 3600.0, repair_h * 3600.0);
            Unit::of(name, law)
        };
        Self { units: units.iter().map(unit).collect(), unserved: Arc::new(unserved) }
    }

    /// `n` alike units.
    pub(super) fn alike(
        n: usize,
        per_year: f64,
        repair_h: f64,
        unserved: impl Fn(&[bool]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let names: Vec<String> = (0..n).map(|i| format!("unit-{i}")).collect();
        let units: Vec<_> = names.iter().map(|n| (n.as_str(), per_year, repair_h)).collect();
        Self::new(&units, unserved)
    }

    /// `n` alike units of which `k` are needed.
    pub(super) fn k_of_n(k: usize, n: usize, per_year: f64, repair_h: f64) -> Self {
        Self::alike(n, per_year, repair_h, move |up| {
            f64::from(up.iter().filter(|up| **up).count() < k)
        })
    }
}

impl Structure for Written {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        1
    }

    fn unserved(&mut self, down: &[u32], unserved: &mut [f64]) {
        let up: Vec<bool> = (0..self.units.len() as u32).map(|u| !down.contains(&u)).collect();
        unserved[0] = (self.unserved)(&up);
    }
}

/// P12: a rack on two PDUs, boards 1 and 2 with a tie that closes when one side has no source.
pub(super) fn site_of_eleven() -> Written {
    let units = [
        ("U1", 1.956, 1.32),
        ("U2", 1.956, 1.32),
        ("T1", 0.01, 200.0),
        ("T2", 0.01, 200.0),
        ("B1", 0.0017, 2.4),
        ("B2", 0.0017, 2.4),
        ("TIE", 0.00553, 2.0),
        ("UPSA", 0.03504, 8.0),
        ("UPSB", 0.03504, 8.0),
        ("PDUA", 0.005, 6.0),
        ("PDUB", 0.005, 6.0),
    ];
    Written::new(&units, |up| {
        let [u1, u2, t1, t2, b1, b2, tie, upsa, upsb, pdua, pdub] = up.try_into().unwrap();
        let (s1, s2) = (u1 && t1, u2 && t2);
        let first = b1 && (s1 || (tie && b2 && s2));
        let second = b2 && (s2 || (tie && b1 && s1));
        f64::from(!(first && upsa && pdua || second && upsb && pdub))
    })
}

/// R4: two chains of four unequal components each.
pub(super) fn two_chains() -> Written {
    let chain = [("T", 0.01, 200.0), ("B", 0.0017, 2.4), ("U", 0.03504, 8.0), ("P", 0.005, 6.0)];
    let names: Vec<String> = ["a", "b"]
        .iter()
        .flat_map(|s| chain.iter().map(move |(n, ..)| format!("{n}{s}")))
        .collect();
    let units: Vec<_> =
        names.iter().zip(chain.iter().cycle()).map(|(n, c)| (n.as_str(), c.1, c.2)).collect();
    Written::new(&units, |up| f64::from(!up[..4].iter().all(|u| *u) && !up[4..].iter().all(|u| *u)))
}

/// P10b: 4N/3, six groups of a sixth of the load on the pairs of four blocks of a third; fair
/// sharing, cut to the rating.
pub(super) fn four_to_make_three() -> Written {
    Written::alike(4, YEAR_H / 250_000.0, 8.0, |up| {
        let (mut unserved, mut on) = (0.0, [0.0; 4]);
        for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let live: Vec<usize> = [a, b].into_iter().filter(|&block| up[block]).collect();
            match live.len() {
                0 => unserved += 1.0 / 6.0,
                n => live.iter().for_each(|&block| on[block] += 1.0 / 6.0 / n as f64),
            }
        }
        let over = |load: &f64| (load - 1.0 / 3.0 - 1e-12).max(0.0);
        unserved + on.iter().map(over).sum::<f64>()
    })
}

/// Asserts that `ours` is `target` to `tolerance`, relative.
#[track_caller]
pub(super) fn close(ours: f64, target: f64, tolerance: f64) {
    assert!((ours / target - 1.0).abs() < tolerance, "{ours:e} in place of {target:e}");
}
