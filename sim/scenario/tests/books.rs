//! Books of a run that is falsified: they say so.

use crate::facility::{End, Facility, Silent};
use crate::scenario::read_scenario;

/// What the books say of six hours of the quickstart that `falsify` has changed.
fn unbalanced(falsify: impl Fn(&mut Facility<'_>)) -> Vec<String> {
    unbalanced_in("scenarios/quickstart.yaml", falsify)
}

fn unbalanced_in(path: &str, falsify: impl Fn(&mut Facility<'_>)) -> Vec<String> {
    let sets = ["duration=6 h".to_owned()];
    let reading = read_scenario(path.as_ref(), &sets);
    let loaded = reading.loaded.expect("the scenario is sound");
    let mut facility = Facility::new(&loaded.design, 0);
    assert_eq!(facility.run(&mut Silent), End::Complete);
    falsify(&mut facility);
    let books = facility.outcome().books;
    let wrong = books.iter().filter(|book| !book.balanced);
    wrong.map(|book| book.ledger.amount().to_owned()).collect()
}

#[test]
fn rows_that_say_more_than_was_drawn_do_not_balance() {
    let by = |factor: f64| unbalanced(|facility| facility.falsify_rows(factor));
    assert_eq!(by(1.0), [""; 0]);
    assert_eq!(by(1.0 + 1e-12), [""; 0], "rounding");
    assert_eq!(by(1.0 + 2e-9), ["power series"], "the water is less than a tonne");
    assert_eq!(by(1.0 + 1e-5), ["power series", "water series"]);
}

/// Water that evaporates without heat, or heat without water, is found.
#[test]
fn evaporation_that_heat_does_not_explain_does_not_balance() {
    // A tower rejects some gigajoules in six hours.
    assert_eq!(unbalanced(|facility| facility.falsify_vapour(1e4)), ["evaporation"]);
}

/// Heat past chillers that racks and pumps did not bring is found.
#[test]
fn an_economiser_that_carries_other_heat_than_comes_does_not_balance() {
    let by = |j: f64| {
        let path = "scenarios/plant-chiller-virginia.yaml";
        unbalanced_in(path, |facility| facility.falsify_pumps(j))
    };
    assert_eq!(by(0.0), [""; 0]);
    assert_eq!(by(1e4), ["free cooling"]);
}
