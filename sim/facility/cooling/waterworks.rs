//! Water on its way from the main of the site through basins to what evaporates it.
//!
//! Flows are constant between two instants at which something changes, so that levels and
//! allowances are straight lines, and the next instant at which a basin is dry or an allowance is
//! used up is known. Looked at after an instant has settled; a loop that has run dry, or has
//! water again, is told by an event of its own at the same time.

use super::loops::LoopPlant;
use crate::facility::design::Design;
use crate::facility::observer::{Observer, Record, What};
use crate::facility::{Event, Facility};
use crate::kernel::{Alarm, Class, Clock, Span, Time};
use crate::plant::cooling::{Balance, Basin, Drive, Main, MainDesign, WaterFlows};

/// A loop without a basin that its main was too weak for asks again after this: an assumption,
/// as a cooler's own controls wait before they wet its pads again.
const RETRY: Span = Span::from_secs(15 * 60);
/// What lies further ahead than any run, s.
const NEVER_S: f64 = 1e9;
/// A flow short by less than this share is not short.
const SLACK: f64 = 1e-9;

/// What basins that fill or give leave of the main, as a share of what loops out of balance need now, so that
/// those may come to need that much more before anybody looks: an assumption that keeps the number of looks
/// in bounds.
const HEADROOM: f64 = 0.01;

/// The water of the site while it runs.
#[derive(Debug)]
pub(in crate::facility) struct Waterworks {
    main: Main,
    /// By loop.
    loops: Vec<LoopWater>,
    /// The loops that evaporate water: those first that cannot run dry.
    order: Vec<u32>,
    /// The instant to which levels and allowances are booked.
    booked: Time,
    /// When the allowances of another day begin; never where nothing is counted by the day.
    midnight: Time,
    /// Something has changed since anybody looked.
    news: bool,
    /// Loops that have run dry, have water again or have met the limit of their main, and have not
    /// been told.
    turned: Vec<u32>,
    next: Alarm,
}

/// The water of a loop while the site runs.
#[derive(Debug)]
pub(in crate::facility) struct LoopWater {
    main: Main,
    basin: Basin,
    has_basin: bool,
    balance: Balance,
    /// What has flowed up to the instant that is booked.
    booked: WaterAmounts,
    /// What had evaporated by the books of its loop, kg.
    evaporated_kg: f64,
    /// What the main grants now, and what it could at most, kg/s.
    granted_kg_s: f64,
    most_kg_s: f64,
    /// Whether its device has water.
    wet: bool,
    /// It does not try again before.
    retry: Time,
    /// When it comes to need more than its main brings, or no longer does.
    limit: Time,
}

/// Water since the start, up to an instant, kg.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::facility) struct WaterAmounts {
    pub(in crate::facility) evaporation_kg: f64,
    pub(in crate::facility) drift_kg: f64,
    pub(in crate::facility) blowdown_kg: f64,
    pub(in crate::facility) makeup_kg: f64,
    /// What its basin has gained.
    pub(in crate::facility) filled_kg: f64,
}

impl WaterAmounts {
    /// With what has flowed since.
    fn and(self, more: &Self) -> Self {
        Self {
            evaporation_kg: self.evaporation_kg + more.evaporation_kg,
            drift_kg: self.drift_kg + more.drift_kg,
            blowdown_kg: self.blowdown_kg + more.blowdown_kg,
            makeup_kg: self.makeup_kg + more.makeup_kg,
            filled_kg: self.filled_kg + more.filled_kg,
        }
    }
}

impl Waterworks {
    pub(in crate::facility) fn new(design: &Design) -> Self {
        let of_loop = |site: &crate::facility::LoopSite| LoopWater {
            main: Main::new(&site.operation.make_up.main),
            basin: Basin::new(site.operation.make_up.basin),
            has_basin: site.operation.make_up.basin.volume_kg > 0.0,
            balance: Balance::default(),
            booked: WaterAmounts::default(),
            evaporated_kg: 0.0,
            granted_kg_s: 0.0,
            most_kg_s: f64::INFINITY,
            wet: true,
            retry: Time::ZERO,
            limit: Time::MAX,
        };
        let evaporating = |works_dry: bool| {
            (0..).zip(&design.loops).filter_map(move |(index, site)| {
                let own = &site.design;
                (own.evaporates() && own.works_dry() == works_dry).then_some(index)
            })
        };
        let mains =
            || design.loops.iter().map(|site| &site.operation.make_up.main).chain([&design.water]);
        let by_day = mains().any(|main: &MainDesign| main.daily_kg.is_some());
        Self {
            main: Main::new(&design.water),
            loops: design.loops.iter().map(of_loop).collect(),
            order: evaporating(false).chain(evaporating(true)).collect(),
            booked: Time::ZERO,
            midnight: if by_day { design.clock.next_midnight(Time::ZERO) } else { Time::MAX },
            news: true,
            turned: Vec::new(),
            next: Alarm::default(),
        }
    }

    /// Something has changed.
    pub(super) fn tell(&mut self) {
        self.news = true;
    }

    /// The main of a loop, or of the site, brings water or does not.
    pub(super) fn set_open(&mut self, of: Option<u32>, open: bool) {
        let main = match of {
            Some(index) => &mut self.loops[index as usize].main,
            None => &mut self.main,
        };
        main.set_open(open);
        self.news = true;
    }

    /// The water of loop `index`.
    pub(in crate::facility) fn of(&self, index: usize) -> &LoopWater {
        &self.loops[index]
    }

    /// Water of loop `index` since the start up to `now`, where `evaporated_kg` have evaporated by
    /// its books.
    pub(in crate::facility) fn amounts(
        &self,
        index: usize,
        evaporated_kg: f64,
        now: Time,
    ) -> WaterAmounts {
        let own = &self.loops[index];
        let flowed = own.flowed(evaporated_kg, (now - self.booked).as_secs_f64());
        own.booked.and(&flowed)
    }

    /// Books what has flowed up to `now`.
    fn book(&mut self, now: Time, plants: &[LoopPlant], clock: &Clock) {
        let seconds = (now - self.booked).as_secs_f64();
        self.booked = now;
        for &index in &self.order {
            let own = &mut self.loops[index as usize];
            let evaporated_kg = plants[index as usize].amounts(now).evaporated_kg;
            let flowed = own.flowed(evaporated_kg, seconds);
            own.evaporated_kg = own.evaporated_kg.max(evaporated_kg);
            own.booked = own.booked.and(&flowed);
            own.basin.fill(flowed.filled_kg);
            own.main.take(flowed.makeup_kg);
            self.main.take(flowed.makeup_kg);
        }
        if self.midnight <= now {
            self.main.begin_day();
            self.loops.iter_mut().for_each(|own| own.main.begin_day());
            self.midnight = clock.next_midnight(now);
        }
    }

    /// When anything comes of the present flows, in the loops `plants`.
    fn next_at(&self, now: Time, plants: &[LoopPlant]) -> Time {
        let mut next = self.midnight;
        let mut within = |seconds: Option<f64>| {
            next = next.min(seconds.map_or(Time::MAX, |seconds| after(now, seconds)));
        };
        let mut total_kg_s = 0.0;
        for &index in &self.order {
            let own = &self.loops[index as usize];
            let makeup_kg_s = own.balance.flows.makeup_kg_s;
            total_kg_s += makeup_kg_s;
            within(own.main.spent_in_s(makeup_kg_s));
            within(own.basin.next_s(&own.balance, !own.wet));
            within(own.ends_in_s(now, &plants[index as usize]));
            if !own.wet && !own.has_basin && own.retry > now {
                within(Some((own.retry - now).as_secs_f64()));
            }
            within((own.limit < Time::MAX).then(|| (own.limit - now).as_secs_f64()));
        }
        within(self.main.spent_in_s(total_kg_s));
        within(self.spent_in_s(now, plants));
        if self.turned.is_empty() { next } else { now }
    }
}

impl Waterworks {
    /// When the allowance of the site is used up, in seconds from `now`, where that is before a loop
    /// out of balance is looked at again.
    fn spent_in_s(&self, now: Time, plants: &[LoopPlant]) -> Option<f64> {
        let plant = |index: u32| &plants[index as usize];
        let moving = self.order.iter().filter_map(|&index| moving_s(now, plant(index)));
        let seconds = moving.reduce(f64::min)?;
        if self.main.is_spent() || self.main.left_kg().is_infinite() {
            return None;
        }
        let left_kg = |seconds: f64| {
            let flows = self.order.iter().map(|&index| {
                self.loops[index as usize].flows_in(seconds, now, plant(index)).makeup_kg
            });
            self.main.left_kg() - flows.sum::<f64>()
        };
        used_up_in_s(seconds, left_kg)
    }
}

/// The instant `seconds` after `now`, rounded up.
fn after(now: Time, seconds: f64) -> Time {
    if seconds >= NEVER_S {
        return Time::MAX;
    }
    now + Span::from_nanos((seconds * 1e9).ceil().max(1.0) as u64)
}

/// For how long a loop out of balance moves on as it does before it is looked at again, in seconds
/// from `now`.
fn moving_s(now: Time, plant: &LoopPlant) -> Option<f64> {
    let until_s = |at: Time| (at - now).as_secs_f64();
    plant.is_out_of_balance().then(|| plant.next.at().map_or(NEVER_S, until_s))
}

/// When, within `seconds`, nothing is `left` of what only falls.
fn used_up_in_s(seconds: f64, left: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut some_s, mut none_s) = (0.0, seconds);
    if left(none_s) > 0.0 {
        return None;
    }
    while none_s - some_s > 1e-9 * none_s.max(1.0) {
        let middle_s: f64 = 0.5 * (some_s + none_s);
        *(if left(middle_s) > 0.0 { &mut some_s } else { &mut none_s }) = middle_s;
    }
    Some(none_s)
}

impl LoopWater {
    /// Water of its device and basin at the moment.
    pub(in crate::facility) fn balance(&self) -> &Balance {
        &self.balance
    }

    /// What has flowed up to the instant that is booked.
    pub(in crate::facility) fn booked(&self) -> WaterAmounts {
        self.booked
    }

    /// What its basin holds beyond what it held at the start, kg.
    pub(in crate::facility) fn gained_kg(&self) -> f64 {
        self.basin.stored_kg()
    }

    /// What has flowed in the `seconds` since it was booked, where `evaporated_kg` have evaporated
    /// since the start. Evaporation follows the heat that its loop rejects, which moves while that
    /// is out of balance, and blowdown follows evaporation. What that comes to beyond the present
    /// flows the float valve lets in, as far as the main has it; the basin gives what is short, and
    /// less is bled where it is empty. All of it is the basin's where that falls or fills.
    ///
    /// Holds up to where the main begins to be short, or no longer is: see [`Self::meets_limit`].
    fn flowed(&self, evaporated_kg: f64, seconds: f64) -> WaterAmounts {
        let Balance { flows, filling_kg_s } = self.balance;
        // Two readings of one sum may differ by its rounding where nothing evaporates.
        let evaporation_kg = (evaporated_kg - self.evaporated_kg).max(0.0);
        let blown = match flows.evaporation_kg_s > 0.0 {
            true => flows.blowdown_kg_s / flows.evaporation_kg_s,
            false => 0.0,
        };
        let more_kg = evaporation_kg - flows.evaporation_kg_s * seconds;
        let mut blowdown_kg = (flows.blowdown_kg_s * seconds + blown * more_kg).max(0.0);
        let drift_kg = flows.drift_kg_s * seconds;
        let gone_kg = evaporation_kg + drift_kg + blowdown_kg;
        let (makeup_kg, filled_kg) = if filling_kg_s == 0.0 && flows.makeup_kg_s > 0.0 {
            // No time has passed where the main may bring anything.
            let most_kg = if seconds > 0.0 { self.most_kg_s * seconds } else { 0.0 };
            let short_kg = (gone_kg - most_kg).max(0.0);
            let unbled_kg = match self.basin.is_empty() {
                true => short_kg.min(blowdown_kg),
                false => 0.0,
            };
            blowdown_kg -= unbled_kg;
            let given_kg = if self.has_basin { short_kg - unbled_kg } else { 0.0 };
            (gone_kg - unbled_kg - given_kg, -given_kg)
        } else {
            // The float valve shuts where the basin is full before it is looked at again.
            let room_kg = -self.basin.stored_kg();
            let filled_kg = (flows.makeup_kg_s * seconds - gone_kg).min(room_kg.max(0.0));
            (gone_kg + filled_kg, filled_kg)
        };
        WaterAmounts { evaporation_kg, drift_kg, blowdown_kg, makeup_kg, filled_kg }
    }

    /// Whether its device, with a basin that is empty or none, comes to need more than its main
    /// can bring before its loop `plant` is looked at again: out of balance that evaporates ever
    /// more.
    fn falls_short(&self, now: Time, plant: &LoopPlant) -> bool {
        let Some(seconds) = moving_s(now, plant) else { return false };
        if !self.wet || !self.basin.is_empty() || seconds <= 0.0 || self.most_kg_s.is_infinite() {
            return false;
        }
        let flowed = self.flows_in(seconds, now, plant);
        let most_kg = self.most_kg_s * seconds;
        flowed.filled_kg < -SLACK * most_kg || flowed.makeup_kg > most_kg * (1.0 + SLACK)
    }

    /// When its basin is dry or the allowance of its main used up, in seconds from `now`, where that
    /// is before its loop `plant` is looked at again: out of balance that evaporates ever more, or
    /// less.
    fn ends_in_s(&self, now: Time, plant: &LoopPlant) -> Option<f64> {
        let seconds = moving_s(now, plant)?;
        let is_limited = !self.main.is_spent() && self.main.left_kg().is_finite();
        if self.basin.is_empty() && !is_limited {
            return None;
        }
        let left = |seconds: f64| {
            let flowed = self.flows_in(seconds, now, plant);
            let level_kg = self.basin.level_kg() + flowed.filled_kg;
            let level_kg = if self.basin.is_empty() { f64::INFINITY } else { level_kg };
            let left_kg = self.main.left_kg() - flowed.makeup_kg;
            let left_kg = if self.main.is_spent() { f64::INFINITY } else { left_kg };
            level_kg.min(left_kg)
        };
        used_up_in_s(seconds, left)
    }

    /// When its loop `plant`, out of balance, comes to need more than its main brings for what it
    /// loses, or no longer does; and where its basin is empty, for that without blowdown. What it
    /// needs follows what evaporates. Never where nothing is known to come of it.
    fn meets_limit(&self, now: Time, plant: &LoopPlant) -> Time {
        let Balance { flows, filling_kg_s } = self.balance;
        let fed = filling_kg_s == 0.0 && flows.makeup_kg_s > 0.0;
        if !fed || !self.wet || self.most_kg_s.is_infinite() || flows.evaporation_kg_s <= 0.0 {
            return Time::MAX;
        }
        let vapour_kg_s = self.most_kg_s - flows.drift_kg_s;
        let bled = 1.0 + flows.blowdown_kg_s / flows.evaporation_kg_s;
        let unbled = self.basin.is_empty().then_some(1.0);
        let limits = unbled.into_iter().chain([bled]);
        let meets_s = |share: f64| plant.evaporates_more_s(vapour_kg_s / share);
        let soonest_s = limits.filter_map(meets_s).reduce(f64::min);
        soonest_s.map_or(Time::MAX, |seconds| after(plant.since, seconds).max(now))
    }

    /// What flows in `seconds` from `now`, to which it is booked.
    fn flows_in(&self, seconds: f64, now: Time, plant: &LoopPlant) -> WaterAmounts {
        let at = now + Span::from_secs_f64(seconds);
        self.flowed(plant.amounts(at).evaporated_kg, seconds)
    }

    /// Whether its device has no water.
    pub(in crate::facility) fn is_dry(&self) -> bool {
        !self.wet
    }

    /// Its device runs dry, or has water again.
    fn turn(&mut self, now: Time, subject: &str, observer: &mut dyn Observer) {
        self.wet = !self.wet;
        self.retry = now + RETRY;
        let what = if self.wet { What::WaterBack } else { What::RanDry };
        observer.record(&Record { at: now, what, subject, count: 1 });
    }

    /// Whether a wet device that would lose `lost` runs dry where `most_kg_s` can come.
    fn runs_dry(&self, lost: &WaterFlows, most_kg_s: f64) -> bool {
        let needed_kg_s = match most_kg_s > 0.0 {
            true => lost.makeup_kg_s,
            false => lost.evaporation_kg_s + lost.drift_kg_s,
        };
        self.basin.is_empty() && needed_kg_s > most_kg_s * (1.0 + SLACK)
    }
}

impl Facility<'_> {
    /// Sees to the water of the instant that has settled: who gets what, who runs dry, who has
    /// water again. What turns is felt in the next instant, at the same time.
    pub(in crate::facility) fn watch_water(&mut self, now: Time, observer: &mut dyn Observer) {
        let works = &mut self.water;
        let due = works.next.at().is_some_and(|at| at <= now);
        if !(std::mem::take(&mut works.news) || due) {
            return;
        }
        works.book(now, &self.loops, &self.design.clock);
        let met = works.order.iter().filter(|&&index| works.loops[index as usize].limit <= now);
        works.turned.extend(met);
        self.share_water(now, observer);
        let works = &mut self.water;
        for &index in &works.order {
            let own = &mut works.loops[index as usize];
            let plant = &self.loops[index as usize];
            own.limit = own.meets_limit(now, plant);
            self.meters.mark_loop(index, plant.moves());
        }
        let next = works.next_at(now, &self.loops);
        if due {
            works.next.ring();
        }
        works.next.set(&mut self.agenda, next, Class::Control, Event::Water);
    }

    /// Gives first what is lost, then what basins take to fill.
    fn share_water(&mut self, now: Time, observer: &mut dyn Observer) {
        let works = &mut self.water;
        let (mut left_kg_s, mut headroom_kg_s) = (works.main.most_kg_s(), 0.0);
        for &index in &works.order {
            let (plant, own) = (&self.loops[index as usize], &mut works.loops[index as usize]);
            let lost = plant.state.water;
            let most_kg_s = own.main.most_kg_s().min(left_kg_s);
            let turns = if own.wet {
                own.runs_dry(&lost, most_kg_s)
            } else if own.has_basin {
                own.basin.is_ready()
            } else if most_kg_s.is_infinite() {
                true
            } else {
                // Only what it would lose with water tells whether there is enough.
                most_kg_s > 0.0 && now >= own.retry && {
                    let drive = Drive { may_evaporate: true, ..plant.now.drive };
                    let wet = plant.model.solve(plant.heat_w, &self.air, drive);
                    wet.water.makeup_kg_s <= most_kg_s
                }
            };
            if turns {
                own.turn(now, &self.design.loops[index as usize].name, observer);
                works.turned.push(index);
                self.watch.cause(!own.wet);
            }
            // What is short lives on its basin, or runs dry.
            let is_met = lost.makeup_kg_s <= most_kg_s * (1.0 + SLACK);
            let open_kg_s = (left_kg_s - headroom_kg_s).max(0.0);
            own.granted_kg_s =
                if is_met { lost.makeup_kg_s.min(most_kg_s) } else { most_kg_s.min(open_kg_s) };
            left_kg_s -= own.granted_kg_s;
            if plant.is_out_of_balance() {
                headroom_kg_s += HEADROOM * own.granted_kg_s;
            }
        }
        let loops = works.order.len() as f64;
        for &index in &works.order {
            let own = &mut works.loops[index as usize];
            let open_kg_s = left_kg_s - headroom_kg_s;
            let rest_kg_s = (own.main.most_kg_s() - own.granted_kg_s).min(open_kg_s);
            let filling_kg_s = own.basin.wants_kg_s().min(rest_kg_s).max(0.0);
            own.granted_kg_s += filling_kg_s;
            left_kg_s -= filling_kg_s;
            // All of them may come to need what is left.
            own.most_kg_s = own.main.most_kg_s().min(own.granted_kg_s + left_kg_s / loops);
            own.balance =
                own.basin.balance(self.loops[index as usize].state.water, own.granted_kg_s);
            if own.falls_short(now, &self.loops[index as usize]) && !works.turned.contains(&index) {
                own.turn(now, &self.design.loops[index as usize].name, observer);
                works.turned.push(index);
                self.watch.cause(!own.wet);
            }
        }
    }

    /// Tells the loops that have turned.
    pub(in crate::facility) fn turn_water(&mut self) {
        self.water.news = true;
        for index in self.water.turned.drain(..) {
            self.loops[index as usize].wet = self.water.loops[index as usize].wet;
            self.changed.cooling(index);
        }
    }
}
