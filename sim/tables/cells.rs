//! Lines of a text of separated values, cut into cells.

/// Longest record, over however many lines a quoted cell goes.
const LONGEST: usize = 1 << 20;

/// The cells of the record that was cut last. Blanks round a cell do not count.
#[derive(Debug, Clone, Default)]
pub struct Record {
    text: String,
    cells: Vec<(u32, u32)>,
    /// The lines of a record whose quotes are still open.
    open: Vec<u8>,
}

impl Record {
    /// Cuts the next `line`, without its break, at each `separator` outside quotes. Returns
    /// whether the record is complete: a quoted cell may go on in the next line.
    ///
    /// # Errors
    ///
    /// Text that is not UTF-8, or quotes that stay open for a mebibyte.
    pub fn cut(&mut self, line: &[u8], separator: u8) -> Result<bool, String> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.open.is_empty() {
            if !line.contains(&b'"') {
                return self.plain(line, separator).map(|()| true);
            }
        } else {
            self.open.push(b'\n');
        }
        self.open.extend_from_slice(line);
        if self.open.len() > LONGEST {
            self.open.clear();
            return Err("a quote that is never closed".to_owned());
        }
        if self.open.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
            return Ok(false);
        }
        let whole = std::mem::take(&mut self.open);
        self.quoted(&whole, separator).map(|()| true)
    }

    /// Whether a record has begun that is not complete.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn plain(&mut self, line: &[u8], separator: u8) -> Result<(), String> {
        let line = std::str::from_utf8(line).map_err(|_| "not UTF-8 text".to_owned())?;
        self.text.clear();
        self.text.push_str(line);
        self.cells.clear();
        let mut start = 0;
        for (at, byte) in line.bytes().enumerate() {
            if byte == separator {
                self.push(start, at);
                start = at + 1;
            }
        }
        self.push(start, line.len());
        Ok(())
    }

    fn quoted(&mut self, line: &[u8], separator: u8) -> Result<(), String> {
        let line = std::str::from_utf8(line).map_err(|_| "not UTF-8 text".to_owned())?;
        self.text.clear();
        self.cells.clear();
        let (mut start, mut within) = (0, false);
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if within && characters.peek() == Some(&'"') => {
                    self.text.push('"');
                    characters.next();
                }
                '"' => within = !within,
                _ if !within && character == char::from(separator) => {
                    self.push(start, self.text.len());
                    start = self.text.len();
                }
                _ => self.text.push(character),
            }
        }
        self.push(start, self.text.len());
        Ok(())
    }

    fn push(&mut self, start: usize, end: usize) {
        let cell = &self.text[start..end];
        let left = cell.len() - cell.trim_start().len();
        let length = cell.trim().len();
        let from = start + left;
        // A record holds a mebibyte at most.
        self.cells.push((from as u32, (from + length) as u32));
    }

    /// How many cells it has; at least one.
    #[allow(clippy::len_without_is_empty)] // a record is never empty
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cell at `index`; empty behind the last.
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |&(from, to)| &self.text[from as usize..to as usize])
    }

    /// All cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).map(|index| self.cell(index))
    }
}

/// Pieces of a text, cut into lines.
#[derive(Debug, Default)]
pub struct Lines {
    carry: Vec<u8>,
    /// Lines that were handed on, or were too long to be.
    pub number: u64,
}

/// What is done with a line, by its number.
type TakeLine<'a, E> = dyn FnMut(u64, &[u8]) -> Result<(), E> + 'a;

impl Lines {
    /// Hands each line that `piece` completes to `each`, with its number from 1.
    ///
    /// # Errors
    ///
    /// The first error of `each`, or a line longer than a mebibyte.
    pub fn push<E: From<TooLong>>(
        &mut self,
        mut piece: &[u8],
        each: &mut TakeLine<'_, E>,
    ) -> Result<(), E> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.number += 1;
            if self.carry.is_empty() {
                each(self.number, &piece[..end])?;
            } else {
                self.carry.extend_from_slice(&piece[..end]);
                let line = std::mem::take(&mut self.carry);
                each(self.number, &line)?;
            }
            piece = &piece[end + 1..];
        }
        self.carry.extend_from_slice(piece);
        if self.carry.len() > LONGEST {
            return Err(TooLong { line: self.number + 1 }.into());
        }
        Ok(())
    }

    /// Hands on what follows the last break, if anything does.
    ///
    /// # Errors
    ///
    /// That of `each`.
    pub fn finish<E>(&mut self, each: &mut TakeLine<'_, E>) -> Result<(), E> {
        if self.carry.is_empty() {
            return Ok(());
        }
        self.number += 1;
        let line = std::mem::take(&mut self.carry);
        each(self.number, &line)
    }
}

/// A line longer than any row.
#[derive(Debug, Clone, Copy)]
pub struct TooLong {
    /// Its number, from 1.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(lines: &[&str], separator: u8) -> Vec<String> {
        let mut record = Record::default();
        let complete: Vec<bool> =
            lines.iter().map(|line| record.cut(line.as_bytes(), separator).unwrap()).collect();
        assert_eq!(complete.iter().filter(|c| **c).count(), 1, "complete at the last line");
        record.cells().map(str::to_owned).collect()
    }

    #[test]
    fn cells_are_cut_as_rfc_4180_says() {
        assert_eq!(cells(&["a, b ,,c\r"], b','), ["a", "b", "", "c"]);
        assert_eq!(cells(&["\"a,1\",\" b\"\"c \",d"], b','), ["a,1", "b\"c", "d"]);
        assert_eq!(cells(&["1;\"x", "y\";2"], b';'), ["1", "x\ny", "2"]);
        assert_eq!(cells(&["53,79;°C"], b';'), ["53,79", "°C"]);
        assert_eq!(cells(&[""], b','), [""]);
        let mut record = Record::default();
        assert!(record.cut(&[0xff], b',').is_err());
        assert!(!record.cut(b"\"", b',').unwrap());
        let long = vec![b'x'; LONGEST];
        assert!(record.cut(&long, b',').is_err());
    }

    #[test]
    fn lines_are_the_same_however_the_text_is_cut_into_pieces() {
        let text = b"ab\n\ncde\r\nf";
        for size in 1..=text.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            let mut each = |number: u64, line: &[u8]| {
                seen.push((number, line.to_vec()));
                Ok::<(), TooLong>(())
            };
            for piece in text.chunks(size) {
                lines.push(piece, &mut each).unwrap();
            }
            lines.finish(&mut each).unwrap();
            let expected: Vec<(u64, Vec<u8>)> =
                [(1, "ab"), (2, ""), (3, "cde\r"), (4, "f")].map(|(n, l)| (n, l.into())).to_vec();
            assert_eq!(seen, expected);
        }
        let mut lines = Lines::default();
        let mut each = |_: u64, _: &[u8]| Ok::<(), TooLong>(());
        assert_eq!(lines.push(&vec![b'x'; LONGEST + 1], &mut each).unwrap_err().line, 1);
    }
}
