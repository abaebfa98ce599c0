//! Disturbances of the feeds: what each was, who rode through it, and what the import of the site
//! did until it was back.
//!
//! A disturbance is the time in which the voltage of a feed is outside 90 to 110 %: a sag, or an
//! outage. It is followed until the site imports 90 % of what it did before, or until the next one
//! begins, which then inherits what the import was before the first. What only the machines of a
//! power chain can tell is followed where there are any.

use std::collections::BTreeMap;

use super::Facility;
use super::design::Design;
use super::figures::RideEnd;
use super::loads::Owner;
use super::observer::Observer;
use super::rows::{DisturbanceRow, Ended, RideRow};
use crate::kernel::{Span, Time};
use crate::measure::Swing;
use crate::plant::power::sequence::{MachineDesign, Ride, State, Subject};
use crate::plant::power::{
    CONTINUOUS, Level, MeasuredVoltage, NetworkPart, PowerNode, RideThrough,
};

/// The share of the import before that it must reach again: that of the rules of ERCOT and CAISO.
const BACK: f64 = 0.9;
/// Within which times swings of the import are told, s: the rules limit them within these.
const WINDOWS_S: [u64; 4] = [5, 15, 60, 600];

/// All that is followed of disturbances.
#[derive(Debug)]
pub(super) struct Rides {
    /// None where nothing tells what a voltage does.
    feeds: Vec<Feed>,
    open: Vec<Open>,
    count: u64,
    import: Held,
    swings: [Swing; 4],
    end: RideEnd,
    /// Units that hold or are lost in the present instant, and whether they are lost.
    noted: Vec<(u32, bool)>,
}

/// A feed.
#[derive(Debug, Clone, Copy)]
struct Feed {
    node: PowerNode,
    duty: Option<RideThrough>,
    /// Its voltage as the duty measures it.
    measured: MeasuredVoltage,
}

/// The import of the site as it holds, and as it held before the present instant.
#[derive(Debug, Clone, Copy)]
struct Held {
    since: Time,
    w: f64,
    before_w: f64,
}

/// A disturbance that is followed.
#[derive(Debug)]
struct Open {
    number: u64,
    feed: usize,
    at: Time,
    until: Option<Time>,
    residual: f64,
    /// The voltage as the duty measures it: each from its own change until that of the next.
    measured: Vec<MeasuredVoltage>,
    cause: &'static str,
    incident: Option<u64>,
    before_w: f64,
    lowest_w: f64,
    swings: [Swing; 4],
    units: Vec<(u32, bool)>,
}

impl Open {
    /// For how long in all the voltage is beyond `level` as the duty measures it: behind a filter after
    /// the end of the disturbance too.
    fn beyond(&self, level: Level) -> Span {
        let ends = self.measured[1..].iter().map(MeasuredVoltage::since).chain([Time::MAX]);
        let parts = self.measured.iter().zip(ends).map(|(part, until)| part.beyond(level, until));
        parts.reduce(|sum, part| sum + part).expect("it has begun")
    }
}

fn swings() -> [Swing; 4] {
    WINDOWS_S.map(|seconds| Swing::new(Span::from_secs(seconds)))
}

/// The largest change within the first window, and the largest rises within the others, W.
fn extremes_w([shortest, others @ ..]: &[Swing; 4]) -> [f64; 4] {
    let [quarter, minute, ten] = others.each_ref().map(Swing::rise);
    [shortest.rise().max(shortest.fall()), quarter, minute, ten]
}

impl Rides {
    pub(super) fn new(design: &Design) -> Self {
        let nodes = (0..).map(PowerNode).zip(&design.power.nodes);
        let feeds = nodes.filter(|(_, node)| node.component.kind.part() == NetworkPart::Import);
        let feeds = feeds.filter(|_| design.has_reserve()).map(|(node, design)| {
            let feed = match design.component.machine {
                MachineDesign::Feed(feed) => Some(feed),
                _ => None,
            };
            let measured = MeasuredVoltage::new(feed.map_or(Span::ZERO, |feed| feed.filter));
            Feed { node, duty: feed.and_then(|feed| feed.duty), measured }
        });
        let feeds: Vec<Feed> = feeds.collect();
        let broken = feeds.iter().any(|feed| feed.duty.is_some()).then_some(0);
        Self {
            feeds,
            open: Vec::new(),
            count: 0,
            import: Held { since: Time::ZERO, w: 0.0, before_w: 0.0 },
            swings: swings(),
            end: RideEnd { broken, ..RideEnd::default() },
            noted: Vec::new(),
        }
    }

    /// What they have come to; none where nothing is followed.
    pub(super) fn end(&self) -> Option<RideEnd> {
        let end = RideEnd { swings_w: extremes_w(&self.swings), ..self.end };
        (!self.feeds.is_empty()).then_some(end)
    }

    /// How long until the import, which grows by so many watts in a second, is back after a disturbance
    /// that is over, s; infinite where it never is. One to which it is back within `least_s` counts no more.
    pub(super) fn until_back_s(&self, import_w_per_s: f64, least_s: f64) -> f64 {
        if import_w_per_s <= 0.0 {
            return f64::INFINITY;
        }
        let waited_for = self.open.iter().filter(|open| open.until.is_some());
        waited_for
            .map(|open| (BACK * open.before_w - self.import.w) / import_w_per_s)
            .filter(|left_s| *left_s >= least_s)
            .fold(f64::INFINITY, f64::min)
    }

    /// Forgets every extreme so far.
    pub(super) fn forget_extremes(&mut self) {
        (self.end.lost_w, self.end.back_s) = (0.0, None);
        self.swings = swings();
    }

    /// The import is `w` from `now` on.
    fn set_import(&mut self, now: Time, w: f64) {
        let held = &mut self.import;
        if now > held.since {
            for open in self.open.iter_mut().filter(|open| open.at <= held.since) {
                open.lowest_w = open.lowest_w.min(held.w);
            }
            held.before_w = held.w;
            held.since = now;
        }
        held.w = w;
        self.swings.iter_mut().for_each(|swing| swing.set(now, w));
        for open in &mut self.open {
            open.swings.iter_mut().for_each(|swing| swing.set(now, w));
        }
    }
}

impl Facility<'_> {
    /// A machine of the power chain, or a load behind it, has come to `state`.
    pub(super) fn note_ride(&mut self, subject: Subject, state: State) {
        let units = &self.states.units;
        let unit = match (subject, state) {
            (Subject::Node(node), State::Battery | State::Latched | State::Off) => units.node(node),
            (Subject::Load(load), State::Holding | State::Lost) => {
                match self.owners[load.0 as usize] {
                    Owner::Rack(index) => units.rack(index as usize),
                    Owner::Loop(index) => units.cooling(index as usize),
                    Owner::Exchanger(index) => units.exchanger(index as usize),
                    Owner::House(_) => return,
                }
            }
            _ => return,
        };
        self.rides.noted.push((unit as u32, matches!(state, State::Off | State::Lost)));
    }

    /// Follows the voltages of the feeds and the import at the settled instant `now`.
    pub(super) fn follow_rides(&mut self, now: Time, observer: &mut dyn Observer) {
        if self.rides.feeds.is_empty() {
            return;
        }
        self.rides.set_import(now, self.power.total_import_w());
        for index in 0..self.rides.feeds.len() {
            self.follow_feed(now, index, observer);
        }
        let noted = std::mem::take(&mut self.rides.noted);
        for open in &mut self.rides.open {
            open.units.extend_from_slice(&noted);
        }
        self.rides.noted = noted;
        self.rides.noted.clear();
        let import_w = self.rides.import.w;
        let is_back = |open: &mut Open| open.until.is_some() && import_w >= BACK * open.before_w;
        let back: Vec<Open> = self.rides.open.extract_if(.., is_back).collect();
        for open in back {
            self.tell_ride(now, open, Ended::Back, observer);
        }
    }

    fn follow_feed(&mut self, now: Time, index: usize, observer: &mut dyn Observer) {
        let feed = &mut self.rides.feeds[index];
        let node = feed.node;
        let voltage = self.sequences.voltage(node);
        let bad = |voltage: f64| !CONTINUOUS.contains(&voltage);
        let (was_bad, is_bad) = (bad(feed.measured.voltage()), bad(voltage));
        let changes = voltage != feed.measured.voltage();
        if changes {
            feed.measured.set(now, voltage);
        }
        let measured = feed.measured;
        match (was_bad, is_bad) {
            (false, false) => {}
            (true, _) => {
                let own = |open: &&mut Open| open.feed == index && open.until.is_none();
                let open = self.rides.open.iter_mut().find(own);
                let open = open.expect("what is bad is followed");
                if changes {
                    open.measured.push(measured);
                }
                if is_bad {
                    open.residual = open.residual.min(voltage);
                } else {
                    open.until = Some(now);
                }
            }
            (false, true) => {
                let held_w = self.rides.import.before_w;
                let before_w = self.rides.open.first().map_or(held_w, |open| open.before_w);
                let overtaken: Vec<Open> =
                    self.rides.open.extract_if(.., |open| open.until.is_some()).collect();
                for open in overtaken {
                    self.tell_ride(now, open, Ended::Next, observer);
                }
                let out = self.outs[node.0 as usize];
                let cause = match self.incidents.injected[node.0 as usize] {
                    _ if out.failed == 0 && out.planned > 0 => "planned",
                    true => "injected",
                    false => "random",
                };
                let mut swings = swings();
                for swing in &mut swings {
                    // What held before is within every window.
                    swing.set(Time::ZERO, held_w);
                    swing.set(now, self.rides.import.w);
                }
                self.rides.open.push(Open {
                    number: self.rides.count,
                    feed: index,
                    at: now,
                    until: None,
                    residual: voltage,
                    measured: vec![measured],
                    cause,
                    incident: self.incidents.number_at(self.states.units.node(node)),
                    before_w,
                    lowest_w: before_w,
                    swings,
                    units: Vec::new(),
                });
                self.rides.count += 1;
            }
        }
    }

    /// The run ends: tells of disturbances that are still followed.
    pub(super) fn cut_rides(&mut self, now: Time, observer: &mut dyn Observer) {
        self.rides.set_import(now, self.rides.import.w);
        for open in std::mem::take(&mut self.rides.open) {
            self.tell_ride(now, open, Ended::Run, observer);
        }
    }

    fn tell_ride(&mut self, now: Time, open: Open, ended: Ended, observer: &mut dyn Observer) {
        let feed = self.rides.feeds[open.feed];
        let lasted = open.until.unwrap_or(now) - open.at;
        let back = (ended == Ended::Back).then(|| now - open.until.expect("it is over"));
        let mut units: BTreeMap<u32, bool> = BTreeMap::new();
        for (unit, lost) in &open.units {
            *units.entry(*unit).or_default() |= lost;
        }
        let lost = units.values().filter(|lost| **lost).count() as u32;
        let says = feed.duty.filter(|duty| !duty.asks_for_return_alone());
        let must_stay =
            says.map(|duty| open.until.is_some() && duty.must_stay(|level| open.beyond(level)));
        // What the next one or the end of the run cuts off may still have come back in time.
        let waited = open.until.map(|until| now - until);
        let met = feed.duty.filter(|_| must_stay != Some(false)).and_then(|duty| {
            let late = waited.is_some_and(|waited| waited > duty.back_within());
            if late { Some(false) } else { back.map(|_| true) }
        });
        let swings_w = extremes_w(&open.swings);
        let end = &mut self.rides.end;
        end.disturbances += 1;
        end.dropped += u64::from(lost > 0);
        end.broken = end.broken.map(|broken| broken + u64::from(met == Some(false)));
        let lost_w = open.before_w - open.lowest_w;
        end.lost_w = end.lost_w.max(lost_w);
        // What is cut off was not back for as long at least.
        let waited_s = waited.map(Span::as_secs_f64);
        end.back_s = [end.back_s, waited_s].into_iter().flatten().reduce(f64::max);
        let group = |unit: u32| self.states.units.of(unit as usize).0;
        let names = &self.states.units.names;
        let row = DisturbanceRow {
            disturbance: open.number,
            component: &names[group(feed.node.0)],
            at: open.at,
            until: open.until,
            units: 1,
            lost: 0,
            ride: Some(RideRow {
                residual: open.residual,
                lasted,
                cause: open.cause,
                incident: open.incident,
                iti: Ride::RACK.stands(open.residual).is_none_or(|stands| lasted <= stands),
                duty: feed.duty.map(RideThrough::name),
                must_stay,
                met,
                ended,
                before_w: open.before_w,
                lost_w,
                back,
                swings_w,
            }),
        };
        observer.disturbance(&row);
        let mut groups: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
        for (&unit, &lost) in &units {
            let (count, of_lost) = groups.entry(group(unit)).or_default();
            *count += 1;
            *of_lost += u32::from(lost);
        }
        for (of, (units, lost)) in groups {
            let component = &names[of];
            observer.disturbance(&DisturbanceRow { component, units, lost, ride: None, ..row });
        }
    }
}
