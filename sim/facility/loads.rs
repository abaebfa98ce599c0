//! Who stands behind each electrical load of the site.

use super::design::{Design, HouseLoad};
use crate::plant::power::PowerLoad;
use crate::plant::{Demand, Rank};

/// Who draws from an electrical load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Rack(u32),
    Loop(u32),
    Exchanger(u32),
    House(u32),
}

/// Who is behind each electrical load of `design`.
pub(super) fn owners(design: &Design) -> Vec<Owner> {
    let mut owners = vec![None; design.power.loads.len()];
    let mut own = |load: PowerLoad, owner: Owner| {
        let before = owners[load.0 as usize].replace(owner);
        assert!(before.is_none(), "an electrical load has one owner");
    };
    for (index, rack) in design.racks.iter().enumerate() {
        if let Some(load) = rack.load {
            own(load, Owner::Rack(index as u32));
        }
    }
    for (index, site) in design.loops.iter().enumerate() {
        for machine in [site.fans, site.pumps, site.chillers].into_iter().flatten() {
            own(machine, Owner::Loop(index as u32));
        }
    }
    for (index, site) in design.exchangers.iter().enumerate() {
        if let Some(movers) = site.movers {
            own(movers, Owner::Exchanger(index as u32));
        }
    }
    for (index, house) in design.house.iter().enumerate() {
        own(house.load, Owner::House(index as u32));
    }
    owners.into_iter().map(|owner| owner.expect("every electrical load has an owner")).collect()
}

/// The demand of a constant house load.
pub(super) fn house_demand(house: &HouseLoad) -> Demand {
    Demand::of(Rank::Idle, house.power_w)
}
