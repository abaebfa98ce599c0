//! Small tables and numbers for people.

use std::fmt::Write as _;

/// A titled table: names to the left, figures to the right under their headings.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    title: &'a str,
    columns: &'a [&'a str],
    rows: Vec<(String, Vec<String>)>,
}

impl<'a> Sheet<'a> {
    /// An empty table.
    pub(super) fn new(title: &'a str, columns: &'a [&'a str]) -> Self {
        Self { title, columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, name: &str, cells: [String; N]) {
        assert_eq!(N, self.columns.len(), "a row has one cell for each column");
        self.rows.push((name.to_owned(), cells.into()));
    }

    /// Appends the table to `text`; nothing where it has no rows.
    pub(super) fn write(&self, text: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let names = self.rows.iter().map(|(name, _)| name.chars().count() + 2);
        let first = names.max().unwrap_or(0).max(self.title.chars().count()).max(28);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|(_, cells)| cells[column].chars().count());
                cells.max().unwrap_or(0).max(self.columns[column].chars().count())
            })
            .collect();
        text.push('\n');
        let mut line = |name: &str, cells: &[&str]| {
            let _ = write!(text, "{name:<first$}");
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(text, "  {cell:>width$}");
            }
            text.push('\n');
        };
        line(self.title, self.columns);
        for (name, cells) in &self.rows {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            line(&format!("  {name}"), &cells);
        }
    }
}

/// A number with thousands apart: whole above a hundred, else with what digits it needs.
pub(super) fn amount(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 99.95 || v == 0.0 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    let plain = format!("{:.digits$}", value.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{grouped}{rest}")
}

/// A share in per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let cases = [
            (0.0, "0"),
            (0.0123, "0.012"),
            (1.5, "1.50"),
            (12.34, "12.3"),
            (99.96, "100"),
            (999.6, "1,000"),
            (1234.5, "1,234"),
            (-1234567.0, "-1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(amount(value), text);
        }
    }

    #[test]
    fn columns_line_up() {
        let mut sheet = Sheet::new("Title", &["a", "long heading"]);
        sheet.row("x", ["1".into(), "2".into()]);
        sheet.row("a name that is longer than others", ["1000".into(), "2".into()]);
        let mut text = String::new();
        sheet.write(&mut text);
        let lengths: Vec<usize> = text.lines().skip(1).map(str::len).collect();
        assert!(lengths.windows(2).all(|w| w[0] == w[1]), "{text}");
    }
}
