//! Texts out of files and arguments, made fit for a terminal: it obeys control characters, and a
//! name or a value must not command it.

use std::borrow::Cow;

/// `text` with its control characters written as escapes, but for line breaks and tabs.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if commands(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// `text` of the same length in bytes without the control characters of the upper half (U+0080 to
/// U+009F), for excerpts whose places count bytes. Those of the lower half the renderer shows as
/// symbols.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let upper = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.contains(upper) {
        Cow::Owned(text.replace(upper, "\u{b7}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printable_commands_a_terminal() {
        assert_eq!(printable("a\u{1b}[31m\u{9b}1m\r\n\tä"), "a\\u{1b}[31m\\u{9b}1m\\r\n\tä");
        assert!(matches!(printable("plain ä\n"), Cow::Borrowed(_)));
        let text = "ä\u{9b}31m";
        assert_eq!((visible(text).as_ref(), visible(text).len()), ("ä\u{b7}31m", text.len()));
    }
}
