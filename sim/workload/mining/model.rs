//! A mining workload in simulated time.

use super::account::{Account, Cause, MiningInterval, MiningSummary, Reading};
use super::block::{Block, Context, RackState};
use super::events::Event;
use super::income::{HASHES_PER_PH_DAY, Income, breakeven_usd_mwh};
use super::pool::Pool;
use super::spec::MiningDesign;
use crate::kernel::{Agenda, Class, Streams, Ticket, Time};
use crate::plant::Demand;
use crate::tables::Playback;
use crate::workload::RackOffer;

/// Racks of ASICs under one price policy.
///
/// The facility drives it instant by instant: [`advance`](Mining::advance), then whatever
/// changed ([`set_price`](Mining::set_price), [`offer`](Mining::offer)), then
/// [`settle`](Mining::settle). The price policy decides in `settle`, so that it sees all news of
/// an instant at once; `settle` is therefore called at the end of every instant at which the
/// model was advanced, and may be called again.
///
/// Racks are numbered as in [`MiningDesign::racks`]. An event costs about half a
/// microsecond: 90 days of a 60 MW yard that sleeps 340 times take half a second.
#[derive(Debug, Clone)]
pub struct Mining {
    design: MiningDesign,
    blocks: Vec<Block>,
    agenda: Agenda<Event>,
    account: Account,
    /// $/MWh.
    price: f64,
    /// What a hash earns, by the record and now.
    record: Playback<Income>,
    income: Income,
    /// Who bears the luck of blocks, and when one may be found next.
    pool: Pool,
    block_at: Option<Ticket>,
    /// Price, hash price or the end of a hold gives the policy something to decide.
    policy_due: bool,
    /// Where the policy would change its mind about no block.
    kept: Option<Kept>,
    /// What each rack does and asks, as of the last flush.
    readings: Vec<Reading>,
    demands: Vec<Demand>,
    /// Racks whose offer changed since the last settlement.
    offered: Marks,
    /// Racks that changed since the last flush.
    touched: Marks,
    /// Racks whose demand or draw changed since they were last drained.
    changed: Marks,
    fleet: Reading,
    income_changed: bool,
}

/// Conditions under which the price policy would change its mind about no block.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// What a hash earns after the pool's fee, $/PH/day.
    net: f64,
    /// The price of energy is above this, and at most that, $/MWh.
    above: f64,
    most: f64,
}

impl Kept {
    fn holds(&self, net: f64, price: f64) -> bool {
        self.net == net && self.above < price && price <= self.most
    }
}

impl Mining {
    /// A fleet that hashes with full power, at an energy price of zero until it is told the first
    /// one.
    pub fn new(design: &MiningDesign, streams: &Streams) -> Self {
        let n = design.racks.len();
        let blocks = design.racks.iter().map(|rack| Block::new(rack, design, streams)).collect();
        let record = Playback::new(design.income.series(streams));
        let full_rate = design.racks.iter().map(|rack| rack.asic.full_hash_rate()).sum();
        let name = design.racks.first().map_or("", |rack| &rack.name);
        let pool = Pool::new(design.pool, streams.stream("blocks found", name), full_rate);
        let mut mining = Self {
            design: design.clone(),
            blocks,
            agenda: Agenda::new(),
            account: Account::new(Time::ZERO),
            price: 0.0,
            income: *record.current(),
            record,
            pool,
            block_at: None,
            policy_due: false,
            kept: None,
            readings: vec![Reading::default(); n],
            demands: vec![Demand::default(); n],
            offered: Marks::new(n),
            touched: Marks::new(n),
            changed: Marks::new(n),
            fleet: Reading::default(),
            income_changed: true,
        };
        for rack in 0..n {
            mining.with_block(rack, |block, context| block.await_trouble(Time::ZERO, context));
            mining.touched.set(rack);
        }
        mining.account.earn(Time::ZERO, mining.income);
        mining.expect_income();
        mining.expect_block(Time::ZERO);
        mining.flush(Time::ZERO);
        mining
    }

    /// The earliest instant at which it has something to do; [`Time::MAX`] when never.
    pub fn next_at(&self) -> Time {
        self.agenda.next_at().unwrap_or(Time::MAX)
    }

    /// Handles every own event up to `now`.
    ///
    /// # Panics
    ///
    /// When `now` lies before the last call.
    pub fn advance(&mut self, now: Time) {
        let mut instant = None;
        while let Some((at, event)) = self.agenda.pop_until(now) {
            if let Some(before) = instant.replace(at)
                && before < at
            {
                self.flush(before);
            }
            self.handle(at, event);
        }
        if let Some(last) = instant {
            self.flush(last);
        }
    }

    /// The energy price is `usd_mwh` from `now` on; takes effect in [`settle`](Mining::settle).
    pub fn set_price(&mut self, now: Time, usd_mwh: f64) {
        debug_assert!(self.agenda.now() == now, "the fleet is advanced before it is told news");
        self.policy_due |= usd_mwh != self.price;
        // What machines cost that are kept on changes with it.
        self.income_changed |= usd_mwh != self.price && self.fleet.held_w > 0.0;
        self.price = usd_mwh;
    }

    /// A hash earns `income` from `now` on; the policy heeds it in [`settle`](Mining::settle).
    pub(super) fn set_income(&mut self, now: Time, income: Income) {
        debug_assert!(self.agenda.now() == now, "the fleet is advanced before it is told news");
        let differs = income != self.income;
        self.policy_due |= differs;
        self.income_changed |= differs;
        self.income = income;
        self.account.earn(now, income);
        if differs {
            self.expect_block(now);
        }
    }

    /// Draws anew when a block is found next. Exact whenever the rate changes, because hashes do not
    /// remember the ones before.
    fn expect_block(&mut self, now: Time) {
        if let Some(ticket) = self.block_at.take() {
            self.agenda.cancel(ticket);
        }
        self.block_at = self
            .pool
            .next_block(now, &self.income)
            .map(|at| self.agenda.schedule(at, Class::Plant, Event::Found));
    }

    /// Asks to be called when a hash earns something else by the record.
    fn expect_income(&mut self) {
        let at = self.record.next_at();
        if at < Time::MAX {
            self.agenda.push(at, Class::Plant, Event::Income);
        }
    }

    /// The plant offers this to a rack from `now` on; takes effect in
    /// [`settle`](Mining::settle).
    pub fn offer(&mut self, now: Time, rack: usize, offer: RackOffer) {
        debug_assert!(self.agenda.now() == now, "the fleet is advanced before it is told news");
        if self.blocks[rack].offer(offer) {
            self.offered.set(rack);
        }
    }

    /// A rack as orders see it.
    pub fn rack_state(&self, rack: usize) -> RackState {
        self.blocks[rack].state()
    }

    /// The site orders this many machines of a rack to sleep, by command to their firmware, or lets them
    /// wake; takes effect in [`settle`](Mining::settle).
    pub fn order(&mut self, now: Time, rack: usize, asleep: u32) {
        debug_assert!(self.agenda.now() == now, "the fleet is advanced before it is told news");
        if self.blocks[rack].order(asleep) {
            self.offered.set(rack);
        }
    }

    /// The site keeps this many machines of a rack on when the price policy would have them sleep. Returns
    /// whether that changes something now: it takes effect in [`settle`](Mining::settle).
    pub fn hold(&mut self, now: Time, rack: usize, machines: u32) -> bool {
        debug_assert!(self.agenda.now() == now, "the fleet is advanced before it is told news");
        let matters = self.blocks[rack].hold(machines);
        if matters {
            self.offered.set(rack);
        }
        matters
    }

    /// Reacts to all news of the instant.
    pub fn settle(&mut self, now: Time) {
        if std::mem::take(&mut self.policy_due) {
            self.decide(now);
        }
        let racks = self.offered.take();
        racks.iter().for_each(|&rack| self.react(now, rack as usize));
        self.offered.reuse(racks);
        self.flush(now);
    }

    /// What a rack would draw if the plant had plenty: sleep power under
    /// [`Rank::Idle`](crate::plant::Rank::Idle), the rest under
    /// [`Rank::Mining`](crate::plant::Rank::Mining).
    ///
    /// Machines that are starting or wait for their turn count in full; a rack without power
    /// or above its shutdown temperature asks for nothing.
    pub fn demand(&self, rack: usize) -> Demand {
        self.demands[rack]
    }

    /// What a rack draws, W; at most its cap.
    pub fn draw_w(&self, rack: usize) -> f64 {
        self.readings[rack].draw_w
    }

    /// Calls `f` for each rack whose demand or draw changed since the last call, in order.
    pub fn drain_changed(&mut self, mut f: impl FnMut(usize)) {
        if self.changed.racks.is_empty() {
            return;
        }
        let racks = self.changed.take();
        racks.iter().for_each(|&rack| f(rack as usize));
        self.changed.reuse(racks);
    }

    /// Hash rate of the fleet, hashes a second.
    pub fn hash_rate(&self) -> f64 {
        self.fleet.hash_rate
    }

    /// Machines that the price of energy keeps from hashing, and what they would draw, W.
    pub fn stopped_by_price(&self) -> (u32, f64) {
        let price = Cause::Price as usize;
        (self.fleet.idle[price], self.fleet.curtailed_w[price])
    }

    /// What machines would draw on top if they all hashed, and do not for `cause`, W.
    pub fn curtailed_w(&self, cause: Cause) -> f64 {
        self.fleet.curtailed_w[cause as usize]
    }

    /// What the machines that limits of power keep idle would earn now, after the pool's fee, $/s.
    pub fn capped_usd_per_s(&self) -> f64 {
        let usd_per_hash = self.income.usd_ph_day / HASHES_PER_PH_DAY;
        self.fleet.capped_hash_rate * usd_per_hash * (1.0 - self.design.pool.fee)
    }

    /// How many machines hash.
    pub fn hashing(&self) -> u32 {
        self.fleet.hashing
    }

    /// Closes one interval of the time series at `now` and opens the next.
    pub fn take_interval(&mut self, now: Time) -> MiningInterval {
        self.account.take_interval(now, self.design.pool.fee)
    }

    /// What the fleet did from the start to `now`.
    pub fn summary(&self, now: Time) -> MiningSummary {
        let sum = |count: fn(&Block) -> u64| self.blocks.iter().map(count).sum::<u64>();
        let machines = sum(|block| u64::from(block.machines()));
        let rated_w = self.blocks.iter().map(Block::full_w).sum();
        let stops = sum(|block| block.price_stops * u64::from(block.machines()));
        MiningSummary {
            price_stops: if machines > 0 { stops as f64 / machines as f64 } else { 0.0 },
            failures: sum(|block| block.failures),
            failed_starts: sum(|block| block.failed_starts),
            ..self.account.summary(now, machines, rated_w, &self.design.pool)
        }
    }

    fn handle(&mut self, now: Time, event: Event) {
        match event {
            Event::HoldEnds => self.policy_due = true,
            Event::Income => {
                self.record.advance(now);
                self.set_income(now, *self.record.current());
                self.expect_income();
            }
            Event::Found => {
                self.block_at = None;
                if let Some((usd, btc)) = self.pool.payment(now, &self.income) {
                    self.account.pay(usd, btc);
                }
                self.expect_block(now);
            }
            Event::Block(rack, step) => {
                let rack = rack as usize;
                self.with_block(rack, |block, context| block.step(now, step, context));
                self.react(now, rack);
            }
        }
    }

    /// Lets the price policy decide about every block.
    fn decide(&mut self, now: Time) {
        let Some(policy) = self.design.policy else { return };
        let net = self.income.usd_ph_day * (1.0 - self.design.pool.fee);
        let price = self.price;
        if self.kept.is_some_and(|kept| kept.holds(net, price)) {
            return;
        }
        let breakeven = |joules_per_hash| breakeven_usd_mwh(net, joules_per_hash);
        let (mut above, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
        for rack in 0..self.blocks.len() {
            let turned = self.with_block(rack, |block, context| {
                block.decide(now, price, breakeven, &policy, context)
            });
            let keeps = self.blocks[rack].keeps(breakeven, &policy);
            (above, most) = (keeps.0.max(above), keeps.1.min(most));
            if turned {
                self.react(now, rack);
            }
        }
        self.kept = Some(Kept { net, above, most });
    }

    /// Has the price policy asked about every block again.
    #[cfg(test)]
    pub(super) fn forget_kept(&mut self) {
        self.kept = None;
    }

    fn react(&mut self, now: Time, rack: usize) {
        self.with_block(rack, |block, context| block.react(now, context));
        self.touched.set(rack);
    }

    fn with_block<T>(
        &mut self,
        rack: usize,
        act: impl FnOnce(&mut Block, &mut Context<'_>) -> T,
    ) -> T {
        let Self { design, blocks, agenda, .. } = self;
        act(&mut blocks[rack], &mut Context { index: rack as u32, design, agenda })
    }

    /// Reads the blocks that changed and books from `now` on what the fleet does.
    fn flush(&mut self, now: Time) {
        let mut differs = std::mem::take(&mut self.income_changed);
        let racks = self.touched.take();
        for rack in racks.iter().map(|&rack| rack as usize) {
            let (reading, demand) = (self.blocks[rack].reading(), self.blocks[rack].demand());
            if demand != self.demands[rack] || reading.draw_w != self.readings[rack].draw_w {
                self.changed.set(rack);
            }
            differs |= reading != self.readings[rack];
            self.readings[rack] = reading;
            self.demands[rack] = demand;
        }
        self.touched.reuse(racks);
        if differs {
            // Summed anew each time: running totals would drift with millions of changes.
            let mut fleet = Reading::default();
            self.readings.iter().for_each(|reading| fleet.add(reading));
            self.fleet = fleet;
            self.pool.set_rate(now, fleet.hash_rate);
            let net = self.income.usd_ph_day / HASHES_PER_PH_DAY * (1.0 - self.design.pool.fee);
            let usd_per_hash = if self.pool.pays_by_hash() { net } else { 0.0 };
            self.account.set(now, &self.fleet, usd_per_hash, (net, self.price));
        }
    }
}

/// A set of racks that is emptied in index order.
#[derive(Debug, Clone)]
struct Marks {
    is_set: Vec<bool>,
    racks: Vec<u32>,
}

impl Marks {
    fn new(n: usize) -> Self {
        Self { is_set: vec![false; n], racks: Vec::new() }
    }

    fn set(&mut self, rack: usize) {
        if !std::mem::replace(&mut self.is_set[rack], true) {
            self.racks.push(rack as u32);
        }
    }

    /// Those that are set, in order; none is afterwards. Give the list back with
    /// [`reuse`](Self::reuse).
    fn take(&mut self) -> Vec<u32> {
        let mut racks = std::mem::take(&mut self.racks);
        racks.sort_unstable();
        for &rack in &racks {
            self.is_set[rack as usize] = false;
        }
        racks
    }

    /// Keeps the memory of a taken list, unless one has been begun since.
    fn reuse(&mut self, mut racks: Vec<u32>) {
        if self.racks.is_empty() {
            racks.clear();
            self.racks = racks;
        }
    }
}
