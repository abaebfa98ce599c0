//! The kinds of components: in one file each what a user writes, the sourced defaults behind it,
//! and what it becomes.

mod common;

pub(super) mod feed;

pub(super) mod cable;
pub(super) mod switchgear;
pub(super) mod transformer;

pub(super) mod battery;
pub(super) mod pdu;
pub(super) mod ups;

pub(super) mod pv;
pub(super) mod storage;

pub(super) mod genset;
pub(super) mod switch;

pub(super) mod house;

pub(super) use common::Kind;
pub use common::PowerPart;
