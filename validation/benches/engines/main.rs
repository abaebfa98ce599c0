//! Our kernel beside three other engines, on the same models and the same variates.
//!
//! `cargo bench -p validation --bench engines`. Prints what an event costs with us, and how many
//! times that the others take. Engines take turns within a round, and a figure is the median of
//! the rounds, so that what else the machine does strikes all alike. Every engine is stepped up
//! to the same instant after a quarter of the run has gone by unmeasured.
//!
//! The models ([`models`]) are written once as event handlers, generic in the engine, for ours, simcore and
//! nexosim (each as a single component, which is the fastest form for them). desim knows only
//! processes; for it the same models are processes, on the stores it offers. Where an engine
//! orders ties as we do, it must reach the same checksum.

#![feature(coroutines, coroutine_trait, stmt_expr_attributes)]
#![expect(clippy::print_stdout, reason = "this program prints a table")]

mod by_desim;
mod by_nexosim;
mod by_simcore;
mod models;
mod ours;

use models::{Hold, Horizon, Line, Patience, Tally};
use validation::cpu_of;

/// Rounds, of which the median counts: what else a machine does moves the ratios of a few by half.
const ROUNDS: usize = 15;

/// How many times our time desim, simcore and nexosim are to take where few events are pending: an aim, set
/// before our kernel reached it. It is 45 ns an event, half again what the least calendar, a draw and the
/// state of the model take together, where the others took some 96, 128 and 340 ns; rounded down.
///
/// The customers of a line, where few are pending, and the cycles of patience are judged by the same.
const FEW: [f64; 3] = [2.0, 2.5, 7.0];
/// The same where many are pending: an aim as well, below what a prototype of our calendar reached, which
/// was some seven times as fast as desim and simcore and twelve times as nexosim.
const MANY: [f64; 3] = [4.5, 4.5, 10.0];

fn main() {
    println!("ns with us, and times that with others (demanded by the design: met or missed)\n");
    println!("{:28}{:>10}{:>20}{:>20}{:>20}", "", "ours", "desim", "simcore", "nexosim");
    for (entities, floors) in [(1_000, FEW), (100_000, MANY)] {
        let horizon_s = 1e6 / f64::from(entities);
        let model = || Hold::new(entities, horizon_s);
        compare(
            &format!("hold, {entities} pending: event"),
            floors,
            [
                &|| ours::run(model()),
                &|| by_desim::hold(model()),
                &|| by_simcore::run(model()),
                &|| by_nexosim::run(model()),
            ],
        );
    }
    for servers in [1, 8] {
        let model = || Line::new(servers, 500_000.0);
        compare(
            &format!("M/M/{servers}: customer"),
            FEW,
            [
                &|| ours::run(model()),
                &|| by_desim::line(model()),
                &|| by_simcore::run(model()),
                &|| by_nexosim::run(model()),
            ],
        );
    }
    for (entities, floors) in [(1_000, FEW), (100_000, MANY)] {
        let horizon_s = 4e5 / f64::from(entities);
        compare(
            &format!("cancel, {entities} patient: cycle"),
            floors,
            [
                &|| ours::run(Patience::new(entities, horizon_s)),
                &|| by_desim::patience(Patience::<()>::new(entities, horizon_s)),
                &|| by_simcore::run(Patience::new(entities, horizon_s)),
                &|| by_nexosim::run(Patience::new(entities, horizon_s)),
            ],
        );
    }
}

/// Runs a model on all engines in turns, and prints a row.
fn compare(name: &str, floors: [f64; 3], engines: [&dyn Fn() -> Outcome; 4]) {
    let mut times = [const { Vec::new() }; 4];
    let mut tallies = [Tally::default(); 4];
    for round in 0..ROUNDS {
        for turn in 0..engines.len() {
            let engine = (round + turn) % engines.len();
            let outcome = engines[engine]();
            times[engine].push(outcome.seconds);
            tallies[engine] = outcome.tally;
        }
    }
    let [ours, desim, simcore, nexosim] = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    // Three quarters of a stationary run.
    let measured = 0.75 * tallies[0].events as f64;
    print!("{name:28}{:>7.1} ns", ours / measured * 1e9);
    for ((time, floor), tally) in
        [desim, simcore, nexosim].into_iter().zip(floors).zip(&tallies[1..])
    {
        let ratio = time / ours;
        let verdict = if ratio >= floor { "met" } else { "missed" };
        let mark = if tally == &tallies[0] { ' ' } else { '*' };
        print!("{:>20}", format!("{ratio:.1}x{mark}({floor}: {verdict})"));
    }
    println!();
    assert_eq!(tallies[0], tallies[2], "simcore orders ties as we do");
    assert_eq!(tallies[0], tallies[3], "nexosim orders ties as we do");
    let off = tallies[0].events.abs_diff(tallies[1].events) as f64;
    assert!(off <= 1e-2 * tallies[0].events as f64, "desim runs the same model");
}

/// What one run of an engine took, and what happened in it.
struct Outcome {
    seconds: f64,
    tally: Tally,
}

/// Runs `simulate` up to the end of the warm-up, then times it to the end of the run.
fn timed(horizon: Horizon, mut simulate: impl FnMut(u64)) -> f64 {
    simulate(horizon.warm);
    cpu_of(|| simulate(horizon.end)).1
}
