//! What sections share: notes at their place, colours, anchors.

use super::super::number::escape;
use super::super::run::Run;

/// What to know before believing the figures: the code of its rule, its subject, its words.
pub(super) fn notes(run: &Run) -> Vec<(&str, &str, &str)> {
    let mut all = Vec::new();
    for code in run.names(&["what_to_know"]) {
        for subject in run.names(&["what_to_know", code]) {
            let text = run.at(&["what_to_know", code, subject, "text"]);
            if let Some(text) = text.and_then(|text| text.as_str()) {
                all.push((code, subject, text));
            }
        }
    }
    all
}

/// A note in a sentence.
pub(super) fn note_html((_, subject, text): (&str, &str, &str)) -> String {
    match subject {
        "site" => escape(text),
        _ => format!("<b>{}</b>: {}", escape(subject), escape(text)),
    }
}

/// The notes of a subject at its place.
pub(super) fn notes_of(run: &Run, is_mine: impl Fn(&str) -> bool) -> String {
    let mine = notes(run).into_iter().filter(|(_, subject, _)| is_mine(subject));
    mine.map(|note| format!("<aside>{}</aside>\n", note_html(note))).collect()
}

/// The colour of a workload of `kind`.
pub(super) fn colour_of(kind: &str) -> &'static str {
    match kind {
        "mining" => "mining",
        "training" => "training",
        "inference" => "inference",
        _ => "other",
    }
}

/// A name as part of an anchor: letters, digits and dashes of the original, made unique by its
/// place in the page.
pub(super) fn anchor(kind: &str, index: usize) -> String {
    format!("{kind}-{index}")
}
