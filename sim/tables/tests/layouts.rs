//! Texts in the layouts that people have: each named format by a small file written for this test,
//! and what each field of a table does.

use jiff::Timestamp;

use super::super::format::Role;
use super::super::*;
use crate::kernel::{Clock, Span, Time};
use crate::spec::{Fault, Name};
use crate::units::{CarbonIntensity, EnergyPrice, HashPrice, Unit};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

from_table! {
/// A section of one column.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    ..table { column, unit }
}
}

/// What `yaml` makes of `text` in a run of `hours` from `start`: (hours after the start, value).
fn series(
    yaml: &str,
    units: &[Unit],
    text: &str,
    (start, hours): (&str, u64),
) -> Result<Vec<(f64, f64)>, Fault> {
    let section: Section = serde_yaml::from_str(yaml).expect("a section that parses");
    let clock = Clock::new(start.parse().expect("a timestamp"), TimeZone::UTC);
    let mut read = |_: &Name, out: &mut dyn FnMut(&[u8])| {
        text.as_bytes().chunks(7).for_each(out);
        Ok(())
    };
    let mut run = Run::new(&clock, Time::ZERO + Span::from_hours(hours), &mut read);
    let mut faults = Vec::new();
    let series = section.table().series(units, &mut run, &mut faults);
    match faults.pop() {
        Some(fault) => Err(fault),
        None => Ok(series
            .expect("a series or a fault")
            .steps()
            .map(|(at, value)| ((at.as_secs_f64() / 36.0).round() / 100.0, value))
            .collect()),
    }
}

fn prices(yaml: &str, text: &str, run: (&str, u64)) -> Vec<(f64, f64)> {
    series(yaml, EnergyPrice::UNITS, text, run).unwrap_or_else(|fault| panic!("{fault:?}"))
}

/// The message of the fault, then its help.
fn refused(yaml: &str, text: &str) -> String {
    let run = ("2024-11-03T05:00Z", 2);
    let fault = series(yaml, EnergyPrice::UNITS, text, run).unwrap_err();
    format!("{} / {}", fault.message, fault.help.unwrap_or_default())
}

const PLAIN: &str = "{csv: a.csv, column: price, unit: $/MWh}";

#[test]
fn ercot_tells_the_repeated_hour_by_its_flag() {
    let mut text = String::from(
        "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,\
         SettlementPointPrice,DSTFlag\n",
    );
    // Summer time ends at two o'clock: the second hour comes twice.
    for (hour, flag, price) in [(1, "N", 10), (2, "N", 20), (2, "Y", 30), (3, "N", 40)] {
        for quarter in 1..=4 {
            for (hub, more) in [("HB_BUSAVG", 100), ("HB_HUBAVG", 0)] {
                text += &format!(
                    "11/03/2024,{hour},{quarter},{hub},AH,{},{flag}\n",
                    price + quarter + more
                );
            }
        }
    }
    let yaml = "{csv: a.csv, format: ercot-rtm, where: {SettlementPointName: [HB_HUBAVG]}}";
    let got = prices(yaml, &text, ("2024-11-03T05:00Z", 4));
    let expected: Vec<(f64, f64)> =
        (0..16).map(|i| (f64::from(i) / 4.0, f64::from(10 * (i / 4 + 1) + i % 4 + 1))).collect();
    assert_eq!(got, expected);
    // Without the filter two rows have the same time, and the message names the column.
    let said = refused("{csv: a.csv, format: ercot-rtm}", &text);
    assert!(
        said.contains("line 3") && said.contains("where: {SettlementPointName: HB_BUSAVG}"),
        "{said}"
    );
    let day_ahead = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag\n\
                     07/01/2024,23:00,HB_NORTH,1.5,N\n07/01/2024,24:00,HB_NORTH,2.5,N\n";
    let got = prices("{csv: a.csv, format: ercot-dam}", day_ahead, ("2024-07-02T03:00Z", 2));
    assert_eq!(got, [(0.0, 1.5), (1.0, 2.5)]);
}

#[test]
fn prices_of_other_operators_come_at_their_hours() {
    let run = ("2024-11-03T05:00Z", 2);
    for (yaml, text) in [
        (
            "{csv: a.csv, format: gridstatus, where: {Location: [HB_HUBAVG]}}",
            "Time,Interval Start,Interval End,Location,SPP\n\
             x,2024-11-03 00:00:00-05:00,x,HB_HUBAVG,1\nx,2024-11-03 00:00:00-05:00,x,OTHER,7\n\
             x,2024-11-03 01:00:00-05:00,x,HB_HUBAVG,2\n",
        ),
        (
            "{csv: a.csv, format: pjm}",
            "datetime_beginning_utc,datetime_beginning_ept,pnode_name,total_lmp_rt\n\
             11/3/2024 5:00:00 AM,11/3/2024 1:00:00 AM,DOM,1\n\
             11/3/2024 6:00:00 AM,11/3/2024 1:00:00 AM,DOM,2\n",
        ),
        (
            "{csv: a.csv, format: caiso}",
            "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,LMP_TYPE,MW\n\
             2024-11-03T06:00:00-00:00,x,LMP,2\n2024-11-03T05:00:00-00:00,x,MCC,9\n\
             2024-11-03T05:00:00-00:00,x,LMP,1\n",
        ),
        (
            "{csv: a.csv, format: nyiso-dam}",
            "\"Time Stamp\",\"Name\",\"PTID\",\"LBMP ($/MWHr)\"\n\
             \"11/03/2024 01:00\",\"CAPITL\",61757,1\n\"11/03/2024 01:00\",\"CAPITL\",61757,2\n",
        ),
        (
            "{csv: a.csv, format: spp}",
            "Interval,GMTIntervalEnd,Settlement Location,LMP\n\
             11/03/2024 01:00:00,11/03/2024 06:00:00,SPPNORTH_HUB,1\n\
             11/03/2024 01:00:00,11/03/2024 07:00:00,SPPNORTH_HUB,2\n",
        ),
    ] {
        assert_eq!(prices(yaml, text, run), [(0.0, 1.0), (1.0, 2.0)], "{yaml}");
    }
    // Five minutes by their end.
    let real_time = "\"Time Stamp\",\"Name\",\"LBMP ($/MWHr)\"\n\
                     \"07/01/2024 00:05:00\",\"CAPITL\",1\n\"07/01/2024 00:10:00\",\"CAPITL\",2\n\
                     \"07/01/2024 00:15:00\",\"CAPITL\",3\n";
    let text: String = real_time.to_owned()
        + &(4..=12)
            .map(|i| format!("\"07/01/2024 00:{:02}:00\",\"CAPITL\",{i}\n", i * 5))
            .collect::<String>()
            .replace("00:60", "01:00");
    let got = prices("{csv: a.csv, format: nyiso-rtm}", &text, ("2024-07-01T04:00Z", 1));
    assert_eq!((got.len(), got[0], got[11]), (12, (0.0, 1.0), (0.92, 12.0)));
}

#[test]
fn carbon_and_hash_prices_have_their_layouts() {
    let run = ("2024-07-01T00:00Z", 2);
    let maps = "Datetime (UTC),Country,Zone id,Carbon intensity gCO₂eq/kWh (direct),x\n\
                2024-07-01 00:00:00,USA,US-TEX-ERCO,343.98,1\n\
                2024-07-01 01:00:00,USA,US-TEX-ERCO,324.19,1\n";
    let got = series("{csv: a.csv, format: electricity-maps}", CarbonIntensity::UNITS, maps, run);
    assert_eq!(got.unwrap(), [(0.0, 343.98), (1.0, 324.19)]);
    let watttime =
        "point_time,value\n2024-07-01T00:00:00+00:00,1000\n2024-07-01T01:00:00+00:00,0\n";
    let got =
        series("{csv: a.csv, format: watttime}", CarbonIntensity::UNITS, watttime, run).unwrap();
    // A pound is 0.453 592 37 kg.
    assert!((got[0].1 - 453.592_37).abs() < 1e-9);
    let index =
        "Time,USD Hashprice\n2024-07-01T00:00:00.000Z,49.31\n2024-07-02T00:00:00.000Z,50.12\n";
    let got = series("{csv: a.csv, format: hashrate-index}", HashPrice::UNITS, index, run).unwrap();
    assert_eq!(got, [(0.0, 49.31)]);
    // What a layout holds must have a place in the section.
    let fault = series("{csv: a.csv, format: watttime}", EnergyPrice::UNITS, watttime, run);
    assert_eq!(fault.unwrap_err().field, "format");
}

#[test]
fn every_field_of_a_layout_does_what_it_says() {
    let run = ("2024-07-01T00:00Z", 2);
    for (more, text) in [
        ("time_format: unix", "t,price\n1719792000,1\n1719795600,2\n"),
        ("time_format: unix-ms", "t,price\n1719792000000,1\n1719795600000,2\n"),
        ("time_zone: '-05:00'", "t,price\n2024-06-30 19:00,1\n2024-06-30 20:00,2\n"),
        ("stamp: end", "t,price\n2024-07-01 01:00,1\n2024-07-01 02:00,2\n"),
        ("stamp: middle", "t,price\n2024-07-01 00:30,1\n2024-07-01 01:30,2\n"),
        ("skip: 2", "Report,of,prices\n\nt,price\n2024-07-01 00:00,1\n2024-07-01 01:00,2\n"),
        ("sort: true", "t,price\n2024-07-01 01:00,2\n2024-07-01 00:00,1\n"),
        ("separator: ';', decimal: ','", "t;price\n2024-07-01 00:00;1,0\n2024-07-01 01:00;2,0\n"),
        ("separator: tab", "t\tprice\n2024-07-01 00:00\t1\n2024-07-01 01:00\t2\n"),
        (
            "time: [day, hour], time_format: '%m/%d/%Y %H'",
            "day,hour,price\n7/1/2024,0,1\n7/1/2024,1,2\n",
        ),
        (
            "time_parts: {year: Y, month: M, day: D, hour: h, minute: m}",
            "Y,M,D,h,m,price\n2024,7,1,0,0,1\n2024,7,1,1,0,2\n",
        ),
        ("typical_year: true", "t,price\n2009-07-01 01:00,2\n2015-07-01 00:00,1\n"),
        (
            "missing: [M, '-999'], interpolate: 3 h",
            "t,price\n2024-06-30 23:00,0\n2024-07-01 00:00,M\n2024-07-01 01:00,-999\n2024-07-01 02:00,3\n2024-07-01 03:00,4\n",
        ),
        (
            "where: {hub: [A, B]}",
            "t,hub,price\n2024-07-01 00:00,A,1\n2024-07-01 00:00,C,9\n2024-07-01 01:00,B,2\n",
        ),
    ] {
        let yaml = format!("{{csv: a.csv, column: price, unit: $/MWh, {more}}}");
        assert_eq!(prices(&yaml, text, run), [(0.0, 1.0), (1.0, 2.0)], "{more}");
    }
    let yaml = "{csv: a.csv, column: price, unit: $/MWh, thousands: ','}";
    let got = prices(yaml, "t,price\n2024-07-01 00:00,\"1,253.5\"\n2024-07-01 01:00,2\n", run);
    assert_eq!(got[0].1, 1253.5);
    // A lost row under `hold`.
    let yaml = "{csv: a.csv, column: price, unit: $/MWh, hold: 3 h}";
    let text = "t,price\n2024-07-01 00:00,1\n2024-07-01 01:00,\n2024-07-01 02:00,2\n";
    assert_eq!(prices(yaml, text, run), [(0.0, 1.0)]);
}

#[test]
fn each_refusal_shows_the_way_out() {
    for (text, part) in [
        ("time,price\n1730610000,20\n", "`time_format: unix`"),
        ("Datum;Preis\n2024-11-03 05:00;53,79\n", "`separator: \";\"`"),
        (
            "a,b\n1,2\ntime,price\n2024-11-03 05:00,2\n",
            "the header stands in line 3: write `skip: 2`",
        ),
        ("time,price\n2024-11-03 05:00,\"1,253.79\"\n", "`thousands: \",\"`"),
        ("time,price\n2024-11-03 05:00,\"53,79\"\n", "`decimal: \",\"`"),
        ("time,price\n2024-11-03 05:00,$5\n", "sign of currency"),
        ("time,price\n2024-11-03 05:00,n/e\n", "`missing: [\"n/e\"]`"),
        ("time,price\n2024-11-03 06:00,1\n2024-11-03 05:00,2\n", "`sort: true`"),
        ("time,price\n2015-11-03 06:00,1\n2009-11-03 05:00,2\n", "`typical_year: true`"),
        ("time,hub,price\n2024-11-03 05:00,A,1\n2024-11-03 05:00,B,2\n", "where: {hub: A}"),
        (
            "time,price\n2024-11-03 05:00,1\n2024-11-03 06:00,\n2024-11-03 07:00,1\n2024-11-03 08:00,1\n2024-11-03 09:00,1\n",
            "`hold: 2 h`",
        ),
        ("HourEnding,price\n2024-11-03 06:00,1\n2024-11-03 07:00,2\n", "`stamp: end`"),
        ("Year,Month,Day,Hour,price\n2024,7,1,0,3\n", "`time_parts: {year: Year, month: Month"),
        ("datetime_beginning_utc,total_lmp_rt,price\nx,1,1\n", "`format: pjm`"),
        // Also where the form of its times could be named.
        (
            "MTU (CET/CEST),Day-ahead Price (EUR/MWh),price\n03/11/2024 06:00:00 - 03/11/2024 07:00:00,1,1\n",
            "`format: entsoe`",
        ),
        ("time,price\n03/11/2024 06:00,1\n", "or, with the day first, `\"%d/%m/%Y %H:%M\"`"),
        ("time,price\n2024-11-03 05:00,1\nTotal,1\n", "is to be taken out"),
        ("time,price,price\n2024-11-03 05:00,1,2\n", "two columns are called `price`"),
        ("time,Price\n2024-11-03 05:00,1\n", "did you mean `Price`?"),
        ("time,price\n2024-11-03 05:00,\"1,020\"\n", "write `thousands: \",\"`; where the comma"),
    ] {
        let said = refused(PLAIN, text);
        assert!(said.contains(part), "{text}: {said}");
    }
}

#[test]
fn a_file_that_is_no_text_is_known_by_its_bytes() {
    let help = |bytes: &[u8]| {
        let mut reader = RowReader::new(rows::TextLayout::default(), Vec::new(), Vec::new());
        reader.read(1, bytes).unwrap_err().help.unwrap_or_default()
    };
    assert!(help(&[0x1f, 0x8b, 8, 0, 0xff]).contains("`.gz`"));
    assert!(help(b"PK\x03\x04\xff").contains("zip"));
    assert!(help(&[0xff, 0xfe, b't', 0, b'i', 0]).contains("UTF-16"));
    assert!(help(b"time,Preis \x80").contains("code page"));
}

/// Seconds and milliseconds that are taken for each other are far from any run.
#[test]
fn a_unit_of_time_that_is_another_is_named() {
    let said = |form: &str, first: &str, second: &str| {
        let yaml = format!("{{csv: a.csv, column: price, unit: $/MWh, time_format: {form}}}");
        refused(&yaml, &format!("time,price\n{first},1\n{second},2\n"))
    };
    let milliseconds = said("unix", "1730610000000", "1730613600000");
    assert!(milliseconds.contains("`time_format: unix-ms`"), "{milliseconds}");
    let seconds = said("unix-ms", "1730610000", "1730613600");
    assert!(seconds.ends_with("seconds since 1970 need `time_format: unix`"), "{seconds}");
}

#[test]
fn a_layout_says_what_its_file_is_about() {
    let section: Section =
        serde_yaml::from_str("{csv: a.csv, column: price, unit: $/MWh}").unwrap();
    let clock = Clock::new("2024-07-01T00:00Z".parse().unwrap(), TimeZone::UTC);
    let text = "t,price\n2024-07-01 00:00,-5\n2024-07-01 01:00,7\n2024-07-01 02:00,\n\
                2024-07-01 03:00,9\n2024-07-01 04:00,9\n";
    let mut read = |_: &Name, out: &mut dyn FnMut(&[u8])| {
        out(text.as_bytes());
        Ok(())
    };
    let mut run = Run::new(&clock, Time::ZERO + Span::from_hours(1), &mut read);
    section.table().series(EnergyPrice::UNITS, &mut run, &mut Vec::new()).unwrap();
    assert_eq!(
        run.found,
        ["`a.csv`: 4 rows, 2024-07-01T00:00:00Z to 2024-07-01T04:00:00Z, every 1h, 1 gap of 2h, \
          1 without a value (first: line 4); `price` -5 to 9 $/MWh"]
    );
}

#[test]
fn rows_far_from_a_run_are_not_kept() {
    let first: Timestamp = "2000-01-01T00:00Z".parse().unwrap();
    let row = |i: i64| format!("{},{i}\n", first + jiff::SignedDuration::from_hours(i));
    let text: String = "t,price\n".to_owned() + &(0..50_000).map(row).collect::<String>();
    let wanted = vec![Wanted::from(Column::plain("price"))];
    let keep = |hour: i64| first + jiff::SignedDuration::from_hours(hour);
    let mut reader =
        TableReader::new(TableLayout::default(), wanted, Some((keep(30_000), keep(30_010))));
    reader.push(text.as_bytes()).unwrap();
    let (recording, survey) = reader.finish().unwrap();
    let values: Vec<f64> = recording.columns[0].clone();
    assert_eq!(values, (29_999..=30_011).map(f64::from).collect::<Vec<_>>());
    assert_eq!((survey.rows, survey.columns[0]), (50_000, (0.0, 49_999.0, 0)));
    assert_eq!(recording.whole, Some((first, keep(49_999))));
}

#[test]
fn the_json_of_open_meteo_is_the_table_of_open_meteo() {
    let json = r#"{"latitude": 32.8, "longitude": -96.8, "elevation": 142.0,
        "utc_offset_seconds": -18000, "hourly_units": {"time": "iso8601", "temperature_2m": "°C",
        "relative_humidity_2m": "%"}, "hourly": {"time": ["2024-07-01T00:00", "2024-07-01T01:00"],
        "temperature_2m": [27.1, null], "relative_humidity_2m": [77, 79]}}"#
        .as_bytes();
    let text = String::from_utf8(super::super::json::open_meteo(json).unwrap()).unwrap();
    assert_eq!(
        text,
        "latitude,longitude,elevation,utc_offset_seconds\n32.8,-96.8,142.0,-18000\n\n\
         time,temperature_2m (°C),relative_humidity_2m (%)\n2024-07-01T00:00,27.1,77\n\
         2024-07-01T01:00,,79\n"
    );
    assert!(super::super::json::open_meteo(b"[1]").is_err());
    assert!(super::super::json::open_meteo(b"{").is_err());
    let format = format::NamedFormat::named("open-meteo").unwrap();
    let known = |header: &str| format.columns.iter().any(|(_, name, _)| *name == header);
    assert!(known("temperature_2m (°C)") && known("relative_humidity_2m (%)"));
    assert_eq!(format.columns[0].0, Role::DryBulb);
}

/// The layout of MISO's market reports, written anew, with two days one after the other: a title, the
/// date, a note on the clock, and a row for each node and part of its price.
fn miso(days: &[&str]) -> String {
    let hours = |name: &str| (1..=24).map(|hour| format!(",{name}{hour}")).collect::<String>();
    let values = |first: u32| (0..24).map(|h| format!(",{}.5", first + h)).collect::<String>();
    let day = |(index, date): (u32, &&str)| {
        format!(
            "Day Ahead Market ExPost LMPs\r\n{date}\r\n\r\n,,,All Hours-Ending are Eastern Standard Time (EST)\r\n\
             Node,Type,Value{}\r\nALTW.ALTW,Loadzone,LMP{}\r\n\"INDIANA.HUB\",Hub,LMP{}\r\nINDIANA.HUB,Hub,MCC{}\r\n",
            hours("HE "),
            values(1000),
            values(100 * (index + 1)),
            values(9000),
        )
    };
    (0..).zip(days).map(day).collect()
}

/// On the day on which clocks go forward elsewhere MISO has 24 hours, the first at five in UTC.
#[test]
fn rows_of_days_become_rows_of_hours() {
    let yaml = "{csv: f.csv, format: miso, where: {Node: [INDIANA.HUB], Value: [LMP]}}";
    let text = miso(&["03/08/2026", "03/09/2026"]);
    let got = prices(yaml, &text, ("2026-03-08T05:00Z", 48));
    let of_day = |day: u32| (0..24).map(move |h| 100.0 * f64::from(day) + f64::from(h) + 0.5);
    let expected: Vec<(f64, f64)> = (0..).map(f64::from).zip(of_day(1).chain(of_day(2))).collect();
    assert_eq!(got, expected);
    // The archives write the hours without a blank.
    let text = miso(&["03/08/2026"]).replace("HE ", "HE");
    assert_eq!(prices(yaml, &text, ("2026-03-08T05:00Z", 24))[..], expected[..24]);
}

#[test]
fn what_a_row_of_a_day_lacks_is_said() {
    let text = miso(&["11/03/2024"]);
    let yaml = "{csv: f.csv, format: miso, where: {Node: [INDIANA.HUB], Value: [LMP]}}";
    let undated = text.replace("11/03/2024", "");
    assert!(refused(yaml, &undated).contains("line 6: prices of a day without its date"));
    let torn = text.replace(",123.5", "");
    assert!(refused(yaml, &torn).contains("line 7: 26 fields, the header has 27"));
    assert!(refused(yaml, "a,b,c\n1,2,3\n").contains("no header with the hours"));
    // Without its name the layout is known by its header, below other lines too.
    let plain = refused("{csv: f.csv, column: LMP, unit: $/MWh}", &text);
    assert!(plain.contains("line 5 has the columns of `format: miso`"), "{plain}");
}
