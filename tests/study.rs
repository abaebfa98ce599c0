//! Studies: replications, pairs, resumption, shards, requirements, searches, and what can be wrong.
#![cfg(unix)]

mod faults;
mod latencies;
mod warm_up;

use std::collections::BTreeMap;
use std::fs;

use super::support::{Bench, SMALL, names};

/// Mining behind a feed that fails: a replication takes milliseconds.
const SITE: &str = "\
name: site
start: 2026-07-01T00:00:00Z
duration: 10 days
seed: 7
weather: {climate: west-texas}
price: {model: ercot-hub}
power:
  utility: {kind: feed, capacity: 600 kW, failures: {rate: 40 /year, repair_mean: 90 min}}
  spare: {kind: pdu, rating: 300 kVA, fed_by: utility}
racks:
  hall: {kind: asic, count: 2, machines: 60, power: 3.5 kW, hash_rate: 200 TH/s, fed_by: utility}
workloads:
  mine: {kind: mining, racks: hall, income: {hash_price: 53 $/PH/day}}
";

/// Two designs, one of them with less power.
const STUDY: &str = "\
name: pair
designs:
  whole: site.yaml
  short: {file: site.yaml, set: {power.utility.capacity: 300 kW}}
replications: 6
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    bench.file("pair.study.yaml", STUDY);
    bench
}

/// The one study folder below `output`.
fn folder(bench: &Bench, output: &str) -> std::path::PathBuf {
    let found = bench.names(output);
    assert_eq!(found.len(), 1, "{found:?}");
    bench.path().join(output).join(&found[0])
}

fn stdout(bench: &Bench, arguments: &str, code: i32) -> String {
    let output = bench.loadbank(arguments).assert().code(code).get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

fn stderr(bench: &Bench, arguments: &str, code: i32) -> String {
    let output = bench.loadbank(arguments).assert().code(code).get_output().stderr.clone();
    String::from_utf8(output).unwrap()
}

/// Rows of a CSV table by column name.
fn rows(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(&record).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn a_part_that_nothing_uses_changes_nothing() {
    let bench = bench();
    bench.file(
        "other.yaml",
        SITE.replace("  spare: {kind: pdu, rating: 300 kVA, fed_by: utility}\n", ""),
    );
    let text = stdout(&bench, "compare site.yaml other.yaml -n 5 --tables csv", 0);
    assert!(
        text.starts_with("2 designs, 5 replications each of 10 days (seed 7, 0 to 4)"),
        "{text}"
    );
    let mut compared = 0;
    for row in rows(&folder(&bench, "studies").join("means.csv")) {
        // A figure of the board itself is in one of the two only.
        if row["design"] == "other" && !row["verdict"].is_empty() && row["subject"] != "pdu" {
            assert_eq!(row["verdict"], "equal", "{row:?}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared} figures compared");
}

#[test]
fn less_power_is_less_income_in_every_pair() {
    let bench = bench();
    let text = stdout(&bench, "study pair.study.yaml --tables csv", 0);
    let row = |name: &str| text.lines().rfind(|line| line.contains(name)).unwrap().to_owned();
    assert!(row("revenue, $").contains("worse"), "{text}");
    assert!(
        row("import, MWh").contains("lower") || row("import, MWh").contains("better"),
        "{text}"
    );
    // Outages of the one feed are the same events in both.
    assert!(text.contains("outages per year"), "{text}");
    let results = rows(&folder(&bench, "studies").join("results.csv"));
    let outages = |design: &str| -> Vec<String> {
        let is = |row: &&BTreeMap<String, String>| {
            row["design"] == design && row["figure"] == "outage-sum"
        };
        results.iter().filter(is).map(|row| row["value"].clone()).collect()
    };
    assert_eq!(outages("whole"), outages("short"));
    assert_eq!(outages("whole").len(), 6);
}

#[test]
fn replication_r_of_a_study_is_replication_r_of_a_run() {
    let bench = bench();
    stdout(&bench, "compare site.yaml -n 4 --tables csv", 0);
    stdout(&bench, "run site.yaml --replication 3", 0);
    let run = bench.the_run();
    assert!(run.to_string_lossy().ends_with("-r3"), "{}", run.display());
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    let results = rows(&folder(&bench, "studies").join("results.csv"));
    let is = |row: &&BTreeMap<String, String>| {
        row["replication"] == "3" && row["figure"] == "import" && row["subject"].is_empty()
    };
    let value: f64 = results.iter().find(is).unwrap()["value"].parse().unwrap();
    assert_eq!(summary["energy"]["import_mwh"].as_f64().unwrap(), value);
}

#[test]
fn what_is_there_is_not_made_again() {
    let bench = bench();
    stdout(&bench, "study pair.study.yaml --tables csv", 0);
    let first = fs::read(folder(&bench, "studies").join("results.csv")).unwrap();
    let again = stdout(&bench, "study pair.study.yaml --tables csv", 0);
    assert!(again.contains("12 runs, 12 reused, 0 new"), "{again}");
    assert!(first == fs::read(folder(&bench, "studies").join("results.csv")).unwrap());
    let more = stdout(&bench, "study pair.study.yaml --set replications=8", 0);
    assert!(more.contains("16 runs, 12 reused, 4 new"), "{more}");
}

#[test]
fn a_torn_log_loses_what_is_torn() {
    let bench = bench();
    stdout(&bench, "study pair.study.yaml --tables csv --threads 1", 0);
    let folder = folder(&bench, "studies");
    let whole = fs::read(folder.join("results.csv")).unwrap();
    let log = folder.join("parts").join(&names(&folder.join("parts"))[0]);
    let bytes = fs::read(&log).unwrap();
    // Torn in the middle of the last line, as by a kill; then also at every tenth of the file.
    for cut in (1..10).map(|tenth| bytes.len() * tenth / 10).chain([bytes.len() - 7]) {
        fs::write(&log, &bytes[..cut]).unwrap();
        let text = stdout(&bench, "study pair.study.yaml --tables csv --threads 1", 0);
        assert!(!text.contains(" 0 new"), "{text}");
        assert!(whole == fs::read(folder.join("results.csv")).unwrap(), "cut at {cut}");
        for name in names(&folder.join("parts")) {
            if folder.join("parts").join(&name) != log {
                fs::remove_file(folder.join("parts").join(name)).unwrap();
            }
        }
    }
}

#[test]
fn shards_make_what_one_process_makes() {
    let bench = bench();
    stdout(&bench, "study pair.study.yaml --tables csv", 0);
    let whole = fs::read(folder(&bench, "studies").join("results.csv")).unwrap();
    stdout(&bench, "study pair.study.yaml --shard 1/3 -o parts", 0);
    let missing = stderr(&bench, "merge pair.study.yaml -o parts", 6);
    assert!(missing.contains("8 of 12 replications are missing"), "{missing}");
    assert!(missing.contains("whole, point 0: 0 2 3 5"), "{missing}");
    let other = stderr(&bench, "study pair.study.yaml --shard 0/2 -o parts", 2);
    assert!(other.contains("made with"), "{other}");
    for shard in ["0/3", "2/3"] {
        stdout(&bench, &format!("study pair.study.yaml --shard {shard} -o elsewhere"), 0);
    }
    let elsewhere = folder(&bench, "elsewhere");
    let merge = format!("merge pair.study.yaml {} -o parts --tables csv", elsewhere.display());
    stdout(&bench, &merge, 0);
    assert!(whole == fs::read(folder(&bench, "parts").join("results.csv")).unwrap());
}

#[test]
fn a_study_stops_when_it_knows_enough() {
    let bench = bench();
    bench.file(
        "until.study.yaml",
        "name: until\n\
         designs: {site: site.yaml}\n\
         replications: {at_least: 10, at_most: 60, until: {import: 2 %}}\n",
    );
    let text = stdout(&bench, "study until.study.yaml --tables csv", 0);
    let n: usize = text.split(", ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!([10, 15, 23, 35, 53, 60].contains(&n), "stopped at {n}: {text}");
    let mean = rows(&folder(&bench, "studies").join("means.csv"));
    let import = mean.iter().find(|row| row["figure"] == "import").unwrap();
    let real = |name: &str| -> f64 { import[name].parse().unwrap() };
    let half = (real("upper") - real("lower")) / 2.0;
    assert!(n == 60 || half <= 0.02 * real("mean"), "{half} of {}", real("mean"));
    // In shards that run ahead it stops at the same place.
    for shard in ["0/2", "1/2"] {
        stdout(&bench, &format!("study until.study.yaml --shard {shard} -o parts"), 0);
    }
    let merged = stdout(&bench, "merge until.study.yaml -o parts", 0);
    assert!(merged.contains(&format!("{n} replications each")), "{merged}");
}

#[test]
fn requirements_are_met_or_end_with_a_code_of_their_own() {
    let bench = bench();
    let require = |what: &str, code| {
        let command = bench.loadbank("compare site.yaml -n 10").args(["--require", what]);
        String::from_utf8(command.assert().code(code).get_output().stdout.clone()).unwrap()
    };
    let met = require("import >= 1 MWh", 0);
    assert!(
        met.contains(
            "require: site: import at least 1 MWh met (at 95 % confidence; holds in 10 of 10)"
        ),
        "{met}"
    );
    assert!(require("uptime(mine) >= 99.999 %", 5).contains("fails"));
}

#[test]
fn a_requirement_is_judged_at_every_point() {
    let bench = bench();
    bench.file(
        "points.study.yaml",
        "name: points\n\
         designs: {site: site.yaml}\n\
         vary: {capacity: {path: power.utility.capacity, values: [500 kW, 20 kW]}}\n\
         replications: 5\n\
         require: {import: {at_least: 10 MWh}}\n",
    );
    // Ten days of at most 20 kW are 4.8 MWh.
    let text = stdout(&bench, "study points.study.yaml", 5);
    assert!(text.contains("require: site, point 0: import at least 10 MWh met"), "{text}");
    assert!(text.contains("require: site, point 1: import at least 10 MWh fails"), "{text}");
}

#[test]
fn no_outage_in_a_short_study_proves_no_availability() {
    let bench = bench();
    let spare = "  spare: {kind: pdu, rating: 300 kVA, fed_by: utility}\n";
    let rare = SITE.replace("rate: 40 /year", "rate: 0.01 /year").replace(spare, "");
    bench.file("rare.yaml", &rare);
    let require = |what: &str, code| {
        let command = bench.loadbank("compare rare.yaml -n 10").args(["--require", what]);
        String::from_utf8(command.assert().code(code).get_output().stdout.clone()).unwrap()
    };
    // No outage in 10 replications of 240 h: at most 2.9957 in that time with 95 % confidence, each
    // of 1.5 h as declared, is a share of 2.9957 * 1.5 / 2400 = 0.1872 % down.
    assert!(require("availability(hall) >= 99.80 %", 0).contains("met"));
    assert!(require("availability(hall) >= 99.82 %", 5).contains("undecided"));
}

#[test]
fn a_study_that_cannot_reuse_its_past_says_why() {
    let bench = bench();
    assert!(!stderr(&bench, "study pair.study.yaml", 0).contains("reused"));
    bench.file(
        "pair.study.yaml",
        STUDY.replace("replications: 6", "replications: 6\nduration: 11 days"),
    );
    let said = stderr(&bench, "study pair.study.yaml", 0);
    assert!(
        said.contains("nothing of the last `pair` is reused: whole: duration: 10 days -> 11 days"),
        "{said}"
    );
}

#[test]
fn a_relative_width_around_zero_is_named_as_such() {
    let bench = bench();
    // Half an outage per year is one in 73 runs of ten days: most of a dozen runs see none.
    bench.file(
        "zero.study.yaml",
        "name: zero\n\
         designs: {site: site.yaml}\n\
         set: {power.utility.failures.rate: 0.5 /year}\n\
         replications: {at_least: 10, at_most: 12, until: {outages(hall): 1 %}}\n",
    );
    let text = stdout(&bench, "study zero.study.yaml", 0);
    assert!(text.contains("not reached: "), "{text}");
    assert!(text.contains("`1 %` is relative and the mean is near zero"), "{text}");
    assert!(text.contains("give an absolute width"), "{text}");
}

#[test]
fn a_replication_that_failed_leaves_a_file_and_the_others_count() {
    let bench = bench();
    stdout(&bench, "study pair.study.yaml --threads 1 --tables csv", 0);
    let folder = folder(&bench, "studies");
    let log = folder.join("parts").join(&names(&folder.join("parts"))[0]);
    // What a replication whose heat did not balance would have left.
    let text = fs::read_to_string(&log).unwrap();
    let odd = text.lines().position(|line| line.contains("\"replication\":3")).unwrap();
    let lines = text.lines().enumerate().map(|(index, line)| {
        let message = "\"status\":\"unbalanced\",\"message\":\"a book does not balance\"";
        if index == odd { line.replace("\"status\":\"ok\"", message) } else { line.to_owned() }
    });
    fs::write(&log, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let said = stderr(&bench, "study pair.study.yaml --tables csv", 4);
    assert!(said.contains("whole, point 0, replication 3: a book does not balance"), "{said}");
    let told = fs::read_to_string(folder.join("failed/whole-0-3.txt")).unwrap();
    assert!(told.contains("--replication 3"), "{told}");
    let means = rows(&folder.join("means.csv"));
    let n = |design: &str| {
        let is = |row: &&BTreeMap<String, String>| {
            row["design"] == design && row["figure"] == "import" && row["subject"].is_empty()
        };
        means.iter().find(is).unwrap()["n"].clone()
    };
    assert_eq!((n("whole"), n("short")), ("5".to_owned(), "6".to_owned()));
}

#[test]
fn a_sweep_tells_each_point() {
    let bench = bench();
    bench.file(
        "sweep.study.yaml",
        "name: sweep\n\
         designs: {site: site.yaml}\n\
         vary:\n\
         \x20 capacity: {path: power.utility.capacity, from: 200 kW, to: 500 kW, step: 150 kW}\n\
         \x20 price: {path: price, values: [{fixed: 20 $/MWh}, {fixed: 200 $/MWh}], labels: [low, high]}\n\
         replications: 3\n\
         figures: [import, uptime(mine)]\n",
    );
    let text = stdout(&bench, "study sweep.study.yaml --tables csv", 0);
    assert!(text.contains("18 runs"), "{text}");
    let rows = rows(&folder(&bench, "studies").join("means.csv"));
    let import = |capacity: &str, price: &str| -> f64 {
        let is = |row: &&BTreeMap<String, String>| {
            row["capacity_kw"].parse::<f64>().unwrap() == capacity.parse::<f64>().unwrap()
                && row["price"] == price
                && row["figure"] == "import"
                && row["subject"].is_empty()
        };
        rows.iter().find(is).unwrap()["mean"].parse().unwrap()
    };
    assert!(import("200", "low") < import("350", "low"));
    assert!(import("350", "low") <= import("500", "low"));
    // Above 119 $/MWh a hash of these machines does not pay for its power.
    assert!(import("500", "high") < 0.1 * import("500", "low"));
}

#[test]
fn a_search_finds_the_border() {
    let bench = bench();
    bench.file(
        "find.study.yaml",
        "name: find\n\
         designs: {site: site.yaml}\n\
         find:\n\
         \x20 largest: {path: racks.hall.count, from: 1, to: 6, step: 1}\n\
         \x20 require: {shed: {at_most: 1 MWh, in: 90 % of replications}}\n\
         \x20 replications: {at_least: 32, at_most: 64}\n",
    );
    // Two racks of 60 machines with 3.5 kW are 420 kW; three are 630 kW, above the feed's 600 kW.
    let text = stdout(&bench, "study find.study.yaml", 0);
    assert!(text.ends_with("2 holds, 3 fails\n"), "{text}");
    // Three values in 32 replications each, or more where the border is near.
    assert!(!text.contains(" 0 new"), "{text}");
    let dry = stdout(&bench, "study find.study.yaml --dry-run", 0);
    assert!(dry.starts_with("a search of 6 values: at most 384 runs, "), "{dry}");
    let shard = stderr(&bench, "study find.study.yaml --shard 0/2", 2);
    assert!(shard.contains("runs in one process"), "{shard}");
    let json = stdout(&bench, "study find.study.yaml --format json --tables csv", 0);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&found["holds"], &found["fails"]), (&"2".into(), &"3".into()));
    let folder = folder(&bench, "studies");
    assert_eq!(json, fs::read_to_string(folder.join("summary.json")).unwrap());
    let trials = rows(&folder.join("trials.csv"));
    assert_eq!(trials.len(), found["trials"].as_array().unwrap().len());
    let three = trials.iter().find(|trial| trial["value"] == "3").unwrap();
    assert_eq!((three["met"].as_str(), three["answer"].as_str()), ("0", "fails"));
}

#[test]
fn the_best_is_selected_with_few_replications_of_the_others() {
    let bench = bench();
    let designs = "name: select\ndesigns:\n\
        \x20 whole: site.yaml\n\
        \x20 third: {file: site.yaml, set: {power.utility.capacity: 200 kW}}\n\
        \x20 none: {file: site.yaml, set: {power.utility.capacity: 20 kW}}\n";
    bench
        .file("d.study.yaml", format!("{designs}select: {{figure: revenue, difference: 100 $}}\n"));
    let text = stdout(&bench, "study d.study.yaml", 0);
    let best = text.lines().find(|line| line.ends_with("best")).unwrap();
    assert!(best.starts_with("whole"), "{text}");
    let json = stdout(&bench, "study d.study.yaml --format json --tables csv", 0);
    let selected: serde_json::Value = serde_json::from_str(&json).unwrap();
    let cases = selected["cases"].as_array().unwrap();
    let results: Vec<&str> = cases.iter().map(|case| case["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["best", "", ""]);
    let table = rows(&folder(&bench, "studies").join("selection.csv"));
    for (row, case) in table.iter().zip(cases) {
        assert_eq!(row["replications"], case["replications"].to_string());
        assert_eq!(row["mean"].parse(), Ok(case["mean"].as_f64().unwrap()));
    }
    bench.file("b.study.yaml", format!("{designs}select: {{figure: revenue, budget: 40}}\n"));
    let text = stdout(&bench, "study b.study.yaml", 0);
    assert!(text.lines().any(|line| line.starts_with("whole") && line.ends_with("best")), "{text}");
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let bench = bench();
    let cases: [(&str, &str, &str); 14] = [
        ("  whole:", "  a/b:", "`a/b` cannot name files"),
        ("site.yaml\n", "stie.yaml\n", "did you mean `site.yaml`?"),
        (
            "replications: 6",
            "replications: 6\nvary: {c: {path: power.utilty.capacity, from: 1 kW, to: 2 kW, step: 1 kW}}",
            "did you mean `utility`",
        ),
        (
            "replications: 6",
            "replications: 6\nvary: {c: {path: power.utility.capacity, from: 80, to: 100, step: 5 kW}}",
            "two units",
        ),
        (
            "replications: 6",
            "replications: 6\nrequire: {import: {at_least: 99 %}}",
            "needs a number in MWh",
        ),
        (
            "replications: 6",
            "replications: 6\nrequire: {availibility(hall): {at_least: 99 %}}",
            "did you mean `availability(hall)`?",
        ),
        ("replications: 6", "replications: 6\nfigures: [uptime]", "needs a subject"),
        ("replications: 6", "replications: {until: {import: 1 %}}", "needs `at_most`"),
        ("replications: 6", "select: {figure: import}", "needs `difference` or `budget`"),
        ("replications: 6", "replicatons: 6", "unknown field `replicatons`"),
        ("replications: 6", "replications: 0", "needs at least 1"),
        ("replications: 6", "replications: {at_least: 0}", "needs at least 1"),
        ("replications: 6", "warm_up: 10 days", "leave nothing of the 10 days of `whole`"),
        ("replications: 6", "select: {figure: margin, budget: 19}", "fewer than the 20 before"),
    ];
    for (from, to, expected) in cases {
        bench.file("wrong.study.yaml", STUDY.replacen(from, to, 1));
        let message = stderr(&bench, "study wrong.study.yaml", 3);
        assert!(message.contains(expected), "`{to}`:\n{message}");
        assert!(message.contains("wrong.study.yaml:"), "`{to}` has no place:\n{message}");
    }
}

#[test]
fn designs_of_another_world_are_warned_about() {
    let bench = bench();
    bench.file(
        "other.yaml",
        SITE.replace("{model: ercot-hub}", "{fixed: 30 $/MWh}").replace("seed: 7", "seed: 8"),
    );
    let message = stderr(&bench, "compare site.yaml other.yaml -n 2", 0);
    assert!(message.contains("differ in seed, price"), "{message}");
}

#[test]
fn a_study_that_is_asked_to_stop_goes_on_later() {
    let bench = bench();
    stdout(&bench, "study pair.study.yaml --time-limit 0s", 75);
    let text = stdout(&bench, "study pair.study.yaml", 0);
    assert!(text.contains("12 new"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_made_ends_with_a_message() {
    let bench = bench();
    // The folder is a file: nothing can be made below it.
    bench.file("taken", "");
    let message = stderr(&bench, "study pair.study.yaml -o taken", 74);
    assert!(message.contains("choose another folder"), "{message}");
}

#[test]
fn scripts_name_the_number_of_shards() {
    let bench = bench();
    for scheduler in ["slurm", "hq", "parallel", "mpi", "k8s"] {
        let script =
            stdout(&bench, &format!("plan pair.study.yaml --for {scheduler} --shards 3"), 0);
        assert!(script.contains("/3 --time-limit 7080s"), "{script}");
        assert!(script.contains("loadbank merge pair.study.yaml"), "{script}");
    }
}

#[test]
fn the_studies_of_the_gallery_are_sound() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/studies");
    for name in names(&folder) {
        let reading = loadbank::study::read_study(&folder.join(&name), &[]);
        let said = reading.render(false);
        let study = reading.study.unwrap_or_else(|| panic!("{said}"));
        assert_eq!(format!("{}.study.yaml", study.name), name);
    }
}

#[test]
fn a_study_of_the_gallery_runs_when_it_is_small() {
    let bench = Bench::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/studies");
    for (name, changes, expected) in [
        ("hundred-megawatts", "replications=2", "Against mining, by pairs"),
        ("feed-and-price", "replications=2", "capacity"),
        ("hash-price", "replications=2", "28.7 $/PH/day"),
        ("what-matters", "replications=2", "train-racks"),
        (
            "most-racks",
            "find.replications={at_least: 2, at_most: 4}",
            "largest racks.train-hall.count",
        ),
    ] {
        let file = folder.join(format!("{name}.study.yaml"));
        let command = bench.loadbank("study").args([
            file.to_str().unwrap(),
            "--set",
            "duration=6 h",
            "--set",
            changes,
        ]);
        let output = command.assert().success().get_output().stdout.clone();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains(expected), "{name}:\n{text}");
    }
}

#[test]
fn examples_run_where_they_are_written() {
    let bench = Bench::new();
    let list = stdout(&bench, "example", 0);
    assert!(list.contains("quickstart ") && list.contains("studies/most-racks.study "), "{list}");
    bench.file("mine.yaml", stdout(&bench, "example quickstart", 0));
    stdout(&bench, "check mine.yaml", 0);
    assert!(stderr(&bench, "example hybrid-100mw", 2).contains("--output DIR"));
    let written = stdout(&bench, "example hybrid-100mw --output gallery", 0);
    stdout(&bench, &format!("check {}", written.trim()), 0);
    assert!(stderr(&bench, "example quikstart", 2).contains("did you mean `quickstart`?"));
}

#[test]
fn a_study_in_place_of_a_scenario_is_named() {
    let bench = Bench::new();
    bench.file("a.yaml", SMALL);
    bench.file("two.study.yaml", "name: two\n");
    for line in ["run two.study.yaml", "show two.study.yaml", "compare a.yaml two.study.yaml"] {
        let refused = bench.loadbank(line).assert().code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains("`loadbank study two.study.yaml` carries it out"), "{said}");
    }
}
