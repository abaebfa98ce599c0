//! Properties that hold for every input.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Does with `text` all that a command does, and returns how long it took.
fn exercise(text: &str, sets: &[String]) -> Duration {
    let started = Instant::now();
    let (files, diagnostics) = match load_text("t.yaml", text, sets) {
        Ok(mut document) => {
            document.resolve_kinds(&[POWER]);
            let mut sink = document.diagnostics.clone();
            if let Some(power) = document.section("power") {
                for component in power.components(&mut sink) {
                    component.place.read::<PowerSpec>(&mut sink);
                }
            }
            effective_yaml(&document.root);
            content_hash(&document.root);
            (document.files, sink)
        }
        Err(error) => {
            assert!(error.diagnostics.has_errors(), "refused without a reason");
            (error.files, error.diagnostics)
        }
    };
    diagnostics.render(&files, false);
    diagnostics.json_lines(&files);
    started.elapsed()
}

/// Pieces of YAML, so that their combinations reach deeper than noise does.
const PIECES: &[&str] = &[
    "power:",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "a",
    "b-{1..3}",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&x ",
    "*x",
    "<<: *x",
    "kind: ups",
    "kind: feed",
    "rating: 2 MW",
    "capacity: 5",
    "battery:",
    "fed_by: ",
    "\"",
    "'",
    "#",
    "|\n",
    ">\n",
    "---\n",
    "...\n",
    "!t ",
    "? ",
    "\t",
    "\r\n",
    "~",
    "null",
    "1e400",
    ".nan",
    "é",
    "\u{feff}",
    "%",
    "base: x",
    "catalogue: {power: {q: {kind: ups}}}",
    "\\",
    "=",
    "..",
    "^1..2^",
];

fn scalar() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "[\\PC&&[^\u{2028}\u{2029}]]{0,8}",
        "[a-z\n\t: #]{0,12}",
        proptest::sample::select(vec![
            "",
            "~",
            "null",
            "true",
            "off",
            "1.50",
            "-0",
            "0x1F",
            "1_000",
            "1e3",
            "40 kW",
            "b-{1..3}",
            "<<",
            "- a",
            "2026-06-01",
            "12:30:00",
            ".5",
            "+7",
            "007",
            "-",
            "99999999999999999999",
        ])
        .prop_map(str::to_owned),
    ];
    text.prop_map(|text| Value::Scalar(Scalar { text, quoted: true }))
}

fn number() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| value.to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        Just("2.50e-7".to_owned()),
    ];
    text.prop_map(|text| Value::Scalar(Scalar { text, quoted: false }))
}

fn node(value: Value) -> Node {
    Node { mark: crate::spec::Mark::default(), used_at: None, value }
}

fn map(entries: Vec<(String, Node)>) -> Value {
    let mut map = Map::default();
    for (key, value) in entries {
        if key != "<<" && map.entry(&key).is_none() {
            map.entries.push(Entry { key: Name::unplaced(key), value });
        }
    }
    Value::Map(map)
}

fn tree() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![scalar(), number(), Just(Value::Null)].prop_map(node);
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| node(Value::Seq(items))),
            proptest::collection::vec(("[\\PC&&[^\u{2028}\u{2029}]]{0,6}", inner), 0..6)
                .prop_map(|entries| node(map(entries))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_or_takes_long(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let taken = exercise(&String::from_utf8_lossy(&bytes), &[]);
        prop_assert!(taken < Duration::from_millis(500), "{taken:?}");
    }

    #[test]
    fn no_yaml_panics_or_takes_long(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60),
        set in "[a-z.={}0-9\\[ ]{0,20}",
    ) {
        let taken = exercise(&pieces.concat(), &[set]);
        prop_assert!(taken < Duration::from_millis(500), "{taken:?}");
    }

    #[test]
    fn what_is_shown_reads_back_to_the_same(root in proptest::collection::vec(("[a-z]{1,6}", tree()), 1..6)) {
        let root = node(map(root));
        let yaml = effective_yaml(&root);
        let document = load_text("t.yaml", &yaml, &[]);
        prop_assert!(document.is_ok(), "{}\n{yaml}", document.unwrap_err());
        let document = document.unwrap();
        prop_assert!(!document.diagnostics.has_errors(), "{}", document.diagnostics.short(&document.files));
        prop_assert_eq!(canonical_json(&document.root), canonical_json(&root), "\n{}", yaml);
    }
}
