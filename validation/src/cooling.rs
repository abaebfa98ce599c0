//! Published and computed figures of cooling plants, water and moist air, reproduced by whole
//! scenarios where there is one and by the physics alone where there is not.
//!
//! Numbers are those of the list in `docs/validation.md`. Nothing here is fitted: a plant is
//! written with the inputs that its publication gives and the defaults of the program for the
//! rest, and what misses is printed as missed.

mod energyplus;
mod physics;
mod plants;
pub(crate) mod table;
pub(crate) mod year;

use std::path::Path;

pub(crate) use energyplus::run as energyplus;

use crate::data::print;
use table::Table;

/// Prints the table. A missed target is a finding, not a failure of the command.
pub(crate) fn run(data: &Path) -> Result<(), String> {
    let mut table = Table::default();
    table.head();
    physics::air(&mut table, data)?;
    plants::energyplus(&mut table, data)?;
    plants::case_h(&mut table, data)?;
    plants::climates(&mut table, data)?;
    plants::sites(&mut table, data)?;
    plants::outside_air(&mut table, data)?;
    physics::devices(&mut table);
    physics::transients(&mut table, data)?;
    table.foot();
    print("\nheld by tests, to the digits that are published");
    for (what, test) in HELD_BY_TESTS {
        print(&format!("  {what}: {test}"));
    }
    print("\nnot reproduced, and why");
    for (what, why) in NOT_REPRODUCED {
        print(&format!("  {what}: {why}"));
    }
    Ok(())
}

const HELD_BY_TESTS: &[(&str, &str)] = &[
    (
        "13 444 points of eight chillers' curves",
        "`cargo test points_of_the_chiller_reference`, to their six digits",
    ),
    ("7 28 Merkel points", "`cargo test points_of_the_merkel_reference`, 5e-5 K and 2e-6"),
    ("16 64 points of the BAC cooler", "`cargo test the_catalogue_dry_cooler`, 5e-5 K"),
    ("30 916 states of four ride-throughs", "`cargo test the_ride_through`, to their six digits"),
];

const NOT_REPRODUCED: &[(&str, &str)] = &[
    ("8 YorkCalc tower", "its 27 coefficients are no model here: Merkel's theory is the one tower"),
    ("11 chiller power hour by hour in case H", "the hourly file of the case was not at hand"),
    ("19 Frontier 2023", "its data could not be reached; only ranges are published"),
    ("20 MGHPCC", "at 10 % load, with a plant that is not described"),
    (
        "24-26 fleet means of LBNL, Google, Meta, Microsoft",
        "means over plants that are not described",
    ),
    ("29 racks above 80 kW: throttle after 38 to 45 s", "unverified text; 70 s with case B of 30"),
];
