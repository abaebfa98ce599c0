//! A row of a job log, whatever its format.

use std::collections::BTreeMap;

use super::draw::Told;

/// Who submitted jobs, numbered in the order in which they first did.
#[derive(Debug, Clone, Default)]
pub(super) struct Users(BTreeMap<String, u32>);

impl Users {
    /// The number of a user.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.0.get(name) {
            return known;
        }
        let number = self.0.len() as u32;
        self.0.insert(name.to_owned(), number);
        number
    }
}

/// The columns that matter. Times are in nanoseconds; what is negative is unknown.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) submit: i64,
    pub(super) run: i64,
    pub(super) allocated_processors: i64,
    pub(super) requested_processors: i64,
    pub(super) requested: i64,
    pub(super) status: i64,
    pub(super) user: Option<u32>,
    pub(super) queue: Option<u32>,
    pub(super) is_long: bool,
    /// It has more processors than the nodes that it says it has.
    pub(super) overfills: bool,
    /// It has its nodes to itself.
    pub(super) exclusive: bool,
    /// What it drew, where a column tells.
    pub(super) told: Option<Told>,
}
