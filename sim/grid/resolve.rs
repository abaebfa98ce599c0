//! Steps that the specs of this room share on their way to designs.

use jiff::tz::TimeZone;

use super::series::Series;
use super::spec::{ColumnSpec, Run, WeatherColumns};
use super::table::{self, Column, Layout, LineError, Recording};
use super::weather::{Humidity, WeatherRow};
use crate::kernel::Time;
use crate::spec::{Fault, Name};
use crate::units::{Duration, Pressure, Speed, Temperature, Unit};

/// Whether exactly one of `sources` was written; reports it otherwise.
pub(crate) fn one_source(sources: &[(&'static str, bool)], faults: &mut Vec<Fault>) -> Option<()> {
    let list = sources.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut written = sources.iter().filter(|(_, is)| *is);
    match (written.next(), written.next()) {
        (Some(_), None) => Some(()),
        (None, _) => {
            faults.push(Fault::error("", format!("needs one of {list}")));
            None
        }
        (Some((first, _)), Some((second, _))) => {
            let message = format!("`{first}` and `{second}` exclude each other");
            faults.push(Fault::error(*second, message).help(format!("keep one of {list}")));
            None
        }
    }
}

/// Reports each of `fields` that was written although its source `owner` was not.
pub(crate) fn only_with(
    owner: &str,
    is_owner: bool,
    fields: &[(&'static str, bool)],
    faults: &mut Vec<Fault>,
) {
    for (field, _) in fields.iter().filter(|(_, written)| *written && !is_owner) {
        faults.push(Fault::error(*field, format!("`{field}` goes with `{owner}`")));
    }
}

/// A name that is not one of the built-in ones.
pub(super) fn unknown(
    field: &'static str,
    name: &Name,
    known: impl Iterator<Item = &'static str>,
) -> Fault {
    let known: Vec<&str> = known.collect();
    let near = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, &name.text));
    let help = match near {
        Some(near) if strsim::damerau_levenshtein(near, &name.text) <= 3 => {
            format!("did you mean `{near}`?")
        }
        _ => format!("known: {}", known.join(", ")),
    };
    Fault::error(field, format!("unknown {field} `{name}`")).at(name.mark).help(help)
}

/// The bytes of a file, or a report that it cannot be read.
pub(super) fn fetch(run: &mut Run<'_>, name: &Name, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
    run.read(name).map_err(|fault| faults.push(fault)).ok()
}

/// A file whose content cannot be used.
pub(super) fn bad_file(field: &'static str, name: &Name, error: &LineError) -> Fault {
    Fault::error(field, format!("`{name}`: {error}")).at(name.mark)
}

/// The time zone `name`, UTC by default or after a report.
pub(super) fn zone(field: &'static str, name: Option<&str>, faults: &mut Vec<Fault>) -> TimeZone {
    let Some(name) = name else { return TimeZone::UTC };
    TimeZone::get(name).unwrap_or_else(|_| {
        let message = format!("unknown time zone `{name}`");
        faults.push(Fault::error(field, message).help("write for example `America/Chicago`"));
        TimeZone::UTC
    })
}

/// The fields of a section that say how its table is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableFields<'a> {
    pub(crate) time: Option<&'a str>,
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) hold: Option<Duration>,
    pub(crate) repeat: Option<bool>,
}

impl TableFields<'_> {
    /// Which of them were written.
    pub(crate) fn written(&self) -> [(&'static str, bool); 4] {
        [
            ("time", self.time.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("hold", self.hold.is_some()),
            ("repeat", self.repeat.is_some()),
        ]
    }

    /// The wanted columns of the file `name`, and the rows that the run sees.
    pub(super) fn read(
        &self,
        name: &Name,
        wanted: &[Column<'_>],
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<(Recording, Vec<(Time, usize)>)> {
        let before = faults.len();
        let zone = zone("time_zone", self.time_zone, faults);
        if faults.len() > before {
            return None;
        }
        let bytes = fetch(run, name, faults)?;
        let layout =
            Layout { hold_ns: self.hold.map(|hold| hold.0), repeat: self.repeat.unwrap_or(false) };
        let laid = table::read_csv(&bytes, self.time, wanted, &zone).and_then(|recording| {
            let rows = recording.lay(run.clock, run.horizon, layout)?;
            Ok((recording, rows))
        });
        laid.map_err(|error| faults.push(bad_file("csv", name, &error))).ok()
    }
}

/// The one column of a table that a section asks for, laid over the run.
pub(crate) fn one_column(
    name: &Name,
    (column, unit_name): (Option<&str>, Option<&str>),
    units: &[Unit],
    table: &TableFields<'_>,
    run: &mut Run<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Series<f64>> {
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
    let (recording, rows) = table.read(name, &[column], run, faults)?;
    let values = &recording.columns[0];
    Some(Series::new(rows.into_iter().map(|(start, row)| (start, values[row]))))
}

fn unit<'u>(
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

/// What a column of a table of weather holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    DryBulb,
    DewPoint,
    RelativeHumidity,
    Pressure,
    Wind,
}

const HUMIDITY_UNITS: &[Unit] =
    &[Unit { name: "%", factor: 0.01, offset: 0.0 }, Unit { name: "1", factor: 1.0, offset: 0.0 }];

impl WeatherColumns {
    /// The columns that were written with their roles and units, or `None` after reporting
    /// what is missing.
    pub(super) fn resolve(
        &self,
        faults: &mut Vec<Fault>,
    ) -> Option<Vec<(Role, &ColumnSpec, &'static Unit)>> {
        let before = faults.len();
        if self.dry_bulb.is_none() {
            faults.push(Fault::error("columns", "`columns` needs `dry_bulb`"));
        }
        if self.dew_point.is_some() == self.relative_humidity.is_some() {
            let message = "`columns` needs one of `dew_point` and `relative_humidity`";
            faults.push(Fault::error("columns", message));
        }
        let written = [
            (Role::DryBulb, &self.dry_bulb, Temperature::UNITS),
            (Role::DewPoint, &self.dew_point, Temperature::UNITS),
            (Role::RelativeHumidity, &self.relative_humidity, HUMIDITY_UNITS),
            (Role::Pressure, &self.pressure, Pressure::UNITS),
            (Role::Wind, &self.wind, Speed::UNITS),
        ];
        let mut columns = Vec::new();
        for (role, column, units) in written {
            let Some(column) = column else { continue };
            if let Some(unit) = unit("columns", &column.unit, units, faults) {
                columns.push((role, column, unit));
            }
        }
        (faults.len() == before).then_some(columns)
    }
}

/// Why a row of weather cannot be, on this planet.
pub(super) fn odd(row: &WeatherRow) -> Option<String> {
    let outside = |name: &str, value: f64, low: f64, high: f64, unit: &str| {
        (!(low..=high).contains(&value))
            .then(|| format!("{name} of {value} {unit} is outside {low} to {high} {unit}"))
    };
    let humidity = match row.humidity {
        Humidity::DewPoint(dew_point) => outside("a dew point", dew_point, -90.0, 40.0, "degC"),
        Humidity::Relative(part) => outside("a relative humidity", part, 0.0, 1.0, "(fraction)"),
    };
    outside("a dry bulb", row.dry_bulb_c, -90.0, 60.0, "degC")
        .or(humidity)
        .or_else(|| outside("a pressure", row.pressure_pa, 31_000.0, 120_000.0, "Pa"))
        .or_else(|| outside("a wind speed", row.wind_m_s, 0.0, 120.0, "m/s"))
}
