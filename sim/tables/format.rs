//! Layouts that have a name: what a user need not say of files of known origin.
//!
//! Each says where its layout is described. A field that the user writes beside `format` wins.

use jiff::tz::{Offset, TimeZone};

use super::stamp::{Stamp, TimeParts};

/// A layout of tables that has a name.
#[derive(Debug)]
pub struct NamedFormat {
    /// As users write it.
    pub name: &'static str,
    /// Whose files these are, and where their layout is described.
    pub source: &'static str,
    /// Lines before the header.
    pub skip: u64,
    /// What separates cells.
    pub separator: u8,
    /// What separates decimals.
    pub decimal: u8,
    /// Where the time stands: the first of these that the header has.
    pub time: &'static [FormatTime],
    /// How it is written; none for ISO 8601.
    pub time_format: Option<&'static str>,
    /// The clock of times without an offset.
    pub zone: &'static str,
    /// Which instant of a row its time is.
    pub stamp: Stamp,
    /// Marks of missing values.
    pub missing: &'static [&'static str],
    /// Rows that count, where the table has the column.
    pub filter: &'static [(&'static str, &'static str)],
    /// Whether rows stand in any order.
    pub sort: bool,
    /// Whether its months come from several years.
    pub typical_year: bool,
    /// What its first lines say.
    pub head: Head,
    /// What a row holds.
    pub row: RowOf,
    /// What its columns hold: role, name in the header and unit. The first of a role that the
    /// header has counts.
    pub columns: &'static [(Role, &'static str, &'static str)],
}

/// Where the time of a row stands, in a named layout.
#[derive(Debug)]
pub enum FormatTime {
    /// In one column.
    Column(&'static str),
    /// In columns for its parts.
    Parts(Parts),
}

/// The columns of the parts of a time, by name.
#[derive(Debug, Default)]
pub struct Parts {
    date: &'static str,
    year: &'static str,
    month: &'static str,
    day: &'static str,
    hour: &'static str,
    hour_ending: &'static str,
    minute: &'static str,
    quarter: &'static str,
    repeated: &'static str,
}

const NO_PARTS: Parts = Parts {
    date: "",
    year: "",
    month: "",
    day: "",
    hour: "",
    hour_ending: "",
    minute: "",
    quarter: "",
    repeated: "",
};

impl Parts {
    /// As a reader takes them.
    pub fn columns(&self) -> TimeParts {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        TimeParts {
            date: named(self.date),
            year: named(self.year),
            month: named(self.month),
            day: named(self.day),
            hour: named(self.hour),
            hour_ending: named(self.hour_ending),
            minute: named(self.minute),
            quarter: named(self.quarter),
            repeated: named(self.repeated),
        }
    }

    fn first(&self) -> &'static str {
        if self.date.is_empty() { self.year } else { self.date }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The value of a section that reads one column.
    Value,
    /// Dry-bulb temperature.
    DryBulb,
    /// Dew-point temperature.
    DewPoint,
    /// Relative humidity.
    RelativeHumidity,
    /// Air pressure at the station.
    Pressure,
    /// Wind speed.
    Wind,
    /// Irradiation of level ground, in all.
    GlobalLight,
    /// Irradiation from the sun, of a plane that faces it.
    DirectLight,
    /// Irradiation from the sky, of level ground.
    DiffuseLight,
}

/// What the lines before the header of a layout say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Head {
    /// Nothing that is read.
    #[default]
    Nothing,
    /// Names in the first line, values in the second.
    Named {
        /// The name of the clock's offset, and how many of its units make an hour.
        offset: (&'static str, f64),
        /// The names of latitude, longitude and altitude.
        place: [&'static str; 3],
    },
    /// Values by position in the first line: offset in hours, latitude, longitude, altitude.
    Placed([usize; 4]),
}

/// What a row of a layout holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowOf {
    /// What holds at one time.
    #[default]
    Instant,
    /// The hours of a day side by side, `HE 1` to `HE 24`, under a line with its date.
    Day,
}

/// Where a table was recorded, as its first lines say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Origin {
    /// Degrees north.
    pub latitude_deg: Option<f64>,
    /// Degrees east.
    pub longitude_deg: Option<f64>,
    /// Metres above the sea.
    pub altitude_m: Option<f64>,
    /// How far its clock is ahead of UTC, h.
    pub offset_h: Option<f64>,
}

impl Origin {
    /// The clock that the first lines name.
    pub fn zone(&self) -> Option<TimeZone> {
        let seconds = (self.offset_h? * 3600.0).round() as i32;
        Offset::from_seconds(seconds).ok().map(|offset| offset.to_time_zone())
    }
}

impl Head {
    /// What `lines`, those before the header, say.
    pub fn read(self, lines: &[String]) -> Origin {
        let cells = |line: usize| -> Vec<&str> {
            let line = lines.get(line).map_or("", String::as_str);
            line.trim_start_matches('\u{feff}')
                .split(',')
                .map(|c| c.trim().trim_matches('"'))
                .collect()
        };
        match self {
            Self::Nothing => Origin::default(),
            Self::Named { offset, place } => {
                let (names, values) = (cells(0), cells(1));
                let find = |name: &str| {
                    let at = names.iter().position(|cell| *cell == name)?;
                    values.get(at)?.parse::<f64>().ok().filter(|value| value.is_finite())
                };
                Origin {
                    latitude_deg: find(place[0]),
                    longitude_deg: find(place[1]),
                    altitude_m: find(place[2]),
                    offset_h: find(offset.0).map(|value| value / offset.1),
                }
            }
            Self::Placed(at) => {
                let values = cells(0);
                let [offset_h, latitude_deg, longitude_deg, altitude_m] =
                    at.map(|at| values.get(at)?.parse::<f64>().ok().filter(|v| v.is_finite()));
                Origin { latitude_deg, longitude_deg, altitude_m, offset_h }
            }
        }
    }
}

/// A plain table: what most layouts differ from in a few points.
const PLAIN: NamedFormat = NamedFormat {
    name: "",
    source: "",
    skip: 0,
    separator: b',',
    decimal: b'.',
    time: &[],
    time_format: None,
    zone: "UTC",
    stamp: Stamp::Start,
    missing: &[],
    filter: &[],
    sort: false,
    typical_year: false,
    head: Head::Nothing,
    row: RowOf::Instant,
    columns: &[],
};

const fn column(name: &'static str) -> FormatTime {
    FormatTime::Column(name)
}

use Role::{
    DewPoint, DiffuseLight, DirectLight, DryBulb, GlobalLight, Pressure, RelativeHumidity, Value,
    Wind,
};

/// Every layout that has a name.
pub static ALL: &[NamedFormat] = &[
    NamedFormat {
        name: "gridstatus",
        source: "gridstatus library and gridstatus.io exports of prices (docs.gridstatus.io)",
        time: &[column("Interval Start"), column("interval_start_utc"), column("Time")],
        columns: &[
            (Value, "LMP", "$/MWh"),
            (Value, "SPP", "$/MWh"),
            (Value, "lmp", "$/MWh"),
            (Value, "spp", "$/MWh"),
            (Value, "Price", "$/MWh"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "ercot-rtm",
        source: "ERCOT report NP6-905-CD, Settlement Point Prices at Resource Nodes, Hubs and \
                 Load Zones (15 min, local time, DSTFlag `Y` in the repeated hour)",
        time: &[
            FormatTime::Parts(Parts {
                date: "DeliveryDate",
                hour_ending: "DeliveryHour",
                quarter: "DeliveryInterval",
                repeated: "DSTFlag",
                ..NO_PARTS
            }),
            FormatTime::Parts(Parts {
                date: "Delivery Date",
                hour_ending: "Delivery Hour",
                quarter: "Delivery Interval",
                repeated: "Repeated Hour Flag",
                ..NO_PARTS
            }),
        ],
        time_format: Some("%m/%d/%Y"),
        zone: "America/Chicago",
        columns: &[
            (Value, "SettlementPointPrice", "$/MWh"),
            (Value, "Settlement Point Price", "$/MWh"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "ercot-dam",
        source: "ERCOT report NP4-190-CD, DAM Settlement Point Prices (hour ending, local time)",
        time: &[
            FormatTime::Parts(Parts {
                date: "DeliveryDate",
                hour_ending: "HourEnding",
                repeated: "DSTFlag",
                ..NO_PARTS
            }),
            FormatTime::Parts(Parts {
                date: "Delivery Date",
                hour_ending: "Hour Ending",
                repeated: "Repeated Hour Flag",
                ..NO_PARTS
            }),
        ],
        time_format: Some("%m/%d/%Y"),
        zone: "America/Chicago",
        columns: &[
            (Value, "SettlementPointPrice", "$/MWh"),
            (Value, "Settlement Point Price", "$/MWh"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "pjm",
        source: "PJM Data Miner 2, feeds rt_hrl_lmps and da_hrl_lmps (dataminer2.pjm.com)",
        time: &[column("datetime_beginning_utc")],
        time_format: Some("%m/%d/%Y %I:%M:%S %p"),
        columns: &[(Value, "total_lmp_rt", "$/MWh"), (Value, "total_lmp_da", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "caiso",
        source: "CAISO OASIS, PRC_LMP and PRC_INTVL_LMP as CSV (OASIS Interface Specification): \
                 one row for each component of a price, in any order",
        time: &[column("INTERVALSTARTTIME_GMT")],
        filter: &[("LMP_TYPE", "LMP")],
        sort: true,
        columns: &[(Value, "MW", "$/MWh"), (Value, "VALUE", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "nyiso-dam",
        source: "NYISO day-ahead LBMP, zonal and generator (mis.nyiso.com/public): start of the \
                 hour, local time",
        time: &[column("Time Stamp")],
        time_format: Some("%m/%d/%Y %H:%M"),
        zone: "America/New_York",
        columns: &[(Value, "LBMP ($/MWHr)", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "nyiso-rtm",
        source: "NYISO real-time LBMP of 5 min (mis.nyiso.com/public): end of the interval, local \
                 time",
        time: &[column("Time Stamp")],
        time_format: Some("%m/%d/%Y %H:%M"),
        zone: "America/New_York",
        stamp: Stamp::End,
        columns: &[(Value, "LBMP ($/MWHr)", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "spp",
        source: "SPP Marketplace, DA-LMP and RTBM-LMP by settlement location \
                 (portal.spp.org): end of the interval, UTC",
        time: &[column("GMTIntervalEnd"), column("GMT Interval")],
        time_format: Some("%m/%d/%Y %H:%M:%S"),
        stamp: Stamp::End,
        columns: &[(Value, "LMP", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "miso",
        source: "MISO Market Reports, day-ahead and real-time LMP (`YYYYMMDD_da_expost_lmp.csv`, \
                 docs.misoenergy.org): the hours of a day side by side, the date in the second line, \
                 \"All Hours-Ending are Eastern Standard Time (EST)\" all year",
        time: &[column("Hour")],
        // EST without summer time.
        zone: "Etc/GMT+5",
        filter: &[("Value", "LMP")],
        row: RowOf::Day,
        columns: &[(Value, "Price", "$/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "entsoe",
        source: "ENTSO-E Transparency Platform, day-ahead prices 12.1.D as CSV: intervals on the \
                 clock of Brussels, `n/e` and `-` where there is none",
        time: &[column("MTU (CET/CEST)")],
        time_format: Some("%d/%m/%Y %H:%M"),
        zone: "Europe/Brussels",
        missing: &["n/e", "-", "N/A"],
        columns: &[
            (Value, "Day-ahead Price (EUR/MWh)", "EUR/MWh"),
            (Value, "Day-ahead Price [EUR/MWh]", "EUR/MWh"),
            (Value, "Day-ahead Price (GBP/MWh)", "GBP/MWh"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "energi-data-service",
        source: "Nord Pool prices as Energinet gives them, Elspotprices \
                 (energidataservice.dk): start of the hour, UTC, decimal comma",
        separator: b';',
        decimal: b',',
        time: &[column("HourUTC"), column("TimeUTC")],
        sort: true,
        columns: &[(Value, "SpotPriceEUR", "EUR/MWh"), (Value, "DayAheadPriceEUR", "EUR/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "electricity-maps",
        source: "Electricity Maps, hourly data as CSV (electricitymaps.com/datasets)",
        time: &[column("Datetime (UTC)")],
        columns: &[
            (Value, "Carbon intensity gCO₂eq/kWh (direct)", "g/kWh"),
            (Value, "Carbon Intensity gCO₂eq/kWh (direct)", "g/kWh"),
            (Value, "Carbon intensity gCO₂eq/kWh (Life cycle)", "g/kWh"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "watttime",
        source: "WattTime API v3, historical data as CSV, signal co2_moer \
                 (docs.watttime.org): pounds per megawatt-hour",
        time: &[column("point_time")],
        columns: &[(Value, "value", "lb/MWh")],
        ..PLAIN
    },
    NamedFormat {
        name: "open-meteo",
        source: "Open-Meteo archive and forecast as CSV (open-meteo.com/en/docs): place and \
                 offset of the clock above the header",
        skip: 3,
        time: &[column("time")],
        head: Head::Named {
            offset: ("utc_offset_seconds", 3600.0),
            place: ["latitude", "longitude", "elevation"],
        },
        columns: &[
            (DryBulb, "temperature_2m (°C)", "degC"),
            (DryBulb, "temperature_2m (°F)", "degF"),
            (RelativeHumidity, "relative_humidity_2m (%)", "%"),
            (RelativeHumidity, "relativehumidity_2m (%)", "%"),
            (DewPoint, "dew_point_2m (°C)", "degC"),
            (DewPoint, "dew_point_2m (°F)", "degF"),
            (Pressure, "surface_pressure (hPa)", "hPa"),
            (Wind, "wind_speed_10m (km/h)", "km/h"),
            (Wind, "wind_speed_10m (m/s)", "m/s"),
            (Wind, "windspeed_10m (km/h)", "km/h"),
            (GlobalLight, "shortwave_radiation (W/m²)", "W/m2"),
            (DirectLight, "direct_normal_irradiance (W/m²)", "W/m2"),
            (DiffuseLight, "diffuse_radiation (W/m²)", "W/m2"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "nsrdb-psm",
        source: "NSRDB Physical Solar Model as CSV (nsrdb.nrel.gov): place and offset above the \
                 header, values in the middle of their interval",
        skip: 2,
        time: &[FormatTime::Parts(Parts {
            year: "Year",
            month: "Month",
            day: "Day",
            hour: "Hour",
            minute: "Minute",
            ..NO_PARTS
        })],
        stamp: Stamp::Middle,
        head: Head::Named {
            offset: ("Time Zone", 1.0),
            place: ["Latitude", "Longitude", "Elevation"],
        },
        columns: &[
            (DryBulb, "Temperature", "degC"),
            (RelativeHumidity, "Relative Humidity", "%"),
            (DewPoint, "Dew Point", "degC"),
            (Pressure, "Pressure", "mbar"),
            (Wind, "Wind Speed", "m/s"),
            (GlobalLight, "GHI", "W/m2"),
            (DirectLight, "DNI", "W/m2"),
            (DiffuseLight, "DHI", "W/m2"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "asos-iem",
        source: "ASOS and AWOS reports of the Iowa Environmental Mesonet \
                 (mesonet.agron.iastate.edu/request/download.phtml), in UTC: `M` for missing, `T` \
                 for a trace",
        time: &[column("valid")],
        missing: &["M", "T", "null"],
        columns: &[
            (DryBulb, "tmpf", "degF"),
            (DryBulb, "tmpc", "degC"),
            (DewPoint, "dwpf", "degF"),
            (DewPoint, "dwpc", "degC"),
            (Wind, "sknt", "kn"),
            (Wind, "sped", "mph"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "tmy3",
        source: "NREL TMY3 as CSV (NREL/TP-581-43156): place in the first line, end of the hour \
                 in standard time, months of several years",
        skip: 1,
        time: &[FormatTime::Parts(Parts {
            date: "Date (MM/DD/YYYY)",
            hour_ending: "Time (HH:MM)",
            ..NO_PARTS
        })],
        time_format: Some("%m/%d/%Y"),
        missing: &["-9900"],
        typical_year: true,
        head: Head::Placed([3, 4, 5, 6]),
        columns: &[
            (DryBulb, "Dry-bulb (C)", "degC"),
            (RelativeHumidity, "RHum (%)", "%"),
            (DewPoint, "Dew-point (C)", "degC"),
            (Pressure, "Pressure (mbar)", "mbar"),
            (Wind, "Wspd (m/s)", "m/s"),
            (GlobalLight, "GHI (W/m^2)", "W/m2"),
            (DirectLight, "DNI (W/m^2)", "W/m2"),
            (DiffuseLight, "DHI (W/m^2)", "W/m2"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "hashrate-index",
        source: "Hashrate Index, Bitcoin hash price as CSV (data.hashrateindex.com)",
        time: &[column("Time"), column("timestamp")],
        columns: &[
            (Value, "USD Hashprice", "$/PH/day"),
            (Value, "USD/PH/Day", "$/PH/day"),
            (Value, "USD/TH/Day", "$/TH/day"),
        ],
        ..PLAIN
    },
    NamedFormat {
        name: "blockchain-com",
        source: "blockchain.com charts, market price of bitcoin as CSV \
                 (blockchain.com/explorer/charts)",
        time: &[column("Timestamp")],
        columns: &[(Value, "market-price", "$")],
        ..PLAIN
    },
];

impl NamedFormat {
    /// The layout `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|format| format.name == name)
    }

    /// Whether `names`, a header, has its time and a value.
    fn fits(&self, names: &[String]) -> bool {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let time = self.time.iter().any(|time| match time {
            FormatTime::Column(name) => has(name),
            FormatTime::Parts(parts) => {
                let last = [parts.hour, parts.hour_ending].into_iter().find(|n| !n.is_empty());
                has(parts.first()) && last.is_none_or(has)
            }
        });
        time && self.columns.iter().any(|(_, name, _)| has(name))
    }
}

/// The layout whose columns `names`, a header, has; none where several fit.
pub fn recognise(names: &[String]) -> Option<&'static str> {
    if super::days::is_header(names) {
        return ALL.iter().find(|format| format.row == RowOf::Day).map(|format| format.name);
    }
    let mut fitting = ALL.iter().filter(|format| format.fits(names));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_names_its_source_and_its_clock() {
        for format in ALL {
            assert!(!format.source.is_empty() && !format.columns.is_empty(), "{}", format.name);
            assert!(TimeZone::get(format.zone).is_ok(), "{}", format.name);
            assert!(NamedFormat::named(format.name).is_some_and(|f| std::ptr::eq(f, format)));
        }
    }

    #[test]
    fn a_layout_is_recognised_by_its_header() {
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let pjm = names("datetime_beginning_utc,datetime_beginning_ept,total_lmp_da");
        assert_eq!(recognise(&pjm), Some("pjm"));
        // Day-ahead and real-time files of NYISO look alike.
        assert_eq!(recognise(&names("Time Stamp,Name,LBMP ($/MWHr)")), None);
        assert_eq!(recognise(&names("time,price")), None);
    }

    #[test]
    fn first_lines_tell_place_and_clock() {
        let lines = |text: &[&str]| text.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        let format = NamedFormat::named("nsrdb-psm").unwrap();
        let origin = format.head.read(&lines(&["Source,Latitude,Time Zone", "NSRDB,35.21,-6"]));
        assert_eq!((origin.latitude_deg, origin.offset_h), (Some(35.21), Some(-6.0)));
        assert_eq!(origin.zone(), Some(TimeZone::fixed(jiff::tz::offset(-6))));
        let format = NamedFormat::named("tmy3").unwrap();
        let line = "722650,\"MIDLAND INTERNATIONAL AP\",TX,-6.0,31.95,-102.2,872";
        let origin = format.head.read(&lines(&[line]));
        assert_eq!((origin.longitude_deg, origin.altitude_m), (Some(-102.2), Some(872.0)));
        assert_eq!(format.head.read(&[]), Origin::default());
    }
}
