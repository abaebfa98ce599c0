//! Rows and header of the Standard Workload Format, version 2.2 (Feitelson, Parallel Workloads
//! Archive): one job a line in 18 columns, `;` before comments, -1 for what is unknown.

use super::MOST_SECONDS;
use super::row::Row;

/// Columns of a row; whatever follows them is not read.
const COLUMNS: usize = 18;

/// What the header of a log says of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwfHeader {
    /// Processors of the machine (`MaxProcs`).
    pub max_procs: Option<u64>,
    /// Nodes of the machine (`MaxNodes`).
    pub max_nodes: Option<u64>,
    /// When the clock of the log stood at zero, in seconds of Unix time (`UnixStartTime`).
    pub unix_start_time: Option<u64>,
}

impl SwfHeader {
    /// Takes note of a line of the header, `; MaxProcs: 704`.
    pub(super) fn read(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return };
        let field = match line[..colon].trim_ascii() {
            b"MaxProcs" => &mut self.max_procs,
            b"MaxNodes" => &mut self.max_nodes,
            b"UnixStartTime" => &mut self.unix_start_time,
            _ => return,
        };
        // `MaxNodes: 128 (dual processors)` is usual.
        let value = line[colon + 1..].trim_ascii().split(u8::is_ascii_whitespace).next();
        let value = value.and_then(whole).and_then(|value| u64::try_from(value).ok());
        *field = value.or(*field);
    }
}

impl Row {
    pub(super) fn of_swf(text: &[u8]) -> Option<Self> {
        let mut columns = [&text[..0]; COLUMNS];
        let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        for column in &mut columns {
            *column = words.next()?;
        }
        Some(Self {
            number: u64::try_from(whole(columns[0])?).ok()?,
            submit: nanoseconds(columns[1])?,
            run: nanoseconds(columns[3])?,
            allocated_processors: whole(columns[4])?,
            requested_processors: whole(columns[7])?,
            requested: nanoseconds(columns[8])?,
            status: whole(columns[10])?,
            user: known(columns[11]),
            queue: known(columns[14]),
            is_long: words.next().is_some(),
            overfills: false,
            exclusive: false,
            told: None,
        })
    }
}

/// A number that no job depends on; none where it is unknown or no number.
fn known(word: &[u8]) -> Option<u32> {
    whole(word).and_then(|number| u32::try_from(number).ok())
}

/// A whole number.
fn whole(word: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, word),
    };
    // 18 digits never overflow.
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0'));
    Some(if is_negative { -value } else { value })
}

/// Seconds with up to nine decimals that count, as nanoseconds; any negative number is -1.
fn nanoseconds(word: &[u8]) -> Option<i64> {
    let point = word.iter().position(|&byte| byte == b'.');
    let (seconds, decimals) = match point {
        Some(at) => (whole(&word[..at])?, &word[at + 1..]),
        None => (whole(word)?, &word[..0]),
    };
    if !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if word[0] == b'-' {
        return Some(-1);
    }
    if seconds >= MOST_SECONDS {
        return None;
    }
    let digit = |i: usize| decimals.get(i).map_or(0, |&digit| i64::from(digit - b'0'));
    Some((0..9).fold(seconds, |value, i| value * 10 + digit(i)))
}
