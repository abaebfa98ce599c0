//! Turning references by name into indices, and spreading groups over groups.

use std::collections::BTreeMap;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::names::expand;
use super::place::Place;
use crate::spec::{Names, suggest};

/// The instances of a section (or of all of them) by name.
pub(super) type Index<T> = BTreeMap<String, T>;

/// For each of `count` instances of the component at `place`, what the names of its field
/// `field` mean to it, in the order written.
///
/// A name that stands for one is meant by every instance. A group of several is spread over
/// the instances in order: block by block where there are more instances than targets
/// (400 racks on 40 PDUs: ten each), several to one where there are fewer (one board on
/// `main-tx-{1..2}`: both, the first preferred).
pub(super) fn connect<T: Copy>(
    names: &Names,
    (field, what): (&str, &str),
    count: usize,
    index: &Index<T>,
    place: &Place<'_>,
    sink: &mut Diagnostics,
) -> Vec<Vec<T>> {
    let mut of_instance = vec![Vec::new(); count];
    for name in &names.0 {
        let complain = |sink: &mut Diagnostics, message: String, help: Option<String>| {
            let message = format!("{}.{field}: {message}", place.path);
            let mut diagnostic = Diagnostic::error(name.mark, message).code("unknown-name");
            diagnostic.help = help;
            sink.push(diagnostic);
        };
        let targets = match expand(&name.text) {
            Ok(targets) => targets,
            Err(error) => {
                complain(sink, error.message, error.hint);
                continue;
            }
        };
        if let Some(unknown) = targets.iter().find(|target| !index.contains_key(*target)) {
            let known: Vec<&str> = index.keys().map(String::as_str).collect();
            let help = suggest(unknown, &known);
            complain(sink, format!("`{unknown}` is not the name of {what}"), help);
            continue;
        }
        for (instance, connected) in of_instance.iter_mut().enumerate() {
            for target in &targets[share(instance, count, targets.len())] {
                connected.push(index[target]);
            }
        }
    }
    of_instance
}

/// Which of `targets` things belong to instance `instance` of `count`.
fn share(instance: usize, count: usize, targets: usize) -> std::ops::Range<usize> {
    if targets <= count {
        let target = instance * targets / count;
        target..target + 1
    } else {
        instance * targets / count..(instance + 1) * targets / count
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn groups_spread_over_groups_in_order() {
        let all = |count: usize, targets: usize| {
            (0..count).map(|i| share(i, count, targets)).collect::<Vec<_>>()
        };
        assert_eq!(all(3, 1), [0..1, 0..1, 0..1]);
        assert_eq!(all(4, 2), [0..1, 0..1, 1..2, 1..2]);
        assert_eq!(share(0, 1, 2), 0..2);
        assert_eq!(all(2, 5), [0..2, 2..5]);
        assert_eq!(all(3, 3), [0..1, 1..2, 2..3]);
    }

    #[test]
    fn every_target_has_its_share() {
        for count in 1..40 {
            for targets in 1..40 {
                let mut used = vec![0; targets];
                for instance in 0..count {
                    let share = share(instance, count, targets);
                    assert!(!share.is_empty(), "{instance} of {count} over {targets}");
                    share.for_each(|target| used[target] += 1);
                }
                let (most, least) = (used.iter().max().unwrap(), used.iter().min().unwrap());
                assert!(*least > 0 && most - least <= 1, "{count} over {targets}: {used:?}");
            }
        }
    }
}
