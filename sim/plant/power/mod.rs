//! The power chain.
