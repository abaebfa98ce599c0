//! What a run tells of inference services: classes, intervals, single requests.

use std::collections::BTreeMap;
use std::fs;

use loadbank::facility::{Fact, Subject, SubjectKind};
use loadbank::scenario::read_scenario;

use super::support::{Bench, SMALL, Told, column, simulate};

/// The small site with two classes of requests in its chat.
fn scenario() -> String {
    let drawn = "arrivals: {rate_per_replica: 0.05 /s}";
    let classes = "classes:
      - name: short
        arrivals: {rate_per_replica: 0.04 /s, gaps: {kind: gamma, variation: 2}}
        slo: {ttft: 200 ms, tpot: 20 ms}
      - name: long
        arrivals: {rate_per_replica: 0.01 /s, weekly_profile: [1, 1, 1, 1, 1, 0, 0]}
        lengths:
          prompt: {kind: histogram, bins: [{tokens: 4000, weight: 1}, {tokens: 8000, weight: 3}]}
          output: {kind: fixed, tokens: 50}";
    assert!(SMALL.contains(drawn));
    SMALL.replace(drawn, classes)
}

/// The service, or a class of it: `chat/short`.
fn of<'a>(told: &'a Told, name: &str) -> &'a Subject {
    told.outcome.named(name).expect("it answers requests")
}

/// The sum over all intervals of the column `name`, a rate, in seconds of hourly rows.
fn integral(told: &Told, name: &str) -> f64 {
    column(told, name).iter().filter(|value| value.is_finite()).sum::<f64>() * 3600.0
}

#[test]
fn intervals_add_up_to_the_outcome() {
    let told = simulate(&scenario(), &[]);
    let [chat, short, long] = ["chat", "chat/short", "chat/long"].map(|name| of(&told, name));
    for (column, total) in [
        ("chat_arrived_per_s", chat.real("arrived")),
        ("chat_served_per_s", chat.real("served")),
        ("chat_output_tokens_per_s", chat.real("output_tokens")),
        ("chat_short_prompt_tokens_per_s", short.real("prompt_tokens")),
        ("chat_long_arrived_per_s", long.real("arrived")),
    ] {
        let sum = integral(&told, column);
        assert!((sum - total).abs() < 1e-3, "{column}: {sum} against {total}");
    }
    let good = integral(&told, "chat_short_goodput_per_s");
    let left = ["served", "failed", "rejected"].map(|fate| short.real(fate)).iter().sum::<f64>();
    let expected = short.real("slo_attainment") * left;
    assert!(expected > 0.0 && (good - expected).abs() < 1e-3, "{good} of {expected}");
    // Energy of the classes is that of the service, in the run and in every interval.
    let of_classes = short.real("energy_mwh") + long.real("energy_mwh");
    assert!((of_classes / chat.real("energy_mwh") - 1.0).abs() < 1e-3, "{of_classes} MWh");
    let spent = |row: &[f64], name: &str| {
        let of = |what: &str| {
            let column = format!("{name}_{what}");
            row[told.columns.iter().position(|other| *other == column).unwrap()]
        };
        let joules = of("j_per_output_token") * of("output_tokens_per_s");
        if joules.is_nan() { 0.0 } else { joules }
    };
    let busy = |row: &&Vec<f64>| ["chat_short", "chat_long"].iter().all(|c| spent(row, c) > 0.0);
    let hours: Vec<&Vec<f64>> = told.rows.iter().filter(busy).collect();
    assert!(hours.len() > 24);
    for row in hours {
        let (all, parts) = (spent(row, "chat"), ["chat_short", "chat_long"].map(|c| spent(row, c)));
        assert!((parts.iter().sum::<f64>() / all - 1.0).abs() < 1e-9, "{parts:?} W of {all} W");
    }
    // Joules of all intervals are those of the run.
    let index = |name: &str| told.columns.iter().position(|column| column == name).unwrap();
    let [tokens, joules] = ["chat_output_tokens_per_s", "chat_j_per_output_token"].map(index);
    let rows = told.rows.iter().filter(|row| row[joules].is_finite());
    let energy: f64 = rows.map(|row| row[tokens] * 3600.0 * row[joules]).sum();
    let expected = chat.real("j_per_output_token") * chat.real("output_tokens");
    assert!((energy / expected - 1.0).abs() < 1e-3, "{energy} J of {expected} J");
}

#[test]
fn classes_are_counted_apart_and_together() {
    let told = simulate(&scenario(), &[]);
    let [chat, short, long] = ["chat", "chat/short", "chat/long"].map(|name| of(&told, name));
    assert_eq!(told.outcome.of(SubjectKind::Class).count(), 2);
    let both = [short, long];
    for key in ["arrived", "output_tokens"] {
        assert_eq!(both.map(|class| class.count(key)).iter().sum::<u64>(), chat.count(key));
    }
    assert_eq!(long.count("output_tokens"), 50 * long.count("served"));
    assert_eq!(long.get("slo_attainment"), None);
    assert_eq!(chat.get("slo_attainment"), short.get("slo_attainment"));
    // Histograms weigh 4,000 and 8,000 as 1 to 3: seven thousand on average.
    let mean = long.real("prompt_tokens") / long.real("served");
    assert!((mean - 7000.0).abs() < 200.0, "{mean} prompt tokens");
    let [ttft_short, ttft_long] = both.map(|class| class.real("ttft_p50_s"));
    assert!(ttft_long > 2.0 * ttft_short, "{ttft_short} s and {ttft_long} s");
}

/// A replica alone, for ten minutes, with more requests than it can serve.
pub(super) const OVERLOADED: &str = "\
name: overloaded
start: 2026-06-01T00:00:00Z
duration: 10 min
site: {altitude: 100 m}
weather: {climate: nordic}
price: {fixed: 30 $/MWh}
output: {interval: 1 min}
cooling:
  dry: {kind: dry-cooler, design_heat: 200 kW}
racks:
  hall: {kind: dgx-h100, cooled_by: dry}
workloads:
  chat:
    kind: llama-3.1-70b-h100
    racks: hall
    cells: 1
    replicas: 1
    represent: 1
    max_sequences: 4
    slo: {ttft: 5 s, tpot: 100 ms}
    arrivals: {rate_per_replica: 20 /s}
    lengths: {prompt: {kind: fixed, tokens: 500}, output: {kind: fixed, tokens: 100}}
";

/// Ranks that are told apart have no more than the replica: with the same fields, they serve no more
/// than ranks among which sequences and context are shared out evenly at every instant, and far fewer
/// where an eighth of a short memory holds few requests. Only where prompts have iterations of their own
/// and all requests are alike are ranks a little ahead: a prompt stops the decodes of its rank alone.
#[test]
fn simulated_ranks_serve_no_more_than_even_ones() {
    let alike =
        "    lengths: {prompt: {kind: fixed, tokens: 500}, output: {kind: fixed, tokens: 100}}\n";
    let scenario = OVERLOADED
        .replace("kind: dgx-h100", "kind: hgx-h200")
        .replace("kind: llama-3.1-70b-h100", "kind: deepseek-r1-h200-sglang")
        .replace("    max_sequences: 4\n", "")
        .replace("20 /s", "60 /s");
    assert!(scenario.contains(alike));
    let (alike, chat) = (scenario.clone(), scenario.replace(alike, ""));
    for (scenario, engine, blocks, (least, most)) in [
        (&chat, "sglang", 8000, (0.1, 0.5)),
        (&chat, "vllm-v1", 8000, (0.1, 0.5)),
        (&chat, "vllm-v1", 356_721, (0.98, 1.0)),
        (&alike, "vllm-v1", 8000, (0.9, 1.0)),
        (&alike, "sglang", 8000, (0.9, 1.05)),
    ] {
        let served = |ranks: &str| {
            let sets = [
                format!("workloads.chat.model.attention_ranks={ranks}"),
                format!("workloads.chat.engine={engine}"),
                format!("workloads.chat.kv_blocks={blocks}"),
            ];
            let told = simulate(scenario, &sets.each_ref().map(String::as_str));
            of(&told, "chat").real("served")
        };
        let even = served("{count: 8, imbalance: 1}");
        for routing in ["round_robin", "least_busy"] {
            let share = served(&format!("{{count: 8, routing: {routing}}}")) / even;
            assert!(least < share && share <= most, "{engine}, {blocks}, {routing}: {share}");
        }
    }
}

/// Requests that were turned away, lost or given up have missed their targets, and latencies
/// say that they know nothing of them.
#[test]
fn who_was_not_served_has_missed_its_targets() {
    // With room for one that waits, every served one is in time: only a sixth are served.
    let told = simulate(OVERLOADED, &["workloads.chat.max_waiting=1"]);
    let chat = of(&told, "chat");
    let [done, failed, rejected] = ["served", "failed", "rejected"].map(|fate| chat.real(fate));
    assert!(rejected > 5.0 * failed && rejected > 9000.0, "{rejected} rejected");
    let served = done / (done + failed + rejected);
    assert_eq!(chat.get("slo_attainment"), Some(served));
    assert!((chat.real("left_out") - (1.0 - served)).abs() < 1e-12);
    // Four sequences of a hundred tokens each, some 11 ms a token: 3.3 requests a second of 20.
    assert!((0.14..0.19).contains(&served), "{served}");
    let goodput = chat.real("goodput_per_s");
    assert!((goodput - done / 600.0).abs() < 1e-9, "{goodput} /s");
    // The same in every interval.
    let [attained, out] = ["chat_slo_attainment", "chat_left_out"].map(|c| column(&told, c));
    for (attained, out) in attained.iter().zip(&out) {
        assert!((attained + out - 1.0).abs() < 1e-12, "{attained} and {out}");
    }

    let told = simulate(OVERLOADED, &["workloads.chat.patience={wait: 1 s}"]);
    let chat = of(&told, "chat");
    let [done, failed, gave_up] = ["served", "failed", "timed_out"].map(|fate| chat.real(fate));
    assert!(gave_up > 8000.0 && failed == gave_up, "{gave_up} gave up");
    assert_eq!(chat.get("slo_attainment"), Some(done / (done + failed)));

    // The feed is away for the second half: nothing is served, and all of that is a miss.
    let light = [
        "workloads.chat.arrivals.rate_per_replica=1 /s",
        "workloads.chat.lost_requests=fail",
        "power={utility: {kind: feed, capacity: 1 MW, outages: none}}",
        "racks.hall.fed_by=utility",
        "cooling.dry.fed_by=utility",
        "control={curtailments: [{start: 2026-06-01T00:05:00Z, duration: 1 h, import: 0 kW}]}",
    ];
    let told = simulate(OVERLOADED, &light);
    let chat = of(&told, "chat");
    let [done, failed, rejected] = ["served", "failed", "rejected"].map(|fate| chat.real(fate));
    assert!(failed > 200.0 && rejected == 0.0, "{failed} failed");
    assert_eq!(chat.get("slo_attainment"), Some(done / (done + failed)));
    assert!((0.4..0.6).contains(&chat.real("left_out")), "{}", chat.real("left_out"));
}

/// The rows of `requests.csv` of a run that writes down `which`, as maps from column to text.
fn requests(bench: &Bench, which: &str) -> Vec<BTreeMap<String, String>> {
    let output = "output: {interval: 1 h}";
    let text = scenario();
    assert!(text.contains(output));
    let which = format!("output: {{interval: 1 h, requests: {which}}}");
    bench.file("small.yaml", text.replace(output, &which));
    let output = bench.loadbank("run small.yaml --tables csv").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let run = bench.the_run();
    let tags = fs::read_to_string(run.join("latency.hlog")).unwrap();
    for tag in [
        "without a tag are chat/ttft, hour by hour]\n",
        "Tag=chat/short/tbt,",
        "Tag=chat/long/e2e,",
    ] {
        assert!(tags.contains(tag), "{tag}");
    }
    assert!(run.join("latency-chat-long-queue.hgrm").exists());
    let text = fs::read_to_string(run.join("requests.csv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells = line.split(',').map(str::to_owned);
            head.iter().map(|name| (*name).to_owned()).zip(cells).collect()
        })
        .collect()
}

#[test]
fn the_first_requests_are_written_down_one_by_one() {
    let bench = Bench::new();
    let rows = requests(&bench, "{first: 500}");
    assert_eq!(rows.len(), 500);
    assert!(rows.windows(2).all(|pair| pair[0]["end_utc"] <= pair[1]["end_utc"]));
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        assert_eq!((row["fate"].as_str(), row["stands_for"].as_str()), ("served", "4"));
        assert!(number("queue_s") <= number("ttft_s") && number("ttft_s") <= number("e2e_s"));
        // The latencies of a request hang together.
        let decode = number("e2e_s") - number("ttft_s");
        let tpot = number("tpot_s") * (number("output_tokens") - 1.0);
        assert!((decode - tpot).abs() < 1e-6, "{row:?}");
    }
}

#[test]
fn a_sample_of_requests_is_the_share_that_was_asked_for() {
    let bench = Bench::new();
    let rows = requests(&bench, "{share: 10 %}");
    // Two replicas that each receive 0.05 a second for a week, but for the weekend's long ones.
    let mean = 0.1 * (2.0 * 0.05 * 7.0 * 86_400.0);
    assert!((rows.len() as f64 - mean).abs() < 0.1 * mean, "{} of {mean}", rows.len());
}

/// The small site with B200 beside the H100 of its chat.
fn two_kinds(pools: &str) -> String {
    let workloads = "workloads:\n";
    let replicas = "    replicas: 2\n";
    assert!(SMALL.contains(workloads) && SMALL.contains(replicas));
    let hall = "  b200-hall:
    kind: dgx-b200
    nodes: 3
    fed_by: pdu-2
    cooled_by: dry
    throttle_inlet: 50 degC
    trip_inlet: 60 degC
workloads:
";
    SMALL.replace(workloads, hall).replace(replicas, &format!("{replicas}    pools: {pools}\n"))
}

#[test]
fn a_service_stands_on_racks_of_two_kinds() {
    let told = simulate(
        &two_kinds("[{kind: llama-3.1-70b-b200, racks: b200-hall, replicas: 3}]"),
        &["duration=1 day"],
    );
    assert!(told.outcome.balanced());
    let chat = of(&told, "chat");
    // Four cells of five replicas.
    let expected = 20.0 * 0.05 * 86_400.0;
    let arrived = chat.real("arrived");
    // Each simulated request stands for four.
    assert!((arrived - expected).abs() < 5.0 * (4.0 * expected).sqrt(), "{arrived}");
    assert_eq!(chat.count("failed") + chat.count("rejected"), 0);
    let fit = chat.facts.iter().find(|(key, _)| *key == "fit").unwrap();
    let Fact::Text(fit) = &fit.1 else { panic!("it is a text") };
    assert!(fit.contains("chat-hall: 2.0 %") && fit.contains("b200-hall: 1.9 %"), "{fit}");
    // Taking turns, a fifth each, requests meet iterations of 11 ms on two replicas and of 9 ms
    // on three.
    let [p50, p90] = ["tpot_p50_s", "tpot_p90_s"].map(|key| chat.real(key));
    assert!(p50 < 0.0099 && p90 > 0.0110, "{p50} s, {p90} s");
}

#[test]
fn what_is_wrong_with_a_pool_is_said_at_its_place() {
    let bench = Bench::new();
    for (pools, parts) in [
        ("[{kind: llama-3.1-70b-b200, racks: b200-hal}]", &["chat.pools", "b200-hall"][..]),
        ("[{kind: llama-3.1-70b-b100, racks: b200-hall}]", &["chat.pools", "llama-3.1-70b-b200"]),
        ("[{kind: llama-3.1-70b-b200, racks: chat-hall}]", &["chat.pools: `chat-hall`", "already"]),
        (
            "[{kind: llama-3.1-70b-b200, racks: train-hall}]",
            &["chat.pools: `train-hall`", "already"],
        ),
        ("[{kind: llama-3.1-70b-b200, racks: mine-hall}]", &["chat.pools: `mine-hall`", "already"]),
        (
            "[{kind: llama-3.1-70b-b200, racks: b200-hall, replicas: 4}]",
            &["chat.pools", "room for 12 replicas"],
        ),
        ("[{kind: mining, racks: b200-hall}]", &["chat.pools", "inference"]),
        ("[{kind: llama-3.1-70b-b200, racks: b200-hall, routing: random}]", &["routing"]),
        ("[{racks: b200-hall}]", &["kind"]),
    ] {
        let path = bench.file("small.yaml", two_kinds(pools));
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        assert!(reading.loaded.is_none(), "{pools} is taken:\n{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing from\n{said}");
        }
    }
}

/// The small site, of whose chat a tenth of the time is simulated.
fn sampled(requests: &str) -> String {
    let workloads = "cells: ";
    assert!(scenario().contains(workloads));
    scenario().replacen(workloads, &format!("requests: {requests}\n    {workloads}"), 1)
}

#[test]
fn a_sampled_service_says_so_and_closes_its_books() {
    let (whole, told) = (simulate(&scenario(), &[]), simulate(&sampled("{sample: 10 %}"), &[]));
    let chat = of(&told, "chat");
    // Arrivals are drawn in full, of each class too.
    for name in ["chat", "chat/short", "chat/long"] {
        assert_eq!(of(&told, name).count("arrived"), of(&whole, name).count("arrived"), "{name}");
        let (estimate, exact) = (of(&told, name).real("served"), of(&whole, name).real("served"));
        let error = of(&told, name).real("served_se");
        assert!((estimate - exact).abs() < 4.0 * error, "{name}: {estimate} of {exact}, {error}");
        assert!(of(&whole, name).get("served_se").is_none());
    }
    assert!(told.outcome.books.iter().all(|book| book.balanced));
    let share = chat.real("sampled.share");
    assert!((0.1..0.2).contains(&share), "{share}");
    let note = told.outcome.notes.iter().find(|note| note.code == "sampled");
    assert_eq!(note.map(|note| note.value), Some(share));
    // Rows say what they are taken from, and sum to the run.
    let rows = column(&told, "chat_simulated");
    assert!(rows.iter().all(|share| (0.09..=1.0).contains(share)), "{rows:?}");
    let sum = integral(&told, "chat_served_per_s");
    assert!((sum - chat.real("served")).abs() < 1e-3, "{sum}");
}

#[test]
fn what_cannot_be_sampled_is_told_at_its_field() {
    let faults = |text: &str| {
        let bench = Bench::new();
        let reading = read_scenario(&bench.file("test.yaml", text), &[]);
        reading.diagnostics.short(&reading.files)
    };
    for (requests, says) in [
        ("{sample: 0.1 %}", "must be between 1 % and 100 %, got 0.1 %"),
        ("{precision: 0}", "must be between 0.2 % and 50 %, got 0 %"),
        ("{sample: 5 %, precision: 2 %}", "exclude each other"),
        ("{}", "needs one of `sample`, `precision`"),
    ] {
        let found = faults(&sampled(requests));
        assert!(found.contains(says), "{requests}: {found}");
    }
    let gated =
        sampled("{sample: 5 %}").replace("variation: 2}}", "variation: 2}, max_in_flight: 5}");
    let found = faults(&gated);
    assert!(found.contains("is simulated whole: requests wait at a gate"), "{found}");
}
