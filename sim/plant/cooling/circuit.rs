//! The pumped side of a loop: its coolant and its pumps.

use super::pumps::{PumpLaw, Pumping};

/// The pumped side of a loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircuitDesign {
    /// Coolant flow with all pumps running, kg/s.
    pub flow_kg_s: f64,
    /// Specific heat of the coolant, J/(kg K).
    pub specific_heat_j_kgk: f64,
    /// Electric power of all pumps, W.
    pub pump_w: f64,
    /// Share of it that ends as heat in the coolant; motors give the rest to the room.
    pub pump_heat: f64,
    /// Number of pumps in parallel, which fail one at a time.
    pub pumps: u32,
    /// How they are run, and what they lift.
    pub pump_law: PumpLaw,
    /// How far above the supply the coolant or air enters the racks at design heat and full
    /// flow, K: the approach of the coolant distribution unit or air handler.
    pub approach_k: f64,
}

impl CircuitDesign {
    /// What all pumps at full speed put into the coolant, W.
    pub(super) fn pump_heat_w(&self) -> f64 {
        self.pump_heat * self.pump_w
    }

    /// What a share `running` of the pumps does for `load`, the heat over that of design.
    pub(super) fn run(&self, running: f64, load: f64) -> Pumping {
        self.pump_law.run(running, load)
    }

    /// Capacity rate of the coolant at a share of design flow, W/K.
    pub(super) fn capacity_w_k(&self, flow: f64) -> f64 {
        flow * self.flow_kg_s * self.specific_heat_j_kgk
    }
}

/// Water or coolant on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stream {
    /// Its flow, kg/s.
    pub(super) kg_s: f64,
    /// Its capacity rate, W/K.
    pub(super) w_k: f64,
}
