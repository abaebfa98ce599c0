//! Energy from where it comes to where it goes: width is energy, nothing is scaled up.

use std::fmt::Write as _;

use super::super::number::{percent, significant};
use super::super::svg::{Hold, Svg, px};
use super::frame::pushed_apart;
use super::time::clipped;

/// An end of the flow.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct Leaf {
    pub(in crate::report::html) name: String,
    pub(in crate::report::html) amount: f64,
    pub(in crate::report::html) colour: &'static str,
}

/// A stage between: its name and the ends behind it.
#[derive(Debug, Clone)]
pub(in crate::report::html) struct Stage {
    pub(in crate::report::html) name: String,
    pub(in crate::report::html) colour: &'static str,
    pub(in crate::report::html) leaves: Vec<Leaf>,
}

impl Stage {
    fn amount(&self) -> f64 {
        self.leaves.iter().map(|leaf| leaf.amount).sum()
    }
}

/// From `sources` through `stages` to their leaves, in `unit`.
pub(in crate::report::html) fn sankey(
    title: &str,
    sources: &[Leaf],
    stages: &[Stage],
    unit: &str,
    width: f64,
) -> String {
    let narrow = width < 400.0;
    let leaves: Vec<&Leaf> = stages.iter().flat_map(|stage| &stage.leaves).collect();
    let height = (leaves.len() as f64 * 19.0 + 24.0).max(if narrow { 260.0 } else { 300.0 });
    let total: f64 = sources.iter().map(|source| source.amount).sum();
    let used: f64 = stages.iter().map(Stage::amount).sum();
    let all = total.max(used).max(1e-12);
    let gaps = 8.0 * (leaves.len() + stages.len()) as f64;
    let per = (height - 24.0 - gaps.min(0.4 * height)) / all;
    let (bar, x0) = (if narrow { 8.0 } else { 13.0 }, 4.0);
    let text_room = if narrow { 150.0 } else { 250.0 };
    let x2 = width - text_room;
    let x1 = x0 + bar + (x2 - x0 - bar) * if narrow { 0.42 } else { 0.5 };
    let mut svg = Svg::new(width, height);
    let thick = |amount: f64| (amount * per).max(0.8);
    let ribbon = |x: f64, y: f64, u: f64, v: f64, h: f64| {
        let m = (x + u) / 2.0;
        let mut d = String::new();
        let _ = write!(
            d,
            "M{x} {y}C{m} {y} {m} {v} {u} {v}v{h}C{m} {w} {m} {z} {x} {z}z",
            x = px(x),
            y = px(y),
            m = px(m),
            u = px(u),
            v = px(v),
            h = px(h),
            w = px(v + h),
            z = px(y + h),
        );
        d
    };
    // Leaves first: labels decide how far apart they stand.
    let mut y = 12.0;
    let mut tops = Vec::new();
    let mut stage_tops = Vec::new();
    for stage in stages {
        let begin = y;
        for leaf in &stage.leaves {
            tops.push(y);
            y += thick(leaf.amount) + 8.0;
        }
        stage_tops.push(((begin + y - 8.0) / 2.0 - thick(stage.amount()) / 2.0).max(begin));
        y += 8.0;
    }
    let mut from = 12.0;
    for source in sources {
        svg.rect(&format!("f-{}", source.colour), (x0, from), (bar, thick(source.amount)));
        from += thick(source.amount);
    }
    let (mut out, mut leaf_index) = (12.0, 0);
    for (stage, &top) in stages.iter().zip(&stage_tops) {
        let h = thick(stage.amount());
        svg.path(&format!("flow f-{}", stage.colour), &ribbon(x0 + bar, out, x1, top, h));
        svg.rect(&format!("f-{}", stage.colour), (x1, top), (bar, h));
        out += h;
        let mut inner = top;
        for leaf in &stage.leaves {
            let (to, h) = (tops[leaf_index], thick(leaf.amount));
            svg.path(&format!("flow f-{}", leaf.colour), &ribbon(x1 + bar, inner, x2, to, h));
            svg.rect(&format!("f-{}", leaf.colour), (x2, to), (bar, h));
            inner += h;
            leaf_index += 1;
        }
    }
    let wanted: Vec<f64> =
        leaves.iter().zip(&tops).map(|(leaf, top)| top + thick(leaf.amount) / 2.0 + 4.0).collect();
    let places = pushed_apart(&wanted, 17.0, (14.0, height - 4.0));
    for (leaf, place) in leaves.iter().zip(places) {
        let x = x2 + bar + 6.0;
        let share = percent(leaf.amount / all, 2);
        let name = clipped(&leaf.name, if narrow { 10 } else { 16 });
        svg.text("name", (x, place), Hold::Start, &name);
        let text = match narrow {
            true => format!("{share} %"),
            false => format!("{} {unit}  {share} %", significant(leaf.amount, 3)),
        };
        svg.text("label", (width - 2.0, place), Hold::End, &text);
    }
    let mut label_at = 26.0;
    for source in sources {
        let text = format!("{} {} {unit}", source.name, significant(source.amount, 3));
        svg.text("label halo", (x0 + bar + 6.0, label_at), Hold::Start, &text);
        label_at += 16.0;
    }
    let mut free = f64::NEG_INFINITY;
    for (stage, &top) in stages.iter().zip(&stage_tops) {
        let text = format!("{} {} %", stage.name, percent(stage.amount() / all, 2));
        let at = if thick(stage.amount()) > 24.0 { top + 15.0 } else { top - 4.0 };
        let at = at.max(free);
        free = at + 14.0;
        if !narrow {
            svg.text("label halo", (x1 + bar + 6.0, at), Hold::Start, &text);
        }
    }
    svg.finish(title)
}
