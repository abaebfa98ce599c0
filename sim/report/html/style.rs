//! The style sheet: colours declared once, for a light and a dark ground.

use std::fmt::Write as _;

/// A colour: its name, on a light ground, on a dark one. Those that carry data were searched for
/// the least confusion under three colour blindnesses; a test recomputes it.
pub(super) const COLOURS: &[(&str, &str, &str)] = &[
    ("ground", "#ffffff", "#15181c"),
    ("panel", "#f5f6f7", "#1c2026"),
    ("field", "#eceef0", "#262b31"),
    ("box", "#ffffff", "#1a1e23"),
    ("ink", "#1b1f24", "#e6e8eb"),
    ("muted", "#555d66", "#a6aeb8"),
    ("grid", "#e2e5e9", "#2d333a"),
    ("axis", "#8a929b", "#77808a"),
    ("import", "#3d454e", "#c5ccd3"),
    ("mining", "#bf7a03", "#ab9468"),
    ("training", "#1f72e2", "#4b9df2"),
    ("inference", "#8a0a87", "#c379be"),
    ("cooling", "#2e705e", "#70d8b7"),
    ("other", "#898f96", "#8d949c"),
    ("abnormal", "#b52402", "#ff7b47"),
    ("warning", "#8a5a00", "#e3b341"),
    ("link", "#0b57b0", "#7db8f5"),
    ("q0", "#eceef0", "#20252b"),
    ("q1", "#d9e4ef", "#1d3246"),
    ("q2", "#b9d0e8", "#1f4766"),
    ("q3", "#8fb6dd", "#2a628c"),
    ("q4", "#5f96cb", "#4584b3"),
    ("q5", "#3471ad", "#78abd4"),
    ("q6", "#134a80", "#c0dcf2"),
];

/// Colours of data: strokes, fills.
const DATA: [&str; 7] =
    ["import", "mining", "training", "inference", "cooling", "other", "abnormal"];

/// The whole style sheet.
pub(in crate::report) fn style_sheet() -> String {
    let mut css = String::new();
    let list = |css: &mut String,
                which: fn(&(&str, &'static str, &'static str)) -> &'static str| {
        for colour in COLOURS {
            let _ = write!(css, "--{}:{};", colour.0, which(colour));
        }
    };
    css.push_str(":root{color-scheme:light;");
    list(&mut css, |colour| colour.1);
    // What is printed is dark on white whatever the theme: dark colours are for screens.
    css.push_str("}@media screen{:root[data-theme=dark]{color-scheme:dark;");
    list(&mut css, |colour| colour.2);
    css.push_str("}}@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;");
    list(&mut css, |colour| colour.2);
    css.push_str("}}\n");
    for name in DATA {
        let _ = write!(css, ".s-{name}{{stroke:var(--{name})}}.f-{name}{{fill:var(--{name})}}");
    }
    for class in 0..7 {
        let _ = write!(css, ".q{class}{{fill:var(--q{class})}}");
    }
    css.push('\n');
    css.push_str(include_str!("style.css"));
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [f64; 3];

    fn rgb(hex: &str) -> Rgb {
        let part = |at: usize| {
            let byte = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let share = f64::from(byte) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        [part(1), part(3), part(5)]
    }

    /// As WCAG 2 defines it.
    fn luminance([r, g, b]: Rgb) -> f64 {
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let (a, b) = (luminance(one) + 0.05, luminance(other) + 0.05);
        if a > b { a / b } else { b / a }
    }

    /// CIE 1976 L*a*b* under D65.
    fn lab([r, g, b]: Rgb) -> Rgb {
        let x = (0.412_456 * r + 0.357_576 * g + 0.180_438 * b) / 0.950_47;
        let y = 0.212_673 * r + 0.715_152 * g + 0.072_175 * b;
        let z = (0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83;
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
    }

    fn distance(one: Rgb, other: Rgb) -> f64 {
        let (a, b) = (lab(one), lab(other));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// Machado, Oliveira and Fernandes 2009, severity 1: protan-, deuter- and tritanopia.
    const BLIND: [[[f64; 3]; 3]; 3] = [
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    fn seen(by: &[[f64; 3]; 3], colour: Rgb) -> Rgb {
        by.map(|row| row.iter().zip(colour).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0))
    }

    /// The colours of a theme as the sheet itself has them, by name.
    fn theme(sheet: &str, begins: &str) -> impl Fn(&str) -> Rgb + use<> {
        let (_, rest) = sheet.split_once(begins).unwrap();
        let (block, _) = rest.split_once('}').unwrap();
        let block = block.to_owned();
        move |name| {
            let (_, value) = block.split_once(&format!("--{name}:")).unwrap();
            rgb(&value[..7])
        }
    }

    type Theme = Box<dyn Fn(&str) -> Rgb>;

    fn themes() -> [Theme; 3] {
        let sheet = style_sheet();
        [
            Box::new(theme(&sheet, ":root{")),
            Box::new(theme(&sheet, ":root[data-theme=dark]{")),
            Box::new(theme(&sheet, ":root:not([data-theme=light]){")),
        ]
    }

    #[test]
    fn text_and_marks_stand_out_from_their_ground() {
        for colour in themes() {
            for ground in ["ground", "panel", "field", "box"] {
                for text in ["ink", "muted", "abnormal", "link"] {
                    let found = contrast(colour(text), colour(ground));
                    assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
                }
            }
            for mark in DATA.iter().chain(&["axis"]) {
                let found = contrast(colour(mark), colour("ground"));
                assert!(found >= 3.0, "{mark}: {found:.2}");
            }
            assert!(contrast(colour("warning"), colour("ground")) >= 4.5);
            // Badges: the ground's colour on the alarm's.
            assert!(contrast(colour("ground"), colour("abnormal")) >= 4.5);
        }
    }

    #[test]
    fn data_is_told_apart_by_the_colour_blind() {
        let told = ["mining", "training", "inference", "cooling", "other", "abnormal"];
        for colour in themes() {
            let mut least = (f64::INFINITY, "", "");
            for by in &BLIND {
                for (index, one) in told.iter().enumerate() {
                    for other in &told[index + 1..] {
                        let found = distance(seen(by, colour(one)), seen(by, colour(other)));
                        if found < least.0 {
                            least = (found, one, other);
                        }
                    }
                }
            }
            assert!(least.0 >= 15.0, "{least:?}");
        }
    }

    #[test]
    fn dark_colours_are_for_screens_alone() {
        let sheet = style_sheet();
        for dark in ["[data-theme=dark]", "not([data-theme=light])"] {
            let at = sheet.find(dark).unwrap();
            let media = sheet[..at].rfind("@media").unwrap();
            assert!(sheet[media..at].starts_with("@media screen"));
        }
        assert!(!sheet.contains("url(") && !sheet.contains("@import"));
    }
}
