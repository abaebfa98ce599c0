//! Sampled time: a service of which only windows are simulated, each for many times its length.
//!
//! Time is cut into strata. A window lies at a random place in each; before and after it the cells
//! stand still as they are, and what arrives is drawn and passed over. So no window has to warm up,
//! and arrivals are those of a run without gaps. What a window records counts `ratio` times.
//!
//! Not everything can be sampled. A service is simulated whole from the instant at which something
//! strikes its representatives until the requests inside are back where they were before, and where
//! it receives more than [`BUSY`] of what its cells can serve: a backlog remembers for hours what
//! has been skipped. What depends on time rather than on load (prefixes in memory, replicas that
//! sleep, clients that wait for answers) is never sampled: [`ServiceDesign::unsampled`].

mod capacity;
mod errors;

use std::collections::{BTreeMap, VecDeque};

use super::design::{Ask, SamplingDesign, ServiceDesign};
use super::records::Tally;
use crate::kernel::{Span, Streams, Time};

pub(super) use capacity::capacity_per_s;
pub(super) use errors::Errors;
pub use errors::{LatencyErrors, RequestErrors};

/// The ratios among which a precision chooses. A window of the last is 18 s in rows of a quarter of an
/// hour: some times as long as an answer.
const RATIOS: [u32; 6] = [1, 2, 5, 10, 20, 50];

/// The ratio with which a precision begins: what is left out in the first day cannot be made good.
const FIRST_RATIO: u32 = 5;

/// The share of what a cell can serve above which it is simulated whole. The delay of a queue grows
/// there faster than the rate does, and its backlog outlasts a window (assumption: between the 65 %
/// at which sampled and whole runs agree for all percentiles and the 90 % at which the 99.9th does not).
const BUSY: f64 = 0.8;
/// Over how long arrivals are counted for that, and how long a cell counts as busy afterwards
/// (assumption: longer than a burst, and than an answer).
const COUNTED: Span = Span::from_secs(180);
const BUSY_FOR: Span = Span::from_secs(600);

/// How often a gap is looked at.
pub(super) const LOOK: Span = Span::from_secs(60);

/// After an event, the requests inside must have been as many as usual for so long, and for so many
/// answers.
const CALM: Span = Span::from_secs(120);
const CALM_ANSWERS: f64 = 5.0;

/// Standard deviations above the mean within which requests inside are as many as usual.
const USUAL: f64 = 3.0;
/// Looks at requests inside from which on their mean and spread at a rate are known.
const KNOWN: u64 = 10;
/// Rates within this ratio of each other are looked at together.
const RATE_STEP: f64 = 1.1;

const DAY: Span = Span::from_hours(24);
/// Runs of fewer days compare neighbouring hours, and not the same of two days.
const FEW: Span = Span::from_hours(4 * 24);

/// What a stretch of time is to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// All of it is simulated, and stands for itself.
    Whole,
    /// It is simulated and stands for more.
    Window,
    /// It is passed over.
    Gap,
}

/// How long a service was simulated how.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SampledTime {
    /// Time in windows.
    pub window_s: f64,
    /// Windows that were begun.
    pub windows: u64,
    /// Time in gaps.
    pub gap_s: f64,
    /// Time that was simulated whole.
    pub whole_s: f64,
    /// Of that, because much arrived.
    pub busy_s: f64,
    /// Events that struck it while it was sampled.
    pub events: u64,
    /// Arrivals that windows stand for beyond those in them, less those that were passed over: what
    /// the draw of windows adds to the book of requests.
    pub surplus: i64,
    /// Requests that windows left inside beyond those that they found, as often as they do not stand
    /// for themselves alone.
    pub carried: i64,
}

impl SampledTime {
    /// Share of the time that was simulated.
    pub fn share(&self) -> f64 {
        let simulated = self.window_s + self.whole_s;
        if simulated > 0.0 { simulated / (simulated + self.gap_s) } else { 0.0 }
    }

    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            window_s: self.window_s - before.window_s,
            windows: self.windows - before.windows,
            gap_s: self.gap_s - before.gap_s,
            whole_s: self.whole_s - before.whole_s,
            busy_s: self.busy_s - before.busy_s,
            events: self.events - before.events,
            surplus: self.surplus - before.surplus,
            carried: self.carried - before.carried,
        }
    }
}

/// What was last simulated of the representatives, as it was left.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    /// Requests inside all of them.
    pub(super) inside: u64,
    /// Expected arrivals a second of all.
    pub(super) rate_per_s: f64,
}

/// Says which stretches are simulated.
#[derive(Debug)]
pub(super) struct Sampler {
    design: SamplingDesign,
    name: String,
    streams: Streams,
    control: Span,
    rejoin_after: Span,
    ratio: u32,
    /// Arrivals a second above which a cell is simulated whole.
    busy_per_s: f64,
    phase: Phase,
    /// Time that windows have to stand for yet; below zero where they stood for some in advance, ns.
    owed: i64,
    /// What each representative had received at the last looks.
    counts: VecDeque<(Time, Vec<u64>)>,
    busy_until: Time,
    /// Something struck them, and they are not as before yet.
    is_struck: bool,
    /// Since when they are as before.
    calm_since: Option<Time>,
    /// Requests inside, by step of the rate.
    usual: BTreeMap<i32, Moments>,
    /// The day of the run.
    day: u64,
    /// As what was last simulated left them.
    standing: Standing,
    /// Simulated since racks were last told of their mean draw, s.
    seen_s: f64,
    pub(super) errors: Errors,
    pub(super) time: SampledTime,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Whole,
    Stratum { window: (Time, Time), end: Time },
}

/// Mean and spread of what was looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value - self.mean);
    }

    /// The most that is usual at a rate `times` as high. Requests inside grow at least with it; they
    /// vary at least as those of a Poisson process.
    fn most(&self, times: f64) -> f64 {
        let mean = self.mean * times;
        let variance = (self.squares / self.n as f64 * times).max(mean);
        mean + USUAL * libm::sqrt(variance) + 1.0
    }
}

impl Sampler {
    /// For a service of `design` whose cells can serve `capacity_per_s` requests a second each.
    pub(super) fn new(
        design: &ServiceDesign,
        sampling: SamplingDesign,
        capacity_per_s: f64,
        streams: &Streams,
    ) -> Self {
        let length = sampling.end.since(Time::ZERO);
        let (unit, in_day) = sampling.unit();
        let apart = if length < FEW { 1 } else { in_day };
        Self {
            ratio: match sampling.ask {
                Ask::Ratio(ratio) => ratio,
                Ask::Precision(_) => FIRST_RATIO,
            },
            design: sampling,
            name: design.name.clone(),
            streams: *streams,
            control: design.control_interval,
            rejoin_after: design.rejoin_after,
            busy_per_s: BUSY * capacity_per_s,
            phase: Phase::Whole,
            owed: 0,
            counts: VecDeque::new(),
            busy_until: Time::ZERO,
            is_struck: false,
            calm_since: None,
            usual: BTreeMap::new(),
            day: 0,
            standing: Standing::default(),
            seen_s: 0.0,
            errors: Errors::new(&design.load, unit, apart),
            time: SampledTime::default(),
        }
    }

    /// How often a window stands for itself.
    pub(super) fn ratio(&self) -> u32 {
        self.ratio
    }

    /// What the time from `now` on is, and until when at most.
    pub(super) fn stretch(&self, now: Time) -> (Stretch, Time) {
        match self.phase {
            Phase::Whole => (Stretch::Whole, Time::MAX),
            Phase::Stratum { window: (from, _), .. } if now < from => (Stretch::Gap, from),
            Phase::Stratum { window: (_, to), .. } if now < to => (Stretch::Window, to),
            Phase::Stratum { .. } => (Stretch::Gap, Time::MAX),
        }
    }

    /// The service went from `from` to `to` by `stretch`.
    pub(super) fn pass(&mut self, stretch: Stretch, from: Time, to: Time) {
        let length = to - from;
        let (nanos, seconds) = (length.as_nanos() as i64, length.as_secs_f64());
        match stretch {
            Stretch::Whole => {
                self.time.whole_s += seconds;
                self.time.busy_s += if from < self.busy_until { seconds } else { 0.0 };
            }
            Stretch::Window => {
                self.owed -= (i64::from(self.ratio) - 1) * nanos;
                self.time.window_s += seconds;
                self.errors.pass(from, seconds, f64::from(self.ratio) * seconds);
            }
            Stretch::Gap => {
                self.owed += nanos;
                self.time.gap_s += seconds;
                self.errors.pass(from, seconds, 0.0);
            }
        }
        self.seen_s += if stretch == Stretch::Gap { 0.0 } else { seconds };
    }

    /// Looks at `now` at what each representative has received. Where one of them is busy, all are
    /// simulated whole from here on; returns since when it may have been.
    pub(super) fn look(&mut self, now: Time, received: Vec<u64>) -> Option<Time> {
        let before = self.counts.iter().rfind(|(at, _)| now.since(*at) >= COUNTED);
        let is_busy = before.is_some_and(|(at, counts)| {
            let most = self.busy_per_s * now.since(*at).as_secs_f64();
            counts.iter().zip(&received).any(|(before, now)| (now - before) as f64 > most)
        });
        self.counts.push_back((now, received));
        while self.counts.get(1).is_some_and(|(at, _)| now.since(*at) >= COUNTED) {
            self.counts.pop_front();
        }
        if is_busy {
            self.busy_until = now + BUSY_FOR;
            self.phase = Phase::Whole;
        }
        is_busy.then(|| Self::counted_from(now))
    }

    /// The instant from which on arrivals are counted at `now`.
    pub(super) fn counted_from(now: Time) -> Time {
        Time::from_nanos(now.as_nanos().saturating_sub(COUNTED.as_nanos()))
    }

    /// The service went back to `to`.
    pub(super) fn rewind(&mut self, to: Time) {
        while self.counts.back().is_some_and(|(at, _)| *at > to) {
            self.counts.pop_back();
        }
    }

    /// Something strikes the representatives: they are simulated whole from here on. Returns
    /// whether they were not before.
    pub(super) fn disturb(&mut self) -> bool {
        let before = std::mem::replace(&mut self.phase, Phase::Whole);
        let was_sampled = matches!(before, Phase::Stratum { .. });
        // Not `+= u64::from(was_sampled)`: rustc 1.95 loses that where a caller branches on what is returned
        // (rust-lang/rust#158206, mended in 1.96.1).
        if was_sampled {
            self.time.events += 1;
        }
        (self.is_struck, self.calm_since) = (true, None);
        was_sampled
    }

    /// What was simulated left the representatives so.
    pub(super) fn see(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// Takes the seconds that were simulated since they were last taken.
    pub(super) fn take_seen_s(&mut self) -> f64 {
        std::mem::take(&mut self.seen_s)
    }

    /// Over how long what windows have drawn is told to the plant; none before the first stratum.
    pub(super) fn estimates_over(&self) -> Option<Span> {
        let is_sampled = self.time.windows > 0 || matches!(self.phase, Phase::Stratum { .. });
        is_sampled.then_some(self.design.stratum)
    }

    /// Whether the ratio is chosen anew at `now`: each day, where a precision is asked for.
    pub(super) fn chooses_at(&mut self, now: Time) -> bool {
        let day = now.as_nanos() / DAY.as_nanos();
        let is_new = std::mem::replace(&mut self.day, day) != day;
        is_new && matches!(self.design.ask, Ask::Precision(_))
    }

    /// Chooses at `now`, where `tally` was recorded, the largest ratio that keeps to the precision
    /// that is asked for up to the end of the run.
    pub(super) fn choose(&mut self, tally: &Tally, now: Time) {
        let Ask::Precision(precision) = self.design.ask else { return };
        let left_s = self.design.end.since(now).as_secs_f64();
        let SampledTime { window_s, gap_s, whole_s, .. } = self.time;
        // As much of what is left is sampled as of what was.
        let sampled = (window_s + gap_s) / (window_s + gap_s + whole_s);
        let longer = 1.0 + left_s / now.as_secs_f64();
        let widest = |ratio| self.errors.widest(tally, left_s * sampled, longer, ratio);
        // Where nothing is known of errors yet, no more is left out than so far.
        let most = widest(1).map_or(self.ratio, |_| u32::MAX);
        let fits = |ratio: &u32| widest(*ratio).is_none_or(|half| half <= precision);
        let ratios = RATIOS.into_iter().rev().filter(|&ratio| ratio <= most);
        self.ratio = ratios.into_iter().find(fits).unwrap_or(1);
    }

    /// Decides at a control boundary what comes next, where all replicas are or are not at full pace
    /// and the mean time to the last token is `e2e_s` so far. Returns the next boundary.
    pub(super) fn turn(&mut self, now: Time, at_full_pace: bool, e2e_s: f64) -> Time {
        let is_sampled = match self.phase {
            Phase::Whole => self.is_ready(now, at_full_pace, e2e_s),
            Phase::Stratum { end, .. } => end > now || self.stays(at_full_pace),
        };
        if !is_sampled || self.ratio == 1 || now >= self.design.end {
            self.phase = Phase::Whole;
            return self.boundary_after(now);
        }
        match self.phase {
            Phase::Stratum { end, .. } if end > now => end,
            _ => self.begin(now),
        }
    }

    /// The control boundary after `now`.
    pub(super) fn boundary_after(&self, now: Time) -> Time {
        after(now, self.control)
    }

    /// Begins a stratum at `now`; returns its end.
    fn begin(&mut self, now: Time) -> Time {
        let end = after(now, self.design.stratum).min(self.design.end);
        let length = (end - now).as_nanos() as i64;
        let window = ((length + self.owed) / i64::from(self.ratio)).clamp(0, length);
        // By the number of the stratum, so that an event moves no later window.
        let number = now.as_nanos() / self.design.stratum.as_nanos();
        let mut stream = self.streams.stream("windows", &format!("{}/{number}", self.name));
        // One of equal slots, so that all of the stratum is as likely; what is left over lies before or
        // after all of them.
        let slots = length.checked_div(window).unwrap_or(1);
        let before = if stream.chance(0.5) { length - slots * window } else { 0 };
        let place = before + window * stream.below(slots as u64) as i64;
        let from = now + Span::from_nanos(place as u64);
        let to = from + Span::from_nanos(window as u64);
        self.phase = Phase::Stratum { window: (from, to), end };
        self.time.windows += u64::from(window > 0);
        end
    }

    /// Whether what is simulated whole can be sampled from `now` on.
    fn is_ready(&mut self, now: Time, at_full_pace: bool, e2e_s: f64) -> bool {
        let answers = Span::from_secs_f64((CALM_ANSWERS * e2e_s).min(86_400.0));
        let calm = CALM.max(answers);
        if now < self.busy_until {
            return false;
        }
        let most = self.most(self.standing.rate_per_s);
        let is_usual = most.is_none_or(|most| self.standing.inside as f64 <= most);
        if !self.is_struck {
            // The run has begun, or much had arrived.
            let is_ready = at_full_pace && is_usual && now.since(self.busy_until) >= calm;
            return is_ready && self.observe() >= KNOWN;
        }
        if !at_full_pace || !is_usual {
            self.calm_since = None;
            return false;
        }
        let calm = if most.is_some() { calm } else { calm.max(self.rejoin_after) };
        let since = *self.calm_since.get_or_insert(now);
        self.is_struck = now.since(since) < calm;
        !self.is_struck
    }

    /// Whether a service that was sampled so far goes on so.
    fn stays(&mut self, at_full_pace: bool) -> bool {
        let Standing { inside, rate_per_s } = self.standing;
        let known = self.usual.get(&step(rate_per_s)).filter(|usual| usual.n >= KNOWN);
        let is_usual = known.is_none_or(|usual| inside as f64 <= usual.most(1.0));
        // One in some hundred looks is beyond, and still usual.
        self.observe();
        let stays = at_full_pace && is_usual;
        if !stays {
            (self.is_struck, self.calm_since) = (true, None);
        }
        stays
    }

    /// Learns what is usual; returns how often it has looked at that rate.
    fn observe(&mut self) -> u64 {
        let usual = self.usual.entry(step(self.standing.rate_per_s)).or_default();
        usual.add(self.standing.inside as f64);
        usual.n
    }

    /// The most requests inside that are usual at a rate: as known there, or at the next lower rate
    /// that is known; none where nothing is.
    fn most(&self, rate_per_s: f64) -> Option<f64> {
        let here = step(rate_per_s);
        let known = self.usual.range(..=here).rev().find(|(_, usual)| usual.n >= KNOWN)?;
        Some(known.1.most(libm::pow(RATE_STEP, f64::from(here - known.0))))
    }
}

/// The step of a rate.
fn step(rate_per_s: f64) -> i32 {
    (libm::log(rate_per_s.max(1e-9)) / libm::log(RATE_STEP)).round() as i32
}

/// The first multiple of `length` after `now`.
fn after(now: Time, length: Span) -> Time {
    let number = now.as_nanos() / length.as_nanos() + 1;
    Time::from_nanos(number * length.as_nanos())
}
