//! The fields of a section that say which table its values are in and how that is read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::error::LineError;
use super::format::{self, FormatTime, NamedFormat, Role};
use super::json;
use super::lay::Layout;
use super::read::{Recording, Survey, TableLayout, TableReader};
use super::rows::{Column, Wanted};
use super::run::Run;
use super::series::Series;
use super::stamp::{Stamp, TimeColumns, TimeForm, TimeParts};
use crate::kernel::Time;
use crate::spec::{Fault, Name, time_zone};
use crate::units::{Currency, Duration, Unit, find_unit};

/// Declares a spec whose values may come from a table: its own fields, and in place of
/// `..table { ... }` those that every table has. What the braces hold says which of its columns
/// the section reads: `column` and `unit` for one, a field of its own for several.
///
/// A user writes all of them side by side. Serde's `flatten` would do that as well, but it loses
/// the place of every value, and accepts unknown fields.
macro_rules! from_table {
    (
        $(#[$meta:meta])* $vis:vis struct $name:ident {
            $($(#[$before:meta])* pub $own:ident: $own_type:ty,)*
            ..table { $(#[$column:meta])* column, $(#[$unit:meta])* unit $(,)? }
            $($(#[$after:meta])* pub $more:ident: $more_type:ty,)*
        }
    ) => {
        $crate::tables::from_table! {
            @declare |spec| (spec.column.as_deref(), spec.unit.as_deref());
            $(#[$meta])* $vis struct $name {
                $($(#[$before])* pub $own: $own_type,)*
                ..table {
                    $(#[$column])* pub column: Option<String>,
                    $(#[$unit])* pub unit: Option<String>,
                }
                $($(#[$after])* pub $more: $more_type,)*
            }
        }
    };
    (
        @declare |$spec:ident| $one:expr;
        $(#[$meta:meta])* $vis:vis struct $name:ident {
            $($(#[$before:meta])* pub $own:ident: $own_type:ty,)*
            ..table { $($(#[$within:meta])* pub $column:ident: $column_type:ty,)* }
            $($(#[$after:meta])* pub $more:ident: $more_type:ty,)*
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$before])* pub $own: $own_type,)*
            /// A table (`.csv`, `.csv.gz`) with a header, one row for each step.
            pub csv: Option<$crate::spec::Name>,
            $($(#[$within])* pub $column: $column_type,)*
            /// Whose layout `csv` has, which says where its times and values stand, how they are
            /// written and on which clock: such as `ercot-rtm`, `caiso` or `nsrdb-psm`. A field
            /// that is written beside it wins. By default none: a header in the first line, cells
            /// between commas, times in ISO 8601.
            pub format: Option<$crate::spec::Name>,
            /// The column of times in `csv`, or several columns whose texts are joined by a blank;
            /// by default the first.
            pub time: Option<$crate::tables::Texts>,
            /// The columns of the parts of a time, in place of `time`.
            pub time_parts: Option<$crate::tables::TimePartsSpec>,
            /// How times are written: `iso` (the default), `unix`, `unix-ms`, or a pattern of
            /// `strptime` such as `%m/%d/%Y %H:%M`.
            pub time_format: Option<String>,
            /// The clock of times in `csv` that have no offset: a name of the tz database, or an
            /// offset such as `-05:00`. By default `UTC`.
            pub time_zone: Option<String>,
            /// Which instant of its interval the time of a row is. By default `start`.
            pub stamp: Option<$crate::tables::stamp::Stamp>,
            /// The rows of `csv` that count: for each of these columns the text, or the texts, that
            /// it has in them. By default all.
            #[serde(rename = "where")]
            pub rows: Option<std::collections::BTreeMap<String, $crate::tables::Texts>>,
            /// Lines of `csv` before its header. By default 0.
            pub skip: Option<u32>,
            /// What separates the cells of `csv`: a character, or `tab`. By default `,`.
            pub separator: Option<String>,
            /// What stands before the decimals of a number in `csv`. By default `.`.
            pub decimal: Option<String>,
            /// What stands between the thousands of a number in `csv`. By default nothing.
            pub thousands: Option<String>,
            /// What stands in the cells of `csv` whose value is missing, such as `M` or `-999`; an
            /// empty cell always is. A row without any value counts as lost.
            pub missing: Option<$crate::tables::Texts>,
            /// Whether the rows of `csv` stand in any order. By default they must rise in time.
            pub sort: Option<bool>,
            /// Whether the years of `csv` do not count: its months, which may come from several
            /// years, make one that holds for all. By default they count.
            pub typical_year: Option<bool>,
            /// How long a value of `csv` holds where the next is late; by default one and a half of
            /// the usual step, so that a lost row is refused as a gap.
            pub hold: Option<$crate::units::Duration>,
            /// The longest gap of `csv` over which a straight line is drawn. By default none is.
            pub interpolate: Option<$crate::units::Duration>,
            /// Whether `csv` repeats where the run lies outside it: by 52 weeks where it is that long,
            /// else by its whole weeks or days. By default such a run is refused.
            pub repeat: Option<bool>,
            $($(#[$after])* pub $more: $more_type,)*
        }

        impl $name {
            /// What it says of its table.
            fn table(&self) -> $crate::tables::TableFields<'_> {
                let $spec = self;
                $crate::tables::TableFields {
                    csv: self.csv.as_ref(),
                    one: $one,
                    format: self.format.as_ref(),
                    time: self.time.as_ref(),
                    time_parts: self.time_parts.as_ref(),
                    time_format: self.time_format.as_deref(),
                    time_zone: self.time_zone.as_deref(),
                    stamp: self.stamp,
                    rows: self.rows.as_ref(),
                    skip: self.skip,
                    separator: self.separator.as_deref(),
                    decimal: self.decimal.as_deref(),
                    thousands: self.thousands.as_deref(),
                    missing: self.missing.as_ref(),
                    sort: self.sort,
                    typical_year: self.typical_year,
                    hold: self.hold,
                    interpolate: self.interpolate,
                    repeat: self.repeat,
                }
            }
        }
    };
    ($($declaration:tt)*) => {
        $crate::tables::from_table! { @declare |_spec| (None, None); $($declaration)* }
    };
}
pub(crate) use from_table;

/// One text or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts(pub Vec<String>);

impl<'de> serde::Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The scenario's deserializer hands a lone scalar to a sequence as its one element.
        Vec::deserialize(deserializer).map(Texts)
    }
}

impl schemars::JsonSchema for Texts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "one text, or a list of texts",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        })
    }
}

/// The columns of the parts of a time: `date`, or `year`, `month` and `day`, and what there is of
/// the rest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimePartsSpec {
    /// The date, written as `time_format` says.
    pub date: Option<String>,
    /// The year.
    pub year: Option<String>,
    /// The month, 1 to 12.
    pub month: Option<String>,
    /// The day of the month.
    pub day: Option<String>,
    /// The hour of the day, `13` or `13:30`; 24 is the end of the day.
    pub hour: Option<String>,
    /// In place of `hour`: the hour from 1 to 24 that ends then.
    pub hour_ending: Option<String>,
    /// The minute of the hour.
    pub minute: Option<String>,
    /// The quarter of the hour, 1 to 4.
    pub quarter: Option<String>,
    /// Whether it is the second of the two equal hours at the end of summer time (`Y`, `true` or
    /// `1`).
    pub repeated: Option<String>,
}

impl TimePartsSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> TimeParts {
        let spec = self.clone();
        let has_date = spec.date.is_some();
        let whole = [&spec.year, &spec.month, &spec.day].into_iter().all(Option::is_some);
        let part = [&spec.year, &spec.month, &spec.day].into_iter().any(Option::is_some);
        if (has_date && part) || (!has_date && !whole) {
            let message = "needs the column of the `date`, or those of `year`, `month` and `day`";
            faults.push(Fault::error("time_parts", message));
        }
        if spec.hour.is_some() && spec.hour_ending.is_some() {
            let message = "needs `hour` or `hour_ending`, not both";
            faults.push(Fault::error("time_parts", message));
        }
        TimeParts {
            date: spec.date,
            year: spec.year,
            month: spec.month,
            day: spec.day,
            hour: spec.hour,
            hour_ending: spec.hour_ending,
            minute: spec.minute,
            quarter: spec.quarter,
            repeated: spec.repeated,
        }
    }
}

/// A column of a table and the unit of its numbers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Name in the header.
    pub column: String,
    /// Unit of its numbers, such as `degC`, `%`, `hPa` or `km/h`.
    pub unit: String,
}

/// What a section says of its table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TableFields<'a> {
    pub(crate) csv: Option<&'a Name>,
    /// `column` and `unit`, where the section reads one column.
    pub(crate) one: (Option<&'a str>, Option<&'a str>),
    pub(crate) format: Option<&'a Name>,
    pub(crate) time: Option<&'a Texts>,
    pub(crate) time_parts: Option<&'a TimePartsSpec>,
    pub(crate) time_format: Option<&'a str>,
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) rows: Option<&'a BTreeMap<String, Texts>>,
    pub(crate) skip: Option<u32>,
    pub(crate) separator: Option<&'a str>,
    pub(crate) decimal: Option<&'a str>,
    pub(crate) thousands: Option<&'a str>,
    pub(crate) missing: Option<&'a Texts>,
    pub(crate) sort: Option<bool>,
    pub(crate) typical_year: Option<bool>,
    pub(crate) hold: Option<Duration>,
    pub(crate) interpolate: Option<Duration>,
    pub(crate) repeat: Option<bool>,
}

/// The name of a field, and whether it was written.
type Written = (&'static str, fn(&TableFields<'_>) -> bool);

/// The fields that make sense beside `csv` alone.
const OF_TABLE: [Written; 19] = [
    ("column", |it| it.one.0.is_some()),
    ("unit", |it| it.one.1.is_some()),
    ("format", |it| it.format.is_some()),
    ("time", |it| it.time.is_some()),
    ("time_parts", |it| it.time_parts.is_some()),
    ("time_format", |it| it.time_format.is_some()),
    ("time_zone", |it| it.time_zone.is_some()),
    ("stamp", |it| it.stamp.is_some()),
    ("where", |it| it.rows.is_some()),
    ("skip", |it| it.skip.is_some()),
    ("separator", |it| it.separator.is_some()),
    ("decimal", |it| it.decimal.is_some()),
    ("thousands", |it| it.thousands.is_some()),
    ("missing", |it| it.missing.is_some()),
    ("sort", |it| it.sort.is_some()),
    ("typical_year", |it| it.typical_year.is_some()),
    ("hold", |it| it.hold.is_some()),
    ("interpolate", |it| it.interpolate.is_some()),
    ("repeat", |it| it.repeat.is_some()),
];

/// Their names.
pub(crate) const TABLE_FIELDS: [&str; OF_TABLE.len()] = {
    let mut names = [""; OF_TABLE.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = OF_TABLE[at].0;
        at += 1;
    }
    names
};

/// A table that was read: its rows, which of them the run sees from when on, and what there is
/// to say of it.
#[derive(Debug)]
pub(crate) struct TableRead {
    pub(crate) recording: Recording,
    pub(crate) rows: Vec<(Time, usize)>,
    pub(crate) survey: Survey,
}

impl TableFields<'_> {
    /// The fields that make sense beside `csv` alone, and whether they were written.
    pub(crate) fn written(&self) -> [(&'static str, bool); OF_TABLE.len()] {
        OF_TABLE.map(|(field, is_written)| (field, is_written(self)))
    }

    /// The layout that it names, or none after a report.
    pub(crate) fn named(&self, faults: &mut Vec<Fault>) -> Option<&'static NamedFormat> {
        let name = self.format?;
        let found = NamedFormat::named(&name.text);
        if found.is_none() {
            let names: Vec<&str> = format::ALL.iter().map(|format| format.name).collect();
            faults.push(crate::spec::unknown("format", name, &names));
        }
        found
    }

    /// How the text is read, or none after a report.
    pub(crate) fn layout(
        &self,
        named: Option<&'static NamedFormat>,
        faults: &mut Vec<Fault>,
    ) -> Option<TableLayout> {
        let before = faults.len();
        let mut layout = TableLayout::default();
        if let Some(named) = named {
            layout.text.skip = named.skip;
            layout.text.separator = named.separator;
            layout.text.decimal = named.decimal;
            layout.text.missing = named.missing.iter().map(|mark| (*mark).to_owned()).collect();
            let filter = named.filter.iter();
            layout.text.filter = filter
                .map(|(column, text)| ((*column).to_owned(), vec![(*text).to_owned()]))
                .collect();
            layout.text.lenient_filter = true;
            layout.text.time = named
                .time
                .iter()
                .map(|time| match time {
                    FormatTime::Column(name) => TimeColumns::Joined(vec![(*name).to_owned()]),
                    FormatTime::Parts(parts) => TimeColumns::Parts(parts.columns()),
                })
                .collect();
            if let Some(pattern) = named.time_format {
                layout.text.form = TimeForm::Pattern(pattern.to_owned());
            }
            layout.stamp = named.stamp;
            layout.sort = named.sort;
            layout.typical_year = named.typical_year;
            layout.head = named.head;
            layout.row = named.row;
            layout.zone_of_head = self.time_zone.is_none();
        }
        if let Some(rows) = self.rows {
            layout.text.filter =
                rows.iter().map(|(name, texts)| (name.clone(), texts.0.clone())).collect();
            layout.text.lenient_filter = false;
        }
        if self.time.is_some() && self.time_parts.is_some() {
            faults.push(Fault::error("time_parts", "needs `time` or `time_parts`, not both"));
        }
        if let Some(time) = self.time {
            if time.0.is_empty() {
                faults.push(Fault::error("time", "needs the name of a column"));
            }
            layout.text.time = vec![TimeColumns::Joined(time.0.clone())];
        }
        if let Some(parts) = self.time_parts {
            layout.text.time = vec![TimeColumns::Parts(parts.resolve(faults))];
        }
        if let Some(form) = self.time_format {
            match TimeForm::parse(form) {
                Ok(form) => layout.text.form = form,
                Err(message) => {
                    let help = "write `iso`, `unix`, `unix-ms`, or a pattern such as \
                                `%m/%d/%Y %H:%M`";
                    faults.push(Fault::error("time_format", message).help(help));
                }
            }
        }
        let zone = self.time_zone.or(named.map(|named| named.zone));
        layout.zone = time_zone("time_zone", zone, faults);
        let set = |field, text: Option<&str>, to: &mut u8, faults: &mut Vec<Fault>| {
            if let Some(text) = text {
                *to = mark(field, text, faults);
            }
        };
        set("separator", self.separator, &mut layout.text.separator, faults);
        set("decimal", self.decimal, &mut layout.text.decimal, faults);
        layout.text.thousands = self.thousands.map(|text| mark("thousands", text, faults));
        layout.text.skip = self.skip.map_or(layout.text.skip, u64::from);
        layout.text.missing.extend(self.missing.iter().flat_map(|marks| marks.0.iter().cloned()));
        layout.stamp = self.stamp.unwrap_or(layout.stamp);
        layout.sort = self.sort.unwrap_or(layout.sort);
        layout.typical_year = self.typical_year.unwrap_or(layout.typical_year);
        if layout.typical_year && self.repeat == Some(true) {
            let message = "a typical year holds for every year: it needs no `repeat`";
            faults.push(Fault::error("repeat", message));
        }
        (faults.len() == before).then_some(layout)
    }

    /// The `wanted` columns of the table, and the rows that the run sees.
    pub(crate) fn read(
        &self,
        wanted: Vec<Wanted>,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<TableRead> {
        let name = self.csv?;
        let before = faults.len();
        let named = self.named(faults);
        let layout = self.layout(named, faults);
        if faults.len() > before {
            return None;
        }
        let layout = layout?;
        let laying = Layout {
            hold_ns: self.hold.map(|hold| hold.0),
            repeat: self.repeat.unwrap_or(false),
            interpolate_ns: self.interpolate.map(|longest| longest.0),
        };
        let zone = layout.zone.clone();
        let is_typical = layout.typical_year;
        let keep = (!laying.repeat).then(|| kept(run, laying));
        let mut reader = Some(TableReader::new(layout, wanted, keep));
        let mut wrong = None;
        let is_json = [".json", ".json.gz"].iter().any(|ending| name.text.ends_with(ending));
        let mut whole = Vec::new();
        let handed = (run.read)(name, &mut |piece| {
            if is_json {
                whole.extend_from_slice(piece);
            } else if wrong.is_none()
                && let Some(reader) = &mut reader
            {
                wrong = reader.push(piece).err();
            }
        });
        if let Err(fault) = handed {
            faults.push(fault);
            return None;
        }
        if is_json {
            let text = json::open_meteo(&whole);
            wrong = text.and_then(|text| reader.as_mut().expect("unread").push(&text)).err();
        }
        let finished = match wrong {
            Some(error) => Err(error),
            None => reader.take().expect("read once").finish(),
        };
        let mut doubts = Vec::new();
        let laid = finished.and_then(|(mut recording, survey)| {
            run.found.push(format!("`{name}`: {}", Found(&survey)));
            doubts.extend(survey.marks().map(|(column, mark)| {
                let message = format!("`{name}`: `{column}` is {mark} where it is lowest");
                let help = format!("if that marks a missing value, write `missing: [\"{mark}\"]`");
                Fault::warning("csv", message).at(name.mark).help(help)
            }));
            if is_typical {
                let zone =
                    survey.origin.zone().filter(|_| self.time_zone.is_none()).unwrap_or(zone);
                recording = recording.typical_year(&zone, run.clock, run.horizon)?;
            }
            recording.fill(laying);
            let rows = recording.lay(run.clock, run.horizon, laying).map_err(|error| {
                let ends = ["ending", "Ending", "_end", "End", "END"];
                let is_end = self.stamp.is_none() && ends.iter().any(|e| survey.time.contains(e));
                let help = is_end.then(|| {
                    format!(
                        "the name of `{}` says that rows end then: write `stamp: end`",
                        survey.time
                    )
                });
                if error.line == 0 { error.or_help(help) } else { error }
            })?;
            Ok(TableRead { recording, rows, survey })
        });
        faults.extend(doubts);
        laid.map_err(|error| faults.push(bad_file("csv", name, &error))).ok()
    }

    /// The columns of `role` that it names or its layout knows, of money those in `currency`; none
    /// after a report.
    pub(crate) fn columns(
        &self,
        role: Role,
        units: &[Unit],
        written: (Option<&str>, Option<&str>),
        currency: Currency,
        faults: &mut Vec<Fault>,
    ) -> Option<Vec<Column>> {
        // A layout of no known name is reported where the table is read.
        let named = self.format.and_then(|name| NamedFormat::named(&name.text));
        let known: Vec<_> = named
            .map_or(&[][..], |named| named.columns)
            .iter()
            .filter(|(of, _, _)| *of == role)
            .collect();
        let (column, unit_name) = written;
        if let Some(column) = column {
            let of_layout = known.iter().find(|(_, name, _)| *name == column).or(known.first());
            let unit_name = unit_name.or(of_layout.map(|(_, _, unit)| *unit));
            let Some(unit_name) = unit_name else {
                let list = unit_list(units);
                faults.push(Fault::error("csv", "`csv` needs the `unit` of its column").help(list));
                return None;
            };
            return Some(vec![Column::new(column, unit("unit", unit_name, units, faults)?)]);
        }
        let columns = known.iter().filter_map(|(_, name, of_layout)| {
            if unit_name.is_none() && is_foreign(of_layout, currency) {
                return None;
            }
            Some(Column::new(name, find_unit(units, unit_name.unwrap_or(of_layout))?))
        });
        Some(columns.collect())
    }

    /// A report where all the money in files of its layout is of another currency than `currency`.
    pub(crate) fn foreign(&self, currency: Currency) -> Option<Fault> {
        let format = self.format?;
        let units = NamedFormat::named(&format.text)?.columns.iter().map(|(_, _, unit)| *unit);
        let of = units.clone().find_map(Currency::of_unit)?;
        if units.clone().any(|unit| Currency::of_unit(unit) == Some(currency)) {
            return None;
        }
        let message =
            format!("files of `{format}` hold money of {of}, that of this scenario is {currency}");
        let help = format!(
            "there are no exchange rates: write `currency: {of}` at the top, and all money in {of}"
        );
        Some(Fault::error("format", message).at(format.mark).help(help))
    }

    /// The one column that the section asks for, in base units and laid over the run.
    pub(crate) fn series(
        &self,
        units: &[Unit],
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Series<f64>> {
        let (column, unit_name) = self.one;
        let before = faults.len();
        if column.is_none() && self.format.is_none() {
            faults.push(Fault::error("csv", "`csv` needs `column`, the header of its values"));
            if unit_name.is_none() {
                let list = unit_list(units);
                faults.push(Fault::error("csv", "`csv` needs the `unit` of its column").help(list));
            }
        }
        if let Some(unit_name) = unit_name {
            unit("unit", unit_name, units, faults);
        }
        let named = self.named(faults);
        if faults.len() > before {
            return None;
        }
        if unit_name.is_none()
            && let Some(fault) = self.foreign(run.currency)
        {
            faults.push(fault);
            return None;
        }
        let columns = self.columns(Role::Value, units, self.one, run.currency, faults)?;
        if columns.is_empty() {
            let format = self.format?;
            let unit = named.and_then(|named| Some(named.columns.first()?.2)).unwrap_or_default();
            let message = format!("files of `{format}` hold values in {unit}");
            faults.push(Fault::error("format", message).at(format.mark).help(unit_list(units)));
            return None;
        }
        let wanted = Wanted { any_of: columns, optional: false };
        let TableRead { recording, rows, .. } = self.read(vec![wanted], run, faults)?;
        let values = &recording.columns[0];
        Some(Series::new(rows.into_iter().map(|(start, row)| (start, values[row]))))
    }
}

/// The instants between which rows matter for a run: values before it may hold into it, and lines
/// are drawn to values after it.
fn kept(run: &Run<'_>, layout: Layout) -> (jiff::Timestamp, jiff::Timestamp) {
    let reach = layout.hold_ns.unwrap_or(0).max(layout.interpolate_ns.unwrap_or(0));
    let reach = jiff::SignedDuration::from_nanos_i128(i128::from(reach) * 2)
        + jiff::SignedDuration::from_hours(48);
    let (from, until) = (run.clock.timestamp(Time::ZERO), run.clock.timestamp(run.horizon));
    (from.saturating_sub(reach).unwrap_or(from), until.saturating_add(reach).unwrap_or(until))
}

/// The one byte that `text` is, a comma after a report.
fn mark(field: &'static str, text: &str, faults: &mut Vec<Fault>) -> u8 {
    let text = if text == "tab" { "\t" } else { text };
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => *byte,
        _ => {
            let message = format!("needs one character that is no letter or digit, got `{text}`");
            faults.push(Fault::error(field, message));
            b','
        }
    }
}

/// What was found in a table, in a line.
struct Found<'a>(&'a Survey);

impl std::fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let survey = self.0;
        write!(f, "{} {}", survey.rows, if survey.rows == 1 { "row" } else { "rows" })?;
        if let Some((first, last)) = survey.span {
            write!(f, ", {first} to {last}")?;
        }
        let span = |ns: i64| Duration(u64::try_from(ns).unwrap_or(0));
        if let Some(step) = survey.step_ns() {
            write!(f, ", every {}", span(step))?;
            match survey.gaps() {
                (0, _) => f.write_str(", no gap")?,
                (1, longest) => write!(f, ", 1 gap of {}", span(longest))?,
                (count, longest) => write!(f, ", {count} gaps of up to {}", span(longest))?,
            }
        }
        if survey.empty.0 > 0 {
            let (count, line) = survey.empty;
            write!(f, ", {count} without a value (first: line {line})")?;
        }
        for (column, (low, high, missing)) in survey.names.iter().zip(&survey.columns) {
            let Some(column) = column else { continue };
            let shown = |base: f64| {
                let value = (base - column.offset) / column.factor;
                (value * 1e6).round() / 1e6
            };
            write!(f, "; `{}` {} to {}", column.name, shown(*low), shown(*high))?;
            if !column.unit.is_empty() && column.unit != "1" {
                write!(f, " {}", column.unit)?;
            }
            if *missing > 0 {
                write!(f, " ({missing} missing)")?;
            }
        }
        Ok(())
    }
}

/// The bytes of a file, or a report that it cannot be read.
pub(crate) fn fetch(run: &mut Run<'_>, name: &Name, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
    run.read(name).map_err(|fault| faults.push(fault)).ok()
}

/// A file whose content cannot be used.
pub(crate) fn bad_file(field: &'static str, name: &Name, error: &LineError) -> Fault {
    let fault = Fault::error(field, format!("`{name}`: {error}")).at(name.mark);
    match &error.help {
        Some(help) => fault.help(help.clone()),
        None => fault,
    }
}

/// The unit `name` of `units`, or a report that it is none of them.
pub(crate) fn unit<'u>(
    field: &'static str,
    name: &str,
    units: &'u [Unit],
    faults: &mut Vec<Fault>,
) -> Option<&'u Unit> {
    let found = find_unit(units, name);
    if found.is_none() {
        let message = format!("unknown unit `{name}`");
        faults.push(Fault::error(field, message).help(unit_list(units)));
    }
    found
}

/// Whether `unit` is of money of another currency than `currency`.
fn is_foreign(unit: &str, currency: Currency) -> bool {
    Currency::of_unit(unit).is_some_and(|of| of != currency)
}

fn unit_list(units: &[Unit]) -> String {
    format!("units: {}", units.iter().map(|u| u.name).collect::<Vec<_>>().join(", "))
}
