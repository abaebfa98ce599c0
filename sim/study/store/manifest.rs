//! Whose a folder is, and in what two studies differ.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_yaml::Value as Yaml;

use super::super::plan::Study;
use super::StoreError;

/// What names a study's folder and says whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: String,
    pub(super) study: String,
    hash: String,
    /// Shards that the study is computed with.
    pub(super) shards: u32,
    designs: Vec<ManifestDesign>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ManifestDesign {
    name: String,
    sha256: String,
}

impl Manifest {
    /// That of `study`, computed with so many shards.
    pub(super) fn of(study: &Study, shards: u32) -> Self {
        let design = |arm: &super::super::plan::Arm| ManifestDesign {
            name: arm.name.clone(),
            sha256: arm.hash.clone(),
        };
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            study: study.name.clone(),
            hash: study.hash(),
            shards,
            designs: study.arms.iter().map(design).collect(),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a manifest is plain JSON")
    }

    /// Reads a manifest, where there is one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
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
}

/// The first thing in which the studies of two folders differ; none where they are one study.
pub(super) fn difference(own: &Path, other: &Path) -> Result<Option<String>, StoreError> {
    let read = |folder: &Path| Manifest::read(&folder.join("manifest.json"));
    let (Some(mine), Some(there)) = (read(own)?, read(other)?) else {
        return Ok(Some("it has no manifest".to_owned()));
    };
    if mine.study != there.study {
        return Ok(Some(format!("its name is `{}`, not `{}`", there.study, mine.study)));
    }
    if mine.version != there.version {
        return Ok(Some(format!("it was made by version {}, not {}", there.version, mine.version)));
    }
    if mine.hash == there.hash {
        return Ok(None);
    }
    let names = there.designs.iter().map(|design| design.name.as_str());
    let names: Vec<&str> = names.collect();
    let missing = mine.designs.iter().find(|design| !names.contains(&design.name.as_str()));
    Ok(Some(match missing {
        Some(design) => format!("it has no design `{}`", design.name),
        None => changed(own, other).unwrap_or_else(|| "its data files are others".to_owned()),
    }))
}

/// The first value in which the study in `now` differs from that in `before`: of a design, or of
/// what is varied.
pub(super) fn changed(before: &Path, now: &Path) -> Option<String> {
    /// What does not tell two studies apart.
    const GROWS: [&str; 6] = ["replications", "figures", "require", "title", "sample", "select"];
    let read = |folder: &Path, name: &str| -> Option<Yaml> {
        serde_yaml::from_str(&fs::read_to_string(folder.join(name)).ok()?).ok()
    };
    let study = |folder: &Path| {
        let mut study = read(folder, "study.yaml")?;
        let map = study.as_mapping_mut()?;
        GROWS.iter().for_each(|key| drop(map.remove(*key)));
        Some(study)
    };
    let manifest = Manifest::read(&now.join("manifest.json")).ok()??;
    let of_design = manifest.designs.iter().find_map(|design| {
        let name = format!("{}.design.yaml", design.name);
        let change = first_change("", &read(before, &name)?, &read(now, &name)?)?;
        Some(format!("{}: {change}", design.name))
    });
    of_design.or_else(|| first_change("", &study(before)?, &study(now)?))
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
