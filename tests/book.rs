//! The pages are a book: each stands in its table of contents once, and every link leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the project by its path from the root.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).into();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                paths.push(path);
            }
        }
    }
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(root().join(path)).unwrap());
    paths.into_iter().map(read).collect()
}

/// The lines of a page that are not in a fenced block.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// Where the links of a page lead, code left out: a path in backticks is no link.
fn links(page: &str) -> Vec<String> {
    let plain = |line: &str| line.split('`').step_by(2).collect::<String>();
    let text: Vec<String> = prose(page).map(plain).collect();
    let text = text.join("\n");
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.trim().to_owned()).collect()
}

/// The names by which the headings of a page can be linked to, as GitHub and mdBook make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(page) {
        let Some(heading) = line.trim_start_matches('#').strip_prefix(' ') else { continue };
        if !line.starts_with('#') {
            continue;
        }
        let heading = heading.trim().to_lowercase();
        let name = heading.chars().filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ => c.is_alphanumeric().then_some(c),
        });
        let name: String = name.collect();
        let other = (1..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(other).find(|n| !anchors.contains(n));
        anchors.extend(free);
    }
    anchors
}

/// `path` without `.` and `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(tidy.pop()),
            Component::CurDir => {}
            part => tidy.push(part),
        }
    }
    tidy
}

/// What is wrong with the links of the page at `path`. `exists` tells files that are no pages.
fn faults(
    pages: &BTreeMap<PathBuf, String>,
    path: &Path,
    exists: impl Fn(&Path) -> bool,
) -> Vec<String> {
    let mut faults = Vec::new();
    let in_book = path.starts_with("docs");
    for link in links(&pages[path]) {
        if ["https://", "http://", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
            continue;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let mut target = match file {
            "" => path.to_owned(),
            file => tidy(&path.parent().unwrap().join(file)),
        };
        // GitHub shows the page of a folder, a book has none there.
        if file.ends_with('/') && !in_book {
            target.push("README.md");
        }
        let mut fault = |what: &str| faults.push(format!("{}: {link}: {what}", path.display()));
        match pages.get(&target) {
            // mdBook names it after the folder, and leaves links to it alone but for the contents.
            Some(_) if in_book && file.ends_with("README.md") && !path.ends_with("SUMMARY.md") => {
                fault("has another name in the book");
            }
            None if !exists(&target) => fault("there is no such file"),
            _ if in_book && !target.starts_with("docs") => fault("leads out of the book"),
            Some(page) if !anchor.is_empty() && !anchors(page).contains(anchor) => {
                fault("the page has no such heading");
            }
            _ => {}
        }
    }
    faults
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let count: usize = pages.values().map(|page| links(page).len()).sum();
    assert!(count > 300, "{count} links");
    let exists = |path: &Path| root().join(path).is_file();
    let faults: Vec<String> = pages.keys().flat_map(|path| faults(&pages, path, exists)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_page_stands_in_the_contents_once() {
    let pages = pages();
    let summary = Path::new("docs/SUMMARY.md");
    let mut listed: Vec<PathBuf> =
        links(&pages[summary]).iter().map(|link| Path::new("docs").join(link)).collect();
    listed.sort();
    let docs = pages.keys().filter(|path| path.starts_with("docs") && *path != summary);
    assert_eq!(listed, docs.cloned().collect::<Vec<_>>());
}

/// The test of the tests above, on pages with one fault each.
#[test]
fn broken_links_are_found() {
    let pages = |text: &str| {
        let other =
            "# First\n\n## `kind: gpu` and more\n\n## First\n\n```text\n# No heading\n```\n";
        [
            ("docs/a.md", text),
            ("docs/models/b.md", other),
            ("README.md", "# Top"),
            ("CHANGELOG.md", ""),
        ]
        .map(|(path, text)| (PathBuf::from(path), text.to_owned()))
        .into()
    };
    let said = |text: &str| {
        faults(&pages(text), Path::new("docs/a.md"), |path| path == Path::new("docs/x.svg"))
    };
    for sound in [
        "[b](models/b.md), [b](models/b.md#first-1), ![x](x.svg), [h](https://a.b/c)",
        "[b](models/b.md#kind-gpu-and-more)\n# Here\n[h](#here)",
        "`[b](c.md)`\n```md\n[b](c.md)\n```",
    ] {
        assert_eq!(said(sound), [""; 0], "{sound}");
    }
    for (text, what) in [
        ("[b](b.md)", "there is no such file"),
        ("[`b`](models/c.md)", "there is no such file"),
        ("[b](models/)", "there is no such file"),
        ("![x](y.svg)", "there is no such file"),
        ("[b](models/b.md#no-heading)", "the page has no such heading"),
        ("[b](models/b.md#first-2)", "the page has no such heading"),
        ("[h](#here)", "the page has no such heading"),
        ("[r](../README.md)", "has another name in the book"),
        ("[c](../CHANGELOG.md)", "leads out of the book"),
    ] {
        let said = said(text);
        assert!(said.len() == 1 && said[0].ends_with(what), "{text}: {said:?}");
    }
}
