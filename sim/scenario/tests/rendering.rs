//! What a user sees, to the letter.

use super::*;

fn rendered(text: &str) -> String {
    let document = load_text("t.yaml", text, &[]).unwrap();
    let mut sink = document.diagnostics.clone();
    for component in document.section("power").unwrap().components(&mut sink) {
        component.place.read::<PowerSpec>(&mut sink);
    }
    sink.render(&document.files, false)
}

#[test]
fn a_message_shows_the_line_and_the_way_out() {
    assert_eq!(
        rendered("power:\n  a:\n    kind: feed\n    capacity: 120 mW\n"),
        "\
error: power.a.capacity: needs a power, got `120 mW`: `mW` is not a unit of it
 --> t.yaml:4:15
  |
4 |     capacity: 120 mW
  |               ^^^^^^
  |
  = help: `mW` is a milliwatt; did you mean `MW`?
"
    );
}

#[test]
fn both_places_of_a_duplicate_are_shown() {
    assert_eq!(
        rendered("power:\n  a: {kind: feed, capacity: 1 W}\n  a: {}\n"),
        "\
error: duplicate key `a`
 --> t.yaml:3:3
  |
2 |   a: {kind: feed, capacity: 1 W}
  |   - first here
3 |   a: {}
  |   ^ again here
"
    );
}

#[test]
fn columns_count_characters_whatever_the_line_ends_or_holds() {
    assert_eq!(
        rendered("\u{feff}power:\r\n  grüße:\t{kind: feed, capacity: 5}\r\n"),
        "\
error: power.grüße.capacity: needs a power with a unit, got the bare number `5`
 --> t.yaml:2:33
  |
2 |   grüße:    {kind: feed, capacity: 5}
  |                                    ^
  |
  = help: write for example `40 kW`; units: W, kW, MW, GW
"
    );
}

#[test]
fn an_alias_shows_use_and_definition() {
    assert_eq!(
        rendered("x: &x 5\npower:\n  a: {kind: feed, capacity: *x}\n"),
        "\
error: power.a.capacity: needs a power with a unit, got the bare number `5`
 --> t.yaml:3:29
  |
1 | x: &x 5
  |       - the value is written here
2 | power:
3 |   a: {kind: feed, capacity: *x}
  |                             ^^
  |
  = help: write for example `40 kW`; units: W, kW, MW, GW
"
    );
}

#[test]
fn long_lines_and_far_places_stay_readable() {
    let text = format!(
        "power:\n  a: {{kind: feed, capacity: 1 W, source: {}, source: y}}\n",
        "x".repeat(100_000)
    );
    let shown = rendered(&text);
    assert!(
        shown.starts_with("error: duplicate key `source`\n --> t.yaml:2:100044\n"),
        "{}",
        &shown[..200]
    );
    assert!(shown.lines().all(|line| line.chars().count() < 250), "a line is too long");

    let text = format!("a: 1\n{}a: 2\npower: {{}}\n", "# a line\n".repeat(100_000));
    let shown = rendered(&text);
    assert!(shown.contains("t.yaml:100002:1") && shown.contains("t.yaml:1:1"), "{shown}");
    assert!(shown.lines().count() < 15, "{shown}");
}

#[test]
fn programs_get_json() {
    let document = load_text("t.yaml", "power:\n  ä: {a: 1, a: 2}\n", &["x".to_owned()]).unwrap();
    assert_eq!(
        document.diagnostics.json_lines(&document.files),
        "\
{\"file\":\"t.yaml\",\"line\":2,\"col\":13,\"end_line\":2,\"end_col\":14,\"severity\":\"error\",\"code\":\"duplicate-key\",\"message\":\"duplicate key `a`\",\"help\":null}
{\"file\":\"command line\",\"line\":1,\"col\":1,\"end_line\":1,\"end_col\":2,\"severity\":\"error\",\"code\":\"set\",\"message\":\"`--set` needs `path=value`, got `x`\",\"help\":\"for example `--set power.ups-1.rating='2 MW'`\"}
"
    );
}

#[test]
fn colour_adds_only_escapes() {
    let document = load_text("t.yaml", "a: 1\na: 2\n", &[]).unwrap();
    let coloured = document.diagnostics.render(&document.files, true);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, document.diagnostics.render(&document.files, false));
}

/// What the page says of limits is what is refused; `tests/pages.rs` reads its examples.
#[test]
fn the_documentation_names_the_limits() {
    let page = include_str!("../../../docs/scenario-language.md");
    for (what, most) in [
        ("size of a file", format!("{} MiB", read::MAX_BYTES >> 20)),
        ("nesting", format!("{} levels", read::MAX_DEPTH)),
        ("values in a file", format!("{},000,000", read::MAX_NODES / 1_000_000)),
        ("values repeated by the aliases of a file", format!("{},000", read::MAX_ALIASED / 1_000)),
        ("components of a section", format!("{},000,000", MAX_INSTANCES / 1_000_000)),
    ] {
        assert!(page.contains(&format!("| {what} | {most} |")), "{what}");
    }
}
