//! Who gets power.
