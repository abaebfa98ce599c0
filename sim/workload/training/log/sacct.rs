//! Job logs as Slurm's accounting prints them: `sacct --parsable2` (`-P`), a header and a row for
//! each job and step, with `|` between the columns (Slurm documentation, `sacct`).

use super::LogMachine;
use super::draw::{DrawColumn, DrawKind, Told};
use super::row::{Row, Users};
use crate::tables::Column;
use crate::tables::stamp::TimeForm;
use crate::workload::gpu::Processor;

/// What a line holds.
pub(super) enum Line {
    /// The names of the columns.
    Header,
    /// A step of a job that has a row of its own.
    Step,
    /// A job; none where it cannot be read.
    Job(Option<Row>),
}

/// Reads the rows of `sacct`.
#[derive(Debug, Clone)]
pub(super) struct Sacct {
    machine: LogMachine,
    draw: Option<DrawColumn>,
    names: Vec<String>,
    /// Users, numbered as they come.
    users: Users,
}

/// Seconds that Slurm allows no job: a limit that is none.
const NO_LIMIT_S: i64 = -1;

impl Sacct {
    pub(super) fn new(machine: LogMachine, draw: Option<DrawColumn>) -> Self {
        Self { machine, draw, names: Vec::new(), users: Users::default() }
    }

    /// The next line, without its break.
    pub(super) fn read(&mut self, text: &[u8]) -> Line {
        let Ok(text) = std::str::from_utf8(text) else { return Line::Job(None) };
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        if self.names.is_empty() {
            if cells.len() < 2 || !cells.iter().any(|name| is_of_name(name, "JobID")) {
                return Line::Job(None);
            }
            // `sacct` writes them so; who writes them again may not.
            let known =
                |cell: &&str| KNOWN.into_iter().find(|name| name.eq_ignore_ascii_case(cell));
            self.names = cells.iter().map(|cell| known(cell).unwrap_or(cell).to_owned()).collect();
            return Line::Header;
        }
        let at = |name: &str| self.names.iter().position(|known| known == name);
        let cell = |name: &str| at(name).and_then(|index| cells.get(index)).copied();
        let id = cell("JobIDRaw").or(cell("JobID")).unwrap_or_default();
        if id.contains('.') {
            return Line::Step;
        }
        Line::Job(self.job(id, &cells))
    }

    fn job(&mut self, id: &str, cells: &[&str]) -> Option<Row> {
        let cell = |name: &str| {
            let index = self.names.iter().position(|known| known == name)?;
            cells.get(index).copied().filter(|text| !text.is_empty())
        };
        // Of an array (`101_7`) or a heterogeneous job (`101+1`) the number of the whole.
        let digits = id.split(['_', '+']).next()?;
        let number = digits.parse().ok()?;
        let nanos = |seconds: i64| seconds.saturating_mul(1_000_000_000);
        // With `SLURM_TIME_FORMAT=%s` times are seconds since 1970.
        let instant = |name| {
            let text = cell(name)?;
            let is_unix = text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit());
            let form = if is_unix { TimeForm::Unix(1) } else { TimeForm::Iso };
            Some(form.read(text).ok()?.seconds)
        };
        let submit = instant("Submit")?;
        // A job that has never started has `Unknown` or `None` here.
        let run =
            match (cell("ElapsedRaw").and_then(|text| text.parse::<i64>().ok()), cell("Elapsed")) {
                (Some(seconds), _) => seconds,
                (None, Some(elapsed)) => seconds_of(elapsed)?,
                (None, None) => match (instant("Start"), instant("End")) {
                    (Some(start), Some(end)) => end - start,
                    _ => -1,
                },
            };
        let nodes = ["AllocNodes", "NNodes", "ReqNodes"].into_iter().find_map(cell);
        let nodes: Option<i64> = nodes.and_then(|text| text.parse().ok());
        let of_nodes = nodes.unwrap_or(-1).saturating_mul(i64::from(self.machine.per_node));
        let of_tres = |what: &str| {
            ["AllocTRES", "ReqTRES"].into_iter().find_map(|name| count_of(what, cell(name)?))
        };
        let of_columns = ["AllocCPUS", "NCPUS", "ReqCPUS"].into_iter().find_map(cell);
        let of_columns = of_columns.and_then(|text| text.parse::<i64>().ok());
        let cpus = of_columns.filter(|cpus| *cpus > 0).or_else(|| of_tres("cpu="));
        let counted = match self.machine.processor {
            Processor::Gpu => of_tres("gres/gpu=").or_else(|| {
                ["AllocTRES", "ReqTRES"].into_iter().find_map(|name| typed_gpus(cell(name)?))
            }),
            Processor::Core => cpus,
        };
        // Several nodes are whole ones, however few processors it has of each; but where nodes of GPUs
        // are not shared, GPUs alone say how many.
        let rounds_to_nodes = self.machine.is_shared || self.machine.processor == Processor::Core;
        let counted = match counted {
            Some(counted) if rounds_to_nodes && nodes > Some(1) => Some(counted.max(of_nodes)),
            counted => counted,
        };
        let status = status_of(cell("State").unwrap_or_default());
        let told = self.draw.as_ref().and_then(|draw| {
            let text = cell(&draw.column.name)?;
            if draw.kind == DrawKind::CpuTime {
                let available = run.checked_mul(cpus?).filter(|seconds| *seconds > 0)?;
                return Some(Told::Share(cpu_seconds(text)? / available as f64));
            }
            let Column { factor, offset, .. } = draw.column;
            draw.kind.told(text.parse::<f64>().ok()? * factor + offset)
        });
        let requested = match cell("TimelimitRaw").and_then(|text| text.parse::<i64>().ok()) {
            Some(minutes) => minutes.saturating_mul(60),
            None => cell("Timelimit").and_then(seconds_of).unwrap_or(NO_LIMIT_S),
        };
        let user = cell("User").or(cell("UID")).map(|user| self.users.number(user));
        Some(Row {
            number,
            submit: nanos(submit),
            run: nanos(run),
            allocated_processors: of_nodes,
            requested_processors: counted.unwrap_or(of_nodes),
            requested: nanos(requested),
            status,
            user,
            queue: None,
            is_long: false,
            overfills: of_nodes > 0 && counted.is_some_and(|counted| counted > of_nodes),
            exclusive: false,
            told,
        })
    }
}

/// Seconds of `days-hours:minutes:seconds`, `hours:minutes:seconds` or `minutes:seconds`.
fn seconds_of(text: &str) -> Option<i64> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (days.parse::<i64>().ok()?, clock),
        None => (0, text),
    };
    let mut seconds = 0;
    for part in clock.split('.').next()?.split(':') {
        seconds =
            seconds * 60 + part.parse::<i64>().ok().filter(|part| (0..=9999).contains(part))?;
    }
    days.checked_mul(86_400)?.checked_add(seconds)
}

/// The same with decimals, as of time that processors were used: `05:10.123`.
fn cpu_seconds(text: &str) -> Option<f64> {
    let part = text.split_once('.').map_or(Some(0.0), |(_, part)| format!("0.{part}").parse().ok());
    Some(seconds_of(text)? as f64 + part?)
}

/// How a job ended, by the first word of its state, as the status of the Standard Workload Format.
pub(super) fn status_of(state: &str) -> i64 {
    match state.split_whitespace().next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "CANCELLED" | "PREEMPTED" | "REVOKED" => 5,
        "COMPLETED" => 1,
        "" => -1,
        _ => 0,
    }
}

/// Columns that are read by name.
const KNOWN: [&str; 22] = [
    "JobID",
    "JobIDRaw",
    "Submit",
    "Start",
    "End",
    "Elapsed",
    "ElapsedRaw",
    "AllocNodes",
    "NNodes",
    "ReqNodes",
    "AllocTRES",
    "ReqTRES",
    "AllocCPUS",
    "NCPUS",
    "ReqCPUS",
    "State",
    "Timelimit",
    "TimelimitRaw",
    "User",
    "UID",
    "TotalCPU",
    "ConsumedEnergyRaw",
];

/// Whether a name begins with `start`, in letters of any case.
fn is_of_name(name: &str, start: &str) -> bool {
    name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// How many of `what` are in a list of trackable resources: `billing=8,cpu=64,gres/gpu=8,node=1`.
fn count_of(what: &str, tres: &str) -> Option<i64> {
    let count = |part: &str| part.strip_prefix(what)?.parse::<i64>().ok();
    tres.split(',').find_map(count).filter(|count| *count > 0)
}

/// The GPUs in a list that names their types alone: `gres/gpu:h100=8`.
fn typed_gpus(tres: &str) -> Option<i64> {
    let count = |part: &str| part.strip_prefix("gres/gpu:")?.split_once('=')?.1.parse::<i64>().ok();
    let counts = tres.split(',').filter_map(count);
    Some(counts.fold(0, i64::saturating_add)).filter(|count| *count > 0)
}
