//! YAML scenarios: from files to specs, and everything that can be wrong on the way.
//!
//! ```text
//! load(path, sets)          files -> one tree: read.rs, base.rs, set.rs
//! Document::resolve_kinds   catalogue entries laid beneath the components that name them
//! Place::components         the named parts of a section, groups written out
//! Place::read::<Spec>       one part as the spec of its room, all errors at once
//! Place::fault              what a room finds wrong with it, at its line and column
//! Diagnostics::render       all of it, for people; json_lines for programs
//! ```
//!
//! This is the only room that knows YAML, and within it only `read.rs` knows the parser.

mod load;

mod place;
mod tree;

mod assemble;
mod connect;

mod base;
mod catalogue;
mod currency;
mod de;
mod diagnostics;
mod event_spec;
mod files;
mod gallery;
mod names;
mod origin;
mod printable;
mod read;
mod reference;
mod schema;
mod set;
mod show;
mod spec;

pub(crate) use self::assemble::is_folder_name;
pub use self::assemble::{
    Input, Loaded, PlayedFile, Reading, TermsReading, read_origins, read_scenario, read_terms,
};
pub use self::catalogue::{Section, built_in};
pub(crate) use self::currency::tell_currency;
pub use self::diagnostics::{Diagnostic, Diagnostics};
pub use self::files::{Files, Position, SourceFile};
pub use self::gallery::{Example, examples, files as example_files};
pub use self::load::{Document, LoadError, load, load_text};
pub use self::names::{Component, MAX_INSTANCES, ParseGroupError, expand};
pub use self::origin::{Origin, OriginKind};
pub use self::place::Place;
pub(crate) use self::printable::printable;
pub use self::reference::reference;
pub use self::schema::scenario_schema;
pub(crate) use self::schema::schema_of;
pub(crate) use self::set::keys;
pub use self::show::{canonical_json, content_hash, effective_yaml};
pub use self::tree::{Entry, Map, Node, Scalar, Value};

/// The JSON Schema of scenarios, as `loadbank schema` prints it.
///
/// # Panics
///
/// Never: a schema is plain JSON.
pub fn schema() -> String {
    let schema = scenario_schema::<spec::ScenarioSpec>(&assemble::SECTIONS);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
