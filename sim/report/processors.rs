//! What the processors of training workloads are called in reports.

/// Words for one kind of processors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processors {
    /// In keys of figures and columns: `gpu` of `gpu_hours.total` and `busy_gpus`.
    pub(super) key: &'static str,
    /// In sentences: a `GPU`, of which several are `GPUs`.
    pub(super) name: &'static str,
    /// At the head of a picture: `GPUs`.
    pub(super) title: &'static str,
    /// As the unit of an axis: `GPUs`.
    pub(super) unit: &'static str,
    /// The unit of their time: `GPU-h`.
    pub(super) hours: &'static str,
}

impl Processors {
    /// Of workloads on racks of GPUs.
    pub(super) const GPUS: Self =
        Self { key: "gpu", name: "GPU", title: "GPUs", unit: "GPUs", hours: "GPU-h" };
    /// Of workloads on racks of CPUs.
    pub(super) const CORES: Self =
        Self { key: "core", name: "core", title: "Cores", unit: "cores", hours: "core-h" };
}
