//! What the processors of training workloads are called in reports.

/// Words for one kind of processors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processors {
    /// In keys of figures and columns: `gpu` of `gpu_hours.total` and `busy_gpus`.
    pub(super) key: &'static str,
    /// In sentences: a `GPU`, of which several are `GPUs`.
    pub(super) name: &'static str,
    /// Several of them: `GPUs`.
    pub(super) plural: &'static str,
    /// The unit of their time: `GPU-h`.
    pub(super) hours: &'static str,
}

impl Processors {
    /// Of workloads on racks of GPUs.
    pub(super) const GPUS: Self = Self { key: "gpu", name: "GPU", plural: "GPUs", hours: "GPU-h" };
    /// Of workloads on racks of CPUs.
    pub(super) const CORES: Self =
        Self { key: "core", name: "core", plural: "cores", hours: "core-h" };
}
