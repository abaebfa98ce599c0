//! Behaviour of a mining workload: closed forms, and books that balance whatever happens.

mod targets;

use proptest::prelude::*;

use super::account::MiningSummary;
use super::asic::{AsicRackDesign, Mode};
use super::income::{Income, IncomeDesign};
use super::model::Mining;
use super::spec::{
    AsicRack, BreakevenDesign, Luck, MiningDesign, PoolDesign, RestartDesign, WakePrice,
};
use crate::kernel::{Span, Streams, Time};
use crate::plant::Rank;
use crate::workload::RackOffer;

fn s21(machines: u32) -> AsicRackDesign {
    AsicRackDesign {
        machines,
        hash_rate: 200e12,
        power_w: 3500.0,
        sleep_w: 25.0,
        throttle_c: 40.0,
        trip_c: 47.0,
        throttled_speed: 0.9,
        modes: Vec::new(),
    }
}

/// A fleet with the default restart behaviour but without failures of any sort.
fn design(blocks: &[AsicRackDesign]) -> MiningDesign {
    let rack = |(i, asic): (usize, &AsicRackDesign)| AsicRack {
        name: format!("yard-{}", i + 1),
        asic: asic.clone(),
    };
    MiningDesign {
        racks: blocks.iter().enumerate().map(rack).collect(),
        income: IncomeDesign::constant(Income::of(50.0)),
        pool: PoolDesign { fee: 0.01, luck: Luck::Pool },
        policy: Some(BreakevenDesign {
            sleep_above: None,
            wake: WakePrice::Below(0.1),
            min_off: Span::from_secs(900),
            min_on: Span::ZERO,
            min_mode: Span::ZERO,
        }),
        restart: RestartDesign {
            sleep_time: Span::from_secs(5),
            wake_time: Span::from_secs(10),
            boot_median_s: 300.0,
            boot_sigma: 0.4,
            ramp_per_s: 0.02,
            failure: 0.0,
            reset_mean_s: 86_400.0,
        },
        failure_rate_per_s: 0.0,
        repair_mean_s: 146.0 * 86_400.0,
    }
}

fn fleet(design: &MiningDesign) -> Mining {
    Mining::new(design, &Streams::new(1, 0))
}

fn at(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

/// Runs all own events up to `now` as the facility would.
fn run(fleet: &mut Mining, now: Time) {
    while fleet.next_at() <= now {
        let next = fleet.next_at();
        fleet.advance(next);
        fleet.settle(next);
    }
    fleet.advance(now);
}

fn price(fleet: &mut Mining, now: Time, usd_mwh: f64) {
    run(fleet, now);
    fleet.set_price(now, usd_mwh);
    fleet.settle(now);
}

fn offer(fleet: &mut Mining, now: Time, rack: usize, offer: RackOffer) {
    run(fleet, now);
    fleet.offer(now, rack, offer);
    fleet.settle(now);
}

fn summary(fleet: &mut Mining, now: Time) -> MiningSummary {
    run(fleet, now);
    fleet.summary(now)
}

fn close(ours: f64, exact: f64) {
    assert!((ours - exact).abs() <= 1e-9 * exact.abs().max(1.0), "{ours}, exactly {exact}");
}

/// An hour of dear power: the energy of falling asleep, sleeping and waking in ten batches is
/// known in closed form.
#[test]
fn an_hour_asleep_in_closed_form() {
    let mut fleet = fleet(&design(&[s21(100)]));
    price(&mut fleet, at(0.0), 1000.0);
    assert_eq!((fleet.hashing(), fleet.draw_w(0)), (0, 350e3));
    run(&mut fleet, at(5.0));
    assert_eq!(fleet.draw_w(0), 2500.0);
    assert_eq!(fleet.demand(0).total_w(), 2500.0);
    price(&mut fleet, at(3600.0), 30.0);
    // The plant must reserve the whole block from now on.
    assert_eq!(fleet.demand(0).0[Rank::Mining as usize], 100.0 * 3475.0);
    assert_eq!(fleet.demand(0).0[Rank::Idle as usize], 2500.0);
    assert_eq!(fleet.draw_w(0), 2500.0);
    run(&mut fleet, at(3610.0));
    assert_eq!(fleet.hashing(), 10);

    let found = summary(&mut fleet, at(7200.0));
    // Batch i of 10 machines hashes from 3600 + 10 + 5 i.
    let waiting_s: f64 = (0..10).map(|i| 10.0 * (10.0 + 5.0 * f64::from(i))).sum();
    close(found.idle_machine_h.price, 100.0);
    close(found.idle_machine_h.restart, waiting_s / 3600.0);
    close(found.hashing_machine_h, 100.0 - waiting_s / 3600.0);
    let asleep_h = (100.0 * 3595.0 + waiting_s) / 3600.0;
    let energy = (200.0 - asleep_h) * 3500.0 + asleep_h * 25.0;
    close(found.energy_mwh, energy * 1e-6);
    close(found.curtailed_mwh.price, 100.0 * 3595.0 / 3600.0 * 3475e-6);
    close(found.income_usd, found.hashing_machine_h * 0.2 * 50.0 / 24.0 * 0.99);
    assert_eq!(found.price_stops, 1.0);
}

/// Breakeven weighs the income after the fee against the energy that sleeping saves.
#[test]
fn the_automatic_threshold_follows_the_hash_price() {
    let mut fleet = fleet(&design(&[s21(10)]));
    // 50 $/PH/day * 0.99 for 0.2 PH/s and 3.475 kW.
    let breakeven = 50.0 * 0.99 * 0.2 / (24.0 * 3.475e-3);
    price(&mut fleet, at(0.0), breakeven * (1.0 - 1e-12));
    assert_eq!(fleet.hashing(), 10);
    price(&mut fleet, at(100.0), breakeven * (1.0 + 1e-12));
    assert_eq!(fleet.hashing(), 0);
    // After the hold it wakes only 10 % below.
    price(&mut fleet, at(2000.0), breakeven * 0.91);
    run(&mut fleet, at(3000.0));
    assert_eq!(fleet.hashing(), 0);
    fleet.set_income(at(3000.0), Income::of(50.0 * 0.92 / 0.90));
    fleet.settle(at(3000.0));
    run(&mut fleet, at(3200.0));
    assert_eq!(fleet.hashing(), 10);
    // Where power is free to take, it is taken at any hash price.
    price(&mut fleet, at(4000.0), -20.0);
    fleet.set_income(at(4000.0), Income::of(0.0));
    fleet.settle(at(4000.0));
    assert_eq!(fleet.hashing(), 10);
}

/// The end of the minimum time asleep is an instant of its own, and sees the price of a tick
/// at the same instant first.
#[test]
fn machines_sleep_out_their_minimum_time() {
    let mut fleet = fleet(&design(&[s21(10)]));
    price(&mut fleet, at(0.0), 1000.0);
    price(&mut fleet, at(300.0), 10.0);
    run(&mut fleet, at(899.0));
    assert_eq!(fleet.demand(0).total_w(), 250.0);
    run(&mut fleet, at(900.0));
    assert_eq!(fleet.demand(0).total_w(), 35e3);

    price(&mut fleet, at(2000.0), 1000.0);
    price(&mut fleet, at(2300.0), 10.0);
    // The next tick falls on the end of the hold: the fleet is advanced, told, then settled.
    while fleet.next_at() < at(2900.0) {
        let next = fleet.next_at();
        run(&mut fleet, next);
    }
    price_at_once(&mut fleet, at(2900.0), 1000.0);
    assert_eq!(fleet.demand(0).total_w(), 250.0);
    assert_eq!(fleet.summary(at(2900.0)).price_stops, 2.0);
}

fn price_at_once(fleet: &mut Mining, now: Time, usd_mwh: f64) {
    fleet.advance(now);
    fleet.set_price(now, usd_mwh);
    fleet.settle(now);
}

/// A cap is filled with whole machines, the rest sleep; below sleep power they go dark.
#[test]
fn a_cap_is_quantised_to_whole_machines() {
    let mut fleet = fleet(&design(&[s21(100)]));
    let capped = |cap_w: f64| RackOffer { cap_w, ..RackOffer::FULL };
    let full = fleet.demand(0);
    offer(&mut fleet, at(0.0), 0, capped(200e3));
    // 100 asleep draw 2.5 kW; (200 - 2.5) / 3.475 = 56.8.
    assert_eq!((fleet.hashing(), fleet.draw_w(0)), (56, 56.0 * 3500.0 + 44.0 * 25.0));
    assert_eq!(fleet.demand(0), full);
    offer(&mut fleet, at(10.0), 0, capped(1000.0));
    assert_eq!((fleet.hashing(), fleet.draw_w(0)), (0, 1000.0));
    offer(&mut fleet, at(20.0), 0, capped(0.0));
    assert_eq!((fleet.draw_w(0), fleet.demand(0)), (0.0, full));
    // What it asks for, it can be given exactly.
    offer(&mut fleet, at(30.0), 0, capped(full.total_w()));
    run(&mut fleet, at(3600.0));
    assert_eq!((fleet.hashing(), fleet.draw_w(0)), (100, 350e3));

    let found = fleet.summary(at(3600.0));
    close(found.idle_machine_h.cap, (44.0 * 10.0 + 100.0 * 20.0) / 3600.0);
    assert!(found.idle_machine_h.restart > 0.0);
}

/// A cap that equals the demand leaves every machine hashing, although sums of watts round.
#[test]
fn a_cap_of_the_whole_demand_costs_no_machine() {
    for machines in 1..=300 {
        let asic = AsicRackDesign { power_w: 3010.1, sleep_w: 25.3, ..s21(machines) };
        let mut fleet = fleet(&design(&[asic]));
        let cap_w = fleet.demand(0).total_w();
        offer(&mut fleet, at(0.0), 0, RackOffer { cap_w, ..RackOffer::FULL });
        assert_eq!(fleet.hashing(), machines);
        assert!(fleet.draw_w(0) <= cap_w);
    }
}

/// Heat slows first and stops then; hot machines and dead buses are told apart.
#[test]
fn heat_and_outages_are_booked_apart() {
    let mut fleet = fleet(&design(&[s21(100)]));
    offer(&mut fleet, at(0.0), 0, RackOffer { speed: 0.9, inlet_c: 47.0, ..RackOffer::FULL });
    assert_eq!((fleet.draw_w(0), fleet.hash_rate()), (315e3, 0.9 * 100.0 * 200e12));
    offer(&mut fleet, at(3600.0), 0, RackOffer { live: false, inlet_c: 48.0, ..RackOffer::FULL });
    assert_eq!((fleet.draw_w(0), fleet.demand(0).total_w()), (0.0, 0.0));
    offer(&mut fleet, at(7200.0), 0, RackOffer { live: false, ..RackOffer::FULL });
    let found = summary(&mut fleet, at(10_800.0));
    close(found.idle_machine_h.heat, 100.0);
    close(found.curtailed_mwh.heat, 0.385);
    close(found.idle_machine_h.outage, 100.0);
    close(found.uptime, 1.0 / 3.0);
}

/// The mean of a lognormal time is its median times `exp(sigma^2 / 2)`: 325 s here. Of 4000
/// boots with a coefficient of variation of 0.416, the mean is within 4 deviations.
#[test]
fn cold_boots_take_their_lognormal_time() {
    let mut fleet = fleet(&design(&[s21(1)]));
    const BOOTS: u32 = 4000;
    for i in 0..BOOTS {
        let start = f64::from(i) * 10_000.0;
        offer(&mut fleet, at(start), 0, RackOffer { live: false, ..RackOffer::FULL });
        offer(&mut fleet, at(start + 100.0), 0, RackOffer::FULL);
    }
    let found = summary(&mut fleet, at(f64::from(BOOTS) * 10_000.0));
    close(found.idle_machine_h.outage, f64::from(BOOTS) * 100.0 / 3600.0);
    let mean = found.idle_machine_h.restart * 3600.0 / f64::from(BOOTS);
    let exact = 300.0 * (0.08_f64).exp();
    let deviation = exact * 0.4165 / f64::from(BOOTS).sqrt();
    // A block of one starts no more often than its ramp allows, 50 s, which never binds here.
    assert!((mean - exact).abs() < 4.0 * deviation, "{mean}, exactly {exact}");
}

/// Machines fail and return independently, so that a share `r/(1+r)` of them is dead in the
/// mean, `r` being failures a year times years of repair, and no memory of how it started.
#[test]
fn failures_and_repairs_reach_their_steady_state() {
    let mut design = design(&[s21(100_000)]);
    design.failure_rate_per_s = 0.05 / (8760.0 * 3600.0);
    let mut fleet = fleet(&design);
    let dead_at_start = 100_000 - fleet.hashing();
    assert_eq!(dead_at_start, 1961); // 100000 * 0.02 / 1.02
    let found = summary(&mut fleet, at(10.0 * 365.0 * 86_400.0));
    let dead = found.idle_machine_h.failure / (87_600.0 * 100_000.0);
    // The mean over 25 repair times of about 1961 independent dead machines deviates by
    // 1961 * sqrt(2 / (25 * 1961)) = 12.5.
    assert!((dead * 100_000.0 - 1960.8).abs() < 50.0, "{dead}");
    let failures = 100_000.0 * (1.0 - dead) * 0.05 * 10.0;
    assert!((found.failures as f64 - failures).abs() < 4.0 * failures.sqrt());
}

/// A start that fails leaves a machine that waits for a hand, about a day.
#[test]
fn failed_starts_wait_for_a_reset() {
    let mut design = design(&[s21(1000)]);
    design.restart.failure = 0.1;
    let mut fleet = fleet(&design);
    let mut starts = 0.0;
    for day in 0..100 {
        let start = f64::from(day) * 86_400.0 * 10.0;
        starts += f64::from(fleet.hashing());
        price(&mut fleet, at(start), 1000.0);
        price(&mut fleet, at(start + 3600.0), 0.0);
        run(&mut fleet, at(start + 86_400.0 * 9.9));
    }
    let found = summary(&mut fleet, at(86_400.0 * 1000.0));
    // Those that fail are started again, and one in ten of them fails again.
    let failed = starts * 0.1 / 0.9;
    let deviation = (failed * 0.9).sqrt();
    assert!((found.failed_starts as f64 - failed).abs() < 5.0 * deviation);
    let days_each = found.idle_machine_h.failure / 24.0 / found.failed_starts as f64;
    assert!((days_each - 1.0).abs() < 4.0 / failed.sqrt(), "{days_each}");
}

#[derive(Debug, Clone)]
enum News {
    Wait(u64),
    Price(f64),
    HashPrice(f64),
    Offer(usize, RackOffer),
}

fn news() -> impl Strategy<Value = News> {
    let rack_offer = (
        prop::bool::weighted(0.8),
        prop_oneof![Just(f64::INFINITY), Just(0.0), 0.0..400e3],
        prop_oneof![Just(1.0), 0.0..1.0],
        10.0..50.0,
    )
        .prop_map(|(live, cap_w, speed, inlet_c)| RackOffer { live, cap_w, speed, inlet_c });
    prop_oneof![
        3 => (0u64..3_000_000_000_000).prop_map(News::Wait),
        1 => (-100.0..300.0).prop_map(News::Price),
        1 => (0.0..100.0).prop_map(News::HashPrice),
        3 => (0usize..3, rack_offer).prop_map(|(rack, offer)| News::Offer(rack, offer)),
    ]
}

/// Three blocks of different machines that fail often.
fn troubled() -> MiningDesign {
    let s19 = AsicRackDesign { hash_rate: 104e12, power_w: 3068.0, ..s21(37) };
    let no_sleep = AsicRackDesign { sleep_w: 0.0, ..s21(3) };
    let mut design = design(&[s21(80), s19, no_sleep]);
    design.restart.failure = 0.05;
    design.failure_rate_per_s = 1e-4;
    design.repair_mean_s = 3000.0;
    design.restart.reset_mean_s = 1000.0;
    design
}

fn tell(fleet: &mut Mining, now: &mut Time, news: &News) {
    match *news {
        News::Wait(nanos) => *now += Span::from_nanos(nanos),
        News::Price(usd_mwh) => fleet.set_price(*now, usd_mwh),
        News::HashPrice(usd_ph_day) => fleet.set_income(*now, Income::of(usd_ph_day)),
        News::Offer(rack, offer) => fleet.offer(*now, rack, offer),
    }
    run(fleet, *now);
    fleet.settle(*now);
}

proptest! {
    /// Whatever happens in whatever order: no rack exceeds its cap or its demand, every
    /// machine-hour hashes or has a cause, and so has every megawatt-hour of the rating.
    #[test]
    fn every_machine_hour_and_every_watt_has_a_cause(all in prop::collection::vec(news(), 1..150)) {
        let design = troubled();
        let mut fleet = fleet(&design);
        let mut now = Time::ZERO;
        let mut caps = [f64::INFINITY; 3];
        let mut live = [true; 3];
        for news in &all {
            tell(&mut fleet, &mut now, news);
            if let News::Offer(rack, offer) = news {
                caps[*rack] = offer.cap_w;
                live[*rack] = offer.live;
            }
            for rack in 0..3 {
                let (draw, demand) = (fleet.draw_w(rack), fleet.demand(rack).total_w());
                prop_assert!(draw <= caps[rack]);
                prop_assert!(draw >= 0.0 && draw <= demand * (1.0 + 1e-12));
                prop_assert!(live[rack] || demand == 0.0);
            }
        }
        let found = fleet.summary(now);
        let hours = now.as_secs_f64() / 3600.0;
        let equal = |ours: f64, exact: f64| (ours - exact).abs() <= 1e-12 * exact + 1e-12;
        let machine_h = found.hashing_machine_h + found.idle_machine_h.total();
        prop_assert!(equal(machine_h, 120.0 * hours), "{machine_h} of {} h", 120.0 * hours);
        let rated = found.energy_mwh + found.curtailed_mwh.total();
        prop_assert!(equal(rated, found.rated_mw * hours), "{rated}");
        for cause in [found.idle_machine_h, found.curtailed_mwh] {
            let least = [cause.price, cause.cap, cause.heat, cause.outage, cause.restart, cause.failure]
                .into_iter()
                .fold(f64::INFINITY, f64::min);
            prop_assert!(least >= 0.0, "{cause:?}");
        }
    }

    /// The racks that are drained are those whose demand or draw changed, in order.
    #[test]
    fn changes_are_reported_once_and_in_order(all in prop::collection::vec(news(), 1..60)) {
        let mut fleet = fleet(&troubled());
        let mut now = Time::ZERO;
        let state = |fleet: &Mining| [0, 1, 2].map(|rack| (fleet.demand(rack), fleet.draw_w(rack)));
        fleet.drain_changed(|_| {});
        for news in &all {
            let before = state(&fleet);
            tell(&mut fleet, &mut now, news);
            let after = state(&fleet);
            let mut drained = Vec::new();
            fleet.drain_changed(|rack| drained.push(rack));
            prop_assert!(drained.is_sorted());
            for rack in 0..3 {
                prop_assert!(before[rack] == after[rack] || drained.contains(&rack));
            }
            fleet.drain_changed(|rack| panic!("rack {rack} was drained twice"));
        }
    }

    /// A fleet that is made to look at every block after each news does the same as one that heeds
    /// only what it takes for news: among it caps that move by less than a machine draws.
    #[test]
    fn what_is_no_news_changes_nothing(
        all in prop::collection::vec((news(), 0.98..1.02), 1..60)
    ) {
        let design = troubled();
        let (mut heeding, mut reminded) = (fleet(&design), fleet(&design));
        let mut now = Time::ZERO;
        let mut offers = [RackOffer::FULL; 3];
        for (news, factor) in &all {
            tell(&mut heeding, &mut now.clone(), news);
            tell(&mut reminded, &mut now, news);
            if let News::Offer(rack, offer) = news {
                offers[*rack] = *offer;
            }
            for (rack, offer) in offers.iter_mut().enumerate() {
                offer.cap_w *= factor;
                heeding.offer(now, rack, *offer);
                reminded.offer(now, rack, *offer);
                reminded.order(now, rack, 1);
                reminded.order(now, rack, 0);
            }
            heeding.settle(now);
            reminded.settle(now);
            prop_assert_eq!(heeding.hashing(), reminded.hashing());
            prop_assert_eq!(heeding.next_at(), reminded.next_at());
            for rack in 0..3 {
                prop_assert_eq!(heeding.demand(rack), reminded.demand(rack));
                prop_assert_eq!(heeding.draw_w(rack).to_bits(), reminded.draw_w(rack).to_bits());
            }
        }
        prop_assert_eq!(heeding.summary(now), reminded.summary(now));
    }

    /// Another rack moves nothing of the first ones, and the same seed gives the same bits.
    #[test]
    fn racks_do_not_share_their_luck(all in prop::collection::vec(news(), 1..60)) {
        let small = troubled();
        let mut large = small.clone();
        large.racks.push(AsicRack { name: "another".to_owned(), asic: s21(50) });
        let mut fleets = [fleet(&small), fleet(&small), fleet(&large)];
        let mut nows = [Time::ZERO; 3];
        for news in &all {
            for (fleet, now) in fleets.iter_mut().zip(&mut nows) {
                tell(fleet, now, news);
            }
            let [one, same, more] = &fleets;
            for rack in 0..3 {
                prop_assert_eq!(one.draw_w(rack).to_bits(), same.draw_w(rack).to_bits());
                prop_assert_eq!(one.draw_w(rack).to_bits(), more.draw_w(rack).to_bits());
            }
        }
    }
}

proptest! {
    /// The price policy is not asked where it changes its mind about no block: against a twin that is
    /// asked about every block each time.
    #[test]
    fn who_is_not_asked_would_not_have_turned(
        news in prop::collection::vec((0.0..160.0, 1u64..3000, any::<bool>()), 1..120),
        wake in prop_oneof![(0.0..120.0).prop_map(WakePrice::At), (0.0..0.5).prop_map(WakePrice::Below)],
        sleep_above in prop::option::of(20.0..140.0),
        holds in prop::array::uniform3(0u64..4000),
    ) {
        let modes = vec![
            Mode { power_w: 1500.0, hash_rate: 110e12 },
            Mode { power_w: 2500.0, hash_rate: 160e12 },
        ];
        let tuned = AsicRackDesign { modes, ..s21(100) };
        let worse = AsicRackDesign { hash_rate: 120e12, ..s21(50) };
        let [min_off, min_on, min_mode] = holds.map(Span::from_secs);
        let policy = BreakevenDesign { sleep_above, wake, min_off, min_on, min_mode };
        let design = MiningDesign { policy: Some(policy), ..design(&[s21(200), tuned, worse]) };
        let (mut fleet, mut twin) = (fleet(&design), fleet(&design));
        let mut now = Time::ZERO;
        for (usd_mwh, seconds, is_income) in news {
            now += Span::from_secs(seconds);
            for (fleet, forgets) in [(&mut fleet, false), (&mut twin, true)] {
                while fleet.next_at() <= now {
                    let next = fleet.next_at();
                    fleet.advance(next);
                    if forgets {
                        fleet.forget_kept();
                    }
                    fleet.settle(next);
                }
                fleet.advance(now);
                match is_income {
                    true => fleet.set_income(now, Income::of(usd_mwh / 2.0)),
                    false => fleet.set_price(now, usd_mwh),
                }
                if forgets {
                    fleet.forget_kept();
                }
                fleet.settle(now);
            }
            for rack in 0..3 {
                prop_assert_eq!(fleet.demand(rack), twin.demand(rack));
                prop_assert_eq!(fleet.draw_w(rack), twin.draw_w(rack));
            }
            prop_assert_eq!(fleet.hash_rate(), twin.hash_rate());
        }
    }
}
