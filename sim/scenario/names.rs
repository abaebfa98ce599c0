//! Names of components, and groups in them: `ups-{1..4}` stands for four.

use std::collections::HashMap;
use std::fmt;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::place::Place;
use crate::spec::{Mark, Name};

/// Most components that one section may hold, groups written out.
pub const MAX_INSTANCES: usize = 1_000_000;

/// A component of a section: what one key of it describes.
#[derive(Debug, Clone)]
pub struct Component<'t> {
    /// The key as written, groups and all.
    pub name: Name,
    /// The names that it stands for, in order; one where the key has no group.
    pub instances: Vec<String>,
    /// Its description.
    pub place: Place<'t>,
}

impl<'t> Component<'t> {
    /// The kind that it says it is of, whatever else is wrong with it.
    pub fn kind(&self) -> Option<&'t str> {
        self.place.get("kind")?.node.as_text()
    }
}

/// Why a text is not a name or a group of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseGroupError {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl fmt::Display for ParseGroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseGroupError {}

/// The names that `text` stands for.
///
/// `ups-{1..3}` gives `ups-1`, `ups-2`, `ups-3`; `{01..10}` keeps the leading zeros;
/// several groups give all combinations, the last one running fastest. A text without group
/// gives itself. At most [`MAX_INSTANCES`] names.
pub fn expand(text: &str) -> Result<Vec<String>, ParseGroupError> {
    let parts = split(text)?;
    let total = parts.iter().try_fold(1_usize, |total, part| match part {
        Part::Text(_) => Some(total),
        Part::Group { first, last, .. } => {
            let length = usize::try_from(last - first).ok()?.checked_add(1)?;
            total.checked_mul(length).filter(|&total| total <= MAX_INSTANCES)
        }
    });
    if total.is_none() {
        let message = format!("`{text}` stands for more than {MAX_INSTANCES} names");
        return Err(wrong(message, None));
    }
    let mut names = vec![String::new()];
    for part in parts {
        match part {
            Part::Text(text) => names.iter_mut().for_each(|name| name.push_str(text)),
            Part::Group { first, last, width } => {
                let mut longer = Vec::with_capacity(names.len() * (last - first + 1) as usize);
                for name in &names {
                    longer.extend((first..=last).map(|n| format!("{name}{n:0width$}")));
                }
                names = longer;
            }
        }
    }
    Ok(names)
}

/// The components of a section, in the order of the file.
///
/// Keys that are no names, and names that two keys stand for, are reported and left out.
pub(crate) fn components<'t>(section: &Place<'t>, sink: &mut Diagnostics) -> Vec<Component<'t>> {
    let Some(map) = section.node.as_map() else {
        let message = format!(
            "{}: needs a mapping from names to components, got {}",
            section.path,
            section.node.describe()
        );
        sink.push(Diagnostic::in_value(section.node, message).code("bad-value"));
        return Vec::new();
    };
    let mut taken: HashMap<String, Mark> = HashMap::new();
    let mut found = Vec::new();
    for entry in &map.entries {
        let name = entry.key.clone();
        let place = section.enter(entry);
        let instances = match expand(&name.text) {
            Ok(instances) => instances,
            Err(error) => {
                let message = format!("{}: {}", section.path, error.message);
                let mut diagnostic = Diagnostic::error(name.mark, message).code("bad-name");
                diagnostic.help = error.hint;
                sink.push(diagnostic);
                continue;
            }
        };
        if taken.len() + instances.len() > MAX_INSTANCES {
            let message = format!("{} holds more than {MAX_INSTANCES} components", section.path);
            sink.push(Diagnostic::error(name.mark, message).code("limit"));
            break;
        }
        let clash = instances.iter().find_map(|one| taken.get(one).map(|&first| (one, first)));
        if let Some((one, first)) = clash {
            let message = format!("{}: two components are called `{one}`", section.path);
            sink.push(
                Diagnostic::error(name.mark, message)
                    .code("duplicate-name")
                    .label("again here")
                    .note(first, "first here"),
            );
            continue;
        }
        taken.extend(instances.iter().map(|one| (one.clone(), name.mark)));
        found.push(Component { name, instances, place });
    }
    found
}

enum Part<'t> {
    Text(&'t str),
    Group { first: u64, last: u64, width: usize },
}

fn wrong(message: String, hint: Option<&str>) -> ParseGroupError {
    ParseGroupError { message, hint: hint.map(str::to_owned) }
}

fn split(text: &str) -> Result<Vec<Part<'_>>, ParseGroupError> {
    const GROUP: &str = "a group reads `{1..4}`: two numbers, the smaller first";
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        parts.push(Part::Text(checked(&rest[..open], text)?));
        let Some(close) = rest[open..].find('}') else {
            return Err(wrong(format!("`{{` is not closed in the name `{text}`"), Some(GROUP)));
        };
        let group = &rest[open..=open + close];
        parts.push(parse_group(group).ok_or_else(|| {
            wrong(format!("`{group}` is not a group, in the name `{text}`"), Some(GROUP))
        })?);
        rest = &rest[open + close + 1..];
    }
    parts.push(Part::Text(checked(rest, text)?));
    if text.is_empty() {
        return Err(wrong("a name is empty".to_owned(), None));
    }
    Ok(parts)
}

fn checked<'t>(part: &'t str, text: &str) -> Result<&'t str, ParseGroupError> {
    match part.chars().find(|&c| !(c.is_alphanumeric() || c == '-' || c == '_')) {
        None => Ok(part),
        Some(c) => {
            let shown =
                if c == ' ' { "a space".to_owned() } else { format!("`{}`", c.escape_debug()) };
            let message = format!("the name `{}` holds {shown}", text.escape_debug());
            Err(wrong(
                message,
                Some("names are letters, digits, `-`, `_` and groups like `{1..4}`"),
            ))
        }
    }
}

fn parse_group(group: &str) -> Option<Part<'_>> {
    let (first, last) = group.strip_prefix('{')?.strip_suffix('}')?.split_once("..")?;
    let number = |text: &str| -> Option<u64> {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits.then(|| text.parse().ok()).flatten()
    };
    let padded = |text: &str| text.len() > 1 && text.starts_with('0');
    let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
    let (first, last) = (number(first)?, number(last)?);
    // A width is at most that of a number, so that names cannot be blown up by zeros.
    (first <= last && width <= 20).then_some(Part::Group { first, last, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_expand_row_by_row_and_keep_their_zeros() {
        assert_eq!(expand("ups").unwrap(), ["ups"]);
        assert_eq!(expand("u{2..4}x").unwrap(), ["u2x", "u3x", "u4x"]);
        assert_eq!(expand("{08..10}").unwrap(), ["08", "09", "10"]);
        assert_eq!(expand("r{1..2}-{1..2}").unwrap(), ["r1-1", "r1-2", "r2-1", "r2-2"]);
        assert_eq!(expand("u{7..7}").unwrap(), ["u7"]);
        assert_eq!(expand("{1..1000}{1..1000}").unwrap().len(), MAX_INSTANCES);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "a b",
            "a.b",
            "a{",
            "a}",
            "a{1}",
            "a{1..}",
            "a{2..1}",
            "a{-1..2}",
            "a{1..1000001}",
            "{1..1000}{1..1001}",
            "a{0..18446744073709551615}",
            "a{99999999999999999999..1}",
            "a{{1..2}}",
            "a{000000000000000000000000001..2}",
            "a\n",
        ] {
            assert!(expand(text).is_err(), "{text} was accepted");
        }
    }
}
