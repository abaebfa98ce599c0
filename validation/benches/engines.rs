//! Our kernel beside three other engines, on the same models and the same variates.
//!
//! `cargo bench -p validation --bench engines`. Prints what an event costs with us, and how many
//! times that the others take. Engines take turns within a round, and a figure is the median of
//! the rounds, so that what else the machine does strikes all alike. Every engine is stepped up
//! to the same instant after a quarter of the run has gone by unmeasured.
//!
//! The models are written once as event handlers, generic in the engine, for ours, simcore and
//! nexosim (each as a single component, which is the fastest form for them). desim knows only
//! processes; for it the same models are processes, on the stores it offers. Where an engine
//! orders ties as we do, it must reach the same checksum.

#![feature(coroutines, coroutine_trait, stmt_expr_attributes)]
#![expect(clippy::print_stdout, reason = "this program prints a table")]

use std::collections::VecDeque;
use std::time::Instant;

use loadbank::kernel::{Span, Stream, Streams};
use serde::{Deserialize, Serialize};

/// Rounds, of which the median counts.
const ROUNDS: usize = 5;

fn main() {
    println!("ns with us, and times that with others (demanded by the design: met or missed)\n");
    println!("{:28}{:>10}{:>20}{:>20}{:>20}", "", "ours", "desim", "simcore", "nexosim");
    for (entities, floor) in [(1_000, 2.5), (100_000, 4.5)] {
        let horizon_s = 1e6 / f64::from(entities);
        let model = || Hold::new(entities, horizon_s);
        compare(
            &format!("hold, {entities} pending: event"),
            floor,
            [
                &|| ours::run(model()),
                &|| by_desim::hold(model()),
                &|| by_simcore::run(model()),
                &|| by_nexosim::run(model()),
            ],
        );
    }
    for servers in [1, 8] {
        let model = || Line::new(servers, 500_000.0);
        compare(
            &format!("M/M/{servers}: customer"),
            2.5,
            [
                &|| ours::run(model()),
                &|| by_desim::line(model()),
                &|| by_simcore::run(model()),
                &|| by_nexosim::run(model()),
            ],
        );
    }
    for (entities, floor) in [(1_000, 2.5), (100_000, 4.5)] {
        let horizon_s = 4e5 / f64::from(entities);
        compare(
            &format!("cancel, {entities} patient: cycle"),
            floor,
            [
                &|| ours::run(Patience::new(entities, horizon_s)),
                &|| by_desim::patience(Patience::<()>::new(entities, horizon_s)),
                &|| by_simcore::run(Patience::new(entities, horizon_s)),
                &|| by_nexosim::run(Patience::new(entities, horizon_s)),
            ],
        );
    }
}

/// What nexosim is to be slower by, at any size.
const NEXOSIM_FLOOR: f64 = 10.0;

/// Runs a model on all engines in turns, and prints a row.
fn compare(name: &str, floor: f64, engines: [&dyn Fn() -> Outcome; 4]) {
    let mut times = [const { Vec::new() }; 4];
    let mut tallies = [Tally::default(); 4];
    for round in 0..ROUNDS {
        for turn in 0..engines.len() {
            let engine = (round + turn) % engines.len();
            let outcome = engines[engine]();
            times[engine].push(outcome.seconds);
            tallies[engine] = outcome.tally;
        }
    }
    let [ours, desim, simcore, nexosim] = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    // Three quarters of a stationary run.
    let measured = 0.75 * tallies[0].events as f64;
    print!("{name:28}{:>7.1} ns", ours / measured * 1e9);
    let floors = [floor, floor, NEXOSIM_FLOOR];
    for ((time, floor), tally) in
        [desim, simcore, nexosim].into_iter().zip(floors).zip(&tallies[1..])
    {
        let ratio = time / ours;
        let verdict = if ratio >= floor { "met" } else { "missed" };
        let mark = if tally == &tallies[0] { ' ' } else { '*' };
        print!("{:>20}", format!("{ratio:.1}x{mark}({floor}: {verdict})"));
    }
    println!();
    assert_eq!(tallies[0], tallies[2], "simcore orders ties as we do");
    assert_eq!(tallies[0], tallies[3], "nexosim orders ties as we do");
    let off = tallies[0].events.abs_diff(tallies[1].events) as f64;
    assert!(off <= 1e-2 * tallies[0].events as f64, "desim runs the same model");
}

/// What one run of an engine took, and what happened in it.
struct Outcome {
    seconds: f64,
    tally: Tally,
}

/// The part of a run that is not measured, and its end, ns.
#[derive(Debug, Clone, Copy)]
struct Horizon {
    warm: u64,
    end: u64,
}

impl Horizon {
    fn new(end_s: f64) -> Self {
        let end = (end_s * 1e9) as u64;
        Self { warm: end / 4, end }
    }
}

/// CPU time of this thread where the system tells it, otherwise the time of the wall, s.
fn cpu_s(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanos.map_or_else(|| start.elapsed().as_secs_f64(), |nanos| nanos as f64 * 1e-9)
}

/// Runs `simulate` up to the end of the warm-up, then times it to the end of the run.
fn timed(horizon: Horizon, mut simulate: impl FnMut(u64)) -> f64 {
    simulate(horizon.warm);
    let clock = Instant::now();
    let start = cpu_s(clock);
    simulate(horizon.end);
    cpu_s(clock) - start
}

// The models.

/// Everything that can happen in the models, in one small type as a simulator has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Event {
    Fire(u32),
    Arrive,
    Leave,
    Answer(u32),
    GiveUp(u32),
}

/// What the handlers ask of an engine. Delays in ns, at least 1.
trait Engine {
    type Key;
    fn now(&self) -> u64;
    fn push(&mut self, delay: u64, event: Event);
    fn schedule(&mut self, delay: u64, event: Event) -> Self::Key;
    fn cancel(&mut self, key: Self::Key);
}

/// A model in the form of an event handler.
trait Model<K>: Send + 'static {
    fn start(&mut self, engine: &mut impl Engine<Key = K>);
    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>);
    fn tally(&self) -> Tally;
    fn horizon(&self) -> Horizon;
}

/// What happened, up to the horizon: engines that overshoot it are not told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    events: u64,
    checksum: u64,
}

impl Tally {
    fn note(&mut self, now: u64, horizon: Horizon) {
        if now <= horizon.end {
            self.events += 1;
            self.checksum = self.checksum.rotate_left(5) ^ now;
        }
    }
}

/// Entities that each wait an exponential second, touch their state and wait again.
struct Hold {
    tally: Tally,
    horizon: Horizon,
    delays: Stream,
    entities: Vec<[u64; 8]>,
}

impl Hold {
    fn new(entities: u32, horizon_s: f64) -> Self {
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(horizon_s),
            delays: Streams::new(1, 0).stream("delay", "hold"),
            entities: vec![[0; 8]; entities as usize],
        }
    }

    fn delay(&mut self) -> u64 {
        draw(&mut self.delays, 1.0)
    }

    /// The event of an entity: returns when it has its next.
    fn fire(&mut self, now: u64, entity: u32) -> u64 {
        let state = &mut self.entities[entity as usize];
        state[0] += 1;
        state[7] ^= now;
        self.tally.note(now, self.horizon);
        self.delay()
    }
}

impl<K> Model<K> for Hold {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        for entity in 0..self.entities.len() as u32 {
            engine.push(self.delay(), Event::Fire(entity));
        }
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        if let Event::Fire(entity) = event {
            engine.push(self.fire(engine.now(), entity), event);
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// Customers before identical servers, first come first served, at 80 % of capacity.
struct Line {
    tally: Tally,
    horizon: Horizon,
    gaps: Stream,
    services: Stream,
    servers: u32,
    free: u32,
    waiting: VecDeque<u64>,
}

impl Line {
    fn new(servers: u32, customers: f64) -> Self {
        let streams = Streams::new(1, 0);
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(customers / (0.8 * f64::from(servers))),
            gaps: streams.stream("gap", "line"),
            services: streams.stream("service", "line"),
            servers,
            free: servers,
            waiting: VecDeque::new(),
        }
    }

    fn gap(&mut self) -> u64 {
        draw(&mut self.gaps, 1.0 / (0.8 * f64::from(self.servers)))
    }

    fn service(&mut self) -> u64 {
        draw(&mut self.services, 1.0)
    }
}

impl<K> Model<K> for Line {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        engine.push(self.gap(), Event::Arrive);
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        let now = engine.now();
        if let Event::Arrive = event {
            self.waiting.push_back(now);
            engine.push(self.gap(), Event::Arrive);
        } else {
            self.tally.note(now, self.horizon);
            self.free += 1;
        }
        if self.free > 0 && self.waiting.pop_front().is_some() {
            self.free -= 1;
            engine.push(self.service(), Event::Leave);
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// Entities that each wait for an answer but give up after a while. Nine of ten are answered.
struct Patience<K> {
    tally: Tally,
    horizon: Horizon,
    delays: Stream,
    pending: Vec<Option<[K; 2]>>,
}

impl<K> Patience<K> {
    fn new(entities: u32, horizon_s: f64) -> Self {
        Self {
            tally: Tally::default(),
            horizon: Horizon::new(horizon_s),
            delays: Streams::new(1, 0).stream("delay", "patience"),
            pending: (0..entities).map(|_| None).collect(),
        }
    }

    /// Delays until the answer and until patience ends.
    fn plan(&mut self) -> [u64; 2] {
        [draw(&mut self.delays, 1.0), draw(&mut self.delays, 9.0)]
    }

    fn ask(&mut self, entity: u32, engine: &mut impl Engine<Key = K>) {
        let [answer, patience] = self.plan();
        let keys = [
            engine.schedule(answer, Event::Answer(entity)),
            engine.schedule(patience, Event::GiveUp(entity)),
        ];
        self.pending[entity as usize] = Some(keys);
    }
}

impl<K: Send + 'static> Model<K> for Patience<K> {
    fn start(&mut self, engine: &mut impl Engine<Key = K>) {
        for entity in 0..self.pending.len() as u32 {
            self.ask(entity, engine);
        }
    }

    fn handle(&mut self, event: Event, engine: &mut impl Engine<Key = K>) {
        let (Event::Answer(entity) | Event::GiveUp(entity)) = event else { return };
        self.tally.note(engine.now(), self.horizon);
        if let Some([answer, patience]) = self.pending[entity as usize].take() {
            engine.cancel(if let Event::Answer(_) = event { patience } else { answer });
        }
        self.ask(entity, engine);
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn horizon(&self) -> Horizon {
        self.horizon
    }
}

/// An exponential delay in ns; never zero, which nexosim does not accept.
fn draw(stream: &mut Stream, mean_s: f64) -> u64 {
    1 + Span::from_secs_f64(stream.exponential(mean_s)).as_nanos()
}

mod ours {
    use loadbank::kernel::{Agenda, Class, Span, Ticket, Time};

    use super::{Engine, Event, Model, Outcome, timed};

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
}

mod by_simcore {
    use std::cell::RefCell;
    use std::rc::Rc;

    use simcore::{EventHandler, EventId, Simulation, SimulationContext};

    use super::{Engine, Event, Model, Outcome, timed};

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
}

mod by_nexosim {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use nexosim::model::{Context, Model as NexosimModel, schedulable};
    use nexosim::simulation::{EventKey, Mailbox, SimInit};
    use nexosim::time::MonotonicTime;
    use serde::{Deserialize, Serialize};

    use super::{Engine, Event, Model, Outcome, Tally, timed};

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
}

mod by_desim {
    use std::cell::RefCell;
    use std::rc::Rc;

    use desim::resources::{SimpleStore, Store};
    use desim::{Effect, Event, SimContext, SimState, Simulation};

    use super::{Hold, Horizon, Line, Outcome, Patience, timed};

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
}
