//! Studies that are killed, stopped, or mixed up.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::support::{BINARY, Bench};
use super::{STUDY, bench, folder, stderr, stdout};

/// Starts a study that takes an hour, and waits until some of it is done.
fn long_study(bench: &Bench) -> Child {
    let mut child = Command::new(BINARY)
        .args(["study", "pair.study.yaml", "--yes", "--set", "replications=100000"])
        .args(["--threads", "2", "--progress", "off", "--tables", "csv"])
        .current_dir(bench.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_begun = || {
        let parts = bench.names("studies").pop().map(|name| format!("studies/{name}/parts"));
        parts.is_some_and(|parts| {
            let parts = bench.path().join(parts);
            let entries = fs::read_dir(parts).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.metadata().ok()).any(|of| of.len() > 20_000)
        })
    };
    while !bench.path().join("studies").exists() || !is_begun() {
        assert!(child.try_wait().unwrap().is_none(), "the study has ended by itself");
        assert!(Instant::now() < deadline, "the study does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn signal(child: &Child, signal: &str) {
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

#[test]
fn a_study_killed_in_the_middle_loses_nothing_else() {
    let bench = bench();
    let mut child = long_study(&bench);
    signal(&child, "-KILL");
    child.wait().unwrap();
    let again = stdout(&bench, "study pair.study.yaml --tables csv", 0);
    assert!(!again.contains(" 0 reused"), "{again}");
    stdout(&bench, "study pair.study.yaml --tables csv -o fresh", 0);
    let results = |output: &str| fs::read(folder(&bench, output).join("results.csv")).unwrap();
    assert!(results("studies") == results("fresh"));
}

#[test]
fn the_first_interrupt_tells_what_is_there_and_the_second_ends_at_once() {
    let first = bench();
    let child = long_study(&first);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("2 designs, ") && text.contains(" runs, 0 reused, "), "{text}");

    let second = bench();
    let child = long_study(&second);
    signal(&child, "-INT");
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let again = stdout(&second, "study pair.study.yaml", 0);
    assert!(!again.contains(" 0 reused"), "{again}");
}

#[test]
fn folders_of_two_studies_do_not_merge() {
    let bench = bench();
    bench.file("pair.study.yaml", STUDY.replace("300 kW", "200 kW"));
    stdout(&bench, "study pair.study.yaml -o other", 0);
    bench.file("pair.study.yaml", STUDY);
    stdout(&bench, "study pair.study.yaml", 0);
    let other = folder(&bench, "other");
    let said = stderr(&bench, &format!("merge pair.study.yaml {}", other.display()), 2);
    assert!(
        said.contains("is of another study: short: power.utility.capacity: 300 kW -> 200 kW"),
        "{said}"
    );
    stdout(&bench, "study pair.study.yaml --set warm_up=1day -o warm", 0);
    let warm = folder(&bench, "warm");
    let said = stderr(&bench, &format!("merge pair.study.yaml {}", warm.display()), 2);
    assert!(said.contains("is of another study: warm_up: none -> 1day"), "{said}");
}
