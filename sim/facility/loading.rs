//! How loaded the declared parts of the site were, by interval and over the run, against their
//! ratings: components of the power chain by what they put out, racks, machines and house loads by
//! what they draw.
//!
//! After each instant only what has [`Moved`](crate::plant::power::Moved) is read: the cost does
//! not grow with the site.

use super::Facility;
use super::design::Design;
use super::figures::LoadEnd;
use super::loads::Owner;
use super::rows::LoadRow;
use crate::kernel::Time;
use crate::measure::{Meter, Sum};
use crate::plant::power::{ComponentKind, NetworkPart, PowerLoad, PowerNode};

/// Share of its rating above which a component counts as highly loaded: 80 %, the limit of
/// continuous load of North American practice.
const HIGH: f64 = 0.8;
/// Share above which it is at its rating: what shedding leaves of rounding.
const FULL: f64 = 1.0 - 1e-6;

/// The meters of all parts.
#[derive(Debug)]
pub(super) struct Loading {
    /// By component of the power chain, then by load.
    parts: Vec<Part>,
    groups: Vec<Group>,
    /// When the present interval of the time series began.
    opened: Time,
    /// Generators: one that works on a bus gives through it.
    sets: Vec<u32>,
    /// Racks of each hall with several cords of which one is live.
    pub(super) one_cord: Vec<Meter>,
    /// When the network last switched, by its own count.
    switches: u64,
}

/// A component of the power chain or a load.
#[derive(Debug, Clone, Copy)]
struct Part {
    group: u32,
    rating_w: f64,
    /// What it carries, what it loses, and what of it comes over the feeder that it prefers.
    now: Carried,
    since: Time,
}

/// Parts of a group that carry more than [`HIGH`] of their rating, and all of it.
#[derive(Debug, Clone, Copy, Default)]
struct Loaded {
    high: u32,
    full: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Carried {
    w: f64,
    loss_w: f64,
    preferred_w: f64,
}

/// All instances of what a component of the scenario declares.
#[derive(Debug, Clone)]
struct Group {
    name: String,
    is_rated: bool,
    is_source: bool,
    /// Its instances.
    parts: Vec<u32>,
    /// Instances that carry something, and those that are highly loaded.
    carrying: u32,
    loaded: Loaded,
    now: Carried,
    since: Time,
    /// An instance carries something else than at the beginning of the interval, and the largest
    /// share of its rating that one carried then.
    is_changed: bool,
    first_share: f64,
    /// Of the interval.
    joules: [Sum; 3],
    max_w: f64,
    share: f64,
    /// Of the run; times in nanoseconds, whose sum does not depend on its order.
    total_j: Sum,
    peak_w: f64,
    peak_share: f64,
    high_ns: u128,
    full_ns: u128,
}

impl Loading {
    pub(super) fn new(design: &Design, owners: &[Owner]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut count = 0;
        let mut part = |name: &str, rating_w: f64, is_source: bool| {
            let known = groups.iter().rposition(|group| group.name == name);
            let group = known.unwrap_or_else(|| {
                groups.push(Group::new(name, rating_w.is_finite(), is_source));
                groups.len() - 1
            });
            groups[group].parts.push(count);
            count += 1;
            Part { group: group as u32, rating_w, now: Carried::default(), since: Time::ZERO }
        };
        let mut parts = Vec::new();
        for (node, group) in design.power.nodes.iter().zip(&design.power_groups) {
            let component = &node.component;
            parts.push(part(group, component.rating_w, component.kind.part().is_root()));
        }
        for owner in owners {
            parts.push(match *owner {
                Owner::Rack(index) => {
                    let hall = &design.halls[design.racks[index as usize].hall];
                    let rated = hall.rack_w > 0.0;
                    part(&hall.name, if rated { hall.rack_w } else { f64::INFINITY }, false)
                }
                Owner::Loop(index) => {
                    part(&design.loops[index as usize].group_name, f64::INFINITY, false)
                }
                Owner::Exchanger(index) => {
                    part(&design.exchangers[index as usize].group_name, f64::INFINITY, false)
                }
                Owner::House(index) => {
                    part(&design.house[index as usize].name, f64::INFINITY, false)
                }
            });
        }
        let nodes = (0..).zip(&design.power.nodes);
        let sets = nodes.filter(|(_, node)| node.component.kind == ComponentKind::Genset);
        Self {
            parts,
            sets: sets.map(|(n, _)| n).collect(),
            groups,
            opened: Time::ZERO,
            one_cord: vec![Meter::new(Time::ZERO, 0.0); design.halls.len()],
            switches: 0,
        }
    }

    /// Part `index` carries `new` from the settled instant `now` on.
    fn set(&mut self, now: Time, index: usize, new: Carried) {
        let part = &mut self.parts[index];
        let group = &mut self.groups[part.group as usize];
        if new == part.now {
            // The share of its rating holds on; it is told when it ends.
            return group.advance(now);
        }
        part.tell_share(now, self.opened, group);
        part.since = now;
        group.advance(now);
        let was = part.loaded();
        let old = std::mem::replace(&mut part.now, new);
        let is = part.loaded();
        group.loaded.high = group.loaded.high + is.high - was.high;
        group.loaded.full = group.loaded.full + is.full - was.full;
        group.is_changed = true;
        group.carrying = group.carrying + u32::from(new.w > 0.0) - u32::from(old.w > 0.0);
        if group.carrying == 0 {
            // What rounding left is nothing.
            group.now.w = 0.0;
            group.now.preferred_w = 0.0;
        } else {
            group.now.w += new.w - old.w;
            group.now.preferred_w += new.preferred_w - old.preferred_w;
        }
        group.now.loss_w += new.loss_w - old.loss_w;
    }

    /// What a load drew when the last instant had settled, W.
    pub(super) fn draw_before_w(&self, design: &Design, load: PowerLoad) -> f64 {
        self.parts[design.power.nodes.len() + load.0 as usize].now.w
    }

    /// Brings everything to `now`: what has not changed in the interval at no cost for its parts.
    fn advance(&mut self, now: Time) {
        (0..self.groups.len()).for_each(|group| self.advance_group(now, group));
    }

    fn advance_group(&mut self, now: Time, group: usize) {
        let group = &mut self.groups[group];
        if group.is_changed {
            for at in 0..group.parts.len() {
                self.parts[group.parts[at] as usize].tell_share(now, self.opened, group);
            }
        } else if now > self.opened {
            group.tell_share(group.first_share);
        }
        group.advance(now);
    }

    /// Ends an interval of `seconds` at `now`, and tells `row` of each group.
    fn close_interval(&mut self, now: Time, seconds: f64, mut row: impl FnMut(LoadRow<'_>)) {
        self.advance(now);
        for group in &mut self.groups {
            let [w, loss_w, preferred_w] = &group.joules;
            let mean = |joules: &Sum| joules.value() / seconds;
            let (w, loss_w, preferred_w) = (mean(w), mean(loss_w), mean(preferred_w));
            row(LoadRow {
                group: &group.name,
                power_w: w,
                max_w: group.max_w,
                utilisation_max: group.is_rated.then_some(group.share),
                loss_w,
                feeder_share: (!group.is_source && w > 0.0).then(|| (preferred_w / w).min(1.0)),
            });
            group.joules = [Sum::ZERO; 3];
            (group.max_w, group.share) = (0.0, 0.0);
            if std::mem::take(&mut group.is_changed) {
                group.sum_anew(&self.parts);
            }
        }
        self.opened = now;
    }

    /// Forgets the largest loads so far.
    pub(super) fn forget_extremes(&mut self, now: Time) {
        self.advance(now);
        for group in &mut self.groups {
            group.peak_w = 0.0;
            group.peak_share = 0.0;
        }
    }

    /// How loaded the component `name` was up to `now`.
    pub(super) fn end(&mut self, now: Time, name: &str) -> Option<LoadEnd> {
        let group = self.groups.iter().position(|group| group.name == name)?;
        self.advance_group(now, group);
        let group = &self.groups[group];
        let seconds = now.as_secs_f64();
        Some(LoadEnd {
            mean_w: if seconds > 0.0 { group.total_j.value() / seconds } else { 0.0 },
            peak_w: group.peak_w,
            peak_share: group.is_rated.then_some(group.peak_share),
            high_s: group.high_ns as f64 / 1e9,
            full_s: group.full_ns as f64 / 1e9,
        })
    }
}

impl Part {
    /// The share of its rating that it carries.
    fn share(&self) -> f64 {
        self.now.w / self.rating_w
    }

    fn loaded(&self) -> Loaded {
        let share = self.share();
        Loaded { high: u32::from(share > HIGH), full: u32::from(share >= FULL) }
    }

    /// Tells its group what it has carried up to `now` in the interval that was `opened`; a value that
    /// held for no time is none.
    fn tell_share(&self, now: Time, opened: Time, group: &mut Group) {
        if now > self.since.max(opened) {
            group.tell_share(self.share());
        }
    }
}

impl Group {
    fn new(name: &str, is_rated: bool, is_source: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_rated,
            is_source,
            parts: Vec::new(),
            carrying: 0,
            loaded: Loaded::default(),
            now: Carried::default(),
            since: Time::ZERO,
            is_changed: true,
            first_share: 0.0,
            joules: [Sum::ZERO; 3],
            max_w: 0.0,
            share: 0.0,
            total_j: Sum::ZERO,
            peak_w: 0.0,
            peak_share: 0.0,
            high_ns: 0,
            full_ns: 0,
        }
    }

    /// An instance has carried `share` of its rating.
    fn tell_share(&mut self, share: f64) {
        self.share = self.share.max(share);
        self.peak_share = self.peak_share.max(share);
    }

    /// Sums what its instances carry, which rids the sums of rounding.
    fn sum_anew(&mut self, parts: &[Part]) {
        self.now = Carried::default();
        self.first_share = 0.0;
        for &part in &self.parts {
            let part = &parts[part as usize];
            self.now.w += part.now.w;
            self.now.loss_w += part.now.loss_w;
            self.now.preferred_w += part.now.preferred_w;
            self.first_share = self.first_share.max(part.share());
        }
    }

    fn advance(&mut self, now: Time) {
        if now > self.since {
            let seconds = (now - self.since).as_secs_f64();
            let Carried { w, loss_w, preferred_w } = self.now;
            for (sum, w) in self.joules.iter_mut().zip([w, loss_w, preferred_w]) {
                sum.add(w * seconds);
            }
            self.total_j.add(w * seconds);
            let nanos = u128::from((now - self.since).as_nanos());
            self.high_ns += nanos * u128::from(self.loaded.high);
            self.full_ns += nanos * u128::from(self.loaded.full);
            self.max_w = self.max_w.max(w);
            self.peak_w = self.peak_w.max(w);
            self.since = now;
        }
    }
}

impl Facility<'_> {
    /// Reads what has moved, after the instant `now` has settled.
    pub(super) fn read_loading(&mut self, now: Time) {
        let nodes = self.design.power.nodes.len();
        for node in self.moved.nodes() {
            let carried = self.carried(node);
            self.loading.set(now, node.0 as usize, carried);
        }
        if self.sequences.is_active() && !self.moved.is_empty() {
            for at in 0..self.loading.sets.len() {
                let set = PowerNode(self.loading.sets[at]);
                let carried = Carried { w: self.sequences.output_w(set), ..self.carried(set) };
                self.loading.set(now, set.0 as usize, carried);
            }
        }
        for load in self.moved.loads() {
            let w = self.power.draw_w(load);
            let preferred = self.power.cord_shares(load)[0];
            let carried = Carried { w, loss_w: 0.0, preferred_w: w * preferred };
            self.loading.set(now, nodes + load.0 as usize, carried);
        }
        if self.loading.switches != self.power.switches() {
            self.loading.switches = self.power.switches();
            self.count_cords(now);
        }
    }

    fn carried(&self, node: PowerNode) -> Carried {
        if !self.power.live(node) {
            return Carried::default();
        }
        let w = match self.design.power.nodes[node.0 as usize].component.kind.part() {
            NetworkPart::Attached => self.power.terminal_w(node).abs(),
            _ => self.power.flow_w(node).max(0.0),
        };
        let first = self.design.power.nodes[node.0 as usize].fed_by.first();
        let preferred = first.is_some() && self.power.fed_by(node) == first.copied();
        let share = if preferred { self.power.fed_share(node) } else { 0.0 };
        Carried { w, loss_w: self.power.loss_w(node), preferred_w: w * share }
    }

    /// Counts the racks that are on one cord although they have several.
    fn count_cords(&mut self, now: Time) {
        let mut racks = vec![0u32; self.design.halls.len()];
        for rack in &self.racks {
            if rack.load.is_some_and(|load| self.power.is_on_one_cord(load)) {
                racks[rack.hall as usize] += 1;
            }
        }
        for (meter, racks) in self.loading.one_cord.iter_mut().zip(racks) {
            meter.set(now, f64::from(racks));
        }
    }

    /// Ends an interval of the time series.
    pub(super) fn close_loading(&mut self, now: Time, observer: &mut dyn super::Observer) {
        let start = self.interval_start;
        let seconds = (now - start).as_secs_f64();
        self.loading.close_interval(now, seconds, |row| observer.load(start, &row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two instances of 100 W: what each carries, the largest sum, hours above shares of the rating.
    #[test]
    fn loads_are_metered_by_interval_and_over_the_run() {
        let at = |seconds: u64| Time::from_nanos(seconds * 1_000_000_000);
        let part = Part { group: 0, rating_w: 100.0, now: Carried::default(), since: Time::ZERO };
        let mut loading = Loading {
            parts: vec![part; 2],
            groups: vec![Group { parts: vec![0, 1], ..Group::new("ups-{1..2}", true, false) }],
            opened: Time::ZERO,
            sets: Vec::new(),
            one_cord: Vec::new(),
            switches: 0,
        };
        let carried = |w: f64, share: f64| Carried { w, loss_w: 0.1 * w, preferred_w: share * w };
        for (seconds, index, w) in [
            (0, 0, 50.0),
            (0, 1, 10.0),
            (10, 0, 81.0),
            (20, 0, 100.0),
            (25, 0, 500.0),
            (25, 0, 10.0),
        ] {
            loading.set(at(seconds), index, carried(w, if index == 0 { 1.0 } else { 0.0 }));
        }
        let mut rows = Vec::new();
        for (end, seconds) in [(30, 30.0), (40, 10.0)] {
            loading.close_interval(at(end), seconds, |row| {
                rows.push((row.power_w, row.max_w, row.utilisation_max, row.loss_w));
                let share = row.feeder_share.unwrap();
                assert!((share - (row.power_w - 10.0) / row.power_w).abs() < 1e-12, "{share}");
            });
        }
        // 50 x 10 + 81 x 10 + 100 x 5 + 10 x 5, and 10 x 30 of the other.
        let mean_w = (500.0 + 810.0 + 500.0 + 50.0 + 300.0) / 30.0;
        assert_eq!(rows[0].0, mean_w);
        assert_eq!((rows[0].1, rows[0].2), (110.0, Some(1.0)), "500 W held for no time");
        assert!((rows[0].3 - 0.1 * mean_w).abs() < 1e-12);
        assert_eq!((rows[1].0, rows[1].1, rows[1].2), (20.0, 20.0, Some(0.1)));
        let end = loading.end(at(40), "ups-{1..2}").unwrap();
        assert_eq!((end.high_s, end.full_s, end.peak_w), (15.0, 5.0, 110.0));
        assert_eq!(end.peak_share, Some(1.0));
    }
}
