//! SVG as text: presentation by classes only, for the policy of the page forbids styles in place.

use std::fmt::Write as _;

use super::number::escape;

/// A picture that is being drawn.
#[derive(Debug)]
pub(in crate::report) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Hold {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.body.push_str(text);
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (w, h): (f64, f64)) {
        let (x, y, w, h) = (px(x), px(y), px(w), px(h));
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>"
        );
    }

    pub(super) fn line(&mut self, class: &str, (x, y): (f64, f64), (u, v): (f64, f64)) {
        let (x, y, u, v) = (px(x), px(y), px(u), px(v));
        let _ = write!(self.body, "<path class=\"{class}\" d=\"M{x} {y}L{u} {v}\"/>");
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        if !d.is_empty() {
            let _ = write!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
        }
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), r: f64) {
        let (x, y, r) = (px(x), px(y), px(r));
        let _ = write!(self.body, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>");
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), hold: Hold, text: &str) {
        let anchor = match hold {
            Hold::Start => "",
            Hold::Middle => " text-anchor=\"middle\"",
            Hold::End => " text-anchor=\"end\"",
        };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let (x, y, text) = (px(x), px(y), escape(text));
        let _ = write!(self.body, "<text{class} x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>");
    }

    /// The element, named `label` for those who do not see it.
    pub(super) fn finish(self, label: &str) -> String {
        let Self { width, height, body } = self;
        let (w, h, label) = (px(width), px(height), escape(label));
        format!(
            "<svg role=\"img\" aria-label=\"{label}\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\">{body}</svg>"
        )
    }
}

/// A coordinate in whole tenths of a pixel: those that are the same are written alike by [`px`].
pub(in crate::report) fn tenths(value: f64) -> i64 {
    (value * 10.0).round() as i64
}

/// A coordinate to a tenth of a pixel.
pub(in crate::report) fn px(value: f64) -> String {
    let tenths = tenths(value);
    let (whole, rest) = (tenths / 10, (tenths % 10).abs());
    match rest {
        0 => whole.to_string(),
        _ if tenths < 0 && whole == 0 => format!("-0.{rest}"),
        _ => format!("{whole}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_right_to_a_tenth() {
        for (value, text) in
            [(0.0, "0"), (12.34, "12.3"), (-0.26, "-0.3"), (-1.95, "-2"), (99.96, "100")]
        {
            assert_eq!(px(value), text);
        }
    }
}
