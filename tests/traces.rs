//! Scenarios whose requests were recorded.

use std::fmt::Write as _;
use std::io::Read as _;

use loadbank::facility::Summary;
use loadbank::scenario::read_scenario;

use super::support::{Bench, SMALL, data, simulate_file};

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
    let work = told.outcome.workloads.iter().find(|work| work.name == "chat").unwrap();
    let Summary::Inference(chat) = &work.summary else { panic!("chat answers requests") };
    let requests = &chat.requests;
    // Four cells, each of which receives the whole trace.
    assert_eq!((requests.arrived, requests.rejected), (4 * 602, 4));
    assert_eq!(requests.served + requests.failed, 4 * 601);
    assert_eq!(requests.output_tokens, 100 * requests.served);
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
    let work = told.outcome.workloads.iter().find(|work| work.name == "chat").unwrap();
    let Summary::Inference(chat) = &work.summary else { panic!("chat answers requests") };
    // One every two minutes for a week, in four cells; one more at the very end.
    let expected = 4 * 7 * 24 * 30;
    assert!((expected..=expected + 4).contains(&chat.requests.arrived));
}

#[test]
fn a_file_that_is_no_trace_is_refused() {
    let bench = Bench::new();
    bench.file("page.csv", "<html>\nnot found\n");
    for (text, part) in [
        ("{kind: azure, file: page.csv}", "2 rows (first: line 1) cannot be read"),
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
    let work = told.outcome.workloads.iter().find(|work| work.name == "chat").unwrap();
    let Summary::Inference(chat) = &work.summary else { panic!("chat answers requests") };
    assert_eq!(chat.requests.served, 12_031);
    assert_eq!(chat.requests.cached_tokens, expected);
    assert!(expected > 0);
}
