//! The page on files from elsewhere: every example is read by the program.

use loadbank::scenario::read_scenario;

use super::support::Bench;

/// A site of all workloads; what an example writes comes on top.
const BASE: &str = "\
name: files
start: 2024-07-01T00:00:00Z
duration: 1 h
site: {altitude: 1102 m}
price: {fixed: 30 $/MWh}
weather: {climate: nordic}
cooling:
  dry: {kind: dry-cooler, design_heat: 400 kW}
racks:
  a: {kind: dgx-h100, cooled_by: dry}
  b: {kind: dgx-h100, cooled_by: dry}
workloads:
  chat: {kind: llama-3.1-70b-h100, racks: a, cells: 1, replicas: 1, represent: 1}
  train:
    kind: training
    racks: b
    spares: 0
    restart: 0 s
    failures: {rate: 0 /day}
    checkpoint: {interval: never}
";

/// What an example replaces of the base.
fn base(example: &str) -> String {
    let mut base = BASE.to_owned();
    for (section, line) in
        [("price:", "price: {fixed: 30 $/MWh}\n"), ("weather:", "weather: {climate: nordic}\n")]
    {
        if example.lines().any(|line| line.starts_with(section)) {
            base = base.replace(line, "");
        }
    }
    let chat = if example.contains("chat:") {
        ""
    } else {
        "workloads: {chat: {arrivals: {rate_per_replica: 0.1 /s}}}\n"
    };
    let train = if example.contains("train:") {
        ""
    } else {
        "workloads: {train: {jobs: {kind: resident}}}\n"
    };
    // Layers of the scenario: one base above the other.
    [base, chat.to_owned(), train.to_owned()].join("\u{0}")
}

#[test]
fn every_example_of_the_page_on_files_is_read() {
    let page = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/files.md"),
    )
    .unwrap();
    let bench = Bench::new();
    let mut examples = 0;
    for block in page.split("```").skip(1).step_by(2) {
        let (info, content) = block.split_once('\n').unwrap();
        match info.split_once(' ') {
            Some(("csv", file)) => {
                bench.file(file, content);
            }
            Some(("yaml", run)) => {
                let (start, duration) = run.split_once(' ').unwrap();
                let layers = base(content);
                let mut layers = layers.split('\u{0}').filter(|layer| !layer.is_empty());
                bench.file("layer-0.yaml", layers.next().unwrap());
                let mut last = 0;
                for layer in layers {
                    bench.file(
                        &format!("layer-{}.yaml", last + 1),
                        format!("base: layer-{last}.yaml\n{layer}"),
                    );
                    last += 1;
                }
                let text = format!(
                    "base: layer-{last}.yaml\nstart: {start}\nduration: {duration}\n{content}"
                );
                let path = bench.file("example.yaml", &text);
                let reading = read_scenario(&path, &[]);
                let said = reading.diagnostics.render(&reading.files, false);
                let loaded = reading.loaded.unwrap_or_else(|| panic!("{text}\n{said}"));
                assert!(!loaded.found.is_empty(), "{text}");
                examples += 1;
            }
            _ => assert_eq!(info, "text"),
        }
    }
    assert!(examples >= 8, "{examples} examples");
}

/// Weather that each row allows and the whole makes doubtful is named with its figure.
#[test]
fn doubtful_weather_is_named_with_its_figure() {
    let bench = Bench::new();
    for (columns, rows, altitude, part) in [
        ("T,RH", ["12,100", "12,103"], 0, "1 row has a relative humidity above 100 %, up to 103 %"),
        ("T,RH", ["30,0.45", "31,0.44"], 0, "no relative humidity is above 0.45 %"),
        (
            "T,RH,P",
            ["30,45,1013", "31,44,1013"],
            1600,
            "a mean pressure of 1013 hPa, where the site at 1600 m has some 835 hPa",
        ),
    ] {
        let text: String = std::iter::once(format!("time,{columns}\n"))
            .chain(rows.iter().enumerate().map(|(i, row)| format!("2024-07-01T0{i}:00Z,{row}\n")))
            .collect();
        bench.file("w.csv", text);
        let pressure =
            if columns.ends_with('P') { ", pressure: {column: P, unit: hPa}" } else { "" };
        let table = format!(
            "weather: {{csv: w.csv, columns: {{dry_bulb: {{column: T, unit: degC}}, \
             relative_humidity: {{column: RH, unit: '%'}}{pressure}}}}}\n"
        );
        let scenario = format!(
            "name: w\nstart: 2024-07-01T00:00:00Z\nduration: 2 h\nsite: {{altitude: {altitude} m}}\n{table}\
             cooling: {{dry: {{kind: dry-cooler, design_heat: 1 MW}}}}\n\
             racks: {{hall: {{kind: heat-load, power: 1 MW, cooled_by: dry}}}}\n"
        );
        let reading = read_scenario(&bench.file("w.yaml", scenario), &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        assert!(reading.loaded.is_some() && said.contains(part), "{said}");
    }
}

/// A mark of a missing value that is a number is read as one, and named.
#[test]
fn a_mark_that_is_a_number_is_doubted() {
    let bench = Bench::new();
    bench.file(
        "p.csv",
        "time,price\n2024-07-01T00:00Z,20\n2024-07-01T01:00Z,-9999\n2024-07-01T02:00Z,22\n",
    );
    let scenario = |price: &str| {
        format!(
            "name: p\nstart: 2024-07-01T00:00:00Z\nduration: 2 h\nsite: {{altitude: 0 m}}\n\
             weather: {{climate: nordic}}\nprice: {{csv: p.csv, column: price, unit: $/MWh{price}}}\n\
             cooling: {{dry: {{kind: dry-cooler, design_heat: 1 MW}}}}\n\
             racks: {{hall: {{kind: heat-load, power: 1 MW, cooled_by: dry}}}}\n"
        )
    };
    let said = |price: &str| {
        let reading = read_scenario(&bench.file("p.yaml", scenario(price)), &[]);
        assert!(reading.loaded.is_some());
        reading.diagnostics.render(&reading.files, false)
    };
    assert!(said("").contains("`price` is -9999 where it is lowest"), "{}", said(""));
    assert!(said("").contains("write `missing: [\"-9999\"]`"));
    let marked = said(", missing: [\"-9999\"], hold: 3 h");
    assert!(!marked.contains("where it is lowest"), "{marked}");
}
