//! Progress of a run on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args;
use crate::kernel::Time;

/// How often a bar is redrawn at most.
const REDRAW: Duration = Duration::from_millis(100);
/// How often a line is written at most.
const LINE: Duration = Duration::from_secs(5);

/// A run's progress, shown as the user asked. Clones show the same bar.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    shown: Shown,
    end: Time,
    last: Instant,
}

#[derive(Debug, Clone)]
enum Shown {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Starts showing progress towards `end`.
    pub(super) fn start(how: args::Progress, name: &str, end: Time) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let shown = match how {
            args::Progress::Bar => Shown::Bar(bar(name)),
            args::Progress::Auto if terminal => Shown::Bar(bar(name)),
            args::Progress::Plain => Shown::Lines,
            args::Progress::Auto | args::Progress::Off => Shown::Nothing,
        };
        Self { shown, end, last: Instant::now() }
    }

    /// Shows that the run stands at `now`.
    pub(super) fn update(&mut self, now: Time) {
        let wait = match self.shown {
            Shown::Bar(_) => REDRAW,
            Shown::Lines => LINE,
            Shown::Nothing => return,
        };
        if self.last.elapsed() < wait {
            return;
        }
        self.last = Instant::now();
        let share = now.as_secs_f64() / self.end.as_secs_f64();
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_position((share * BAR_STEPS as f64) as u64);
                bar.set_message(format!("day {:.1}", now.as_secs_f64() / 86_400.0));
            }
            Shown::Lines => {
                // A closed standard error is no reason to lose the run.
                let _ = writeln!(std::io::stderr(), "{:5.1} %  simulated {now}", 100.0 * share);
            }
            Shown::Nothing => {}
        }
    }

    /// Clears the bar.
    pub(super) fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

/// Progress of many runs, shown as the user asked.
#[derive(Debug)]
pub(super) struct Count {
    shown: Shown,
    last: Instant,
    started: Instant,
}

impl Count {
    /// Starts showing the progress of `name`.
    pub(super) fn start(how: args::Progress, name: &str) -> Self {
        let Progress { shown, last, .. } = Progress::start(how, name, Time::ZERO);
        Self { shown, last, started: Instant::now() }
    }

    /// Shows that `done` of `of` runs are made.
    pub(super) fn update(&mut self, done: usize, of: usize) {
        let wait = match self.shown {
            Shown::Bar(_) => REDRAW,
            Shown::Lines => LINE,
            Shown::Nothing => return,
        };
        if self.last.elapsed() < wait {
            return;
        }
        self.last = Instant::now();
        let elapsed = self.started.elapsed().as_secs_f64();
        let left = elapsed * (of - done) as f64 / done.max(1) as f64;
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_position(BAR_STEPS * done as u64 / of.max(1) as u64);
                bar.set_message(format!("{done} of {of} runs"));
            }
            Shown::Lines => {
                // A closed standard error is no reason to lose the study.
                let _ = writeln!(std::io::stderr(), "{done} of {of} runs, {left:.0} s left");
            }
            Shown::Nothing => {}
        }
    }

    /// Clears the bar.
    pub(super) fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

const BAR_STEPS: u64 = 1000;

fn bar(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {msg} eta {eta}")
        .expect("the template is well formed");
    ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::stderr_with_hz(10))
        .with_style(style)
        .with_prefix(name.to_owned())
}
