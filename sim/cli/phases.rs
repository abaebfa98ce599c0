//! `loadbank phases`

use std::io::{self, IsTerminal as _, Write as _};

use super::args::{Format, Phases};
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::{colour, complain, print};
use crate::report::text;
use crate::study::{PhasesReading, read_phases, simulate_phases};

pub(super) fn phases(args: &Phases) -> Exit {
    let PhasesReading { phases, findings } = read_phases(&args.source.file, &args.source.sets);
    let mut stderr = io::stderr().lock();
    let colour = colour(stderr.is_terminal());
    for (found, files) in &findings {
        // Where standard error is closed there is nobody to tell.
        let _ = stderr.write_all(found.render(files, colour).as_bytes());
    }
    drop(stderr);
    let Some(phases) = phases else { return Exit::Scenario };
    let interrupt = Interrupt::listen();
    let asked = interrupt.clone();
    match simulate_phases(&phases, &move || asked.asked()) {
        Ok(Some(found)) => match args.format {
            Format::Text => print(&text::phases(&phases, &found)),
            Format::Json => print(&text::phases_json(&phases, &found)),
        },
        Ok(None) => Exit::Interrupted,
        Err(message) => {
            complain(&message, None);
            Exit::Simulation
        }
    }
}
