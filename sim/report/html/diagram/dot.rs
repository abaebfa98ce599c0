//! The diagram in the language of Graphviz.

use std::fmt::Write as _;

use super::super::graph::{Flow, Graph};
use super::words::rating_line;

pub(super) fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph site {\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (index, node) in graph.nodes.iter().enumerate() {
        let label = format!("{}\\n{}", quoted(&node.key()), quoted(&rating_line(node)));
        let _ =
            writeln!(out, "  n{index} [label=\"{label}\", tooltip=\"{}\"];", quoted(&node.kind));
    }
    for edge in &graph.edges {
        let style = match (edge.flow, graph.is_standby(edge)) {
            (Flow::Heat, _) => " [style=dashed, color=\"#2e705e\"]",
            (_, true) => " [style=dotted]",
            _ => "",
        };
        let _ = writeln!(out, "  n{} -> n{}{style};", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

/// `text` within quotes of DOT.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}
