//! What a reader of the figures should know before believing them: rules with a threshold each.

use super::Facility;
use super::design::WorkDesign;
use super::figures::{Subject, SubjectKind};
use super::injection::InjectedAt;
use super::outcome::{BookOutcome, Note};
use super::watch::{CoolantWatch, PARTS, Quantity, Warmth};
use crate::control::smoothing;
use crate::kernel::Time;
use crate::measure::Scale;
use crate::workload::inference::load::ClassDesign;

/// A rule that may say something before the figures.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The key in `what_to_know`.
    pub code: &'static str,
    /// When it speaks, and the value of its note.
    pub when: &'static str,
    /// The threshold, and what it is taken from.
    pub threshold: &'static str,
}

/// The rules, in the order of their notes. No standard sets these thresholds: where no source is
/// named they are assumptions.
pub static RULES: &[Rule] = &[
    Rule {
        code: BOOKS,
        when: "A book does not balance: the figures are not to be trusted. The value is what is missing as a share of the turnover.",
        threshold: "1e-9, exact but for rounding",
    },
    Rule {
        code: OVERLOADED,
        when: "Of the requests that have left a service, too many were rejected or given up by their clients. The value is that share.",
        threshold: "above 1 %: an assumption, a hundredth as in a target of 99 %",
    },
    Rule {
        code: GROWING,
        when: "Requests under way, or jobs in a queue, became more from third to third of the run, and more still in its last tenth. The value is the mean of the last third.",
        threshold: "in the last third above 1.5 times as many as in the second, and at least 10 more: assumptions; a queue that grows steadily from nothing has 5/3 as many",
    },
    Rule {
        code: WARM_UP,
        when: "Jobs held fewer GPUs in the first tenth of the run than afterwards: the figures include the time in which the cluster filled. The value is the first as a share of the second.",
        threshold: "below 90 %: an assumption",
    },
    Rule {
        code: STEEP,
        when: "The draw of a workload changed within a second by more than `control.ramp` lets the import change. The value is the energy of a battery that turns the largest such step into a ramp.",
        threshold: "once",
    },
    Rule {
        code: DARK,
        when: "Racks of a hall were without power or tripped by heat for long at a stretch, while no component had failed, nothing was taken out as planned, water was there, and no curtailment held. The value is the longest of these times.",
        threshold: "above 1 h: an assumption, longer than the restarts of a plant take",
    },
    Rule {
        code: CAPPED,
        when: "Racks of a hall were held below their demand. The value is the share of the time; the text names the components that carried 99 % of their limits then (an assumption, because loads are cut in steps), and for what share of the time.",
        threshold: "above 1 % of the time: an assumption",
    },
    Rule {
        code: WARM_COOLANT,
        when: "Running racks of a hall had coolant more than 0.5 K warmer than they are rated for. The value is how long; the text names the warmest.",
        threshold: "above 1 min: an assumption, longer than a pump takes to be replaced by another",
    },
    Rule {
        code: WARM_SUPPLY,
        when: "A loop with heat to carry, whose fans or chillers hold its supply at a setpoint, left it more than 2 K warmer. The value is the share of the time; the text names the warmest supply of its instances.",
        threshold: "above 1 % of the time: an assumption",
    },
    Rule {
        code: OVERHEATED,
        when: "Racks ran with more than 70 degC at their inlet, where any equipment has tripped: a heat load without a trip. The value is the time of these racks; the text says how far beyond they were.",
        threshold: "any time",
    },
    Rule {
        code: HUNTING,
        when: "Most trips by heat in a hall came within an hour of the rack's return (`heat_trips_again`): the plant carries the return of its racks, but not their heat. The value is the number of these trips.",
        threshold: "above half of the trips, and at least 5: assumptions",
    },
    Rule {
        code: NO_RIDE_THROUGH,
        when: "A feed failed and racks lost their power in the same instant: nothing carried them. The value is how often that was so.",
        threshold: "once",
    },
    Rule {
        code: SAMPLED,
        when: "Only windows of a service's time were simulated (`requests`), each for many times its length: what is told of its requests is an estimate, with standard errors in `summary.json`; the longest latency is that of what was simulated, and swings and peaks of its draw are those of means over rows. The value is the share of the time that was.",
        threshold: "always",
    },
    Rule {
        code: ENDED,
        when: "The trace of requests or the log of jobs of a workload ended early: nothing arrived afterwards. The value is the time of its last arrival.",
        threshold: "before 95 % of the run: an assumption",
    },
    Rule {
        code: SHORT_BASELINE,
        when: "A baseline of like days (`ten-in-ten`) was meant over too few of them: the run had begun too late before a call, or other calls filled the days before. An hour that none of these days has seen takes the `telemetered` baseline. The value is the number of such calls.",
        threshold: "below 5 weekdays, or 4 days of weekends: section 4.13.4 of CAISO's tariff, from memory",
    },
    Rule {
        code: CALLS_MISSED,
        when: "A grid programme called, and the import was never as low as it asked, or less was delivered than was due. The value is the number of calls of the first kind; the text says what part of what was due was delivered.",
        threshold: "once, or below 95 % of what was due: an assumption",
    },
    Rule {
        code: AWARD_SHORT,
        when: "The site had less load than it has sold: awards could not have been given. The value is the share of awards over time for which that was so.",
        threshold: "above 1 %: an assumption",
    },
    Rule {
        code: HOTTEST,
        when: "An event of `events:` was put on the hottest day of the run's weather. The value is the time from the start.",
        threshold: "always",
    },
    Rule {
        code: LEFT_OUT,
        when: "Latencies leave out requests that have left, because they were not served. The value is that share.",
        threshold: "above 0.1 %: an assumption, because p99.9 is then no percentile of all requests",
    },
];

const HOTTEST: &str = "hottest-day";
const SHORT_BASELINE: &str = "short-baseline";
const CALLS_MISSED: &str = "calls-missed";
const AWARD_SHORT: &str = "award-short";
const BOOKS: &str = "books";
const OVERLOADED: &str = "service-overloaded";
const GROWING: &str = "queue-growing";
const WARM_UP: &str = "warm-up";
const DARK: &str = "hall-dark";
const CAPPED: &str = "capped";
const WARM_COOLANT: &str = "warm-coolant";
const WARM_SUPPLY: &str = "warm-supply";
const OVERHEATED: &str = "overheated";
const HUNTING: &str = "hunting";
const NO_RIDE_THROUGH: &str = "no-ride-through";
const ENDED: &str = "trace-ended";
const STEEP: &str = "ramp-exceeded";
const SAMPLED: &str = "sampled";
const LEFT_OUT: &str = "left-out";

// The thresholds of `RULES`, which say what each is taken from.
const TURNED_AWAY: f64 = 0.01;
const GROWTH: f64 = 1.5;
const GROWTH_LEAST: f64 = 10.0;
const FILLED: f64 = 0.9;
const DARK_S: f64 = 3600.0;
const CAPPED_SHARE: f64 = 0.01;
const SHORT_SHARE: f64 = 0.01;
const DELIVERED: f64 = 0.95;
const WARM_COOLANT_S: f64 = 60.0;
const WARM_SUPPLY_SHARE: f64 = 0.01;
const HUNT_SHARE: f64 = 0.5;
const HUNT_TRIPS: f64 = 5.0;
const PLAYED: f64 = 0.95;
const LEFT_OUT_SHARE: f64 = 0.001;

impl Facility<'_> {
    /// What there is to know of the run up to `now`, in the order of the rules.
    pub(super) fn notes(
        &self,
        now: Time,
        subjects: &[Subject],
        books: &[BookOutcome],
    ) -> Vec<Note> {
        let mut notes = Vec::new();
        for book in books.iter().filter(|book| !book.balanced) {
            notes.push(Note {
                code: BOOKS,
                subject: book.ledger.amount().to_owned(),
                value: book.residual,
                unit: book.ledger.unit(),
                text: "does not balance: do not use these figures".to_owned(),
            });
        }
        self.note_requests(subjects, &mut notes);
        self.note_trends(&mut notes);
        self.note_ramps(subjects, &mut notes);
        self.note_halls(now, subjects, &mut notes);
        self.note_supplies(now, &mut notes);
        self.note_feeds(&mut notes);
        self.note_ends(&mut notes);
        self.note_programmes(subjects, &mut notes);
        self.note_hottest(&mut notes);
        let rank = |note: &Note| RULES.iter().position(|rule| rule.code == note.code);
        notes.sort_by_key(rank);
        notes
    }

    fn note_requests(&self, subjects: &[Subject], notes: &mut Vec<Note>) {
        let of = |kind| subjects.iter().filter(move |subject| subject.kind == kind);
        for service in of(SubjectKind::Inference) {
            let [served, failed, rejected, given_up] =
                ["served", "failed", "rejected", "timed_out"].map(|key| service.real(key));
            let share = (rejected + given_up) / (served + failed + rejected);
            if share > TURNED_AWAY {
                let share = 100.0 * share;
                notes.push(Note {
                    code: OVERLOADED,
                    subject: service.name.clone(),
                    value: share / 100.0,
                    unit: "share",
                    text: format!("{share:.1} % of requests were rejected or given up"),
                });
            }
        }
        for service in of(SubjectKind::Inference) {
            let Some(share) = service.get("sampled.share") else { continue };
            let [windows, whole_h, busy_h, events] = ["windows", "whole_h", "busy_h", "events"]
                .map(|key| service.real(&format!("sampled.{key}")));
            notes.push(Note {
                code: SAMPLED,
                subject: service.name.clone(),
                value: share,
                unit: "share",
                text: match windows {
                    0.0 => format!("simulated whole throughout ({busy_h:.1} h of high load)"),
                    _ => format!(
                        "simulated {:.1} % of the time, in {windows} windows and {whole_h:.1} h whole ({events} events, {busy_h:.1} h of high load): figures of requests are estimates, SE their standard errors; short-term swings and peaks of its draw are smoothed",
                        100.0 * share
                    ),
                },
            });
        }
        for requests in of(SubjectKind::Inference).chain(of(SubjectKind::Class)) {
            let left_out = requests.real("left_out");
            if left_out > LEFT_OUT_SHARE {
                notes.push(Note {
                    code: LEFT_OUT,
                    subject: requests.name.clone(),
                    value: left_out,
                    unit: "share",
                    text: format!(
                        "latencies leave out {:.2} % of requests, which were not served",
                        100.0 * left_out
                    ),
                });
            }
        }
    }

    fn note_trends(&self, notes: &mut Vec<Note>) {
        for trend in &self.watch.trends {
            let site = &self.design.works[trend.work];
            let mut note = |code, value, unit, text: String| {
                notes.push(Note { code, subject: site.name.clone(), value, unit, text });
            };
            let (third, tenth) = (PARTS / 3, PARTS / 10);
            match trend.of {
                Quantity::Waiting => {
                    let parts =
                        [0..third, third..2 * third, 2 * third..PARTS, PARTS - tenth..PARTS];
                    let [Some(first), Some(second), Some(last), Some(end)] =
                        parts.map(|parts| trend.mean(parts))
                    else {
                        continue;
                    };
                    let rises = first < second && last < end;
                    if rises && last > GROWTH * second && last > second + GROWTH_LEAST {
                        let what = match site.design {
                            WorkDesign::Training { .. } => "the queue grew",
                            _ => "requests under way grew",
                        };
                        let text = format!(
                            "{what}: {last:.0} in the last third of the run, {second:.0} in the second"
                        );
                        note(GROWING, last, "number", text);
                    }
                }
                Quantity::Busy => {
                    let (first, rest) = (trend.mean(0..tenth), trend.mean(tenth..PARTS));
                    let (Some(first), Some(rest)) = (first, rest) else { continue };
                    if first < FILLED * rest && !self.leaves_out(tenth) {
                        let text = format!(
                            "the cluster started empty: {first:.0} GPUs held in the first tenth of the run, {rest:.0} afterwards; figures include it"
                        );
                        note(WARM_UP, first / rest, "share", text);
                    }
                }
            }
        }
    }

    /// Whether figures leave out the first `parts` of the run.
    fn leaves_out(&self, parts: usize) -> bool {
        let seconds = self.design.duration.as_secs_f64() * parts as f64 / PARTS as f64;
        self.before.as_ref().is_some_and(|before| before.end.seconds >= seconds)
    }

    /// Steps of AI are not held up by the ramps that miners keep to.
    fn note_ramps(&self, subjects: &[Subject], notes: &mut Vec<Note>) {
        let (up, down) = self.design.control.import.ramp;
        let ways = [(up, "swing.second_rise_mw", "rose"), (down, "swing.second_fall_mw", "fell")];
        let is_mining = |design: &WorkDesign| matches!(design, WorkDesign::Mining(_));
        for site in self.design.works.iter().filter(|site| !is_mining(&site.design)) {
            let is_its = |it: &&Subject| it.kind.is_workload() && it.name == site.name;
            let Some(work) = subjects.iter().find(is_its) else { continue };
            let steps = ways.into_iter().filter_map(|(rate, figure, moved)| {
                let (rate, mw) = (rate?, work.get(figure)?);
                let step_w = mw / Scale::MW.per_base;
                let (energy_j, seconds) = smoothing(step_w, rate);
                (step_w > rate).then_some((energy_j * Scale::MWH.per_base, mw, seconds, moved))
            });
            let largest = steps.max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((mwh, mw, seconds, moved)) = largest else { continue };
            let text = format!(
                "its draw {moved} by {mw:.2} MW within a second, faster than the connection allows: a battery of {mw:.2} MW and {mwh:.3} MWh makes a ramp of {seconds:.0} s of it"
            );
            let subject = site.name.clone();
            notes.push(Note { code: STEEP, subject, value: mwh, unit: "MWh", text });
        }
    }

    fn note_halls(&self, now: Time, subjects: &[Subject], notes: &mut Vec<Note>) {
        let seconds = now.as_secs_f64();
        let figures = subjects.iter().filter(|subject| subject.kind == SubjectKind::Hall);
        let halls = self.design.halls.iter().zip(&self.watch.halls).zip(figures);
        for ((hall, watch), figures) in halls {
            let mut note = |code, value, unit, text: String| {
                notes.push(Note { code, subject: hall.name.clone(), value, unit, text });
            };
            let dark = watch.dark.totals(now);
            if dark.longest_s > DARK_S {
                let hours = dark.longest_s / 3600.0;
                let racks = dark.sum * hall.racks as f64 / 3600.0;
                let text = format!(
                    "racks were dark for up to {hours:.1} h at a stretch while nothing had failed: {racks:.0} rack-hours; a part is too small, or cannot start again"
                );
                note(DARK, hours, "h", text);
            }
            let capped = watch.capped.integral_to(now) / seconds;
            if capped > CAPPED_SHARE {
                let limits = self
                    .watch
                    .limits
                    .iter()
                    .map(|limit| (&limit.name, limit.at_limit.integral_to(now) / seconds));
                let limits: Vec<String> = limits
                    .filter(|(_, share)| *share > CAPPED_SHARE)
                    .map(|(name, share)| format!("{name} {:.1} %", 100.0 * share))
                    .collect();
                let through = match limits.is_empty() {
                    true => String::new(),
                    false => format!("; at their limits then: {}", limits.join(", ")),
                };
                let text = format!(
                    "racks were held below their demand for {:.1} % of the time{through}",
                    100.0 * capped
                );
                note(CAPPED, capped, "share", text);
            }
            if let Some(CoolantWatch { warmth, .. }) = &watch.coolant
                && warmth.above_to_s(now) > WARM_COOLANT_S
            {
                let hours = warmth.above_to_s(now) / 3600.0;
                let text = format!(
                    "coolant of up to {:.1} degC reached racks that are rated for {:.1} degC: above it for {hours:.1} h",
                    warmth.warmest_to_c(now),
                    warmth.limit_c
                );
                note(WARM_COOLANT, hours, "h", text);
            }
            let [hot_h, by_k] =
                ["overheated_rack_h", "overheated_by_k"].map(|key| figures.real(key));
            if hot_h > 0.0 {
                let text = format!(
                    "racks that nothing stops ran for {hot_h:.1} rack-hours with more than 70 degC at their inlet, up to {by_k:.1} K more: the plant does not carry their heat"
                );
                note(OVERHEATED, hot_h, "rack-h", text);
            }
            let [trips, again] = ["heat_trips", "heat_trips_again"].map(|key| figures.real(key));
            if again >= HUNT_TRIPS && again > HUNT_SHARE * trips {
                let text = format!(
                    "{again:.0} of {trips:.0} trips by heat came within an hour of the rack's return: the plant cannot carry its heat"
                );
                note(HUNTING, again, "count", text);
            }
        }
    }

    /// Of the instances of what declares a loop the one that was too warm for longest.
    fn note_supplies(&self, now: Time, notes: &mut Vec<Note>) {
        let seconds = now.as_secs_f64();
        let mut longest: Vec<(&str, &Warmth)> = Vec::new();
        for (site, supply) in self.design.loops.iter().zip(&self.watch.supplies) {
            let Some(supply) = supply else { continue };
            if supply.above_to_s(now) <= WARM_SUPPLY_SHARE * seconds {
                continue;
            }
            match longest.iter_mut().find(|(name, _)| *name == site.group_name) {
                Some((_, other)) if other.above_to_s(now) < supply.above_to_s(now) => {
                    *other = supply;
                }
                Some(_) => {}
                None => longest.push((&site.group_name, supply)),
            }
        }
        for (name, supply) in longest {
            let share = supply.above_to_s(now) / seconds;
            notes.push(Note {
                code: WARM_SUPPLY,
                subject: name.to_owned(),
                value: share,
                unit: "share",
                text: format!(
                    "did not hold its supply at {:.1} degC: more than 2 K warmer for {:.1} % of the time, up to {:.1} degC",
                    supply.limit_c,
                    100.0 * share,
                    supply.warmest_to_c(now)
                ),
            });
        }
    }

    fn note_feeds(&self, notes: &mut Vec<Note>) {
        let unbridged = self.watch.unbridged;
        if unbridged > 0 {
            let outages = match unbridged {
                1 => "an outage".to_owned(),
                many => format!("{many} outages"),
            };
            notes.push(Note {
                code: NO_RIDE_THROUGH,
                subject: String::new(),
                value: unbridged as f64,
                unit: "count",
                text: format!(
                    "racks lost their power at once in {outages} of a feed: nothing carried them"
                ),
            });
        }
    }

    fn note_programmes(&self, subjects: &[Subject], notes: &mut Vec<Note>) {
        for programme in subjects.iter().filter(|it| it.kind == SubjectKind::Programme) {
            let mut note = |code, value, unit, text| {
                notes.push(Note { code, subject: programme.name.clone(), value, unit, text });
            };
            let calls = programme.real("calls");
            if let Some(short) = programme.get("short_baselines").filter(|short| *short > 0.0) {
                let text = format!(
                    "{short} of {calls} calls found fewer days without calls before them than their baseline needs"
                );
                note(SHORT_BASELINE, short, "count", text);
            }
            let (missed, score) = (programme.real("missed"), programme.get("score"));
            if missed > 0.0 || score.is_some_and(|score| score < DELIVERED) {
                let mut text = match missed {
                    0.0 => "no call was missed altogether".to_owned(),
                    _ => format!("{missed} of {calls} calls were never met"),
                };
                if let Some(score) = score {
                    text += &format!("; {:.1} % of what was due was delivered", 100.0 * score);
                }
                note(CALLS_MISSED, missed, "count", text);
            }
            if let Some(award) = programme.get("award_mw_h") {
                let short = programme.real("shortfall_mw_h") / award;
                if short > SHORT_SHARE {
                    let text = format!(
                        "{:.1} % of what is awarded had no load to be given by",
                        100.0 * short
                    );
                    note(AWARD_SHORT, short, "share", text);
                }
            }
        }
    }

    fn note_hottest(&self, notes: &mut Vec<Note>) {
        for (injection, at) in self.design.injections.iter().zip(&self.injected_at) {
            let (InjectedAt::Hottest { .. }, Some(at)) = (injection.at, at) else { continue };
            let clock = &self.design.clock;
            let day = clock.timestamp(*at).to_zoned(clock.zone().clone());
            notes.push(Note {
                code: HOTTEST,
                subject: self.injected_name(injection.target).to_owned(),
                value: at.as_secs_f64() / 3600.0,
                unit: "h",
                text: format!(
                    "the event of the hottest day was at {}",
                    day.strftime("%Y-%m-%d %H:%M")
                ),
            });
        }
    }

    fn note_ends(&self, notes: &mut Vec<Note>) {
        let duration_s = self.design.duration.as_secs_f64();
        for (site, work) in self.design.works.iter().zip(&self.works) {
            let ended = match (&site.design, work) {
                (WorkDesign::Inference { design, .. }, _) => {
                    let ends = design.load.classes.iter().map(ClassDesign::ends);
                    let later = |a: (&'static str, f64), b: (&'static str, f64)| {
                        if b.1 > a.1 { b } else { a }
                    };
                    ends.reduce(|a, b| Some(later(a?, b?))).flatten()
                }
                (_, super::work::Work::Training(training)) => {
                    training.log_ended_s().map(|ended_s| ("log", ended_s))
                }
                _ => continue,
            };
            let Some((what, ended_s)) = ended.filter(|ended| ended.1 < PLAYED * duration_s) else {
                continue;
            };
            let (hours, of_hours) = (ended_s / 3600.0, duration_s / 3600.0);
            notes.push(Note {
                code: ENDED,
                subject: site.name.clone(),
                value: hours,
                unit: "h",
                text: format!(
                    "its {what} ends after {hours:.1} h of {of_hours:.1} h: nothing arrives afterwards"
                ),
            });
        }
    }
}
