//! The scenarios that come with loadbank, and the schema that editors check them by.

use std::fs;
use std::path::{Path, PathBuf};

use loadbank::scenario::{read_scenario, schema};

use super::support::{Bench, SMALL};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every scenario of the gallery; what stands in folders below is made use of by these.
fn gallery() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_scenario_is_sound() {
    for path in gallery() {
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        let loaded = reading.loaded.unwrap_or_else(|| panic!("{}:\n{said}", path.display()));
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(loaded.design.name, name, "{} is named otherwise", path.display());
    }
}

/// The designs of 100 MW with their contracts and capital, too long to be run by each test of the gallery.
#[test]
fn every_scenario_with_contracts_is_sound() {
    for name in ["mining-100mw", "hybrid-100mw", "ai-retrofit-100mw"] {
        let path = root().join("scenarios/contracts").join(format!("{name}.yaml"));
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        let loaded = reading.loaded.unwrap_or_else(|| panic!("{name}:\n{said}"));
        assert_eq!(said, "", "{name}");
        assert!(loaded.design.terms.project.is_some(), "{name}");
    }
}

#[test]
fn what_show_prints_is_the_same_scenario() {
    let bench = Bench::new();
    let mut files = gallery();
    files.push(bench.file("small.yaml", SMALL));
    // Paths of files start at the folder of the scenario.
    for folder in ["logs", "environments"] {
        fs::create_dir(bench.path().join(folder)).unwrap();
        for file in fs::read_dir(root().join("scenarios").join(folder)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), bench.path().join(folder).join(file.file_name())).unwrap();
        }
    }
    for path in files {
        let loaded = read_scenario(&path, &[]).loaded.unwrap();
        let shown = bench.file("shown.yaml", &loaded.effective_yaml);
        let reading = read_scenario(&shown, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        let again = reading.loaded.unwrap_or_else(|| panic!("{}:\n{said}", path.display()));
        assert_eq!(again.hash, loaded.hash, "{}", path.display());
        assert_eq!(again.effective_yaml, loaded.effective_yaml, "{}", path.display());
    }
}
#[test]
fn the_schema_is_what_the_command_prints() {
    let bench = Bench::new();
    let output = bench.loadbank("schema").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), schema());
}

/// Files of the gallery in their folders too: everything that ends in `.yaml`.
fn all_yaml(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_yaml(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Editors and scripts read the gallery with parsers that are stricter than ours: one on libyaml,
/// and that of Python where it is at hand.
#[test]
fn every_yaml_parser_reads_the_gallery() {
    let files = all_yaml(&root().join("scenarios"));
    assert!(files.len() > 30, "{}", files.len());
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let read: Result<serde_yaml::Value, _> = serde_yaml::from_str(&text);
        if let Err(error) = read {
            panic!("{}: {error}", path.display());
        }
    }
    // It is strict: a group in brackets needs its quotes.
    assert!(serde_yaml::from_str::<serde_yaml::Value>("[ups-{1..2}]").is_err());

    let python = std::env::var("LOADBANK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let load = "import sys, yaml\nfor path in sys.argv[1:]: yaml.safe_load(open(path))";
    let import = std::process::Command::new(&python).args(["-c", "import yaml"]).output();
    if import.is_ok_and(|tried| tried.status.success()) {
        let read = std::process::Command::new(&python).args(["-c", load]).args(&files).output();
        let read = read.unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}
