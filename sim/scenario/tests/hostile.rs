//! Inputs made to take long, to take much memory, or to slip through.

use std::time::{Duration, Instant};

use super::*;

/// Loads `text`, which must be refused in time with a message at a place.
#[track_caller]
fn refused(text: &str, message: &str) {
    let attempt = || {
        let started = Instant::now();
        let error = match load_text("t.yaml", text, &[]) {
            Ok(document) => (document.diagnostics, document.files),
            Err(error) => (error.diagnostics, error.files),
        };
        let rendered = error.0.render(&error.1, false);
        (started.elapsed(), rendered, error)
    };
    // The best of five, since other tests run beside this one.
    let attempts = (0..5).map(|_| attempt());
    let (taken, rendered, error) = attempts.min_by_key(|attempt| attempt.0).unwrap();
    let short = error.0.short(&error.1);
    let first = short.lines().next().unwrap_or_default().trim_start_matches("t.yaml:");
    assert_eq!(first, message);
    assert!(rendered.contains("--> t.yaml:"), "no place:\n{rendered}");
    assert!(rendered.len() < 2_000, "the message has {} bytes", rendered.len());
    assert!(taken < Duration::from_secs(2), "took {taken:?}");
}

const DEEP: &str = "error: lists and mappings are nested more than 64 deep";
const LAUGHS: &str = "error: the aliases of this file repeat more than 20000 values";

#[test]
fn nesting_is_limited() {
    refused(&"[".repeat(200_000), &format!("1:67: {DEEP}"));
    refused(&"{a: ".repeat(20_000), &format!("1:265: {DEEP}"));
    refused(&"- ".repeat(100_000), &format!("1:129: {DEEP}"));
    let block: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&block, &format!("65:65: {DEEP}"));
    let fits = format!("a: {}1{}\n", "[".repeat(63), "]".repeat(63));
    assert!(load_text("t.yaml", &fits, &[]).is_ok());
}

#[test]
fn aliases_are_limited() {
    let tenfold =
        |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
    let lists: String = (1..12).map(tenfold).collect();
    refused(
        &format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{lists}"),
        &format!("5:10: {LAUGHS}"),
    );
    let twofold = |n: usize| format!("a{n}: &a{n} {{l: *a{0}, r: *a{0}}}\n", n - 1);
    let maps: String = (1..40).map(twofold).collect();
    refused(&format!("a0: &a0 {{l: 1, r: 2}}\n{maps}"), &format!("13:15: {LAUGHS}"));
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(5_000), "*a,".repeat(5_000));
    refused(&wide, &format!("2:14: {LAUGHS}"));
    refused("a: &a [1, *a]\n", "1:11: error: the alias stands inside the value that it repeats");
}

#[test]
fn the_rest_of_yaml_is_refused() {
    refused("", "1:1: error: the file holds nothing");
    refused("# only a comment\n", "1:1: error: the file holds nothing");
    refused("- a\n", "1:1: error: a scenario is a mapping, got a list");
    refused("a: 1\n---\nb: 1\n", "2:1: error: a second document starts here");
    refused("a: !!str 1\n", "1:4: error: tags are not part of the scenario language");
    refused("a: 1\n? [b, c]\n: 2\n", "2:3: error: a key must be a text");
    refused("a: 1\n~: 2\n", "2:1: error: a key must be a text");
    refused("a: 1\n<<: 3\n", "2:5: error: `<<` merges mappings, and this is none");
    refused("a: *b\n", "1:4: error: the alias names no anchor above it");
    refused("a: \"b", "1:4: error: the quote is not closed");
    refused("a: \"b\nc: 1\n", "2:1: error: a text in quotes goes on here without indentation");
    refused("a: \u{7}\n", "1:4: error: the file holds the control character U+0007");
    refused("a: \"\\u2028\"\n", "1:4: error: this text holds the control character U+2028");
    refused("a:\n\t- b\n", "2:2: error: a tab where YAML wants spaces");
    refused("a: b: c\n", "1:5: error: a `key: value` cannot stand here");
    refused("a: @b\n", "1:4: error: a value cannot start with `@`");
    refused("a: {b: 1, b: 2}\n", "1:11: error: duplicate key `b`");
}

#[test]
fn size_is_limited_and_large_files_are_read_in_linear_time() {
    refused(&"# x\n".repeat(2_200_000), "1:1: error: the file is larger than 8 MiB");
    let keys = |n: usize| (0..n).map(|key| format!("k{key}: {key}\n")).collect::<String>();
    let time = |text: &str| {
        let started = Instant::now();
        assert!(load_text("t.yaml", text, &[]).is_ok());
        started.elapsed()
    };
    let (few, many) = (keys(10_000), keys(100_000));
    let least = |text: &str| (0..2).map(|_| time(text)).min().unwrap();
    let ratio = least(&many).as_secs_f64() / least(&few).as_secs_f64();
    // Quadratic would be a hundredfold; memory effects and a busy machine take their share.
    assert!(ratio < 40.0, "ten times the keys take {ratio:.1} times as long");
    let too_many = format!("a: [{}]", "1,".repeat(1_100_000));
    let error = load_text("t.yaml", &too_many, &[]).unwrap_err();
    assert!(error.to_string().contains("the file holds more than 1000000 values"));
}

#[test]
fn a_flood_of_errors_is_counted_not_printed() {
    let document = load_text("t.yaml", &"k: 1\n".repeat(50_000), &[]).unwrap();
    assert_eq!(document.diagnostics.errors(), 49_999);
    let text = document.diagnostics.render(&document.files, false);
    assert!(text.ends_with("... and 49899 more\n"), "{}", &text[text.len() - 100..]);
}
