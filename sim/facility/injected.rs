//! What a scenario makes happen, in place of luck: components of the power chain that fail, are
//! maintained, sag or do not start, and machines of the cooling that fail or are maintained. It takes no draw from any random stream.

use jiff::civil;

use super::Facility;
use super::design::Design;
use super::events::Event;
use super::injection::{InjectedAt, Injection, Target};
use super::observer::{Observer, Record, What};
use crate::grid::Weather;
use crate::kernel::{Class, Clock, Span, Streams, Time};
use crate::plant::power::{Action, ComponentKind, PowerNode};

impl InjectedAt {
    /// The instant in a run of `design` with these streams; none where the run has no such time of
    /// day.
    pub(super) fn resolve(self, design: &Design, streams: &Streams) -> Option<Time> {
        let Self::Hottest { wet_bulb, clock } = self else {
            let Self::Time(time) = self else { unreachable!("one of two") };
            return Some(time);
        };
        let horizon = Time::ZERO + design.duration;
        let mut weather = Weather::new(&design.weather, streams);
        let (mut now, mut best) = (Time::ZERO, None::<(f64, Time)>);
        while now < horizon {
            let air = weather.current().air();
            let celsius = if wet_bulb { air.wet_bulb_c() } else { air.dry_bulb_c };
            if best.is_none_or(|(most, _)| celsius > most)
                && let Some(at) =
                    on_the_day_of(&design.clock, now, clock).filter(|at| *at < horizon)
            {
                best = Some((celsius, at));
            }
            now = weather.next_at();
            if now < horizon {
                weather.advance(now);
            }
        }
        best.map(|(_, at)| at)
    }
}

/// The time of day `clock` on the local day of `now`; none where that lies before the run.
fn on_the_day_of(run: &Clock, now: Time, clock: civil::Time) -> Option<Time> {
    let day = run.timestamp(now).to_zoned(run.zone().clone()).date();
    let at = day.to_datetime(clock).to_zoned(run.zone().clone()).ok()?.timestamp();
    (at >= run.timestamp(Time::ZERO)).then(|| run.time(at))
}

/// Whether a run of `duration` by `clock` has the time of day `of_day` on any of its days.
pub fn has_time_of_day(clock: &Clock, duration: Span, of_day: civil::Time) -> bool {
    let horizon = Time::ZERO + duration;
    let mut day = Time::ZERO;
    while day < horizon {
        if on_the_day_of(clock, day, of_day).is_some_and(|at| at < horizon) {
            return true;
        }
        day = clock.next_midnight(day);
    }
    false
}

/// Why a component is out of service: for how many reasons of each kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outs {
    pub(super) failed: u32,
    pub(super) planned: u32,
}

impl Outs {
    pub(super) fn is_up(self) -> bool {
        self.failed == 0 && self.planned == 0
    }
}

impl Facility<'_> {
    /// Enters in the calendar what is made to happen.
    pub(super) fn schedule_injected(&mut self, streams: &Streams) {
        for (index, injection) in (0..).zip(&self.design.injections) {
            let at = injection.at.resolve(self.design, streams);
            self.injected_at.push(at);
            let Some(at) = at.map(|at| at + injection.after) else { continue };
            self.agenda.push(at, Class::Plant, Event::Injected { index, begins: true });
            if let Action::Out { lasts, .. } = injection.action {
                let event = Event::Injected { index, begins: false };
                self.agenda.push(at + lasts, Class::Plant, event);
            }
        }
    }

    /// The name of what something is made to happen to.
    pub(super) fn injected_name(&self, target: Target) -> &str {
        match target {
            Target::Power(node) => &self.design.power.nodes[node.0 as usize].name,
            Target::Cooling(machine) => &self.cooling_machines[machine as usize].name,
        }
    }

    /// What was injected begins, or ends.
    pub(super) fn inject(
        &mut self,
        now: Time,
        index: u32,
        begins: bool,
        observer: &mut dyn Observer,
    ) {
        let Injection { target, action, .. } = self.design.injections[index as usize];
        if begins {
            let subject = self.injected_name(target);
            observer.record(&Record { at: now, what: What::Injected, subject, count: 1 });
        }
        let node = match (target, action) {
            (Target::Power(node), _) => node,
            (Target::Cooling(machine), Action::Out { planned, .. }) => {
                return self.strike_machine(now, machine, planned, begins, observer);
            }
            (Target::Cooling(_), _) => unreachable!("machines of the cooling are only out"),
        };
        match action {
            Action::Out { planned, .. } => {
                self.incidents.injected[node.0 as usize] = begins;
                self.take_out(now, node, planned, begins, observer);
            }
            Action::Sag { residual, lasts } => {
                self.incidents.injected[node.0 as usize] = true;
                self.sequences.sag(now, node, residual, lasts);
                self.follow_sequences(observer);
                self.schedule_sequences();
            }
            Action::Fires(fires_at) => self.sequences.inject_firing(node, fires_at),
        }
    }

    /// A component of the power chain goes out of service for one reason more, or comes back from
    /// one.
    pub(super) fn take_out(
        &mut self,
        now: Time,
        node: PowerNode,
        planned: bool,
        begins: bool,
        observer: &mut dyn Observer,
    ) {
        let outs = &mut self.outs[node.0 as usize];
        let reasons = if planned { &mut outs.planned } else { &mut outs.failed };
        *reasons = if begins { *reasons + 1 } else { *reasons - 1 };
        let up = outs.is_up();
        self.watch.cause(begins);
        let design = &self.design.power.nodes[node.0 as usize];
        let what = What::out_of_service(planned, begins);
        if !planned {
            self.meters.count_component(now, node, !begins);
            if begins && design.component.kind == ComponentKind::Feed {
                self.watch.feed_fails(now);
            }
        }
        let subject = &design.name;
        observer.record(&Record { at: now, what, subject, count: 1 });
        // What has a machine says itself what it carries: a UPS may be on its bypass.
        if !self.sequences.has_machine(node) {
            self.power.set_up(node, up);
        }
        self.states.mark(self.states.units.node(node));
        self.sequence_up(now, node, up, observer);
    }
}
