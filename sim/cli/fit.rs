//! `loadbank fit`

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::args::{Fit, MeterFit};
use super::exit::Exit;
use super::{complain, print};
use crate::fit::{Calibration, Columns, FitError, MeterLayout, calibrate, fit_steps, read_rows};

pub(super) fn fit(args: &Fit) -> Exit {
    if let Some(meter) = &args.meter.meter {
        return fit_scenario(args, meter);
    }
    let name = args.file.display().to_string();
    let file = match File::open(&args.file) {
        Ok(file) => BufReader::new(file),
        Err(error) => return unreadable(&name, &error),
    };
    let columns = Columns {
        sequences: args.sequences.clone(),
        context: args.context.clone(),
        prompt: args.prompt.clone(),
        time: args.time.clone().unwrap_or_else(|| "ms".to_owned()),
        unit_s: args.unit,
    };
    let fixed = args.fix.iter().copied().collect();
    match read_rows(file, &columns).and_then(|rows| fit_steps(&rows, &fixed)) {
        Ok(law) => print(&law.yaml(&name, args.gpus.expect("clap asks for it"))),
        Err(error) => refuse(&name, &error),
    }
}

/// `loadbank fit --meter`
fn fit_scenario(args: &Fit, meter: &Path) -> Exit {
    let name = meter.display().to_string();
    let text = match read(meter) {
        Ok(text) => text,
        Err(error) => return unreadable(&name, &error),
    };
    let MeterFit { free, matches, tell, held_out, time_format, time_zone, sets, .. } = &args.meter;
    let layout = MeterLayout {
        time: args.time.clone(),
        time_format: time_format.clone(),
        zone: time_zone.clone(),
    };
    let found = calibrate(&Calibration {
        file: &args.file,
        sets,
        free,
        matches,
        told: tell,
        meter: &text,
        layout: &layout,
        held_out: *held_out,
    });
    match found {
        Ok(found) => print(&found.yaml(&name)),
        Err(error) => refuse(&name, &error),
    }
}

/// The text of a table, decompressed where its name ends in `.gz`.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut text = Vec::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_end(&mut text)?;
    } else {
        file.read_to_end(&mut text)?;
    }
    Ok(text)
}

fn unreadable(name: &str, error: &std::io::Error) -> Exit {
    complain(&format!("cannot read `{name}`: {error}"), None);
    Exit::Scenario
}

fn refuse(name: &str, error: &FitError) -> Exit {
    complain(&format!("`{name}`: {error}"), error.help.as_deref());
    Exit::Scenario
}
