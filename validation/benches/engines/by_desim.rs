//! desim: the models as processes, on the stores it offers.

use std::cell::RefCell;
use std::rc::Rc;

use desim::resources::{SimpleStore, Store};
use desim::{Effect, Event, SimContext, SimState, Simulation};

use crate::models::{Hold, Horizon, Line, Patience};
use crate::{Outcome, timed};

/// What a process yields: an effect, and the plan of which waiting it belongs to.
#[derive(Debug, Clone, Copy)]
struct Step {
    effect: Effect,
    plan: [u64; 2],
    waiting: u32,
}

impl SimState for Step {
    fn get_effect(&self) -> Effect {
        self.effect
    }

    fn set_effect(&mut self, effect: Effect) {
        self.effect = effect;
    }

    fn should_log(&self) -> bool {
        false
    }
}

fn step(effect: Effect) -> Step {
    Step { effect, plan: [0; 2], waiting: 0 }
}

fn wait(nanos: u64) -> Step {
    step(Effect::TimeOut(nanos as f64))
}

fn run(mut simulation: Simulation<Step>, horizon: Horizon) -> f64 {
    timed(horizon, |until| {
        while simulation.time() < until as f64 {
            simulation.step();
        }
    })
}

pub(super) fn hold(mut model: Hold) -> Outcome {
    let horizon = model.horizon;
    let first: Vec<u64> = (0..model.entities.len()).map(|_| model.delay()).collect();
    let model = Rc::new(RefCell::new(model));
    let mut simulation = Simulation::new();
    for (entity, first) in (0..).zip(first) {
        let model = Rc::clone(&model);
        let process = simulation.create_process(Box::new(
            #[coroutine]
            move |mut context: SimContext<Step>| {
                loop {
                    let delay = model.borrow_mut().fire(context.time() as u64, entity);
                    context = yield wait(delay);
                }
            },
        ));
        simulation.schedule_event(first as f64, process, step(Effect::Wait));
    }
    let seconds = run(simulation, horizon);
    let tally = model.borrow().tally;
    Outcome { seconds, tally }
}

pub(super) fn line(model: Line) -> Outcome {
    let (servers, horizon) = (model.servers, model.horizon);
    let model = Rc::new(RefCell::new(model));
    let mut simulation = Simulation::new();
    let line = simulation.create_store(Box::new(SimpleStore::new(usize::MAX)));
    let source = simulation.create_process(Box::new({
        let model = Rc::clone(&model);
        #[coroutine]
        move |_: SimContext<Step>| {
            loop {
                let gap = model.borrow_mut().gap();
                yield wait(gap);
                yield step(Effect::Push(line));
            }
        }
    }));
    simulation.schedule_event(0.0, source, step(Effect::Wait));
    for _ in 0..servers {
        let model = Rc::clone(&model);
        let server = simulation.create_process(Box::new(
            #[coroutine]
            move |_: SimContext<Step>| {
                loop {
                    yield step(Effect::Pull(line));
                    let service = model.borrow_mut().service();
                    let context = yield wait(service);
                    let mut model = model.borrow_mut();
                    model.tally.note(context.time() as u64, horizon);
                }
            },
        ));
        simulation.schedule_event(0.0, server, step(Effect::Wait));
    }
    let seconds = run(simulation, horizon);
    let tally = model.borrow().tally;
    Outcome { seconds, tally }
}

pub(super) fn patience(model: Patience<()>) -> Outcome {
    let (entities, horizon) = (model.pending.len(), model.horizon);
    let model = Rc::new(RefCell::new(model));
    let mut simulation = Simulation::new();
    let fork = simulation.create_store(Box::new(Fork));
    for _ in 0..entities {
        let model = Rc::clone(&model);
        let process = simulation.create_process(Box::new(
            #[coroutine]
            move |_: SimContext<Step>| {
                let mut waiting = 0;
                loop {
                    waiting += 1;
                    let plan = model.borrow_mut().plan();
                    let mut context = yield Step { effect: Effect::Push(fork), plan, waiting };
                    // What was not withdrawn wakes the process, and is ignored.
                    while context.state().waiting != waiting {
                        context = yield step(Effect::Wait);
                    }
                    model.borrow_mut().tally.note(context.time() as u64, horizon);
                }
            },
        ));
        simulation.schedule_event(0.0, process, step(Effect::Wait));
    }
    let seconds = run(simulation, horizon);
    let tally = model.borrow().tally;
    Outcome { seconds, tally }
}

/// Resumes a process at each of two instants, where an effect of desim knows only one.
struct Fork;

impl Store<Step> for Fork {
    fn push_or_enqueue_and_schedule_next(
        &mut self,
        event: Event<Step>,
        next: &mut Vec<Event<Step>>,
    ) {
        for delay in event.state().plan {
            let at = event.time() + delay as f64;
            next.push(Event::new(at, event.process(), *event.state()));
        }
    }

    fn pull_or_enqueue_and_schedule_next(&mut self, _: Event<Step>, _: &mut Vec<Event<Step>>) {
        unreachable!("a fork holds nothing")
    }
}
