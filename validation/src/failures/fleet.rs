//! The training model as a fleet that fails.

use loadbank::facility::{Design, WorkDesign};
use loadbank::kernel::{Streams, Time};
use loadbank::units::{Duration, Power};
use loadbank::workload::gpu::GpuRackSpec;
use loadbank::workload::training::{
    FailureDesign, JobsSpec, NodeFailureSpec, ResidentSpec, Training, TrainingDesign, TrainingSpec,
};

use super::record::{Fault, Record};
use crate::cooling::year;

/// Nodes of a rack.
const RACK: usize = 8;

/// Racks of the nodes.
fn rack() -> GpuRackSpec {
    GpuRackSpec {
        power_on: Some(Duration(0)),
        ..GpuRackSpec::of(RACK as u32, 1, Power(700.0), Power(250.0))
    }
}

/// A workload on so many nodes, one of which has a job: nodes fail whatever they do.
fn design(nodes: usize, failures: Option<NodeFailureSpec>) -> TrainingDesign {
    let one = ResidentSpec { nodes: Some(1), ..ResidentSpec::default() };
    let spec = TrainingSpec { failures, ..TrainingSpec::of(JobsSpec::Resident(one)) };
    let mut faults = Vec::new();
    let design = spec.resolve(&rack().resolve(&mut faults), nodes.div_ceil(RACK), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    design
}

/// Failures as a scenario would write them.
pub(super) fn written(failures: NodeFailureSpec) -> FailureDesign {
    design(RACK, Some(failures)).failures
}

/// A site with a feed of the kind `feed` and a workload of the kind `workload`.
pub(super) fn site(feed: &str, workload: &str) -> Result<Design, String> {
    let text = format!(
        "\
name: t
start: 2026-07-01T00:00:00Z
duration: 1 h
site: {{time_zone: UTC}}
weather: {{climate: nordic}}
price: {{fixed: 50 $/MWh}}
racks:
  hall: {{kind: dgx-h100, count: 50, fed_by: utility}}
power:
  utility: {{kind: {feed}, capacity: 10 MW}}
workloads:
  jobs: {{kind: {workload}, racks: hall}}
"
    );
    Ok(year::load(&text)?.design)
}

/// The failures of an entry of the catalogue of workloads.
pub(super) fn entry(name: &str) -> Result<FailureDesign, String> {
    let found = site("feed", name)?.works.into_iter().find_map(|work| match work.design {
        WorkDesign::Training { design, .. } => Some(design.failures),
        _ => None,
    });
    found.ok_or_else(|| format!("{name} trains nothing"))
}

/// The faults that begin in a run of `days` of so many nodes. The run goes on until the last of them is over:
/// records have how long each was.
pub(super) fn run(nodes: usize, days: f64, failures: &FailureDesign, replication: u64) -> Record {
    let mut design = design(nodes, None);
    design.failures = failures.clone();
    let rack = rack().resolve(&mut Vec::new());
    let names: Vec<String> = (0..nodes.div_ceil(RACK)).map(|i| format!("rack-{i}")).collect();
    let mut training = Training::new(design, rack, &names, "jobs", &Streams::new(1, replication));
    let end = Time::from_secs_f64(days * 86_400.0);
    let mut faults: Vec<Fault> = Vec::new();
    // Of each node the fault that it has, and how many have one.
    let (mut current, mut open) = (vec![None; nodes], 0);
    while training.next_at() <= end || open > 0 {
        let now = training.next_at();
        training.advance(now);
        let day = now.as_secs_f64() / 86_400.0;
        // The last rack may have more nodes than are asked for, which are left alone.
        for (node, is_out) in training.nodes_under_repair().take(nodes).enumerate() {
            match (current[node], is_out) {
                (None, true) if now <= end => {
                    current[node] = Some(faults.len());
                    faults.push(Fault { node, day, hours: f64::NAN });
                    open += 1;
                }
                (Some(fault), false) => {
                    let fault: &mut Fault = &mut faults[fault];
                    fault.hours = 24.0 * (day - fault.day);
                    current[node] = None;
                    open -= 1;
                }
                _ => {}
            }
        }
    }
    Record::new(nodes, days, faults)
}

#[cfg(test)]
mod tests {
    use loadbank::units::{Fraction, Rate};

    use super::*;

    /// A run that is short beside the repairs has their mean all the same, and only faults that begin in it.
    #[test]
    fn faults_last_as_long_as_their_repairs_though_the_run_is_over() {
        let hours = |hours: u64| Some(Duration(hours * 3_600_000_000_000));
        let failures = written(NodeFailureSpec {
            rate: Some(Rate(0.02 / 86_400.0)),
            soft_share: Some(Fraction(0.0)),
            repair: hours(240),
            repair_sigma: Some(0.0),
            ..NodeFailureSpec::default()
        });
        let record = run(400, 10.0, &failures, 0);
        assert!(record.faults.len() > 40);
        for fault in &record.faults {
            assert!(fault.day <= 10.0 && (fault.hours - 240.0).abs() < 1e-3, "{fault:?}");
        }
    }
}
