//! Job logs through the command: what is odd in a log is said, with its line, and nothing hangs.

use std::io::Write as _;

use super::support::{Bench, csv_column};

/// A site of four nodes of eight GPUs that plays `log.swf`.
const SITE: &str = "\
name: played
start: 2026-06-01T00:00:00Z
duration: 2 days
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power: {utility: {kind: feed, capacity: 1 MW}}
racks:
  hall: {kind: dgx-h100, fed_by: utility}
workloads:
  jobs:
    kind: training
    racks: hall
    spares: 0
    failures: {rate: 0 /day}
    restart: 0 s
    checkpoint: {interval: never}
    jobs: {kind: swf, file: log.swf}
";

fn row(number: u64, submit: &str, run: &str, processors: &str) -> String {
    format!("{number} {submit} -1 {run} -1 -1 -1 {processors} {run} -1 1 1 1 1 0 1 -1 -1\n")
}

/// Exit code of `check`, and the findings about the log.
fn check(log: impl AsRef<[u8]>) -> (i32, Vec<String>) {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    bench.file("log.swf", log);
    let output = bench.loadbank("check site.yaml --format json").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let findings = out.lines().map(|line| {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        finding["message"].as_str().unwrap().to_owned()
    });
    let about_the_log = findings.filter(|message| message.contains("log.swf")).collect();
    (output.status.code().unwrap(), about_the_log)
}

/// The jobs of a run of the site with `log`: (job, start, end, nodes, reason).
fn run(log: impl AsRef<[u8]>, sets: &[&str]) -> Vec<Vec<String>> {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    bench.file("log.swf", log);
    let mut command = bench.loadbank("run site.yaml --tables csv");
    for set in sets {
        command = command.args(["--set", set]);
    }
    command.assert().success();
    let mut reader = csv::Reader::from_path(bench.the_run().join("jobs.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let columns = ["job", "start_utc", "end_utc", "nodes", "reason"];
    let columns = columns.map(|name| header.iter().position(|column| column == name).unwrap());
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        columns.iter().map(|&column| record[column].to_owned()).collect()
    });
    rows.collect()
}

#[test]
fn every_kind_of_odd_row_is_counted_and_its_first_line_named() {
    let log = [
        "; MaxProcs: 704\n".to_owned(),
        row(1, "100", "60", "8"),
        row(2, "90", "60", "8"),
        row(3, "100", "0", "8"),
        row(4, "100", "60", "33"),
        row(5, "100", "60", "99"),
        row(6, "100", "60", "-1"),
        "7 100 60\n".to_owned(),
        row(8, "NaN", "60", "8"),
        row(9, "100", "1e300", "8"),
        row(10, "-5", "60", "8"),
        row(11, "160", "60", "8").replace('\n', " 5 6\n"),
    ];
    let (code, findings) = check(log.concat());
    let expected = "workloads.jobs.jobs.file: `log.swf`: 3 jobs; 3 rows (first: line 8) cannot be read: \
                    left out; 2 rows (first: line 4) no run time or time of submission: left out; \
                    1 row (line 7) no processors: left out; 2 rows (first: line 5) wider \
                    than the site: left out; 1 row (line 3) submitted before the row \
                    above: taken as submitted with it; 1 row (line 12) more than 18 \
                    columns: the rest not read";
    assert_eq!((code, findings), (0, vec![expected.to_owned()]));
    let jobs = run(log.concat(), &[]);
    let got: Vec<[&str; 3]> = jobs.iter().map(|row| [&*row[1], &*row[2], &*row[4]]).collect();
    let at = |minute: u32| format!("2026-06-01T00:{minute:02}:00.000000000Z");
    let (zero, one, two) = (at(0), at(1), at(2));
    assert_eq!(
        got,
        [[&*zero, &*one, "completed"], [&zero, &one, "completed"], [&one, &two, "completed"]]
    );
}

/// Breaks of another system, no break at the end, bytes that are no text, and numbers that no
/// clock and no site holds.
#[test]
fn odd_bytes_spoil_only_their_own_row() {
    let huge = "99999999999999999999";
    let mut log = row(1, "0", "60", "8").replace('\n', "\r\n").into_bytes();
    log.extend(b"; \xff\xfe a comment\r\n\r\n");
    log.extend(row(2, "0", "60", "8").replace(" 60 ", " 6\u{0}0 ").as_bytes());
    log.extend(b"3 0 -1 \xe9\xe8 -1 -1 -1 8 60 -1 1 1 1 1 0 1 -1 -1\n");
    for (number, submit, run, processors) in
        [(4, huge, "60", "8"), (5, "0", huge, "8"), (6, "0", "60", huge), (7, "-1e9", "60", "8")]
    {
        log.extend(row(number, submit, run, processors).as_bytes());
    }
    log.extend(row(8, "0", "60", "9999999999999").as_bytes());
    log.extend(row(9, "60", "60", "8").trim_end().as_bytes());
    let (code, findings) = check(&log);
    let expected = "workloads.jobs.jobs.file: `log.swf`: 2 jobs; 6 rows (first: line 4) cannot be read: \
                    left out; 1 row (line 10) wider than the site: left out";
    assert_eq!((code, findings), (0, vec![expected.to_owned()]));
    assert_eq!(run(&log, &[]).len(), 2);
}

/// Every job of a log that only goes backwards arrives with the first.
#[test]
fn a_clock_that_runs_backwards_stands_still() {
    let rows = (0..50).map(|n| row(n, &(1000 - 10 * n).to_string(), "60", "8"));
    let log: String = rows.collect();
    let (code, findings) = check(&log);
    let said = "50 jobs; 49 rows (first: line 2) submitted before the row above";
    assert!(code == 0 && findings[0].contains(said), "{findings:?}");
    let jobs = run(&log, &[]);
    assert_eq!(jobs.len(), 50);
    // Four at a time, a minute each.
    assert_eq!(jobs[49][2], "2026-06-01T00:13:00.000000000Z");
}

/// What is no log at all is an error with a sentence, whatever it is.
#[test]
fn files_that_are_no_logs_are_refused() {
    let noise: Vec<u8> =
        (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let one_long_line = vec![b'7'; 5_000_000];
    let zeros = vec![0; 1_000_000];
    for log in [
        &b""[..],
        b"; only\n; a header\n",
        b"\n\n\n",
        b"<html><body>404</body></html>",
        b"submit,run,nodes\n1,2,3\n",
        b"\xff\xfe1\x00 2\x00",
        &noise,
        &one_long_line,
        &zeros,
    ] {
        let (code, findings) = check(log);
        let start = String::from_utf8_lossy(&log[..log.len().min(30)]);
        assert_eq!(code, 3, "{start:?}: {findings:?}");
        assert!(
            findings[0].starts_with("workloads.jobs.jobs.file: `log.swf`: 0 jobs"),
            "{findings:?}"
        );
    }
}

#[test]
fn compressed_logs_are_read_and_broken_ones_refused() {
    let plain = row(1, "0", "60", "8");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(plain.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let bench = Bench::new();
    bench.file("site.yaml", SITE.replace("log.swf", "log.swf.gz"));
    bench.file("log.swf.gz", &packed);
    bench.loadbank("check site.yaml").assert().success();
    for broken in [&packed[..packed.len() - 9], &b"1 2 3"[..], b""] {
        bench.file("log.swf.gz", broken);
        let output = bench.loadbank("check site.yaml").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("log.swf.gz"), "{said}");
    }
    std::fs::remove_file(bench.path().join("log.swf.gz")).unwrap();
    let output = bench.loadbank("check site.yaml").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
}

/// The shortest job and the longest that a column can hold, both in one log.
#[test]
fn extreme_durations_run() {
    let log = [
        row(1, "0", "0.000000001", "8"),
        row(2, "0", "4611686017", "8"),
        row(3, "1.5", "0.25", "32"),
        row(4, "4611686017", "1", "8"),
    ];
    let jobs = run(log.concat(), &["workloads.jobs.scheduler=conservative"]);
    assert_eq!(jobs.len(), 1, "the second holds a node that the third needs");
    let jobs = run(log.concat(), &["workloads.jobs.scheduler=shortest_first"]);
    let numbers: Vec<&str> = jobs.iter().map(|row| &*row[0]).collect();
    assert_eq!(numbers, ["1"]);
}

/// A job that ran in two bursts has a row that tells all of it and one for each burst; jobs keep the
/// numbers of their log.
#[test]
fn bursts_of_a_job_are_no_jobs() {
    let line = |number: u64, run: u64, status: u32| {
        format!("{number} 0 10 {run} 8 -1 -1 8 7200 -1 {status} 1 1 1 1 1 -1 -1\n")
    };
    let log = line(101, 3600, 1) + &line(101, 1800, 2) + &line(101, 1800, 3) + &line(107, 60, 1);
    let (code, findings) = check(&log);
    let said = "2 jobs; 2 rows (first: line 2) part of a job that has a row of its own: left out";
    assert!(code == 0 && findings[0].contains(said), "{findings:?}");
    let jobs = run(&log, &[]);
    let ends: Vec<[&str; 2]> = jobs.iter().map(|row| [&*row[0], &*row[2]]).collect();
    assert_eq!(
        ends,
        [["107", "2026-06-01T00:01:00.000000000Z"], ["101", "2026-06-01T01:00:00.000000000Z"]]
    );
}

/// Queues of the log are tiers, and the highest goes first.
#[test]
fn queues_of_a_log_are_tiers() {
    let mut log = String::new();
    for (number, queue) in [(1, 0), (2, 0), (3, 1), (4, 7)] {
        let line = format!("{number} 0 -1 60 -1 -1 -1 32 60 -1 1 1 1 1 {queue} 1 -1 -1\n");
        log.push_str(&line);
    }
    let sets = [
        "workloads.jobs.scheduler=priority",
        "workloads.jobs.queue={priority: {class: 1000}}",
        "workloads.jobs.tiers=[{name: low}, {name: high}]",
        "workloads.jobs.jobs.queues=[low, high]",
    ];
    let jobs = run(&log, &sets);
    let order: Vec<&str> = jobs.iter().map(|row| &*row[0]).collect();
    assert_eq!(order, ["3", "1", "2", "4"], "an unlisted queue is of the lowest tier");
}

#[test]
fn what_a_queue_cannot_be_told_is_said() {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    bench.file("log.swf", row(1, "0", "60", "8"));
    let refused = |sets: &[&str], said: &str| {
        let mut command = bench.loadbank("check site.yaml --format json");
        for set in sets {
            command = command.args(["--set", &format!("workloads.jobs.{set}")]);
        }
        let output = command.output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{sets:?}: {out}");
        assert!(out.contains(said), "{sets:?}: {out}");
    };
    refused(&["queue={priority: {age: 1}}"], "queue.priority: needs `scheduler: priority`");
    refused(&["queue={drain_at: 4}"], "queue.drain_at: needs");
    refused(
        &["scheduler=priority", "queue={priority: {age: -1}}"],
        "queue.priority.age: must be between",
    );
    refused(
        &["scheduler=priority", "queue={priority: {max_age: 0 s}}"],
        "queue.priority.max_age: must be",
    );
    refused(&["queue={accounts: [{name: a}, {name: a}]}"], "two accounts `a`");
    refused(&["queue={accounts: [{name: a, shares: 0}]}"], "queue.accounts[0].shares: must be");
    refused(&["jobs.queues=[batch]"], "`batch` is no tier of this workload");
}

/// A byte-order mark before the first row belongs to no column.
#[test]
fn a_byte_order_mark_costs_no_job() {
    let log = row(1, "0", "60", "8") + &row(2, "60", "60", "8");
    assert_eq!(run(format!("\u{feff}{log}"), &[]).len(), 2);
}

/// A node of four cores, of which each draws 50 W above the idle 100 W.
const CPU_SITE: &str = "\
name: cores
start: 2026-06-01T00:00:00Z
duration: 2 h
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
output: {interval: 1 h}
power: {utility: {kind: feed, capacity: 1 MW, outages: none}}
racks:
  nodes: {kind: cpu, nodes: 1, cores_per_node: 4, power: 300 W, idle_power: 100 W, fed_by: utility}
workloads:
  batch:
    kind: training
    racks: nodes
    queue: {sharing: best_fit}
    spares: 0
    failures: {rate: 0 /day}
    restart: 0 s
    checkpoint: {interval: never}
    jobs:
      kind: table
      file: log.csv
      run: {column: minutes, unit: min}
      processors: cores
      job: id
      exclusive: alone
      draw: {utilisation: {column: used, unit: \"%\"}}
";

/// Two cores at half and one at full for an hour, and then none: 100 + 50 + 50 W, then 100 W. Each
/// job bears the part of the idle draw that it has of the cores.
#[test]
fn jobs_on_cores_draw_what_their_log_says_and_share_a_node() {
    let bench = Bench::new();
    bench.file("site.yaml", CPU_SITE);
    bench.file(
        "log.csv",
        "submitted,id,cores,minutes,alone,used\n\
         2026-06-01T00:00:00Z,11,2,60,no,50\n\
         2026-06-01T00:00:00Z,12,1,60,no,100\n",
    );
    let output = bench.loadbank("run site.yaml --tables csv").output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("Training: batch (4 cores)"), "{said}");
    assert!(!said.contains("GPU"), "{said}");
    let folder = bench.the_run();
    let summary = std::fs::read_to_string(folder.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let batch = &summary["workloads"]["batch"];
    let near = |value: &serde_json::Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    };
    near(&batch["energy_mwh"], 300e-6);
    near(&batch["cores"], 4.0);
    near(&batch["core_hours"]["useful"], 3.0);
    near(&batch["core_hours"]["idle"], 5.0);
    assert!(batch["gpus"].is_null() && batch["gpu_hours"].is_null());
    near(&summary["halls"]["nodes"]["gpus"], 0.0);
    let energy: Vec<f64> = csv_column(&folder.join("jobs.csv"), "energy_kwh");
    assert_eq!(energy.len(), 2);
    assert!((energy[0] - 0.100).abs() < 1e-9 && (energy[1] - 0.075).abs() < 1e-9, "{energy:?}");
    let busy: Vec<f64> = csv_column(&folder.join("timeseries.csv"), "batch_busy_cores");
    assert_eq!(busy, [3.0, 0.0]);
}

/// A table in the order of the ends of its jobs is refused until it says so; sorted, its jobs start as those
/// of the same table in the order of their submission.
#[test]
fn a_table_in_the_order_of_ends_is_sorted_where_it_says_so() {
    let header = "submitted,id,cores,minutes,alone,used\n";
    // (submitted, number, minutes) by the end of each, as if none had waited: at 15, 25, 30, 40 and 50
    // minutes. Of the two that were submitted together the one that stands first comes first.
    let by_end =
        [("00:10", 3, 5), ("00:05", 2, 20), ("00:20", 5, 10), ("00:00", 1, 40), ("00:20", 4, 30)];
    let line = |(at, number, minutes): &(&str, u64, u64)| {
        format!("2026-06-01T{at}:00Z,{number},3,{minutes},no,50\n")
    };
    let text =
        |rows: &[(&str, u64, u64)]| header.to_owned() + &rows.iter().map(line).collect::<String>();
    let mut by_submission = by_end;
    by_submission.sort_by_key(|row| row.0);
    let sorted = CPU_SITE.replace("kind: table", "kind: table\n      sort: true");
    let run = |site: &str, log: String| {
        let bench = Bench::new();
        bench.file("site.yaml", site);
        bench.file("log.csv", log);
        bench.loadbank("run site.yaml --tables csv").assert().success();
        std::fs::read_to_string(bench.the_run().join("jobs.csv")).unwrap()
    };
    let expected = run(CPU_SITE, text(&by_submission));
    assert_eq!(expected.lines().count(), 6);
    assert_eq!(run(&sorted, text(&by_end)), expected);
    assert_eq!(run(&sorted, text(&by_submission)), expected);
    let bench = Bench::new();
    bench.file("site.yaml", CPU_SITE);
    bench.file("log.csv", text(&by_end));
    let output = bench.loadbank("check site.yaml").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    for part in [
        "`log.csv`: 2 of 5 jobs (first: line 3) submitted before the row above",
        "rows in any order need `sort: true`",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

/// Alone on the node the second waits for the first, though three cores would do for both.
#[test]
fn an_exclusive_job_has_its_node_to_itself() {
    let bench = Bench::new();
    bench.file("site.yaml", CPU_SITE);
    bench.file(
        "log.csv",
        "submitted,id,cores,minutes,alone,used\n\
         2026-06-01T00:00:00Z,11,2,30,no,50\n\
         2026-06-01T00:00:00Z,12,1,30,yes,100\n\
         2026-06-01T00:00:00Z,13,1,30,no,100\n",
    );
    bench.loadbank("run site.yaml --tables csv").assert().success();
    let starts: Vec<String> = csv_column(&bench.the_run().join("jobs.csv"), "start_utc");
    let minutes: Vec<&str> = starts.iter().map(|start| &start[11..16]).collect();
    assert_eq!(minutes, ["00:00", "00:30", "01:00"]);
}

#[test]
fn what_a_log_cannot_be_told_of_its_jobs_is_said() {
    let bench = Bench::new();
    bench.file(
        "log.csv",
        "submitted,id,cores,minutes,alone,used\n2026-06-01T00:00:00Z,1,2,6,no,5\n",
    );
    bench.file("log.swf", row(1, "0", "60", "4"));
    bench.file("draws.csv", "job,w\n1,150\nx,3\n");
    let refused = |from: &str, to: &str, said: &str| {
        bench.file("site.yaml", CPU_SITE.replace(from, to));
        let output = bench.loadbank("check site.yaml --format json").output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{to}: {out}");
        assert!(out.contains(said), "{to}: {out}");
    };
    let draw = "draw: {utilisation: {column: used, unit: \"%\"}}";
    refused(
        draw,
        "draw: {utilisation: {column: used, unit: W}}",
        "draw.utilisation.unit: unknown unit",
    );
    refused(draw, "draw: {}", "draw: needs one of");
    refused(draw, "draw: {cpu_time: used}", "draw.cpu_time: is a column of what `sacct` prints");
    refused(draw, "draw: {power: {column: volts, unit: W}}", "no column `volts`; columns: ");
    refused("processors: cores", "processors: gpus", "no column `gpus`; columns: ");
    refused("run: {column: minutes, unit: min}", "start: submitted", "needs the column `run`");
    refused("queue: {sharing: best_fit}", "queue: {}", "exclusive: no nodes are shared");
    refused("idle_power: 100 W", "idle_power: 300 W", "idle_power: must be less than `power`");
    let work = &CPU_SITE[CPU_SITE.find("    kind: training").unwrap()..];
    refused(
        work,
        "    {kind: llama-3.1-70b-h100, racks: nodes, arrivals: {rate_per_replica: 1 /s}}",
        "inference needs GPU racks, `nodes` has CPU racks",
    );
    let table = &CPU_SITE[CPU_SITE.find("      kind: table").unwrap()..];
    refused(
        table,
        "      {kind: swf, file: log.swf, draw: {power: {column: w, unit: W}}}",
        "jobs.draw: a log in the Standard Workload Format has no column of it",
    );
    refused(
        table,
        "      {kind: swf, file: log.swf, draw: {file: draws.csv, power: {column: w, unit: W}}}",
        "line 3: needs the number of a job, got `x`",
    );
}
