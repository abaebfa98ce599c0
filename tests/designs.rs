//! Every scenario of the gallery runs and balances, and the designs that are to be compared share
//! their surroundings.

use std::fs;
use std::path::{Path, PathBuf};

use loadbank::facility::{End, Facility, Silent, SubjectKind};
use loadbank::scenario::{Loaded, read_scenario};

fn gallery() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    files
}

fn load(path: &Path, sets: &[&str]) -> Loaded {
    let mut sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    // What is made to happen later than a shortened run ends is refused.
    if fs::read_to_string(path).unwrap().contains("\nevents:") {
        sets.push("events=null".to_owned());
    }
    let reading = read_scenario(path, &sets);
    let said = reading.diagnostics.render(&reading.files, false);
    reading.loaded.unwrap_or_else(|| panic!("{}:\n{said}", path.display()))
}

fn named(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.yaml"))
}

#[test]
fn a_day_of_every_scenario_balances() {
    for path in gallery() {
        // Cells stand for others, so that few requests tell as much about the books as many.
        let mut sets = vec!["duration=1 day"];
        let written = load(&path, &[]).effective_yaml;
        // Classes of clients have arrivals of their own and are left as they are.
        if written.contains("rate_per_replica") && written.contains("\n    arrivals:\n") {
            sets.push("workloads.chat.arrivals.rate_per_replica=0.01 /s");
        }
        let loaded = load(&path, &sets);
        let mut facility = Facility::new(&loaded.design, 0);
        assert_eq!(facility.run(&mut Silent), End::Complete);
        let outcome = facility.outcome();
        assert!(outcome.balanced(), "{}: {:?}", path.display(), outcome.books);
        let pue = outcome.real("pue");
        // A hall built for air, in July: what a mean data centre has (1.56, Uptime Institute, survey of 2024).
        let legacy = path.ends_with("liquid-to-air-hall.yaml");
        let most = if legacy { 1.56 } else { 1.3 };
        assert!((1.0..most).contains(&pue), "{}: a PUE of {pue}", path.display());
    }
}

/// Both sides of the AI halls can carry everything: losing one changes nothing for a rack.
#[test]
fn the_hybrid_survives_the_loss_of_either_side() {
    for side in ["board-1", "board-2"] {
        // Fails within minutes and stays away for the day.
        let failing = format!("power.{side}.failures={{rate: 20 /h, repair_mean: 900 days}}");
        let sets = [
            "duration=1 day",
            "workloads.chat.arrivals.rate_per_replica=0.01 /s",
            "power.utility.outages=none",
            failing.as_str(),
            // A resident job keeps every rack near its rating.
            "workloads.train.jobs={kind: resident}",
        ];
        let loaded = load(&named("hybrid-100mw"), &sets);
        let mut facility = Facility::new(&loaded.design, 0);
        facility.run(&mut Silent);
        let outcome = facility.outcome();
        assert_eq!(outcome.count(&format!("failures({side})")), 1, "{side} was to fail");
        for hall in outcome.of(SubjectKind::Hall) {
            let expected = if hall.name == "mine-hall" { 0.45..0.60 } else { 1.0..1.0 + 1e-12 };
            assert!(expected.contains(&hall.real("availability")), "{side}: {hall:?}");
        }
        for kind in ["throttled", "paused"] {
            let hours = outcome.real(&format!("gpu_hours.{kind}(train)"));
            assert!(hours < 1e-9, "{hours} GPU-hours {kind}");
        }
    }
}

#[test]
fn designs_to_be_compared_share_their_surroundings() {
    let effective = |name: &str| -> serde_yaml::Value {
        serde_yaml::from_str(&load(&named(name), &[]).effective_yaml).unwrap()
    };
    let hybrid = effective("hybrid-100mw");
    for other in ["mining-100mw", "ai-retrofit-100mw"] {
        let other = effective(other);
        for section in ["start", "duration", "seed", "site", "weather", "price", "carbon"] {
            assert!(!hybrid[section].is_null(), "no {section}");
            assert_eq!(hybrid[section], other[section], "{section}");
        }
        for shared in ["utility", "main-tx-{1..2}", "board-1", "board-2"] {
            assert!(!hybrid["power"][shared].is_null(), "no {shared}");
            assert_eq!(hybrid["power"][shared], other["power"][shared], "{shared}");
        }
    }
}
