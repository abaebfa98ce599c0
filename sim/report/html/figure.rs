//! A figure: its caption, its picture for wide and for narrow screens, its numbers as a table.

use super::number::escape;

/// Width of a figure over the whole column, of one over half of it, and of both on a phone.
pub(super) const FULL: f64 = 900.0;
pub(super) const HALF: f64 = 432.0;
pub(super) const NARROW: f64 = 356.0;

/// How a figure is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Over the whole column.
    Full,
    /// Two side by side.
    Half,
    /// Over the whole column; on a phone its size stays and it scrolls sideways.
    Scrolled,
}

/// What stands around a picture.
#[derive(Debug)]
pub(super) struct Caption<'a> {
    pub(super) title: &'a str,
    /// How to read it.
    pub(super) reading: &'a str,
}

/// A figure whose picture `draw` makes for a width. `id` marks one that a script may take over.
pub(super) fn figure(
    caption: &Caption<'_>,
    layout: Layout,
    id: Option<&str>,
    table: &str,
    draw: impl Fn(f64) -> String,
) -> String {
    let title = escape(caption.title);
    let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    let class = if layout == Layout::Half { " class=\"half\"" } else { "" };
    let picture = match layout {
        Layout::Scrolled => {
            let picture = draw(FULL);
            format!(
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\
                 {picture}</div>"
            )
        }
        _ => {
            let wide = draw(if layout == Layout::Half { HALF } else { FULL });
            let narrow = draw(NARROW);
            format!("<div class=\"wide\">{wide}</div><div class=\"narrow\">{narrow}</div>")
        }
    };
    format!(
        "<figure{class}{id}><figcaption><b>{title}.</b> {}</figcaption>\
         <div class=\"pic\">{picture}</div>{table}</figure>\n",
        escape(caption.reading)
    )
}

/// The numbers behind a figure, folded away: headings, and rows of cells that are HTML already.
pub(super) fn folded_table(summary: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>{}</summary>{}</details>",
        escape(summary),
        table(summary, headings, rows)
    )
}

/// The same of words, which break into lines.
pub(super) fn folded_words(summary: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    let table = table(summary, headings, rows).replace(" class=\"num\"", "");
    let table = table.replacen("<table>", "<table class=\"words\">", 1);
    format!("<details><summary>{}</summary>{table}</details>\n", escape(summary))
}

/// A table that scrolls sideways where it is too wide. The first column is text, the others are
/// numbers.
pub(super) fn table(label: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = headings
        .iter()
        .enumerate()
        .map(|(index, heading)| {
            let class = if index == 0 { "" } else { " class=\"num\"" };
            format!("<th scope=\"col\"{class}>{}</th>", escape(heading))
        })
        .collect();
    let body: String = rows
        .iter()
        .map(|row| {
            let cells: String = row
                .iter()
                .enumerate()
                .map(|(index, cell)| match index {
                    0 => format!("<th scope=\"row\">{cell}</th>"),
                    _ => format!("<td class=\"num\">{cell}</td>"),
                })
                .collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><thead><tr>\
         {head}</tr></thead><tbody>{body}</tbody></table></div>",
        escape(label)
    )
}

/// A legend in HTML: swatches of lines by class, and what they are.
pub(super) fn legend(items: &[(String, String)]) -> String {
    let items: String = items
        .iter()
        .map(|(class, label)| {
            format!(
                "<li><svg class=\"key\" width=\"22\" height=\"10\" aria-hidden=\"true\">\
                 <path class=\"{class}\" d=\"M0 5H22\"/></svg>{}</li>",
                escape(label)
            )
        })
        .collect();
    format!("<ul class=\"legend\">{items}</ul>")
}
