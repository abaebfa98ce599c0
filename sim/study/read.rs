//! From a study file, or the files of `compare`, to a study.
//!
//! Everything that can be wrong is found here and shown at its place, before anything runs.
//!
//! ```text
//! read.rs          the designs, and how the parts of a study fit together
//! read/vary.rs     what is varied, and at which points
//! read/demands.rs  how often to replicate, and what figures must meet
//! ```

mod demands;
mod vary;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::decide::Rule;
use super::designs::{name_of, neighbour, read_design, warn_of_differences};
use super::plan::{Arm, Selection, SelectionRule, Study};
use super::points::{self, Sampling};
use super::prepared::whole_warm_up;
use super::spec::{DesignSpec, StudySpec};
use crate::kernel::Span;
use crate::scenario::{
    self, Diagnostic, Diagnostics, Document, Files, Place, Value, canonical_json,
};
use crate::spec::{FilePath, Mark, closest};
use crate::units::Duration;
use demands::{figure, parse_requirement};

/// Replications where nobody says how many.
const REPLICATIONS: usize = 30;

/// Most points of a study; beyond it somebody has mistyped a step.
const MOST_POINTS: usize = 10_000_000;

/// What reading a study came to.
#[derive(Debug)]
pub struct StudyReading {
    /// The study, unless something is wrong with it.
    pub study: Option<Study>,
    /// What was found wrong or doubtful, with the files that it points into: first of the study
    /// itself, then of each design with findings.
    pub findings: Vec<(Diagnostics, Files)>,
}

impl StudyReading {
    /// Everything found, as text.
    pub fn render(&self, colour: bool) -> String {
        self.findings.iter().map(|(found, files)| found.render(files, colour)).collect()
    }

    /// Everything found, a JSON object on each line.
    pub fn json_lines(&self) -> String {
        self.findings.iter().map(|(found, files)| found.json_lines(files)).collect()
    }
}

/// Reads the study at `path` with the `--set` arguments `sets`, which change the study.
pub fn read_study(path: &Path, sets: &[String]) -> StudyReading {
    let mut document = match scenario::load(path, sets) {
        Ok(document) => document,
        Err(error) => {
            let findings = vec![(error.diagnostics, error.files)];
            return StudyReading { study: None, findings };
        }
    };
    let mut sink = std::mem::take(&mut document.diagnostics);
    let mut findings = Vec::new();
    let study = Reader { document: &document, sink: &mut sink, findings: &mut findings }.read();
    let study = if sink.has_errors() || findings.iter().any(|(found, _)| found.has_errors()) {
        None
    } else {
        study
    };
    findings.insert(0, (sink, document.files));
    StudyReading { study, findings }
}

/// The study that compares the scenarios at `files`, the first as the baseline, each changed by
/// `sets`, in `replications` replications whose figures count after `warm_up`. `requirements` read
/// `availability(hall) >= 99.95 %`.
pub fn compare_files(
    files: &[PathBuf],
    sets: &[String],
    replications: usize,
    warm_up: Option<Duration>,
    requirements: &[String],
) -> StudyReading {
    let mut findings = Vec::new();
    let mut sink = Diagnostics::default();
    let mut designs: Vec<Arm> = Vec::new();
    let mut taken = BTreeSet::new();
    for file in files {
        let stem = name_of(file);
        // Two files of one name in two folders are two designs.
        let mut names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
        let name = names.find(|name| taken.insert(name.clone())).expect("names do not end");
        designs.extend(read_design(name, file.clone(), sets.to_vec(), &mut findings));
    }
    let whole = designs.len() == files.len();
    if let Some(message) = warm_up.and_then(|warm_up| warm_up_all(&mut designs, warm_up)) {
        let error = Diagnostic::error(Mark::default(), format!("--warm-up: {message}"));
        sink.push(error.code("inconsistent"));
    }
    let mut met = Vec::new();
    for text in requirements {
        match parse_requirement(text, &designs) {
            Ok(requirement) => met.push(requirement),
            Err((message, help)) => {
                let mut error = Diagnostic::error(Mark::default(), format!("--require: {message}"));
                error.help = help;
                sink.push(error.code("figure"));
            }
        }
    }
    warn_of_differences(&designs, &mut sink);
    let effective_yaml = compare_yaml(&designs, replications, warm_up);
    let study = (whole && !sink.has_errors()).then(|| Study {
        name: "compare".to_owned(),
        arms: designs,
        baseline: 0,
        parameters: Vec::new(),
        sampling: Sampling::Grid,
        points: points::points(Sampling::Grid, &[]),
        rule: Rule::fixed(replications),
        requirements: met,
        figures: Vec::new(),
        search: None,
        selection: None,
        effective_yaml,
    });
    findings.insert(0, (sink, Files::default()));
    StudyReading { study, findings }
}

/// The study file that does what a `compare` did.
fn compare_yaml(arms: &[Arm], replications: usize, warm_up: Option<Duration>) -> String {
    let mut text = "name: compare\ndesigns:\n".to_owned();
    for arm in arms {
        let file = arm.file.canonicalize().unwrap_or_else(|_| arm.file.clone());
        let file = serde_json::Value::from(file.to_string_lossy());
        let sets = arm.sets.iter().filter_map(|set| set.split_once('='));
        let sets: Vec<String> = sets
            .map(|(path, value)| format!("{}: {value}", serde_json::Value::from(path)))
            .collect();
        text += &format!("  {}: {{file: {file}, set: {{{}}}}}\n", arm.name, sets.join(", "));
    }
    if let Some(warm_up) = warm_up {
        text += &format!("warm_up: {warm_up}\n");
    }
    text + &format!("replications: {replications}\n")
}

/// Has the figures of all `designs` count after `warm_up`; says what is wrong with it.
fn warm_up_all(designs: &mut [Arm], warm_up: Duration) -> Option<String> {
    if warm_up.0 == 0 {
        return None;
    }
    for arm in designs {
        let design = &arm.prepared.loaded.design;
        match whole_warm_up(design, Span::from_nanos(warm_up.0)) {
            Some(whole) => arm.warm_up = whole,
            None => {
                let days = arm.days;
                return Some(format!(
                    "{warm_up} leave nothing of the {days} days of `{}`",
                    arm.name
                ));
            }
        }
    }
    None
}

struct Reader<'a> {
    document: &'a Document,
    sink: &'a mut Diagnostics,
    findings: &'a mut Vec<(Diagnostics, Files)>,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<Study> {
        let root = self.document.place();
        let spec: Option<StudySpec> = root.read(self.sink);
        let mut designs = self.designs(spec.as_ref())?;
        let spec = spec?;
        if let Some(message) = spec.warm_up.and_then(|of| warm_up_all(&mut designs, of)) {
            let help = "a longer `duration`, or a shorter warm-up".to_owned();
            self.error_at("warm_up", format!("warm_up: {message}"), Some(help));
        }
        if !scenario::is_folder_name(&spec.name) {
            let message = format!("name: `{}` is no name of a folder", spec.name);
            let help = "letters, digits, `-`, `_` and `.`";
            self.error_at("name", message, Some(help.to_owned()));
        }
        let baseline = match &spec.baseline {
            None => 0,
            Some(name) => match designs.iter().position(|d| d.name == name.text) {
                Some(baseline) => baseline,
                None => {
                    let names: Vec<&str> = designs.iter().map(|d| d.name.as_str()).collect();
                    let message = format!("baseline: no design `{}`", name.text);
                    self.error_at("baseline", message, did_you_mean(&name.text, &names));
                    0
                }
            },
        };
        let parameters = self.parameters(&designs);
        let sampling = self.sampling(&spec, &parameters);
        let rule = self.rule(&designs);
        let requirements = self.document.section("require");
        let requirements = self.requirements(requirements.as_ref(), &designs, 0.95);
        let search = spec.find.as_ref().and_then(|find| self.search(find, &designs));
        if search.is_some() && !parameters.is_empty() {
            let message = "find: a search varies its own path; `vary` has no place beside it";
            self.error_at("find", message.to_owned(), Some("take out one of the two".to_owned()));
        }
        let selection = spec.select.as_ref().and_then(|select| self.selection(select, &designs));
        for (index, asked) in spec.figures.iter().flatten().enumerate() {
            if let Err((message, help)) = figure(asked, &designs) {
                self.error_at(&format!("figures[{index}]"), format!("figures: {message}"), help);
            }
        }
        warn_of_differences(&designs, self.sink);
        let many = points::count(sampling, &parameters);
        if let Some(Selection { rule: SelectionRule::Budget(budget), at_least, .. }) = &selection {
            let first = many.saturating_mul(designs.len()).saturating_mul(*at_least);
            if *budget < first {
                let message = format!(
                    "select.budget: {budget} replications are fewer than the {first} before the first look"
                );
                let help = "`at_least` of each case are made first".to_owned();
                self.error_at("select.budget", message, Some(help));
            }
        }
        if many > MOST_POINTS {
            let message = format!("vary: {many} points are more than {MOST_POINTS}");
            self.error_at("vary", message, Some("take larger steps, or `sample:`".to_owned()));
            return None;
        }
        if self.sink.has_errors() {
            return None;
        }
        Some(Study {
            name: spec.name,
            arms: designs,
            baseline,
            points: points::points(sampling, &parameters),
            parameters,
            sampling,
            rule,
            requirements,
            figures: spec.figures.unwrap_or_default(),
            search,
            selection,
            effective_yaml: scenario::effective_yaml(&self.document.root),
        })
    }

    /// The designs, each read; none where one of them cannot be.
    fn designs(&mut self, spec: Option<&StudySpec>) -> Option<Vec<Arm>> {
        let mut common: Vec<String> = Vec::new();
        if let Some(spec) = spec {
            common.extend(spec.duration.map(|duration| format!("duration={duration}")));
            common.extend(spec.seed.map(|seed| format!("seed={seed}")));
        }
        if let Some(set) = self.document.section("set") {
            common.extend(sets_of(&set, self.sink));
        }
        let section = self.document.section("designs")?;
        let entries = section.node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
        if entries.is_empty() {
            let message = "designs: needs at least one design".to_owned();
            let help = "for example `designs: {hybrid: hybrid-100mw.yaml}`".to_owned();
            self.sink.push(Diagnostic::error(section.key, message).code("bad-value").help(help));
            return None;
        }
        let mut designs = Vec::new();
        let mut whole = true;
        for entry in entries {
            let place = section.get(&entry.key.text)?;
            if !scenario::is_folder_name(&entry.key.text) {
                let message = format!("designs: `{}` cannot name files", entry.key.text);
                let help = "letters, digits, `-`, `_` and `.`, and no `.` at the start";
                let error = Diagnostic::error(entry.key.mark, message).code("bad-value");
                self.sink.push(error.help(help));
            }
            let file: Option<FilePath> = match &place.node.value {
                Value::Map(_) => place.read::<DesignSpec>(self.sink).map(|design| design.file),
                _ => place.read(self.sink),
            };
            let Some(file) = file else {
                whole = false;
                continue;
            };
            let mut sets = common.clone();
            if let Some(set) = place.get("set") {
                sets.extend(sets_of(&set, self.sink));
            }
            let Some(path) = existing_file(self.document, &place, &file, self.sink) else {
                whole = false;
                continue;
            };
            match read_design(entry.key.text.clone(), path, sets, self.findings) {
                Some(design) => designs.push(design),
                None => whole = false,
            }
        }
        whole.then_some(designs)
    }

    fn error_at(&mut self, field: &str, message: String, help: Option<String>) {
        let mark = self.document.get(field).map_or_else(
            || {
                self.document
                    .get(field.split(['.', '[']).next().unwrap_or(field))
                    .map(|place| place.key)
            },
            |place| Some(place.key),
        );
        let mut error = Diagnostic::error(mark.unwrap_or_default(), message).code("inconsistent");
        error.help = help;
        self.sink.push(error);
    }
}

/// A mapping from paths to values as `--set` arguments.
pub(super) fn sets_of(place: &Place<'_>, sink: &mut Diagnostics) -> Vec<String> {
    let Some(map) = place.node.as_map() else {
        let message = format!("{}: needs a mapping from paths to values", place.path);
        sink.push(Diagnostic::error(place.key, message).code("bad-value"));
        return Vec::new();
    };
    map.entries
        .iter()
        .map(|entry| format!("{}={}", entry.key.text, canonical_json(&entry.value)))
        .collect()
}

/// Where the `file` that is named at `place` is; none after reporting that it is not there.
pub(super) fn existing_file(
    document: &Document,
    place: &Place<'_>,
    file: &FilePath,
    sink: &mut Diagnostics,
) -> Option<PathBuf> {
    let path = document.resolve_path(file);
    if path.is_file() {
        return Some(path);
    }
    let message = format!("{}: cannot read `{}`", place.path, file.text);
    let mut error = Diagnostic::error(file.mark, message).code("unreadable");
    error.help = neighbour(&path).map(|name| {
        format!("did you mean `{}`?", Path::new(&file.text).with_file_name(name).display())
    });
    sink.push(error);
    None
}

fn did_you_mean(asked: &str, known: &[&str]) -> Option<String> {
    closest(asked, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
}
