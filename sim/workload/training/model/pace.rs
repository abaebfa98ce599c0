//! What racks ask for and draw, and how fast jobs go with what they get.

use super::{Event, Rack, Training, power_of, touch};
use crate::kernel::{Class, Span, Time};
use crate::plant::{Demand, Rank};
use crate::workload::BurnDesign;
use crate::workload::smoothing::Aim;
use crate::workload::training::fleet::{RackPower, Slot};
use crate::workload::training::job::Phase;
use crate::workload::training::power::ROUNDING;

/// What a place of a rack, and a GPU of it, draw at least, W.
pub(super) struct Floor {
    pub(super) of_place_w: f64,
    pub(super) of_gpu_w: f64,
}

/// What all racks burn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Burning {
    /// How many do, and what they burn since `since`, W.
    racks: usize,
    total_w: f64,
    since: Time,
    /// What was burnt until then, J.
    joules: f64,
}

impl Burning {
    /// A rack that burnt `before_w` burns `after_w` from `now` on.
    fn change(&mut self, now: Time, before_w: f64, after_w: f64) {
        if before_w == after_w {
            return;
        }
        self.joules = self.joules_at(now);
        self.since = now;
        self.racks = self.racks + usize::from(after_w != 0.0) - usize::from(before_w != 0.0);
        // Sums of changes round; that of nothing must not.
        self.total_w = if self.racks == 0 { 0.0 } else { self.total_w + (after_w - before_w) };
    }

    /// What was burnt until `now`, J.
    pub(super) fn joules_at(&self, now: Time) -> f64 {
        self.joules + self.total_w * (now - self.since).as_secs_f64()
    }
}

impl Training {
    /// What `rack` would draw if power were not short, by the order of shedding, W.
    ///
    /// Capping saves what lies above the lowest power cap, pausing what lies between that and
    /// GPUs that only hold their job. A rack that is off asks for what it draws at idle.
    pub fn demand(&self, rack: usize) -> Demand {
        let mut tranches = [0.0; Rank::COUNT];
        let gpus_per_node = self.design.grain.gpus as f64;
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
        // What is burnt goes first of what training draws, unless a ladder of control says otherwise.
        tranches[Rank::Mining as usize] += self.racks[rack].burn_w;
        // What its own cap forbids is not asked for; what power is short of is, however it would rise.
        let total_w = tranches.iter().sum::<f64>();
        let Rack { offer, rise_w, .. } = self.racks[rack];
        let is_short = offer.cap_w < total_w.min(self.design.rack_cap_w) * (1.0 - ROUNDING);
        let rise_w = if is_short { f64::INFINITY } else { rise_w };
        let mut over_w = total_w - self.design.rack_cap_w.min(rise_w);
        for rank in [Rank::Mining, Rank::TrainingCap, Rank::TrainingPause] {
            let tranche = &mut tranches[rank as usize];
            let cut_w = over_w.clamp(0.0, *tranche);
            *tranche -= cut_w;
            over_w -= cut_w;
        }
        Demand(tranches)
    }

    /// What `rack` draws, W; at most its cap. While a job runs, its checkpoint writes count by
    /// their mean over the checkpoint cycle.
    pub fn draw_w(&self, rack: usize) -> f64 {
        self.drawn_w(rack, self.work_w(rack))
    }

    /// The same, where it draws `work_w` to work.
    fn drawn_w(&self, rack: usize, work_w: f64) -> f64 {
        if self.racks[rack].burn_w == 0.0 {
            return work_w;
        }
        (work_w + self.racks[rack].burn_w).min(self.cap_w(rack))
    }

    /// What all racks burn to smooth what they draw, W.
    pub fn burn_w(&self) -> f64 {
        self.burning.total_w
    }

    /// What `rack` draws to work, W.
    pub(super) fn work_w(&self, rack: usize) -> f64 {
        if self.fleet.power(rack) == RackPower::Off {
            return 0.0;
        }
        let state = &self.racks[rack];
        let limit = state.allowance_w.max(self.design.power.resident_w);
        let mut busy_w = 0.0;
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = (nodes * self.design.grain.gpus) as f64;
            busy_w += gpus * self.jobs[slot as usize].draw_w.min(limit);
        });
        (self.base_w(healthy, free) + busy_w).min(self.cap_w(rack))
    }

    /// The most that `rack` may draw, by what it is offered and its own cap, W.
    fn cap_w(&self, rack: usize) -> f64 {
        let Rack { offer, rise_w, .. } = self.racks[rack];
        offer.cap_w.min(self.design.rack_cap_w).min(rise_w)
    }

    /// Brings the draws and speeds of everything touched in this instant up to date.
    pub(super) fn refresh(&mut self, now: Time) {
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
            if let Some(up_w_s) = self.rack.smoothing.up_w_s {
                self.let_rise(now, rack, up_w_s);
            }
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
            self.note_work(now, slot);
            self.repace(now, slot);
        }
        touched.clear();
        self.touched_jobs = touched;
        if self.rack.smoothing.acts() {
            self.spread_changes();
            for i in 0..self.changed.len() {
                self.smooth(now, self.changed[i] as usize);
            }
        }
    }

    /// Finds the most that `rack` may draw while its draw rises to what it wants or, if that is less, may
    /// have. Nobody keeps from it what it draws without computing.
    fn let_rise(&mut self, now: Time, rack: usize, up_w_s: f64) {
        let gpus_per_node = self.design.grain.gpus as f64;
        let resident_w = self.design.power.resident_w;
        let floor_w = self.floor(rack).of_gpu_w;
        let (mut least_w, mut want_w) = (0.0, 0.0);
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = nodes as f64 * gpus_per_node;
            let job = &self.jobs[slot as usize];
            let pace = job.thermal.min(job.limit);
            least_w += gpus * job.wanted_w.min(resident_w);
            want_w +=
                gpus * (job.wanted_w + job.dips_of(power_of(&self.design, job), pace, floor_w));
        });
        let base_w = self.base_w(healthy, free);
        let full_w = self.rack.full_w();
        let state = &mut self.racks[rack];
        let may_w = state.offer.cap_w.min(self.design.rack_cap_w);
        let aim = Aim { least_w: base_w + least_w, want_w: (base_w + want_w).min(may_w), full_w };
        let (rise_w, next) = state.riser.set(now, aim, up_w_s);
        state.rise_w = rise_w;
        state.rises.set(&mut self.agenda, next, Class::Work, Event::Rise(rack as u32));
    }

    /// Follows the work of `rack` with what it burns: no more than heat lets its clocks draw. What power
    /// is short of is for who grants it to say.
    fn smooth(&mut self, now: Time, rack: usize) {
        let work_w = self.work_w(rack);
        if let Some(design) = self.rack.smoothing.burn {
            self.burn(now, (rack, work_w), &design);
        }
        let drawn_w = self.drawn_w(rack, work_w);
        let burnt_w = drawn_w - work_w;
        let state = &mut self.racks[rack];
        state.riser.draws(now, drawn_w);
        self.burning.change(now, std::mem::replace(&mut state.burnt_w, burnt_w), burnt_w);
    }

    /// What `rack` draws at least. Heat lowers it as it lowers clocks, and a curtailment takes it away.
    fn floor(&self, rack: usize) -> Floor {
        let share = match self.rack.smoothing.burn {
            Some(design) if self.fleet.power(rack) != RackPower::Off && !self.is_cut() => {
                design.floor.min(self.racks[rack].offer.speed)
            }
            _ => 0.0,
        };
        self.floor_of(share)
    }

    /// A floor of `share` of the full draw.
    pub(super) fn floor_of(&self, share: f64) -> Floor {
        let grain = &self.design.grain;
        let places = self.rack.nodes * grain.per_node;
        let of_place_w = share * self.rack.full_w() / places as f64;
        let of_gpu_w = (of_place_w - grain.overhead_w) / grain.gpus as f64;
        Floor { of_place_w, of_gpu_w }
    }

    fn burn(&mut self, now: Time, (rack, work_w): (usize, f64), design: &BurnDesign) {
        let floor = self.floor(rack);
        let gpus_per_node = self.design.grain.gpus as f64;
        let mut dips_w = 0.0;
        let (healthy, _) = self.fleet.occupancy(rack, |slot, nodes| {
            let job = &self.jobs[slot as usize];
            let gpus = nodes as f64 * gpus_per_node;
            dips_w += gpus * job.dips_of(power_of(&self.design, job), job.pace, floor.of_gpu_w);
        });
        let floor_w = floor.of_place_w * healthy as f64;
        let state = &mut self.racks[rack];
        let (tail_w, next) = state.smoother.set(now, work_w + dips_w, floor_w, design);
        state.burn_w = tail_w + dips_w;
        state.burns.set(&mut self.agenda, next, Class::Work, Event::Burn(rack as u32));
    }

    pub(super) fn update_wanted(&mut self, slot: Slot) {
        let racks = &self.racks;
        let job = &mut self.jobs[slot as usize];
        job.thermal = match self.slowed {
            0 => 1.0,
            _ => job.racks.iter().fold(1.0, |speed, &r| racks[r as usize].offer.speed.min(speed)),
        };
        let wanted = job.wanted_of(power_of(&self.design, job));
        if wanted != job.wanted_w {
            job.wanted_w = wanted;
            self.note_change(slot);
            if self.capped > 0 {
                for i in 0..self.jobs[slot as usize].racks.len() {
                    self.mark_stale(self.jobs[slot as usize].racks[i] as usize);
                }
            }
        }
    }

    /// The most that each busy GPU of `rack` may draw for the rack to stay within its cap:
    /// those that want less get what they want, the others an equal share. Infinite where all
    /// get what they want.
    pub(super) fn allowance_w(&self, rack: usize) -> f64 {
        let cap_w = self.cap_w(rack);
        if cap_w.is_infinite() {
            return f64::INFINITY;
        }
        let mut wants: Vec<(f64, f64)> = Vec::new();
        let (healthy, free) = self.fleet.occupancy(rack, |slot, nodes| {
            let gpus = (nodes * self.design.grain.gpus) as f64;
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
    pub(super) fn repace(&mut self, now: Time, slot: Slot) {
        let racks = &self.racks;
        let job = &mut self.jobs[slot as usize];
        job.touched = false;
        job.pass_time(now);
        let power = power_of(&self.design, job);
        // All nodes of a job run at the speed of the slowest.
        let allowance = match self.capped {
            0 => f64::INFINITY,
            _ => job
                .racks
                .iter()
                .fold(f64::INFINITY, |least, &r| racks[r as usize].allowance_w.min(least)),
        };
        let pace = match job.phase {
            Phase::Running => power.run.speed_at(allowance).min(job.thermal).min(job.limit),
            Phase::Starting if job.limit == 0.0 => 0.0,
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
        let draw = job.draw_of(power_of(&self.design, job));
        if draw != job.draw_w {
            job.draw_w = draw;
            self.note_change(slot);
        }
    }

    /// Draw of nodes without their busy GPUs, W: `healthy` nodes' overhead and the GPUs of the
    /// `free` ones.
    pub(super) fn base_w(&self, healthy: usize, free: usize) -> f64 {
        let free_gpus = (free * self.design.grain.gpus) as f64;
        healthy as f64 * self.design.grain.overhead_w + free_gpus * self.rack.gpu_idle_w
    }
}
