//! The tree that a scenario is read into: every value with its place.
//!
//! Nothing here knows YAML: `read.rs` builds the tree, `base.rs`, `set.rs` and
//! `catalogue.rs` edit it, `de.rs` turns parts of it into specs.

use crate::spec::{Mark, Name};

/// A value of a scenario and where it was written.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where the value stands.
    pub mark: Mark,
    /// Where it is used, if elsewhere: the place of the `*alias`, or of the `kind` that
    /// brought it in from the catalogue.
    pub used_at: Option<Mark>,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// A text, which may yet be a number or a quantity.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A text as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes and with escapes resolved.
    pub text: String,
    /// Written in quotes or as a block, so that it is a text and never a number.
    pub quoted: bool,
}

/// A mapping in the order in which it was written. No key occurs twice.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// The keys and values.
    pub entries: Vec<Entry>,
}

/// One key of a [`Map`] and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key with its place.
    pub key: Name,
    /// The value.
    pub value: Node,
}

/// What a plain scalar means where a schema does not say: the YAML 1.2 core schema, less
/// its infinities, NaN, octal and hexadecimal numbers, which stay texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain<'t> {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'t str),
}

impl Node {
    /// The value of `key`, if this is a mapping that has it. Linear in the keys.
    pub fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.as_map()?.entry(key)?.value)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Map(map) => Some(&mut map.entry_mut(key)?.value),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The text, if this is a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The value on one line, as it could be written.
    pub(crate) fn on_one_line(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Scalar(scalar) => scalar.text.trim_end().to_owned(),
            Value::Seq(items) => {
                let items: Vec<String> = items.iter().map(Self::on_one_line).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(map) => {
                let entry = |it: &Entry| format!("{}: {}", it.key.text, it.value.on_one_line());
                let entries: Vec<String> = map.entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// Where to point for an error in this value: the place of use, if it has one.
    pub fn place(&self) -> Mark {
        self.used_at.unwrap_or(self.mark)
    }

    /// The value as a message names it.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(scalar) if scalar.quoted => format!("the text `{:?}`", shorten(scalar)),
            Value::Scalar(scalar) => format!("`{}`", shorten(scalar)),
            Value::Seq(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// Marks this value and all within it as used at `place`, unless they already are.
    pub(crate) fn set_used_at(&mut self, place: Mark) {
        self.used_at.get_or_insert(place);
        match &mut self.value {
            Value::Null | Value::Scalar(_) => {}
            Value::Seq(items) => items.iter_mut().for_each(|item| item.set_used_at(place)),
            Value::Map(map) => {
                map.entries.iter_mut().for_each(|entry| entry.value.set_used_at(place));
            }
        }
    }
}

impl Map {
    /// The entry of `key`. Linear in the entries.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The entry of `key`, to change it. Linear in the entries.
    pub fn entry_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key.text == key)
    }

    /// Takes the entry of `key` out. Linear in the entries.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key.text == key)?;
        Some(self.entries.remove(index))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.text.as_str())
    }
}

impl Scalar {
    /// What the text means on its own.
    pub(crate) fn plain(&self) -> Plain<'_> {
        let text = self.text.as_str();
        match text {
            _ if self.quoted => Plain::Text(text),
            "true" => Plain::Bool(true),
            "false" => Plain::Bool(false),
            _ => number(text).unwrap_or(Plain::Text(text)),
        }
    }
}

/// The number that `text` is, if it is a finite decimal one.
fn number(text: &str) -> Option<Plain<'_>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits_only = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if unsigned.is_empty() || (digits_only && unsigned.len() > 1 && unsigned.starts_with('0')) {
        return None; // `007` is a name, not a number
    }
    if digits_only && let Ok(value) = text.parse::<u64>() {
        return Some(Plain::Unsigned(value));
    }
    if digits_only && let Ok(value) = text.parse::<i64>() {
        return Some(Plain::Signed(value));
    }
    float(text).map(Plain::Float)
}

/// The finite decimal number that `text` is. Rust's own parser also takes `inf` and `nan`.
pub(crate) fn float(text: &str) -> Option<f64> {
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse::<f64>().ok().filter(|value| is_number && value.is_finite())
}

fn shorten(scalar: &Scalar) -> String {
    const LONGEST: usize = 60;
    let mut text: String = scalar.text.chars().take(LONGEST).collect();
    if text.len() < scalar.text.len() {
        text.push_str("...");
    }
    text
}
