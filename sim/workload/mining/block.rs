//! A block of alike machines as counts: how many are in which state, and what moves them.

use std::cell::Cell;

use super::account::{Cause, Reading};
use super::asic::{AsicRackDesign, Mode, joules_per_hash};
use super::cohorts::Cohorts;
use super::events::{Event, Step};
use super::spec::{AsicRack, BreakevenDesign, MiningDesign, WakePrice};
use crate::kernel::{Agenda, Class, Span, Stream, Streams, Ticket, Time};
use crate::plant::{Demand, Rank};
use crate::workload::RackOffer;

/// A container or row of alike machines.
///
/// Every machine is in exactly one of seven states; the counts always sum to the machines of
/// the block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    asic: AsicRackDesign,
    offer: RackOffer,
    /// The modes of the firmware, and the energy for each hash that each adds to the one before.
    ladder: Vec<Mode>,
    steps: Vec<f64>,
    /// The mode in which the block hashes.
    mode: usize,
    /// The price policy lets the block hash.
    wanted: bool,
    /// Machines that the site has ordered to sleep.
    ordered: u32,
    /// Machines that the site keeps hashing while the price policy would have them sleep.
    held: u32,
    /// The price policy may not change its mind before this, nor choose another mode.
    hold_until: Time,
    mode_until: Time,

    hashing: u32,
    /// Told to sleep for the price, still drawing its hashing power.
    falling: Cohorts,
    asleep: u32,
    /// Started, drawing sleep power until it hashes.
    waking: Cohorts,
    off: u32,
    dead: u32,
    /// Did not come back from a start.
    stuck: u32,

    /// What was asked of a cap last, and what it lets be powered, and hash. A cap is asked about many times
    /// before it changes.
    room: Cell<(Asks, (u32, u32))>,

    /// How many machines may start at once, and how long until the next may.
    batch: u32,
    step: Span,
    next_start: Time,
    /// When the block has asked to be called for that.
    start_call: Option<Time>,

    boot: Stream,
    start: Stream,
    trouble: Stream,
    trouble_at: Option<Ticket>,

    pub(super) price_stops: u64,
    pub(super) failures: u64,
    pub(super) failed_starts: u64,
}

/// A rack as orders to a fleet see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RackState {
    /// Machines that hash, or are on their way to it.
    pub working: u32,
    /// Machines that would, were it not for the price and for orders.
    pub able: u32,
    /// Machines that nothing but orders keeps asleep.
    pub waiting: u32,
    /// Machines that price, caps or a dead bus keep from hashing.
    pub stopped: u32,
    /// Machines that the site keeps on against the price policy, and whether that matters just now.
    pub held: u32,
    /// See `held`.
    pub dear: bool,
    /// Machines that orders keep asleep.
    pub ordered: u32,
    /// What the rack will draw more once all that is under way has come to rest, W.
    pub coming_w: f64,
    /// What a machine draws that hashes, W, and what it draws less when it sleeps.
    pub hashing_w: f64,
    /// See `hashing_w`.
    pub saves_w: f64,
    /// Energy for a hash at rated power, J.
    pub joules_per_hash: f64,
}

/// A cap, W, the machines under it, and what one of them draws that hashes, W.
type Asks = (f64, u32, f64);

/// What a block needs of the model that it belongs to.
pub(super) struct Context<'a> {
    pub(super) index: u32,
    pub(super) design: &'a MiningDesign,
    pub(super) agenda: &'a mut Agenda<Event>,
}

/// Steps in which a block starts its machines. An assumption that only sets how finely the
/// ramp is drawn.
const START_STEP_S: f64 = 5.0;

/// Slack in counting machines under a cap: the plant's sums may round a cap just below a
/// whole number of machines.
const ROUNDING: f64 = 1e-9;

impl Block {
    /// A block that hashes, with the share of dead machines that failures and repairs settle
    /// at.
    pub(super) fn new(rack: &AsicRack, design: &MiningDesign, streams: &Streams) -> Self {
        let machines = rack.asic.machines;
        let load = design.failure_rate_per_s * design.repair_mean_s;
        let dead = (f64::from(machines) * load / (1.0 + load)).round() as u32;
        let per_step = design.restart.ramp_per_s * START_STEP_S * f64::from(machines);
        let (batch, step_s) = if per_step >= 1.0 {
            (per_step.min(f64::from(machines)) as u32, START_STEP_S)
        } else {
            (1, 1.0 / (design.restart.ramp_per_s * f64::from(machines)))
        };
        let ladder = rack.asic.ladder();
        let asleep = Mode { power_w: rack.asic.sleep_w, hash_rate: 0.0 };
        let before = std::iter::once(asleep).chain(ladder.iter().copied());
        let steps = before.zip(&ladder).map(|(from, to)| joules_per_hash(from, *to)).collect();
        Self {
            asic: rack.asic.clone(),
            offer: RackOffer::FULL,
            mode: ladder.len() - 1,
            ladder,
            steps,
            wanted: true,
            ordered: 0,
            held: 0,
            hold_until: Time::ZERO,
            mode_until: Time::ZERO,
            hashing: machines - dead,
            falling: Cohorts::default(),
            asleep: 0,
            waking: Cohorts::default(),
            off: 0,
            dead,
            stuck: 0,
            room: Cell::default(),
            batch,
            step: Span::from_secs_f64(step_s),
            next_start: Time::ZERO,
            start_call: None,
            boot: streams.stream("asic boot time", &rack.name),
            start: streams.stream("asic start", &rack.name),
            trouble: streams.stream("asic failure", &rack.name),
            trouble_at: None,
            price_stops: 0,
            failures: 0,
            failed_starts: 0,
        }
    }

    pub(super) fn machines(&self) -> u32 {
        self.asic.machines
    }

    pub(super) fn full_w(&self) -> f64 {
        self.asic.full_w()
    }

    /// Takes the plant's offer; returns whether it is news. Machines that have power feel their inlet
    /// by its speed alone, so that the weather of an hour is none; nor is a cap under which as many
    /// machines have room as before, unless it shaves what they draw.
    pub(super) fn offer(&mut self, offer: RackOffer) -> bool {
        let before = std::mem::replace(&mut self.offer, offer);
        if !(offer.live && before.live) {
            return offer != before;
        }
        if offer.speed != before.speed {
            return true;
        }
        if offer.cap_w == before.cap_w {
            return false;
        }
        // The new cap comes last, so that its answer is the one remembered: it is asked about next.
        self.drawing_w() > offer.cap_w.min(before.cap_w)
            || self.allowed_under(before.cap_w) != self.allowed_under(offer.cap_w)
    }

    /// Lets the price policy decide; returns whether it changed its mind. `breakeven` is the
    /// price at which hashes of so many joules pay exactly.
    pub(super) fn decide(
        &mut self,
        now: Time,
        price: f64,
        breakeven: impl Fn(f64) -> f64,
        policy: &BreakevenDesign,
        context: &mut Context<'_>,
    ) -> bool {
        if now < self.hold_until {
            return false;
        }
        let taken = self.taken();
        let pays = |&step: &usize| price <= self.pays_up_to(step, step < taken, &breakeven, policy);
        let steps = (0..self.steps.len()).take_while(pays).count();
        match (taken, steps) {
            (0, 0) => false,
            (_, 0) | (0, _) => {
                self.wanted = steps > 0;
                self.mode = steps.saturating_sub(1);
                let hold = if self.wanted { policy.min_on } else { policy.min_off };
                self.hold_until = now + hold;
                self.mode_until = now + policy.min_mode;
                if hold > Span::ZERO {
                    context.agenda.push(self.hold_until, Class::Control, Event::HoldEnds);
                }
                if self.wanted && self.steps.len() > 1 && policy.min_mode > Span::ZERO {
                    context.agenda.push(self.mode_until, Class::Control, Event::HoldEnds);
                }
                self.price_stops += u64::from(!self.wanted);
                true
            }
            (taken, steps) if taken == steps || now < self.mode_until => false,
            (_, steps) => {
                self.mode = steps - 1;
                self.mode_until = now + policy.min_mode;
                if policy.min_mode > Span::ZERO {
                    context.agenda.push(self.mode_until, Class::Control, Event::HoldEnds);
                }
                true
            }
        }
    }

    /// Prices at which the price policy does not change its mind: above the first, up to the second.
    pub(super) fn keeps(
        &self,
        breakeven: impl Fn(f64) -> f64,
        policy: &BreakevenDesign,
    ) -> (f64, f64) {
        let taken = self.taken();
        let limit = |step| self.pays_up_to(step, step < taken, &breakeven, policy);
        let above = if taken < self.steps.len() { limit(taken) } else { f64::NEG_INFINITY };
        (above, (0..taken).map(limit).fold(f64::INFINITY, f64::min))
    }

    /// Steps of the ladder that the price policy has taken.
    fn taken(&self) -> usize {
        if self.wanted { self.mode + 1 } else { 0 }
    }

    /// The price up to which a step pays: one that is taken is kept up to its price; one that is not
    /// must be cheaper.
    fn pays_up_to(
        &self,
        step: usize,
        is_taken: bool,
        breakeven: &impl Fn(f64) -> f64,
        policy: &BreakevenDesign,
    ) -> f64 {
        let fixed = policy.sleep_above.filter(|_| step == 0);
        let leave_above = fixed.unwrap_or_else(|| breakeven(self.steps[step]));
        match policy.wake {
            _ if is_taken => leave_above,
            WakePrice::At(wake) if step == 0 => wake.min(leave_above),
            WakePrice::At(_) => leave_above,
            WakePrice::Below(share) => leave_above - share * leave_above.abs(),
        }
    }

    /// Brings the counts in line with policy and offer: sends machines to sleep, cuts them
    /// off, starts what may start.
    pub(super) fn react(&mut self, now: Time, context: &mut Context<'_>) {
        if self.offer.live {
            let target = self.obey_cap(now, context);
            self.start_machines(now, target, context);
        } else {
            self.off += self.hashing + self.asleep + self.falling.clear() + self.waking.clear();
            self.hashing = 0;
            self.asleep = 0;
        }
        debug_assert_eq!(
            self.whole() + self.dead + self.stuck,
            self.asic.machines,
            "every machine is in one state"
        );
    }

    /// Handles what the block has asked to be called for. [`react`](Block::react) follows.
    pub(super) fn step(&mut self, now: Time, step: Step, context: &mut Context<'_>) {
        match step {
            Step::Asleep => self.asleep += self.falling.arrive(now),
            Step::Awake => self.hashing += self.waking.arrive(now),
            Step::Start if self.start_call == Some(now) => self.start_call = None,
            Step::Start => {}
            Step::Trouble => self.on_trouble(now, context),
        }
    }

    /// What the block would draw if the plant had plenty.
    pub(super) fn demand(&self) -> Demand {
        let mut demand = Demand::default();
        if self.offer.live {
            // Machines that wake or wait for their turn count in full, so that what the plant
            // grants them is still theirs when they hash.
            let falling = self.hashing + self.falling.total;
            let (powered, hashing) = if self.wanted {
                (self.whole(), self.unordered().max(falling))
            } else {
                let kept = self.unordered().min(self.held);
                ((self.whole() - self.off).max(kept), kept.max(falling))
            };
            let above = self.hashing_w() - self.asic.sleep_w;
            demand.0[Rank::Idle as usize] = f64::from(powered) * self.asic.sleep_w;
            demand.0[Rank::Mining as usize] = f64::from(hashing) * above;
        }
        demand
    }

    /// What the block does now, with every idle machine and missing watt under its cause.
    pub(super) fn reading(&self) -> Reading {
        let mut reading = Reading::default();
        let AsicRackDesign { power_w, sleep_w, .. } = self.asic;
        let mode = self.ladder[self.mode];
        let mut book = |cause: Cause, machines: u32, watts: f64| {
            reading.idle[cause as usize] += machines;
            reading.curtailed_w[cause as usize] += watts;
        };
        let broken = self.dead + self.stuck;
        book(Cause::Failure, broken, f64::from(broken) * power_w);
        if !self.offer.live {
            let hot = self.offer.inlet_c >= self.asic.trip_c;
            let cause = if hot { Cause::Heat } else { Cause::Outage };
            book(cause, self.off, f64::from(self.off) * power_w);
            return reading;
        }
        let hashing_w = self.hashing_w();
        book(Cause::Heat, 0, f64::from(self.hashing) * (mode.power_w - hashing_w));
        if mode.power_w < power_w {
            book(Cause::Price, 0, f64::from(self.hashing) * (power_w - mode.power_w));
        }
        let waking = self.waking.total;
        book(Cause::Restart, waking, f64::from(waking) * (power_w - sleep_w));

        let idle = self.falling.total + self.asleep + self.off;
        let idle_lost_w = f64::from(idle) * power_w - self.idle_draw_w(hashing_w);
        let part = |machines: u32| match machines == idle {
            true => idle_lost_w,
            false => idle_lost_w * f64::from(machines) / f64::from(idle),
        };
        let target = self.wanted_machines().min(self.whole());
        let stopped = idle.min(self.whole() - target);
        if stopped > 0 {
            book(Cause::Price, stopped, part(stopped));
        }
        let rest = idle - stopped;
        if rest > 0 {
            let cut = rest.min(target.saturating_sub(self.may_hash()));
            let share = f64::from(cut) / f64::from(rest);
            book(Cause::Cap, cut, part(rest) * share);
            book(Cause::Restart, rest - cut, part(rest) * (1.0 - share));
            if self.wanted {
                reading.capped_hash_rate = f64::from(cut) * mode.hash_rate * self.offer.speed;
            }
        }

        let draw_w = self.drawing_w();
        // The slack in counting machines may exceed the cap by a billionth of a machine.
        reading.draw_w = draw_w.min(self.offer.cap_w);
        reading.curtailed_w[Cause::Cap as usize] += draw_w - reading.draw_w;
        reading.hashing = self.hashing;
        reading.hash_rate = f64::from(self.hashing) * mode.hash_rate * self.offer.speed;
        if !self.wanted && self.hashing > 0 {
            reading.held_w = f64::from(self.hashing) * (hashing_w - sleep_w);
            reading.held_hash_rate = reading.hash_rate;
        }
        reading
    }

    /// Machines that are neither dead nor stuck.
    fn whole(&self) -> u32 {
        self.hashing + self.falling.total + self.asleep + self.waking.total + self.off
    }

    /// Draw of one hashing machine at the present inlet, W.
    fn hashing_w(&self) -> f64 {
        self.asic.hashing_w(self.ladder[self.mode], self.offer.speed)
    }

    /// What machines draw that should not hash, where one that hashes draws `hashing_w`, W.
    fn idle_draw_w(&self, hashing_w: f64) -> f64 {
        f64::from(self.falling.total) * hashing_w + f64::from(self.asleep) * self.asic.sleep_w
    }

    /// What the machines draw that have power, before a cap shaves off what [`ROUNDING`] let pass, W.
    fn drawing_w(&self) -> f64 {
        let hashing_w = self.hashing_w();
        f64::from(self.hashing) * hashing_w
            + f64::from(self.waking.total) * self.asic.sleep_w
            + self.idle_draw_w(hashing_w)
    }

    /// How many machines the cap lets be powered, and how many of those hash while the others
    /// sleep.
    fn allowed(&self) -> (u32, u32) {
        self.allowed_under(self.offer.cap_w)
    }

    /// As [`allowed`](Self::allowed), were the cap `cap_w`.
    fn allowed_under(&self, cap_w: f64) -> (u32, u32) {
        let whole = self.whole();
        if cap_w == f64::INFINITY {
            return (whole, whole);
        }
        let asks = (cap_w, whole, self.hashing_w());
        let (known, room) = self.room.get();
        if known == asks {
            return room;
        }
        let sleep_w = self.asic.sleep_w;
        // A cast cuts fractions off and stays within its type.
        let count = |watts: f64, each: f64| {
            if each > 0.0 { ((watts / each + ROUNDING) as u32).min(whole) } else { whole }
        };
        let powered = count(cap_w, sleep_w);
        let hashing = count(cap_w - f64::from(powered) * sleep_w, asks.2 - sleep_w).min(powered);
        self.room.set((asks, (powered, hashing)));
        (powered, hashing)
    }

    /// Machines that no order keeps asleep.
    fn unordered(&self) -> u32 {
        self.whole().saturating_sub(self.ordered)
    }

    /// How many machines cap and orders let hash.
    fn may_hash(&self) -> u32 {
        self.allowed().1.min(self.unordered())
    }

    /// How many machines price policy and site want to hash: all, or those that the site keeps on.
    fn wanted_machines(&self) -> u32 {
        if self.wanted { u32::MAX } else { self.held }
    }

    /// The site keeps this many machines on against the price policy; returns whether that is news to
    /// machines that sleep, or should.
    pub(super) fn hold(&mut self, machines: u32) -> bool {
        std::mem::replace(&mut self.held, machines) != machines && !self.wanted
    }

    /// The site orders this many machines to sleep; returns whether that is news.
    pub(super) fn order(&mut self, asleep: u32) -> bool {
        std::mem::replace(&mut self.ordered, asleep) != asleep
    }

    /// What orders need to know.
    pub(super) fn state(&self) -> RackState {
        let hashing_w = self.hashing_w();
        let saves_w = hashing_w - self.asic.sleep_w;
        let (mut able, mut working, mut coming_w) = (0, 0, 0.0);
        if self.offer.live {
            able = self.allowed().1;
            working = self.may_hash().min(self.wanted_machines());
            let drawing = f64::from(self.hashing) + f64::from(self.falling.total);
            coming_w = (f64::from(working) - drawing) * saves_w;
        }
        let wanted = able.min(self.wanted_machines());
        RackState {
            working,
            able,
            waiting: wanted - working,
            stopped: self.whole() - wanted,
            held: self.held,
            dear: !self.wanted,
            ordered: self.ordered,
            coming_w,
            hashing_w,
            saves_w,
            joules_per_hash: self.asic.joules_per_hash(),
        }
    }

    /// Takes out of operation what policy or cap no longer allow, and returns how many machines are to
    /// hash. A cap binds at once, since protection does not wait; for the price, machines take their time
    /// to sleep.
    fn obey_cap(&mut self, now: Time, context: &mut Context<'_>) -> u32 {
        let (powered, hashing) = self.allowed();
        let target = hashing.min(self.unordered()).min(self.wanted_machines());
        let excess = (self.hashing + self.waking.total).saturating_sub(target);
        let aborted = self.waking.drop_last(excess);
        self.asleep += aborted;
        let stopped = excess - aborted;
        self.hashing -= stopped;
        // What the cap does not let fall asleep sleeps at once: the last that were told to first.
        let full = self.hashing + stopped + self.falling.total;
        let cut = full.saturating_sub(hashing);
        let cut_now = cut.min(stopped);
        self.asleep += cut_now + self.falling.drop_last(cut - cut_now);
        self.fall_asleep(now, stopped - cut_now, context);
        // Below the draw of sleep, machines lose their power: sleepers first.
        let on = self.whole() - self.off;
        let mut surplus = on.saturating_sub(powered);
        self.off += surplus;
        let sleepers = surplus.min(self.asleep);
        self.asleep -= sleepers;
        surplus -= sleepers;
        surplus -= self.waking.drop_last(surplus);
        surplus -= self.falling.drop_last(surplus);
        self.hashing -= surplus;
        target
    }

    /// Tells `count` machines to sleep, which draw their hashing power until they do.
    fn fall_asleep(&mut self, now: Time, count: u32, context: &mut Context<'_>) {
        let sleep_time = context.design.restart.sleep_time;
        if sleep_time == Span::ZERO {
            self.asleep += count;
        } else if count > 0 {
            self.falling.join(now + sleep_time, count);
            let event = Event::Block(context.index, Step::Asleep);
            context.agenda.push(now + sleep_time, Class::Work, event);
        }
    }

    /// Starts the machines whose turn it is, of which `target` are to hash, and asks to be called for the
    /// next ones.
    fn start_machines(&mut self, now: Time, target: u32, context: &mut Context<'_>) {
        let mut startable = self.startable(target);
        if startable > 0 && now >= self.next_start {
            self.start_batch(now, startable.min(self.batch), context);
            self.next_start = now + self.step;
            // Some may not come back.
            startable = self.startable(self.may_hash().min(self.wanted_machines()));
        }
        if startable > 0 && self.start_call.is_none() {
            self.start_call = Some(self.next_start);
            context.agenda.push(
                self.next_start,
                Class::Work,
                Event::Block(context.index, Step::Start),
            );
        }
    }

    /// How many machines could start now, where `target` are to hash.
    fn startable(&self, target: u32) -> u32 {
        let missing = target.saturating_sub(self.hashing + self.waking.total);
        missing.min(self.asleep + self.off)
    }

    /// Starts `count` machines: sleepers first, since they are back sooner.
    fn start_batch(&mut self, now: Time, count: u32, context: &mut Context<'_>) {
        let restart = context.design.restart;
        let from_sleep = count.min(self.asleep);
        let from_off = count - from_sleep;
        self.asleep -= from_sleep;
        self.off -= from_off;
        let lost = self.lose_starting(now, from_sleep, context);
        self.wake(now, restart.wake_time, from_sleep - lost, context);
        if from_off > 0 {
            // One time for the batch: machines on one switched feed boot together.
            let mu = libm::log(restart.boot_median_s);
            let boot = Span::from_secs_f64(self.boot.lognormal(mu, restart.boot_sigma));
            let lost = self.lose_starting(now, from_off, context);
            self.wake(now, boot, from_off - lost, context);
        }
    }

    fn wake(&mut self, now: Time, after: Span, count: u32, context: &mut Context<'_>) {
        if after == Span::ZERO {
            self.hashing += count;
        } else if count > 0 {
            self.waking.join(now + after, count);
            context.agenda.push(now + after, Class::Work, Event::Block(context.index, Step::Awake));
        }
    }

    /// How many of `count` started machines do not come back; they are stuck from now on.
    fn lose_starting(&mut self, now: Time, count: u32, context: &mut Context<'_>) -> u32 {
        let lost = binomial(&mut self.start, count, context.design.restart.failure);
        if lost > 0 {
            self.stuck += lost;
            self.failed_starts += u64::from(lost);
            // The rate of resets has risen. Drawing the clock anew is exact, because an
            // exponential law does not remember how long it has waited.
            self.await_trouble(now, context);
        }
        lost
    }

    /// A machine fails, returns from repair or is reset: one clock for all, exact because
    /// all three laws are exponential. Failures are drawn at the rate of the full block and
    /// thinned to the machines that hash.
    fn on_trouble(&mut self, now: Time, context: &mut Context<'_>) {
        self.trouble_at = None;
        let [fail, repair, reset] = self.trouble_rates(context.design);
        let mut u = self.trouble.uniform() * (fail + repair + reset);
        // Rounding may leave `u` at the very end of the last share that is not empty.
        if u < fail || self.dead + self.stuck == 0 {
            let machine = self.trouble.below(u64::from(self.asic.machines));
            if machine < u64::from(self.hashing) {
                self.hashing -= 1;
                self.dead += 1;
                self.failures += 1;
            }
        } else {
            u -= fail;
            if self.stuck == 0 || (u < repair && self.dead > 0) {
                self.dead -= 1;
            } else {
                self.stuck -= 1;
            }
            self.off += 1;
        }
        self.await_trouble(now, context);
    }

    fn trouble_rates(&self, design: &MiningDesign) -> [f64; 3] {
        [
            f64::from(self.asic.machines) * design.failure_rate_per_s,
            f64::from(self.dead) / design.repair_mean_s,
            f64::from(self.stuck) / design.restart.reset_mean_s,
        ]
    }

    /// Schedules the next failure, repair or reset in place of the one that was.
    pub(super) fn await_trouble(&mut self, now: Time, context: &mut Context<'_>) {
        if let Some(ticket) = self.trouble_at.take() {
            context.agenda.cancel(ticket);
        }
        let rate: f64 = self.trouble_rates(context.design).iter().sum();
        if rate > 0.0 {
            let at = now + Span::from_secs_f64(self.trouble.exponential(1.0 / rate));
            let event = Event::Block(context.index, Step::Trouble);
            self.trouble_at = Some(context.agenda.schedule(at, Class::Plant, event));
        }
    }
}

/// How many of `count` trials of probability `p` succeed, by the geometric gaps between
/// successes: exact, and costs one draw a success and one more.
fn binomial(stream: &mut Stream, count: u32, p: f64) -> u32 {
    if p <= 0.0 || count == 0 {
        return 0;
    }
    if p >= 1.0 {
        return count;
    }
    let scale = 1.0 / libm::log1p(-p);
    let mut left = f64::from(count);
    let mut successes = 0;
    loop {
        left -= (libm::log(stream.uniform()) * scale).floor() + 1.0;
        if left < 0.0 {
            return successes;
        }
        successes += 1;
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial, Discrete};

    use super::*;

    /// Chi-square against the exact law: 10^5 draws in 6 classes; the 99.99 % quantile of 5
    /// degrees of freedom is 25.7.
    #[test]
    fn failed_starts_are_binomial() {
        let mut stream = Streams::new(7, 0).stream("test", "binomial");
        let mut counts = [0u32; 6];
        for _ in 0..100_000 {
            counts[binomial(&mut stream, 20, 0.1).min(5) as usize] += 1;
        }
        let law = Binomial::new(0.1, 20).expect("a law");
        let mut expected: [f64; 6] = std::array::from_fn(|k| law.pmf(k as u64) * 1e5);
        expected[5] = 1e5 - expected[..5].iter().sum::<f64>();
        let chi2: f64 =
            counts.iter().zip(expected).map(|(&n, e)| (f64::from(n) - e).powi(2) / e).sum();
        assert!(chi2 < 25.7, "{chi2}: {counts:?}");
        assert_eq!(binomial(&mut stream, 20, 1.0), 20);
        assert_eq!(binomial(&mut stream, 20, 0.0), 0);
    }
}
