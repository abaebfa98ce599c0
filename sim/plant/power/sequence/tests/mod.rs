//! Sequences against timelines of an independent reference, and over random chains.

mod properties;
mod timelines;
