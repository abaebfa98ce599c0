//! What resolves, and which field a fault names.

use super::laws::AZURE_CONVERSATION;
use super::*;
use crate::spec::FilePath;
use crate::spec::LognormalSpec;
use crate::units::{Bandwidth, DataSize, Fraction, Power, Rate, StepTime};
use crate::workload::inference::load::{
    ClassDesign, ClientDesign, GapLaw, Record, SourceDesign, TraceDesign, TraceFormat,
};
use crate::workload::inference::step::{Load, Pace, StepTable};
use crate::workload::inference::tests_support::rack;

/// The model of every built-in entry, with the rating of the GPU that it stands on.
fn presets() -> Vec<(String, ModelSpec)> {
    let text = include_str!("../../../../scenarios/presets/workloads.yaml");
    let all: serde_json::Map<String, serde_json::Value> = serde_yaml::from_str(text).unwrap();
    let of_this_room = all.into_iter().filter(|(_, entry)| entry["kind"] == "inference");
    of_this_room
        .map(|(name, entry)| {
            // Outside a scenario, an enum is read in its external form.
            let mut model = entry["model"].clone();
            let kind = model.as_object_mut().unwrap().remove("kind").unwrap();
            let external = serde_json::json!({ kind.as_str().unwrap(): model });
            (name, serde_json::from_value(external).unwrap())
        })
        .collect()
}

fn week() -> LocalWeek {
    LocalWeek::fixed(Span::from_secs(30 * 3600 + 1800))
}

fn spec(model: ModelSpec) -> InferenceSpec {
    InferenceSpec {
        racks: Names::default(),
        cells: Some(2),
        replicas: None,
        pools: None,
        requests: None,
        represent: None,
        model,
        arrivals: Some(arrivals()),
        shape: None,
        lengths: None,
        clients: None,
        trace: None,
        classes: None,
        engine: None,
        scheduling: None,
        max_sequences: None,
        chunk: None,
        max_num_seqs: None,
        max_num_batched_tokens: None,
        max_running_requests: None,
        chunked_prefill_size: None,
        max_batch_size: None,
        max_num_tokens: None,
        kv_blocks: None,
        block_tokens: None,
        routing: None,
        leap: None,
        lost_requests: None,
        interactive: None,
        max_waiting: None,
        patience: None,
        prefix_memory: None,
        prefix_caching: None,
        speculation: None,
        disaggregation: None,
        autoscaling: None,
        startup: None,
        rejoin_after: None,
        control_interval: None,
        slo: None,
        prompt_price: None,
        output_price: None,
        source: None,
    }
}

/// Nothing recorded is at hand.
struct Nothing;

impl Recordings for Nothing {
    fn trace(
        &self,
        _: TraceFormat,
        file: &FilePath,
        _: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        faults.push(Fault::error("", format!("cannot read `{file}`")).at(file.mark));
        None
    }

    fn clients(
        &self,
        folder: &FilePath,
        _: Option<&[u32]>,
        _: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<Record> {
        faults.push(Fault::error("", format!("cannot read `{folder}`")).at(folder.mark));
        None
    }
}

fn clients(class: &ClassDesign) -> &[ClientDesign] {
    let SourceDesign::Drawn { clients, .. } = &class.source else { unreachable!() };
    clients
}

fn trace(file: &str, rate_scale: Option<f64>) -> TraceSpec {
    let file = FilePath { text: file.to_owned(), mark: crate::spec::Mark::default() };
    TraceSpec::Azure(TraceFileSpec { file, rate_scale, repeat: None })
}

fn arrivals() -> ArrivalsSpec {
    ArrivalsSpec {
        rate_per_replica: Some(Rate(1.0)),
        clients: None,
        servegen: None,
        think: None,
        turns: None,
        session_tokens: None,
        max_in_flight: None,
        gaps: None,
        daily_profile: None,
        weekly_profile: None,
        noise: None,
    }
}

fn class(name: &str) -> ClassSpec {
    ClassSpec {
        name: name.to_owned(),
        arrivals: Some(arrivals()),
        trace: None,
        shape: None,
        lengths: None,
        clients: None,
        slo: Some(SloSpec { ttft: Some(Duration(500_000_000)), tpot: None }),
        priority: None,
        prefixes: None,
    }
}

fn affine() -> ModelSpec {
    presets().into_iter().find(|(name, _)| name == "llama-3.1-70b-h100").unwrap().1
}

/// A grid whose only row lasts for these times.
fn grid(times: [f64; 2]) -> ModelSpec {
    let ModelSpec::Affine(affine) = affine() else { unreachable!() };
    ModelSpec::Grid(GridSpec {
        gpus: 4,
        context: vec![0, 1000],
        rows: vec![GridRowSpec { at: 1, times: times.map(StepTime).to_vec() }],
        linear: vec![TablePointSpec { at: 0, time: StepTime(0.0) }],
        attention: None,
        overheads: None,
        power: affine.power,
        decode_knee: None,
        kv_blocks: None,
        fit: None,
        source: None,
    })
}

fn faults(spec: &InferenceSpec, racks: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let design = spec.resolve("chat", &[(&rack(), racks)], &week(), &Nothing, &mut faults);
    // Whatever is wrong, the design can be built.
    crate::workload::inference::Service::new(&design, &crate::kernel::Streams::new(1, 0));
    faults
}

#[test]
fn every_built_in_model_resolves_and_states_its_fit() {
    let all = presets();
    assert!(all.len() >= 5);
    for (name, model) in all {
        assert!(model.fit().is_some_and(|fit| fit.contains('%')), "{name}");
        let mut rack = rack();
        if name.contains("-b200") || name.contains("-b300") {
            rack.gpu_tdp_w = 1000.0;
        }
        let mut faults = Vec::new();
        let design = spec(model).resolve("chat", &[(&rack, 2)], &week(), &Nothing, &mut faults);
        assert_eq!(faults, [], "{name}");
        // A long chat must fit the memory that the entry states.
        assert!(design.pools[0].limits.blocks.unwrap() * 16 > 100_000, "{name}");
    }
}

#[test]
fn what_is_left_out_is_filled() {
    let mut faults = Vec::new();
    let design = spec(affine()).resolve("chat", &[(&rack(), 3)], &week(), &Nothing, &mut faults);
    assert_eq!(faults, []);
    // Three racks of eight replicas make two cells of twelve.
    assert_eq!((design.pools[0].layout.replicas, design.represent), (12, 2));
    assert_eq!(design.load.rate_per_s(), 12.0);
    assert_eq!((design.pools[0].limits.sequences, design.pools[0].limits.chunk), (128, 512));
}

/// `vllm/engine/arg_utils.py`, and what stands beside the others in the docs.
#[test]
fn engines_have_their_own_defaults() {
    let resolved = |engine, gpu, change: fn(&mut InferenceSpec)| {
        let mut spec = InferenceSpec { engine: Some(engine), ..spec(affine()) };
        change(&mut spec);
        let mut rack = rack();
        rack.gpu = gpu;
        let mut faults = Vec::new();
        let design = spec.resolve("chat", &[(&rack, 3)], &week(), &Nothing, &mut faults);
        assert_eq!(faults, []);
        let pool = &design.pools[0];
        (pool.limits.chunk, pool.limits.sequences, pool.scheduling.apart)
    };
    use crate::workload::gpu::GpuModel::{A100, B200, H100, Mi300x};
    let as_is: fn(&mut InferenceSpec) = |_| {};
    assert_eq!(resolved(EngineSpec::VllmV1, Some(H100), as_is), (8192, 1024, false));
    assert_eq!(resolved(EngineSpec::VllmV1, Some(A100), as_is), (2048, 256, false));
    assert_eq!(resolved(EngineSpec::Sglang, Some(H100), as_is), (8192, 2048, true));
    assert_eq!(resolved(EngineSpec::Sglang, Some(B200), as_is), (16_384, 2048, true));
    assert_eq!(resolved(EngineSpec::Sglang, Some(Mi300x), as_is), (16_384, 2048, true));
    assert_eq!(resolved(EngineSpec::TrtLlm, None, as_is), (8192, 2048, false));
    assert_eq!(resolved(EngineSpec::Custom, Some(H100), as_is), (512, 128, false));
    // By the engine's own names.
    let named = resolved(EngineSpec::VllmV1, None, |s| {
        (s.max_num_batched_tokens, s.max_num_seqs) = (Some(4096), Some(300));
    });
    assert_eq!(named, (4096, 300, false));
    let first = resolved(EngineSpec::Custom, None, |s| {
        let prompts = Some(PromptsSpec::First);
        s.scheduling = Some(SchedulingSpec { prompts, whole_prompts: None });
    });
    assert_eq!(first, (512, 128, true));
}

fn experts() -> ExpertsSpec {
    let all = presets();
    let found = all.into_iter().find(|(name, _)| name == "deepseek-r1-h200-sglang");
    let Some((_, ModelSpec::Experts(spec))) = found else { panic!("a mixture of experts") };
    ExpertsSpec { long_context: None, ..spec }
}

/// 10 ms, 0.1 ms a sequence and 10 ns a token of context to a mean of 1,000 tokens, 30 ns beyond; half
/// of each for the fuller of two ranks. Iterations from below the bend end at it.
#[test]
fn contexts_beyond_those_of_the_fit_cost_what_is_said() {
    let ms = |ms: f64| StepTime(ms * 1e-3);
    let long_context = Some(LongContextSpec { above: 1000, per_context_token: ms(30e-6) });
    let mut model = ExpertsSpec {
        base: ms(10.0),
        all_experts: ms(0.0),
        per_sequence: ms(0.1),
        per_context_token: ms(10e-6),
        long_context,
        ..experts()
    };
    let table = |model: &ExpertsSpec| {
        let spec = spec(ModelSpec::Experts(model.clone()));
        let mut faults = Vec::new();
        let design = spec.resolve("chat", &[(&rack(), 2)], &week(), &Nothing, &mut faults);
        assert_eq!(faults, []);
        let pool = &design.pools[0];
        StepTable::compile(&pool.steps, &pool.power, &rack(), 8, (8, 64), Pace::FULL)
    };
    let run = |table: &StepTable, context| {
        table.run(&Load { batch: 2, context, gain: 2, ..Load::default() })
    };
    let (one, ms_per_tick) = (table(&model), 62.5e-9);
    for (context, lasts_ms) in [(2, 10.200_02), (2000, 10.22), (3000, 10.25), (20_000, 10.76)] {
        let first = run(&one, context).first as f64 * ms_per_tick;
        assert!((first - lasts_ms).abs() < 1e-6, "{context}: {first}");
    }
    let (below, at) = (run(&one, 1991), run(&one, 2000));
    assert_eq!((below.most, at.most), (5, u64::MAX));
    assert_eq!(run(&one, 2002).first - at.first, 2 * 480);
    model.attention_ranks = Some(AttentionRanksSpec { count: 2, imbalance: None, routing: None });
    let of_two = run(&table(&model), 3000).first as f64 * ms_per_tick;
    assert!((of_two - 10.125).abs() < 1e-6, "{of_two}");
}

/// `a + m (1 - (1 - k/E)^B) + b B` and `m (1 - (1 - k/E)^x) + l x`, and attention of the fullest of
/// eight ranks.
#[test]
fn experts_are_read_when_a_token_takes_them() {
    let mut model = experts();
    let resolved = |model: &ExpertsSpec| {
        let spec = spec(ModelSpec::Experts(model.clone()));
        let mut faults = Vec::new();
        let design = spec.resolve("chat", &[(&rack(), 2)], &week(), &Nothing, &mut faults);
        assert_eq!(faults, []);
        design.pools[0].steps.clone()
    };
    let steps = resolved(&model);
    let crate::workload::inference::step::DecodeDesign::Sum { base, per_context_s } = &steps.decode
    else {
        panic!("a sum")
    };
    let [a, m, b, l] = [model.base, model.all_experts, model.per_sequence, model.per_prompt_token]
        .map(|time| time.0);
    let share = |x: f64| 1.0 - (1.0 - 8.0 / 256.0_f64).powf(x);
    let at = crate::workload::inference::step::interpolate;
    for x in [0.0, 1.0, 2.0, 17.0, 64.0, 300.0, 900.0, 8192.0, 100_000.0] {
        let decode = a + m * share(x) + b * x;
        let prompt = m * share(x) + l * x;
        assert!((at(base, x) / decode - 1.0).abs() < 1e-9, "{x}: {}", at(base, x));
        assert!((at(&steps.linear, x) - prompt).abs() < 1e-9 * prompt.max(1e-9), "{x}");
    }
    assert_eq!(*per_context_s, model.per_context_token.0);
    model.attention_ranks =
        Some(AttentionRanksSpec { count: 8, imbalance: Some(1.2), routing: None });
    let ranked = resolved(&model);
    let crate::workload::inference::step::DecodeDesign::Sum { base, per_context_s } =
        &ranked.decode
    else {
        panic!("a sum")
    };
    assert!((per_context_s / model.per_context_token.0 - 0.15).abs() < 1e-12);
    assert!((at(base, 64.0) / (a + m * share(64.0) + 0.15 * b * 64.0) - 1.0).abs() < 1e-9);
}

/// Ranks one by one have their sequences and their context to themselves, and share the experts.
#[test]
fn ranks_that_are_told_apart_have_their_own_sequences() {
    let resolved_of = |ranks: AttentionRanksSpec, change: &dyn Fn(&mut InferenceSpec)| {
        let model = ExpertsSpec { attention_ranks: Some(ranks), ..experts() };
        let mut spec = spec(ModelSpec::Experts(model));
        change(&mut spec);
        let mut faults = Vec::new();
        let design = spec.resolve("chat", &[(&rack(), 2)], &week(), &Nothing, &mut faults);
        (design.pools[0].clone(), faults)
    };
    let resolved = |ranks, max_sequences| {
        let (pool, faults) = resolved_of(ranks, &|spec| spec.max_sequences = max_sequences);
        (pool.steps, faults)
    };
    let routing = Some(RankRoutingSpec::LeastBusy);
    let ranks = AttentionRanksSpec { count: 8, imbalance: None, routing };
    let (steps, faults) = resolved(ranks, None);
    assert_eq!(faults, []);
    let of_rank = steps.ranks.expect("ranks");
    assert_eq!((of_rank.count, of_rank.per_sequence_s), (8, experts().per_sequence.0));
    let one = resolved(AttentionRanksSpec { count: 1, ..ranks }, None).0;
    let none = resolved(AttentionRanksSpec { count: 1, routing: None, ..ranks }, None).0;
    assert_eq!(one, none, "one rank is a replica of one batch");
    for (ranks, sequences, field) in [
        (
            AttentionRanksSpec { imbalance: Some(1.1), ..ranks },
            None,
            "model.attention_ranks.imbalance",
        ),
        (ranks, Some(7), "max_sequences"),
    ] {
        let faults = resolved(ranks, sequences).1;
        assert!(faults.iter().any(|fault| fault.field == field), "{field}: {faults:?}");
    }
    // What is written is the replica's, and each rank has its part.
    let write = |spec: &mut InferenceSpec| {
        (spec.max_sequences, spec.chunk, spec.kv_blocks) = (Some(100), Some(1000), Some(900));
    };
    let limits = resolved_of(ranks, &write).0.limits;
    assert_eq!((limits.sequences, limits.chunk, limits.blocks), (12, 125, Some(112)));
    let told = AttentionRanksSpec { routing: None, ..ranks };
    let limits = resolved_of(told, &write).0.limits;
    assert_eq!((limits.sequences, limits.chunk, limits.blocks), (100, 1000, Some(900)));
    let (_, faults) = resolved_of(ranks, &|spec| spec.kv_blocks = Some(7));
    assert!(faults.iter().any(|fault| fault.field == "kv_blocks"), "{faults:?}");
}

#[test]
fn classes_and_clients_share_the_arrivals() {
    let mut spec = spec(affine());
    spec.arrivals = None;
    let mut batch = class("batch");
    let arrivals = batch.arrivals.as_mut().unwrap();
    arrivals.rate_per_replica = Some(Rate(0.5));
    arrivals.gaps = Some(RequestGapsSpec::Gamma(VariedGapsSpec { variation: 2.0 }));
    let client = |share, gaps| ClientSpec { share, gaps, lengths: None };
    let poisson = RequestGapsSpec::Exponential(ExponentialGapsSpec {});
    batch.clients = Some(vec![client(3.0, None), client(1.0, Some(poisson))]);
    spec.classes = Some(vec![class("chat"), batch]);
    let mut faults = Vec::new();
    let load = spec.resolve("s", &[(&rack(), 3)], &week(), &Nothing, &mut faults).load;
    assert_eq!(faults, []);
    let rates: Vec<Vec<f64>> = load
        .classes
        .iter()
        .map(|class| clients(class).iter().map(|client| client.rate_per_s).collect())
        .collect();
    assert_eq!(rates, [vec![12.0], vec![4.5, 1.5]]);
    let gaps: Vec<GapLaw> = clients(&load.classes[1]).iter().map(|client| client.gaps).collect();
    assert_eq!(gaps, [GapLaw::Gamma { variation: 2.0 }, GapLaw::Exponential]);
    assert_eq!(load.classes[0].targets.ttft, Some(Span::from_nanos(500_000_000)));
}

#[test]
fn the_week_is_days_times_hours() {
    let mut spec = spec(affine());
    let arrivals = spec.arrivals.as_mut().unwrap();
    arrivals.daily_profile = Some((0..24).map(f64::from).collect());
    arrivals.weekly_profile = Some(vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let mut faults = Vec::new();
    let load = spec.resolve("s", &[(&rack(), 1)], &week(), &Nothing, &mut faults).load;
    assert_eq!(faults, []);
    let SourceDesign::Drawn { rate, .. } = &load.classes[0].source else { unreachable!() };
    assert_eq!((rate.weekly.len(), &rate.week), (168, &week()));
    assert!((rate.weekly.iter().sum::<f64>() / 168.0 - 1.0).abs() < 1e-12);
    assert!((rate.weekly[24 + 12] - 7.0 / 6.0 * 12.0 / 11.5).abs() < 1e-12);
    assert_eq!(rate.weekly[6 * 24 + 12], 0.0);
}

#[test]
fn faults_name_their_field() {
    let mut wrong: Vec<(&str, InferenceSpec)> = Vec::new();
    let host = |bandwidth, kv_per_token| {
        let host = HostMemorySpec {
            memory: DataSize(1e12),
            bandwidth: Bandwidth(bandwidth),
            kv_per_token,
        };
        Some(PrefixCachingSpec { host: Some(host) })
    };
    for (field, kv_blocks, prefix_memory, caching) in [
        ("prefix_caching", None, None, Some(PrefixCachingSpec { host: None })),
        ("prefix_caching", Some(9000), Some(0), Some(PrefixCachingSpec { host: None })),
        ("prefix_caching.host", Some(9000), None, host(50e9, None)),
        // 16 tokens of 70 GB are more than the 1 TB of the host.
        ("prefix_caching.host.memory", Some(9000), None, host(1e12, Some(DataSize(70e9)))),
        ("prefix_caching.host.bandwidth", Some(9000), None, host(50.0, Some(DataSize(160e3)))),
        ("prefix_caching.host.kv_per_token", Some(9000), None, host(50e9, Some(DataSize(0.5)))),
    ] {
        let mut spec = spec(affine());
        let ModelSpec::Affine(model) = &mut spec.model else { unreachable!() };
        model.kv_blocks = kv_blocks;
        (spec.prefix_memory, spec.prefix_caching) = (prefix_memory, caching);
        wrong.push((field, spec));
    }
    let mut case = |field, change: fn(&mut InferenceSpec)| {
        let mut spec = spec(affine());
        change(&mut spec);
        wrong.push((field, spec));
    };
    case("cells", |s| s.cells = Some(0));
    case("replicas", |s| s.replicas = Some(9));
    case("represent", |s| s.represent = Some(0));
    case("chunk", |s| s.chunk = Some(100));
    case("max_sequences", |s| s.max_sequences = Some(0));
    case("block_tokens", |s| s.block_tokens = Some(24));
    case("kv_blocks", |s| s.kv_blocks = Some(0));
    case("control_interval", |s| s.control_interval = Some(Duration(5)));
    let arrive = |s: &mut InferenceSpec, change: fn(&mut ArrivalsSpec)| {
        change(s.arrivals.as_mut().unwrap());
    };
    type Change = (&'static str, fn(&mut ArrivalsSpec));
    let changes: [Change; 6] = [
        ("arrivals.rate_per_replica", |a| a.rate_per_replica = Some(Rate(-1.0))),
        ("arrivals.daily_profile", |a| a.daily_profile = Some(vec![1.0; 23])),
        ("arrivals.daily_profile", |a| a.daily_profile = Some(vec![0.0; 24])),
        ("arrivals.weekly_profile", |a| a.weekly_profile = Some(vec![1.0; 24])),
        ("arrivals.gaps.variation", |a| {
            a.gaps = Some(RequestGapsSpec::Gamma(VariedGapsSpec { variation: f64::NAN }));
        }),
        ("arrivals.noise.variation", |a| {
            let noise = NoiseSpec { variation: -0.1, interval: None, correlation: None };
            a.noise = Some(noise);
        }),
    ];
    for (field, change) in changes {
        let mut spec = spec(affine());
        arrive(&mut spec, change);
        wrong.push((field, spec));
    }
    let mut case = |field, change: fn(&mut InferenceSpec)| {
        let mut spec = spec(affine());
        change(&mut spec);
        wrong.push((field, spec));
    };
    case("", |s| s.arrivals = None);
    case("trace", |s| (s.arrivals, s.trace) = (None, Some(trace("a.csv", None))));
    case("trace", |s| s.trace = Some(trace("a.csv", None)));
    case("trace.rate_scale", |s| {
        (s.arrivals, s.trace) = (None, Some(trace("a.csv", Some(0.0))));
    });
    case("slo", |s| {
        (s.arrivals, s.classes) = (None, Some(vec![class("a")]));
        s.slo = Some(SloSpec { ttft: None, tpot: None });
    });
    case("arrivals", |s| s.classes = Some(vec![class("a")]));
    for (names, field) in [
        (&["a", "a"][..], "classes[1].name"),
        (&["a b"], "classes[0].name"),
        (&[""], "classes[0].name"),
        (&[], "classes"),
    ] {
        let mut spec = spec(affine());
        spec.arrivals = None;
        spec.classes = Some(names.iter().map(|name| class(name)).collect());
        wrong.push((field, spec));
    }
    let mut case = |field, change: fn(&mut InferenceSpec)| {
        let mut spec = spec(affine());
        change(&mut spec);
        wrong.push((field, spec));
    };
    case("clients", |s| s.clients = Some(Vec::new()));
    case("clients[0].share", |s| {
        s.clients = Some(vec![ClientSpec { share: 0.0, gaps: None, lengths: None }]);
    });
    let bins = |counts: &[(u32, f64)]| {
        let bins = counts.iter().map(|&(tokens, weight)| BinSpec { tokens, weight }).collect();
        LengthSpec::Histogram(HistogramSpec { bins })
    };
    let no_mean = LognormalSpec::of_mean(0.0, 1.0);
    for (field, prompt) in [
        ("lengths.prompt.mean", LengthSpec::Lognormal(no_mean)),
        ("lengths.prompt.tokens", LengthSpec::Fixed(FixedLengthSpec { tokens: 0 })),
        ("lengths.prompt.bins", bins(&[])),
        ("lengths.prompt.bins[0].tokens", bins(&[(0, 1.0)])),
        ("lengths.prompt.bins[1].tokens", bins(&[(7, 1.0), (7, 1.0)])),
        ("lengths.prompt.bins[1].weight", bins(&[(7, 1.0), (8, -1.0)])),
        ("lengths.prompt.bins[0].weight", bins(&[(7, 0.0)])),
    ] {
        let mut spec = spec(affine());
        spec.lengths = Some(LengthsSpec { prompt, output: AZURE_CONVERSATION.output });
        wrong.push((field, spec));
    }
    let mut case = |field, change: fn(&mut InferenceSpec)| {
        let mut spec = spec(affine());
        change(&mut spec);
        wrong.push((field, spec));
    };
    case("model.base", |s| {
        let ModelSpec::Affine(model) = &mut s.model else { unreachable!() };
        model.base = StepTime(0.0);
    });
    case("model.power.prefill", |s| {
        let ModelSpec::Affine(model) = &mut s.model else { unreachable!() };
        model.power.prefill = Some(Power(900.0));
    });
    case("speculation.tokens", |s| {
        s.speculation = Some(SpeculationSpec {
            tokens: 0,
            acceptance: AcceptanceSpec(vec![Fraction(0.7)]),
            time: StepTime(0.0),
        });
    });
    case("patience.wait", |s| {
        s.patience = Some(PatienceSpec { wait: Duration(0), retries: None, backoff: None });
    });
    case("disaggregation.prefill", |s| {
        s.disaggregation = Some(DisaggregationSpec {
            prefill: 8,
            kv_per_token: DataSize(160e3),
            bandwidth: Bandwidth(50e9),
            links: None,
            layers: None,
            latency: None,
        });
    });
    case("autoscaling.min", |s| {
        s.autoscaling = Some(AutoscalingSpec { min: 0, target: 9.0, start: None, calm: None });
    });
    case("max_num_seqs", |s| {
        (s.engine, s.max_sequences, s.max_num_seqs) =
            (Some(EngineSpec::VllmV1), Some(99), Some(99));
    });
    case("chunked_prefill_size", |s| {
        (s.chunk, s.chunked_prefill_size) = (Some(999), Some(999));
    });
    case("max_sequences", |s| s.max_sequences = Some(1024));
    case("scheduling.prompts", |s| {
        s.engine = Some(EngineSpec::VllmV1);
        let prompts = Some(PromptsSpec::First);
        s.scheduling = Some(SchedulingSpec { prompts, whole_prompts: None });
    });
    case("model.active_experts", |s| {
        let mut model = experts();
        model.active_experts = 257;
        s.model = ModelSpec::Experts(model);
    });
    case("model.overheads.several_prompts", |s| {
        let ModelSpec::Affine(model) = &mut s.model else { unreachable!() };
        let several_prompts = Some(20.0);
        model.overheads =
            Some(OverheadsSpec { request: None, prompt_iteration: None, several_prompts });
    });
    case("arrivals.clients", |s| s.arrivals.as_mut().unwrap().clients = Some(4));
    case("arrivals.think", |s| {
        let law = crate::spec::ExponentialSpec { mean: Duration(5) };
        s.arrivals.as_mut().unwrap().think = Some(crate::spec::DurationSpec::Exponential(law));
    });
    case("arrivals", |s| s.arrivals.as_mut().unwrap().rate_per_replica = None);
    case("shape", |s| s.shape = Some(ShapeSpec::CodingAgents));
    case("model.rows[0].times", |s| s.model = grid([0.020, 0.019]));
    for (field, spec) in &wrong {
        let faults = faults(spec, 2);
        assert_eq!(
            faults.iter().map(|f| f.field.clone()).collect::<Vec<_>>(),
            [*field],
            "{faults:?}"
        );
    }
    assert_eq!(faults(&spec(affine()), 0)[0].field, "racks");
    assert_eq!(faults(&spec(grid([0.019, 0.020])), 2), []);
}
