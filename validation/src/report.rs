//! `report [--days N] [--rounds N]`: what the report costs. The hybrid of 100 MW without a folder, with
//! its folder and page, and shown while it goes on, in turns, by the CPU time of a process each; then
//! diagrams of many components, and how long pages are.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use loadbank::facility::{End, Facility, Silent};
use loadbank::scenario::read_scenario;

use crate::children;
use crate::data::print;

const USAGE: &str = "usage: validation report [--days N] [--rounds N]";
/// A command that computes for longer hangs.
const LIMIT: Duration = Duration::from_secs(600);
/// What writing may cost, of the run.
const MOST_OF_RUN: f64 = 0.05;
/// The longest page, bytes.
const LONGEST: u64 = 3_000_000;
/// The longest time that a diagram of two thousand keys takes, s.
const SLOWEST: f64 = 1.0;
/// Commands of which one is too short to be measured alone.
const REPEATS: usize = 20;

/// Runs the command with the arguments that follow its name.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut days, mut rounds) = (15_u64, 5_u64);
    while let Some(argument) = arguments.next() {
        // For this program itself: the run alone.
        if argument == "bare" {
            return bare(&arguments.collect::<Vec<_>>());
        }
        let number = arguments.next().and_then(|n| n.parse().ok()).ok_or(USAGE)?;
        match argument.as_str() {
            "--days" => days = number,
            "--rounds" => rounds = number,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let folder = std::env::temp_dir().join(format!("loadbank-report-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let bench = Bench { folder };
    let all = [bench.hybrid(days, rounds), bench.diagrams(), bench.pages()];
    let removed = fs::remove_dir_all(&bench.folder);
    let mut is_met = true;
    for part in all {
        is_met &= part?;
    }
    removed.map_err(|error| format!("{}: {error}", bench.folder.display()))?;
    if is_met { Ok(()) } else { Err("a demand is missed".to_owned()) }
}

/// A scenario simulated in this process, with nobody to write it down.
fn bare(arguments: &[String]) -> Result<(), String> {
    let [scenario, sets @ ..] = arguments else { return Err(USAGE.to_owned()) };
    let reading = read_scenario(Path::new(scenario), sets);
    let said = reading.diagnostics.render(&reading.files, false);
    let design = reading.loaded.ok_or(said)?.design;
    let mut facility = Facility::new(&design, 0);
    match facility.run(&mut Silent) {
        End::Complete if facility.outcome().balanced() => Ok(()),
        ended => Err(format!("the run ended {ended:?}, its books open")),
    }
}

struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn hybrid(&self, days: u64, rounds: u64) -> Result<bool, String> {
        let scenario = gallery("hybrid-100mw");
        let duration = format!("duration={days} days");
        let runs = self.folder.join("runs");
        let run = self.run_of(&scenario, &[&duration], &runs);
        let live = [run.clone(), words("--live 127.0.0.1:0")].concat();
        let [mut alone, mut written, mut pages, mut unseen, mut seen] = [const { Vec::new() }; 5];
        let mut grown = 0;
        for _ in 0..rounds.max(1) {
            let bare = [words("report bare"), vec![scenario.clone(), duration.clone()]];
            alone.push(cpu_s(|| own(&bare.concat()))?.0);
            written.push(cpu_s(|| own(&run))?.0);
            let made = only_folder(&runs)?.display().to_string();
            let again = [words("loadbank report"), vec![made; REPEATS]].concat();
            pages.push(cpu_s(|| own(&again))?.0 / REPEATS as f64);
            unseen.push(cpu_s(|| own(&live))?.0);
            let (seconds, times) = cpu_s(|| watched(&live))?;
            seen.push(seconds);
            grown = times;
        }
        let [alone, written, pages, unseen, seen] =
            [alone, written, pages, unseen, seen].map(median);
        print(&format!("the hybrid of {days} days, CPU of a process, median of {rounds} in turns"));
        let row = |what: &str, seconds: f64, beside: String| {
            print(&format!("  {what:<44} {seconds:>8.3} s  {beside}"));
        };
        let more = |seconds: f64, of: f64| format!("{:+.1} %", 100.0 * (seconds / of - 1.0));
        let is_met = written < (1.0 + MOST_OF_RUN) * alone;
        row("simulated, with nothing written", alone, String::new());
        row(
            "`run`: folder, tables and page",
            written,
            verdict(&more(written, alone), &format!("{} %", 100.0 * MOST_OF_RUN), is_met),
        );
        row("the page alone", pages, format!("{:.1} % of the run", 100.0 * pages / alone));
        row("`run --live`, nobody looks on", unseen, more(unseen, written) + " of `run`");
        let times = format!("{} of `run`, told {grown} times", more(seen, written));
        row("`run --live`, a page is open", seen, times);
        Ok(is_met)
    }

    fn diagrams(&self) -> Result<bool, String> {
        let drawn = |name: &str, text: &str| {
            let draw = [words("loadbank graph"), vec![self.file(name, text)?]].concat();
            let all = cpu_s(|| (0..REPEATS).try_for_each(|_| own(&draw)))?;
            Ok::<f64, String>(all.0 / REPEATS as f64)
        };
        let keys = drawn("keys", &keys(2000))?;
        let [few, many] = [drawn("few", &units(2))?, drawn("many", &units(2000))?];
        print(&format!(
            "`graph`, CPU of a process that reads, checks and draws, mean of {REPEATS}"
        ));
        let is_met = keys < SLOWEST;
        print(&format!(
            "  2,000 keys                    {}",
            verdict(&format!("{keys:.3} s"), &format!("{SLOWEST} s"), is_met)
        ));
        print(&format!("  2 units, 2,000 units of a key {few:.3} s, {many:.3} s"));
        Ok(is_met)
    }

    fn pages(&self) -> Result<bool, String> {
        let year = "output.interval=15 min";
        let keys = self.file("keys", &keys(2000))?;
        let mut are_met = true;
        print("pages");
        for (what, scenario, sets) in [
            ("a year of a cooling plant at 15 min", gallery("plant-tower-phoenix"), vec![year]),
            ("the same with chillers", gallery("plant-chiller-phoenix"), vec![year]),
            ("a day of 2,000 keys", keys, vec![]),
            ("a year of the hybrid at 15 min", gallery("hybrid-100mw"), vec!["duration=365 days"]),
        ] {
            let runs = self.folder.join(what.replace(' ', "-"));
            own(&self.run_of(&scenario, &sets, &runs))?;
            let path = only_folder(&runs)?.join("report.html");
            let told =
                fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let is_met = told.len() < LONGEST;
            let size = format!("{:.2} MB", told.len() as f64 / 1e6);
            let most = format!("{} MB", LONGEST as f64 / 1e6);
            print(&format!("  {what:<44} {}", verdict(&size, &most, is_met)));
            are_met &= is_met;
        }
        Ok(are_met)
    }

    /// Writes a scenario; returns where.
    fn file(&self, name: &str, text: &str) -> Result<String, String> {
        let path = self.folder.join(name).with_extension("yaml");
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// The command that runs `scenario` with `sets` into `runs`.
    fn run_of(&self, scenario: &str, sets: &[&str], runs: &Path) -> Vec<String> {
        let mut all = words("loadbank run --threads 1 --progress off --output");
        all.extend([runs.display().to_string(), scenario.to_owned()]);
        all.extend(sets.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
        all
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn verdict(figure: &str, most: &str, is_met: bool) -> String {
    format!("{figure} (below {most}): {}", if is_met { "met" } else { "MISSED" })
}

fn gallery(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    folder.join(name).with_extension("yaml").display().to_string()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// CPU seconds of the processes that `work` starts and waits for, and what it returns.
fn cpu_s<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(f64, T), String> {
    let before = children::computed_by_children();
    let done = work()?;
    Ok(((children::computed_by_children() - before).as_secs_f64(), done))
}

/// This program with `arguments`, to its end.
fn own(arguments: &[String]) -> Result<(), String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = children::run(children::own(&arguments)?, LIMIT)?;
    match ended.code {
        Some(0) => Ok(()),
        _ => Err(format!("`{}` failed: {}", arguments.join(" "), ended.stderr)),
    }
}

/// The only folder in `runs`.
fn only_folder(runs: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", runs.display());
    let found: Vec<_> = fs::read_dir(runs).map_err(failed)?.collect();
    let [found] = <[_; 1]>::try_from(found)
        .map_err(|all| format!("{}: {} folders are there, not one", runs.display(), all.len()))?;
    Ok(found.map_err(failed)?.path())
}

/// Starts a run that is shown and looks on to its end; returns how many times the page grew.
fn watched(arguments: &[String]) -> Result<u32, String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = children::own(&arguments)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let failed = |error: std::io::Error| format!("a run that is shown: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let said = child.stderr.take().ok_or("the run says nothing")?;
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    let place = lines.find_map(|line| {
        let (_, place) = line.split_once("http://")?;
        place.split(' ').next().map(str::to_owned)
    });
    let grown =
        place.ok_or_else(|| "the run names no page".to_owned()).and_then(|place| look_on(&place));
    let ended = child.wait().map_err(failed)?;
    if ended.success() { grown } else { Err("a run that is shown failed".to_owned()) }
}

/// Does what a browser does with the page at `place`: host, port and path.
fn look_on(place: &str) -> Result<u32, String> {
    let failed = |error: std::io::Error| format!("{place}: {error}");
    let (host, path) = place.split_once('/').ok_or("a page has a path")?;
    let ask = |what: &str| {
        let mut stream = TcpStream::connect(host)?;
        // By the older protocol, in which an answer ends with its connection.
        write!(stream, "GET /{path}{what} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
        Ok(stream)
    };
    let mut grown = 0;
    loop {
        let mut page = String::new();
        ask("").and_then(|mut stream| stream.read_to_string(&mut page)).map_err(failed)?;
        let told = page.split_once("\"place\":\"").and_then(|(_, rest)| rest.split_once('"'));
        let (told, _) =
            told.ok_or_else(|| format!("{place}: not the page of a run that goes on"))?;
        let events = ask(&format!("events?after={told}")).map_err(failed)?;
        for line in BufReader::new(events).lines() {
            match line.map_err(failed)?.strip_prefix("event: ") {
                Some("grown") => grown += 1,
                Some("ended") => return Ok(grown),
                // A new shape: the page is loaded anew.
                Some("renew") => break,
                _ => {}
            }
        }
    }
}

/// The head of the scenario of a diagram.
const HEAD: &str = "name: many
start: 2026-01-01T00:00:00Z
duration: 1 day
site: {altitude: 337 m}
weather: {climate: phoenix}
cooling:
  tower: {kind: tower, design_heat: 200 MW, fed_by: grid}
power:
  grid: {kind: feed, capacity: 500 MW}
";

/// A site of two sides that declares some `count` components one by one.
fn keys(count: usize) -> String {
    let mut text = HEAD.to_owned();
    let halls = count / 3;
    for side in ["a", "b"] {
        let _ = writeln!(text, "  board-{side}: {{kind: switchgear, fed_by: grid}}");
        for hall in 0..halls {
            let _ = writeln!(
                text,
                "  pdu-{side}-{hall}: {{kind: pdu, rating: 1 MVA, fed_by: board-{side}}}"
            );
        }
    }
    text += "racks:\n";
    for hall in 0..halls {
        let _ = writeln!(
            text,
            "  hall-{hall}: {{kind: heat-load, count: 2, power: 100 kW, trip_inlet: 50 degC, \
             cooled_by: tower, fed_by: [pdu-a-{hall}, pdu-b-{hall}]}}"
        );
    }
    text
}

/// A site that declares `count` units under one key.
fn units(count: usize) -> String {
    format!(
        "{HEAD}  pdu-{{1..{count}}}: {{kind: pdu, rating: 1 MVA, fed_by: grid}}\n\
         racks:\n  hall: {{kind: heat-load, count: {count}, power: 100 kW, trip_inlet: 50 degC, \
         cooled_by: tower, fed_by: 'pdu-{{1..{count}}}'}}\n"
    )
}
