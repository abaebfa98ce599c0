//! Writing a run while it goes on: the observer that fills the run folder.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::folder::Folder;
use super::intervals::IntervalLog;
use super::lapses;
use super::latency;
use super::meter;
use super::table::{
    Cell, Column, Columns, Format, Kind, NANOSECONDS, Table, Tables, count, real, text,
};
use super::told;
use crate::facility::{
    Design, DisturbanceRow, Facility, IncidentRow, LoadRow, Observer, Outcome, Record, StateRow,
    Subject, WorkDesign,
};
use crate::kernel::Time;
use crate::money::{Interval, Lapse};
use crate::scenario::{Input, Origin};
use crate::workload::inference::{InferenceInterval, Note, Noting};
use crate::workload::training::JobRecord;

/// Where a run came from: enough to repeat it.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// Version of loadbank.
    pub version: &'static str,
    /// How the run ended: `complete`, `partial` or `unbalanced`.
    pub status: Status,
    /// The scenario file as named on the command line.
    pub scenario: PathBuf,
    /// SHA-256 of the effective scenario, with its input files.
    pub scenario_sha256: String,
    /// Changes from the command line.
    pub sets: Vec<String>,
    /// Files that the scenario read, with their SHA-256.
    pub inputs: Vec<Input>,
    /// Seed of all random streams.
    pub seed: u64,
    /// Which replication under that seed.
    pub replication: u64,
    /// Days at the start whose figures do not count.
    #[serde(skip_serializing_if = "is_nothing")]
    pub warm_up_days: f64,
    /// Threads that the run used; its results do not depend on them.
    pub threads: usize,
    /// When the run was started, UTC.
    pub started: jiff::Timestamp,
    /// How long it took.
    pub wall_s: f64,
}

fn is_nothing(days: &f64) -> bool {
    *days == 0.0
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At the end of its duration.
    Complete,
    /// Interrupted before.
    Partial,
    /// A book did not balance: the figures are not to be trusted.
    Unbalanced,
}

/// What the folder of a run is made for.
pub struct Setup<'a> {
    /// Where the folder will be.
    pub target: &'a Path,
    /// The columns of the time series.
    pub columns: &'a [String],
    /// Formats of the tables.
    pub formats: &'a [Format],
    /// As [`Manifest::scenario_sha256`].
    pub scenario_sha256: &'a str,
    /// As [`Manifest::replication`].
    pub replication: u64,
    /// Where the values of the scenario come from.
    pub origins: &'a [Origin],
    /// Who is told how the run grows.
    pub watcher: Option<Box<dyn Watcher>>,
}

impl std::fmt::Debug for Setup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("target", &self.target).finish_non_exhaustive()
    }
}

/// Is told how a run grows, at the ends of intervals of its time series.
pub trait Watcher: Send {
    /// Whether to be told now.
    fn is_due(&mut self) -> bool;

    /// `outcome` gives what the run has come to so far; these are the rows of its tables since the last time.
    fn grew(&mut self, outcome: &mut dyn FnMut() -> Outcome, rows: Rows);
}

/// Rows of the tables that the page of a run is drawn from: whole intervals, whole incidents.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Of `timeseries`.
    pub series: Columns,
    /// Of `events`.
    pub events: Columns,
    /// Of `incidents`.
    pub incidents: Columns,
    /// Of `states`.
    pub states: Columns,
    /// Of `loads`.
    pub loads: Columns,
    /// Of `origins`, which are all there from the start.
    pub origins: Columns,
}

/// Asked at every instant whether to go on; shows progress on the way.
pub type Proceed<'a> = Box<dyn FnMut(Time) -> ControlFlow<()> + Send + 'a>;

/// Fills the folder of a run.
pub struct RunWriter<'a> {
    design: &'a Design,
    folder: Folder,
    series: Table,
    events: Table,
    jobs: Table,
    loads: Table,
    states: Table,
    incidents: Table,
    /// None where nothing tells what voltages do.
    disturbances: Option<Table>,
    /// None where no request is written down.
    requests: Option<Table>,
    /// What a finished run is priced by.
    meter: Table,
    lapses: Table,
    /// The figures by month.
    months: Table,
    /// None where no service is.
    latencies: Option<IntervalLog>,
    watcher: Option<Box<dyn Watcher>>,
    /// Rows of `origins` that the watcher has not been told.
    origins: Columns,
    failure: Option<io::Error>,
    proceed: Proceed<'a>,
    row: Vec<Cell>,
}

impl std::fmt::Debug for RunWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunWriter").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl<'a> RunWriter<'a> {
    /// Starts the folder of a run of `design`.
    ///
    /// # Errors
    ///
    /// When the folder or a table cannot be created.
    pub fn create(design: &'a Design, setup: Setup<'_>, proceed: Proceed<'a>) -> io::Result<Self> {
        let folder = Folder::create(setup.target)?;
        let tables = Tables {
            folder: folder.path(),
            formats: setup.formats,
            origin: vec![
                ("scenario", design.name.clone()),
                ("scenario_sha256", setup.scenario_sha256.to_owned()),
                ("seed", design.seed.to_string()),
                ("replication", setup.replication.to_string()),
            ],
        };
        // What a page is drawn from is kept for who watches.
        let watched = |stem: &str, columns: Vec<Column>| {
            let table = tables.create(stem, columns)?;
            Ok::<_, io::Error>(if setup.watcher.is_some() { table.keeping() } else { table })
        };
        let of_meter = Tables { formats: &[Format::Csv], ..tables.clone() };
        let time = |name: &str| Column::new(name, Kind::Time(NANOSECONDS));
        let decimals = decimals_of_intervals(design);

        let mut series = vec![Column::new("start_utc", Kind::Time(decimals))];
        series.extend(setup.columns.iter().map(|name| real(&design.currency.key(name))));
        let events = vec![time("at_utc"), text("event"), text("subject"), count("count")];
        let mut jobs = vec![
            text("workload"),
            count("job"),
            time("submit_utc"),
            time("start_utc"),
            time("end_utc"),
            real("wait_s"),
            real("bounded_slowdown"),
            count("nodes"),
            text("tier"),
            count("attempts"),
            count("interruptions"),
            real("work_s"),
        ];
        jobs.extend(JobRecord::GPU_HOURS.iter().map(|kind| real(&format!("{kind}_gpu_h"))));
        jobs.extend([real("held_gpu_h"), real("energy_kwh"), text("reason")]);
        let requests = vec![
            text("workload"),
            text("class"),
            time("arrival_utc"),
            time("end_utc"),
            text("fate"),
            count("stands_for"),
            count("prompt_tokens"),
            count("output_tokens"),
            real("queue_s"),
            real("ttft_s"),
            real("tpot_s"),
            real("e2e_s"),
        ];
        let months = vec![
            text("month"),
            Column::new("start_utc", Kind::Time(decimals)),
            real("days"),
            text("figure"),
            text("subject"),
            text("unit"),
            real("value"),
            text("address"),
        ];
        told::write_graph(&tables, &design.graph())?;
        let mut origins = watched("origins", told::origin_columns())?;
        setup.origins.iter().try_for_each(|origin| origins.push(&told::origin_row(origin)))?;
        let rows_of_origins = origins.take_kept();
        origins.finish()?;
        Ok(Self {
            design,
            requests: match design.noting {
                Noting::None => None,
                _ => Some(tables.create("requests", requests)?),
            },
            series: watched("timeseries", series)?,
            events: watched("events", events)?,
            jobs: tables.create("jobs", jobs)?,
            states: watched("states", told::state_columns())?,
            incidents: watched("incidents", told::incident_columns())?,
            disturbances: match design.has_reserve() {
                true => Some(tables.create("disturbances", told::disturbance_columns())?),
                false => None,
            },
            loads: watched("loads", told::load_columns(decimals))?,
            latencies: match design
                .works
                .iter()
                .any(|w| matches!(w.design, WorkDesign::Inference { .. }))
            {
                true => Some(IntervalLog::create(
                    &folder.path().join("latency.hlog"),
                    design.clock.timestamp(Time::ZERO),
                )?),
                false => None,
            },
            meter: of_meter.create(meter::STEM, meter::columns(decimals, design))?,
            lapses: of_meter.create(lapses::STEM, lapses::columns())?,
            months: tables.create("months", months)?,
            watcher: setup.watcher,
            origins: rows_of_origins,
            folder,
            failure: None,
            proceed,
            row: Vec::new(),
        })
    }

    /// Where the files are until the run has ended.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the rest and renames the folder into place; returns where it is.
    ///
    /// # Errors
    ///
    /// When anything could not be written, also earlier in the run. Nothing is left behind.
    pub fn finish(
        mut self,
        facility: &mut Facility<'_>,
        outcome: &Outcome,
        manifest: &Manifest,
        effective_scenario: &str,
    ) -> io::Result<PathBuf> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.series.finish()?;
        self.events.finish()?;
        self.jobs.finish()?;
        self.meter.finish()?;
        self.lapses.finish()?;
        write_months(&mut self.months, outcome)?;
        self.months.finish()?;
        self.loads.finish()?;
        self.states.finish()?;
        self.incidents.finish()?;
        self.disturbances.take().map_or(Ok(()), Table::finish)?;
        self.requests.take().map_or(Ok(()), Table::finish)?;
        self.folder.write("summary.json", super::json::summary(outcome).as_bytes())?;
        self.folder.write("manifest.json", &json(manifest)?)?;
        self.folder.write("scenario.yaml", effective_scenario.as_bytes())?;
        self.latencies.take().map_or(Ok(()), IntervalLog::finish)?;
        // A histogram without records has no percentiles.
        for (name, histogram) in facility.latencies().iter().filter(|(_, h)| !h.is_empty()) {
            let file = format!("latency-{}.hgrm", name.replace('/', "-"));
            self.folder.write(&file, latency::percentile_table(histogram).as_bytes())?;
        }
        // Made from what is written, as `loadbank report` makes it later.
        super::html::write_report(self.folder.path()).map_err(io::Error::other)?;
        self.folder.publish()
    }

    /// The name of a tier of `workload`; empty where that has none.
    fn tier(&self, workload: &str, tier: u16) -> String {
        let work = self.design.works.iter().find(|work| work.name == workload);
        let name = work.and_then(|work| match &work.design {
            WorkDesign::Training { design, .. } => Some(design.tier_name(tier)),
            _ => None,
        });
        name.unwrap_or_default().to_owned()
    }

    fn push(&mut self, which: fn(&mut Self) -> &mut Table, row: Vec<Cell>) {
        if self.failure.is_none() {
            self.failure = which(self).push(&row).err();
        }
        self.row = row;
        self.row.clear();
    }
}

impl Observer for RunWriter<'_> {
    fn served(&mut self, from: Time, to: Time, workload: &str, interval: &InferenceInterval) {
        let Some(log) = &mut self.latencies else { return };
        let written = log.served((from, to), workload, interval);
        self.failure = self.failure.take().or(written.err());
    }

    fn interval(&mut self, start: Time, values: &[f64]) {
        tracing::trace!(%start, "interval");
        if let Some(log) = &mut self.latencies {
            let written = log.close_interval();
            self.failure = self.failure.take().or(written.err());
        }
        let mut row = std::mem::take(&mut self.row);
        row.push(Cell::Time(self.design.clock.timestamp(start)));
        row.extend(
            values.iter().map(
                |value| {
                    if value.is_finite() { Cell::Real(*value) } else { Cell::Missing }
                },
            ),
        );
        self.push(|writer| &mut writer.series, row);
    }

    fn load(&mut self, start: Time, row: &LoadRow<'_>) {
        let mut cells = std::mem::take(&mut self.row);
        told::load_row(self.design.clock.timestamp(start), row, &mut cells);
        self.push(|writer| &mut writer.loads, cells);
    }

    fn state(&mut self, row: &StateRow<'_>) {
        let mut cells = std::mem::take(&mut self.row);
        told::state_row(row, &mut cells);
        self.push(|writer| &mut writer.states, cells);
    }

    fn incident(&mut self, row: &IncidentRow<'_>) {
        let mut cells = std::mem::take(&mut self.row);
        told::incident_row(row, |at| self.design.clock.timestamp(at), &mut cells);
        self.push(|writer| &mut writer.incidents, cells);
    }

    fn disturbance(&mut self, row: &DisturbanceRow<'_>) {
        let mut cells = std::mem::take(&mut self.row);
        told::disturbance_row(row, |at| self.design.clock.timestamp(at), &mut cells);
        self.push(
            |writer| writer.disturbances.as_mut().expect("where disturbances are told"),
            cells,
        );
    }

    fn lapse(&mut self, lapse: &Lapse) {
        self.push(|writer| &mut writer.lapses, lapses::row(lapse));
    }

    fn metered(&mut self, interval: &Interval) {
        self.push(|writer| &mut writer.meter, meter::row(interval));
    }

    fn so_far(&mut self, outcome: &mut dyn FnMut() -> Outcome) {
        let Some(watcher) = &mut self.watcher else { return };
        if !watcher.is_due() {
            return;
        }
        let rows = Rows {
            series: self.series.take_kept(),
            events: self.events.take_kept(),
            incidents: self.incidents.take_kept(),
            states: self.states.take_kept(),
            loads: self.loads.take_kept(),
            origins: std::mem::take(&mut self.origins),
        };
        watcher.grew(outcome, rows);
    }

    fn record(&mut self, record: &Record<'_>) {
        let Record { at, what, subject, count } = record;
        tracing::debug!(%at, subject, count, "{}", what.name());
        if let Some(log) = &mut self.latencies {
            log.record(record);
        }
        let mut row = std::mem::take(&mut self.row);
        row.extend([
            Cell::Time(self.design.clock.timestamp(record.at)),
            Cell::Text(record.what.name().to_owned()),
            Cell::Text(record.subject.to_owned()),
            Cell::Count(u64::from(record.count)),
        ]);
        self.push(|writer| &mut writer.events, row);
    }

    fn job(&mut self, workload: &str, job: &JobRecord) {
        let mut row = std::mem::take(&mut self.row);
        row.extend([
            Cell::Text(workload.to_owned()),
            Cell::Count(job.id),
            Cell::Time(self.design.clock.timestamp(job.submit)),
            Cell::Time(self.design.clock.timestamp(job.start)),
            Cell::Time(self.design.clock.timestamp(job.end)),
            Cell::Real(job.wait_s()),
            Cell::Real(job.bounded_slowdown()),
            Cell::Count(job.nodes as u64),
            Cell::Text(self.tier(workload, job.tier)),
            Cell::Count(u64::from(job.attempts)),
            Cell::Count(job.interruptions.total()),
            Cell::Real(job.work_s),
        ]);
        row.extend(job.held_gpu_hours().map(Cell::Real));
        row.extend([
            Cell::Real(job.gpu_hours.held()),
            Cell::Real(job.energy_kwh),
            Cell::Text(job.reason.name().to_owned()),
        ]);
        self.push(|writer| &mut writer.jobs, row);
    }

    fn request(&mut self, workload: &str, class: &str, note: &Note) {
        let Some(table) = &mut self.requests else { return };
        let maybe = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Real);
        let mut row = std::mem::take(&mut self.row);
        row.extend([
            Cell::Text(workload.to_owned()),
            Cell::Text(class.to_owned()),
            Cell::Time(self.design.clock.timestamp(note.arrival())),
            Cell::Time(self.design.clock.timestamp(note.end())),
            Cell::Text(note.fate.name().to_owned()),
            Cell::Count(u64::from(note.request.weight)),
            Cell::Count(u64::from(note.request.prompt)),
            Cell::Count(u64::from(note.request.output)),
            maybe(note.queue_s()),
            maybe(note.ttft_s()),
            maybe(note.tpot_s()),
            Cell::Real(note.e2e_s()),
        ]);
        if self.failure.is_none() {
            self.failure = table.push(&row).err();
        }
        self.row = row;
        self.row.clear();
    }

    fn proceed(&mut self, now: Time) -> ControlFlow<()> {
        tracing::trace!(%now, "settled");
        if self.failure.is_some() {
            return ControlFlow::Break(());
        }
        (self.proceed)(now)
    }
}

/// Decimals of a second that every start of an interval can be written with.
fn decimals_of_intervals(design: &Design) -> u8 {
    let start = design.clock.timestamp(Time::ZERO).as_nanosecond();
    let interval = i128::from(design.interval.as_nanos());
    let fits = |decimals: u8| {
        let step = 10_i128.pow(u32::from(NANOSECONDS - decimals));
        start % step == 0 && interval % step == 0
    };
    (0..NANOSECONDS).find(|&decimals| fits(decimals)).unwrap_or(NANOSECONDS)
}

/// A row for each figure of each month that is defined in it.
fn write_months(table: &mut Table, outcome: &Outcome) -> io::Result<()> {
    for month in &outcome.months {
        for entry in month.subjects.iter().flat_map(Subject::entries) {
            let Some(value) = entry.value else { continue };
            table.push(&[
                Cell::Text(month.name.clone()),
                Cell::Time(month.start),
                Cell::Real(month.days),
                Cell::Text(entry.figure.name.to_owned()),
                Cell::Text(entry.subject.name.clone()),
                Cell::Text(outcome.currency.tell(entry.figure.scale.symbol).into_owned()),
                Cell::Real(value),
                Cell::Text(outcome.currency.key(&entry.address()).into_owned()),
            ])?;
        }
    }
    Ok(())
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
