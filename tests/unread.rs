//! A field that nothing reads is worse than none: it lets its writer believe in something.
//!
//! Every field of the language is written with several values into a site in which it stands. Two
//! values that are accepted must differ in the design that is run, or in what is said about it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use loadbank::scenario::read_scenario;
use serde_json::{Value as Json, json};

use super::fields::{Kind, Leaf, get, leaves, named, put};
use super::support::Bench;

/// Fields whose values the site of this test cannot tell apart, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("racks.x.power_on", "read by the workload on the racks, and these have none"),
    ("racks.x.sleep_power", "read by the workload on the racks, and these have none"),
    ("racks.x.gpu of", "read by the workload on the racks, and these have none"),
    ("racks.x.smoothing.ramp_up", "read by the workload on the racks, and these have none"),
    ("frequency.fixed", "followed by programmes, and the site has none"),
    ("emergency_level.at", "followed by programmes, and the site has none"),
    ("coolant.share", "counts where air takes the rest of the heat, and nothing does"),
    ("coolant.flow", "held against distribution units, and the racks hang on a loop"),
    ("arrivals.session_tokens", "bounds sessions, and the clients have none"),
    ("clients[0].share", "only ratios count, and there is one client"),
    ("causes[0].weight", "only ratios count, and there is one cause"),
    ("queue.power_limit", "the examples are below the power of one node, or above that of all"),
    ("workloads.x.represent", "there is one cell"),
];

/// Values to tell apart.
fn values(leaf: &Leaf) -> Vec<Json> {
    let number = leaf.example.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    let unit = leaf.example.split_once(' ').map_or("", |(_, unit)| unit);
    match leaf.kind {
        Kind::Quantity => {
            let number = number.unwrap_or(1.0);
            let scaled = |by: f64| json!(format!("{} {unit}", number * by));
            [1.0, 1.01, 0.5, 2.0, 0.1, 0.01].map(scaled).to_vec()
        }
        Kind::Fraction => ["50 %", "51 %", "10 %", "90 %"].map(Json::from).to_vec(),
        Kind::Duration => ["1 h", "2 h", "1 min", "2 s"].map(Json::from).to_vec(),
        Kind::Whole => [1, 2, 3].map(Json::from).to_vec(),
        Kind::Number => [1.0, 1.1, 0.5, 2.0].map(Json::from).to_vec(),
        Kind::Numbers => {
            let other = |by: f64| {
                let mut numbers = get(&leaf.document, &leaf.path).clone();
                numbers[0] = json!(by);
                numbers
            };
            [1.0, 2.0, 3.0].map(other).to_vec()
        }
        Kind::Time => {
            ["06", "07", "09"].map(|hour| json!(format!("2026-07-01T{hour}:00:00Z"))).to_vec()
        }
        Kind::Choice => leaf.choices.clone(),
    }
}

/// What becomes of `leaf` written with `value`: the design and what is said of it; none where it is
/// refused.
fn designed(bench: &Bench, leaf: &Leaf, value: Json) -> Option<String> {
    let mut document = leaf.document.clone();
    put(&mut document, &leaf.path, value);
    let path = bench.file("site.yaml", document.to_string());
    let reading = read_scenario(&path, &[]);
    let said = reading.diagnostics.short(&reading.files);
    reading.loaded.map(|loaded| format!("{said}\n{:?}", loaded.design))
}

/// What a path names within a part that kinds of cooling, or of power, share: such a field is tried until
/// one kind has read it.
fn shared_part(path: &str) -> Option<String> {
    let keys: Vec<&str> = path.split('.').collect();
    (["cooling", "power"].contains(&keys[0]) && keys.len() > 3).then(|| keys[2..].join("."))
}

#[test]
fn every_field_is_read() {
    let leaves = leaves();
    let read_parts = Mutex::new(BTreeSet::new());
    let next = Mutex::new(leaves.iter());
    let found = Mutex::new((BTreeSet::new(), BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let bench = Bench::new();
                loop {
                    let Some(leaf) = next.lock().unwrap().next() else { return };
                    let part = shared_part(&named(&leaf.path));
                    if part.as_ref().is_some_and(|part| read_parts.lock().unwrap().contains(part)) {
                        continue;
                    }
                    let mut designs = BTreeSet::new();
                    let mut accepted = 0;
                    for value in values(leaf) {
                        let design = designed(&bench, leaf, value);
                        accepted += u32::from(design.is_some());
                        designs.extend(design);
                        if designs.len() > 1 {
                            break;
                        }
                    }
                    let (unread, untried) = &mut *found.lock().unwrap();
                    let name = named(&leaf.path);
                    let kind =
                        |path: usize| get(&leaf.document, &leaf.path[..path])["kind"].clone();
                    let name = format!("{name} of {}", kind(leaf.path.len().min(2)));
                    match (accepted, designs.len()) {
                        (_, 2) => read_parts.lock().unwrap().extend(part),
                        (0 | 1, _) => drop(untried.insert(name)),
                        _ => drop(unread.insert(name)),
                    }
                }
            });
        }
    });
    let (unread, untried) = found.into_inner().unwrap();
    let is_known = |name: &String| NOT_HERE.iter().any(|(known, _)| name.contains(known));
    let unread: Vec<&String> = unread.iter().filter(|name| !is_known(name)).collect();
    let read_parts = read_parts.into_inner().unwrap();
    let is_read = |name: &String| {
        let path = name.split(' ').next().expect("a name has a path");
        shared_part(path).is_some_and(|part| read_parts.contains(&part))
    };
    let untried: Vec<&String> = untried.iter().filter(|name| !is_read(name)).collect();
    assert!(unread.is_empty(), "nothing reads {unread:#?}");
    assert!(
        3 * untried.len() < leaves.len(),
        "{} of {} fields not tried",
        untried.len(),
        leaves.len()
    );
}
