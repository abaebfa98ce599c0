//! A site with everything resolved: units gone, names turned into dense ids, defaults filled.

use std::sync::Arc;

use super::injection::Injection;
use crate::control::ControlDesign;
use crate::grid::programmes::{ProgrammeDesign, Signal};
use crate::grid::{PriceDesign, WeatherDesign};
use crate::kernel::{Clock, Span, Time};
use crate::measure::JOULES_PER_MWH;
use crate::money::{Basis, Extra, Law, Market, Ppa, Terms};
use crate::plant::cooling::{
    ExchangerDesign, ExchangerOperation, LoopDesign, LoopOperation, MainDesign, ThermalLimits,
};
use crate::plant::power::{Action, ComponentKind, NetworkPart, PowerDesign, PowerLoad, Upkeep};
use crate::site::Site;
use crate::tables::Series;
use crate::units::Currency;
use crate::workload::gpu::GpuRackDesign;
use crate::workload::heat_load::HeatLoadDesign;
use crate::workload::inference::{Noting, SamplingDesign, ServiceDesign};
use crate::workload::mining::MiningDesign;
use crate::workload::training::TrainingDesign;

/// Everything that a run needs. Made by `scenario/`, which has refused whatever could make
/// a run fail; inconsistencies from here on are bugs.
#[derive(Debug, Clone)]
pub struct Design {
    /// Name of the scenario.
    pub name: String,
    /// What the scenario is about, in a line.
    pub title: String,
    /// The wall clock of the run.
    pub clock: Clock,
    /// How long to simulate.
    pub duration: Span,
    /// Seed of every random stream.
    pub seed: u64,
    /// What its money is in.
    pub currency: Currency,
    /// Length of the intervals of the time series.
    pub interval: Span,
    /// Which requests of inference services are written down one by one.
    pub noting: Noting,
    /// The graph of power and cooling, for single points of failure and diagrams.
    pub site: Site,
    /// Outdoor air.
    pub weather: WeatherDesign,
    /// Price of energy.
    pub price: PriceDesign,
    /// Carbon intensity of energy, g/kWh; none where it is not counted.
    pub carbon: Option<Arc<Series<f64>>>,
    /// The power chain.
    pub power: PowerDesign,
    /// What its components share: common causes, crews, spare parts, planned work.
    pub upkeep: Upkeep,
    /// What is made to happen to it.
    pub injections: Vec<Injection>,
    /// The component of the scenario that declared each power node, groups unexpanded.
    pub power_groups: Vec<String>,
    /// The main that brings water to the site.
    pub water: MainDesign,
    /// Cooling loops.
    pub loops: Vec<LoopSite>,
    /// What stands between racks and loops.
    pub exchangers: Vec<ExchangerSite>,
    /// Groups of alike racks.
    pub halls: Vec<HallDesign>,
    /// Racks, those of a hall side by side.
    pub racks: Vec<RackSite>,
    /// Constant loads of the site itself.
    pub house: Vec<HouseLoad>,
    /// What the site earns by.
    pub works: Vec<WorkSite>,
    /// Site-wide decisions.
    pub control: ControlDesign,
    /// Grid programmes, in the order in which awards share the load.
    pub programmes: Vec<ProgrammeDesign>,
    /// The contracts that the site buys under.
    pub terms: Terms,
}

impl Design {
    /// Whether the power chain has batteries, generators or switches with states of their own.
    pub fn has_reserve(&self) -> bool {
        let has = self.power.nodes.iter().any(|node| node.component.machine.has_states());
        has || self.injects_sags()
    }

    /// Whether arrays stand on the site.
    pub fn has_arrays(&self) -> bool {
        self.power.nodes.iter().any(|node| node.component.kind == ComponentKind::Pv)
    }

    /// Whether something on the site may give to the grid.
    pub fn may_export(&self) -> bool {
        let mut nodes = self.power.nodes.iter().map(|node| &node.component);
        nodes.clone().any(|component| component.kind.part() == NetworkPart::Attached)
            && nodes.any(|component| component.kind.part().is_root() && component.reverse_w > 0.0)
    }

    /// What the books of this site keep of each interval beside what all books do, and what is known of
    /// it before the run; nothing of the arrays, which come first.
    pub fn extras(&self) -> impl Iterator<Item = (Extra, Option<Foreknown>)> {
        let nodes = self.power.nodes.iter().zip(&self.power_groups);
        let mut arrays: Vec<&String> = Vec::new();
        for (node, name) in nodes {
            if node.component.kind == ComponentKind::Pv && !arrays.contains(&name) {
                arrays.push(name);
            }
        }
        let arrays = arrays.into_iter().map(|it| (Extra::Array(it.clone()), None));
        let series = self.terms.contracts.iter().flat_map(|contract| {
            let (profile, basis) = match &contract.law {
                Law::Market(Market { basis, .. }) => (None, Some(basis)),
                Law::Ppa(Ppa { profile, basis, .. }) => (profile.as_ref(), Some(basis)),
                _ => (None, None),
            };
            let basis = match basis {
                Some(Basis::Series(series)) => series.as_ref(),
                _ => None,
            };
            let name = || contract.name.clone();
            let gives =
                profile.map(|it| (Extra::Elsewhere(name()), Some(Foreknown::Sum(it.clone()))));
            let differs = basis.map(|it| (Extra::Basis(name()), Some(Foreknown::Mean(it.clone()))));
            gives.into_iter().chain(differs)
        });
        let peaks = self.programmes.iter().filter_map(|programme| match &programme.signal {
            Signal::Peaks(peaks) => {
                let begins = peaks.peaks.iter().map(|peak| peak.from).collect();
                Some((Extra::Peak(programme.name.clone()), Some(Foreknown::Instants(begins))))
            }
            Signal::Calls(_) => None,
        });
        arrays.chain(series).chain(peaks)
    }

    /// Whether sags are made to happen: loads then ride through them, or do not.
    pub(super) fn injects_sags(&self) -> bool {
        let mut actions = self.injections.iter().map(|injection| injection.action);
        actions.any(|action| matches!(action, Action::Sag { .. }))
    }

    /// Whether water may ever be short for the loop `index`.
    pub fn may_run_dry(&self, index: usize) -> bool {
        let site = &self.loops[index];
        site.design.evaporates()
            && (site.operation.make_up.main.is_limited() || self.water.is_limited())
    }
}

/// What is known before the run of something that its books keep of each interval.
#[derive(Debug, Clone)]
pub enum Foreknown {
    /// A power over time, W, of which the energy is kept, MWh.
    Sum(Arc<Series<f64>>),
    /// Values over time, whose mean is kept.
    Mean(Arc<Series<f64>>),
    /// When something happens: 1 is kept where it does, else 0.
    Instants(Vec<Time>),
}

impl Foreknown {
    /// What is kept of the interval from `from` to `to`.
    pub(super) fn over(&self, from: Time, to: Time) -> f64 {
        match self {
            Self::Sum(power_w) => power_w.integral(from, to) / JOULES_PER_MWH,
            Self::Mean(values) => values.integral(from, to) / (to - from).as_secs_f64(),
            Self::Instants(all) => {
                f64::from(u8::from(all.iter().any(|instant| (from..to).contains(instant))))
            }
        }
    }
}

/// A cooling loop and where its machines draw their power.
#[derive(Debug, Clone)]
pub struct LoopSite {
    /// Instance name.
    pub name: String,
    /// Name of the component that declared it, groups unexpanded.
    pub group_name: String,
    /// Its kind, as users write it.
    pub kind: &'static str,
    /// Its model.
    pub design: LoopDesign,
    /// The electrical load of its fans, if it has any.
    pub fans: Option<PowerLoad>,
    /// The electrical load of its pumps, if it has any.
    pub pumps: Option<PowerLoad>,
    /// The electrical load of its chillers, if it has any.
    pub chillers: Option<PowerLoad>,
    /// What it does when something goes wrong.
    pub operation: LoopOperation,
}

/// What takes heat from racks and gives it to a loop.
#[derive(Debug, Clone)]
pub struct ExchangerSite {
    /// Instance name.
    pub name: String,
    /// Name of the component that declared it, groups unexpanded.
    pub group_name: String,
    /// Its kind, as users write it.
    pub kind: &'static str,
    /// Index into [`Design::loops`] of the loop that takes its heat.
    pub cooled_by: usize,
    /// The exchanger, on that loop, whose stream has its heat before: the air handler of its hall.
    pub behind: Option<usize>,
    /// Its model; none for racks that hang on the loop itself, behind the approach that is
    /// part of the loop.
    pub design: Option<ExchangerDesign>,
    /// The electrical load of its pumps or fans, if it has any.
    pub movers: Option<PowerLoad>,
    /// What it does when something goes wrong.
    pub operation: ExchangerOperation,
}

/// A group of alike racks.
#[derive(Debug, Clone)]
pub struct HallDesign {
    /// Name of the group.
    pub name: String,
    /// The kind of its racks, as users write it.
    pub kind: &'static str,
    /// How many racks.
    pub racks: usize,
    /// At which inlet temperatures its racks slow down and trip.
    pub limits: ThermalLimits,
    /// The warmest coolant that its racks are rated for, where they are, degrees Celsius.
    pub rated_supply_c: Option<f64>,
    /// Limits of the air that takes what the liquid does not.
    pub air_limits: ThermalLimits,
    /// The same for their chips, where these are what limits them.
    pub chip_limits: Option<ThermalLimits>,
    /// How much warmer than the coolant the chips are at rated power, K.
    pub chip_rise_k: f64,
    /// GPUs of a rack.
    pub gpus: usize,
    /// Rated power of a rack, W.
    pub rack_w: f64,
    /// What a rack draws that heat has slowed down to nothing, W.
    pub idle_w: f64,
    /// Share of a rack's heat that air takes beside a liquid.
    pub air_share: f64,
    /// How many air-cooled cabinets a rack is worth in air and metal.
    pub cabinets: f64,
}

impl HallDesign {
    /// Draw of a busy rack at a thermal speed factor of `speed`, as a share of that at full speed.
    pub fn share_at(&self, speed: f64) -> f64 {
        let idle = if self.rack_w > 0.0 { self.idle_w / self.rack_w } else { 0.0 };
        idle + (1.0 - idle) * speed
    }
}

/// One rack in the plant.
#[derive(Debug, Clone)]
pub struct RackSite {
    /// Index into [`Design::halls`].
    pub hall: usize,
    /// Its electrical load; none where its heat comes from outside the site.
    pub load: Option<PowerLoad>,
    /// Index into [`Design::exchangers`]; a rack without one gives its heat to nothing that
    /// the site pays for and never gets hot.
    pub cooled_by: Option<usize>,
    /// Index into [`Design::exchangers`] of what takes the heat that `cooled_by` does not, and
    /// the share of the rack's heat that this is.
    pub air_cooled_by: Option<(usize, f64)>,
    /// Index into [`Design::works`] and the rack's number within that workload; a rack
    /// without one stands empty.
    pub work: Option<(usize, usize)>,
}

/// A constant load of the site itself: lighting, offices, controls.
#[derive(Debug, Clone)]
pub struct HouseLoad {
    /// Instance name.
    pub name: String,
    /// Its electrical load.
    pub load: PowerLoad,
    /// What it draws, in watts.
    pub power_w: f64,
}

/// A workload and its name.
#[derive(Debug, Clone)]
pub struct WorkSite {
    /// Name in the scenario.
    pub name: String,
    /// Its model.
    pub design: WorkDesign,
}

impl WorkSite {
    /// Where it is sampled in time, lets each row of the time series, which are `interval` long, have
    /// a window.
    pub fn sample_by(&mut self, interval: Span) {
        let WorkDesign::Inference { design, .. } = &mut self.design else { return };
        let control = design.control_interval;
        if let Some(sampling) = &mut design.sampling {
            sampling.stratum = SamplingDesign::stratum(interval, control);
        }
    }
}

/// The model of a workload.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a site has a handful
pub enum WorkDesign {
    /// Bitcoin mining.
    Mining(MiningDesign),
    /// GPU training.
    Training {
        /// Its model.
        design: TrainingDesign,
        /// What its racks hold.
        rack: GpuRackDesign,
        /// Names of its racks, for their random streams.
        racks: Vec<String>,
    },
    /// LLM inference.
    Inference {
        /// Its model.
        design: ServiceDesign,
        /// How well its step times fit what they were fitted to.
        fit: Option<String>,
    },
    /// Heat in place of work.
    HeatLoad(HeatLoadDesign),
}

impl WorkDesign {
    /// Whether it stands still while energy is dear.
    pub fn heeds_price(&self) -> bool {
        match self {
            Self::Mining(design) => design.policy.is_some(),
            Self::Training { design, .. } => design.heeds_price(),
            Self::Inference { .. } | Self::HeatLoad(_) => false,
        }
    }

    /// Whether what its racks draw is electricity of the site.
    pub fn is_electric(&self) -> bool {
        !matches!(self, Self::HeatLoad(HeatLoadDesign { electric: false, .. }))
    }
}
