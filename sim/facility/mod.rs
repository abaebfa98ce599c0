//! Couples the rooms into one site.
//!
//! Rooms do not know each other; they meet here in plain quantities. The facility owns the
//! agenda of the site, one closed `Event` enum and one `match`. Whatever an event changes is
//! only noted; after the last event of an instant `settle` carries it
//! through power, workloads and cooling until nothing moves any more, and then the meters
//! are read. Workloads keep agendas of their own: the facility wakes each at its next
//! instant, and several that are due at once advance in parallel, for they share nothing.
//!
//! ```text
//! demand of racks -> power: who gets how much -> offers to racks -> draw
//!       ^                                                            |
//!       +--- speed, trips <- supply temperature <- cooling <- heat --+
//! ```

mod audit;
mod books;
mod changed;
mod closing;
mod condition;
mod cooling;
mod design;
mod dispatch;
mod events;
mod figures;
mod graph;
mod incidents;
mod injected;
mod injection;
mod lapses;
mod loading;
mod loads;
mod meters;
mod months;
mod notes;
mod observer;
mod outcome;
mod passes;
mod programmes;
mod racks;
mod readmission;
mod rides;
mod rows;
mod sequences;
mod settle;
mod slowed;
mod states;
mod storage;
mod watch;
mod windings;
mod work;

use hdrhistogram::Histogram;

pub use cooling::{CoolingMachine, cooling_machines};
pub use design::{
    Design, ExchangerSite, Foreknown, HallDesign, HouseLoad, LoopSite, RackSite, WorkDesign,
    WorkSite,
};
pub(crate) use figures::levelised_cost;
pub use figures::{Described, Entry, Fact, NoFigure, Subject, SubjectKind, Value, described};
pub use graph::{Graph, GraphEdge, GraphNode};
pub use injected::has_time_of_day;
pub use injection::{InjectedAt, Injection, Target};
pub use notes::{RULES, Rule};
pub use observer::{Observer, Record, Silent, What};
pub use outcome::{BookOutcome, Month, Note, Outcome};
pub use rows::{DisturbanceRow, Ended, IncidentRow, LoadRow, RideRow, StateRow};

use crate::fluids::MoistAir;
use crate::grid::{Carbon, Price, Weather};
use crate::kernel::{Agenda, Span, Streams, Time, TraceHash};
use crate::money::Books;
use crate::plant::cooling::Breakdowns;
use crate::plant::power::sequence::{State, Subject as Machine};
use crate::plant::power::{Failures, Moved, Network, Sequences};
use crate::workload::inference::Tally;

use audit::Audit;
use changed::Changed;
use cooling::{ExchangerPlant, LoopPlant, Planned, Returns, Unit, Waterworks};
use dispatch::Orders;
use events::Event;
use figures::{Before, Summary};
use graph::Units;
use incidents::Incidents;
use lapses::Lapses;
use loading::Loading;
use loads::Owner;
use meters::Meters;
use months::Months;
use programmes::Programmes;
use racks::Rack;
use readmission::Readmission;
use rides::Rides;
use states::States;
use storage::{Array, Storage};
use watch::Watch;
use windings::Winding;
use work::{WakeUp, Work};

/// A site while it runs.
#[derive(Debug)]
pub struct Facility<'d> {
    design: &'d Design,
    replication: u64,
    agenda: Agenda<Event>,
    trace: TraceHash,

    weather: Weather,
    price: Price,
    /// Carbon intensity, where it is counted.
    carbon: Option<Carbon>,
    air: MoistAir,
    wet_bulb_c: f64,

    power: Network,
    failures: Failures,
    /// The machines of the power chain, and when they are next looked after.
    sequences: Sequences,
    sequences_at: Time,
    /// What they have just said: room that is kept.
    machines_changed: Vec<(Time, Machine, State)>,
    storages: Vec<Storage>,
    arrays: Vec<Array>,
    windings: Vec<Winding>,
    /// Why components of the power chain are out of service.
    outs: Vec<injected::Outs>,
    /// When each of the injections of the design happens.
    injected_at: Vec<Option<Time>>,
    /// Whether a machine of the power chain is in a state that may darken racks.
    ails: Vec<bool>,
    breakdowns: Breakdowns,
    /// The units of the cooling that can fail, by their number in `breakdowns`.
    units: Vec<Unit>,
    /// The machines of the cooling, which events may strike.
    cooling_machines: Vec<CoolingMachine>,
    /// What of the cooling is out of service at some time, as planned.
    planned: Vec<Planned>,
    loops: Vec<LoopPlant>,
    exchangers: Vec<ExchangerPlant>,
    water: Waterworks,
    racks: Vec<Rack>,
    /// Racks that heat has tripped.
    returns: Returns,
    /// Who is behind each electrical load.
    owners: Vec<Owner>,

    works: Vec<Work>,
    /// Rack numbers of the site by rack number of the workload.
    work_racks: Vec<Vec<u32>>,
    wake_ups: Vec<WakeUp>,

    changed: Changed,
    meters: Meters,
    /// Flows that the settled instant has changed, and the meters of what each part carries.
    moved: Moved,
    loading: Loading,
    states: States,
    incidents: Incidents,
    rides: Rides,
    lapses: Lapses,
    audit: Audit,
    months: Months,
    watch: Watch,
    programmes: Programmes,
    /// Orders to machines that calls have given.
    orders: Orders,
    /// What emergencies have cut, as it comes back.
    readmission: Readmission,
    /// The limit of the curtailment that holds, W.
    curtailed_w: Option<f64>,
    /// What contracts charge for; empty where nothing is priced.
    billed: Books,
    interval_start: Time,
    row: Vec<f64>,
    /// How long figures do not count yet, and what was there when they began to.
    warm_up: Span,
    before: Option<Before>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the end of its duration.
    Complete,
    /// The observer broke off.
    Interrupted,
}

impl<'d> Facility<'d> {
    /// The site at the start of replication `replication`.
    pub fn new(design: &'d Design, replication: u64) -> Self {
        let streams = Streams::new(design.seed, replication);
        let weather = Weather::new(&design.weather, &streams);
        let air = weather.current().air();
        let works: Vec<Work> =
            design.works.iter().map(|site| Work::new(site, design.noting, &streams)).collect();
        let mut work_racks = vec![Vec::new(); works.len()];
        for (rack, site) in design.racks.iter().enumerate() {
            if let Some((work, index)) = site.work {
                let racks: &mut Vec<u32> = &mut work_racks[work];
                racks.resize(racks.len().max(index + 1), u32::MAX);
                racks[index] = rack as u32;
            }
        }
        let loops = (0..design.loops.len()).map(|index| LoopPlant::new(index, design, &air));
        let loops = loops.collect();
        let exchangers = (0..design.exchangers.len()).map(|x| ExchangerPlant::new(x, design));
        let exchangers = exchangers.collect();
        let units = cooling::units(design);
        let meters = Meters::new(design);
        let owners = loads::owners(design);
        let units_of_site = Units::new(design);
        let mut facility = Self {
            replication,
            agenda: Agenda::new(),
            trace: TraceHash::new(),
            programmes: Programmes::new(design, &streams),
            readmission: Readmission::default(),
            orders: Orders::new(work_racks.iter().map(|racks| racks.len())),
            curtailed_w: None,
            price: Price::new(&design.price, &streams),
            carbon: design.carbon.as_ref().map(Carbon::new),
            wet_bulb_c: air.wet_bulb_c(),
            air,
            weather,
            power: Network::new(&design.power),
            failures: Failures::new(&design.power, &design.upkeep, &streams),
            sequences: Sequences::with(&design.power, &design.upkeep, &streams),
            sequences_at: Time::MAX,
            machines_changed: Vec::new(),
            storages: storage::storages(design),
            arrays: storage::arrays(design),
            windings: windings::windings(design),
            outs: vec![injected::Outs::default(); design.power.nodes.len()],
            injected_at: Vec::new(),
            ails: vec![false; design.power.nodes.len()],
            breakdowns: Breakdowns::new(units.iter().map(Unit::law), &streams),
            units,
            cooling_machines: cooling_machines(&design.loops, &design.exchangers),
            planned: cooling::planned(design),
            loops,
            exchangers,
            water: Waterworks::new(design),
            racks: design.racks.iter().map(Rack::new).collect(),
            returns: Returns::new(design),
            loading: Loading::new(design, &owners),
            incidents: Incidents::new(
                units_of_site.count(),
                design.works.len(),
                incidents::depths(design),
            ),
            rides: Rides::new(design),
            lapses: Lapses::new(design.racks.len()),
            states: States::new(units_of_site),
            owners,
            wake_ups: vec![WakeUp::at_start(); works.len()],
            works,
            work_racks,
            changed: Changed::all(design),
            watch: Watch::new(design, meters.columns()),
            meters,
            moved: Moved::everything(&design.power),
            audit: Audit::new(design),
            months: Months::new(&design.clock),
            billed: Books {
                extras: design.extras().map(|(extra, _)| extra).collect(),
                ..Books::default()
            },
            interval_start: Time::ZERO,
            row: Vec::new(),
            warm_up: Span::ZERO,
            before: None,
            design,
        };
        facility.power.set_ladder(design.control.ladder);
        if design.injects_sags() {
            facility.sequences.activate();
        }
        facility.start();
        facility.schedule_injected(&streams);
        facility
    }

    /// Has figures of the outcome and latencies count from the end of the interval of the time
    /// series in which `warm_up` ends. Books, notes and the trace stay those of the whole run.
    #[must_use]
    pub fn after(self, warm_up: Span) -> Self {
        Self { warm_up, ..self }
    }

    /// The columns of the time series, with units.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = self.meters.columns().to_vec();
        columns.extend(figures::series_columns(self.design));
        columns
    }

    /// Runs to the end of the scenario, or until the observer breaks off.
    pub fn run(&mut self, observer: &mut dyn Observer) -> End {
        let end = Time::ZERO + self.design.duration;
        // The start of the run is an instant like any other: settle it first.
        self.settle(Time::ZERO, observer);
        while let Some((now, event)) = self.agenda.pop_until(end) {
            self.handle(now, event, observer);
            while let Some((_, event)) = self.agenda.pop_until(now) {
                self.handle(now, event, observer);
            }
            self.look_at_walk_ins(now, observer);
            self.settle(now, observer);
            self.look_ahead(now, end, observer);
            if observer.proceed(now).is_break() {
                self.close(now, observer);
                return End::Interrupted;
            }
        }
        self.close(end, observer);
        End::Complete
    }

    /// The latencies of every service and of its classes, in microseconds, by name:
    /// `chat/ttft`, `chat/batch/ttft`.
    pub fn latencies(&mut self) -> Vec<(String, Histogram<u64>)> {
        let now = self.agenda.now();
        let mut all = Vec::new();
        let end = self.end(now);
        let end = match &self.before {
            Some(before) => end.since(&before.end),
            None => end,
        };
        for ((_, summary), site) in end.works.iter().zip(&self.design.works) {
            let Summary::Inference { summary, .. } = summary else { continue };
            let mut add = |of: &str, tally: &Tally| {
                for (kind, latency) in tally.latencies() {
                    all.push((format!("{of}/{kind}"), latency.histogram()));
                }
            };
            add(&site.name, &summary.records);
            for class in &summary.classes {
                add(&format!("{}/{}", site.name, class.name), &class.records);
            }
        }
        all
    }

    /// Ends an interval of the time series at `now`.
    fn close_interval(&mut self, now: Time, observer: &mut dyn Observer) {
        if now == self.interval_start {
            return;
        }
        self.row.clear();
        self.correct_meters(now);
        let length = now - self.interval_start;
        let is_whole = length == self.design.interval;
        let start = self.design.clock.timestamp(self.interval_start);
        let metered =
            self.meters.row((self.interval_start, now), start, (length, is_whole), &mut self.row);
        let seconds = length.as_secs_f64();
        for (work, site) in self.works.iter_mut().zip(&self.design.works) {
            let Work::Inference(service) = work else { continue };
            let interval = service.take_interval(now, self.design.interval);
            observer.served(self.interval_start, now, &site.name, interval);
            figures::series_row(interval, seconds, &mut self.row);
        }
        self.audit.row(seconds, &self.row);
        self.watch.row(self.interval_start, now, self.design.duration, &self.row);
        observer.interval(self.interval_start, &self.row);
        self.close_loading(now, observer);
        // What is priced are the intervals that figures count.
        if self.warm_up == Span::ZERO || self.before.is_some() {
            observer.metered(&metered);
        }
        if !self.design.terms.is_none() {
            self.billed.intervals.push(metered);
        }
        self.interval_start = now;
        self.turn_month(now);
        if self.warm_up > Span::ZERO {
            self.end_warm_up(now);
        }
        observer.so_far(&mut || self.so_far(now));
    }

    /// Ends the run at `now`.
    fn close(&mut self, now: Time, observer: &mut dyn Observer) {
        for wake_up in &mut self.wake_ups {
            wake_up.due = true;
        }
        self.advance_due(now);
        self.changed.all_loops();
        self.settle(now, observer);
        self.close_interval(now, observer);
        self.cut_rides(now, observer);
        self.cut_incidents(now, observer);
        self.cut_lapses(now, observer);
        self.tell_requests(observer);
        self.correct_meters(now);
        self.meters.advance(now);
        self.audit.advance(now);
        self.settle_open_calls(now);
    }

    /// Tells of the noted requests that have left their services since the last call.
    fn tell_requests(&mut self, observer: &mut dyn Observer) {
        for (work, site) in self.works.iter_mut().zip(&self.design.works) {
            if let Work::Inference(service) = work {
                service.drain_notes(|class, note| observer.request(&site.name, class, note));
            }
        }
    }

    /// How long the run has been.
    fn elapsed(&self) -> Span {
        self.agenda.now().since(Time::ZERO)
    }
}
