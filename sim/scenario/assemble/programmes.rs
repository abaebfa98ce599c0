//! Grid programmes: `programmes:`, and whether the site has the load for its awards.

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::load::Document;
use super::plant::report;
use crate::grid::programmes::{
    Baseline, Excluded, ProgrammeDesign, ProgrammeSpec, Sign, Signs, Standing, Target,
};
use crate::spec::{Fault, Mark, Name};
use crate::tables::{Run, moments};
use crate::units::Power;

/// What of a site its programmes are held to.
pub(super) struct Beside<'a> {
    /// The rated power of all racks with a workload, less what no award may count on, W.
    pub(super) loaded_w: f64,
    /// The most that it may import at any time, W.
    pub(super) import_limit_w: Option<f64>,
    /// The workloads that stand still while energy is dear.
    pub(super) heeding_price: Vec<&'a str>,
}

/// The programmes of `document`; none after an error.
pub(super) fn read(
    document: &Document,
    site: &Beside<'_>,
    (run, signs): (&mut Run<'_>, &Signs),
    sink: &mut Diagnostics,
) -> Option<Vec<ProgrammeDesign>> {
    let mut all: Vec<(ProgrammeDesign, Mark)> = Vec::new();
    let mut excluding: Vec<(Name, Excluded)> = Vec::new();
    let mut all_read = true;
    let mut followed = Vec::new();
    let section = document.section("programmes");
    for component in section.map(|section| section.components(sink)).unwrap_or_default() {
        let Some(spec) = component.place.read::<ProgrammeSpec>(sink) else {
            all_read = false;
            continue;
        };
        followed.extend(spec.follows());
        let excludes = spec.excludes().iter();
        excluding.extend(excludes.map(|excluded| (component.name.clone(), *excluded)));
        let mut faults = Vec::new();
        for name in &component.instances {
            let mut own = Vec::new();
            match spec.resolve(name, (&mut *run, signs), &mut own) {
                Some(design) => all.push((design, component.name.mark)),
                None => all_read = false,
            }
            own.retain(|fault: &Fault| !faults.contains(fault));
            faults.extend(own);
        }
        report(&component.place, faults, sink);
    }
    all_read.then_some(())?;
    for (name, sign, what, how) in [
        ("frequency", &signs.frequency, "the frequency of the grid", "a `relay` or a `droop`"),
        ("emergency_level", &signs.level, "emergencies of the grid", "a `level`"),
    ] {
        if let (false, Sign::Known(_), Some(section)) =
            (followed.contains(&name), sign, document.section(name))
        {
            let fault = Fault::warning("", format!("nothing on the site follows {what}"));
            let help = format!("let the `calls` of a programme have {how}, or leave it out");
            section.fault(fault.help(help), sink);
        }
    }
    // What the racks of a workload draw that could not be read is not known.
    if !sink.has_errors() {
        check_awards(&all, site.loaded_w, sink);
        check_references(&all, site, sink);
        for (name, excluded) in &excluding {
            check_excluded(name, *excluded, (&all, site), sink);
        }
    }
    Some(all.into_iter().map(|(design, _)| design).collect())
}

/// What the terms of the programme `name` exclude, the site does not do.
fn check_excluded(
    name: &Name,
    excluded: Excluded,
    (all, site): (&[(ProgrammeDesign, Mark)], &Beside<'_>),
    sink: &mut Diagnostics,
) {
    let (standing, what) = match excluded {
        Excluded::Peaks => (Standing::Peaks, "keeps away from peaks"),
        Excluded::Price => (Standing::Price, "answers the price of energy"),
    };
    let programmes = all.iter().map(|(design, _)| design).filter(|it| it.standing == standing);
    let mut does: Vec<&str> = programmes.map(|design| design.name.as_str()).collect();
    if excluded == Excluded::Price {
        does.extend(&site.heeding_price);
    }
    let Some(first) = does.first() else { return };
    let message = format!("programmes.{name}: excluded by its terms: `{first}` {what}");
    let help = "leave one of them out; miners that heed no price have `policy: {kind: always}`";
    sink.push(Diagnostic::error(name.mark, message).code("inconsistent").help(help));
}

/// Each megawatt serves one award: what is held at the same time is no more than the rated power of
/// all racks with a workload, less what no award may count on.
fn check_awards(all: &[(ProgrammeDesign, Mark)], rated_w: f64, sink: &mut Diagnostics) {
    for (index, (design, mark)) in all.iter().enumerate() {
        let Target::Award(award_w, _) = design.target else { continue };
        let held = moments(QUARTER).map(|moment| held_w(&all[..=index], moment));
        let most_w = held.fold(0.0, f64::max);
        if most_w <= rated_w {
            continue;
        }
        let mw = |w: f64| Power(w);
        let name = &design.name;
        let message = if award_w > rated_w {
            format!("programmes.{name}: an award of {} where {} can go", mw(award_w), mw(rated_w))
        } else {
            format!(
                "programmes.{name}: awards of {} are held at the same time where {} can go",
                mw(most_w),
                mw(rated_w)
            )
        };
        let help = "one megawatt serves one award; let awards be smaller, or keep one of them";
        sink.push(Diagnostic::error(*mark, message).code("inconsistent").help(help));
        return;
    }
}

/// A programme that leaves the site an import measures calls against the most that it would import: less than
/// racks draw is kept by nothing outside calls, more is given up without being there.
fn check_references(all: &[(ProgrammeDesign, Mark)], site: &Beside<'_>, sink: &mut Diagnostics) {
    for (design, mark) in all {
        let (Target::Leave(_), Baseline::Reference(most_w)) = (&design.target, design.baseline)
        else {
            continue;
        };
        let (most, racks) = (Power(most_w), Power(site.loaded_w));
        let name = &design.name;
        let (message, help) = if most_w > MOST_OVER_RACKS * site.loaded_w {
            let message = format!(
                "programmes.{name}: measures calls against {most} where the racks draw {racks} at most"
            );
            (message, "let it be what the site would import: what is not there is not given up")
        } else if most_w < site.loaded_w && site.import_limit_w.is_none_or(|w| w > most_w) {
            let message = format!(
                "programmes.{name}: nothing keeps the site to {most} outside calls, and its racks draw \
                 {racks} at most"
            );
            (
                message,
                "add `control: {import_limit: {power: ...}}`, or let it be what the site would import",
            )
        } else {
            continue;
        };
        sink.push(Diagnostic::warning(*mark, message).code("doubtful").help(help));
    }
}

/// The most that a site draws over what its racks do: a PUE with room for the house (assumption).
const MOST_OVER_RACKS: f64 = 2.0;

/// Awards are held by whole quarters of an hour, s.
const QUARTER: i32 = 900;

/// What `all` hold, W, at a `moment` of the year: of each there is one.
fn held_w(all: &[(ProgrammeDesign, Mark)], moment: (u8, u8, i32)) -> f64 {
    let (month, weekday, second) = moment;
    let held = all.iter().map(|(design, _)| match &design.target {
        Target::Award(award_w, window) if window.holds(month, weekday, second) => *award_w,
        _ => 0.0,
    });
    held.sum()
}
