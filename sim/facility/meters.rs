//! Reading the site: the meters of every column after each settled instant, and what is counted
//! beside them. `closing` says what they come to.

use std::cell::RefCell;

use super::Facility;
use super::cooling::{Amounts, WaterAmounts};
use super::design::{Design, Foreknown};
use super::figures::{Group, ROW_DERIVED, SubjectKind, View, groups};
use super::observer::Observer;
use super::racks::HallEvents;
use super::work::Work;
use crate::grid::Carbon;
use crate::kernel::{Span, Time};
use crate::measure::{JOULES_PER_MWH, Scale, SpellTotals, Spells, Swing};
use crate::money::{Extra, Interval};
use crate::plant::cooling::{ExchangerDesign, Machine, PerMachine};
use crate::plant::power::PowerNode;

/// All that is measured.
#[derive(Debug)]
pub(super) struct Meters {
    pub(super) groups: Vec<Group>,
    /// Columns of a row, in their order, and the places of import and price in it.
    columns: Vec<String>,
    import: usize,
    price: usize,
    /// What each derived column is made of, and the places of that in a row.
    sources: Vec<Vec<(String, Option<usize>)>>,
    /// The groups whose sum is each of [`BILLED`], then each array of the site, and which of their
    /// columns that is.
    billed: Vec<Vec<(usize, usize)>>,
    /// What the books keep beside that, where it is known before.
    foreknown: Vec<Foreknown>,
    pub(super) works: Vec<WorkMeter>,
    /// What the racks of each workload draw, W, and whether one of them draws otherwise since.
    works_w: Vec<f64>,
    stale_works: Vec<bool>,
    /// The groups in which each loop is read, with what hangs on it, and the place there of what is read;
    /// in which each workload is, and each hall; and those of losses.
    groups_of_loop: Vec<Vec<(u32, u32)>>,
    group_of_work: Vec<u32>,
    group_of_hall: Vec<u32>,
    groups_of_losses: Vec<u32>,
    /// What the machines of all cooling draw, W, and whether one of them may draw otherwise since.
    cooling_w: PerMachine<f64>,
    stale_cooling: bool,
    /// What had flowed in each loop when it was last found to have moved.
    flowed: Vec<(Amounts, WaterAmounts)>,
    pub(super) halls: Vec<HallMeter>,
    /// Racks of each hall that have power and are not tripped.
    live_racks: Vec<u32>,
    pub(super) components: Vec<FailureMeter>,
    /// Of the units of the cooling that can fail.
    pub(super) units: Vec<FailureMeter>,
    /// Largest mean import of a whole interval before the present month, and in it, W; the largest
    /// of a torn one, which counts where none was whole.
    peaks_w: Peaks,
    /// What is `billed`, up to the beginning of the interval.
    before: Vec<f64>,
}

/// Columns whose totals contracts bill: g, kg, kg, J.
const BILLED: [&str; 4] = ["emissions", "makeup", "blowdown", "export"];

/// The largest mean import of an interval, W.
#[derive(Debug, Clone, Copy, Default)]
struct Peaks {
    /// Of whole intervals before the present month.
    before: f64,
    /// Of whole intervals in the present month.
    month: Option<f64>,
    /// Of the torn intervals of the present month: those in which the run begins or ends.
    torn: f64,
}

/// How far the draw of a workload swings, within a second and within a minute.
#[derive(Debug)]
pub(super) struct WorkMeter {
    pub(super) swings: [Swing; 2],
}

impl WorkMeter {
    fn new() -> Self {
        Self { swings: [1, 60].map(|seconds| Swing::new(Span::from_secs(seconds))) }
    }
}

/// What is counted of a hall.
#[derive(Debug)]
pub(super) struct HallMeter {
    racks: u32,
    pub(super) power_losses: u64,
    pub(super) heat_trips: u64,
    /// Share of its racks that are not live, and the spells of it.
    dark: f64,
    outages: Spells,
}

impl HallMeter {
    /// Its outages up to `now`: spells of the share of its racks that are not live.
    pub(super) fn outages(&self, now: Time) -> SpellTotals {
        self.outages.totals(now)
    }
}

/// Failures of one instance of a component.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FailureMeter {
    pub(super) failures: u64,
    /// For how many reasons it is down, and since when.
    reasons: u32,
    down_since: Option<Time>,
    down_s: f64,
}

impl FailureMeter {
    fn count(&mut self, now: Time, up: bool) {
        if up {
            self.reasons -= 1;
            if let Some(since) = self.down_since.take_if(|_| self.reasons == 0) {
                self.down_s += (now - since).as_secs_f64();
            }
        } else {
            self.failures += 1;
            self.reasons += 1;
            self.down_since.get_or_insert(now);
        }
    }

    /// Time under repair up to `now`, s.
    pub(super) fn down_s(&self, now: Time) -> f64 {
        self.down_s + self.down_since.map_or(0.0, |since| (now - since).as_secs_f64())
    }
}

impl Meters {
    /// Meters for everything in `design`.
    pub(super) fn new(design: &Design) -> Self {
        let groups = groups(design);
        let mut columns: Vec<String> = groups.iter().flat_map(Group::columns).collect();
        columns.extend(ROW_DERIVED.iter().map(|derived| derived.figure.key()));
        let place = |name| columns.iter().position(|it| it == name).expect("a site has it");
        let (import, price) = (place("import_mw"), place("price_usd_per_mwh"));
        let sum = |of: &dyn Fn(&Group) -> Option<usize>| -> Vec<(usize, usize)> {
            let of = |(index, group)| Some((index, of(group)?));
            groups.iter().enumerate().filter_map(of).collect()
        };
        let mut billed: Vec<_> =
            BILLED.iter().map(|name| sum(&|group| group.place(name))).collect();
        let mut foreknown = Vec::new();
        for (extra, known) in design.extras() {
            if let Extra::Array(name) = &extra {
                let is = |it: &Group| it.kind() == SubjectKind::Array && it.name() == name;
                billed.push(sum(&|group| group.place("output").filter(|_| is(group))));
            }
            foreknown.extend(known);
        }
        let sources = ROW_DERIVED.iter().map(|derived| {
            let asked = RefCell::new(Vec::new());
            let _ = (derived.of)(&|name: &str| {
                let place = columns.iter().position(|it| it == name);
                asked.borrow_mut().push((name.to_owned(), place));
                // Whoever is answered asks on.
                Some(1.0)
            });
            asked.into_inner()
        });
        let sources = sources.collect();
        let works = design.works.iter().map(|_| WorkMeter::new());
        let groups_of_loop = groups_of_loops(design, &groups);
        let alone = |index: usize, is: fn(SubjectKind) -> bool| {
            let of = |group: &Group| is(group.kind()) && group.instances() == [index];
            groups.iter().position(of).expect("it is read in a group of its own") as u32
        };
        let group_of_work = (0..design.works.len()).map(|it| alone(it, SubjectKind::is_workload));
        let is_hall = |kind| kind == SubjectKind::Hall;
        let group_of_hall = (0..design.halls.len()).map(|it| alone(it, is_hall));
        let (group_of_work, group_of_hall) = (group_of_work.collect(), group_of_hall.collect());
        let losses = (0..).zip(&groups).filter(|(_, group)| group.kind() == SubjectKind::Losses);
        let groups_of_losses = losses.map(|(place, _)| place).collect();
        let halls = design.halls.iter().map(|hall| HallMeter {
            racks: hall.racks as u32,
            power_losses: 0,
            heat_trips: 0,
            dark: 0.0,
            outages: Spells::new(Time::ZERO),
        });
        Self {
            groups,
            columns,
            import,
            price,
            sources,
            before: vec![0.0; billed.len()],
            billed,
            foreknown,
            works: works.collect(),
            works_w: vec![0.0; design.works.len()],
            stale_works: vec![true; design.works.len()],
            groups_of_loop,
            group_of_work,
            group_of_hall,
            groups_of_losses,
            cooling_w: PerMachine::default(),
            stale_cooling: true,
            flowed: vec![Default::default(); design.loops.len()],
            halls: halls.collect(),
            live_racks: design.halls.iter().map(|hall| hall.racks as u32).collect(),
            components: vec![FailureMeter::default(); design.power.nodes.len()],
            units: vec![FailureMeter::default(); super::cooling::units(design).len()],
            peaks_w: Peaks::default(),
        }
    }

    /// The columns of the time series.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Closes the interval from `from` to `now`, which begins at `start` on the calendar, and whose length
    /// is whole or torn by an end of the run; says what meters bill of it.
    pub(super) fn row(
        &mut self,
        (from, now): (Time, Time),
        start: jiff::Timestamp,
        (length, is_whole): (Span, bool),
        row: &mut Vec<f64>,
    ) -> Interval {
        for group in &mut self.groups {
            group.row(now, row);
        }
        for (derived, sources) in ROW_DERIVED.iter().zip(&self.sources) {
            let of = |name: &str| {
                let (_, place) = sources.iter().find(|(known, _)| known == name)?;
                place.map(|place| row[place])
            };
            row.push((derived.of)(&of).unwrap_or(f64::NAN));
        }
        let (import_mw, price_usd_mwh) = (row[self.import], row[self.price]);
        let import_w = import_mw / Scale::MW.per_base;
        let Peaks { month, torn, .. } = &mut self.peaks_w;
        if is_whole {
            *month = Some(month.map_or(import_w, |most| most.max(import_w)));
        } else {
            *torn = torn.max(import_w);
        }
        let billed = self.billed.iter().zip(&mut self.before).map(|(columns, before)| {
            let of = |&(group, place): &(usize, usize)| self.groups[group].integral_to(place, now);
            let total = columns.iter().fold(0.0, |sum, column| sum + of(column));
            total - std::mem::replace(before, total)
        });
        let mut billed = billed.collect::<Vec<f64>>().into_iter();
        let [emissions_g, withdrawal_kg, sewage_kg, export_j] =
            std::array::from_fn(|_| billed.next().expect("each has its columns"));
        let foreknown = self.foreknown.iter().map(|known| known.over(from, now));
        let seconds = length.as_secs_f64();
        Interval {
            start,
            seconds,
            import_mwh: import_mw * seconds / 3600.0,
            export_mwh: export_j / JOULES_PER_MWH,
            price_usd_mwh,
            emissions_t: emissions_g * Scale::TONNES.per_base,
            withdrawal_m3: withdrawal_kg * Scale::M3.per_base,
            sewage_m3: sewage_kg * Scale::M3.per_base,
            extras: billed.map(|j| j / JOULES_PER_MWH).chain(foreknown).collect(),
        }
    }

    /// Largest mean import of a whole interval in the present month, W; of a torn one where none
    /// was whole.
    pub(super) fn month_peak_w(&self) -> f64 {
        self.peaks_w.month.unwrap_or(self.peaks_w.torn)
    }

    /// The same, and the month ends.
    pub(super) fn take_month_peak_w(&mut self) -> f64 {
        let peak_w = self.month_peak_w();
        self.peaks_w = Peaks { before: self.peak_demand_w(), ..Peaks::default() };
        peak_w
    }

    /// The same for the run.
    pub(super) fn peak_demand_w(&self) -> f64 {
        let Peaks { before, month, .. } = self.peaks_w;
        match month {
            Some(month) => before.max(month),
            None if before > 0.0 => before,
            None => self.month_peak_w(),
        }
    }

    /// Forgets every extreme so far; outages and swings begin anew at `now`.
    pub(super) fn forget_extremes(&mut self, now: Time) {
        self.groups.iter_mut().for_each(Group::forget_extremes);
        for work in &mut self.works {
            *work = WorkMeter::new();
        }
        for hall in &mut self.halls {
            hall.outages.restart(now);
        }
        self.peaks_w = Peaks::default();
    }

    /// Brings every meter to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        self.groups.iter_mut().for_each(|group| group.advance(now));
    }

    /// A rack of a workload draws otherwise from now on.
    pub(super) fn mark_draw(&mut self, work: usize) {
        self.stale_works[work] = true;
        self.mark_work(work);
    }

    /// A workload may read otherwise from now on.
    pub(super) fn mark_work(&mut self, work: usize) {
        self.groups[self.group_of_work[work] as usize].mark(0);
    }

    /// The loop `index`, its water, its operator or what hangs on it may read otherwise from now on;
    /// whether what it reads moves.
    pub(super) fn mark_loop(&mut self, index: u32, moves: bool) {
        self.stale_cooling = true;
        for &(group, place) in &self.groups_of_loop[index as usize] {
            let group = &mut self.groups[group as usize];
            group.mark(place);
            if moves {
                group.mark_moving();
            }
        }
    }

    /// Whether anything that reads the loop `index` has moved since the last interval.
    fn has_moved(&self, index: usize) -> bool {
        self.groups_of_loop[index].iter().any(|&(group, _)| self.groups[group as usize].has_moved())
    }

    /// Flows of the power chain have changed.
    fn mark_losses(&mut self) {
        for &group in &self.groups_of_losses {
            self.groups[group as usize].mark(0);
        }
    }

    /// A component of the power chain has failed or is back.
    pub(super) fn count_component(&mut self, now: Time, node: PowerNode, up: bool) {
        self.components[node.0 as usize].count(now, up);
    }

    /// A unit of the cooling has failed or is back.
    pub(super) fn count_unit(&mut self, now: Time, number: usize, up: bool) {
        self.units[number].count(now, up);
    }

    /// A rack of a hall was live or not, and is so now.
    pub(super) fn count_live(&mut self, hall: usize, was: bool, is: bool) {
        let live_racks = &mut self.live_racks[hall];
        *live_racks = *live_racks + u32::from(is) - u32::from(was);
        if is != was {
            self.groups[self.group_of_hall[hall] as usize].mark(0);
        }
    }

    /// Racks of a hall have lost their power, or were tripped by heat.
    pub(super) fn count_hall(&mut self, hall: usize, power_losses: u64, heat_trips: u64) {
        self.halls[hall].power_losses += power_losses;
        self.halls[hall].heat_trips += heat_trips;
    }
}

impl Facility<'_> {
    /// Reads every meter after the instant `now` has settled, and passes finished jobs on.
    pub(super) fn read_meters(&mut self, now: Time, observer: &mut dyn Observer) {
        let Meters { works, works_w, stale_works, halls, live_racks, .. } = &mut self.meters;
        for (index, work) in self.works.iter_mut().enumerate() {
            // Summed anew, in order: running totals would drift.
            if std::mem::take(&mut stale_works[index]) {
                let racks = &self.work_racks[index];
                works_w[index] = racks.iter().map(|&rack| self.racks[rack as usize].draw_w).sum();
            }
            for swing in &mut works[index].swings {
                swing.set(now, works_w[index]);
            }
            if let Work::Training(training) = work {
                let name = &self.design.works[index].name;
                training.drain_finished(|job| observer.job(name, job));
            }
        }
        for (hall, &live_racks) in halls.iter_mut().zip(&*live_racks) {
            hall.dark = f64::from(hall.racks - live_racks) / f64::from(hall.racks);
            hall.outages.set(now, hall.dark);
        }
        let dark = halls.iter().map(|hall| hall.dark);
        let capped = self.changed.halls.iter().map(HallEvents::is_capped);
        self.watch.read(now, dark.zip(capped), (&self.power, &self.moved));
        if std::mem::take(&mut self.meters.stale_cooling) {
            self.meters.cooling_w = self.cooling_w();
            let (loops, exchangers) = (&self.loops, &self.exchangers);
            self.watch.read_coolant(now, |index, hall| {
                exchangers[index].running(hall).map(|(_, inlet_c)| inlet_c)
            });
            self.watch.read_supplies(now, |index| {
                let plant = &loops[index];
                (plant.heat_w > 0.0).then_some(plant.state.supply_c)
            });
        }
        if !self.moved.is_empty() {
            self.meters.mark_losses();
        }
        self.audit.power(now, &self.power, (&self.moved, self.design));
        self.audit.refusals(now, &mut self.power);
        self.with_view(now, |group, view| group.read(now, view));
    }

    /// What the machines of all cooling draw, W: those of loops and the movers of exchangers, which
    /// are fans or pumps.
    fn cooling_w(&self) -> PerMachine<f64> {
        let of = |machine: Machine, blowing: Option<bool>| {
            let loops = self.loops.iter().map(|plant| plant.machines[machine].draw_w);
            let moves = |design: &ExchangerDesign| Some(design.blows()) == blowing;
            let exchangers = self.exchangers.iter().zip(&self.design.exchangers);
            let movers = exchangers.filter(|(_, site)| site.design.as_ref().is_some_and(moves));
            loops.sum::<f64>() + movers.map(|(plant, _)| plant.movers.draw_w).sum::<f64>()
        };
        PerMachine {
            fans: of(Machine::Fan, Some(true)),
            pumps: of(Machine::Pump, Some(false)),
            chillers: of(Machine::Chiller, None),
        }
    }

    /// Brings what moves between instants to `now`, before the meters are read out.
    pub(super) fn correct_meters(&mut self, now: Time) {
        let may_move = cfg!(debug_assertions) || self.meters.groups.iter().any(Group::has_moved);
        for (index, plant) in self.loops.iter().enumerate().filter(|_| may_move) {
            if self.meters.has_moved(index) || cfg!(debug_assertions) {
                let amounts = plant.amounts(now);
                let water = self.water.amounts(index, amounts.evaporated_kg, now);
                self.meters.flowed[index] = (amounts, water);
            }
        }
        self.with_view(now, |group, view| group.correct(now, view));
    }

    /// Shows the site to each group of meters.
    fn with_view(&mut self, now: Time, mut show: impl FnMut(&mut Group, &View<'_>)) {
        let Meters { groups, works_w, live_racks, cooling_w, flowed, .. } = &mut self.meters;
        let view = View {
            design: self.design,
            power: &self.power,
            sequences: &self.sequences,
            arrays: &self.arrays,
            windings: &self.windings,
            loops: &self.loops,
            exchangers: &self.exchangers,
            water: &self.water,
            flowed,
            cooling_w: *cooling_w,
            works: &self.works,
            works_w,
            live_racks,
            programmes: &self.programmes,
            price: self.price.current(),
            carbon_g_per_kwh: self.carbon.as_ref().map_or(0.0, Carbon::current),
            air: &self.air,
            wet_bulb_c: self.wet_bulb_c,
            now,
        };
        groups.iter_mut().for_each(|group| show(group, &view));
    }
}

/// Where among `groups` each loop of `design`, its exchangers and the halls behind them are read: which
/// group, and at which place of it.
fn groups_of_loops(design: &Design, groups: &[Group]) -> Vec<Vec<(u32, u32)>> {
    let mut halls = vec![Vec::new(); design.loops.len()];
    for rack in &design.racks {
        let sides = [rack.cooled_by, rack.air_cooled_by.map(|(air, _)| air)];
        for exchanger in sides.into_iter().flatten() {
            let halls = &mut halls[design.exchangers[exchanger].cooled_by];
            if !halls.contains(&rack.hall) {
                halls.push(rack.hall);
            }
        }
    }
    let reads = |group: &Group, of: usize, index: usize, halls: &[usize]| match group.kind() {
        SubjectKind::Loop => of == index,
        SubjectKind::Exchanger => design.exchangers[of].cooled_by == index,
        SubjectKind::Hall => halls.contains(&of),
        _ => false,
    };
    let of_loop = |(index, halls): (usize, &Vec<usize>)| {
        let all = (0..).zip(groups).flat_map(|(at, group)| {
            let own = (0..).zip(group.instances());
            own.map(move |(place, &of)| (at, group, place, of))
        });
        let read = all.filter(|&(_, group, _, of)| reads(group, of, index, halls));
        read.map(|(at, _, place, _)| (at, place)).collect()
    };
    halls.iter().enumerate().map(of_loop).collect()
}
