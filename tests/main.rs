//! The one integration-test binary; a module for each topic.

mod books;
mod caps;
mod check;
mod chillers;
mod curtailment;
mod curtailments;
mod designs;
mod determinism;
mod edges;
mod energyplus;
mod exchangers;
mod folder;
mod gallery;
mod house;
mod interrupt;
mod joblogs;
mod plant_only;
mod presets;
mod reference;
mod ridethrough;
mod run;
mod services;
mod support;
mod traces;
mod upkeep;
mod water;
