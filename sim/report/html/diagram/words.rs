//! What boxes say.

use super::super::graph::{Component, Part};
use super::super::number::{Form, percent, told};
use super::super::replay::Load;

/// `12.7 MW, <= 32 %`; nothing where nothing is known.
pub(super) fn load_words(load: Option<Load>) -> String {
    let Some(load) = load else { return String::new() };
    let (number, unit) = told(load.mean_mw, Form::Power);
    match load.utilisation {
        Some(most) => format!("{number} {unit}, \u{2264}\u{202f}{} %", percent(most, 0)),
        None => format!("{number} {unit}"),
    }
}

/// `20 x 2 MW`, `245 racks`.
pub(super) fn rating_line(node: &Component) -> String {
    match (node.part, node.units, node.rating.as_str()) {
        (Part::Racks, 1, _) => "1 rack".to_owned(),
        (Part::Racks, units, _) => format!("{units} racks"),
        (_, 1, "") => node.kind.clone(),
        (_, 1, rating) => rating.to_owned(),
        (_, units, "") => format!("{units} units"),
        (_, units, rating) => format!("{units} \u{d7} {rating}"),
    }
}
