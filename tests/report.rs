//! `report.html`: it shows the figures of `summary.json`, needs nothing else, and is the same
//! whether the run or `loadbank report` makes it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::support::{Bench, SMALL};

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
    let other =
        SMALL.replace("name: small", "name: other").replace("hash_price: 53", "hash_price: 60");
    bench.file("two.yaml", other);
    let sets = ["duration=6 h", "workloads.chat=null", "racks.chat-hall=null"];
    let mut command = bench.loadbank("compare one.yaml two.yaml -n 3 --tables csv");
    for set in sets {
        command = command.args(["--set", set]);
    }
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
    let name = folder.display().to_string();
    bench.loadbank("report").arg(&name).assert().success();
    assert!(page == self::page(&folder));
}
