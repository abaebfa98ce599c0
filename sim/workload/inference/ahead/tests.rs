//! Services whose cells run ahead, against the same ones without threads to spare.

use proptest::prelude::*;

use super::super::design::{DisaggregationDesign, Patience};
use super::super::load::{ClosedDesign, LengthLaw, SourceDesign, Targets, ThinkLaw};
use super::super::notes::{Note, Noting};
use super::super::scaling::ScalingDesign;
use super::super::serving::CellDesign;
use super::super::step::{DraftDesign, Pace};
use super::super::tests::{DARK, Plant, design, random_offer, secs};
use super::super::{LostRequests, Routing, Service, ServiceDesign, Tally};
use super::*;
use crate::kernel::{Stream, Streams};
use crate::workload::RackOffer;

const CONTROL: Span = Span::from_secs(60);

/// What a service tells of a run: numbers by their bits, and requests one by one.
#[derive(Debug, PartialEq, Default)]
struct Told {
    numbers: Vec<u64>,
    notes: Vec<Note>,
}

impl Told {
    fn tally(&mut self, tally: &Tally) {
        let Tally { arrived, served, failed, timed_out, rejected, retried, .. } = *tally;
        let Tally { prompt_tokens, output_tokens, simulated, .. } = *tally;
        self.numbers.extend([arrived, served, failed, timed_out, rejected, retried]);
        self.numbers.extend([prompt_tokens, output_tokens, simulated]);
        for (_, latency) in tally.latencies() {
            let seconds = [latency.mean_s(), latency.min_s(), latency.max_s()];
            self.numbers.extend(seconds.map(|s| s.map_or(0, f64::to_bits)));
            let bins = latency.histogram();
            let bins = bins.iter_recorded();
            let counts = bins.flat_map(|bin| [bin.value_iterated_to(), bin.count_at_value()]);
            self.numbers.extend(counts);
        }
    }

    fn instant(&mut self, service: &mut Service) {
        self.numbers.extend([service.in_flight(), service.failed()]);
        let racks = 0..service.racks();
        self.numbers.extend(racks.map(|rack| service.draw_w(rack).to_bits()));
        service.drain_notes(|_, note| self.notes.push(*note));
    }
}

/// When rows of a run end, when what is offered, and how often cells that run ahead are called back in
/// between.
struct Plan {
    first_row: Span,
    row: Span,
    offers: Vec<(Time, usize, RackOffer)>,
    end: Time,
    recall: f64,
}

/// Runs `plan` as the facility does, with so many threads to spare. Tells how many control boundaries
/// were passed ahead, too.
fn run(design: &ServiceDesign, seed: u64, plan: &Plan, threads: usize) -> (Told, usize) {
    let mut plant = Plant::new(design, &Streams::new(seed, 0));
    plant.service.note(Noting::Share(0.05));
    if let Some(runners) = Runners::new(threads, plan.end) {
        plant.service.run_with(&runners);
    }
    let mut recalls = Streams::new(seed, threads as u64).stream("recalls", "test");
    let (mut told, mut ahead) = (Told::default(), 0);
    let mut row_end = Time::ZERO + plan.first_row;
    let mut offers = plan.offers.iter().peekable();
    loop {
        let offered = offers.peek().map_or(Time::MAX, |(at, ..)| *at);
        let now = plant.service.next_at().min(row_end).min(offered);
        if now > plan.end {
            break;
        }
        if now == row_end {
            // A row ends before the boundary at its end is passed.
            plant.run_until(Time::from_nanos(now.as_nanos() - 1));
            let interval = plant.service.take_interval(now, plan.row);
            told.numbers.push(interval.energy_j.to_bits());
            told.tally(&interval.records);
            row_end += plan.row;
        }
        plant.run_until(now);
        while let Some((_, rack, offer)) = offers.next_if(|(at, ..)| *at == now) {
            plant.offer(&[(*rack, *offer)]);
        }
        told.instant(&mut plant.service);
        ahead += usize::from(plant.service.is_ahead());
        if recalls.chance(plan.recall) {
            plant.service.recall();
        }
    }
    // Wherever the last row ends.
    plant.run_until(plan.end);
    let interval = plant.service.take_interval(plan.end, plan.row);
    told.numbers.push(interval.energy_j.to_bits());
    told.tally(&interval.records);
    let summary = plant.summary();
    told.numbers.extend([summary.splits, summary.work.iterations, summary.work.steps]);
    told.numbers.extend([summary.energy_j, summary.owed_j, summary.revenue].map(f64::to_bits));
    told.tally(&summary.records);
    for class in &summary.classes {
        told.tally(&class.records);
        told.numbers.push(class.energy_j.map_or(0, f64::to_bits));
    }
    (told, ahead)
}

/// A service of any kind whose cells may run ahead.
fn varied(luck: &mut Stream) -> ServiceDesign {
    let mut design = design();
    design.represent = 1 + luck.below(3) as usize;
    design.lost_requests =
        [LostRequests::Retry, LostRequests::Resume, LostRequests::Fail][luck.below(3) as usize];
    design.pools[0].limits.blocks = [Some(700), Some(6000)][luck.below(2) as usize];
    design.routing = [
        Routing::RoundRobin,
        Routing::Random,
        Routing::LeastRequests,
        Routing::LeastTokens,
        Routing::PowerOfTwo,
    ][luck.below(5) as usize];
    if luck.chance(0.5) {
        let class = &mut design.load.classes[0];
        let mut waiting = class.clone();
        (class.name, waiting.name) = ("patient".to_owned(), "waiting".to_owned());
        class.priority = 1;
        class.in_flight = [None, Some(40)][luck.below(2) as usize];
        waiting.source = SourceDesign::Closed(ClosedDesign {
            clients: 5,
            think: ThinkLaw::Exponential(20.0),
            prompt: LengthLaw::Fixed(300),
            output: LengthLaw::Fixed(60),
            session: None,
        });
        design.load.classes.push(waiting);
    }
    if luck.chance(0.3) {
        design.pools[0].steps.draft = DraftDesign { tokens: 2, time_s: 0.001 };
        design.serving.acceptance = vec![0.6];
    }
    if luck.chance(0.3) {
        let (wait, backoff) = (Span::from_secs(1), Span::from_secs(2));
        design.serving.patience = Some(Patience { wait, retries: 1, backoff });
    }
    match luck.below(3) {
        0 => {
            let (start, calm) = (Span::from_secs(30), Span::from_secs(120));
            design.serving.scaling = Some(ScalingDesign { min: 1, target: 8.0, start, calm });
        }
        1 => {
            design.serving.disaggregation = Some(DisaggregationDesign {
                prefill: 1 + luck.below(3) as usize,
                per_token_s: 5e-6,
                latency: Span::from_nanos(1_000_000),
                links: 1,
                layers: 3,
            });
        }
        _ => {}
    }
    design
}

fn any_plan(luck: &mut Stream) -> Plan {
    let row = Span::from_secs([300, 900][luck.below(2) as usize]);
    let first_row = Span::from_secs(60 * (1 + luck.below(5)));
    let end = Time::ZERO + first_row + row + row + Span::from_secs(600);
    // The first row that is whole passes undisturbed.
    let mut at = Time::ZERO + first_row + CONTROL;
    let mut offers = Vec::new();
    while at < end {
        let gap = Span::from_secs_f64(luck.exponential(400.0));
        // Some strike at a boundary.
        at = if luck.chance(0.3) { at + CONTROL } else { at + gap };
        offers.push((at, luck.below(4) as usize, random_offer(luck)));
    }
    Plan { first_row, row, offers, end, recall: [0.0, 0.3, 1.0][luck.below(3) as usize] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// On any number of threads, whatever strikes when, and however often cells are called back.
    #[test]
    fn results_do_not_depend_on_who_runs_ahead(seed in any::<u64>()) {
        let mut luck = Streams::new(seed, 0).stream("events", "test");
        let (design, plan) = (varied(&mut luck), any_plan(&mut luck));
        let (alone, ahead) = run(&design, seed, &plan, 0);
        prop_assert!(ahead == 0 && !alone.notes.is_empty());
        for threads in [1, 2, 7] {
            let (told, ahead) = run(&design, seed, &plan, threads);
            prop_assert!(ahead > 0, "nothing ran ahead");
            prop_assert!(told == alone, "{threads} threads to spare make a difference");
        }
    }
}

#[test]
fn a_run_may_end_in_the_middle_of_a_stage() {
    let [first_row, row] = [300, 900].map(Span::from_secs);
    // At a boundary, and between two.
    for after in [600, 630].map(Span::from_secs) {
        let end = Time::ZERO + first_row + row + after;
        let plan = Plan { first_row, row, offers: Vec::new(), end, recall: 0.0 };
        let alone = run(&design(), 7, &plan, 0);
        let (told, ahead) = run(&design(), 7, &plan, 1);
        assert!(alone.1 == 0 && ahead > 20, "{ahead} boundaries were passed ahead");
        assert!(told == alone.0, "a thread to spare makes a difference");
    }
}

#[test]
fn a_strike_calls_cells_back_until_a_row_has_passed_without() {
    let mut plant = Plant::new(&design(), &Streams::new(7, 0));
    let runners = Runners::new(1, secs(7200)).expect("a thread");
    plant.service.run_with(&runners);
    let mut is_ahead_after = |seconds: u64, offers: &[(usize, RackOffer)]| {
        let now = secs(seconds);
        if seconds.is_multiple_of(900) {
            plant.run_until(Time::from_nanos(now.as_nanos() - 1));
            plant.service.take_interval(now, Span::from_secs(900));
        }
        plant.run_until(now);
        plant.offer(offers);
        plant.service.is_ahead()
    };
    let hot = RackOffer { speed: 0.5, ..RackOffer::FULL };
    let all = |offer| [0, 1, 2, 3].map(|rack| (rack, offer));
    assert!(!is_ahead_after(840, &[]));
    assert!(is_ahead_after(900, &[]));
    // An offer that changes nothing strikes nobody.
    assert!(is_ahead_after(1000, &[(0, RackOffer::FULL)]));
    assert!(!is_ahead_after(1110, &all(hot)));
    assert!(!is_ahead_after(1800, &[]));
    // Slow ones run ahead as well.
    assert!(is_ahead_after(2700, &[]));
    assert!(!is_ahead_after(2800, &all(RackOffer::FULL)));
    assert!(!is_ahead_after(3600, &[]));
    assert!(is_ahead_after(4500, &[]));
    // While a cell is told apart from the others, none does.
    assert!(!is_ahead_after(4560, &[(1, DARK)]));
    assert!(!is_ahead_after(5400, &[]));
    assert!(!is_ahead_after(6300, &[]));
}

#[test]
fn rows_may_be_longer_than_stages() {
    let [first_row, row] = [300, 7200].map(Span::from_secs);
    // In the second stage of the second row, which has begun undisturbed as the first one did.
    let slow = RackOffer { speed: 0.5, ..RackOffer::FULL };
    let offers = vec![(secs(300 + 7200 + 3600 + 1230), 1, slow)];
    let end = Time::ZERO + first_row + row + row;
    let plan = Plan { first_row, row, offers, end, recall: 0.0 };
    let (alone, _) = run(&design(), 7, &plan, 0);
    let (told, ahead) = run(&design(), 7, &plan, 1);
    assert!(ahead > 200, "{ahead} boundaries were passed ahead");
    assert!(told == alone, "a thread to spare makes a difference");
}

#[test]
fn nobody_runs_ahead_of_the_end_of_the_run() {
    let (design, streams) = (design(), Streams::new(7, 0));
    let tables = [design.pools[0].table(Pace::FULL)];
    let cell = Cell::new(("chat/0", &streams), 4, &CellDesign::new(&design), &tables, 0);
    let timetable = Timetable::new(CONTROL, Span::from_secs(300)).expect("rows of five minutes");
    // Three stages ahead at most; the last one may be cut short by the end.
    for (end_s, reached_s) in [(300, 300), (301, 600), (599, 600), (3000, 900)] {
        let lanes = vec![Lane::new(cell.clone(), Time::ZERO)];
        let blank = Records::new([Targets::default()]);
        let track = Track { lanes, timetable, end: secs(end_s), blank };
        while track.run_one() {}
        let front = track.lanes[0].front.lock().expect("nobody else is there");
        assert_eq!(front.1, secs(reached_s), "of a run of {end_s} s");
    }
}

#[test]
fn stages_are_parts_of_rows_and_an_hour_at_most() {
    let legs = |control_s: u64, row_s: u64| {
        let [control, row] = [control_s, row_s].map(Span::from_secs);
        let stage = Timetable::new(control, row)?.stage();
        Some(stage.as_nanos() / control.as_nanos())
    };
    assert_eq!(legs(60, 900), Some(15));
    assert_eq!(legs(60, 3600), Some(60));
    assert_eq!(legs(60, 86_400), Some(60));
    // 70 intervals of 100 s: of their parts 35 is the largest with no more than 36.
    assert_eq!(legs(100, 7000), Some(35));
    assert_eq!(legs(7200, 14_400), Some(1));
    assert_eq!(legs(60, 90), None);
    assert_eq!(legs(60, 30), None);
}
