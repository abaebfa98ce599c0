//! The training model: jobs on nodes, driven by the facility.

mod curtailment;
mod domains;
mod failures;
mod maintenance;
mod pace;
mod queue;
mod segments;
mod stops;

#[cfg(test)]
mod tests {
    mod domains;
    mod planned;
    mod segments;
    mod smoothing;
    mod spares;
}

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::account::{
    Cause, CheckpointTimes, GpuHours, Interruptions, JobCounts, JobRecord, QueueWait,
    SegmentCounts, Sums, TrainingSummary,
};
use super::fleet::{Fleet, RackPower, Slot};
use super::generator::Source;
use super::job::{Job, Phase};
use super::power::PowerDesign;
use super::schedule::Decisions;
use super::spec::{Grain, TrainingDesign};
use crate::kernel::{Agenda, Alarm, Class, Span, Streams, Ticket, Time};
use crate::measure::{Latency, left_out, share};
use crate::workload::RackOffer;
use crate::workload::gpu::GpuRackDesign;
use crate::workload::smoothing::{Riser, Smoother};
use curtailment::{Curtailment, Step};
use domains::Domains;
use pace::Burning;
use queue::Schedule;

/// A training workload on its racks.
///
/// The facility drives it: [`advance`](Self::advance) at [`next_at`](Self::next_at) or before
/// it changes something, [`offer`](Self::offer) for each rack whose conditions changed, then
/// [`settle`](Self::settle) once. It reads back what each rack would and does draw.
///
/// Events are arrivals, node failures, repairs, racks that finish starting, and for each job
/// the end of its phase; checkpoints are none. A change that touches a job costs time in
/// proportion to the racks of that job.
#[derive(Debug)]
pub struct Training {
    design: TrainingDesign,
    rack: GpuRackDesign,
    agenda: Agenda<Event>,
    source: Source,
    fleet: Fleet,
    domains: Domains,
    racks: Vec<Rack>,
    jobs: Vec<Job>,
    free_slots: Vec<Slot>,
    /// Jobs that hold nodes, which are few where many queue.
    holding: BTreeSet<Slot>,
    /// The queue.
    scheduler: Schedule,
    /// The scheduler's next promised start.
    promise: Alarm,
    /// Jobs that hold nodes and need more to go on, by number, which is their order of submission.
    waiting: BTreeMap<u64, Slot>,
    /// Jobs that go on, or will, and lack nodes or spares.
    lacking: BTreeMap<u64, Slot>,
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
    /// Racks whose demand or draw changed since the last drain, and jobs that did so to all of
    /// theirs.
    changed: Vec<u32>,
    changed_jobs: Vec<Slot>,
    /// Racks with a cap, and racks that are slowed by heat: without any no job need look at its
    /// own.
    capped: usize,
    slowed: usize,
    burning: Burning,
    curtailment: Option<Curtailment>,
    /// The rack whose turn of maintenance is next.
    next_service: u32,
    /// When what comes back next may rise.
    ramp_free: Time,
    /// Room for the nodes of one allocation.
    taken: Vec<u32>,
    /// Room for what one pass decides.
    decisions: Decisions,
    finished: Vec<JobRecord>,
    totals: Totals,
    /// When the last job of a log arrived.
    log_ended: Option<Time>,
}

/// What the jobs that have ended left behind, and counts over all.
#[derive(Debug, Clone, Default)]
struct Totals {
    submitted: u64,
    completed: u64,
    interruptions: Interruptions,
    /// By cause of failure, then by domain: failures and interruptions.
    causes: Vec<(u64, u64)>,
    /// By the same, where there are domains: node-seconds that jobs lost, without what was taken out of
    /// service.
    costs: Vec<GpuHours>,
    wait: QueueWait,
    /// The same waits as a distribution.
    waits: Latency,
    checkpoints: CheckpointTimes,
    segments: SegmentCounts,
    /// Node-seconds of ended jobs.
    account: GpuHours,
    present_s: f64,
    failed: u64,
    cancelled: u64,
    bounded_slowdown: f64,
    /// Energy of one GPU of each node, J.
    gpu_energy_j: f64,
    /// By mark: work done before it that was lost after it, node-seconds.
    lost_before: Vec<f64>,
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
    /// How its draw is smoothed, what it burns for that, W, and when that changes by itself.
    smoother: Smoother,
    burn_w: f64,
    /// What of that its cap leaves it, W.
    burnt_w: f64,
    burns: Alarm,
    /// The same of the most that it may draw while its draw rises; infinite while it does not.
    riser: Riser,
    rise_w: f64,
    rises: Alarm,
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
    /// Parts of domains fail or are repaired.
    Domains,
    /// The nodes of a rack have started.
    PoweredOn(u32),
    /// What a rack burns falls.
    Burn(u32),
    /// What a rack may draw rises.
    Rise(u32),
    /// The scheduler has promised a start for now.
    Promise,
    /// The phase of a job ends.
    Phase(Slot),
    /// The maintenance of a rack is announced.
    Maintenance,
    /// The maintenance of a rack begins.
    ServiceStart(u32),
    /// The maintenance of a rack ends.
    ServiceEnd(u32),
    /// Curtailment is called for, begins or ends.
    Curtailment(Step),
    /// A job that was curtailed may go on.
    Resume(Slot),
    /// A job begins the checkpoint after which it will be stopped.
    Drain(Slot),
    /// A job gives up its nodes.
    Stop(Slot),
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
        let nodes = (rack.nodes, design.grain.per_node);
        let fleet = Fleet::new(racks, nodes, &design.failures, streams)
            .with_placement(design.placement, design.grain.sharing)
            .with_segments(design.grain.segment);
        let state = Rack {
            offer: RackOffer::FULL,
            allowance_w: f64::INFINITY,
            ticket: None,
            is_offered: false,
            is_stale: false,
            is_changed: false,
            smoother: Smoother::default(),
            burn_w: 0.0,
            burnt_w: 0.0,
            burns: Alarm::default(),
            riser: Riser::default(),
            rise_w: f64::INFINITY,
            rises: Alarm::default(),
        };
        let mut training = Self {
            source: Source::new(
                &design.jobs,
                (&design.groups, design.grain.per_node),
                streams,
                name,
            ),
            scheduler: Schedule::new(design.rules.clone(), design.grain.sharing),
            crews: design.failures.crews,
            curtailment: Curtailment::new(&design, streams, name),
            domains: Domains::new(&design, racks, rack.nodes, streams),
            design,
            rack,
            agenda: Agenda::new(),
            fleet,
            racks: vec![state; racks.len()],
            jobs: Vec::new(),
            free_slots: Vec::new(),
            holding: BTreeSet::new(),
            promise: Alarm::default(),
            next_service: 0,
            ramp_free: Time::ZERO,
            broken: VecDeque::new(),
            waiting: BTreeMap::new(),
            lacking: BTreeMap::new(),
            committed: 0,
            pass_due: false,
            offered: Vec::new(),
            stale_racks: Vec::new(),
            touched_jobs: Vec::new(),
            changed: Vec::new(),
            changed_jobs: Vec::new(),
            capped: 0,
            slowed: 0,
            burning: Burning::default(),
            taken: Vec::new(),
            decisions: Decisions::default(),
            finished: Vec::new(),
            totals: Totals::default(),
            log_ended: None,
        };
        if training.caps_itself() {
            training.capped = racks.len();
        }
        let failures = &training.design.failures;
        training.totals.causes = vec![(0, 0); failures.names().count()];
        if !failures.domains.is_empty() {
            training.totals.costs = vec![GpuHours::default(); training.totals.causes.len()];
        }
        for rack in 0..racks.len() {
            training.reclock(Time::ZERO, rack);
            training.mark_changed(rack);
        }
        training.expect_arrival(Time::ZERO);
        training.expect_curtailment(Time::ZERO);
        training.expect_maintenance(Time::ZERO);
        training.expect_domains();
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
        let caps_itself = self.caps_itself();
        let state = &mut self.racks[rack];
        let limits = |offer: &RackOffer| {
            let is_capped = offer.cap_w.is_finite() || caps_itself;
            (usize::from(is_capped), usize::from(offer.speed < 1.0))
        };
        let (old, new) = (limits(&state.offer), limits(&offer));
        self.capped = self.capped + new.0 - old.0;
        self.slowed = self.slowed + new.1 - old.1;
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
            self.stress(now, rack as usize);
            self.switch(now, rack as usize, &mut struck);
            self.open_or_close(rack as usize);
        }
        offered.clear();
        self.offered = offered;
        struck.sort_unstable();
        struck.dedup();
        for slot in struck {
            self.strike(now, slot, Cause::RackLoss, self.design.failures.detect_explicit);
        }
        self.pass(now);
        self.refresh(now);
    }

    /// Calls `f` with each rack whose demand or draw may have changed since the last call, in
    /// rising order.
    pub fn drain_changed(&mut self, mut f: impl FnMut(usize)) {
        if self.changed_jobs.is_empty() && self.changed.is_empty() {
            return;
        }
        self.spread_changes();
        // Of many, a look at each rack costs less than to sort them.
        if self.changed.len() > self.racks.len() / 16 {
            self.changed.clear();
            let racks = (0u32..).zip(&self.racks).filter(|(_, state)| state.is_changed);
            self.changed.extend(racks.map(|(rack, _)| rack));
        } else {
            self.changed.sort_unstable();
        }
        for &rack in &self.changed {
            self.racks[rack as usize].is_changed = false;
            f(rack as usize);
        }
        self.changed.clear();
    }

    /// Marks the racks of the jobs that have changed.
    fn spread_changes(&mut self) {
        let mut jobs = std::mem::take(&mut self.changed_jobs);
        for slot in jobs.drain(..) {
            self.jobs[slot as usize].is_changed = false;
            for i in 0..self.jobs[slot as usize].racks.len() {
                self.mark_changed(self.jobs[slot as usize].racks[i] as usize);
            }
        }
        self.changed_jobs = jobs;
    }

    /// Calls `f` with each job that has ended since the last call, in the order of their ends.
    /// Their records are kept until then: memory is flat for a caller that drains them.
    pub fn drain_finished(&mut self, mut f: impl FnMut(&JobRecord)) {
        for record in &self.finished {
            f(record);
        }
        self.finished.clear();
    }

    /// Marks `now`: work done before it that is lost after it will be told by
    /// [`lost_before`](Self::lost_before). What follows as for [`summary`](Self::summary).
    pub fn mark(&mut self, now: Time) {
        let mark = self.totals.lost_before.len();
        self.totals.lost_before.push(0.0);
        for job in self.jobs.iter_mut().filter(|job| job.phase != Phase::Gone) {
            job.mark(mark, now);
        }
    }

    /// By mark, in their order: the work of GPUs before it that was lost after it, GPU-hours, and
    /// what it would have earned, $.
    pub fn lost_before(&self) -> impl Iterator<Item = (f64, f64)> {
        let (hours, price_usd) = (self.gpu_hours_per_node_second(), self.design.price_usd);
        self.totals.lost_before.iter().map(move |lost| (lost * hours, lost * hours * price_usd))
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
        let energy_kwh = energy_kwh(self.design.grain, gpu_energy_j, account.held())
            + self.burning.joules_at(now) / 3.6e6;
        let completed = self.totals.completed;
        let of_all = |part: f64| share(part, gpus as f64 * hours).unwrap_or(0.0);
        TrainingSummary {
            gpus,
            hours,
            gpu_hours,
            goodput_share: of_all(gpu_hours.useful),
            utilisation: of_all(gpu_hours.held()),
            ettr: share(account.useful, present_s),
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
            failure_causes: self.failure_causes(now),
            curtailment: self.curtailment.as_ref().map(|c| c.counts(now)),
            segments: self.design.grain.segment.map(|_| self.totals.segments),
            queue_wait: QueueWait {
                left_out: left_out(
                    self.totals.wait.started,
                    self.totals.submitted - self.totals.wait.started,
                ),
                p50_s: self.totals.waits.quantile_s(0.5),
                p95_s: self.totals.waits.quantile_s(0.95),
                ..self.totals.wait
            },
            checkpoints: self.totals.checkpoints,
            mean_bounded_slowdown: (completed > 0)
                .then(|| self.totals.bounded_slowdown / completed as f64),
            kwh_per_useful_gpu_hour: (gpu_hours.useful > 0.0)
                .then(|| energy_kwh / gpu_hours.useful),
            revenue_usd: gpu_hours.useful * self.design.price_usd,
            flattened_s: self.flattened_s(),
            sums: Sums {
                present_gpu_h: present_s * self.gpu_hours_per_node_second(),
                energy_kwh,
                slowdowns: self.totals.bounded_slowdown,
                waits: self.totals.waits.clone(),
            },
        }
    }

    /// The longest iteration whose swing the buffers of the racks flatten, s; none without buffers.
    fn flattened_s(&self) -> Option<f64> {
        let smoothing = &self.rack.smoothing;
        let floor = self.floor_of(smoothing.burn.map_or(0.0, |burn| burn.floor));
        let flattened_s = self.design.power.run.flattened_s(smoothing.buffer_j, floor.of_gpu_w);
        flattened_s.filter(|_| smoothing.buffer_j > 0.0)
    }

    /// Forgets the longest wait and the extreme intervals between checkpoints so far.
    pub fn forget_extremes(&mut self) {
        self.totals.wait.max_s = 0.0;
        self.totals.waits.forget_extremes();
        self.totals.checkpoints.forget_extremes();
    }

    /// Interruptions of jobs because racks lost their power or were tripped by heat.
    pub fn rack_losses(&self) -> u64 {
        self.totals.interruptions.rack_losses
    }

    /// Of each node, rack by rack, whether it is under repair now, reboots included.
    pub fn nodes_under_repair(&self) -> impl Iterator<Item = bool> {
        self.fleet.under_repair()
    }

    /// GPUs that jobs hold now.
    pub fn busy_gpus(&self) -> usize {
        self.fleet.held() * self.design.grain.gpus
    }

    /// GPUs that no job holds now: on and idle, out of service, without power or starting after it.
    pub fn gpus_without_jobs(&self) -> [usize; 3] {
        self.fleet.without_jobs().map(|nodes| nodes * self.design.grain.gpus)
    }

    /// Jobs in the queue.
    pub fn queued_jobs(&self) -> usize {
        self.scheduler.queued()
    }

    /// When the last job of its log arrived, s after the start of the run; none while jobs are
    /// still to come, or where they come from no log.
    pub fn log_ended_s(&self) -> Option<f64> {
        self.log_ended.map(|at| at.as_secs_f64())
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
            Event::Domains => self.domains_change(now),
            Event::PoweredOn(rack) => {
                let rack = rack as usize;
                self.racks[rack].ticket = None;
                self.fleet.set_power(now, rack, RackPower::On, |_, _| {});
                self.reclock(now, rack);
                self.mark_stale(rack);
                self.pass_due = true;
            }
            Event::Burn(rack) => {
                self.racks[rack as usize].burns.ring();
                self.mark_stale(rack as usize);
            }
            Event::Rise(rack) => {
                self.racks[rack as usize].rises.ring();
                self.mark_stale(rack as usize);
            }
            Event::Promise => {
                self.promise.ring();
                self.pass_due = true;
            }
            Event::Maintenance => self.announce_service(now),
            Event::ServiceStart(rack) => self.start_service(now, rack as usize),
            Event::ServiceEnd(rack) => self.end_service(now, rack as usize),
            Event::Curtailment(step) => self.curtail(now, step),
            Event::Resume(slot) => self.resume(now, slot),
            Event::Drain(slot) => self.drain(now, slot),
            Event::Stop(slot) => self.stop(now, slot),
            Event::Phase(slot) => {
                let job = &mut self.jobs[slot as usize];
                job.ticket = None;
                job.pass_time(now);
                match job.phase {
                    Phase::Starting => {
                        job.phase = Phase::Running;
                        self.touch(slot);
                        self.grow(now, slot);
                    }
                    Phase::Running => self.finish(now, slot),
                    Phase::Detecting => self.recover(now, slot),
                    Phase::Draining => self.drained(now, slot),
                    phase => unreachable!("a job that is {phase:?} waits for no end of it"),
                }
            }
        }
    }

    /// Whether racks are held to less than they are offered.
    fn caps_itself(&self) -> bool {
        self.design.rack_cap_w.is_finite() || self.rack.smoothing.up_w_s.is_some()
    }

    fn push_in(&mut self, now: Time, span: Span, class: Class, event: Event) {
        let at = now + span;
        if at < Time::MAX {
            self.agenda.push(at, class, event);
        }
    }

    fn gpu_hours_per_node_second(&self) -> f64 {
        self.design.grain.gpus as f64 / 3600.0
    }

    fn touch(&mut self, slot: Slot) {
        touch(&mut self.jobs, &mut self.touched_jobs, slot);
    }

    /// What the GPUs of a job draw, by phase.
    fn power_of(&self, slot: usize) -> &PowerDesign {
        power_of(&self.design, &self.jobs[slot])
    }

    /// The facility must look at all racks of a job again.
    fn note_change(&mut self, slot: Slot) {
        let job = &mut self.jobs[slot as usize];
        if !job.is_changed {
            job.is_changed = true;
            self.changed_jobs.push(slot);
        }
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

/// What the GPUs of `job` draw, by phase.
fn power_of<'d>(design: &'d TrainingDesign, job: &'d Job) -> &'d PowerDesign {
    job.measured.as_deref().unwrap_or_else(|| design.power(job.power))
}

/// Energy of nodes, or places of them, that jobs held for `node_s` node-seconds, of which one GPU
/// each drew `gpu_energy_j`, kWh.
fn energy_kwh(grain: Grain, gpu_energy_j: f64, node_s: f64) -> f64 {
    (grain.gpus as f64 * gpu_energy_j + grain.overhead_w * node_s) / 3.6e6
}

/// Puts a job on the list of those to look at before the instant is over.
fn touch(jobs: &mut [Job], touched: &mut Vec<Slot>, slot: Slot) {
    let job = &mut jobs[slot as usize];
    if !job.touched {
        job.touched = true;
        touched.push(slot);
    }
}
