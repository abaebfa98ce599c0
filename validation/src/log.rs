//! `log SCENARIO --days N`: writes the jobs that a scenario draws by chance as a log in the
//! Standard Workload Format, to be played in other simulators or here.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use loadbank::facility::WorkDesign;
use loadbank::kernel::{Span, Streams, Time};
use loadbank::scenario::read_scenario;
use loadbank::workload::training::{JobEnd, Request};

const USAGE: &str = "usage: validation log SCENARIO [--days N]";

/// Runs the command with the arguments that follow its name.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let usage = || USAGE.to_owned();
    let (mut file, mut days) = (None, 7);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--days" => {
                let count = arguments.next().and_then(|n| n.parse().ok());
                days = count.filter(|&n| (1..=3650).contains(&n)).ok_or_else(usage)?;
            }
            _ if argument.starts_with('-') || file.is_some() => return Err(usage()),
            _ => file = Some(argument),
        }
    }
    let file = file.ok_or_else(usage)?;
    let reading = read_scenario(Path::new(&file), &[]);
    let said = reading.diagnostics.render(&reading.files, false);
    let design = reading.loaded.ok_or(said)?.design;
    let training = design.works.iter().find_map(|work| match &work.design {
        WorkDesign::Training { design, rack, .. } => Some((&work.name, design, rack)),
        _ => None,
    });
    let (name, training, rack) =
        training.ok_or_else(|| format!("{file}: no training workload, so no jobs"))?;
    let end = Time::ZERO + Span::from_hours(24 * days);
    let arrivals = training.arrivals(name, &Streams::new(design.seed, 0));
    let jobs = arrivals.take_while(|(at, request)| *at < end && request.work_s.is_finite());
    let gpus = rack.gpus_per_node;
    let mut out = BufWriter::new(io::stdout().lock());
    let written =
        write_header(&mut out, &file, name, design.seed, training.nodes, gpus).and_then(|()| {
            for (number, (at, request)) in (1..).zip(jobs) {
                write_job(&mut out, number, at, request, gpus)?;
            }
            out.flush()
        });
    written.map_err(|error| format!("standard output: {error}"))
}

fn write_header(
    out: &mut impl Write,
    file: &str,
    workload: &str,
    seed: u64,
    nodes: usize,
    gpus: usize,
) -> io::Result<()> {
    let file = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
    writeln!(out, "; Version: 2.2")?;
    writeln!(out, "; Computer: none, SYNTHETIC: jobs drawn by loadbank")?;
    writeln!(out, "; Note: workload `{workload}` of `{file}` with seed {seed}")?;
    writeln!(out, "; MaxNodes: {nodes}")?;
    writeln!(out, "; MaxProcs: {}", nodes * gpus)
}

/// The 18 columns; whole seconds, a job lasts at least one.
fn write_job(
    out: &mut impl Write,
    number: u64,
    at: Time,
    request: Request,
    gpus: usize,
) -> io::Result<()> {
    let submit = at.as_nanos() / 1_000_000_000;
    let run = request.work_s.round().max(1.0);
    let asked = request.asked_s.ceil().max(run);
    let processors = request.nodes * gpus;
    let status = match request.end {
        JobEnd::Completed => 1,
        JobEnd::Failed => 0,
        JobEnd::Cancelled => 5,
    };
    let Request { account, tier, .. } = request;
    writeln!(
        out,
        "{number} {submit} -1 {run} {processors} -1 -1 {processors} {asked} -1 {status} {account} \
         -1 -1 {tier} -1 -1 -1"
    )
}
