//! Traces of requests on disk: checked once before the run, then read row by row while it goes
//! on.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::Hashing;
use crate::workload::inference::load::{
    Rows, TraceFormat, TraceReader, TraceReport, TraceRow, TraceRows,
};
use crate::workload::inference::replica::Limits;
use crate::workload::inference::request::Request;

/// Longest line that is looked at; a longer one is no row of any trace.
const LONGEST_LINE: usize = 1 << 20;

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// A trace that was read through once.
#[derive(Debug)]
pub(super) struct Checked {
    /// To play it.
    pub(super) file: Arc<TraceFile>,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// What is in it.
    pub(super) report: TraceReport,
    /// Requests that need more KV memory than a replica has.
    pub(super) too_long: Rows,
}

/// Reads the trace at `path` to its end. Takes no memory beyond a line.
pub(super) fn check(path: &Path, format: TraceFormat, limits: &Limits) -> io::Result<Checked> {
    let mut too_long = Rows::default();
    let raw = Hashing { inner: File::open(path)?, hasher: Sha256::new() };
    let mut raw = BufReader::with_capacity(BUFFER, raw);
    let report = {
        let text: Box<dyn BufRead + '_> = decompressed(path, &mut raw);
        let mut rows = RowReader::new(text, format);
        while let Some(row) = rows.next_row()? {
            if !limits.fits(&Request::new(0, row.prompt, row.output, 1)) {
                too_long.add(rows.reader.line());
            }
        }
        *rows.reader.report()
    };
    io::copy(&mut raw, &mut io::sink())?;
    let sha256 = super::hex(&raw.into_inner().hasher.finalize());
    let file = TraceFile { path: path.to_owned(), format, failure: Arc::default() };
    Ok(Checked { file: Arc::new(file), sha256, report, too_long })
}

/// A trace on disk.
#[derive(Debug)]
pub struct TraceFile {
    path: PathBuf,
    format: TraceFormat,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl TraceFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What went wrong when it was last played, if anything did: the run went on as if the
    /// trace had ended there. Asked once.
    pub fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().expect("no reader panics").take()
    }
}

impl TraceRows for TraceFile {
    fn rows(&self) -> Box<dyn Iterator<Item = TraceRow> + Send> {
        let rows = File::open(&self.path).map(|file| {
            let raw = BufReader::with_capacity(BUFFER, file);
            RowReader::new(decompressed(&self.path, raw), self.format)
        });
        Box::new(Playing { rows: Some(rows), failure: Arc::clone(&self.failure) })
    }
}

/// The rows of a trace while it is played. A failure ends it and is remembered.
struct Playing {
    /// None once it has ended.
    rows: Option<io::Result<RowReader<Box<dyn BufRead + Send>>>>,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl Iterator for Playing {
    type Item = TraceRow;

    fn next(&mut self) -> Option<TraceRow> {
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
            self.failure.lock().expect("no reader panics").get_or_insert(error);
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
struct RowReader<R> {
    text: R,
    reader: TraceReader,
    line: Vec<u8>,
}

impl<R: BufRead> RowReader<R> {
    fn new(text: R, format: TraceFormat) -> Self {
        Self { text, reader: TraceReader::new(format), line: Vec::new() }
    }

    /// The next row; none at the end.
    fn next_row(&mut self) -> io::Result<Option<TraceRow>> {
        loop {
            self.line.clear();
            let mut bounded = (&mut self.text).take(LONGEST_LINE as u64);
            if bounded.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const LIMITS: Limits = Limits { sequences: 8, chunk: 64, blocks: Some(10), block_tokens: 16 };

    fn write(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn azure(seconds: impl IntoIterator<Item = u32>) -> String {
        let rows = seconds.into_iter().map(|second| {
            format!("2023-11-16 18:{:02}:{:02}.0,100,{}\n", second / 60, second % 60, 1 + second)
        });
        std::iter::once("TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned())
            .chain(rows)
            .collect()
    }

    #[test]
    fn a_trace_is_the_same_compressed_and_plays_as_often_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let text = azure(0..200);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        let paths = [
            write(&folder, "a.csv", text.as_bytes()),
            write(&folder, "a.csv.gz", &gz.finish().unwrap()),
        ];
        let [plain, packed] =
            paths.each_ref().map(|path| check(path, TraceFormat::Azure, &LIMITS).unwrap());
        assert_eq!(plain.report, packed.report);
        assert_eq!(plain.report.rows, 200);
        // Ten blocks of 16 hold 100 prompt tokens and 61 of answer, the last of which is not fed
        // back; the answer in line 63 is the first of 62.
        assert_eq!(plain.too_long, Rows { count: 139, first_line: 63 });
        let played: Vec<TraceRow> = plain.file.rows().collect();
        assert_eq!(played.len(), 200);
        assert!(packed.file.rows().eq(played.iter().copied()));
        assert!(packed.file.rows().eq(played));
        for (path, checked) in paths.iter().zip([plain, packed]) {
            let whole = super::super::hex(&Sha256::digest(std::fs::read(path).unwrap()));
            assert_eq!(checked.sha256, whole);
            assert!(checked.file.take_failure().is_none());
        }
    }

    #[test]
    fn hostile_files_are_bounded_and_reported() {
        let folder = tempfile::tempdir().unwrap();
        let mut endless = vec![b'7'; 3 * LONGEST_LINE + 5];
        endless.extend_from_slice(b"\n2023-11-16 18:00:00,5,5\n\n\x00\xff\n");
        let path = write(&folder, "endless.csv", &endless);
        let checked = check(&path, TraceFormat::Azure, &LIMITS).unwrap();
        assert_eq!(checked.report.rows, 1);
        assert_eq!(checked.report.malformed, Rows { count: 2, first_line: 1 });
        let path = write(&folder, "no.csv.gz", b"this was never compressed");
        check(&path, TraceFormat::Azure, &LIMITS).unwrap_err();
        check(folder.path(), TraceFormat::Azure, &LIMITS).unwrap_err();
        check(&folder.path().join("none"), TraceFormat::Azure, &LIMITS).unwrap_err();
    }

    #[test]
    fn a_trace_that_is_gone_ends_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "a.csv", azure(0..20).as_bytes());
        let checked = check(&path, TraceFormat::Azure, &LIMITS).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(checked.file.rows().count(), 0);
        let failure = checked.file.take_failure().expect("the file is gone");
        assert_eq!(failure.kind(), io::ErrorKind::NotFound);
    }
}
