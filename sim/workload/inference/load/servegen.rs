//! Client files of ServeGen (arXiv:2505.09999): for each client `chunk-N-trace.csv`, its windows, and
//! `chunk-N-dataset.json`, the lengths of its requests.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::gaps::GapLaw;
use super::histogram::Histogram;
use super::recorded::{Record, RecordedClient, RecordedWindow};
use crate::tables::rows::TextLayout;
use crate::tables::{Column, LineError, RowReader, Wanted};

/// A row of `chunk-N-trace.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct RateWindow {
    /// Its line, from 1.
    pub line: u64,
    /// When it begins, s.
    pub start_s: f64,
    /// Mean requests a second and the law of gaps; none where the client sent nothing.
    pub sends: Option<(f64, GapLaw)>,
}

/// A window of `chunk-N-dataset.json`, which holds until the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthWindow {
    /// When it begins, s.
    pub start_s: f64,
    /// Laws of prompt and generated tokens, or which of the two tells nothing.
    pub laws: Result<(Histogram, Histogram), &'static str>,
}

/// A client as its two files tell of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Its number, the N of the names of its files.
    pub number: u32,
    /// Its windows, in order of time.
    pub windows: Vec<RateWindow>,
    /// The lengths of its requests, in order of time.
    pub lengths: Vec<LengthWindow>,
}

/// The columns of a trace, which has no header.
const COLUMNS: [&str; 6] = ["start", "rate", "cv", "family", "shape", "scale"];
/// The fields of a dataset that are read.
const FIELDS: [&str; 2] = ["input_tokens", "output_tokens"];
/// Latest start of a window, s: the ticks of a run reach 36 years.
const LATEST_S: f64 = 36.0 * 365.25 * 86_400.0;
/// Shortest window, s.
const SHORTEST_S: f64 = 1.0;
/// Highest rate of a client, /s.
const MOST_PER_S: f64 = 1e6;
/// Outside, a law of gaps is not told apart from a clock, or has no mean that a run could see.
const VARIATIONS: (f64, f64) = (0.01, 1000.0);
/// Most windows of a record.
const MOST_WINDOWS: usize = 1 << 20;
/// Longest prompt or answer.
const MOST_TOKENS: u32 = 1 << 20;

/// Reads `chunk-N-trace.csv` line by line: the start of a window in s, requests a second, the
/// standard deviation of gaps over their mean, their family, and the two parameters that were fitted to
/// them.
///
/// Rate and variation are as measured, and the law of the gaps is that of the family which has them.
/// The parameters of gamma laws say the same. Those of Weibull laws were fitted otherwise and make a
/// third of the measured variation in the middle of the published files: they are not taken.
#[derive(Debug)]
pub struct RateWindows {
    rows: RowReader,
    begun: bool,
    windows: Vec<RateWindow>,
}

impl Default for RateWindows {
    fn default() -> Self {
        let wanted = COLUMNS[..3].iter().map(|name| Wanted::from(Column::plain(name))).collect();
        let layout = TextLayout { time: Vec::new(), ..TextLayout::default() };
        let rows = RowReader::new(layout, wanted, vec![COLUMNS[3].to_owned()]);
        Self { rows, begun: false, windows: Vec::new() }
    }
}

impl RateWindows {
    /// Reads line `number`.
    ///
    /// # Errors
    ///
    /// A line that is no window, or one that does not follow the window before.
    pub fn read(&mut self, number: u64, line: &[u8]) -> Result<(), LineError> {
        if !std::mem::replace(&mut self.begun, true) {
            self.rows.read(number, COLUMNS.join(",").as_bytes())?;
        }
        let window = self.row(number, line).map_err(|error| {
            let columns = COLUMNS.join(", ");
            let help = format!("a line has six cells and no header stands above: {columns}");
            error.at_line(number).or_help(Some(help))
        })?;
        let Some(window) = window else { return Ok(()) };
        if let Some(before) =
            self.windows.last().filter(|b| window.start_s < b.start_s + SHORTEST_S)
        {
            let message = format!(
                "a window that begins at {} s, the one before at {} s: they rise by a second at least",
                window.start_s, before.start_s
            );
            return Err(LineError::new(number, message));
        }
        if self.windows.len() == MOST_WINDOWS {
            return Err(LineError::new(number, format!("more than {MOST_WINDOWS} windows")));
        }
        self.windows.push(window);
        Ok(())
    }

    /// The windows, in order of time.
    ///
    /// # Errors
    ///
    /// A file of fewer than two: the length of the last is that of the one before.
    pub fn finish(self) -> Result<Vec<RateWindow>, LineError> {
        if self.windows.len() < 2 {
            let message =
                format!("{} windows: the length of one is told by the next", self.windows.len());
            let help = "give it two at least; the last is as long as the one before".to_owned();
            return Err(LineError::new(0, message).help_from(Some(help)));
        }
        Ok(self.windows)
    }

    fn row(&mut self, line: u64, text: &[u8]) -> Result<Option<RateWindow>, LineError> {
        // What helps with a table that a scenario describes does not help here.
        let bare = |error: LineError| LineError { help: None, ..error };
        if !self.rows.read(line, text).map_err(bare)? {
            return Ok(None);
        }
        let &[start_s, rate_per_s, variation] = self.rows.values() else {
            unreachable!("three numbers are wanted")
        };
        let bounded = |name: &str, value: f64, (low, high): (f64, f64)| {
            let is_within = (low..=high).contains(&value);
            let told = if value.is_nan() { "nothing".to_owned() } else { format!("`{value}`") };
            let message = format!("`{name}` needs a number from {low} to {high}, got {told}");
            if is_within { Ok(value) } else { Err(LineError::new(line, message)) }
        };
        let start_s = bounded(COLUMNS[0], start_s, (0.0, LATEST_S))?;
        let rate_per_s = bounded(COLUMNS[1], rate_per_s, (0.0, MOST_PER_S))?;
        if rate_per_s == 0.0 {
            return Ok(Some(RateWindow { line, start_s, sends: None }));
        }
        let variation = bounded(COLUMNS[2], variation, VARIATIONS)?;
        let gaps = match self.rows.text(0) {
            "Gamma" => GapLaw::Gamma { variation },
            "Weibull" => GapLaw::Weibull { variation },
            other => {
                let message = format!("the family of gaps is `Gamma` or `Weibull`, got `{other}`");
                return Err(LineError::new(line, message));
            }
        };
        Ok(Some(RateWindow { line, start_s, sends: Some((rate_per_s, gaps)) }))
    }
}

/// Reads `chunk-N-dataset.json`: by the start of each window in s an object with the shares of
/// requests by `input_tokens` and by `output_tokens`, each as the text of a mapping: `"{50: 0.4, 51:
/// 0.6}"`. Other fields are passed over. A length of zero counts as one: a request has a prompt and an
/// answer.
///
/// # Errors
///
/// What is no such file, with its line or its window.
pub fn read_lengths(text: &[u8]) -> Result<Vec<LengthWindow>, LineError> {
    let Pairs(all) = serde_json::from_slice::<Pairs<Pairs<String>>>(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line").next().unwrap_or_default();
        let help = "an object by start of window, each with `input_tokens` and `output_tokens`";
        LineError::new(error.line() as u64, message).help_from(Some(help.to_owned()))
    })?;
    let mut windows: Vec<LengthWindow> = Vec::with_capacity(all.len());
    for (start, Pairs(fields)) in all {
        let wrong = |message: String| LineError::new(0, format!("window `{start}`: {message}"));
        let start_s = start.parse().ok().filter(|start_s| (0.0..=LATEST_S).contains(start_s));
        let start_s: f64 = start_s.ok_or_else(|| wrong("needs its start in seconds".to_owned()))?;
        if windows.last().is_some_and(|before| start_s <= before.start_s) {
            return Err(wrong("does not begin after the one before".to_owned()));
        }
        let law = |name: &'static str| {
            let mut found = fields.iter().filter(|(field, _)| field == name);
            let (Some((_, text)), None) = (found.next(), found.next()) else {
                let fields: Vec<String> = fields.iter().map(|(f, _)| format!("`{f}`")).collect();
                let message = format!("needs one `{name}`; fields: {}", fields.join(", "));
                return Err(wrong(message));
            };
            histogram(text).map_err(|message| wrong(format!("`{name}`: {message}")))
        };
        let [prompt, output] = FIELDS.map(law);
        let laws = match (prompt?, output?) {
            (Some(prompt), Some(output)) => Ok((prompt, output)),
            (None, _) => Err(FIELDS[0]),
            (_, None) => Err(FIELDS[1]),
        };
        windows.push(LengthWindow { start_s, laws });
    }
    Ok(windows)
}

/// The law that the text of a mapping from tokens to shares tells; none where it is empty.
fn histogram(text: &str) -> Result<Option<Histogram>, String> {
    let inner = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inner =
        inner.ok_or_else(|| "needs the text of a mapping: `{50: 0.4, 51: 0.6}`".to_owned())?;
    let mut bins: Vec<(u32, f64)> = Vec::new();
    let mut before = None;
    for entry in inner.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let pair = entry.split_once(':').and_then(|(tokens, share)| {
            let tokens =
                tokens.trim().parse().ok().filter(|&tokens: &u32| tokens <= MOST_TOKENS)?;
            let share =
                share.trim().parse().ok().filter(|share: &f64| (0.0..=1e12).contains(share))?;
            Some((tokens, share))
        });
        let (tokens, share) = pair.ok_or_else(|| {
            format!("needs tokens up to {MOST_TOKENS} and their share, zero or more, got `{entry}`")
        })?;
        if before.is_some_and(|before| tokens <= before) {
            return Err(format!("tokens rise from entry to entry, got `{entry}`"));
        }
        before = Some(tokens);
        match bins.last_mut() {
            Some(last) if last.0 == tokens.max(1) => last.1 += share,
            _ => bins.push((tokens.max(1), share)),
        }
    }
    if bins.is_empty() {
        return Ok(None);
    }
    if bins.iter().all(|&(_, share)| share == 0.0) {
        return Err("all shares are zero".to_owned());
    }
    Ok(Some(Histogram::new(bins)))
}

/// The record of the clients of `chunks`.
///
/// # Errors
///
/// The number of a client, and what is wrong with its trace: other windows than the first client has, or
/// requests in a time without lengths.
pub fn gather(chunks: Vec<Chunk>) -> Result<Record, (u32, LineError)> {
    let Some(Chunk { number: first, windows, .. }) = chunks.first() else {
        return Ok(Record { edges_ns: Vec::new(), clients: Vec::new() });
    };
    let first = *first;
    let starts: Vec<f64> = windows.iter().map(|window| window.start_s).collect();
    let nanos = |s: f64| ((s - starts[0]) * 1e9).round() as u64;
    let mut edges_ns: Vec<u64> = starts.iter().copied().map(nanos).collect();
    let [.., before, last] = edges_ns.as_slice() else { unreachable!("two windows at least") };
    edges_ns.push(last + (last - before));
    let mut clients = Vec::with_capacity(chunks.len());
    for Chunk { number, windows, lengths } in chunks {
        let same =
            windows.iter().zip(&starts).take_while(|(w, start)| w.start_s == **start).count();
        if same < windows.len().max(starts.len()) {
            let line = windows.get(same).map_or(0, |window| window.line);
            let message = format!(
                "its windows are not those of client {first}: of {} and {}, the first {same} begin together",
                windows.len(),
                starts.len()
            );
            let help = "all clients of a folder were recorded in the same windows".to_owned();
            return Err((number, LineError::new(line, message).help_from(Some(help))));
        }
        let client = client(number, &windows, lengths).map_err(|error| (number, error))?;
        clients.push(client);
    }
    Ok(Record { edges_ns, clients })
}

fn client(
    number: u32,
    windows: &[RateWindow],
    lengths: Vec<LengthWindow>,
) -> Result<RecordedClient, LineError> {
    // Of the windows of lengths those that tell something, and where each stands among them.
    let mut told = Vec::new();
    let mut places = Vec::with_capacity(lengths.len());
    for LengthWindow { start_s, laws } in lengths {
        places.push((
            start_s,
            laws.map(|laws| {
                told.push(laws);
                told.len() as u32 - 1
            }),
        ));
    }
    let recorded = |window: &RateWindow| {
        let Some((rate_per_s, gaps)) = window.sends else { return Ok(None) };
        let index = places.partition_point(|place| place.0 <= window.start_s).checked_sub(1);
        let missing = |what: String| {
            let message = format!("requests from {} s on, for which {what}", window.start_s);
            Err(LineError::new(window.line, message))
        };
        match index.map(|index| places[index]) {
            None => missing(format!("`chunk-{number}-dataset.json` has no window")),
            Some((start_s, Err(field))) => missing(format!(
                "`{field}` of window `{start_s}` in `chunk-{number}-dataset.json` is empty"
            )),
            Some((_, Ok(lengths))) => Ok(Some(RecordedWindow { rate_per_s, gaps, lengths })),
        }
    };
    let windows = windows.iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(RecordedClient { number, windows, lengths: told })
}

/// The entries of an object in the order of the file, whatever is there twice.
struct Pairs<V>(Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}
