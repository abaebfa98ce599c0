//! Recorded values: how a file of data is read and laid over the time of a run.
//!
//! A section that may take its values from a file declares its spec with `from_table!`, which
//! gives it the fields of a table once for all sections. A [`TableReader`] turns the text into a
//! [`Recording`] (columns in base units, one instant for each row), [`Recording::lay`] moves it
//! onto the time of a [`Run`], and the run steps through the [`Series`] by a [`Playback`]. What
//! reads a file row by row while the run goes on uses the [`RowReader`] below it.
//!
//! From the text up: [`cells`] cuts lines, [`stamp`] reads times, [`rows`] finds columns and reads
//! rows, [`mod@format`] knows layouts by name, [`read`] orders rows, [`lay`] fills gaps.
//!
//! Opens no file: the [`Run`] is given a function that hands over bytes.

pub mod cells;
mod days;
mod error;
mod fields;
pub mod format;
mod json;
pub mod lay;
pub mod read;
pub mod rows;
mod run;
mod series;
mod spells;
pub mod stamp;
mod window;

#[cfg(test)]
mod tests;

pub use error::LineError;
pub use fields::{ColumnSpec, Texts, TimePartsSpec};
pub(crate) use fields::{TABLE_FIELDS, TableFields, TableRead, bad_file, fetch, from_table, unit};
pub use lay::Layout;
pub use read::{ANY_ORDER, Recording, TableLayout, TableReader, read_csv};
pub use rows::{Column, RowReader, Wanted};
pub use run::{ReadFile, Run};
pub use series::{Playback, Series};
pub(crate) use spells::read_spells;
pub use window::{Window, WindowSpec, moments};
