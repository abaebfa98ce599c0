//! What a scenario makes happen: `events:`, each with its time and the component that it strikes.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil};

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::event_spec::{Bulb, HottestSpec};
use super::super::load::Document;
use super::super::names::expand;
use super::super::place::Place;
use super::super::tree::Value;
use super::plant::{Plant, report};
use crate::facility::{
    CoolingMachine, InjectedAt, Injection, Target, cooling_machines, has_time_of_day,
};
use crate::kernel::{Clock, Span, Time};
use crate::plant::power::{ActionSpec, Struck};
use crate::spec::{Fault, Mark, suggest};
use crate::units::Duration;

/// Reads `events` of a run of `duration` by `clock`.
pub(super) fn read(
    document: &Document,
    plant: &Plant,
    (clock, duration): (&Clock, Span),
    sink: &mut Diagnostics,
) -> Vec<Injection> {
    let Some(section) = document.section("events") else { return Vec::new() };
    let Value::Seq(items) = &section.node.value else {
        let fault = Fault::error("", "needs a list of events");
        section.fault(fault.help("write `- {at: 3 days, utility: {outage: 8 min}}`"), sink);
        return Vec::new();
    };
    let plant = &Targets { plant, machines: cooling_machines(&plant.loops, &plant.exchangers) };
    let mut all: Vec<(Injection, Mark)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = Place { path: format!("events[{index}]"), key: item.mark, node: item };
        read_event(&place, plant, (clock, duration), &mut all, sink);
    }
    all.into_iter().map(|(injection, _)| injection).collect()
}

/// What events may strike.
struct Targets<'p> {
    plant: &'p Plant,
    machines: Vec<CoolingMachine>,
}

impl Targets<'_> {
    fn name(&self, target: Target) -> &str {
        match target {
            Target::Power(node) => &self.plant.power.nodes[node.0 as usize].name,
            Target::Cooling(machine) => &self.machines[machine as usize].name,
        }
    }

    /// What a name stands for: a part of the power chain, a machine of the cooling, or all machines of
    /// a component of the cooling. None where it stands for nothing.
    fn named(&self, name: &str) -> Vec<Target> {
        if let Some(&node) = self.plant.power_index.get(name) {
            return vec![Target::Power(node)];
        }
        let machines = (0..).map(Target::Cooling).zip(&self.machines);
        let is = |machine: &CoolingMachine| machine.name == name || machine.component == name;
        machines.filter(|(_, machine)| is(machine)).map(|(target, _)| target).collect()
    }

    /// All names that stand for something.
    fn names(&self) -> Vec<&str> {
        let power = self.plant.power_index.keys().map(String::as_str);
        let machines = self.machines.iter();
        let machines: BTreeSet<&str> =
            machines.flat_map(|machine| [&*machine.component, &*machine.name]).collect();
        power.chain(machines).collect()
    }
}

fn read_event(
    place: &Place<'_>,
    plant: &Targets<'_>,
    run: (&Clock, Span),
    all: &mut Vec<(Injection, Mark)>,
    sink: &mut Diagnostics,
) {
    let Some(map) = place.node.as_map() else {
        let fault = Fault::error("", "needs `at` and the name of a part of `power` or `cooling`");
        return place.fault(fault, sink);
    };
    let at = match place.get("at") {
        Some(at) => read_time(&at, run, sink),
        None => {
            let fault = Fault::error("", "when does it happen?");
            place.fault(fault.help("add `at: 3 days`, counted from the start"), sink);
            None
        }
    };
    let mut struck = map.entries.iter().filter(|entry| entry.key.text != "at");
    let Some(entry) = struck.next() else {
        let fault = Fault::error("", "to what does it happen?");
        return place.fault(fault.help("add the name of a part of `power` or `cooling`"), sink);
    };
    if let Some(other) = struck.next() {
        let message = format!("events strike one part each, got `{}` as well", other.key.text);
        let diagnostic = Diagnostic::error(other.key.mark, message).code("inconsistent");
        sink.push(diagnostic.help("write another event with the same `at`"));
        return;
    }
    let what = place.enter(entry);
    let Some(targets) = targets_of(&what, &entry.key.text, plant, sink) else { return };
    let Some(spec) = what.read::<ActionSpec>(sink) else { return };
    let mut faults: Vec<Fault> = Vec::new();
    let mut found = Vec::new();
    for target in targets {
        let mut own = Vec::new();
        let struck = match target {
            Target::Power(node) => {
                Struck::Power(&plant.plant.power.nodes[node.0 as usize].component)
            }
            Target::Cooling(machine) => Struck::Cooling(plant.machines[machine as usize].kind),
        };
        found.extend(spec.resolve(struck, &mut own).into_iter().map(|of| (target, of)));
        own.retain(|fault| !faults.contains(fault));
        faults.extend(own);
    }
    let wrong = !faults.is_empty();
    report(&what, faults, sink);
    let Some(at) = at.filter(|_| !wrong) else { return };
    for (target, (after, action)) in found {
        let same = |other: &Injection| (other.at, other.after, other.target) == (at, after, target);
        let earlier = all.iter().find(|(other, _)| same(other));
        if let Some((_, first)) = earlier {
            let name = plant.name(target);
            let message = format!("{}: another event strikes `{name}` at this instant", what.path);
            let diagnostic = Diagnostic::error(what.key, message).code("inconsistent");
            let help = "leave one of the two out, or let one be later";
            sink.push(diagnostic.note(*first, "the other").help(help));
            return;
        }
        all.push((Injection { at, after, target, action }, what.key));
    }
}

/// What `name` stands for.
fn targets_of(
    place: &Place<'_>,
    name: &str,
    plant: &Targets<'_>,
    sink: &mut Diagnostics,
) -> Option<Vec<Target>> {
    let mut complain = |message: String, help: Option<String>| {
        let message = format!("{}: {message}", place.path);
        let mut diagnostic = Diagnostic::error(place.key, message).code("unknown-name");
        diagnostic.help = help;
        sink.push(diagnostic);
    };
    // A machine is named behind its component: `water/pump-{1..2}`.
    let parts: Result<Vec<_>, _> = name.splitn(2, '/').map(expand).collect();
    let names: Vec<String> = match parts.as_deref() {
        Ok([components, machines]) => components
            .iter()
            .flat_map(|component| machines.iter().map(move |it| format!("{component}/{it}")))
            .collect(),
        Ok(names) => names.concat(),
        Err(error) => {
            complain(error.message.clone(), error.hint.clone());
            return None;
        }
    };
    let mut targets = Vec::new();
    for name in names {
        let named = plant.named(&name);
        if named.is_empty() {
            let help = suggest(&name, &plant.names());
            let message = "is not the name of a part of `power`, nor of a machine of `cooling`";
            complain(format!("`{name}` {message}"), help);
            return None;
        }
        targets.extend(named);
    }
    Some(targets)
}

fn read_time(
    place: &Place<'_>,
    (clock, duration): (&Clock, Span),
    sink: &mut Diagnostics,
) -> Option<InjectedAt> {
    let text = match &place.node.value {
        Value::Scalar(scalar) => scalar.text.clone(),
        _ => return read_hottest(place, (clock, duration), sink),
    };
    let time = match (text.parse::<Timestamp>(), text.parse::<Duration>()) {
        (Ok(at), _) if at < clock.timestamp(Time::ZERO) => {
            let fault = Fault::error("", "lies before the start of the run");
            place.fault(fault, sink);
            return None;
        }
        (Ok(at), _) => clock.time(at),
        (_, Ok(after)) => Time::ZERO + Span::from(after),
        _ => {
            let message = format!("`{text}` is no time");
            let help = "write `3 days` after the start, an instant with its offset such as \
                        `2026-08-12T15:04:00-05:00`, or `{hottest: dry-bulb, clock: \"15:04\"}`";
            place.fault(Fault::error("", message).help(help), sink);
            return None;
        }
    };
    if time >= Time::ZERO + duration {
        let fault = Fault::error("", "lies past the end of the run");
        place.fault(fault.help("make `duration` longer, or let it be earlier"), sink);
        return None;
    }
    Some(InjectedAt::Time(time))
}

fn read_hottest(
    place: &Place<'_>,
    (run, duration): (&Clock, Span),
    sink: &mut Diagnostics,
) -> Option<InjectedAt> {
    let spec: HottestSpec = place.read(sink)?;
    let Ok(clock) = spec.clock.parse::<civil::Time>() else {
        let message = format!("`{}` is no time of day", spec.clock);
        place.fault(Fault::error("clock", message).help("write `\"15:04\"`"), sink);
        return None;
    };
    if !has_time_of_day(run, duration, clock) {
        let message = "no day of the run has this time of day";
        place.fault(Fault::error("clock", message).help("make `duration` longer"), sink);
        return None;
    }
    Some(InjectedAt::Hottest { wet_bulb: spec.hottest == Bulb::WetBulb, clock })
}
