//! Replications.
