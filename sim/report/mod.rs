//! What a run leaves behind: the text table, and the folder of files.

pub mod account;
pub mod columns;
pub mod html;
pub mod json;
#[cfg(feature = "live")]
pub mod live;
pub mod meter;
pub mod run;
pub mod study;
pub mod text;

pub mod folder;
mod intervals;
mod lapses;
mod latency;
pub mod table;
mod told;

mod processors;
mod sheet;
