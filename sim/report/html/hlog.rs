//! Interval logs of the HdrHistogram tools, read back.

use std::fs;
use std::io;
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
/// no such file. A histogram is large: the next is read when one has been taken.
///
/// # Errors
///
/// When it cannot be read, or a wanted line is no histogram.
pub(super) fn read_log<T>(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(Logged) -> T,
) -> io::Result<Vec<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let wrong = || io::Error::other(format!("{}: a line is no histogram", path.display()));
    let mut untagged = "";
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(rest) = comment.strip_prefix(UNTAGGED.0) {
                untagged = rest.strip_suffix(UNTAGGED.1).unwrap_or(rest);
            }
            continue;
        }
        let (tag, rest) = match line.strip_prefix("Tag=") {
            Some(rest) => rest.split_once(',').ok_or_else(wrong)?,
            None => (untagged, line),
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
