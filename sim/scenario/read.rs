//! YAML text to [`Node`]: the only place that knows the parser.
//!
//! The parser gives events; this module gives them limits, so that no input can take long,
//! and refuses what a scenario has no use for: several documents, tags, keys that are not
//! texts, keys that occur twice. It reads on after everything but a syntax error, so that a
//! user sees all of it at once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StructureStyle};

use super::diagnostics::{Diagnostic, Diagnostics};
use super::tree::{Entry, Map, Node, Scalar, Value};
use crate::spec::{Mark, Name};

/// Largest file, in bytes. The largest scenario we know of has 60 kB.
pub(crate) const MAX_BYTES: usize = 8 << 20;
/// Deepest nesting of lists and mappings.
pub(crate) const MAX_DEPTH: usize = 64;
/// Most values in one file.
pub(crate) const MAX_NODES: usize = 1_000_000;
/// Most values that the aliases of one file may repeat.
pub(crate) const MAX_ALIASED: usize = 20_000;

/// Reads `text[offset..]` as the one document of file `file`.
///
/// `None` after an error that left no tree; every error is in `sink`. An empty document is
/// [`Value::Null`]. Linear in the text.
pub(crate) fn parse(text: &str, file: u32, offset: usize, sink: &mut Diagnostics) -> Option<Node> {
    let (hidden, stand_in) = hide_groups(&text[offset..]);
    let mut scan =
        Scan { file, offset, stand_in, items: Vec::new(), open: Vec::new(), last_end: 0, sink };
    scan.check(&text[offset..])?;
    scan.run(&hidden)?;
    let items = scan.items;
    let mut build = Build { items: &items, aliased: 0, sink };
    let Some(root) = items.first() else {
        let mark = Mark { file, start: offset as u32, end: offset as u32 };
        return Some(Node { mark, used_at: None, value: Value::Null });
    };
    build.node(0, root.mark, 0, None)
}

/// Characters that can stand for the braces of a group while the parser is at work: they may
/// begin a plain value and mean nothing to YAML. The first that the text is free of is taken.
const STAND_INS: [char; 6] = ['^', ';', '~', '$', '+', '='];

/// Hides the braces of groups from the parser; also returns what they were replaced by.
///
/// YAML lets `pdu-{1..4}` stand on its own, but not in brackets, where a brace always opens a
/// mapping; and in `[pdu-a-{1..4}, pdu-b-{1..4}]` is where groups are wanted most. A mapping
/// that reads `{1..4}` has no meaning in a scenario, so nothing is lost. The length of the
/// text does not change. Linear.
fn hide_groups(text: &str) -> (Cow<'_, str>, Option<char>) {
    let Some(stand_in) = STAND_INS.into_iter().find(|&stand_in| !text.contains(stand_in)) else {
        return (Cow::Borrowed(text), None);
    };
    let mut hidden = String::new();
    let mut copied = 0;
    for (open, _) in text.match_indices('{') {
        if let Some(length) = group_length(&text[open..], '{', '}') {
            hidden.push_str(&text[copied..open]);
            hidden.push(stand_in);
            hidden.push_str(&text[open + 1..open + length - 1]);
            hidden.push(stand_in);
            copied = open + length;
        }
    }
    if copied == 0 {
        return (Cow::Borrowed(text), None);
    }
    hidden.push_str(&text[copied..]);
    (Cow::Owned(hidden), Some(stand_in))
}

/// Undoes [`hide_groups`] in one scalar.
fn reveal_groups(text: &str, stand_in: char) -> String {
    let mut revealed = String::with_capacity(text.len());
    let mut copied = 0;
    for (open, _) in text.match_indices(stand_in) {
        if open >= copied
            && let Some(length) = group_length(&text[open..], stand_in, stand_in)
        {
            revealed.push_str(&text[copied..open]);
            revealed.push('{');
            revealed.push_str(&text[open + 1..open + length - 1]);
            revealed.push('}');
            copied = open + length;
        }
    }
    revealed.push_str(&text[copied..]);
    revealed
}

/// Bytes of the `{12..34}` that `text` starts with, braces written as `open` and `close`.
fn group_length(text: &str, open: char, close: char) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let after_open = text.strip_prefix(open)?;
    let first = digits(after_open);
    let after_dots = after_open[first..].strip_prefix("..")?;
    let last = digits(after_dots);
    let is_closed = after_dots[last..].starts_with(close);
    (first > 0 && last > 0 && is_closed).then_some(1 + first + 2 + last + 1)
}

/// One event, in the order of the text; collections know where their content ends.
struct Item<'t> {
    mark: Mark,
    what: What<'t>,
}

enum What<'t> {
    Null,
    Scalar { text: Cow<'t, str>, quoted: bool },
    Seq { end: usize },
    Map { end: usize },
    Alias { target: usize },
}

/// The first pass: events to a flat list, within the limits.
struct Scan<'t, 's> {
    file: u32,
    offset: usize,
    /// What the braces of groups were replaced by.
    stand_in: Option<char>,
    items: Vec<Item<'t>>,
    /// Collections that have not ended: index of the item, and whether it is in brackets.
    open: Vec<(usize, bool)>,
    /// End of the last event that had an extent. Block collections end there.
    last_end: u32,
    sink: &'s mut Diagnostics,
}

impl<'t> Scan<'t, '_> {
    /// Refuses what is no text of a scenario at all.
    fn check(&mut self, text: &str) -> Option<()> {
        if text.len() > MAX_BYTES {
            let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
            return self.refuse("limit", self.mark_at(0, 0), message, None);
        }
        if let Some((at, c)) = text.char_indices().find(|&(_, c)| is_control(c)) {
            let message = format!("the file holds the control character U+{:04X}", u32::from(c));
            let help = Some("a scenario is plain text; is this the right file?");
            return self.refuse("syntax", self.mark_at(at, at + c.len_utf8()), message, help);
        }
        Some(())
    }

    fn run(&mut self, text: &'t str) -> Option<()> {
        let mut options = granit_parser::Options::default();
        options.set_emit_comments(false);
        // One more than ours, so that the message is ours.
        options.flow_nesting_limit = MAX_DEPTH + 2;
        options.block_nesting_limit = MAX_DEPTH + 2;
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
                    let (message, help) = explain(error.kind());
                    let code = if *error.kind() == ErrorKind::RecursionLimitExceeded {
                        "limit"
                    } else {
                        "syntax"
                    };
                    return self.refuse(code, self.mark_at(at, end), message, help);
                }
            };
            let mark = self.mark(&span);
            if let Event::Scalar(.., Some(_))
            | Event::SequenceStart(.., Some(_))
            | Event::MappingStart(.., Some(_)) = &event
            {
                let tag = span.tag_span().map_or(mark, |tag| self.mark(&tag));
                self.sink.push(
                    Diagnostic::error(tag, "tags are not part of the scenario language")
                        .code("syntax")
                        .help("leave the tag out; quote a value that is to be a text"),
                );
            }
            if let Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(_, anchor, _)
            | Event::MappingStart(_, anchor, _) = event
                && anchor != 0
            {
                anchors.insert(anchor, self.items.len());
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return self.refuse(
                            "syntax",
                            mark,
                            "a second document starts here".to_owned(),
                            Some("a scenario file holds one document; split the file at `---`"),
                        );
                    }
                }
                Event::Scalar(text, style, ..) => {
                    let quoted = style != ScalarStyle::Plain;
                    let text = match self.stand_in {
                        Some(stand_in) if text.contains(stand_in) => {
                            Cow::Owned(reveal_groups(&text, stand_in))
                        }
                        _ => text,
                    };
                    if let Some(c) = text.chars().find(|&c| is_control(c)) {
                        let what =
                            format!("this text holds the control character U+{:04X}", u32::from(c));
                        self.sink.push(Diagnostic::error(mark, what).code("syntax"));
                    }
                    let null = !quoted && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                    self.push(mark, if null { What::Null } else { What::Scalar { text, quoted } })?;
                }
                Event::SequenceStart(style, ..) => {
                    self.begin(mark, style, What::Seq { end: 0 })?;
                }
                Event::MappingStart(style, ..) => {
                    self.begin(mark, style, What::Map { end: 0 })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(mark),
                Event::Alias(id) => {
                    let target = anchors[&id];
                    if self.open.iter().any(|&(index, _)| index == target) {
                        let message =
                            "the alias stands inside the value that it repeats".to_owned();
                        return self.refuse("syntax", mark, message, None);
                    }
                    self.push(mark, What::Alias { target })?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn push(&mut self, mark: Mark, what: What<'t>) -> Option<()> {
        if self.items.len() >= MAX_NODES {
            let message = format!("the file holds more than {MAX_NODES} values");
            return self.refuse("limit", mark, message, None);
        }
        if mark.end > mark.start {
            self.last_end = mark.end;
        }
        self.items.push(Item { mark, what });
        Some(())
    }

    fn begin(&mut self, mark: Mark, style: StructureStyle, what: What<'t>) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            let (message, help) = explain(&ErrorKind::RecursionLimitExceeded);
            return self.refuse("limit", mark, message, help);
        }
        self.open.push((self.items.len(), style == StructureStyle::Flow));
        self.push(mark, what)
    }

    fn end(&mut self, mark: Mark) {
        let (index, in_brackets) = self.open.pop().expect("the parser pairs starts and ends");
        if in_brackets {
            self.last_end = mark.end;
        }
        let after = self.items.len();
        let item = &mut self.items[index];
        item.mark.end = self.last_end.max(item.mark.start);
        match &mut item.what {
            What::Seq { end } | What::Map { end } => *end = after,
            _ => unreachable!("only collections are open"),
        }
    }

    fn mark(&self, span: &Span) -> Mark {
        let range = span.byte_range().expect("spans of a text have byte offsets");
        self.mark_at(range.start, range.end)
    }

    fn mark_at(&self, start: usize, end: usize) -> Mark {
        let place = |at: usize| (at + self.offset) as u32;
        Mark { file: self.file, start: place(start), end: place(end.max(start)) }
    }

    fn refuse<T>(
        &mut self,
        code: &'static str,
        mark: Mark,
        message: String,
        help: Option<&str>,
    ) -> Option<T> {
        let error = Diagnostic::error(mark, message).code(code);
        self.sink.push(match help {
            Some(help) => error.help(help),
            None => error,
        });
        None
    }
}

/// The second pass: the flat list to a tree, aliases and merge keys resolved.
struct Build<'t, 's> {
    items: &'t [Item<'t>],
    aliased: usize,
    sink: &'s mut Diagnostics,
}

impl Build<'_, '_> {
    /// Builds item `index`. `outermost` is the alias in the text that led here, `used_at`
    /// the same as a place for the node.
    fn node(
        &mut self,
        index: usize,
        outermost: Mark,
        depth: usize,
        used_at: Option<Mark>,
    ) -> Option<Node> {
        let item = &self.items[index];
        if used_at.is_some() && !matches!(item.what, What::Alias { .. }) {
            self.aliased += 1;
            if self.aliased > MAX_ALIASED {
                self.sink.push(
                    Diagnostic::error(
                        outermost,
                        format!("the aliases of this file repeat more than {MAX_ALIASED} values"),
                    )
                    .code("limit")
                    .label("while repeating this one"),
                );
                return None;
            }
        }
        if depth > MAX_DEPTH {
            let (message, help) = explain(&ErrorKind::RecursionLimitExceeded);
            let error = Diagnostic::error(outermost, message).code("limit");
            self.sink.push(error.help(help.unwrap_or_default()));
            return None;
        }
        let value = match &item.what {
            What::Null => Value::Null,
            What::Scalar { text, quoted } => {
                Value::Scalar(Scalar { text: text.clone().into_owned(), quoted: *quoted })
            }
            What::Alias { target } => {
                let outermost = if used_at.is_some() { outermost } else { item.mark };
                return self.node(*target, outermost, depth, Some(outermost));
            }
            What::Seq { end } => {
                let mut nodes = Vec::new();
                let mut at = index + 1;
                while at < *end {
                    nodes.push(self.node(at, outermost, depth + 1, used_at)?);
                    at = self.after(at);
                }
                Value::Seq(nodes)
            }
            What::Map { end } => {
                Value::Map(self.map(index + 1, *end, outermost, depth + 1, used_at)?)
            }
        };
        Some(Node { mark: item.mark, used_at, value })
    }

    fn map(
        &mut self,
        start: usize,
        end: usize,
        outermost: Mark,
        depth: usize,
        used_at: Option<Mark>,
    ) -> Option<Map> {
        let items = self.items;
        let mut seen = Keys::default();
        let mut entries = Vec::new();
        let mut merges: Vec<(usize, Node)> = Vec::new();
        let mut at = start;
        while at < end {
            let (key_at, value_at) = (at, self.after(at));
            at = self.after(value_at);
            let key_mark = items[key_at].mark;
            let Some(text) = key_text(items, key_at) else {
                // A repeated mapping was already complained about where it stands.
                if used_at.is_none() {
                    self.sink.push(
                        Diagnostic::error(key_mark, "a key must be a text").code("syntax").help(
                            "a value that starts with `{` or `[` needs quotes if it is to be a text",
                        ),
                    );
                }
                continue;
            };
            if let Some(first) = seen.get(text) {
                if used_at.is_none() {
                    self.sink.push(
                        Diagnostic::error(key_mark, format!("duplicate key `{text}`"))
                            .code("duplicate-key")
                            .label("again here")
                            .note(first, "first here"),
                    );
                }
                continue;
            }
            seen.insert(text, key_mark);
            let value = self.node(value_at, outermost, depth, used_at)?;
            if text == "<<" {
                merges.push((entries.len(), value));
            } else {
                entries.push(Entry { key: Name { text: text.to_owned(), mark: key_mark }, value });
            }
        }
        for (slot, merged) in merges {
            self.merge(&mut entries, slot, merged, &seen);
        }
        Some(Map { entries })
    }

    /// Puts the keys of `<<` where it stood, less those that are written out.
    fn merge(&mut self, entries: &mut Vec<Entry>, slot: usize, merged: Node, written: &Keys<'_>) {
        let sources = match merged.value {
            Value::Seq(nodes) => nodes,
            _ => vec![merged],
        };
        let mut added: Vec<Entry> = Vec::new();
        let mut taken: HashSet<String> =
            written.list.iter().map(|&(key, _)| key.to_owned()).collect();
        for source in sources {
            let place = source.place();
            match source.value {
                Value::Map(map) => {
                    for entry in map.entries {
                        if taken.insert(entry.key.text.clone()) {
                            added.push(entry);
                        }
                    }
                }
                _ => self.sink.push(
                    Diagnostic::error(place, "`<<` merges mappings, and this is none")
                        .code("syntax")
                        .help("write `<<: *name` where `&name` stands before a mapping"),
                ),
            }
        }
        entries.splice(slot..slot, added);
    }

    /// The item that follows `index` and all within it.
    fn after(&self, index: usize) -> usize {
        match self.items[index].what {
            What::Seq { end } | What::Map { end } => end,
            _ => index + 1,
        }
    }
}

/// Characters that no scenario needs and that terminals and other YAML tools take for
/// something else: controls but tab and line break, and Unicode's line separators.
fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The keys of one mapping. Most have a handful, for which a list is fastest; a section may
/// have a hundred thousand, for which only an index stays linear.
#[derive(Default)]
struct Keys<'i> {
    list: Vec<(&'i str, Mark)>,
    index: HashMap<&'i str, Mark>,
}

impl<'i> Keys<'i> {
    const FEW: usize = 16;

    fn get(&self, key: &str) -> Option<Mark> {
        if self.list.len() > Self::FEW {
            return self.index.get(key).copied();
        }
        self.list.iter().find(|(known, _)| *known == key).map(|&(_, mark)| mark)
    }

    fn insert(&mut self, key: &'i str, mark: Mark) {
        self.list.push((key, mark));
        match self.list.len() {
            length if length <= Self::FEW => {}
            length if length == Self::FEW + 1 => self.index.extend(self.list.iter().copied()),
            _ => {
                self.index.insert(key, mark);
            }
        }
    }
}

/// The text of the key that item `index` is, if it is one or repeats one.
fn key_text<'i>(items: &'i [Item<'_>], index: usize) -> Option<&'i str> {
    match &items[index].what {
        What::Scalar { text, .. } => Some(text),
        What::Alias { target } => match &items[*target].what {
            What::Scalar { text, .. } => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A syntax error in the terms of someone who writes scenarios.
fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::RecursionLimitExceeded => (
            format!("lists and mappings are nested more than {MAX_DEPTH} deep"),
            "a scenario needs fewer than ten levels; look for a bracket that is not closed",
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            ("a tab where YAML wants spaces".to_owned(), "indent with spaces")
        }
        ErrorKind::UnclosedFlowCollection { open } => (
            format!("`{open}` is not closed"),
            "add the closing bracket, or quote a value that is to start with a bracket",
        ),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` is closed by `{close}`"), None);
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("the file ends inside brackets".to_owned(), "add the closing bracket")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "`,` or `]` is missing before this".to_owned(),
            "quote a text that holds a bracket or brace; a group of names reads `{1..4}`",
        ),
        ErrorKind::ExpectedFlowMappingSeparator => (
            "`,` or `}` is missing before this".to_owned(),
            "quote a text that holds a bracket or brace; a group of names reads `{1..4}`",
        ),
        ErrorKind::UnclosedQuotedScalar => {
            ("the quote is not closed".to_owned(), "add the closing quote")
        }
        ErrorKind::InvalidQuotedScalarIndent => (
            "a text in quotes goes on here without indentation".to_owned(),
            "is the closing quote missing on the line above?",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `key: value` cannot stand here".to_owned(),
            "check the indentation and the `:` of the line above; quote a text that holds `: `",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "`:` is missing after this key".to_owned(),
            "write `key: value`; keys of one mapping start in the same column",
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry => (
            "the indentation does not fit the lines above".to_owned(),
            "keys of one mapping, and entries of one list, start in the same column",
        ),
        ErrorKind::UnknownAnchor => (
            "the alias names no anchor above it".to_owned(),
            "write `&name` before the value that `*name` is to repeat; quote a text that starts with `*`",
        ),
        ErrorKind::UnexpectedCharacter { character } => (
            format!("a value cannot start with `{}`", character.escape_debug()),
            "put the value in quotes",
        ),
        other => return (other.to_string(), None),
    };
    (message, Some(help))
}
