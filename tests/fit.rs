//! `loadbank fit`: its YAML is a model that a scenario takes.

use std::fmt::Write as _;

use loadbank::fit::{Errors, Match};

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

/// Machines of 40 W at rest and 200 W at full use, of which a meter reads the sum with an error of one
/// per cent.
#[test]
fn values_of_a_scenario_are_fitted_to_a_meter() {
    let bench = Bench::new();
    let (mut used, mut meter) = (String::from("at,busy\n"), String::from("when;kw;supply water\n"));
    for hour in 0..48_u32 {
        let at = format!("2026-01-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        let busy = f64::from(hour * 37 % 51);
        let error = 1.0 + 0.01 * (f64::from(hour * 7919 % 101) / 50.0 - 1.0);
        let kw = error * 1e-3 * (50.0 * 40.0 + 160.0 * busy);
        let _ = writeln!(used, "{at},{busy}");
        // A reading that is lost is no reading of zero.
        let kw = if hour == 9 { String::new() } else { kw.to_string() };
        let _ = writeln!(meter, "{at};{kw};1");
    }
    bench.file("use.csv", used);
    bench.file("meter.csv", meter.replace(';', ","));
    bench.file(
        "site.yaml",
        "name: nodes\nstart: 2026-01-01T00:00:00Z\nduration: 2 days\nweather: {climate: nordic}\n\
         output: {interval: 1 h}\ncooling:\n  dry: {kind: dry-cooler, design_heat: 20 kW}\nracks:\n  \
         nodes-{1..2}: {kind: heat-load, count: 25, power: 150 W, idle_power: 70 W, csv: use.csv, column: busy, \
         full_at: 50, cooled_by: dry, trip_inlet: 70 degC}\n",
    );
    let loadbank = |matched: &str, free: &str| {
        let mut command = bench.loadbank("fit site.yaml --meter meter.csv");
        command = command.args(["--match", matched, "--tell", "dry_supply_c=supply water"]);
        for path in free.split(' ') {
            command = command.args(["--free", path]);
        }
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), said.concat())
    };
    let both = "racks.nodes-{1..2}.power racks.nodes-{1..2}.idle_power";
    let (code, said) = loadbank("it_mw=kw kW", both);
    assert_eq!(code, Some(0), "{said}");
    let value = |name: &str| -> (f64, f64) {
        let line = said.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        (numbers[0], numbers[1])
    };
    for (name, known) in [("power:", 200.0), ("idle_power:", 40.0)] {
        let (value, half) = value(name);
        assert!((value - known).abs() < half && half < 0.05 * known, "{name} {said}");
    }
    assert!(said.contains("  \"nodes-{1..2}\":\n") && said.contains("was 150 W"), "{said}");
    assert!(said.contains("# kw            fitted           31 "), "{said}");
    assert!(said.contains("# kw            held out         16 "), "{said}");
    // No share of a temperature: its meter reads one degree throughout.
    let of_water: Vec<&str> = said.lines().filter(|line| line.contains("supply water")).collect();
    assert!(of_water.len() == 2 && of_water.iter().all(|line| !line.contains('%')), "{said}");
    assert!(
        of_water.iter().all(|line| line.contains("  mean error ") && line.ends_with(" K")),
        "{said}"
    );

    let (code, said) = loadbank("it_mw=kw kW", "cooling.dry.design_heat");
    assert_eq!(code, Some(3));
    assert!(said.contains("says nothing of `cooling.dry.design_heat`"), "{said}");
    let (_, said) = loadbank("it_mw=kw kW", "cooling.dry.supply");
    assert!(said.contains("does not say `cooling.dry.supply`"), "{said}");
    let (_, said) = loadbank("it_mw=kw degC", both);
    assert!(said.contains("`kw` is in degC, the run in `MW`"), "{said}");
}

/// The unit is the last word where that is one; every other word is part of a name.
#[test]
fn the_unit_of_a_match_may_be_left_out() {
    let read = |text: &str| {
        let Match { run, meter, unit } = text.parse().unwrap();
        (run.join("|"), meter.join("|"), unit.unwrap_or_default())
    };
    for (text, run, meter, unit) in [
        ("it_mw=a", "it_mw", "a", ""),
        ("it_mw=a kW", "it_mw", "a", "kW"),
        ("it_mw=a + b", "it_mw", "a|b", ""),
        ("it_mw = a + b  kW", "it_mw", "a|b", "kW"),
        ("it_mw=IT load", "it_mw", "IT load", ""),
        ("it_mw=IT load + hall 2", "it_mw", "IT load|hall 2", ""),
        ("it_mw=IT load + hall 2 MW", "it_mw", "IT load|hall 2", "MW"),
        ("it_mw=IT load kW kW", "it_mw", "IT load kW", "kW"),
        ("x_fans_mw+x_pumps_mw=fans + pumps W", "x_fans_mw|x_pumps_mw", "fans|pumps", "W"),
        ("dry_supply_c=supply degF", "dry_supply_c", "supply", "degF"),
        ("a+b=a+b", "a|b", "a+b", ""),
    ] {
        assert_eq!(read(text), (run.into(), meter.into(), unit.into()), "{text}");
    }
    for text in ["it_mw", "it_mw=", "=a", "it_mw=a + ", "it_mw= kW + "] {
        assert!(text.parse::<Match>().is_err(), "{text}");
    }
}

/// By hand: errors of 1 and -2 on readings of 10 each.
#[test]
fn errors_are_those_of_the_formulas() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let errors = Errors::of(&[11.0, 8.0], &[10.0, 10.0], true).unwrap();
    assert!(near(errors.mean, -0.5) && near(errors.rmse, 2.5_f64.sqrt()), "{errors:?}");
    let shares = errors.shares.unwrap();
    assert!(near(shares.mape, 0.15) && near(shares.nmbe, -0.05), "{shares:?}");
    assert!(near(shares.cvrmse, 2.5_f64.sqrt() / 10.0), "{shares:?}");
    // A degree more or less is no share of a temperature, and nothing is one of nothing.
    assert_eq!(Errors::of(&[11.0, 8.0], &[10.0, 10.0], false).unwrap().shares, None);
    assert_eq!(Errors::of(&[1.0, 2.0], &[0.0, 0.0], true).unwrap().shares, None);
    assert_eq!(Errors::of(&[], &[], true), None);
}
