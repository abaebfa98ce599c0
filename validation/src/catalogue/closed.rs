//! The measured points as closed loops: clients that wait for their answers.

use super::laws::{PAIRS, Point, scenario};
use super::{Preset, head, verdict};
use crate::cooling::year;
use crate::data::{print, quantile};

/// Who sent the requests of a pair, and with which limits its engine ran.
///
/// InferenceMAX sends ten requests for each client (`num-prompts`), the first of all clients at once
/// (`request-rate inf`), with lengths that are uniform between 80 % of the nominal one and all of it
/// (`RANDOM_RANGE_RATIO`), after warm-up requests from 2026 on (`num-warmups`; `benchmark_lib.sh`). The
/// limits are those of its scripts for the pair (<https://github.com/SemiAnalysisAI/InferenceX>, `benchmarks/`,
/// as of 2026-11-28).
enum Bench {
    /// InferenceMAX with the limits of the engine in the catalogue.
    Defaults,
    /// InferenceMAX with a `chunk` of so many tokens.
    Chunk(f64),
    /// InferenceMAX with a `chunk` of twice the prompt.
    TwoPrompts,
    /// InferenceMAX with a `chunk` of a prompt and a batch of all clients, rounded up; from 2026 on at least 8,192.
    PromptAndBatch,
    /// AIConfigurator's own runs, whose client is not published.
    Unknown,
}

/// The bench of preset `name`.
fn bench(name: &str) -> Bench {
    match name {
        "deepseek-r1-h200-sglang" => Bench::Chunk(32_768.0),
        "deepseek-r1-h200-trtllm" | "deepseek-r1-b200-trtllm" => Bench::PromptAndBatch,
        "minimax-m2.5-b200-vllm" | "minimax-m2.5-b300-vllm" => Bench::TwoPrompts,
        "llama-3.3-70b-b200-trtllm" => Bench::Chunk(16_384.0),
        "qwen3-235b-h100-trtllm" | "qwen3-32b-h100-vllm" | "llama-3.1-8b-h100-trtllm" => {
            Bench::Unknown
        }
        _ => Bench::Defaults,
    }
}

impl Bench {
    /// The limits of the engine at `point`, as fields of a service.
    fn limits(&self, point: &Point) -> String {
        match self {
            Bench::Defaults | Bench::Unknown => String::new(),
            Bench::Chunk(tokens) => format!("\n    chunk: {tokens}"),
            Bench::TwoPrompts => format!("\n    chunk: {}", 2.0 * point.prompt),
            Bench::PromptAndBatch => {
                let tokens = 64.0 * ((point.clients + point.prompt + 127.0) / 64.0).floor();
                let least = if point.measured.starts_with("2025") { 0.0 } else { 8_192.0 };
                let (tokens, clients) = (tokens.max(least), point.clients);
                format!("\n    chunk: {tokens}\n    max_sequences: {clients}")
            }
        }
    }
}

/// Whether the engine held prompts back at `point` until they filled nine tenths of its `chunk` or 20
/// iterations had passed (`batch_wait_max_tokens_ratio` and `batch_wait_timeout_iters` in the script for the
/// pair), which is not modelled.
fn holds_back(name: &str, point: &Point) -> bool {
    name == "llama-3.3-70b-b200-trtllm" && point.prompt == 1024.0 && point.answer == 1024.0
}

/// Prints two rows for each preset; how many targets it missed.
pub(super) fn run(presets: &[Preset], points: &[Point]) -> Result<u32, String> {
    let mut missed = 0;
    head(
        "The same points as closed loops of as many clients (targets: 10 % on TPOT, 15 % on TTFT, in the median)",
    );
    print(&format!("{:<52}{:>7}{:>9}{:>9}", "preset", "points", "median", "most"));
    for (name, pair) in PAIRS {
        let bench = bench(name);
        let (held, others): (Vec<&Point>, Vec<&Point>) = points
            .iter()
            .filter(|point| point.pair == pair)
            .partition(|&point| holds_back(name, point));
        let [tpots, ttfts] = errors(presets, (name, &bench), &others, Lengths::Uniform)?;
        row(&format!("{name}, TPOT"), &tpots, Some(0.10), &mut missed);
        match bench {
            Bench::Unknown => {
                let [_, fixed] = errors(presets, (name, &bench), &others, Lengths::Fixed)?;
                row(&format!("{name}, TTFT, uniform lengths"), &ttfts, None, &mut missed);
                row(&format!("{name}, TTFT, fixed lengths"), &fixed, None, &mut missed);
            }
            _ => row(&format!("{name}, TTFT"), &ttfts, Some(0.15), &mut missed),
        }
        if !held.is_empty() {
            let [_, ttfts] = errors(presets, (name, &bench), &held, Lengths::Uniform)?;
            row(&format!("{name}, TTFT, prompts held"), &ttfts, None, &mut missed);
        }
    }
    print(
        "Not judged: prompts held back by an option of the engine, and lengths of a client that is not published.",
    );
    Ok(missed)
}

/// Prints the errors of a row, judged where there is a bound.
fn row(title: &str, errors: &[f64], bound: Option<f64>, missed: &mut u32) {
    let (median, most) = (quantile(errors, 0.5), quantile(errors, 1.0));
    let judged = bound.map_or("", |bound| verdict(median <= bound, missed));
    let (points, median, most) = (errors.len(), 100.0 * median, 100.0 * most);
    print(&format!("{title:<52}{points:>7}{median:>7.1} %{most:>7.1} %  {judged}"));
}

/// How the lengths of a bench are drawn.
#[derive(Clone, Copy)]
enum Lengths {
    /// From 80 % of the nominal one to all of it.
    Uniform,
    Fixed,
}

impl Lengths {
    /// The law of lengths of nominally `most` tokens.
    fn law(self, most: f64) -> String {
        let Lengths::Uniform = self else { return format!("{{kind: fixed, tokens: {most}}}") };
        let least = (0.8 * most).floor();
        let step = ((most - least) / 40.0).max(1.0);
        let tokens = (0_u32..).map(|n| (least + f64::from(n) * step).round());
        let bins: Vec<String> = tokens
            .take_while(|&tokens| tokens <= most)
            .map(|tokens| format!("{{tokens: {tokens}, weight: 1}}"))
            .collect();
        format!("{{kind: histogram, bins: [{}]}}", bins.join(", "))
    }
}

/// Relative errors of TPOT and TTFT at `points`, by size.
fn errors(
    presets: &[Preset],
    (name, bench): (&str, &Bench),
    points: &[&Point],
    lengths: Lengths,
) -> Result<[Vec<f64>; 2], String> {
    let mut errors = [Vec::new(), Vec::new()];
    for point in points {
        let simulated = closed_loop(presets, (name, bench), point, lengths)?;
        let measured = [point.tpot_ms, point.ttft_ms];
        for ((errors, simulated), measured) in errors.iter_mut().zip(simulated).zip(measured) {
            errors.push((simulated / measured - 1.0).abs());
        }
    }
    errors.iter_mut().for_each(|errors| errors.sort_by(f64::total_cmp));
    Ok(errors)
}

/// TPOT and TTFT of a closed loop, ms, over about ten answers of each client.
fn closed_loop(
    presets: &[Preset],
    (name, bench): (&str, &Bench),
    point: &Point,
    lengths: Lengths,
) -> Result<[f64; 2], String> {
    let Point { prompt, answer, clients, .. } = point;
    let answer_s = (point.ttft_ms + 0.9 * answer * point.tpot_ms) / 1e3;
    let load = format!(
        "arrivals: {{clients: {clients}}}\n    lengths: {{prompt: {}, output: {}}}{}",
        lengths.law(*prompt),
        lengths.law(*answer),
        bench.limits(point),
    );
    let text = scenario(presets, name, &load, (10.0 * answer_s).ceil() as u64)?;
    let outcome = year::simulate(&text)?.outcome;
    Ok(["tpot", "ttft"].map(|what| 1e3 * outcome.real(&format!("workloads.s.{what}_mean_s"))))
}
