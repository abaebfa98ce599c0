//! `loadbank run` from the command line to the last file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value as Json;
use snapbox::str;

use super::support::{Bench, SMALL};

fn json(path: impl AsRef<Path>) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Figures of a run with a warm-up are those of the intervals after it, as is what is priced; the run
/// itself is the same.
#[test]
fn a_warm_up_is_left_out_of_figures() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let run = "run small.yaml --tables csv --set duration=3days";
    bench.loadbank(run).assert().success();
    let whole = bench.the_run();
    let warm = format!("{run} --warm-up 30h --output warm");
    let text = bench.loadbank(&warm).output().unwrap().stdout;
    assert!(String::from_utf8(text).unwrap().contains("figures from day 1.25 on"));
    let after = bench.path().join("warm").join(&bench.names("warm")[0]);
    let (all, counted) = (json(whole.join("summary.json")), json(after.join("summary.json")));
    assert_eq!(all["trace"], counted["trace"]);
    assert_eq!((all.get("warm_up_days"), &counted["warm_up_days"]), (None, &Json::from(1.25)));
    let rows = csv(&after.join("timeseries.csv"));
    assert_eq!(rows, csv(&whole.join("timeseries.csv")));
    let column = |name: &str| rows[0].iter().position(|known| known == name).unwrap();
    let import = column("import_mw");
    let sum: f64 = rows[31..].iter().map(|row| row[import].parse::<f64>().unwrap()).sum();
    let import = counted["energy"]["import_mwh"].as_f64().unwrap();
    assert!((import - sum).abs() < 1e-9 * sum, "{import} {sum}");
    assert_eq!(csv(&after.join("meter.csv")).len(), 1 + 42);
    assert!(counted["what_to_know"].get("warm-up").is_none());
    let page = fs::read_to_string(after.join("report.html")).unwrap();
    assert!(page.contains("Figures count from"));
    let refused = bench.loadbank(&format!("{run} --warm-up 3days")).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("leave nothing of the 3 days"));
}

/// The rows of a CSV file, its header first.
fn csv(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_run_leaves_one_whole_folder() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let output = bench.loadbank("run small.yaml --format json").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "a good run is silent");

    let folder = bench.the_run();
    let expected = [
        "lapses.csv",
        "latency.hlog",
        "manifest.json",
        "meter.csv",
        "report.html",
        "scenario.yaml",
        "summary.json",
    ];
    let mut expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
    let latencies = ["ttft", "tpot", "tbt", "e2e", "queue"];
    expected.extend(latencies.map(|kind| format!("latency-chat-{kind}.hgrm")));
    let extension = if cfg!(feature = "parquet") { "parquet" } else { "csv" };
    expected.extend(
        [
            "events",
            "graph",
            "incidents",
            "jobs",
            "loads",
            "months",
            "origins",
            "states",
            "timeseries",
        ]
        .map(|stem| format!("{stem}.{extension}")),
    );
    expected.sort();
    assert_eq!(super::support::names(&folder), expected);

    let summary = json(folder.join("summary.json"));
    let mut printed: Json = serde_json::from_slice(&output.stdout).unwrap();
    let named = printed.as_object_mut().unwrap().remove("folder").unwrap();
    assert_eq!(bench.path().join(named.as_str().unwrap()), folder);
    assert_eq!(printed, summary, "what is printed is what is written");
    assert_eq!(summary["scenario"], "small");
    assert_eq!(summary["partial"], false);
    assert_eq!(summary["simulated_days"], 7.0);
    let books = summary["books"].as_object().unwrap();
    assert_eq!(books.len(), 9);
    assert!(books.values().all(|book| book["balanced"] == true));

    let manifest = json(folder.join("manifest.json"));
    assert_eq!(manifest["status"], "complete");
    assert_eq!(manifest["scenario"], "small.yaml");
    let hash = manifest["scenario_sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    assert_eq!(folder.file_name().unwrap().to_str(), Some(&*format!("small-{}", &hash[..12])));

    let again = bench.loadbank("run scenario.yaml -o again").current_dir(&folder).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "the written scenario runs by itself");
    let repeated = folder.join("again").join(folder.file_name().unwrap());
    assert_eq!(json(repeated.join("summary.json")), summary, "and is the same run");
}

#[test]
fn the_tables_agree_with_the_summary() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench
        .loadbank("run small.yaml --tables csv")
        .args(["--set", "power.ups.failures={rate: 1 /day}"])
        .assert()
        .success();
    let folder = bench.the_run();
    let summary = json(folder.join("summary.json"));

    let series = csv(&folder.join("timeseries.csv"));
    let (header, rows) = series.split_first().unwrap();
    assert_eq!(header[0], "start_utc");
    assert_eq!(rows.len(), 7 * 24);
    assert_eq!(rows[0][0], "2026-07-01T00:00:00Z");
    assert_eq!(rows[167][0], "2026-07-07T23:00:00Z");
    let total_mwh = |name: &str| -> f64 {
        let column = header.iter().position(|column| column == name).unwrap();
        rows.iter().map(|row| row[column].parse::<f64>().unwrap()).sum()
    };
    let close = |ours: f64, figure: &Json| {
        let figure = figure.as_f64().unwrap();
        assert!((ours - figure).abs() <= 1e-9 * figure, "{ours} against {figure}");
    };
    close(total_mwh("import_mw"), &summary["energy"]["import_mwh"]);
    for (name, work) in summary["workloads"].as_object().unwrap() {
        close(total_mwh(&format!("{name}_mw")), &work["energy_mwh"]);
    }

    // A month sums the hours that begin in it; the days of the run lie in one.
    let months = csv(&folder.join("months.csv"));
    let head = ["month", "start_utc", "days", "figure", "subject", "unit", "value", "address"];
    assert_eq!(months[0], head);
    let import: Vec<_> =
        months.iter().filter(|row| row[7] == "energy.import_mwh").map(Vec::as_slice).collect();
    let [month] = import[..] else { panic!("{import:?}") };
    assert_eq!(month[..6], ["2026-07", "2026-07-01T00:00:00Z", "7", "energy.import", "", "MWh"]);
    close(month[6].parse().unwrap(), &summary["energy"]["import_mwh"]);

    let loads = csv(&folder.join("loads.csv"));
    let header = "start_utc group power_mw max_mw utilisation_max loss_mw feeder_share";
    assert_eq!(loads[0].join(" "), header);
    let of = |group: &str, column: usize| -> f64 {
        let rows = loads.iter().filter(|row| row[1] == group);
        rows.map(|row| row[column].parse::<f64>().unwrap()).sum()
    };
    close(of("utility", 2), &summary["energy"]["import_mwh"]);
    close(of("main-tx", 5), &summary["losses"]["transformer"]["energy_mwh"]);
    close(of("train-hall", 2), &summary["workloads"]["train"]["energy_mwh"]);
    let mean_mw = &summary["components"]["pdu-{1..2}"]["load"]["mean_mw"];
    close(of("pdu-{1..2}", 2) / (7.0 * 24.0), mean_mw);
    let groups = loads[1..].iter().filter(|row| row[0] == loads[1][0]).count();
    assert_eq!(loads.len() - 1, 7 * 24 * groups, "a row an interval and part");

    let graph = csv(&folder.join("graph.csv"));
    let row = |record: &str, key: &str, to: &str| -> Vec<String> {
        let is = |row: &&Vec<String>| row[0] == record && row[1] == key && row[8] == to;
        graph.iter().find(is).unwrap_or_else(|| panic!("{record} {key} {to}")).clone()
    };
    let header = "record key kind units rating_mw stage domain from_unit to unit_lo unit_hi role";
    assert_eq!(graph[0].join(" "), header);
    assert_eq!(row("node", "pdu-{1..2}", "")[2..7], ["pdu", "2", "0.294", "3", "power"]);
    assert_eq!(row("node", "train-hall", "")[3..7], ["4", "0.0304", "4", "racks"]);
    assert_eq!(row("edge", "pdu-{1..2}", "chat-hall")[7..], ["1", "chat-hall", "0", "1", "normal"]);
    assert_eq!(row("edge", "train-hall", "tower")[2], "heat");
    assert_eq!(row("edge", "water", "tower")[2], "water");

    let events = csv(&folder.join("events.csv"));
    assert_eq!(events[0], ["at_utc", "event", "subject", "count"]);
    let happened = |what: &str| events.iter().filter(|row| row[1] == what).count() as u64;
    let failures = |component: &Json| component["failures"].as_u64().unwrap();
    let components = summary["components"].as_object().unwrap();
    assert_eq!(happened("failed"), components.values().map(failures).sum::<u64>());
    let times: Vec<&str> = events[1..].iter().map(|row| row[0].as_str()).collect();
    assert!(times.is_sorted_by_key(|at| at.parse::<jiff::Timestamp>().unwrap()));

    let jobs = csv(&folder.join("jobs.csv"));
    assert_eq!(summary["workloads"]["train"]["kind"], "training");
    let completed = summary["workloads"]["train"]["jobs"]["completed"].as_u64().unwrap();
    assert_eq!(jobs.len() as u64 - 1, completed);
    assert!(completed > 20, "ten a day for a week");
}

/// Readers take the form of the first time in a file for that of all: each has the same decimals,
/// and they hold every nanosecond.
#[test]
fn times_in_csv_have_one_form() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let forms = |start: &str, interval: &str| {
        let run = bench
            .loadbank("run small.yaml --tables csv --output out")
            .args(["--set", "output.requests={share: 100 %}"])
            .args(["--set", "power.ups.failures={rate: 1 /h, repair_mean: 1 min}"])
            .args(["--set", &format!("start={start}"), "--set", "duration=3 h"])
            .args(["--set", &format!("output.interval={interval}")]);
        run.assert().success();
        let folder = bench.path().join("out").join(&bench.names("out")[0]);
        let mut forms = BTreeMap::new();
        for stem in ["timeseries", "meter", "lapses", "months", "events", "requests"] {
            let rows = csv(&folder.join(format!("{stem}.csv")));
            let (head, rows) = rows.split_first().unwrap();
            let times: Vec<usize> =
                (0..head.len()).filter(|&n| head[n].ends_with("_utc")).collect();
            assert!(!times.is_empty() && !rows.is_empty(), "{stem}: {head:?}");
            let decimals = rows.iter().flat_map(|row| times.iter().map(|&n| &row[n])).map(|at| {
                at.parse::<jiff::Timestamp>().unwrap();
                at.split_once('.').map_or(0, |(_, decimals)| decimals.trim_end_matches('Z').len())
            });
            let decimals: std::collections::BTreeSet<usize> = decimals.collect();
            forms.insert(stem, decimals.into_iter().collect::<Vec<_>>());
        }
        fs::remove_dir_all(bench.path().join("out")).unwrap();
        forms
    };
    let whole = forms("2026-07-01T00:00:00Z", "15 min");
    for (stem, decimals) in
        [("timeseries", 0), ("meter", 0), ("lapses", 9), ("months", 0), ("events", 9)]
    {
        assert_eq!(whole[stem], [decimals], "{stem}");
    }
    assert_eq!(whole["requests"], [9]);
    let broken = forms("2026-07-01T00:00:00.25Z", "1500 ms");
    for (stem, decimals) in
        [("timeseries", 2), ("meter", 2), ("lapses", 9), ("months", 2), ("events", 9)]
    {
        assert_eq!(broken[stem], [decimals], "{stem}");
    }
}

/// Parquet and CSV hold the same table.
#[cfg(feature = "parquet")]
#[test]
fn parquet_reads_back() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.loadbank("run small.yaml --tables csv,parquet,csv").assert().success();
    let folder = bench.the_run();
    let hash = json(folder.join("manifest.json"))["scenario_sha256"].clone();
    for stem in ["timeseries", "events", "graph", "incidents", "jobs", "loads", "months", "states"]
    {
        let plain = csv(&folder.join(format!("{stem}.csv")));
        let (header, plain) = plain.split_first().unwrap();
        let path = folder.join(format!("{stem}.parquet"));
        let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows() as usize, plain.len(), "{stem}");
        let about = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let about: BTreeMap<&str, &str> =
            about.iter().map(|it| (it.key.as_str(), it.value.as_deref().unwrap())).collect();
        assert_eq!(about["loadbank.scenario"], "small", "{stem}");
        assert_eq!(about["loadbank.scenario_sha256"], hash);
        assert_eq!([about["loadbank.seed"], about["loadbank.replication"]], ["1", "0"]);
        assert_eq!(about["loadbank.version"], env!("CARGO_PKG_VERSION"));
        let units: Json = serde_json::from_str(about["loadbank.units"]).unwrap();
        if stem == "timeseries" {
            assert_eq!(units["import_mw"], "MW");
            assert_eq!(units["dry_bulb_c"], "degC");
            assert_eq!(units.get("pue"), None);
        }
        for (row, plain) in reader.get_row_iter(None).unwrap().zip(plain) {
            let row = row.unwrap();
            let columns = row.get_column_iter();
            for (((name, field), column), text) in columns.zip(header).zip(plain) {
                assert_eq!(name, column);
                let same = match field {
                    Field::Double(value) => {
                        text.parse::<f64>().unwrap().to_bits() == value.to_bits()
                    }
                    Field::Long(value) => text.parse::<i64>().unwrap() == *value,
                    Field::Str(value) => text == value,
                    Field::Null => text.is_empty(),
                    Field::TimestampMicros(value) => {
                        let at: jiff::Timestamp = text.parse().unwrap();
                        at.as_microsecond() == *value
                    }
                    other => panic!("{stem} holds {other:?}"),
                };
                assert!(same, "{stem}.{column}: {text} against {field:?}");
            }
        }
    }
}

#[test]
fn latencies_read_back() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.loadbank("run small.yaml").assert().success();
    let folder = bench.the_run();
    let summary = json(folder.join("summary.json"));
    let work = &summary["workloads"]["chat"];
    assert_eq!(work["kind"], "inference");
    let served = work["served"].as_u64().unwrap();
    assert!(served > 0);

    // Every hour once, in order, and together all that was served.
    let log = fs::read(folder.join("latency.hlog")).unwrap();
    let mut hours = Vec::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for entry in IntervalLogIterator::new(&log) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
        let histogram: hdrhistogram::Histogram<u64> =
            Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
        let tag = interval.tag().map_or("", |tag| tag.as_str());
        if tag.is_empty() {
            assert_eq!(interval.duration().as_secs(), 3600);
            hours.push(interval.start_timestamp().as_secs());
        }
        *counts.entry(tag.to_owned()).or_default() += histogram.len();
    }
    assert!(hours.iter().copied().eq((0..7 * 24).map(|hour| hour * 3600)), "{hours:?}");
    counts.retain(|tag, _| !tag.contains('@'));
    let tags: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(tags, ["", "chat/e2e", "chat/queue", "chat/tbt", "chat/tpot"]);
    assert_eq!([counts[""], counts["chat/e2e"], counts["chat/queue"]], [served; 3]);

    let table = fs::read_to_string(folder.join("latency-chat-e2e.hgrm")).unwrap();
    let total = table.lines().find(|line| line.contains("Total count")).unwrap();
    assert!(total.contains(&format!("= {served:>12}]")), "{total}");
    let values: Vec<f64> = table
        .lines()
        .skip(2)
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(values.is_sorted() && values.len() > 100);
}

/// The reader of another language (`pip install hdrhistogram`) adds up the untagged hours to all
/// that was served. `LOADBANK_PYTHON` names the interpreter.
#[test]
fn the_python_reader_finds_every_request() {
    const READ: &str = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
whole = HdrHistogram(1, 30 * 86_400_000_000, 3)
reader = HistogramLogReader(sys.argv[1], whole)
sums = {}
while (one := reader.get_next_interval_histogram()) is not None:
    hours, requests = sums.get(one.get_tag() or '', (0, 0))
    sums[one.get_tag() or ''] = (hours + 1, requests + one.get_total_count())
print(reader.get_start_time_sec(), *sums[''], sums['chat/e2e'][1])
";
    let python = std::env::var("LOADBANK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_reader = std::process::Command::new(&python).args(["-c", "import hdrh"]).output();
    if !has_reader.is_ok_and(|tried| tried.status.success()) {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("skipped: no reader");
        }
        return;
    }
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench.loadbank("run small.yaml").assert().success();
    let folder = bench.the_run();
    let served = &json(folder.join("summary.json"))["workloads"]["chat"]["served"];
    let mut reader = std::process::Command::new(python);
    reader.args(["-c", READ]).arg(folder.join("latency.hlog"));
    let output = reader.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let found: Vec<f64> = said.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let served = served.as_f64().unwrap();
    let start = fs::read_to_string(folder.join("latency.hlog")).unwrap();
    assert!(start.contains(&format!("#[StartTime: {:.3} ", found[0])), "{said}");
    assert_eq!(found[1..], [7.0 * 24.0, served, served], "{said}");
}

#[test]
fn the_text_names_what_an_architect_asks_for() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let output = bench.loadbank("run small.yaml").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for wanted in
        ["small: 7", "PUE", "WUE", "mine-hall", "train-hall", "chat-hall", "TTFT", "runs/small-"]
    {
        assert!(text.contains(wanted), "no `{wanted}` in\n{text}");
    }
}

/// More `-v`, more lines: files and phases, then each event of the plant, then each instant.
#[test]
fn verbosity_says_what_is_going_on() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let log = |verbose: &str| {
        let output = bench
            .loadbank(&format!("run small.yaml --tables csv --set duration=1day {verbose}"))
            .args(["--set", "power.ups.failures={rate: 1 /h, repair_mean: 1 min}"])
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(log(""), "");
    let [info, debug, trace] = ["-v", "-vv", "-vvv"].map(log);
    for said in ["read the scenario", "simulating", "writing", "simulated", "published"] {
        assert!(info.contains(said), "no `{said}` in\n{info}");
    }
    assert!(!info.contains("DEBUG"), "{info}");
    let events = csv(&bench.the_run().join("events.csv")).len() - 1;
    assert!(events > 10);
    assert_eq!(debug.lines().filter(|line| line.contains("DEBUG")).count(), events);
    assert!(debug.contains("failed") && debug.contains("ups"), "{debug}");
    assert!(trace.matches("settled").count() > events, "every instant");
}

/// A terminal obeys control characters. None that stands in a file, its name or an argument gets
/// there.
#[test]
fn control_characters_are_shown_and_not_sent() {
    let bench = Bench::new();
    let esc = "\u{1b}]0;owned\u{7}";
    let c1 = "\u{9b}31m";
    bench.file("small.yaml", SMALL);
    bench.file("esc.yaml", SMALL.replace("name: small", &format!("name: \"{esc}\"")));
    bench.file("quoted.yaml", SMALL.replace("name: small", "name: \"\\e[31mred\\x9b\""));
    bench.file(&format!("{esc}.yaml"), "name: t\nnonsense: 1\n");
    bench.file("prices.csv", format!("time,{esc}{c1}\n2026-07-01T00:00:00Z,40\n"));
    bench.file("jobs.swf", format!("; {esc}\n{esc} {c1}\n"));
    let price = "price={csv: prices.csv, column: usd, unit: $/MWh}";
    let log = "workloads.train.jobs={kind: swf, file: jobs.swf}";
    let named = format!("name={esc}");
    let file = format!("{esc}.yaml");
    let odd = format!("{c1}{esc}");
    let calls: [&[&str]; 12] = [
        &["check", "esc.yaml"],
        &["check", "quoted.yaml"],
        &["run", "quoted.yaml"],
        &["show", "quoted.yaml"],
        &["check", &file],
        &["run", &odd],
        &["check", "small.yaml", "--set", price],
        &["check", "small.yaml", "--set", log],
        &["check", "small.yaml", "--set", &named],
        &["check", "small.yaml", "--set", &odd],
        &["run", "small.yaml", "--output", &format!("small.yaml/{odd}")],
        &["example", &odd],
    ];
    for args in calls {
        for format in [&[][..], &["--format", "json"]] {
            let output = bench.loadbank("").args(args).args(format).output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let control = said.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(control, None, "{args:?}:\n{said:?}");
            assert!(!said.is_empty());
        }
    }
}

#[test]
fn a_wrong_command_line_says_so() {
    let bench = Bench::new();
    for args in ["", "walk small.yaml", "run", "run a.yaml --threads 0", "check a.yaml --frmat x"] {
        bench.loadbank(args).assert().code(2).stdout_eq(str![""]);
    }
    bench.loadbank("--help").assert().success().stderr_eq(str![""]);
    bench.loadbank("--version").assert().success().stdout_eq(str![[r#"
loadbank [..]

"#]]);
}
