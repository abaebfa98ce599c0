//! Batteries, generators and switches in a whole site.

use super::support::simulate_file;

/// A utility that fails some eight times in a month takes no rack down that batteries carry.
#[test]
fn racks_on_batteries_and_generators_lose_no_power() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = simulate_file(&root.join("scenarios/power-generators.yaml"), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(told.outcome.count("power_losses"), 0);
    let site = told.outcome.site();
    for source in ["generated", "discharged", "charged"] {
        assert!(site.real(&format!("energy.{source}_mwh")) > 0.0, "{source}");
    }
}
