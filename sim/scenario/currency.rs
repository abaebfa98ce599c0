//! The currency of a scenario: all of its money is of one, and nothing converts another.

use super::diagnostics::{Diagnostic, Diagnostics};
use super::load::Document;
use super::tree::{Node, Value};
use crate::units::{Currency, currency_of as amount_currency};

/// The currency that `document` names; dollars where it names none, or one that cannot be read.
pub(crate) fn currency_of(document: &Document) -> Currency {
    let named = document.section("currency");
    named.and_then(|place| Currency::parse(place.node.as_text()?)).unwrap_or_default()
}

/// Tells what was found so far in `currency`, and adds every amount of `document` that is of another.
pub(crate) fn tell_currency(document: &Document, currency: Currency, sink: &mut Diagnostics) {
    sink.tell(currency);
    let mut foreign = Vec::new();
    collect(&document.root, "", currency, &mut foreign);
    let is_named = currency != Currency::USD || document.section("currency").is_some();
    let mut said: Vec<Currency> = Vec::new();
    for (path, node, of) in foreign {
        // Where no currency is named, all of them have one remedy.
        if !is_named && said.contains(&of) {
            continue;
        }
        said.push(of);
        let text = node.as_text().unwrap_or_default();
        let message =
            format!("{path}: `{text}` is money of {of}, that of this scenario is {currency}");
        let help = match (is_named, node.used_at) {
            (_, Some(_)) => format!(
                "there are no exchange rates: write `{}` beside the `kind`, in {currency}",
                path.rsplit('.').next().unwrap_or_default()
            ),
            (true, None) => format!("there are no exchange rates: write the amount in {currency}"),
            (false, None) => format!(
                "there are no exchange rates: write `currency: {of}` at the top, and all money in {of}"
            ),
        };
        sink.push(Diagnostic::in_value(node, message).code("currency").help(help));
    }
}

/// The amounts below `node`, which is at `path`, that are not of `currency`.
fn collect<'n>(
    node: &'n Node,
    path: &str,
    currency: Currency,
    found: &mut Vec<(String, &'n Node, Currency)>,
) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(scalar) => {
            let is_unit = path.rsplit('.').next() == Some("unit");
            let of = if is_unit { Currency::of_unit } else { amount_currency };
            if let Some(of) = of(&scalar.text).filter(|of| *of != currency) {
                found.push((path.to_owned(), node, of));
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{index}]"), currency, found);
            }
        }
        Value::Map(map) => {
            for entry in &map.entries {
                let key = &entry.key.text;
                // A title is prose.
                if path.is_empty() && key == "title" {
                    continue;
                }
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(&entry.value, &path, currency, found);
            }
        }
    }
}
