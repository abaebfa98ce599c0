//! Outages against closed forms, and against the same machines without each other.

use std::ops::Range;

use super::*;
use crate::kernel::{Renewals, RepairLaw, Wear};

const YEAR_S: f64 = 8760.0 * 3600.0;

fn law(per_year: f64, repair_h: f64) -> FailureLaw {
    FailureLaw::exponential(per_year / YEAR_S, repair_h * 3600.0)
}

/// Share of time in which each number of things is down, and in which each thing is, over 100
/// years of each of the seeds.
fn shares(laws: &[FailureLaw], plan: &OutagePlan, seeds: Range<u64>) -> (Vec<f64>, Vec<f64>) {
    let end = Time::from_secs_f64(100.0 * YEAR_S);
    let (mut by_count, mut by_thing) = (vec![0.0; laws.len() + 1], vec![0.0; laws.len()]);
    let names: Vec<String> = (0..laws.len()).map(|i| format!("unit-{i}")).collect();
    let all = seeds.clone().count() as f64 * 100.0 * YEAR_S;
    for seed in seeds {
        let things = names.iter().map(String::as_str).zip(laws.iter().copied());
        let streams = Streams::new(seed, 0);
        let mut clock = Outages::new("failure", things, plan, Span::ZERO, &streams);
        let mut up = vec![true; laws.len()];
        let mut last = Time::ZERO;
        while clock.next_at() < end {
            let now = clock.next_at();
            let span = now.since(last).as_secs_f64();
            by_count[up.iter().filter(|up| !**up).count()] += span;
            for (sum, _) in by_thing.iter_mut().zip(&up).filter(|(_, up)| !**up) {
                *sum += span;
            }
            last = now;
            clock.advance(now).for_each(|(thing, is_up)| up[thing] = is_up);
        }
    }
    let share = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / all).collect();
    (share(by_count), share(by_thing))
}

fn close(ours: f64, target: f64, tolerance: f64) {
    assert!((ours / target - 1.0).abs() < tolerance, "{ours:e} in place of {target:e}");
}

fn crew(members: Vec<u32>, count: u32, order: CrewOrder) -> OutagePlan {
    let (name, travel) = ("crew".to_owned(), Span::ZERO);
    let crew = Crew { name, members, count, travel, order, shift: None };
    OutagePlan { crews: vec![crew], ..OutagePlan::default() }
}

#[test]
fn without_a_plan_it_is_the_clock_of_renewals_to_the_bit() {
    let wear = Some(Wear { shape: 2.0, replaced: (0.2 * YEAR_S, 3600.0), new: false });
    let worn = FailureLaw { wear, ..law(4.0, 24.0) };
    let laws = [law(2.0, 48.0), law(4.0, 24.0), law(0.0, 1.0), worn];
    let things = || ["a", "b", "c", "d"].into_iter().zip(laws);
    let streams = Streams::new(3, 1);
    let mut plain = Renewals::new("failure", things(), &streams);
    let none = OutagePlan::default();
    let mut clock = Outages::new("failure", things(), &none, Span::ZERO, &streams);
    for _ in 0..2000 {
        let now = plain.next_at();
        assert_eq!(clock.next_at(), now);
        let changes: Vec<_> = plain.advance(now).collect();
        assert_eq!(clock.advance(now).collect::<Vec<_>>(), changes);
    }
}

/// Machine repair, M/M/c with four units: unavailability of a unit, and two or more down.
#[test]
fn a_crew_repairs_one_at_a_time() {
    let laws = [law(2.0, 48.0); 4];
    for (count, unit, two) in [(1, 0.0111962, 0.00140925), (4, 0.0108401, 6.94899e-4)] {
        let plan = crew((0..4).collect(), count, CrewOrder::FirstCome);
        let (by_count, by_thing) = shares(&laws, &plan, 1000..1400);
        // Standard errors of 0.3 and 1.3 %.
        close(by_thing.iter().sum::<f64>() / 4.0, unit, 0.01);
        close(by_count[2..].iter().sum(), two, 0.04);
    }
}

/// Two classes of two units on one crew, by the chain with the order of the queue as state:
/// first come first served, priority to the first class, and with interruption.
#[test]
fn who_is_repaired_first() {
    let laws = [law(2.0, 48.0), law(2.0, 48.0), law(4.0, 24.0), law(4.0, 24.0)];
    for (order, first, second) in [
        (CrewOrder::FirstCome, 0.0110782, 0.0114283),
        (CrewOrder::Preemptive, 0.0109563, 0.0116680),
    ] {
        let plan = crew((0..4).collect(), 1, order);
        let (_, by_thing) = shares(&laws, &plan, 0..200);
        close((by_thing[0] + by_thing[1]) / 2.0, first, 0.012);
        close((by_thing[2] + by_thing[3]) / 2.0, second, 0.012);
    }
}

/// Four transformers, 0.05 a year, swapped in 168 h, parts after 8736 h, both exponential.
/// Histories begin with all up and the shelf full, which 100 years forget to a percent.
#[test]
fn spare_parts_are_ordered_one_for_one() {
    let laws = [law(0.05, 168.0); 4];
    for (parts, mean_down) in [(0, 0.193456), (1, 0.0216988)] {
        let name = "parts".to_owned();
        let (members, lead_mean_s) = ((0..4).collect(), 8736.0 * 3600.0);
        let stock = Stock { name, members, parts, lead_mean_s };
        let plan = OutagePlan { stocks: vec![stock], ..OutagePlan::default() };
        let (_, by_thing) = shares(&laws, &plan, 0..800);
        close(by_thing.iter().sum(), mean_down, 0.06);
    }
}

/// Strings of batteries (Weibull 3.5, 7 years), replaced at 5 years or when they fail, both at once:
/// by the renewal argument 0.0565766 failures and 0.156851 replacements a year, at the start of long
/// service as ever after. New ones fail by the law itself in their first three years.
#[test]
fn what_wears_is_replaced_at_its_age() {
    const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    // Failures and replacements in the first `years` of each of `seeds` sets of ten strings.
    let ends = |new: bool, years: f64, seeds: Range<u64>| {
        let wear = Wear { shape: 3.5, replaced: (5.0 * YEAR_S, 0.0), new };
        let rate_per_s = 0.158775 / YEAR_S;
        let repair = RepairLaw::Exponential { mean_s: 0.0 };
        let law = FailureLaw { rate_per_s, wear: Some(wear), repair };
        let end = Time::from_secs_f64(years * YEAR_S);
        let (mut failures, mut replacements) = (0, 0);
        for seed in seeds {
            let things = NAMES.map(|name| (name, law));
            let (none, streams) = (OutagePlan::default(), Streams::new(seed, 0));
            let mut clock = Outages::new("failure", things, &none, Span::ZERO, &streams);
            while let Some(change) = clock.step(end) {
                failures += u32::from(change.begins && change.why == Why::Own);
                replacements += u32::from(change.begins && change.why == Why::Replaced);
            }
        }
        (f64::from(failures), f64::from(replacements))
    };
    let strings = 10.0 * 300.0;
    let (failures, replacements) = ends(false, 100.0, 0..300);
    // 17,000 and 47,000 are expected: standard errors below 0.8 and 0.5 %.
    close(failures / strings / 100.0, 0.0565766, 0.02);
    close(replacements / strings / 100.0, 0.156851, 0.01);
    let (failures, replacements) = ends(false, 3.0, 300..600);
    close(failures / strings / 3.0, 0.0565766, 0.14);
    close(replacements / strings / 3.0, 0.156851, 0.09);
    let (failures, replacements) = ends(true, 3.0, 600..900);
    // At 0.158775 a year the mean life is that of a scale of 7 years.
    close(failures / strings, 1.0 - (-(3.0_f64 / 7.0).powf(3.5)).exp(), 0.3);
    assert_eq!(replacements, 0.0);
}

/// Two units, 0.5 a year, 24 h, of which a part fails together.
#[test]
fn a_common_cause_strikes_both() {
    for (beta, both_h) in [(0.01, 0.0761479), (0.05, 0.315174)] {
        let cause = CommonCause {
            name: "both".to_owned(),
            members: vec![0, 1],
            alone: 1.0 - beta,
            shocks_per_s: vec![beta * 0.5 / YEAR_S],
        };
        let plan = OutagePlan { causes: vec![cause], ..OutagePlan::default() };
        let (by_count, _) = shares(&[law(0.5, 24.0); 2], &plan, 1000..2600);
        // A thousand losses at 1 %: a standard error of 4 %.
        close(by_count[2] * 8760.0, both_h, 0.12);
    }
}

/// A shock strikes what is taken away: who is being replaced is back when that was arranged for, and as
/// new, while the other, which is up, fails.
#[test]
fn a_shock_spares_what_is_being_replaced() {
    let replacing = Span::from_hours(20);
    let wear = Some(Wear { shape: 3.5, replaced: (36_000.0, 72_000.0), new: true });
    let law = FailureLaw { wear, ..law(1e-6, 5.0) };
    let cause = CommonCause {
        name: "storm".to_owned(),
        members: vec![0, 1],
        alone: 1.0,
        shocks_per_s: vec![1.0 / (15.0 * 3600.0)],
    };
    let plan = OutagePlan { causes: vec![cause], ..OutagePlan::default() };
    let things = [("a", law), ("b", law)];
    let mut clock = Outages::new("failure", things, &plan, Span::ZERO, &Streams::new(5, 0));
    let mut replaced: [Option<Time>; 2] = [None; 2];
    let (mut replacements, mut struck_meanwhile) = (0, 0);
    while clock.next_at() < Time::from_secs_f64(YEAR_S) {
        let now = clock.next_at();
        while let Some(OutageChange { thing, why, begins, turns }) = clock.step(now) {
            assert!(turns, "nothing else takes out who is out");
            match (replaced[thing].take(), why, begins) {
                (None, Why::Replaced, true) => {
                    replaced[thing] = Some(now);
                    replacements += 1;
                }
                (Some(began), Why::Replaced, false) => assert_eq!(now, began + replacing),
                (None, Why::Cause(0), true) => {
                    struck_meanwhile += u32::from(replaced[1 - thing].is_some());
                }
                (None, Why::Own, false) => {}
                other => panic!("{thing} at {now:?}: {other:?}"),
            }
        }
    }
    // Nearly half of the year goes by in a replacement of one or the other.
    assert!(replacements > 100 && struck_meanwhile > 50, "{replacements}, {struck_meanwhile}");
}

/// Two sides, each out for 12 h twice a year, windows a quarter apart, left out while the other
/// is down.
#[test]
fn planned_work_leaves_one_side() {
    let work = PlannedWork {
        name: "sides".to_owned(),
        members: vec![0, 1],
        every: Span::from_hours(4380),
        lasts: Span::from_hours(12),
        needs_others: true,
        renews: false,
        error: None,
    };
    let plan = OutagePlan { works: vec![work], ..OutagePlan::default() };
    let (by_count, by_thing) = shares(&[law(0.5, 24.0); 2], &plan, 0..1600);
    // A standard error of 5 %.
    close(by_count[2] * 8760.0, 0.0303617, 0.15);
    close(by_thing[0] * 8760.0, 24.0 + 12.0 - 24.0 * 12.0 / 8760.0 / 2.0, 0.02);
}

/// Work on a thing that goes wrong and breaks it: two reasons to be out, of which the later to end
/// brings it back.
#[test]
fn a_failure_during_planned_work_is_a_reason_of_its_own() {
    let hour = Span::from_hours(1);
    let work = PlannedWork {
        name: "check".to_owned(),
        members: vec![0],
        every: Span::from_hours(1000),
        lasts: hour,
        needs_others: true,
        renews: false,
        error: Some((1.0, vec![0])),
    };
    let plan = OutagePlan { works: vec![work], ..OutagePlan::default() };
    let (mut longer, mut shorter) = (0, 0);
    for seed in 0..40 {
        let things = [("unit", law(0.0, 1.0))];
        let mut clock = Outages::new("failure", things, &plan, Span::ZERO, &Streams::new(seed, 0));
        let mut told = Vec::new();
        while clock.next_at() < Time::ZERO + Span::from_hours(1900) {
            let now = clock.next_at();
            while let Some(change) = clock.step(now) {
                told.push((now, change));
            }
        }
        let change = |why, begins, turns| OutageChange { thing: 0, why, begins, turns };
        let begun = [change(Why::Work(0), true, true), change(Why::Error(0), true, false)];
        let [(from, first), (_, second), (early, third), (late, last)] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!([first, second], begun);
        let repaired_last = last.why == Why::Own;
        if repaired_last {
            assert_eq!(third, change(Why::Work(0), false, false));
            assert_eq!(early - from, hour);
            longer += 1;
        } else {
            assert_eq!(third, change(Why::Own, false, false));
            assert_eq!((last, late - from), (change(Why::Work(0), false, true), hour));
            shorter += 1;
        }
        assert!(last.turns && !last.begins);
    }
    assert!(longer > 0 && shorter > 0, "{longer} longer than the work, {shorter} shorter");
}

/// Renewals of what lives by Weibull's law of `shape` and `scale` up to `until`, on average: the renewal
/// equation H(t) = F(t) + integral of H(t - x) dF(x), in steps (Xie, Commun. Statist. Simul. Comput. 18,
/// 1989).
fn renewals(shape: f64, scale: f64, until: f64) -> f64 {
    const STEPS: usize = 2000;
    let step = until / STEPS as f64;
    let lived = |at: f64| 1.0 - (-(at / scale).powf(shape)).exp();
    let mut all = vec![0.0; STEPS + 1];
    for i in 1..=STEPS {
        let at = i as f64 * step;
        let half = |j: usize| lived(at - (j as f64 - 0.5) * step);
        let before: f64 = (1..i).map(|j| half(j) * (all[j] - all[j - 1])).sum();
        let last = lived(0.5 * step);
        all[i] = (lived(at) + before - last * all[i - 1]) / (1.0 - last);
    }
    all[STEPS]
}

/// Work that renews the strings of [`STRINGS`] by turns of `years`.
fn turns(years: f64, lasts: Span) -> OutagePlan {
    let work = PlannedWork {
        name: "strings".to_owned(),
        members: (0..STRINGS.len() as u32).collect(),
        every: Span::from_secs_f64(years * YEAR_S),
        lasts,
        needs_others: true,
        renews: true,
        error: None,
    };
    OutagePlan { works: vec![work], ..OutagePlan::default() }
}

const STRINGS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Strings that live by Weibull's law of 3.5 and 7 years.
fn string(new: bool, repair_mean_s: f64) -> FailureLaw {
    let wear = Wear { shape: 3.5, replaced: (f64::INFINITY, 0.0), new };
    let repair = RepairLaw::Exponential { mean_s: repair_mean_s };
    FailureLaw { rate_per_s: 0.158_774_760_9 / YEAR_S, wear: Some(wear), repair }
}

/// Strings replaced by turns each five years, whenever they failed last (block replacement: Barlow and
/// Proschan, 1965): as many failures in five years as renewals of their life, from the start of long
/// service on, and one replacement each. One turn comes a year after the other. What is left of that without
/// maintenance takes nobody out, and makes them as new all the same.
#[test]
fn what_wears_is_replaced_by_turns() {
    let lasting = turns(5.0, Span::from_secs(1));
    let mut in_no_time = lasting.clone();
    in_no_time.works.iter_mut().for_each(PlannedWork::take_nobody_out);
    let expected = renewals(3.5, 7.0, 5.0);
    // By hand: nearly all of it is the chance to fail at all.
    assert!((0.264..0.275).contains(&expected), "{expected}");
    for (years, seeds, plan) in
        [(5.0, 0..4000, &lasting), (50.0, 4000..4400, &lasting), (50.0, 4400..4800, &in_no_time)]
    {
        let end = Time::from_secs_f64(years * YEAR_S);
        let (mut failures, strings) = (0, seeds.clone().count() as f64 * STRINGS.len() as f64);
        for seed in seeds {
            let things = STRINGS.map(|name| (name, string(false, 0.0)));
            let streams = Streams::new(seed, 0);
            let mut clock = Outages::new("failure", things, plan, Span::ZERO, &streams);
            let mut turned = Vec::new();
            while clock.next_at() <= end {
                let now = clock.next_at();
                let Some(change) = clock.step(now) else { continue };
                failures += u32::from(change.begins && change.why == Why::Own);
                if change.begins && change.why == Why::Work(0) {
                    turned.push((change.thing, (now.as_secs_f64() / YEAR_S * 1e6).round() / 1e6));
                }
            }
            let by_turns = (0..years as usize).map(|year| (year % 5, year as f64 + 1.0));
            let by_turns: Vec<_> = by_turns.collect();
            // Nobody is out for what takes no time.
            assert_eq!(turned, if plan == &lasting { by_turns } else { Vec::new() });
        }
        // Some 5,400 failures: a standard error of 1.3 %.
        close(f64::from(failures) / strings * 5.0 / years, expected, 0.04);
    }
}

/// Strings, all new, are taken out one at a time from the first turn on. One that is down holds up the turn
/// of another, which is tried again day by day; none fails by itself while it is taken away.
#[test]
fn turns_wait_for_each_other() {
    let lasts = Span::from_hours(24);
    // Two months of repair each.
    let law = string(true, YEAR_S / 6.0);
    let (mut turned, mut waited) = (0, 0);
    for seed in 0..60 {
        let plan = turns(5.0, lasts);
        let things = STRINGS.map(|name| (name, law));
        let streams = Streams::new(seed, 0);
        let mut clock = Outages::new("failure", things, &plan, Span::ZERO, &streams);
        let (mut out, mut failed) = (None, [false; STRINGS.len()]);
        while clock.next_at() < Time::from_secs_f64(40.0 * YEAR_S) {
            let now = clock.next_at();
            let Some(OutageChange { thing, why, begins, .. }) = clock.step(now) else { continue };
            match (why, begins) {
                (Why::Work(0), true) => {
                    assert_eq!(out.replace((thing, now)), None, "two are out at once");
                    let mut others = (0..STRINGS.len()).filter(|&other| other != thing);
                    assert!(others.all(|other| !failed[other]), "{failed:?}");
                    let due_s = YEAR_S * (thing + 1) as f64;
                    let late_s = (now.as_secs_f64() - due_s).rem_euclid(5.0 * YEAR_S).round();
                    assert_eq!(late_s % 86_400.0, 0.0, "{late_s} s late");
                    (turned, waited) = (turned + 1, waited + u32::from(late_s > 0.0));
                }
                (Why::Work(0), false) => {
                    let (of, began) = out.take().expect("who is out comes back");
                    assert_eq!((of, began + lasts), (thing, now));
                }
                (Why::Own, _) => {
                    assert!(!begins || out.is_none_or(|(other, _)| other != thing));
                    failed[thing] = begins;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(turned > 2000 && waited > 20, "{waited} of {turned} waited");
}

/// What repairs take for sure.
fn lasting(rate_per_s: f64, repair: Span) -> FailureLaw {
    let repair = RepairLaw::Lognormal { mean_s: repair.as_secs_f64(), sigma: 0.0 };
    FailureLaw { rate_per_s, wear: None, repair }
}

/// Of two that are renewed once in 730 h, one is down from 800 h on for 90 days. The turn of the other at 1095 h
/// is held up, and so are those at 1825 and 2555 h: it has one turn of 2 h, when the first is back at 2960 h.
#[test]
fn who_is_held_up_for_long_has_one_turn() {
    let work = PlannedWork {
        name: "turns".to_owned(),
        members: vec![0, 1],
        every: Span::from_hours(730),
        lasts: Span::from_hours(2),
        needs_others: true,
        renews: true,
        error: None,
    };
    let plan = OutagePlan { works: vec![work], ..OutagePlan::default() };
    let things = [("a", lasting(0.0, Span::ZERO)), ("b", lasting(0.0, Span::from_hours(2160)))];
    let mut clock = Outages::new("failure", things, &plan, Span::ZERO, &Streams::new(1, 0));
    let (hour, mut turns) = (|at: Time| (at.as_secs_f64() / 3600.0).round(), Vec::new());
    let breaks = Time::ZERO + Span::from_hours(800);
    let mut is_broken = false;
    while clock.next_at() < Time::ZERO + Span::from_hours(4100) {
        let now = clock.next_at();
        if !is_broken && now > breaks {
            is_broken = clock.break_down(breaks, 1);
            continue;
        }
        let Some(change) = clock.step(now) else { continue };
        if change.thing == 0 {
            turns.push((hour(now), change.begins, change.turns));
        }
    }
    let expected = [365.0, 2961.0, 3285.0, 4015.0];
    let expected = expected.map(|at| [(at, true, true), (at + 2.0, false, true)]);
    assert_eq!(turns, expected.as_flattened());
}

/// What fails at the beginning of its turn of 24 h and is repaired within one does not fail again by itself before
/// the turn ends: its life, of 10 h on average, begins then.
#[test]
fn who_is_repaired_in_its_turn_lives_from_its_end_on() {
    let work = PlannedWork {
        name: "turns".to_owned(),
        members: vec![0],
        every: Span::from_hours(150),
        lasts: Span::from_hours(24),
        needs_others: true,
        renews: true,
        error: Some((1.0, vec![0])),
    };
    let plan = OutagePlan { works: vec![work], ..OutagePlan::default() };
    let law = lasting(1.0 / 36_000.0, Span::from_hours(1));
    let mut clock = Outages::new("failure", [("a", law)], &plan, Span::ZERO, &Streams::new(1, 0));
    let (mut out, mut back) = (false, None);
    let (mut lives_s, mut turns) = (0.0, 0);
    while turns < 2000 {
        let now = clock.next_at();
        let Some(OutageChange { why, begins, .. }) = clock.step(now) else { continue };
        match (why, begins) {
            (Why::Work(0), _) => {
                out = begins;
                back = (!begins).then_some(now);
            }
            (Why::Own, true) => {
                assert!(!out, "fails while it is taken away, at {now:?}");
                if let Some(back) = back.take() {
                    lives_s += (now - back).as_secs_f64();
                    turns += 1;
                }
            }
            _ => {}
        }
    }
    // A standard error of 2.2 %.
    close(lives_s / 2000.0, 36_000.0, 0.07);
}
