//! Normals of the built-in climates and the law of the weather around them.
//!
//! Printed by `cargo run -p validation -- fit-weather`; sources in `docs/models/weather.md`.

/// What a climate is: monthly normals, daily swing, deviations and memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Normals {
    /// As a scenario names it.
    pub name: &'static str,
    /// Where the figures come from.
    pub source: &'static str,
    /// Latitude of the station, degrees north.
    pub latitude_deg: f64,
    /// Longitude of the station, degrees east.
    pub longitude_deg: f64,
    /// Altitude of the station, m.
    pub altitude_m: f64,
    /// Mean dry bulb of each month, degC.
    pub dry_bulb_c: [f64; 12],
    /// Daily course of dry bulb around its mean, by month: cosine and sine of one turn a day,
    /// then of two, on mean solar time from midnight, K.
    pub swing_k: [[f64; 12]; 4],
    /// Deviation of dry bulb below its median, K.
    pub dry_low_k: [f64; 12],
    /// Deviation of dry bulb above its median, K.
    pub dry_high_k: [f64; 12],
    /// Mean dew point of each month, degC.
    pub dew_point_c: [f64; 12],
    /// Deviation of dew point below its median, K.
    pub dew_low_k: [f64; 12],
    /// Deviation of dew point above its median, K.
    pub dew_high_k: [f64; 12],
    /// Daily course of dew point around its mean, by month: cosine and sine of one turn a day
    /// on mean solar time from midnight, K.
    pub dew_swing_k: [[f64; 12]; 2],
    /// How fast the tails of dry bulb below and above its median bend towards a bound: zero
    /// for a normal tail.
    pub dry_bend: [f64; 2],
    /// The same of dew point.
    pub dew_bend: [f64; 2],
    /// Mean wind speed of each month, m/s.
    pub wind_m_s: [f64; 12],
    /// Daily course of wind as a share of its mean: cosine and sine of one turn a day.
    pub wind_swing: [f64; 2],
    /// Shape of the Weibull law of wind around its mean.
    pub wind_shape: f64,
    /// Memory of wind, hours.
    pub wind_h: f64,
    /// Memory of the slow anomalies, hours.
    pub slow_h: f64,
    /// Memory of the fast anomalies, hours.
    pub fast_h: f64,
    /// Share of the slow anomaly in the variance of dry bulb.
    pub dry_bulb_slow: f64,
    /// Share of the slow anomaly in the variance of dew point.
    pub dew_point_slow: f64,
    /// Correlation of the anomalies of dry bulb and dew point, by month.
    pub coupling: [f64; 12],
}

/// The built-in climates.
pub static ALL: [&Normals; 7] =
    [&WEST_TEXAS, &PHOENIX, &NORTHERN_VIRGINIA, &NORDIC, &DALLAS, &MIAMI, &DENVER];

/// Midland-Odessa, Texas.
static WEST_TEXAS: Normals = Normals {
    name: "west-texas",
    source: "Midland-Odessa normals (NOAA 1961-1990 by month, moved to 1991-2020 by season), law of NSRDB Amarillo 2012",
    latitude_deg: 31.95,
    longitude_deg: -102.20,
    altitude_m: 872.0,
    dry_bulb_c: [7.3, 9.8, 14.4, 19.3, 23.8, 27.9, 29.2, 28.6, 24.2, 19.0, 12.7, 8.5],
    swing_k: [
        [-5.31, -6.08, -6.84, -7.01, -6.87, -6.76, -6.39, -6.35, -5.46, -5.62, -5.55, -5.28],
        [-3.17, -2.96, -3.99, -3.67, -3.49, -3.34, -3.13, -3.16, -2.54, -3.25, -3.39, -2.72],
        [2.38, 2.03, 2.16, 1.67, 1.29, 1.04, 1.12, 1.35, 1.69, 1.97, 2.35, 2.35],
        [0.84, 0.74, 0.32, 0.18, 0.01, -0.19, -0.25, 0.20, 0.17, 0.71, 0.73, 0.91],
    ],
    dry_low_k: [3.5, 3.6, 6.1, 3.9, 4.5, 3.2, 3.0, 3.1, 5.6, 6.3, 4.8, 5.3],
    dry_high_k: [4.2, 4.6, 3.3, 4.0, 4.3, 3.1, 2.0, 3.2, 2.9, 4.8, 3.9, 4.5],
    dew_point_c: [-3.8, 1.1, -0.8, 4.4, 6.3, 13.0, 12.7, 13.0, 10.9, 7.2, 0.2, -2.5],
    dew_swing_k: [
        [-0.06, 0.39, 2.24, 1.46, 1.32, 1.48, 0.64, 0.99, 0.93, 0.56, 0.75, -0.03],
        [-0.30, -0.30, 1.03, 1.12, 1.09, 0.83, 1.14, 0.92, 0.31, -0.20, -0.25, -0.00],
    ],
    dew_low_k: [3.4, 5.5, 4.3, 4.6, 6.6, 5.4, 2.3, 4.3, 3.8, 3.4, 5.5, 5.1],
    dew_high_k: [3.8, 5.3, 6.5, 7.0, 5.9, 4.3, 3.2, 3.3, 7.3, 7.6, 5.2, 5.1],
    dry_bend: [0.00, 0.38],
    dew_bend: [0.18, 0.33],
    wind_m_s: [3.6, 4.0, 3.9, 3.9, 3.6, 3.8, 3.4, 2.9, 2.8, 3.3, 3.3, 3.8],
    wind_swing: [-0.17, 0.02],
    wind_shape: 2.27,
    wind_h: 9.0,
    slow_h: 18.0,
    fast_h: 12.0,
    dry_bulb_slow: 0.81,
    dew_point_slow: 0.50,
    coupling: [0.50, 0.34, 0.23, -0.10, -0.36, -0.56, -0.50, -0.17, 0.16, 0.49, 0.60, 0.55],
};

/// Phoenix, Arizona.
static PHOENIX: Normals = Normals {
    name: "phoenix",
    source: "TMY3 Phoenix Sky Harbor 722780 (NREL)",
    latitude_deg: 33.45,
    longitude_deg: -111.98,
    altitude_m: 337.0,
    dry_bulb_c: [13.0, 15.7, 17.3, 23.7, 27.3, 34.0, 35.6, 33.8, 30.4, 24.8, 17.9, 11.7],
    swing_k: [
        [-3.09, -3.17, -3.02, -4.50, -4.16, -4.10, -3.51, -3.28, -3.82, -4.16, -3.82, -2.99],
        [-3.87, -3.97, -3.88, -5.17, -4.74, -4.54, -4.01, -4.17, -4.05, -3.84, -3.63, -3.42],
        [0.91, 0.91, 0.68, 0.97, 0.84, 0.76, 0.70, 0.57, 0.99, 1.41, 1.30, 0.96],
        [0.88, 0.67, 0.17, -0.05, 0.01, 0.06, 0.28, 0.21, 0.49, 0.43, 0.66, 0.77],
    ],
    dry_low_k: [3.8, 5.0, 5.0, 4.4, 4.1, 1.9, 3.0, 2.7, 2.6, 3.3, 3.1, 2.5],
    dry_high_k: [2.9, 5.5, 3.6, 3.1, 3.5, 1.8, 1.6, 2.1, 2.4, 2.5, 2.5, 2.8],
    dew_point_c: [-2.2, 4.1, 2.5, -1.6, 2.3, 5.9, 13.6, 13.5, 8.9, 6.4, 1.9, 0.5],
    dew_swing_k: [
        [0.73, 0.90, 0.81, 0.88, 1.01, 0.69, 0.60, 0.35, 0.53, 0.53, 0.38, 0.92],
        [0.05, 1.09, 0.48, 1.78, 1.86, 1.32, 1.32, 1.36, 1.05, 0.27, 0.43, 0.21],
    ],
    dew_low_k: [6.2, 4.3, 4.2, 6.0, 5.3, 4.7, 6.8, 6.1, 5.0, 5.5, 5.0, 4.2],
    dew_high_k: [3.9, 5.4, 4.3, 4.4, 6.4, 4.2, 2.6, 2.7, 5.2, 6.4, 7.0, 3.5],
    dry_bend: [0.00, 0.26],
    dew_bend: [0.15, 0.18],
    wind_m_s: [2.3, 2.4, 2.4, 3.8, 3.9, 3.0, 3.6, 2.5, 2.1, 2.7, 2.1, 2.3],
    wind_swing: [-0.21, -0.07],
    wind_shape: 1.77,
    wind_h: 3.0,
    slow_h: 20.0,
    fast_h: 1.5,
    dry_bulb_slow: 0.87,
    dew_point_slow: 0.89,
    coupling: [0.20, 0.21, 0.00, -0.23, -0.13, -0.26, -0.15, -0.25, -0.06, 0.12, 0.10, 0.27],
};

/// Sterling (Dulles), Virginia.
static NORTHERN_VIRGINIA: Normals = Normals {
    name: "northern-virginia",
    source: "TMY3 Sterling-Washington Dulles 724030 (NREL)",
    latitude_deg: 38.98,
    longitude_deg: -77.47,
    altitude_m: 82.0,
    dry_bulb_c: [0.6, 1.6, 7.7, 12.5, 18.2, 22.5, 24.5, 23.0, 20.1, 11.9, 7.8, 1.0],
    swing_k: [
        [-2.09, -2.70, -3.38, -4.28, -4.67, -4.99, -4.30, -3.57, -3.92, -4.67, -3.41, -2.41],
        [-2.12, -2.11, -2.89, -3.05, -3.23, -2.84, -2.15, -2.09, -2.45, -2.54, -2.35, -1.88],
        [0.80, 0.86, 0.89, 0.52, 0.65, 0.42, 0.68, 0.70, 0.93, 1.57, 1.05, 0.88],
        [0.53, 0.56, 0.34, 0.13, -0.17, -0.36, -0.10, 0.12, 0.35, 0.48, 0.69, 0.57],
    ],
    dry_low_k: [7.4, 5.0, 5.6, 5.2, 5.2, 4.2, 3.2, 4.0, 5.4, 3.8, 3.7, 6.5],
    dry_high_k: [8.8, 8.5, 6.4, 4.7, 4.4, 3.7, 2.6, 2.6, 5.0, 5.4, 6.5, 4.6],
    dew_point_c: [-6.3, -4.4, -0.9, 4.4, 12.0, 16.2, 19.2, 17.7, 15.4, 5.1, 2.6, -4.8],
    dew_swing_k: [
        [0.02, -0.51, 0.06, -0.60, -0.36, 0.09, -0.18, 0.20, -0.14, -0.38, -0.44, -0.70],
        [-0.14, -0.07, 0.18, 0.16, -0.61, 0.00, -0.10, -0.02, -0.37, -0.08, -0.56, -0.17],
    ],
    dew_low_k: [8.9, 8.0, 6.2, 6.8, 5.0, 4.7, 3.2, 5.5, 8.5, 4.5, 4.0, 8.2],
    dew_high_k: [12.3, 11.3, 8.4, 5.3, 4.3, 3.5, 2.2, 2.3, 5.5, 7.1, 9.1, 6.4],
    dry_bend: [0.28, 0.17],
    dew_bend: [0.33, 0.39],
    wind_m_s: [3.4, 3.9, 4.5, 3.6, 2.8, 2.7, 3.1, 2.4, 2.9, 3.1, 2.8, 4.1],
    wind_swing: [-0.32, -0.12],
    wind_shape: 1.60,
    wind_h: 6.8,
    slow_h: 14.0,
    fast_h: 2.0,
    dry_bulb_slow: 0.88,
    dew_point_slow: 0.96,
    coupling: [0.89, 0.79, 0.62, 0.53, 0.53, 0.53, 0.59, 0.68, 0.79, 0.79, 0.79, 0.85],
};

/// Lulea, Sweden.
static NORDIC: Normals = Normals {
    name: "nordic",
    source: "Lulea normals 1991-2020 (climatestotravel.com), law of TMY3 Sterling, deviations and humidity assumed",
    latitude_deg: 65.58,
    longitude_deg: 22.10,
    altitude_m: 20.0,
    dry_bulb_c: [-9.0, -9.0, -4.5, 1.5, 7.5, 13.0, 17.0, 15.0, 9.5, 3.0, -3.0, -6.5],
    swing_k: [
        [-1.75, -1.95, -2.39, -3.00, -3.10, -3.03, -3.06, -2.83, -2.46, -2.02, -1.58, -1.70],
        [-1.77, -1.53, -2.04, -2.14, -2.15, -1.72, -1.53, -1.66, -1.54, -1.10, -1.09, -1.32],
        [0.67, 0.62, 0.63, 0.37, 0.43, 0.25, 0.48, 0.56, 0.58, 0.68, 0.49, 0.62],
        [0.44, 0.40, 0.24, 0.09, -0.11, -0.22, -0.07, 0.09, 0.22, 0.21, 0.32, 0.40],
    ],
    dry_low_k: [8.5, 8.5, 7.0, 4.5, 4.0, 3.8, 3.2, 3.3, 4.0, 5.0, 6.5, 8.0],
    dry_high_k: [5.5, 5.5, 4.5, 4.0, 4.5, 4.5, 4.0, 3.8, 3.6, 4.0, 4.5, 5.0],
    dew_point_c: [-11.0, -11.2, -7.7, -3.0, 1.5, 6.8, 11.5, 10.5, 5.9, 0.2, -5.0, -8.5],
    dew_swing_k: [
        [0.02, -0.51, 0.06, -0.60, -0.36, 0.09, -0.18, 0.20, -0.14, -0.38, -0.44, -0.70],
        [-0.14, -0.07, 0.18, 0.16, -0.61, 0.00, -0.10, -0.02, -0.37, -0.08, -0.56, -0.17],
    ],
    dew_low_k: [10.3, 11.1, 7.7, 5.9, 3.8, 4.2, 3.2, 4.3, 5.2, 5.9, 7.1, 10.1],
    dew_high_k: [7.2, 7.2, 5.9, 4.5, 4.4, 4.2, 3.5, 3.4, 3.9, 5.2, 5.9, 6.5],
    dry_bend: [0.28, 0.17],
    dew_bend: [0.33, 0.39],
    wind_m_s: [3.4, 3.9, 4.5, 3.6, 2.8, 2.7, 3.1, 2.4, 2.9, 3.1, 2.8, 4.1],
    wind_swing: [-0.32, -0.12],
    wind_shape: 1.60,
    wind_h: 6.8,
    slow_h: 14.0,
    fast_h: 2.0,
    dry_bulb_slow: 0.88,
    dew_point_slow: 0.96,
    coupling: [0.89, 0.79, 0.62, 0.53, 0.53, 0.53, 0.59, 0.68, 0.79, 0.79, 0.79, 0.85],
};

/// Dallas, Texas.
#[expect(clippy::approx_constant, reason = "a swing of 3.14 K")]
static DALLAS: Normals = Normals {
    name: "dallas",
    source: "reanalysis of Dallas 2021 and 2023 (Open-Meteo)",
    latitude_deg: 32.79,
    longitude_deg: -96.82,
    altitude_m: 142.0,
    dry_bulb_c: [9.6, 8.0, 15.4, 17.8, 22.0, 27.0, 29.6, 31.3, 27.8, 21.2, 14.1, 13.3],
    swing_k: [
        [-2.11, -2.44, -2.98, -3.19, -3.03, -3.23, -3.16, -2.94, -3.59, -3.14, -2.75, -2.39],
        [-2.41, -2.80, -2.91, -2.73, -2.22, -2.52, -2.88, -3.15, -3.06, -2.59, -2.57, -2.63],
        [0.90, 0.66, 0.70, 0.74, 0.55, 0.47, 0.46, 0.81, 1.02, 1.12, 1.19, 0.99],
        [0.86, 0.87, 0.77, 0.55, 0.42, 0.36, 0.48, 0.58, 0.57, 0.69, 0.65, 0.82],
    ],
    dry_low_k: [4.8, 9.9, 5.0, 4.0, 2.8, 3.1, 2.4, 3.3, 3.1, 5.6, 4.8, 4.4],
    dry_high_k: [6.4, 7.1, 5.0, 4.5, 3.3, 2.1, 2.6, 4.1, 3.4, 3.7, 5.5, 6.3],
    dew_point_c: [2.9, 2.0, 8.6, 10.7, 17.4, 21.6, 21.2, 19.8, 17.0, 12.6, 7.5, 7.2],
    dew_swing_k: [
        [-0.32, -0.60, -0.57, -0.28, -0.33, -0.24, 0.01, -0.24, -0.25, -0.02, -0.38, -0.26],
        [-0.23, -1.09, -0.41, -0.46, -0.50, -0.19, 0.59, 1.04, 0.92, 0.31, -0.45, -0.46],
    ],
    dew_low_k: [4.1, 9.7, 7.4, 6.5, 3.9, 2.2, 3.1, 4.3, 6.5, 6.8, 6.4, 6.3],
    dew_high_k: [9.2, 8.9, 7.2, 5.5, 3.5, 1.9, 1.7, 2.6, 2.8, 6.8, 6.7, 8.8],
    dry_bend: [0.19, 0.36],
    dew_bend: [0.27, 0.38],
    wind_m_s: [4.3, 4.6, 4.9, 4.6, 3.6, 3.5, 3.3, 3.5, 3.2, 4.2, 3.9, 4.1],
    wind_swing: [-0.07, -0.05],
    wind_shape: 2.32,
    wind_h: 10.6,
    slow_h: 28.0,
    fast_h: 12.0,
    dry_bulb_slow: 0.74,
    dew_point_slow: 0.57,
    coupling: [0.81, 0.79, 0.83, 0.74, 0.56, 0.20, -0.19, -0.26, 0.08, 0.57, 0.80, 0.79],
};

/// Miami, Florida.
static MIAMI: Normals = Normals {
    name: "miami",
    source: "TMY3 Miami 722020 (NREL)",
    latitude_deg: 25.82,
    longitude_deg: -80.30,
    altitude_m: 11.0,
    dry_bulb_c: [19.4, 20.9, 21.6, 24.1, 26.4, 27.7, 28.1, 28.0, 27.5, 26.3, 23.6, 20.3],
    swing_k: [
        [-2.36, -2.84, -1.97, -2.44, -2.36, -1.50, -2.80, -1.89, -2.16, -2.24, -2.00, -2.25],
        [-1.74, -2.03, -1.58, -1.06, -0.69, -0.89, -0.70, -0.57, -1.15, -0.75, -1.77, -1.42],
        [1.07, 0.99, 0.53, 0.70, 0.58, 0.56, 0.70, 0.52, 0.66, 0.71, 0.74, 0.77],
        [0.05, 0.22, 0.12, -0.17, -0.32, -0.32, -0.36, -0.19, -0.14, -0.36, 0.12, 0.18],
    ],
    dry_low_k: [4.0, 4.7, 5.2, 2.5, 2.0, 2.2, 1.9, 2.3, 2.2, 1.4, 4.6, 4.9],
    dry_high_k: [3.2, 2.3, 1.9, 1.8, 1.0, 1.2, 1.2, 1.1, 1.2, 1.3, 2.2, 2.6],
    dew_point_c: [13.6, 13.9, 15.1, 17.4, 20.7, 22.7, 22.8, 23.0, 22.6, 21.1, 18.5, 15.7],
    dew_swing_k: [
        [0.17, -0.02, 0.28, -0.01, 0.22, 0.24, -0.01, 0.12, 0.10, 0.30, 0.03, 0.21],
        [-0.08, -0.11, 0.05, 0.17, 0.16, 0.19, 0.39, 0.21, 0.32, 0.30, -0.48, -0.04],
    ],
    dew_low_k: [7.1, 8.7, 9.3, 5.0, 1.7, 1.4, 1.5, 1.0, 1.1, 3.3, 7.4, 6.1],
    dew_high_k: [3.9, 3.0, 3.5, 2.7, 1.2, 1.0, 0.9, 0.8, 1.1, 1.9, 2.9, 4.4],
    dry_bend: [0.00, 0.00],
    dew_bend: [0.11, 0.30],
    wind_m_s: [3.3, 5.5, 5.6, 4.7, 5.0, 3.9, 2.9, 3.5, 3.4, 3.7, 4.4, 3.7],
    wind_swing: [-0.28, -0.14],
    wind_shape: 2.14,
    wind_h: 7.2,
    slow_h: 17.0,
    fast_h: 2.5,
    dry_bulb_slow: 0.66,
    dew_point_slow: 0.69,
    coupling: [0.83, 0.81, 0.73, 0.44, 0.23, 0.05, 0.11, 0.12, 0.23, 0.47, 0.70, 0.84],
};

/// Golden, at the western edge of Denver.
static DENVER: Normals = Normals {
    name: "denver",
    source: "TMY3 Golden-NREL 724666 (NREL)",
    latitude_deg: 39.74,
    longitude_deg: -105.18,
    altitude_m: 1829.0,
    dry_bulb_c: [1.1, -1.3, 3.2, 8.4, 13.1, 18.8, 20.8, 21.5, 17.0, 9.4, 2.6, 1.8],
    swing_k: [
        [-3.71, -3.58, -4.18, -3.58, -4.91, -5.28, -5.41, -4.87, -4.72, -5.19, -3.88, -4.22],
        [-1.68, -1.72, -3.21, -2.35, -3.24, -2.66, -2.34, -2.32, -2.42, -2.45, -1.73, -1.78],
        [1.68, 0.98, 1.20, 0.50, 0.47, 1.01, 0.96, 1.12, 1.08, 1.57, 1.25, 1.24],
        [0.59, 0.84, 0.47, 0.23, -0.36, -0.12, -0.51, -0.10, 0.21, 0.40, 0.55, 0.54],
    ],
    dry_low_k: [6.5, 7.8, 6.5, 7.8, 5.7, 3.7, 4.6, 4.1, 4.7, 5.0, 6.5, 11.9],
    dry_high_k: [4.8, 4.3, 7.1, 4.8, 5.1, 3.9, 3.6, 3.1, 3.6, 3.8, 5.6, 5.7],
    dew_point_c: [-8.9, -7.8, -3.9, -1.5, 0.3, 8.0, 8.8, 8.0, 4.1, -0.0, -5.1, -10.1],
    dew_swing_k: [
        [0.04, -0.36, -1.12, 0.24, 0.41, 0.14, 1.30, 0.55, 0.70, 0.58, -0.35, -0.62],
        [-0.36, -1.29, -1.35, -0.27, 0.18, 0.02, 0.17, 0.23, -0.05, -0.13, -0.30, -0.73],
    ],
    dew_low_k: [5.0, 5.5, 5.5, 4.2, 5.8, 5.4, 3.7, 4.3, 3.7, 5.2, 6.0, 8.8],
    dew_high_k: [3.1, 3.2, 5.9, 4.3, 4.8, 3.0, 4.2, 3.3, 4.7, 4.0, 2.6, 4.2],
    dry_bend: [0.21, 0.25],
    dew_bend: [0.15, 0.28],
    wind_m_s: [3.6, 3.2, 4.6, 4.3, 4.1, 4.7, 3.5, 3.9, 3.8, 3.2, 3.4, 5.1],
    wind_swing: [-0.09, -0.13],
    wind_shape: 1.90,
    wind_h: 3.9,
    slow_h: 18.0,
    fast_h: 5.5,
    dry_bulb_slow: 0.71,
    dew_point_slow: 0.64,
    coupling: [0.43, 0.45, 0.35, 0.14, -0.28, -0.34, -0.49, -0.45, -0.29, -0.07, 0.33, 0.34],
};
