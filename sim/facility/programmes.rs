//! Grid programmes as the site carries them out: calls that bind its import, what it delivers by
//! the import meter, what it is paid.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Facility;
use super::design::Design;
use super::events::Event;
use super::observer::{Observer, Record, What};
use super::work::Work;
use crate::grid::Price;
use crate::grid::programmes::{
    Ask, Asked, Baseline, Call, CallAccount, LikeDays, Pay, Peak, ProgrammeDesign, Signal,
    Standing, Target, asks,
};
use crate::kernel::{Class, Span, Streams, Time};
use crate::measure::JOULES_PER_MWH;
use crate::plant::Rank;
use crate::tables::{Playback, Series};
use crate::workload::mining::Cause;

/// All programmes of a site, and the import that they are metered by.
#[derive(Debug)]
pub(super) struct Programmes {
    pub(super) running: Vec<Running>,
    history: History,
    /// The import by day and hour, where a baseline is of these.
    days: Option<LikeDays>,
    /// When the import was read last, and what it was, W.
    read_at: Time,
    import_w: f64,
    /// What limits of power keep from miners since then.
    capped: Capped,
    /// What the site draws that no award counts on, W.
    low_w: f64,
}

/// A programme in a run.
#[derive(Debug)]
pub(super) struct Running {
    calls: Vec<Call>,
    peaks: Vec<(Peak, f64)>,
    /// The first call that has not come yet.
    next: usize,
    /// What the calls ask for.
    asks: Playback<Ask>,
    /// Whether its calls leave as much as awards need.
    spares_awards: bool,
    /// Whether days with its calls are left out of baselines.
    marks_days: bool,
    pub(super) called: Option<CallAccount>,
    /// The baseline of the present call.
    baseline: Playback<f64>,
    /// The import at which the load that it asks for is back, W.
    whole_w: f64,
    restoring: Option<Restoring>,
    /// The award that is held now, W, and when that may change.
    pub(super) award_w: f64,
    award_until: Time,
    price: Playback<f64>,
    accreditation: f64,
    /// What limits kept from miners when the present call came.
    capped_before: Capped,
    /// What the award has been paid since the present call came, $.
    pay_usd: f64,
    pub(super) book: ProgrammeEnd,
}

/// What limits of power keep from miners.
#[derive(Debug, Clone, Copy, Default)]
struct Capped {
    /// What they would draw on top, W.
    power_w: f64,
    /// What that would earn, $/s.
    usd_per_s: f64,
}

/// What a call has cut, until it is back.
#[derive(Debug, Clone, Copy)]
struct Restoring {
    baseline_w: f64,
    /// The most that it asked for, W.
    asked_w: f64,
    /// It is back at this import, W, or at the latest at this time.
    back_w: f64,
    until: Time,
}

/// What a programme has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ProgrammeEnd {
    /// Whether it has awards, and whether it has peaks.
    pub(super) has_award: bool,
    pub(super) has_peaks: bool,
    /// Whether its baseline is of like days, and the calls at which it knew too few.
    pub(super) has_days: bool,
    pub(super) short_baselines: u64,
    pub(super) calls: u64,
    /// Calls at which the import was never as low as when most was due, and others that it followed.
    pub(super) missed: u64,
    pub(super) responded: u64,
    pub(super) called_s: f64,
    /// Awards over time, the part that was not there, what calls asked, what they got: J.
    pub(super) award_j: f64,
    pub(super) shortfall_j: f64,
    pub(super) asked_j: f64,
    pub(super) delivered_j: f64,
    /// Below the baseline after recalls, until the load was back, J.
    pub(super) restoring_j: f64,
    /// Time from full response to recall, and what of it counts as delivered, s.
    pub(super) scored_s: f64,
    pub(super) met_s: f64,
    /// Longest time until the import was as low as asked, of calls that were not missed, s.
    pub(super) slowest_s: f64,
    pub(super) capacity_usd: f64,
    pub(super) clawback_usd: f64,
    pub(super) energy_usd: f64,
    /// What its calls kept miners from drawing, J, and from earning.
    pub(super) curtailed_j: f64,
    pub(super) lost_usd: f64,
    /// Peaks that are over, those of them in an alert, and the sum of the imports at them, W.
    pub(super) peaks: u64,
    pub(super) peaks_in_alert: u64,
    pub(super) peaks_w: f64,
}

impl ProgrammeEnd {
    /// What came after `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            has_award: self.has_award,
            has_peaks: self.has_peaks,
            has_days: self.has_days,
            short_baselines: self.short_baselines - before.short_baselines,
            calls: self.calls - before.calls,
            missed: self.missed - before.missed,
            responded: self.responded - before.responded,
            called_s: self.called_s - before.called_s,
            award_j: self.award_j - before.award_j,
            shortfall_j: self.shortfall_j - before.shortfall_j,
            asked_j: self.asked_j - before.asked_j,
            delivered_j: self.delivered_j - before.delivered_j,
            restoring_j: self.restoring_j - before.restoring_j,
            scored_s: self.scored_s - before.scored_s,
            met_s: self.met_s - before.met_s,
            slowest_s: self.slowest_s,
            capacity_usd: self.capacity_usd - before.capacity_usd,
            clawback_usd: self.clawback_usd - before.clawback_usd,
            energy_usd: self.energy_usd - before.energy_usd,
            curtailed_j: self.curtailed_j - before.curtailed_j,
            lost_usd: self.lost_usd - before.lost_usd,
            peaks: self.peaks - before.peaks,
            peaks_in_alert: self.peaks_in_alert - before.peaks_in_alert,
            peaks_w: self.peaks_w - before.peaks_w,
        }
    }
}

/// What of a call binds the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binds {
    /// What it asks.
    Asked,
    /// What of that is due.
    Owed,
}

/// The load is back where this part of the most that was asked is still missing: an assumption.
const BACK: f64 = 0.05;
/// Time after a recall in which the load must be back, as a reserve asks it (assumption: 3 h).
const RESTORE: Span = Span::from_hours(3);
/// How far back baselines look.
const HISTORY: Span = Span::from_secs(1800);

impl Programmes {
    /// The programmes of `design` at the start of a run. All calls are drawn now, each programme's
    /// from a stream of its own; prices are looked ahead on a copy of their stream.
    pub(super) fn new(design: &Design, streams: &Streams) -> Self {
        let horizon = Time::ZERO + design.duration;
        let prices = || {
            let mut price = Price::new(&design.price, streams);
            let mut all = vec![(Time::ZERO, price.current())];
            while price.next_at() < horizon {
                let at = price.next_at();
                price.advance(at);
                all.push((at, price.current()));
            }
            all
        };
        let holds = design.control.import.holds;
        let running = design.programmes.iter().map(|programme| {
            let (calls, peaks) = match &programme.signal {
                Signal::Calls(calls) => {
                    let mut stream = streams.stream("programme calls", &programme.name);
                    let run = (&design.clock, horizon);
                    (calls.of_run(&programme.target, run, &mut stream, prices), Vec::new())
                }
                Signal::Peaks(peaks) => {
                    let alerts = peaks.alerts.iter().map(|alert| Asked::whole(*alert)).collect();
                    (alerts, peaks.peaks.iter().map(|peak| (*peak, 0.0)).collect())
                }
            };
            Running {
                asks: Playback::new(Arc::new(asks(&calls, programme.response))),
                calls: calls.into_iter().map(|asked| asked.call).collect(),
                next: 0,
                spares_awards: match programme.standing {
                    Standing::Emergency | Standing::Award => false,
                    Standing::Peaks => holds.peaks,
                    Standing::Price => holds.price,
                },
                marks_days: programme.standing.marks_days(),
                called: None,
                baseline: constant(0.0),
                whole_w: 0.0,
                restoring: None,
                award_w: 0.0,
                award_until: Time::ZERO,
                price: Playback::new(programme.pay.capacity.clone()),
                accreditation: programme.pay.accreditation,
                capped_before: Capped::default(),
                pay_usd: 0.0,
                book: ProgrammeEnd {
                    has_award: programme.has_award(),
                    has_peaks: matches!(programme.signal, Signal::Peaks(_)),
                    has_days: programme.baseline == Baseline::LikeDays,
                    ..ProgrammeEnd::default()
                },
                peaks,
            }
        });
        let is_of_days = |it: &ProgrammeDesign| it.baseline == Baseline::LikeDays;
        Self {
            running: running.collect(),
            history: History::default(),
            days: design.programmes.iter().any(is_of_days).then(|| LikeDays::new(&design.clock)),
            read_at: Time::ZERO,
            import_w: 0.0,
            capped: Capped::default(),
            low_w: design.control.low_w,
        }
    }

    /// The most that calls let the site import, W, of what `binds` of them; none where nothing does.
    fn cap_w(&self, binds: Binds) -> Option<f64> {
        let calls = self.running.iter();
        calls.filter_map(|running| self.cap_of_w(running, binds)).reduce(f64::min)
    }

    /// The most that the call of a programme lets the site import, W.
    fn cap_of_w(&self, running: &Running, binds: Binds) -> Option<f64> {
        let call = running.called.as_ref()?;
        let cap_w = match binds {
            Binds::Asked => call.cap_w(),
            Binds::Owed => call.owed_cap_w()?,
        };
        Some(if running.spares_awards { cap_w.max(self.floor_w()) } else { cap_w })
    }

    /// What the site must import so that all awards can go which no call asks for yet, W; zero where
    /// there are none.
    pub(super) fn floor_w(&self) -> f64 {
        let award_w: f64 = self.running.iter().map(Running::unasked_w).sum();
        if award_w > 0.0 { self.low_w + award_w } else { 0.0 }
    }

    /// The programme whose call asks for the lowest import, the first of those that do.
    fn lowest(&self) -> Option<usize> {
        let caps = self.running.iter().map(|it| self.cap_of_w(it, Binds::Asked));
        let caps = caps.enumerate().filter_map(|(index, cap_w)| Some((index, cap_w?)));
        caps.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
    }

    /// The site imports `import_w` from `now` on, with its workloads as they are.
    pub(super) fn read(&mut self, now: Time, import_w: f64, works: &[Work]) {
        if self.running.is_empty() {
            return;
        }
        self.book(now);
        self.import_w = import_w;
        self.capped = Capped {
            power_w: works.iter().map(|work| work.curtailed_w(Cause::Cap)).sum(),
            usd_per_s: works.iter().map(Work::capped_usd_per_s).sum(),
        };
        self.history.set(now, import_w);
        for running in &mut self.running {
            if let Some(call) = &mut running.called {
                call.read(now, import_w);
            }
            if running.restoring.is_some_and(|it| import_w >= it.back_w) {
                running.restoring = None;
            }
        }
    }

    /// Books the import as it was read last up to `now`.
    pub(super) fn book(&mut self, now: Time) {
        let (from, import_w) = (self.read_at, self.import_w);
        if now == from {
            return;
        }
        let seconds = (now - from).as_secs_f64();
        if let Some(days) = &mut self.days {
            let is_called = self.running.iter().any(|it| it.marks_days && it.called.is_some());
            days.book(from, now, import_w, is_called);
        }
        let (capped, lowest) = (self.capped, self.lowest());
        let mut free_w = (import_w - self.low_w).max(0.0);
        for (index, running) in self.running.iter_mut().enumerate() {
            let book = &mut running.book;
            if lowest == Some(index) {
                let before = running.capped_before;
                book.curtailed_j += (capped.power_w - before.power_w).max(0.0) * seconds;
                book.lost_usd += (capped.usd_per_s - before.usd_per_s).max(0.0) * seconds;
            }
            let baseline_w = match (&running.called, &running.restoring) {
                (Some(call), _) => Some(call.baseline_w),
                (None, restoring) => restoring.map(|it| it.baseline_w),
            };
            let cut_w = baseline_w.map_or(0.0, |baseline_w| (baseline_w - import_w).max(0.0));
            // What a call asks for is gone, or its score says so; what it asked for may lack until it is
            // back.
            let gone_w = match (&running.called, &running.restoring) {
                (Some(call), _) => cut_w.max(call.asked_w()),
                (None, restoring) => restoring.map_or(0.0, |it| cut_w.min(it.asked_w)),
            };
            if let Some(call) = &mut running.called {
                book.called_s += seconds;
                book.asked_j += call.asked_w() * seconds;
                book.delivered_j += call.delivered_w(import_w) * seconds;
                call.over(from, now, import_w);
            }
            // Awards share the load that can go, in the order in which they are written.
            free_w = (free_w - (gone_w.min(running.award_w) - cut_w).max(0.0)).max(0.0);
            let ready_w = (running.award_w - gone_w).clamp(0.0, free_w);
            free_w -= ready_w;
            let missing_w = (running.award_w - gone_w - ready_w).max(0.0);
            book.award_j += running.award_w * seconds;
            book.shortfall_j += missing_w * seconds;
            let paid_w = (running.award_w - missing_w) * running.accreditation;
            let usd = paid_w * seconds / JOULES_PER_MWH * running.price.current();
            running.pay_usd += usd;
            book.capacity_usd += usd;
            if let Some(restoring) = &running.restoring {
                book.restoring_j += (restoring.baseline_w - import_w).max(0.0) * seconds;
            }
            for (peak, metered_j) in &mut running.peaks {
                let (from, to) = (from.max(peak.from), now.min(peak.until));
                if from < to {
                    *metered_j += import_w * (to - from).as_secs_f64();
                }
            }
        }
        self.read_at = now;
    }
}

impl Running {
    /// What of its award no call asks for, W.
    fn unasked_w(&self) -> f64 {
        let asked_w = self.called.map_or(0.0, |call| call.asked_w());
        (self.award_w - asked_w).max(0.0)
    }

    /// Asks of a call for what holds `now`, when the import is `import_w`; whether that is another share, or of
    /// another baseline.
    fn ask(&mut self, now: Time, import_w: f64) -> bool {
        self.asks.advance(now);
        let Some(call) = &mut self.called else { return false };
        let before_w = (call.baseline_w, call.asked_w());
        self.baseline.advance(now);
        call.follow(*self.baseline.current());
        call.ask(now, *self.asks.current(), import_w);
        (call.baseline_w, call.asked_w()) != before_w
    }

    /// When it has something to do next.
    fn next_at(&self) -> Time {
        let call = self.calls.get(self.next).map_or(Time::MAX, |call| call.from);
        let recall = self.called.map_or(Time::MAX, |call| call.until);
        let ask =
            self.called.map_or(Time::MAX, |_| self.asks.next_at().min(self.baseline.next_at()));
        let restored = self.restoring.map_or(Time::MAX, |it| it.until);
        let peaks = self.peaks.first().map_or(Time::MAX, |(peak, _)| peak.until);
        let at = call.min(recall).min(ask).min(restored).min(peaks);
        at.min(self.award_until).min(self.price.next_at())
    }

    /// Ends the call that holds, scores it up to `now` and books what it pays.
    fn settle_call(&mut self, now: Time, pay: &Pay) -> Option<CallAccount> {
        let mut call = self.called.take()?;
        call.until = call.until.min(now);
        let book = &mut self.book;
        if call.is_missed() {
            book.missed += 1;
        } else if let Some(slowest) = call.slowest() {
            book.responded += 1;
            book.slowest_s = book.slowest_s.max(slowest.as_secs_f64());
        }
        let (scored_s, met_s) = call.scored();
        book.scored_s += scored_s;
        book.met_s += met_s;
        if let Some(score) = call.score() {
            book.clawback_usd += pay.clawback * self.pay_usd * (1.0 - score);
        }
        book.energy_usd += pay.energy_usd_mwh * call.delivered_j() / JOULES_PER_MWH;
        Some(call)
    }
}

impl Facility<'_> {
    /// Settles the calls that hold when the run ends, `now`, as if they ended with it.
    pub(super) fn settle_open_calls(&mut self, now: Time) {
        self.programmes.book(now);
        for (running, design) in self.programmes.running.iter_mut().zip(&self.design.programmes) {
            running.settle_call(now, &design.pay);
        }
    }

    /// Enters in the calendar when each programme begins.
    pub(super) fn start_programmes(&mut self) {
        for index in (0..).take(self.programmes.running.len()) {
            self.agenda.push(Time::ZERO, Class::Control, Event::Programme(index));
        }
    }

    /// What is due of a programme at `now`: its award, a recall, a call.
    pub(super) fn run_programme(&mut self, now: Time, index: u32, observer: &mut dyn Observer) {
        self.programmes.book(now);
        let design = &self.design.programmes[index as usize];
        let running = &mut self.programmes.running[index as usize];
        running.price.advance(now);
        let asks_anew = running.ask(now, self.programmes.import_w);
        running.restoring = running.restoring.filter(|it| it.until > now);
        if running.award_until <= now {
            let (award_w, until) = design.target.award(&self.design.clock, now);
            (running.award_w, running.award_until) = (award_w, until);
        }
        while let Some((peak, metered_j)) = running.peaks.first().copied()
            && peak.until <= now
        {
            running.peaks.remove(0);
            let book = &mut running.book;
            book.peaks += 1;
            book.peaks_in_alert += u64::from(
                running.calls.iter().any(|it| it.from <= peak.from && peak.from < it.until),
            );
            book.peaks_w += metered_j / (peak.until - peak.from).as_secs_f64();
        }
        if running.called.is_some_and(|call| call.until <= now) {
            self.recall(now, index, observer);
        }
        let running = &mut self.programmes.running[index as usize];
        if let Some(call) = running.calls.get(running.next).filter(|call| call.from <= now).copied()
        {
            running.next += 1;
            let is_for_us = !running.book.has_award || running.award_w > 0.0;
            if is_for_us && call.until > now {
                self.call(now, index, call, observer);
            }
        }
        let spares_awards = self.programmes.running.iter().any(|it| it.spares_awards);
        if asks_anew || self.design.control.fleet.is_some() || spares_awards {
            self.limit_site(now);
        }
        let next = self.programmes.running[index as usize].next_at();
        if next < Time::MAX {
            self.agenda.push(next, Class::Control, Event::Programme(index));
        }
    }

    fn call(&mut self, now: Time, index: u32, call: Call, observer: &mut dyn Observer) {
        let design = &self.design.programmes[index as usize];
        let telemetered = || self.programmes.history.mean_w(now, Span::from_secs(300));
        let mut is_short = false;
        let baseline = match design.baseline {
            Baseline::Reference(w) => constant(w),
            Baseline::Telemetered => constant(telemetered()),
            Baseline::MeterBefore => {
                let quarter = Span::from_secs(900);
                let left = self.design.clock.until_step(now, quarter);
                let since = Span::from_nanos(quarter.as_nanos() - left.as_nanos());
                let last = before(now, since);
                constant(self.programmes.history.mean_w(last, quarter))
            }
            Baseline::LikeDays => {
                let days = self.programmes.days.as_ref().expect("a baseline of days has them");
                let end = Time::ZERO + self.design.duration;
                let hourly = days.of(Call { from: now, until: call.until.min(end) });
                is_short = hourly.is_short;
                Playback::new(Arc::new(hourly.series(telemetered())))
            }
        };
        let baseline_w = *baseline.current();
        // A baseline of other days is not what the site imports when its load is back.
        let whole_w = match design.baseline {
            Baseline::LikeDays => telemetered(),
            _ => baseline_w,
        };
        let least_w = self.least_import_w();
        let (asked_w, least_w) = match design.target {
            Target::Award(award_w, _) => (award_w, least_w),
            Target::Leave(Some(leave_w)) => ((baseline_w - leave_w).max(0.0), leave_w),
            Target::Leave(None) => ((baseline_w - least_w).max(0.0), least_w),
        };
        let (capped, import_w) = (self.programmes.capped, self.programmes.import_w);
        let running = &mut self.programmes.running[index as usize];
        let powers_w = (baseline_w, asked_w, least_w);
        running.called = Some(CallAccount::new(call, powers_w));
        running.baseline = baseline;
        running.whole_w = whole_w;
        running.book.short_baselines += u64::from(is_short);
        running.ask(now, import_w);
        running.restoring = None;
        running.capped_before = capped;
        running.pay_usd = 0.0;
        running.book.calls += 1;
        self.tell_call(now, index, What::Called, observer);
    }

    fn recall(&mut self, now: Time, index: u32, observer: &mut dyn Observer) {
        let design = &self.design.programmes[index as usize];
        let running = &mut self.programmes.running[index as usize];
        let Some(call) = running.settle_call(now, &design.pay) else { return };
        running.restoring = Some(Restoring {
            baseline_w: running.whole_w,
            asked_w: call.most_asked_w(),
            back_w: running.whole_w - BACK * call.most_asked_w(),
            until: now + RESTORE,
        });
        self.tell_call(now, index, What::Recalled, observer);
    }

    /// What the site draws now without the work that its racks do and without recharging the batteries of
    /// UPSs: what idle servers, sleeping miners, the house and cooling draw, W.
    fn least_import_w(&self) -> f64 {
        let work_w = self.racks.iter().map(|rack| {
            let Some((work, own)) = rack.work else { return 0.0 };
            let idle_w = self.works[work as usize].demand(own as usize).0[Rank::Idle as usize];
            (rack.draw_w - idle_w).max(0.0)
        });
        let waits_w = work_w.sum::<f64>() + self.power.total_recharge_w();
        (self.power.total_import_w() - waits_w).max(0.0)
    }

    /// Binds the import to the lowest of all limits, and tells of the call or the recall.
    fn tell_call(&mut self, now: Time, index: u32, what: What, observer: &mut dyn Observer) {
        self.limit_site(now);
        let begins = what == What::Called;
        self.watch.cause(begins);
        let name = &self.design.programmes[index as usize].name;
        let feeds: Vec<usize> =
            self.power.feeds().map(|feed| self.states.units.node(feed)).collect();
        if begins {
            self.begin_incident(now, name, "called", "programme", feeds);
        } else {
            self.end_incident(now, name, "called");
        }
        observer.record(&Record { at: now, what, subject: name, count: 1 });
    }

    /// Lets every feed carry its part of the lowest limit of curtailments and calls. Where machines are
    /// sent to sleep by orders, the limit of a call binds once it is due.
    pub(super) fn limit_site(&mut self, now: Time) {
        self.hold_what_comes_back(now);
        let told = self.design.control.fleet.is_some();
        let binds = if told { Binds::Owed } else { Binds::Asked };
        self.power.limit_import(self.limit_of_w(binds));
    }

    /// The import that orders keep the site to, W; none where nothing limits it.
    pub(super) fn limit_w(&self) -> Option<f64> {
        self.limit_of_w(Binds::Asked)
    }

    /// The lowest limit of curtailments, and of what `binds` of calls, W.
    fn limit_of_w(&self, binds: Binds) -> Option<f64> {
        let limit_w = self.design.control.import.limit.map(|(limit_w, _)| limit_w);
        let limits = [self.curtailed_w, self.programmes.cap_w(binds), limit_w];
        limits.into_iter().flatten().reduce(f64::min)
    }
}

/// A value that never changes.
fn constant(value: f64) -> Playback<f64> {
    Playback::new(Arc::new(Series::constant(value)))
}

/// The instant `span` before `time`, or the start of the run.
fn before(time: Time, span: Span) -> Time {
    Time::from_nanos(time.as_nanos().saturating_sub(span.as_nanos()))
}

/// The import of the last half hour.
#[derive(Debug, Default)]
struct History {
    /// From when on it was what, W, and the energy until then, J.
    steps: VecDeque<(Time, f64, f64)>,
}

impl History {
    fn set(&mut self, now: Time, import_w: f64) {
        let energy_j = self.energy_j(now);
        match self.steps.back_mut() {
            Some((_, last_w, _)) if *last_w == import_w => return,
            Some((at, last_w, _)) if *at == now => *last_w = import_w,
            _ => self.steps.push_back((now, import_w, energy_j)),
        }
        while self.steps.len() > 1 && self.steps[1].0 + HISTORY < now {
            self.steps.pop_front();
        }
    }

    /// Energy up to `at`, counted from some time on, J.
    fn energy_j(&self, at: Time) -> f64 {
        let place = self.steps.partition_point(|step| step.0 <= at);
        let Some(&(from, import_w, energy_j)) = self.steps.get(place.saturating_sub(1)) else {
            return 0.0;
        };
        energy_j + import_w * at.since(from).as_secs_f64()
    }

    /// The mean import over the `span` before `until`, or what of it is known, W.
    fn mean_w(&self, until: Time, span: Span) -> f64 {
        let Some(&(first, import_w, _)) = self.steps.front() else { return 0.0 };
        let from = before(until, span).max(first);
        if until <= from {
            return import_w;
        }
        (self.energy_j(until) - self.energy_j(from)) / (until - from).as_secs_f64()
    }
}
