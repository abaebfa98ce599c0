//! What the program and the benchmarks of this package start from.

use std::path::Path;

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
