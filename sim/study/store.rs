//! The folder of a study: what is computed is kept, whatever happens next.
//!
//! Each process appends its samples to a log of its own, a line each, flushed as soon as the
//! replication is done; a line that a kill has torn is not read. Everything else in the folder is
//! made from the logs at the end, written aside and renamed. So a kill at any moment loses the
//! replications in flight, and nothing readable is ever wrong.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_yaml::Value as Yaml;

use super::plan::{Case, Study};
use super::sheet::{Declared, Sheet};

/// Which share of the replications a process makes: those `r` with `r % of == index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// All of them.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Whether it makes replication `replication`.
    pub fn makes(self, replication: u64) -> bool {
        replication % u64::from(self.of) == u64::from(self.index)
    }
}

/// How a replication ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Whole and balanced.
    Ok,
    /// A book did not balance: its figures are kept and not used.
    Unbalanced,
    /// It panicked or a file could not be read: there are no figures.
    Failed,
}

/// A replication.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// How it ended.
    pub status: Status,
    /// The values of the figures of its sheet.
    pub values: Vec<Option<f64>>,
    /// What went wrong, where something did.
    pub message: Option<String>,
    /// How long it took, s, for estimates.
    pub seconds: f64,
}

/// What names a study's folder and says whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Manifest {
    version: String,
    study: String,
    hash: String,
    /// Shards that the study is computed with.
    shards: u32,
    designs: Vec<ManifestDesign>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ManifestDesign {
    name: String,
    sha256: String,
}

/// A line of a log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Sheet {
        sheet: u32,
        figures: Vec<Declared>,
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

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// What could not be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was made with another number of shards.
    #[error("this folder was made with {there} shards, not {here}")]
    Shards {
        /// Then.
        there: u32,
        /// Now.
        here: u32,
    },
    /// It is of another study.
    #[error("{} is of another study: {difference}", path.display())]
    OtherStudy {
        /// The folder.
        path: PathBuf,
        /// The first difference.
        difference: String,
    },
}

impl StoreError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The samples of a study and the folder that keeps them.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    log: Option<Log>,
    /// By key of the case, then by replication.
    samples: BTreeMap<String, BTreeMap<u64, Sample>>,
    /// The figures of each case.
    sheets: BTreeMap<String, Sheet>,
    shard: Shard,
    torn: usize,
}

/// The log of this process, made when its first sample comes.
#[derive(Debug)]
struct Log {
    file: File,
    path: PathBuf,
    sheets: Vec<Sheet>,
}

impl Store {
    /// Opens the folder of `study` below `parent`, or makes it, and reads what it holds.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or written, is of another study, or was made with another number of
    /// shards than `shard` names, unless `reshard` allows that.
    pub fn open(
        parent: &Path,
        study: &Study,
        shard: Shard,
        reshard: bool,
    ) -> Result<Self, StoreError> {
        let folder = parent.join(study.folder_name());
        let parts = folder.join("parts");
        fs::create_dir_all(&parts).map_err(StoreError::io(&parts))?;
        let path = folder.join("manifest.json");
        // One process may go on with what shards have begun; two partitions may not mix.
        let mut shards = shard.of;
        if let Some(there) = read_manifest(&path)?.map(|manifest| manifest.shards) {
            if shard == Shard::WHOLE {
                shards = there;
            } else if there > 1 && there != shard.of && !reshard {
                return Err(StoreError::Shards { there, here: shard.of });
            }
        }
        let manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            study: study.name.clone(),
            hash: study.hash(),
            shards,
            designs: study
                .arms
                .iter()
                .map(|arm| ManifestDesign { name: arm.name.clone(), sha256: arm.hash.clone() })
                .collect(),
        };
        let text = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain JSON");
        write_aside(&path, &text)?;
        write_aside(&folder.join("study.yaml"), study.effective_yaml.as_bytes())?;
        for arm in &study.arms {
            let path = folder.join(format!("{}.design.yaml", arm.name));
            write_aside(&path, arm.effective_yaml.as_bytes())?;
        }
        let mut store = Self {
            folder,
            log: None,
            samples: BTreeMap::new(),
            sheets: BTreeMap::new(),
            shard,
            torn: 0,
        };
        store.read_parts(&parts)?;
        Ok(store)
    }

    /// Adds what the logs of another folder of the same study hold.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is of another study.
    pub fn merge(&mut self, other: &Path) -> Result<(), StoreError> {
        let own = read_manifest(&self.folder.join("manifest.json"))?;
        let there = read_manifest(&other.join("manifest.json"))?;
        if let Some(difference) = difference(own.as_ref(), there.as_ref()) {
            return Err(StoreError::OtherStudy { path: other.to_owned(), difference });
        }
        self.read_parts(&other.join("parts"))
    }

    /// Why nothing of an older folder of the same study below `parent` can be reused: the first
    /// value in which their designs differ, of the folder written last. None where there is none.
    pub fn why_new(&self, parent: &Path, study: &Study) -> Option<String> {
        let mut older: Vec<(SystemTime, PathBuf)> = fs::read_dir(parent)
            .ok()?
            .filter_map(|entry| {
                let path = entry.ok()?.path().join("manifest.json");
                let of = read_manifest(&path).ok()??;
                let is_other = of.study == study.name && path.parent() != Some(&self.folder);
                is_other.then(|| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))?
            })
            .collect();
        older.sort();
        let folder = older.pop()?.1.parent()?.to_owned();
        study.arms.iter().find_map(|arm| {
            let text = fs::read_to_string(folder.join(format!("{}.design.yaml", arm.name))).ok()?;
            let before = serde_yaml::from_str(&text).ok()?;
            let now = serde_yaml::from_str(&arm.effective_yaml).ok()?;
            Some(format!("{}: {}", arm.name, first_change("", &before, &now)?))
        })
    }

    /// Writes what went wrong in each failed replication of `cases`, a file each, and returns the
    /// number of those that did not balance or failed.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written.
    pub fn write_failures(
        &self,
        study: &Study,
        cases: &[Case],
        n: usize,
    ) -> Result<Vec<String>, StoreError> {
        let folder = self.folder.join("failed");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io(&folder)(error));
            }
            _ => {}
        }
        let mut failures = Vec::new();
        for case in cases {
            let arm = &study.arms[case.arm];
            for replication in 0..n as u64 {
                let sample = self.sample(&case.key, replication);
                let Some(message) = sample.and_then(|sample| sample.message.as_ref()) else {
                    continue;
                };
                let sets = case.sets.iter().map(|set| format!(" --set '{set}'"));
                let text = format!(
                    "{message}\n\nTo see it again:\n\
                     loadbank run {} --replication {replication}{}\n",
                    arm.file.display(),
                    sets.collect::<String>(),
                );
                if failures.is_empty() {
                    fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
                }
                let path = folder.join(format!("{}-{}-{replication}.txt", arm.name, case.point));
                write_aside(&path, text.as_bytes())?;
                failures.push(format!(
                    "{}, point {}, replication {replication}: {message}",
                    arm.name, case.point
                ));
            }
        }
        Ok(failures)
    }

    /// Reads the logs again: other processes may have written meanwhile.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        self.torn = 0;
        self.read_parts(&self.folder.join("parts"))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lines that a kill has torn.
    pub fn torn(&self) -> usize {
        self.torn
    }

    /// The sample of replication `replication` of the case `key`.
    pub fn sample(&self, key: &str, replication: u64) -> Option<&Sample> {
        self.samples.get(key)?.get(&replication)
    }

    /// How many replications of `key` there are without a gap from the first on.
    pub fn prefix(&self, key: &str) -> usize {
        let Some(samples) = self.samples.get(key) else { return 0 };
        samples.keys().zip(0..).take_while(|(replication, index)| *replication == index).count()
    }

    /// How many samples there are of the cases `keys`.
    pub fn count<'k>(&self, keys: impl Iterator<Item = &'k str>) -> usize {
        keys.filter_map(|key| self.samples.get(key)).map(BTreeMap::len).sum()
    }

    /// The figures of the case `key`, once it has a sample.
    pub fn sheet(&self, key: &str) -> Option<&Sheet> {
        self.sheets.get(key)
    }

    /// The values of figure `index` in the first `n` replications of `key`; none for a
    /// replication that is missing, failed or did not balance.
    pub fn values(&self, key: &str, index: usize, n: usize) -> Vec<Option<f64>> {
        let samples = self.samples.get(key);
        (0..n as u64)
            .map(|replication| {
                let sample = samples?.get(&replication)?;
                if sample.status != Status::Ok {
                    return None;
                }
                *sample.values.get(index)?
            })
            .collect()
    }

    /// Keeps a sample.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn add(
        &mut self,
        key: &str,
        replication: u64,
        figures: &Sheet,
        sample: Sample,
    ) -> Result<(), StoreError> {
        let mut text = Vec::new();
        let log = match &mut self.log {
            Some(log) => log,
            none => none.insert(Log::create(&self.folder, self.shard)?),
        };
        let sheet = match log.sheets.iter().position(|sheet| sheet == figures) {
            Some(sheet) => sheet as u32,
            None => {
                let sheet = log.sheets.len() as u32;
                log.sheets.push(Arc::clone(figures));
                line(&mut text, &Line::Sheet { sheet, figures: figures.to_vec() });
                sheet
            }
        };
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
        log.file.write_all(&text).map_err(StoreError::io(&log.path))?;
        self.keep(key, replication, figures, sample);
        Ok(())
    }

    fn keep(&mut self, key: &str, replication: u64, figures: &Sheet, sample: Sample) {
        if !self.sheets.contains_key(key) || sample.status == Status::Ok {
            self.sheets.insert(key.to_owned(), Arc::clone(figures));
        }
        self.samples.entry(key.to_owned()).or_default().insert(replication, sample);
    }

    fn read_parts(&mut self, parts: &Path) -> Result<(), StoreError> {
        let mut files = Vec::new();
        for entry in fs::read_dir(parts).map_err(StoreError::io(parts))? {
            let path = entry.map_err(StoreError::io(parts))?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                files.push(path);
            }
        }
        files.sort();
        for path in files {
            self.read_log(&path)?;
        }
        Ok(())
    }

    fn read_log(&mut self, path: &Path) -> Result<(), StoreError> {
        let mut reader = BufReader::new(File::open(path).map_err(StoreError::io(path))?);
        let mut sheets: BTreeMap<u32, Sheet> = BTreeMap::new();
        let mut text = Vec::new();
        loop {
            text.clear();
            if reader.read_until(b'\n', &mut text).map_err(StoreError::io(path))? == 0 {
                return Ok(());
            }
            match serde_json::from_slice(&text) {
                Ok(Line::Sheet { sheet, figures }) => {
                    let known = self.sheets.values().find(|known| ***known == figures[..]);
                    let figures = known.cloned().unwrap_or_else(|| figures.into());
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
                Err(_) => self.torn += 1,
            }
        }
    }
}

impl Log {
    fn create(folder: &Path, shard: Shard) -> Result<Self, StoreError> {
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
}

fn line(text: &mut Vec<u8>, line: &Line) {
    serde_json::to_writer(&mut *text, line).expect("a line is plain JSON");
    text.push(b'\n');
}

fn read_manifest(path: &Path) -> Result<Option<Manifest>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => {
            let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            let manifest = serde_json::from_slice(&bytes).map_err(invalid);
            manifest.map(Some).map_err(StoreError::io(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}

/// The first thing in which two studies differ.
fn difference(own: Option<&Manifest>, there: Option<&Manifest>) -> Option<String> {
    let (Some(own), Some(there)) = (own, there) else {
        return Some("it has no manifest".to_owned());
    };
    if own.study != there.study {
        return Some(format!("its name is `{}`, not `{}`", there.study, own.study));
    }
    if own.version != there.version {
        return Some(format!("it was made by version {}, not {}", there.version, own.version));
    }
    for design in &own.designs {
        match there.designs.iter().find(|other| other.name == design.name) {
            None => return Some(format!("it has no design `{}`", design.name)),
            Some(other) if other.sha256 != design.sha256 => {
                return Some(format!("its design `{}` is another one", design.name));
            }
            Some(_) => {}
        }
    }
    (own.hash != there.hash).then(|| "it varies something else".to_owned())
}

/// The first value in which two scenarios differ: `duration: 90 days -> 91 days`.
fn first_change(path: &str, before: &Yaml, now: &Yaml) -> Option<String> {
    if before == now {
        return None;
    }
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    if let (Yaml::Mapping(before), Yaml::Mapping(now)) = (before, now) {
        let keys = now.keys().chain(before.keys());
        return keys.filter_map(|key| Some((key, key.as_str()?))).find_map(|(key, name)| {
            let absent = Yaml::Null;
            let of = |map: &serde_yaml::Mapping| map.get(key).cloned().unwrap_or(absent.clone());
            first_change(&at(name), &of(before), &of(now))
        });
    }
    let shown = |value: &Yaml| match value {
        Yaml::Null => "none".to_owned(),
        value => serde_yaml::to_string(value).unwrap_or_default().trim().replace('\n', " "),
    };
    Some(format!("{path}: {} -> {}", shown(before), shown(now)))
}

/// Writes a whole file, aside and renamed.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&aside, bytes).map_err(StoreError::io(&aside))?;
    fs::rename(&aside, path).map_err(StoreError::io(path))
}
