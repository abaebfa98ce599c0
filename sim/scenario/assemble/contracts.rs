//! Contracts and plans: read with the scenario, and again alone to price a finished run anew.

use std::path::Path;

use super::super::currency::{currency_of, tell_currency};
use super::super::diagnostics::Diagnostics;
use super::super::files::Files;
use super::super::load::{Document, load};
use super::super::names::Component;
use super::super::spec::ScenarioSpec;
use super::super::tree::Value;
use super::plant::report;
use super::{SECTIONS, report_in};
use crate::kernel::{Clock, Span, Time};
use crate::money::{Around, Contract, ContractSpec, Law, MONTH_H, MoneySpec, Outside, Ppa, Terms};
use crate::spec::Fault;
use crate::tables::Run;
use crate::units::Duration;

/// What reading the contracts of a finished run came to.
#[derive(Debug)]
pub struct TermsReading {
    /// The contracts, unless something is wrong with them.
    pub terms: Option<Terms>,
    /// Everything found wrong or doubtful.
    pub diagnostics: Diagnostics,
    /// The files that the diagnostics point into.
    pub files: Files,
}

/// Reads the contracts of the scenario at `path`, with the `--set` arguments `sets`, and opens no
/// file that the scenario names.
pub fn read_terms(path: &Path, sets: &[String]) -> TermsReading {
    let mut document = match load(path, sets) {
        Ok(document) => document,
        Err(error) => {
            return TermsReading {
                terms: None,
                diagnostics: error.diagnostics,
                files: error.files,
            };
        }
    };
    document.resolve_kinds(&SECTIONS);
    let mut sink = std::mem::take(&mut document.diagnostics);
    let terms = document.place().read::<ScenarioSpec>(&mut sink).and_then(|head| {
        let mut faults = Vec::new();
        let place = head.site.resolve(&mut faults);
        report_in(&document, "site", &mut faults, &mut sink);
        read(&document, &head, &Clock::new(head.start, place.zone), None, &mut sink)
    });
    tell_currency(&document, currency_of(&document), &mut sink);
    let terms = if sink.has_errors() { None } else { terms };
    TermsReading { terms, diagnostics: sink, files: document.files }
}

/// The contracts of `document` and its plans; none after an error.
pub(super) fn read(
    document: &Document,
    head: &ScenarioSpec,
    clock: &Clock,
    run: Option<&mut Run<'_>>,
    sink: &mut Diagnostics,
) -> Option<Terms> {
    let contracts = read_contracts(document, head, (clock, run), sink);
    let all_read = contracts.is_some();
    let contracts = contracts.unwrap_or_default();
    let mut terms = Terms { zone: clock.zone().clone(), contracts, project: None };
    let mut is_planned = true;
    if let Some(section) = document.section("money") {
        let mut around = Around {
            works: names(document, "workloads"),
            halls: names(document, "racks"),
            contracts: names(document, "contracts"),
            incomes: incomes(document),
            year: i32::from(clock.read(Time::ZERO).year),
            ..Around::default()
        };
        around.let_out(&terms);
        let mut faults = Vec::new();
        let spec = section.read::<MoneySpec>(sink);
        terms.project = spec.and_then(|spec| spec.resolve(&around, &mut faults));
        is_planned = terms.project.is_some();
        if let Some(project) = &terms.project {
            faults.extend(ending(&terms.contracts, head, project.months));
        }
        report(&section, faults, sink);
    }
    (all_read && is_planned).then_some(terms)
}

/// Warnings of blocks that end in the years around the run, over which `money` carries them all the same.
fn ending(contracts: &[Contract], head: &ScenarioSpec, months: usize) -> Vec<Fault> {
    let end = Clock::later(head.start, Span::from_hours(months as u64 * MONTH_H as u64));
    let Some(end) = end else { return Vec::new() };
    let of = |contract: &Contract| {
        let Law::Market(market) = &contract.law else { return None };
        let until = market.blocks.iter().map(|block| block.until).max()?;
        let date = until.to_string().chars().take(10).collect::<String>();
        (until < end).then(|| {
            let name = &contract.name;
            let message =
                format!("the last block of `{name}` ends on {date}, before the project does");
            let help = format!(
                "the run's cost of `{name}` counts in all months; end the project with \
                                the block, or change what follows by `factors`, `drift` or a phase"
            );
            Fault::warning("horizon", message).help(help)
        })
    };
    contracts.iter().filter_map(of).collect()
}

/// Incomes of the site that neither a workload nor a contract makes.
fn incomes(document: &Document) -> Vec<String> {
    let contracts = parts(document, "contracts");
    let sold = contracts.iter().any(|it| kind(it) == Some("export"));
    let programmes = document.section("programmes").map(|_| "programmes".to_owned());
    let export = (exports(document) && !sold).then(|| "export".to_owned());
    programmes.into_iter().chain(export).collect()
}

/// Whether a feed lets power out.
fn exports(document: &Document) -> bool {
    parts(document, "power").iter().any(|part| part.place.get("export").is_some())
}

/// The arrays of the site.
fn arrays(document: &Document) -> Vec<String> {
    let parts = parts(document, "power");
    let arrays = parts.into_iter().filter(|part| kind(part) == Some("pv"));
    arrays.map(|part| part.name.text).collect()
}

/// The programmes that follow peaks of a system, each with the number of months that have one.
fn peaks(document: &Document) -> Vec<(String, usize)> {
    let parts = parts(document, "programmes").into_iter();
    let months = |part: &Component<'_>| {
        let months = part.place.get("window")?.get("months")?;
        let Value::Seq(months) = &months.node.value else { return None };
        let mut months: Vec<&str> = months.iter().filter_map(|it| it.as_text()).collect();
        months.sort_unstable();
        months.dedup();
        Some(months.len())
    };
    let of = |part: Component<'_>| {
        let count = months(&part).unwrap_or(12).max(1);
        part.instances.into_iter().map(move |name| (name, count))
    };
    parts.filter(|part| kind(part) == Some("peak-forecast")).flat_map(of).collect()
}

fn kind<'t>(part: &Component<'t>) -> Option<&'t str> {
    part.place.get("kind")?.node.as_text()
}

/// The components of a section. What is wrong with names is reported where their section is read.
fn parts<'t>(document: &'t Document, section: &str) -> Vec<Component<'t>> {
    let section = document.section(section);
    section.map(|it| it.components(&mut Diagnostics::default())).unwrap_or_default()
}

/// The names of the components of a section.
fn names(document: &Document, section: &str) -> Vec<String> {
    parts(document, section).into_iter().flat_map(|it| it.instances).collect()
}

/// The workloads, each with the halls that it stands on.
fn works(document: &Document) -> Vec<(String, Vec<String>)> {
    let mut works = Vec::new();
    for component in parts(document, "workloads") {
        let pools = match component.place.get("pools").map(|it| &it.node.value) {
            Some(Value::Seq(pools)) => pools.as_slice(),
            _ => &[],
        };
        let places = std::iter::once(component.place.node).chain(pools);
        let racks = places.filter_map(|node| node.as_map()?.entry("racks")?.value.as_text());
        let racks: Vec<String> = racks.map(str::to_owned).collect();
        works.extend(component.instances.into_iter().map(|name| (name, racks.clone())));
    }
    works
}

fn read_contracts(
    document: &Document,
    head: &ScenarioSpec,
    (clock, mut run): (&Clock, Option<&mut Run<'_>>),
    sink: &mut Diagnostics,
) -> Option<Vec<Contract>> {
    let mut contracts = Vec::new();
    let Some(section) = document.section("contracts") else { return Some(contracts) };
    let duration = Span::from(head.duration);
    let outside = Outside {
        start: head.start,
        // A run that goes beyond the year 9999 is refused elsewhere.
        end: Clock::later(head.start, duration).unwrap_or(clock.timestamp(Time::ZERO)),
        interval: head.output.interval.unwrap_or(Duration(super::DEFAULT_INTERVAL.as_nanos())),
        counts_carbon: head.carbon.is_some(),
        arrays: arrays(document),
        may_export: exports(document),
        halls: names(document, "racks"),
        works: works(document),
        peaks: peaks(document),
    };
    let mut all_read = true;
    let mut leased: Vec<(String, String)> = Vec::new();
    let mut paid: Vec<(String, String)> = Vec::new();
    for component in section.components(sink) {
        let Some(spec) = component.place.read::<ContractSpec>(sink) else {
            all_read = false;
            continue;
        };
        let mut faults = Vec::new();
        let law = spec.resolve(&outside, run.as_deref_mut(), &mut faults);
        report(&component.place, faults, sink);
        let Some(law) = law else {
            all_read = false;
            continue;
        };
        if let Law::Lease(lease) = &law {
            match leased.iter().find(|(hall, _)| *hall == lease.hall) {
                Some((hall, other)) => {
                    let message = format!("`{hall}` is let by `{other}` already");
                    report(&component.place, vec![Fault::error("racks", message)], sink);
                }
                None => leased.push((lease.hall.clone(), component.name.text.clone())),
            }
        }
        if let Law::Ppa(Ppa { array: Some(array), .. }) = &law {
            if let Some((_, other)) = paid.iter().find(|(known, _)| known == array) {
                let message = format!("`{array}` is paid under `{other}` already");
                report(&component.place, vec![Fault::warning("of", message)], sink);
            }
            paid.push((array.clone(), component.name.text.clone()));
        }
        let named = component.instances.into_iter().map(|name| Contract { name, law: law.clone() });
        contracts.extend(named);
    }
    let market = |it: &&Contract| matches!(it.law, Law::Market(_));
    let mut whole = contracts.iter().filter(market);
    if let (Some(first), Some(second)) = (whole.next(), whole.next()) {
        let (first, second) = (&first.name, &second.name);
        let message = format!("`{first}` and `{second}` both buy all of the energy");
        let help = "contracts add up; keep one `index` or `blocks`";
        report(&section, vec![Fault::warning("", message).help(help)], sink);
    }
    let buys = |it: &Contract| matches!(it.law, Law::Market(_) | Law::Tariff(_));
    if all_read && !contracts.is_empty() && !contracts.iter().any(buys) {
        let message = "no contract buys energy, so that the site has it for nothing";
        let fault = Fault::warning("", message);
        report(&section, vec![fault.help("add one: `energy: {kind: index}`")], sink);
    }
    all_read.then_some(contracts)
}
