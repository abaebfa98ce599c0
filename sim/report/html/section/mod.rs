//! The sections of the page of a run, each in a file; one whose data is not there is left out.

mod common;
mod cooling;
mod curtailment;
mod happened;
mod inference;
mod money;
mod power;
mod site;
mod sources;
mod training;
mod verdict;

pub(super) use happened::bands;
#[cfg(feature = "live")]
pub(super) use happened::{band_of, dark_bands};
pub(super) use verdict::verdict;

use super::parts::{Page, Section};

/// All sections in the order of reading.
pub(super) fn sections(page: &Page<'_>) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    all.extend(happened::happened(page));
    all.extend(site::site(page));
    all.extend(power::power(page));
    all.extend(curtailment::curtailment(page));
    all.extend(cooling::cooling(page));
    all.extend(training::training(page));
    all.extend(inference::inference(page));
    all.extend(money::money(page));
    all.extend(sources::sources(page));
    all.push(sources::repeat(page));
    all
}
