//! The chillers and the tower of a plant as a trim behind the device of another loop.

use super::{Answer, ChillerPlantDesign, Load, Question};
use crate::fluids::{MoistAir, water::CP_WATER};
use crate::plant::cooling::circuit::Stream;
use crate::plant::cooling::state::{CoolingMode, Drive, LoopState};
use crate::plant::cooling::tower::TowerSink;

impl ChillerPlantDesign {
    /// How `running` chillers with their tower carry `heat_w`, or the most that they can, from water
    /// that leaves them at `supply_c`. Each has its part of the condenser water, whose pumps rest with it.
    pub(in crate::plant::cooling) fn carries(
        &self,
        heat_w: Option<f64>,
        supply_c: f64,
        running: f64,
        (air, drive): (&MoistAir, &Drive),
    ) -> LoopState {
        let share = running / f64::from(self.chillers.units);
        let condenser_flow = self.circuit.pump_law.full_flow(drive.pumps.clamp(0.0, 1.0));
        let condenser_kg_s = share * condenser_flow * self.condenser_kg_s;
        let question = Question {
            plant: self,
            air,
            sink: TowerSink::new(air, self.tower.correction_wet_bulb_c),
            flow: 1.0,
            asked_w: heat_w.unwrap_or(0.0),
            chilled_w_k: self.circuit.capacity_w_k(1.0),
            condenser: Stream { kg_s: condenser_kg_s, w_k: condenser_kg_s * CP_WATER },
            condenser_flow,
            chilled_pump_w: 0.0,
            condenser_full_w: share * drive.pumps.clamp(0.0, 1.0) * self.condenser_pump_w,
            economiser_w_k: None,
            fans: drive.fans.clamp(0.0, 1.0),
            fan_speed: None,
            available: running,
            mode: Some(CoolingMode::Mechanical),
        };
        let load = if heat_w.is_some() { Load::Asked } else { Load::Most };
        let condensed = question.condense(supply_c, None, load);
        let answer: Answer = question.found(supply_c, &condensed);
        question.state(&answer)
    }

    /// Condenser water of chillers that have long stood, as it enters them, degrees Celsius: what their
    /// tower holds, or what the weather lets it.
    pub(in crate::plant::cooling) fn at_rest_c(&self, air: &MoistAir) -> f64 {
        let wet_bulb_c = air.wet_bulb_c();
        let wanted_c = self.condenser_setpoint.at(wet_bulb_c);
        wanted_c.max(self.minimum_condenser_c).max(wet_bulb_c)
    }
}
