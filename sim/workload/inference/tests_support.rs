//! What the tests of this room share.

use crate::units::Power;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};

/// A rack of four servers with eight 700 W GPUs each.
pub(super) fn rack() -> GpuRackDesign {
    let spec = GpuRackSpec::of(4, 8, Power(700.0), Power(2000.0));
    let mut faults = Vec::new();
    let design = spec.resolve(&mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    design
}
