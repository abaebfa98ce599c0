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
