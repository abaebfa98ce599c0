//! Every field of the language, out of its range: refused where it stands, and never a panic.
//!
//! The fields come from the JSON Schema, so that a new one is tried as soon as it exists. Each
//! is written into a site with one component of its kind, everything else by default; a value
//! that is out of any range must be refused, and whatever is refused must be refused at the
//! line of the field.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use loadbank::scenario::read_scenario;
use serde_json::{Value as Json, json};

use super::fields::{Kind, Leaf, Step, get, leaves, named, put};
use super::support::Bench;

/// Whole numbers that may be as large as they like: nothing is allocated or walked by them.
const COUNTLESS: &[&str] = &[
    "seed",
    "requests.first",
    "crews",
    "kv_blocks",
    "max_waiting",
    "prefix_memory",
    "drain_at",
    "].at",
];

/// Values to try in a field, and whether each must be refused.
fn wrong_values(leaf: &Leaf) -> Vec<(Json, bool)> {
    let unit = leaf.example.trim_start_matches(|c: char| c.is_ascii_digit() || ".e- ".contains(c));
    let quantity = |number: &str| json!(format!("{number} {unit}"));
    let is_countless = COUNTLESS.iter().any(|field| named(&leaf.path).ends_with(field));
    match leaf.kind {
        Kind::Quantity => vec![
            (quantity("1e30"), true),
            (quantity("1e9"), false),
            (quantity("-1"), false),
            (quantity("0"), false),
        ],
        Kind::Fraction => {
            vec![(json!("101 %"), true), (json!("100 %"), false), (json!("0 %"), false)]
        }
        Kind::Duration => {
            vec![(json!("1e30 days"), true), (json!("0 s"), false), (json!("50000 days"), false)]
        }
        Kind::Whole => vec![
            (json!(0), false),
            (json!(u32::MAX), !is_countless),
            (json!(u64::MAX), !is_countless),
        ],
        Kind::Number => {
            vec![(json!(1e300), true), (json!(-1e300), true), (json!(0), false), (json!(-1), false)]
        }
        Kind::Numbers => {
            let mut first = get(&leaf.document, &leaf.path).clone();
            first[0] = json!(1e300);
            vec![(first, true), (json!([]), true), (json!([-1]), true)]
        }
        Kind::Choice => vec![(json!("no such word"), true), (json!(7), true)],
        Kind::Time => vec![
            (json!("9999-12-31T22:00:00Z"), false),
            (json!("-009999-01-03T00:00:00Z"), false),
            (json!("2200-01-01T00:00:00Z"), false),
        ],
    }
}

/// The document as text with one field per line, and the line of the field at `path`.
fn text_of(document: &Json, path: &[Step], value: &Json) -> (String, usize) {
    const HERE: &str = "the field is here";
    let mut marked = document.clone();
    put(&mut marked, path, json!(HERE));
    let text = serde_json::to_string_pretty(&marked).unwrap();
    let line = text.lines().position(|line| line.contains(HERE)).expect("the mark is there") + 1;
    (text.replacen(&json!(HERE).to_string(), &value.to_string(), 1), line)
}

/// The errors of `text`, each as its line and its message.
fn errors(bench: &Bench, text: &str) -> Vec<(usize, String)> {
    let path = bench.file("site.yaml", text);
    let reading = read_scenario(&path, &[]);
    let report = reading.diagnostics.short(&reading.files);
    let error = |line: &str| {
        let (place, message) = line.split_once(": error: ")?;
        let number = place.rsplit(':').nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
        Some((number, message.to_owned()))
    };
    report.lines().filter_map(error).collect()
}

/// What is wrong with how `leaf` is refused; nothing if all is well.
fn complaints(leaf: &Leaf) -> Vec<String> {
    let bench = Bench::new();
    let name = named(&leaf.path);
    let mut complaints = Vec::new();
    // What is wrong with the rest of the document, for want of a better one, does not count.
    let mut known: Option<Vec<String>> = None;
    let mut of_the_rest = |message: &String| {
        let known = known.get_or_insert_with(|| {
            let before = get(&leaf.document, &leaf.path).clone();
            let (sound, _) = text_of(&leaf.document, &leaf.path, &before);
            errors(&bench, &sound).into_iter().map(|(_, message)| message).collect()
        });
        known.contains(message)
    };
    for (value, must) in wrong_values(leaf) {
        let (text, line) = text_of(&leaf.document, &leaf.path, &value);
        // Where two fields contradict each other, a message stands at one and names the other.
        let field = match leaf.path.iter().rev().find(|step| matches!(step, Step::Key(_))) {
            Some(Step::Key(key)) => format!("`{key}`"),
            _ => unreachable!("a path has a key"),
        };
        let is_here = |(at, message): &(usize, String)| {
            let place = message.split(": ").next().unwrap_or_default();
            *at == line || message.contains(&field) && !name.starts_with(place)
        };
        let started = Instant::now();
        let Ok(mut found) = catch_unwind(|| errors(&bench, &text)) else {
            complaints.push(format!("{name}: {value}: panics"));
            continue;
        };
        let mut is_masked = false;
        if !found.iter().any(|(at, _)| *at == line) {
            is_masked = !found.is_empty();
            found.retain(|(_, message)| !of_the_rest(message));
        }
        if started.elapsed() > Duration::from_secs(60) {
            complaints.push(format!("{name}: {value}: takes {:?}", started.elapsed()));
        }
        // Where the rest is refused before this field is looked at, it cannot be judged here.
        if found.is_empty() && must && !is_masked {
            complaints.push(format!("{name}: {value}: accepted"));
        } else if !found.is_empty() && !found.iter().any(is_here) {
            complaints.push(format!("{name}: {value}: not at line {line}: {found:?}"));
        }
    }
    complaints
}

#[test]
fn every_field_out_of_range_is_refused_where_it_stands() {
    let mut leaves = leaves();
    // Fields of cooling are held against their bounds beside their specs.
    leaves.retain(|leaf| {
        let name = named(&leaf.path);
        !["cooling.", "water."].iter().any(|part| name.starts_with(part))
    });
    assert!(leaves.len() > 300, "{} fields", leaves.len());
    let next = Mutex::new(leaves.iter());
    let found = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(leaf) = next.lock().unwrap().next() else { return };
                    found.lock().unwrap().extend(complaints(leaf));
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let report: String = found.iter().map(|complaint| format!("{complaint}\n")).collect();
    assert!(found.is_empty(), "{} of {} fields:\n{report}", found.len(), leaves.len());
}
