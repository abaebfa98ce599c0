//! Bitcoin mining.
