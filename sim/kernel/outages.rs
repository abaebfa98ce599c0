//! Outages of named things that depend on each other: common causes, crews, spare parts, planned
//! work.
//!
//! Each thing fails and is repaired on a stream of its own, as in [`renewal`](super::renewal), with
//! the same draws where nothing is shared. Beside that
//!
//! * a *common cause* strikes several things at one instant (the shocks of the beta and alpha
//!   factor models), on a stream named after the cause;
//! * a *crew* repairs one thing at a time and travels before each; who finds none free waits;
//! * a *stock* holds spare parts, each replaced after its lead time when it is taken;
//! * *planned work* takes one thing after the other out, is left out while another of them is
//!   down, and may go wrong; work that renews what wears waits instead, and leaves it as new.
//!
//! A thing fails by its law during planned work on it too; each reason for which it is out is told.
//! One that is replaced at an age is out for that without its crew and without a part of a stock: that
//! was arranged. What strikes it then strikes what is taken away.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::random::{Stream, Streams};
use super::renewal::{Ends, FailureLaw};
use super::time::{Span, Time};

/// What the things of a room share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutagePlan {
    /// What strikes several at once.
    pub causes: Vec<CommonCause>,
    /// Who repairs.
    pub crews: Vec<Crew>,
    /// Spare parts.
    pub stocks: Vec<Stock>,
    /// Planned work.
    pub works: Vec<PlannedWork>,
}

/// Something that strikes several things at once.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonCause {
    /// Its name; also that of its stream.
    pub name: String,
    /// Whom it may strike.
    pub members: Vec<u32>,
    /// Factor on the failure rate of each member alone: what is left of it. The parts that several
    /// causes take of a member are at most all of it.
    pub alone: f64,
    /// Shocks a second that strike exactly two, three ... of the members, drawn at random.
    pub shocks_per_s: Vec<f64>,
}

/// Who repairs: so many things at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// Whom it repairs, in the order of priority where that counts.
    pub members: Vec<u32>,
    /// How many things at a time.
    pub count: u32,
    /// How long before the work begins.
    pub travel: Span,
    /// Who is next.
    pub order: CrewOrder,
    /// The hours of the day in which work begins, as spans since midnight; none for all.
    pub shift: Option<(Span, Span)>,
}

/// Whom a crew repairs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrewOrder {
    /// Who failed first.
    FirstCome,
    /// The first in the list of its members; what is begun is brought to its end.
    Priority,
    /// The same; what is begun is left for what comes before it, and taken up again where it was.
    Preemptive,
}

/// Spare parts for alike things.
#[derive(Debug, Clone, PartialEq)]
pub struct Stock {
    /// Its name; also that of its stream.
    pub name: String,
    /// Who takes from it.
    pub members: Vec<u32>,
    /// Parts at the start.
    pub parts: u32,
    /// Mean time until an ordered part arrives, exponential; one is ordered for each that is needed.
    pub lead_mean_s: f64,
}

/// Work that takes one thing after the other out.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedWork {
    /// Its name; also that of its stream.
    pub name: String,
    /// Whom, one after the other at equal distances.
    pub members: Vec<u32>,
    /// How often each.
    pub every: Span,
    /// How long; zero where nobody is taken out for it.
    pub lasts: Span,
    /// Whether it is left out while another member is down, or waits where it renews.
    pub needs_others: bool,
    /// Whether a member is as new afterwards: what wears is replaced by turns, at whatever age. A thing is of
    /// one such work at most.
    pub renews: bool,
    /// Chance that it goes wrong, and who fails then, at once.
    pub error: Option<(f64, Vec<u32>)>,
}

/// Why a thing is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It failed by itself, or is repaired.
    Own,
    /// It was told to be broken.
    Told,
    /// A common cause, by index.
    Cause(u32),
    /// Planned work, by index.
    Work(u32),
    /// Planned work that went wrong, by index.
    Error(u32),
    /// It is replaced at an age.
    Replaced,
}

impl Why {
    /// Whether someone takes it out on purpose.
    pub fn is_planned(self) -> bool {
        matches!(self, Self::Work(_) | Self::Replaced)
    }
}

/// A reason to be out that begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageChange {
    /// What is out, by number.
    pub thing: usize,
    /// Why. A repair ends what a failure of any kind began, and is told as [`Why::Own`].
    pub why: Why,
    /// Whether the reason begins.
    pub begins: bool,
    /// Whether the thing goes down or comes back by it: no other reason holds.
    pub turns: bool,
}

/// The outages of all things of a room, on one clock.
#[derive(Debug, Clone)]
pub struct Outages {
    plan: OutagePlan,
    things: Vec<Thing>,
    next: BinaryHeap<Reverse<(Time, Event)>>,
    /// What has changed and was not taken yet.
    told: VecDeque<(Time, OutageChange)>,
    causes: Vec<Stream>,
    crews: Vec<Team>,
    stocks: Vec<Shelf>,
    works: Vec<Stream>,
    /// Local time of day at the start.
    midnight: Span,
}

/// What is to come; at one instant in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The thing fails or is repaired, if this is still its plan.
    Own { thing: u32, plan: u32 },
    /// A shock of a cause that strikes so many.
    Shock { cause: u32, size: u32 },
    /// A part arrives.
    Part { stock: u32 },
    /// Planned work on a member ends.
    Ends { work: u32, member: u32 },
    /// It begins.
    Begins { work: u32, member: u32 },
    /// It is tried again.
    Waits { work: u32, member: u32 },
}

#[derive(Debug, Clone)]
struct Thing {
    law: FailureLaw,
    stream: Stream,
    /// What ends the time for which it is up.
    ends: Ends,
    /// It is down by that, by a shock or by an error, or is replaced.
    failed: bool,
    /// How much planned work there is on it.
    out: u32,
    turn: Turn,
    /// Number of its present plan: what was planned before is void.
    plan: u32,
    /// Repair that is left, and when it ends while someone works on it.
    left: Span,
    until: Option<Time>,
    crew: Option<u32>,
    stock: Option<u32>,
}

/// The turn of a thing in the work that renews it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    IsToCome,
    Waits,
    IsUnderWay,
}

#[derive(Debug, Clone)]
struct Team {
    free: u32,
    waiting: Vec<u32>,
    at_work: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Shelf {
    stream: Stream,
    parts: u32,
    waiting: VecDeque<u32>,
}

impl OutagePlan {
    /// Whether nothing is shared.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How long before the start a thing was last renewed by turns, as if that had gone on for long.
    fn renewed_before(&self, thing: u32) -> Option<Span> {
        self.works.iter().filter(|work| work.renews).find_map(|work| {
            let member = work.members.iter().position(|&member| member == thing)?;
            let first = work.first_turn(member as u32).as_nanos();
            Some(Span::from_nanos(work.every.as_nanos() - first))
        })
    }
}

impl PlannedWork {
    /// Is done in no time from now on, whoever else is down, and never goes wrong.
    pub fn take_nobody_out(&mut self) {
        (self.lasts, self.needs_others, self.error) = (Span::ZERO, false, None);
    }

    /// How long after the start the work on a member begins for the first time.
    fn first_turn(&self, member: u32) -> Span {
        let (place, members) = (u128::from(member) + 1, self.members.len() as u128);
        Span::from_nanos((u128::from(self.every.as_nanos()) * place / members) as u64)
    }
}

impl Outages {
    /// All `things` (name and law) up at the start, each with its first failure drawn from the
    /// stream (`purpose`, name). They are numbered as they come. `midnight` is the local time of
    /// day at the start, which shifts go by.
    pub fn new<'n>(
        purpose: &str,
        things: impl IntoIterator<Item = (&'n str, FailureLaw)>,
        plan: &OutagePlan,
        midnight: Span,
        streams: &Streams,
    ) -> Self {
        let stream = |name: &str| streams.stream("common-cause", name);
        let works = plan.works.iter().map(|work| streams.stream("planned-work", &work.name));
        let team =
            |crew: &Crew| Team { free: crew.count, waiting: Vec::new(), at_work: Vec::new() };
        let shelf = |stock: &Stock| Shelf {
            stream: streams.stream("spare-part", &stock.name),
            parts: stock.parts,
            waiting: VecDeque::new(),
        };
        let mut all = Self {
            things: Vec::new(),
            next: BinaryHeap::new(),
            told: VecDeque::new(),
            causes: plan.causes.iter().map(|cause| stream(&cause.name)).collect(),
            crews: plan.crews.iter().map(team).collect(),
            stocks: plan.stocks.iter().map(shelf).collect(),
            works: works.collect(),
            plan: plan.clone(),
            midnight,
        };
        for (name, mut law) in things {
            let thing = all.things.len() as u32;
            // What causes take of it adds up.
            let of_it = plan.causes.iter().filter(|cause| cause.members.contains(&thing));
            let alone = of_it.map(|cause| cause.alone).reduce(|alone, other| alone + other - 1.0);
            law.rate_per_s *= alone.unwrap_or(1.0).max(0.0);
            let of = |members: &[u32]| members.contains(&thing);
            let index = |place: Option<usize>| place.map(|place| place as u32);
            all.things.push(Thing {
                law,
                stream: streams.stream(purpose, name),
                ends: Ends::Failed,
                failed: false,
                out: 0,
                turn: Turn::IsToCome,
                plan: 0,
                left: Span::ZERO,
                until: None,
                crew: index(plan.crews.iter().position(|crew| of(&crew.members))),
                stock: index(plan.stocks.iter().position(|stock| of(&stock.members))),
            });
            match plan.renewed_before(thing) {
                Some(span) if !law.begins_new() => {
                    let since_s = span.as_secs_f64();
                    all.plan_end(thing, Time::ZERO, |law, of| law.draw_up_since_s(since_s, of));
                }
                _ => all.plan_end(thing, Time::ZERO, FailureLaw::draw_first_up_s),
            }
        }
        for cause in 0..plan.causes.len() as u32 {
            for size in 2..plan.causes[cause as usize].shocks_per_s.len() as u32 + 2 {
                all.plan_shock(cause, size, Time::ZERO);
            }
        }
        for (work, of) in (0..).zip(&plan.works) {
            for member in 0..of.members.len() as u32 {
                all.push(Time::ZERO + of.first_turn(member), Event::Begins { work, member });
            }
        }
        all
    }

    /// The instant of the next change; [`Time::MAX`] when nothing ever changes.
    pub fn next_at(&self) -> Time {
        let told = self.told.front().map_or(Time::MAX, |(at, ..)| *at);
        let next = self.next.peek().map_or(Time::MAX, |Reverse((at, _))| *at);
        told.min(next)
    }

    /// Who goes down (`false`) and comes back (`true`) up to and including `now`, by number, in
    /// the order of time. What is not taken from the iterator stays due.
    pub fn advance(&mut self, now: Time) -> impl Iterator<Item = (usize, bool)> {
        let changes = std::iter::from_fn(move || self.step(now));
        changes.filter(|change| change.turns).map(|change| (change.thing, !change.begins))
    }

    /// The next reason that begins or ends up to and including `now`.
    pub fn step(&mut self, now: Time) -> Option<OutageChange> {
        loop {
            if let Some(&(at, change)) = self.told.front() {
                if at > now {
                    return None;
                }
                self.told.pop_front();
                return Some(change);
            }
            let Reverse((at, event)) = *self.next.peek()?;
            if at > now || at == Time::MAX {
                return None;
            }
            self.next.pop();
            self.happen(at, event);
        }
    }

    /// A thing is broken at `now` by what this clock does not know; it is repaired by its law, by
    /// its crew. Whether this is news: it was up.
    pub fn break_down(&mut self, now: Time, thing: usize) -> bool {
        let was_up = self.things[thing].is_up();
        if was_up {
            self.fail(thing as u32, now, Why::Told);
        }
        was_up
    }

    /// Whether a thing waits for a crew or a part when it is broken.
    pub fn waits_for_others(&self, thing: usize) -> bool {
        self.things[thing].crew.is_some() || self.things[thing].stock.is_some()
    }

    fn push(&mut self, at: Time, event: Event) {
        self.next.push(Reverse((at, event)));
    }

    fn happen(&mut self, now: Time, event: Event) {
        match event {
            Event::Own { thing, plan } if self.things[thing as usize].plan != plan => {}
            Event::Own { thing, .. } if self.things[thing as usize].failed => {
                match self.things[thing as usize].ends {
                    Ends::Replaced => self.renew(thing, now, Why::Replaced),
                    Ends::Failed => self.repaired(thing, now),
                }
            }
            Event::Own { thing, .. } if self.things[thing as usize].ends == Ends::Replaced => {
                self.replace(thing, now);
            }
            Event::Own { thing, .. } => self.fail(thing, now, Why::Own),
            Event::Shock { cause, size } => self.strike(cause, size, now),
            Event::Part { stock } => {
                let shelf = &mut self.stocks[stock as usize];
                match shelf.waiting.pop_front() {
                    Some(thing) => self.ask_crew(thing, now),
                    None => shelf.parts += 1,
                }
            }
            Event::Begins { work, member } => {
                let of = &self.plan.works[work as usize];
                let turn = self.things[of.members[member as usize] as usize].turn;
                // One that is held up for as long as that has one turn, not two.
                let is_due = !of.renews || turn == Turn::IsToCome;
                self.push(now + of.every, event);
                if is_due {
                    self.begin(work, member, now);
                }
            }
            Event::Waits { work, member } => self.begin(work, member, now),
            Event::Ends { work, member } => {
                let of = &self.plan.works[work as usize];
                let (thing, renews) = (of.members[member as usize], of.renews);
                let of = &mut self.things[thing as usize];
                of.out -= 1;
                if renews {
                    of.turn = Turn::IsToCome;
                }
                let is_new = renews && !of.failed;
                self.tell(now, thing, Why::Work(work), false);
                if is_new {
                    self.plan_end(thing, now, FailureLaw::draw_up_s);
                }
            }
        }
    }

    /// A reason has begun, or has ended, for which a thing is out.
    fn tell(&mut self, now: Time, thing: u32, why: Why, begins: bool) {
        let of = &self.things[thing as usize];
        let others = u32::from(of.failed) + of.out - u32::from(begins);
        let turns = others == 0;
        self.told.push_back((now, OutageChange { thing: thing as usize, why, begins, turns }));
    }

    fn plan_own(&mut self, thing: u32, at: Time) {
        let of = &mut self.things[thing as usize];
        of.plan += 1;
        let plan = of.plan;
        self.push(at, Event::Own { thing, plan });
    }

    /// Plans what ends the time for which a thing is up, after how long `draw` says.
    fn plan_end(
        &mut self,
        thing: u32,
        now: Time,
        draw: impl Fn(FailureLaw, &mut Stream) -> (f64, Ends),
    ) {
        let of = &mut self.things[thing as usize];
        if of.law.rate_per_s > 0.0 {
            let up_s;
            (up_s, of.ends) = draw(of.law, &mut of.stream);
            self.plan_own(thing, now + Span::from_secs_f64(up_s));
        }
    }

    fn plan_shock(&mut self, cause: u32, size: u32, now: Time) {
        let rate = self.plan.causes[cause as usize].shocks_per_s[size as usize - 2];
        if rate > 0.0 {
            let s = self.causes[cause as usize].exponential(1.0 / rate);
            self.push(now + Span::from_secs_f64(s), Event::Shock { cause, size });
        }
    }

    fn strike(&mut self, cause: u32, size: u32, now: Time) {
        let mut struck = self.plan.causes[cause as usize].members.clone();
        while struck.len() > size as usize {
            let place = self.causes[cause as usize].below(struck.len() as u64);
            struck.remove(place as usize);
        }
        for thing in struck {
            self.fail(thing, now, Why::Cause(cause));
        }
        self.plan_shock(cause, size, now);
    }

    fn fail(&mut self, thing: u32, now: Time, why: Why) {
        let of = &mut self.things[thing as usize];
        if of.failed {
            return;
        }
        (of.failed, of.ends) = (true, Ends::Failed);
        // What was planned is void.
        of.plan += 1;
        of.left = Span::from_secs_f64(of.law.repair.draw_s(&mut of.stream));
        let stock = of.stock;
        self.tell(now, thing, why, true);
        match stock {
            None => self.ask_crew(thing, now),
            Some(stock) => {
                let shelf = &mut self.stocks[stock as usize];
                let lead = self.plan.stocks[stock as usize].lead_mean_s;
                let arrives = now + Span::from_secs_f64(shelf.stream.exponential(lead));
                if shelf.parts > 0 {
                    shelf.parts -= 1;
                    self.ask_crew(thing, now);
                } else {
                    shelf.waiting.push_back(thing);
                }
                self.push(arrives, Event::Part { stock });
            }
        }
    }

    /// All that its repair needs is there, but hands.
    fn ask_crew(&mut self, thing: u32, now: Time) {
        let of = &mut self.things[thing as usize];
        let Some(crew) = of.crew else {
            let until = now + of.left;
            return self.plan_own(thing, until);
        };
        of.left = of.left + self.plan.crews[crew as usize].travel;
        self.enqueue(crew, thing, false);
        self.assign(crew, now);
    }

    /// Puts a thing in the queue of a crew; `first` among its equals or last.
    fn enqueue(&mut self, crew: u32, thing: u32, first: bool) {
        let rank = |thing: u32| self.rank(crew, thing);
        let own = rank(thing);
        let waiting = &self.crews[crew as usize].waiting;
        let place = waiting.iter().position(|&other| {
            let other = rank(other);
            other > own || first && other == own
        });
        let place = place.unwrap_or(waiting.len());
        self.crews[crew as usize].waiting.insert(place, thing);
    }

    /// The place of a thing in the order of its crew: lower comes first.
    fn rank(&self, crew: u32, thing: u32) -> usize {
        let crew = &self.plan.crews[crew as usize];
        match crew.order {
            CrewOrder::FirstCome => 0,
            _ => crew.members.iter().position(|&member| member == thing).unwrap_or(usize::MAX),
        }
    }

    /// Gives free hands to who waits, and takes hands from who comes later.
    fn assign(&mut self, crew: u32, now: Time) {
        loop {
            let team = &self.crews[crew as usize];
            let Some(&first) = team.waiting.first() else { return };
            if team.free == 0 {
                if self.plan.crews[crew as usize].order != CrewOrder::Preemptive {
                    return;
                }
                let last = team.at_work.iter().copied();
                let Some(last) = last.max_by_key(|&thing| self.rank(crew, thing)) else { return };
                if self.rank(crew, last) <= self.rank(crew, first) {
                    return;
                }
                self.leave(crew, last, now);
            }
            let team = &mut self.crews[crew as usize];
            team.free -= 1;
            team.waiting.remove(0);
            team.at_work.push(first);
            let begins = self.in_shift(crew, now);
            let of = &mut self.things[first as usize];
            let until = begins + of.left;
            of.until = Some(until);
            self.plan_own(first, until);
        }
    }

    /// A crew leaves a thing that it works on; it goes on later.
    fn leave(&mut self, crew: u32, thing: u32, now: Time) {
        let of = &mut self.things[thing as usize];
        let until = of.until.take().expect("who is worked on has an end");
        of.left = until.since(now);
        of.plan += 1;
        let team = &mut self.crews[crew as usize];
        team.free += 1;
        team.at_work.retain(|&other| other != thing);
        self.enqueue(crew, thing, true);
    }

    /// When work that may begin at `now` begins: in the shift.
    fn in_shift(&self, crew: u32, now: Time) -> Time {
        const DAY: u64 = 86_400_000_000_000;
        let Some((from, to)) = self.plan.crews[crew as usize].shift else { return now };
        let (from, to) = (from.as_nanos(), to.as_nanos());
        let clock = (now.as_nanos() + self.midnight.as_nanos()) % DAY;
        // A night shift goes over midnight.
        let inside =
            if from <= to { (from..to).contains(&clock) } else { clock >= from || clock < to };
        let wait = if inside { 0 } else { (from + DAY - clock) % DAY };
        now + Span::from_nanos(wait)
    }

    /// A thing is taken out to be replaced.
    fn replace(&mut self, thing: u32, now: Time) {
        let of = &mut self.things[thing as usize];
        of.failed = true;
        let until = now + of.law.replacing();
        self.tell(now, thing, Why::Replaced, true);
        self.plan_own(thing, until);
    }

    fn repaired(&mut self, thing: u32, now: Time) {
        let of = &mut self.things[thing as usize];
        of.until = None;
        let crew = of.crew;
        self.renew(thing, now, Why::Own);
        if let Some(crew) = crew {
            let team = &mut self.crews[crew as usize];
            team.free += 1;
            team.at_work.retain(|&other| other != thing);
            self.assign(crew, now);
        }
    }

    /// A thing is as new.
    fn renew(&mut self, thing: u32, now: Time, why: Why) {
        let of = &mut self.things[thing as usize];
        of.failed = false;
        let is_taken_away = of.turn == Turn::IsUnderWay;
        self.tell(now, thing, why, false);
        // Its next life begins where its turn ends.
        if !is_taken_away {
            self.plan_end(thing, now, FailureLaw::draw_up_s);
        }
    }

    fn begin(&mut self, work: u32, member: u32, now: Time) {
        let of = &self.plan.works[work as usize];
        let thing = of.members[member as usize];
        let mut others = of.members.iter().filter(|&&other| other != thing);
        let (lasts, renews) = (of.lasts, of.renews);
        let left_out = of.needs_others && others.any(|&other| !self.things[other as usize].is_up());
        let of = &mut self.things[thing as usize];
        if lasts == Span::ZERO {
            if renews && !of.failed {
                self.plan_end(thing, now, FailureLaw::draw_up_s);
            }
            return;
        }
        if renews {
            of.turn = if left_out { Turn::Waits } else { Turn::IsUnderWay };
        }
        if left_out {
            if renews {
                self.push(now + lasts, Event::Waits { work, member });
            }
            return;
        }
        of.out += 1;
        if renews && !of.failed {
            // What is taken away fails no more by itself.
            of.plan += 1;
        }
        self.tell(now, thing, Why::Work(work), true);
        self.push(now + lasts, Event::Ends { work, member });
        if let Some((chance, struck)) = self.plan.works[work as usize].error.clone()
            && self.works[work as usize].chance(chance)
        {
            for thing in struck {
                self.fail(thing, now, Why::Error(work));
            }
        }
    }
}

impl Thing {
    fn is_up(&self) -> bool {
        !self.failed && self.out == 0
    }
}

#[cfg(test)]
mod tests;
