//! The one-line diagram: folded by declared key, laid out by stages, grey where all is normal.

mod dot;
mod draw;
mod layout;
mod words;

use super::figure::{Caption, folded_table};
use super::graph::{Flow, Graph};
use super::number::escape;
use super::replay::Loads;
use super::run::Run;
use super::style;
use crate::scenario;
use words::load_words;

/// The diagram of the effective scenario `yaml` as a picture of its own; none where there is
/// nothing to draw.
pub fn diagram_svg(yaml: &str) -> Option<String> {
    let graph = graph_of(yaml)?;
    let style = style::style_sheet();
    Some(draw::standalone(&graph, &style))
}

/// The same in the language of Graphviz.
pub fn diagram_dot(yaml: &str) -> Option<String> {
    graph_of(yaml).map(|graph| dot::dot(&graph))
}

fn graph_of(yaml: &str) -> Option<Graph> {
    Graph::of(&scenario::load_text("scenario.yaml", yaml, &[]).ok()?.root)
}

/// The diagram of a design called `name`, those boxes framed that `framed` marks.
pub(super) fn framed_html(name: &str, graph: &Graph, framed: &[bool]) -> String {
    let name = escape(name);
    format!(
        "<figure><figcaption><b>{name}.</b></figcaption>\
         <div class=\"oneline\" tabindex=\"0\" role=\"region\" aria-label=\"One-line diagram of {name}\">{}\
         </div></figure>\n",
        draw::framed_svg(graph, framed),
    )
}

/// The diagram in a page, with its components as a table.
pub(super) fn figure_html(run: &Run, graph: &Graph) -> String {
    let loads = run.loads.as_ref().map_or(vec![None; graph.nodes.len()], Loads::by_node);
    let loaded = match run.loads.is_some() {
        true => {
            " The third line is the mean power and, with the bar, the most that the fullest unit \
             carried of its rating; the width of a line is the mean power."
        }
        false => "",
    };
    let reading = format!(
        "A box is what the scenario declares; one with a shadow stands for several units. Dotted: \
         the standby feeder. Dashed: heat.{loaded}"
    );
    let caption = Caption { title: "One-line", reading: &reading };
    let rows: Vec<Vec<String>> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let from = |flow: Flow| -> String {
                let edges = graph.edges.iter().filter(|edge| edge.flow == flow);
                let names: Vec<String> = match flow {
                    Flow::Power => edges
                        .filter(|edge| edge.to == index)
                        .map(|edge| escape(&graph.nodes[edge.from].name))
                        .collect(),
                    Flow::Heat => edges
                        .filter(|edge| edge.from == index)
                        .map(|edge| escape(&graph.nodes[edge.to].name))
                        .collect(),
                };
                names.join(", ")
            };
            vec![
                format!("<bdi>{}</bdi>", escape(&node.key())),
                escape(&node.kind),
                node.units.to_string(),
                escape(&node.rating),
                from(Flow::Power),
                from(Flow::Heat),
                load_words(loads[index]),
            ]
        })
        .collect();
    let headings =
        ["component", "kind", "units", "rating of a unit", "fed by", "cooled by", "load"];
    let table = folded_table("The diagram as a table", &headings, &rows);
    format!(
        "<figure id=\"oneline\"><figcaption><b>{}.</b> {}</figcaption>\
         <div class=\"oneline\" tabindex=\"0\" role=\"region\" aria-label=\"One-line diagram\">{}\
         </div>{table}</figure>\n",
        caption.title,
        caption.reading,
        draw::svg(graph, &loads),
    )
}
