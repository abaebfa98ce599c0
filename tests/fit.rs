//! `loadbank fit`: its YAML is a model that a scenario takes.

use std::fmt::Write as _;

use super::support::Bench;

#[test]
fn the_law_that_is_printed_can_be_pasted() {
    let bench = Bench::new();
    let mut text = String::from("batch,kv,new,us\n");
    for index in 0..90_u32 {
        let (batch, mean) = (1 + index * 37 % 128, 100 + index * 911 % 7000);
        let new = if index % 3 == 0 { 10 + index * 101 % 1900 } else { 0 };
        let (b, k, n) = (f64::from(batch), f64::from(batch * mean), f64::from(new));
        let us = 12_000.0 + 40.0 * b + 0.028 * k + 90.0 * n + if new > 0 { 2000.0 } else { 0.0 };
        let _ = writeln!(text, "{batch},{k},{new},{us}");
    }
    bench.file("rows.csv", text);
    let columns = "--sequences batch --context kv --prompt new --time us --unit us";
    let output = bench.loadbank(&format!("fit rows.csv --gpus 4 {columns}")).output().unwrap();
    let yaml = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "  base: 12 ms ",
        "  per_sequence: 40 us ",
        "  per_context_token: 28 ns ",
        "  per_prompt_token: 90 us ",
        "  overheads: {prompt_iteration: 2 ms} ",
        "  fit: \"0.0 % median, 0.0 % at the 95th percentile, 0.0 % at most, on tenths of 90 batches held out\"",
    ] {
        assert!(yaml.contains(line), "{line} is not in\n{yaml}");
    }
    let model: String = yaml.lines().map(|line| format!("    {line}\n")).collect();
    bench.file(
        "site.yaml",
        format!(
            "name: fitted\nstart: 2026-07-01T00:00:00Z\nduration: 1 h\nweather: {{climate: nordic}}\n\
             price: {{fixed: 30 $/MWh}}\ncooling:\n  dry: {{kind: dry-cooler, design_heat: 400 kW}}\n\
             racks:\n  a: {{kind: dgx-h100, cooled_by: dry}}\nworkloads:\n  chat:\n    kind: inference\n    racks: a\n\
             {model}      power: {{decode: 400 W, decode_rise: 100 W, half_batch: 16, prefill: 600 W}}\n    \
             cells: 1\n    replicas: 1\n    represent: 1\n    arrivals: {{rate_per_replica: 0.5 /s}}\n"
        ),
    );
    let check = bench.loadbank("check site.yaml").output().unwrap();
    let said = String::from_utf8_lossy(&check.stdout);
    assert_eq!(check.status.code(), Some(0), "{said}");

    let refused = bench.loadbank("fit rows.csv --gpus 4").output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("no column `sequences`; columns: `batch`"), "{said}");
    let unknown = bench.loadbank("fit rows.csv --gpus 4 --fix slope=1us").output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}
