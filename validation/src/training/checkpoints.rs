//! How often to write, and what it costs.

use loadbank::workload::training::checkpoint::{
    Renewal, daly_interval_s, ettr, optimal_interval_s, young_interval_s,
};
use loadbank::workload::training::{CheckpointSpec, IntervalSpec};

use super::site::{DAY, HOUR, MINUTE, checkpointed, resident, seconds, simulate};
use super::table::{Table, Target};

/// T11 to T13: intervals by the exact optimum and by the published formulas, and what half and
/// twice the optimum lose.
pub(super) fn intervals(table: &mut Table) {
    for (id, write, mean_h, optimum, young, daly) in [
        ("T11", 60.0, 1.8, 14.038, 14.697, 14.038),
        ("T12", 600.0, 1.8, 40.062, 46.476, 40.048),
        ("T13", 600.0, 0.23, 10.727, 16.613, f64::NAN),
    ] {
        let mean_s = mean_h * HOUR;
        for (name, expected, value) in [
            ("optimum", optimum, optimal_interval_s(write, mean_s)),
            ("Young", young, young_interval_s(write, mean_s)),
            ("Daly", daly, daly_interval_s(write, mean_s)),
        ] {
            if expected.is_finite() {
                let what = format!("interval, min, {write} s at {mean_h} h: {name}");
                table.computed(Target::formula(id, &what, expected), value / MINUTE, 5e-4);
            }
        }
    }
    let renewal = |write_s, interval_s, restart_s, mean_s| Renewal {
        mean_s,
        interval_s,
        write_s,
        restart_s,
        detect_s: 0.0,
        flush_s: 0.0,
    };
    let mean_s = 0.23 * HOUR;
    for (what, interval_s, expected) in [
        ("efficiency there at the optimum", optimal_interval_s(600.0, mean_s), 0.2227),
        ("efficiency there by Young", young_interval_s(600.0, mean_s), 0.2048),
    ] {
        let ours = ettr(renewal(600.0, interval_s, 0.0, mean_s));
        table.computed(Target::formula("T13", what, expected), ours, 5e-5);
    }
    let mean_s = 1.8 * HOUR;
    for (id, write_s, expected) in
        [("T11", 60.0, [0.8051, 0.8307, 0.8034]), ("T12", 600.0, [0.5523, 0.6003, 0.5431])]
    {
        let best_s = optimal_interval_s(write_s, mean_s);
        for (factor, expected) in [0.5, 1.0, 2.0].into_iter().zip(expected) {
            let cycle = renewal(write_s, factor * best_s, 5.0 * MINUTE, mean_s);
            let mut spec = checkpointed(resident(1, DAY / mean_s), cycle);
            if factor == 1.0 {
                spec.checkpoint = Some(CheckpointSpec {
                    interval: Some(IntervalSpec::Auto),
                    write: Some(seconds(write_s)),
                    ..CheckpointSpec::default()
                });
            }
            let what = format!("ETTR, writes of {write_s} s, {factor} of the optimum");
            table.simulated(Target::formula(id, &what, expected), 0.003, |replication| {
                simulate(&spec, 300.0, replication).ettr.expect("jobs ran")
            });
        }
    }
}

/// T14: writes alone; and writes that go on while the job trains.
pub(super) fn writes(table: &mut Table) {
    let renewal = Renewal {
        mean_s: f64::INFINITY,
        interval_s: 3.0 * HOUR,
        write_s: 40.0,
        restart_s: 0.0,
        detect_s: 0.0,
        flush_s: 0.0,
    };
    let spec = checkpointed(resident(48, 0.0), renewal);
    let hours = simulate(&spec, 1000.0 * (3.0 + 40.0 / HOUR) / 24.0, 0).gpu_hours;
    let percent = 100.0 * hours.checkpoint / hours.useful;
    let what = "BLOOM: overhead of 40 s every 3 h, %";
    let target = Target { id: "T14", what, published: "0.37", expected: 100.0 * 40.0 / 10_800.0 };
    table.computed(target, percent, 1e-6);
    let renewal = Renewal {
        mean_s: 3.0 * HOUR,
        interval_s: 900.0,
        write_s: 5.0,
        restart_s: 300.0,
        detect_s: 60.0,
        flush_s: 600.0,
    };
    let spec = checkpointed(resident(1, 8.0), renewal);
    let target = Target::formula("", "ETTR, writes of 5 s and 10 min behind", ettr(renewal));
    table.simulated(target, 0.003, |replication| {
        simulate(&spec, 400.0, replication).ettr.expect("jobs ran")
    });
}
