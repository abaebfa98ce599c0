//! A whole scenario as users write it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::event_spec::EventSpec;
use crate::control::ControlSpec;
use crate::grid::programmes::ProgrammeSpec;
use crate::grid::{
    CarbonSpec, EmergencyLevelSpec, FrequencySpec, PriceSpec, SiteSpec, WeatherSpec,
};
use crate::money::{ContractSpec, MoneySpec};
use crate::plant::cooling::{CoolingSpec, WaterMainSpec};
use crate::plant::power::{CommonCauseSpec, CrewSpec, PlannedWorkSpec, PowerSpec, SparesSpec};
use crate::spec::kinds;
use crate::units::{Currency, Duration, Fraction};
use crate::workload::cpu::CpuRackSpec;
use crate::workload::gpu::GpuRackSpec;
use crate::workload::heat_load::HeatLoadSpec;
use crate::workload::inference::InferenceSpec;
use crate::workload::mining::{AsicRackSpec, MiningSpec};
use crate::workload::training::TrainingSpec;

/// A site, its workloads, and the world around it.
///
/// The sections of named components are read one component at a time, so that an error in one
/// does not hide those of the others; here they only have their place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioSpec {
    /// Short name: letters, digits, `-`, `_` and `.`. Names the folder of results.
    pub(super) name: String,
    /// What the scenario is about, in a line.
    #[serde(default)]
    pub(super) title: Option<String>,
    /// First instant, with its offset: `2026-06-01T00:00:00Z`.
    #[schemars(with = "String")]
    pub(super) start: Timestamp,
    /// How long to simulate: `90 days`.
    pub(super) duration: Duration,
    /// Seed of every random stream. Default: 1.
    #[serde(default)]
    pub(super) seed: Option<u64>,
    /// What all of its money is in, by a code of ISO 4217: `EUR`. There are no exchange rates: an
    /// amount in another currency is refused. Default: USD, which `$` stands for.
    #[serde(default)]
    pub(super) currency: Option<Currency>,
    /// Where the site is.
    #[serde(default)]
    pub(super) site: SiteSpec,
    /// Outdoor air.
    pub(super) weather: WeatherSpec,
    /// Price of energy. Default: nothing is paid; a site with workloads needs it.
    #[serde(default)]
    pub(super) price: Option<PriceSpec>,
    /// Carbon intensity of energy. Default: not counted.
    #[serde(default)]
    pub(super) carbon: Option<CarbonSpec>,
    /// Frequency of the grid, which relays and droops of programmes follow. Default: none does.
    #[serde(default)]
    pub(super) frequency: Option<FrequencySpec>,
    /// Emergencies of the grid, by levels, at which programmes call. Default: none is declared.
    #[serde(default)]
    pub(super) emergency_level: Option<EmergencyLevelSpec>,
    /// Site-wide decisions.
    #[serde(default)]
    pub(super) control: ControlSpec,
    /// What to write.
    #[serde(default)]
    pub(super) output: OutputSpec,
    /// The power chain, by name. Default: everything draws from an ideal bus, which is never
    /// short and never fails, so that a cooling plant can be studied alone.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, PowerSpec>")]
    power: Option<IgnoredAny>,
    /// What strikes several components of the power chain at one instant, by name.
    #[allow(dead_code)] // read part by part
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, CommonCauseSpec>")]
    common_causes: Option<IgnoredAny>,
    /// Who repairs components of the power chain, by name. Default: each is repaired at once.
    #[allow(dead_code)] // read part by part
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, CrewSpec>")]
    crews: Option<IgnoredAny>,
    /// Spare parts for components of the power chain, by name. Default: always at hand.
    #[allow(dead_code)] // read part by part
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, SparesSpec>")]
    spares: Option<IgnoredAny>,
    /// Planned work on components of the power chain, by name.
    #[allow(dead_code)] // read part by part
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, PlannedWorkSpec>")]
    maintenance: Option<IgnoredAny>,
    /// The main that brings water to the site. Default: it brings whatever is asked.
    #[serde(default)]
    pub(super) water: Option<WaterMainSpec>,
    /// Cooling loops, by name.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, CoolingSpec>")]
    cooling: Option<IgnoredAny>,
    /// Groups of alike racks, by name.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RackSpec>")]
    racks: Option<IgnoredAny>,
    /// What the site earns by, by name.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, WorkloadSpec>")]
    workloads: Option<IgnoredAny>,
    /// What the site buys under, by name: they charge for what a run draws and never steer it.
    /// `loadbank money` prices a finished run anew under other contracts. Default: energy costs its
    /// `price`, and nothing else is charged.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ContractSpec>")]
    contracts: Option<IgnoredAny>,
    /// The years around the run. `loadbank money` makes another forecast of a finished run. Default:
    /// the run stands for itself.
    #[allow(dead_code)] // read apart, so that an error in it does not hide the rest
    #[serde(default)]
    #[schemars(with = "MoneySpec")]
    money: Option<IgnoredAny>,
    /// Grid programmes that call the site for less power, by name. Where awards share the load, those
    /// written first come first. Default: none.
    #[allow(dead_code)] // read component by component
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ProgrammeSpec>")]
    programmes: Option<IgnoredAny>,
    /// What is made to happen to parts of `power`, in place of luck: `- {at: 3 days, utility: {outage:
    /// 8 min}}`. Random failures go on beside it, and draw what they would draw without it.
    #[allow(dead_code)] // read one by one
    #[serde(default)]
    #[schemars(with = "Vec<EventSpec>")]
    events: Option<IgnoredAny>,
}

/// What to write.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputSpec {
    /// Length of the intervals of the time series. Default: 15 min.
    #[serde(default)]
    pub(super) interval: Option<Duration>,
    /// Requests of inference services to write down one by one. Default: none.
    #[serde(default)]
    pub(super) requests: Option<RequestsSpec>,
}

/// Which requests are written down one by one: the first, or a sample.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestsSpec {
    /// The first that each simulated cell receives.
    #[serde(default)]
    pub(super) first: Option<u64>,
    /// A share of all, drawn at random.
    #[serde(default)]
    pub(super) share: Option<Fraction>,
}

kinds! {
    /// A group of alike racks.
    pub(super) enum RackSpec {
        /// GPU servers, for training or inference.
        Gpu(GpuRackSpec) = "gpu",
        /// CPU servers, for the jobs of a workload of kind `training`.
        Cpu(CpuRackSpec) = "cpu",
        /// ASIC miners.
        Asic(AsicRackSpec) = "asic",
        /// Heat in place of racks, so that a cooling plant can be studied alone.
        HeatLoad(Box<HeatLoadSpec>) = "heat-load",
    }
}

kinds! {
    /// What racks are used for.
    pub(super) enum WorkloadSpec {
        /// Bitcoin mining.
        Mining(MiningSpec) = "mining",
        /// GPU training.
        Training(TrainingSpec) = "training",
        /// LLM inference.
        Inference(InferenceSpec) = "inference",
    }
}
