//! Intervals and tests on small samples.

use super::*;

const A: [f64; 10] = [97.13, 96.85, 97.42, 96.20, 97.90, 96.71, 97.05, 96.38, 97.66, 96.94];
const B: [f64; 10] = [97.51, 97.02, 97.80, 96.95, 98.11, 97.30, 97.21, 96.99, 98.09, 97.18];
const C: [f64; 7] = [96.90, 97.31, 97.02, 97.88, 96.45, 97.40, 97.15];

fn pairs(a: &[f64], b: &[f64]) -> Vec<(f64, f64)> {
    a.iter().copied().zip(b.iter().copied()).collect()
}

#[test]
fn quantiles_of_student_t_are_scipys() {
    let expected = [
        (1.0, 12.7062047362),
        (2.0, 4.3026527297),
        (4.0, 2.7764451052),
        (9.0, 2.2621571628),
        (29.0, 2.0452296421),
        (99.0, 1.9842169516),
        (299.0, 1.9679296691),
    ];
    for (degrees, quantile) in expected {
        close(student_t(0.975, degrees), quantile, 10);
    }
}

#[test]
fn means_and_paired_differences_are_scipys() {
    let a = Mean::of(&A).unwrap();
    close(a.mean, 97.024, 10);
    close(a.sd, 0.5343989355, 10);
    close(a.half_width(LEVEL).unwrap(), 0.3822859690, 10);

    let difference = paired(&pairs(&A, &B)).unwrap();
    close(difference.difference.mean, 0.392, 10);
    close(difference.difference.sd, 0.2043852571, 10);
    close(difference.half_width.unwrap(), 0.1462084052, 10);
    // `ttest_rel` of scipy 1.17.1; a table in circulation has 1.8701872e-4, two digits swapped.
    close(difference.p, 1.870_172_526e-4, 12);
    close(difference.crn_factor.unwrap(), 11.5157995531, 10);
    assert!(!difference.equal);

    let (difference, interval, p) = welch(&A, &C, LEVEL).unwrap();
    close(difference, 0.1345714286, 10);
    close(interval.lower, -0.3755863145, 10);
    close(interval.upper, 0.6447291716, 10);
    close(p, 0.5812809827, 10);
}

#[test]
fn rounding_is_equal_and_has_no_factor() {
    let a = [99.98, 100.0, 99.91, 100.0];
    let b = a.map(|x: f64| x * (1.0 + 3e-16) + 1e-14);
    let difference = paired(&pairs(&a, &b)).unwrap();
    assert!(difference.equal);
    assert_eq!((difference.p, difference.crn_factor, difference.needed()), (1.0, None, None));
    // One pair that differs by more is a difference again.
    let mut other = b;
    other[2] += 1e-5;
    assert!(!paired(&pairs(&a, &other)).unwrap().equal);
    assert!(paired(&[]).is_none());
}

#[test]
fn a_constant_difference_is_certain() {
    let difference = paired(&[(1.0, 2.0), (4.0, 5.0), (2.5, 3.5)]).unwrap();
    assert_eq!((difference.p, difference.crn_factor), (0.0, None));
    assert_eq!(difference.half_width, Some(0.0));
}

#[test]
fn holm_is_statsmodels() {
    let adjusted = holm(&[0.0112, 0.0401, 0.0004, 0.0299, 0.26]);
    for (ours, expected) in adjusted.into_iter().zip([0.0448, 0.0897, 0.0020, 0.0897, 0.26]) {
        close(ours, expected, 10);
    }
    let columns: [Vec<f64>; 3] = [
        A.iter().zip(B).map(|(a, b)| b - a).collect(),
        A.iter()
            .zip(B)
            .zip(0..)
            .map(|((a, b), i)| b - a - 0.35 + 0.4 * f64::from(i).sin())
            .collect(),
        (0..10).map(|i| 0.02 * f64::from(i).cos()).collect(),
    ];
    let compared = columns.map(|column| {
        let pairs: Vec<(f64, f64)> = column.into_iter().map(|d| (0.0, d)).collect();
        paired(&pairs).unwrap()
    });
    let means = [0.3920000000, 0.1202083793, 0.0008432476];
    let halves = [0.1462084052, 0.2448766906, 0.0109550621];
    for ((ours, mean), half) in compared.iter().zip(means).zip(halves) {
        close(ours.difference.mean, mean, 10);
        close(ours.half_width.unwrap(), half, 10);
    }
    let adjusted = holm(&compared.map(|comparison| comparison.p));
    close(adjusted[0], 0.000561051758, 12);
    close(adjusted[1], 0.591158566, 9);
    close(adjusted[2], 0.865620423, 9);
    // Bonferroni and Sidak quantiles, for who compares by hand.
    close(student_t(1.0 - 0.05 / 4.0, 29.0), 2.3638460732, 10);
    close(student_t(1.0 - 0.05 / 8.0, 9.0), 3.1109348232, 10);
    close(student_t((1.0 + 0.95f64.sqrt()) / 2.0, 29.0), 2.3581828248, 10);
}

#[test]
fn ranks_are_scipys_quantile_test() {
    let expected = [
        (10, [(Some(2), Some(9)), (Some(7), None), (Some(8), None), (Some(9), None)]),
        (30, [(Some(10), Some(21)), (Some(23), None), (Some(26), None), (Some(28), None)]),
        (
            100,
            [(Some(40), Some(61)), (Some(84), Some(96)), (Some(90), Some(100)), (Some(97), None)],
        ),
        (
            300,
            [
                (Some(133), Some(168)),
                (Some(259), Some(281)),
                (Some(277), Some(293)),
                (Some(293), None),
            ],
        ),
        (
            1000,
            [
                (Some(469), Some(532)),
                (Some(881), Some(919)),
                (Some(936), Some(964)),
                (Some(983), Some(997)),
            ],
        ),
    ];
    for (n, row) in expected {
        for (p, (lower, upper)) in [0.5, 0.9, 0.95, 0.99].into_iter().zip(row) {
            let ranks = quantile_ranks(n, p, LEVEL);
            assert_eq!((ranks.lower, ranks.upper), (lower, upper), "n {n}, p {p}");
            assert!(ranks.coverage >= LEVEL);
        }
    }
    close(quantile_ranks(10, 0.5, LEVEL).coverage, 0.97851562, 8);
    close(quantile_ranks(30, 0.9, LEVEL).coverage, 0.99221638, 8);
    close(quantile_ranks(100, 0.95, LEVEL).coverage, 0.98260706, 8);
    close(quantile_ranks(1000, 0.99, LEVEL).coverage, 0.97609476, 8);
    assert_eq!(quantile_ranks(3, 0.5, LEVEL).lower, None);
    let smallest = [0.5, 0.9, 0.95, 0.99, 0.999].map(|p| smallest_sample(p, LEVEL));
    assert_eq!(smallest, [6, 36, 72, 368, 3688]);
}

#[test]
fn proportions_are_clopper_and_pearsons() {
    let expected = [
        (0, 30, 0.0, 0.1157033082),
        (1, 30, 0.0008435709, 0.1721694556),
        (29, 30, 0.8278305444, 0.9991564291),
        (30, 30, 0.8842966918, 1.0),
        (3, 120, 0.0051855750, 0.0713231942),
        (0, 300, 0.0, 0.0122209747),
        (15, 30, 0.3129702859, 0.6870297141),
    ];
    for (hits, trials, lower, upper) in expected {
        let interval = proportion(hits, trials, 0.025);
        close(interval.lower, lower, 10);
        close(interval.upper, upper, 10);
    }
    close(proportion(30, 30, 0.05).lower, 0.9049661471, 10);
    close(proportion(29, 30, 0.05).lower, 0.8514039313, 10);
    close(proportion(0, 30, 0.05).upper, 0.0950338529, 10);
    close(proportion(0, 300, 0.05).upper, 0.0099360819, 10);
}

#[test]
fn rates_are_exact_poisson() {
    let expected = [
        (0, 0.0, 0.4918505939),
        (1, 0.0033757077, 0.7428857855),
        (2, 0.0322945705, 0.9632916890),
        (3, 0.0824896164, 1.1689697426),
        (10, 0.6393851595, 2.4520474723),
        (15, 1.1193848177, 3.2986958495),
    ];
    for (events, lower, upper) in expected {
        let interval = poisson_rate(events, 7.5, 0.025);
        close(interval.lower, lower, 10);
        close(interval.upper, upper, 10);
    }
    close(poisson_rate(0, 7.5, 0.05).upper, 0.3994309698, 10);
    let (interval, p) = rate_ratio(9, 2, 0.025);
    close(interval.lower, 0.9314122582, 10);
    close(interval.upper, 42.7997159353, 9);
    close(p, 0.0654296875, 10);
}

#[test]
fn a_few_outages_are_fay_and_feuers() {
    let mut tally = OutageTally::default();
    for hours in [0.8, 2.6, 0.3, 1.9] {
        tally.add(hours);
    }
    let (share, interval) = unavailability(&tally, 64_800.0, 1.3, 0.025).unwrap();
    close(share, 8.641975309e-5, 14);
    close(interval.lower, 1.66638281e-5, 13);
    close(interval.upper, 2.82733241e-4, 12);
    assert!(unavailability(&OutageTally::default(), 64_800.0, 1.3, 0.025).is_none());
    let mut halves = OutageTally::default();
    for hours in [[0.8, 2.6], [0.3, 1.9]] {
        let mut half = OutageTally::default();
        for hours in hours {
            half.add(hours);
        }
        halves.merge(&half);
    }
    assert_eq!(halves.count, tally.count);
    close(halves.sum, tally.sum, 12);
}

#[test]
fn needed_replications() {
    let cases = [(2.0, 1.0, 18, 34), (0.53, 0.05, 435, 884), (10.0, 1.0, 387, 787)];
    for (sd, d, for_half_width, for_power) in cases {
        assert_eq!(needed_for_half_width(sd, d, LEVEL), for_half_width);
        let comparison = Comparison {
            difference: Mean { n: 30, mean: d, sd },
            half_width: None,
            p: 0.5,
            equal: false,
            crn_factor: None,
        };
        assert_eq!(comparison.needed(), Some(f64::from(for_power)));
    }
}

#[test]
fn batches_and_warm_up() {
    let series: Vec<f64> = (0..100u32)
        .map(|t| 10.0 + 3.0 * (0.7 * f64::from(t)).sin() + f64::from((37 * t) % 11) / 11.0)
        .collect();
    let batches = batch_means(&series, 10).unwrap();
    close(batches.mean.mean, 10.4534595373, 10);
    close(batches.mean.sd, 0.2110563599, 10);
    close(batches.mean.half_width(LEVEL).unwrap(), 0.1509806246, 10);
    assert!((0.70705..0.70715).contains(&batches.lag_1), "{}", batches.lag_1);
    assert!(!batches.is_uncorrelated());

    let wave = |t: u32| {
        let t_f = f64::from(t);
        20.0 - 12.0 * (-t_f / 15.0).exp()
            + 2.0 * (1.3 * t_f).sin()
            + f64::from((29 * t) % 13) / 13.0
    };
    let series: Vec<f64> = (0..200).map(wave).collect();
    let truncation = mser5(&series).unwrap();
    assert_eq!(truncation.observations, 55);
    close(truncation.statistic, 0.00026006589, 11);
    let left = &series[truncation.observations..];
    close(left.iter().sum::<f64>() / left.len() as f64, 20.4335639541, 10);
    // A series that only climbs has no steady state.
    let climb: Vec<f64> = (0..200).map(f64::from).collect();
    assert_eq!(mser5(&climb), None);
}

#[test]
fn stopping_waits_for_rare_outcomes() {
    assert_eq!([1, 31, 46, 69].map(|n| checkpoint_after(n, 30)), [30, 45, 68, 102]);
    let never = [0.0; 30];
    assert!(!is_precise(&never, Precision::Relative(0.01), LEVEL));
    let mut rare = vec![0.0; 1000];
    rare[..9].fill(1.0);
    assert!(!is_precise(&rare, Precision::Absolute(1.0), LEVEL));
    rare[9] = 1.0;
    assert!(is_precise(&rare, Precision::Absolute(1.0), LEVEL));
    assert!(is_precise(&A, Precision::Absolute(0.3823), LEVEL));
    assert!(!is_precise(&A, Precision::Absolute(0.3822), LEVEL));
}
