//! The weather as a user writes it.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::doubtful::{self, Seen};
use super::epw::{self, EpwHumidity};
use super::{ClimateDesign, HeatWave, Humidity, WarmedDesign, WeatherDesign, WeatherRow, normals};
use crate::fluids::{Irradiance, standard_pressure_pa};
use crate::grid::place::Place;
use crate::kernel::Clock;
use crate::spec::{Fault, Name, one_source, only_with, unknown};
use crate::tables::format::Role;
use crate::tables::{
    Column, ColumnSpec, LineError, Run, Series, TableRead, Wanted, bad_file, fetch, from_table,
    unit,
};
use crate::units::{
    Currency, Duration, Fraction, Pressure, Speed, Temperature, TemperatureDelta, Unit,
};

from_table! {
/// The weather: exactly one of `climate`, `epw` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherSpec {
    /// A built-in climate, drawn hour by hour from its normals: `west-texas`, `dallas`,
    /// `phoenix`, `northern-virginia`, `miami`, `denver` or `nordic`.
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
    /// there are any `pressure` and `wind`. What its `format` knows need not be written.
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
    /// Irradiation of level ground in all, in `W/m2`: with `direct` and `diffuse`, for arrays.
    pub global: Option<ColumnSpec>,
    /// Irradiation from the sun, of a plane that faces it, in `W/m2`.
    pub direct: Option<ColumnSpec>,
    /// Irradiation from the sky, of level ground, in `W/m2`.
    pub diffuse: Option<ColumnSpec>,
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
                    doubtful::of_place(name, "epw", place, &epw.location.origin(), faults);
                    run.found.push(format!("`{name}`: {}", epw.found()));
                    let rows = epw
                        .lay(run.clock, run.horizon)
                        .map_err(|error| faults.push(bad_file("epw", name, &error)))
                        .ok()?;
                    Some(WeatherDesign::Recorded(Arc::new(Series::new(rows))))
                }
                Err(error) => {
                    faults.push(bad_file("epw", name, &error));
                    None
                }
            };
        }
        self.recorded(place, run, faults)
    }

    /// The weather of its table.
    fn recorded(
        &self,
        place: &Place,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<WeatherDesign> {
        let name = self.csv.as_ref()?;
        if self.columns.is_none() && self.format.is_none() {
            faults.push(Fault::error("csv", "`csv` needs `columns`, what its columns hold"));
            return None;
        }
        let before = faults.len();
        let written = self.columns.clone().unwrap_or_default();
        written.check(self.format.is_none(), faults);
        self.table().named(faults);
        let wanted = self.wanted(&written, faults);
        if faults.len() > before {
            return None;
        }
        let known = |role: usize| !wanted[role].any_of.is_empty();
        if place.altitude_m.is_none() && !known(PRESSURE) {
            let message = "a table without `pressure` needs the site's `altitude`";
            let help = "write for example `site: {altitude: 545 m}`";
            faults.push(Fault::error("columns", message).help(help));
            return None;
        }
        let TableRead { recording, rows: steps, survey } =
            self.table().read(wanted, run, faults)?;
        let value = |role: usize, row: usize| recording.columns[role].get(row).copied();
        let altitude_m = place.altitude_m.or(survey.origin.altitude_m);
        let pressure_pa = altitude_m.map(standard_pressure_pa);
        let unit_of_humidity = survey.names[HUMIDITY].as_ref().map_or("", |c| c.unit.as_str());
        let is_relative = Fraction::UNITS.iter().any(|unit| unit.name == unit_of_humidity);
        let Some(pressure) = value(PRESSURE, 0).or(pressure_pa) else {
            let message = "a table without `pressure` needs the site's `altitude`";
            faults.push(Fault::error("columns", message));
            return None;
        };
        let mut seen = Seen::default();
        let mut series = Vec::with_capacity(steps.len());
        for (start, row) in steps {
            let dry_bulb_c = value(DRY_BULB, row).expect("a column that is needed");
            let humidity = value(HUMIDITY, row).expect("a column that is needed");
            let humidity = if is_relative {
                Humidity::Relative(seen.saturated(humidity))
            } else {
                Humidity::DewPoint(humidity.min(dry_bulb_c))
            };
            let weather = WeatherRow {
                dry_bulb_c,
                humidity,
                pressure_pa: value(PRESSURE, row).unwrap_or(pressure),
                wind_m_s: value(WIND, row).unwrap_or(0.0),
                light: match LIGHT.map(|role| value(role, row)) {
                    [Some(global), Some(direct), Some(diffuse)] => {
                        Some(Irradiance { global, direct, diffuse })
                    }
                    _ => None,
                },
            };
            if let Some(message) = odd(&weather) {
                let help = "a mark of missing values is named by `missing`";
                let error = LineError::new(recording.lines[row], message);
                faults.push(bad_file("csv", name, &error.help_from(Some(help.to_owned()))));
                return None;
            }
            seen.add(&weather);
            series.push((start, weather));
        }
        let has_pressure = value(PRESSURE, 0).is_some();
        let at_m = altitude_m.filter(|_| has_pressure);
        doubtful::of_rows(name, &seen, (unit_of_humidity == "%", at_m), faults);
        let origin = &survey.origin;
        doubtful::of_place(name, "csv", place, origin, faults);
        Some(WeatherDesign::Recorded(Arc::new(Series::new(series))))
    }

    /// The columns of each role, by what is written and what the layout knows.
    fn wanted(&self, written: &WeatherColumns, faults: &mut Vec<Fault>) -> Vec<Wanted> {
        let table = self.table();
        let mut of = |role, column: Option<&ColumnSpec>, units: &[Unit]| match column {
            Some(ColumnSpec { column, unit: name }) => unit("columns", name, units, faults)
                .map_or_else(Vec::new, |unit| vec![Column::new(column, unit)]),
            None => {
                let none = Currency::default();
                table.columns(role, units, (None, None), none, faults).unwrap_or_default()
            }
        };
        let dry_bulb = of(Role::DryBulb, written.dry_bulb.as_ref(), Temperature::UNITS);
        // Of two humidities that a layout knows the relative one counts.
        let mut humidity = Vec::new();
        if written.dew_point.is_none() {
            let column = written.relative_humidity.as_ref();
            humidity.extend(of(Role::RelativeHumidity, column, Fraction::UNITS));
        }
        if written.relative_humidity.is_none() {
            humidity.extend(of(Role::DewPoint, written.dew_point.as_ref(), Temperature::UNITS));
        }
        let pressure = of(Role::Pressure, written.pressure.as_ref(), Pressure::UNITS);
        let wind = of(Role::Wind, written.wind.as_ref(), Speed::UNITS);
        let global = of(Role::GlobalLight, written.global.as_ref(), LIGHT_UNITS);
        let direct = of(Role::DirectLight, written.direct.as_ref(), LIGHT_UNITS);
        let diffuse = of(Role::DiffuseLight, written.diffuse.as_ref(), LIGHT_UNITS);
        let wanted = |any_of, optional| Wanted { any_of, optional };
        vec![
            wanted(dry_bulb, false),
            wanted(humidity, false),
            wanted(pressure, written.pressure.is_none()),
            wanted(wind, written.wind.is_none()),
            wanted(global, written.global.is_none()),
            wanted(direct, written.direct.is_none()),
            wanted(diffuse, written.diffuse.is_none()),
        ]
    }
}

/// Where the columns of a role stand among those that are read.
const DRY_BULB: usize = 0;
const HUMIDITY: usize = 1;
const PRESSURE: usize = 2;
const WIND: usize = 3;
const LIGHT: [usize; 3] = [4, 5, 6];

const LIGHT_UNITS: &[Unit] = &[Unit { name: "W/m2", factor: 1.0, offset: 0.0 }];

impl WeatherColumns {
    /// Checks that what must be written is, where no layout `is_alone` in saying it.
    fn check(&self, is_alone: bool, faults: &mut Vec<Fault>) {
        if is_alone && self.dry_bulb.is_none() {
            faults.push(Fault::error("columns", "`columns` needs `dry_bulb`"));
        }
        let humidities =
            usize::from(self.dew_point.is_some()) + usize::from(self.relative_humidity.is_some());
        let lights = [&self.global, &self.direct, &self.diffuse];
        let written = lights.iter().filter(|column| column.is_some()).count();
        if is_alone && written % 3 != 0 {
            let message = "`global`, `direct` and `diffuse` irradiation belong together";
            faults.push(Fault::error("columns", message).help("write all three, or none"));
        }
        if humidities > 1 || (is_alone && humidities == 0) {
            let message = "`columns` needs one of `dew_point` and `relative_humidity`";
            faults.push(Fault::error("columns", message));
        }
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
    let told = |said: String| match row.dry_bulb_c {
        200.0..340.0 => said + ": kelvins have the unit `K`",
        60.0..135.0 => said + ": degrees Fahrenheit have the unit `degF`",
        _ => said,
    };
    outside("a dry bulb", row.dry_bulb_c, -90.0, 60.0, "degC")
        .map(told)
        .or(humidity)
        .or_else(|| outside("a pressure", row.pressure_pa, 31_000.0, 120_000.0, "Pa"))
        .or_else(|| outside("a wind speed", row.wind_m_s, 0.0, 120.0, "m/s"))
        .or_else(|| {
            let light = row.light?;
            let mut all = [light.global, light.direct, light.diffuse].into_iter();
            all.find_map(|w_m2| outside("an irradiation", w_m2, -20.0, 2000.0, "W/m2"))
        })
}
