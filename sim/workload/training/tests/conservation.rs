//! Nothing gets lost, whatever happens: random jobs, failures, caps, heat and lost racks.

use proptest::prelude::*;

use crate::kernel::{Span, Streams, Time};
use crate::plant::Rank;
use crate::spec::{Name, Severity};
use crate::units::{Duration, Fraction, HourlyPrice, Power, Rate, Temperature};
use crate::workload::RackOffer;
use crate::workload::gpu::{GpuRackDesign, GpuRackSpec};
use crate::workload::training::spec::*;
use crate::workload::training::{
    GpuHours, JobRecord, Placement, Policy, Sharing, Training, Vacate,
};

const RACKS: usize = 5;

fn rack() -> GpuRackDesign {
    let spec = GpuRackSpec::of(3, 4, Power(700.0), Power(1000.0));
    let mut faults = Vec::new();
    let rack = spec.resolve(&mut faults);
    assert_eq!(faults, []);
    rack
}

/// A busy small cluster: jobs of 1 to 9 nodes, a failure every few hours.
fn cluster(recovery: Recovery, interval: IntervalSpec, seed: u64) -> Training {
    planned_cluster(recovery, interval, seed, &Planned::default())
}

/// What is planned besides.
#[derive(Debug, Clone, Default)]
struct Planned {
    curtailment: Option<WorkloadCurtailmentSpec>,
    maintenance: Option<MaintenanceSpec>,
    max_length: Option<Duration>,
    background: Option<Duration>,
    /// With it, wider jobs are of higher tiers.
    queue: Option<QueueSpec>,
    /// Nodes that the wider jobs hold besides, and how many fewer they can do with.
    spares: u32,
    elastic: u32,
    /// Caps of the GPUs of the narrowest jobs, and of racks.
    cap: Option<Power>,
    rack_cap: Option<Power>,
    at_rest: Option<Fraction>,
    heat: Option<HeatFailureSpec>,
    /// Failures a day of what the three nodes of a rack share.
    switch: Option<f64>,
    /// With it, the narrowest jobs have two of the four GPUs of a node.
    sharing: Option<Sharing>,
}

fn planned_cluster(
    recovery: Recovery,
    interval: IntervalSpec,
    seed: u64,
    planned: &Planned,
) -> Training {
    let hours = |h: f64| Duration((h * 3.6e12) as u64);
    let tiers = [1, 4, 9].map(|nodes| Name::unplaced(format!("jobs-of-{nodes}")));
    let policy = match planned.sharing {
        None => planned.queue.as_ref().map(|_| Policy::Priority),
        Some(_) => {
            let all = [Policy::Fcfs, Policy::Easy, Policy::Conservative, Policy::Priority];
            Some(all[(seed % 4) as usize])
        }
    };
    let tiers = (policy == Some(Policy::Priority)).then_some(tiers);
    let class = |nodes, weight, mean: f64| JobClassSpec {
        weight,
        spares: Some(if nodes > 1 { planned.spares } else { 0 }),
        min_nodes: (nodes > 1).then_some(nodes - planned.elastic.min(nodes - 1)),
        cap: planned.cap.filter(|_| nodes == 1),
        tier: tiers.as_ref().map(|_| Name::unplaced(format!("jobs-of-{nodes}"))),
        nodes: (planned.sharing.is_none() || nodes > 1).then_some(nodes),
        gpus: (planned.sharing.is_some() && nodes == 1).then_some(2),
        ..JobClassSpec::of(nodes, DurationSpec::Exponential(ExponentialSpec { mean: hours(mean) }))
    };
    let spec = TrainingSpec {
        failures: Some(NodeFailureSpec {
            rate: Some(Rate(1.0 / 86_400.0)),
            repair: Some(hours(5.0)),
            at_rest: planned.at_rest,
            heat: planned.heat,
            relapse: seed.is_multiple_of(3).then(|| RelapseSpec {
                share: Fraction(0.5),
                median: hours(2.0),
                sigma: 1.0,
            }),
            domains: planned.switch.map(|per_day| {
                let switch = |name: &str, nodes, per_day: f64| DomainSpec {
                    name: name.to_owned(),
                    nodes: Some(nodes),
                    rate: Rate(per_day / 86_400.0),
                    repair: Some(hours(2.0)),
                };
                vec![switch("switch", 3, per_day), switch("supply", 1, 0.5 * per_day)]
            }),
            ..NodeFailureSpec::default()
        }),
        power: Some(PowerSharesSpec { rack_cap: planned.rack_cap, ..PowerSharesSpec::default() }),
        checkpoint: Some(CheckpointSpec {
            interval: Some(interval),
            write: Some(hours(0.02)),
            background: planned.background,
            ..CheckpointSpec::default()
        }),
        scheduler: policy,
        queue: planned.queue.clone().map(Box::new),
        tiers: tiers
            .clone()
            .map(|tiers| tiers.into_iter().map(|name| TierSpec { name, factor: None }).collect()),
        curtailment: planned.curtailment.clone(),
        maintenance: planned.maintenance.clone(),
        max_length: planned.max_length,
        recovery: Some(recovery),
        spares: Some(1),
        price: Some(HourlyPrice(2.0)),
        ..TrainingSpec::of(JobsSpec::Stream(StreamSpec::of(
            Rate(1.0 / 3600.0),
            vec![class(1, 6.0, 3.0), class(4, 2.0, 5.0), class(9, 1.0, 2.0)],
        )))
    };
    let rack = rack();
    let mut faults = Vec::new();
    let design = spec.resolve(&rack, RACKS, &mut faults);
    // Some of the writes in the background outlast their interval, which is doubted.
    faults.retain(|fault| fault.severity == Severity::Error);
    assert_eq!(faults, []);
    let names: Vec<String> = (1..=RACKS).map(|i| format!("rack-{i}")).collect();
    Training::new(design, rack, &names, "jobs", &Streams::new(seed, 0))
}

/// Runs `training` by its own events up to `end`.
fn run_to(training: &mut Training, end: Time) {
    while training.next_at() <= end {
        training.advance(training.next_at());
    }
    training.advance(end);
}

/// One disturbance: after some hours, new conditions for some racks at once.
#[derive(Debug, Clone)]
struct Disturbance {
    hours: f64,
    offers: Vec<(usize, RackOffer)>,
}

fn disturbances() -> impl Strategy<Value = Vec<Disturbance>> {
    // From no power through caps that pause and caps that slow to full power.
    let offer = (0.0..1.6f64, 0.0..1.4f64, any::<bool>(), 15.0..45.0f64).prop_map(
        |(cap, speed, live, inlet_c)| RackOffer {
            live: live || cap > 0.8,
            cap_w: if cap > 1.2 { f64::INFINITY } else { cap * 10_000.0 },
            speed: speed.min(1.0),
            inlet_c,
        },
    );
    let offers = prop::collection::vec((0..RACKS, offer), 1..RACKS);
    prop::collection::vec(
        (0.0..30.0f64, offers).prop_map(|(hours, offers)| Disturbance { hours, offers }),
        1..20,
    )
}

fn planned() -> impl Strategy<Value = Planned> {
    let hours = |h: f64| Duration((h * 3.6e12) as u64);
    let responses = prop_oneof![
        Just(Response::Ignore),
        Just(Response::Cap),
        Just(Response::Pause),
        Just(Response::Hold),
        Just(Response::Release),
    ];
    let curtailment = (0.05..1.0f64, 0.1..5.0f64, 0.0..0.2f64, any::<bool>(), responses).prop_map(
        move |(per_hour, duration, notice, is_whole, response)| WorkloadCurtailmentSpec {
            when: WhenSpec::Random(RandomSpec {
                rate: Rate(per_hour / 3600.0),
                duration: hours(duration),
            }),
            notice: Some(hours(notice)),
            reduce: (!is_whole).then_some(Fraction(0.4)),
            response: Some(response),
            tiers: None,
        },
    );
    let maintenance =
        (1.5..9.0f64, 0.1..1.0f64, 0.0..0.2f64).prop_map(move |(every, duration, notice)| {
            MaintenanceSpec {
                every: hours(every),
                duration: Some(hours(duration)),
                notice: Some(hours(notice)),
            }
        });
    let some = move |h: std::ops::Range<f64>| prop::option::of(h.prop_map(hours));
    let modes = prop_oneof![Just(Vacate::Requeue), Just(Vacate::Suspend)];
    let graces = prop_oneof![Just(0.0), 0.0..0.1f64];
    let placements =
        prop_oneof![Just(Placement::Contiguous), Just(Placement::Packed), Just(Placement::Spread)];
    let queue = (modes, 0.0..2.0f64, graces, placements, any::<bool>(), any::<bool>()).prop_map(
        move |(mode, min_runtime, grace, placement, power_aware, backfill)| QueueSpec {
            priority: Some(PrioritySpec {
                age: Some(10.0),
                backfill: Some(backfill),
                ..PrioritySpec::default()
            }),
            preemption: Some(PreemptionSpec {
                mode: Some(mode),
                min_runtime: Some(hours(min_runtime)),
                grace: Some(hours(grace)),
            }),
            placement: Some(placement),
            power_aware: Some(power_aware),
            ..QueueSpec::default()
        },
    );
    (
        prop::option::of(curtailment),
        prop::option::of(maintenance),
        some(0.5..6.0),
        some(0.0..0.5),
        prop::option::of(queue),
        nodes(),
    )
        .prop_map(|(curtailment, maintenance, max_length, background, queue, nodes)| Planned {
            curtailment,
            maintenance,
            max_length,
            background,
            queue,
            ..nodes
        })
}

/// What is special about nodes and what they draw.
fn nodes() -> impl Strategy<Value = Planned> {
    let cap = prop::option::of((200.0..700.0f64).prop_map(Power));
    // A rack draws 5.3 kW at the lowest cap and 9.9 kW uncapped.
    let rack_cap = prop::option::of((5_400.0..11_000.0f64).prop_map(Power));
    let at_rest = prop::option::of((0.0..1.0f64).prop_map(Fraction));
    let heat = prop::option::of(
        (0.0..0.2f64)
            .prop_map(|per_kelvin| HeatFailureSpec { per_kelvin, above: Temperature(25.0) }),
    );
    let switch = prop::option::of(0.0..2.0f64);
    (0..3u32, 0..4u32, cap, rack_cap, at_rest, heat, switch).prop_map(
        |(spares, elastic, cap, rack_cap, at_rest, heat, switch)| Planned {
            spares,
            elastic,
            cap,
            rack_cap,
            at_rest,
            heat,
            switch,
            ..Planned::default()
        },
    )
}

fn recovery() -> impl Strategy<Value = Recovery> {
    prop_oneof![Just(Recovery::Hold), Just(Recovery::Requeue)]
}

fn interval() -> impl Strategy<Value = IntervalSpec> {
    prop_oneof![
        Just(IntervalSpec::Auto),
        Just(IntervalSpec::Never),
        Just(IntervalSpec::Every(Duration(1_800_000_000_000))),
    ]
}

/// Plays the disturbances and checks every account at each of them. Returns the records.
fn play(training: &mut Training, plan: &[Disturbance]) -> Result<Vec<JobRecord>, TestCaseError> {
    let mut now = Time::ZERO;
    let mut records: Vec<JobRecord> = Vec::new();
    // What jobs hold, looked at between every two events.
    let mut held_s = 0.0;
    for disturbance in plan {
        let until = now + Span::from_secs_f64(disturbance.hours * 3600.0);
        while now < until {
            let next = training.next_at().min(until);
            held_s += training.busy_gpus() as f64 * (next - now).as_secs_f64();
            now = next;
            training.advance(now);
        }
        let mut caps = [None; RACKS];
        for &(rack, offer) in &disturbance.offers {
            training.offer(now, rack, offer);
            caps[rack] = Some(offer);
        }
        training.settle(now);
        for (rack, cap) in caps.iter().enumerate() {
            let draw = training.draw_w(rack);
            let demand = training.demand(rack);
            prop_assert!(demand.0.iter().all(|&w| w >= 0.0));
            prop_assert!(draw <= demand.total_w() * (1.0 + 1e-9), "draws more than it asks for");
            if let Some(offer) = cap {
                prop_assert!(draw <= offer.cap_w, "draws {draw} W of {} W", offer.cap_w);
                prop_assert!(offer.live || draw == 0.0);
            }
        }
        training.drain_finished(|record| records.push(record.clone()));
        let summary = training.summary(now);
        let held = summary.gpu_hours.held();
        prop_assert!((held - held_s / 3600.0).abs() <= 1e-9 * (1.0 + held), "{held} h are held");
        let all = summary.gpus as f64 * summary.hours;
        prop_assert!((summary.gpu_hours.total() - all).abs() <= 1e-9 * all);
        for (kind, hours) in summary.gpu_hours.kinds() {
            prop_assert!(hours >= -1e-9, "{hours} h of {kind}");
        }
        let costs: Vec<GpuHours> =
            summary.failure_causes.iter().filter_map(|cause| cause.cost).collect();
        if !costs.is_empty() {
            let sum = |of: fn(&GpuHours) -> f64| costs.iter().map(of).sum::<f64>();
            let down = sum(|cost| cost.down);
            prop_assert!((down - summary.gpu_hours.down).abs() <= 1e-9 * (1.0 + down));
            let kinds: [fn(&GpuHours) -> f64; 4] =
                [|cost| cost.lost, |cost| cost.hung, |cost| cost.stalled, |cost| cost.restart];
            for of in kinds {
                prop_assert!(sum(of) <= of(&summary.gpu_hours) + 1e-9 * (1.0 + sum(of)));
                prop_assert!(costs.iter().all(|cost| of(cost) >= -1e-9));
            }
        }
        let jobs = summary.jobs;
        prop_assert_eq!(jobs.submitted, jobs.completed + jobs.running + jobs.queued);
        prop_assert_eq!(jobs.completed, records.len() as u64);
        prop_assert!(summary.ettr.is_none_or(|ettr| ettr <= 1.0 + 1e-12));
        prop_assert!((summary.revenue_usd - 2.0 * summary.gpu_hours.useful).abs() < 1e-6);
    }
    Ok(records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// GPU-hours by kind add up to all there are and, without those that no job holds, to what
    /// jobs hold, under failures, caps, heat, lost racks, curtailments, preemption, maintenance
    /// and time limits at once; jobs by fate to all submitted, no rack draws
    /// above its cap; and a job that ended was paid exactly its work, however often it was
    /// interrupted, paused or slowed.
    #[test]
    fn everything_is_accounted_for(
        plan in disturbances(),
        recovery in recovery(),
        interval in interval(),
        seed in any::<u64>(),
        planned in planned(),
    ) {
        let mut training = planned_cluster(recovery, interval, seed, &planned);
        for record in play(&mut training, &plan)? {
            let work = record.work_s / 3600.0 * (record.nodes * 4) as f64;
            prop_assert!(
                (record.gpu_hours.useful - work).abs() <= 1e-7 * (1.0 + work),
                "{} useful hours for {work} of work", record.gpu_hours.useful
            );
            prop_assert_eq!(u64::from(record.attempts), 1 + record.interruptions.total());
            if record.interruptions.total() == 0 {
                prop_assert_eq!(record.gpu_hours.lost, 0.0);
            }
        }
    }

    /// The same where jobs share nodes.
    #[test]
    fn what_is_shared_is_accounted_for(
        plan in disturbances(),
        recovery in recovery(),
        interval in interval(),
        seed in any::<u64>(),
        planned in planned(),
        rule in prop_oneof![Just(Sharing::BestFit), Just(Sharing::LeastLoaded)],
        power_aware in any::<bool>(),
    ) {
        // Where wider jobs are of higher tiers, they may take the nodes of narrower ones.
        let preemption = planned.queue.as_ref().and_then(|queue| queue.preemption);
        let queue = QueueSpec {
            sharing: Some(rule),
            power_aware: Some(power_aware),
            preemption: preemption.filter(|_| seed % 4 == 3),
            ..QueueSpec::default()
        };
        let planned = Planned { queue: Some(queue), sharing: Some(rule), ..planned };
        let mut training = planned_cluster(recovery, interval, seed, &planned);
        for record in play(&mut training, &plan)? {
            let gpus = if record.nodes == 1 { 2 } else { record.nodes * 4 };
            let work = record.work_s / 3600.0 * gpus as f64;
            prop_assert!(
                (record.gpu_hours.useful - work).abs() <= 1e-7 * (1.0 + work),
                "{} useful hours for {work} of work", record.gpu_hours.useful
            );
            prop_assert_eq!(u64::from(record.attempts), 1 + record.interruptions.total());
        }
    }

    /// The same seed and the same disturbances give the same bits.
    #[test]
    fn a_run_can_be_repeated(plan in disturbances(), seed in any::<u64>()) {
        let run = || {
            let mut training = cluster(Recovery::Hold, IntervalSpec::Auto, seed);
            let records = play(&mut training, &plan).expect("every account balances");
            (records, training.next_at())
        };
        prop_assert_eq!(run(), run());
    }

    /// A cap at what a rack asks for is no cap: nothing differs from unlimited power.
    #[test]
    fn what_is_asked_for_is_enough(seed in any::<u64>()) {
        let mut free = cluster(Recovery::Hold, IntervalSpec::Auto, seed);
        let mut exact = cluster(Recovery::Hold, IntervalSpec::Auto, seed);
        let end = Time::ZERO + Span::from_hours(100);
        run_to(&mut free, end);
        let mut now = Time::ZERO;
        loop {
            exact.drain_changed(|_| {});
            for rack in 0..RACKS {
                let cap_w = exact.demand(rack).total_w();
                exact.offer(now, rack, RackOffer { cap_w, ..RackOffer::FULL });
            }
            exact.settle(now);
            if exact.next_at() > end {
                break;
            }
            now = exact.next_at();
            exact.advance(now);
        }
        exact.advance(end);
        let (free, exact) = (free.summary(end), exact.summary(end));
        prop_assert_eq!(free.jobs, exact.jobs);
        for ((kind, a), (_, b)) in free.gpu_hours.kinds().iter().zip(exact.gpu_hours.kinds()) {
            prop_assert!((a - b).abs() < 1e-6, "{kind}: {a} h without caps, {b} h with");
        }
    }
}

#[test]
fn a_half_starved_rack_shares_its_power_and_keeps_its_cap() {
    let mut training = cluster(Recovery::Hold, IntervalSpec::Never, 3);
    let noon = Time::ZERO + Span::from_hours(12);
    run_to(&mut training, noon);
    let rack = (0..RACKS)
        .find(|&r| training.demand(r).0[Rank::TrainingCap as usize] > 0.0)
        .expect("after half a day some rack trains");
    let demand = training.demand(rack);
    // All of the capping tranche gone: the GPUs stand at their floor and still run.
    let floor_w = demand.total_w() - demand.0[Rank::TrainingCap as usize];
    training.offer(noon, rack, RackOffer { cap_w: floor_w, ..RackOffer::FULL });
    training.settle(noon);
    assert!((training.draw_w(rack) - floor_w).abs() < 1e-6);
    assert_eq!(training.demand(rack), demand, "a cap does not change what is asked for");
    // A watt less: the jobs pause and draw what they need to keep their memory.
    training.offer(noon, rack, RackOffer { cap_w: floor_w - 1.0, ..RackOffer::FULL });
    training.settle(noon);
    let rest_w = demand.0[Rank::Idle as usize];
    assert!((training.draw_w(rack) - rest_w).abs() < 1e-6);
    let later = noon + Span::from_hours(1);
    run_to(&mut training, later);
    assert!(training.summary(later).gpu_hours.paused > 0.0);
}

/// What an account gained, kind by kind: what two sums of the same terms differ by is nothing, be it
/// on either side, and a loss of earlier work is told.
#[test]
fn an_account_gains_no_rounding() {
    let terms = [0.1, 0.2, 0.3, 7.7, 1e3];
    let (up, down): (f64, f64) = (terms.iter().sum(), terms.iter().rev().sum());
    assert_ne!(up, down, "the terms round");
    let of = |useful, lost| GpuHours { useful, lost, ..GpuHours::default() };
    assert_eq!(of(up, down).since(&of(down, up)), GpuHours::default());
    assert_eq!(of(6.0, 5.0).since(&of(8.0, 1.0)), of(-2.0, 4.0));
}
