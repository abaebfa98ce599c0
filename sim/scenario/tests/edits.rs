//! Bases, `--set` and the catalogue: everything that changes a tree after it was read.

use std::fs;
use std::path::Path;

use super::*;

fn yaml(text: &str, sets: &[&str]) -> String {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let document = load_text("t.yaml", text, &sets).unwrap();
    assert!(!document.diagnostics.has_errors(), "{}", document.diagnostics.short(&document.files));
    effective_yaml(&document.root)
}

#[test]
fn a_set_replaces_adds_and_removes() {
    let text = "seed: 1\npower:\n  ups-{1..4}: {rating: 1 MW, fed_by: [a, b]}\n";
    assert_eq!(
        yaml(
            text,
            &[
                "power.ups-{1..4}.rating=80 MVA",
                "power.ups-{1..4}.fed_by.1=pdu-{1..3}",
                "seed=null",
                "name=a = b",
                "site={latitude: 32 deg}",
                "site.altitude=545 m",
                "site.part.of=it",
            ]
        ),
        "power:\n  ups-{1..4}:\n    rating: 80 MVA\n    fed_by:\n    - a\n    - pdu-{1..3}\nname: a = b\nsite:\n  latitude: 32 deg\n  altitude: 545 m\n  part:\n    of: it\n"
    );
}

#[test]
fn a_set_that_leads_nowhere_says_where_it_ends() {
    let text = "power:\n  ups-{1..4}: {kind: ups, rating: 1 MW, fed_by: [a, b]}\n";
    for (set, message) in [
        ("rating", "1:1: `--set` needs `path=value`, got `rating`"),
        ("powr.ups-1.rating=1 MW", "1:1: the scenario has no `powr`"),
        ("power.ups-2.rating=1 MW", "1:7: `ups-2` is one of the group `ups-{1..4}`"),
        ("power.ups-2={}", "1:7: `ups-2` is one of the group `ups-{1..4}`"),
        ("power.ups-5.rating=1 MW", "1:7: `power` has no `ups-5`"),
        (
            "power.ups-{1..4}.rating.unit=MW",
            "1:25: `power.ups-{1..4}.rating` is `1 MW` and has no fields",
        ),
        ("power.ups-{1..4}.fed_by.2=c", "1:25: `power.ups-{1..4}.fed_by` has no entry `2`"),
        ("power.ups-{1..4}.modules=null", "1:18: `power.ups-{1..4}` has no `modules`"),
        ("power..rating=1 MW", "1:7: the path `power..rating` has an empty step"),
        ("=1", "1:1: the path `` has an empty step"),
        ("power.x=", "1:8: `power.x` is set to nothing"),
        ("power.x=[1", "1:9: `[` is not closed"),
        // A value of the wrong kind is found by the reader, at the command line.
        (
            "power.ups-{1..4}.rating=5",
            "1:25: power.ups-{1..4}.rating: needs a power with a unit, got the bare number `5`",
        ),
        ("power.ups-{1..4}.failures.rate.of=2", "1:18: power.ups-{1..4}: unknown field `failures`"),
        ("power.ups-{1..4}.raitng=5 MW", "1:18: power.ups-{1..4}: unknown field `raitng`"),
    ] {
        assert_eq!(check_with(text, &[set]), [format!("command line:{message}")], "for {set}");
    }
}

#[test]
fn kinds_from_the_catalogue_are_laid_beneath() {
    let text = "
catalogue:
  power:
    big-ups: {kind: ups, rating: 2 MW, efficiency: 96 %, battery: {ambient: 25 degC, strings: 4}}
    bigger-ups: {kind: big-ups, rating: 3 MW}
power:
  a: {kind: bigger-ups, fed_by: x, efficiency: null, battery: {strings: 6}}
";
    let mut document = load_text("t.yaml", text, &[]).unwrap();
    document.resolve_kinds(&[POWER]);
    assert!(!document.diagnostics.has_errors());
    assert_eq!(
        canonical_json(&document.root),
        r#"{"power":{"a":{"battery":{"ambient":"25 degC","strings":6},"fed_by":"x","kind":"ups","rating":"3 MW"}}}"#
    );
}

#[test]
fn errors_in_the_catalogue_are_found_whether_it_is_used_or_not() {
    expect(
        "
catalogue:
  power:
    big: {kind: ups, rating: 2 kg}
    one: {kind: two}
    two: {kind: one}
    lost: {kind: upps}
    ups: {kind: feed}
    none: {rating: 2 MW}
  powr: {}
power:
  a: {kind: big, fed_by: x}
  b: {kind: one}
  c: {kind: bog}
",
        &[
            "5:17: catalogue.power.one: the kind `one` leads back to itself",
            "6:17: catalogue.power.two: the kind `two` leads back to itself",
            "7:18: catalogue.power.lost: unknown kind `upps`",
            "8:5: catalogue.power.ups: `ups` is the name of a model",
            "9:5: catalogue.power.none: missing field `kind`",
            "10:3: catalogue: unknown section `powr`",
            "12:13: power.a.rating: needs a power, got `2 kg`: `kg` is not a unit of it",
            "13:13: power.b: the kind `one` leads back to itself",
            "14:13: power.c: unknown kind `bog`",
        ],
    );
}

#[test]
fn the_built_in_catalogue_leads_to_kinds() {
    for section in ["power", "cooling", "racks", "workloads", "contracts", "programmes"] {
        let mut files = Files::default();
        let entries = built_in(section, &mut files);
        for entry in &entries.entries {
            let kind = entry.value.get("kind").and_then(Node::as_text);
            assert!(kind.is_some(), "{section}.{} names no kind", entry.key);
            let source = entry.value.get("source").and_then(Node::as_text);
            let chained = kind.is_some_and(|kind| entries.entry(kind).is_some());
            assert!(chained || source.is_some(), "{section}.{} names no source", entry.key);
        }
    }
}

/// A folder of files, and what loading the first of them gives.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Document, LoadError>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let loaded = load(&dir.path().join(files[0].0), &[]);
    (dir, loaded)
}

/// The messages of a failed load, without the folder.
#[track_caller]
fn refusal(files: &[(&str, &str)]) -> (String, bool) {
    let (dir, loaded) = folder(files);
    let error = loaded.expect_err("the load succeeded");
    let prefix = format!("{}/", dir.path().display());
    (error.diagnostics.short(&error.files).replace(&prefix, ""), error.is_unreadable())
}

#[test]
fn a_child_is_laid_over_its_bases() {
    let (dir, loaded) = folder(&[
        (
            "site.yaml",
            "base: [env/texas.yaml, env/cheap.yaml]\nname: site\npower: {grid: {capacity: 9 MW}, old: null}\n",
        ),
        (
            "env/texas.yaml",
            "base: common.yaml\nname: texas\nprice: {csv: prices.csv}\npower: {grid: {kind: feed, capacity: 1 MW}, old: {kind: feed}}\n",
        ),
        ("env/cheap.yaml", "base: common.yaml\nprice: {flat: 1 $/MWh}\n"),
        ("env/common.yaml", "seed: 7\nlist: [1, 2]\n"),
    ]);
    let document = loaded.unwrap();
    assert_eq!(
        canonical_json(&document.root),
        r#"{"list":[1,2],"name":"site","power":{"grid":{"capacity":"9 MW","kind":"feed"}},"price":{"csv":"prices.csv","flat":"1 $/MWh"},"seed":7}"#
    );
    let file: FilePath =
        document.get("price.csv").unwrap().read(&mut Diagnostics::default()).unwrap();
    assert_eq!(document.resolve_path(&file), dir.path().join("env/prices.csv"));
    let kind = document.get("power.grid.kind").unwrap().node.mark;
    assert!(document.files.of(kind).unwrap().name.ends_with("env/texas.yaml"));
}

#[test]
fn bases_that_cannot_be_read_are_named_where_they_are_wanted() {
    let missing = refusal(&[("a.yaml", "name: a\nbase: b.yaml\n")]);
    assert_eq!(
        missing,
        ("a.yaml:2:7: error: cannot read `b.yaml`: No such file or directory\n".to_owned(), true)
    );
    let circle = refusal(&[("a.yaml", "base: b.yaml\n"), ("b.yaml", "x: 1\nbase: [a.yaml]\n")]);
    assert_eq!(
        circle,
        ("b.yaml:2:8: error: base: `a.yaml` builds upon itself\n".to_owned(), false)
    );
    let broken = refusal(&[("a.yaml", "base: b.yaml\n"), ("b.yaml", "x: [\n")]);
    assert_eq!(broken, ("b.yaml:1:4: error: `[` is not closed\n".to_owned(), false));
    let odd = refusal(&[("a.yaml", "base: [{b: 1}]\n")]);
    assert_eq!(
        odd,
        (
            "a.yaml:1:8: error: base: needs a file such as `site.yaml`, got a mapping\n".to_owned(),
            false
        )
    );
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let error = load(Path::new("no/such.yaml"), &[]).unwrap_err();
    assert!(error.is_unreadable());
    assert_eq!(error.to_string(), "error: cannot read `no/such.yaml`: No such file or directory");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("latin.yaml");
    fs::write(&path, b"name: caf\xe9\n").unwrap();
    let error = load(&path, &[]).unwrap_err();
    assert!(!error.is_unreadable());
    let messages = error.diagnostics.short(&error.files);
    assert!(
        messages
            .ends_with("latin.yaml:1:10: error: the file is not UTF-8: byte 0xe9 at offset 9\n"),
        "{messages}"
    );

    fs::write(&path, "é".repeat(read::MAX_BYTES)).unwrap();
    let error = load(&path, &[]).unwrap_err();
    let messages = error.diagnostics.short(&error.files);
    assert!(
        messages.ends_with("latin.yaml:1:1: error: the file is larger than 8 MiB\n"),
        "{messages}"
    );

    fs::write(&path, b"\xef\xbb\xbfname: caf\xc3\xa9\n").unwrap();
    let document = load(&path, &[]).unwrap();
    assert_eq!(document.get("name").unwrap().node.as_text(), Some("café"));
    assert!(load(dir.path(), &[]).unwrap_err().is_unreadable());
}

#[test]
fn the_fingerprint_is_of_what_is_said() {
    let hash = |text: &str| content_hash(&load_text("t.yaml", text, &[]).unwrap().root);
    assert_eq!(
        hash("a: 1\nb: {c: 'x', d: 2.50}\n"),
        hash("b:\n  d: 2.5\n  c: x # a comment\na: 1\n")
    );
    assert_ne!(hash("a: 1"), hash("a: '1'"));
    assert_ne!(hash("a: [b, c]"), hash("a: [c, b]"));
    // SHA-256 of `{"a":1}` as the coreutils compute it.
    assert_eq!(hash("a: 1"), "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
}
