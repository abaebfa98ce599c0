//! The fields of a section that say which table its values are in and how that is read.

use super::csv::{Column, LineError, Recording, read_csv};
use super::lay::Layout;
use super::run::Run;
use super::series::Series;
use crate::kernel::Time;
use crate::spec::{Fault, Name, time_zone};
use crate::units::{Duration, Unit};

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
            /// The column of timestamps in `csv`; by default the first.
            pub time: Option<String>,
            /// The clock of timestamps in `csv` that have no offset. By default `UTC`.
            pub time_zone: Option<String>,
            /// How long a row of `csv` holds where the next is late; by default one and a half of the
            /// usual step, so that a lost row is refused as a gap.
            pub hold: Option<$crate::units::Duration>,
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
                    time: self.time.as_deref(),
                    time_zone: self.time_zone.as_deref(),
                    hold: self.hold,
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

/// What a section says of its table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableFields<'a> {
    pub(crate) csv: Option<&'a Name>,
    /// `column` and `unit`, where the section reads one column.
    pub(crate) one: (Option<&'a str>, Option<&'a str>),
    pub(crate) time: Option<&'a str>,
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) hold: Option<Duration>,
    pub(crate) repeat: Option<bool>,
}

impl TableFields<'_> {
    /// The fields that make sense beside `csv` alone, and whether they were written.
    pub(crate) fn written(&self) -> [(&'static str, bool); 6] {
        [
            ("column", self.one.0.is_some()),
            ("unit", self.one.1.is_some()),
            ("time", self.time.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("hold", self.hold.is_some()),
            ("repeat", self.repeat.is_some()),
        ]
    }

    /// The `wanted` columns of the table, and the rows that the run sees: (start, row).
    pub(crate) fn read(
        &self,
        wanted: &[Column<'_>],
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<(Recording, Vec<(Time, usize)>)> {
        let name = self.csv?;
        let before = faults.len();
        let zone = time_zone("time_zone", self.time_zone, faults);
        if faults.len() > before {
            return None;
        }
        let bytes = fetch(run, name, faults)?;
        let layout =
            Layout { hold_ns: self.hold.map(|hold| hold.0), repeat: self.repeat.unwrap_or(false) };
        let laid = read_csv(&bytes, self.time, wanted, &zone).and_then(|recording| {
            let rows = recording.lay(run.clock, run.horizon, layout)?;
            Ok((recording, rows))
        });
        laid.map_err(|error| faults.push(bad_file("csv", name, &error))).ok()
    }

    /// The one column that the section asks for, in base units and laid over the run.
    pub(crate) fn series(
        &self,
        units: &[Unit],
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Series<f64>> {
        let (column, unit_name) = self.one;
        if column.is_none() {
            faults.push(Fault::error("csv", "`csv` needs `column`, the header of its values"));
        }
        let unit = match unit_name {
            Some(unit_name) => unit("unit", unit_name, units, faults),
            None => {
                let list = unit_list(units);
                faults.push(Fault::error("csv", "`csv` needs the `unit` of its column").help(list));
                None
            }
        };
        let column = Column::new(column?, unit?);
        let (recording, rows) = self.read(&[column], run, faults)?;
        let values = &recording.columns[0];
        Some(Series::new(rows.into_iter().map(|(start, row)| (start, values[row]))))
    }
}

/// The bytes of a file, or a report that it cannot be read.
pub(crate) fn fetch(run: &mut Run<'_>, name: &Name, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
    run.read(name).map_err(|fault| faults.push(fault)).ok()
}

/// A file whose content cannot be used.
pub(crate) fn bad_file(field: &'static str, name: &Name, error: &LineError) -> Fault {
    Fault::error(field, format!("`{name}`: {error}")).at(name.mark)
}

/// The unit `name` of `units`, or a report that it is none of them.
pub(crate) fn unit<'u>(
    field: &'static str,
    name: &str,
    units: &'u [Unit],
    faults: &mut Vec<Fault>,
) -> Option<&'u Unit> {
    let found = units.iter().find(|unit| unit.name == name);
    if found.is_none() {
        let message = format!("unknown unit `{name}`");
        faults.push(Fault::error(field, message).help(unit_list(units)));
    }
    found
}

fn unit_list(units: &[Unit]) -> String {
    format!("units: {}", units.iter().map(|u| u.name).collect::<Vec<_>>().join(", "))
}
