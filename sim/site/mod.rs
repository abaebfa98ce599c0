//! The site graph: one topology shared by power and cooling.
