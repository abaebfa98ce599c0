//! The folder of a study: what is computed is kept, whatever happens next.
//!
//! Each process appends its samples to a log of its own, a line each, flushed as soon as the
//! replication is done; a line that a kill has torn is not read. Everything else in the folder is
//! made from the logs at the end, written aside and renamed. So a kill at any moment loses the
//! replications in flight, and nothing readable is ever wrong.
//!
//! ```text
//! store.rs           the folder, and the samples in it
//! store/log.rs       a log: written by one process, read by all
//! store/manifest.rs  whose folder it is, and in what two studies differ
//! ```

mod log;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::latency::Pools;
use super::plan::{Case, Study};
use super::sheet::Sheet;
use log::Log;
use manifest::Manifest;

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

/// Latencies of a replication by the name of their histogram, encoded for a log.
pub(super) type Latencies = BTreeMap<String, String>;

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
    /// Folders of logs that were merged.
    elsewhere: Vec<PathBuf>,
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
        if let Some(there) = Manifest::read(&path)?.map(|manifest| manifest.shards) {
            if shard == Shard::WHOLE {
                shards = there;
            } else if there > 1 && there != shard.of && !reshard {
                return Err(StoreError::Shards { there, here: shard.of });
            }
        }
        let text = Manifest::of(study, shards).to_json();
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
            elsewhere: Vec::new(),
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
        if let Some(difference) = manifest::difference(&self.folder, other)? {
            return Err(StoreError::OtherStudy { path: other.to_owned(), difference });
        }
        let parts = other.join("parts");
        self.read_parts(&parts)?;
        self.elsewhere.push(parts);
        Ok(())
    }

    /// Why nothing of an older folder of the same study below `parent` can be reused: the first
    /// value in which their designs differ, of the folder written last. None where there is none.
    pub fn why_new(&self, parent: &Path, study: &Study) -> Option<String> {
        let mut older: Vec<(SystemTime, PathBuf)> = fs::read_dir(parent)
            .ok()?
            .filter_map(|entry| {
                let path = entry.ok()?.path().join("manifest.json");
                let of = Manifest::read(&path).ok()??;
                let is_other = of.study == study.name && path.parent() != Some(&self.folder);
                is_other.then(|| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))?
            })
            .collect();
        older.sort();
        let folder = older.pop()?.1.parent()?.to_owned();
        manifest::changed(&folder, &self.folder)
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
        (sample, latencies): (Sample, Latencies),
    ) -> Result<(), StoreError> {
        let log = match &mut self.log {
            Some(log) => log,
            none => none.insert(Log::create(&self.folder, self.shard)?),
        };
        let figures = log.add(key, replication, figures, &sample, latencies)?;
        self.keep(key, replication, &figures, sample);
        Ok(())
    }

    /// The latencies of all requests of the first `n` replications of each of `cases`.
    ///
    /// # Errors
    ///
    /// Where a log cannot be read.
    pub fn pools(&self, cases: &[Case], n: usize) -> Result<Vec<Pools>, StoreError> {
        let mut of_key: BTreeMap<&str, Pools> = BTreeMap::new();
        let serves = |key: &str| {
            self.sheet(key).is_some_and(|sheet| sheet.iter().any(|of| of.kind == "inference"))
        };
        for case in cases.iter().filter(|case| serves(&case.key)) {
            of_key.insert(&case.key, Pools::default());
        }
        if !of_key.is_empty() {
            // A replication that two processes have made counts once.
            let mut seen = BTreeSet::new();
            let own = self.folder.join("parts");
            for path in self.elsewhere.iter().chain([&own]) {
                for log in logs(path)? {
                    log::read_latencies(&log, |key, replication, latencies| {
                        let counts = self.sample(key, replication).is_some_and(|sample| {
                            replication < n as u64 && sample.status == Status::Ok
                        });
                        if let Some(pools) = of_key.get_mut(key)
                            && counts
                            && seen.insert((key.to_owned(), replication))
                        {
                            latencies.into_iter().for_each(|(name, of)| pools.add(&name, &of));
                        }
                    })?;
                }
            }
        }
        let pools = cases.iter().map(|case| of_key.get(case.key.as_str()).cloned());
        Ok(pools.map(Option::unwrap_or_default).collect())
    }

    fn keep(&mut self, key: &str, replication: u64, figures: &Sheet, sample: Sample) {
        if !self.sheets.contains_key(key) || sample.status == Status::Ok {
            self.sheets.insert(key.to_owned(), Arc::clone(figures));
        }
        self.samples.entry(key.to_owned()).or_default().insert(replication, sample);
    }

    fn read_parts(&mut self, parts: &Path) -> Result<(), StoreError> {
        for path in logs(parts)? {
            self.read_log(&path)?;
        }
        Ok(())
    }
}

/// The logs in `parts`, in the order of their names.
fn logs(parts: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(parts).map_err(StoreError::io(parts))? {
        let path = entry.map_err(StoreError::io(parts))?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a whole file, aside and renamed.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_aside_with(path, |out| out.write_all(bytes))
}

/// The same of what `write` writes.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_aside_with(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::File::create(&aside).and_then(|file| {
        let mut out = io::BufWriter::new(file);
        write(&mut out)?;
        io::Write::flush(&mut out)?;
        fs::rename(&aside, path)
    });
    if written.is_err() {
        // What a full disk has taken of it is of no use; that it is left there is no news.
        let _ = fs::remove_file(&aside);
    }
    written.map_err(StoreError::io(path))
}
