//! Interval logs of the HdrHistogram tools, read back.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use hdrhistogram::Histogram;

use crate::report::intervals::UNTAGGED;
use crate::study::decoded;

/// A line of a log.
#[derive(Debug)]
pub(super) struct Logged {
    /// What it is of; lines without a tag are of what the head of the log says.
    pub(super) tag: String,
    /// Over which time from the start of the log, and for how long.
    pub(super) from_s: f64,
    pub(super) length_s: f64,
    /// The values, in microseconds.
    pub(super) values: Histogram<u64>,
}

/// What `take` makes of each line of the log at `path` whose tag is `wanted`; nothing where there is
/// no such file. A log is large, 180 MB for a year of a service, and a histogram too: the next line is
/// read when one has been taken.
///
/// # Errors
///
/// When it cannot be read, or a wanted line is no histogram.
pub(super) fn read_log<T>(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(Logged) -> T,
) -> io::Result<Vec<T>> {
    let mut log = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let wrong = || io::Error::other(format!("{}: a line is no histogram", path.display()));
    let mut untagged = String::new();
    let mut found = Vec::new();
    let mut text = String::new();
    while {
        text.clear();
        log.read_line(&mut text)? > 0
    } {
        let line = text.trim_end();
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(rest) = comment.strip_prefix(UNTAGGED.0) {
                rest.strip_suffix(UNTAGGED.1).unwrap_or(rest).clone_into(&mut untagged);
            }
            continue;
        }
        let (tag, rest) = match line.strip_prefix("Tag=") {
            Some(rest) => rest.split_once(',').ok_or_else(wrong)?,
            None => (untagged.as_str(), line),
        };
        if wanted(tag) {
            found.push(take(logged(tag, rest).ok_or_else(wrong)?));
        }
    }
    Ok(found)
}

fn logged(tag: &str, rest: &str) -> Option<Logged> {
    let mut cells = rest.splitn(4, ',');
    let from_s = cells.next()?.parse().ok()?;
    let length_s = cells.next()?.parse().ok()?;
    let values = decoded(cells.nth(1)?)?;
    Some(Logged { tag: tag.to_owned(), from_s, length_s, values })
}
