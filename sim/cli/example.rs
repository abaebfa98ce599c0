//! `loadbank example`

use std::fs;
use std::path::Path;

use super::args::Example as Arguments;
use super::exit::Exit;
use super::{complain, print};
use crate::scenario::{Example, example_files, examples};
use crate::spec::closest;

pub(super) fn example(args: &Arguments) -> Exit {
    let examples = examples();
    let Some(asked) = &args.name else {
        let width = examples.iter().map(|example| example.name().len()).max().unwrap_or(0);
        let lines = examples.iter().map(|of| format!("{:width$}  {}\n", of.name(), of.title()));
        return print(&lines.collect::<String>());
    };
    let Some(example) = examples.iter().find(|example| example.name() == asked) else {
        let known = closest(asked, examples.iter().map(Example::name));
        let help = known.map_or("`loadbank example` lists them".to_owned(), |name| {
            format!("did you mean `{name}`? `loadbank example` lists all")
        });
        complain(&format!("there is no example `{asked}`"), Some(&help));
        return Exit::Usage;
    };
    let Some(folder) = &args.output else {
        if example.stands_alone() {
            return print(example.text);
        }
        let help = format!("`loadbank example {asked} --output DIR` writes it with them");
        complain(&format!("`{asked}` builds upon other files"), Some(&help));
        return Exit::Usage;
    };
    let files = if example.stands_alone() { vec![*example] } else { example_files() };
    for file in files {
        if let Err(error) = write(&folder.join(file.path), file.text) {
            complain(
                &format!("cannot write `{}` to `{}`: {error}", file.path, folder.display()),
                None,
            );
            return Exit::Output;
        }
    }
    print(&format!("{}\n", folder.join(example.path).display()))
}

/// Writes a file where none is; what a user has changed stays.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if path.exists() { Ok(()) } else { fs::write(path, text) }
}
