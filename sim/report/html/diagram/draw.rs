//! Boxes and lines as SVG.

use std::fmt::Write as _;

use super::super::chart::time::clipped;
use super::super::graph::{Component, Edge, Flow, Graph, Part};
use super::super::number::escape;
use super::super::replay::Load;
use super::super::svg::{Hold, Svg, px};
use super::layout::{BOX, Layout, layout};
use super::words::{fullness, load_words, loss_words, rating_line, utilisation_words};

/// The diagram for a page, which has the style sheet.
pub(super) fn svg(graph: &Graph, loads: &[Option<Load>]) -> String {
    let layout = layout(graph);
    let mut svg = Svg::new(layout.size.0, layout.size.1);
    draw(&mut svg, graph, &layout, loads, &[]);
    svg.finish("One-line diagram: power from the feeds down to racks, heat below them")
}

/// The same without loads; `framed` says of each component whether its box is framed.
pub(super) fn framed_svg(graph: &Graph, framed: &[bool]) -> String {
    let layout = layout(graph);
    let mut svg = Svg::new(layout.size.0, layout.size.1);
    draw(&mut svg, graph, &layout, &vec![None; graph.nodes.len()], framed);
    let differ: Vec<&str> = graph
        .nodes
        .iter()
        .zip(framed)
        .filter(|(_, framed)| **framed)
        .map(|(node, _)| node.name.as_str())
        .collect();
    svg.finish(&match differ.is_empty() {
        true => "One-line diagram".to_owned(),
        false => format!("One-line diagram; these differ: {}", differ.join(", ")),
    })
}

/// The diagram as a file of its own, with `style` in it.
pub(super) fn standalone(graph: &Graph, style: &str) -> String {
    let layout = layout(graph);
    let mut svg = Svg::new(layout.size.0, layout.size.1);
    svg.raw(&format!("<style>{}</style>", style.replace("]]>", "")));
    svg.rect("ground", (0.0, 0.0), layout.size);
    draw(&mut svg, graph, &layout, &vec![None; graph.nodes.len()], &[]);
    let text = svg.finish("One-line diagram");
    text.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1) + "\n"
}

fn draw(svg: &mut Svg, graph: &Graph, layout: &Layout, loads: &[Option<Load>], framed: &[bool]) {
    let widths = widths(graph, loads);
    let most_lost = loads.iter().flatten().map(|load| load.loss_mw).fold(0.0, f64::max);
    for ((edge, path), width) in graph.edges.iter().zip(&layout.edges).zip(widths) {
        let class = match (edge.flow, graph.is_standby(edge)) {
            (Flow::Heat, _) => "edge heat",
            (_, true) => "edge standby",
            _ => "edge",
        };
        let mut d = String::new();
        for (index, (x, y)) in path.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{letter}{} {}", px(*x), px(*y));
        }
        svg.raw(&format!(
            "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" stroke-width=\"{}\" d=\"{d}\"/>",
            edge.from, edge.to, px(width)
        ));
    }
    for (index, (node, &(x, y))) in graph.nodes.iter().zip(&layout.boxes).enumerate() {
        let framed = framed.get(index) == Some(&true);
        let at = (x - BOX.0 / 2.0, y);
        component(svg, index, node, (loads[index], most_lost), framed, at);
    }
}

/// How wide each edge is drawn: by the mean power along it, as the root of its share of the most.
fn widths(graph: &Graph, loads: &[Option<Load>]) -> Vec<f64> {
    const THIN: f64 = 1.2;
    const MORE: f64 = 6.0;
    let power = |edge: &Edge| {
        let Some(load) = loads[edge.to].filter(|_| edge.flow == Flow::Power) else { return 0.0 };
        let alike = graph.edges.iter().filter(|e| e.to == edge.to && e.flow == Flow::Power);
        let others = alike.filter(|other| other.preference > 0).count().max(1) as f64;
        match load.first_feeder {
            Some(first) if edge.preference == 0 => first * load.mean_mw,
            Some(first) => (1.0 - first) / others * load.mean_mw,
            None if edge.preference == 0 => load.mean_mw,
            None => 0.0,
        }
    };
    let all: Vec<f64> = graph.edges.iter().map(power).collect();
    let most = all.iter().copied().fold(0.0, f64::max);
    let wide = |mw: &f64| if most > 0.0 { THIN + MORE * (mw / most).max(0.0).sqrt() } else { 1.5 };
    all.iter().map(wide).collect()
}

fn component(
    svg: &mut Svg,
    index: usize,
    node: &Component,
    (load, most_lost): (Option<Load>, f64),
    framed: bool,
    (x, y): (f64, f64),
) {
    let rating = rating_line(node);
    let title = format!("{}: {}, {rating}", node.key(), node.kind);
    let class = match (framed, fullness(load)) {
        (true, _) => "node changed".to_owned(),
        (false, Some(full)) => format!("node {full}"),
        (false, None) => "node".to_owned(),
    };
    let title = escape(&title);
    svg.raw(&format!("<g class=\"{class}\" data-node=\"{index}\"><title>{title}</title>"));
    if node.units > 1 {
        svg.rect("shade", (x + 3.0, y - 3.0), BOX);
    }
    svg.rect("body", (x, y), BOX);
    if let Some(most) = load.and_then(|load| load.utilisation) {
        svg.rect("rail", (x + 0.5, y + BOX.1 - 4.0), (BOX.0 - 1.0, 3.5));
        svg.rect("load", (x + 0.5, y + BOX.1 - 4.0), (most.clamp(0.0, 1.0) * (BOX.0 - 1.0), 3.5));
    }
    if let Some(lost) = load.map(|load| load.loss_mw).filter(|lost| *lost > 0.0) {
        let width = (lost / most_lost * (BOX.0 - 1.0)).max(0.8);
        svg.rect("lost m-loss", (x + 0.5, y + BOX.1 - 4.0), (width, 3.5));
    }
    glyph(svg, node, (x + 15.0, y + BOX.1 / 2.0 - 2.0));
    let (first, step) = if load.is_some() { (14.0, 15.0) } else { (21.0, 16.0) };
    svg.text("key", (x + 30.0, y + first), Hold::Start, &clipped(&node.name, 16));
    svg.text("tick", (x + 30.0, y + first + step), Hold::Start, &clipped(&rating, 17));
    // The third line: one for each of what the diagram may show.
    for (class, words) in [
        ("tick m-state", load_words(load)),
        ("tick m-util", utilisation_words(load)),
        ("tick m-loss", loss_words(load)),
    ] {
        if !words.is_empty() {
            svg.text(class, (x + 30.0, y + first + 2.0 * step - 1.0), Hold::Start, &words);
        }
    }
    // A word of its state, for a script to fill.
    let (left, top) = (x + BOX.0 - 88.0, y - 11.0);
    svg.raw("<g class=\"badge\">");
    svg.rect("", (left, top), (92.0, 16.0));
    let word = if framed { "differs" } else { "" };
    svg.text("", (left + 46.0, top + 12.0), Hold::Middle, word);
    svg.raw("</g></g>");
}

/// What it is, after IEC 60617 where that has a sign.
fn glyph(svg: &mut Svg, node: &Component, (x, y): (f64, f64)) {
    let d = |text: &str| text.to_owned();
    let at = |dx: f64, dy: f64| format!("{} {}", px(x + dx), px(y + dy));
    let path = match (node.part, node.kind.as_str()) {
        (_, "feed") => {
            svg.circle("glyph", (x, y), 8.0);
            format!("M{}q2.5 -6 5 0t5 0", at(-5.0, 0.0))
        }
        (_, "transformer") => {
            svg.circle("glyph", (x, y - 4.0), 5.0);
            svg.circle("glyph", (x, y + 4.0), 5.0);
            d("")
        }
        (_, "genset") => {
            svg.circle("glyph", (x, y), 8.0);
            svg.text("tick", (x, y + 4.0), Hold::Middle, "G");
            d("")
        }
        (_, "switchgear" | "generator-bus") => {
            format!(
                "M{}h18M{}v-7M{}v7M{}v7",
                at(-9.0, 0.0),
                at(0.0, 0.0),
                at(-4.0, 0.0),
                at(4.0, 0.0)
            )
        }
        (_, "ups") => format!("M{}h16v16h-16zl16 0m-16 16l16 -16", at(-8.0, -8.0)),
        (_, "transfer" | "static-switch") => {
            format!("M{}l9 8M{}v8M{}l3 -3", at(-7.0, -8.0), at(2.0, 0.0), at(4.0, -6.0))
        }
        (_, "pdu") => format!("M{}h16v14h-16zm4 3v8m4 -8v8m4 -8v8", at(-8.0, -7.0)),
        (_, "cable") => format!("M{}v18", at(0.0, -9.0)),
        (Part::Racks, _) => {
            format!("M{}h12v18h-12zm0 4.5h12m-12 4.5h12m-12 4.5h12", at(-6.0, -9.0))
        }
        (Part::Cooling, kind)
            if ["air", "dry", "ventil"].iter().any(|word| kind.contains(word)) =>
        {
            svg.circle("glyph", (x, y), 8.0);
            format!("M{}l11 11m0 -11l-11 11", at(-5.5, -5.5))
        }
        (Part::Cooling, _) => format!("M{}h8l4 16h-16zm2 5h4", at(-4.0, -8.0)),
        _ => format!("M{}h16v14h-16z", at(-8.0, -7.0)),
    };
    svg.path("glyph", &path);
}
