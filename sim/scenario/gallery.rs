//! The scenarios that come with loadbank, within the program itself: a wheel has no folder of
//! them beside it.

use include_dir::{Dir, include_dir};

static GALLERY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A file of the gallery.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Its path within the gallery: `quickstart.yaml`, `studies/most-racks.study.yaml`.
    pub path: &'static str,
    /// What it holds.
    pub text: &'static str,
}

impl Example {
    /// Its name without what all scenarios end in.
    pub fn name(&self) -> &'static str {
        self.path.strip_suffix(".yaml").unwrap_or(self.path)
    }

    /// The line that says what it is about.
    pub fn title(&self) -> &'static str {
        let title = self.text.lines().find_map(|line| line.strip_prefix("title:"));
        let comment = || self.text.lines().find_map(|line| line.strip_prefix("# "));
        title.map(str::trim).or_else(comment).unwrap_or_default()
    }

    /// Whether it names no other file of the gallery.
    pub fn stands_alone(&self) -> bool {
        let names = |other: &Example| {
            let file = other.path.rsplit('/').next().unwrap_or(other.path);
            other.path != self.path && self.text.contains(file)
        };
        !files().iter().any(names)
    }
}

/// Every file of the gallery but the catalogue, which is built in: scenarios, studies, and what
/// they build upon.
pub fn files() -> Vec<Example> {
    let mut files = Vec::new();
    let mut folders = vec![&GALLERY];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs().filter(|dir| !dir.path().ends_with("presets")));
        files.extend(folder.files().filter_map(|file| {
            Some(Example { path: file.path().to_str()?, text: file.contents_utf8()? })
        }));
    }
    files.sort_by_key(|file| file.path);
    files
}

/// The scenarios and studies that can be run.
pub fn examples() -> Vec<Example> {
    let is_run = |file: &Example| {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // A part of scenarios has no name of its own.
        let is_named = file.text.lines().any(|line| line.starts_with("name:"));
        file.path.ends_with(".yaml")
            && is_named
            && ["", "contracts", "phases", "studies"].contains(&folder)
    };
    files().into_iter().filter(is_run).collect()
}
