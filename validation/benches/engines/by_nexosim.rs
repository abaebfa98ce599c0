//! nexosim: the model is a component that schedules its own events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nexosim::model::{Context, Model as NexosimModel, schedulable};
use nexosim::simulation::{EventKey, Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::models::{Engine, Event, Model, Tally};
use crate::{Outcome, timed};

/// A component; it reports when it is dropped, as nothing else lets one look into it.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Component<M: Model<EventKey>> {
    #[serde(skip)]
    model: Option<M>,
    #[serde(skip)]
    report: Arc<Mutex<Tally>>,
}

#[NexosimModel]
impl<M: Model<EventKey>> Component<M> {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        if let Some(model) = &mut self.model {
            model.start(&mut Handle(context));
        }
    }

    #[nexosim(schedulable)]
    fn on(&mut self, event: Event, context: &Context<Self>) {
        if let Some(model) = &mut self.model {
            model.handle(event, &mut Handle(context));
        }
    }
}

impl<M: Model<EventKey>> Drop for Component<M> {
    fn drop(&mut self) {
        if let (Some(model), Ok(mut report)) = (&self.model, self.report.lock()) {
            *report = model.tally();
        }
    }
}

struct Handle<'a, M: Model<EventKey>>(&'a Context<Component<M>>);

impl<M: Model<EventKey>> Engine for Handle<'_, M> {
    type Key = EventKey;

    fn now(&self) -> u64 {
        let since = self.0.time().duration_since(MonotonicTime::EPOCH);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }

    fn push(&mut self, delay: u64, event: Event) {
        let delay = Duration::from_nanos(delay);
        self.0
            .schedule_event(delay, schedulable!(Component::<M>::on), event)
            .expect("delays are positive");
    }

    fn schedule(&mut self, delay: u64, event: Event) -> EventKey {
        let delay = Duration::from_nanos(delay);
        self.0
            .schedule_keyed_event(delay, schedulable!(Component::<M>::on), event)
            .expect("delays are positive")
    }

    fn cancel(&mut self, key: EventKey) {
        key.cancel();
    }
}

pub(super) fn run(model: impl Model<EventKey>) -> Outcome {
    let horizon = model.horizon();
    let report = Arc::new(Mutex::new(Tally::default()));
    let component = Component { model: Some(model), report: Arc::clone(&report) };
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(component, Mailbox::new(), "model")
        .init(MonotonicTime::EPOCH)
        .expect("one model needs no connections");
    let seconds = timed(horizon, |until| {
        let until = MonotonicTime::EPOCH + Duration::from_nanos(until);
        simulation.step_until(until).expect("the model does not fail");
    });
    drop(simulation);
    let tally = *report.lock().expect("the model did not panic");
    Outcome { seconds, tally }
}
