//! Smoothing of what racks draw: work that ends leaves a draw that is held for a while and then falls at
//! a permitted rate, burnt in the processors; and a buffer that flattens swings too short for that.
//!
//! What is burnt is the area between that course and the work. Told from event to event, the fall goes
//! in steps, each of the mean of its time, so that its energy is that of the course.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{Span, Time};
use crate::spec::{Check, Fault};
use crate::units::{Duration, Energy, Fraction, PowerRamp};

/// Steps in which a draw falls from where it was held to nothing.
const STEPS: f64 = 20.0;
/// A ramp that takes less than this is none, s.
const SHORTEST_S: f64 = 1e-3;
/// Relative change of a draw that is rounding.
const ROUNDING: f64 = 1e-9;

/// How racks smooth what they draw, under training. Fields that are left out smooth nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmoothingSpec {
    /// Draw that is left when work ends or pauses, as a share of what the nodes that are on draw with
    /// every GPU at `gpu_power`; no more than was drawn before. What was drawn above it falls at once.
    /// Iterations do not dip below it either. Default: none.
    pub floor: Option<Fraction>,
    /// How long that draw is held. Default: 0 s.
    pub hold: Option<Duration>,
    /// How fast the draw of a rack falls afterwards. Needed with `floor`.
    pub ramp_down: Option<PowerRamp>,
    /// How fast the draw of a rack rises with its work, above what its GPUs draw that hold a job without
    /// computing: till then they are capped, and slow. Default: at once.
    pub ramp_up: Option<PowerRamp>,
    /// Energy that the power supplies store for each GPU, which flattens the swings of short iterations.
    /// Default: none.
    pub buffer: Option<Energy>,
}

/// Smoothing, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SmoothingDesign {
    /// How it burns, if it does.
    pub burn: Option<BurnDesign>,
    /// How fast the draw of a rack rises, W/s, where it may not rise at once.
    pub up_w_s: Option<f64>,
    /// What is stored for each GPU, J.
    pub buffer_j: f64,
}

/// How racks burn what work no longer draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnDesign {
    /// Share of the full draw that is left when work ends.
    pub floor: f64,
    /// How long it is held.
    pub hold: Span,
    /// How fast the draw of a rack falls then, W/s.
    pub down_w_s: f64,
}

impl SmoothingSpec {
    /// Fills defaults and checks ranges.
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> SmoothingDesign {
        let buffer = self.buffer.map(|buffer| buffer.0);
        let buffer_j = check.between("buffer", buffer, 0.0, (0.0, 1e6), "J");
        let up_w_s =
            self.ramp_up.map(|ramp| check.between("ramp_up", Some(ramp.0), 1e4, (1.0, 1e9), "W/s"));
        let Some(floor) = self.floor else {
            for (field, is) in
                [("hold", self.hold.is_some()), ("ramp_down", self.ramp_down.is_some())]
            {
                if is {
                    let fault = Fault::error(field, "acts only with a `floor`");
                    check.faults.push(fault.help("add `floor: 60 %`, or leave this out"));
                }
            }
            return SmoothingDesign { burn: None, up_w_s, buffer_j };
        };
        let floor = check.between("floor", Some(floor.0), 0.5, (0.01, 1.0), "");
        let down_w_s = self.ramp_down.map(|ramp| ramp.0);
        if down_w_s.is_none() {
            let fault = Fault::error("", "needs `ramp_down`: how fast a rack's draw may fall");
            check.faults.push(fault.help("add `ramp_down: 500 W/s`"));
        }
        let down_w_s = check.between("ramp_down", down_w_s, 1e4, (1.0, 1e9), "W/s");
        let hold = self.hold.map_or(Span::ZERO, Span::from);
        SmoothingDesign { burn: Some(BurnDesign { floor, hold, down_w_s }), up_w_s, buffer_j }
    }
}

impl SmoothingDesign {
    /// Whether a rack draws otherwise than its work.
    pub fn acts(&self) -> bool {
        self.burn.is_some() || self.up_w_s.is_some()
    }
}

/// How the draw of one rack may rise.
///
/// What it may draw falls with what it would draw, and not with what it draws: of racks that share a job
/// each waits for the slowest, and would otherwise begin anew whenever another is still rising.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Riser {
    /// Since when `now` and `drawn_w` hold, and what held before that instant.
    since: Time,
    before: Permit,
    before_w: f64,
    now: Permit,
    drawn_w: f64,
}

/// What a rack may draw.
#[derive(Debug, Clone, Copy)]
enum Permit {
    /// All that it would, W.
    Whole(f64),
    Rising(Rise),
}

impl Default for Permit {
    fn default() -> Self {
        Self::Whole(0.0)
    }
}

/// What a rack would draw, W.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    /// What nobody keeps from it.
    pub(super) least_w: f64,
    /// What it would draw if it could rise at once, and may.
    pub(super) want_w: f64,
    /// The most that it can ever draw.
    pub(super) full_w: f64,
}

/// A draw that rises from where it was.
#[derive(Debug, Clone, Copy)]
struct Rise {
    from_w: f64,
    since: Time,
}

impl Riser {
    /// A rack would draw what `aim` says from `now` on. Says the most that it may draw, W, and when that
    /// rises. Of what is told for one instant the last holds.
    pub(super) fn set(&mut self, now: Time, aim: Aim, up_w_s: f64) -> (f64, Time) {
        let Aim { least_w, want_w, full_w } = aim;
        self.begin(now);
        let (reached_w, least_left_w) = match self.before {
            Permit::Rising(rise) => {
                let reached_w = rise.from_w + up_w_s * now.since(rise.since).as_secs_f64();
                (reached_w, (ROUNDING * full_w).max(SHORTEST_S * up_w_s))
            }
            // What is no more than a step comes at once where nothing rises yet: machines that heat slows,
            // and that follow it closely, would begin a ramp at every turn.
            Permit::Whole(level_w) => (level_w.max(self.before_w), full_w / STEPS),
        };
        let reached_w = reached_w.max(least_w);
        let left_w = want_w - reached_w;
        // A run begins as if all had been drawn for ever.
        if now == Time::ZERO || left_w <= least_left_w {
            self.now = Permit::Whole(want_w);
            return (f64::INFINITY, Time::MAX);
        }
        self.now = Permit::Rising(Rise { from_w: reached_w, since: now });
        let (step_w, lasts) = step(left_w, full_w, up_w_s);
        (reached_w + 0.5 * step_w, now + lasts)
    }

    /// It draws `drawn_w` from `now` on.
    pub(super) fn draws(&mut self, now: Time, drawn_w: f64) {
        self.begin(now);
        self.drawn_w = drawn_w;
    }

    fn begin(&mut self, now: Time) {
        if now > self.since {
            (self.since, self.before, self.before_w) = (now, self.now, self.drawn_w);
        }
    }
}

/// The first step of a ramp at `w_per_s` that has `left_w` to go, where `whole_w` is [`STEPS`] of them:
/// how far it goes, W, and how long it lasts.
fn step(left_w: f64, whole_w: f64, w_per_s: f64) -> (f64, Span) {
    let steps = libm::ceil(left_w * STEPS / whole_w * (1.0 - ROUNDING)).max(1.0);
    let step_w = left_w / steps;
    (step_w, Span::from_secs_f64(step_w / w_per_s))
}

/// The draw of one rack as it is smoothed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Smoother {
    /// Since when `now` holds, and what held before that instant.
    since: Time,
    before: Held,
    now: Held,
}

/// What work draws, W, and what an earlier draw has left behind.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    work_w: f64,
    tail: Option<Tail>,
}

/// A draw that is held until `falls`, and falls then.
#[derive(Debug, Clone, Copy)]
struct Tail {
    level_w: f64,
    falls: Time,
}

impl Tail {
    fn at(self, now: Time, down_w_s: f64) -> f64 {
        self.level_w - down_w_s * now.since(self.falls).as_secs_f64()
    }
}

impl Smoother {
    /// Work draws `work_w` from `now` on, and what is left when work ends is at most `floor_w`. Says
    /// what is burnt from now on, W, and when that changes by itself.
    ///
    /// Of what is told for one instant the last holds: what work draws in between left nothing behind.
    pub(super) fn set(
        &mut self,
        now: Time,
        work_w: f64,
        floor_w: f64,
        design: &BurnDesign,
    ) -> (f64, Time) {
        if now > self.since {
            (self.since, self.before) = (now, self.now);
        }
        let Held { work_w: before_w, tail } = self.before;
        let left_w = |tail: Tail| tail.at(now, design.down_w_s);
        let tail = if work_w < before_w * (1.0 - ROUNDING) {
            let drawn_w = tail.map_or(before_w, |tail| before_w.max(left_w(tail)));
            Some(Tail { level_w: drawn_w, falls: now + design.hold })
        } else {
            tail
        };
        // A floor that has come down to below what is left takes it there; what falls goes on from it.
        let tail = tail.map(|tail| match left_w(tail) > floor_w {
            true => Tail { level_w: floor_w, falls: tail.falls.max(now) },
            false => tail,
        });
        self.now = Held { work_w, tail };
        let Some(tail) = tail else { return (0.0, Time::MAX) };
        let left_w = left_w(tail) - work_w;
        if left_w <= (ROUNDING * tail.level_w).max(SHORTEST_S * design.down_w_s) {
            self.now.tail = None;
            return (0.0, Time::MAX);
        }
        if now < tail.falls {
            return (left_w, tail.falls);
        }
        let (step_w, lasts) = step(left_w, tail.level_w, design.down_w_s);
        (left_w - 0.5 * step_w, now + lasts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DESIGN: BurnDesign = BurnDesign { floor: 0.6, hold: Span::from_secs(2), down_w_s: 5e3 };

    /// Joules burnt until `end_s` where work draws each of `work` from its second on.
    fn burnt_j(design: &BurnDesign, floor_w: f64, work: &[(f64, f64)], end_s: f64) -> f64 {
        let floored: Vec<_> = work.iter().map(|&(s, work_w)| (s, work_w, floor_w)).collect();
        burnt_above_j(design, &floored, end_s)
    }

    /// The same where each of `told` is a second, what work draws from then on, and the floor.
    fn burnt_above_j(design: &BurnDesign, told: &[(f64, f64, f64)], end_s: f64) -> f64 {
        let at = |s: f64| Time::from_secs_f64(s);
        let mut smoother = Smoother::default();
        let (mut joules, mut work_w, mut floor_w) = (0.0, 0.0, 0.0);
        let (mut now, mut burn_w, mut next) = (Time::ZERO, 0.0, Time::MAX);
        let mut told = told.iter().peekable();
        loop {
            let due = told.peek().map_or(Time::MAX, |(s, ..)| at(*s));
            let then = due.min(next).min(at(end_s));
            joules += burn_w * (then - now).as_secs_f64();
            now = then;
            if now == at(end_s) {
                return joules;
            }
            if now == due {
                (_, work_w, floor_w) = *told.next().unwrap();
            }
            (burn_w, next) = smoother.set(now, work_w, floor_w, design);
            assert!(burn_w >= 0.0 && next > now);
        }
    }

    /// From 100 to 20 kW with a floor of 60 kW: 40 kW for two seconds, and the triangle below them.
    #[test]
    fn a_drop_is_held_and_falls() {
        let work = [(1.0, 100e3), (5.0, 20e3)];
        let joules = 40e3 * 2.0 + 0.5 * 40e3 * 40e3 / 5e3;
        let found = burnt_j(&DESIGN, 60e3, &work, 100.0);
        assert!((found / joules - 1.0).abs() < 1e-6, "{found} in place of {joules}");
        // Work that comes back meanwhile takes it over; what is below the floor is held where it was.
        let found = burnt_j(&DESIGN, 60e3, &[(1.0, 100e3), (5.0, 20e3), (6.5, 90e3)], 100.0);
        assert!((found / (40e3 * 1.5) - 1.0).abs() < 1e-9, "{found}");
        let found = burnt_j(&DESIGN, 60e3, &[(1.0, 30e3), (5.0, 20e3)], 100.0);
        assert!((found / (10e3 * 2.0 + 10e3) - 1.0).abs() < 1e-6, "{found}");
        assert_eq!(burnt_j(&DESIGN, 60e3, &[(1.0, 100e3), (5.0, 60e3)], 100.0), 0.0);
        // What is undone within an instant leaves nothing behind.
        let work = [(1.0, 20e3), (5.0, 90e3), (5.0, 20e3)];
        assert_eq!(burnt_j(&DESIGN, 60e3, &work, 100.0), 0.0);
    }

    /// From 60 kW, held for two seconds, five seconds of a fall at 5 kW/s leave 35 kW, which a floor of
    /// 40 kW then does not cut, one of 10 kW does; a floor that falls while a draw is held cuts it there.
    #[test]
    fn a_floor_that_falls_cuts_what_is_above_it_once() {
        let end = |floor_w: f64| [(1.0, 100e3, 60e3), (5.0, 0.0, 60e3), (12.0, 0.0, floor_w)];
        let trapezoid = 60e3 * 2.0 + 0.5 * (60e3 + 35e3) * 5.0;
        for (floor_w, left_w) in [(40e3, 35e3), (10e3, 10e3)] {
            let found = burnt_above_j(&DESIGN, &end(floor_w), 100.0);
            let joules = trapezoid + 0.5 * left_w * left_w / 5e3;
            // The step that is broken off has told of a part of its own.
            let step_j = 0.5 * 3e3 * 3e3 / 5e3;
            assert!((found - joules).abs() <= step_j, "{found} in place of {joules}");
        }
        let held = [(1.0, 100e3, 60e3), (5.0, 0.0, 60e3), (6.0, 0.0, 40e3)];
        let joules = 60e3 + 40e3 + 0.5 * 40e3 * 40e3 / 5e3;
        let found = burnt_above_j(&DESIGN, &held, 100.0);
        assert!((found / joules - 1.0).abs() < 1e-6, "{found} in place of {joules}");
    }

    /// From 20 to 100 kW at 5 kW/s: the triangle is missing, in whole steps; what is wanted less in the
    /// meantime stays where it came to.
    #[test]
    fn a_rise_is_held_down() {
        let at = |s: f64| Time::from_secs_f64(s);
        let mut riser = Riser::default();
        let aim = |least_w: f64, want_w: f64| Aim { least_w, want_w, full_w: 100e3 };
        assert_eq!(riser.set(Time::ZERO, aim(0.0, 20e3), 5e3).0, f64::INFINITY);
        riser.draws(Time::ZERO, 20e3);
        let (mut now, mut missing_j) = (at(10.0), 0.0);
        loop {
            let (cap_w, next) = riser.set(now, aim(5e3, 100e3), 5e3);
            assert_eq!(riser.set(now, aim(5e3, 100e3), 5e3), (cap_w, next), "the last holds");
            riser.draws(now, cap_w.min(100e3));
            if next == Time::MAX {
                break;
            }
            missing_j += (100e3 - cap_w) * (next - now).as_secs_f64();
            now = next;
        }
        assert!((now.as_secs_f64() - 26.0).abs() < 1e-6, "{now}");
        assert!((missing_j / (0.5 * 80e3 * 16.0) - 1.0).abs() < 1e-6, "{missing_j}");
        assert_eq!(riser.set(at(29.0), aim(5e3, 104e3), 5e3).0, f64::INFINITY, "a step at most");
        riser.draws(at(30.0), 40e3);
        assert_eq!(riser.set(at(31.0), aim(5e3, 40e3), 5e3).0, f64::INFINITY);
        let (cap_w, _) = riser.set(at(32.0), aim(60e3, 100e3), 5e3);
        assert!(
            cap_w > 60e3 && cap_w < 66e3,
            "what nobody keeps from it is drawn at once: {cap_w}"
        );
    }

    proptest! {
        /// Racks of unlike size that share a job at the speed of the slowest, and draw a little less than they
        /// may, as those do that write checkpoints: all rise at once, and have when the longest rise is over.
        #[test]
        fn racks_that_wait_for_each_other_rise_once(
            racks in prop::collection::vec((40..100u32, 0..40u32), 2..6),
            drawn in 80..=100u32,
        ) {
            const UP_W_S: f64 = 5e3;
            let watts = |kw: u32| 1e3 * f64::from(kw);
            let begin = Time::from_secs_f64(10.0);
            let mut risers = vec![Riser::default(); racks.len()];
            let mut caps_w = vec![f64::INFINITY; racks.len()];
            let mut nexts = vec![begin; racks.len()];
            for (riser, &(_, from)) in risers.iter_mut().zip(&racks) {
                let aim = Aim { least_w: 0.0, want_w: watts(from), full_w: 100e3 };
                riser.set(Time::ZERO, aim, UP_W_S);
                riser.draws(Time::ZERO, watts(from));
            }
            let mut turns = 0;
            let mut end = begin;
            while let Some(now) = nexts.iter().copied().min().filter(|next| *next < Time::MAX) {
                end = now;
                turns += 1;
                prop_assert!(turns <= 25 * racks.len(), "{} turns by {}", turns, now);
                for (i, &(want, _)) in racks.iter().enumerate() {
                    let aim = Aim { least_w: 0.0, want_w: watts(want), full_w: 100e3 };
                    (caps_w[i], nexts[i]) = risers[i].set(now, aim, UP_W_S);
                }
                let pace = racks.iter().zip(&caps_w).fold(1.0_f64, |pace, (rack, cap_w)| {
                    pace.min(cap_w / watts(rack.0))
                });
                for (riser, &(want, _)) in risers.iter_mut().zip(&racks) {
                    riser.draws(now, 1e-2 * f64::from(drawn) * pace * watts(want));
                }
            }
            let longest_s = racks.iter().map(|&(want, from)| (watts(want) - watts(from)) / UP_W_S).fold(0.0, f64::max);
            let step_s = 100e3 / STEPS / UP_W_S;
            let lasted_s = (end - begin).as_secs_f64();
            prop_assert!(lasted_s <= longest_s + step_s && lasted_s >= longest_s - step_s, "{} of {} s", lasted_s, longest_s);
        }

        /// Against a walk in steps of a millisecond.
        #[test]
        fn what_is_burnt_is_what_a_fine_walk_burns(
            steps in prop::collection::vec((1..60u32, 0..11u32, 1..10u32), 1..12),
            hold in 0..5u64,
        ) {
            let design = BurnDesign { hold: Span::from_secs(hold), ..DESIGN };
            let most_w = 1e5;
            let mut s = 0.0;
            let mut work = Vec::new();
            for (halves, level, floor) in steps {
                s += 0.5 * f64::from(halves);
                work.push((s, 1e4 * f64::from(level), 1e4 * f64::from(floor)));
            }
            let end = s + 40.0;
            let found = burnt_above_j(&design, &work, end);
            let (mut drawn_w, mut work_w, mut held_s, mut joules) = (0.0_f64, 0.0, 0.0, 0.0);
            const DT: f64 = 1e-3;
            for i in 0..(end / DT) as u64 {
                let t = i as f64 * DT;
                let told = work.iter().rev().find(|(at, ..)| *at <= t + 1e-9);
                let (now_w, floor_w) = told.map_or((0.0, 0.0), |&(_, work_w, floor_w)| (work_w, floor_w));
                if now_w < work_w {
                    held_s = design.hold.as_secs_f64();
                }
                work_w = now_w;
                drawn_w = drawn_w.min(floor_w).max(work_w);
                joules += (drawn_w - work_w) * DT;
                if held_s > 1e-9 {
                    held_s -= DT;
                } else {
                    drawn_w = (drawn_w - design.down_w_s * DT).max(work_w);
                }
            }
            // The walk is a step late, and a fall that is broken off has told of whole steps.
            let step_j = 0.5 * (most_w / STEPS) * (most_w / STEPS) / design.down_w_s;
            let by = work.len() as f64 * (step_j + most_w * 2.0 * DT) + 1e-6;
            prop_assert!((found - joules).abs() <= by, "{} of {}, by {}", found, joules, by);
        }
    }
}
