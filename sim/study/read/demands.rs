//! How often to replicate, and what figures must meet.

use super::super::decide::{Requirement, Rule, Side, Until, value_of};
use super::super::plan::{Arm, Search, Selection, SelectionRule};
use super::super::points::Parameter;
use super::super::sheet::Declared;
use super::super::spec::{FindSpec, ReplicationsSpec, RequireSpec, SelectSpec};
use super::super::statistics::Precision;
use super::{REPLICATIONS, Reader, did_you_mean};
use crate::measure::Better;
use crate::scenario::{Diagnostic, Place};
use crate::units::Fraction;

/// Fewest replications before a study may stop by itself.
const LEAST_BEFORE_STOP: usize = 10;

impl Reader<'_> {
    pub(super) fn rule(&mut self, designs: &[Arm]) -> Rule {
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
        if at_least == 0 {
            let message = "replications.at_least: needs at least 1".to_owned();
            self.error_at("replications.at_least", message, None);
        }
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

    pub(super) fn requirements(
        &mut self,
        section: Option<&Place<'_>>,
        designs: &[Arm],
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

    pub(super) fn search(&mut self, find: &FindSpec, designs: &[Arm]) -> Option<Search> {
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
        let at_least = looks.and_then(|looks| looks.at_least).unwrap_or(32);
        let at_most = looks.and_then(|looks| looks.at_most).unwrap_or(2048.max(at_least));
        if at_least == 0 || at_most < at_least {
            let message = format!(
                "find.replications: from {at_least} at the first look to {at_most} at the last is no range"
            );
            let help = "for example `{at_least: 32, at_most: 2048}`".to_owned();
            self.error_at("find.replications", message, Some(help));
            return None;
        }
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

    pub(super) fn selection(&mut self, spec: &SelectSpec, designs: &[Arm]) -> Option<Selection> {
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
        let at_least = spec.at_least.unwrap_or(10);
        if at_least < 2 {
            let message = "select.at_least: needs at least 2, for one has no spread".to_owned();
            self.error_at("select.at_least", message, None);
            return None;
        }
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
}

pub(super) type Refused = (String, Option<String>);

/// The figure that `asked` names, by label or address, in any of `designs`.
pub(super) fn figure<'d>(asked: &str, designs: &'d [Arm]) -> Result<&'d Declared, Refused> {
    let all = || designs.iter().flat_map(|design| design.prepared.sheet.iter()).map(|of| &**of);
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

fn requirement(
    asked: &str,
    side: Side,
    limit: &str,
    designs: &[Arm],
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
pub(super) fn parse_requirement(text: &str, designs: &[Arm]) -> Result<Requirement, Refused> {
    for (sign, side) in [(">=", Side::AtLeast), ("<=", Side::AtMost)] {
        if let Some((asked, limit)) = text.split_once(sign) {
            return requirement(asked.trim(), side, limit.trim(), designs);
        }
    }
    let help = "for example `--require 'availability(hall) >= 99.95 %'`".to_owned();
    Err((format!("`{text}` has neither `>=` nor `<=`"), Some(help)))
}

fn parse_until(asked: &str, text: &str, designs: &[Arm]) -> Result<Until, Refused> {
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
