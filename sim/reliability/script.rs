//! What a chain does after something has happened to it at rest, as far as it has been seen.
//!
//! At rest nothing but chance and the calendar of failures sets a chain going. What follows is a
//! clockwork between the questions that are left to chance: a *script* of lines, from the rest to the
//! next, that branches with the answers. It holds only what somebody sees (what is told, what is not
//! served) and what goes by chance (questions, alarms); all else the chain does in silence.

use std::collections::BTreeMap;

use crate::kernel::Span;
use crate::plant::power::Sequences;
use crate::plant::power::sequence::{Alarm, Deed, Key, Question};

/// No line yet.
const UNKNOWN: u32 = u32::MAX;
/// All that has been seen of a chain.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// Most that the scripts of all threads take, bytes: what is not written then is followed each time.
    most_bytes: usize,
    lines: Vec<Line>,
    rests: Vec<Rest>,
    known: BTreeMap<Key, u32>,
    /// What all of it takes, about.
    bytes: usize,
}

/// A state in which a chain rests.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// The shares not served.
    pub(super) unserved: Box<[f64]>,
    /// The machines in it, where they hold it for any time.
    pub(super) machines: Option<Box<Sequences>>,
    /// What follows what.
    firsts: Vec<(Trigger, u32)>,
}

/// What sets a chain going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A unit comes back (`true`) or goes down.
    Turns(u32, bool),
    /// Something rings.
    Rings(Alarm),
}

#[derive(Debug, Clone)]
struct Line {
    what: What,
    next: u32,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// The next lines are for so long after the chain was set going.
    Due(Span),
    /// The next line depends on the answer to a question.
    Ask { whose: u32, question: Question, answers: Vec<(u64, u32)> },
    /// Something rings when a question says.
    Arm { alarm: Alarm, question: Question },
    /// It does not.
    Disarm(Alarm),
    /// What has gone wrong: faults, units that are broken; and the shares not served from now on.
    Tell { faults: Box<[u32]>, broken: Box<[u32]>, unserved: Box<[f64]> },
    /// The chain rests.
    Rest(u32),
}

/// Where the next line stands, or is to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// First after a rest.
    First(u32, Trigger),
    /// After a line.
    After(u32),
    /// After a line that asks, for an answer.
    Answered(u32, u64),
}

impl Script {
    /// Nothing has been seen. All threads write `most_bytes` together.
    pub(super) fn within(most_bytes: usize) -> Self {
        let known = BTreeMap::new();
        Self { most_bytes, lines: Vec::new(), rests: Vec::new(), known, bytes: 0 }
    }

    /// Whether nothing more is written.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.most_bytes / rayon::current_num_threads()
    }

    /// The line at `place`, where it is known.
    pub(super) fn at(&self, place: Place) -> Option<u32> {
        let line = match place {
            Place::First(rest, sets) => {
                let firsts = &self.rests[rest as usize].firsts;
                firsts.iter().find(|(first, _)| *first == sets)?.1
            }
            Place::After(line) => self.lines[line as usize].next,
            Place::Answered(line, given) => {
                let What::Ask { answers, .. } = &self.lines[line as usize].what else {
                    unreachable!("only questions are answered")
                };
                answers.iter().find(|(answer, _)| *answer == given)?.1
            }
        };
        (line != UNKNOWN).then_some(line)
    }

    /// What a line says.
    pub(super) fn what(&self, line: u32) -> &What {
        &self.lines[line as usize].what
    }

    pub(super) fn rest(&self, rest: u32) -> &Rest {
        &self.rests[rest as usize]
    }

    /// The rest of that key; a new one, where it is new and there is room, is as `new` says.
    pub(super) fn find_rest(
        &mut self,
        key: Key,
        new: impl FnOnce() -> (Box<[f64]>, Option<Box<Sequences>>),
    ) -> Option<u32> {
        if let Some(&rest) = self.known.get(&key) {
            return Some(rest);
        }
        if self.is_full() {
            return None;
        }
        let rest = self.rests.len() as u32;
        let (unserved, machines) = new();
        self.bytes += size_of::<Rest>() + key.bytes() + size_of_val(&*unserved);
        self.bytes += machines.as_ref().map_or(0, |machines| machines.bytes());
        self.rests.push(Rest { unserved, machines, firsts: Vec::new() });
        self.known.insert(key, rest);
        Some(rest)
    }

    /// Writes `what` at `place`, where it is not written yet; the place after it, or none where there
    /// is no more room.
    pub(super) fn write(&mut self, place: Place, what: What) -> Option<Place> {
        let line = match self.at(place) {
            Some(line) => {
                let before = self.what(line);
                debug_assert!(before.says(&what), "{what:?} in place of {before:?}");
                line
            }
            None if self.is_full() => return None,
            None => {
                let line = self.lines.len() as u32;
                self.bytes += what.bytes();
                self.lines.push(Line { what, next: UNKNOWN });
                match place {
                    Place::First(rest, sets) => {
                        self.rests[rest as usize].firsts.push((sets, line));
                    }
                    Place::After(before) => self.lines[before as usize].next = line,
                    Place::Answered(before, answer) => {
                        if let What::Ask { answers, .. } = &mut self.lines[before as usize].what {
                            answers.push((answer, line));
                        }
                    }
                }
                line
            }
        };
        Some(Place::After(line))
    }

    /// Writes what went by chance at an instant, in order.
    pub(super) fn write_deeds(&mut self, mut place: Place, deeds: &[Deed]) -> Option<Place> {
        let mut last = None;
        for &deed in deeds {
            place = match deed {
                Deed::Asked { question, .. } if question.is_how_long() => {
                    last = Some(question);
                    continue;
                }
                Deed::Asked { whose, question, answer } => {
                    let asks = What::Ask { whose, question, answers: Vec::new() };
                    match self.write(place, asks)? {
                        Place::After(line) => Place::Answered(line, answer),
                        other => other,
                    }
                }
                Deed::Armed(alarm) => {
                    let question = last.take().expect("an alarm is set to what was asked");
                    self.write(place, What::Arm { alarm, question })?
                }
                Deed::Disarmed(alarm) => self.write(place, What::Disarm(alarm))?,
                Deed::Rang(_) | Deed::Emptied => continue,
            };
        }
        Some(place)
    }
}

impl What {
    /// What its line takes and whoever leads to it, bytes.
    fn bytes(&self) -> usize {
        let more = match self {
            Self::Tell { faults, broken, unserved } => {
                size_of_val(&**faults) + size_of_val(&**broken) + size_of_val(&**unserved)
            }
            Self::Due(_)
            | Self::Ask { .. }
            | Self::Arm { .. }
            | Self::Disarm(_)
            | Self::Rest(_) => 0,
        };
        size_of::<Line>() + size_of::<(Trigger, u32)>() + more
    }

    /// Whether it says the same, whatever has been answered so far.
    fn says(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ask { whose, question, .. }, Self::Ask { whose: of, question: other, .. }) => {
                (whose, question) == (of, other)
            }
            _ => self == other,
        }
    }
}
