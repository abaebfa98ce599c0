//! What `check` says of a scenario that can be run.

use std::fmt::Write as _;

use crate::facility::Design;

/// What `check` says of a scenario that can be run, after its warnings.
pub fn check(design: &Design, warnings: usize) -> String {
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
    let points = design.site.single_points_of_failure();
    if points.is_empty() {
        text.push_str("no single point of failure\n");
        return text;
    }
    text.push_str("single points of failure:\n");
    for point in &points {
        let _ = writeln!(text, "  {}", design.site.describe(point));
    }
    text
}
