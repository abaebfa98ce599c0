//! What the tests of this room share.

use crate::spec::Names;
use crate::units::Power;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};

/// A rack of four servers with eight 700 W GPUs each.
pub(super) fn rack() -> GpuRackDesign {
    let spec = GpuRackSpec {
        count: None,
        fed_by: Some(Names::default()),
        cooled_by: None,
        air_cooled_by: None,
        liquid_capture: None,
        chip: None,
        nodes: 4,
        gpus_per_node: 8,
        gpu_power: Power(700.0),
        gpu_idle_power: None,
        gpu_resident_power: None,
        node_overhead: Power(2000.0),
        cap_curve: None,
        throttle_inlet: None,
        trip_inlet: None,
        power_on: None,
        source: None,
    };
    let mut faults = Vec::new();
    let design = spec.resolve(&mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    design
}
