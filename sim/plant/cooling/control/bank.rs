//! How many of a bank of chillers run: hysteresis, least run times, delays of start.

use super::super::chiller::StagingDesign;
use super::super::pool::UnitState;
use crate::kernel::Time;

/// What a bank is asked for at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    /// Heat over the capacity of one chiller.
    pub(super) units: f64,
    /// The chilled water is warmer than wanted with all that run at their most.
    pub(super) short: bool,
    /// It is warmer than wanted, whether or not anything runs, or there is heat.
    pub(super) warm: bool,
    /// There is power to run on.
    pub(super) powered: bool,
}

/// A bank of alike chillers, each in a state of its own.
///
/// Pure: it knows no clock but the instants that it is given, and says when it wants to be
/// asked again.
#[derive(Debug, Clone)]
pub(super) struct Bank {
    design: StagingDesign,
    /// The most that run at a time.
    duty: u32,
    units: Vec<UnitState>,
    /// Since when those running have been loaded too high.
    crowded: Option<Time>,
}

impl Bank {
    /// A bank of `duty` chillers and those that stand by, of which `running` have been running for
    /// long at `now`.
    pub(super) fn new(design: StagingDesign, duty: u32, running: u32, now: Time) -> Self {
        let state = |i| match i < running {
            true => UnitState::Running { since: Time::ZERO },
            false => UnitState::Standby { from: now },
        };
        let units = (0..duty + design.standby).map(state).collect();
        Self { design, duty, units, crowded: None }
    }

    /// How many cool.
    pub(super) fn running(&self) -> u32 {
        self.count(|unit| matches!(unit, UnitState::Running { .. }))
    }

    fn count(&self, of: impl Fn(&UnitState) -> bool) -> u32 {
        self.units.iter().filter(|unit| of(unit)).count() as u32
    }

    /// What each is doing.
    pub(super) fn units(&self) -> &[UnitState] {
        &self.units
    }

    /// Takes a unit out of service, or (with [`UnitState::Standby`]) puts it back.
    pub(super) fn set(&mut self, unit: usize, state: UnitState) {
        self.units[unit] = state;
    }

    /// All that run or start trip. How many did.
    pub(super) fn trip(&mut self, now: Time) -> u32 {
        let mut count = 0;
        for unit in &mut self.units {
            if let UnitState::Running { .. } | UnitState::Starting { .. } = unit {
                *unit = UnitState::Tripped { since: now };
                count += 1;
            }
        }
        count
    }

    /// Those that have tripped are reset: they may start again once they have rested as after any
    /// stop. How many are.
    pub(super) fn reset(&mut self) -> u32 {
        let mut count = 0;
        for unit in &mut self.units {
            if let UnitState::Tripped { since } = *unit {
                *unit = UnitState::Standby { from: since + self.design.least_time };
                count += 1;
            }
        }
        count
    }

    /// Carries out at `now` what has been decided, and decides nothing. When the next start ends.
    pub(super) fn hold(&mut self, now: Time, powered: bool) -> Time {
        self.complete(now, powered);
        self.next_ready().unwrap_or(Time::MAX)
    }

    fn next_ready(&self) -> Option<Time> {
        let ready = self.units.iter().filter_map(|unit| match unit {
            UnitState::Starting { ready } => Some(*ready),
            _ => None,
        });
        ready.min()
    }

    /// Decides at `now`, and says when to be asked again if nothing else happens
    /// ([`Time::MAX`] for never).
    pub(super) fn advance(&mut self, now: Time, load: &Load) -> Time {
        self.complete(now, load.powered);
        if !load.powered {
            self.crowded = None;
            return Time::MAX;
        }
        let next = if load.units <= 0.0 && !load.warm {
            self.stop_all(now)
        } else {
            self.stage(now, load)
        };
        self.next_ready().map_or(next, |ready| ready.min(next))
    }

    /// Ends starts that are over; without power nothing runs, and all may start again at once
    /// when it is back: it was not they who stopped.
    fn complete(&mut self, now: Time, powered: bool) {
        for unit in &mut self.units {
            *unit = match *unit {
                UnitState::Starting { .. } | UnitState::Running { .. } if !powered => {
                    UnitState::Standby { from: now }
                }
                UnitState::Starting { ready } if ready <= now => {
                    UnitState::Running { since: ready }
                }
                other => other,
            };
        }
    }

    /// Stops all that have run long enough. When the next has.
    fn stop_all(&mut self, now: Time) -> Time {
        self.crowded = None;
        let mut next = Time::MAX;
        for unit in &mut self.units {
            if let UnitState::Running { since } = *unit {
                let enough = since + self.design.least_time;
                if enough <= now {
                    *unit = UnitState::Standby { from: now + self.design.least_time };
                } else {
                    next = next.min(enough);
                }
            }
        }
        next
    }

    fn stage(&mut self, now: Time, load: &Load) -> Time {
        let design = self.design;
        // More than those running and starting can carry: no time to wait.
        while load.units > f64::from(self.coming()) || (load.warm && self.coming() == 0) {
            match self.start_one(now) {
                Ok(()) => {}
                Err(next) => return next,
            }
        }
        let running = self.running();
        if self.count(|unit| matches!(unit, UnitState::Starting { .. })) > 0 {
            self.crowded = None;
            return Time::MAX;
        }
        if load.units > design.up_at * f64::from(running) || load.short {
            let due = *self.crowded.get_or_insert(now) + design.up_after;
            if due > now {
                return due;
            }
            self.crowded = None;
            return self.start_one(now).err().unwrap_or(Time::MAX);
        }
        self.crowded = None;
        if running > 1 && load.units < design.down_at * f64::from(running - 1) {
            return self.stop_one(now);
        }
        Time::MAX
    }

    /// How many run or are starting.
    fn coming(&self) -> u32 {
        self.count(|unit| matches!(unit, UnitState::Running { .. } | UnitState::Starting { .. }))
    }

    /// Orders the unit that has rested longest to start; else says when one may.
    fn start_one(&mut self, now: Time) -> Result<(), Time> {
        if self.coming() >= self.duty {
            return Err(Time::MAX);
        }
        let rested = |unit: &UnitState| match *unit {
            UnitState::Standby { from } => from,
            _ => Time::MAX,
        };
        let unit = self.units.iter_mut().min_by_key(|unit| rested(unit)).ok_or(Time::MAX)?;
        let from = rested(unit);
        if from > now {
            return Err(from);
        }
        let ready = now + self.design.start_delay;
        *unit = if ready > now {
            UnitState::Starting { ready }
        } else {
            UnitState::Running { since: now }
        };
        Ok(())
    }

    /// Stops the unit that has run longest, if long enough. When to be asked again.
    fn stop_one(&mut self, now: Time) -> Time {
        let begun = |unit: &UnitState| match *unit {
            UnitState::Running { since } => since,
            _ => Time::MAX,
        };
        let Some(unit) = self.units.iter_mut().min_by_key(|unit| begun(unit)) else {
            return Time::MAX;
        };
        let enough = begun(unit) + self.design.least_time;
        if enough > now {
            return enough;
        }
        *unit = UnitState::Standby { from: now + self.design.least_time };
        // The load of the others is known once the plant has settled without it.
        now
    }
}
