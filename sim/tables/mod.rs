//! Recorded values: how a file of data is read and laid over the time of a run.
//!
//! A section that may take its values from a file declares its spec with `from_table!`, which
//! gives it the fields of a table once for all sections. [`read_csv`] turns the bytes into a
//! [`Recording`] (columns in base units, one instant for each row), [`Recording::lay`] moves it
//! onto the time of a [`Run`], and the run steps through the [`Series`] by a [`Playback`].
//!
//! Opens no file: the [`Run`] is given a function that hands over bytes.

mod csv;
mod fields;
mod lay;
mod run;
mod series;

#[cfg(test)]
mod tests;

pub use self::csv::{Column, LineError, Recording, read_csv};
pub(crate) use fields::{TableFields, bad_file, fetch, from_table, unit};
pub use lay::Layout;
pub use run::{ReadFile, Run};
pub use series::{Playback, Series};
