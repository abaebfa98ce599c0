//! The agenda: what is to happen, in the order in which it will.

use std::fmt;

use super::time::{Class, Time};
use super::wheel::Wheel;

/// Stale entries that are tolerated before a sweep, however few are live.
const TOLERATED: usize = 32;

/// Pending events of type `E` and the clock they move.
///
/// Events come out in the order of (time, class, insertion), which is total: two runs that
/// insert the same come out the same. An event of lower class that is scheduled at the current
/// instant goes before what is left of that instant.
///
/// An event takes 16 bytes in the calendar if `E` is a closed enum of 8 bytes (a kind and a
/// `u32`), and a ticketed one about 16 bytes more. Push and pop cost the same few tens of
/// nanoseconds from a thousand to a million pending events.
///
/// ```
/// use loadbank::kernel::{Agenda, Class, Time};
///
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// enum Event {
///     Outage,
///     Arrival(u32),
/// }
///
/// let noon = Time::from_nanos(100);
/// let mut agenda = Agenda::new();
/// agenda.push(noon, Class::Work, Event::Arrival(7));
/// let patience = agenda.schedule(noon, Class::Work, Event::Arrival(8));
/// agenda.push(noon, Class::Plant, Event::Outage);
/// assert!(agenda.cancel(patience));
///
/// assert_eq!(agenda.pop_until(noon), Some((noon, Event::Outage)));
/// assert_eq!(agenda.pop_until(noon), Some((noon, Event::Arrival(7))));
/// assert_eq!(agenda.pop_until(Time::from_nanos(200)), None);
/// assert_eq!(agenda.now(), Time::from_nanos(200));
/// ```
#[derive(Clone)]
pub struct Agenda<E> {
    wheel: Wheel<Item<E>>,
    /// The ticketed events, each at its slot from `schedule` until its entry leaves the wheel.
    held: Vec<Held<E>>,
    /// A bit for each slot: set while its event is pending. Apart from `held`, because this much
    /// stays in the cache when a sweep asks for every slot.
    valid: Vec<u64>,
    /// Slots of `held` that are free.
    vacant: Vec<u32>,
    /// Pending events.
    live: usize,
    /// Entries of the wheel whose event was cancelled.
    stale: usize,
}

/// The right to cancel one scheduled event.
///
/// A ticket is worthless, and harmless, once its event has happened or been cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    slot: u32,
    stamp: u32,
}

/// What the calendar holds of an event.
#[derive(Clone, Copy)]
enum Item<E> {
    /// The event itself: it cannot be cancelled.
    Pushed(E),
    /// The slot of a ticketed event. It needs no stamp, because a slot is not let again before
    /// its entry has left the wheel.
    Ticketed(u32),
}

#[derive(Clone, Copy)]
struct Held<E> {
    event: E,
    /// Counts the events that this slot has held, so that an old ticket cancels nothing.
    stamp: u32,
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda at [`Time::ZERO`]. Allocates nothing.
    pub fn new() -> Self {
        Self {
            wheel: Wheel::new(),
            held: Vec::new(),
            valid: Vec::new(),
            vacant: Vec::new(),
            live: 0,
            stale: 0,
        }
    }

    /// The current instant: that of the event last popped, or the last limit that nothing
    /// was left before.
    pub fn now(&self) -> Time {
        time_of(self.wheel.clock())
    }

    /// How many events are pending. Cancelled ones do not count.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Adds an event that will not be cancelled.
    ///
    /// # Panics
    ///
    /// When `at` lies before the clock.
    pub fn push(&mut self, at: Time, class: Class, event: E) {
        self.insert(at, class, Item::Pushed(event));
    }

    /// Adds an event that can be cancelled.
    ///
    /// # Panics
    ///
    /// When `at` lies before the clock.
    pub fn schedule(&mut self, at: Time, class: Class, event: E) -> Ticket {
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.held[slot as usize].event = event;
                slot
            }
            None => {
                let slot = self.held.len();
                self.held.push(Held { event, stamp: 0 });
                self.valid.resize(slot / 64 + 1, 0);
                u32::try_from(slot).expect("an agenda holds fewer than 2^32 tickets")
            }
        };
        self.valid[slot as usize / 64] |= 1 << (slot % 64);
        self.insert(at, class, Item::Ticketed(slot));
        Ticket { slot, stamp: self.held[slot as usize].stamp }
    }

    /// Cancels the event of `ticket`. Returns whether it was still pending.
    ///
    /// Constant time: the entry stays behind as stale and is dropped when its turn comes, or
    /// swept when the stale outnumber the live.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let Some(held) = self.held.get_mut(ticket.slot as usize) else { return false };
        if held.stamp != ticket.stamp || !is_valid(&self.valid, ticket.slot) {
            return false;
        }
        held.stamp = held.stamp.wrapping_add(1);
        self.valid[ticket.slot as usize / 64] &= !(1 << (ticket.slot % 64));
        self.live -= 1;
        self.stale += 1;
        if self.stale > self.live + TOLERATED {
            self.sweep();
        }
        true
    }

    /// Takes the next event that is due at `limit` or before, and moves the clock to it.
    ///
    /// On `None` nothing is pending up to `limit`, and the clock stands at `limit` (or where it
    /// was, if that is later). The clock, and with it what may be pushed, never runs ahead of
    /// what has been returned.
    pub fn pop_until(&mut self, limit: Time) -> Option<(Time, E)> {
        let limit = key(limit, Class::Settle);
        loop {
            let (key, item) = self.wheel.pop(limit)?;
            let event = match item {
                Item::Pushed(event) => event,
                Item::Ticketed(slot) => {
                    self.vacant.push(slot);
                    if !is_valid(&self.valid, slot) {
                        self.stale -= 1;
                        continue;
                    }
                    self.valid[slot as usize / 64] &= !(1 << (slot % 64));
                    let held = &mut self.held[slot as usize];
                    held.stamp = held.stamp.wrapping_add(1);
                    held.event
                }
            };
            self.live -= 1;
            return Some((time_of(key), event));
        }
    }

    /// When the next event is due, without moving the clock.
    ///
    /// A few nanoseconds as a rule. Where the calendar has just used up its sorted window, a
    /// look at the few dozen entries of its next slot.
    pub fn next_at(&self) -> Option<Time> {
        let live = |item: &Item<E>| match *item {
            Item::Pushed(_) => true,
            Item::Ticketed(slot) => is_valid(&self.valid, slot),
        };
        self.wheel.earliest(live).map(time_of)
    }

    fn insert(&mut self, at: Time, class: Class, item: Item<E>) {
        let now = self.now();
        assert!(at >= now, "an event cannot happen at {at}: the clock already shows {now}");
        self.wheel.push(key(at, class), item);
        self.live += 1;
    }

    /// Drops the stale entries.
    fn sweep(&mut self) {
        let Self { wheel, valid, vacant, .. } = self;
        wheel.retain(|item| match *item {
            Item::Ticketed(slot) if !is_valid(valid, slot) => {
                vacant.push(slot);
                false
            }
            _ => true,
        });
        self.stale = 0;
    }
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for Agenda<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agenda").field("live", &self.live).field("stale", &self.stale).finish()
    }
}

/// Whether the event in a slot is pending.
fn is_valid(valid: &[u64], slot: u32) -> bool {
    valid[slot as usize / 64] >> (slot % 64) & 1 == 1
}

fn key(at: Time, class: Class) -> u64 {
    at.as_nanos() << 2 | class as u64
}

fn time_of(key: u64) -> Time {
    Time::from_nanos(key >> 2)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const CLASSES: [Class; 4] = [Class::Plant, Class::Control, Class::Work, Class::Settle];

    #[derive(Debug, Clone)]
    enum Step {
        Push { after: u64, class: usize, count: u32 },
        Schedule { after: u64, class: usize, count: u32 },
        Cancel { pick: usize, count: usize },
        Pop { within: u64, count: usize },
    }

    fn after() -> impl Strategy<Value = u64> {
        prop_oneof![
            3 => Just(0),
            3 => 0..20_u64,
            3 => (0..44_u32, any::<u64>()).prop_map(|(bits, raw)| raw & ((1 << bits) - 1)),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
             1 => (after(), 0..4_usize, 1..40_u32)
                .prop_map(|(after, class, count)| Step::Push { after, class, count }),
            2 => (after(), 0..4_usize, 1..40_u32)
                .prop_map(|(after, class, count)| Step::Schedule { after, class, count }),
            2 => (any::<usize>(), 1..60_usize).prop_map(|(pick, count)| Step::Cancel { pick, count }),
            2 => (after(), 1..40_usize).prop_map(|(within, count)| Step::Pop { within, count }),
        ]
    }

    /// Runs `steps` on the agenda and on an ordered map, and demands the same of both.
    fn agree(steps: &[Step]) {
        type Order = (Time, Class, u32);
        let mut agenda = Agenda::new();
        let mut model: BTreeMap<Order, ()> = BTreeMap::new();
        let mut tickets: Vec<(Ticket, Order)> = Vec::new();
        let mut now = Time::ZERO;
        let mut next = 0_u32;
        for step in steps {
            match *step {
                Step::Push { after, class, count } | Step::Schedule { after, class, count } => {
                    for i in 0..count {
                        let at = Time::from_nanos(now.as_nanos() + after * u64::from(i % 3 + 1));
                        let order = (at, CLASSES[class], next);
                        if matches!(step, Step::Push { .. }) {
                            agenda.push(at, CLASSES[class], next);
                        } else {
                            tickets.push((agenda.schedule(at, CLASSES[class], next), order));
                        }
                        model.insert(order, ());
                        next += 1;
                    }
                }
                Step::Cancel { pick, count } => {
                    // Tickets that were used before are kept, so they are tried again.
                    for i in 0..count.min(tickets.len()) {
                        let (ticket, order) = tickets[pick.wrapping_add(i * 7) % tickets.len()];
                        assert_eq!(agenda.cancel(ticket), model.remove(&order).is_some());
                    }
                }
                Step::Pop { within, count } => {
                    let limit = Time::from_nanos(now.as_nanos() + within);
                    for _ in 0..count {
                        let due = model.first_key_value().map(|(&order, ())| order);
                        let due = due.filter(|&(at, ..)| at <= limit);
                        let popped = agenda.pop_until(limit);
                        assert_eq!(popped, due.map(|(at, _, event)| (at, event)));
                        now = due.map_or(limit, |(at, ..)| at);
                        match due {
                            Some(order) => model.remove(&order),
                            None => break,
                        };
                    }
                }
            }
            assert_eq!(agenda.now(), now);
            assert_eq!(agenda.len(), model.len());
            assert_eq!(agenda.next_at(), model.first_key_value().map(|(&(at, ..), ())| at));
        }
        for (at, _, event) in model.into_keys() {
            assert_eq!(agenda.pop_until(Time::MAX), Some((at, event)));
        }
        assert_eq!(agenda.pop_until(Time::MAX), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn does_what_an_ordered_map_does(steps in prop::collection::vec(step(), 1..80)) {
            agree(&steps);
        }
    }

    #[test]
    fn a_lower_class_at_the_current_instant_goes_next() {
        let noon = Time::from_nanos(12);
        let mut agenda = Agenda::new();
        agenda.push(noon, Class::Settle, 'd');
        agenda.push(noon, Class::Work, 'b');
        agenda.push(noon, Class::Work, 'c');
        assert_eq!(agenda.pop_until(noon), Some((noon, 'b')));
        agenda.push(noon, Class::Plant, 'a');
        agenda.push(noon, Class::Work, 'x');
        let rest: Vec<char> = std::iter::from_fn(|| agenda.pop_until(noon)).map(|e| e.1).collect();
        assert_eq!(rest, ['a', 'c', 'x', 'd']);
    }

    #[test]
    fn a_ticket_is_good_for_one_event() {
        let mut agenda = Agenda::new();
        let first = agenda.schedule(Time::from_nanos(5), Class::Work, 1_u32);
        assert_eq!(agenda.pop_until(Time::MAX), Some((Time::from_nanos(5), 1)));
        let second = agenda.schedule(Time::from_nanos(6), Class::Work, 2);
        assert_eq!(second.slot, first.slot, "the slot is let again");
        assert!(!agenda.cancel(first));
        assert!(agenda.cancel(second));
        assert!(!agenda.cancel(second));
        assert!(agenda.is_empty());
    }

    #[test]
    fn far_predictions_that_are_always_revised_do_not_pile_up() {
        let mut agenda = Agenda::new();
        let mut ticket = agenda.schedule(Time::MAX, Class::Plant, 0_u32);
        for i in 1..100_000 {
            agenda.push(Time::from_nanos(i), Class::Work, 1);
            assert!(agenda.cancel(ticket));
            ticket = agenda.schedule(Time::MAX, Class::Plant, 0);
            assert!(agenda.pop_until(Time::from_nanos(i)).is_some());
        }
        assert!(agenda.held.len() <= TOLERATED + 3, "{} slots for one event", agenda.held.len());
    }

    #[test]
    fn a_limit_before_the_clock_moves_nothing() {
        let mut agenda = Agenda::new();
        assert_eq!(agenda.pop_until(Time::from_nanos(10)), None);
        agenda.push(Time::from_nanos(10), Class::Work, ());
        assert_eq!(agenda.pop_until(Time::from_nanos(9)), None);
        assert_eq!(agenda.now(), Time::from_nanos(10));
        assert_eq!(agenda.len(), 1);
    }

    #[test]
    #[should_panic(expected = "the clock already shows")]
    fn nothing_can_be_scheduled_in_the_past() {
        let mut agenda = Agenda::new();
        assert_eq!(agenda.pop_until(Time::from_nanos(10)), None);
        agenda.push(Time::from_nanos(9), Class::Work, ());
    }

    #[test]
    fn a_small_event_costs_no_tag() {
        #[derive(Clone, Copy)]
        #[expect(dead_code, reason = "only its size matters")]
        enum Event {
            Arrival(u32),
            Failure(u32),
            Tick,
        }
        assert_eq!(size_of::<Item<Event>>(), 8);
    }
}
