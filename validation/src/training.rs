//! Published results and closed forms of GPU training, reproduced by the model.
//!
//! Numbers T1, T2 ... are those of `docs/models/training.md`. A simulated figure is a mean over
//! replications with three standard errors; it is met where the expected value lies within.

mod checkpoints;
mod closed_forms;
mod curtailment;
mod power;
mod queues;
mod reliability;
mod site;
mod table;

use crate::data::print;
use table::Table;

/// Targets of one subject: its name, and what fills the table with them.
type Subject = (&'static str, fn(&mut Table));

/// All targets, by subject.
const SUBJECTS: [Subject; 11] = [
    ("interruptions", reliability::interruptions),
    ("training time", reliability::training_time),
    ("intervals", checkpoints::intervals),
    ("writes", checkpoints::writes),
    ("standby", reliability::standby),
    ("burn-in", reliability::burn_in),
    ("stops", curtailment::stops),
    ("emerald", curtailment::emerald),
    ("waits", queues::waits),
    ("caps", power::caps),
    ("site", power::site),
];

/// Prints the table; fails where a target is missed.
pub(crate) fn run() -> Result<(), String> {
    let mut table = Table::default();
    table.head();
    for (_, subject) in SUBJECTS {
        subject(&mut table);
    }
    print("\nnot reproduced, and why");
    for (what, why) in NOT_REPRODUCED {
        print(&format!("  {what}: {why}"));
    }
    match table.missed.len() {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

const NOT_REPRODUCED: &[(&str, &str)] = &[
    (
        "Meta's measured 7.9 h at 1,024 GPUs and 47.7 d at 8 GPUs",
        "its own rate of 6.5 per 1,000 node-days gives 28.8 h and 153.8 d",
    ),
    (
        "Meta's ETTR 0.70 at 16,000 GPUs and 60 min (T5)",
        "its approximation gives 0.684, the exact form 0.720",
    ),
    (
        "Meta's 7 min for ETTR 0.5 at 100,000 GPUs of RSC-1",
        "only its approximation with 1 min in the queue gives 0.49; exact 0.58",
    ),
    ("Meta's 21 min for ETTR 0.5 at 100,000 GPUs of RSC-2", "neither form gives it: 0.67 and 0.71"),
    (
        "V100 at 150 of 250 W (T25) as a prediction",
        "no curve is published: 13.7 % less energy in 6.8 % more time give the draw without the \
         cap, and what is met is their consistency",
    ),
    (
        "Emerald's tiers of 0, 10, 25 and 50 % (T26)",
        "the mix of tiers is not published; with equal parts a quarter is out of reach",
    ),
    (
        "Llama 3's 1 to 2 % of throughput by time of day (T27)",
        "follows from the halls' inlet temperatures, which are not published",
    ),
    (
        "swings of tens of MW at tens of thousands of GPUs (T29)",
        "a phrase, no measurement; 8 MW at 16,384 are 12 to 49 MW at 24,000 to 100,000",
    ),
    (
        "Acme's more failures in a warmer July",
        "the sign is published, no number: `failures: {heat: ...}` has no default",
    ),
    ("Llama 3's shares by cause", "they sum to 94.9 %; its counts are consistent"),
    (
        "Delta's 5 % and 2 % of spares",
        "Erlang B with its published times gives 3.3 to 3.9 % and 0.7 %; inputs not disclosed",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_met() {
        std::thread::scope(|scope| {
            let runs = SUBJECTS.map(|(name, subject)| {
                let run = move || {
                    let mut table = Table::default();
                    subject(&mut table);
                    (name, table.missed)
                };
                scope.spawn(run)
            });
            for run in runs {
                let (name, missed) = run.join().expect("a subject runs to its end");
                assert!(missed.is_empty(), "{name}: {missed:#?}");
            }
        });
    }
}
