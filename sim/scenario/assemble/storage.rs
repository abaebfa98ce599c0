//! What can be said of battery systems only with the whole chain and their uses at hand.

use super::super::diagnostics::Diagnostics;
use super::super::load::Document;
use super::super::place::Place;
use super::plant::Plant;
use crate::control::{BatteryUse, BatteryUses};
use crate::grid::WeatherDesign;
use crate::plant::power::sequence::{MachineDesign, StorageDesign};
use crate::plant::power::{ComponentKind, NetworkPart, PowerNode};
use crate::spec::Fault;
use crate::units::{Energy, Power};

/// Checks what hangs on the buses of `plant`, and the uses that it is put to.
pub(super) fn check(
    document: &Document,
    plant: &Plant,
    (uses, priced): (&BatteryUses, bool),
    sink: &mut Diagnostics,
) {
    let nodes = (0..).map(PowerNode).zip(&plant.power.nodes);
    let batteries: Vec<(PowerNode, StorageDesign)> = nodes
        .filter_map(|(node, site)| match site.component.machine {
            MachineDesign::Battery(design) => Some((node, design)),
            _ => None,
        })
        .collect();
    check_places(document, plant, sink);
    let written = document.get("control.battery");
    let say = |fault: Fault, sink: &mut Diagnostics| match &written {
        Some(place) => place.fault(fault, sink),
        None => document.place().fault(fault, sink),
    };
    if batteries.is_empty() {
        if written.is_some() {
            let fault = Fault::error("", "there is no battery system to use");
            say(fault.help("add one to `power` with `kind: battery`"), sink);
        }
        return;
    }
    let forms = batteries.iter().any(|(_, design)| design.forms_grid);
    if uses.uses.is_empty() && !forms {
        let (node, _) = batteries[0];
        if let Some(place) = place_of(document, plant, node) {
            let fault = Fault::warning("", "nothing uses this battery");
            let help = "write for example `control: {battery: {uses: [self-consume]}}`";
            place.fault(fault.help(help), sink);
        }
    }
    if uses.reserve > 0.0 && !forms {
        let fault = Fault::warning("reserve", "no battery holds up its bus: nothing draws this");
        say(fault.help("write `forms_grid: true` at a battery, or leave this out"), sink);
    }
    if uses.uses.contains(&BatteryUse::Arbitrage) && !priced {
        let fault = Fault::error("uses", "`arbitrage` needs a `price` of energy");
        say(fault.help("write for example `price: {model: ercot-hub}`"), sink);
    }
    let sum = |of: fn(&StorageDesign) -> f64| batteries.iter().map(|(_, it)| of(it)).sum::<f64>();
    let (power_w, usable_j) =
        (sum(|it| it.power_w), sum(|it| (it.most_j - it.least_j) * it.one_way));
    let (awarded_w, awarded_j) = uses.awarded;
    if awarded_w > power_w * (1.0 + 1e-9) {
        let [awarded, there] = [awarded_w, power_w].map(Power);
        let message = format!("{awarded} are awarded, the batteries give {there}");
        say(Fault::error("awards", message).help("one megawatt serves one product"), sink);
    } else if awarded_j > usable_j * (1.0 + 1e-9) {
        let [awarded, there] = [awarded_j, usable_j].map(Energy);
        let message = format!("calls of these take {awarded}, the batteries give {there}");
        say(Fault::error("awards", message).help("award less, or add energy"), sink);
    }
}

/// Says where arrays stand that do not say so, and refuses those for which nobody tells what the sun
/// gives.
pub(super) fn place_arrays(
    document: &Document,
    plant: &mut Plant,
    (site, weather): (&crate::grid::Place, Option<&WeatherDesign>),
    sink: &mut Diagnostics,
) {
    let site_deg = site.latitude_deg.zip(site.longitude_deg);
    for n in 0..plant.power.nodes.len() {
        let MachineDesign::Array(mut array) = plant.power.nodes[n].component.machine else {
            continue;
        };
        let place = place_of(document, plant, PowerNode(n as u32));
        let dark = array.needs_irradiance() && weather.is_some_and(|it| !it.has_light());
        if let Some(place) = &place {
            if array.place_deg.is_none() && site_deg.is_none() {
                let fault = Fault::error("", "where does it stand?");
                let help = "write `site: {latitude: 35.2 deg, longitude: -101.9 deg}`";
                place.fault(fault.help(help), sink);
            }
            if dark {
                let fault = Fault::error("", "the weather tells no irradiation");
                let help = "take weather of a file that has all three columns of it, or write a \
                            `clearness`";
                place.fault(fault.help(help), sink);
            }
        }
        array.place_deg = array.place_deg.or(site_deg);
        plant.power.nodes[n].component.machine = MachineDesign::Array(array);
    }
}

/// Where the component that declares a power node is written.
fn place_of<'t>(document: &'t Document, plant: &Plant, node: PowerNode) -> Option<Place<'t>> {
    document.section("power")?.get(&plant.power_groups[node.0 as usize])
}

/// Refuses what hangs behind a rectifier, and battery systems that would hold up a bus that is none
/// or that another holds up.
fn check_places(document: &Document, plant: &Plant, sink: &mut Diagnostics) {
    let nodes = &plant.power.nodes;
    let mut held: Vec<PowerNode> = Vec::new();
    for (node, site) in (0..).map(PowerNode).zip(nodes) {
        if site.component.kind.part() != NetworkPart::Attached {
            continue;
        }
        let Some(place) = place_of(document, plant, node) else { continue };
        let mut open = site.fed_by.clone();
        let mut behind = None;
        // Paths join, and a chain that is refused elsewhere may go in a ring.
        let mut seen = vec![false; nodes.len()];
        while let Some(feeder) = open.pop() {
            if std::mem::replace(&mut seen[feeder.0 as usize], true) {
                continue;
            }
            let above = &nodes[feeder.0 as usize];
            if above.component.kind == ComponentKind::Ups {
                behind = Some(above.name.as_str());
                break;
            }
            open.extend(&above.fed_by);
        }
        if let Some(ups) = behind {
            let message = format!("stands behind `{ups}`, whose rectifier takes power one way");
            let help = "name a bus that no UPS feeds; a UPS has its own `battery`";
            let array = site.component.kind == ComponentKind::Pv;
            let field = if array { "fed_into" } else { "fed_by" };
            place.fault(Fault::error(field, message).help(help), sink);
        }
        let MachineDesign::Battery(StorageDesign { forms_grid: true, .. }) = site.component.machine
        else {
            continue;
        };
        let Some(&bus) = site.fed_by.first() else { continue };
        let feeder = &nodes[bus.0 as usize];
        if feeder.component.kind != ComponentKind::Switchgear {
            let message = format!(
                "`{}` is a {}: a battery forms the grid on a switchgear",
                feeder.name,
                feeder.component.kind.name()
            );
            let help = "put `kind: switchgear` between, and name that";
            place.fault(Fault::error("fed_by", message).help(help), sink);
        } else if held.contains(&bus) {
            let message = format!("another battery forms the grid on `{}`", feeder.name);
            let help = "leave out one `forms_grid`, or make one larger";
            place.fault(Fault::error("forms_grid", message).help(help), sink);
        }
        held.push(bus);
    }
}
