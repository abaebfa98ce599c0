//! What a user writes under `power:`.

use super::kinds::cable::CableSpec;
use super::kinds::feed::FeedSpec;
use super::kinds::genset::{GeneratorBusSpec, GensetSpec};
use super::kinds::house::HouseLoadSpec;
use super::kinds::pdu::PduSpec;
use super::kinds::pv::PvSpec;
use super::kinds::storage::BatterySystemSpec;
use super::kinds::switch::{StaticSwitchSpec, TransferSpec};
use super::kinds::switchgear::SwitchgearSpec;
use super::kinds::transformer::TransformerSpec;
use super::kinds::ups::UpsSpec;
use super::kinds::{Kind, PowerPart};
use crate::spec::{Fault, Names, kinds};

kinds! {
    /// A part of the power chain.
    pub enum PowerSpec: Kind {
        /// Where the utility delivers.
        Feed(FeedSpec) = "feed",
        /// A transformer.
        Transformer(TransformerSpec) = "transformer",
        /// Switchgear, a bus, a breaker or a fuse.
        Switchgear(SwitchgearSpec) = "switchgear",
        /// A cable or an overhead line.
        Cable(CableSpec) = "cable",
        /// An uninterruptible power supply.
        Ups(UpsSpec) = "ups",
        /// A power distribution unit.
        Pdu(PduSpec) = "pdu",
        /// A transfer switch: an ATS, or interlocked breakers.
        Transfer(TransferSpec) = "transfer",
        /// A static switch.
        StaticSwitch(StaticSwitchSpec) = "static-switch",
        /// A generator.
        Genset(GensetSpec) = "genset",
        /// The bus of several generators.
        GeneratorBus(GeneratorBusSpec) = "generator-bus",
        /// A battery system on a bus.
        Battery(BatterySystemSpec) = "battery",
        /// A photovoltaic array on a bus.
        Pv(PvSpec) = "pv",
        /// Lighting, offices and other constant load.
        HouseLoad(HouseLoadSpec) = "house-load",
    }
}

impl PowerSpec {
    /// What feeds it, in order of preference; `None` for what brings power to the site.
    pub fn fed_by(&self) -> Option<&Names> {
        self.common().fed_by()
    }

    /// The field that [`fed_by`](Self::fed_by) stands in.
    pub fn feeders_field(&self) -> &'static str {
        self.common().feeders_field()
    }

    /// What feeds it when its feeder is lost, as another field than `fed_by`.
    pub fn emergency(&self) -> Option<&Names> {
        self.common().emergency()
    }

    /// What it feeds block by block while it is on generators.
    pub fn blocks(&self) -> Option<&Names> {
        self.common().blocks()
    }

    /// How many sources it has to have, where that is fixed.
    pub fn sources(&self) -> Option<usize> {
        self.common().sources()
    }

    /// Fills in defaults and checks ranges. Names stay for the caller to look up.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        if self.fed_by().is_some_and(|names| names.0.is_empty()) {
            faults.push(Fault::error(self.feeders_field(), "needs at least one name"));
        }
        self.common().resolve(faults)
    }
}
