//! Job logs on disk: checked once before the run, then read row by row while it goes on.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::played::{self, LineReader, PlayedFile};
use crate::workload::training::{JobRows, LogJob, LogReader};

/// A log that was read through once.
#[derive(Debug)]
pub(super) struct Checked {
    /// To play it.
    pub(super) log: Arc<JobLogFile>,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// What has read it, and tells what it has met.
    pub(super) reader: LogReader,
}

/// Reads the log at `path` to its end with `reader`, which is before the first line. Takes no
/// memory beyond a line.
pub(super) fn check(path: &Path, reader: LogReader) -> io::Result<Checked> {
    let fresh = reader.clone();
    let (reader, sha256) = played::check(path, reader, |_, _| {})?;
    let log = Arc::new(JobLogFile { file: PlayedFile::new(path), fresh });
    Ok(Checked { log, sha256, reader })
}

/// A job log on disk.
#[derive(Debug)]
pub(super) struct JobLogFile {
    pub(super) file: Arc<PlayedFile>,
    /// A reader before the first line.
    fresh: LogReader,
}

impl JobRows for JobLogFile {
    fn jobs(&self) -> Box<dyn Iterator<Item = LogJob> + Send> {
        self.file.play(self.fresh.clone())
    }
}

impl LineReader for LogReader {
    type Row = LogJob;

    fn read(&mut self, line: &[u8]) -> Option<LogJob> {
        LogReader::read(self, line)
    }

    fn skip(&mut self) {
        LogReader::skip(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_plays_as_often_as_asked_and_says_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.swf");
        let row = |n: u64| format!("{n} {n} -1 60 -1 -1 -1 8 60 -1 1 1 1 1 0 1 -1 -1\n");
        let long = "9 ".repeat(1 << 20);
        std::fs::write(&path, row(1) + &row(2) + &long + "\n" + &row(3)).unwrap();
        let Checked { log, reader, .. } = check(&path, LogReader::new(8)).unwrap();
        assert_eq!((reader.report().jobs, reader.report().malformed.first_line), (3, 3));
        let numbers = || log.jobs().map(|job| job.number).collect::<Vec<_>>();
        assert_eq!(numbers(), [1, 2, 3]);
        assert_eq!(numbers(), [1, 2, 3]);
        assert!(log.file.take_failure().is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(numbers().is_empty());
        let failure = log.file.take_failure().expect("the file is gone");
        assert_eq!(failure.kind(), io::ErrorKind::NotFound);
    }
}
