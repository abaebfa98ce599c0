//! Requests a second of the inference engine: 64 replicas, paged KV memory, energy and all
//! histograms on, conversation lengths, at about 17 iterations a request.
//!
//! Prints a table for several loads and routers on one core, and for two cells and two services on
//! one and two.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use loadbank::facility::WorkDesign;
use loadbank::kernel::{Span, Streams, Time};
use loadbank::scenario::read_scenario;
use loadbank::workload::inference::load::{LengthLaw, LoadDesign};
use loadbank::workload::inference::replica::Limits;
use loadbank::workload::inference::step::DecodeDesign;
use loadbank::workload::inference::{Routing, Service, ServiceDesign};

fn main() {
    println!(
        "{:<34} {:>10} {:>10} {:>8} {:>9} {:>8} {:>10}",
        "", "requests", "requests/s", "it/req", "steps/req", "preempt", "per CPU s"
    );
    for (label, rate, chunk, blocks) in [
        ("1.38 /s a replica, chunk 512", 1.38, 512, 6000),
        ("0.35 /s a replica, chunk 2048", 0.35, 2048, 6000),
        ("0.10 /s a replica, chunk 2048", 0.10, 2048, 6000),
        ("1.30 /s a replica, 700 KV blocks", 1.30, 512, 700),
    ] {
        measure(label, &design(rate, chunk, blocks, 1), 1, 1_000_000.0);
    }
    for (label, routing) in [
        ("least requests, chunk 512", Routing::LeastRequests),
        ("power of two, chunk 512", Routing::PowerOfTwo),
        ("least tokens, chunk 512", Routing::LeastTokens),
    ] {
        let design = ServiceDesign { routing, ..design(1.38, 512, 6000, 1) };
        measure(label, &design, 1, 1_000_000.0);
    }
    measure("two cells of 64, one thread", &design(1.38, 512, 6000, 2), 1, 2_000_000.0);
    measure("two cells of 64, two threads", &design(1.38, 512, 6000, 2), 2, 2_000_000.0);
    two_services();
}

/// Two equal services, which meet at every control boundary as those of a facility do, on one
/// thread and on two by turns.
fn two_services() {
    const ROUNDS: usize = 5;
    const REQUESTS: f64 = 1_000_000.0;
    let design = ServiceDesign { routing: Routing::LeastRequests, ..design(1.38, 512, 6000, 1) };
    let end = Time::ZERO + Span::from_secs_f64(REQUESTS / design.load.rate_per_s());
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let [mut a, mut b] = [1, 2].map(|seed| Service::new(&design, &Streams::new(seed, 0)));
            let clock = Instant::now();
            while a.next_at() <= end {
                let at = a.next_at();
                rayon::join(|| a.advance(at), || b.advance(at));
            }
            clock.elapsed().as_secs_f64()
        })
    };
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for threads in [1, 2] {
            seconds[threads - 1].push(run(threads));
        }
    }
    // Others may use the machine too: the fastest round is the least disturbed.
    let [one, two] = seconds.map(|all| all.into_iter().fold(f64::INFINITY, f64::min));
    println!(
        "\ntwo equal services of 64 replicas, least requests: {:.2e} requests/s on one thread, \
         {:.2e} on two: {:.2} times",
        2.0 * REQUESTS / one,
        2.0 * REQUESTS / two,
        one / two
    );
}

fn measure(label: &str, design: &ServiceDesign, threads: usize, requests: f64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let mut service = Service::new(design, &Streams::new(1, 0));
        let cells = design.represent as f64;
        let end = Time::ZERO + Span::from_secs_f64(requests / (design.load.rate_per_s() * cells));
        let (clock, cpu) = (Instant::now(), cpu_seconds());
        service.advance(end);
        let seconds = clock.elapsed().as_secs_f64();
        let cpu = cpu_seconds().zip(cpu).map(|(end, start)| end - start);
        let now = service.next_at();
        let summary = service.summary(now);
        let n = summary.records.simulated as f64;
        println!(
            "{label:<34} {n:>10.0} {:>10.2e} {:>8.1} {:>9.2} {:>8} {}",
            n / seconds,
            summary.work.iterations as f64 / n,
            summary.work.steps as f64 / n,
            summary.work.preemptions,
            // With several threads this one mostly waits for the others.
            cpu.filter(|_| threads == 1).map_or(String::new(), |s| format!("{:>10.2e}", n / s)),
        );
    });
}

/// Processor time of this thread; where the system tells.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
}

/// Cells of 64 replicas of CodeLlama-34B on two A100s each: the service of the gallery under the
/// affine law of its profile.
fn design(rate: f64, chunk: u32, blocks: u64, cells: usize) -> ServiceDesign {
    let mut design = azure_conversation();
    design.represent = cells;
    design.load = LoadDesign::poisson(
        64.0 * rate,
        LengthLaw::Lognormal { mean: 1154.7, sigma: 0.808, max: 14_050 },
        LengthLaw::Lognormal { mean: 211.1, sigma: 0.683, max: 1000 },
    );
    let pool = &mut design.pools[0];
    (pool.layout.cells, pool.layout.replicas) = (cells, 64);
    pool.layout.racks = pool.layout.needed();
    pool.limits = Limits { sequences: 128, chunk, blocks: Some(blocks), block_tokens: 16 };
    let ms = 1e-3;
    pool.steps.decode = DecodeDesign::Sum {
        base: vec![(0.0, 29.41 * ms), (1.0, 29.48 * ms)],
        per_context_s: 6.61e-5 * ms,
    };
    pool.steps.linear = vec![(0.0, 0.0), (1.0, 0.14 * ms)];
    pool.steps.attention_s = 4.4e-9;
    design
}

/// The service of `scenarios/azure-conversation.yaml`.
fn azure_conversation() -> ServiceDesign {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/azure-conversation.yaml");
    let loaded = read_scenario(&path, &[]).loaded.expect("the scenario is sound");
    let service = loaded.design.works.into_iter().find_map(|work| match work.design {
        WorkDesign::Inference { design, .. } => Some(design),
        _ => None,
    });
    service.expect("the scenario has a service")
}
