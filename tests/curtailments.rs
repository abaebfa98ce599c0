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

/// A constant load of 100 kW that a curtailment cuts to what is left of 40 kW is back 5 min after it.
#[test]
fn what_a_curtailment_has_cut_waits_until_there_is_room_for_a_while() {
    let site = |control: &str| {
        format!(
            "\
name: turn
start: 2026-07-01T00:00:00Z
duration: 3 h
weather: {{climate: nordic}}
output: {{interval: 1 min}}
control:
  curtailments: [{{start: 2026-07-01T01:00:00Z, duration: 1 h, import: 40 kW}}]
{control}
power:
  utility: {{kind: feed, capacity: 1 MW, outages: none}}
cooling:
  dry: {{kind: dry-cooler, design_heat: 120 kW, fed_by: utility}}
racks:
  steady: {{kind: heat-load, power: 100 kW, fed_by: utility, cooled_by: dry}}
"
        )
    };
    let back = |control: &str| {
        let told = simulate(&site(control), &[]);
        assert!(told.outcome.balanced());
        let mw = column(&told, "import_mw");
        assert!(mw[..60].iter().all(|it| *it >= 0.1) && mw[60..120].iter().all(|it| *it < 0.0401));
        mw.iter().skip(120).position(|it| *it >= 0.1)
    };
    assert_eq!(back(""), Some(5));
    assert_eq!(back("  readmit_after: 0 s"), Some(0));
    assert_eq!(back("  readmit_after: 20 min"), Some(20));
}
