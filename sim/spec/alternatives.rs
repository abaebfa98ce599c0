//! Fields of a mapping that exclude each other.

use super::Fault;

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
        if !self.of.iter().any(|field| is_written(field, written)) {
            faults.push(Fault::error("", format!("needs one of {}", listed(self.of, ", "))));
            return None;
        }
        self.one_at_most(written, faults)
    }

    /// The same where there may be none.
    pub(crate) fn one_at_most(
        &self,
        written: &[(&'static str, bool)],
        faults: &mut Vec<Fault>,
    ) -> Option<()> {
        let mut chosen = self.of.iter().filter(|field| is_written(field, written));
        if let (Some(first), Some(second)) = (chosen.next(), chosen.next()) {
            let message = format!("`{first}` and `{second}` exclude each other");
            let help = format!("keep one of {}", listed(self.of, ", "));
            faults.push(Fault::error(*second, message).help(help));
            return None;
        }
        for (owners, fields) in self.with {
            let has_owner = owners.iter().any(|owner| is_written(owner, written));
            for field in fields.iter().filter(|field| !has_owner && is_written(field, written)) {
                let message = format!("`{field}` goes with {}", listed(owners, " or "));
                faults.push(Fault::error(*field, message));
            }
        }
        Some(())
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

/// Whether `field` was `written`, which says so of every field.
fn is_written(field: &str, written: &[(&'static str, bool)]) -> bool {
    let known = written.iter().find(|(name, _)| *name == field);
    known.unwrap_or_else(|| panic!("nobody says whether `{field}` is written")).1
}

/// `names` in backticks, joined by `between`.
fn listed(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
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
