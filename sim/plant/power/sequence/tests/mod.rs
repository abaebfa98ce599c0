//! Sequences against timelines of an independent reference, and over random chains.

pub(in crate::plant::power) mod designs;
mod properties;
mod timelines;
