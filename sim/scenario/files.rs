//! The texts that a scenario was read from, and the lines and columns of places in them.

use std::path::{Path, PathBuf};

use super::printable::printable;
use crate::spec::Mark;

/// The files of a scenario in the order in which they were read.
///
/// The scenario itself is first; its bases, the `--set` arguments and the built-in
/// catalogue follow. A [`Mark`] names a file by its index here plus one.
#[derive(Debug, Clone, Default)]
pub struct Files(Vec<SourceFile>);

/// One text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As shown to the user: the path as given, or `command line`.
    pub name: String,
    /// Where relative paths in this file start; empty for the working directory.
    pub dir: PathBuf,
    /// The content without byte-order mark.
    pub text: String,
    /// Whether it is a file that the user can edit, not an argument or the built-in catalogue.
    pub on_disk: bool,
    line_starts: Vec<u32>,
}

/// A line and a column, both from one. Columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
}

impl Files {
    /// Adds a file and returns the number that marks name it by. Linear in the text.
    pub(crate) fn add(&mut self, name: String, dir: PathBuf, text: String, on_disk: bool) -> u32 {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts =
            std::iter::once(0).chain(breaks.map(|(index, _)| index as u32 + 1)).collect();
        let name = printable(&name).into_owned();
        self.0.push(SourceFile { name, dir, text, on_disk, line_starts });
        self.0.len() as u32
    }

    /// The file that `mark` points into; `None` for nowhere.
    pub fn of(&self, mark: Mark) -> Option<&SourceFile> {
        self.0.get((mark.file as usize).checked_sub(1)?)
    }

    /// All files, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.0.iter()
    }

    /// Where the path `text`, written at `mark`, leads: relative to the file that holds it.
    pub fn resolve(&self, text: &str, mark: Mark) -> PathBuf {
        self.of(mark).map_or_else(|| PathBuf::from(text), |file| file.dir.join(Path::new(text)))
    }
}

impl SourceFile {
    /// Line and column of byte `offset`. Logarithmic in the lines, linear in the line.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.line_starts[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        // A mark never splits a character, but an answer beats a panic in an error message.
        let before = self.text.get(start..end).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// The line of byte `offset`, from one.
    pub(crate) fn line_of(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset)
    }

    /// The bytes of lines `first..=last`, both from one, without the last line break, be it
    /// `\n` or `\r\n`.
    pub(crate) fn lines(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let start = self.line_starts[first - 1] as usize;
        let end = self.line_starts.get(last).map_or(self.text.len(), |&next| next as usize - 1);
        let is_crlf = end > start && self.text.as_bytes()[end - 1] == b'\r';
        start..end - usize::from(is_crlf)
    }
}
