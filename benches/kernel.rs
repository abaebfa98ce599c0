//! The kernel alone: what an event costs in the calendar, a ticket, a variate, a stream.
//!
//! `cargo bench --bench kernel`. Each figure is for [`BATCH`] operations, so that one
//! microsecond of the table is one nanosecond of an operation. What the design demands is said
//! at each bench. Comparisons with other engines are in `validation/benches/engines/`.

use divan::{AllocProfiler, Bencher, black_box};
use loadbank::kernel::{Agenda, Class, Span, Stream, Streams, Ticket, Time};

/// Operations a sample.
const BATCH: u32 = 1000;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// An event of the size that the rooms use: a kind and an index.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "carried and not read: the agenda is measured, not a model")]
enum Event {
    Fire(u32),
    Rest(u32),
}

/// Pop the next, push it again an exponential second later. Demand: 30, 40 and 60 us with
/// 1e3, 1e5 and 1e6 pending, of which the draw is 8.
#[divan::bench(args = [10, 1_000, 100_000, 1_000_000])]
fn hold(bencher: Bencher, pending: u32) {
    let mut stream = Streams::new(1, 0).stream("hold", "");
    bench_hold(bencher, pending, move || Span::from_secs_f64(stream.exponential(1.0)));
}

/// As `hold`, without the logarithm: any law will do to load a calendar, and this one costs
/// a nanosecond.
#[divan::bench(args = [1_000, 100_000, 1_000_000])]
fn hold_uniform(bencher: Bencher, pending: u32) {
    let mut stream = Streams::new(1, 0).stream("hold", "");
    bench_hold(bencher, pending, move || Span::from_nanos(stream.bits() >> 33));
}

/// As `hold`, half of the delays about a millisecond and half about a day.
#[divan::bench(args = [100_000])]
fn hold_mixed_scales(bencher: Bencher, pending: u32) {
    let mut stream = Streams::new(1, 0).stream("hold", "");
    bench_hold(bencher, pending, move || {
        let bits = stream.bits();
        Span::from_nanos(if bits & 1 == 0 { bits >> 43 } else { bits >> 17 })
    });
}

/// As `hold`, with whole multiples of 10 ms: thousands of events at each instant.
#[divan::bench(args = [100_000])]
fn hold_ties(bencher: Bencher, pending: u32) {
    let mut stream = Streams::new(1, 0).stream("hold", "");
    bench_hold(bencher, pending, move || Span::from_nanos(10_000_000 * (1 + stream.below(100))));
}

fn bench_hold(bencher: Bencher, pending: u32, mut delay: impl FnMut() -> Span) {
    let mut agenda = Agenda::new();
    for entity in 0..pending {
        agenda.push(Time::ZERO + delay(), Class::Work, Event::Fire(entity));
    }
    let mut turn = move || {
        for _ in 0..BATCH {
            let (now, event) = agenda.pop_until(Time::MAX).expect("as many as at the start");
            agenda.push(now + delay(), Class::Work, black_box(event));
        }
    };
    // Every event is replaced twice before the clock of the bench starts.
    for _ in 0..2 * pending / BATCH {
        turn();
    }
    bencher.bench_local(turn);
}

/// Fills an agenda. The column `max alloc` is its memory: at most 24 bytes a pending event.
#[divan::bench(args = [100_000, 1_000_000], sample_count = 10)]
fn fill(bencher: Bencher, pending: u32) {
    bencher
        .with_inputs(|| Streams::new(1, 0).stream("fill", ""))
        .bench_local_values(|mut stream| filled(&mut stream, pending));
}

fn filled(stream: &mut Stream, pending: u32) -> Agenda<Event> {
    let mut agenda = Agenda::new();
    for entity in 0..pending {
        let at = Time::ZERO + Span::from_secs_f64(stream.exponential(1.0));
        agenda.push(at, Class::Work, Event::Fire(entity));
    }
    agenda
}

/// A cycle of an entity with a patience: two schedules, one event, one cancellation, and nine
/// patiences of ten are cancelled. Demand: 85 and 150 us.
#[divan::bench(args = [1_000, 100_000])]
fn cancel(bencher: Bencher, entities: u32) {
    let mut stream = Streams::new(1, 0).stream("cancel", "");
    let mut agenda = Agenda::new();
    let mut tickets: Vec<[Ticket; 2]> = Vec::new();
    let mut plan = move |agenda: &mut Agenda<u32>, entity: u32| {
        [(1.0, 0), (9.0, 1)].map(|(mean, kind)| {
            let at = agenda.now() + Span::from_secs_f64(stream.exponential(mean));
            agenda.schedule(at, Class::Work, entity << 1 | kind)
        })
    };
    for entity in 0..entities {
        tickets.push(plan(&mut agenda, entity));
    }
    let mut turn = move || {
        for _ in 0..BATCH {
            let (_, event) = agenda.pop_until(Time::MAX).expect("as many as at the start");
            let entity = event >> 1;
            agenda.cancel(tickets[entity as usize][1 - (event & 1) as usize]);
            tickets[entity as usize] = plan(&mut agenda, entity);
        }
    };
    for _ in 0..10 * entities / BATCH {
        turn();
    }
    bencher.bench_local(turn);
}

/// Every event moves eight other pending events, as a change of clock frequency does.
/// `BATCH` moves, not events.
#[divan::bench(args = [1_000, 100_000])]
fn repredict(bencher: Bencher, entities: u64) {
    let mut stream = Streams::new(1, 0).stream("repredict", "");
    let mut agenda = Agenda::new();
    let mut tickets: Vec<Ticket> = Vec::new();
    for entity in 0..entities {
        let at = Time::ZERO + Span::from_nanos(stream.bits() >> 33);
        tickets.push(agenda.schedule(at, Class::Work, entity as u32));
    }
    bencher.bench_local(|| {
        for _ in 0..BATCH / 8 {
            let (now, entity) = agenda.pop_until(Time::MAX).expect("as many as at the start");
            let at = now + Span::from_nanos(stream.bits() >> 33);
            tickets[entity as usize] = agenda.schedule(at, Class::Work, entity);
            for _ in 0..8 {
                let other = stream.below(entities) as usize;
                let at = now + Span::from_nanos(stream.bits() >> 33);
                agenda.cancel(tickets[other]);
                tickets[other] = agenda.schedule(at, Class::Work, other as u32);
            }
        }
    });
}

/// A look at the next instant after every event, as the owner of several agendas takes it.
#[divan::bench(args = [1_000, 100_000])]
fn hold_with_next_at(bencher: Bencher, pending: u32) {
    let mut stream = Streams::new(1, 0).stream("hold", "");
    let mut agenda = filled(&mut stream, pending);
    bencher.bench_local(|| {
        for _ in 0..BATCH {
            let next = agenda.next_at().expect("as many as at the start");
            let (now, event) = agenda.pop_until(next).expect("the one that was announced");
            agenda.push(now + Span::from_nanos(stream.bits() >> 33), Class::Work, event);
        }
    });
}

/// Draws of a law from one stream.
#[divan::bench(args = ["bits", "uniform", "exponential", "weibull", "normal", "lognormal"])]
fn draw(bencher: Bencher, law: &str) {
    let mut stream = Streams::new(1, 0).stream("draw", law);
    let draw: fn(&mut Stream) -> f64 = match law {
        "bits" => |s| s.bits() as f64,
        "uniform" => Stream::uniform,
        "exponential" => |s| s.exponential(2.0),
        "weibull" => |s| s.weibull(2.0, 1.5),
        "normal" => Stream::normal,
        _ => |s| s.lognormal(0.0, 1.0),
    };
    bencher.bench_local(|| (0..BATCH).map(|_| draw(&mut stream)).sum::<f64>());
}

/// Naming a stream.
#[divan::bench]
fn name_stream(bencher: Bencher) {
    let streams = Streams::new(1, 0);
    bencher.bench_local(|| {
        for _ in 0..BATCH {
            black_box(streams.stream(black_box("failure"), black_box("main-tx-1")));
        }
    });
}
