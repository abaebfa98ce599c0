//! What the program and the benchmarks of this package start from.

use std::path::Path;
use std::time::Instant;

use loadbank::facility::WorkDesign;
use loadbank::scenario::read_scenario;
use loadbank::workload::inference::ServiceDesign;

/// The service of `scenarios/azure-conversation.yaml`: CodeLlama-34B on four replicas of two
/// A100s.
///
/// # Errors
///
/// With what is wrong, where the scenario is refused.
pub fn azure_conversation() -> Result<ServiceDesign, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/azure-conversation.yaml");
    let reading = read_scenario(&path, &[]);
    let said = reading.diagnostics.render(&reading.files, false);
    let works = reading.loaded.ok_or(said)?.design.works;
    let service = works.into_iter().find_map(|work| match work.design {
        WorkDesign::Inference { design, .. } => Some(design),
        _ => None,
    });
    service.ok_or_else(|| "the scenario has no service".to_owned())
}

/// CPU time of this thread where the system tells it, otherwise the time of the wall since `start`, s.
pub fn cpu_s(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanos.map_or_else(|| start.elapsed().as_secs_f64(), |nanos| nanos as f64 * 1e-9)
}
