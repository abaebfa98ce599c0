//! Racks that heat has tripped, on their way back.
//!
//! They are let back [`restart_after_heat`](crate::control::ControlSpec::restart_after_heat) after
//! what cools them can carry them, and no more of them than it can: where they all want to
//! start at once and the machines that run do not suffice, those that waited longest come first
//! and the others follow when more machines run, or when the weather lets them.
//!
//! A plant *carries* racks when its machines as they run now would bring it to rest with them below
//! every trip, and nothing on the way there trips either: each coolant is taken at the warmer of
//! what it is and where it would rest. Racks that slow down before they trip are counted at
//! their slowest, because a plant that carries them so has a state in which they run.
//!
//! Operators of chillers are told of the heat that waits, or chillers that rest for want of heat
//! and racks that wait for chillers would wait for each other.

use super::SAME_K;
use super::exchangers::Group;
use super::loops::LoopPlant;
use crate::facility::Facility;
use crate::facility::design::{Design, HallDesign};
use crate::facility::events::Event;
use crate::kernel::{Alarm, Class, Time};

/// Racks that wait for their return.
#[derive(Debug, Default)]
pub(in crate::facility) struct Returns {
    berths: Vec<Berth>,
    /// The berth of each rack; none where nothing cools it.
    berth_of: Vec<Option<u32>>,
    circles: Vec<Circle>,
    /// The circle of each loop.
    circle_of: Vec<u32>,
    /// Racks that wait.
    waiting: usize,
    /// Something has changed for one that waits.
    news: bool,
    next: Alarm,
}

/// Racks of a hall with the same cooling.
#[derive(Debug)]
struct Berth {
    hall: u32,
    /// The exchangers that take their heat, by side.
    exchangers: [Option<u32>; 2],
    circle: u32,
    /// Those that wait, in the order of their trips.
    queue: Vec<Waiting>,
    /// How many of them a plant that works is too weak for, since when, and the time that was
    /// spent so before, s.
    short: usize,
    short_since: Time,
    short_s: f64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    rack: u32,
    /// Since when it could be carried.
    since: Option<Time>,
}

/// Loops that share racks, and what hangs on them: what can be carried is found for them together.
#[derive(Debug, Default)]
struct Circle {
    loops: Vec<u32>,
    berths: Vec<usize>,
    news: bool,
}

/// Heat of racks that are thought to be back, in a group.
#[derive(Debug, Clone, Copy)]
struct More {
    exchanger: u32,
    hall: u32,
    side: u8,
    heat_w: f64,
}

/// How far a question whether racks are carried goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reach {
    /// Their own exchangers, on the loop as it is.
    Exchanger,
    /// The loop, and all that hangs on it.
    Loop,
}

impl Returns {
    /// Nobody waits at the site of `design`.
    pub(in crate::facility) fn new(design: &Design) -> Self {
        let loop_of = |exchanger: usize| design.exchangers[exchanger].cooled_by as u32;
        // Circles by the least loop in them.
        let mut circle_of: Vec<u32> = (0..design.loops.len() as u32).collect();
        for site in &design.racks {
            let sides = [site.cooled_by, site.air_cooled_by.map(|(air, _)| air)];
            if let [Some(a), Some(b)] = sides.map(|side| side.map(loop_of)) {
                let [a, b] = [a, b].map(|index| circle_of[index as usize]);
                let joined = |circle: &mut u32| {
                    if *circle == a.max(b) {
                        *circle = a.min(b);
                    }
                };
                circle_of.iter_mut().for_each(joined);
            }
        }
        let mut circles: Vec<Circle> = Vec::new();
        circles.resize_with(design.loops.len(), Circle::default);
        for (index, &circle) in (0..).zip(&circle_of) {
            circles[circle as usize].loops.push(index);
        }
        let mut berths: Vec<Berth> = Vec::new();
        let mut last = None;
        let mut berth_of = Vec::with_capacity(design.racks.len());
        for site in &design.racks {
            let sides = [site.cooled_by, site.air_cooled_by.map(|(air, _)| air)];
            let exchangers = sides.map(|side| side.map(|exchanger| exchanger as u32));
            let Some(first) = sides.iter().flatten().next() else {
                berth_of.push(None);
                continue;
            };
            let key = (site.hall as u32, exchangers);
            let same = |berth: &Berth| (berth.hall, berth.exchangers) == key;
            // Racks of a hall stand side by side: most often it is the one before.
            let known = last.filter(|&index: &usize| same(&berths[index]));
            let index = known.or_else(|| berths.iter().position(same)).unwrap_or_else(|| {
                let circle = circle_of[loop_of(*first) as usize];
                circles[circle as usize].berths.push(berths.len());
                berths.push(Berth {
                    hall: key.0,
                    exchangers,
                    circle,
                    queue: Vec::new(),
                    short: 0,
                    short_since: Time::ZERO,
                    short_s: 0.0,
                });
                berths.len() - 1
            });
            last = Some(index);
            berth_of.push(Some(index as u32));
        }
        Self {
            berths,
            berth_of,
            circles,
            circle_of,
            waiting: 0,
            news: false,
            next: Alarm::default(),
        }
    }

    /// The rack has tripped, and waits from now on.
    pub(super) fn wait(&mut self, rack: u32) {
        let berth = self.berth_of[rack as usize].expect("what trips is cooled");
        let berth = &mut self.berths[berth as usize];
        berth.queue.push(Waiting { rack, since: None });
        self.waiting += 1;
        self.circles[berth.circle as usize].news = true;
        self.news = true;
    }

    /// The loop `index` has settled anew.
    pub(super) fn tell(&mut self, index: u32) {
        if self.waiting > 0 {
            self.circles[self.circle_of[index as usize] as usize].news = true;
            self.news = true;
        }
    }

    /// The power of a rack that waits has changed.
    pub(in crate::facility) fn tell_of_rack(&mut self, rack: u32) {
        if let Some(berth) = self.berth_of[rack as usize] {
            self.circles[self.berths[berth as usize].circle as usize].news = true;
            self.news = true;
        }
    }

    /// Time up to `now` that racks of a hall waited for a plant that worked but was too weak for
    /// them, rack-seconds.
    pub(in crate::facility) fn short_s(&self, hall: usize, now: Time) -> f64 {
        let own = self.berths.iter().filter(|berth| berth.hall as usize == hall);
        own.map(|berth| berth.short_s_at(now)).sum()
    }
}

impl Berth {
    fn short_s_at(&self, now: Time) -> f64 {
        self.short_s + self.short as f64 * (now - self.short_since).as_secs_f64()
    }

    fn sides(&self) -> impl Iterator<Item = (u8, u32)> + '_ {
        (0..).zip(self.exchangers).filter_map(|(side, exchanger)| Some((side, exchanger?)))
    }
}

impl Group {
    /// Speed at which its racks run just before they trip.
    fn least_speed(&self) -> f64 {
        if self.limits.throttle_c < self.limits.trip_c { self.limits.floor } else { 1.0 }
    }

    /// Its heat if its racks ran at that speed, W.
    fn least_w(&self, hall: &HallDesign) -> f64 {
        let now = hall.share_at(self.limits.speed(self.told_c));
        let least = hall.share_at(self.least_speed());
        if least < now { self.heat_w * least / now } else { self.heat_w }
    }
}

impl Facility<'_> {
    /// Looks, after an instant has settled, which of the racks that wait can be carried, and
    /// schedules their return.
    pub(in crate::facility) fn watch_returns(&mut self, now: Time) {
        if !self.returns.news {
            return;
        }
        let mut returns = std::mem::take(&mut self.returns);
        returns.news = false;
        for index in 0..returns.circles.len() {
            if std::mem::take(&mut returns.circles[index].news) {
                self.review(now, &mut returns, index);
            }
        }
        let since = returns.berths.iter().flat_map(|berth| &berth.queue).filter_map(|w| w.since);
        let next = since.min().map(|since| since + self.design.control.restart_after_heat);
        let next = next.unwrap_or(Time::MAX);
        returns.next.set(&mut self.agenda, next, Class::Control, Event::HeatRestart);
        self.returns = returns;
    }

    /// Lets those back that have waited for long enough.
    pub(in crate::facility) fn let_back(&mut self, now: Time) {
        let wait = self.design.control.restart_after_heat;
        let Self { returns, racks, changed, .. } = self;
        returns.next.ring();
        returns.news = true;
        for berth in &mut returns.berths {
            let before = berth.queue.len();
            berth.queue.retain(|waiting| {
                if waiting.since.is_none_or(|since| since + wait > now) {
                    return true;
                }
                let rack = &mut racks[waiting.rack as usize];
                rack.tripped = false;
                rack.back_at = Some(now);
                changed.halls[rack.hall as usize].restarted += 1;
                changed.demands.mark(waiting.rack);
                changed.offers.mark(waiting.rack);
                false
            });
            let back = before - berth.queue.len();
            returns.waiting -= back;
            returns.circles[berth.circle as usize].news |= back > 0;
        }
    }

    /// Finds which of the racks that wait in a circle can be carried, and tells operators of
    /// those that want to be.
    fn review(&mut self, now: Time, returns: &mut Returns, index: usize) {
        let circle = &returns.circles[index];
        let has_power = |rack: u32| {
            let load = self.racks[rack as usize].load;
            load.is_none_or(|load| self.power.energised(load) && self.power.cap_w(load) > 0.0)
        };
        let berths: Vec<&Berth> = circle.berths.iter().map(|&at| &returns.berths[at]).collect();
        let wanting: Vec<usize> = berths
            .iter()
            .map(|berth| berth.queue.iter().filter(|waiting| has_power(waiting.rack)).count())
            .collect();
        let mut heat_w = vec![0.0; circle.loops.len()];
        for (berth, &count) in berths.iter().zip(&wanting) {
            for more in self.heat_of(berth, count, |_| 1.0) {
                let on = self.exchangers[more.exchanger as usize].cooled_by;
                let place = circle.loops.binary_search(&on).expect("a circle has its loops");
                heat_w[place] += more.heat_w;
            }
        }
        let fitting = self.fitting(&circle.loops, &berths, &wanting);
        let flows = |berth: &Berth| {
            berth.sides().all(|side| {
                let (plant, stream, _, _) = self.place_of(berth, side);
                plant.now.rejecting && plant.now.rest_c[stream].is_finite()
            })
        };
        let short: Vec<usize> = berths
            .iter()
            .zip(wanting.iter().zip(&fitting))
            .map(|(berth, (&want, &fit))| if flows(berth) { want - fit } else { 0 })
            .collect();
        for (place, &at) in circle.berths.iter().enumerate() {
            let berth = &mut returns.berths[at];
            berth.short_s = berth.short_s_at(now);
            (berth.short, berth.short_since) = (short[place], now);
            let mut left = fitting[place];
            for waiting in &mut berth.queue {
                if left > 0 && has_power(waiting.rack) {
                    left -= 1;
                    waiting.since.get_or_insert(now);
                } else {
                    waiting.since = None;
                }
            }
        }
        for (&index, heat_w) in circle.loops.iter().zip(heat_w) {
            self.loops[index as usize].operator.expect(heat_w);
        }
    }

    /// How many of the `wanting` racks of each berth can be carried together.
    fn fitting(&self, loops: &[u32], berths: &[&Berth], wanting: &[usize]) -> Vec<usize> {
        let mut most: Vec<usize> = berths
            .iter()
            .zip(wanting)
            .map(|(berth, &want)| if self.is_cool(berth) { want } else { 0 })
            .collect();
        let carried =
            |counts: &[usize]| loops.iter().all(|&l| self.carries(l, berths, counts, Reach::Loop));
        if most.iter().all(|&count| count == 0) || carried(&most) {
            return most;
        }
        // What hangs on exchangers of its own is held up by these alone.
        for place in 0..berths.len() {
            let mut counts = vec![0; berths.len()];
            most[place] = largest(most[place], |count| {
                counts[place] = count;
                loops.iter().all(|&l| self.carries(l, berths, &counts, Reach::Exchanger))
            });
        }
        let first = |total: usize| -> Vec<usize> {
            let mut left = total;
            let taken = most.iter().map(|&count| {
                let own = count.min(left);
                left -= own;
                own
            });
            taken.collect()
        };
        first(largest(most.iter().sum(), |total| carried(&first(total))))
    }

    /// Whether racks that have tripped may start as far as their own temperature goes: it has
    /// come down to their restart, or as far as it will.
    fn is_cool(&self, berth: &Berth) -> bool {
        berth.sides().all(|side| {
            let (plant, stream, node, group) = self.place_of(berth, side);
            let limiting = if group.by_chips { node } else { stream };
            !plant.now.out_of_balance || plant.held_c[limiting] <= group.limits.restart_c
        })
    }

    /// Where a berth hangs with one of its sides: the loop, the nodes of the stream and of its own
    /// part, and its group.
    fn place_of(
        &self,
        berth: &Berth,
        (side, exchanger): (u8, u32),
    ) -> (&LoopPlant, usize, usize, &Group) {
        let own = &self.exchangers[exchanger as usize];
        let plant = &self.loops[own.cooled_by as usize];
        let place = plant.exchangers.iter().position(|&x| x == exchanger);
        let (stream, first) = plant.masses.nodes_of(place.expect("a loop has its exchangers"));
        let mut groups = own.groups.iter().zip(first..);
        let mine = |(group, _): &(&Group, usize)| (group.hall, group.side) == (berth.hall, side);
        let (group, node) = groups.find(mine).expect("a rack is in a group");
        (plant, stream, node, group)
    }

    /// Heat of `count` racks of a berth at a speed of their groups, by group.
    fn heat_of<'a>(
        &'a self,
        berth: &'a Berth,
        count: usize,
        speed: impl Fn(&Group) -> f64,
    ) -> impl Iterator<Item = More> + 'a {
        let hall = &self.design.halls[berth.hall as usize];
        let speeds = berth.sides().map(|side| speed(self.place_of(berth, side).3));
        let speed = speeds.fold(1.0, f64::min);
        let rack = berth.queue.first().filter(|_| count > 0);
        let rack = rack.map(|waiting| &self.racks[waiting.rack as usize]);
        let rack_w = rack
            .and_then(|rack| rack.work)
            .map_or(0.0, |(work, _)| self.works[work as usize].heat_w(hall, speed));
        berth.sides().filter_map(move |(side, exchanger)| {
            let share = rack?.sides[usize::from(side)]?.share;
            let heat_w = count as f64 * share * rack_w;
            Some(More { exchanger, hall: berth.hall, side, heat_w })
        })
    }

    /// Whether the loop `index` carries what runs on it with `counts` more racks of `berths`, all of
    /// them as slow as heat makes them.
    fn carries(&self, index: u32, berths: &[&Berth], counts: &[usize], reach: Reach) -> bool {
        let plant = &self.loops[index as usize];
        let more: Vec<More> = berths
            .iter()
            .zip(counts)
            .filter(|(_, count)| **count > 0)
            .flat_map(|(berth, &count)| self.heat_of(berth, count, Group::least_speed))
            .filter(|more| self.exchangers[more.exchanger as usize].cooled_by == index)
            .collect();
        if more.is_empty() {
            return true;
        }
        let of_exchanger = |exchanger: u32| more.iter().filter(move |m| m.exchanger == exchanger);
        let heat_w = |exchanger: u32| -> f64 {
            let groups = self.exchangers[exchanger as usize].groups.iter();
            let running: f64 = groups.map(|g| g.least_w(&self.design.halls[g.hall as usize])).sum();
            running + of_exchanger(exchanger).map(|more| more.heat_w).sum::<f64>()
        };
        // With what those in its hall give its air.
        let all_w = |place: usize| -> f64 {
            let here = plant.in_halls.iter().filter(|(_, hall)| *hall == place);
            let others = here.map(|&(other, _)| {
                let number = plant.exchangers[other];
                self.exchangers[number as usize].gives_w(heat_w(number), &self.air)
            });
            heat_w(plant.exchangers[place]) + others.sum::<f64>()
        };
        let (supply_c, flow) = match reach {
            Reach::Exchanger if !plant.now.rejecting => return false,
            Reach::Exchanger => (plant.now.rest_c[0], plant.now.flow),
            Reach::Loop => {
                let on_it =
                    |&(place, _): &(usize, &u32)| plant.masses.branches()[place].behind.is_none();
                let given = plant.exchangers.iter().enumerate().filter(on_it);
                let given = given.map(|(place, &exchanger)| {
                    self.exchangers[exchanger as usize].gives_w(all_w(place), &self.air)
                });
                let rest =
                    plant.model.solve(given.sum::<f64>().max(0.0), &self.air, plant.now.drive);
                if !rest.flowing {
                    return false;
                }
                (rest.supply_c, rest.flow)
            }
        };
        let supply_c = supply_c.max(plant.held_c[0]);
        let on = |place: usize, taken_at_c: f64| {
            let exchanger = &self.exchangers[plant.exchangers[place] as usize];
            let taken_at = (taken_at_c, taken_at_c, flow);
            exchanger.settles(&plant.model, all_w(place), taken_at, &self.air)
        };
        let grows = |place: usize| of_exchanger(plant.exchangers[place]).next().is_some();
        plant.exchangers.iter().enumerate().all(|(place, &number)| {
            let in_hall = |(other, hall): &(usize, usize)| *hall == place && grows(*other);
            if reach == Reach::Exchanger && !grows(place) && !plant.in_halls.iter().any(in_hall) {
                return true;
            }
            let exchanger = &self.exchangers[number as usize];
            let settled = match plant.masses.branches()[place].behind {
                None => on(place, supply_c),
                Some(hall) => {
                    let air_c = on(hall, supply_c).inlet_c;
                    on(place, air_c.max(plant.held_c[plant.masses.nodes_of(hall).0]))
                }
            };
            let (stream, first) = plant.masses.nodes_of(place);
            let stream_c = settled.inlet_c.max(plant.held_c[stream]);
            let parts = plant.masses.branches()[place].parts.iter();
            exchanger.groups.iter().zip(parts).zip(first..).all(|((group, part), node)| {
                let mine = |more: &&More| (more.hall, more.side) == (group.hall, group.side);
                let more_w: f64 = of_exchanger(number).filter(mine).map(|more| more.heat_w).sum();
                let heat_w = group.least_w(&self.design.halls[group.hall as usize]) + more_w;
                let warmest_c = if group.by_chips {
                    stream_c + heat_w / part.conductance_at(settled.flow)
                } else if part.chips {
                    stream_c
                } else {
                    stream_c.max(plant.held_c[node])
                };
                // Where nothing runs, nothing trips.
                let runs = group.heat_w > 0.0 || of_exchanger(number).any(|more| mine(&more));
                !runs || warmest_c < group.limits.trip_c - SAME_K
            })
        })
    }
}

/// The largest count up to `most` that `fits`, which no count above one that does not.
fn largest(most: usize, mut fits: impl FnMut(usize) -> bool) -> usize {
    if most == 0 || fits(most) {
        return most;
    }
    let (mut low, mut high) = (0, most);
    // Most often not even one does.
    let mut try_at = 1;
    while high - low > 1 {
        if fits(try_at) {
            low = try_at
        } else {
            high = try_at
        }
        try_at = low.midpoint(high);
    }
    low
}

#[cfg(test)]
mod tests {
    use super::largest;

    #[test]
    fn the_largest_count_that_fits_is_found() {
        for most in 0..20 {
            for limit in 0..25 {
                assert_eq!(largest(most, |count| count <= limit), most.min(limit));
            }
        }
    }
}
