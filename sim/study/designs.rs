//! The designs of a study: each read, and held against the others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::plan::Arm;
use super::prepared::Prepared;
use crate::facility;
use crate::kernel::{Span, Time};
use crate::scenario::{Diagnostic, Diagnostics, Files, read_scenario};
use crate::spec::{Mark, closest};

/// Reads a design; what is wrong with it goes to `findings`.
pub(super) fn read_design(
    name: String,
    file: PathBuf,
    sets: Vec<String>,
    findings: &mut Vec<(Diagnostics, Files)>,
) -> Option<Arm> {
    let reading = read_scenario(&file, &sets);
    if reading.loaded.is_none() {
        findings.push((reading.diagnostics, reading.files));
        return None;
    }
    let prepared = Prepared::new(reading.loaded?);
    let Prepared { loaded, .. } = &prepared;
    let design = &loaded.design;
    Some(Arm {
        name,
        file,
        sets,
        hash: loaded.hash.clone(),
        days: design.duration.as_secs_f64() / 86_400.0,
        warm_up: Span::ZERO,
        seed: design.seed,
        repair_h: longest_repair_h(design),
        effective_yaml: loaded.effective_yaml.clone(),
        prepared: Arc::new(prepared),
    })
}

/// The longest declared mean repair of a component of the power chain that can fail, h.
fn longest_repair_h(design: &facility::Design) -> f64 {
    let failures = design.power.nodes.iter().map(|node| node.component.failures);
    let repairs = failures.filter(|law| law.rate_per_s > 0.0).map(|law| law.repair.mean_s());
    repairs.fold(0.0, f64::max) / 3600.0
}

/// Refuses designs whose money cannot be compared.
pub(super) fn check_currencies(designs: &[&Arm], sink: &mut Diagnostics) {
    let Some((first, others)) = designs.split_first() else { return };
    let of = |arm: &Arm| arm.prepared.loaded.design.currency;
    if let Some(other) = others.iter().find(|other| of(other) != of(first)) {
        let message = format!(
            "the money of `{}` is {}, that of `{}` is {}",
            first.name,
            of(first),
            other.name,
            of(other)
        );
        let help = "there are no exchange rates: write all of them in one `currency`";
        sink.push(Diagnostic::error(Mark::default(), message).code("currency").help(help));
    }
}

/// Warns of what makes a comparison carry more than the designs' difference.
pub(super) fn warn_of_differences(designs: &[Arm], sink: &mut Diagnostics) {
    check_currencies(&designs.iter().collect::<Vec<_>>(), sink);
    let Some((first, others)) = designs.split_first() else { return };
    for other in others {
        let (a, b) = (&first.prepared.loaded.design, &other.prepared.loaded.design);
        let mut differ = Vec::new();
        let mut note = |differs: bool, what: &'static str| {
            if differs {
                differ.push(what);
            }
        };
        note(a.seed != b.seed, "seed");
        note(a.clock.timestamp(Time::ZERO) != b.clock.timestamp(Time::ZERO), "start");
        note(a.duration != b.duration, "duration");
        note(format!("{:?}", a.weather) != format!("{:?}", b.weather), "weather");
        note(format!("{:?}", a.price) != format!("{:?}", b.price), "price");
        if !differ.is_empty() {
            let message = format!(
                "designs `{}` and `{}` differ in {}: their differences carry its variance",
                first.name,
                other.name,
                differ.join(", "),
            );
            sink.push(Diagnostic::warning(Mark::default(), message).code("doubtful"));
        }
    }
}

/// The name of the design in `file`: its stem, with `_` for what cannot stand in names of files.
pub(super) fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = stem.trim_start_matches('.').chars().map(plain).take(80).collect();
    if name.is_empty() { "design".to_owned() } else { name }
}

/// The file beside `path` whose name is the most alike.
pub(super) fn neighbour(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let asked = path.file_name()?.to_str()?;
    closest(asked, names.iter().map(String::as_str)).map(str::to_owned)
}
