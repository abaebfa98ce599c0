//! Rules of the house that the compiler does not hold: who may import whom, how long files
//! are, which files the documents name.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up. A room imports only from floors below its own; rooms that
/// share a floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["units"],
    &["spec"],
    &["kernel", "fluids"],
    &["measure"],
    &["tables"],
    &["site"],
    &["plant/power", "plant/cooling"],
    &["plant"],
    &["grid"],
    &["workload/gpu"],
    &["workload/mining", "workload/training", "workload/inference", "workload/heat_load"],
    &["workload"],
    &["control"],
    &["facility"],
    &["scenario"],
    &["study"],
    &["report"],
    &["cli"],
];

/// What a room may import although it stands on the same floor or above: a parent module's
/// shared plain types.
const SHARED: &[(&str, &str)] = &[
    ("plant/power", "plant/demand"),
    ("plant/cooling", "plant/demand"),
    ("workload/mining", "workload/rack"),
    ("workload/training", "workload/rack"),
    ("workload/inference", "workload/rack"),
    ("workload/heat_load", "workload/rack"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The floor of a path such as `plant/power/network`, by its longest listed prefix.
fn floor_of(path: &str) -> Option<(usize, &'static str)> {
    let mut best: Option<(usize, &'static str)> = None;
    for (floor, rooms) in FLOORS.iter().enumerate() {
        for room in *rooms {
            let inside =
                path == *room || path.strip_prefix(room).is_some_and(|r| r.starts_with('/'));
            if inside && best.is_none_or(|(_, b)| room.len() > b.len()) {
                best = Some((floor, room));
            }
        }
    }
    best
}

/// Every path that a source text names behind `crate::`, as `a/b/c`. Braced lists are opened.
fn crate_paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        open(rest, String::new(), &mut paths);
    }
    return paths;

    /// Reads `a::b::{c, d::e}` into `paths`; returns what is left behind it.
    fn open<'a>(mut rest: &'a str, mut path: String, paths: &mut Vec<String>) -> &'a str {
        loop {
            if let Some(inner) = rest.strip_prefix('{') {
                rest = inner;
                loop {
                    rest = open(rest.trim_start(), path.clone(), paths).trim_start();
                    match rest.strip_prefix(',') {
                        Some(more) if more.trim_start().starts_with('}') => {
                            return &more.trim_start()[1..];
                        }
                        Some(more) => rest = more,
                        None => return rest.strip_prefix('}').unwrap_or(rest),
                    }
                }
            }
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&rest[..end]);
            rest = &rest[end..];
            match rest.strip_prefix("::") {
                Some(more) if end > 0 => rest = more,
                _ => {
                    paths.push(path);
                    return rest;
                }
            }
        }
    }
}

#[test]
fn each_floor_imports_only_floors_below_it() {
    let sim = root().join("sim");
    let mut wrong = Vec::new();
    for file in rust_files(&sim) {
        let relative = file.strip_prefix(&sim).unwrap().with_extension("");
        let own = relative.to_str().unwrap().trim_end_matches("/mod");
        if own == "lib" || own == "main" {
            continue;
        }
        let (floor, room) = floor_of(own).unwrap_or_else(|| panic!("{own} stands on no floor"));
        for path in crate_paths(&fs::read_to_string(&file).unwrap()) {
            let Some((other_floor, other)) = floor_of(&path) else { continue };
            let shared = SHARED.iter().any(|(who, what)| {
                *who == room && (path.starts_with(what) || is_reexport_of(&path, what))
            });
            if other != room && other_floor >= floor && !shared {
                wrong.push(format!("sim/{own}.rs imports {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports from the same floor or above:\n{}", wrong.join("\n"));
}

/// `plant/Demand` is the public name of what stands in `plant/demand`.
fn is_reexport_of(path: &str, module: &str) -> bool {
    const REEXPORTS: &[(&str, &str)] = &[
        ("plant/Demand", "plant/demand"),
        ("plant/Rank", "plant/demand"),
        ("workload/RackOffer", "workload/rack"),
    ];
    REEXPORTS.iter().any(|(name, of)| *of == module && path.starts_with(name))
}

#[test]
fn the_import_reader_sees_every_form() {
    let text = "use crate::a::{b, c::{d, e}, self};\nuse crate::f;\nlet x = crate::g::h(1);";
    assert_eq!(crate_paths(text), ["a/b", "a/c/d", "a/c/e", "a/self", "f", "g/h"]);
    assert_eq!(floor_of("plant/power/network").unwrap().1, "plant/power");
    assert_eq!(floor_of("plant/Demand").unwrap().1, "plant");
}

#[test]
fn no_source_file_is_a_novel() {
    const LONGEST: usize = 900;
    for folder in ["sim", "tests", "benches", "validation"] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn documents_name_files_that_exist() {
    let mut missing = Vec::new();
    let mut documents = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                documents.push(path);
            }
        }
    }
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_path = ["sim/", "scenarios/", "validation/", "tests/", "benches/", "docs/"]
                .iter()
                .any(|top| quoted.starts_with(top))
                && !quoted.contains(['*', '<', ' ', '{', '(']);
            if is_path && !root().join(quoted).exists() {
                missing.push(format!("{} names {quoted}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
