//! The weather as a user writes it.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::epw::{self, EpwHumidity};
use super::{ClimateDesign, HeatWave, Humidity, WarmedDesign, WeatherDesign, WeatherRow, normals};
use crate::fluids::standard_pressure_pa;
use crate::grid::place::Place;
use crate::kernel::Clock;
use crate::spec::{Fault, Name, one_source, only_with, unknown};
use crate::tables::{Column, LineError, Run, Series, bad_file, fetch, from_table, unit};
use crate::units::{Duration, Pressure, Speed, Temperature, TemperatureDelta, Unit};

from_table! {
/// The weather: exactly one of `climate`, `epw` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherSpec {
    /// A built-in climate, drawn hour by hour from its normals: `west-texas`, `phoenix`,
    /// `northern-virginia` or `nordic`.
    pub climate: Option<Name>,
    /// An EnergyPlus weather file (`.epw`, `.epw.gz`), used by month, day and hour whatever its
    /// year.
    pub epw: Option<Name>,
    /// With `epw`: which humidity of its rows is read, `relative-humidity` (in whole per cents,
    /// as EnergyPlus does) or `dew-point` (to a tenth of a degree, finer in dry air). Default:
    /// `relative-humidity`.
    pub epw_humidity: Option<EpwHumidity>,
    ..table {
    /// The columns of `csv`: `dry_bulb`, one of `dew_point` and `relative_humidity`, and if
    /// there are any `pressure` and `wind`.
    pub columns: Option<WeatherColumns>,
    }
    /// Times at which it is warmer than all of this says, to ask what would come of it. They do
    /// not overlap. Default: none.
    pub heat_waves: Option<Vec<HeatWaveSpec>>,
}
}

/// A time at which the weather is warmer than it would have been.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatWaveSpec {
    /// When it begins, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
    /// How much higher the dry bulb is; negative for a cold spell.
    pub warmer: TemperatureDelta,
    /// How much higher the dew point is (default 0 K: the air gets warmer and holds no more
    /// water).
    pub dew_point: Option<TemperatureDelta>,
}

/// The columns of a table of weather.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherColumns {
    /// Dry-bulb temperature.
    pub dry_bulb: Option<ColumnSpec>,
    /// Dew-point temperature.
    pub dew_point: Option<ColumnSpec>,
    /// Relative humidity, in `%` or as a fraction with the unit `1`.
    pub relative_humidity: Option<ColumnSpec>,
    /// Pressure at the site; by default that of the standard atmosphere at the site's
    /// altitude.
    pub pressure: Option<ColumnSpec>,
    /// Wind speed; by default calm.
    pub wind: Option<ColumnSpec>,
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

impl WeatherSpec {
    /// The weather of `run` at `place`, or `None` after reporting why there is none.
    pub fn resolve(
        &self,
        place: &Place,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<WeatherDesign> {
        let waves = self.waves(run.clock, faults);
        let weather = self.source(place, run, faults)?;
        if waves.is_empty() {
            return Some(weather);
        }
        Some(WeatherDesign::Warmed(Box::new(WarmedDesign { weather, waves: waves.into() })))
    }

    /// Its heat waves, in order.
    fn waves(&self, clock: &Clock, faults: &mut Vec<Fault>) -> Vec<HeatWave> {
        let mut waves = Vec::new();
        for spec in self.heat_waves.iter().flatten() {
            let (warmer_k, dew_point_k) = (spec.warmer.0, spec.dew_point.map_or(0.0, |k| k.0));
            if ![warmer_k, dew_point_k].iter().all(|k| (-20.0..=20.0).contains(k)) {
                let message = "a heat wave shifts the weather by 20 K at most";
                faults.push(Fault::error("heat_waves", message));
                continue;
            }
            let times = clock.times(spec.start, spec.duration.into());
            waves.extend(times.map(|(from, until)| HeatWave {
                from,
                until,
                warmer_k,
                dew_point_k,
            }));
        }
        waves.sort_by_key(|wave| wave.from);
        if waves.windows(2).any(|pair| pair[1].from < pair[0].until) {
            faults.push(Fault::error("heat_waves", "two heat waves overlap"));
        }
        waves
    }

    /// The weather without its heat waves.
    fn source(
        &self,
        place: &Place,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<WeatherDesign> {
        let sources = [
            ("climate", self.climate.is_some()),
            ("epw", self.epw.is_some()),
            ("csv", self.csv.is_some()),
        ];
        one_source(&sources, faults)?;
        let only_epw = [("epw_humidity", self.epw_humidity.is_some())];
        only_with("epw", self.epw.is_some(), &only_epw, faults);
        let only_csv = [("columns", self.columns.is_some())];
        only_with("csv", self.csv.is_some(), &only_csv, faults);
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        if let Some(name) = &self.climate {
            let Some(normals) = normals::ALL.iter().find(|n| n.name == name.text) else {
                faults.push(unknown("climate", name, &normals::ALL.map(|n| n.name)));
                return None;
            };
            faults.extend(place.far_from("climate", name, normals.latitude_deg));
            let design = ClimateDesign::new(normals, place, run.clock);
            return Some(WeatherDesign::Climate(Box::new(design)));
        }
        if let Some(name) = &self.epw {
            let bytes = fetch(run, name, faults)?;
            return match epw::read(&bytes, self.epw_humidity.unwrap_or_default()) {
                Ok(epw) => {
                    if epw.filled > 0 {
                        let message = format!("`{name}`: {} rows had missing values", epw.filled);
                        let help = "they were filled from the row before";
                        faults.push(Fault::warning("epw", message).at(name.mark).help(help));
                    }
                    faults.extend(place.far_from("epw", name, epw.location.latitude_deg));
                    let rows = epw.lay(run.clock, run.horizon);
                    Some(WeatherDesign::Recorded(Arc::new(Series::new(rows))))
                }
                Err(error) => {
                    faults.push(bad_file("epw", name, &error));
                    None
                }
            };
        }
        let name = self.csv.as_ref()?;
        let Some(columns) = &self.columns else {
            faults.push(Fault::error("csv", "`csv` needs `columns`, what its columns hold"));
            return None;
        };
        let columns = columns.resolve(faults)?;
        if place.altitude_m.is_none() && !columns.iter().any(|(role, ..)| *role == Role::Pressure) {
            let message = "a table without `pressure` needs the site's `altitude`";
            let help = "write for example `site: {altitude: 545 m}`";
            faults.push(Fault::error("columns", message).help(help));
            return None;
        }
        let wanted: Vec<Column<'_>> =
            columns.iter().map(|(_, spec, unit)| Column::new(&spec.column, unit)).collect();
        let (recording, steps) = self.table().read(&wanted, run, faults)?;
        let value = |role: Role, row: usize| {
            let index = columns.iter().position(|(known, ..)| *known == role)?;
            Some(recording.columns[index][row])
        };
        let pressure_pa = place.altitude_m.map(standard_pressure_pa);
        let rows: Vec<WeatherRow> = (0..recording.starts.len())
            .map(|row| {
                let dry_bulb_c = value(Role::DryBulb, row).expect("resolved as present");
                WeatherRow {
                    dry_bulb_c,
                    humidity: value(Role::RelativeHumidity, row).map_or_else(
                        || {
                            let dew_point = value(Role::DewPoint, row).expect("one of two");
                            Humidity::DewPoint(dew_point.min(dry_bulb_c))
                        },
                        Humidity::Relative,
                    ),
                    pressure_pa: value(Role::Pressure, row)
                        .or(pressure_pa)
                        .expect("a column or an altitude"),
                    wind_m_s: value(Role::Wind, row).unwrap_or(0.0),
                }
            })
            .collect();
        if let Some((row, message)) = rows.iter().enumerate().find_map(|(i, r)| Some((i, odd(r)?)))
        {
            let error = LineError::new(recording.lines[row], message);
            faults.push(bad_file("csv", name, &error));
            return None;
        }
        let series = Series::new(steps.into_iter().map(|(start, row)| (start, rows[row])));
        Some(WeatherDesign::Recorded(Arc::new(series)))
    }
}

/// What a column of a table of weather holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
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
    fn resolve(&self, faults: &mut Vec<Fault>) -> Option<Vec<(Role, &ColumnSpec, &'static Unit)>> {
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
fn odd(row: &WeatherRow) -> Option<String> {
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
