//! `loadbank report` and `loadbank open`: what is done with the folder of a finished run.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use super::args::{Open, Report};
use super::exit::Exit;
use super::{complain, print};
use crate::report::html::{REPORT, ReportError, write_report};

/// `loadbank report`
pub(super) fn report(args: &Report) -> Exit {
    let mut exit = Exit::Success;
    for folder in &args.folders {
        let done = match write_report(folder) {
            Ok(path) => print(&format!("{}\n", path.display())),
            Err(error) => refuse(folder, &error),
        };
        // The others are made all the same.
        if exit == Exit::Success {
            exit = done;
        }
    }
    exit
}

/// `loadbank open`
pub(super) fn open(args: &Open) -> Exit {
    let path = args.folder.join(REPORT);
    if !path.is_file()
        && let Err(error) = write_report(&args.folder)
    {
        return refuse(&args.folder, &error);
    }
    for (program, before) in browsers() {
        let mut command = Command::new(&program);
        command.args(before).arg(&path).stdin(Stdio::null()).stdout(Stdio::null());
        if command.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return print(&format!("{}\n", path.display()));
        }
    }
    complain("no browser could be started", Some("open the page yourself, or set `BROWSER`"));
    let _ = print(&format!("{}\n", path.display()));
    Exit::Output
}

/// What shows a page, in order of preference, and what stands before its name.
fn browsers() -> Vec<(OsString, &'static [&'static str])> {
    let mut all: Vec<(OsString, &[&str])> = Vec::new();
    if let Some(browser) = std::env::var_os("BROWSER").filter(|name| !name.is_empty()) {
        all.push((browser, &[]));
    }
    if cfg!(windows) {
        all.push(("cmd".into(), &["/C", "start", ""]));
    } else if cfg!(target_os = "macos") {
        all.push(("open".into(), &[]));
    } else {
        all.push(("xdg-open".into(), &[]));
    }
    all
}

fn refuse(folder: &Path, error: &ReportError) -> Exit {
    let folder = folder.display();
    match error {
        ReportError::Read(error) => {
            let help =
                "name the folder of a run or study, as `run`, `compare` and `study` leave it";
            complain(&format!("cannot read `{folder}`: {error}"), Some(help));
            Exit::Scenario
        }
        ReportError::Write(error) => {
            let help = "make room, or the folder writable";
            complain(&format!("cannot write to `{folder}`: {error}"), Some(help));
            Exit::Output
        }
    }
}
