//! `report.html`: it shows the figures of `summary.json`, needs nothing else, and is the same
//! whether the run or `loadbank report` makes it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::support::{Bench, SMALL, csv_column};

/// A short run of the small site in which things fail.
fn run(bench: &Bench, scenario: &str, format: &str) -> PathBuf {
    bench.file("small.yaml", scenario);
    let mut command = bench.loadbank(&format!("run small.yaml --tables {format}"));
    for set in ["duration=2 days", "power.ups.failures={rate: 2 /day, repair_mean: 1 h}"] {
        command = command.args(["--set", set]);
    }
    command.assert().success();
    bench.the_run()
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("report.html")).unwrap()
}

fn json(path: PathBuf) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// `text` as it was before it was escaped.
fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}

/// The figures of a page: their attributes, and the text that is shown.
fn figures(page: &str, attribute: &str) -> Vec<(f64, String, String)> {
    let mut found = Vec::new();
    for part in page.split("<data value=\"").skip(1) {
        let (value, rest) = part.split_once('"').unwrap();
        let Some(rest) = rest.strip_prefix(&format!(" {attribute}=\"")) else { continue };
        let (place, rest) = rest.split_once("\">").unwrap();
        let (text, _) = rest.split_once('<').unwrap();
        found.push((value.parse().unwrap(), unescaped(place), text.to_owned()));
    }
    found
}

/// The number that a text shows, and half of its last digit.
fn shown(text: &str) -> (f64, f64) {
    let plain: String = text.replace('\u{202f}', "").replace('\u{2212}', "-");
    let plain = plain.trim_start_matches(['<', '+']);
    let digits = plain.split(['e', '.']).nth(1).map_or(0, str::len) as i32;
    let digits = if plain.contains('.') { digits } else { 0 };
    (plain.parse().unwrap(), 0.5 * 10_f64.powi(-digits))
}

#[test]
fn every_figure_of_the_page_is_that_of_the_summary() {
    let bench = Bench::new();
    let folder = run(&bench, SMALL, "csv");
    let (page, summary) = (page(&folder), json(folder.join("summary.json")));
    let figures = figures(&page, "data-path");
    assert!(figures.len() > 100, "{} figures", figures.len());
    for (value, place, text) in &figures {
        let found = summary.pointer(place).unwrap_or_else(|| panic!("nothing is at {place}"));
        assert_eq!(found.as_f64(), Some(*value), "{place}");
        // The text is the value in one of the units in which it may be told.
        let (number, half) = shown(text);
        let told = [1.0, 100.0, 1e3, 1e6]
            .iter()
            .any(|factor| (value * factor - number).abs() <= 1.02 * half + 1e-9 * number.abs());
        // A share short of all is cut, never rounded up to 100.
        let cut = number < 100.0 && number > 99.0 && 100.0 * value < 100.0;
        assert!(told || cut || text.starts_with('<'), "{place}: {value} is shown as {text}");
    }
    for place in ["/energy/import_mwh", "/effectiveness/pue", "/workloads/chat/ttft_p99_s"] {
        assert!(figures.iter().any(|(_, found, _)| found == place), "{place} is not shown");
    }
}

#[test]
fn the_page_needs_nothing_else_and_is_the_same_later() {
    let bench = Bench::new();
    let folder = run(&bench, SMALL, "csv");
    let first = page(&folder);
    fs::remove_file(folder.join("report.html")).unwrap();
    let name = folder.display().to_string();
    let output = bench.loadbank("report").arg(&name).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout).unwrap().trim_end().ends_with("report.html"));
    assert!(first == page(&folder), "the page that is made later differs");

    // The policy allows what stands here, byte for byte, and nothing else.
    let (_, policy) = first.split_once("Content-Security-Policy\" content=\"").unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    for (begins, ends) in [("<style>", "</style>"), ("<script>", "</script>")] {
        for part in first.split(begins).skip(1) {
            let (text, _) = part.split_once(ends).unwrap();
            assert!(policy.contains(&hash(text)), "{begins} is not allowed: {}", &text[..60]);
        }
    }
    assert!(!first.contains(" style=\"") && !first.contains(" onclick="));
    for part in first.split("href=\"").skip(1) {
        assert!(part.starts_with('#'), "a link leads away: {}", &part[..40]);
    }
    assert!(!first.contains(" src=\""));
    assert!(first.matches("<figure").count() >= 10);
    assert_eq!(first.matches("<figure").count(), first.matches("<figcaption").count());
    assert!(first.len() < 3_000_000);
}

#[cfg(feature = "parquet")]
#[test]
fn tables_of_any_format_give_the_same_page() {
    let (one, other) = (Bench::new(), Bench::new());
    let (csv, parquet) = (run(&one, SMALL, "csv"), run(&other, SMALL, "parquet"));
    assert!(page(&csv) == page(&parquet));
}

/// The series by cause and by state hold what the books of the run hold, which are added up on
/// another way: intervals are alike, so that a mean is a sum.
#[test]
fn series_by_cause_and_state_agree_with_the_books() {
    let bench = Bench::new();
    let folder = run(&bench, SMALL, "csv");
    let summary = json(folder.join("summary.json"));
    let mean = |name: &str| {
        let values = csv_column::<f64>(&folder.join("timeseries.csv"), name);
        values.iter().sum::<f64>() / values.len() as f64
    };
    let (mine, train) = (&summary["workloads"]["mine"], &summary["workloads"]["train"]);
    let mut all = 0.0;
    for cause in ["price", "cap", "heat", "outage", "restart", "failure"] {
        let booked = mine["curtailed"][format!("{cause}_mwh")].as_f64().unwrap();
        let shown = 48.0 * mean(&format!("mine_curtailed_{cause}_mw"));
        assert!((shown - booked).abs() < 1e-9 * (1.0 + booked), "{cause}: {shown} {booked}");
        all += booked;
    }
    assert!(all > 0.0, "something is curtailed");
    let gpus = train["gpus"].as_f64().unwrap();
    for (state, kind) in [("busy", "held"), ("idle", "idle"), ("down", "down"), ("dark", "dark")] {
        let booked = train["gpu_hours"][format!("{kind}_gpu_h")].as_f64();
        let booked = booked.or_else(|| train["gpu_hours"][kind].as_f64()).unwrap();
        let shown = 48.0 * mean(&format!("train_{state}_gpus"));
        assert!((shown - booked).abs() < 1e-6 * gpus * 48.0, "{state}: {shown} {booked}");
    }
}

/// Every table of a Markdown text has rows of as many cells as its header, and stands apart.
fn check_markdown(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut tables = 0;
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("|---")) {
        tables += 1;
        assert!(lines[index - 2].is_empty(), "a table touches: {}", lines[index - 2]);
        for row in lines[index - 1..].iter().take_while(|row| !row.is_empty()) {
            assert_eq!(cells(row), cells(line), "{row}");
        }
    }
    assert!(tables > 1, "{text}");
    assert!(text.starts_with("# "));
}

#[test]
fn summaries_are_markdown_too() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let arguments = "run small.yaml --format markdown --set duration=6h";
    let text = String::from_utf8(bench.loadbank(arguments).output().unwrap().stdout).unwrap();
    check_markdown(&text);
    let summary = json(bench.the_run().join("summary.json"));
    let pue = format!("- PUE: {:.3}\n", summary["effectiveness"]["pue"].as_f64().unwrap());
    assert!(text.contains(&pue) && text.contains("\n## Energy\n\n|"), "{text}");
    assert!(text.contains("| latency, ms | mean | p50 |"), "{text}");
    let arguments = "compare small.yaml -n 2 --format markdown --set duration=2h";
    let text = String::from_utf8(bench.loadbank(arguments).output().unwrap().stdout).unwrap();
    assert!(text.contains("| figure | small |\n|---|---:|\n"), "{text}");
}

#[test]
fn every_value_has_its_origin() {
    let bench = Bench::new();
    let folder = run(&bench, SMALL, "csv");
    let mut reader = csv::Reader::from_path(folder.join("origins.csv")).unwrap();
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let of =
        |path: &str| rows.iter().find(|row| row[0] == path).unwrap_or_else(|| panic!("{path}"));
    assert_eq!(of("duration")[1..4], ["2 days", "set", "command line"]);
    assert_eq!(of("name")[1..4], ["small", "scenario", "small.yaml"]);
    assert!(
        SMALL
            .lines()
            .nth(of("name")[4].parse::<usize>().unwrap() - 1)
            .unwrap()
            .contains("name: small")
    );
    assert!(
        rows.iter().any(|row| row[2] == "catalogue" && row[3].starts_with("scenarios/presets/"))
    );
    let default = rows.iter().find(|row| row[2] == "default").unwrap();
    assert!(!default[1].is_empty() && default[3].is_empty() && default[4].is_empty());
    let page = page(&folder);
    assert!(page.contains("Origin of every value") && page.contains("--set on the command line"));
}

#[test]
fn hostile_words_are_text() {
    let bench = Bench::new();
    let hostile = "</script><script>window.pwned=1</script><!-- \" ' & \u{202e}\u{5e9}";
    let quoted = format!("title: {}\n", serde_json::to_string(hostile).unwrap());
    let scenario = format!("{quoted}{SMALL}");
    let folder = run(&bench, &scenario, "csv");
    let page = page(&folder);
    assert!(!page.contains("window.pwned=1</script>"), "a script came in");
    let shown = "&lt;/script&gt;&lt;script&gt;window.pwned=1&lt;/script&gt;&lt;!-- &quot; &#39; &amp; \
                 \u{fffd}\u{5e9}";
    assert!(page.contains(shown));
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn figures_that_are_not_to_be_used_say_so_first() {
    let bench = Bench::new();
    let folder = run(&bench, SMALL, "csv");
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    for (status, says) in [("partial", "Partial: "), ("unbalanced", "A book does not balance")] {
        let changed = manifest.replace("\"complete\"", &format!("\"{status}\""));
        fs::write(folder.join("manifest.json"), changed).unwrap();
        bench.loadbank("report").arg(folder.display().to_string()).assert().success();
        let page = page(&folder);
        let (_, after) = page.split_once("</h1>").unwrap();
        let (before, _) = after.split_once(says).expect("it is said");
        assert!(!before.contains("<p"), "something stands before it: {before}");
        assert!(after.contains("Do not use these figures."));
    }
    let elsewhere = bench.loadbank("report .").output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(3));
    assert!(String::from_utf8(elsewhere.stderr).unwrap().contains("summary.json"));
}

#[test]
fn a_site_is_drawn_without_a_run() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let output = |format: &str| {
        let output =
            bench.loadbank(&format!("graph small.yaml --format {format}")).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let (svg, dot) = (output("svg"), output("dot"));
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("utility") && svg.contains("pdu"));
    assert!(dot.starts_with("digraph") && dot.contains("pdu-{1..2}") && dot.contains("->"));
    for shell in ["bash", "zsh", "fish"] {
        let text = bench.loadbank(&format!("completions {shell}")).output().unwrap().stdout;
        assert!(String::from_utf8(text).unwrap().contains("reliability"));
    }
    let man = String::from_utf8(bench.loadbank("man").output().unwrap().stdout).unwrap();
    assert!(man.contains(".TH loadbank"), "{}", &man[..200]);
    bench.loadbank("man --folder man").assert().success();
    assert!(bench.names("man").contains(&"loadbank-run.1".to_owned()));
}

#[test]
fn a_study_leaves_a_page_of_its_means() {
    let bench = Bench::new();
    bench.file("one.yaml", SMALL);
    let other = SMALL
        .replace("name: small", "name: other")
        .replace("hash_price: 53", "hash_price: 60")
        .replace("count: 4", "count: 5");
    assert!(other.contains("count: 5"));
    bench.file("two.yaml", other);
    let mut command = bench.loadbank("compare one.yaml two.yaml -n 3 --tables csv");
    command = command.args(["--set", "duration=6 h"]);
    let command = command.args(["--require", "availability(train-hall) >= 50 %"]);
    let output = command.output().unwrap();
    // Six hours of three replications leave the requirement undecided.
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = bench.path().join("studies").join(&bench.names("studies")[0]);
    let page = page(&folder);
    let means = fs::read_to_string(folder.join("means.csv")).unwrap();
    let figures = figures(&page, "data-mean");
    assert!(figures.len() > 20, "{} figures", figures.len());
    for (value, place, _) in &figures {
        let parts: Vec<&str> = place.split('/').collect();
        let [design, point, figure, subject, _] = parts.as_slice() else { panic!("{place}") };
        let begins = format!(",{design},{point},{figure},{subject},");
        let row = means.lines().find(|line| line.contains(&begins)).expect(place);
        assert!(row.split(',').any(|cell| cell.parse() == Ok(*value)), "{place}: {row}");
    }
    // A word for each requirement, and in how many replications it holds.
    let summary = json(folder.join("summary.json"));
    let results = fs::read_to_string(folder.join("results.csv")).unwrap();
    let told = summary["requirements"].as_array().unwrap();
    assert_eq!(told.len(), 2);
    for required in told {
        let begins = format!("compare,{},", required["design"].as_str().unwrap());
        let values: Vec<f64> = results
            .lines()
            .filter(|row| row.starts_with(&begins) && row.contains(",availability,train-hall,"))
            .map(|row| row.split(',').nth(8).unwrap().parse().unwrap())
            .collect();
        let held = values.iter().filter(|value| **value >= 0.5).count();
        assert_eq!((&required["held"], &required["replications"]), (&held.into(), &3.into()));
        assert!(page.contains(&format!("undecided</span>, {held} of 3")));
    }
    // Each design: a sentence, what differs, its diagram with the boxes framed; and latencies.
    assert!(page.contains("differs in <code>"), "no sentence says what differs");
    assert!(page.contains("workloads.mine.income.hash_price"));
    assert_eq!(
        page.matches("aria-label=\"One-line diagram").count(),
        4,
        "two regions, two pictures"
    );
    assert!(page.contains("class=\"node changed\""));
    assert!(page.contains("Time to first token, chat"));
    let name = folder.display().to_string();
    bench.loadbank("report").arg(&name).assert().success();
    assert!(page == self::page(&folder));
}
