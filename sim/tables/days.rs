//! Tables whose rows hold a day: the hours stand side by side, `HE 1` to `HE 24`, and the date in a
//! line of its own above the header. Such a row becomes a row for each hour.

use super::cells::Record;
use super::error::LineError;

/// Hours of a day on a clock that is never set.
const HOURS: usize = 24;

/// The names of the columns that rows become: the start of the hour, before those that the row has
/// beside its hours, and the value behind them.
pub(super) const NAMES: [&str; 2] = ["Hour", "Price"];

/// Turns rows of days into rows of hours.
#[derive(Debug, Default)]
pub(super) struct Days {
    record: Record,
    /// `2026-07-14`, of the line that was read last of those with a date.
    date: Option<String>,
    /// The names of the header, of which the hours are the last.
    names: Vec<String>,
    /// Room for a row of an hour.
    text: String,
}

impl Days {
    /// Hands what line `number` becomes to `each`.
    ///
    /// # Errors
    ///
    /// A line that is no row of a day, or that of `each`.
    pub(super) fn unfold(
        &mut self,
        (number, line): (u64, &[u8]),
        separator: u8,
        each: &mut dyn FnMut(&[u8]) -> Result<(), LineError>,
    ) -> Result<(), LineError> {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let complete = self.record.cut(line, separator);
        if !complete.map_err(|message| LineError::new(number, message))? {
            return Ok(());
        }
        let cells: Vec<&str> = self.record.cells().collect();
        let ids = cells.len().saturating_sub(HOURS);
        if is_header(&cells) {
            let names: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            if self.names.is_empty() {
                let beside = names[..ids].iter().map(String::as_str);
                let header = [NAMES[0]].into_iter().chain(beside).chain([NAMES[1]]);
                write(&mut self.text, separator, header);
                self.names = names;
                return each(self.text.as_bytes());
            }
            if self.names != names {
                return Err(LineError::new(number, "a second header with other columns"));
            }
            return Ok(());
        }
        // A title, a note or a date stands alone in its line.
        if cells.iter().filter(|cell| !cell.is_empty()).count() < 3 {
            if let Some(date) = cells.iter().find_map(|cell| date_of(cell)) {
                self.date = Some(date);
            }
            return Ok(());
        }
        if self.names.is_empty() {
            let message = "no header with the hours `HE 1` to `HE 24`";
            return Err(LineError::new(number, message));
        }
        if cells.len() != self.names.len() {
            let message = format!("{} fields, the header has {}", cells.len(), self.names.len());
            return Err(LineError::new(number, message));
        }
        let Some(date) = &self.date else {
            let error = LineError::new(number, "prices of a day without its date");
            let help = "the date stands in a line above the header, as in `07/14/2026`";
            return Err(error.help_from(Some(help.to_owned())));
        };
        for hour in 0..HOURS {
            let start = format!("{date}T{hour:02}:00");
            let row = [start.as_str()].into_iter().chain(cells[..ids].iter().copied());
            write(&mut self.text, separator, row.chain([cells[ids + hour]]));
            each(self.text.as_bytes())?;
        }
        Ok(())
    }
}

/// Whether `cells` end in the names of all hours of a day.
pub(super) fn is_header<T: AsRef<str>>(cells: &[T]) -> bool {
    let Some(first) = cells.len().checked_sub(HOURS) else { return false };
    (1..).zip(&cells[first..]).all(|(hour, cell)| {
        let name: String = cell.as_ref().split_whitespace().collect();
        name.eq_ignore_ascii_case(&format!("HE{hour}"))
    })
}

/// `07/14/2026` as `2026-07-14`.
fn date_of(cell: &str) -> Option<String> {
    let mut parts = cell.split('/').map(|part| part.parse::<u16>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let date = jiff::civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    parts.next().is_none().then(|| date.to_string())
}

/// Writes cells as a line, in quotes where they need them.
fn write<'c>(text: &mut String, separator: u8, cells: impl Iterator<Item = &'c str>) {
    text.clear();
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(char::from(separator));
        }
        if cell.contains([char::from(separator), '"', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
}
