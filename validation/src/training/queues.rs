//! Waiting in the queue, in mean durations.

use loadbank::spec::LognormalSpec;
use loadbank::units::Rate;
use loadbank::workload::training::{
    ConstantSpec, DurationSpec, ExponentialSpec, JobClassSpec, JobsSpec, StreamSpec, TrainingSpec,
};

use super::site::{HOUR, model, resident, seconds};
use super::table::{Table, Target};
use crate::data::mean;

/// Jobs of `width` nodes that arrive at random on `nodes` of them.
#[derive(Debug, Clone)]
struct Cluster {
    nodes: u32,
    width: u32,
    load: f64,
    law: DurationSpec,
}

/// T21, T22: one-node jobs in the order of arrival are the queue M/M/c, jobs that need all nodes
/// one with a single server.
pub(super) fn waits(table: &mut Table) {
    let hour = || DurationSpec::Exponential(ExponentialSpec { mean: seconds(HOUR) });
    // A mean of an hour and a squared coefficient of variation of 4.
    let sigma2 = 5.0_f64.ln();
    let lognormal = DurationSpec::Lognormal(LognormalSpec::of_median(
        seconds(HOUR * (-0.5 * sigma2).exp()),
        sigma2.sqrt(),
    ));
    let constant = DurationSpec::Constant(ConstantSpec { value: seconds(HOUR) });
    let cluster = |nodes, width, load, law| Cluster { nodes, width, load, law };
    for (id, name, cluster, wait, precision, delayed) in [
        ("T21", "M/M/8 at 0.85", cluster(8, 1, 0.85, hour()), 0.4771, 0.02, Some(0.5726)),
        ("T21", "M/M/64 at 0.95", cluster(64, 1, 0.95, hour()), 0.1838, 0.015, Some(0.5880)),
        ("T22", "M/M/1 at 0.8", cluster(8, 8, 0.8, hour()), 4.0, 0.12, None),
        ("T22", "M/D/1 at 0.8", cluster(8, 8, 0.8, constant), 2.0, 0.05, None),
        ("T22", "M/LN/1 at 0.6", cluster(8, 8, 0.6, lognormal), 3.75, 0.15, None),
    ] {
        let what = format!("{name}: mean wait");
        table.simulated(Target::formula(id, &what, wait), precision, |replication| {
            mean(cluster.waits(replication))
        });
        if let Some(delayed) = delayed {
            let what = format!("{name}: share of jobs that waits");
            table.simulated(Target::formula(id, &what, delayed), 0.02, |replication| {
                mean(cluster.waits(replication).into_iter().map(|wait| f64::from(wait > 0.0)))
            });
        }
    }
}

impl Cluster {
    fn waits(&self, replication: u64) -> Vec<f64> {
        let arrivals = Rate(self.load * f64::from(self.nodes / self.width) / HOUR);
        let class = JobClassSpec::of(self.width, self.law.clone());
        let jobs = JobsSpec::Stream(StreamSpec::of(arrivals, vec![class]));
        let mut training =
            model(&TrainingSpec { jobs, ..resident(1, 0.0) }, self.nodes, 1, replication);
        let mut waits = Vec::new();
        while waits.len() < 44_000 {
            training.advance(training.next_at());
            training.drain_finished(|record| waits.push(record.wait_s() / HOUR));
        }
        // The first jobs only fill the system.
        waits.drain(..4_000);
        waits
    }
}
