//! `loadbank` simulates power-dense compute sites event by event: Bitcoin mining, AI training
//! and AI inference behind one substation, with the cooling and the water that they need.
//!
//! # The tour
//!
//! A run goes through the rooms of this crate in the order below, and each room uses only
//! those above it.
//!
//! 1. A user writes a scenario in YAML. [`scenario`] reads it into a tree that knows the place
//!    of every value, and from it the specs of all rooms, whose quantities carry their units
//!    ([`units`], [`spec`]).
//! 2. Each room turns its specs into designs: plain numbers in base units. [`site`] holds the
//!    graph of who feeds and cools whom, [`plant`] the physics of power and cooling over the
//!    properties of air and water in [`fluids`], [`grid`] the weather and the prices outside
//!    (recorded ones are laid over a run by [`tables`]), [`workload`] what the site earns by,
//!    [`control`] what is decided for all of it.
//! 3. [`facility`] couples the designs into one machine and runs it: events from the agenda of
//!    the [`kernel`], one `match`, and after each instant a settlement of power, heat and work.
//!    [`measure`] keeps the meters and closes the books.
//! 4. [`money`] charges for a run by the contracts of its site.
//! 5. [`study`] runs many designs many times and compares them; [`reliability`] follows nothing but
//!    the failures of a power chain, over thousands of years.
//! 6. [`report`] writes the outcome, and [`cli`] is the command that ties it together.
//!
//! ```
//! use loadbank::facility::{Facility, Silent};
//! use loadbank::scenario::read_scenario;
//!
//! let reading = read_scenario("scenarios/quickstart.yaml".as_ref(), &["duration=1 day".into()]);
//! let scenario = reading.loaded.expect("the scenario is sound");
//! let mut facility = Facility::new(&scenario.design, 0);
//! facility.run(&mut Silent);
//! let outcome = facility.outcome();
//! assert!(outcome.balanced());
//! assert!(outcome.real("pue") > 1.0);
//! ```
//!
//! # The library
//!
//! Who embeds the simulator needs these; the rest is public so that `validation` and benchmarks
//! can hold single models against what is published, and moves without notice.
//!
//! * to read a scenario: [`scenario::read_scenario`], its [`Reading`](scenario::Reading) with
//!   [`Loaded`](scenario::Loaded) and [`Diagnostics`](scenario::Diagnostics);
//!   [`scenario::scenario_schema`];
//! * to run it: [`facility::Design`], [`facility::Facility`] with its
//!   [`Observer`](facility::Observer) ([`Silent`](facility::Silent) keeps nothing), told of each
//!   [`Record`](facility::Record) and [`What`](facility::What) it was;
//! * to read what it found: [`facility::Outcome`], whose figures
//!   ([`Entry`](facility::Entry), of a [`Subject`](facility::Subject)) have an address and a
//!   declaration ([`measure::Figure`]), and its [`BookOutcome`](facility::BookOutcome)s;
//! * to compare designs: [`study::read_study`], [`study::Study`], [`study::Runner`];
//! * what all of these speak in: the quantities of [`units`], and [`kernel::Time`],
//!   [`kernel::Span`] and [`kernel::Clock`].

// In the order of the tour, which rustfmt would sort within one block.

pub mod units;

pub mod spec;

pub mod fluids;

pub mod kernel;

pub mod measure;

pub mod tables;

pub mod site;

pub mod plant;

pub mod grid;

pub mod workload;

pub mod control;

pub mod money;

pub mod facility;

pub mod scenario;

pub mod study;

pub mod fit;

pub mod reliability;

pub mod report;

pub mod cli;
