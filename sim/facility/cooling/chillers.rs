//! The operators of chiller plants: they look at what has settled, and switch.

use crate::facility::observer::{Observer, Record, What};
use crate::facility::{Event, Facility};
use crate::fluids::MoistAir;
use crate::kernel::{Agenda, Alarm, Class, Span, Time};
use crate::plant::cooling::{CoolingLoop, Drive, Head, LoopState, PlantControl, Regime, UnitState};

/// Chillers that unload again within this time after they last began to have never ceased to, for
/// the log of events.
const UNLOADS_AGAIN: Span = Span::from_secs(20 * 60);

/// The operator of a loop; idle for loops without chillers.
#[derive(Debug, Default)]
pub(in crate::facility) struct Operator {
    /// Comes with the first state that has settled, and takes the plant over as it is then.
    control: Option<PlantControl>,
    /// Whether the chillers have power.
    powered: bool,
    /// The loop has settled anew since the operator looked.
    news: bool,
    /// Reasons why it decides nothing: its control is frozen.
    frozen: u32,
    /// Heat of racks that wait for their return, W.
    waiting_w: f64,
    /// Reasons why each chiller is out.
    out: Vec<u32>,
    /// When it looks again if nothing changes.
    look: Alarm,
    /// When the pressure in the condensers last began to unload chillers.
    unloads_since: Option<Time>,
}

impl Operator {
    /// How the plant is run, where somebody has decided.
    pub(in crate::facility) fn regime(&self) -> Option<Regime> {
        self.control.as_ref().map(PlantControl::regime)
    }

    /// One reason more, or one fewer, to decide nothing.
    pub(super) fn freeze(&mut self, frozen: bool) {
        if frozen {
            self.frozen += 1;
        } else {
            self.frozen -= 1;
        }
        self.news = true;
    }

    /// A chiller breaks or is taken out, or comes back.
    pub(super) fn set_unit(&mut self, now: Time, unit: u32, out: Option<UnitState>) {
        let control = self.control.as_mut().expect("chillers have an operator");
        let unit = unit as usize;
        self.out.resize(control.units().len(), 0);
        match out {
            Some(state) => {
                self.out[unit] += 1;
                control.set_unit(unit, state);
            }
            None => {
                self.out[unit] -= 1;
                if self.out[unit] == 0 {
                    control.set_unit(unit, UnitState::Standby { from: now });
                }
            }
        }
        self.news = true;
    }

    /// The loop has been solved anew.
    pub(in crate::facility) fn sees(&mut self, powered: bool) {
        self.powered = powered;
        self.news = true;
    }

    /// Racks wait for their return and will give `waiting_w`.
    pub(super) fn expect(&mut self, waiting_w: f64) {
        self.news |= self.waiting_w != waiting_w;
        self.waiting_w = waiting_w;
    }

    /// What the pressure in the condensers does to the chillers at `state`, where what enters them
    /// has `entering_c` degrees Celsius and lets those that have tripped start again from
    /// `restarts_c` down. Their own protection sees to that, whatever becomes of their control.
    fn protect(
        &mut self,
        now: Time,
        state: &LoopState,
        (entering_c, restarts_c): (f64, f64),
        mut record: impl FnMut(What, u32),
    ) {
        let Some(control) = &mut self.control else { return };
        let mut tell = |what, count| {
            if count > 0 {
                record(what, count);
            }
        };
        match state.head {
            Head::Trips => {
                let tripped = control.trip(now);
                self.news |= tripped > 0;
                tell(What::HeadTrip, tripped);
            }
            _ if entering_c <= restarts_c => {
                let reset = control.reset();
                self.news |= reset > 0;
                tell(What::HeadReset, reset);
            }
            Head::Unloads => {
                let again = self.unloads_since.is_some_and(|since| now < since + UNLOADS_AGAIN);
                if !again {
                    tell(What::HeadUnload, control.regime().running);
                }
                self.unloads_since = Some(now);
            }
            Head::Free => {}
        }
    }

    /// Whether it has anything to look at: something that has changed, a time that has come, or
    /// chillers that their protection holds.
    fn is_due(&self, now: Time, touched: bool, head: Head) -> bool {
        let due = self.look.at().is_some_and(|at| at <= now);
        touched || self.news || due || head != Head::Free
    }

    /// Looks at a plant that has settled, and sees to being asked again.
    fn look(
        &mut self,
        now: Time,
        model: &CoolingLoop,
        (heat_w, air): (f64, &MoistAir),
        (state, drive): (&LoopState, Drive),
        (agenda, event): (&mut Agenda<Event>, Event),
    ) {
        let due = self.look.at().is_some_and(|at| at <= now);
        if !(self.news || due) {
            return;
        }
        self.news = false;
        if self.control.is_none() {
            self.control = PlantControl::new(model, heat_w, air, now);
        }
        let Some(control) = &mut self.control else { return };
        // It sees to the heat that will be there when racks that wait are back.
        let ahead;
        let (heat_w, state) = if self.waiting_w > 0.0 {
            let heat_w = heat_w + self.waiting_w;
            let rest = model.solve(heat_w, air, drive);
            ahead = LoopState { supply_c: rest.supply_c.max(state.supply_c), ..rest };
            (heat_w, &ahead)
        } else {
            (heat_w, state)
        };
        let next = match self.frozen {
            0 => control.advance(now, model, (heat_w, air), state, self.powered),
            _ => control.hold(now, self.powered),
        };
        if self.look.at().is_some_and(|at| at <= now) {
            self.look.ring();
        }
        self.look.set(agenda, next, Class::Control, event);
    }
}

impl Facility<'_> {
    /// Lets the operators look at the instant that has settled. What they switch is felt in
    /// the next instant, be it at the same time.
    pub(in crate::facility) fn watch_chillers(&mut self, now: Time, observer: &mut dyn Observer) {
        for (index, plant) in self.loops.iter_mut().enumerate() {
            let touched = plant.since == now;
            if !plant.chilled || !plant.operator.is_due(now, touched, plant.state.head) {
                continue;
            }
            self.meters.mark_loop(index as u32, plant.moves());
            let condenser_c = plant.masses.condenser().map_or(f64::NAN, |node| plant.held_c[node]);
            let entering_c = plant.model.entering_c(condenser_c, &self.air);
            let limits_c = plant.model.head_limits_c(&plant.now.drive);
            if let (Some(entering_c), Some((_, restarts_c))) = (entering_c, limits_c) {
                let subject = &self.design.loops[index].name;
                let limits_c = (entering_c, restarts_c);
                plant.operator.protect(now, &plant.state, limits_c, |what, count| {
                    observer.record(&Record { at: now, what, subject, count });
                });
            }
            let on = (plant.heat_w, &self.air);
            let event = Event::Chillers(index as u32);
            let how = (&plant.state, plant.now.drive);
            plant.operator.look(now, &plant.model, on, how, (&mut self.agenda, event));
        }
    }
}
