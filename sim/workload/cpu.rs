//! Racks of CPU servers: nodes of cores, without GPUs.
//!
//! A node draws `idle_power` whenever it is on, and up to `power` with all of its cores at work.
//! What is above idle is its cores', in equal parts.

use schemars::JsonSchema;
use serde::Deserialize;

use super::SmoothingDesign;
use super::gpu::{CapCurve, CoolantRating, GpuRackDesign, Processor};
use crate::kernel::Span;
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Power, Temperature};

/// A group of alike racks of CPU servers, as written under `racks:`. Workloads of kind `training`
/// run their jobs on them, whose widths are then cores.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuRackSpec {
    /// How many such racks the group has. Default: 1.
    pub count: Option<u32>,
    /// What feeds the racks; not needed in a scenario without `power:`. Several are the cords of
    /// each rack, which share its load while they are live.
    pub fed_by: Option<Names>,
    /// How long the power supplies hold without voltage at full load, at most a second. Default:
    /// 20 ms (ITI curve, 2000).
    pub hold_up: Option<Duration>,
    /// The cooling that takes their heat; without it the racks see a constant cool inlet.
    pub cooled_by: Option<Names>,
    /// Nodes in a rack. 1 to 1,000.
    pub nodes: u32,
    /// Cores in a node. 1 to 1,024.
    pub cores_per_node: u32,
    /// Draw of a node with all of its cores at work.
    pub power: Power,
    /// Draw of a node without a job. Less than `power`.
    pub idle_power: Power,
    /// Inlet temperature above which the cores slow down. Default: 35 degC, the upper limit of the
    /// ASHRAE A2 allowable range.
    pub throttle_inlet: Option<Temperature>,
    /// Inlet temperature at which the rack shuts down. Default: 45 degC, the upper limit of
    /// the ASHRAE A4 range (assumption).
    pub trip_inlet: Option<Temperature>,
    /// Time from power to a node that takes work: firmware, operating system, health check.
    /// Default: 10 min (5 to 15 min are usual; assumption).
    pub power_on: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

impl CpuRackSpec {
    /// Fills defaults and checks ranges.
    ///
    /// Under a limit the speed of a core is in proportion to what it may draw above idle, down to a
    /// tenth: an assumption on the side of caution, for clocks that fall save more than they cost.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> GpuRackDesign {
        let mut check = Check { faults };
        check.count("count", self.count);
        let nodes = check.whole("nodes", u64::from(self.nodes), (1, 1000));
        let cores = check.whole("cores_per_node", u64::from(self.cores_per_node), (1, 1024));
        let power = check.between("power", Some(self.power.0), 500.0, (1.0, 1e6), "W");
        let idle = check.between("idle_power", Some(self.idle_power.0), 100.0, (0.0, 1e6), "W");
        if idle >= power {
            let message = format!("must be less than `power`, {}", self.power);
            check.error("idle_power", message);
        }
        let (throttle_c, trip_c) =
            check.inlet_limits_c((self.throttle_inlet, 35.0), (self.trip_inlet, 45.0));
        // After a report, some power for cores stands in.
        let core_w = if idle < power { (power - idle) / cores as f64 } else { 1.0 };
        GpuRackDesign {
            nodes: nodes as usize,
            processor: Processor::Core,
            gpus_per_node: cores as usize,
            gpu: None,
            gpu_tdp_w: core_w,
            gpu_idle_w: 0.0,
            gpu_resident_w: 0.0,
            node_overhead_w: idle,
            curve: CapCurve::proportional(core_w),
            throttle_c,
            trip_c,
            smoothing: SmoothingDesign::default(),
            rated: CoolantRating::default(),
            power_on: self.power_on.map_or(Span::from_secs(600), Span::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (GpuRackDesign, Vec<Fault>) {
        let spec: CpuRackSpec = serde_yaml::from_str(text).expect("the test's spec reads");
        let mut faults = Vec::new();
        (spec.resolve(&mut faults), faults)
    }

    #[test]
    fn a_node_draws_from_idle_to_full_and_has_no_gpu() {
        let (rack, faults) =
            resolved("{nodes: 4, cores_per_node: 16, power: 140 W, idle_power: 35 W}");
        assert_eq!(faults, []);
        assert_eq!(rack.gpus(), 0);
        assert!((rack.node_idle_w() - 35.0).abs() < 1e-12);
        assert!((rack.node_full_w() - 140.0).abs() < 1e-12);
        assert!((rack.full_w() - 560.0).abs() < 1e-12);
        assert_eq!(rack.curve.at_draw(0.5 * rack.gpu_tdp_w).map(|point| point.speed), Some(0.5));
    }

    #[test]
    fn a_node_that_idles_above_its_power_is_refused() {
        let (_, faults) = resolved("{nodes: 4, cores_per_node: 16, power: 35 W, idle_power: 35 W}");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].field, "idle_power");
    }
}
