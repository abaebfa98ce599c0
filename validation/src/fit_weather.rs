//! `fit-weather`: fits the built-in climates to hourly files and measures the fit.
//!
//! Prints the constants of `sim/grid/weather/normals.rs` and the tables of
//! `docs/models/weather.md`.

use std::f64::consts::TAU;
use std::path::Path;

use jiff::civil::date;
use jiff::tz::TimeZone;
use loadbank::grid::weather::climate::{Curve, critical_correlation};
use loadbank::grid::weather::epw::EpwHumidity;
use loadbank::grid::weather::normals::{self, Normals};
use loadbank::grid::weather::{Climate, ClimateDesign, epw};
use loadbank::grid::{Humidity, Place};
use loadbank::kernel::{Clock, Span, Streams, Time};

use crate::data::{self, mean};

/// One hour of a real file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hour {
    /// Hours since 1970-01-01T00:00Z in the middle of the hour, in a year of 365.2425 days.
    pub at: f64,
    /// Month from 0.
    pub month: usize,
    /// Dry bulb, degC.
    pub dry: f64,
    /// Dew point, degC.
    pub dew: f64,
    /// Wind, m/s.
    pub wind: f64,
}

/// A year of real hours and its station.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    name: &'static str,
    source: &'static str,
    latitude: f64,
    longitude: f64,
    altitude: f64,
    hours: Vec<Hour>,
}

const YEAR_H: f64 = 24.0 * 365.2425;
const MONTH_DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// NOAA normals of Midland-Odessa 1961-1990, mean daily maximum and minimum, degC, as listed
/// by climate-zone.com.
const MIDLAND_MAX: [f64; 12] =
    [13.6, 16.4, 21.8, 26.6, 30.8, 34.1, 35.2, 34.5, 29.7, 25.2, 19.0, 14.7];
const MIDLAND_MIN: [f64; 12] = [-1.9, 0.3, 4.6, 9.7, 14.5, 18.7, 20.3, 19.7, 16.2, 10.3, 3.8, -0.7];
/// Seasonal means of Midland 1991-2020, degF, winter first (National Weather Service
/// Midland/Odessa): the normals above are moved to them, season by season.
const MIDLAND_SEASONS_F: [f64; 4] = [47.4, 66.5, 83.4, 65.6];
/// Normals of Lulea 1991-2020, mean daily minimum and maximum, degC (climatestotravel.com,
/// rounded there to whole degrees).
const LULEA_MAX: [f64; 12] = [-5.0, -5.0, 0.0, 6.0, 12.0, 17.0, 21.0, 19.0, 13.0, 6.0, 0.0, -3.0];
const LULEA_MIN: [f64; 12] =
    [-13.0, -13.0, -9.0, -3.0, 3.0, 9.0, 13.0, 11.0, 6.0, 0.0, -6.0, -10.0];
/// Dew-point depression of Lulea, K. Assumption: relative humidity of 85 % in winter, 65 to 70 %
/// from May to July, 80 % in autumn, turned into kelvins at the monthly mean.
const LULEA_DEPRESSION: [f64; 12] = [2.0, 2.2, 3.2, 4.5, 6.0, 6.2, 5.5, 4.5, 3.6, 2.8, 2.0, 2.0];
/// Deviations of dry bulb of Lulea below and above the median, K. Assumption: winters that drop
/// to -25 degC for a few days each year and to -35 in the coldest, summers that reach 28 to 30
/// on the hottest days (climatestotravel.com) ask for these.
const LULEA_LOW: [f64; 12] = [8.5, 8.5, 7.0, 4.5, 4.0, 3.8, 3.2, 3.3, 4.0, 5.0, 6.5, 8.0];
const LULEA_HIGH: [f64; 12] = [5.5, 5.5, 4.5, 4.0, 4.5, 4.5, 4.0, 3.8, 3.6, 4.0, 4.5, 5.0];

/// Runs the command on the files under `folder`.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let phoenix = read_epw(
        folder,
        "phoenix",
        "TMY3 Phoenix Sky Harbor 722780 (NREL)",
        "weather/USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw.gz",
    )?;
    let sterling = read_epw(
        folder,
        "northern-virginia",
        "TMY3 Sterling-Washington Dulles 724030 (NREL)",
        "weather/USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw.gz",
    )?;
    let amarillo = read_nsrdb(folder)?;
    let dallas = read_open_meteo(folder)?;
    let miami = read_epw(
        folder,
        "miami",
        "TMY3 Miami 722020 (NREL)",
        "weather/USA_FL_Miami.Intl.AP.722020_TMY3.epw.gz",
    )?;
    let denver = read_epw(
        folder,
        "denver",
        "TMY3 Golden-NREL 724666 (NREL)",
        "weather/USA_CO_Golden-NREL.724666_TMY3.epw.gz",
    )?;
    let stations = [&phoenix, &sterling, &amarillo, &dallas, &miami, &denver];
    let fits = stations.map(fit);
    let west_texas = west_texas(&fits[2], &amarillo);
    let nordic = nordic(&fits[1], &sterling);
    for normals in [&west_texas, &fits[0], &fits[1], &nordic, &fits[3], &fits[4], &fits[5]] {
        data::print(&as_code(normals));
    }
    for (station, normals) in stations.into_iter().zip(&fits) {
        // Judged as it stands in the library, where it does.
        let ours = normals::ALL.iter().find(|n| n.name == normals.name);
        data::print(&compare(station, ours.copied().unwrap_or(normals)));
    }
    for name in ["west-texas", "nordic"] {
        if let Some(normals) = normals::ALL.iter().find(|n| n.name == name) {
            data::print(&extremes(normals));
        }
    }
    Ok(())
}

fn read_epw(
    folder: &Path,
    name: &'static str,
    source: &'static str,
    file: &str,
) -> Result<Station, String> {
    let bytes = data::read(&folder.join(file))?;
    let epw = epw::read(&bytes, EpwHumidity::DewPoint).map_err(|e| format!("{file}: {e}"))?;
    let offset = epw.location.utc_offset_h;
    let hours = epw
        .slots
        .iter()
        .flatten()
        .enumerate()
        .map(|(i, row)| Hour {
            at: i as f64 + 0.5 - offset,
            month: month_of(i),
            dry: row.dry_bulb_c,
            dew: match row.humidity {
                Humidity::DewPoint(dew) => dew,
                Humidity::Relative(part) => dew_of(row.dry_bulb_c, part),
            },
            wind: row.wind_m_s,
        })
        .collect();
    Ok(Station {
        name,
        source,
        latitude: epw.location.latitude_deg,
        longitude: epw.location.longitude_deg,
        altitude: epw.location.altitude_m,
        hours,
    })
}

fn read_nsrdb(folder: &Path) -> Result<Station, String> {
    let file = "weather/USA_TX_Amarillo_NSRDB_PSM3_2012.csv.gz";
    let bytes = data::read(&folder.join(file))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut hours = Vec::new();
    for line in text.lines().skip(3) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| {
            cells
                .get(i)
                .and_then(|c| c.parse::<f64>().ok())
                .ok_or_else(|| format!("{file}: {line}"))
        };
        if (number(1)?, number(2)?) == (2.0, 29.0) {
            continue;
        }
        // Half past each hour of UTC-6; the year starts at 1 January.
        let i = hours.len();
        hours.push(Hour {
            at: i as f64 + 0.5 + 6.0,
            month: number(1)? as usize - 1,
            dry: number(9)?,
            dew: number(12)?.min(number(9)?),
            wind: number(8)?,
        });
    }
    Ok(Station {
        name: "amarillo",
        source: "NSRDB PSM3 Amarillo 2012 (NREL)",
        latitude: 35.21,
        longitude: -101.94,
        altitude: 1102.0,
        hours,
    })
}

/// Two years of Dallas, 2021 and 2023, one behind the other.
fn read_open_meteo(folder: &Path) -> Result<Station, String> {
    let mut hours: Vec<Hour> = Vec::new();
    for year in [2021, 2023] {
        let file = format!("weather/USA_TX_Dallas_OpenMeteo_{year}.json.gz");
        let bytes = data::read(&folder.join(&file))?;
        let json: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| format!("{file}: {error}"))?;
        let column = |name: &str| -> Result<Vec<f64>, String> {
            let values = json["hourly"][name].as_array().ok_or(format!("{file}: no `{name}`"))?;
            let number =
                |value: &serde_json::Value| value.as_f64().ok_or(format!("{file}: {name}"));
            values.iter().map(number).collect()
        };
        let [dry, humidity, wind] =
            ["temperature_2m", "relative_humidity_2m", "windspeed_10m"].map(column);
        let (dry, humidity, wind) = (dry?, humidity?, wind?);
        if [dry.len(), humidity.len(), wind.len()] != [8760; 3] {
            return Err(format!("{file}: not a year of hours"));
        }
        // Values at full hours of UTC-5, km/h.
        let offset = json["utc_offset_seconds"].as_f64().unwrap_or(0.0) / 3600.0;
        for (i, ((dry, humidity), wind)) in dry.into_iter().zip(humidity).zip(wind).enumerate() {
            let dew = dew_of(dry, humidity / 100.0);
            let at = hours.len() as f64 - offset;
            hours.push(Hour { at, month: month_of(i), dry, dew, wind: wind / 3.6 });
        }
    }
    Ok(Station {
        name: "dallas",
        source: "reanalysis of Dallas 2021 and 2023 (Open-Meteo)",
        latitude: 32.79,
        longitude: -96.82,
        altitude: 142.0,
        hours,
    })
}

fn month_of(hour: usize) -> usize {
    let mut day = hour / 24;
    for (month, length) in MONTH_DAYS.iter().enumerate() {
        if day < *length {
            return month;
        }
        day -= length;
    }
    11
}

/// Dew point of air at `dry` with relative humidity `part` (Magnus, Alduchov and Eskridge 1996).
fn dew_of(dry: f64, part: f64) -> f64 {
    let g = part.max(0.001).ln() + 17.625 * dry / (243.04 + dry);
    243.04 * g / (17.625 - g)
}

/// Wet bulb by Stull (2011), degC: good to half a kelvin near sea level, and here only used on
/// both sides of a comparison.
fn wet_bulb(dry: f64, dew: f64) -> f64 {
    let e = |t: f64| 17.625 * t / (243.04 + t);
    let rh = (100.0 * (e(dew) - e(dry)).exp()).clamp(5.0, 99.0);
    dry * (0.151_977 * (rh + 8.313_659).sqrt()).atan() + (dry + rh).atan() - (rh - 1.676_331).atan()
        + 0.003_918_38 * rh.powf(1.5) * (0.023_101 * rh).atan()
        - 4.686_035
}

fn by_month(hours: &[Hour], value: impl Fn(&Hour) -> f64) -> [f64; 12] {
    std::array::from_fn(|m| mean(hours.iter().filter(|h| h.month == m).map(&value)))
}

fn fit(station: &Station) -> Normals {
    let hours = &station.hours;
    let mut normals = Normals {
        name: station.name,
        source: station.source,
        latitude_deg: station.latitude,
        longitude_deg: station.longitude,
        altitude_m: station.altitude,
        dry_bulb_c: by_month(hours, |h| h.dry),
        swing_k: [[0.0; 12]; 4],
        dry_low_k: [1.0; 12],
        dry_high_k: [1.0; 12],
        dew_point_c: by_month(hours, |h| h.dew),
        dew_low_k: [1.0; 12],
        dew_high_k: [1.0; 12],
        wind_m_s: by_month(hours, |h| h.wind),
        wind_swing: [0.0; 2],
        wind_shape: 2.0,
        wind_h: 6.0,
        slow_h: 72.0,
        fast_h: 6.0,
        dry_bulb_slow: 0.5,
        dew_point_slow: 0.5,
        coupling: [0.0; 12],
        dew_swing_k: [[0.0; 12]; 2],
        dry_bend: [0.0; 2],
        dew_bend: [0.0; 2],
    };
    // The day: over whole days the harmonics are orthogonal, so each is a mean.
    for (k, wave) in waves().iter().enumerate() {
        normals.swing_k[k] = by_month(hours, |h| 2.0 * h.dry * wave(solar(station, h)));
        if let Some(swing) = normals.dew_swing_k.get_mut(k) {
            *swing = by_month(hours, |h| 2.0 * h.dew * wave(solar(station, h)));
        }
    }
    let wind_mean = normals.wind_m_s;
    for (k, swing) in normals.wind_swing.iter_mut().enumerate() {
        let wave = waves()[k];
        *swing =
            mean(hours.iter().map(|h| 2.0 * h.wind / wind_mean[h.month] * wave(solar(station, h))));
    }

    let curve = Curve::new(&normals);
    let expected: Vec<_> = hours.iter().map(|h| curve.at(h.at, station.longitude)).collect();
    let dry: Vec<f64> = hours.iter().zip(&expected).map(|(h, e)| h.dry - e.dry_bulb_c).collect();
    let dew: Vec<f64> = hours.iter().zip(&expected).map(|(h, e)| h.dew - e.dew_point_c).collect();
    (normals.dry_low_k, normals.dry_high_k, normals.dry_bend) = deviations(hours, &dry);
    (normals.dew_low_k, normals.dew_high_k, normals.dew_bend) = deviations(hours, &dew);

    // Memory, on scores that the model takes for standard normal.
    let curve = Curve::new(&normals);
    let mut dry_scores = Vec::with_capacity(hours.len());
    let mut dew_scores = Vec::with_capacity(hours.len());
    for ((hour, dry), dew) in hours.iter().zip(&dry).zip(&dew) {
        let e = curve.at(hour.at, station.longitude);
        dry_scores.push(e.dry.score(*dry));
        dew_scores.push(e.dew.score(*dew));
    }
    fit_memory(&mut normals, &dry_scores, &dew_scores);
    let (x, y) = (normals.dry_bulb_slow, normals.dew_point_slow);
    let shared = (x * y).sqrt() + ((1.0 - x) * (1.0 - y)).sqrt();
    normals.coupling = std::array::from_fn(|month| {
        let window: Vec<usize> =
            (0..hours.len()).filter(|i| near(month, hours[*i].month)).collect();
        let pick = |v: &[f64]| window.iter().map(|i| v[*i]).collect::<Vec<_>>();
        (data::correlation(&pick(&dry_scores), &pick(&dew_scores), 0) / shared).clamp(-0.95, 0.95)
    });

    let wind: Vec<f64> =
        hours.iter().zip(&expected).map(|(h, e)| h.wind / e.wind_m_s.max(0.1)).collect();
    // Justus et al. 1978: shape from the coefficient of variation.
    let spread = data::deviation(&wind) / mean(wind.iter().copied());
    normals.wind_shape = spread.powf(-1.086);
    normals.wind_h = -6.0 / data::correlation(&wind, &wind, 6).max(0.05).ln();
    normals
}

fn waves() -> [fn(f64) -> f64; 4] {
    [|a| a.cos(), |a| a.sin(), |a| (2.0 * a).cos(), |a| (2.0 * a).sin()]
}

fn solar(station: &Station, hour: &Hour) -> f64 {
    ((hour.at + station.longitude / 15.0) / 24.0).rem_euclid(1.0) * TAU
}

/// Whether `other` is `month` or next to it.
fn near(month: usize, other: usize) -> bool {
    (other + 13 - month) % 12 < 3
}

/// Deviations below and above the median by month, from the 5 % and 95 % quantiles of the
/// three months around it, and the bends that carry the tails of the whole year from there to
/// the 0.5 % and 99.5 % quantiles.
fn deviations(hours: &[Hour], residuals: &[f64]) -> ([f64; 12], [f64; 12], [f64; 2]) {
    let mut low = [0.0; 12];
    let mut high = [0.0; 12];
    let mut medians = [0.0; 12];
    for month in 0..12 {
        let mut window: Vec<f64> = hours
            .iter()
            .zip(residuals)
            .filter(|(h, _)| h.month == month)
            .map(|(_, r)| *r)
            .collect();
        window.sort_by(f64::total_cmp);
        let q = |p: f64| data::quantile(&window, p);
        medians[month] = q(0.5);
        low[month] = q(0.5) - q(0.05);
        high[month] = q(0.95) - q(0.5);
    }
    // Residuals in units of their month's 5 % or 95 % quantile.
    let mut scaled: Vec<f64> = hours
        .iter()
        .zip(residuals)
        .map(|(h, r)| {
            let value = r - medians[h.month];
            if value < 0.0 { value / low[h.month] } else { value / high[h.month] }
        })
        .collect();
    scaled.sort_by(f64::total_cmp);
    let bend = [-data::quantile(&scaled, 0.005), data::quantile(&scaled, 0.995)].map(bend_of);
    let unit = |bend: f64| if bend == 0.0 { Z95 } else { (bend * Z95).tanh() / bend };
    (low.map(|v| v / unit(bend[0])), high.map(|v| v / unit(bend[1])), bend)
}

const Z95: f64 = 1.644_854;
const Z995: f64 = 2.575_829;

/// The bend that puts the 99.5 % quantile at `ratio` times the 95 % quantile; zero where the
/// tail is no lighter than a normal one.
fn bend_of(ratio: f64) -> f64 {
    let of = |bend: f64| (bend * Z995).tanh() / (bend * Z95).tanh();
    let (mut low, mut high) = (1e-3, 2.0);
    if ratio >= of(low) {
        return 0.0;
    }
    while high - low > 1e-6 {
        let middle = 0.5 * (low + high);
        if of(middle) > ratio { low = middle } else { high = middle }
    }
    low
}

const LAGS: [u32; 8] = [1, 2, 3, 24, 48, 72, 96, 120];

/// Memories and shares that bring the two exponentials nearest to the correlations at `LAGS`,
/// by search over the memories and least squares for the shares. Lags of parts of a day are
/// left out: there the day's course, which varies with cloud, shows instead.
fn fit_memory(normals: &mut Normals, dry: &[f64], dew: &[f64]) {
    let at = |a: &[f64]| LAGS.map(|lag| data::correlation(a, a, lag as usize));
    let (dry, dew) = (at(dry), at(dew));
    let mut best = f64::INFINITY;
    for slow in (6..=60).map(f64::from) {
        for fast in (2..=24).map(|h| f64::from(h) * 0.5) {
            let s = LAGS.map(|lag| critical_correlation(slow, lag));
            let f = LAGS.map(|lag| (-f64::from(lag) / fast).exp());
            let n = LAGS.len();
            let share = |c: &[f64]| {
                let top: f64 = (0..n).map(|i| (c[i] - f[i]) * (s[i] - f[i])).sum();
                let bottom: f64 = (0..n).map(|i| (s[i] - f[i]).powi(2)).sum();
                (top / bottom).clamp(0.5, 0.98)
            };
            let error = |c: &[f64], w: f64| -> f64 {
                (0..n).map(|i| (c[i] - w * s[i] - (1.0 - w) * f[i]).powi(2)).sum()
            };
            let shares = (share(&dry), share(&dew));
            let total = error(&dry, shares.0) + error(&dew, shares.1);
            if total < best {
                best = total;
                (normals.slow_h, normals.fast_h) = (slow, fast);
                (normals.dry_bulb_slow, normals.dew_point_slow) = shares;
            }
        }
    }
}

/// Mean daily range of each month of a file.
fn ranges(hours: &[Hour]) -> [f64; 12] {
    let mut sums = [(0.0, 0.0); 12];
    for day in hours.chunks(24) {
        let (low, high) = day.iter().fold((f64::MAX, f64::MIN), |(low, high), hour| {
            (low.min(hour.dry), high.max(hour.dry))
        });
        let sum = &mut sums[day[0].month];
        *sum = (sum.0 + high - low, sum.1 + 1.0);
    }
    sums.map(|(sum, days)| sum / days)
}

/// Published monthly maxima and minima with the law of a station that has hourly data: its
/// daily course is scaled to the published range.
fn transplant(base: &Normals, station: &Station, max: &[f64; 12], min: &[f64; 12]) -> Normals {
    let real = ranges(&station.hours);
    let mut normals = base.clone();
    for month in 0..12 {
        normals.dry_bulb_c[month] = 0.5 * (max[month] + min[month]);
        for k in 0..4 {
            normals.swing_k[k][month] *= (max[month] - min[month]) / real[month];
        }
    }
    normals
}

fn west_texas(base: &Normals, station: &Station) -> Normals {
    let mut normals = transplant(base, station, &MIDLAND_MAX, &MIDLAND_MIN);
    let old = normals.dry_bulb_c;
    for month in 0..12 {
        let season = (month + 1) / 3 % 4;
        let months = [[11, 0, 1], [2, 3, 4], [5, 6, 7], [8, 9, 10]][season];
        let before = mean(months.into_iter().map(|m| old[m]));
        let after = (MIDLAND_SEASONS_F[season] - 32.0) / 1.8;
        normals.dry_bulb_c[month] = old[month] + after - before;
        let depression = base.dry_bulb_c[month] - base.dew_point_c[month];
        normals.dew_point_c[month] = normals.dry_bulb_c[month] - depression;
    }
    normals.name = "west-texas";
    normals.source = "Midland-Odessa normals (NOAA 1961-1990 by month, moved to 1991-2020 by \
                      season), law of NSRDB Amarillo 2012";
    normals.latitude_deg = 31.95;
    normals.longitude_deg = -102.2;
    normals.altitude_m = 872.0;
    normals
}

fn nordic(base: &Normals, station: &Station) -> Normals {
    let mut normals = transplant(base, station, &LULEA_MAX, &LULEA_MIN);
    for month in 0..12 {
        normals.dew_point_c[month] = normals.dry_bulb_c[month] - LULEA_DEPRESSION[month];
        // Dew point goes with dry bulb; its deviation keeps the station's ratio to it.
        let ratio = |dew: f64, dry: f64| (dew / dry).clamp(0.8, 1.3);
        normals.dew_low_k[month] =
            LULEA_LOW[month] * ratio(base.dew_low_k[month], base.dry_low_k[month]);
        normals.dew_high_k[month] =
            LULEA_HIGH[month] * ratio(base.dew_high_k[month], base.dry_high_k[month]);
    }
    normals.dry_low_k = LULEA_LOW;
    normals.dry_high_k = LULEA_HIGH;
    normals.name = "nordic";
    normals.source = "Lulea normals 1991-2020 (climatestotravel.com), law of TMY3 Sterling, \
                      deviations and humidity assumed";
    normals.latitude_deg = 65.58;
    normals.longitude_deg = 22.1;
    normals.altitude_m = 20.0;
    normals
}

fn as_code(n: &Normals) -> String {
    let row = |values: &[f64], digits: usize| {
        let list: Vec<String> = values.iter().map(|v| format!("{:.digits$}", v + 0.0)).collect();
        format!("[{}]", list.join(", "))
    };
    let rows = |rows: &[[f64; 12]]| {
        format!("[{}]", rows.iter().map(|r| row(r, 2)).collect::<Vec<_>>().join(", "))
    };
    let fields = [
        ("name", format!("{:?}", n.name)),
        ("source", format!("{:?}", n.source)),
        ("latitude_deg", format!("{:.2}", n.latitude_deg)),
        ("longitude_deg", format!("{:.2}", n.longitude_deg)),
        ("altitude_m", format!("{:.1}", n.altitude_m)),
        ("dry_bulb_c", row(&n.dry_bulb_c, 1)),
        ("swing_k", rows(&n.swing_k)),
        ("dry_low_k", row(&n.dry_low_k, 1)),
        ("dry_high_k", row(&n.dry_high_k, 1)),
        ("dew_point_c", row(&n.dew_point_c, 1)),
        ("dew_swing_k", rows(&n.dew_swing_k)),
        ("dew_low_k", row(&n.dew_low_k, 1)),
        ("dew_high_k", row(&n.dew_high_k, 1)),
        ("dry_bend", row(&n.dry_bend, 2)),
        ("dew_bend", row(&n.dew_bend, 2)),
        ("wind_m_s", row(&n.wind_m_s, 1)),
        ("wind_swing", row(&n.wind_swing, 2)),
        ("wind_shape", format!("{:.2}", n.wind_shape)),
        ("wind_h", format!("{:.1}", n.wind_h)),
        ("slow_h", format!("{:.1}", n.slow_h)),
        ("fast_h", format!("{:.1}", n.fast_h)),
        ("dry_bulb_slow", format!("{:.2}", n.dry_bulb_slow)),
        ("dew_point_slow", format!("{:.2}", n.dew_point_slow)),
        ("coupling", row(&n.coupling, 2)),
    ];
    let body: String = fields.iter().map(|(k, v)| format!("    {k}: {v},\n")).collect();
    let name = n.name.to_uppercase().replace('-', "_");
    format!("static {name}: Normals = Normals {{\n{body}}};\n")
}

/// A year drawn from `normals`, as hours like those of a file.
fn simulate(normals: &Normals, replication: u64) -> Vec<Hour> {
    // The library's climates are static; a fit in progress becomes one for this command.
    let normals: &'static Normals = Box::leak(Box::new(normals.clone()));
    let start = date(2001, 1, 1).to_zoned(TimeZone::UTC).expect("a date").timestamp();
    let place =
        Place { latitude_deg: None, longitude_deg: None, altitude_m: None, zone: TimeZone::UTC };
    let design = ClimateDesign::new(normals, &place, &Clock::new(start, TimeZone::UTC));
    let mut climate = Climate::new(&design, &Streams::new(1, replication));
    let first = start.as_second() as f64 / 3600.0;
    (0..8760)
        .map(|i| {
            climate.advance(Time::ZERO + Span::from_hours(i));
            let row = climate.current();
            let Humidity::DewPoint(dew) = row.humidity else { unreachable!("climates draw it") };
            let at = first + i as f64 + 0.5;
            let month = ((at / YEAR_H).rem_euclid(1.0) * 365.0 * 24.0) as usize;
            Hour { at, month: month_of(month), dry: row.dry_bulb_c, dew, wind: row.wind_m_s }
        })
        .collect()
}

/// What a year of hours is judged by.
fn figures(hours: &[Hour]) -> Vec<(String, f64)> {
    let mut list = Vec::new();
    type Value = fn(&Hour) -> f64;
    let columns: [(&str, Value); 4] = [
        ("dry bulb", |h| h.dry),
        ("dew point", |h| h.dew),
        ("wet bulb", |h| wet_bulb(h.dry, h.dew)),
        ("wind", |h| h.wind),
    ];
    for (name, value) in columns {
        let mut values: Vec<f64> = hours.iter().map(value).collect();
        list.push((format!("{name} mean"), mean(values.iter().copied())));
        list.push((format!("{name} deviation"), data::deviation(&values)));
        values.sort_by(f64::total_cmp);
        for (label, p) in
            [("min", 0.0), ("1 %", 0.01), ("99 %", 0.99), ("99.6 %", 0.996), ("max", 1.0)]
        {
            list.push((format!("{name} {label}"), data::quantile(&values, p)));
        }
    }
    let monthly = by_month(hours, |h| h.dry);
    let days: Vec<f64> = hours
        .chunks(24)
        .map(|day| mean(day.iter().map(|h| h.dry)) - monthly[day[0].month])
        .collect();
    list.push(("daily anomaly deviation".into(), data::deviation(&days)));
    for lag in [1, 2, 5] {
        list.push((
            format!("daily anomaly correlation, {lag} d"),
            data::correlation(&days, &days, lag),
        ));
    }
    list.push(("mean daily range".into(), mean(ranges(hours))));
    for threshold in [18.0, 21.0, 24.0, 26.0] {
        let share =
            mean(hours.iter().map(|h| f64::from(u8::from(wet_bulb(h.dry, h.dew) > threshold))));
        list.push((format!("wet bulb above {threshold} degC, h"), share * 8760.0));
    }
    list
}

const YEARS: u64 = 40;

fn compare(station: &Station, normals: &Normals) -> String {
    let real = figures(&station.hours);
    let years: Vec<Vec<Hour>> = (0..YEARS).map(|r| simulate(normals, r)).collect();
    let drawn: Vec<Vec<(String, f64)>> = years.iter().map(|y| figures(y)).collect();
    let mut out = format!(
        "\n{} against {} years of the model: slow {:.0} h, fast {:.1} h\n\n| figure | file | model mean | model years |\n|---|---|---|---|\n",
        station.source, YEARS, normals.slow_h, normals.fast_h
    );
    for (i, (name, value)) in real.iter().enumerate() {
        let mut all: Vec<f64> = drawn.iter().map(|d| d[i].1).collect();
        all.sort_by(f64::total_cmp);
        let (low, high) = (data::quantile(&all, 0.05), data::quantile(&all, 0.95));
        let middle = mean(all.iter().copied());
        out.push_str(&format!("| {name} | {value:.2} | {middle:.2} | {low:.2} to {high:.2} |\n"));
    }
    out.push_str("\n| month | dry bulb, file | model - file | dew point, file | model - file |\n|---|---|---|---|---|\n");
    let (dry, dew) = (by_month(&station.hours, |h| h.dry), by_month(&station.hours, |h| h.dew));
    let all: Vec<Hour> = years.concat();
    let (our_dry, our_dew) = (by_month(&all, |h| h.dry), by_month(&all, |h| h.dew));
    for m in 0..12 {
        out.push_str(&format!(
            "| {} | {:.1} | {:+.2} | {:.1} | {:+.2} |\n",
            MONTHS[m],
            dry[m],
            our_dry[m] - dry[m],
            dew[m],
            our_dew[m] - dew[m]
        ));
    }
    out
}

fn extremes(normals: &Normals) -> String {
    let mut out = format!(
        "\n{} of the library, {YEARS} years\n\n| figure | model mean | model years |\n|---|---|---|\n",
        normals.name
    );
    let drawn: Vec<_> = (0..YEARS).map(|r| figures(&simulate(normals, r))).collect();
    for i in 0..drawn[0].len() {
        let mut all: Vec<f64> = drawn.iter().map(|d| d[i].1).collect();
        all.sort_by(f64::total_cmp);
        let (low, high) = (data::quantile(&all, 0.05), data::quantile(&all, 0.95));
        let middle = mean(all.iter().copied());
        out.push_str(&format!("| {} | {middle:.2} | {low:.2} to {high:.2} |\n", drawn[0][i].0));
    }
    out
}
