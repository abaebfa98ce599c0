//! Small tables and numbers for people.

use std::fmt::Write as _;

/// How wide a text may be.
pub(super) const WIDTH: usize = 80;

/// A titled table: names to the left, figures to the right under their headings, of which each
/// may have two lines.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    title: &'a str,
    columns: Vec<&'a str>,
    rows: Vec<(String, Vec<String>)>,
}

impl<'a> Sheet<'a> {
    /// An empty table.
    pub(super) fn new(title: &'a str, columns: &[&'a str]) -> Self {
        Self { title, columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, name: &str, cells: [String; N]) {
        assert_eq!(N, self.columns.len(), "a row has one cell for each column");
        self.rows.push((name.to_owned(), cells.into()));
    }

    /// Its title.
    pub(super) fn title(&self) -> &str {
        self.title
    }

    /// The table in Markdown, `corner` above its names; nothing where it has no rows.
    pub(super) fn to_markdown(&self, corner: &str) -> Option<String> {
        if self.rows.is_empty() {
            return None;
        }
        let header: Vec<String> = [corner]
            .into_iter()
            .map(str::to_owned)
            .chain(self.columns.iter().map(|heading| heading.replace('\n', " ")))
            .collect();
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|(name, cells)| {
                [name.trim()].map(str::to_owned).into_iter().chain(cells.clone()).collect()
            })
            .collect();
        Some(markdown_table(&header, &rows))
    }

    /// Appends the table to `text`; nothing where it has no rows. A name that leaves no room for
    /// its figures stands in a line of its own.
    pub(super) fn write(&self, text: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|(_, cells)| length(&cells[column]));
                let heading = self.columns[column].lines().map(length);
                cells.chain(heading).max().unwrap_or(0)
            })
            .collect();
        let figures: usize = widths.iter().map(|width| width + 2).sum();
        let most = WIDTH.saturating_sub(figures).max(length(self.title));
        let names = self.rows.iter().map(|(name, _)| length(name) + 2);
        let longest = names.filter(|&name| name <= most).max().unwrap_or(0);
        let first = longest.max(length(self.title)).max(28.min(most));
        text.push('\n');
        let mut line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
            let mut line = format!("{name:<first$}");
            if length(name) > first {
                line += &format!("\n{:first$}", "");
            }
            for (cell, width) in cells.zip(&widths) {
                let _ = write!(line, "  {cell:>width$}");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        };
        let lines =
            self.columns.iter().map(|heading| heading.lines().count()).max().unwrap_or(1).max(1);
        for index in 0..lines {
            let title = if index == 0 { self.title } else { "" };
            let cells = self.columns.iter().map(|heading| heading.lines().nth(index).unwrap_or(""));
            line(title, &mut cells.into_iter());
        }
        for (name, cells) in &self.rows {
            line(&format!("  {name}"), &mut cells.iter().map(String::as_str));
        }
    }
}

/// A table of Markdown: the first column to the left, the others to the right.
pub(super) fn markdown_table(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| markdown(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(header);
    text += "|---";
    text += &"|---:".repeat(header.len().saturating_sub(1));
    text += "|\n";
    rows.iter().for_each(|row| text += &line(row));
    text
}

/// `text` so that Markdown shows it as it is.
pub(super) fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '|' | '<' | '[' | ']' | '#' => shown.extend(['\\', c]),
            '\n' | '\r' => shown.push(' '),
            c => shown.push(c),
        }
    }
    shown
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// `text` in lines of at most `width`, broken at spaces.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if length(last) + 1 + length(word) <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A unit in which amounts that are kept in megawatts or megawatt-hours are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Magnitude {
    pub(super) symbol: &'static str,
    per_mega: f64,
}

impl Magnitude {
    pub(super) const W: Self = Self { symbol: "W", per_mega: 1e6 };
    pub(super) const WH: Self = Self { symbol: "Wh", per_mega: 1e6 };
    pub(super) const MW: Self = Self { symbol: "MW", per_mega: 1.0 };
    pub(super) const KW: Self = Self { symbol: "kW", per_mega: 1000.0 };
    pub(super) const MWH: Self = Self { symbol: "MWh", per_mega: 1.0 };
    pub(super) const KWH: Self = Self { symbol: "kWh", per_mega: 1000.0 };

    /// As [`amount`].
    pub(super) fn amount(self, mega: f64) -> String {
        amount(mega * self.per_mega)
    }

    /// With two decimals.
    pub(super) fn fixed(self, mega: f64) -> String {
        format!("{:.2}", mega * self.per_mega)
    }

    /// As [`amount`], with the unit.
    pub(super) fn with_unit(self, mega: f64) -> String {
        format!("{} {}", self.amount(mega), self.symbol)
    }
}

/// Below this a number is nothing: the rounding of sums.
const NOTHING: f64 = 5e-7;

/// A number with thousands apart: whole above a hundred, else with three digits that say
/// something.
pub(super) fn amount(value: f64) -> String {
    grouped(
        value,
        match value.abs() {
            v if !(NOTHING..99.95).contains(&v) => 0,
            v if v >= 9.995 => 1,
            v if v >= 0.9995 => 2,
            v if v >= 0.09995 => 3,
            v if v >= 0.009_995 => 4,
            v if v >= 0.000_999_5 => 5,
            _ => 6,
        },
    )
}

/// An energy in the unit that suits it.
pub(super) fn energy(joules: f64) -> String {
    match joules.abs() {
        j if j < 0.9995 => format!("{} mJ", amount(joules * 1e3)),
        j if j < 999.5 => format!("{} J", amount(joules)),
        j if j < 999.5e3 => format!("{} kJ", amount(joules / 1e3)),
        _ => format!("{} MJ", amount(joules / 1e6)),
    }
}

/// A whole number with thousands apart.
pub(super) fn whole(count: u64) -> String {
    grouped(count as f64, 0)
}

fn grouped(value: f64, digits: usize) -> String {
    let plain = format!("{:.digits$}", value.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    // What is rounded to zero has no sign.
    let is_nothing = plain.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !is_nothing { "-" } else { "" };
    format!("{sign}{grouped}{rest}")
}

/// A share in per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A time in the unit that suits it.
pub(super) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{} s", amount(s)),
        s if s < 2.0 * 3600.0 => format!("{:.1} min", s / 60.0),
        s if s < 2.0 * 86_400.0 => format!("{:.1} h", s / 3600.0),
        s if s < 100.0 * 86_400.0 => {
            let hours = (s / 3600.0).round() as u64;
            match (hours / 24, hours % 24) {
                (days, 0) => format!("{days} days"),
                (days, hours) => format!("{days} days {hours} h"),
            }
        }
        s => format!("{} days", amount(s / 86_400.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let cases = [
            (0.0, "0"),
            (0.0123, "0.0123"),
            (0.000_123, "0.000123"),
            (-1e-12, "0"),
            (-3e-9, "0"),
            (0.99996, "1.00"),
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
        assert_eq!([7, 1234, 9_490_114_665_108].map(whole), ["7", "1,234", "9,490,114,665,108"]);
    }

    #[test]
    fn markdown_shows_names_as_they_are() {
        let mut sheet = Sheet::new("Title", &["one\nkW", "other"]);
        sheet.row("  a|b_*c*", ["1".into(), "2".into()]);
        let text = sheet.to_markdown("what").unwrap();
        assert_eq!(
            text,
            "| what | one kW | other |\n|---|---:|---:|\n| a\\|b\\_\\*c\\* | 1 | 2 |\n"
        );
        assert_eq!(Sheet::new("Title", &["a"]).to_markdown(""), None);
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

    #[test]
    fn what_is_too_wide_gets_another_line() {
        let columns = ["one heading\nof two lines", "another heading", "and a third", "4"];
        let mut sheet = Sheet::new("Title", &columns);
        let long = "a name that leaves no room for its figures";
        for name in ["short", long] {
            sheet.row(name, ["123,456,789".into(), "1".into(), "2".into(), "3".into()]);
        }
        let mut text = String::new();
        sheet.write(&mut text);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!((lines.len(), lines[3].trim()), (5, long), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(lines[0].len() == lines[2].len() && lines[2].len() == lines[4].len(), "{text}");
        assert_eq!(wrapped("some words in a row", 10), ["some words", "in a row"]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
    }

    #[test]
    fn times_are_readable() {
        let cases = [(0.5, "0.500 s"), (90.0, "90.0 s"), (600.0, "10.0 min"), (16_574.0, "4.6 h")];
        for (seconds, text) in cases {
            assert_eq!(time(seconds), text);
        }
        assert_eq!(time(3e6), "34 days 17 h");
        assert_eq!(
            [7.0, 2.9999, 100.0].map(|days| time(days * 86_400.0)),
            ["7 days", "3 days", "100 days"]
        );
    }

    #[test]
    fn energies_are_told_in_a_unit_that_fits() {
        let cases = [
            (0.000_4, "0.400 mJ"),
            (0.0123, "12.3 mJ"),
            (14.15, "14.2 J"),
            (999.7, "1.00 kJ"),
            (46_210.0, "46.2 kJ"),
            (3.6e6, "3.60 MJ"),
        ];
        for (joules, text) in cases {
            assert_eq!(energy(joules), text);
        }
    }
}
