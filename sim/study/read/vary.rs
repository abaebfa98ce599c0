//! What a study varies, and at which points.

use super::super::plan::Arm;
use super::super::points::{Parameter, Sampling, Setting};
use super::super::spec::{SampleKind, StudySpec, VarySpec};
use super::super::statistics::SOBOL_DIMENSIONS;
use super::{MOST_POINTS, Reader, did_you_mean};
use crate::scenario::{self, Diagnostic, Node, Place, Value, canonical_json};
use crate::spec::Mark;
use crate::units::split_number;

impl Reader<'_> {
    pub(super) fn parameters(&mut self, designs: &[Arm]) -> Vec<Parameter> {
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

    fn arms_of(&mut self, place: &Place<'_>, spec: &VarySpec, designs: &[Arm]) -> Vec<usize> {
        let Some(only) = &spec.only else { return (0..designs.len()).collect() };
        let names: Vec<&str> = designs.iter().map(|design| design.name.as_str()).collect();
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
    pub(super) fn stepped(
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
    pub(super) fn check_path(
        &mut self,
        place: &Place<'_>,
        path: &str,
        mark: Mark,
        value: &Setting,
        arms: &[usize],
        designs: &[Arm],
    ) {
        let set = format!("{path}={}", value.text);
        let refused: Vec<(usize, Option<String>)> = arms
            .iter()
            .filter_map(|&arm| {
                let design = &designs[arm];
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
            let without = &designs[*arm].name;
            let with: Vec<&str> = arms
                .iter()
                .filter(|arm| refused.iter().all(|(out, _)| out != *arm))
                .map(|&arm| designs[arm].name.as_str())
                .collect();
            let help = format!("add `only: [{}]`, or take `{without}` out", with.join(", "));
            (format!("{}: design `{without}` has no `{path}`", place.path), Some(help))
        };
        let mut error = Diagnostic::error(mark, message).code("unknown-name");
        error.help = help;
        self.sink.push(error);
    }

    pub(super) fn sampling(&mut self, spec: &StudySpec, parameters: &[Parameter]) -> Sampling {
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
