//! `latency.hlog`: the latencies of services hour by hour and in every incident, written while a
//! run goes on.
//!
//! The format is the interval log of the HdrHistogram tools (V2, compressed). Each line is one
//! histogram over one interval; lines are in order of their starts, as readers expect. The hours of
//! the first histogram have no tag, because the standard log processor reads untagged intervals
//! unless it is told a tag; a comment tells its name. The hours of every other histogram are tagged
//! by its name, and an incident's by `NAME@incident-N`, so that a reader who selects no tag or one
//! tag counts no request twice.
//!
//! Hours and incidents are made of whole intervals of the time series, because a service closes its
//! histograms only there: an hour holds those that begin in it, an incident those that it touches.
//! A histogram without records has no line, but for the first one, whose hours and incidents have no
//! gap.

mod press;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use press::Press;

use super::latency::MICROS_PER_MILLI;
use crate::facility::{Record, What};
use crate::kernel::{Span, Time};
use crate::measure::Latency;
use crate::workload::inference::{InferenceInterval, Tally};

/// What stands around the name of the intervals without a tag, in a comment at the head of a log.
pub(super) const UNTAGGED: (&str, &str) = ("[the intervals without a tag are ", ", hour by hour]");

/// The log of a run while it is written.
pub(super) struct IntervalLog {
    out: BufWriter<File>,
    start: Timestamp,
    press: Press,
    /// Names of the histograms, in the order in which every interval brings them.
    names: Vec<String>,
    /// The histogram that comes next in the present interval.
    place: usize,
    hour: Window,
    incident: Window,
    incidents: u32,
    standing: Standing,
    /// Lines by their starts, which wait for those of an incident that began before.
    waiting: Vec<(Time, String)>,
}

/// Histograms over some time, in the order of their names.
#[derive(Default)]
struct Window {
    over: Option<(Time, Time)>,
    latencies: Vec<Latency>,
}

impl Window {
    fn extend(&mut self, from: Time, to: Time) {
        self.over = Some((self.over.map_or(from, |(start, _)| start), to));
    }

    fn add(&mut self, place: usize, latency: &Latency) {
        if place == self.latencies.len() {
            self.latencies.push(Latency::new());
        }
        self.latencies[place].merge(latency);
    }

    fn clear(&mut self) {
        self.over = None;
        self.latencies.iter_mut().for_each(Latency::clear);
    }
}

/// What racks suffer now: an incident lasts while anything is here.
#[derive(Default)]
struct Standing {
    /// By subject: racks without power, racks tripped by heat, and whether racks are slowed.
    halls: Vec<(String, [u32; 3])>,
    is_curtailed: bool,
    /// Grid programmes that call the site.
    calls: u32,
    /// Whether an incident has touched the present interval.
    touched: bool,
}

impl Standing {
    fn record(&mut self, record: &Record<'_>) {
        let (kind, racks) = match record.what {
            What::PowerLost => (0, i64::from(record.count)),
            What::PowerRestored => (0, -i64::from(record.count)),
            What::HeatTrip => {
                // A hall whose slowed racks trip is not told to be at full speed.
                self.hall(record.subject)[2] = 0;
                (1, i64::from(record.count))
            }
            What::HeatRestart => (1, -i64::from(record.count)),
            What::HeatSlow | What::HeatHunt => (2, 1),
            What::HeatFull => (2, -i64::from(u32::MAX)),
            What::Curtailed | What::Uncurtailed => {
                self.is_curtailed = record.what == What::Curtailed;
                self.touched = true;
                return;
            }
            What::Called | What::Recalled => {
                let called = record.what == What::Called;
                self.calls = if called { self.calls + 1 } else { self.calls.saturating_sub(1) };
                self.touched = true;
                return;
            }
            _ => return,
        };
        let hall = &mut self.hall(record.subject)[kind];
        let after = (i64::from(*hall) + racks).max(0) as u32;
        let before = std::mem::replace(hall, after);
        self.touched |= after != before;
    }

    fn hall(&mut self, subject: &str) -> &mut [u32; 3] {
        let known = self.halls.iter().position(|(name, _)| name == subject);
        let place = known.unwrap_or_else(|| {
            self.halls.push((subject.to_owned(), [0; 3]));
            self.halls.len() - 1
        });
        &mut self.halls[place].1
    }

    fn is_over(&self) -> bool {
        !self.is_curtailed
            && self.calls == 0
            && self.halls.iter().all(|(_, racks)| *racks == [0; 3])
    }
}

impl IntervalLog {
    /// Starts the log of a run that begins at `start`.
    pub(super) fn create(path: &Path, start: Timestamp) -> io::Result<Self> {
        Ok(Self {
            out: BufWriter::new(File::create(path)?),
            start,
            press: Press::new(),
            names: Vec::new(),
            place: 0,
            hour: Window::default(),
            incident: Window::default(),
            incidents: 0,
            standing: Standing::default(),
            waiting: Vec::new(),
        })
    }

    /// Something happened to the plant, in the interval that is closed next.
    pub(super) fn record(&mut self, record: &Record<'_>) {
        self.standing.record(record);
    }

    /// What the service `workload` did in `from..to`.
    pub(super) fn served(
        &mut self,
        (from, to): (Time, Time),
        workload: &str,
        interval: &InferenceInterval,
    ) -> io::Result<()> {
        const HOUR: u64 = Span::from_hours(1).as_nanos();
        let hour = |at: Time| at.since(Time::ZERO).as_nanos() / HOUR;
        if self.place == 0 {
            if self.hour.over.is_some_and(|(start, _)| hour(start) != hour(from)) {
                self.end_hour()?;
            }
            self.hour.extend(from, to);
            if self.standing.touched {
                self.incident.extend(from, to);
            }
        }
        self.add(|| workload.to_owned(), &interval.records);
        for class in &interval.classes {
            self.add(|| format!("{workload}/{}", class.name), &class.records);
        }
        Ok(())
    }

    /// All services have told of an interval.
    pub(super) fn close_interval(&mut self) -> io::Result<()> {
        self.place = 0;
        let is_over = self.standing.is_over();
        self.standing.touched = !is_over;
        if is_over { self.end_incident() } else { Ok(()) }
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.end_incident()?;
        self.end_hour()?;
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }

    fn add(&mut self, of: impl Fn() -> String, tally: &Tally) {
        for (kind, latency) in tally.latencies() {
            if self.place == self.names.len() {
                self.names.push(format!("{}/{kind}", of()));
            }
            self.hour.add(self.place, latency);
            if self.standing.touched {
                self.incident.add(self.place, latency);
            }
            self.place += 1;
        }
    }

    fn end_hour(&mut self) -> io::Result<()> {
        let mut window = std::mem::take(&mut self.hour);
        let tag = |place: usize, name: &str| (place > 0).then(|| name.to_owned());
        self.log(&window, tag)?;
        window.clear();
        self.hour = window;
        self.write_ordered()
    }

    fn end_incident(&mut self) -> io::Result<()> {
        let mut window = std::mem::take(&mut self.incident);
        if window.over.is_some() {
            self.incidents += 1;
            let number = self.incidents;
            self.log(&window, |_, name| Some(format!("{name}@incident-{number}")))?;
        }
        window.clear();
        self.incident = window;
        Ok(())
    }

    /// Lays aside a line for each histogram of `window`.
    fn log(
        &mut self,
        window: &Window,
        tag: impl Fn(usize, &str) -> Option<String>,
    ) -> io::Result<()> {
        let Some((from, to)) = window.over else { return Ok(()) };
        let seconds = |at: Time| at.since(Time::ZERO).as_secs_f64();
        for (place, (latency, name)) in window.latencies.iter().zip(&self.names).enumerate() {
            if place > 0 && latency.count() == 0 {
                continue;
            }
            let bytes = self.press.compressed(latency)?;
            let mut line = String::new();
            if let Some(tag) = tag(place, name) {
                // A tag may hold no comma, space or line break.
                let tag = tag.replace([',', ' ', '\r', '\n'], "_");
                let _ = write!(line, "Tag={tag},");
            }
            let _ = writeln!(
                line,
                "{:.3},{:.3},{:.3},{}",
                seconds(from),
                seconds(to) - seconds(from),
                latency.longest_micros() as f64 / MICROS_PER_MILLI,
                STANDARD.encode(bytes)
            );
            self.waiting.push((from, line));
        }
        Ok(())
    }

    /// Writes the lines that wait for no incident.
    fn write_ordered(&mut self) -> io::Result<()> {
        if self.incident.over.is_some() {
            return Ok(());
        }
        let Some(first) = self.names.first() else { return Ok(()) };
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.out.buffer().is_empty() && self.out.get_ref().metadata()?.len() == 0 {
            let name = first.replace(['\r', '\n'], "_");
            let start = self.start.as_millisecond() as f64 / 1000.0;
            writeln!(self.out, "#[values in microseconds]")?;
            writeln!(self.out, "#{}{name}{}", UNTAGGED.0, UNTAGGED.1)?;
            writeln!(self.out, "#[StartTime: {start:.3} (seconds since epoch), {}]", self.start)?;
            writeln!(self.out, "#[BaseTime: {start:.3} (seconds since epoch)]")?;
            writeln!(self.out, "#[MaxValueDivisor: {MICROS_PER_MILLI:.3}]")?;
        }
        self.waiting.sort_by_key(|&(from, _)| from);
        for (_, line) in self.waiting.drain(..) {
            self.out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
