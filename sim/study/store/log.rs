//! The log of a process: a line for each replication, which names its figures by a line before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::sheet::{Declared, Sheet};
use super::{Latencies, Sample, Shard, Status, Store, StoreError};

/// A line of a log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Sheet {
        sheet: u32,
        figures: Vec<Declared>,
    },
    /// Of the sample in the next line.
    Latencies {
        latencies: Latencies,
        key: String,
        replication: u64,
    },
    Sample {
        key: String,
        replication: u64,
        sheet: u32,
        status: Status,
        seconds: f64,
        values: Vec<Option<f64>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

/// What a line of latencies begins with: they are read only where they are pooled.
const LATENCIES: &[u8] = b"{\"latencies\":";

/// The log of this process, made when its first sample comes.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    path: PathBuf,
    sheets: Vec<Sheet>,
}

impl Log {
    pub(super) fn create(folder: &Path, shard: Shard) -> Result<Self, StoreError> {
        let parts = folder.join("parts");
        // A process may have had our id before, and a name is never written twice.
        for attempt in 0.. {
            let name = format!("shard={}-{}-{attempt}.jsonl", shard.index, std::process::id());
            let path = parts.join(name);
            match File::options().append(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path, sheets: Vec::new() }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StoreError::io(&path)(error)),
            }
        }
        unreachable!("one of the numbers is free")
    }

    /// Adds a sample, in one write: its latencies go before it, so that no sample lacks them.
    /// Returns its figures, shared with all samples that have the same.
    pub(super) fn add(
        &mut self,
        key: &str,
        replication: u64,
        figures: &Sheet,
        sample: &Sample,
        latencies: Latencies,
    ) -> Result<Sheet, StoreError> {
        let mut text = Vec::new();
        let is_known = |sheet: &Sheet| Arc::ptr_eq(sheet, figures) || sheet == figures;
        let sheet = match self.sheets.iter().position(is_known) {
            Some(sheet) => sheet as u32,
            None => {
                let sheet = self.sheets.len() as u32;
                self.sheets.push(Arc::clone(figures));
                let figures = figures.iter().map(|of| Declared::clone(of)).collect();
                line(&mut text, &Line::Sheet { sheet, figures });
                sheet
            }
        };
        if !latencies.is_empty() {
            line(&mut text, &Line::Latencies { latencies, key: key.to_owned(), replication });
        }
        line(
            &mut text,
            &Line::Sample {
                key: key.to_owned(),
                replication,
                sheet,
                status: sample.status,
                seconds: sample.seconds,
                values: sample.values.clone(),
                message: sample.message.clone(),
            },
        );
        self.file.write_all(&text).map_err(StoreError::io(&self.path))?;
        Ok(Arc::clone(&self.sheets[sheet as usize]))
    }
}

fn line(text: &mut Vec<u8>, line: &Line) {
    serde_json::to_writer(&mut *text, line).expect("a line is plain JSON");
    text.push(b'\n');
}

impl Store {
    pub(super) fn read_log(&mut self, path: &Path) -> Result<(), StoreError> {
        let mut reader = BufReader::new(File::open(path).map_err(StoreError::io(path))?);
        let mut sheets: BTreeMap<u32, Sheet> = BTreeMap::new();
        let mut text = Vec::new();
        loop {
            text.clear();
            if reader.read_until(b'\n', &mut text).map_err(StoreError::io(path))? == 0 {
                return Ok(());
            }
            if text.starts_with(LATENCIES) {
                continue;
            }
            match serde_json::from_slice(&text) {
                Ok(Line::Sheet { sheet, figures }) => {
                    let figures: Sheet = figures.into_iter().map(Arc::new).collect();
                    let known = self.sheets.values().find(|known| **known == figures).cloned();
                    let figures = known.unwrap_or(figures);
                    sheets.insert(sheet, figures);
                }
                Ok(Line::Sample { key, replication, sheet, status, seconds, values, message }) => {
                    let sample = Sample { status, values, message, seconds };
                    match sheets.get(&sheet) {
                        // A failed replication is tried again.
                        Some(figures) if status != Status::Failed => {
                            self.keep(&key, replication, &Arc::clone(figures), sample);
                        }
                        Some(_) => {}
                        None => self.torn += 1,
                    }
                }
                Ok(Line::Latencies { .. }) => {}
                Err(_) => self.torn += 1,
            }
        }
    }
}

/// Hands over the latencies in the log at `path`: key and replication, then what they are.
pub(super) fn read_latencies(
    path: &Path,
    mut take: impl FnMut(&str, u64, Latencies),
) -> Result<(), StoreError> {
    let mut reader = BufReader::new(File::open(path).map_err(StoreError::io(path))?);
    let mut text = Vec::new();
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(StoreError::io(path))? == 0 {
            return Ok(());
        }
        if text.starts_with(LATENCIES)
            && let Ok(Line::Latencies { latencies, key, replication }) =
                serde_json::from_slice(&text)
        {
            take(&key, replication, latencies);
        }
    }
}
