//! Books of a run that is falsified: they say so.

use crate::facility::{End, Facility, Silent};
use crate::scenario::read_scenario;

/// What the books say of six hours of the quickstart whose time series is multiplied by `factor`.
fn unbalanced(factor: f64) -> Vec<String> {
    let sets = ["duration=6 h".to_owned()];
    let reading = read_scenario("scenarios/quickstart.yaml".as_ref(), &sets);
    let loaded = reading.loaded.expect("the scenario is sound");
    let mut facility = Facility::new(&loaded.design, 0);
    assert_eq!(facility.run(&mut Silent), End::Complete);
    facility.falsify_rows(factor);
    let books = facility.outcome().books;
    let wrong = books.iter().filter(|book| !book.balanced);
    wrong.map(|book| book.ledger.amount().to_owned()).collect()
}

#[test]
fn rows_that_say_more_than_was_drawn_do_not_balance() {
    assert_eq!(unbalanced(1.0), [""; 0]);
    assert_eq!(unbalanced(1.0 + 1e-12), [""; 0], "rounding");
    assert_eq!(unbalanced(1.0 + 2e-9), ["power series"], "the water is less than a tonne");
    assert_eq!(unbalanced(1.0 + 1e-5), ["power series", "water series"]);
}
