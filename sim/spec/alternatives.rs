//! Fields of a mapping that exclude each other.

use super::Fault;
use super::check::{listed, one_source, one_source_at_most, stray};

/// Fields of a mapping of which one is written at most, and those that go with some of them alone.
///
/// Said once: it is what a spec is held to, and what a component that names an entry of a catalogue
/// takes of that. A field that it writes takes the place of those of the entry that it excludes.
#[derive(Debug)]
pub struct Alternatives {
    /// The fields that exclude each other, in the order of messages.
    pub of: &'static [&'static str],
    /// Further fields, behind those of [`of`](Self::of) any of which they go with.
    pub with: &'static [(&'static [&'static str], &'static [&'static str])],
}

/// What excludes what in a mapping.
#[derive(Debug, Clone, Copy)]
pub enum Exclusive {
    /// Some of its fields each other.
    Fields(&'static Alternatives),
    /// Its `kind` the fields of every other kind.
    Kind,
}

impl Alternatives {
    /// Whether exactly one alternative was `written`, which says so of every field; reports it otherwise,
    /// and each other field whose alternative is not there.
    pub(crate) fn one(
        &self,
        written: &[(&'static str, bool)],
        faults: &mut Vec<Fault>,
    ) -> Option<()> {
        one_source(&those(self.of, written), faults)?;
        self.report_strays(written, faults);
        Some(())
    }

    /// The same where there may be none.
    pub(crate) fn one_at_most(
        &self,
        written: &[(&'static str, bool)],
        faults: &mut Vec<Fault>,
    ) -> Option<()> {
        one_source_at_most(&those(self.of, written), faults)?;
        self.report_strays(written, faults);
        Some(())
    }

    fn report_strays(&self, written: &[(&'static str, bool)], faults: &mut Vec<Fault>) {
        for (owners, fields) in self.with {
            if !those(owners, written).iter().any(|(_, written)| *written) {
                stray(&those(fields, written), &listed(owners.iter().copied(), " or "), faults);
            }
        }
    }

    /// Whether `field` of what stands beneath gives way to what is `written` above it: to another
    /// alternative, or to one that it does not go with.
    pub(crate) fn gives_way(&self, field: &str, written: impl Fn(&str) -> bool) -> bool {
        if !self.of.iter().any(|of| written(of)) {
            return false;
        }
        let mut with = self.with.iter().filter(|(_, fields)| fields.contains(&field)).peekable();
        let depends = with.peek().is_some();
        let is_kept = with.any(|(owners, _)| owners.iter().any(|owner| written(owner)));
        self.of.contains(&field) || (depends && !is_kept)
    }
}

/// Those of `fields`, and whether they were `written`, which says so of every field.
fn those(fields: &[&'static str], written: &[(&'static str, bool)]) -> Vec<(&'static str, bool)> {
    let known = |field: &&'static str| {
        let known = written.iter().find(|(name, _)| name == field);
        *known.unwrap_or_else(|| panic!("nobody says whether `{field}` is written"))
    };
    fields.iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: Alternatives = Alternatives {
        of: &["rate", "at", "relay"],
        with: &[(&["rate"], &["busy"]), (&["rate", "relay"], &["gap"])],
    };
    const FIELDS: [&str; 5] = ["rate", "at", "relay", "busy", "gap"];

    fn said(fields: &[&str]) -> Vec<String> {
        let written = FIELDS.map(|field| (field, fields.contains(&field)));
        let mut faults = Vec::new();
        let found = CALLS.one(&written, &mut faults);
        let said: Vec<_> =
            faults.iter().map(|it| format!("{}: {}", it.field, it.message)).collect();
        assert_eq!(found.is_some(), CALLS.of.iter().filter(|of| fields.contains(of)).count() == 1);
        said
    }

    #[test]
    fn one_is_written_with_what_goes_with_it() {
        assert_eq!(said(&["rate", "busy", "gap"]), [""; 0]);
        assert_eq!(said(&["relay", "gap"]), [""; 0]);
        assert_eq!(said(&["at", "gap"]), ["gap: `gap` goes with `rate` or `relay`"]);
        assert_eq!(said(&["rate", "at"]), ["at: `rate` and `at` exclude each other"]);
        assert_eq!(said(&["busy"]), [": needs one of `rate`, `at`, `relay`"]);
    }

    /// Over all that can be written above and beneath: what was right on its own, beneath and above, is
    /// right together, and nothing gives way without need.
    #[test]
    fn what_gives_way_is_what_would_be_refused() {
        let all: Vec<Vec<&str>> = (0..1 << FIELDS.len())
            .map(|set| {
                (0..FIELDS.len()).filter(|at| set >> at & 1 == 1).map(|at| FIELDS[at]).collect()
            })
            .collect();
        for beneath in all.iter().filter(|fields| said(fields).is_empty()) {
            for above in &all {
                let (stays, goes): (Vec<&str>, Vec<&str>) = beneath
                    .iter()
                    .filter(|field| !above.contains(field))
                    .partition(|field| !CALLS.gives_way(field, |of| above.contains(&of)));
                let with = |more: &[&str]| said(&[above, &stays[..], more].concat());
                if said(above).is_empty() {
                    assert_eq!(with(&[]), [""; 0], "{above:?} over {beneath:?}");
                }
                for field in goes {
                    assert_ne!(with(&[field]), [""; 0], "{field} of {beneath:?} under {above:?}");
                }
            }
        }
    }
}
