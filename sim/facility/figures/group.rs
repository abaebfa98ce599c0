//! The meters of the columns of a design, component by component.

use super::columns::group_columns;
use super::{Column, Shown, Subject, SubjectKind, View};
use crate::facility::changed::Marks;
use crate::facility::design::{Design, WorkDesign};
use crate::kernel::Time;
use crate::measure::{Join, Meter};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{ComponentDesign, ComponentKind};
use crate::workload::gpu::Processor;

/// The instances that a component declares, with a meter for each column.
#[derive(Debug, Clone)]
pub(in crate::facility) struct Group {
    pub(super) kind: SubjectKind,
    name: String,
    /// Their indices in their list of the design.
    instances: Vec<usize>,
    gauges: Vec<(&'static Column, Meter)>,
    /// What each instance read last, column by column.
    read: Vec<f64>,
    /// Places of instances that may read otherwise than when they were last read.
    stale: Marks,
    /// What an instance of cooling reads has moved since the last interval.
    moves: bool,
}

impl Group {
    fn new(design: &Design, kind: SubjectKind, name: &str, instances: Vec<usize>) -> Self {
        let has = |column: &&Column| instances.iter().any(|&i| (column.only)(design, i));
        let columns = group_columns(kind).into_iter().filter(has);
        let gauges: Vec<_> = columns.map(|column| (column, Meter::new(Time::ZERO, 0.0))).collect();
        Self {
            kind,
            name: name.to_owned(),
            // Nothing has been read.
            read: vec![f64::NAN; gauges.len() * instances.len()],
            stale: Marks::all(instances.len()),
            instances,
            gauges,
            moves: true,
        }
    }

    /// Its instance at `place` may read otherwise from now on.
    #[inline]
    pub(in crate::facility) fn mark(&mut self, place: u32) {
        self.stale.mark(place);
    }

    /// What an instance of it reads moves from now on, until it is marked again.
    pub(in crate::facility) fn mark_moving(&mut self) {
        self.moves = true;
    }

    /// Whether what an instance of cooling reads has moved since the last interval.
    pub(in crate::facility) fn has_moved(&self) -> bool {
        self.moves && self.kind.is_cooling()
    }

    /// Reads its instances after the instant `now` has settled. Most read as before unless they were
    /// marked since.
    pub(in crate::facility) fn read(&mut self, now: Time, view: &View<'_>) {
        if !self.kind.is_marked() {
            (0..self.instances.len() as u32).for_each(|place| self.stale.mark(place));
        }
        debug_assert_eq!(self.read_unseen(view), None, "{} has moved unseen", self.name);
        if self.stale.is_empty() {
            return;
        }
        let stale = self.stale.take();
        let own = self.read.chunks_exact_mut(self.instances.len());
        for ((column, meter), own) in self.gauges.iter_mut().zip(own) {
            let mut differs = false;
            for place in stale.iter().map(|&place| place as usize) {
                let value = (column.read)(view, self.instances[place]);
                differs |= std::mem::replace(&mut own[place], value) != value;
            }
            if differs {
                meter.set(now, column.join.of(own.iter().copied()));
            }
        }
        self.stale.reuse(stale);
    }

    /// A column of an instance that is not marked and reads otherwise than when it was last read, that
    /// reading, and what it would read.
    fn read_unseen(&self, view: &View<'_>) -> Option<(&'static str, usize, f64, f64)> {
        let own = self.read.chunks_exact(self.instances.len());
        self.gauges.iter().zip(own).find_map(|((column, _), own)| {
            let unmarked = (0u32..).zip(&self.instances).zip(own);
            let mut unmarked = unmarked.filter(|((place, _), _)| !self.stale.has(*place));
            unmarked.find_map(|((_, &index), &known)| {
                let value = (column.read)(view, index);
                let is_other = value != known && !value.is_nan();
                is_other.then_some((column.name, index, known, value))
            })
        })
    }

    /// Brings what moves between the instants at which it is read to `now`. The warmest of several
    /// is what it was when it was read.
    pub(in crate::facility) fn correct(&mut self, now: Time, view: &View<'_>) {
        if !self.moves && !cfg!(debug_assertions) {
            return;
        }
        // A meter that is ahead of what it measures is looked at again.
        let mut is_ahead = false;
        for (column, meter) in &mut self.gauges {
            let Some(amount) = column.amount else { continue };
            if column.join != Join::Warmest || self.instances.len() == 1 {
                let amounts = self.instances.iter().map(|&index| amount(view, index, now));
                let amount = column.join.of(amounts);
                if self.moves {
                    match column.falls {
                        true => meter.correct(now, amount),
                        false => is_ahead |= meter.correct_rising(now, amount),
                    }
                    continue;
                }
                let read = meter.integral_to(now);
                debug_assert!(
                    (read - amount).abs() <= 1e-9 * read.abs() + 1e-4,
                    "{} {} has moved unseen: {read} of {amount}",
                    self.name,
                    column.name
                );
            }
        }
        self.moves = is_ahead || self.instances.iter().any(|&index| view.moves(self.kind, index));
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

    /// The same of its column at `place` up to `now`, to which its meters need not have been brought.
    pub(in crate::facility) fn integral_to(&self, place: usize, now: Time) -> f64 {
        self.gauges[place].1.integral_to(now)
    }

    /// Which of its columns is `name`.
    pub(in crate::facility) fn place(&self, name: &str) -> Option<usize> {
        self.gauges.iter().position(|(column, _)| column.name == name)
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
    pub(super) fn subject(&self, before: Option<(&Self, Time)>, now: Time) -> Subject {
        let place = match self.kind {
            SubjectKind::Site => "",
            SubjectKind::Losses => "losses",
            SubjectKind::Hall => "halls",
            SubjectKind::Storage => "storage",
            SubjectKind::Programme => "programmes",
            SubjectKind::Array => "solar",
            SubjectKind::Transformer => "transformers",
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
    for of in [SubjectKind::Storage, SubjectKind::Array, SubjectKind::Transformer] {
        let named = design.power.nodes.iter().zip(&design.power_groups).map(|(node, group)| {
            if kind_of_part(&node.component) == Some(of) { group.as_str() } else { "" }
        });
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

/// What a component of the power chain is to the tables, of those that have columns of their own.
fn kind_of_part(component: &ComponentDesign) -> Option<SubjectKind> {
    match component.machine {
        MachineDesign::Battery(_) => Some(SubjectKind::Storage),
        MachineDesign::Array(_) => Some(SubjectKind::Array),
        MachineDesign::Transformer(_) => Some(SubjectKind::Transformer),
        _ => None,
    }
}

fn kind_of(work: &WorkDesign) -> SubjectKind {
    match work {
        WorkDesign::Mining(_) => SubjectKind::Mining,
        WorkDesign::Training { rack, .. } => match rack.processor {
            Processor::Gpu => SubjectKind::Training,
            Processor::Core => SubjectKind::Cores,
        },
        WorkDesign::Inference { .. } => SubjectKind::Inference,
        WorkDesign::HeatLoad(_) => SubjectKind::HeatLoad,
    }
}
