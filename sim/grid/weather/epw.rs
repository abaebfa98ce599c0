//! EnergyPlus weather files (EPW): 8 header lines, then a row of up to 35 columns for each interval.
//!
//! The format is that of the EnergyPlus Auxiliary Programs manual. A typical year has no year
//! of its own (each month comes from another one), so a run takes the interval of the same month,
//! day and hour; the year in the file is not looked at. Hour 1 is the first of the day and its
//! row holds from 00:00 to 01:00 of the file's own standard time, without summer time. As in
//! EnergyPlus a file may hold a part of the year, several periods, and up to 60 intervals an hour,
//! and what follows the wind in a row may be left out.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::row::{Humidity, WeatherRow};
use crate::fluids::{Irradiance, standard_pressure_pa};
use crate::kernel::{Clock, Time};
use crate::tables::LineError;
use crate::tables::format::Origin;

/// The place of an EPW file, from its first line.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// City or station.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Country code.
    pub country: String,
    /// Kind of data, such as `TMY3`.
    pub source: String,
    /// World Meteorological Organization number of the station.
    pub wmo: String,
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
    /// Standard time ahead of UTC, hours.
    pub utc_offset_h: f64,
    /// Metres above the sea.
    pub altitude_m: f64,
}

/// An EPW file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Epw {
    /// Where it was measured.
    pub location: Location,
    /// Whether it holds 29 February.
    pub leap: bool,
    /// Rows an hour.
    pub per_hour: usize,
    /// Rows of a leap year from 1 January 00:00, standard time; none where the file has none.
    pub slots: Vec<Option<WeatherRow>>,
    /// How many rows it has.
    pub rows: usize,
    /// How many rows had a missing value that was filled.
    pub filled: usize,
}

/// Which of the two humidities of a row is read, where it has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EpwHumidity {
    /// The relative humidity, in whole per cents, as EnergyPlus does.
    #[default]
    RelativeHumidity,
    /// The dew point, to a tenth of a degree: finer in dry air.
    DewPoint,
}

const HEADERS: [&str; 8] = [
    "LOCATION",
    "DESIGN CONDITIONS",
    "TYPICAL/EXTREME PERIODS",
    "GROUND TEMPERATURES",
    "HOLIDAYS/DAYLIGHT SAVINGS",
    "COMMENTS 1",
    "COMMENTS 2",
    "DATA PERIODS",
];

/// Columns of a row that has all of them, and of one that ends with the wind speed, the last
/// that is read.
const COLUMNS: usize = 35;
const FEWEST_COLUMNS: usize = 22;

/// A column of an EPW row: its place, name, code for "missing" and the range that the format
/// allows.
struct Field {
    index: usize,
    name: &'static str,
    missing: f64,
    range: (f64, f64),
}

const DRY_BULB: Field = Field { index: 6, name: "dry bulb", missing: 99.9, range: (-70.0, 70.0) };
const DEW_POINT: Field = Field { index: 7, name: "dew point", missing: 99.9, range: (-70.0, 70.0) };
const HUMIDITY: Field =
    Field { index: 8, name: "relative humidity", missing: 999.0, range: (0.0, 110.0) };
const PRESSURE: Field =
    Field { index: 9, name: "pressure", missing: 999_999.0, range: (31_000.0, 120_000.0) };
/// On level ground, from the sun, from the sky.
const LIGHT: [Field; 3] = [
    Field { index: 13, name: "global radiation", missing: 9999.0, range: (0.0, 2000.0) },
    Field { index: 14, name: "direct radiation", missing: 9999.0, range: (0.0, 2000.0) },
    Field { index: 15, name: "diffuse radiation", missing: 9999.0, range: (0.0, 2000.0) },
];
const WIND: Field = Field { index: 21, name: "wind speed", missing: 999.0, range: (0.0, 40.0) };

impl Field {
    /// The value in `cells`, or `None` where it is coded as missing.
    fn read(&self, cells: &[&str]) -> Result<Option<f64>, String> {
        let text = cells[self.index].trim();
        let value: f64 =
            text.parse().map_err(|_| format!("{} needs a number, got `{text}`", self.name))?;
        if value >= self.missing {
            return Ok(None);
        }
        if !(self.range.0..=self.range.1).contains(&value) {
            return Err(format!(
                "{} of {value} is outside {} to {}",
                self.name, self.range.0, self.range.1
            ));
        }
        Ok(Some(value))
    }
}

/// Reads an EPW file.
///
/// Missing values are filled as EnergyPlus does, with the last value that was there; a missing
/// humidity is left to the other one of the row, and a missing pressure before the
/// first is that of the standard atmosphere at the file's altitude.
///
/// # Errors
///
/// The first line that is not as the format says.
pub fn read(bytes: &[u8], wanted: EpwHumidity) -> Result<Epw, LineError> {
    // Comments may hold Latin-1 place names; only the ASCII parts matter here.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().zip(1u64..).map(|(line, number)| (number, line));
    let mut headers = Vec::with_capacity(HEADERS.len());
    for (name, expected) in HEADERS.iter().zip(1..) {
        let (number, line) = lines.next().unwrap_or((expected, ""));
        let key = line.trim_start_matches('\u{feff}').split(',').next().unwrap_or_default();
        if !key.trim().eq_ignore_ascii_case(name) {
            return Err(LineError::new(number, format!("an EPW file has `{name}` here")));
        }
        headers.push(line);
    }
    let location = read_location(headers[0]).map_err(|message| LineError::new(1, message))?;
    let per_hour = headers[7].split(',').nth(2).unwrap_or_default().trim();
    let per_hour = match per_hour.parse::<usize>() {
        Ok(count) if (1..=60).contains(&count) && 60 % count == 0 => count,
        _ => {
            let message = format!(
                "1 to 60 records an hour of equal length are read, this file has `{per_hour}`"
            );
            return Err(LineError::new(8, message));
        }
    };

    let slots = vec![None; 366 * 24 * per_hour];
    let mut epw = Epw { location, leap: false, per_hour, slots, rows: 0, filled: 0 };
    let mut before = None;
    for (number, line) in lines {
        if line.trim().is_empty() {
            continue;
        }
        let (slot, row) = read_row(line, wanted, before, &mut epw)
            .map_err(|message| LineError::new(number, message))?;
        before = Some((slot, row));
        epw.slots[slot] = Some(row);
        epw.rows += 1;
    }
    if epw.rows == 0 {
        return Err(LineError::new(0, "no rows"));
    }
    Ok(epw)
}

fn read_location(line: &str) -> Result<Location, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.len() < 10 {
        return Err(format!("`LOCATION` has {} fields, needs 10", cells.len()));
    }
    let number =
        |index: usize, name: &str, range: std::ops::RangeInclusive<f64>| {
            cells[index].parse().ok().filter(|value| range.contains(value)).ok_or_else(|| {
                format!("{name} needs a number in {range:?}, got `{}`", cells[index])
            })
        };
    Ok(Location {
        city: cells[1].to_owned(),
        state: cells[2].to_owned(),
        country: cells[3].to_owned(),
        source: cells[4].to_owned(),
        wmo: cells[5].to_owned(),
        latitude_deg: number(6, "latitude", -90.0..=90.0)?,
        longitude_deg: number(7, "longitude", -180.0..=180.0)?,
        utc_offset_h: number(8, "time zone", -12.0..=14.0)?,
        altitude_m: number(9, "elevation", -1000.0..=9999.9)?,
    })
}

/// Reads the row after `before` of `epw`, and where in the year it stands.
fn read_row(
    line: &str,
    wanted: EpwHumidity,
    before: Option<(usize, WeatherRow)>,
    epw: &mut Epw,
) -> Result<(usize, WeatherRow), String> {
    let cells: Vec<&str> = line.split(',').collect();
    if cells.len() < FEWEST_COLUMNS {
        return Err(format!(
            "{} columns, an EPW row has {COLUMNS}, and at least {FEWEST_COLUMNS}",
            cells.len()
        ));
    }
    let whole = |index: usize, name: &str| {
        let text = cells[index].trim();
        text.parse::<usize>().map_err(|_| format!("{name} needs a whole number, got `{text}`"))
    };
    let (month, day, hour) = (whole(1, "month")?, whole(2, "day")?, whole(3, "hour")?);
    let hour_of_year =
        hour_of_year(month, day).filter(|_| (1..=24).contains(&hour)).map(|start| start + hour - 1);
    let Some(hour_of_year) = hour_of_year else {
        return Err(format!("month {month}, day {day}, hour {hour}: hours count from 1 to 24"));
    };
    let follows =
        || format!("month {month}, day {day}, hour {hour} does not follow the row before");
    // Intervals of an hour are told apart by their order: minutes are written in several ways.
    let slot = match before {
        Some((last, _)) if last / epw.per_hour == hour_of_year => last + 1,
        _ => hour_of_year * epw.per_hour,
    };
    if slot / epw.per_hour != hour_of_year {
        return Err(follows());
    }
    if epw.slots[slot].is_some() {
        return Err(format!("month {month}, day {day}, hour {hour} stands there twice"));
    }
    if let Some((last, _)) = before {
        let skips_leap_day =
            last + 1 == LEAP_DAY * 24 * epw.per_hour && slot == (LEAP_DAY + 1) * 24 * epw.per_hour;
        let wraps = last + 1 == epw.slots.len() && slot == 0;
        // A period of the file may begin with any day, not within one.
        let begins = (last + 1) % (24 * epw.per_hour) == 0 && slot % (24 * epw.per_hour) == 0;
        if !(slot == last + 1 || skips_leap_day || wraps || begins) {
            return Err(follows());
        }
    }
    epw.leap |= (month, day) == (2, 29);

    let last = before.map(|(_, row)| row);
    let dry_bulb = DRY_BULB.read(&cells)?;
    let dew_point = DEW_POINT.read(&cells)?;
    let relative = HUMIDITY.read(&cells)?;
    let pressure = PRESSURE.read(&cells)?;
    let wind = WIND.read(&cells)?;
    let [global, direct, diffuse] = [&LIGHT[0], &LIGHT[1], &LIGHT[2]].map(|it| it.read(&cells));
    let light = match (global?, direct?, diffuse?) {
        (Some(global), Some(direct), Some(diffuse)) => Some(Irradiance { global, direct, diffuse }),
        _ => last.and_then(|row| row.light),
    };
    let humid = match wanted {
        EpwHumidity::RelativeHumidity => relative,
        EpwHumidity::DewPoint => dew_point,
    };
    if dry_bulb.is_none() || humid.is_none() || pressure.is_none() || wind.is_none() {
        epw.filled += 1;
    }
    let nothing_before = |name| format!("{name} is missing and no row before has it");
    let dry_bulb_c =
        dry_bulb.or(last.map(|row| row.dry_bulb_c)).ok_or_else(|| nothing_before(DRY_BULB.name))?;
    // Stations round the two temperatures apart: air is at most saturated.
    let of_dew_point = |dew_point: f64| Humidity::DewPoint(dew_point.min(dry_bulb_c));
    let of_percent = |percent: f64| Humidity::Relative((percent / 100.0).min(1.0));
    let humidity = match (wanted, relative, dew_point) {
        (EpwHumidity::RelativeHumidity, Some(percent), _)
        | (EpwHumidity::DewPoint, Some(percent), None) => of_percent(percent),
        (EpwHumidity::DewPoint, _, Some(dew_point))
        | (EpwHumidity::RelativeHumidity, None, Some(dew_point)) => of_dew_point(dew_point),
        (_, None, None) => match last.map(|row| row.humidity) {
            Some(Humidity::DewPoint(before)) => Humidity::DewPoint(before.min(dry_bulb_c)),
            Some(relative) => relative,
            None => return Err(nothing_before(HUMIDITY.name)),
        },
    };
    let sea_level = || standard_pressure_pa(epw.location.altitude_m);
    let row = WeatherRow {
        dry_bulb_c,
        humidity,
        pressure_pa: pressure.or(last.map(|row| row.pressure_pa)).unwrap_or_else(sea_level),
        wind_m_s: wind.or(last.map(|row| row.wind_m_s)).unwrap_or(0.0),
        light,
    };
    Ok((slot, row))
}

/// Days of a leap year before 29 February.
const LEAP_DAY: usize = 59;

/// Hours of a leap year before `month`-`day`, or `None` where the year has no such day.
fn hour_of_year(month: usize, day: usize) -> Option<usize> {
    let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=12).contains(&month) || !(1..=lengths[month - 1]).contains(&day) {
        return None;
    }
    Some((lengths[..month - 1].iter().sum::<usize>() + day - 1) * 24)
}

impl Location {
    /// Where its file was recorded.
    pub fn origin(&self) -> Origin {
        Origin {
            latitude_deg: Some(self.latitude_deg),
            longitude_deg: Some(self.longitude_deg),
            altitude_m: Some(self.altitude_m),
            offset_h: Some(self.utc_offset_h),
        }
    }
}

impl Epw {
    /// The weather of `month`, `day` (from 1) and interval of the day (from 0) in the file's
    /// standard time; none where the file has none. A file without 29 February gives its 28th
    /// instead.
    ///
    /// # Panics
    ///
    /// When the calendar has no such day or interval.
    pub fn at(&self, month: usize, day: usize, interval: usize) -> Option<&WeatherRow> {
        assert!(interval < 24 * self.per_hour, "a day has 24 hours");
        let day = if (month, day) == (2, 29) && !self.leap { 28 } else { day };
        let start = hour_of_year(month, day).expect("a date of the calendar");
        self.slots[start * self.per_hour + interval].as_ref()
    }

    /// What was found in it, in a line.
    pub fn found(&self) -> String {
        let Location { city, source, latitude_deg, longitude_deg, altitude_m, .. } = &self.location;
        let days = self.slots.chunks(24 * self.per_hour).filter(|day| day[0].is_some()).count();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in self.slots.iter().flatten() {
            (low, high) = (low.min(row.dry_bulb_c), high.max(row.dry_bulb_c));
        }
        format!(
            "{} rows of {city} ({source}, {latitude_deg} deg north, {longitude_deg} deg east, \
             {altitude_m} m), {days} days of a typical year, {} an hour, {} filled; dry bulb {low} to \
             {high} degC",
            self.rows, self.per_hour, self.filled
        )
    }

    /// The rows that a run until `horizon` sees, each from its start.
    ///
    /// # Errors
    ///
    /// A time of the run of which the file has nothing.
    pub fn lay(&self, clock: &Clock, horizon: Time) -> Result<Vec<(Time, WeatherRow)>, LineError> {
        const HOUR_NS: i128 = 3_600_000_000_000;
        let step_ns = HOUR_NS / self.per_hour as i128;
        let offset_ns = (self.location.utc_offset_h * 3600.0).round() as i128 * 1_000_000_000;
        let run_start = clock.timestamp(Time::ZERO).as_nanosecond();
        let run_end = run_start + i128::from(horizon.as_nanos()).max(1);
        let mut at = (run_start + offset_ns).div_euclid(step_ns) * step_ns - offset_ns;
        let mut rows = Vec::new();
        while at < run_end {
            // Local standard time, read as if it were UTC.
            let local = Timestamp::from_nanosecond(at + offset_ns)
                .expect("a run ends before the year 9999")
                .to_zoned(jiff::tz::TimeZone::UTC);
            let (month, day, hour) =
                (local.month() as usize, local.day() as usize, local.hour() as usize);
            let of_hour = local.minute() as usize * self.per_hour / 60;
            let Some(row) = self.at(month, day, hour * self.per_hour + of_hour) else {
                let local = local.strftime("%d %B, %H:%M");
                let message =
                    format!("has no row for {local} of its standard time, the run needs one");
                return Err(LineError::new(0, message));
            };
            let start = u64::try_from(at - run_start).unwrap_or(0);
            rows.push((Time::from_nanos(start), *row));
            at += step_ns;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;
    use jiff::tz::TimeZone;

    const HEADER: &str = "LOCATION,Somewhere,TX,USA,TMY3,722650,31.95,-102.20,-6.0,872.0\n\
        DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\n\
        HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,none\nCOMMENTS 2,none\n\
        DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n";

    /// A row with the given fields and 0 or "missing" elsewhere.
    fn row(date: (usize, usize, usize), dry: &str, dew: &str, rh: &str, pressure: &str) -> String {
        let (month, day, hour) = date;
        let middle = ",9999".repeat(11);
        let last = ",9,9,9999,99999,9,999999999,999,0.999,999,99,999,999,99";
        format!("1999,{month},{day},{hour},60,?,{dry},{dew},{rh},{pressure}{middle},3.5{last}\n")
    }

    /// A year whose dry bulb is its hour of the year in thousandths of a degree.
    fn year(leap: bool) -> String {
        let mut text = HEADER.to_owned();
        let february = if leap { 29 } else { 28 };
        let mut index = 0;
        for (days, month) in
            [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().zip(1..)
        {
            for day in 1..=days {
                for hour in 1..=24 {
                    let dry = format!("{:.3}", f64::from(index) * 1e-3);
                    text += &row((month, day, hour), &dry, "-5.0", "50", "91000");
                    index += 1;
                }
            }
        }
        text
    }

    fn row_of(epw: &Epw, hour: usize) -> &WeatherRow {
        epw.slots[hour * epw.per_hour].as_ref().expect("a row")
    }

    fn hours_seen(epw: &Epw, start: &str, hours: u64) -> Vec<(f64, usize)> {
        let clock = Clock::new(start.parse().expect("a timestamp"), TimeZone::UTC);
        epw.lay(&clock, Time::ZERO + Span::from_hours(hours))
            .unwrap()
            .iter()
            .map(|(at, row)| (at.as_secs_f64() / 3600.0, (row.dry_bulb_c * 1e3).round() as usize))
            .collect()
    }

    #[test]
    fn a_year_is_read_and_laid_by_month_day_and_standard_hour() {
        let epw = read(year(false).as_bytes(), EpwHumidity::DewPoint).unwrap();
        assert_eq!((epw.rows, epw.leap, epw.filled), (8760, false, 0));
        assert_eq!(epw.location.utc_offset_h, -6.0);
        assert_eq!(epw.location.altitude_m, 872.0);
        assert_eq!(row_of(&epw, 0).humidity, Humidity::DewPoint(-5.0));
        assert_eq!(row_of(&epw, 0).wind_m_s, 3.5);
        // Midnight UTC of 1 June is 18:00 of 31 May in the file's time; half past starts late.
        let may_31 = 150 * 24;
        let seen = hours_seen(&epw, "2026-06-01T00:30:00Z", 2);
        assert_eq!(seen, [(0.0, may_31 + 18), (0.5, may_31 + 19), (1.5, may_31 + 20)]);
        // Summer time leaves it alone: 8 March 2026, when Chicago skips an hour.
        let march_8 = 66 * 24;
        let seen = hours_seen(&epw, "2026-03-08T06:00:00Z", 4);
        assert_eq!(
            seen.iter().map(|s| s.1).collect::<Vec<_>>(),
            (march_8..march_8 + 4).collect::<Vec<_>>()
        );
        // New Year wraps.
        let seen = hours_seen(&epw, "2027-01-01T05:00:00Z", 2);
        assert_eq!(seen.iter().map(|s| s.1).collect::<Vec<_>>(), [8759, 0]);
    }

    #[test]
    fn leap_days_are_bridged_both_ways() {
        let common = read(year(false).as_bytes(), EpwHumidity::DewPoint).unwrap();
        let leap = read(year(true).as_bytes(), EpwHumidity::DewPoint).unwrap();
        assert_eq!((leap.rows, leap.leap), (8784, true));
        let feb_28 = 58 * 24;
        // 2028 has a 29 February: a common file gives its 28th again, then 1 March.
        let seen = hours_seen(&common, "2028-02-29T05:00:00Z", 26);
        assert_eq!(
            (seen[0].1, seen[1].1, seen[24].1, seen[25].1),
            (feb_28 + 23, feb_28, feb_28 + 23, feb_28 + 24)
        );
        // 2027 has none: a leap file goes from its 28th to 1 March.
        let seen = hours_seen(&leap, "2027-03-01T05:00:00Z", 2);
        assert_eq!((seen[0].1, seen[1].1), (feb_28 + 23, feb_28 + 48));
    }

    #[test]
    fn missing_values_are_filled_as_documented() {
        let text = year(false)
            .replace(
                &row((1, 1, 2), "0.001", "-5.0", "50", "91000"),
                &row((1, 1, 2), "99.9", "99.9", "50", "999999"),
            )
            .replace(
                &row((1, 1, 3), "0.002", "-5.0", "50", "91000"),
                &row((1, 1, 3), "0.002", "99.9", "999", "91000"),
            )
            .replace(
                &row((1, 1, 1), "0.000", "-5.0", "50", "91000"),
                &row((1, 1, 1), "0.000", "3.0", "50", "999999"),
            );
        let epw = read(text.as_bytes(), EpwHumidity::DewPoint).unwrap();
        assert_eq!(epw.filled, 3);
        assert_eq!(row_of(&epw, 0).humidity, Humidity::DewPoint(0.0), "at most saturated");
        assert_eq!(row_of(&epw, 0).pressure_pa, standard_pressure_pa(872.0));
        assert_eq!(row_of(&epw, 1).dry_bulb_c, 0.0, "the row before");
        assert_eq!(row_of(&epw, 1).humidity, Humidity::Relative(0.5));
        assert_eq!(row_of(&epw, 1).pressure_pa, row_of(&epw, 0).pressure_pa);
        assert_eq!(row_of(&epw, 2).humidity, Humidity::Relative(0.5), "the row before");
        assert_eq!(row_of(&epw, 3).pressure_pa, 91_000.0);
        // Read as EnergyPlus does, only the third row lacks its humidity.
        let epw = read(text.as_bytes(), EpwHumidity::RelativeHumidity).unwrap();
        assert!((0..3).all(|hour| row_of(&epw, hour).humidity == Humidity::Relative(0.5)));
        let text = text.replacen(",50,", ",999,", 1);
        let epw = read(text.as_bytes(), EpwHumidity::RelativeHumidity).unwrap();
        assert_eq!(row_of(&epw, 0).humidity, Humidity::DewPoint(0.0), "the other one of the row");
    }

    #[test]
    fn malformed_files_are_named_by_line() {
        let whole = year(false);
        let swap = |from: &str, to: &str| whole.replacen(from, to, 1);
        let second = row((1, 1, 2), "0.001", "-5.0", "50", "91000");
        for (text, message) in [
            (swap("LOCATION", "PLACE"), "line 1: an EPW file has `LOCATION` here"),
            (
                swap("-102.20", "west"),
                "line 1: longitude needs a number in -180.0..=180.0, got `west`",
            ),
            (
                swap("PERIODS,1,1", "PERIODS,1,7"),
                "line 8: 1 to 60 records an hour of equal length are read, this file has `7`",
            ),
            (
                swap(&second, "1999,1,1,2,60,?,1.0\n"),
                "line 10: 7 columns, an EPW row has 35, and at least 22",
            ),
            (
                swap(&second, &second.replace("0.001", "warm")),
                "line 10: dry bulb needs a number, got `warm`",
            ),
            (
                swap(&second, &second.replace("0.001", "-80")),
                "line 10: dry bulb of -80 is outside -70 to 70",
            ),
            (swap(&second, ""), "line 10: month 1, day 1, hour 3 does not follow the row before"),
            (
                swap(
                    &row((1, 1, 1), "0.000", "-5.0", "50", "91000"),
                    &row((1, 1, 1), "99.9", "-5.0", "50", "91000"),
                ),
                "line 9: dry bulb is missing and no row before has it",
            ),
            (HEADER.to_owned(), "no rows"),
            (String::new(), "line 1: an EPW file has `LOCATION` here"),
        ] {
            assert_eq!(
                read(text.as_bytes(), EpwHumidity::DewPoint).unwrap_err().to_string(),
                message
            );
        }
    }
}
