//! A site that changes over the years: what its phases come to, and what is refused.

use serde_json::Value as Json;

use super::support::{Bench, SMALL};

const PLAN: &str = "\
name: turn
start: 2027-01-01
duration: 12 h
replications: 2
money:
  horizon: 24 months
  discount: 10 %
  factors: {let: 1}
  capital:
    hall: {cost: 1 M$, life: 10 years, source: test, spend: {from: 2 months, over: 4 months}}
keep: {file: small.yaml}
phases:
  - {name: now, from: 0 months, file: small.yaml}
  - name: let
    from: 6 months
    file: small.yaml
    set:
      contracts:
        energy: {kind: index}
        let: {kind: lease, racks: train-hall, structure: modified-gross, rent: 100 $/kW-month, term: {escalator: 10 %/year}}
";

#[test]
fn phases_share_their_luck_and_differ_by_their_design() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.file("plan.yaml", PLAN);
    let output = bench.loadbank("phases plan.yaml --format json").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    let flows = |of: &str, replication: usize| -> Vec<f64> {
        let flows = found["cash_flows_usd"][of][replication].as_array().unwrap();
        flows.iter().map(|usd| usd.as_f64().unwrap()).collect()
    };
    let near = |got: f64, wanted: f64| assert!((got - wanted).abs() < 0.01, "{got} for {wanted}");
    for replication in 0..2 {
        let (phased, kept) = (flows("phases", replication), flows("kept", replication));
        // The same scenario in the same weather: until the hall is let only its works differ.
        for month in 0..=6 {
            let works = if (3..=6).contains(&month) { 250_000.0 } else { 0.0 };
            near(phased[month] - kept[month], -works);
        }
        // All months of a phase are alike but for the rent, which steps after a year.
        near(phased[8], phased[7]);
        near(phased[19] - phased[18], 1216.0);
    }
    assert!(flows("kept", 0) != flows("kept", 1), "replications are other draws");
    // 4 racks of 30.4 kW at 100 $/kW-month, from the seventh month on.
    let rate = 1.1_f64.powf(1.0 / 12.0);
    let rent = |month: i32| if month <= 18 { 12_160.0 } else { 13_376.0 };
    let worth: f64 = (7..=24).map(|month| rent(month) / rate.powi(month)).sum();
    near(found["worth_usd"]["phases"]["let"].as_f64().unwrap(), worth);
    // What trains there is the owner's until then, and the tenant's afterwards.
    let train = |of: &str| found["worth_usd"][of]["train"].as_f64().unwrap();
    let annuity = |months: std::ops::RangeInclusive<i32>| -> f64 {
        months.map(|month| rate.powi(-month)).sum()
    };
    near(train("phases") / annuity(1..=6), train("kept") / annuity(1..=24));
    let mean = |of: &str| found["npv_usd"][of]["mean"].as_f64().unwrap();
    near(mean("phases") - mean("kept"), mean("difference"));
    // With other money the same stretches are carried anew, as phases of that money would be.
    let command = "phases plan.yaml --format json --set replications=1 --set duration=2h";
    let varied = bench
        .loadbank(command)
        .args([
            "--vary",
            "money.horizon=18 months..24 months",
            "--breakeven",
            "money.factors.let=0..1e4",
        ])
        .output()
        .unwrap();
    let varied: Json = serde_json::from_slice(&varied.stdout).unwrap();
    let priced = |set: &str| -> f64 {
        let output = bench.loadbank(command).args(["--set", set]).output().unwrap();
        let found: Json = serde_json::from_slice(&output.stdout).unwrap();
        found["npv_usd"]["difference"]["mean"].as_f64().unwrap()
    };
    let at =
        |place: usize| varied["vary"]["money.horizon"][place]["difference_usd"]["mean"].as_f64();
    assert_eq!(at(0), Some(priced("money.horizon=18 months")));
    assert_eq!(at(1), Some(priced("money.horizon=24 months")));
    let factor = varied["breakeven"]["money.factors.let"].as_str().unwrap();
    near(1e-4 * priced(&format!("money.factors.let={factor}")), 0.0);
    for (arguments, code, message) in [
        (["--vary", "seed=1..2"], 2, "changes what is simulated"),
        (["--vary", "money.horizon=5 months..12 months"], 3, "the works take 6 months of 5"),
    ] {
        let output = bench.loadbank(command).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(message), "no `{message}` in {said}");
    }
    let text = bench.loadbank("phases plan.yaml").output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("Phases less kept") && text.contains("internal rate of return"),
        "{text}"
    );
}

#[test]
fn phases_that_cannot_be_meant_are_refused_at_their_field() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let cases = [
        (
            "from: 6 months",
            "from: 0 months",
            "phases[1].from: begins after 0 months, when the phase before it",
        ),
        (
            "{name: now, from: 0 months",
            "{name: now, from: 1 month",
            "phases[0].from: the first phase begins with the project",
        ),
        ("from: 6 months", "from: 3 years", "phases[1].from: begins after 36 months of 24"),
        ("from: 6 months", "from: -1 month", "must not be negative"),
        ("keep: {file: small.yaml}", "keep: {file: smal.yaml}", "keep: cannot read `smal.yaml`"),
        (
            "racks: train-hall",
            "racks: no-hall",
            "contracts.let.racks: no hall of racks is named `no-hall`",
        ),
        ("start: 2027-01-01", "start: soon", "start: needs a day such as `2027-01-01`, got `soon`"),
        ("replications: 2", "replications: 0", "replications: must be between 1 and 10000, got 0"),
    ];
    for (from, to, message) in cases {
        assert!(PLAN.contains(from));
        bench.file("plan.yaml", PLAN.replacen(from, to, 1));
        let output = bench.loadbank("phases plan.yaml").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{to}: {said}");
        assert!(said.contains(message), "no `{message}` in {said}");
        assert!(said.contains("-->"), "no place in {said}");
    }
}

#[test]
fn the_example_of_a_retrofit_is_sound() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let reading =
        loadbank::study::read_phases(&path.join("scenarios/phases/retrofit-24.yaml"), &[]);
    let said: String =
        reading.findings.iter().map(|(found, files)| found.render(files, false)).collect();
    let phases = reading.phases.unwrap_or_else(|| panic!("{said}"));
    let months: Vec<(usize, usize)> = phases.stages.iter().map(|(months, _)| *months).collect();
    assert_eq!(months, [(0, 6), (6, 9), (9, 18), (18, 24), (24, 144)]);
    // What is built is what is let at the end: 576 racks of 120 kW.
    let built: f64 = phases
        .project
        .parts
        .iter()
        .map(|part| match part.amount {
            loadbank::money::Amount::OfPower(_, mw) => mw,
            _ => 0.0,
        })
        .sum();
    assert!((built - 0.12 * 576.0).abs() < 0.1, "{built} MW");
}
