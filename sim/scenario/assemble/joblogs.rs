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
    pub(super) log: Arc<dyn JobRows>,
    /// The file that is read while it is played; none where all jobs are held.
    pub(super) file: Option<Arc<PlayedFile>>,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// What has read it, and tells what it has met.
    pub(super) reader: LogReader,
}

/// Reads the log at `path` to its end with `reader`, which is before the first line. Takes no
/// memory beyond a line, unless the rows stand in any order: then its jobs are held.
pub(super) fn check(path: &Path, reader: LogReader) -> io::Result<Checked> {
    let fresh = reader.clone();
    let any_order = reader.any_order();
    let mut jobs = Vec::new();
    let (reader, sha256) = played::check(path, reader, |_, job| {
        if any_order {
            jobs.push(job);
        }
    })?;
    if any_order {
        // Of the same instant in the order of the file.
        jobs.sort_by_key(|job: &LogJob| job.submit);
        let jobs: Arc<[LogJob]> = jobs.into();
        return Ok(Checked { log: Arc::new(jobs), file: None, sha256, reader });
    }
    let file = PlayedFile::new(path);
    let log = Arc::new(JobLogFile { file: Arc::clone(&file), fresh });
    Ok(Checked { log, file: Some(file), sha256, reader })
}

/// A job log on disk.
#[derive(Debug)]
struct JobLogFile {
    file: Arc<PlayedFile>,
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
        let Checked { log, file, reader, .. } = check(&path, LogReader::new(8)).unwrap();
        let file = file.expect("it is played");
        assert_eq!((reader.report().jobs, reader.report().malformed.first_line), (3, 3));
        let numbers = || log.jobs().map(|job| job.number).collect::<Vec<_>>();
        assert_eq!(numbers(), [1, 2, 3]);
        assert_eq!(numbers(), [1, 2, 3]);
        assert!(file.take_failure().is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(numbers().is_empty());
        let failure = file.take_failure().expect("the file is gone");
        assert_eq!(failure.kind(), io::ErrorKind::NotFound);
    }
}
