//! Orders to machines of mining workloads: batches that go to sleep under a limit, and come back as fast as
//! the connection allows; and machines that stay on for awards, whatever the price.

use super::Facility;
use super::events::Event;
use super::work::Work;
use crate::control::{Changes, FleetDesign, Group, ImportDesign, Margin, Ramp, STEP};
use crate::kernel::{Alarm, Class, Span, Time};
use crate::workload::mining::{Mining, RackState};

/// Orders that are under way.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// When the next batch may be told at the earliest.
    next_batch: Time,
    /// When machines were last told to sleep; none while none is told to.
    since: Option<Time>,
    /// When the next batch is told.
    next: Alarm,
    /// How far the import may rise and fall.
    ramp: Ramp,
    /// When machines that are kept on may next be others.
    next_hold: Time,
    /// What the margin of the limit is made of.
    changes: Changes,
    /// When it was last found at the instant of a batch that there is nothing to tell.
    idle: Option<Time>,
    /// By workload and rack: what came of telling its machines to come back.
    tries: Vec<Vec<Try>>,
    /// The first instant at which a rack may be told so again that was cut short; `MAX` without one.
    next_try: Time,
}

/// What came of telling machines of a rack to come back, or to stay on.
#[derive(Debug, Clone, Copy, Default)]
struct Try {
    /// When they were last told to.
    told: Option<Time>,
    /// They were cut short: when they may be told to again.
    again: Option<Time>,
}

impl Orders {
    /// Orders for workloads of these numbers of racks.
    pub(super) fn new(racks: impl Iterator<Item = usize>) -> Self {
        let tries = racks.map(|racks| vec![Try::default(); racks]).collect();
        Self { tries, next_try: Time::MAX, ..Self::default() }
    }

    /// A rack has been cut short: it is told later, where it was told a step or two ago.
    fn try_later(&mut self, now: Time, (work, own): (usize, usize)) {
        let tried = &mut self.tries[work][own];
        if tried.told.is_some_and(|told| now <= told + STEP + STEP) {
            tried.again = Some(now + AGAIN);
            self.next_try = self.next_try.min(now + AGAIN);
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// Machines go to sleep so that this much goes, W.
    Cut(f64),
    /// Machines come back, as many as this much allows, W.
    Restore(f64),
    /// Machines may come back once the ramp has gone on.
    Wait,
}

/// What orders see of all racks of miners together.
#[derive(Debug, Clone, Copy)]
struct Sums {
    /// The import once all that is under way has come to rest, W.
    rest_w: f64,
    /// Machines that hash, or are on their way to it.
    working: u32,
    /// Machines that may be told to come back, and the least that one of them draws, W.
    back: u32,
    least_w: f64,
    /// What machines would draw that orders alone keep asleep, and what those draw that are kept on, W.
    waiting_w: f64,
    kept_w: f64,
}

/// A rounding of the import is no reason for an order, W.
const ROUNDING_W: f64 = 1.0;
/// What a watt of machines that come back draws at the meter at most, with cooling and losses: an
/// assumption that keeps them from being sent to sleep again at once.
const LOSSES: f64 = 1.15;
/// A rack whose machines came back, or were kept on, to a limit of the power chain that stopped them within a step or
/// two is told so again after this time: an assumption. Without it they would come and go each second. Until then
/// only those of its machines that work are counted as able to.
const AGAIN: Span = Span::from_secs(300);
/// Machines that are kept on for awards are let go where this part of the awards is too much: an
/// assumption that keeps a breath of wind from switching machines.
const SLACK: f64 = 0.01;

impl Facility<'_> {
    /// Enters the next batch in the calendar where the settled instant asks for one.
    pub(super) fn watch_orders(&mut self, now: Time) {
        let control = &self.design.control;
        let follows = control.import != ImportDesign::default();
        if !follows && (control.fleet.is_none() || self.has_no_orders()) {
            return;
        }
        let mut at = Time::MAX;
        if follows {
            self.free_those_that_have_waited(now);
            self.follow_ramp(now);
            self.keep_the_stopped_asleep(now);
            self.make_the_stopped_wait(now);
            at = self.hold_in_advance(now).min(self.orders.next_try);
        }
        if let Some(fleet) = self.design.control.orders()
            && let Some(due) = self.due_order(&fleet)
        {
            at = at.min(self.order_at(now, due, &fleet));
        }
        // While a UPS walks in, what is settled for the time until the next instant is not what the instant of a batch
        // found.
        if self.orders.idle == Some(now) {
            at = at.max(now + STEP);
        }
        if at < Time::MAX && self.orders.next.at().is_none_or(|next| at < next) {
            self.orders.next.set(&mut self.agenda, at, Class::Control, Event::Orders);
        }
    }

    /// Whether nothing limits the import by orders, and none holds.
    fn has_no_orders(&self) -> bool {
        self.orders.since.is_none() && self.order_limit_w().is_none()
    }

    /// When `due` may be ordered.
    fn order_at(&self, now: Time, due: Due, fleet: &FleetDesign) -> Time {
        let at = self.orders.next_batch.max(now);
        match (due, self.orders.since) {
            (Due::Restore(_), Some(since)) => at.max(since + fleet.min_curtailed),
            (Due::Wait, _) => at.max(now + STEP),
            _ => at,
        }
    }

    /// Tells the next batch.
    pub(super) fn tell_batch(&mut self, now: Time) {
        self.orders.next.ring();
        self.orders.idle = Some(now);
        if self.design.control.import != ImportDesign::default() {
            self.free_those_that_have_waited(now);
            self.follow_ramp(now);
            self.hold_now(now);
        }
        let Some(fleet) = self.design.control.orders() else { return };
        let Some(due) = self.due_order(&fleet) else { return };
        if self.order_at(now, due, &fleet) > now {
            return;
        }
        let states: Vec<_> = self.rack_states().collect();
        let (asleep, interval): (Vec<u32>, _) = match due {
            Due::Cut(power_w) => {
                self.orders.since = Some(now);
                let groups = states.iter().map(|(_, _, state)| group(state.working, state));
                let groups: Vec<Group> = groups.collect();
                let (most, interval) = fleet.down;
                let counts = fleet.strategy.cut(&groups, power_w, fleet.tolerance_w, most);
                let ordered = states.iter().zip(counts).map(|((.., state), n)| state.ordered + n);
                (ordered.collect(), interval)
            }
            Due::Restore(power_w) => {
                let groups = states.iter().map(|(_, _, state)| group(self.back(state), state));
                let groups: Vec<Group> = groups.collect();
                let (most, interval) = fleet.up;
                let counts = fleet.strategy.restore(&groups, power_w, most);
                let ordered = states.iter().zip(counts).map(|((.., state), n)| state.ordered - n);
                (ordered.collect(), interval)
            }
            Due::Wait => return,
        };
        self.orders.next_batch = now + interval;
        if asleep.iter().all(|&machines| machines == 0) {
            self.orders.since = None;
        }
        for (&(work, own, state), machines) in states.iter().zip(asleep) {
            if machines != state.ordered {
                self.orders.idle = None;
                self.changed.work(work);
                if machines < state.ordered {
                    self.orders.tries[work][own].told = Some(now);
                }
                self.order(now, (work, own), machines);
            }
        }
    }

    /// Has this many machines of a rack asleep by order.
    fn order(&mut self, now: Time, (work, own): (usize, usize), machines: u32) {
        self.miners_at(now, work).order(now, own, machines);
    }

    /// The miners of workload `work`, brought to `now`.
    fn miners_at(&mut self, now: Time, work: usize) -> &mut Mining {
        let Work::Mining(mining) = &mut self.works[work] else { unreachable!("it has states") };
        self.wake_ups[work].advanced = now;
        mining.advance(now);
        mining
    }

    /// What orders have left to do: the import, when all that is under way has come to rest, against
    /// its limit.
    fn due_order(&self, fleet: &FleetDesign) -> Option<Due> {
        let limit_w = self.order_limit_w();
        let (up, _) = self.design.control.import.ramp;
        if limit_w.is_none() && self.orders.since.is_none() && up.is_none() {
            return None;
        }
        let sums = self.sums();
        let over_w = sums.rest_w - limit_w.unwrap_or(f64::INFINITY);
        if over_w > fleet.tolerance_w + ROUNDING_W && sums.working > 0 {
            return Some(Due::Cut(over_w));
        }
        let room_w = -over_w / LOSSES;
        if sums.back == 0 || room_w < sums.least_w {
            return None;
        }
        let ramp_w = up.map_or(f64::INFINITY, |up| self.orders.ramp.most_w(up) - sums.rest_w);
        let is_time = ramp_w >= sums.least_w;
        Some(if is_time { Due::Restore(room_w.min(ramp_w)) } else { Due::Wait })
    }

    /// The import that orders keep the site to, W; none where nothing limits it.
    fn order_limit_w(&self) -> Option<f64> {
        let control = &self.design.control;
        let called_w = control.fleet.and_then(|_| self.limit_w());
        let kept_w = control.import.limit.map(|(limit_w, margin)| {
            let margin_w = match margin {
                Margin::Fixed(w) => w,
                Margin::Sigmas(sigmas, _) => sigmas * self.orders.changes.rms_w(),
            };
            (limit_w - margin_w).max(0.0)
        });
        [called_w, kept_w].into_iter().flatten().reduce(f64::min)
    }

    /// Looks at what all but miners draw, for the margin that they are left.
    pub(super) fn look_at_others(&mut self, now: Time) {
        let Some((_, Margin::Sigmas(_, interval))) = self.design.control.import.limit else {
            return;
        };
        let miners_w = self.works.iter().zip(&self.work_racks).map(|(work, racks)| match work {
            Work::Mining(mining) => (0..racks.len()).map(|own| mining.draw_w(own)).sum::<f64>(),
            _ => 0.0,
        });
        let others_w = self.power.total_import_w() - miners_w.sum::<f64>();
        self.orders.changes.look(others_w, interval);
        self.agenda.push(now + interval, Class::Control, Event::Others);
    }

    /// Lets the lines of the ramps go on to `now`.
    fn follow_ramp(&mut self, now: Time) {
        let ramp = self.design.control.import.ramp;
        if ramp == (None, None) {
            return;
        }
        let sums = self.sums();
        let waits = self.design.control.orders().zip(self.orders.since);
        let is_held = waits.is_some_and(|(fleet, since)| since + fleet.min_curtailed > now);
        let waiting_w = if is_held { 0.0 } else { sums.waiting_w };
        let most_w = self.order_limit_w().unwrap_or(f64::INFINITY);
        let wanted_w = (sums.rest_w + waiting_w).min(most_w);
        self.orders.ramp.settle(now, ramp, (sums.rest_w, wanted_w, sums.rest_w - sums.kept_w));
    }

    /// Where the import may rise only so fast, what stands still comes back by order alone.
    fn keep_the_stopped_asleep(&mut self, now: Time) {
        if self.design.control.import.ramp.0.is_none() {
            return;
        }
        let states: Vec<_> = self.rack_states().collect();
        for (work, own, state) in states {
            if state.stopped > state.ordered {
                self.orders.try_later(now, (work, own));
                self.order(now, (work, own), state.stopped);
            }
        }
    }

    /// Has racks wait whose machines were kept on for an award and have been stopped all the same: they are let go
    /// then, and leave the power that they could not have.
    fn make_the_stopped_wait(&mut self, now: Time) {
        if !self.holds() {
            return;
        }
        let stopped = |state: &RackState| state.dear && state.held > state.able;
        let stopped: Vec<_> = self.rack_states().filter(|(.., state)| stopped(state)).collect();
        for (work, own, _) in stopped {
            self.orders.try_later(now, (work, own));
        }
    }

    /// Racks that were cut short the last time may be told again once they have waited.
    fn free_those_that_have_waited(&mut self, now: Time) {
        let orders = &mut self.orders;
        if orders.next_try > now {
            return;
        }
        orders.next_try = Time::MAX;
        for tried in orders.tries.iter_mut().flatten() {
            tried.again = tried.again.filter(|again| *again > now);
            orders.next_try = orders.next_try.min(tried.again.unwrap_or(Time::MAX));
        }
    }

    /// Says which machines stay on should the price stop them. Where that changes what machines do now,
    /// it is done at the instant that comes back.
    fn hold_in_advance(&mut self, now: Time) -> Time {
        let states: Vec<_> = self.rack_states().collect();
        let (award_w, ramp_w) = self.floors_w();
        let goes_on = ramp_w > award_w && states.iter().any(|(.., it)| it.dear && it.held > 0);
        let next = if goes_on { now + STEP } else { Time::MAX };
        let Some(counts) = self.to_hold() else { return next };
        let differs =
            |(count, (.., state)): (&u32, &(usize, usize, RackState))| *count != state.held;
        if counts.iter().zip(&states).any(|of| of.1.2.dear && differs(of)) {
            return self.orders.next_hold.max(now);
        }
        self.hold(now, &states, &counts);
        next
    }

    /// What awards and the ramp down need the site to import, W.
    fn floors_w(&self) -> (f64, f64) {
        let import = &self.design.control.import;
        let award_w = if import.holds.price { self.programmes.floor_w() } else { 0.0 };
        (award_w, import.ramp.1.map_or(0.0, |down| self.orders.ramp.least_w(down)))
    }

    /// Keeps on those machines that are to be kept on now.
    fn hold_now(&mut self, now: Time) {
        if now < self.orders.next_hold {
            return;
        }
        if let Some(counts) = self.to_hold() {
            let states: Vec<_> = self.rack_states().collect();
            self.hold(now, &states, &counts);
        }
        self.orders.next_hold = now + STEP;
    }

    fn hold(&mut self, now: Time, states: &[(usize, usize, RackState)], counts: &[u32]) {
        for (&(work, own, state), &count) in states.iter().zip(counts) {
            if count == state.held {
                continue;
            }
            if state.dear && count > state.held {
                self.orders.tries[work][own].told = Some(now);
            }
            if self.miners_at(now, work).hold(now, own, count) {
                self.changed.work(work);
            }
        }
    }

    /// Whether machines may have to stay on whatever the price: for awards, or for a ramp down.
    fn holds(&self) -> bool {
        let import = &self.design.control.import;
        import.holds.price || import.ramp.1.is_some()
    }

    /// How many machines of each rack are to stay on whatever the price; none where those that do are
    /// near enough.
    fn to_hold(&self) -> Option<Vec<u32>> {
        if !self.holds() {
            return None;
        }
        let control = &self.design.control;
        let (award_w, ramp_w) = self.floors_w();
        let states: Vec<RackState> = self.rack_states().map(|(.., state)| state).collect();
        let drawn_w = |count: fn(&RackState) -> u32| {
            states.iter().map(|it| f64::from(count(it)) * it.saves_w).sum::<f64>()
        };
        // A watt of machines that go is more at the meter; one that come back may be no more.
        let spare_w = self.sums().rest_w - award_w.max(ramp_w);
        let spare_w = if spare_w > 0.0 { spare_w / LOSSES } else { spare_w };
        let is_free = award_w.max(ramp_w) <= 0.0;
        let stay_w = if is_free { 0.0 } else { (drawn_w(|it| it.working) - spare_w).max(0.0) };
        let groups: Vec<Group> = states.iter().map(|it| group(it.able, it)).collect();
        let strategy = control.fleet.map(|fleet| fleet.strategy).unwrap_or_default();
        let counts = strategy.keep(&groups, stay_w);
        let held_w = drawn_w(|it| it.held.min(it.able));
        let slack_w = if award_w > ramp_w { SLACK * award_w } else { 0.0 };
        let is_near = held_w >= stay_w && held_w <= stay_w + slack_w;
        (!is_near).then_some(counts)
    }

    /// Machines of a rack that may be told to come back.
    fn back(&self, state: &RackState) -> u32 {
        match self.design.control.import.ramp.0 {
            // Those that stand still for another reason are to stay ordered to.
            Some(_) => state.waiting.min(state.ordered),
            None => state.ordered,
        }
    }

    fn sums(&self) -> Sums {
        let import_w = self.power.total_import_w();
        let (mut coming_w, mut working, mut back) = (0.0, 0, 0);
        let (mut least_w, mut waiting_w, mut kept_w) = (f64::INFINITY, 0.0, 0.0);
        for (_, _, state) in self.rack_states() {
            coming_w += state.coming_w;
            working += state.working;
            let of_rack = self.back(&state);
            back += of_rack;
            if of_rack > 0 {
                least_w = least_w.min(state.saves_w);
            }
            waiting_w += f64::from(state.waiting) * state.saves_w;
            if state.dear {
                kept_w += f64::from(state.working) * state.saves_w;
            }
        }
        Sums { rest_w: import_w + coming_w, working, back, least_w, waiting_w, kept_w }
    }

    /// The racks of mining workloads: the workload, the number of the rack in it, its state.
    fn rack_states(&self) -> impl Iterator<Item = (usize, usize, RackState)> + '_ {
        let mining = self.works.iter().enumerate().filter_map(|(work, model)| match model {
            Work::Mining(mining) => Some((work, mining)),
            _ => None,
        });
        mining.flat_map(|(work, mining)| {
            let tries = self.orders.tries[work].iter().enumerate();
            tries.map(move |(own, tried)| {
                let mut state = mining.rack_state(own);
                if tried.again.is_some() {
                    state.waiting = 0;
                    state.able = state.able.min(state.working);
                }
                (work, own, state)
            })
        })
    }
}

/// `machines` of a rack, as strategies see them.
fn group(machines: u32, state: &RackState) -> Group {
    Group {
        machines,
        hashing_w: state.hashing_w,
        saves_w: state.saves_w,
        joules_per_hash: state.joules_per_hash,
    }
}
