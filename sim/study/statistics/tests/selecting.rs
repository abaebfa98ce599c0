//! Selection, search and sensitivity on streams that are fixed by formula.

use statrs::distribution::{ContinuousCDF, Normal};

use super::*;
use crate::kernel::Streams;

fn splitmix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn uniform(salt: u64, i: u64, r: u64) -> f64 {
    let word = splitmix(splitmix((salt << 48) + (i << 32) + r)) >> 11;
    (word as f64 + 0.5) / 2f64.powi(53)
}

fn normal(p: f64) -> f64 {
    Normal::new(0.0, 1.0).unwrap().inverse_cdf(p)
}

/// A problem: means, standard deviations, share of the luck that is common.
struct Problem {
    mean: Vec<f64>,
    sd: Vec<f64>,
    common: f64,
}

impl Problem {
    fn draw(&self, i: usize, r: usize) -> f64 {
        let mut z = normal(uniform(1, i as u64, r as u64));
        if self.common > 0.0 {
            let shared = normal(uniform(1, 9999, r as u64));
            z = (1.0 - self.common).sqrt() * z + self.common.sqrt() * shared;
        }
        self.mean[i] + self.sd[i] * z
    }

    fn select(&self, procedure: Screening, difference: f64) -> (usize, Vec<usize>) {
        const FIRST: usize = 10;
        let k = self.mean.len();
        let mut samples: Vec<Vec<f64>> =
            (0..k).map(|i| (0..FIRST).map(|r| self.draw(i, r)).collect()).collect();
        let mut left: Vec<usize> = (0..k).collect();
        loop {
            let common = self.common > 0.0;
            left = survivors(procedure, &samples, &left, FIRST, difference, 0.05, common);
            if let [best] = left[..] {
                return (best, samples.iter().map(Vec::len).collect());
            }
            for &i in &left {
                let r = samples[i].len();
                samples[i].push(self.draw(i, r));
            }
        }
    }

    /// The smallest of the negated means, on the same luck.
    fn allocate(mut self) -> Vec<usize> {
        self.mean.iter_mut().for_each(|mean| *mean = -*mean);
        let k = self.mean.len();
        let mut samples: Vec<Vec<f64>> =
            (0..k).map(|i| (0..10).map(|r| self.draw(i, r)).collect()).collect();
        while samples.iter().map(Vec::len).sum::<usize>() < 10 * k + 200 {
            for (i, target) in budget_allocation(&samples, 10).into_iter().enumerate() {
                for r in samples[i].len()..target {
                    samples[i].push(self.draw(i, r));
                }
            }
        }
        samples.iter().map(Vec::len).collect()
    }
}

fn slippage() -> Problem {
    Problem { mean: vec![0.0, 0.0, 0.0, 0.0, 1.0], sd: vec![1.0; 5], common: 0.0 }
}

fn rising(common: f64) -> Problem {
    Problem {
        mean: (0..10).map(|i| 0.5 * f64::from(i)).collect(),
        sd: (0..10).map(|i| 1.0 + 0.1 * f64::from(i)).collect(),
        common,
    }
}

fn mixed(common: f64) -> Problem {
    Problem {
        mean: vec![2.1, 3.0, 1.4, 3.6, 2.8, 0.5],
        sd: vec![1.0, 2.0, 1.5, 1.0, 2.0, 3.0],
        common,
    }
}

#[test]
fn the_stream_is_the_stated_one() {
    for (r, expected) in (0..).zip([0.652448486374, 0.368189515652, 0.392216462424]) {
        close(uniform(0, 0, r), expected, 12);
    }
    close(normal(uniform(0, 0, 0)), 0.3919393500, 9);
    close(normal(uniform(0, 0, 1)), -0.3366522922, 9);
}

#[test]
fn screening_takes_the_replications_of_the_papers() {
    use Screening::{Kn, KnPlusPlus};
    let slip = [10, 15, 11, 10, 15].to_vec();
    assert_eq!(slippage().select(Kn, 1.0), (4, slip.clone()));
    assert_eq!(slippage().select(KnPlusPlus, 1.0), (4, slip));
    let rows = [
        (rising(0.0), Kn, 0.5, 9, vec![10, 14, 10, 12, 20, 23, 54, 56, 126, 126]),
        (rising(0.0), KnPlusPlus, 0.5, 9, vec![10, 13, 10, 11, 14, 19, 44, 63, 103, 103]),
        (rising(0.8), Kn, 0.5, 9, vec![10, 10, 10, 10, 10, 10, 13, 10, 27, 27]),
        (rising(0.8), KnPlusPlus, 0.5, 9, vec![10, 10, 10, 10, 10, 10, 12, 10, 18, 18]),
        (mixed(0.0), Kn, 0.6, 3, vec![10, 85, 16, 85, 38, 19]),
        (mixed(0.0), KnPlusPlus, 0.6, 3, vec![10, 37, 13, 37, 22, 13]),
        (mixed(0.8), Kn, 0.6, 3, vec![10, 19, 10, 26, 26, 10]),
        (mixed(0.8), KnPlusPlus, 0.6, 3, vec![10, 18, 10, 18, 15, 10]),
    ];
    for (problem, procedure, difference, best, counts) in rows {
        assert_eq!(problem.select(procedure, difference), (best, counts), "{procedure:?}");
    }
}

#[test]
fn a_budget_goes_where_the_doubt_is() {
    assert_eq!(slippage().allocate(), [42, 53, 43, 31, 81]);
    assert_eq!(rising(0.0).allocate(), [10, 10, 10, 10, 10, 10, 10, 37, 83, 110]);
    assert_eq!(mixed(0.0).allocate(), [10, 126, 10, 63, 41, 10]);
}

#[test]
fn a_search_decides_as_by_hand() {
    let grid: Vec<u32> = (400..=640).step_by(24).collect();
    let share = |n: u32| {
        let law = Normal::new(0.0, 1.0).unwrap();
        law.cdf((72.0 - 0.12 * f64::from(n)) / 6.0)
    };
    let probe = Probe::new(0.9, 0.05, grid.len(), 32, 4096);
    close(probe.tail, 0.00078125, 10);
    let mut search = Search::new(grid.len());
    let mut seen = Vec::new();
    while let Some(index) = search.next() {
        let p = share(grid[index]);
        // Successes of a look of `n`: what brings the running total to floor(n p).
        let mut trials = probe.at_least;
        let answer = loop {
            let successes = (trials as f64 * p).floor() as u64;
            if let Some(answer) = probe.judge(successes, trials) {
                seen.push((grid[index], answer, trials, successes));
                break answer;
            }
            trials *= 2;
        };
        search.learn(index, answer);
    }
    let expected = [
        (520, Answer::Holds, 512, 483),
        (592, Answer::Fails, 32, 18),
        (544, Answer::Fails, 1024, 889),
    ];
    assert_eq!(seen, expected);
    assert_eq!(search.answer(), Some((Some(5), Some(6))));
}

#[test]
fn a_search_without_a_border_says_so() {
    for (answer, expected) in [
        (Answer::Holds, (Some(6), None)),
        (Answer::Fails, (None, Some(0))),
        (Answer::Undecided, (None, None)),
    ] {
        let mut search = Search::new(7);
        while let Some(index) = search.next() {
            search.learn(index, answer);
        }
        assert_eq!(search.answer(), Some(expected));
        assert!(search.trials().len() <= 6);
    }
}

#[test]
fn elementary_effects_are_salibs() {
    let outcome = |x: &[f64]| 2.0 * x[0] - 3.0 * x[1] + 4.0 * x[0] * x[1];
    let (a, b) = (1.0 / 3.0, 2.0 / 3.0);
    let trajectories: Vec<Vec<(Vec<f64>, f64)>> = [
        [[0.0, a, 0.0], [b, a, 0.0], [b, 1.0, 0.0], [b, 1.0, b]],
        [[a, 0.0, 1.0], [a, b, 1.0], [1.0, b, 1.0], [1.0, b, a]],
        [[1.0, 1.0, a], [1.0, 1.0, 1.0], [a, 1.0, 1.0], [a, a, 1.0]],
        [[0.0, 0.0, 0.0], [0.0, 0.0, b], [0.0, b, b], [b, b, b]],
    ]
    .map(|points| points.map(|x| (x.to_vec(), outcome(&x))).to_vec())
    .to_vec();
    let effects = elementary_effects(&trajectories);
    let expected = [
        (4.6666667, 4.6666667, 1.0886621079),
        (-1.6666667, 1.6666667, 1.0886621079),
        (0.0, 0.0, 0.0),
    ];
    for (ours, (mean, mean_absolute, sd)) in effects.into_iter().zip(expected) {
        let ours = ours.unwrap();
        close(ours.mean, mean, 7);
        close(ours.mean_absolute, mean_absolute, 7);
        close(ours.sd, sd, 9);
    }
}

#[test]
fn the_sobol_sequence_is_joe_and_kuos() {
    let expected = [
        [0.0; 6],
        [0.5; 6],
        [0.75, 0.25, 0.25, 0.25, 0.75, 0.75],
        [0.25, 0.75, 0.75, 0.75, 0.25, 0.25],
        [0.375, 0.375, 0.625, 0.875, 0.375, 0.125],
    ];
    assert_eq!(sobol_points(6, 5), expected);
    assert_eq!(sobol_points(SOBOL_DIMENSIONS, 3)[2].len(), SOBOL_DIMENSIONS);
}

/// Rows of A, of B, and of A with one column of B, at which `outcome` is evaluated.
fn saltelli(d: usize, n: usize, outcome: impl Fn(&[f64]) -> f64) -> Vec<Indices> {
    let rows = sobol_points(2 * d, n);
    let a: Vec<f64> = rows.iter().map(|row| outcome(&row[..d])).collect();
    let b: Vec<f64> = rows.iter().map(|row| outcome(&row[d..])).collect();
    let mixed = |i: usize, row: &Vec<f64>| {
        let mut point = row[..d].to_vec();
        point[i] = row[d + i];
        outcome(&point)
    };
    let ab: Vec<Vec<f64>> =
        (0..d).map(|i| rows.iter().map(|row| mixed(i, row)).collect()).collect();
    sobol_indices(&a, &b, &ab).unwrap()
}

#[test]
fn variance_shares_are_those_of_ishigami() {
    use std::f64::consts::PI;
    let outcome = |u: &[f64]| {
        let x: Vec<f64> = u.iter().map(|u| -PI + 2.0 * PI * u).collect();
        x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
    };
    let first = [0.3141067709, 0.4424727521, -0.0000663418];
    let total = [0.5574345763, 0.4424541535, 0.2432931219];
    for ((ours, first), total) in saltelli(3, 4096, outcome).into_iter().zip(first).zip(total) {
        close(ours.first, first, 10);
        close(ours.total, total, 10);
    }
    let first = [0.3327393784, 0.4413139385, 0.0183999090];
    let total = [0.5581790457, 0.4432845840, 0.2421493734];
    for ((ours, first), total) in saltelli(3, 1024, outcome).into_iter().zip(first).zip(total) {
        close(ours.first, first, 10);
        close(ours.total, total, 10);
    }
}

#[test]
fn variance_shares_are_those_of_the_g_function() {
    let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0];
    let outcome =
        |x: &[f64]| x.iter().zip(a).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product();
    let indices = saltelli(8, 4096, outcome);
    let first = [0.71469938, 0.17761196, 0.02282560, 0.00733541];
    let total = [0.78607251, 0.24056985, 0.03415722, 0.01045725];
    for ((ours, first), total) in indices.into_iter().zip(first).zip(total) {
        close(ours.first, first, 8);
        close(ours.total, total, 8);
    }
}

#[test]
fn a_latin_hypercube_has_one_point_in_each_stratum() {
    let mut word = 7;
    let rows = latin_hypercube(3, 20, || {
        word = splitmix(word);
        (word >> 11) as f64 / 2f64.powi(53)
    });
    for dimension in 0..3 {
        let mut strata: Vec<usize> =
            rows.iter().map(|row| (20.0 * row[dimension]) as usize).collect();
        strata.sort_unstable();
        assert_eq!(strata, (0..20).collect::<Vec<_>>());
    }
}

/// y = 2 x1 + x2 has shares 0.8 and 0.2 of its variance, alone and in total. Intervals of 400 rows
/// hold them, and shrink with the root of the rows.
#[test]
fn intervals_of_shares_hold_them() {
    let intervals = |rows: usize| {
        let points = sobol_points(4, rows);
        let y = |x1: f64, x2: f64| 2.0 * x1 + x2;
        let a: Vec<f64> = points.iter().map(|p| y(p[0], p[1])).collect();
        let b: Vec<f64> = points.iter().map(|p| y(p[2], p[3])).collect();
        let ab = [
            points.iter().map(|p| y(p[2], p[1])).collect(),
            points.iter().map(|p| y(p[0], p[3])).collect(),
        ];
        let mut stream = Streams::new(1, 0).stream("test", "");
        sobol_intervals(&a, &b, &ab, (LEVEL, 1000), || stream.uniform()).unwrap()
    };
    let (few, many) = (intervals(400), intervals(1600));
    for (parameter, share) in [0.8, 0.2].into_iter().enumerate() {
        let ((first, total), (narrow, _)) = (few[parameter], many[parameter]);
        assert!(first.contains(share) && total.contains(share), "{first:?} {total:?}");
        let ratio = first.half_width() / narrow.half_width();
        assert!((1.6..2.5).contains(&ratio), "{ratio}");
    }
    assert_eq!(sobol_intervals(&[1.0; 4], &[1.0; 4], &[vec![1.0; 4]], (LEVEL, 10), || 0.0), None);
}
