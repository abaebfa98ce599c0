//! `catalogue`: the laws of models against the points that they were fitted to, the same points as
//! closed loops, and every preset run for an hour.

mod closed;
mod held;
mod hour;
mod laws;

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use crate::data::print;

/// A preset as its file has it.
pub(crate) struct Preset {
    pub(crate) section: &'static str,
    pub(crate) name: String,
    entry: Mapping,
}

/// The sections of presets, in the order of the page.
const SECTIONS: [&str; 4] = ["racks", "cooling", "power", "workloads"];

/// Runs the command with the arguments that follow its name: `--update` refreshes the page of the docs,
/// which is otherwise held against what comes out; `--hours` leaves out what needs measured points.
pub(crate) fn run(data: &Path, arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut update, mut only_hours) = (false, false);
    for argument in arguments {
        match argument.as_str() {
            "--update" => update = true,
            "--hours" => only_hours = true,
            _ => return Err("usage: validation catalogue [--hours] [--update]".to_owned()),
        }
    }
    let presets = presets()?;
    let mut missed = if only_hours { 0 } else { laws::run(data, &presets)? };
    missed += hour::run(&presets, update)?;
    match missed {
        0 => Ok(()),
        missed => Err(format!("{missed} targets missed")),
    }
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All presets, section by section in the order of their files.
fn presets() -> Result<Vec<Preset>, String> {
    let mut all = Vec::new();
    for section in SECTIONS {
        let path = root().join("scenarios/presets").join(format!("{section}.yaml"));
        let failed = |message: String| format!("{}: {message}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let file: Mapping =
            serde_yaml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        for (name, entry) in file {
            let (Value::String(name), Value::Mapping(entry)) = (name, entry) else {
                return Err(failed("an entry is no mapping".to_owned()));
            };
            all.push(Preset { section, name, entry });
        }
    }
    Ok(all)
}

impl Preset {
    /// The text of `field`, empty where the entry has none.
    fn text(&self, field: &str) -> &str {
        self.entry.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Where its figures come from.
    fn source(&self) -> &str {
        self.text("source")
    }

    /// The model that the entry leads to, through the entries of `all`.
    fn model<'p>(&'p self, all: &'p [Preset]) -> &'p str {
        let mut kind = self.text("kind");
        while let Some(next) = all.iter().find(|p| p.section == self.section && p.name == kind) {
            kind = next.text("kind");
        }
        kind
    }
}

/// `met`, or `MISSED`, which is counted.
fn verdict(is_met: bool, missed: &mut u32) -> &'static str {
    *missed += u32::from(!is_met);
    if is_met { "met" } else { "MISSED" }
}

/// Prints a heading.
fn head(text: &str) {
    print(&format!("\n{text}"));
}
