//! What a run tells while it goes on: rows, records, finished jobs. The engine keeps none of
//! them, so its memory does not grow with the simulated time.

use std::ops::ControlFlow;

use super::outcome::Outcome;
use super::rows::{DisturbanceRow, IncidentRow, LoadRow, StateRow};
use crate::kernel::Time;
use crate::money::{Interval, Lapse};
use crate::plant::power::sequence::State;
use crate::workload::inference::{InferenceInterval, Note};
use crate::workload::training::JobRecord;

/// Listens to a run.
///
/// Methods that hand over data cannot fail: an observer that cannot write remembers why and
/// breaks at the next [`proceed`](Self::proceed).
pub trait Observer {
    /// An interval of the time series has ended; `values` are in the order of
    /// [`Facility::columns`](super::Facility::columns).
    fn interval(&mut self, start: Time, values: &[f64]);

    /// What the service `workload` did in `from..to`, an interval of the time series. Called for
    /// every service, in the order of the scenario, before [`interval`](Self::interval).
    fn served(&mut self, _from: Time, _to: Time, _workload: &str, _interval: &InferenceInterval) {}

    /// What a declared part of the site carried in the interval that began at `start`. Called for
    /// each, in the order of the scenario, before [`metered`](Self::metered).
    fn load(&mut self, _start: Time, _row: &LoadRow<'_>) {}

    /// Racks that lacked power or cooling have it again, or the run ends.
    fn lapse(&mut self, _lapse: &Lapse) {}

    /// The same interval as meters bill it.
    fn metered(&mut self, _interval: &Interval) {}

    /// All of the interval is told. `outcome` gives what the run has come to by its end, with no
    /// books, for they are closed when the run is. Asking for it changes nothing of the run.
    fn so_far(&mut self, _outcome: &mut dyn FnMut() -> Outcome) {}

    /// Something happened to the plant.
    fn record(&mut self, record: &Record<'_>);

    /// Units of a component have come to another state. The first rows, at the start of the run, say
    /// where everything begins.
    fn state(&mut self, _row: &StateRow<'_>) {}

    /// A row of an incident that is over, or that the end of the run cuts off. Those of an incident
    /// follow each other, as it ends.
    fn incident(&mut self, _row: &IncidentRow<'_>) {}

    /// A row of a disturbance of a feed that is over, or that the end of the run cuts off. Those of a
    /// disturbance follow each other.
    fn disturbance(&mut self, _row: &DisturbanceRow<'_>) {}

    /// A training job has ended.
    fn job(&mut self, workload: &str, job: &JobRecord);

    /// A request that is written down one by one has left its service; `class` is empty where
    /// the service names none. Called once a control interval of the service, in order of time.
    fn request(&mut self, _workload: &str, _class: &str, _note: &Note) {}

    /// The run stands at `now`: whether to go on. Called once an instant.
    fn proceed(&mut self, now: Time) -> ControlFlow<()>;
}

/// One line of the log of events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record<'a> {
    /// When.
    pub at: Time,
    /// What happened.
    pub what: What,
    /// The component, hall or workload that it happened to.
    pub subject: &'a str,
    /// How many units of the subject it concerns (racks of a hall, one component).
    pub count: u32,
}

/// What can happen to the plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What follows is made to happen by the scenario.
    Injected,
    /// A component failed.
    Failed,
    /// A component was repaired.
    Repaired,
    /// Racks lost their power.
    PowerLost,
    /// Racks have power again.
    PowerRestored,
    /// Racks were tripped by heat.
    HeatTrip,
    /// Racks tripped by heat were let back.
    HeatRestart,
    /// Racks are slowed by heat.
    HeatSlow,
    /// Racks are no longer slowed by heat.
    HeatFull,
    /// Racks are slowed by heat and come back again and again from now on.
    HeatHunt,
    /// The pressure in their condensers lets chillers carry less than they could.
    HeadUnload,
    /// Chillers have tripped on the pressure in their condensers.
    HeadTrip,
    /// Chillers that have tripped may start again.
    HeadReset,
    /// Racks are held below what they want.
    Capped,
    /// Racks are no longer held below what they want.
    Uncapped,
    /// Something of the cooling is taken out of service, as planned.
    TakenOut,
    /// It is put back.
    PutBack,
    /// What evaporates water in a loop has none.
    RanDry,
    /// It has water again.
    WaterBack,
    /// The site may import less from now on.
    Curtailed,
    /// The site may import what its feeds carry again.
    Uncurtailed,
    /// A grid programme calls the site for less power.
    Called,
    /// The call is over.
    Recalled,
    /// The hot spot of a transformer has come to its alarm.
    HotSpot,
    /// It is below it again.
    HotSpotOver,
    /// A transformer is too warm to carry more than its rating.
    OverloadEnds,
    /// It has cooled down.
    OverloadAllowed,
    /// A machine of the power chain has come to this state.
    Machine(State),
}

impl What {
    /// Something goes out of service, or comes back: as planned, or because it fails.
    pub(super) const fn out_of_service(planned: bool, begins: bool) -> Self {
        match (planned, begins) {
            (true, true) => Self::TakenOut,
            (true, false) => Self::PutBack,
            (false, true) => Self::Failed,
            (false, false) => Self::Repaired,
        }
    }

    /// The name in the table of events.
    pub fn name(self) -> &'static str {
        match self {
            What::Injected => "injected",
            What::Failed => "failed",
            What::Repaired => "repaired",
            What::PowerLost => "power-lost",
            What::PowerRestored => "power-restored",
            What::HeatTrip => "heat-trip",
            What::HeatRestart => "heat-restart",
            What::HeatSlow => "heat-slow",
            What::HeatFull => "heat-full",
            What::HeatHunt => "heat-hunt",
            What::HeadUnload => "head-unload",
            What::HeadTrip => "head-trip",
            What::HeadReset => "head-reset",
            What::Capped => "capped",
            What::Uncapped => "uncapped",
            What::TakenOut => "taken-out",
            What::PutBack => "put-back",
            What::RanDry => "ran-dry",
            What::WaterBack => "water-back",
            What::Curtailed => "curtailed",
            What::Uncurtailed => "uncurtailed",
            What::Called => "called",
            What::Recalled => "recalled",
            What::HotSpot => "hot-spot",
            What::HotSpotOver => "hot-spot-over",
            What::OverloadEnds => "overload-ends",
            What::OverloadAllowed => "overload-allowed",
            What::Machine(state) => state.name(),
        }
    }
}

/// An observer that keeps nothing, for tests and benchmarks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn interval(&mut self, _: Time, _: &[f64]) {}

    fn record(&mut self, _: &Record<'_>) {}

    fn job(&mut self, _: &str, _: &JobRecord) {}

    fn proceed(&mut self, _: Time) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
