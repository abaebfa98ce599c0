//! Many short runs side by side, each in a process of its own: what hangs is killed, what crashes
//! takes nothing with it.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// It was killed because it ran too long.
    pub(crate) late: bool,
    /// How long it had computed when it was last seen to, a moment before its end.
    pub(crate) computed: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Address space that a process may use, in kB: more is a fault of what it was given.
const MOST_KB: u64 = 16 << 20;

/// This program with `arguments`, its memory limited.
pub(crate) fn own(arguments: &[&str]) -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MOST_KB}; exec \"$0\" \"$@\"")]);
    command.arg(program).args(arguments);
    Ok(command)
}

/// Runs `command` to its end, until it has computed for `limit`.
pub(crate) fn run(mut command: Command, limit: Duration) -> Result<Ended, String> {
    let failed = |error: std::io::Error| format!("cannot run a process: {error}");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Something that waits for ever is killed too.
    let until = Instant::now() + 30 * limit;
    let mut child = command.spawn().map_err(failed)?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    // A process that fills its pipes waits for a reader.
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.as_mut().map(|pipe| pipe.read_to_end(&mut text));
        text
    });
    let complaints = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.as_mut().map(|pipe| pipe.read_to_end(&mut text));
        text
    });
    let (mut wait, mut spent) = (Duration::from_millis(1), Duration::ZERO);
    let (status, late) = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break (status, false);
        }
        spent = computed(child.id());
        if spent > limit || Instant::now() > until {
            child.kill().map_err(failed)?;
            break (child.wait().map_err(failed)?, true);
        }
        std::thread::sleep(wait);
        wait = (wait * 2).min(Duration::from_millis(50));
    };
    let text = |reader: std::thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
    };
    let (stdout, stderr) = (text(reading), text(complaints));
    Ok(Ended { code: status.code(), late, computed: spent, stdout, stderr })
}

/// How long a process has computed, as far as the system says so.
fn computed(process: u32) -> Duration {
    ticks(&process.to_string(), 11)
}

/// How long the processes computed that this one has waited for, as far as the system says so.
pub(crate) fn computed_by_children() -> Duration {
    ticks("self", 13)
}

/// Two fields of `/proc/PROCESS/stat` behind the name of its program: ticks of 10 ms for users and for
/// the system.
fn ticks(process: &str, first: usize) -> Duration {
    let told = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program stands in brackets and may hold anything.
    let after = told.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(first).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// Calls `work` with 0 .. `count` on as many threads as there are cores, and `done` with each
/// result as it comes.
pub(crate) fn each<T: Send>(
    count: u64,
    work: impl Fn(u64) -> T + Sync,
    mut done: impl FnMut(u64, T),
) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count || sender.send((n, work(n))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (n, result) in results {
            done(n, result);
        }
    });
}

/// Findings by kind: how often each came, and where first.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    kinds: Vec<(String, u64, Vec<String>, String)>,
}

impl Tally {
    /// Adds `finding`, which came of `source`. Numbers in it tell no kinds apart.
    pub(crate) fn add(&mut self, finding: &str, source: String) {
        let mut kind = String::new();
        for character in finding.chars() {
            let digit = character.is_ascii_digit();
            if !digit {
                kind.push(character);
            } else if !kind.ends_with('#') {
                kind.push('#');
            }
        }
        let kind = kind.replace("#.#", "#").replace("e-#", "").replace("-#", "#");
        match self.kinds.iter_mut().find(|known| known.0 == kind) {
            Some((_, count, sources, _)) => {
                *count += 1;
                if sources.len() < 5 {
                    sources.push(source);
                }
            }
            None => self.kinds.push((kind, 1, vec![source], finding.to_owned())),
        }
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// All of it, the most frequent first.
    pub(crate) fn text(&self) -> String {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.1));
        let lines = kinds.iter().map(|(_, count, sources, first)| {
            format!("{count:>6} x {first}\n         {}\n", sources.join(", "))
        });
        lines.collect()
    }
}
