//! A chain at rest: no timer of its clockwork runs, so that nothing happens until someone acts on it or
//! something rings that goes by chance. What it then does depends on its state alone and not on when.
//!
//! What tells states apart is written by each machine into a [`Key`]: everything that it may still act
//! on. What it never reads again at rest is left out, such as when a walk-in began, and so is what has
//! been counted; of instants past each says how long they matter.

use super::super::dice::{Alarm, Deed, Dice, Question};
use super::super::key::Key;
use super::{Goes, Load, Machine, MachineDesign, Sequences, Timers, Ups};
use crate::kernel::{Span, Time};
use crate::plant::power::{PowerDesign, PowerNode};

/// The shortest span.
const MOMENT: Span = Span::from_nanos(1);

impl Sequences {
    /// Whether what the machines of `design` do follows from a rest: they have neither battery systems,
    /// whose energy someone else rules, nor sets that fail in silence.
    pub(crate) fn come_to_rest(design: &PowerDesign) -> bool {
        design.nodes.iter().all(|node| match &node.component.machine {
            MachineDesign::Battery(_) => false,
            MachineDesign::Genset(set) => {
                set.latent_rate_per_s == 0.0 && set.test_every == Span::MAX
            }
            MachineDesign::None
            | MachineDesign::Feed(_)
            | MachineDesign::Array(_)
            | MachineDesign::Transformer(_)
            | MachineDesign::Ups(_)
            | MachineDesign::Transfer(_)
            | MachineDesign::StaticSwitch(_)
            | MachineDesign::GeneratorBus(_) => true,
        })
    }

    /// From when on the chain is at rest if nothing happens before; none where its clockwork runs.
    pub(crate) fn rests_from(&self) -> Option<Time> {
        if self.timers.running(Goes::Clockwork) > 0 || !self.log.is_empty() {
            return None;
        }
        let matters = self.machines.iter().map(Machine::past_matters_until);
        let from = matters.fold(self.now, Time::max);
        (from < Time::MAX).then_some(from)
    }

    /// Whether all tanks are full, or filled before their sets run: what the chain holds is the same for as
    /// long as it rests, and whenever it comes to this rest.
    pub(crate) fn holds(&self) -> bool {
        let draws = |&n: &u32| matches!(&self.machines[n as usize], Machine::Genset(set) if set.draws_on_its_tank());
        !self.sets.iter().any(draws)
    }

    /// Forgets at rest its dice, when it came there and what was before: nobody asks, and it stands at the same
    /// instant whenever it came to it. That is not the start, at which what runs is on its bus.
    pub(crate) fn forget_past(&mut self) {
        let now = Time::ZERO + MOMENT;
        self.now = now;
        for machine in &mut self.machines {
            match machine {
                Machine::Ups(ups) => ups.forget_past(now),
                Machine::Genset(set) => set.forget_past(now),
                Machine::Bus(bus) => bus.forget_past(),
                Machine::Feed(feed) => feed.forget_past(),
                Machine::None
                | Machine::Transfer(_)
                | Machine::StaticSwitch(_)
                | Machine::Battery(_) => {}
            }
        }
        self.starts.iter_mut().for_each(|start| start.drawn = None);
        self.dice = Dice::default();
    }

    /// What tells the state that the chain rests in apart from others.
    pub(crate) fn key(&self) -> Key {
        let mut key = Key::default();
        key.put(&self.up);
        key.put(&self.on_generator);
        self.volts.iter().for_each(|v| key.put_f64(*v));
        self.callers.iter().for_each(|caller| key.put(caller.enabled));
        self.machines.iter().for_each(|machine| machine.put_state(&mut key));
        self.loads.iter().for_each(|load| load.put_state(&mut key));
        self.timers.put_state(&mut key);
        key
    }

    /// How long the sets run at least from full tanks.
    pub(crate) fn tanks_last(&self) -> Span {
        let sets = self.sets.iter().map(|&n| match &self.machines[n as usize] {
            // A little more than its rating is rounding.
            Machine::Genset(set) => set.tank_lasts(1.01 * self.rating_w[n as usize]),
            _ => Span::MAX,
        });
        sets.min().unwrap_or(Span::MAX)
    }

    /// The instant up to which the chain has come.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Whether a component is in service.
    pub(crate) fn is_up(&self, node: PowerNode) -> bool {
        self.up[node.0 as usize]
    }

    /// Keeps a journal of what goes by chance from now on, or keeps none.
    pub(crate) fn keep_journal(&mut self, keeps: bool) {
        self.dice.noted = keeps;
    }

    /// Hands over what has gone by chance since the last call.
    pub(crate) fn take_journal(&mut self, into: &mut Vec<Deed>) {
        self.dice.take_journal(into);
    }

    /// Leaves something to the chance of an owner, beside the journal.
    pub(crate) fn draw(&mut self, whose: u32, question: Question) -> u64 {
        self.dice.draw(whose, question)
    }

    /// What a copy without dice takes, bytes, as if each component were a UPS, which is the largest.
    pub(crate) fn bytes(&self) -> usize {
        let node = size_of::<Machine>() + size_of::<Ups>() + 3 * size_of::<f64>();
        let timers = (self.machines.len() + self.loads.len()) * Timers::bytes_each();
        self.machines.len() * node + self.loads.len() * size_of::<Load>() + timers
    }

    /// Takes what is to ring from a chain at rest that [holds](Self::holds).
    pub(crate) fn take_alarms(&mut self) -> Vec<(Time, Alarm)> {
        self.timers.take()
    }

    /// Becomes as `saved` was, which has no alarms, with these. What is left to chance is answered as
    /// before by `answers`, then by the streams of this chain.
    pub(crate) fn resume(&mut self, saved: &Self, alarms: &[(Time, Alarm)], answers: &[u64]) {
        let dice = std::mem::take(&mut self.dice);
        *self = saved.clone();
        self.dice = dice;
        self.dice.say_again(answers);
        for &(at, Alarm { owner, slot }) in alarms {
            let turn = self.machines[owner as usize].turn();
            self.timers.arm((owner, slot), at, turn, Goes::Chance);
        }
    }
}

impl Machine {
    /// Until when it may act on an instant that is past; [`Time::MAX`] for ever.
    fn past_matters_until(&self) -> Time {
        match self {
            Self::Ups(ups) => ups.past_matters_until(),
            Self::Bus(bus) => bus.past_matters_until(),
            Self::None
            | Self::Feed(_)
            | Self::Transfer(_)
            | Self::StaticSwitch(_)
            | Self::Genset(_)
            | Self::Battery(_) => Time::ZERO,
        }
    }

    fn put_state(&self, key: &mut Key) {
        match self {
            Self::None => {}
            Self::Feed(feed) => key.put_f64(feed.residual),
            Self::Ups(ups) => ups.put_state(key),
            Self::Transfer(switch) => switch.put_state(key),
            Self::StaticSwitch(switch) => switch.put_state(key),
            Self::Genset(set) => set.put_state(key),
            Self::Bus(bus) => bus.put_state(key),
            Self::Battery(_) => unreachable!("a chain with battery systems is never at rest"),
        }
    }
}
