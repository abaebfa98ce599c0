//! One machine of a chain.

use super::super::battery::Battery;
use super::super::bus::Bus;
use super::super::design::MachineDesign;
use super::super::feed::Feed;
use super::super::genset::Genset;
use super::super::switch::{StaticSwitch, Transfer};
use super::super::timers::Turn;
use super::super::ups::Ups;
use crate::kernel::Streams;
use crate::plant::power::NodeDesign;

/// The machine of a component, by kind.
#[derive(Debug, Clone)]
pub(super) enum Machine {
    None,
    Feed(Feed),
    Ups(Box<Ups>),
    Transfer(Box<Transfer>),
    StaticSwitch(Box<StaticSwitch>),
    Genset(Box<Genset>),
    Bus(Box<Bus>),
    Battery(Box<Battery>),
}

impl Machine {
    pub(super) fn new(node: &NodeDesign, streams: &Streams) -> Self {
        let name = node.name.as_str();
        let demand = || streams.stream("power-demand", name);
        match node.component.machine {
            MachineDesign::None if node.component.kind.part().is_root() => {
                Self::Feed(Feed::new(None))
            }
            MachineDesign::None | MachineDesign::Array(_) => Self::None,
            MachineDesign::Feed(law) => {
                Self::Feed(Feed::new(Some((law, streams.stream("power-sag", name)))))
            }
            MachineDesign::Ups(design) => Self::Ups(Box::new(Ups::new(design))),
            MachineDesign::Transfer(design) => {
                let blocked = !node.blocks.is_empty();
                Self::Transfer(Box::new(Transfer::new(design, blocked, demand())))
            }
            MachineDesign::StaticSwitch(design) => {
                Self::StaticSwitch(Box::new(StaticSwitch::new(design, demand())))
            }
            MachineDesign::Genset(design) => Self::Genset(Box::new(Genset::new(design, demand()))),
            MachineDesign::GeneratorBus(design) => Self::Bus(Box::new(Bus::new(design))),
            MachineDesign::Battery(design) => Self::Battery(Box::new(Battery::new(design))),
        }
    }

    pub(super) fn turn(&self) -> Turn {
        match self {
            Self::None | Self::Feed(_) => Turn::Source,
            Self::Genset(_) => Turn::Generator,
            // Its timers are those of its blocks.
            Self::Bus(_) | Self::Transfer(_) | Self::StaticSwitch(_) => Turn::Switch,
            Self::Ups(_) | Self::Battery(_) => Turn::Ups,
        }
    }
}
