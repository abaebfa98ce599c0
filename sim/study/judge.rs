//! What the requirements of a study come to.

use super::contrast::{availability, outages_behind};
use super::decide::RequirementResult;
use super::plan::{Case, Study};
use super::statistics::{Interval, poisson_rate};
use super::store::Store;

/// What a requirement came to in a case, both by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Which case.
    pub case: usize,
    /// Which requirement.
    pub requirement: usize,
    /// What the replications say of it.
    pub result: RequirementResult,
    /// Replications that meet it each for itself.
    pub held: usize,
    /// Of so many.
    pub replications: usize,
}

/// What the requirements of `study` come to in each of `cases` over the first `n` replications.
pub fn judge_requirements(study: &Study, cases: &[Case], store: &Store, n: usize) -> Vec<Judged> {
    let mut results = Vec::new();
    for (index, requirement) in study.requirements.iter().enumerate() {
        for (number, case) in cases.iter().enumerate() {
            let Some(sheet) = store.sheet(&case.key) else { continue };
            // A design without the figure has nothing to meet.
            let at = sheet.iter().position(|of| of.address == requirement.figure);
            let Some(at) = at else { continue };
            let values = store.values(&case.key, at, n);
            let arm = &study.arms[case.arm];
            let few_outages = |tail: f64| {
                let (tally, hours) = outages_behind(&sheet[at], sheet, store, &case.key, n)?;
                match tally.count {
                    // Then only their rate is bounded by data; how long one lasts is declared.
                    0 => {
                        let down = poisson_rate(0, hours, tail).upper * arm.repair_h;
                        Some(Interval { lower: 1.0 - down, upper: 1.0 })
                    }
                    _ => availability(&tally, hours, tail),
                }
            };
            results.push(Judged {
                case: number,
                requirement: index,
                result: requirement.judge(&values, few_outages),
                held: values.iter().filter(|value| requirement.holds(**value)).count(),
                replications: values.len(),
            });
        }
    }
    results
}
