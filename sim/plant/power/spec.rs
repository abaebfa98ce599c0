//! What a user writes under `power:`.

use super::kinds::cable::CableSpec;
use super::kinds::feed::FeedSpec;
use super::kinds::house::HouseLoadSpec;
use super::kinds::pdu::PduSpec;
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
        /// Lighting, offices and other constant load.
        HouseLoad(HouseLoadSpec) = "house-load",
    }
}

impl PowerSpec {
    /// What feeds it, in order of preference; `None` for what brings power to the site.
    pub fn fed_by(&self) -> Option<&Names> {
        self.common().fed_by()
    }

    /// Fills in defaults and checks ranges. Names stay for the caller to look up.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        if self.fed_by().is_some_and(|names| names.0.is_empty()) {
            faults.push(Fault::error("fed_by", "needs at least one name"));
        }
        self.common().resolve(faults)
    }
}
