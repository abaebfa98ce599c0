//! A chain with timers of its own, of which most years are like others.
//!
//! Nearly every outage of a feed finds the chain at rest and ends after the generators have taken it,
//! when it rests again: but for what is left to chance it goes as it went before. [`Replayed`] follows
//! the machines where it must and writes the [`Script`] of what they do; from then on it reads. What it
//! tells is the same, to the bit.
//!
//! It goes back to the machines where something happens in the middle of a sequence, or an answer has
//! not been seen. The machines are restored to the last saved rest, one in which no tank ran down, and
//! repeat everything since.
//!
//! A sequence that is not in the script costs a tenth or so more than following it, for looking it up and going
//! back; one that is costs a quarter, or less. Where the script is full and has too few of those that come,
//! it is given up, and the machines are followed for good.

use super::chain::{Chain, Told};
use super::machines::Machines;
use super::power::PowerStructure;
use super::script::{Place, Script, Trigger, What};
use super::structure::Unit;
use crate::kernel::{OutagePlan, Span, Streams, Time};
use crate::plant::power::sequence::{Alarm, Deed};

/// Most that the scripts of all threads take, bytes.
const MOST_BYTES: usize = 256 << 20;
/// So many sequences show whether a full script is worth reading: where it misses at most so many for one that
/// it has.
const JUDGED: u32 = 1000;
const MOST_MISSED: u32 = 4;

/// A power chain of which what has been seen is not followed again.
#[derive(Debug, Clone)]
pub struct Replayed {
    chain: PowerStructure,
    /// Whether the chain ever rests.
    rests: bool,
    /// How long its tanks last at least.
    tanks_last: Span,
    script: Script,
    /// Since the script is full and was judged last: how many sequences it had, and how many not.
    read: u32,
    missed: u32,
    mode: Mode,
    /// The shares not served.
    unserved: Vec<f64>,
    /// When it was last set going from a rest.
    since: Time,
    /// Up to where it has come.
    done: Time,
    deeds: Vec<Deed>,
}

/// How the chain is followed.
#[derive(Debug, Clone)]
enum Mode {
    /// Its machines are.
    Follows {
        /// Where the script goes on; none where nobody can tell.
        at: Option<At>,
        /// When instants past no longer matter, and it rests.
        rests_at: Time,
    },
    /// The script is read.
    Reads {
        page: Page,
        /// What is to ring.
        alarms: Vec<(Time, Alarm)>,
        left: Left,
    },
}

#[derive(Debug, Clone, Copy)]
enum At {
    Rest(u32),
    Line(Place),
}

/// Where the script is open.
#[derive(Debug, Clone, Copy)]
enum Page {
    Rest(u32),
    /// After a line that says when the next is due.
    Due(u32, Time),
}

/// When the chain last left a rest that it would have held, and what has happened since.
#[derive(Debug, Clone)]
struct Left {
    rest: u32,
    at: Time,
    alarms: Vec<(Time, Alarm)>,
    turns: Vec<(Time, (u32, bool))>,
    answers: Vec<u64>,
    /// Until then no tank is empty; [`Time::MAX`] while none runs down.
    until: Time,
    /// What happens now is being read.
    open: bool,
}

impl Left {
    /// Nothing has happened since the chain was at `rest`.
    fn now(rest: u32, at: Time, alarms: Vec<(Time, Alarm)>) -> Self {
        Self {
            rest,
            at,
            alarms,
            turns: Vec::new(),
            answers: Vec::new(),
            until: Time::MAX,
            open: false,
        }
    }
}

impl Replayed {
    /// Nothing of `chain` has been seen.
    pub fn new(chain: PowerStructure) -> Self {
        Self::within(MOST_BYTES, chain)
    }

    /// The same, where what is seen on all threads may take `most_bytes` together. What is told is the same
    /// for any number of them.
    pub fn within(most_bytes: usize, chain: PowerStructure) -> Self {
        Self {
            rests: chain.machines().is_some_and(Machines::ever_rest),
            tanks_last: chain
                .machines()
                .map_or(Span::MAX, |machines| machines.sequences().tanks_last()),
            unserved: vec![0.0; Chain::subjects(&chain)],
            chain,
            script: Script::within(most_bytes),
            read: 0,
            missed: 0,
            mode: Mode::Follows { at: None, rests_at: Time::MAX },
            since: Time::ZERO,
            done: Time::ZERO,
            deeds: Vec::new(),
        }
    }

    /// Whether what has been seen is read where it can be: the chain rests, and its script is not given up.
    pub fn is_read(&self) -> bool {
        self.rests
    }

    fn machines(&mut self) -> &mut Machines {
        self.chain.machines_mut().expect("what rests has machines")
    }

    /// The machines do what is due at `now`, and the script is written. Whether they rest then.
    fn follow(&mut self, now: Time, changed: &[(u32, bool)], told: &mut Told) -> bool {
        self.chain.advance(now, changed, told);
        self.done = now;
        let shares = self.chain.unserved();
        let is_news = !told.faults.is_empty() || !told.broken.is_empty() || shares != self.unserved;
        self.unserved.copy_from_slice(shares);
        let Mode::Follows { at, .. } = self.mode else { return false };
        if !self.rests {
            return false;
        }
        let mut deeds = std::mem::take(&mut self.deeds);
        self.machines().sequences_mut().take_journal(&mut deeds);
        let turned = changed.iter().map(|&(unit, up)| Some(Trigger::Turns(unit, up)));
        let mut happened = turned.chain(deeds.iter().filter_map(|deed| match deed {
            Deed::Rang(alarm) => Some(Some(Trigger::Rings(*alarm))),
            Deed::Emptied => Some(None),
            _ => None,
        }));
        let at = match (happened.next(), happened.next(), at) {
            (None, ..) => at,
            (Some(Some(sets)), None, Some(At::Rest(rest))) => {
                self.since = now;
                Some(At::Line(Place::First(rest, sets)))
            }
            _ => None,
        };
        let by_chance = deeds.iter().any(|deed| !matches!(deed, Deed::Rang(_) | Deed::Emptied));
        let is_seen = by_chance || is_news;
        let at = match at {
            Some(At::Line(place)) if is_seen => {
                let written = self.write(place, now, &deeds, is_news.then_some(&*told));
                written.map(At::Line)
            }
            other => other,
        };
        self.deeds = deeds;
        self.look_whether_it_rests(at, now, is_seen)
    }

    /// Writes what an instant brought; the place after it.
    fn write(
        &mut self,
        mut place: Place,
        now: Time,
        deeds: &[Deed],
        told: Option<&Told>,
    ) -> Option<Place> {
        place = self.write_due(place, now)?;
        place = self.script.write_deeds(place, deeds)?;
        let Some(Told { faults, broken }) = told else { return Some(place) };
        let (faults, broken) = (faults.clone().into(), broken.clone().into());
        let unserved = self.unserved.clone().into();
        self.script.write(place, What::Tell { faults, broken, unserved })
    }

    fn write_due(&mut self, place: Place, now: Time) -> Option<Place> {
        match now.since(self.since) {
            Span::ZERO => Some(place),
            span => self.script.write(place, What::Due(span)),
        }
    }

    /// Where the chain rests now and would hold that, the script is read from here on. What is written
    /// last `is_now` or before. Whether it rests.
    fn look_whether_it_rests(&mut self, at: Option<At>, now: Time, is_now: bool) -> bool {
        let machines = self.chain.machines_mut().expect("what rests has machines");
        let rests_at = machines.rests_from().unwrap_or(Time::MAX);
        if rests_at > now {
            self.mode = Mode::Follows { at, rests_at };
            return false;
        }
        let holds = machines.sequences().holds();
        let rest = match at {
            Some(At::Rest(rest)) => Some(rest),
            _ => self.script.find_rest(machines.sequences().key(), || {
                (self.unserved.clone().into(), holds.then(|| machines.save()))
            }),
        };
        self.mode = match rest {
            Some(rest) if holds => {
                let alarms = machines.take_alarms();
                let left = Left::now(rest, now, alarms.clone());
                Mode::Reads { page: Page::Rest(rest), alarms, left }
            }
            _ => Mode::Follows { at: rest.map(At::Rest), rests_at: Time::MAX },
        };
        if let (Some(rest), Some(At::Line(place))) = (rest, at)
            && let Some(place) = if is_now { Some(place) } else { self.write_due(place, now) }
        {
            self.script.write(place, What::Rest(rest));
        }
        true
    }

    /// Reads what happens at `now`; whether the script knows.
    fn read(&mut self, now: Time, changed: &[(u32, bool)], told: &mut Told) -> bool {
        let Mode::Reads { page, alarms, left } = &mut self.mode else { return false };
        let mut due = (0..alarms.len()).filter(|&alarm| alarms[alarm].0 <= now);
        let rings = due.next();
        // The machines know which of two comes first.
        if now >= left.until || due.next().is_some() {
            return false;
        }
        let place = match (*page, changed, rings) {
            (_, [], None) => match *page {
                Page::Due(line, at) if at == now => Place::After(line),
                _ => return true,
            },
            (Page::Rest(rest), &[(unit, up)], None) => Place::First(rest, Trigger::Turns(unit, up)),
            (Page::Rest(rest), [], Some(rings)) => {
                Place::First(rest, Trigger::Rings(alarms[rings].1))
            }
            _ => return false,
        };
        if let Page::Rest(rest) = *page {
            self.since = now;
            if self.script.rest(rest).machines.is_some() {
                (left.rest, left.at) = (rest, now);
                left.alarms.clone_from(alarms);
                left.turns.clear();
                left.answers.clear();
                left.until = now + self.tanks_last;
            }
            if let Some(rings) = rings {
                alarms.remove(rings);
            }
        }
        left.open = true;
        let known = self.read_from(place, now, told);
        if known && let Mode::Reads { page, left, .. } = &mut self.mode {
            left.turns.extend(changed.iter().map(|&turn| (now, turn)));
            left.open = false;
            self.done = now;
            let is_over = matches!(page, Page::Rest(_));
            self.read += u32::from(is_over && self.script.is_full());
        }
        known
    }

    /// Reads the lines of an instant; whether the script has them all.
    fn read_from(&mut self, place: Place, now: Time, told: &mut Told) -> bool {
        let Self { chain, script, mode, unserved, since, .. } = self;
        let Mode::Reads { page, alarms, left } = mode else { return false };
        let mut ask = |whose, question| {
            let machines = chain.machines_mut().expect("what rests has machines");
            let answer = machines.sequences_mut().draw(whose, question);
            left.answers.push(answer);
            answer
        };
        let mut next = script.at(place);
        while let Some(line) = next {
            let mut after = Place::After(line);
            match script.what(line) {
                What::Due(span) => {
                    *page = Page::Due(line, *since + *span);
                    return true;
                }
                What::Ask { whose, question, .. } => {
                    after = Place::Answered(line, ask(*whose, *question));
                }
                What::Arm { alarm, question } => {
                    let span = Span::from_nanos(ask(alarm.owner(), *question));
                    alarms.push((now + span, *alarm));
                }
                What::Disarm(alarm) => alarms.retain(|(_, other)| other != alarm),
                What::Tell { faults, broken, unserved: shares } => {
                    told.faults.extend(faults);
                    told.broken.extend(broken);
                    unserved.copy_from_slice(shares);
                }
                What::Rest(rest) => {
                    *page = Page::Rest(*rest);
                    if script.rest(*rest).machines.is_some() {
                        left.until = Time::MAX;
                    }
                    return true;
                }
            }
            next = script.at(after);
        }
        false
    }

    /// The machines go through what has happened since they last held a rest, and are followed.
    fn go_back(&mut self, now: Time) {
        let follows = Mode::Follows { at: None, rests_at: Time::MAX };
        let Mode::Reads { page, alarms, left } = std::mem::replace(&mut self.mode, follows) else {
            return;
        };
        let left = match page {
            Page::Rest(rest) if !left.open && self.script.rest(rest).machines.is_some() => {
                Left::now(rest, now, alarms)
            }
            _ => left,
        };
        let rest = self.script.rest(left.rest);
        let saved = rest.machines.as_deref().expect("a chain has left a rest that it holds");
        self.chain.resume(left.at, saved, &left.alarms, &left.answers);
        self.unserved.copy_from_slice(&rest.unserved);
        self.mode = Mode::Follows { at: Some(At::Rest(left.rest)), rests_at: Time::MAX };
        let (mut turns, done) = (left.turns.iter().peekable(), self.done);
        let mut told = Told::default();
        loop {
            let turn = turns.peek().map_or(Time::MAX, |(at, _)| *at);
            let at = self.next_at().min(turn);
            // What is due now comes after what happens now, unless it has been read.
            if at >= now && (at > done || self.has_come_to(page)) {
                break;
            }
            let changed = turns.next_if(|(turn, _)| *turn == at).map(|(_, turn)| *turn);
            self.follow(at, changed.as_slice(), &mut told);
            told.faults.clear();
            told.broken.clear();
        }
        debug_assert!(matches!(self.mode, Mode::Follows { .. }), "a rest that is held is read to");
        self.done = done;
    }
}

impl Replayed {
    /// Gives a full script up where it had too few of the sequences that came.
    fn judge(&mut self) {
        if self.read + self.missed < JUDGED || !matches!(self.mode, Mode::Follows { .. }) {
            return;
        }
        if self.missed > MOST_MISSED * self.read {
            self.rests = false;
            self.script = Script::within(0);
            self.mode = Mode::Follows { at: None, rests_at: Time::MAX };
            self.machines().sequences_mut().keep_journal(false);
        }
        (self.read, self.missed) = (0, 0);
    }

    /// Whether the machines are where the script was read to.
    fn has_come_to(&self, page: Page) -> bool {
        let Mode::Follows { at, .. } = self.mode else { return false };
        match (at, page) {
            (Some(At::Rest(at)), Page::Rest(rest)) => at == rest,
            (Some(At::Line(at)), Page::Due(line, _)) => self.script.at(at) == Some(line),
            _ => false,
        }
    }
}

impl Chain for Replayed {
    fn units(&self) -> &[Unit] {
        Chain::units(&self.chain)
    }

    fn plan(&self) -> (&OutagePlan, Span) {
        self.chain.plan()
    }

    fn subjects(&self) -> usize {
        self.unserved.len()
    }

    fn faults(&self) -> &[String] {
        self.chain.faults()
    }

    fn begin(&mut self, streams: &Streams) {
        self.chain.begin(streams);
        self.unserved.copy_from_slice(self.chain.unserved());
        self.mode = Mode::Follows { at: None, rests_at: Time::MAX };
        self.done = Time::ZERO;
        if self.rests {
            self.machines().sequences_mut().keep_journal(true);
            self.look_whether_it_rests(None, Time::ZERO, false);
        }
    }

    fn next_at(&self) -> Time {
        match &self.mode {
            Mode::Follows { rests_at, .. } => self.chain.next_at().min(*rests_at),
            Mode::Reads { page, alarms, left } => {
                let due = match *page {
                    Page::Due(_, at) => at,
                    Page::Rest(_) => Time::MAX,
                };
                alarms.iter().fold(due.min(left.until), |next, (at, _)| next.min(*at))
            }
        }
    }

    fn advance(&mut self, now: Time, changed: &[(u32, bool)], told: &mut Told) {
        if matches!(self.mode, Mode::Reads { .. }) {
            let before = (told.faults.len(), told.broken.len());
            if self.read(now, changed, told) {
                return;
            }
            told.faults.truncate(before.0);
            told.broken.truncate(before.1);
            self.go_back(now);
        }
        // A sequence that was read in part counts once, however many rests it is followed through again.
        let is_over = self.follow(now, changed, told);
        self.missed += u32::from(is_over && self.script.is_full());
        self.judge();
    }

    fn unserved(&self) -> &[f64] {
        &self.unserved
    }
}
