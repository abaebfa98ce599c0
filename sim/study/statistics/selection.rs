//! The best of many designs with the fewest replications: screening and budget allocation.

use super::means::Mean;

/// Which fully sequential procedure screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screening {
    /// Kim and Nelson (2001): variances of the differences from the first stage only.
    Kn,
    /// Kim and Nelson (2006), KN++: variances from all replications so far. Needs the fewest.
    KnPlusPlus,
}

/// The designs among `contenders` that may still have the largest mean.
///
/// `samples[i]` holds the replications of design `i`, all contenders the same number `r`, and
/// more than one. `first_stage` is the number before the first screening, `difference` the
/// smallest difference worth finding, `error` the probability of a wrong choice (0.05).
/// With `common_streams` replication `k` of all designs shares its random streams; KN is valid
/// under both. Screen after every further replication of all survivors, until one is left.
pub fn survivors(
    procedure: Screening,
    samples: &[Vec<f64>],
    contenders: &[usize],
    first_stage: usize,
    difference: f64,
    error: f64,
    common_streams: bool,
) -> Vec<usize> {
    let Some(&first) = contenders.first() else { return Vec::new() };
    let (r, rivals) = (samples[first].len(), (samples.len() - 1) as f64);
    let (stage, beta) = match procedure {
        Screening::Kn => (first_stage, error / rivals),
        Screening::KnPlusPlus if common_streams => (r, error / rivals),
        Screening::KnPlusPlus => (r, 1.0 - (1.0 - error).powf(1.0 / rivals)),
    };
    let degrees = (stage - 1) as f64;
    let h2 = ((2.0 * beta).powf(-2.0 / degrees) - 1.0) * degrees;
    let mean = |i: usize| samples[i].iter().sum::<f64>() / r as f64;
    let slack = |i: usize, l: usize| {
        let pairs = samples[i][..stage].iter().zip(&samples[l][..stage]);
        let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
        let variance = Mean::of(&differences).map_or(0.0, |mean| mean.sd.powi(2));
        let r = r as f64;
        (difference / (2.0 * r) * (h2 * variance / difference.powi(2) - r)).max(0.0)
    };
    let keeps = |i: usize| contenders.iter().all(|&l| l == i || mean(i) >= mean(l) - slack(i, l));
    contenders.iter().copied().filter(|&i| keeps(i)).collect()
}

/// Optimal computing budget allocation (Chen and Lee 2011, p. 49): how many replications each
/// design shall have when `step` more are spent, so that the design with the smallest mean is
/// the most likely to be found.
///
/// `samples` holds at least two replications of each design, which must not all be alike.
pub fn budget_allocation(samples: &[Vec<f64>], step: usize) -> Vec<usize> {
    let stats: Vec<Mean> = samples.iter().filter_map(|values| Mean::of(values)).collect();
    let count: Vec<usize> = samples.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..stats.len()).collect();
    order.sort_by(|&a, &b| stats[a].mean.total_cmp(&stats[b].mean));
    let &[best, second, ..] = order.as_slice() else { return count };
    let variance = |i: usize| stats[i].sd.powi(2);
    let behind = |i: usize| stats[i].mean - stats[best].mean;
    let mut weight: Vec<f64> = (0..stats.len())
        .map(|i| (behind(second) / behind(i)).powi(2) * variance(i) / variance(second))
        .collect();
    weight[second] = 1.0;
    let others = (0..stats.len()).filter(|&i| i != best);
    let rivals: f64 = others.map(|i| weight[i].powi(2) / variance(i)).sum();
    weight[best] = (variance(best) * rivals).sqrt();

    let total = count.iter().sum::<usize>() + step;
    let mut target = count.clone();
    let mut open = vec![true; stats.len()];
    loop {
        let weights: f64 = (0..stats.len()).filter(|&i| open[i]).map(|i| weight[i]).sum();
        let fixed: usize = (0..stats.len()).filter(|&i| !open[i]).map(|i| target[i]).sum();
        let left = total as f64 - fixed as f64;
        for i in (0..stats.len()).filter(|&i| open[i]) {
            target[i] = (left / weights * weight[i]).round_ties_even().max(0.0) as usize;
        }
        // A design cannot give back what it has run.
        let over: Vec<usize> =
            (0..stats.len()).filter(|&i| open[i] && target[i] < count[i]).collect();
        if over.is_empty() {
            break;
        }
        for i in over {
            target[i] = count[i];
            open[i] = false;
        }
    }
    let spent: usize = target.iter().sum();
    target[best] = (target[best] + total).saturating_sub(spent).max(count[best]);
    target
}
