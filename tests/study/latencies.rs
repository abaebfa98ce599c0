//! Latencies of all requests of a study, beside the means of the percentiles of its runs.

use std::fs;

use super::super::support::{Bench, SMALL};
use super::{folder, rows, stdout};

#[test]
fn latencies_are_pooled_whoever_made_them() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.file(
        "served.study.yaml",
        "name: served\ndesigns: {small: small.yaml}\nduration: 8 h\nreplications: 3\n\
         figures: [ttft-p99(chat)]\n",
    );
    let text = stdout(&bench, "study served.study.yaml --tables csv", 0);
    assert!(text.contains("TTFT p99, mean of runs"), "{text}");
    assert!(text.contains("of all requests, s"), "{text}");
    let whole = folder(&bench, "studies");
    let served: f64 = rows(&whole.join("results.csv"))
        .iter()
        .filter(|row| row["figure"] == "served" && row["subject"] == "chat")
        .map(|row| row["value"].parse::<f64>().unwrap())
        .sum();
    let latencies = rows(&whole.join("latencies.csv"));
    let ttft = latencies.iter().find(|row| row["histogram"] == "chat/ttft").unwrap();
    assert_eq!((ttft["replications"].as_str(), ttft["count"].parse()), ("3", Ok(served)));
    let log = fs::read_to_string(whole.join("latency/small-0.hlog")).unwrap();
    assert!(log.contains("\nTag=chat/ttft,0.000,86400.000,"), "{log}");

    for (shard, output) in [("0/2", "parts"), ("1/2", "elsewhere")] {
        stdout(&bench, &format!("study served.study.yaml --shard {shard} -o {output}"), 0);
    }
    let elsewhere = folder(&bench, "elsewhere");
    stdout(
        &bench,
        &format!("merge served.study.yaml {} -o parts --tables csv", elsewhere.display()),
        0,
    );
    let merged = folder(&bench, "parts");
    for name in ["latencies.csv", "results.csv", "latency/small-0.hlog"] {
        assert!(
            fs::read(whole.join(name)).unwrap() == fs::read(merged.join(name)).unwrap(),
            "{name}"
        );
    }
}
