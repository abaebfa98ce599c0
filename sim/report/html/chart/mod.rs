//! The pictures: each draws itself for a width.

pub(super) mod bars;
pub(super) mod density;
pub(super) mod frame;
pub(super) mod heat;
pub(super) mod ranked;
pub(super) mod sankey;
pub(super) mod time;
