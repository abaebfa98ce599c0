//! Hot spots of transformers: each is followed in closed form from one change of its load or of the
//! air to the next, and the instants at which it passes a limit are events.

use super::Facility;
use super::design::Design;
use super::events::Event;
use super::observer::{Observer, Record, What};
use crate::kernel::{Alarm, Class, Span, Time};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::thermal::{Course, ThermalDesign, Warmth};
use crate::plant::power::{Network, PowerNode};

/// An alarm is over when the hot spot is this far below it, K (assumption: the differential of its
/// switch).
const ALARM_BAND_K: f64 = 1.0;
/// What rounding an instant to nanoseconds leaves of a temperature, K.
const ROUNDING_K: f64 = 1e-6;

/// A transformer whose hot spot is followed.
#[derive(Debug, Clone)]
pub(super) struct Winding {
    node: PowerNode,
    design: ThermalDesign,
    rating_w: f64,
    /// Of the first settled instant on.
    running: Option<Running>,
    /// When it next passes a limit.
    passes: Alarm,
    /// Whether that is to be found anew, whatever it carries.
    stale: bool,
    is_alarmed: bool,
    /// It is held to its rating.
    is_held: bool,
    end: ThermalEnd,
    /// The integral of the hot spot up to the last change, K s above 0 degC.
    integral: f64,
}

/// What the hot spots of a declared transformer have come to, all instances together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ThermalEnd {
    /// Normal life that is used up, s.
    pub(super) life_s: f64,
    pub(super) warmest_c: f64,
    /// Time above the alarm, and held to the rating, s.
    pub(super) above_s: f64,
    pub(super) held_s: f64,
}

impl ThermalEnd {
    /// Of a run that has not begun.
    pub(super) const NEW: Self =
        Self { life_s: 0.0, warmest_c: f64::NEG_INFINITY, above_s: 0.0, held_s: 0.0 };

    /// Adds that of another instance.
    pub(super) fn add(&mut self, other: &Self) {
        self.life_s += other.life_s;
        self.warmest_c = self.warmest_c.max(other.warmest_c);
        self.above_s += other.above_s;
        self.held_s += other.held_s;
    }

    /// What came after `before`, whose extremes have been forgotten.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            life_s: self.life_s - before.life_s,
            above_s: self.above_s - before.above_s,
            held_s: self.held_s - before.held_s,
            ..self
        }
    }
}

/// How it goes on since the last change of load or air.
#[derive(Debug, Clone, Copy)]
struct Running {
    since: Time,
    warmth: Warmth,
    load: Option<f64>,
    air_c: f64,
    course: Course,
}

/// The transformers of `design` whose hot spots are followed.
pub(super) fn windings(design: &Design) -> Vec<Winding> {
    let nodes = (0..).map(PowerNode).zip(&design.power.nodes);
    let followed = nodes.filter_map(|(node, site)| match site.component.machine {
        MachineDesign::Transformer(design) => Some(Winding {
            node,
            design,
            rating_w: site.component.rating_w,
            running: None,
            passes: Alarm::default(),
            stale: true,
            is_alarmed: false,
            is_held: false,
            end: ThermalEnd::NEW,
            integral: 0.0,
        }),
        _ => None,
    });
    followed.collect()
}

impl Winding {
    /// Whether it is the one at `node`.
    pub(super) fn is_at(&self, node: PowerNode) -> bool {
        self.node == node
    }

    /// Its hot spot at `now`, degC; nothing before the run has begun.
    pub(super) fn hot_spot_c(&self, now: Time) -> f64 {
        self.running.map_or(0.0, |running| running.course.at(running.for_s(now)))
    }

    /// How many times as fast as normal it ages at `now`.
    pub(super) fn ageing(&self, now: Time) -> f64 {
        self.design.paper.ageing(self.hot_spot_c(now))
    }

    /// The integral of its hot spot up to `now`, K s above 0 degC.
    pub(super) fn integral_to(&self, now: Time) -> f64 {
        let since = self.running.map(|running| running.course.integral(running.for_s(now)));
        self.integral + since.unwrap_or(0.0)
    }

    /// What it has come to up to `now`.
    pub(super) fn end(&self, now: Time) -> ThermalEnd {
        let mut end = self.end;
        if let Some(running) = &self.running {
            running.add_to(&mut end, now, (self.is_alarmed, self.is_held));
        }
        end
    }

    /// Forgets how warm it was.
    pub(super) fn forget_extremes(&mut self, now: Time) {
        self.advance(now);
        self.end.warmest_c = f64::NEG_INFINITY;
    }

    fn advance(&mut self, now: Time) {
        self.end = self.end(now);
        self.integral = self.integral_to(now);
        if let Some(running) = &mut self.running {
            let seconds = running.for_s(now);
            let Running { warmth, load, air_c, .. } = *running;
            running.warmth = self.design.after(&warmth, load, air_c, seconds);
            running.since = now;
            running.course = self.design.course(&running.warmth, load, air_c);
        }
    }

    /// It carries `load` in air of `air_c` from `now` on; whether that is new.
    fn set(&mut self, now: Time, load: Option<f64>, air_c: f64) -> bool {
        let same = |running: &Running| running.load == load && running.air_c == air_c;
        if self.running.as_ref().is_some_and(same) {
            return false;
        }
        self.advance(now);
        // At the start of a run it is as if it had been so for ever, at its rating at most: more than that
        // lasts for a while only.
        let steady = || self.design.steady(load.map(|load| load.min(1.0)), air_c);
        let warmth = self.running.map_or_else(steady, |running| running.warmth);
        let course = self.design.course(&warmth, load, air_c);
        self.running = Some(Running { since: now, warmth, load, air_c, course });
        true
    }

    /// When it next passes one of its limits.
    fn next(&self) -> Option<Time> {
        let Running { since, course, .. } = self.running?;
        let alarm = match self.is_alarmed {
            true => course.falls_to(self.design.alarm_c - ALARM_BAND_K),
            false => course.rises_to(self.design.alarm_c),
        };
        let held = self.design.overload.and_then(|overload| match self.is_held {
            true => course.falls_to(overload.back_at_c),
            false => course.rises_to(overload.shed_at_c),
        });
        let seconds = [alarm, held].into_iter().flatten().reduce(f64::min)?;
        // Up to the next nanosecond, by which it has passed.
        Some(since + Span::from_secs_f64(seconds) + Span::from_nanos(1))
    }

    /// Passes the limits that it has come to, of which it tells; whether its output is now held, or
    /// is no longer.
    fn pass(&mut self, mut tell: impl FnMut(What)) -> bool {
        let Some(running) = &self.running else { return false };
        let hot_spot_c = running.warmth.hot_spot_c();
        let turns = |is: bool, rises_to_c: f64, falls_to_c: f64| match is {
            true => hot_spot_c <= falls_to_c + ROUNDING_K,
            false => hot_spot_c >= rises_to_c - ROUNDING_K,
        };
        let alarm_c = self.design.alarm_c;
        if turns(self.is_alarmed, alarm_c, alarm_c - ALARM_BAND_K) {
            self.is_alarmed = !self.is_alarmed;
            tell(if self.is_alarmed { What::HotSpot } else { What::HotSpotOver });
        }
        let Some(overload) = self.design.overload else { return false };
        let passes = turns(self.is_held, overload.shed_at_c, overload.back_at_c);
        if passes {
            self.is_held = !self.is_held;
            tell(if self.is_held { What::OverloadEnds } else { What::OverloadAllowed });
        }
        passes
    }
}

impl Running {
    fn for_s(&self, now: Time) -> f64 {
        now.since(self.since).as_secs_f64()
    }

    /// Adds what has come since the last change.
    fn add_to(&self, end: &mut ThermalEnd, now: Time, (is_alarmed, is_held): (bool, bool)) {
        let seconds = self.for_s(now);
        if seconds <= 0.0 {
            return;
        }
        end.life_s += self.course.life_s(seconds);
        end.above_s += if is_alarmed { seconds } else { 0.0 };
        end.held_s += if is_held { seconds } else { 0.0 };
        if self.course.most_c() > end.warmest_c {
            end.warmest_c = end.warmest_c.max(self.course.highest(seconds));
        }
    }
}

impl Facility<'_> {
    /// Tells the transformers what they carry, and in which air, after an instant has settled.
    pub(super) fn follow_windings(&mut self, now: Time) {
        let air_c = self.air.dry_bulb_c;
        for (index, winding) in (0..).zip(&mut self.windings) {
            let load = carried(&self.power, winding);
            let moves = winding.set(now, load, air_c);
            if moves || std::mem::take(&mut winding.stale) {
                let next = winding.next().map_or(Time::MAX, |at| at.max(now));
                winding.passes.set(&mut self.agenda, next, Class::Plant, Event::Winding(index));
            }
        }
    }

    /// A transformer has come to a limit.
    pub(super) fn turn_winding(&mut self, now: Time, index: u32, observer: &mut dyn Observer) {
        let winding = &mut self.windings[index as usize];
        winding.passes.ring();
        winding.stale = true;
        winding.advance(now);
        let subject = &self.design.power.nodes[winding.node.0 as usize].name;
        let tell = |what| observer.record(&Record { at: now, what, subject, count: 1 });
        if winding.pass(tell) {
            let limit_w = winding.is_held.then_some(winding.rating_w);
            self.power.set_limit(winding.node, limit_w);
        }
    }
}

/// What a transformer puts out, as a share of its rating; none where it is not energised.
fn carried(power: &Network, winding: &Winding) -> Option<f64> {
    let is_live = power.live(winding.node);
    is_live.then(|| power.flow_w(winding.node).abs() / winding.rating_w)
}
