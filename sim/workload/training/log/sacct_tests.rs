//! Logs of Slurm's accounting.

use super::{JobEnd, LogFormat, LogMachine, LogReader, NodePower, Rows};
use crate::workload::gpu::Processor;

fn of_sacct(processors: u64, per_node: u32) -> LogReader {
    on((Processor::Gpu, false), processors, per_node)
}

fn on((processor, is_shared): (Processor, bool), processors: u64, per_node: u32) -> LogReader {
    let power = NodePower { idle_w: 1000.0, full_w: 9000.0 };
    let machine = LogMachine { processors, processor, per_node, is_shared, power };
    LogReader::of(&LogFormat::Sacct, machine, None)
}

#[test]
fn jobs_are_read_and_steps_left_out() {
    let text = "JobID|Submit|Start|End|NNodes|ReqTRES|Timelimit|State|User\n\
        101|2026-06-01T00:00:05|2026-06-01T00:01:00|2026-06-01T02:01:00|1|gres/gpu=8|04:00:00|COMPLETED|u1\n\
        101.batch|2026-06-01T00:01:00|2026-06-01T00:01:00|2026-06-01T02:01:00|1|||COMPLETED|\n\
        102|2026-06-01T00:10:05|Unknown|Unknown|2||1-00:00:00|CANCELLED by 12|u2\n\
        103_4|2026-06-01T00:20:05|2026-06-01T01:00:00|2026-06-01T01:30:00|2||UNLIMITED|TIMEOUT|u1\n";
    let mut reader = of_sacct(32, 8);
    let jobs: Vec<_> = text.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
    assert_eq!(jobs.len(), 2);
    assert_eq!((jobs[0].number, jobs[0].processors, jobs[0].end), (101, 8, JobEnd::Completed));
    assert_eq!(jobs[0].run.as_secs_f64(), 7200.0);
    assert_eq!(jobs[0].requested.as_secs_f64(), 14_400.0);
    // Two nodes of eight, half an hour, without a limit of its own.
    assert_eq!((jobs[1].number, jobs[1].processors, jobs[1].end), (103, 16, JobEnd::Failed));
    assert_eq!(jobs[1].requested, jobs[1].run);
    assert_eq!((jobs[1].submit - jobs[0].submit).as_secs_f64(), 1200.0);
    assert_eq!(jobs[0].user, jobs[1].user);
    let report = reader.report();
    assert_eq!((report.partial.first_line, report.without_time.first_line), (3, 4));
}

#[test]
fn hostile_rows_are_counted() {
    let mut reader = of_sacct(32, 8);
    let rows: [&[u8]; 5] = [
        b"no header",
        b"JobID|Submit|Elapsed|NNodes",
        b"x|2026-06-01T00:00:05|1:00|1",
        b"1|2026-06-01T00:00:05|99999999999999999999-00:00:00|1",
        b"2|2026-06-01T00:00:05|01:00|99999999999",
    ];
    let jobs = rows.iter().filter_map(|row| reader.read(row)).count();
    assert_eq!((jobs, reader.report().malformed.count), (0, 3));
    assert_eq!(reader.report().too_wide.count, 1);
}

/// Names in other letters, times in seconds since 1970 (`SLURM_TIME_FORMAT=%s`), GPUs by their type.
#[test]
fn other_spellings_of_sacct_are_read() {
    let text = "jobid|submit|elapsed|nnodes|alloctres\n\
        7|1780272005|01:00:00|1|billing=4,gres/gpu:h100=3,gres/gpu:a100=1\n";
    let mut reader = of_sacct(32, 8);
    let jobs: Vec<_> = text.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].number, jobs[0].processors), (7, 4));
    assert_eq!(jobs[0].submit.as_nanos(), 1_780_272_005_000_000_000);
    // Columns of fixed width are none: `-P` separates them.
    let mut reader = of_sacct(32, 8);
    for line in
        ["JobID        Submit              NNodes", "7            2026-06-01T00:00:05      1"]
    {
        assert!(reader.read(line.as_bytes()).is_none());
    }
    assert_eq!(reader.report().malformed.count, 2);
}

/// Slurm counts hardware threads where its nodes are set up so: 128 on the one node of 64 cores that the
/// job had. They are two nodes unless the scenario says how many threads a node has.
#[test]
fn more_processors_than_its_nodes_have_are_doubted() {
    let text = "JobID|Submit|Elapsed|NNodes|AllocCPUS\n\
        1|2026-06-01T00:00:00|01:00:00|1|64\n\
        2|2026-06-01T00:00:00|01:00:00|1|128\n\
        3|2026-06-01T00:00:00|01:00:00|2|256\n\
        4|2026-06-01T00:00:00|01:00:00||128\n";
    for (per_node, nodes, overfull) in
        [(64, [1, 2, 4, 2], Rows { count: 2, first_line: 3 }), (128, [1, 1, 2, 1], Rows::default())]
    {
        let mut reader = on((Processor::Core, false), 1024, per_node);
        let jobs = text.lines().filter_map(|line| reader.read(line.as_bytes()));
        let got: Vec<u32> = jobs.map(|job| job.processors.div_ceil(per_node)).collect();
        assert_eq!((got, reader.report().overfull), (nodes.to_vec(), overfull), "{per_node}");
    }
}

/// A job with four GPUs on each of two nodes of eight has both of them where others could have the rest;
/// where nodes are not shared, its eight GPUs are one node. Cores on two nodes always are two.
#[test]
fn processors_on_several_nodes_are_rounded_to_them() {
    let text = "JobID|Submit|Elapsed|NNodes|AllocTRES\n\
        1|2026-06-01T00:00:00|01:00:00|2|cpu=8,gres/gpu=8\n";
    for (machine, processors) in [
        ((Processor::Gpu, true), 16),
        ((Processor::Gpu, false), 8),
        ((Processor::Core, true), 16),
        ((Processor::Core, false), 16),
    ] {
        let mut reader = on(machine, 32, 8);
        let jobs: Vec<_> = text.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
        assert_eq!(jobs[0].processors, processors, "{machine:?}");
    }
}
