//! What a scenario says of the site's place and the world outside the fence.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::price::{HubDesign, PriceDesign, ercot};
use super::resolve::{
    Role, TableFields, bad_file, fetch, odd, one_column, one_source, only_with, unknown, zone,
};
use super::series::Series;
use super::table::{Column, LineError};
use super::weather::epw::EpwHumidity;
use super::weather::{
    ClimateDesign, HeatWave, Humidity, WarmedDesign, WeatherDesign, WeatherRow, epw, normals,
};
use crate::fluids::standard_pressure_pa;
use crate::kernel::{Clock, Time};
use crate::spec::{Fault, Name};
use crate::units::{Angle, CarbonIntensity, Duration, EnergyPrice, Length, TemperatureDelta};

/// Hands over the file that a name stands for, decompressed, piece by piece.
pub type ReadFile<'a> = dyn FnMut(&Name, &mut dyn FnMut(&[u8])) -> Result<(), Fault> + 'a;

/// The run that recordings are laid over, and how files are read.
pub struct Run<'a> {
    /// When it starts.
    pub clock: &'a Clock,
    /// When it ends.
    pub horizon: Time,
    /// How a file is read; the scenario room does it.
    pub read: &'a mut ReadFile<'a>,
}

impl Run<'_> {
    /// The bytes of the file that `name` stands for, decompressed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&mut self, name: &Name) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        (self.read)(name, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("horizon", &self.horizon).finish_non_exhaustive()
    }
}

/// Where the site is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteSpec {
    /// Degrees north. Documents the site; no model reads it yet.
    pub latitude: Option<Angle>,
    /// Degrees east. Sets the solar time of a climate; by default that of its weather station.
    pub longitude: Option<Angle>,
    /// Height above the sea, which sets the air pressure where the weather has none of its
    /// own. By default that of a climate's weather station; a table without pressure needs it.
    pub altitude: Option<Length>,
    /// Name in the tz database, such as `America/Chicago`: the clock on the site's wall. By
    /// default `UTC`.
    pub time_zone: Option<String>,
}

/// Where the site is, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude_deg: Option<f64>,
    /// Degrees east.
    pub longitude_deg: Option<f64>,
    /// Metres above the sea.
    pub altitude_m: Option<f64>,
    /// The clock on the wall.
    pub zone: TimeZone,
}

impl SiteSpec {
    /// Checks the place; what is wrong is reported and left at its default.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> Place {
        let mut within = |field, value: Option<f64>, low: f64, high: f64, unit| {
            if value.is_some_and(|value| !(low..=high).contains(&value)) {
                let message = format!("`{field}` is outside {low} to {high} {unit}");
                faults.push(Fault::error(field, message));
                return None;
            }
            value
        };
        let latitude_deg = within("latitude", self.latitude.map(|a| a.0), -90.0, 90.0, "deg");
        let longitude_deg = within("longitude", self.longitude.map(|a| a.0), -180.0, 180.0, "deg");
        let altitude_m = within("altitude", self.altitude.map(|a| a.0), -500.0, 6000.0, "m");
        let zone = zone("time_zone", self.time_zone.as_deref(), faults);
        Place { latitude_deg, longitude_deg, altitude_m, zone }
    }
}

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
    /// A table (`.csv`, `.csv.gz`) with a header, one row for each step.
    pub csv: Option<Name>,
    /// The columns of `csv`: `dry_bulb`, one of `dew_point` and `relative_humidity`, and if
    /// there are any `pressure` and `wind`.
    pub columns: Option<WeatherColumns>,
    /// The column of timestamps in `csv`; by default the first.
    pub time: Option<String>,
    /// The clock of timestamps in `csv` that have no offset. By default `UTC`.
    pub time_zone: Option<String>,
    /// How long a row of `csv` holds where the next is late; by default one and a half of the
    /// usual step, so that a lost row is refused as a gap.
    pub hold: Option<Duration>,
    /// Whether `csv` repeats where the run lies outside it: by 52 weeks where it is that long,
    /// else by its whole weeks or days. By default such a run is refused.
    pub repeat: Option<bool>,
    /// Times at which it is warmer than all of this says, to ask what would come of it. They do
    /// not overlap. Default: none.
    pub heat_waves: Option<Vec<HeatWaveSpec>>,
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

/// The price of energy: exactly one of `model`, `fixed` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSpec {
    /// A fitted market: `ercot-hub` (real-time prices of the ERCOT hub average, every 15 min).
    pub model: Option<Name>,
    /// With `model`: scales all prices so that their long-run mean is this. By default the mean
    /// of the market it was fitted to.
    pub mean: Option<EnergyPrice>,
    /// With `model`: how many times as much of the time is scarcity (prices above 86 $/MWh
    /// before scaling). By default 1.
    pub spikes: Option<f64>,
    /// One price for the whole run.
    pub fixed: Option<EnergyPrice>,
    /// A table (`.csv`, `.csv.gz`) with a header, one row for each step.
    pub csv: Option<Name>,
    /// The column of prices in `csv`.
    pub column: Option<String>,
    /// The unit of the column: `$/MWh`, `$/kWh` or `c/kWh`.
    pub unit: Option<String>,
    /// The column of timestamps in `csv`; by default the first.
    pub time: Option<String>,
    /// The clock of timestamps in `csv` that have no offset. By default `UTC`.
    pub time_zone: Option<String>,
    /// How long a row of `csv` holds where the next is late; by default one and a half of the
    /// usual step, so that a lost row is refused as a gap.
    pub hold: Option<Duration>,
    /// Whether `csv` repeats where the run lies outside it: by 52 weeks where it is that long,
    /// else by its whole weeks or days. By default such a run is refused.
    pub repeat: Option<bool>,
}

/// The carbon intensity of the grid: exactly one of `fixed` and `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarbonSpec {
    /// One intensity for the whole run.
    pub fixed: Option<CarbonIntensity>,
    /// A table (`.csv`, `.csv.gz`) with a header, one row for each step.
    pub csv: Option<Name>,
    /// The column of intensities in `csv`.
    pub column: Option<String>,
    /// The unit of the column: `g/kWh` or `kg/MWh`.
    pub unit: Option<String>,
    /// The column of timestamps in `csv`; by default the first.
    pub time: Option<String>,
    /// The clock of timestamps in `csv` that have no offset. By default `UTC`.
    pub time_zone: Option<String>,
    /// How long a row of `csv` holds where the next is late; by default one and a half of the
    /// usual step, so that a lost row is refused as a gap.
    pub hold: Option<Duration>,
    /// Whether `csv` repeats where the run lies outside it: by 52 weeks where it is that long,
    /// else by its whole weeks or days. By default such a run is refused.
    pub repeat: Option<bool>,
}

impl WeatherSpec {
    /// The files it reads.
    pub fn files(&self) -> Vec<&Name> {
        [&self.epw, &self.csv].into_iter().flatten().collect()
    }

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
                let known = normals::ALL.iter().map(|n| n.name);
                faults.push(unknown("climate", name, known));
                return None;
            };
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
        let (recording, steps) = self.table().read(name, &wanted, run, faults)?;
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

    fn table(&self) -> TableFields<'_> {
        TableFields {
            time: self.time.as_deref(),
            time_zone: self.time_zone.as_deref(),
            hold: self.hold,
            repeat: self.repeat,
        }
    }
}

impl PriceSpec {
    /// The files it reads.
    pub fn files(&self) -> Vec<&Name> {
        [&self.csv].into_iter().flatten().collect()
    }

    /// The prices of `run`, or `None` after reporting why there are none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<PriceDesign> {
        let sources = [
            ("model", self.model.is_some()),
            ("fixed", self.fixed.is_some()),
            ("csv", self.csv.is_some()),
        ];
        one_source(&sources, faults)?;
        let only_model = [("mean", self.mean.is_some()), ("spikes", self.spikes.is_some())];
        only_with("model", self.model.is_some(), &only_model, faults);
        let only_csv = [("column", self.column.is_some()), ("unit", self.unit.is_some())];
        only_with("csv", self.csv.is_some(), &only_csv, faults);
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        if let Some(name) = &self.model {
            let Some(law) = ercot::ALL.iter().copied().find(|law| law.name == name.text) else {
                faults.push(unknown("model", name, ercot::ALL.iter().map(|law| law.name)));
                return None;
            };
            let spikes = self.spikes.unwrap_or(1.0);
            if !(0.01..=10.0).contains(&spikes) {
                faults.push(Fault::error("spikes", "`spikes` is outside 0.01 to 10"));
                return None;
            }
            if self.mean.is_some_and(|mean| mean.0 <= 0.0) {
                faults.push(Fault::error("mean", "the mean price is above zero"));
                return None;
            }
            let mean = self.mean.map(|mean| mean.0);
            return Some(PriceDesign::Hub(HubDesign::new(law, mean, spikes, run.clock)));
        }
        if let Some(fixed) = self.fixed {
            return Some(PriceDesign::Recorded(Arc::new(Series::constant(fixed.0))));
        }
        let column = (self.column.as_deref(), self.unit.as_deref());
        let name = self.csv.as_ref()?;
        one_column(name, column, EnergyPrice::UNITS, &self.table(), run, faults)
            .map(|series| PriceDesign::Recorded(Arc::new(series)))
    }

    fn table(&self) -> TableFields<'_> {
        TableFields {
            time: self.time.as_deref(),
            time_zone: self.time_zone.as_deref(),
            hold: self.hold,
            repeat: self.repeat,
        }
    }
}

impl CarbonSpec {
    /// The files it reads.
    pub fn files(&self) -> Vec<&Name> {
        [&self.csv].into_iter().flatten().collect()
    }

    /// The carbon intensity of `run`, g/kWh, or `None` after reporting why there is none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Arc<Series<f64>>> {
        let sources = [("fixed", self.fixed.is_some()), ("csv", self.csv.is_some())];
        one_source(&sources, faults)?;
        let only_csv = [("column", self.column.is_some()), ("unit", self.unit.is_some())];
        only_with("csv", self.csv.is_some(), &only_csv, faults);
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        if let Some(fixed) = self.fixed {
            if fixed.0 < 0.0 {
                faults.push(Fault::error("fixed", "a carbon intensity is not negative"));
                return None;
            }
            return Some(Arc::new(Series::constant(fixed.0)));
        }
        let column = (self.column.as_deref(), self.unit.as_deref());
        let name = self.csv.as_ref()?;
        one_column(name, column, CarbonIntensity::UNITS, &self.table(), run, faults).map(Arc::new)
    }

    fn table(&self) -> TableFields<'_> {
        TableFields {
            time: self.time.as_deref(),
            time_zone: self.time_zone.as_deref(),
            hold: self.hold,
            repeat: self.repeat,
        }
    }
}
