//! `random-sites`: thousands of random sites, most of them too small somewhere, each of which
//! must run to its end with its books closed.

#[path = "../../tests/sites/mod.rs"]
pub(crate) mod sites;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::children::{self, Tally};
use crate::data::print;
use sites::{Verdict, judge, scenario};

const USAGE: &str = "usage: validation random-sites [--count N] [--seed N] [--only SEED]";

/// The longest, in hours.
const MOST_HOURS: f64 = 96.0;
/// A run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(20);
/// One that takes longer is named, so that what makes it slow can be looked for.
const SLOW: Duration = Duration::from_secs(3);
/// Exit code of a run in which something was found.
const FOUND: i32 = 10;

/// Runs the command with the arguments that follow its name.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut count, mut first, mut only) = (10_000, 1, None);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|n| n.parse::<u64>().ok());
        let number = number.ok_or(USAGE)?;
        match argument.as_str() {
            "--count" => count = number,
            "--seed" => first = number,
            "--only" => only = Some(number),
            _ => return Err(USAGE.to_owned()),
        }
    }
    match only {
        Some(seed) => one(seed),
        None => many(first, count),
    }
}

/// One site in this process: its YAML, and what is wrong with its run.
fn one(seed: u64) -> Result<(), String> {
    let text = scenario(seed, MOST_HOURS);
    print(&text);
    let path = folder()?.join(format!("site-{seed}.yaml"));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(&path, &text).map_err(failed)?;
    let verdict = judge(&path, LIMIT);
    fs::remove_file(&path).map_err(failed)?;
    let findings = match verdict {
        Verdict::Refused(said) => vec![format!("refused: {said}")],
        Verdict::Ran(findings) => findings,
    };
    for finding in &findings {
        print(&format!("# {}", finding.replace('\n', "\n# ")));
    }
    if findings.is_empty() { Ok(()) } else { std::process::exit(FOUND) }
}

/// A site a process, as many side by side as there are cores.
fn many(first: u64, count: u64) -> Result<(), String> {
    let (mut tally, mut failed, mut slow) = (Tally::default(), None, Vec::new());
    let work = |n: u64| {
        let seed = (first + n).to_string();
        children::run(children::own(&["random-sites", "--only", &seed])?, 2 * LIMIT)
    };
    children::each(count, work, |n, ended| {
        let seed = first + n;
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => return failed = Some(error),
        };
        if ended.computed > SLOW {
            slow.push((ended.computed, seed));
        }
        let mut add = |finding: &str| tally.add(finding, format!("seed {seed}"));
        match ended.code {
            _ if ended.late => add("hang: killed"),
            Some(0) => {}
            Some(FOUND) => {
                let findings = ended.stdout.split("\n# ").skip(1);
                findings.for_each(|finding| add(finding.lines().next().unwrap_or_default()));
            }
            code => add(&format!("crash: {code:?} {}", ended.stderr.lines().last().unwrap_or(""))),
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    print(&format!("{count} random sites from seed {first} on"));
    slow.sort();
    for (computed, seed) in slow.iter().rev() {
        print(&format!("slow: seed {seed} computed for {:.1} s", computed.as_secs_f64()));
    }
    if tally.is_empty() {
        print("nothing found");
        return Ok(());
    }
    print(&tally.text());
    Err("random sites: the findings above; see one with `random-sites --only SEED`".to_owned())
}

/// A folder of this process.
fn folder() -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join("loadbank-random-sites");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
