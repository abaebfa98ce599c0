//! What a scenario makes happen: `events:`, each with its time and the component that it strikes.

use jiff::{Timestamp, civil};

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::event_spec::{Bulb, HottestSpec};
use super::super::load::Document;
use super::super::names::expand;
use super::super::place::Place;
use super::super::tree::Value;
use super::plant::{Plant, report};
use crate::facility::{InjectedAt, Injection, has_time_of_day};
use crate::kernel::{Clock, Span, Time};
use crate::plant::power::{ActionSpec, PowerNode};
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
    let mut all: Vec<(Injection, Mark)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = Place { path: format!("events[{index}]"), key: item.mark, node: item };
        read_event(&place, plant, (clock, duration), &mut all, sink);
    }
    all.into_iter().map(|(injection, _)| injection).collect()
}

fn read_event(
    place: &Place<'_>,
    plant: &Plant,
    run: (&Clock, Span),
    all: &mut Vec<(Injection, Mark)>,
    sink: &mut Diagnostics,
) {
    let Some(map) = place.node.as_map() else {
        let fault = Fault::error("", "needs `at` and the name of a part of `power`");
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
        return place.fault(fault.help("add the name of a part of `power`"), sink);
    };
    if let Some(other) = struck.next() {
        let message = format!("events strike one part each, got `{}` as well", other.key.text);
        let diagnostic = Diagnostic::error(other.key.mark, message).code("inconsistent");
        sink.push(diagnostic.help("write another event with the same `at`"));
        return;
    }
    let what = place.enter(entry);
    let Some(nodes) = nodes_of(&what, &entry.key.text, plant, sink) else { return };
    let Some(spec) = what.read::<ActionSpec>(sink) else { return };
    let mut faults: Vec<Fault> = Vec::new();
    let mut found = Vec::new();
    for node in nodes {
        let mut own = Vec::new();
        let design = &plant.power.nodes[node.0 as usize].component;
        found.extend(spec.resolve(design, &mut own).into_iter().map(|of| (node, of)));
        own.retain(|fault| !faults.contains(fault));
        faults.extend(own);
    }
    let wrong = !faults.is_empty();
    report(&what, faults, sink);
    let Some(at) = at.filter(|_| !wrong) else { return };
    for (node, (after, action)) in found {
        let earlier =
            all.iter().find(|(other, _)| (other.at, other.after, other.node) == (at, after, node));
        if let Some((_, first)) = earlier {
            let name = &plant.power.nodes[node.0 as usize].name;
            let message = format!("{}: another event strikes `{name}` at this instant", what.path);
            let diagnostic = Diagnostic::error(what.key, message).code("inconsistent");
            let help = "leave one of the two out, or let one be later";
            sink.push(diagnostic.note(*first, "the other").help(help));
            return;
        }
        all.push((Injection { at, after, node, action }, what.key));
    }
}

/// The parts of the power chain that `name` stands for.
fn nodes_of(
    place: &Place<'_>,
    name: &str,
    plant: &Plant,
    sink: &mut Diagnostics,
) -> Option<Vec<PowerNode>> {
    let mut complain = |message: String, help: Option<String>| {
        let message = format!("{}: {message}", place.path);
        let mut diagnostic = Diagnostic::error(place.key, message).code("unknown-name");
        diagnostic.help = help;
        sink.push(diagnostic);
    };
    let names = match expand(name) {
        Ok(names) => names,
        Err(error) => {
            complain(error.message, error.hint);
            return None;
        }
    };
    let mut nodes = Vec::new();
    for name in names {
        match plant.power_index.get(&name) {
            Some(&node) => nodes.push(node),
            None => {
                let known: Vec<&str> = plant.power_index.keys().map(String::as_str).collect();
                let help = suggest(&name, &known);
                complain(format!("`{name}` is not the name of a part of `power`"), help);
                return None;
            }
        }
    }
    Some(nodes)
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
