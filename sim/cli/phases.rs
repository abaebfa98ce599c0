//! `loadbank phases`

use std::io::{self, IsTerminal as _, Write as _};

use super::args::{Between, Format, Phases};
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::{colour, complain, print, vary};
use crate::money::Project;
use crate::report::text::{self, PhasesSensitivity, PhasesSwing};
use crate::scenario::{Diagnostics, Files};
use crate::study::statistics::Mean;
use crate::study::{PhasesReading, Stretches, read_phases, simulate_phases};

pub(super) fn phases(args: &Phases) -> Exit {
    let mut between = args.vary.iter().chain(&args.breakeven).map(|of| &of.path);
    if let Some(path) = between.find(|path| !vary::is_of(path, &["money"])) {
        complain(
            &format!("`{path}` changes what is simulated"),
            Some("only `money` is carried anew; change all else with `--set`"),
        );
        return Exit::Usage;
    }
    let PhasesReading { phases, findings } = read_phases(&args.file, &args.sets);
    findings.iter().for_each(|(found, files)| say(found, files));
    let Some(phases) = phases else { return Exit::Scenario };
    // What cannot be carried is said before anything is simulated.
    let tried = |of: &Between| [&of.low, &of.high].map(|value| (of.path.clone(), value.clone()));
    for (path, value) in args.vary.iter().chain(&args.breakeven).flat_map(tried) {
        if project(args, &phases, &path, &value).is_none() {
            return Exit::Scenario;
        }
    }
    let interrupt = Interrupt::listen();
    let asked = interrupt.clone();
    let stretches = match simulate_phases(&phases, &move || asked.asked()) {
        Ok(Some(stretches)) => stretches,
        Ok(None) => return Exit::Interrupted,
        Err(message) => {
            complain(&message, None);
            return Exit::Simulation;
        }
    };
    let found = phases.come_to(&phases.project, &stretches);
    let run = Carried { args, phases: &phases, stretches: &stretches };
    let mut sensitivity = PhasesSensitivity::default();
    for of in &args.vary {
        let at = |value: &String| Some((value.clone(), run.more_usd(&of.path, value)?));
        let (Some(low), Some(high)) = (at(&of.low), at(&of.high)) else { return Exit::Scenario };
        sensitivity.swings.push(PhasesSwing { path: of.path.clone(), low, high });
    }
    for of in &args.breakeven {
        let mean = |value: &str| Mean::of(&run.more_usd(&of.path, value)?).map(|it| it.mean);
        match vary::breakeven(of, &mean) {
            Ok(Some(value)) => sensitivity.zeros.push((of.path.clone(), value)),
            Ok(None) => return Exit::Scenario,
            Err(message) => {
                complain(&format!("--breakeven {}: {message}", of.path), None);
                return Exit::Usage;
            }
        }
    }
    match args.format {
        Format::Text => print(&text::phases(&phases, &found, &sensitivity)),
        Format::Json => print(&text::phases_json(&phases, &found, &sensitivity)),
    }
}

/// Says what was found on standard error.
fn say(found: &Diagnostics, files: &Files) {
    let mut stderr = io::stderr().lock();
    let colour = colour(stderr.is_terminal());
    // Where standard error is closed there is nobody to tell.
    let _ = stderr.write_all(found.render(files, colour).as_bytes());
}

/// Phases that have been simulated.
struct Carried<'a> {
    args: &'a Phases,
    phases: &'a crate::study::Phases,
    stretches: &'a Stretches,
}

impl Carried<'_> {
    /// What the phases bring beyond the site that stays, in each replication, with the parameter at
    /// `path` at `value`; none after saying what is wrong with that.
    fn more_usd(&self, path: &str, value: &str) -> Option<Vec<f64>> {
        let project = project(self.args, self.phases, path, value)?;
        Some(self.phases.come_to(&project, self.stretches).more_usd())
    }
}

/// The plan with the parameter at `path` at `value`; none after saying what is wrong with that.
fn project(
    args: &Phases,
    phases: &crate::study::Phases,
    path: &str,
    value: &str,
) -> Option<Project> {
    let mut sets = args.sets.clone();
    sets.push(format!("{path}={value}"));
    let (project, found, files) = phases.read_project(&args.file, &sets);
    if project.is_none() {
        say(&found, &files);
    }
    project
}
