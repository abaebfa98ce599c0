//! Times at which the site may import less.

use super::support::{SMALL, Told, column, simulate};

const CONTROL: &str = "control:
  curtailments:
    - {start: 2026-07-03T06:00:00Z, duration: 5 h, import: 500 kW}
    - {start: 2026-07-05T12:00:00Z, duration: 1 h, import: 0 kW}
power:
";

fn imports(told: &Told) -> Vec<f64> {
    column(told, "import_max_mw")
}

#[test]
fn a_curtailed_site_keeps_to_its_limit_and_comes_back() {
    assert!(SMALL.contains("power:\n"));
    let free = simulate(SMALL, &[]);
    let told = simulate(&SMALL.replacen("power:\n", CONTROL, 1), &[]);
    assert!(told.outcome.balanced());
    let (free, imports) = (imports(&free), imports(&told));
    // Hours since the start, on the first of July.
    for hour in 54..59 {
        assert!(imports[hour] <= 0.5 + 1e-9, "{} MW in hour {hour}", imports[hour]);
        assert!(free[hour] > 0.6, "{} MW without a limit", free[hour]);
    }
    assert_eq!(imports[108], 0.0);
    assert!(imports[60] > 0.6 && imports[150] > 0.6, "miners and racks are back");
    let of = |what: &str| told.events.iter().filter(|e| e.contains(what)).count();
    assert_eq!((of(" curtailed utility"), of(" uncurtailed utility")), (2, 2));
    assert!(told.outcome.real("shed") > 1.0);
}
