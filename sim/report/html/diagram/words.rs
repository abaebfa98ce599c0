//! What boxes say.

use super::super::graph::{Component, Part};
use super::super::number::{Form, percent, significant, told};
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

/// `fullest 87 %`; nothing where nothing limits it.
pub(super) fn utilisation_words(load: Option<Load>) -> String {
    let most = load.and_then(|load| load.utilisation);
    most.map_or(String::new(), |most| format!("fullest unit {} %", percent(most, 0)))
}

/// What it loses: `12.3 kW, 1.2 %`; nothing where nothing is lost.
pub(super) fn loss_words(load: Option<Load>) -> String {
    let Some(load) = load.filter(|load| load.loss_mw > 0.0) else { return String::new() };
    let (factor, unit) = match load.loss_mw {
        mw if mw >= 1.0 => (1.0, "MW"),
        mw if mw >= 1e-3 => (1e3, "kW"),
        _ => (1e6, "W"),
    };
    let number = significant(factor * load.loss_mw, 3);
    match load.mean_mw > 0.0 {
        true => format!("{number} {unit}, {} %", percent(load.loss_mw / load.mean_mw, 1)),
        false => format!("{number} {unit}"),
    }
}

/// How full the fullest unit was at most, as a class: below a quarter, a half, four fifths, 95 %, all
/// of its rating, and beyond.
pub(super) fn fullness(load: Option<Load>) -> Option<&'static str> {
    let most = load?.utilisation?;
    Some(match most {
        most if most < 0.25 => "u0",
        most if most < 0.5 => "u1",
        most if most < 0.8 => "u2",
        most if most < 0.95 => "u3",
        most if most < 1.0 => "u3 near",
        _ => "u3 full",
    })
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
