//! The specs of this room, its laws against the figures they were fitted to, and its readers
//! against the real files, where those are at hand.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::price::{Hub, HubDesign, ercot};
use super::weather::{Climate, ClimateDesign, epw, normals};
use super::*;
use crate::fluids::standard_pressure_pa;
use crate::kernel::{Clock, Span, Streams, Time};
use crate::spec::{Fault, Name};
use crate::tables::{Column, Run, read_csv};

const START: &str = "2026-06-01T00:00:00Z";

fn clock(start: &str) -> Clock {
    Clock::new(start.parse().expect("a timestamp"), TimeZone::UTC)
}

fn hours(n: u64) -> Time {
    Time::ZERO + Span::from_hours(n)
}

fn nowhere() -> Place {
    Place { latitude_deg: None, longitude_deg: None, altitude_m: None, zone: TimeZone::UTC }
}

/// Resolves a section of YAML against one file of the given content; two days from `START`.
fn resolve<S: serde::de::DeserializeOwned, D>(
    yaml: &str,
    file: &str,
    resolve: impl FnOnce(&S, &mut Run<'_>, &mut Vec<Fault>) -> Option<D>,
) -> Result<D, Vec<String>> {
    let spec: S = serde_yaml::from_str(yaml).expect("a section that parses");
    let clock = clock(START);
    let mut read = |name: &Name, out: &mut dyn FnMut(&[u8])| {
        assert_eq!(name.text, "data.csv");
        out(file.as_bytes());
        Ok(())
    };
    let mut run = Run::new(&clock, hours(48), &mut read);
    let mut faults = Vec::new();
    let design = resolve(&spec, &mut run, &mut faults);
    assert!(design.is_some() || !faults.is_empty(), "a design or faults");
    let faults: Vec<String> =
        faults.into_iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
    design.filter(|_| faults.is_empty()).ok_or(faults)
}

fn price(yaml: &str, file: &str) -> Result<PriceDesign, Vec<String>> {
    resolve(yaml, file, PriceSpec::resolve)
}

fn weather(yaml: &str, file: &str) -> Result<WeatherDesign, Vec<String>> {
    let place = Place { altitude_m: Some(0.0), ..nowhere() };
    resolve(yaml, file, |spec: &WeatherSpec, run, faults| spec.resolve(&place, run, faults))
}

#[test]
fn prices_come_from_a_model_a_constant_or_a_column() {
    let file = "at,c\n2026-06-01T00:00Z,2.5\n2026-06-02T00:00Z,-1\n";
    let csv = price("{csv: data.csv, column: c, unit: c/kWh}", file).unwrap();
    let mut prices = Price::new(&csv, &Streams::new(1, 0));
    assert_eq!((prices.current(), prices.next_at()), (25.0, hours(24)));
    prices.advance(hours(24));
    assert_eq!((prices.current(), prices.next_at()), (-10.0, Time::MAX));

    let fixed = Price::new(&price("{fixed: 41 $/MWh}", "").unwrap(), &Streams::new(1, 0));
    assert_eq!((fixed.current(), fixed.next_at()), (41.0, Time::MAX));

    let model = price("{model: ercot-hub}", "").unwrap();
    let prices = Price::new(&model, &Streams::new(1, 0));
    assert_eq!(prices.next_at(), Time::ZERO + Span::from_secs(900));
}

#[test]
fn what_a_section_lacks_is_said() {
    for (yaml, message) in [
        ("{}", ": needs one of `model`, `fixed`, `csv`"),
        ("{model: ercot-hub, fixed: 3 $/MWh}", "fixed: `model` and `fixed` exclude each other"),
        ("{model: ercot-hubb}", "model: unknown model `ercot-hubb`"),
        ("{model: ercot-hub, spikes: 0}", "spikes: `spikes` is outside 0.01 to 10"),
        ("{model: ercot-hub, mean: -3 $/MWh}", "mean: the mean price is above zero"),
        ("{fixed: 3 $/MWh, mean: 3 $/MWh}", "mean: `mean` goes with `model`"),
        ("{csv: data.csv, unit: $/MWh}", "csv: `csv` needs `column`, the header of its values"),
        ("{csv: data.csv, column: c}", "csv: `csv` needs the `unit` of its column"),
        ("{csv: data.csv, column: c, unit: $/GJ}", "unit: unknown unit `$/GJ`"),
        (
            "{csv: data.csv, column: c, unit: $/MWh, time_zone: Texas}",
            "time_zone: unknown time zone `Texas`",
        ),
        (
            "{csv: data.csv, column: c, unit: $/MWh}",
            "csv: `data.csv`: line 3: `c` needs a number, got `high`",
        ),
    ] {
        let file = "at,c\n2026-06-01T00:00Z,2.5\n2026-06-02T00:00Z,high\n";
        assert_eq!(price(yaml, file).unwrap_err()[0], message, "{yaml}");
    }
    for (yaml, message) in [
        ("{climate: texas}", "climate: unknown climate `texas`"),
        ("{csv: data.csv}", "csv: `csv` needs `columns`, what its columns hold"),
        (
            "{csv: data.csv, columns: {dry_bulb: {column: t, unit: degC}}}",
            "columns: `columns` needs one of `dew_point` and `relative_humidity`",
        ),
        (
            "{csv: data.csv, columns: {dry_bulb: {column: t, unit: bar}, dew_point: {column: t, unit: degC}}}",
            "columns: unknown unit `bar`",
        ),
        (
            "{csv: data.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: h, unit: '1'}}}",
            "csv: `data.csv`: line 3: a relative humidity of 55 (fraction) is outside 0 to 1 (fraction)",
        ),
    ] {
        let file = "at,t,h\n2026-06-01T00:00Z,20,0.5\n2026-06-02T00:00Z,21,55\n";
        assert_eq!(weather(yaml, file).unwrap_err()[0], message, "{yaml}");
    }
}

#[test]
fn a_table_of_weather_is_read_in_its_units() {
    let file = "at,t,h,w\n2026-06-01T00:00Z,77,40,36\n2026-06-02T00:00Z,-40,100,0\n";
    let columns = "{dry_bulb: {column: t, unit: degF}, relative_humidity: {column: h, unit: '%'}, \
                   wind: {column: w, unit: km/h}}";
    let design = weather(&format!("{{csv: data.csv, columns: {columns}}}"), file).unwrap();
    let weather = Weather::new(&design, &Streams::new(1, 0));
    let row = weather.current();
    assert!((row.dry_bulb_c - 25.0).abs() < 1e-12);
    assert_eq!(row.humidity, Humidity::Relative(0.4));
    assert!((row.wind_m_s - 10.0).abs() < 1e-12);
    assert_eq!(row.pressure_pa, standard_pressure_pa(0.0));
    assert_eq!(weather.next_at(), hours(24));
}

#[test]
fn a_table_without_pressure_needs_an_altitude() {
    let yaml = "{csv: data.csv, columns: {dry_bulb: {column: t, unit: degC}, dew_point: \
                {column: d, unit: degC}}}";
    let file = "at,t,d\n2026-06-01T00:00Z,20,10\n2026-06-02T00:00Z,21,10\n";
    let at = |place: &Place| {
        resolve(yaml, file, |spec: &WeatherSpec, run, faults| spec.resolve(place, run, faults))
    };
    let faults = at(&nowhere()).unwrap_err();
    assert_eq!(faults, ["columns: a table without `pressure` needs the site's `altitude`"]);
    let design = at(&Place { altitude_m: Some(500.0), ..nowhere() }).unwrap();
    let weather = Weather::new(&design, &Streams::new(1, 0));
    assert_eq!(weather.current().pressure_pa, standard_pressure_pa(500.0));
}

#[test]
fn carbon_is_a_constant_or_a_column() {
    let resolve = |yaml: &str, file: &str| resolve(yaml, file, CarbonSpec::resolve);
    let fixed = resolve("{fixed: 380 g/kWh}", "").unwrap();
    assert_eq!(Carbon::new(&fixed).current(), 380.0);
    let file = "utc,ci\n2026-06-01 00:00:00,343.98\n2026-06-02 00:00:00,324.19\n";
    let mut carbon =
        Carbon::new(&resolve("{csv: data.csv, column: ci, unit: g/kWh}", file).unwrap());
    assert_eq!((carbon.current(), carbon.next_at()), (343.98, hours(24)));
    carbon.advance(hours(30));
    assert_eq!((carbon.current(), carbon.next_at()), (324.19, Time::MAX));
}

#[test]
fn a_place_off_the_planet_is_refused() {
    let spec: SiteSpec =
        serde_yaml::from_str("{latitude: 132 deg, longitude: -102 deg, altitude: 545 m}").unwrap();
    let mut faults = Vec::new();
    let place = spec.resolve(&mut faults);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].field, "latitude");
    assert_eq!((place.longitude_deg, place.altitude_m), (Some(-102.0), Some(545.0)));
}

/// Every hour of `hours` of a climate.
fn draw_climate(name: &str, start: &str, n: u64, streams: &Streams) -> Vec<WeatherRow> {
    let normals = normals::ALL.iter().find(|c| c.name == name).expect("a built-in climate");
    let mut climate =
        Climate::new(&ClimateDesign::new(normals, &nowhere(), &clock(start)), streams);
    (0..n)
        .map(|hour| {
            climate.advance(hours(hour));
            *climate.current()
        })
        .collect()
}

fn draw_prices(start: &str, n: u64, streams: &Streams) -> Vec<f64> {
    let mut hub = Hub::new(&HubDesign::new(ercot::ALL[0], None, 1.0, &clock(start)), streams);
    (0..n)
        .map(|step| {
            hub.advance(Time::ZERO + Span::from_secs(900 * step));
            hub.current()
        })
        .collect()
}

#[test]
fn draws_depend_on_seed_and_replication_and_on_nothing_else() {
    let draw = |seed, replication| {
        let streams = Streams::new(seed, replication);
        (draw_climate("phoenix", START, 200, &streams), draw_prices(START, 200, &streams))
    };
    let first = draw(7, 0);
    assert_eq!(first, draw(7, 0));
    assert_ne!(first.0, draw(8, 0).0);
    assert_ne!(first.1, draw(7, 1).1);
    // Looking only now and then sees the same path.
    let streams = Streams::new(7, 0);
    let normals = normals::ALL[1];
    let design = ClimateDesign::new(normals, &nowhere(), &clock(START));
    let mut climate = Climate::new(&design, &streams);
    climate.advance(hours(199));
    assert_eq!(*climate.current(), first.0[199]);
    // A start inside an hour sees the hour it is in, and then full hours.
    let late = ClimateDesign::new(normals, &nowhere(), &clock("2026-06-01T00:45:00Z"));
    let mut late = Climate::new(&late, &streams);
    assert_eq!((*late.current(), late.next_at()), (first.0[0], Time::ZERO + Span::from_secs(900)));
    late.advance(late.next_at());
    assert_eq!(*late.current(), first.0[1]);
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, n) = values.into_iter().fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    sum / n
}

fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(p * (sorted.len() - 1) as f64).round() as usize]
}

fn dew_point(row: &WeatherRow) -> f64 {
    match row.humidity {
        Humidity::DewPoint(dew_point) => dew_point,
        Humidity::Relative(_) => panic!("climates draw dew points"),
    }
}

#[test]
fn climates_keep_their_monthly_normals() {
    // 30 years: the mean of a month over 30 winters is known to about 0.4 K.
    const YEARS: u64 = 30;
    for normals in normals::ALL {
        let rows: Vec<Vec<WeatherRow>> = (0..YEARS)
            .map(|r| draw_climate(normals.name, "2025-01-01T00:00Z", 8760, &Streams::new(3, r)))
            .collect();
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut first = 0;
        for (month, days) in lengths.into_iter().enumerate() {
            let hours = first..first + days * 24;
            first = hours.end;
            let of = |value: fn(&WeatherRow) -> f64| {
                mean(rows.iter().flat_map(|year| year[hours.clone()].iter().map(value)))
            };
            let checks = [
                ("dry bulb", of(|r| r.dry_bulb_c), normals.dry_bulb_c[month], 1.2),
                // Held down to the dry bulb, dew point ends up to a kelvin below its normal.
                ("dew point", of(dew_point), normals.dew_point_c[month], 2.0),
                ("wind", of(|r| r.wind_m_s), normals.wind_m_s[month], 0.4),
            ];
            for (what, ours, normal, tolerance) in checks {
                let place = format!("{} {what} in month {}", normals.name, month + 1);
                assert!((ours - normal).abs() < tolerance, "{place}: {ours:.2} for {normal:.2}");
            }
        }
    }
}

#[test]
fn climates_meet_published_figures_that_they_were_not_fitted_to() {
    let years = |name: &str| -> Vec<WeatherRow> {
        (0..30)
            .flat_map(|r| draw_climate(name, "2025-01-01T00:00Z", 8760, &Streams::new(4, r)))
            .collect()
    };
    let dry = |rows: &[WeatherRow]| rows.iter().map(|r| r.dry_bulb_c).collect::<Vec<_>>();
    // ASHRAE 2009 design conditions (99.6 % and 0.4 % dry bulb), as in the header of the files.
    for (name, heating, cooling) in [("phoenix", 3.7, 43.4), ("northern-virginia", -11.8, 34.1)] {
        let rows = dry(&years(name));
        let (cold, hot) = (quantile(&rows, 0.004), quantile(&rows, 0.996));
        assert!((cold - heating).abs() < 1.5, "{name}: {cold:.1} for {heating}");
        assert!((hot - cooling).abs() < 1.0, "{name}: {hot:.1} for {cooling}");
    }
    // Dallas, hour by hour from 2020 to 2024 (Open-Meteo, as HewlettPackard/sustain-cluster has it in
    // `data/weather`): mean and 99.6 %. The climate was fitted to two of these years, 2021 and 2023;
    // that three others lie within its bounds is what is tested, not the source, which is the same.
    let dallas = dry(&years("dallas"));
    let (mean_c, hot) = (mean(dallas.iter().copied()), quantile(&dallas, 0.996));
    assert!((mean_c - 19.9).abs() < 0.3, "{mean_c:.2}");
    assert!((hot - 39.6).abs() < 0.7, "{hot:.2}");
    // Midland 1991-2020: annual mean of 65.8 degF (National Weather Service).
    let west_texas = mean(dry(&years("west-texas")));
    assert!((west_texas - (65.8 - 32.0) / 1.8).abs() < 0.3, "{west_texas:.2}");
    // Lulea: -25 degC for a few days each winter, -35 in the coldest ones; 28 to 30 at best.
    let nordic = dry(&years("nordic"));
    let coldest = mean(nordic.chunks(8760).map(|y| y.iter().copied().fold(f64::MAX, f64::min)));
    let hottest = mean(nordic.chunks(8760).map(|y| y.iter().copied().fold(f64::MIN, f64::max)));
    assert!((-34.0..-25.0).contains(&coldest), "{coldest:.1}");
    assert!((26.0..31.0).contains(&hottest), "{hottest:.1}");
}

#[test]
fn afternoons_are_warm_by_the_sun_of_the_site() {
    // At longitude 90 E the sun is six hours ahead of UTC: the warmest hour is near 09 UTC.
    let place = Place { longitude_deg: Some(90.0), ..nowhere() };
    let design = ClimateDesign::new(normals::ALL[1], &place, &clock("2025-06-01T00:00Z"));
    let mut sums = [0.0; 24];
    for replication in 0..10 {
        let mut climate = Climate::new(&design, &Streams::new(5, replication));
        for hour in 0..720 {
            climate.advance(hours(hour));
            sums[hour as usize % 24] += climate.current().dry_bulb_c;
        }
    }
    let warmest = (0..24).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).expect("24 hours");
    assert!((8..=10).contains(&warmest), "warmest at {warmest} UTC");
}

/// Uptime and stops of a load that stops above `off`, comes back at or below `on`, and stays
/// off at least `least` intervals.
fn policy(prices: &[f64], off: f64, on: f64, least: usize) -> (f64, usize) {
    let (mut running, mut since, mut up, mut stops) = (true, 0, 0, 0);
    for price in prices {
        if running {
            if *price > off {
                (running, since, stops) = (false, 0, stops + 1);
            }
        } else {
            since += 1;
            running = *price <= on && since >= least;
        }
        up += usize::from(running);
    }
    (up as f64 / prices.len() as f64, stops)
}

#[test]
fn the_hub_keeps_the_figures_of_its_market() {
    // Figures of ERCOT HB_HUBAVG 2024-01 to 2025-11. Tolerances are about three deviations of
    // the mean of twelve draws, and where docs/models/price.md states an error (stops above
    // 150 $/MWh), that error more.
    let draws: Vec<Vec<f64>> =
        (0..12).map(|r| draw_prices("2024-01-01T00:00Z", 67_200, &Streams::new(2, r))).collect();
    let over = |figure: &dyn Fn(&[f64]) -> f64| mean(draws.iter().map(|d| figure(d)));
    let stops = |threshold: f64| over(&|d| policy(d, threshold, threshold, 0).1 as f64);
    let uptime = |threshold: f64| over(&|d| policy(d, threshold, threshold, 0).0);
    for (what, ours, real, tolerance) in [
        ("mean", over(&|d| mean(d.iter().copied())), 29.3986, 2.0),
        (
            "share negative",
            over(&|d| mean(d.iter().map(|p| f64::from(u8::from(*p < 0.0))))),
            0.0248,
            0.010,
        ),
        ("p10", over(&|d| quantile(d, 0.1)), 8.83, 1.0),
        ("p50", over(&|d| quantile(d, 0.5)), 22.34, 0.6),
        ("p90", over(&|d| quantile(d, 0.9)), 49.3, 3.5),
        ("p99", over(&|d| quantile(d, 0.99)), 138.1, 17.0),
        ("uptime at 60", uptime(60.0), 0.929777, 0.011),
        ("uptime at 86", uptime(86.0), 0.970342, 0.007),
        ("uptime at 150", uptime(150.0), 0.991607, 0.003),
        ("stops at 60", stops(60.0), 882.0, 110.0),
        ("stops at 86", stops(86.0), 473.0, 70.0),
        ("stops at 100", stops(100.0), 376.0, 65.0),
        ("stops at 150", stops(150.0), 206.0, 80.0),
    ] {
        assert!((ours - real).abs() < tolerance, "{what}: {ours} for {real}");
    }
    assert!(draws.iter().flatten().all(|p| (-40.0..=5000.0).contains(p)));
}

#[test]
fn the_latent_values_of_a_law_are_those_that_its_quantiles_have() {
    for law in ercot::ALL {
        let found = law.latent_values(1.0);
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        assert_eq!(law.latent, found, "{}: by its quantiles", law.name);
    }
}

#[test]
fn mean_and_spikes_do_what_they_say() {
    let design = |mean_price, spikes| {
        HubDesign::new(ercot::ALL[0], mean_price, spikes, &clock("2024-01-01T00:00Z"))
    };
    // The long-run mean is that of the market without a single draw.
    let market = design(None, 1.0).long_run_mean();
    assert!((market - 29.3986).abs() < 0.3, "{market}");

    let draw = |design: &HubDesign| -> Vec<f64> {
        let prices = |replication| {
            let mut hub = Hub::new(design, &Streams::new(6, replication));
            (0..67_200u64)
                .map(|step| {
                    hub.advance(Time::ZERO + Span::from_secs(900 * step));
                    hub.current()
                })
                .collect::<Vec<_>>()
        };
        (0..6).flat_map(prices).collect()
    };
    let scarce = |prices: &[f64]| mean(prices.iter().map(|p| f64::from(u8::from(*p > 86.0))));
    let plain = draw(&design(None, 1.0));
    let scaled = draw(&design(Some(60.0), 1.0));
    let ratio = 60.0 / market;
    assert!(
        plain.iter().zip(&scaled).all(|(p, s)| (p * ratio - s).abs() < 1e-9 * s.abs().max(1.0))
    );

    let often = draw(&design(None, 2.0));
    let change = scarce(&often) / scarce(&plain);
    assert!((change - 2.0).abs() < 0.2, "{change}");
    let seldom = draw(&design(None, 0.5));
    let change = scarce(&seldom) / scarce(&plain);
    assert!((change - 0.5).abs() < 0.1, "{change}");
    // Ordinary prices stay where they were: the median moves by less than a dollar.
    assert!((quantile(&often, 0.5) - quantile(&plain, 0.5)).abs() < 1.0);

    // With both, the mean holds: six draws of 700 days know it to about 6 %.
    let both = mean(draw(&design(Some(60.0), 2.0)));
    assert!((both / 60.0 - 1.0).abs() < 0.15, "{both}");
}

/// A file of the data beside the project, decompressed, or `None` after saying that it is
/// skipped.
#[allow(clippy::print_stderr)] // a skipped test says so
fn data(file: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("LOADBANK_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let Ok(bytes) = std::fs::read(folder.join(file)) else {
        eprintln!("skipped: no data ({file})");
        return None;
    };
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("gzip");
    Some(plain)
}

fn column(name: &str) -> Column {
    Column::plain(name)
}

#[test]
fn real_prices_give_the_published_uptimes() {
    let Some(bytes) = data("grid/ercot_hubavg_rt15_2024_2025.csv.gz") else { return };
    let table = read_csv(&bytes, None, &[column("price_usd_per_mwh")], &TimeZone::UTC).unwrap();
    let prices = &table.columns[0];
    assert_eq!(prices.len(), 67_200);
    assert!((mean(prices.iter().copied()) - 29.3986).abs() < 5e-5);
    assert_eq!(table.starts[67_199].to_string(), "2025-11-30T23:45:00Z");
    // price_policy_targets.csv (T23 to T25).
    for (off, on, least, uptime, stops) in [
        (60.0, 60.0, 0, 0.929_777, 882),
        (80.0, 80.0, 0, 0.964_940, 526),
        (86.0, 86.0, 0, 0.970_342, 473),
        (100.0, 100.0, 0, 0.979_464, 376),
        (150.0, 150.0, 0, 0.991_607, 206),
        (86.0, 70.0, 0, 0.962_723, 381),
        (86.0, 70.0, 3, 0.959_613, 355),
    ] {
        let (ours, ours_stops) = policy(prices, off, on, least);
        assert!((ours - uptime).abs() < 5e-7, "{off}/{on}/{least}: {ours} for {uptime}");
        assert_eq!(ours_stops, stops);
    }
}

#[test]
fn other_real_tables_are_read() {
    let rows = |file: &str, name: &str, zone: &str| {
        let zone = TimeZone::get(zone).expect("a zone");
        data(file).map(|bytes| read_csv(&bytes, None, &[column(name)], &zone))
    };
    if let Some(carbon) = rows("grid/ercot_carbon_2021_2024.csv.gz", "ci_direct_g_per_kwh", "UTC") {
        let carbon = carbon.unwrap();
        // Four years, one of them a leap year, less what the service lost.
        assert_eq!(carbon.starts[0].to_string(), "2021-01-01T00:00:00Z");
        assert_eq!(carbon.columns[0][0], 343.98);
        let last: Timestamp = "2024-12-31T23:00:00Z".parse().unwrap();
        assert_eq!(carbon.starts.last(), Some(&last));
        assert!(carbon.starts.len() <= (3 * 365 + 366) * 24);
    }
    if let Some(uri) = rows("grid/ercot_hubavg_da_2020_2024.csv.gz", "usd_per_mwh", "UTC") {
        let uri = uri.unwrap();
        // Winter storm Uri: 8,995 $/MWh in February 2021.
        let top = uri.columns[0].iter().copied().fold(f64::MIN, f64::max);
        assert!((8990.0..9000.5).contains(&top), "{top}");
    }
}

#[test]
fn real_epw_files_are_read_whole() {
    // City, altitude and ASHRAE-like extremes that the files' own headers or notes state.
    for (file, altitude, offset) in [
        ("weather/USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw.gz", 337.0, -7.0),
        ("weather/USA_CO_Golden-NREL.724666_TMY3.epw.gz", 1829.0, -7.0),
        ("weather/USA_FL_Miami.Intl.AP.722020_TMY3.epw.gz", 11.0, -5.0),
        ("weather/USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw.gz", 82.0, -5.0),
    ] {
        let Some(bytes) = data(file) else { return };
        let epw = epw::read(&bytes, epw::EpwHumidity::DewPoint).unwrap();
        assert_eq!((epw.rows, epw.filled), (8760, 0), "{file}");
        assert_eq!((epw.location.altitude_m, epw.location.utc_offset_h), (altitude, offset));
        // Measured pressure is within 3 % of the standard atmosphere at the station.
        let pressure = mean(epw.slots.iter().flatten().map(|row| row.pressure_pa));
        assert!((pressure / standard_pressure_pa(altitude) - 1.0).abs() < 0.03, "{file}");
    }
}

#[test]
fn winter_storm_uri_comes_through_a_table() {
    let Some(bytes) = data("weather/USA_TX_Dallas_OpenMeteo_2021.json.gz") else { return };
    // The service's JSON as the table that a user would make of it; its clock is UTC-5.
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let hourly = &json["hourly"];
    let mut table = "time,t,rh,wind\n".to_owned();
    for (i, time) in hourly["time"].as_array().unwrap().iter().enumerate() {
        let of = |name: &str| hourly[name][i].to_string();
        table += &format!(
            "{}-05:00,{},{},{}\n",
            time.as_str().unwrap(),
            of("temperature_2m"),
            of("relative_humidity_2m"),
            of("windspeed_10m")
        );
    }
    let spec: WeatherSpec = serde_yaml::from_str(
        "{csv: data.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: \
         {column: rh, unit: '%'}, wind: {column: wind, unit: km/h}}}",
    )
    .unwrap();
    let clock = clock("2021-02-01T00:00:00Z");
    let mut read = |_: &Name, out: &mut dyn FnMut(&[u8])| {
        out(table.as_bytes());
        Ok(())
    };
    let mut run = Run::new(&clock, hours(28 * 24), &mut read);
    let mut faults = Vec::new();
    let place = Place { altitude_m: Some(142.0), ..nowhere() };
    let design = spec.resolve(&place, &mut run, &mut faults).expect("resolves");
    let WeatherDesign::Recorded(series) = &design else { panic!("a table is recorded") };
    let coldest = series.steps().map(|(_, row)| row.dry_bulb_c).fold(f64::MAX, f64::min);
    assert_eq!(coldest, -18.8);
    assert_eq!(series.len(), 28 * 24);
    assert_eq!(series.at(Time::ZERO).pressure_pa, standard_pressure_pa(142.0));
}
