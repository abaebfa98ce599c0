//! What the tables come to for a run: the figures of its subjects.

use super::components::COMPONENT;
use super::end::{Before, End, Summary};
use super::group::Group;
use super::halls::{HALL, HALL_DERIVED};
use super::requests::{CLASS_ENERGY, Requests, error_rows, request_rows};
use super::reserve::{LOADING, Reserve};
use super::site::{SITE, SITE_DERIVED, SITE_SUMS, SiteEnd};
use super::thermal::THERMAL;
use super::{Derived, Fact, Subject, SubjectKind, programmes, requests, works};
use crate::measure::{Scale, gained};
use crate::workload::inference::{InferenceSummary, RequestErrors};

/// Every subject with its figures: of the meters of `groups`, and of what is left at the `end`. Where
/// `before` says what both were at some instant, of the time since then.
pub(in crate::facility) fn subjects(
    groups: &[Group],
    end: End,
    before: Option<&Before>,
) -> Vec<Subject> {
    let end = match before {
        Some(before) => end.since(&before.end),
        None => end,
    };
    let mut subjects: Vec<Subject> = Vec::new();
    let mut works = end.works.into_iter();
    let mut halls = end.halls.iter();
    let mut ends = end.programmes.iter();
    let mut site = None;
    let mut workloads = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let earlier = before.map(|before| (&before.groups[index], before.end.now));
        let mut subject = group.subject(earlier, end.now);
        match group.kind {
            SubjectKind::Site => {
                subject.read(SITE, &end.site);
                end.site.reserve.tell(&mut subject);
                if let Some(rides) = &end.site.rides {
                    rides.tell(&mut subject);
                }
                site = Some(subject);
                continue;
            }
            SubjectKind::Transformer => {
                let own = end.components.iter().find(|(name, _)| *name == subject.name);
                if let Some(thermal) = own.and_then(|(_, component)| component.thermal) {
                    subject.read(THERMAL, &thermal);
                }
            }
            SubjectKind::Hall => {
                subject.read(HALL, halls.next().expect("a group for each hall"));
            }
            SubjectKind::Programme => {
                subject
                    .read(programmes::PROGRAMME, ends.next().expect("a group for each programme"));
            }
            kind if kind.is_workload() => {
                let work = works.next().expect("a group for each workload");
                workloads.extend(workload(subject, work, end.seconds));
                continue;
            }
            _ => {}
        }
        subject.derive(derived(group.kind));
        subjects.push(subject);
    }
    subjects.append(&mut workloads);
    for (name, component) in &end.components {
        let path = vec!["components".to_owned(), name.clone()];
        let mut subject = Subject::new(SubjectKind::Component, path, name.clone());
        subject.read(COMPONENT, component);
        if let Some(load) = &component.load {
            subject.read(LOADING, load);
        }
        component.reserve.tell(&mut subject);
        subjects.push(subject);
    }
    let mut site = site.expect("the site is a group");
    for sum in SITE_SUMS {
        let parts = subjects.iter().filter(|subject| (sum.of)(subject.kind));
        site.push(&sum.figure, Some(parts.filter_map(|subject| subject.get(sum.key)).sum()));
    }
    if !end.programmes.is_empty() {
        let income = subjects.iter().filter(|subject| subject.kind == SubjectKind::Programme);
        let income = income.filter_map(|subject| subject.get("income_usd")).sum();
        site.push(&programmes::SITE_INCOME, Some(income));
    }
    site.derive(SITE_DERIVED);
    subjects.insert(0, site);
    subjects
}

/// What `later` has beyond what `earlier` had of the same subjects, which may not have been any: of
/// figures that add over time, and what is made of these. `peak_w` is the largest mean import of
/// an interval in between.
pub(in crate::facility) fn difference(
    later: &[Subject],
    earlier: &[Subject],
    peak_w: f64,
) -> Vec<Subject> {
    let difference = |(index, subject): (usize, &Subject)| {
        let earlier = earlier.get(index);
        let mut difference = Subject::new(subject.kind, subject.path.clone(), subject.name.clone());
        for (place, value) in subject.values.iter().enumerate().filter(|(_, it)| it.figure.adds) {
            let before = earlier.and_then(|subject| subject.values[place].value);
            let gained = value.value.map(|value| gained(value, before.unwrap_or(0.0)));
            difference.push(value.figure, gained);
        }
        if subject.kind == SubjectKind::Site {
            let site = SiteEnd { peak_demand_w: peak_w, reserve: Reserve::default(), rides: None };
            difference.read(SITE, &site);
        }
        difference.derive(derived(subject.kind));
        difference
    };
    later.iter().enumerate().map(difference).collect()
}

/// Figures of a subject of `kind` that are made of its others.
pub(super) fn derived(kind: SubjectKind) -> &'static [Derived] {
    match kind {
        SubjectKind::Site => SITE_DERIVED,
        SubjectKind::Hall => HALL_DERIVED,
        SubjectKind::Programme => programmes::DERIVED,
        SubjectKind::Mining => works::MINING_DERIVED,
        SubjectKind::Training => works::TRAINING_DERIVED,
        SubjectKind::Cores => works::CORES_DERIVED,
        SubjectKind::Inference | SubjectKind::Class => requests::DERIVED,
        _ => &[],
    }
}

/// The subject of a workload with those of its classes or causes behind it.
fn workload(
    mut subject: Subject,
    (work, summary): (works::WorkEnd, Summary),
    seconds: f64,
) -> Vec<Subject> {
    let kind = |text: &str| ("kind", Fact::Text(text.to_owned()));
    subject.read(works::WORK, &work);
    let part = |subject: &Subject, kind, place: &str, name: &str| {
        let mut path = subject.path.clone();
        path.extend([place.to_owned(), name.to_owned()]);
        Subject::new(kind, path, format!("{}/{name}", subject.name))
    };
    let mut parts = Vec::new();
    match summary {
        Summary::Mining(summary) => {
            subject.facts.push(kind("mining"));
            subject.read(works::MINING, &summary);
        }
        Summary::Training(summary) => {
            subject.facts.push(kind("training"));
            let is_of_cores = subject.kind == SubjectKind::Cores;
            subject.read(if is_of_cores { works::CORES } else { works::TRAINING }, &*summary);
            if let Some(segments) = &summary.segments {
                subject.read(works::SEGMENTS, segments);
            }
            for cause in &summary.failure_causes {
                let mut of_cause =
                    part(&subject, SubjectKind::Cause, "failure_causes", &cause.cause);
                of_cause.read(works::CAUSE, cause);
                if cause.domain {
                    of_cause.facts.push(("domain", Fact::Flag(true)));
                }
                if let Some(cost) = &cause.cost {
                    let rows = if is_of_cores { works::CORE_COST } else { works::GPU_COST };
                    of_cause.read(rows, cost);
                }
                parts.push(of_cause);
            }
        }
        Summary::Inference { summary, fit } => {
            subject.facts.push(kind("inference"));
            subject.facts.extend(fit.map(|fit| ("fit", Fact::Text(fit))));
            subject.read(works::INFERENCE, &*summary);
            let InferenceSummary { records, classes, energy_j, sampled, .. } = *summary;
            let add =
                |subject: &mut Subject, requests: &Requests, errors: Option<RequestErrors>| {
                    for row in request_rows() {
                        subject.push(&row.figure, (row.read)(requests));
                    }
                    for row in errors.iter().flat_map(|_| error_rows()) {
                        subject.push(&row.figure, errors.as_ref().and_then(row.read));
                    }
                };
            if let Some(sampled) = &sampled {
                subject.read(works::SAMPLED, &sampled.time);
            }
            // What was simulated whole after all has no errors.
            let is_estimate = sampled.is_some_and(|sampled| sampled.time.windows > 0);
            let errors = sampled.filter(|_| is_estimate).map(|sampled| sampled.errors);
            let requests = Requests { tally: records, energy_j: Some(energy_j), seconds };
            add(&mut subject, &requests, errors);
            for class in classes {
                let mut of_class = part(&subject, SubjectKind::Class, "classes", &class.name);
                let energy = class.energy_j.map(|joules| joules * Scale::MWH.per_base);
                of_class.push(&CLASS_ENERGY, energy);
                let requests = Requests { tally: class.records, energy_j: class.energy_j, seconds };
                add(&mut of_class, &requests, class.errors.filter(|_| is_estimate));
                of_class.derive(derived(SubjectKind::Class));
                parts.push(of_class);
            }
        }
        Summary::HeatLoad(summary) => {
            subject.facts.push(kind("heat-load"));
            subject.facts.push(("electric", Fact::Flag(summary.electric)));
            subject.read(works::HEAT_LOAD, &summary);
        }
    }
    subject.derive(derived(subject.kind));
    parts.insert(0, subject);
    parts
}
