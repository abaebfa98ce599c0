//! Job logs as Slurm's accounting prints them: `sacct --parsable2` (`-P`), a header and a row for
//! each job and step, with `|` between the columns (Slurm documentation, `sacct`).

use std::collections::BTreeMap;

use super::log_row::Row;
use crate::tables::stamp::TimeForm;

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
    per_node: u32,
    names: Vec<String>,
    /// Users, numbered as they come.
    users: BTreeMap<String, u32>,
}

/// Seconds that Slurm allows no job: a limit that is none.
const NO_LIMIT_S: i64 = -1;

impl Sacct {
    pub(super) fn new(per_node: u32) -> Self {
        Self { per_node, names: Vec::new(), users: BTreeMap::new() }
    }

    /// The next line, without its break.
    pub(super) fn read(&mut self, text: &[u8]) -> Line {
        let Ok(text) = std::str::from_utf8(text) else { return Line::Job(None) };
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        if self.names.is_empty() {
            if !cells.iter().any(|name| name.starts_with("JobID")) {
                return Line::Job(None);
            }
            self.names = cells.iter().map(|name| (*name).to_owned()).collect();
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
        let instant = |name| Some(TimeForm::Iso.read(cell(name)?).ok()?.seconds);
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
        let gpus = ["AllocTRES", "ReqTRES"].into_iter().find_map(|name| gpus_of(cell(name)?));
        let of_nodes = nodes.unwrap_or(-1) * i64::from(self.per_node);
        let state = cell("State").unwrap_or_default();
        let status = match state.split_whitespace().next().unwrap_or_default() {
            "CANCELLED" | "PREEMPTED" | "REVOKED" => 5,
            "COMPLETED" => 1,
            "" => -1,
            _ => 0,
        };
        let requested = match cell("TimelimitRaw").and_then(|text| text.parse::<i64>().ok()) {
            Some(minutes) => minutes.saturating_mul(60),
            None => cell("Timelimit").and_then(seconds_of).unwrap_or(NO_LIMIT_S),
        };
        let user = cell("User").or(cell("UID")).map(str::to_owned);
        let known = self.users.len() as u32;
        let user = user.map(|user| *self.users.entry(user).or_insert(known));
        Some(Row {
            number,
            submit: nanos(submit),
            run: nanos(run),
            allocated_processors: of_nodes,
            requested_processors: gpus.unwrap_or(of_nodes),
            requested: nanos(requested),
            status,
            user,
            queue: None,
            is_long: false,
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

/// The GPUs in a list of trackable resources: `billing=8,cpu=64,gres/gpu=8,node=1`.
fn gpus_of(tres: &str) -> Option<i64> {
    let of_gpus = |part: &str| part.strip_prefix("gres/gpu=")?.parse::<i64>().ok();
    tres.split(',').find_map(of_gpus).filter(|gpus| *gpus > 0)
}
