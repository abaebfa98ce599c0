//! Ctrl-C: once keeps what is done, twice ends at once.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{BINARY, Bench, SMALL};

/// Starts a run of years and waits until it is on its way.
fn long_run(bench: &Bench) -> Child {
    bench.file("small.yaml", SMALL);
    let mut child = Command::new(BINARY)
        .args(["run", "small.yaml", "--set", "duration=20000 days", "--progress", "plain"])
        .current_dir(bench.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !bench.path().join("runs").exists() || bench.names("runs").is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "the run has ended by itself");
        assert!(Instant::now() < deadline, "the run does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    child
}

pub(super) fn interrupt(child: &Child) {
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

#[test]
fn an_interrupted_run_keeps_what_it_has() {
    let bench = Bench::new();
    let child = long_run(&bench);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("(interrupted: partial)"), "{text}");

    let folder = bench.the_run();
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    assert_eq!(json("manifest.json")["status"], "partial");
    let summary = json("summary.json");
    assert_eq!(summary["partial"], true);
    assert_eq!(summary["planned_days"], 20_000.0);
    let days = summary["simulated_days"].as_f64().unwrap();
    assert!(days > 0.0 && days < 20_000.0, "{days}");
    for book in summary["books"].as_object().unwrap().values() {
        assert_eq!(book["balanced"], true, "{book}");
    }
    let names = super::support::names(&folder);
    assert!(names.contains(&"latency.hlog".to_owned()), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("timeseries.")), "{names:?}");
}

#[test]
fn a_second_interrupt_leaves_nothing() {
    let bench = Bench::new();
    let mut child = long_run(&bench);
    // A stopped process takes both signals at once when it goes on.
    let signal = |name: &str| {
        let id = child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    signal("-INT");
    signal("-INT");
    let _ = BufReader::new(child.stdout.take().unwrap()).lines().count();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left = bench.names("runs");
    assert!(
        left.is_empty() || left.len() == 1 && !left[0].starts_with('.'),
        "nothing, or the whole folder where the first was quick: {left:?}"
    );
}
