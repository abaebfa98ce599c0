//! simcore: the model is a component with a handler.

use std::cell::RefCell;
use std::rc::Rc;

use simcore::{EventHandler, EventId, Simulation, SimulationContext};

use crate::models::{Engine, Event, Model};
use crate::{Outcome, timed};

impl Engine for SimulationContext {
    type Key = EventId;

    fn now(&self) -> u64 {
        self.time() as u64
    }

    fn push(&mut self, delay: u64, event: Event) {
        self.emit_self(event, delay as f64);
    }

    fn schedule(&mut self, delay: u64, event: Event) -> EventId {
        self.emit_self(event, delay as f64)
    }

    fn cancel(&mut self, id: EventId) {
        self.cancel_event(id);
    }
}

struct Component<M> {
    model: M,
    context: SimulationContext,
}

impl<M: Model<EventId>> EventHandler for Component<M> {
    fn on(&mut self, event: simcore::Event) {
        if let Ok(event) = event.data.downcast::<Event>() {
            self.model.handle(*event, &mut self.context);
        }
    }
}

pub(super) fn run(mut model: impl Model<EventId>) -> Outcome {
    let horizon = model.horizon();
    let mut simulation = Simulation::new(1);
    let mut context = simulation.create_context("model");
    model.start(&mut context);
    let component = Rc::new(RefCell::new(Component { model, context }));
    simulation.add_handler("model", component.clone());
    let seconds =
        timed(horizon, |until| while simulation.time() < until as f64 && simulation.step() {});
    let tally = component.borrow().model.tally();
    Outcome { seconds, tally }
}
