//! `loadbank fit`

use std::fs::File;
use std::io::BufReader;

use super::args::Fit;
use super::exit::Exit;
use super::{complain, print};
use crate::fit::{Columns, fit_steps, read_rows};

pub(super) fn fit(args: &Fit) -> Exit {
    let name = args.file.display().to_string();
    let file = match File::open(&args.file) {
        Ok(file) => BufReader::new(file),
        Err(error) => {
            complain(&format!("cannot read `{name}`: {error}"), None);
            return Exit::Scenario;
        }
    };
    let columns = Columns {
        sequences: args.sequences.clone(),
        context: args.context.clone(),
        prompt: args.prompt.clone(),
        time: args.time.clone(),
        unit_s: args.unit,
    };
    let fixed = args.fix.iter().copied().collect();
    match read_rows(file, &columns).and_then(|rows| fit_steps(&rows, &fixed)) {
        Ok(law) => print(&law.yaml(&name, args.gpus)),
        Err(error) => {
            complain(&format!("`{name}`: {error}"), error.help.as_deref());
            Exit::Scenario
        }
    }
}
