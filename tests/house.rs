//! Rules of the house that the compiler does not hold: who may import whom, how long files
//! are, which files the documents name.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::Modules;

/// The floors from the ground up. A room imports only from floors below its own; rooms that
/// share a floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["units"],
    &["spec"],
    &["kernel", "fluids"],
    &["measure"],
    &["tables"],
    &["site"],
    &["plant/demand"],
    &["plant/power", "plant/cooling"],
    &["plant"],
    &["grid"],
    &["workload/rack", "workload/smoothing"],
    &["workload/gpu"],
    &["workload/cpu"],
    &["workload/mining", "workload/training", "workload/inference", "workload/heat_load"],
    &["workload"],
    &["control"],
    &["money"],
    &["facility"],
    &["scenario"],
    &["study"],
    &["fit"],
    &["reliability"],
    &["report"],
    &["cli"],
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

/// The modules of the library.
static LIBRARY: LazyLock<Modules> =
    LazyLock::new(|| Modules::read(&root().join("sim/lib.rs"), "sim/lib.rs"));

#[test]
fn each_floor_imports_only_floors_below_it() {
    let library = &*LIBRARY;
    let mut wrong = Vec::new();
    for (path, imports) in library.imports() {
        if path.is_empty() {
            continue;
        }
        let (floor, room) = floor_of(path).unwrap_or_else(|| panic!("{path} stands on no floor"));
        for other in imports {
            let (other_floor, other_room) = floor_of(&other).expect("found by its path before");
            if other_room != room && other_floor >= floor {
                let (file, other) = (&library.all[path].file, &library.all[&other].file);
                wrong.push(format!("{file} imports from {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports from the same floor or above:\n{}", wrong.join("\n"));
}

/// Files that still import each other.
const CIRCLES: &[&[&str]] = &[
    &["facility/cooling/exchangers", "facility/cooling/loops"],
    &["plant/cooling/spec/operation", "plant/cooling/spec/upkeep", "plant/cooling/spec/water"],
    &["scenario/de", "scenario/names", "scenario/place"],
    &[
        "scenario/assemble/inputs",
        "scenario/assemble/joblogs",
        "scenario/assemble/played",
        "scenario/assemble/traces",
    ],
    &["workload/inference/spec/model", "workload/inference/spec/service"],
    &["workload/training/schedule/lanes", "workload/training/schedule/queue"],
    &["workload/mining/income", "workload/mining/spec"],
    &[
        "workload/training/generator",
        "workload/training/job",
        "workload/training/spec",
        "workload/training/spec/curtailment",
        "workload/training/spec/jobs",
        "workload/training/spec/queue",
    ],
];

#[test]
fn no_files_import_each_other_in_a_circle() {
    let imports = LIBRARY.imports();
    let reached = |from: &str| {
        let mut reached = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(path) = next.pop() {
            for other in &imports[path.as_str()] {
                if reached.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        reached
    };
    let reach: BTreeMap<&str, _> = imports.keys().map(|path| (*path, reached(path))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (path, others) in &reach {
        if !others.contains(*path) || circles.iter().flatten().any(|known| known == path) {
            continue;
        }
        let back = |other: &&str| others.contains(*other) && reach[other].contains(*path);
        circles.push(imports.keys().copied().filter(back).collect());
    }
    let is_known = |circle: &Vec<&str>| {
        CIRCLES.iter().any(|known| circle.iter().all(|path| known.contains(path)))
    };
    circles.retain(|circle| !is_known(circle));
    let told = circles.iter().flatten().flat_map(|path| {
        let others = imports[path].iter().filter(|other| {
            reach[path].contains(*path) && {
                circles.iter().any(|c| c.contains(path) && c.contains(&other.as_str()))
            }
        });
        others.map(move |other| format!("{path} imports from {other}"))
    });
    let told: Vec<String> = told.collect();
    assert!(told.is_empty(), "files that import each other:\n{}", told.join("\n"));
}

#[test]
fn tests_stand_in_files_named_as_tests() {
    let wrong: Vec<&str> = LIBRARY
        .all
        .iter()
        .filter(|(path, module)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            let named = path.split('/').any(|part| part == "tests");
            module.declared_as_test
                && !(named || name.ends_with("_tests") || name.starts_with("tests_"))
        })
        .map(|(_, module)| module.file.as_str())
        .collect();
    assert!(wrong.is_empty(), "tests that are named as something else: {wrong:?}");
}

#[test]
fn the_import_reader_sees_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "pub mod a; pub mod b; mod d; pub mod e;");
    // A face hands names on; what is taken from it comes from where they are written down.
    write("a/mod.rs", "mod first; mod second; pub use first::{One, Two as Deux}; pub struct Own;");
    write("a/first.rs", "pub struct One; pub struct Two; impl super::Own {}");
    write("a/second.rs", "use super::super::d::Fourth;\nuse super::{Deux, Own};");
    write(
        "b.rs",
        "use crate::{a::{self, One}, d};
         mod inner { use super::super::e::Fifth; }
         fn f() { let x = d::third(crate::a::Own); macro_of!(super::e::sixth!()); csv::Error; }
         #[cfg(test)] mod tests { use crate::d::Never; }
         #[cfg(test)] mod benchmarks;",
    );
    write("b/benchmarks.rs", "use crate::e::Fifth;");
    write("d.rs", "pub use self::tests_of::*; #[cfg(test)] mod tests_of;");
    write("d/tests_of.rs", "");
    write("e.rs", "/// Not `crate::a::One`.\npub const TEXT: &str = \"crate::b\";");
    let modules = Modules::read(&folder.path().join("lib.rs"), "lib.rs");
    let imports = modules.imports();
    let of = |path: &str| imports[path].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a/first"), [""; 0], "the methods of a type go on in modules below it");
    assert_eq!(of("a/second"), ["a/first", "d"]);
    assert_eq!(of("b"), ["a", "a/first", "d", "e"]);
    assert_eq!(of("e"), [""; 0]);
    let as_tests = modules.all.iter().filter(|(_, module)| module.declared_as_test);
    assert_eq!(as_tests.map(|(path, _)| path).collect::<Vec<_>>(), ["b/benchmarks", "d/tests_of"]);
    assert_eq!(modules.all["b/benchmarks"].file, "b/benchmarks.rs");
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
