//! The same models in two engines that share nothing but their random numbers.
//!
//! `desim` resumes coroutines from a binary heap of floating-point times; our kernel dispatches
//! small events from a radix wheel of integer ones. Three queues, a repair shop and a server that
//! is preempted must nevertheless come out equal, event for event and to the nanosecond. Then
//! both are held against theory, within four standard errors of a variance that is known and
//! not estimated.
//!
//! What makes the engines comparable:
//! - Variates come from named streams, so the k-th draw of an entity is the same in whatever
//!   order the engines ask for it.
//! - Times are whole nanoseconds, which an `f64` holds exactly up to 104 days; [`Tape::note`]
//!   asserts that bound.
//! - Records are sorted before they are compared: `desim` has no order within an instant.
//! - `desim` processes the event that crosses a horizon, so records are cut there.

#![feature(coroutines, coroutine_trait, stmt_expr_attributes)]

use loadbank::kernel::{Span, Stream, Streams};

/// Seed of every run of this test.
const SEED: u64 = 20_260_601;
/// Customers of each queue.
const CUSTOMERS: u32 = 200_000;
/// Utilisation of each queue.
const LOAD: f64 = 0.8;
/// Mean service of each queue, s.
const SERVICE_S: f64 = 1.0;

#[test]
fn a_queue_with_one_server() {
    check_queue(Queue { servers: 1, customers: CUSTOMERS }, 4.0);
}

#[test]
fn a_queue_with_three_servers() {
    check_queue(Queue { servers: 3, customers: CUSTOMERS }, 1.0787);
}

#[test]
fn a_queue_with_eight_servers() {
    check_queue(Queue { servers: 8, customers: CUSTOMERS }, 0.2860);
}

/// Compares the engines, and then the number waiting with Erlang's formula C, whose mean wait
/// for these loads is `wait_s` (Gross et al., Fundamentals of Queueing Theory, 2.3).
fn check_queue(queue: Queue, wait_s: f64) {
    let records = ours::queue(queue);
    assert_equal(&records, &theirs::queue(queue));
    assert_eq!(records.len(), 3 * queue.customers as usize);

    let arrivals = LOAD * f64::from(queue.servers) / SERVICE_S;
    let theory = BirthDeath {
        birth: &|_| arrivals,
        death: &|n| f64::from(n.min(queue.servers)) / SERVICE_S,
        value: &|n| f64::from(n.saturating_sub(queue.servers)),
        states: 500,
    };
    assert_close(theory.mean() / arrivals, wait_s, 1e-4);
    let waiting = time_average(&records, &[What::Arrived], &[What::Started]);
    theory.assert_agrees(waiting, last_s(&records));
}

#[test]
fn a_repair_shop() {
    let shop = Shop { machines: 50, crews: 3, life_s: 1000.0, repair_s: 50.0, until_s: 500_000 };
    let records = ours::shop(shop);
    assert_equal(&records, &theirs::shop(shop));
    assert!(records.len() > 50_000, "a run of {} records shows little", records.len());

    let theory = BirthDeath {
        birth: &|down| f64::from(shop.machines - down) / shop.life_s,
        death: &|down| f64::from(down.min(shop.crews)) / shop.repair_s,
        value: &f64::from,
        states: shop.machines,
    };
    let down = time_average(&records, &[What::Failed], &[What::Repaired]);
    theory.assert_agrees(down, last_s(&records));
}

#[test]
fn a_server_that_is_preempted() {
    let server = Server { gap_s: 2.0, service_s: 1.0, on_s: 30.0, off_s: 10.0, until_s: 400_000 };
    let records = ours::server(server);
    assert_equal(&records, &theirs::server(server));

    // Work is neither lost nor invented: what a job is served between its starts and stops is
    // what was drawn for it.
    let mut customers = Customers::new("server", server.gap_s, server.service_s);
    let mut begun = None;
    let mut served = 0;
    let (mut finished, mut stops) = (0, 0);
    let mut work = records.clone();
    work.retain(|record| matches!(record.what, What::Started | What::Stopped | What::Left));
    work.sort_by_key(|record| (record.time, record.what == What::Started));
    for record in &work {
        if record.what == What::Started {
            assert_eq!(begun.replace(record.time), None, "one job at a time");
            continue;
        }
        served += record.time - begun.take().expect("what stops was started");
        stops += u32::from(record.what == What::Stopped);
        if record.what == What::Left {
            assert_eq!((record.entity, served), (finished, customers.next().service));
            finished += 1;
            served = 0;
        }
    }
    assert!(finished > 100_000 && stops > 1000, "{finished} jobs and {stops} preemptions");

    // A single server that breaks down whether or not it works (Mitrani and Avi-Itzhak 1968).
    // The phase makes this two-dimensional, so the variance is that of forty batch means.
    let (arrive, serve) = (1.0 / server.gap_s, 1.0 / server.service_s);
    let (fail, mend) = (1.0 / server.on_s, 1.0 / server.off_s);
    let expected = arrive * ((fail + mend).powi(2) + serve * fail)
        / ((fail + mend) * (serve * mend - arrive * (fail + mend)));
    let means = batch_means(&records, 40, &[What::Arrived], &[What::Left]);
    let mean = means.iter().sum::<f64>() / 40.0;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / 39.0;
    let error = (variance / 40.0).sqrt();
    assert!(error < 0.05 * expected, "a test with error {error} could not fail");
    assert_close(mean, expected, 4.0 * error);
}

#[test]
fn a_wrong_model_is_caught() {
    let right = ours::queue(Queue { servers: 3, customers: 1000 });
    let wrong = theirs::queue(Queue { servers: 2, customers: 1000 });
    let place = first_difference(&right, &wrong).expect("two servers are not three");
    assert!(place < 100, "the third customer at the same time is an early one, not {place}");
}

#[test]
fn a_nanosecond_is_caught() {
    let right = ours::queue(Queue { servers: 3, customers: 1000 });
    let mut wrong = right.clone();
    wrong[777].time += 1;
    assert_eq!(first_difference(&right, &wrong), Some(777));
}

#[test]
fn the_variance_is_the_known_one() {
    // Number in the system M/M/1: 2 rho (1 + rho) / (1 - rho)^4 (Whitt 1989, eq. 25).
    let queue = BirthDeath {
        birth: &|_| 0.8,
        death: &|n| f64::from(n.min(1)),
        value: &f64::from,
        states: 500,
    };
    assert_close(queue.variance(), 2.0 * 0.8 * 1.8 / 0.2_f64.powi(4), 1e-6);
    // A machine of two states with rates a and b is up a share p; its variance is 2 p (1 - p) / (a + b).
    let machine = BirthDeath { birth: &|_| 0.3, death: &|_| 0.7, value: &f64::from, states: 1 };
    assert_close(machine.mean(), 0.3, 1e-12);
    assert_close(machine.variance(), 2.0 * 0.3 * 0.7, 1e-12);
}

// The models, as far as the engines share them: parameters and variates.

/// Customers of one class before identical servers, first come first served.
#[derive(Clone, Copy)]
struct Queue {
    servers: u32,
    customers: u32,
}

/// Machines that fail, and crews that repair them.
#[derive(Clone, Copy)]
struct Shop {
    machines: u32,
    crews: u32,
    life_s: f64,
    repair_s: f64,
    until_s: u64,
}

/// One server that is switched off now and then. A job that this strikes goes on where it was.
#[derive(Clone, Copy)]
struct Server {
    gap_s: f64,
    service_s: f64,
    on_s: f64,
    off_s: f64,
    until_s: u64,
}

/// The customers that come to a place, in order.
struct Customers {
    gaps: Stream,
    services: Stream,
    gap_s: f64,
    service_s: f64,
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Customer {
    id: u32,
    /// Time since the customer before, ns.
    gap: u64,
    /// Time of service, ns.
    service: u64,
}

impl Customers {
    fn new(place: &str, gap_s: f64, service_s: f64) -> Self {
        let streams = Streams::new(SEED, 0);
        let (gaps, services) = (streams.stream("gap", place), streams.stream("service", place));
        Self { gaps, services, gap_s, service_s, next: 0 }
    }

    fn of(queue: Queue) -> Self {
        Self::new("queue", SERVICE_S / (LOAD * f64::from(queue.servers.max(1))), SERVICE_S)
    }

    fn next(&mut self) -> Customer {
        let id = self.next;
        self.next += 1;
        let gap = nanos(self.gaps.exponential(self.gap_s));
        Customer { id, gap, service: nanos(self.services.exponential(self.service_s)) }
    }
}

fn nanos(seconds: f64) -> u64 {
    Span::from_secs_f64(seconds).as_nanos()
}

// Records and their comparison.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    /// ns.
    time: u64,
    entity: u32,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrived,
    Started,
    Stopped,
    Left,
    Failed,
    Repaired,
}

/// What an engine did.
#[derive(Default)]
struct Tape(Vec<Record>);

impl Tape {
    fn note(&mut self, time: u64, entity: u32, what: What) {
        assert!(time < 1 << 53, "an f64 loses nanoseconds after 104 days");
        self.0.push(Record { time, entity, what });
    }

    /// The records up to `until_s`, in an order that does not depend on the engine.
    fn finish(mut self, until_s: u64) -> Vec<Record> {
        self.0.retain(|record| record.time <= until_s * 1_000_000_000);
        self.0.sort_unstable();
        self.0
    }
}

fn assert_equal(ours: &[Record], theirs: &[Record]) {
    if let Some(place) = first_difference(ours, theirs) {
        panic!("record {place} is {:?} here, {:?} there", ours.get(place), theirs.get(place));
    }
}

fn first_difference(ours: &[Record], theirs: &[Record]) -> Option<usize> {
    let common = ours.iter().zip(theirs).position(|(our, their)| our != their);
    common.or((ours.len() != theirs.len()).then_some(ours.len().min(theirs.len())))
}

// Statistics and theory.

/// Time average of a number that some records raise by one and others lower.
fn time_average(records: &[Record], up: &[What], down: &[What]) -> f64 {
    batch_means(records, 1, up, down)[0]
}

fn batch_means(records: &[Record], batches: u32, up: &[What], down: &[What]) -> Vec<f64> {
    let length = last_s(records) / f64::from(batches);
    let mut areas = vec![0.0; batches as usize];
    let (mut number, mut since) = (0.0, 0.0_f64);
    for record in records {
        let now = record.time as f64 * 1e-9;
        while since < now {
            let batch = ((since / length) as usize).min(areas.len() - 1);
            let end = if batch + 1 == areas.len() { now } else { (batch + 1) as f64 * length };
            let step = now.min(end.max(since.next_up()));
            areas[batch] += number * (step - since);
            since = step;
        }
        number += f64::from(i8::from(up.contains(&record.what)));
        number -= f64::from(i8::from(down.contains(&record.what)));
    }
    areas.iter().map(|area| area / length).collect()
}

fn last_s(records: &[Record]) -> f64 {
    records.last().expect("something happened").time as f64 * 1e-9
}

/// A birth-death process on `0..=states` with a value at each state.
struct BirthDeath<'a> {
    birth: &'a dyn Fn(u32) -> f64,
    death: &'a dyn Fn(u32) -> f64,
    value: &'a dyn Fn(u32) -> f64,
    states: u32,
}

impl BirthDeath<'_> {
    /// The stationary law.
    fn law(&self) -> Vec<f64> {
        let mut law = vec![1.0];
        for n in 1..=self.states {
            law.push(law[n as usize - 1] * (self.birth)(n - 1) / (self.death)(n));
        }
        let sum: f64 = law.iter().sum();
        law.iter().map(|p| p / sum).collect()
    }

    fn mean(&self) -> f64 {
        (0..).zip(self.law()).map(|(n, p)| (self.value)(n) * p).sum()
    }

    /// Asymptotic variance of the time average, times the length of the run:
    /// 2 sum_j (sum_{i > j} (f(i) - mean) p_i)^2 / (birth_j p_j) (Whitt 1992, eq. 6).
    fn variance(&self) -> f64 {
        let (law, mean) = (self.law(), self.mean());
        let (mut tail, mut sum) = (0.0, 0.0);
        for j in (0..self.states).rev() {
            tail += ((self.value)(j + 1) - mean) * law[j as usize + 1];
            sum += tail * tail / ((self.birth)(j) * law[j as usize]);
        }
        2.0 * sum
    }

    fn assert_agrees(&self, observed: f64, length_s: f64) {
        let error = (self.variance() / length_s).sqrt();
        assert!(error < 0.05 * self.mean(), "a test with error {error} could not fail");
        assert_close(observed, self.mean(), 4.0 * error);
    }
}

fn assert_close(observed: f64, expected: f64, tolerance: f64) {
    let off = (observed - expected).abs();
    assert!(off <= tolerance, "{observed} is not {expected} within {tolerance}");
}

/// The models on our kernel.
mod ours {
    use std::collections::VecDeque;

    use loadbank::kernel::{Agenda, Class, Span, Streams, Ticket, Time};

    use super::{Customer, Customers, Queue, Record, SEED, Server, Shop, Tape, What, nanos};

    pub(super) fn queue(queue: Queue) -> Vec<Record> {
        #[derive(Clone, Copy)]
        enum Event {
            Arrive,
            Leave(u32),
        }
        let mut agenda = Agenda::new();
        let mut tape = Tape::default();
        let mut customers = Customers::of(queue);
        let mut waiting: VecDeque<Customer> = VecDeque::new();
        let mut free = queue.servers;
        let mut coming = customers.next();
        agenda.push(after(Time::ZERO, coming.gap), Class::Work, Event::Arrive);
        while let Some((now, event)) = agenda.pop_until(Time::MAX) {
            match event {
                Event::Arrive => {
                    tape.note(now.as_nanos(), coming.id, What::Arrived);
                    waiting.push_back(coming);
                    coming = customers.next();
                    if coming.id < queue.customers {
                        agenda.push(after(now, coming.gap), Class::Work, Event::Arrive);
                    }
                }
                Event::Leave(id) => {
                    tape.note(now.as_nanos(), id, What::Left);
                    free += 1;
                }
            }
            if free > 0
                && let Some(customer) = waiting.pop_front()
            {
                free -= 1;
                tape.note(now.as_nanos(), customer.id, What::Started);
                agenda.push(after(now, customer.service), Class::Work, Event::Leave(customer.id));
            }
        }
        tape.finish(u64::MAX >> 30)
    }

    pub(super) fn shop(shop: Shop) -> Vec<Record> {
        #[derive(Clone, Copy)]
        enum Event {
            Fail(u32),
            Repaired(u32),
        }
        let streams = Streams::new(SEED, 0);
        let name = |machine: u32| format!("machine-{machine}");
        let mut lives: Vec<_> =
            (0..shop.machines).map(|m| streams.stream("life", &name(m))).collect();
        let mut repairs: Vec<_> =
            (0..shop.machines).map(|m| streams.stream("repair", &name(m))).collect();
        let mut agenda = Agenda::new();
        let mut tape = Tape::default();
        let mut waiting = VecDeque::new();
        let mut free = shop.crews;
        for machine in 0..shop.machines {
            let life = nanos(lives[machine as usize].exponential(shop.life_s));
            agenda.push(after(Time::ZERO, life), Class::Plant, Event::Fail(machine));
        }
        while let Some((now, event)) =
            agenda.pop_until(after(Time::ZERO, shop.until_s * 1_000_000_000))
        {
            match event {
                Event::Fail(machine) => {
                    tape.note(now.as_nanos(), machine, What::Failed);
                    waiting.push_back(machine);
                }
                Event::Repaired(machine) => {
                    tape.note(now.as_nanos(), machine, What::Repaired);
                    free += 1;
                    let life = nanos(lives[machine as usize].exponential(shop.life_s));
                    agenda.push(after(now, life), Class::Plant, Event::Fail(machine));
                }
            }
            if free > 0
                && let Some(machine) = waiting.pop_front()
            {
                free -= 1;
                tape.note(now.as_nanos(), machine, What::Started);
                let repair = nanos(repairs[machine as usize].exponential(shop.repair_s));
                agenda.push(after(now, repair), Class::Plant, Event::Repaired(machine));
            }
        }
        tape.finish(shop.until_s)
    }

    pub(super) fn server(server: Server) -> Vec<Record> {
        #[derive(Clone, Copy)]
        enum Event {
            Arrive,
            Done,
            Switch,
        }
        let mut switching = Streams::new(SEED, 0).stream("switch", "server");
        let mut customers = Customers::new("server", server.gap_s, server.service_s);
        let mut agenda = Agenda::new();
        let mut tape = Tape::default();
        let mut waiting: VecDeque<Customer> = VecDeque::new();
        let mut running: Option<(Ticket, Time)> = None;
        let mut on = true;
        let mut coming = customers.next();
        agenda.push(after(Time::ZERO, coming.gap), Class::Work, Event::Arrive);
        let first = nanos(switching.exponential(server.on_s));
        agenda.push(after(Time::ZERO, first), Class::Control, Event::Switch);
        while let Some((now, event)) =
            agenda.pop_until(after(Time::ZERO, server.until_s * 1_000_000_000))
        {
            match event {
                Event::Arrive => {
                    tape.note(now.as_nanos(), coming.id, What::Arrived);
                    waiting.push_back(coming);
                    coming = customers.next();
                    agenda.push(after(now, coming.gap), Class::Work, Event::Arrive);
                }
                Event::Done => {
                    let job = waiting.pop_front().expect("what is done was there");
                    tape.note(now.as_nanos(), job.id, What::Left);
                    running = None;
                }
                Event::Switch => {
                    on = !on;
                    let mean_s = if on { server.on_s } else { server.off_s };
                    let next = nanos(switching.exponential(mean_s));
                    agenda.push(after(now, next), Class::Control, Event::Switch);
                    if let Some((done, since)) = running.take() {
                        assert!(agenda.cancel(done), "what runs has not ended");
                        let job = waiting.front_mut().expect("what runs is there");
                        job.service -= (now - since).as_nanos();
                        tape.note(now.as_nanos(), job.id, What::Stopped);
                    }
                }
            }
            if on
                && running.is_none()
                && let Some(job) = waiting.front()
            {
                tape.note(now.as_nanos(), job.id, What::Started);
                let done = agenda.schedule(after(now, job.service), Class::Work, Event::Done);
                running = Some((done, now));
            }
        }
        tape.finish(server.until_s)
    }

    fn after(now: Time, nanos: u64) -> Time {
        now + Span::from_nanos(nanos)
    }
}

/// The models on `desim`, each in the form that suits processes.
mod theirs {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;
    use std::rc::Rc;

    use desim::resources::{SimpleResource, SimpleStore, Store};
    use desim::{Effect, EndCondition, Event, SimContext, SimState, Simulation};
    use loadbank::kernel::Streams;

    use super::{Customer, Customers, Queue, Record, SEED, Server, Shop, Tape, What, nanos};

    /// What a process yields: an effect, and what goes with it.
    #[derive(Debug, Clone, Copy)]
    struct Step {
        effect: Effect,
        customer: Option<Customer>,
        /// Which service this is the end of, where it is one.
        service: Option<u32>,
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

    const fn step(effect: Effect) -> Step {
        Step { effect, customer: None, service: None }
    }

    fn wait(nanos: u64) -> Step {
        step(Effect::TimeOut(nanos as f64))
    }

    fn time_of(context: &SimContext<Step>) -> u64 {
        context.time() as u64
    }

    pub(super) fn queue(queue: Queue) -> Vec<Record> {
        let tape = Rc::new(RefCell::new(Tape::default()));
        let mut simulation = Simulation::new();
        let line = simulation.create_store(Box::new(SimpleStore::new(usize::MAX)));
        let source = simulation.create_process(Box::new({
            let tape = Rc::clone(&tape);
            #[coroutine]
            move |_: SimContext<Step>| {
                let mut customers = Customers::of(queue);
                for _ in 0..queue.customers {
                    let customer = customers.next();
                    let context = yield wait(customer.gap);
                    tape.borrow_mut().note(time_of(&context), customer.id, What::Arrived);
                    yield Step { customer: Some(customer), ..step(Effect::Push(line)) };
                }
            }
        }));
        simulation.schedule_event(0.0, source, step(Effect::Wait));
        for _ in 0..queue.servers {
            let tape = Rc::clone(&tape);
            let server = simulation.create_process(Box::new(
                #[coroutine]
                move |_: SimContext<Step>| {
                    loop {
                        let context = yield step(Effect::Pull(line));
                        let customer = context.state().customer.expect("customers are pushed");
                        tape.borrow_mut().note(time_of(&context), customer.id, What::Started);
                        let context = yield wait(customer.service);
                        tape.borrow_mut().note(time_of(&context), customer.id, What::Left);
                    }
                },
            ));
            simulation.schedule_event(0.0, server, step(Effect::Wait));
        }
        drop(simulation.run(EndCondition::NoEvents));
        finish(tape, u64::MAX >> 30)
    }

    pub(super) fn shop(shop: Shop) -> Vec<Record> {
        let tape = Rc::new(RefCell::new(Tape::default()));
        let mut simulation = Simulation::new();
        let crews = simulation.create_resource(Box::new(SimpleResource::new(shop.crews as usize)));
        let streams = Streams::new(SEED, 0);
        for machine in 0..shop.machines {
            let tape = Rc::clone(&tape);
            let name = format!("machine-{machine}");
            let mut lives = streams.stream("life", &name);
            let mut repairs = streams.stream("repair", &name);
            let process = simulation.create_process(Box::new(
                #[coroutine]
                move |_: SimContext<Step>| {
                    loop {
                        let context = yield wait(nanos(lives.exponential(shop.life_s)));
                        tape.borrow_mut().note(time_of(&context), machine, What::Failed);
                        let context = yield step(Effect::Request(crews));
                        tape.borrow_mut().note(time_of(&context), machine, What::Started);
                        let context = yield wait(nanos(repairs.exponential(shop.repair_s)));
                        tape.borrow_mut().note(time_of(&context), machine, What::Repaired);
                        yield step(Effect::Release(crews));
                    }
                },
            ));
            simulation.schedule_event(0.0, process, step(Effect::Wait));
        }
        run_until(simulation, shop.until_s);
        finish(tape, shop.until_s)
    }

    pub(super) fn server(server: Server) -> Vec<Record> {
        let tape = Rc::new(RefCell::new(Tape::default()));
        let waiting: Rc<RefCell<VecDeque<Customer>>> = Rc::default();
        let on = Rc::new(Cell::new(true));
        let mut simulation = Simulation::new();
        let worker = simulation.create_process(Box::new({
            let (tape, waiting, on) = (Rc::clone(&tape), Rc::clone(&waiting), Rc::clone(&on));
            #[coroutine]
            move |mut context: SimContext<Step>| {
                // Timeouts cannot be withdrawn: each bears the number of the service that it
                // ends, and is ignored where that service was stopped.
                let mut service = 0;
                let mut running: Option<u64> = None;
                loop {
                    let now = time_of(&context);
                    if let Some(since) = running {
                        if context.state().service == Some(service) {
                            let job = waiting.borrow_mut().pop_front().expect("it was served");
                            tape.borrow_mut().note(now, job.id, What::Left);
                            running = None;
                        } else if !on.get() {
                            let mut jobs = waiting.borrow_mut();
                            let job = jobs.front_mut().expect("it is served");
                            job.service -= now - since;
                            tape.borrow_mut().note(now, job.id, What::Stopped);
                            running = None;
                        }
                    }
                    let next = waiting.borrow().front().copied();
                    let next = next.filter(|_| on.get() && running.is_none());
                    context = if let Some(job) = next {
                        tape.borrow_mut().note(now, job.id, What::Started);
                        running = Some(now);
                        service += 1;
                        yield Step { service: Some(service), ..wait(job.service) }
                    } else {
                        yield step(Effect::Wait)
                    };
                }
            }
        }));
        let bell = simulation.create_store(Box::new(Bell { rings: worker }));
        let source = simulation.create_process(Box::new({
            let tape = Rc::clone(&tape);
            #[coroutine]
            move |_: SimContext<Step>| {
                let mut customers = Customers::new("server", server.gap_s, server.service_s);
                loop {
                    let customer = customers.next();
                    let context = yield wait(customer.gap);
                    tape.borrow_mut().note(time_of(&context), customer.id, What::Arrived);
                    waiting.borrow_mut().push_back(customer);
                    yield step(Effect::Push(bell));
                }
            }
        }));
        let switch = simulation.create_process(Box::new(
            #[coroutine]
            move |_: SimContext<Step>| {
                let mut switching = Streams::new(SEED, 0).stream("switch", "server");
                loop {
                    let mean_s = if on.get() { server.on_s } else { server.off_s };
                    yield wait(nanos(switching.exponential(mean_s)));
                    on.set(!on.get());
                    yield step(Effect::Push(bell));
                }
            },
        ));
        for process in [source, switch] {
            simulation.schedule_event(0.0, process, step(Effect::Wait));
        }
        run_until(simulation, server.until_s);
        finish(tape, server.until_s)
    }

    /// Resumes one process and goes on with the one that rings, which no effect of `desim` does.
    struct Bell {
        rings: usize,
    }

    impl Store<Step> for Bell {
        fn push_or_enqueue_and_schedule_next(
            &mut self,
            event: Event<Step>,
            next: &mut Vec<Event<Step>>,
        ) {
            next.push(Event::new(event.time(), self.rings, step(Effect::Wait)));
            next.push(event);
        }

        fn pull_or_enqueue_and_schedule_next(&mut self, _: Event<Step>, _: &mut Vec<Event<Step>>) {
            unreachable!("nobody waits at a bell")
        }
    }

    /// `EndCondition::Time` would loop for ever if the queue ran dry.
    fn run_until(mut simulation: Simulation<Step>, until_s: u64) {
        while simulation.time() <= until_s as f64 * 1e9 {
            simulation.step();
        }
    }

    fn finish(tape: Rc<RefCell<Tape>>, until_s: u64) -> Vec<Record> {
        tape.take().finish(until_s)
    }
}
