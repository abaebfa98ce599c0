//! Files of data that are nearly right: tables of jobs, clients of ServeGen and a report of a grid operator with bytes,
//! cells and lines changed by chance. Each is refused with a place, or what reads it runs to its end.

use loadbank::scenario::read_scenario;
use proptest::prelude::*;
use proptest::sample::Index;

use super::support::{Bench, SMALL, simulate_file};

/// A scenario, and the files that it names.
struct Original {
    scenario: String,
    files: Vec<(&'static str, String)>,
}

/// Cells that are hostile, or of another column.
const CELLS: [&str; 22] = [
    "",
    "nan",
    "inf",
    "-1",
    "0",
    "1e300",
    "1e-300",
    "99999999999999999999",
    "\"",
    "2026-13-45",
    "24:00",
    ",",
    ";",
    "{",
    "[]",
    "null",
    "1,5",
    " ",
    "\u{feff}",
    "{1: 0}",
    "-5: 1",
    "\0",
];

/// A table of jobs on cores, in any order where it is to be sorted.
fn table(sort: bool) -> Original {
    let sort = if sort { ", sort: true" } else { "" };
    let scenario = format!(
        "\
name: cores
start: 2026-06-01T00:00:00Z
duration: 2 h
weather: {{climate: nordic}}
price: {{fixed: 40 $/MWh}}
power: {{utility: {{kind: feed, capacity: 1 MW, outages: none}}}}
racks:
  nodes: {{kind: cpu, nodes: 1, cores_per_node: 4, power: 300 W, idle_power: 100 W, fed_by: utility}}
workloads:
  batch:
    kind: training
    racks: nodes
    scheduler: conservative
    queue: {{sharing: best_fit}}
    spares: 0
    jobs: {{kind: table, file: log.csv, run: {{column: minutes, unit: min}}, processors: cores, job: id, \
        exclusive: alone, draw: {{utilisation: {{column: used, unit: \"%\"}}}}{sort}}}
"
    );
    let job = |n: u32| {
        let alone = if n.is_multiple_of(3) { "yes" } else { "no" };
        let (cores, run, used) = (1 + n % 4, 5 + n % 9, n * 17 % 100);
        format!("2026-06-01T00:{:02}:00Z,{n},{cores},{run},{alone},{used}\n", 3 * n)
    };
    let rows: String = (0..20).map(job).collect();
    let log = format!("submitted,id,cores,minutes,alone,used\n{rows}");
    Original { scenario, files: vec![("log.csv", log)] }
}

/// Two clients of ServeGen.
fn clients() -> Original {
    let drawn = "arrivals: {rate_per_replica: 0.05 /s}";
    assert!(SMALL.contains(drawn));
    let scenario = SMALL.replace(drawn, "arrivals: {servegen: {folder: m}}");
    let lengths = "{\"0\": {\"input_tokens\": \"{100: 0.5, 300: 0.5}\", \"output_tokens\": \"{50: 1.0}\", \
                   \"reason_ratio\": \"{}\"}}";
    let files = vec![
        ("m/chunk-7-trace.csv", "0,0.05,3,Gamma,0.11,180\n3600,0,0,,0,0\n".to_owned()),
        ("m/chunk-7-dataset.json", lengths.to_owned()),
        ("m/chunk-12-trace.csv", "0,0.02,1.5,Weibull,0.7,40\n3600,0.02,1,Gamma,1,50\n".to_owned()),
        ("m/chunk-12-dataset.json", lengths.replace("50: 1.0", "20: 2")),
    ];
    Original { scenario, files }
}

/// Three days of MISO's report, with the hours of a day side by side.
fn report() -> Original {
    let table = table(false);
    let price = "price: {csv: f.csv, format: miso, where: {Node: [INDIANA.HUB], Value: [LMP]}}";
    let scenario = table.scenario.replace("price: {fixed: 40 $/MWh}", price);
    let hours = |first: &str| (1..=24).map(|hour| format!(",{first}{hour}")).collect::<String>();
    let day = |date: &str| {
        format!(
            "Day Ahead Market ExPost LMPs\r\n{date}\r\n\r\n,,,All Hours-Ending are Eastern Standard Time (EST)\r\n\
             Node,Type,Value{}\r\nINDIANA.HUB,Hub,LMP{}\r\nINDIANA.HUB,Hub,MCC{}\r\n",
            hours("HE "),
            hours("20."),
            hours("0.")
        )
    };
    let days: String = ["05/31/2026", "06/01/2026", "06/02/2026"].map(day).concat();
    let mut files = table.files;
    files.push(("f.csv", days));
    Original { scenario, files }
}

/// What is done to a file: how, where, and with what.
type Change = (u8, Index, Index, Index);

fn mutate(bytes: &[u8], &(how, line, at, other): &Change) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Vec<u8>> = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let line = line.index(lines.len());
    match how {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line].clone()),
        2 => {
            let other = other.index(lines.len());
            lines.swap(line, other);
        }
        3 => {
            let length = at.index(lines[line].len() + 1);
            lines[line].truncate(length);
        }
        4 => return bytes[..at.index(bytes.len())].to_vec(),
        5 => {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] = other.index(256) as u8;
            return bytes;
        }
        _ => {
            let is_end = |byte: &u8| b",:{} \"".contains(byte);
            let mut cells: Vec<Vec<u8>> =
                lines[line].split_inclusive(is_end).map(<[u8]>::to_vec).collect();
            if !cells.is_empty() {
                let cell = at.index(cells.len());
                let end = cells[cell].pop_if(|last| is_end(last));
                cells[cell] = CELLS[other.index(CELLS.len())].into();
                cells[cell].extend(end);
            }
            lines[line] = cells.concat();
        }
    }
    lines.join(&b'\n')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn files_that_are_nearly_right_are_refused_or_read(
        which in 0..4_usize,
        file in any::<Index>(),
        changes in prop::collection::vec((0..9_u8, any::<Index>(), any::<Index>(), any::<Index>()), 1..4),
    ) {
        let original = match which {
            0 => table(false),
            1 => table(true),
            2 => clients(),
            _ => report(),
        };
        let bench = Bench::new();
        let file = file.index(original.files.len());
        for (index, (name, text)) in original.files.iter().enumerate() {
            let mut bytes = text.clone().into_bytes();
            if index == file {
                bytes = changes.iter().fold(bytes, |bytes, change| mutate(&bytes, change));
            }
            bench.file(name, bytes);
        }
        let path = bench.file("site.yaml", &original.scenario);
        let reading = read_scenario(&path, &[]);
        let said = reading.diagnostics.render(&reading.files, false);
        if reading.loaded.is_none() {
            prop_assert!(said.contains("error") && said.contains("-->"), "{said}");
        } else {
            // An hour, which lies in all of these files.
            let told = simulate_file(&path, &["duration=1 h"]);
            prop_assert!(told.outcome.balanced());
        }
    }
}
