//! Every field of the language, out of its range: refused where it stands, and never a panic.
//!
//! The fields come from the JSON Schema, so that a new one is tried as soon as it exists. Each
//! is written into a site with one component of its kind, everything else by default; a value
//! that is out of any range must be refused, and whatever is refused must be refused at the
//! line of the field.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use loadbank::scenario::{read_scenario, schema};
use serde_json::{Value as Json, json};

use super::support::Bench;

/// The site that components are added to.
fn site() -> Json {
    json!({
        "name": "bounds",
        "start": "2026-07-01T00:00:00Z",
        "duration": "1 day",
        "site": {"altitude": "500 m"},
        "weather": {"climate": "west-texas"},
        "price": {"fixed": "40 $/MWh"},
        "power": {"utility": {"kind": "feed", "capacity": "100 MW"}},
        "cooling": {
            "loop": {"kind": "tower", "design_heat": "10 MW", "fed_by": "utility"},
            "handler": {
                "kind": "air-handler", "design_heat": "1 MW", "cooled_by": "loop", "fed_by": "utility",
            },
        },
        "racks": {
            "gpus": {"kind": "dgx-h100", "count": 8, "fed_by": "utility", "cooled_by": "loop"},
            "others": {"kind": "dgx-h100", "fed_by": "utility", "cooled_by": "loop"},
            "miners": {"kind": "s21-container", "fed_by": "utility", "cooled_by": "loop"},
        },
    })
}

/// Values of fields that need more than an example of their type, by the end of their path; the
/// first that fits.
const FITTING: &[(&str, &str)] = &[
    (".fed_by", r#""utility""#),
    (".air_cooled_by", r#""handler""#),
    (".cooled_by", r#""loop""#),
    ("].racks", r#""others""#),
    (".racks", r#""gpus""#),
    (".income", r#"{"difficulty": 1e14, "price": "100000 $"}"#),
    ("price.spikes", "1"),
    ("power.decode", r#""300 W""#),
    (".hours", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
    (".daily_profile", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
    (".weekdays", "[1,1,1,1,1,1,1]"),
    (".weekly_profile", "[1,1,1,1,1,1,1]"),
];

/// Fields that only go with others, by the start of their path: what their document says first.
const COMPANIONS: &[(&str, &str, &str)] = &[
    ("price.spikes", "price", r#"{"model": "ercot-hub"}"#),
    ("price.mean", "price", r#"{"model": "ercot-hub"}"#),
];

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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Quantity,
    Fraction,
    Duration,
    Whole,
    Number,
    Numbers,
    Time,
}

/// One field in a document in which it stands.
#[derive(Debug, Clone)]
struct Leaf {
    document: Json,
    path: Vec<Step>,
    kind: Kind,
    example: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

fn named(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Key(key) => write!(name, ".{key}").unwrap(),
            Step::Item(index) => write!(name, "[{index}]").unwrap(),
        }
    }
    name.trim_start_matches('.').to_owned()
}

fn put(document: &mut Json, path: &[Step], value: Json) {
    let mut at = document;
    for step in path {
        at = match step {
            Step::Key(key) => {
                if !at.is_object() {
                    *at = json!({});
                }
                at.as_object_mut().unwrap().entry(key.clone()).or_insert(Json::Null)
            }
            Step::Item(index) => &mut at[*index],
        };
    }
    *at = value;
}

fn get<'d>(document: &'d Json, path: &[Step]) -> &'d Json {
    path.iter().fold(document, |at, step| match step {
        Step::Key(key) => &at[key.as_str()],
        Step::Item(index) => &at[*index],
    })
}

struct Walk {
    schema: Json,
    leaves: Vec<Leaf>,
}

impl Walk {
    /// What `node` stands for: references followed, `null` left out. With the name of the
    /// definition.
    fn resolve<'s>(&'s self, node: &'s Json) -> (&'s Json, &'s str) {
        let (mut node, mut name) = (node, "");
        loop {
            if let Some(reference) = node["$ref"].as_str() {
                name = reference.rsplit('/').next().unwrap();
                node = &self.schema["definitions"][name];
            } else if let Some([only]) = node["allOf"].as_array().map(Vec::as_slice) {
                node = only;
            } else if let Some(choices) = node["anyOf"].as_array()
                && name.is_empty()
            {
                let is_null = |choice: &&Json| choice["type"] == "null";
                node = choices.iter().find(|choice| !is_null(choice)).expect("more than null");
            } else {
                return (node, name);
            }
        }
    }

    fn leaf_kind(node: &Json, name: &str) -> Option<Kind> {
        let is = |wanted: &str| {
            node["type"] == wanted
                || node["type"].as_array().is_some_and(|types| types.iter().any(|t| t == wanted))
        };
        match name {
            "Fraction" => Some(Kind::Fraction),
            "Duration" | "Interval" => Some(Kind::Duration),
            _ if is("integer") => Some(Kind::Whole),
            _ if is("number") => Some(Kind::Number),
            _ if is("string") && node["examples"].is_array() => Some(Kind::Quantity),
            _ if is("array") => {
                let item = &node["items"]["type"];
                (item == "number" || item == "integer").then_some(Kind::Numbers)
            }
            _ => None,
        }
    }

    /// The kinds of an enum of kinds, less the entries of the catalogue.
    fn variants(node: &Json) -> Option<Vec<&Json>> {
        let variants = node["oneOf"].as_array()?.iter();
        let variants: Vec<&Json> =
            variants.filter(|v| v["properties"]["kind"]["const"].is_string()).collect();
        (!variants.is_empty()).then_some(variants)
    }

    /// The least that makes a sound value of `node` at `path`.
    fn least(&self, node: &Json, path: &mut Vec<Step>) -> Json {
        let name = named(path);
        if name.ends_with(".racks") && node["description"].as_str().unwrap_or("").contains("ASIC") {
            return json!("miners");
        }
        if let Some((_, fitting)) = FITTING.iter().find(|(end, _)| name.ends_with(end)) {
            return serde_json::from_str(fitting).unwrap();
        }
        let (node, definition) = self.resolve(node);
        if let Some(variants) = Self::variants(node) {
            return self.least_struct(variants[0], path);
        }
        if node["properties"].is_object() {
            return self.least_struct(node, path);
        }
        match Self::leaf_kind(node, definition) {
            Some(Kind::Quantity | Kind::Fraction) => node["examples"][0].clone(),
            Some(Kind::Duration) => json!("1 h"),
            Some(Kind::Whole | Kind::Number) => json!(1),
            Some(Kind::Numbers) => json!([1]),
            Some(Kind::Time) | None => match &node["enum"] {
                Json::Array(choices) => choices[0].clone(),
                _ if node["type"] == "array" => {
                    path.push(Step::Item(0));
                    let item = self.least(&node["items"], path);
                    path.pop();
                    json!([item])
                }
                _ if node["type"] == "boolean" => json!(true),
                _ if name.ends_with("start") => json!("2026-07-01T06:00:00Z"),
                _ => json!("x"),
            },
        }
    }

    fn least_struct(&self, node: &Json, path: &mut Vec<Step>) -> Json {
        let mut made = json!({});
        if let Some(kind) = node["properties"]["kind"]["const"].as_str() {
            made["kind"] = json!(kind);
        }
        let required = node["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let optional = ["fed_by", "arrivals"];
        let is_known = |key: &&str| node["properties"][key].is_object();
        let optional = optional.into_iter().filter(is_known);
        for key in required.chain(optional) {
            if key != "kind" {
                path.push(Step::Key(key.to_owned()));
                made[key] = self.least(&node["properties"][key], path);
                path.pop();
            }
        }
        made
    }

    /// Collects the fields of `node`, which stands at `path` of `document`.
    fn visit(&mut self, node: &Json, path: &mut Vec<Step>, document: &Json) {
        let (node, definition) = self.resolve(node);
        let (node, definition) = (node.clone(), definition.to_owned());
        let is_time = named(path).ends_with("start");
        let kind = Self::leaf_kind(&node, &definition).or(is_time.then_some(Kind::Time));
        if let Some(kind) = kind {
            let example = node["examples"][0].as_str().unwrap_or_default().to_owned();
            let mut document = document.clone();
            let name = named(path);
            if let Some((_, key, text)) = COMPANIONS.iter().find(|(of, ..)| name.starts_with(of)) {
                document[key] = serde_json::from_str(text).unwrap();
            }
            if get(&document, path).is_null() {
                let value = self.least(&node, &mut path.clone());
                put(&mut document, path, value);
            }
            self.leaves.push(Leaf { document, path: path.clone(), kind, example });
            return;
        }
        if let Some(variants) = Self::variants(&node) {
            let written = get(document, path)["kind"].as_str().map(str::to_owned);
            for variant in variants {
                let is_written =
                    variant["properties"]["kind"]["const"].as_str() == written.as_deref();
                let mut document = document.clone();
                if !is_written {
                    let value = self.least_struct(variant, &mut path.clone());
                    put(&mut document, path, value);
                }
                self.visit_struct(variant, path, &document);
            }
        } else if node["properties"].is_object() {
            let mut document = document.clone();
            if !get(&document, path).is_object() {
                let value = self.least_struct(&node, &mut path.clone());
                put(&mut document, path, value);
            }
            self.visit_struct(&node, path, &document);
        } else if node["type"] == "array" || node["type"][0] == "array" {
            let mut document = document.clone();
            if !get(&document, path).is_array() {
                put(&mut document, path, json!([null]));
                path.push(Step::Item(0));
                let value = self.least(&node["items"], &mut path.clone());
                put(&mut document, path, value);
                path.pop();
            }
            path.push(Step::Item(0));
            self.visit(&node["items"], path, &document);
            path.pop();
        }
    }

    fn visit_struct(&mut self, node: &Json, path: &mut Vec<Step>, document: &Json) {
        for (key, field) in node["properties"].as_object().expect("a struct has fields") {
            if key != "kind" {
                path.push(Step::Key(key.clone()));
                self.visit(field, path, document);
                path.pop();
            }
        }
    }
}

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
        if !found.iter().any(|(at, _)| *at == line) {
            found.retain(|(_, message)| !of_the_rest(message));
        }
        if started.elapsed() > Duration::from_secs(20) {
            complaints.push(format!("{name}: {value}: takes {:?}", started.elapsed()));
        }
        if found.is_empty() && must {
            complaints.push(format!("{name}: {value}: accepted"));
        } else if !found.is_empty() && !found.iter().any(is_here) {
            complaints.push(format!("{name}: {value}: not at line {line}: {found:?}"));
        }
    }
    complaints
}

#[test]
fn every_field_out_of_range_is_refused_where_it_stands() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let mut walk = Walk { schema: schema.clone(), leaves: Vec::new() };
    let sections = ["power", "cooling", "racks", "workloads"];
    for (key, field) in schema["properties"].as_object().unwrap() {
        if sections.contains(&key.as_str()) {
            let path = vec![Step::Key(key.clone()), Step::Key("x".to_owned())];
            walk.visit(&field["additionalProperties"], &mut path.clone(), &site());
        } else if !["base", "catalogue"].contains(&key.as_str()) {
            walk.visit(field, &mut vec![Step::Key(key.clone())], &site());
        }
    }
    let mut leaves = walk.leaves;
    // The specs of cooling are being put into parts; they join when that is done.
    leaves.retain(|leaf| {
        let name = named(&leaf.path);
        !["cooling.", "water."].iter().any(|part| name.starts_with(part))
            && !name.contains(".chip.")
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
