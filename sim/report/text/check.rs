//! What `check` says of a scenario that can be run.

use std::fmt::Write as _;

use crate::facility::Design;
use crate::reliability::{Loss, lints};
use crate::site::{Medium, SinglePoint};

/// What `check` says of a scenario that can be run, after its warnings: among it the lines that were
/// `found` of its files.
pub fn check(design: &Design, warnings: usize, found: &[String]) -> String {
    let mut text = String::new();
    let racks = design.racks.len();
    let verdict = match warnings {
        0 => "sound".to_owned(),
        1 => "can be run, with a warning".to_owned(),
        n => format!("can be run, with {n} warnings"),
    };
    let _ = writeln!(
        text,
        "{}: {verdict}. {} power components, {} cooling loops, {racks} racks, {} workloads",
        design.name,
        design.power.nodes.len(),
        design.loops.len(),
        design.works.len(),
    );
    if !found.is_empty() {
        text.push_str("files:\n");
        for line in found {
            let _ = writeln!(text, "  {line}");
        }
    }
    let lints = lints(design);
    let mut points = design.site.single_points_of_failure();
    if design.has_reserve() {
        // Whether a generator stands in for a feed is a matter of time, which the graph knows
        // nothing of: the losses below say it.
        points.retain(|point| point.medium != Medium::Power);
    }
    let is_told = |loss: &&Loss| {
        let same = |point: &SinglePoint| {
            let mut names = point.nodes.iter().map(|&node| &design.site.node(node).name);
            point.medium == Medium::Power
                && design.site.group_name(point.group) == loss.hall
                && names.any(|name| *name == loss.component)
        };
        points.iter().any(same)
    };
    let losses: Vec<&Loss> = lints.losses.iter().filter(|loss| !is_told(loss)).collect();
    if points.is_empty() && losses.is_empty() {
        text.push_str("no single point of failure\n");
    } else if !points.is_empty() {
        text.push_str("single points of failure:\n");
    }
    for point in &points {
        let _ = writeln!(text, "  {}", design.site.describe(point));
    }
    if !losses.is_empty() {
        text.push_str("what else is not served when one component is lost:\n");
        text += &lost(design, &losses);
    }
    let ways: Vec<String> =
        lints.redundancy.iter().map(|(hall, least)| format!("{hall} {least}")).collect();
    if !ways.is_empty() {
        let _ = writeln!(
            text,
            "least number of components that a rack's power hangs on: {}",
            ways.join(", ")
        );
    }
    if let Some((tried, found)) = &lints.pairs {
        let _ = write!(text, "{} of {tried} pairs of components take load together", found.len());
        let worst = found.iter().take(PAIRS);
        let worst = worst.map(|(a, b, share)| format!("{a} and {b} {}", percent(*share)));
        let worst: Vec<String> = worst.collect();
        let _ = match worst.is_empty() {
            true => writeln!(text),
            false => writeln!(text, ": {}", worst.join(", ")),
        };
    }
    if !lints.doubts.is_empty() {
        text.push_str("doubtful:\n");
        lints.doubts.iter().for_each(|doubt| text += &format!("  {doubt}\n"));
    }
    text
}

/// Pairs that are named.
const PAIRS: usize = 3;

/// What each component takes, alike neighbours on one line.
fn lost(design: &Design, losses: &[&Loss]) -> String {
    let mut text = String::new();
    let mut rest = losses;
    while let Some((first, _)) = rest.split_first() {
        let alike = |other: &&&Loss| {
            group(design, other) == group(design, first)
                && (&other.hall, other.lasting, other.most)
                    == (&first.hall, first.lasting, first.most)
        };
        let count = rest.iter().take_while(alike).count();
        let (who, each) = match count {
            1 => (first.component.as_str(), ""),
            _ => (group(design, first), "each "),
        };
        let Loss { hall, lasting, most, .. } = first;
        let (share, then) = match (*lasting > 0.0, most > lasting) {
            (true, false) => (*lasting, String::new()),
            (true, true) => (*lasting, format!(", at first {}", percent(*most))),
            (false, _) => (*most, ", until another source carries it".to_owned()),
        };
        let _ = writeln!(text, "  {who}: {each}{} of {hall}{then}", percent(share));
        rest = &rest[count..];
    }
    text
}

/// The name under which a component was declared, groups unexpanded.
fn group<'d>(design: &'d Design, loss: &'d Loss) -> &'d str {
    let place = design.power.nodes.iter().position(|node| node.name == loss.component);
    place.map_or(loss.component.as_str(), |place| design.power_groups[place].as_str())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
