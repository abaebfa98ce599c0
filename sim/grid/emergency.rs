//! Emergencies of the grid, by levels.

use std::iter;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{Span, Time};
use crate::spec::{Fault, Name, one_source};
use crate::tables::{Run, Series, read_spells};
use crate::units::Duration;

/// Emergencies of the grid, as its operator declares them: exactly one of `at` and `csv`. Where several
/// overlap, the highest level holds; at all other times it is 0.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyLevelSpec {
    /// The emergencies themselves.
    pub at: Option<Vec<EmergencySpellSpec>>,
    /// A table with the columns `start` and `end`, times with their offsets, and `level`.
    pub csv: Option<Name>,
}

/// A level of an emergency for a while.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencySpellSpec {
    /// When it is declared, with its offset: `2026-08-12T15:00:00-05:00`.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Duration,
    /// 1, 2 or 3, as energy emergency alerts of North America are counted (NERC EOP-011): 3 is that in which
    /// load is shed.
    pub level: u8,
}

/// From when to when which level holds.
type Spell = (Time, Time, u8);

impl EmergencyLevelSpec {
    /// The level over `run`, or `None` after reporting why there is none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Arc<Series<f64>>> {
        one_source(&[("at", self.at.is_some()), ("csv", self.csv.is_some())], faults)?;
        let spells = match &self.csv {
            Some(csv) => read(csv, run, faults)?,
            None => listed(self.at.as_deref().unwrap_or_default(), run, faults)?,
        };
        Some(Arc::new(levels(&spells)))
    }
}

/// Levels that are declared.
const LEVELS: RangeInclusive<u8> = 1..=3;

/// Reports that what is written at `field` is no level, where it is none.
pub(super) fn check_level(field: impl Into<String>, level: u8, faults: &mut Vec<Fault>) {
    if !LEVELS.contains(&level) {
        let message =
            format!("must be between {} and {}, got {level}", LEVELS.start(), LEVELS.end());
        faults.push(Fault::error(field.into(), message));
    }
}

fn listed(
    specs: &[EmergencySpellSpec],
    run: &Run<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Vec<Spell>> {
    let before = faults.len();
    let mut spells = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        if spec.duration == Duration(0) {
            faults.push(Fault::error(format!("at[{index}].duration"), "must be longer than zero"));
        }
        check_level(format!("at[{index}].level"), spec.level, faults);
        let spell = run.clock.times(spec.start, Span::from(spec.duration));
        spells.extend(spell.map(|(from, until)| (from, until, spec.level)));
    }
    (faults.len() == before).then_some(spells)
}

fn read(csv: &Name, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Vec<Spell>> {
    let (rows, read) = read_spells(csv, Some("level"), run, faults)?;
    let mut spells = Vec::new();
    for spell in &read {
        let number = spell.value.parse().ok();
        let Some(level) = number.filter(|level| LEVELS.contains(level)) else {
            let (line, value) = (spell.line, &spell.value);
            let message = format!("`{csv}`: line {line}: `level` is 1, 2 or 3, not `{value}`");
            faults.push(Fault::error("csv", message).at(csv.mark));
            return None;
        };
        spells.push((spell.from, spell.until, level));
    }
    run.found.push(format!("`{csv}`: {rows} emergencies, {} of them in the run", spells.len()));
    Some(spells)
}

/// The highest level at each instant.
fn levels(spells: &[Spell]) -> Series<f64> {
    let both = |&(from, until, level): &Spell| [(from, level, true), (until, level, false)];
    let mut changes: Vec<(Time, u8, bool)> = spells.iter().flat_map(both).collect();
    changes.sort_unstable();
    // How many spells of each level hold.
    let mut hold = [0_u32; *LEVELS.end() as usize + 1];
    let changes = changes.into_iter().map(|(at, level, begins)| {
        let of_level = &mut hold[usize::from(level)];
        *of_level = if begins { *of_level + 1 } else { *of_level - 1 };
        let highest = LEVELS.rev().find(|level| hold[usize::from(*level)] > 0);
        (at, f64::from(highest.unwrap_or(0)))
    });
    Series::of_changes(iter::once((Time::ZERO, 0.0)).chain(changes))
}
