//! Common causes, crews, spare parts and planned work of the power chain.

use serde::de::DeserializeOwned;

use super::super::diagnostics::Diagnostics;
use super::super::load::Document;
use super::super::names::Component;
use super::plant::{Plant, report};
use crate::kernel::{Clock, PlannedWork};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{
    CauseOn, CommonCauseSpec, ComponentKind, CrewSpec, PlannedWorkSpec, PowerNode, SparesSpec,
    Upkeep,
};
use crate::spec::{Check, Fault, Names};

/// What the components of `plant` share, as `document` says.
pub(super) fn read(
    document: &Document,
    plant: &mut Plant,
    clock: &Clock,
    sink: &mut Diagnostics,
) -> Upkeep {
    let mut upkeep = Upkeep { midnight: clock.time_of_day(), ..Upkeep::default() };
    let mut taken = [Vec::new(), Vec::new()];
    each(document, "common_causes", sink, |component, spec: CommonCauseSpec, sink| {
        let Some(members) = members(plant, component, &spec.of, "of", sink) else { return };
        let mut faults = Vec::new();
        cause(plant, component, &spec, members, &mut upkeep, &mut faults);
        report(&component.place, faults, sink);
    });
    let mut rest = None;
    each(document, "crews", sink, |component, spec: CrewSpec, sink| {
        let Some(names) = &spec.of else {
            if rest.is_some() {
                let fault = Fault::error("", "another crew takes all that no crew is named for")
                    .help("say `of` which components it repairs");
                component.place.fault(fault, sink);
            }
            rest = Some(upkeep.plan.crews.len());
            let mut faults = Vec::new();
            let crew = spec.resolve(&component.name.text, &[], &mut Check { faults: &mut faults });
            upkeep.plan.crews.push(crew);
            return report(&component.place, faults, sink);
        };
        let Some(members) = members(plant, component, names, "of", sink) else { return };
        only_once(plant, component, &members, &mut taken[0], "crew", sink);
        let mut faults = Vec::new();
        let crew = spec.resolve(&component.name.text, &members, &mut Check { faults: &mut faults });
        report(&component.place, faults, sink);
        upkeep.plan.crews.push(crew);
    });
    if let Some(rest) = rest {
        let nodes = (0..).zip(&plant.power.nodes);
        let free = nodes.filter(|(n, node)| {
            node.component.kind != ComponentKind::Feed && !taken[0].contains(&PowerNode(*n))
        });
        upkeep.plan.crews[rest].members = free.map(|(n, _)| n).collect();
    }
    each(document, "spares", sink, |component, spec: SparesSpec, sink| {
        let Some(members) = members(plant, component, &spec.of, "of", sink) else { return };
        only_once(plant, component, &members, &mut taken[1], "stock", sink);
        let mut faults = Vec::new();
        let stock =
            spec.resolve(&component.name.text, &members, &mut Check { faults: &mut faults });
        report(&component.place, faults, sink);
        upkeep.plan.stocks.push(stock);
    });
    each(document, "maintenance", sink, |component, spec: PlannedWorkSpec, sink| {
        let Some(of) = members(plant, component, &spec.of, "of", sink) else { return };
        let struck = spec.error.as_ref().map(|error| {
            members(plant, component, &error.strikes, "error.strikes", sink).unwrap_or_default()
        });
        let struck = struck.unwrap_or_default();
        let mut faults = Vec::new();
        let work =
            spec.resolve(&component.name.text, &of, &struck, &mut Check { faults: &mut faults });
        if work.renews && faults.is_empty() {
            check_renewed(plant, &work, &upkeep.plan.works, &mut faults);
        }
        report(&component.place, faults, sink);
        upkeep.plan.works.push(work);
    });
    upkeep
}

/// Reads each part of a section.
fn each<S: DeserializeOwned>(
    document: &Document,
    section: &str,
    sink: &mut Diagnostics,
    mut read: impl FnMut(&Component<'_>, S, &mut Diagnostics),
) {
    let Some(section) = document.section(section) else { return };
    for component in section.components(sink) {
        if let Some(spec) = component.place.read::<S>(sink) {
            read(&component, spec, sink);
        }
    }
}

/// The components that `names` mean, each once; none after an error.
fn members(
    plant: &mut Plant,
    component: &Component<'_>,
    names: &Names,
    field: &str,
    sink: &mut Diagnostics,
) -> Option<Vec<PowerNode>> {
    let before = sink.errors();
    let found = plant.feeders(names, field, 1, &component.place, sink).swap_remove(0);
    let mut once = found.clone();
    once.sort_unstable();
    once.dedup();
    if sink.errors() > before {
        return None;
    }
    if once.len() < found.len() || found.is_empty() {
        let message = if found.is_empty() { "names nothing" } else { "names a component twice" };
        component.place.fault(Fault::error(field.to_owned(), message), sink);
        return None;
    }
    Some(found)
}

/// Refuses what another of its kind has already.
fn only_once(
    plant: &Plant,
    component: &Component<'_>,
    members: &[PowerNode],
    taken: &mut Vec<PowerNode>,
    what: &str,
    sink: &mut Diagnostics,
) {
    if let Some(twice) = members.iter().find(|member| taken.contains(member)) {
        let name = &plant.power.nodes[twice.0 as usize].name;
        let fault = Fault::error("of", format!("`{name}` is of another {what} already"))
            .help("name it in one of the two");
        component.place.fault(fault, sink);
    }
    taken.extend(members);
}

/// Refuses to renew what does not wear, what is replaced at an age, what `others` renew, and what has
/// hardly a chance to live until its turn.
fn check_renewed(
    plant: &Plant,
    work: &PlannedWork,
    others: &[PlannedWork],
    faults: &mut Vec<Fault>,
) {
    /// The longest distance of its turns, in mean lives.
    const MOST_LIVES: f64 = 100.0;
    for &member in &work.members {
        let node = &plant.power.nodes[member as usize];
        let (name, law) = (&node.name, &node.component.failures);
        let mut refuse = |field: &'static str, message: String, help: &'static str| {
            faults.push(Fault::error(field, message).help(help));
        };
        let Some(wear) = law.wear else {
            let message = format!("`{name}` does not wear: it is as new at any age");
            let help = "give its `failures` a `wear`, or leave `renews` out";
            return refuse("renews", message, help);
        };
        if wear.replaced.0.is_finite() {
            let message = format!("`{name}` is replaced at an age already");
            return refuse("renews", message, "leave out its `replace_at`, or `renews`");
        }
        if let Some(other) = others.iter().find(|it| it.renews && it.members.contains(&member)) {
            let message = format!("`{name}` is renewed by `{}` already", other.name);
            return refuse("of", message, "name it in one of the two");
        }
        if work.every.as_secs_f64() * law.rate_per_s > MOST_LIVES {
            let message = format!("is more than {MOST_LIVES} mean lives of `{name}`");
            return refuse("every", message, "write a shorter time, or leave `renews` out");
        }
    }
}

fn cause(
    plant: &Plant,
    component: &Component<'_>,
    spec: &CommonCauseSpec,
    members: Vec<PowerNode>,
    upkeep: &mut Upkeep,
    faults: &mut Vec<Fault>,
) {
    let name = &component.name.text;
    let node = |member: &PowerNode| &plant.power.nodes[member.0 as usize];
    if members.len() < 2 {
        let fault = Fault::error("of", "a common cause strikes two components or more");
        return faults.push(fault.help("name a group, such as `set-{1..3}`"));
    }
    let is_set =
        |member: &&PowerNode| matches!(node(member).component.machine, MachineDesign::Genset(_));
    if spec.on == Some(CauseOn::Start) {
        if let Some(other) = members.iter().find(|member| !is_set(member)) {
            let message = format!("`{}` does not start: it is no generator", node(other).name);
            return faults.push(Fault::error("of", message).help("leave it out, or `on: start`"));
        }
        let other = upkeep
            .starts
            .iter()
            .find(|cause| cause.members.iter().any(|member| members.contains(member)));
        if let Some(other) = other {
            let message = format!("`{}` is a cause for some of these already", other.name);
            return faults.push(Fault::error("of", message));
        }
        upkeep.starts.extend(spec.resolve_starts(name, members, &mut Check { faults }));
        return;
    }
    if spec.rate.is_none()
        && let Some(set) = members.iter().find(is_set)
    {
        let message = format!("`{}` fails by what it does, not by the calendar", node(set).name);
        return faults.push(Fault::error("of", message).help("write `on: start`, or a `rate`"));
    }
    let worn = members.iter().find(|member| node(member).component.failures.wear.is_some());
    if let Some(worn) = worn.filter(|_| spec.rate.is_none()) {
        let message =
            format!("`{}` wears: no constant part of its failures is common", node(worn).name);
        return faults.push(Fault::error("of", message).help("write a `rate`"));
    }
    let rates: Vec<f64> =
        members.iter().map(|member| node(member).component.failures.rate_per_s).collect();
    let cause = spec.resolve_failures(name, &members, &rates, &mut Check { faults });
    let Some(cause) = cause else { return };
    for &member in &cause.members {
        let others = upkeep.plan.causes.iter().filter(|other| other.members.contains(&member));
        let common: f64 = others.map(|other| 1.0 - other.alone).sum::<f64>() + 1.0 - cause.alone;
        if common > 1.0 + 1e-9 {
            let name = &plant.power.nodes[member as usize].name;
            let message = format!(
                "{:.0} % of the failures of `{name}` are common, with what other causes take",
                100.0 * common
            );
            return faults.push(Fault::error("", message).help("they are 100 % at most"));
        }
    }
    upkeep.plan.causes.push(cause);
}
