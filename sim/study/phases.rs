//! A site that changes over the years: each phase a scenario that is simulated for a stretch and carried
//! over its months, against a site that stays as it is.
//!
//! All phases of a replication share their luck: a stream is named by what draws from it, so that weather,
//! prices and failures of what stays are the same in every phase, and what phases differ by is their
//! design.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::designs::{check_currencies, read_design};
use super::plan::Arm;
use super::read::{existing_file, sets_of};
use super::run::simulate;
use super::spec::DesignSpec;
use crate::facility::Design;
use crate::kernel::Span;
use crate::money::{
    Account, Around, Begun, Bill, Forecast, Line, MOST_MONTHS, Merit, MoneySpec, Project, month_of,
    whole_months,
};
use crate::scenario::{
    self, Diagnostic, Diagnostics, Document, Files, Place, Value, tell_currency,
};
use crate::spec::{Fault, FilePath};
use crate::units::{CalendarSpan, Currency, Duration};

/// Replications where nobody says how many.
const REPLICATIONS: u32 = 5;
const MOST_REPLICATIONS: u32 = 10_000;

/// Phases as users write them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhasesSpec {
    name: String,
    #[expect(dead_code, reason = "for people")]
    title: Option<String>,
    start: String,
    duration: Option<Duration>,
    seed: Option<u64>,
    replications: Option<u32>,
    money: MoneySpec,
    #[expect(dead_code, reason = "read apart")]
    keep: IgnoredAny,
    #[expect(dead_code, reason = "read one by one")]
    phases: IgnoredAny,
}

/// A phase as users write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseSpec {
    name: String,
    from: CalendarSpan,
    file: FilePath,
    #[expect(dead_code, reason = "read apart")]
    set: Option<IgnoredAny>,
}

/// A site that changes.
#[derive(Debug)]
pub struct Phases {
    /// Its name.
    pub name: String,
    /// First day of the first month.
    pub start: Date,
    /// Replications.
    pub replications: u32,
    /// What is spent, and how prices change.
    pub project: Project,
    /// The phases: the months in which each is, and its scenario.
    pub stages: Vec<((usize, usize), Arm)>,
    /// The site that stays as it is.
    pub keep: Arm,
    /// What its money is in.
    pub currency: Currency,
    /// The names that money may refer to.
    around: Around,
}

/// What reading phases came to.
#[derive(Debug)]
pub struct PhasesReading {
    /// The phases, unless something is wrong with them.
    pub phases: Option<Phases>,
    /// Everything found, with the files that it points into.
    pub findings: Vec<(Diagnostics, Files)>,
}

/// What phases come to.
#[derive(Debug)]
pub struct PhasesFound {
    /// Cash of the first month of each phase, before capital and tax, $, in the mean.
    pub stages_usd: Vec<f64>,
    /// By replication.
    pub phased: Vec<Forecast>,
    /// The site that stays as it is, by replication.
    pub kept: Vec<Forecast>,
    /// What the phases bring beyond that, in the mean of all replications.
    pub more: Merit,
}

impl PhasesFound {
    /// What the phases are worth beyond the site that stays, in each replication, $.
    pub fn more_usd(&self) -> Vec<f64> {
        let pairs = self.phased.iter().zip(&self.kept);
        pairs.map(|(phased, kept)| phased.merit.npv_usd - kept.merit.npv_usd).collect()
    }
}

/// Reads the phases at `path` with the `--set` arguments `sets`.
pub fn read_phases(path: &Path, sets: &[String]) -> PhasesReading {
    let mut document = match scenario::load(path, sets) {
        Ok(document) => document,
        Err(error) => {
            let findings = vec![(error.diagnostics, error.files)];
            return PhasesReading { phases: None, findings };
        }
    };
    let mut sink = std::mem::take(&mut document.diagnostics);
    let mut findings = Vec::new();
    let phases = read(&document, &mut sink, &mut findings);
    let has_errors = sink.has_errors() || findings.iter().any(|(found, _)| found.has_errors());
    findings.insert(0, (sink, document.files));
    PhasesReading { phases: phases.filter(|_| !has_errors), findings }
}

fn read(
    document: &Document,
    sink: &mut Diagnostics,
    findings: &mut Vec<(Diagnostics, Files)>,
) -> Option<Phases> {
    let root = document.place();
    let spec: PhasesSpec = root.read(sink)?;
    let mut faults = Vec::new();
    let start: Option<Date> = spec.start.parse().ok();
    if start.is_none() {
        let message = format!("needs a day such as `2027-01-01`, got `{}`", spec.start);
        faults.push(Fault::error("start", message));
    }
    let replications = spec.replications.unwrap_or(REPLICATIONS);
    if !(1..=MOST_REPLICATIONS).contains(&replications) {
        let message = format!("must be between 1 and {MOST_REPLICATIONS}, got {replications}");
        faults.push(Fault::error("replications", message));
    }
    let mut common: Vec<String> = Vec::new();
    common.extend(spec.duration.map(|duration| format!("duration={duration}")));
    common.extend(spec.seed.map(|seed| format!("seed={seed}")));
    let mut design = |place: &Place<'_>, name: &str, file: &FilePath, sink: &mut Diagnostics| {
        let mut sets = common.clone();
        if let Some(set) = place.get("set") {
            sets.extend(sets_of(&set, sink));
        }
        let path = existing_file(document, place, file, sink)?;
        read_design(name.to_owned(), path, sets, findings)
    };
    let place = document.section("keep")?;
    let keep: Option<DesignSpec> = place.read(sink);
    let keep = keep.and_then(|keep| design(&place, "keep", &keep.file, sink));
    let section = document.section("phases")?;
    let Value::Seq(items) = &section.node.value else {
        let message = "phases: needs a list of phases".to_owned();
        sink.push(Diagnostic::error(section.key, message).code("bad-value"));
        return None;
    };
    let mut begun: Vec<(usize, Option<Arm>)> = Vec::new();
    for (index, node) in items.iter().enumerate() {
        let place = Place { path: format!("phases[{index}]"), key: node.mark, node };
        let Some(phase) = place.read::<PhaseSpec>(sink) else { continue };
        let mut own = Vec::new();
        let from = whole_months("from", phase.from, (0, MOST_MONTHS), &mut own);
        match begun.last() {
            None if from != 0 => {
                let message = "the first phase begins with the project, after 0 months";
                own.push(Fault::error("from", message));
            }
            Some((before, _)) if from <= *before => {
                let message = format!(
                    "begins after {from} months, when the phase before it, which begins after {before}, has not had a month"
                );
                let fault = Fault::error("from", message);
                own.push(fault.help("phases follow one another; works that overlap are a phase"));
            }
            _ => {}
        }
        own.into_iter().for_each(|fault| place.fault(fault, sink));
        begun.push((from, design(&place, &phase.name, &phase.file, sink)));
    }
    if items.is_empty() {
        faults.push(Fault::error("phases", "there is no phase"));
    }
    faults.into_iter().for_each(|fault| root.fault(fault, sink));
    let arms: Option<Vec<(usize, Arm)>> =
        begun.into_iter().map(|(from, arm)| Some((from, arm?))).collect();
    let (arms, keep, start) = (arms?, keep?, start?);
    let all: Vec<&Arm> = std::iter::once(&keep).chain(arms.iter().map(|(_, arm)| arm)).collect();
    check_currencies(&all, sink);
    let currency = keep.prepared.loaded.design.currency;
    tell_currency(document, currency, sink);
    let mut around = Around { year: i32::from(start.year()), ..Around::default() };
    let designs: Vec<&Design> = arms
        .iter()
        .map(|(_, arm)| arm)
        .chain([&keep])
        .map(|arm| &arm.prepared.loaded.design)
        .collect();
    for design in &designs {
        around.works.extend(design.works.iter().map(|work| work.name.clone()));
        around.contracts.extend(design.terms.contracts.iter().map(|it| it.name.clone()));
        around.halls.extend(design.halls.iter().map(|hall| hall.name.clone()));
        around.let_out(&design.terms);
        let incomes =
            [(!design.programmes.is_empty(), "programmes"), (design.may_export(), "export")];
        around.incomes.extend(incomes.iter().filter(|it| it.0).map(|it| it.1.to_owned()));
    }
    // What is the owner's in one phase changes by its name, whoever has it in others.
    let is_own = |work: &str| {
        designs.iter().any(|design| {
            let has = design.works.iter().any(|its| its.name == work);
            has && !design.terms.tenants().contains(&work)
        })
    };
    around.tenants.retain(|(work, _)| !is_own(work));
    // Parts are sized by the halls of the last phase.
    if let Some((_, arm)) = arms.last() {
        let halls = arm.prepared.loaded.design.halls.iter();
        around.built = Some(halls.map(|hall| hall.name.clone()).collect());
    }
    // A site without contracts pays for its energy.
    if designs.iter().any(|design| design.terms.contracts.is_empty()) {
        around.contracts.push("energy".to_owned());
    }
    let mut faults = Vec::new();
    let project = spec.money.resolve(&around, &mut faults);
    let money = document.section("money")?;
    faults.into_iter().for_each(|fault| money.fault(fault, sink));
    let project = project?;
    if let Some((index, (from, _))) =
        arms.iter().enumerate().find(|(_, (from, _))| *from >= project.months)
    {
        let message = format!("begins after {from} months of {}", project.months);
        root.fault(Fault::error(format!("phases[{index}].from"), message), sink);
        return None;
    }
    let ends: Vec<usize> =
        arms.iter().skip(1).map(|(from, _)| *from).chain([project.months]).collect();
    let stages = arms.into_iter().zip(ends).map(|((from, arm), until)| ((from, until), arm));
    let stages = stages.collect();
    let name = spec.name;
    Some(Phases { name, start, replications, project, stages, keep, currency, around })
}

/// What a stretch of a scenario left.
type Left = (Account, Option<Bill>);

/// What the scenarios of phases left, in all replications.
#[derive(Debug)]
pub struct Stretches {
    /// By replication, and in it by scenario: what is said twice was simulated once.
    left: Vec<Left>,
    /// Which of these the site that stays and each of the phases has.
    places: Vec<usize>,
    scenarios: usize,
}

/// Simulates each scenario of `phases` in all replications; none where `stop` asked for an end.
///
/// # Errors
///
/// Where a book does not balance, a replication panics, or a file that it plays cannot be read to its end.
pub fn simulate_phases(
    phases: &Phases,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Stretches>, String> {
    let arms: Vec<&Arm> =
        std::iter::once(&phases.keep).chain(phases.stages.iter().map(|(_, arm)| arm)).collect();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut distinct = Vec::new();
    let places: Vec<usize> = arms
        .iter()
        .map(|arm| {
            *known.entry(arm.hash.as_str()).or_insert_with(|| {
                distinct.push(*arm);
                distinct.len() - 1
            })
        })
        .collect();
    let tasks: Vec<(&Arm, u32)> = (0..phases.replications)
        .flat_map(|replication| distinct.iter().map(move |arm| (*arm, replication)))
        .collect();
    let run = |&(arm, replication): &(&Arm, u32)| -> Result<Option<Left>, String> {
        let Arm { name, prepared, .. } = arm;
        let run = simulate(prepared, (u64::from(replication), Span::ZERO), stop);
        let run = run.map_err(|message| format!("`{name}`: {message}"))?;
        let Some((outcome, _)) = run else { return Ok(None) };
        if !outcome.balanced() {
            return Err(format!("a book of `{name}` does not balance"));
        }
        Ok(Some((outcome.account, outcome.bill)))
    };
    let left: Vec<Option<Left>> = tasks.par_iter().map(run).collect::<Result<_, String>>()?;
    let left = left.into_iter().collect::<Option<Vec<Left>>>();
    Ok(left.map(|left| Stretches { left, places, scenarios: distinct.len() }))
}

/// What each line and part of `forecasts` is worth, $, in the mean of all of them; what one of them
/// lacks is worth nothing in it.
pub fn mean_worth(forecasts: &[Forecast]) -> Vec<(&str, f64)> {
    let mut all: Vec<(&str, f64)> = Vec::new();
    for (name, usd) in forecasts.iter().flat_map(|forecast| &forecast.worth) {
        match all.iter_mut().find(|(other, _)| other == name) {
            Some((_, sum)) => *sum += usd,
            None => all.push((name, *usd)),
        }
    }
    all.iter_mut().for_each(|(_, sum)| *sum /= forecasts.len() as f64);
    all
}

impl Stretches {
    /// What the site that stays, at 0, or a phase left in a replication.
    fn of(&self, place: usize, replication: usize) -> &Left {
        &self.left[replication * self.scenarios + self.places[place]]
    }
}

impl Phases {
    /// The plan of these phases read again from `path` with the `--set` arguments `sets`, which differ
    /// from those of the first reading by changes of `money` alone; and what is found.
    pub fn read_project(
        &self,
        path: &Path,
        sets: &[String],
    ) -> (Option<Project>, Diagnostics, Files) {
        let mut document = match scenario::load(path, sets) {
            Ok(document) => document,
            Err(error) => return (None, error.diagnostics, error.files),
        };
        let mut sink = std::mem::take(&mut document.diagnostics);
        let project = document.place().read::<PhasesSpec>(&mut sink).and_then(|spec| {
            let mut faults = Vec::new();
            let project = spec.money.resolve(&self.around, &mut faults);
            let last = self.stages.last().map_or(0, |((from, _), _)| *from);
            if let Some(months) = project.as_ref().map(|it| it.months).filter(|it| *it <= last) {
                let message = format!("ends after {months} months, before the last phase begins");
                faults.push(Fault::error("horizon", message));
            }
            let money = document.section("money")?;
            faults.into_iter().for_each(|fault| money.fault(fault, &mut sink));
            project
        });
        (project.filter(|_| !sink.has_errors()), sink, document.files)
    }

    /// What the phases that left `stretches` come to under `project`: their own, or one that differs from
    /// it by money alone.
    pub fn come_to(&self, project: &Project, stretches: &Stretches) -> PhasesFound {
        let mut found = PhasesFound {
            stages_usd: vec![0.0; self.stages.len()],
            phased: Vec::new(),
            kept: Vec::new(),
            more: Merit::of(&[0.0], 0.0),
        };
        let mut more = vec![0.0; project.months + 1];
        let n = f64::from(self.replications);
        for replication in 0..self.replications as usize {
            let stages: Vec<&Left> =
                (1..=self.stages.len()).map(|place| stretches.of(place, replication)).collect();
            let (phased, stages_usd) = self.carry(project, &stages);
            let kept = self.carry_kept(project, stretches.of(0, replication));
            for (sum, usd) in found.stages_usd.iter_mut().zip(stages_usd) {
                *sum += usd / n;
            }
            for (month, sum) in more.iter_mut().enumerate() {
                *sum += (phased.flows[month] - kept.flows[month]) / n;
            }
            found.phased.push(phased);
            found.kept.push(kept);
        }
        found.more = Merit::of(&more, project.discount);
        found
    }

    /// The phases that left `stages`, carried over their months, and the cash of the first month of each.
    fn carry(&self, project: &Project, stages: &[&Left]) -> (Forecast, Vec<f64>) {
        let mut lines: Vec<Line> = Vec::new();
        let mut firsts = Vec::new();
        let begins = self.stages.iter().skip(1).map(|((from, _), _)| *from);
        let ends = begins.chain([project.months]);
        for ((((from, _), arm), until), (account, bill)) in self.stages.iter().zip(ends).zip(stages)
        {
            let terms = &arm.prepared.loaded.design.terms;
            // A contract steps from the first phase that has it; upkeep from the start.
            let since = |name: &str| {
                let has = |arm: &Arm| {
                    let design = &arm.prepared.loaded.design;
                    design.terms.contracts.iter().any(|it| it.name == name)
                        || design.works.iter().any(|it| it.name == name)
                };
                let first = self.stages.iter().find(|(_, arm)| has(arm));
                first.map_or(0, |((from, _), _)| *from)
            };
            let begun = Begun { since: &since, rent: &|name| self.agreed_rent(name, stages) };
            let own = project.lines((terms, account, bill.as_ref()), (*from, until), begun);
            firsts.push(month_of(&own, *from));
            lines.extend(own);
        }
        let (last, _) = stages[stages.len() - 1];
        (project.fold(&lines, 0, last), firsts)
    }

    /// The rent of a month of the lease `name` in the first phase that has it, $.
    fn agreed_rent(&self, name: &str, stages: &[&Left]) -> Option<f64> {
        self.stages.iter().zip(stages).find_map(|((_, arm), (account, _))| {
            let terms = &arm.prepared.loaded.design.terms;
            let (_, lease) = terms.leases().find(|(of, _)| *of == name)?;
            Some(lease.month_rent(account))
        })
    }

    /// The site that stays as it is.
    fn carry_kept(&self, project: &Project, (account, bill): &Left) -> Forecast {
        let terms = &self.keep.prepared.loaded.design.terms;
        let project = Project { parts: Vec::new(), ..project.clone() };
        let months = (0, project.months);
        let lines = project.lines((terms, account, bill.as_ref()), months, Begun::at(&|_| 0));
        project.fold(&lines, 0, account)
    }
}
