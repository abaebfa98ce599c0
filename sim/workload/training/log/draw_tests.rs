//! What logs tell of the power of their jobs.

use std::sync::Arc;

use super::{
    DrawColumn, DrawKind, DrawsReader, LogFormat, LogJob, LogMachine, LogReader, NodePower, Rows,
};
use crate::tables::Column;
use crate::tables::rows::TextLayout;
use crate::workload::gpu::Processor;

/// Nodes of 16 cores that draw 100 W at idle and 300 W at most.
fn machine(is_shared: bool) -> LogMachine {
    LogMachine {
        processors: 64,
        processor: Processor::Core,
        per_node: 16,
        is_shared,
        power: NodePower { idle_w: 100.0, full_w: 300.0 },
    }
}

fn draw(kind: DrawKind, name: &str) -> DrawColumn {
    DrawColumn { kind, column: Column::plain(name) }
}

fn sacct(is_shared: bool, draw: &DrawColumn, text: &str) -> (Vec<LogJob>, LogReader) {
    let mut reader = LogReader::of(&LogFormat::Sacct, machine(is_shared), Some(draw));
    let jobs = text.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
    (jobs, reader)
}

fn loads(jobs: &[LogJob]) -> Vec<Option<f64>> {
    jobs.iter().map(|job| job.load).collect()
}

/// Two whole nodes for an hour at 250 W each are 1.8 MJ, three quarters of the way from idle; four
/// cores of a shared node have a quarter of its idle draw, so 50 W are 200 W of a whole node.
#[test]
fn energy_and_power_are_those_of_nodes_or_of_a_part_of_one() {
    let energy = draw(DrawKind::Energy, "ConsumedEnergyRaw");
    let log = "JobID|Submit|Elapsed|NNodes|AllocCPUS|ConsumedEnergyRaw\n\
        1|2026-06-01T00:00:00|01:00:00|2|32|1800000\n\
        2|2026-06-01T00:00:00|01:00:00|1|4|180000\n";
    let (jobs, _) = sacct(true, &energy, log);
    assert_eq!(jobs.iter().map(|job| job.processors).collect::<Vec<_>>(), [32, 4]);
    assert_eq!(loads(&jobs), [Some(0.75), Some(0.5)]);
    // Alone on its node the second draws 50 W, less than an idle node.
    let (jobs, reader) = sacct(false, &energy, log);
    assert_eq!(loads(&jobs), [Some(0.75), Some(0.0)]);
    assert_eq!(reader.report().beyond, Rows { count: 1, first_line: 3 });
    let power = draw(DrawKind::Power, "W");
    let log = "JobID|Submit|Elapsed|NNodes|AllocCPUS|W\n\
        1|2026-06-01T00:00:00|01:00:00|2|32|250\n\
        2|2026-06-01T00:00:00|01:00:00|1|4|50\n";
    assert_eq!(loads(&sacct(true, &power, log).0), [Some(0.75), Some(0.5)]);
}

/// Sixteen cores for an hour are 16 hours of them; a job without a figure is counted.
#[test]
fn time_of_processors_is_utilisation() {
    let time = draw(DrawKind::CpuTime, "TotalCPU");
    let (jobs, reader) = sacct(
        false,
        &time,
        "JobID|Submit|Elapsed|NNodes|AllocCPUS|TotalCPU\n\
         1|2026-06-01T00:00:00|01:00:00|1|16|12:00:00\n\
         2|2026-06-01T00:00:00|00:01:00|1|16|04:00.000\n\
         3|2026-06-01T00:00:00|00:01:00|1|16|\n\
         4|2026-06-01T00:00:00|00:01:00|1|16|00:20:00\n",
    );
    assert_eq!(loads(&jobs), [Some(0.75), Some(0.25), None, Some(1.0)]);
    let report = reader.report();
    assert_eq!((report.unmeasured.first_line, report.beyond.first_line), (4, 5));
    assert!(report.to_string().contains("1 row (line 4) without utilisation or power"));
}

/// Slurm without a plugin for energy writes 0 J: no job of it tells what it drew, and none is an idle
/// node. A utilisation of 0 is one.
#[test]
fn no_energy_and_no_power_are_no_measurement() {
    let head = "JobID|Submit|Elapsed|NNodes|AllocCPUS|";
    let row = "|2026-06-01T00:00:00|01:00:00|1|16|";
    for (kind, expected) in [
        (DrawKind::Energy, [None, Some(0.0)]),
        (DrawKind::Power, [None, Some(0.0)]),
        (DrawKind::Utilisation, [Some(0.0), Some(1.0)]),
    ] {
        let log = format!("{head}told\n1{row}0\n2{row}2\n");
        let (jobs, reader) = sacct(false, &draw(kind, "told"), &log);
        assert_eq!(loads(&jobs), expected, "{kind:?}");
        let unmeasured = expected.iter().filter(|load| load.is_none()).count() as u64;
        assert_eq!(reader.report().unmeasured.count, unmeasured, "{kind:?}");
        assert_eq!(reader.report().beyond, Rows { count: 1, first_line: 3 }, "{kind:?}");
    }
}

#[test]
fn draws_stand_beside_a_log() {
    let table = ["job,note,share", "7,\"a, b\",0.5", "8,,", "9,,0.25"];
    let share = draw(DrawKind::Utilisation, "share");
    let mut draws = DrawsReader::new(TextLayout::default(), "job", &share);
    for (number, line) in (1..).zip(table) {
        draws.read(number, line.as_bytes()).unwrap();
    }
    let twice = draws.read(5, b"9,,0.5").unwrap_err();
    assert_eq!(twice.to_string(), "line 5: a second row of job 9");
    let draws = draws.finish().unwrap();
    assert_eq!(draws.len(), 2);
    let mut reader = LogReader::of(&LogFormat::Swf, machine(false), None).beside(Arc::new(draws));
    let row = |job: u64| format!("{job} 0 -1 60 16 -1 -1 16 60 -1 1 1 1 1 1 1 -1 -1");
    let jobs: Vec<LogJob> =
        [9, 8, 7].into_iter().filter_map(|job| reader.read(row(job).as_bytes())).collect();
    assert_eq!(loads(&jobs), [Some(0.25), None, Some(0.5)]);
    assert_eq!(reader.report().unmeasured, Rows { count: 1, first_line: 2 });
}
