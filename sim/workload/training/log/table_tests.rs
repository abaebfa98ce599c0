//! Job logs as tables.

use super::{
    JobEnd, JobTable, LogFormat, LogJob, LogMachine, LogReader, NodePower, RunTime, Width,
};
use crate::kernel::Span;
use crate::tables::{Column, TableLayout};
use crate::workload::gpu::Processor;

fn read(table: JobTable, text: &str) -> (Vec<LogJob>, LogReader) {
    let power = NodePower { idle_w: 100.0, full_w: 300.0 };
    let (processor, is_shared) = (Processor::Gpu, true);
    let machine = LogMachine { processors: 32, processor, per_node: 8, is_shared, power };
    let mut reader = LogReader::of(&LogFormat::Table(Box::new(table)), machine, None);
    let jobs = text.lines().filter_map(|line| reader.read(line.as_bytes())).collect();
    (jobs, reader)
}

fn table(width: Width) -> JobTable {
    JobTable {
        layout: TableLayout::default(),
        run: RunTime::Between { start: "began".to_owned(), end: "ended".to_owned() },
        width,
        requested: Some(Column { factor: 60.0, ..Column::plain("limit") }),
        job: Some("id".to_owned()),
        user: Some("who".to_owned()),
        state: Some("state".to_owned()),
        exclusive: Some("alone".to_owned()),
    }
}

#[test]
fn columns_are_found_by_name_and_quotes_hold_commas() {
    let text = "submitted,id,who,began,ended,gpus,limit,state,alone\n\
        2026-06-01T00:00:00Z,12,\"Doe, J.\",2026-06-01T00:05:00Z,2026-06-01T01:05:00Z,2,90,COMPLETED,no\n\
        2026-06-01T00:01:00Z,13,u,2026-06-01T00:05:00Z,2026-06-01T00:05:30Z,2,,failed,Yes\n\
        2026-06-01T00:02:00Z,14,u,,,2,90,PENDING,\n\
        2026-06-01T00:03:00Z,15,u,2026-06-01T00:05:00Z,2026-06-01T00:06:00Z,,90,COMPLETED,\n";
    let (jobs, reader) = read(table(Width::Processors("gpus".to_owned())), text);
    let told = |job: &LogJob| (job.number, job.processors, job.end, job.exclusive);
    assert_eq!(
        jobs.iter().map(told).collect::<Vec<_>>(),
        [(12, 2, JobEnd::Completed, false), (13, 2, JobEnd::Failed, true)]
    );
    assert_eq!(jobs[0].run, Span::from_secs(3600));
    assert_eq!(jobs[0].requested, Span::from_secs(5400));
    assert_eq!(jobs[1].requested, jobs[1].run, "what it ran, where nothing is written");
    assert_eq!(jobs[1].submit - jobs[0].submit, Span::from_secs(60));
    assert_ne!(jobs[0].user, jobs[1].user);
    let report = reader.report();
    assert_eq!((report.without_time.first_line, report.without_processors.first_line), (4, 5));
    assert_eq!(reader.wrong(), None);
}

#[test]
fn nodes_are_as_many_processors() {
    let text = "submitted,id,who,began,ended,n,limit,state,alone\n\
        2026-06-01T00:00:00Z,1,u,2026-06-01T00:00:00Z,2026-06-01T00:01:00Z,2,,,\n";
    let (jobs, _) = read(table(Width::Nodes("n".to_owned())), text);
    assert_eq!(jobs[0].processors, 16);
}

/// What is wrong with a header is said with the columns that there are.
#[test]
fn a_column_that_is_not_there_is_named() {
    let text = "submitted,id\n2026-06-01T00:00:00Z,1\n";
    let (jobs, reader) = read(table(Width::Nodes("n".to_owned())), text);
    assert_eq!(jobs, []);
    let wrong = reader.wrong().expect("no such column");
    assert_eq!(wrong.to_string(), "line 1: no column `n`; columns: `submitted`, `id`");
}
