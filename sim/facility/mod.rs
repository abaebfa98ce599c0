//! Couples the rooms into one site.
