//! Services under events: conservation, representation, energy, limits known in closed form.

use proptest::prelude::*;

use super::load::{ClientDesign, LengthLaw, LoadDesign, SourceDesign};
use super::racks::Layout;
use super::replica::{Limits, Scheduling, Stride};
use super::step::{DecodeDesign, DraftDesign, Overheads, PowerDesign, StepDesign};
use super::tests_support::rack;
use super::*;
use crate::kernel::{Span, Stream, Streams, Time};
use crate::workload::RackOffer;

/// Eight cells of four replicas of four GPUs, each cell on half a rack of 32 GPUs.
pub(super) fn design() -> ServiceDesign {
    let ms = 1e-3;
    ServiceDesign {
        name: "chat".to_owned(),
        pools: vec![PoolDesign {
            rack: rack(),
            layout: Layout { racks: 5, gpus_per_rack: 32, cells: 8, replicas: 4, gpus: 4 },
            limits: Limits { sequences: 128, chunk: 512, blocks: Some(6000), block_tokens: 16 },
            scheduling: Scheduling::default(),
            steps: StepDesign {
                decode: DecodeDesign::Sum {
                    base: vec![(0.0, 11.0 * ms), (1.0, 11.055 * ms)],
                    per_context_s: 2.79e-5 * ms,
                },
                linear: vec![(0.0, 0.0), (1.0, 0.0446 * ms)],
                attention_s: 0.0,
                overheads: Overheads::default(),
                decode_knee: 0.7,
                draft: DraftDesign::default(),
                ranks: None,
            },
            power: PowerDesign {
                decode_w: 394.0,
                decode_rise_w: 274.0,
                half_batch: 45.0,
                prefill_w: 700.0,
            },
            startup: Span::from_secs(300),
        }],
        represent: 2,
        load: LoadDesign::poisson(
            4.0,
            LengthLaw::Lognormal { mean: 1155.0, sigma: 0.81, max: 14_050 },
            LengthLaw::Lognormal { mean: 211.0, sigma: 0.68, max: 1000 },
        ),
        routing: Routing::RoundRobin,
        stride: Stride::Leap,
        lost_requests: LostRequests::Retry,
        interactive: true,
        serving: ServingDesign::default(),
        rejoin_after: Span::from_secs(900),
        control_interval: Span::from_secs(60),
        sampling: None,
        prompt_price: 0.0,
        output_price: 1.0,
    }
}

/// The only client of a design's load.
pub(super) fn client(design: &mut ServiceDesign) -> &mut ClientDesign {
    let SourceDesign::Drawn { clients, .. } = &mut design.load.classes[0].source else {
        panic!("requests that are drawn")
    };
    &mut clients[0]
}

pub(super) fn secs(seconds: u64) -> Time {
    Time::ZERO + Span::from_secs(seconds)
}

/// Drives a service as the facility does, and integrates the draws that it reports.
pub(super) struct Plant {
    pub(super) service: Service,
    now: Time,
    draws_w: Vec<f64>,
    told_j: f64,
}

impl Plant {
    pub(super) fn new(design: &ServiceDesign, streams: &Streams) -> Self {
        let service = Service::new(design, streams);
        let draws_w = vec![0.0; service.racks()];
        let mut plant = Self { service, now: Time::ZERO, draws_w, told_j: 0.0 };
        plant.drain();
        plant
    }

    pub(super) fn run_until(&mut self, until: Time) {
        while self.service.next_at() <= until {
            let at = self.service.next_at();
            self.meter(at);
            self.service.advance(at);
            self.drain();
        }
        self.meter(until);
        self.service.advance(until);
    }

    pub(super) fn offer(&mut self, offers: &[(usize, RackOffer)]) {
        for &(rack, offer) in offers {
            self.service.offer(self.now, rack, offer);
        }
        self.service.settle(self.now);
        self.drain();
        for &(rack, offer) in offers {
            let draw = self.service.draw_w(rack);
            assert!(draw <= offer.cap_w && (offer.live || draw == 0.0), "rack {rack}: {draw} W");
        }
    }

    fn drain(&mut self) {
        let Self { service, draws_w, .. } = self;
        let mut changed = Vec::new();
        service.drain_changed(|rack| changed.push(rack));
        for rack in changed {
            draws_w[rack] = service.draw_w(rack);
        }
        for (rack, &draw) in draws_w.iter().enumerate() {
            assert_eq!(draw, service.draw_w(rack), "rack {rack} changed unreported");
            assert!(service.demand(rack).total_w() >= draw - 1e-9);
        }
    }

    fn meter(&mut self, to: Time) {
        self.told_j += self.draws_w.iter().sum::<f64>() * (to - self.now).as_secs_f64();
        self.now = to;
    }

    pub(super) fn summary(&mut self) -> InferenceSummary {
        let summary = self.service.summary(self.now);
        assert!(summary.is_conserved(), "{summary:?}");
        let balance = summary.energy_j - summary.owed_j - self.told_j;
        assert!(balance.abs() <= 1e-9 * summary.energy_j.max(1.0), "off by {balance} J");
        let of_classes: Option<f64> = summary.classes.iter().map(|class| class.energy_j).sum();
        if let Some(of_classes) = of_classes.filter(|_| !summary.classes.is_empty()) {
            let off = of_classes - summary.energy_j;
            assert!(off.abs() <= 1e-12 * summary.energy_j, "classes are off by {off} J");
        }
        summary
    }
}

/// A rack without power.
pub(super) const DARK: RackOffer = RackOffer { live: false, ..RackOffer::FULL };

pub(super) fn random_offer(stream: &mut Stream) -> RackOffer {
    match stream.below(5) {
        0 => DARK,
        1 => RackOffer { cap_w: 30e3 * stream.uniform(), ..RackOffer::FULL },
        2 => RackOffer { speed: stream.uniform(), ..RackOffer::FULL },
        _ => RackOffer::FULL,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the plant does: no request is lost count of, cells always sum to the
    /// service's, the books of energy close, and after a quiet while all is represented again.
    #[test]
    fn books_close_under_random_events(seed in any::<u64>()) {
        let streams = Streams::new(seed, 0);
        let mut luck = streams.stream("events", "test");
        let mut design = design();
        design.lost_requests =
            [LostRequests::Retry, LostRequests::Resume, LostRequests::Fail][luck.below(3) as usize];
        design.pools[0].limits.blocks = [None, Some(700)][luck.below(2) as usize];
        let mut plant = Plant::new(&design, &streams);
        let mut at = Time::ZERO;
        for _ in 0..20 {
            at += Span::from_secs_f64(luck.exponential(100.0));
            plant.run_until(at);
            let count = 1 + luck.below(3);
            let offers: Vec<_> = (0..count)
                .map(|_| (luck.below(4) as usize, random_offer(&mut luck)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into_iter()
                .collect();
            plant.offer(&offers);
            prop_assert_eq!(plant.service.multiplicities().iter().sum::<u32>(), 8);
            if luck.chance(0.3) {
                plant.summary();
            }
        }
        plant.offer(&(0..4).map(|rack| (rack, RackOffer::FULL)).collect::<Vec<_>>());
        plant.run_until(at + Span::from_secs(3 * 3600));
        prop_assert_eq!(plant.service.simulated_cells(), 2);
        prop_assert_eq!(plant.service.multiplicities(), vec![4, 4]);
        let summary = plant.summary();
        prop_assert!(summary.records.served > 0);
        // Once quiet, what is owed is an interval's lag: nothing leaks over time.
        let lag = 5.0 * rack().full_w() * 60.0;
        prop_assert!(summary.owed_j.abs() <= lag, "{} J owed", summary.owed_j);
    }
}

#[test]
fn cells_struck_alike_are_one_group_and_come_back() {
    let mut plant = Plant::new(&design(), &Streams::new(7, 0));
    plant.run_until(secs(600));
    // Rack 1 holds cells 2 and 3, one of each representative.
    plant.offer(&[(1, DARK)]);
    assert_eq!(plant.service.multiplicities(), [3, 3, 1, 1]);
    assert_eq!(plant.service.draw_w(1), 0.0);
    let dark = plant.summary();
    plant.run_until(secs(1200));
    let after = plant.summary();
    // A quarter of the cells has no replica: what arrives there fails.
    let failed = after.records.failed - dark.records.failed;
    let arrived = after.records.arrived - dark.records.arrived;
    let share = failed as f64 / arrived as f64;
    assert!((share - 0.25).abs() < 0.03, "{share} of requests failed");
    plant.offer(&[(1, RackOffer::FULL)]);
    plant.run_until(secs(1200 + 299));
    let failing = plant.summary().records.failed;
    assert!(failing > after.records.failed, "replicas take 300 s to start");
    plant.run_until(secs(1200 + 302));
    let failing = plant.summary().records.failed;
    plant.run_until(secs(1200 + 300 + 899));
    assert_eq!(plant.summary().records.failed, failing);
    assert_eq!(plant.service.multiplicities(), [3, 3, 1, 1]);
    plant.run_until(secs(1200 + 300 + 1200));
    assert_eq!(plant.service.multiplicities(), [4, 4]);
    assert_eq!(plant.service.simulated_cells(), 2);
}

#[test]
fn an_event_that_strikes_all_alike_splits_nothing() {
    let mut plant = Plant::new(&design(), &Streams::new(7, 0));
    plant.run_until(secs(600));
    let hot = RackOffer { speed: 0.5, ..RackOffer::FULL };
    plant.offer(&(0..4).map(|rack| (rack, hot)).collect::<Vec<_>>());
    assert_eq!(plant.service.multiplicities(), [4, 4]);
    plant.run_until(secs(1200));
    assert_eq!(plant.summary().splits, 0);
}

#[test]
fn a_cap_below_the_want_slows_and_a_higher_one_does_not() {
    let run = |share: f64| {
        let mut design = design();
        design.pools[0].layout =
            Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 8, gpus: 4 };
        design.represent = 1;
        let mut plant = Plant::new(&design, &Streams::new(7, 0));
        plant.run_until(secs(3600));
        let want = plant.service.demand(0).total_w();
        plant.offer(&[(0, RackOffer { cap_w: share * want, ..RackOffer::FULL })]);
        plant.run_until(secs(7200));
        (plant.summary(), want)
    };
    let (free, _) = run(2.0);
    let (capped, want) = run(0.8);
    assert_eq!(capped.records.failed, 0);
    assert!(capped.records.ttft.mean_s() > free.records.ttft.mean_s());
    let saved_w = (free.energy_j - capped.energy_j) / 3600.0;
    assert!(saved_w > 0.1 * want, "{saved_w} W saved of {want} W");
    // Half of the want is less than these GPUs can be capped to: the rack idles.
    let (stopped, want) = run(0.55);
    assert!(stopped.records.failed > 10_000, "{} requests failed", stopped.records.failed);
    let mean_w = (stopped.energy_j - 0.5 * free.energy_j) / 3600.0;
    assert!(mean_w < 0.6 * want, "{mean_w} W of {want} W");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let sampling =
        SamplingDesign { ask: Ask::Ratio(10), stratum: Span::from_secs(900), end: secs(5000) };
    for sampling in [None, Some(sampling)] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut design = design();
                design.sampling = sampling;
                let mut plant = Plant::new(&design, &Streams::new(7, 0));
                plant.run_until(secs(1000));
                plant.offer(&[(1, DARK), (2, RackOffer { speed: 0.6, ..RackOffer::FULL })]);
                plant.run_until(secs(5000));
                plant.summary()
            })
        };
        assert_equal(&run(1), &run(3));
    }
}

/// Two summaries are equal, floating-point figures by their bits.
pub(super) fn assert_equal(a: &InferenceSummary, b: &InferenceSummary) {
    let counts = |s: &InferenceSummary| {
        let r = &s.records;
        let requests = [r.arrived, r.served, r.failed, r.rejected, r.retried, s.in_flight];
        (requests, s.work.iterations, s.work.preemptions)
    };
    assert_eq!(counts(a), counts(b));
    let latencies = |s: &InferenceSummary| {
        let r = s.records.clone();
        [r.ttft, r.tpot, r.tbt, r.e2e, r.queue]
    };
    for (a, b) in latencies(a).into_iter().zip(latencies(b)) {
        let seconds = |l: &crate::measure::Latency| {
            [l.mean_s(), l.min_s(), l.max_s()].map(|s| s.map(f64::to_bits))
        };
        assert_eq!(seconds(&a), seconds(&b), "{:?} s against {:?} s", a.mean_s(), b.mean_s());
        assert!(a.histogram() == b.histogram());
    }
    assert_eq!(a.energy_j.to_bits(), b.energy_j.to_bits());
    assert_eq!(a.owed_j.to_bits(), b.owed_j.to_bits());
    for (a, b) in a.classes.iter().zip(&b.classes) {
        assert_eq!(a.energy_j.map(f64::to_bits), b.energy_j.map(f64::to_bits), "{}", a.name);
    }
}

#[test]
fn a_service_without_leaps_gives_equal_results() {
    for (seed, blocks, routing) in [
        (7, Some(6000), Routing::RoundRobin),
        (8, Some(700), Routing::Random),
        (9, Some(700), Routing::LeastRequests),
        (10, Some(6000), Routing::LeastTokens),
        (11, None, Routing::PowerOfTwo),
    ] {
        let run = |stride: Stride| {
            let mut design = design();
            (design.stride, design.pools[0].limits.blocks, design.routing) =
                (stride, blocks, routing);
            let mut plant = Plant::new(&design, &Streams::new(seed, 0));
            plant.run_until(secs(400));
            plant.offer(&[(1, DARK), (2, RackOffer { speed: 0.6, ..RackOffer::FULL })]);
            plant.run_until(secs(500));
            plant.offer(&[(1, RackOffer { cap_w: 19e3, ..RackOffer::FULL })]);
            plant.run_until(secs(1000));
            plant.offer(&[(1, RackOffer::FULL), (2, RackOffer::FULL)]);
            plant.run_until(secs(3000));
            plant.summary()
        };
        let (leap, plain) = (run(Stride::Leap), run(Stride::Plain));
        assert_equal(&leap, &plain);
        assert!(leap.splits > 0 && 3 * leap.work.steps < plain.work.steps);
    }
}

#[test]
fn an_untouched_cell_does_not_feel_a_neighbour() {
    let run = |strike: bool| {
        let mut design = design();
        // Every cell simulated: rack 0 holds cells 0 and 1.
        design.represent = 8;
        let mut plant = Plant::new(&design, &Streams::new(7, 0));
        plant.run_until(secs(600));
        if strike {
            plant.offer(&[(3, DARK)]);
        }
        plant.run_until(secs(1200));
        plant.service.draw_w(0)
    };
    assert_eq!(run(false).to_bits(), run(true).to_bits());
}

/// With one sequence at a time, one token a request and constant steps, a replica is a
/// single server: mean wait `rho s / (2 (1 - rho))` (Pollaczek, Khinchine).
#[test]
fn a_batch_of_one_waits_as_m_d_1() {
    let mut design = design();
    let service_s = 0.050;
    design.pools[0].layout = Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
    design.represent = 1;
    design.pools[0].limits = Limits { sequences: 1, chunk: 64, blocks: None, block_tokens: 16 };
    (client(&mut design).prompt, client(&mut design).output) =
        (LengthLaw::Fixed(1), LengthLaw::Fixed(1));
    design.pools[0].steps.decode =
        DecodeDesign::Sum { base: vec![(0.0, service_s)], per_context_s: 0.0 };
    design.pools[0].steps.linear = vec![(0.0, 0.0)];
    for rho in [0.3, 0.6, 0.8] {
        client(&mut design).rate_per_s = rho / service_s;
        let mut plant = Plant::new(&design, &Streams::new(11, 0));
        plant.run_until(secs(40_000));
        let records = plant.summary().records;
        let wait = rho * service_s / (2.0 * (1.0 - rho));
        let got = records.queue.mean_s().unwrap();
        // Waits of one busy period hang together: the variance of the mean is about
        // (1 + rho) / (1 - rho)^2 that of independent waits, whose deviation is near the mean.
        let n = records.served as f64;
        let bound = 5.0 * 2.0 * wait * ((1.0 + rho) / n).sqrt() / (1.0 - rho);
        assert!((got - wait).abs() < bound, "rho {rho}: waits {got} s, {wait} +- {bound} s");
        let ttft = records.ttft.mean_s().unwrap();
        assert!((ttft - got - service_s).abs() < 1e-6);
    }
}

/// With unlimited batches and no slope in the batch, a replica is M/D/infinity seen at its
/// iterations: everyone is served at once, for as many iterations as they have tokens.
#[test]
fn a_batch_without_bound_delays_nobody() {
    let mut design = design();
    design.pools[0].layout = Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
    design.represent = 1;
    design.pools[0].limits =
        Limits { sequences: 65_535, chunk: 65_535, blocks: None, block_tokens: 16 };
    (client(&mut design).prompt, client(&mut design).output) =
        (LengthLaw::Fixed(1), LengthLaw::Fixed(100));
    design.pools[0].steps.decode =
        DecodeDesign::Sum { base: vec![(0.0, 0.01)], per_context_s: 0.0 };
    design.pools[0].steps.linear = vec![(0.0, 0.0)];
    client(&mut design).rate_per_s = 50.0;
    let mut plant = Plant::new(&design, &Streams::new(11, 0));
    plant.run_until(secs(4000));
    let records = plant.summary().records;
    assert!(records.queue.max_s().unwrap() <= 0.010_001);
    let e2e = records.e2e.mean_s().unwrap() - records.queue.mean_s().unwrap();
    assert!((e2e - 1.0).abs() < 1e-6, "{e2e} s in service");
}
