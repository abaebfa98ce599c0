//! The files that a scenario reads, and the hash of a scenario with them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::super::load::Document;
use super::{PlayedFile, joblogs, traces};
use crate::spec::{Fault, FilePath, Mark, Name};
use crate::tables::cells::Lines;
use crate::tables::{LineError, bad_file};
use crate::workload::inference::load::{Rows, TraceDesign, TraceFormat};
use crate::workload::inference::replica::Limits;
use crate::workload::training::{Draws, DrawsReader, TrainingDesign};

/// A file that a scenario reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// From the root.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Files that a scenario reads, each once.
pub(super) struct Inputs<'d> {
    document: &'d Document,
    read: RefCell<BTreeMap<PathBuf, String>>,
    /// What is meant by the text at each mark, with its SHA-256: a file, or a folder with some of its
    /// files.
    named: RefCell<BTreeMap<Mark, (PathBuf, String)>>,
    played: RefCell<Vec<Arc<PlayedFile>>>,
    /// What was found in files that are played: a line for each.
    found: RefCell<Vec<String>>,
}

/// What a scenario has read.
pub(super) struct Read {
    /// Each file once, in the order of their paths.
    pub(super) inputs: Vec<Input>,
    /// Those that are read again while the run goes on.
    pub(super) played: Vec<Arc<PlayedFile>>,
    /// What was found in them: a line for each.
    pub(super) found: Vec<String>,
    /// By the mark of a path in the scenario, the path in full.
    pub(super) paths: BTreeMap<Mark, String>,
    /// By the mark of a path in the scenario, the SHA-256 of the file.
    pub(super) hashes: BTreeMap<Mark, String>,
}

impl<'d> Inputs<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        Self {
            document,
            read: RefCell::default(),
            named: RefCell::default(),
            played: RefCell::default(),
            found: RefCell::default(),
        }
    }

    /// Hands over the file that `name` stands for, decompressed if it ends in `.gz`, piece by
    /// piece.
    pub(super) fn read(&self, name: &Name, out: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let path = self.document.files.resolve(&name.text, name.mark);
        let sha256 = read_whole(&path, name.mark, out)?;
        self.has_read(path, name.mark, sha256);
        Ok(())
    }

    /// Hands over the files of the folder that `folder` stands for by their names in it, as far as
    /// `take` asks for them with [`InFolder::read`].
    pub(super) fn read_folder<T>(
        &self,
        folder: &FilePath,
        take: impl FnOnce(&mut InFolder) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let path = self.document.files.resolve(&folder.text, folder.mark);
        let entries = std::fs::read_dir(&path).map_err(|error| match path.is_file() {
            true => {
                let message = format!("`{folder}` is a file, not a folder");
                let help = "unpack an archive, and name the folder that the files lie in";
                Fault::error("", message).at(folder.mark).help(help)
            }
            false => unreadable(&path, folder.mark, &error),
        })?;
        let entries = entries.map(|entry| Ok(entry?.file_name()));
        let names = names(entries).map_err(|error| unreadable(&path, folder.mark, &error))?;
        let mut files = InFolder { path, mark: folder.mark, names, read: Vec::new() };
        let taken = take(&mut files)?;
        let InFolder { path, read, .. } = files;
        let mut whole = Sha256::new();
        for (name, sha256) in read {
            // A name tells what its file is of, such as the client whose number names random streams.
            whole.update(unpacked(&name));
            whole.update([0]);
            whole.update(&sha256);
            self.read.borrow_mut().insert(in_full(path.join(name)), sha256);
        }
        self.named.borrow_mut().insert(folder.mark, (in_full(path), hex(&whole.finalize())));
        Ok(taken)
    }

    /// Remembers a line of what was found in a file.
    pub(super) fn has_found(&self, line: String) {
        self.found.borrow_mut().push(line);
    }

    /// The trace in `file`, read through once: what is odd in it is reported.
    pub(super) fn open_trace(
        &self,
        format: TraceFormat,
        file: &FilePath,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let path = self.document.files.resolve(&file.text, file.mark);
        let asked = format.clone();
        let checked = match traces::check(&path, format, limits) {
            Ok(checked) => checked,
            Err(error) => {
                faults.push(unreadable(&path, file.mark, &error));
                return None;
            }
        };
        let traces::Checked { trace, sha256, report, wrong, too_long } = checked;
        let mut says = format!("`{file}`: {report}");
        if let Some(wrong) = &wrong {
            says += &format!("; {wrong}");
        }
        if report.rows == 0 {
            let help = asked.way_out(wrong.as_ref());
            faults.push(Fault::error("file", says).at(file.mark).help(help));
            return None;
        }
        if report.has_odd_rows() {
            faults.push(Fault::warning("file", says).at(file.mark));
        }
        if let Some((line, gap_s)) = report.stray_gap() {
            let days = gap_s / 86_400.0;
            let says = format!(
                "`{file}`: nothing for {days:.0} days after line {line}, longer than all of the rest"
            );
            let help = "where the time of that line is a stray one, take the line out";
            faults.push(Fault::warning("file", says).at(file.mark).help(help));
        }
        self.found.borrow_mut().push(format!("`{file}`: {}", report.found()));
        if too_long.count > 0 {
            let Rows { count, first_line } = too_long;
            let which = format!("{count} requests (first: line {first_line})");
            faults.push(no_room_for("file", file, &which));
        }
        self.has_read(path, file.mark, sha256);
        self.played.borrow_mut().push(Arc::clone(&trace.file));
        Some(TraceDesign::new(trace, &report))
    }

    /// Reads the job log of `design` through once, if its jobs come from one: what is odd in it is
    /// reported.
    pub(super) fn open_log(&self, design: &mut TrainingDesign, faults: &mut Vec<Fault>) {
        let Some((file, _)) = design.log_file() else { return };
        let Some(mut reader) = design.log_reader() else { return };
        if let Some((file, draws)) = design.draws_file() {
            match self.read_draws(file, draws) {
                Ok(draws) => reader = reader.beside(Arc::new(draws)),
                Err(fault) => return faults.push(fault),
            }
        }
        let path = self.document.files.resolve(&file.text, file.mark);
        match joblogs::check(&path, reader) {
            Ok(joblogs::Checked { log, file: played, sha256, reader }) => {
                self.has_read(path, file.mark, sha256);
                self.played.borrow_mut().extend(played);
                self.found.borrow_mut().push(format!("`{file}`: {}", reader.report()));
                design.take_log(log, &reader, faults);
            }
            Err(error) => faults.push(unreadable(&path, file.mark, &error)),
        }
    }

    /// What the jobs of a log drew, from the `file` beside it.
    fn read_draws(&self, file: &Name, mut reader: DrawsReader) -> Result<Draws, Fault> {
        let read = by_line(|out| self.read(file, out), |number, line| reader.read(number, line))
            .map_err(|fault| Fault { field: "jobs.draw.file".into(), ..fault })?;
        read.and_then(|()| reader.finish()).map_err(|e| bad_file("jobs.draw.file", file, &e))
    }

    fn has_read(&self, path: PathBuf, mark: Mark, sha256: String) {
        let path = in_full(path);
        self.named.borrow_mut().insert(mark, (path.clone(), sha256.clone()));
        self.read.borrow_mut().insert(path, sha256);
    }

    pub(super) fn into_read(self) -> Read {
        let (read, named) = (self.read.into_inner(), self.named.into_inner());
        let text = |path: &PathBuf| path.to_str().map(str::to_owned);
        Read {
            paths: named
                .iter()
                .filter_map(|(&mark, (path, _))| Some((mark, text(path)?)))
                .collect(),
            hashes: named.into_iter().map(|(mark, (_, sha256))| (mark, sha256)).collect(),
            inputs: read.into_iter().map(|(path, sha256)| Input { path, sha256 }).collect(),
            played: self.played.into_inner(),
            found: self.found.into_inner(),
        }
    }
}

/// The files of a folder that a scenario names.
pub(super) struct InFolder {
    path: PathBuf,
    mark: Mark,
    /// Of all files, in order.
    pub(super) names: Vec<String>,
    /// The names of the files that were read, with their SHA-256.
    read: Vec<(String, String)>,
}

impl InFolder {
    /// Hands over the file `name`, decompressed if it ends in `.gz`, piece by piece.
    pub(super) fn read(&mut self, name: &str, out: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let sha256 = read_whole(&self.path.join(name), self.mark, out)?;
        self.read.push((name.to_owned(), sha256));
        Ok(())
    }
}

/// A warning that no replica holds the requests of a file or folder that `which` tells.
pub(super) fn no_room_for(field: &'static str, named: &FilePath, which: &str) -> Fault {
    let says =
        format!("`{named}`: {which} need more KV memory than a replica has: they will be rejected");
    Fault::warning(field, says).at(named.mark)
}

/// The name of a file without the ending of compressed ones.
pub(super) fn unpacked(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// The names of `entries` of a folder, in order. Those that are no UTF-8 are left out: nothing asks for
/// them.
fn names(entries: impl Iterator<Item = io::Result<OsString>>) -> io::Result<Vec<String>> {
    let names = entries.filter_map(|entry| entry.map(|name| name.into_string().ok()).transpose());
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Hands each line of what `read` hands over in pieces to `each`, up to the first error of that.
pub(super) fn by_line(
    read: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), Fault>,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), LineError>,
) -> Result<Result<(), LineError>, Fault> {
    let mut lines = Lines::default();
    let mut failed: Option<LineError> = None;
    read(&mut |piece| {
        if failed.is_none() {
            failed = lines.push(piece, &mut each).err();
        }
    })?;
    Ok(failed.map_or_else(|| lines.finish(&mut each), Err))
}

/// Hands over the file at `path`, decompressed if it ends in `.gz`, piece by piece, and returns its
/// SHA-256.
fn read_whole(path: &Path, mark: Mark, out: &mut dyn FnMut(&[u8])) -> Result<String, Fault> {
    let unreadable = |error| unreadable(path, mark, &error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut file = Hashing { inner: file, hasher: Sha256::new() };
    let read = if path.extension().is_some_and(|extension| extension == "gz") {
        let content = MultiGzDecoder::new(BufReader::with_capacity(PIECE, &mut file));
        hand_over(content, out)
    } else {
        hand_over(&mut file, out)
    };
    if !read.map_err(unreadable)? {
        let message = format!("`{}` holds more than {MOST_BYTES} bytes", path.display());
        return Err(Fault::error("", message).at(mark));
    }
    // What follows compressed data counts too.
    io::copy(&mut file, &mut io::sink()).map_err(unreadable)?;
    Ok(hex(&file.hasher.finalize()))
}

/// `path` from the root, where that is known.
fn in_full(path: PathBuf) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

fn unreadable(path: &Path, mark: Mark, error: &io::Error) -> Fault {
    let error = error.to_string();
    let reason = error.split(" (os error").next().unwrap_or(&error);
    let fault = Fault::error("", format!("cannot read `{}`: {reason}", path.display())).at(mark);
    match path.exists() {
        true if path.extension().is_some_and(|extension| extension == "gz") => {
            fault.help("its archive is torn, or none of gzip: make it anew")
        }
        true => fault,
        false => fault.help("a relative path starts at the folder of the file that names it"),
    }
}

/// Largest file that a scenario may name, decompressed. Compressed data can claim to be
/// anything: reading stops at a size that no trace has.
const MOST_BYTES: usize = 1 << 30;
/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// Hands over all of `content`; whether it was not too much.
fn hand_over(mut content: impl io::Read, out: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
    let (mut piece, mut total) = (vec![0; PIECE], 0);
    loop {
        let count = match content.read(&mut piece) {
            Ok(0) => return Ok(true),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        total += count;
        if total > MOST_BYTES {
            return Ok(false);
        }
        out(&piece[..count]);
    }
}

/// A reader that hashes what passes through it.
pub(super) struct Hashing<R> {
    pub(super) inner: R,
    pub(super) hasher: Sha256,
}

impl<R: io::Read> io::Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// One hash for a scenario and everything that it reads. Paths do not count: the same data
/// elsewhere is the same run. Where a folder is named, `scenario` has the hash of its files and their names.
pub(super) fn fingerprint(scenario: &str, inputs: &[Input]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(scenario);
    let mut hashes: Vec<&str> = inputs.iter().map(|input| input.sha256.as_str()).collect();
    hashes.sort_unstable();
    for hash in hashes {
        hasher.update(hash);
    }
    hex(&hasher.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_listed_in_part_is_not_taken_for_whole() {
        let named = |name: &str| Ok(OsString::from(name));
        let all = names([named("b"), named("a")].into_iter()).unwrap();
        assert_eq!(all, ["a", "b"]);
        let torn = [named("a"), Err(io::Error::other("stale handle")), named("b")];
        assert_eq!(names(torn.into_iter()).unwrap_err().to_string(), "stale handle");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_is_passed_over() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = OsString::from_vec(vec![0xff, b'a']);
        assert_eq!(names([Ok(odd), Ok("a".into())].into_iter()).unwrap(), ["a"]);
    }
}
