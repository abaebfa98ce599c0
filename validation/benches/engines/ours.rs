//! Our kernel: the calendar as an engine.

use loadbank::kernel::{Agenda, Class, Span, Ticket, Time};

use crate::models::{Engine, Event, Model};
use crate::{Outcome, timed};

impl Engine for Agenda<Event> {
    type Key = Ticket;

    fn now(&self) -> u64 {
        self.now().as_nanos()
    }

    fn push(&mut self, delay: u64, event: Event) {
        self.push(self.now() + Span::from_nanos(delay), Class::Work, event);
    }

    fn schedule(&mut self, delay: u64, event: Event) -> Ticket {
        self.schedule(self.now() + Span::from_nanos(delay), Class::Work, event)
    }

    fn cancel(&mut self, ticket: Ticket) {
        self.cancel(ticket);
    }
}

pub(super) fn run(mut model: impl Model<Ticket>) -> Outcome {
    let mut agenda = Agenda::new();
    model.start(&mut agenda);
    let seconds = timed(model.horizon(), |until| {
        while let Some((_, event)) = agenda.pop_until(Time::from_nanos(until)) {
            model.handle(event, &mut agenda);
        }
    });
    Outcome { seconds, tally: model.tally() }
}
