//! Our serving engine beside inference-lab, the fastest simulator on the Rust registry that
//! also walks requests exactly.
//!
//! `cargo bench -p validation --bench serving`. Both serve the same requests, which inference-lab draws
//! (Poisson arrivals, lognormal lengths) and we play as a trace, on the same number of replicas, under the
//! same affine law of iterations, chunk, sequence cap and KV memory, until the last one is answered. Both
//! keep the latencies of every request. They take turns, and a figure is the median of the CPU time of the
//! runs. Latencies agree within what the two schedulers do differently; both are printed.

#![expect(clippy::print_stdout, reason = "this program prints a table")]

use std::ops::ControlFlow;
use std::sync::Arc;

use inference_lab::config::Config;
use inference_lab::request::RequestGenerator;
use inference_lab::simulation::Simulator;
use loadbank::kernel::{Span, Streams, Time};
use loadbank::workload::inference::load::{
    ClassDesign, LoadDesign, TraceDesign, TraceReport, TraceRow,
};
use loadbank::workload::inference::replica::Limits;
use loadbank::workload::inference::step::DecodeDesign;
use loadbank::workload::inference::{Routing, Service};
use validation::cpu_of;

/// Rounds, of which the median counts.
const ROUNDS: usize = 5;

/// Our runs in a turn: one takes some milliseconds, too few for a steady clock.
const OURS: usize = 9;

/// How many times as fast we are to be.
const FLOOR: f64 = 100.0;

/// Seconds of an iteration: base, a sequence, a token of context, a prompt token.
const LAW: [f64; 4] = [29.41e-3, 0.0697e-3, 6.61e-8, 0.14e-3];

/// Mean and logarithmic deviation of prompts and answers, those of the Azure conversation trace.
const PROMPT: (f64, f64) = (1154.7, 0.808);
const OUTPUT: (f64, f64) = (211.1, 0.683);

const CHUNK: u32 = 512;
const SEQUENCES: u32 = 128;
const BLOCKS: u64 = 6000;

fn main() {
    println!(
        "requests of CodeLlama-34B on A100: chunk {CHUNK}, {SEQUENCES} sequences, {BLOCKS} KV blocks"
    );
    for (name, replicas, rate, requests, policy) in [
        ("4 replicas, round robin", 4, 5.53, 60_000, Policy::RoundRobin),
        ("64 replicas, least requests", 64, 88.0, 60_000, Policy::LeastRequests),
    ] {
        let setup = Setup { replicas, rate, requests, policy };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            for turn in 0..2 {
                match (round + turn) % 2 {
                    0 => ours.extend((0..OURS).map(|_| setup.ours())),
                    _ => theirs.push(setup.theirs()),
                }
            }
        }
        let [ours, theirs] = [ours, theirs].map(|mut all: Vec<Outcome>| {
            all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
            all.swap_remove(all.len() / 2)
        });
        let ratio = theirs.seconds / ours.seconds;
        println!("\n{name}, {rate} requests a second, {requests} requests");
        println!("{:16} {:>12} {:>12}", "", "requests/s", "CPU, s");
        for (who, outcome) in [("loadbank", &ours), ("inference-lab", &theirs)] {
            let rate = requests as f64 / outcome.seconds;
            println!("{who:16} {rate:>12.0} {:>12.3}", outcome.seconds);
        }
        let verdict = if ratio >= FLOOR { "met" } else { "missed" };
        println!("{ratio:.1} times as fast (demanded: {FLOOR}: {verdict})");
        println!("{:16} {:>12} {:>12} {:>12}", "latency, ms", "loadbank", "inference-lab", "ratio");
        for ((name, ours), (_, theirs)) in ours.latencies.iter().zip(&theirs.latencies) {
            println!("{name:16} {ours:>12.1} {theirs:>13.1} {:>12.3}", ours / theirs);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Policy {
    RoundRobin,
    LeastRequests,
}

/// What is served, by whom.
#[derive(Debug, Clone, Copy)]
struct Setup {
    replicas: usize,
    rate: f64,
    requests: usize,
    policy: Policy,
}

/// What a run took, and the latencies it found.
#[derive(Debug)]
struct Outcome {
    seconds: f64,
    latencies: Vec<(&'static str, f64)>,
}

impl Setup {
    /// The requests: when each is sent, its prompt and its answer.
    fn requests(&self) -> Arc<Vec<TraceRow>> {
        let mut drawn = RequestGenerator::new(self.config().workload);
        let drawn = std::iter::from_fn(|| drawn.next_if_before(f64::INFINITY));
        let rows = drawn.map(|request| TraceRow {
            at_ns: (1e9 * request.arrival_time).round() as u64,
            prompt: request.num_prompt_tokens,
            output: request.target_output_tokens,
            ..TraceRow::default()
        });
        Arc::new(rows.collect())
    }

    fn ours(&self) -> Outcome {
        let [base, sequence, context, prompt] = LAW;
        let mut design = validation::azure_conversation().expect("the scenario is sound");
        let rows = self.requests();
        let [first_ns, last_ns] = [&rows[0], &rows[rows.len() - 1]].map(|row| row.at_ns);
        let report =
            TraceReport { rows: rows.len() as u64, first_ns, last_ns, ..TraceReport::default() };
        design.load =
            LoadDesign { classes: vec![ClassDesign::played(TraceDesign::new(rows, &report))] };
        design.routing = match self.policy {
            Policy::RoundRobin => Routing::RoundRobin,
            Policy::LeastRequests => Routing::LeastRequests,
        };
        let pool = &mut design.pools[0];
        pool.layout.replicas = self.replicas;
        pool.layout.racks = pool.layout.needed();
        let blocks = Some(BLOCKS);
        pool.limits = Limits { sequences: SEQUENCES, chunk: CHUNK, blocks, block_tokens: 16 };
        pool.steps.decode = DecodeDesign::Sum {
            base: vec![(0.0, base), (1.0, base + sequence)],
            per_context_s: context,
        };
        pool.steps.linear = vec![(0.0, 0.0), (1.0, prompt)];
        pool.steps.attention_s = 0.0;
        // The first one is sent at the start; an hour is enough for the last ones.
        let end = Time::from_nanos(last_ns - first_ns) + Span::from_hours(1);
        let ((service, summary), seconds) = cpu_of(|| {
            let mut service = Service::new(&design, &Streams::new(1, 0));
            service.advance(end);
            let summary = service.summary(end);
            (service, summary)
        });
        assert_eq!(service.simulated_cells(), 1, "several would be simulated on other threads too");
        let tally = &summary.records;
        assert_eq!(tally.served, self.requests as u64, "all are answered");
        let mut latencies = Vec::new();
        for (names, latency) in [
            (["TTFT mean", "TTFT p50", "TTFT p99"], &tally.ttft),
            (["TPOT mean", "TPOT p50", "TPOT p99"], &tally.tpot),
            (["E2E mean", "E2E p50", "E2E p99"], &tally.e2e),
        ] {
            let values = [latency.mean_s(), latency.quantile_s(0.5), latency.quantile_s(0.99)];
            let ms = values.map(|seconds| 1e3 * seconds.unwrap_or(f64::NAN));
            latencies.extend(names.into_iter().zip(ms));
        }
        Outcome { seconds, latencies }
    }

    /// The same for inference-lab.
    fn config(&self) -> Config {
        let lognormal = |(mean, sigma): (f64, f64)| {
            let mean = mean.ln() - 0.5 * sigma * sigma;
            serde_json::json!({"type": "lognormal", "mean": mean, "std_dev": sigma})
        };
        let [base, sequence, context, prompt] = LAW;
        // Llama-3-70B: 80 layers of 8 KV heads of 128 in half precision; only bytes a token count.
        let bytes_per_token = 80 * 2 * 8 * 128 * 2;
        let config = serde_json::json!({
            "hardware": "h100",
            "model": "llama-3-70b",
            "scheduler": {
                "max_num_batched_tokens": CHUNK,
                "max_num_seqs": SEQUENCES,
                "policy": "fcfs",
                "enable_chunked_prefill": true,
                "block_size": 16,
                "kv_cache_capacity": BLOCKS * 16 * bytes_per_token,
            },
            "replicas": self.replicas,
            "router": {"policy": match self.policy {
                Policy::RoundRobin => "round_robin",
                Policy::LeastRequests => "least_loaded",
            }},
            "step_cost": {
                "model": "linear", "t0": base, "td": sequence, "tk": context, "tp": prompt,
            },
            "workload": {
                "arrival_pattern": "poisson",
                "arrival_rate": self.rate,
                "input_len_dist": lognormal(PROMPT),
                "output_len_dist": lognormal(OUTPUT),
                "num_requests": self.requests,
                "duration_secs": 1e9,
                "seed": 1,
            },
        });
        let mut config: Config = serde_json::from_value(config).expect("a sound configuration");
        config.finalize();
        config
    }

    fn theirs(&self) -> Outcome {
        let config = self.config();
        let (mut simulator, seconds) = cpu_of(|| {
            let mut simulator = Simulator::new(config, None).expect("a sound configuration");
            // Its usual driver sums its figures up once a simulated second; this one does so once.
            let done = simulator
                .run_until_deadline_with_control_interval(1e12, |_| ControlFlow::Continue(()));
            done.expect("the run ends");
            simulator
        });
        let summary = simulator.summary();
        assert_eq!(summary.requests.completed, self.requests as u64, "all are answered");
        let latency = summary.latency_metrics;
        let mut latencies = Vec::new();
        for (names, stats) in [
            (["TTFT mean", "TTFT p50", "TTFT p99"], latency.ttft_ms),
            (["TPOT mean", "TPOT p50", "TPOT p99"], latency.per_token_ms),
            (["E2E mean", "E2E p50", "E2E p99"], latency.e2e_ms),
        ] {
            latencies.extend(names.into_iter().zip([stats.mean, stats.p50, stats.p99]));
        }
        Outcome { seconds, latencies }
    }
}
