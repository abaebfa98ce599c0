//! The fields of the scenario language as its JSON Schema tells them, each in a site in which it
//! stands. A new field is met as soon as it exists.

use std::fmt::Write as _;

use loadbank::scenario::schema;
use serde_json::{Value as Json, json};

/// Every field that holds a value, in a site with one component of its kind and everything else by
/// default.
pub(crate) fn leaves() -> Vec<Leaf> {
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
    walk.leaves
}

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
    (".attention_ranks.count", "2"),
    ("].racks", r#""others""#),
    (".racks", r#""gpus""#),
    ("jobs.arrivals", r#""10 /day""#),
    (".arrivals", r#"{"rate_per_replica": "1 /s"}"#),
    (".income", r#"{"difficulty": 1e14, "price": "100000 $"}"#),
    ("currency", r#""USD""#),
    ("price.spikes", "1"),
    ("power.decode", r#""300 W""#),
    (".acceptance", r#""70 %""#),
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

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Quantity,
    Fraction,
    Duration,
    Whole,
    Number,
    Numbers,
    Time,
    /// One of the values that it lists: a flag, or a word.
    Choice,
}

/// One field in a document in which it stands.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) document: Json,
    pub(crate) path: Vec<Step>,
    pub(crate) kind: Kind,
    pub(crate) example: String,
    /// Of a choice.
    pub(crate) choices: Vec<Json>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

pub(crate) fn named(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Key(key) => write!(name, ".{key}").unwrap(),
            Step::Item(index) => write!(name, "[{index}]").unwrap(),
        }
    }
    name.trim_start_matches('.').to_owned()
}

pub(crate) fn put(document: &mut Json, path: &[Step], value: Json) {
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

pub(crate) fn get<'d>(document: &'d Json, path: &[Step]) -> &'d Json {
    path.iter().fold(document, |at, step| match step {
        Step::Key(key) => &at[key.as_str()],
        Step::Item(index) => &at[*index],
    })
}

/// Lets the clients of `document` wait for their answers, if `path` only goes with that.
fn let_clients_wait(document: &mut Json, path: &[Step]) {
    let Some(at) = path.iter().position(|step| *step == Step::Key("arrivals".to_owned())) else {
        return;
    };
    let closed = ["clients", "think", "turns", "session_tokens"];
    let goes_with = |step: &Step| matches!(step, Step::Key(key) if closed.contains(&&**key));
    if path.get(at + 1).is_some_and(goes_with) {
        let mut arrivals = get(document, &path[..=at]).clone();
        if let Some(fields) = arrivals.as_object_mut() {
            fields.remove("rate_per_replica");
            fields.entry("clients").or_insert(json!(4));
        }
        put(document, &path[..=at], arrivals);
    }
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

    /// The values of a flag, or the words that a field may hold.
    fn choices(node: &Json) -> Vec<Json> {
        let of = |node: &Json| -> Vec<Json> {
            let listed = node["enum"].as_array().cloned().unwrap_or_default();
            listed.into_iter().chain(node.get("const").cloned()).filter(Json::is_string).collect()
        };
        if node["type"] == "boolean" || node["type"][0] == "boolean" {
            return vec![json!(false), json!(true)];
        }
        let variants = node["oneOf"].as_array().into_iter().flatten();
        of(node).into_iter().chain(variants.flat_map(of)).collect()
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
        let says = |what: &str| node["description"].as_str().unwrap_or("").contains(what);
        if name.ends_with(".cooled_by") && says("The air handler of the hall") {
            return json!("handler");
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
            Some(Kind::Time | Kind::Choice) | None => match &node["enum"] {
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
        let choices = Self::choices(&node);
        let kind = Self::leaf_kind(&node, &definition).or(is_time.then_some(Kind::Time));
        let kind = kind.or((choices.len() > 1).then_some(Kind::Choice));
        if let Some(kind) = kind {
            let example = node["examples"][0].as_str().unwrap_or_default().to_owned();
            let mut document = document.clone();
            let name = named(path);
            if let Some((_, key, text)) = COMPANIONS.iter().find(|(of, ..)| name.starts_with(of)) {
                document[key] = serde_json::from_str(text).unwrap();
            }
            let_clients_wait(&mut document, path);
            if get(&document, path).is_null() {
                let value = self.least(&node, &mut path.clone());
                put(&mut document, path, value);
            }
            self.leaves.push(Leaf { document, path: path.clone(), kind, example, choices });
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
