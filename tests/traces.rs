//! Scenarios whose requests were recorded.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use loadbank::scenario::read_scenario;

use super::support::{Bench, SMALL, data, simulate, simulate_file};

/// The small site with a chat that plays `file`.
fn scenario(trace: &str) -> String {
    let drawn = "arrivals: {rate_per_replica: 0.05 /s}";
    assert!(SMALL.contains(drawn));
    SMALL.replace(drawn, &format!("trace: {trace}"))
}

/// A row each minute for ten hours, and some that no trace should have.
fn trace() -> String {
    let mut text = String::from("TIMESTAMP,ContextTokens,GeneratedTokens\n");
    for minute in 0..600 {
        let _ = writeln!(text, "2023-11-16 {:02}:{:02}:00,500,100", minute / 60, minute % 60);
    }
    text.push_str("nonsense\n2023-11-16 09:00:00,500,100\n2023-11-16 11:00:00,9000000,100\n");
    text
}

#[test]
fn odd_rows_are_reported_and_no_request_is_lost() {
    let bench = Bench::new();
    bench.file("trace.csv", trace());
    let path = bench.file("small.yaml", scenario("{kind: azure, file: trace.csv}"));
    let reading = read_scenario(&path, &[]);
    let said = reading.diagnostics.render(&reading.files, false);
    assert!(reading.loaded.is_some(), "{said}");
    for part in [
        "602 requests",
        "1 rows (first: line 602) cannot be read: left out",
        "1 rows (first: line 603) sent before the row above",
        "1 requests (first: line 604) need more KV memory than a replica has",
    ] {
        assert!(said.contains(part), "`{part}` is missing from\n{said}");
    }
    let told = simulate_file(&path, &[]);
    assert!(told.outcome.balanced());
    let chat = |key: &str| told.outcome.named("chat").unwrap().count(key);
    // Four cells, each of which receives the whole trace.
    assert_eq!((chat("arrived"), chat("rejected")), (4 * 602, 4));
    assert_eq!(chat("served") + chat("failed"), 4 * 601);
    assert_eq!(chat("output_tokens"), 100 * chat("served"));
}

#[test]
fn a_trace_may_repeat_to_the_end_of_the_run() {
    let bench = Bench::new();
    let line =
        |ms: u64| format!("{{\"timestamp\": {ms}, \"input_length\": 50, \"output_length\": 5}}\n");
    bench.file("trace.jsonl", (0..60).map(|i| line(60_000 * i)).collect::<String>());
    let text = "{kind: mooncake, file: trace.jsonl, repeat: true, rate_scale: 0.5}";
    let path = bench.file("small.yaml", scenario(text));
    let told = simulate_file(&path, &[]);
    let chat = |key: &str| told.outcome.named("chat").unwrap().count(key);
    // One every two minutes for a week, in four cells; one more at the very end.
    let expected = 4 * 7 * 24 * 30;
    assert!((expected..=expected + 4).contains(&chat("arrived")));
}

/// A trace whose seconds are read as milliseconds fits in every other way.
#[test]
fn times_in_another_unit_are_said() {
    let bench = Bench::new();
    let line = |at: f64| {
        format!("{{\"timestamp\": {at:?}, \"input_length\": 600, \"output_length\": 20}}\n")
    };
    let said = |name: &str, trace: &str, times: &[f64]| {
        bench.file(name, times.iter().copied().map(line).collect::<String>());
        let path = bench.file("small.yaml", scenario(trace));
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        // What is in doubt is not played.
        assert_eq!(reading.loaded.is_none(), said.contains("for `timestamp` is read as"), "{said}");
        said
    };
    let doubts = |said: &str| said.contains("for `timestamp` is read as");
    let seconds = [0.0, 60.0, 300.0];
    let told = said("s.jsonl", "{kind: mooncake, file: s.jsonl}", &seconds);
    assert!(
        told.contains("3 requests within 0.300 s, for `timestamp` is read as milliseconds"),
        "{told}"
    );
    let ways = "write `time_unit: s`; if it is right, write `time_unit: ms` to confirm it";
    assert!(told.contains(ways), "{told}");
    // A day in seconds, which would come within two minutes.
    let day: Vec<f64> = (0..40_000).map(|i| 2.1 * f64::from(i)).collect();
    assert!(doubts(&said("day.jsonl", "{kind: mooncake, file: day.jsonl}", &day)));
    let milliseconds: Vec<f64> = (0..600).map(|i| 1e3 * 300.0 * f64::from(i)).collect();
    let told = said("ms.jsonl", "{kind: bailian, file: ms.jsonl}", &milliseconds);
    assert!(told.contains("read as seconds"), "{told}");
    let ways = "write `time_unit: ms`; if it is right, write `time_unit: s` to confirm it";
    assert!(told.contains(ways), "{told}");
    // What is written is believed, and what fits is not doubted.
    assert!(!doubts(&said("s.jsonl", "{kind: mooncake, file: s.jsonl, time_unit: s}", &seconds)));
    assert!(!doubts(&said("s.jsonl", "{kind: mooncake, file: s.jsonl, time_unit: ms}", &seconds)));
    assert!(!doubts(&said("s.jsonl", "{kind: bailian, file: s.jsonl}", &seconds)));
    assert!(!doubts(&said("ms.jsonl", "{kind: mooncake, file: ms.jsonl}", &milliseconds)));
}

#[test]
fn a_file_that_is_no_trace_is_refused() {
    let bench = Bench::new();
    bench.file("page.csv", "<html>\nnot found\n");
    for (text, part) in [
        ("{kind: azure, file: page.csv}", "no column `TIMESTAMP`; columns: `<html>`"),
        ("{kind: mooncake, file: page.csv}", "2 rows (first: line 1) cannot be read"),
        ("{kind: azure, file: none.csv}", "cannot read"),
        ("{kind: azure, file: page.csv, rate_scale: 0}", "rate_scale"),
    ] {
        let path = bench.file("small.yaml", scenario(text));
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        assert!(reading.loaded.is_none() && said.contains(part), "{said}");
    }
}

/// On one replica, requests are admitted in the order of the trace: what they find of their
/// blocks is what a list of the blocks in order of use holds.
#[test]
fn blocks_of_a_trace_are_found_as_in_a_list_in_order_of_use() {
    let Some(folder) = data() else { return };
    let path = folder.join("inference/mooncake_conversation.jsonl.gz");
    const KEPT: usize = 2000;
    let mut text = String::new();
    let packed = std::fs::File::open(&path).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let (mut list, mut expected): (Vec<u64>, u64) = (Vec::new(), 0);
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let ids: Vec<u64> =
            row["hash_ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
        let hits = ids.iter().take_while(|id| list.contains(id)).count() as u64;
        let prompt = row["input_length"].as_u64().unwrap();
        // Whole KV blocks of 16 tokens, and never the last token.
        expected += (512 * hits).min(prompt - 1) / 16 * 16;
        for id in ids.iter().rev() {
            list.retain(|other| other != id);
            list.push(*id);
            if list.len() > KEPT {
                list.remove(0);
            }
        }
    }
    let bench = Bench::new();
    let trace = format!("{{kind: mooncake, file: {}, rate_scale: 0.1}}", path.display());
    let text = scenario(&trace)
        .replace("cells: 4", "cells: 1")
        .replace("replicas: 2", &format!("replicas: 1\n    prefix_memory: {}", 512 * KEPT));
    let path = bench.file("small.yaml", text);
    let told = simulate_file(&path, &["duration=2 days", "workloads.chat.kv_blocks=10000000"]);
    let chat = |key: &str| told.outcome.named("chat").unwrap().count(key);
    assert_eq!(chat("served"), 12_031);
    assert_eq!(chat("cached_tokens"), expected);
    assert!(expected > 0);
}

/// What `run` says of the small site whose chat plays the file `name` with these bytes.
fn played(name: &str, kind: &str, bytes: &[u8]) -> (i32, String) {
    let bench = Bench::new();
    bench.file(name, bytes);
    bench.file("small.yaml", scenario(&format!("{{kind: {kind}, file: {name}}}")));
    let command = bench.loadbank("run small.yaml --tables csv --set").arg("duration=1 day");
    let output = command.output().unwrap();
    let code = output.status.code().expect("no signal ended it");
    let said = [output.stdout, output.stderr].concat();
    (code, String::from_utf8(said).unwrap())
}

const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

#[test]
fn a_trace_that_cannot_be_read_is_refused() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(trace().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for (name, kind, bytes, part) in [
        ("empty.csv", "azure", &b""[..], "0 requests"),
        ("header.csv", "azure", AZURE.as_bytes(), "0 requests"),
        ("empty.jsonl", "mooncake", b"", "0 requests"),
        ("short.csv.gz", "azure", &packed[..packed.len() / 2], "cannot read"),
        ("plain.csv.gz", "azure", AZURE.as_bytes(), "cannot read"),
        ("binary.jsonl", "mooncake", &[0xff, 0xfe, 0x00, b'\n', 0xc3, 0x28], "cannot be read"),
    ] {
        let (code, said) = played(name, kind, bytes);
        assert_eq!(code, 3, "{name}:\n{said}");
        assert!(said.contains(part) && said.contains(name), "{name} says\n{said}");
    }
}

#[test]
fn odd_rows_of_any_kind_leave_the_sound_ones() {
    let azure = "\u{feff}TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                 2023-11-16 09:00:00,500,100\r\n\
                 2023-11-16 09:00:10,-500,100\r\n\
                 2023-11-16 09:00:10,500,-1\r\n\
                 2023-11-16 09:00:10,1e300,100\r\n\
                 2023-11-16 09:00:10,NaN,100\r\n\
                 1e300,500,100\r\n\
                 \r\n\
                 2023-11-16 08:59:00,500,100\r\n\
                 2023-11-16 09:00:20,500,0\r\n\
                 2023-11-16 09:00:30,500,100";
    let mut azure = azure.as_bytes().to_vec();
    azure.extend_from_slice(b"\n2023-11-16 09:00:40,5\xff0,100\n");
    let row = |at: &str, input: &str, output: &str| {
        let names = "\"timestamp\": AT, \"input_length\": IN, \"output_length\": OUT";
        let fields = names.replace("AT", at).replace("IN", input).replace("OUT", output);
        format!("{{{fields}}}\r\n")
    };
    let mut mooncake = String::new();
    for (at, input, output) in [
        ("0", "500", "100"),
        ("1e300", "500", "100"),
        ("-5", "500", "100"),
        ("10", "-500", "100"),
        ("10", "1e300", "100"),
        ("10", "500", "null"),
        ("7", "500", "100"),
        ("5", "500", "100"),
        ("20", "0", "100"),
    ] {
        mooncake += &row(at, input, output);
    }
    for (name, kind, bytes, malformed, backwards) in [
        ("odd.csv", "azure", azure.as_slice(), "6 rows (first: line 3)", "1 rows (first: line 9)"),
        (
            "odd.jsonl",
            "mooncake, time_unit: ms",
            mooncake.as_bytes(),
            "5 rows (first: line 2)",
            "(first: line 8)",
        ),
    ] {
        let (code, said) = played(name, kind, bytes);
        assert_eq!(code, 0, "{name}:\n{said}");
        for part in
            ["3 requests", malformed, backwards, "no prompt or no answer", "12 arrived: 12 served"]
        {
            assert!(said.contains(part), "{name} does not say `{part}`:\n{said}");
        }
    }
}

/// For an hour the grid gives nothing: what arrives then fails, what was inside is lost, and
/// nothing is lost count of.
#[test]
fn an_hour_without_a_live_replica_is_counted() {
    let hour = "{start: 2026-07-01T12:00:00Z, duration: 1 h, import: 1 kW}";
    let text = format!("{SMALL}control: {{curtailments: [{hour}]}}\n");
    let told = simulate(&text, &["duration=1 day"]);
    assert!(told.outcome.balanced());
    let chat = |key: &str| told.outcome.named("chat").unwrap().count(key);
    let ended = chat("served") + chat("failed") + chat("rejected");
    assert_eq!(chat("arrived"), ended + chat("in_flight"));
    // Eight replicas that receive 0.05 a second; they take minutes to start after the hour.
    let of_hour = 8.0 * 0.05 * 3600.0;
    let failed = chat("failed") as f64;
    assert!((0.8 * of_hour..2.0 * of_hour).contains(&failed), "{failed} failed, {of_hour} came");
}

/// A limit of a request cuts its answer, and stands for one that is not told.
#[test]
fn an_answer_is_no_longer_than_its_request_lets_it_be() {
    let bench = Bench::new();
    let rows = ["0,10,100,50", "1,10,20,50", "2,10,,70", "3,10,30,"];
    bench.file("log.csv", format!("at,prompt,generated,most\n{}\n", rows.join("\n")));
    bench.file(
        "log.jsonl",
        "{\"at\": 0, \"prompt\": 10, \"usage\": {\"out\": 100}, \"max_tokens\": 50}\n\
         {\"at\": 1, \"prompt\": 10, \"usage\": {\"out\": 20}, \"max_tokens\": 50}\n\
         {\"at\": 2, \"prompt\": 10, \"max_tokens\": 70}\n\
         {\"at\": 3, \"prompt\": 10, \"usage\": {\"out\": 30}, \"max_tokens\": null}\n",
    );
    let said = |trace: &str| {
        let reading = read_scenario(&bench.file("small.yaml", scenario(trace)), &[]);
        let found = reading.loaded.map(|loaded| loaded.found.join("\n")).unwrap_or_default();
        found + &reading.diagnostics.render(&reading.files, false)
    };
    let table = "kind: table, file: log.csv, time_format: unix, prompt: prompt";
    let lines = "kind: json-lines, file: log.jsonl, time: at, time_format: unix, prompt: prompt";
    for both in [
        format!("{{{table}, output: generated, max_tokens: most}}"),
        format!("{{{lines}, output: usage.out, max_tokens: max_tokens}}"),
    ] {
        let told = said(&both);
        // 50, 20, 70 and 30.
        assert!(
            told.contains("4 requests over 3 s") || told.contains("4 requests over 3.000 s"),
            "{told}"
        );
        assert!(told.contains("generated 42 in the mean, 70 at most"), "{told}");
        assert!(told.contains("1 rows (first: line "), "{told}");
        assert!(told.contains("with more generated than their own limit: cut at it"), "{told}");
    }
    // Of limits alone the last row has none.
    let told = said(&format!("{{{table}, max_tokens: most}}"));
    assert!(told.contains("generated 57 in the mean, 70 at most"), "{told}");
    assert!(told.contains("neither tokens generated nor their limit"), "{told}");
    let told = said(&format!("{{{table}}}"));
    assert!(told.contains("needs `output`, what was generated, or `max_tokens`"), "{told}");
}
