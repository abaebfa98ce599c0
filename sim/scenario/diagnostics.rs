//! What is wrong with a scenario, each with its place, and how to print it.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::files::{Files, SourceFile};
use super::printable::{printable, visible};
use super::tree::Node;
use crate::spec::{Mark, Severity};
use crate::units::Currency;

/// One error or warning about a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What sort it is, for programs: `unknown-field`, `bad-value` and so on. Empty if none.
    pub code: &'static str,
    /// The place; nowhere if no file holds it.
    pub mark: Mark,
    /// What to write below the place.
    pub label: Option<String>,
    /// Other places that matter, each with what to write below it.
    pub notes: Vec<(Mark, String)>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `mark`.
    pub fn error(mark: Mark, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: "",
            mark,
            label: None,
            notes: Vec::new(),
            message: message.into(),
            help: None,
        }
    }

    /// A warning at `mark`.
    pub fn warning(mark: Mark, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(mark, message) }
    }

    /// An error in the value `node`: at its place of use, with a note where it is written.
    pub(crate) fn in_value(node: &Node, message: impl Into<String>) -> Self {
        let error = Self::error(node.place(), message);
        if node.used_at.is_some_and(|used_at| used_at != node.mark) {
            error.note(node.mark, "the value is written here")
        } else {
            error
        }
    }

    /// Sets the code.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// Writes `label` below the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Points to another place as well.
    #[must_use]
    pub fn note(mut self, mark: Mark, label: impl Into<String>) -> Self {
        self.notes.push((mark, label.into()));
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The errors and warnings of one scenario.
///
/// Printed in the order of files and places, the first hundred of them; the rest is
/// counted.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Diagnostics {
    /// How many are printed.
    const SHOWN: usize = 100;
    /// How many are kept at all: a file may hold a million duplicate keys.
    const KEPT: usize = 10_000;

    /// All that are kept, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// Adds one. What it quotes of files and arguments is made printable.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.items.len() < Self::KEPT {
            let texts = [
                Some(&mut diagnostic.message),
                diagnostic.label.as_mut(),
                diagnostic.help.as_mut(),
            ];
            let notes = diagnostic.notes.iter_mut().map(|(_, label)| label);
            for text in texts.into_iter().flatten().chain(notes) {
                if let Cow::Owned(printable) = printable(text) {
                    *text = printable;
                }
            }
            self.items.push(diagnostic);
        }
    }

    /// Tells all messages in `currency`. What they quote stays as it is.
    pub(crate) fn tell(&mut self, currency: Currency) {
        if currency == Currency::USD {
            return;
        }
        for item in &mut self.items {
            item.message = currency.tell_unquoted(&item.message);
            // Hints quote what could be written.
            item.help = item.help.as_deref().map(|help| currency.tell(help).into_owned());
        }
    }

    /// Whether the scenario must be refused.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Number of errors.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Number of warnings.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// Whether an error already points at exactly `mark`.
    pub(crate) fn has_error_at(&self, mark: Mark) -> bool {
        let is_there = |it: &Diagnostic| it.severity == Severity::Error && it.mark == mark;
        self.items.iter().any(is_there)
    }

    /// All of them by file and place; at one place in the order in which they were found.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> = self.items.iter().collect();
        all.sort_by_key(|it| (it.mark.file, it.mark.start));
        all
    }

    /// As text for people, in the form that compilers use, ending in a line break.
    ///
    /// `colour` writes ANSI escapes.
    pub fn render(&self, files: &Files, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in self.sorted().into_iter().take(Self::SHOWN) {
            out.push_str(&renderer.render(&[group(diagnostic, files)]));
            out.push_str("\n\n");
        }
        let hidden = (self.errors + self.warnings).saturating_sub(Self::SHOWN);
        if hidden > 0 {
            out.push_str(&format!("... and {hidden} more\n\n"));
        }
        out.truncate(out.trim_end_matches('\n').len());
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    /// As JSON for programs: one object a line with `file`, `line`, `col`, `end_line`,
    /// `end_col`, `severity`, `code`, `message` and `help`. Lines and columns count from one,
    /// columns in characters, ends are exclusive; all `null` for what no file holds.
    pub fn json_lines(&self, files: &Files) -> String {
        let mut out = String::new();
        for it in self.sorted() {
            let file = files.of(it.mark);
            let start = file.map(|file| file.position(it.mark.start));
            let end = file.map(|file| file.position(it.mark.end));
            let object = serde_json::json!({
                "file": file.map(|file| &file.name),
                "line": start.map(|at| at.line),
                "col": start.map(|at| at.column),
                "end_line": end.map(|at| at.line),
                "end_col": end.map(|at| at.column),
                "severity": severity_name(it.severity),
                "code": if it.code.is_empty() { None } else { Some(it.code) },
                "message": it.message,
                "help": it.help,
            });
            out.push_str(&object.to_string());
            out.push('\n');
        }
        out
    }

    /// Everything as `file:line:column: severity: message`, one a line: for logs and tests.
    pub fn short(&self, files: &Files) -> String {
        let line = |it: &&Diagnostic| {
            let place = files.of(it.mark).map_or_else(String::new, |file| {
                let at = file.position(it.mark.start);
                format!("{}:{}:{}: ", file.name, at.line, at.column)
            });
            format!("{place}{}: {}\n", severity_name(it.severity), it.message)
        };
        self.sorted().iter().map(line).collect()
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// One annotation: where, below which text, and whether it is the place itself.
struct Pointer<'d> {
    mark: Mark,
    label: Option<&'d str>,
    kind: AnnotationKind,
}

fn group<'d>(diagnostic: &'d Diagnostic, files: &'d Files) -> Group<'d> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    let place = Pointer {
        mark: diagnostic.mark,
        label: diagnostic.label.as_deref(),
        kind: AnnotationKind::Primary,
    };
    let mut near = vec![place];
    let mut far = Vec::new();
    for (mark, label) in &diagnostic.notes {
        let pointer = Pointer { mark: *mark, label: Some(label), kind: AnnotationKind::Context };
        if is_near(files, diagnostic.mark, *mark) { near.push(pointer) } else { far.push(pointer) }
    }
    for pointers in std::iter::once(near).chain(far.into_iter().map(|pointer| vec![pointer])) {
        if let Some(file) = files.of(pointers[0].mark) {
            group = group.element(snippet(file, &pointers));
        }
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// Whether two places fit into one excerpt. The renderer walks every line between them, and
/// shows every column.
fn is_near(files: &Files, one: Mark, other: Mark) -> bool {
    const LINES: usize = 200;
    const COLUMNS: usize = 100;
    let Some(file) = files.of(one).filter(|_| one.file == other.file) else { return false };
    let place = |mark: Mark| {
        let line = file.line_of(mark.start);
        (line, (mark.start as usize).saturating_sub(file.lines(line, line).start))
    };
    let ((line, column), (other_line, other_column)) = (place(one), place(other));
    line.abs_diff(other_line) < LINES && column.abs_diff(other_column) < COLUMNS
}

/// The lines that hold `pointers`. Only these are handed to the renderer, whose cost grows
/// with the text.
fn snippet<'d>(
    file: &'d SourceFile,
    pointers: &[Pointer<'d>],
) -> Snippet<'d, annotate_snippets::Annotation<'d>> {
    let line_of = |pointer: &Pointer<'_>| file.line_of(pointer.mark.start);
    let first = pointers.iter().map(line_of).min().expect("a snippet points somewhere");
    let last = pointers.iter().map(line_of).max().expect("a snippet points somewhere");
    let lines = file.lines(first, last);
    let annotations = pointers.iter().map(|pointer| {
        let span = within_line(file, pointer.mark);
        let span = span.start - lines.start..span.end - lines.start;
        pointer.kind.span(span).label(pointer.label)
    });
    Snippet::source(visible(&file.text[lines.clone()]))
        .line_start(first)
        .path(file.name.as_str())
        .annotations(annotations.collect::<Vec<_>>())
}

/// The part of `mark` in its first line: a mapping of forty lines is shown by its start.
fn within_line(file: &SourceFile, mark: Mark) -> Range<usize> {
    let line = file.line_of(mark.start);
    let line = file.lines(line, line);
    let start = (mark.start as usize).min(line.end);
    start..(mark.end as usize).clamp(start, line.end)
}
