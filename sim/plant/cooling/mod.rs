//! Cooling loops and their water.
