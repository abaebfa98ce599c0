//! `loadbank completions` and `loadbank man`

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory as _;

use super::args::{Cli, Completions, Man};
use super::exit::Exit;
use super::{complain, print};

const NAME: &str = "loadbank";

pub(super) fn completions(args: &Completions) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut text);
    print(&String::from_utf8_lossy(&text))
}

pub(super) fn man(args: &Man) -> Exit {
    let Some(folder) = &args.folder else {
        let mut text = Vec::new();
        return match clap_mangen::Man::new(Cli::command()).render(&mut text) {
            Ok(()) => print(&String::from_utf8_lossy(&text)),
            Err(error) => unwritable("the manual page", &error),
        };
    };
    match write_pages(folder) {
        Ok(()) => Exit::Success,
        Err(error) => unwritable(&folder.display().to_string(), &error),
    }
}

fn write_pages(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}

fn unwritable(what: &str, error: &io::Error) -> Exit {
    complain(&format!("cannot write `{what}`: {error}"), Some("choose another folder"));
    Exit::Output
}
