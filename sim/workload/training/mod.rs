//! GPU training.
