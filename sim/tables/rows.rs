//! The rows of a table, one line at a time: which cells hold the time and the numbers, and which
//! rows count.

use super::cells::Record;
use super::error::LineError;
use super::stamp::{Moment, TimeColumns, TimeForm, days};
use crate::spec::closest;

/// A column of numbers that a reader wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// What turns its numbers into base units: `base = number * factor + offset`.
    pub factor: f64,
    /// See `factor`.
    pub offset: f64,
    /// The unit of its numbers.
    pub unit: String,
}

impl Column {
    /// The column `name`, whose numbers are in `unit`.
    pub fn new(name: &str, unit: &crate::units::Unit) -> Self {
        let (factor, offset) = (unit.factor, unit.offset);
        Self { name: name.to_owned(), factor, offset, unit: unit.name.to_owned() }
    }

    /// The column `name`, whose numbers stay as they are.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), factor: 1.0, offset: 0.0, unit: String::new() }
    }
}

/// What a reader wants of a table: the first of these columns that it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// In order of preference.
    pub any_of: Vec<Column>,
    /// Whether the table may lack all of them.
    pub optional: bool,
}

impl From<Column> for Wanted {
    fn from(column: Column) -> Self {
        Self { any_of: vec![column], optional: false }
    }
}

/// How the text of a table is laid out, and which of its rows count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLayout {
    /// Lines before the header.
    pub skip: u64,
    /// What separates the cells of a line.
    pub separator: u8,
    /// What separates the decimals of a number.
    pub decimal: u8,
    /// What may stand between the thousands of a number.
    pub thousands: Option<u8>,
    /// What stands in a cell whose value is missing; an empty cell always does.
    pub missing: Vec<String>,
    /// Columns whose text must be one of these for a row to count.
    pub filter: Vec<(String, Vec<String>)>,
    /// Columns of a filter that the table may lack.
    pub lenient_filter: bool,
    /// Where the time stands: the first of these whose columns the table has; without any, rows
    /// have no time.
    pub time: Vec<TimeColumns>,
    /// How it is written.
    pub form: TimeForm,
}

impl Default for TextLayout {
    fn default() -> Self {
        Self {
            skip: 0,
            separator: b',',
            decimal: b'.',
            thousands: None,
            missing: Vec::new(),
            filter: Vec::new(),
            lenient_filter: false,
            time: vec![TimeColumns::First],
            form: TimeForm::default(),
        }
    }
}

/// How many lines after one that is no header are looked at for it, to say where it stands.
const LOOKED_AT: u64 = 50;

/// Reads rows line by line.
#[derive(Debug, Clone)]
pub struct RowReader {
    layout: TextLayout,
    wanted: Vec<Wanted>,
    /// Columns of text that a reader wants beside its numbers.
    texts: Vec<String>,
    record: Record,
    /// Line on which the record began.
    begun: u64,
    header: Header,
    /// Time of the row that was read last.
    moment: Moment,
    /// Its numbers, in base units; NaN where one is missing.
    values: Vec<f64>,
}

#[derive(Debug, Clone)]
enum Header {
    Awaited,
    /// The first line was none: what is wrong with it, and how many lines were looked at since.
    Odd(LineError, u64),
    Known(Box<Known>),
}

#[derive(Debug, Clone, Default)]
struct Known {
    names: Vec<String>,
    time: Vec<usize>,
    /// Where the time stands in columns of its parts.
    parts: Option<[Option<usize>; 9]>,
    /// For each wanted column: where it stands, and which of the choices it is.
    wanted: Vec<Option<(usize, usize)>>,
    texts: Vec<usize>,
    filter: Vec<(usize, usize)>,
}

impl RowReader {
    /// A reader before the first line, of the numbers `wanted` and of `texts`.
    pub fn new(layout: TextLayout, wanted: Vec<Wanted>, texts: Vec<String>) -> Self {
        let values = vec![f64::NAN; wanted.len()];
        Self {
            layout,
            wanted,
            texts,
            record: Record::default(),
            begun: 0,
            header: Header::Awaited,
            moment: Moment::local(0, 0),
            values,
        }
    }

    /// Reads line `number`; whether it completes a row that counts.
    ///
    /// # Errors
    ///
    /// A line that is no row, with a way out where there is one.
    pub fn read(&mut self, number: u64, line: &[u8]) -> Result<bool, LineError> {
        if number <= self.layout.skip {
            return Ok(false);
        }
        let mut line = line;
        if number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if !self.record.is_open() {
            self.begun = number;
            if line.trim_ascii().is_empty() || line[0] == b'#' {
                return Ok(false);
            }
        }
        let begun = self.begun;
        let complete = self
            .record
            .cut(line, self.layout.separator)
            .map_err(|message| LineError::new(begun, message).help_from(text_help(line)))?;
        if !complete {
            return Ok(false);
        }
        match &mut self.header {
            Header::Known(_) => self.row(),
            Header::Awaited => {
                match self.find_columns() {
                    Ok(known) => self.header = Header::Known(Box::new(known)),
                    Err(error) => self.header = Header::Odd(error, 0),
                }
                Ok(false)
            }
            Header::Odd(error, looked_at) => {
                *looked_at += 1;
                let (error, looked_at) = (error.clone(), *looked_at);
                if self.find_columns().is_ok() {
                    let skip = begun - 1;
                    let help = format!("the header stands in line {begun}: write `skip: {skip}`");
                    return Err(error.help_from(Some(help)));
                }
                let names: Vec<String> = self.record.cells().map(str::to_owned).collect();
                if let Some(format) = super::format::recognise(&names) {
                    let help = format!("line {begun} has the columns of `format: {format}`");
                    return Err(error.help_from(Some(help)));
                }
                if looked_at == LOOKED_AT { Err(error) } else { Ok(false) }
            }
        }
    }

    /// What is wrong with a table that ends here.
    ///
    /// # Errors
    ///
    /// A table without a header, or with open quotes.
    pub fn finish(&self) -> Result<(), LineError> {
        match &self.header {
            Header::Odd(error, _) => return Err(error.clone()),
            Header::Awaited => return Err(LineError::new(0, "no header and no rows")),
            Header::Known(_) => {}
        }
        if self.record.is_open() {
            return Err(LineError::new(self.begun, "a quote that is never closed"));
        }
        Ok(())
    }

    /// The line of the row that was read last.
    pub fn line(&self) -> u64 {
        self.begun
    }

    /// The time of the row that was read last.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// Its numbers, NaN where one is missing.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Its text in the column of text `index`.
    pub fn text(&self, index: usize) -> &str {
        match &self.header {
            Header::Known(known) => self.record.cell(known.texts[index]),
            _ => "",
        }
    }

    /// Its cells with the names of their columns.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        let names: &[String] = match &self.header {
            Header::Known(known) => &known.names,
            _ => &[],
        };
        names.iter().map(String::as_str).zip(self.record.cells())
    }

    /// Which column each wanted one is; none where the table has none of them.
    pub fn columns(&self) -> Vec<Option<&Column>> {
        let Header::Known(known) = &self.header else { return vec![None; self.wanted.len()] };
        let choice = |(wanted, place): (&'_ Wanted, &Option<(usize, usize)>)| {
            place.map(|(_, choice)| choice).filter(|choice| *choice < wanted.any_of.len())
        };
        let choices: Vec<Option<usize>> =
            self.wanted.iter().zip(&known.wanted).map(choice).collect();
        self.wanted.iter().zip(choices).map(|(w, c)| c.map(|c| &w.any_of[c])).collect()
    }

    /// The column of the header that its time is read from; none before the header.
    pub fn time_column(&self) -> Option<&str> {
        match &self.header {
            Header::Known(known) => known.time.first().map(|at| known.names[*at].as_str()),
            _ => None,
        }
    }

    fn find_columns(&self) -> Result<Known, LineError> {
        let names: Vec<String> = self.record.cells().map(str::to_owned).collect();
        let find = |name: &String| {
            let mut places = (0..names.len()).filter(|&at| names[at] == *name);
            let place = places.next().ok_or_else(|| self.unknown(name, &names))?;
            if places.next().is_some() {
                let message = format!("two columns are called `{name}`");
                let help = "give each of them a name of its own in the header".to_owned();
                return Err(LineError::new(self.begun, message).help_from(Some(help)));
            }
            Ok(place)
        };
        let mut known = Known::default();
        let place = |columns: &TimeColumns, known: &mut Known| match columns {
            TimeColumns::First => {
                known.time = vec![0];
                Ok(())
            }
            TimeColumns::Joined(columns) => {
                known.time = columns.iter().map(find).collect::<Result<_, _>>()?;
                Ok(())
            }
            TimeColumns::Parts(parts) => {
                let mut places = [None; 9];
                for (index, name) in places.iter_mut().zip(parts.names()) {
                    *index = name.as_ref().map(find).transpose()?;
                }
                known.parts = Some(places);
                Ok(())
            }
        };
        let mut missing = None;
        for columns in &self.layout.time {
            match place(columns, &mut known) {
                Ok(()) => {
                    missing = None;
                    break;
                }
                Err(error) => missing = missing.or(Some(error)),
            }
        }
        if let Some(error) = missing {
            return Err(error);
        }
        for wanted in &self.wanted {
            let choices = wanted.any_of.iter().enumerate();
            let mut found = choices.filter_map(|(at, column)| Some((find(&column.name).ok()?, at)));
            let found = found.next();
            if found.is_none() && !wanted.optional {
                // What is wrong with the first: it is not there, or there twice.
                let first = wanted.any_of.first().map(|column| column.name.clone());
                return Err(find(&first.unwrap_or_default()).expect_err("it was not found"));
            }
            known.wanted.push(found);
        }
        known.texts = self.texts.iter().map(find).collect::<Result<_, _>>()?;
        for (at, (name, _)) in self.layout.filter.iter().enumerate() {
            match find(name) {
                Ok(index) => known.filter.push((index, at)),
                Err(_) if self.layout.lenient_filter => {}
                Err(error) => return Err(error),
            }
        }
        known.names = names;
        Ok(known)
    }

    fn unknown(&self, name: &str, names: &[String]) -> LineError {
        let known = names.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
        let error = LineError::new(self.begun, format!("no column `{name}`; columns: {known}"));
        let other = [';', '\t', ',', '|'].into_iter().find(|separator| {
            u32::from(*separator) != u32::from(self.layout.separator)
                && names.len() < 3
                && names.iter().any(|cell| cell.contains(*separator))
        });
        let help = match other {
            Some('\t') => {
                Some("its cells are separated by tabs: write `separator: tab`".to_owned())
            }
            Some(other) => {
                Some(format!("its cells are separated otherwise: write `separator: \"{other}\"`"))
            }
            None => super::format::recognise(names)
                .map(|format| format!("these are the columns of `format: {format}`"))
                .or_else(|| {
                    let close = closest(name, names.iter().map(String::as_str))?;
                    Some(format!("did you mean `{close}`?"))
                }),
        };
        error.help_from(help)
    }

    /// Reads the record as a row; whether it counts.
    fn row(&mut self) -> Result<bool, LineError> {
        let Header::Known(known) = &self.header else { unreachable!("rows follow the header") };
        let wrong = |error: LineError| error.at_line(self.begun);
        let (cells, columns) = (self.record.len(), known.names.len());
        let trailing = cells == columns + 1 && self.record.cell(columns).is_empty();
        if cells != columns && !trailing {
            let message = format!("{cells} fields, the header has {columns}");
            return Err(LineError::new(self.begun, message));
        }
        for &(index, at) in &known.filter {
            let cell = self.record.cell(index);
            if !self.layout.filter[at].1.iter().any(|text| text == cell) {
                return Ok(false);
            }
        }
        for (at, (wanted, place)) in self.wanted.iter().zip(&known.wanted).enumerate() {
            let Some((index, choice)) = *place else { continue };
            let column = &wanted.any_of[choice];
            let value = number(self.record.cell(index), &self.layout, &column.name);
            self.values[at] = value.map_err(wrong)? * column.factor + column.offset;
        }
        self.moment = match &known.parts {
            Some(parts) => moment_of(parts, &self.record, &self.layout.form),
            None if known.time.is_empty() => Ok(self.moment),
            None if known.time.len() == 1 => {
                self.layout.form.read(self.record.cell(known.time[0])).map_err(|error| {
                    if let Some(format) = super::format::recognise(&known.names) {
                        let help = format!("these are the columns of `format: {format}`");
                        return error.help_from(Some(help));
                    }
                    if error.help.as_ref().is_some_and(|help| !help.contains("other columns")) {
                        return error;
                    }
                    error.or_help(parts_of(&known.names))
                })
            }
            None => {
                let joined: Vec<&str> =
                    known.time.iter().map(|&index| self.record.cell(index)).collect();
                self.layout.form.read(&joined.join(" "))
            }
        }
        .map_err(wrong)?;
        Ok(true)
    }
}

/// The number in a cell; NaN where it is missing.
fn number(text: &str, layout: &TextLayout, column: &str) -> Result<f64, LineError> {
    if text.is_empty() || layout.missing.iter().any(|mark| mark == text) {
        return Ok(f64::NAN);
    }
    let parsed = if layout.decimal == b'.' && layout.thousands.is_none() {
        text.parse::<f64>()
    } else {
        let plain: String = text
            .chars()
            .filter(|c| layout.thousands.is_none_or(|mark| *c != char::from(mark)))
            .map(|c| if c == char::from(layout.decimal) { '.' } else { c })
            .collect();
        plain.parse::<f64>()
    };
    match parsed {
        Ok(value) if value.is_finite() => Ok(value),
        _ => {
            let message = format!("`{column}` needs a number, got `{text}`");
            Err(LineError::new(0, message).help_from(Some(number_help(text, layout))))
        }
    }
}

/// What a line that is no text may be.
fn text_help(line: &[u8]) -> Option<String> {
    let help = match line {
        [0x1f, 0x8b, ..] => "it is compressed by gzip: let its name end in `.gz`",
        [b'P', b'K', 3, 4, ..] => "it is an archive of zip: take the table out of it",
        _ if line.contains(&0) => "it may be in UTF-16, as spreadsheets write: save it in UTF-8",
        _ => "it may be in the code page of a country: save it in UTF-8",
    };
    std::str::from_utf8(line).is_err().then(|| help.to_owned())
}

fn number_help(text: &str, layout: &TextLayout) -> String {
    let bare = text.trim_start_matches(['$', '€', '£']).trim();
    if bare.len() < text.len() {
        return "numbers stand without a sign of currency: take it away".to_owned();
    }
    let after = text.rsplit(',').next().unwrap_or_default();
    let is_thousand = after.len() == 3 && after.bytes().all(|byte| byte.is_ascii_digit());
    let looks_numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-., '".contains(&b));
    if looks_numeric && text.bytes().any(|byte| byte.is_ascii_digit()) {
        if layout.decimal == b'.' && text.matches(',').count() == 1 && !text.contains('.') {
            let decimal = "where the comma stands before the decimals, write `decimal: \",\"`";
            if !is_thousand {
                return decimal.to_owned();
            }
            return format!(
                "where a mark stands between the thousands, write `thousands: \",\"`; {decimal}"
            );
        }
        return "where a mark stands between the thousands, write `thousands: \",\"`".to_owned();
    }
    format!("where that marks a missing value, write `missing: [\"{text}\"]`")
}

/// A whole number of a part of a time.
fn part(name: &str, text: &str, (low, high): (i64, i64)) -> Result<i64, LineError> {
    let digits = text.split_once('.').map_or(text, |(whole, part)| {
        if part.bytes().all(|byte| byte == b'0') { whole } else { text }
    });
    digits.parse().ok().filter(|value| (low..=high).contains(value)).ok_or_else(|| {
        LineError::new(0, format!("{name} needs a whole number from {low} to {high}, got `{text}`"))
    })
}

/// The time of a row whose parts stand in columns of their own.
fn moment_of(
    parts: &[Option<usize>; 9],
    record: &Record,
    form: &TimeForm,
) -> Result<Moment, LineError> {
    let [date, year, month, day, hour, hour_ending, minute, quarter, repeated] =
        parts.map(|index| index.map(|index| record.cell(index)));
    let mut moment = match (date, year) {
        (Some(date), _) => form.read(date)?,
        (None, year) => {
            let year = part("the year", year.unwrap_or_default(), (1, 9999))?;
            let month = part("the month", month.unwrap_or_default(), (1, 12))?;
            let day = part("the day", day.unwrap_or_default(), (1, 31))?;
            let days = days(year, month as u8, day as u8).ok_or_else(|| {
                LineError::new(0, format!("{year}-{month:02}-{day:02} is no date"))
            })?;
            Moment::local(days * 86_400, 0)
        }
    };
    if let Some(text) = hour.or(hour_ending) {
        // The second of two equal hours is marked `02X` or `2*` by some.
        let marked = text.trim_end_matches(['X', 'x', '*']);
        if marked.len() < text.len() {
            moment.repeated = Some(true);
        }
        let bare = marked.trim_start_matches(|c: char| !c.is_ascii_digit());
        // `13:30`, or `13 - 14` for an interval.
        let mut clock = bare.split([':', '-']).map(str::trim);
        let is_clock = bare.contains(':');
        let hours = clock.next().unwrap_or_default();
        if hour_ending.is_some() && hour.is_none() {
            moment = moment.plus((part("the hour", hours, (1, 25))? - 1) * 3600);
        } else {
            moment = moment.plus(part("the hour", hours, (0, 24))? * 3600);
        }
        if is_clock {
            let minutes = part("the minute", clock.next().unwrap_or("0"), (0, 59))?;
            moment = moment.plus(minutes * 60);
        }
    }
    if let Some(text) = minute {
        moment = moment.plus(part("the minute", text, (0, 60))? * 60);
    }
    if let Some(text) = quarter {
        moment = moment.plus((part("the quarter of the hour", text, (1, 4))? - 1) * 900);
    }
    if let Some(text) = repeated {
        moment.repeated = Some(matches!(text, "Y" | "y" | "true" | "True" | "TRUE" | "1"));
    }
    Ok(moment)
}

/// The parts of a time that `names` hold, where they look like some.
fn parts_of(names: &[String]) -> Option<String> {
    let find = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    let (year, month, day, hour) = (find("year")?, find("month")?, find("day")?, find("hour")?);
    let minute = find("minute").map_or_else(String::new, |name| format!(", minute: {name}"));
    Some(format!(
        "its time stands in several columns: write `time_parts: {{year: {year}, month: {month}, \
         day: {day}, hour: {hour}{minute}}}`"
    ))
}
