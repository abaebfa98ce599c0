//! LLM inference against measurements, queueing theory, and a published trace.

mod fits;
mod profile;
mod queues;
mod trace;

use std::path::Path;

use loadbank::units::Power;
use loadbank::workload::gpu::{GpuRackDesign, GpuRackSpec};

use crate::data::print;

/// Prints fits, queues and the trace; fails where a target is missed.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let mut missed = fits::run(folder)?;
    missed += queues::run();
    missed += trace::run(folder)?;
    match missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

/// Racks of four servers with eight 400 W GPUs: only their number matters here.
fn rack() -> GpuRackDesign {
    let spec = GpuRackSpec {
        count: None,
        fed_by: None,
        cooled_by: None,
        air_cooled_by: None,
        liquid_capture: None,
        chip: None,
        nodes: 4,
        gpus_per_node: 8,
        gpu_power: Power(400.0),
        gpu_idle_power: None,
        gpu_resident_power: None,
        node_overhead: Power(1100.0),
        cap_curve: None,
        throttle_inlet: None,
        trip_inlet: None,
        power_on: None,
        source: None,
    };
    spec.resolve(&mut Vec::new())
}

/// Prints a heading.
fn head(text: &str) {
    print(&format!("\n{text}"));
}

/// `met`, or `MISSED`, which is counted.
fn verdict(is_met: bool, missed: &mut u32) -> &'static str {
    *missed += u32::from(!is_met);
    if is_met { "met" } else { "MISSED" }
}
