//! Time-weighted meters, latency histograms, ledgers that must balance.
//!
//! Models measure themselves with the tools of this room and the report reads them out:
//! a [`Meter`] integrates a value that is constant between events (power, heat, flow), a
//! [`Swing`] finds how far one moves within a short time, [`Spells`] are the times during which
//! something is wrong, a [`Counter`] counts, a [`Latency`] holds the distribution of a delay in
//! bounded memory, and a [`Ledger`] closes the books of a run: what came in is what went out and
//! what is still there. What a share is of, `share` says once for all of them. Sums are compensated ([`Sum`]), so that months of small steps still
//! balance to 1e-9. A [`Figure`] says what is measured: a name, a unit, a meaning.

pub mod figure;
pub mod latency;
pub mod ledger;
pub mod meter;
pub mod share;
pub mod spells;
pub mod sum;
pub mod swing;

pub use figure::{Better, Figure, JOULES_PER_KWH, JOULES_PER_MWH, Join, Row, Scale, unit_of};
pub use latency::Latency;
pub use ledger::{Imbalance, Ledger, Side};
pub use meter::{Counter, IntervalStat, Meter};
pub use share::{Kept, left_out, share};
pub use spells::{SpellTotals, Spells};
pub use sum::{Sum, gained};
pub use swing::Swing;
