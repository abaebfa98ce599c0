//! What GPUs draw in each phase of a job, as a user writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::Fault;
use crate::units::{Fraction, Power};
use crate::workload::gpu::{GpuRackDesign, Processor};
use crate::workload::training::power::{PowerDesign, ROUNDING, Shares};

/// Draw of a GPU in each phase of a job, as a share of its thermal design power. Of a core of a CPU,
/// as a share of what a node at work draws above idle: by default all of it in every phase
/// (assumption).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSharesSpec {
    /// While it computes, uncapped. Default: 90 % (assumption; the H100 of the cap curve
    /// draws 92 %).
    pub compute: Option<Fraction>,
    /// While it communicates. Default: 50 % (POLCA, arXiv:2308.12908: 20 to 75 % by model).
    pub communicate: Option<Fraction>,
    /// Share of an iteration spent computing. Default: 80 % (assumption).
    pub duty: Option<Fraction>,
    /// While a checkpoint is written. Default: 25 % (assumption).
    pub checkpoint: Option<Fraction>,
    /// While a job starts. Default: 20 % (assumption).
    pub restart: Option<Fraction>,
    /// Power cap that all jobs set on their GPUs, whatever power there is. Default: none.
    pub cap: Option<Power>,
    /// Power cap of each rack, whatever power there is: the GPUs of its jobs run slower, and the
    /// jobs with them. Default: none.
    pub rack_cap: Option<Power>,
}

impl PowerSharesSpec {
    /// The cap of each rack of the kind `rack`, whose GPUs draw `power`, W; infinite for none. It
    /// must leave enough for jobs to start and to run on all nodes.
    pub(super) fn rack_cap_w(
        &self,
        rack: &GpuRackDesign,
        power: &PowerDesign,
        faults: &mut Vec<Fault>,
    ) -> f64 {
        let Some(Power(cap_w)) = self.rack_cap else { return f64::INFINITY };
        let gpu_w = power.run.floor_w().max(power.restart_w);
        let least_w =
            rack.nodes as f64 * (rack.node_overhead_w + rack.gpus_per_node as f64 * gpu_w);
        if cap_w < least_w {
            let message = format!("{} lets no job run", Power(cap_w));
            let help = format!(
                "a rack whose GPUs start, or run at their lowest cap, draws {:.1} kW",
                least_w / 1000.0
            );
            faults.push(Fault::error("rack_cap", message).help(help));
        }
        cap_w
    }

    /// Fills defaults and checks ranges, on racks of the kind `rack`. The cap is left out.
    pub(super) fn uncapped(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> PowerDesign {
        let share = |f: Option<Fraction>, default| f.map_or(default, |f| f.0);
        let default = match rack.processor {
            Processor::Gpu => Shares {
                compute: 0.90,
                communicate: 0.50,
                duty: 0.80,
                checkpoint: 0.25,
                restart: 0.20,
            },
            Processor::Core => {
                Shares { compute: 1.0, communicate: 1.0, duty: 1.0, checkpoint: 1.0, restart: 1.0 }
            }
        };
        let mut shares = Shares {
            compute: share(self.compute, default.compute),
            communicate: share(self.communicate, default.communicate),
            duty: share(self.duty, default.duty),
            checkpoint: share(self.checkpoint, default.checkpoint),
            restart: share(self.restart, default.restart),
        };
        let refuse = |faults: &mut Vec<Fault>, field: &'static str, message: &str| {
            faults.push(Fault::error(field, message));
        };
        if shares.duty < 0.01 {
            refuse(faults, "duty", "must be at least 1 %: a job that trains computes");
            shares.duty = 1.0;
        }
        // The draw of computing at the lowest cap is the least that a running GPU can take.
        let scale = shares.compute * rack.gpu_tdp_w / rack.curve.full().draw_w;
        if rack.curve.floor().draw_w * scale < rack.gpu_resident_w * (1.0 - ROUNDING) {
            let message = "leaves the lowest cap below the draw of a resident job";
            refuse(faults, "compute", message);
            shares.compute = 1.0;
        }
        if shares.communicate > shares.compute {
            let field = if self.communicate.is_some() { "communicate" } else { "compute" };
            refuse(faults, field, "`communicate` must not exceed `compute`");
        }
        PowerDesign::new(rack, shares)
    }
}

/// `uncapped` under the cap that `field` sets on each GPU of `rack`, if it sets one.
pub(super) fn under_cap(
    uncapped: &PowerDesign,
    cap: Option<Power>,
    rack: &GpuRackDesign,
    field: &'static str,
    faults: &mut Vec<Fault>,
) -> PowerDesign {
    let Some(cap) = cap else { return uncapped.clone() };
    let lowest = Power(rack.curve.floor().cap_w);
    if cap.0 >= lowest.0 {
        return uncapped.clone().capped(&rack.curve, cap.0);
    }
    let message = format!("no GPU can be capped at {cap}, below {lowest}");
    faults.push(Fault::error(field, message));
    uncapped.clone()
}
