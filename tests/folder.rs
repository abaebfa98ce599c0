//! Where results go: whole, or not at all.

use std::fs;
use std::process::{Command, Stdio};

use super::support::{BINARY, Bench, SMALL};

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.file("occupied", "a file where a folder should be");
    for output in ["occupied", "occupied/below", "/dev/null", "/dev/null/below"] {
        let run = bench.loadbank(&format!("run small.yaml --output {output}")).output().unwrap();
        assert_eq!(run.status.code(), Some(74), "{output}");
        assert!(run.stdout.is_empty(), "{output}: there is no result");
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.starts_with("error: cannot write the results to"), "{said}");
        assert!(said.contains(output) && said.contains("--output"), "{said}");
    }
    assert_eq!(bench.names("."), ["occupied", "small.yaml"]);
}

/// Where a file stands under the name of the run folder, it stays, and nothing is left beside it.
#[test]
fn a_file_in_the_way_stays() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.loadbank("run small.yaml --set duration=1h").assert().success();
    let run = bench.the_run();
    fs::remove_dir_all(&run).unwrap();
    fs::write(&run, "mine").unwrap();
    bench.loadbank("run small.yaml --set duration=1h").assert().code(74);
    assert_eq!(fs::read_to_string(bench.the_run()).unwrap(), "mine");
}

#[test]
fn a_second_run_replaces_the_first() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.loadbank("run small.yaml --set duration=1h").assert().success();
    let first = bench.the_run();
    fs::write(first.join("note.txt"), "of yesterday").unwrap();
    bench.loadbank("run small.yaml --set duration=1h").assert().success();
    assert_eq!(bench.the_run(), first);
    assert!(!first.join("note.txt").exists());
    bench.loadbank("run small.yaml --set duration=2h").assert().success();
    assert_eq!(bench.names("runs").len(), 2, "another scenario has another folder");
}

#[test]
fn runs_at_once_into_one_folder_leave_it_whole() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let start = || {
        Command::new(BINARY)
            .args(["run", "small.yaml", "--set", "duration=12 h", "--threads", "1"])
            .current_dir(bench.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for _ in 0..3 {
        let children: Vec<_> = (0..4).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}");
        }
        let folder = bench.the_run();
        for name in ["summary.json", "manifest.json"] {
            let text = fs::read(folder.join(name)).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        }
    }
}

#[test]
fn names_of_runs_are_names_of_folders() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let run = |name: &str| {
        let set = format!("name={name}");
        bench
            .loadbank("run small.yaml --set duration=1h")
            .args(["--set", &set])
            .output()
            .unwrap()
            .status
            .code()
    };
    let long = "n".repeat(100);
    for name in ["a", "1", "A.b_c-d", "a..b", "-dash", long.as_str()] {
        assert_eq!(run(name), Some(0), "{name}");
    }
    let longer = "n".repeat(101);
    for name in ["''", ".", "..", ".hidden", "a/b", "a\\b", "a b", "ü", "a:b", longer.as_str()] {
        assert_eq!(run(name), Some(3), "{name}");
    }
    assert_eq!(bench.names("runs").len(), 6);
    assert_eq!(bench.names("."), ["runs", "small.yaml"]);
}

/// What a killed run has left goes with the next one.
#[cfg(unix)]
#[test]
fn left_overs_of_killed_runs_go() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let mut child = Command::new(BINARY)
        .args(["run", "small.yaml", "--set", "duration=20000 days"])
        .current_dir(bench.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let partial = || -> Vec<String> {
        let runs = bench.path().join("runs");
        if !runs.exists() {
            return Vec::new();
        }
        bench.names("runs").into_iter().filter(|name| name.ends_with(".partial")).collect()
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while partial().is_empty() {
        assert!(std::time::Instant::now() < deadline, "the run does not start");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // While it lives, its folder is nobody else's.
    bench.loadbank("run small.yaml --set duration=1h").assert().success();
    assert_eq!(partial().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(partial().len(), 1, "a killed run leaves its folder");
    bench.loadbank("run small.yaml --set duration=1h").assert().success();
    bench.the_run();
}

/// As on a full disk: nothing can be written beyond a size.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    // In blocks of 512 or 1024 bytes; the signal that such a write sends by default is switched off.
    for (blocks, tables) in [(0, "csv"), (4, "csv"), (16, "csv"), (64, "csv"), (16, "csv,parquet")]
    {
        if tables.contains("parquet") && !cfg!(feature = "parquet") {
            continue;
        }
        let run = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{BINARY}' run small.yaml --tables {tables}"
        );
        let output =
            Command::new("sh").args(["-c", &run]).current_dir(bench.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(74), "{blocks}: {said}");
        assert!(said.starts_with("error: cannot write the results to `runs/small-"), "{said}");
        assert!(said.contains("File too large") && said.contains("--output"), "{said}");
        assert!(output.stdout.is_empty(), "there is no result");
        assert_eq!(bench.names("runs"), [""; 0], "{blocks}");
    }
}

/// Bases and data in folders of their own, the run folder moved elsewhere, called from a third
/// place: the same run.
#[test]
fn a_run_folder_runs_again_from_anywhere() {
    let bench = Bench::new();
    for folder in ["sites/base/data", "sites/logs", "elsewhere/deep", "third"] {
        fs::create_dir_all(bench.path().join(folder)).unwrap();
    }
    let base = SMALL
        .replace("price: {model: ercot-hub}", "price: {csv: data/p.csv, column: usd, unit: $/MWh}");
    bench.file("sites/base/small.yaml", base);
    bench.file(
        "sites/base/data/p.csv",
        "time,usd\n2026-07-01T00:00:00Z,40\n2026-07-01T06:00:00Z,60\n",
    );
    bench.file("sites/logs/jobs.swf", "1 0 -1 600 -1 -1 -1 8 600 -1 1 1 1 1 0 1 -1 -1\n");
    let child = "base: base/small.yaml\nduration: 12 h\nworkloads:\n  train:\n    jobs: {kind: swf, \
                 arrivals: null, classes: null, file: logs/jobs.swf}\n";
    bench.file("sites/child.yaml", child);
    let run = bench.loadbank("run sites/child.yaml").output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(0), "{said}");
    let first = bench.the_run();
    let name = first.file_name().unwrap().to_owned();
    let moved = bench.path().join("elsewhere/deep").join(&name);
    fs::rename(&first, &moved).unwrap();
    let scenario = moved.join("scenario.yaml");
    let again = bench.loadbank("run --output .").arg(&scenario);
    again.current_dir(bench.path().join("third")).assert().success();
    let summary = |folder: &std::path::Path| fs::read(folder.join("summary.json")).unwrap();
    assert!(summary(&moved) == summary(&bench.path().join("third").join(name)), "another run");
}
