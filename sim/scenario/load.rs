//! A scenario from its files: read, bases laid beneath, command-line edits applied.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::base::overlay;
use super::catalogue::{self, Section};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::files::Files;
use super::place::Place;
use super::read;
use super::set;
use super::tree::{Node, Value};
use crate::spec::{FilePath, Mark};

/// A scenario as a tree, with the files that it came from and what is wrong with it so far.
#[derive(Debug, Clone)]
pub struct Document {
    /// The files, in the order of the numbers in marks.
    pub files: Files,
    /// The whole scenario, a mapping.
    pub root: Node,
    /// What was found wrong while reading: duplicate keys, bad `--set` paths, unknown kinds.
    /// The tree is whole all the same, so that a caller can go on and find more.
    pub diagnostics: Diagnostics,
}

/// Why there is no tree at all.
#[derive(Debug)]
pub struct LoadError {
    /// The files that could be read.
    pub files: Files,
    /// What is wrong, with places.
    pub diagnostics: Diagnostics,
    unreadable: bool,
}

impl LoadError {
    /// Whether a file could not be read at all, in contrast to holding something wrong.
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.diagnostics.render(&self.files, false).trim_end())
    }
}

impl std::error::Error for LoadError {}

/// Reads the scenario at `path`, its bases, and applies the `--set` arguments `sets` in
/// order.
///
/// Fails only where no tree is left to go on with: a file that cannot be read, or a syntax
/// error. Everything else is in [`Document::diagnostics`].
pub fn load(path: &Path, sets: &[String]) -> Result<Document, LoadError> {
    let mut loader = Loader::default();
    let root = loader.file(path, None);
    loader.finish(root, sets)
}

/// Reads a scenario from `text`, as if it were a file `name` in the working directory.
pub fn load_text(name: &str, text: &str, sets: &[String]) -> Result<Document, LoadError> {
    let mut loader = Loader::default();
    loader.open.push(PathBuf::from(name));
    let root = loader.text(name.to_owned(), PathBuf::new(), text.to_owned());
    loader.finish(root, sets)
}

impl Document {
    /// The root, to go down from.
    pub fn place(&self) -> Place<'_> {
        Place::root(&self.root)
    }

    /// The top-level section `name`, if it is written.
    pub fn section(&self, name: &str) -> Option<Place<'_>> {
        self.place().get(name)
    }

    /// The value at `path`, keys joined by dots as in `--set`.
    pub fn get(&self, path: &str) -> Option<Place<'_>> {
        set::keys(path).into_iter().try_fold(self.place(), |place, key| place.get(key))
    }

    /// Replaces kinds from the catalogue by the models and fields they stand for, in all
    /// `sections`, and takes the section `catalogue` out.
    pub fn resolve_kinds(&mut self, sections: &[Section]) {
        catalogue::resolve(&mut self.root, sections, &mut self.files, &mut self.diagnostics);
    }

    /// Where `file` leads: relative to the file of the scenario that names it.
    pub fn resolve_path(&self, file: &FilePath) -> PathBuf {
        self.files.resolve(&file.text, file.mark)
    }
}

#[derive(Default)]
struct Loader {
    files: Files,
    sink: Diagnostics,
    unreadable: bool,
    /// The files being read, outermost first: a base must not be among them.
    open: Vec<PathBuf>,
    /// Whole trees of bases that were read before.
    done: Vec<(PathBuf, Node)>,
}

impl Loader {
    /// Most files that bases may bring in.
    const MOST_BASES: usize = 64;

    fn finish(mut self, root: Option<Node>, sets: &[String]) -> Result<Document, LoadError> {
        let Some(mut root) = root else {
            let Self { files, sink: diagnostics, unreadable, .. } = self;
            return Err(LoadError { files, diagnostics, unreadable });
        };
        for argument in sets {
            set::apply(&mut root, argument, &mut self.files, &mut self.sink);
        }
        Ok(Document { files: self.files, root, diagnostics: self.sink })
    }

    /// Reads the file at `path` and its bases. `named_at` is where a scenario names it.
    fn file(&mut self, path: &Path, named_at: Option<Mark>) -> Option<Node> {
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if let Some((_, node)) = self.done.iter().find(|(done, _)| *done == identity) {
            return Some(node.clone());
        }
        let at = named_at.unwrap_or_default();
        if self.open.contains(&identity) {
            let message = format!("base: `{}` builds upon itself", path.display());
            let error = Diagnostic::error(at, message).code("base");
            self.sink.push(error.help("bases must not form a circle"));
            return None;
        }
        if self.done.len() + self.open.len() > Self::MOST_BASES {
            let message = format!("base: more than {} files", Self::MOST_BASES);
            self.sink.push(Diagnostic::error(at, message).code("limit"));
            return None;
        }
        let bytes = match read_bytes(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable = true;
                let message = format!("cannot read `{}`: {}", path.display(), reason(&error));
                self.sink.push(Diagnostic::error(at, message).code("unreadable"));
                return None;
            }
        };
        let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let name = path.display().to_string();
        let text = self.decode(&name, &dir, bytes)?;
        self.open.push(identity.clone());
        let node = self.text(name, dir, text);
        self.open.pop();
        if let Some(node) = &node {
            self.done.push((identity, node.clone()));
        }
        node
    }

    /// Bytes to text. What is valid of a file that is not UTF-8 is kept to point into.
    fn decode(&mut self, name: &str, dir: &Path, mut bytes: Vec<u8>) -> Option<String> {
        if bytes.len() > read::MAX_BYTES {
            // What is left only has to be too large; its last character may have been cut.
            bytes.fill(b' ');
        }
        let error = match String::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(error) => error,
        };
        let valid = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[valid];
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        let text = String::from_utf8(bytes).expect("valid up to here");
        let file = self.files.add(name.to_owned(), dir.to_path_buf(), text, true);
        let mark = Mark { file, start: valid as u32, end: valid as u32 };
        let message = format!("the file is not UTF-8: byte 0x{byte:02x} at offset {valid}");
        self.sink
            .push(Diagnostic::error(mark, message).code("syntax").help("save the file in UTF-8"));
        None
    }

    /// Reads a text and lays it over its bases.
    fn text(&mut self, name: String, dir: PathBuf, text: String) -> Option<Node> {
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let file = self.files.add(name, dir.clone(), text.clone(), true);
        let mut node = read::parse(&text, file, 0, &mut self.sink)?;
        let Value::Map(map) = &mut node.value else {
            let (what, mark) = match &node.value {
                Value::Null => ("the file holds nothing".to_owned(), node.mark),
                _ => (format!("a scenario is a mapping, got {}", node.describe()), node.place()),
            };
            self.sink.push(
                Diagnostic::error(mark, what)
                    .code("syntax")
                    .help("start with `name: my-site`; `scenarios/quickstart.yaml` shows the rest"),
            );
            return None;
        };
        let Some(entry) = map.remove("base") else { return Some(node) };
        let names: Vec<&Node> = match &entry.value.value {
            Value::Seq(items) => items.iter().collect(),
            _ => vec![&entry.value],
        };
        let mut below: Option<Node> = None;
        let mut is_whole = true;
        for item in names {
            let Value::Scalar(scalar) = &item.value else {
                let message =
                    format!("base: needs a file such as `site.yaml`, got {}", item.describe());
                self.sink.push(Diagnostic::in_value(item, message).code("base"));
                is_whole = false;
                continue;
            };
            match self.file(&dir.join(&scalar.text), Some(item.place())) {
                Some(base) => {
                    below = Some(match below {
                        Some(earlier) => overlay(earlier, base),
                        None => base,
                    });
                }
                None => is_whole = false,
            }
        }
        // Without one of its bases a scenario lacks fields, and complaints about them mislead.
        is_whole.then(|| match below {
            Some(base) => overlay(base, node),
            None => node,
        })
    }
}

/// The file's bytes, at most one more than allowed.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(read::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The error without the number that the standard library adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
