//! Alike units of which some are on duty and the others stand by.

use crate::kernel::{Span, Time};

/// What a machine of a pool is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// Ready, and allowed to start from an instant on.
    Standby {
        /// When it has rested long enough.
        from: Time,
    },
    /// Ordered to start, and cooling from an instant on.
    Starting {
        /// When it cools.
        ready: Time,
    },
    /// Cooling since an instant.
    Running {
        /// When it began to.
        since: Time,
    },
    /// Stopped by its own protection, until what tripped it is gone.
    Tripped {
        /// When it was.
        since: Time,
    },
    /// Broken.
    Failed,
    /// Taken out by its keepers.
    Maintenance,
}

/// Pumps, fans or movers that share one duty: as many run as it takes, those that stand by start
/// when one of these is lost.
///
/// Pure: it knows no clock but the instants that it is given. Loss of power is not its business:
/// it stops all units alike, and they start again together.
#[derive(Debug, Clone)]
pub struct Pool {
    duty: u32,
    start_delay: Span,
    units: Vec<UnitState>,
    /// Reasons why each is out: failures and maintenance may overlap.
    out: Vec<u32>,
    /// Share of the duty that those running carry, and when the next of those that start does.
    share: f64,
    next: Option<Time>,
}

impl Pool {
    /// A pool of which `duty` units run and `standby` more are ready; one takes `start_delay`
    /// from the order to start until it carries its part.
    pub fn new(duty: u32, standby: u32, start_delay: Span) -> Self {
        let state = |unit| match unit < duty {
            true => UnitState::Running { since: Time::ZERO },
            false => UnitState::Standby { from: Time::ZERO },
        };
        let count = duty + standby;
        Self {
            duty,
            start_delay,
            units: (0..count).map(state).collect(),
            out: vec![0; count as usize],
            share: 1.0,
            next: None,
        }
    }

    /// What each unit is doing.
    pub fn units(&self) -> &[UnitState] {
        &self.units
    }

    /// Share of the duty that those running carry: 1 in an empty pool, which lacks nothing.
    #[inline]
    pub fn share(&self) -> f64 {
        self.share
    }

    fn running(&self) -> u32 {
        let running = |unit: &&UnitState| matches!(unit, UnitState::Running { .. });
        self.units.iter().filter(running).count() as u32
    }

    /// Takes `unit` out at `now`, for one reason more: `as_state` is [`UnitState::Failed`] or
    /// [`UnitState::Maintenance`]. When those that take its place run, if any do.
    pub fn take_out(&mut self, now: Time, unit: u32, as_state: UnitState) -> Option<Time> {
        self.out[unit as usize] += 1;
        self.units[unit as usize] = as_state;
        self.turn(now)
    }

    /// One reason fewer why `unit` is out; without any it is ready at `now`. When those that it
    /// lets run do, if there are any.
    pub fn put_back(&mut self, now: Time, unit: u32) -> Option<Time> {
        let reasons = &mut self.out[unit as usize];
        *reasons -= 1;
        if *reasons == 0 {
            self.units[unit as usize] = UnitState::Standby { from: now };
        }
        self.turn(now)
    }

    /// Ends starts that are over at `now`. When the next unit runs, if any is starting.
    #[inline]
    pub fn advance(&mut self, now: Time) -> Option<Time> {
        // Nothing else happens while no unit is taken out or put back.
        if self.next.is_some_and(|ready| ready <= now) { self.turn(now) } else { self.next }
    }

    /// Ends starts that are over at `now` and orders more where the duty asks for them. When the
    /// next unit runs, if any is starting.
    fn turn(&mut self, now: Time) -> Option<Time> {
        let mut coming = 0;
        for unit in &mut self.units {
            match *unit {
                UnitState::Starting { ready } if ready <= now => {
                    *unit = UnitState::Running { since: ready };
                    coming += 1;
                }
                UnitState::Starting { .. } | UnitState::Running { .. } => coming += 1,
                _ => {}
            }
        }
        let ready = now + self.start_delay;
        let resting =
            self.units.iter_mut().filter(|unit| matches!(unit, UnitState::Standby { .. }));
        for unit in resting.take(self.duty.saturating_sub(coming) as usize) {
            *unit = if ready > now {
                UnitState::Starting { ready }
            } else {
                UnitState::Running { since: now }
            };
        }
        if self.duty > 0 {
            self.share = f64::from(self.running()) / f64::from(self.duty);
        }
        let starting = self.units.iter().filter_map(|unit| match unit {
            UnitState::Starting { ready } => Some(*ready),
            _ => None,
        });
        self.next = starting.min();
        self.next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn a_unit_that_stands_by_starts_when_one_is_lost() {
        let mut pumps = Pool::new(2, 1, Span::from_secs(20));
        assert_eq!(pumps.share(), 1.0);
        assert_eq!(pumps.take_out(at(100), 0, UnitState::Failed), Some(at(120)));
        assert_eq!(pumps.share(), 0.5);
        assert_eq!(pumps.advance(at(119)), Some(at(120)));
        assert_eq!(pumps.share(), 0.5);
        assert_eq!(pumps.advance(at(120)), None);
        assert_eq!(pumps.share(), 1.0);
        // The other two fail, the first is mended meanwhile.
        assert_eq!(pumps.put_back(at(200), 0), None, "it is not needed");
        assert_eq!(pumps.take_out(at(300), 1, UnitState::Maintenance), Some(at(320)));
        assert_eq!(pumps.take_out(at(310), 2, UnitState::Failed), Some(at(320)));
        assert_eq!(pumps.share(), 0.0);
        pumps.advance(at(320));
        assert_eq!(pumps.share(), 0.5);
        // A unit that is out for two reasons comes back when both are gone.
        pumps.take_out(at(330), 1, UnitState::Failed);
        assert_eq!(pumps.put_back(at(340), 1), None);
        assert_eq!(pumps.put_back(at(350), 1), Some(at(370)));
    }

    proptest! {
        /// As many run or start as the duty asks for, or as are not out.
        #[test]
        fn the_duty_is_met_by_all_that_are_there(
            duty in 0u32..5,
            standby in 0u32..4,
            delay in 0u64..40,
            steps in prop::collection::vec((0u32..9, 1u64..60), 0..60),
        ) {
            let mut pool = Pool::new(duty, standby, Span::from_secs(delay));
            let (mut now, mut out) = (0, vec![false; (duty + standby) as usize]);
            for (unit, seconds) in steps {
                now += seconds;
                if let Some(is_out) = out.get_mut(unit as usize) {
                    *is_out = !*is_out;
                    let next = match *is_out {
                        true => pool.take_out(at(now), unit, UnitState::Failed),
                        false => pool.put_back(at(now), unit),
                    };
                    prop_assert!(next.is_none_or(|next| next > at(now)));
                }
                let next = pool.advance(at(now));
                let there = out.iter().filter(|out| !**out).count() as u32;
                let coming = pool.units.iter().filter(|unit| {
                    matches!(unit, UnitState::Running { .. } | UnitState::Starting { .. })
                });
                let coming = coming.count() as u32;
                prop_assert_eq!(coming, duty.min(there));
                prop_assert_eq!(next.is_some(), pool.running() < coming);
                let share = f64::from(pool.running()) / f64::from(duty);
                prop_assert_eq!(pool.share(), if duty == 0 { 1.0 } else { share });
            }
        }
    }
}
