//! Laws of the presets against the measured points of their pair of model and engine.

use std::path::Path;

use loadbank::facility::{Design, WorkDesign};
use loadbank::workload::inference::step::{DecodeDesign, StepDesign};

use super::{Preset, closed, head, held, verdict};
use crate::cooling::year;
use crate::data::{Csv, Row, print, quantile};

/// The presets and their pairs in `step-points-fitted.csv`.
pub(super) const PAIRS: [(&str, &str); 15] = [
    ("deepseek-r1-h200-sglang", "deepseek-r1-fp8-h200-tp8-sglang"),
    ("deepseek-r1-h200-trtllm", "deepseek-r1-fp8-h200-tp8-trtllm"),
    ("deepseek-r1-b200-trtllm", "deepseek-r1-fp4-b200-tp4-trtllm"),
    ("gpt-oss-120b-h100-vllm", "gpt-oss-120b-h100-tp2-vllm"),
    ("gpt-oss-120b-b200-vllm", "gpt-oss-120b-b200-tp1-vllm"),
    ("kimi-k2.5-h200-vllm", "kimi-k2.5-int4-h200-tp8-vllm"),
    ("kimi-k2.5-b200-vllm", "kimi-k2.5-int4-b200-tp8-vllm"),
    ("minimax-m2.5-h200-vllm", "minimax-m2.5-fp8-h200-tp8-vllm"),
    ("minimax-m2.5-b200-vllm", "minimax-m2.5-fp8-b200-tp2-vllm"),
    ("minimax-m2.5-b300-vllm", "minimax-m2.5-fp8-b300-tp2-vllm"),
    ("qwen3-235b-h100-trtllm", "qwen3-235b-fp8-h100-tp8ep8-trtllm"),
    ("qwen3-32b-h100-vllm", "qwen3-32b-bf16-h100-tp4-vllm"),
    ("llama-3.1-8b-h100-trtllm", "llama-3.1-8b-bf16-h100-tp1-trtllm"),
    ("llama-3.3-70b-b200-trtllm", "llama-3.3-70b-fp4-b200-tp1-trtllm"),
    ("llama-3.1-70b-b200-vllm", "llama-3.1-70b-fp8-b200-tp2-vllm"),
];

/// A measured point.
pub(super) struct Point {
    pub(super) pair: String,
    pub(super) prompt: f64,
    pub(super) answer: f64,
    pub(super) clients: f64,
    pub(super) ttft_ms: f64,
    pub(super) tpot_ms: f64,
    pub(super) batch: f64,
    pub(super) context: f64,
    pub(super) prompt_tokens: f64,
    /// The day, as far as it is known.
    pub(super) measured: String,
}

/// Prints a row for each preset; how many targets it missed.
pub(super) fn run(data: &Path, presets: &[Preset]) -> Result<u32, String> {
    let path = data.join("catalogue/step-points-fitted.csv");
    if !path.exists() {
        print("laws of models: skipped: no data");
        return Ok(0);
    }
    let points = points(&path)?;
    let mut missed = 0;
    head(
        "Laws at the measured points, error of the time per output token (targets: 3 % median, 10 % at most)",
    );
    print(&format!("{:<28}{:>7}{:>9}{:>9}", "preset", "points", "median", "most"));
    for (name, pair) in PAIRS {
        let steps = law(presets, name)?;
        let mut errors: Vec<f64> = points
            .iter()
            .filter(|point| point.pair == pair)
            .map(|point| (iteration_ms(&steps, point) / point.tpot_ms - 1.0).abs())
            .collect();
        errors.sort_by(f64::total_cmp);
        let (median, most) = (quantile(&errors, 0.5), quantile(&errors, 1.0));
        let is_met = median <= 0.03 && most <= 0.10;
        print(&format!(
            "{name:<28}{:>7}{:>7.1} %{:>7.1} %  {}",
            errors.len(),
            100.0 * median,
            100.0 * most,
            verdict(is_met, &mut missed),
        ));
    }
    missed += held::run(&points);
    missed += closed::run(presets, &points)?;
    Ok(missed)
}

/// A service of one replica of preset `name` that receives `load`, for so many seconds.
pub(super) fn scenario(
    presets: &[Preset],
    name: &str,
    load: &str,
    seconds: u64,
) -> Result<String, String> {
    let preset = presets.iter().find(|preset| preset.name == name);
    let preset = preset.ok_or_else(|| format!("no preset `{name}`"))?;
    let (rack, count) = racks_of(preset);
    Ok(format!(
        "\
name: t
start: 2026-07-01T00:00:00Z
duration: {seconds} s
site: {{time_zone: UTC}}
weather: {{climate: nordic}}
price: {{fixed: 50 $/MWh}}
racks:
  hall: {{kind: {rack}, count: {count}, fed_by: utility}}
power:
  utility: {{kind: feed, capacity: 10 MW, outages: none}}
workloads:
  s:
    kind: {name}
    racks: hall
    cells: 1
    replicas: 1
    represent: 1
    {load}
"
    ))
}

/// The racks that a model of the catalogue is meant for, by its name.
fn racks_of(preset: &Preset) -> (&'static str, u32) {
    let racks = [
        ("-a100", "dgx-a100"),
        ("-h100", "dgx-h100"),
        ("-h200", "hgx-h200"),
        ("-b200", "dgx-b200"),
        ("-b300", "hgx-b300-air"),
    ];
    let found = racks.iter().find(|(gpu, _)| preset.name.contains(gpu));
    (found.map_or("dgx-h100", |(_, rack)| rack), 1)
}

/// The step law of preset `name`.
fn law(presets: &[Preset], name: &str) -> Result<StepDesign, String> {
    let text = scenario(presets, name, "arrivals: {rate_per_replica: 1 /s}", 60)?;
    let Design { works, .. } = year::load(&text)?.design;
    match works.into_iter().next().map(|work| work.design) {
        Some(WorkDesign::Inference { design, .. }) => Ok(design.pools[0].steps.clone()),
        _ => Err(format!("{name} is no model")),
    }
}

/// The law with the means of a point, ms: prompt tokens cost what the last of many do.
fn iteration_ms(steps: &StepDesign, point: &Point) -> f64 {
    let (base, per_context_s) = match &steps.decode {
        DecodeDesign::Sum { base, per_context_s } => (base, per_context_s),
        // The points are those of the law, so its bend lies behind them.
        DecodeDesign::Bent { base, per_context_s: [low, _], .. } => (base, low),
        DecodeDesign::Grid { .. } => return f64::NAN,
    };
    let [.., (x, y), (last_x, last_y)] = steps.linear.as_slice() else { return f64::NAN };
    let each_s = (last_y - y) / (last_x - x);
    1e3 * (at(base, point.batch) + per_context_s * point.context + each_s * point.prompt_tokens)
}

/// A law between points.
fn at(points: &[(f64, f64)], x: f64) -> f64 {
    let upper = points.partition_point(|point| point.0 < x).clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[upper - 1], points[upper]);
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}

fn points(path: &Path) -> Result<Vec<Point>, String> {
    let point = |row: Row<'_>| {
        Ok(Point {
            pair: row.text("pair")?.to_owned(),
            prompt: row.number("isl")?,
            answer: row.number("osl")?,
            clients: row.number("concurrency")?,
            ttft_ms: row.number("ttft_ms")?,
            tpot_ms: row.number("tpot_ms")?,
            batch: row.number("mean_batch")?,
            context: row.number("mean_context_tokens")?,
            prompt_tokens: row.number("prompt_tokens_per_iteration")?,
            measured: row.text("measured")?.to_owned(),
        })
    };
    Csv::read(path)?.rows().map(point).collect()
}
