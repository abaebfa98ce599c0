//! `replay FILE --policy POLICY --processors N`: plays a job log on a bare machine and prints
//! when each job starts, to be held against other schedulers job by job. The machine is that of
//! the log's header by default.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::time::Instant;

use flate2::bufread::MultiGzDecoder;
use loadbank::kernel::Span;
use loadbank::workload::training::{LogJob, LogReader, Policy, replay};

const USAGE: &str = "usage: validation replay FILE [--processors N] [--policy \
                     fcfs|easy|conservative|shortest-first|longest-first]";

/// Runs the command with the arguments that follow its name.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let began = Instant::now();
    let Arguments { file, processors, policy } = Arguments::read(arguments)?;
    let failed = |error: io::Error| format!("{file}: {error}");
    let processors =
        match processors {
            Some(processors) => processors,
            None => header_processors(open(&file).map_err(failed)?).map_err(failed)?.ok_or_else(
                || format!("{file}: no `; MaxProcs:` in the header; say `--processors N`"),
            )?,
        };
    let mut log = Log {
        input: open(&file).map_err(failed)?,
        reader: LogReader::new(u64::from(processors)),
        line: Vec::new(),
        failure: None,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut jobs, mut wait_s) = (0_u64, 0.0);
    let mut row = String::new();
    let mut written = writeln!(out, "job,submit_s,start_s,wait_s,run_s,processors");
    for started in replay(&mut log, processors, policy) {
        jobs += 1;
        wait_s += started.wait().as_secs_f64();
        let job = started.job;
        let nanos = [job.submit.as_nanos(), started.start.as_nanos()].map(Span::from_nanos);
        row.clear();
        let _ = write!(row, "{}", job.number);
        for span in [nanos[0], nanos[1], started.wait(), job.run] {
            row.push(',');
            push_seconds(&mut row, span);
        }
        let _ = writeln!(row, ",{}", job.processors);
        written = written.and_then(|()| out.write_all(row.as_bytes()));
        if written.is_err() {
            break;
        }
    }
    written.and_then(|()| out.flush()).map_err(|error| format!("standard output: {error}"))?;
    if let Some(error) = log.failure {
        return Err(failed(error));
    }
    let took_s = began.elapsed().as_secs_f64();
    let rate = jobs as f64 / took_s;
    let mean_s = if jobs > 0 { wait_s / jobs as f64 } else { 0.0 };
    eprint_line(&format!(
        "{file}: {}\n{policy:?} on {processors} processors: mean wait {mean_s:.1} s; {took_s:.3} s, \
         {rate:.0} jobs/s with reading and printing",
        log.reader.report()
    ));
    Ok(())
}

struct Arguments {
    file: String,
    processors: Option<u32>,
    policy: Policy,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let usage = || USAGE.to_owned();
        let (mut file, mut processors, mut policy) = (None, None, Policy::Fcfs);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--processors" => {
                    let count = arguments.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
                    processors = Some(count.ok_or_else(usage)?);
                }
                "--policy" => {
                    policy = match arguments.next().as_deref() {
                        Some("fcfs") => Policy::Fcfs,
                        Some("easy") => Policy::Easy,
                        Some("conservative") => Policy::Conservative,
                        Some("shortest-first") => Policy::ShortestFirst,
                        Some("longest-first") => Policy::LongestFirst,
                        _ => return Err(usage()),
                    };
                }
                _ if argument.starts_with('-') || file.is_some() => return Err(usage()),
                _ => file = Some(argument),
            }
        }
        let file = file.ok_or_else(usage)?;
        Ok(Self { file, processors, policy })
    }
}

/// Processors of the machine by the comments before the first job.
fn header_processors(mut input: impl BufRead) -> io::Result<Option<u32>> {
    let mut reader = LogReader::new(u64::MAX);
    let mut line = Vec::new();
    while read_line(&mut input, &mut line)? && reader.read(&line).is_none() {}
    Ok(reader.header().max_procs.and_then(|procs| u32::try_from(procs).ok()).filter(|&p| p > 0))
}

/// Reads a line into `line`, of which what is too long for a job is cut off; whether there was
/// one.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    const LONGEST: u64 = 1 << 16;
    line.clear();
    let mut count = input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    let any = count > 0;
    let mut rest = Vec::new();
    while count as u64 == LONGEST && line.last() != Some(&b'\n') && rest.last() != Some(&b'\n') {
        rest.clear();
        count = input.by_ref().take(LONGEST).read_until(b'\n', &mut rest)?;
    }
    Ok(any)
}

/// The text of a file, decompressed where its name ends in `.gz`.
fn open(file: &str) -> io::Result<Box<dyn BufRead>> {
    let input = BufReader::with_capacity(1 << 16, File::open(file)?);
    if file.ends_with(".gz") {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input))));
    }
    Ok(Box::new(input))
}

/// The jobs of a log, read as they are needed.
struct Log {
    input: Box<dyn BufRead>,
    reader: LogReader,
    line: Vec<u8>,
    failure: Option<io::Error>,
}

impl Iterator for Log {
    type Item = LogJob;

    fn next(&mut self) -> Option<LogJob> {
        loop {
            match read_line(&mut self.input, &mut self.line) {
                Ok(false) => return None,
                Ok(true) => {
                    if let Some(job) = self.reader.read(&self.line) {
                        return Some(job);
                    }
                }
                Err(error) => {
                    self.failure = Some(error);
                    return None;
                }
            }
        }
    }
}

/// Whole seconds as such, others with their decimals.
fn push_seconds(text: &mut String, span: Span) {
    let (seconds, nanos) = (span.as_nanos() / 1_000_000_000, span.as_nanos() % 1_000_000_000);
    let _ = write!(text, "{seconds}");
    if nanos > 0 {
        let decimals = format!("{nanos:09}");
        let _ = write!(text, ".{}", decimals.trim_end_matches('0'));
    }
}

#[allow(clippy::print_stderr)] // figures about the run, apart from its result
fn eprint_line(text: &str) {
    eprintln!("{text}");
}
