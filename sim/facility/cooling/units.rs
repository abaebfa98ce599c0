//! Fans, pumps and chillers that fail, one at a time.

use crate::facility::design::Design;
use crate::plant::cooling::{BreakdownLaw, CoolingLoop};

/// A fan, a pump or a chiller that can fail.
#[derive(Debug)]
pub(in crate::facility) struct Unit {
    pub(in crate::facility) name: String,
    /// The declared component and its machines, for the report.
    pub(in crate::facility) group_name: String,
    pub(in crate::facility) place: Place,
    /// The loop that feels it.
    pub(in crate::facility) on_loop: u32,
    law: BreakdownLaw,
}

/// Where a unit stands: among the fans, pumps or chillers of a loop, or in an exchanger.
#[derive(Debug, Clone, Copy)]
pub(in crate::facility) enum Place {
    Loop(u32, u8),
    Exchanger(u32),
}

impl Unit {
    pub(in crate::facility) fn law(&self) -> (&str, BreakdownLaw) {
        (&self.name, self.law)
    }
}

/// Every unit of the cooling of `design` that can fail.
pub(in crate::facility) fn units(design: &Design) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |(name, group_name): (&str, &str), what: &str, count, law, place, on_loop| {
        units.extend((1..=count).map(|number| Unit {
            name: format!("{name}/{what}-{number}"),
            group_name: format!("{group_name} {what}s"),
            place,
            on_loop,
            law,
        }));
    };
    for (index, site) in design.loops.iter().enumerate() {
        let count = CoolingLoop::new(&site.design).units();
        let counts = [("fan", count.0), ("pump", count.1), ("chiller", count.2)];
        for (kind, ((what, count), law)) in counts.into_iter().zip(site.failures).enumerate() {
            let Some(law) = law else { continue };
            let place = Place::Loop(index as u32, kind as u8);
            add((&site.name, &site.group_name), what, count, law, place, index as u32);
        }
    }
    for (index, site) in design.exchangers.iter().enumerate() {
        let (Some(exchanger), Some(law)) = (&site.design, site.failures) else { continue };
        let what = if exchanger.blows() { "fan" } else { "pump" };
        let (place, on_loop) = (Place::Exchanger(index as u32), site.cooled_by as u32);
        add((&site.name, &site.group_name), what, exchanger.movers, law, place, on_loop);
    }
    units
}
