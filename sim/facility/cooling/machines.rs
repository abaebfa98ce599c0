//! Fans, pumps and chillers as loads of the power chain.

use super::SiteAgenda;
use crate::facility::Event;
use crate::facility::condition::Condition;
use crate::facility::passes::{Pass, Progress, Share};
use crate::kernel::{Class, Span, Time};
use crate::plant::cooling::{Pool, UnitState};
use crate::plant::power::{Network, PowerLoad};
use crate::plant::{Demand, Rank};

/// Smaller changes of what a machine wants are not carried to the power chain, in watts.
const DEMAND_STEP_W: f64 = 0.1;
/// Machines that are granted less than this share of what they ask have lost their power, as if
/// their bus were dead (assumption: contactors drop out and drives trip on their undervoltage).
const STALL: f64 = 0.01;

/// The fans, the pumps or the chillers of a loop, or the movers of an exchanger: one
/// electrical load.
#[derive(Debug)]
pub(in crate::facility) struct Machines {
    load: Option<PowerLoad>,
    /// The most that they ever draw, in watts.
    most_w: f64,
    /// What they have asked of the power chain, in watts.
    asked_w: f64,
    /// What they draw, in watts.
    pub(in crate::facility) draw_w: f64,
    /// The share of them that can run.
    share: f64,
    /// What they take of what they ask.
    taken: Share,
    /// Which of them run, stand by or are out; empty where others see to that.
    pool: Pool,
    /// How long they take to start after they were without power.
    restart: Span,
    stop: Stop,
}

/// Whether they stand because they have no power, or had none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Running,
    Dead,
    StartingUntil(Time),
}

impl Machines {
    pub(in crate::facility) fn new(
        load: Option<PowerLoad>,
        most_w: f64,
        pool: Pool,
        restart: Span,
    ) -> Self {
        Self {
            load,
            most_w,
            asked_w: 0.0,
            draw_w: 0.0,
            share: 1.0,
            taken: Share::ALL,
            pool,
            restart,
            stop: Stop::Running,
        }
    }

    /// `unit` breaks or is taken out, or comes back. When another runs in its place, or it does
    /// again, if that takes time.
    pub(in crate::facility) fn set_unit(
        &mut self,
        now: Time,
        unit: u32,
        out: Option<UnitState>,
    ) -> Option<Time> {
        match out {
            Some(state) => self.pool.take_out(now, unit, state),
            None => self.pool.put_back(now, unit),
        }
    }

    /// Ends starts that are over.
    #[inline]
    pub(super) fn advance(&mut self, now: Time) {
        self.pool.advance(now);
    }

    /// The share of their duty that those not broken carry.
    #[inline]
    pub(super) fn whole(&self) -> f64 {
        self.pool.share()
    }

    /// Whether they have power, and have had it for as long as they take to start. Schedules
    /// `event` for when they will have.
    ///
    /// A dead bus and a limit that leaves them nothing are the same to them, so that what stands
    /// between them and the source does not matter.
    #[inline]
    pub(in crate::facility) fn ready(
        &mut self,
        now: Time,
        power: &Network,
        agenda: &mut SiteAgenda,
        event: Event,
    ) -> bool {
        let Some(load) = self.load else { return true };
        if !power.energised(load) || power.cap_w(load) < STALL * self.asked_w {
            self.stop = Stop::Dead;
            return false;
        }
        if self.stop == Stop::Dead {
            let until = now + self.restart;
            self.stop = Stop::StartingUntil(until);
            if until > now {
                agenda.push(until, Class::Plant, event);
            }
        }
        match self.stop {
            Stop::StartingUntil(until) if now < until => false,
            _ => {
                self.stop = Stop::Running;
                true
            }
        }
    }

    /// What they are doing, as far as their power and their units go.
    pub(super) fn condition(&self, power: &Network) -> Condition {
        let asked_w = self.asked_w;
        let starves = |load: PowerLoad| power.cap_w(load) < asked_w * (1.0 - 1e-6);
        match self.stop {
            Stop::Dead => Condition::NoPower,
            Stop::StartingUntil(_) => Condition::Starting,
            Stop::Running if self.load.is_some_and(starves) => Condition::Starved,
            Stop::Running if self.whole() < 1.0 => Condition::Reduced,
            Stop::Running => Condition::Ok,
        }
    }

    /// Begins an instant.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.taken.begin();
    }

    /// They may take all that the power chain gives again.
    pub(in crate::facility) fn raise(&mut self) {
        self.taken = Share::ALL;
    }

    /// Asks for `wanted_w` in `pass`, and follows what the power chain gives. Adds to `progress`
    /// how that goes on.
    #[inline]
    pub(super) fn ask(
        &mut self,
        power: &mut Network,
        wanted_w: f64,
        pass: Pass,
        progress: &mut Progress,
    ) {
        let Some(load) = self.load else { return };
        // What is not given without power is still wanted.
        if self.stop == Stop::Dead {
            return;
        }
        if (wanted_w - self.asked_w).abs() > DEMAND_STEP_W {
            self.asked_w = wanted_w;
            power.set_demand(load, Demand::of(Rank::Cooling, wanted_w));
            progress.asks = true;
            return;
        }
        let cap_w = power.cap_w(load);
        let given = if cap_w < self.asked_w { cap_w / self.asked_w } else { 1.0 };
        let moved = self.taken.follow(given, pass);
        progress.note(self.taken, moved);
    }

    /// The share of them that can run, where all together want `wanted_w`.
    #[inline]
    pub(in crate::facility) fn share(&self, power: &Network, wanted_w: f64) -> f64 {
        let Some(load) = self.load else { return self.whole() };
        let cap_w = self.taken.cap_w(power.cap_w(load), wanted_w);
        if cap_w < wanted_w {
            (cap_w / self.most_w).min(self.whole())
        } else if !power.energised(load) {
            0.0
        } else {
            self.whole()
        }
    }

    /// Notes the share that runs in this pass.
    pub(in crate::facility) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// The share noted last.
    pub(in crate::facility) fn last_share(&self) -> f64 {
        self.share
    }

    /// Draws `wanted_w`, but no more than was asked: the power chain has checked that much.
    #[inline]
    pub(in crate::facility) fn draw(&mut self, power: &mut Network, wanted_w: f64) {
        let Some(load) = self.load else { return };
        self.draw_w = wanted_w.min(power.cap_w(load)).min(self.asked_w);
        power.set_draw(load, self.draw_w);
    }
}
