//! What went wrong, what followed from it, and what it cost: each incident is a tree of rows.
//!
//! A row begins when units of a component come to an abnormal condition and ends when the last of
//! them leaves it. Its parent is the nearest row that is open on the way by which power, or cooling,
//! comes to these units; without one it begins an incident. Failures are always beginnings. What
//! racks drew before they lost their power or were tripped counts as energy not served until they
//! are back.

use std::collections::VecDeque;

use super::Facility;
use super::condition::Condition;
use super::graph::Place;
use super::observer::Observer;
use super::rows::IncidentRow;
use super::states::Turn;
use super::work::Work;
use crate::kernel::Time;
use crate::plant::power::{ComponentKind, NetworkPart, PowerLoad, PowerNode};

/// Incidents that are not over.
#[derive(Debug)]
pub(super) struct Incidents {
    open: Vec<Incident>,
    count: u64,
    /// By unit: the row that its condition belongs to, and that of another feeder than the first.
    rows: Vec<[Option<Key>; 2]>,
    /// What a unit drew before, and how far the nodes stand from their sources.
    lost_w: Vec<f64>,
    depth: Vec<u32>,
    /// By workload: interruptions and failed requests when the last instant had settled.
    counted: Vec<u64>,
    /// The hall whose racks are being found capped in this instant, and their row: the others of it
    /// are held by the same component.
    capped: Option<(usize, Key)>,
    /// By workload: the row of machines that the price has stopped.
    stopped: Vec<Option<Key>>,
    /// Power nodes whose present failure was injected.
    pub(super) injected: Vec<bool>,
}

/// A row: its incident, and its place there.
pub(super) type Key = (u64, u32);

#[derive(Debug)]
struct Incident {
    number: u64,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    parent: Option<u32>,
    at: Time,
    until: Option<Time>,
    subject: String,
    unit: Option<u32>,
    what: &'static str,
    cause: &'static str,
    /// The row of the failure that took over from planned work, or the other way round.
    goes_on: Option<Key>,
    count: u32,
    /// Units in it now; a row that only explains others ends with the last of them.
    units: u32,
    explains: bool,
    /// Units of the site that it concerns, where no unit is in it by its own condition.
    strikes: Vec<usize>,
    lost_w: f64,
    gpus: f64,
    since: Time,
    energy_j: f64,
    gpu_s: f64,
    requests: u64,
    jobs: u64,
}

impl Row {
    fn advance(&mut self, now: Time) {
        let seconds = (now - self.since).as_secs_f64();
        self.energy_j += self.lost_w * seconds;
        self.gpu_s += self.gpus * seconds;
        self.since = now;
    }

    fn is_open(&self) -> bool {
        self.until.is_none()
    }
}

impl Incidents {
    pub(super) fn new(units: usize, works: usize, depth: Vec<u32>) -> Self {
        Self {
            open: Vec::new(),
            count: 0,
            rows: vec![[None; 2]; units],
            lost_w: vec![0.0; units],
            injected: vec![false; depth.len()],
            depth,
            counted: vec![0; works],
            capped: None,
            stopped: vec![None; works],
        }
    }

    fn row(&mut self, (incident, seq): Key) -> &mut Row {
        let incident = self.open.iter_mut().rev().find(|it| it.number == incident);
        &mut incident.expect("an open row is of an open incident").rows[seq as usize]
    }

    /// Begins a row, behind `parent` or as an incident of its own.
    fn begin(&mut self, parent: Option<Key>, row: Row) -> Key {
        if let Some((number, seq)) = parent {
            let incident = self.open.iter_mut().rev().find(|it| it.number == number);
            let incident = incident.expect("a parent is open");
            incident.rows.push(Row { parent: Some(seq), ..row });
            return (number, incident.rows.len() as u32 - 1);
        }
        let number = self.count;
        self.count += 1;
        self.open.push(Incident { number, rows: vec![row] });
        (number, 0)
    }

    /// The open row of `subject` and `what` in the incident of `parent`, or with no parent where that
    /// is none.
    fn same(&self, parent: Option<Key>, subject: &str, what: &str) -> Option<Key> {
        let mut keyed = self.open.iter().rev().flat_map(|incident| {
            let rows = (0u32..).zip(&incident.rows);
            rows.map(|(seq, row)| ((incident.number, seq), row))
        });
        let found = keyed.find(|((number, _), row)| {
            row.is_open()
                && row.what == what
                && row.subject == subject
                && match parent {
                    Some((of, _)) => of == *number,
                    None => row.parent.is_none(),
                }
        });
        found.map(|(key, _)| key)
    }

    /// An open row that concerns a unit.
    fn at(&self, unit: usize) -> Option<Key> {
        let [own, standby] = self.rows[unit];
        let named = || {
            self.open.iter().rev().find_map(|incident| {
                let strikes = |row: &Row| row.is_open() && row.strikes.contains(&unit);
                let seq = incident.rows.iter().position(strikes)?;
                Some((incident.number, seq as u32))
            })
        };
        own.or_else(named).or(standby)
    }

    /// The incident of an open row that concerns a unit.
    pub(super) fn number_at(&self, unit: usize) -> Option<u64> {
        self.at(unit).map(|(number, _)| number)
    }

    /// What happened and why, from the row `key` to the beginning of its incident. A row that goes on
    /// as another says what the last of these says.
    pub(super) fn way(&self, (number, seq): Key) -> Vec<(&'static str, &'static str)> {
        let of = |number: u64| self.open.iter().rev().find(|it| it.number == number);
        let rows = &of(number).expect("an open row is of an open incident").rows;
        let mut way = Vec::new();
        let mut at = Some(seq);
        while let Some(seq) = at {
            let row = &rows[seq as usize];
            let mut last = row;
            while let Some((number, seq)) = last.goes_on
                && let Some(incident) = of(number)
            {
                last = &incident.rows[seq as usize];
            }
            way.push((last.what, last.cause));
            at = row.parent;
        }
        way
    }

    /// A unit leaves its row.
    fn leave(&mut self, now: Time, key: Key, lost_w: f64, gpus: f64) {
        let row = self.row(key);
        row.advance(now);
        row.units -= 1;
        row.lost_w = if row.units == 0 { 0.0 } else { (row.lost_w - lost_w).max(0.0) };
        row.gpus = if row.units == 0 { 0.0 } else { row.gpus - gpus };
        if row.units == 0 {
            row.until = Some(now);
        }
    }

    /// Ends rows that explain nothing any more, and tells of the incidents that are over.
    fn close(&mut self, now: Time, mut tell: impl FnMut(&Incident)) {
        for incident in &mut self.open {
            for seq in (0..incident.rows.len()).rev() {
                let row = &incident.rows[seq];
                let child = |it: &Row| it.is_open() && it.parent == Some(seq as u32);
                if row.explains && row.is_open() && !incident.rows.iter().any(child) {
                    incident.rows[seq].until = Some(now);
                }
            }
        }
        self.open.retain(|incident| {
            let over = !incident.rows.iter().any(Row::is_open);
            if over {
                tell(incident);
            }
            !over
        });
    }
}

impl Incident {
    fn tell(&self, observer: &mut dyn Observer) {
        for (seq, row) in (0..).zip(&self.rows) {
            observer.incident(&IncidentRow {
                incident: self.number,
                seq,
                parent_seq: row.parent,
                at: row.at,
                until: row.until,
                subject: &row.subject,
                unit: row.unit,
                what: row.what,
                cause: row.cause,
                count: row.count,
                energy_j: row.energy_j,
                gpu_s: row.gpu_s,
                requests: row.requests,
                jobs: row.jobs,
            });
        }
    }
}

/// What a condition is in the table, where it is part of an incident.
fn what(place: Place, condition: Condition) -> Option<&'static str> {
    match (place, condition) {
        (_, Condition::Ok | Condition::Standby) => None,
        (Place::Node(_), Condition::Starting | Condition::Reduced) => None,
        (Place::Rack(_), Condition::Reduced) => Some("capped"),
        // Units of the cooling that are out have rows of their own.
        (Place::Loop(_) | Place::Exchanger(_), Condition::Reduced) => None,
        // Machines that have power again stand until they have started.
        (_, Condition::Starting) => Some("no-power"),
        (_, condition) => Some(condition.name()),
    }
}

/// What an incident row of a switch on another source than its first is.
const ON_STANDBY: &str = "on-standby-feeder";
/// What the row of a component that is too small is.
const AT_LIMIT: &str = "at-limit";

impl Facility<'_> {
    /// Follows the turns of the instant `now`.
    pub(super) fn follow_incidents(&mut self, now: Time, observer: &mut dyn Observer) {
        let mut turns: Vec<Turn> = self.turns().to_vec();
        // Sources before what they feed, cooling behind power, racks last.
        turns.sort_by_key(|turn| match self.states.units.place(turn.unit) {
            Place::Node(node) => (0, self.incidents.depth[node.0 as usize]),
            Place::Loop(_) => (1, 0),
            Place::Exchanger(_) => (2, 0),
            Place::Rack(_) => (3, 0),
        });
        self.incidents.capped = None;
        let mut struck = Vec::new();
        for turn in &turns {
            struck.extend(self.turn(now, turn));
        }
        self.count_losses(&struck);
        self.follow_price(now);
        if !turns.is_empty() || !self.incidents.open.is_empty() {
            self.incidents.close(now, |incident| incident.tell(observer));
        }
    }

    /// The run ends: tells of incidents that are not over.
    pub(super) fn cut_incidents(&mut self, now: Time, observer: &mut dyn Observer) {
        for incident in &mut self.incidents.open {
            incident.rows.iter_mut().filter(|row| row.is_open()).for_each(|row| row.advance(now));
            incident.tell(observer);
        }
    }

    /// A unit comes to another condition; the row of racks that it begins or joins.
    fn turn(&mut self, now: Time, turn: &Turn) -> Option<(usize, Key)> {
        let unit = turn.unit;
        let place = self.states.units.place(unit);
        let (old, new) = (what(place, turn.old), what(place, turn.new));
        let mut struck = None;
        if old != new || turn.new == Condition::Failed && turn.old != Condition::Failed {
            let gpus = self.gpus(place);
            let before = self.incidents.rows[unit][0].take();
            if let Some(key) = before {
                let lost_w = std::mem::take(&mut self.incidents.lost_w[unit]);
                self.incidents.leave(now, key, lost_w, gpus);
            }
            if let Some(what) = new {
                let key = self.enter(now, unit, place, what, turn.new);
                self.incidents.rows[unit][0] = Some(key);
                let is_out = |it| matches!(it, Condition::Failed | Condition::Maintenance);
                if let (Place::Node(_), Some(before)) = (place, before)
                    && is_out(turn.old)
                    && is_out(turn.new)
                {
                    self.incidents.row(before).goes_on = Some(key);
                    self.lapses.look_again();
                }
                if let Place::Rack(rack) = place
                    && matches!(turn.new, Condition::NoPower | Condition::Tripped)
                {
                    let load = self.racks[rack].load;
                    let lost_w =
                        load.map_or(0.0, |load| self.loading.draw_before_w(self.design, load));
                    self.incidents.lost_w[unit] = lost_w;
                    let row = self.incidents.row(key);
                    row.lost_w += lost_w;
                    row.gpus += gpus;
                    struck = Some((rack, key));
                }
            }
        }
        if let Place::Node(_) = place {
            let is_standby = |feeder: Option<u32>| feeder.is_some_and(|feeder| feeder > 0);
            if is_standby(turn.feeders.0) != is_standby(turn.feeders.1) {
                self.turn_to_standby(now, unit, place, is_standby(turn.feeders.1));
            }
        }
        struck
    }

    /// A component takes from another source than its first, or from its first again.
    fn turn_to_standby(&mut self, now: Time, unit: usize, place: Place, standby: bool) {
        if let Some(key) = self.incidents.rows[unit][1].take() {
            self.incidents.leave(now, key, 0.0, 0.0);
        }
        if standby {
            let key = self.enter(now, unit, place, ON_STANDBY, Condition::Ok);
            self.incidents.rows[unit][1] = Some(key);
        }
    }

    /// Puts a unit into the row that it belongs to, which begins now or is there.
    fn enter(
        &mut self,
        now: Time,
        unit: usize,
        place: Place,
        what: &'static str,
        condition: Condition,
    ) -> Key {
        let (group, number) = self.states.units.of(unit);
        let subject = self.states.units.names[group].clone();
        let fails = matches!(condition, Condition::Failed | Condition::Maintenance);
        let is_capped = condition == Condition::Reduced;
        if let Some((_, key)) = self.incidents.capped.filter(|(of, _)| is_capped && *of == group) {
            return self.join(now, key);
        }
        let parent = match place {
            Place::Node(node) if fails => self.called_by(node),
            Place::Rack(_) if is_capped => self.limit_of(now, unit),
            _ => self.parent_of(unit, condition),
        };
        let same = if fails { None } else { self.incidents.same(parent, &subject, what) };
        let key = same.unwrap_or_else(|| {
            let cause = match (parent, condition) {
                (_, Condition::Failed) => self.cause_of_failure(place, parent.is_some()),
                (_, Condition::Maintenance) => "planned",
                (_, Condition::Reduced) => "limit",
                (Some(_), _) => "upstream",
                (None, Condition::Slow | Condition::Tripped) => "heat",
                (None, Condition::Dry) => "water",
                (None, Condition::Sag) => self.cause_of_failure(place, false),
                (None, _) => "limit",
            };
            let row = self.row(now, subject, Some(number), what, cause);
            self.incidents.begin(parent, row)
        });
        if is_capped {
            self.incidents.capped = Some((group, key));
        }
        self.join(now, key)
    }

    /// A unit more is in the row `key`.
    fn join(&mut self, now: Time, key: Key) -> Key {
        let row = self.incidents.row(key);
        row.advance(now);
        row.units += 1;
        row.count = row.count.max(row.units);
        key
    }

    fn row(
        &self,
        now: Time,
        subject: String,
        unit: Option<u32>,
        what: &'static str,
        cause: &'static str,
    ) -> Row {
        Row {
            parent: None,
            at: now,
            until: None,
            subject,
            unit,
            what,
            cause,
            goes_on: None,
            count: 0,
            units: 0,
            explains: false,
            strikes: Vec::new(),
            lost_w: 0.0,
            gpus: 0.0,
            since: now,
            energy_j: 0.0,
            gpu_s: 0.0,
            requests: 0,
            jobs: 0,
        }
    }

    fn cause_of_failure(&self, place: Place, called: bool) -> &'static str {
        match place {
            Place::Node(node) if self.incidents.injected[node.0 as usize] => "injected",
            _ if called => "on-demand",
            _ => "random",
        }
    }

    /// The outage for which a generator was called that fails now.
    fn called_by(&self, node: PowerNode) -> Option<Key> {
        let design = &self.design.power.nodes;
        if design[node.0 as usize].component.kind != ComponentKind::Genset
            || !self.outs[node.0 as usize].is_up()
        {
            return None;
        }
        let mut nodes = (0..).zip(design);
        nodes.find_map(|(n, design): (u32, _)| {
            let import = design.component.kind.part() == NetworkPart::Import;
            let unit = self.states.units.node(PowerNode(n));
            if import { self.incidents.rows[unit][0] } else { None }
        })
    }

    /// What power, or cooling, comes to a unit from.
    fn upstream(&self, unit: usize, heat: bool) -> Vec<usize> {
        let units = &self.states.units;
        let cords = |load: PowerLoad| {
            let cords = &self.design.power.loads[load.0 as usize].cords;
            cords.iter().map(|&node| units.node(node))
        };
        match units.place(unit) {
            Place::Node(node) => {
                let feeders = &self.design.power.nodes[node.0 as usize].fed_by;
                feeders.iter().map(|&feeder| units.node(feeder)).collect()
            }
            Place::Rack(rack) if heat => {
                let site = &self.design.racks[rack];
                let coolers =
                    site.cooled_by.into_iter().chain(site.air_cooled_by.map(|(at, _)| at));
                coolers.map(|at| units.exchanger(at)).collect()
            }
            Place::Rack(rack) => self.racks[rack].load.into_iter().flat_map(cords).collect(),
            Place::Loop(index) => {
                let site = &self.design.loops[index];
                let loads = [site.fans, site.pumps, site.chillers].into_iter().flatten();
                loads.flat_map(cords).collect()
            }
            Place::Exchanger(index) => {
                let site = &self.design.exchangers[index];
                let on = units.taker(site);
                site.movers.into_iter().flat_map(cords).chain([on]).collect()
            }
        }
    }

    /// The nearest unit on the way to `unit`, or itself, for which `is` finds something.
    fn nearest<T>(&self, unit: usize, heat: bool, is: impl Fn(usize) -> Option<T>) -> Option<T> {
        let mut queue: VecDeque<usize> = self.upstream(unit, heat).into();
        let mut seen: Vec<usize> = queue.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            if let Some(found) = is(at) {
                return Some(found);
            }
            for next in self.upstream(at, heat) {
                if !seen.contains(&next) {
                    seen.push(next);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The row that the condition of a unit follows from.
    fn parent_of(&self, unit: usize, condition: Condition) -> Option<Key> {
        let heat = matches!(condition, Condition::Slow | Condition::Tripped);
        let own = self.incidents.at(unit).filter(|_| !matches!(condition, Condition::Sag));
        own.or_else(|| self.nearest(unit, heat, |at| self.incidents.at(at)))
    }

    /// The row that a rack's want of power, or of cooling, follows from; its own where it has one for
    /// that.
    pub(super) fn incident_of_rack(&self, rack: usize, heat: bool) -> Option<Key> {
        let unit = self.states.units.rack(rack);
        let condition = self.states.condition(unit);
        let is_heat = matches!(condition, Condition::Slow | Condition::Tripped);
        let own = self.incidents.rows[unit][0].filter(|_| is_heat == heat);
        own.or_else(|| self.nearest(unit, heat, |at| self.incidents.at(at)))
    }

    /// The row of the component that is too small for a rack, which begins now or is there.
    fn limit_of(&mut self, now: Time, rack: usize) -> Option<Key> {
        let full = |at: usize| (self.states.condition(at) == Condition::Reduced).then_some(at);
        let unit = self.nearest(rack, false, full)?;
        let (group, number) = self.states.units.of(unit);
        let subject = self.states.units.names[group].clone();
        let parent = self.incidents.at(unit);
        if let Some(key) = self.incidents.same(parent, &subject, AT_LIMIT) {
            return Some(key);
        }
        let row = self.row(now, subject, Some(number), AT_LIMIT, "limit");
        let row = Row { explains: true, count: 1, ..row };
        Some(self.incidents.begin(parent, row))
    }

    fn gpus(&self, place: Place) -> f64 {
        match place {
            Place::Rack(rack) => self.design.halls[self.design.racks[rack].hall].gpus as f64,
            _ => 0.0,
        }
    }

    /// Something that is no unit of its own fails, is taken out or limits the site, and strikes
    /// `strikes`.
    pub(super) fn begin_incident(
        &mut self,
        now: Time,
        subject: &str,
        what: &'static str,
        cause: &'static str,
        strikes: Vec<usize>,
    ) {
        let row = self.row(now, subject.to_owned(), None, what, cause);
        self.incidents.begin(None, Row { units: 1, count: 1, strikes, ..row });
    }

    /// It is over.
    pub(super) fn end_incident(&mut self, now: Time, subject: &str, what: &'static str) {
        if let Some(key) = self.incidents.same(None, subject, what) {
            self.incidents.leave(now, key, 0.0, 0.0);
        }
    }

    /// Machines that the price of energy stops, and what they would draw.
    fn follow_price(&mut self, now: Time) {
        for index in 0..self.works.len() {
            let Work::Mining(mining) = &self.works[index] else { continue };
            let (machines, w) = mining.stopped_by_price();
            let key = match (self.incidents.stopped[index], machines) {
                (None, 0) => continue,
                (Some(key), 0) => {
                    self.incidents.stopped[index] = None;
                    let row = self.incidents.row(key);
                    row.advance(now);
                    row.until = Some(now);
                    continue;
                }
                (Some(key), _) => key,
                (None, _) => {
                    let name = self.design.works[index].name.clone();
                    let row = self.row(now, name, None, "stopped-by-price", "price");
                    let key = self.incidents.begin(None, Row { units: 1, ..row });
                    self.incidents.stopped[index] = Some(key);
                    key
                }
            };
            let row = self.incidents.row(key);
            row.advance(now);
            row.lost_w = w;
            row.count = row.count.max(machines);
        }
    }

    /// Jobs that were interrupted and requests that failed since the last instant are those of the
    /// racks `struck` in this one.
    fn count_losses(&mut self, struck: &[(usize, Key)]) {
        for index in 0..self.works.len() {
            let now = match &self.works[index] {
                Work::Training(training) => training.rack_losses(),
                Work::Inference(service) => service.failed(),
                Work::Mining(_) | Work::HeatLoad(_) => continue,
            };
            let lost = now - std::mem::replace(&mut self.incidents.counted[index], now);
            let mut mine = struck.iter().filter(|(rack, _)| {
                self.racks[*rack].work.is_some_and(|(work, _)| work as usize == index)
            });
            let Some(&(_, key)) = mine.next().filter(|_| lost > 0) else { continue };
            let is_training = matches!(self.works[index], Work::Training(_));
            let row = self.incidents.row(key);
            *(if is_training { &mut row.jobs } else { &mut row.requests }) += lost;
        }
    }
}

/// How far each node stands from its sources.
pub(super) fn depths(design: &super::Design) -> Vec<u32> {
    let nodes = &design.power.nodes;
    let mut depths = vec![0u32; nodes.len()];
    for _ in 0..nodes.len() {
        let mut any = false;
        for (n, node) in nodes.iter().enumerate() {
            let above = node.fed_by.iter().map(|by| depths[by.0 as usize] + 1).max().unwrap_or(0);
            any |= std::mem::replace(&mut depths[n], above) != above;
        }
        if !any {
            break;
        }
    }
    depths
}
