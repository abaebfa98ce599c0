//! Time, calendar, random streams, trace: the discrete-event kernel.

pub mod clock;
pub mod random;
pub mod time;

pub use clock::Clock;
pub use random::{Stream, Streams};
pub use time::{Class, Span, Time};
