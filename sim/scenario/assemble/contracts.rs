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
use crate::grid::programmes::{PeakForecastSpec, ProgrammeSpec};
use crate::kernel::{Clock, Span, Time};
use crate::money::{
    Around, Contract, ContractSpec, Law, MONTH_H, MoneySpec, Outside, Ppa, SystemPeaks, Terms,
};
use crate::spec::Fault;
use crate::tables::Run;
use crate::units::Duration;

/// The fields of contracts that name a table.
const TABLES: [&str; 2] = ["profile", "basis_series"];

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
    refuse_other_tables(&document, path, &mut sink);
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

/// Refuses tables that are not those of the finished run at `path`: what that read is in its books, and
/// would be billed whatever another one holds.
fn refuse_other_tables(document: &Document, path: &Path, sink: &mut Diagnostics) {
    let contracts = parts(document, "contracts");
    let table = |of: &Component<'_>, field: &str| {
        let table = of.place.get(field).filter(|it| !matches!(it.node.value, Value::Null));
        table.map(|it| it.node.on_one_line())
    };
    if !contracts.iter().any(|it| TABLES.iter().any(|field| table(it, field).is_some())) {
        return;
    }
    // It was read before the changes were made to it.
    let Ok(as_run) = load(path, &[]) else { return };
    let before = parts(&as_run, "contracts");
    for contract in &contracts {
        let known = before.iter().find(|it| it.name.text == contract.name.text);
        for field in TABLES {
            let (now, then) = (table(contract, field), known.and_then(|it| table(it, field)));
            if now.is_some() && then.is_some() && now != then {
                let message = "the books of a finished run have what its own table said";
                let help = "leave the table as it is, or simulate with another one by `run`";
                report(&contract.place, vec![Fault::error(field, message).help(help)], sink);
            }
        }
    }
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
            faults.extend(carried(&terms.contracts, head, project.months));
        }
        report(&section, faults, sink);
    }
    (all_read && is_planned).then_some(terms)
}

/// Warnings of what the years around the run will not have as the run had it, over which `money` carries
/// it all the same: blocks that end, and peaks of which the run had more or fewer than a year has.
fn carried(contracts: &[Contract], head: &ScenarioSpec, months: usize) -> Vec<Fault> {
    let end = Clock::later(head.start, Span::from_hours(months as u64 * MONTH_H as u64));
    let years = Span::from(head.duration).as_secs_f64() / (12.0 * MONTH_H * 3600.0);
    let is_whole = years.round() >= 1.0 && (years - years.round()).abs() < 0.01;
    let of = |contract: &Contract| {
        let name = &contract.name;
        let (message, help) = match &contract.law {
            Law::Market(market) => {
                let bought = market.blocks.iter().filter(|block| block.power_mw > 0.0);
                let until = bought.map(|block| block.until).min()?;
                if until >= end? {
                    return None;
                }
                let date = until.to_string().chars().take(10).collect::<String>();
                let message =
                    format!("a block of `{name}` ends on {date}, before the project does");
                let help = format!(
                    "the run's cost of `{name}` counts in all months; end the project with the \
                     block, or change what follows by `factors`, `drift` or a phase"
                );
                (message, help)
            }
            Law::CoincidentPeak(_) if !is_whole => {
                let message = format!(
                    "the run covers {years:.2} years, so that the share of the peaks of `{name}` \
                     within it is not that of its months"
                );
                let help = format!(
                    "the run's cost of `{name}` counts in all months; simulate whole years, or \
                     correct it by `factors`"
                );
                (message, help)
            }
            _ => return None,
        };
        Some(Fault::warning("horizon", message).help(help))
    };
    contracts.iter().filter_map(of).collect()
}

/// Incomes of the site that neither a workload nor a contract makes.
fn incomes(document: &Document) -> Vec<String> {
    let contracts = parts(document, "contracts");
    let sold = contracts.iter().any(|it| it.kind() == Some("export"));
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
    let arrays = parts.into_iter().filter(|part| part.kind() == Some("pv"));
    arrays.map(|part| part.name.text).collect()
}

/// The programmes that follow peaks of a system. What is wrong with them is reported where their section
/// is read.
fn peaks(document: &Document, clock: &Clock, horizon: Time) -> Vec<SystemPeaks> {
    let parts = parts(document, "programmes").into_iter();
    let of = |part: Component<'_>| {
        let spec = part.place.read::<ProgrammeSpec>(&mut Diagnostics::default());
        let spec = match spec {
            Some(ProgrammeSpec::PeakForecast(spec)) => Some(spec),
            _ => None,
        };
        // What is wrong with a window is reported where the programme is read.
        let window = spec.as_ref().and_then(|spec| spec.window.as_ref());
        let window = window.map(|window| window.resolve(&mut Vec::new())).unwrap_or_default();
        let per_year = (1..=12).filter(|month| window.has_month(*month)).count();
        let in_run = clock.months(horizon).any(|at| window.has_month(clock.read(at).month));
        let interval = spec.and_then(|spec| spec.interval).unwrap_or(PeakForecastSpec::INTERVAL);
        part.instances.into_iter().map(move |name| SystemPeaks {
            name,
            per_year: per_year.max(1),
            in_run,
            interval,
        })
    };
    parts.filter(|part| part.kind() == Some("peak-forecast")).flat_map(of).collect()
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

/// The halls of racks without GPUs. What is wrong with racks is reported where their section is read.
fn without_gpus(document: &Document) -> Vec<String> {
    let parts = parts(document, "racks").into_iter();
    let has_none = |part: &Component<'_>| part.kind().is_some_and(|kind| kind != "gpu");
    parts.filter(has_none).flat_map(|part| part.instances).collect()
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
    // A run that goes beyond the year 9999 is refused elsewhere.
    let end = Clock::later(head.start, duration).unwrap_or(clock.timestamp(Time::ZERO));
    let outside = Outside {
        start: head.start,
        end,
        interval: head.output.interval.unwrap_or(Duration(super::DEFAULT_INTERVAL.as_nanos())),
        counts_carbon: head.carbon.is_some(),
        arrays: arrays(document),
        may_export: exports(document),
        halls: names(document, "racks"),
        without_gpus: without_gpus(document),
        works: works(document),
        peaks: peaks(document, clock, Time::ZERO + duration),
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
