//! The power chain of a random site.

use super::cooling::Plant;
use super::fields::{Fields, number};
use super::work::{Hall, HallKind};
use super::{Draw, breakdowns};

/// A power chain.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) parts: Vec<(String, Fields)>,
    /// What feeds each hall.
    pub(crate) cords: Vec<String>,
    /// What all of the site would draw, kW.
    pub(crate) need_kw: f64,
}

impl Chain {
    /// The part called `name`.
    pub(crate) fn part(&self, name: &str) -> Option<&Fields> {
        self.parts.iter().find_map(|(known, fields)| (known == name).then_some(fields))
    }

    /// Puts `fields` in the place of the part called `name`.
    pub(crate) fn replace(&mut self, name: &str, fields: Fields) {
        let part = self.parts.iter_mut().find(|(known, _)| known == name);
        part.expect("a part of this name").1 = fields;
    }

    /// The parts that `name` alone feeds.
    pub(crate) fn behind(&self, name: &str) -> Vec<String> {
        let parts = self.parts.iter().filter(|(_, fields)| fields.text("fed_by") == Some(name));
        parts.map(|(name, _)| name.clone()).collect()
    }
}

/// The chain that feeds `halls` and `plant`, whose machines hang on the bus `mech`.
pub(crate) fn chain(draw: &mut Draw, halls: &[Hall], plant: &Plant) -> Chain {
    let electric = halls.iter().filter(|hall| hall.kind != HallKind::Foreign);
    let it_kw: f64 = electric.map(|hall| hall.need_kw).sum();
    let need_kw = 1.1 * it_kw + plant.need_kw + 5.0;
    let mut parts = Vec::new();
    let mut add = |name: &str, fields: Fields| parts.push((name.to_owned(), fields));

    let two_feeds = draw.chance(0.3);
    for name in ["u", "v"].into_iter().take(1 + usize::from(two_feeds)) {
        let mut feed = Fields::default();
        feed.set("kind", "feed");
        feed.set("capacity", format!("{} kW", number(need_kw * tight(draw))));
        if draw.chance(0.3) {
            feed.set("failures", breakdowns(draw));
        } else {
            feed.set("outages", draw.pick(&["none", "gold-book"]));
        }
        add(name, feed);
    }
    let feeders = if two_feeds { "[u, v]" } else { "u" };
    add("main", bus(draw, feeders, need_kw));
    let mut below = draw.pick(&["main", "main", "u"]);
    if draw.chance(0.3) {
        add("backup", bus(draw, feeders, need_kw));
        below = "[main, backup]";
    }
    add("mech", bus(draw, below, plant.need_kw));
    if draw.chance(0.5) {
        let mut house = Fields::default();
        house.set("kind", "house-load");
        house.set("power", format!("{} kW", number(draw.log(0.1, 5.0))));
        house.set("fed_by", "main");
        add("house", house);
    }
    let mut cords = Vec::new();
    for (n, hall) in halls.iter().enumerate() {
        if hall.kind == HallKind::Foreign {
            cords.push(String::new());
        } else if draw.chance(0.3) {
            // Racks at the main bus itself.
            cords.push("main".to_owned());
        } else if draw.chance(0.4) {
            let (a, b) = (format!("pdu-{n}-a"), format!("pdu-{n}-b"));
            add(&a, bus(draw, "main", hall.need_kw));
            add(&b, bus(draw, below, hall.need_kw));
            cords.push(format!("[{a}, {b}]"));
        } else {
            let pdu = format!("pdu-{n}");
            add(&pdu, bus(draw, below, hall.need_kw));
            cords.push(pdu);
        }
    }
    Chain { parts, cords, need_kw }
}

/// Something between feeds and loads that would have to carry `need_kw`.
fn bus(draw: &mut Draw, fed_by: &str, need_kw: f64) -> Fields {
    let kind = draw.pick(&["switchgear", "pdu", "ups", "transformer", "cable"]);
    let mut bus = Fields::default();
    bus.set("kind", kind);
    bus.set("fed_by", fed_by);
    let unit = if kind == "ups" { "kW" } else { "kVA" };
    bus.set("rating", format!("{} {unit}", number(need_kw * tight(draw))));
    if kind == "cable" {
        bus.set("length", format!("{} m", number(draw.log(1.0, 2000.0))));
    }
    if draw.chance(0.25) {
        bus.set("failures", breakdowns(draw));
    }
    bus
}

/// Rating over need: ample for half of the parts, 1 to 100 % and more for the rest.
pub(crate) fn tight(draw: &mut Draw) -> f64 {
    if draw.chance(0.5) { 1.5 } else { draw.log(0.01, 1.3) }
}
