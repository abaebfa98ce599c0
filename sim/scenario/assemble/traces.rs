//! Traces of requests on disk: checked once before the run, then read row by row while it goes
//! on.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::played::{self, LineReader, PlayedFile};
use crate::tables::LineError;
use crate::workload::inference::load::{
    Rows, TraceFormat, TraceReader, TraceReport, TraceRow, TraceRows,
};
use crate::workload::inference::replica::Limits;
use crate::workload::inference::request::Request;

/// A trace that was read through once.
#[derive(Debug)]
pub(super) struct Checked {
    /// To play it.
    pub(super) trace: Arc<TraceFile>,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// What is in it.
    pub(super) report: TraceReport,
    /// What is wrong with its header, or with the first row that cannot be read.
    pub(super) wrong: Option<LineError>,
    /// Requests that need more KV memory than a replica has.
    pub(super) too_long: Rows,
}

/// Reads the trace at `path` to its end. Takes no memory beyond a line.
pub(super) fn check(path: &Path, format: TraceFormat, limits: &Limits) -> io::Result<Checked> {
    let mut too_long = Rows::default();
    let (reader, sha256) = played::check(path, TraceReader::new(&format), |reader, row| {
        if !limits.fits(&Request::new(0, row.prompt, row.output, 1)) {
            too_long.add(reader.line());
        }
    })?;
    let trace = Arc::new(TraceFile { file: PlayedFile::new(path), format });
    Ok(Checked { trace, sha256, report: *reader.report(), wrong: reader.wrong(), too_long })
}

/// A trace on disk.
#[derive(Debug)]
pub(super) struct TraceFile {
    pub(super) file: Arc<PlayedFile>,
    format: TraceFormat,
}

impl TraceRows for TraceFile {
    fn rows(&self) -> Box<dyn Iterator<Item = TraceRow> + Send> {
        self.file.play(TraceReader::new(&self.format))
    }
}

impl LineReader for TraceReader {
    type Row = TraceRow;

    fn read(&mut self, line: &[u8]) -> Option<TraceRow> {
        TraceReader::read(self, line)
    }

    fn skip(&mut self) {
        TraceReader::skip(self);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::PathBuf;

    use sha2::{Digest as _, Sha256};

    use super::played::LONGEST_LINE;
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
        let played: Vec<TraceRow> = plain.trace.rows().collect();
        assert_eq!(played.len(), 200);
        assert!(packed.trace.rows().eq(played.iter().cloned()));
        assert!(packed.trace.rows().eq(played));
        for (path, checked) in paths.iter().zip([plain, packed]) {
            let whole = super::super::inputs::hex(&Sha256::digest(std::fs::read(path).unwrap()));
            assert_eq!(checked.sha256, whole);
            assert!(checked.trace.file.take_failure().is_none());
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
        assert_eq!(checked.trace.rows().count(), 0);
        let failure = checked.trace.file.take_failure().expect("the file is gone");
        assert_eq!(failure.kind(), io::ErrorKind::NotFound);
    }
}
