//! Curtailment: calls for less power, who answers them and how.

use super::{Event, Training};
use crate::kernel::{Class, Span, Stream, Streams, Ticket, Time};
use crate::workload::training::account::{Cause, CurtailmentCounts};
use crate::workload::training::fleet::Slot;
use crate::workload::training::job::{Phase, Vacate};
use crate::workload::training::spec::{CurtailmentDesign, Response, TrainingDesign, When};

/// What happens to a workload that is curtailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It hears of the cut.
    Call,
    /// The cut begins.
    Begin,
    /// It ends.
    End,
}

/// The state of curtailment.
#[derive(Debug, Clone)]
pub(super) struct Curtailment {
    design: CurtailmentDesign,
    stream: Stream,
    /// What has been called for and has not ended.
    call: Option<Call>,
    counts: CurtailmentCounts,
}

#[derive(Debug, Clone)]
struct Call {
    /// Draw when it came, W.
    baseline_w: f64,
    /// When the cut began.
    began: Option<Time>,
    /// Jobs that will be stopped, by slot and number, and how.
    stops: Vec<(Slot, u64, Response)>,
    /// The next step.
    ticket: Option<Ticket>,
}

impl Curtailment {
    pub(super) fn new(design: &TrainingDesign, streams: &Streams, name: &str) -> Option<Self> {
        let design = design.curtailment.clone()?;
        let stream = streams.stream("training-curtailment", name);
        Some(Self { design, stream, call: None, counts: CurtailmentCounts::default() })
    }

    /// The counts up to `now`.
    pub(super) fn counts(&self, now: Time) -> CurtailmentCounts {
        let mut counts = self.counts;
        if let Some(call) = &self.call {
            self.count(call, now, &mut counts);
        }
        counts
    }

    fn count(&self, call: &Call, now: Time, counts: &mut CurtailmentCounts) {
        let Some(began) = call.began else { return };
        let hours = (now - began).as_hours_f64();
        counts.hours += hours;
        counts.called_kwh += hours * call.baseline_w * self.design.reduce / 1e3;
    }
}

impl Training {
    /// The price of energy is `usd_mwh` from `now` on. The workload has been advanced to `now`,
    /// and is settled afterwards.
    pub fn set_price(&mut self, now: Time, usd_mwh: f64) {
        let Some(curtailment) = &self.curtailment else { return };
        let When::Price { above_usd_mwh } = curtailment.design.when else { return };
        match (&curtailment.call, usd_mwh > above_usd_mwh) {
            (None, true) => self.curtail(now, Step::Call),
            (Some(_), false) => self.curtail(now, Step::End),
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Whether less power has been called for.
    pub(super) fn is_curtailed(&self) -> bool {
        self.curtailment.as_ref().is_some_and(|curtailment| curtailment.call.is_some())
    }

    /// Whether a cut has begun and has not ended.
    pub(super) fn is_cut(&self) -> bool {
        let call = self.curtailment.as_ref().and_then(|curtailment| curtailment.call.as_ref());
        call.is_some_and(|call| call.began.is_some())
    }

    /// What racks burn ends with the beginning of a cut, and may begin again with its end.
    fn change_burning(&mut self) {
        if self.rack.smoothing.burn.is_some() {
            (0..self.racks.len()).for_each(|rack| self.mark_changed(rack));
        }
    }

    /// Schedules the first call, or the one after that which ends now.
    pub(super) fn expect_curtailment(&mut self, now: Time) {
        let Some(curtailment) = &mut self.curtailment else { return };
        let notice = curtailment.design.notice;
        let gap = match curtailment.design.when {
            When::Scheduled { first, .. } if now == Time::ZERO => first - notice,
            // From the end of one to the call for the next.
            When::Scheduled { every: Some(every), duration, .. } => every - duration - notice,
            When::Scheduled { every: None, .. } | When::Price { .. } => return,
            When::Random { gap_s, .. } => {
                Span::from_secs_f64(curtailment.stream.exponential(gap_s))
            }
        };
        self.push_in(now, gap, Class::Control, Event::Curtailment(Step::Call));
    }

    pub(super) fn curtail(&mut self, now: Time, step: Step) {
        match step {
            Step::Call => self.call(now),
            Step::Begin => self.begin(now),
            Step::End => self.end(now),
        }
    }

    /// A cut is called for: chooses the jobs that must stop, and lets them prepare.
    fn call(&mut self, now: Time) {
        let baseline_w = (0..self.racks.len()).map(|rack| self.draw_w(rack)).sum::<f64>();
        let curtailment = self.curtailment.as_ref().expect("a call comes to who can answer it");
        let design = &curtailment.design;
        let (notice, by) = (design.notice, now + design.notice);
        // What is burnt goes by itself.
        let stops = self.choose_stops(design, baseline_w * design.reduce - self.burn_w());
        for &(slot, _, response) in &stops {
            if response != Response::Pause {
                self.prepare(now, slot, by);
            }
        }
        let ticket =
            self.agenda.schedule(now + notice, Class::Control, Event::Curtailment(Step::Begin));
        let call = Call { baseline_w, began: None, stops, ticket: Some(ticket) };
        self.curtailment.as_mut().expect("as above").call = Some(call);
    }

    /// The jobs that must stop for what they draw to fall by `left_w`, after all that may be capped
    /// are: the lowest tier first, in it the latest submission.
    fn choose_stops(
        &self,
        design: &CurtailmentDesign,
        mut left_w: f64,
    ) -> Vec<(Slot, u64, Response)> {
        let mut candidates = Vec::new();
        for &slot in &self.holding {
            let job = &self.jobs[slot as usize];
            match design.of(job.tier).response {
                Response::Ignore => {}
                Response::Cap => {
                    left_w -= self.job_w(slot as usize) - self.capped_w(slot as usize, 1.0);
                }
                response => candidates.push((job.tier, u64::MAX - job.id, slot, response)),
            }
        }
        candidates.sort_unstable_by_key(|&(tier, late, ..)| (tier, late));
        let mut stops = Vec::new();
        for (_, late, slot, response) in candidates {
            // Of all, everything goes, whatever it saves.
            if left_w <= 0.0 && design.reduce < 1.0 {
                break;
            }
            left_w -= self.job_w(slot as usize) - self.stopped_w(slot as usize, response);
            stops.push((slot, u64::MAX - late, response));
        }
        stops
    }

    /// What a job draws now with its GPUs, W.
    fn job_w(&self, slot: usize) -> f64 {
        let job = &self.jobs[slot];
        (job.nodes.len() * self.design.grain.gpus) as f64 * job.draw_w
    }

    /// What it will draw when it has been stopped, W.
    fn stopped_w(&self, slot: usize, response: Response) -> f64 {
        let gpus = (self.jobs[slot].nodes.len() * self.design.grain.gpus) as f64;
        let power = self.power_of(slot);
        gpus * if response == Response::Pause { power.resident_w } else { power.idle_w }
    }

    /// The highest speed of a job that gives the part `cut` of what its tier may lose.
    fn limit(&self, slot: usize, cut: f64) -> f64 {
        let design = &self.curtailment.as_ref().expect("only curtailment caps").design;
        let lost = cut * design.of(self.jobs[slot].tier).most_loss;
        // A GPU cannot be capped lower.
        (1.0 - lost).max(self.power_of(slot).run.floor_speed())
    }

    /// What it will draw then while it runs, W, whatever it is doing now.
    fn capped_w(&self, slot: usize, cut: f64) -> f64 {
        let job = &self.jobs[slot];
        let speed = self.limit(slot, cut).min(job.thermal);
        let speed = if job.phase == Phase::Running { speed.min(job.pace) } else { speed };
        let gpus = (job.nodes.len() * self.design.grain.gpus) as f64;
        let power = self.power_of(slot);
        gpus * power.run.draw_at(speed, power.resident_w)
    }

    /// The cut begins: jobs stop, and the others are capped as far as it takes.
    fn begin(&mut self, now: Time) {
        let curtailment = self.curtailment.as_mut().expect("a cut was called for");
        let call = curtailment.call.as_mut().expect("a cut was called for");
        call.began = Some(now);
        call.ticket = None;
        let target_w = call.baseline_w * (1.0 - curtailment.design.reduce);
        let stops = std::mem::take(&mut call.stops);
        let mut total_w: f64 = (0..self.racks.len()).map(|rack| self.work_w(rack)).sum();
        for (slot, id, response) in stops {
            let job = &self.jobs[slot as usize];
            // It may have ended in the meantime, and another have come in its place.
            if job.id != id || matches!(job.phase, Phase::Queued | Phase::Gone) {
                continue;
            }
            total_w -= self.job_w(slot as usize) - self.stopped_w(slot as usize, response);
            self.answer(now, slot, response);
        }
        let design = &self.curtailment.as_ref().expect("as above").design;
        let capped: Vec<usize> = (0..self.jobs.len())
            .filter(|&slot| {
                let job = &self.jobs[slot];
                !matches!(job.phase, Phase::Queued | Phase::Gone)
                    && design.of(job.tier).response == Response::Cap
            })
            .collect();
        let fixed_w = total_w - capped.iter().map(|&slot| self.job_w(slot)).sum::<f64>();
        let total =
            |cut: f64| fixed_w + capped.iter().map(|&slot| self.capped_w(slot, cut)).sum::<f64>();
        // The draw falls with the cut, so halving finds the least that does.
        let (mut low, mut high) = (0.0, 1.0);
        if total(1.0) <= target_w {
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if total(middle) <= target_w {
                    high = middle;
                } else {
                    low = middle;
                }
            }
        }
        let is_missed = total(high) > target_w * (1.0 + 1e-9) && design.reduce < 1.0;
        for slot in capped {
            self.jobs[slot].pass_time(now);
            self.jobs[slot].limit = self.limit(slot, high);
            self.touch(slot as Slot);
        }
        self.change_burning();
        let curtailment = self.curtailment.as_mut().expect("as above");
        curtailment.counts.cuts += 1;
        curtailment.counts.missed += u64::from(is_missed);
        if let When::Scheduled { duration, .. } | When::Random { duration, .. } =
            curtailment.design.when
        {
            self.push_in(now, duration, Class::Control, Event::Curtailment(Step::End));
        }
    }

    /// A job stops for the cut.
    fn answer(&mut self, now: Time, slot: Slot, response: Response) {
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        match response {
            Response::Ignore | Response::Cap => unreachable!("these stop no job"),
            Response::Pause => job.limit = 0.0,
            Response::Release => {
                self.vacate(now, slot, now, Vacate::Requeue, Cause::Curtailment);
            }
            Response::Hold => {
                self.save_drained(slot);
                let job = &mut self.jobs[slot as usize];
                // One that stands already has been interrupted before.
                if matches!(job.phase, Phase::Running | Phase::Starting) {
                    job.interruptions.count(Cause::Curtailment);
                    self.totals.interruptions.count(Cause::Curtailment);
                    self.blame(slot, None);
                    let job = &mut self.jobs[slot as usize];
                    job.fall_back(&mut self.totals.lost_before);
                }
                let job = &mut self.jobs[slot as usize];
                job.phase = Phase::Curtailed;
                job.pace = 0.0;
                if let Some(ticket) = job.ticket.take() {
                    self.agenda.cancel(ticket);
                }
                self.waiting.remove(&job.id);
            }
        }
        self.touch(slot);
    }

    /// The cut ends, or is called off. Jobs go on in the order of submission.
    fn end(&mut self, now: Time) {
        let curtailment = self.curtailment.as_mut().expect("a cut was called for");
        let call = curtailment.call.take().expect("a cut was called for");
        let mut counts = curtailment.counts;
        curtailment.count(&call, now, &mut counts);
        curtailment.counts = counts;
        self.change_burning();
        if let Some(ticket) = call.ticket {
            self.agenda.cancel(ticket);
        }
        let mut stopped = Vec::new();
        for slot in 0..self.jobs.len() {
            let job = &mut self.jobs[slot];
            if job.phase == Phase::Curtailed {
                stopped.push((job.id, slot as Slot));
            }
            if job.limit < 1.0 {
                job.pass_time(now);
                job.limit = 1.0;
                self.touch(slot as Slot);
            }
            if call.began.is_none() {
                self.unprepare(now, slot as Slot);
            }
        }
        stopped.sort_unstable();
        for (_, slot) in stopped {
            let gpus = (self.jobs[slot as usize].width * self.design.grain.gpus) as f64;
            let full_w = self.power_of(slot as usize).run.full_w();
            let at = self.ramped(now, gpus * full_w);
            if at == now {
                self.resume(now, slot);
            } else {
                self.agenda.push(at, Class::Work, Event::Resume(slot));
            }
        }
        self.pass_due = true;
        self.expect_curtailment(now);
    }

    /// A job that was held may go on, unless something else has become of it since.
    pub(super) fn resume(&mut self, now: Time, slot: Slot) {
        if self.is_curtailed() || self.jobs[slot as usize].phase != Phase::Curtailed {
            return;
        }
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        if !self.go_on(now, slot) {
            let job = &mut self.jobs[slot as usize];
            job.phase = Phase::Waiting;
            self.waiting.insert(job.id, slot);
            self.touch(slot);
        }
        self.pass_due = true;
    }
}
