//! Who imports whom, read from the tokens of the source: `crate::`, `super::`, `self::` and paths
//! that begin with a child module, in `use` lines, expressions and macros alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The modules of a crate by their path from the root, such as `plant/power/network`.
pub(super) struct Modules {
    pub(super) all: BTreeMap<String, Module>,
}

/// A module that has a file of its own.
pub(super) struct Module {
    /// As written in messages: `sim/plant/power/network.rs`.
    pub(super) file: String,
    /// Holds tests alone, or is within a module that does.
    pub(super) is_test: bool,
    /// Whether the line that declares it says `cfg(test)`.
    pub(super) declared_as_test: bool,
    /// Every path that it names, from the root of the crate: `plant/power/Network`.
    paths: BTreeSet<String>,
    /// What its `use` lines bring into it, by name: also what others find in it.
    brought: BTreeMap<String, String>,
}

impl Modules {
    /// Reads all that `root` declares, without inline modules of tests.
    pub(super) fn read(root: &Path, name: &str) -> Self {
        let mut modules = Self { all: BTreeMap::new() };
        modules.add(root, name, "", (false, false));
        modules
    }

    fn add(
        &mut self,
        file: &Path,
        shown: &str,
        path: &str,
        (is_test, declared_as_test): (bool, bool),
    ) {
        let text = fs::read_to_string(file).unwrap();
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut reader = Reader { module: path.to_owned(), ..Reader::default() };
        reader.declarations(tokens.clone());
        if !is_test {
            reader.read(tokens);
        }
        let module = Module {
            file: shown.to_owned(),
            is_test,
            declared_as_test,
            paths: reader.paths,
            brought: reader.brought,
        };
        self.all.insert(path.to_owned(), module);
        let is_head = file.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs");
        let folder =
            if is_head { file.parent().unwrap().to_owned() } else { file.with_extension("") };
        let shown_folder = match shown.rsplit_once('/') {
            Some((folder, _)) if is_head => folder,
            None if is_head => "",
            _ => shown.trim_end_matches(".rs"),
        };
        for (child, cfg_test) in reader.children {
            let within: PathBuf = child.split('/').collect();
            let candidates = [
                (folder.join(&within).with_extension("rs"), format!("{child}.rs")),
                (folder.join(&within).join("mod.rs"), format!("{child}/mod.rs")),
            ];
            let (child_file, child_shown) = candidates
                .into_iter()
                .find(|(file, _)| file.exists())
                .unwrap_or_else(|| panic!("{shown} declares {child}, which has no file"));
            let flags = (is_test || cfg_test, cfg_test);
            let child_shown = join(shown_folder, &child_shown);
            self.add(&child_file, &child_shown, &join(path, &child), flags);
        }
    }

    /// The module in which what `path` names is written down.
    fn home(&self, path: &str) -> String {
        let mut path = path.to_owned();
        // A name may be handed on a few times.
        for _ in 0..16 {
            let (module, rest) = self.split(&path);
            let Some(name) = rest.split('/').next().filter(|name| !name.is_empty()) else {
                return module;
            };
            let Some(target) = self.all[&module].brought.get(name) else { return module };
            let behind = rest[name.len()..].trim_start_matches('/');
            let next = join(target, behind);
            if next == path {
                return module;
            }
            path = next;
        }
        panic!("{path} is handed on in a circle");
    }

    /// The longest module that `path` begins with, and what is left behind it.
    fn split(&self, path: &str) -> (String, String) {
        let mut module = path;
        loop {
            if self.all.contains_key(module) {
                let rest = path[module.len()..].trim_start_matches('/');
                return (module.to_owned(), rest.to_owned());
            }
            module = module.rsplit_once('/').map_or("", |(front, _)| front);
        }
    }

    /// The modules that each module imports from, tests aside; what a module takes from those
    /// that it lies in (the methods of a type go on in the modules below it) is no import.
    pub(super) fn imports(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let shipped = self.all.iter().filter(|(_, module)| !module.is_test);
        shipped
            .map(|(path, module)| {
                let homes = module.paths.iter().map(|named| self.home(named));
                let others = homes.filter(|home| {
                    home != path && !self.all[home].is_test && !is_within(path, home)
                });
                (path.as_str(), others.collect())
            })
            .collect()
    }
}

/// Whether `path` lies in the module `outer`.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    outer.is_empty() || path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn join(front: &str, back: &str) -> String {
    match (front.is_empty(), back.is_empty()) {
        (true, _) => back.to_owned(),
        (_, true) => front.to_owned(),
        _ => format!("{front}/{back}"),
    }
}

/// Reads the tokens of one file.
#[derive(Default)]
struct Reader {
    /// The module whose tokens these are; longer within inline modules.
    module: String,
    /// Modules with files that it declares, and whether for tests alone.
    children: Vec<(String, bool)>,
    paths: BTreeSet<String>,
    brought: BTreeMap<String, String>,
}

impl Reader {
    /// Notes the `mod x;` of the file, also within inline modules.
    fn declarations(&mut self, tokens: TokenStream) {
        self.declarations_in(tokens, "", false);
    }

    fn declarations_in(&mut self, tokens: TokenStream, inline: &str, test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut is_test = test;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    is_test |= is_cfg_test(&tokens, at);
                }
                TokenTree::Ident(ident) if *ident == "mod" => {
                    let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { continue };
                    let name = join(inline, &name.to_string());
                    match tokens.get(at + 2) {
                        Some(TokenTree::Punct(_)) => self.children.push((name, is_test)),
                        Some(TokenTree::Group(body)) => {
                            self.declarations_in(body.stream(), &name, is_test);
                        }
                        _ => {}
                    }
                    is_test = test;
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = test,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => is_test = test,
                _ => {}
            }
        }
    }

    /// Notes every path, without those of `cfg(test)`.
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group)
                    if group.delimiter() == Delimiter::Bracket && is_cfg_test(&tokens, at) =>
                {
                    at = end_of_item(&tokens, at);
                }
                TokenTree::Ident(ident)
                    if *ident == "mod"
                        && matches!(tokens.get(at + 2), Some(TokenTree::Group(_))) =>
                {
                    // An inline module: its `super` is this one.
                    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    else {
                        unreachable!("a module has a name and a body");
                    };
                    let outer = std::mem::take(&mut self.module);
                    self.module = join(&outer, &name.to_string());
                    self.read(body.stream());
                    self.module = outer;
                    at += 2;
                }
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(ident) if *ident == "use" => {
                    at = self.tree(&tokens, at + 1, None, true);
                    continue;
                }
                TokenTree::Ident(_) if !follows_path(&tokens, at) && is_path(&tokens, at) => {
                    at = self.tree(&tokens, at, None, false);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads `a::b::{c, d as e}` from `at` on; `front` is what stands before it. Where it ends.
    fn tree(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        front: Option<String>,
        is_use: bool,
    ) -> usize {
        let mut path = front;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    path = match path {
                        None => self.first(&name),
                        Some(path) if name == "super" => Some(parent(&path)),
                        Some(path) if name == "self" => Some(path),
                        Some(path) => Some(join(&path, &name)),
                    };
                    if path.is_none() {
                        // Of another crate, or no module: what follows is no concern of ours.
                        return skip_path(tokens, at);
                    }
                    at += 1;
                    if !is_separator(tokens, at) {
                        break;
                    }
                    at += 2;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut within = 0;
                    while within < inner.len() {
                        within = self.tree(&inner, within, path.clone(), is_use);
                        while within < inner.len() && !is_punct(&inner[within], ',') {
                            within += 1;
                        }
                        within += 1;
                    }
                    return at + 1;
                }
                // All that it holds, or a type's parameters.
                _ => break,
            }
        }
        let Some(path) = path else { return at + 1 };
        if is_use && !path.is_empty() {
            let mut name = path.rsplit('/').next().unwrap_or_default().to_owned();
            if let (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(other))) =
                (tokens.get(at), tokens.get(at + 1))
                && *word == "as"
            {
                name = other.to_string();
            }
            let is_whole = matches!(tokens.get(at), Some(token) if is_punct(token, '*'));
            if !is_whole {
                self.brought.insert(name, path.clone());
            }
        }
        self.paths.insert(path);
        at
    }

    /// What the first name of a path stands for; `None` for what is no module of this crate.
    fn first(&self, name: &str) -> Option<String> {
        match name {
            "crate" => Some(String::new()),
            "self" => Some(self.module.clone()),
            "super" => Some(parent(&self.module)),
            child if self.children.iter().any(|(known, _)| known == child) => {
                Some(join(&self.module, child))
            }
            _ => None,
        }
    }
}

fn parent(module: &str) -> String {
    module.rsplit_once('/').map_or(String::new(), |(front, _)| front.to_owned())
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| is_punct(token, ':'))
        && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
}

/// Whether the name at `at` is one of several in a path.
fn is_path(tokens: &[TokenTree], at: usize) -> bool {
    is_separator(tokens, at + 1)
}

/// Whether a path goes on with the name at `at`, so that it does not begin there.
fn follows_path(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && is_separator(tokens, at - 2)
}

/// Past the names of a path that begins at `at`.
fn skip_path(tokens: &[TokenTree], mut at: usize) -> usize {
    at += 1;
    while is_separator(tokens, at) {
        at += 3;
    }
    at
}

/// Whether the brackets at `at` are those of `#[cfg(test)]`.
fn is_cfg_test(tokens: &[TokenTree], at: usize) -> bool {
    let TokenTree::Group(group) = &tokens[at] else { return false };
    at > 0
        && is_punct(&tokens[at - 1], '#')
        && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// The last token of the item whose attribute stands at `at`.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    (at + 1..tokens.len()).find(|&at| ends(&tokens[at])).unwrap_or(tokens.len() - 1)
}
