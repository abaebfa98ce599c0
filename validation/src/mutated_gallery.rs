//! `mutated-gallery`: thousands of files that are nearly those of the gallery and the catalogue,
//! with tokens changed by chance. Each is refused with a place, or runs to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::children::{self, Ended, Tally};
use crate::data::print;
use crate::random_sites::sites::{Draw, unlikely_figures};

const USAGE: &str =
    "usage: validation mutated-gallery [--accepted] [--count N] [--seed N] [--only SEED]";

/// A command that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the command with the arguments that follow its name.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut count, mut first, mut only, mut shows) = (10_000, 1, false, false);
    while let Some(argument) = arguments.next() {
        if argument == "--accepted" {
            shows = true;
            continue;
        }
        let number = arguments.next().and_then(|n| n.parse::<u64>().ok());
        let number = number.ok_or(USAGE)?;
        match argument.as_str() {
            "--count" => count = number,
            "--seed" => first = number,
            "--only" => (first, count, only) = (number, 1, true),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let originals = originals()?;
    let folder = std::env::temp_dir().join(format!("loadbank-gallery-{}", std::process::id()));
    copy(&gallery(), &folder)?;
    if only {
        print(&mutant(first, &originals).0);
    }
    let (mut tally, mut failed, mut accepted) = (Tally::default(), None, 0);
    let work = |n: u64| examine(first + n, &originals, &folder);
    children::each(count, work, |n, examined| match examined {
        Ok(Examined { runs, changed, findings }) => {
            accepted += u64::from(runs);
            if runs && shows {
                print(&format!("seed {} is accepted:\n{changed}", first + n));
            }
            for finding in findings {
                tally.add(&finding, format!("seed {}", first + n));
            }
        }
        Err(error) => failed = Some(error),
    });
    let _ = fs::remove_dir_all(&folder);
    if let Some(error) = failed {
        return Err(error);
    }
    print(&format!("{count} mutated files from seed {first} on, {accepted} of them accepted"));
    if tally.is_empty() {
        print("nothing found");
        return Ok(());
    }
    print(&tally.text());
    Err("mutated files: the findings above; see one with `mutated-gallery --only SEED`".to_owned())
}

/// What came of one file.
struct Examined {
    runs: bool,
    /// The lines that the original has not, and those that it has lost.
    changed: String,
    findings: Vec<String>,
}

fn examine(seed: u64, originals: &[Original], folder: &Path) -> Result<Examined, String> {
    let (text, duration) = mutant(seed, originals);
    let changed = changes(original_of(seed, originals), &text);
    let name = format!("mutant-{seed}");
    let path = folder.join(format!("{name}.yaml"));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(&path, &text).map_err(failed)?;
    let file = path.display().to_string();
    let output = folder.join(&name).display().to_string();
    let set = format!("duration={duration}");
    let source = [file.as_str(), "--set", &set];
    let command = |more: &[&str]| {
        let arguments = [&["loadbank"], more, &source].concat();
        children::run(children::own(&arguments)?, LIMIT)
    };
    let mut findings = Vec::new();
    let checked = command(&["check"])?;
    let runs = checked.code == Some(0) && !checked.late;
    if runs {
        let ran = command(&["run", "--format", "json", "--tables", "csv", "--output", &output])?;
        match ran.code {
            Some(0) if !ran.late => match serde_json::from_str(&ran.stdout) {
                Ok(summary) => findings.extend(unlikely_figures(&summary)),
                Err(error) => findings.push(format!("run: its summary is no JSON: {error}")),
            },
            _ => findings.push(ending("run", &ran)),
        }
    } else if checked.code != Some(3) || checked.late {
        findings.push(ending("check", &checked));
    } else if !format!("{}{}", checked.stdout, checked.stderr).contains("-->") {
        findings.push("check: refused without a place".to_owned());
    }
    let _ = fs::remove_file(&path);
    let _ = fs::remove_dir_all(&output);
    Ok(Examined { runs, changed, findings })
}

/// The lines of `original` that `text` has no longer, and those that it has instead.
fn changes(original: &Original, text: &str) -> String {
    let lost = original.text.lines().filter(|line| !text.lines().any(|other| other == *line));
    let known = |line: &&str| {
        original.text.lines().any(|other| other == *line)
            || original.frame.as_ref().is_some_and(|frame| frame.lines().any(|f| f == *line))
    };
    let new = text.lines().filter(|line| !known(line));
    lost.map(|line| format!("-{line}\n")).chain(new.map(|line| format!("+{line}\n"))).collect()
}

/// How a command ended that should not have ended so.
fn ending(command: &str, ended: &Ended) -> String {
    let said = ended.stderr.lines();
    let telling = |line: &&str| {
        line.contains("panicked") || line.contains("balance") || line.contains("overflow")
    };
    let mut line = said.clone().find(telling).unwrap_or_default().to_owned();
    if let Some(message) = said.skip_while(|line| !line.contains("panicked")).nth(1) {
        line = format!("{line} {message}");
    }
    match (ended.late, ended.code) {
        (true, _) => format!("{command}: hangs"),
        (_, Some(code)) => format!("{command}: exit code {code}: {line}"),
        (_, None) => format!("{command}: killed by a signal: {line}"),
    }
}

/// A file to be mutated.
struct Original {
    /// What is mutated.
    text: String,
    /// The scenario that takes it, with the place of it; none where it is one.
    frame: Option<String>,
}

/// Where in a frame the entry goes.
const HERE: &str = "@ENTRY@";

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// The scenarios of the gallery and the entries of the catalogue, in the order of their names.
fn originals() -> Result<Vec<Original>, String> {
    let mut originals = Vec::new();
    for path in files(&gallery())? {
        if path.extension().is_some_and(|extension| extension == "yaml") {
            originals.push(Original { text: read(&path)?, frame: None });
        }
    }
    for path in files(&gallery().join("presets"))? {
        let section = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read(&path)?;
        let mut entries: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|first: char| !first.is_whitespace()) {
                entries.push(String::new());
            } else if let Some(entry) = entries.last_mut() {
                entry.push_str(&format!("    {line}\n"));
            }
        }
        for text in entries {
            let frame = Some(frame(&section, &text));
            originals.push(Original { text, frame });
        }
    }
    Ok(originals)
}

/// A small scenario that uses the entry `text` of `section` of the catalogue.
fn frame(section: &str, text: &str) -> String {
    let is = |kinds: &[&str]| kinds.iter().any(|kind| text.contains(&format!("kind: {kind}\n")));
    let tower = "cooling:\n  l: {kind: tower, design_heat: 1 MW}\n";
    let load = "racks:\n  h: {kind: heat-load, power: 0.9 MW, fed_by: u, cooled_by: x}\n";
    let gpus = "racks:\n  h: {kind: dgx-h100, count: 4, fed_by: u}\n";
    let feed = "power:\n  u: {kind: feed, capacity: 5 MW}\n";
    let body = match section {
        "power" if is(&["feed"]) => {
            format!(
                "power:\n  u: {{kind: mutant, capacity: 5 MW}}\n{tower}{}",
                load.replace('x', "l")
            )
        }
        "power" => {
            format!(
                "{feed}  y: {{kind: mutant, fed_by: u}}\n{tower}{}",
                "racks:\n  h: {kind: heat-load, power: 0.9 MW, fed_by: y, cooled_by: l}\n"
            )
        }
        "cooling" if is(&["cdu", "air-handler", "immersion-tank"]) => {
            format!(
                "{feed}{tower}  x: {{kind: mutant, design_heat: 1 MW, cooled_by: l, fed_by: u}}\n{load}"
            )
        }
        "cooling" => {
            format!("{feed}cooling:\n  x: {{kind: mutant, design_heat: 1 MW, fed_by: u}}\n{load}")
        }
        "racks" if is(&["asic"]) => format!(
            "{feed}racks:\n  h: {{kind: mutant, fed_by: u}}\nworkloads:\n  w: {{kind: mining, racks: h, income: {{hash_price: 53 $/PH/day}}}}\n"
        ),
        "racks" => format!(
            "{feed}racks:\n  h: {{kind: mutant, fed_by: u}}\nworkloads:\n  w: {{kind: training, racks: h, jobs: {{kind: resident}}}}\n"
        ),
        _ if is(&["inference"]) => format!(
            "{feed}{gpus}workloads:\n  w: {{kind: mutant, racks: h, arrivals: {{rate_per_replica: 0.05 /s}}}}\n"
        ),
        _ => format!("{feed}{gpus}workloads:\n  w: {{kind: mutant, racks: h}}\n"),
    };
    format!(
        "name: mutant\nstart: 2026-07-01T00:00:00Z\nduration: 1 day\nsite: {{altitude: 100 m}}\n\
         weather: {{climate: west-texas}}\nprice: {{fixed: 40 $/MWh}}\n\
         catalogue:\n  {section}:\n    mutant:\n{HERE}{body}"
    )
}

/// What the file of `seed` is made of.
fn original_of(seed: u64, originals: &[Original]) -> &Original {
    &originals[Draw::new(seed).whole(0, originals.len() as u64 - 1) as usize]
}

/// The file of `seed`, and how long it is to run.
fn mutant(seed: u64, originals: &[Original]) -> (String, &'static str) {
    let mut draw = Draw::new(seed);
    let original = &originals[draw.whole(0, originals.len() as u64 - 1) as usize];
    let mut text = original.text.clone();
    for _ in 0..draw.pick(&[1, 1, 1, 2, 3]) {
        text = mutate(&mut draw, &text);
    }
    let text = match &original.frame {
        Some(frame) => frame.replace(HERE, &text),
        None => text,
    };
    (text, draw.pick(&["10 min", "1 h", "6 h"]))
}

/// `text` with a token or a line changed.
fn mutate(draw: &mut Draw, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let written = |line: &&String| !line.trim().is_empty() && !line.trim().starts_with('#');
    let places: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| written(line)).map(|(n, _)| n).collect();
    let at = draw.pick(&places);
    match draw.whole(0, 19) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines.swap(at, draw.pick(&places)),
        3 => lines[at].insert_str(0, "  "),
        _ => {
            let tokens = tokens(&lines[at]);
            if tokens.is_empty() {
                return text.to_owned();
            }
            let (from, to) = draw.pick(&tokens);
            let token = lines[at][from..to].to_owned();
            let other = draw.pick(&places);
            let new = if token.parse::<f64>().is_ok() {
                another_number(draw, &token)
            } else if UNITS.contains(&token.as_str()) {
                draw.pick(&UNITS).to_owned()
            } else {
                another_word(draw, &lines[other])
            };
            lines[at].replace_range(from..to, &new);
        }
    }
    lines.join("\n") + "\n"
}

/// Units of the language.
const UNITS: [&str; 30] = [
    "W", "kW", "MW", "GW", "kVA", "MVA", "degC", "degF", "K", "s", "min", "h", "days", "/s",
    "/day", "/year", "m", "km", "m3", "L", "L/s", "kg/s", "Pa", "kPa", "%", "$/MWh", "TH/s", "ms",
    "ns", "$/h",
];

fn another_number(draw: &mut Draw, token: &str) -> String {
    let value: f64 = token.parse().unwrap_or(1.0);
    match draw.whole(0, 13) {
        0 | 1 => "0".to_owned(),
        2 => format!("-{token}"),
        3 => "1".to_owned(),
        4 => "-1".to_owned(),
        5 => "1e300".to_owned(),
        6 => "1e-300".to_owned(),
        7 => "4294967295".to_owned(),
        8 => format!("{}", value * 1e6),
        9 => format!("{:e}", value * 1e-6),
        10 => draw.pick(&["nan", "inf", "~", "0.5", "1e18", "-0", "007", "1_000"]).to_owned(),
        _ => format!("{}", (value * draw.log(0.01, 100.0) * 1e3).round() / 1e3),
    }
}

/// A word of `line`, or one that fits nowhere.
fn another_word(draw: &mut Draw, line: &str) -> String {
    let words = tokens(line);
    if words.is_empty() || draw.chance(0.2) {
        return draw.pick(&["null", "[]", "{}", "x", "true", "0", "\"\"", "*a", "!t y"]).to_owned();
    }
    let (from, to) = draw.pick(&words);
    line[from..to].to_owned()
}

/// Where the tokens of a line stand: numbers, units, words.
fn tokens(line: &str) -> Vec<(usize, usize)> {
    let line = line.split(" #").next().unwrap_or_default();
    let mut tokens: Vec<(usize, usize)> = Vec::new();
    let mut start = None;
    let is_token = |c: char| c.is_alphanumeric() || "._/%$-+".contains(c);
    for (at, character) in line.char_indices().chain([(line.len(), ' ')]) {
        match (is_token(character), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                tokens.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut files = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for path in files(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(failed)?;
        }
    }
    Ok(())
}
