//! The discrete-event kernel: time, calendar, random streams, trace.
//!
//! It knows nothing of sites, power or work. A model built on it is a `struct` of state, a small
//! `enum` of events and one `match`:
//!
//! ```
//! use loadbank::kernel::{Agenda, Class, Span, Streams, Time};
//!
//! #[derive(Debug, Clone, Copy)]
//! enum Event {
//!     Failed,
//!     Repaired,
//! }
//!
//! let mut luck = Streams::new(1, 0).stream("failure", "pump-1");
//! let mut agenda = Agenda::new();
//! agenda.push(Time::ZERO + Span::from_hours(1), Class::Plant, Event::Failed);
//!
//! let end = Time::ZERO + Span::from_hours(24 * 365);
//! let mut failures = 0;
//! while let Some((now, event)) = agenda.pop_until(end) {
//!     match event {
//!         Event::Failed => {
//!             failures += 1;
//!             agenda.push(now + Span::from_hours(8), Class::Plant, Event::Repaired);
//!         }
//!         Event::Repaired => {
//!             let life = Span::from_secs_f64(luck.exponential(1000.0 * 3600.0));
//!             agenda.push(now + life, Class::Plant, Event::Failed);
//!         }
//!     }
//! }
//! assert!(failures > 1);
//! assert_eq!(agenda.now(), end);
//! ```
//!
//! In reading order:
//!
//! - [`time`]: instants and spans in whole nanoseconds, and the four [`Class`]es by which events
//!   of one instant are ordered.
//! - [`agenda`]: what is pending, in the order of (time, class, insertion). Most events are
//!   pushed and happen; a prediction that may be revised is scheduled for a [`Ticket`] that
//!   cancels it, or by an [`Alarm`], which holds at most one. Beneath it lies the radix wheel of
//!   `wheel.rs`, which no other room sees.
//! - [`random`]: a stream of random numbers for each purpose of each entity.
//! - [`renewal`]: failure and repair of named things, behind one clock; [`outages`] adds what they
//!   share: common causes, crews, spare parts, planned work.
//! - [`clock`]: which hour of which day it is on site; `week.rs` follows the hours of its week.
//! - [`trace`]: one hash of everything that happened, for tests.
//!
//! # What holds
//!
//! - The same inserts give the same order, on any machine. No order depends on a hash map, an
//!   address or a thread.
//! - The clock of an agenda never runs ahead of what its owner was told, so several agendas can
//!   be advanced in turns: ask each for [`Agenda::next_at`], and run those that come first.
//! - Adding an entity moves the draws of no other.
//! - Nothing here can fail: a time in the past is a bug of the caller, and panics.

pub mod agenda;
mod alarm;
pub mod clock;
mod durations;
mod log;
pub mod outages;
pub mod random;
pub mod renewal;
pub mod time;
pub mod trace;
mod week;
mod wheel;

pub use agenda::{Agenda, Ticket};
pub use alarm::Alarm;
pub use clock::Clock;
pub use durations::DurationLaw;
pub use outages::{
    CommonCause, Crew, CrewOrder, OutageChange, OutagePlan, Outages, PlannedWork, Stock, Why,
};
pub(crate) use random::weibull_scale;
pub use random::{Stream, Streams};
pub use renewal::{FailureLaw, FailureSpec, Renewals, RepairLaw, Wear, WearSpec};
pub use time::{Class, Span, Time};
pub use trace::TraceHash;
pub use week::LocalWeek;
