//! What the program and the benchmarks of this package start from.

use std::path::Path;
use std::time::{Duration, Instant};

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

/// What `work` returns, and the CPU time of this thread that it took, s; the time of the wall where the
/// system does not tell. What `work` leaves to other threads is not counted.
pub fn cpu_of<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let clock = Instant::now();
    let before = computed();
    let done = work();
    let spent = computed().zip(before).map(|(after, before)| after - before);
    (done, spent.unwrap_or_else(|| clock.elapsed()).as_secs_f64())
}

/// CPU time that this thread has had since it began, where the system tells.
fn computed() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
