//! Files that are checked once before the run and then read row by row while it goes on.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::inputs::{Hashing, hex};

/// Longest line that is looked at; a longer one is no row of any file.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// A file that is read while the run goes on.
#[derive(Debug)]
pub struct PlayedFile {
    path: PathBuf,
    failure: Mutex<Option<io::Error>>,
}

impl PlayedFile {
    pub(super) fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), failure: Mutex::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What went wrong when it was last played, if anything did: the run went on as if the
    /// file had ended there. Asked once.
    pub fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().expect("no reader panics").take()
    }

    /// Its rows from the first on, as `reader` makes them.
    pub(super) fn play<R: LineReader + Send + 'static>(
        self: &Arc<Self>,
        reader: R,
    ) -> Box<dyn Iterator<Item = R::Row> + Send> {
        let rows = File::open(&self.path).map(|file| {
            let raw = BufReader::with_capacity(BUFFER, file);
            RowReader::new(decompressed(&self.path, raw), reader)
        });
        Box::new(Playing { rows: Some(rows), file: Arc::clone(self) })
    }
}

/// Makes rows of the lines of a file.
pub(super) trait LineReader: fmt::Debug {
    /// What a line may hold.
    type Row;

    /// The row of the next line, which comes without its break, if it holds one.
    fn read(&mut self, line: &[u8]) -> Option<Self::Row>;

    /// The next line is too long to be a row.
    fn skip(&mut self);
}

/// Reads the file at `path` to its end, and hands over each row with its reader. Takes no memory
/// beyond a line. Returns the reader, and SHA-256 of the bytes of the file.
pub(super) fn check<R: LineReader>(
    path: &Path,
    reader: R,
    mut each: impl FnMut(&R, R::Row),
) -> io::Result<(R, String)> {
    let raw = Hashing { inner: File::open(path)?, hasher: Sha256::new() };
    let mut raw = BufReader::with_capacity(BUFFER, raw);
    let reader = {
        let text: Box<dyn BufRead + '_> = decompressed(path, &mut raw);
        let mut rows = RowReader::new(text, reader);
        while let Some(row) = rows.next_row()? {
            each(&rows.reader, row);
        }
        rows.reader
    };
    // What follows compressed data counts too.
    io::copy(&mut raw, &mut io::sink())?;
    Ok((reader, hex(&raw.into_inner().hasher.finalize())))
}

/// The rows of a file while it is played. A failure ends it and is remembered.
struct Playing<R> {
    /// None once it has ended.
    rows: Option<io::Result<RowReader<Box<dyn BufRead + Send>, R>>>,
    file: Arc<PlayedFile>,
}

impl<R: LineReader> Iterator for Playing<R> {
    type Item = R::Row;

    fn next(&mut self) -> Option<R::Row> {
        let row = match self.rows.as_mut()? {
            Ok(rows) => rows.next_row(),
            Err(_) => Ok(None),
        };
        let failed = match row {
            Ok(Some(row)) => return Some(row),
            Ok(None) => self.rows.take().and_then(Result::err),
            Err(error) => Some(error),
        };
        self.rows = None;
        if let Some(error) = failed {
            self.file.failure.lock().expect("no reader panics").get_or_insert(error);
        }
        None
    }
}

/// `raw`, decompressed where `path` ends in `.gz`.
fn decompressed<'r, R: BufRead + Send + 'r>(path: &Path, raw: R) -> Box<dyn BufRead + Send + 'r> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    }
}

/// Rows out of a text.
struct RowReader<T, R> {
    text: T,
    reader: R,
    line: Vec<u8>,
    /// Whether a line has been read.
    begun: bool,
}

/// What some programs put before the first line of a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl<T: BufRead, R: LineReader> RowReader<T, R> {
    fn new(text: T, reader: R) -> Self {
        Self { text, reader, line: Vec::new(), begun: false }
    }

    /// The next row; none at the end.
    fn next_row(&mut self) -> io::Result<Option<R::Row>> {
        loop {
            self.line.clear();
            let mut bounded = (&mut self.text).take(LONGEST_LINE as u64);
            if bounded.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if !std::mem::replace(&mut self.begun, true) && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if self.line.len() == LONGEST_LINE && self.line.last() != Some(&b'\n') {
                self.text.skip_until(b'\n')?;
                self.reader.skip();
                continue;
            }
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            if let Some(row) = self.reader.read(line) {
                return Ok(Some(row));
            }
        }
    }
}
