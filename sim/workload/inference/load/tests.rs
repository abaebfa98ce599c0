//! Loads against the moments and laws that they are designed by.

use super::super::ticks;
use super::rate::RateDesign;
use super::*;
use crate::kernel::{Clock, LocalWeek, Time};

const HOUR: Ticks = 3600 * 16_000_000_000;

fn arrivals(design: LoadDesign) -> Arrivals {
    Arrivals::new(&Load::new(&design, "s"), ("s/0", &Streams::new(1, 0)), 0)
}

fn poisson(rate_per_s: f64) -> LoadDesign {
    LoadDesign::poisson(rate_per_s, LengthLaw::Fixed(7), LengthLaw::Fixed(1))
}

/// The rate and clients of the first class.
fn drawn(load: &mut LoadDesign) -> (&mut RateDesign, &mut Vec<ClientDesign>) {
    let SourceDesign::Drawn { rate, clients } = &mut load.classes[0].source else {
        panic!("a load that is drawn")
    };
    (rate, clients)
}

/// When a walk reaches what is due, of a client with one law of gaps.
fn due(reached: Reached) -> Ticks {
    match reached {
        Reached::Due(at) => at,
        Reached::Law(_) => unreachable!("its law of gaps does not change"),
    }
}

/// What arrives before `until`.
fn until(mut arrivals: Arrivals, until: Ticks) -> Vec<Sent> {
    let mut all = Vec::new();
    while arrivals.next() < until {
        all.push(arrivals.take());
    }
    all
}

#[test]
fn arrivals_follow_the_hours_of_the_week() {
    let mut load = poisson(2.0);
    // Nothing in the fourth hour of a day, nothing on Sundays.
    let factor = |hour: usize| match (hour / 24, hour % 24) {
        (6, _) | (_, 3) => 0.0,
        (day, hour) => (1 + day) as f64 * hour as f64,
    };
    let sum: f64 = (0..168).map(factor).sum();
    let weekly: Vec<f64> = (0..168).map(|hour| factor(hour) * 168.0 / sum).collect();
    let week = LocalWeek::fixed(Span::from_secs(29 * 3600 + 900));
    *drawn(&mut load).0 = RateDesign { weekly: weekly.clone(), week, noise: None };
    let weeks = 8;
    let mut counts = [0_u32; 168];
    for sent in until(arrivals(load), weeks * 168 * HOUR) {
        counts[(sent.at as f64 / HOUR as f64 + 29.25) as usize % 168] += 1;
    }
    for (hour, &count) in counts.iter().enumerate() {
        let mean = 2.0 * 3600.0 * weeks as f64 * weekly[hour];
        // Poisson: five standard deviations.
        assert!(
            (f64::from(count) - mean).abs() <= 5.0 * mean.sqrt(),
            "hour {hour}: {count} arrivals, {mean} expected"
        );
    }
}

#[test]
fn nothing_arrives_at_rate_zero() {
    assert_eq!(arrivals(poisson(0.0)).next(), NEVER);
}

/// A rate that expects nothing within the run, or only after it, ends at once.
#[test]
fn a_rate_next_to_zero_ends() {
    let mut load = poisson(1e-12);
    assert_eq!(arrivals(load.clone()).next(), NEVER, "36 years are the longest run");
    drawn(&mut load).0.noise = Some(NoiseDesign {
        variation: 0.5,
        interval: Span::from_secs(60),
        correlation: Span::ZERO,
    });
    drawn(&mut load).0.week = clock("UTC").week(Time::ZERO + Span::from_hours(24));
    assert_eq!(arrivals(load).next(), NEVER);
}

fn clock(zone: &str) -> Clock {
    let zone = jiff::tz::TimeZone::get(zone).unwrap();
    Clock::new("2026-10-30T05:00:00Z".parse().unwrap(), zone)
}

/// Nine in the morning on site is nine in the morning, before and after the clock is set back
/// on 1 November 2026.
#[test]
fn arrivals_follow_the_clock_on_the_wall() {
    let mut load = poisson(0.05);
    let clock = clock("America/Chicago");
    let hours = std::array::from_fn(|hour| if hour == 9 { 24.0 } else { 0.0 });
    let end = Time::ZERO + Span::from_hours(5 * 24);
    *drawn(&mut load).0 = RateDesign { week: clock.week(end), ..RateDesign::daily(&hours) };
    let all = until(arrivals(load), ticks::from_time(end));
    assert!(all.len() > 5 * 24 * 180 * 9 / 10, "{} arrivals", all.len());
    let mut days = [0; 32];
    for sent in &all {
        let local = clock.read(ticks::to_time(sent.at));
        assert_eq!(local.hour as u32, 9, "{local:?}");
        days[usize::from(local.day)] += 1;
    }
    // An hour of 24 times the mean on each day; five standard deviations.
    for day in [30, 31, 1, 2, 3] {
        let (count, mean) = (f64::from(days[day]), 0.05 * 24.0 * 3600.0);
        assert!((count - mean).abs() <= 5.0 * mean.sqrt(), "{count} on day {day}");
    }
}

#[test]
fn gaps_have_their_mean_and_variation() {
    let laws = [0.5, 1.0, 3.0].into_iter().flat_map(|variation| {
        [(GapLaw::Gamma { variation }, variation), (GapLaw::Weibull { variation }, variation)]
    });
    for (law, variation) in laws.chain([(GapLaw::Exponential, 1.0)]) {
        let gaps = Gaps::new(&law);
        let mut stream = Streams::new(5, 0).stream("gaps", "test");
        let n = 400_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let gap = gaps.draw(&mut stream);
            sum += gap;
            squares += gap * gap;
        }
        let n = f64::from(n);
        let (mean, second) = (sum / n, squares / n);
        assert!((mean - 1.0).abs() < 5.0 * variation / n.sqrt(), "{law:?}: mean {mean}");
        let got = (second - mean * mean).sqrt();
        assert!((got / variation - 1.0).abs() < 0.03, "{law:?}: variation {got}");
    }
}

/// Counts in long windows of a renewal process have a variance of `variation^2` times their
/// mean, whatever its rate does meanwhile.
#[test]
fn bursts_stay_bursts_under_a_varying_rate() {
    let mut load = poisson(1.0);
    drawn(&mut load).1[0].gaps = GapLaw::Gamma { variation: 2.0 };
    let hours: [f64; 24] = std::array::from_fn(|hour| if hour % 2 == 0 { 0.2 } else { 1.8 });
    *drawn(&mut load).0 = RateDesign::daily(&hours);
    let windows = 1500;
    let mut counts = vec![0.0; windows];
    for sent in until(arrivals(load), windows as Ticks * 2 * HOUR) {
        counts[(sent.at / (2 * HOUR)) as usize] += 1.0;
    }
    let n = windows as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / n;
    assert!((mean / 7200.0 - 1.0).abs() < 5.0 * 2.0 / (7200.0 * n).sqrt(), "{mean} a window");
    // The deviation of a variance over n windows is about sqrt(2 / n) of it.
    assert!((variance / mean / 4.0 - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{}", variance / mean);
}

/// Under noise, counts of an interval vary by their Poisson variance and that of the factor,
/// and counts of neighbouring intervals are correlated as the factors are.
#[test]
fn noise_swings_the_rate_and_remembers() {
    let mut load = poisson(1.0);
    let noise = NoiseDesign {
        variation: 0.5,
        interval: Span::from_secs(600),
        correlation: Span::from_secs(1200),
    };
    drawn(&mut load).0.noise = Some(noise);
    let windows = 20_000;
    let mut counts = vec![0.0; windows];
    let interval = HOUR / 6;
    for sent in until(arrivals(load), windows as Ticks * interval) {
        counts[(sent.at / interval) as usize] += 1.0;
    }
    let n = windows as f64;
    let mean = counts.iter().sum::<f64>() / n;
    assert!((mean / 600.0 - 1.0).abs() < 0.03, "{mean} a window");
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / n;
    let factor = (variance - mean) / (mean * mean);
    assert!((factor / 0.25 - 1.0).abs() < 0.1, "variance of the factor {factor}");
    let covariance: f64 =
        counts.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>() / n;
    // Logarithms correlate by r = exp(-1/2); lognormal factors by (exp(r s^2) - 1) / (exp(s^2) - 1).
    let r = (-0.5_f64).exp();
    let expected = (1.25_f64.powf(r) - 1.0) / 0.25;
    let got = covariance / (variance - mean);
    assert!((got - expected).abs() < 0.05, "correlation {got}, expected {expected}");
}

#[test]
fn a_walk_that_begins_later_sees_the_same_swings() {
    let mut load = poisson(1.0);
    drawn(&mut load).0.noise = Some(NoiseDesign {
        variation: 1.0,
        interval: Span::from_secs(60),
        correlation: Span::from_secs(300),
    });
    let load = Load::new(&load, "s");
    let Ready::Client(client) = &load.sources[0].source else { panic!("a client") };
    let table = &client.rate;
    let stream = || Streams::new(1, 0).stream("rate", "s");
    let mut early = Walk::new(table, stream(), 0);
    let mut at = 0;
    for _ in 0..500 {
        at = due(early.after(table, at, 10.0));
        let mut late = Walk::new(table, stream(), at);
        assert_eq!(late.after(table, at, 0.01), early.clone().after(table, at, 0.01));
    }
}

#[test]
fn classes_and_clients_keep_their_rates_and_their_luck() {
    let mut load = poisson(0.5);
    load.classes[0].name = "chat".to_owned();
    let alone = until(arrivals(load.clone()), 100 * HOUR);
    let mut batch = load.clone();
    batch.classes[0].name = "batch".to_owned();
    let clients = drawn(&mut batch).1;
    clients[0].prompt = LengthLaw::Fixed(100);
    let other =
        ClientDesign { rate_per_s: 0.25, prompt: LengthLaw::Fixed(200), ..clients[0].clone() };
    clients.push(other);
    load.classes.append(&mut batch.classes);
    let all = until(arrivals(load), 100 * HOUR);
    assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at), "in order of time");
    let of = |class: u16, prompt: u32| {
        all.iter().filter(move |sent| sent.class == class && sent.prompt == prompt)
    };
    assert!(of(0, 7).eq(alone.iter()), "a class added moves no other's draws");
    for (class, prompt, rate) in [(0, 7, 0.5), (1, 100, 0.5), (1, 200, 0.25)] {
        let (count, mean) = (of(class, prompt).count() as f64, rate * 360_000.0);
        assert!((count - mean).abs() < 5.0 * mean.sqrt(), "{count} of {mean}");
    }
    let chat: Vec<_> = of(0, 7).map(|sent| sent.at).collect();
    let batch: Vec<_> = of(1, 100).map(|sent| sent.at).collect();
    assert_ne!(chat, batch, "each client has luck of its own");
}

/// One client of a record that repeats each half hour: bursts, silence, then regular gaps under two laws of
/// lengths, and random ones.
fn windows_of_several_laws() -> SourceDesign {
    let window = |rate_per_s, gaps, lengths| Some(RecordedWindow { rate_per_s, gaps, lengths });
    let regular = GapLaw::Gamma { variation: 0.3 };
    let law = |scale: u32| Histogram::new((1..100).map(|n| (scale * n, f64::from(n))).collect());
    let client = RecordedClient {
        number: 0,
        windows: vec![
            window(0.2, GapLaw::Weibull { variation: 3.0 }, 0),
            None,
            window(0.5, regular, 0),
            window(0.3, regular, 1),
            window(0.3, GapLaw::Exponential, 1),
        ],
        lengths: vec![(law(1), law(2)), (law(30), law(5))],
    };
    let edges_ns = (0..=5).map(|edge| edge * 360_000_000_000).collect();
    let record = Arc::new(Record { edges_ns, clients: vec![client] });
    let end = Time::ZERO + Span::from_hours(4);
    SourceDesign::Recorded(RecordedDesign { record, rate_scale: 1.0, repeat: true, end })
}

/// Whatever is passed over and drawn again, the rest is what it would have been, lengths included.
#[test]
fn what_is_passed_over_moves_nothing_that_comes_after() {
    let lengths = LengthLaw::Lognormal { mean: 300.0, sigma: 0.8, max: 4000 };
    let mut load = LoadDesign::poisson(2.0, lengths.clone(), lengths);
    let (rate, clients) = drawn(&mut load);
    rate.noise = Some(NoiseDesign {
        variation: 0.4,
        interval: Span::from_secs(300),
        correlation: Span::from_secs(1800),
    });
    let bursty = ClientDesign { gaps: GapLaw::Gamma { variation: 2.0 }, ..clients[0].clone() };
    clients.push(bursty);
    let other = ClassDesign { name: "other".to_owned(), ..load.classes[0].clone() };
    load.classes.push(other);
    let recorded = ClassDesign { source: windows_of_several_laws(), ..load.classes[0].clone() };
    load.classes.push(recorded);
    let all = until(arrivals(load.clone()), 3 * HOUR);
    let mut again = arrivals(load);
    let mut luck = Streams::new(2, 0).stream("choice", "t");
    let mut next = 0;
    while next < all.len() {
        match luck.below(3) {
            0 => {
                assert_eq!(again.next(), all[next].at);
                assert_eq!(again.take(), all[next]);
                next += 1;
            }
            1 => {
                let limit = (all[next].at + luck.below(HOUR / 60)).min(3 * HOUR);
                let mut passed = [0; 3];
                again.pass(limit, |class, count| passed[usize::from(class)] += count);
                let before = all[next..].iter().take_while(|sent| sent.at < limit);
                let mut counted = [0; 3];
                before.for_each(|sent| counted[usize::from(sent.class)] += 1);
                assert_eq!(passed, counted);
                next += counted.iter().sum::<u64>() as usize;
            }
            _ => {
                let mark = again.mark();
                let limit = again.next() + luck.below(HOUR / 60);
                again.pass(limit, |_, _| ());
                again.rewind(mark);
            }
        }
    }
}

#[test]
fn a_trace_and_clients_are_merged_in_order_of_time() {
    let mut load = poisson(0.1);
    let rows: Vec<TraceRow> = (0..50)
        .map(|i| TraceRow { at_ns: i * 2_000_000_000, prompt: 9, output: 2, ..TraceRow::default() })
        .collect();
    let report = TraceReport { rows: 50, last_ns: rows[49].at_ns, ..TraceReport::default() };
    load.classes.push(ClassDesign::played(TraceDesign::new(Arc::new(rows), &report)));
    let all = until(arrivals(load), HOUR);
    assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let played: Vec<u64> =
        all.iter().filter(|sent| sent.class == 1).map(|sent| sent.at / 16_000_000_000).collect();
    assert_eq!(played, (0..50).map(|i| 2 * i).collect::<Vec<u64>>());
    assert!(all.len() > 50 + 200);
}
