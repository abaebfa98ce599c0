//! `loadbank` simulates power-dense compute sites event by event: Bitcoin mining, AI
//! training and AI inference behind one substation, with the cooling and the water that
//! they need.
//!
//! # The tour
//!
//! A run goes through the rooms of this crate in the order below, and each room uses only
//! those above it.

pub mod spec;
pub mod units;

pub mod cli;
pub mod control;
pub mod facility;
pub mod fluids;
pub mod grid;
pub mod kernel;
pub mod measure;
pub mod plant;
pub mod report;
pub mod scenario;
pub mod site;
pub mod workload;
