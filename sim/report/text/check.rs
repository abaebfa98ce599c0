//! What `check` says of a scenario that can be run.

use std::fmt::Write as _;

use crate::facility::Design;

/// What `check` says of a scenario that can be run.
pub fn check(design: &Design) -> String {
    let mut text = String::new();
    let racks = design.racks.len();
    let _ = writeln!(
        text,
        "{}: sound. {} power components, {} cooling loops, {racks} racks, {} workloads",
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
