//! What a name that is not known may have meant.

use super::{Fault, Name};

/// A name at `field` that is not one of the `known` ones.
pub(crate) fn unknown(field: &'static str, name: &Name, known: &[&str]) -> Fault {
    let fault = Fault::error(field, format!("unknown {field} `{name}`")).at(name.mark);
    Fault { help: suggest(&name.text, known), ..fault }
}

/// Words of the language that look alike and mean different numbers: none is a misspelling of
/// another.
const UNLIKE: [&str; 2] = ["mean", "median"];

/// The known name that `text` most resembles, if any does.
pub(crate) fn closest<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = text.to_lowercase();
    let is_word = UNLIKE.contains(&&*lower);
    known
        .into_iter()
        .filter(|name| !(is_word && UNLIKE.contains(name)))
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        // A third of the letters may be wrong: `powr` for `power`, but nothing for `wattage`.
        .filter(|&(distance, name)| {
            distance <= name.chars().count().max(text.chars().count()).div_ceil(3)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// "did you mean `a`? (known: `a`, `b`)" for a `text` that is none of `known`.
pub(crate) fn suggest(text: &str, known: &[&str]) -> Option<String> {
    const LISTED: usize = 24;
    let mut list =
        known.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if known.len() > LISTED {
        list.push_str(&format!(" and {} more", known.len() - LISTED));
    }
    match closest(text, known.iter().copied()) {
        Some(name) if known.len() > 1 => Some(format!("did you mean `{name}`? known: {list}")),
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known: {list}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_absent() {
        let known = ["power", "fed_by", "kind"];
        assert_eq!(closest("powr", known), Some("power"));
        assert_eq!(closest("fedby", known), Some("fed_by"));
        assert_eq!(closest("POWER", known), Some("power"));
        assert_eq!(closest("bells", ["cells"]), Some("cells"));
        assert_eq!(closest("wattage", known), None);
        // Taking one for the other would change a number in silence.
        assert_eq!(closest("median", ["mean"]), None);
        assert_eq!(closest("mean", ["median", "means"]), Some("means"));
        assert_eq!(suggest("x", &[]), None);
        assert_eq!(suggest("wattage", &["kind"]).unwrap(), "known: `kind`");
    }
}
