//! From a study file, or the files of `compare`, to a study.
//!
//! Everything that can be wrong is found here and shown at its place, before anything runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::decide::{Requirement, Rule, Side, Until, value_of};
use super::designs::{Design, name_of, neighbour, read_design, warn_of_differences};
use super::plan::{Arm, Search, Selection, SelectionRule, Study};
use super::points::{self, Parameter, Sampling, Setting};
use super::sheet::Declared;
use super::spec::{
    DesignSpec, FindSpec, ReplicationsSpec, RequireSpec, SampleKind, SelectSpec, StudySpec,
    VarySpec,
};
use super::statistics::{Precision, SOBOL_DIMENSIONS};
use crate::measure::Better;
use crate::scenario::{
    self, Diagnostic, Diagnostics, Document, Files, Node, Place, Value, canonical_json,
};
use crate::spec::{FilePath, Mark, closest};
use crate::units::{Fraction, split_number};

/// Replications where nobody says how many.
const REPLICATIONS: usize = 30;

/// Fewest replications before a study may stop by itself.
const LEAST_BEFORE_STOP: usize = 10;

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
/// `sets`, in `replications` replications. `requirements` read `availability(hall) >= 99.95 %`.
pub fn compare_files(
    files: &[PathBuf],
    sets: &[String],
    replications: usize,
    requirements: &[String],
) -> StudyReading {
    let mut findings = Vec::new();
    let mut sink = Diagnostics::default();
    let mut designs: Vec<Design> = Vec::new();
    let mut taken = BTreeSet::new();
    for file in files {
        let stem = name_of(file);
        // Two files of one name in two folders are two designs.
        let mut names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
        let name = names.find(|name| taken.insert(name.clone())).expect("names do not end");
        designs.extend(read_design(name, file.clone(), sets.to_vec(), &mut findings));
    }
    let whole = designs.len() == files.len();
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
    let arms: Vec<Arm> = designs.into_iter().map(|design| design.arm).collect();
    let effective_yaml = compare_yaml(&arms, replications);
    let study = (whole && !sink.has_errors()).then(|| Study {
        name: "compare".to_owned(),
        arms,
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
fn compare_yaml(arms: &[Arm], replications: usize) -> String {
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
    text + &format!("replications: {replications}\n")
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
        let designs = self.designs(spec.as_ref())?;
        let spec = spec?;
        if !scenario::is_folder_name(&spec.name) {
            let message = format!("name: `{}` is no name of a folder", spec.name);
            let help = "letters, digits, `-`, `_` and `.`";
            self.error_at("name", message, Some(help.to_owned()));
        }
        let baseline = match &spec.baseline {
            None => 0,
            Some(name) => match designs.iter().position(|d| d.arm.name == name.text) {
                Some(baseline) => baseline,
                None => {
                    let names: Vec<&str> = designs.iter().map(|d| d.arm.name.as_str()).collect();
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
            arms: designs.into_iter().map(|design| design.arm).collect(),
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
    fn designs(&mut self, spec: Option<&StudySpec>) -> Option<Vec<Design>> {
        let mut common: Vec<String> = Vec::new();
        if let Some(spec) = spec {
            common.extend(spec.duration.map(|duration| format!("duration={duration}")));
            common.extend(spec.seed.map(|seed| format!("seed={seed}")));
        }
        if let Some(set) = self.document.section("set") {
            common.extend(self.sets(&set));
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
                sets.extend(self.sets(&set));
            }
            let path = self.document.resolve_path(&file);
            if !path.is_file() {
                let message = format!("{}: cannot read `{}`", place.path, file.text);
                let mut error = Diagnostic::error(file.mark, message).code("unreadable");
                error.help = neighbour(&path).map(|name| {
                    format!(
                        "did you mean `{}`?",
                        Path::new(&file.text).with_file_name(name).display()
                    )
                });
                self.sink.push(error);
                whole = false;
                continue;
            }
            match read_design(entry.key.text.clone(), path, sets, self.findings) {
                Some(design) => designs.push(design),
                None => whole = false,
            }
        }
        whole.then_some(designs)
    }

    /// A mapping from paths to values as `--set` arguments.
    fn sets(&mut self, place: &Place<'_>) -> Vec<String> {
        let Some(map) = place.node.as_map() else {
            let message = format!("{}: needs a mapping from paths to values", place.path);
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value"));
            return Vec::new();
        };
        map.entries
            .iter()
            .map(|entry| format!("{}={}", entry.key.text, canonical_json(&entry.value)))
            .collect()
    }

    fn parameters(&mut self, designs: &[Design]) -> Vec<Parameter> {
        let Some(section) = self.document.section("vary") else { return Vec::new() };
        let Some(map) = section.node.as_map() else { return Vec::new() };
        let mut parameters = Vec::new();
        for entry in &map.entries {
            let Some(place) = section.get(&entry.key.text) else { continue };
            let Some(spec) = place.read::<VarySpec>(self.sink) else { continue };
            let arms = self.arms_of(&place, &spec, designs);
            let values = match place.get("values") {
                Some(values) => self.listed(&values, &spec),
                None => self.stepped(
                    &place,
                    spec.from.as_deref(),
                    spec.to.as_deref(),
                    spec.step.as_deref(),
                ),
            };
            let Some((values, unit)) = values.filter(|(values, _)| !values.is_empty()) else {
                continue;
            };
            self.check_path(&place, &spec.path.text, spec.path.mark, &values[0], &arms, designs);
            parameters.push(Parameter {
                name: entry.key.text.clone(),
                path: spec.path.text.clone(),
                unit,
                values,
                continuous: spec.from.is_some() && spec.step.is_none(),
                arms,
            });
        }
        parameters
    }

    fn arms_of(&mut self, place: &Place<'_>, spec: &VarySpec, designs: &[Design]) -> Vec<usize> {
        let Some(only) = &spec.only else { return (0..designs.len()).collect() };
        let names: Vec<&str> = designs.iter().map(|design| design.arm.name.as_str()).collect();
        let mut arms = Vec::new();
        for name in only {
            match names.iter().position(|known| *known == name.text) {
                Some(arm) => arms.push(arm),
                None => {
                    let message = format!("{}.only: no design `{}`", place.path, name.text);
                    let mut error = Diagnostic::error(name.mark, message).code("unknown-name");
                    error.help = did_you_mean(&name.text, &names);
                    self.sink.push(error);
                }
            }
        }
        arms
    }

    /// Values as listed, with their labels.
    fn listed(&mut self, place: &Place<'_>, spec: &VarySpec) -> Option<(Vec<Setting>, String)> {
        let Value::Seq(items) = &place.node.value else {
            let message = format!("{}: needs a list", place.path);
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value"));
            return None;
        };
        if spec.labels.as_ref().is_some_and(|labels| labels.len() != items.len()) {
            let message = format!("{}: needs as many `labels` as values", place.path);
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value"));
            return None;
        }
        let numbers: Vec<Option<(f64, String)>> = items.iter().map(number_of).collect();
        let unit = numbers.first().cloned().flatten().map(|(_, unit)| unit);
        // Numbers of one unit are a numeric column; anything else is text.
        let numeric = numbers
            .iter()
            .all(|number| number.as_ref().is_some_and(|(_, own)| Some(own) == unit.as_ref()));
        let values = items.iter().zip(&numbers).enumerate().map(|(index, (item, number))| {
            let text = canonical_json(item);
            let label = match (&spec.labels, &item.value) {
                (Some(labels), _) => labels[index].clone(),
                (None, Value::Scalar(scalar)) => scalar.text.clone(),
                (None, _) => text.clone(),
            };
            let number = number.as_ref().filter(|_| numeric).map(|(number, _)| *number);
            Setting { text, label, number }
        });
        Some((values.collect(), unit.filter(|_| numeric).unwrap_or_default()))
    }

    /// Values `from` .. `to`, by `step`, or the two ends alone.
    fn stepped(
        &mut self,
        place: &Place<'_>,
        from: Option<&str>,
        to: Option<&str>,
        step: Option<&str>,
    ) -> Option<(Vec<Setting>, String)> {
        let (Some(from), Some(to)) = (from, to) else {
            let message = format!("{}: needs `values`, or `from` and `to`", place.path);
            let help =
                "for example `{path: power.utility.capacity, from: 80 MW, to: 100 MW, step: 4 MW}`";
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value").help(help));
            return None;
        };
        let mut number = |field: &str, text: &str| match split_number(text) {
            Some((number, unit)) if number.is_finite() => Some((number, unit.to_owned())),
            _ => {
                let message = format!("{}.{field}: `{text}` is no number with a unit", place.path);
                let mark = place.get(field).map_or(place.key, |field| field.key);
                self.sink.push(Diagnostic::error(mark, message).code("bad-value"));
                None
            }
        };
        let (low, unit) = number("from", from)?;
        let (high, high_unit) = number("to", to)?;
        let width = match step {
            Some(step) => Some(number("step", step)?),
            None => None,
        };
        let odd = [Some(&high_unit), width.as_ref().map(|(_, unit)| unit)];
        if let Some(other) = odd.into_iter().flatten().find(|other| **other != unit) {
            let message = format!("{}: `{unit}` and `{other}` are two units", place.path);
            let help = "write `from`, `to` and `step` in one unit";
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value").help(help));
            return None;
        }
        let setting = |number: f64| {
            let text = format!("{number} {unit}").trim().to_owned();
            Setting { label: text.clone(), text, number: Some(number) }
        };
        let Some((width, _)) = width else {
            return Some((vec![setting(low), setting(high)], unit));
        };
        let count = ((high - low) / width + 1e-9).floor();
        if !(width > 0.0 && (0.0..MOST_POINTS as f64).contains(&count)) {
            let message = format!(
                "{}: `{step}` does not lead from `{from}` to `{to}`",
                place.path,
                step = step.unwrap_or_default()
            );
            self.sink.push(Diagnostic::error(place.key, message).code("bad-value"));
            return None;
        }
        let last = low + count * width;
        if (last - high).abs() > 1e-9 * high.abs().max(width) {
            let message = format!(
                "{}: the last value is {last} {unit}, {high} {unit} is not reached",
                place.path
            );
            self.sink.push(Diagnostic::warning(place.key, message).code("doubtful"));
        }
        // The shortest decimals that are meant: 0.1 + 2 * 0.1 is 0.3.
        let rounded = |number: f64| format!("{number:.12}").parse().unwrap_or(number);
        let values = (0..=count as u64).map(|i| setting(rounded(low + i as f64 * width)));
        Some((values.collect(), unit))
    }

    /// Whether every design of `arms` takes `value` at `path`.
    fn check_path(
        &mut self,
        place: &Place<'_>,
        path: &str,
        mark: Mark,
        value: &Setting,
        arms: &[usize],
        designs: &[Design],
    ) {
        let set = format!("{path}={}", value.text);
        let refused: Vec<(usize, Option<String>)> = arms
            .iter()
            .filter_map(|&arm| {
                let design = &designs[arm].arm;
                let sets: Vec<String> = design.sets.iter().chain([&set]).cloned().collect();
                let document = scenario::load(&design.file, &sets).ok()?;
                let found = document.diagnostics.iter().find(|found| found.code == "set")?;
                Some((arm, found.help.clone()))
            })
            .collect();
        let Some((arm, help)) = refused.first() else { return };
        let (message, help) = if refused.len() == designs.len() {
            (format!("{}.path: no design has `{path}`", place.path), help.clone())
        } else {
            let without = &designs[*arm].arm.name;
            let with: Vec<&str> = arms
                .iter()
                .filter(|arm| refused.iter().all(|(out, _)| out != *arm))
                .map(|&arm| designs[arm].arm.name.as_str())
                .collect();
            let help = format!("add `only: [{}]`, or take `{without}` out", with.join(", "));
            (format!("{}: design `{without}` has no `{path}`", place.path), Some(help))
        };
        let mut error = Diagnostic::error(mark, message).code("unknown-name");
        error.help = help;
        self.sink.push(error);
    }

    fn sampling(&mut self, spec: &StudySpec, parameters: &[Parameter]) -> Sampling {
        let Some(sample) = &spec.sample else {
            if let Some(open) = parameters.iter().find(|parameter| parameter.continuous) {
                let field = format!("vary.{}", open.name);
                let message = format!("{field}: a range without `step` has no end of values");
                let help = "add a `step`, or take points of it with `sample: {kind: latin-hypercube, points: 20}`";
                self.error_at(&field, message, Some(help.to_owned()));
            }
            return Sampling::Grid;
        };
        let mut points = || match sample.points {
            Some(points) if points > 0 => points,
            _ => {
                let help = "for example `{kind: sobol, points: 1024}`".to_owned();
                self.error_at("sample", "sample: needs `points`".to_owned(), Some(help));
                1
            }
        };
        match sample.kind {
            SampleKind::Grid => Sampling::Grid,
            SampleKind::OneAtATime => Sampling::OneAtATime,
            SampleKind::LatinHypercube => {
                Sampling::LatinHypercube { points: points(), seed: sample.seed.unwrap_or(1) }
            }
            SampleKind::Sobol => {
                let rows = points();
                if 2 * parameters.len() > SOBOL_DIMENSIONS {
                    let message = format!("sample: at most {} parameters", SOBOL_DIMENSIONS / 2);
                    self.error_at("sample", message, None);
                }
                Sampling::Sobol { rows }
            }
        }
    }

    fn rule(&mut self, designs: &[Design]) -> Rule {
        let Some(place) = self.document.section("replications") else {
            return Rule::fixed(REPLICATIONS);
        };
        if place.node.as_map().is_none() {
            let n: Option<usize> = place.read(self.sink);
            if n == Some(0) {
                self.error_at("replications", "replications: needs at least 1".to_owned(), None);
            }
            return Rule::fixed(n.unwrap_or(REPLICATIONS));
        }
        let Some(spec) = place.read::<ReplicationsSpec>(self.sink) else {
            return Rule::fixed(REPLICATIONS);
        };
        let at_least = spec.at_least.unwrap_or(REPLICATIONS);
        let mut until = Vec::new();
        if let Some(section) = place.get("until") {
            let map = section.node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
            for entry in map {
                let Some(inner) = section.get(&entry.key.text) else { continue };
                let Some(text) = inner.read::<String>(self.sink) else { continue };
                match parse_until(&entry.key.text, &text, designs) {
                    Ok(one) => until.push(one),
                    Err((message, help)) => {
                        let message = format!("{}: {message}", section.path);
                        let mut error = Diagnostic::error(entry.key.mark, message).code("figure");
                        error.help = help;
                        self.sink.push(error);
                    }
                }
            }
        }
        if until.is_empty() {
            return Rule {
                at_least,
                at_most: spec.at_most.unwrap_or(at_least).max(at_least),
                until,
            };
        }
        if at_least < LEAST_BEFORE_STOP {
            let message =
                format!("replications.at_least: needs at least {LEAST_BEFORE_STOP} with `until`");
            let help = "with fewer, a spread is known too badly to stop by".to_owned();
            self.error_at("replications.at_least", message, Some(help));
        }
        let Some(at_most) = spec.at_most else {
            let message = "replications: `until` needs `at_most`".to_owned();
            let help = "a mean near zero is never known to 1 % of itself".to_owned();
            self.error_at("replications", message, Some(help));
            return Rule { at_least, at_most: at_least, until };
        };
        if at_most < at_least {
            let message =
                format!("replications.at_most: {at_most} is less than at_least, {at_least}");
            self.error_at("replications.at_most", message, None);
        }
        Rule { at_least, at_most: at_most.max(at_least), until }
    }

    fn requirements(
        &mut self,
        section: Option<&Place<'_>>,
        designs: &[Design],
        confidence: f64,
    ) -> Vec<Requirement> {
        let Some(section) = section else { return Vec::new() };
        let entries = section.node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
        let mut requirements = Vec::new();
        for entry in entries {
            let Some(place) = section.get(&entry.key.text) else { continue };
            let Some(spec) = place.read::<RequireSpec>(self.sink) else { continue };
            let asked = &entry.key.text;
            let found = match (&spec.at_least, &spec.at_most) {
                (Some(limit), None) => requirement(asked, Side::AtLeast, limit, designs),
                (None, Some(limit)) => requirement(asked, Side::AtMost, limit, designs),
                _ => Err(("needs `at_least` or `at_most`, one of the two".to_owned(), None)),
            };
            match found {
                Ok(mut found) => {
                    found.share = self.share_of(&place, spec.share.as_deref());
                    found.confidence = spec.confidence.map_or(confidence, |value| value.0);
                    requirements.push(found);
                }
                Err((message, help)) => {
                    let message = format!("{}: {message}", section.path);
                    let mut error = Diagnostic::error(entry.key.mark, message).code("figure");
                    error.help = help;
                    self.sink.push(error);
                }
            }
        }
        requirements
    }

    /// Reads `90 % of replications`, or `90 %`.
    fn share_of(&mut self, place: &Place<'_>, text: Option<&str>) -> Option<f64> {
        let text = text?;
        let share = text.trim().strip_suffix("of replications").unwrap_or(text);
        match Fraction::parse(share) {
            Ok(share) => Some(share.0),
            Err(_) => {
                let message =
                    format!("{}.in: needs a share of replications, got `{text}`", place.path);
                let mark = place.get("in").map_or(place.key, |place| place.key);
                let help = "for example `in: 90 % of replications`";
                self.sink.push(Diagnostic::error(mark, message).code("bad-value").help(help));
                None
            }
        }
    }

    fn search(&mut self, find: &FindSpec, designs: &[Design]) -> Option<Search> {
        let place = self.document.get("find.largest")?;
        if designs.len() > 1 {
            let message = "find: searches in one design".to_owned();
            let help = "write a study for each design".to_owned();
            self.error_at("find", message, Some(help));
            return None;
        }
        let largest = &find.largest;
        let range =
            (Some(largest.from.as_str()), Some(largest.to.as_str()), Some(largest.step.as_str()));
        let (values, unit) = self.stepped(&place, range.0, range.1, range.2)?;
        self.check_path(&place, &largest.path.text, largest.path.mark, &values[0], &[0], designs);
        let confidence = find.confidence.map_or(0.95, |value| value.0);
        let section = self.document.get("find.require");
        let mut requirements = self.requirements(section.as_ref(), designs, confidence);
        let requirement = match (requirements.pop(), requirements.is_empty()) {
            (Some(requirement), true) => requirement,
            _ => {
                let message = "find.require: needs one figure".to_owned();
                self.error_at("find.require", message, None);
                return None;
            }
        };
        if requirement.share.is_none() {
            let message = "find.require: needs a share of replications, `in: 90 %`".to_owned();
            self.error_at("find.require", message, None);
            return None;
        }
        let looks = find.replications;
        let at_least = looks.and_then(|looks| looks.at_least).unwrap_or(32).max(1);
        let at_most = looks.and_then(|looks| looks.at_most).unwrap_or(2048).max(at_least);
        let name = largest.path.text.clone();
        let parameter = Parameter {
            name: name.clone(),
            path: name.clone(),
            unit,
            values,
            continuous: false,
            arms: vec![0],
        };
        Some(Search { name, parameter, requirement, confidence, at_least, at_most })
    }

    fn selection(&mut self, spec: &SelectSpec, designs: &[Design]) -> Option<Selection> {
        let declared = match figure(&spec.figure, designs) {
            Ok(declared) => declared,
            Err((message, help)) => {
                self.error_at("select.figure", format!("select.figure: {message}"), help);
                return None;
            }
        };
        if declared.better() == Better::Neither {
            let message =
                format!("select.figure: neither direction of `{}` is better", spec.figure);
            self.error_at("select.figure", message, None);
            return None;
        }
        let at_least = spec.at_least.unwrap_or(10).max(2);
        let rule = match (&spec.difference, spec.budget) {
            (Some(text), None) => match value_of(declared, text) {
                Ok(difference) if difference > 0.0 => SelectionRule::Difference {
                    difference,
                    confidence: spec.confidence.map_or(0.95, |value| value.0),
                    at_most: spec.at_most.unwrap_or(1000).max(at_least),
                },
                Ok(_) => {
                    let message = "select.difference: must be above zero".to_owned();
                    self.error_at("select.difference", message, None);
                    return None;
                }
                Err(message) => {
                    let message = format!("select.difference: {message}");
                    self.error_at("select.difference", message, None);
                    return None;
                }
            },
            (None, Some(budget)) => SelectionRule::Budget(budget),
            _ => {
                let message = "select: needs `difference` or `budget`, one of the two".to_owned();
                let help = "a difference stops when the best is found, a budget when it is spent";
                self.error_at("select", message, Some(help.to_owned()));
                return None;
            }
        };
        Some(Selection {
            figure: declared.address.clone(),
            highest: declared.better() == Better::Higher,
            rule,
            at_least,
        })
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

type Refused = (String, Option<String>);

/// The figure that `asked` names, by label or address, in any of `designs`.
fn figure<'d>(asked: &str, designs: &'d [Design]) -> Result<&'d Declared, Refused> {
    let all = || designs.iter().flat_map(|design| &design.figures);
    if let Some(found) = all().find(|of| of.address == asked || of.label() == asked) {
        return Ok(found);
    }
    let mut subjects: Vec<&str> =
        all().filter(|of| of.name == asked).map(|of| of.subject.as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    if !subjects.is_empty() {
        let help = format!("of which: {}", subjects.join(", "));
        return Err((format!("`{asked}` needs a subject"), Some(help)));
    }
    let labels: Vec<String> = all().map(Declared::label).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Err((format!("no figure `{asked}`"), did_you_mean(asked, &labels)))
}

fn did_you_mean(asked: &str, known: &[&str]) -> Option<String> {
    closest(asked, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
}

fn requirement(
    asked: &str,
    side: Side,
    limit: &str,
    designs: &[Design],
) -> Result<Requirement, Refused> {
    let figure = figure(asked, designs)?;
    let value = value_of(figure, limit).map_err(|message| (message, None))?;
    let words = if side == Side::AtLeast { "at least" } else { "at most" };
    Ok(Requirement {
        figure: figure.address.clone(),
        side,
        limit: value,
        text: format!("{} {words} {limit}", figure.label()),
        share: None,
        confidence: 0.95,
    })
}

/// Reads `availability(hall) >= 99.95 %`.
fn parse_requirement(text: &str, designs: &[Design]) -> Result<Requirement, Refused> {
    for (sign, side) in [(">=", Side::AtLeast), ("<=", Side::AtMost)] {
        if let Some((asked, limit)) = text.split_once(sign) {
            return requirement(asked.trim(), side, limit.trim(), designs);
        }
    }
    let help = "for example `--require 'availability(hall) >= 99.95 %'`".to_owned();
    Err((format!("`{text}` has neither `>=` nor `<=`"), Some(help)))
}

fn parse_until(asked: &str, text: &str, designs: &[Design]) -> Result<Until, Refused> {
    let figure = figure(asked, designs)?;
    let relative =
        text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let precision = match relative {
        Some(percent) => Precision::Relative(percent / 100.0),
        None => Precision::Absolute(value_of(figure, text).map_err(|message| (message, None))?),
    };
    let (Precision::Relative(width) | Precision::Absolute(width)) = precision;
    if width.is_nan() || width <= 0.0 {
        return Err((format!("needs a width above 0, got `{text}`"), None));
    }
    Ok(Until { figure: figure.address.clone(), precision, text: text.to_owned() })
}

/// The number and unit of a value, where it is one.
fn number_of(node: &Node) -> Option<(f64, String)> {
    match &node.value {
        Value::Scalar(scalar) => split_number(&scalar.text)
            .filter(|(number, _)| number.is_finite())
            .map(|(number, unit)| (number, unit.to_owned())),
        _ => None,
    }
}
