//! The training model: jobs on nodes, driven by the facility.

use std::collections::{BTreeMap, VecDeque};

use super::account::{GpuHours, Interruptions, JobCounts, JobRecord, QueueWait, TrainingSummary};
use super::fleet::{FailureDraws, Fleet, RackPower, Slot};
use super::generator::Source;
use super::job::{Job, Phase};
use super::power::ROUNDING;
use super::schedule::{Granted, Scheduler};
use super::spec::{Recovery, TrainingDesign};
use super::swf::JobEnd;
use crate::kernel::{Agenda, Class, Span, Streams, Ticket, Time};
use crate::plant::{Demand, Rank};
use crate::workload::RackOffer;
use crate::workload::gpu::GpuRackDesign;

/// A training workload on its racks.
///
/// The facility drives it: [`advance`](Self::advance) at [`next_at`](Self::next_at) or before
/// it changes something, [`offer`](Self::offer) for each rack whose conditions changed, then
/// [`settle`](Self::settle) once. It reads back what each rack would and does draw.
///
/// Events are arrivals, node failures, repairs, racks that finish starting, and for each job
/// the end of its phase; checkpoints are none. A change that touches a job costs time in
/// proportion to the racks of that job.
#[derive(Debug, Clone)]
pub struct Training {
    design: TrainingDesign,
    rack: GpuRackDesign,
    agenda: Agenda<Event>,
    source: Source,
    fleet: Fleet,
    racks: Vec<Rack>,
    jobs: Vec<Job>,
    free_slots: Vec<Slot>,
    /// The queue.
    scheduler: Scheduler,
    /// The scheduler's next promised start.
    promise: Option<(Time, Ticket)>,
    /// Jobs that hold nodes and need more, by number, which is their order of submission.
    waiting: BTreeMap<u64, Slot>,
    /// Crews without a node to repair, and the nodes that wait for one, each with the time
    /// that its repair will take.
    crews: usize,
    broken: VecDeque<(u32, Span)>,
    /// Nodes that the jobs outside the queue have a right to.
    committed: usize,
    /// Something happened that may let a job have nodes.
    pass_due: bool,
    /// Racks whose offer changed since the last settling.
    offered: Vec<u32>,
    /// Racks and jobs to look at before the instant is over.
    stale_racks: Vec<u32>,
    touched_jobs: Vec<Slot>,
    /// Racks whose demand or draw changed since the last drain.
    changed: Vec<u32>,
    /// Room for the nodes of one allocation.
    taken: Vec<u32>,
    /// Room for the jobs that one pass starts.
    granted: Vec<Granted>,
    finished: Vec<JobRecord>,
    totals: Totals,
}

/// What the jobs that have ended left behind, and counts over all.
#[derive(Debug, Clone, Default)]
struct Totals {
    submitted: u64,
    completed: u64,
    interruptions: Interruptions,
    wait: QueueWait,
    /// Node-seconds of ended jobs.
    account: GpuHours,
    present_s: f64,
    failed: u64,
    cancelled: u64,
    bounded_slowdown: f64,
    /// Energy of one GPU of each node, J.
    gpu_energy_j: f64,
}

#[derive(Debug, Clone, Copy)]
struct Rack {
    offer: RackOffer,
    /// The most that each of its busy GPUs may draw, W; infinite where all get what they want.
    allowance_w: f64,
    /// The end of its start.
    ticket: Option<Ticket>,
    is_offered: bool,
    is_stale: bool,
    is_changed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Arrival,
    /// A node of the rack fails.
    Failure(u32),
    /// The reboot of a node ends.
    Rebooted(u32),
    /// The repair of a node by a crew ends.
    Repaired(u32),
    /// The nodes of a rack have started.
    PoweredOn(u32),
    /// The scheduler has promised a start for now.
    Promise,
    /// The phase of a job ends.
    Phase(Slot),
}

#[derive(Debug, Clone, Copy)]
enum Cause {
    NodeFailure,
    RackLoss,
}

impl Training {
    /// The workload `name` at the start of a run, its racks on and cool.
    ///
    /// Rack `i` draws its luck from streams named `racks[i]`, the jobs theirs from `name`.
    ///
    /// # Panics
    ///
    /// When the design was resolved for another number of nodes.
    pub fn new(
        design: TrainingDesign,
        rack: GpuRackDesign,
        racks: &[String],
        name: &str,
        streams: &Streams,
    ) -> Self {
        assert_eq!(design.nodes, racks.len() * rack.nodes, "the design is for these racks");
        let fleet = Fleet::new(racks, rack.nodes, design.failure_rate_per_s, streams);
        let state = Rack {
            offer: RackOffer::FULL,
            allowance_w: f64::INFINITY,
            ticket: None,
            is_offered: false,
            is_stale: false,
            is_changed: false,
        };
        let mut training = Self {
            source: Source::new(&design.jobs, streams, name),
            scheduler: Scheduler::new(design.scheduler),
            crews: design.crews,
            design,
            rack,
            agenda: Agenda::new(),
            fleet,
            racks: vec![state; racks.len()],
            jobs: Vec::new(),
            free_slots: Vec::new(),
            promise: None,
            broken: VecDeque::new(),
            waiting: BTreeMap::new(),
            committed: 0,
            pass_due: false,
            offered: Vec::new(),
            stale_racks: Vec::new(),
            touched_jobs: Vec::new(),
            changed: Vec::new(),
            taken: Vec::new(),
            granted: Vec::new(),
            finished: Vec::new(),
            totals: Totals::default(),
        };
        for rack in 0..racks.len() {
            training.reclock(Time::ZERO, rack);
            training.mark_changed(rack);
        }
        training.expect_arrival(Time::ZERO);
        training
    }

    /// When it next has something to do; [`Time::MAX`] when never.
    pub fn next_at(&self) -> Time {
        self.agenda.next_at().unwrap_or(Time::MAX)
    }

    /// Handles every event of its own up to `now`. Nodes are given out once an instant, after
    /// all its ends and arrivals.
    pub fn advance(&mut self, now: Time) {
        while let Some(at) = self.agenda.next_at().filter(|&at| at <= now) {
            while let Some((_, event)) = self.agenda.pop_until(at) {
                self.handle(at, event);
            }
            self.pass(at);
            self.refresh(at);
        }
        // Moves the clock, so that what follows may be scheduled from `now` on.
        let none = self.agenda.pop_until(now);
        debug_assert!(none.is_none(), "every event up to now has been handled");
    }

    /// Takes note of what the plant offers `rack` from `now` on.
    pub fn offer(&mut self, _now: Time, rack: usize, offer: RackOffer) {
        let state = &mut self.racks[rack];
        if state.offer == offer {
            return;
        }
        if state.offer.speed != offer.speed {
            self.fleet
                .occupancy(rack, |slot, _| touch(&mut self.jobs, &mut self.touched_jobs, slot));
        }
        let state = &mut self.racks[rack];
        state.offer = offer;
        if !state.is_offered {
            state.is_offered = true;
            self.offered.push(rack as u32);
        }
    }

    /// Reacts to the offers of this instant: racks go off and start, jobs are interrupted
    /// (once each, however many nodes they lose), speeds follow caps and heat.
    pub fn settle(&mut self, now: Time) {
        let mut offered = std::mem::take(&mut self.offered);
        offered.sort_unstable();
        let mut struck = Vec::new();
        for &rack in &offered {
            self.racks[rack as usize].is_offered = false;
            self.mark_stale(rack as usize);
            self.switch(now, rack as usize, &mut struck);
        }
        offered.clear();
        self.offered = offered;
        struck.sort_unstable();
        struck.dedup();
        for slot in struck {
            let job = &mut self.jobs[slot as usize];
            job.pass_time(now);
            self.interrupt(now, slot, Cause::RackLoss, self.design.detect_explicit);
            let (fleet, job) = (&self.fleet, &mut self.jobs[slot as usize]);
            job.nodes.retain(|&node| fleet.power(fleet.rack_of(node)) == RackPower::On);
            job.racks.retain(|&rack| fleet.power(rack as usize) == RackPower::On);
        }
        self.pass(now);
        self.refresh(now);
    }

    /// What `rack` would draw if power were not short, by the order of shedding, W.
    ///
    /// Capping saves what lies above the lowest power cap, pausing what lies between that and
    /// GPUs that only hold their job. A rack that is off asks for what it draws at idle.
    pub fn demand(&self, rack: usize) -> Demand {
        let mut tranches = [0.0; Rank::COUNT];
        let gpus_per_node = self.rack.gpus_per_node as f64;
        let (resident_w, floor_w) = (self.design.power.resident_w, self.design.power.run.floor_w());
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = nodes as f64 * gpus_per_node;
            let wanted = self.jobs[slot as usize].wanted_w;
            tranches[Rank::Idle as usize] += gpus * wanted.min(resident_w);
            tranches[Rank::TrainingPause as usize] +=
                gpus * (wanted.min(floor_w) - resident_w).max(0.0);
            tranches[Rank::TrainingCap as usize] += gpus * (wanted - floor_w).max(0.0);
        });
        tranches[Rank::Idle as usize] += self.base_w(healthy, free);
        Demand(tranches)
    }

    /// What `rack` draws, W; at most its cap. While a job runs, its checkpoint writes count by
    /// their mean over the checkpoint cycle.
    pub fn draw_w(&self, rack: usize) -> f64 {
        if self.fleet.power(rack) == RackPower::Off {
            return 0.0;
        }
        let state = &self.racks[rack];
        let limit = state.allowance_w.max(self.design.power.resident_w);
        let mut busy_w = 0.0;
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = (nodes * self.rack.gpus_per_node) as f64;
            busy_w += gpus * self.jobs[slot as usize].draw_w.min(limit);
        });
        (self.base_w(healthy, free) + busy_w).min(state.offer.cap_w)
    }

    /// Calls `f` with each rack whose demand or draw may have changed since the last call, in
    /// rising order.
    pub fn drain_changed(&mut self, mut f: impl FnMut(usize)) {
        self.changed.sort_unstable();
        for &rack in &self.changed {
            self.racks[rack as usize].is_changed = false;
            f(rack as usize);
        }
        self.changed.clear();
    }

    /// Calls `f` with each job that has ended since the last call, in the order of their ends.
    /// Their records are kept until then: memory is flat for a caller that drains them.
    pub fn drain_finished(&mut self, mut f: impl FnMut(&JobRecord)) {
        for record in &self.finished {
            f(record);
        }
        self.finished.clear();
    }

    /// Where the GPU-hours went from the start to `now`, and the jobs. `now` must not lie
    /// before the last call of [`advance`](Self::advance). Costs time in proportion to the
    /// jobs that are there.
    pub fn summary(&self, now: Time) -> TrainingSummary {
        let mut account = self.totals.account;
        account.add(&self.fleet.unheld(now));
        let mut present_s = self.totals.present_s;
        let mut gpu_energy_j = self.totals.gpu_energy_j;
        let mut running = 0;
        for job in self.jobs.iter().filter(|job| job.phase != Phase::Gone) {
            let job = job.at(now);
            account.add(&job.account);
            present_s += job.present_s;
            gpu_energy_j += job.gpu_energy_j;
            running += u64::from(job.phase != Phase::Queued);
        }
        let gpu_hours = account.scaled(self.gpu_hours_per_node_second());
        let gpus = (self.design.nodes * self.rack.gpus_per_node) as u64;
        let hours = now.as_secs_f64() / 3600.0;
        let energy_kwh = energy_kwh(&self.rack, gpu_energy_j, account.held());
        let completed = self.totals.completed;
        let share = |part: f64| if hours > 0.0 { part / (gpus as f64 * hours) } else { 0.0 };
        TrainingSummary {
            gpus,
            hours,
            gpu_hours,
            goodput_share: share(gpu_hours.useful),
            utilisation: share(gpu_hours.held()),
            ettr: if present_s > 0.0 { account.useful / present_s } else { 0.0 },
            jobs: JobCounts {
                submitted: self.totals.submitted,
                completed,
                failed: self.totals.failed,
                cancelled: self.totals.cancelled,
                running,
                queued: self.scheduler.queued() as u64,
            },
            interruptions: self.totals.interruptions,
            node_failures: self.fleet.failures(),
            queue_wait: self.totals.wait,
            mean_bounded_slowdown: (completed > 0)
                .then(|| self.totals.bounded_slowdown / completed as f64),
            kwh_per_useful_gpu_hour: (gpu_hours.useful > 0.0)
                .then(|| energy_kwh / gpu_hours.useful),
            revenue_usd: gpu_hours.useful * self.design.price_usd,
        }
    }

    /// GPUs that jobs hold now. Costs time in proportion to the jobs that are there.
    pub fn busy_gpus(&self) -> usize {
        let nodes: usize = self.jobs.iter().map(|job| job.nodes.len()).sum();
        nodes * self.rack.gpus_per_node
    }

    /// How many racks it stands on.
    pub fn rack_count(&self) -> usize {
        self.racks.len()
    }

    fn handle(&mut self, now: Time, event: Event) {
        match event {
            Event::Arrival => self.arrive(now),
            Event::Failure(rack) => self.node_fails(now, rack as usize),
            Event::Rebooted(node) => self.mend(now, node),
            Event::Repaired(node) => {
                self.crews += 1;
                self.send_crews(now);
                self.mend(now, node);
            }
            Event::PoweredOn(rack) => {
                let rack = rack as usize;
                self.racks[rack].ticket = None;
                self.fleet.set_power(now, rack, RackPower::On, |_, _| {});
                self.reclock(now, rack);
                self.mark_stale(rack);
                self.pass_due = true;
            }
            Event::Promise => {
                self.promise = None;
                self.pass_due = true;
            }
            Event::Phase(slot) => {
                let job = &mut self.jobs[slot as usize];
                job.ticket = None;
                job.pass_time(now);
                match job.phase {
                    Phase::Starting => {
                        job.phase = Phase::Running;
                        self.touch(slot);
                    }
                    Phase::Running => self.finish(now, slot),
                    Phase::Detecting => self.recover(now, slot),
                    phase => unreachable!("a job that is {phase:?} waits for no end of it"),
                }
            }
        }
    }

    fn arrive(&mut self, now: Time) {
        let request = self.source.request();
        self.expect_arrival(now);
        let id = self.totals.submitted;
        self.totals.submitted += 1;
        let cycle = self.design.cycle(request.nodes);
        let job = Job::new(id, now, request, cycle, self.design.restart.as_secs_f64());
        let slot = match self.free_slots.pop() {
            Some(slot) => {
                self.jobs[slot as usize] = job;
                slot
            }
            None => {
                self.jobs.push(job);
                (self.jobs.len() - 1) as Slot
            }
        };
        self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
        self.pass_due = true;
    }

    fn expect_arrival(&mut self, now: Time) {
        if let Some(gap) = self.source.gap() {
            self.push_in(now, gap, Class::Work, Event::Arrival);
        }
    }

    fn node_fails(&mut self, now: Time, rack: usize) {
        let (node, job, draws) = self.fleet.fail(now, rack);
        self.reclock(now, rack);
        self.mark_stale(rack);
        if draws.soft < self.design.soft_share {
            self.push_in(now, self.design.soft_repair, Class::Plant, Event::Rebooted(node));
        } else {
            self.broken.push_back((node, self.repair_time(draws)));
            self.send_crews(now);
        }
        let Some(slot) = job else { return };
        self.jobs[slot as usize].pass_time(now);
        let hangs = draws.hang < self.design.hang_share;
        let detect = if hangs { self.design.detect_hang } else { self.design.detect_explicit };
        self.interrupt(now, slot, Cause::NodeFailure, detect);
        self.jobs[slot as usize].remove_node(node, |node| self.fleet.rack_of(node) as u32);
    }

    /// Sends crews that are free to the nodes that wait for one.
    fn send_crews(&mut self, now: Time) {
        while self.crews > 0
            && let Some((node, repair)) = self.broken.pop_front()
        {
            self.crews -= 1;
            self.push_in(now, repair, Class::Plant, Event::Repaired(node));
        }
    }

    /// A node is whole again.
    fn mend(&mut self, now: Time, node: u32) {
        let rack = self.fleet.rack_of(node);
        self.fleet.repair(now, node);
        self.reclock(now, rack);
        self.mark_stale(rack);
        self.pass_due = true;
    }

    fn repair_time(&self, draws: FailureDraws) -> Span {
        let design = &self.design;
        let sigma = design.repair_sigma;
        let mean_one = libm::exp(sigma * (draws.repair - 0.5 * sigma));
        Span::from_secs_f64(design.repair_mean_s * mean_one)
    }

    /// Stops a job that starts or runs; one that already stands is not interrupted again. The
    /// job's account is up to date and it still lists all its nodes.
    fn interrupt(&mut self, now: Time, slot: Slot, cause: Cause, detect: Span) {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        if !matches!(job.phase, Phase::Starting | Phase::Running) {
            return;
        }
        for count in [&mut job.interruptions, &mut self.totals.interruptions] {
            match cause {
                Cause::NodeFailure => count.node_failures += 1,
                Cause::RackLoss => count.rack_losses += 1,
            }
        }
        job.fall_back();
        job.phase = Phase::Detecting;
        job.pace = 0.0;
        if let Some(ticket) = job.ticket.take() {
            self.agenda.cancel(ticket);
        }
        let end = self.agenda.schedule(now + detect, Class::Work, Event::Phase(slot));
        self.jobs[slot as usize].ticket = Some(end);
    }

    /// The failure has been noticed.
    fn recover(&mut self, now: Time, slot: Slot) {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        match self.design.recovery {
            Recovery::Hold if job.nodes.len() == job.width => self.start(now, slot),
            Recovery::Hold => {
                job.phase = Phase::Waiting;
                self.waiting.insert(job.id, slot);
            }
            Recovery::Requeue => {
                job.phase = Phase::Queued;
                self.release_nodes(now, slot);
                self.scheduler.submit(self.jobs[slot as usize].waiting(slot));
            }
        }
        self.pass_due = true;
    }

    /// Gives nodes to the jobs that wait for them: first to those that lost some, in the order
    /// of submission until one cannot be served, then to the queue by its scheduler.
    fn pass(&mut self, now: Time) {
        if !std::mem::take(&mut self.pass_due) {
            return;
        }
        while let Some((&id, &slot)) = self.waiting.first_key_value() {
            let job = &self.jobs[slot as usize];
            let missing = job.width - job.nodes.len();
            let count = missing.min(self.fleet.free());
            self.take_nodes(now, slot, count);
            if count < missing {
                break;
            }
            self.waiting.remove(&id);
            self.start(now, slot);
        }
        let usable = self.design.nodes - self.design.spares;
        // What waiting jobs still miss is committed but not free, so both limits hold.
        let free = self.fleet.free().min(usable.saturating_sub(self.committed));
        let mut granted = std::mem::take(&mut self.granted);
        self.scheduler.pass(now, free, &mut granted);
        for grant in granted.drain(..) {
            let (slot, width) = (grant.token, grant.nodes as usize);
            self.committed += width;
            let job = &mut self.jobs[slot as usize];
            job.pass_time(now);
            job.grant = Some(grant);
            self.take_nodes(now, slot, width);
            self.start(now, slot);
        }
        self.granted = granted;
        let wake_at = self.scheduler.wake_at();
        if self.promise.is_none_or(|(at, _)| at != wake_at) {
            if let Some((_, ticket)) = self.promise.take() {
                self.agenda.cancel(ticket);
            }
            if wake_at < Time::MAX {
                let ticket = self.agenda.schedule(wake_at, Class::Work, Event::Promise);
                self.promise = Some((wake_at, ticket));
            }
        }
    }

    /// The job has all its nodes.
    fn start(&mut self, now: Time, slot: Slot) {
        self.touch(slot);
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.phase = Phase::Starting;
        job.starting_s = self.design.restart.as_secs_f64();
        job.attempts += 1;
        if job.start.is_none() {
            job.start = Some(now);
            self.totals.wait.add((now - job.submit).as_secs_f64());
        }
    }

    fn finish(&mut self, now: Time, slot: Slot) {
        self.release_nodes(now, slot);
        let per_node_second = self.gpu_hours_per_node_second();
        let job = &mut self.jobs[slot as usize];
        job.phase = Phase::Gone;
        self.totals.completed += 1;
        self.totals.account.add(&job.account);
        self.totals.present_s += job.present_s;
        self.totals.gpu_energy_j += job.gpu_energy_j;
        self.totals.failed += u64::from(job.end == JobEnd::Failed);
        self.totals.cancelled += u64::from(job.end == JobEnd::Cancelled);
        let record = JobRecord {
            id: job.id,
            submit: job.submit,
            start: job.start.expect("a job that ends has started"),
            end: now,
            nodes: job.width,
            work_s: job.work_s,
            reason: job.end,
            attempts: job.attempts,
            interruptions: job.interruptions,
            gpu_hours: job.account.scaled(per_node_second),
            energy_kwh: energy_kwh(&self.rack, job.gpu_energy_j, job.account.held()),
        };
        self.totals.bounded_slowdown += record.bounded_slowdown();
        self.finished.push(record);
        self.free_slots.push(slot);
        self.pass_due = true;
    }

    fn take_nodes(&mut self, now: Time, slot: Slot, count: usize) {
        if count == 0 {
            return;
        }
        let mut taken = std::mem::take(&mut self.taken);
        self.fleet.take(now, count, slot, &mut taken);
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.add_nodes(&taken, |node| self.fleet.rack_of(node) as u32);
        for &node in &taken {
            self.mark_stale(self.fleet.rack_of(node));
        }
        taken.clear();
        self.taken = taken;
        self.touch(slot);
    }

    fn release_nodes(&mut self, now: Time, slot: Slot) {
        let nodes = std::mem::take(&mut self.jobs[slot as usize].nodes);
        for &node in &nodes {
            self.fleet.release(now, node);
        }
        for i in 0..self.jobs[slot as usize].racks.len() {
            self.mark_stale(self.jobs[slot as usize].racks[i] as usize);
        }
        let job = &mut self.jobs[slot as usize];
        job.racks.clear();
        job.nodes = nodes;
        job.nodes.clear();
        self.committed -= job.width;
        let grant = job.grant.take().expect("a job that holds nodes was given them");
        self.scheduler.end(now, grant);
    }

    /// Turns a rack on or off by its offer. A cap below its idle draw turns it off.
    fn switch(&mut self, now: Time, rack: usize, struck: &mut Vec<Slot>) {
        let offer = self.racks[rack].offer;
        let (healthy, _) = self.fleet.occupancy(rack, |_, _| {});
        let idle_w = self.base_w(healthy, healthy);
        let powered = offer.live && offer.cap_w >= idle_w * (1.0 - ROUNDING);
        match (self.fleet.power(rack), powered) {
            (RackPower::Off, true) => {
                self.fleet.set_power(now, rack, RackPower::Booting, |_, _| {});
                let at = now + self.rack.power_on;
                let ticket = self.agenda.schedule(at, Class::Plant, Event::PoweredOn(rack as u32));
                self.racks[rack].ticket = Some(ticket);
            }
            (RackPower::On | RackPower::Booting, false) => {
                if let Some(ticket) = self.racks[rack].ticket.take() {
                    self.agenda.cancel(ticket);
                }
                self.fleet.set_power(now, rack, RackPower::Off, |slot, _| struck.push(slot));
                self.reclock(now, rack);
                self.pass_due = true;
            }
            (RackPower::Off, false) | (RackPower::On | RackPower::Booting, true) => {}
        }
    }

    /// Brings the draws and speeds of everything touched in this instant up to date.
    fn refresh(&mut self, now: Time) {
        // What jobs want may have changed, and with it the shares of their racks.
        for i in 0..self.touched_jobs.len() {
            self.update_wanted(self.touched_jobs[i]);
        }
        // Racks' shares may have changed, and with them the speeds of their jobs. No speed
        // changes what a job wants, so this ends here.
        let mut stale = std::mem::take(&mut self.stale_racks);
        for &rack in &stale {
            let rack = rack as usize;
            self.racks[rack].is_stale = false;
            self.mark_changed(rack);
            let allowance = self.allowance_w(rack);
            if allowance != self.racks[rack].allowance_w {
                self.racks[rack].allowance_w = allowance;
                self.fleet
                    .occupancy(rack, |slot, _| touch(&mut self.jobs, &mut self.touched_jobs, slot));
            }
        }
        stale.clear();
        self.stale_racks = stale;
        let mut touched = std::mem::take(&mut self.touched_jobs);
        for &slot in &touched {
            self.repace(now, slot);
        }
        touched.clear();
        self.touched_jobs = touched;
    }

    fn update_wanted(&mut self, slot: Slot) {
        let racks = &self.racks;
        let job = &mut self.jobs[slot as usize];
        job.thermal =
            job.racks.iter().fold(1.0, |speed, &r| racks[r as usize].offer.speed.min(speed));
        let wanted = job.wanted_of(&self.design.power);
        if wanted != job.wanted_w {
            job.wanted_w = wanted;
            for i in 0..self.jobs[slot as usize].racks.len() {
                self.mark_stale(self.jobs[slot as usize].racks[i] as usize);
            }
        }
    }

    /// The most that each busy GPU of `rack` may draw for the rack to stay within its cap:
    /// those that want less get what they want, the others an equal share. Infinite where all
    /// get what they want.
    fn allowance_w(&self, rack: usize) -> f64 {
        let cap_w = self.racks[rack].offer.cap_w;
        if cap_w.is_infinite() {
            return f64::INFINITY;
        }
        let mut wants: Vec<(f64, f64)> = Vec::new();
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = (nodes * self.rack.gpus_per_node) as f64;
            wants.push((self.jobs[slot as usize].wanted_w, gpus));
        });
        let mut left_w = cap_w - self.base_w(healthy, free);
        let mut gpus: f64 = wants.iter().map(|w| w.1).sum();
        wants.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (wanted, n) in wants {
            let share = left_w / gpus;
            if wanted > share {
                return share;
            }
            left_w -= wanted * n;
            gpus -= n;
        }
        f64::INFINITY
    }

    /// Sets the speed and the draw of a job, and when its phase ends.
    fn repace(&mut self, now: Time, slot: Slot) {
        let power = &self.design.power;
        let racks = &self.racks;
        let job = &mut self.jobs[slot as usize];
        job.touched = false;
        job.pass_time(now);
        // All nodes of a job run at the speed of the slowest.
        let allowance = job
            .racks
            .iter()
            .fold(f64::INFINITY, |least, &r| racks[r as usize].allowance_w.min(least));
        let pace = match job.phase {
            Phase::Running => power.run.speed_at(allowance).min(job.thermal),
            Phase::Starting if allowance >= power.restart_w * (1.0 - ROUNDING) => 1.0,
            _ => 0.0,
        };
        if matches!(job.phase, Phase::Starting | Phase::Running)
            && (pace != job.pace || job.ticket.is_none())
        {
            job.pace = pace;
            if let Some(ticket) = job.ticket.take() {
                self.agenda.cancel(ticket);
            }
            let left = job.time_left_s();
            if left.is_finite() {
                let at = now + Span::from_secs_f64(left);
                job.ticket = Some(self.agenda.schedule(at, Class::Work, Event::Phase(slot)));
            }
        }
        let draw = job.draw_of(&self.design.power);
        if draw != job.draw_w {
            job.draw_w = draw;
            for i in 0..self.jobs[slot as usize].racks.len() {
                self.mark_changed(self.jobs[slot as usize].racks[i] as usize);
            }
        }
    }

    /// Reschedules the next failure of `rack` after the number of its nodes that can fail
    /// changed.
    fn reclock(&mut self, now: Time, rack: usize) {
        if let Some(ticket) = self.fleet.take_ticket(rack) {
            self.agenda.cancel(ticket);
        }
        let left = self.fleet.time_to_failure_s(rack);
        if left.is_finite() {
            let at = now + Span::from_secs_f64(left);
            let ticket = self.agenda.schedule(at, Class::Plant, Event::Failure(rack as u32));
            self.fleet.keep_ticket(rack, ticket);
        }
    }

    fn push_in(&mut self, now: Time, span: Span, class: Class, event: Event) {
        let at = now + span;
        if at < Time::MAX {
            self.agenda.push(at, class, event);
        }
    }

    /// Draw of nodes without their busy GPUs, W: `healthy` nodes' overhead and the GPUs of the
    /// `free` ones.
    fn base_w(&self, healthy: usize, free: usize) -> f64 {
        let free_gpus = (free * self.rack.gpus_per_node) as f64;
        healthy as f64 * self.rack.node_overhead_w + free_gpus * self.rack.gpu_idle_w
    }

    fn gpu_hours_per_node_second(&self) -> f64 {
        self.rack.gpus_per_node as f64 / 3600.0
    }

    fn touch(&mut self, slot: Slot) {
        touch(&mut self.jobs, &mut self.touched_jobs, slot);
    }

    /// The demand of `rack` may have changed.
    fn mark_stale(&mut self, rack: usize) {
        let state = &mut self.racks[rack];
        if !state.is_stale {
            state.is_stale = true;
            self.stale_racks.push(rack as u32);
        }
    }

    /// The facility must look at `rack` again.
    fn mark_changed(&mut self, rack: usize) {
        let state = &mut self.racks[rack];
        if !state.is_changed {
            state.is_changed = true;
            self.changed.push(rack as u32);
        }
    }
}

/// Energy of nodes that jobs held for `node_s` node-seconds, of which one GPU a node drew
/// `gpu_energy_j`, kWh.
fn energy_kwh(rack: &GpuRackDesign, gpu_energy_j: f64, node_s: f64) -> f64 {
    (rack.gpus_per_node as f64 * gpu_energy_j + rack.node_overhead_w * node_s) / 3.6e6
}

/// Puts a job on the list of those to look at before the instant is over.
fn touch(jobs: &mut [Job], touched: &mut Vec<Slot>, slot: Slot) {
    let job = &mut jobs[slot as usize];
    if !job.touched {
        job.touched = true;
        touched.push(slot);
    }
}
