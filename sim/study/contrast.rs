//! Means, intervals and paired differences of every figure of a study.

use std::sync::Arc;

use super::latency::Pools;
use super::plan::{Case, Study};
use super::sheet::{Declared, Sheet};
use super::statistics::{
    Comparison, Interval, LEVEL, Mean, OutageTally, Verdict, holm, paired, poisson_rate,
    unavailability,
};
use super::store::{Store, StoreError};
use crate::measure::Better;

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Student-t over replications.
    StudentT,
    /// Fay and Feuer's, over outages: shares of time with few of them.
    FayFeuer,
    /// Exact Poisson, over events.
    Poisson,
    /// There is none: fewer than two replications.
    None,
}

impl Method {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Method::StudentT => "t",
            Method::FayFeuer => "fay-feuer",
            Method::Poisson => "poisson",
            Method::None => "",
        }
    }
}

/// A figure of a case over its replications, and against the baseline at the same point.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFigure {
    /// The figure.
    pub figure: Arc<Declared>,
    /// Count, mean and spread over the replications in which it is defined.
    pub mean: Mean,
    /// The 95 % interval of its mean.
    pub interval: Option<Interval>,
    /// How that was made.
    pub method: Method,
    /// Against the baseline; none for the baseline itself, or where it has no such figure.
    pub comparison: Option<Comparison>,
    /// Holm's adjusted p over the designs that are compared at the point.
    pub p_holm: Option<f64>,
    /// What the comparison says.
    pub verdict: Option<Verdict>,
    /// Outages behind a share of time: how many, in how many hours of observation.
    pub outages: Option<(u64, f64)>,
}

/// All figures of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Its design.
    pub arm: usize,
    /// Its point.
    pub point: usize,
    /// Replications without a gap from the first on.
    pub n: usize,
    /// Its figures in the order of `summary.json`.
    pub figures: Vec<CaseFigure>,
    /// Latencies of all requests of its replications.
    pub pools: Pools,
}

impl Contrast {
    /// The figure of this label or address.
    pub fn get(&self, asked: &str) -> Option<&CaseFigure> {
        self.figures.iter().find(|of| of.figure.address == asked || of.figure.label() == asked)
    }
}

/// Contrasts every case of `study` over its first `n` replications.
///
/// # Errors
///
/// Where the latencies of requests cannot be read.
pub fn contrast(
    study: &Study,
    cases: &[Case],
    store: &Store,
    n: usize,
) -> Result<Vec<Contrast>, StoreError> {
    let mut contrasts = Vec::new();
    for at_point in cases.chunk_by(|a, b| a.point == b.point) {
        let baseline = at_point.iter().find(|case| case.arm == study.baseline);
        let mut of_point: Vec<Contrast> = at_point
            .iter()
            .map(|case| {
                let other = baseline.filter(|baseline| baseline.arm != case.arm);
                of_case(case, other, store, n)
            })
            .collect();
        adjust(&mut of_point);
        contrasts.append(&mut of_point);
    }
    for (contrast, pools) in contrasts.iter_mut().zip(store.pools(cases, n)?) {
        contrast.pools = pools;
    }
    Ok(contrasts)
}

fn of_case(case: &Case, baseline: Option<&Case>, store: &Store, n: usize) -> Contrast {
    let sheet = store.sheet(&case.key).cloned().unwrap_or_else(|| Arc::from([]));
    let base_sheet = baseline.and_then(|case| store.sheet(&case.key));
    let mut figures = Vec::new();
    for (index, figure) in sheet.iter().enumerate() {
        let values = store.values(&case.key, index, n);
        let defined: Vec<f64> = values.iter().copied().flatten().collect();
        let Some(mean) = Mean::of(&defined) else { continue };
        let comparison = baseline.zip(base_sheet).and_then(|(base, sheet)| {
            let there = sheet.iter().position(|other| other.address == figure.address)?;
            let base = store.values(&base.key, there, n);
            // A replication in which one of the two has no value counts for neither.
            let pairs = base.iter().zip(&values).filter_map(|(a, b)| (*a).zip(*b));
            paired(&pairs.collect::<Vec<_>>())
        });
        let tally = outages_behind(figure, &sheet, store, &case.key, n);
        let outages = tally.map(|(tally, hours)| (tally.count, hours));
        let tail = (1.0 - LEVEL) / 2.0;
        let interval = tally.and_then(|(tally, hours)| availability(&tally, hours, tail));
        let method = Method::FayFeuer;
        let (interval, method) = match interval {
            Some(interval) => (Some(interval), method),
            None => {
                let half = mean.half_width(LEVEL);
                let interval = half.map(|half| Interval::around(mean.mean, half));
                (interval, half.map_or(Method::None, |_| Method::StudentT))
            }
        };
        figures.push(CaseFigure {
            figure: Arc::clone(figure),
            mean,
            interval,
            method,
            comparison,
            p_holm: None,
            verdict: None,
            outages,
        });
    }
    Contrast { arm: case.arm, point: case.point, n, figures, pools: Pools::default() }
}

/// Events below which an availability is bounded by its outages rather than by Student-t, which
/// covers 53 % where a study has seen one outage, and says "100 % +- 0" where it has seen none.
const FEW_OUTAGES: u64 = 100;

/// The outages behind the availability `figure` in the first `n` replications of `key`, and the
/// hours over which its hall was observed; none for any other figure.
pub(super) fn outages_behind(
    figure: &Declared,
    sheet: &Sheet,
    store: &Store,
    key: &str,
    n: usize,
) -> Option<(OutageTally, f64)> {
    if figure.name != "availability" {
        return None;
    }
    let values = |name: &str| -> Option<Vec<f64>> {
        let address = figure.address.rsplit_once('.')?.0.to_owned() + "." + name;
        let at = sheet.iter().position(|other| other.address == address)?;
        Some(store.values(key, at, n).into_iter().flatten().collect())
    };
    let sum = |name: &str| -> Option<f64> { Some(values(name)?.into_iter().sum()) };
    let tally = OutageTally {
        count: sum("outages")? as u64,
        sum: sum("outage_sum_h")?,
        sum_of_squares: sum("outage_sum_of_squares_h2")?,
        longest: values("outage_largest_h")?.into_iter().fold(0.0, f64::max),
    };
    let hours = values("installed_rack_h")?.into_iter().zip(values("racks")?);
    Some((tally, hours.map(|(rack_h, racks)| rack_h / racks).sum()))
}

/// The interval of an availability with few outages in `hours` of observation, each tail `tail`;
/// none where Student-t serves, and where there was no outage.
pub(super) fn availability(tally: &OutageTally, hours: f64, tail: f64) -> Option<Interval> {
    if tally.count >= FEW_OUTAGES {
        return None;
    }
    let (_, down) = unavailability(tally, hours, 0.0, tail)?;
    Some(Interval { lower: 1.0 - down.upper, upper: 1.0 - down.lower })
}

/// The rate of `outages` events in `hours` per year, with its 95 % interval; one-sided where
/// there was none.
pub fn outage_rate(outages: u64, hours: f64) -> (f64, Interval) {
    let years = hours / 8766.0;
    let tail = (1.0 - LEVEL) / if outages == 0 { 1.0 } else { 2.0 };
    (outages as f64 / years, poisson_rate(outages, years, tail))
}

/// Holm over the designs of each figure, and the verdicts.
fn adjust(contrasts: &mut [Contrast]) {
    let mut addresses: Vec<String> = Vec::new();
    for of in contrasts.iter().flat_map(|contrast| &contrast.figures) {
        if of.comparison.is_some() && !addresses.contains(&of.figure.address) {
            addresses.push(of.figure.address.clone());
        }
    }
    for address in addresses {
        let mut compared: Vec<&mut CaseFigure> = contrasts
            .iter_mut()
            .flat_map(|contrast| &mut contrast.figures)
            .filter(|of| of.comparison.is_some() && of.figure.address == address)
            .collect();
        let p: Vec<f64> = compared.iter().filter_map(|of| Some(of.comparison?.p)).collect();
        for (of, p) in compared.iter_mut().zip(holm(&p)) {
            of.p_holm = Some(p);
            of.verdict =
                of.comparison.map(|comparison| verdict(&comparison, p, of.figure.better()));
        }
    }
}

fn verdict(comparison: &Comparison, p: f64, better: Better) -> Verdict {
    if comparison.equal {
        return Verdict::Equal;
    }
    if p >= 1.0 - LEVEL {
        return Verdict::Open;
    }
    match (better, comparison.difference.mean > 0.0) {
        (Better::Neither, true) => Verdict::Higher,
        (Better::Neither, false) => Verdict::Lower,
        (Better::Higher, true) | (Better::Lower, false) => Verdict::Better,
        (Better::Higher, false) | (Better::Lower, true) => Verdict::Worse,
    }
}
