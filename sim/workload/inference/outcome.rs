//! What became of a service's requests, tokens, energy and money.

use super::design::ServiceDesign;
use super::records::Tally;
use super::replica::Work;
use super::sampling::{RequestErrors, SampledTime};

/// What became of a service's requests, tokens, energy and money.
#[derive(Debug, Clone)]
pub struct InferenceSummary {
    /// Counts and latencies, weighted by what each simulated request stands for.
    pub records: Tally,
    /// The same for each class; empty for a service that names none.
    pub classes: Vec<ClassSummary>,
    /// Requests under way at the end.
    pub in_flight: u64,
    /// Iterations, steps and preemptions of the simulated replicas.
    pub work: Work,
    /// How often cells were told apart.
    pub splits: u64,
    /// Energy of all racks, J.
    pub energy_j: f64,
    /// Energy that the plant has not been told of yet, J; the lag of one interval.
    pub owed_j: f64,
    /// Income from tokens of served requests, $.
    pub revenue: f64,
    /// How time was sampled; none where all of it was simulated.
    pub sampled: Option<SampledSummary>,
}

/// How a service was sampled in time, and the standard errors of what is told of it.
#[derive(Debug, Clone, Copy)]
pub struct SampledSummary {
    /// Windows, gaps, and what was simulated whole.
    pub time: SampledTime,
    /// Of the figures of all its requests.
    pub errors: RequestErrors,
}

impl InferenceSummary {
    /// What came of the time after `before`, at which the extremes of the latencies were
    /// [forgotten](super::Service::forget_extremes).
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let energy_j = self.energy_j - before.energy_j;
        let classes = || self.classes.iter().zip(&before.classes);
        let active_j: Vec<f64> =
            classes().map(|(now, before)| now.active_j - before.active_j).collect();
        let part = parts(energy_j, &active_j);
        Self {
            records: self.records.since(&before.records),
            classes: classes()
                .zip(&active_j)
                .map(|((now, before), &active_j)| ClassSummary {
                    name: now.name.clone(),
                    records: now.records.since(&before.records),
                    active_j,
                    energy_j: part(active_j),
                    errors: now.errors,
                })
                .collect(),
            in_flight: self.in_flight,
            work: self.work.since(before.work),
            splits: self.splits - before.splits,
            energy_j,
            owed_j: self.owed_j,
            revenue: self.revenue - before.revenue,
            sampled: self.sampled.map(|now| SampledSummary {
                time: match &before.sampled {
                    Some(before) => now.time.since(&before.time),
                    None => now.time,
                },
                ..now
            }),
        }
    }

    /// Requests under way, served, failed and rejected must be those that arrived; where time was
    /// sampled, with what windows stand for.
    pub fn is_conserved(&self) -> bool {
        let r = &self.records;
        let time = self.sampled.map(|sampled| sampled.time).unwrap_or_default();
        let left = r.served + r.failed + r.rejected + self.in_flight;
        r.arrived as i64 + time.surplus == left as i64 + time.carried
    }
}

/// What happened in an interval of the time series.
#[derive(Debug, Clone)]
pub struct InferenceInterval {
    /// Counts and latencies.
    pub records: Tally,
    /// The same for each named class.
    pub classes: Vec<ClassSummary>,
    /// Energy of all racks, J.
    pub energy_j: f64,
    /// Share of the interval that was simulated, of a service that is sampled in time.
    pub simulated: Option<f64>,
}

impl InferenceInterval {
    /// An interval of `design` in which nothing has happened.
    pub(super) fn of(design: &ServiceDesign) -> Self {
        let named = design.load.classes.iter().filter(|class| !class.name.is_empty());
        let classes = named.map(|class| ClassSummary {
            name: class.name.clone(),
            records: Tally::default(),
            active_j: 0.0,
            energy_j: None,
            errors: None,
        });
        Self {
            records: Tally::default(),
            classes: classes.collect(),
            energy_j: 0.0,
            simulated: None,
        }
    }
}

/// What became of the requests of a class.
#[derive(Debug, Clone)]
pub struct ClassSummary {
    /// Its name.
    pub name: String,
    /// Counts and latencies.
    pub records: Tally,
    /// Energy above that of idle GPUs that its tokens took, J.
    pub active_j: f64,
    /// Its part in the energy of all racks, J; none where no class had any. What a replica draws
    /// above idle GPUs belongs to the classes in each iteration by their tokens (prompt tokens
    /// and tokens generated); the rest (idle racks, loaded GPUs without requests) is shared in
    /// proportion to that over the time that is summed up.
    pub energy_j: Option<f64>,
    /// Standard errors of its figures, where time was sampled.
    pub errors: Option<RequestErrors>,
}

/// The part in `energy_j` of a class that had so much above idle, where all had `active_j`.
pub(super) fn parts(energy_j: f64, active_j: &[f64]) -> impl Fn(f64) -> Option<f64> + use<> {
    let active = active_j.iter().sum::<f64>();
    let is_alone = active_j.len() == 1;
    move |of_class| match is_alone {
        true => Some(energy_j),
        false => (active > 0.0).then(|| energy_j * (of_class / active)),
    }
}
