//! What the tables come to for a design: the meters of its columns, the figures of its subjects.

use super::columns::group_columns;
use super::requests::{Requests, request_columns, request_rows};
use super::reserve::{LOADING, LoadEnd, Reserve, reserve_figures};
use super::{
    Column, Derived, Fact, Shown, Subject, SubjectKind, View, contracts, programmes, project,
    ratio, requests, works,
};
use crate::facility::design::{Design, WorkDesign};
use crate::facility::months::Month;
use crate::facility::programmes::ProgrammeEnd;
use crate::kernel::Time;
use crate::measure::{Figure, Join, Meter, Row, Scale, SpellTotals};
use crate::plant::power::ComponentKind;
use crate::workload::heat_load::HeatLoadSummary;
use crate::workload::inference::InferenceSummary;
use crate::workload::mining::MiningSummary;
use crate::workload::training::TrainingSummary;

/// The instances that a component declares, with a meter for each column.
#[derive(Debug, Clone)]
pub(in crate::facility) struct Group {
    kind: SubjectKind,
    name: String,
    /// Their indices in their list of the design.
    instances: Vec<usize>,
    gauges: Vec<(&'static Column, Meter)>,
    /// An instance may read otherwise than when it was last read.
    stale: bool,
}

impl Group {
    fn new(design: &Design, kind: SubjectKind, name: &str, instances: Vec<usize>) -> Self {
        let has = |column: &&Column| instances.iter().any(|&i| (column.only)(design, i));
        let columns = group_columns(kind).into_iter().filter(has);
        let gauges = columns.map(|column| (column, Meter::new(Time::ZERO, 0.0))).collect();
        Self { kind, name: name.to_owned(), instances, gauges, stale: true }
    }

    /// An instance of it may read otherwise from now on.
    pub(in crate::facility) fn mark(&mut self) {
        self.stale = true;
    }

    /// Reads its instances after the instant `now` has settled. Those of cooling are many, and read
    /// as before unless they were marked since.
    pub(in crate::facility) fn read(&mut self, now: Time, view: &View<'_>) {
        let stale = std::mem::take(&mut self.stale) || !self.kind.is_cooling();
        if !stale && !cfg!(debug_assertions) {
            return;
        }
        for (column, meter) in &mut self.gauges {
            let values = self.instances.iter().map(|&index| (column.read)(view, index));
            let value = column.join.of(values);
            debug_assert!(
                stale || value == meter.value() || value.is_nan(),
                "{} {} has moved from {} to {value} unseen",
                self.name,
                column.name,
                meter.value()
            );
            meter.set(now, value);
        }
    }

    /// Brings what moves between the instants at which it is read to `now`. The warmest of several
    /// is what it was when it was read.
    pub(in crate::facility) fn correct(&mut self, now: Time, view: &View<'_>) {
        for (column, meter) in &mut self.gauges {
            let Some(amount) = column.amount else { continue };
            if column.join != Join::Warmest || self.instances.len() == 1 {
                let amounts = self.instances.iter().map(|&index| amount(view, index, now));
                meter.correct(now, column.join.of(amounts));
            }
        }
    }

    /// Brings its meters to `now`.
    pub(in crate::facility) fn advance(&mut self, now: Time) {
        self.gauges.iter_mut().for_each(|(_, meter)| meter.advance(now));
    }

    /// Its columns of the time series, in the order of [`row`](Self::row).
    pub(in crate::facility) fn columns(&self) -> impl Iterator<Item = String> {
        let prefix = match self.kind {
            SubjectKind::Losses => format!("loss_{}", self.name),
            _ => self.name.clone(),
        };
        self.gauges.iter().flat_map(move |(column, _)| column.names(&prefix))
    }

    /// Closes the interval that ends at `now` and appends its values to `row`.
    pub(in crate::facility) fn row(&mut self, now: Time, row: &mut Vec<f64>) {
        for (column, meter) in &mut self.gauges {
            if column.shown == Shown::Never {
                continue;
            }
            let interval = meter.take_interval(now);
            row.push(interval.mean * column.scale.per_base);
            if column.shown == Shown::MeanAndMax {
                row.push(interval.max * column.scale.per_base);
            }
        }
    }

    /// The integral over time, in base units, of the column `name`; zero where it has none.
    pub(in crate::facility) fn integral(&self, name: &str) -> f64 {
        let gauge = self.gauges.iter().find(|(column, _)| column.name == name);
        gauge.map_or(0.0, |(_, meter)| meter.integral())
    }

    /// The same up to `now`, to which its meters need not have been brought.
    pub(in crate::facility) fn integral_to(&self, name: &str, now: Time) -> f64 {
        let gauge = self.gauges.iter().find(|(column, _)| column.name == name);
        gauge.map_or(0.0, |(_, meter)| meter.integral_to(now))
    }

    /// Whether it has the column `name`.
    pub(in crate::facility) fn has_column(&self, name: &str) -> bool {
        self.gauges.iter().any(|(column, _)| column.name == name)
    }

    pub(in crate::facility) fn kind(&self) -> SubjectKind {
        self.kind
    }

    pub(in crate::facility) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::facility) fn instances(&self) -> &[usize] {
        &self.instances
    }

    /// Forgets the extremes of its columns so far.
    pub(in crate::facility) fn forget_extremes(&mut self) {
        self.gauges.iter_mut().for_each(|(_, meter)| meter.forget_extremes());
    }

    /// Its subject, with the totals of its columns up to `now`, or what they gained since they were
    /// `before`.
    fn subject(&self, before: Option<(&Self, Time)>, now: Time) -> Subject {
        let place = match self.kind {
            SubjectKind::Site => "",
            SubjectKind::Losses => "losses",
            SubjectKind::Hall => "halls",
            SubjectKind::Storage => "storage",
            SubjectKind::Programme => "programmes",
            SubjectKind::Array => "solar",
            kind if kind.is_cooling() => "cooling",
            _ => "workloads",
        };
        let path = match place {
            "" => Vec::new(),
            _ => vec![place.to_owned(), self.name.clone()],
        };
        let mut subject = Subject::new(self.kind, path, self.name.clone());
        for (index, (column, meter)) in self.gauges.iter().enumerate() {
            let before = before.map(|(group, at)| (&group.gauges[index].1, at));
            for total in column.totals {
                subject.push(&total.figure, Some(total.value(meter, before, now)));
            }
        }
        subject
    }
}

/// All groups of `design`, in the order of the time series.
pub(in crate::facility) fn groups(design: &Design) -> Vec<Group> {
    let mut groups = vec![Group::new(design, SubjectKind::Site, "", vec![0])];
    for (index, work) in design.works.iter().enumerate() {
        groups.push(Group::new(design, kind_of(&work.design), &work.name, vec![index]));
    }
    for (index, kind) in ComponentKind::ALL.into_iter().enumerate() {
        if design.power.nodes.iter().any(|node| node.component.kind == kind) {
            groups.push(Group::new(design, SubjectKind::Losses, kind.name(), vec![index]));
        }
    }
    let loops = design.loops.iter().map(|site| site.group_name.as_str());
    let exchangers = design
        .exchangers
        .iter()
        .map(|site| if site.design.is_some() { site.group_name.as_str() } else { "" });
    for (name, instances) in declared(loops) {
        groups.push(Group::new(design, SubjectKind::Loop, name, instances));
    }
    for (name, instances) in declared(exchangers).into_iter().filter(|(name, _)| !name.is_empty()) {
        groups.push(Group::new(design, SubjectKind::Exchanger, name, instances));
    }
    for (kind, of) in
        [(ComponentKind::Battery, SubjectKind::Storage), (ComponentKind::Pv, SubjectKind::Array)]
    {
        let named = design
            .power
            .nodes
            .iter()
            .zip(&design.power_groups)
            .map(|(node, group)| if node.component.kind == kind { group.as_str() } else { "" });
        let named = declared(named).into_iter().filter(|(name, _)| !name.is_empty());
        groups.extend(named.map(|(name, instances)| Group::new(design, of, name, instances)));
    }
    for (index, hall) in design.halls.iter().enumerate() {
        groups.push(Group::new(design, SubjectKind::Hall, &hall.name, vec![index]));
    }
    for (index, programme) in design.programmes.iter().enumerate() {
        groups.push(Group::new(design, SubjectKind::Programme, &programme.name, vec![index]));
    }
    groups
}

/// The instances of each name, in the order in which the names come first.
fn declared<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, Vec<usize>)> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, name) in names.enumerate() {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, instances)) => instances.push(index),
            None => groups.push((name, vec![index])),
        }
    }
    groups
}

fn kind_of(work: &WorkDesign) -> SubjectKind {
    match work {
        WorkDesign::Mining(_) => SubjectKind::Mining,
        WorkDesign::Training { .. } => SubjectKind::Training,
        WorkDesign::Inference { .. } => SubjectKind::Inference,
        WorkDesign::HeatLoad(_) => SubjectKind::HeatLoad,
    }
}

/// What a run leaves beside its meters, up to some instant.
#[derive(Debug)]
pub(in crate::facility) struct End {
    pub(in crate::facility) now: Time,
    /// How long it took, s.
    pub(in crate::facility) seconds: f64,
    pub(in crate::facility) site: SiteEnd,
    /// By hall and by workload of the design.
    pub(in crate::facility) halls: Vec<HallEnd>,
    pub(in crate::facility) works: Vec<(works::WorkEnd, Summary)>,
    /// By declared component that can fail.
    pub(in crate::facility) components: Vec<(String, ComponentEnd)>,
    /// By programme of the design.
    pub(in crate::facility) programmes: Vec<ProgrammeEnd>,
}

/// The meters and what was left beside them at the instant from which figures count. The extremes
/// were forgotten there, and outages and swings begun anew.
#[derive(Debug)]
pub(in crate::facility) struct Before {
    pub(in crate::facility) groups: Vec<Group>,
    pub(in crate::facility) end: End,
}

/// Of the site.
#[derive(Debug)]
pub(in crate::facility) struct SiteEnd {
    /// Largest mean import of an interval of the time series, W.
    pub(in crate::facility) peak_demand_w: f64,
    pub(in crate::facility) reserve: Reserve,
}

/// Of a hall.
#[derive(Debug)]
pub(in crate::facility) struct HallEnd {
    pub(in crate::facility) racks: usize,
    /// Rated power of all of them, W.
    pub(in crate::facility) rated_w: f64,
    pub(in crate::facility) gpus: usize,
    /// How long the run is, s.
    pub(in crate::facility) seconds: f64,
    pub(in crate::facility) power_losses: u64,
    pub(in crate::facility) heat_trips: u64,
    /// Trips of racks that had come back not long before.
    pub(in crate::facility) heat_trips_again: u64,
    /// Time of racks that waited for a plant that worked but was too weak, s.
    pub(in crate::facility) heat_waiting_s: f64,
    /// Time of racks at reduced speed for heat, s, in how many spells and hunts.
    pub(in crate::facility) heat_slow_s: f64,
    pub(in crate::facility) heat_slow_spells: u64,
    pub(in crate::facility) heat_hunts: u64,
    /// Spells of the share of its racks that are not live.
    pub(in crate::facility) outages: SpellTotals,
    /// Time of racks that were on one cord although they have several, s.
    pub(in crate::facility) one_cord_s: f64,
}

/// Of a component that can fail.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct ComponentEnd {
    pub(in crate::facility) units: u64,
    pub(in crate::facility) failures: u64,
    pub(in crate::facility) down_s: f64,
    /// How loaded it was, of a component of the power chain.
    pub(in crate::facility) load: Option<LoadEnd>,
    pub(in crate::facility) reserve: Reserve,
}

/// What a workload leaves, by kind.
#[derive(Debug)]
pub(in crate::facility) enum Summary {
    Mining(MiningSummary),
    Training(Box<TrainingSummary>),
    Inference { summary: Box<InferenceSummary>, fit: Option<String> },
    HeatLoad(HeatLoadSummary),
}

const fn count(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::COUNT, doc)
}

static SITE: &[Row<SiteEnd>] = &[Row::new(
    Figure::new(
        "energy.peak_demand",
        Scale::MW,
        "Largest mean import of an interval of the time series, as utilities bill demand.",
    )
    .lower(),
    |site| Some(site.peak_demand_w * Scale::MW.per_base),
)];

static HALL: &[Row<HallEnd>] = &[
    Row::new(count("racks", "Racks of the hall."), |hall| Some(hall.racks as f64)),
    Row::new(Figure::new("rated", Scale::MW, "Rated power of all of its racks."), |hall| {
        Some(hall.rated_w * Scale::MW.per_base)
    }),
    Row::new(count("gpus", "GPUs in its racks."), |hall| Some(hall.gpus as f64)),
    Row::new(
        Figure::new("installed", Scale::RACK_HOURS, "Racks times the hours of the run.").adding(),
        |hall| Some(hall.racks as f64 * hall.seconds * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        count("power_losses", "Racks that lost their power, each time that they did.")
            .lower()
            .adding(),
        |hall| Some(hall.power_losses as f64),
    ),
    Row::new(
        count("heat_trips", "Racks that were tripped by heat, each time that they were.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_trips as f64),
    ),
    Row::new(
        count("heat_trips_again", "The part of them within an hour of the rack's return.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_trips_again as f64),
    ),
    Row::new(
        Figure::new(
            "heat_waiting",
            Scale::RACK_HOURS,
            "Time of tripped racks that a plant which worked was too weak to take back.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.heat_waiting_s * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        Figure::new("heat_slow", Scale::RACK_HOURS, "Time of racks that heat slowed down.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_slow_s * Scale::RACK_HOURS.per_base),
    ),
    Row::new(
        count("heat_slow_spells", "Times that heat slowed racks of the hall where none was slow.")
            .lower()
            .adding(),
        |hall| Some(hall.heat_slow_spells as f64),
    ),
    Row::new(
        count(
            "heat_hunts",
            "Series of such spells, each less than ten minutes after the one before.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.heat_hunts as f64),
    ),
    Row::new(
        count(
            "outages",
            "Outages of the hall: one begins when the first of its racks is no longer live and ends when all are live again, whatever the causes and however many racks it strikes.",
        )
        .lower(),
        |hall| Some(hall.outages.count as f64),
    ),
    Row::new(
        Figure::new(
            "outage_sum",
            Scale::HOURS,
            "Sum of the sizes of its outages: the size of one is its rack-hours without a live rack over the racks of the hall.",
        )
        .lower(),
        |hall| Some(hall.outages.sum * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new("outage_sum_of_squares", Scale::HOURS_SQUARED, "Sum of the squares of these sizes.")
            .lower(),
        |hall| Some(hall.outages.sum_of_squares * Scale::HOURS_SQUARED.per_base),
    ),
    Row::new(
        Figure::new("outage_largest", Scale::HOURS, "The largest of these sizes.").lower(),
        |hall| Some(hall.outages.largest * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new("outage_longest", Scale::HOURS, "Time from the beginning to the end of the longest outage.")
            .lower(),
        |hall| Some(hall.outages.longest_s * Scale::HOURS.per_base),
    ),
    Row::new(
        Figure::new(
            "one_cord",
            Scale::RACK_HOURS,
            "Time of racks with several cords of which only one was live.",
        )
        .lower()
        .adding(),
        |hall| Some(hall.one_cord_s * Scale::RACK_HOURS.per_base),
    ),
];

static HALL_DERIVED: &[Derived] = &[Derived::new(
    Figure::new(
        "availability",
        Scale::SHARE,
        "Time of racks that had power and were not tripped by heat, of that of all.",
    )
    .higher(),
    |of| ratio(of("live_rack_h"), of("installed_rack_h")),
)];

static COMPONENT: &[Row<ComponentEnd>] = &[
    Row::new(count("units", "Instances, or units of a cooling component."), |component| {
        Some(component.units as f64)
    }),
    Row::new(count("failures", "Failures of all of them.").lower().adding(), |component| {
        Some(component.failures as f64)
    }),
    Row::new(
        Figure::new("down", Scale::HOURS, "Time under repair, summed over them.").lower().adding(),
        |component| Some(component.down_s * Scale::HOURS.per_base),
    ),
];

/// A figure of the site that is a sum over other subjects.
#[derive(Debug)]
struct SumOf {
    figure: Figure,
    of: fn(SubjectKind) -> bool,
    key: &'static str,
}

const fn water(name: &'static str, key: &'static str, doc: &'static str) -> SumOf {
    SumOf { figure: Figure::new(name, Scale::M3, doc).adding(), of: SubjectKind::is_cooling, key }
}

static SITE_SUMS: &[SumOf] = &[
    SumOf {
        figure: Figure::new(
            "water.withdrawal",
            Scale::M3,
            "Make-up water taken: evaporation, drift, blowdown and what basins gain.",
        )
        .lower()
        .adding(),
        of: SubjectKind::is_cooling,
        key: "water.withdrawal_m3",
    },
    water("water.evaporation", "water.evaporation_m3", "Lost as vapour."),
    water("water.drift", "water.drift_m3", "Lost as droplets."),
    water("water.blowdown", "water.blowdown_m3", "Returned to the sewer."),
    water(
        "water.basins",
        "water.basins_m3",
        "What basins hold at the end beyond what they held at the start.",
    ),
    SumOf {
        figure: Figure::new("money.revenue", Scale::USD, "Revenue of all workloads.")
            .higher()
            .adding(),
        of: SubjectKind::is_workload,
        key: "revenue_usd",
    },
];

static SITE_DERIVED: &[Derived] = &[
    Derived::new(
        Figure::new(
            "effectiveness.pue",
            Scale::RATIO,
            "Power usage effectiveness (ISO/IEC 30134-2): energy of the site over IT energy. The site's is its import and what it generates, less what it exports and what batteries gain.",
        )
        .lower(),
        |of| ratio(used(of, "energy.", "_mwh"), of("effectiveness.it_mwh")),
    ),
    Derived::new(
        Figure::new(
            "effectiveness.wue",
            Scale::L_PER_KWH,
            "Water usage effectiveness (ISO/IEC 30134-9): withdrawal over IT energy.",
        )
        .lower(),
        |of| ratio(of("water.withdrawal_m3"), of("effectiveness.it_mwh")),
    ),
    Derived::new(
        Figure::new(
            "effectiveness.cue",
            Scale::KG_PER_KWH,
            "Carbon usage effectiveness (ISO/IEC 30134-8): emissions of the import over IT energy.",
        )
        .lower(),
        |of| ratio(of("money.carbon_t"), of("effectiveness.it_mwh")),
    ),
    Derived::new(
        Figure::new("money.cost_of_energy", Scale::USD_PER_MWH, "Cost of energy over import.")
            .lower(),
        |of| ratio(of("money.energy_cost_usd"), of("energy.import_mwh")),
    ),
    Derived::new(
        Figure::new(
            "money.margin",
            Scale::USD,
            "Revenue, with the income of grid programmes and exports, less cost of energy.",
        )
        .higher(),
        |of| {
            let [programmes, exported] = ["money.programmes_usd", "money.export_income_usd"]
                .map(|key| of(key).unwrap_or(0.0));
            Some(of("money.revenue_usd")? - of("money.energy_cost_usd")? + exported + programmes)
        },
    ),
];

/// Figures of a subject of `kind` that are made of its others.
fn derived(kind: SubjectKind) -> &'static [Derived] {
    match kind {
        SubjectKind::Site => SITE_DERIVED,
        SubjectKind::Hall => HALL_DERIVED,
        SubjectKind::Programme => programmes::DERIVED,
        SubjectKind::Mining => works::MINING_DERIVED,
        SubjectKind::Training => works::TRAINING_DERIVED,
        SubjectKind::Inference | SubjectKind::Class => requests::DERIVED,
        _ => &[],
    }
}

/// Columns of the time series that are made of other columns of their row.
pub(in crate::facility) static ROW_DERIVED: &[Derived] = &[Derived::new(
    Figure::new("pue", Scale::RATIO, "Power of the site over that of IT; empty without IT load."),
    |of| ratio(used(of, "", "_mw"), of("it_mw")),
)];

/// What the site used of what it imported, generated and stored.
fn used(of: &dyn Fn(&str) -> Option<f64>, prefix: &str, suffix: &str) -> Option<f64> {
    let part = |name: &str| of(&format!("{prefix}{name}{suffix}")).unwrap_or(0.0);
    let import = of(&format!("{prefix}import{suffix}"))?;
    let gained = part("charged") - part("discharged");
    Some(import + (part("generated") + part("solar") + part("held") - part("export") - gained))
}

/// Every subject with its figures: of the meters of `groups`, and of what is left at the `end`. Where
/// `before` says what both were at some instant, of the time since then.
pub(in crate::facility) fn subjects(
    groups: &[Group],
    end: End,
    before: Option<&Before>,
) -> Vec<Subject> {
    let end = match before {
        Some(before) => end.since(&before.end),
        None => end,
    };
    let mut subjects: Vec<Subject> = Vec::new();
    let mut works = end.works.into_iter();
    let mut halls = end.halls.iter();
    let mut ends = end.programmes.iter();
    let mut site = None;
    let mut workloads = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let earlier = before.map(|before| (&before.groups[index], before.end.now));
        let mut subject = group.subject(earlier, end.now);
        match group.kind {
            SubjectKind::Site => {
                subject.read(SITE, &end.site);
                end.site.reserve.tell(&mut subject);
                site = Some(subject);
                continue;
            }
            SubjectKind::Hall => {
                subject.read(HALL, halls.next().expect("a group for each hall"));
            }
            SubjectKind::Programme => {
                subject
                    .read(programmes::PROGRAMME, ends.next().expect("a group for each programme"));
            }
            kind if kind.is_workload() => {
                let work = works.next().expect("a group for each workload");
                workloads.extend(workload(subject, work, end.seconds));
                continue;
            }
            _ => {}
        }
        subject.derive(derived(group.kind));
        subjects.push(subject);
    }
    subjects.append(&mut workloads);
    for (name, component) in &end.components {
        let path = vec!["components".to_owned(), name.clone()];
        let mut subject = Subject::new(SubjectKind::Component, path, name.clone());
        subject.read(COMPONENT, component);
        if let Some(load) = &component.load {
            subject.read(LOADING, load);
        }
        component.reserve.tell(&mut subject);
        subjects.push(subject);
    }
    let mut site = site.expect("the site is a group");
    for sum in SITE_SUMS {
        let parts = subjects.iter().filter(|subject| (sum.of)(subject.kind));
        site.push(&sum.figure, Some(parts.filter_map(|subject| subject.get(sum.key)).sum()));
    }
    if !end.programmes.is_empty() {
        let income = subjects.iter().filter(|subject| subject.kind == SubjectKind::Programme);
        let income = income.filter_map(|subject| subject.get("income_usd")).sum();
        site.push(&programmes::SITE_INCOME, Some(income));
    }
    site.derive(SITE_DERIVED);
    subjects.insert(0, site);
    subjects
}

/// What `later` has beyond what `earlier` had of the same subjects, which may not have been any: of
/// figures that add over time, and what is made of these. `peak_w` is the largest mean import of
/// an interval in between.
pub(in crate::facility) fn difference(
    later: &[Subject],
    earlier: &[Subject],
    peak_w: f64,
) -> Vec<Subject> {
    let difference = |(index, subject): (usize, &Subject)| {
        let earlier = earlier.get(index);
        let mut difference = Subject::new(subject.kind, subject.path.clone(), subject.name.clone());
        for (place, value) in subject.values.iter().enumerate().filter(|(_, it)| it.figure.adds) {
            let before = earlier.and_then(|subject| subject.values[place].value);
            let gained = value.value.map(|value| value - before.unwrap_or(0.0));
            difference.push(value.figure, gained);
        }
        if subject.kind == SubjectKind::Site {
            let site = SiteEnd { peak_demand_w: peak_w, reserve: Reserve::default() };
            difference.read(SITE, &site);
        }
        difference.derive(derived(subject.kind));
        difference
    };
    later.iter().enumerate().map(difference).collect()
}

static WORST_MONTH: Figure = Figure::new(
    "water.worst_month",
    Scale::M3,
    "Make-up water of the calendar month of the site that took most of it.",
)
.lower();

/// Tells the site which of `months` took most water.
pub(in crate::facility) fn tell_worst_month(site: &mut Subject, months: &[Month]) {
    let mut worst: Option<(&str, f64)> = None;
    for month in months {
        let taken_m3 = month.subjects[0].get("water.withdrawal_m3").unwrap_or(0.0);
        if taken_m3 > worst.map_or(0.0, |(_, most)| most) {
            worst = Some((&month.name, taken_m3));
        }
    }
    site.push(&WORST_MONTH, worst.map(|(_, taken_m3)| taken_m3));
    site.facts.extend(worst.map(|(name, _)| ("water.worst_month", Fact::Text(name.to_owned()))));
}

/// The subject of a workload with those of its classes or causes behind it.
fn workload(
    mut subject: Subject,
    (work, summary): (works::WorkEnd, Summary),
    seconds: f64,
) -> Vec<Subject> {
    let kind = |text: &str| ("kind", Fact::Text(text.to_owned()));
    subject.read(works::WORK, &work);
    let part = |subject: &Subject, kind, place: &str, name: &str| {
        let mut path = subject.path.clone();
        path.extend([place.to_owned(), name.to_owned()]);
        Subject::new(kind, path, format!("{}/{name}", subject.name))
    };
    let mut parts = Vec::new();
    match summary {
        Summary::Mining(summary) => {
            subject.facts.push(kind("mining"));
            subject.read(works::MINING, &summary);
        }
        Summary::Training(summary) => {
            subject.facts.push(kind("training"));
            subject.read(works::TRAINING, &*summary);
            for cause in &summary.failure_causes {
                let mut of_cause =
                    part(&subject, SubjectKind::Cause, "failure_causes", &cause.cause);
                of_cause.read(works::CAUSE, cause);
                parts.push(of_cause);
            }
        }
        Summary::Inference { summary, fit } => {
            subject.facts.push(kind("inference"));
            subject.facts.extend(fit.map(|fit| ("fit", Fact::Text(fit))));
            subject.read(works::INFERENCE, &*summary);
            let InferenceSummary { records, classes, energy_j, .. } = *summary;
            let add = |subject: &mut Subject, requests: &Requests| {
                for row in request_rows() {
                    subject.push(&row.figure, (row.read)(requests));
                }
            };
            add(&mut subject, &Requests { tally: records, energy_j: Some(energy_j), seconds });
            for class in classes {
                let mut of_class = part(&subject, SubjectKind::Class, "classes", &class.name);
                let energy = class.energy_j.map(|joules| joules * Scale::MWH.per_base);
                of_class.push(&CLASS_ENERGY, energy);
                let energy_j = class.energy_j;
                add(&mut of_class, &Requests { tally: class.records, energy_j, seconds });
                of_class.derive(derived(SubjectKind::Class));
                parts.push(of_class);
            }
        }
        Summary::HeatLoad(summary) => {
            subject.facts.push(kind("heat-load"));
            subject.facts.push(("electric", Fact::Flag(summary.electric)));
            subject.read(works::HEAT_LOAD, &summary);
        }
    }
    subject.derive(derived(subject.kind));
    parts.insert(0, subject);
    parts
}

static CLASS_ENERGY: Figure = Figure::new(
    "energy",
    Scale::MWH,
    "Its part in the energy of all racks; none where no class had any.",
)
.adding();

/// The tables of one kind of subject, for the documentation.
#[derive(Debug)]
pub struct Described {
    /// Whose they are.
    pub kind: SubjectKind,
    /// Columns of the time series: the name behind that of the subject, the unit, how instances
    /// join, what it is.
    pub columns: Vec<(String, &'static str, &'static str, &'static str)>,
    /// Figures of the outcome.
    pub figures: Vec<&'static Figure>,
}

/// All tables, kind by kind.
pub fn described() -> Vec<Described> {
    SubjectKind::ALL.into_iter().map(describe).collect()
}

fn describe(kind: SubjectKind) -> Described {
    fn of<S>(table: &'static [Row<S>]) -> Vec<&'static Figure> {
        table.iter().map(|row| &row.figure).collect()
    }
    let mut columns = Vec::new();
    let mut figures = Vec::new();
    for column in group_columns(kind) {
        let (unit, join) = (column.scale.symbol, column.join.name());
        columns.extend(column.names("").into_iter().map(|name| (name, unit, join, column.doc)));
        figures.extend(column.totals.iter().map(|total| &total.figure));
    }
    if kind.is_workload() {
        figures.extend(of(works::WORK));
    }
    match kind {
        SubjectKind::Site => {
            figures.extend(of(SITE));
            figures.extend(reserve_figures());
            figures.extend(SITE_SUMS.iter().map(|sum| &sum.figure));
            figures.push(&WORST_MONTH);
            figures.push(&programmes::SITE_INCOME);
            figures.extend(contracts::SITE);
            figures.extend(project::SITE);
            columns.extend(ROW_DERIVED.iter().map(|derived| {
                let Figure { scale, doc, .. } = derived.figure;
                (derived.figure.key(), scale.symbol, "", doc)
            }));
        }
        SubjectKind::Hall => figures.extend(of(HALL)),
        SubjectKind::Component => {
            figures.extend(of(COMPONENT));
            figures.extend(of(LOADING));
            figures.extend(reserve_figures());
        }
        SubjectKind::Mining => {
            figures.extend(of(works::MINING));
            figures.push(&project::PH_DAY);
        }
        SubjectKind::Training => {
            figures.extend(of(works::TRAINING));
            figures.push(&project::GPU_HOUR);
        }
        SubjectKind::Cause => figures.extend(of(works::CAUSE)),
        SubjectKind::HeatLoad => figures.extend(of(works::HEAT_LOAD)),
        SubjectKind::Inference => {
            figures.extend(of(works::INFERENCE));
            figures.push(&project::MEGATOKEN);
        }
        SubjectKind::Class => figures.push(&CLASS_ENERGY),
        SubjectKind::Contract => figures.extend(of(contracts::CONTRACT)),
        SubjectKind::Programme => figures.extend(of(programmes::PROGRAMME)),
        SubjectKind::Losses
        | SubjectKind::Loop
        | SubjectKind::Exchanger
        | SubjectKind::Storage
        | SubjectKind::Array => {}
    }
    if matches!(kind, SubjectKind::Inference | SubjectKind::Class) {
        figures.extend(request_rows().map(|row| &row.figure));
        columns.extend(request_columns().map(|(name, figure)| {
            let rate = name.ends_with("_per_s") && figure.scale == Scale::COUNT;
            let unit = if rate { Scale::PER_SECOND.symbol } else { figure.scale.symbol };
            (name, unit, "", figure.doc)
        }));
    }
    figures.extend(derived(kind).iter().map(|derived| &derived.figure));
    Described { kind, columns, figures }
}
