//! What the pages show is what the program does: their examples are read, their commands exist.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::Bench;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page that people write, by its path.
fn pages() -> Vec<(PathBuf, String)> {
    let generated = ["scenario-reference.md", "columns.md"];
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/models"] {
        let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    pages.retain(|path| !generated.iter().any(|name| path.ends_with(name)));
    pages.sort();
    pages.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The fenced blocks of a page: what follows the fence, and the text, without the indentation of
/// the list that a block may stand in.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for line in page.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(label)) => open = Some((indent, label.to_owned(), String::new())),
            (Some(_), Some("")) => {
                let (_, label, text) = open.take().unwrap();
                blocks.push((label, text));
            }
            (Some((indent, _, text)), _) => {
                text.push_str(line.get(*indent..).unwrap_or(line.trim_start()));
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The scenario that the page of the language begins with; parts of scenarios are laid over it.
fn two_halls() -> String {
    let page = fs::read_to_string(root().join("docs/scenario-language.md")).unwrap();
    let (label, text) = blocks(&page).swap_remove(0);
    assert_eq!(label, "yaml");
    text
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("two-halls.yaml", two_halls());
    bench
}

/// What `check` says of `text`, whole or laid over the two halls.
fn check(bench: &Bench, text: &str) -> (Option<i32>, String) {
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let part = !has("name:") && !has("base:");
    let text = if part { format!("base: two-halls.yaml\n{text}") } else { text.to_owned() };
    bench.file("t.yaml", text);
    let output = bench.loadbank("check t.yaml").output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_example_is_accepted() {
    let bench = bench();
    let mut count = 0;
    for (path, page) in pages() {
        for (_, text) in blocks(&page).into_iter().filter(|(label, _)| label == "yaml") {
            let (code, said) = check(&bench, &text);
            assert_eq!(code, Some(0), "{}:\n{text}\n{said}", path.display());
            count += 1;
        }
    }
    assert!(count >= 6, "{count} examples");
}

/// The test of the tests above: a field that does not exist is no example.
#[test]
fn an_example_with_a_field_that_does_not_exist_is_refused() {
    for part in ["power: {ups-{1..4}: {efficiency: 96 %}}\n", "powr: {}\n", "duration: 1M\n"] {
        let (code, said) = check(&bench(), part);
        assert_eq!(code, Some(3), "{part}{said}");
    }
}

#[test]
fn the_errors_that_a_page_shows_are_those_that_come() {
    let page = fs::read_to_string(root().join("docs/scenario-language.md")).unwrap();
    let blocks = blocks(&page);
    let wrong = blocks.iter().position(|(label, _)| label == "yaml wrong").unwrap();
    let (code, said) = check(&bench(), &blocks[wrong].1);
    assert_eq!((code, &said), (Some(3), &blocks[wrong + 1].1));
}

/// A command line in words, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The commands of a page that call the program, without its name.
fn commands(page: &str) -> Vec<Vec<String>> {
    let shells = blocks(page).into_iter().filter(|(label, _)| label == "console" || label == "sh");
    let mut commands = Vec::new();
    for (_, text) in shells {
        for line in text.lines() {
            let line = line.split(" #").next().unwrap();
            let ours = line.strip_prefix("loadbank ");
            if let Some(args) = ours.or(line.strip_prefix("cargo run --release -- ")) {
                commands.push(words(args));
            }
        }
    }
    commands
}

/// Every command is one that the program has, with options that it has; what it changes of a
/// scenario can be changed.
#[test]
fn every_command_is_understood() {
    let bench = bench();
    let mut count = 0;
    for (path, page) in pages() {
        for args in commands(&page) {
            let place = format!("{}: loadbank {}", path.display(), args.join(" "));
            let help = bench.loadbank("").args(&args).arg("--help").output().unwrap();
            assert_eq!(help.status.code(), Some(0), "{place}");
            count += 1;
            if !["run", "check", "show", "reliability"].contains(&args[0].as_str()) {
                continue;
            }
            let file = match args[1].strip_prefix("scenarios/") {
                Some(_) => root().join(&args[1]),
                None => bench.file(&args[1], two_halls()),
            };
            let sets = args.windows(2).filter(|pair| pair[0] == "--set").map(|pair| &pair[1]);
            let sets = sets.flat_map(|set| ["--set", set.as_str()]);
            let checked = bench.loadbank("check").arg(file).args(sets).output().unwrap();
            let said = String::from_utf8(checked.stdout).unwrap();
            assert_eq!(checked.status.code(), Some(0), "{place}\n{said}");
        }
    }
    assert!(count >= 10, "{count} commands");
}

/// Options that the text names are options of some command.
#[test]
fn every_option_exists() {
    let bench = Bench::new();
    let help = |args: &str| {
        let output = bench.loadbank(args).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let top = help("--help");
    let commands = top.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.split_whitespace().next());
    let all: String = names.map(|name| help(&format!("{name} --help"))).collect::<String>() + &top;
    // Options of `validation` and of other programs.
    let elsewhere = ["--update", "--parsable2", "--nodes", "--exclusive", "--segment"];
    for (path, page) in pages() {
        // Outside of blocks.
        let text: String = page.split("```").step_by(2).collect();
        for quoted in text.split('`').skip(1).step_by(2) {
            if quoted.contains("cargo ") {
                continue;
            }
            for word in quoted.split_whitespace().filter(|word| word.starts_with("--")) {
                let option = word.split(['=', ',']).next().unwrap();
                if option.len() > 2 && !elsewhere.contains(&option) {
                    let known = all.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                    assert!(known.into_iter().any(|k| k == option), "{}: {option}", path.display());
                }
            }
        }
    }
}

/// The lines of the summary that the guide explains are lines of the summary.
#[test]
fn what_the_guide_explains_is_printed() {
    let guide = fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let section = guide.split("## What the table means").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let folder = root().join("sim/report/text");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources: String = sources.filter_map(|path| fs::read_to_string(path).ok()).collect();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for name in rows {
        assert!(sources.contains(&format!("\"{name}\"")), "the summary has no line `{name}`");
    }
}

/// What a page quotes of a run, `99.96 %`, stands in a block that shows the run: what `.ci/readme` refreshes
/// is followed by the text around it.
#[test]
fn figures_that_the_tutorial_quotes_are_shown() {
    let page = fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let shown: String = blocks(&page)
        .into_iter()
        .filter_map(|(label, text)| label.starts_with("text").then_some(text))
        .collect();
    let prose: String = page.split("```").step_by(2).collect();
    let quoted = prose.split('`').skip(1).step_by(2);
    let figures = quoted
        .filter(|q| q.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit()));
    let figures: Vec<&str> = figures.collect();
    assert!(figures.len() >= 3, "{figures:?}");
    for figure in figures {
        assert!(shown.contains(figure), "no block of the tutorial shows {figure}");
    }
}

/// Pictures are those that the program draws of the scenario with their name.
#[test]
fn pictures_are_current() {
    let bench = Bench::new();
    let mut count = 0;
    for entry in fs::read_dir(root().join("docs/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let scenario = root().join("scenarios").join(name).with_extension("yaml");
        let drawn = bench.loadbank("graph").arg(scenario).output().unwrap();
        let committed = fs::read(&path).unwrap();
        assert!(
            drawn.stdout == committed,
            "{name}.svg is stale: `.ci/readme --update` draws it anew"
        );
        count += 1;
    }
    assert!(count > 0);
}

/// `text` with each of the choices that `{a,b}` in it offers.
fn expanded(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('{') else { return vec![text.to_owned()] };
    let (choices, after) = rest.split_once('}').unwrap();
    let one = |choice: &str| expanded(&format!("{before}{choice}{after}"));
    choices.split(',').flat_map(one).collect()
}

/// The gallery of the guide names every scenario.
#[test]
fn the_gallery_names_every_scenario() {
    let guide = fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let mut named: Vec<String> = Vec::new();
    for quoted in
        guide.lines().filter_map(|line| line.strip_prefix("| `scenarios/")?.split('`').next())
    {
        named.extend(expanded(quoted));
    }
    for entry in fs::read_dir(root().join("scenarios")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yaml") {
            assert!(named.contains(&name), "the gallery of the guide lacks {name}");
        }
    }
}
