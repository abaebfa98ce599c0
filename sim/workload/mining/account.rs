//! The books of a mining workload: every machine-hour hashes or has a cause.

use serde::Serialize;

use super::income::{HASHES_PER_PH_DAY, Income};
use super::spec::{Luck, PoolDesign};
use crate::kernel::Time;
use crate::measure::{JOULES_PER_MWH, Meter, Sum, share};

/// Why a machine does not hash, or hashes at less than its rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// Power costs more than its hashes earn; also the minimum time asleep after that.
    Price = 0,
    /// The plant cannot or must not supply it: shedding, an import limit, a programme.
    Cap = 1,
    /// Its inlet is too warm: shut down, or slowed (energy only).
    Heat = 2,
    /// Its bus is dead.
    Outage = 3,
    /// It could hash and is on its way: booting, waking, waiting for its turn to start.
    Restart = 4,
    /// It is broken, or did not come back from a restart and waits for a hand.
    Failure = 5,
}

impl Cause {
    /// How many causes there are.
    pub const COUNT: usize = 6;
}

/// A figure for each [`Cause`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ByCause {
    /// Under [`Cause::Price`].
    pub price: f64,
    /// Under [`Cause::Cap`].
    pub cap: f64,
    /// Under [`Cause::Heat`].
    pub heat: f64,
    /// Under [`Cause::Outage`].
    pub outage: f64,
    /// Under [`Cause::Restart`].
    pub restart: f64,
    /// Under [`Cause::Failure`].
    pub failure: f64,
}

impl ByCause {
    fn from_fn(figure: impl Fn(usize) -> f64) -> Self {
        Self {
            price: figure(Cause::Price as usize),
            cap: figure(Cause::Cap as usize),
            heat: figure(Cause::Heat as usize),
            outage: figure(Cause::Outage as usize),
            restart: figure(Cause::Restart as usize),
            failure: figure(Cause::Failure as usize),
        }
    }

    /// Every cause with its name, in the order of reports.
    pub fn causes(&self) -> [(&'static str, f64); Cause::COUNT] {
        [
            ("price", self.price),
            ("cap", self.cap),
            ("heat", self.heat),
            ("outage", self.outage),
            ("restart", self.restart),
            ("failure", self.failure),
        ]
    }

    /// The sum over all causes.
    pub fn total(&self) -> f64 {
        self.price + self.cap + self.heat + self.outage + self.restart + self.failure
    }
}

/// What a mining workload did from the start of the run.
///
/// `hashing_machine_h + idle_machine_h.total()` is the machines times the hours, and
/// `energy_mwh + curtailed_mwh.total()` the rating of the fleet times the hours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MiningSummary {
    /// Machines of the fleet.
    pub machines: u64,
    /// Draw of the fleet when every machine hashes, MW.
    pub rated_mw: f64,
    /// Machine-hours of hashing over all machine-hours.
    pub uptime: f64,
    /// Machine-hours of hashing.
    pub hashing_machine_h: f64,
    /// Machine-hours without hashing, by cause.
    pub idle_machine_h: ByCause,
    /// Energy drawn, asleep or hashing, MWh.
    pub energy_mwh: f64,
    /// Energy that the rated fleet would have drawn on top, by cause, MWh.
    pub curtailed_mwh: ByCause,
    /// Mean hash rate, EH/s.
    pub mean_hash_rate_eh_s: f64,
    /// Income after the pool's fee, $.
    pub income_usd: f64,
    /// Every hash at the hash price of its time, before the pool's fee, $.
    pub hashes_usd: f64,
    /// What blocks paid by luck above that, $; zero where the pool bears the luck.
    pub luck_usd: f64,
    /// Part of both that the pool keeps, $.
    pub pool_usd: f64,
    /// Bitcoin after the pool's fee, BTC, expected or paid for blocks found; none where the income says only what a hash
    /// earns in dollars.
    pub mined_btc: Option<f64>,
    /// How often a machine was sent to sleep for the price, in the mean over the fleet.
    pub price_stops: f64,
    /// Energy above sleep of machines that the site kept on against the price policy, MWh, and what it
    /// cost beyond what their hashes earned, $.
    pub held: (f64, f64),
    /// Machines that failed while hashing.
    pub failures: u64,
    /// Machines that did not come back from a start.
    pub failed_starts: u64,
}

impl MiningSummary {
    /// What came of the time after `before`, which lasted `before_h` of `hours`.
    #[must_use]
    pub fn since(&self, before: &Self, before_h: f64, hours: f64) -> Self {
        let by_cause = |now: &ByCause, before: &ByCause| {
            let (now, before) = (now.causes(), before.causes());
            ByCause::from_fn(|cause| now[cause].1 - before[cause].1)
        };
        let hashing_machine_h = self.hashing_machine_h - before.hashing_machine_h;
        let machine_h = self.machines as f64 * (hours - before_h);
        let hashed = self.mean_hash_rate_eh_s * hours - before.mean_hash_rate_eh_s * before_h;
        Self {
            machines: self.machines,
            rated_mw: self.rated_mw,
            uptime: share(hashing_machine_h, machine_h).unwrap_or(0.0),
            hashing_machine_h,
            idle_machine_h: by_cause(&self.idle_machine_h, &before.idle_machine_h),
            energy_mwh: self.energy_mwh - before.energy_mwh,
            curtailed_mwh: by_cause(&self.curtailed_mwh, &before.curtailed_mwh),
            mean_hash_rate_eh_s: share(hashed, hours - before_h).unwrap_or(0.0),
            income_usd: self.income_usd - before.income_usd,
            hashes_usd: self.hashes_usd - before.hashes_usd,
            luck_usd: self.luck_usd - before.luck_usd,
            pool_usd: self.pool_usd - before.pool_usd,
            mined_btc: self.mined_btc.map(|now| now - before.mined_btc.unwrap_or(0.0)),
            price_stops: self.price_stops - before.price_stops,
            held: (self.held.0 - before.held.0, self.held.1 - before.held.1),
            failures: self.failures - before.failures,
            failed_starts: self.failed_starts - before.failed_starts,
        }
    }
}

/// What a mining workload did in one interval of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MiningInterval {
    /// Mean draw, W.
    pub draw_w: f64,
    /// Mean hash rate, hashes a second.
    pub hash_rate: f64,
    /// Mean number of hashing machines.
    pub hashing: f64,
    /// Mean draw below the rating, by cause, W.
    pub curtailed_w: ByCause,
    /// Income after the pool's fee, $.
    pub income_usd: f64,
}

/// What one block, or the whole fleet, does at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Reading {
    pub(super) draw_w: f64,
    pub(super) hash_rate: f64,
    /// What machines would do that [`Cause::Cap`] keeps idle, hashes a second.
    pub(super) capped_hash_rate: f64,
    /// What machines that are kept on against the price policy draw above sleep, W, and their hashes a
    /// second; both are in the figures above.
    pub(super) held_w: f64,
    pub(super) held_hash_rate: f64,
    pub(super) hashing: u32,
    pub(super) idle: [u32; Cause::COUNT],
    pub(super) curtailed_w: [f64; Cause::COUNT],
}

impl Reading {
    pub(super) fn add(&mut self, other: &Reading) {
        self.draw_w += other.draw_w;
        self.hash_rate += other.hash_rate;
        self.capped_hash_rate += other.capped_hash_rate;
        self.held_w += other.held_w;
        self.held_hash_rate += other.held_hash_rate;
        self.hashing += other.hashing;
        for cause in 0..Cause::COUNT {
            self.idle[cause] += other.idle[cause];
            self.curtailed_w[cause] += other.curtailed_w[cause];
        }
    }
}

/// The meters of the whole fleet.
#[derive(Debug, Clone)]
pub(super) struct Account {
    start: Time,
    draw_w: Meter,
    hash_rate: Meter,
    hashing: Meter,
    idle: [Meter; Cause::COUNT],
    curtailed_w: [Meter; Cause::COUNT],
    income_usd_s: Meter,
    /// Machines that are kept on against the price policy: their draw above sleep, and what it costs
    /// beyond what they earn, $/s.
    held_w: Meter,
    held_usd_s: Meter,
    /// What blocks have paid that were found by luck, before the pool's fee, and in the interval.
    paid_usd: Sum,
    paid_btc: Sum,
    interval_paid_usd: f64,
    /// What a hash earns, the hashes up to when it began to, and what those before it earned.
    income: Income,
    hashes_before: f64,
    earned_usd: Sum,
    /// None where the bitcoin of some hashes are not known.
    earned_btc: Option<Sum>,
}

impl Account {
    pub(super) fn new(now: Time) -> Self {
        let meter = || Meter::new(now, 0.0);
        Self {
            start: now,
            draw_w: meter(),
            hash_rate: meter(),
            hashing: meter(),
            idle: std::array::from_fn(|_| meter()),
            curtailed_w: std::array::from_fn(|_| meter()),
            income_usd_s: meter(),
            held_w: meter(),
            held_usd_s: meter(),
            paid_usd: Sum::ZERO,
            paid_btc: Sum::ZERO,
            interval_paid_usd: 0.0,
            income: Income::of(0.0),
            hashes_before: 0.0,
            earned_usd: Sum::ZERO,
            earned_btc: Some(Sum::ZERO),
        }
    }

    /// A hash earns `income` from `now` on. Counts the hashes before at what they earned: a way
    /// to the income of its own, which the books hold against what the meter has summed.
    pub(super) fn earn(&mut self, now: Time, income: Income) {
        let (usd, btc) = self.earned(now);
        (self.earned_usd, self.earned_btc) = (usd, btc);
        self.hashes_before = self.hash_rate.integral_at(now);
        self.income = income;
    }

    /// What all hashes up to `now` have earned, in dollars and bitcoin, before the pool's fee.
    fn earned(&self, now: Time) -> (Sum, Option<Sum>) {
        let hashes = self.hash_rate.integral_at(now) - self.hashes_before;
        let (mut usd, mut btc) = (self.earned_usd, self.earned_btc);
        usd.add(hashes * (self.income.usd_ph_day / HASHES_PER_PH_DAY));
        if hashes > 0.0 {
            btc = btc.zip(self.income.btc_per_hash()).map(|(mut sum, each)| {
                sum.add(hashes * each);
                sum
            });
        }
        (usd, btc)
    }

    /// A block that was found by luck pays this much, before the pool's fee.
    pub(super) fn pay(&mut self, usd: f64, btc: f64) {
        self.paid_usd.add(usd);
        self.paid_btc.add(btc);
        self.interval_paid_usd += usd;
    }

    /// From `now` on the fleet does `fleet` and earns `usd_per_hash`; a hash is expected to earn
    /// `expected_usd`, and energy costs `usd_mwh`.
    pub(super) fn set(
        &mut self,
        now: Time,
        fleet: &Reading,
        usd_per_hash: f64,
        (expected_usd, usd_mwh): (f64, f64),
    ) {
        self.draw_w.set(now, fleet.draw_w);
        self.hash_rate.set(now, fleet.hash_rate);
        self.hashing.set(now, f64::from(fleet.hashing));
        for cause in 0..Cause::COUNT {
            self.idle[cause].set(now, f64::from(fleet.idle[cause]));
            self.curtailed_w[cause].set(now, fleet.curtailed_w[cause]);
        }
        self.income_usd_s.set(now, fleet.hash_rate * usd_per_hash);
        self.held_w.set(now, fleet.held_w);
        let energy_usd_s = fleet.held_w * usd_mwh / JOULES_PER_MWH;
        self.held_usd_s.set(now, energy_usd_s - fleet.held_hash_rate * expected_usd);
    }

    pub(super) fn take_interval(&mut self, now: Time, pool_fee: f64) -> MiningInterval {
        let curtailed: [f64; Cause::COUNT] =
            std::array::from_fn(|cause| self.curtailed_w[cause].take_interval(now).mean);
        for idle in &mut self.idle {
            idle.take_interval(now);
        }
        MiningInterval {
            draw_w: self.draw_w.take_interval(now).mean,
            hash_rate: self.hash_rate.take_interval(now).mean,
            hashing: self.hashing.take_interval(now).mean,
            curtailed_w: ByCause::from_fn(|cause| curtailed[cause]),
            income_usd: self.income_usd_s.take_interval(now).integral
                + (1.0 - pool_fee) * std::mem::take(&mut self.interval_paid_usd),
        }
    }

    /// The books from the start to `now`, without stops and failures, which the model counts.
    pub(super) fn summary(
        &self,
        now: Time,
        machines: u64,
        rated_w: f64,
        pool: &PoolDesign,
    ) -> MiningSummary {
        const HOUR: f64 = 3600.0;
        let total = |meter: &Meter| meter.integral_at(now);
        let (hashes_usd, hashes_btc) = self.earned(now);
        // What the pool divides: by hashes, or by the blocks that were found.
        let by_hash = pool.luck == Luck::Pool;
        let luck_usd = if by_hash { 0.0 } else { self.paid_usd.value() - hashes_usd.value() };
        let btc = if by_hash { hashes_btc } else { Some(self.paid_btc) };
        let hashing_machine_h = total(&self.hashing) / HOUR;
        let machine_h = machines as f64 * (now - self.start).as_hours_f64();
        MiningSummary {
            machines,
            rated_mw: rated_w * 1e-6,
            uptime: share(hashing_machine_h, machine_h).unwrap_or(0.0),
            hashing_machine_h,
            idle_machine_h: ByCause::from_fn(|cause| total(&self.idle[cause]) / HOUR),
            energy_mwh: total(&self.draw_w) / JOULES_PER_MWH,
            curtailed_mwh: ByCause::from_fn(|cause| {
                total(&self.curtailed_w[cause]) / JOULES_PER_MWH
            }),
            mean_hash_rate_eh_s: self.hash_rate.mean(now) * 1e-18,
            income_usd: total(&self.income_usd_s) + self.paid_usd.value() * (1.0 - pool.fee),
            hashes_usd: hashes_usd.value(),
            luck_usd,
            pool_usd: (hashes_usd.value() + luck_usd) * pool.fee,
            mined_btc: btc.map(|btc| btc.value() * (1.0 - pool.fee)),
            price_stops: 0.0,
            held: (total(&self.held_w) / JOULES_PER_MWH, total(&self.held_usd_s)),
            failures: 0,
            failed_starts: 0,
        }
    }
}
