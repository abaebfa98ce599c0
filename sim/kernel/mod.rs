//! Time, calendar, random streams, trace: the discrete-event kernel.

pub mod agenda;
pub mod clock;
pub mod random;
pub mod time;
mod wheel;

pub use agenda::{Agenda, Ticket};
pub use clock::Clock;
pub use random::{Stream, Streams};
pub use time::{Class, Span, Time};
